/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: having, read into terms and worked out over groups. A key that is no number
 * is compared as its field is in where; totals, which have more digits than a field, by
 * themselves. */
#include "base/number.h"
#include "base/text.h"
#include "record/query_total.h"

#include <string.h>

/* -- read -------------------------------------------------------------------------------------- */

/* The test in where that stands for a comparison with a key or a total. */
static struct test test_of(enum test_kind kind, uint32_t cmp, const struct term *t) {
    struct test test = {.kind = kind, .cmp = cmp, .path = *t->path};
    test.path.text = t->text;
    return test;
}

/* Brings a value to the form of what it is compared with. Parameters come when they are known. */
static kith_status fit_to(struct grouping *x, struct operand *o, uint32_t cmp,
                          const struct term *to) {
    if (to->quantity != QUANTITY_NUMBER) {
        struct test test = test_of(TEST_COMPARE, cmp, to);
        return query_fit_operand(x->p, &test, o);
    }
    bool number =
        o->kind == OPERAND_VALUE && (o->value.kind == KITH_INT || o->value.kind == KITH_DECIMAL);
    if (!number && o->kind != OPERAND_PARAM)
        return QUERY_FAIL(x->p, o->at, "'%.*s' is a number; write one", (int)to->text.len,
                          to->text.ptr);
    return KITH_OK;
}

/* A number is an operand where it stands against something else: money, as a rule. */
static bool is_operand(struct term *t, const struct term *to) {
    if (t->kind != TERM_NUMBER || to->quantity >= QUANTITY_TRUTH || to->quantity == QUANTITY_NUMBER)
        return t->quantity == QUANTITY_ANY;
    kith_value v = {.kind = t->scale ? KITH_DECIMAL : KITH_INT, .as.i = t->number};
    if (t->scale)
        v.as.decimal.scale = (int32_t)t->scale;
    t->kind = TERM_OPERAND;
    t->quantity = QUANTITY_ANY;
    t->operand = (struct operand){.kind = OPERAND_VALUE, .at = t->at, .value = v};
    return true;
}

/* Keys that are no numbers, and ranks, are compared as in where. */
static kith_status check_keys(struct grouping *x, const struct term *l, uint32_t cmp,
                              const struct term *r, uint32_t at) {
    if (l->quantity != QUANTITY_OTHER && l->quantity != QUANTITY_RANK)
        return KITH_OK;
    struct test test = test_of(TEST_COMPARE, cmp, l);
    TRY(query_check_comparable(x->p, &test, at));
    test.other = r ? r->path : NULL;
    return r ? query_check_paths(x->p, &test, r->at) : KITH_OK;
}

static kith_status fit_sides(struct grouping *x, struct term *l, uint32_t cmp, struct term *r,
                             uint32_t at) {
    bool left = is_operand(l, r), right = is_operand(r, l);
    if (l->quantity == QUANTITY_TRUTH || r->quantity == QUANTITY_TRUTH || (left && right))
        return QUERY_FAIL(x->p, r->at, "one side of a comparison must be a total or a group's key");
    if (left || right) {
        TRY(check_keys(x, left ? r : l, cmp, NULL, at));
        return fit_to(x, left ? &l->operand : &r->operand, cmp, left ? r : l);
    }
    if (l->quantity != r->quantity)
        return group_misfit(x, l, r, "compared with");
    return check_keys(x, l, cmp, r, at);
}

static kith_status parse_comparison(struct grouping *x, uint32_t cmp, struct term **out) {
    struct term *left = *out, *right;
    uint32_t at = x->p->token.at;
    TRY(query_advance(x->p));
    TRY(group_sum(x, &right));
    TRY(fit_sides(x, left, cmp, right, at));
    TRY(group_term(x, TERM_COMPARE, QUANTITY_TRUTH, left->at, out));
    bool turned = left->kind == TERM_OPERAND;
    (*out)->left = turned ? right : left;
    (*out)->right = turned ? left : right;
    (*out)->index = turned ? query_mirrored(cmp) : cmp;
    group_text(x, *out);
    return KITH_OK;
}

