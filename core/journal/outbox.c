/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox's tables. */
#include "journal/outbox.h"

#include <string.h>

static const char *const state_names[] = {"", "waiting", "sending", "sent", "dead", "cancelled"};
#define STATES (sizeof state_names / sizeof *state_names)

const char *outbox_state_name(uint32_t state) {
    return state < STATES ? state_names[state] : "";
}

uint32_t outbox_state_of(kith_str name) {
    for (uint32_t i = 1; i < STATES; i++)
        if (str_eqz(name, state_names[i]))
            return i;
    return 0;
}

kith_status outbox_setup(struct conn *c, kith_error *e) {
    return conn_exec(
        c,
        /* due: when its head may go; NULL: it has none, or is held, taken or not loaded. */
        "CREATE TABLE IF NOT EXISTS kith_outbox_queue(id INTEGER PRIMARY KEY, delivery TEXT NOT"
        " NULL, endpoint TEXT NOT NULL, due INTEGER, failures INTEGER NOT NULL, opened INTEGER NOT"
        " NULL, held INTEGER NOT NULL, taken INTEGER NOT NULL, slow INTEGER NOT NULL, active "
        "INTEGER NOT NULL,"
        " UNIQUE(delivery, endpoint)) STRICT;"
        "CREATE INDEX IF NOT EXISTS \"i.kith_outbox_queue.due\" ON kith_outbox_queue(due)"
        " WHERE due IS NOT NULL;"
        "CREATE TABLE IF NOT EXISTS kith_outbox(id INTEGER PRIMARY KEY, queue INTEGER NOT NULL,"
        " key TEXT NOT NULL, payload TEXT NOT NULL, type INTEGER, subject INTEGER, at INTEGER NOT"
        " NULL, tx INTEGER NOT NULL, cause INTEGER NOT NULL, depth INTEGER NOT NULL, run INTEGER,"
        " state INTEGER NOT NULL, tries INTEGER NOT NULL, due INTEGER NOT NULL, done INTEGER,"
        " error TEXT NOT NULL, answer TEXT NOT NULL, erased INTEGER NOT NULL) STRICT;"
        "CREATE INDEX IF NOT EXISTS \"i.kith_outbox.queue\" ON kith_outbox(queue, id)"
        " WHERE state <= 2;"
        "CREATE INDEX IF NOT EXISTS \"i.kith_outbox.dead\" ON kith_outbox(id) WHERE state = 4;"
        "CREATE INDEX IF NOT EXISTS \"i.kith_outbox.done\" ON kith_outbox(done)"
        " WHERE done IS NOT NULL;"
        "CREATE INDEX IF NOT EXISTS \"i.kith_outbox.subject\" ON kith_outbox(subject)"
        " WHERE subject IS NOT NULL;"
        "CREATE INDEX IF NOT EXISTS \"i.kith_outbox.erased\" ON kith_outbox(erased)"
        " WHERE erased <> 0;"
        "CREATE INDEX IF NOT EXISTS \"i.kith_outbox.tx\" ON kith_outbox(tx);"
        "CREATE INDEX IF NOT EXISTS \"i.kith_outbox.cause\" ON kith_outbox(cause);"
        "CREATE INDEX IF NOT EXISTS \"i.kith_outbox.run\" ON kith_outbox(run)"
        " WHERE run IS NOT NULL;",
        e);
}

/* Up to three numbers, in their order. */
static kith_status run_with(struct conn *c, const char *sql, const int64_t *numbers, int count,
                            kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, sql, &st, e));
    for (int i = 0; i < count; i++)
        bind_int(st, i + 1, numbers[i]);
    return conn_run(c, st, e);
}
#define RUN(c, sql, ...)                                                                           \
    run_with(c, sql, (const int64_t[]){__VA_ARGS__},                                               \
             (int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), e)

/* When the head of the queue may go. */
#define HEAD_DUE                                                                                   \
    "CASE WHEN held OR taken OR NOT active THEN NULL ELSE (SELECT max(o.due, opened) FROM"         \
    " kith_outbox o WHERE o.queue = kith_outbox_queue.id AND o.state <= 2 ORDER BY o.id LIMIT 1)"  \
    " END"

static kith_status refresh(struct conn *c, uint64_t queue, kith_error *e) {
    return RUN(c, "UPDATE kith_outbox_queue SET due = " HEAD_DUE " WHERE id = ?1", (int64_t)queue);
}

