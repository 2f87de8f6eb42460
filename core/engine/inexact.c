/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept beside the records, who is in a segment and what the search index knows, may be
 * behind them for a while. Whether a query asks for such a thing now. */
#include "engine/engine_internal.h"
#include "record/access.h"

#include <poll.h>

struct asking {
    struct engine *g;
    const struct principal *principal;
    struct conn *c;
    struct arena *arena;
    struct search_gap *gaps;
    size_t gap_count;
};

static bool waits_for_index(const struct asking *k, const struct query_depends *d) {
    for (size_t i = 0; i < d->count; i++)
        for (size_t n = 0; d->items[i].words && n < k->gap_count; n++)
            if (k->gaps[n].type == d->items[i].type->id)
                return true;
    return false;
}

/* Does it ask for consents while one has ended that does not say so yet? */
static kith_status waits_for_consents(const struct asking *k, const struct query_depends *d,
                                      bool *yes, kith_error *e) {
    const struct rtype *consent = k->g->schema->base.consent.type;
    for (size_t i = 0; i < d->count; i++)
        if (d->items[i].type == consent)
            return consent_overdue(k->c, engine_now(k->g), yes, e);
    return KITH_OK;
}

/* It is being worked out, or something of it is due, or one that it asks for is so. Circles are
 * refused when they are made. */
static kith_status unsettled(struct asking *k, kith_id segment, struct segment_row *row, bool *yes,
                             kith_error *e) {
    struct query *q;
    struct query_depends d;
    TRY(segment_row(k->c, segment, k->arena, row, e));
    *yes = row->settling;
    if (!*yes)
        TRY(flip_overdue(k->c, segment, engine_now(k->g), yes, e));
    if (!row->id || *yes || !str_eqz(row->kind, "live"))
        return KITH_OK;
    kith_error unread = KITH_ERROR_INIT;
    *yes = query_parse(&q, k->g->schema, k->arena, row->query, &unread) != KITH_OK;
    if (*yes)
        return KITH_OK;
    TRY(query_depends(q, k->arena, &d, e));
    *yes = waits_for_index(k, &d);
    if (!*yes)
        TRY(waits_for_consents(k, &d, yes, e));
    for (size_t i = 0; i < d.count && !*yes; i++) {
        struct segment_row asked;
        if (d.items[i].segment)
            TRY(unsettled(k, d.items[i].segment, &asked, yes, e));
    }
    return KITH_OK;
}

/* In a segment that the caller may not read there is nobody, whatever is done to it. */
static kith_status look_at_segment(struct asking *k, kith_id segment, const char **why,
                                   kith_error *e) {
    const struct rtype *t = k->g->schema->base.segment.type;
    kith_value *values = ARENA_ARRAY(k->arena, kith_value, t->field_count);
    struct segment_row row;
    bool yes;
    if (!values)
        return err_nomem(e);
    TRY(access_find(k->c, k->principal, t, segment, k->arena, values, &yes, e));
    if (yes)
        TRY(unsettled(k, segment, &row, &yes, e));
    if (!yes)
        return KITH_OK;
    bool spent = str_eqz(row.kind, "rented") && !row.settling;
    *why = arena_printf(k->arena,
                        spent ? "list '%.*s' is spent: who is in it is about to go"
                              : "segment '%.*s' is being worked out: the answer may have too few or"
                                " too many",
                        (int)row.name.len, row.name.ptr);
    return *why ? KITH_OK : err_nomem(e);
}

kith_status segment_unsettled(struct engine *g, struct conn *c, kith_id id, struct arena *a,
                              bool *yes, kith_error *e) {
    struct asking k = {.g = g, .c = c, .arena = a};
    struct segment_row row;
    TRY(search_gaps(c, a, &k.gaps, &k.gap_count, e));
    return unsettled(&k, id, &row, yes, e);
}

static kith_status why_inexact(struct asking *k, const struct query_depends *d, const char **why,
                               kith_error *e) {
    TRY(search_gaps(k->c, k->arena, &k->gaps, &k->gap_count, e));
    if (waits_for_index(k, d))
        *why = "the search index is being built: the answer may have too few or too many";
    for (size_t i = 0; i < d->count && !*why; i++)
        if (d->items[i].segment)
            TRY(look_at_segment(k, d->items[i].segment, why, e));
    return KITH_OK;
}

kith_status engine_inexact(struct engine *g, const struct principal *p, const struct query *q,
                           struct arena *a, const char **why, kith_error *e) {
    struct asking k = {.g = g, .principal = p, .arena = a};
    struct query_depends d;
    *why = NULL;
    TRY(query_depends(q, a, &d, e));
    TRY(engine_reader(g, &k.c, e));
    kith_status st = why_inexact(&k, &d, why, e);
    engine_reader_done(g, k.c);
    return st;
}

/* -- catching up ------------------------------------------------------------------------------- */

#define LOOK_EVERY_MS 5

static kith_status is_behind(struct engine *g, bool *yes, kith_error *e) {
    struct conn *c;
    int64_t now = engine_now(g), due = INT64_MAX;
    TRY(engine_reader(g, &c, e));
    kith_status st = consent_overdue(c, now, yes, e);
    if (st == KITH_OK)
        st = flip_next_due(c, &due, e);
    engine_reader_done(g, c);
    *yes |= due <= now;
    return st;
}

kith_status engine_catch_up(struct engine *g, int64_t timeout_ms, kith_error *e) {
    int64_t end = clock_in(timeout_ms);
    bool behind = false;
    TRY(is_behind(g, &behind, e));
    while (behind && clock_ticks() < end) {
        poll(NULL, 0, LOOK_EVERY_MS);
        TRY(is_behind(g, &behind, e));
    }
    return KITH_OK;
}
