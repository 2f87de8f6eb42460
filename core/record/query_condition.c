/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: conditions. "not" is carried down while parsing and turns each test into its
 * opposite (see query_internal.h). */
#include "base/date.h"
#include "base/number.h"
#include "base/text.h"
#include "record/query_internal.h"

#include <string.h>

/* -- tests ------------------------------------------------------------------------------------- */

kith_status query_fit_operand(struct parser *p, const struct test *t, struct operand *o) {
    const struct path *path = &t->path;
    enum value_class class = query_rule(path)->class;
    if (++p->q->value_count > QUERY_VALUES_MAX)
        return query_fail(p->text, o->at, p->e, KITH_E_LIMIT, "more than %u values",
                          QUERY_VALUES_MAX);
    if (o->kind == OPERAND_PARAM)
        return KITH_OK; /* when it has a value */
    if (o->kind != OPERAND_VALUE && class != CLASS_DATE && class != CLASS_TIME)
        return QUERY_FAIL(p, o->at, "'%.*s' is neither a date nor a time", (int)path->text.len,
                          path->text.ptr);
    if (o->kind != OPERAND_VALUE)
        return KITH_OK;
    if (query_fit(p->q->schema, path, query_use(t), p->arena, &o->value, p->e) != KITH_OK)
        return query_fail_at(p->text, o->at, p->e);
    if (o->value.kind == KITH_NULL)
        return QUERY_FAIL(p, o->at, "nothing is equal to an empty value; write %.*s is null",
                          (int)path->text.len, path->text.ptr);
    return KITH_OK;
}

kith_status query_one_operand(struct parser *p, struct test *t, const struct raw *raw) {
    t->operands = ARENA_NEW(p->arena, struct operand);
    if (!t->operands)
        return err_nomem(p->e);
    *t->operands = raw->operand;
    t->count = 1;
    return query_fit_operand(p, t, t->operands);
}

kith_status query_check_comparable(struct parser *p, const struct test *t, uint32_t at) {
    const struct value_rule *rule = query_rule(&t->path);
    kith_str name = t->path.text;
    uint32_t kind = t->path.field ? t->path.field->kind : KITH_F_LINK;
    if (kind == KITH_F_TAGS)
        return QUERY_FAIL(p, at, "'%.*s' holds tags; write tagged('x')", (int)name.len, name.ptr);
    if (rule->class == CLASS_NONE)
        return QUERY_FAIL(p, at, "'%.*s' is a %s and can only be asked for null", (int)name.len,
                          name.ptr, field_kind_name(kind));
    if (!rule->ordered && t->cmp != CMP_EQ && t->cmp != CMP_NE)
        return QUERY_FAIL(p, at, "'%.*s' is a %s and has no order; use =, != or in (...)",
                          (int)name.len, name.ptr, field_kind_name(kind));
    return KITH_OK;
}

static bool same_class(const struct path *a, const struct path *b) {
    enum value_class x = query_rule(a)->class, y = query_rule(b)->class;
    x = x == CLASS_OPTION ? CLASS_TEXT : x == CLASS_ID ? CLASS_LINK : x;
    y = y == CLASS_OPTION ? CLASS_TEXT : y == CLASS_ID ? CLASS_LINK : y;
    return x == y && (x != CLASS_DECIMAL || a->field->scale == b->field->scale);
}

/* The places of options can be compared when both have the same. */
static bool same_order(const struct path *a, const struct path *b) {
    const struct rfield *x = a->field, *y = b->field;
    if (!query_rule(a)->ranked && !query_rule(b)->ranked)
        return true;
    if (!query_rule(a)->ranked || !query_rule(b)->ranked || x->option_count != y->option_count)
        return false;
    for (uint32_t i = 0; i < x->option_count; i++)
        if (strcmp(x->options[i], y->options[i]) != 0)
            return false;
    return true;
}

