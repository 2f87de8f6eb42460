/* SPDX-License-Identifier: Apache-2.0 */
/* How far an erasure reaches: what is said of a person's calls and deals, what was said of the
 * person once, the lists of what failed and waits, users, and copies of the database. */
#include "engine_erase_fixture.h"

#include "engine/import.h"
#include "engine/sign_in.h"

static const struct rtype *of(struct fixture *x, const char *name) {
    return schema_type(engine_schema(x->g), str_of(name));
}

/* -- what is said of what is said ----------------------------------------------------------------
 */

#define LINK_TO(n, type, f)                                                                        \
    { .name = (n), .kind = KITH_F_LINK, .options = (type), .flags = (f) }
static const kith_field visit_fields[] = {
    LINK_TO("guest", "contact", KITH_FF_SUBJECT),
    {.name = "mood", .kind = KITH_F_TEXT, .flags = KITH_FF_PERSONAL}};
static const kith_field bill_fields[] = {
    LINK_TO("visit", "visit", KITH_FF_PARTOF | KITH_FF_REQUIRED),
    {.name = "text", .kind = KITH_F_TEXT, .flags = KITH_FF_PERSONAL}};
static const kith_field seat_fields[] = {
    LINK_TO("visit", "visit", KITH_FF_PARTOF | KITH_FF_REQUIRED),
    {.name = "row", .kind = KITH_F_INTEGER}};
static const kith_field tip_fields[] = {
    LINK_TO("visit", "visit", KITH_FF_SUBJECT | KITH_FF_REQUIRED),
    {.name = "text", .kind = KITH_F_TEXT, .flags = KITH_FF_PERSONAL}};
static const kith_field deal_fields[] = {LINK_TO("contact", "contact", KITH_FF_SUBJECT),
                                         {.name = "what", .kind = KITH_F_TEXT},
                                         {.name = "labels", .kind = KITH_F_TAGS}};
static const kith_field remark_fields[] = {
    LINK_TO("deal", "deal", KITH_FF_SUBJECT | KITH_FF_REQUIRED),
    {.name = "text", .kind = KITH_F_TEXT, .flags = KITH_FF_PERSONAL}};
static const kith_type types[] = {{.name = "visit", .fields = KITH_ARRAY(visit_fields)},
                                  {.name = "bill", .fields = KITH_ARRAY(bill_fields)},
                                  {.name = "seat", .fields = KITH_ARRAY(seat_fields)},
                                  {.name = "tip", .fields = KITH_ARRAY(tip_fields)},
                                  {.name = "deal", .fields = KITH_ARRAY(deal_fields)},
                                  {.name = "remark", .fields = KITH_ARRAY(remark_fields)}};
static const struct schema_source sources[] = {
    {.module = "hotel", .version = 1, .types = KITH_ARRAY(types)}};

