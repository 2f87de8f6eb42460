/* SPDX-License-Identifier: Apache-2.0 */
/* Scratch: opens the copy and sums up what was written there. */
#include "cli/scratch.h"
#include "cli/show.h"

#define DRAIN_MS 60000

/* -- what was written there -------------------------------------------------------------------- */

/* Rows of one kind and type by one piece of code. */
struct sum {
    uint32_t source, kind, type;
    uint64_t count;
    struct source by; /* kind 0: the command directly */
};
struct sums {
    struct sum items[256];
    size_t count;
    bool all;    /* else what rules and modules would do is not told, which may be out of sight */
    bool others; /* there is some of that */
};

static kith_status add_row(void *arg, const struct journal_row *row, kith_error *e) {
    (void)e;
    struct sums *s = arg;
    if (row->source && !s->all) {
        s->others = true;
        return KITH_OK;
    }
    for (size_t i = 0; i < s->count; i++) {
        struct sum *m = &s->items[i];
        if (m->source == row->source && m->kind == row->kind && m->type == row->type) {
            m->count++;
            return KITH_OK;
        }
    }
    if (s->count < sizeof s->items / sizeof s->items[0])
        s->items[s->count++] =
            (struct sum){.source = row->source, .kind = row->kind, .type = row->type, .count = 1};
    return KITH_OK;
}

static void show_sum(struct cmd *c, const struct sum *m) {
    const struct rtype *t = schema_type_by_id(cmd_schema(c), m->type);
    struct buf b = {0};
    struct json_out j;
    if (!c->json) {
        io_printf(c->io, "  %-7s %-14s %8llu  by ", row_kind_name(m->kind), t ? t->name : "",
                  (unsigned long long)m->count);
        io_text(c->io, m->by.kind ? show_source(c, &m->by) : STR("this command"));
        io_puts(c->io, "\n");
        return;
    }
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "effect");
    json_strz(&j, row_kind_name(m->kind));
    json_key(&j, "type");
    json_strz(&j, t ? t->name : "");
    json_key(&j, "count");
    json_int(&j, (int64_t)m->count);
    json_key(&j, "by");
    json_source(&j, &m->by);
    json_object_end(&j);
    json_print(c, &b);
}

static kith_status read_sums(struct cmd *c, struct company *scratch, uint64_t since, struct sums *s,
                             kith_error *e) {
    struct conn *conn;
    TRY(engine_reader(scratch->engine, &conn, e));
    kith_status st = journal_walk(conn, since, UINT64_MAX, add_row, s, e);
    for (size_t i = 0; i < s->count && st == KITH_OK; i++) {
        if (s->items[i].source)
            st = journal_source(conn, s->items[i].source, &c->arena, &s->items[i].by, e);
    }
    engine_reader_done(scratch->engine, conn);
    return st;
}

static uint64_t outgoing(struct company *scratch) {
    struct engine_stats s;
    engine_stats(scratch->engine, &s);
    return s.outbox_waiting;
}

/* What would leave the company; nothing does from a copy. */
static void show_outgoing(struct cmd *c, uint64_t count) {
    struct buf b = {0};
    struct json_out j;
    if (count == 0)
        return;
    if (!c->json) {
        io_printf(c->io, "  %-7s %-14s %8llu\n", "send", "", (unsigned long long)count);
        return;
    }
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "effect");
    json_strz(&j, "send");
    json_key(&j, "count");
    json_int(&j, (int64_t)count);
    json_object_end(&j);
    json_print(c, &b);
}

static kith_status show_effects(struct cmd *c, struct company *scratch, uint64_t since,
                                kith_error *e) {
    struct sums *s = ARENA_NEW(&c->arena, struct sums);
    if (!s)
        return err_nomem(e);
    s->all = c->principal.all;
    TRY(read_sums(c, scratch, since, s, e));
    if (!c->json)
        io_puts(c->io, s->count > 0 ? "Effects:\n" : "Effects: none.\n");
    for (size_t i = 0; i < s->count; i++)
        show_sum(c, &s->items[i]);
    if (s->others && !c->json)
        io_puts(c->io, "  and what rules and modules would do\n");
    return KITH_OK;
}

/* -- the rehearsal ----------------------------------------------------------------------------- */

static kith_status head_of(struct engine *g, uint64_t *seq, kith_error *e) {
    struct conn *conn;
    TRY(engine_reader(g, &conn, e));
    kith_status st = journal_head(conn, seq, e);
    engine_reader_done(g, conn);
    return st;
}

static kith_status rehearse_on(struct cmd *c, struct company *scratch, rehearse_fn fn, void *arg,
                               kith_error *e) {
    uint64_t since, before = outgoing(scratch);
    TRY(head_of(scratch->engine, &since, e));
    TRY(fn(c, scratch, arg, e));
    TRY(engine_drain(scratch->engine, DRAIN_MS, e));
    TRY(show_effects(c, scratch, since, e));
    uint64_t after = outgoing(scratch);
    if (c->principal.all && after > before)
        show_outgoing(c, after - before);
    return KITH_OK;
}

struct rehearsal_job {
    struct cmd *cmd;
    rehearse_fn fn;
    void *arg;
};

static kith_status rehearse_copy(void *arg, const char *path, kith_error *e) {
    const struct rehearsal_job *job = arg;
    struct cmd *c = job->cmd;
    struct company *scratch = NULL;
    kith_status st = company_open_copy(&scratch, c->program, c->company, path, e);
    if (st == KITH_OK)
        st = rehearse_on(c, scratch, job->fn, job->arg, e);
    company_close(scratch);
    return st;
}

kith_status scratch_rehearse(struct cmd *c, rehearse_fn fn, void *arg, kith_error *e) {
    struct rehearsal_job job = {c, fn, arg};
    io_progress(c->io, "copying the database");
    return engine_with_copy(c->company->engine, rehearse_copy, &job, e);
}

kith_status scratch_try(struct cmd *c, try_fn here, rehearse_fn on_copy, void *arg, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    kith_status st = here(c, arg, &why);
    if (st == KITH_E_LIMIT)
        return scratch_rehearse(c, on_copy, arg, e);
    if (st != KITH_OK)
        err_copy(e, &why);
    return st;
}