kith_status query_check_paths(struct parser *p, const struct test *t, uint32_t at) {
    const struct path *path = &t->path, *other = t->other;
    if (!same_class(path, other))
        return QUERY_FAIL(p, at, "'%.*s' and '%.*s' are of different kinds", (int)path->text.len,
                          path->text.ptr, (int)other->text.len, other->text.ptr);
    if (t->cmp != CMP_EQ && t->cmp != CMP_NE && !same_order(path, other))
        return QUERY_FAIL(p, at, "'%.*s' and '%.*s' do not have the same options",
                          (int)path->text.len, path->text.ptr, (int)other->text.len,
                          other->text.ptr);
    return KITH_OK;
}

static kith_status compare_paths(struct parser *p, struct test *t, const struct raw *right) {
    const struct path *path = &t->path;
    const struct token *name = &right->names.names[0];
    struct path *other = ARENA_NEW(p->arena, struct path);
    if (!other)
        return err_nomem(p->e);
    if (right->names.count == 1 && path->field && field_option(path->field, name->text) >= 0)
        return QUERY_FAIL(p, name->at, "an option stands in quotes: '%.*s'", (int)name->text.len,
                          name->text.ptr);
    if (right->names.count == 1 && !str_eqz(name->text, "id") &&
        !type_field(p->q->schema, p->scope->type, name->text)) {
        kith_str shown = text_cut(name->text, 60);
        return query_fail(p->text, name->at, p->e, KITH_E_NOTFOUND,
                          "no field '%.*s' in %s; a text stands in quotes: '%.*s'", (int)shown.len,
                          shown.ptr, p->scope->type->name, (int)shown.len, shown.ptr);
    }
    if (t->many)
        return QUERY_FAIL(p, right->at,
                          "'%.*s' goes to many records and can only be compared with a value",
                          (int)path->text.len, path->text.ptr);
    TRY(query_path(p, &right->names, NULL, other));
    t->other = other;
    return query_check_paths(p, t, right->at);
}

static kith_status no_opposite_of_many(struct parser *p, const struct test *t, uint32_t at) {
    kith_str name = t->path.text;
    return QUERY_FAIL(
        p, at, "'%.*s' goes to many records: write not (%.*s = ...) when none of them may match",
        (int)name.len, name.ptr, (int)name.len, name.ptr);
}

/* The comparison that the sign at hand stands for; 0: none. */
uint32_t query_comparison(const struct token *t) {
    static const char *const signs[] = {[CMP_LT] = "<", [CMP_EQ] = "=",  [CMP_LE] = "<=",
                                        [CMP_GT] = ">", [CMP_NE] = "!=", [CMP_GE] = ">="};
    for (uint32_t i = CMP_LT; i <= CMP_GE; i++)
        if (query_is_sign(t, signs[i]))
            return i;
    return 0;
}

uint32_t query_mirrored(uint32_t cmp) {
    return (cmp & CMP_EQ) | (cmp & CMP_LT ? CMP_GT : 0u) | (cmp & CMP_GT ? CMP_LT : 0u);
}

static kith_status parse_comparison(struct parser *p, struct test *t, const struct raw *left) {
    struct raw right;
    uint32_t at = p->token.at;
    t->kind = TEST_COMPARE;
    t->cmp = query_comparison(&p->token);
    TRY(query_advance(p));
    TRY(query_raw(p, &right));
    if (left->kind != RAW_PATH) {
        const struct raw *value = left;
        if (right.kind != RAW_PATH)
            return QUERY_FAIL(p, left->at, "one side of a comparison must be a field");
        t->cmp = query_mirrored(t->cmp);
        TRY(query_path(p, &right.names, t, &t->path));
        right = *value;
    } else {
        TRY(query_path(p, &left->names, t, &t->path));
    }
    if (right.kind == RAW_NULL)
        return QUERY_FAIL(p, right.at, "nothing is equal to null; write %.*s is%s null",
                          (int)t->path.text.len, t->path.text.ptr, t->cmp == CMP_NE ? " not" : "");
    TRY(query_check_comparable(p, t, at));
    if (t->many && t->cmp == CMP_NE)
        return no_opposite_of_many(p, t, at);
    return right.kind == RAW_PATH ? compare_paths(p, t, &right) : query_one_operand(p, t, &right);
}

