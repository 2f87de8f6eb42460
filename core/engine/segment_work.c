/* SPDX-License-Identifier: Apache-2.0 */
/* Segments: what is not done in the transaction of a write. Working a segment out anew and looking
 * at more records than a write can wait for go in batches, whose place is kept in the database; and
 * what the passing of time changes is looked at when it is due. */
#include "engine/bus.h"
#include "engine/engine_internal.h"

#include <stdio.h>

#include "base/log.h"

#define FILL_ROWS     5000 /* of a type, looked at by SQL in one batch */
#define EVALUATE_ROWS 500  /* looked at one by one in one batch */
#define AT_ONCE       1000 /* records of a type that are looked at in the write of the segment */
#define FLIP_ROWS     500
#define RETRY_MS      3600000 /* what could not be worked out is tried again after it */

/* -- asking for it ----------------------------------------------------------------------------- */

static kith_status settle(struct engine *g, kith_id segment, uint32_t kind, kith_str query,
                          kith_error *e) {
    struct settle s = {.segment = segment, .kind = kind, .query = query};
    g->segments.settling = true;
    g->segments.touched = true;
    TRY(segment_set(g->writer, segment, "settling", 1, e));
    return settle_add(g->writer, &s, e);
}

kith_status segment_settle_later(struct txn *t, struct segment *s, kith_str query, kith_error *e) {
    return settle(t->g, s->id, SETTLE_ROOTS, query, e);
}

/* From the beginning and after all else: what was looked at already may have changed since, and
 * what it asks for may be worked out only after it. */
static kith_status settle_again(struct engine *g, const struct segment *s, kith_error *e) {
    TRY(settle_cancel(g->writer, s->id, SETTLE_AGAIN, e));
    return settle(g, s->id, SETTLE_AGAIN, (kith_str){0}, e);
}

kith_status segments_settle_all(struct engine *g, kith_error *e) {
    const struct segment_list *all = &g->segments.all;
    TRY(segments_load(g, e));
    for (size_t i = 0; i < all->count; i++)
        if (!all->items[i]->list)
            TRY(settle_again(g, all->items[i], e));
    return KITH_OK;
}

/* Members of what is no segment go, too. */
kith_status segments_again(struct txn *t, kith_error *e) {
    const struct segment_list *all = &t->g->segments.all;
    kith_id *strays;
    size_t n;
    TRY(segments_load(t->g, e));
    for (size_t i = 0; i < all->count; i++)
        TRY(settle_again(t->g, all->items[i], e));
    TRY(member_strays(t->g->writer, t->arena, &strays, &n, e));
    for (size_t i = 0; i < n; i++)
        TRY(settle(t->g, strays[i], SETTLE_DROP, (kith_str){0}, e));
    return KITH_OK;
}

static bool asks_for_anew(struct engine *g, const struct segment *s) {
    for (size_t i = 0; i < s->depends.count; i++) {
        kith_id id = s->depends.items[i].segment;
        const struct segment *asked = id ? segment_by_id(g, id) : NULL;
        if (asked && asked->anew)
            return true;
    }
    return false;
}

kith_status segments_askers_again(struct engine *g, kith_error *e) {
    const struct segment_list *all = &g->segments.all;
    for (size_t i = 0; i < all->count; i++) {
        struct segment *s = all->items[i];
        if (s->anew || !asks_for_anew(g, s))
            continue;
        s->anew = true;
        TRY(settle_again(g, s, e));
    }
    return KITH_OK;
}

static bool asks_for_words(const struct segment *s, const struct rtype *type) {
    for (size_t i = 0; i < s->depends.count; i++)
        if (s->depends.items[i].words && s->depends.items[i].type == type)
            return true;
    return false;
}

kith_status segments_indexed(struct engine *g, const struct rtype *type, kith_error *e) {
    const struct segment_list *all = &g->segments.all;
    TRY(segments_load(g, e));
    for (size_t i = 0; i < all->count; i++) {
        all->items[i]->anew = asks_for_words(all->items[i], type);
        if (all->items[i]->anew)
            TRY(settle_again(g, all->items[i], e));
    }
    return segments_askers_again(g, e);
}

