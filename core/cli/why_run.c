/* SPDX-License-Identifier: Apache-2.0 */
/* Joins the journal and the logs of runs. */
#include "cli/why_run.h"
#include "cli/show.h"
#include <string.h>

/* -- a step as people read it ------------------------------------------------------------------ */

/* A field that was read stands in the log as a call of its type: lead(lead/0ABC, "name"). */
static bool is_read(struct cmd *c, const struct run_step *s, kith_str *record, kith_str *field) {
    kith_str rest = s->args;
    if (!schema_type(cmd_schema(c), str_of(s->name)) || !str_split(&rest, ',', record) ||
        rest.len < 4 || memcmp(rest.ptr, " \"", 2) != 0 || rest.ptr[rest.len - 1] != '"')
        return false;
    *field = (kith_str){rest.ptr + 2, rest.len - 3};
    return !memchr(field->ptr, '"', field->len);
}

kith_str run_step_text(struct cmd *c, const struct run_step *s) {
    struct buf b = {0};
    kith_str record, field;
    bool waits = strcmp(s->what, "wait") == 0, calls = strcmp(s->what, "call") == 0;
    bool fails = strcmp(s->what, "error") == 0;
    if ((calls || fails) && is_read(c, s, &record, &field))
        buf_printf(&b, "%.*s.%.*s", (int)record.len, record.ptr, (int)field.len, field.ptr);
    else if (waits || calls || fails)
        buf_printf(&b, "%s(%.*s)", s->name, (int)s->args.len, s->args.ptr);
    else
        buf_puts(&b, s->what);
    if (waits && s->until)
        buf_printf(&b, " until %.*s", (int)show_time(c, s->until).len, show_time(c, s->until).ptr);
    if (s->results.len && !waits)
        buf_printf(&b, "%s%.*s",
                   fails   ? " failed: "
                   : calls ? " = "
                           : ": ",
                   (int)s->results.len, s->results.ptr);
    kith_str text = arena_str(&c->arena, buf_view(&b));
    buf_free(&b);
    return text;
}

/* -- which call it was ------------------------------------------------------------------------- */

/* Every entry of the log has the last row that its transaction had written by then: the first one
 * that has the row, or a later one, is of the call that wrote it. */
static void find_call(const struct run_step *steps, size_t count, const struct why_step *s,
                      struct run_call *out) {
    for (size_t i = 0; i < count && steps[i].row <= s->tx.last; i++) {
        if (strcmp(steps[i].what, "began") == 0 || strcmp(steps[i].what, "woken") == 0)
            out->opening = &steps[i];
        if (steps[i].row < s->row.seq)
            continue;
        out->call = &steps[i];
        break;
    }
    for (const struct run_step *x = out->opening; out->call && x && x-- > steps && !out->wait;)
        if (x->branch == out->opening->branch && strcmp(x->what, "wait") == 0)
            out->wait = x;
    if (!out->call)
        out->opening = NULL;
}

/* -- what had begun the run -------------------------------------------------------------------- */

#define BEGAN_MAX 64 /* causes that are followed */

static uint64_t cause_of(const struct why_step *s) {
    return s->row.cause ? s->row.cause : s->tx.cause;
}

/* What led to the run, and where that came from: in the end somebody did something. */
static kith_status read_began(struct cmd *c, struct conn *conn, uint64_t kept, struct run_call *out,
                              kith_error *e) {
    TRY(journal_why_row(conn, out->head.cause, &c->arena, &out->began, e));
    uint64_t cause = cause_of(&out->began);
    for (int i = 0; i < BEGAN_MAX && cause > kept; i++) {
        TRY(journal_why_row(conn, cause, &c->arena, &out->root, e));
        cause = cause_of(&out->root);
    }
    return KITH_OK;
}

static kith_status read_run(struct cmd *c, struct conn *conn, struct run_call *out, kith_error *e) {
    struct journal_start start;
    kith_error gone = KITH_ERROR_INIT;
    kith_status st = flow_read(c->company->engine, conn, out->run, &c->arena, &out->head, &gone);
    if (st == KITH_E_NOTFOUND)
        return KITH_OK;
    if (st != KITH_OK) {
        err_copy(e, &gone);
        return st;
    }
    out->kept = true;
    TRY(journal_start(conn, &start, e));
    return out->head.cause > start.seq ? read_began(c, conn, start.seq, out, e) : KITH_OK;
}

kith_status run_began(struct cmd *c, kith_id run, struct run_call *out, kith_error *e) {
    struct conn *conn;
    *out = (struct run_call){.run = run};
    TRY(engine_reader(c->company->engine, &conn, e));
    kith_status st = read_run(c, conn, out, e);
    engine_reader_done(c->company->engine, conn);
    return st;
}

/* -- all of it --------------------------------------------------------------------------------- */

kith_status run_call_of(struct cmd *c, const struct why_step *step, struct run_call *out,
                        kith_error *e) {
    struct run_step *steps;
    size_t count;
    kith_id run = c->principal.all ? show_run_of(&step->tx) : 0;
    *out = (struct run_call){0};
    if (!run)
        return KITH_OK;
    TRY(run_began(c, run, out, e));
    bool told = step->topic && str_starts(str_of(step->topic), "workflow."); /* of the run itself */
    if (!out->kept || told)
        return KITH_OK;
    TRY(scripts_run_steps(c->company->scripts, out->run, &c->arena, &steps, &count, e));
    find_call(steps, count, step, out);
    return KITH_OK;
}

bool run_call_own(const struct run_call *r, const struct why_step *step) {
    size_t len = r->kept ? strlen(r->head.file) : 0;
    return len && strncmp(step->source.name, r->head.file, len) == 0 &&
           strncmp(step->source.name + len, ": ", 2) == 0;
}

const char *run_call_place(struct cmd *c, const struct run_call *r) {
    return arena_printf(&c->arena, "%s:%u", r->head.file, r->call->line);
}
