/* SPDX-License-Identifier: Apache-2.0 */
/* Receivers that behave as badly as receivers do: nothing is lost, and each gets all in order. */
#include "world.h"

TEST("a redirect is not followed, and tried again") {
    struct world w;
    world_open(&w);
    webhook(&w, "contact.created", NULL);
    w.r.always = REDIRECT;
    CREATE(&w.c, "contact", {"name", "Anna"});
    send_all(&w);
    EXPECT_INT(1, w.r.count);
    EXPECT_HAS("HTTP 302: redirects are not followed", newest(&w).error.ptr);
    w.r.always = WELL;
    send_through(&w);
    EXPECT_INT(2, w.r.count);
    EXPECT_STR("/shop", last_got(&w)->path);
    world_close(&w);
}

TEST("a receiver that asks for time gets it, and one that is gone is asked no more") {
    struct world w;
    world_open(&w);
    webhook(&w, "contact.created", NULL);
    w.r.always = LATER_429;
    CREATE(&w.c, "contact", {"name", "Anna"});
    send_all(&w);
    EXPECT(newest(&w).due >= 1700000000000 + 120000);
    w.r.always = GONE_410;
    clock_advance(&w.c.clock, 3600000);
    send_all(&w);
    EXPECT_INT(OUTBOX_DEAD, newest(&w).state);
    EXPECT_INT(2, w.r.count);
    world_close(&w);
}

TEST("whatever a receiver does, an effect waits for its next try, or it was answered") {
    static const struct {
        enum behaviour b;
        int ends;
    } cases[] = {{ERROR_500, 0},    {NOT_FOUND, 0},  {RESET, 0},   {TAKE_AND_CUT, 0},
                 {CUT_HEAD, 0},     {SHORT_BODY, 0}, {NO_HTTP, 0}, {WRONG_STATUS, 0},
                 {ENDLESS_BODY, 1}, {SLOWLY, 1}};
    struct world w;
    world_open(&w);
    webhook(&w, "contact.created", NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        w.r.always = cases[i].b;
        CREATE(&w.c, "contact", {"name", "Anna"});
        send_all(&w);
        struct outbox_item item = newest(&w);
        if (item.state != (cases[i].ends ? OUTBOX_SENT : OUTBOX_WAITING))
            TEST_FAIL("behaviour %d: state %s, %s", (int)cases[i].b, outbox_state_name(item.state),
                      item.error.ptr);
        if (!cases[i].ends)
            EXPECT(item.error.len > 0);
        w.r.always = WELL;
        send_through(&w);
        EXPECT_INT(OUTBOX_SENT, newest(&w).state);
    }
    world_close(&w);
}

TEST("a receiver that hangs is given up when http.timeout is over, and tried again") {
    struct world w;
    world_open_with(&w, HURRIED);
    webhook(&w, "contact.created", NULL);
    w.r.always = HANG;
    CREATE(&w.c, "contact", {"name", "Anna"});
    int64_t since = clock_ticks();
    send_all(&w);
    EXPECT(clock_ticks() - since < 14 * INT64_C(1000000000)); /* without it, it is 15 s */
    EXPECT_INT(OUTBOX_WAITING, newest(&w).state);
    EXPECT(newest(&w).error.len > 0);
    w.r.always = WELL;
    send_through(&w);
    EXPECT_INT(OUTBOX_SENT, newest(&w).state);
    world_close(&w);
}

/* Half of the requests go well, the others in every way there is but hanging. */
static enum behaviour badly(struct receiver *r, const char *path) {
    (void)path;
    r->state = r->state * 1103515245u + 12345u;
    unsigned n = r->state >> 16;
    if (n % 2 == 0)
        return WELL;
    enum behaviour b = (enum behaviour)(n / 2 % BEHAVIOURS);
    return b == GONE_410 || b == REDIRECT || b == HANG ? TAKE_AND_CUT : b;
}

#define ENDPOINTS 3
#define EVENTS    150

/* Of the effects of one endpoint, in the order in which they were first received. */
static void expect_in_order(const struct world *w, const char *path) {
    char seen[EVENTS + 1] = {0};
    int expected = 1;
    for (int i = 0; i < w->r.count; i++) {
        int n = 0;
        const char *name = strstr(w->r.got[i].body, "\"after\":\"Number ");
        if (strcmp(w->r.got[i].path, path) != 0 || !name)
            continue;
        sscanf(name, "\"after\":\"Number %d", &n);
        EXPECT(n >= 1 && n <= EVENTS);
        if (!seen[n])
            EXPECT_INT(expected++, n);
        seen[n] = 1;
    }
    EXPECT_INT(EVENTS + 1, expected);
}

TEST("nothing is lost with hostile receivers, each gets all in order, and the same by its id") {
    struct world w;
    char path[16], name[32];
    struct engine_stats s;
    world_open(&w);
    w.r.state = 7;
    w.r.choose = badly;
    for (int i = 0; i < ENDPOINTS; i++) {
        snprintf(path, sizeof path, "/%d", i);
        CREATE(&w.c, "webhook", {"name", path}, {"url", url(&w, path)},
               {"topics", "account.created"}, {"tells", "everything"});
    }
    for (int i = 1; i <= EVENTS; i++) {
        snprintf(name, sizeof name, "Number %d", i);
        CREATE(&w.c, "account", {"name", name});
    }
    send_through(&w);
    engine_stats(w.c.engine, &s);
    EXPECT_INT(0, s.outbox_dead);
    EXPECT(w.r.count > ENDPOINTS * EVENTS);
    for (int i = 0; i < ENDPOINTS; i++) {
        snprintf(path, sizeof path, "/%d", i);
        expect_in_order(&w, path);
    }
    world_close(&w);
}
