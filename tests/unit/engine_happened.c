/* SPDX-License-Identifier: Apache-2.0 */
/* Following what happens: in order and once, from any place, by the rights of now, and nothing that
 * is not to be known. */
#include "engine/happened.h"
#include "engine/session.h"
#include "engine/sign_in.h"
#include "engine_erase_fixture.h"
#include "engine_person_fixture.h"

#include <stdatomic.h>

#define READS_ALL  "{\"types\": {\"lead\": {\"read\": \"all\"}}}"
#define READS_OWN  "{\"types\": {\"lead\": {\"read\": \"own\"}}}"
#define NO_SCORE   "{\"types\": {\"lead\": {\"read\": \"all\", \"fields\": {\"score\": \"none\"}}}}"
#define BATCH_ROWS 1000

/* -- who is told what -------------------------------------------------------------------------- */

struct heard {
    struct buf text; /* "3:1+lead.created " for each: row, part, and a plus when there is more */
    struct buf json; /* a line each */
    int left;        /* so many more are taken; 0: any number */
};

static kith_status hear(void *arg, const struct told *t, kith_error *e) {
    struct heard *h = arg;
    if (h->left && --h->left == 0)
        return err_set(e, KITH_E_RETRY, NULL, "there is no room");
    buf_printf(&h->text, "%llu:%u%s%s ", (unsigned long long)t->seq, t->part, t->more ? "+" : "",
               t->topic);
    buf_str(&h->json, t->json);
    buf_puts(&h->json, "\n");
    return KITH_OK;
}

static void heard_free(struct heard *h) {
    buf_free(&h->text);
    buf_free(&h->json);
}

static kith_status try_follow(struct fixture *x, kith_id user, const char *topics,
                              const char *where, struct follower **out) {
    kith_str list[4], rest = str_of(topics);
    size_t n = 0;
    while (n < 4 && str_split(&rest, ',', &list[n]))
        n++;
    const struct following f = {.of = {.user = user},
                                .surface = "api",
                                .asked = "GET /api/v1/events",
                                .topics = list,
                                .topic_count = n,
                                .where = str_of(where)};
    x->e.message[0] = '\0';
    return follower_open(x->g, &f, out, &x->e);
}

static struct follower *follow(struct fixture *x, kith_id user, const char *topics,
                               const char *where) {
    struct follower *f;
    EXPECT_OK(try_follow(x, user, topics, where, &f), x->e);
    return f;
}

static kith_status tell_from(struct fixture *x, struct follower *f, uint64_t after, uint32_t part,
                             struct heard *h) {
    struct happened *batch;
    uint64_t upto;
    EXPECT_OK(happened_read(x->g, after, BATCH_ROWS, &batch, &upto, &x->e), x->e);
    kith_status st = happened_tell(batch, f, after, part, hear, h, &x->e);
    happened_free(batch);
    return st;
}

static void expect_told(struct fixture *x, struct follower *f, uint64_t after, uint32_t part,
                        const char *text) {
    struct heard h = {.left = 0};
    EXPECT_OK(tell_from(x, f, after, part, &h), x->e);
    EXPECT_STR(text, h.text.ptr ? h.text.ptr : "");
    heard_free(&h);
}

static void expect_json(struct fixture *x, struct follower *f, uint64_t after, const char *has,
                        const char *lacks) {
    struct heard h = {.left = 0};
    EXPECT_OK(tell_from(x, f, after, 0, &h), x->e);
    EXPECT(h.json.ptr != NULL);
    EXPECT_HAS(has, h.json.ptr);
    if (strstr(h.json.ptr, lacks))
        TEST_FAIL("'%s' was told:\n%s", lacks, h.json.ptr);
    heard_free(&h);
}

static uint64_t durable(struct fixture *x) {
    struct engine_stats s;
    settle(x);
    engine_stats(x->g, &s);
    return s.durable;
}

/* -- order and place --------------------------------------------------------------------------- */

