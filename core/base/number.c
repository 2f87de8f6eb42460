/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers: reading and writing integers, decimals and money, without floating point; reals as text.
 */
#include "base/number.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCALE_MAX 18 /* 10^18 fits an int64 */

/* The currencies of ISO 4217 in order, each with its digits after the point; without metals, funds
 * of institutions, and codes for testing, which have none. */
static const char currencies[] =
    "AED2AFN2ALL2AMD2ANG2AOA2ARS2AUD2AWG2AZN2BAM2BBD2BDT2BGN2BHD3BIF0BMD2BND2BOB2BOV2BRL2BSD2BTN2"
    "BWP2BYN2BZD2CAD2CDF2CHE2CHF2CHW2CLF4CLP0CNY2COP2COU2CRC2CUP2CVE2CZK2DJF0DKK2DOP2DZD2EGP2ERN2"
    "ETB2EUR2FJD2FKP2GBP2GEL2GHS2GIP2GMD2GNF0GTQ2GYD2HKD2HNL2HTG2HUF2IDR2ILS2INR2IQD3IRR2ISK0JMD2"
    "JOD3JPY0KES2KGS2KHR2KMF0KPW2KRW0KWD3KYD2KZT2LAK2LBP2LKR2LRD2LSL2LYD3MAD2MDL2MGA2MKD2MMK2MNT2"
    "MOP2MRU2MUR2MVR2MWK2MXN2MXV2MYR2MZN2NAD2NGN2NIO2NOK2NPR2NZD2OMR3PAB2PEN2PGK2PHP2PKR2PLN2PYG0"
    "QAR2RON2RSD2RUB2RWF0SAR2SBD2SCR2SDG2SEK2SGD2SHP2SLE2SOS2SRD2SSP2STN2SVC2SYP2SZL2THB2TJS2TMT2"
    "TND3TOP2TRY2TTD2TWD2TZS2UAH2UGX0USD2USN2UYI0UYU2UYW4UZS2VED2VES2VND0VUV0WST2XAD2XAF0XCD2XCG2"
    "XOF0XPF0YER2ZAR2ZMW2ZWG2";

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Takes the sign off the front. */
static bool negative(kith_str *s) {
    bool minus = s->len && s->ptr[0] == '-';
    if (minus || (s->len && s->ptr[0] == '+'))
        *s = (kith_str){s->ptr + 1, s->len - 1};
    return minus;
}

/* *n = *n * 10 + digit, away from zero on the side of `minus`, so that INT64_MIN can be read. */
static bool push_digit(int64_t *n, int digit, bool minus) {
    return !__builtin_mul_overflow(*n, 10, n) &&
           !__builtin_add_overflow(*n, minus ? -digit : digit, n);
}

bool int_parse(kith_str s, int64_t *out) {
    return !(s.len && memchr(s.ptr, '.', (size_t)s.len)) && decimal_parse(s, 0, out);
}

bool decimal_parse(kith_str s, int32_t scale, int64_t *units) {
    s = str_trim(s);
    bool minus = negative(&s), point = false;
    int64_t n = 0;
    int32_t room = scale; /* digits after the point that may still come */
    if (scale < 0 || scale > SCALE_MAX || !s.len || !is_digit(s.ptr[s.len - 1]))
        return false;
    for (uint64_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '.' && !point) {
            point = true;
        } else if (!is_digit(c)) {
            return false;
        } else if (point && room == 0) {
            if (c != '0')
                return false;
        } else {
            room -= point;
            if (!push_digit(&n, c - '0', minus))
                return false;
        }
    }
    for (; room > 0; room--)
        if (!push_digit(&n, 0, minus))
            return false;
    *units = n;
    return true;
}

