/* SPDX-License-Identifier: Apache-2.0 */
/* Measures workflows: one that is done at once, runs that are due in the same second, very many
 * that wait, and a long log that is gone through again. Usage: bench_workflow DIR ROWS WAITING */
#include "bench.h"

#include "base/log.h"
#include "script/script.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define DAY    INT64_C(86400000)
#define NOW    INT64_C(1709287200000)
#define DUE    100000
#define CALLS  1000
#define ROUNDS 3

struct world {
    const char *dir;
    struct kclock clock;
    struct engine *g;
    struct scripts *s;
};

static void open_world(struct world *w, const char *name) {
    kith_error e = KITH_ERROR_INIT;
    char path[256];
    snprintf(path, sizeof path, "%s/%s", w->dir, name);
    struct engine_options o = {.path = path,
                               .clock = &w->clock,
                               .base_currency = "EUR",
                               .sources = &bench_source,
                               .source_count = 1,
                               .queue_max = 20000,
                               .create = true};
    must(engine_open(&w->g, &o, &e), &e);
    must(scripts_open(&w->s, w->g, w->dir, NULL, &e), &e);
    must_start(w->g);
}

static void close_world(struct world *w) {
    engine_close(w->g);
    scripts_close(w->s);
}

static void write_flow(const struct world *w, const char *text) {
    char path[300];
    snprintf(path, sizeof path, "%s/workflows", w->dir);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/workflows/bench.lua", w->dir);
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        die("the workflow cannot be written");
}

static void remove_flow(const struct world *w) {
    char path[300];
    snprintf(path, sizeof path, "%s/workflows/bench.lua", w->dir);
    if (unlink(path) != 0)
        die("the workflow cannot be removed");
}

/* Seconds until nothing is due any more. */
static double drain(struct world *w) {
    kith_error e = KITH_ERROR_INIT;
    int64_t start = clock_ticks();
    must(engine_drain(w->g, 3600000, &e), &e);
    return (double)(clock_ticks() - start) / 1e9;
}

static int64_t runs(struct world *w, const char *query) {
    struct arena a = {0};
    struct query *q;
    kith_error e = KITH_ERROR_INIT;
    struct find_page page = {.limit = 1};
    must(query_parse(&q, engine_schema(w->g), &a, str_of(query), &e), &e);
    must(engine_find(w->g, &bench_principal, q, NULL, &page, &a, NULL, NULL, &e), &e);
    arena_free(&a);
    return page.count;
}

static void make_leads(struct world *w, int64_t n) {
    struct order *leads = lead_orders(w->g, n);
    post_all(w->g, leads, n);
    free(leads);
}

/* Leads are made while the workflow is not loaded: its cursor waits, and then all is its. */
static double backlog(struct world *w, const char *name, const char *flow, int64_t n) {
    clock_set(&w->clock, NOW);
    write_flow(w, flow);
    open_world(w, name);
    close_world(w);
    remove_flow(w);
    open_world(w, name);
    make_leads(w, n);
    close_world(w);
    write_flow(w, flow);
    open_world(w, name);
    return drain(w);
}

static void done_at_once(struct world *w, int64_t n) {
    double rates[ROUNDS];
    char name[16];
    for (int i = 0; i < ROUNDS; i++) {
        snprintf(name, sizeof name, "once%d", i);
        rates[i] = (double)n / backlog(w, name,
                                       "workflow('w', {on = 'lead.created'}, function(lead)\n"
                                       "  update(lead, {score = #lead.name})\n"
                                       "end)\n",
                                       n);
        if (runs(w, "workflow_run where state = 'done' : count()") != n)
            die("not every run is done");
        close_world(w);
    }
    double rate = median(rates, ROUNDS);
    row("workflow: begins, updates 1, is done", "%.0f/s", rate, ">= 15,000/s", rate >= 15000);
}

static void due_together(struct world *w, int64_t n) {
    backlog(w, "due",
            "workflow('w', {on = 'lead.created'}, function(lead)\n"
            "  sleep(days(1))\n"
            "  update(lead, {score = 1})\n"
            "end)\n",
            n);
    clock_advance(&w->clock, DAY);
    double seconds = drain(w) * DUE / (double)n;
    if (runs(w, "workflow_run where state = 'done' : count()") != n)
        die("not every run went on");
    close_world(w);
    row("100,000 runs due in the same second", "%.1f s", seconds, "< 10 s", seconds < 10);
}

static double idle_mb(void) {
    char line[200];
    double kb = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "VmRSS:", 6) == 0)
            kb = atof(line + 6);
    if (f)
        fclose(f);
    return kb / 1024;
}

static kith_status first_id(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    (void)values;
    (void)e;
    *(kith_id *)arg = id;
    return KITH_OK;
}