kith_status outbox_begin(struct conn *c, kith_error *e) {
    return conn_exec(c,
                     "UPDATE kith_outbox SET state = 1 WHERE state <= 2 AND state = 2;"
                     "UPDATE kith_outbox_queue SET due = NULL, taken = 0, active = 0;",
                     e);
}

kith_status outbox_load(struct conn *c, const char *delivery, kith_error *e) {
    static const char *const sql[] = {"UPDATE kith_outbox_queue SET active = 1 WHERE delivery = ?1",
                                      "UPDATE kith_outbox_queue SET due = " HEAD_DUE
                                      " WHERE delivery = ?1"};
    for (int i = 0; i < 2; i++) {
        sqlite3_stmt *st;
        TRY(conn_prepare(c, sql[i], &st, e));
        bind_str(st, 1, str_of(delivery));
        TRY(conn_run(c, st, e));
    }
    return KITH_OK;
}

kith_status outbox_high_id(struct conn *c, kith_id *id, kith_error *e) {
    int64_t high;
    TRY(conn_int(c, "SELECT max(id) FROM kith_outbox", 0, &high, e));
    *id = (kith_id)high;
    return KITH_OK;
}

static kith_status find_queue(struct conn *c, const char *delivery, kith_str endpoint,
                              uint64_t *queue, bool *there, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "SELECT id FROM kith_outbox_queue WHERE delivery = ?1 AND endpoint = ?2",
                     &st, e));
    bind_str(st, 1, str_of(delivery));
    bind_str(st, 2, endpoint.ptr ? endpoint : STR(""));
    TRY(conn_step(c, st, there, e));
    if (*there) {
        *queue = (uint64_t)sqlite3_column_int64(st, 0);
        sqlite3_reset(st);
    }
    return KITH_OK;
}

kith_status outbox_queue_of(struct conn *c, const char *delivery, kith_str endpoint,
                            uint64_t *queue, kith_error *e) {
    sqlite3_stmt *st;
    bool there;
    TRY(find_queue(c, delivery, endpoint, queue, &there, e));
    if (there)
        return KITH_OK;
    TRY(conn_prepare(c,
                     "INSERT INTO kith_outbox_queue(delivery, endpoint, failures, opened, held,"
                     " taken, slow, active) VALUES(?1, ?2, 0, 0, 0, 0, 0, 1)",
                     &st, e));
    bind_str(st, 1, str_of(delivery));
    bind_str(st, 2, endpoint.ptr ? endpoint : STR(""));
    TRY(conn_run(c, st, e));
    *queue = (uint64_t)sqlite3_last_insert_rowid(c->db);
    return KITH_OK;
}

kith_status outbox_add(struct conn *c, const struct outbox_item *item, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(
        c,
        "INSERT INTO kith_outbox(id, queue, key, payload, type, subject, at, tx, cause,"
        " depth, run, state, tries, due, error, answer, erased) VALUES(?1, ?2, ?3, ?4,"
        " ?5, ?6, ?7, ?8, ?9, ?10, ?11, 1, 0, ?7, '', '', 0)",
        &st, e));
    bind_int(st, 1, (int64_t)item->id);
    bind_int(st, 2, (int64_t)item->queue);
    bind_str(st, 3, item->key);
    bind_str(st, 4, item->payload.ptr ? item->payload : STR(""));
    if (item->type)
        bind_int(st, 5, item->type);
    if (item->subject)
        bind_int(st, 6, (int64_t)item->subject);
    bind_int(st, 7, item->at);
    bind_int(st, 8, (int64_t)item->tx);
    bind_int(st, 9, (int64_t)item->cause);
    bind_int(st, 10, item->depth);
    if (item->run)
        bind_int(st, 11, (int64_t)item->run);
    TRY(conn_run(c, st, e));
    /* A queue that is due already has one before this. */
    return RUN(c,
               "UPDATE kith_outbox_queue SET due = max(?2, opened) WHERE id = ?1 AND due IS NULL"
               " AND NOT held AND NOT taken AND active",
               (int64_t)item->queue, item->at);
}

