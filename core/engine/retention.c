/* SPDX-License-Identifier: Apache-2.0 */
/* Retention: what its rules find is deleted a few records at a time, by id, each in a savepoint of
 * its own. */
#include "engine/retention.h"
#include "base/log.h"
#include "engine/age.h"
#include "engine/bus.h"
#include "engine/engine_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HANDLER    "core:retention"
#define NIGHTLY    "45 2 * * *"
#define BATCH      200              /* records in one transaction, at most */
#define BATCH_TIME INT64_C(4000000) /* ns: then the others may write */
#define EXAMPLES   5

struct retention_rules {
    struct retention_rule *items;
    size_t count, cap;
};

static const struct age age = {HANDLER, "record"};

/* -- rules ------------------------------------------------------------------------------------- */

const struct retention_rule *engine_retention_rule(const struct engine *g, size_t i) {
    return g->retention && i < g->retention->count ? &g->retention->items[i] : NULL;
}

static const struct retention_rule *rule_named(const struct engine *g, const char *name) {
    const struct retention_rule *r;
    for (size_t i = 0; (r = engine_retention_rule(g, i)); i++)
        if (strcmp(r->name, name) == 0)
            return r;
    return NULL;
}

static kith_status parse(struct engine *g, struct retention_rule *r, kith_error *e) {
    const char *const *names;
    TRY(query_parse(&r->query, g->schema, &g->arena, str_of(r->find), e));
    if (query_totals(r->query) || query_counts(r->query) || query_limit(r->query) >= 0 ||
        query_params(r->query, &names) > 0)
        return err_set(e, KITH_E_INVAL, NULL,
                       "a rule finds records by a condition alone: without limit, totals and"
                       " parameters");
    return KITH_OK;
}

kith_status engine_add_retention(struct engine *g, const char *name, const char *find,
                                 const char *doc, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    if (rule_named(g, name))
        return err_set(e, KITH_E_CONFLICT, NULL, "there are two retention rules '%s'", name);
    if (!g->retention && !(g->retention = ARENA_NEW(&g->arena, struct retention_rules)))
        return err_nomem(e);
    struct retention_rules *all = g->retention;
    struct retention_rule *items =
        arena_grow(&g->arena, all->items, all->count, &all->cap, sizeof *items);
    if (!items)
        return err_nomem(e);
    all->items = items;
    struct retention_rule *r = &items[all->count];
    *r = (struct retention_rule){.name = arena_strdup(&g->arena, name),
                                 .find = arena_strdup(&g->arena, find),
                                 .doc = arena_strdup(&g->arena, doc)};
    if (!r->name || !r->find || !r->doc)
        return err_nomem(e);
    if (parse(g, r, &why) != KITH_OK) {
        r->query = NULL;
        r->wrong = arena_strdup(&g->arena, why.message);
        log_error("retention", "rule '%s' is off: %s", name, why.message);
    }
    all->count++;
    return KITH_OK;
}

/* -- a batch ----------------------------------------------------------------------------------- */

struct batch {
    const struct retention_rule *rule;
    kith_id after; /* the last record that was looked at */
    kith_id run;
    int64_t gone, stay;
    bool more;
    struct arena *arena; /* of the report; NULL: there is none */
    struct retention_report *report;
    size_t max;    /* records looked at */
    bool in_small; /* and no longer than BATCH_TIME */
};

struct one {
    const struct rtype *type;
    kith_id id;
};

static kith_status delete_one(struct txn *t, void *arg, kith_error *e) {
    const struct one *x = arg;
    return txn_delete(t, x->type, x->id, e);
}

static kith_status note_gone(struct batch *b, kith_id id, kith_error *e) {
    struct retention_report *r = b->report;
    b->gone++;
    if (!r || r->id_count == EXAMPLES)
        return KITH_OK;
    if (!r->ids && !(r->ids = ARENA_ARRAY(b->arena, kith_id, EXAMPLES)))
        return err_nomem(e);
    r->ids[r->id_count++] = id;
    return KITH_OK;
}

