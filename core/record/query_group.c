/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: group by, order by and what stands behind ":", read into terms. What stands
 * behind ":" is read first, so that its names are known in having (query_having.c) and order by. */
#include "record/query_group.h"
#include "base/number.h"
#include "base/text.h"

#include <string.h>

/* -- terms ------------------------------------------------------------------------------------- */

kith_status group_term(struct grouping *x, enum term_kind kind, enum quantity quantity, uint32_t at,
                       struct term **out) {
    if (++x->g->term_count > QUERY_TERMS_MAX)
        return query_fail(x->p->text, at, x->p->e, KITH_E_LIMIT, "more than %u terms",
                          QUERY_TERMS_MAX);
    *out = ARENA_NEW(x->p->arena, struct term);
    if (!*out)
        return err_nomem(x->p->e);
    (*out)->kind = kind;
    (*out)->quantity = quantity;
    (*out)->at = at;
    return KITH_OK;
}

void group_text(struct grouping *x, struct term *t) {
    t->text = (kith_str){x->p->text.ptr + t->at, x->p->last - t->at};
}

static bool same_path(const struct path *a, const struct path *b) {
    return a->field == b->field && a->from == b->from && a->part == b->part && a->type == b->type &&
           a->related == b->related && a->link == b->link && value_eq(&a->origin, &b->origin);
}

static enum quantity quantity_of(const struct path *path) {
    switch (query_rule(path)->class) {
    case CLASS_INTEGER:
    case CLASS_DECIMAL:
        return QUANTITY_NUMBER;
    case CLASS_MONEY:
        return QUANTITY_MONEY;
    case CLASS_DURATION:
        return QUANTITY_DURATION;
    case CLASS_DATE:
        return QUANTITY_DATE;
    case CLASS_TIME:
        return QUANTITY_TIME;
    default:
        return QUANTITY_OTHER;
    }
}

static uint32_t scale_of(const struct path *path) {
    enum value_class class = query_rule(path)->class;
    return class == CLASS_MONEY     ? MONEY_SCALE
           : class == CLASS_DECIMAL ? (uint32_t)path->field->scale
                                    : 0;
}

/* The leaf of a path, which is read once however often it is written. */
static kith_status add_leaf(struct grouping *x, const struct path *path, struct term **out) {
    struct group *g = x->g;
    uint32_t i = 0;
    while (i < g->leaf_count && !same_path(&g->leaves[i].path, path))
        i++;
    if (i == QUERY_LEAVES_MAX)
        return query_fail(x->p->text, path->at, x->p->e, KITH_E_LIMIT,
                          "more than %u fields in totals and groups", i);
    if (i == g->leaf_count)
        g->leaves[g->leaf_count++].path = *path;
    TRY(group_term(x, TERM_LEAF, quantity_of(path), path->at, out));
    (*out)->index = i;
    (*out)->path = &g->leaves[i].path;
    (*out)->scale = (*out)->shown = scale_of(path);
    (*out)->text = path->text;
    return KITH_OK;
}

/* A field's own numbers that only name something: not a part of its date, nor how many there are.
 */
static bool only_names(const struct term *t) {
    const struct path *path = t->path;
    return path && path->part == PART_ALL && path->field && !field_adds_up(path->field) &&
           path->field->kind != KITH_F_MONEY; /* an ordinal one is a price: still a number */
}

static kith_status need_measurable(struct grouping *x, const struct term *t) {
    if (t->quantity <= QUANTITY_DURATION && !only_names(t))
        return KITH_OK;
    if (t->quantity <= QUANTITY_DURATION)
        return QUERY_FAIL(x->p, t->at,
                          "'%.*s' is %s: its numbers are names, and nothing can be calculated with "
                          "them; what they have is %s",
                          (int)t->text.len, t->text.ptr,
                          field_measure_name(t->path->field->measure),
                          field_totals(t->path->field));
    return QUERY_FAIL(x->p, t->at,
                      "'%.*s' is no number, money or duration: nothing can be "
                      "calculated with it",
                      (int)t->text.len, t->text.ptr);
}