static kith_status rebuild_askers(struct engine *g, kith_id id, kith_error *e) {
    const struct segment_list *all = &g->segments.all;
    for (size_t i = 0; i < all->count; i++)
        all->items[i]->anew = all->items[i]->id == id;
    return segments_askers_again(g, e);
}

static kith_status work(struct txn *t, void *arg, kith_error *e);

static kith_status is_small(struct txn *t, const struct settle *job, bool *small, kith_error *e) {
    const struct segment *s = segment_by_id(t->g, job->segment);
    kith_id last = INT64_MAX;
    if (s && s->type)
        TRY(member_range(t->g->writer, s->type, 0, AT_ONCE + 1, &last, e));
    *small = last == INT64_MAX;
    return KITH_OK;
}

/* What is left, up to the first that would take long. */
static kith_status settle_small(struct txn *t, kith_error *e) {
    for (;;) {
        struct settle first;
        bool found, small = false;
        TRY(settle_first(t->g->writer, t->arena, &first, &found, e));
        if (found)
            TRY(is_small(t, &first, &small, e));
        if (!small)
            return KITH_OK;
        TRY(work(t, &first, e));
    }
}

kith_status segment_rebuild(struct txn *t, kith_id id, uint32_t kind, kith_error *e) {
    TRY(settle_cancel(t->g->writer, id, 0, e));
    TRY(settle(t->g, id, kind, (kith_str){0}, e));
    t->g->segments.loaded = false;
    TRY(segments_load(t->g, e));
    TRY(rebuild_askers(t->g, id, e));
    struct segment *s = segment_by_id(t->g, id);
    if (!s || s->broken)
        return KITH_OK;
    TRY(segment_set_class(t->g->writer, id, segment_class(s), e));
    return settle_small(t, e);
}

/* -- what cannot be worked out ----------------------------------------------------------------- */

/* The segment says so itself, until it is worked out anew; the log says it once. */
static kith_status note_problem(struct txn *t, const struct segment *s, const char *why,
                                kith_error *e) {
    bool first;
    TRY(segment_problem(t->g->writer, s->id, why, &first, e));
    if (first)
        log_error("segments", "segment '%s' cannot be worked out: %s", s->name, why);
    return KITH_OK;
}

static kith_status try_later(struct txn *t, const struct segment *s, kith_error *e) {
    t->g->refresh_due = true;
    return flip_set(t->g->writer, s->id, 0, t->head.at + RETRY_MS, e);
}

struct look {
    struct segment *segment;
    kith_id record;
};
static kith_status look(struct txn *t, void *arg, kith_error *e) {
    const struct look *l = arg;
    const kith_value *values;
    TRY(txn_lookup(t, l->segment->type, l->record, &values, e));
    return segment_evaluate(t, l->segment, l->record, values, e);
}

/* Looks at one record. One that fails by its own fault holds nobody up; KITH_E_LIMIT: it takes too
 * long, and so would others of the segment. */
static kith_status look_at(struct txn *t, struct segment *s, kith_id record, kith_error *e) {
    struct look l = {s, record};
    kith_error why = KITH_ERROR_INIT;
    char id[ID_TEXT + 1];
    kith_status st = txn_try(t, look, &l, &why);
    if (st == KITH_OK)
        return KITH_OK;
    if (st == KITH_E_LIMIT || bus_own_failure(t->g, st)) {
        err_copy(e, &why);
        return st;
    }
    id_format(record, id);
    const char *text = arena_printf(t->arena, "%s %s: %s", s->type->name, id, why.message);
    if (!text)
        return err_nomem(e);
    TRY(flip_set(t->g->writer, s->id, record, INT64_MAX, e));
    TRY(note_problem(t, s, text, e));
    return try_later(t, s, e);
}

/* -- working a segment out --------------------------------------------------------------------- */

