/* SPDX-License-Identifier: Apache-2.0 */
/* Signals: which of them a command and a server wait for. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <signal.h>

void signals_of_command(sigset_t *set); /* SIGINT, SIGTERM: to end */
void signals_of_server(sigset_t *set);  /* and SIGHUP: to read settings again */

#endif
