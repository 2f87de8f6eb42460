/* SPDX-License-Identifier: Apache-2.0 */
/* The bus: reactions follow the journal, each with a durable cursor that moves in the transaction
 * of what the reaction wrote, so that each event is handled exactly once. What fails becomes a
 * letter: retried with growing pauses, its subject's later events behind it, and in the end dead
 * but not lost. */
#include "engine/bus.h"
#include "engine/engine_internal.h"
#include "engine/topics.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

#define BATCH_ROWS 1000 /* journal rows looked at in one group, */
#define BATCH_MS   100  /* unless its reactions take so long: others wait for it */
#define HELD_MS    200

kith_status bus_setup(struct engine *g, kith_error *e) {
    return conn_exec(
        g->writer,
        "CREATE TABLE IF NOT EXISTS kith_cursor(name TEXT PRIMARY KEY, seq INTEGER NOT NULL,"
        " active INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
        /* No number is given again: somebody may have it in mind to skip it. */
        "CREATE TABLE IF NOT EXISTS kith_letter(id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " reaction TEXT NOT NULL, seq INTEGER NOT NULL, type INTEGER, subject INTEGER, attempts "
        "INTEGER NOT NULL,"
        " next INTEGER, error TEXT NOT NULL) STRICT;"
        "CREATE INDEX IF NOT EXISTS \"i.kith_letter.seq\" ON kith_letter(seq);"
        "CREATE INDEX IF NOT EXISTS \"i.kith_letter.next\" ON kith_letter(next);"
        "CREATE INDEX IF NOT EXISTS \"i.kith_letter.subject\" ON kith_letter(reaction, subject);",
        e);
}

/* -- registering ------------------------------------------------------------------------------- */

static bool match_state(struct reaction_entry *r, const struct rtype *t, kith_str what) {
    for (uint32_t i = 0; i < t->field_count; i++) {
        int option = t->fields[i]->kind == KITH_F_STATE ? field_option(t->fields[i], what) : -1;
        if (option >= 0) {
            r->match = MATCH_STATE;
            r->state = t->fields[i];
            r->option = t->fields[i]->options[option];
            return true;
        }
    }
    return false;
}

/* Says of which rows a topic speaks; false: nobody publishes it. */
bool bus_match(const struct engine *g, kith_str topic, struct reaction_entry *r) {
    static const struct {
        const char *name;
        enum event_match match;
    } changes[] = {
        {"created", MATCH_CREATED}, {"updated", MATCH_UPDATED}, {"deleted", MATCH_DELETED}};
    kith_str rest = topic, type;
    *r = (struct reaction_entry){.match = MATCH_ANY};
    if (str_eqz(topic, "*"))
        return true;
    if (!str_split(&rest, '.', &type))
        return false;
    const struct topic_entry *published = topic_named(g, topic);
    if (published) {
        r->match = MATCH_TOPIC;
        r->topic = published->number;
        return true;
    }
    r->type = schema_type(g->schema, type);
    if (!r->type)
        return false;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        if (str_eqz(rest, changes[i].name)) {
            r->match = changes[i].match;
            return true;
        }
    return match_state(r, r->type, rest);
}

bool engine_topic_known(const struct engine *g, kith_str topic) {
    struct reaction_entry r;
    return !str_eqz(topic, "*") && bus_match(g, topic, &r);
}

static kith_status record_topic(const struct event *ev, const char *what, struct arena *a,
                                topic_fn fn, void *arg, kith_error *e) {
    char *topic = arena_printf(a, "%s.%s", ev->type->name, what);
    return topic ? fn(arg, topic, e) : err_nomem(e);
}

kith_status engine_event_topics(const struct event *ev, struct arena *a, topic_fn fn, void *arg,
                                kith_error *e) {
    static const char *const names[] = {
        [ROW_CREATE] = "created", [ROW_UPDATE] = "updated", [ROW_DELETE] = "deleted"};
    if (ev->kind == ROW_EVENT && strcmp(ev->topic, "*") != 0)
        return fn(arg, ev->topic, e);
    if (ev->kind == ROW_EVENT || !ev->type)
        return KITH_OK;
    TRY(record_topic(ev, names[ev->kind], a, fn, arg, e));
    for (size_t i = 0; ev->kind != ROW_DELETE && i < ev->field_count; i++) {
        const struct image_field *f = &ev->fields[i];
        if (f->field && f->field->kind == KITH_F_STATE && f->field->type == ev->type &&
            f->after.kind == KITH_TEXT)
            TRY(record_topic(ev, f->after.as.s.ptr, a, fn, arg, e));
    }
    return KITH_OK;
}

