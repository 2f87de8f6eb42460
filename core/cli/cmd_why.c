/* SPDX-License-Identifier: Apache-2.0 */
/* kith why: the chain of causes behind the present value of a field. */
#include "cli/show.h"
#include "cli/why_run.h"
#include "record/rollup.h"
#include <string.h>

static void print_when(struct cmd *c, const struct why_step *s) {
    kith_str at = show_time(c, s->tx.at);
    io_printf(c->io, "on %.*s", (int)at.len, at.ptr);
    if (s->tx.note.len > 0) {
        io_puts(c->io, " (");
        io_text(c->io, s->tx.note);
        io_puts(c->io, ")");
    }
    io_printf(c->io, "  %stransaction %s%s\n", io_style(c->io, STYLE_DIM), show_id(c, s->tx.id),
              io_style(c->io, STYLE_PLAIN));
}

/* The workflow at the line of the call that wrote it; or else whatever code it was. */
static kith_str by_text(struct cmd *c, const struct why_step *s, const struct run_call *r) {
    if (!r->call || !run_call_own(r, s))
        return show_source(c, &s->source);
    return str_of(
        arena_printf(&c->arena, "the workflow %s at %s", r->head.workflow, run_call_place(c, r)));
}

static bool is_request(const struct why_step *s) {
    return s->topic && strcmp(s->topic, FLOW_REQUESTED) == 0;
}

/* Code first, then the person or program that it worked for; the action by which somebody has a
 * workflow begin is not worth a word. */
static void print_by(struct cmd *c, const struct why_step *step, const struct run_call *r) {
    struct why_step asked = *step;
    const struct why_step *s = is_request(step) ? &asked : step;
    asked.source = (struct source){.name = ""};
    bool same = strcmp(s->actor.name, s->source.kind ? s->source.name : "") == 0;
    /* A step is its workflow's, also where a rule wrote within it: the next line tells. */
    same |= r->run && s->source.kind && s->actor.kind == SOURCE_RULE;
    io_puts(c->io, " by ");
    if (s->source.kind)
        io_text(c->io, by_text(c, s, r));
    if (s->source.kind && !same)
        io_puts(c->io, " for ");
    if (!same) {
        io_text(c->io, show_source(c, &s->actor));
        io_printf(c->io, " (%s)", origin_name(s->tx.origin));
    }
    io_puts(c->io, " ");
    print_when(c, s);
}

/* What is not at hand: the record that an event was about, or that was written. */
static void print_what(struct cmd *c, const struct why_step *s) {
    static const char *const did[] = {"", "was created", "was updated", "was deleted"};
    const struct rtype *t = schema_type_by_id(cmd_schema(c), s->row.type);
    if (is_request(s))
        io_printf(c->io, "the workflow was begun%s", t ? " for " : "");
    else if (s->topic)
        io_printf(c->io, "%s was published%s", s->topic, t ? " about " : "");
    if (t && !cmd_sees(c, t, s->row.record))
        io_puts(c->io, "a record that you may not see");
    else if (t)
        io_text(c->io, show_record(c, t, s->row.record));
    else if (!s->topic)
        io_puts(c->io, "a record of a module that is not loaded");
    if (!s->topic && s->row.kind <= ROW_DELETE)
        io_printf(c->io, " %s", did[s->row.kind]);
}

static void print_woken(struct cmd *c, const struct run_call *r) {
    if (!r->wait)
        return;
    kith_str at = show_time(c, r->opening->at);
    io_puts(c->io, "    woken from ");
    io_text(c->io, run_step_text(c, r->wait));
    io_printf(c->io, " at %s:%u on %.*s\n", r->head.file, r->wait->line, (int)at.len, at.ptr);
}

void show_began(struct cmd *c, const struct run_call *r, const char *margin) {
    const struct run_call none = {0};
    kith_str at = show_time(c, r->head.started);
    io_printf(c->io, "%sthe run began on %.*s", margin, (int)at.len, at.ptr);
    if (r->began.row.seq) {
        io_puts(c->io, " because ");
        print_what(c, &r->began);
        print_by(c, &r->began, &none);
        if (r->root.row.seq) {
            io_printf(c->io, "%swhich goes back to this: ", margin);
            print_what(c, &r->root);
            print_by(c, &r->root, &none);
        }
        return;
    }
    if (r->head.parent)
        io_printf(c->io, ", by run %s\n", show_id(c, r->head.parent));
    else
        io_puts(c->io, r->head.cause ? ", because of something that is not kept any more\n"
                                     : ", at its time\n");
}

/* What led to the run is the next line where the step is its first. */
static void print_began(struct cmd *c, const struct why_step *s, const struct run_call *r) {
    if (!r->head.cause || r->head.cause != s->tx.cause)
        show_began(c, r, "    ");
}

