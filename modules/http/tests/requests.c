/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of rules and workflows against a receiver that behaves as badly as receivers do. */
#include "world.h"

/* Webhooks may tell of it. */
static struct outbox_item newest_request(struct world *w) {
    struct outbox_item *items;
    size_t n, i = 0;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_outbox(w->c.engine, 0, 10, &w->c.arena, &items, &n, &e), e);
    while (i < n && strcmp(items[i].delivery, "http:send") != 0)
        i++;
    EXPECT(i < n);
    return items[i];
}

TEST("a request is sent as it was asked for, and its answer is an event about the record") {
    struct world w;
    world_open(&w);
    w.r.says = "{\"paid\":true}";
    webhook(&w, "http.requested", NULL);
    kith_id id = CREATE(&w.c, "contact", {"name", "Anna"});
    const char *about = arena_printf(&w.c.arena, "contact/%s", id_text(&w.c, id));
    struct act a =
        ACT(&w.c, "http.send", {"url", url(&w, "/pay?token=x")}, {"method", "PUT"},
            {"json", "{\"sum\": 5}"}, {"headers", "{\"X-Shop\": \"7\"}"}, {"about", about});
    EXPECT_ACT(a);
    send_all(&w);
    int shop = strcmp(w.r.got[0].path, "/shop") != 0;
    EXPECT_HAS("/pay\"", w.r.got[shop].body); /* who hears of it does not see the token */
    const struct got *g = &w.r.got[!shop];
    EXPECT_STR("/pay?token=x", g->path);
    EXPECT_HAS("PUT ", g->head);
    EXPECT_HAS("X-Shop: 7\r\n", g->head);
    EXPECT_HAS("Content-Type: application/json\r\n", g->head);
    EXPECT_HAS("Idempotency-Key: req_", g->head);
    EXPECT_HAS("\"sum\"", g->body);
    EXPECT_HAS("\"status\":200,\"body\":\"{\\\"paid\\\":true}\"", newest_request(&w).answer.ptr);
    EXPECT(newest_request(&w).subject == id);
    EXPECT_HAS(arena_strndup(&w.c.arena, a.results[0].as.s.ptr, a.results[0].as.s.len),
               newest_request(&w).answer.ptr);
    world_close(&w);
}

TEST("an answer that says no is one, and no answer after all tries says so") {
    struct world w;
    world_open(&w);
    w.r.always = NOT_FOUND;
    EXPECT_ACT(ACT(&w.c, "http.send", {"url", url(&w, "/")}, {"method", "GET"}));
    send_all(&w);
    EXPECT_INT(OUTBOX_SENT, newest(&w).state);
    EXPECT_HAS("\"status\":404,\"body\":\"nothing\"", newest(&w).answer.ptr);
    w.r.always = RESET;
    EXPECT_ACT(ACT(&w.c, "http.send", {"url", url(&w, "/")}, {"text", "hello"}));
    send_through(&w);
    EXPECT_INT(OUTBOX_DEAD, newest(&w).state);
    EXPECT_INT(12, newest(&w).tries);
    EXPECT_HAS("\"error\":", newest(&w).answer.ptr);
    EXPECT(!strstr(newest(&w).answer.ptr, "\"status\""));
    world_close(&w);
}

TEST("a credential is not sent on to where a redirect leads") {
    struct world w;
    world_open_with(&w, "http: { allow = [\"127.0.0.1\", \"localhost\"]; redirects = 3;"
                        " credentials = ({ name = \"shop\"; host = \"localhost\";"
                        " header = \"X-Api-Key\"; value = \"secret\"; }); };\n");
    const char *to = arena_printf(&w.c.arena, "http://localhost:%d/", w.r.port);
    w.r.always = REDIRECT;
    EXPECT_ACT(ACT(&w.c, "http.send", {"url", to}, {"credential", "shop"}));
    send_all(&w);
    EXPECT_INT(1, w.r.count);
    EXPECT_STR("/", last_got(&w)->path);
    EXPECT_HAS("X-Api-Key: secret\r\n", last_got(&w)->head);
    EXPECT_INT(OUTBOX_SENT, newest(&w).state);
    world_close(&w);
}