static kith_status begin_build(struct txn *t, const struct segment *s, kith_error *e) {
    TRY(segment_problem(t->g->writer, s->id, NULL, NULL, e));
    return s->list ? KITH_OK : flip_set(t->g->writer, s->id, 0, INT64_MAX, e);
}

static kith_status end_build(struct txn *t, struct segment *s, kith_error *e) {
    struct conn *c = t->g->writer;
    int64_t n;
    char more[64];
    bool first = s->building;
    TRY(member_count(c, s->id, &n, e));
    TRY(segment_set(c, s->id, "members", n, e));
    TRY(segment_set(c, s->id, "refreshed", t->head.at, e));
    if (s->depends.whole)
        TRY(flip_set(c, s->id, 0, t->head.at + s->refresh, e));
    t->g->refresh_due = true;
    s->building = false;
    t->g->segments.touched = true;
    snprintf(more, sizeof more, ",\"members\":%lld", (long long)n);
    return first ? segment_publish(t, s, "segment.built", t->g->schema->base.segment.type, s->id,
                                   more, e)
                 : KITH_OK;
}

/* Everything at once: what its limit lets in depends on all others. */
static kith_status build_whole(struct txn *t, struct segment *s, kith_error *e) {
    struct query_env env;
    kith_id *enter, *leave;
    size_t entering, leaving;
    bool changed;
    segment_env(t, &env);
    TRY(member_differences(t->g->writer, s->id, s->query, &env, t->arena, &enter, &entering, &leave,
                           &leaving, e));
    for (size_t i = 0; i < leaving; i++) {
        TRY(member_remove(t->g->writer, s->id, leave[i], &changed, e));
        TRY(segment_flipped(t, s, leave[i], false, e));
    }
    for (size_t i = 0; i < entering; i++) {
        TRY(member_add(t->g->writer, s->id, enter[i], t->head.at, false, &changed, e));
        TRY(segment_flipped(t, s, enter[i], true, e));
    }
    return KITH_OK;
}

static kith_status evaluate_all(struct txn *t, struct segment *s, const kith_id *ids, size_t n,
                                kith_error *e) {
    for (size_t i = 0; i < n; i++)
        TRY(look_at(t, s, ids[i], e));
    return KITH_OK;
}

/* One by one: each has an instant at which it is to be looked at again, or an event to be told. */
static kith_status build_by_record(struct txn *t, struct segment *s, kith_id *at, kith_error *e) {
    struct query_env env;
    struct query *all;
    kith_id *ids;
    size_t n;
    segment_env(t, &env);
    TRY(query_parse(&all, t->g->schema, t->arena, str_of(s->type->name), e));
    TRY(member_roots(t->g->writer, all, &env, NULL, *at, EVALUATE_ROWS, t->arena, &ids, &n, e));
    TRY(evaluate_all(t, s, ids, n, e));
    kith_id hi = n < EVALUATE_ROWS ? INT64_MAX : ids[n - 1];
    TRY(member_forget_gone(t->g->writer, s->id, s->type, *at, hi, e));
    *at = hi;
    return KITH_OK;
}

static kith_status build_range(struct txn *t, struct segment *s, kith_id *at, kith_error *e) {
    struct query_env env;
    kith_id hi;
    segment_env(t, &env);
    TRY(member_range(t->g->writer, s->type, *at, FILL_ROWS, &hi, e));
    TRY(member_fill(t->g->writer, s->id, s->query, &env, *at, hi, t->arena, e));
    *at = hi;
    return KITH_OK;
}

/* -- one batch of what is left ----------------------------------------------------------------- */

static kith_status build(struct txn *t, struct segment *s, struct settle *job, kith_error *e) {
    if (s->list) {
        job->at = INT64_MAX;
        return member_relist(t->g->writer, s->id, t->head.at, e);
    }
    if (s->depends.whole) {
        TRY(build_whole(t, s, e));
        job->at = INT64_MAX;
        return KITH_OK;
    }
    return job->kind == SETTLE_AGAIN || s->depends.timed ? build_by_record(t, s, &job->at, e)
                                                         : build_range(t, s, &job->at, e);
}

