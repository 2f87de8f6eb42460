/* SPDX-License-Identifier: Apache-2.0 */
/* Subscribers that are replaced or paused while the engine runs: nothing is lost, nothing runs
 * twice, and a failure leaves all as it was. */
#include "engine/engine_internal.h"
#include "engine_fixture.h"

/* Notes what it is told in `told`; pauses its group when it is told of "bad", which it fails. */
struct listener {
    const char *name, *group, *version;
    char told[64];
};

static kith_status hear(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    struct listener *l = self;
    const struct rtype *lead = ev->type;
    kith_str name = ev->values[type_field(lead->schema, lead, STR("name"))->index].as.s;
    size_t n = strlen(l->told);
    if (str_eqz(name, "bad")) {
        engine_pause(t, l->group, "it was told of bad");
        return err_set(e, KITH_E_INTERNAL, NULL, "bad");
    }
    snprintf(l->told + n, sizeof l->told - n, "%.*s ", (int)name.len, name.ptr);
    return KITH_OK;
}

static kith_status hear_change(void *self, struct txn *t, struct change *c, kith_error *e) {
    struct listener *l = self;
    (void)t;
    (void)c;
    (void)e;
    strcat(l->told, "hook ");
    return KITH_OK;
}

static kith_status hear_time(void *self, struct txn *t, const struct timer *timer, kith_error *e) {
    (void)t;
    (void)timer;
    (void)e;
    strcat(((struct listener *)self)->told, "tick ");
    return KITH_OK;
}

static kith_status react(struct engine *g, struct listener *l, uint32_t kind, kith_error *e) {
    return engine_add_reaction(g,
                               &(struct reaction){.name = l->name,
                                                  .topic = "lead.created",
                                                  .fn = hear,
                                                  .self = l,
                                                  .group = l->group,
                                                  .source = {kind, l->name, l->version, 1}},
                               e);
}

static kith_status hook(struct fixture *x, struct engine *g, struct listener *l, uint32_t kind,
                        uint32_t on, kith_error *e) {
    return engine_add_hook(g,
                           &(struct hook){.type = x->lead,
                                          .on = on,
                                          .fn = hear_change,
                                          .self = l,
                                          .source = {kind, l->name, "", 1}},
                           e);
}

static kith_status tick(struct engine *g, struct listener *l, kith_error *e) {
    return engine_add_timer(
        g,
        &(struct timer_handler){.name = l->name,
                                .cron = "0 * * * *",
                                .fn = hear_time,
                                .self = l,
                                .group = l->group,
                                .source = {SOURCE_RULE, l->name, l->version, 1}},
        e);
}

static kith_status add_one(struct engine *g, void *l, kith_error *e) {
    return react(g, l, SOURCE_RULE, e);
}

static kith_status add_none(struct engine *g, void *arg, kith_error *e) {
    (void)g;
    (void)arg;
    (void)e;
    return KITH_OK;
}

static kith_status add_and_fail(struct engine *g, void *l, kith_error *e) {
    TRY(react(g, l, SOURCE_RULE, e));
    return err_set(e, KITH_E_INVAL, NULL, "no further");
}

TEST("what takes an earlier one's name goes on where that one stood") {
    struct fixture x;
    struct listener old = {.name = "r", .version = "1"}, new = {.name = "r", .version = "2"};
    fixture_open(&x);
    EXPECT_OK(add_one(x.g, &old, &x.e), x.e);
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=A"));
    settle(&x);
    EXPECT_OK(engine_swap(x.g, add_one, &new, &x.e), x.e);
    create(&x, x.lead, PAIRS("name=B"));
    settle(&x);
    EXPECT_STR("A ", old.told);
    EXPECT_STR("B ", new.told);
    EXPECT_OK(engine_swap(x.g, add_none, NULL, &x.e), x.e);
    create(&x, x.lead, PAIRS("name=C")); /* nobody is there; the place is kept */
    settle(&x);
    EXPECT_OK(engine_swap(x.g, add_one, &old, &x.e), x.e);
    settle(&x);
    EXPECT_STR("A C ", old.told);
    EXPECT_STR("B ", new.told);
    expect_sound(&x);
    fixture_close(&x);
}