void decimal_format(int64_t units, int32_t scale, char out[DECIMAL_TEXT]) {
    char digits[DECIMAL_TEXT], *p = digits + sizeof digits;
    uint64_t rest = units < 0 ? 0 - (uint64_t)units : (uint64_t)units;
    if (scale > SCALE_MAX)
        scale = SCALE_MAX;
    *--p = '\0';
    for (int32_t written = 0; rest || written <= scale; written++, rest /= 10) {
        if (written == scale && scale > 0)
            *--p = '.';
        *--p = (char)('0' + rest % 10);
    }
    if (units < 0)
        *--p = '-';
    memcpy(out, p, (size_t)(digits + sizeof digits - p));
}

/* -- products ---------------------------------------------------------------------------------- */

__extension__ typedef __int128 wide;

/* Whether the magnitude of a quotient goes up by one, by what is left of the division. */
static bool rounds_up(wide rest, wide by, bool odd, enum rounding how) {
    if (how == ROUND_DOWN || rest == 0)
        return false;
    if (how == ROUND_UP || rest > by - rest)
        return true;
    return rest == by - rest && (how == ROUND_HALF_UP || odd);
}

bool muldiv(int64_t a, int64_t b, int64_t per, int32_t scale, enum rounding how, int64_t *out) {
    wide product = (wide)a * b, by = per;
    for (; scale > 0; scale--)
        by *= 10;
    if (by == 0)
        return false;
    bool minus = (product < 0) != (by < 0);
    product = product < 0 ? -product : product;
    by = by < 0 ? -by : by;
    wide n = product / by;
    n += rounds_up(product % by, by, n % 2 != 0, how);
    n = minus ? -n : n;
    if (n < INT64_MIN || n > INT64_MAX)
        return false;
    *out = (int64_t)n;
    return true;
}

/* -- money ------------------------------------------------------------------------------------- */

int32_t currency_digits(const char currency[4]) {
    size_t low = 0, high = sizeof currencies / 4;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strncmp(currency, currencies + middle * 4, 3);
        if (order == 0)
            return currency[3] == '\0' ? currencies[middle * 4 + 3] - '0' : -1;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return -1;
}

/* Takes a currency code off either end of *s: three letters, made capital. */
static bool take_code(kith_str *s, char code[4]) {
    if (s->len < 3)
        return false;
    bool front = (s->ptr[0] | 0x20) >= 'a' && (s->ptr[0] | 0x20) <= 'z';
    const char *p = front ? s->ptr : s->ptr + s->len - 3;
    for (int i = 0; i < 3; i++) {
        code[i] = (char)(p[i] & ~0x20);
        if ((p[i] | 0x20) < 'a' || (p[i] | 0x20) > 'z')
            return false;
    }
    code[3] = '\0';
    *s = str_trim((kith_str){front ? s->ptr + 3 : s->ptr, s->len - 3});
    return true;
}

bool money_parse(kith_str s, const char *fallback, int64_t *minor, char currency[4]) {
    char code[4];
    int64_t amount;
    s = str_trim(s);
    if (!take_code(&s, code)) {
        if (!fallback || strlen(fallback) != 3)
            return false;
        memcpy(code, fallback, sizeof code);
    }
    int32_t digits = currency_digits(code);
    if (digits < 0 || !decimal_parse(s, digits, &amount))
        return false;
    *minor = amount;
    memcpy(currency, code, sizeof code);
    return true;
}

void money_format(int64_t minor, const char currency[4], char out[MONEY_TEXT]) {
    char amount[DECIMAL_TEXT];
    int32_t digits = currency_digits(currency);
    decimal_format(minor, digits < 0 ? 2 : digits, amount);
    (void)snprintf(out, MONEY_TEXT, "%s %.3s", amount, currency);
}

/* -- reals ------------------------------------------------------------------------------------- */

void real_format(double r, char out[REAL_TEXT]) {
    for (int precision = 15; precision <= 17; precision++) {
        (void)snprintf(out, REAL_TEXT, "%.*g", precision, r);
        if (strtod(out, NULL) == r)
            return;
    }
}
