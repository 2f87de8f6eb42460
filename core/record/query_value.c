/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: which values a field can be compared with, and in what form. */
#include "base/date.h"
#include "base/id.h"
#include "base/like.h"
#include "base/number.h"
#include "base/text.h"
#include "base/workday.h"
#include "base/zone.h"
#include "record/access.h"
#include "record/query_internal.h"
#include "record/redirect.h"

#include <string.h>

static const struct value_rule rules[] = {
    [0] = {.class = CLASS_ID, .ordered = true, .sorted = true},
    [KITH_F_TEXT] = {.class = CLASS_TEXT, .ordered = true, .sorted = true, .like = true},
    [KITH_F_LONGTEXT] = {.class = CLASS_TEXT, .ordered = true, .like = true},
    [KITH_F_INTEGER] = {.class = CLASS_INTEGER, .ordered = true, .sorted = true},
    [KITH_F_DECIMAL] = {.class = CLASS_DECIMAL, .ordered = true, .sorted = true},
    [KITH_F_MONEY] = {.class = CLASS_MONEY, .ordered = true, .sorted = true},
    [KITH_F_BOOLEAN] = {.class = CLASS_BOOL, .sorted = true},
    [KITH_F_DATE] = {.class = CLASS_DATE, .ordered = true, .sorted = true},
    [KITH_F_TIME] = {.class = CLASS_TIME, .ordered = true, .sorted = true},
    [KITH_F_DURATION] = {.class = CLASS_DURATION, .ordered = true, .sorted = true},
    [KITH_F_CHOICE] = {.class = CLASS_OPTION, .sorted = true, .like = true},
    [KITH_F_STATE] = {.class = CLASS_OPTION, .sorted = true, .like = true},
    [KITH_F_LINK] = {.class = CLASS_LINK, .sorted = true},
    [KITH_F_LINKS] = {.class = CLASS_LINK},
    [KITH_F_EMAIL] = {.class = CLASS_TEXT, .ordered = true, .sorted = true, .like = true},
    [KITH_F_PHONE] = {.class = CLASS_TEXT, .ordered = true, .sorted = true, .like = true},
    [KITH_F_URL] = {.class = CLASS_TEXT, .ordered = true, .sorted = true, .like = true},
    [KITH_F_PLACE] = {.class = CLASS_NONE},
    [KITH_F_JSON] = {.class = CLASS_NONE},
    [KITH_F_TAGS] = {.class = CLASS_NONE},
    [KITH_F_SERIES] = {.class = CLASS_TEXT, .ordered = true, .sorted = true, .like = true},
};

/* A choice or state that is declared to be ordinal. */
static const struct value_rule ordinal = {
    .class = CLASS_OPTION, .ordered = true, .sorted = true, .like = true, .ranked = true};

const struct value_rule *query_rule(const struct path *path) {
    if (path->part == PART_CURRENCY)
        return &rules[KITH_F_TEXT];
    if (path->part != PART_ALL)
        return &rules[KITH_F_INTEGER];
    if (path->link)
        return &rules[KITH_F_LINKS];
    bool options =
        path->field && (path->field->kind == KITH_F_CHOICE || path->field->kind == KITH_F_STATE);
    if (options && path->field->measure == KITH_M_ORDINAL)
        return &ordinal;
    return &rules[path->field ? path->field->kind : 0];
}

void query_operators(const struct rfield *f, struct buf *out) {
    const struct path path = {.field = f, .type = f->type};
    const struct value_rule *rule = query_rule(&path);
    buf_puts(out, f->kind == KITH_F_TAGS ? "tagged(), " : "");
    buf_puts(out, rule->class == CLASS_NONE ? "" : "=, !=, in, ");
    buf_puts(out, rule->ordered ? "<, <=, >, >=, " : "");
    buf_puts(out, rule->like ? "like, " : "");
    buf_puts(out, "is null");
    buf_puts(out, rule->sorted ? ", order by" : "");
}