TEST("what is said of somebody's visit goes with it, and of a deal what names the person") {
    struct fixture x;
    fixture_open_with(&x, sources, 1);
    fixture_start(&x);
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada Lovelace"));
    kith_id visit =
        create(&x, of(&x, "visit"), PAIRS(to_one(&x, "guest", ada), "mood=cheerfulmood"));
    kith_id bill = create(&x, of(&x, "bill"), PAIRS(to_one(&x, "visit", visit), "text=threewines"));
    kith_id seat = create(&x, of(&x, "seat"), PAIRS(to_one(&x, "visit", visit), "row=7"));
    kith_id tip = create(&x, of(&x, "tip"), PAIRS(to_one(&x, "visit", visit), "text=generoustip"));
    kith_id old = create(&x, of(&x, "tip"), PAIRS(to_one(&x, "visit", visit), "text=oldtip"));
    kith_id deal =
        create(&x, of(&x, "deal"),
               PAIRS(to_one(&x, "contact", ada), "what=ten rooms", "labels=large,Ada Lovelace"));
    kith_id remark =
        create(&x, of(&x, "remark"), PAIRS(to_one(&x, "deal", deal), "text=seaviewwanted"));
    kith_id named = create(&x, of(&x, "remark"),
                           PAIRS(to_one(&x, "deal", deal), "text=Ada Lovelace dislikes seaviews"));
    delete_(&x, of(&x, "tip"), old);
    struct erased r = erase(&x, x.contact, ada);
    EXPECT_INT(2, r.gone); /* with the bill */
    EXPECT_INT(4, r.emptied);
    EXPECT_STR("(gone)", field(&x, of(&x, "bill"), bill, "text"));
    EXPECT_STR("7", field(&x, of(&x, "seat"), seat, "row"));
    EXPECT_STR("", field(&x, of(&x, "tip"), tip, "text"));
    EXPECT_STR("ten rooms", field(&x, of(&x, "deal"), deal, "what"));
    EXPECT_STR("", field(&x, of(&x, "deal"), deal, "labels"));
    EXPECT_STR("seaviewwanted", field(&x, of(&x, "remark"), remark, "text"));
    EXPECT_STR("", field(&x, of(&x, "remark"), named, "text"));
    sweep(&x);
    expect_whole(&x);
    const char *const gone[] = {"cheerfulmood", "threewines", "generoustip", "oldtip",
                                "dislikes",     "Lovelace",   NULL};
    const char *const kept[] = {"seaviewwanted", "ten rooms", NULL};
    expect_in_files(&x, gone, false);
    expect_in_files(&x, kept, true);
    fixture_close(&x);
}

TEST("what named the person without being personal is found where it was written over") {
    struct fixture x;
    fixture_open_with(&x, sources, 1);
    fixture_start(&x);
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada Lovelace")),
            grace = create(&x, x.contact, PAIRS("name=Grace Hopper"));
    kith_id deal = create(&x, of(&x, "deal"),
                          PAIRS(to_one(&x, "contact", ada), "what=Ada Lovelace wants a suite"));
    update(&x, of(&x, "deal"), deal, PAIRS("what=tenrooms"));
    update(&x, of(&x, "deal"), deal, PAIRS("what=ninerooms"));
    update(&x, of(&x, "deal"), deal, PAIRS(to_one(&x, "contact", grace)));
    erase(&x, x.contact, ada);
    sweep(&x);
    EXPECT_STR("ninerooms", field(&x, of(&x, "deal"), deal, "what"));
    expect_whole(&x);
    const char *const gone[] = {"wants a suite", NULL};
    const char *const kept[] = {"tenrooms", NULL};
    expect_in_files(&x, gone, false);
    expect_in_files(&x, kept, true);
    fixture_close(&x);
}

TEST("of a record that is gone a link that no module knows any more counts as telling") {
    static const kith_field was[] = {{.name = "guests", .kind = KITH_F_LINKS, .options = "contact"},
                                     {.name = "text", .kind = KITH_F_TEXT}};
    static const kith_field is[] = {{.name = "text", .kind = KITH_F_TEXT}};
    static const kith_type type_was[] = {{.name = "party", .fields = KITH_ARRAY(was)}},
                           type_is[] = {{.name = "party", .fields = KITH_ARRAY(is)}};
    struct schema_source parties[] = {
        {.module = "hotel", .version = 1, .types = KITH_ARRAY(type_was)}};
    struct fixture x;
    fixture_open_with(&x, parties, 1);
    fixture_start(&x);
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada Lovelace"));
    delete_(&x, of(&x, "party"),
            create(&x, of(&x, "party"), PAIRS(to_one(&x, "guests", ada), "text=sangloudly")));
    engine_close(x.g);
    parties[0].types = (kith_array)KITH_ARRAY(type_is);
    fixture_reopen(&x);
    fixture_start(&x);
    erase(&x, x.contact, ada);
    sweep(&x);
    const char *const gone[] = {"sangloudly", NULL};
    expect_in_files(&x, gone, false);
    fixture_close(&x);
}

