/* SPDX-License-Identifier: Apache-2.0 */
/* What modules send and hear: deliveries, and reactions that say for what they listen. */
#include "engine/outbox.h"
#include "plugin/internal.h"
#include "plugin_fixture.h"

/* -- what leaves ------------------------------------------------------------------------------- */

static void ship(struct company *c, kith_id id, const char *payload) {
    kith_value args[2] = {value_link(id, type_of(c, "thing")->id), value_str(str_of(payload))},
               *out;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(call(c, "every_row.ship", args, &out, &e), e);
}

static void start_sending(struct company *c) {
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_send_start(c->engine, &e), e);
}

static void send_all(struct company *c) {
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_send_wait(c->engine, 20000, &e), e);
}

static const char *newest(struct company *c, const char *what) {
    struct outbox_item *items;
    size_t n;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_outbox(c->engine, 0, 1, &c->arena, &items, &n, &e), e);
    EXPECT_INT(1, n);
    return strcmp(what, "state") == 0    ? outbox_state_name(items[0].state)
           : strcmp(what, "error") == 0  ? items[0].error.ptr
           : strcmp(what, "answer") == 0 ? items[0].answer.ptr
                                         : items[0].payload.ptr;
}

TEST("a delivery of a module is given what was sent, reads, and its answer is published") {
    struct company c;
    OPEN(&c, GOOD, "every_row");
    kith_id id = make(&c, "box", 5);
    ship(&c, id, "hello");
    start_sending(&c);
    send_all(&c);
    EXPECT_STR("sent", newest(&c, "state"));
    EXPECT_STR("{\"name\":\"box\",\"payload\":\"hello\"}", newest(&c, "answer"));
    close_company(&c);
}

TEST("a delivery that refuses has its effect set aside with its sentence") {
    struct company c;
    OPEN(&c, GOOD, "every_row");
    ship(&c, make(&c, "box", 5), "bad");
    start_sending(&c);
    send_all(&c);
    EXPECT_STR("dead", newest(&c, "state"));
    EXPECT_STR("Nobody carries what is bad.", newest(&c, "error"));
    close_company(&c);
}

TEST("a delivery says when it is tried again") {
    struct company c;
    OPEN(&c, GOOD, "every_row");
    ship(&c, make(&c, "box", 5), "late");
    start_sending(&c);
    send_all(&c);
    EXPECT_STR("waiting", newest(&c, "state"));
    clock_advance(&c.clock, 59999);
    send_all(&c);
    EXPECT_STR("waiting", newest(&c, "state"));
    clock_advance(&c.clock, 1);
    send_all(&c);
    EXPECT_STR("sent", newest(&c, "state"));
    close_company(&c);
}

/* What a delivery does that it must not is refused, and its effect set aside with the sentence. */
static void expect_set_aside(struct company *c, const char *how, const char *words) {
    kith_value args[1] = {value_str(str_of(how))}, *out;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(call(c, "delivers_badly.want", args, &out, &e), e);
    send_all(c);
    EXPECT_STR("dead", newest(c, "state"));
    EXPECT_HAS(words, newest(c, "error"));
}

TEST("a delivery neither writes nor sends, keeps nothing, and must say why it fails") {
    struct company c;
    OPEN(&c, GOOD, "delivers_badly");
    start_sending(&c);
    expect_set_aside(&c, "write", "declares that it only reads, and may not write");
    expect_set_aside(&c, "send", "declares that it only reads, and may not write");
    expect_set_aside(&c, "kept", "used a delivery that is not the one at hand");
    expect_set_aside(&c, "too much", "bad_parcel.told has 1 fields, and 2 values were given");
    expect_set_aside(&c, "odd", "returned 7, which is no status");
    expect_set_aside(&c, "silent", "without saying why");
    close_company(&c);
}

TEST("an effect of no delivery, without its size, with one that cuts it or with half a subject is "
     "refused") {
    static const char *const cases[][2] = {
        {"no delivery", "there is no delivery with the number 7"},
        {"no size", "struct_size is 0, and must be the struct's sizeof"},
        {"cut size", ", and must be the struct's sizeof"},
        {"half a subject", "a subject has a type and an id, or neither"},
    };
    struct company c;
    OPEN(&c, GOOD, "delivers_badly");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kith_value args[1] = {value_str(str_of(cases[i][0]))}, *out;
        kith_error e = KITH_ERROR_INIT;
        EXPECT_INT(KITH_E_INVAL, call(&c, "delivers_badly.want", args, &out, &e));
        EXPECT_HAS(cases[i][1], e.message);
    }
    close_company(&c);
}

static int64_t effects(struct company *c) {
    struct outbox_item *items;
    size_t n;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_outbox(c->engine, 0, 1000, &c->arena, &items, &n, &e), e);
    return (int64_t)n;
}

static void listen_for(struct company *c, const char *topic) {
    kith_value args[1] = {value_str(str_of(topic))}, *out;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(call(c, "every_row.listen", args, &out, &e), e);
}

TEST("a reaction to any topic hears what it listens for, from then on") {
    struct company c;
    OPEN(&c, GOOD, "every_row");
    make(&c, "before", 1);
    drain(&c);
    EXPECT_INT(0, effects(&c));
    listen_for(&c, "thing.*");
    kith_id id = make(&c, "box", 5);
    drain(&c);
    EXPECT_INT(1, effects(&c));
    EXPECT_HAS(
        "{\"type\":\"thing.created\",\"timestamp\":\"2023-11-14T22:13:20.000Z\",\"schema\":1,",
        newest(&c, "payload"));
    EXPECT_HAS("\"data\":{\"name\":{\"before\":null,\"after\":\"box\"}", newest(&c, "payload"));
    grow(&c, id, 200);
    drain(&c); /* thing.updated, and thing.grown, which that led to */
    EXPECT_INT(3, effects(&c));
    EXPECT_HAS("{\"type\":\"thing.grown\"", newest(&c, "payload"));
    EXPECT_HAS("\"data\":{\"from\":5,\"to\":200}", newest(&c, "payload"));
    listen_for(&c, "*.deleted");
    make(&c, "unheard", 5);
    drain(&c);
    EXPECT_INT(3, effects(&c));
    close_company(&c);
}

TEST("nobody listens for a topic that nobody publishes") {
    struct company c;
    kith_error e = KITH_ERROR_INIT;
    kith_value args[1] = {value_str(STR("thing.creatd"))}, *out;
    OPEN(&c, GOOD, "every_row");
    EXPECT_INT(KITH_E_NOTFOUND, call(&c, "every_row.listen", args, &out, &e));
    EXPECT_HAS("nobody publishes 'thing.creatd'", e.message);
    close_company(&c);
}

TEST("a replay has a reaction hear once more what the journal has, to its end") {
    struct company c;
    kith_error e = KITH_ERROR_INIT;
    kith_value *out;
    OPEN(&c, GOOD, "every_row");
    for (int i = 0; i < 1200; i++)
        make(&c, "box", 5);
    listen_for(&c, "thing.created");
    drain(&c);
    EXPECT_INT(0, effects(&c));
    EXPECT_OK(call(&c, "every_row.replay", NULL, &out, &e), e);
    EXPECT(out[0].as.i >= 1200);
    drain(&c);
    struct engine_stats s;
    engine_stats(c.engine, &s);
    EXPECT_INT(1200, s.outbox_waiting);
    close_company(&c);
}