enum use query_use(const struct test *t) {
    if (t->kind == TEST_LIKE)
        return USE_LIKE;
    if (t->kind == TEST_TAGGED)
        return USE_TAG;
    if (t->kind == TEST_NEAR)
        return USE_PLACE;
    return t->kind == TEST_COMPARE && t->cmp != CMP_EQ && t->cmp != CMP_NE ? USE_ORDER : USE_EQUAL;
}

/* -- fitting ----------------------------------------------------------------------------------- */

struct fit {
    const struct schema *schema;
    const struct path *path;
    struct arena *arena;
    kith_value *value;
    kith_error *e;
};

static kith_status misfit(struct fit *f, const char *remedy) {
    static const char *const names[] = {
        "null",   "a truth value", "a number",   "a number", "text",
        "a date", "a time",        "a duration", "a number", "an amount of money",
        "a link", "a place",       "a list"};
    uint32_t kind = f->value->kind;
    return err_set(f->e, KITH_E_INVAL, NULL, "'%.*s' cannot be compared with %s; %s",
                   (int)f->path->text.len, f->path->text.ptr,
                   kind < sizeof names / sizeof *names ? names[kind] : "this", remedy);
}

static kith_status check_as(struct fit *f, const struct rfield *field) {
    return value_check(f->schema, field, false, f->arena, f->value, f->e);
}

/* A number as text, as it would be written. */
static kith_str number_text(struct fit *f) {
    char text[DECIMAL_TEXT];
    const kith_value *v = f->value;
    bool decimal = v->kind == KITH_DECIMAL;
    decimal_format(decimal ? v->as.decimal.units : v->as.i, decimal ? v->as.decimal.scale : 0,
                   text);
    return arena_str(f->arena, str_of(text));
}

static bool has_nul(kith_str s) {
    return s.len && memchr(s.ptr, '\0', s.len);
}

static kith_status fit_text(struct fit *f, enum use use) {
    if (f->value->kind != KITH_TEXT)
        return misfit(f, "text stands in quotes");
    bool option = use == USE_ORDER && query_rule(f->path)->ranked;
    if (f->path->part == PART_ALL && (use == USE_EQUAL || option))
        return check_as(f, f->path->field);
    if (text_invalid_at(f->value->as.s) >= 0 || has_nul(f->value->as.s))
        return err_set(f->e, KITH_E_INVAL, NULL, "the text is not valid UTF-8");
    kith_str s = text_nfc(f->arena, f->value->as.s);
    if (s.ptr && query_folds(f->path))
        s = text_fold(f->arena, s);
    if (use == USE_LIKE && f->value->as.s.len > LIKE_PATTERN_MAX)
        return err_set(f->e, KITH_E_LIMIT, NULL, "a pattern has at most %u bytes",
                       LIKE_PATTERN_MAX);
    *f->value = value_str(s);
    return s.ptr ? KITH_OK : err_nomem(f->e);
}

static kith_status fit_money(struct fit *f) {
    const struct rfield *field = f->path->field;
    kith_value *v = f->value;
    bool several = field->option_count != 1;
    if (v->kind == KITH_INT || v->kind == KITH_DECIMAL)
        *v = value_str(number_text(f));
    if (v->kind == KITH_MONEY)
        return check_as(f, field);
    if (v->kind != KITH_TEXT || !v->as.s.ptr)
        return misfit(f, "write it as '12.50 EUR'");
    bool bare = true;
    for (uint64_t i = 0; i < v->as.s.len; i++)
        bare = bare && !((v->as.s.ptr[i] | 0x20) >= 'a' && (v->as.s.ptr[i] | 0x20) <= 'z');
    if (bare && several)
        return err_set(f->e, KITH_E_INVAL, NULL, "'%.*s' is money of any currency; write '%.*s %s'",
                       (int)f->path->text.len, f->path->text.ptr,
                       (int)(v->as.s.len < 40 ? v->as.s.len : 40), v->as.s.ptr,
                       field->option_count ? field->options[0] : f->schema->base_currency);
    return check_as(f, field);
}

