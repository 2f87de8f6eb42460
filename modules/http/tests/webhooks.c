/* SPDX-License-Identifier: Apache-2.0 */
/* Webhooks: what they are told, when, and what they may be told. */
#include "journal/compact.h"
#include "record/access.h"
#include "world.h"

/* -- telling ----------------------------------------------------------------------------------- */

TEST("a webhook is told of what it listens for, in the form of Standard Webhooks") {
    struct world w;
    world_open(&w);
    webhook(&w, "contact.created", NULL);
    kith_id anna_ = CREATE(&w.c, "contact", {"name", "Anna Berg"}, {"city", "Bern"});
    send_all(&w);
    EXPECT_INT(1, w.r.count);
    const struct got *g = last_got(&w);
    EXPECT_STR("/shop", g->path);
    EXPECT_HAS("{\"type\":\"contact.created\",\"timestamp\":\"2023-11-14T22:13:20.000Z\",",
               g->body);
    EXPECT_HAS("\"city\":{\"before\":null,\"after\":\"Bern\"}", g->body);
    EXPECT_HAS(id_text(&w.c, anna_), g->body);
    EXPECT_STR("1700000000", g->timestamp);
    EXPECT_HAS("msg_", g->id);
    EXPECT(strncmp(g->signature, "v1,", 3) == 0);
    EXPECT_INT(3 + 44, strlen(g->signature));
    EXPECT_HAS("Content-Type: application/json", g->head);
    EXPECT(newest(&w).subject == anna_); /* with whom it is erased */
    world_close(&w);
}

TEST("a condition is on the record as it is, and stars stand for any topic") {
    struct world w;
    world_open(&w);
    webhook(&w, "contact.created, contact.upd*", "city = 'Bern'");
    CREATE(&w.c, "contact", {"name", "Ulm"}, {"city", "Ulm"});
    kith_id bern = CREATE(&w.c, "contact", {"name", "Bern"}, {"city", "Bern"});
    UPDATE(&w.c, "contact", bern, {"title", "Dr."});
    send_all(&w);
    EXPECT_INT(2, w.r.count);
    EXPECT_HAS("contact.created", w.r.got[0].body);
    EXPECT_HAS("contact.updated", w.r.got[1].body);
    world_close(&w);
}

static kith_status delete_webhook(struct txn *t, void *arg, kith_error *e) {
    return txn_delete(t, schema_type(engine_schema(txn_engine(t)), STR("webhook")), *(kith_id *)arg,
                      e);
}

static kith_id remove_webhook(struct world *w, kith_id hook) {
    kith_error e = KITH_ERROR_INIT;
    kith_id tx;
    EXPECT_OK(engine_write(w->c.engine, &by_anna, delete_webhook, &hook, &tx, &e), e);
    return tx;
}

TEST("a paused webhook is told later, a disabled one never, and a deleted one is forgotten") {
    struct world w;
    world_open(&w);
    kith_id hook = webhook(&w, "contact.created", NULL);
    UPDATE(&w.c, "webhook", hook, {"state", "paused"});
    CREATE(&w.c, "contact", {"name", "Kept"});
    send_all(&w);
    EXPECT_INT(0, w.r.count);
    UPDATE(&w.c, "webhook", hook, {"state", "enabled"});
    send_all(&w);
    EXPECT_INT(1, w.r.count);
    UPDATE(&w.c, "webhook", hook, {"state", "disabled"});
    CREATE(&w.c, "contact", {"name", "Passed over"});
    send_all(&w);
    UPDATE(&w.c, "webhook", hook, {"state", "enabled"});
    CREATE(&w.c, "contact", {"name", "Heard"});
    send_all(&w);
    EXPECT_INT(2, w.r.count);
    EXPECT_HAS("Heard", last_got(&w)->body);
    UPDATE(&w.c, "webhook", hook, {"state", "paused"});
    CREATE(&w.c, "contact", {"name", "Kept for nobody"});
    remove_webhook(&w, hook);
    CREATE(&w.c, "contact", {"name", "After it"});
    send_all(&w);
    EXPECT_INT(2, w.r.count);
    EXPECT_INT(OUTBOX_CANCELLED, newest(&w).state);
    EXPECT_HAS("Kept for nobody", newest(&w).payload.ptr);
    world_close(&w);
}

