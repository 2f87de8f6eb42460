/* SPDX-License-Identifier: Apache-2.0 */
/* What the doctor looks for in the journal, and in what follows it. */
#include "base/id.h"
#include "journal/chain.h"
#include "journal/doctor_internal.h"
#include "journal/import_log.h"
#include "journal/past.h"

#include <stdio.h>
#include <string.h>

/* -- transactions and rows --------------------------------------------------------------------- */

/* Runs a query about what is behind the start of the journal, whose row it has as %llu up to four
 * times. */
static kith_status each_kept(struct doctor *d, const char *sql, enum shown shown,
                             const char *before, const char *after) {
    unsigned long long start = d->start.seq;
    char text[512];
    snprintf(text, sizeof text, sql, start, start, start, start);
    return doctor_each(d, text, shown, before, after);
}

static kith_status check_gaps(struct doctor *d) {
    int64_t rows, head;
    char sql[80];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM kith_journal WHERE seq > %llu",
             (unsigned long long)d->start.seq);
    TRY(conn_int(d->conn, sql, 0, &rows, d->e));
    TRY(conn_int(d->conn, "SELECT max(seq) FROM kith_journal", 0, &head, d->e));
    return (uint64_t)rows + d->start.seq == (uint64_t)head
               ? KITH_OK
               : doctor_find(d, "the journal ends with row %lld and has %lld", (long long)head,
                             (long long)rows);
}

kith_status doctor_transactions(struct doctor *d) {
    TRY(check_gaps(d));
    TRY(each_kept(
        d,
        "SELECT x.id FROM kith_tx x WHERE last > %llu AND (SELECT count(*) FROM kith_journal j"
        " WHERE j.seq BETWEEN x.first AND x.last AND j.tx = x.id) <> x.last - x.first + 1",
        BY_ID, "transaction ", " does not have the rows that it claims"));
    return each_kept(d,
                     "SELECT seq FROM kith_journal j WHERE seq > %llu AND NOT EXISTS (SELECT 1"
                     " FROM kith_tx x WHERE x.id = j.tx)",
                     BY_NUMBER, "journal row ", " belongs to no transaction");
}

