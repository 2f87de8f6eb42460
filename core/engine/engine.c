/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's life: opening, registering, starting, closing. */
#include "engine/bus.h"
#include "engine/engine_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/date.h"
#include "base/log.h"
#include "base/number.h"
#include "journal/access_log.h"
#include "journal/agent_log.h"
#include "journal/approval_log.h"
#include "journal/flow_log.h"
#include "journal/import_log.h"
#include "journal/listen_log.h"
#include "journal/once.h"
#include "journal/run_log.h"
#include "record/block_key.h"
#include "record/credential.h"
#include "record/openid.h"
#include "record/pass.h"
#include "record/session.h"

#define CLOCK_SLACK_MS 60000 /* computers set their clocks by less while they run */

const struct schema *engine_schema(const struct engine *g) {
    return g->schema;
}

const struct zone *engine_zone(const struct engine *g) {
    return g->opts.zone;
}

int64_t engine_now(struct engine *g) {
    return clock_now(g->clock);
}

void clock_check(struct engine *g, int64_t now, kith_id newest) {
    char is[TIME_TEXT], was[TIME_TEXT];
    bool behind = now + CLOCK_SLACK_MS < id_time(newest);
    if (behind == atomic_load(&g->clock_behind))
        return;
    atomic_store(&g->clock_behind, behind);
    if (!behind)
        return;
    time_format(now, is);
    time_format(id_time(newest), was);
    log_warn("engine",
             "this computer's clock says %s, but it has been %s here already: set it right; until"
             " then the times that are written, and what goes by the clock, are wrong",
             is, was);
}

void clock_saw(struct engine *g, int64_t at) {
    if (at > atomic_load(&g->clock_seen))
        atomic_store(&g->clock_seen, at);
}

bool clock_is_back(const struct engine *g) {
    return clock_now(g->clock) + CLOCK_SLACK_MS < atomic_load(&g->clock_seen);
}

void engine_check_clock(struct engine *g) {
    clock_check(g, engine_now(g), g->opened_at);
}

enum log_level engine_log_level(const struct engine *g, enum log_level level) {
    return g->opts.trial ? LOG_DEBUG : level;
}

const struct engine_options *engine_opts(const struct engine *g) {
    return &g->opts;
}

struct query_env engine_env(const struct engine *g, int64_t now, const struct principal *p) {
    return (struct query_env){
        .now = now, .zone = g->opts.zone, .principal = p, .workdays = g->opts.workdays};
}

/* -- runs that are under way ------------------------------------------------------------------- */

static void unlink_claim(struct engine *g, struct run_claim *claim) {
    struct run_claim **at = &g->claims;
    while (*at && *at != claim)
        at = &(*at)->next;
    if (*at)
        *at = claim->next;
    *claim = (struct run_claim){0};
}

bool engine_claim_run(struct engine *g, struct run_claim *claim, kith_id run) {
    pthread_mutex_lock(&g->lock);
    const struct run_claim *other = g->claims;
    while (other && (other == claim || other->run != run))
        other = other->next;
    if (!other) {
        unlink_claim(g, claim);
        *claim = (struct run_claim){.run = run, .next = g->claims};
        g->claims = claim;
    }
    pthread_mutex_unlock(&g->lock);
    return !other;
}

void engine_drop_claim(struct engine *g, struct run_claim *claim) {
    pthread_mutex_lock(&g->lock);
    unlink_claim(g, claim);
    pthread_mutex_unlock(&g->lock);
}

bool on_writer(const struct engine *g) {
    return g->opts.still || (g->started && pthread_equal(pthread_self(), g->thread));
}

/* -- opening ----------------------------------------------------------------------------------- */

static void set_defaults(struct engine_options *o) {
    o->group_max = o->group_max ? o->group_max : 1000;
    o->queue_max = o->queue_max ? o->queue_max : 10000;
    o->readers = o->readers ? o->readers : 4;
    o->cascade_max = o->cascade_max ? o->cascade_max : 16;
    o->attempts_max = o->attempts_max ? o->attempts_max : 5;
    o->password_length = o->password_length ? o->password_length : 10;
    o->session_idle_ms = o->session_idle_ms ? o->session_idle_ms : INT64_C(8) * 3600000;
    o->session_life_ms = o->session_life_ms ? o->session_life_ms : INT64_C(7) * 86400000;
    o->read_limit_ms = o->read_limit_ms ? o->read_limit_ms : 2000;
    o->delivery_workers = o->delivery_workers ? o->delivery_workers : 4;
    o->delivery_attempts = o->delivery_attempts ? o->delivery_attempts : 12;
    o->delivery_backoff_ms = o->delivery_backoff_ms ? o->delivery_backoff_ms : 5000;
    o->delivery_backoff_max_ms = o->delivery_backoff_max_ms ? o->delivery_backoff_max_ms : 3600000;
    o->breaker_failures = o->breaker_failures ? o->breaker_failures : 5;
    o->breaker_ms = o->breaker_ms ? o->breaker_ms : 30000;
    if (!o->base_currency[0])
        memcpy(o->base_currency, "EUR", 4);
}

