/* SPDX-License-Identifier: Apache-2.0 */
/* Modules inside a running engine: what they are given, what is refused to them, and that one that
 * fails leaves nothing behind. */
#include "../plugins.h"
#include "base/id.h"
#include "engine/outbox.h"
#include "plugin/internal.h"
#include <signal.h>
#include <sys/wait.h>

static kith_id make(struct company *c, const char *name, int64_t size) {
    kith_value args[2] = {value_str(str_of(name)), value_int(size)}, *out;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(call(c, "every_row.make", args, &out, &e), e);
    return out[0].as.link.id;
}

static kith_value field_of(struct company *c, kith_id id, const char *name) {
    const struct rtype *t = type_of(c, "thing");
    kith_value *values;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_get(c->engine, &anna, t, id, &c->arena, &values, &e), e);
    return values[type_field(engine_schema(c->engine), t, str_of(name))->index];
}

struct set_field {
    struct company *c;
    kith_id id;
    const char *name;
    kith_value value;
};

static kith_status set_field(struct txn *t, void *arg, kith_error *e) {
    struct set_field *x = arg;
    const struct rtype *type = type_of(x->c, "thing");
    struct assign a = {type_field(engine_schema(x->c->engine), type, str_of(x->name)), x->value};
    return txn_update(t, type, x->id, &a, 1, e);
}

static void grow(struct company *c, kith_id id, int64_t size) {
    struct set_field x = {c, id, "size", value_int(size)};
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_write(c->engine, &by_anna, set_field, &x, NULL, &e), e);
}

#define GOOD    ""
#define GRANTED "trespasser: { grant = [\"read:contact\"]; };\n"

/* -- what a module does ------------------------------------------------------------------------ */

TEST("an action of a module writes, and gives back what it made") {
    struct company c;
    OPEN(&c, GOOD, "every_row");
    kith_id id = make(&c, "box", 5);
    EXPECT(id != 0);
    EXPECT_INT(5, field_of(&c, id, "size").as.i);
    EXPECT_INT(KITH_NULL, field_of(&c, id, "stamp").kind);
    close_company(&c);
}

TEST("an action answers with rows besides its results") {
    struct company c;
    kith_error e = KITH_ERROR_INIT;
    kith_value *out, args[1] = {value_int(2)};
    OPEN(&c, GOOD, "every_row");
    make(&c, "dot", 1);
    kith_id box = make(&c, "box", 5), crate = make(&c, "crate", 7);
    EXPECT_OK(call(&c, "every_row.list", args, &out, &e), e);
    EXPECT_INT(2, out[0].as.i);
    EXPECT_INT(2, out[1].as.list.count);
    const kith_value *row = out[1].as.list.items[1].as.list.items;
    EXPECT(row[0].as.link.id == crate);
    EXPECT(str_eqz(row[1].as.s, "crate"));
    EXPECT_OK(call(&c, "every_row.shrink", args, &out, &e), e);
    EXPECT_INT(4, out[0].as.list.items[0].as.list.items[2].as.i);
    EXPECT_INT(4, field_of(&c, box, "size").as.i);
    close_company(&c);
}

TEST("a before-hook changes the write, in the module's own read-only field too") {
    struct company c;
    OPEN(&c, GOOD, "every_row");
    kith_id id = make(&c, "crate", 500);
    EXPECT_INT(1700000000000, field_of(&c, id, "stamp").as.i);
    close_company(&c);
}

static kith_status make_phase(struct txn *t, void *arg, kith_error *e) {
    return txn_create(t, schema_type(engine_schema(txn_engine(t)), STR("phase")), NULL, 0, arg, e);
}

TEST("hooks run by their priority, those that settle behind them, and not for what they except") {
    static const struct write_opts imported = {.principal = &anna, .origin = ORIGIN_IMPORT};
    struct company c;
    kith_id id;
    kith_error e = KITH_ERROR_INIT;
    kith_value *values;
    OPEN(&c, GOOD, "phases");
    const struct rtype *t = type_of(&c, "phase");
    const struct rfield *seen = type_field(engine_schema(c.engine), t, STR("seen"));
    EXPECT_OK(engine_write(c.engine, &by_anna, make_phase, &id, NULL, &e), e);
    EXPECT_OK(engine_get(c.engine, &anna, t, id, &c.arena, &values, &e), e);
    EXPECT(str_eqz(values[seen->index].as.s, "abs"));
    EXPECT_OK(engine_write(c.engine, &imported, make_phase, &id, NULL, &e), e);
    EXPECT_OK(engine_get(c.engine, &anna, t, id, &c.arena, &values, &e), e);
    EXPECT(str_eqz(values[seen->index].as.s, "as"));
    close_company(&c);
}

