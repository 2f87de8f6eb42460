/* SPDX-License-Identifier: Apache-2.0 */
/* What random conditions mean: an evaluator that works through them as they were made up, in
 * three-valued logic, record by record. */
#ifndef TESTS_UNIT_QUERY_NAIVE_H
#define TESTS_UNIT_QUERY_NAIVE_H

#include "base/text.h"
#include "query_condition.h"
#include "query_rights.h"

/* -- the naive evaluator ----------------------------------------------------------------------- */

enum truth { NO, UNKNOWN, YES };

static kith_str folded(const struct rfield *f, kith_str s) {
    return f->folded ? text_fold(&arena, s) : s;
}

/* -1, 0, 1; 2: they are different and have no order. */
static int naive_order(const struct rfield *f, const struct rfield *g, bool equality,
                       const kith_value *a, const kith_value *b) {
    int64_t x = a->as.i, y = b->as.i;
    if (!equality && ranked(f))
        return naive_order(NULL, NULL, true, &(kith_value){.as.i = field_option(f, a->as.s)},
                           &(kith_value){.as.i = field_option(f, b->as.s)});
    if (a->kind == KITH_TEXT) {
        bool fold = !equality && f->folded && (!g || g->folded);
        int o = str_cmp(fold ? text_fold(&arena, a->as.s) : a->as.s,
                        fold ? text_fold(&arena, b->as.s) : b->as.s);
        return o < 0 ? -1 : o > 0;
    }
    if (a->kind == KITH_MONEY && strcmp(a->as.money.currency, b->as.money.currency) != 0)
        return 2;
    if (a->kind == KITH_LINK) {
        if (f && f->any_target && !g && b->as.link.type && a->as.link.type != b->as.link.type)
            return 2;
        x = (int64_t)a->as.link.id;
        y = (int64_t)b->as.link.id;
    }
    if (b->kind == PERIOD)
        return naive_period(a, b);
    if (a->kind == KITH_TIME && b->kind == KITH_DATE)
        x = naive_day(a);
    return x < y ? -1 : x > y;
}

static enum truth naive_compare(const struct rfield *f, const struct rfield *g, enum op op,
                                const kith_value *a, const kith_value *b) {
    int o = naive_order(f, g, op == EQ || op == NE, a, b);
    if (op == EQ || op == NE)
        return (o == 0) == (op == EQ) ? YES : NO;
    if (o == 2)
        return UNKNOWN;
    return (op == LT ? o < 0 : op == LE ? o <= 0 : op == GT ? o > 0 : o >= 0) ? YES : NO;
}

static size_t char_len(kith_str s) {
    size_t n = 1;
    while (n < s.len && ((unsigned char)s.ptr[n] & 0xC0) == 0x80)
        n++;
    return n;
}

static kith_str skip(kith_str s, size_t n) {
    return (kith_str){s.ptr + n, s.len - n};
}

static bool naive_like(kith_str p, kith_str s) {
    if (p.len == 0)
        return s.len == 0;
    if (p.ptr[0] == '%')
        return naive_like(skip(p, 1), s) || (s.len && naive_like(p, skip(s, char_len(s))));
    if (s.len == 0)
        return false;
    if (p.ptr[0] == '_')
        return naive_like(skip(p, 1), skip(s, char_len(s)));
    size_t n = char_len(p);
    bool same =
        char_len(s) == n && (n == 1 ? (p.ptr[0] | (p.ptr[0] >= 'A' && p.ptr[0] <= 'Z' ? 32 : 0)) ==
                                          (s.ptr[0] | (s.ptr[0] >= 'A' && s.ptr[0] <= 'Z' ? 32 : 0))
                                    : memcmp(p.ptr, s.ptr, n) == 0);
    return same && naive_like(skip(p, n), skip(s, n));
}

static enum truth negated(enum truth t) {
    return t == YES ? NO : t == NO ? YES : UNKNOWN;
}

/* The value of a way that goes to one; NULL kind when there is none. */
static kith_value naive_value(const struct table *t, int row, const struct way *w, uint32_t at) {
    const struct rfield *f = w->fields[at];
    if (row < 0)
        return value_null();
    if (!f)
        return value_link(t->ids[row], t->type->id);
    const kith_value *v = &t->values[row][f->index];
    if (at + 1 == w->count)
        return taken_of(w, *v);
    const struct table *to = table_of(f->target);
    return naive_value(to, v->kind == KITH_LINK ? seen_row(to, v->as.link.id) : -1, w, at + 1);
}

