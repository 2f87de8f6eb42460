/* SPDX-License-Identifier: Apache-2.0 */
/* Session: see agent.h. */
#include "engine/agent.h"
#include "engine/engine_internal.h"

/* -- what is written in one -------------------------------------------------------------------- */

void agent_enter(struct txn *t) {
    const struct agent_session *s = t->session;
    if (!s)
        return;
    t->head.run = t->head.run ? t->head.run : s->id;
    t->head.note = t->head.note.len ? t->head.note : str_of(s->note);
    if (t->head.origin == ORIGIN_CLI)
        t->head.origin = ORIGIN_API;
}

bool agent_is_run(const struct txn *t) {
    return t->session && t->head.run == t->session->id;
}

kith_status agent_charge(struct txn *t, kith_error *e) {
    if (!t->session || !t->head.first)
        return KITH_OK;
    return agent_log_charge(t->g->writer, t->session->id, t->head.run,
                            (int64_t)(t->head.last - t->head.first + 1), t->head.at, e);
}

/* -- begin and end ----------------------------------------------------------------------------- */

static const struct principal itself = {.name = "system", .all = true};

static kith_status begin(struct txn *t, void *arg, kith_error *e) {
    struct agent_entry *s = arg;
    s->id = txn_id(t);
    s->started = t->head.at;
    return agent_log_begin(t->g->writer, s, e);
}

kith_status engine_agent_begin(struct engine *g, const struct principal *p, const char *client,
                               int64_t budget, kith_id *id, kith_error *e) {
    struct agent_entry s = {.user = p->user, .actor = p->name, .client = client, .budget = budget};
    struct write_opts o = {.principal = &itself, .origin = ORIGIN_SYSTEM};
    TRY(engine_write(g, &o, begin, &s, NULL, e));
    *id = s.id;
    return KITH_OK;
}

static kith_status end(struct txn *t, void *arg, kith_error *e) {
    const kith_id *id = arg;
    return agent_log_end(t->g->writer, *id, t->head.at, e);
}

kith_status engine_agent_end(struct engine *g, kith_id id, kith_error *e) {
    struct write_opts o = {.principal = &itself, .origin = ORIGIN_SYSTEM};
    return engine_write(g, &o, end, &id, NULL, e);
}

/* -- reading ----------------------------------------------------------------------------------- */

kith_status engine_agent(struct engine *g, const struct principal *p, kith_id id, struct arena *a,
                         struct agent_entry *out, kith_error *e) {
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st = agent_log_read(c, id, a, out, e);
    engine_reader_done(g, c);
    if (st == KITH_OK && !p->all && out->user != p->user)
        st = err_set(e, KITH_E_NOTFOUND, NULL, "there is no such session: begin another one");
    return st;
}

kith_status engine_agents(struct engine *g, const struct principal *p, int64_t most,
                          struct arena *a, struct agent_entry **out, size_t *count, kith_error *e) {
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st = agent_log_all(c, p->all ? 0 : p->user, most, a, out, count, e);
    engine_reader_done(g, c);
    return st;
}
