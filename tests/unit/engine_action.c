/* SPDX-License-Identifier: Apache-2.0 */
/* Actions: typed parameters and results, called from outside and from inside a transaction. */
#include "engine_fixture.h"

static const kith_field params[] = {
    {.name = "title", .kind = KITH_F_TEXT, .flags = KITH_FF_REQUIRED, .doc = "what to call it"},
    {.name = "times", .kind = KITH_F_INTEGER, .default_text = "2"},
    {.name = "fail", .kind = KITH_F_BOOLEAN},
};
static const kith_field results[] = {
    {.name = "made", .kind = KITH_F_INTEGER},
    {.name = "text", .kind = KITH_F_TEXT},
};

/* Makes as many tasks as it is told. */
static kith_status make_tasks(void *self, struct call *c, kith_error *e) {
    (void)self;
    const struct schema *s = engine_schema(c->engine);
    const struct rtype *task = schema_type(s, STR("task"));
    for (int64_t i = 0; i < c->args[1].as.i; i++) {
        struct assign set = {type_field(s, task, STR("title")), c->args[0]};
        TRY(txn_create(c->txn, task, &set, 1, NULL, e));
    }
    if (c->args[2].kind == KITH_BOOL && c->args[2].as.i)
        return err_set(e, KITH_E_REFUSED, "title", "not today");
    c->results[0] = value_int(c->args[1].as.i);
    c->results[1] = value_str(str_of(arena_printf(c->arena, "by %s", c->principal->name)));
    return KITH_OK;
}

static kith_status only_look(void *self, struct call *c, kith_error *e) {
    (void)self;
    (void)e;
    c->results[0] = value_int(c->txn ? 1 : 0);
    return KITH_OK;
}

static void offer(struct fixture *x, const char *name, uint32_t effect,
                  kith_status (*fn)(void *, struct call *, kith_error *)) {
    fixture_offer(x, name, effect, fn, (kith_array)KITH_ARRAY(params),
                  (kith_array)KITH_ARRAY(results));
}

static void begin(struct fixture *x) {
    fixture_open(x);
    offer(x, "test.make", EFFECT_WRITE, make_tasks);
    offer(x, "test.look", EFFECT_READ, only_look);
    fixture_start(x);
}

static kith_status call(struct fixture *x, const char *name, const kith_value *args,
                        kith_value *out, kith_id *tx) {
    const struct action *a = engine_action(x->g, str_of(name));
    EXPECT(a != NULL);
    return engine_call(x->g, NULL, &by_tester, a, args, &x->arena, out, tx, &x->e);
}

TEST("an action gets checked arguments with defaults, and gives results by the caller's name") {
    struct fixture x;
    kith_value out[2], args[3] = {value_str(STR("call")), value_null(), value_null()};
    kith_id tx = 0;
    begin(&x);
    EXPECT_OK(call(&x, "test.make", args, out, &tx), x.e);
    EXPECT_INT(2, out[0].as.i);
    EXPECT(str_eqz(out[1].as.s, "by tester"));
    EXPECT(tx != 0);
    EXPECT_INT(2, count(&x, "task where title = 'call'", NULL));
    args[1] = value_str(STR("3")); /* as from a command line */
    EXPECT_OK(call(&x, "test.make", args, out, &tx), x.e);
    EXPECT_INT(5, count(&x, "task", NULL));
    args[1] = value_str(STR("")); /* says nothing */
    EXPECT_OK(call(&x, "test.make", args, out, &tx), x.e);
    EXPECT_INT(7, count(&x, "task", NULL));
    fixture_close(&x);
}

TEST("a missing or wrong argument is refused with its name and what it is for") {
    struct fixture x;
    kith_value out[2], args[3] = {value_null(), value_null(), value_null()};
    begin(&x);
    EXPECT_INT(KITH_E_INVAL, call(&x, "test.make", args, out, NULL));
    EXPECT_STR("title", x.e.field);
    EXPECT_HAS("what to call it", x.e.message);
    args[0] = value_str(STR("call"));
    args[1] = value_str(STR("many"));
    EXPECT_INT(KITH_E_INVAL, call(&x, "test.make", args, out, NULL));
    EXPECT_STR("times", x.e.field);
    EXPECT_INT(0, count(&x, "task", NULL));
    fixture_close(&x);
}