/* -- cursors ----------------------------------------------------------------------------------- */

static void find_head(struct engine *g) {
    g->bus_head = UINT64_MAX;
    for (size_t i = 0; i < g->subs->reactions.count; i++)
        if (g->subs->reactions.items[i]->cursor < g->bus_head)
            g->bus_head = g->subs->reactions.items[i]->cursor;
}

static kith_status read_cursor(struct engine *g, struct reaction_entry *r, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(g->writer, "SELECT seq, active FROM kith_cursor WHERE name = ?1", &st, e));
    bind_str(st, 1, str_of(r->reaction.name));
    TRY(conn_step(g->writer, st, &row, e));
    if (row) {
        r->cursor =
            sqlite3_column_int64(st, 1) ? (uint64_t)sqlite3_column_int64(st, 0) : UINT64_MAX;
        sqlite3_reset(st);
    }
    return KITH_OK;
}

/* Who waits behind a letter: "subject reaction". */
#define BLOCKED_KEY 300
static kith_str blocked_key(char room[BLOCKED_KEY], const char *reaction, kith_id subject) {
    int n = snprintf(room, BLOCKED_KEY, "%llu %s", (unsigned long long)subject, reaction);
    return (kith_str){room, n < BLOCKED_KEY ? (uint64_t)n : BLOCKED_KEY - 1};
}

static bool block(struct engine *g, const char *reaction, kith_id subject) {
    char room[BLOCKED_KEY];
    return map_put(&g->blocked, blocked_key(room, reaction, subject), g);
}

static bool is_blocked(const struct engine *g, const char *reaction, kith_id subject) {
    char room[BLOCKED_KEY];
    if (g->blocked.count == 0 || subject == 0)
        return false;
    return map_get(&g->blocked, blocked_key(room, reaction, subject));
}

static kith_status reload(struct engine *g, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    map_free(&g->blocked);
    for (size_t i = 0; i < g->subs->reactions.count; i++)
        TRY(read_cursor(g, g->subs->reactions.items[i], e));
    find_head(g);
    TRY(listen_reload(g, e));
    TRY(conn_prepare(
        g->writer,
        "SELECT reaction, subject FROM kith_letter WHERE next IS NOT NULL AND subject IS NOT NULL",
        &st, e));
    for (;;) {
        TRY(conn_step(g->writer, st, &row, e));
        if (!row)
            return KITH_OK;
        if (!block(g, (const char *)sqlite3_column_text(st, 0),
                   (kith_id)sqlite3_column_int64(st, 1))) {
            sqlite3_reset(st);
            return err_nomem(e);
        }
    }
}

/* Cursors and waiting subjects as they are committed. While they could not be read, nothing is
 * handled: an event might overtake one that waits. */
kith_status bus_reload(struct engine *g, kith_error *e) {
    if (g->subs->reactions.count == 0)
        return KITH_OK;
    g->bus_stale = true;
    TRY(reload(g, e));
    g->bus_stale = false;
    return KITH_OK;
}

/* No pause is longer than the longest: one that is was written before the clock was set back. */
kith_status bus_set_back(struct engine *g, kith_error *e) {
    sqlite3_stmt *st;
    int64_t now = clock_now(g->clock), latest = now + engine_backoff(UINT32_MAX);
    TRY(conn_prepare(g->writer, "UPDATE kith_letter SET next = ?1 WHERE next > ?2", &st, e));
    bind_int(st, 1, now);
    bind_int(st, 2, latest);
    return conn_run(g->writer, st, e);
}

kith_status bus_start(struct engine *g, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_exec(g->writer, "UPDATE kith_cursor SET active = 0", e));
    for (size_t i = 0; i < g->subs->reactions.count; i++) {
        TRY(conn_prepare(g->writer,
                         "INSERT INTO kith_cursor(name, seq, active) VALUES(?1, ?2, 1)"
                         " ON CONFLICT(name) DO UPDATE SET active = 1",
                         &st, e));
        bind_str(st, 1, str_of(g->subs->reactions.items[i]->reaction.name));
        bind_int(st, 2, (int64_t)g->seq);
        TRY(conn_run(g->writer, st, e));
    }
    return bus_set_back(g, e);
}

