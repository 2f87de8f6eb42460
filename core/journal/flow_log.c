/* SPDX-License-Identifier: Apache-2.0 */
/* Flow log: see flow_log.h. */
#include "journal/flow_log.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

kith_status flow_log_setup(struct conn *c, kith_error *e) {
    return conn_exec(
        c,
        "CREATE TABLE IF NOT EXISTS kith_flow_log(run INTEGER NOT NULL, part INTEGER NOT NULL,"
        " body BLOB NOT NULL, PRIMARY KEY(run, part)) STRICT, WITHOUT ROWID;"
        "CREATE TABLE IF NOT EXISTS kith_flow_wait(id INTEGER PRIMARY KEY, run INTEGER NOT NULL,"
        " branch INTEGER NOT NULL, topic TEXT NOT NULL, name TEXT NOT NULL, field TEXT NOT NULL,"
        " value TEXT NOT NULL, rest BLOB NOT NULL, since INTEGER NOT NULL) STRICT;"
        "CREATE INDEX IF NOT EXISTS \"i.kith_flow_wait.value\" ON kith_flow_wait(topic, field,"
        " value);"
        "CREATE INDEX IF NOT EXISTS \"i.kith_flow_wait.run\" ON kith_flow_wait(run, branch);"
        "CREATE TABLE IF NOT EXISTS kith_flow_source(version TEXT NOT NULL, place INTEGER NOT NULL,"
        " name TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY(version, place)) STRICT, WITHOUT"
        " ROWID;",
        e);
}

/* -- the log ----------------------------------------------------------------------------------- */

kith_status flow_log_add(struct conn *c, kith_id run, kith_str text, kith_error *e) {
    sqlite3_stmt *st;
    if (!text.len)
        return KITH_OK;
    TRY(conn_prepare(c,
                     "INSERT INTO kith_flow_log(run, part, body) VALUES(?1, 1 + coalesce((SELECT"
                     " max(part) FROM kith_flow_log WHERE run = ?1), 0), ?2)",
                     &st, e));
    bind_int(st, 1, (int64_t)run);
    bind_blob(st, 2, text);
    return conn_run(c, st, e);
}

kith_status flow_log_read(struct conn *c, kith_id run, struct arena *a, kith_str *out,
                          kith_error *e) {
    sqlite3_stmt *st;
    struct buf all = {0};
    bool row;
    TRY(conn_prepare(c, "SELECT body FROM kith_flow_log WHERE run = ?1 ORDER BY part", &st, e));
    bind_int(st, 1, (int64_t)run);
    for (;;) {
        kith_status status = conn_step(c, st, &row, e);
        if (status != KITH_OK) {
            buf_free(&all);
            return status;
        }
        if (!row)
            break;
        buf_str(&all, column_str(st, 0));
    }
    *out = arena_str(a, buf_view(&all));
    bool ok = !all.failed && (out->ptr || !all.len);
    buf_free(&all);
    return ok ? KITH_OK : err_nomem(e);
}

kith_status flow_log_forget(struct conn *c, kith_id run, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "DELETE FROM kith_flow_log WHERE run = ?1", &st, e));
    bind_int(st, 1, (int64_t)run);
    return conn_run(c, st, e);
}

/* -- waiting ----------------------------------------------------------------------------------- */

kith_status flow_log_wait(struct conn *c, const struct flow_wait *w, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "INSERT INTO kith_flow_wait(run, branch, topic, name, field, value, rest,"
                     " since) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                     &st, e));
    bind_int(st, 1, (int64_t)w->run);
    bind_int(st, 2, w->branch);
    bind_str(st, 3, str_of(w->topic));
    bind_str(st, 4, str_of(w->name));
    bind_str(st, 5, str_of(w->field));
    bind_str(st, 6, w->value.ptr ? w->value : STR(""));
    bind_blob(st, 7, w->rest.ptr ? w->rest : STR(""));
    bind_int(st, 8, (int64_t)w->since);
    return conn_run(c, st, e);
}

kith_status flow_log_clear(struct conn *c, kith_error *e) {
    return conn_exec(c, "DELETE FROM kith_flow_wait", e);
}

kith_status flow_log_awake(struct conn *c, kith_id run, uint32_t branch, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "DELETE FROM kith_flow_wait WHERE run = ?1 AND (?2 < 0 OR branch = ?2)",
                     &st, e));
    bind_int(st, 1, (int64_t)run);
    bind_int(st, 2, branch == FLOW_ALL ? -1 : (int64_t)branch);
    return conn_run(c, st, e);
}