TEST("a roll-up that a module declares is kept") {
    struct company c;
    kith_error e = KITH_ERROR_INIT;
    OPEN(&c, GOOD, "every_row");
    kith_id whole = make(&c, "cart", 9), piece = make(&c, "wheel", 1);
    EXPECT_INT(0, field_of(&c, whole, "pieces").as.i);
    struct set_field x = {&c, piece, "of", value_link(whole, type_of(&c, "thing")->id)};
    EXPECT_OK(engine_write(c.engine, &by_anna, set_field, &x, NULL, &e), e);
    EXPECT_INT(1, field_of(&c, whole, "pieces").as.i);
    grow(&c, piece, -1);
    EXPECT_INT(0, field_of(&c, whole, "pieces").as.i);
    close_company(&c);
}

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

TEST("an effect of no delivery, without its size or with half a subject is refused") {
    static const char *const cases[][2] = {
        {"no delivery", "there is no delivery with the number 7"},
        {"no size", "struct_size was not set"},
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

TEST("a before-hook refuses with its own sentence, and nothing is kept") {
    struct company c;
    kith_error e = KITH_ERROR_INIT;
    kith_value args[2] = {value_str(STR("no")), value_int(1)}, *out;
    OPEN(&c, GOOD, "every_row");
    EXPECT_INT(KITH_E_REFUSED, call(&c, "every_row.make", args, &out, &e));
    EXPECT_STR("No is no name for a thing.", e.message);
    EXPECT_STR("name", e.field);
    EXPECT_OK(call(&c, "every_row.total", NULL, &out, &e), e);
    EXPECT_INT(0, out[0].as.i);
    close_company(&c);
}

TEST("a reading action finds through a query with a parameter, over many pages") {
    struct company c;
    kith_error e = KITH_ERROR_INIT;
    kith_value least[1] = {value_int(10)}, *out;
    OPEN(&c, GOOD, "every_row");
    for (int i = 1; i <= 1200; i++)
        make(&c, "box", i);
    EXPECT_OK(call(&c, "every_row.total", least, &out, &e), e);
    EXPECT_INT(1190, out[0].as.i);
    EXPECT_INT(1200 * 1201 / 2 - 55, out[1].as.i);
    close_company(&c);
}

TEST("a module is given the groups of a query with totals") {
    struct company c;
    kith_error e = KITH_ERROR_INIT;
    kith_value *out;
    OPEN(&c, GOOD, "every_row");
    EXPECT_OK(call(&c, "every_row.heaviest", NULL, &out, &e), e);
    EXPECT_INT(KITH_NULL, out[0].kind);
    make(&c, "box", 5);
    make(&c, "jar", 7);
    make(&c, "box", 4);
    EXPECT_OK(call(&c, "every_row.heaviest", NULL, &out, &e), e);
    EXPECT(str_eqz(out[0].as.s, "box"));
    EXPECT_INT(2, out[1].as.i);
    EXPECT_INT(9, out[2].as.i);
    close_company(&c);
}

TEST("records as structs, exact numbers, and rows that a part declares") {
    struct company c;
    kith_error e = KITH_ERROR_INIT;
    kith_value *out;
    const kith_value by_2_5 = {.kind = KITH_DECIMAL, .as.decimal = {.units = 250, .scale = 2}};
    const kith_value args[] = {value_int(2), by_2_5};
    OPEN(&c, GOOD, "every_row");
    make(&c, "pin", 1);
    make(&c, "box", 5);
    make(&c, "jar", 3);
    EXPECT_OK(call(&c, "every_row.cut", args, &out, &e), e); /* 12.5 and 7.5, rounded */
    EXPECT_INT(21, out[1].as.i);
    EXPECT_INT(11 + 10 - 11, out[2].as.money.minor);
    kith_value size = field_of(&c, out[0].as.link.id, "size"),
               name = field_of(&c, out[0].as.link.id, "name");
    EXPECT_INT(8, size.as.i);
    EXPECT(str_eqz(name.as.s, "the last"));
    EXPECT_OK(call(&c, "every_row.total", NULL, &out, &e), e);
    EXPECT_INT(5, out[0].as.i);
    EXPECT_INT(1 + 5 + 3 + 21, out[1].as.i);
    close_company(&c);
}

#define MAY_CALL "calls_another: { grant = [\"call:every_row.*\"]; };\n"

TEST("a module calls the actions of another one, in its own transaction, and only as it may") {
    struct company c;
    kith_error e = KITH_ERROR_INIT;
    kith_value *out;
    OPEN(&c, MAY_CALL, "every_row", "calls_another");
    EXPECT_OK(call(&c, "calls_another.both", NULL, &out, &e), e);
    EXPECT_INT(1, out[0].as.i);
    EXPECT_INT(KITH_E_DENIED, call(&c, "calls_another.peek", NULL, &out, &e));
    EXPECT_HAS("every_row.make writes, and is called by what only reads", e.message);
    EXPECT_INT(KITH_E_INVAL, call(&c, "calls_another.fewer", NULL, &out, &e));
    EXPECT_HAS("has 1 parameters and 2 results; 1 and 1 were given", e.message);
    close_company(&c);
    OPEN(&c, GOOD, "every_row", "calls_another");
    EXPECT_HAS("may not call every_row.make: add \"call:every_row.make\" to calls_another.grant",
               status_of(c.plugins, "calls_another").reason);
    close_company(&c);
}

TEST("reactions, a published event with its payload, and a timer follow one another") {
    struct company c;
    kith_value name;
    OPEN(&c, GOOD, "every_row");
    kith_id id = make(&c, "seed", 1);
    grow(&c, id, 150); /* announce: publishes; heard: sets a timer for tomorrow */
    drain(&c);
    name = field_of(&c, id, "name");
    EXPECT(str_eqz(name.as.s, "seed"));
    clock_advance(&c.clock, 86400001);
    drain(&c);
    name = field_of(&c, id, "name");
    EXPECT(str_eqz(name.as.s, "renamed"));
    EXPECT_INT(0, status_of(c.plugins, "every_row").failures);
    close_company(&c);
}

TEST("a timer that was cancelled does not fire, and is cancelled once") {
    struct company c;
    kith_value name, *out;
    kith_error e = KITH_ERROR_INIT;
    OPEN(&c, GOOD, "every_row");
    kith_id id = make(&c, "seed", 1);
    grow(&c, id, 150);
    drain(&c);
    EXPECT_OK(call(&c, "every_row.recall", NULL, &out, &e), e);
    clock_advance(&c.clock, 86400001);
    drain(&c);
    name = field_of(&c, id, "name");
    EXPECT(str_eqz(name.as.s, "seed"));
    EXPECT_INT(KITH_E_NOTFOUND, call(&c, "every_row.recall", NULL, &out, &e));
    close_company(&c);
}

static kith_id send(struct company *c, const kith_value *args) {
    kith_value *out;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(call(c, "carries_lists.send", args, &out, &e), e);
    drain(c);
    EXPECT_INT(0, status_of(c->plugins, "carries_lists").failures);
    return out[0].as.link.id;
}

TEST("lists, money and links that an event carries arrive as they were sent") {
    struct company c;
    kith_value *values, texts[2] = {value_str(STR("b [c]")), value_str(STR("a \"d\""))};
    kith_error e = KITH_ERROR_INIT;
    OPEN(&c, GOOD, "carries_lists");
    const struct rtype *parcel = type_of(&c, "parcel");
    kith_value others[2] = {value_link(send(&c, NULL), parcel->id),
                            value_link(send(&c, NULL), parcel->id)};
    kith_value args[4] = {{.kind = KITH_LIST, .as.list = {texts, 2}},
                          {.kind = KITH_LIST, .as.list = {others, 2}},
                          value_str(STR("12.30 EUR")),
                          others[0]};
    kith_id id = send(&c, args);
    EXPECT_OK(engine_get(c.engine, &anna, parcel, id, &c.arena, &values, &e), e);
    values += FIELD_FIRST;
    EXPECT_INT(2, values[0].as.list.count);
    EXPECT(str_eqz(values[0].as.list.items[0].as.s, "a \"d\""));
    EXPECT(str_eqz(values[0].as.list.items[1].as.s, "b [c]"));
    EXPECT_INT(2, values[1].as.list.count);
    EXPECT(value_eq(&others[1], &values[1].as.list.items[1]));
    EXPECT_INT(1230, values[2].as.money.minor);
    EXPECT_INT(others[0].as.link.id, values[3].as.link.id);
    close_company(&c);
}

TEST("an action is given only records that exist, and the parameter is named") {
    struct company c;
    kith_value *out, args[4] = {0};
    char expected[64], id[ID_TEXT + 1];
    kith_error e = KITH_ERROR_INIT;
    OPEN(&c, GOOD, "carries_lists");
    const struct rtype *parcel = type_of(&c, "parcel");
    kith_value there = value_link(send(&c, NULL), parcel->id);
    kith_value gone = value_link(there.as.link.id + 1, parcel->id);
    id_format(gone.as.link.id, id);
    args[3] = gone;
    EXPECT_INT(KITH_E_NOTFOUND, call(&c, "carries_lists.send", args, &out, &e));
    snprintf(expected, sizeof expected, "about: there is no parcel %s", id);
    EXPECT_STR(expected, e.message);
    EXPECT_STR("about", e.field);
    kith_value both[2] = {there, gone};
    args[1] = (kith_value){.kind = KITH_LIST, .as.list = {both, 2}};
    args[3] = there;
    EXPECT_INT(KITH_E_NOTFOUND, call(&c, "carries_lists.send", args, &out, &e));
    EXPECT_STR("others", e.field);
    close_company(&c);
}

TEST("a default that its parameter cannot have takes its module out") {
    struct company c;
    OPEN(&c, GOOD, "bad_default", "every_row");
    EXPECT_STR("action act: the default of size: 'large' is no whole number",
               status_of(c.plugins, "bad_default").reason);
    close_company(&c);
}

TEST("a reaction is not called when its condition does not hold") {
    struct company c;
    OPEN(&c, GOOD, "every_row");
    kith_id id = make(&c, "seed", 1);
    drain(&c);
    uint64_t calls = status_of(c.plugins, "every_row").calls;
    grow(&c, id, 50); /* the hook alone */
    drain(&c);
    EXPECT_INT(calls + 1, status_of(c.plugins, "every_row").calls);
    close_company(&c);
}

TEST("history names the module and its version") {
    struct company c;
    struct conn *r;
    struct why_step *steps;
    size_t count;
    kith_error e = KITH_ERROR_INIT;
    OPEN(&c, GOOD, "every_row");
    kith_id id = make(&c, "crate", 500);
    const struct rfield *f =
        type_field(engine_schema(c.engine), type_of(&c, "thing"), STR("stamp"));
    EXPECT_OK(engine_reader(c.engine, &r, &e), e);
    EXPECT_OK(journal_why(r, engine_schema(c.engine), id, f, &c.arena, &steps, &count, &e), e);
    engine_reader_done(c.engine, r);
    EXPECT(count > 0);
    EXPECT_STR("every_row", steps[0].source.name);
    EXPECT_STR("1.0", steps[0].source.version);
    close_company(&c);
}

/* -- what fails -------------------------------------------------------------------------------- */

TEST("a module that fails in create is out with its sentence, and the rest runs") {
    struct company c;
    OPEN(&c, GOOD, "fails_create", "every_row");
    EXPECT_INT(PLUGIN_FAILED, status_of(c.plugins, "fails_create").state);
    EXPECT_STR("the moon is not full", status_of(c.plugins, "fails_create").reason);
    EXPECT_INT(PLUGIN_RUNNING, status_of(c.plugins, "every_row").state);
    EXPECT(make(&c, "box", 1) != 0);
    close_company(&c);
}

TEST("a module whose wants go beyond its instance, or that makes another, is out with a sentence") {
    struct company c;
    OPEN(&c, "wants_too_far: { grant = [\"read:contact\"]; };", "wants_too_far", "another_instance",
         "every_row");
    EXPECT_INT(PLUGIN_FAILED, status_of(c.plugins, "wants_too_far").state);
    EXPECT_HAS("byte 2 of its instance is wanted, which has 4",
               status_of(c.plugins, "wants_too_far").reason);
    EXPECT_HAS("create() made another instance", status_of(c.plugins, "another_instance").reason);
    EXPECT_INT(PLUGIN_RUNNING, status_of(c.plugins, "every_row").state);
    close_company(&c);
}

static void begins(const char *fails, const char *beside, const char *reason) {
    struct company c;
    char conf[200];
    const bool calls = strcmp(beside, "calls_another") == 0;
    snprintf(
        conf, sizeof conf, "begins: { fails = \"%s\"; };%s", fails,
        calls ? " calls_another: { grant = [\"call:every_row.make\", \"call:every_row.total\"]; };"
              : "");
    OPEN(&c, conf, "begins", beside, "every_row");
    EXPECT_STR(reason, status_of(c.plugins, "begins").reason);
    close_company(&c);
}

TEST("parts begin in their order where they are there, before create(), and destroy() follows") {
    begins("a", "every_row", "begun: a");
    begins("b", "every_row", "begun: ab");
    begins("c", "every_row", "begun: abc");
    begins("b", "calls_another", "begun: axb");
    begins("", "calls_another", "");
}

TEST("a setting can make a module refuse to start, and what requires it goes with it") {
    struct company c;
    OPEN(&c, "every_row: { mood = \"bad\"; };\n", "after_every_row", "every_row");
    EXPECT_STR("every_row is in a bad mood", status_of(c.plugins, "every_row").reason);
    EXPECT_HAS("requires 'every_row', which is out: every_row is in a bad mood",
               status_of(c.plugins, "after_every_row").reason);
    close_company(&c);
}

/* Creates a record of type `arg` with a name alone. */
static kith_status create_named(struct txn *t, void *arg, kith_error *e) {
    const struct rtype *type = schema_type(engine_schema(txn_engine(t)), str_of(arg));
    struct assign set = {type_field(type->schema, type, STR("name")), value_str(STR("Ada"))};
    return txn_create(t, type, &set, 1, NULL, e);
}

TEST("records of a module that is out are refused with the reason, those of others are written") {
    kith_error e = KITH_ERROR_INIT;
    struct company c;
    OPEN(&c, "every_row: { mood = \"bad\"; };\n", "every_row");
    EXPECT_INT(KITH_E_UNSUPPORTED,
               engine_write(c.engine, &by_anna, create_named, "thing", NULL, &e));
    EXPECT_STR("module 'every_row' is out: every_row is in a bad mood", e.message);
    EXPECT_OK(engine_write(c.engine, &by_anna, create_named, "contact", NULL, &e), e);
    close_company(&c);
}

TEST("of a module that fails in start nothing is registered, and it is destroyed") {
    struct company c;
    OPEN(&c, GOOD, "fails_start", "every_row");
    EXPECT(engine_action(c.engine, STR("fails_start.act")) == NULL);
    EXPECT_HAS("start failed (input or output failed) without saying why",
               status_of(c.plugins, "fails_start").reason);
    EXPECT_INT(3, status_of(c.plugins, "fails_start").calls); /* create, start, destroy */
    close_company(&c);
}

TEST("a module that is out after it started is stopped before it is destroyed") {
    struct company c;
    OPEN(&c, GOOD, "every_row", "same_topic");
    EXPECT_STR("topic thing.grown is declared by every_row already",
               status_of(c.plugins, "same_topic").reason);
    EXPECT_INT(4, status_of(c.plugins, "same_topic").calls); /* create, start, stop, destroy */
    close_company(&c);
}

TEST("a condition that cannot be read takes its module out before anything is registered") {
    struct company c;
    OPEN(&c, "bad_hook: { grant = [\"read:contact\"]; };\n", "bad_hook", "every_row");
    EXPECT_HAS("hook look: where: ", status_of(c.plugins, "bad_hook").reason);
    EXPECT_INT(PLUGIN_RUNNING, status_of(c.plugins, "every_row").state);
    close_company(&c);
}

TEST("a report that nobody could ask for takes its module out, and says where the query is wrong") {
    struct company c;
    OPEN(&c, GOOD, "bad_report", "bad_columns", "every_row");
    EXPECT_HAS("report towns: ", status_of(c.plugins, "bad_report").reason);
    EXPECT_HAS("no field 'town' in contact", status_of(c.plugins, "bad_report").reason);
    EXPECT(!engine_report(c.engine, STR("bad_report.towns")));
    EXPECT_HAS("report named: no field 'town' in account",
               status_of(c.plugins, "bad_columns").reason);
    const struct report *r = engine_report(c.engine, STR("every_row.sizes"));
    EXPECT_STR("How much each name has.", r ? r->doc : "none");
    close_company(&c);
}

TEST("a module that may not read a type is out, and the reason is the remedy") {
    struct company c;
    OPEN(&c, GOOD, "bad_hook", "trespasser");
    EXPECT_HAS("may not read contact: add \"read:contact\" to bad_hook.grant",
               status_of(c.plugins, "bad_hook").reason);
    EXPECT_HAS("add \"read:contact\" to trespasser.grant",
               status_of(c.plugins, "trespasser").reason);
    close_company(&c);
}

TEST("a type behind a link needs its own permission, in queries and in both sorts of conditions") {
    static const char *const ways[] = {"query", "predicate", "hook"};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct company c;
        char conf[128];
        snprintf(conf, sizeof conf,
                 "follows_links: { way = \"%s\"; grant = [\"read:contact\"]; };\n", ways[i]);
        OPEN(&c, conf, "follows_links");
        EXPECT_HAS("may not read account: add \"read:account\" to follows_links.grant",
                   status_of(c.plugins, "follows_links").reason);
        close_company(&c);
    }
    struct company c;
    OPEN(&c, "follows_links: { grant = [\"read:contact\", \"read:account\"]; };\n",
         "follows_links");
    EXPECT_STR("", status_of(c.plugins, "follows_links").reason);
    close_company(&c);
}

TEST("a roll-up over a type of others needs the permission to read it") {
    struct company c;
    OPEN(&c, GOOD, "rolls_up", "every_row");
    EXPECT_STR("roll-up account.people: module 'rolls_up' may not read contact: add "
               "\"read:contact\" to rolls_up.grant in the configuration",
               status_of(c.plugins, "rolls_up").reason);
    EXPECT_INT(PLUGIN_RUNNING, status_of(c.plugins, "every_row").state);
    close_company(&c);
    OPEN(&c, "rolls_up: { grant = [\"read:contact\"]; };\n", "rolls_up");
    EXPECT_STR("", status_of(c.plugins, "rolls_up").reason);
    close_company(&c);
}

TEST("each precision of a grant covers what it says") {
    static const char *const enough[] = {"*", "read:*", "read:contact", "write:*", "write:contact"};
    static const char *const not_enough[] = {"read:account", "write", "read", "publish:*"};
    for (size_t i = 0; i < sizeof enough / sizeof enough[0]; i++) {
        struct company c;
        char conf[128];
        snprintf(conf, sizeof conf, "trespasser: { grant = [\"%s\"]; };\n", enough[i]);
        OPEN(&c, conf, "trespasser");
        EXPECT_STR("", status_of(c.plugins, "trespasser").reason);
        close_company(&c);
    }
    for (size_t i = 0; i < sizeof not_enough / sizeof not_enough[0]; i++) {
        struct company c;
        char conf[128];
        snprintf(conf, sizeof conf, "trespasser: { grant = [\"%s\"]; };\n", not_enough[i]);
        OPEN(&c, conf, "trespasser");
        EXPECT_INT(PLUGIN_FAILED, status_of(c.plugins, "trespasser").state);
        close_company(&c);
    }
}

struct heard {
    int count;
    int line;
    char text[512];
};

static void hear(void *arg, const struct setting *grant, const char *text) {
    struct heard *h = arg;
    h->count++;
    h->line = grant->line;
    snprintf(h->text, sizeof h->text, "%s", text);
}

TEST("a word of a grant that means nothing is told and takes nobody out") {
    static const struct {
        const char *grant, *told;
    } rows[] = {
        {"*", NULL},
        {"write:*", NULL},
        {"publish:thing.grown", NULL},
        {"wirte:task", "'wirte:task' is no right: did you mean 'write:...'?"},
        {"task", "'task' is no right: write read:TYPE, write:TYPE, publish:TOPIC, call:ACTION or "
                 "serve:users"},
        {"call:every_row.make", NULL},
        {"call:every_row.mkae", "there is no action 'every_row.mkae'"},
        {"write:taks", "there is no type 'taks'; did you mean 'task'?"},
        {"publish:thing.shrunk", "nobody declares the topic 'thing.shrunk'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct company c;
        struct heard h = {0};
        char conf[128];
        snprintf(conf, sizeof conf, "every_row: {\n  grant = [\"%s\"]; };\n", rows[i].grant);
        OPEN(&c, conf, "every_row");
        EXPECT_INT(rows[i].told ? 1 : 0, plugins_check_grants(c.plugins, hear, &h));
        EXPECT_INT(rows[i].told ? 1 : 0, h.count);
        if (rows[i].told) {
            EXPECT_HAS(rows[i].told, h.text);
            EXPECT_INT(2, h.line);
        }
        EXPECT_STR("", status_of(c.plugins, "every_row").reason);
        close_company(&c);
    }
}

TEST("what a module asks for itself may be about something that is not there") {
    struct company c;
    struct heard h = {0};
    OPEN(&c, "asks_much: { grant = [\"read:absent\", \"phone:home\"]; };\n", "asks_much");
    EXPECT_INT(0, plugins_check_grants(c.plugins, hear, &h));
    close_company(&c);
}

/* -- what is refused --------------------------------------------------------------------------- */

/* The trespasser's action must have been answered with this status and sentence. */
static void expect_refused(const char *action, kith_status st, const char *message) {
    struct company c;
    kith_value *out;
    char text[512];
    kith_error e = KITH_ERROR_INIT;
    OPEN(&c, GRANTED, "trespasser");
    EXPECT_OK(call(&c, "trespasser.keep", NULL, &out, &e), e);
    EXPECT_OK(call(&c, "trespasser.fine", NULL, &out, &e), e); /* one row to find */
    EXPECT_OK(call(&c, action, NULL, &out, &e), e);
    EXPECT_INT(st, out[0].as.i);
    snprintf(text, sizeof text, "%.*s", (int)out[1].as.s.len, out[1].as.s.ptr);
    EXPECT_HAS(message, text);
    close_company(&c);
}

TEST("what is allowed works: the control for the tests below") {
    expect_refused("trespasser.fine", KITH_OK, "");
}

TEST("a transaction handed to another thread is refused there") {
    expect_refused("trespasser.other_thread", KITH_E_THREAD, "outside of a callback");
}

TEST("a transaction that was kept is refused") {
    expect_refused("trespasser.use_kept", KITH_E_THREAD, "not of this call");
}

TEST("a write in a row function is refused") {
    expect_refused("trespasser.in_row", KITH_E_DENIED, "write after find() or groups()");
    expect_refused("trespasser.in_group", KITH_E_DENIED, "write after find() or groups()");
    expect_refused("trespasser.find_totals", KITH_E_INVAL, "ask for them with groups()");
    expect_refused("trespasser.group_records", KITH_E_INVAL, "ask for them with find()");
}

static void crash_in_child(int fd) {
    struct company c;
    kith_value *out;
    dup2(fd, STDERR_FILENO);
    plugin_name_crashes();
    OPEN(&c, GRANTED, "trespasser");
    (void)call(&c, "trespasser.crash", NULL, &out, NULL);
    _exit(0);
}

TEST("a module that crashes is named, with what it was doing") {
    char text[512] = "";
    int ends[2], status = 0;
    EXPECT_INT(0, pipe(ends));
    pid_t pid = fork();
    if (pid == 0)
        crash_in_child(ends[1]);
    close(ends[1]);
    EXPECT(read(ends[0], text, sizeof text - 1) > 0);
    close(ends[0]);
    EXPECT_INT(pid, waitpid(pid, &status, 0));
    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    text[strcspn(text, "\n")] = '\0';
    EXPECT_HAS("kith: the module '", text);
}

TEST("a pointer that is NULL and a list that is none are refused") {
    expect_refused("trespasser.nothing", KITH_E_INVAL, "");
}

TEST("results that cannot be written down or are too long are refused") {
    static const struct {
        const char *what, *message;
    } rows[] = {
        {"duration", "lasts: '"},
        {"infinite", "value 0 is infinite or no number"},
        {"infinite_item", "value 0 is a list with one of kind"},
        {"long", "text: a result has at most 1 MiB of text"},
        {"long_list", "labels: a result has at most 1 MiB of text"},
    };
    struct company c;
    OPEN(&c, GOOD, "odd_results");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kith_error e = KITH_ERROR_INIT;
        kith_value *out, args[4] = {value_str(str_of(rows[i].what))};
        EXPECT(call(&c, "odd_results.give", args, &out, &e) != KITH_OK);
        EXPECT_HAS(rows[i].message, e.message);
    }
    kith_error e = KITH_ERROR_INIT;
    kith_value *out, args[4] = {value_str(STR("short"))};
    EXPECT_OK(call(&c, "odd_results.give", args, &out, &e), e);
    EXPECT_INT(1 << 20, out[1].as.s.len);
    close_company(&c);
}

TEST("rows that are of other columns, too many or too long are refused") {
    static const struct {
        const char *what, *message;
    } rows[] = {
        {"short", "odd_results.list has 2 columns; a row of 1 values was given"},
        {"wrong", "number: 'one' is no whole number"},
        {"many", "odd_results.list answers with more than 10000 rows; ask it for fewer"},
        {"long", "odd_results.list answers with more than 8 MiB of text; ask it for less"},
    };
    struct company c;
    OPEN(&c, GOOD, "odd_results");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kith_error e = KITH_ERROR_INIT;
        kith_value *out, args[4] = {value_str(str_of(rows[i].what))};
        EXPECT(call(&c, "odd_results.list", args, &out, &e) != KITH_OK);
        EXPECT_HAS(rows[i].message, e.message);
    }
    kith_error e = KITH_ERROR_INIT;
    kith_value *out, args[4] = {value_str(STR("few"))};
    EXPECT_OK(call(&c, "odd_results.list", args, &out, &e), e);
    EXPECT_INT(2, out[0].as.list.count);
    EXPECT_INT(1, out[0].as.list.items[1].as.list.items[1].as.i);
    close_company(&c);
}

