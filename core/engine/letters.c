/* SPDX-License-Identifier: Apache-2.0 */
/* Letters: events that a reaction could not handle. Tried again with growing pauses, its subject's
 * later events behind it; after the last try dead, until somebody retries or skips it. */
#include "engine/bus.h"
#include "engine/engine_internal.h"

#include <string.h>

int64_t engine_backoff(uint32_t attempts) {
    static const int64_t pause[] = {1000, 10000, 60000, 600000, 3600000};
    size_t n = sizeof pause / sizeof *pause;
    return pause[attempts <= n ? (attempts ? attempts - 1 : 0) : n - 1];
}

/* -- retries ----------------------------------------------------------------------------------- */

struct letter {
    int64_t id;
    char *reaction;
    uint64_t seq;
    kith_id subject;
    uint32_t attempts;
};

static struct reaction_entry *reaction_by_name(struct engine *g, const char *name) {
    const struct reaction_list *l = &g->subs->reactions;
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->items[i]->reaction.name, name) == 0)
            return l->items[i];
    return NULL;
}

/* The first letter that is due and stands behind no other of its subject. */
static kith_status next_letter(struct engine *g, struct arena *a, struct letter *out, bool *found,
                               kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(g->writer,
                     "SELECT l.id, l.reaction, l.seq, l.subject, l.attempts FROM kith_letter l"
                     " JOIN kith_cursor c ON c.name = l.reaction AND c.active = 1"
                     " WHERE l.next <= ?1 AND NOT EXISTS (SELECT 1 FROM kith_letter o WHERE"
                     " o.reaction = l.reaction AND o.subject = l.subject AND o.next IS NOT NULL AND"
                     " o.seq < l.seq) ORDER BY l.next, l.seq LIMIT 1",
                     &st, e));
    bind_int(st, 1, clock_now(g->clock));
    TRY(conn_step(g->writer, st, found, e));
    if (!*found)
        return KITH_OK;
    *out = (struct letter){
        .id = sqlite3_column_int64(st, 0),
        .reaction = arena_strdup(a, (const char *)sqlite3_column_text(st, 1)),
        .seq = (uint64_t)sqlite3_column_int64(st, 2),
        .subject = (kith_id)sqlite3_column_int64(st, 3),
        .attempts = (uint32_t)sqlite3_column_int64(st, 4),
    };
    sqlite3_reset(st);
    return out->reaction ? KITH_OK : err_nomem(e);
}

static kith_status close_letter(struct engine *g, const struct letter *l, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(g->writer, "DELETE FROM kith_letter WHERE id = ?1", &st, e));
    bind_int(st, 1, l->id);
    return conn_run(g->writer, st, e);
}

static kith_status postpone_letter(struct engine *g, const struct letter *l, const char *why,
                                   kith_error *e) {
    sqlite3_stmt *st;
    uint32_t attempts = l->attempts + 1;
    TRY(conn_prepare(g->writer,
                     "UPDATE kith_letter SET attempts = ?2, next = ?3, error = ?4 WHERE id = ?1",
                     &st, e));
    bind_int(st, 1, l->id);
    bind_int(st, 2, attempts);
    if (attempts < g->opts.attempts_max)
        bind_int(st, 3, clock_now(g->clock) + engine_backoff(attempts));
    bind_str(st, 4, str_of(why));
    return conn_run(g->writer, st, e);
}

static kith_status try_letter(struct engine *g, const struct letter *l, kith_error *e) {
    struct journal_row row;
    struct delivery d = {.g = g, .row = &row};
    struct reaction_entry *r = reaction_by_name(g, l->reaction);
    kith_error why = KITH_ERROR_INIT;
    struct txn probe;
    struct write_opts o = {.principal = &bus_principal, .origin = ORIGIN_REACTION};
    bool yes;
    txn_begin(&probe, g, &o, 0);
    TRY(journal_row_read(g->writer, l->seq, &g->work, &row, e));
    /* Asked anew: its condition is on the record as it is now. */
    TRY(delivery_wants(r, &d, &probe, &yes, e));
    if (!yes)
        return close_letter(g, l, e);
    d.ev.attempt = l->attempts + 1;
    kith_status st = delivery_run(r, &d, &g->work, &why);
    if (st == KITH_OK)
        return d.more ? KITH_OK : close_letter(g, l, e);
    if (bus_own_failure(g, st)) {
        err_copy(e, &why);
        return st;
    }
    return postpone_letter(g, l, why.message, e);
}

