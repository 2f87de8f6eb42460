/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords, tokens, and the log of who read what. */
#include "engine/sign_in.h"
#include "engine_people_fixture.h"

#include <pthread.h>

static kith_status try_password(struct people *w, const char *login, const char *password) {
    struct signed_in in;
    const struct proof proof = {.login = login, .password = str_of(password)};
    kith_status st = sign_in(w->x.g, &proof, &in, &w->x.e);
    EXPECT_INT(st == KITH_OK ? w->anna : 0, in.user);
    return st;
}

static const char *weak(struct people *w, const char *password) {
    return password_check(w->x.g, "annabel", str_of(password), &w->x.e) == KITH_OK ? "taken"
                                                                                   : w->x.e.message;
}

TEST("a password is long enough, not the login, and none of the commonest") {
    struct people w;
    people_open(&w);
    EXPECT_STR("a password has at least 10 characters", weak(&w, "short"));
    EXPECT_STR(
        "a password has at least 10 characters",
        weak(&w, "\xc3\xa4\xc3\xa4\xc3\xb6\xc3\xb6\xc3\xbc\xc3\xbc")); /* 6 letters, 12 bytes */
    EXPECT_STR("the password is the login, or nearly", weak(&w, "Annabel2024"));
    const char *common = "this password is one of those that are tried first: choose another, as "
                         "four words that do not belong together";
    EXPECT_STR(common, weak(&w, "Password123"));
    EXPECT_STR(common, weak(&w, "aaaaaaaaaaaaaaa"));
    EXPECT_STR(common, weak(&w, "1212121212121212"));
    EXPECT_STR("a password is text of at most 1024 bytes", weak(&w, "\xff\xfe not utf-8 at all"));
    EXPECT_STR("taken", weak(&w, GOOD));
    fixture_close(&w.x);
}

TEST("whoever has the password signs in, and a wrong login sounds like a wrong password") {
    struct people w;
    people_open(&w);
    EXPECT_INT(KITH_E_DENIED, try_password(&w, "anna", GOOD)); /* none is set */
    EXPECT_OK(password_set(w.x.g, &tester, w.anna, "anna", STR(GOOD), 0, &w.x.e), w.x.e);
    EXPECT_OK(try_password(&w, "anna", GOOD), w.x.e);
    EXPECT_INT(KITH_E_DENIED, try_password(&w, "anna", "wrong"));
    char wrong_password[256];
    strcpy(wrong_password, w.x.e.message);
    EXPECT_INT(KITH_E_DENIED, try_password(&w, "nobody", GOOD));
    EXPECT_STR(wrong_password, w.x.e.message);
    EXPECT_OK(password_set(w.x.g, &tester, w.anna, "anna", STR("another fine phrase"), 0, &w.x.e),
              w.x.e);
    EXPECT_INT(KITH_E_DENIED, try_password(&w, "anna", GOOD));
    fixture_close(&w.x);
}

/* A login that does not exist is slowed down alike. */
static void expect_slowed(struct people *w, const char *login) {
    for (int i = 0; i < 3; i++)
        EXPECT_INT(KITH_E_DENIED, try_password(w, login, "wrong"));
    EXPECT_INT(KITH_E_BUSY, try_password(w, login, GOOD));
    EXPECT_STR("too many attempts failed with this login: try again in 1 s", w->x.e.message);
    clock_set(&w->x.clock, clock_now(&w->x.clock) + 1000);
    EXPECT_INT(KITH_E_DENIED, try_password(w, login, "wrong"));
    EXPECT_INT(KITH_E_BUSY, try_password(w, login, GOOD));
    EXPECT_STR("too many attempts failed with this login: try again in 2 s", w->x.e.message);
    clock_set(&w->x.clock, clock_now(&w->x.clock) + 2000);
}

