/* SPDX-License-Identifier: Apache-2.0 */
/* Exact numbers: limits, precision, currencies, and that what is written reads back. */
#include "base/number.h"
#include "base/str.h"
#include "random.h"
#include "test.h"

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

static uint64_t random_state = RANDOM_SEED;
static int64_t random_number(void) {
    random_next(&random_state);
    return (int64_t)random_state >> (random_state % 63); /* of every size */
}

TEST("integers are read up to both ends of their range") {
    static const struct {
        const char *text;
        int64_t want;
    } rows[] = {{"0", 0},
                {"-0", 0},
                {"+7", 7},
                {"007", 7},
                {" 42\t", 42},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t n = 1;
        if (!int_parse(str_of(rows[i].text), &n) || n != rows[i].want)
            TEST_FAIL("'%s' was read as %" PRId64, rows[i].text, n);
    }
}

TEST("what is no integer is refused and changes nothing") {
    static const char *const texts[] = {
        "",
        " ",
        "-",
        "+",
        "+-1",
        "--1",
        "1 2",
        "1,000",
        "1.0",
        "1.",
        ".5",
        "1e3",
        "0x1",
        "12a",
        "a12",
        "- 1",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999999",
        "\xD9\xA1",
    };
    int64_t n = 42;
    for (size_t i = 0; i < COUNT(texts); i++)
        if (int_parse(str_of(texts[i]), &n))
            TEST_FAIL("'%s' was read as %" PRId64, texts[i], n);
    EXPECT(!int_parse((kith_str){NULL, 0}, &n));
    EXPECT(!int_parse((kith_str){"1\0002", 3}, &n));
    EXPECT_INT(42, n);
}

TEST("decimals are read exactly") {
    static const struct {
        const char *text;
        int32_t scale;
        int64_t want;
    } rows[] = {{"12.5", 2, 1250},
                {"12.50", 2, 1250},
                {"12", 2, 1200},
                {"-0.01", 2, -1},
                {"-.5", 1, -5},
                {"0.1", 9, 100000000},
                {"12.5000000000000000000000", 1, 125},
                {"12.000", 0, 12},
                {"1.000000000000000001", 18, 1000000000000000001},
                {"92233720368547758.07", 2, INT64_MAX},
                {"-92233720368547758.08", 2, INT64_MIN},
                {"+1.23", 2, 123}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t n = 1;
        if (!decimal_parse(str_of(rows[i].text), rows[i].scale, &n) || n != rows[i].want)
            TEST_FAIL("'%s' was read as %" PRId64, rows[i].text, n);
    }
}

TEST("decimals that are too precise, too large or no numbers are refused") {
    static const char *const texts[] = {
        "12.505",
        "0.001",
        "12.",
        ".",
        "",
        "1,5",
        "1.2.3",
        "1,000.00",
        "1e2",
        "NaN",
        "inf",
        "12.5 0",
        "12.5-",
        "92233720368547758.08",
        "-92233720368547758.09",
        "100000000000000000",
    };
    int64_t n = 42;
    for (size_t i = 0; i < COUNT(texts); i++)
        if (decimal_parse(str_of(texts[i]), 2, &n))
            TEST_FAIL("'%s' was read as %" PRId64, texts[i], n);
    EXPECT(!decimal_parse(STR("1"), -1, &n));
    EXPECT(!decimal_parse(STR("1"), 19, &n));
    EXPECT_INT(42, n);
}

static const char *decimal_text(int64_t units, int32_t scale) {
    static char text[DECIMAL_TEXT];
    decimal_format(units, scale, text);
    return text;
}

TEST("decimals are written with all digits of their scale") {
    EXPECT_STR("12.50", decimal_text(1250, 2));
    EXPECT_STR("0.00", decimal_text(0, 2));
    EXPECT_STR("0", decimal_text(0, 0));
    EXPECT_STR("-0.01", decimal_text(-1, 2));
    EXPECT_STR("-7", decimal_text(-7, 0));
    EXPECT_STR("0.000000001", decimal_text(1, 9));
    EXPECT_STR("-9223372036854775808", decimal_text(INT64_MIN, 0));
    EXPECT_STR("-9.223372036854775808", decimal_text(INT64_MIN, 18));
}

TEST("every decimal that is written reads back") {
    int64_t back;
    for (int i = 0; i < 300000; i++) {
        int64_t n = random_number();
        int32_t scale = i % 19;
        EXPECT(decimal_parse(str_of(decimal_text(n, scale)), scale, &back));
        EXPECT_INT(n, back);
    }
}

