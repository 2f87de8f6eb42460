/* SPDX-License-Identifier: Apache-2.0 */
/* The event stream: who listens, and the thread that tells them. */
#ifndef EVENTS_H
#define EVENTS_H

#include "web.h"

struct events;
/* Before requests come in, and after the last one was answered. */
kith_status events_open(kith_instance *self, kith_error *err);
void events_close(struct events *v); /* NULL: nothing */

#endif