struct mood {
    const struct rtype *type;
    kith_id id;
};

static kith_status publish_mood(struct txn *t, void *arg, kith_error *e) {
    const struct mood *m = arg;
    return txn_publish(t, "contact.moody", m->type, m->id, STR("{\"mood\":\"gloomyday\"}"), e);
}

TEST("events about the person forget what they told") {
    static const kith_topic topic = {.name = "contact.moody", .doc = "d", .schema = 1};
    struct fixture x;
    fixture_open(&x);
    EXPECT_OK(engine_add_topic(x.g, "hotel", &topic, &x.e), x.e);
    fixture_start(&x);
    struct mood m = {x.contact, create(&x, x.contact, PAIRS("name=Ada"))};
    EXPECT_OK(engine_write(x.g, &by_tester, publish_mood, &m, NULL, &x.e), x.e);
    erase(&x, x.contact, m.id);
    sweep(&x);
    EXPECT_INT(1, number(&x, "SELECT count(*) FROM kith_journal WHERE kind = 4 AND"
                             " instr(image, '{}')"));
    expect_whole(&x);
    const char *const gone[] = {"gloomyday", NULL};
    expect_in_files(&x, gone, false);
    fixture_close(&x);
}

static const kith_field booking_fields[] = {
    LINK_TO("guest", "contact", KITH_FF_SUBJECT),
    {.name = "email", .kind = KITH_F_EMAIL, .flags = KITH_FF_PERSONAL | KITH_FF_REQUIRED}};
static const kith_field extra_fields[] = {
    LINK_TO("booking", "booking", KITH_FF_PARTOF | KITH_FF_REQUIRED),
    {.name = "text", .kind = KITH_F_TEXT}};
static const kith_type booking_types[] = {{.name = "booking", .fields = KITH_ARRAY(booking_fields)},
                                          {.name = "extra", .fields = KITH_ARRAY(extra_fields)}};
static const struct schema_source booking_sources[] = {
    {.module = "hotel", .version = 1, .types = KITH_ARRAY(booking_types)}};

TEST("what cannot be without what it tells of the person goes as a whole") {
    struct fixture x;
    fixture_open_with(&x, booking_sources, 1);
    fixture_start(&x);
    const struct rtype *booking = of(&x, "booking"), *extra = of(&x, "extra");
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada Lovelace"));
    kith_id hers =
        create(&x, booking, PAIRS(to_one(&x, "guest", ada), "email=inquiries@example.com"));
    create(&x, extra, PAIRS(to_one(&x, "booking", hers), "text=acotforababy"));
    kith_id his = create(&x, booking, PAIRS("email=other@example.com"));
    struct erased r = erase(&x, x.contact, ada);
    EXPECT_INT(3, r.gone);
    EXPECT_INT(0, r.emptied);
    EXPECT_STR("(gone)", field(&x, booking, hers, "email"));
    EXPECT_INT(0, count(&x, "extra", NULL));
    EXPECT_STR("other@example.com", field(&x, booking, his, "email"));
    sweep(&x);
    expect_whole(&x);
    const char *const gone[] = {"inquiries", "acotforababy", NULL};
    expect_in_files(&x, gone, false);
    fixture_close(&x);
}

