/* SPDX-License-Identifier: Apache-2.0 */
/* Measures rules: conditions that do not match, alone and behind reactions and hooks, a Lua rule
 * that does, and the checks of a long file. Usage: bench_rules DIR ROWS */
#include "bench.h"

#include "base/log.h"
#include "script/script.h"

#include <sys/stat.h>

#define MANY   100 /* reactions or hooks on one event */
#define ROUNDS 5
#define LOOPS  1000000

/* What no lead here is. */
static const char *const conditions[] = {
    "score > 100",
    "source = 'referral' and score > 50",
    "state in ('won', 'lost') or name like 'z%'",
    "contact.city = 'Berlin'",
    "created < now() - 2d and state = 'new'",
};
#define CONDITIONS (sizeof conditions / sizeof *conditions)

/* -- conditions alone -------------------------------------------------------------------------- */

static double ns_each(const struct predicate *p, const kith_value *values) {
    struct query_env env = {.now = clock_ticks() / 1000000, .principal = &bench_principal};
    double best = 1e9;
    bool yes;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t start = clock_ticks(), hits = 0;
        for (int64_t i = 0; i < LOOPS; i++)
            hits += predicate_match(p, &env, 1, values, NULL, &yes, NULL) == KITH_OK && yes;
        double ns = (double)(clock_ticks() - start) / LOOPS;
        best = ns < best ? ns : best;
        if (hits)
            die("a condition matched that should not");
    }
    return best;
}

static struct predicate *condition(struct engine *g, struct arena *a, size_t i) {
    kith_error e = KITH_ERROR_INIT;
    struct predicate *p;
    const struct rtype *lead = schema_type(engine_schema(g), STR("lead"));
    must(predicate_parse(&p, engine_schema(g), lead, a, str_of(conditions[i]), &e), &e);
    return p;
}

static void put(const struct rtype *t, kith_value *values, const char *field, kith_value v) {
    values[type_field(t->schema, t, str_of(field))->index] = v;
}

static void conditions_alone(struct engine *g, struct arena *a) {
    const struct rtype *lead = schema_type(engine_schema(g), STR("lead"));
    kith_value *values = ARENA_ARRAY(a, kith_value, lead->field_count);
    put(lead, values, "created", value_time(clock_ticks() / 1000000));
    put(lead, values, "name", value_str(STR("Lead number 7")));
    put(lead, values, "source", value_str(STR("web")));
    put(lead, values, "state", value_str(STR("new")));
    put(lead, values, "score", value_int(10));
    for (size_t i = 0; i < CONDITIONS; i++) {
        char what[80];
        double ns = ns_each(condition(g, a, i), values);
        snprintf(what, sizeof what, "does not match: %s", conditions[i]);
        row(what, "%.0f ns", ns, "< 200 ns", ns < 200);
    }
}

/* -- behind reactions and hooks ---------------------------------------------------------------- */

static kith_status unexpected(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    (void)self;
    (void)t;
    return err_set(e, KITH_E_INTERNAL, NULL, "%s should not have matched", ev->topic);
}

static kith_status unexpected_hook(void *self, struct txn *t, struct change *c, kith_error *e) {
    (void)self;
    (void)t;
    return err_set(e, KITH_E_INTERNAL, NULL, "%s should not have matched", c->type->name);
}

static void add_reactions(struct engine *g, struct arena *a, int n) {
    kith_error e = KITH_ERROR_INIT;
    for (int i = 0; i < n; i++) {
        struct reaction r = {.name = arena_printf(a, "bench:%d", i),
                             .topic = "lead.created",
                             .where = condition(g, a, (size_t)i % CONDITIONS),
                             .fn = unexpected,
                             .source = {SOURCE_MODULE, "bench", "1", 0}};
        must(engine_add_reaction(g, &r, &e), &e);
    }
}

