/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics: what is counted here, and how the company does, in the text format of Prometheus. What
 * is counted costs a few additions for each request, without a lock. Nothing that belongs to a
 * person is a label: routes are patterns, not addresses. */
#include "events.h"
#include "operation.h"

#include <jansson.h>
#include <stdlib.h>

#define CLASSES 6 /* 1xx to 5xx, by their first digit */

/* Of the time to an answer. */
static const double bounds[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                0.1,    0.25,  0.5,    1,     2.5,  10};
#define BOUNDS (sizeof bounds / sizeof *bounds)

struct of_route {
    _Atomic uint64_t answers[CLASSES], times[BOUNDS + 1], ns, bytes;
};
struct counters {
    _Atomic int64_t connections;
    _Atomic uint64_t connections_taken;
    struct of_route routes[]; /* as in the table, and one for what is none of them */
};

/* -- counting ---------------------------------------------------------------------------------- */

struct counters *counters_new(void) {
    return calloc(1, sizeof(struct counters) + (route_count + 1) * sizeof(struct of_route));
}

void counters_free(struct counters *c) {
    free(c);
}

static void add(_Atomic uint64_t *to, uint64_t n) {
    atomic_fetch_add_explicit(to, n, memory_order_relaxed);
}

void count_connection(struct counters *c, int change) {
    atomic_fetch_add_explicit(&c->connections, change, memory_order_relaxed);
    if (change > 0)
        add(&c->connections_taken, 1);
}

void count_answer(struct counters *c, const struct request *r, int64_t ns, size_t bytes) {
    struct of_route *of = &c->routes[r->route ? (size_t)(r->route - routes) : route_count];
    const double seconds = (double)ns / 1e9;
    size_t i = 0;
    while (i < BOUNDS && seconds > bounds[i])
        i++;
    add(&of->answers[r->status / 100 < CLASSES ? r->status / 100 : 0], 1);
    add(&of->times[i], 1);
    add(&of->ns, (uint64_t)ns);
    add(&of->bytes, bytes);
}

static uint64_t read_of(const _Atomic uint64_t *n) {
    return atomic_load_explicit(n, memory_order_relaxed);
}

/* -- the format -------------------------------------------------------------------------------- */

