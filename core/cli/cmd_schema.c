/* SPDX-License-Identifier: Apache-2.0 */
/* kith schema: all that is declared in this company, as one document, as far as whoever asks may
 * know of it. What shows types and actions to others (a web page, a client, an agent) is made from
 * this. */
#include "cli/ask.h"
#include "cli/show.h"
#include "engine/engine.h"
#include "record/access.h"
#include "record/record.h"
#include "record/series.h"
#include <string.h>

struct telling {
    struct cmd *c;
    const struct schema *schema;
    struct json_out j;
};

static void text_member(struct telling *t, const char *key, const char *value) {
    json_key(&t->j, key);
    json_strz(&t->j, value ? value : "");
}

static void bool_member(struct telling *t, const char *key, bool value) {
    json_key(&t->j, key);
    json_bool_(&t->j, value);
}

static void texts_member(struct telling *t, const char *key, const char *const *texts,
                         uint32_t count) {
    json_key(&t->j, key);
    json_array_(&t->j);
    for (uint32_t i = 0; i < count; i++)
        json_strz(&t->j, texts[i]);
    json_array_end(&t->j);
}

/* -- fields ------------------------------------------------------------------------------------ */

static void put_states(struct telling *t, const struct rfield *f) {
    texts_member(t, "options", f->options, f->option_count);
    json_key(&t->j, "transitions");
    json_object_(&t->j);
    for (uint32_t i = 0; i < f->option_count; i++) {
        json_key(&t->j, f->options[i]);
        json_array_(&t->j);
        for (uint32_t k = 0; k < f->option_count; k++)
            if (f->arrows[i] >> k & 1u)
                json_strz(&t->j, f->options[k]);
        json_array_end(&t->j);
    }
    json_object_end(&t->j);
    json_key(&t->j, "ends");
    json_array_(&t->j);
    for (uint32_t i = 0; i < f->option_count; i++)
        if (f->closed >> i & 1u)
            json_strz(&t->j, f->options[i]);
    json_array_end(&t->j);
}

/* What belongs to its kind. */
static void put_kind(struct telling *t, const struct rfield *f) {
    switch (f->kind) {
    case KITH_F_STATE:
        put_states(t, f);
        break;
    case KITH_F_CHOICE:
        texts_member(t, "options", f->options, f->option_count);
        break;
    case KITH_F_MONEY: /* none: all */
        texts_member(t, "currencies", f->options, f->option_count);
        break;
    case KITH_F_DECIMAL:
        json_key(&t->j, "scale");
        json_int(&t->j, f->scale);
        break;
    case KITH_F_LINK:
    case KITH_F_LINKS:
        text_member(t, "target", f->target ? f->target->name : "*");
        break;
    case KITH_F_SERIES:
        text_member(t, "series", f->series->pattern);
        break;
    default:
        break;
    }
}

/* As a value in JSON; the number of characters, of a text. */
static void put_bound(struct telling *t, const struct rfield *f, const char *key, const char *text,
                      int64_t units) {
    if (!text)
        return;
    json_key(&t->j, key);
    if (f->kind == KITH_F_INTEGER || f->kind == KITH_F_TEXT || f->kind == KITH_F_LONGTEXT)
        json_int(&t->j, units);
    else
        json_strz(&t->j, text);
}

static kith_status put_default(struct telling *t, const struct rfield *f, kith_error *e) {
    if (!f->default_text)
        return KITH_OK;
    kith_value v = value_str(str_of(f->default_text));
    TRY(value_check(t->schema, f, false, &t->c->arena, &v, e));
    json_key(&t->j, "default");
    value_json(t->schema, &v, &t->j);
    return KITH_OK;
}