/* in this_month(): a comparison with all of it. */
static kith_status parse_in_period(struct parser *p, struct test *t) {
    struct raw raw;
    TRY(query_raw(p, &raw));
    if (raw.kind != RAW_VALUE || raw.operand.kind != OPERAND_PERIOD)
        return QUERY_FAIL(p, raw.at,
                          "'in' needs a list in parentheses or a period as this_month()");
    t->kind = TEST_COMPARE;
    t->cmp = t->negated ? CMP_NE : CMP_EQ;
    t->negated = false;
    return query_one_operand(p, t, &raw);
}

static kith_status parse_in(struct parser *p, struct test *t) {
    size_t cap = 0;
    t->kind = TEST_IN;
    t->cmp = CMP_EQ;
    TRY(query_check_comparable(p, t, p->token.at));
    TRY(query_advance(p));
    if (query_is_call(p))
        return parse_in_period(p, t);
    if (!query_is_sign(&p->token, "("))
        return query_expected(p, "a list in parentheses");
    do {
        struct raw raw;
        TRY(query_advance(p)); /* "(" or "," */
        TRY(query_raw(p, &raw));
        if (raw.kind == RAW_PATH)
            return QUERY_FAIL(p, raw.at, "a list holds values; text stands in quotes");
        if (raw.kind == RAW_NULL)
            return QUERY_FAIL(p, raw.at, "nothing is equal to null; write or %.*s is null",
                              (int)t->path.text.len, t->path.text.ptr);
        struct operand *more = arena_grow(p->arena, t->operands, t->count, &cap, sizeof *more);
        if (!more)
            return err_nomem(p->e);
        t->operands = more;
        t->operands[t->count] = raw.operand;
        TRY(query_fit_operand(p, t, &t->operands[t->count++]));
    } while (query_is_sign(&p->token, ","));
    return query_expect_sign(p, ")");
}

kith_status query_pattern(struct parser *p, struct test *t) {
    struct raw raw;
    kith_str name = t->path.text;
    t->kind = TEST_LIKE;
    if (!query_rule(&t->path)->like)
        return QUERY_FAIL(p, p->token.at, "'%.*s' is no text: 'like' has no meaning for it",
                          (int)name.len, name.ptr);
    TRY(query_advance(p));
    if (p->token.kind != TOKEN_TEXT && p->token.kind != TOKEN_PARAM)
        return query_expected(p, "a pattern such as 'x%'");
    TRY(query_raw(p, &raw));
    return query_one_operand(p, t, &raw);
}

static kith_status parse_is(struct parser *p, struct test *t) {
    TRY(query_advance(p));
    t->kind = TEST_NULL;
    t->negated = query_is_word(&p->token, "not");
    if (t->negated)
        TRY(query_advance(p));
    if (!query_is_word(&p->token, "null"))
        return query_expected(p, "'null'");
    if (t->path.from && t->path.from->bare) {
        if (t->many != t->path.from)
            return QUERY_FAIL(p, t->path.at,
                              "'%.*s' goes through many to many: it cannot be asked for null",
                              (int)t->path.text.len, t->path.text.ptr);
        t->kind = TEST_LINKED;
        t->none = !t->negated;
    }
    return query_advance(p);
}

/* A path with a word behind it: is, in, like, not in, not like; or alone, when it is true or false.
 */
