/* SPDX-License-Identifier: Apache-2.0 */
/* The query language, as a person meets it: every condition is asked of SQLite and of the matcher.
 */
#include "base/clock.h"
#include "record/query_internal.h"

/* -- a small company --------------------------------------------------------------------------- */

static const kith_field user_fields[] = {{.name = "login", .kind = KITH_F_TEXT}};
static const kith_field firm_fields[] = {
    {.name = "name", .kind = KITH_F_TEXT, .flags = KITH_FF_INDEXED},
    {.name = "city", .kind = KITH_F_TEXT},
    {.name = "email", .kind = KITH_F_EMAIL, .flags = KITH_FF_UNIQUE},
    {.name = "size", .kind = KITH_F_INTEGER, .flags = KITH_FF_INDEXED},
    {.name = "share", .kind = KITH_F_DECIMAL, .options = "2"},
    {.name = "revenue", .kind = KITH_F_MONEY},
    {.name = "budget", .kind = KITH_F_MONEY, .options = "EUR"},
    {.name = "active", .kind = KITH_F_BOOLEAN},
    {.name = "founded", .kind = KITH_F_DATE},
    {.name = "seen", .kind = KITH_F_TIME},
    {.name = "wait", .kind = KITH_F_DURATION},
    {.name = "kind", .kind = KITH_F_CHOICE, .options = "customer,partner,rival"},
    {.name = "stage", .kind = KITH_F_STATE, .options = "new>won|lost,won,lost"},
    {.name = "parent", .kind = KITH_F_LINK, .options = "firm"},
    {.name = "about", .kind = KITH_F_LINK, .options = "*"},
    {.name = "friends", .kind = KITH_F_LINKS, .options = "firm"},
    {.name = "place", .kind = KITH_F_PLACE},
    {.name = "notes", .kind = KITH_F_LONGTEXT},
    {.name = "extra", .kind = KITH_F_JSON},
    {.name = "tags", .kind = KITH_F_TAGS},
    {.name = "order", .kind = KITH_F_INTEGER},
};
static const kith_type types[] = {
    {.name = "user", .fields = KITH_ARRAY(user_fields)},
    {.name = "firm", .title = "name", .fields = KITH_ARRAY(firm_fields)},
};

#include "query_ask.h"
#include "random.h"

static const struct principal nobody = {.name = "nobody"};
static const struct rtype *firm;

static void fill(void) {
    firm = schema_type(schema, STR("firm"));
    const char *one = id_text(1), *two = id_text(2);
    const char *about = arena_printf(&arena, "firm/%s", two);
    const char *both = arena_printf(&arena, "%s,%s", one, two);
    ADD("firm", 1, "name", "Ångström AG", "city", "Bonn", "email", "Info@Angstrom.example", "size",
        "10", "share", "12.50", "revenue", "100.00 EUR", "budget", "5.00 EUR", "active", "true",
        "founded", "1999-12-31", "seen", "2024-05-31T21:30:00Z", "wait", "90m", "kind", "customer",
        "stage", "won", "tags", "key account,vip", "notes", "First line\nsecond", "place",
        "50.7,7.1");
    ADD("firm", 2, "name", "beta gmbh", "city", "bonn", "size", "20", "share", "0.05", "revenue",
        "100.00 USD", "active", "false", "founded", "2024-06-01", "seen", "2024-05-31T22:30:00Z",
        "kind", "partner", "parent", one, "tags", "vip", "extra", "{\"a\":1}");
    ADD("firm", 3, "name", "Beta  GmbH", "size", "20", "revenue", "90.00 EUR", "seen",
        "2024-06-01T12:00:00Z", "parent", two, "about", about, "friends", both, "order", "7");
    ADD("firm", 4, "name", "Zoë & Söhne 😀", "city", "Köln", "size", "-3", "share", "-1.00",
        "parent", id_text(99), "friends", id_text(3), "kind", "rival", "stage", "lost");
    ADD("firm", 5, "city", "O'Hara", "founded", "2024-05-31", "about",
        arena_printf(&arena, "user/%s", two));
}

#define EXPECT_FOUND(want, condition)                                                              \
    do {                                                                                           \
        EXPECT_STR(want, ask("firm where " condition));                                            \
        EXPECT_STR(want, matching("firm", condition));                                             \
    } while (0)

/* -- conditions -------------------------------------------------------------------------------- */

