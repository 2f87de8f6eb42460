/* SPDX-License-Identifier: Apache-2.0 */
/* Bulk: the ids are looked up first, by a reader; then they are written in groups, each in a
 * transaction of its own, if the query still finds them. */
#include "engine/bulk.h"
#include "engine/bus.h"
#include "engine/engine_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE      1000 /* ids that are read at once */
#define GROUP     200  /* records of one transaction */
#define GROUP_MS  10   /* and for so long: others wait meanwhile */
#define TRIED_MAX 300  /* that are rehearsed in place */

struct run {
    struct engine *g;
    const struct bulk *bulk;
    struct arena *arena;
    struct bulk_report *report;
    kith_id *ids; /* in order */
    size_t count, cap;
    size_t at, next; /* where it stands, and where it will when the group is committed */
    bool rehearse;
};

/* -- which records ----------------------------------------------------------------------------- */

static kith_status keep_id(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct run *r = arg;
    (void)values;
    if (r->count == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : PAGE;
        kith_id *ids = realloc(r->ids, cap * sizeof *ids);
        if (!ids)
            return err_nomem(e);
        r->ids = ids;
        r->cap = cap;
    }
    r->ids[r->count++] = id;
    return KITH_OK;
}

static int by_id(const void *a, const void *b) {
    kith_id x = *(const kith_id *)a, y = *(const kith_id *)b;
    return x < y ? -1 : x > y;
}

static kith_status find_all(struct run *r, const struct principal *p, kith_error *e) {
    struct find_page page = {.limit = PAGE, .again = true};
    struct arena scratch = {0};
    kith_status st;
    do {
        kith_str cursor = arena_str(r->arena, page.cursor);
        arena_reset(&scratch);
        page.after = cursor;
        page.cursor = (kith_str){0};
        st = engine_find(r->g, p, r->bulk->query, NULL, &page, &scratch, keep_id, r, e);
        if (st == KITH_OK && r->rehearse && r->count > TRIED_MAX)
            st = err_set(e, KITH_E_LIMIT, NULL, "these are too many to be tried in place");
    } while (st == KITH_OK && page.cursor.len);
    arena_free(&scratch);
    if (r->count)
        qsort(r->ids, r->count, sizeof *r->ids, by_id);
    r->report->found = r->count;
    return st;
}

/* Those of the next ones that the query still finds, in order: somebody may have changed them. */
static kith_status still_found(struct txn *t, const struct run *r, size_t end, kith_id **ids,
                               size_t *n, kith_error *e) {
    struct conn *w = t->g->writer;
    struct query_env env;
    struct query_sql sql;
    sqlite3_stmt *st;
    txn_env(t, &env);
    env.redirects = w;
    TRY(query_ids_sql(r->bulk->query, &env, NULL, r->ids[r->at] - 1, r->ids[end - 1], t->arena,
                      &sql, e));
    TRY(conn_prepare(w, sql.sql, &st, e));
    query_bind(st, &sql);
    TRY(conn_ids(w, st, t->arena, ids, n, e));
    if (*n)
        qsort(*ids, *n, sizeof **ids, by_id);
    return KITH_OK;
}

/* -- one record -------------------------------------------------------------------------------- */

struct one {
    const struct bulk *bulk;
    kith_id id;
};

static kith_status write_one(struct txn *t, void *arg, kith_error *e) {
    const struct one *o = arg;
    const struct rtype *type = query_type(o->bulk->query);
    return o->bulk->delete ? txn_delete(t, type, o->id, e)
                           : txn_update(t, type, o->id, o->bulk->set, o->bulk->count, e);
}

static kith_status note_refusal(struct run *r, struct bulk_report *out, kith_id id,
                                const kith_error *why, kith_error *e) {
    out->refused++;
    if (out->refusal_count == BULK_REFUSALS)
        return KITH_OK;
    if (!out->refusals)
        out->refusals = ARENA_ARRAY(r->arena, struct bulk_refusal, BULK_REFUSALS);
    if (!out->refusals)
        return err_nomem(e);
    struct bulk_refusal *x = &out->refusals[out->refusal_count++];
    *x = (struct bulk_refusal){id, arena_strdup(r->arena, why->field),
                               arena_strdup(r->arena, why->message)};
    return x->field && x->reason ? KITH_OK : err_nomem(e);
}

