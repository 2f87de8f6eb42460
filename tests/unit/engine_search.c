/* SPDX-License-Identifier: Apache-2.0 */
/* Search over a company: in step with its records, ranked, a page at a time, and indexed anew when
 * it must be. That it finds the right records is in engine_search_property.c. */
#include "engine_fixture.h"

static const struct principal nobody = {.name = "nobody"};

struct world {
    struct fixture x;
    const struct rtype *note, *account;
};

static void types_of(struct world *w) {
    w->note = schema_type(engine_schema(w->x.g), STR("note"));
    w->account = schema_type(engine_schema(w->x.g), STR("account"));
}

static void world_open(struct world *w) {
    fixture_open(&w->x);
    fixture_start(&w->x);
    types_of(w);
}

static void reopen(struct world *w) {
    engine_close(w->x.g);
    fixture_reopen(&w->x);
    types_of(w);
}

static void sql(struct world *w, const char *text) {
    sqlite3 *db;
    EXPECT_INT(SQLITE_OK, sqlite3_open(w->x.path, &db));
    int rc = sqlite3_exec(db, text, NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        TEST_FAIL("%s: %s", text, sqlite3_errmsg(db));
    sqlite3_close(db);
}

static struct search_answer search(struct world *w, const char *text) {
    struct search_answer s = {.limit = 1000, .typing = true};
    EXPECT_OK(engine_search(w->x.g, &tester, str_of(text), &s, &w->x.arena, &w->x.e), w->x.e);
    return s;
}

static int64_t hits(struct world *w, const char *text) {
    return (int64_t)search(w, text).count;
}

/* The titles of what is found, in order: "Anna|Bea". */
static const char *titles(struct world *w, const char *text) {
    struct search_answer s = search(w, text);
    struct buf b = {0};
    for (size_t i = 0; i < s.count; i++) {
        buf_puts(&b, i ? "|" : "");
        buf_str(&b, s.records[i].title.text);
    }
    const char *out = arena_strdup(&w->x.arena, b.len ? b.ptr : "");
    buf_free(&b);
    return out;
}

static kith_id person(struct world *w, const char *name) {
    return create(&w->x, w->x.contact, PAIRS(arena_printf(&w->x.arena, "name=%s", name)));
}

static kith_id note_on(struct world *w, kith_id about, const char *title, const char *body) {
    return create(&w->x, w->note,
                  PAIRS(arena_printf(&w->x.arena, "about=contact/%s", id_text(&w->x, about)),
                        arena_printf(&w->x.arena, "title=%s", title),
                        arena_printf(&w->x.arena, "body=%s", body)));
}

/* -- in step ----------------------------------------------------------------------------------- */

TEST("what is written is found at once, and what is changed or deleted no more") {
    struct world w;
    world_open(&w);
    kith_id anna = person(&w, "Anna Schmidt");
    EXPECT_INT(1, hits(&w, "anna"));
    update(&w.x, w.x.contact, anna, PAIRS("name=Berta Schmidt"));
    EXPECT_INT(0, hits(&w, "anna"));
    EXPECT_STR("Berta Schmidt", titles(&w, "berta schm"));
    delete_(&w.x, w.x.contact, anna);
    EXPECT_INT(0, hits(&w, "schmidt"));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("an undo brings back what was found, and a rehearsal changes nothing") {
    struct world w;
    struct undo_report report;
    struct rehearsal r;
    world_open(&w);
    kith_id anna = person(&w, "Anna Schmidt");
    struct job rename = {ROW_UPDATE, w.x.contact, anna, PAIRS("name=Carla")};
    EXPECT_OK(engine_rehearse(w.x.g, &by_tester, do_job, &rename, &w.x.arena, &r, &w.x.e), w.x.e);
    EXPECT_INT(1, hits(&w, "anna"));
    EXPECT_INT(0, hits(&w, "carla"));
    kith_id tx = delete_(&w.x, w.x.contact, anna);
    EXPECT_INT(0, hits(&w, "anna"));
    EXPECT_OK(engine_undo(w.x.g, &tester, tx, false, &w.x.arena, &report, &w.x.e), w.x.e);
    EXPECT_INT(1, hits(&w, "anna"));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

static kith_status write_and_fail(struct txn *t, void *arg, kith_error *e) {
    TRY(do_job(t, arg, e));
    return err_set(e, KITH_E_REFUSED, NULL, "no");
}

/* Both parts write; the first is taken back. */
static kith_status half_fails(struct txn *t, void *arg, kith_error *e) {
    struct job *jobs = arg;
    EXPECT_INT(KITH_E_REFUSED, txn_try(t, write_and_fail, &jobs[0], NULL));
    return do_job(t, &jobs[1], e);
}

static void done(void *arg, kith_status st, kith_id tx, const kith_error *e) {
    (void)arg;
    (void)st;
    (void)tx;
    (void)e;
}

TEST("what is taken back leaves nothing in the index, alone, in part, and in a group") {
    struct world w;
    world_open(&w);
    kith_id anna = person(&w, "Anna");
    struct job rename = {ROW_UPDATE, w.x.contact, anna, PAIRS("name=Berta")};
    EXPECT_INT(KITH_E_REFUSED,
               engine_write(w.x.g, &by_tester, write_and_fail, &rename, NULL, &w.x.e));
    EXPECT_STR("Anna", titles(&w, "anna OR berta"));
    struct job parts[] = {rename, {ROW_CREATE, w.x.contact, 0, PAIRS("name=Carla")}};
    EXPECT_OK(engine_write(w.x.g, &by_tester, half_fails, parts, NULL, &w.x.e), w.x.e);
    EXPECT_INT(1, hits(&w, "anna"));
    EXPECT_INT(0, hits(&w, "berta"));
    EXPECT_INT(1, hits(&w, "carla"));
    const char *const dora[] = {"name=Dora", NULL};
    struct job many[40];
    for (size_t i = 0; i < 40; i++) {
        many[i] = i % 2 ? rename : (struct job){ROW_CREATE, w.x.contact, 0, dora};
        EXPECT_OK(
            engine_post(w.x.g, &by_tester, i % 2 ? write_and_fail : do_job, &many[i], done, &w.x.e),
            w.x.e);
    }
    settle(&w.x);
    EXPECT_INT(20, hits(&w, "dora"));
    EXPECT_INT(0, hits(&w, "berta"));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("only a change of what is searched reaches the index") {
    struct world w;
    world_open(&w);
    kith_id anna = person(&w, "Anna");
    sqlite3_stmt *st;
    struct conn *c;
    bool row;
    int64_t before = 0, after = 0;
    for (int i = 0; i < 2; i++) {
        EXPECT_OK(engine_reader(w.x.g, &c, &w.x.e), w.x.e);
        EXPECT_OK(conn_prepare(c, "SELECT block FROM kith_search_data WHERE id = 10", &st, &w.x.e),
                  w.x.e);
        EXPECT_OK(conn_step(c, st, &row, &w.x.e), w.x.e);
        /* the record of the index's structure counts its writes */
        for (int k = 0; k < sqlite3_column_bytes(st, 0); k++)
            *(i ? &after : &before) = *(i ? &after : &before) * 31 +
                                      ((const unsigned char *)sqlite3_column_blob(st, 0))[k];
        sqlite3_reset(st);
        engine_reader_done(w.x.g, c);
        update(&w.x, w.x.contact, anna, PAIRS("birthday=1990-01-01", "salutation=Ms"));
    }
    EXPECT_INT(before, after);
    fixture_close(&w.x);
}

/* -- what is found ----------------------------------------------------------------------------- */

TEST("addresses and numbers are found whole and in part, in the contact and in its other points") {
    struct world w;
    world_open(&w);
    kith_id anna =
        create(&w.x, w.x.contact,
               PAIRS("name=Anna", "email=anna.schmidt@example.com", "phone=+49 (30) 123-4567"));
    create(&w.x, w.x.point,
           PAIRS(arena_printf(&w.x.arena, "contact=%s", id_text(&w.x, anna)), "kind=phone",
                 "value=0171/555 01 23"));
    static const char *const finds[] = {"anna.schmidt@example.com",
                                        "schmidt@example",
                                        "example.com",
                                        "+49301234567",
                                        "030 1234567",
                                        "(030) 123 4567",
                                        "0049 30 123-4567",
                                        "3012345",
                                        "1234567"};
    for (size_t i = 0; i < sizeof finds / sizeof *finds; i++) {
        struct search_answer s = search(&w, finds[i]);
        if (s.count != 1 || s.records[0].id != anna)
            TEST_FAIL("'%s' finds %zu", finds[i], s.count);
    }
    struct search_answer s = search(&w, "01715550123");
    EXPECT_INT(1, s.count);
    EXPECT_STR("contact_point", s.records[0].type->name);
    EXPECT_INT(0, hits(&w, "0301234568"));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("the best come first: in the title, whole words, then the newest") {
    struct world w;
    world_open(&w);
    kith_id other = person(&w, "Zoe");
    person(&w, "Berlin");
    person(&w, "Berlina");
    create(&w.x, w.x.contact, PAIRS("name=Karl", "city=Berlin"));
    note_on(&w, other, "Trip", "We met in Berlin");
    create(&w.x, w.x.contact, PAIRS("name=Karla", "city=Berlin"));
    EXPECT_STR("Berlin|Berlina|Karla|Karl|Trip", titles(&w, "berlin"));
    EXPECT_STR("Trip", titles(&w, "met berlin"));
    fixture_close(&w.x);
}

TEST("a snippet shows the record's own text around the words that match") {
    struct world w;
    char body[600] = "";
    world_open(&w);
    kith_id anna = person(&w, "Anna Müller");
    for (int i = 0; i < 40; i++)
        strcat(body, "filler ");
    strcat(body, "the GRÖẞTE kettle\nbroke filler filler");
    note_on(&w, anna, "Complaint", body);
    struct search_answer s = search(&w, "grosste kettle");
    EXPECT_INT(1, s.count);
    const struct search_snippet *t = &s.records[0].text;
    EXPECT_STR("body", t->field->name);
    EXPECT_STR("\xE2\x80\xA6 filler filler filler filler filler filler the GRÖẞTE kettle broke "
               "filler filler",
               t->text.ptr);
    EXPECT_INT(2, t->count);
    EXPECT(strncmp(t->text.ptr + t->marks[0].from, "GRÖẞTE", t->marks[0].to - t->marks[0].from) ==
           0);
    EXPECT(strncmp(t->text.ptr + t->marks[1].from, "kettle", t->marks[1].to - t->marks[1].from) ==
           0);
    s = search(&w, "muller");
    EXPECT_INT(1, s.records[0].title.count);
    EXPECT_INT(5, s.records[0].title.marks[0].from);
    EXPECT_INT(12, s.records[0].title.marks[0].to);
    fixture_close(&w.x);
}

TEST("a type can be asked for, and whoever may read nothing finds nothing") {
    struct world w;
    struct search_answer s = {.limit = 10};
    world_open(&w);
    kith_id anna = person(&w, "Anna");
    note_on(&w, anna, "Anna", "b");
    EXPECT_INT(2, hits(&w, "anna"));
    EXPECT_STR("note", search(&w, "type:note anna").records[0].type->name);
    EXPECT_INT(1, hits(&w, "anna type:note"));
    EXPECT_INT(2, hits(&w, "type:contact type:note anna"));
    EXPECT_OK(engine_search(w.x.g, &nobody, STR("anna"), &s, &w.x.arena, &w.x.e), w.x.e);
    EXPECT_INT(0, s.count);
    EXPECT_INT(0, s.found);
    fixture_close(&w.x);
}

TEST("whatever is typed is searched for or refused in a sentence") {
    struct world w;
    world_open(&w);
    person(&w, "Anna NEAR OR");
    static const char *const odd[] = {"anna\"",          "\"anna",         "((anna",
                                      "anna))) anna",    "anna OR",        "OR anna",
                                      "anna AND",        "AND AND anna",   "anna NOT",
                                      "anna*",           "*anna",          "anna^2",
                                      "{name}: anna",    "name:anna -zz",  "anna near(a b)  -zz",
                                      "anna' OR 1=1 --", "anna;",          "“anna”",
                                      "anna -\"\"",      "anna ()",        "+anna",
                                      "NOT zz anna",     "anna -(b OR c)", "| anna |",
                                      "anna \\",         "anna -",         "kind:anna OR anna",
                                      "anna\t\r\n",      "\"anna\"*",      "anna NOT NOT zz"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct search_answer s = {.limit = 10, .typing = true};
        EXPECT_OK(engine_search(w.x.g, &tester, str_of(odd[i]), &s, &w.x.arena, &w.x.e), w.x.e);
    }
    static const struct {
        const char *text, *says;
        kith_status st;
    } bad[] = {
        {"", "no word to search for", KITH_E_INVAL},
        {"?!*", "no word to search for", KITH_E_INVAL},
        {"-anna", "only what is not", KITH_E_INVAL},
        {"a OR -b", "only what is not", KITH_E_INVAL},
        {"type:contact", "no word to search for", KITH_E_INVAL},
        {"type:contct a", "did you mean 'contact'?", KITH_E_NOTFOUND},
        {"\xFF"
         "a",
         "not well-formed", KITH_E_INVAL},
        {"((((((((((((((((((((a", "more than 16 parentheses", KITH_E_LIMIT},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct search_answer s = {.limit = 10};
        EXPECT_INT(bad[i].st,
                   engine_search(w.x.g, &tester, str_of(bad[i].text), &s, &w.x.arena, &w.x.e));
        EXPECT_HAS(bad[i].says, w.x.e.message);
    }
    char many[8000] = "";
    struct search_answer s = {.limit = 10};
    for (int i = 0; i < 200; i++)
        strcat(many, "ab ");
    EXPECT_INT(KITH_E_LIMIT, engine_search(w.x.g, &tester, str_of(many), &s, &w.x.arena, &w.x.e));
    EXPECT_HAS("more than 100 words", w.x.e.message);
    memset(many, 'a', 5000);
    EXPECT_INT(KITH_E_LIMIT,
               engine_search(w.x.g, &tester, (kith_str){many, 5000}, &s, &w.x.arena, &w.x.e));
    EXPECT_HAS("at most 4096 are read", w.x.e.message);
    s.after = STR("r-what");
    EXPECT_INT(KITH_E_INVAL, engine_search(w.x.g, &tester, STR("a"), &s, &w.x.arena, &w.x.e));
    EXPECT_HAS("no place to go on from", w.x.e.message);
    fixture_close(&w.x);
}

/* -- in queries -------------------------------------------------------------------------------- */

static kith_status find_own(struct txn *t, void *arg, kith_error *e) {
    struct world *w = arg;
    struct query *q;
    struct job add = {ROW_CREATE, w->x.contact, 0, PAIRS("name=Dora")};
    kith_id found = 0;
    int64_t n;
    TRY(do_job(t, &add, e));
    TRY(query_parse(&q, w->x.contact->schema, txn_arena(t), STR("contact where matches('dora')"),
                    e));
    TRY(txn_find(t, q, NULL, 0, no_row, &found, e));
    EXPECT_INT(add.id, found);
    EXPECT_INT(KITH_E_REFUSED, txn_try(t, write_and_fail, &add, NULL));
    TRY(query_parse(&q, w->x.contact->schema, txn_arena(t),
                    STR("contact where matches('dora OR anna') : count()"), e));
    TRY(txn_count(t, q, NULL, &n, e));
    EXPECT_INT(2, n);
    return KITH_OK;
}

TEST("a query asks for words together with everything else, and sees what its transaction wrote") {
    struct world w;
    world_open(&w);
    const struct rtype *talk = schema_type(engine_schema(w.x.g), STR("interaction"));
    kith_id anna = person(&w, "Anna"), bea = person(&w, "Bea");
    kith_id who[] = {anna, bea, anna};
    const char *const said[] = {"wants a refund", "refunded, at last", "no refunds"};
    for (int i = 0; i < 3; i++)
        create(&w.x, talk,
               PAIRS(arena_printf(&w.x.arena, "contact=%s", id_text(&w.x, who[i])), "channel=call",
                     arena_printf(&w.x.arena, "body=%s", said[i])));
    EXPECT_INT(3, count(&w.x, "interaction where matches('refund*')", NULL));
    EXPECT_INT(1, count(&w.x, "interaction where matches('refund')", NULL));
    EXPECT_INT(2, count(&w.x, "interaction where not matches('refund')", NULL));
    EXPECT_INT(
        2, count(&w.x,
                 arena_printf(&w.x.arena, "interaction where contact = '%s' and matches('refund*')",
                              id_text(&w.x, anna)),
                 NULL));
    EXPECT_INT(2, count(&w.x,
                        "contact where exists(interaction where matches('\"at last\" OR no'))"
                        " and matches('anna OR bea')",
                        NULL));
    EXPECT_INT(0, count(&w.x, "interaction where matches('type:contact refund*')", NULL));
    EXPECT_OK(engine_write(w.x.g, &by_tester, find_own, &w, NULL, &w.x.e), w.x.e);
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("what a query searches for may be a parameter, and is refused with its place") {
    struct world w;
    struct query *q;
    struct find_page page = {.limit = 10};
    world_open(&w);
    person(&w, "Anna");
    struct arena *a = &w.x.arena;
    const struct schema *s = engine_schema(w.x.g);
    EXPECT_OK(query_parse(&q, s, a, STR("contact where matches(:words)"), &w.x.e), w.x.e);
    kith_value text = value_str(STR("ann*")), number = value_int(3), none = value_null(),
               bad = value_str(STR("?"));
    EXPECT_OK(engine_find(w.x.g, &tester, q, &text, &page, a, no_row, NULL, &w.x.e), w.x.e);
    EXPECT_INT(1, page.count);
    EXPECT_OK(engine_find(w.x.g, &tester, q, &none, &page, a, no_row, NULL, &w.x.e), w.x.e);
    EXPECT_INT(0, page.count);
    EXPECT_INT(KITH_E_INVAL,
               engine_find(w.x.g, &tester, q, &number, &page, a, no_row, NULL, &w.x.e));
    EXPECT_HAS(":words: what is searched for is given as text", w.x.e.message);
    EXPECT_INT(KITH_E_INVAL, engine_find(w.x.g, &tester, q, &bad, &page, a, no_row, NULL, &w.x.e));
    EXPECT_HAS(":words: there is no word to search for", w.x.e.message);
    static const char *const wrong[][2] = {
        {"contact where matches('')", "at 23: there is no word"},
        {"contact where matches(name)", "at 23: what is searched for stands in quotes"},
        {"contact where matches(3)", "at 23: what is searched for stands in quotes"},
        {"file_part where matches('a')", "at 17: file_part has no field that is searched"},
        {"contact where matches('a'", "expected ')'"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        EXPECT_INT(KITH_E_INVAL, query_parse(&q, s, a, str_of(wrong[i][0]), &w.x.e));
        EXPECT_HAS(wrong[i][1], w.x.e.message);
    }
    fixture_close(&w.x);
}

/* -- pages ------------------------------------------------------------------------------------- */

#define MANY 4999 /* with one more, some whole groups of indexing */

static kith_status create_many(struct txn *t, void *arg, kith_error *e) {
    struct world *w = arg;
    const struct rfield *name = type_field(w->x.contact->schema, w->x.contact, STR("name")),
                        *city = type_field(w->x.contact->schema, w->x.contact, STR("city"));
    for (int i = 0; i < MANY; i++) {
        char text[32];
        snprintf(text, sizeof text, "Person %d", i);
        struct assign set[] = {{name, value_str(str_of(text))}, {city, value_str(STR("Town"))}};
        TRY(txn_create(t, w->x.contact, set, 2, NULL, e));
    }
    return KITH_OK;
}

static int by_number(const void *a, const void *b) {
    const kith_id *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

TEST("pages give each match once, whatever is written meanwhile, and the best is on the first") {
    struct world w;
    kith_id ids[MANY + 10];
    size_t n = 0;
    int pages = 0;
    world_open(&w);
    person(&w, "Personal");  /* behind thousands that begin with the same two letters */
    person(&w, "Town Hall"); /* the oldest in town, and the best */
    EXPECT_OK(engine_write(w.x.g, &by_tester, create_many, &w, NULL, &w.x.e), w.x.e);
    EXPECT_STR("Town Hall", titles(&w, "hal"));
    EXPECT_STR("Personal", titles(&w, "persona"));
    struct search_answer s = {.limit = 130};
    do {
        s.after = s.cursor;
        EXPECT_OK(engine_search(w.x.g, &tester, STR("town"), &s, &w.x.arena, &w.x.e), w.x.e);
        if (pages++ == 0) {
            EXPECT_STR("Town Hall", s.records[0].title.text.ptr);
            EXPECT(s.over);
            EXPECT_INT(SEARCH_RANKED_MAX + 1, s.found);
        }
        for (size_t i = 0; i < s.count; i++)
            ids[n++] = s.records[i].id;
        create(&w.x, w.x.contact, PAIRS("name=Late", "city=Town"));
    } while (s.cursor.len);
    EXPECT_INT(MANY + 1, n);
    EXPECT_INT((MANY + 130) / 130, pages);
    qsort(ids, n, sizeof *ids, by_number);
    for (size_t i = 1; i < n; i++)
        EXPECT(ids[i] != ids[i - 1]);
    fixture_close(&w.x);
}

/* -- indexed anew ------------------------------------------------------------------------------ */

TEST("a database made before is indexed, in steps that are kept, and says what is missing") {
    struct world w;
    world_open(&w);
    EXPECT_OK(engine_write(w.x.g, &by_tester, create_many, &w, NULL, &w.x.e), w.x.e);
    engine_close(w.x.g);
    sql(&w, "DROP TABLE kith_search; DROP TABLE kith_search_type");
    fixture_reopen(&w.x);
    types_of(&w);
    struct search_answer s = search(&w, "town");
    EXPECT_INT(0, s.count);
    EXPECT_INT(MANY, s.missing);
    reopen(&w);
    fixture_start(&w.x);
    kith_id late = create(&w.x, w.x.contact, PAIRS("name=Late", "city=Town"));
    note_on(&w, late, "Behind", "all contacts");
    EXPECT_OK(engine_search_build(w.x.g, NULL, NULL, &w.x.e), w.x.e);
    s = search(&w, "town");
    EXPECT_INT(0, s.missing);
    EXPECT_INT(1000, s.count);
    EXPECT_INT(late, s.records[0].id);
    EXPECT_INT(1, hits(&w, "behind"));
    reopen(&w);
    EXPECT_INT(0, search(&w, "town").missing);
    fixture_start(&w.x);
    expect_sound(&w.x);
    fixture_close(&w.x);
}

static const kith_field thing_fields[] = {
    {.name = "name", .kind = KITH_F_TEXT, .flags = KITH_FF_SEARCHED},
    {.name = "remark", .kind = KITH_F_LONGTEXT},
};
static const kith_field thing_fields_2[] = {
    {.name = "name", .kind = KITH_F_TEXT},
    {.name = "remark", .kind = KITH_F_LONGTEXT, .flags = KITH_FF_SEARCHED},
};
static const kith_field thing_fields_3[] = {
    {.name = "name", .kind = KITH_F_TEXT},
    {.name = "remark", .kind = KITH_F_LONGTEXT},
};
static const kith_type things[][1] = {
    {{.name = "thing", .title = "name", .fields = KITH_ARRAY(thing_fields)}},
    {{.name = "thing", .title = "name", .fields = KITH_ARRAY(thing_fields_2)}},
    {{.name = "thing", .title = "name", .fields = KITH_ARRAY(thing_fields_3)}},
};

static void expect_things(struct world *w, size_t count_, int64_t by_name, int64_t by_remark) {
    reopen(w);
    fixture_start(&w->x);
    EXPECT_OK(engine_search_build(w->x.g, NULL, NULL, &w->x.e), w->x.e);
    EXPECT_INT(by_name, hits(w, "spanner"));
    EXPECT_INT(by_remark, hits(w, "rusty"));
    EXPECT_INT(1, hits(w, "anna"));
    EXPECT_INT(count_, w->x.source_count);
    expect_sound(&w->x);
}

TEST("a type is indexed anew when other fields are searched, and waits while it is not loaded") {
    struct world w;
    struct schema_source source = {.module = "tools", .version = 1, .types = KITH_ARRAY(things[0])};
    fixture_open_with(&w.x, &source, 1);
    fixture_start(&w.x);
    types_of(&w);
    const struct rtype *thing = schema_type(engine_schema(w.x.g), STR("thing"));
    create(&w.x, thing, PAIRS("name=Spanner", "remark=rusty"));
    person(&w, "Anna");
    expect_things(&w, 1, 1, 0);
    source.types.items = things[1];
    expect_things(&w, 1, 0, 1);
    w.x.source_count = 0; /* without its module */
    expect_things(&w, 0, 0, 0);
    w.x.source_count = 1;
    expect_things(&w, 1, 0, 1);
    source.types.items = things[2];
    expect_things(&w, 1, 0, 0);
    fixture_close(&w.x);
}

static void damage_and_mend(const char *damage) {
    struct world w;
    struct search_answer s = {.limit = 10};
    world_open(&w);
    kith_id anna = person(&w, "Anna");
    engine_close(w.x.g);
    sql(&w, damage);
    fixture_reopen(&w.x);
    fixture_start(&w.x);
    types_of(&w);
    EXPECT_INT(KITH_E_CORRUPT, engine_search(w.x.g, &tester, STR("anna"), &s, &w.x.arena, &w.x.e));
    EXPECT_HAS("'kith search --rebuild' makes it anew", w.x.e.message);
    EXPECT_STR("Anna", field(&w.x, w.x.contact, anna, "name"));
    EXPECT_OK(engine_search_clear(w.x.g, &w.x.e), w.x.e);
    EXPECT_OK(engine_search_build(w.x.g, NULL, NULL, &w.x.e), w.x.e);
    EXPECT_INT(1, hits(&w, "anna"));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("a damaged index says so, harms no record, and is made anew") {
    damage_and_mend("UPDATE kith_search_data SET block = x'0102030405' WHERE id > 10");
    damage_and_mend("DELETE FROM kith_search_content");
}

/* No list of what there is, or one that makes no sense: the table cannot even be opened. No count:
 * a change finds that out. Lists of words that make no sense: so does the commit that merges them.
 */
TEST("no write is refused for a damaged index, which is made anew") {
    static const char *const damages[] = {
        "DELETE FROM kith_search_data",
        "UPDATE kith_search_data SET block = x'0102030405' WHERE id = 10",
        "UPDATE kith_search_data SET block = x'' WHERE id = 1",
        "UPDATE kith_search_data SET block = x'0102030405' WHERE id > 10",
    };
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        struct world w;
        world_open(&w);
        kith_id anna = person(&w, "Anna");
        person(&w, "Bea");
        engine_close(w.x.g);
        sql(&w, damages[i]);
        fixture_reopen(&w.x);
        fixture_start(&w.x);
        types_of(&w);
        for (int n = 0; n < 20; n++) /* FTS5 merges sixteen */
            update(&w.x, w.x.contact, anna,
                   PAIRS(arena_printf(&w.x.arena, "name=Carla Number%d", n)));
        EXPECT_OK(engine_search_build(w.x.g, NULL, NULL, &w.x.e), w.x.e);
        EXPECT_STR("Carla Number19", titles(&w, "carla"));
        EXPECT_INT(1, hits(&w, "bea"));
        EXPECT_INT(0, hits(&w, "anna"));
        expect_sound(&w.x);
        fixture_close(&w.x);
    }
}