TEST("a type's name alone finds every record") {
    EXPECT_STR("1 2 3 4 5", ask("firm"));
}

TEST("keywords are accepted in any case") {
    EXPECT_STR("2 1",
               ask("firm WHERE size = 10 Or size = 20 AND not city IS Null ORDER By -id LIMIT 9"));
}

TEST("text is equal when its bytes are, without regard to how the query is normalised") {
    EXPECT_FOUND("1", "city = 'Bonn'");
    EXPECT_FOUND("2", "city = 'bonn'");
    EXPECT_FOUND("1", "name = 'A\xCC\x8Angstro\xCC\x88m AG'"); /* decomposed */
    EXPECT_FOUND("", "name = 'angstrom ag'");
    EXPECT_FOUND("5", "city = 'O''Hara'");
    EXPECT_FOUND("4", "name = 'Zoë & Söhne 😀'");
}

TEST("indexed text is ordered without regard to case and accents") {
    EXPECT_FOUND("1", "name < 'b'");
    EXPECT_FOUND("2 3", "name >= 'BETA' and name < 'c'");
    EXPECT_FOUND("2 3", "name <= 'béta gmbh' and name > 'b'");
}

TEST("like ignores case and accents of indexed text, and only ASCII case of other text") {
    EXPECT_FOUND("1", "name like 'ang%'");
    EXPECT_FOUND("2 3", "name like '%GMBH'");
    EXPECT_FOUND("4", "name like 'zoe & %_'");
    EXPECT_FOUND("1 2", "city like 'b_nn'");
    EXPECT_FOUND("", "city like 'koln'");
    EXPECT_FOUND("4", "city like 'K_ln'");
    EXPECT_FOUND("1 4", "name not like 'b%'");
    EXPECT_FOUND("1", "notes like '%LINE%second'");
}

TEST("a comparison with a missing value is neither true nor false") {
    EXPECT_FOUND("1 2 4", "city != 'O''Hara'");
    EXPECT_FOUND("1 2 4", "not city = 'O''Hara'");
    EXPECT_FOUND("3", "city is null");
    EXPECT_FOUND("1 2 4 5", "city is not null");
    EXPECT_FOUND("1 2 4 5", "not city is null");
    EXPECT_FOUND("2 4 5", "city not in ('Bonn', 'x')");
    EXPECT_FOUND("4", "not (size >= 0 or city = 'nowhere')");
}

TEST("and binds tighter than or, and not tighter than both") {
    EXPECT_FOUND("1 4", "size = 10 or size = -3 and city = 'Köln'");
    EXPECT_FOUND("4", "(size = 10 or size = -3) and city = 'Köln'");
    EXPECT_FOUND("4", "not size = 10 and size < 15");
    EXPECT_FOUND("2 3 4", "not not not (size = 10 or size is null)");
}

TEST("numbers and decimals compare exactly") {
    EXPECT_FOUND("2 3", "size > 10");
    EXPECT_FOUND("4", "size = -3");
    EXPECT_FOUND("2 3", "10 < size");
    EXPECT_FOUND("1", "share = 12.5");
    EXPECT_FOUND("2 4", "share < 12.50");
    EXPECT_FOUND("2", "share = 0.05");
    EXPECT_FOUND("1 4", "share in (12.5, -1)");
    EXPECT_REFUSED("at 20: share: '0.055' is no number with at most 2 digits after the point",
                   "firm where share = 0.055");
}

TEST("money is compared with its currency") {
    EXPECT_FOUND("1", "revenue = '100 EUR'");
    EXPECT_FOUND("2 3", "revenue != '100.00 EUR'");
    EXPECT_FOUND("1", "revenue > '90 EUR'");
    EXPECT_FOUND("3", "not revenue > '90 EUR'");
    EXPECT_FOUND("1 2", "revenue in ('100 EUR', '100 USD')");
    EXPECT_FOUND("3", "revenue not in ('100 EUR', '100 USD')");
    EXPECT_FOUND("1", "budget = 5");
    EXPECT_FOUND("1", "budget <= 5.00");
    EXPECT_FOUND("", "revenue < budget");
    EXPECT_REFUSED("at 22: 'revenue' is money of any currency; write '1000 EUR'",
                   "firm where revenue > 1000");
}