static kith_status parse_worded(struct parser *p, struct test *t, const struct raw *left) {
    if (left->kind != RAW_PATH)
        return query_expected(p, "= != < <= > or >=");
    TRY(query_path(p, &left->names, t, &t->path));
    if (query_is_word(&p->token, "is"))
        return parse_is(p, t);
    uint32_t at = p->token.at;
    t->negated = query_is_word(&p->token, "not");
    if (t->negated)
        TRY(query_advance(p));
    if (t->negated && t->many)
        return no_opposite_of_many(p, t, at);
    if (query_is_word(&p->token, "in"))
        return parse_in(p, t);
    if (query_is_word(&p->token, "like"))
        return query_pattern(p, t);
    if (t->negated)
        return query_expected(p, "'in' or 'like'");
    if (query_rule(&t->path)->class != CLASS_BOOL)
        return query_expected(p, "a comparison");
    t->kind = TEST_COMPARE;
    t->cmp = CMP_EQ;
    struct raw yes = {.operand = {.at = left->at, .value = {.kind = KITH_BOOL, .as.i = 1}}};
    return query_one_operand(p, t, &yes);
}

static void negate_test(struct test *t) {
    if (t->many)
        t->none = !t->none;
    else if (t->kind == TEST_COMPARE)
        t->cmp ^= CMP_LT | CMP_EQ | CMP_GT;
    else
        t->negated = !t->negated;
}

static kith_status new_node(struct parser *p, enum node_kind kind, struct test *t,
                            struct node **out) {
    *out = ARENA_NEW(p->arena, struct node);
    if (!*out)
        return err_nomem(p->e);
    **out = (struct node){.kind = kind, .test = t};
    return KITH_OK;
}

/* A list of what is more than one column, or a span of time, becomes one comparison for each value.
 */
static kith_status split_list(struct parser *p, const struct test *t, struct node **out) {
    bool opposite = t->negated || t->none;
    TRY(new_node(p, opposite ? NODE_AND : NODE_OR, NULL, out));
    struct node **tail = &(*out)->first;
    p->conditions += t->count - 1;
    if (p->conditions > QUERY_CONDITIONS_MAX)
        return query_fail(p->text, t->path.at, p->e, KITH_E_LIMIT,
                          "more than %u conditions (each value of this list is one)",
                          QUERY_CONDITIONS_MAX);
    for (uint32_t i = 0; i < t->count; i++, tail = &(*tail)->next) {
        struct test *one = ARENA_NEW(p->arena, struct test);
        if (!one)
            return err_nomem(p->e);
        *one = *t;
        one->kind = TEST_COMPARE;
        one->cmp = t->negated ? CMP_NE : CMP_EQ;
        one->negated = false;
        one->operands = &t->operands[i];
        one->count = 1;
        TRY(new_node(p, NODE_TEST, one, tail));
    }
    return KITH_OK;
}

static bool must_split(const struct test *t) {
    enum value_class class = query_rule(&t->path)->class;
    for (uint32_t i = 0; t->kind == TEST_IN && i < t->count; i++)
        if (t->operands[i].kind == OPERAND_PERIOD)
            return true;
    return t->kind == TEST_IN && (class == CLASS_MONEY || class == CLASS_TIME ||
                                  (t->path.field && t->path.field->any_target));
}

/* Reads `text` instead of what stands at hand, up to its end, as a condition. */
static kith_status inset(struct parser *p, const char *name, const char *text, bool negate,
                         struct node **out);

static kith_status parse_test(struct parser *p, bool negate, struct node **out) {
    struct test *t = ARENA_NEW(p->arena, struct test);
    struct raw left;
    if (!t)
        return err_nomem(p->e);
    t->kept = p->inset;
    if (++p->conditions > QUERY_CONDITIONS_MAX)
        return query_fail(p->text, p->token.at, p->e, KITH_E_LIMIT, "more than %u conditions",
                          QUERY_CONDITIONS_MAX);
    const struct function *f = query_called(p);
    uint32_t at = p->token.at;
    const char *text;
    if (f && f->meaning) {
        TRY(query_begin_call(p));
        TRY(f->meaning(p, at, &text));
        return inset(p, f->doc.name, text, negate, out);
    }
    if (f && f->test) {
        TRY(query_begin_call(p));
        TRY(f->test(p, f, at, t));
    } else {
        TRY(query_raw(p, &left));
        TRY(query_comparison(&p->token) ? parse_comparison(p, t, &left)
                                        : parse_worded(p, t, &left));
    }
    if (negate)
        negate_test(t);
    return must_split(t) ? split_list(p, t, out) : new_node(p, NODE_TEST, t, out);
}