TEST("an answer that says later is none") {
    static const enum behaviour later[] = {ERROR_500, LATER_429};
    struct world w;
    world_open(&w);
    for (int i = 0; i < 2; i++) {
        w.r.always = later[i];
        EXPECT_ACT(ACT(&w.c, "http.send", {"url", url(&w, "/")}));
        send_all(&w);
        EXPECT_INT(OUTBOX_WAITING, newest(&w).state);
        EXPECT(i == 0 || newest(&w).due >= clock_now(&w.c.clock) + 120000);
        w.r.always = WELL;
        send_through(&w);
    }
    world_close(&w);
}

TEST("of an answer comes what is text, and of one that is cut whole characters") {
    static const char *const says[] = {"ab\x01", "a\xff!", "ab\xc3\xbc", "a\xe2\x82\xac"};
    static const char *const body[] = {NULL, NULL, "\"body\":\"ab\"", "\"body\":\"a\""};
    struct world w;
    world_open_with(&w, "http: { allow = [\"127.0.0.1\"]; max_answer = 3; };\n");
    for (int i = 0; i < 4; i++) {
        w.r.says = says[i];
        EXPECT_ACT(ACT(&w.c, "http.send", {"url", url(&w, "/")}));
        send_all(&w);
        EXPECT_HAS("\"status\":200", newest(&w).answer.ptr);
        if (body[i])
            EXPECT_HAS(body[i], newest(&w).answer.ptr);
        else
            EXPECT(!strstr(newest(&w).answer.ptr, "\"body\":\""));
    }
    world_close(&w);
}

TEST("a request that cannot be sent as it is asked for is refused") {
    static char large[256 * 1024 + 2];
    static const struct {
        struct pair pair;
        const char *words;
    } cases[] = {{{"headers", "{\"Cookie\": \"a=b\"}"}, "put it in http.credentials"},
                 {{"headers", "{\"host\": \"b\"}"}, "host is set by itself"},
                 {{"headers", "[1]"}, "they are an object"},
                 {{"json", "{}"}, "the body is json or text, and not both"},
                 {{"text", large}, "a body has at most 262144 bytes"},
                 {{"credential", "bnak"}, "http.credentials has none of the name 'bnak'"}};
    struct world w;
    world_open(&w);
    memset(large, 'x', sizeof large - 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool text = strcmp(cases[i].pair.field, "text") == 0;
        struct act a = ACT(&w.c, "http.send", {"url", url(&w, "/")}, {"text", text ? large : "x"},
                           text ? (struct pair){"method", "POST"} : cases[i].pair);
        EXPECT_HAS(cases[i].words, a.message);
    }
    world_close(&w);
}

#define WITH_CREDENTIAL                                                                            \
    "http: { allow = [\"127.0.0.1\"]; credentials = ({ name = \"bank\"; host = \"127.0.0.1\";"     \
    " value = \"Bearer secret\"; }, { name = \"other\"; host = \"example.org\"; value = \"x\"; "   \
    "});"                                                                                          \
    " };\n"

TEST("a credential is shown to its own host alone, and stands nowhere else") {
    struct world w;
    world_open_with(&w, WITH_CREDENTIAL);
    EXPECT_ACT(ACT(&w.c, "http.send", {"url", url(&w, "/")}, {"credential", "bank"}));
    send_all(&w);
    EXPECT_HAS("Authorization: Bearer secret\r\n", last_got(&w)->head);
    EXPECT(!strstr(newest(&w).payload.ptr, "secret"));
    struct act a = ACT(&w.c, "http.send", {"url", url(&w, "/")}, {"credential", "other"});
    EXPECT_HAS("is shown to example.org alone", a.message);
    a = ACT(&w.c, "http.send", {"url", url(&w, "/")},
            {"headers", "{\"authorization\": \"Bearer secret\"}"});
    EXPECT_HAS("put it in http.credentials", a.message);
    a = ACT(&w.c, "http.send", {"url", url(&w, "/")}, {"headers", "{\"X\": \"a\\r\\nHost: b\"}"});
    EXPECT_HAS("is no header with a text", a.message);
    world_close(&w);
}

/* -- addresses --------------------------------------------------------------------------------- */

