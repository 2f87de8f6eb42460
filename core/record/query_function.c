/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: its functions, one row each, with how they are written and what they are for.
 * The parser finds them here, and the help and the reference print the same rows. */
#include "base/date.h"
#include "base/text.h"
#include "record/query_internal.h"

/* -- moments ----------------------------------------------------------------------------------- */

/* What is added to now() or today(). */
static kith_status parse_offset(struct parser *p, bool now, struct operand *out) {
    int64_t sum = 0, ms;
    while (query_is_sign(&p->token, "+") || query_is_sign(&p->token, "-")) {
        bool minus = query_is_sign(&p->token, "-");
        uint32_t at = p->ahead.at;
        TRY(query_advance(p));
        TRY(query_duration(p, &ms));
        if (ms > QUERY_SPAN_MAX || (sum += minus ? -ms : ms) > QUERY_SPAN_MAX ||
            sum < -QUERY_SPAN_MAX)
            return QUERY_FAIL(p, at, "that is more than a thousand years away");
        if (!now && ms % DAY_MS != 0)
            return QUERY_FAIL(p, at, "today() moves by whole days; now() moves by any duration");
    }
    out->value = value_int(now ? sum : sum / DAY_MS);
    return KITH_OK;
}

static kith_status parse_now(struct parser *p, const struct function *f, struct operand *out) {
    (void)f;
    out->kind = OPERAND_NOW;
    TRY(query_expect_sign(p, ")"));
    return parse_offset(p, true, out);
}

static kith_status parse_today(struct parser *p, const struct function *f, struct operand *out) {
    (void)f;
    out->kind = OPERAND_TODAY;
    TRY(query_expect_sign(p, ")"));
    return parse_offset(p, false, out);
}

/* -- tags -------------------------------------------------------------------------------------- */

/* The only field of the type that holds tags. */
static kith_status tags_field(struct parser *p, uint32_t at, struct path *out) {
    const struct rtype *type = p->scope->type;
    *out = (struct path){.type = type, .text = STR("tags"), .at = at};
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (type->fields[i]->kind != KITH_F_TAGS)
            continue;
        if (out->field)
            return QUERY_FAIL(p, at, "%s has several tags fields; write tagged(field, 'x')",
                              type->name);
        out->field = type->fields[i];
    }
    return out->field ? KITH_OK : QUERY_FAIL(p, at, "%s has no tags", type->name);
}

static kith_status parse_tagged(struct parser *p, const struct function *f, uint32_t at,
                                struct test *t) {
    struct raw raw;
    (void)f;
    t->kind = TEST_TAGGED;
    TRY(query_raw(p, &raw));
    if (raw.kind == RAW_PATH) {
        TRY(query_path(p, &raw.names, t, &t->path));
        if (!t->path.field || t->path.field->kind != KITH_F_TAGS)
            return QUERY_FAIL(p, raw.at, "'%.*s' holds no tags", (int)t->path.text.len,
                              t->path.text.ptr);
        TRY(query_expect_sign(p, ","));
        TRY(query_raw(p, &raw));
    } else {
        TRY(tags_field(p, at, &t->path));
    }
    if (raw.kind != RAW_VALUE || raw.operand.kind == OPERAND_NOW ||
        raw.operand.kind == OPERAND_TODAY)
        return QUERY_FAIL(p, raw.at, "a tag stands in quotes");
    TRY(query_one_operand(p, t, &raw));
    return query_expect_sign(p, ")");
}

/* -- other records ----------------------------------------------------------------------------- */

static kith_status parse_exists(struct parser *p, const struct function *f, uint32_t at,
                                struct test *t) {
    struct related *r;
    (void)f;
    TRY(query_related(p, at, &r));
    t->kind = TEST_EXISTS;
    t->path = (struct path){.type = p->scope->type, .related = r, .at = at};
    return KITH_OK;
}

static kith_status parse_count(struct parser *p, const struct function *f, uint32_t at,
                               struct name_list *out) {
    (void)f;
    *out = (struct name_list){.part = PART_COUNT};
    if (query_is_sign(&p->token, ")"))
        return QUERY_FAIL(p, at, "'count()' stands at the end of a query: contact: count()");
    return query_related(p, at, &out->related);
}

/* -- the table --------------------------------------------------------------------------------- */

static const struct function functions[] = {
    {.doc = {"now", "now() [+ or - duration]", "This instant: created > now() - 2h."},
     .value = parse_now},
    {.doc = {"today", "today() [+ or - whole days]",
             "This day in the company's zone: due <= today() + 1w."},
     .value = parse_today},
    {.doc = {"tagged", "tagged('tag') or tagged(field, 'tag')",
             "Has the tag: not tagged('do-not-call')."},
     .test = parse_tagged},
    {.doc = {"exists", "exists(TYPE where CONDITION)",
             "A record of that type that links to this one and for which it holds: contact where "
             "exists(task where state = 'open'). Where several fields link: exists(TYPE.FIELD "
             "where ...)."},
     .test = parse_exists},
    {.doc = {"count", "count(TYPE where CONDITION)",
             "How many such records: count(task where state = 'open') > 3."},
     .term = parse_count},
    {.doc = {"count", ": count()", "At the end of a query: how many, instead of which."}},
};
#define FUNCTIONS (sizeof functions / sizeof *functions)

const struct query_function *query_function_at(size_t i) {
    return i < FUNCTIONS ? &functions[i].doc : NULL;
}

bool query_is_call(const struct parser *p) {
    return p->token.kind == TOKEN_NAME && query_is_sign(&p->ahead, "(");
}

const struct function *query_called(const struct parser *p) {
    for (size_t i = 0; i < FUNCTIONS && query_is_call(p); i++)
        if (query_is_word(&p->token, functions[i].doc.name))
            return &functions[i];
    return NULL;
}

kith_status query_begin_call(struct parser *p) {
    TRY(query_advance(p));
    return query_expect_sign(p, "(");
}

static const char *function_name(const void *arg, size_t i) {
    return ((const struct function *)arg)[i].doc.name;
}

kith_status query_bad_call(struct parser *p) {
    kith_str name = text_cut(p->token.text, 60);
    const char *near = str_nearest(name, function_name, functions, FUNCTIONS);
    return QUERY_FAIL(p, p->token.at, "no function '%.*s' can stand here%s%s%s", (int)name.len,
                      name.ptr, near ? "; did you mean '" : "", near ? near : "",
                      near ? "()'?" : "");
}