TEST("an undo that brings a webhook back has it told again") {
    struct world w;
    world_open(&w);
    kith_id hook = webhook(&w, "contact.created", NULL), tx = remove_webhook(&w, hook);
    CREATE(&w.c, "contact", {"name", "Unheard"});
    send_all(&w);
    undo(&w.c, tx);
    CREATE(&w.c, "contact", {"name", "Heard"});
    send_all(&w);
    EXPECT_INT(1, w.r.count);
    EXPECT_HAS("Heard", last_got(&w)->body);
    UPDATE(&w.c, "webhook", hook, {"tells", "owner"}, {"owner", NULL});
    undo(&w.c, remove_webhook(&w, hook)); /* one that could not be created so */
    world_close(&w);
}

TEST("a webhook with a new secret signs with both for a while") {
    struct world w;
    world_open(&w);
    kith_id hook = webhook(&w, "contact.created", NULL);
    struct act first = ACT(&w.c, "http.secret", {"webhook", id_text(&w.c, hook)});
    EXPECT_ACT(first);
    struct act second = ACT(&w.c, "http.rotate", {"webhook", id_text(&w.c, hook)}, {"keep", "1h"});
    EXPECT_ACT(second);
    EXPECT(!value_eq(&first.results[0], &second.results[0]));
    EXPECT(value_eq(&first.results[0], &second.results[1]));
    kith_id other = webhook(&w, "account.created", NULL);
    struct act others = ACT(&w.c, "http.secret", {"webhook", id_text(&w.c, other)});
    EXPECT_ACT(others);
    EXPECT(!value_eq(&first.results[0], &others.results[0]));
    CREATE(&w.c, "contact", {"name", "Both"});
    send_all(&w);
    EXPECT_INT(2 * 47 + 1, strlen(last_got(&w)->signature));
    clock_advance(&w.c.clock, 3600000);
    CREATE(&w.c, "contact", {"name", "One"});
    send_all(&w);
    EXPECT_INT(47, strlen(last_got(&w)->signature));
    world_close(&w);
}

TEST("a replay tells once more, with the ids that were told before") {
    struct world w;
    world_open(&w);
    kith_id hook = webhook(&w, "contact.created", NULL);
    kith_id other = webhook(&w, "contact.created", NULL);
    UPDATE(&w.c, "webhook", other, {"state", "disabled"});
    for (int i = 0; i < 5; i++)
        CREATE(&w.c, "contact", {"name", "Somebody"});
    send_all(&w);
    EXPECT_INT(5, w.r.count);
    UPDATE(&w.c, "webhook", other, {"state", "enabled"}); /* it is not meant */
    struct act a = ACT(&w.c, "http.replay", {"webhook", id_text(&w.c, hook)}, {"seq", "1"});
    EXPECT_ACT(a);
    send_all(&w);
    EXPECT_INT(10, w.r.count);
    for (int i = 0; i < 5; i++) {
        EXPECT_STR(w.r.got[i].id, w.r.got[i + 5].id);
        EXPECT_STR(w.r.got[i].body, w.r.got[i + 5].body);
    }
    a = ACT(&w.c, "http.replay", {"webhook", id_text(&w.c, hook)});
    EXPECT_HAS("say from where", a.message);
    a = ACT(&w.c, "http.replay", {"webhook", id_text(&w.c, hook)}, {"seq", "0"});
    EXPECT_HAS("the journal begins with row 1", a.message);
    world_close(&w);
}