TEST("dates compare with text, today() and durations") {
    EXPECT_FOUND("1", "founded < '2000-01-01'");
    EXPECT_FOUND("2", "founded = today()");
    EXPECT_FOUND("5", "founded = today() - 1d");
    EXPECT_FOUND("2 5", "founded > today() - 1w and founded < today() + 1d");
    EXPECT_FOUND("1 5", "founded < now()");
    EXPECT_REFUSED("at 32: today() moves by whole days; now() moves by any duration",
                   "firm where founded > today() - 2h");
}

TEST("times compare with instants, and with days as a whole") {
    EXPECT_FOUND("3", "seen > now() - 2h");
    EXPECT_FOUND("1 2", "seen < '2024-06-01T12:00:00Z'");
    EXPECT_FOUND("1 2", "seen = '2024-05-31'");
    EXPECT_FOUND("3", "seen != '2024-05-31'");
    EXPECT_FOUND("1 2", "seen <= '2024-05-31'");
    EXPECT_FOUND("", "seen < '2024-05-31'");
    EXPECT_FOUND("3", "seen > '2024-05-31'");
    EXPECT_FOUND("3", "seen = today()");
    EXPECT_FOUND("1 2 3", "seen in ('2024-05-31', '2024-06-01')");
}

TEST("a day is the day of the company's zone") {
    kith_error e = KITH_ERROR_INIT;
    struct zone *zone;
    EXPECT_OK(zone_open(&zone, "Europe/Berlin", &e), e); /* 22:00 UTC is midnight in summer */
    env.zone = zone;
    const char *sql = ask("firm where seen = '2024-06-01'"),
               *match = matching("firm", "seen <= '2024-05-31'");
    env.zone = NULL;
    zone_close(zone);
    EXPECT_STR("2 3", sql);
    EXPECT_STR("1", match);
}

TEST("durations, truth values and options compare with their own kind") {
    EXPECT_FOUND("1", "wait = 1h30m");
    EXPECT_FOUND("1", "wait > 1h");
    EXPECT_FOUND("1", "active");
    EXPECT_FOUND("2", "not active");
    EXPECT_FOUND("2", "active = false");
    EXPECT_FOUND("1", "active != false");
    EXPECT_FOUND("1 4", "kind in ('customer', 'rival')");
    EXPECT_FOUND("4", "kind != 'customer' and stage = 'lost'");
}

TEST("tags are found whole, and a record without tags is not tagged") {
    EXPECT_FOUND("1 2", "tagged('vip')");
    EXPECT_FOUND("1", "tagged('key account')");
    EXPECT_FOUND("3 4 5", "not tagged('vip')");
    EXPECT_FOUND("3", "tagged(parent.tags, 'vip') and parent.size = 20");
    EXPECT_FOUND("3 4 5", "tags is null");
}

TEST("a link is compared with an id, and walked to the fields behind it") {
    EXPECT_FOUND("2", "parent = '0000000000001'");
    EXPECT_FOUND("2", "parent.id = '0000000000001'");
    EXPECT_FOUND("2", "parent.city = 'Bonn'");
    EXPECT_FOUND("3", "parent.parent.name like 'ang%'");
    EXPECT_FOUND("2", "parent.size < size");
    EXPECT_FOUND("1 2", "id in ('0000000000001', '0000000000002')");
    EXPECT_FOUND("4 5", "id > '0000000000003'");
}

TEST("behind a missing or dangling link everything is null") {
    EXPECT_FOUND("1 4 5", "parent.id is null");
    EXPECT_FOUND("1 5", "parent is null");
    EXPECT_FOUND("1 4 5", "parent.city is null");
    EXPECT_FOUND("3", "not parent.city = 'Bonn'");
    EXPECT_FOUND("1 3 4 5", "not tagged(parent.tags, 'key account')");
}

static kith_status damaged(void *arg, const struct rtype *t, kith_id id, const kith_value **values,
                           kith_error *e) {
    int *asked = arg;
    (void)t;
    (void)id;
    *values = NULL;
    return err_set(e, KITH_E_CORRUPT, NULL, "the page is damaged, read %d", ++*asked);
}