/* Is the record that a link leads to in a segment, and may that be known? */
static bool naive_member(uint32_t segment, const kith_value *v) {
    int row = v->kind == KITH_LINK ? row_of(members_of(segment), v->as.link.id) : -1;
    return row >= 0 && members[segment][row] && seen(&tables[SEGMENT], (int)segment);
}

static enum truth naive_test(const struct cond *c, const kith_value *v, const kith_value *other) {
    const struct rfield *f = field_at_end(&c->way), *g;
    enum truth any = NO;
    if (c->op == IS_NULL || c->op == NOT_NULL)
        return (v->kind == KITH_NULL) == (c->op == IS_NULL) ? YES : NO;
    if (c->op == TAGGED) {
        for (uint64_t i = 0; v->kind == KITH_LIST && i < v->as.list.count; i++)
            if (str_eq(v->as.list.items[i].as.s, c->values[0].as.s))
                return YES;
        return NO;
    }
    if (c->op == MEMBER)
        return naive_member((uint32_t)c->values[0].as.i, v) ? YES : NO;
    bool list = c->op == IN || c->op == NOT_IN;
    if (v->kind == KITH_NULL ||
        (c->op == FIELD ? other->kind == KITH_NULL : !list && c->values[0].kind == KITH_NULL))
        return UNKNOWN;
    switch (c->op) {
    case FIELD:
        g = field_at_end(&c->other);
        return naive_compare(f, g ? g : f, c->cmp, v, other);
    case NEAR:
        return naive_metres(v, &c->values[0]) <= c->radius->metres ? YES : NO;
    case LIKE:
    case NOT_LIKE:
        any = naive_like(folded(f, c->values[0].as.s), folded(f, v->as.s)) ? YES : NO;
        return c->op == LIKE ? any : negated(any);
    case IN:
    case NOT_IN:
        for (uint32_t i = 0; i < c->count; i++)
            if (c->values[i].kind == KITH_NULL)
                any = any == YES ? YES : UNKNOWN;
            else if (naive_compare(f, NULL, EQ, v, &c->values[i]) == YES)
                any = YES;
        return c->op == IN ? any : negated(any);
    default:
        return naive_compare(f, NULL, c->op, v, &c->values[0]);
    }
}

/* A way from its step `at` on: through links, whether any record satisfies the test. */
static enum truth naive_leaf(const struct cond *c, const struct table *t, int row, uint32_t at,
                             const kith_value *other) {
    const struct rfield *f = c->way.fields[at];
    bool last = at + 1 == c->way.count;
    kith_value v = row >= 0 && f ? t->values[row][f->index] : value_null();
    if (!f && row >= 0)
        v = value_link(t->ids[row], t->type->id);
    if (f && f->kind == KITH_F_LINKS && last && (c->op == IS_NULL || c->op == NOT_NULL))
        return naive_test(c, &v, other);
    if (f && f->kind == KITH_F_LINKS) {
        const struct table *to = table_of(f->target);
        for (uint64_t i = 0; v.kind == KITH_LIST && i < v.as.list.count; i++) {
            const kith_value *link = &v.as.list.items[i];
            int target = seen_row(to, link->as.link.id);
            if (last ? naive_test(c, link, other) == YES
                     : target >= 0 && naive_leaf(c, to, target, at + 1, other) == YES)
                return YES;
        }
        return NO;
    }
    if (last) {
        v = taken_of(&c->way, v);
        return naive_test(c, &v, other);
    }
    const struct table *to = table_of(f->target);
    return naive_leaf(c, to, v.kind == KITH_LINK ? seen_row(to, v.as.link.id) : -1, at + 1, other);
}

static enum truth naive(const struct cond *c, const struct table *t, int row);

static bool is_restricted(const struct way *w) {
    return w->count == 1 && w->fields[0] && strcmp(w->fields[0]->name, "restricted") == 0;
}

/* Does the condition itself ask whether contacts are restricted? */
static bool asks_restricted(const struct cond *c) {
    if (!c || c->kind == RELATED || c->kind == WORD)
        return false;
    if (c->kind == LEAF)
        return is_restricted(&c->way) || (c->op == FIELD && is_restricted(&c->other));
    return asks_restricted(c->a) || asks_restricted(c->b);
}

/* Is the record one of those that a query with the condition finds? */
static bool naive_finds(const struct cond *c, const struct table *t, int row) {
    if (t == &tables[CONTACT] && !asks_restricted(c) &&
        value_at(t, row, "restricted")->kind != KITH_NULL)
        return false;
    return !c || naive(c, t, row) == YES;
}

static bool naive_links(const kith_value *v, const struct table *t, int row) {
    if (v->kind == KITH_LINK)
        return v->as.link.id == t->ids[row];
    for (uint64_t i = 0; v->kind == KITH_LIST && i < v->as.list.count; i++)
        if (v->as.list.items[i].as.link.id == t->ids[row])
            return true;
    return false;
}

