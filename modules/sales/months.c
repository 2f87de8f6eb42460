/* SPDX-License-Identifier: Apache-2.0 */
/* Months of the calendar, and shares: the small sums that several parts need. */
#include "sales.h"

/* Of the proleptic Gregorian calendar, counted from March so that the leap day is the last. */
static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

int64_t month_number(int64_t day) {
    const int64_t z = day + 719468, era = floor_div(z, 146097), doe = z - era * 146097;
    const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    return (yoe + era * 400 - 1970) * 12 + mp + 2;
}

int64_t month_from(int64_t number) {
    const int64_t months = number - 2, years = floor_div(months, 12), mp = months - years * 12;
    const int64_t y = years + 1970, era = floor_div(y, 400), yoe = y - era * 400;
    const int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + (153 * mp + 2) / 5;
    return era * 146097 + doe - 719468;
}

int64_t month_first(int64_t day) {
    return month_from(month_number(day));
}

int64_t month_on(int64_t first, int64_t months) {
    return month_from(month_number(first) + months);
}

__extension__ typedef __int128 wide;

kith_value share_of(int64_t part, int64_t whole) {
    if (whole == 0)
        return kith_null();
    const wide twice = (wide)part * 20000 / whole; /* half away from zero */
    return kith_decimal((int64_t)((twice + (twice < 0 ? -1 : 1)) / 2), 4);
}

kith_value percent_share(int64_t part, int64_t whole) {
    kith_value share = share_of(part, whole);
    if (share.kind == KITH_DECIMAL)
        share.as.decimal.scale = 2;
    return share;
}
