/* SPDX-License-Identifier: Apache-2.0 */
/* Roll-ups: their formulas, read and checked while the schema is built, and what one record is to
 * one of them. */
#include "record/rollup.h"
#include "base/number.h"
#include "record/query_internal.h"
#include "record/schema_internal.h"

#include <stdio.h>
#include <string.h>

#define ROLLUPS_MAX 64 /* kept from the records of one type: each costs every write of one */

/* -- reading a formula ------------------------------------------------------------------------- */

struct reading {
    const struct schema *schema;
    struct arena *arena;
    kith_str text;
    struct token token;
    uint32_t at;
    kith_error *e;
};

static kith_status advance(struct reading *in) {
    return query_lex(in->text, &in->at, in->arena, &in->token, in->e);
}

#define FAIL(in, ...) query_fail((in)->text, (in)->token.at, (in)->e, KITH_E_INVAL, __VA_ARGS__)

static bool is_word(const struct reading *in, const char *word) {
    return in->token.kind == TOKEN_NAME && str_ieqz(in->token.text, word);
}

static bool is_sign(const struct reading *in, const char *sign) {
    return in->token.kind == TOKEN_SIGN && str_eqz(in->token.text, sign);
}

static kith_status expect_name(struct reading *in, const char *what) {
    if (in->token.kind == TOKEN_NAME || in->token.kind == TOKEN_QUOTED)
        return KITH_OK;
    return FAIL(in, "expected %s", what);
}

static kith_status read_function(struct reading *in, struct rollup *r) {
    static const char *const names[] = {
        [ROLLUP_COUNT] = "count", [ROLLUP_SUM] = "sum", [ROLLUP_MIN] = "min", [ROLLUP_MAX] = "max"};
    TRY(advance(in));
    for (uint32_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i] && is_word(in, names[i])) {
            r->function = (enum rollup_function)i;
            TRY(advance(in));
            return is_sign(in, "(") ? advance(in) : FAIL(in, "expected '('");
        }
    return FAIL(in, "a roll-up begins with count(, sum(, min( or max(");
}

static bool leads_to(const struct rfield *via, const struct rtype *parent) {
    return (via->kind == KITH_F_LINK || via->kind == KITH_F_LINKS) &&
           (via->any_target || via->target == parent);
}

static kith_status read_field(struct reading *in, const struct rollup *r,
                              const struct rfield **out) {
    TRY(advance(in));
    TRY(expect_name(in, "the name of a field"));
    if (schema_find_field(in->schema, r->child, in->token.text, out, in->e) != KITH_OK)
        return query_fail_at(in->text, in->token.at, in->e);
    return KITH_OK;
}

/* Behind "via", or as in a query: count(order.customer). */
static kith_status read_via(struct reading *in, struct rollup *r) {
    TRY(read_field(in, r, &r->via));
    if (!leads_to(r->via, r->field->type))
        return FAIL(in, "%s.%s does not link to %s", r->child->name, r->via->name,
                    r->field->type->name);
    return advance(in);
}

/* "order", "order.total" or "distinct order.product". */
static kith_status read_subject(struct reading *in, struct rollup *r) {
    if (r->function == ROLLUP_COUNT && is_word(in, "distinct")) {
        r->function = ROLLUP_DISTINCT;
        TRY(advance(in));
    }
    TRY(expect_name(in, "the name of a type"));
    if (schema_find_type(in->schema, in->token.text, &r->child, in->e) != KITH_OK)
        return query_fail_at(in->text, in->token.at, in->e);
    r->child_at = in->token.at;
    r->child_end = in->token.after;
    TRY(advance(in));
    if (r->function == ROLLUP_COUNT)
        return is_sign(in, ".") ? read_via(in, r) : KITH_OK;
    if (!is_sign(in, "."))
        return FAIL(in, "expected a field, as in %s.FIELD", r->child->name);
    TRY(read_field(in, r, &r->value));
    return advance(in);
}

static bool leads_by_itself(const struct rollup *r, const struct rfield *f, bool any) {
    return f->any_target == any && leads_to(f, r->field->type);
}

/* The only field of the child that links to this type; one that links to any record, when no other
 * does. */