kith_status flow_log_topics(struct conn *c, flow_topic_fn fn, void *arg, kith_error *e) {
    char last[256] = "";
    for (;;) {
        sqlite3_stmt *st;
        bool row;
        TRY(conn_prepare(
            c, "SELECT topic FROM kith_flow_wait WHERE topic > ?1 ORDER BY topic LIMIT 1", &st, e));
        bind_str(st, 1, str_of(last));
        TRY(conn_step(c, st, &row, e));
        if (!row)
            return KITH_OK;
        snprintf(last, sizeof last, "%s", (const char *)sqlite3_column_text(st, 0));
        sqlite3_reset(st);
        TRY(fn(arg, last, e));
    }
}

kith_status flow_wait_fields(struct conn *c, const char *topic, struct arena *a,
                             const char ***fields, size_t *count, kith_error *e) {
    const char *from = ""; /* a wait for whatever comes has this for a field */
    size_t cap = 0;
    *fields = NULL;
    *count = 0;
    for (;;) {
        sqlite3_stmt *st;
        bool row;
        TRY(conn_prepare(c,
                         "SELECT field FROM kith_flow_wait WHERE topic = ?1 AND field >= ?2"
                         " ORDER BY field LIMIT 1",
                         &st, e));
        bind_str(st, 1, str_of(topic));
        bind_str(st, 2, str_of(from));
        TRY(conn_step(c, st, &row, e));
        if (!row)
            return KITH_OK;
        const char *field = arena_strdup(a, (const char *)sqlite3_column_text(st, 0));
        sqlite3_reset(st);
        const char **items = arena_grow(a, *fields, *count, &cap, sizeof *items);
        from = field ? arena_printf(a, "%s\1", field) : NULL; /* the next one, by the index */
        if (!from || !items)
            return err_nomem(e);
        *fields = items;
        items[(*count)++] = field;
    }
}

static bool take_wait(struct arena *a, sqlite3_stmt *st, struct flow_wait *out) {
    *out = (struct flow_wait){.run = (kith_id)sqlite3_column_int64(st, 0),
                              .branch = (uint32_t)sqlite3_column_int64(st, 1),
                              .name = arena_strdup(a, (const char *)sqlite3_column_text(st, 2)),
                              .rest = arena_str(a, column_str(st, 3)),
                              .since = (uint64_t)sqlite3_column_int64(st, 4),
                              .id = sqlite3_column_int64(st, 5)};
    return out->name != NULL;
}

kith_status flow_wait_find(struct conn *c, const char *topic, const char *field, kith_str value,
                           uint64_t seq, struct arena *a, struct flow_wait **out, size_t *count,
                           kith_error *e) {
    sqlite3_stmt *st;
    size_t cap = 0;
    *out = NULL;
    *count = 0;
    TRY(conn_prepare(
        c,
        "SELECT run, branch, name, rest, since, id FROM kith_flow_wait WHERE topic = ?1"
        " AND field = ?2 AND value = ?3 AND since < ?4 ORDER BY id",
        &st, e));
    bind_str(st, 1, str_of(topic));
    bind_str(st, 2, str_of(field));
    bind_str(st, 3, value.ptr ? value : STR(""));
    bind_int(st, 4, (int64_t)seq);
    for (;;) {
        bool row;
        TRY(conn_step(c, st, &row, e));
        if (!row)
            return KITH_OK;
        struct flow_wait *items = arena_grow(a, *out, *count, &cap, sizeof *items);
        if (!items || !take_wait(a, st, &items[*count])) {
            sqlite3_reset(st);
            return err_nomem(e);
        }
        *out = items;
        (*out)[*count].topic = topic;
        (*out)[*count].field = field;
        (*out)[(*count)++].value = value;
    }
}

kith_status flow_wait_there(struct conn *c, int64_t id, bool *yes, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "SELECT 1 FROM kith_flow_wait WHERE id = ?1", &st, e));
    bind_int(st, 1, id);
    return conn_any(c, st, yes, e);
}

/* -- sources ----------------------------------------------------------------------------------- */

static kith_status source_there(struct conn *c, const char *version, bool *yes, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "SELECT 1 FROM kith_flow_source WHERE version = ?1 LIMIT 1", &st, e));
    bind_str(st, 1, str_of(version));
    return conn_any(c, st, yes, e);
}

kith_status flow_source_any(struct conn *c, bool *any, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "SELECT 1 FROM kith_flow_source LIMIT 1", &st, e));
    TRY(conn_step(c, st, any, e));
    sqlite3_reset(st);
    return KITH_OK;
}

