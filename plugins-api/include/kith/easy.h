/* SPDX-License-Identifier: Apache-2.0 */
/* kith/easy.h - small inline helpers for modules. No part of the binary contract: use them or not.
 */
#ifndef KITH_EASY_H
#define KITH_EASY_H

#include <kith/plugin.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
#define KITH_CAST(type, value) static_cast<type>(value)
#else
#define KITH_CAST(type, value) ((type)(value))
#endif

/* Text that ends with a NUL; NULL is the empty text. Borrowed. */
static inline kith_str kith_str_of(const char *z) {
    kith_str s;
    s.ptr = z;
    s.len = z ? strlen(z) : 0;
    return s;
}

static inline int32_t kith_str_is(kith_str s, const char *z) {
    return s.len == strlen(z) && (s.len == 0 || memcmp(s.ptr, z, (size_t)s.len) == 0);
}

static inline int32_t kith_str_equal(kith_str a, kith_str b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, (size_t)a.len) == 0);
}

/* A text for "%.*s", whole, or so many bytes of it at most:
 *
 *     return kith_fail(err, KITH_E_REFUSED, "stage", "stage: %.*s says no", KITH_CUT(name, 80)); */
#define KITH_CHARS(text)     KITH_CAST(int, (text).len), (text).ptr
#define KITH_CUT(text, most) KITH_CAST(int, (text).len < (most) ? (text).len : (most)), (text).ptr

#define KITH_ID_CHARS 13
/* An id as it stands everywhere outside, with a NUL behind it. */
static inline void kith_id_text(kith_id id, char out[KITH_ID_CHARS + 1]) {
    int i;
    for (i = KITH_ID_CHARS - 1; i >= 0; i--, id >>= 5)
        out[i] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[id & 31u];
    out[KITH_ID_CHARS] = '\0';
}

static inline kith_value kith_null(void) {
    kith_value v;
    memset(&v, 0, sizeof v);
    return v;
}

/* kind: KITH_INT, KITH_BOOL, KITH_DATE, KITH_TIME or KITH_DURATION. */
static inline kith_value kith_number(uint32_t kind, int64_t i) {
    kith_value v = kith_null();
    v.kind = kind;
    v.as.i = i;
    return v;
}

/* units * 10^-scale */
static inline kith_value kith_decimal(int64_t units, int32_t scale) {
    kith_value v = kith_null();
    v.kind = KITH_DECIMAL;
    v.as.decimal.units = units;
    v.as.decimal.scale = scale;
    return v;
}

static inline kith_value kith_text(const char *z) {
    kith_value v = kith_null();
    v.kind = KITH_TEXT;
    v.as.s = kith_str_of(z);
    return v;
}

static inline kith_value kith_link(uint32_t type, kith_id id) {
    kith_value v = kith_null();
    v.kind = KITH_LINK;
    v.as.link.id = id;
    v.as.link.type = type;
    return v;
}

static inline kith_value kith_bool(int32_t yes) {
    return kith_number(KITH_BOOL, yes != 0);
}
static inline kith_value kith_int(int64_t i) {
    return kith_number(KITH_INT, i);
}
/* Milliseconds UTC. */
static inline kith_value kith_time(int64_t ms) {
    return kith_number(KITH_TIME, ms);
}
/* Days since 1970-01-01. */
static inline kith_value kith_date(int64_t days) {
    return kith_number(KITH_DATE, days);
}
static inline kith_value kith_string(kith_str s) {
    kith_value v = kith_null();
    v.kind = KITH_TEXT;
    v.as.s = s;
    return v;
}
/* The day of the company, and the time, as values: KITH_TODAY(self). [any] */
#define KITH_TODAY(self) kith_date((self)->host->today((self)->host))
#define KITH_NOW(self)   kith_time((self)->host->now((self)->host))
/* In minor units: kith_money(1250, "EUR"). */
static inline kith_value kith_money(int64_t minor, const char *currency) {
    kith_value v = kith_null();
    v.kind = KITH_MONEY;
    v.as.money.minor = minor;
    memcpy(v.as.money.currency, currency, 3);
    return v;
}
/* Borrowed. */
static inline kith_value kith_list(const kith_value *items, uint64_t count) {
    kith_value v = kith_null();
    v.kind = KITH_LIST;
    v.as.list.items = items;
    v.as.list.count = count;
    return v;
}