TEST("a replay from before the journal's beginning is refused, and says where that is") {
    struct world w;
    struct conn *conn;
    struct journal_start start;
    struct journal_state state;
    kith_error e = KITH_ERROR_INIT;
    company_keeps = INT64_C(50) * 24 * 3600000;
    world_open(&w);
    company_keeps = 0;
    CREATE(&w.c, "contact", {"name", "Long ago"});
    clock_advance(&w.c.clock, 2 * INT64_C(50) * 24 * 3600000);
    CREATE(&w.c, "contact", {"name", "Anna"});
    kith_id hook = webhook(&w, "contact.created", NULL);
    send_all(&w);
    EXPECT_OK(engine_compact(w.c.engine, &anna, &state, &w.c.arena, &e), e);
    EXPECT_OK(engine_reader(w.c.engine, &conn, &e), e);
    EXPECT_OK(journal_start(conn, &start, &e), e);
    engine_reader_done(w.c.engine, conn);
    EXPECT(start.seq > 0);
    const char *first = arena_printf(&w.c.arena, "%llu", (unsigned long long)start.seq + 1);
    const char *gone = arena_printf(&w.c.arena, "%llu", (unsigned long long)start.seq);
    const char *says = arena_printf(&w.c.arena, "the journal begins with row %s: ", first);
    struct act a = ACT(&w.c, "http.replay", {"webhook", id_text(&w.c, hook)}, {"seq", "1"});
    EXPECT_HAS(says, a.message);
    a = ACT(&w.c, "http.replay", {"webhook", id_text(&w.c, hook)}, {"seq", gone});
    EXPECT_HAS(says, a.message);
    a = ACT(&w.c, "http.replay", {"webhook", id_text(&w.c, hook)},
            {"from", "2023-11-14T00:00:00Z"});
    EXPECT_HAS(says, a.message);
    EXPECT_ACT(ACT(&w.c, "http.replay", {"webhook", id_text(&w.c, hook)}, {"seq", first}));
    send_all(&w);
    EXPECT_INT(1, w.r.count);
    EXPECT_HAS("Anna", last_got(&w)->body);
    world_close(&w);
}

TEST("a replay begins at a time, and tells nothing of somebody who was erased since") {
    struct world w;
    world_open(&w);
    CREATE(&w.c, "contact", {"name", "Too early"});
    clock_advance(&w.c.clock, 3600000);
    kith_id gone = CREATE(&w.c, "contact", {"name", "Anna Berg"});
    CREATE(&w.c, "contact", {"name", "Just then"});
    EXPECT_ACT(ACT(&w.c, "record.erase",
                   {"record", arena_printf(&w.c.arena, "contact/%s", id_text(&w.c, gone))},
                   {"reason", "asked"}));
    kith_id hook = webhook(&w, "contact.created", NULL);
    EXPECT_ACT(ACT(&w.c, "http.replay", {"webhook", id_text(&w.c, hook)},
                   {"from", "2023-11-14T23:13:20Z"}));
    send_all(&w);
    EXPECT_INT(1, w.r.count);
    EXPECT_HAS("Just then", last_got(&w)->body);
    world_close(&w);
}

TEST("a long replay goes on in parts, and each event comes once") {
    struct world w;
    world_open(&w);
    for (int i = 0; i < 1100; i++)
        CREATE(&w.c, "account", {"name", arena_printf(&w.c.arena, "Number %d.", i)});
    kith_id hook = webhook(&w, "account.created", NULL);
    EXPECT_ACT(ACT(&w.c, "http.replay", {"webhook", id_text(&w.c, hook)}, {"seq", "1"}));
    send_all(&w);
    EXPECT_INT(1100, w.r.count);
    for (int i = 0; i < 1100; i++)
        EXPECT_HAS(arena_printf(&w.c.arena, "\"Number %d.\"", i), w.r.got[i].body);
    world_close(&w);
}

/* -- what may be told -------------------------------------------------------------------------- */

struct seller {
    kith_id user, role;
    struct principal p;
};

static void enter(struct world *w, struct seller *s, const char *login, const char *rights) {
    kith_error e = KITH_ERROR_INIT;
    s->role = CREATE(&w->c, "role", {"name", login}, {"rights", rights});
    s->user = CREATE(&w->c, "user", {"login", login}, {"name", login},
                     {"roles", id_text(&w->c, s->role)});
    const struct access_of of = {.user = s->user};
    EXPECT_OK(engine_enter(w->c.engine, &of, NULL, &s->p, &e), e);
}

static kith_status put_by(struct world *w, const struct seller *s, const char *type, kith_id *id,
                          const struct pair *pairs, kith_error *e) {
    const struct write_opts o = {.principal = &s->p, .origin = ORIGIN_CLI};
    struct put p = {&w->c, type, *id, pairs};
    kith_status st = engine_write(w->c.engine, &o, put_txn, &p, NULL, e);
    *id = p.id;
    return st;
}

static struct act act_by(struct world *w, const struct seller *s, const char *name,
                         const struct pair *pairs) {
    const struct write_opts o = {.principal = &s->p, .origin = ORIGIN_CLI};
    return act_as(&w->c, &o, name, pairs);
}

