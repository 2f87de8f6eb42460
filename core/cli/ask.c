/* SPDX-License-Identifier: Apache-2.0 */
/* Ask: see ask.h. */
#include "cli/ask.h"
#include "base/text.h"
#include "cli/show.h"
#include "engine/sign_in.h"
#include "record/access.h"
#include <string.h>

/* "city=Bonn" */
static kith_status split_pair(const char *option, kith_str pair, kith_str *name, kith_str *value,
                              kith_error *e) {
    const char *eq = pair.len ? memchr(pair.ptr, '=', pair.len) : NULL;
    if (!eq || eq == pair.ptr)
        return option_fail(e, option, "takes NAME=VALUE, not '%.*s'", (int)pair.len, pair.ptr);
    *name = (kith_str){pair.ptr, (uint64_t)(eq - pair.ptr)};
    *value = (kith_str){eq + 1, pair.len - name->len - 1};
    return KITH_OK;
}

/* -- reports and saved queries ----------------------------------------------------------------- */

struct saved {
    const struct base_saved_query *fields;
    const struct principal *asks;
    ask_named_fn fn;
    void *arg;
};

/* Shared ones are for everybody, others for their owner. */
static kith_status take_saved(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    const struct saved *s = arg;
    const kith_value *owner = &values[FIELD_OWNER], *shared = &values[s->fields->shared->index];
    const kith_value *doc = &values[s->fields->doc->index];
    bool mine = owner->kind != KITH_LINK || owner->as.link.id == s->asks->user;
    (void)id;
    if (!mine && !s->asks->all && !(shared->kind == KITH_BOOL && shared->as.i))
        return KITH_OK;
    return s->fn(s->arg,
                 &(struct named_query){.name = values[s->fields->name->index].as.s,
                                       .doc = doc->kind == KITH_TEXT ? doc->as.s : STR(""),
                                       .query = values[s->fields->query->index].as.s,
                                       .saved = true},
                 e);
}

/* The saved queries that the caller may use: all (name NULL), or that one. */
static kith_status each_saved(struct cmd *c, const kith_str *name, ask_named_fn fn, void *arg,
                              kith_error *e) {
    const struct saved s = {&cmd_schema(c)->base.saved_query, &c->principal, fn, arg};
    const char *text = name ? "saved_query where name = :name" : "saved_query order by name";
    kith_value value = value_str(name ? *name : STR(""));
    struct query *q;
    if (access_rule(&c->principal, s.fields->type) == ACCESS_NONE)
        return KITH_OK;
    TRY(query_parse(&q, cmd_schema(c), &c->arena, str_of(text), e));
    struct find_page page = {.limit = NAMED_MAX};
    return engine_find(c->company->engine, &c->principal, q, &value, &page, &c->arena, take_saved,
                       (void *)(uintptr_t)&s, e);
}

static kith_status each_report(struct cmd *c, ask_named_fn fn, void *arg, kith_error *e) {
    const struct report *r;
    for (size_t i = 0; (r = engine_report_at(c->company->engine, i)); i++)
        TRY(fn(arg,
               &(struct named_query){
                   .name = str_of(r->name), .doc = str_of(r->doc), .query = str_of(r->query)},
               e));
    return KITH_OK;
}

kith_status ask_each_named(struct cmd *c, ask_named_fn fn, void *arg, kith_error *e) {
    TRY(each_report(c, fn, arg, e));
    return each_saved(c, NULL, fn, arg, e);
}

struct wanted {
    struct arena *arena;
    kith_str text; /* ptr NULL: there is none that the caller may use */
};

static kith_status take_text(void *arg, const struct named_query *q, kith_error *e) {
    struct wanted *w = arg;
    w->text = arena_str(w->arena, q->query);
    return w->text.ptr ? KITH_OK : err_nomem(e);
}

/* No saved query stands in front of a report. */
static kith_status find_named(struct cmd *c, kith_str name, struct asked *out, kith_error *e) {
    const struct report *report = engine_report(c->company->engine, name);
    struct wanted w = {&c->arena, report ? str_of(report->query) : (kith_str){0}};
    if (!report)
        TRY(each_saved(c, &name, take_text, &w, e));
    out->text = w.text;
    out->fields = report ? report->fields : NULL;
    return w.text.ptr
               ? KITH_OK
               : err_set(e, KITH_E_NOTFOUND, NULL,
                         "there is no report or saved query '%.*s'; 'kith report' lists them",
                         (int)name.len, name.ptr);
}

