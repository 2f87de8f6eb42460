/* SPDX-License-Identifier: Apache-2.0 */
/* The life of the instances: create and resolve, start and register, stop and destroy. Nothing of a
 * module reaches the engine before all of it is known to be good. */
#include "plugin/internal.h"

#include <unistd.h>

#define DEADLINE_MS 5000u

/* -- create ------------------------------------------------------------------------------------ */

static void free_instance(struct plugin *p) {
    free(p->own_instance);
    p->own_instance = NULL;
    p->instance = NULL;
}

static void call_destroy(struct plugin *p) {
    struct frame f;
    if (p->made && p->desc.destroy) {
        frame_enter(&f, p, PHASE_MAIN, "destroy");
        p->desc.destroy(p->instance);
        (void)frame_leave(&f, KITH_OK, NULL);
    }
    p->made = false;
    free_instance(p);
}

/* An older module's part ends before it. */
static kith_status begin_parts(struct plugin *p, kith_error *e) {
    for (uint32_t i = 0; i < p->desc.parts.count; i++) {
        const kith_part *part = ROWS(p->desc.parts, kith_part *)[i];
        if (part->struct_size >= UP_TO(kith_part, begin) && part->begin)
            TRY(part->begin(p->instance, e));
    }
    return KITH_OK;
}

static kith_status build(struct plugin *p, kith_error *e) {
    TRY(begin_parts(p, e));
    if (p->desc.create)
        TRY(p->desc.create(&p->host.host, &p->instance, e));
    if (p->own_instance && p->instance != p->own_instance)
        return err_set(e, KITH_E_INVAL, NULL,
                       "create() made another instance than the one that it was given");
    return KITH_OK;
}

static kith_status call_create(struct plugin *p, kith_error *e) {
    struct frame f;
    p->made = !p->desc.create && !p->desc.instance_size;
    if (p->made)
        return KITH_OK;
    frame_enter(&f, p, PHASE_CREATE, "create");
    kith_status st = setting_values_make(p, &f.error);
    if (st == KITH_OK)
        st = wants_fill(p, &f.error);
    const bool filled = st == KITH_OK;
    if (filled)
        st = build(p, &f.error);
    st = frame_leave(&f, st, e);
    p->made = st == KITH_OK || (filled && p->own_instance);
    if (st != KITH_OK) {
        p->instance = p->own_instance;
        call_destroy(p);
    }
    return st;
}

static kith_status call_stop(struct plugin *p, uint32_t deadline_ms) {
    struct frame f;
    kith_error why = KITH_ERROR_INIT;
    if (p->state != PLUGIN_RUNNING || !p->desc.stop)
        return KITH_OK;
    frame_enter(&f, p, PHASE_MAIN, "stop");
    kith_status st = p->desc.stop(p->instance, deadline_ms, &f.error);
    if (frame_leave(&f, st, &why) != KITH_OK)
        log_error("plugin", "module '%s' did not stop and stays in memory: %s", p->name,
                  why.message);
    return st;
}

/* One that requires a module that went out goes out too. */
static kith_status check_needs(const struct plugin *p, kith_error *e) {
    const kith_require *rows = ROWS(p->desc.requirements, kith_require);
    for (uint32_t i = 0; i < p->desc.requirements.count; i++) {
        const struct plugin *other = plugins_find(p->set, rows[i].module);
        if (other && other->state == PLUGIN_FAILED && !(rows[i].flags & KITH_REQ_OPTIONAL))
            return err_set(e, KITH_E_NOTFOUND, NULL, "it requires '%s', which is out: %s",
                           other->name, other->reason);
    }
    return KITH_OK;
}

/* One that crashed is out from here on only: its types are known, and can be read. */
static kith_status create_one(struct plugin *p, kith_str crashes, kith_error *e) {
    TRY(crash_check(crashes, p->name, e));
    TRY(check_needs(p, e));
    TRY(bind_topics(p, e));
    TRY(call_create(p, e));
    return bind_resolve(p, e);
}

kith_status plugins_create(struct plugins *set, struct engine *g, const struct settings *s,
                           kith_error *e) {
    struct buf crashes = {0};
    kith_status st = KITH_OK;
    set->engine = g;
    set->schema = engine_schema(g);
    set->clock = engine_opts(g)->clock;
    set->settings = s;
    crash_read(set->crashes, &crashes);
    for (size_t i = 0; st == KITH_OK && i < set->count; i++) {
        struct plugin *p = set->items[i];
        kith_error why = KITH_ERROR_INIT;
        if (p->state != PLUGIN_LOADED)
            continue;
        if (create_one(p, buf_view(&crashes), &why) == KITH_OK) {
            p->state = PLUGIN_CREATED;
            continue;
        }
        call_destroy(p);
        if (plugin_fail(p, &why) == KITH_E_NOMEM)
            st = err_nomem(e);
    }
    buf_free(&crashes);
    return st;
}