TEST("a swap that fails leaves all as it was") {
    struct fixture x;
    struct listener old = {.name = "r", .version = "1"}, new = {.name = "r", .version = "2"};
    fixture_open(&x);
    EXPECT_OK(add_one(x.g, &old, &x.e), x.e);
    fixture_start(&x);
    EXPECT_INT(KITH_E_INVAL, engine_swap(x.g, add_and_fail, &new, &x.e));
    EXPECT_STR("no further", x.e.message);
    create(&x, x.lead, PAIRS("name=A"));
    settle(&x);
    EXPECT_STR("A ", old.told);
    EXPECT_STR("", new.told);
    EXPECT_INT(KITH_E_THREAD, add_one(x.g, &new, &x.e)); /* only a swap may add now */
    fixture_close(&x);
}

TEST("a swap of rules leaves what modules subscribed to, in its order") {
    struct fixture x;
    struct listener first = {.name = "first"}, both = {.name = "both"}, rule = {.name = "rule"},
                    module = {.name = "module", .version = ""};
    fixture_open(&x);
    EXPECT_OK(hook(&x, x.g, &first, SOURCE_MODULE, ON_UPDATE, &x.e), x.e);
    EXPECT_OK(hook(&x, x.g, &both, SOURCE_MODULE, ON_CREATE | ON_UPDATE, &x.e), x.e);
    EXPECT_OK(hook(&x, x.g, &rule, SOURCE_RULE, ON_CREATE | ON_UPDATE, &x.e), x.e);
    EXPECT_OK(react(x.g, &module, SOURCE_MODULE, &x.e), x.e);
    fixture_start(&x);
    EXPECT_OK(engine_swap(x.g, add_none, NULL, &x.e), x.e);
    EXPECT_OK(engine_swap(x.g, add_none, NULL, &x.e), x.e);
    kith_id id = create(&x, x.lead, PAIRS("name=A"));
    update(&x, x.lead, id, PAIRS("name=B"));
    settle(&x);
    EXPECT_STR("hook ", first.told);
    EXPECT_STR("hook hook ", both.told);
    EXPECT_STR("", rule.told);
    EXPECT_STR("A ", module.told);
    fixture_close(&x);
}

/* -- pausing ----------------------------------------------------------------------------------- */

/* Closes and opens again; listeners is ended by NULL, the last one is a clock. */
static void reopen_with(struct fixture *x, struct listener *const *listeners) {
    engine_close(x->g);
    fixture_reopen(x);
    for (; listeners && *listeners; listeners++)
        EXPECT_OK(listeners[1] ? react(x->g, *listeners, SOURCE_RULE, &x->e)
                               : tick(x->g, *listeners, &x->e),
                  x->e);
    fixture_start(x);
}

TEST("a paused group loses no event, not those of the batch in which it was paused") {
    struct fixture x;
    struct listener a = {"a", "g", "1", ""}, b = {"b", "g", "1", ""}, other = {"o", NULL, "1", ""},
                    clock = {"c", "g", "1", ""};
    struct listener *const all[] = {&a, &b, &other, &clock, NULL};
    struct pause *pauses;
    size_t n;
    fixture_open(&x);
    reopen_with(&x, all);
    reopen_with(&x, NULL);
    create(&x, x.lead, PAIRS("name=A"));
    kith_id bad = create(&x, x.lead, PAIRS("name=bad"));
    create(&x, x.lead, PAIRS("name=C"));
    create(&x, x.lead, PAIRS("name=D"));
    other.group = "other"; /* of its own: not paused with g, but it fails, too */
    reopen_with(&x, all);  /* one batch sees them all */
    settle(&x);
    clock_advance(&x.clock, 7200000);
    settle(&x);
    EXPECT_STR("A ", a.told);
    EXPECT_STR("A ", b.told);
    EXPECT_STR("A ", other.told);
    EXPECT_STR("", clock.told);
    EXPECT_OK(engine_pauses(x.g, &x.arena, &pauses, &n, &x.e), x.e);
    EXPECT_INT(2, n);
    EXPECT_STR("g", pauses[0].group);
    EXPECT_STR("it was told of bad", pauses[0].reason);
    reopen_with(&x, all); /* it stays paused */
    settle(&x);
    EXPECT_STR("A ", b.told);
    update(&x, x.lead, bad, PAIRS("name=good"));
    EXPECT_OK(engine_resume(x.g, "g", &x.e), x.e);
    clock_advance(&x.clock, 2000);
    settle(&x);
    EXPECT_HAS("good", a.told);
    EXPECT_HAS("C D ", a.told);
    EXPECT_INT((int64_t)strlen("A C D good "), (int64_t)strlen(a.told));
    EXPECT_HAS("good", b.told);
    EXPECT_HAS("C D ", b.told);
    EXPECT_INT((int64_t)strlen("A C D good "), (int64_t)strlen(b.told));
    EXPECT_STR("A ", other.told);
    EXPECT_STR("tick ", clock.told);
    EXPECT_INT(KITH_E_NOTFOUND, engine_resume(x.g, "g", &x.e));
    expect_sound(&x);
    fixture_close(&x);
}

