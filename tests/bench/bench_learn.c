/* SPDX-License-Identifier: Apache-2.0 */
/* Measures how long it takes to learn from leads that ended, to score all open ones by rules and by
 * what was learned, and what that adds to each write of a lead.
 * Usage: bench_learn DIR [LEADS] */
#include "bench.h"
#include "module.h"

#define ACCOUNTS 2000
#define BATCH    1000
#define SINGLE   200

static const char *const sources[] = {"web", "referral", "event", "ad", "phone"};
static const char *const industries[] = {"steel", "paper", "food", "trade", "energy", "health"};

struct making {
    kith_id accounts[ACCOUNTS], last;
    int64_t made, leads;
    bool ended;
    uint64_t seed;
};

static kith_status make_accounts(struct txn *t, void *arg, kith_error *e) {
    struct making *m = arg;
    for (int i = 0; i < ACCOUNTS; i++) {
        const kith_value v[] = {value_str(STR("Acme")),
                                value_str(str_of(industries[random_next(&m->seed) % 6])),
                                value_int((int64_t)(random_next(&m->seed) % 1000))};
        TRY(put_record(t, "account", 3, (const char *const[]){"name", "industry", "size"}, v,
                       &m->accounts[i], e));
    }
    return KITH_OK;
}

/* Who was referred, or is in steel, is converted more often. */
static kith_status make_lead(struct txn *t, struct making *m, kith_error *e) {
    const uint64_t source = random_next(&m->seed) % 5, industry = random_next(&m->seed) % 6;
    const int chance = 20 + (source == 1 ? 30 : 0) + (industry == 0 ? 20 : 0);
    const bool converted = (int)(random_next(&m->seed) % 100) < chance;
    char town[16];
    snprintf(town, sizeof town, "Town %d", (int)(random_next(&m->seed) % 200));
    const kith_value v[] = {
        value_str(STR("One of many")),
        value_str(str_of(sources[source])),
        value_str(str_of(industries[industry])),
        value_str(str_of(town)),
        value_str(STR("ann@example.com")),
        value_link(m->accounts[random_next(&m->seed) % ACCOUNTS], 0),
        value_str(str_of(m->ended ? converted ? "converted" : "unqualified" : "new"))};
    static const char *const fields[] = {"name",  "source",  "industry", "city",
                                         "email", "account", "state"};
    kith_id id;
    TRY(put_record(t, "lead", 7, fields, v, &id, e));
    m->last = id;
    if (m->ended || m->made % 2)
        return KITH_OK;
    const kith_value talk[] = {
        value_str(STR("mail")), value_str(STR("out")),
        value_link(id, schema_type(engine_schema(txn_engine(t)), STR("lead"))->id)};
    return put_record(t, "interaction", 3, (const char *const[]){"channel", "direction", "about"},
                      talk, NULL, e);
}

static kith_status make_leads(struct txn *t, void *arg, kith_error *e) {
    struct making *m = arg;
    for (int i = 0; i < BATCH && m->made < m->leads; i++, m->made++)
        TRY(make_lead(t, m, e));
    return KITH_OK;
}

static void fill(struct engine *g, struct making *m, int64_t leads, bool ended) {
    const struct write_opts importing = {.principal = &bench_principal, .origin = ORIGIN_IMPORT};
    kith_error e = KITH_ERROR_INIT;
    m->made = 0;
    m->leads = leads;
    m->ended = ended;
    while (m->made < m->leads)
        must(engine_write(g, &importing, make_leads, m, NULL, &e), &e);
    must(engine_drain(g, 600000, &e), &e);
}

