/* SPDX-License-Identifier: Apache-2.0 */
/* Places: near() and distance(). */
#include "query_fixture.h"
#include "random.h"

static void fill(void) {
    ADD("customer", 1, "name", "Vienna", "place", "48.2082,16.3738");
    ADD("customer", 2, "name", "Bratislava", "place", "48.1486,17.1077");
    ADD("customer", 3, "name", "Fiji east", "place", "-17.0,179.95");
    ADD("customer", 4, "name", "Fiji west", "place", "-17.0,-179.95");
    ADD("customer", 5, "name", "Pole", "place", "89.99,10");
    ADD("customer", 6, "name", "Pole behind", "place", "89.99,-170");
    ADD("customer", 7, "name", "Nowhere");
    ADD("order", 11, "customer", id_text(2));
}

TEST("near finds what lies within the length, in its unit") {
    EXPECT_FOUND("1", "customer", "near(place, '48.2,16.37', 5km)");
    EXPECT_FOUND("1 2", "customer", "near(place, '48.2,16.37', 55km)");
    EXPECT_FOUND("1 2", "customer", "near(place, '48.2,16.37', 35mi)");
    EXPECT_FOUND("1", "customer", "near(place, '48.2,16.37', 33mi)");
    EXPECT_FOUND("1", "customer", "near(place, '48.2,16.37', 1500.5m)");
    EXPECT_FOUND("", "customer", "near(place, '48.2,16.37', 900m)");
    EXPECT_FOUND("1", "customer", "near(place, '48.2082,16.3738', 0m)");
    EXPECT_FOUND("11", "order", "near(customer.place, '48.15,17.1', 2km)");
    EXPECT_FOUND("1 2 3 4 5 6", "customer", "near(place, '0,0', 20037km)");
}

TEST("what is not near is further away; what has no place is neither") {
    EXPECT_FOUND("2 3 4 5 6", "customer", "not near(place, '48.2,16.37', 5km)");
    EXPECT_FOUND("7", "customer", "place is null");
}

TEST("circles pass the date line and hold the poles") {
    EXPECT_FOUND("3 4", "customer", "near(place, '-17,179.99', 20km)");
    EXPECT_FOUND("3 4", "customer", "near(place, '-17,-180', 20km)");
    EXPECT_FOUND("3", "customer", "near(place, '-17,179.99', 5km)");
    EXPECT_FOUND("5 6", "customer", "near(place, '90,0', 2km)");
    EXPECT_FOUND("5 6", "customer", "near(place, '89.995,100', 3km)");
    EXPECT_FOUND("5", "customer", "near(place, '89.99,10', 1km)");
}

TEST("distances are metres, to compare and to sort by") {
    EXPECT_FOUND("1 2", "customer", "distance(place, '48.2,16.37') < 56000");
    EXPECT_FOUND("2", "customer",
                 "distance(place, '48.2082,16.3738') > 54000 and "
                 "distance(place, '48.2082,16.3738') < 55000");
    EXPECT_FOUND("1", "customer", "distance(place, '48.2082,16.3738') = 0");
    EXPECT_STR("1 2 5 6 3 4", ask("customer where place is not null order by distance(place, "
                                  "'48.2,16.37') limit 9"));
    EXPECT_STR("4 3 6 5 2 1 7", ask_paged("customer order by -distance(place, '48.2,16.37')"));
}

TEST("the centre may be a parameter") {
    kith_str cursor;
    kith_value v = value_str(STR("48.2,16.37"));
    setup();
    EXPECT_STR("1",
               page_of("customer where near(place, :here, 5km)", &v, (kith_str){0}, 9, &cursor));
    v = (kith_value){.kind = KITH_PLACE, .as.place = {.lat = 48.15, .lon = 17.1}};
    EXPECT_STR("2",
               page_of("customer where near(place, :here, 5km)", &v, (kith_str){0}, 9, &cursor));
    v = value_null();
    EXPECT_STR("",
               page_of("customer where near(place, :here, 5km)", &v, (kith_str){0}, 9, &cursor));
}

TEST("the length may be a parameter") {
    EXPECT_STR(ask("customer where near(place, '48.2,16.37', 60km)"),
               ask_with("customer where near(place, '48.2,16.37', :far)", value_str(STR("60km"))));
    EXPECT_STR(
        ask("customer where not near(place, '48.2,16.37', 60km)"),
        ask_with("customer where not near(place, '48.2,16.37', :far)", value_str(STR("60km"))));
    EXPECT_STR(":far: write a length such as 5km, 300m or 3mi",
               ask_with("customer where near(place, '48.2,16.37', :far)", value_int(5)));
    EXPECT_STR(":far: write a length such as 5km, 300m or 3mi",
               ask_with("customer where near(place, '48.2,16.37', :far)", value_str(STR("1d"))));
}