static kith_status add_inbound(struct engine *g, const struct rfield *f, struct type_info *to,
                               kith_error *e) {
    const struct rfield **more = arena_array(&g->arena, sizeof *more, to->inbound_count + 1);
    if (!more)
        return err_nomem(e);
    if (to->inbound_count)
        memcpy(more, to->inbound, to->inbound_count * sizeof *more);
    more[to->inbound_count++] = f;
    to->inbound = more;
    return KITH_OK;
}

static kith_status build_types(struct engine *g, kith_error *e) {
    for (uint32_t i = 0; i < g->schema->type_count; i++)
        if (g->schema->types[i]->id > g->type_max)
            g->type_max = g->schema->types[i]->id;
    g->types = ARENA_ARRAY(&g->arena, struct type_info, g->type_max + 1u);
    if (!g->types)
        return err_nomem(e);
    for (uint32_t i = 0; i < g->schema->type_count; i++) {
        const struct rtype *t = g->schema->types[i];
        TRY(type_defaults(g->schema, t, &g->arena, &g->types[t->id].defaults, e));
        for (uint32_t k = 0; k < t->field_count; k++) {
            const struct rfield *f = t->fields[k];
            if (f->target)
                TRY(add_inbound(g, f, &g->types[f->target->id], e));
            for (uint32_t j = 0; f->any_target && j < g->schema->type_count; j++)
                TRY(add_inbound(g, f, &g->types[g->schema->types[j]->id], e));
        }
    }
    for (uint32_t i = 0; i <= g->type_max; i++) {
        struct type_info *t = &g->types[i];
        t->referred =
            t->inbound_count ? record_referred_sql(&g->arena, t->inbound, t->inbound_count) : NULL;
        if (t->inbound_count && !t->referred)
            return err_nomem(e);
    }
    return KITH_OK;
}

static kith_status build_schema(struct engine *g, kith_error *e) {
    size_t n = g->opts.source_count + 1;
    struct schema_source *sources = calloc(n, sizeof *sources);
    if (!sources)
        return err_nomem(e);
    sources[0] = schema_core;
    if (g->opts.source_count)
        memcpy(sources + 1, g->opts.sources, g->opts.source_count * sizeof *sources);
    kith_status st = schema_build(&g->schema, g->writer, sources, n, g->opts.base_currency, e);
    free(sources);
    if (st != KITH_OK)
        return st;
    g->schema->zone = g->opts.zone;
    return derived_open(g, e);
}

/* The largest id ever given out that is still known. Timers and records without history are in no
 * journal. */
static kith_status high_id(struct engine *g, kith_id *high, kith_error *e) {
    kith_id id;
    TRY(journal_high_id(g->writer, high, e));
    TRY(timers_high_id(g->writer, &id, e));
    *high = id > *high ? id : *high;
    TRY(outbox_high_id(g->writer, &id, e));
    *high = id > *high ? id : *high;
    for (uint32_t i = 0; i < g->schema->type_count; i++) {
        if (g->schema->types[i]->history != KITH_HISTORY_NONE)
            continue;
        TRY(record_high_id(g->writer, g->schema->types[i], &id, e));
        *high = id > *high ? id : *high;
    }
    return KITH_OK;
}