static kith_status parse_is_null(struct grouping *x, struct term **out) {
    struct parser *p = x->p;
    const struct term *left = *out;
    TRY(query_advance(p));
    bool negated = query_is_word(&p->token, "not");
    if (negated)
        TRY(query_advance(p));
    if (!query_is_word(&p->token, "null"))
        return query_expected(p, "'null'");
    TRY(group_term(x, TERM_IS_NULL, QUANTITY_TRUTH, left->at, out));
    (*out)->left = left;
    (*out)->index = negated;
    return query_advance(p);
}

/* One value of a list, or (bare) a period without one. */
static kith_status parse_item(struct grouping *x, struct term *in, bool bare, size_t *cap) {
    struct parser *p = x->p;
    struct raw raw;
    TRY(query_raw(p, &raw));
    if (bare && (raw.kind != RAW_VALUE || raw.operand.kind != OPERAND_PERIOD))
        return QUERY_FAIL(p, raw.at,
                          "'in' needs a list in parentheses or a period as this_month()");
    if (raw.kind == RAW_PATH)
        return QUERY_FAIL(p, raw.at, "a list holds values; text stands in quotes");
    if (raw.kind == RAW_NULL)
        return QUERY_FAIL(p, raw.at, "nothing is equal to null; write or %.*s is null",
                          (int)in->left->text.len, in->left->text.ptr);
    if (in->operand_count == QUERY_VALUES_MAX)
        return query_fail(p->text, raw.at, p->e, KITH_E_LIMIT, "more than %u values",
                          QUERY_VALUES_MAX);
    struct operand *more = arena_grow(p->arena, in->operands, in->operand_count, cap, sizeof *more);
    if (!more)
        return err_nomem(p->e);
    in->operands = more;
    more[in->operand_count] = raw.operand;
    return fit_to(x, &more[in->operand_count++], CMP_EQ, in->left);
}

static kith_status parse_in(struct grouping *x, struct term **out) {
    struct parser *p = x->p;
    const struct term *left = *out;
    size_t cap = 0;
    TRY(check_keys(x, left, CMP_EQ, NULL, p->token.at));
    TRY(group_term(x, TERM_IN, QUANTITY_TRUTH, left->at, out));
    (*out)->left = left;
    TRY(query_advance(p));
    if (query_is_call(p))
        return parse_item(x, *out, true, &cap);
    if (!query_is_sign(&p->token, "("))
        return query_expected(p, "a list in parentheses");
    do {
        TRY(query_advance(p)); /* "(" or "," */
        TRY(parse_item(x, *out, false, &cap));
    } while (query_is_sign(&p->token, ","));
    return query_expect_sign(p, ")");
}

static kith_status parse_like(struct grouping *x, struct term **out) {
    struct parser *p = x->p;
    const struct term *left = *out;
    if (left->quantity != QUANTITY_OTHER)
        return QUERY_FAIL(p, p->token.at, "'%.*s' is no text: 'like' has no meaning for it",
                          (int)left->text.len, left->text.ptr);
    struct test test = test_of(TEST_LIKE, CMP_EQ, left);
    TRY(query_pattern(p, &test));
    TRY(group_term(x, TERM_LIKE, QUANTITY_TRUTH, left->at, out));
    (*out)->left = left;
    (*out)->operands = test.operands;
    (*out)->operand_count = 1;
    return KITH_OK;
}

static kith_status opposite(struct grouping *x, struct term **out) {
    const struct term *of = *out;
    TRY(group_term(x, TERM_NOT, QUANTITY_TRUTH, of->at, out));
    (*out)->left = of;
    return KITH_OK;
}

/* A sum, and what is claimed of it, if anything is. */
static kith_status parse_one(struct grouping *x, struct term **out) {
    struct parser *p = x->p;
    TRY(group_sum(x, out));
    uint32_t cmp = query_comparison(&p->token);
    if (cmp)
        return parse_comparison(x, cmp, out);
    if ((*out)->quantity >= QUANTITY_TRUTH)
        return KITH_OK;
    if (query_is_word(&p->token, "is"))
        return parse_is_null(x, out);
    bool negated = query_is_word(&p->token, "not");
    if (negated)
        TRY(query_advance(p));
    bool in = query_is_word(&p->token, "in");
    if (!in && !query_is_word(&p->token, "like"))
        return negated ? query_expected(p, "'in' or 'like'") : KITH_OK;
    TRY(in ? parse_in(x, out) : parse_like(x, out));
    return negated ? opposite(x, out) : KITH_OK;
}

