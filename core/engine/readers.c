/* SPDX-License-Identifier: Apache-2.0 */
/* Readers: a pool of read-only connections, each statement with a deadline; and finding, one page
 * at a time, on any connection. */
#include "engine/engine_internal.h"

#include <stdlib.h>
#include <string.h>

/* Steps of SQLite between two looks at the clock: one that compares a long text takes 10 ms. */
#define LOOK_EVERY 500

static int past_deadline(void *arg) {
    const struct reader *r = arg;
    return r->busy && clock_ticks() > r->deadline;
}

kith_status readers_open(struct engine *g, kith_error *e) {
    g->readers = calloc(g->opts.readers, sizeof *g->readers);
    if (!g->readers)
        return err_nomem(e);
    for (uint32_t i = 0; i < g->opts.readers; i++)
        g->readers[i].engine = g;
    return KITH_OK;
}

void readers_close(struct engine *g) {
    for (uint32_t i = 0; g->readers && i < g->opts.readers; i++)
        conn_close(g->readers[i].conn);
    free(g->readers);
    g->readers = NULL;
}

/* A free reader, opened on its first use; NULL when all are out. */
static struct reader *free_reader(struct engine *g) {
    struct reader *unopened = NULL;
    for (uint32_t i = 0; !g->readers_held && i < g->opts.readers; i++) {
        struct reader *r = &g->readers[i];
        if (!r->busy && r->conn)
            return r;
        if (!r->busy && !unopened)
            unopened = r;
    }
    return unopened;
}

/* Takes a free reader. Every read ends in time, so one comes back in time, unless those who wait
 * hold them all themselves. */
static struct reader *take_reader(struct engine *g) {
    int64_t end = clock_in(2 * g->opts.read_limit_ms);
    struct reader *r;
    pthread_mutex_lock(&g->readers_lock);
    while (!(r = free_reader(g)) && clock_wait(&g->readers_cond, &g->readers_lock, end))
        ;
    if (r)
        r->busy = true;
    pthread_mutex_unlock(&g->readers_lock);
    return r;
}

/* Hands a reader back, with the connection that it was given if it had none. */
static void give_back(struct engine *g, struct reader *r, struct conn *c) {
    pthread_mutex_lock(&g->readers_lock);
    r->conn = c;
    r->busy = false;
    pthread_cond_broadcast(&g->readers_cond);
    pthread_mutex_unlock(&g->readers_lock);
}

kith_status engine_reader(struct engine *g, struct conn **out, kith_error *e) {
    struct conn *c = NULL;
    struct reader *r = take_reader(g);
    *out = NULL;
    if (!r)
        return err_set(e, KITH_E_BUSY, NULL, "all %u readers are busy; try again in a moment",
                       g->opts.readers);
    r->deadline = clock_in(g->opts.read_limit_ms);
    if (!r->conn) {
        kith_status st = conn_open(&c, g->path, CONN_READER, g->opts.vfs, e);
        if (st != KITH_OK) {
            give_back(g, r, NULL);
            return st;
        }
        sqlite3_progress_handler(c->db, LOOK_EVERY, past_deadline, r);
        pthread_mutex_lock(&g->readers_lock);
        r->conn = c;
        pthread_mutex_unlock(&g->readers_lock);
    }
    *out = r->conn;
    return KITH_OK;
}

void engine_reader_done(struct engine *g, struct conn *c) {
    pthread_mutex_lock(&g->readers_lock);
    for (uint32_t i = 0; i < g->opts.readers; i++)
        if (g->readers[i].conn == c && c)
            g->readers[i].busy = false;
    pthread_cond_broadcast(&g->readers_cond);
    pthread_mutex_unlock(&g->readers_lock);
}

kith_status engine_snapshot(struct engine *g, struct conn **out, kith_error *e) {
    TRY(conn_open(out, g->path, CONN_READER, g->opts.vfs, e));
    kith_status st = conn_snapshot(*out, e);
    if (st != KITH_OK) {
        conn_close(*out);
        *out = NULL;
    }
    return st;
}

void engine_snapshot_done(struct conn *c) {
    conn_close(c);
}

static bool all_back(const struct engine *g) {
    for (uint32_t i = 0; i < g->opts.readers; i++)
        if (g->readers[i].busy)
            return false;
    return true;
}