kith_status outbox_drop(struct conn *c, uint64_t queue, int64_t now, uint64_t *count,
                        kith_error *e) {
    static const char *const sql[] = {
        "UPDATE kith_outbox SET state = 5, done = ?2, error = 'there is nobody to send it to'"
        " WHERE queue = ?1 AND state <= 2 AND state = 1",
        "UPDATE kith_outbox SET state = 5, done = ?2 WHERE queue = ?1 AND state = 4"};
    *count = 0;
    for (int i = 0; i < 2; i++) {
        TRY(RUN(c, sql[i], (int64_t)queue, now));
        *count += (uint64_t)sqlite3_changes(c->db);
    }
    return refresh(c, queue, e);
}

kith_status outbox_hold(struct conn *c, uint64_t queue, bool held, kith_error *e) {
    TRY(RUN(c, "UPDATE kith_outbox_queue SET held = ?2, opened = 0 WHERE id = ?1", (int64_t)queue,
            held));
    return refresh(c, queue, e);
}

/* -- rows -------------------------------------------------------------------------------------- */

#define ITEM                                                                                       \
    "SELECT o.id, o.queue, q.delivery, q.endpoint, o.key, o.payload, o.type, o.subject, o.at,"     \
    " o.tx, o.cause, o.depth, o.run, o.state, o.tries, o.due, o.done, o.error, o.answer, o.erased" \
    " FROM kith_outbox o JOIN kith_outbox_queue q ON q.id = o.queue"

static kith_status item_of(sqlite3_stmt *st, struct arena *a, struct outbox_item *out,
                           kith_error *e) {
    kith_str delivery = arena_str(a, column_str(st, 2));
    *out = (struct outbox_item){
        .id = (kith_id)sqlite3_column_int64(st, 0),
        .queue = (uint64_t)sqlite3_column_int64(st, 1),
        .delivery = delivery.ptr,
        .endpoint = arena_str(a, column_str(st, 3)),
        .key = arena_str(a, column_str(st, 4)),
        .payload = arena_str(a, column_str(st, 5)),
        .type = (uint32_t)sqlite3_column_int64(st, 6),
        .subject = (kith_id)sqlite3_column_int64(st, 7),
        .at = sqlite3_column_int64(st, 8),
        .tx = (kith_id)sqlite3_column_int64(st, 9),
        .cause = (uint64_t)sqlite3_column_int64(st, 10),
        .depth = (uint32_t)sqlite3_column_int64(st, 11),
        .run = (kith_id)sqlite3_column_int64(st, 12),
        .state = (uint32_t)sqlite3_column_int64(st, 13),
        .tries = (uint32_t)sqlite3_column_int64(st, 14),
        .due = sqlite3_column_int64(st, 15),
        .done = sqlite3_column_int64(st, 16),
        .error = arena_str(a, column_str(st, 17)),
        .answer = arena_str(a, column_str(st, 18)),
        .erased = sqlite3_column_int64(st, 19),
    };
    return out->delivery && out->endpoint.ptr && out->key.ptr && out->payload.ptr &&
                   out->error.ptr && out->answer.ptr
               ? KITH_OK
               : err_nomem(e);
}

/* All rows of a bound statement, behind those that are there. */
static kith_status items_of(struct conn *c, sqlite3_stmt *st, struct arena *a,
                            struct outbox_item **out, size_t *count, size_t *cap, kith_error *e) {
    for (;;) {
        bool row;
        TRY(conn_step(c, st, &row, e));
        if (!row)
            return KITH_OK;
        struct outbox_item *items = arena_grow(a, *out, *count, cap, sizeof *items);
        *out = items ? items : *out;
        kith_status status = items ? item_of(st, a, &items[*count], e) : err_nomem(e);
        if (status != KITH_OK) {
            sqlite3_reset(st);
            return status;
        }
        ++*count;
    }
}

/* -- sending ----------------------------------------------------------------------------------- */

#define DUE  "FROM kith_outbox_queue WHERE due IS NOT NULL"
#define FAST " AND NOT slow"

kith_status outbox_next_due(struct conn *c, bool fast_only, int64_t *due, kith_error *e) {
    return conn_int(c,
                    fast_only ? "SELECT due " DUE FAST " ORDER BY due LIMIT 1"
                              : "SELECT due " DUE " ORDER BY due LIMIT 1",
                    INT64_MAX, due, e);
}