/* The record that is asked about: this one, or the one that a way leads to; *row -1: there is none.
 */
static const struct table *naive_of(const struct way *of, const struct table *t, int *row) {
    if (!of->count)
        return t;
    kith_value link = naive_value(t, *row, of, 0);
    t = table_of(of->fields[of->count - 1]->target);
    *row = link.kind == KITH_LINK ? seen_row(t, link.as.link.id) : -1;
    return t;
}

static enum truth naive_related(const struct cond *c, const struct table *t, int row) {
    const struct table *from = table_of(c->via->type);
    int64_t n = 0;
    t = naive_of(&c->of, t, &row);
    for (int i = 0; row >= 0 && i < (int)ROWS; i++) {
        const kith_value *v = &from->values[i][c->via->index];
        if (c->via->any_target && v->kind == KITH_LINK && v->as.link.type != t->type->id)
            continue;
        n += seen(from, i) && naive_links(v, t, row) && naive_finds(c->a, from, i);
    }
    if (!c->counted)
        return n ? YES : NO;
    kith_value number = value_int(n);
    return naive_compare(NULL, NULL, c->cmp, &number, &c->values[0]);
}

static bool is_empty(const struct table *t, int row, const char *name) {
    return value_at(t, row, name)->kind == KITH_NULL;
}

/* A word about the purpose that stands, said in this state, for one of the contact's addresses or
 * for the contact as a whole (point < 0), or for a point. */
static bool naive_said(const struct cond *c, const char *state, int contact, int point,
                       bool whole) {
    const struct table *words_ = &tables[CONSENT];
    for (int i = 0; i < (int)ROWS; i++) {
        const kith_value *purpose = value_at(words_, i, "purpose");
        const kith_value *said = value_at(words_, i, "state");
        int of = purpose->kind == KITH_LINK ? seen_row(&tables[PURPOSE], purpose->as.link.id) : -1;
        const kith_value *name = of < 0 ? NULL : value_at(&tables[PURPOSE], of, "name");
        bool empty = is_empty(words_, i, "address");
        if (!seen(words_, i) || !is_empty(words_, i, "replaced_by") || said->kind != KITH_TEXT ||
            !str_eqz(said->as.s, state) || !name || name->kind != KITH_TEXT ||
            !str_eqz(name->as.s, c->purpose))
            continue;
        const kith_value *expires = value_at(words_, i, "expires");
        if (str_eqz(said->as.s, "given") && expires->kind == KITH_TIME && expires->as.i <= env.now)
            continue;
        if (point >= 0 ? links_to(value_at(words_, i, "contact_points"), tables[POINT].ids[point])
                       : links_to(value_at(words_, i, "contact"), tables[CONTACT].ids[contact]) &&
                             (empty || (!whole && !is_empty(words_, i, "contact_points"))))
            return true;
    }
    return false;
}

static enum truth naive_word(const struct cond *c, const struct table *t, int row) {
    t = naive_of(&c->of, t, &row);
    if (row < 0)
        return NO;
    bool is_point = t == &tables[POINT];
    int contact = row, point = is_point ? row : -1;
    if (is_point) {
        const kith_value *v = value_at(t, row, "contact");
        contact = v->kind == KITH_LINK ? seen_row(&tables[CONTACT], v->as.link.id) : -1;
    }
    bool whole_yes = is_point && contact >= 0 && naive_said(c, "given", contact, -1, true);
    bool whole_no = is_point && contact >= 0 && naive_said(c, "withdrawn", contact, -1, true);
    bool yes = naive_said(c, "given", contact, point, false);
    bool no = naive_said(c, "withdrawn", contact, point, false);
    if (c->no)
        return no || (whole_no && !yes) ? YES : NO;
    return (contact < 0 || is_empty(&tables[CONTACT], contact, "restricted")) &&
                   (yes || whole_yes) && !no
               ? YES
               : NO;
}

static enum truth naive(const struct cond *c, const struct table *t, int row) {
    if (c->kind == WORD)
        return naive_word(c, t, row);
    if (c->kind == RELATED)
        return naive_related(c, t, row);
    if (c->kind == LEAF) {
        kith_value other = value_null();
        if (c->op == FIELD)
            other = naive_value(t, row, &c->other, 0);
        return naive_leaf(c, t, row, 0, &other);
    }
    enum truth a = naive(c->a, t, row);
    if (c->kind == NOT)
        return negated(a);
    enum truth b = naive(c->b, t, row);
    return c->kind == AND ? (a < b ? a : b) : (a > b ? a : b);
}
#endif
