/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: what stands on one side of a comparison: a path, a value, a parameter, or the
 * call of a function that gives a value. */
#include "base/number.h"
#include "base/text.h"
#include "record/query_internal.h"

#include <string.h>

static const char *const keywords[] = {"and",  "or",   "not",   "in",    "like", "is",
                                       "null", "true", "false", "where", "by",   "limit"};

/* Not "order" without "by": orders have fields of that name lead to them. */
static bool is_keyword(const struct parser *p) {
    const struct token *t = &p->token;
    if (query_is_word(t, "order"))
        return query_is_word(&p->ahead, "by");
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (query_is_word(t, keywords[i]))
            return true;
    return false;
}

static kith_status parse_number(struct parser *p, bool negative, kith_value *out) {
    kith_str text = p->token.text;
    const char *dot = memchr(text.ptr, '.', text.len);
    size_t digits = dot ? text.len - (size_t)(dot + 1 - text.ptr) : 0;
    int64_t n;
    *out = (kith_value){.kind = dot ? KITH_DECIMAL : KITH_INT};
    if (dot ? !decimal_parse(text, digits < 9 ? (int32_t)digits : 9, &n) : !int_parse(text, &n))
        return QUERY_FAIL(p, p->token.at,
                          "%.*s is no number that fits (at most 9 digits after the point)",
                          (int)(text.len < 40 ? text.len : 40), text.ptr);
    if (dot) {
        out->as.decimal.units = negative ? -n : n;
        out->as.decimal.scale = digits < 9 ? (int32_t)digits : 9;
    } else {
        out->as.i = negative ? -n : n;
    }
    return query_advance(p);
}

kith_status query_duration(struct parser *p, int64_t *ms) {
    if (p->token.kind != TOKEN_DURATION)
        return query_expected(p, "a duration such as 30d or 2h");
    if (!duration_parse(p->token.text, ms))
        return query_expected(
            p, "a duration such as 90s, 15m, 2h, 3d or 1w, or an id or text in quotes");
    return query_advance(p);
}

static kith_status parse_signed(struct parser *p, kith_value *out) {
    bool negative = query_is_sign(&p->token, "-");
    if (negative)
        TRY(query_advance(p));
    if (p->token.kind != TOKEN_DURATION && p->token.kind != TOKEN_NUMBER)
        return query_expected(p, "a number");
    if (p->token.kind == TOKEN_NUMBER)
        return parse_number(p, negative, out);
    *out = (kith_value){.kind = KITH_DURATION};
    TRY(query_duration(p, &out->as.i));
    out->as.i = negative ? -out->as.i : out->as.i;
    return KITH_OK;
}

kith_status query_param(struct parser *p, uint32_t *out) {
    struct query *q = p->q;
    kith_str name = p->token.text;
    uint32_t i = 0;
    if (!p->params)
        return QUERY_FAIL(p, p->token.at, "a rule's condition has no parameters");
    while (i < q->param_count && !str_eqz(name, q->params[i]))
        i++;
    if (i == sizeof q->params / sizeof *q->params)
        return query_fail(p->text, p->token.at, p->e, KITH_E_LIMIT, "more than %u parameters", i);
    if (i == q->param_count) {
        q->params[i] = arena_strndup(p->arena, name.ptr, name.len);
        if (!q->params[i])
            return err_nomem(p->e);
        q->param_count++;
    }
    *out = i;
    return query_advance(p);
}

static kith_status parse_param(struct parser *p, struct operand *out) {
    uint32_t at = p->token.at, i;
    TRY(query_param(p, &i));
    *out = (struct operand){.kind = OPERAND_PARAM, .at = at, .value = value_int(i)};
    return KITH_OK;
}

static kith_status parse_word(struct parser *p, struct raw *out) {
    bool yes = query_is_word(&p->token, "true");
    if (yes || query_is_word(&p->token, "false"))
        out->operand.value = (kith_value){.kind = KITH_BOOL, .as.i = yes};
    else if (query_is_word(&p->token, "null"))
        out->kind = RAW_NULL;
    else
        return query_expected(p, "a field or a value");
    return query_advance(p);
}

kith_status query_raw(struct parser *p, struct raw *out) {
    const struct token *t = &p->token;
    out->kind = RAW_VALUE;
    out->at = t->at;
    out->operand = (struct operand){.kind = OPERAND_VALUE, .at = t->at};
    if (query_is_call(p)) {
        const struct function *f = query_called(p);
        out->kind = f && f->term ? RAW_PATH : RAW_VALUE;
        if (out->kind == RAW_PATH)
            return query_term(p, &out->names);
        if (!f || !f->value)
            return query_bad_call(p);
        TRY(query_begin_call(p));
        return f->value(p, f, &out->operand);
    }
    if (t->kind == TOKEN_QUOTED ||
        (t->kind == TOKEN_NAME && (!is_keyword(p) || query_is_sign(&p->ahead, ".")))) {
        out->kind = RAW_PATH;
        return query_names(p, &out->names);
    }
    if (t->kind == TOKEN_TEXT) {
        out->operand.value = value_str(t->text);
        return query_advance(p);
    }
    if (t->kind == TOKEN_PARAM)
        return parse_param(p, &out->operand);
    if (t->kind == TOKEN_NUMBER || t->kind == TOKEN_DURATION || query_is_sign(t, "-"))
        return parse_signed(p, &out->operand.value);
    return parse_word(p, out);
}