bool readers_hold(struct engine *g, int64_t ms) {
    int64_t end = clock_in(ms);
    pthread_mutex_lock(&g->readers_lock);
    g->readers_held = true;
    bool all;
    while (!(all = all_back(g)) && clock_wait(&g->readers_cond, &g->readers_lock, end))
        ;
    pthread_mutex_unlock(&g->readers_lock);
    return all;
}

void readers_release(struct engine *g) {
    pthread_mutex_lock(&g->readers_lock);
    g->readers_held = false;
    pthread_cond_broadcast(&g->readers_cond);
    pthread_mutex_unlock(&g->readers_lock);
}

/* -- finding ----------------------------------------------------------------------------------- */

struct found {
    kith_id id;
    kith_value *values;
};

static kith_status read_page(struct conn *c, const struct query *q, sqlite3_stmt *st, int64_t want,
                             struct find_page *page, struct arena *a, struct found **out,
                             size_t *count, kith_error *e) {
    const struct rtype *t = query_type(q);
    struct found *rows = NULL;
    size_t cap = 0;
    const size_t before = arena_bytes(a);
    kith_str after = page->after;
    bool row, full = want == 0;
    *count = 0;
    page->cursor = (kith_str){0};
    for (;;) {
        TRY(conn_step(c, st, &row, e));
        if (!row || full) /* one more than there is room for: the page has a next one */
            break;
        if (!(rows = arena_grow(a, rows, *count, &cap, sizeof *rows)))
            return err_nomem(e);
        struct found *f = &rows[(*count)++];
        f->id = (kith_id)sqlite3_column_int64(st, 0);
        f->values = ARENA_ARRAY(a, kith_value, t->field_count);
        if (!f->values)
            return err_nomem(e);
        TRY(record_decode(t, st, 1, a, f->values, e));
        full = (int64_t)*count == want || (page->bytes && arena_bytes(a) - before > page->bytes);
        if (full)
            TRY(query_cursor(q, st, after, (int64_t)*count, a, &page->cursor, e));
    }
    if (!row)
        page->cursor = (kith_str){0};
    *out = rows;
    return KITH_OK;
}

static kith_status read_links(struct conn *c, const struct rtype *t, struct found *rows, size_t n,
                              struct arena *a, kith_error *e) {
    for (uint32_t i = 0; i < t->field_count; i++)
        for (size_t k = 0; t->fields[i]->kind == KITH_F_LINKS && k < n; k++)
            TRY(record_links(c, t->fields[i], rows[k].id, a, &rows[k].values[i], e));
    return KITH_OK;
}

static kith_status count_in(struct conn *c, sqlite3_stmt *st, struct find_page *page,
                            kith_error *e) {
    bool row;
    TRY(conn_step(c, st, &row, e));
    page->count = row ? sqlite3_column_int64(st, 0) : 0;
    page->cursor = (kith_str){0};
    return KITH_OK;
}

/* Reads a page into the arena. */
static kith_status find_page(struct conn *c, const struct query *q, const struct query_env *env,
                             const kith_value *params, struct find_page *page, struct arena *a,
                             struct found **rows, size_t *n, kith_error *e) {
    struct query_sql sql;
    sqlite3_stmt *st;
    TRY(access_look(c, env->principal, query_type(q), e));
    TRY(query_purposes(q, env->principal, params, c, e));
    TRY(query_sql(q, env, params, page->after, page->limit, a, &sql, e));
    TRY((page->again ? conn_prepare : conn_prepare_recent)(c, sql.sql, &st, e));
    query_bind(st, &sql);
    kith_status status = query_counts(q) ? count_in(c, st, page, e)
                                         : read_page(c, q, st, page->limit, page, a, rows, n, e);
    sqlite3_reset(st);
    if (status != KITH_OK || query_counts(q))
        return status;
    page->count = (int64_t)*n;
    TRY(read_links(c, query_type(q), *rows, *n, a, e));
    for (size_t i = 0; i < *n; i++)
        access_mask(env->principal, query_type(q), (*rows)[i].values);
    return KITH_OK;
}

