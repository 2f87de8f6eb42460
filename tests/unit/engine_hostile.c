/* SPDX-License-Identifier: Apache-2.0 */
/* Queries that were written to hurt, asked by one who may everything and by one who sees through
 * every sort of right: there is an answer or a sentence, never a refusal by SQLite; and what it
 * takes grows with what is looked at, and not faster. Counted in SQLite's steps and in the size of
 * statements, not by the clock. */
#include "engine_fixture.h"

#include "record/access.h"

struct world {
    struct fixture x;
    kith_id styria, user;
    struct principal limited;
};

static kith_id make(struct world *w, const char *type, const char *const *pairs) {
    return create(&w->x, schema_type(engine_schema(w->x.g), str_of(type)), pairs);
}

static const char *pair(struct world *w, const char *name, kith_id id) {
    return arena_printf(&w->x.arena, "%s=%s", name, id_text(&w->x, id));
}

#define TEXT(...) arena_printf(&w->x.arena, __VA_ARGS__)

/* Over each type her rights reach as far as her team and her territory. */
static void make_user(struct world *w) {
    kith_id team = make(w, "team", PAIRS("name=North"));
    kith_id one =
        make(w, "role", PAIRS("name=team", "rights={\"types\":{\"*\":{\"read\":\"team\"}}}"));
    kith_id two =
        make(w, "role", PAIRS("name=land", "rights={\"types\":{\"*\":{\"read\":\"territory\"}}}"));
    w->user = make(w, "user",
                   PAIRS("login=ada", "name=Ada", pair(w, "teams", team),
                         TEXT("roles=%s,%s", id_text(&w->x, one), id_text(&w->x, two))));
    w->styria = make(w, "territory", PAIRS("name=Styria", pair(w, "manager", w->user)));
}

static void enter(struct world *w) {
    EXPECT_OK(engine_enter(w->x.g, &(struct access_of){.user = w->user}, "user:ada", &w->limited,
                           &w->x.e),
              w->x.e);
}

static void world_open(struct world *w) {
    memset(w, 0, sizeof *w);
    fixture_open(&w->x);
    fixture_start(&w->x);
    make_user(w);
    enter(w);
}

static void world_close(struct world *w) {
    engine_leave(&w->limited);
    fixture_close(&w->x);
}

/* Both pages of two records each, if there are two. */
static kith_status ask(struct world *w, const struct principal *p, const char *text) {
    struct fixture *x = &w->x;
    struct query *q;
    struct find_page page = {.limit = 2};
    TRY(query_parse(&q, engine_schema(x->g), &x->arena, str_of(text), &x->e));
    TRY(engine_find(x->g, p, q, NULL, &page, &x->arena, no_row, NULL, &x->e));
    page.after = page.cursor;
    return page.after.len ? engine_find(x->g, p, q, NULL, &page, &x->arena, no_row, NULL, &x->e)
                          : KITH_OK;
}

/* The text so often, with its number for "#", and with `between` in between. */
static const char *repeat(struct world *w, int times, const char *between, const char *text) {
    struct buf b = {0};
    for (int i = 0; i < times; i++) {
        buf_puts(&b, i ? between : "");
        for (const char *s = text; *s; s++)
            if (*s == '#')
                buf_printf(&b, "%d", i);
            else
                buf_putc(&b, *s);
    }
    const char *copy = arena_strdup(&w->x.arena, b.ptr ? b.ptr : "");
    buf_free(&b);
    return copy;
}

/* -- deep -------------------------------------------------------------------------------------- */

/* Where it is too deep, too, it is Kith that says so. */
static int expect_bounded(struct world *w, const char *text) {
    const struct principal *const all[] = {&tester, &w->limited};
    int answered = 0;
    for (int i = 0; i < 2; i++) {
        kith_status st = ask(w, all[i], text);
        if (st != KITH_OK && (st != KITH_E_LIMIT || strncmp(w->x.e.message, "at ", 3) != 0))
            TEST_FAIL("%s, asked by %s: %s", text, all[i]->name, w->x.e.message);
        answered += st == KITH_OK;
    }
    return answered;
}