TEST("a product is rounded once, in the way that is asked for") {
    static const struct {
        int64_t a, b, per;
        int32_t scale;
        int64_t up_half, even, down, up;
    } rows[] = {
        {125, 1, 10, 0, 13, 12, 12, 13},
        {-125, 1, 10, 0, -13, -12, -12, -13},
        {135, 1, 10, 0, 14, 14, 13, 14},
        {999, 15, 100, 0, 150, 150, 149, 150},
        {1000, 333, 1, 3, 333, 333, 333, 333},
        {7, 1, -2, 0, -4, -4, -3, -4},
        {INT64_MAX, 3, 3, 0, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX},
        {INT64_MIN, 1, 1, 0, INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN},
        {0, 5, 7, 2, 0, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const int64_t expected[] = {rows[i].up_half, rows[i].even, rows[i].down, rows[i].up};
        for (int how = ROUND_HALF_UP; how <= ROUND_UP; how++) {
            int64_t n = 77;
            EXPECT(
                muldiv(rows[i].a, rows[i].b, rows[i].per, rows[i].scale, (enum rounding)how, &n));
            EXPECT_INT(expected[how], n);
        }
    }
    int64_t n = 77;
    EXPECT(!muldiv(INT64_MAX, 2, 1, 0, ROUND_DOWN, &n));
    EXPECT(!muldiv(INT64_MIN, -1, 1, 0, ROUND_DOWN, &n));
    EXPECT(!muldiv(5, 2, 0, 0, ROUND_DOWN, &n));
}

TEST("currencies have the digits of ISO 4217") {
    EXPECT_INT(2, currency_digits("EUR"));
    EXPECT_INT(2, currency_digits("USD"));
    EXPECT_INT(0, currency_digits("JPY"));
    EXPECT_INT(0, currency_digits("KRW"));
    EXPECT_INT(3, currency_digits("BHD"));
    EXPECT_INT(3, currency_digits("TND"));
    EXPECT_INT(4, currency_digits("CLF"));
    EXPECT_INT(2, currency_digits("AED")); /* the first */
    EXPECT_INT(2, currency_digits("ZWG")); /* the last */
    EXPECT_INT(-1, currency_digits("eur"));
    EXPECT_INT(-1, currency_digits("XXX"));
    EXPECT_INT(-1, currency_digits("DEM"));
    EXPECT_INT(-1, currency_digits("ED2"));
    EXPECT_INT(-1, currency_digits("\0\0\0"));
    EXPECT_INT(-1, currency_digits("EU\0"));
}

TEST("every currency is found: the table is in order") {
    int found = 0;
    char code[4] = {0};
    for (code[0] = 'A'; code[0] <= 'Z'; code[0]++)
        for (code[1] = 'A'; code[1] <= 'Z'; code[1]++)
            for (code[2] = 'A'; code[2] <= 'Z'; code[2]++) {
                int32_t digits = currency_digits(code);
                EXPECT(digits == -1 || digits == 0 || (digits >= 2 && digits <= 4));
                found += digits >= 0;
            }
    EXPECT_INT(167, found);
}

static const char *money_of(const char *text, const char *fallback) {
    static char out[MONEY_TEXT];
    int64_t minor;
    char currency[4];
    if (!money_parse(str_of(text), fallback, &minor, currency))
        return "-";
    money_format(minor, currency, out);
    return out;
}

TEST("money is read with its currency on either side, or the fallback") {
    EXPECT_STR("12.50 EUR", money_of("12.50 EUR", NULL));
    EXPECT_STR("12.50 EUR", money_of("EUR 12.50", NULL));
    EXPECT_STR("12.50 EUR", money_of(" 12.5eur ", "USD"));
    EXPECT_STR("-12.50 EUR", money_of("EUR-12.50", "USD"));
    EXPECT_STR("12.50 USD", money_of("12.50", "USD"));
    EXPECT_STR("500 JPY", money_of("500 JPY", NULL));
    EXPECT_STR("500 JPY", money_of("500.00 JPY", NULL));
    EXPECT_STR("0.001 BHD", money_of("BHD 0.001", NULL));
}

TEST("money that is no amount of a known currency is refused") {
    static const char *const texts[] = {"",           "EUR",       "12.50 XXX", "12.505 EUR",
                                        "0.5 JPY",    "12,50 EUR", "EUR USD 5", "EUR 5 USD",
                                        "12.50 EURO", "$5",        "12.50 E",   "E12.50",
                                        "5 EU\xC3",   "- 5 EUR",   "12.50 EU"};
    for (size_t i = 0; i < COUNT(texts); i++)
        if (strcmp(money_of(texts[i], "EUR"), "-") != 0)
            TEST_FAIL("'%s' was read as %s", texts[i], money_of(texts[i], "EUR"));
    EXPECT_STR("-", money_of("12.50", NULL));
    EXPECT_STR("-", money_of("12.50", "XXX"));
    EXPECT_STR("-", money_of("12.50", "EURO"));
    EXPECT_STR("-", money_of("12.50", ""));
}

TEST("every amount that is written reads back in its currency") {
    static const char *const codes[] = {"EUR", "JPY", "BHD", "CLF"};
    char text[MONEY_TEXT], currency[4];
    int64_t back;
    for (int i = 0; i < 100000; i++) {
        int64_t n = i ? random_number() : INT64_MIN;
        money_format(n, codes[i % 4], text);
        EXPECT(money_parse(str_of(text), NULL, &back, currency));
        EXPECT_INT(n, back);
        EXPECT_STR(codes[i % 4], currency);
    }
}
