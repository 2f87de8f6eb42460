/* SPDX-License-Identifier: Apache-2.0 */
/* Cells as people and programs write them, brought to the form that fields read: words that mean
 * nothing, decimal commas and thousands, signs of currencies, several values in one cell. Nothing
 * is guessed: what can be read in two ways is refused, with the way to decide. */
#include "engine/import_internal.h"

#include "base/number.h"
#include <string.h>
#include <strings.h>

bool cell_is_empty(const struct import *im, kith_str s) {
    kith_str rest = str_of(im->o->empty), word;
    bool empty = s.len == 0;
    while (!empty && rest.len && str_split(&rest, ',', &word))
        empty = word.len == s.len && strncasecmp(word.ptr, s.ptr, s.len) == 0;
    return empty;
}

/* Takes a text off the front, or the end, of *s. */
static bool take(kith_str *s, const char *what, bool front) {
    size_t len = strlen(what);
    if (s->len < len || memcmp(front ? s->ptr : s->ptr + s->len - len, what, len) != 0)
        return false;
    *s = str_trim((kith_str){front ? s->ptr + len : s->ptr, s->len - len});
    return true;
}

static void take_sign(kith_str *s, bool *minus) {
    if (take(s, "-", true) || take(s, "\xE2\x88\x92", true)) /* U+2212 is a minus in print */
        *minus = !*minus;
    else
        (void)take(s, "+", true);
}

/* -- numbers ----------------------------------------------------------------------------------- */

/* The bytes of what separates thousands at s: the point or comma that is not the decimal sign, an
 * apostrophe, or a blank of any kind; 0: nothing does. */
static size_t separator(kith_str s, char decimal) {
    static const char *const others[] = {" ", "'", "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x99"};
    if (s.ptr[0] == (decimal == ',' ? '.' : ','))
        return 1;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (str_starts(s, others[i]))
            return strlen(others[i]);
    return 0;
}

/* "1.234,56" as "1234.56": groups are of three digits and set apart by the same sign. */
static bool plain_number(kith_str s, char decimal, struct buf *out) {
    kith_str first = {0};
    size_t run = 0; /* digits since the last sign */
    bool point = false, any = false;
    for (size_t i = 0, n; i < s.len; i += n) {
        kith_str rest = {s.ptr + i, s.len - i};
        bool whole = run == 3 || (!first.len && run > 0); /* may the group end here? */
        n = 1;
        if (rest.ptr[0] >= '0' && rest.ptr[0] <= '9') {
            buf_putc(out, rest.ptr[0]);
            any = true;
            run++;
        } else if (rest.ptr[0] == decimal && !point && (whole || !first.len)) {
            buf_putc(out, '.');
            point = true;
        } else if ((n = separator(rest, decimal)) && !point && whole && run <= 3 &&
                   (!first.len || (first.len == n && memcmp(first.ptr, rest.ptr, n) == 0))) {
            first = (kith_str){rest.ptr, n};
            run = 0;
        } else {
            return false;
        }
    }
    return any && (point || !first.len || run == 3);
}

/* The number in the arena, with a point and no thousands. */
static kith_status read_number(const struct import *im, struct arena *a, const struct rfield *f,
                               kith_str all, bool minus, kith_str number, kith_str *out,
                               kith_error *e) {
    struct buf b = {0};
    kith_status st = KITH_OK;
    if (minus)
        buf_putc(&b, '-');
    if (!im->o->decimal)
        buf_str(&b, number);
    else if (!plain_number(number, im->o->decimal, &b))
        st = err_set(e, KITH_E_INVAL, f->name, "%s: '%.*s' is no number with a decimal %s", f->name,
                     (int)(all.len < 60 ? all.len : 60), all.ptr,
                     im->o->decimal == ',' ? "comma" : "point");
    *out = arena_str(a, buf_view(&b));
    buf_free(&b);
    return st == KITH_OK && !out->ptr ? err_nomem(e) : st;
}

static kith_status clean_number(const struct import *im, struct arena *a, const struct rfield *f,
                                kith_value *v, kith_error *e) {
    kith_str all = v->as.s, number = all;
    bool minus = false;
    if (!im->o->decimal)
        return KITH_OK;
    take_sign(&number, &minus);
    return read_number(im, a, f, all, minus, number, &v->as.s, e);
}

/* -- money ------------------------------------------------------------------------------------- */

static const struct symbol {
    const char *sign, *codes;
} symbols[] = {
    {"US$", "USD"},
    {"$", "USD,AUD,CAD,NZD,SGD,HKD,TWD,MXN,ARS,CLP,COP,UYU,BSD,BBD,BZD,JMD,TTD,FJD,XCD"},
    {"\xE2\x82\xAC", "EUR"},                         /* euro sign */
    {"\xC2\xA3", "GBP,EGP,FKP,GIP,LBP,SHP,SSP,SYP"}, /* pound sign */
    {"\xC2\xA5", "JPY,CNY"},                         /* yen sign */
    {"\xE2\x82\xB9", "INR"},                         /* rupee sign */
};