static kith_status first_queue(struct conn *c, int64_t now, bool fast_only, uint64_t *queue,
                               struct outbox_taken *out, bool *found, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(
        c,
        fast_only ? "SELECT id, failures, slow " DUE FAST " AND due <= ?1 ORDER BY due LIMIT 1"
                  : "SELECT id, failures, slow " DUE " AND due <= ?1 ORDER BY due LIMIT 1",
        &st, e));
    bind_int(st, 1, now);
    TRY(conn_step(c, st, found, e));
    if (*found) {
        *queue = (uint64_t)sqlite3_column_int64(st, 0);
        out->failures = (uint32_t)sqlite3_column_int64(st, 1);
        out->slow = sqlite3_column_int64(st, 2);
        sqlite3_reset(st);
    }
    return KITH_OK;
}

static kith_status take_items(struct conn *c, uint64_t queue, int64_t now, uint32_t max,
                              struct arena *a, struct outbox_taken *out, kith_error *e) {
    sqlite3_stmt *st;
    size_t cap = 0, n = 0;
    TRY(conn_prepare(c, ITEM " WHERE o.queue = ?1 AND o.state <= 2 ORDER BY o.id LIMIT ?2", &st,
                     e));
    bind_int(st, 1, (int64_t)queue);
    bind_int(st, 2, max);
    TRY(items_of(c, st, a, &out->items, &out->count, &cap, e));
    while (n < out->count && out->items[n].due <= now)
        n++;
    out->count = n;
    for (size_t i = 0; i < n; i++)
        TRY(RUN(c, "UPDATE kith_outbox SET state = 2 WHERE id = ?1", (int64_t)out->items[i].id));
    return KITH_OK;
}

kith_status outbox_take(struct conn *c, int64_t now, uint32_t max, uint32_t probe, bool fast_only,
                        struct arena *a, struct outbox_taken *out, kith_error *e) {
    for (;;) {
        uint64_t queue = 0;
        bool found;
        *out = (struct outbox_taken){0};
        TRY(first_queue(c, now, fast_only, &queue, out, &found, e));
        if (!found)
            return KITH_OK;
        TRY(take_items(c, queue, now, out->failures >= probe ? 1 : max, a, out, e));
        if (out->count == 0) /* what was due was cancelled: what it has now is */
            TRY(refresh(c, queue, e));
        else
            return RUN(c, "UPDATE kith_outbox_queue SET taken = 1, due = NULL WHERE id = ?1",
                       (int64_t)queue);
    }
}

kith_status outbox_settle(struct conn *c, kith_id id, const struct outbox_outcome *o, int64_t now,
                          bool *known, kith_error *e) {
    sqlite3_stmt *st;
    bool again = o->state == OUTBOX_WAITING;
    TRY(conn_prepare(c,
                     "UPDATE kith_outbox SET tries = tries + 1,"
                     " state = CASE WHEN erased AND ?2 = 1 THEN 5 ELSE ?2 END, due = ?3,"
                     " done = CASE WHEN ?2 <> 1 OR erased THEN ?4 END,"
                     " error = CASE WHEN erased THEN 'erased' ELSE ?5 END,"
                     " answer = CASE WHEN erased THEN '' ELSE ?6 END WHERE id = ?1 AND state = 2"
                     " RETURNING erased",
                     &st, e));
    bind_int(st, 1, (int64_t)id);
    bind_int(st, 2, o->state);
    bind_int(st, 3, again ? o->due : now);
    bind_int(st, 4, now);
    bind_str(st, 5, o->error.ptr ? o->error : STR(""));
    bind_str(st, 6, o->answer.ptr ? o->answer : STR(""));
    bool row;
    *known = false;
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return KITH_OK;
    *known = !sqlite3_column_int64(st, 0);
    return conn_run(c, st, e);
}

kith_status outbox_release(struct conn *c, uint64_t queue, const struct outbox_rest *r, int64_t now,
                           kith_error *e) {
    TRY(RUN(c,
            "UPDATE kith_outbox SET state = CASE WHEN erased THEN 5 ELSE 1 END,"
            " done = CASE WHEN erased THEN ?2 END WHERE queue = ?1 AND state <= 2 AND state = 2",
            (int64_t)queue, now));
    TRY(RUN(c,
            "UPDATE kith_outbox_queue SET taken = 0, failures = ?2, opened = ?3, slow = ?4"
            " WHERE id = ?1",
            (int64_t)queue, r->failures, r->opened, r->slow));
    TRY(refresh(c, queue, e));
    /* Behind those that wait since before: they have their turn first. */
    return RUN(c, "UPDATE kith_outbox_queue SET due = max(due, ?2) WHERE id = ?1", (int64_t)queue,
               now);
}