/* A boolean key alone is a claim: it is true. */
static kith_status need_truth(struct grouping *x, struct term **t) {
    struct term *key = *t;
    if (key->quantity == QUANTITY_TRUTH)
        return KITH_OK;
    if (key->kind != TERM_KEY || query_rule(key->path)->class != CLASS_BOOL)
        return QUERY_FAIL(x->p, key->at, "expected a comparison, as in having count() > 2");
    struct term *yes;
    TRY(group_term(x, TERM_OPERAND, QUANTITY_ANY, key->at, &yes));
    yes->operand = (struct operand){.at = key->at, .value = {.kind = KITH_BOOL, .as.i = 1}};
    TRY(group_term(x, TERM_COMPARE, QUANTITY_TRUTH, key->at, t));
    (*t)->left = key;
    (*t)->right = yes;
    (*t)->index = CMP_EQ;
    return KITH_OK;
}

static kith_status parse_not(struct grouping *x, struct term **out) {
    if (!query_is_word(&x->p->token, "not"))
        return parse_one(x, out);
    TRY(group_deeper(x));
    TRY(query_advance(x->p));
    TRY(parse_not(x, out));
    x->p->depth--;
    TRY(need_truth(x, out));
    return opposite(x, out);
}

static kith_status parse_words(struct grouping *x, const char *word, enum term_kind kind,
                               kith_status (*part)(struct grouping *, struct term **),
                               struct term **out) {
    TRY(part(x, out));
    while (query_is_word(&x->p->token, word)) {
        struct term *t, *right;
        TRY(need_truth(x, out));
        TRY(query_advance(x->p));
        TRY(part(x, &right));
        TRY(need_truth(x, &right));
        TRY(group_term(x, kind, QUANTITY_TRUTH, (*out)->at, &t));
        t->left = *out;
        t->right = right;
        *out = t;
    }
    return KITH_OK;
}

static kith_status parse_and(struct grouping *x, struct term **out) {
    return parse_words(x, "and", TERM_AND, parse_not, out);
}

kith_status group_claim(struct grouping *x, struct term **out) {
    return parse_words(x, "or", TERM_OR, parse_and, out);
}

kith_status group_having(struct grouping *x) {
    if (!query_is_word(&x->p->token, "having"))
        return KITH_OK;
    TRY(query_advance(x->p));
    TRY(group_claim(x, &x->g->having));
    return need_truth(x, &x->g->having);
}

/* -- compared ---------------------------------------------------------------------------------- */

enum truth { NO, YES, UNKNOWN };

static enum truth truth_of(bool yes) {
    return yes ? YES : NO;
}

static uint32_t order_wide(wide a, wide b) {
    return a < b ? CMP_LT : a > b ? CMP_GT : CMP_EQ;
}

bool total_comparable(struct value *l, struct value *r) {
    if (!l->cur[0] || !r->cur[0] || memcmp(l->cur, r->cur, 3) == 0)
        return true;
    if (l->no_base || r->no_base)
        return false;
    l->own = l->base;
    r->own = r->base;
    return true;
}

/* Two that are not empty, with so many digits each. */
static kith_status compare_values(struct run *x, const struct term *t, uint32_t cmp, struct value l,
                                  uint32_t l_scale, struct value r, uint32_t r_scale,
                                  enum truth *out) {
    if (!total_comparable(&l, &r)) { /* amounts are ordered within one currency only */
        *out = truth_of(cmp == CMP_NE);
        return KITH_OK;
    }
    if ((l_scale < r_scale && !wide_scale_up(&l.own, r_scale - l_scale)) ||
        (r_scale < l_scale && !wide_scale_up(&r.own, l_scale - r_scale)))
        return total_too_large(x, t->text);
    *out = truth_of(cmp & order_wide(l.own, r.own));
    return KITH_OK;
}

#define NUMBER_SCALE 9u /* digits of a number that is written or given */