static kith_status find_via(struct reading *in, struct rollup *r) {
    const struct rtype *t = r->child;
    for (int any = 0; any < 2 && !r->via; any++)
        for (uint32_t i = FIELD_FIRST; i < t->field_count; i++) {
            if (!leads_by_itself(r, t->fields[i], any))
                continue;
            if (r->via)
                return FAIL(in, "both %s and %s of %s link to %s: add \"via %s\" or the other",
                            r->via->name, t->fields[i]->name, t->name, r->field->type->name,
                            r->via->name);
            r->via = t->fields[i];
        }
    return r->via ? KITH_OK : FAIL(in, "no field of %s links to %s", t->name, r->field->type->name);
}

static bool looks_for_words(const struct node *n) {
    if (n->kind == NODE_TEST)
        return n->test->kind == TEST_MATCHES;
    for (const struct node *c = n->first; c; c = c->next)
        if (looks_for_words(c))
            return true;
    return false;
}

/* What may change without a write of the record, as the time does, would go unnoticed. */
static kith_status read_condition(struct reading *in, struct rollup *r) {
    uint32_t from = in->token.after;
    r->condition = (kith_str){in->text.ptr + from, in->text.len - from - 1};
    kith_status st = predicate_parse((struct predicate **)&r->where, in->schema, r->child,
                                     in->arena, r->condition, in->e);
    if (st != KITH_OK) {
        err_prefix(in->e, "in its condition, ");
        return st;
    }
    if (!predicate_local(r->where))
        return FAIL(in, "the condition follows a link: it may look at the %s alone",
                    r->child->name);
    if (looks_for_words(predicate_query(r->where)->root.where))
        return FAIL(in, "the condition searches with matches(): compare a field of the %s",
                    r->child->name);
    if (predicate_timed(r->where))
        return FAIL(in,
                    "the condition looks at now() or today(): time passes without a change of "
                    "the %s, and the value would be wrong",
                    r->child->name);
    return KITH_OK;
}

/* "in currency" behind the last ')', which is taken off the text. */
static kith_status read_currency(struct reading *in, struct rollup *r) {
    struct reading tail = *in;
    const struct rtype *t = r->field->type;
    for (tail.at = (uint32_t)in->text.len; tail.at && in->text.ptr[tail.at - 1] != ')';)
        tail.at--;
    uint32_t end = tail.at;
    if (end == 0 || end == in->text.len)
        return KITH_OK;
    TRY(advance(&tail));
    if (!is_word(&tail, "in"))
        return KITH_OK;
    TRY(advance(&tail));
    TRY(expect_name(&tail, "the field that names the currency"));
    if (schema_find_field(in->schema, t, tail.token.text, &r->in, in->e) != KITH_OK)
        return query_fail_at(in->text, tail.token.at, in->e);
    TRY(advance(&tail));
    if (tail.token.kind != TOKEN_END)
        return FAIL(&tail, "nothing may follow the field that names the currency");
    in->text.len = end;
    return KITH_OK;
}

static kith_status read_formula(struct reading *in, struct rollup *r) {
    while (in->text.len && strchr(" \t\r\n", in->text.ptr[in->text.len - 1]))
        in->text.len--;
    TRY(read_currency(in, r));
    TRY(read_function(in, r));
    TRY(read_subject(in, r));
    if (!r->via)
        TRY(is_word(in, "via") ? read_via(in, r) : find_via(in, r));
    bool closed = in->text.ptr[in->text.len - 1] == ')';
    if (is_word(in, "where"))
        return closed ? read_condition(in, r) : FAIL(in, "the last ')' is missing");
    if (!is_sign(in, ")"))
        return FAIL(in, "expected 'via', 'where' or ')'");
    TRY(advance(in));
    return in->token.kind == TOKEN_END ? KITH_OK : FAIL(in, "nothing may follow the ')'");
}

/* -- kinds ------------------------------------------------------------------------------------- */

static bool has_order(uint32_t kind) {
    return kind == KITH_F_INTEGER || kind == KITH_F_DECIMAL || kind == KITH_F_MONEY ||
           kind == KITH_F_DURATION || kind == KITH_F_DATE || kind == KITH_F_TIME;
}