kith_status outbox_set_back(struct conn *c, int64_t now, int64_t longest, kith_error *e) {
    TRY(RUN(c, "UPDATE kith_outbox SET due = ?1 WHERE state <= 2 AND due > ?1 + ?2", now, longest));
    TRY(RUN(c, "UPDATE kith_outbox_queue SET opened = ?1 WHERE opened > ?1 + ?2", now, longest));
    return conn_exec(c, "UPDATE kith_outbox_queue SET due = " HEAD_DUE, e);
}

/* -- for people -------------------------------------------------------------------------------- */

kith_status outbox_list(struct conn *c, uint32_t state, uint32_t max, struct arena *a,
                        struct outbox_item **out, size_t *count, kith_error *e) {
    /* Each with the index that it has. */
    static const char *const sql[] = {
        ITEM " WHERE ?1 = 0 ORDER BY o.id DESC LIMIT ?2",
        ITEM " WHERE o.state <= 2 AND o.state = ?1 ORDER BY o.id DESC LIMIT ?2",
        ITEM " WHERE o.state <= 2 AND o.state = ?1 ORDER BY o.id DESC LIMIT ?2",
        ITEM " WHERE o.state = ?1 ORDER BY o.id DESC LIMIT ?2",
        ITEM " WHERE o.state = 4 AND ?1 = 4 ORDER BY o.id DESC LIMIT ?2",
        ITEM " WHERE o.state = ?1 ORDER BY o.id DESC LIMIT ?2",
        ITEM " WHERE o.state <= 2 AND o.tries > 0 AND ?1 = 6 ORDER BY o.id DESC LIMIT ?2",
    };
    sqlite3_stmt *st;
    size_t cap = 0;
    *out = NULL;
    *count = 0;
    TRY(conn_prepare(c, sql[state < sizeof sql / sizeof *sql ? state : 0], &st, e));
    bind_int(st, 1, state);
    bind_int(st, 2, max);
    return items_of(c, st, a, out, count, &cap, e);
}

kith_status outbox_to(struct conn *c, kith_str endpoint, uint32_t state, uint32_t max,
                      struct arena *a, struct outbox_item **out, size_t *count, kith_error *e) {
    sqlite3_stmt *st;
    size_t cap = 0;
    *out = NULL;
    *count = 0;
    TRY(conn_prepare(c,
                     ITEM " WHERE q.endpoint = ?3 AND (?1 = 0 OR o.state = ?1)"
                          " ORDER BY o.id DESC LIMIT ?2",
                     &st, e));
    bind_int(st, 1, state);
    bind_int(st, 2, max);
    bind_str(st, 3, endpoint);
    return items_of(c, st, a, out, count, &cap, e);
}

kith_status outbox_since(struct conn *c, kith_id after, struct arena *a, struct outbox_item **out,
                         size_t *count, kith_error *e) {
    sqlite3_stmt *st;
    size_t cap = 0;
    *out = NULL;
    *count = 0;
    TRY(conn_prepare(c, ITEM " WHERE o.id > ?1 ORDER BY o.id", &st, e));
    bind_int(st, 1, (int64_t)after);
    return items_of(c, st, a, out, count, &cap, e);
}

kith_status outbox_about(struct conn *c, kith_id subject, kith_id after, uint32_t max,
                         struct arena *a, struct outbox_item **out, size_t *count, kith_error *e) {
    sqlite3_stmt *st;
    size_t cap = 0;
    *out = NULL;
    *count = 0;
    TRY(conn_prepare(c, ITEM " WHERE o.subject = ?1 AND o.id > ?2 ORDER BY o.id LIMIT ?3", &st, e));
    bind_int(st, 1, (int64_t)subject);
    bind_int(st, 2, (int64_t)after);
    bind_int(st, 3, max);
    return items_of(c, st, a, out, count, &cap, e);
}

kith_status outbox_read(struct conn *c, kith_id id, struct arena *a, struct outbox_item *out,
                        bool *there, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, ITEM " WHERE o.id = ?1", &st, e));
    bind_int(st, 1, (int64_t)id);
    TRY(conn_step(c, st, there, e));
    if (!*there)
        return KITH_OK;
    kith_status status = item_of(st, a, out, e);
    sqlite3_reset(st);
    return status;
}