struct amount {
    bool minus;
    const struct symbol *symbol;
    kith_str code, number;
};

static bool is_letter(char c) {
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static void take_code(kith_str *s, kith_str *code, bool front) {
    const char *p = front ? s->ptr : s->ptr + s->len - 3;
    if (s->len < 3 || !is_letter(p[0]) || !is_letter(p[1]) || !is_letter(p[2]))
        return;
    *code = (kith_str){p, 3};
    *s = str_trim((kith_str){front ? s->ptr + 3 : s->ptr, s->len - 3});
}

static void take_currency(struct amount *m, bool front) {
    for (int i = 0; i < 2; i++) { /* "$ 5 USD" has both at one end */
        if (!m->code.len)
            take_code(&m->number, &m->code, front);
        for (size_t k = 0; !m->symbol && k < sizeof symbols / sizeof *symbols; k++)
            if (take(&m->number, symbols[k].sign, front))
                m->symbol = &symbols[k];
    }
}

/* "-$5", "$ -5", "5 EUR", "(5.00)" */
static struct amount take_apart(kith_str s) {
    struct amount m = {.number = s};
    if (s.len > 2 && s.ptr[0] == '(' && s.ptr[s.len - 1] == ')') {
        m.minus = true;
        m.number = str_trim((kith_str){s.ptr + 1, s.len - 2});
    }
    take_sign(&m.number, &m.minus);
    take_currency(&m, true);
    take_sign(&m.number, &m.minus);
    take_currency(&m, false);
    return m;
}

static bool has_code(const struct symbol *symbol, kith_str code) {
    kith_str rest = str_of(symbol->codes), one;
    while (str_split(&rest, ',', &one))
        if (code.len == 3 && strncasecmp(one.ptr, code.ptr, 3) == 0)
            return true;
    return false;
}

/* Which currency a sign stands for: the one that is written beside it, the field's or the company's
 * own if it is one of them, or the only one there is. */
static kith_status read_symbol(const struct import *im, const struct rfield *f, kith_str all,
                               struct amount *m, kith_error *e) {
    const char *own = f->option_count == 1 ? f->options[0] : im->schema->base_currency;
    if (!m->symbol)
        return KITH_OK;
    if (!m->code.len && has_code(m->symbol, str_of(own)))
        m->code = str_of(own);
    if (!m->code.len && strlen(m->symbol->codes) == 3)
        m->code = str_of(m->symbol->codes);
    if (has_code(m->symbol, m->code))
        return KITH_OK;
    return err_set(
        e, KITH_E_INVAL, f->name, "%s: '%.*s': %s; give the currency with '%s:={Column} USD'",
        f->name, (int)(all.len < 60 ? all.len : 60), all.ptr,
        m->code.len ? "sign and currency do not fit" : "several currencies have this sign",
        f->name);
}

static kith_status clean_money(const struct import *im, struct arena *a, const struct rfield *f,
                               kith_value *v, kith_error *e) {
    kith_str all = v->as.s, number;
    struct amount m = take_apart(all);
    if (!m.symbol && !im->o->decimal)
        return KITH_OK;
    TRY(read_symbol(im, f, all, &m, e));
    TRY(read_number(im, a, f, all, m.minus, m.number, &number, e));
    char *text = arena_printf(a, "%.*s %.*s", (int)number.len, number.ptr, (int)m.code.len,
                              m.code.len ? m.code.ptr : "");
    if (!text)
        return err_nomem(e);
    v->as.s = str_trim(str_of(text));
    return KITH_OK;
}

/* -- lists ------------------------------------------------------------------------------------- */

static kith_status split_list(const struct import *im, struct arena *a, kith_value *v,
                              kith_error *e) {
    kith_str rest = v->as.s, part;
    uint64_t n = 0;
    if (!im->o->split)
        return KITH_OK;
    kith_value *items = ARENA_ARRAY(a, kith_value, rest.len + 1);
    if (!items)
        return err_nomem(e);
    while (csv_item(a, &rest, im->o->split, &part)) {
        if (!part.ptr)
            return err_nomem(e);
        if (part.len)
            items[n++] = value_str(part);
    }
    *v = (kith_value){.kind = KITH_LIST, .as.list = {.items = items, .count = n}};
    return KITH_OK;
}

/* -- cells ------------------------------------------------------------------------------------- */

kith_status cell_clean(const struct import *im, struct arena *a, const struct rfield *f,
                       kith_value *v, kith_error *e) {
    switch (f->kind) {
    case KITH_F_INTEGER:
    case KITH_F_DECIMAL:
        return clean_number(im, a, f, v, e);
    case KITH_F_MONEY:
        return clean_money(im, a, f, v, e);
    case KITH_F_TAGS:
    case KITH_F_LINKS:
        return split_list(im, a, v, e);
    default:
        return KITH_OK;
    }
}