/* The step of a run, under what it wrote. */
static void print_run(struct cmd *c, const struct why_step *s, const struct run_call *r) {
    if (!r->run)
        return;
    io_printf(c->io, "    in run %s", show_id(c, r->run));
    if (!r->kept) {
        io_puts(c->io, ", which is not kept any more\n");
        return;
    }
    io_printf(c->io, " of %s, version %s", r->head.workflow, r->head.version);
    if (r->call) {
        io_puts(c->io, ", by ");
        io_text(c->io, run_step_text(c, r->call));
        if (!run_call_own(r, s))
            io_printf(c->io, " at %s", run_call_place(c, r));
    }
    io_puts(c->io, "\n");
    print_woken(c, r);
    print_began(c, s, r);
}

static void print_first(struct cmd *c, const struct why_step *s, const struct run_call *r) {
    io_text(c->io, show_change(c, &s->change));
    io_puts(c->io, "\n  written");
    print_by(c, s, r);
    print_run(c, s, r);
}

/* What led to the step before. */
static void print_cause(struct cmd *c, const struct why_step *s, const struct run_call *r) {
    io_puts(c->io, "  because ");
    print_what(c, s);
    print_by(c, s, r);
    print_run(c, s, r);
}

static void json_call(struct json_out *j, const struct run_call *r) {
    json_key(j, "line");
    json_int(j, r->call->line);
    json_key(j, "call");
    json_strz(j, r->call->name);
    json_key(j, "arguments");
    json_str(j, r->call->args);
    json_key(j, "gave");
    json_str(j, r->call->results);
    if (!r->wait)
        return;
    json_key(j, "woken");
    json_object_(j);
    json_key(j, "at");
    json_time(j, r->opening->at);
    json_key(j, "from");
    json_strz(j, r->wait->name);
    json_key(j, "arguments");
    json_str(j, r->wait->args);
    json_key(j, "line");
    json_int(j, r->wait->line);
    json_key(j, "gave");
    json_str(j, r->opening->results);
    json_object_end(j);
}

static void json_step(struct cmd *c, struct json_out *j, const struct why_step *s,
                      const struct run_call *r, bool first);

static void json_began(struct cmd *c, struct json_out *j, const struct why_step *s) {
    const struct run_call none = {0};
    if (s->row.seq)
        json_step(c, j, s, &none, false);
    else
        json_nil(j);
}

static void json_run(struct cmd *c, struct json_out *j, const struct run_call *r) {
    json_object_(j);
    json_key(j, "id");
    json_id(j, r->run);
    if (r->kept) {
        json_key(j, "workflow");
        json_strz(j, r->head.workflow);
        json_key(j, "file");
        json_strz(j, r->head.file);
        json_key(j, "version");
        json_strz(j, r->head.version);
        json_key(j, "started");
        json_time(j, r->head.started);
        json_key(j, "parent");
        json_id(j, r->head.parent);
        json_key(j, "began");
        json_began(c, j, &r->began);
        json_key(j, "root");
        json_began(c, j, r->root.row.seq ? &r->root : &r->began);
    }
    if (r->call)
        json_call(j, r);
    json_object_end(j);
}

static void json_step(struct cmd *c, struct json_out *j, const struct why_step *s,
                      const struct run_call *r, bool first) {
    const struct rtype *t = schema_type_by_id(cmd_schema(c), s->row.type);
    json_object_(j);
    json_key(j, "seq");
    json_int(j, (int64_t)s->row.seq);
    json_key(j, "at");
    json_time(j, s->tx.at);
    json_key(j, "change");
    json_strz(j, row_kind_name(s->row.kind));
    bool seen = cmd_sees(c, t, s->row.record);
    json_key(j, "type");
    if (t && seen)
        json_strz(j, t->name);
    else
        json_nil(j);
    json_key(j, "id");
    json_id(j, seen ? s->row.record : 0);
    if (s->topic) {
        json_key(j, "topic");
        json_strz(j, s->topic);
    }
    json_key(j, "transaction");
    json_id(j, s->tx.id);
    json_key(j, "origin");
    json_strz(j, origin_name(s->tx.origin));
    json_key(j, "actor");
    json_strz(j, s->actor.name);
    json_key(j, "by");
    json_source(j, &s->source);
    json_key(j, "run");
    if (r->run)
        json_run(c, j, r);
    else
        json_nil(j);
    if (first) {
        json_key(j, "fields");
        json_changes(c, j, &s->change, 1);
    }
    json_object_end(j);
}

static kith_status print_json(struct cmd *c, const struct why_step *steps,
                              const struct run_call *runs, size_t count, const struct rfield *field,
                              kith_error *e) {
    struct buf b = {0};
    struct json_out j;
    kith_status st = KITH_OK;
    json_begin(&j, &b, false);
    json_array_(&j);
    for (size_t i = 0; i < count; i++)
        json_step(c, &j, &steps[i], &runs[i], i == 0);
    if (count)
        st = cmd_explain(c, field, steps[0].row.record, &j, e);
    json_array_end(&j);
    if (st == KITH_OK)
        json_print(c, &b);
    else
        buf_free(&b);
    return st;
}

/* -- roll-ups ---------------------------------------------------------------------------------- */

/* The record that was changed last among those that a roll-up is kept from. */
struct newest {
    kith_id id; /* 0: there is none that the caller may see */
    int64_t at;
};

