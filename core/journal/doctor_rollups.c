/* SPDX-License-Identifier: Apache-2.0 */
/* What the doctor looks for in roll-ups: each is computed from all its records by one statement,
 * while the engine kept it by differences. */
#include "base/id.h"
#include "journal/doctor_internal.h"
#include "record/rollup.h"

#include <stdio.h>

static kith_status each_id(struct doctor *d, const struct query_sql *sql, const char *before,
                           const char *after) {
    sqlite3_stmt *st;
    bool row = true;
    char id[ID_TEXT + 1];
    TRY(conn_prepare_once(d->conn, sql->sql, &st, d->e));
    query_bind(st, sql);
    kith_status status = KITH_OK;
    while (status == KITH_OK && row) {
        status = conn_step(d->conn, st, &row, d->e);
        if (status != KITH_OK || !row)
            break;
        id_format((kith_id)sqlite3_column_int64(st, 0), id);
        status = doctor_find(d, "%s %s: %s", before, id, after);
    }
    sqlite3_finalize(st);
    return status;
}

static kith_status check_rollup(struct doctor *d, const struct rollup *r, struct arena *a) {
    struct query_sql values, beside;
    const struct rfield *f = r->field;
    const char *wrong = arena_printf(a, "%s is not %s", f->name, f->formula);
    const char *table =
        arena_printf(a, "what is kept for %s is not what its records give", f->name);
    if (!wrong || !table)
        return err_nomem(d->e);
    TRY(rollup_check_sql(r, d->schema->zone, a, &values, &beside, d->e));
    TRY(each_id(d, &values, f->type->name, wrong));
    return beside.sql ? each_id(d, &beside, f->type->name, table) : KITH_OK;
}

/* In a database that was not opened since they were declared (a backup of an older Kith) they are
 * computed when it is. */
static kith_status are_kept(struct doctor *d, bool *kept) {
    int64_t n;
    TRY(conn_int(d->conn, "SELECT count(*) FROM sqlite_schema WHERE name = 'kith_rollup'", 0, &n,
                 d->e));
    *kept = n > 0;
    return KITH_OK;
}

kith_status doctor_rollups(struct doctor *d) {
    struct arena a = {0};
    bool kept;
    kith_status st = are_kept(d, &kept);
    for (uint32_t i = 0; st == KITH_OK && kept && i < d->schema->rollup_count; i++) {
        st = check_rollup(d, d->schema->rollups[i], &a);
        arena_reset(&a);
    }
    arena_free(&a);
    return st;
}
