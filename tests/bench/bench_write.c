/* SPDX-License-Identifier: Apache-2.0 */
/* Measures writes against raw SQLite that inserts the same bytes into the same tables and indexes
 * in the same groups, in one run, in turns: the ratio holds when the machine's speed drifts. Usage:
 * bench_write DIR ROWS */
#include "bench.h"

#include "base/id.h"

#define GROUP  1000
#define ROUNDS 5

/* Bytes of the images that the engine writes for these records. */
#define LEAD_IMAGE    41
#define CONTACT_IMAGE 111
#define POINT_IMAGE   68

/* -- raw SQLite: a copy of the engine's empty database ----------------------------------------- */

struct raw {
    struct conn *conn, *checkpoint;
    struct idgen ids;
    uint64_t seq;
    int64_t now;
};

static void raw_open(struct raw *r, const char *path) {
    kith_error e = KITH_ERROR_INIT;
    must(conn_open(&r->conn, path, CONN_WRITER, NULL, &e), &e);
    must(conn_open(&r->checkpoint, path, CONN_CHECKPOINT, NULL, &e), &e);
}

static void raw_close(struct raw *r) {
    conn_close(r->checkpoint);
    conn_close(r->conn);
}

static sqlite3_stmt *raw_statement(struct raw *r, const char *sql) {
    kith_error e = KITH_ERROR_INIT;
    sqlite3_stmt *st;
    must(conn_prepare(r->conn, sql, &st, &e), &e);
    return st;
}

static void raw_run(struct raw *r, sqlite3_stmt *st) {
    kith_error e = KITH_ERROR_INIT;
    must(conn_run(r->conn, st, &e), &e);
}

static void raw_journal(struct raw *r, kith_id tx, int64_t type, kith_id record, uint64_t image) {
    static const char bytes[CONTACT_IMAGE] = "x";
    sqlite3_stmt *st =
        raw_statement(r, "INSERT INTO kith_journal(seq, tx, kind, type, record, image, proof)"
                         " VALUES(?1, ?2, 1, ?3, ?4, ?5, ?6)");
    bind_int(st, 1, (int64_t)++r->seq);
    bind_int(st, 2, (int64_t)tx);
    bind_int(st, 3, type);
    bind_int(st, 4, (int64_t)record);
    bind_blob(st, 5, (kith_str){bytes, image});
    bind_blob(st, 6, (kith_str){bytes, CHAIN_PROOF});
    raw_run(r, st);
}

static void raw_transaction(struct raw *r, kith_id tx, uint64_t rows) {
    sqlite3_stmt *st = raw_statement(r, "INSERT INTO kith_tx(id, at, actor, origin, first, last)"
                                        " VALUES(?1, ?2, 1, 2, ?3, ?4)");
    bind_int(st, 1, (int64_t)tx);
    bind_int(st, 2, r->now);
    bind_int(st, 3, (int64_t)(r->seq - rows + 1));
    bind_int(st, 4, (int64_t)r->seq);
    raw_run(r, st);
}

static void raw_lead(struct raw *r, const struct order *o) {
    kith_id tx = idgen_next(&r->ids, r->now), id = idgen_next(&r->ids, r->now);
    sqlite3_stmt *st = raw_statement(
        r, "INSERT INTO lead(id, created, updated, name, source, state, score, name__fold)"
           " VALUES(?1, ?2, ?2, ?3, 'web', 'new', 0, ?3)");
    bind_int(st, 1, (int64_t)id);
    bind_int(st, 2, r->now);
    bind_str(st, 3, str_of(o->text[0]));
    raw_run(r, st);
    raw_journal(r, tx, 11, id, LEAD_IMAGE);
    raw_transaction(r, tx, 1);
}

static void raw_point(struct raw *r, kith_id tx, kith_id contact, const char *kind,
                      const char *value) {
    kith_id id = idgen_next(&r->ids, r->now);
    sqlite3_stmt *st = raw_statement(
        r, "INSERT INTO contact_point(id, created, updated, contact, kind, value, normal,"
           " \"primary\", normal__fold) VALUES(?1, ?2, ?2, ?3, ?4, ?5, ?5, 1, ?5)");
    bind_int(st, 1, (int64_t)id);
    bind_int(st, 2, r->now);
    bind_int(st, 3, (int64_t)contact);
    bind_str(st, 4, str_of(kind));
    bind_str(st, 5, str_of(value));
    raw_run(r, st);
    raw_journal(r, tx, 7, id, POINT_IMAGE);
}