static kith_status note_newest(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct newest *n = arg;
    (void)e;
    *n = (struct newest){id, values[FIELD_UPDATED].as.i};
    return KITH_OK;
}

static kith_status find_newest(struct cmd *c, const struct rollup *r, kith_id id, struct newest *n,
                               kith_error *e) {
    struct find_page page = {.limit = 1};
    struct query *q;
    const char *to = show_id(c, id), *type = r->field->type->name, *via = r->via->name;
    const char *text = arena_printf(
        &c->arena, "\"%s\" where \"%s\" = '%s%s%s'%s%.*s%s order by -updated limit 1",
        r->child->name, via, r->via->any_target ? type : "", r->via->any_target ? "/" : "", to,
        r->where ? " and (" : "", (int)r->condition.len, r->condition.ptr, r->where ? ")" : "");
    if (!text)
        return err_nomem(e);
    TRY(query_parse(&q, cmd_schema(c), &c->arena, str_of(text), e));
    return engine_find(c->company->engine, &c->principal, q, NULL, &page, &c->arena, note_newest, n,
                       e);
}

static void json_rollup(struct cmd *c, const struct rollup *r, const struct newest *n) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_array_(&j);
    json_object_(&j);
    json_key(&j, "rollup");
    json_strz(&j, r->field->formula);
    json_key(&j, "type");
    json_strz(&j, r->child->name);
    json_key(&j, "newest");
    json_id(&j, n->id);
    json_object_end(&j);
    json_array_end(&j);
    json_print(c, &b);
}

/* It is in no journal: it follows from the records that it is kept from. */
static kith_status why_rollup(struct cmd *c, const struct rollup *r, kith_id id, kith_error *e) {
    struct newest n = {0};
    TRY(find_newest(c, r, id, &n, e));
    if (c->json) {
        json_rollup(c, r, &n);
        return KITH_OK;
    }
    io_printf(c->io, "%s is kept by Kith: %s\n", r->field->name, r->field->formula);
    if (!n.id)
        return KITH_OK;
    kith_str at = show_time(c, n.at);
    io_puts(c->io, "  of these changed last, ");
    io_printf(c->io, "on %.*s: ", (int)at.len, at.ptr);
    io_text(c->io, show_record(c, r->child, n.id));
    io_puts(c->io, "\n");
    return KITH_OK;
}

static void print_never(struct cmd *c, const struct rfield *field, const struct journal_start *s) {
    if (!s->seq) {
        io_printf(c->io, "%s was never written.\n", field->name);
        return;
    }
    kith_str from = show_time(c, s->at);
    io_printf(c->io, "%s was not written since %.*s; the journal of before is not kept.\n",
              field->name, (int)from.len, from.ptr);
}

/* It had a cause, which came before what is kept. */
static bool is_cut(const struct why_step *step, const struct journal_start *s) {
    uint64_t cause = step->row.cause ? step->row.cause : step->tx.cause;
    return cause > 0 && cause <= s->seq;
}

static kith_status run(struct cmd *c, kith_error *e) {
    const struct rtype *t;
    const struct rfield *field;
    struct why_step *steps;
    struct conn *conn;
    size_t count;
    kith_id id;
    TRY(arg_record(c, 0, &t, &id, e));
    TRY(schema_find_field(cmd_schema(c), t, str_of(c->args[2]), &field, e));
    if (!cmd_reads(c, field))
        return err_set(e, KITH_E_DENIED, field->name, "you may not read %s.%s", t->name,
                       field->name);
    TRY(arg_follow(c, t, &id, e));
    if (!cmd_shows(c, t, id))
        return err_set(e, KITH_E_NOTFOUND, NULL, "there is no %s %s", t->name, c->args[1]);
    if (field->rollup)
        return why_rollup(c, field->rollup, id, e);
    TRY(engine_reader(c->company->engine, &conn, e));
    struct journal_start start;
    kith_status st = journal_why(conn, cmd_schema(c), id, field, &c->arena, &steps, &count, e);
    if (st == KITH_OK)
        st = journal_start(conn, &start, e);
    engine_reader_done(c->company->engine, conn);
    TRY(st);
    struct run_call *runs = ARENA_ARRAY(&c->arena, struct run_call, count + 1);
    if (!runs)
        return err_nomem(e);
    for (size_t i = 0; i < count; i++)
        TRY(run_call_of(c, &steps[i], &runs[i], e));
    if (c->json)
        return print_json(c, steps, runs, count, field, e);
    if (count == 0)
        print_never(c, field, &start);
    for (size_t i = 0; i < count; i++) {
        if (i == 0)
            print_first(c, &steps[i], &runs[i]);
        else
            print_cause(c, &steps[i], &runs[i]);
    }
    if (count > 0 && is_cut(&steps[count - 1], &start))
        io_puts(c->io, "  because of something that is not kept any more\n");
    return count > 0 ? cmd_explain(c, field, id, NULL, e) : KITH_OK;
}

const struct command command_why = {
    .name = "why",
    .args = "TYPE ID FIELD",
    .help = "why a field has its value: who or which rule, when, and because of what",
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_min = 3,
    .args_max = 3,
    .run = run,
};
