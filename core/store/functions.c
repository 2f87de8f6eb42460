/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that statements may call on every connection: parts of dates and times, distances,
 * and like in place of SQLite's. They are the same functions that the rest of Kith computes with. A
 * zone is bound as a pointer, since connections do not know the company's. */
#include "base/geo.h"
#include "base/like.h"
#include "base/zone.h"
#include "store/store.h"

#include <math.h>

/* kith_date_part(part, day) */
static void sql_date_part(sqlite3_context *ctx, int count, sqlite3_value **v) {
    (void)count;
    if (sqlite3_value_type(v[1]) != SQLITE_INTEGER)
        return;
    struct civil c = date_civil(sqlite3_value_int64(v[1]) * DAY_MS);
    sqlite3_result_int64(ctx, date_part((enum date_part)sqlite3_value_int(v[0]), &c));
}

/* kith_time_part(part, ms, zone) */
static void sql_time_part(sqlite3_context *ctx, int count, sqlite3_value **v) {
    (void)count;
    if (sqlite3_value_type(v[1]) != SQLITE_INTEGER)
        return;
    struct civil c = zone_local(sqlite3_value_pointer(v[2], STORE_ZONE), sqlite3_value_int64(v[1]));
    sqlite3_result_int64(ctx, date_part((enum date_part)sqlite3_value_int(v[0]), &c));
}

static bool distance(sqlite3_value **v, double *metres) {
    for (int i = 0; i < 4; i++)
        if (sqlite3_value_type(v[i]) != SQLITE_FLOAT && sqlite3_value_type(v[i]) != SQLITE_INTEGER)
            return false;
    *metres = geo_distance(sqlite3_value_double(v[0]), sqlite3_value_double(v[1]),
                           sqlite3_value_double(v[2]), sqlite3_value_double(v[3]));
    return true;
}

/* kith_distance(lat, lon, lat, lon), and in whole metres kith_metres */
static void sql_distance(sqlite3_context *ctx, int count, sqlite3_value **v) {
    double metres;
    (void)count;
    if (distance(v, &metres))
        sqlite3_result_double(ctx, metres);
}

static void sql_metres(sqlite3_context *ctx, int count, sqlite3_value **v) {
    double metres;
    (void)count;
    if (distance(v, &metres))
        sqlite3_result_int64(ctx, (int64_t)llround(metres));
}

/* kith_indexed(words) is the words: only the writer's index may be behind, and the engine gives
 * that connection a function of its own in place of this one. */
static void sql_indexed(sqlite3_context *ctx, int count, sqlite3_value **v) {
    (void)count;
    sqlite3_result_value(ctx, v[0]);
}

static kith_str text_of(sqlite3_value *v) {
    const char *text = (const char *)sqlite3_value_text(v);
    return (kith_str){text, (uint64_t)sqlite3_value_bytes(v)};
}

/* like(pattern, text) */
static void sql_like(sqlite3_context *ctx, int count, sqlite3_value **v) {
    kith_str pattern = text_of(v[0]), text = text_of(v[1]);
    (void)count;
    if (pattern.ptr && text.ptr)
        sqlite3_result_int(ctx, like_match(pattern, text));
}

kith_status store_functions(struct conn *c, kith_error *e) {
    static const struct {
        const char *name;
        int args;
        void (*fn)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = {
        {"kith_date_part", 2, sql_date_part}, {"kith_time_part", 3, sql_time_part},
        {"kith_distance", 4, sql_distance},   {"kith_metres", 4, sql_metres},
        {"kith_indexed", 1, sql_indexed},     {"like", 2, sql_like},
    };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        int rc = sqlite3_create_function_v2(c->db, functions[i].name, functions[i].args,
                                            SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                            functions[i].fn, NULL, NULL, NULL);
        if (rc != SQLITE_OK)
            return conn_error(c, rc, e);
    }
    return KITH_OK;
}
