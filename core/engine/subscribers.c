/* SPDX-License-Identifier: Apache-2.0 */
/* Subscribers: who is told of what. Hooks, reactions and timers are added before the engine starts;
 * those of rules can be replaced later, built beside the old ones and dropped on any error. */
#include "engine/bus.h"
#include "engine/engine_internal.h"

#include <stdlib.h>
#include <string.h>

kith_status subscribers_make(struct engine *g, struct subscribers **out, kith_error *e) {
    struct subscribers *s = calloc(1, sizeof *s);
    if (s)
        s->types = ARENA_ARRAY(&s->arena, struct type_subscribers, g->type_max + 1u);
    if (!s || !s->types) {
        subscribers_free(s);
        return err_nomem(e);
    }
    *out = s;
    return KITH_OK;
}

void subscribers_free(struct subscribers *s) {
    if (s)
        arena_free(&s->arena);
    free(s);
}

kith_status subscribers_start(struct engine *g, kith_error *e) {
    TRY(bus_start(g, e));
    TRY(timers_start(g, e));
    TRY(pauses_start(g, e));
    g->bus_head = UINT64_MAX;
    return bus_reload(g, e);
}

/* -- adding ------------------------------------------------------------------------------------ */

static kith_status may_add(const struct engine *g, const char *what, kith_error *e) {
    if (g->adding && (!g->started || on_writer(g)))
        return KITH_OK;
    return err_set(e, KITH_E_THREAD, NULL, "%s are added before the engine starts", what);
}

/* Entries live as long as they are told of anything. */
static struct arena *arena_for(struct engine *g, const struct source *s) {
    return s->kind == SOURCE_RULE ? &g->adding->arena : &g->arena;
}

static kith_status insert_hook(struct arena *a, struct hook_list *l, struct hook_entry *h,
                               kith_error *e) {
    void *items = arena_grow(a, l->items, l->count, &l->cap, sizeof *l->items);
    if (!items)
        return err_nomem(e);
    l->items = items;
    size_t i = l->count++;
    for (; i > 0 && l->items[i - 1]->hook.priority > h->hook.priority; i--)
        l->items[i] = l->items[i - 1];
    l->items[i] = h;
    return KITH_OK;
}

kith_status engine_add_hook(struct engine *g, const struct hook *h, kith_error *e) {
    TRY(may_add(g, "hooks", e));
    struct arena *a = arena_for(g, &h->source);
    struct hook_entry *entry = ARENA_NEW(a, struct hook_entry);
    if (!entry)
        return err_nomem(e);
    entry->hook = *h;
    TRY(intern_source(g, a, &h->source, &entry->hook.source, &entry->source, e));
    if (h->group && !group_of(g, h->group, entry->hook.source.version))
        return err_nomem(e);
    struct type_subscribers *type = &g->adding->types[h->type->id];
    for (uint32_t op = 0; op < 3; op++)
        if (h->on & (1u << op))
            TRY(insert_hook(&g->adding->arena, &type->hooks[op][h->after], entry, e));
    return KITH_OK;
}

static kith_status add_to_list(struct arena *a, struct reaction_list *l, struct reaction_entry *r,
                               kith_error *e) {
    void *items = arena_grow(a, l->items, l->count, &l->cap, sizeof *l->items);
    if (!items)
        return err_nomem(e);
    l->items = items;
    l->items[l->count++] = r;
    return KITH_OK;
}

static kith_status insert_reaction(const struct engine *g, struct subscribers *s,
                                   struct reaction_entry *r, kith_error *e) {
    bool all = r->match == MATCH_ANY;
    uint32_t first = all || r->match == MATCH_TOPIC ? 0 : r->type->id;
    uint32_t last = all ? g->type_max : first;
    TRY(add_to_list(&s->arena, &s->reactions, r, e));
    for (uint32_t type = first; type <= last; type++)
        TRY(add_to_list(&s->arena, &s->types[type].reactions, r, e));
    return KITH_OK;
}

static kith_status join_group(struct engine *g, const char *name, const struct source *source,
                              struct group **out, kith_error *e) {
    if (name && !(*out = group_of(g, name, source->version)))
        return err_nomem(e);
    return KITH_OK;
}

static kith_status check_reaction(const struct engine *g, const struct reaction *r,
                                  struct reaction_entry *entry, kith_error *e) {
    const struct reaction_list *l = &g->adding->reactions;
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->items[i]->reaction.name, r->name) == 0)
            return err_set(e, KITH_E_CONFLICT, NULL,
                           "reaction '%s' is declared twice; give one another name", r->name);
    if (!bus_match(g, str_of(r->topic), entry))
        return err_set(
            e, KITH_E_NOTFOUND, NULL,
            "nobody publishes '%s'; a type publishes .created, .updated, .deleted and its states",
            r->topic);
    if (entry->type && entry->type->history == KITH_HISTORY_NONE)
        return err_set(e, KITH_E_UNSUPPORTED, NULL,
                       "'%s' never happens: records of type %s keep no history, and so no events",
                       r->topic, entry->type->name);
    return KITH_OK;
}

