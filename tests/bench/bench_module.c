/* SPDX-License-Identifier: Apache-2.0 */
/* Measures what modules cost as such: a call of a hook that does nothing, beside a plain call of
 * the same function, and the loading of all modules of a company. Usage: bench_module DIR [CALLS].
 */
#include "module.h"
#include "plugin/internal.h"

#define CALLS 1000000
#define TIMES 11

struct calls {
    struct bound_hook *hook;
    int64_t n;
    double plain_ns, hook_ns;
};

static double since_ns(int64_t start, int64_t n) {
    return (double)(clock_ticks() - start) / (double)n;
}

static kith_status call_both(struct txn *t, void *arg, kith_error *e) {
    struct calls *c = arg;
    struct bound_hook *h = c->hook;
    /* Through a pointer that the compiler knows nothing of, as that of a hook is. */
    kith_status (*volatile fn)(kith_instance *, kith_txn *, kith_change *, kith_error *) =
        h->decl->fn;
    kith_status (*volatile thunk)(void *, struct txn *, struct change *, kith_error *) = h->hook.fn;
    struct change change = {.type = h->hook.type};
    double plain[TIMES], hook[TIMES];
    for (int k = 0; k < TIMES; k++) {
        int64_t start = clock_ticks();
        for (int64_t i = 0; i < c->n; i++)
            TRY(fn(h->plugin->instance, NULL, NULL, e));
        plain[k] = since_ns(start, c->n);
        start = clock_ticks();
        for (int64_t i = 0; i < c->n; i++)
            TRY(thunk(h, t, &change, e));
        hook[k] = since_ns(start, c->n);
    }
    c->plain_ns = median(plain, TIMES);
    c->hook_ns = median(hook, TIMES);
    return KITH_OK;
}

static void call_rows(const char *dir, const char *file, int64_t n) {
    struct company c;
    kith_error e = KITH_ERROR_INIT;
    write_conf(dir, "");
    open_modules(&c, dir, "calls", (const char *const[]){file, NULL});
    struct plugin *p = plugins_find(c.plugins, "empty");
    if (!p || p->state != PLUGIN_RUNNING)
        die("the module 'empty' does not run");
    struct calls calls = {.hook = &p->hooks[0], .n = n};
    must(engine_write(c.g, &bench_opts, call_both, &calls, NULL, &e), &e);
    row("a plain call of a function of a module", "%.1f ns", calls.plain_ns, NULL, true);
    double more = calls.hook_ns - calls.plain_ns;
    row("  as a hook, on top of that", "%.0f ns", more, "< 100 ns", more < 100);
    close_module(&c);
}

static void load_row(const char *dir, const char *const *names) {
    double ms[TIMES];
    for (int i = -1; i < TIMES; i++) { /* the first one makes the private copies */
        struct company c = {0};
        int64_t start = clock_ticks();
        load_modules(&c, dir, names);
        if (i >= 0)
            ms[i] = (double)(clock_ticks() - start) / 1e6;
        for (size_t k = 0; k < plugins_count(c.plugins); k++) {
            struct plugin_status s;
            plugins_status(c.plugins, k, &s);
            if (s.state != PLUGIN_LOADED)
                die(s.reason);
        }
        plugins_free(c.plugins);
        settings_free(c.settings);
    }
    double middle = median(ms, TIMES);
    row("all modules opened, checked and sorted, settings read", "%.1f ms", middle, NULL, true);
}

/* With a database that has their tables. */
static void open_row(const char *dir, const char *const *names) {
    double ms[TIMES];
    for (int i = -1; i < TIMES; i++) {
        struct company c;
        int64_t start = clock_ticks();
        open_modules(&c, dir, "all", names);
        if (i >= 0)
            ms[i] = (double)(clock_ticks() - start) / 1e6;
        close_module(&c);
    }
    double middle = median(ms, TIMES);
    row("a company with all modules opened", "%.1f ms", middle, "< 100 ms", middle < 100);
}

int main(int argc, char **argv) {
    static const char *const all[] = {"commerce", "documents", "http", "sales", "web", NULL};
    char self[4096] = "", file[4200];
    int64_t n = argc > 2 ? atoll(argv[2]) : CALLS;
    if (argc < 2 || n < 1)
        die("usage: bench_module DIR [CALLS]");
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
        die("where is this program?");
    snprintf(file, sizeof file, "%s/empty.so", dirname(self));
    call_rows(argv[1], file, n);
    write_conf(argv[1], "sales: { grant = [\"*\"]; }; commerce: { grant = [\"*\"]; };"
                        "documents: { grant = [\"*\"]; }; http: { grant = [\"*\"]; };"
                        "web: { grant = [\"*\"]; };");
    load_row(argv[1], all);
    open_row(argv[1], all);
    return 0;
}
