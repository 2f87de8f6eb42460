/* SPDX-License-Identifier: Apache-2.0 */
/* The helpers for modules that need no host. */
#include "base/date.h"
#include "test.h"
#include <kith/easy.h>

TEST("days are those of the calendar, there and back, from the year 1 to 9999") {
    for (int64_t d = DATE_MIN; d <= DATE_MAX; d++) {
        int32_t year, month, day;
        kith_civil(d, &year, &month, &day);
        if (kith_days(year, month, day) != d || date_days(year, month, day) != d)
            TEST_FAIL("%lld is told as %d-%d-%d", (long long)d, year, month, day);
    }
    EXPECT_INT(DAY_MS, KITH_DAY_MS);
}

TEST("months later is the same day, or the last one of a month that does not have it") {
    static const struct {
        int32_t from[3];
        int64_t months;
        int32_t to[3];
    } rows[] = {
        {{2025, 1, 31}, 1, {2025, 2, 28}},     {{2024, 1, 31}, 1, {2024, 2, 29}},
        {{2025, 1, 31}, 2, {2025, 3, 31}},     {{2025, 11, 30}, 1, {2025, 12, 30}},
        {{2025, 11, 30}, 2, {2026, 1, 30}},    {{2025, 3, 31}, -1, {2025, 2, 28}},
        {{2025, 1, 15}, -1, {2024, 12, 15}},   {{2024, 2, 29}, 12, {2025, 2, 28}},
        {{1, 1, 31}, -1, {0, 12, 31}},         {{2026, 5, 7}, 0, {2026, 5, 7}},
        {{2025, 12, 31}, 600, {2075, 12, 31}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        EXPECT_INT(kith_days(rows[i].to[0], rows[i].to[1], rows[i].to[2]),
                   kith_months_on(kith_days(rows[i].from[0], rows[i].from[1], rows[i].from[2]),
                                  rows[i].months));
}

TEST("values are equal when they are of one kind and the same") {
    const kith_value one[] = {kith_int(1)}, two[] = {kith_int(1), kith_int(2)};
    const kith_value all[] = {
        kith_null(),          kith_int(1),          kith_int(2),          kith_bool(1),
        kith_date(1),         kith_time(1),         kith_text("a"),       kith_text(""),
        kith_decimal(1, 0),   kith_decimal(10, 1),  kith_link(1, 7),      kith_link(1, 8),
        kith_money(1, "EUR"), kith_money(1, "USD"), kith_money(2, "EUR"), kith_list(one, 1),
        kith_list(two, 2),    kith_list(NULL, 0),
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (size_t k = 0; k < sizeof all / sizeof *all; k++)
            EXPECT_INT(i == k, kith_equal(all[i], all[k]));
    const char other[] = "a";
    EXPECT(kith_equal(kith_text("a"), kith_text(other)));
    EXPECT(kith_is(kith_text("a"), "a") && !kith_is(kith_text("a"), "ab") &&
           !kith_is(kith_int(1), "1"));
    EXPECT(kith_has(kith_text("")) && !kith_has(kith_null()));
}

TEST("a text is told up to so many bytes, and no further than it goes") {
    const kith_str text = {"Adaline", 3};
    char told[32];
    (void)snprintf(told, sizeof told, "%.*s %.*s %.*s %.*s", KITH_CUT(text, 2), KITH_CUT(text, 3),
                   KITH_CUT(text, 80), KITH_CHARS(text));
    EXPECT_STR("Ad Ada Ada Ada", told);
}

static kith_status fails_second(int n) {
    return n == 2 ? KITH_E_LIMIT : KITH_OK;
}
static kith_status three(int *reached) {
    for (int i = 1; i <= 3; i++) {
        KITH_TRY(fails_second(i));
        *reached = i;
    }
    return KITH_OK;
}

TEST("a status that is no success is handed on at once") {
    int reached = 0;
    EXPECT_INT(KITH_E_LIMIT, three(&reached));
    EXPECT_INT(1, reached);
}

#define BOX(X) X(name) X(width) X(height) X(lid)

/* A host as far as the helpers want one: memory for one of up to 64 bytes. */
static uint64_t bytes_asked;
static void *little(const kith_txn *txn, uint64_t bytes) {
    static int64_t room[8];
    (void)txn;
    bytes_asked = bytes;
    return bytes && bytes <= sizeof room ? memset(room, 0, sizeof room) : NULL;
}
static int64_t some_day(const kith_host *host) {
    (void)host;
    return 20000;
}
static int64_t some_time(const kith_host *host) {
    (void)host;
    return 1728000000001;
}
KITH_RECORD(box, BOX);
struct kith_instance {
    const kith_host *host;
    const kith_records_v1 *records;
    struct box_numbers box;
};
static kith_host little_host(void) {
    kith_host host;
    memset(&host, 0, sizeof host);
    host.memory = little;
    host.today = some_day;
    host.now = some_time;
    return host;
}

TEST("memory is there as a whole, also for nothing, or it is told that it is not") {
    const kith_host host = little_host();
    const struct kith_instance me = {.host = &host}, *self = &me;
    kith_error err = {.struct_size = sizeof err};
    int64_t *items = NULL, *none = NULL;
    EXPECT_INT(KITH_OK, KITH_MEMORY(self, NULL, &items, 8, &err));
    EXPECT_INT(64, (int64_t)bytes_asked);
    EXPECT(items && !items[0] && !items[7]);
    EXPECT_INT(KITH_OK, KITH_MEMORY(self, NULL, &none, 0, &err));
    EXPECT(none);
    EXPECT_INT(KITH_E_NOMEM, KITH_MEMORY(self, NULL, &items, 9, &err));
    EXPECT(!items);
    EXPECT_STR("there is no memory for 9 items", err.message);
}

TEST("the day and the time are values of their kinds") {
    const kith_host host = little_host();
    const struct kith_instance me = {.host = &host}, *self = &me;
    EXPECT(kith_equal(KITH_TODAY(self), kith_date(20000)));
    EXPECT(kith_equal(KITH_NOW(self), kith_time(1728000000001)));
}

/* What was set last: fields, each with the kind of its value. */
static uint32_t sets, set_fields[4], set_kinds[4];
static kith_status set_some(kith_txn *txn, kith_change *change, uint32_t count,
                            const uint32_t *fields, const kith_value *values, kith_error *err) {
    (void)txn, (void)change, (void)err;
    sets = count;
    for (uint32_t i = 0; i < count && i < 4; i++) {
        set_fields[i] = fields[i];
        set_kinds[i] = values[i].kind;
    }
    return KITH_E_LIMIT;
}

TEST("a write gets what differs from how it was read, and nothing when nothing does") {
    kith_records_v1 records;
    memset(&records, 0, sizeof records);
    records.set = set_some;
    const struct kith_instance me = {.records = &records, .box = {7, 10, 11, 12, 13}}, *self = &me;
    const struct box asked = {.id = kith_link(7, 1), .name = kith_text("a"), .width = kith_int(3)};
    struct box b = asked;
    b.id = kith_null();
    EXPECT_INT(KITH_OK, KITH_SET_CHANGED(self, NULL, NULL, box, &asked, &b, NULL));
    EXPECT_INT(0, (int64_t)sets);
    b.width = kith_null();
    b.lid = kith_bool(1);
    EXPECT_INT(KITH_E_LIMIT, KITH_SET_CHANGED(self, NULL, NULL, box, &asked, &b, NULL));
    EXPECT_INT(2, (int64_t)sets);
    EXPECT(set_fields[0] == 11 && set_kinds[0] == KITH_NULL);
    EXPECT(set_fields[1] == 13 && set_kinds[1] == KITH_BOOL);
}

static kith_status update_some(kith_txn *txn, uint32_t type, kith_id id, uint32_t count,
                               const uint32_t *fields, const kith_value *values, kith_error *err) {
    return type == 7 && id == 1 ? set_some(txn, NULL, count, fields, values, err) : KITH_E_NOTFOUND;
}

TEST("a record gets what differs from how it was read, and nothing when nothing does") {
    kith_records_v1 records;
    memset(&records, 0, sizeof records);
    records.update = update_some;
    const struct kith_instance me = {.records = &records, .box = {7, 10, 11, 12, 13}}, *self = &me;
    const struct box was = {.id = kith_link(7, 1), .name = kith_text("a"), .width = kith_int(3)};
    struct box b = was;
    sets = 0;
    b.id = kith_null();
    EXPECT_INT(KITH_OK, KITH_UPDATE(self, NULL, box, &was, &b, NULL));
    EXPECT_INT(0, (int64_t)sets);
    b.name = kith_null();
    b.height = kith_int(5);
    EXPECT_INT(KITH_E_LIMIT, KITH_UPDATE(self, NULL, box, &was, &b, NULL));
    EXPECT_INT(2, (int64_t)sets);
    EXPECT(set_fields[0] == 10 && set_kinds[0] == KITH_NULL);
    EXPECT(set_fields[1] == 12 && set_kinds[1] == KITH_INT);
}

TEST("texts are equal byte by byte") {
    const kith_str none = {0}, town = kith_str_of("town");
    EXPECT(kith_str_equal(none, kith_str_of("")) && kith_str_equal(town, kith_str_of("town")));
    EXPECT(!kith_str_equal(town, kith_str_of("towns")) &&
           !kith_str_equal(town, kith_str_of("gown")));
}

/* One box, with the id 1, in which each field has its number as value. */
static kith_status get_box(const kith_txn *txn, uint32_t type, kith_id id, const kith_row **row,
                           kith_error *err) {
    (void)txn;
    *row = NULL;
    return type == 7 && id == 1 ? KITH_OK : kith_fail(err, KITH_E_NOTFOUND, NULL, "no such box");
}
static kith_id id_of_box(const kith_txn *txn, const kith_row *row) {
    (void)txn, (void)row;
    return 1;
}
static kith_status read_box(const kith_txn *txn, const kith_row *row, uint32_t count,
                            const uint32_t *fields, kith_value *values, kith_error *err) {
    (void)txn, (void)row, (void)err;
    for (uint32_t i = 0; i < count; i++)
        values[i] = kith_int(fields[i]);
    return KITH_OK;
}

TEST("a link is followed to its record; one that leads nowhere gives an empty record") {
    kith_records_v1 records;
    memset(&records, 0, sizeof records);
    records.get = get_box;
    records.row_id = id_of_box;
    records.read = read_box;
    const struct kith_instance me = {.records = &records, .box = {7, 10, 11, 12, 13}}, *self = &me;
    struct box b;
    EXPECT_INT(KITH_OK, KITH_FOLLOW(self, NULL, box, kith_link(7, 1), &b, NULL));
    EXPECT(kith_equal(b.id, kith_link(7, 1)) && kith_equal(b.lid, kith_int(13)));
    EXPECT_INT(KITH_OK, KITH_FOLLOW(self, NULL, box, kith_null(), &b, NULL));
    EXPECT(!kith_has(b.id) && !kith_has(b.name) && !kith_has(b.lid));
    memset(&b, 1, sizeof b);
    EXPECT_INT(KITH_E_NOTFOUND, KITH_FOLLOW(self, NULL, box, kith_link(7, 2), &b, NULL));
    EXPECT(!kith_has(b.id) && !kith_has(b.lid));
    EXPECT_INT(KITH_OK, kith_or_none(KITH_E_NOTFOUND));
    EXPECT_INT(KITH_OK, kith_or_none(KITH_OK));
    EXPECT_INT(KITH_E_DENIED, kith_or_none(KITH_E_DENIED));
}

/* Three of them. */
static kith_status find_boxes(const kith_txn *txn, uint32_t query, uint32_t count,
                              const kith_value *params, uint64_t max, kith_row_fn fn, void *arg,
                              kith_error *err) {
    (void)query, (void)count, (void)params, (void)max;
    for (int i = 0; i < 3; i++)
        KITH_TRY(fn(arg, txn, NULL, err));
    return KITH_OK;
}
static void *enough(const kith_txn *txn, uint64_t bytes) {
    static kith_value room[16 * 5];
    (void)txn;
    return bytes <= sizeof room ? room : NULL;
}

TEST("what a query finds comes as records, or as links alone") {
    kith_host host = little_host();
    kith_records_v1 records;
    struct box *boxes;
    kith_value *links;
    uint64_t count;
    memset(&records, 0, sizeof records);
    host.memory = enough;
    records.find = find_boxes;
    records.row_id = id_of_box;
    records.read = read_box;
    const struct kith_instance me = {&host, &records, {7, 10, 11, 12, 13}}, *self = &me;
    EXPECT_INT(KITH_OK, KITH_FIND(self, NULL, box, 1, 0, NULL, &boxes, &count, NULL));
    EXPECT_INT(3, (int64_t)count);
    EXPECT(kith_equal(boxes[2].id, kith_link(7, 1)) && kith_equal(boxes[2].lid, kith_int(13)));
    EXPECT_INT(KITH_OK, KITH_FIND(self, NULL, box, 1, 0, NULL, &links, &count, NULL));
    EXPECT_INT(3, (int64_t)count);
    EXPECT(kith_equal(links[0], kith_link(7, 1)) && kith_equal(links[2], kith_link(7, 1)));
}