static bool is_loaded(const struct engine *g, kith_str name) {
    for (size_t i = 0; i < g->subs->reactions.count; i++)
        if (str_eqz(name, g->subs->reactions.items[i]->reaction.name))
            return true;
    return false;
}

/* Cursors of what is not loaded hold nothing: a rule that was renamed leaves one for ever. */
static kith_status cursor_hold(struct engine *g, struct arena *a, struct journal_hold *h,
                               kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(g->writer, "SELECT seq, name FROM kith_cursor ORDER BY seq", &st, e));
    for (;;) {
        TRY(conn_step(g->writer, st, &row, e));
        if (!row)
            return KITH_OK;
        uint64_t seq = (uint64_t)sqlite3_column_int64(st, 0);
        if (!is_loaded(g, column_str(st, 1)))
            continue;
        if (seq < h->seq) {
            h->seq = seq;
            h->by =
                arena_printf(a, "reaction %.*s", (int)column_str(st, 1).len, column_str(st, 1).ptr);
        }
        sqlite3_reset(st);
        return h->by ? KITH_OK : err_nomem(e);
    }
}

kith_status bus_hold(struct engine *g, struct arena *a, struct journal_hold *h, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(cursor_hold(g, a, h, e));
    TRY(conn_prepare(g->writer, "SELECT seq, id FROM kith_letter ORDER BY seq LIMIT 1", &st, e));
    TRY(conn_step(g->writer, st, &row, e));
    if (!row)
        return KITH_OK;
    uint64_t seq = (uint64_t)sqlite3_column_int64(st, 0);
    if (seq <= h->seq) {
        h->seq = seq - 1;
        h->by = arena_printf(a, "event %lld, which waits ('kith deadletter list')",
                             (long long)sqlite3_column_int64(st, 1));
    }
    sqlite3_reset(st);
    return h->by ? KITH_OK : err_nomem(e);
}

kith_status bus_begin_at(struct engine *g, uint64_t seq, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(g->writer, "UPDATE kith_cursor SET seq = ?1 WHERE seq < ?1", &st, e));
    bind_int(st, 1, (int64_t)seq);
    return conn_run(g->writer, st, e);
}

bool bus_waiting(struct engine *g) {
    return g->subs->reactions.count > 0 && g->bus_head < atomic_load(&g->durable);
}

/* -- one event --------------------------------------------------------------------------------- */

kith_status delivery_open(struct delivery *d, struct conn *c, struct arena *a, kith_error *e) {
    struct image_field *fields = NULL;
    uint32_t version = 1;
    if (d->opened)
        return KITH_OK;
    if (d->row->kind == ROW_EVENT)
        TRY(image_decode_event(d->row, &d->topic, &version, &d->json, e));
    else
        TRY(image_decode(d->g->schema, d->row, a, &fields, &d->ev.field_count, e));
    if (d->tx.id != d->row->tx)
        TRY(journal_tx_read(c, d->row->tx, a, &d->tx, e));
    d->ev.fields = fields;
    d->ev.seq = d->row->seq;
    d->ev.tx = d->row->tx;
    d->ev.at = d->tx.at;
    d->ev.origin = d->tx.origin;
    d->ev.kind = d->row->kind;
    d->ev.type = schema_type_by_id(d->g->schema, d->row->type);
    d->ev.id = d->row->record;
    d->ev.payload = d->json;
    d->ev.schema = version;
    d->opened = true;
    return KITH_OK;
}

kith_status delivery_load(struct delivery *d, struct conn *c, struct arena *a, kith_error *e) {
    const struct rtype *t = d->ev.type;
    if (d->loaded || !t || !d->ev.id)
        return KITH_OK;
    kith_value *values = ARENA_ARRAY(a, kith_value, t->field_count);
    bool there;
    if (!values)
        return err_nomem(e);
    TRY(record_find(c, t, d->ev.id, a, values, &there, e));
    for (size_t i = 0; !there && i < d->ev.field_count; i++) {
        const struct image_field *f = &d->ev.fields[i];
        if (f->field)
            values[f->field->index] = d->row->kind == ROW_DELETE ? f->before : f->after;
    }
    d->ev.values = values;
    d->loaded = true;
    return KITH_OK;
}

static const struct image_field *changed_field(const struct event *ev, const struct rfield *f) {
    for (size_t i = 0; i < ev->field_count; i++)
        if (ev->fields[i].field == f)
            return &ev->fields[i];
    return NULL;
}