#define SELLER                                                                                     \
    "{\"types\": {\"contact\": {\"create\": \"own\", \"read\": \"own\", \"update\": \"own\","      \
    " \"fields\": {\"birthday\": \"none\"}}, \"webhook\": {\"create\": \"own\","                   \
    " \"read\": \"all\", \"update\": \"all\"}, \"user\": {\"read\": \"all\"}},"                    \
    " \"actions\": [\"http.*\"]}"

TEST("a webhook tells what its owner may read, and nothing else") {
    struct world w;
    struct seller s;
    kith_error e = KITH_ERROR_INIT;
    kith_id hook = 0, own = 0;
    world_open(&w);
    enter(&w, &s, "sam", SELLER);
    EXPECT_OK(put_by(&w, &s, "webhook", &hook,
                     PAIRS({"name", "Mine"}, {"url", url(&w, "/mine")},
                           {"topics", "contact.created, contact.updated"}),
                     &e),
              e);
    CREATE(&w.c, "contact", {"name", "Not Sam's"});
    EXPECT_OK(put_by(&w, &s, "contact", &own, PAIRS({"name", "Sam's"}), &e), e);
    send_all(&w);
    EXPECT_INT(1, w.r.count);
    EXPECT_HAS("Sam's", w.r.got[0].body);
    UPDATE(&w.c, "contact", own, {"birthday", "1980-01-02"}, {"city", "Bern"});
    send_all(&w);
    EXPECT_INT(2, w.r.count);
    EXPECT_HAS("\"city\"", w.r.got[1].body);
    EXPECT(!strstr(w.r.got[1].body, "birthday"));
    UPDATE(&w.c, "role", s.role,
           {"rights", "{\"types\": {\"contact\": {\"read\": \"own\","
                      " \"fields\": {\"city\": \"none\"}}}}"});
    UPDATE(&w.c, "contact", own, {"birthday", "1980-01-03"}, {"city", "Ulm"});
    send_all(&w);
    EXPECT_INT(3, w.r.count);
    EXPECT_HAS("birthday", w.r.got[2].body);
    EXPECT(!strstr(w.r.got[2].body, "Ulm"));
    UPDATE(&w.c, "webhook", hook, {"condition", "city = 'Ulm'"}, {"topics", "contact.updated"});
    UPDATE(&w.c, "contact", own, {"title", "Prof."});
    send_all(&w);
    EXPECT_INT(3, w.r.count); /* what is closed to the owner decides nothing either */
    UPDATE(&w.c, "webhook", hook, {"condition", "title = 'Dr.'"});
    UPDATE(&w.c, "contact", own, {"title", "Dr."});
    send_all(&w);
    EXPECT_INT(4, w.r.count);
    UPDATE(&w.c, "webhook", hook, {"owner", NULL});
    UPDATE(&w.c, "contact", own, {"first_name", "Sam"});
    send_all(&w);
    EXPECT_INT(4, w.r.count); /* nobody's rights bound it */
    engine_leave(&s.p);
    world_close(&w);
}

TEST("of somebody whose data are restricted nothing is told, and of an erasure only that it was") {
    struct world w;
    world_open(&w);
    webhook(&w, "contact.*", NULL);
    kith_id id = CREATE(&w.c, "contact", {"name", "Anna Berg"});
    send_all(&w);
    int before = w.r.count;
    EXPECT_ACT(
        ACT(&w.c, "restriction.set", {"contact", id_text(&w.c, id)}, {"reason", "disputed"}));
    send_all(&w);
    EXPECT_INT(before, w.r.count);
    EXPECT_ACT(
        ACT(&w.c, "restriction.lift", {"contact", id_text(&w.c, id)}, {"reason", "settled"}));
    send_all(&w);
    before = w.r.count;
    const char *record = arena_printf(&w.c.arena, "contact/%s", id_text(&w.c, id));
    EXPECT_ACT(ACT(&w.c, "record.erase", {"record", record}, {"reason", "request of 3 May"}));
    send_all(&w);
    EXPECT_INT(before + 1, w.r.count);
    EXPECT_HAS("contact.deleted", last_got(&w)->body);
    EXPECT_HAS("\"data\":{}", last_got(&w)->body);
    EXPECT_HAS(id_text(&w.c, id), last_got(&w)->body);
    world_close(&w);
}

