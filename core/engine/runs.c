/* SPDX-License-Identifier: Apache-2.0 */
/* Runs: what is done in several transactions, so that others come between, is one thing all the
 * same: known while it is not done, gone on with when it is asked for again, undone as a whole. */
#include "engine/engine_internal.h"
#include "journal/run_log.h"

uint32_t txn_only_by(const struct txn *t) {
    return t->principal->all ? 0 : t->head.actor;
}

/* -- carrying one out -------------------------------------------------------------------------- */

static kith_status claim(struct txn *t, struct parts *p, kith_id run, kith_error *e) {
    if (engine_claim_run(t->g, &p->claim, run))
        return KITH_OK;
    return err_set(e, KITH_E_BUSY, NULL,
                   "another command is doing the same: try again when it is done");
}

kith_status parts_begin(struct txn *t, struct parts *p, kith_error *e) {
    struct open_run found = {.run = p->run};
    if (!p->run) {
        engine_drop_claim(t->g, &p->claim); /* of a first attempt that was rolled back */
        TRY(run_log_find(t->g->writer, p->asked, txn_only_by(t), t->arena, &found, e));
        p->since = found.started;
        p->stage = found.stage;
    }
    if (found.run && !p->run && !txn_rehearsing(t))
        TRY(claim(t, p, found.run, e));
    if (found.run)
        t->head.run = found.run;
    return KITH_OK;
}

/* Bears the number of its first transaction, as long as that writes something. */
static kith_status begin_anew(struct txn *t, struct parts *p, uint32_t stage, kith_error *e) {
    if (!t->head.first)
        return KITH_OK;
    struct open_run r = {.run = txn_id(t),
                         .actor = t->head.actor,
                         .started = t->head.at,
                         .what = t->head.note,
                         .asked = p->asked,
                         .stage = stage};
    t->head.run = r.run;
    TRY(claim(t, p, r.run, e));
    return run_log_begin(t->g->writer, &r, e);
}

kith_status parts_end(struct txn *t, struct parts *p, uint32_t stage, bool more, kith_error *e) {
    kith_id run = agent_is_run(t) ? 0 : t->head.run;
    if (txn_rehearsing(t) || (!more && !run))
        return KITH_OK;
    if (!run)
        return begin_anew(t, p, stage, e);
    TRY(run_log_advance(t->g->writer, run, stage, e));
    return more ? KITH_OK : run_log_end(t->g->writer, run, e);
}

void parts_written(struct parts *p) {
    p->run = p->claim.run;
}

void parts_done(struct engine *g, struct parts *p) {
    engine_drop_claim(g, &p->claim);
}

/* -- those that are not done ------------------------------------------------------------------- */

static bool is_claimed(struct engine *g, kith_id run) {
    bool yes = false;
    pthread_mutex_lock(&g->lock);
    for (const struct run_claim *c = g->claims; c && !yes; c = c->next)
        yes = c->run == run;
    pthread_mutex_unlock(&g->lock);
    return yes;
}

/* Of others' runs only who may see everything is told. */
kith_status engine_unfinished(struct engine *g, const struct principal *p, struct arena *a,
                              struct unfinished **out, size_t *count, kith_error *e) {
    struct conn *c;
    struct open_run *runs = NULL;
    struct user_sources me = {0};
    size_t n = 0;
    *count = 0;
    TRY(engine_reader(g, &c, e));
    kith_status st = run_log_all(c, a, &runs, &n, e);
    if (st == KITH_OK && n)
        st = journal_user_sources(c, p->user, a, &me, e);
    engine_reader_done(g, c);
    TRY(st);
    *out = ARENA_ARRAY(a, struct unfinished, n + 1);
    if (!*out)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++)
        if (p->all || user_sources_has(&me, runs[i].actor))
            (*out)[(*count)++] = (struct unfinished){runs[i].run, runs[i].started, runs[i].what,
                                                     is_claimed(g, runs[i].run)};
    return KITH_OK;
}