/* Has it a value? */
static inline int32_t kith_has(kith_value v) {
    return v.kind != KITH_NULL;
}
/* A text, a choice or a state that is this one. */
static inline int32_t kith_is(kith_value v, const char *text) {
    return v.kind == KITH_TEXT && kith_str_is(v.as.s, text);
}
/* Of one kind and the same, bit by bit; decimals of different scales differ. */
static inline int32_t kith_equal(kith_value a, kith_value b) {
    uint64_t i;
    if (a.kind != b.kind)
        return 0;
    switch (a.kind) {
    case KITH_NULL:
        return 1;
    case KITH_TEXT:
        return kith_str_equal(a.as.s, b.as.s);
    case KITH_DECIMAL:
        return a.as.decimal.units == b.as.decimal.units && a.as.decimal.scale == b.as.decimal.scale;
    case KITH_MONEY:
        return a.as.money.minor == b.as.money.minor &&
               memcmp(a.as.money.currency, b.as.money.currency, 3) == 0;
    case KITH_LINK:
        return a.as.link.id == b.as.link.id;
    case KITH_PLACE:
        return memcmp(&a.as.place, &b.as.place, sizeof a.as.place) == 0;
    case KITH_REAL:
        return memcmp(&a.as.r, &b.as.r, sizeof a.as.r) == 0;
    case KITH_LIST:
        for (i = 0; a.as.list.count == b.as.list.count && i < a.as.list.count; i++)
            if (!kith_equal(a.as.list.items[i], b.as.list.items[i]))
                return 0;
        return a.as.list.count == b.as.list.count;
    default:
        return a.as.i == b.as.i;
    }
}

/* -- days -------------------------------------------------------------------------------------- */

/* A day of 24 hours, in milliseconds, in which times and durations are kept. */
#define KITH_DAY_MS INT64_C(86400000)

/* Days since 1970-01-01, as dates are kept, of a day of the calendar, and back. Years are counted
 * from March, so that the day that some of them have is their last. */
