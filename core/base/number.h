/* SPDX-License-Identifier: Apache-2.0 */
/* Exact numbers: decimals as scaled int64, money in minor units of ISO 4217 currencies. Reals only
 * as text. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <kith/types.h>
#include <stdbool.h>

/* These ignore white space around the text; false: *out is as it was. */
bool int_parse(kith_str s, int64_t *out); /* optional sign, digits; no overflow */
/* Digits with '.' as the decimal point, at most `scale` digits after it (trailing zeros beyond are
 * accepted); scale is 0 to 18. Thousands separators are not. false: not a number, does not fit, or
 * too precise. */
bool decimal_parse(kith_str s, int32_t scale, int64_t *units);
#define DECIMAL_TEXT 32
void decimal_format(int64_t units, int32_t scale, char out[DECIMAL_TEXT]);

enum rounding { ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN, ROUND_UP }; /* half up: from zero */
/* *out = a * b / (per * 10^scale), rounded once; scale is 0 to 18, per not 0. false: does not fit.
 */
bool muldiv(int64_t a, int64_t b, int64_t per, int32_t scale, enum rounding how, int64_t *out);

/* Digits after the point of a currency (ISO 4217): 2 for EUR, 0 for JPY, 3 for BHD; -1: unknown. */
int32_t currency_digits(const char currency[4]);
/* "12.50 EUR", "EUR 12.50", "12.50" (then `fallback` is the currency, which may be NULL: error).
 * Small letters are accepted. false: an unknown currency, or too many digits for it. */
bool money_parse(kith_str s, const char *fallback, int64_t *minor, char currency[4]);
#define MONEY_TEXT 40
void money_format(int64_t minor, const char currency[4], char out[MONEY_TEXT]); /* "12.50 EUR" */

/* The shortest text that strtod reads back as the same number. */
#define REAL_TEXT 32
void real_format(double r, char out[REAL_TEXT]);

#endif
