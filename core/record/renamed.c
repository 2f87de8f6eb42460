/* SPDX-License-Identifier: Apache-2.0 */
/* Renamed: see renamed.h. */
#include "record/renamed.h"
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

kith_status renamed_setup(struct conn *c, kith_error *e) {
    return conn_exec(c,
                     "CREATE TABLE IF NOT EXISTS kith_renamed(number INTEGER PRIMARY KEY,"
                     " type TEXT NOT NULL, field TEXT, name TEXT NOT NULL) STRICT",
                     e);
}

kith_status renamed_note(struct conn *c, const struct renamed *r, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "INSERT INTO kith_renamed(type, field, name) VALUES(?1, ?2, ?3)", &st, e));
    bind_str(st, 1, str_of(r->type));
    if (r->field)
        bind_str(st, 2, str_of(r->field));
    bind_str(st, 3, str_of(r->name));
    return conn_run(c, st, e);
}

static const char *take_text(sqlite3_stmt *st, int column, struct arena *a) {
    return arena_strndup(a, column_str(st, column).ptr, column_str(st, column).len);
}

kith_status renamed_list(struct conn *c, struct arena *a, struct renamed **out, size_t *count,
                         kith_error *e) {
    sqlite3_stmt *st;
    size_t cap = 0;
    bool row = true;
    *out = NULL;
    *count = 0;
    TRY(conn_prepare_once(c, "SELECT type, field, name FROM kith_renamed ORDER BY number", &st, e));
    kith_status status = KITH_OK;
    while (status == KITH_OK && (status = conn_step(c, st, &row, e)) == KITH_OK && row) {
        struct renamed *items = arena_grow(a, *out, *count, &cap, sizeof *items);
        if (!items) {
            status = err_nomem(e);
            break;
        }
        *out = items;
        bool field = sqlite3_column_type(st, 1) != SQLITE_NULL;
        struct renamed *r = &items[(*count)++];
        *r = (struct renamed){.type = take_text(st, 0, a),
                              .field = field ? take_text(st, 1, a) : NULL,
                              .name = take_text(st, 2, a)};
        if (!r->type || !r->name || (field && !r->field))
            status = err_nomem(e);
    }
    sqlite3_finalize(st);
    return status;
}

kith_status renamed_count(struct conn *c, int64_t *n, kith_error *e) {
    return conn_int(c, "SELECT count(*) FROM kith_renamed", 0, n, e);
}

kith_status renamed_forget(struct conn *c, kith_error *e) {
    return conn_exec(c, "DELETE FROM kith_renamed", e);
}

/* -- rights ------------------------------------------------------------------------------------ */

/* Gives a member another key, at its place. One that has the new key already spoke of nothing, and
 * goes. False: no memory. */
static bool rename_key(json_t *object, const char *from, const char *to, bool *changed) {
    json_t *fresh, *value;
    const char *key;
    bool ok = true;
    if (!json_object_get(object, from))
        return true;
    fresh = json_object();
    json_object_foreach(object, key, value) {
        bool renamed = strcmp(key, from) == 0;
        if (ok && (renamed || strcmp(key, to) != 0))
            ok = json_object_set(fresh, renamed ? to : key, value) == 0;
    }
    ok = ok && json_object_clear(object) == 0 && json_object_update(object, fresh) == 0;
    json_decref(fresh);
    *changed = true;
    return ok;
}

static bool rename_in(json_t *types, const struct renamed *r, bool *changed) {
    if (!r->field)
        return rename_key(types, r->type, r->name, changed);
    json_t *fields = json_object_get(json_object_get(types, r->type), "fields");
    return !json_is_object(fields) || rename_key(fields, r->field, r->name, changed);
}

kith_status renamed_rights(kith_str json, const struct renamed *list, size_t count, struct arena *a,
                           kith_str *out, kith_error *e) {
    json_t *root;
    bool changed = false, ok = true;
    *out = json;
    kith_status st = json_read(json, &root, NULL);
    if (st != KITH_OK)
        return st == KITH_E_NOMEM ? err_nomem(e) : KITH_OK;
    json_t *types = json_object_get(root, "types");
    for (size_t i = 0; ok && json_is_object(types) && i < count; i++)
        ok = rename_in(types, &list[i], &changed);
    char *text = ok && changed ? json_dumps(root, 0) : NULL;
    if (text)
        *out = arena_str(a, str_of(text));
    json_decref(root);
    bool failed = !ok || (changed && (!text || !out->ptr));
    free(text);
    return failed ? err_nomem(e) : KITH_OK;
}
