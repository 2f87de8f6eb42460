/* SPDX-License-Identifier: Apache-2.0 */
/* Segments: what every write does to them. A segment that depends on a record alone is asked before
 * and after its write; one that looks further is asked again for the records that lead to the one
 * that was written. */
#include "engine/engine_internal.h"

#include <string.h>

#include "base/json.h"

#define ROOTS_MAX 1000 /* looked at in the transaction of the write; more are settled later */

const struct principal segment_principal = {.name = "segments", .all = true};

void segment_env(struct txn *t, struct query_env *env) {
    *env = engine_env(t->g, t->head.at, &segment_principal);
}

static struct match_source source_of(struct txn *t) {
    return (struct match_source){txn_lookup, txn_ask, t};
}

/* -- events ------------------------------------------------------------------------------------ */

kith_status segment_publish(struct txn *t, const struct segment *s, const char *topic,
                            const struct rtype *type, kith_id subject, const char *more,
                            kith_error *e) {
    struct buf b = {0};
    struct json_out j;
    char id[ID_TEXT + 1];
    const struct source *code = t->code;
    uint32_t source = t->source;
    id_format(s->id, id);
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "segment");
    json_strz(&j, id);
    json_key(&j, "name");
    json_strz(&j, s->name);
    if (more)
        buf_puts(&b, more);
    json_object_end(&j);
    t->source = t->g->segments.source;
    kith_status st =
        b.failed ? err_nomem(e) : txn_publish(t, topic, type, subject, buf_view(&b), e);
    t->code = code;
    t->source = source;
    buf_free(&b);
    return st;
}

/* -- one record, one segment ------------------------------------------------------------------- */

static kith_status look_again(struct txn *t, struct segment *s, kith_id id, kith_error *e) {
    const kith_value *values;
    TRY(txn_lookup(t, s->type, id, &values, e));
    return values ? segment_evaluate(t, s, id, values, e) : KITH_OK;
}

/* The records from which a watched way leads to `id`. */
static kith_status look_at_roots(struct txn *t, const struct watch *w, kith_id id, kith_error *e) {
    struct query_env env;
    kith_value value = value_link(id, 0);
    kith_id *ids;
    size_t n;
    char text[ID_TEXT + 1];
    segment_env(t, &env);
    TRY(member_roots(t->g->writer, w->roots, &env, &value, 0, ROOTS_MAX + 1, t->arena, &ids, &n,
                     e));
    for (size_t i = 0; n <= ROOTS_MAX && i < n; i++)
        TRY(look_again(t, w->segment, ids[i], e));
    if (n <= ROOTS_MAX)
        return KITH_OK;
    id_format(id, text);
    const char *roots = w->depends->roots, *param = strstr(roots, ":id");
    const char *query = arena_printf(t->arena, "%s where %.*s'%s'%s", w->segment->type->name,
                                     (int)(param - roots), roots, text, param + strlen(":id"));
    return query ? segment_settle_later(t, w->segment, str_of(query), e) : err_nomem(e);
}

static kith_status look_from(struct txn *t, const struct watch *w, kith_id id, kith_error *e) {
    return w->roots ? look_at_roots(t, w, id, e) : look_again(t, w->segment, id, e);
}

/* Who asks whether the record is in this segment is asked again itself. */
static kith_status tell_watchers(struct txn *t, const struct segment *s, kith_id record,
                                 kith_error *e) {
    for (size_t i = 0; i < s->watchers.count; i++) {
        const struct watch *w = &s->watchers.items[i];
        if (!w->segment->depends.whole)
            TRY(look_from(t, w, record, e));
    }
    return KITH_OK;
}

kith_status segment_flipped(struct txn *t, struct segment *s, kith_id record, bool in,
                            kith_error *e) {
    TRY(segment_counted(t->g->writer, s->id, in ? 1 : -1, e));
    if (!s->building)
        TRY(segment_publish(t, s, in ? "segment.entered" : "segment.left", s->type, record, NULL,
                            e));
    return tell_watchers(t, s, record, e);
}

static kith_status put(struct txn *t, struct segment *s, kith_id id, bool in, kith_error *e) {
    bool changed;
    if (in)
        TRY(member_add(t->g->writer, s->id, id, t->head.at, false, &changed, e));
    else
        TRY(member_remove(t->g->writer, s->id, id, &changed, e));
    return changed ? segment_flipped(t, s, id, in, e) : KITH_OK;
}

static kith_status set_flip(struct txn *t, const struct segment *s, kith_id id, int64_t due,
                            kith_error *e) {
    TRY(flip_set(t->g->writer, s->id, id, due, e));
    t->g->refresh_due |= due < t->g->next_due;
    return KITH_OK;
}

kith_status segment_evaluate(struct txn *t, struct segment *s, kith_id id, const kith_value *values,
                             kith_error *e) {
    struct query_env env;
    struct match_source source = source_of(t);
    segment_env(t, &env);
    bool in = false;
    int64_t flip = INT64_MAX;
    if (values)
        TRY(predicate_match(s->predicate, &env, id, values, &source, &in, e));
    if (s->depends.timed && values)
        TRY(predicate_next_flip(s->predicate, &env, id, values, &source, &flip, e));
    if (s->depends.timed)
        TRY(set_flip(t, s, id, flip, e));
    return put(t, s, id, in, e);
}

