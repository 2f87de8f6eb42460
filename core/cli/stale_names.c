/* SPDX-License-Identifier: Apache-2.0 */
/* Stale names: what records say in the query language or as rights was true when it was written,
 * and what it names may have gone since: a type with its module, a field that was renamed by hand.
 * What saves such a text refuses it; this finds those that are there. */
#include "cli/stale_names.h"
#include "cli/show.h"
#include "record/member.h"
#include "record/purpose.h"
#include "record/rights.h"

struct texts { /* of records of a type, at work */
    struct cmd *c;
    const struct named *of;
    const struct rtype *type;
    const struct rfield *field;
    size_t wrong;
};
struct named {
    const char *type, *field;
    const char *place; /* what goes before the reason */
    bool fault;        /* nothing works that goes by it; else what it says opens nothing */
    kith_status (*read)(const struct texts *x, const kith_value *values, kith_str text,
                        kith_error *e);
};

/* -- what is read ------------------------------------------------------------------------------ */

static const kith_value *value_of(const struct texts *x, const kith_value *values, const char *f) {
    const struct rfield *field = type_field(cmd_schema(x->c), x->type, str_of(f));
    return &values[field->index];
}

kith_status check_purposes(struct cmd *c, const struct query *q, kith_error *e) {
    struct conn *conn;
    TRY(engine_reader(c->company->engine, &conn, e));
    kith_status st = query_purposes(q, NULL, NULL, conn, e);
    engine_reader_done(c->company->engine, conn);
    return st;
}

static kith_status read_query(const struct texts *x, const kith_value *values, kith_str text,
                              kith_error *e) {
    struct query *q;
    (void)values;
    TRY(query_parse(&q, cmd_schema(x->c), &x->c->arena, text, e));
    return check_purposes(x->c, q, e);
}

/* Of a list it is the type alone. */
static kith_status read_segment(const struct texts *x, const kith_value *values, kith_str text,
                                kith_error *e) {
    const struct rtype *t;
    const kith_value *kind = value_of(x, values, "kind");
    if (kind->kind == KITH_TEXT && !str_eqz(kind->as.s, "live"))
        return schema_find_type(cmd_schema(x->c), str_trim(text), &t, e);
    return read_query(x, values, text, e);
}

static kith_status read_keep(const struct texts *x, const kith_value *values, kith_str text,
                             kith_error *e) {
    struct predicate *p;
    const struct schema *s = cmd_schema(x->c);
    const struct rtype *t = segment_type(s, value_of(x, values, "query")->as.s);
    if (!t)
        return KITH_OK; /* told of the query */
    TRY(predicate_parse(&p, s, t, &x->c->arena, text, e));
    return check_purposes(x->c, predicate_query(p), e);
}

static kith_status read_fields(const struct texts *x, const kith_value *values, kith_str text,
                               kith_error *e) {
    (void)values;
    return purpose_fields_check(cmd_schema(x->c), text, e);
}

static kith_status read_rights(const struct texts *x, const kith_value *values, kith_str text,
                               kith_error *e) {
    const struct engine *g = x->c->company->engine;
    const struct rights_names names = {engine_action_name, g, engine_action_count(g)};
    (void)values;
    return role_check(cmd_schema(x->c), &names, text, e);
}

static const struct named all[] = {
    {"saved_query", "query", "query: ", true, read_query},
    {"segment", "query", "query: ", true, read_segment},
    {"segment", "keep", "keep: ", true, read_keep},
    {"purpose", "fields", "fields: ", true, read_fields},
    {"role", "rights", "", false, read_rights}, /* says where by itself */
};

/* -- looking ----------------------------------------------------------------------------------- */

/* "saved_query 0SA818WY40000 big visits: query: at 13: visit has no field 'size'; ..." */
static void tell(struct texts *x, kith_id id, const kith_error *why) {
    kith_str record = show_record(x->c, x->type, id);
    show_problem(x->c, "", 0,
                 arena_printf(&x->c->arena,
                              "%.*s: %s%s%s; change its %s, or bring back what it names",
                              (int)record.len, record.ptr, x->of->place, why->message,
                              x->of->fault ? "" : ", which opens nothing", x->of->field));
    x->wrong += x->of->fault;
}

static kith_status look(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct texts *x = arg;
    const kith_value *v = &values[x->field->index];
    kith_error why = KITH_ERROR_INIT;
    if (v->kind != KITH_TEXT || str_trim(v->as.s).len == 0)
        return KITH_OK;
    kith_status st = x->of->read(x, values, v->as.s, &why);
    if (st == KITH_E_NOMEM)
        return err_nomem(e);
    if (st != KITH_OK)
        tell(x, id, &why);
    return KITH_OK;
}

kith_status show_stale_names(struct cmd *c, size_t *wrong, kith_error *e) {
    const struct schema *s = cmd_schema(c);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct texts x = {.c = c, .of = &all[i], .type = schema_type(s, str_of(all[i].type))};
        struct find_page page = {.limit = 100000};
        struct query *q;
        x.field = x.type ? type_field(s, x.type, str_of(all[i].field)) : NULL;
        if (!x.field)
            continue;
        TRY(query_parse(&q, s, &c->arena, str_of(x.type->name), e));
        TRY(engine_find(c->company->engine, &c->principal, q, NULL, &page, &c->arena, look, &x, e));
        *wrong += x.wrong;
    }
    return KITH_OK;
}