TEST("failed attempts slow the next ones down, whether the login exists or not") {
    struct people w;
    struct access_entry *list;
    size_t n;
    people_open(&w);
    EXPECT_OK(password_set(w.x.g, &tester, w.anna, "anna", STR(GOOD), 0, &w.x.e), w.x.e);
    expect_slowed(&w, "nobody");
    expect_slowed(&w, "anna");
    EXPECT_OK(try_password(&w, "anna", GOOD), w.x.e);
    EXPECT_INT(KITH_E_DENIED, try_password(&w, "anna", "wrong")); /* it is forgotten */
    EXPECT_OK(try_password(&w, "anna", GOOD), w.x.e);
    EXPECT_OK(access_entries(w.x.g, &(struct access_filter){.user = w.anna, .limit = 100},
                             &w.x.arena, &list, &n, &w.x.e),
              w.x.e);
    EXPECT_INT(8, n); /* five failures, two that did not, and the password that was set */
    EXPECT_INT(ACCESS_SIGNED_IN, list[0].event);
    EXPECT_STR("user:anna", list[0].actor);
    EXPECT_STR("password", list[0].asked);
    EXPECT_INT(ACCESS_FAILED, list[1].event);
    EXPECT_INT(ACCESS_PASSWORD, list[7].event);
    fixture_close(&w.x);
}

TEST("nobody is kept out until the day to which the clock had run ahead") {
    struct people w;
    people_open(&w);
    EXPECT_OK(password_set(w.x.g, &tester, w.anna, "anna", STR(GOOD), 0, &w.x.e), w.x.e);
    clock_advance(&w.x.clock, INT64_C(365) * 86400000);
    for (int i = 0; i < 3; i++)
        EXPECT_INT(KITH_E_DENIED, try_password(&w, "anna", "wrong"));
    EXPECT_INT(KITH_E_BUSY, try_password(&w, "anna", GOOD));
    clock_advance(&w.x.clock, INT64_C(-365) * 86400000);
    EXPECT_INT(KITH_E_DENIED, try_password(&w, "anna", "wrong")); /* it still slows down */
    EXPECT_INT(KITH_E_BUSY, try_password(&w, "anna", "wrong"));
    clock_advance(&w.x.clock, 60000);
    EXPECT_OK(try_password(&w, "anna", GOOD), w.x.e);
    fixture_close(&w.x);
}

static kith_status enter(struct people *w, const char *text, struct access_of *of) {
    return token_enter(w->x.g, str_of(text), &w->x.arena, of, &w->x.e);
}

TEST("a token stands for its user within its limits until it expires or is revoked") {
    struct people w;
    struct access_of of;
    char text[TOKEN_TEXT], other[TOKEN_TEXT];
    struct token *list;
    size_t n;
    people_open(&w);
    struct token t = {.user = w.anna,
                      .name = "export",
                      .of = {.zone = ZONE_EXTRANET,
                             .limit = {.read_only = true, .types = "lead", .actions = "a.*"}},
                      .expires = clock_now(&w.x.clock) + 5000};
    EXPECT_OK(token_add(w.x.g, &tester, &t, text, &w.x.e), w.x.e);
    struct token plain = {.user = w.anna, .name = ""};
    EXPECT_OK(token_add(w.x.g, &tester, &plain, other, &w.x.e), w.x.e);
    EXPECT(strcmp(text, other) != 0 && strncmp(text, "kith_", 5) == 0);
    EXPECT_OK(enter(&w, text, &of), w.x.e);
    EXPECT_INT(w.anna, of.user);
    EXPECT_INT(ZONE_EXTRANET, of.zone);
    EXPECT(of.limit.read_only);
    EXPECT_STR("lead", of.limit.types);
    EXPECT_STR("a.*", of.limit.actions);
    text[10]++;
    EXPECT_INT(KITH_E_DENIED, enter(&w, text, &of));
    text[10]--;
    EXPECT_INT(KITH_E_DENIED, enter(&w, "", &of));
    settle(&w.x);
    EXPECT_OK(token_list(w.x.g, w.anna, &w.x.arena, &list, &n, &w.x.e), w.x.e);
    EXPECT_INT(2, n);
    EXPECT_INT(START_MS, list[0].used);
    EXPECT_INT(0, list[1].used);
    clock_set(&w.x.clock, clock_now(&w.x.clock) + 5000);
    EXPECT_INT(KITH_E_DENIED, enter(&w, text, &of));
    EXPECT_INT(KITH_E_NOTFOUND, token_revoke(w.x.g, &tester, w.anna + 1, plain.number, &w.x.e));
    EXPECT_OK(enter(&w, other, &of), w.x.e);
    EXPECT_OK(token_revoke(w.x.g, &tester, w.anna, plain.number, &w.x.e), w.x.e);
    EXPECT_INT(KITH_E_DENIED, enter(&w, other, &of));
    struct token later = {.user = w.anna, .name = "later"};
    EXPECT_OK(token_add(w.x.g, &tester, &later, other, &w.x.e), w.x.e);
    EXPECT(later.number > plain.number); /* or revoking the old one twice would hit it */
    fixture_close(&w.x);
}