static void very_many(struct world *w, int64_t n) {
    kith_error e = KITH_ERROR_INIT;
    double seconds = backlog(w, "many",
                             "workflow('w', {on = 'lead.created'}, function(lead)\n"
                             "  wait_for('lead.working', {record = lead}, days(30))\n"
                             "end)\n",
                             n);
    char what[80];
    snprintf(what, sizeof what, "%lld runs begin to wait, each", (long long)n);
    row(what, "%.0f us", seconds * 1e6 / (double)n, NULL, true);
    close_world(w);
    pid_t child = fork();
    if (child == 0) { /* a process that did nothing else */
        execl("/proc/self/exe", "bench_workflow", w->dir, "idle", NULL);
        _exit(1);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child || status)
        die("no memory could be measured");
    open_world(w, "many");
    struct order one = {.type = schema_type(engine_schema(w->g), STR("lead"))};
    double ms[21];
    for (int i = 0; i < 21; i++) { /* of each the run is woken, and done */
        struct query *q;
        struct arena a = {0};
        struct find_page page = {.limit = 1};
        char text[80];
        snprintf(text, sizeof text, "lead where state = 'new' order by id");
        must(query_parse(&q, engine_schema(w->g), &a, str_of(text), &e), &e);
        one.id = 0;
        must(engine_find(w->g, &bench_principal, q, NULL, &page, &a, first_id, &one.id, &e), &e);
        arena_free(&a);
        one.count = 0;
        set_text(&one, "state", "working");
        int64_t start = clock_ticks();
        must(engine_write(w->g, &bench_opts, do_order, &one, NULL, &e), &e);
        drain(w);
        ms[i] = (double)(clock_ticks() - start) / 1e6;
    }
    if (runs(w, "workflow_run where state = 'done' : count()") != 21)
        die("an event did not wake its run");
    double each = median(ms, 21);
    row("  a write, and the run that waits for it is done", "%.2f ms", each, "< 5 ms", each < 5);
    close_world(w);
}

/* Seconds to have it begin n times for one record. */
static double begin_again(struct world *w, struct order *o, int from, int n) {
    kith_error e = KITH_ERROR_INIT;
    int64_t start = clock_ticks();
    for (int i = from; i < from + n; i++) {
        o->count = 0;
        snprintf(o->text[0], sizeof o->text[0], "Turn %d", i);
        set_text(o, "name", o->text[0]);
        must(engine_write(w->g, &bench_opts, do_order, o, NULL, &e), &e);
    }
    drain(w);
    return (double)(clock_ticks() - start) / 1e9;
}

static kith_status make_lead(struct txn *t, void *arg, kith_error *e) {
    struct order *o = arg;
    return txn_create(t, o->type, o->set, o->count, &o->id, e);
}

static void same_record(struct world *w, int n) {
    kith_error e = KITH_ERROR_INIT;
    backlog(w, "again", "workflow('w', {on = 'lead.updated'}, function() end)\n", 0);
    struct order *o = lead_orders(w->g, 1);
    must(engine_write(w->g, &bench_opts, make_lead, o, NULL, &e), &e);
    double first = begin_again(w, o, 0, n);
    begin_again(w, o, n, 8 * n);
    double last = begin_again(w, o, 9 * n, n);
    if (runs(w, "workflow_run where state = 'done' : count()") != 10 * n)
        die("not every run is done");
    free(o);
    close_world(w);
    row("it begins for a record for which there were many, to few", "%.2f", last / first, "<= 2",
        last <= 2 * first);
}

static void long_log(struct world *w) {
    double ms[ROUNDS];
    char flow[300], name[16];
    snprintf(flow, sizeof flow,
             "workflow('w', {on = 'lead.created'}, function(lead)\n"
             "  for i = 1, %d do local r = get(lead); local n = r.name end\n"
             "  sleep(days(1))\n"
             "end)\n",
             CALLS / 2);
    for (int i = 0; i < ROUNDS; i++) {
        snprintf(name, sizeof name, "long%d", i);
        backlog(w, name, flow, 1);
        clock_advance(&w->clock, DAY);
        ms[i] = drain(w) * 1000;
        if (runs(w, "workflow_run where state = 'done' : count()") != 1)
            die("the run did not go on");
        close_world(w);
    }
    double best = median(ms, ROUNDS);
    row("a run with 1,000 steps goes on", "%.1f ms", best, "< 50 ms", best < 50);
}

static int idle(struct world *w) {
    clock_set(&w->clock, NOW);
    open_world(w, "many");
    drain(w);
    double mb = idle_mb();
    row("  idle memory of the engine with them", "%.1f MB", mb, "< 20 MB", mb < 20);
    close_world(w);
    return 0;
}

int main(int argc, char **argv) {
    kith_error e = KITH_ERROR_INIT;
    bool asked = argc == 3 && strcmp(argv[2], "idle") == 0;
    if (argc != 4 && !asked)
        die("usage: bench_workflow DIR ROWS WAITING");
    struct world w = {.dir = argv[1]};
    must(store_setup(&e), &e);
    if (asked)
        return idle(&w);
    int64_t n = atoll(argv[2]), waiting = atoll(argv[3]);
    log_setup(LOG_ERROR, open("/dev/null", O_WRONLY | O_CLOEXEC));
    done_at_once(&w, n);
    due_together(&w, n < DUE ? n : DUE);
    same_record(&w, 300);
    long_log(&w);
    very_many(&w, waiting);
    return 0;
}
