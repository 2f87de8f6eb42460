/* SPDX-License-Identifier: Apache-2.0 */
/* kith why: the chain of causes behind the present value of a field. */
#include "cli/show.h"
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

/* Code first, then the person or program that it worked for. */
static void print_by(struct cmd *c, const struct why_step *s) {
    bool same = strcmp(s->actor.name, s->source.kind ? s->source.name : "") == 0;
    io_puts(c->io, " by ");
    if (s->source.kind)
        io_text(c->io, show_source(c, &s->source));
    if (s->source.kind && !same)
        io_puts(c->io, " for ");
    if (!same) {
        io_text(c->io, show_source(c, &s->actor));
        io_printf(c->io, " (%s)", origin_name(s->tx.origin));
    }
    io_puts(c->io, " ");
    print_when(c, s);
}

static void print_first(struct cmd *c, const struct why_step *s) {
    io_text(c->io, show_change(c, &s->change));
    io_puts(c->io, "\n  written");
    print_by(c, s);
}

/* What led to the step before. */
static void print_cause(struct cmd *c, const struct why_step *s) {
    static const char *const did[] = {"", "was created", "was updated", "was deleted"};
    const struct rtype *t = schema_type_by_id(cmd_schema(c), s->row.type);
    io_puts(c->io, "  because ");
    if (s->topic)
        io_printf(c->io, "%s was published%s", s->topic, t ? " about " : "");
    if (t && !cmd_sees(c, t, s->row.record))
        io_puts(c->io, "a record that you may not see");
    else if (t)
        io_text(c->io, show_record(c, t, s->row.record));
    else if (!s->topic)
        io_puts(c->io, "a record of a module that is not loaded");
    if (!s->topic && s->row.kind <= ROW_DELETE)
        io_printf(c->io, " %s", did[s->row.kind]);
    print_by(c, s);
}

static void json_step(struct cmd *c, struct json_out *j, const struct why_step *s, bool first) {
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
    if (first) {
        json_key(j, "fields");
        json_changes(c, j, &s->change, 1);
    }
    json_object_end(j);
}

static void print_json(struct cmd *c, const struct why_step *steps, size_t count) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_array_(&j);
    for (size_t i = 0; i < count; i++)
        json_step(c, &j, &steps[i], i == 0);
    json_array_end(&j);
    json_print(c, &b);
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
    if (c->json)
        print_json(c, steps, count);
    else if (count == 0)
        print_never(c, field, &start);
    for (size_t i = 0; i < count && !c->json; i++) {
        if (i == 0)
            print_first(c, &steps[i]);
        else
            print_cause(c, &steps[i]);
    }
    if (count > 0 && !c->json && is_cut(&steps[count - 1], &start))
        io_puts(c->io, "  because of something that is not kept any more\n");
    return KITH_OK;
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