/* What the core itself does and offers; its names are numbered in one transaction. */
static kith_status add_own(struct engine *g, kith_error *e) {
    const struct source release = {SOURCE_CORE, "deletion", "", 0};
    struct source copy;
    TRY(conn_exec(g->writer, "BEGIN IMMEDIATE", e));
    kith_status st = intern_source(g, &g->arena, &release, &copy, &g->release_source, e);
    if (st == KITH_OK)
        st = access_hooks_add(g, e);
    if (st == KITH_OK)
        st = base_hooks_add(g, e);
    if (st == KITH_OK)
        st = saved_query_hooks_add(g, e);
    if (st == KITH_OK)
        st = purpose_hooks_add(g, e);
    if (st == KITH_OK)
        st = flow_hooks_add(g, e);
    if (st == KITH_OK)
        st = compact_add(g, e);
    if (st == KITH_OK)
        st = retention_add(g, e);
    if (st == KITH_OK)
        st = segments_setup(g, e);
    if (st == KITH_OK)
        st = own_add(g, e);
    if (st == KITH_OK)
        return conn_exec(g->writer, "COMMIT", e);
    conn_exec(g->writer, "ROLLBACK", NULL);
    return st;
}

/* The folder may be open to others; what is in a database is not for them. SQLite gives its log the
 * same mode. When it cannot be made, SQLite says why. */
static void make_private(const char *path) {
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
}

static kith_status open_parts(struct engine *g, kith_error *e) {
    struct stat file;
    bool there = stat(g->path, &file) == 0;
    kith_id high;
    if (!there && !g->opts.create)
        return err_set(e, KITH_E_NOTFOUND, NULL,
                       "there is no database %s: put it back, or restore a backup with 'kith"
                       " restore'; where there never was one, 'kith init' makes it",
                       g->path);
    TRY(owner_take(g, e));
    copies_clean(g);
    if (!there)
        make_private(g->path);
    TRY(conn_open(&g->writer, g->path, CONN_WRITER, g->opts.vfs, e));
    owner_opened(g);
    checkpoint_watch(g);
    TRY(conn_exec(g->writer, "BEGIN IMMEDIATE", e));
    kith_status st = journal_setup(g->writer, e);
    if (st == KITH_OK)
        st = import_log_setup(g->writer, e);
    if (st == KITH_OK)
        st = run_log_setup(g->writer, e);
    if (st == KITH_OK)
        st = agent_log_setup(g->writer, e);
    if (st == KITH_OK)
        st = approval_log_setup(g->writer, e);
    if (st == KITH_OK)
        st = access_log_setup(g->writer, e);
    if (st == KITH_OK)
        st = credential_setup(g->writer, e);
    if (st == KITH_OK)
        st = session_setup(g->writer, e);
    if (st == KITH_OK)
        st = openid_setup(g->writer, e);
    if (st == KITH_OK)
        st = pass_setup(g->writer, e);
    if (st == KITH_OK)
        st = once_setup(g->writer, e);
    if (st == KITH_OK)
        st = bus_setup(g, e);
    if (st == KITH_OK)
        st = timers_setup(g, e);
    if (st == KITH_OK)
        st = outbox_setup(g->writer, e);
    if (st == KITH_OK)
        st = listen_log_setup(g->writer, e);
    if (st == KITH_OK)
        st = pauses_setup(g, e);
    if (st == KITH_OK)
        st = flow_log_setup(g->writer, e);
    if (st == KITH_OK)
        st = member_setup(g->writer, e);
    if (st == KITH_OK)
        st = build_schema(g, e);
    if (st == KITH_OK)
        st = block_key_setup(g->writer, e);
    if (st == KITH_OK)
        st = conn_upgraded(g->writer, e);
    if (st != KITH_OK) {
        conn_exec(g->writer, "ROLLBACK", NULL);
        return st;
    }
    TRY(conn_exec(g->writer, "COMMIT", e));
    if (there)
        schema_log(g->schema);
    TRY(build_types(g, e));
    TRY(journal_head(g->writer, &g->seq, e));
    TRY(chain_open(g->writer, &g->chain, e));
    TRY(high_id(g, &high, e));
    idgen_init(&g->ids, g->opts.node, high);
    g->opened_at = high;
    atomic_store(&g->clock_seen, high ? id_time(high) : 0);
    clock_saw(g, engine_now(g));
    atomic_store(&g->durable, g->seq);
    atomic_store(&g->committed, g->seq);
    TRY(readers_open(g, e));
    TRY(subscribers_make(g, &g->subs, e));
    g->adding = g->subs;
    return add_own(g, e);
}