static kith_status look_at_more(struct txn *t, struct segment *s, struct settle *job,
                                kith_error *e) {
    struct query_env env;
    struct query *q;
    kith_id *ids;
    size_t n;
    segment_env(t, &env);
    TRY(query_parse(&q, t->g->schema, t->arena, job->query, e));
    TRY(member_roots(t->g->writer, q, &env, NULL, job->at, EVALUATE_ROWS, t->arena, &ids, &n, e));
    TRY(evaluate_all(t, s, ids, n, e));
    job->at = n < EVALUATE_ROWS ? INT64_MAX : ids[n - 1];
    return KITH_OK;
}

static kith_status drop_batch(struct txn *t, struct settle *job, kith_error *e) {
    int64_t gone, flips;
    TRY(member_drop(t->g->writer, job->segment, FILL_ROWS, &gone, e));
    TRY(flip_drop(t->g->writer, job->segment, FILL_ROWS, &flips, e));
    job->at = gone < FILL_ROWS && flips < FILL_ROWS ? INT64_MAX : 1;
    return KITH_OK;
}

static kith_status work_on(struct txn *t, struct segment *s, struct settle *job, kith_error *e) {
    switch (job->kind) {
    case SETTLE_DROP:
        return drop_batch(t, job, e);
    case SETTLE_ROOTS:
        return look_at_more(t, s, job, e);
    case SETTLE_PURGE:
        return segment_purge(t, s, job, e);
    case SETTLE_DELETE:
        return segment_delete_more(t, job, e);
    default:
        return build(t, s, job, e);
    }
}

/* The segment is exact again, unless something else is left. */
static kith_status end_job(struct txn *t, struct segment *s, const struct settle *job,
                           kith_error *e) {
    int64_t left;
    TRY(settle_done(t->g->writer, job->id, e));
    if (!s)
        return KITH_OK;
    if (job->kind == SETTLE_BUILD || job->kind == SETTLE_AGAIN)
        TRY(end_build(t, s, e));
    TRY(settle_left(t->g->writer, s->id, 0, &left, e));
    return left ? KITH_OK : segment_settled(t->g->writer, s->id, e);
}

/* A batch of the first thing that is left. One of a segment that cannot be read waits for nobody:
 * the segment stays marked and is worked out once it can be. */
static kith_status work(struct txn *t, void *arg, kith_error *e) {
    struct settle *job = arg;
    TRY(segments_load(t->g, e));
    struct segment *s = segment_by_id(t->g, job->segment);
    bool readable = s && (!s->broken || job->kind == SETTLE_DELETE);
    if (job->kind != SETTLE_DROP && !readable)
        return settle_done(t->g->writer, job->id, e);
    if (job->at == 0 &&
        (job->kind == SETTLE_BUILD || job->kind == SETTLE_AGAIN || job->kind == SETTLE_PURGE))
        TRY(begin_build(t, s, e));
    TRY(work_on(t, s, job, e));
    TRY(segments_load(t->g, e)); /* what it wrote may have made them stale */
    if (job->at == INT64_MAX)
        return end_job(t, segment_by_id(t->g, job->segment), job, e);
    return settle_move(t->g->writer, job, e);
}

/* -- what is due ------------------------------------------------------------------------------- */

static kith_status flip(struct txn *t, const struct flip *f, kith_error *e) {
    struct segment *s = segment_by_id(t->g, f->segment);
    if (!s || (f->record && !s->depends.timed)) /* its query was another one then */
        return flip_set(t->g->writer, f->segment, f->record, INT64_MAX, e);
    if (f->record)
        return look_at(t, s, f->record, e);
    TRY(flip_set(t->g->writer, f->segment, 0, INT64_MAX, e));
    return settle(t->g, s->id, s->list ? SETTLE_PURGE : SETTLE_AGAIN, (kith_str){0}, e);
}