static int64_t logged(struct people *w, const struct access_filter *given) {
    struct access_entry *list;
    struct access_filter f = *given;
    size_t n;
    f.limit = f.limit ? f.limit : 1000;
    settle(&w->x);
    EXPECT_OK(access_entries(w->x.g, &f, &w->x.arena, &list, &n, &w->x.e), w->x.e);
    return (int64_t)n;
}
#define LOGGED(w, ...) logged(w, &(struct access_filter){__VA_ARGS__})

TEST("a token's first use in each hour is logged, and one failure in each minute") {
    struct people w;
    struct access_of of;
    char text[TOKEN_TEXT];
    people_open(&w);
    struct token t = {
        .user = w.anna, .name = "nightly", .expires = clock_now(&w.x.clock) + 3 * 3600000};
    EXPECT_OK(token_add(w.x.g, &tester, &t, text, &w.x.e), w.x.e);
    clock_set(&w.x.clock, START_MS / 3600000 * 3600000 + 3600000);
    for (int i = 0; i < 4; i++) { /* at the hour, and a quarter, half and three quarters past */
        EXPECT_OK(enter(&w, text, &of), w.x.e);
        settle(&w.x);
        clock_set(&w.x.clock, clock_now(&w.x.clock) + 900000);
    }
    EXPECT_INT(1, LOGGED(&w, .event = ACCESS_SIGNED_IN, .user = w.anna));
    EXPECT_OK(enter(&w, text, &of), w.x.e);
    EXPECT_INT(2, LOGGED(&w, .event = ACCESS_SIGNED_IN, .user = w.anna));
    clock_set(&w.x.clock, clock_now(&w.x.clock) + 2 * 3600000);
    for (int i = 0; i < 50; i++)
        EXPECT_INT(KITH_E_DENIED, enter(&w, text, &of));
    EXPECT_INT(1, LOGGED(&w, .event = ACCESS_FAILED, .user = w.anna));
    EXPECT_INT(KITH_E_DENIED, enter(&w, "kith_something", &of));
    EXPECT_INT(KITH_E_DENIED, enter(&w, "kith_other", &of));
    EXPECT_INT(2, LOGGED(&w, .event = ACCESS_FAILED));
    clock_set(&w.x.clock, clock_now(&w.x.clock) + 60000);
    EXPECT_INT(KITH_E_DENIED, enter(&w, text, &of));
    EXPECT_INT(2, LOGGED(&w, .event = ACCESS_FAILED, .user = w.anna));
    fixture_close(&w.x);
}

/* Behind the back of what is kept in memory. */
static kith_status widen_in(struct txn *t, void *arg, kith_error *e) {
    (void)arg;
    return conn_exec(txn_conn(t), "UPDATE kith_credential SET read_only = 0", e);
}

TEST("a token is looked up once, and again when rights or tokens have changed") {
    struct people w;
    struct access_of of;
    char text[TOKEN_TEXT], other[TOKEN_TEXT];
    people_open(&w);
    const struct write_opts o = {.principal = &tester};
    struct token t = {.user = w.anna, .name = "", .of.limit = {true, "lead", "a.*"}};
    struct token second = {.user = w.anna, .name = ""};
    EXPECT_OK(token_add(w.x.g, &tester, &t, text, &w.x.e), w.x.e);
    EXPECT_OK(token_add(w.x.g, &tester, &second, other, &w.x.e), w.x.e);
    EXPECT_OK(enter(&w, text, &of), w.x.e);
    EXPECT_OK(enter(&w, other, &of), w.x.e);
    EXPECT_OK(engine_write(w.x.g, &o, widen_in, NULL, NULL, &w.x.e), w.x.e);
    EXPECT_OK(enter(&w, text, &of), w.x.e);
    EXPECT(of.limit.read_only);
    EXPECT_STR("lead", of.limit.types);
    EXPECT_STR("a.*", of.limit.actions);
    update(&w.x, w.user, w.anna, PAIRS("name=Anna B"));
    EXPECT_OK(enter(&w, text, &of), w.x.e);
    EXPECT(!of.limit.read_only);
    EXPECT_OK(token_revoke(w.x.g, &tester, 0, second.number, &w.x.e), w.x.e);
    EXPECT_INT(KITH_E_DENIED, enter(&w, other, &of));
    EXPECT_OK(enter(&w, text, &of), w.x.e);
    fixture_close(&w.x);
}