/* Microseconds for each of some leads that are created in one transaction. */
static kith_status create_some(struct txn *t, void *arg, kith_error *e) {
    struct making *m = arg;
    m->made = 1; /* none has an interaction */
    for (int i = 0; i < SINGLE; i++)
        TRY(make_lead(t, m, e));
    return KITH_OK;
}
static double creation(struct engine *g, struct making *m) {
    double each[5];
    kith_error e = KITH_ERROR_INIT;
    m->ended = false;
    for (int i = 0; i < 5; i++) {
        const int64_t start = clock_ticks();
        must(engine_write(g, &bench_opts, create_some, m, NULL, &e), &e);
        each[i] = (double)(clock_ticks() - start) / 1e3 / SINGLE;
    }
    must(engine_drain(g, 600000, &e), &e);
    return median(each, 5);
}

static double call(struct engine *g, const char *name, const kith_value *args, int64_t *first) {
    const struct action *a = engine_action(g, str_of(name));
    kith_value results[32] = {0};
    struct arena arena = {0};
    kith_error e = KITH_ERROR_INIT;
    const int64_t start = clock_ticks();
    must(engine_call(g, NULL, &bench_opts, a, args, &arena, results, NULL, &e), &e);
    const double seconds = (double)(clock_ticks() - start) / 1e9;
    for (int i = 0; i < 2; i++)
        first[i] = results[i].as.i;
    arena_free(&arena);
    return seconds;
}

static const char conf[] = "sales: { grant = [\"*\"]; score: { rules = ("
                           "{ when = \"source = 'referral'\"; points = 30; }, { when = \"email is "
                           "not null\"; points = 25; },"
                           "{ when = \"industry = 'steel'\"; points = 10; }, { when = "
                           "\"account.size >= 250\"; points = 40; },"
                           "{ when = \"last_contacted < now() - 60d\"; points = -20; } ); }; };\n";

int main(int argc, char **argv) {
    const int64_t leads = argc > 2 ? atoll(argv[2]) : 100000;
    struct making m = {.seed = RANDOM_SEED};
    struct company c;
    kith_error e = KITH_ERROR_INIT;
    kith_value args[8] = {0};
    int64_t out[2];
    char what[80];
    if (argc < 2)
        die("usage: bench_learn DIR [LEADS]");
    write_conf(argv[1], conf);
    open_module(&c, argv[1], "learn", "sales");
    must(engine_write(c.g, &bench_opts, make_accounts, &m, NULL, &e), &e);
    fill(c.g, &m, leads, true);
    fill(c.g, &m, leads, false);
    const double before = creation(c.g, &m);
    double s = call(c.g, "sales.rescore", args, out);
    row("leads scored by rules alone, nothing changes", "%.2f s", s, NULL, true);
    args[1] = (kith_value){.kind = KITH_BOOL}; /* the scores are measured below */
    s = call(c.g, "sales.learn_scores", args, out);
    args[1] = args[2];
    snprintf(what, sizeof what, "chances learned from %lld leads that ended", (long long)out[0]);
    row(what, "%.2f s", s, NULL, true);
    /* Before so much is written that whoever writes next has a large log to move. */
    const double after = creation(c.g, &m);
    s = call(c.g, "sales.rescore", args, out);
    if (out[1] < leads)
        die("not all leads got a chance");
    snprintf(what, sizeof what, "%lld leads scored by rules and chance, all change",
             (long long)out[0]);
    row(what, "%.2f s", s, "< 2 s", s < 2.0 * (double)leads / 1e5);
    s = call(c.g, "sales.rescore", args, out);
    if (out[1] != 0)
        die("what had not changed was written");
    row("  the same once more, when nothing has changed", "%.2f s", s, NULL, true);
    row("a lead created, before anything was learned", "%.1f us", before, NULL, true);
    row("  with its chance", "%.1f us", after, NULL, true);
    args[0] = value_link(m.last, 0);
    s = call(c.g, "sales.explain_chance", args, out);
    row("a chance explained", "%.2f ms", s * 1e3, NULL, true);
    s = call(
        c.g, "sales.note_words",
        (kith_value[8]){
            {0}, value_str(STR("converted")), value_int(5), {.kind = KITH_BOOL}, value_int(50)},
        out);
    row("words of what leads are interested in, compared", "%.2f s", s, NULL, true);
    close_module(&c);
    return 0;
}