/* -- start ------------------------------------------------------------------------------------- */

static kith_status start_one(struct plugin *p, kith_error *e) {
    struct frame f;
    TRY(check_needs(p, e));
    if (p->desc.start) {
        frame_enter(&f, p, PHASE_MAIN, "start");
        kith_status st = p->desc.start(p->instance, &f.error);
        TRY(frame_leave(&f, st, e));
    }
    p->state = PLUGIN_RUNNING;
    return bind_register(p, e);
}

static void log_grant(void *arg, const struct setting *grant, const char *text) {
    (void)arg;
    log_warn("plugin", "%s:%d: %s: %s", grant->file ? grant->file : "kith.conf", grant->line,
             grant->path, text);
}

kith_status plugins_start(struct plugins *set, kith_error *e) {
    for (size_t i = 0; i < set->count; i++) {
        struct plugin *p = set->items[i];
        kith_error why = KITH_ERROR_INIT;
        if (p->state == PLUGIN_CREATED && start_one(p, &why) != KITH_OK) {
            if (call_stop(p, DEADLINE_MS) == KITH_OK)
                call_destroy(p);
            if (plugin_fail(p, &why) == KITH_E_NOMEM)
                return err_nomem(e);
        }
        if (p->state == PLUGIN_FAILED)
            TRY(bind_refusals(p, e));
    }
    plugins_check_grants(set, log_grant, NULL);
    return KITH_OK;
}

/* -- serve ------------------------------------------------------------------------------------- */

static void serve_one(struct plugin *p) {
    struct frame f;
    kith_error why = KITH_ERROR_INIT;
    kith_status st = grant_serve(p, &why);
    if (st == KITH_OK) {
        atomic_store(&p->open, true);
        frame_enter(&f, p, PHASE_MAIN, "serve");
        f.waits = true;
        st = frame_leave(&f, p->desc.serve(p->instance, &f.error), &why);
    }
    if (st == KITH_OK)
        return;
    atomic_store(&p->open, false);
    log_error("plugin", "module '%s' does not serve: %s", p->name, why.message);
}

void plugins_serve(struct plugins *set, const struct plugin_commands *commands) {
    set->commands = *commands;
    for (size_t i = 0; i < set->count; i++)
        if (set->items[i]->state == PLUGIN_RUNNING && set->items[i]->desc.serve)
            serve_one(set->items[i]);
}

/* What is under way ends by itself: reads by their limit, writes with their group. */
static void wait_for_calls(const struct plugin *p) {
    while (atomic_load(&p->serving) > 0)
        usleep(1000);
}

static void cease_one(struct plugin *p, uint32_t deadline_ms) {
    struct frame f;
    kith_error why = KITH_ERROR_INIT;
    if (p->desc.cease) {
        frame_enter(&f, p, PHASE_MAIN, "cease");
        f.waits = true;
        kith_status st = p->desc.cease(p->instance, deadline_ms, &f.error);
        if (frame_leave(&f, st, &why) != KITH_OK)
            log_error("plugin", "module '%s' did not end to serve: %s", p->name, why.message);
    }
    atomic_store(&p->open, false);
    wait_for_calls(p);
}

void plugins_cease(struct plugins *set, uint32_t deadline_ms) {
    for (size_t i = set->count; i-- > 0;)
        if (atomic_load(&set->items[i]->open))
            cease_one(set->items[i], deadline_ms ? deadline_ms : DEADLINE_MS);
}

/* -- stop -------------------------------------------------------------------------------------- */

void plugins_stop(struct plugins *set, uint32_t deadline_ms) {
    for (size_t i = set->count; i-- > 0;) {
        struct plugin *p = set->items[i];
        if (p->state != PLUGIN_RUNNING && p->state != PLUGIN_CREATED)
            continue;
        if (call_stop(p, deadline_ms ? deadline_ms : DEADLINE_MS) == KITH_OK)
            call_destroy(p);
        p->state = PLUGIN_STOPPED;
    }
    set->engine = NULL;
}

void plugins_free(struct plugins *set) {
    if (!set)
        return;
    plugins_stop(set, 0);
    for (size_t i = 0; set->items && i < set->count; i++) {
        struct plugin *p = set->items[i];
        free(p->predicates.items);
        free(p->queries.items);
        free(p->callees.items);
        free(p->topics.items);
        arena_free(&p->arena);
    }
    arena_free(&set->arena);
    free(set);
}