TEST("a record forgets what it said while it told about the person, and keeps what it said then") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    const struct rtype *note = of(&x, "note");
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada Lovelace"));
    kith_id grace = create(&x, x.contact, PAIRS("name=Grace Hopper"));
    kith_id one =
        create(&x, note, PAIRS(to(&x, "about", x.contact, ada), "title=ofada", "body=firstword"));
    update(&x, note, one, PAIRS("body=secondword"));
    update(&x, note, one, PAIRS(to(&x, "about", x.contact, grace), "title=ofgrace"));
    update(&x, note, one, PAIRS("body=thirdword"));
    update(&x, note, one, PAIRS("body=fourthword"));
    kith_id back = create(&x, note, PAIRS(to(&x, "about", x.contact, grace), "body=gracewords"));
    update(&x, note, back, PAIRS(to(&x, "about", x.contact, ada)));
    update(&x, note, back, PAIRS("body=adawords"));
    update(&x, note, back, PAIRS(to(&x, "about", x.contact, grace), "body=lastwords"));
    erase(&x, x.contact, ada);
    sweep(&x);
    expect_whole(&x);
    EXPECT_STR("fourthword", field(&x, note, one, "body"));
    const char *const gone[] = {"ofada", "firstword", "gracewords", "adawords", NULL};
    const char *const kept[] = {"ofgrace",    "secondword", "thirdword",
                                "fourthword", "lastwords",  NULL};
    expect_in_files(&x, gone, false);
    expect_in_files(&x, kept, true);
    fixture_close(&x);
}

/* -- what failed, and what waits -----------------------------------------------------------------
 */

TEST("what failed and what waits is forgotten where it names the person, about whomever it is") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada Lovelace"));
    run_sql(&x, "INSERT INTO kith_letter(reaction, seq, attempts, error) VALUES"
                " ('r', 1, 1, 'cannot greet Ada Lovelace'), ('r', 1, 1, 'cannot greet Grace')");
    run_sql(&x, "INSERT INTO kith_timer(id, handler, due, payload, attempts, error) VALUES"
                " (7, 'h', 9e15, '{\"to\":\"ADA LOVELACE\"}', 0, NULL),"
                " (8, 'h', 9e15, '{}', 1, 'no Ada Lovelace'), (9, 'h', 9e15, '{}', 0, NULL)");
    run_sql(&x, "INSERT INTO kith_pause VALUES('a', 'v', 1, 'it was Ada Lovelace'),"
                " ('b', 'v', 1, 'it was Grace')");
    run_sql(&x, "INSERT INTO kith_import VALUES"
                " (1, 'lead', 'Ada Lovelace.csv', 1, 2, x'', x'', 0, 0, 0, 0, 0, 0, 0, 0, x'',"
                " '/home/grace/left.csv'),"
                " (2, 'lead', 'all.csv', 1, 2, x'', x'', 0, 0, 0, 0, 0, 0, 0, 0, x'',"
                " '/home/ada lovelace/left.csv'),"
                " (3, 'lead', 'all.csv', 1, 1, x'', x'', 1, 0, 0, 0, 0, 1, 0, 0, x'', NULL)");
    run_sql(&x, "INSERT INTO kith_import_reject VALUES(3, 1, 'name', '''Ada Lovelace'' is short')");
    erase(&x, x.contact, ada);
    sweep(&x);
    EXPECT_INT(1, number(&x, "SELECT count(*) FROM kith_letter WHERE error = 'erased'"));
    EXPECT_INT(1, number(&x, "SELECT count(*) FROM kith_letter WHERE error LIKE '%Grace'"));
    EXPECT_INT(2, number(&x, "SELECT count(*) FROM kith_timer WHERE id < 10"));
    EXPECT_INT(1, number(&x, "SELECT count(*) FROM kith_timer WHERE error = 'erased'"));
    EXPECT_INT(1, number(&x, "SELECT count(*) FROM kith_pause WHERE reason = 'erased'"));
    EXPECT_INT(1, number(&x, "SELECT count(*) FROM kith_pause WHERE reason LIKE '%Grace'"));
    EXPECT_INT(2, number(&x, "SELECT count(*) FROM kith_import WHERE name = 'erased'"));
    EXPECT_INT(1, number(&x, "SELECT count(*) FROM kith_import WHERE name = 'all.csv'"));
    EXPECT_INT(0, number(&x, "SELECT count(*) FROM kith_import WHERE rejects IS NOT NULL"));
    EXPECT_INT(1, number(&x, "SELECT count(*) FROM kith_import_reject WHERE reason = 'erased'"));
    const char *const words[] = {"Ada", "ADA", "ada lovelace", NULL};
    expect_in_files(&x, words, false);
    fixture_close(&x);
}