TEST("what happened is told in order, each topic of a row for itself, from any place") {
    struct person w;
    person_open(&w, READS_ALL);
    uint64_t at = durable(&w.x);
    kith_id id = create(&w.x, w.x.lead, PAIRS("name=A"));
    update(&w.x, w.x.lead, id, PAIRS("state=working", "score=7"));
    delete_(&w.x, w.x.lead, id);
    struct follower *f = follow(&w.x, w.anna, "lead.*", "");
    char all[300], rest[300];
    unsigned long long n = at + 1;
    snprintf(all, sizeof all,
             "%llu:1+lead.created %llu:2lead.new %llu:1+lead.updated %llu:2lead.working"
             " %llu:1lead.deleted ",
             n, n, n + 1, n + 1, n + 2);
    expect_told(&w.x, f, at, 0, all);
    snprintf(rest, sizeof rest, "%llu:2lead.working %llu:1lead.deleted ", n + 1, n + 2);
    expect_told(&w.x, f, n, 1, rest);
    snprintf(rest, sizeof rest, "%llu:1lead.deleted ", n + 2);
    expect_told(&w.x, f, n, 2, rest);
    expect_told(&w.x, f, n + 2, 0, "");
    expect_json(&w.x, f, at, "\"data\":{\"state\":{\"before\":\"new\",\"after\":\"working\"}",
                "\"nothing\"");
    follower_close(f);
    f = follow(&w.x, w.anna, "lead.working, lead.deleted", "");
    snprintf(rest, sizeof rest, "%llu:2lead.working %llu:1lead.deleted ", n + 1, n + 2);
    expect_told(&w.x, f, at, 0, rest);
    follower_close(f);
    person_close(&w);
}

TEST("who has no room is told the rest from there on, and nothing twice") {
    struct person w;
    person_open(&w, READS_ALL);
    uint64_t at = durable(&w.x);
    create(&w.x, w.x.lead, PAIRS("name=A"));
    create(&w.x, w.x.lead, PAIRS("name=B"));
    struct follower *f = follow(&w.x, w.anna, "lead.*", "");
    struct heard h = {.left = 4};
    char text[200];
    unsigned long long n = at + 1;
    EXPECT_INT(KITH_E_RETRY, tell_from(&w.x, f, at, 0, &h));
    snprintf(text, sizeof text, "%llu:1+lead.created %llu:2lead.new %llu:1+lead.created ", n, n,
             n + 1);
    EXPECT_STR(text, h.text.ptr);
    heard_free(&h);
    snprintf(text, sizeof text, "%llu:2lead.new ", n + 1);
    expect_told(&w.x, f, n, 1, text);
    follower_close(f);
    person_close(&w);
}

TEST("a batch is what was asked for, and the next one goes on behind it") {
    struct person w;
    person_open(&w, READS_ALL);
    uint64_t at = durable(&w.x), upto, end;
    for (int i = 0; i < 25; i++)
        create(&w.x, w.x.lead, PAIRS("name=A"));
    end = durable(&w.x);
    struct follower *f = follow(&w.x, w.anna, "lead.created", "");
    struct heard h = {.left = 0};
    int batches = 0;
    for (uint64_t from = at; from < end; from = upto, batches++) {
        struct happened *batch;
        EXPECT_OK(happened_read(w.x.g, from, 10, &batch, &upto, &w.x.e), w.x.e);
        EXPECT(upto > from && upto - from <= 10);
        EXPECT_OK(happened_tell(batch, f, from, 0, hear, &h, &w.x.e), w.x.e);
        happened_free(batch);
    }
    EXPECT_INT(3, batches);
    size_t lines = 0;
    for (const char *c = h.json.ptr; *c; c++)
        lines += *c == '\n';
    EXPECT_INT(25, lines);
    heard_free(&h);
    follower_close(f);
    person_close(&w);
}

/* -- rights ------------------------------------------------------------------------------------ */

#define owned_by(w, name, user)                                                                    \
    PAIRS(name, arena_printf(&(w)->x.arena, "owner=%s", id_text(&(w)->x, user)))

TEST("nobody is told of what they may not read, and by the rights of now") {
    struct person w;
    person_open(&w, READS_OWN);
    uint64_t at = durable(&w.x);
    create(&w.x, w.x.lead, owned_by(&w, "name=Hers", w.anna));
    create(&w.x, w.x.lead, owned_by(&w, "name=His", w.ben));
    create(&w.x, w.account, PAIRS("name=ACME"));
    struct follower *f = follow(&w.x, w.anna, "", "");
    expect_json(&w.x, f, at, "Hers", "His");
    expect_json(&w.x, f, at, "Hers", "ACME");
    update(&w.x, w.role, w.role_id, PAIRS("rights=" NO_SCORE));
    expect_json(&w.x, f, at, "His", "score");
    update(&w.x, w.role, w.role_id, PAIRS("rights=" READS_ALL));
    expect_json(&w.x, f, at, "score", "ACME");
    update(&w.x, w.role, w.role_id, PAIRS("rights={}"));
    expect_told(&w.x, f, at, 0, "");
    EXPECT_OK(follower_still(f, &w.x.e), w.x.e);
    delete_(&w.x, w.user, w.anna);
    struct heard h = {.left = 0};
    EXPECT_INT(KITH_E_DENIED, tell_from(&w.x, f, at, 0, &h));
    EXPECT_INT(KITH_E_DENIED, follower_still(f, &w.x.e));
    EXPECT(!h.text.ptr);
    follower_close(f);
    person_close(&w);
}