TEST("what stands deep inside each other is answered or refused, whatever the rights add to it") {
    static const char *const ways[][2] = {{"note", "exists(note.about where "},
                                          {"account", "exists(account.parent where "},
                                          {"contact", "exists(contact.owner where "}};
    static const char *const nests[][2] = {
        {"(created is null or (updated is not null and ", "))"}, {"not ", ""}, {"(", ")"}};
    static const int depths[] = {0, 1, 20, 28, 32, 60, 64};
    struct world w_, *w = &w_;
    int answered = 0;
    world_open(w);
    for (int n = 1; n < 8; n++)
        for (size_t i = 0; i < 2 * 3 * sizeof depths / sizeof *depths; i++) {
            int depth = depths[i / 6];
            const char *const *way = ways[i % 2], *const *nest = nests[i / 2 % 3];
            const char *exists = repeat(w, n, "", way[1]), *ends = repeat(w, n, "", ")");
            const char *open = repeat(w, depth, "", nest[0]), *shut = repeat(w, depth, "", nest[1]);
            answered += expect_bounded(
                w, TEXT("%s where %s%screated is null%s%s", way[0], open, exists, ends, shut));
            answered += expect_bounded(
                w, TEXT("%s where %s%screated is null%s%s", way[0], exists, open, shut, ends));
        }
    EXPECT(answered > 100);
    world_close(w);
}

/* A random type that links to this one; NULL: none does. */
static const struct rtype *one_that_links(struct world *w, const struct rtype *to, uint32_t *seed,
                                          const char **via) {
    const struct schema *s = engine_schema(w->x.g);
    for (int tries = 0; tries < 60; tries++) {
        *seed = *seed * 1664525u + 1013904223u;
        const struct rtype *t = s->types[(*seed >> 8) % s->type_count];
        for (uint32_t i = 0; i < t->field_count; i++) {
            const struct rfield *f = t->fields[(i + *seed) % t->field_count];
            bool link = f->kind == KITH_F_LINK || f->kind == KITH_F_LINKS;
            *via = f->name;
            if (link && (f->target == to || (f->any_target && *seed % 3)))
                return t;
        }
    }
    return NULL;
}

TEST("parts of parts inside each other are answered or refused, too") {
    struct world w_, *w = &w_;
    uint32_t seed = 1;
    int answered = 0;
    world_open(w);
    for (int i = 0; i < 600; i++) {
        const struct schema *s = engine_schema(w->x.g);
        const struct rtype *t = s->types[(uint32_t)i % s->type_count];
        const char *via, *text = TEXT("%s where ", t->name), *ends = "";
        for (int n = 1 + i % 7; n > 0 && (t = one_that_links(w, t, &seed, &via)); n--) {
            const char *parens = repeat(w, i % 3 * (i / 3 % 9), "", "(updated is null or ");
            text = TEXT("%s%sexists(%s.%s where ", text, parens, t->name, via);
            ends = TEXT(")%s%s", repeat(w, i % 3 * (i / 3 % 9), "", ")"), ends);
        }
        answered += expect_bounded(w, TEXT("%screated is null%s", text, ends));
    }
    EXPECT(answered > 300);
    world_close(w);
}

/* -- wide -------------------------------------------------------------------------------------- */

static void make_contacts(struct world *w, int n) {
    for (int i = 0; i < n; i++) {
        const char *name = TEXT("name=n%d", i);
        kith_id c = make(w, "contact", PAIRS(name, "city=Bonn", pair(w, "owner", w->user)));
        make(w, "note", PAIRS(TEXT("about=contact/%s", id_text(&w->x, c)), "body=x"));
    }
}

static const char eight_keys[] = "order by -city, -email, -phone, -title, -language, -source,"
                                 " -postal_code, -country";

TEST("the widest queries are answered, on the page behind a cursor, too") {
    struct world w_, *w = &w_;
    world_open(w);
    make_contacts(w, 6);
    const char *const widest[] = {
        TEXT("name not in (%s)", repeat(w, 4000, ",", "'x#'")),
        TEXT("name not in (%s) and (%s)", repeat(w, 3800, ",", "'x#'"),
             repeat(w, 190, " or ", "name != 'y#'")),
        repeat(w, 200, " and ", "name not like '%#%a%b_%c'"),
        repeat(w, 16, " and ", "not exists(note where body = '#')"),
        repeat(w, 100, " and ", "not matches('a# b* -c')"),
        TEXT("created not in (%s)", repeat(w, 190, ",", "last_days(3#0)")),
    };
    for (size_t i = 0; i < sizeof widest / sizeof *widest; i++)
        EXPECT_INT(2, expect_bounded(w, TEXT("contact where %s %s", widest[i], eight_keys)));
    EXPECT_INT(2, expect_bounded(w, "contact where account.parent.parent.owner is null and"
                                    " account.territory.parent.manager is null order by"
                                    " -account.name, -account.parent.name, -owner.name,"
                                    " -account.territory.parent.parent.name"));
    EXPECT_INT(2, expect_bounded(w, "contact order by -count(note), -count(task.about),"
                                    " -count(contact_point), -count(share), count(lead)"));
    EXPECT_INT(0,
               expect_bounded(w, TEXT("contact where name in (%s)", repeat(w, 4001, ",", "'#'"))));
    EXPECT_INT(0,
               expect_bounded(w, TEXT("contact where name like '%s'", repeat(w, 1001, "", "%"))));
    world_close(w);
}