static void add_hooks(struct engine *g, struct arena *a, int n) {
    kith_error e = KITH_ERROR_INIT;
    for (int i = 0; i < n; i++) {
        struct hook h = {.type = schema_type(engine_schema(g), STR("lead")),
                         .on = ON_CREATE,
                         .where = condition(g, a, (size_t)i % CONDITIONS),
                         .fn = unexpected_hook,
                         .source = {SOURCE_MODULE, "bench", "1", 0}};
        must(engine_add_hook(g, &h, &e), &e);
    }
}

/* Of all threads: unlike the time of day it does not count what other programs take. */
static double cpu_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Nanoseconds for a lead and all that follows. */
static double ns_a_lead(struct engine *g, struct order *leads, int64_t n) {
    kith_error e = KITH_ERROR_INIT;
    double start = cpu_ns();
    post_all(g, leads, n);
    must(engine_drain(g, 60000, &e), &e);
    return (cpu_ns() - start) / (double)n;
}

static struct engine *open_in(const char *dir, const char *name) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return bench_open(path);
}

static void dispatch(const char *dir, int64_t n, struct arena *a) {
    enum { NONE, ONE, REACTIONS, HOOKS, SETUPS };
    static const char *const names[] = {"none", "one", "reactions", "hooks"};
    struct engine *g[SETUPS];
    double ns[SETUPS][ROUNDS];
    for (int s = 0; s < SETUPS; s++)
        g[s] = open_in(dir, names[s]);
    add_reactions(g[ONE], a, 1);
    add_reactions(g[REACTIONS], a, MANY);
    add_hooks(g[HOOKS], a, MANY);
    for (int s = 0; s < SETUPS; s++)
        must_start(g[s]);
    for (int round = 0; round < ROUNDS; round++)
        for (int s = 0; s < SETUPS; s++) {
            struct order *leads = lead_orders(g[s], n);
            ns[s][round] = ns_a_lead(g[s], leads, n);
            free(leads);
        }
    double none = median(ns[NONE], ROUNDS), one = median(ns[ONE], ROUNDS);
    double reaction = (median(ns[REACTIONS], ROUNDS) - one) / (MANY - 1);
    double hook = (median(ns[HOOKS], ROUNDS) - none) / MANY;
    row("event read for the first reaction that asks about it", "%.1f us", (one - none) / 1000,
        NULL, true);
    row("  each further reaction of 100 that does not match", "%.0f ns", reaction, "< 200 ns",
        reaction < 200);
    row("write seen by 100 hooks that do not match, each", "%.0f ns", hook, "< 200 ns", hook < 200);
    for (int s = 0; s < SETUPS; s++)
        engine_close(g[s]);
}

/* -- a Lua rule that matches ------------------------------------------------------------------- */

static const char rule[] = "on('lead.created', {name = 'score', where = \"source = 'web'\"},\n"
                           "function(lead)\n"
                           "  local points = #lead.name\n"
                           "  if lead.source == 'web' then points = points + 10 end\n"
                           "  if lead.state == 'new' then points = points + 5 end\n"
                           "  update(lead, {score = points})\n"
                           "end)\n";

static void write_rules(const char *dir, const char *text) {
    char path[300];
    snprintf(path, sizeof path, "%s/rules", dir);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/rules/score.lua", dir);
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        die("the rules cannot be written");
}

static struct scripts *load_rule(struct engine *g, const char *dir) {
    kith_error e = KITH_ERROR_INIT;
    struct scripts *s;
    must(scripts_open(&s, g, dir, NULL, &e), &e);
    return s;
}

/* Leads are made while the rule is not loaded: its cursor waits, and then all is the rule's. */
static double rule_per_second(const char *dir, int64_t n) {
    kith_error e = KITH_ERROR_INIT;
    struct arena arena = {0};
    struct scripts_view view;
    struct engine *g = open_in(dir, "lua");
    must_start(g);
    struct order *leads = lead_orders(g, n);
    post_all(g, leads, n);
    free(leads);
    engine_close(g);
    g = open_in(dir, "lua");
    struct scripts *s = load_rule(g, dir);
    int64_t start = clock_ticks();
    must_start(g);
    must(engine_drain(g, 600000, &e), &e);
    double seconds = (double)(clock_ticks() - start) / 1e9;
    must(scripts_view(s, &arena, &view, &e), &e);
    if (view.rule_count != 1 || view.rules[0].runs != (uint64_t)n || view.rules[0].failures)
        die("the rule did not run once for each lead");
    arena_free(&arena);
    engine_close(g);
    scripts_close(s);
    return (double)n / seconds;
}

