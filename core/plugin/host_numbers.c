/* SPDX-License-Identifier: Apache-2.0 */
/* kith.numbers/1: exact amounts for modules. */
#include "base/date.h"
#include "base/number.h"
#include "plugin/internal.h"

static int32_t numbers_digits(const char *currency) {
    char code[4] = "";
    if (!currency || strlen(currency) != 3)
        return -1;
    memcpy(code, currency, sizeof code);
    return currency_digits(code);
}

/* The whole number inside of a value, or NULL where it has none. */
static int64_t *units_of(kith_value *v) {
    return v->kind == KITH_MONEY     ? &v->as.money.minor
           : v->kind == KITH_DECIMAL ? &v->as.decimal.units
           : v->kind == KITH_INT     ? &v->as.i
                                     : NULL;
}

static kith_status too_large(kith_error *e) {
    return err_set(e, KITH_E_LIMIT, NULL, "the amount is too large: it does not fit 64 bits");
}

static kith_status numbers_multiply(const kith_value *amount, const kith_value *by, int64_t per,
                                    uint32_t round, kith_value *out, kith_error *e) {
    static const enum rounding how[] = {ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN, ROUND_UP};
    kith_value result = amount ? *amount : (kith_value){0}, factor = by ? *by : (kith_value){0};
    int64_t *a = units_of(&result), *b = units_of(&factor);
    int32_t scale = factor.kind == KITH_DECIMAL ? factor.as.decimal.scale : 0;
    if (!a || !b || factor.kind == KITH_MONEY || scale < 0 || scale > 18 || per == 0 ||
        round >= sizeof how / sizeof *how || !out)
        return err_set(e, KITH_E_INVAL, NULL,
                       "an amount is multiplied by a number and divided by one that is not 0");
    if (!muldiv(*a, *b, per, scale, how[round], a))
        return too_large(e);
    *out = result;
    return KITH_OK;
}

static bool alike(const kith_value *a, const kith_value *b) {
    if (a->kind != b->kind)
        return false;
    if (a->kind == KITH_MONEY)
        return memcmp(a->as.money.currency, b->as.money.currency, 3) == 0;
    return a->kind != KITH_DECIMAL || a->as.decimal.scale == b->as.decimal.scale;
}

static kith_status numbers_add(const kith_value *a, int32_t sign, const kith_value *b,
                               kith_value *out, kith_error *e) {
    kith_value sum = a && a->kind ? *a : b ? *b : (kith_value){0}, second = b ? *b : sum;
    if ((sign != 1 && sign != -1) || !out)
        return err_set(e, KITH_E_INVAL, NULL, "the sign of a sum is 1 or -1");
    if (!a || !a->kind) {
        if (units_of(&sum))
            *units_of(&sum) = 0;
    }
    if (sum.kind && second.kind && (!units_of(&sum) || !alike(&sum, &second)))
        return err_set(e, KITH_E_INVAL, NULL,
                       "%.3s and %.3s cannot be added: amounts are of one currency, numbers of one "
                       "kind",
                       sum.kind == KITH_MONEY ? sum.as.money.currency : "numbers",
                       second.kind == KITH_MONEY ? second.as.money.currency : "numbers");
    int64_t *n = units_of(&sum), m = second.kind ? *units_of(&second) : 0;
    if (n && (sign > 0 ? __builtin_add_overflow(*n, m, n) : __builtin_sub_overflow(*n, m, n)))
        return too_large(e);
    *out = sum;
    return KITH_OK;
}

/* Each part is what the amount is up to and with it, less what it was before. */
static kith_status numbers_split(const kith_value *money, uint32_t count, const int64_t *weights,
                                 kith_value *parts, kith_error *e) {
    int64_t sum = 0, upto = 0, before = 0, now = 0;
    bool bad = !money || money->kind != KITH_MONEY || !weights || !parts;
    for (uint32_t i = 0; !bad && i < count; i++)
        bad = weights[i] < 0 || __builtin_add_overflow(sum, weights[i], &sum);
    if (bad || sum == 0)
        return err_set(e, KITH_E_INVAL, NULL,
                       "an amount is parted by weights that are not negative and not all 0");
    const kith_value whole = *money; /* which may be one of the parts */
    for (uint32_t i = 0; i < count; i++, before = now) {
        upto += weights[i];
        (void)muldiv(whole.as.money.minor, upto, sum, 0, ROUND_HALF_UP, &now);
        parts[i] = whole;
        parts[i].as.money.minor = now - before;
    }
    return KITH_OK;
}

/* "5.000" -> "5" */
static void without_zeros(char *text) {
    size_t n = strlen(text);
    while (strchr(text, '.') && (text[n - 1] == '0' || text[n - 1] == '.'))
        text[--n] = '\0';
}

static void numbers_text(const kith_value *v, char out[KITH_NUMBER_TEXT]) {
    out[0] = '\0';
    switch (v ? v->kind : KITH_NULL) {
    case KITH_MONEY:
        money_format(v->as.money.minor, v->as.money.currency, out);
        break;
    case KITH_DECIMAL:
        decimal_format(v->as.decimal.units, v->as.decimal.scale, out);
        without_zeros(out);
        break;
    case KITH_INT:
        decimal_format(v->as.i, 0, out);
        break;
    case KITH_DATE:
        date_format(v->as.i, out);
        break;
    default:
        break;
    }
}

const kith_numbers_v1 host_numbers = {
    .struct_size = sizeof host_numbers,
    .digits = numbers_digits,
    .multiply = numbers_multiply,
    .add = numbers_add,
    .split = numbers_split,
    .text = numbers_text,
};
