/* SPDX-License-Identifier: Apache-2.0 */
/* Timers: rows that fall due. A timer goes in the transaction of what its handler wrote, so it
 * fires once; a cron timer moves on to its next time instead. */
#include "engine/bus.h"
#include "engine/engine_internal.h"

#include <string.h>

#include "base/log.h"

kith_status timers_setup(struct engine *g, kith_error *e) {
    return conn_exec(
        g->writer,
        "CREATE TABLE IF NOT EXISTS kith_timer(id INTEGER PRIMARY KEY, handler TEXT NOT NULL,"
        " due INTEGER, cron TEXT, type INTEGER, subject INTEGER, payload TEXT NOT NULL,"
        " attempts INTEGER NOT NULL, error TEXT) STRICT;"
        "CREATE INDEX IF NOT EXISTS \"i.kith_timer.due\" ON kith_timer(due)"
        " WHERE due IS NOT NULL;"
        "CREATE INDEX IF NOT EXISTS \"i.kith_timer.subject\" ON kith_timer(subject)"
        " WHERE subject IS NOT NULL;"
        /* Of work that is about no record; a million runs may wait beside it. */
        "CREATE INDEX IF NOT EXISTS \"i.kith_timer.handler\" ON kith_timer(handler, due)"
        " WHERE subject IS NULL;"
        "CREATE UNIQUE INDEX IF NOT EXISTS \"i.kith_timer.cron\" ON kith_timer(handler)"
        " WHERE cron IS NOT NULL;"
        /* The handlers that are loaded; timers of others wait for theirs. */
        "CREATE TEMP TABLE kith_handler(name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;",
        e);
}

static int64_t next_firing(struct engine *g, const struct timer_entry *t) {
    return cron_next(&t->cron, g->opts.zone, clock_now(g->clock));
}

/* A handler's cron timer as it is kept. */
struct kept {
    bool found, same_text;
    int64_t due; /* INT64_MAX: none */
    uint32_t attempts;
};

static kith_status read_kept(struct engine *g, const struct timer_entry *t, struct kept *k,
                             kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(g->writer,
                     "SELECT coalesce(due, 9223372036854775807), attempts, cron FROM kith_timer"
                     " WHERE handler = ?1 AND cron IS NOT NULL",
                     &st, e));
    bind_str(st, 1, str_of(t->handler.name));
    TRY(conn_step(g->writer, st, &k->found, e));
    if (!k->found)
        return KITH_OK;
    k->due = sqlite3_column_int64(st, 0);
    k->attempts = (uint32_t)sqlite3_column_int64(st, 1);
    k->same_text = str_eqz(column_str(st, 2), t->handler.cron);
    sqlite3_reset(st);
    return KITH_OK;
}

/* By other rules of the zone, or in another zone, the time for which it waited may be none of its
 * text any more: then it waits for the nearest that is one. So a day has one firing, whichever way
 * the clocks went. */
static int64_t by_todays_rules(struct engine *g, const struct timer_entry *t, int64_t due) {
    int64_t next = cron_next(&t->cron, g->opts.zone, due - 1);
    if (next == due || next == INT64_MAX)
        return due;
    int64_t earlier = cron_next(&t->cron, g->opts.zone, due - (next - due));
    return earlier < due ? earlier : next;
}

/* It keeps its due time over a restart, unless its cron text was changed, or the clock was set back
 * and it would wait until it is again where it was. */
static int64_t due_again(struct engine *g, const struct timer_entry *t, const struct kept *k) {
    int64_t next = next_firing(g, t), latest = next, due = k->due;
    if (!k->same_text || due == INT64_MAX)
        return next;
    if (k->attempts == 0) /* else it waits for another try */
        due = by_todays_rules(g, t, due);
    if (due != k->due) /* by other rules it may have fired today */
        latest = cron_next(&t->cron, g->opts.zone, next);
    return due > latest ? next : due;
}