/* Of one column, and short: the values lie in an index. */
static bool can_differ(const struct rfield *f) {
    return (has_order(f->kind) && f->kind != KITH_F_MONEY) || f->kind == KITH_F_TEXT ||
           f->kind == KITH_F_CHOICE || f->kind == KITH_F_STATE || f->kind == KITH_F_BOOLEAN ||
           f->kind == KITH_F_EMAIL || f->kind == KITH_F_PHONE || f->kind == KITH_F_URL ||
           f->kind == KITH_F_SERIES || (f->kind == KITH_F_LINK && !f->any_target);
}

/* A text is looked at when it is written. */
static kith_status check_in(const struct rollup *r, kith_error *e) {
    const struct rfield *f = r->field, *in = r->in;
    if (f->option_count)
        return err_set(e, KITH_E_INVAL, f->name,
                       "its currency is that of %s; leave its options away", in->name);
    if ((in->kind != KITH_F_TEXT && in->kind != KITH_F_CHOICE) || field_derived(in))
        return err_set(e, KITH_E_INVAL, f->name,
                       "%s.%s names no currency: that is a text or a choice that people write",
                       in->type->name, in->name);
    for (uint32_t i = 0; in->kind == KITH_F_CHOICE && i < in->option_count; i++)
        TRY(rollup_check_currency(
            in, &(kith_value){.kind = KITH_TEXT, .as.s = str_of(in->options[i])}, e));
    return KITH_OK;
}

static kith_status check_money(const struct schema *s, struct rollup *r, kith_error *e) {
    const struct rfield *f = r->field, *v = r->value;
    if (r->in) {
        memcpy(r->currency, s->base_currency, 3);
        return check_in(r, e);
    }
    if (f->option_count > 1)
        return err_set(e, KITH_E_INVAL, f->name,
                       "it adds up one currency; leave one option, none for the company's, or add"
                       " \"in FIELD\" for that which a field of the record names");
    memcpy(r->currency, f->option_count ? f->options[0] : s->base_currency, 3);
    if (v->option_count && field_option(v, (kith_str){r->currency, 3}) < 0)
        return err_set(e, KITH_E_INVAL, f->name, "%s.%s is never in %s", v->type->name, v->name,
                       r->currency);
    return KITH_OK;
}

static kith_status check_kinds(const struct schema *s, struct rollup *r, kith_error *e) {
    const struct rfield *f = r->field, *v = r->value;
    bool counts = r->function == ROLLUP_COUNT || r->function == ROLLUP_DISTINCT;
    if (r->in && (counts || v->kind != KITH_F_MONEY))
        return err_set(e, KITH_E_INVAL, f->name, "only money is in a currency, as %s names",
                       r->in->name);
    if (counts && f->kind != KITH_F_INTEGER)
        return err_set(e, KITH_E_INVAL, f->name, "what is counted is an integer, not a %s",
                       field_kind_name(f->kind));
    if (r->function == ROLLUP_DISTINCT && !can_differ(v))
        return err_set(e, KITH_E_INVAL, f->name, "the values of %s.%s, a %s, cannot be told apart",
                       v->type->name, v->name, field_kind_name(v->kind));
    if (counts)
        return KITH_OK;
    bool instant = v->kind == KITH_F_DATE || v->kind == KITH_F_TIME;
    if (!has_order(v->kind) || (r->function == ROLLUP_SUM && instant))
        return err_set(e, KITH_E_INVAL, f->name, "%s.%s is a %s: it has no %s", v->type->name,
                       v->name, field_kind_name(v->kind),
                       r->function == ROLLUP_SUM ? "sum" : "order");
    if (r->function == ROLLUP_SUM && !field_adds_up(v))
        return err_set(e, KITH_E_INVAL, f->name,
                       "%s.%s is %s: its numbers are names and have no sum", v->type->name, v->name,
                       field_measure_name(v->measure));
    if (v->kind != f->kind || v->scale != f->scale)
        return err_set(e, KITH_E_INVAL, f->name,
                       "%s.%s is a %s of scale %d, and this field is a %s of scale %d: they must "
                       "be the same",
                       v->type->name, v->name, field_kind_name(v->kind), (int)v->scale,
                       field_kind_name(f->kind), (int)f->scale);
    return f->kind == KITH_F_MONEY ? check_money(s, r, e) : KITH_OK;
}

/* -- all of a schema --------------------------------------------------------------------------- */

/* Puts in front of an error what it is about. Returns its code. */
static kith_status at_rollup(const struct rfield *f, kith_error *e) {
    err_prefix(e, "roll-up \"%s\": ", f->formula);
    return at_field(f, e);
}