void bus_letters(struct engine *g) {
    kith_error e = KITH_ERROR_INIT;
    bool found = true;
    kith_status st = KITH_OK;
    for (int n = 0; st == KITH_OK && found && n < 100 && !g->pausing; n++) {
        struct letter l = {0};
        arena_reset(&g->work);
        st = group_begin(g, &e);
        if (st != KITH_OK)
            break;
        st = next_letter(g, &g->work, &l, &found, &e);
        if (st == KITH_OK && found)
            st = try_letter(g, &l, &e);
        if (st == KITH_OK)
            st = group_commit(g, &e);
        else
            group_rollback(g);
        if (st == KITH_OK && found)
            st = bus_reload(g, &e);
    }
    if (st != KITH_OK)
        bus_held_up(g, "a retry is held up", &e);
}

kith_status bus_next_due(struct engine *g, int64_t *due, kith_error *e) {
    /* A letter behind another of its subject is due when that one has gone, not before. */
    return conn_int(
        g->writer,
        "SELECT min(l.next) FROM kith_letter l JOIN kith_cursor c ON c.name = l.reaction AND"
        " c.active = 1 WHERE NOT EXISTS (SELECT 1 FROM kith_letter o WHERE o.reaction ="
        " l.reaction AND o.subject = l.subject AND o.next IS NOT NULL AND o.seq < l.seq)",
        INT64_MAX, due, e);
}

/* -- letters for people ------------------------------------------------------------------------ */

static kith_status letter_of(struct engine *g, sqlite3_stmt *st, struct arena *a,
                             struct dead_letter *out, kith_error *e) {
    *out = (struct dead_letter){
        .number = (uint64_t)sqlite3_column_int64(st, 0),
        .reaction = arena_strdup(a, (const char *)sqlite3_column_text(st, 1)),
        .seq = (uint64_t)sqlite3_column_int64(st, 2),
        .type = (uint32_t)sqlite3_column_int64(st, 3),
        .subject = (kith_id)sqlite3_column_int64(st, 4),
        .attempts = (uint32_t)sqlite3_column_int64(st, 5),
        .next = sqlite3_column_int64(st, 6),
        .error = arena_strdup(a, (const char *)sqlite3_column_text(st, 7)),
        .topic = "",
    };
    pthread_mutex_lock(&g->lock);
    struct reaction_entry *r = out->reaction ? reaction_by_name(g, out->reaction) : NULL;
    if (r)
        out->topic = arena_strdup(a, r->reaction.topic);
    pthread_mutex_unlock(&g->lock);
    return out->reaction && out->topic && out->error ? KITH_OK : err_nomem(e);
}

/* number 0: all of them. */
static kith_status read_letters(struct engine *g, struct conn *c, bool dead_only, uint64_t number,
                                struct arena *a, struct dead_letter **out, size_t *count,
                                kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    size_t cap = 0;
    TRY(conn_prepare(
        c,
        "SELECT id, reaction, seq, type, subject, attempts, next, error FROM kith_letter"
        " WHERE (next IS NULL OR ?1) AND (?2 = 0 OR id = ?2) ORDER BY id LIMIT 1000",
        &st, e));
    bind_int(st, 1, !dead_only);
    bind_int(st, 2, (int64_t)number);
    for (;;) {
        TRY(conn_step(c, st, &row, e));
        if (!row)
            return KITH_OK;
        struct dead_letter *items = arena_grow(a, *out, *count, &cap, sizeof **out);
        kith_status status = items ? letter_of(g, st, a, &items[*count], e) : err_nomem(e);
        if (status != KITH_OK) {
            sqlite3_reset(st);
            return status;
        }
        *out = items;
        ++*count;
    }
}

static kith_status some_letters(struct engine *g, bool dead_only, uint64_t number, struct arena *a,
                                struct dead_letter **out, size_t *count, kith_error *e) {
    struct conn *c;
    *out = NULL;
    *count = 0;
    TRY(engine_reader(g, &c, e));
    kith_status st = read_letters(g, c, dead_only, number, a, out, count, e);
    engine_reader_done(g, c);
    return st;
}