/* Ends with what only a field of a type has. */
static kith_status put_field(struct telling *t, const struct rfield *f, bool of_type,
                             kith_error *e) {
    const struct principal *p = &t->c->principal;
    json_object_(&t->j);
    text_member(t, "field", f->name);
    text_member(t, "label", f->label);
    text_member(t, "doc", f->doc);
    text_member(t, "kind", field_kind_name(f->kind));
    bool_member(t, "required", f->flags & KITH_FF_REQUIRED);
    json_key(&t->j, "schema");
    json_object_(&t->j);
    field_schema(&t->j, f);
    json_object_end(&t->j);
    put_kind(t, f);
    TRY(put_default(t, f, e));
    put_bound(t, f, "min", f->min_text, f->min);
    put_bound(t, f, "max", f->max_text, f->max);
    if (of_type) {
        bool kept = f->rollup || (f->flags & (KITH_FF_DERIVED | KITH_FF_READONLY));
        text_member(t, "module", f->module);
        text_member(t, "measure", field_measure_name(f->measure));
        bool_member(t, "unique", f->flags & KITH_FF_UNIQUE);
        bool_member(t, "indexed", f->flags & KITH_FF_INDEXED);
        bool_member(t, "searched", f->flags & KITH_FF_SEARCHED);
        bool_member(t, "personal", f->flags & KITH_FF_PERSONAL);
        bool_member(t, "read", access_reads(p, f));
        bool_member(t, "write", !kept && access_writes(p, f));
        if (f->formula)
            text_member(t, "computed", f->formula);
        if (f->where)
            text_member(t, "declared_at", f->where);
    }
    json_object_end(&t->j);
    return KITH_OK;
}

static kith_status put_fields(struct telling *t, const char *key, struct rfield *const *fields,
                              uint32_t count, kith_error *e) {
    json_key(&t->j, key);
    json_array_(&t->j);
    for (uint32_t i = 0; i < count; i++)
        TRY(put_field(t, fields[i], false, e));
    json_array_end(&t->j);
    return KITH_OK;
}

/* -- types ------------------------------------------------------------------------------------- */

/* A part goes as far as the whole; one of whatever record, as far as any record does. */
static uint32_t reach_of(const struct cmd *c, const struct rtype *t, enum right right, int depth) {
    const struct principal *p = &c->principal;
    const struct rfield *whole = type_whole(t);
    uint32_t reach = REACH_NONE;
    if (p->all)
        return REACH_ALL;
    if (!p->access || depth == 0)
        return REACH_NONE;
    if (!whole)
        return p->access->rights.types[t->id].reach[right];
    right = right == RIGHT_READ ? RIGHT_READ : RIGHT_UPDATE;
    if (whole->target)
        return reach_of(c, whole->target, right, depth - 1);
    for (uint32_t i = 0; i < t->schema->type_count; i++)
        if (!type_whole(t->schema->types[i]))
            reach |= reach_of(c, t->schema->types[i], right, depth - 1);
    return reach;
}

#define PARTS_DEEP 8

static bool knows(const struct cmd *c, const struct rtype *t) {
    return reach_of(c, t, RIGHT_READ, PARTS_DEEP) || reach_of(c, t, RIGHT_CREATE, PARTS_DEEP);
}

static void put_reach(struct telling *t, const struct rtype *type) {
    json_key(&t->j, "reach");
    json_object_(&t->j);
    for (int r = 0; r < RIGHT_COUNT; r++)
        text_member(t, right_names[r], reach_text(reach_of(t->c, type, (enum right)r, PARTS_DEEP)));
    json_object_end(&t->j);
}

/* What is published of its records without anybody's doing. */
static void put_events(struct telling *t, const struct rtype *type) {
    static const char *const always[] = {"created", "updated", "deleted"};
    json_key(&t->j, "events");
    json_array_(&t->j);
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        json_strz(&t->j, always[i]);
    for (uint32_t i = 0; i < type->field_count; i++)
        for (uint32_t k = 0;
             type->fields[i]->kind == KITH_F_STATE && k < type->fields[i]->option_count; k++)
            json_strz(&t->j, type->fields[i]->options[k]);
    json_array_end(&t->j);
}