static bool row_fits(const struct reaction_entry *r, const struct delivery *d) {
    uint32_t kind = d->row->kind;
    switch (r->match) {
    case MATCH_CREATED:
        return kind == ROW_CREATE;
    case MATCH_UPDATED:
        return kind == ROW_UPDATE;
    case MATCH_DELETED:
        return kind == ROW_DELETE;
    case MATCH_STATE:
        return kind == ROW_CREATE || kind == ROW_UPDATE;
    case MATCH_ANY:
        if (r->reaction.listens)
            return listen_may_want(r, d->row);
        return !r->reaction.sees || r->reaction.sees(r->reaction.self, kind,
                                                     schema_type_by_id(d->g->schema, d->row->type));
    default:
        return kind == ROW_EVENT;
    }
}

const char *delivery_topic(const struct delivery *d) {
    const struct engine *g = d->g;
    for (size_t i = 0; d->row->kind == ROW_EVENT && i < g->topic_count; i++)
        if (g->topics[i]->number == d->topic)
            return g->topics[i]->name;
    return "*";
}

static const char *topic_for(const struct reaction_entry *r, const struct delivery *d) {
    return r->match == MATCH_ANY ? delivery_topic(d) : r->reaction.topic;
}

static bool event_fits(const struct reaction_entry *r, const struct delivery *d) {
    const struct image_field *f;
    if (d->ev.origin == ORIGIN_UNDO && !r->reaction.on_undo)
        return false;
    if (r->match == MATCH_TOPIC)
        return d->topic == r->topic;
    if (r->match == MATCH_STATE) {
        f = changed_field(&d->ev, r->state);
        return f && f->after.kind == KITH_TEXT && str_eqz(f->after.as.s, r->option);
    }
    if (r->match != MATCH_UPDATED || !r->reaction.fields)
        return true;
    for (size_t i = 0; i < d->ev.field_count; i++)
        if (d->ev.fields[i].field && fieldset_has(r->reaction.fields, d->ev.fields[i].field->index))
            return true;
    return false;
}

/* A condition asks for the record, for what the event carries, or for both; an event without a
 * record, or about one of another type, has none of its fields. */
static kith_status meets_condition(const struct predicate *where, const struct delivery *d,
                                   struct txn *t, bool *yes, kith_error *e) {
    const struct rtype *type = query_type(predicate_query(where)),
                       *carried = predicate_carried(where);
    const struct match_source source = {txn_lookup, txn_ask, t};
    const kith_value *values = d->ev.type == type ? d->ev.values : NULL;
    kith_value *event = NULL;
    struct query_env env;
    *yes = !d->ev.values && !carried;
    if (*yes)
        return KITH_OK;
    if (!values && !(values = ARENA_ARRAY(t->arena, kith_value, type->field_count + 1)))
        return err_nomem(e);
    if (carried)
        TRY(payload_values(d->g->schema, carried, d->ev.payload, t->arena, &event, e));
    txn_env(t, &env);
    return predicate_match_event(where, &env, d->ev.id, values, event, &source, yes, e);
}

/* Does the reaction want this row? Cheap questions first. */
kith_status delivery_wants(struct reaction_entry *r, struct delivery *d, struct txn *t, bool *yes,
                           kith_error *e) {
    *yes = false;
    if (!row_fits(r, d))
        return KITH_OK;
    TRY(delivery_open(d, d->g->writer, t->arena, e));
    if (!event_fits(r, d))
        return KITH_OK;
    if (r->reaction.listens) {
        bool heard;
        d->ev.topic = topic_for(r, d);
        TRY(listen_wants(r, d, t->arena, &heard, e));
        if (!heard)
            return KITH_OK;
    }
    TRY(delivery_load(d, d->g->writer, t->arena, e));
    if (r->reaction.where)
        return meets_condition(r->reaction.where, d, t, yes, e);
    *yes = true;
    return KITH_OK;
}

const struct principal bus_principal = {.name = "reaction", .all = true};

static void reaction_txn(struct txn *t, struct engine *g, const struct reaction_entry *r,
                         const struct delivery *d) {
    struct write_opts o = {.principal = &bus_principal, .origin = ORIGIN_REACTION};
    txn_begin(t, g, &o, r->source);
    t->code = &r->reaction.source;
    t->source = r->source;
    t->head.cause = d->row->seq;
    t->head.depth = d->tx.depth + 1;
}

struct reaction_call {
    struct reaction_entry *r;
    struct delivery *d;
};