/* SQLite's own takes the product of the lengths in one step, which no deadline ends. */
TEST("patterns of like are matched by Kith, and not by SQLite") {
    struct world w_, *w = &w_;
    struct conn *c;
    sqlite3_stmt *st;
    bool row;
    world_open(w);
    EXPECT_OK(engine_reader(w->x.g, &c, &w->x.e), w->x.e);
    sqlite3_limit(c->db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1); /* SQLite's fails by that */
    EXPECT_OK(conn_prepare_once(c, "SELECT 'Bonn' LIKE '%ON%'", &st, &w->x.e), w->x.e);
    EXPECT_OK(conn_step(c, st, &row, &w->x.e), w->x.e);
    EXPECT_INT(1, sqlite3_column_int(st, 0));
    sqlite3_finalize(st);
    engine_reader_done(w->x.g, c);
    world_close(w);
}

/* A statement and what it takes: its bytes, its values, SQLite's steps. */
struct cost {
    size_t bytes;
    uint32_t values;
    int64_t steps;
};

static struct cost cost_of(struct world *w, const struct principal *p, const char *text) {
    struct fixture *x = &w->x;
    struct query_env env = {.now = START_MS, .principal = p};
    struct query *q;
    struct query_sql sql;
    struct conn *c;
    sqlite3_stmt *st;
    bool row = true;
    EXPECT_OK(query_parse(&q, engine_schema(x->g), &x->arena, str_of(text), &x->e), x->e);
    EXPECT_OK(query_sql(q, &env, NULL, (kith_str){0}, 1000, &x->arena, &sql, &x->e), x->e);
    EXPECT_OK(engine_reader(x->g, &c, &x->e), x->e);
    EXPECT_OK(conn_prepare_once(c, sql.sql, &st, &x->e), x->e);
    query_bind(st, &sql);
    while (row)
        EXPECT_OK(conn_step(c, st, &row, &x->e), x->e);
    int64_t steps = sqlite3_stmt_status(st, SQLITE_STMTSTATUS_VM_STEP, 0);
    sqlite3_finalize(st);
    engine_reader_done(x->g, c);
    return (struct cost){strlen(sql.sql), sql.value_count, steps};
}

TEST("what a record costs does not grow with the list that it is looked for in") {
    struct world w_, *w = &w_;
    struct cost few[2], many[2];
    world_open(w);
    for (int i = 0; i < 2; i++) {
        make_contacts(w, 30);
        few[i] = cost_of(w, &tester, "contact where city not in ('a', 'b', 'c', 'd')");
        many[i] = cost_of(w, &tester,
                          TEXT("contact where city not in (%s)", repeat(w, 4000, ",", "'#'")));
    }
    EXPECT(few[1].steps > few[0].steps + 30);
    EXPECT_INT(few[1].steps - few[0].steps, many[1].steps - many[0].steps);
    world_close(w);
}

TEST("a query is as long for one with thousands of territories as for one with a few") {
    static const char text[] =
        "contact where account.territory.name != 'x' and not exists(note where"
        " body = 'y') order by account.parent.parent.name, owner.name";
    struct world w_, *w = &w_;
    world_open(w);
    make_contacts(w, 4);
    struct cost few = cost_of(w, &w->limited, text);
    for (int i = 0; i < 1500; i++)
        make(w, "territory", PAIRS(TEXT("name=t%d", i), pair(w, "parent", w->styria)));
    engine_leave(&w->limited);
    enter(w);
    struct cost many = cost_of(w, &w->limited, text);
    EXPECT_INT(1501, w->limited.access->territories.count);
    EXPECT_INT(few.values, many.values);
    EXPECT_INT(few.bytes, many.bytes);
    world_close(w);
}