/* A value that fits a term, as the number that the term is. */
static void number_of(struct run *x, const struct term *to, const kith_value *v, struct value *out,
                      uint32_t *scale) {
    *out = (struct value){.own = v->as.i};
    *scale = 0;
    if (v->kind == KITH_MONEY) {
        memcpy(out->cur, v->as.money.currency, sizeof out->cur);
        out->own = total_money(x, v->as.money.minor, out->cur);
        out->no_base = memcmp(out->cur, x->q->schema->base_currency, 3) != 0;
        *scale = MONEY_SCALE;
    } else if (v->kind == KITH_DECIMAL) {
        out->own = v->as.decimal.units;
        *scale = (uint32_t)v->as.decimal.scale;
    } else if (to->quantity == QUANTITY_RANK) {
        out->own = field_option(to->path->field, v->as.s);
    }
    out->base = out->own;
}

/* What a parameter gives for a number: a text is parsed. */
static kith_status fit_number(struct run *x, const char *name, kith_value *v) {
    kith_value n = {.kind = KITH_DECIMAL, .as.decimal.scale = NUMBER_SCALE};
    if (v->kind == KITH_NULL || v->kind == KITH_INT ||
        (v->kind == KITH_DECIMAL && (uint32_t)v->as.decimal.scale <= NUMBER_SCALE))
        return KITH_OK;
    if (v->kind != KITH_TEXT || !decimal_parse(v->as.s, NUMBER_SCALE, &n.as.decimal.units))
        return err_set(x->e, KITH_E_INVAL, name, ":%s: write a number", name);
    *v = n;
    return KITH_OK;
}

/* The value of an operand, or (given) of one in the list that its parameter is. */
static kith_status operand_value(struct run *x, const struct test *test, const struct term *to,
                                 const struct operand *o, const kith_value *given,
                                 kith_value *out) {
    const kith_value *params = x->params;
    struct operand one = *o;
    if (o->kind == OPERAND_PARAM && to->quantity == QUANTITY_NUMBER) {
        *out = given ? *given : params[o->value.as.i];
        return fit_number(x, x->q->params[o->value.as.i], out);
    }
    if (to->quantity == QUANTITY_NUMBER) {
        *out = o->value;
        return KITH_OK;
    }
    if (!given)
        return query_operand(x->q, test, o, x->env, params, x->a, out, x->e);
    one.kind = OPERAND_VALUE;
    one.value = *given;
    TRY(query_fit(x->q->schema, &test->path, query_use(test), x->a, &one.value, x->e));
    return query_operand(x->q, test, &one, x->env, params, x->a, out, x->e);
}

/* A key that is no number, or a total, and a value. */
static kith_status compare_operand(struct run *x, const struct bucket *b, const struct term *l,
                                   uint32_t cmp, const struct operand *o, const kith_value *given,
                                   enum truth *out) {
    struct test test = {.kind = TEST_COMPARE, .cmp = cmp};
    struct value a = {0}, r;
    kith_value v;
    int64_t from = 0, to = 0;
    uint32_t scale;
    bool days = o->kind == OPERAND_PERIOD, time = l->quantity == QUANTITY_TIME;
    if (l->path)
        test = test_of(TEST_COMPARE, cmp, l);
    TRY(operand_value(x, &test, l, o, given, &v));
    if (l->quantity == QUANTITY_OTHER) {
        kith_value key = total_key(l, &b->keys[l->index]);
        bool unknown = key.kind == KITH_NULL || v.kind == KITH_NULL;
        *out = unknown ? UNKNOWN : truth_of(query_compare(x->env, &test, &key, &v));
        return KITH_OK;
    }
    TRY(total_evaluate(x, b, l, &a));
    if (a.null || (v.kind == KITH_NULL && !days)) {
        *out = UNKNOWN;
        return KITH_OK;
    }
    if (days) {
        struct operand known;
        TRY(query_given(x->q, o, x->params, &known, x->e));
        query_span(&known, x->env, &from, &to);
    } else if (time && v.kind == KITH_DATE) {
        days = true;
        from = v.as.i;
        to = from + 1;
    }
    if (days) {
        *out = truth_of(cmp & query_compare_span(x->env, time, (int64_t)a.own, from, to));
        return KITH_OK;
    }
    number_of(x, l, &v, &r, &scale);
    return compare_values(x, l, cmp, a, l->scale, r, scale, out);
}