static void put_head(struct text *t, const char *name, const char *type, const char *help) {
    text_printf(t, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Behind its first label a comma. */
static void put_label(struct text *t, const char *name, const char *value, bool first) {
    text_printf(t, "%s%s=\"", first ? "" : ",", name);
    for (const char *at = value; *at; at++) {
        const char *escaped = *at == '\\'   ? "\\\\"
                              : *at == '"'  ? "\\\""
                              : *at == '\n' ? "\\n"
                                            : NULL;
        if (escaped)
            text_puts(t, escaped);
        else
            text_add(t, at, 1);
    }
    text_puts(t, "\"");
}

static void put_one(struct text *t, const char *name, const char *type, const char *help,
                    double value) {
    put_head(t, name, type, help);
    text_printf(t, "%s %.17g\n", name, value);
}

/* -- requests ---------------------------------------------------------------------------------- */

static void put_route(struct text *t, size_t i) {
    put_label(t, "method", i < route_count ? method_names[routes[i].method] : "other", true);
    put_label(t, "route", i < route_count ? routes[i].pattern : "none", false);
}

static void put_answers(struct text *t, const struct counters *c) {
    put_head(t, "kith_http_requests_total", "counter", "Requests that were answered.");
    for (size_t i = 0; i <= route_count; i++)
        for (size_t k = 0; k < CLASSES; k++) {
            uint64_t n = read_of(&c->routes[i].answers[k]);
            if (!n)
                continue;
            text_puts(t, "kith_http_requests_total{");
            put_route(t, i);
            text_printf(t, ",status=\"%zuxx\"} %llu\n", k, (unsigned long long)n);
        }
}

static void put_times_of(struct text *t, const char *name, const struct of_route *of, size_t i) {
    uint64_t sum = 0;
    for (size_t k = 0; k <= BOUNDS; k++) {
        char bound[24] = "+Inf";
        if (k < BOUNDS)
            (void)snprintf(bound, sizeof bound, "%g", bounds[k]);
        sum += read_of(&of->times[k]);
        text_printf(t, "%s_bucket{", name);
        put_route(t, i);
        text_printf(t, ",le=\"%s\"} %llu\n", bound, (unsigned long long)sum);
    }
    text_printf(t, "%s_sum{", name);
    put_route(t, i);
    text_printf(t, "} %.17g\n%s_count{", (double)read_of(&of->ns) / 1e9, name);
    put_route(t, i);
    text_printf(t, "} %llu\n", (unsigned long long)sum);
}

static bool was_asked(const struct of_route *of) {
    for (size_t k = 0; k <= BOUNDS; k++)
        if (read_of(&of->times[k]))
            return true;
    return false;
}

static void put_times(struct text *t, const struct counters *c) {
    static const char name[] = "kith_http_request_duration_seconds";
    put_head(t, name, "histogram", "From the head of a request until its answer is there.");
    for (size_t i = 0; i <= route_count; i++)
        if (was_asked(&c->routes[i]))
            put_times_of(t, name, &c->routes[i], i);
}

static void put_http(struct text *t, kith_instance *self) {
    const struct counters *c = self->operation->counters;
    uint64_t bytes = 0;
    for (size_t i = 0; i <= route_count; i++)
        bytes += read_of(&c->routes[i].bytes);
    put_answers(t, c);
    put_times(t, c);
    put_one(t, "kith_http_response_bytes_total", "counter",
            "Bytes of answers, without their heads.", (double)bytes);
    put_one(t, "kith_http_connections", "gauge", "Connections that are open.",
            (double)atomic_load(&c->connections));
    put_one(t, "kith_http_connections_total", "counter", "Connections that were taken in.",
            (double)read_of(&c->connections_taken));
    put_one(t, "kith_http_requests_in_flight", "gauge", "Requests that are not answered yet.",
            http_under_way(self->http));
    put_one(t, "kith_http_queue_length", "gauge", "Requests that wait for a worker.",
            (double)workers_waiting(self->workers));
    if (tls_ends(self->operation->tls))
        put_one(t, "kith_tls_certificate_expiry_time_seconds", "gauge",
                "When the certificate ends, in seconds since 1970.",
                (double)tls_ends(self->operation->tls));
    put_one(t, "kith_http_workers", "gauge", "Threads for what may take long.",
            (double)self->worker_count);
}

static void put_events(struct text *t, const kith_instance *self) {
    const struct events_state s = events_state(self->events);
    put_one(t, "kith_http_listeners", "gauge", "Those who listen to events.", (double)s.listeners);
    put_one(t, "kith_http_listener_lag_rows", "gauge",
            "Rows of the journal that the last of them was not told of yet.", (double)s.behind);
    put_one(t, "kith_http_events_total", "counter", "Events that they were told, all together.",
            (double)s.told);
}

/* -- how the company does ---------------------------------------------------------------------- */

static const struct {
    const char *key, *name, *type;
    double unit;
    const char *help;
} numbers[] = {
    {"journal_rows", "kith_journal_row", "gauge", 1, "The last row of the journal."},
    {"transactions", "kith_transactions_total", "counter", 1, "Transactions that were committed."},
    {"groups", "kith_commit_groups_total", "counter", 1,
     "Groups of transactions that were committed together."},
    {"writes_waiting", "kith_writer_queue_length", "gauge", 1, "Writes that wait for the writer."},
    {"writer_busy_ms", "kith_writer_busy_seconds", "gauge", 1e-3,
     "What the writer does right now has taken so long."},
    {"wal_bytes", "kith_wal_bytes", "gauge", 1, "The log of the database."},
    {"database_bytes", "kith_database_bytes", "gauge", 1, "The file of the database."},
    {"disk_free_bytes", "kith_disk_free_bytes", "gauge", 1, "Free on the disk of the company."},
    {"reactions", "kith_reactions_total", "counter", 1, "Events that reactions were called for."},
    {"timers", "kith_timers", "gauge", 1, "Timers that are set."},
    {"letters_waiting", "kith_letters_waiting", "gauge", 1,
     "Events that failed and are tried again."},
    {"letters_dead", "kith_letters_dead", "gauge", 1, "Events that failed for good."},
    {"outbox_waiting", "kith_outbox_waiting", "gauge", 1, "What is to leave the company."},
    {"outbox_dead", "kith_outbox_dead", "gauge", 1, "What could not leave the company."},
    {"rule_files_off", "kith_rule_files_off", "gauge", 1,
     "Files of rules and workflows that do not run."},
    {"memory_bytes", "process_resident_memory_bytes", "gauge", 1, "Memory that is in use."},
    {"cpu_ns", "process_cpu_seconds_total", "counter", 1e-9, "Time of processors, in seconds."},
    {"open_files", "process_open_fds", "gauge", 1, "Files that are open."},
    {"started_ms", "process_start_time_seconds", "gauge", 1e-3, "Since when it runs, since 1970."},
};

static double number_of(const json_t *object, const char *key) {
    return (double)json_integer_value(json_object_get(object, key));
}

static void put_commits(struct text *t, const json_t *commits) {
    static const char name[] = "kith_commit_duration_seconds";
    const json_t *of;
    size_t i;
    double sum = 0;
    put_head(t, name, "histogram", "Commits of groups, the sync of the disk among it.");
    json_array_foreach(json_object_get(commits, "times"), i, of) {
        const json_t *bound = json_object_get(of, "up_to_us");
        char text[24] = "+Inf";
        if (json_is_integer(bound))
            (void)snprintf(text, sizeof text, "%g", (double)json_integer_value(bound) / 1e6);
        sum += number_of(of, "count");
        text_printf(t, "%s_bucket{le=\"%s\"} %.17g\n", name, text, sum);
    }
    text_printf(t, "%s_sum %.17g\n%s_count %.17g\n", name, number_of(commits, "total_ns") / 1e9,
                name, sum);
}

/* One metric of each of a list; labels of it that are named by their keys, two at most. */
struct each {
    const char *list, *key, *name, *type;
    double unit;
    const char *labels[2], *help;
};
static const struct each lists[] = {
    {"subscribers",
     "behind",
     "kith_subscriber_lag_rows",
     "gauge",
     1,
     {"name"},
     "Rows of the journal that a reaction has not looked at yet."},
    {"modules", "calls", "kith_module_calls_total", "counter", 1, {"name"}, "Calls into a module."},
    {"modules",
     "failures",
     "kith_module_failures_total",
     "counter",
     1,
     {"name"},
     "Calls into a module that failed."},
    {"modules",
     "slow",
     "kith_module_slow_calls_total",
     "counter",
     1,
     {"name"},
     "Calls into a module that took long."},
    {"rules",
     "runs",
     "kith_rule_runs_total",
     "counter",
     1,
     {"rule", "file"},
     "Calls of a rule, or steps of a workflow."},
    {"rules",
     "failures",
     "kith_rule_failures_total",
     "counter",
     1,
     {"rule", "file"},
     "Of those, those that failed."},
    {"rules",
     "total_ns",
     "kith_rule_seconds_total",
     "counter",
     1e-9,
     {"rule", "file"},
     "Time that they took, with what followed at once."},
    {"rules",
     "writes",
     "kith_rule_writes_total",
     "counter",
     1,
     {"rule", "file"},
     "Rows that they wrote."},
    {"rules",
     "queries",
     "kith_rule_queries_total",
     "counter",
     1,
     {"rule", "file"},
     "Searches that they made."},
    {"rules",
     "steps",
     "kith_rule_steps_total",
     "counter",
     1,
     {"rule", "file"},
     "Instructions of Lua that they took."},
};

static void put_labels(struct text *t, const json_t *item, const char *const *labels) {
    for (size_t i = 0; i < 2 && labels[i]; i++) {
        const char *value = json_string_value(json_object_get(item, labels[i]));
        put_label(t, labels[i], value ? value : "", i == 0);
    }
}

static void put_each(struct text *t, const struct each *of, const json_t *status) {
    const json_t *item;
    size_t i;
    put_head(t, of->name, of->type, of->help);
    json_array_foreach(json_object_get(status, of->list), i, item) {
        text_printf(t, "%s{", of->name);
        put_labels(t, item, of->labels);
        text_printf(t, "} %.17g\n", number_of(item, of->key) * of->unit);
    }
}

static void put_running(struct text *t, const json_t *status) {
    static const char *const label[2] = {"name"};
    const json_t *item;
    size_t i;
    put_head(t, "kith_module_running", "gauge", "A module runs: 1, or is out: 0.");
    json_array_foreach(json_object_get(status, "modules"), i, item) {
        const char *state = json_string_value(json_object_get(item, "state"));
        text_puts(t, "kith_module_running{");
        put_labels(t, item, label);
        text_printf(t, "} %d\n", state && strcmp(state, "running") == 0);
    }
}

static void put_company(struct text *t, const json_t *status) {
    const char *version = json_string_value(json_object_get(status, "version"));
    put_head(t, "kith_info", "gauge", "The version of Kith.");
    text_puts(t, "kith_info{");
    put_label(t, "version", version ? version : "", true);
    text_puts(t, "} 1\n");
    put_one(t, "kith_ready", "gauge", "It can do what it is asked for.",
            json_is_true(json_object_get(status, "ready")));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        put_one(t, numbers[i].name, numbers[i].type, numbers[i].help,
                number_of(status, numbers[i].key) * numbers[i].unit);
    put_commits(t, json_object_get(status, "commits"));
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        put_each(t, &lists[i], status);
    put_running(t, status);
}

void metrics_render(kith_instance *self, kith_str status, struct text *out) {
    json_t *said = status.len ? json_loadb(status.ptr, (size_t)status.len, 0, NULL) : NULL;
    put_http(out, self);
    put_events(out, self);
    put_one(out, "kith_up", "gauge", "The company says how it does.", said ? 1 : 0);
    if (said)
        put_company(out, said);
    json_decref(said);
}
