/* SPDX-License-Identifier: Apache-2.0 */
/* Measures writes against raw SQLite that inserts the same bytes in the same groups, in one run, in
 * turns: the ratio holds when the machine's speed drifts. Usage: bench_write DIR [ROWS] */
#include "bench.h"

#include "base/id.h"
#include "base/text.h"

#include <stdatomic.h>
#include <unistd.h>

#define GROUP  1000
#define ROUNDS 5

/* -- raw SQLite -------------------------------------------------------------------------------- */

struct raw {
    struct conn *conn;
    struct conn *checkpoint;
    uint64_t seq;
    struct idgen ids;
};

static const char *const lead_sql =
    "CREATE TABLE lead(id INTEGER PRIMARY KEY, created INTEGER, updated INTEGER, owner INTEGER, "
    "name TEXT,"
    " contact INTEGER, source TEXT, state TEXT, score INTEGER, name__fold TEXT) STRICT;"
    "CREATE INDEX l1 ON lead(created); CREATE INDEX l2 ON lead(name__fold);"
    "CREATE TABLE tx(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor INTEGER NOT NULL, origin "
    "INTEGER"
    " NOT NULL, cause INTEGER, depth INTEGER, run INTEGER, first INTEGER NOT NULL, last INTEGER "
    "NOT NULL,"
    " note TEXT) STRICT;"
    "CREATE TABLE journal(seq INTEGER PRIMARY KEY, tx INTEGER NOT NULL, kind INTEGER NOT NULL, "
    "type INTEGER,"
    " record INTEGER, source INTEGER, cause INTEGER, image BLOB NOT NULL) STRICT;"
    "CREATE INDEX j1 ON journal(record);";

static void raw_open(struct raw *r, const char *path) {
    kith_error e = KITH_ERROR_INIT;
    must(conn_open(&r->conn, path, CONN_WRITER, NULL, &e), &e);
    must(conn_exec(r->conn, lead_sql, &e), &e);
    must(conn_open(&r->checkpoint, path, CONN_CHECKPOINT, NULL, &e), &e);
}

/* One lead with its journal row and its transaction, as bytes that the engine writes for the same.
 */
static void raw_lead(struct raw *r, int64_t i) {
    kith_error e = KITH_ERROR_INIT;
    sqlite3_stmt *st;
    char name[40], image[80];
    int64_t now = clock_ticks() / 1000000 + ID_EPOCH_MS;
    kith_id tx = idgen_next(&r->ids, now), id = idgen_next(&r->ids, now);
    snprintf(name, sizeof name, "Lead number %lld", (long long)i);
    memset(image, 'x', sizeof image);
    must(conn_prepare(r->conn, "INSERT INTO lead VALUES(?,?,?,?,?,?,?,?,?,?)", &st, &e), &e);
    bind_int(st, 1, (int64_t)id);
    bind_int(st, 2, now);
    bind_int(st, 3, now);
    bind_str(st, 5, str_of(name));
    bind_str(st, 7, STR("web"));
    bind_str(st, 8, STR("new"));
    bind_int(st, 9, 0);
    bind_str(st, 10, str_of(name));
    must(conn_run(r->conn, st, &e), &e);
    must(conn_prepare(r->conn, "INSERT INTO journal VALUES(?,?,?,?,?,?,?,?)", &st, &e), &e);
    bind_int(st, 1, (int64_t)++r->seq);
    bind_int(st, 2, (int64_t)tx);
    bind_int(st, 3, 1);
    bind_int(st, 4, 11);
    bind_int(st, 5, (int64_t)id);
    bind_blob(st, 8, (kith_str){image, 48});
    must(conn_run(r->conn, st, &e), &e);
    must(conn_prepare(r->conn, "INSERT INTO tx VALUES(?,?,?,?,?,?,?,?,?,?)", &st, &e), &e);
    bind_int(st, 1, (int64_t)tx);
    bind_int(st, 2, now);
    bind_int(st, 3, 1);
    bind_int(st, 4, 1);
    bind_int(st, 8, (int64_t)r->seq);
    bind_int(st, 9, (int64_t)r->seq);
    must(conn_run(r->conn, st, &e), &e);
}

static void raw_leads(struct raw *r, int64_t n) {
    kith_error e = KITH_ERROR_INIT;
    for (int64_t i = 0; i < n; i++) {
        if (i % GROUP == 0)
            must(conn_exec(r->conn, "BEGIN IMMEDIATE", &e), &e);
        raw_lead(r, i);
        if (i % GROUP == GROUP - 1 || i == n - 1)
            must(conn_exec(r->conn, "COMMIT", &e), &e);
        if (i % (16 * GROUP) == 0) /* the log must not grow without bound, as in the engine */
            sqlite3_wal_checkpoint_v2(r->checkpoint->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
                                      NULL);
    }
}

/* -- the engine -------------------------------------------------------------------------------- */