static kith_status start_cron(struct engine *g, const struct timer_entry *t, kith_error *e) {
    sqlite3_stmt *st;
    struct kept k = {0};
    int64_t now = clock_now(g->clock);
    TRY(id_check_clock(now, e));
    TRY(read_kept(g, t, &k, e));
    int64_t due = k.found ? due_again(g, t, &k) : next_firing(g, t);
    if (k.found && k.same_text && due == k.due)
        return KITH_OK;
    TRY(conn_prepare(g->writer,
                     "INSERT INTO kith_timer(id, handler, due, cron, payload, attempts)"
                     " VALUES(?1, ?2, ?3, ?4, '', 0) ON CONFLICT(handler) WHERE cron IS NOT NULL"
                     " DO UPDATE SET due = excluded.due, cron = excluded.cron, attempts = 0",
                     &st, e));
    bind_int(st, 1, (int64_t)idgen_next(&g->ids, now));
    bind_str(st, 2, str_of(t->handler.name));
    bind_int(st, 3, due);
    bind_str(st, 4, str_of(t->handler.cron));
    return conn_run(g->writer, st, e);
}

static struct timer_entry *timer_by_name(struct engine *g, kith_str name) {
    const struct timer_list *l = &g->subs->timers;
    for (size_t i = 0; i < l->count; i++)
        if (str_eqz(name, l->items[i]->handler.name))
            return l->items[i];
    return NULL;
}

static kith_status run_named(struct engine *g, const char *sql, const char *name, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(g->writer, sql, &st, e));
    bind_str(st, 1, str_of(name));
    return conn_run(g->writer, st, e);
}

kith_status timers_load(struct engine *g, const char *handler, bool loaded, kith_error *e) {
    static const char *const sql[] = {"DELETE FROM temp.kith_handler WHERE name = ?1",
                                      "INSERT OR IGNORE INTO temp.kith_handler(name) VALUES(?1)"};
    g->refresh_due = true;
    return run_named(g, sql[loaded], handler, e);
}

/* Reckoned while the clock ran ahead. */
static kith_status drop_too_far(struct engine *g, const struct timer_entry *t, kith_error *e) {
    sqlite3_stmt *st;
    if (!t->handler.longest)
        return KITH_OK;
    TRY(conn_prepare(g->writer,
                     "DELETE FROM kith_timer WHERE handler = ?1 AND due > ?2 AND subject IS NULL"
                     " AND cron IS NULL",
                     &st, e));
    bind_str(st, 1, str_of(t->handler.name));
    bind_int(st, 2, clock_now(g->clock) + t->handler.longest);
    return conn_run(g->writer, st, e);
}

kith_status timers_start(struct engine *g, kith_error *e) {
    TRY(conn_exec(g->writer, "DELETE FROM temp.kith_handler", e));
    for (size_t i = 0; i < g->subs->timers.count; i++) {
        const struct timer_entry *t = g->subs->timers.items[i];
        TRY(timers_load(g, t->handler.name, true, e));
        TRY(drop_too_far(g, t, e));
        TRY(t->handler.cron
                ? start_cron(g, t, e)
                : run_named(g, "DELETE FROM kith_timer WHERE handler = ?1 AND cron IS NOT NULL",
                            t->handler.name, e));
    }
    return KITH_OK;
}

kith_status timers_set_back(struct engine *g, kith_error *e) {
    for (size_t i = 0; i < g->subs->timers.count; i++) {
        const struct timer_entry *t = g->subs->timers.items[i];
        TRY(drop_too_far(g, t, e));
        if (t->handler.cron)
            TRY(start_cron(g, t, e));
    }
    return KITH_OK;
}

kith_status txn_timer(struct txn *t, const char *handler, int64_t due, const struct rtype *type,
                      kith_id subject, kith_str payload, kith_id *id, kith_error *e) {
    sqlite3_stmt *st;
    struct engine *g = t->g;
    if (!timer_by_name(g, str_of(handler)))
        return err_set(e, KITH_E_NOTFOUND, NULL, "there is no timer handler '%s'", handler);
    *id = idgen_next(&g->ids, t->head.at);
    TRY(conn_prepare(g->writer,
                     "INSERT INTO kith_timer(id, handler, due, type, subject, payload, attempts)"
                     " VALUES(?1, ?2, ?3, ?4, ?5, ?6, 0)",
                     &st, e));
    bind_int(st, 1, (int64_t)*id);
    bind_str(st, 2, str_of(handler));
    bind_int(st, 3, due);
    if (type)
        bind_int(st, 4, type->id);
    if (subject)
        bind_int(st, 5, (int64_t)subject);
    bind_str(st, 6, payload.ptr ? payload : STR(""));
    TRY(conn_run(g->writer, st, e));
    g->refresh_due = true;
    return KITH_OK;
}