TEST("a file that is none, has no name or is too long is refused") {
    static const struct {
        const char *what, *message;
    } rows[] = {
        {"none", "odd_results.file answers with a file, and gave none"},
        {"path", "odd_results.file: '../a.png' is no name of a file"},
        {"nameless", "odd_results.file: '' is no name of a file"},
        {"long", "odd_results.file answers with more than 10 MiB; ask it for less"},
    };
    struct company c;
    OPEN(&c, GOOD, "odd_results");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kith_error e = KITH_ERROR_INIT;
        kith_value *out, args[4] = {value_str(str_of(rows[i].what))};
        EXPECT(call(&c, "odd_results.file", args, &out, &e) != KITH_OK);
        EXPECT_HAS(rows[i].message, e.message);
    }
    kith_error e = KITH_ERROR_INIT;
    kith_value *out, args[4] = {value_str(STR("right"))};
    EXPECT_OK(call(&c, "odd_results.file", args, &out, &e), e);
    EXPECT_STR("a.png", out[0].as.s.ptr);
    EXPECT_STR("image/png", out[1].as.s.ptr);
    EXPECT_INT(10 << 20, out[2].as.s.len);
    close_company(&c);
}

TEST("a write in a reading action is refused") {
    expect_refused("trespasser.in_reading", KITH_E_DENIED, "declares that it only reads");
}