TEST("a record that cannot be read is not taken for one that is gone") {
    static const char *const conditions[] = {
        "parent.city is null",       "parent.id is null",
        "not parent.city = 'Bonn'",  "friends.city = 'Bonn' or size > 0",
        "parent.founded <= today()", "not tagged(parent.tags, 'x') and parent.city is null",
    };
    setup();
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        kith_error e = KITH_ERROR_INIT;
        struct predicate *p;
        int asked = 0;
        bool yes;
        const struct match_source source = {damaged, answer, &asked};
        EXPECT_OK(predicate_parse(&p, schema, firm, &arena, str_of(conditions[i]), &e), e);
        EXPECT_INT(KITH_E_CORRUPT, predicate_match(p, &env, 3, stored(firm, 3), &source, &yes, &e));
        EXPECT(!yes);
        EXPECT_STR("the page is damaged, read 1", e.message);
        if (!predicate_timed(p))
            continue;
        int64_t next;
        err_clear(&e);
        EXPECT_INT(KITH_E_CORRUPT,
                   predicate_next_flip(p, &env, 3, stored(firm, 3), &source, &next, &e));
        EXPECT_STR("the page is damaged, read 2", e.message);
    }
}

TEST("a link to any record is compared with an id, alone or with its type") {
    EXPECT_FOUND("3 5", "about = '0000000000002'");
    EXPECT_FOUND("3", "about = 'firm/0000000000002'");
    EXPECT_FOUND("5", "about != 'firm/0000000000002'");
    EXPECT_FOUND("3 5", "about in ('user/0000000000002', 'firm/0000000000002')");
    EXPECT_REFUSED(
        "at 18: 'about' links to records of any type: compare it with an id; no field can "
        "follow",
        "firm where about.name = 'x'");
}

TEST("what goes to many holds when some record satisfies it") {
    EXPECT_FOUND("3", "friends = '0000000000001'");
    EXPECT_FOUND("3 4", "friends in ('0000000000001', '0000000000003')");
    EXPECT_FOUND("3", "friends.city = 'bonn'");
    EXPECT_FOUND("3", "friends.city like 'b%'");
    EXPECT_FOUND("1 2 4 5", "not friends.city = 'bonn'");
    EXPECT_FOUND("4", "friends.city is null");
    EXPECT_FOUND("1 2 5", "friends is null");
    EXPECT_FOUND("3 4", "friends is not null");
    EXPECT_FOUND("4", "friends.friends.name like '%ang%'");
    EXPECT_FOUND("4", "friends.parent.city = 'bonn'");
    EXPECT_FOUND("4", "friends.friends = '0000000000002'");
    EXPECT_FOUND("3", "tagged(friends.tags, 'vip')");
    EXPECT_FOUND("3", "friends.revenue in ('100 USD', '1 EUR')");
    EXPECT_FOUND("1 2 4 5", "not friends.revenue in ('100 USD', '1 EUR')");
    EXPECT_REFUSED(
        "at 20: 'friends' goes to many records: write not (friends = ...) when none of them "
        "may match",
        "firm where friends != '0000000000001'");
}

TEST("places and JSON are only asked for null") {
    EXPECT_FOUND("1", "place is not null");
    EXPECT_FOUND("2", "extra is not null");
    EXPECT_REFUSED("at 18: 'extra' is a json and can only be asked for null",
                   "firm where extra = 'x'");
}

TEST("a quoted name may be a keyword, and order without by is a name") {
    EXPECT_FOUND("3", "\"order\" = 7");
    EXPECT_FOUND("4", "friends.\"order\" = 7");
    EXPECT_FOUND("3", "order = 7");
    EXPECT_FOUND("3", "7 = order");
    EXPECT_STR("3", ask("firm where order = 7 order by order"));
    EXPECT_STR("3 1",
               ask("firm where size > 0 and id != '0000000000002' order by -\"order\", name"));
}

TEST("fields of a kind are compared with each other") {
    EXPECT_FOUND("1 2 3 4 5", "updated >= created");
    EXPECT_FOUND("2", "parent.city != city");
    EXPECT_REFUSED("at 19: 'name' and 'size' are of different kinds", "firm where name = size");
}

/* -- parameters -------------------------------------------------------------------------------- */