static kith_status carry_out(struct txn *t, struct run *r, struct bulk_report *out, kith_id id,
                             kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    struct one one = {r->bulk, id};
    uint64_t seq = t->g->seq;
    kith_status st = txn_try(t, write_one, &one, &why);
    if (st == KITH_OK) {
        out->unchanged += t->g->seq == seq;
        out->changed += t->g->seq != seq;
        return KITH_OK;
    }
    if (bus_own_failure(t->g, st)) {
        err_copy(e, &why);
        return st;
    }
    return note_refusal(r, out, id, &why, e);
}

/* -- groups ------------------------------------------------------------------------------------ */

/* May run twice: what it changes is set at its end. */
static kith_status write_group(struct txn *t, void *arg, kith_error *e) {
    struct run *r = arg;
    struct bulk_report out = *r->report;
    int64_t end = clock_in(GROUP_MS);
    size_t most = r->rehearse || r->count - r->at < GROUP ? r->count : r->at + GROUP, i = r->at;
    kith_id *found;
    size_t n, k = 0;
    TRY(still_found(t, r, most, &found, &n, e));
    for (; i < most && (i == r->at || r->rehearse || clock_ticks() < end); i++) {
        struct arena_mark mark = arena_mark(t->arena);
        while (k < n && found[k] < r->ids[i])
            k++;
        if (k < n && found[k] == r->ids[i])
            TRY(carry_out(t, r, &out, r->ids[i], e));
        else
            out.passed++;
        arena_release(t->arena, mark);
    }
    if (i < r->count && !t->head.run && t->head.first)
        t->head.run = txn_id(t); /* the others of the run bear its number */
    *r->report = out;
    r->next = i;
    return KITH_OK;
}

/* "update of task: state, due": no values, since a note outlives what is erased. */
static void note_of(const struct bulk *b, char *note, size_t size) {
    const struct rtype *type = query_type(b->query);
    size_t n = (size_t)snprintf(note, size, "%s of %s%s", b->delete ? "deletion" : "update",
                                type->name, b->delete ? " by a query" : ":");
    for (size_t i = 0; i < b->count && n < size; i++)
        n += (size_t)snprintf(note + n, size - n, "%s %s", i ? "," : "", b->set[i].field->name);
}

static kith_status run_groups(struct run *r, const struct principal *p, bulk_tell tell, void *arg,
                              kith_error *e) {
    char note[200];
    struct write_opts o = {.principal = p, .origin = ORIGIN_CLI, .note = note};
    note_of(r->bulk, note, sizeof note);
    while (r->at < r->count) {
        kith_id tx = 0;
        TRY(engine_write(r->g, &o, write_group, r, &tx, e));
        r->at = r->next;
        r->report->tx = r->report->tx ? r->report->tx : tx;
        o.run = r->report->tx;
        if (tell)
            TRY(tell(arg, r->at, r->count, e));
    }
    return KITH_OK;
}

static kith_status check(const struct bulk *b, kith_error *e) {
    if (query_counts(b->query) || query_totals(b->query))
        return err_set(e, KITH_E_INVAL, NULL, "a query of records is needed, not of totals");
    return KITH_OK;
}

kith_status engine_bulk(struct engine *g, const struct principal *p, const struct bulk *b,
                        bulk_tell tell, void *arg, struct arena *a, struct bulk_report *out,
                        kith_error *e) {
    struct run r = {.g = g, .bulk = b, .arena = a, .report = out};
    *out = (struct bulk_report){0};
    TRY(check(b, e));
    kith_status st = find_all(&r, p, e);
    if (st == KITH_OK)
        st = run_groups(&r, p, tell, arg, e);
    free(r.ids);
    return st;
}

kith_status engine_bulk_rehearse(struct engine *g, const struct principal *p, const struct bulk *b,
                                 struct arena *a, struct bulk_report *out,
                                 struct rehearsal *effects, kith_error *e) {
    struct write_opts o = {.principal = p, .origin = ORIGIN_CLI};
    struct run r = {.g = g, .bulk = b, .arena = a, .report = out, .rehearse = true};
    *out = (struct bulk_report){0};
    *effects = (struct rehearsal){0};
    TRY(check(b, e));
    kith_status st = find_all(&r, p, e);
    if (st == KITH_OK && r.count)
        st = engine_rehearse(g, &o, write_group, &r, a, effects, e);
    free(r.ids);
    return st;
}
