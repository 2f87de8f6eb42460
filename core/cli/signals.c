/* SPDX-License-Identifier: Apache-2.0 */
/* Signals: see signals.h. */
#include "cli/signals.h"

void signals_of_command(sigset_t *set) {
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
}

void signals_of_server(sigset_t *set) {
    signals_of_command(set);
    sigaddset(set, SIGHUP);
}