static kith_status put_type(struct telling *t, const struct rtype *type, kith_error *e) {
    const struct rfield *whole = type_whole(type), *state = type_state(type);
    json_object_(&t->j);
    text_member(t, "type", type->name);
    text_member(t, "label", type->label);
    text_member(t, "doc", type->doc);
    text_member(t, "module", type->module);
    if (type->title && access_reads(&t->c->principal, type->title))
        text_member(t, "title", type->title->name);
    if (state)
        text_member(t, "state", state->name);
    if (whole)
        text_member(t, "part_of", whole->name);
    bool_member(t, "history", type->history == KITH_HISTORY_FULL);
    bool_member(t, "undo", type->undo == KITH_UNDO_RESTORE);
    put_reach(t, type);
    put_events(t, type);
    json_key(&t->j, "fields");
    json_array_(&t->j);
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct rfield *f = type->fields[i];
        if (access_reads(&t->c->principal, f) || access_writes(&t->c->principal, f))
            TRY(put_field(t, f, true, e));
    }
    json_array_end(&t->j);
    json_object_end(&t->j);
    return KITH_OK;
}

/* -- actions and topics ------------------------------------------------------------------------ */

static const char *effect_name(const struct action *a) {
    return a->effect == EFFECT_READ ? "read" : a->effect == EFFECT_WRITE ? "write" : "external";
}

static kith_status put_action(struct telling *t, const struct action *a, kith_error *e) {
    json_object_(&t->j);
    text_member(t, "action", a->name);
    text_member(t, "doc", a->doc);
    text_member(t, "module", a->module);
    text_member(t, "effect", effect_name(a));
    bool_member(t, "undo", a->effect == EFFECT_WRITE && !a->final);
    /* What cannot be taken back is asked about first. */
    bool_member(t, "confirm", a->effect == EFFECT_EXTERNAL || a->final);
    text_member(t, "permission", a->name); /* among "actions" of a role or token */
    TRY(put_fields(t, "parameters", a->params, a->param_count, e));
    TRY(put_fields(t, "results", a->results, a->result_count, e));
    TRY(put_fields(t, "columns", a->columns, a->column_count, e));
    if (a->file)
        text_member(t, "file", a->file);
    json_object_end(&t->j);
    return KITH_OK;
}

/* The type of its subject is not told to whoever does not know of it. */
static bool topic_is_told(const struct telling *t, const kith_topic *topic) {
    kith_str rest = str_of(topic->name), name;
    str_split(&rest, '.', &name);
    const struct rtype *type = schema_type(t->schema, name);
    return !type || knows(t->c, type);
}

static kith_status put_topic(struct telling *t, const kith_topic *topic, const char *owner,
                             kith_error *e) {
    struct rfield *const *fields;
    uint32_t count;
    TRY(schema_fields(t->schema, &t->c->arena, owner, topic->fields, &fields, &count, e));
    json_object_(&t->j);
    text_member(t, "topic", topic->name);
    text_member(t, "doc", topic->doc);
    text_member(t, "module", owner);
    json_key(&t->j, "schema");
    json_int(&t->j, topic->schema);
    TRY(put_fields(t, "fields", fields, count, e));
    json_object_end(&t->j);
    return KITH_OK;
}

/* -- reports ----------------------------------------------------------------------------------- */

/* Saved queries are records, and no part of what is declared. One that cannot be asked any more is
 * told nevertheless. */
static kith_status put_report(void *arg, const struct named_query *n, kith_error *e) {
    struct telling *t = arg;
    const char *const *params = NULL;
    struct query *q;
    uint32_t count = 0;
    kith_error why = KITH_ERROR_INIT;
    (void)e;
    if (n->saved)
        return KITH_OK;
    if (query_parse_for(&q, t->schema, &t->c->principal, &t->c->arena, n->query, &why) == KITH_OK)
        count = query_params(q, &params);
    json_object_(&t->j);
    json_key(&t->j, "report");
    json_str(&t->j, n->name);
    json_key(&t->j, "doc");
    json_str(&t->j, n->doc);
    json_key(&t->j, "query");
    json_str(&t->j, n->query);
    texts_member(t, "parameters", params, count);
    json_object_end(&t->j);
    return KITH_OK;
}

