/* SPDX-License-Identifier: Apache-2.0 */
/* Months of the calendar, and shares: the small sums that several parts need. */
#include "sales.h"

int64_t month_number(int64_t day) {
    int32_t year, month, of_month;
    kith_civil(day, &year, &month, &of_month);
    return ((int64_t)year - 1970) * 12 + month - 1;
}

int64_t month_of(kith_value year, kith_value month) {
    return (year.as.i - 1970) * 12 + month.as.i - 1;
}

int64_t month_from(int64_t number) {
    return kith_months_on(0, number);
}

int64_t month_first(int64_t day) {
    return month_from(month_number(day));
}

int64_t minor_of(const kith_value *money) {
    return money->kind == KITH_MONEY ? money->as.money.minor : 0;
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
