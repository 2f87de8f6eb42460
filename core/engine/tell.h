/* SPDX-License-Identifier: Apache-2.0 */
/* Telling: what of an event somebody may know of, and its form. Nothing outside core/engine
 * includes this. */
#ifndef ENGINE_TELL_H
#define ENGINE_TELL_H

#include "engine/engine_internal.h"

struct teller { /* who is told, and where it is looked up */
    struct engine *engine;
    struct conn *conn;
    struct txn *txn; /* on the writer; NULL: conn is a reader's */
    int64_t now;
    const struct principal *who;
    struct arena *arena;
};
/* May they know of it? By the record as it is now. */
kith_status tell_may(const struct teller *x, const struct event *ev, bool *yes, kith_error *e);
/* Does its record, which there is, meet the condition? What they may not read is not looked at. */
kith_status tell_meets(const struct teller *x, const struct event *ev, const struct predicate *p,
                       bool *yes, kith_error *e);
kith_status tell_json(const struct teller *x, const struct event *ev, struct buf *out,
                      kith_error *e);

#endif
