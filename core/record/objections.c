/* SPDX-License-Identifier: Apache-2.0 */
/* Objections: read as they are stored. An older database has two people of whom one is left. */
#include "record/objections.h"

#include "base/id.h"

static const char query[] =
    "SELECT c.contact, p.name, c.address, c.withdrawn_by FROM consent c JOIN purpose p ON p.id ="
    " c.purpose WHERE c.state = 'withdrawn' AND c.replaced_by IS NULL AND c.updated >= ?1"
    " UNION ALL SELECT r.gone, p.name, c.address, c.withdrawn_by FROM consent c JOIN purpose p ON"
    " p.id = c.purpose JOIN redirect r ON r.kept = c.contact WHERE c.state = 'withdrawn' AND"
    " c.replaced_by IS NULL AND c.address IS NULL AND c.updated >= ?1"
    " UNION ALL SELECT id, NULL, NULL, restricted_note FROM contact WHERE restricted >= ?1"
    " UNION ALL SELECT r.gone, NULL, NULL, x.restricted_note FROM contact x JOIN redirect r ON"
    " r.kept = x.id WHERE x.restricted >= ?1";

static const char suppressed[] =
    "SELECT 0, p.name, NULL, s.how, s.address, s.at FROM suppression s JOIN purpose p ON p.id ="
    " s.purpose WHERE s.lifted IS NULL AND s.updated >= ?1";

/* An older Kith knew of none of it. */
static kith_status knows(struct conn *c, bool *yes, kith_error *e) {
    int64_t tables, column;
    TRY(conn_int(c,
                 "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('consent',"
                 " 'purpose', 'redirect')",
                 0, &tables, e));
    TRY(conn_int(c,
                 "SELECT count(*) FROM pragma_table_info('contact') WHERE name = 'restricted_note'",
                 0, &column, e));
    *yes = tables == 3 && column == 1;
    return KITH_OK;
}

static const char *text_of(sqlite3_stmt *st, int i, struct arena *a, bool *failed) {
    kith_str text = column_str(st, i);
    const char *kept = text.ptr ? arena_strndup(a, text.ptr, text.len) : NULL;
    *failed |= text.ptr && !kept;
    return kept;
}

static kith_status take(sqlite3_stmt *st, struct arena *a, struct objection *out, kith_error *e) {
    bool failed = false;
    *out = (struct objection){.contact = (kith_id)sqlite3_column_int64(st, 0),
                              .purpose = text_of(st, 1, a, &failed),
                              .address = text_of(st, 2, a, &failed),
                              .text = text_of(st, 3, a, &failed)};
    if (sqlite3_column_count(st) > 4) {
        out->hash = text_of(st, 4, a, &failed);
        out->at = sqlite3_column_int64(st, 5);
    }
    if (sqlite3_column_type(st, 0) == SQLITE_TEXT && !id_parse(column_str(st, 0), &out->contact))
        out->contact = 0;
    return failed ? err_nomem(e) : KITH_OK;
}

struct list {
    struct arena *arena;
    struct objection *items;
    size_t count, cap;
};

static kith_status add_all(struct conn *c, const char *sql, int64_t since, struct list *l,
                           kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(c, sql, &st, e));
    bind_int(st, 1, since);
    for (;;) {
        TRY(conn_step(c, st, &row, e));
        if (!row)
            return KITH_OK;
        struct objection *items = arena_grow(l->arena, l->items, l->count, &l->cap, sizeof *items);
        kith_status got = items ? take(st, l->arena, &items[l->count], e) : err_nomem(e);
        if (got != KITH_OK) {
            sqlite3_reset(st);
            return got;
        }
        l->items = items;
        l->count++;
    }
}

kith_status objections_since(struct conn *c, int64_t since, struct arena *a, struct objection **out,
                             size_t *count, kith_error *e) {
    struct list l = {.arena = a};
    int64_t tables;
    bool yes;
    *out = NULL;
    *count = 0;
    TRY(knows(c, &yes, e));
    if (!yes)
        return KITH_OK;
    TRY(add_all(c, query, since, &l, e));
    TRY(conn_int(c,
                 "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name ="
                 " 'suppression'",
                 0, &tables, e));
    if (tables)
        TRY(add_all(c, suppressed, since, &l, e));
    *out = l.items;
    *count = l.count;
    return KITH_OK;
}