kith_status timers_await(struct txn *t, const char *handler, int64_t due, kith_id subject,
                         bool *yes, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(t->g->writer,
                     "SELECT 1 FROM kith_timer WHERE due = ?1 AND subject = ?2 AND handler = ?3",
                     &st, e));
    bind_int(st, 1, due);
    bind_int(st, 2, (int64_t)subject);
    bind_str(st, 3, str_of(handler));
    return conn_any(t->g->writer, st, yes, e);
}

kith_status timers_with(struct engine *g, const char *handler, const char *payload, int64_t *due,
                        kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(g->writer,
                     "SELECT due FROM kith_timer WHERE handler = ?1 AND payload = ?2 AND subject IS"
                     " NULL AND due IS NOT NULL AND (cron IS NOT NULL) = (?2 = '') LIMIT 1",
                     &st, e));
    bind_str(st, 1, str_of(handler));
    bind_str(st, 2, str_of(payload));
    return conn_first(g->writer, st, 0, due, e);
}

kith_status timers_overdue(struct conn *c, const char *handler, int64_t now, bool *yes,
                           kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "SELECT 1 FROM kith_timer WHERE due <= ?1 AND handler = ?2", &st, e));
    bind_int(st, 1, now);
    bind_str(st, 2, str_of(handler));
    return conn_any(c, st, yes, e);
}

kith_status txn_timer_cancel(struct txn *t, kith_id timer, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(t->g->writer, "DELETE FROM kith_timer WHERE id = ?1 AND cron IS NULL", &st,
                     e));
    bind_int(st, 1, (int64_t)timer);
    TRY(conn_run(t->g->writer, st, e));
    t->g->refresh_due = true;
    return sqlite3_changes(t->g->writer->db) == 1
               ? KITH_OK
               : err_set(e, KITH_E_NOTFOUND, NULL,
                         "there is no such timer; it may have fired already");
}

/* -- firing ------------------------------------------------------------------------------------ */

struct firing {
    struct timer_entry *entry;
    struct timer timer;
    uint32_t attempts;
    bool cron; /* the handler's cron timer, not one that was asked for */
};

static kith_status next_timer(struct engine *g, struct firing *f, bool *found, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(g->writer,
                     "SELECT id, handler, due, type, subject, payload, attempts, cron IS NOT NULL"
                     " FROM kith_timer WHERE due <= ?1 AND handler IN (SELECT name FROM"
                     " temp.kith_handler) ORDER BY due, id LIMIT 1",
                     &st, e));
    bind_int(st, 1, clock_now(g->clock));
    TRY(conn_step(g->writer, st, found, e));
    if (!*found)
        return KITH_OK;
    f->entry = timer_by_name(g, column_str(st, 1));
    f->timer = (struct timer){
        .id = (kith_id)sqlite3_column_int64(st, 0),
        .due = sqlite3_column_int64(st, 2),
        .type = schema_type_by_id(g->schema, (uint32_t)sqlite3_column_int64(st, 3)),
        .subject = (kith_id)sqlite3_column_int64(st, 4),
        .payload = arena_str(&g->work, column_str(st, 5)),
    };
    f->attempts = (uint32_t)sqlite3_column_int64(st, 6);
    f->cron = sqlite3_column_int64(st, 7);
    sqlite3_reset(st);
    return f->timer.payload.ptr ? KITH_OK : err_nomem(e);
}

static kith_status call_handler(struct txn *t, void *arg, kith_error *e) {
    struct firing *f = arg;
    return f->entry->handler.fn(f->entry->handler.self, t, &f->timer, e);
}

