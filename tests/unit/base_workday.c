/* SPDX-License-Identifier: Apache-2.0 */
/* Working days. */
#include "base/date.h"
#include "base/err.h"
#include "base/str.h"
#include "base/workday.h"
#include "test.h"

static int64_t day(int y, int m, int d) {
    return date_days(y, m, d);
}

TEST("without a calendar Monday to Friday are working days") {
    EXPECT_INT(day(2024, 6, 3), workday_add(NULL, day(2024, 6, 1), 0)); /* a Saturday */
    EXPECT_INT(day(2024, 6, 3), workday_add(NULL, day(2024, 6, 1), 1));
    EXPECT_INT(day(2024, 6, 4), workday_add(NULL, day(2024, 5, 31), 2));
    EXPECT_INT(day(2024, 5, 31), workday_add(NULL, day(2024, 5, 31), 0));
    EXPECT_INT(day(2024, 5, 31), workday_add(NULL, day(2024, 6, 3), -1));
    EXPECT_INT(day(2024, 6, 7), workday_add(NULL, day(2024, 5, 31), 5));
}

TEST("holidays and another weekend are left out") {
    static struct workdays w;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(workdays_weekend(&w, STR("Friday"), &e), e);
    EXPECT_OK(workdays_weekend(&w, STR("sat"), &e), e);
    EXPECT_OK(workdays_holiday(&w, STR("12-25"), &e), e);
    EXPECT_OK(workdays_holiday(&w, STR("2024-06-02"), &e), e);
    EXPECT_INT(day(2024, 6, 3), workday_add(&w, day(2024, 5, 30), 1)); /* from a Thursday */
    EXPECT(!workday_is(&w, day(2023, 12, 25)) && !workday_is(&w, day(2024, 12, 25)));
    EXPECT(workday_is(&w, day(2025, 6, 2)));
    EXPECT_INT(KITH_E_INVAL, workdays_holiday(&w, STR("13-25"), &e));
    EXPECT_STR("'13-25' is no day; write \"2026-04-03\", or \"12-25\" for every year", e.message);
    EXPECT_INT(KITH_E_INVAL, workdays_weekend(&w, STR("Someday"), &e));
    EXPECT_STR("'Someday' is no day of the week; write \"saturday\"", e.message);
}

TEST("a year of holidays ends the search") {
    static struct workdays w;
    kith_error e = KITH_ERROR_INIT;
    for (int64_t d = day(2024, 1, 1); d <= day(2024, 12, 31); d++) {
        char text[DATE_TEXT];
        date_format(d, text);
        EXPECT_OK(workdays_holiday(&w, str_of(text + 5), &e), e);
    }
    EXPECT(workday_add(&w, day(2024, 1, 1), 3) <= day(2025, 1, 3));
}