static void raw_contact(struct raw *r, const struct order *o) {
    kith_id tx = idgen_next(&r->ids, r->now), id = idgen_next(&r->ids, r->now);
    const char *last = strchr(o->text[0], ' ');
    sqlite3_stmt *st = raw_statement(
        r, "INSERT INTO contact(id, created, updated, first_name, last_name, name, lifecycle,"
           " email, phone, name__fold, email__fold, phone__fold)"
           " VALUES(?1, ?2, ?2, ?3, ?4, ?5, 'prospect', ?6, ?7, ?5, ?6, ?7)");
    bind_int(st, 1, (int64_t)id);
    bind_int(st, 2, r->now);
    bind_str(st, 3, (kith_str){o->text[0], (uint64_t)(last - o->text[0])});
    bind_str(st, 4, str_of(last + 1));
    bind_str(st, 5, str_of(o->text[0]));
    bind_str(st, 6, str_of(o->text[1]));
    bind_str(st, 7, str_of(o->text[2]));
    raw_run(r, st);
    raw_journal(r, tx, 6, id, CONTACT_IMAGE);
    raw_point(r, tx, id, "email", o->text[1]);
    raw_point(r, tx, id, "phone", o->text[2]);
    raw_transaction(r, tx, 3);
}

/* Seconds for all of them. */
static double raw_all(struct raw *r, void (*one)(struct raw *r, const struct order *o),
                      const struct order *orders, int64_t n) {
    kith_error e = KITH_ERROR_INIT;
    int64_t start = clock_ticks();
    for (int64_t i = 0; i < n; i++) {
        if (i % GROUP == 0) {
            must(conn_exec(r->conn, "BEGIN IMMEDIATE", &e), &e);
            r->now = ID_EPOCH_MS + clock_ticks() / 1000000;
        }
        one(r, &orders[i]);
        if (i % GROUP == GROUP - 1 || i == n - 1)
            must(conn_exec(r->conn, "COMMIT", &e), &e);
        if (i % (16 * GROUP) == 0) /* the log must not grow without bound, as in the engine */
            sqlite3_wal_checkpoint_v2(r->checkpoint->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
                                      NULL);
    }
    return (double)(clock_ticks() - start) / 1e9;
}

/* -- in turns ---------------------------------------------------------------------------------- */

static double least(const double *items) {
    double best = items[0];
    for (int i = 1; i < ROUNDS; i++)
        best = items[i] < best ? items[i] : best;
    return best;
}

struct pair { /* one kind of record, by round */
    double raw[ROUNDS], kith[ROUNDS], ratio[ROUNDS];
};

static void one_round(struct pair *p, int i, double raw, double kith) {
    p->raw[i] = raw;
    p->kith[i] = kith;
    p->ratio[i] = raw / kith;
}

int main(int argc, char **argv) {
    char raw_path[256], path[256];
    int64_t n = argc > 2 ? atoll(argv[2]) : 20000, m = n / 2;
    kith_error e = KITH_ERROR_INIT;
    struct raw raw = {0};
    struct pair lead = {0}, contact = {0};
    if (argc < 2)
        die("usage: bench_write DIR [ROWS]");
    snprintf(raw_path, sizeof raw_path, "%s/raw.db", argv[1]);
    snprintf(path, sizeof path, "%s/kith.db", argv[1]);
    struct engine *g = bench_open(path);
    must_start(g);
    must(engine_copy(g, raw_path, &e), &e);
    raw_open(&raw, raw_path);
    struct order *leads = lead_orders(g, n), *contacts = contact_orders(g, m);
    for (int i = 0; i < ROUNDS; i++) {
        one_round(&lead, i, raw_all(&raw, raw_lead, leads, n), timed_post(g, leads, n));
        one_round(&contact, i, raw_all(&raw, raw_contact, contacts, m), timed_post(g, contacts, m));
    }
    double ratio = median(lead.ratio, ROUNDS);
    row("raw SQLite: lead, same bytes, groups of 1,000", "%.0f/s", (double)n / least(lead.raw),
        NULL, true);
    row("lead create in process, groups of up to 1,000", "%.0f/s", (double)n / least(lead.kith),
        NULL, true);
    row("  ratio to raw SQLite, median of 5 pairs", "%.2f", ratio, ">= 0.50", ratio >= 0.5);
    row("raw SQLite: contact and 2 contact points, same bytes", "%.0f/s",
        (double)m / least(contact.raw), NULL, true);
    row("contact create (1 + 2 contact points)", "%.0f/s", (double)m / least(contact.kith), NULL,
        true);
    row("  ratio to raw SQLite, median of 5 pairs", "%.2f", median(contact.ratio, ROUNDS), NULL,
        true);
    row("journaled rows/s (contacts: 3 rows each)", "%.0f/s", 3 * (double)m / least(contact.kith),
        NULL, true);
    engine_close(g);
    raw_close(&raw);
    free(leads);
    free(contacts);
    return 0;
}