/* What else Kith derives, as the members of a segment, does not pass its changes on. */
static kith_status check_reads(const struct rollup *r, kith_error *e) {
    for (uint32_t i = 0; i < r->child->field_count; i++) {
        const struct rfield *f = r->child->fields[i];
        if (!fieldset_has(&r->reads, i) || !(f->flags & KITH_FF_DERIVED) || f->formula)
            continue;
        err_set(e, KITH_E_INVAL, r->field->name, "%s.%s is derived itself", f->type->name, f->name);
        return at_rollup(r->field, e);
    }
    return KITH_OK;
}

static kith_status build_one(struct schema *s, struct rfield *f, kith_error *e) {
    struct rollup *r = ARENA_NEW(&s->arena, struct rollup);
    struct reading in = {.schema = s, .arena = &s->arena, .text = str_of(f->formula), .e = e};
    if (!r)
        return err_nomem(e);
    r->field = f;
    kith_status st = read_formula(&in, r);
    if (st == KITH_OK)
        st = check_kinds(s, r, e);
    if (st != KITH_OK) {
        at_rollup(f, e);
        return st;
    }
    if (r->where)
        r->reads = *predicate_fields(r->where);
    fieldset_add(&r->reads, r->via->index);
    if (r->value)
        fieldset_add(&r->reads, r->value->index);
    f->rollup = r;
    return check_reads(r, e);
}

static kith_status attach(struct schema *s, const struct rollup *r, kith_error *e) {
    struct rtype *child = map_get_u64(&s->by_id, r->child->id),
                 *parent = map_get_u64(&s->by_id, r->field->type->id);
    const struct rollup **more =
        ARENA_ARRAY(&s->arena, const struct rollup *, child->rollup_count + 1u);
    if (!more)
        return err_nomem(e);
    if (child->rollup_count == ROLLUPS_MAX) {
        err_set(e, KITH_E_LIMIT, r->field->name, "more than %d roll-ups are kept from %s",
                ROLLUPS_MAX, child->name);
        return at_rollup(r->field, e);
    }
    if (child->rollup_count)
        memcpy(more, child->rollups, child->rollup_count * sizeof *more);
    more[child->rollup_count++] = r;
    child->rollups = more;
    fieldset_add(&parent->kept, r->field->index);
    if (r->in)
        fieldset_add(&parent->currencies, r->in->index);
    return KITH_OK;
}

static bool is_listed(const struct schema *s, const struct rollup *r) {
    for (uint32_t i = 0; i < s->rollup_count; i++)
        if (s->rollups[i] == r)
            return true;
    return false;
}

/* Those that a roll-up's value is kept from come before it. depth: more than there are is a ring.
 */
static kith_status list_in_order(struct schema *s, const struct rollup *r, uint32_t depth,
                                 kith_error *e) {
    const struct rtype *t = r->child;
    if (is_listed(s, r))
        return KITH_OK;
    if (depth == 0) {
        err_set(e, KITH_E_INVAL, r->field->name, "in the end it is kept from itself");
        return at_rollup(r->field, e);
    }
    for (uint32_t i = 0; i < t->field_count; i++)
        if (t->fields[i]->rollup && fieldset_has(&r->reads, i))
            TRY(list_in_order(s, t->fields[i]->rollup, depth - 1, e));
    s->rollups[s->rollup_count++] = r;
    return KITH_OK;
}

kith_status rollups_build(struct schema *s, kith_error *e) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->type_count; i++)
        for (uint32_t k = 0; k < s->types[i]->field_count; k++)
            if (s->types[i]->fields[k]->formula) {
                TRY(build_one(s, s->types[i]->fields[k], e));
                TRY(attach(s, s->types[i]->fields[k]->rollup, e));
                n++;
            }
    s->rollups = ARENA_ARRAY(&s->arena, const struct rollup *, n + 1);
    if (!s->rollups)
        return err_nomem(e);
    for (uint32_t i = 0; i < s->type_count; i++)
        for (uint32_t k = 0; k < s->types[i]->field_count; k++)
            if (s->types[i]->fields[k]->rollup)
                TRY(list_in_order(s, s->types[i]->fields[k]->rollup, n, e));
    return KITH_OK;
}

/* -- one record -------------------------------------------------------------------------------- */