TEST("what failed or waits about the person itself is gone at once, and about others it is not") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada Lovelace"));
    kith_id grace = create(&x, x.contact, PAIRS("name=Grace Hopper"));
    for (int i = 0; i < 2; i++) {
        long long who = (long long)(i ? grace : ada);
        run_sql(&x, arena_printf(&x.arena,
                                 "INSERT INTO kith_letter(reaction, seq, subject, attempts, error)"
                                 " VALUES('r', 1, %lld, 1, 'no');"
                                 "INSERT INTO kith_timer(id, handler, due, type, subject, payload,"
                                 " attempts) VALUES(%d, 'h', 9e15, %u, %lld, '{}', 0)",
                                 who, 7 + i, x.contact->id, who));
    }
    erase(&x, x.contact, ada);
    EXPECT_INT(1, number(&x, "SELECT count(*) FROM kith_letter"));
    EXPECT_INT(1, number(&x, "SELECT count(*) FROM kith_timer WHERE handler = 'h'"));
    EXPECT_INT(grace, number(&x, "SELECT subject FROM kith_letter"));
    EXPECT_INT(grace, number(&x, "SELECT subject FROM kith_timer WHERE handler = 'h'"));
    fixture_close(&x);
}

TEST("of files with rejected rows those are told that are there still") {
    struct fixture x;
    char path[128], sql[512];
    kith_str *files;
    struct conn *c;
    size_t n;
    fixture_open(&x);
    fixture_start(&x);
    snprintf(path, sizeof path, "%s/left.csv", x.dir);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    snprintf(sql, sizeof sql,
             "INSERT INTO kith_import(run, type, name, started, state, options, content, rows,"
             " created, updated, unchanged, skipped, rejected, duplicates, keyless, rejects)"
             " SELECT value, 'lead', 'f', 1, 2, x'', x'', 0, 0, 0, 0, 0, 0, 0, 0,"
             " CASE value WHEN 3 THEN '%s/gone.csv' WHEN 4 THEN NULL ELSE '%s' END"
             " FROM json_each('[1,2,3,4]')",
             x.dir, path);
    run_sql(&x, sql);
    EXPECT_OK(engine_reader(x.g, &c, &x.e), x.e);
    EXPECT_OK(import_reject_files(c, &x.arena, &files, &n, &x.e), x.e);
    EXPECT_INT(1, n);
    EXPECT_STR(path, files[0].ptr);
    unlink(path);
    EXPECT_OK(import_reject_files(c, &x.arena, &files, &n, &x.e), x.e);
    EXPECT_INT(0, n);
    engine_reader_done(x.g, c);
    fixture_close(&x);
}

/* -- users ---------------------------------------------------------------------------------------
 */

static void write_as(struct fixture *x, kith_id user, const char *city) {
    struct access_of of = {.user = user};
    struct principal p;
    EXPECT_OK(engine_enter(x->g, &of, NULL, &p, &x->e), x->e);
    const struct write_opts o = {.principal = &p, .origin = ORIGIN_CLI};
    struct job j = {ROW_CREATE, x->contact, 0, PAIRS("name=C", city)};
    EXPECT_OK(engine_write(x->g, &o, do_job, &j, NULL, &x->e), x->e);
    p.surface = "cli";
    p.asked = "find contact";
    kith_value *values;
    EXPECT_OK(engine_get(x->g, &p, x->contact, j.id, &x->arena, &values, &x->e), x->e);
    engine_leave(&p);
}