TEST("a use that the disk did not take is noted with the next one") {
    struct people w;
    struct access_of of;
    char text[TOKEN_TEXT];
    struct token *list;
    size_t n;
    int left = 1; /* commits: the note of the use fails */
    people_open(&w);
    struct token t = {.user = w.anna, .name = ""};
    EXPECT_OK(token_add(w.x.g, &tester, &t, text, &w.x.e), w.x.e);
    lose_commit(&w.x, &left);
    EXPECT_OK(enter(&w, text, &of), w.x.e);
    settle(&w.x);
    EXPECT(left < 1);
    EXPECT_OK(enter(&w, text, &of), w.x.e);
    settle(&w.x);
    EXPECT_OK(token_list(w.x.g, w.anna, &w.x.arena, &list, &n, &w.x.e), w.x.e);
    EXPECT_INT(clock_now(&w.x.clock), list[0].used);
    fixture_close(&w.x);
}

TEST("an auditor asks the log by record, user, event, type, time and number of records") {
    struct people w;
    int64_t number, broken;
    struct access_entry *list;
    size_t n;
    people_open(&w);
    struct principal anna = {.name = "user:anna", .user = w.anna, .surface = "cli"};
    kith_id ada = create(&w.x, w.x.contact, PAIRS("name=Ada"));
    EXPECT_OK(access_export_begin(w.x.g, &anna, w.x.contact, 0, "export contact", &number, &w.x.e),
              w.x.e);
    EXPECT_OK(access_export_end(w.x.g, number, 2000, &w.x.e), w.x.e);
    clock_set(&w.x.clock, START_MS + 60000);
    EXPECT_OK(access_export_begin(w.x.g, &tester, w.x.contact, ada, "asked for", &number, &w.x.e),
              w.x.e);
    EXPECT_OK(access_export_end(w.x.g, number, 12, &w.x.e), w.x.e);
    EXPECT_OK(access_export_begin(w.x.g, &tester, w.x.lead, 0, "export lead", &broken, &w.x.e),
              w.x.e);
    EXPECT_INT(3, LOGGED(&w, .event = ACCESS_EXPORT));
    EXPECT_INT(1, LOGGED(&w, .event = ACCESS_EXPORT, .over = 1000));
    EXPECT_INT(2, LOGGED(&w, .over = 1));
    EXPECT_INT(1, LOGGED(&w, .record = ada));
    EXPECT_INT(1, LOGGED(&w, .record = ada, .until = START_MS + 60001));
    EXPECT_INT(0, LOGGED(&w, .record = ada, .until = START_MS + 60000));
    EXPECT_INT(1, LOGGED(&w, .user = w.anna, .since = START_MS));
    EXPECT_INT(2, LOGGED(&w, .since = START_MS + 1));
    EXPECT_INT(1, LOGGED(&w, .type = w.x.lead->id));
    EXPECT_INT(0, LOGGED(&w, .record = ada, .type = w.x.lead->id));
    EXPECT_INT(2, LOGGED(&w, .before = broken));
    EXPECT_INT(0, LOGGED(&w, .record = ada, .before = number));
    EXPECT_OK(
        access_entries(w.x.g, &(struct access_filter){.limit = 1}, &w.x.arena, &list, &n, &w.x.e),
        w.x.e);
    EXPECT_INT(-1, list[0].rows); /* it was broken off */
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("credentials go with their user and do not come back with an undo") {
    struct people w;
    struct undo_report r;
    struct access_of of;
    char text[TOKEN_TEXT];
    people_open(&w);
    struct token t = {.user = w.anna, .name = ""};
    EXPECT_OK(password_set(w.x.g, &tester, w.anna, "anna", STR(GOOD), 0, &w.x.e), w.x.e);
    EXPECT_OK(token_add(w.x.g, &tester, &t, text, &w.x.e), w.x.e);
    kith_id tx = delete_(&w.x, w.user, w.anna);
    EXPECT_INT(KITH_E_DENIED, enter(&w, text, &of));
    EXPECT_OK(engine_undo(w.x.g, &tester, tx, false, &w.x.arena, &r, &w.x.e), w.x.e);
    EXPECT_INT(1, r.reversed);
    EXPECT_INT(KITH_E_DENIED, enter(&w, text, &of));
    EXPECT_INT(KITH_E_DENIED, try_password(&w, "anna", GOOD));
    fixture_close(&w.x);
}

/* -- who read what ----------------------------------------------------------------------------- */

static size_t entries(struct people *w, kith_id record, struct access_entry **list) {
    size_t n;
    EXPECT_OK(access_entries(w->x.g,
                             &(struct access_filter){.record = record, .limit = 1000, .shown = 10},
                             &w->x.arena, list, &n, &w->x.e),
              w->x.e);
    return n;
}

static void find_as(struct people *w, const struct principal *p, const char *text) {
    struct query *q;
    struct find_page page = {.limit = 100};
    EXPECT_OK(query_parse(&q, engine_schema(w->x.g), &w->x.arena, str_of(text), &w->x.e), w->x.e);
    EXPECT_OK(engine_find(w->x.g, p, q, NULL, &page, &w->x.arena, no_row, NULL, &w->x.e), w->x.e);
}

TEST("whoever signed in and reads personal data stands in the log, with what was asked") {
    struct people w;
    struct access_entry *list;
    struct principal p;
    struct access_of of;
    people_open(&w);
    kith_id role =
        create(&w.x, w.role, PAIRS("name=r", "rights={\"types\": {\"*\": {\"read\": \"all\"}}}"));
    update(&w.x, w.user, w.anna, PAIRS(arena_printf(&w.x.arena, "roles=%s", id_text(&w.x, role))));
    kith_id ada = create(&w.x, w.x.contact, PAIRS("name=Ada", "city=Bonn"));
    kith_id bob = create(&w.x, w.x.contact, PAIRS("name=Bob", "city=Bonn"));
    create(&w.x, type_named(&w.x, "team"), PAIRS("name=T"));
    of = (struct access_of){.user = w.anna};
    EXPECT_OK(engine_enter(w.x.g, &of, NULL, &p, &w.x.e), w.x.e);
    p.surface = "cli";
    p.asked = "find contact";
    find_as(&w, &p, "contact where city = 'Bonn'");
    find_as(&w, &p, "contact : count()");
    find_as(&w, &p, "team");
    find_as(&w, &tester, "contact");
    EXPECT_INT(1, entries(&w, 0, &list));
    struct query *q;
    struct totals totals;
    p.asked = "find contact group by city : count()";
    EXPECT_OK(query_parse(&q, engine_schema(w.x.g), &w.x.arena, str_of(p.asked + 5), &w.x.e),
              w.x.e);
    EXPECT_OK(engine_select(w.x.g, &p, q, NULL, &totals, &w.x.arena, &w.x.e), w.x.e);
    EXPECT_INT(2, entries(&w, 0, &list));
    EXPECT_STR(p.asked, list[0].asked);
    EXPECT_INT(0, list[0].record_count);
    list++;
    EXPECT_STR("user:anna", list[0].actor);
    EXPECT_STR("find contact", list[0].asked);
    EXPECT_INT(2, list[0].record_count);
    EXPECT_INT(ada, list[0].records[0]);
    kith_value *values;
    p.asked = "get contact";
    EXPECT_OK(engine_get(w.x.g, &p, w.x.contact, bob, &w.x.arena, &values, &w.x.e), w.x.e);
    EXPECT_INT(2, entries(&w, bob, &list));
    struct moment when = {.at = engine_now(w.x.g)};
    struct past_record past;
    p.asked = "get contact --as-of";
    EXPECT_OK(engine_as_of(w.x.g, &p, w.x.contact, bob, &when, &w.x.arena, &past, &w.x.e), w.x.e);
    EXPECT_INT(3, entries(&w, bob, &list));
    EXPECT_INT(1, entries(&w, ada, &list));
    engine_leave(&p);
    /* What waits is written before the company is closed. */
    EXPECT_OK(engine_enter(w.x.g, &of, NULL, &p, &w.x.e), w.x.e);
    p.surface = "cli";
    for (int i = 0; i < 200; i++)
        EXPECT_OK(engine_get(w.x.g, &p, w.x.contact, ada, &w.x.arena, &values, &w.x.e), w.x.e);
    engine_leave(&p);
    engine_close(w.x.g);
    fixture_reopen(&w.x);
    fixture_start(&w.x);
    EXPECT_INT(201, entries(&w, ada, &list));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

static void read_as_anna(struct people *w, struct engine *g, kith_id id) {
    const struct principal p = {
        .name = "user:anna", .user = w->anna, .surface = "cli", .asked = "get", .all = true};
    kith_value *values;
    const struct rtype *contact = schema_type(engine_schema(g), STR("contact"));
    EXPECT_OK(engine_get(g, &p, contact, id, &w->x.arena, &values, &w->x.e), w->x.e);
}

TEST("who read what is written later when the disk does not take it at the time") {
    struct people w;
    struct access_entry *list;
    int left = 1; /* commits: what was read fails */
    people_open(&w);
    kith_id ada = create(&w.x, w.x.contact, PAIRS("name=Ada"));
    lose_commit(&w.x, &left);
    read_as_anna(&w, w.x.g, ada);
    settle(&w.x);
    EXPECT(left < 1);
    read_as_anna(&w, w.x.g, ada);
    EXPECT_INT(2, entries(&w, ada, &list));
    fixture_close(&w.x);
}

struct readers {
    struct engine *engine;
    struct principal anna;
    const struct rtype *contact;
    kith_id id;
    _Atomic int may; /* reads of each thread: those who wait would fall behind without end */
};

static void *read_on(void *arg) {
    struct readers *r = arg;
    kith_error e = KITH_ERROR_INIT;
    struct arena a = {0};
    kith_value *values;
    for (int i = 0, may; (may = atomic_load(&r->may)) > 0; arena_reset(&a)) {
        if (i++ < may)
            EXPECT_OK(engine_get(r->engine, &r->anna, r->contact, r->id, &a, &values, &e), e);
        else
            sched_yield(), i--;
    }
    arena_free(&a);
    return NULL;
}

TEST("whoever asks for the log waits for what was read before, however much is read meanwhile") {
    struct people w;
    struct access_entry *list;
    pthread_t thread[3];
    people_open(&w);
    struct readers r = {
        .engine = w.x.g,
        .anna = {.name = "user:anna", .user = w.anna, .surface = "cli", .all = true},
        .contact = w.x.contact,
        .id = create(&w.x, w.x.contact, PAIRS("name=Ada")),
        .may = 100};
    for (size_t i = 0; i < sizeof thread / sizeof *thread; i++)
        EXPECT_INT(0, pthread_create(&thread[i], NULL, read_on, &r));
    for (int i = 0; i < 300; i++, atomic_fetch_add(&r.may, 100))
        EXPECT(entries(&w, 0, &list) <= 1000);
    atomic_store(&r.may, 0);
    for (size_t i = 0; i < sizeof thread / sizeof *thread; i++)
        pthread_join(thread[i], NULL);
    fixture_close(&w.x);
}

static int lose_while(void *arg) {
    const bool *failing = arg;
    return *failing;
}

static kith_status watch_losses(struct txn *t, void *arg, kith_error *e) {
    (void)e;
    sqlite3_commit_hook(txn_conn(t)->db, lose_while, arg);
    return KITH_OK;
}

TEST("whoever asks for the log is told why it cannot be written") {
    struct people w;
    struct access_entry *list;
    size_t n;
    bool failing = false;
    people_open(&w);
    kith_id ada = create(&w.x, w.x.contact, PAIRS("name=Ada"));
    EXPECT_OK(engine_write(w.x.g, &by_tester, watch_losses, &failing, NULL, &w.x.e), w.x.e);
    failing = true;
    read_as_anna(&w, w.x.g, ada);
    const struct access_filter all = {.limit = 10};
    EXPECT(access_entries(w.x.g, &all, &w.x.arena, &list, &n, &w.x.e) != KITH_OK);
    EXPECT_HAS("constraint failed", w.x.e.message); /* so the hook of the test makes it fail */
    failing = false;
    EXPECT_INT(1, entries(&w, ada, &list));
    fixture_close(&w.x);
}

TEST("who reads in a copy, as to rehearse, stands in the log of the company") {
    struct people w;
    struct access_entry *list;
    struct engine *copy;
    char path[128];
    people_open(&w);
    kith_id ada = create(&w.x, w.x.contact, PAIRS("name=Ada"));
    snprintf(path, sizeof path, "%s/copy.db", w.x.dir);
    EXPECT_OK(engine_copy(w.x.g, path, &w.x.e), w.x.e);
    struct engine_options o = fixture_options(&w.x);
    o.path = path;
    EXPECT_OK(engine_open(&copy, &o, &w.x.e), w.x.e);
    engine_copy_of(copy, w.x.g);
    EXPECT_OK(engine_start(copy, &w.x.e), w.x.e);
    read_as_anna(&w, copy, ada);
    engine_close(copy);
    EXPECT_INT(1, entries(&w, ada, &list));
    fixture_close(&w.x);
}

static void totals_as(struct people *w, const struct principal *p, const char *text) {
    struct query *q;
    struct totals t;
    EXPECT_OK(query_parse(&q, engine_schema(w->x.g), &w->x.arena, str_of(text), &w->x.e), w->x.e);
    EXPECT_OK(engine_select(w->x.g, p, q, NULL, &t, &w->x.arena, &w->x.e), w->x.e);
}

TEST("totals of what a link leads to are a reading of its type") {
    struct people w;
    struct access_entry *list;
    struct principal p;
    people_open(&w);
    kith_id role =
        create(&w.x, w.role, PAIRS("name=r", "rights={\"types\": {\"*\": {\"read\": \"all\"}}}"));
    update(&w.x, w.user, w.anna, PAIRS(arena_printf(&w.x.arena, "roles=%s", id_text(&w.x, role))));
    create(&w.x, w.x.contact, PAIRS("name=Ada"));
    struct access_of of = {.user = w.anna};
    EXPECT_OK(engine_enter(w.x.g, &of, NULL, &p, &w.x.e), w.x.e);
    p.surface = "cli";
    p.asked = "find";
    totals_as(&w, &p, "lead group by state : count()");
    EXPECT_INT(0, entries(&w, 0, &list));
    totals_as(&w, &p, "lead : max(contact.birthday)");
    EXPECT_INT(1, entries(&w, 0, &list));
    EXPECT_STR("find", list[0].asked);
    EXPECT_INT(w.x.contact->id, list[0].type);
    EXPECT_INT(0, list[0].record_count);
    engine_leave(&p);
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("what is closed is no reading of personal data") {
    struct people w;
    struct access_entry *list;
    struct principal p;
    people_open(&w);
    kith_id role =
        create(&w.x, w.role,
               PAIRS("name=r", "rights={\"types\": {\"contact\": {\"read\": \"all\", \"fields\": "
                               "{\"*\": \"none\", \"lifecycle\": \"read\"}}}}"));
    update(&w.x, w.user, w.anna, PAIRS(arena_printf(&w.x.arena, "roles=%s", id_text(&w.x, role))));
    create(&w.x, w.x.contact, PAIRS("name=Ada"));
    struct access_of of = {.user = w.anna};
    EXPECT_OK(engine_enter(w.x.g, &of, NULL, &p, &w.x.e), w.x.e);
    p.surface = "cli";
    find_as(&w, &p, "contact where lifecycle = 'prospect'");
    EXPECT_INT(0, entries(&w, 0, &list));
    engine_leave(&p);
    fixture_close(&w.x);
}