kith_status doctor_causes(struct doctor *d) {
    static const struct {
        const char *sql;
        enum shown shown;
        const char *before, *after;
    } wrong[] = {
        {"SELECT id FROM kith_tx WHERE actor NOT IN (SELECT id FROM kith_source)", BY_ID,
         "transaction ", " has no author"},
        {"SELECT seq FROM kith_journal WHERE source NOT IN (SELECT id FROM kith_source)", BY_NUMBER,
         "journal row ", " was written by code that nobody knows"},
        {"SELECT id FROM kith_tx x WHERE cause IS NOT NULL AND cause >= first", BY_ID,
         "transaction ", " names a cause that came after it"},
        {"SELECT id FROM kith_tx x WHERE cause > %llu AND NOT EXISTS (SELECT 1 FROM"
         " kith_journal j WHERE j.seq = x.cause)",
         BY_ID, "transaction ", " names a cause that the journal does not have"},
        {"SELECT seq FROM kith_journal j WHERE cause > %llu AND NOT EXISTS (SELECT 1 FROM"
         " kith_journal k WHERE k.seq = j.cause AND k.tx = j.tx AND k.seq < j.seq)",
         BY_NUMBER, "journal row ", " names a cause that is not in its transaction"},
        {"SELECT id FROM kith_tx x WHERE last > %llu AND coalesce(cause, %llu + 1) > %llu AND"
         " coalesce(depth, 0) <> coalesce((SELECT coalesce(c.depth, 0) + 1 FROM kith_journal j JOIN"
         " kith_tx c ON c.id = j.tx WHERE j.seq = x.cause), 0)",
         BY_ID, "transaction ", " does not lie one step behind its cause"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        TRY(each_kept(d, wrong[i].sql, wrong[i].shown, wrong[i].before, wrong[i].after));
    return KITH_OK;
}

static kith_status check_images(struct doctor *d) {
    struct arena a = {0};
    sqlite3_stmt *st;
    bool row = true;
    kith_status status =
        conn_prepare(d->conn, "SELECT seq, kind, image FROM kith_journal", &st, d->e);
    while (status == KITH_OK && row) {
        status = conn_step(d->conn, st, &row, d->e);
        if (status != KITH_OK || !row)
            break;
        struct journal_row r = {.seq = (uint64_t)sqlite3_column_int64(st, 0),
                                .kind = (uint32_t)sqlite3_column_int64(st, 1),
                                .image = column_str(st, 2)};
        struct image_field *fields;
        size_t n;
        uint32_t topic, version;
        kith_str json;
        arena_reset(&a);
        kith_status good = r.kind == ROW_EVENT
                               ? image_decode_event(&r, &topic, &version, &json, NULL)
                               : image_decode(d->schema, &r, &a, &fields, &n, NULL);
        if (good == KITH_E_NOMEM)
            status = err_nomem(d->e);
        else if (good != KITH_OK)
            status = doctor_find(d, "journal row %llu cannot be read", (unsigned long long)r.seq);
    }
    arena_free(&a);
    return status;
}

kith_status doctor_images(struct doctor *d) {
    TRY(doctor_each(d, "SELECT seq FROM kith_journal WHERE type NOT IN (SELECT id FROM kith_type)",
                    BY_NUMBER, "journal row ",
                    " is about a type that the catalogue does not have"));
    return check_images(d);
}

static kith_status tell_chain(void *arg, uint64_t seq, const char *sentence, kith_error *e) {
    (void)seq;
    (void)e;
    return doctor_find(arg, "%s", sentence);
}

/* A database that no newer Kith has opened has no chain. */
kith_status doctor_chain(struct doctor *d) {
    struct chain_report report;
    kith_error why = KITH_ERROR_INIT;
    kith_status st = chain_verify(d->conn, NULL, tell_chain, d, &report, &why);
    if (st == KITH_E_UNSUPPORTED)
        return KITH_OK;
    if (st != KITH_OK)
        err_copy(d->e, &why);
    return st;
}

/* -- records by the journal -------------------------------------------------------------------- */

/* A record exists exactly when its last row in the journal is no deletion; when it has none, it may
 * be older than what is kept. */
kith_status doctor_existence(struct doctor *d) {
    for (uint32_t i = 0; i < d->schema->type_count; i++) {
        const struct rtype *t = d->schema->types[i];
        char sql[512], before[96];
        if (t->history == KITH_HISTORY_NONE)
            continue;
        snprintf(before, sizeof before, "%s ", t->name);
        snprintf(sql, sizeof sql,
                 "SELECT r.id FROM \"%s\" r WHERE coalesce((SELECT j.kind FROM kith_journal j "
                 "WHERE j.record ="
                 " r.id AND j.kind <> 4 ORDER BY j.seq DESC LIMIT 1), %d) = 3",
                 t->name, d->start.seq ? 1 : 3);
        TRY(doctor_each(d, sql, BY_ID, before, " exists, but not by the journal"));
        snprintf(
            sql, sizeof sql,
            "SELECT DISTINCT j.record FROM kith_journal j WHERE j.type = %u AND j.kind < 3 AND NOT"
            " EXISTS"
            " (SELECT 1 FROM \"%s\" r WHERE r.id = j.record) AND (SELECT k.kind FROM kith_journal "
            "k WHERE"
            " k.record = j.record AND k.kind <> 4 ORDER BY k.seq DESC LIMIT 1) <> 3",
            t->id, t->name);
        TRY(doctor_each(d, sql, BY_ID, before,
                        " is missing, though the journal has no deletion of it"));
    }
    return KITH_OK;
}

/* Fields as they were before the rows that were looked at: back from the present. */
struct back {
    struct fold fold;
    kith_value *values;
    const struct rfield *broken; /* a row left another value than the next one found */
    uint64_t broken_at;
    int64_t made, changed; /* by the rows: ms UTC; 0: not known */
};

static void step_back(struct back *b, const struct journal_row *row,
                      const struct image_field *fields, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const struct rfield *f = fields[i].field;
        if (!f || f->type != b->fold.type || field_derived(f) || f->index < FIELD_OWNER)
            continue;
        if (!b->broken && !value_eq(&b->values[f->index], &fields[i].after)) {
            b->broken = f;
            b->broken_at = row->seq;
        }
        b->values[f->index] = fields[i].before;
    }
}

static kith_status look_back(struct doctor *d, struct back *b, const struct journal_row *row,
                             bool *older) {
    struct image_field *fields;
    size_t n;
    kith_status status = fold_row(&b->fold, row, older, NULL);
    if (status == KITH_OK && (row->kind == ROW_UPDATE || row->kind == ROW_CREATE)) {
        status = image_decode(d->schema, row, b->fold.arena, &fields, &n, NULL);
        if (status == KITH_OK)
            step_back(b, row, fields, n);
    }
    *older = *older && status == KITH_OK;
    return status == KITH_E_NOMEM ? err_nomem(d->e) : KITH_OK;
}

/* created and updated are the times of transactions. */
static void see_time(struct back *b, const struct journal_row *row, int64_t at) {
    if (row->kind != ROW_EVENT && !b->changed)
        b->changed = at;
    if (row->kind == ROW_CREATE)
        b->made = at;
}

static void set_time(struct fold *f, uint32_t field, int64_t at) {
    if (!at || fieldset_has(&f->seen, field))
        return;
    f->values[field] = value_time(at);
    fieldset_add(&f->seen, field);
}

/* One statement for all records: journal_before prepares one for each. What cannot be read is told
 * by other checks. */
static kith_status replay_record(struct doctor *d, struct back *b, kith_id id, bool *whole) {
    sqlite3_stmt *st;
    bool row, older = true;
    TRY(conn_prepare(d->conn,
                     "SELECT seq, kind, image, x.at FROM kith_journal j LEFT JOIN kith_tx x ON"
                     " x.id = j.tx WHERE record = ?1 AND seq > ?2 ORDER BY seq DESC",
                     &st, d->e));
    bind_int(st, 1, (int64_t)id);
    bind_int(st, 2, (int64_t)d->start.seq);
    while (older) {
        TRY(conn_step(d->conn, st, &row, d->e));
        *whole = row || !d->start.seq; /* ends with the row that made it */
        if (!row)
            return KITH_OK;
        struct journal_row j = {.seq = (uint64_t)sqlite3_column_int64(st, 0),
                                .kind = (uint32_t)sqlite3_column_int64(st, 1),
                                .image = column_str(st, 2)};
        see_time(b, &j, sqlite3_column_int64(st, 3));
        kith_status status = look_back(d, b, &j, &older);
        if (status != KITH_OK) {
            sqlite3_reset(st);
            return status;
        }
    }
    sqlite3_reset(st);
    return KITH_OK;
}

#define WRONG_SHOWN 5

/* Names the fields that differ from what the journal says; gives their number. Of a record that is
 * older than what is kept it says something of those fields that were changed since. */
static size_t wrong_fields(const struct fold *f, bool whole, const kith_value *now,
                           struct buf *names) {
    size_t n = 0;
    for (uint32_t i = 0; i < f->type->field_count; i++) {
        bool told = (whole && i >= FIELD_OWNER) || fieldset_has(&f->seen, i);
        if (field_derived(f->type->fields[i]) || !told || value_eq(&f->values[i], &now[i]))
            continue;
        if (n++ < WRONG_SHOWN)
            buf_printf(names, "%s%s", n > 1 ? ", " : "", f->type->fields[i]->name);
    }
    if (n > WRONG_SHOWN)
        buf_printf(names, " and %zu more", n - WRONG_SHOWN);
    return n;
}

static kith_status tell_wrong(struct doctor *d, const struct back *b, bool whole,
                              const kith_value *now, const char *id) {
    struct buf names = {0};
    const char *type = b->fold.type->name;
    size_t n = wrong_fields(&b->fold, whole, now, &names);
    kith_status st = KITH_OK;
    if (names.failed)
        st = err_nomem(d->e);
    else if (n > 0)
        st = doctor_find(d, "%s %s: %s %s not what the journal says", type, id, names.ptr,
                         n == 1 ? "is" : "are");
    else if (b->broken)
        st = doctor_find(d, "%s %s: %s is not what row %llu of the journal left", type, id,
                         b->broken->name, (unsigned long long)b->broken_at);
    buf_free(&names);
    return st;
}

static kith_status check_values_of(struct doctor *d, const struct rtype *t, struct arena *a,
                                   kith_id id) {
    struct back b = {.broken = NULL};
    bool whole = true;
    char text[ID_TEXT + 1];
    kith_error why = KITH_ERROR_INIT;
    kith_value *now = ARENA_ARRAY(a, kith_value, t->field_count);
    id_format(id, text);
    if (!now)
        return err_nomem(d->e);
    kith_status st = record_read(d->conn, t, id, a, now, &why);
    if (doctor_cannot_tell(st)) {
        err_copy(d->e, &why);
        return st;
    }
    if (st != KITH_OK)
        return doctor_find(d, "%s %s cannot be read", t->name, text);
    TRY(fold_begin(&b.fold, d->schema, t, a, d->e));
    if (!(b.values = ARENA_ARRAY(a, kith_value, t->field_count)))
        return err_nomem(d->e);
    memcpy(b.values, now, sizeof *now * t->field_count);
    TRY(replay_record(d, &b, id, &whole));
    set_time(&b.fold, FIELD_CREATED, b.made);
    set_time(&b.fold, FIELD_UPDATED, b.changed);
    return tell_wrong(d, &b, whole, now, text);
}

kith_status doctor_replay(struct doctor *d) {
    struct arena a = {0};
    kith_status status = KITH_OK;
    for (uint32_t i = 0; status == KITH_OK && i < d->schema->type_count; i++) {
        const struct rtype *t = d->schema->types[i];
        char sql[128];
        sqlite3_stmt *st;
        bool row = true;
        if (t->history == KITH_HISTORY_NONE)
            continue;
        snprintf(sql, sizeof sql, "SELECT id FROM \"%s\"", t->name);
        status = conn_prepare_once(d->conn, sql, &st, d->e);
        while (status == KITH_OK && row) {
            status = conn_step(d->conn, st, &row, d->e);
            arena_reset(&a);
            if (status == KITH_OK && row)
                status = check_values_of(d, t, &a, (kith_id)sqlite3_column_int64(st, 0));
        }
        sqlite3_finalize(st);
    }
    arena_free(&a);
    return status;
}

/* A database that no newer Kith has opened does not have it. */
static kith_status has_table(struct doctor *d, const char *name, bool *yes) {
    sqlite3_stmt *st;
    TRY(conn_prepare(d->conn, "SELECT 1 FROM sqlite_schema WHERE name = ?1", &st, d->e));
    bind_str(st, 1, str_of(name));
    return conn_any(d->conn, st, yes, d->e);
}

/* What waits is looked for: a queue that is not due, held, taken or without its module would keep
 * its effects for ever. */
static kith_status doctor_outbox(struct doctor *d) {
    bool there;
    TRY(has_table(d, "kith_outbox", &there));
    if (!there)
        return KITH_OK;
    TRY(doctor_each(d,
                    "SELECT id FROM kith_outbox WHERE queue NOT IN (SELECT id FROM"
                    " kith_outbox_queue) OR state NOT BETWEEN 1 AND 5",
                    BY_ID, "effect ", " has no queue or no state"));
    TRY(doctor_each(d,
                    "SELECT o.id FROM kith_outbox o JOIN kith_outbox_queue q ON q.id = o.queue"
                    " WHERE o.state <= 2 AND (o.state = 2 AND NOT q.taken OR q.due IS NULL AND NOT"
                    " q.held AND NOT q.taken AND q.active)",
                    BY_ID, "effect ", " waits, and nobody looks for it"));
    return doctor_each(d, "SELECT id FROM kith_outbox WHERE (done IS NULL) <> (state <= 2)", BY_ID,
                       "effect ", " does not know whether it came to its end");
}

/* -- what follows the journal ------------------------------------------------------------------ */

kith_status doctor_cursors(struct doctor *d) {
    TRY(doctor_each(
        d,
        "SELECT seq FROM kith_cursor WHERE seq > (SELECT coalesce(max(seq), 0) FROM kith_journal)",
        BY_NUMBER, "a reaction's cursor stands at ", ", behind the journal's end"));
    TRY(doctor_each(
        d,
        "SELECT id FROM kith_letter l WHERE NOT EXISTS (SELECT 1 FROM kith_journal j WHERE"
        " j.seq = l.seq)",
        BY_NUMBER, "letter ", " is about a row that the journal does not have"));
    TRY(doctor_each(d, "SELECT id FROM kith_timer WHERE type NOT IN (SELECT id FROM kith_type)",
                    BY_ID, "timer ", " is about a record of no type"));
    return doctor_outbox(d);
}

kith_status doctor_imports(struct doctor *d) {
    char sql[256];
    TRY(doctor_each(d,
                    "SELECT run FROM kith_import WHERE created + updated + unchanged + skipped +"
                    " rejected <> rows",
                    BY_ID, "import ", " has not counted every row"));
    snprintf(sql, sizeof sql,
             "SELECT DISTINCT run FROM kith_import_reject WHERE run NOT IN (SELECT run FROM"
             " kith_import WHERE state = %d)",
             IMPORT_RUNNING);
    return doctor_each(d, sql, BY_ID, "rejected rows are left of import ",
                       ", which is not under way");
}

kith_status doctor_runs(struct doctor *d) {
    bool there;
    TRY(has_table(d, "kith_run", &there));
    return there ? doctor_each(d,
                               "SELECT run FROM kith_run WHERE run NOT IN (SELECT id FROM kith_tx)",
                               BY_ID, "run ", " is not finished, and has no transaction")
                 : KITH_OK;
}

/* What somebody comes in by belongs to a user: nobody could end it otherwise, and an undo of a
 * deletion would bring it to life. */
kith_status doctor_credentials(struct doctor *d) {
    static const struct {
        const char *table, *sql;
        enum shown by;
        const char *what, *wrong;
    } rows[] = {
        {"kith_credential",
         "SELECT number FROM kith_credential WHERE user NOT IN (SELECT id FROM user)"
         " AND NOT (user = 0 AND kind = 3)",
         BY_NUMBER, "credential ", " belongs to no user"},
        {"kith_session", "SELECT number FROM kith_session WHERE user NOT IN (SELECT id FROM user)",
         BY_NUMBER, "session ", " belongs to no user"},
        {"kith_session",
         "SELECT number FROM kith_session WHERE user IN (SELECT id FROM user WHERE blocked)",
         BY_NUMBER, "session ", " belongs to a user who is blocked"},
        {"kith_pass",
         "SELECT number FROM kith_pass WHERE user <> 0 AND user NOT IN (SELECT id FROM user)",
         BY_NUMBER, "link ", " belongs to no user"},
        {"kith_openid", "SELECT user FROM kith_openid WHERE user NOT IN (SELECT id FROM user)",
         BY_ID, "a provider's account is tied to user ", ", who is not there"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool there;
        TRY(has_table(d, rows[i].table, &there));
        if (there)
            TRY(doctor_each(d, rows[i].sql, rows[i].by, rows[i].what, rows[i].wrong));
    }
    return KITH_OK;
}

/* By the numbers of the first and the last entry: one goes only when all older ones do. */
static kith_status check_span(struct doctor *d) {
    long long there, written, spans;
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(d->conn,
                     "SELECT (SELECT count(*) FROM kith_access), (SELECT max(last) - max(first) + 1"
                     " FROM kith_access_span), (SELECT count(*) FROM kith_access_span)",
                     &st, d->e));
    TRY(conn_step(d->conn, st, &row, d->e));
    there = sqlite3_column_int64(st, 0);
    written = sqlite3_column_int64(st, 1);
    spans = sqlite3_column_int64(st, 2);
    sqlite3_reset(st);
    if (spans != 1)
        return doctor_find(d, "how many entries there are is not known");
    return there >= written ? KITH_OK
                            : doctor_find(d, "%lld of its %lld entries %s missing", written - there,
                                          written, written - there == 1 ? "is" : "are");
}

kith_status doctor_access(struct doctor *d) {
    bool there, spanned;
    TRY(has_table(d, "kith_access_record", &there));
    TRY(has_table(d, "kith_access_span", &spanned));
    if (spanned)
        TRY(check_span(d));
    if (!there)
        return KITH_OK;
    return doctor_each(d,
                       "SELECT DISTINCT access FROM kith_access_record WHERE access NOT IN"
                       " (SELECT number FROM kith_access)",
                       BY_NUMBER, "records are left of entry ",
                       " of the access log, which is not there");
}