TEST("a token that is revoked ends it within seconds") {
    struct person w;
    struct follower *f;
    char text[TOKEN_TEXT];
    person_open(&w, READS_ALL);
    struct token t = {.user = w.anna, .name = ""};
    EXPECT_OK(token_add(w.x.g, &tester, &t, text, &w.x.e), w.x.e);
    const struct following given = {
        .of = {.user = w.anna}, .token = str_of(text), .surface = "api", .asked = "GET /"};
    EXPECT_OK(follower_open(w.x.g, &given, &f, &w.x.e), w.x.e);
    EXPECT_OK(follower_still(f, &w.x.e), w.x.e);
    EXPECT_OK(token_revoke(w.x.g, &tester, w.anna, t.number, &w.x.e), w.x.e);
    int64_t end = clock_in(10000);
    while (follower_still(f, &w.x.e) == KITH_OK && clock_ticks() < end)
        usleep(50000);
    EXPECT_INT(KITH_E_DENIED, follower_still(f, &w.x.e));
    follower_close(f);
    person_close(&w);
}

TEST("a session that ends ends it within seconds") {
    struct person w;
    struct follower *f;
    char text[SESSION_TEXT];
    person_open(&w, READS_ALL);
    struct session s = {.user = w.anna, .method = "password", .from = "127.0.0.1"};
    EXPECT_OK(session_begin(w.x.g, &s, text, &w.x.e), w.x.e);
    const struct following given = {
        .of = {.user = w.anna}, .token = str_of(text), .surface = "web", .asked = "GET /"};
    EXPECT_OK(follower_open(w.x.g, &given, &f, &w.x.e), w.x.e);
    EXPECT_OK(session_end(w.x.g, &tester, w.anna, s.number, &w.x.e), w.x.e);
    int64_t end = clock_in(10000);
    while (follower_still(f, &w.x.e) == KITH_OK && clock_ticks() < end)
        usleep(50000);
    EXPECT_INT(KITH_E_DENIED, follower_still(f, &w.x.e));
    follower_close(f);
    person_close(&w);
}

TEST("many with rights of their own are told the same as one") {
    struct person w;
    struct follower *f[30];
    struct heard first = {.left = 0}, h;
    person_open(&w, NO_SCORE);
    uint64_t at = durable(&w.x), upto;
    create(&w.x, w.x.lead, PAIRS("name=A", "score=5"));
    const char *roles = arena_printf(&w.x.arena, "roles=%s", id_text(&w.x, w.role_id));
    for (int i = 0; i < 30; i++) {
        const char *login = arena_printf(&w.x.arena, "login=u%d", i);
        kith_id user = create(&w.x, w.user, PAIRS(login, "name=U", roles));
        f[i] = follow(&w.x, user, "lead.*", "");
    }
    struct happened *batch;
    EXPECT_OK(happened_read(w.x.g, at, BATCH_ROWS, &batch, &upto, &w.x.e), w.x.e);
    for (int i = 0; i < 30; i++) {
        h = (struct heard){.left = 0};
        EXPECT_OK(happened_tell(batch, f[i], at, 0, hear, &h, &w.x.e), w.x.e);
        EXPECT(h.json.ptr && !strstr(h.json.ptr, "score"));
        EXPECT_STR(i ? first.json.ptr : h.json.ptr, h.json.ptr);
        if (i == 0)
            first = h;
        else
            heard_free(&h);
        follower_close(f[i]);
    }
    happened_free(batch);
    heard_free(&first);
    person_close(&w);
}

/* -- conditions -------------------------------------------------------------------------------- */

