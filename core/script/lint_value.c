/* SPDX-License-Identifier: Apache-2.0 */
/* Values that are given to fields: what is written out is checked as the engine would, of all else
 * a value of its kind stands for it. */
#include "script/lint.h"

#include <math.h>
#include <string.h>

void lint_need(struct lint *l, uint32_t line, uint32_t right, const struct rtype *t) {
    kith_error e = KITH_ERROR_INIT;
    if (l->file->script && t && right_need(l->file->script, right, t, &e) != KITH_OK)
        lint_error(l, line, FAULT, &e);
}

void lint_need_name(struct lint *l, uint32_t line, const char *kind, const char *name) {
    kith_error e = KITH_ERROR_INIT;
    if (l->file->script && right_need_name(l->file->script, kind, name, &e) != KITH_OK)
        lint_error(l, line, FAULT, &e);
}

/* -- what is written out ----------------------------------------------------------------------- */

/* As value_take reads it; false: it is no exact number, and told. */
static bool read_number(struct lint *l, uint32_t line, const struct rfield *f, double real,
                        kith_value *out) {
    *out = (kith_value){.kind = KITH_REAL, .as.r = real};
    if (real == trunc(real) && fabs(real) < 0x1p53) {
        *out = value_int((int64_t)real);
        return true;
    }
    if (f->kind != KITH_F_INTEGER && f->kind != KITH_F_DECIMAL && f->kind != KITH_F_MONEY)
        return true;
    lint_say(l, line, FAULT, "%s: %.10g is no exact number: use // to divide, or decimal('...')",
             f->name, real);
    return false;
}

static void check_literal(struct lint *l, uint32_t line, const struct rfield *f, bool is_new,
                          const struct type *t) {
    kith_error e = KITH_ERROR_INIT;
    kith_value v;
    switch (t->kind) {
    case T_TEXT:
        v = value_str(t->text);
        break;
    case T_INTEGER:
        v = value_int(t->integer);
        break;
    case T_BOOLEAN:
        v = (kith_value){.kind = KITH_BOOL, .as.i = t->integer};
        break;
    default:
        if (!read_number(l, line, f, t->real, &v))
            return;
    }
    kith_status st = value_check(l->schema, f, false, &l->arena, &v, &e);
    if (st == KITH_OK)
        st = value_range(l->schema, f, &v, &e);
    if (st == KITH_OK && is_new && f->kind == KITH_F_STATE && v.kind != KITH_NULL)
        st = state_check(f, NULL, &v, &e);
    bool login = st == KITH_E_INVAL && t->kind == T_TEXT && f->kind == KITH_F_LINK && f->target &&
                 strcmp(f->target->name, "user") == 0;
    if (login)
        lint_say(l, line, FAULT, "%s; a user is found by find(\"user where login = '%.*s'\")()",
                 e.message, (int)t->text.len, t->text.ptr);
    else if (st != KITH_OK && st != KITH_E_NOMEM)
        lint_error(l, line, FAULT, &e);
}

/* -- what is only known by its kind ------------------------------------------------------------ */

static kith_value some_money(const struct lint *l, const struct rfield *f) {
    kith_value v = {.kind = KITH_MONEY, .as.money.currency = "EUR"};
    const char *currency = f->option_count ? f->options[0] : l->schema->base_currency;
    if (currency[0])
        memcpy(v.as.money.currency, currency, 3);
    return v;
}

/* A value of that kind; false: any may be meant, or none can be. */
static bool stand_in(const struct lint *l, const struct rfield *f, const struct type *t,
                     kith_value *v) {
    switch (t->kind) {
    case T_BOOLEAN:
        *v = (kith_value){.kind = KITH_BOOL, .as.i = 1};
        return true;
    case T_INTEGER:
        *v = value_int(1);
        return true;
    case T_EXACT:
        *v = t->exact == KITH_MONEY ? some_money(l, f) : (kith_value){.kind = t->exact};
        return true;
    case T_RECORD:
        *v = value_link(1, t->record ? t->record->id : f->target ? f->target->id : 0);
        return t->record || f->target;
    case T_TABLE:
    case T_LIST:
    case T_ROWS:
    case T_ROW:
    case T_RESULTS:
    case T_ANSWERS:
    case T_ANSWER:
    case T_CHANGED:
        *v = (kith_value){.kind = KITH_LIST};
        return f->kind != KITH_F_PLACE && f->kind != KITH_F_JSON;
    default:
        return false;
    }
}