kith_status engine_add_reaction(struct engine *g, const struct reaction *r, kith_error *e) {
    TRY(may_add(g, "reactions", e));
    struct arena *a = arena_for(g, &r->source);
    struct reaction_entry *entry = ARENA_NEW(a, struct reaction_entry);
    if (!entry)
        return err_nomem(e);
    TRY(check_reaction(g, r, entry, e));
    entry->reaction = *r;
    entry->reaction.name = arena_strdup(a, r->name);
    entry->reaction.topic = arena_strdup(a, r->topic);
    if (!entry->reaction.name || !entry->reaction.topic)
        return err_nomem(e);
    TRY(intern_source(g, a, &r->source, &entry->reaction.source, &entry->source, e));
    TRY(join_group(g, r->group, &entry->reaction.source, &entry->group, e));
    return insert_reaction(g, g->adding, entry, e);
}

static kith_status insert_timer(struct subscribers *s, struct timer_entry *t, kith_error *e) {
    struct timer_list *l = &s->timers;
    void *items = arena_grow(&s->arena, l->items, l->count, &l->cap, sizeof *l->items);
    if (!items)
        return err_nomem(e);
    l->items = items;
    l->items[l->count++] = t;
    return KITH_OK;
}

kith_status engine_add_timer(struct engine *g, const struct timer_handler *h, kith_error *e) {
    TRY(may_add(g, "timers", e));
    for (size_t i = 0; i < g->adding->timers.count; i++)
        if (strcmp(g->adding->timers.items[i]->handler.name, h->name) == 0)
            return err_set(e, KITH_E_CONFLICT, NULL,
                           "timer '%s' is declared twice; give one another name", h->name);
    struct arena *a = arena_for(g, &h->source);
    struct timer_entry *t = ARENA_NEW(a, struct timer_entry);
    if (!t)
        return err_nomem(e);
    t->handler = *h;
    t->handler.name = arena_strdup(a, h->name);
    t->handler.cron = h->cron ? arena_strdup(a, h->cron) : NULL;
    if (!t->handler.name || (h->cron && !t->handler.cron))
        return err_nomem(e);
    if (h->cron)
        TRY(cron_parse(str_of(h->cron), &t->cron, e));
    TRY(intern_source(g, a, &h->source, &t->handler.source, &t->source, e));
    TRY(join_group(g, h->group, &t->handler.source, &t->group, e));
    return insert_timer(g->adding, t, e);
}

/* -- replacing --------------------------------------------------------------------------------- */

static kith_status keep_hooks(const struct hook_list *from, struct arena *a, struct hook_list *to,
                              kith_error *e) {
    for (size_t i = 0; i < from->count; i++)
        if (from->items[i]->hook.source.kind != SOURCE_RULE)
            TRY(insert_hook(a, to, from->items[i], e));
    return KITH_OK;
}

/* All but the rules'. */
static kith_status keep_others(const struct engine *g, const struct subscribers *from,
                               struct subscribers *to, kith_error *e) {
    for (uint32_t type = 0; type <= g->type_max; type++)
        for (uint32_t op = 0; op < 3; op++)
            for (int after = 0; after < 2; after++)
                TRY(keep_hooks(&from->types[type].hooks[op][after], &to->arena,
                               &to->types[type].hooks[op][after], e));
    for (size_t i = 0; i < from->reactions.count; i++)
        if (from->reactions.items[i]->reaction.source.kind != SOURCE_RULE)
            TRY(insert_reaction(g, to, from->reactions.items[i], e));
    for (size_t i = 0; i < from->timers.count; i++)
        if (from->timers.items[i]->handler.source.kind != SOURCE_RULE)
            TRY(insert_timer(to, from->timers.items[i], e));
    return KITH_OK;
}

static void set_subscribers(struct engine *g, struct subscribers *s) {
    pthread_mutex_lock(&g->lock);
    g->subs = s;
    pthread_mutex_unlock(&g->lock);
}

struct swap {
    kith_status (*add)(struct engine *g, void *arg, kith_error *e);
    void *arg;
};

static kith_status build_next(struct engine *g, const struct swap *swap, struct subscribers *next,
                              kith_error *e) {
    TRY(keep_others(g, g->subs, next, e));
    g->adding = next;
    kith_status st = swap->add(g, swap->arg, e);
    g->adding = NULL;
    return st;
}

static kith_status swap_in(struct engine *g, const struct swap *swap, struct subscribers *next,
                           kith_error *e) {
    struct subscribers *old = g->subs;
    TRY(group_begin(g, e));
    kith_status st = build_next(g, swap, next, e);
    if (st == KITH_OK) {
        set_subscribers(g, next);
        st = subscribers_start(g, e);
    }
    if (st == KITH_OK)
        st = group_commit(g, e);
    if (st == KITH_OK) {
        subscribers_free(old);
        return KITH_OK;
    }
    set_subscribers(g, old);
    group_rollback(g);
    return st;
}

static kith_status swap_alone(struct engine *g, struct request *r, kith_error *e) {
    struct subscribers *next;
    if (g->pausing)
        TRY(pauses_write(g, e));
    TRY(subscribers_make(g, &next, e));
    kith_status st = swap_in(g, r->alone_arg, next, e);
    if (st != KITH_OK)
        subscribers_free(next);
    g->refresh_due = true;
    return st;
}

kith_status engine_swap(struct engine *g,
                        kith_status (*add)(struct engine *g, void *arg, kith_error *e), void *arg,
                        kith_error *e) {
    struct swap swap = {add, arg};
    struct request r = {.alone = swap_alone, .alone_arg = &swap};
    return writer_submit(g, &r, e);
}
