/* SPDX-License-Identifier: Apache-2.0 */
/* What the calls of the functions of modules took, for people. */
#include "plugin/internal.h"

static uint64_t read_number(const _Atomic uint64_t *n) {
    return atomic_load_explicit(n, memory_order_relaxed);
}

struct telling {
    void (*fn)(void *arg, const struct plugin_cost *c);
    void *arg;
    const char *module;
};

static void tell(const struct telling *t, const struct callback *c) {
    struct timing_sums times;
    timing_read(&c->times, &times);
    const struct plugin_cost cost = {
        .module = t->module,
        .callback = c->name,
        .calls = times.count,
        .failures = read_number(&c->failures),
        .total_ns = times.total_ns,
        .p50_ns = times.p50_ns,
        .p99_ns = times.p99_ns,
        .writes = read_number(&c->writes),
        .queries = read_number(&c->queries),
        .memory = read_number(&c->memory),
    };
    t->fn(t->arg, &cost);
}

/* One that is out may have got none of them. */
#define TELL_ALL(t, rows, n)                                                                       \
    for (uint32_t i_ = 0; (rows) && i_ < (n); i_++)                                                \
    tell((t), &(rows)[i_].callback)

static void tell_module(const struct plugin *p, void (*fn)(void *arg, const struct plugin_cost *c),
                        void *arg) {
    const struct telling t = {fn, arg, p->name};
    TELL_ALL(&t, p->hooks, p->desc.hooks.count);
    TELL_ALL(&t, p->reactions, p->desc.reactions.count);
    TELL_ALL(&t, p->timers, p->desc.timers.count);
    TELL_ALL(&t, p->deliveries, p->desc.deliveries.count);
    TELL_ALL(&t, p->actions, p->desc.actions.count);
}

void plugins_costs(const struct plugins *set, void (*fn)(void *arg, const struct plugin_cost *c),
                   void *arg) {
    for (size_t i = 0; i < set->count; i++)
        if (set->items[i]->state == PLUGIN_RUNNING)
            tell_module(set->items[i], fn, arg);
}

struct sums {
    uint64_t calls, failures;
};
static void add_up(void *arg, const struct plugin_cost *c) {
    struct sums *s = arg;
    s->calls += c->calls;
    s->failures += c->failures;
}

void cost_sum(const struct plugin *p, uint64_t *calls, uint64_t *failures) {
    struct sums s = {.calls = read_number(&p->life)};
    if (p->state == PLUGIN_RUNNING || p->state == PLUGIN_STOPPED)
        tell_module(p, add_up, &s);
    *calls = s.calls;
    *failures = s.failures;
}
