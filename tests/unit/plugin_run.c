/* SPDX-License-Identifier: Apache-2.0 */
/* Modules inside a running engine: what they are given, and what is refused to them. */
#include "base/id.h"
#include "plugin/internal.h"
#include "plugin_fixture.h"
#include <signal.h>
#include <sys/wait.h>

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
        {"nowhere", "value 0 is a text of 9 bytes at NULL"},
        {"nowhere_item", "value 0 is a list with one of kind 4, whose ptr is NULL"},
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

TEST("a defect in a hook is told once, by the hook's name, to who wrote") {
    struct company c;
    kith_value *out;
    kith_error e = KITH_ERROR_INIT;
    OPEN(&c, MAY_CALL, "every_row", "calls_another");
    EXPECT_INT(KITH_E_INTERNAL, call(&c, "calls_another.stumble", NULL, &out, &e));
    EXPECT_STR("module 'calls_another': hook break_down: out of order", e.message);
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