TEST("a parameter's value is checked like a written one") {
    EXPECT_STR("2 3", ask_with("firm where size = :n", value_int(20)));
    EXPECT_STR("2 3", ask_with("firm where size = :n", value_str(STR("20"))));
    EXPECT_STR("1", ask_with("firm where name like :n", value_str(STR("ANG%"))));
    EXPECT_STR("1 2", ask_with("firm where seen = :day", value_str(STR("2024-05-31"))));
    EXPECT_STR("2", ask_with("firm where parent = :p", value_link(1, firm->id)));
    EXPECT_STR(":n: size: 'x' is no whole number",
               ask_with("firm where size = :n", value_str(STR("x"))));
    EXPECT_STR(":n: 'size' cannot be compared with a truth value; write a number",
               ask_with("firm where size = :n", (kith_value){.kind = KITH_BOOL}));
    EXPECT_STR(
        ":d: a date lies in the years 1 to 9999",
        ask_with("firm where seen = :d", (kith_value){.kind = KITH_DATE, .as.i = INT64_MAX}));
}

TEST("a parameter that is null matches nothing") {
    EXPECT_STR("", ask_with("firm where size = :n or size != :n or size > :n", value_null()));
    EXPECT_STR("", ask_with("firm where name like :n or name not like :n", value_null()));
    EXPECT_STR("1", ask_with("firm where size in (10, :n)", value_null()));
    EXPECT_STR("", ask_with("firm where size not in (10, :n)", value_null()));
    EXPECT_STR("",
               ask_with("firm where revenue in (:n) or seen in (:n) or tagged(:n)", value_null()));
}

TEST("a parameter's text is a value, never a part of the statement") {
    EXPECT_STR("", ask_with("firm where city = :c", value_str(STR("' OR 1=1 --"))));
    EXPECT_STR("5", ask_with("firm where city = :c", value_str(STR("O'Hara"))));
}

TEST("each name of a parameter is asked for once") {
    kith_error e = KITH_ERROR_INIT;
    struct query *q;
    const char *const *names;
    setup();
    EXPECT_OK(query_parse(&q, schema, &arena,
                          STR("firm where size > :low and size < :high or share = :low"), &e),
              e);
    EXPECT_INT(2, query_params(q, &names));
    EXPECT_STR("low", names[0]);
    EXPECT_STR("high", names[1]);
}

/* -- order, limit, count, pages ---------------------------------------------------------------- */

TEST("nulls sort lowest, ties go by id in the direction of the last key") {
    EXPECT_STR("5 4 1 2 3", ask("firm order by size"));
    EXPECT_STR("3 2 1 4 5", ask("firm order by -size"));
    EXPECT_STR("5 1 2 3 4", ask("firm order by name"));
    EXPECT_STR("3 2 1 4 5", ask("firm order by -size, -id"));
    EXPECT_STR("2 3 1 4 5", ask("firm order by -size, id, name"));
    EXPECT_STR("1 4 5 2 3", ask("firm order by parent.name, id"));
    EXPECT_STR("2 4 5 3 1", ask("firm order by revenue, -size, -city, id"));
}

TEST("a written limit bounds the whole, over all pages") {
    kith_str cursor;
    EXPECT_STR("1 2 3", ask("firm limit 3"));
    EXPECT_STR("", ask("firm limit 0"));
    EXPECT_STR("1 2", page_of("firm limit 3", NULL, (kith_str){0}, 2, &cursor));
    EXPECT_STR("3", page_of("firm limit 3", NULL, cursor, 2, &cursor));
    EXPECT_INT(0, cursor.len);
}

TEST("count() tells how many, within a written limit") {
    EXPECT_STR("5", ask("firm: count()"));
    EXPECT_STR("2", ask("firm where size = 20 order by parent.name : count()"));
    EXPECT_STR("3", ask("firm limit 3 :count()"));
}

TEST("pages follow each other without a gap or a repeat") {
    kith_str cursor = {0};
    const char *all = "";
    setup();
    do {
        const char *page = page_of("firm order by -size, name", NULL, cursor, 2, &cursor);
        all = arena_printf(&arena, "%s[%s]", all, page);
    } while (cursor.len);
    EXPECT_STR("[2 3][1 4][5]", all);
}

TEST("a cursor of another query, or a forged one, is refused") {
    kith_str cursor, none;
    setup();
    page_of("firm order by size", NULL, (kith_str){0}, 2, &cursor);
    EXPECT_HAS("belongs to another query", page_of("firm order by -size", NULL, cursor, 2, &none));
    EXPECT_HAS("belongs to another query",
               page_of("firm order by size", NULL, STR("!!"), 2, &none));
    for (uint64_t cut = 1; cut < cursor.len; cut++)
        EXPECT_HAS("belongs to another query",
                   page_of("firm order by size", NULL, (kith_str){cursor.ptr, cut}, 2, &none));
}

