/* SPDX-License-Identifier: Apache-2.0 */
/* Doctor: the table of its checks, and what they have in common. */
#include "base/id.h"
#include "journal/doctor_internal.h"

#include <stdio.h>
#include <string.h>

#define FINDINGS_MAX 20 /* told for each check */

kith_status doctor_find(struct doctor *d, const char *fmt, ...) {
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

static const char *show(sqlite3_stmt *st, enum shown shown, char number[32]) {
    if (shown == BY_NAME)
        return (const char *)sqlite3_column_text(st, 0);
    if (shown == BY_ID)
        id_format((kith_id)sqlite3_column_int64(st, 0), number);
    else
        snprintf(number, 32, "%lld", (long long)sqlite3_column_int64(st, 0));
    return number;
}

kith_status doctor_each(struct doctor *d, const char *sql, enum shown shown, const char *before,
                        const char *after) {
    sqlite3_stmt *st;
    bool row = true;
    char number[32];
    kith_status status = conn_prepare_once(d->conn, sql, &st, d->e);
    while (status == KITH_OK && row) {
        status = conn_step(d->conn, st, &row, d->e);
        if (status == KITH_OK && row)
            status = doctor_find(d, "%s%s%s", before, show(st, shown, number), after);
    }
    sqlite3_finalize(st);
    return status;
}

kith_status doctor_each_field(struct doctor *d,
                              kith_status (*fn)(struct doctor *d, const struct rfield *f)) {
    for (uint32_t i = 0; i < d->schema->type_count; i++) {
        const struct rtype *t = d->schema->types[i];
        for (uint32_t k = 0; k < t->field_count; k++)
            TRY(fn(d, t->fields[k]));
    }
    return KITH_OK;
}

static kith_status check_file(struct doctor *d) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(d->conn, "PRAGMA integrity_check(20)", &st, d->e));
    for (;;) {
        TRY(conn_step(d->conn, st, &row, d->e));
        if (!row)
            return KITH_OK;
        const char *text = (const char *)sqlite3_column_text(st, 0);
        if (!text || strstr(text, "error code=7")) /* SQLITE_NOMEM, of a page */
            return err_nomem(d->e);
        if (strcmp(text, "ok") != 0 &&
            !strstr(text, "FTS5 table")) /* that the index's check tells */
            TRY(doctor_find(d, "SQLite says: %s", text));
    }
}

/* -- all --------------------------------------------------------------------------------------- */

#define BACKUP "restore a backup"
#define REPAIR "'kith doctor --repair' makes it anew"
#define ANEW   "change that field of the record to something else, and back"

static const struct doctor_check checks[] = {
    {"file", "the database file is sound (SQLite's integrity check)", BACKUP, check_file},
    {"catalogue", "every type and field has its table and columns", BACKUP, doctor_catalogue},
    {"ids", "ids are well formed, and no two records share one", BACKUP, doctor_ids},
    {"links", "every link points to a record that exists", "empty the link or set it anew",
     doctor_links},
    {"trees", "nothing lies within itself", "give one of them another parent, or none",
     doctor_trees},
    {"redirects", "old ids lead from records that are gone to records that are there", REPAIR,
     doctor_redirects},
    {"required", "every required field has a value", "give it one", doctor_required},
    {"options", "choices and states are among their options", "set one of them", doctor_options},
    {"form", "values are in the form in which Kith stores them", ANEW, doctor_form},
    {"columns", "the columns of one value belong together", REPAIR "; else " ANEW, doctor_columns},
    {"folds", "folded columns match their text", REPAIR, doctor_folds},
    {"contact points", "a contact shows its primary contact points",
     "set the contact's email or phone anew", doctor_contacts},
    {"suppressions", "whoever has an address that said no has that no, or a yes since", REPAIR,
     doctor_suppressions},
    {"roll-ups", "every roll-up has the value that its records give it", REPAIR, doctor_rollups},
    {"search", "the search index has the words of every record, and of nothing else", REPAIR,
     doctor_search},
    {"transactions", "transactions and journal rows belong together, without a gap", BACKUP,
     doctor_transactions},
    {"causes", "every change has an author, and a cause that came before it", BACKUP,
     doctor_causes},
    {"images", "every journal row can be read", BACKUP, doctor_images},
    {"chain", "the journal is what was written, by its chain of digests",
     "compare it with a backup", doctor_chain},
    {"existence", "records exist exactly as the journal says", BACKUP, doctor_existence},
    {"values", "every field has the value that the journal says", BACKUP, doctor_replay},
    {"segments", "those are in segments who should be, and are counted", REPAIR, doctor_segments},
    {"cursors", "cursors, letters, timers and effects point to what there is",
     "'kith deadletter skip NUMBER' for a letter or an effect; else " BACKUP, doctor_cursors},
    {"credentials", "passwords, tokens, sessions and accounts of providers belong to somebody",
     "'kith token revoke NUMBER', 'kith session revoke NUMBER'; else " BACKUP, doctor_credentials},
    {"access log", "the log of reading and exports has every entry that was written",
     "compare it with a backup: only another program can have changed it", doctor_access},
    {"runs", "what is not finished was begun", BACKUP, doctor_runs},
    {"workflows", "every run of a workflow has what it goes on with",
     "'kith workflow cancel RUN'; else " BACKUP, doctor_flows},
    {"imports", "imports have counted every row", "import that file again with --restart",
     doctor_imports},
};

const struct doctor_check *doctor_checks(size_t *count) {
    *count = sizeof checks / sizeof *checks;
    return checks;
}

static kith_status run_check(struct doctor *d, const struct doctor_check *check) {
    kith_error why = KITH_ERROR_INIT;
    kith_error *e = d->e;
    d->check = check->name;
    d->here = 0;
    TRY(d->tell(d->arg, check->name, NULL, e));
    d->e = &why;
    kith_status st = check->run(d);
    d->e = e;
    if (st != KITH_OK && st != KITH_E_CORRUPT && st != KITH_E_IO && st != KITH_E_INTERNAL &&
        st != KITH_E_INVAL) { /* INVAL: what is stored is no value of its field */
        err_copy(e, &why);
        return st;
    }
    if (st != KITH_OK)
        TRY(doctor_find(d, "cannot be checked: %s", why.message));
    if (d->here > FINDINGS_MAX) {
        char text[64];
        snprintf(text, sizeof text, "... and %zu more", d->here - FINDINGS_MAX);
        TRY(d->tell(d->arg, d->check, text, e));
    }
    return KITH_OK;
}

kith_status doctor_run(struct conn *copy, const struct schema *s, const struct query_env *env,
                       doctor_tell tell, void *arg, size_t *findings, kith_error *e) {
    struct doctor d = {.conn = copy, .schema = s, .env = env, .tell = tell, .arg = arg, .e = e};
    int64_t chained; /* what is in a chain may have been compacted */
    TRY(conn_int(copy, "SELECT count(*) FROM sqlite_schema WHERE name = 'kith_chain'", 0, &chained,
                 e));
    if (chained)
        TRY(journal_start(copy, &d.start, e));
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        TRY(run_check(&d, &checks[i]));
    *findings = d.all;
    return KITH_OK;
}