TEST("a write to a type that nobody granted is refused, with the remedy") {
    expect_refused("trespasser.ungranted", KITH_E_DENIED,
                   "may not write contact: add \"write:contact\" to trespasser.grant");
}

TEST("asking for numbers after create is refused") {
    expect_refused("trespasser.resolve_late", KITH_E_THREAD, "only inside create()");
}

TEST("a status that is none becomes an error that names the module and its callback") {
    struct company c;
    kith_value *out;
    kith_error e = KITH_ERROR_INIT;
    OPEN(&c, GRANTED, "trespasser");
    EXPECT_INT(KITH_E_INTERNAL, call(&c, "trespasser.odd_status", NULL, &out, &e));
    EXPECT_HAS("module 'trespasser': action odd_status returned 7", e.message);
    EXPECT_INT(1, status_of(c.plugins, "trespasser").failures);
    close_company(&c);
}

static void find_cost(void *arg, const struct plugin_cost *cost) {
    struct plugin_cost *want = arg;
    if (strcmp(want->module, cost->module) == 0 && strcmp(want->callback, cost->callback) == 0)
        *want = *cost;
}
static struct plugin_cost cost_of(struct company *c, const char *module, const char *callback) {
    struct plugin_cost cost = {.module = module, .callback = callback};
    plugins_costs(c->plugins, find_cost, &cost);
    return cost;
}

