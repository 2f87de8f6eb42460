/* SPDX-License-Identifier: Apache-2.0 */
/* Days and months of the calendar, which terms and warranties are counted in. */
#include "commerce.h"

struct day {
    int64_t year, month, day;
};

/* Years that begin in March have their odd day at the end. */
static int64_t number_of(struct day d) {
    const int64_t y = d.month <= 2 ? d.year - 1 : d.year, m = d.month + (d.month > 2 ? -3 : 9);
    return y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + d.day - 1 - 719468;
}

static struct day day_of(int64_t number) {
    const int64_t n = number + 719468, era = n / 146097, of_era = n % 146097;
    const int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;
    const int64_t month = m < 10 ? m + 3 : m - 9;
    return (struct day){y + era * 400 + (month <= 2), month, of_year - (153 * m + 2) / 5 + 1};
}

static int64_t days_in(int64_t year, int64_t month) {
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

int64_t day_add_months(int64_t day, int64_t months) {
    struct day d = day_of(day);
    const int64_t month = d.year * 12 + d.month - 1 + months;
    d.year = month / 12;
    d.month = month % 12 + 1;
    if (d.day > days_in(d.year, d.month))
        d.day = days_in(d.year, d.month);
    return number_of(d);
}

int64_t days_of_text(kith_str text) {
    int64_t n = 0;
    if (text.len < 2 || text.len > 6)
        return -1;
    for (uint64_t i = 0; i + 1 < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return -1;
        n = n * 10 + (text.ptr[i] - '0');
    }
    return text.ptr[text.len - 1] == 'd' ? n : text.ptr[text.len - 1] == 'w' ? n * 7 : -1;
}

void time_text(int64_t ms, char out[TIME_TEXT]) {
    const int64_t minutes = ms / 60000, day = minutes / 1440, minute = minutes % 1440;
    const struct day d = day_of(day);
    (void)snprintf(out, TIME_TEXT, "%04d-%02d-%02d %02d:%02d UTC", (int)d.year, (int)d.month,
                   (int)d.day, (int)(minute / 60), (int)(minute % 60));
}