static kith_status call_reaction(struct txn *t, void *arg, kith_error *e) {
    struct reaction_call *call = arg;
    call->d->ev.topic = topic_for(call->r, call->d);
    if (call->r->reaction.listens)
        return listen_call(call->r, call->d, t, e);
    return call->r->reaction.fn(call->r->reaction.self, t, &call->d->ev, e);
}

kith_status delivery_run(struct reaction_entry *r, struct delivery *d, struct arena *a,
                         kith_error *e) {
    struct engine *g = d->g;
    struct txn t;
    struct reaction_call call = {r, d};
    TRY(cascade_check(g, &d->tx, d->row, a, e));
    reaction_txn(&t, g, r, d);
    d->loaded = false; /* what it writes must be seen by the next */
    kith_status st = txn_run(&t, call_reaction, &call, e);
    d->more = st == KITH_OK && t.more;
    if (st == KITH_OK)
        atomic_fetch_add(&g->reactions_run, 1);
    return st;
}

/* -- failures -----------------------------------------------------------------------------------
 */

/* next: ms UTC of the next try; -1: dead. */
kith_status bus_letter(struct engine *g, const struct reaction_entry *r,
                       const struct journal_row *row, uint32_t attempts, int64_t next,
                       const char *why, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(g->writer,
                     "INSERT INTO kith_letter(reaction, seq, type, subject, attempts, next, error)"
                     " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                     &st, e));
    bind_str(st, 1, str_of(r->reaction.name));
    bind_int(st, 2, (int64_t)row->seq);
    bind_int(st, 3, row->type);
    if (row->record)
        bind_int(st, 4, (int64_t)row->record);
    bind_int(st, 5, attempts);
    if (next >= 0)
        bind_int(st, 6, next);
    bind_str(st, 7, str_of(why));
    TRY(conn_run(g->writer, st, e));
    g->refresh_due = true;
    if (next >= 0 && row->record && !block(g, r->reaction.name, row->record))
        return err_nomem(e);
    return KITH_OK;
}

/* Failures that belong to the disk or the process and not to the event end the group. */
bool bus_own_failure(struct engine *g, kith_status st) {
    return group_lost(g) || st == KITH_E_FULL || st == KITH_E_IO || st == KITH_E_CORRUPT;
}

static kith_status deliver(struct reaction_entry *r, struct delivery *d, struct txn *probe,
                           kith_error *e) {
    struct engine *g = d->g;
    kith_error why = KITH_ERROR_INIT;
    char place[ERR_PLACE];
    bool yes;
    TRY(delivery_wants(r, d, probe, &yes, e));
    if (!yes)
        return KITH_OK;
    /* Paused by another reaction to this row: the batch ends with it, and the cursor moves. */
    if (r->group && r->group->paused)
        return bus_letter(g, r, d->row, 0, clock_now(g->clock), "waits until it is resumed", e);
    if (is_blocked(g, r->reaction.name, d->row->record))
        return bus_letter(g, r, d->row, 0, clock_now(g->clock), "waits behind an earlier event", e);
    d->ev.attempt = 1;
    kith_status st = delivery_run(r, d, probe->arena, &why);
    if (st == KITH_OK && d->more)
        return bus_letter(g, r, d->row, 0, clock_now(g->clock), "goes on", e);
    if (st == KITH_OK)
        return KITH_OK;
    if (bus_own_failure(g, st)) {
        err_copy(e, &why);
        return st;
    }
    bool dead =
        g->opts.attempts_max <= 1 || (st == KITH_E_LIMIT && d->tx.depth >= g->opts.cascade_max);
    log_write(engine_log_level(g, LOG_WARN), "bus",
              "%s, row %llu: failed (%s); 'kith deadletter list' tells why", r->reaction.name,
              (unsigned long long)d->row->seq, err_place(&why, place));
    return bus_letter(g, r, d->row, 1, dead ? -1 : clock_now(g->clock) + engine_backoff(1),
                      why.message, e);
}

/* -- groups ------------------------------------------------------------------------------------ */

struct batch {
    struct engine *g;
    uint64_t lo, seen;
    int64_t began; /* clock_ticks() */
    int rows;
    bool full; /* the next rows are for the next batch */
};

static kith_status deliver_row(void *arg, const struct journal_row *row, kith_error *e) {
    struct batch *b = arg;
    struct engine *g = b->g;
    struct delivery d = {.g = g, .row = row};
    struct txn probe;
    struct write_opts o = {.principal = &bus_principal, .origin = ORIGIN_REACTION};
    const struct reaction_list *l = bus_reactions(g, row);
    arena_reset(&g->work);
    txn_begin(&probe, g, &o, 0);
    for (size_t i = 0; i < l->count; i++)
        if (l->items[i]->cursor == b->lo)
            TRY(deliver(l->items[i], &d, &probe, e));
    b->seen = row->seq;
    /* What is listened for holds from the next row on. */
    b->full = ++b->rows == BATCH_ROWS || g->pausing || g->bus_stale ||
              clock_ticks() - b->began > BATCH_MS * INT64_C(1000000);
    return b->full ? KITH_E_LIMIT : KITH_OK;
}

/* The rows that the hindmost reactions have not seen, up to where the next ones stand. */
static uint64_t batch_end(struct engine *g) {
    uint64_t hi = atomic_load(&g->durable);
    const struct reaction_list *l = &g->subs->reactions;
    for (size_t i = 0; i < l->count; i++)
        if (l->items[i]->cursor > g->bus_head && l->items[i]->cursor < hi)
            hi = l->items[i]->cursor;
    return hi;
}

static kith_status move_cursors(struct engine *g, uint64_t lo, uint64_t hi, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(g->writer, "UPDATE kith_cursor SET seq = ?2 WHERE active = 1 AND seq = ?1",
                     &st, e));
    bind_int(st, 1, (int64_t)lo);
    bind_int(st, 2, (int64_t)hi);
    return conn_run(g->writer, st, e);
}

