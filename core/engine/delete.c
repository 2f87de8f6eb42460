/* SPDX-License-Identifier: Apache-2.0 */
/* Deleting a record: its parts go with it, and what else links to it loses the link. */
#include "engine/engine_internal.h"
#include "engine/merge.h"

#include <string.h>

/* Without `id` in a list of links; null when it was the only one. */
static kith_value without(struct txn *t, const kith_value *list, kith_id id) {
    kith_value *items = ARENA_ARRAY(t->arena, kith_value, list->as.list.count + 1);
    uint64_t n = 0;
    for (uint64_t i = 0; items && i < list->as.list.count; i++)
        if (list->as.list.items[i].as.link.id != id)
            items[n++] = list->as.list.items[i];
    return n ? (kith_value){.kind = KITH_LIST, .as.list = {items, n}} : value_null();
}

static kith_status refuse_link(struct txn *t, const struct rfield *f, kith_id from, kith_error *e) {
    char text[ID_TEXT + 1];
    id_format(from, text);
    return txn_tells(t, f->type, from)
               ? err_set(e, KITH_E_REFUSED, f->name,
                         "%s %s links to it (%s); delete or change that first", f->type->name, text,
                         f->name)
               : err_set(e, KITH_E_REFUSED, NULL, "a record that you may not see links to it");
}

static kith_status unlink_one(struct txn *t, const struct rfield *f, kith_id from, kith_id id,
                              kith_error *e) {
    struct assign set = {.field = f, .value = value_null()};
    bool goes = (f->flags & KITH_FF_PARTOF) && !t->undoing;
    if (t->undoing)
        TRY(base_point_follows(t, f, from, &goes, e));
    if (goes)
        return txn_delete(t, f->type, from, e);
    if (f->kind == KITH_F_LINKS) {
        const kith_value *values;
        TRY(txn_get(t, f->type, from, &values, e));
        set.value = without(t, &values[f->index], id);
    }
    /* What keeps no history is not undone itself, so it does not stand in the way. */
    if ((t->undoing && f->type->history != KITH_HISTORY_NONE) ||
        ((f->flags & KITH_FF_REQUIRED) && set.value.kind == KITH_NULL))
        return refuse_link(t, f, from, e);
    /* Nobody sets it: one that is read-only loses its record, too. */
    static const struct source deletion = {SOURCE_CORE, "deletion", "", 0};
    const struct source *code = t->code;
    t->code = f->flags & KITH_FF_READONLY ? &deletion : code;
    kith_status st = txn_update(t, f->type, from, &set, 1, e);
    t->code = code;
    return st;
}

/* Nobody asked for what happens to other records, which the caller may not even see. Those that
 * are part of the one that goes are of its own. */
static kith_status release_one(struct txn *t, const struct rfield *f, kith_id from, kith_id id,
                               kith_error *e) {
    uint32_t source = t->source;
    if (!source && f != type_whole(f->type))
        t->source = t->g->release_source;
    kith_status st = unlink_one(t, f, from, id, e);
    t->source = source;
    return st;
}

static kith_status refuse_absent(struct txn *t, const struct absent_link *l, const char *id,
                                 kith_error *e) {
    bool gone = !schema_type(t->g->schema, str_of(l->type.name));
    if (strcmp(l->field.module, SCHEMA_COMPANY) != 0)
        return err_set(e, KITH_E_REFUSED, NULL,
                       "%s %s links to it, and its module '%s' is not enabled; enable it first",
                       l->type.name, id, l->field.module);
    return err_set(e, KITH_E_REFUSED, NULL,
                   "%s %s links to it by %s.%s, which is retired; bring it back first: kith %s"
                   " restore %s%s%s",
                   l->type.name, id, l->type.name, l->field.name, gone ? "type" : "field",
                   l->type.name, gone ? "" : ".", gone ? "" : l->field.name);
}

/* What a module that is not loaded, or a type or field that is retired, keeps about the record can
 * be neither emptied nor taken along. */
static kith_status check_absent(struct txn *t, const struct rtype *type, kith_id id,
                                kith_error *e) {
    const struct schema *s = t->g->schema;
    for (size_t i = 0; i < s->absent_count; i++) {
        const struct absent_link *l = &s->absent[i];
        kith_id *ids;
        size_t n;
        char text[ID_TEXT + 1];
        if (!l->field.any_target && strcmp(l->target, type->name) != 0)
            continue;
        TRY(record_referrers(t->g->writer, &l->field, id, type->id, 1, t->arena, &ids, &n, e));
        if (n == 0)
            continue;
        id_format(ids[0], text);
        return refuse_absent(t, l, t->principal->all ? text : "record", e);
    }
    return KITH_OK;
}