static kith_status fit_id(struct fit *f) {
    kith_value *v = f->value;
    kith_id id;
    if (v->kind == KITH_LINK && v->as.link.id)
        return KITH_OK;
    if (v->kind != KITH_TEXT)
        return misfit(f, "an id stands in quotes");
    if (!id_parse(str_trim(v->as.s), &id))
        return err_set(f->e, KITH_E_INVAL, NULL, "'%.*s' is no id; an id has 13 characters",
                       (int)(v->as.s.len < 40 ? v->as.s.len : 40), v->as.s.ptr);
    *v = value_link(id, 0);
    return KITH_OK;
}

/* A link to any record is compared with "type/id" or with an id alone. */
static kith_status fit_link(struct fit *f) {
    const kith_value *v = f->value;
    const struct rfield *field = f->path->field;
    bool typed = v->kind == KITH_TEXT && v->as.s.len && memchr(v->as.s.ptr, '/', v->as.s.len);
    if (!field || (field->any_target && !typed))
        return fit_id(f);
    if (v->kind != KITH_TEXT && v->kind != KITH_LINK)
        return misfit(f, "an id stands in quotes");
    return check_as(f, field);
}

/* A day is kept as a day: "created <= '2024-01-31'" means all of it. */
static kith_status fit_time(struct fit *f) {
    int64_t day;
    kith_value *v = f->value;
    if (v->kind == KITH_DATE || v->kind == KITH_TIME)
        return KITH_OK;
    if (v->kind != KITH_TEXT)
        return misfit(f, "write '2024-02-29', '2024-02-29T12:00Z' or now() - 30d");
    if (!date_parse(str_trim(v->as.s), false, &day))
        return check_as(f, f->path->field);
    *v = (kith_value){.kind = KITH_DATE, .as.i = day};
    return KITH_OK;
}

/* What a function gives is a whole number. */
static kith_status fit_whole(struct fit *f) {
    kith_value *v = f->value;
    int64_t n;
    if (v->kind == KITH_TEXT && int_parse(v->as.s, &n))
        *v = value_int(n);
    return v->kind == KITH_INT ? KITH_OK : misfit(f, "write a whole number");
}

static kith_status fit_number(struct fit *f) {
    kith_value *v = f->value;
    if (f->path->part != PART_ALL)
        return fit_whole(f);
    if (v->kind != KITH_INT && v->kind != KITH_DECIMAL && v->kind != KITH_REAL &&
        v->kind != KITH_TEXT)
        return misfit(f, "write a number");
    if (v->kind == KITH_DECIMAL)
        *v = value_str(number_text(f));
    if (v->kind == KITH_TEXT && !v->as.s.ptr)
        return err_nomem(f->e);
    return check_as(f, f->path->field);
}

/* One of the kinds that value_check reads from text, or the field's own kind. */
static kith_status fit_kind(struct fit *f, uint32_t kind, const char *remedy) {
    if (f->value->kind != kind && f->value->kind != KITH_TEXT)
        return misfit(f, remedy);
    return check_as(f, f->path->field);
}

/* One tag, in the form in which the list holds it. */
static kith_status fit_tag(struct fit *f) {
    kith_value *v = f->value;
    if (v->kind != KITH_TEXT)
        return misfit(f, "a tag stands in quotes");
    TRY(check_as(f, f->path->field));
    if (v->kind != KITH_LIST || v->as.list.count != 1)
        return err_set(f->e, KITH_E_INVAL, NULL, "write one tag: tagged('x')");
    *v = v->as.list.items[0];
    return KITH_OK;
}

/* Years 1 to 9999, so that no sum of days and milliseconds overflows. */
static bool in_calendar(const kith_value *v) {
    const int64_t first = -719162, last = 2932896;
    if (v->kind == KITH_DATE)
        return v->as.i >= first && v->as.i <= last;
    return v->kind != KITH_TIME || (v->as.i >= first * DAY_MS && v->as.i < (last + 1) * DAY_MS);
}