TEST("an index serves a page behind a cursor, in either direction") {
    kith_error e = KITH_ERROR_INIT;
    kith_str cursor;
    struct query *q;
    struct query_sql sql;
    sqlite3_stmt *st;
    setup();
    page_of("firm order by -size", NULL, (kith_str){0}, 2, &cursor);
    EXPECT_OK(query_parse(&q, schema, &arena, STR("firm order by -size"), &e), e);
    EXPECT_OK(query_sql(q, &env, NULL, cursor, 2, &arena, &sql, &e), e);
    const char *plan = arena_printf(&arena, "EXPLAIN QUERY PLAN %s", sql.sql);
    EXPECT_INT(SQLITE_OK, sqlite3_prepare_v2(conn->db, plan, -1, &st, NULL));
    int searches = 0;
    while (sqlite3_step(st) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(st, 3);
        EXPECT(!strstr(detail, "SCAN") && !strstr(detail, "TEMP B-TREE"));
        searches += strstr(detail, "SEARCH") != NULL;
    }
    sqlite3_finalize(st);
    EXPECT_INT(3, searches);
}

/* -- access ------------------------------------------------------------------------------------ */

TEST("who may see nothing finds nothing, and counts nothing") {
    setup();
    env.principal = &nobody;
    const char *rows_found = ask("firm"), *count = ask("firm: count()"),
               *match = matching("firm", "size = 10");
    env.principal = &everyone;
    EXPECT_STR("", rows_found);
    EXPECT_STR("0", count);
    EXPECT_STR("", match);
}

/* -- what a rule depends on -------------------------------------------------------------------- */

TEST("a condition names the fields of the record that it depends on") {
    kith_error e = KITH_ERROR_INIT;
    struct predicate *p;
    setup();
    EXPECT_OK(predicate_parse(
                  &p, schema, firm, &arena,
                  STR("size > 3 and (parent.name = city or tagged('x') or friends is null)"), &e),
              e);
    static const char *const used[] = {"size", "parent", "city", "tags", "friends"};
    uint32_t count = 0;
    for (uint32_t i = 0; i < firm->field_count; i++)
        count += fieldset_has(predicate_fields(p), i);
    EXPECT_INT(5, count);
    for (size_t i = 0; i < 5; i++)
        EXPECT(fieldset_has(predicate_fields(p), type_field(schema, firm, str_of(used[i]))->index));
    EXPECT(!predicate_local(p));
}

TEST("a condition is local when no path leaves the record") {
    kith_error e = KITH_ERROR_INIT;
    struct predicate *p;
    setup();
    EXPECT_OK(predicate_parse(&p, schema, firm, &arena, STR("size > 3 and friends is null"), &e),
              e);
    EXPECT(predicate_local(p));
    EXPECT(!matches(p, 1, stored(firm, 3)));
    EXPECT(matches(p, 1, stored(firm, 1)));
    EXPECT_STR("at 8: a rule's condition has no parameters", matching("firm", "size = :x"));
}

TEST("a rule that does not match costs well under 100 ns") {
    kith_error e = KITH_ERROR_INIT;
    struct predicate *p;
    uint64_t matched = 0;
    setup();
    EXPECT_OK(predicate_parse(&p, schema, firm, &arena, STR("kind = 'rival' and size > 100"), &e),
              e);
    const kith_value *values = stored(firm, 1);
    int64_t begin = clock_ticks(), best = INT64_MAX;
    for (int round = 0; round < 50; round++, begin = clock_ticks()) {
        for (int i = 0; i < 10000; i++)
            matched += matches(p, 1, values);
        int64_t took = (clock_ticks() - begin) / 10000;
        best = took < best ? took : best;
    }
    EXPECT_INT(0, matched);
    EXPECT(best < 500); /* generous: also under sanitizers and on a busy machine */
}

/* -- errors ------------------------------------------------------------------------------------ */