kith_status engine_letters(struct engine *g, bool dead_only, struct arena *a,
                           struct dead_letter **out, size_t *count, kith_error *e) {
    return some_letters(g, dead_only, 0, a, out, count, e);
}

kith_status engine_letter(struct engine *g, uint64_t number, struct arena *a,
                          struct dead_letter **out, kith_error *e) {
    size_t count;
    return some_letters(g, false, number, a, out, &count, e);
}

struct letter_change {
    const char *sql;
    uint64_t number;
    int64_t due; /* -1: the statement does not ask */
};

static kith_status change_letter(struct txn *t, void *arg, kith_error *e) {
    const struct letter_change *change = arg;
    struct engine *g = txn_engine(t);
    sqlite3_stmt *st;
    TRY(conn_prepare(g->writer, change->sql, &st, e));
    bind_int(st, 1, (int64_t)change->number);
    if (change->due >= 0)
        bind_int(st, 2, change->due);
    TRY(conn_run(g->writer, st, e));
    if (sqlite3_changes(g->writer->db) != 1)
        return err_set(e, KITH_E_NOTFOUND, NULL,
                       "there is no event %llu that waits; 'kith deadletter list' shows them",
                       (unsigned long long)change->number);
    g->refresh_due = true;
    return bus_reload(g, e);
}

static kith_status write_letter_change(struct engine *g, const struct principal *p, const char *sql,
                                       uint64_t number, int64_t due, kith_error *e) {
    struct write_opts o = {.principal = p, .origin = ORIGIN_SYSTEM};
    struct letter_change change = {sql, number, due};
    return engine_write(g, &o, change_letter, &change, NULL, e);
}

kith_status engine_letter_retry(struct engine *g, const struct principal *p, uint64_t number,
                                kith_error *e) {
    return write_letter_change(g, p, "UPDATE kith_letter SET next = ?2, attempts = 0 WHERE id = ?1",
                               number, clock_now(g->clock), e);
}

kith_status engine_letter_skip(struct engine *g, const struct principal *p, uint64_t number,
                               kith_error *e) {
    return write_letter_change(g, p, "DELETE FROM kith_letter WHERE id = ?1", number, -1, e);
}

kith_status bus_cancel(struct engine *g, uint64_t seq, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(g->writer, "DELETE FROM kith_letter WHERE seq = ?1 AND next IS NOT NULL", &st,
                     e));
    bind_int(st, 1, (int64_t)seq);
    return conn_run(g->writer, st, e);
}

kith_status letters_forget(struct engine *g, kith_id subject, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(g->writer, "DELETE FROM kith_letter WHERE subject = ?1", &st, e));
    bind_int(st, 1, (int64_t)subject);
    TRY(conn_run(g->writer, st, e));
    g->bus_stale |= sqlite3_changes(g->writer->db) > 0;
    return KITH_OK;
}

void bus_count(struct conn *c, struct engine_stats *out) {
    int64_t n;
    if (conn_int(c, "SELECT count(*) FROM kith_letter WHERE next IS NOT NULL", 0, &n, NULL) == 0)
        out->letters_waiting = (uint64_t)n;
    if (conn_int(c, "SELECT count(*) FROM kith_letter WHERE next IS NULL", 0, &n, NULL) == 0)
        out->letters_dead = (uint64_t)n;
}

kith_status bus_lags(struct conn *c, uint64_t durable, struct arena *a, struct subscriber_lag **out,
                     size_t *count, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    size_t cap = 0;
    *out = NULL;
    *count = 0;
    TRY(conn_prepare(c, "SELECT name, seq FROM kith_cursor WHERE active = 1 ORDER BY name", &st,
                     e));
    for (;;) {
        TRY(conn_step(c, st, &row, e));
        if (!row)
            return KITH_OK;
        struct subscriber_lag *more = arena_grow(a, *out, *count, &cap, sizeof *more);
        const char *name = arena_strndup(a, column_str(st, 0).ptr, column_str(st, 0).len);
        uint64_t seq = (uint64_t)sqlite3_column_int64(st, 1);
        if (!more || !name) {
            sqlite3_reset(st);
            return err_nomem(e);
        }
        *out = more;
        more[(*count)++] = (struct subscriber_lag){name, seq < durable ? durable - seq : 0};
    }
}
