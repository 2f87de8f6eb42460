/* SPDX-License-Identifier: Apache-2.0 */
/* How a query is carried out, in words, and the index that would help. */
#include "query_fixture.h"

static void fill(void) {
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(conn_exec(conn,
                        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
                        "12000) INSERT INTO customer(id, created, updated, name, name__fold, city) "
                        "SELECT i, i, i, 'c' || i, 'c' || i, 'Bonn' FROM n",
                        &e),
              e);
    ADD("order", 1, "state", "open");
}

static struct explanation explain(const char *text) {
    kith_error e = KITH_ERROR_INIT;
    struct query *q;
    struct explanation x;
    setup();
    EXPECT_OK(query_parse(&q, schema, &arena, str_of(text), &e), e);
    EXPECT_OK(query_explain(q, &env, NULL, conn, &arena, &x, &e), e);
    return x;
}

/* The steps between bars, then the index to add. */
static const char *plan(const char *text) {
    struct explanation x = explain(text);
    const char *out = "";
    for (size_t i = 0; i < x.step_count; i++)
        out = arena_printf(&arena, "%s%s%s", out, i ? "|" : "", x.steps[i]);
    return x.index ? arena_printf(&arena, "%s => %s", out, x.index) : out;
}

TEST("what an index or the id serves is told") {
    EXPECT_STR("customer: found by the index on name", plan("customer where name = 'x'"));
    EXPECT_STR("customer: found by the id", plan("customer where id = '0000000000001'"));
    EXPECT_STR("order: all 1 records are read", plan("order where state = 'open'"));
    EXPECT_STR("customer: found by the index on name|order: found by the index on customer",
               plan("customer where name = 'x' and exists(order where state = 'open')"));
    EXPECT_STR("customer: found by the index on name|customer: found by the id",
               plan("customer where name = 'x' and referrer.city = 'Ulm'"));
}

TEST("a year is found by the index on its date or time") {
    EXPECT_STR("customer: found by the index on created",
               plan("customer where year(created) = 2024 : count()"));
    EXPECT_STR("customer: found by the index on created",
               plan("customer where year(created) in (2023, 2024) : count()"));
    EXPECT_STR("customer: found by the index on created",
               plan("customer where year(created) > 2023 and city = 'Ulm' : count()"));
    EXPECT_STR("customer: found by the index on created",
               plan("customer where created in this_year() : count()"));
    EXPECT_STR("customer: all 12000 records are read => city,born",
               plan("customer where year(born) = 1990 and city = 'Ulm'"));
    EXPECT_STR("customer: all 12000 records are read => city",
               plan("customer where month(born) = 5 and city = 'Ulm'"));
    EXPECT_STR("customer: all 12000 records are read => city",
               plan("customer where year(born) != 1990 and city = 'Ulm'"));
}

TEST("the index is proposed that would spare reading or sorting a large table") {
    EXPECT_STR("customer: all 12000 records are read => city", plan("customer where city = 'Ulm'"));
    EXPECT_STR("customer: all 12000 records are read, by the index on created => city,-created",
               plan("customer where city = 'Ulm' order by -created"));
    EXPECT_STR("customer: all 12000 records are read|what is found is sorted => city,-kind",
               plan("customer where city = 'Ulm' order by -kind"));
    EXPECT_STR("customer: all 12000 records are read|what is found is sorted => -city",
               plan("customer order by -city"));
    EXPECT_STR("customer: all 12000 records are read => city,kind",
               plan("customer where city = 'Ulm' and kind in ('shop')"));
    EXPECT_STR("customer: all 12000 records are read => kind,city",
               plan("customer where city > 'a' and kind = 'shop' group by city"));
    EXPECT_STR("customer: found by the index on created",
               plan("customer where created > now() and kind = 'shop' group by city"));
    EXPECT_STR("customer: all 12000 records are read => place",
               plan("customer where near(place, '1,1', 5km)"));
}

TEST("nothing is proposed for small tables, for all records, and where nothing would help") {
    EXPECT_STR("customer: all 12000 records are read", plan("customer group by city"));
    EXPECT_STR("order: all 1 records are read|what is found is sorted",
               plan("order order by state"));
    struct explanation x = explain("customer where city = 'Ulm' or kind = 'shop'");
    EXPECT(x.index == NULL);
    EXPECT_STR("customer has 12000 records, and nothing in the query that an index could serve",
               x.advice);
    x = explain("customer where city = 'Ulm'");
    EXPECT_STR("customer has 12000 records: make the field 'city' indexed", x.advice);
}

TEST("the SQL is that of the first page, without values") {
    struct explanation x = explain("customer where city = 'secret'");
    EXPECT_HAS("SELECT t0.id", x.sql);
    EXPECT(!strstr(x.sql, "secret"));
}

TEST("how many records there are is not told to whoever may not read them all") {
    static const struct principal nobody = {.name = "nobody"};
    kith_error e = KITH_ERROR_INIT;
    struct query *q;
    struct explanation x;
    setup();
    struct query_env theirs = env;
    theirs.principal = &nobody;
    EXPECT_OK(query_parse(&q, schema, &arena, STR("customer : count()"), &e), e);
    EXPECT_OK(query_explain(q, &theirs, NULL, conn, &arena, &x, &e), e);
    EXPECT_INT(1, x.step_count);
    EXPECT_HAS("customer: all records are read", x.steps[0]);
    EXPECT(x.advice == NULL);
}