static void check_kind(struct lint *l, uint32_t line, const struct rfield *f,
                       const struct type *t) {
    kith_error e = KITH_ERROR_INIT;
    kith_value v;
    enum weight w = t->maybe ? WARNING : FAULT;
    bool link = t->kind == T_RECORD && f->kind == KITH_F_LINK;
    if (!stand_in(l, f, t, &v))
        return;
    if (value_check(l->schema, f, false, &l->arena, &v, &e) == KITH_OK)
        return;
    if (link)
        lint_error(l, line, w, &e);
    else
        lint_say(l, line, w, "%s: %s is no value for a field of kind %s%s", f->name,
                 type_text(l, t), field_kind_name(f->kind),
                 t->kind != T_EXACT || t->exact != KITH_DURATION ? ""
                 : f->kind == KITH_F_TIME                        ? ": write now() + days(3)"
                 : f->kind == KITH_F_DATE                        ? ": write today() + days(3)"
                                                                 : "");
}

static void check_place(struct lint *l, const struct node *table, const struct rfield *f) {
    bool lat = false, lon = false;
    for (const struct node *i = table->a; i; i = i->next) {
        if (i->a && i->a->kind != NODE_STRING)
            return;
        lat |= i->a && str_eqz(i->a->text, "lat");
        lon |= i->a && str_eqz(i->a->text, "lon");
    }
    if (!lat || !lon)
        lint_say(l, table->line, FAULT, "%s: write a place as {lat = 52.5, lon = 13.4}", f->name);
}

/* Each item of a list that is written out. */
static void check_items(struct lint *l, const struct node *table, const struct rfield *f) {
    for (const struct node *i = table->a; i; i = i->next) {
        const struct type *t = i->note;
        if (i->a || !t)
            continue;
        kith_value item, list = {.kind = KITH_LIST, .as.list = {.items = &item, .count = 1}};
        kith_error e = KITH_ERROR_INIT;
        if (t->kind == T_TEXT && t->literal)
            item = value_str(t->text);
        else if (t->kind != T_TEXT && !stand_in(l, f, t, &item))
            continue;
        else if (t->kind == T_TEXT)
            continue;
        if (item.kind == KITH_LIST)
            lint_say(l, i->line, FAULT, "%s: a list of lists is no value", f->name);
        else if (value_check(l->schema, f, false, &l->arena, &list, &e) != KITH_OK)
            lint_error(l, i->line, t->maybe ? WARNING : FAULT, &e);
    }
}

void lint_value(struct lint *l, uint32_t line, const struct rfield *f, bool record, bool is_new,
                const struct type *t, const struct node *n) {
    kith_error e = KITH_ERROR_INIT;
    bool list = f->kind == KITH_F_TAGS || f->kind == KITH_F_LINKS;
    if (record && field_kept(f, &e) != KITH_OK) {
        lint_error(l, line, FAULT, &e);
        return;
    }
    switch (t->kind) {
    case T_NONE:
    case T_UNKNOWN:
    case T_NIL:
    case T_NULL:
    case T_FILE:
        return;
    case T_TEXT:
    case T_INTEGER:
    case T_NUMBER:
    case T_BOOLEAN:
        if (t->literal)
            check_literal(l, line, f, is_new, t);
        else
            check_kind(l, line, f, t);
        return;
    case T_FUNCTION:
    case T_WORD:
    case T_ACTION:
    case T_FORM:
    case T_FINDING:
    case T_CHANGE:
    case T_EVENT:
        if (t->run && f->kind == KITH_F_JSON)
            return;
        lint_say(l, line, FAULT, "%s: %s is no value for a field%s", f->name, type_text(l, t),
                 t->kind == T_FINDING ? ": write find(...)() for its first record" : "");
        return;
    default:
        if (n && n->kind == NODE_TABLE && f->kind == KITH_F_PLACE)
            check_place(l, n, f);
        else if (n && n->kind == NODE_TABLE && list)
            check_items(l, n, f);
        else
            check_kind(l, line, f, t);
    }
}