struct order { /* a record to create */
    const struct rtype *type;
    struct assign set[4];
    size_t count;
    char text[3][48];
};
static _Atomic int64_t done_count;

static kith_status create_one(struct txn *t, void *arg, kith_error *e) {
    struct order *o = arg;
    return txn_create(t, o->type, o->set, o->count, NULL, e);
}

static void one_done(void *arg, kith_status st, kith_id tx, const kith_error *e) {
    (void)arg;
    (void)tx;
    if (st != KITH_OK)
        die(e->message);
    atomic_fetch_add(&done_count, 1);
}

static void post_all(struct engine *g, struct order *orders, int64_t n) {
    kith_error e = KITH_ERROR_INIT;
    atomic_store(&done_count, 0);
    for (int64_t i = 0; i < n; i++)
        while (engine_post(g, &bench_opts, create_one, &orders[i], one_done, &e) != KITH_OK)
            usleep(200); /* the queue is full */
    while (atomic_load(&done_count) < n)
        usleep(200);
}

static void set_text(struct order *o, const struct rtype *t, const char *name, const char *value) {
    o->type = t;
    o->set[o->count].field = type_field(t->schema, t, str_of(name));
    o->set[o->count++].value = value_str(str_of(value));
}

static struct order *lead_orders(const struct rtype *lead, int64_t n) {
    struct order *orders = calloc((size_t)n, sizeof *orders);
    for (int64_t i = 0; i < n; i++) {
        snprintf(orders[i].text[0], sizeof orders[i].text[0], "Lead number %lld", (long long)i);
        set_text(&orders[i], lead, "name", orders[i].text[0]);
        set_text(&orders[i], lead, "source", "web");
    }
    return orders;
}

static struct order *contact_orders(const struct rtype *contact, int64_t n) {
    struct order *orders = calloc((size_t)n, sizeof *orders);
    for (int64_t i = 0; i < n; i++) {
        snprintf(orders[i].text[0], sizeof orders[i].text[0], "Person%lld Number%lld", (long long)i,
                 (long long)(i * 7919 % 100003));
        snprintf(orders[i].text[1], sizeof orders[i].text[1], "p%lld@example.com", (long long)i);
        snprintf(orders[i].text[2], sizeof orders[i].text[2], "+43 1 %lld",
                 (long long)(1000000 + i));
        set_text(&orders[i], contact, "name", orders[i].text[0]);
        set_text(&orders[i], contact, "email", orders[i].text[1]);
        set_text(&orders[i], contact, "phone", orders[i].text[2]);
    }
    return orders;
}

static double timed_post(struct engine *g, struct order *orders, int64_t n) {
    int64_t start = clock_ticks();
    post_all(g, orders, n);
    return (double)(clock_ticks() - start) / 1e9;
}

int main(int argc, char **argv) {
    char raw_path[256], path[256];
    int64_t n = argc > 2 ? atoll(argv[2]) : 20000;
    double best_raw = 1e9, best_kith = 1e9, best_contact = 1e9, ratio[ROUNDS];
    struct raw raw = {0};
    struct engine *g;
    if (argc < 2)
        die("usage: bench_write DIR [ROWS]");
    snprintf(raw_path, sizeof raw_path, "%s/raw.db", argv[1]);
    snprintf(path, sizeof path, "%s/kith.db", argv[1]);
    raw_open(&raw, raw_path);
    g = bench_open(path);
    must_start(g);
    const struct rtype *lead = schema_type(engine_schema(g), STR("lead"));
    const struct rtype *contact = schema_type(engine_schema(g), STR("contact"));
    struct order *leads = lead_orders(lead, n), *contacts = contact_orders(contact, n / 2);
    for (int i = 0; i < ROUNDS; i++) {
        int64_t start = clock_ticks();
        raw_leads(&raw, n);
        double a = (double)(clock_ticks() - start) / 1e9, b = timed_post(g, leads, n);
        double c = timed_post(g, contacts, n / 2);
        ratio[i] = a / b;
        best_raw = a < best_raw ? a : best_raw;
        best_kith = b < best_kith ? b : best_kith;
        best_contact = c < best_contact ? c : best_contact;
    }
    double middle = median(ratio, ROUNDS);
    row("raw SQLite: lead + journal + transaction, groups of 1,000", "%.0f/s", (double)n / best_raw,
        NULL, true);
    row("lead create in process, groups of up to 1,000", "%.0f/s", (double)n / best_kith, NULL,
        true);
    row("  ratio to raw SQLite, median of 5 pairs", "%.2f", middle, ">= 0.50", middle >= 0.5);
    row("contact create (1 + 2 contact points), groups", "%.0f/s", (double)n / 2 / best_contact,
        NULL, true);
    row("journaled rows/s (contacts: 3 a record)", "%.0f/s", 3 * (double)n / 2 / best_contact, NULL,
        true);
    engine_close(g);
    conn_close(raw.checkpoint);
    conn_close(raw.conn);
    free(leads);
    free(contacts);
    return 0;
}