TEST("nothing is sent to an address that is no public one") {
    static const char *const addresses[] = {
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "100.127.255.255",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[febf:1::1]",
        "[fc00::1]",
        "[fd00::1]",
        "[::7f00:1]",
        "[ff02::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[fec0::1]",
        "[2001:0:7f00:1::1]",
        "[2002:7f00:1::1]",
        "2130706433",
        "0x7f.1",
        "localhost",
    };
    struct world w;
    world_open_with(&w, "");
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        const char *to = arena_printf(&w.c.arena, "http://%s:%d/", addresses[i], w.r.port);
        struct act a = ACT(&w.c, "http.send", {"url", to});
        EXPECT_ACT(a);
        send_all(&w);
        struct outbox_item item = newest(&w);
        if (item.state != OUTBOX_DEAD || !strstr(item.error.ptr, "no public one"))
            TEST_FAIL("%s: %s, %s", addresses[i], outbox_state_name(item.state), item.error.ptr);
    }
    EXPECT_INT(0, w.r.count);
    world_close(&w);
}

TEST("what http.allow names is that host or network and no other, and no proxy is asked") {
    static const struct {
        const char *allow, *host;
        int goes;
    } cases[] = {{"localhost", "localhost", 1},
                 {"local", "localhost", 0},
                 {"localhost", "127.0.0.1", 0},
                 {"127.0.0.0/30", "127.0.0.1", 1},
                 {"127.0.0.4/30", "127.0.0.1", 0}};
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world w;
        char conf[100];
        snprintf(conf, sizeof conf, "http: { allow = [\"%s\"]; };\n", cases[i].allow);
        world_open_with(&w, conf);
        EXPECT_ACT(
            ACT(&w.c, "http.send",
                {"url", arena_printf(&w.c.arena, "http://%s:%d/", cases[i].host, w.r.port)}));
        send_all(&w);
        if (w.r.count != cases[i].goes)
            TEST_FAIL("%s, %s: %s", cases[i].allow, cases[i].host, newest(&w).error.ptr);
        world_close(&w);
    }
    unsetenv("http_proxy");
}

/* -- where a redirect leads -------------------------------------------------------------------- */

TEST("a redirect leads nowhere that a request may not go") {
    struct world w;
    world_open_with(&w, "http: { allow = [\"127.0.0.0/30\"]; redirects = 3; };\n");
    w.r.always = REDIRECT;
    struct act a = ACT(&w.c, "http.send", {"url", url(&w, "/")}, {"text", "hello"});
    EXPECT_ACT(a);
    send_all(&w);
    EXPECT_INT(OUTBOX_DEAD, newest(&w).state); /* it leads to itself */
    EXPECT_INT(4, w.r.count);
    EXPECT_STR("hello", last_got(&w)->body);
    world_close(&w);
}

TEST("a redirect leads to no other scheme, and nobody is asked there") {
    static const char *const to[] = {"ftp://127.0.0.1:%d/", "gopher://127.0.0.1:%d/_x",
                                     "file:///etc/hostname?%d", "dict://127.0.0.1:%d/d:x"};
    for (size_t i = 0; i < sizeof to / sizeof *to; i++) {
        struct world w;
        char leads[64];
        world_open_with(&w, "http: { allow = [\"127.0.0.1\"]; redirects = 3; };\n");
        snprintf(leads, sizeof leads, to[i], w.r.port);
        w.r.leads = leads;
        w.r.always = REDIRECT;
        EXPECT_ACT(ACT(&w.c, "http.send", {"url", url(&w, "/")}));
        send_all(&w);
        EXPECT_INT(OUTBOX_WAITING, newest(&w).state);
        EXPECT(w.r.count > 0);
        EXPECT_INT(w.r.count, w.r.accepted); /* each who came asked by HTTP */
        world_close(&w);
    }
}

/* -- while the company is closed --------------------------------------------------------------- */

TEST("a company that is closed ends a request that is under way, and does not wait for it") {
    struct world w;
    int count = 0;
    world_open_with(&w, "http: { allow = [\"127.0.0.1\"]; timeout = \"60s\"; };\n");
    w.r.always = HANG;
    EXPECT_ACT(ACT(&w.c, "http.send", {"url", url(&w, "/")}));
    for (int64_t end = clock_in(30000); !count && clock_ticks() < end; clock_sleep(5)) {
        pthread_mutex_lock(&w.r.lock);
        count = w.r.count;
        pthread_mutex_unlock(&w.r.lock);
    }
    EXPECT_INT(1, count);
    int64_t begin = clock_ticks();
    world_close(&w);
    EXPECT((clock_ticks() - begin) / 1000000 < 30000);
}