/* due: INT64_MAX: none any more. */
static kith_status set_due(struct engine *g, kith_id id, int64_t due, uint32_t attempts,
                           const char *error, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(g->writer,
                     "UPDATE kith_timer SET due = ?2, attempts = ?3, error = ?4 WHERE id = ?1", &st,
                     e));
    bind_int(st, 1, (int64_t)id);
    if (due != INT64_MAX)
        bind_int(st, 2, due);
    bind_int(st, 3, attempts);
    if (error)
        bind_str(st, 4, str_of(error));
    return conn_run(g->writer, st, e);
}

static kith_status done_timer(struct engine *g, const struct firing *f, kith_error *e) {
    sqlite3_stmt *st;
    if (f->cron)
        return set_due(g, f->timer.id, next_firing(g, f->entry), 0, NULL, e);
    TRY(conn_prepare(g->writer, "DELETE FROM kith_timer WHERE id = ?1", &st, e));
    bind_int(st, 1, (int64_t)f->timer.id);
    return conn_run(g->writer, st, e);
}

/* A one-time timer that failed too often stays, without a due time and with its error; a cron timer
 * waits for its next time. */
static kith_status failed_timer(struct engine *g, const struct firing *f, const kith_error *why,
                                kith_error *e) {
    char place[ERR_PLACE];
    uint32_t attempts = f->attempts + 1;
    int64_t due = clock_now(g->clock) + engine_backoff(attempts);
    log_warn("timers", "%s: failed (%s)", f->entry->handler.name, err_place(why, place));
    if (attempts >= g->opts.attempts_max) {
        due = f->cron ? next_firing(g, f->entry) : INT64_MAX;
        attempts = f->cron ? 0 : attempts;
    }
    return set_due(g, f->timer.id, due, attempts, why->message, e);
}

/* why: what it failed with, if the failure is its own. */
static kith_status fire(struct engine *g, struct firing *f, kith_error *why, kith_error *e) {
    static const struct principal principal = {.name = "timer", .all = true};
    struct write_opts o = {.principal = &principal, .origin = ORIGIN_TIMER};
    struct txn t;
    err_clear(why);
    txn_begin(&t, g, &o, f->entry->source);
    t.code = &f->entry->handler.source;
    t.source = f->entry->source;
    kith_status st = txn_run(&t, call_handler, f, why);
    if (st == KITH_OK)
        return done_timer(g, f, e);
    if (group_lost(g) || st == KITH_E_FULL || st == KITH_E_IO) {
        err_copy(e, why);
        return st;
    }
    return failed_timer(g, f, why, e);
}

#define FIRE_MAX  100              /* in a row */
#define FIRE_TIME INT64_C(5000000) /* ns: so long those who write wait for a group of them */

kith_status timers_fire_one(struct engine *g, const struct timer_entry **fired, kith_error *why,
                            kith_error *e) {
    struct firing f = {0};
    bool found;
    *fired = NULL;
    TRY(next_timer(g, &f, &found, e));
    if (!found)
        return KITH_OK;
    *fired = f.entry;
    return fire(g, &f, why, e);
}

struct volley {
    int fired, in_group;
    bool alone; /* one for each group: something in a group of several took it all back */
    bool more;
};

/* In the group at hand, whose sync to the disk is for all of them. */
static kith_status fire_some(struct engine *g, struct volley *v, kith_error *e) {
    int64_t end = clock_ticks() + FIRE_TIME;
    kith_error why = KITH_ERROR_INIT;
    v->in_group = 0;
    do {
        struct firing f = {0};
        arena_reset(&g->work);
        TRY(next_timer(g, &f, &v->more, e));
        if (!v->more)
            return KITH_OK;
        v->in_group++;
        TRY(fire(g, &f, &why, e));
    } while (!v->alone && v->fired + v->in_group < FIRE_MAX && clock_ticks() < end && !g->pausing &&
             !requests_wait(g));
    return KITH_OK;
}

void timers_fire(struct engine *g) {
    struct volley v = {.more = true};
    kith_error e = KITH_ERROR_INIT;
    kith_status st = KITH_OK;
    while (st == KITH_OK && v.more && v.fired < FIRE_MAX && !g->pausing) {
        if (v.fired > 0 && requests_wait(g))
            break;
        v.in_group = 0;
        st = group_begin(g, &e);
        if (st != KITH_OK)
            break;
        st = fire_some(g, &v, &e);
        if (st == KITH_OK)
            st = group_commit(g, &e);
        else
            group_rollback(g);
        v.fired += v.in_group;
        if (st != KITH_OK && v.in_group > 1) {
            v.alone = true;
            st = KITH_OK;
        }
    }
    if (st != KITH_OK)
        bus_held_up(g, "a timer is held up", &e);
}