static double contacts_per_second(const char *dir, int64_t n) {
    struct engine *g = open_in(dir, "contacts");
    must_start(g);
    struct order *contacts = contact_orders(g, n);
    double seconds = timed_post(g, contacts, n);
    free(contacts);
    engine_close(g);
    return (double)n / seconds;
}

static void lua_rule(const char *dir, int64_t n) {
    double rules[ROUNDS], share[ROUNDS];
    write_rules(dir, rule);
    struct engine *g = open_in(dir, "lua"); /* so that the rule has its cursor */
    struct scripts *s = load_rule(g, dir);
    must_start(g);
    engine_close(g);
    scripts_close(s);
    for (int i = 0; i < ROUNDS; i++) {
        double journaled = 3 * contacts_per_second(dir, n / 2);
        rules[i] = rule_per_second(dir, n);
        share[i] = rules[i] / journaled;
    }
    double rate = median(rules, ROUNDS), ratio = median(share, ROUNDS);
    row("Lua rule: matches, reads 3 fields, updates 1", "%.0f/s", rate, ">= 15,000/s",
        rate >= 15000);
    row("  share of journaled rows/s (1 row each)", "%.2f", ratio, ">= 0.40", ratio >= 0.4);
}

/* -- the checks of a long file ------------------------------------------------------------------
 */

static const char many[] =
    "local function help%d(lead, n)\n"
    "  if lead.score and lead.score > n then\n"
    "    update(lead, {source = 'web'})\n"
    "  end\n"
    "  return lead.owner\n"
    "end\n"
    "on('lead.created', {name = 'rule %d', where = 'score > %d and name is not null'},\n"
    "function(lead, event)\n"
    "  for t in find(\"task where about = :lead and title like '%d%%'\", {lead = lead}) do\n"
    "    log(t.title, t.due and t.due + days(3), event.at)\n"
    "  end\n"
    "  local owner = help%d(lead, %d)\n"
    "  if owner and count('note where about = :l', {l = lead}) == 0 then\n"
    "    task {title = 'Call ' .. lead.name, about = lead, assignee = owner,\n"
    "      due = at(today() + days(%d), '17:00'), priority = 'high'}\n"
    "  end\n"
    "end)\n";

static void checks(const char *dir) {
    kith_error e = KITH_ERROR_INIT;
    struct buf text = {0};
    double ms[ROUNDS];
    size_t count;
    for (int i = 1; i <= 59; i++) /* of 17 lines each */
        buf_printf(&text, many, i, i, i, i, i, i, i);
    if (text.failed)
        die("no memory");
    write_rules(dir, text.ptr);
    struct engine *g = open_in(dir, "lint");
    struct scripts *s = load_rule(g, dir);
    for (int i = 0; i < ROUNDS; i++) {
        int64_t start = clock_ticks();
        must(scripts_check(s, NULL, NULL, &count, &e), &e);
        ms[i] = (double)(clock_ticks() - start) / 1e6;
    }
    if (count != 59)
        die("the file has a mistake");
    row("kith rule check: a file of 1,000 lines", "%.1f ms", median(ms, ROUNDS), "< 50 ms",
        median(ms, ROUNDS) < 50);
    engine_close(g);
    scripts_close(s);
    buf_free(&text);
}

int main(int argc, char **argv) {
    struct arena arena = {0};
    int64_t n = argc > 2 ? atoll(argv[2]) : 10000;
    if (argc < 2)
        die("usage: bench_rules DIR [ROWS]");
    log_setup(LOG_WARN, -1);
    struct engine *g = open_in(argv[1], "alone");
    conditions_alone(g, &arena);
    engine_close(g);
    dispatch(argv[1], n, &arena);
    lua_rule(argv[1], n);
    checks(argv[1]);
    arena_free(&arena);
    return 0;
}
