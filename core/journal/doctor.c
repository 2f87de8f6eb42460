/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of the doctor, a row each: most are one query that finds what must not be. */
#include "journal/doctor.h"
#include "base/id.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define FINDINGS_MAX 20 /* told for each check */

struct doctor {
    struct conn *conn;
    const struct schema *schema;
    doctor_tell tell;
    void *arg;
    const char *check;
    size_t here, all; /* findings of this check, of all */
    kith_error *e;
};

static kith_status find(struct doctor *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static kith_status find(struct doctor *d, const char *fmt, ...) {
    char text[512];
    va_list ap;
    d->all++;
    if (++d->here > FINDINGS_MAX)
        return KITH_OK;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return d->tell(d->arg, d->check, text, d->e);
}

/* Runs a query; each row is a finding: fmt takes its first column as a number, or an id when by_id.
 */
static kith_status each_row(struct doctor *d, const char *sql, bool by_id, const char *before,
                            const char *after) {
    sqlite3_stmt *st;
    bool row = true;
    kith_status status = conn_prepare_once(d->conn, sql, &st, d->e);
    while (status == KITH_OK && row) {
        status = conn_step(d->conn, st, &row, d->e);
        if (status != KITH_OK || !row)
            break;
        char number[32];
        if (by_id)
            id_format((kith_id)sqlite3_column_int64(st, 0), number);
        else
            snprintf(number, sizeof number, "%lld", (long long)sqlite3_column_int64(st, 0));
        status = find(d, "%s%s%s", before, number, after);
    }
    sqlite3_finalize(st);
    return status;
}

/* -- the file ---------------------------------------------------------------------------------- */

static kith_status check_file(struct doctor *d) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(d->conn, "PRAGMA integrity_check(20)", &st, d->e));
    for (;;) {
        TRY(conn_step(d->conn, st, &row, d->e));
        if (!row)
            return KITH_OK;
        const char *text = (const char *)sqlite3_column_text(st, 0);
        if (strcmp(text, "ok") != 0)
            TRY(find(d, "SQLite says: %s; restore a backup", text));
    }
}

/* -- records ----------------------------------------------------------------------------------- */

static kith_status check_link(struct doctor *d, const struct rfield *f,
                              const struct rtype *target) {
    char sql[512], before[160], after[160], only[96] = "";
    if (f->any_target)
        snprintf(only, sizeof only, " AND r.\"%s__type\" = %u", f->name, target->id);
    if (f->kind == KITH_F_LINKS)
        snprintf(sql, sizeof sql,
                 "SELECT record FROM \"%s.%s\" r WHERE NOT EXISTS (SELECT 1 FROM \"%s\" t WHERE "
                 "t.id = r.target)",
                 f->type->name, f->name, target->name);
    else
        snprintf(sql, sizeof sql,
                 "SELECT id FROM \"%s\" r WHERE \"%s\" IS NOT NULL%s AND NOT EXISTS"
                 " (SELECT 1 FROM \"%s\" t WHERE t.id = r.\"%s\")",
                 f->type->name, f->name, only, target->name, f->name);
    snprintf(before, sizeof before, "%s ", f->type->name);
    snprintf(after, sizeof after, " links (%s) to a %s that does not exist", f->name, target->name);
    return each_row(d, sql, true, before, after);
}

static kith_status check_links(struct doctor *d) {
    for (uint32_t i = 0; i < d->schema->type_count; i++) {
        const struct rtype *t = d->schema->types[i];
        for (uint32_t k = 0; k < t->field_count; k++) {
            const struct rfield *f = t->fields[k];
            if (f->target)
                TRY(check_link(d, f, f->target));
            for (uint32_t j = 0; f->any_target && j < d->schema->type_count; j++)
                TRY(check_link(d, f, d->schema->types[j]));
        }
    }
    return KITH_OK;
}