kith_status group_misfit(struct grouping *x, const struct term *l, const struct term *r,
                         const char *verb) {
    return QUERY_FAIL(x->p, r->at, "'%.*s' cannot be %s '%.*s'", (int)r->text.len, r->text.ptr,
                      verb, (int)l->text.len, l->text.ptr);
}

static uint32_t larger(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

static uint32_t smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* The quantity and the scales of a calculation. */
static kith_status type_binary(struct grouping *x, struct term *t) {
    const struct term *l = t->left, *r = t->right;
    TRY(need_measurable(x, l));
    TRY(need_measurable(x, r));
    t->path = l->quantity != QUANTITY_NUMBER || !r->path ? l->path : r->path;
    t->quantity = l->quantity;
    switch (t->kind) {
    case TERM_MULTIPLY:
        if (l->quantity != QUANTITY_NUMBER && r->quantity != QUANTITY_NUMBER)
            return group_misfit(x, l, r, "multiplied with");
        t->quantity = l->quantity != QUANTITY_NUMBER ? l->quantity : r->quantity;
        t->path = l->quantity != QUANTITY_NUMBER ? l->path : r->path;
        t->scale = smaller(l->scale + r->scale, TERM_SCALE);
        t->shown = smaller(l->shown + r->shown, 9);
        return KITH_OK;
    case TERM_DIVIDE:
        if (r->quantity != QUANTITY_NUMBER && r->quantity != l->quantity)
            return group_misfit(x, l, r, "what divides");
        if (r->quantity == l->quantity)
            t->quantity = QUANTITY_NUMBER;
        t->scale = TERM_SCALE;
        t->shown = DIVISION_SCALE;
        return KITH_OK;
    default:
        if (l->quantity != r->quantity)
            return group_misfit(x, l, r, t->kind == TERM_ADD ? "added to" : "taken from");
        t->scale = larger(l->scale, r->scale);
        t->shown = larger(l->shown, r->shown);
        return KITH_OK;
    }
}

static kith_status parse_number(struct grouping *x, struct term **out) {
    struct raw raw;
    TRY(group_term(x, TERM_NUMBER, QUANTITY_NUMBER, x->p->token.at, out));
    TRY(query_raw(x->p, &raw));
    const kith_value *v = &raw.operand.value;
    (*out)->number = v->kind == KITH_DECIMAL ? v->as.decimal.units : v->as.i;
    (*out)->scale = (*out)->shown = v->kind == KITH_DECIMAL ? (uint32_t)v->as.decimal.scale : 0;
    group_text(x, *out);
    return KITH_OK;
}

/* -- totals ------------------------------------------------------------------------------------ */

static bool same_total(const struct total *a, const struct total *b) {
    bool simple = !a->of || !b->of || (a->of->kind == TERM_LEAF && b->of->kind == TERM_LEAF);
    return a->kind == b->kind && simple && !a->of == !b->of &&
           (!a->of || a->of->index == b->of->index);
}

static kith_status add_total(struct grouping *x, const struct total *total, struct term *t) {
    struct group *g = x->g;
    uint32_t i = 0;
    while (i < g->total_count && !same_total(&g->totals[i], total))
        i++;
    if (i == QUERY_TOTALS_MAX)
        return query_fail(x->p->text, t->at, x->p->e, KITH_E_LIMIT, "more than %u totals", i);
    if (i == g->total_count)
        g->totals[g->total_count++] = *total;
    t->index = i;
    return KITH_OK;
}

static void type_total(const struct total *total, struct term *t) {
    bool counts = total->kind == TOTAL_COUNT || total->kind == TOTAL_DISTINCT;
    t->quantity = counts ? QUANTITY_NUMBER : total->of->quantity;
    t->path = counts ? NULL : total->of->path;
    t->scale = counts ? 0 : total->kind == TOTAL_AVG ? TERM_SCALE : total->of->scale;
    t->shown = counts ? 0 : total->kind == TOTAL_AVG ? DIVISION_SCALE : total->of->shown;
}

static kith_status check_total(struct grouping *x, const struct total *total) {
    const struct term *of = total->of;
    if (!of || total->kind <= TOTAL_DISTINCT)
        return KITH_OK;
    if (total->kind == TOTAL_SUM || total->kind == TOTAL_AVG)
        return need_measurable(x, of);
    if (of->quantity == QUANTITY_OTHER)
        return QUERY_FAIL(x->p, of->at, "'%.*s' has no lowest or highest value that can be told",
                          (int)of->text.len, of->text.ptr);
    return KITH_OK;
}

/* What stands in the parentheses of a total. */
static kith_status parse_of(struct grouping *x, struct total *total) {
    struct parser *p = x->p;
    struct term *of;
    if (total->kind == TOTAL_COUNT && query_is_sign(&p->token, ")"))
        return KITH_OK;
    if (total->kind == TOTAL_COUNT && query_is_word(&p->token, "distinct") &&
        !query_is_sign(&p->ahead, ".") && !query_is_sign(&p->ahead, ")")) {
        TRY(query_advance(p));
        total->kind = TOTAL_DISTINCT;
    }
    x->inside = true;
    TRY(group_sum(x, &of));
    x->inside = false;
    if (total->kind >= TOTAL_MIN && of->kind == TERM_LEAF && query_rule(of->path)->ranked)
        of->quantity = QUANTITY_RANK;
    total->of = of;
    if (total->kind <= TOTAL_DISTINCT && of->kind != TERM_LEAF)
        return QUERY_FAIL(p, of->at, "count() counts records or the values of one field");
    return check_total(x, total);
}

static kith_status parse_total(struct grouping *x, enum total_kind kind, struct term **out) {
    struct parser *p = x->p;
    struct total total = {.kind = kind};
    TRY(group_term(x, TERM_TOTAL, QUANTITY_NUMBER, p->token.at, out));
    if (x->inside)
        return QUERY_FAIL(p, p->token.at, "totals cannot stand inside each other");
    TRY(query_begin_call(p));
    TRY(parse_of(x, &total));
    TRY(query_expect_sign(p, ")"));
    group_text(x, *out);
    total.text = (*out)->text;
    type_total(&total, *out);
    return add_total(x, &total, *out);
}

/* -- fields, names, values --------------------------------------------------------------------- */

/* An output that stands before, by its name. */
static const struct term *named_output(const struct grouping *x, const struct name_list *names) {
    for (uint32_t i = 0; i < x->g->output_count && names->count == 1; i++)
        if (x->g->names[i] && str_eqz(names->names[0].text, x->g->names[i]))
            return x->g->outputs[i];
    return NULL;
}

static kith_status find_key(struct grouping *x, const struct path *path, struct term **out) {
    struct group *g = x->g;
    for (uint32_t i = 0; i < g->key_count; i++) {
        if (!same_path(g->keys[i]->path, path))
            continue;
        TRY(group_term(x, TERM_KEY, g->keys[i]->quantity, path->at, out));
        (*out)->index = i;
        (*out)->path = g->keys[i]->path;
        (*out)->scale = (*out)->shown = g->keys[i]->scale;
        (*out)->text = path->text;
        return KITH_OK;
    }
    return QUERY_FAIL(
        x->p, path->at,
        "'%.*s' differs within a group: group by it, or put it into sum(), avg(), "
        "min(), max() or count()%s",
        (int)path->text.len, path->text.ptr,
        x->g->key_count ? "" : "; fields of single records are named by --fields, or fields=");
}

static kith_status parse_field(struct grouping *x, struct term **out) {
    struct parser *p = x->p;
    struct name_list names;
    struct path path;
    TRY(query_term(p, &names));
    const struct term *named = x->inside ? NULL : named_output(x, &names);
    if (named) {
        TRY(group_term(x, named->kind, named->quantity, names.at, out));
        **out = *named;
        return KITH_OK;
    }
    TRY(query_path(p, &names, x->inside ? NULL : &x->g->fan, &path));
    return x->inside ? add_leaf(x, &path, out) : find_key(x, &path, out);
}

/* A text, a parameter, now(): fitted once it is known to what. */
static kith_status parse_operand(struct grouping *x, struct term **out) {
    struct raw raw;
    TRY(group_term(x, TERM_OPERAND, QUANTITY_ANY, x->p->token.at, out));
    TRY(query_raw(x->p, &raw));
    if (raw.kind != RAW_VALUE)
        return QUERY_FAIL(x->p, raw.at, "nothing is equal to null; write is null");
    (*out)->operand = raw.operand;
    group_text(x, *out);
    return KITH_OK;
}

/* -- expressions ------------------------------------------------------------------------------- */

kith_status group_deeper(struct grouping *x) {
    return ++x->p->depth <= QUERY_DEPTH_MAX
               ? KITH_OK
               : query_fail(x->p->text, x->p->token.at, x->p->e, KITH_E_LIMIT,
                            "more than %u parentheses and nots inside each other", QUERY_DEPTH_MAX);
}

static kith_status parse_parentheses(struct grouping *x, struct term **out) {
    TRY(group_deeper(x));
    TRY(query_advance(x->p));
    TRY(x->inside ? group_sum(x, out) : group_claim(x, out));
    x->p->depth--;
    return query_expect_sign(x->p, ")");
}

static kith_status parse_negative(struct grouping *x, struct term **out);

static kith_status parse_primary(struct grouping *x, struct term **out) {
    static const struct {
        const char *name;
        enum total_kind kind;
    } totals[] = {{"count", TOTAL_COUNT},
                  {"sum", TOTAL_SUM},
                  {"avg", TOTAL_AVG},
                  {"min", TOTAL_MIN},
                  {"max", TOTAL_MAX}};
    struct parser *p = x->p;
    if (query_is_sign(&p->token, "("))
        return parse_parentheses(x, out);
    if (query_is_sign(&p->token, "-") && (x->inside || p->ahead.kind != TOKEN_DURATION))
        return parse_negative(x, out);
    if (p->token.kind == TOKEN_NUMBER)
        return parse_number(x, out);
    for (size_t i = 0; query_is_call(p) && i < sizeof totals / sizeof *totals; i++)
        if (query_is_word(&p->token, totals[i].name) && !(x->inside && i == 0))
            return parse_total(x, totals[i].kind, out);
    const struct function *f = query_called(p);
    bool value = query_is_word(&p->token, "null") || query_is_word(&p->token, "true") ||
                 query_is_word(&p->token, "false");
    bool field = p->token.kind == TOKEN_QUOTED ||
                 (p->token.kind == TOKEN_NAME && (query_is_call(p) ? f && f->term : !value));
    if (field)
        return parse_field(x, out);
    return x->inside ? query_expected(p, "a field or a number") : parse_operand(x, out);
}

static kith_status parse_negative(struct grouping *x, struct term **out) {
    struct term *of;
    uint32_t at = x->p->token.at;
    TRY(group_deeper(x));
    TRY(query_advance(x->p));
    TRY(parse_primary(x, &of));
    x->p->depth--;
    TRY(need_measurable(x, of));
    if (of->kind == TERM_NUMBER) {
        of->number = -of->number;
        of->at = at;
        group_text(x, of);
        *out = of;
        return KITH_OK;
    }
    TRY(group_term(x, TERM_NEGATE, of->quantity, at, out));
    (*out)->left = of;
    (*out)->path = of->path;
    (*out)->scale = of->scale;
    (*out)->shown = of->shown;
    group_text(x, *out);
    return KITH_OK;
}

/* One or more parts with one of two signs between them. */
static kith_status parse_signs(struct grouping *x, const char *signs, const enum term_kind kinds[2],
                               kith_status (*part)(struct grouping *, struct term **),
                               struct term **out) {
    TRY(part(x, out));
    for (;;) {
        char first[2] = {signs[0]}, second[2] = {signs[1]};
        bool is_second = query_is_sign(&x->p->token, second);
        struct term *t, *right;
        if (!is_second && !query_is_sign(&x->p->token, first))
            return KITH_OK;
        TRY(query_advance(x->p));
        TRY(part(x, &right));
        TRY(group_term(x, kinds[is_second], QUANTITY_NUMBER, (*out)->at, &t));
        t->left = *out;
        t->right = right;
        group_text(x, t);
        TRY(type_binary(x, t));
        *out = t;
    }
}

static kith_status parse_product(struct grouping *x, struct term **out) {
    static const enum term_kind kinds[2] = {TERM_MULTIPLY, TERM_DIVIDE};
    return parse_signs(x, "*/", kinds, parse_primary, out);
}

kith_status group_sum(struct grouping *x, struct term **out) {
    static const enum term_kind kinds[2] = {TERM_ADD, TERM_SUBTRACT};
    return parse_signs(x, "+-", kinds, parse_product, out);
}

/* -- the clauses ------------------------------------------------------------------------------- */

static kith_status parse_as(struct grouping *x, const char **name) {
    struct parser *p = x->p;
    if (!query_is_word(&p->token, "as"))
        return KITH_OK;
    TRY(query_advance(p));
    if (p->token.kind != TOKEN_NAME && p->token.kind != TOKEN_QUOTED)
        return query_expected(p, "a name");
    *name = arena_strndup(p->arena, p->token.text.ptr, p->token.text.len);
    return *name ? query_advance(p) : err_nomem(p->e);
}

static kith_status check_key(struct grouping *x, const struct path *path) {
    const struct value_rule *rule = query_rule(path);
    bool links = path->link;
    if (rule->class == CLASS_MONEY)
        return QUERY_FAIL(x->p, path->at, "'%.*s' is money: group by %.*s.currency, or by a part",
                          (int)path->text.len, path->text.ptr, (int)path->text.len, path->text.ptr);
    if (!rule->sorted && !links)
        return QUERY_FAIL(x->p, path->at, "'%.*s' is a %s: nothing can be grouped by it",
                          (int)path->text.len, path->text.ptr, field_kind_name(path->field->kind));
    return KITH_OK;
}

static kith_status parse_key(struct grouping *x) {
    struct parser *p = x->p;
    struct group *g = x->g;
    struct name_list names;
    struct path path;
    if (g->key_count == QUERY_KEYS_MAX)
        return query_fail(p->text, p->token.at, p->e, KITH_E_LIMIT, "more than %u keys to group by",
                          QUERY_KEYS_MAX);
    TRY(query_term(p, &names));
    TRY(query_path(p, &names, &g->fan, &path));
    TRY(check_key(x, &path));
    TRY(add_leaf(x, &path, &g->keys[g->key_count]));
    return parse_as(x, &g->key_names[g->key_count++]);
}

/* A key that is written among the totals is the column that stands first anyway. */
static kith_status parse_output(struct grouping *x) {
    struct group *g = x->g;
    struct term *t;
    const char *name = NULL;
    if (g->output_count == QUERY_OUTPUTS_MAX)
        return query_fail(x->p->text, x->p->token.at, x->p->e, KITH_E_LIMIT, "more than %u totals",
                          QUERY_OUTPUTS_MAX);
    TRY(group_sum(x, &t));
    TRY(parse_as(x, &name));
    if (t->kind == TERM_KEY) {
        g->key_names[t->index] = name ? name : g->key_names[t->index];
        return KITH_OK;
    }
    if (t->quantity > QUANTITY_RANK)
        return QUERY_FAIL(x->p, t->at, "expected a total such as count() or sum(amount)");
    g->names[g->output_count] = name;
    g->outputs[g->output_count++] = t;
    return KITH_OK;
}

static bool at_outputs(const struct parser *p) {
    return query_is_sign(&p->token, ":") ||
           (p->token.kind == TOKEN_PARAM && query_is_sign(&p->ahead, "("));
}

/* What stands behind ":"; without it count(). Without a blank it reads as a parameter. */
static kith_status parse_outputs(struct grouping *x) {
    struct parser *p = x->p;
    if (p->token.kind == TOKEN_END) {
        struct total total = {.kind = TOTAL_COUNT, .text = STR("count()")};
        TRY(group_term(x, TERM_TOTAL, QUANTITY_NUMBER, p->token.at, &x->g->outputs[0]));
        x->g->outputs[x->g->output_count++]->text = total.text;
        return add_total(x, &total, x->g->outputs[0]);
    }
    if (p->token.kind == TOKEN_PARAM) {
        p->token.kind = TOKEN_NAME;
        p->token.at++; /* the colon is no part of the name of what is totalled */
    } else
        TRY(query_advance(p));
    TRY(parse_output(x));
    while (query_is_sign(&p->token, ",")) {
        TRY(query_advance(p));
        TRY(parse_output(x));
    }
    return p->token.kind == TOKEN_END ? KITH_OK
                                      : query_expected(p, "',', an operator, 'as' or the end");
}

static kith_status parse_order_key(struct grouping *x) {
    struct parser *p = x->p;
    struct group *g = x->g;
    struct term *t;
    if (g->order_count == QUERY_KEYS_MAX)
        return query_fail(p->text, p->token.at, p->e, KITH_E_LIMIT, "more than %u keys to sort by",
                          QUERY_KEYS_MAX);
    bool descending = query_is_sign(&p->token, "-");
    if (descending)
        TRY(query_advance(p));
    TRY(group_sum(x, &t));
    if (t->quantity > QUANTITY_OTHER)
        return QUERY_FAIL(p, t->at, "expected a total or a key of the group to sort by");
    g->descending[g->order_count] = descending;
    g->order[g->order_count++] = t;
    return KITH_OK;
}

static kith_status parse_order(struct grouping *x) {
    struct parser *p = x->p;
    if (!query_is_word(&p->token, "order"))
        return KITH_OK;
    TRY(query_advance(p));
    if (!query_is_word(&p->token, "by"))
        return query_expected(p, "'by'");
    do {
        TRY(query_advance(p)); /* "by" or "," */
        TRY(parse_order_key(x));
    } while (query_is_sign(&p->token, ","));
    return KITH_OK;
}

/* -- the whole --------------------------------------------------------------------------------- */

static kith_status skip_to_outputs(struct parser *p) {
    while (p->token.kind != TOKEN_END && !at_outputs(p))
        TRY(query_advance(p));
    return KITH_OK;
}

static const char *column_name(struct grouping *x, const char *name, const struct term *t) {
    return name ? name : arena_strndup(x->p->arena, t->text.ptr, t->text.len);
}

static kith_status name_columns(struct grouping *x) {
    struct group *g = x->g;
    for (uint32_t i = 0; i < g->key_count + g->output_count; i++) {
        bool key = i < g->key_count;
        const struct term *t = key ? g->keys[i] : g->outputs[i - g->key_count];
        struct query_column *c = &g->columns[i];
        c->name = column_name(x, key ? g->key_names[i] : g->names[i - g->key_count], t);
        c->number = t->quantity <= QUANTITY_DURATION;
        if (!c->name)
            return err_nomem(x->p->e);
    }
    return KITH_OK;
}

/* Each leaf takes one column of the SELECT; money three, a link to any record or a place two. */
static void number_columns(struct group *g) {
    uint32_t column = 0;
    for (uint32_t i = 0; i < g->leaf_count; i++) {
        const struct path *path = &g->leaves[i].path;
        bool any = path->field && path->field->any_target && path->part == PART_ALL &&
                   path->field->kind == KITH_F_LINK;
        g->leaves[i].column = column;
        g->leaves[i].money = query_rule(path)->class == CLASS_MONEY;
        column += g->leaves[i].money ? 3 : any || query_is_place(path) ? 2 : 1;
    }
}

static kith_status parse_keys(struct grouping *x) {
    struct parser *p = x->p;
    TRY(query_advance(p));
    if (!query_is_word(&p->token, "by"))
        return query_expected(p, "'by'");
    do {
        TRY(query_advance(p)); /* "by" or "," */
        TRY(parse_key(x));
    } while (query_is_sign(&p->token, ","));
    return KITH_OK;
}

kith_status query_group(struct parser *p) {
    struct group *g = ARENA_NEW(p->arena, struct group);
    struct grouping x = {p, g, false};
    if (!g)
        return err_nomem(p->e);
    p->q->group = g;
    p->share = true;
    if (query_is_word(&p->token, "group"))
        TRY(parse_keys(&x));
    struct parser behind = *p;
    TRY(skip_to_outputs(p));
    TRY(parse_outputs(&x));
    behind.depth = p->depth;
    behind.related = p->related;
    struct parser end = *p;
    *p = behind;
    TRY(group_having(&x));
    TRY(parse_order(&x));
    TRY(query_limit_clause(p));
    if (p->token.kind != TOKEN_END && !at_outputs(p))
        return query_expected(p, g->having || g->order_count
                                     ? "'and', 'or', 'order by', 'limit', ':' or the end"
                                     : "'having', 'order by', 'limit', ':' or the end");
    *p = end;
    number_columns(g);
    return name_columns(&x);
}