/* -- examples ---------------------------------------------------------------------------------- */

static void put_quoted(struct buf *b, kith_str s) {
    buf_putc(b, '\'');
    for (uint64_t i = 0; i < s.len; i++) {
        buf_putc(b, s.ptr[i]);
        if (s.ptr[i] == '\'')
            buf_putc(b, '\'');
    }
    buf_putc(b, '\'');
}

/* The sign with which an example begins; "=" if with none. */
static const char *sign_of(kith_str *value) {
    static const char *const signs[] = {"!=", "<=", ">=", "<", ">"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t len = strlen(signs[i]);
        if (!str_starts(*value, signs[i]))
            continue;
        value->ptr += len;
        value->len -= len;
        return signs[i];
    }
    return value->len && memchr(value->ptr, '%', value->len) ? "like" : "=";
}

static void put_example(struct buf *b, const struct rfield *f, kith_str name, kith_str value) {
    const char *sign = sign_of(&value);
    if (f && f->kind == KITH_F_TAGS) {
        buf_printf(b, "tagged(%.*s, ", (int)name.len, name.ptr);
        put_quoted(b, value);
        buf_putc(b, ')');
        return;
    }
    buf_str(b, name);
    if (value.len == 0) {
        buf_puts(b, sign[0] == '!' ? " is not null" : " is null");
        return;
    }
    buf_printf(b, " %s ", sign);
    put_quoted(b, value);
}

/* TYPE where FIELD = 'VALUE' and ... */
static kith_status add_examples(struct cmd *c, struct buf *b, kith_error *e) {
    kith_str rest = str_of(cmd_option(c, "example")), one, name, value;
    const struct rtype *t;
    const char *before = " where ";
    TRY(schema_find_type(cmd_schema(c), buf_view(b), &t, e));
    while (str_split(&rest, GATHERED, &one)) {
        TRY(split_pair("example", one, &name, &value, e));
        buf_puts(b, before);
        put_example(b, type_field(t->schema, t, name), name, value);
        before = " and ";
    }
    return KITH_OK;
}

/* -- parameters -------------------------------------------------------------------------------- */

struct given { /* for one name: a value, or as a list all of them */
    kith_value *items;
    size_t count, cap;
};

static kith_status take_param(struct cmd *c, struct given *g, kith_str text, kith_error *e) {
    g->items = arena_grow(&c->arena, g->items, g->count, &g->cap, sizeof *g->items);
    if (!g->items)
        return err_nomem(e);
    g->items[g->count++] = value_str(text);
    return KITH_OK;
}

static const char *param_at(const void *names, size_t i) {
    return ((const char *const *)names)[i];
}

static kith_status no_param(kith_str name, const char *const *names, uint32_t count,
                            kith_error *e) {
    const char *near = str_nearest(name, param_at, names, count);
    char field[sizeof e->field];
    snprintf(field, sizeof field, "%.*s", (int)name.len, name.ptr);
    return err_set(e, KITH_E_INVAL, field, "the query has no parameter :%s%s%s%s", field,
                   near ? "; did you mean ':" : "", near ? near : "", near ? "'?" : "");
}

static kith_status read_params(struct cmd *c, struct asked *out, kith_error *e) {
    const char *const *names;
    uint32_t count = query_params(out->query, &names), i;
    kith_str rest = str_of(cmd_option(c, "param")), one, name, value;
    kith_value *params = ARENA_ARRAY(&c->arena, kith_value, count);
    struct given *given = ARENA_ARRAY(&c->arena, struct given, count);
    if (!params || !given)
        return err_nomem(e);
    while (str_split(&rest, GATHERED, &one)) {
        TRY(split_pair("param", one, &name, &value, e));
        for (i = 0; i < count && !str_eqz(name, names[i]); i++)
            ;
        if (i == count)
            return no_param(name, names, count, e);
        TRY(take_param(c, &given[i], value, e));
    }
    for (i = 0; i < count; i++) {
        if (given[i].count == 0)
            return err_set(e, KITH_E_INVAL, names[i],
                           "the query has a parameter :%s: give its value, %s=VALUE", names[i],
                           names[i]);
        params[i] = given[i].items[0];
        if (given[i].count > 1)
            params[i] =
                (kith_value){.kind = KITH_LIST, .as.list = {given[i].items, given[i].count}};
    }
    out->params = params;
    return KITH_OK;
}