static kith_status swap_group(struct engine *g, void *arg, kith_error *e) {
    struct listener **l = arg;
    TRY(react(g, l[0], SOURCE_RULE, e));
    return tick(g, l[1], e);
}

TEST("a group that comes back in the same version stays paused, in another it goes on") {
    struct fixture x;
    struct listener a = {"a", "g", "1", ""}, clock = {"c", "g", "1", ""};
    struct listener *pair[] = {&a, &clock};
    struct dead_letter *letters;
    size_t n;
    fixture_open(&x);
    EXPECT_OK(swap_group(x.g, pair, &x.e), x.e);
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=bad"));
    settle(&x);
    EXPECT_OK(engine_swap(x.g, swap_group, pair, &x.e), x.e);
    create(&x, x.lead, PAIRS("name=B"));
    clock_advance(&x.clock, 7200000);
    settle(&x);
    EXPECT_STR("", a.told);
    EXPECT_STR("", clock.told);
    a.version = clock.version = "2";
    EXPECT_OK(engine_letters(x.g, false, &x.arena, &letters, &n, &x.e), x.e);
    EXPECT_INT(1, n);
    EXPECT_OK(engine_letter_skip(x.g, &tester, letters[0].number, &x.e), x.e);
    EXPECT_OK(engine_swap(x.g, swap_group, pair, &x.e), x.e);
    settle(&x);
    EXPECT_STR("B ", a.told);
    EXPECT_STR("tick ", clock.told);
    fixture_close(&x);
}

static int refuse_commit(void *arg) {
    (void)arg;
    return 1;
}

static kith_status is_paused(struct txn *t, void *arg, kith_error *e) {
    (void)e;
    *(bool *)arg = txn_paused(t, "g");
    return KITH_OK;
}

TEST("a group whose resumption the disk refuses stays paused") {
    struct fixture x;
    struct listener a = {"a", "g", "1", ""};
    bool paused = false;
    fixture_open(&x);
    EXPECT_OK(add_one(x.g, &a, &x.e), x.e);
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=bad"));
    settle(&x);
    sqlite3_commit_hook(x.g->writer->db, refuse_commit, NULL);
    EXPECT(engine_resume(x.g, "g", &x.e) != KITH_OK);
    sqlite3_commit_hook(x.g->writer->db, NULL, NULL);
    EXPECT_OK(engine_write(x.g, &by_tester, is_paused, &paused, NULL, &x.e), x.e);
    EXPECT(paused);
    create(&x, x.lead, PAIRS("name=B"));
    settle(&x);
    EXPECT_STR("", a.told);
    fixture_close(&x);
}

TEST("a rehearsal pauses nothing") {
    struct fixture x;
    struct listener a = {"a", "g", "1", ""};
    struct job j = {.kind = ROW_CREATE, .pairs = PAIRS("name=bad")};
    struct rehearsal r;
    struct pause *pauses;
    size_t n;
    fixture_open(&x);
    EXPECT_OK(add_one(x.g, &a, &x.e), x.e);
    fixture_start(&x);
    j.type = x.lead;
    EXPECT(engine_rehearse(x.g, &by_tester, do_job, &j, &x.arena, &r, &x.e) != KITH_OK);
    create(&x, x.lead, PAIRS("name=A"));
    settle(&x);
    EXPECT_STR("A ", a.told);
    EXPECT_OK(engine_pauses(x.g, &x.arena, &pauses, &n, &x.e), x.e);
    EXPECT_INT(0, n);
    fixture_close(&x);
}