/* As they would fare here, by a command that goes through them in short transactions. */
static kith_status refuse_many(struct txn *t, const struct rfield *f, const struct rtype *type,
                               kith_id id, kith_error *e) {
    const char *from = f->type->name;
    char text[ID_TEXT + 1];
    id_format(id, text);
    const char *which =
        arena_printf(t->arena, "%s = '%s%s%s'", f->name, f->any_target ? type->name : "",
                     f->any_target ? "/" : "", text);
    const char *how;
    if (!which)
        return err_nomem(e);
    if (f->flags & KITH_FF_PARTOF)
        how =
            arena_printf(t->arena, "delete them first: kith delete %s --where \"%s\"", from, which);
    else if (f->kind == KITH_F_LINKS || f->flags & (KITH_FF_REQUIRED | KITH_FF_READONLY))
        how = arena_printf(t->arena, "change them first: kith find \"%s where %s\"", from, which);
    else
        how = arena_printf(t->arena, "empty that first: kith update %s --where \"%s\" %s=", from,
                           which, f->name);
    return how ? err_set(e, KITH_E_LIMIT, NULL,
                         "more than %d records of type %s link to it by %s; %s", DELETE_MAX, from,
                         f->name, how)
               : err_nomem(e);
}

/* What points to a record that goes: parts go with it, other links are emptied. In an undo nothing
 * may point to it. */
static kith_status release_referrers(struct txn *t, const struct rtype *type, kith_id id,
                                     kith_error *e) {
    const struct type_info *info = &t->g->types[type->id];
    bool any = false;
    TRY(check_absent(t, type, id, e));
    if (info->referred)
        TRY(record_referred(t->g->writer, info->referred, id, type->id, &any, e));
    for (size_t i = 0; any && i < info->inbound_count; i++) {
        const struct rfield *f = info->inbound[i];
        kith_id *ids;
        size_t n;
        TRY(record_referrers(t->g->writer, f, id, type->id, DELETE_MAX + 1, t->arena, &ids, &n, e));
        if (n > DELETE_MAX)
            return refuse_many(t, f, type, id, e);
        /* A part may have gone meanwhile, with another part that it belongs to. */
        for (size_t k = 0; k < n; k++) {
            bool there = false;
            if (f->type != type || ids[k] != id)
                TRY(record_exists(t->g->writer, f->type, ids[k], &there, e));
            if (there)
                TRY(release_one(t, f, ids[k], id, e));
        }
    }
    return KITH_OK;
}

/* Until a look finds nothing to release: a hook may link to the record while its parts go. */
static kith_status release_all(struct txn *t, const struct rtype *type, kith_id id, kith_error *e) {
    for (int round = 0; round < 8; round++) {
        uint64_t seq = t->g->seq;
        TRY(release_referrers(t, type, id, e));
        if (t->g->seq == seq)
            return KITH_OK;
    }
    return err_set(e, KITH_E_LIMIT, NULL,
                   "hooks go on linking to the %s that is being deleted; one of them must stop",
                   type->name);
}

static kith_status read_all(struct txn *t, struct change *c, kith_error *e) {
    TRY(change_before(t, c, e));
    c->changed = (struct fieldset){{0}};
    change_mark(c, c->before);
    return KITH_OK;
}

/* The hooks see the record with all that links to it; what they and the links' release changed in
 * it is read again before it goes. */
static kith_status delete_row(struct txn *t, const struct rtype *type, kith_id id, kith_error *e) {
    struct change c = {.kind = ROW_DELETE, .type = type, .id = id};
    TRY(read_all(t, &c, e));
    TRY(change_begin(t, &c, e));
    TRY(release_all(t, type, id, e));
    if (c.seen != t->g->writes)
        TRY(read_all(t, &c, e));
    return change_finish(t, &c, e);
}

/* An erasure goes by these: without them it would miss somebody, or a restore bring somebody back.
 */
static bool kept_by_kith(const struct txn *t, const struct rtype *type) {
    const struct base_fields *b = &t->g->schema->base;
    return !t->undoing && (type == b->redirect.type || type == b->erasure.type);
}

kith_status txn_may_delete(struct txn *t, const struct rtype *type, kith_id id, kith_error *e) {
    struct change c = {.kind = ROW_DELETE, .type = type, .id = id};
    if (!t->system && kept_by_kith(t, type))
        return err_set(e, KITH_E_REFUSED, NULL,
                       "records of type %s are Kith's own and stay: an erasure goes by them, also"
                       " after a backup was restored",
                       type->name);
    if (!t->system && !t->principal->all) {
        TRY(change_before(t, &c, e));
        TRY(txn_may_begin(t, &c, e));
    }
    return t->erasing ? KITH_OK : merge_check_done(t, type, id, e);
}

kith_status txn_delete(struct txn *t, const struct rtype *type, kith_id id, kith_error *e) {
    TRY(txn_may_delete(t, type, id, e));
    if (t->hook_depth == HOOK_DEPTH_MAX)
        return err_set(e, KITH_E_LIMIT, NULL, "parts of parts go more than %d deep",
                       HOOK_DEPTH_MAX);
    uint64_t seq = t->g->seq;
    struct going going = {type, id, t->going};
    t->going = &going;
    t->hook_depth++;
    t->system++; /* what goes with it, or loses its link, is not asked for */
    kith_status st = delete_row(t, type, id, e);
    t->spoilt |= st != KITH_OK && t->g->seq != seq;
    t->going = going.outer;
    t->system--;
    t->hook_depth--;
    return st;
}