TEST("an action that fails keeps nothing") {
    struct fixture x;
    kith_value out[2], args[3] = {value_str(STR("call")), value_null(), value_str(STR("yes"))};
    kith_id tx = 77;
    begin(&x);
    EXPECT_INT(KITH_E_REFUSED, call(&x, "test.make", args, out, &tx));
    EXPECT_STR("not today", x.e.message);
    EXPECT_INT(0, tx);
    EXPECT_INT(0, count(&x, "task", NULL));
    fixture_close(&x);
}

TEST("an action that only reads runs outside of a transaction and has none to name") {
    struct fixture x;
    kith_value out[2], args[3] = {value_str(STR("x")), value_null(), value_null()};
    kith_id tx = 77;
    begin(&x);
    EXPECT_OK(call(&x, "test.look", args, out, &tx), x.e);
    EXPECT_INT(0, out[0].as.i);
    EXPECT_INT(KITH_NULL, out[1].kind);
    EXPECT_INT(0, tx);
    fixture_close(&x);
}

struct inner {
    struct fixture *x;
    kith_status of_call;
};

/* Inside a transaction: one call goes through; one fails and is taken back as a part. */
static kith_status failing_call(struct txn *t, void *arg, kith_error *e) {
    struct inner *in = arg;
    kith_value out[2], args[3] = {value_str(STR("bad")), value_null(), value_str(STR("yes"))};
    return engine_call(in->x->g, t, NULL, engine_action(in->x->g, STR("test.make")), args,
                       txn_arena(t), out, NULL, e);
}

static kith_status call_inside(struct txn *t, void *arg, kith_error *e) {
    struct inner *in = arg;
    kith_error why = KITH_ERROR_INIT;
    kith_value out[2], args[3] = {value_str(STR("good")), value_null(), value_null()};
    TRY(engine_call(in->x->g, t, NULL, engine_action(in->x->g, STR("test.make")), args,
                    txn_arena(t), out, NULL, e));
    in->of_call = txn_try(t, failing_call, in, &why);
    return KITH_OK;
}

TEST("an action inside a transaction is part of it, and its rows name its module") {
    struct fixture x;
    struct inner in = {.x = &x};
    struct why_step *steps;
    struct conn *c;
    size_t n;
    kith_id task, tx;
    begin(&x);
    EXPECT_OK(engine_write(x.g, &by_tester, call_inside, &in, &tx, &x.e), x.e);
    EXPECT_INT(KITH_E_REFUSED, in.of_call);
    EXPECT_INT(2, count(&x, "task", &task));
    EXPECT_INT(0, count(&x, "task where title = 'bad'", NULL));
    EXPECT_OK(engine_reader(x.g, &c, &x.e), x.e);
    EXPECT_OK(journal_why(c, engine_schema(x.g), task, x.task->title, &x.arena, &steps, &n, &x.e),
              x.e);
    engine_reader_done(x.g, c);
    EXPECT_STR("test", steps[0].source.name);
    EXPECT_STR("tester", steps[0].actor.name);
    EXPECT_INT(tx, steps[0].tx.id);
    fixture_close(&x);
}

TEST("a name is an action's once, and actions are listed by name") {
    struct fixture x;
    fixture_open(&x);
    offer(&x, "test.b", EFFECT_READ, only_look);
    offer(&x, "test.c", EFFECT_READ, only_look);
    offer(&x, "test.a", EFFECT_READ, only_look);
    struct action again = {.name = "test.b", .module = "test", .fn = only_look};
    EXPECT_INT(KITH_E_CONFLICT, engine_add_action(x.g, &again, &x.e));
    size_t own = 0; /* the core's that come before them */
    while (strcmp(engine_action_at(x.g, own)->module, "core") == 0)
        own++;
    EXPECT_STR("test.a", engine_action_at(x.g, own)->name);
    EXPECT_STR("test.c", engine_action_at(x.g, own + 2)->name);
    for (size_t i = 1; engine_action_at(x.g, i); i++)
        EXPECT(strcmp(engine_action_at(x.g, i - 1)->name, engine_action_at(x.g, i)->name) < 0);
    EXPECT(engine_action(x.g, STR("test.d")) == NULL);
    fixture_start(&x);
    again.name = "test.late";
    EXPECT_INT(KITH_E_THREAD, engine_add_action(x.g, &again, &x.e));
    fixture_close(&x);
}