TEST("without a centre the condition is a truth value, which not every database has as a number") {
    kith_error e = KITH_ERROR_INIT;
    const kith_value null = value_null();
    struct query *q;
    struct query_sql sql;
    setup();
    EXPECT_OK(query_parse(&q, schema, &arena, STR("customer where near(place, :here, 5km)"), &e),
              e);
    EXPECT_OK(query_sql(q, &env, &null, (kith_str){0}, 9, &arena, &sql, &e), e);
    EXPECT_HAS("WHERE TRUE AND FALSE ORDER", sql.sql);
}

TEST("what is no place or length is refused") {
    EXPECT_REFUSED("at 21: 'name' is no place", "customer where near(name, '1,1', 5km)");
    EXPECT_REFUSED("at 35: expected a length such as 5km, 300m or 3mi, found 5",
                   "customer where near(place, '1,1', 5)");
    EXPECT_REFUSED("at 35: expected a length such as 5km, 300m or 3mi, found 5h",
                   "customer where near(place, '1,1', 5h)");
    EXPECT_REFUSED("at 35: nothing on earth is further away than 20037km",
                   "customer where near(place, '1,1', 99999km)");
    EXPECT_HAS("latitude is -90 to 90", ask("customer where near(place, '91,1', 5km)"));
    EXPECT_HAS("48.2082,16.3738", ask("customer where distance(place, 'here') < 3"));
    EXPECT_REFUSED("at 25: 'name' is no place", "customer where distance(name, '1,1') < 3");
}

static uint64_t seed = 20240601;
static uint32_t below(uint32_t n) {
    return (uint32_t)(random_next(&seed) >> 33) % n;
}

/* Anywhere, but often at a pole, on the date line or near the centre. */
static void some_place(double *lat, double *lon) {
    static const double lats[] = {90, -90, 89.9, -89.9, 0, 48.2, 85},
                        lons[] = {180, -180, 179.9, 0, 16.4};
    *lat = below(2) ? lats[below(7)] : (double)below(1800000) / 1e4 - 90;
    *lon = below(2) ? lons[below(5)] : (double)below(3600000) / 1e4 - 180;
}

TEST("the box around a circle never leaves out what is inside") {
    sqlite3_stmt *st;
    kith_error e = KITH_ERROR_INIT;
    setup();
    EXPECT_OK(conn_exec(conn, "CREATE TEMP TABLE p(lat REAL, lon REAL)", &e), e);
    for (int i = 0; i < 300; i++) {
        double lat, lon;
        some_place(&lat, &lon);
        EXPECT_OK(conn_prepare(conn, "INSERT INTO p VALUES(?1, ?2)", &st, &e), e);
        bind_real(st, 1, lat);
        bind_real(st, 2, lon);
        EXPECT_OK(conn_run(conn, st, &e), e);
    }
    EXPECT_OK(conn_exec(conn,
                        "INSERT INTO customer(id, created, updated, place__lat, place__lon) SELECT "
                        "1000 + rowid, 0, 0, lat, lon FROM p",
                        &e),
              e);
    static const int lengths[] = {0, 1, 500, 20000, 400000, 5000000, 12000000, 20037508};
    for (int i = 0; i < 400; i++) {
        struct arena_mark mark = arena_mark(&arena);
        double lat, lon;
        some_place(&lat, &lon);
        int length = lengths[below(8)];
        const char *near =
            arena_printf(&arena, "customer where near(place, '%.4f,%.4f', %dm)", lat, lon, length);
        const char *all = arena_printf(&arena,
                                       "customer where not (not near(place, '%.4f,%.4f', "
                                       "%dm)) and place is not null",
                                       lat, lon, length);
        const char *far = arena_printf(&arena,
                                       "customer where not near(place, '%.4f,%.4f', %dm) : "
                                       "count()",
                                       lat, lon, length);
        const char *found = ask(near);
        EXPECT_STR(found, ask(all));
        int n = *found != '\0';
        for (const char *z = found; *z; z++)
            n += *z == ' ';
        if (n + atoi(ask(far)) != 306)
            TEST_FAIL("%s: %d near and %s far of 306", near, n, ask(far));
        arena_release(&arena, mark);
    }
    EXPECT_OK(conn_exec(conn, "DELETE FROM customer WHERE id > 1000; DROP TABLE p", &e), e);
}
