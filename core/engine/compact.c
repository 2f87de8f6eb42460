/* SPDX-License-Identifier: Apache-2.0 */
/* Age: the journal and the log of access keep what is as young as the settings say. Every night it
 * is found out where the journal could begin, and the night after it does: so a clock that jumped
 * ahead costs nothing when it is noticed within a day. What goes goes in small steps with pauses
 * between them, in which others write. */
#include "base/log.h"
#include "engine/age.h"
#include "engine/bus.h"
#include "engine/engine_internal.h"
#include "journal/access_log.h"
#include "journal/listen_log.h"
#include "journal/run_log.h"

#include <stdio.h>
#include <stdlib.h>

#define HANDLER  "core:journal.compact"
#define NIGHTLY  "15 3 * * *"
#define ANNOUNCE (23 * HOUR_MS)
#define STEP     100              /* rows deleted at a time, ... */
#define STEPS    INT64_C(4000000) /* ... for so many ns in one transaction */

static const struct age age = {HANDLER, "row of the journal"};

/* -- where it could begin ---------------------------------------------------------------------- */

static kith_status find_hold(struct engine *g, struct arena *a, struct journal_hold *h,
                             kith_error *e) {
    uint64_t first;
    /* The newest transaction stays: the numbers go on behind it. */
    *h = (struct journal_hold){g->seq ? g->seq - 1 : 0, ""};
    TRY(bus_hold(g, a, h, e));
    TRY(journal_imports_first(g->writer, &first, e));
    if (first && first <= h->seq)
        *h = (struct journal_hold){first - 1, "an import that is under way"};
    TRY(replay_hold(g->writer, &first, e));
    if (first && first <= h->seq)
        *h = (struct journal_hold){first - 1, "a replay that is under way"};
    TRY(run_log_first(g->writer, &first, e));
    if (first && first <= h->seq)
        *h = (struct journal_hold){first - 1, "a run that is not finished ('kith check' names it)"};
    return KITH_OK;
}

static kith_status find_state(struct engine *g, int64_t now, struct arena *a,
                              struct journal_state *out, kith_error *e) {
    struct journal_hold h;
    struct journal_start free_of_all;
    int64_t before = now - g->opts.journal_keep_ms;
    *out = (struct journal_state){0};
    TRY(journal_start(g->writer, &out->start, e));
    TRY(age_until(g, &age, now, &out->waits_until, e));
    if (!g->opts.journal_keep_ms)
        return KITH_OK;
    TRY(find_hold(g, a, &h, e));
    TRY(journal_boundary(g->writer, before, h.seq, &out->next, e));
    TRY(journal_boundary(g->writer, before, g->seq - 1, &free_of_all, e));
    if (h.by[0] && free_of_all.seq > out->next.seq)
        out->held_by = h.by;
    return KITH_OK;
}

struct look {
    struct arena *arena;
    struct journal_state *out;
};

static kith_status look(struct txn *t, void *arg, kith_error *e) {
    struct look *l = arg;
    return find_state(t->g, t->head.at, l->arena, l->out, e);
}

kith_status engine_journal_state(struct engine *g, struct arena *a, struct journal_state *out,
                                 kith_error *e) {
    struct look l = {a, out};
    return engine_write(g, &by_kith, look, &l, NULL, e);
}

/* -- steps ------------------------------------------------------------------------------------- */

static kith_status begin_at(struct engine *g, const struct journal_start *next, kith_error *e) {
    char day[32];
    if (!next->seq)
        return KITH_OK;
    TRY(journal_begin_at(g->writer, next, e));
    TRY(bus_begin_at(g, next->seq, e));
    log_info("journal", "it is kept from %s on: rows up to %llu go", journal_start_text(next, day),
             (unsigned long long)next->seq);
    return KITH_OK;
}