static kith_status show_page(const struct found *rows, size_t n, find_row fn, void *arg,
                             kith_error *e) {
    for (size_t i = 0; i < n; i++)
        TRY(fn(arg, rows[i].id, rows[i].values, e));
    return KITH_OK;
}

static kith_status note_page(struct engine *g, const struct principal *p, const struct rtype *t,
                             const struct found *rows, size_t n, struct arena *a, kith_error *e) {
    if (n == 0 || !reads_noted(g, p, t))
        return KITH_OK;
    kith_id *ids = ARENA_ARRAY(a, kith_id, n);
    if (!ids)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++)
        ids[i] = rows[i].id;
    return reads_note(g, p, t, ids, n, e);
}

kith_status engine_find(struct engine *g, const struct principal *p, const struct query *q,
                        const kith_value *params, struct find_page *page, struct arena *a,
                        find_row fn, void *arg, kith_error *e) {
    struct conn *c;
    struct query_env env = engine_env(g, engine_now(g), p);
    struct found *rows = NULL;
    size_t n = 0;
    TRY(engine_reader(g, &c, e));
    env.redirects = c;
    kith_status st = find_page(c, q, &env, params, page, a, &rows, &n, e);
    engine_reader_done(g, c);
    TRY(st);
    TRY(note_page(g, p, query_type(q), rows, n, a, e));
    /* The reader is back before the first row is shown: fn may read, too. */
    return show_page(rows, n, fn, arg, e);
}

kith_status engine_select(struct engine *g, const struct principal *p, const struct query *q,
                          const kith_value *params, struct totals *out, struct arena *a,
                          kith_error *e) {
    struct conn *c;
    struct query_env env = engine_env(g, engine_now(g), p);
    TRY(engine_reader(g, &c, e));
    env.redirects = c;
    kith_status st = query_purposes(q, p, params, c, e);
    if (st == KITH_OK)
        st = query_select(q, &env, params, c, a, out, e);
    engine_reader_done(g, c);
    /* Groups and extremes are values of records, though nobody can tell of which. */
    const struct rtype *read = query_personal(q) ? query_personal(q) : query_type(q);
    return st == KITH_OK && reads_noted(g, p, read) ? reads_note(g, p, read, NULL, 0, e) : st;
}

kith_status engine_explain(struct engine *g, const struct principal *p, const struct query *q,
                           const kith_value *params, struct explanation *out, struct arena *a,
                           kith_error *e) {
    struct conn *c;
    const struct query_env env = engine_env(g, engine_now(g), p);
    TRY(engine_reader(g, &c, e));
    kith_status st = query_purposes(q, p, params, c, e);
    if (st == KITH_OK)
        st = query_explain(q, &env, params, c, a, out, e);
    engine_reader_done(g, c);
    return st;
}

kith_status engine_get(struct engine *g, const struct principal *p, const struct rtype *type,
                       kith_id id, struct arena *a, kith_value **values, kith_error *e) {
    struct conn *c;
    bool there;
    *values = ARENA_ARRAY(a, kith_value, type->field_count);
    if (!*values)
        return err_nomem(e);
    TRY(engine_reader(g, &c, e));
    kith_status st = access_find(c, p, type, id, a, *values, &there, e);
    engine_reader_done(g, c);
    TRY(st);
    if (!there)
        return access_absent(type, id, e);
    return engine_shown(g, p, type, id, e);
}

kith_status engine_shown(struct engine *g, const struct principal *p, const struct rtype *type,
                         kith_id id, kith_error *e) {
    return reads_noted(g, p, type) ? reads_note(g, p, type, &id, 1, e) : KITH_OK;
}

/* -- the same inside a transaction ------------------------------------------------------------- */

/* Each page begins the search anew, and sorts anew where no index does: so they double. */
#define TXN_PAGE     200
#define TXN_PAGE_MAX 51200

int64_t txn_deadline(struct txn *t, int64_t ticks) {
    int64_t before = t->deadline;
    t->deadline = ticks;
    return before;
}

struct instant {
    const struct engine *g;
    int64_t ticks;
};

static int past_instant(void *arg) {
    const struct instant *end = arg;
    return !end->g->search.writing && clock_ticks() > end->ticks;
}

/* A page that is read on the writer. Only reading may be broken off: a write that is takes the
 * whole transaction with it. */