kith_status flow_source_keep(struct conn *c, const char *version, const struct flow_source *s,
                             kith_error *e) {
    bool there;
    TRY(source_there(c, version, &there, e));
    for (int64_t place = 0; !there && s; s = s->next, place++) {
        sqlite3_stmt *st;
        TRY(conn_prepare(c,
                         "INSERT INTO kith_flow_source(version, place, name, body) VALUES(?1, ?2,"
                         " ?3, ?4)",
                         &st, e));
        bind_str(st, 1, str_of(version));
        bind_int(st, 2, place);
        bind_str(st, 3, str_of(s->name));
        bind_blob(st, 4, s->text.ptr ? s->text : STR(""));
        TRY(conn_run(c, st, e));
    }
    return KITH_OK;
}

kith_status flow_source_read(struct conn *c, const char *version, struct arena *a,
                             struct flow_source **out, kith_error *e) {
    sqlite3_stmt *st;
    *out = NULL;
    TRY(conn_prepare(c, "SELECT name, body FROM kith_flow_source WHERE version = ?1 ORDER BY place",
                     &st, e));
    bind_str(st, 1, str_of(version));
    for (;;) {
        bool row;
        TRY(conn_step(c, st, &row, e));
        if (!row)
            return KITH_OK;
        struct flow_source *s = ARENA_NEW(a, struct flow_source);
        if (s)
            s->name = arena_strdup(a, (const char *)sqlite3_column_text(st, 0));
        if (!s || !s->name || !(s->text = arena_str(a, column_str(st, 1))).ptr) {
            sqlite3_reset(st);
            return err_nomem(e);
        }
        *out = s;
        out = &s->next;
    }
}

/* -- erasing ----------------------------------------------------------------------------------- */

/* The texts in it: what is no text between them becomes blanks. */
static kith_str texts_in(struct arena *a, kith_str body) {
    kith_str out = {arena_strndup(a, body.ptr, body.len), body.len};
    char *at = (char *)(uintptr_t)out.ptr;
    kith_str rest = out;
    int64_t wrong;
    if (!at)
        return (kith_str){NULL, 0};
    for (uint64_t i = 0; i < body.len; i++)
        if ((unsigned char)at[i] < ' ')
            at[i] = ' ';
    while ((wrong = text_invalid_at(rest)) >= 0) {
        at[body.len - rest.len + (uint64_t)wrong] = ' ';
        rest.ptr += wrong + 1;
        rest.len -= (uint64_t)wrong + 1;
    }
    return out;
}

static kith_status naming_among(struct conn *c, const char *sql, const struct traces *traces,
                                uint64_t after, uint64_t to, struct arena *a, struct id_list *runs,
                                kith_error *e) {
    sqlite3_stmt *st;
    struct arena scratch = {0};
    kith_status status = KITH_OK;
    bool row = true, yes;
    TRY(conn_prepare(c, sql, &st, e));
    bind_int(st, 1, (int64_t)after);
    bind_int(st, 2, (int64_t)to);
    while (status == KITH_OK && (status = conn_step(c, st, &row, e)) == KITH_OK && row) {
        kith_id run = (kith_id)sqlite3_column_int64(st, 0);
        arena_reset(&scratch);
        status = traces_in(traces, texts_in(&scratch, column_str(st, 1)), &scratch, &yes, e);
        if (status == KITH_OK && yes && (!runs->count || runs->items[runs->count - 1] != run))
            status = id_list_add(runs, a, run, e);
    }
    sqlite3_reset(st);
    arena_free(&scratch);
    return status;
}

kith_status flow_log_naming(struct conn *c, const struct traces *traces, uint64_t *after,
                            int64_t max, struct arena *a, struct id_list *runs, bool *whole,
                            kith_error *e) {
    sqlite3_stmt *st;
    int64_t to, n;
    bool row;
    TRY(conn_prepare(c,
                     "SELECT coalesce(max(run), ?1), count(*) FROM (SELECT DISTINCT run FROM"
                     " kith_flow_log WHERE run > ?1 ORDER BY run LIMIT ?2)",
                     &st, e));
    bind_int(st, 1, (int64_t)*after);
    bind_int(st, 2, max);
    TRY(conn_step(c, st, &row, e));
    to = sqlite3_column_int64(st, 0);
    n = sqlite3_column_int64(st, 1);
    sqlite3_reset(st);
    *whole = n < max;
    TRY(naming_among(
        c, "SELECT run, body FROM kith_flow_log WHERE run > ?1 AND run <= ?2 ORDER BY run", traces,
        *after, (uint64_t)to, a, runs, e));
    TRY(naming_among(
        c,
        "SELECT run, value || ' ' || CAST(rest AS TEXT) FROM kith_flow_wait WHERE run >"
        " ?1 AND run <= ?2 ORDER BY run",
        traces, *after, (uint64_t)to, a, runs, e));
    *after = (uint64_t)to;
    return KITH_OK;
}
