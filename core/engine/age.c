/* SPDX-License-Identifier: Apache-2.0 */
/* Age: what goes for it goes by the clock, and a clock may be wrong. When a night comes a month too
 * late, the clock has leapt ahead, or nobody opened the company for so long: which of them, Kith
 * cannot know. So nothing goes for a week, in which somebody may notice; a clock that is set back
 * meanwhile has cost nothing. */
#include "engine/age.h"
#include "base/log.h"
#include "engine/bus.h"
#include "engine/engine_internal.h"

#define LEAP_MS (INT64_C(30) * DAY_MS)
#define WAITED  "waited" /* the payload of the timer that ends a week of waiting */

void age_pause(void) {
    clock_sleep(AGE_PAUSE_MS);
}

int64_t age_next(const struct txn *t) {
    return t->head.at + (t->g->clock == &t->g->real_clock ? AGE_PAUSE_MS : 0);
}

static kith_status begin_waiting(struct txn *t, const struct age *age, int64_t late,
                                 kith_error *e) {
    kith_id ignored;
    log_warn("retention",
             "the clock is %lld days ahead of the night that was due: no %s goes for its age for %d"
             " days. If the clock is wrong, set it right; if it is right, 'kith retention --apply"
             " --sure' does not wait",
             (long long)(late / DAY_MS), age->what, (int)(AGE_LONGEST_MS / DAY_MS));
    return txn_timer(t, age->handler, t->head.at + AGE_LONGEST_MS, NULL, 0, STR(WAITED), &ignored,
                     e);
}

bool age_is_night(const struct timer *timer) {
    return timer->payload.len == 0 || str_eqz(timer->payload, WAITED);
}

kith_status age_waits(struct txn *t, const struct age *age, const struct timer *timer, bool *waits,
                      kith_error *e) {
    int64_t until, late = t->head.at - timer->due;
    TRY(timers_with(t->g, age->handler, WAITED, &until, e));
    bool waiting = until && !str_eqz(timer->payload, WAITED);
    *waits = waiting || late > LEAP_MS;
    return late > LEAP_MS && !waiting && age_is_night(timer) ? begin_waiting(t, age, late, e)
                                                             : KITH_OK;
}

kith_status age_until(struct engine *g, const struct age *age, int64_t now, int64_t *until,
                      kith_error *e) {
    int64_t night;
    TRY(timers_with(g, age->handler, WAITED, until, e));
    TRY(timers_with(g, age->handler, "", &night, e));
    if (!*until && night && now - night > LEAP_MS) /* it has not fired yet */
        *until = now + AGE_LONGEST_MS;
    return KITH_OK;
}