/* -- a write ----------------------------------------------------------------------------------- */

/* A segment that depends on the record alone: what it was says whether it was in. */
static kith_status follow_local(struct txn *t, struct segment *s, const struct change *c,
                                kith_error *e) {
    struct query_env env;
    bool was = false, is;
    segment_env(t, &env);
    if (c->before)
        TRY(predicate_match(s->predicate, &env, c->id, c->before, NULL, &was, e));
    TRY(predicate_match(s->predicate, &env, c->id, c->after, NULL, &is, e));
    return was == is ? KITH_OK : put(t, s, c->id, is, e);
}

static kith_status follow_own(struct txn *t, struct segment *s, const struct change *c,
                              kith_error *e) {
    if (!s->predicate || s->depends.whole ||
        (c->before && !fieldset_meets(&c->changed, predicate_fields(s->predicate))))
        return KITH_OK;
    if (!s->depends.timed && predicate_local(s->predicate))
        return follow_local(t, s, c, e);
    return segment_evaluate(t, s, c->id, c->after, e);
}

/* It leaves everything that it was in. Lists it left before, as their member. */
static kith_status follow_delete(struct txn *t, const struct segment_list *own, kith_id id,
                                 kith_error *e) {
    for (size_t i = 0; i < own->count; i++) {
        if (own->items[i]->depends.timed)
            TRY(flip_set(t->g->writer, own->items[i]->id, id, INT64_MAX, e));
        TRY(put(t, own->items[i], id, false, e));
    }
    return KITH_OK;
}

/* The records that a link or links lead to. */
static kith_status look_at_linked(struct txn *t, const struct watch *w, const kith_value *v,
                                  kith_error *e) {
    const struct rtype *target = w->roots ? NULL : w->segment->type;
    if (v->kind == KITH_LINK && (!target || v->as.link.type == target->id))
        return look_from(t, w, v->as.link.id, e);
    for (uint64_t i = 0; v->kind == KITH_LIST && i < v->as.list.count; i++)
        TRY(look_from(t, w, v->as.list.items[i].as.link.id, e));
    return KITH_OK;
}

static kith_status follow_via(struct txn *t, const struct watch *w, const struct change *c,
                              kith_error *e) {
    uint32_t i = w->depends->via->index;
    if (c->before)
        TRY(look_at_linked(t, w, &c->before[i], e));
    if (c->after && !(c->before && value_eq(&c->before[i], &c->after[i])))
        return look_at_linked(t, w, &c->after[i], e);
    return KITH_OK;
}

/* A record that comes or goes is linked to by nobody; only those that it links to may care. */
static kith_status follow_linked(struct txn *t, const struct watch_list *linked,
                                 const struct change *c, kith_error *e) {
    for (size_t i = 0; i < linked->count; i++) {
        const struct watch *w = &linked->items[i];
        if (c->kind == ROW_UPDATE && !fieldset_meets(&c->changed, &w->depends->fields))
            continue;
        if (w->depends->via)
            TRY(follow_via(t, w, c, e));
        else if (c->kind == ROW_UPDATE)
            TRY(look_at_roots(t, w, c->id, e));
    }
    return KITH_OK;
}

/* A list's member is the list's membership. */
static kith_status follow_member(struct txn *t, const struct change *c, kith_error *e) {
    const struct base_member *m = &t->g->schema->base.list_member;
    const kith_value *v = c->after ? c->after : c->before;
    const kith_value *record = &v[m->record->index], *brought = &v[m->brought->index];
    kith_id list = v[m->segment->index].as.link.id;
    struct segment *s = segment_by_id(t->g, list);
    bool changed = false;
    if (c->kind == ROW_DELETE) {
        TRY(member_remove(t->g->writer, list, record->as.link.id, &changed, e));
    } else {
        TRY(member_add(t->g->writer, list, record->as.link.id, t->head.at, false, &changed, e));
        TRY(member_bring(t->g->writer, list, record->as.link.id, brought->as.i == 1, e));
    }
    return changed && s ? segment_flipped(t, s, record->as.link.id, c->kind != ROW_DELETE, e)
                        : KITH_OK;
}

kith_status segment_follow(struct txn *t, const struct change *c, kith_error *e) {
    struct engine *g = t->g;
    if (c->type == g->schema->base.segment.type)
        return segment_defined(t, c, e);
    TRY(segments_load(g, e));
    if (c->type == g->schema->base.list_member.type)
        return follow_member(t, c, e);
    const struct segment_type_info *info = &g->segments.types[c->type->id];
    if (c->kind == ROW_DELETE)
        TRY(follow_delete(t, &info->own, c->id, e));
    for (size_t i = 0; c->after && i < info->own.count; i++)
        TRY(follow_own(t, info->own.items[i], c, e));
    return follow_linked(t, &info->linked, c, e);
}