/* -- the whole --------------------------------------------------------------------------------- */

static kith_status put_all(struct telling *t, kith_error *e) {
    struct cmd *c = t->c;
    const struct action *a;
    const kith_topic *topic;
    const char *owner;
    json_object_(&t->j);
    text_member(t, "kith", KITH_VERSION);
    json_key(&t->j, "company");
    json_str(&t->j, settings_text(c->company->settings, "", "company.name"));
    text_member(t, "currency", t->schema->base_currency);
    json_key(&t->j, "administrator");
    json_bool_(&t->j, c->principal.all);
    json_key(&t->j, "reads_only");
    json_bool_(&t->j, access_only_reads(&c->principal, NULL) != KITH_OK);
    json_key(&t->j, "types");
    json_array_(&t->j);
    for (uint32_t i = 0; i < t->schema->type_count; i++)
        if (knows(c, t->schema->types[i]))
            TRY(put_type(t, t->schema->types[i], e));
    json_array_end(&t->j);
    json_key(&t->j, "actions");
    json_array_(&t->j);
    for (size_t i = 0; (a = engine_action_at(c->company->engine, i)); i++)
        if (access_may_call(&c->principal, a))
            TRY(put_action(t, a, e));
    json_array_end(&t->j);
    json_key(&t->j, "reports");
    json_array_(&t->j);
    TRY(ask_each_named(c, put_report, t, e));
    json_array_end(&t->j);
    json_key(&t->j, "topics");
    json_array_(&t->j);
    for (size_t i = 0; (topic = company_topic(c->company, i, &owner)); i++)
        if (topic_is_told(t, topic))
            TRY(put_topic(t, topic, owner, e));
    json_array_end(&t->j);
    json_object_end(&t->j);
    return t->j.buf->failed ? err_nomem(e) : KITH_OK;
}

static kith_status print_json(struct cmd *c, kith_error *e) {
    struct buf b = {0};
    struct telling t = {.c = c, .schema = cmd_schema(c)};
    json_begin(&t.j, &b, false);
    kith_status st = put_all(&t, e);
    if (st == KITH_OK)
        json_print(c, &b);
    else
        buf_free(&b);
    return st;
}

static void row(struct table *t, const char *name, const char *what, const char *from,
                const char *doc) {
    table_cellz(t, name);
    table_cellz(t, what);
    table_cellz(t, from);
    table_cellz(t, doc);
}

static void print_table(struct cmd *c) {
    struct telling t = {.c = c, .schema = cmd_schema(c)};
    const struct action *a;
    const kith_topic *topic;
    const char *owner;
    struct table table;
    table_begin(&table, c, (const char *const[]){"name", "what", "from", "what it is", NULL});
    for (uint32_t i = 0; i < t.schema->type_count; i++) {
        const struct rtype *type = t.schema->types[i];
        if (knows(c, type))
            row(&table, type->name, "type", type->module, type->doc);
    }
    for (size_t i = 0; (a = engine_action_at(c->company->engine, i)); i++)
        if (access_may_call(&c->principal, a))
            row(&table, a->name, "action", a->module, a->doc);
    for (size_t i = 0; (topic = company_topic(c->company, i, &owner)); i++)
        if (topic_is_told(&t, topic))
            row(&table, topic->name, "event", owner, topic->doc);
    table_print(&table);
}

static kith_status run(struct cmd *c, kith_error *e) {
    if (c->json)
        return print_json(c, e);
    print_table(c);
    return KITH_OK;
}

const struct command command_schema = {
    .name = "schema",
    .args = "",
    .help = "all types, actions and events that you may use; with --json all that is declared of"
            " them",
    .more = "With --json it is one object: types with their fields, kinds, states and what you may"
            " do with\nthem; actions with their parameters and results; reports of modules; events"
            " with what they\ncarry. 'kith explain' tells of one of them.",
    .needs = NEEDS_COMPANY,
    .open = true,
    .run = run,
};
