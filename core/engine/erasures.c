/* SPDX-License-Identifier: Apache-2.0 */
/* Erasures: the list of who was erased, in a file beside the database, for the day on which an
 * older database is put in its place. It holds types, ids and times, one record a line:
 *
 *   contact 0SCFGQSZW0000 2026-11-29T07:16:50.123Z */
#include "base/file.h"
#include "base/id.h"
#include "engine/engine_internal.h"

#include <stdio.h>
#include <string.h>

/* -- writing it -------------------------------------------------------------------------------- */

struct listing {
    struct engine *g;
    struct buf text;
};

static kith_status add_line(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct listing *l = arg;
    const struct base_erasure *b = &l->g->schema->base.erasure;
    kith_str type = values[b->record_type->index].as.s, record = values[b->record->index].as.s;
    struct arena a = {0};
    (void)id;
    kith_str at = value_text(l->g->schema, &values[FIELD_CREATED], &a);
    buf_printf(&l->text, "%.*s %.*s %.*s\n", (int)type.len, type.ptr, (int)record.len, record.ptr,
               (int)at.len, at.ptr ? at.ptr : "");
    arena_free(&a);
    return l->text.failed ? err_nomem(e) : KITH_OK;
}

static kith_status read_list(struct txn *t, void *arg, kith_error *e) {
    struct query *q;
    TRY(query_parse(&q, t->g->schema, t->arena, STR("erasure order by created"), e));
    return txn_find(t, q, NULL, 0, add_line, arg, e);
}

kith_status erasures_list(struct engine *g, kith_error *e) {
    struct listing l = {.g = g};
    struct buf path = {0};
    kith_status st = group_write(g, &by_kith, &erase_source, g->sweep.number, read_list, &l, e);
    buf_printf(&path, "%s.erased", g->path);
    if (st == KITH_OK)
        st = path.failed ? err_nomem(e) : file_replace(path.ptr, buf_view(&l.text), 0600, e);
    buf_free(&path);
    buf_free(&l.text);
    return st;
}

/* -- doing it again ---------------------------------------------------------------------------- */

struct again {
    kith_str type, record, at;
    bool erased; /* it was there */
};

static kith_status is_listed(struct txn *t, kith_str record, bool *yes, kith_error *e) {
    struct query *q;
    int64_t n;
    kith_value params[1] = {value_str(record)};
    TRY(query_parse(&q, t->g->schema, t->arena, STR("erasure where record = :record : count()"),
                    e));
    TRY(txn_count(t, q, params, &n, e));
    *yes = n > 0;
    return KITH_OK;
}

/* What is not in this database, or of a type that it does not have, is only listed. */
static kith_status erase_again(struct txn *t, void *arg, kith_error *e) {
    struct again *a = arg;
    const struct base_erasure *b = &t->g->schema->base.erasure;
    const struct rtype *type = schema_type(t->g->schema, a->type);
    const char *reason =
        arena_printf(t->arena, "erased before, at %.*s", (int)a->at.len, a->at.ptr);
    kith_id id, request;
    bool yes;
    if (!reason)
        return err_nomem(e);
    TRY(is_listed(t, a->record, &yes, e));
    if (yes)
        return KITH_OK;
    bool there = type && id_parse(a->record, &id);
    if (there)
        TRY(record_exists(t->g->writer, type, id, &there, e));
    if (there)
        TRY(txn_erase(t, type, id, str_of(reason), &request, NULL, e));
    a->erased = there;
    if (there)
        return KITH_OK;
    struct assign set[] = {
        {b->record_type, value_str(a->type)},
        {b->record, value_str(a->record)},
        {b->reason, value_str(str_of(reason))},
        {b->swept, value_time(t->head.at)},
    };
    t->erasing = true; /* who is it that sets them? */
    kith_status st = txn_create(t, b->type, set, sizeof set / sizeof *set, NULL, e);
    t->erasing = false;
    return st;
}

static kith_status replay_line(struct engine *g, char *line, uint64_t *erased, kith_error *e) {
    char *rest = NULL, *type = strtok_r(line, " \n", &rest), *record = strtok_r(NULL, " \n", &rest),
         *at = strtok_r(NULL, " \n", &rest);
    kith_id id;
    if (!type)
        return KITH_OK;
    if (!record || !at || !id_parse(str_of(record), &id))
        return err_set(e, KITH_E_CORRUPT, NULL, "it is no list of who was erased: '%s'", line);
    struct again a = {str_of(type), str_of(record), str_of(at), false};
    TRY(engine_write(g, &by_kith, erase_again, &a, NULL, e));
    *erased += a.erased;
    return KITH_OK;
}

kith_status engine_replay_erasures(struct engine *g, const char *path, uint64_t *erased,
                                   kith_error *e) {
    char line[256];
    uint64_t number = 0;
    kith_status st = KITH_OK;
    *erased = 0;
    FILE *f = fopen(path, "re");
    if (!f)
        return err_errno(e, "read", path);
    while (st == KITH_OK && fgets(line, sizeof line, f)) {
        number++;
        st = replay_line(g, line, erased, e);
    }
    if (st == KITH_OK && ferror(f))
        st = err_errno(e, "read", path);
    else if (st != KITH_OK)
        err_prefix(e, "%s:%llu: ", path, (unsigned long long)number);
    fclose(f);
    return st;
}
