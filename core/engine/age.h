/* SPDX-License-Identifier: Apache-2.0 */
/* Age: pauses between what goes for its age, and a week of waiting when the clock has leapt. */
#ifndef ENGINE_AGE_H
#define ENGINE_AGE_H

#include "base/date.h"
#include "engine/engine.h"

/* What goes for its age is in no hurry: so long it pauses after each transaction, for the disk,
 * too. */
#define AGE_PAUSE_MS 50
/* The longest that a one-time timer of these handlers is set ahead. */
#define AGE_LONGEST_MS (INT64_C(7) * DAY_MS)

struct age {
    const char *handler, *what; /* of the nightly timer; "record" */
};

void age_pause(void); /* not [writer] */
/* When the next transaction is due: at once by a virtual clock. [writer] */
int64_t age_next(const struct txn *t);
/* The nightly timer, or the one that stands for it after a week of waiting. */
bool age_is_night(const struct timer *timer);
/* May the handler's timer do nothing now, since the clock has leapt? What it was to do the next
 * night does. [writer] */
kith_status age_waits(struct txn *t, const struct age *age, const struct timer *timer, bool *waits,
                      kith_error *e);
/* Until when it waits; 0: it does not. [writer] */
kith_status age_until(struct engine *g, const struct age *age, int64_t now, int64_t *until,
                      kith_error *e);

#endif