static kith_status note_stay(struct batch *b, const struct one *x, const kith_error *why,
                             kith_error *e) {
    struct retention_report *r = b->report;
    char id[ID_TEXT + 1], place[ERR_PLACE];
    id_format(x->id, id);
    if (b->stay++ == 0 && !r)
        log_warn("retention", "%s: %s %s stays (%s); 'kith retention' tells why", b->rule->name,
                 x->type->name, id, err_place(why, place));
    if (!r || r->stay_count == EXAMPLES)
        return KITH_OK;
    if (!r->stays && !(r->stays = ARENA_ARRAY(b->arena, struct retention_stay, EXAMPLES)))
        return err_nomem(e);
    struct retention_stay *s = &r->stays[r->stay_count++];
    *s = (struct retention_stay){x->id, arena_strdup(b->arena, why->message)};
    return s->reason ? KITH_OK : err_nomem(e);
}

/* What is part of another that the rule finds, too, may have gone with it. */
static kith_status handle(struct txn *t, struct batch *b, kith_id id, kith_error *e) {
    struct one x = {query_type(b->rule->query), id};
    kith_error why = KITH_ERROR_INIT;
    bool there;
    TRY(record_exists(t->g->writer, x.type, id, &there, e));
    if (!there)
        return KITH_OK;
    kith_status st = txn_try(t, delete_one, &x, &why);
    if (st == KITH_OK)
        return note_gone(b, id, e);
    if (bus_own_failure(t->g, st) || st == KITH_E_NOMEM) {
        err_copy(e, &why);
        return st;
    }
    return note_stay(b, &x, &why, e);
}

static kith_status run_batch(struct txn *t, struct batch *b, kith_error *e) {
    int64_t end = clock_ticks() + BATCH_TIME;
    struct query_env env;
    kith_id *ids;
    size_t n, i = 0;
    txn_env(t, &env);
    TRY(query_purposes(b->rule->query, NULL, NULL, t->g->writer, e));
    t->head.origin = ORIGIN_RETENTION;
    t->head.run = b->run;
    t->head.note = str_of(b->rule->name);
    TRY(member_roots(t->g->writer, b->rule->query, &env, NULL, b->after, (int64_t)b->max, t->arena,
                     &ids, &n, e));
    for (; i < n && (!b->in_small || clock_ticks() < end); i++)
        TRY(handle(t, b, ids[i], e));
    b->after = i ? ids[i - 1] : b->after;
    b->more = i < n || n == b->max;
    if (t->head.first && !b->run)
        b->run = t->head.run = txn_id(t);
    return KITH_OK;
}

/* -- every night ------------------------------------------------------------------------------- */

static kith_status again(struct txn *t, const struct batch *b, kith_error *e) {
    kith_id ignored;
    const char *payload = arena_printf(t->arena, "%llu %llu %lld %lld %s",
                                       (unsigned long long)b->after, (unsigned long long)b->run,
                                       (long long)b->gone, (long long)b->stay, b->rule->name);
    return payload ? txn_timer(t, HANDLER, age_next(t), NULL, 0, str_of(payload), &ignored, e)
                   : err_nomem(e);
}

static kith_status begin_all(struct txn *t, kith_error *e) {
    const struct retention_rule *r;
    for (size_t i = 0; (r = engine_retention_rule(t->g, i)); i++)
        if (r->query)
            TRY(again(t, &(struct batch){.rule = r}, e));
    return KITH_OK;
}

/* A rule that was renamed or taken out meanwhile is no more. */
static bool read_payload(struct engine *g, const char *text, struct batch *b) {
    char *rest = NULL;
    b->after = strtoull(text, &rest, 10);
    b->run = strtoull(rest, &rest, 10);
    b->gone = strtoll(rest, &rest, 10);
    b->stay = strtoll(rest, &rest, 10);
    b->rule = *rest ? rule_named(g, rest + 1) : NULL;
    return b->rule && b->rule->query;
}

/* A purpose that is gone would be one to which nobody said yes: whoever did would go. */
static bool can_run(struct txn *t, const struct retention_rule *r) {
    kith_error why = KITH_ERROR_INIT;
    if (query_purposes(r->query, NULL, NULL, t->g->writer, &why) == KITH_OK)
        return true;
    log_error("retention", "rule '%s' does nothing: %s", r->name, why.message);
    return false;
}