kith_status timers_next_due(struct engine *g, int64_t *due, kith_error *e) {
    return conn_int(g->writer,
                    "SELECT due FROM kith_timer WHERE due IS NOT NULL AND handler IN"
                    " (SELECT name FROM temp.kith_handler) ORDER BY due LIMIT 1",
                    INT64_MAX, due, e);
}

kith_status timers_forget(struct engine *g, kith_id subject, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(g->writer, "DELETE FROM kith_timer WHERE subject = ?1", &st, e));
    bind_int(st, 1, (int64_t)subject);
    g->refresh_due = true;
    return conn_run(g->writer, st, e);
}

kith_status timers_drop(struct engine *g, const char *handler, kith_id subject, const char *payload,
                        kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(g->writer,
                     "DELETE FROM kith_timer WHERE subject = ?1 AND handler = ?2 AND cron IS NULL"
                     " AND (?3 IS NULL OR payload = ?3)",
                     &st, e));
    bind_int(st, 1, (int64_t)subject);
    bind_str(st, 2, str_of(handler));
    bind_str(st, 3, str_of(payload));
    if (!payload)
        bind_null(st, 3);
    g->refresh_due = true;
    return conn_run(g->writer, st, e);
}

kith_status timers_clear(struct engine *g, kith_error *e) {
    g->refresh_due = true;
    return conn_exec(g->writer, "DELETE FROM kith_timer WHERE cron IS NULL", e);
}

kith_status timers_high_id(struct conn *c, kith_id *id, kith_error *e) {
    int64_t high;
    TRY(conn_int(c, "SELECT max(id) FROM kith_timer", 0, &high, e));
    *id = (kith_id)high;
    return KITH_OK;
}

static kith_status read_errors(struct conn *c, struct arena *a, struct timer_error **out,
                               size_t *count, kith_error *e) {
    sqlite3_stmt *st;
    size_t cap = 0;
    bool row;
    TRY(conn_prepare(c, "SELECT handler, error FROM kith_timer WHERE error IS NOT NULL ORDER BY id",
                     &st, e));
    kith_status status = conn_step(c, st, &row, e);
    for (; status == KITH_OK && row; status = conn_step(c, st, &row, e)) {
        struct timer_error *more = arena_grow(a, *out, *count, &cap, sizeof *more);
        if (!more) {
            status = err_nomem(e);
            break;
        }
        *out = more;
        struct timer_error *t = &more[*count];
        *t = (struct timer_error){.handler = arena_str(a, column_str(st, 0)).ptr,
                                  .error = arena_str(a, column_str(st, 1)).ptr};
        if (!t->handler || !t->error) {
            status = err_nomem(e);
            break;
        }
        ++*count;
    }
    sqlite3_reset(st);
    return status;
}

kith_status engine_timer_errors(struct engine *g, struct arena *a, struct timer_error **out,
                                size_t *count, kith_error *e) {
    struct conn *c;
    *out = NULL;
    *count = 0;
    TRY(engine_reader(g, &c, e));
    kith_status st = read_errors(c, a, out, count, e);
    engine_reader_done(g, c);
    return st;
}

/* A write_fn. */
static kith_status drop_all(struct txn *t, void *arg, kith_error *e) {
    (void)arg;
    t->g->refresh_due = true;
    return conn_exec(t->g->writer, "DELETE FROM kith_timer", e);
}

kith_status engine_drop_timers(struct engine *g, const struct principal *p, kith_error *e) {
    const struct write_opts o = {.principal = p, .origin = ORIGIN_SYSTEM};
    return engine_write(g, &o, drop_all, NULL, NULL, e);
}

void timers_count(struct conn *c, struct engine_stats *out) {
    int64_t n;
    if (conn_int(c, "SELECT count(*) FROM kith_timer", 0, &n, NULL) == KITH_OK)
        out->timers = (uint64_t)n;
}
