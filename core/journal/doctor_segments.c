/* SPDX-License-Identifier: Apache-2.0 */
/* What the doctor looks for in segments: that those are in them who should be, that they are
 * counted rightly, and that everybody whom time will move is waited for. */
#include "base/id.h"
#include "journal/doctor_internal.h"
#include "record/member.h"

#include <stdio.h>

struct look { /* at one segment */
    struct doctor *d;
    struct schema schema; /* as the copy's names are */
    const struct segment_row *row;
    const struct rtype *type;
    struct query_env env;
    struct query *query;
    struct query_depends depends;
    struct arena arena;  /* of one segment */
    struct arena record; /* of one record */
};

static kith_status find_name(void *arg, const struct principal *p, kith_str name,
                             struct segment_found *out, kith_error *e) {
    const struct doctor *d = arg;
    (void)p;
    return segment_find(d->conn, d->schema, name, out, e);
}

static kith_status tell(struct look *l, kith_id record, const char *what) {
    char id[ID_TEXT + 1];
    id_format(record, id);
    return doctor_find(l->d, "segment '%.*s': %s %s %s", (int)l->row->name.len, l->row->name.ptr,
                       l->type ? l->type->name : "record", id, what);
}

static kith_status tell_each(struct look *l, sqlite3_stmt *st, const char *what) {
    bool row = true;
    kith_status status = KITH_OK;
    while (status == KITH_OK && row) {
        status = conn_step(l->d->conn, st, &row, l->d->e);
        if (status == KITH_OK && row)
            status = tell(l, (kith_id)sqlite3_column_int64(st, 0), what);
    }
    sqlite3_finalize(st);
    return status;
}

/* before <the query's ids> after, each a finding. Whoever is looked at again at this moment is left
 * out. */
static kith_status compare(struct look *l, const char *before, const char *after,
                           const char *what) {
    struct query_sql q;
    struct buf sql = {0};
    sqlite3_stmt *st;
    TRY(query_ids_sql(l->query, &l->env, NULL, 0, INT64_MAX, &l->arena, &q, l->d->e));
    buf_printf(&sql, before, (long long)l->row->id);
    buf_puts(&sql, q.sql);
    buf_printf(&sql, after, (long long)l->row->id);
    buf_printf(&sql, " EXCEPT SELECT record FROM kith_flip WHERE segment = %lld AND due <= %lld",
               (long long)l->row->id, (long long)l->env.now);
    kith_status status =
        sql.failed ? err_nomem(l->d->e) : conn_prepare_once(l->d->conn, sql.ptr, &st, l->d->e);
    buf_free(&sql);
    TRY(status);
    query_bind(st, &q);
    return tell_each(l, st, what);
}

static kith_status check_members(struct look *l) {
    TRY(compare(l, "SELECT id FROM (",
                ") EXCEPT SELECT record FROM kith_member WHERE segment = %lld",
                "is not in it, though its query finds it"));
    return compare(l, "SELECT record FROM kith_member WHERE segment = %lld EXCEPT SELECT id FROM (",
                   ")", "is in it, though its query does not find it");
}

static kith_status check_list(struct look *l, const char *sql, const char *what) {
    sqlite3_stmt *st;
    TRY(conn_prepare_once(l->d->conn, sql, &st, l->d->e));
    bind_int(st, 1, (int64_t)l->row->id);
    return tell_each(l, st, what);
}

/* -- time -------------------------------------------------------------------------------------- */

static kith_status look_up(void *arg, const struct rtype *t, kith_id id, const kith_value **values,
                           kith_error *e) {
    struct look *l = arg;
    return record_get(l->d->conn, t, id, &l->record, values, e);
}

static kith_status ask(void *arg, const struct match_question *q, int64_t *n, kith_error *e) {
    struct look *l = arg;
    return match_answer(q, l->d->conn, &l->record, n, e);
}

static kith_status check_flip(struct look *l, const struct predicate *p, kith_id id, int64_t due) {
    struct match_source source = {look_up, ask, l};
    const kith_value *values;
    int64_t next;
    arena_reset(&l->record);
    TRY(look_up(l, l->type, id, &values, l->d->e));
    if (!values || due <= l->env.now)
        return KITH_OK;
    TRY(predicate_next_flip(p, &l->env, id, values, &source, &next, l->d->e));
    return next == due
               ? KITH_OK
               : tell(l, id, "is not looked at again when time may change whether it is in it");
}