/* -- the whole --------------------------------------------------------------------------------- */

/* All that may follow a type, or only a condition. */
static kith_status add_where(struct cmd *c, struct buf *b, uint32_t *from, kith_error *e) {
    static const char *const begins[] = {"where ", "order ", "limit ", "group "};
    kith_str where = str_trim(str_of(cmd_option(c, "where")));
    bool whole = false;
    if (!cmd_option(c, "where"))
        return KITH_OK;
    if (cmd_option(c, "example"))
        return option_fail(e, "where", "and examples are two ways to say it: take one");
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        whole |= str_starts(where, begins[i]);
    buf_puts(b, whole || !where.len ? " " : " where ");
    *from = (uint32_t)b->len;
    buf_str(b, where);
    return KITH_OK;
}

static kith_status join_words(struct cmd *c, const char *const *words, size_t count, kith_str *out,
                              uint32_t *from, kith_error *e) {
    struct buf b = {0};
    for (size_t i = 0; i < count; i++)
        buf_printf(&b, "%s%s", i > 0 ? " " : "", words[i]);
    kith_status st = cmd_option(c, "example") && !b.failed ? add_examples(c, &b, e) : KITH_OK;
    if (st == KITH_OK)
        st = add_where(c, &b, from, e);
    *out = arena_str(&c->arena, buf_view(&b));
    if (b.failed || !out->ptr)
        st = err_nomem(e);
    buf_free(&b);
    return st;
}

kith_status ask_blame(const struct asked *asked, kith_error *e) {
    if (asked->named || e->field[0])
        return e->code;
    if (asked->from && !query_shift(asked->text, asked->from, e))
        return e->code; /* the type */
    return err_blame(e, asked->from ? "where" : "query");
}

kith_status ask_read(struct cmd *c, const char *const *words, size_t count, struct asked *out,
                     kith_error *e) {
    *out = (struct asked){0};
    TRY(join_words(c, words, count, &out->text, &out->from, e));
    out->named = str_starts(out->text, "@");
    if (out->named) {
        kith_str name = str_trim((kith_str){out->text.ptr + 1, out->text.len - 1});
        TRY(find_named(c, name, out, e));
    }
    kith_status st =
        query_parse_for(&out->query, cmd_schema(c), &c->principal, &c->arena, out->text, e);
    if (st != KITH_OK) {
        e->field[0] = '\0'; /* a field of records, and no argument */
        return ask_blame(out, e);
    }
    return read_params(c, out, e);
}

/* -- the log ----------------------------------------------------------------------------------- */

#define LOGGED_MAX 500 /* bytes of what was asked */

/* "export contact where city = :c (c = Bonn)": a saved query by what it says, an example as the
 * condition that it is. */
kith_status ask_export(struct cmd *c, const struct asked *asked, int64_t *number, kith_error *e) {
    struct buf b = {0};
    const char *const *names;
    uint32_t n = asked->params ? query_params(asked->query, &names) : 0;
    buf_printf(&b, "%s ", c->command->name);
    buf_str(&b, asked->text);
    for (uint32_t i = 0; i < n; i++) {
        buf_printf(&b, "%s%s = ", i ? ", " : " (", names[i]);
        buf_str(&b, value_text(cmd_schema(c), &asked->params[i], &c->arena));
        buf_puts(&b, i + 1 == n ? ")" : "");
    }
    kith_str text = arena_str(&c->arena, text_cut(buf_view(&b), LOGGED_MAX));
    kith_status st = b.failed || !text.ptr
                         ? err_nomem(e)
                         : access_export_begin(c->company->engine, &c->principal,
                                               query_type(asked->query), 0, text.ptr, number, e);
    buf_free(&b);
    return st;
}

kith_status ask_exported(struct cmd *c, int64_t number, uint64_t rows, kith_status st,
                         kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    kith_status logged =
        number ? access_export_end(c->company->engine, number, rows, &why) : KITH_OK;
    if (st != KITH_OK || logged == KITH_OK)
        return st;
    err_copy(e, &why);
    return logged;
}