static kith_status check_values(struct doctor *d) {
    for (uint32_t i = 0; i < d->schema->type_count; i++) {
        const struct rtype *t = d->schema->types[i];
        for (uint32_t k = FIELD_FIRST; k < t->field_count; k++) {
            const struct rfield *f = t->fields[k];
            char sql[256], before[96], after[160];
            if (!(f->flags & KITH_FF_REQUIRED) || f->column_count == 0)
                continue;
            snprintf(sql, sizeof sql, "SELECT id FROM \"%s\" WHERE \"%s\" IS NULL", t->name,
                     t->columns[f->column]);
            snprintf(before, sizeof before, "%s ", t->name);
            snprintf(after, sizeof after, " has no %s, which is required", f->name);
            TRY(each_row(d, sql, true, before, after));
        }
    }
    return KITH_OK;
}

static kith_status check_options_of(struct doctor *d, const struct rfield *f) {
    struct buf sql = {0};
    char before[96], after[160];
    buf_printf(&sql, "SELECT id FROM \"%s\" WHERE \"%s\" NOT IN (", f->type->name, f->name);
    for (uint32_t i = 0; i < f->option_count; i++) {
        char *quoted = sqlite3_mprintf("%s%Q", i ? "," : "", f->options[i]);
        buf_puts(&sql, quoted ? quoted : "");
        sqlite3_free(quoted);
    }
    buf_puts(&sql, ")");
    snprintf(before, sizeof before, "%s ", f->type->name);
    snprintf(after, sizeof after, " has a %s that is none of its options", f->name);
    kith_status st = sql.failed ? err_nomem(d->e) : each_row(d, sql.ptr, true, before, after);
    buf_free(&sql);
    return st;
}

static kith_status check_options(struct doctor *d) {
    for (uint32_t i = 0; i < d->schema->type_count; i++) {
        const struct rtype *t = d->schema->types[i];
        for (uint32_t k = 0; k < t->field_count; k++)
            if (t->fields[k]->kind == KITH_F_STATE || t->fields[k]->kind == KITH_F_CHOICE)
                TRY(check_options_of(d, t->fields[k]));
    }
    return KITH_OK;
}

static kith_status check_folds_of(struct doctor *d, const struct rfield *f, struct arena *a) {
    char sql[256], id[ID_TEXT + 1];
    sqlite3_stmt *st;
    bool row;
    snprintf(sql, sizeof sql, "SELECT id, \"%s\", \"%s__fold\" FROM \"%s\"", f->name, f->name,
             f->type->name);
    TRY(conn_prepare(d->conn, sql, &st, d->e));
    for (;;) {
        TRY(conn_step(d->conn, st, &row, d->e));
        if (!row)
            return KITH_OK;
        kith_str text = column_str(st, 1), fold = column_str(st, 2);
        arena_reset(a);
        if (!text.ptr && !fold.ptr)
            continue;
        if (text.ptr && fold.ptr && str_eq(text_fold(a, text), fold))
            continue;
        id_format((kith_id)sqlite3_column_int64(st, 0), id);
        TRY(find(d, "%s %s: the folded form of %s is not that of its text", f->type->name, id,
                 f->name));
    }
}

static kith_status check_folds(struct doctor *d) {
    struct arena a = {0};
    kith_status st = KITH_OK;
    for (uint32_t i = 0; st == KITH_OK && i < d->schema->type_count; i++) {
        const struct rtype *t = d->schema->types[i];
        for (uint32_t k = 0; st == KITH_OK && k < t->field_count; k++)
            if (t->fields[k]->folded)
                st = check_folds_of(d, t->fields[k], &a);
    }
    arena_free(&a);
    return st;
}