static kith_status queue_row(sqlite3_stmt *st, struct arena *a, void *item, kith_error *e) {
    struct outbox_queue *out = item;
    kith_str delivery = arena_str(a, column_str(st, 1));
    *out = (struct outbox_queue){
        .number = (uint64_t)sqlite3_column_int64(st, 0),
        .delivery = delivery.ptr,
        .endpoint = arena_str(a, column_str(st, 2)),
        .failures = (uint32_t)sqlite3_column_int64(st, 3),
        .opened = sqlite3_column_int64(st, 4),
        .held = sqlite3_column_int64(st, 5),
        .active = sqlite3_column_int64(st, 6),
        .waiting = (uint64_t)sqlite3_column_int64(st, 7),
        .dead = (uint64_t)sqlite3_column_int64(st, 8),
    };
    return out->delivery && out->endpoint.ptr ? KITH_OK : err_nomem(e);
}

kith_status outbox_queues(struct conn *c, struct arena *a, struct outbox_queue **out, size_t *count,
                          kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(
        c,
        "SELECT id, delivery, endpoint, failures, opened, held, active, (SELECT count(*) FROM"
        " kith_outbox o WHERE o.queue = q.id AND o.state <= 2), (SELECT count(*) FROM kith_outbox o"
        " WHERE o.state = 4 AND o.queue = q.id) FROM kith_outbox_queue q ORDER BY delivery,"
        " endpoint",
        &st, e));
    return conn_rows(c, st, a, sizeof **out, queue_row, out, count, e);
}

/* Of the effect that was just changed. */
static kith_status refresh_of(struct conn *c, kith_id id, bool closed, kith_error *e) {
    return RUN(c,
               closed ? "UPDATE kith_outbox_queue SET opened = 0, failures = 0 WHERE id = (SELECT"
                        " queue FROM kith_outbox WHERE id = ?1)"
                      : "UPDATE kith_outbox_queue SET due = " HEAD_DUE
                        " WHERE id = (SELECT queue FROM kith_outbox WHERE id = ?1)",
               (int64_t)id);
}

kith_status outbox_retry(struct conn *c, kith_id id, int64_t now, bool *yes, kith_error *e) {
    TRY(RUN(c,
            "UPDATE kith_outbox SET state = 1, tries = 0, due = ?2, done = NULL WHERE id = ?1 AND"
            " state IN (1, 4) AND NOT erased",
            (int64_t)id, now));
    *yes = sqlite3_changes(c->db) == 1;
    if (!*yes)
        return KITH_OK;
    TRY(refresh_of(c, id, true, e));
    return refresh_of(c, id, false, e);
}

kith_status outbox_cancel(struct conn *c, kith_id id, const char *why, int64_t now, bool *yes,
                          kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "UPDATE kith_outbox SET state = 5, done = ?2, error = ?3 WHERE id = ?1 AND"
                     " state IN (1, 4)",
                     &st, e));
    bind_int(st, 1, (int64_t)id);
    bind_int(st, 2, now);
    bind_str(st, 3, str_of(why));
    TRY(conn_run(c, st, e));
    *yes = sqlite3_changes(c->db) == 1;
    return *yes ? refresh_of(c, id, false, e) : KITH_OK;
}

uint64_t outbox_count(struct conn *c, uint32_t state) {
    static const char *const sql[STATES] = {
        NULL,
        "SELECT count(*) FROM kith_outbox WHERE state <= 2",
        "SELECT count(*) FROM kith_outbox WHERE state <= 2 AND state = 2",
        "SELECT count(*) FROM kith_outbox WHERE state = 3",
        "SELECT count(*) FROM kith_outbox WHERE state = 4",
        "SELECT count(*) FROM kith_outbox WHERE state = 5",
    };
    int64_t n = 0;
    if (state == 0 || state >= STATES || conn_int(c, sql[state], 0, &n, NULL) != KITH_OK)
        return 0;
    return (uint64_t)n;
}

/* -- what else goes on ------------------------------------------------------------------------- */

/* A reaction that wrote nothing is no transaction of the journal: its effects are found by their
 * cause or their run. Those of others by their transaction, so that none is listed twice. */