int64_t rollup_number(const kith_value *v) {
    switch (v->kind) {
    case KITH_DECIMAL:
        return v->as.decimal.units;
    case KITH_MONEY:
        return v->as.money.minor;
    case KITH_LINK:
        return (int64_t)v->as.link.id;
    default:
        return v->as.i;
    }
}

kith_status rollup_part(const struct rollup *r, const struct zone *zone, kith_id id,
                        const kith_value *values, kith_value *part, kith_error *e) {
    static const struct principal kith = {.name = "Kith", .all = true};
    const struct query_env env = {.zone = zone, .principal = &kith};
    const kith_value *v = r->value ? &values[r->value->index] : NULL;
    bool yes = true;
    *part = value_null();
    if (v && v->kind == KITH_NULL)
        return KITH_OK;
    if (v && v->kind == KITH_MONEY && !r->in && memcmp(v->as.money.currency, r->currency, 3) != 0)
        return KITH_OK;
    if (r->where)
        TRY(predicate_match(r->where, &env, id, values, NULL, &yes, e));
    if (yes)
        *part = v && (v->kind == KITH_TEXT || r->in) ? *v : value_int(v ? rollup_number(v) : 1);
    return KITH_OK;
}

static bool is_link_to(const struct rollup *r, const kith_value *v, kith_id parent) {
    return v->kind == KITH_LINK && v->as.link.id == parent && v->as.link.type == r->field->type->id;
}

bool rollup_links(const struct rollup *r, const kith_value *values, kith_id parent) {
    const kith_value *v = &values[r->via->index];
    if (v->kind != KITH_LIST)
        return is_link_to(r, v, parent);
    for (uint64_t i = 0; i < v->as.list.count; i++)
        if (is_link_to(r, &v->as.list.items[i], parent))
            return true;
    return false;
}

static bool is_currency(kith_str s) {
    char code[4] = {0};
    if (s.len != 3)
        return false;
    memcpy(code, s.ptr, 3);
    return currency_digits(code) >= 0;
}

const char *rollup_currency(const struct rollup *r, const kith_value *record) {
    const kith_value *v = r->in && record ? &record[r->in->index] : NULL;
    return v && v->kind == KITH_TEXT && is_currency(v->as.s) ? v->as.s.ptr : r->currency;
}

kith_status rollup_check_currency(const struct rfield *f, const kith_value *v, kith_error *e) {
    if (v->kind != KITH_TEXT || is_currency(v->as.s))
        return KITH_OK;
    return err_set(e, KITH_E_INVAL, f->name,
                   "%s: '%.*s' is no ISO 4217 currency, in which sums of %s are kept; give its"
                   " code, as EUR",
                   f->name, (int)(v->as.s.len < 100 ? v->as.s.len : 100), v->as.s.ptr,
                   f->type->name);
}

kith_value rollup_empty(const struct rollup *r, const kith_value *record) {
    bool extreme = r->function == ROLLUP_MIN || r->function == ROLLUP_MAX;
    return extreme ? value_null() : rollup_value(r, record, 0);
}

kith_value rollup_value(const struct rollup *r, const kith_value *record, int64_t number) {
    static const uint32_t kinds[] = {[KITH_F_INTEGER] = KITH_INT,
                                     [KITH_F_DATE] = KITH_DATE,
                                     [KITH_F_TIME] = KITH_TIME,
                                     [KITH_F_DURATION] = KITH_DURATION};
    kith_value v = {0};
    if (r->field->kind == KITH_F_MONEY) {
        v.kind = KITH_MONEY;
        v.as.money.minor = number;
        memcpy(v.as.money.currency, rollup_currency(r, record), 3);
    } else if (r->field->kind == KITH_F_DECIMAL) {
        v.kind = KITH_DECIMAL;
        v.as.decimal.units = number;
        v.as.decimal.scale = r->field->scale;
    } else {
        v.kind = kinds[r->field->kind];
        v.as.i = number;
    }
    return v;
}

kith_status rollup_no_event(const struct rfield *f, kith_error *e) {
    if (!f->rollup)
        return KITH_OK;
    return err_set(e, KITH_E_INVAL, f->name,
                   "%s.%s is a roll-up and changes without an event; wait for changes of %s, and "
                   "look at it there",
                   f->type->name, f->name, f->rollup->child->name);
}