kith_status query_fit(const struct schema *s, const struct path *path, enum use use,
                      struct arena *a, kith_value *v, kith_error *e) {
    struct fit f = {s, path, a, v, e};
    if (v->kind == KITH_NULL)
        return KITH_OK;
    if (!in_calendar(v))
        return err_set(e, KITH_E_INVAL, NULL, "a date lies in the years 1 to 9999");
    if (use == USE_TAG)
        return fit_tag(&f);
    if (use == USE_PLACE)
        return fit_kind(&f, KITH_PLACE, "write it as '48.2082,16.3738'");
    switch (query_rule(path)->class) {
    case CLASS_OPTION:
    case CLASS_TEXT:
        return fit_text(&f, use);
    case CLASS_INTEGER:
    case CLASS_DECIMAL:
        return fit_number(&f);
    case CLASS_MONEY:
        return fit_money(&f);
    case CLASS_BOOL:
        return fit_kind(&f, KITH_BOOL, "write true or false");
    case CLASS_DATE:
        return v->kind == KITH_TIME ? KITH_OK
                                    : fit_kind(&f, KITH_DATE, "write '2024-02-29' or today()");
    case CLASS_TIME:
        return fit_time(&f);
    case CLASS_DURATION:
        return fit_kind(&f, KITH_DURATION, "write a duration such as 30d or 2h");
    case CLASS_LINK:
        return fit_link(&f);
    case CLASS_ID:
        return fit_id(&f);
    case CLASS_NONE:
        break;
    }
    return misfit(&f, "only 'is null' can be asked");
}

/* -- at the time of asking --------------------------------------------------------------------- */

int64_t query_local_day(const struct query_env *env, int64_t ms) {
    return zone_day_of(env->zone, ms);
}

int64_t query_day_start(const struct query_env *env, int64_t day) {
    return zone_day(env->zone, day);
}

static kith_status param_value(const struct query *q, const struct test *t, const struct operand *o,
                               const kith_value *params, struct arena *a, kith_value *out,
                               kith_error *e) {
    uint32_t i = (uint32_t)o->value.as.i;
    *out = params[i];
    kith_status st = query_fit(q->schema, &t->path, query_use(t), a, out, e);
    if (st != KITH_OK)
        err_prefix(e, ":%s: ", q->params[i]);
    return st;
}

/* The type of the record whose id is compared with, or NULL: it does not tell. */
static const struct rtype *linked_type(const struct query *q, const struct path *path,
                                       const kith_value *v) {
    if (v->as.link.type)
        return schema_type_by_id(q->schema, v->as.link.type);
    return path->field ? path->field->target : path->link ? path->from->type : path->type;
}

static kith_status follow_redirect(const struct query *q, const struct test *t,
                                   const struct query_env *env, struct arena *a, kith_value *v,
                                   kith_error *e) {
    const struct rtype *type = linked_type(q, &t->path, v);
    kith_value kept;
    bool there = true;
    if (type)
        TRY(record_exists(env->redirects, type, v->as.link.id, &there, e));
    if (there)
        return KITH_OK;
    kept = value_link(0, type->id);
    TRY(redirect_find(env->redirects, type, v->as.link.id, a, &kept.as.link.id, e));
    if (kept.as.link.id)
        TRY(access_link(env->redirects, env->principal, q->schema, &kept, a, &there, e));
    if (there)
        v->as.link.id = kept.as.link.id;
    return KITH_OK;
}

kith_status query_operand(const struct query *q, const struct test *t, const struct operand *o,
                          const struct query_env *env, const kith_value *params, struct arena *a,
                          kith_value *out, kith_error *e) {
    struct operand known;
    TRY(query_given(q, o, params, &known, e));
    o = &known;
    switch (o->kind) {
    case OPERAND_PARAM:
        TRY(param_value(q, t, o, params, a, out, e));
        break;
    case OPERAND_NOW:
        *out = value_time(query_moved(o, env, env->now));
        break;
    case OPERAND_TODAY:
        *out = (kith_value){.kind = KITH_DATE,
                            .as.i = query_moved(o, env, query_local_day(env, env->now))};
        break;
    case OPERAND_VALUE:
    case OPERAND_PERIOD: /* asked for with query_span */
        *out = o->value;
        break;
    }
    if (out->kind == KITH_TIME && query_rule(&t->path)->class == CLASS_DATE)
        *out = (kith_value){.kind = KITH_DATE, .as.i = query_local_day(env, out->as.i)};
    return out->kind == KITH_LINK && env->redirects ? follow_redirect(q, t, env, a, out, e)
                                                    : KITH_OK;
}