static kith_status check_contacts(struct doctor *d) {
    static const char *const kinds[] = {"email", "phone"};
    for (size_t i = 0; i < 2; i++) {
        char sql[512], after[128];
        snprintf(sql, sizeof sql,
                 "SELECT c.id FROM contact c WHERE c.\"%s\" IS NOT (SELECT p.value FROM "
                 "contact_point p WHERE"
                 " p.contact = c.id AND p.kind = '%s' AND p.\"primary\" = 1)",
                 kinds[i], kinds[i]);
        snprintf(after, sizeof after, "'s %s is not that of its primary contact point", kinds[i]);
        TRY(each_row(d, sql, true, "contact ", after));
    }
    return each_row(d,
                    "SELECT contact FROM contact_point WHERE \"primary\" = 1 GROUP BY contact, kind"
                    " HAVING count(*) > 1",
                    true, "contact ", " has two primary contact points of one kind");
}

/* -- the journal ------------------------------------------------------------------------------- */

static kith_status check_transactions(struct doctor *d) {
    TRY(each_row(
        d,
        "SELECT x.id FROM kith_tx x WHERE (SELECT count(*) FROM kith_journal j WHERE j.seq BETWEEN"
        " x.first AND x.last AND j.tx = x.id) <> x.last - x.first + 1",
        true, "transaction ", " does not have the rows that it claims"));
    TRY(each_row(d,
                 "SELECT seq FROM kith_journal j WHERE NOT EXISTS (SELECT 1 FROM kith_tx x WHERE "
                 "x.id = j.tx)",
                 false, "journal row ", " belongs to no transaction"));
    return each_row(d, "SELECT id FROM kith_tx x WHERE cause IS NOT NULL AND cause >= first", true,
                    "transaction ", " names a cause that came after it");
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
        if (good != KITH_OK)
            status = find(d, "journal row %llu cannot be read", (unsigned long long)r.seq);
    }
    arena_free(&a);
    return status;
}

/* A record exists exactly when its last row in the journal is no deletion. */
static kith_status check_existence(struct doctor *d) {
    for (uint32_t i = 0; i < d->schema->type_count; i++) {
        const struct rtype *t = d->schema->types[i];
        char sql[512], before[96];
        if (t->history == KITH_HISTORY_NONE)
            continue;
        snprintf(before, sizeof before, "%s ", t->name);
        snprintf(sql, sizeof sql,
                 "SELECT r.id FROM \"%s\" r WHERE coalesce((SELECT j.kind FROM kith_journal j "
                 "WHERE j.record ="
                 " r.id AND j.kind <> 4 ORDER BY j.seq DESC LIMIT 1), 3) = 3",
                 t->name);
        TRY(each_row(d, sql, true, before, " exists, but not by the journal"));
        snprintf(
            sql, sizeof sql,
            "SELECT j.record FROM kith_journal j WHERE j.type = %u AND j.kind = 1 AND NOT EXISTS"
            " (SELECT 1 FROM \"%s\" r WHERE r.id = j.record) AND (SELECT k.kind FROM kith_journal "
            "k WHERE"
            " k.record = j.record AND k.kind <> 4 ORDER BY k.seq DESC LIMIT 1) <> 3",
            t->id, t->name);
        TRY(each_row(d, sql, true, before,
                     " is missing, though the journal has no deletion of it"));
    }
    return KITH_OK;
}

/* The last after-image of each field is the field's value. */
struct replay {
    struct doctor *d;
    const struct rtype *type;
    kith_value *now;
    bool checked[FIELDS_MAX];
    const struct rfield *wrong;
    struct arena *arena;
};

static kith_status replay_row(void *arg, const struct journal_row *row, kith_error *e) {
    struct replay *r = arg;
    struct image_field *fields;
    size_t n;
    (void)e;
    if (row->kind == ROW_EVENT)
        return KITH_OK;
    if (row->kind == ROW_DELETE ||
        image_decode(r->d->schema, row, r->arena, &fields, &n, NULL) != KITH_OK)
        return KITH_E_LIMIT; /* told by other checks; ends the walk */
    for (size_t i = 0; i < n; i++) {
        const struct rfield *f = fields[i].field;
        if (!f || f->type != r->type || r->checked[f->index])
            continue;
        r->checked[f->index] = true;
        if (!value_eq(&fields[i].after, &r->now[f->index]))
            r->wrong = f;
    }
    return row->kind == ROW_CREATE ? KITH_E_LIMIT : KITH_OK;
}