static kith_status find_in(struct txn *t, const struct query *q, const kith_value *params,
                           struct find_page *page, struct found **rows, size_t *n, kith_error *e) {
    struct conn *w = t->g->writer;
    struct query_env env;
    txn_env(t, &env);
    env.redirects = w;
    struct instant end = {t->g, t->deadline};
    if (t->deadline)
        sqlite3_progress_handler(w->db, LOOK_EVERY, past_instant, &end);
    kith_status st = find_page(w, q, &env, params, page, t->arena, rows, n, e);
    sqlite3_progress_handler(w->db, 0, NULL, NULL);
    return st;
}

kith_status txn_ask(void *txn, const struct match_question *q, int64_t *n, kith_error *e) {
    struct txn *t = txn;
    struct conn *w = t->g->writer;
    struct instant end = {t->g, clock_in(t->g->opts.read_limit_ms)};
    if (t->deadline && t->deadline < end.ticks)
        end.ticks = t->deadline;
    sqlite3_progress_handler(w->db, LOOK_EVERY, past_instant, &end);
    kith_status st = match_answer(q, w, t->arena, n, e);
    sqlite3_progress_handler(w->db, 0, NULL, NULL);
    return st;
}

kith_status txn_find(struct txn *t, const struct query *q, const kith_value *params, int64_t max,
                     find_row fn, void *arg, kith_error *e) {
    struct find_page page = {0};
    int64_t size = TXN_PAGE;
    for (int64_t left = max ? max : INT64_MAX; left > 0;) {
        struct found *rows = NULL;
        size_t n = 0;
        page.limit = left < size ? left : size;
        size = size < TXN_PAGE_MAX ? 2 * size : size;
        TRY(find_in(t, q, params, &page, &rows, &n, e));
        if (!t->system)
            TRY(note_page(t->g, t->principal, query_type(q), rows, n, t->arena, e));
        TRY(show_page(rows, n, fn, arg, e));
        if (page.cursor.len == 0)
            break;
        left -= page.count;
        page.after = page.cursor;
    }
    return KITH_OK;
}

kith_status txn_count(struct txn *t, const struct query *q, const kith_value *params, int64_t *n,
                      kith_error *e) {
    struct find_page page = {.limit = 1};
    *n = 0;
    if (!query_counts(q))
        return err_set(e, KITH_E_INVAL, NULL, "the query does not end in ': count()'");
    struct found *rows = NULL;
    size_t none;
    TRY(find_in(t, q, params, &page, &rows, &none, e));
    *n = page.count;
    return KITH_OK;
}

static bool copy_totals(struct totals *out, const struct totals *from, int64_t max,
                        struct arena *a) {
    *out = *from;
    if (max && out->count > (uint64_t)max)
        out->count = (size_t)max;
    size_t n = out->count * out->columns;
    kith_value *values = ARENA_ARRAY(a, kith_value, n + 1);
    for (size_t i = 0; values && i < n; i++) {
        values[i] = from->values[i];
        if (values[i].kind == KITH_TEXT && !(values[i].as.s = arena_str(a, values[i].as.s)).ptr)
            return false;
    }
    out->values = values;
    return values != NULL;
}

kith_status txn_select(struct txn *t, const struct query *q, const kith_value *params, int64_t max,
                       struct totals *out, kith_error *e) {
    struct query_env env;
    struct totals all;
    struct arena scratch = {0}; /* the groups may be many, and the transaction long */
    struct instant end = {t->g, t->deadline};
    txn_env(t, &env);
    env.redirects = t->g->writer;
    if (t->deadline)
        sqlite3_progress_handler(t->g->writer->db, LOOK_EVERY, past_instant, &end);
    kith_status st = query_purposes(q, env.principal, params, t->g->writer, e);
    if (st == KITH_OK)
        st = query_select(q, &env, params, t->g->writer, &scratch, &all, e);
    sqlite3_progress_handler(t->g->writer->db, 0, NULL, NULL);
    if (st == KITH_OK && !copy_totals(out, &all, max, t->arena))
        st = err_nomem(e);
    arena_free(&scratch);
    if (st == KITH_OK && !t->system && reads_noted(t->g, t->principal, query_type(q)))
        st = reads_note(t->g, t->principal, query_type(q), NULL, 0, e);
    return st;
}