/* The first one's segment takes too long: all of its records are looked at later instead. */
static kith_status put_off(struct txn *t, struct flip *flips, size_t n, const char *why,
                           kith_error *e) {
    const struct segment *s = segment_by_id(t->g, flips[0].segment);
    TRY(note_problem(t, s, why, e));
    for (size_t i = 0; i < n; i++)
        if (flips[i].segment == s->id) {
            TRY(flip_set(t->g->writer, s->id, flips[i].record, INT64_MAX, e));
            flips[i].segment = 0;
        }
    return try_later(t, s, e);
}

static kith_status flip_batch(struct txn *t, void *arg, kith_error *e) {
    struct flip *flips;
    size_t n;
    (void)arg;
    TRY(flip_due(t->g->writer, t->head.at, FLIP_ROWS, t->arena, &flips, &n, e));
    for (size_t i = 0; i < n; i++) {
        kith_error why = KITH_ERROR_INIT;
        TRY(segments_load(t->g, e));
        kith_status st = flips[i].segment ? flip(t, &flips[i], &why) : KITH_OK;
        if (st == KITH_E_LIMIT)
            TRY(put_off(t, flips + i, n - i, why.message, e));
        else if (st != KITH_OK) {
            err_copy(e, &why);
            return st;
        }
    }
    return KITH_OK;
}

/* What was worked out at a time that has not come yet is wrong, and when it is next due, too. */
kith_status segments_set_back(struct engine *g, kith_error *e) {
    const struct segment_list *all = &g->segments.all;
    TRY(segments_load(g, e));
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i]->depends.timed || all->items[i]->depends.whole)
            TRY(settle(g, all->items[i]->id, SETTLE_AGAIN, (kith_str){0}, e));
    return KITH_OK;
}

/* -- in transactions of their own -------------------------------------------------------------- */

static kith_status in_transaction(struct engine *g, write_fn fn, void *arg, kith_error *e) {
    static const struct source core = {SOURCE_CORE, "segments", "", 0};
    struct write_opts o = {.principal = &segment_principal, .origin = ORIGIN_SYSTEM};
    return group_write(g, &o, &core, g->segments.source, fn, arg, e);
}

struct attempt {
    struct settle job;
    kith_error why; /* it failed */
};

/* What cannot be done does not hold up what is left behind it. */
static kith_status give_up(struct txn *t, void *arg, kith_error *e) {
    const struct attempt *a = arg;
    TRY(segments_load(t->g, e));
    const struct segment *s = segment_by_id(t->g, a->job.segment);
    TRY(settle_done(t->g->writer, a->job.id, e));
    if (!s)
        return KITH_OK;
    TRY(note_problem(t, s, a->why.message, e));
    return s->list && a->job.kind != SETTLE_PURGE ? KITH_OK : try_later(t, s, e);
}

kith_status segments_settle(struct engine *g, kith_error *e) {
    struct attempt try = {.why = KITH_ERROR_INIT};
    struct arena a = {0};
    bool found = false;
    kith_status st = settle_first(g->writer, &a, &try.job, &found, e);
    g->segments.settling = found;
    if (st == KITH_OK && found)
        st = in_transaction(g, work, &try.job, e);
    if (found && st != KITH_OK && st != KITH_E_NOMEM && st != KITH_E_IO && st != KITH_E_FULL &&
        st != KITH_E_CORRUPT) {
        err_copy(&try.why, e);
        st = in_transaction(g, give_up, &try, e);
    }
    g->segments.settling |= found;
    g->refresh_due = true;
    arena_free(&a);
    return st;
}

bool segments_waiting(const struct engine *g) {
    return g->segments.settling;
}

kith_status segments_next_due(struct engine *g, int64_t *due, kith_error *e) {
    return flip_next_due(g->writer, due, e);
}

void segments_step(struct engine *g) {
    kith_error e = KITH_ERROR_INIT;
    int64_t due = INT64_MAX;
    kith_status st = segments_next_due(g, &due, &e);
    if (st == KITH_OK && due <= clock_now(g->clock))
        st = in_transaction(g, flip_batch, NULL, &e);
    if (st == KITH_OK && g->segments.settling)
        st = segments_settle(g, &e);
    g->refresh_due = true;
    if (st != KITH_OK)
        bus_held_up(g, "segments are held up", &e);
}