static kith_status check_flips(struct look *l) {
    struct predicate *p;
    sqlite3_stmt *st;
    bool row = true;
    char sql[256];
    TRY(predicate_of(&p, l->query, &l->arena, l->d->e));
    snprintf(sql, sizeof sql,
             "SELECT r.id, f.due FROM \"%s\" r LEFT JOIN kith_flip f ON f.record = r.id AND"
             " f.segment = ?1",
             l->type->name);
    TRY(conn_prepare_once(l->d->conn, sql, &st, l->d->e));
    bind_int(st, 1, (int64_t)l->row->id);
    kith_status status = KITH_OK;
    while (status == KITH_OK && row) {
        status = conn_step(l->d->conn, st, &row, l->d->e);
        if (status == KITH_OK && row)
            status =
                check_flip(l, p, (kith_id)sqlite3_column_int64(st, 0),
                           sqlite3_column_type(st, 1) == SQLITE_NULL ? INT64_MAX
                                                                     : sqlite3_column_int64(st, 1));
    }
    sqlite3_finalize(st);
    return status;
}

/* -- all --------------------------------------------------------------------------------------- */

static kith_status check_count(struct look *l) {
    int64_t counted, n;
    TRY(member_count(l->d->conn, l->row->id, &n, l->d->e));
    TRY(segment_number(l->d->conn, l->row->id, "members", &counted, l->d->e));
    if (counted == n)
        return KITH_OK;
    return doctor_find(l->d, "segment '%.*s' says that it has %lld members, but has %lld",
                       (int)l->row->name.len, l->row->name.ptr, (long long)counted, (long long)n);
}

static kith_status check_live(struct look *l) {
    kith_error why = KITH_ERROR_INIT;
    kith_status st = query_parse(&l->query, &l->schema, &l->arena, l->row->query, &why);
    if (st == KITH_E_NOMEM)
        return err_nomem(l->d->e);
    if (st != KITH_OK)
        return KITH_OK; /* its module is not enabled, say: it is not kept meanwhile */
    TRY(query_depends(l->query, &l->arena, &l->depends, l->d->e));
    if (l->depends.whole)
        return KITH_OK; /* as it was when it was last worked out */
    TRY(check_members(l));
    return l->depends.timed ? check_flips(l) : KITH_OK;
}

static kith_status check_segment(struct look *l) {
    int64_t settling;
    TRY(segment_number(l->d->conn, l->row->id, "settling", &settling, l->d->e));
    l->type = segment_type(l->d->schema, l->row->query);
    if (settling)
        return KITH_OK;
    TRY(check_count(l));
    if (str_eqz(l->row->kind, "live"))
        return check_live(l);
    TRY(check_list(l,
                   "SELECT record FROM list_member WHERE segment = ?1 EXCEPT SELECT record FROM"
                   " kith_member WHERE segment = ?1",
                   "is not in it, though it was put in"));
    return check_list(l,
                      "SELECT record FROM kith_member WHERE segment = ?1 EXCEPT SELECT record FROM"
                      " list_member WHERE segment = ?1",
                      "is in it, though nobody put it in");
}

kith_status doctor_segments(struct doctor *d) {
    struct segment_names names = {find_name, d};
    struct arena a = {0};
    struct segment_row *rows;
    size_t n = 0;
    kith_status st = segment_rows(d->conn, &a, &rows, &n, d->e);
    for (size_t i = 0; st == KITH_OK && i < n; i++) {
        struct look l = {.d = d, .schema = *d->schema, .row = &rows[i]};
        l.schema.segments = &names;
        l.env = *d->env;
        st = check_segment(&l);
        arena_free(&l.arena);
        arena_free(&l.record);
    }
    arena_free(&a);
    TRY(st);
    return doctor_each(d,
                       "SELECT DISTINCT segment FROM kith_member WHERE segment NOT IN (SELECT id"
                       " FROM segment) AND segment NOT IN (SELECT segment FROM kith_settle)",
                       BY_ID, "members are left of segment ", ", which does not exist");
}