TEST("a condition is on the record of the event, in the rights of who asks") {
    struct person w;
    struct follower *f;
    person_open(&w, READS_ALL);
    uint64_t at = durable(&w.x);
    kith_id c = create(&w.x, w.x.contact, PAIRS("name=Ada", "city=Paris"));
    kith_id small = create(&w.x, w.x.lead, PAIRS("name=Small", "score=1"));
    create(&w.x, w.x.lead,
           PAIRS("name=Big", "score=9", arena_printf(&w.x.arena, "contact=%s", id_text(&w.x, c))));
    f = follow(&w.x, w.anna, "lead.*", "score > 5");
    expect_json(&w.x, f, at, "Big", "Small");
    update(&w.x, w.x.lead, small, PAIRS("score=8")); /* the record is what it is now */
    expect_json(&w.x, f, at, "Small", "nothing");
    update(&w.x, w.role, w.role_id, PAIRS("rights=" NO_SCORE));
    expect_told(&w.x, f, at, 0, ""); /* it would tell of the score */
    EXPECT_INT(KITH_E_DENIED,
               try_follow(&w.x, w.anna, "lead.*", "score > 5", &(struct follower *){0}));
    follower_close(f);
    EXPECT_INT(KITH_E_DENIED, try_follow(&w.x, w.anna, "lead.*", "contact.city = 'Paris'", &f));
    update(&w.x, w.role, w.role_id,
           PAIRS("rights={\"types\": {\"lead\": {\"read\": \"all\"}, \"contact\": {\"read\":"
                 " \"own\"}}}"));
    f = follow(&w.x, w.anna, "lead.created", "contact.city = 'Paris'");
    expect_told(&w.x, f, at, 0, ""); /* the contact is closed to her */
    update(&w.x, w.role, w.role_id, PAIRS("rights={\"types\": {\"*\": {\"read\": \"all\"}}}"));
    expect_json(&w.x, f, at, "Big", "Small");
    follower_close(f);
    person_close(&w);
}

TEST("what cannot be followed is refused with a sentence") {
    static const struct {
        const char *topics, *where, *words;
    } cases[] = {
        {"led.created", "", "nobody publishes 'led.created'"},
        {"", "score > 5", "a condition needs topics of one type"},
        {"lead.*,contact.*", "score > 5", "needs topics of one type"},
        {"lead.*", "scroe > 5", "did you mean 'score'"},
    };
    struct person w;
    person_open(&w, READS_ALL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct follower *f;
        EXPECT(try_follow(&w.x, w.anna, cases[i].topics, cases[i].where, &f) != KITH_OK);
        EXPECT_HAS(cases[i].words, w.x.e.message);
        EXPECT(f == NULL);
    }
    person_close(&w);
}

/* -- what is not there ------------------------------------------------------------------------- */

TEST("a place before the journal begins, or behind its end, is refused and told") {
    struct fixture x;
    struct happened *batch;
    uint64_t upto;
    fixture_open(&x);
    engine_close(x.g);
    x.journal_keep_ms = INT64_C(100) * 86400000;
    fixture_reopen(&x);
    fixture_start(&x);
    kith_id id = create(&x, x.lead, PAIRS("name=A"));
    for (int i = 0; i < 20; i++) {
        clock_set(&x.clock, engine_now(x.g) + INT64_C(10) * 86400000);
        settle(&x);
        update(&x, x.lead, id, PAIRS(i % 2 ? "score=1" : "score=2"));
    }
    EXPECT_INT(KITH_E_NOTFOUND, happened_read(x.g, 0, BATCH_ROWS, &batch, &upto, &x.e));
    EXPECT_HAS("the journal is kept from row", x.e.message);
    EXPECT(batch == NULL && upto > 0);
    EXPECT_OK(happened_read(x.g, upto, BATCH_ROWS, &batch, &upto, &x.e), x.e);
    happened_free(batch);
    EXPECT_INT(KITH_E_INVAL, happened_read(x.g, upto + 1, BATCH_ROWS, &batch, &upto, &x.e));
    EXPECT_HAS("the journal ends with row", x.e.message);
    fixture_close(&x);
}

TEST("who was erased is not told of") {
    struct person w;
    person_open(&w, "{\"admin\": true}");
    uint64_t at = durable(&w.x);
    kith_value results[8];
    kith_id ada = create(&w.x, w.x.contact, PAIRS("name=Ada Lovelace", "email=ada@example.org"));
    create(&w.x, w.x.contact, PAIRS("name=Bo"));
    struct follower *f = follow(&w.x, w.anna, "contact.*", "");
    expect_json(&w.x, f, at, "Lovelace", "nothing");
    EXPECT_OK(try_erase_as(&w.x, &tester, w.x.contact, ada, results), w.x.e);
    settle(&w.x);
    expect_json(&w.x, f, at, "Bo", "Lovelace");
    expect_json(&w.x, f, at, "Bo", "example.org");
    follower_close(f);
    person_close(&w);
}