static inline int64_t kith_days(int32_t year, int32_t month, int32_t day) {
    const int64_t y = month > 2 ? year : (int64_t)year - 1;
    const int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    const int64_t of_year = (153 * (int64_t)(month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}
static inline void kith_civil(int64_t days, int32_t *year, int32_t *month, int32_t *day) {
    const int64_t z = days + 719468;
    const int64_t era = (z >= 0 ? z : z - 146096) / 146097, of_era = z - era * 146097;
    const int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;
    *day = (int32_t)(of_year - (153 * m + 2) / 5 + 1);
    *month = (int32_t)(m < 10 ? m + 3 : m - 9);
    *year = (int32_t)(y + era * 400 + (*month <= 2));
}

/* The day so many months later, or before; where that month has no such day, its last one. */
static inline int64_t kith_months_on(int64_t days, int64_t months) {
    int32_t year, month, day;
    int64_t first, next;
    kith_civil(days, &year, &month, &day);
    months += (int64_t)year * 12 + month - 1;
    year = (int32_t)((months >= 0 ? months : months - 11) / 12);
    month = (int32_t)(months - (int64_t)year * 12) + 1;
    first = kith_days(year, month, 1);
    next = month == 12 ? kith_days(year + 1, 1, 1) : kith_days(year, month + 1, 1);
    return first + day <= next ? first + day - 1 : next - 1;
}

/* Hands the status of a call on when it failed: KITH_TRY(KITH_LOAD(self, txn, ...)); */
#define KITH_TRY(call_)                                                                            \
    do {                                                                                           \
        const kith_status try_ = (call_);                                                          \
        if (try_ != KITH_OK)                                                                       \
            return try_;                                                                           \
    } while (0)

/* The status of a read, where it is fine that there is nothing: it is gone, or whoever asks may not
 * see it. KITH_TRY(kith_or_none(KITH_FOLLOW(self, txn, ...))); */
static inline kith_status kith_or_none(kith_status st) {
    return st == KITH_E_NOTFOUND ? KITH_OK : st;
}

/* Fills in err and returns code: return kith_fail(err, KITH_E_REFUSED, "amount", "...", ...).
 * field may be NULL. */
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
static inline kith_status
kith_fail(kith_error *err, kith_status code, const char *field, const char *format, ...) {
    if (err) {
        va_list args;
        va_start(args, format);
        err->code = code;
        (void)snprintf(err->field, sizeof err->field, "%s", field ? field : "");
        (void)vsnprintf(err->message, sizeof err->message, format, args);
        va_end(args);
    }
    return code;
}

/* -- what modules begin with ------------------------------------------------------------------- */

/* A description, for hosts that have all that these headers have:
 *
 *     static const kith_plugin_desc desc = {
 *         KITH_HEAD("visit", 1, "0.1.0"),
 *         .title = "Visit", ... */
#define KITH_HEAD(name_, version_, version_text_)                                                  \
    .struct_size = (uint32_t)sizeof(kith_plugin_desc), .abi_major = KITH_ABI_MAJOR,                \
    .abi_minor = KITH_ABI_MINOR, .min_host_minor = KITH_ABI_MINOR, .version = version_,            \
    .name = name_, .version_text = version_text_

/* The host and the tables that most modules call: self->records->get(...). What follows wants them
 * in the instance.
 *
 *     struct kith_instance {
 *         KITH_TABLES;
 *     static const kith_want wants[] = {
 *         KITH_WANT_TABLES, */
#define KITH_TABLES                                                                                \
    const kith_host *host;                                                                         \
    const kith_records_v1 *records;                                                                \
    const kith_events_v1 *events;                                                                  \
    const kith_calls_v1 *calls;                                                                    \
    const kith_settings_v1 *settings;                                                              \
    const kith_numbers_v1 *numbers
#define KITH_WANT_TABLES                                                                           \
    KITH_WANT(HOST, NULL, host), KITH_WANT(TABLE, KITH_RECORDS_1, records),                        \
        KITH_WANT(TABLE, KITH_EVENTS_1, events), KITH_WANT(TABLE, KITH_CALLS_1, calls),            \
        KITH_WANT(TABLE, KITH_SETTINGS_1, settings), KITH_WANT(TABLE, KITH_NUMBERS_1, numbers)

/* -- settings that are lists of groups --------------------------------------------------------- */

/* How many groups it has; 0 where nothing is set. [any] */
static inline uint64_t kith_rows(const kith_value *list) {
    return list->kind == KITH_LIST ? list->as.list.count : 0;
}

/* One of them, to read it as a struct of values in the order in which its keys are declared:
 *
 *     struct score_rule { kith_value when, points, doc; };
 *     const struct score_rule *rule = (const struct score_rule *)kith_row_of(&self->rules, i);
 *
 * [any] */
static inline const void *kith_row_of(const kith_value *list, uint64_t i) {
    return list->as.list.items[i].as.list.items;
}

/* What a setting that is a condition says of the record: 1, also where none is set; 0; or the
 * failure of kith_records_v1.match. [any, in a view or a transaction] */
static inline int32_t kith_holds(const kith_records_v1 *records, const kith_txn *txn,
                                 const kith_value *condition, const kith_row *row) {
    return condition->flags ? records->match(txn, condition->flags, row) : 1;
}

/* -- records as structs ------------------------------------------------------------------------ */

/* A type, by a list of those of its fields that a module uses:
 *
 *     #define LINE(X) X(order) X(quantity) X(price)
 *     KITH_RECORD(line, LINE);          gives struct line and struct line_numbers
 *
 *     struct line_numbers line;         in the instance
 *     KITH_WANT_RECORD("order_line", line, LINE),                 among the wants
 *
 *     struct line l;
 *     st = KITH_LOAD(self, txn, line, id, &l, err);               l.price.as.money.minor
 *
 * The macros KITH_READ to KITH_FIND want the name of the instance's member with the numbers. Each
 * record begins with its id, as a link. */
#define KITH_MEMBER_NUMBER(field) uint32_t field;
#define KITH_MEMBER_VALUE(field)  kith_value field;
#define KITH_MEMBER_NAME(field)   #field " "
#define KITH_RECORD(name, LIST)                                                                    \
    struct name##_numbers {                                                                        \
        uint32_t type;                                                                             \
        LIST(KITH_MEMBER_NUMBER)                                                                   \
    };                                                                                             \
    struct name {                                                                                  \
        kith_value id;                                                                             \
        LIST(KITH_MEMBER_VALUE)                                                                    \
    }
#define KITH_WANT_RECORD(type_name, member, LIST)                                                  \
    KITH_WANT(TYPE, type_name, member.type), {                                                     \
        LIST(KITH_MEMBER_NAME)                                                                     \
        "", KITH_W_FIELDS,                                                                         \
            (uint32_t)(offsetof(struct kith_instance, member.type) + sizeof(uint32_t))             \
    }
#define KITH_MEMBERS(record) (uint32_t)(sizeof *(record) / sizeof(kith_value) - 1)

/* Reads a row into a record. [reader] */
#define KITH_READ(self, txn, member, row, record, err)                                             \
    kith_read_row((self)->records, txn, &(self)->member.type, KITH_MEMBERS(record), row,           \
                  &(record)->id, err)
static inline kith_status kith_read_row(const kith_records_v1 *rec, const kith_txn *txn,
                                        const uint32_t *numbers, uint32_t members,
                                        const kith_row *row, kith_value *values, kith_error *err) {
    values[0] = kith_link(numbers[0], rec->row_id(txn, row));
    return rec->read(txn, row, members, numbers + 1, values + 1, err);
}

/* Reads the record that a hook is called for, as it will be; of one that is deleted, as it was.
 * [reader] */
#define KITH_CHANGE(self, txn, change, member, record, err)                                        \
    KITH_READ(self, txn, member, (change)->after ? (change)->after : (change)->before, record, err)

/* Reads the record with an id. KITH_E_NOTFOUND: there is none. [reader] */
#define KITH_LOAD(self, txn, member, which, record, err)                                           \
    kith_load((self)->records, txn, &(self)->member.type, KITH_MEMBERS(record), which,             \
              &(record)->id, err)
static inline kith_status kith_load(const kith_records_v1 *rec, const kith_txn *txn,
                                    const uint32_t *numbers, uint32_t members, kith_id id,
                                    kith_value *values, kith_error *err) {
    const kith_row *row;
    kith_status st = rec->get(txn, numbers[0], id, &row, err);
    return st == KITH_OK ? kith_read_row(rec, txn, numbers, members, row, values, err) : st;
}

/* Reads the record that a link leads to. Of an empty link it is empty, without an id, and so it is
 * when there is none behind the link: KITH_E_NOTFOUND. [reader] */
#define KITH_FOLLOW(self, txn, member, link, record, err)                                          \
    kith_follow((self)->records, txn, &(self)->member.type, KITH_MEMBERS(record), link,            \
                &(record)->id, err)
static inline kith_status kith_follow(const kith_records_v1 *rec, const kith_txn *txn,
                                      const uint32_t *numbers, uint32_t members, kith_value link,
                                      kith_value *values, kith_error *err) {
    memset(values, 0, (members + 1) * sizeof *values);
    return link.kind == KITH_LINK
               ? kith_load(rec, txn, numbers, members, link.as.link.id, values, err)
               : KITH_OK;
}

/* Creates a record of those members that have a value; record->id leads to it. [writer] */
#define KITH_CREATE(self, txn, member, record, err)                                                \
    kith_create((self)->records, txn, &(self)->member.type, KITH_MEMBERS(record), &(record)->id,   \
                err)
#define KITH_MEMBERS_MAX 64u
static inline kith_status kith_create(const kith_records_v1 *rec, kith_txn *txn,
                                      const uint32_t *numbers, uint32_t members, kith_value *values,
                                      kith_error *err) {
    uint32_t fields[KITH_MEMBERS_MAX], count = 0, i;
    kith_value given[KITH_MEMBERS_MAX];
    kith_id id;
    kith_status st;
    if (members > KITH_MEMBERS_MAX)
        return kith_fail(err, KITH_E_LIMIT, NULL, "a record of %u fields; %u is the most", members,
                         KITH_MEMBERS_MAX);
    for (i = 1; i <= members; i++)
        if (values[i].kind != KITH_NULL) {
            fields[count] = numbers[i];
            given[count++] = values[i];
        }
    st = rec->create(txn, numbers[0], count, fields, given, &id, err);
    if (st == KITH_OK)
        values[0] = kith_link(numbers[0], id);
    return st;
}

/* Some fields that are to be written. */
typedef struct kith_edit {
    uint32_t count;
    uint32_t fields[KITH_MEMBERS_MAX];
    kith_value values[KITH_MEMBERS_MAX];
} kith_edit;

static inline void kith_put(kith_edit *edit, uint32_t field, kith_value value) {
    if (edit->count < KITH_MEMBERS_MAX) {
        edit->fields[edit->count] = field;
        edit->values[edit->count] = value;
    }
    edit->count++; /* one too many is told when they are written */
}

static inline kith_status kith_edit_check(const kith_edit *edit, kith_error *err) {
    return edit->count <= KITH_MEMBERS_MAX
               ? KITH_OK
               : kith_fail(err, KITH_E_LIMIT, NULL, "%u fields are written at once; %u is the most",
                           edit->count, KITH_MEMBERS_MAX);
}

/* The same, unless the value is empty. */
static inline void kith_put_given(kith_edit *edit, uint32_t field, kith_value value) {
    if (value.kind != KITH_NULL)
        kith_put(edit, field, value);
}

/* Creates a record of them; *link, unless it is NULL, leads to it. [writer] */
static inline kith_status kith_edit_create(const kith_records_v1 *rec, kith_txn *txn, uint32_t type,
                                           const kith_edit *edit, kith_value *link,
                                           kith_error *err) {
    kith_id id;
    kith_status st = kith_edit_check(edit, err);
    if (st == KITH_OK)
        st = rec->create(txn, type, edit->count, edit->fields, edit->values, &id, err);
    if (st == KITH_OK && link)
        *link = kith_link(type, id);
    return st;
}

/* Writes them to a record that is there. [writer] */
static inline kith_status kith_edit_update(const kith_records_v1 *rec, kith_txn *txn, uint32_t type,
                                           kith_id id, const kith_edit *edit, kith_error *err) {
    kith_status st = kith_edit_check(edit, err);
    return st == KITH_OK ? rec->update(txn, type, id, edit->count, edit->fields, edit->values, err)
                         : st;
}

/* Gives the write under way those members in which a record differs from how it was read:
 *
 *     struct line asked, l;
 *     KITH_TRY(KITH_CHANGE(self, txn, change, line, &asked, err));
 *     l = asked;
 *     l.total = ...
 *     return KITH_SET_CHANGED(self, txn, change, line, &asked, &l, err);
 *
 * [writer, in a before-hook] */
#define KITH_SET_CHANGED(self, txn, change, member, was, record, err)                              \
    kith_set_changed((self)->records, txn, change, &(self)->member.type, KITH_MEMBERS(record),     \
                     &(was)->id, &(record)->id, err)
static inline kith_status kith_edit_changed(const uint32_t *numbers, uint32_t members,
                                            const kith_value *was, const kith_value *values,
                                            kith_edit *edit, kith_error *err) {
    uint32_t i;
    edit->count = 0;
    for (i = 1; i <= members; i++)
        if (!kith_equal(was[i], values[i]))
            kith_put(edit, numbers[i], values[i]);
    return kith_edit_check(edit, err);
}
static inline kith_status kith_set_changed(const kith_records_v1 *rec, kith_txn *txn,
                                           kith_change *change, const uint32_t *numbers,
                                           uint32_t members, const kith_value *was,
                                           const kith_value *values, kith_error *err) {
    kith_edit edit;
    KITH_TRY(kith_edit_changed(numbers, members, was, values, &edit, err));
    return edit.count ? rec->set(txn, change, edit.count, edit.fields, edit.values, err) : KITH_OK;
}

/* Writes those members in which a record differs from how it was read to the record that was read.
 * [writer] */
#define KITH_UPDATE(self, txn, member, was, record, err)                                           \
    kith_update_changed((self)->records, txn, &(self)->member.type, KITH_MEMBERS(record),          \
                        &(was)->id, &(record)->id, err)
static inline kith_status kith_update_changed(const kith_records_v1 *rec, kith_txn *txn,
                                              const uint32_t *numbers, uint32_t members,
                                              const kith_value *was, const kith_value *values,
                                              kith_error *err) {
    kith_edit edit;
    KITH_TRY(kith_edit_changed(numbers, members, was, values, &edit, err));
    return edit.count ? rec->update(txn, numbers[0], was[0].as.link.id, edit.count, edit.fields,
                                    edit.values, err)
                      : KITH_OK;
}

/* Writes one field of a record. [writer] */
#define KITH_SET(self, txn, member, field, id, value, err)                                         \
    kith_set_one((self)->records, txn, (self)->member.type, (self)->member.field, id, value, err)
static inline kith_status kith_set_one(const kith_records_v1 *rec, kith_txn *txn, uint32_t type,
                                       uint32_t field, kith_id id, kith_value value,
                                       kith_error *err) {
    return rec->update(txn, type, id, 1, &field, &value, err);
}

/* -- lists ------------------------------------------------------------------------------------- */

/* So many items, zeroed, in the memory of the callback; for none *items is not NULL, either.
 *
 *     struct edge *edges;
 *     KITH_TRY(KITH_MEMORY(self, txn, &edges, count, err)); */
#define KITH_MEMORY(self, txn, items, count, err)                                                  \
    kith_memory((self)->host, txn, (void *)(items), count, sizeof **(items), err)
static inline kith_status kith_memory(const kith_host *host, const kith_txn *txn, void *items,
                                      uint64_t count, uint64_t size, kith_error *err) {
    void *made = host->memory(txn, count ? count * size : 1);
    memcpy(items, &made, sizeof made);
    return made ? KITH_OK
                : kith_fail(err, KITH_E_NOMEM, NULL, "there is no memory for %llu items",
                            KITH_CAST(unsigned long long, count));
}

/* Room for one more behind `count` items of so many bytes each, in the memory of the callback:
 * *items, NULL at first, is then another list, with what was in it; *room is 0 at first. */
static inline kith_status kith_grow(const kith_host *host, const kith_txn *txn, void *items,
                                    uint64_t count, uint64_t *room, uint64_t size,
                                    kith_error *err) {
    uint64_t wanted = *room ? *room * 2 : 16;
    void *more, *old;
    if (count < *room)
        return KITH_OK;
    more = host->memory(txn, wanted * size);
    if (!more)
        return kith_fail(err, KITH_E_NOMEM, NULL, "there is no memory for more than %llu items",
                         KITH_CAST(unsigned long long, count));
    memcpy(&old, items, sizeof old);
    if (count)
        memcpy(more, old, (size_t)(count * size));
    memcpy(items, &more, sizeof more);
    *room = wanted;
    return KITH_OK;
}
/* The same of a struct with the members items, count and room: KITH_GROW(self, txn, &list, err),
 * and then list.items[list.count++] = ... */
#define KITH_GROW(self, txn, list, err)                                                            \
    kith_grow((self)->host, txn, (void *)&(list)->items, (list)->count, &(list)->room,             \
              sizeof *(list)->items, err)

/* Records that a query found, in its order; in the memory of the callback. */
typedef struct kith_found {
    const kith_host *host;
    const kith_records_v1 *rec;
    const uint32_t *numbers;
    uint32_t members, reserved;
    kith_value *values; /* of one record after the other, each with its id first */
    uint64_t count, room;
} kith_found;

static inline kith_status kith_found_row(void *arg, const kith_txn *txn, const kith_row *row,
                                         kith_error *err) {
    kith_found *f = KITH_CAST(kith_found *, arg);
    const uint64_t width = (uint64_t)f->members + 1;
    kith_status st = kith_grow(f->host, txn, (void *)&f->values, f->count, &f->room,
                               width * sizeof(kith_value), err);
    if (st != KITH_OK)
        return st;
    return kith_read_row(f->rec, txn, f->numbers, f->members, row, f->values + f->count++ * width,
                         err);
}

/* Finds records: *records is an array of *count structs of the member's kind.
 *
 *     struct line *lines;
 *     uint64_t count;
 *     st = KITH_FIND(self, txn, line, self->lines_of, 1, &order, &lines, &count, err);
 *
 * Into an array of values: the links to them alone. [reader] */
#define KITH_FIND(self, txn, member, query, params, values, records_, count_, err)                 \
    kith_find((self)->host, (self)->records, txn, &(self)->member.type, KITH_MEMBERS(*(records_)), \
              query, params, values, (void *)(records_), count_, err)
static inline kith_status kith_find(const kith_host *host, const kith_records_v1 *rec,
                                    const kith_txn *txn, const uint32_t *numbers, uint32_t members,
                                    uint32_t query, uint32_t param_count, const kith_value *params,
                                    void *records, uint64_t *count, kith_error *err) {
    kith_found f;
    kith_status st;
    memset(&f, 0, sizeof f);
    f.host = host;
    f.rec = rec;
    f.numbers = numbers;
    f.members = members;
    st = rec->find(txn, query, param_count, params, 0, kith_found_row, &f, err);
    memcpy(records, &f.values, sizeof f.values);
    *count = f.count;
    return st;
}

/* The first record that a query finds, as a record with its id; without one the id is empty, and so
 * is all else: KITH_FIRST(self, txn, line, self->lines_of, 1, &order, &l, err); [reader] */
#define KITH_FIRST(self, txn, member, query, params, values, record, err)                          \
    kith_first((self)->records, txn, &(self)->member.type, KITH_MEMBERS(record), query, params,    \
               values, &(record)->id, err)
typedef struct kith_one {
    const kith_records_v1 *rec;
    const uint32_t *numbers;
    uint32_t members, reserved;
    kith_value *values;
} kith_one;
static inline kith_status kith_one_row(void *arg, const kith_txn *txn, const kith_row *row,
                                       kith_error *err) {
    kith_one *one = KITH_CAST(kith_one *, arg);
    return kith_read_row(one->rec, txn, one->numbers, one->members, row, one->values, err);
}
static inline kith_status kith_first(const kith_records_v1 *rec, const kith_txn *txn,
                                     const uint32_t *numbers, uint32_t members, uint32_t query,
                                     uint32_t param_count, const kith_value *params,
                                     kith_value *values, kith_error *err) {
    kith_one one;
    memset(values, 0, (members + 1) * sizeof *values);
    memset(&one, 0, sizeof one);
    one.rec = rec;
    one.numbers = numbers;
    one.members = members;
    one.values = values;
    return rec->find(txn, query, param_count, params, 1, kith_one_row, &one, err);
}

static inline kith_status kith_any_row(void *arg, const kith_txn *txn, const kith_row *row,
                                       kith_error *err) {
    (void)txn, (void)row, (void)err;
    *KITH_CAST(int32_t *, arg) = 1;
    return KITH_OK;
}
/* Does a query find anything? [reader] */
static inline kith_status kith_any(const kith_records_v1 *rec, const kith_txn *txn, uint32_t query,
                                   uint32_t param_count, const kith_value *params, int32_t *yes,
                                   kith_error *err) {
    *yes = 0;
    return rec->find(txn, query, param_count, params, 1, kith_any_row, yes, err);
}

/* -- totals ------------------------------------------------------------------------------------ */

typedef struct kith_sums {
    const kith_host *host;
    kith_value *items; /* of one group after the other: its keys, then its totals */
    uint64_t count, room, width;
} kith_sums;
static inline kith_status kith_sums_group(void *arg, const kith_txn *txn, uint32_t count,
                                          const kith_value *values, kith_error *err) {
    kith_sums *s = KITH_CAST(kith_sums *, arg);
    kith_status st;
    if (count != s->width)
        return kith_fail(err, KITH_E_INVAL, NULL, "a group of the query has %u values, not %u",
                         count, KITH_CAST(unsigned, s->width));
    st = kith_grow(s->host, txn, (void *)&s->items, s->count, &s->room,
                   s->width * sizeof(kith_value), err);
    if (st == KITH_OK)
        memcpy(s->items + s->count++ * s->width, values, count * sizeof *values);
    return st;
}
/* Groups of a query with totals: *groups is an array of *count structs of values, as
 * struct { kith_value owner, deals, sum; }. [reader] */
#define KITH_GROUPS(self, txn, query, params, values, groups_, count_, err)                        \
    kith_groups((self)->host, (self)->records, txn, query, params, values,                         \
                sizeof **(groups_) / sizeof(kith_value), (void *)(groups_), count_, err)
static inline kith_status kith_groups(const kith_host *host, const kith_records_v1 *rec,
                                      const kith_txn *txn, uint32_t query, uint32_t param_count,
                                      const kith_value *params, uint64_t width, void *groups,
                                      uint64_t *count, kith_error *err) {
    kith_sums s;
    kith_status st;
    memset(&s, 0, sizeof s);
    s.host = host;
    s.width = width;
    st = rec->groups(txn, query, param_count, params, 0, kith_sums_group, &s, err);
    memcpy(groups, &s.items, sizeof s.items);
    *count = s.count;
    return st;
}

typedef struct kith_total_of {
    kith_value *values;
    uint64_t width;
} kith_total_of;
static inline kith_status kith_total_group(void *arg, const kith_txn *txn, uint32_t count,
                                           const kith_value *values, kith_error *err) {
    const kith_total_of *t = KITH_CAST(const kith_total_of *, arg);
    (void)txn;
    if (count != t->width)
        return kith_fail(err, KITH_E_INVAL, NULL, "the query has %u totals, not %u", count,
                         KITH_CAST(unsigned, t->width));
    memcpy(t->values, values, count * sizeof *values);
    return KITH_OK;
}
/* The totals of a query without "group by", into a value or a struct of values. [reader] */
#define KITH_TOTAL(self, txn, query, params, values_, totals, err)                                 \
    kith_total((self)->records, txn, query, params, values_,                                       \
               sizeof *(totals) / sizeof(kith_value), (kith_value *)(void *)(totals), err)
static inline kith_status kith_total(const kith_records_v1 *rec, const kith_txn *txn,
                                     uint32_t query, uint32_t param_count, const kith_value *params,
                                     uint64_t width, kith_value *totals, kith_error *err) {
    kith_total_of t;
    memset(totals, 0, (size_t)width * sizeof *totals);
    t.values = totals;
    t.width = width;
    return rec->groups(txn, query, param_count, params, 1, kith_total_group, &t, err);
}

/* -- arguments and results --------------------------------------------------------------------- */

/* All arguments of a call, in the order in which they are declared, into a struct of values. */
#define KITH_ARGS(self, call, args, err)                                                           \
    kith_args((self)->calls, call, (uint32_t)(sizeof *(args) / sizeof(kith_value)),                \
              (kith_value *)(void *)(args), err)
static inline kith_status kith_args(const kith_calls_v1 *calls, const kith_call *call,
                                    uint32_t count, kith_value *values, kith_error *err) {
    kith_status st = KITH_OK;
    uint32_t i;
    for (i = 0; st == KITH_OK && i < count; i++)
        st = calls->arg(call, i, &values[i], err);
    return st;
}

/* All results of a call, in the same way. */
#define KITH_RESULTS(self, call, results, err)                                                     \
    kith_results((self)->calls, call, (uint32_t)(sizeof *(results) / sizeof(kith_value)),          \
                 (const kith_value *)(const void *)(results), err)
static inline kith_status kith_results(const kith_calls_v1 *calls, kith_call *call, uint32_t count,
                                       const kith_value *values, kith_error *err) {
    kith_status st = KITH_OK;
    uint32_t i;
    for (i = 0; st == KITH_OK && i < count; i++)
        st = calls->result(call, i, &values[i], err);
    return st;
}

/* One row of the answer: a struct of values, one for each column, in the order in which they are
 * declared. */
#define KITH_ROW(self, call, row_, err)                                                            \
    (self)->calls->row(call, (uint32_t)(sizeof *(row_) / sizeof(kith_value)),                      \
                       (const kith_value *)(const void *)(row_), err)

#ifdef __cplusplus
}
#endif
#endif