TEST("nobody has a webhook tell more than they may read") {
    struct world w;
    struct seller s;
    kith_id all, id = 0;
    kith_error e = KITH_ERROR_INIT;
    world_open(&w);
    all = webhook(&w, "contact.*", NULL);
    enter(&w, &s, "sam", SELLER);
    EXPECT_INT(KITH_E_REFUSED, put_by(&w, &s, "webhook", &id,
                                      PAIRS({"name", "All"}, {"url", url(&w, "/")},
                                            {"topics", "contact.*"}, {"tells", "everything"}),
                                      &e));
    EXPECT_HAS("only an administrator has a webhook tell everything", e.message);
    EXPECT_INT(KITH_E_REFUSED,
               put_by(&w, &s, "webhook", &all, PAIRS({"url", url(&w, "/sam")}), &e));
    EXPECT_OK(put_by(&w, &s, "webhook", &all, PAIRS({"note", "Ask Sam"}), &e), e);
    EXPECT_OK(put_by(&w, &s, "webhook", &id,
                     PAIRS({"name", "Mine"}, {"url", url(&w, "/")}, {"topics", "contact.*"}), &e),
              e);
    struct act a = act_by(&w, &s, "http.secret", PAIRS({"webhook", id_text(&w.c, all)}));
    EXPECT_HAS("only the owner of a webhook, or an administrator, does that", a.message);
    EXPECT_ACT(act_by(&w, &s, "http.secret", PAIRS({"webhook", id_text(&w.c, id)})));
    kith_id boss = CREATE(&w.c, "user", {"login", "boss"}, {"name", "Boss"});
    EXPECT_INT(KITH_E_REFUSED,
               put_by(&w, &s, "webhook", &id, PAIRS({"owner", id_text(&w.c, boss)}), &e));
    EXPECT_HAS("a webhook tells what its owner may read", e.message);
    kith_id bosses = CREATE(&w.c, "webhook", {"name", "Boss"}, {"url", url(&w, "/")},
                            {"topics", "contact.*"}, {"owner", id_text(&w.c, boss)});
    EXPECT_INT(KITH_E_REFUSED,
               put_by(&w, &s, "webhook", &bosses, PAIRS({"owner", id_text(&w.c, s.user)}), &e));
    EXPECT_INT(KITH_E_REFUSED,
               put_by(&w, &s, "webhook", &bosses, PAIRS({"condition", "city = 'Ulm'"}), &e));
    refused(&w.c, "webhook", 0,
            PAIRS({"name", "Nobody's"}, {"url", url(&w, "/")}, {"topics", "contact.*"}),
            "say what it may tell");
    engine_leave(&s.p);
    world_close(&w);
}

TEST("what cannot be told is refused when it is written") {
    struct world w;
    world_open(&w);
    static const struct {
        const char *url, *topics, *condition, *words;
    } cases[] = {
        {"ftp://example.org/", "contact.*", NULL, "https or http"},
        {"https://anna:secret@example.org/", "contact.*", NULL, "has a user in it"},
        {"https://example.org/", "contact.creatd", NULL, "nobody publishes 'contact.creatd'"},
        {"https://example.org/", "contcat.*", NULL, "did you mean 'contact.*'"},
        {"https://example.org/", "contact.*", "ctiy = 'Bern'", "ctiy"},
        {"https://example.org/", "*", "city = 'Bern'", "topics of one type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refused(&w.c, "webhook", 0,
                PAIRS({"name", "Bad"}, {"url", cases[i].url}, {"topics", cases[i].topics},
                      {"condition", cases[i].condition}, {"tells", "everything"}),
                cases[i].words);
    struct buf many = {0};
    for (int i = 0; i < 65; i++)
        buf_printf(&many, "%s*.created%d", i ? ", " : "", i);
    refused(&w.c, "webhook", 0,
            PAIRS({"name", "Bad"}, {"url", "https://example.org/"}, {"topics", many.ptr},
                  {"tells", "everything"}),
            "it has 65 topics, and at most 64 are told");
    buf_free(&many);
    world_close(&w);
}

TEST("without a key there are no webhooks") {
    struct world w;
    world_open_with(&w, "http: { allow = [\"127.0.0.1\"]; };\n");
    refused(&w.c, "webhook", 0,
            PAIRS({"name", "Shop"}, {"url", url(&w, "/")}, {"topics", "contact.*"},
                  {"tells", "everything"}),
            "http.key is not set");
    world_close(&w);
}