TEST("what the calls of each function took is counted: time, rows, searches, memory, failures") {
    struct company c;
    kith_value *out;
    kith_error e = KITH_ERROR_INIT;
    OPEN(&c, GRANTED, "trespasser", "every_row");
    for (int i = 0; i < 3; i++)
        make(&c, "pin", i + 1);
    for (int i = 0; i < 5; i++)
        EXPECT_OK(call(&c, "every_row.total", NULL, &out, &e), e);
    EXPECT_INT(KITH_E_INTERNAL, call(&c, "trespasser.odd_status", NULL, &out, &e));
    struct plugin_cost total = cost_of(&c, "every_row", "action total"),
                       made = cost_of(&c, "every_row", "action make"),
                       cut = cost_of(&c, "every_row", "action cut");
    EXPECT_INT(5, total.calls);
    EXPECT_INT(5, total.queries);
    EXPECT_INT(0, total.writes);
    EXPECT(total.p50_ns > 0 && total.p50_ns <= total.p99_ns && total.total_ns > total.p50_ns);
    EXPECT_INT(3, made.calls);
    EXPECT_INT(3, made.writes);
    EXPECT_INT(0, made.queries);
    EXPECT(made.memory > 0);
    EXPECT_INT(1, cost_of(&c, "trespasser", "action odd_status").failures);
    EXPECT_INT(0, cut.calls + cut.total_ns);
    EXPECT(status_of(c.plugins, "every_row").calls >= 8); /* and its hooks */
    close_company(&c);
}

TEST("outside of callbacks the thread works for no module") {
    struct company c;
    OPEN(&c, GOOD, "every_row");
    make(&c, "box", 1);
    EXPECT(plugin_context() == NULL);
    close_company(&c);
}