/* An administrator with two logins in time, a password, a token, and things of hers. */
static kith_id make_user(struct fixture *x) {
    const struct rtype *user = of(x, "user");
    kith_id role = create(x, of(x, "role"), PAIRS("name=r", "rights={\"admin\": true}"));
    kith_id anna =
        create(x, user,
               PAIRS("login=annaformer", "name=Anna Schmidtova", "email=anna@firm.example",
                     arena_printf(&x->arena, "roles=%s", id_text(x, role))));
    struct token t = {.user = anna, .name = "annatoken", .of.user = anna};
    char text[TOKEN_TEXT];
    write_as(x, anna, "city=One");
    update(x, user, anna, PAIRS("login=annalatter"));
    write_as(x, anna, "city=Two");
    EXPECT_OK(
        password_set(x->g, &tester, anna, "annalatter", STR("four words put together"), 0, &x->e),
        x->e);
    EXPECT_OK(token_add(x->g, &tester, &t, text, &x->e), x->e);
    run_sql(x, arena_printf(&x->arena,
                            "INSERT INTO kith_access(at, event, user, actor, surface, asked, type)"
                            " VALUES(1, 1, %llu, 'cli:root as user:annalatter', 'cli', 'x', 1),"
                            " (2, 1, 0, 'cli:root', 'cli', 'find task of annaformer', 1),"
                            " (3, 1, 0, 'cli:root', 'cli', 'find task of somebody', 1)",
                            (unsigned long long)anna));
    create(x, x->task,
           PAIRS("title=Ask Anna Schmidtova",
                 arena_printf(&x->arena, "assignee=%s", id_text(x, anna))));
    return anna;
}
static const char *const of_anna[] = {"annaformer", "annalatter", "Schmidtova", "schmidtova",
                                      "anna@firm",  "annatoken",  NULL};

TEST("an erased user is nobody, signs in no more, and what the user wrote is still one user's") {
    struct fixture x;
    struct signed_in in;
    struct token *tokens;
    size_t n;
    fixture_open(&x);
    fixture_start(&x);
    kith_id anna = make_user(&x);
    settle(&x);
    const char *id = id_text(&x, anna);
    int64_t writes = number(&x, "SELECT count(*) FROM kith_tx WHERE actor IN (SELECT id FROM"
                                " kith_source WHERE version <> '' AND kind = 1)");
    EXPECT_INT(2, writes);
    struct erased r = erase(&x, of(&x, "user"), anna);
    EXPECT_INT(0, r.gone);
    EXPECT_OK(token_list(x.g, anna, &x.arena, &tokens, &n, &x.e), x.e);
    EXPECT_INT(0, n);
    EXPECT_STR(arena_printf(&x.arena, "erased-%s", id), field(&x, of(&x, "user"), anna, "login"));
    EXPECT_STR("", field(&x, of(&x, "user"), anna, "roles"));
    EXPECT_INT(1, count(&x, "task where assignee.name = 'erased'", NULL));
    sweep(&x);
    expect_whole(&x);
    const char *sql = "SELECT count(*) FROM kith_tx t JOIN kith_source s ON s.id = t.actor WHERE"
                      " s.version = '%s' AND s.name LIKE 'user:%s%%'";
    EXPECT_INT(2, number(&x, arena_printf(&x.arena, sql, id, id)));
    sql = "SELECT count(*) FROM kith_access WHERE actor = '%s%s'";
    EXPECT_INT(2, number(&x, arena_printf(&x.arena, sql, "user:", id)));
    EXPECT_INT(1, number(&x, arena_printf(&x.arena, sql, "cli:root as user:", id)));
    EXPECT_INT(1, number(&x, "SELECT count(*) FROM kith_access WHERE asked LIKE 'find task%'"));
    /* A task that names her and is hers to do is hers to look at, like any other. */
    update(&x, x.task, (kith_id)number(&x, "SELECT id FROM task"), PAIRS("title=Ask"));
    EXPECT_HAS("task", r.mentions);
    const char *words[8];
    size_t k = 0;
    for (size_t i = 0; of_anna[i]; i++)
        if (!strstr(of_anna[i], "chmidtova"))
            words[k++] = of_anna[i];
    words[k] = NULL;
    expect_in_files(&x, words, false);
    EXPECT_INT(KITH_E_DENIED, sign_in(x.g,
                                      &(struct proof){.login = "annalatter",
                                                      .password = STR("four words put together")},
                                      &in, &x.e));
    fixture_close(&x);
}

