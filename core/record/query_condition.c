/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: conditions. "not" is carried down while parsing and turns each test into its
 * opposite (see query_internal.h). */
#include "base/date.h"
#include "base/number.h"
#include "base/text.h"
#include "record/query_internal.h"

#include <string.h>

/* What stands on one side of a comparison, as written. */
enum raw_kind { RAW_PATH, RAW_VALUE, RAW_NULL };
struct raw {
    enum raw_kind kind;
    struct name_list names;
    struct operand operand;
    uint32_t at;
};

/* -- operands ---------------------------------------------------------------------------------- */

static const char *const keywords[] = {"and",  "or",    "not",   "in",    "like", "is",   "null",
                                       "true", "false", "where", "order", "by",   "limit"};

static bool is_keyword(const struct token *t) {
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (query_is_word(t, keywords[i]))
            return true;
    return false;
}

static bool is_call(const struct parser *p) {
    return p->token.kind == TOKEN_NAME && query_is_sign(&p->ahead, "(");
}

static const char *function_name(const void *arg, size_t i) {
    return ((const struct query_function *)arg)[i].name;
}

static kith_status unknown_function(struct parser *p) {
    size_t count;
    const struct query_function *functions = query_functions(&count);
    kith_str name = text_cut(p->token.text, 60);
    const char *near = str_nearest(name, function_name, functions, count);
    if (str_ieqz(name, "count"))
        return QUERY_FAIL(p, p->token.at,
                          "'count()' stands at the end of a query: contact: count()");
    return QUERY_FAIL(p, p->token.at, "no function '%.*s' can stand here%s%s%s", (int)name.len,
                      name.ptr, near ? "; did you mean '" : "", near ? near : "",
                      near ? "()'?" : "");
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

static kith_status parse_duration(struct parser *p, int64_t *ms) {
    if (p->token.kind != TOKEN_DURATION)
        return query_expected(p, "a duration such as 30d or 2h");
    if (!duration_parse(p->token.text, ms))
        return query_expected(p, "a duration such as 90s, 15m, 2h, 3d or 1w");
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
    TRY(parse_duration(p, &out->as.i));
    out->as.i = negative ? -out->as.i : out->as.i;
    return KITH_OK;
}

/* now() and today(), with what is added to them. */
static kith_status parse_moment(struct parser *p, bool now, struct operand *out) {
    out->kind = now ? OPERAND_NOW : OPERAND_TODAY;
    TRY(query_advance(p));
    TRY(query_expect_sign(p, "("));
    TRY(query_expect_sign(p, ")"));
    int64_t sum = 0, ms;
    while (query_is_sign(&p->token, "+") || query_is_sign(&p->token, "-")) {
        bool minus = query_is_sign(&p->token, "-");
        uint32_t at = p->ahead.at;
        TRY(query_advance(p));
        TRY(parse_duration(p, &ms));
        if (ms > QUERY_SPAN_MAX || (sum += minus ? -ms : ms) > QUERY_SPAN_MAX ||
            sum < -QUERY_SPAN_MAX)
            return QUERY_FAIL(p, at, "that is more than a thousand years away");
        if (!now && ms % DAY_MS != 0)
            return QUERY_FAIL(p, at, "today() moves by whole days; now() moves by any duration");
    }
    out->value = value_int(now ? sum : sum / DAY_MS);
    return KITH_OK;
}

static kith_status parse_param(struct parser *p, struct operand *out) {
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
    *out = (struct operand){.kind = OPERAND_PARAM, .at = p->token.at, .value = value_int(i)};
    return query_advance(p);
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

static kith_status parse_raw(struct parser *p, struct raw *out) {
    const struct token *t = &p->token;
    out->kind = RAW_VALUE;
    out->at = t->at;
    out->operand = (struct operand){.kind = OPERAND_VALUE, .at = t->at};
    if (is_call(p)) {
        bool now = query_is_word(t, "now");
        return now || query_is_word(t, "today") ? parse_moment(p, now, &out->operand)
                                                : unknown_function(p);
    }
    if (t->kind == TOKEN_QUOTED || (t->kind == TOKEN_NAME && !is_keyword(t))) {
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

/* -- tests ------------------------------------------------------------------------------------- */

static kith_status fit_operand(struct parser *p, const struct test *t, struct operand *o) {
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

static kith_status one_operand(struct parser *p, struct test *t, const struct raw *raw) {
    t->operands = ARENA_NEW(p->arena, struct operand);
    if (!t->operands)
        return err_nomem(p->e);
    *t->operands = raw->operand;
    t->count = 1;
    return fit_operand(p, t, t->operands);
}

static kith_status check_comparable(struct parser *p, const struct test *t, uint32_t at) {
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
        !type_field(p->q->schema, p->q->type, name->text)) {
        kith_str shown = text_cut(name->text, 60);
        return query_fail(p->text, name->at, p->e, KITH_E_NOTFOUND,
                          "no field '%.*s' in %s; a text stands in quotes: '%.*s'", (int)shown.len,
                          shown.ptr, p->q->type->name, (int)shown.len, shown.ptr);
    }
    if (t->many)
        return QUERY_FAIL(p, right->at,
                          "'%.*s' goes to many records and can only be compared with a value",
                          (int)path->text.len, path->text.ptr);
    TRY(query_path(p, &right->names, NULL, other));
    if (!same_class(path, other))
        return QUERY_FAIL(p, right->at, "'%.*s' and '%.*s' are of different kinds",
                          (int)path->text.len, path->text.ptr, (int)other->text.len,
                          other->text.ptr);
    t->other = other;
    return KITH_OK;
}

static kith_status no_opposite_of_many(struct parser *p, const struct test *t, uint32_t at) {
    kith_str name = t->path.text;
    return QUERY_FAIL(
        p, at, "'%.*s' goes to many records: write not (%.*s = ...) when none of them may match",
        (int)name.len, name.ptr, (int)name.len, name.ptr);
}

/* The comparison that the sign at hand stands for; 0: none. */
static uint32_t comparison(const struct token *t) {
    static const char *const signs[] = {[CMP_LT] = "<", [CMP_EQ] = "=",  [CMP_LE] = "<=",
                                        [CMP_GT] = ">", [CMP_NE] = "!=", [CMP_GE] = ">="};
    for (uint32_t i = CMP_LT; i <= CMP_GE; i++)
        if (query_is_sign(t, signs[i]))
            return i;
    return 0;
}

/* The same said from the other side: 3 < x is x > 3. */
static uint32_t mirrored(uint32_t cmp) {
    return (cmp & CMP_EQ) | (cmp & CMP_LT ? CMP_GT : 0u) | (cmp & CMP_GT ? CMP_LT : 0u);
}

static kith_status parse_comparison(struct parser *p, struct test *t, const struct raw *left) {
    struct raw right;
    uint32_t at = p->token.at;
    t->kind = TEST_COMPARE;
    t->cmp = comparison(&p->token);
    TRY(query_advance(p));
    TRY(parse_raw(p, &right));
    if (left->kind != RAW_PATH) {
        const struct raw *value = left;
        if (right.kind != RAW_PATH)
            return QUERY_FAIL(p, left->at, "one side of a comparison must be a field");
        t->cmp = mirrored(t->cmp);
        TRY(query_path(p, &right.names, t, &t->path));
        right = *value;
    } else {
        TRY(query_path(p, &left->names, t, &t->path));
    }
    if (right.kind == RAW_NULL)
        return QUERY_FAIL(p, right.at, "nothing is equal to null; write %.*s is%s null",
                          (int)t->path.text.len, t->path.text.ptr, t->cmp == CMP_NE ? " not" : "");
    TRY(check_comparable(p, t, at));
    if (t->many && t->cmp == CMP_NE)
        return no_opposite_of_many(p, t, at);
    return right.kind == RAW_PATH ? compare_paths(p, t, &right) : one_operand(p, t, &right);
}

static kith_status parse_in(struct parser *p, struct test *t) {
    size_t cap = 0;
    t->kind = TEST_IN;
    t->cmp = CMP_EQ;
    TRY(check_comparable(p, t, p->token.at));
    TRY(query_advance(p));
    if (!query_is_sign(&p->token, "("))
        return query_expected(p, "a list in parentheses");
    do {
        struct raw raw;
        TRY(query_advance(p)); /* "(" or "," */
        TRY(parse_raw(p, &raw));
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
        TRY(fit_operand(p, t, &t->operands[t->count++]));
    } while (query_is_sign(&p->token, ","));
    return query_expect_sign(p, ")");
}

static kith_status parse_like(struct parser *p, struct test *t) {
    struct raw raw;
    kith_str name = t->path.text;
    t->kind = TEST_LIKE;
    if (!query_rule(&t->path)->like)
        return QUERY_FAIL(p, p->token.at, "'%.*s' is no text: 'like' has no meaning for it",
                          (int)name.len, name.ptr);
    TRY(query_advance(p));
    if (p->token.kind != TOKEN_TEXT && p->token.kind != TOKEN_PARAM)
        return query_expected(p, "a pattern such as 'x%'");
    TRY(parse_raw(p, &raw));
    return one_operand(p, t, &raw);
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
        return parse_like(p, t);
    if (t->negated)
        return query_expected(p, "'in' or 'like'");
    if (query_rule(&t->path)->class != CLASS_BOOL)
        return query_expected(p, "a comparison");
    t->kind = TEST_COMPARE;
    t->cmp = CMP_EQ;
    struct raw yes = {.operand = {.at = left->at, .value = {.kind = KITH_BOOL, .as.i = 1}}};
    return one_operand(p, t, &yes);
}

/* The only field of the type that holds tags. */
static kith_status tags_field(struct parser *p, uint32_t at, struct path *out) {
    const struct rtype *type = p->q->type;
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

static kith_status parse_tagged(struct parser *p, struct test *t) {
    struct raw raw;
    uint32_t at = p->token.at;
    t->kind = TEST_TAGGED;
    TRY(query_advance(p));
    TRY(query_expect_sign(p, "("));
    TRY(parse_raw(p, &raw));
    if (raw.kind == RAW_PATH) {
        TRY(query_path(p, &raw.names, t, &t->path));
        if (!t->path.field || t->path.field->kind != KITH_F_TAGS)
            return QUERY_FAIL(p, raw.at, "'%.*s' holds no tags", (int)t->path.text.len,
                              t->path.text.ptr);
        TRY(query_expect_sign(p, ","));
        TRY(parse_raw(p, &raw));
    } else {
        TRY(tags_field(p, at, &t->path));
    }
    if (raw.kind != RAW_VALUE || raw.operand.kind == OPERAND_NOW ||
        raw.operand.kind == OPERAND_TODAY)
        return QUERY_FAIL(p, raw.at, "a tag stands in quotes");
    TRY(one_operand(p, t, &raw));
    return query_expect_sign(p, ")");
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
    return t->kind == TEST_IN && (class == CLASS_MONEY || class == CLASS_TIME ||
                                  (t->path.field && t->path.field->any_target));
}

static kith_status parse_test(struct parser *p, bool negate, struct node **out) {
    struct test *t = ARENA_NEW(p->arena, struct test);
    struct raw left;
    if (!t)
        return err_nomem(p->e);
    if (++p->conditions > QUERY_CONDITIONS_MAX)
        return query_fail(p->text, p->token.at, p->e, KITH_E_LIMIT, "more than %u conditions",
                          QUERY_CONDITIONS_MAX);
    if (is_call(p) && query_is_word(&p->token, "tagged")) {
        TRY(parse_tagged(p, t));
    } else {
        TRY(parse_raw(p, &left));
        TRY(comparison(&p->token) ? parse_comparison(p, t, &left) : parse_worded(p, t, &left));
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