static kith_status publish(struct txn *t, void *arg, kith_error *e) {
    const struct fixture *x = arg;
    kith_id lead;
    struct assign set = {type_field(engine_schema(x->g), x->lead, STR("name")),
                         value_str(STR("Big"))};
    TRY(txn_create(t, x->lead, &set, 1, &lead, e));
    TRY(txn_publish(t, "lead.rated", x->lead, lead, STR("{\"stars\": 5}"), e));
    return txn_publish(t, "lead.rated", NULL, 0, STR("{\"stars\": 4}"), e);
}

TEST("what modules publish is told, with what it carries to administrators alone") {
    struct person w;
    const kith_topic topic = {"lead.rated", 1, 0, {0}, "It was rated."};
    person_begin(&w);
    EXPECT_OK(engine_add_topic(w.x.g, "sales", &topic, &w.x.e), w.x.e);
    person_start(&w, READS_ALL);
    uint64_t at = durable(&w.x);
    EXPECT_OK(engine_write(w.x.g, &by_tester, publish, &w.x, NULL, &w.x.e), w.x.e);
    struct follower *f = follow(&w.x, w.anna, "lead.rated", "");
    char text[60];
    snprintf(text, sizeof text, "%llu:1lead.rated ", (unsigned long long)at + 2);
    expect_told(&w.x, f, at, 0, text);
    expect_json(&w.x, f, at, "\"data\":null", "stars");
    update(&w.x, w.role, w.role_id, PAIRS("rights={\"admin\": true}"));
    expect_json(&w.x, f, at, "\"stars\": 5", "nothing");
    expect_json(&w.x, f, at, "\"stars\": 4", "nothing");
    follower_close(f);
    person_close(&w);
}

TEST("who follows is logged, and in the end how much it was told") {
    struct person w;
    struct access_entry *list;
    size_t n;
    person_open(&w, READS_ALL);
    uint64_t at = durable(&w.x);
    create(&w.x, w.x.lead, PAIRS("name=A"));
    struct follower *f = follow(&w.x, w.anna, "lead.*", "score < 5");
    char text[100];
    unsigned long long row = at + 1;
    snprintf(text, sizeof text, "%llu:1+lead.created %llu:2lead.new ", row, row);
    expect_told(&w.x, f, at, 0, text);
    follower_close(f);
    settle(&w.x);
    const struct access_filter all = {.event = ACCESS_EXPORT, .limit = 10};
    EXPECT_OK(access_entries(w.x.g, &all, &w.x.arena, &list, &n, &w.x.e), w.x.e);
    EXPECT_INT(1, n);
    EXPECT_STR("events: lead.* where score < 5", list[0].asked);
    EXPECT_INT(2, list[0].rows);
    person_close(&w);
}

/* -- waiting ----------------------------------------------------------------------------------- */

struct waiter {
    struct fixture *x;
    uint64_t after, durable;
    atomic_bool nudged, done;
};

static void *wait_for(void *arg) {
    struct waiter *w = arg;
    engine_await(w->x->g, w->after, 60000, &w->nudged, &w->durable);
    atomic_store(&w->done, true);
    return NULL;
}

TEST("waiting ends when something is durable, or somebody says so, or it takes too long") {
    struct fixture x;
    pthread_t thread;
    fixture_open(&x);
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=A"));
    struct waiter w = {.x = &x, .after = durable(&x)};
    EXPECT_INT(0, pthread_create(&thread, NULL, wait_for, &w));
    usleep(20000);
    EXPECT(!atomic_load(&w.done));
    create(&x, x.lead, PAIRS("name=B"));
    pthread_join(thread, NULL);
    EXPECT(w.durable > w.after);
    struct waiter nudged = {.x = &x, .after = durable(&x)};
    EXPECT_INT(0, pthread_create(&thread, NULL, wait_for, &nudged));
    usleep(20000);
    EXPECT(!atomic_load(&nudged.done));
    engine_nudge(x.g, &nudged.nudged);
    pthread_join(thread, NULL);
    EXPECT_INT(nudged.after, nudged.durable);
    engine_nudge(x.g, &nudged.nudged); /* before it waits */
    wait_for(&nudged);
    int64_t begun = clock_ticks();
    engine_await(x.g, nudged.after, 30, &nudged.nudged, &nudged.durable);
    EXPECT(clock_ticks() - begun >= INT64_C(25000000));
    fixture_close(&x);
}