TEST("nobody erases the user that they are") {
    struct fixture x;
    kith_value r[8];
    struct principal p;
    fixture_open(&x);
    fixture_start(&x);
    kith_id anna = make_user(&x);
    struct access_of me = {.user = anna};
    EXPECT_OK(engine_enter(x.g, &me, NULL, &p, &x.e), x.e);
    EXPECT_INT(KITH_E_REFUSED, try_erase_as(&x, &p, of(&x, "user"), anna, r));
    EXPECT_HAS("another administrator", x.e.message);
    engine_leave(&p);
    EXPECT_STR("annalatter", field(&x, of(&x, "user"), anna, "login"));
    fixture_close(&x);
}

TEST("a user who was erased is erased again in an older copy of the database") {
    struct fixture x;
    char copy[128], command[640];
    struct erased_again again;
    fixture_open(&x);
    fixture_start(&x);
    kith_id anna = make_user(&x);
    update(&x, x.task, (kith_id)number(&x, "SELECT id FROM task"), PAIRS("title=Ask"));
    snprintf(copy, sizeof copy, "%s/copy.db", x.dir);
    EXPECT_OK(engine_copy(x.g, copy, &x.e), x.e);
    erase(&x, of(&x, "user"), anna);
    sweep(&x);
    engine_close(x.g);
    snprintf(command, sizeof command, "mv %s.erased %s/list && mv %s %s", x.path, x.dir, copy,
             x.path);
    EXPECT_INT(0, system(command));
    fixture_reopen(&x);
    fixture_start(&x);
    EXPECT_STR("annalatter", field(&x, of(&x, "user"), anna, "login"));
    snprintf(copy, sizeof copy, "%s/list", x.dir);
    EXPECT_OK(again_by(&x, copy, &again), x.e);
    EXPECT_INT(1, again.erased);
    EXPECT_OK(again_by(&x, copy, &again), x.e);
    EXPECT_INT(0, again.erased); /* the record stays, and says nothing */
    EXPECT_STR("erased", field(&x, of(&x, "user"), anna, "name"));
    sweep(&x);
    expect_whole(&x);
    fixture_close(&x);
}

/* -- copies --------------------------------------------------------------------------------------
 */

struct copied {
    struct fixture *x;
    kith_id ada;
};

static kith_status erase_meanwhile(void *arg, const char *path, kith_error *e) {
    struct copied *c = arg;
    struct fixture *x = c->x;
    (void)e;
    erase(x, x->contact, c->ada);
    for (int i = 0; i < 3; i++) {
        settle(x);
        clock_set(&x->clock, clock_now(&x->clock) + 1001);
    }
    EXPECT(in_file(path, "Lovelace"));
    EXPECT_INT(1, number(x, "SELECT count(DISTINCT request) FROM kith_sweep"));
    EXPECT_INT(0, count(x, "erasure where swept is not null", NULL));
    return KITH_OK;
}

static kith_status erase_under_copy(void *arg, const char *path, kith_error *e) {
    struct copied *c = arg;
    (void)path, (void)e;
    erase(c->x, c->x->contact, c->ada);
    settle(c->x);
    EXPECT_INT(0, count(c->x, "erasure where swept is not null", NULL));
    return KITH_OK;
}

TEST("a sweep that waits is tried again at once when the clock is set back") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    struct copied c = {&x, create(&x, x.contact, PAIRS("name=Ada Lovelace"))};
    EXPECT_OK(engine_with_copy(x.g, erase_under_copy, &c, &x.e), x.e);
    clock_advance(&x.clock, -INT64_C(24) * 3600 * 1000);
    settle(&x);
    EXPECT_INT(1, count(&x, "erasure where swept is not null", NULL));
    fixture_close(&x);
}