TEST("errors say where and suggest the nearest name") {
    EXPECT_REFUSED("at 12: no field 'citty' in firm; did you mean 'city'?",
                   "firm where citty = 'x'");
    EXPECT_REFUSED("at 1: there is no type 'frm'; did you mean 'firm'?", "frm");
    EXPECT_REFUSED(
        "at 19: kind: 'custmer' is none of customer, partner, rival; did you mean 'customer'?",
        "firm where kind = 'custmer'");
    EXPECT_REFUSED("at 34: no field 'sze' in firm; did you mean 'size'?",
                   "firm where name = 'Ångström' and sze = 1"); /* characters, not bytes */
    EXPECT_REFUSED("at 12: no function 'tuday' can stand here; did you mean 'today()'?",
                   "firm where tuday() = founded");
    EXPECT_REFUSED("at 19: no field 'nam' in firm; did you mean 'name'?",
                   "firm where parent.nam = 'x'");
}

TEST("errors say what to write instead") {
    EXPECT_REFUSED("at 19: no field 'Berlin' in firm; a text stands in quotes: 'Berlin'",
                   "firm where city = Berlin");
    EXPECT_REFUSED("at 19: nothing is equal to null; write city is null", "firm where city = null");
    EXPECT_REFUSED("at 20: nothing is equal to null; write city is not null",
                   "firm where city != null");
    EXPECT_REFUSED("at 20: an option stands in quotes: 'won'", "firm where stage = won");
    EXPECT_REFUSED("at 18: 'stage' is a state and has no order; use =, != or in (...)",
                   "firm where stage > 'new'");
    EXPECT_REFUSED("at 19: 'city' cannot be compared with a number; text stands in quotes",
                   "firm where city = 5");
    EXPECT_REFUSED("at 17: 'tags' holds tags; write tagged('x')", "firm where tags = 'vip'");
    EXPECT_REFUSED("at 17: write '!=' for '<>'", "firm where size <> 5");
    EXPECT_REFUSED("at 17: write '=' for '=='", "firm where size == 5");
    EXPECT_REFUSED("at 17: 'city' is a text field, not a link: no field can follow",
                   "firm where city.name = 'x'");
    EXPECT_REFUSED("at 12: one side of a comparison must be a field", "firm where 1 = 1");
    EXPECT_REFUSED("at 15: 'notes' is a longtext: nothing can be sorted by it",
                   "firm order by notes");
    EXPECT_REFUSED(
        "at 15: 'friends' goes to many records; it can be compared with a value, but not "
        "sorted by or compared with a field",
        "firm order by friends.name");
}

TEST("errors say what was expected and what was found") {
    EXPECT_REFUSED(
        "at 1: expected the name of a type, as in: contact where city = 'Bonn', but the text "
        "ends here",
        "");
    EXPECT_REFUSED("at 11: expected a field or a value, but the text ends here", "firm where");
    EXPECT_REFUSED("at 6: expected 'where', 'order by', 'limit' or the end, found size",
                   "firm size = 3");
    EXPECT_REFUSED("at 20: from small to large is how records are sorted; '-' before a field turns"
                   " it round: order by -created",
                   "firm order by name desc");
    EXPECT_REFUSED("at 24: expected 'and', 'or', 'order by', 'limit' or the end, found )",
                   "firm where size = 3    )");
    EXPECT_REFUSED("at 17: expected a comparison, but the text ends here", "firm where size ");
    EXPECT_REFUSED("at 19: the quote ' is never closed", "firm where city = 'x");
    EXPECT_REFUSED("at 12: 'é' has no meaning here; text stands in '...'", "firm where é = 1");
}

/* `open` repeated, then `middle`, then `close` as often. */
static const char *nested(int times, const char *open, const char *middle, const char *close) {
    const char *before = "firm where ", *after = "";
    for (int i = 0; i < times; i++) {
        before = arena_printf(&arena, "%s%s", before, open);
        after = arena_printf(&arena, "%s%s", close, after);
    }
    return arena_printf(&arena, "%s%s%s", before, middle, after);
}

TEST("depth, size and number are bounded with a clear error") {
    EXPECT_HAS("more than 64 parentheses", ask(nested(65, "(", "size = 1", ")")));
    EXPECT_HAS("more than 64 parentheses", ask(nested(10000, "not ", "size = 1", "")));
    EXPECT_HAS("more than 200 conditions", ask(nested(200, "size = 1 or ", "size = 1", "")));
    EXPECT_HAS("more than 12 links",
               ask(nested(13, "friends = '0000000000001' or ", "size = 1", "")));
    EXPECT_HAS("more than 8 names",
               ask("firm where parent.parent.parent.parent.parent.parent.parent.parent"
                   ".name = 'x'"));
    EXPECT_HAS("longer than 64 KiB", ask(nested(10000, "size = 1 or ", "size = 1", "")));
}

