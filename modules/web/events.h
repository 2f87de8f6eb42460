/* SPDX-License-Identifier: Apache-2.0 */
/* The event stream: who listens, and the thread that tells them. */
#ifndef EVENTS_H
#define EVENTS_H

#include "web.h"

struct events;
/* Before requests come in, and after the last one was answered. */
kith_status events_open(kith_instance *self, kith_error *err);
void events_close(struct events *v); /* NULL: nothing */

struct events_state {
    uint64_t listeners, told; /* events, to all of them */
    uint64_t behind;          /* rows of the journal that the last of them was not told of yet */
};
struct events_state events_state(const struct events *v);

#endif