/* Of the journal, then of the log of access, then of what left the engine. */
static kith_status sweep_some(struct txn *t, bool *more, kith_error *e) {
    struct engine *g = t->g;
    TRY(journal_sweep(g->writer, STEP, more, e));
    if (!*more && g->opts.access_keep_ms)
        TRY(access_log_sweep(g->writer, t->head.at - g->opts.access_keep_ms, STEP, more, e));
    if (!*more && g->opts.outbox_keep_ms)
        TRY(outbox_sweep(g->writer, t->head.at - g->opts.outbox_keep_ms, STEP, more, e));
    return KITH_OK;
}

static kith_status sweep(struct txn *t, bool *more, kith_error *e) {
    int64_t end = clock_ticks() + STEPS;
    do
        TRY(sweep_some(t, more, e));
    while (*more && clock_ticks() < end);
    return KITH_OK;
}

static kith_status again(struct txn *t, int64_t due, const char *payload, kith_error *e) {
    kith_id ignored;
    return txn_timer(t, HANDLER, due, NULL, 0, str_of(payload), &ignored, e);
}

static kith_status announce(struct txn *t, kith_error *e) {
    struct journal_state s;
    char payload[32], day[32];
    TRY(find_state(t->g, t->head.at, t->arena, &s, e));
    if (s.held_by)
        log_warn("journal", "rows that are old enough are kept: they are needed by %s", s.held_by);
    if (!s.next.seq)
        return again(t, t->head.at, "sweep", e);
    log_info("journal", "what was written up to %s goes in %d hours (journal.keep)",
             journal_start_text(&s.next, day), (int)(ANNOUNCE / HOUR_MS));
    snprintf(payload, sizeof payload, "%llu", (unsigned long long)s.next.seq);
    return again(t, t->head.at + ANNOUNCE, payload, e);
}

/* What was announced, unless the setting or the clock says less by now. */
static kith_status carry_out(struct txn *t, uint64_t announced, kith_error *e) {
    struct journal_state s;
    TRY(find_state(t->g, t->head.at, t->arena, &s, e));
    if (s.next.seq > announced)
        TRY(journal_boundary(t->g->writer, t->head.at - t->g->opts.journal_keep_ms, announced,
                             &s.next, e));
    TRY(begin_at(t->g, &s.next, e));
    return again(t, t->head.at, "sweep", e);
}

static kith_status fire(void *self, struct txn *t, const struct timer *timer, kith_error *e) {
    bool more = false, waits;
    (void)self;
    TRY(age_waits(t, &age, timer, &waits, e));
    if (waits)
        return KITH_OK;
    if (age_is_night(timer))
        return announce(t, e);
    if (!str_eqz(timer->payload, "sweep"))
        return carry_out(t, strtoull(timer->payload.ptr, NULL, 10), e);
    TRY(sweep(t, &more, e));
    return more ? again(t, age_next(t), "sweep", e) : KITH_OK;
}

/* -- at once ----------------------------------------------------------------------------------- */

static kith_status begin_now(struct txn *t, void *arg, kith_error *e) {
    struct look *l = arg;
    TRY(look(t, l, e));
    return begin_at(t->g, &l->out->next, e);
}

static kith_status sweep_once(struct txn *t, void *more, kith_error *e) {
    return sweep(t, more, e);
}

kith_status engine_compact(struct engine *g, const struct principal *p, struct journal_state *out,
                           struct arena *a, kith_error *e) {
    const struct write_opts o = {.principal = p, .origin = ORIGIN_SYSTEM};
    struct look l = {a, out};
    bool more;
    TRY(engine_write(g, &o, begin_now, &l, NULL, e));
    for (;;) {
        TRY(engine_write(g, &o, sweep_once, &more, NULL, e));
        if (!more)
            return KITH_OK;
        age_pause();
    }
}

kith_status compact_add(struct engine *g, kith_error *e) {
    const struct timer_handler h = {.name = HANDLER,
                                    .cron = NIGHTLY,
                                    .fn = fire,
                                    .longest = AGE_LONGEST_MS,
                                    .source = {SOURCE_CORE, "retention", "", 0}};
    return engine_add_timer(g, &h, e);
}
