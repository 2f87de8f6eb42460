/* SPDX-License-Identifier: Apache-2.0 */
/* Small texts: dates, times, durations, numbers, money, ids, cron. What is read, written and read
 * again is the same; what is refused leaves the result alone. */
#include "base/date.h"
#include "base/cron.h"
#include "base/id.h"
#include "base/number.h"
#include "fuzz/fuzz.h"

#define MARK INT64_C(-7777777777)

static void dates(kith_str s, bool day_first) {
    int64_t days = MARK, ms = MARK, again;
    char text[TIME_TEXT];
    if (date_parse(s, day_first, &days)) {
        HOLDS(days >= DATE_MIN && days <= DATE_MAX, "%" PRId64, days);
        date_format(days, text);
        HOLDS(date_parse(str_of(text), false, &again) && again == days, "%s", text);
        HOLDS(time_parse(s, day_first, NULL, &ms) && ms == days * DAY_MS, "%s", text);
    } else {
        HOLDS(days == MARK, "a refused date was stored");
    }
    ms = MARK;
    if (time_parse(s, day_first, NULL, &ms)) {
        HOLDS(ms >= TIME_MIN && ms <= TIME_MAX, "%" PRId64, ms);
        time_format(ms, text);
        HOLDS(time_parse(str_of(text), false, NULL, &again) && again == ms, "%s", text);
        struct civil c = date_civil(ms);
        HOLDS(date_ms(&c) == ms, "%s", text);
    } else {
        HOLDS(ms == MARK, "a refused time was stored");
    }
}

static void durations(kith_str s) {
    int64_t ms = MARK, again = MARK;
    char text[DURATION_TEXT];
    if (duration_parse(s, &ms)) {
        duration_format(ms, text);
        HOLDS(duration_parse(str_of(text), &again) && again == ms, "%" PRId64 " as %s", ms, text);
    } else {
        HOLDS(ms == MARK, "a refused duration was stored");
    }
}

static void numbers(kith_str s, int32_t scale) {
    int64_t n = MARK, again;
    char text[DECIMAL_TEXT], money[MONEY_TEXT], code[4], code_again[4];
    if (decimal_parse(s, scale, &n)) {
        decimal_format(n, scale, text);
        HOLDS(decimal_parse(str_of(text), scale, &again) && again == n, "%s", text);
    } else {
        HOLDS(n == MARK, "a refused number was stored");
    }
    if (int_parse(s, &n)) {
        char room[64] = "";
        kith_str t = str_trim(s);
        HOLDS(t.len >= sizeof room || (memcpy(room, t.ptr, t.len), strtoll(room, NULL, 10) == n),
              "%s as %" PRId64, room, n);
    }
    if (money_parse(s, "EUR", &n, code)) {
        HOLDS(currency_digits(code) >= 0, "%s", code);
        money_format(n, code, money);
        HOLDS(money_parse(str_of(money), NULL, &again, code_again) && again == n &&
                  strcmp(code, code_again) == 0,
              "%s", money);
    }
}

static void ids(kith_str s) {
    kith_id id = 0, again;
    char text[ID_TEXT + 1];
    if (!id_parse(s, &id))
        return;
    id_format(id, text);
    HOLDS(id && id_parse(str_of(text), &again) && again == id, "%s", text);
}

static void crons(kith_str s) {
    static const int64_t starts[] = {0, INT64_C(951782340000), INT64_C(4102444799999)};
    kith_error e = KITH_ERROR_INIT;
    struct cron c;
    if (cron_parse(s, &c, &e) != KITH_OK) {
        HOLDS(*e.message, "no sentence");
        return;
    }
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        int64_t next = cron_next(&c, NULL, starts[i]);
        if (next == INT64_MAX)
            continue;
        struct civil at = date_civil(next);
        HOLDS(next > starts[i] && at.second == 0 && at.milli == 0, "%" PRId64, next);
        HOLDS((c.minutes >> at.minute) & 1 && (c.hours >> at.hour) & 1 &&
                  (c.months >> at.month) & 1,
              "%" PRId64, next);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct input in = {data, data + size};
    uint8_t choice = input_byte(&in);
    kith_str s = input_rest(&in);
    dates(s, choice & 1);
    durations(s);
    numbers(s, (choice >> 1) % 19);
    ids(s);
    crons(s);
    return 0;
}