static kith_status fire(void *self, struct txn *t, const struct timer *timer, kith_error *e) {
    struct batch b = {.max = BATCH, .in_small = true};
    bool waits;
    (void)self;
    TRY(age_waits(t, &age, timer, &waits, e));
    if (waits)
        return KITH_OK;
    if (age_is_night(timer))
        return begin_all(t, e);
    const char *text = arena_strndup(t->arena, timer->payload.ptr, timer->payload.len);
    if (!text)
        return err_nomem(e);
    if (!read_payload(t->g, text, &b) || !can_run(t, b.rule))
        return KITH_OK;
    TRY(run_batch(t, &b, e));
    if (b.more)
        return again(t, &b, e);
    if (b.gone + b.stay > 0)
        log_info("retention", "%s: %lld deleted, %lld stay", b.rule->name, (long long)b.gone,
                 (long long)b.stay);
    return KITH_OK;
}

kith_status retention_add(struct engine *g, kith_error *e) {
    const struct timer_handler h = {.name = HANDLER,
                                    .cron = NIGHTLY,
                                    .fn = fire,
                                    .longest = AGE_LONGEST_MS,
                                    .source = {SOURCE_CORE, "retention", "", 0}};
    return engine_add_timer(g, &h, e);
}

/* -- asked for --------------------------------------------------------------------------------- */

/* A batch may run twice: each time from where the last one ended. */
struct attempt {
    struct batch from, to;
    struct retention_report was;
};

static kith_status try_batch(struct txn *t, void *arg, kith_error *e) {
    struct attempt *x = arg;
    x->to = x->from;
    *x->to.report = x->was;
    return run_batch(t, &x->to, e);
}

static kith_status check_rule(const struct retention_rule *rule, kith_error *e) {
    return rule->query
               ? KITH_OK
               : err_set(e, KITH_E_INVAL, NULL, "rule '%s' is off: %s", rule->name, rule->wrong);
}

static kith_status count_found(struct engine *g, const struct principal *p,
                               const struct retention_rule *rule, struct arena *a, int64_t *found,
                               kith_error *e) {
    struct find_page page = {.limit = 1};
    struct query *q;
    const char *text = arena_printf(a, "%s : count()", rule->find);
    if (!text)
        return err_nomem(e);
    TRY(query_parse(&q, g->schema, a, str_of(text), e));
    TRY(engine_find(g, p, q, NULL, &page, a, NULL, NULL, e));
    *found = page.count;
    return KITH_OK;
}

kith_status engine_retention_rehearse(struct engine *g, const struct principal *p,
                                      const struct retention_rule *rule, struct arena *a,
                                      struct retention_report *out, kith_error *e) {
    const struct write_opts o = {.principal = p, .origin = ORIGIN_RETENTION};
    struct attempt x = {.from = {.rule = rule, .arena = a, .report = out, .max = RETENTION_TRIED}};
    struct rehearsal ignored;
    *out = (struct retention_report){0};
    TRY(check_rule(rule, e));
    TRY(count_found(g, p, rule, a, &out->found, e));
    x.was = *out;
    TRY(engine_rehearse(g, &o, try_batch, &x, a, &ignored, e));
    out->tried = x.to.gone + x.to.stay;
    out->stay = x.to.stay;
    return KITH_OK;
}

kith_status engine_retention_apply(struct engine *g, const struct principal *p,
                                   const struct retention_rule *rule, struct arena *a,
                                   struct retention_report *out, kith_error *e) {
    const struct write_opts o = {.principal = p, .origin = ORIGIN_RETENTION};
    struct attempt x = {
        .from = {
            .rule = rule, .more = true, .arena = a, .report = out, .max = BATCH, .in_small = true}};
    *out = (struct retention_report){0};
    TRY(check_rule(rule, e));
    while (x.from.more) {
        x.was = *out;
        TRY(engine_write(g, &o, try_batch, &x, NULL, e));
        x.from = x.to;
        if (x.from.more)
            age_pause();
    }
    out->tried = out->found = x.to.gone + x.to.stay;
    out->stay = x.to.stay;
    out->run = x.to.run;
    return KITH_OK;
}
