/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts that are not as this one is: each function that a module asks for something in create()
 * fails in turn; and tables end early, as those of an older host do. */
#include "plugin/internal.h"
#include "plugins.h"

static const struct plugin *victim;
static const void *(*real_table)(const kith_host *host, const char *name);

/* Puts the test's own table function into one module. */
static void take_over(struct plugins *set, const char *name,
                      const void *(*table)(const kith_host *host, const char *table)) {
    struct plugin *p = plugins_find(set, name);
    EXPECT(p != NULL);
    real_table = p->host.host.table;
    p->host.host.table = table;
    victim = p;
}

/* -- the n-th call fails ----------------------------------------------------------------------- */

static int calls_made, call_that_fails; /* counted from 1; 0: none does */

static bool fails(kith_error *err) {
    calls_made++;
    if (calls_made != call_that_fails)
        return false;
    (void)err_set(err, KITH_E_IO, NULL, "call %d of the host failed", calls_made);
    return true;
}

static kith_status f_type(const kith_host *h, kith_str name, uint32_t *out, kith_error *e) {
    return fails(e) ? KITH_E_IO : host_records.type(h, name, out, e);
}
static kith_status f_field(const kith_host *h, uint32_t t, kith_str name, uint32_t *out,
                           kith_error *e) {
    return fails(e) ? KITH_E_IO : host_records.field(h, t, name, out, e);
}
static kith_status f_predicate(const kith_host *h, uint32_t t, kith_str text, uint32_t *out,
                               kith_error *e) {
    return fails(e) ? KITH_E_IO : host_records.predicate(h, t, text, out, e);
}
static kith_status f_query(const kith_host *h, kith_str text, uint32_t *out, kith_error *e) {
    return fails(e) ? KITH_E_IO : host_records.query(h, text, out, e);
}
static kith_status f_topic(const kith_host *h, kith_str name, uint32_t *out, kith_error *e) {
    return fails(e) ? KITH_E_IO : host_events.topic(h, name, out, e);
}
static kith_status f_timer(const kith_host *h, kith_str name, uint32_t *out, kith_error *e) {
    return fails(e) ? KITH_E_IO : host_timers.timer(h, name, out, e);
}
static kith_status f_delivery(const kith_host *h, kith_str name, uint32_t *out, kith_error *e) {
    return fails(e) ? KITH_E_IO : host_deliveries.delivery(h, name, out, e);
}
static kith_status f_action(const kith_host *h, kith_str name, uint32_t *out, kith_error *e) {
    return fails(e) ? KITH_E_IO : host_calls.action(h, name, out, e);
}
static kith_status f_setting(const kith_host *h, kith_str key, kith_value *out, kith_error *e) {
    return fails(e) ? KITH_E_IO : host_settings.get(h, key, out, e);
}

static const void *failing_table(const kith_host *host, const char *name) {
    static kith_records_v1 records;
    static kith_events_v1 events;
    static kith_timers_v1 timers;
    static kith_deliveries_v1 deliveries;
    static kith_calls_v1 calls;
    static kith_settings_v1 settings;
    const struct {
        const void *of, *ours;
    } own[] = {{&host_records, &records}, {&host_events, &events},
               {&host_timers, &timers},   {&host_deliveries, &deliveries},
               {&host_calls, &calls},     {&host_settings, &settings}};
    const void *real = real_table(host, name);
    records = host_records;
    records.type = f_type;
    records.field = f_field;
    records.predicate = f_predicate;
    records.query = f_query;
    events = host_events;
    events.topic = f_topic;
    timers = host_timers;
    timers.timer = f_timer;
    deliveries = host_deliveries;
    deliveries.delivery = f_delivery;
    calls = host_calls;
    calls.action = f_action;
    settings = host_settings;
    settings.get = f_setting;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (real == own[i].of)
            return own[i].ours;
    return real;
}

static const char *module_that_fails;
static void let_fail(struct plugins *set) {
    calls_made = 0;
    take_over(set, module_that_fails, failing_table);
}

static kith_status write_contact(struct txn *t, void *arg, kith_error *e) {
    const struct schema *s = engine_schema(txn_engine(t));
    const struct rtype *contact = schema_type(s, STR("contact"));
    const struct assign set[] = {{type_field(s, contact, STR("name")), value_str(STR("Ada"))}};
    (void)arg;
    return txn_create(t, contact, set, 1, NULL, e);
}

static int open_failing(const char *conf, const char *const *modules, int n) {
    struct company c;
    kith_error e = KITH_ERROR_INIT;
    call_that_fails = n;
    open_company(&c, conf, modules);
    struct plugin_status s = status_of(c.plugins, module_that_fails);
    if (n == 0) {
        EXPECT_STR("running", plugin_state_name(s.state));
    } else {
        char want[64];
        snprintf(want, sizeof want, "call %d of the host failed", n);
        EXPECT_STR("failed", plugin_state_name(s.state));
        EXPECT_HAS(want, s.reason);
        EXPECT(victim->instance == NULL && !victim->made);
    }
    EXPECT_OK(engine_write(c.engine, &by_anna, write_contact, NULL, NULL, &e), e);
    close_company(&c);
    return calls_made;
}

/* Every `step`-th call fails; the first ones all do. */
static void expect_each_fails(const char *conf, const char *const *modules, const char *name,
                              int step) {
    module_that_fails = name;
    before_create = let_fail;
    int all = open_failing(conf, modules, 0);
    EXPECT(all > 10);
    for (int n = 1; n <= all; n += n < 5 ? 1 : step)
        EXPECT_INT(n, open_failing(conf, modules, n));
    EXPECT_INT(all, open_failing(conf, modules, all));
    EXPECT_INT(all, open_failing(conf, modules, 0)); /* and it can be tried again */
    before_create = NULL;
}

TEST("whichever call of the host fails in create, the module is out with that, and all else runs") {
    static const char *const one[] = {"every_row", NULL};
    expect_each_fails("", one, "every_row", 1);
}

TEST("the modules that come with Kith give up as cleanly") {
    static const char *const both[] = {"commerce", "sales", NULL};
    static const char conf[] = "commerce: { grant = [\"*\"]; }; sales: { grant = [\"*\"]; };";
    expect_each_fails(conf, both, "sales", 97);
    expect_each_fails(conf, both, "commerce", 97);
}

/* -- tables that end early --------------------------------------------------------------------- */

static uint32_t cut; /* bytes of the table of records that this host has */

static const void *shorter_table(const kith_host *host, const char *name) {
    static kith_records_v1 records;
    const void *real = real_table(host, name);
    if (real != &host_records)
        return real;
    memset(&records, 0xA5, sizeof records); /* behind its end there is anything */
    memcpy(&records, &host_records, cut);
    records.struct_size = cut;
    return &records;
}

static void let_end_early(struct plugins *set) {
    take_over(set, "careful", shorter_table);
}

TEST("a module finds in each older host what that has, and calls nothing behind its end") {
    const uint32_t first = (uint32_t)offsetof(kith_records_v1, type), each = sizeof(void (*)(void));
    before_create = let_end_early;
    for (cut = first; cut <= sizeof(kith_records_v1); cut += each) {
        struct company c;
        kith_value *out;
        kith_error e = KITH_ERROR_INIT;
        OPEN(&c, "careful: { grant = [\"read:account\"]; };", "careful");
        EXPECT_STR("running", plugin_state_name(status_of(c.plugins, "careful").state));
        EXPECT_OK(call(&c, "careful.found", NULL, &out, &e), e);
        EXPECT_INT((cut - first) / each, out[0].as.i);
        close_company(&c);
    }
    before_create = NULL;
}