/* -- and, or, not ------------------------------------------------------------------------------ */

static kith_status parse_unary(struct parser *p, bool negate, struct node **out) {
    bool not = query_is_word(&p->token, "not"), paren = query_is_sign(&p->token, "(");
    if (!not &&!paren)
        return parse_test(p, negate, out);
    if (++p->depth > QUERY_DEPTH_MAX)
        return query_fail(p->text, p->token.at, p->e, KITH_E_LIMIT,
                          "more than %u parentheses and nots inside each other", QUERY_DEPTH_MAX);
    TRY(query_advance(p));
    if (not ) {
        TRY(parse_unary(p, !negate, out));
    } else {
        TRY(query_condition(p, negate, out));
        TRY(query_expect_sign(p, ")"));
    }
    p->depth--;
    return KITH_OK;
}

/* One or more parts with the word between them. */
static kith_status parse_parts(struct parser *p, bool negate, const char *word, enum node_kind kind,
                               kith_status (*part)(struct parser *, bool, struct node **),
                               struct node **out) {
    struct node *first;
    TRY(part(p, negate, &first));
    *out = first;
    if (!query_is_word(&p->token, word))
        return KITH_OK;
    TRY(new_node(p, kind, NULL, out));
    (*out)->first = first;
    for (struct node *last = first; query_is_word(&p->token, word); last = last->next) {
        TRY(query_advance(p));
        TRY(part(p, negate, &last->next));
    }
    return KITH_OK;
}

static kith_status parse_and(struct parser *p, bool negate, struct node **out) {
    return parse_parts(p, negate, "and", negate ? NODE_OR : NODE_AND, parse_unary, out);
}

kith_status query_condition(struct parser *p, bool negate, struct node **out) {
    return parse_parts(p, negate, "or", negate ? NODE_AND : NODE_OR, parse_and, out);
}

/* What goes wrong in there is told at the place where it is put in. */
static kith_status inset_fail(struct parser *p, const char *name, uint32_t at, kith_status st) {
    const char *why = p->e ? arena_strdup(p->arena, p->e->message) : "";
    return query_fail(p->text, at, p->e, st, "%s(): %s", name, why ? why : "no memory");
}

kith_status query_leave_out(struct parser *p, struct scope *s) {
    const struct base_contact *c = &p->q->schema->base.contact;
    struct node *both, *last, *where = s->where;
    if (s->restricted || !c->restricted || s->type != c->type)
        return KITH_OK;
    struct test *t = ARENA_NEW(p->arena, struct test);
    if (!t)
        return err_nomem(p->e);
    t->kind = TEST_NULL;
    t->path = (struct path){.field = c->restricted, .type = c->type, .text = STR("restricted")};
    TRY(new_node(p, NODE_TEST, t, &last));
    s->where = last;
    s->all = !where;
    if (!where)
        return KITH_OK;
    TRY(new_node(p, NODE_AND, NULL, &both));
    both->first = where;
    where->next = last;
    s->where = both;
    return KITH_OK;
}

static kith_status inset(struct parser *p, const char *name, const char *text, bool negate,
                         struct node **out) {
    struct parser outer = *p;
    uint32_t at = outer.token.at;
    bool asked = p->scope->restricted;
    p->text = str_of(text);
    p->at = 0;
    p->inset = true;
    kith_status st = query_lex(p->text, &p->at, p->arena, &p->token, p->e);
    if (st == KITH_OK)
        st = query_lex(p->text, &p->at, p->arena, &p->ahead, p->e);
    if (st == KITH_OK)
        st = query_condition(p, negate, out);
    p->scope->restricted = asked;
    p->inset = outer.inset;
    p->text = outer.text;
    p->at = outer.at;
    p->token = outer.token;
    p->ahead = outer.ahead;
    p->last = outer.last;
    return st == KITH_OK ? KITH_OK : inset_fail(p, name, at, st);
}
