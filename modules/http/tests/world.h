/* SPDX-License-Identifier: Apache-2.0 */
/* A company with the module http, and a receiver for what it sends. */
#ifndef MODULES_HTTP_TESTS_WORLD_H
#define MODULES_HTTP_TESTS_WORLD_H

#include "company.h"
#include "engine/outbox.h"
#include "receiver.h"

#define KEY  "key = \"0123456789abcdef0123456789abcdef\"; allow = [\"127.0.0.1\"];"
#define CONF "http: { " KEY " };\n" /* 15 s for a request: also on a busy machine */
#define HURRIED                                                                                    \
    "http: { " KEY " timeout = \"300ms\"; };\n" /* where receivers hang: any may be late */

struct world {
    struct company c;
    struct receiver r;
};

static inline void world_open_with(struct world *w, const char *conf) {
    kith_error e = KITH_ERROR_INIT;
    receiver_start(&w->r);
    OPEN(&w->c, conf, "http");
    EXPECT_OK(engine_send_start(w->c.engine, &e), e);
}

static inline void world_open(struct world *w) {
    world_open_with(w, CONF);
}

static inline void world_close(struct world *w) {
    close_company(&w->c);
    receiver_stop(&w->r);
}

static inline const char *url(struct world *w, const char *path) {
    return arena_printf(&w->c.arena, "http://127.0.0.1:%d%s", w->r.port, path);
}

static inline kith_id webhook(struct world *w, const char *topics, const char *condition) {
    return CREATE(&w->c, "webhook", {"name", "Shop"}, {"url", url(w, "/shop")}, {"topics", topics},
                  {"condition", condition}, {"tells", "everything"});
}

static inline void send_all(struct world *w) {
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_send_wait(w->c.engine, 60000, &e), e);
}

/* Until nothing waits, however often it has to be tried. */
static inline void send_through(struct world *w) {
    struct engine_stats s;
    send_all(w);
    for (engine_stats(w->c.engine, &s); s.outbox_waiting; engine_stats(w->c.engine, &s)) {
        clock_advance(&w->c.clock, 4 * 3600000);
        send_all(w);
    }
}

static inline struct outbox_item newest(struct world *w) {
    struct outbox_item *items;
    size_t n;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_outbox(w->c.engine, 0, 1, &w->c.arena, &items, &n, &e), e);
    EXPECT_INT(1, n);
    return items[0];
}

static inline const struct got *last_got(const struct world *w) {
    EXPECT(w->r.count > 0);
    return &w->r.got[w->r.count - 1];
}

#endif