static kith_status check_values_of(struct doctor *d, const struct rtype *t, struct arena *a,
                                   kith_id id) {
    struct replay r = {.d = d, .type = t, .arena = a};
    char text[ID_TEXT + 1];
    id_format(id, text);
    r.now = ARENA_ARRAY(a, kith_value, t->field_count);
    if (!r.now)
        return err_nomem(d->e);
    if (record_read(d->conn, t, id, a, r.now, NULL) != KITH_OK)
        return find(d, "%s %s cannot be read", t->name, text);
    journal_of_record(d->conn, id, true, replay_row, &r, NULL);
    for (uint32_t i = FIELD_FIRST; i < t->field_count && !r.wrong; i++)
        if (!r.checked[i] && r.now[i].kind != KITH_NULL)
            r.wrong = t->fields[i];
    return r.wrong ? find(d, "%s %s: %s is not what the journal says", t->name, text, r.wrong->name)
                   : KITH_OK;
}

static kith_status check_replay(struct doctor *d) {
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

static kith_status check_cursors(struct doctor *d) {
    TRY(each_row(
        d,
        "SELECT seq FROM kith_cursor WHERE seq > (SELECT coalesce(max(seq), 0) FROM kith_journal)",
        false, "a reaction's cursor stands at ", ", behind the journal's end"));
    return each_row(
        d,
        "SELECT id FROM kith_letter l WHERE NOT EXISTS (SELECT 1 FROM kith_journal j WHERE"
        " j.seq = l.seq)",
        false, "the waiting event ", " is about a row that the journal does not have");
}

/* -- all --------------------------------------------------------------------------------------- */

static const struct doctor_check checks[] = {
    {"file", "the database file is sound (SQLite's integrity check)"},
    {"links", "every link points to a record that exists"},
    {"required", "every required field has a value"},
    {"options", "choices and states are among their options"},
    {"folds", "folded columns match their text"},
    {"contact points", "a contact shows its primary contact points"},
    {"transactions", "transactions and journal rows belong together"},
    {"images", "every journal row can be read"},
    {"existence", "records exist exactly as the journal says"},
    {"values", "every field has the value that the journal says"},
    {"cursors", "cursors and waiting events point into the journal"},
};
static kith_status (*const runs[])(struct doctor *) = {
    check_file,         check_links,  check_values,    check_options, check_folds,   check_contacts,
    check_transactions, check_images, check_existence, check_replay,  check_cursors,
};

const struct doctor_check *doctor_checks(size_t *count) {
    *count = sizeof checks / sizeof *checks;
    return checks;
}

static kith_status run_check(struct doctor *d, size_t i) {
    kith_error why = KITH_ERROR_INIT;
    kith_error *e = d->e;
    d->check = checks[i].name;
    d->here = 0;
    d->e = &why;
    kith_status st = runs[i](d);
    d->e = e;
    if (st == KITH_E_NOMEM ||
        (st != KITH_OK && st != KITH_E_CORRUPT && st != KITH_E_IO && st != KITH_E_INTERNAL)) {
        err_copy(e, &why);
        return st;
    }
    if (st != KITH_OK)
        TRY(find(d, "cannot be checked: %s", why.message));
    if (d->here > FINDINGS_MAX) {
        char text[64];
        snprintf(text, sizeof text, "... and %zu more", d->here - FINDINGS_MAX);
        TRY(d->tell(d->arg, d->check, text, e));
    }
    return KITH_OK;
}

kith_status doctor_run(struct conn *copy, const struct schema *s, doctor_tell tell, void *arg,
                       size_t *findings, kith_error *e) {
    struct doctor d = {.conn = copy, .schema = s, .tell = tell, .arg = arg, .e = e};
    _Static_assert(sizeof checks / sizeof *checks == sizeof runs / sizeof *runs,
                   "a check without its code");
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        TRY(run_check(&d, i));
    *findings = d.all;
    return KITH_OK;
}
