/* SPDX-License-Identifier: Apache-2.0 */
/* Dates as numbers and as text: the calendar and the formats. Reading text is date_parse.c. */
#include "base/date.h"

#include <stdint.h>

#define DAYS_PER_ERA 146097 /* 400 years */
#define DAYS_TO_1970 719468 /* from 1 March of year 0 */

/* Years are counted from March here, so that the leap day is the last of its year. */
int64_t date_days(int32_t year, int32_t month, int32_t day) {
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * DAYS_PER_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_1970;
}

static void civil_date(int64_t days, struct civil *c) {
    days += DAYS_TO_1970;
    int64_t era = (days >= 0 ? days : days - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
    int64_t of_era = days - era * DAYS_PER_ERA;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153; /* from March */
    c->day = (int32_t)(of_year - (153 * month + 2) / 5 + 1);
    c->month = (int32_t)(month < 10 ? month + 3 : month - 9);
    c->year = (int32_t)(year + era * 400 + (c->month <= 2));
}

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

struct civil date_civil(int64_t ms) {
    struct civil c;
    int64_t days = floor_div(ms, DAY_MS);
    int32_t rest = (int32_t)(ms - days * DAY_MS);
    civil_date(days, &c);
    c.hour = rest / 3600000;
    c.minute = rest / 60000 % 60;
    c.second = rest / 1000 % 60;
    c.milli = rest % 1000;
    return c;
}

int64_t date_ms(const struct civil *c) {
    int64_t seconds = (int64_t)c->hour * 3600 + (int64_t)c->minute * 60 + c->second;
    return date_days(c->year, c->month, c->day) * DAY_MS + seconds * 1000 + c->milli;
}

bool date_valid(int32_t year, int32_t month, int32_t day) {
    static const int8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= lengths[month - 1] + (leap && month == 2);
}

int32_t date_weekday(int64_t days) {
    int32_t day = (int32_t)((days % 7 + 4) % 7); /* 1970-01-01 was a Thursday */
    return day < 0 ? day + 7 : day;
}

/* -- as text ----------------------------------------------------------------------------------- */

static char *put_digits(char *p, int32_t number, int width) {
    for (int i = width; i-- > 0; number /= 10)
        p[i] = (char)('0' + number % 10);
    return p + width;
}

static char *put_date(char *p, const struct civil *c) {
    p = put_digits(p, c->year, 4);
    *p++ = '-';
    p = put_digits(p, c->month, 2);
    *p++ = '-';
    return put_digits(p, c->day, 2);
}

static int64_t clamp(int64_t n, int64_t least, int64_t most) {
    return n < least ? least : n > most ? most : n;
}

void date_format(int64_t days, char out[DATE_TEXT]) {
    struct civil c;
    civil_date(clamp(days, DATE_MIN, DATE_MAX), &c);
    *put_date(out, &c) = '\0';
}

void time_format(int64_t ms, char out[TIME_TEXT]) {
    struct civil c = date_civil(clamp(ms, TIME_MIN, TIME_MAX));
    char *p = put_date(out, &c);
    *p++ = 'T';
    p = put_digits(p, c.hour, 2);
    *p++ = ':';
    p = put_digits(p, c.minute, 2);
    *p++ = ':';
    p = put_digits(p, c.second, 2);
    *p++ = '.';
    p = put_digits(p, c.milli, 3);
    *p++ = 'Z';
    *p = '\0';
}

void duration_format(int64_t ms, char out[DURATION_TEXT]) {
    static const struct {
        uint64_t ms;
        const char *name;
    } units[] = {{DAY_MS, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
    uint64_t rest = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
    char *p = out;
    if (ms < 0)
        *p++ = '-';
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        uint64_t n = rest / units[i].ms;
        rest %= units[i].ms;
        if (n == 0 && (ms != 0 || units[i].ms != 1000)) /* nothing at all is "0s" */
            continue;
        int width = 1;
        for (uint64_t more = n / 10; more; more /= 10)
            width++;
        for (int k = width; k-- > 0; n /= 10)
            p[k] = (char)('0' + n % 10);
        p += width;
        for (const char *z = units[i].name; *z; z++)
            *p++ = *z;
    }
    *p = '\0';
}

/* -- parts ------------------------------------------------------------------------------------- */

/* The week that has this day's Thursday; it belongs to that day's year (ISO 8601). */
static int64_t iso_week(int64_t day) {
    int64_t thursday = day - (date_weekday(day) + 6) % 7 + 3;
    return (thursday - date_days(date_civil(thursday * DAY_MS).year, 1, 1)) / 7 + 1;
}

int64_t date_part(enum date_part part, const struct civil *c) {
    switch (part) {
    case DATE_YEAR:
        return c->year;
    case DATE_QUARTER:
        return (c->month - 1) / 3 + 1;
    case DATE_MONTH:
        return c->month;
    case DATE_WEEK:
        return iso_week(date_days(c->year, c->month, c->day));
    case DATE_WEEKDAY:
        return (date_weekday(date_days(c->year, c->month, c->day)) + 6) % 7 + 1;
    case DATE_HOUR:
        return c->hour;
    default:
        return c->day;
    }
}