#define UNKNOWN  " AND NOT EXISTS (SELECT 1 FROM kith_tx x WHERE x.id = o.tx)"
#define UNSENT   "SELECT o.id FROM kith_outbox o WHERE "
#define WAITS    " = ?1 AND o.state IN (1, 4)"
#define GONE_OUT " = ?1 AND o.state IN (2, 3)"
static const char *const of_what[][2] = {
    [OUTBOX_BY_TX] = {UNSENT "o.tx" WAITS, ITEM " WHERE o.tx" GONE_OUT " ORDER BY o.id"},
    [OUTBOX_BY_RUN] = {UNSENT "o.run" WAITS UNKNOWN,
                       ITEM " WHERE o.run" GONE_OUT UNKNOWN " ORDER BY o.id"},
    [OUTBOX_BY_CAUSE] = {UNSENT "o.cause" WAITS UNKNOWN,
                         ITEM " WHERE o.cause" GONE_OUT UNKNOWN " ORDER BY o.id"},
    [OUTBOX_BEHIND] = {UNSENT "o.cause > ?1 AND o.state IN (1, 4)",
                       ITEM " WHERE o.cause > ?1 AND o.state IN (2, 3) ORDER BY o.id"},
};

kith_status outbox_undo(struct conn *c, enum outbox_by by, uint64_t what, int64_t now,
                        struct arena *a, uint64_t *cancelled, struct outbox_item **sent,
                        size_t *count, size_t *cap, kith_error *e) {
    sqlite3_stmt *st;
    kith_id *ids;
    size_t n;
    TRY(conn_prepare(c, of_what[by][0], &st, e));
    bind_int(st, 1, (int64_t)what);
    TRY(conn_ids(c, st, a, &ids, &n, e));
    for (size_t i = 0; i < n; i++) {
        bool yes;
        TRY(outbox_cancel(c, ids[i], "what it was to tell was undone", now, &yes, e));
        *cancelled += yes;
    }
    TRY(conn_prepare(c, of_what[by][1], &st, e));
    bind_int(st, 1, (int64_t)what);
    return items_of(c, st, a, sent, count, cap, e);
}

kith_status outbox_forget(struct conn *c, kith_id subject, kith_id request, int64_t now,
                          kith_error *e) {
    TRY(RUN(c,
            "UPDATE kith_outbox SET payload = '', answer = '', error = 'erased', erased = ?3,"
            " done = CASE WHEN state = 1 THEN ?2 ELSE done END,"
            " state = CASE WHEN state IN (1, 4) THEN 5 ELSE state END WHERE subject = ?1",
            (int64_t)subject, now, (int64_t)request));
    if (sqlite3_changes(c->db) == 0)
        return KITH_OK;
    return RUN(c,
               "UPDATE kith_outbox_queue SET due = " HEAD_DUE " WHERE id IN (SELECT queue FROM"
               " kith_outbox WHERE subject = ?1)",
               (int64_t)subject);
}

kith_status outbox_recipients(struct conn *c, kith_id request, struct arena *a, kith_value **out,
                              size_t *count, kith_error *e) {
    sqlite3_stmt *st;
    size_t cap = 0;
    *out = NULL;
    *count = 0;
    TRY(conn_prepare(c,
                     "SELECT DISTINCT q.delivery || ' ' || q.endpoint FROM kith_outbox o JOIN"
                     " kith_outbox_queue q ON q.id = o.queue WHERE o.erased = ?1 AND o.erased <> 0"
                     " AND o.state IN (2, 3) ORDER BY 1",
                     &st, e));
    bind_int(st, 1, (int64_t)request);
    for (;;) {
        bool row;
        TRY(conn_step(c, st, &row, e));
        if (!row)
            return KITH_OK;
        kith_value *items = arena_grow(a, *out, *count, &cap, sizeof *items);
        kith_str text = arena_str(a, column_str(st, 0));
        if (!items || !text.ptr) {
            sqlite3_reset(st);
            return err_nomem(e);
        }
        *out = items;
        items[(*count)++] = value_str(text);
    }
}

kith_status outbox_sweep(struct conn *c, int64_t before, int64_t max, bool *more, kith_error *e) {
    TRY(RUN(c,
            "DELETE FROM kith_outbox WHERE id IN (SELECT id FROM kith_outbox WHERE done IS NOT NULL"
            " AND done < ?1 AND state IN (3, 5) LIMIT ?2)",
            before, max));
    *more = sqlite3_changes(c->db) == max;
    return KITH_OK;
}