TEST("what is within the bounds runs") {
    EXPECT_STR("1", ask(nested(64, "(", "size = 10", ")")));
    EXPECT_STR("2 3", ask(nested(199, "size = 1 or ", "size = 20", "")));
    EXPECT_STR("1 2 3", ask(nested(32, "(size = 20 or (size > 0 and ", "size = 10", "))")));
    EXPECT_STR("1 2 3",
               ask(nested(31,
                          "((size = 9 and size = 8) or size = 20 or ((size = 0 or size > 0) "
                          "and ",
                          "size = 10", "))")));
    EXPECT_STR("3 4", ask(nested(11, "friends = '0000000000009' or ", "friends is not null", "")));
}

/* -- robustness -------------------------------------------------------------------------------- */

static uint64_t seed = 20240601;
static uint32_t random_below(uint32_t n) {
    return (uint32_t)(random_next(&seed) >> 32) % n;
}

/* Changes, drops, doubles or moves a few bytes. */
static size_t mutate(char *text, size_t len, size_t cap) {
    static const char bytes[] = "()'\"=<>!.,:-+ 019dhx_\xC3\xA9\xF0\x80\0naot";
    for (uint32_t n = 1 + random_below(4); n > 0 && len > 1; n--) {
        size_t at = random_below((uint32_t)len);
        switch (random_below(4)) {
        case 0:
            text[at] = bytes[random_below(sizeof bytes)];
            break;
        case 1:
            memmove(text + at, text + at + 1, --len - at);
            break;
        case 2:
            if (len < cap)
                memmove(text + at + 1, text + at, len++ - at);
            break;
        default:
            text[at] ^= (char)(1u << random_below(8));
        }
    }
    return len;
}

TEST("damaged queries never crash and always get a sentence") {
    static const char *const valid[] = {
        "firm where city = 'Bonn' and (size > 3 or not share <= 12.50) order by -size, name",
        "firm where parent.parent.name like 'a%' and friends.city in ('x', :p) : count()",
        "firm where tagged(friends.tags, 'vip') or seen > now() - 30d + 2h and founded <= today()",
        "firm where about = 'firm/0000000000002' and revenue not in ('1 EUR', '2 USD') and active",
        "firm where \"order\" is not null and kind != 'rival' and wait < 1h30m and city is null",
    };
    setup();
    uint32_t accepted = 0;
    for (int i = 0; i < 8000; i++) {
        struct arena_mark mark = arena_mark(&arena);
        char text[256];
        const char *base = valid[random_below(5)];
        size_t len = strlen(base);
        memcpy(text, base, len);
        len = mutate(text, len, sizeof text);
        kith_error e = KITH_ERROR_INIT;
        struct query *q;
        struct query_sql sql;
        kith_value params[2] = {value_str(STR("0000000000001")), value_null()};
        sqlite3_stmt *st;
        kith_status status = query_parse(&q, schema, &arena, (kith_str){text, len}, &e);
        const char *const *names;
        if (status == KITH_OK && query_params(q, &names) <= 2)
            status = query_sql(q, &env, params, (kith_str){0}, 10, &arena, &sql, &e);
        if (status == KITH_OK) {
            accepted++;
            EXPECT_INT(SQLITE_OK, sqlite3_prepare_v2(conn->db, sql.sql, -1, &st, NULL));
            sqlite3_finalize(st);
        } else if (strlen(e.message) < 10) {
            TEST_FAIL("no sentence for: %.*s", (int)len, text);
        }
        arena_release(&arena, mark);
    }
    EXPECT(accepted > 50);
}

TEST("damaged cursors never crash") {
    kith_str cursor;
    setup();
    page_of("firm order by name, -size", NULL, (kith_str){0}, 2, &cursor);
    for (int i = 0; i < 5000; i++) {
        struct arena_mark mark = arena_mark(&arena);
        kith_str next;
        char text[256];
        memcpy(text, cursor.ptr, cursor.len);
        size_t len = mutate(text, cursor.len, sizeof text);
        page_of("firm order by name, -size", NULL, (kith_str){text, len}, 2, &next);
        arena_release(&arena, mark);
    }
}