kith_status engine_open(struct engine **out, const struct engine_options *o, kith_error *e) {
    *out = NULL;
    struct engine *g = calloc(1, sizeof *g);
    if (!g)
        return err_nomem(e);
    g->opts = *o;
    set_defaults(&g->opts);
    g->lock_fd = -1;
    atomic_store(&g->real_clock.virtual_ms, INT64_MIN);
    g->clock = o->clock ? o->clock : &g->real_clock;
    g->queue_tail = &g->queue;
    g->next_due = INT64_MAX;
    g->outbox.next_due = INT64_MAX;
    g->replays = true;
    pthread_mutex_init(&g->lock, NULL);
    pthread_mutex_init(&g->readers_lock, NULL);
    pthread_mutex_init(&g->known_lock, NULL);
    pthread_mutex_init(&g->sign_lock, NULL);
    pthread_mutex_init(&g->reads_lock, NULL);
    pthread_mutex_init(&g->outbox.lock, NULL);
    pthread_mutex_init(&g->checkpoint_lock, NULL);
    pthread_mutex_init(&g->segments.lock, NULL);
    pthread_mutex_init(&g->await.lock, NULL);
    clock_cond(&g->await.cond);
    clock_cond(&g->work_cond);
    clock_cond(&g->idle_cond);
    clock_cond(&g->readers_cond);
    clock_cond(&g->checkpoint_cond);
    clock_cond(&g->outbox.work);
    g->path = strdup(o->path);
    kith_status st = g->path ? open_parts(g, e) : err_nomem(e);
    if (st != KITH_OK) {
        engine_close(g);
        return st;
    }
    g->opts.path = g->path;
    *out = g;
    return KITH_OK;
}

kith_status engine_start(struct engine *g, kith_error *e) {
    TRY(conn_exec(g->writer, "BEGIN IMMEDIATE", e));
    kith_status st = subscribers_start(g, e);
    if (st == KITH_OK)
        st = outbox_start(g, e);
    if (st == KITH_OK)
        st = derived_start(g, e);
    if (st == KITH_OK)
        st = flow_topics_read(g, e);
    kith_status end =
        conn_exec(g->writer, st == KITH_OK ? "COMMIT" : "ROLLBACK", st == KITH_OK ? e : NULL);
    TRY(st);
    TRY(end);
    g->adding = NULL;
    outbox_committed(g);
    if (g->opts.still)
        return KITH_OK;
    TRY(checkpoint_start(g, e));
    TRY(writer_start(g, e));
    agent_settle(g);
    names_followed(g);
    addresses_followed(g);
    return KITH_OK;
}

void engine_close(struct engine *g) {
    if (!g)
        return;
    outbox_stop(g);
    reads_close(g);
    writer_stop(g);
    reads_free(g);
    checkpoint_stop(g);
    derived_close(g);
    readers_close(g);
    owner_release(g);
    conn_close(g->writer);
    schema_free(g->schema);
    map_free(&g->actors);
    map_free(&g->blocked);
    subscribers_free(g->subs);
    arena_free(&g->arena);
    arena_free(&g->work);
    arena_free(&g->listen_arena);
    arena_free(&g->derived);
    pthread_cond_destroy(&g->await.cond);
    pthread_cond_destroy(&g->work_cond);
    pthread_cond_destroy(&g->idle_cond);
    pthread_cond_destroy(&g->readers_cond);
    pthread_cond_destroy(&g->checkpoint_cond);
    pthread_cond_destroy(&g->outbox.work);
    pthread_mutex_destroy(&g->await.lock);
    pthread_mutex_destroy(&g->lock);
    pthread_mutex_destroy(&g->readers_lock);
    pthread_mutex_destroy(&g->known_lock);
    pthread_mutex_destroy(&g->sign_lock);
    pthread_mutex_destroy(&g->reads_lock);
    pthread_mutex_destroy(&g->outbox.lock);
    pthread_mutex_destroy(&g->checkpoint_lock);
    if (g->lock_fd >= 0)
        close(g->lock_fd);
    free(g->path);
    free(g);
}

/* -- registering ------------------------------------------------------------------------------- */

/* Copies a source into the arena and gives it its number. */
kith_status intern_source(struct engine *g, struct arena *a, const struct source *s,
                          struct source *copy, uint32_t *number, kith_error *e) {
    copy->kind = s->kind;
    copy->line = s->line;
    copy->name = arena_strdup(a, s->name ? s->name : "");
    copy->version = arena_strdup(a, s->version ? s->version : "");
    if (!copy->name || !copy->version)
        return err_nomem(e);
    return journal_intern_source(g->writer, copy, number, e);
}