static kith_status run_batch(struct engine *g, uint64_t lo, uint64_t hi, kith_error *e) {
    struct batch b = {.g = g, .lo = lo, .seen = lo, .began = clock_ticks()};
    TRY(group_begin(g, e));
    kith_status st = journal_walk(g->writer, lo, hi, deliver_row, &b, e);
    if (st == KITH_E_LIMIT && b.full) {
        hi = b.seen;
        st = KITH_OK;
    }
    if (st == KITH_OK)
        st = move_cursors(g, lo, hi, e);
    if (st != KITH_OK) {
        group_rollback(g);
        return st;
    }
    TRY(group_commit(g, e));
    for (size_t i = 0; i < g->subs->reactions.count; i++)
        if (g->subs->reactions.items[i]->cursor == lo)
            g->subs->reactions.items[i]->cursor = hi;
    find_head(g);
    return KITH_OK;
}

void bus_step(struct engine *g) {
    kith_error e = KITH_ERROR_INIT;
    kith_status st = g->bus_stale ? bus_reload(g, &e) : KITH_OK;
    if (st == KITH_OK)
        st = run_batch(g, g->bus_head, batch_end(g), &e);
    if (st != KITH_OK)
        bus_held_up(g, "reactions are held up", &e);
}

/* What is due stays due: without a pause the writer would do nothing else. */
void bus_held_up(struct engine *g, const char *what, const kith_error *e) {
    log_error("bus", "%s: %s", what, e->message);
    pthread_mutex_lock(&g->lock);
    g->held = (kith_error)KITH_ERROR_INIT;
    err_copy(&g->held, e);
    err_prefix(&g->held, "%s: ", what);
    atomic_fetch_add(&g->held_times, 1);
    pthread_cond_broadcast(&g->idle_cond);
    pthread_mutex_unlock(&g->lock);
    clock_sleep(HELD_MS);
}

/* -- rehearsal --------------------------------------------------------------------------------- */

kith_status bus_rehearse_row(struct engine *g, const struct journal_row *row, size_t *ran,
                             kith_error *e) {
    struct delivery d = {.g = g, .row = row};
    struct txn probe;
    struct write_opts o = {.principal = &bus_principal, .origin = ORIGIN_REACTION};
    const struct reaction_list *l = bus_reactions(g, row);
    txn_begin(&probe, g, &o, 0);
    for (size_t i = 0; i < l->count; i++) {
        bool yes;
        if (g->bus_stale)
            TRY(bus_reload(g, e));
        TRY(delivery_wants(l->items[i], &d, &probe, &yes, e));
        if (!yes || (l->items[i]->group && l->items[i]->group->paused))
            continue;
        d.ev.attempt = 1;
        kith_status st = delivery_run(l->items[i], &d, probe.arena, e);
        if (st != KITH_OK) {
            err_prefix(e, "reaction '%s' would fail: ", l->items[i]->reaction.name);
            return st;
        }
        ++*ran;
    }
    return KITH_OK;
}