static kith_status compare_keys(struct run *x, const struct bucket *b, const struct term *t,
                                enum truth *out) {
    struct test test = test_of(TEST_COMPARE, t->index, t->left);
    test.other = t->right->path;
    kith_value l = total_key(t->left, &b->keys[t->left->index]);
    kith_value r = total_key(t->right, &b->keys[t->right->index]);
    bool unknown = l.kind == KITH_NULL || r.kind == KITH_NULL;
    *out = unknown ? UNKNOWN : truth_of(query_compare(x->env, &test, &l, &r));
    return KITH_OK;
}

static kith_status compare_terms(struct run *x, const struct bucket *b, const struct term *t,
                                 enum truth *out) {
    struct value l, r;
    if (t->right->kind == TERM_OPERAND)
        return compare_operand(x, b, t->left, t->index, &t->right->operand, NULL, out);
    if (t->left->quantity == QUANTITY_OTHER)
        return compare_keys(x, b, t, out);
    TRY(total_evaluate(x, b, t->left, &l));
    TRY(total_evaluate(x, b, t->right, &r));
    *out = UNKNOWN;
    if (l.null || r.null)
        return KITH_OK;
    return compare_values(x, t, t->index, l, t->left->scale, r, t->right->scale, out);
}

/* One more of several, one of which is enough. */
static enum truth either(enum truth a, enum truth b) {
    return a == YES || b == YES ? YES : a == NO && b == NO ? NO : UNKNOWN;
}

static kith_status is_in(struct run *x, const struct bucket *b, const struct term *t,
                         enum truth *out) {
    enum truth one;
    *out = NO;
    for (uint32_t i = 0; i < t->operand_count && *out != YES; i++) {
        const struct operand *o = &t->operands[i];
        const kith_value *list = o->kind == OPERAND_PARAM ? &x->params[o->value.as.i] : NULL;
        bool several = list && list->kind == KITH_LIST;
        for (uint64_t k = 0; k < (several ? list->as.list.count : 1) && *out != YES; k++) {
            TRY(compare_operand(x, b, t->left, CMP_EQ, o, several ? &list->as.list.items[k] : NULL,
                                &one));
            *out = either(*out, one);
        }
    }
    return KITH_OK;
}

static kith_status is_like(struct run *x, const struct bucket *b, const struct term *t,
                           enum truth *out) {
    const struct test test = test_of(TEST_LIKE, CMP_EQ, t->left);
    kith_value key = total_key(t->left, &b->keys[t->left->index]), v;
    TRY(query_operand(x->q, &test, t->operands, x->env, x->params, x->a, &v, x->e));
    bool unknown = key.kind == KITH_NULL || v.kind == KITH_NULL;
    *out = unknown ? UNKNOWN : truth_of(query_is_like(&test.path, v.as.s, key.as.s));
    return KITH_OK;
}

static kith_status is_null(struct run *x, const struct bucket *b, const struct term *t,
                           enum truth *out) {
    struct value v;
    if (t->left->quantity == QUANTITY_OTHER)
        v.null = b->keys[t->left->index].null;
    else
        TRY(total_evaluate(x, b, t->left, &v));
    *out = truth_of(v.null != (t->index != 0));
    return KITH_OK;
}

static kith_status holds(struct run *x, const struct bucket *b, const struct term *t,
                         enum truth *out) {
    static const enum truth opposites[] = {[NO] = YES, [YES] = NO, [UNKNOWN] = UNKNOWN};
    enum truth r;
    switch (t->kind) {
    case TERM_COMPARE:
        return compare_terms(x, b, t, out);
    case TERM_IN:
        return is_in(x, b, t, out);
    case TERM_LIKE:
        return is_like(x, b, t, out);
    case TERM_IS_NULL:
        return is_null(x, b, t, out);
    case TERM_NOT:
        TRY(holds(x, b, t->left, out));
        *out = opposites[*out];
        return KITH_OK;
    default:
        TRY(holds(x, b, t->left, out));
        TRY(holds(x, b, t->right, &r));
        *out =
            t->kind == TERM_OR ? either(*out, r) : opposites[either(opposites[*out], opposites[r])];
        return KITH_OK;
    }
}

kith_status total_keep(struct run *x) {
    size_t kept = 0;
    for (size_t i = 0; x->g->having && i < x->count; i++) {
        enum truth is;
        TRY(holds(x, &x->buckets[i], x->g->having, &is));
        if (is == YES)
            x->buckets[kept++] = x->buckets[i];
    }
    x->count = x->g->having ? kept : x->count;
    return KITH_OK;
}