TEST("a sweep that fails says so, and is tried again after a minute") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada Lovelace"));
    run_sql(&x, "CREATE TRIGGER stop BEFORE DELETE ON kith_sweep BEGIN"
                " SELECT raise(ABORT, 'the disk is full'); END");
    erase(&x, x.contact, ada);
    settle(&x);
    EXPECT(engine_sweep_held(x.g, &x.e) != KITH_OK);
    EXPECT_HAS("the disk is full", x.e.message);
    run_sql(&x, "DROP TRIGGER stop");
    settle(&x);
    EXPECT_INT(0, count(&x, "erasure where swept is not null", NULL));
    clock_advance(&x.clock, 60001);
    settle(&x);
    EXPECT_INT(1, count(&x, "erasure where swept is not null", NULL));
    EXPECT_OK(engine_sweep_held(x.g, &x.e), x.e);
    fixture_close(&x);
}

TEST("nothing is called swept while somebody works with a copy of what was before") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    struct copied c = {&x, create(&x, x.contact, PAIRS("name=Ada Lovelace"))};
    EXPECT_OK(engine_with_copy(x.g, erase_meanwhile, &c, &x.e), x.e);
    sweep(&x);
    EXPECT_INT(1, count(&x, "erasure where swept is not null", NULL));
    fixture_close(&x);
}

TEST("copies that a process left are removed by the next one that opens the company") {
    struct fixture x;
    char command[512];
    fixture_open(&x);
    engine_close(x.g);
    snprintf(command, sizeof command,
             "cd %s && mkdir .copy-%ld-a .copy-1-b && touch .copy-%ld-a/kith.db .copy-1-b/kith.db"
             " .copy-1-b/kith.db-wal",
             x.dir, (long)getpid(), (long)getpid());
    EXPECT_INT(0, system(command));
    fixture_reopen(&x);
    snprintf(command, sizeof command, "ls -d %s/.copy-* 2>/dev/null", x.dir);
    EXPECT(system(command) != 0);
    fixture_close(&x);
}

/* -- what is told of it afterwards ---------------------------------------------------------------
 */

TEST("whoever looks for an erased person is told when, if they may read of erasures") {
    struct fixture x;
    struct principal p;
    kith_value *values;
    fixture_open(&x);
    fixture_start(&x);
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada Lovelace")), id = ada;
    kith_id role =
        create(&x, of(&x, "role"),
               PAIRS("name=r", "rights={\"types\": {\"contact\": {\"read\": \"all\"}}}"));
    kith_id clerk = create(
        &x, of(&x, "user"),
        PAIRS("login=clerk", "name=Clerk", arena_printf(&x.arena, "roles=%s", id_text(&x, role))));
    struct access_of who = {.user = clerk};
    erase(&x, x.contact, ada);
    EXPECT_INT(KITH_E_NOTFOUND, engine_read(x.g, &tester, x.contact, &id, &x.arena, &values, &x.e));
    EXPECT_HAS("was erased on 2023-11-14", x.e.message);
    EXPECT_HAS("kith get erasure ", x.e.message);
    EXPECT_INT(KITH_E_NOTFOUND, engine_read(x.g, &tester, x.task, &id, &x.arena, &values, &x.e));
    EXPECT_HAS("there is no task", x.e.message);
    EXPECT_OK(engine_enter(x.g, &who, NULL, &p, &x.e), x.e);
    EXPECT_INT(KITH_E_NOTFOUND, engine_read(x.g, &p, x.contact, &id, &x.arena, &values, &x.e));
    EXPECT_HAS("there is no contact", x.e.message);
    engine_leave(&p);
    fixture_close(&x);
}
