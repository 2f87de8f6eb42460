/* SPDX-License-Identifier: Apache-2.0 */
/* Erase again: whom a list names goes from an older database that takes the company's place, and
 * nobody else. */
#include "base/id.h"
#include "engine/engine_internal.h"
#include "engine/erased.h"
#include "engine/merge.h"
#include "journal/gone.h"
#include "record/redirect.h"

#include <string.h>

#define MERGED_MAX 100000 /* into one record; an erasure takes no more either */

struct again {
    const struct erased_one *who;
    const struct rtype *type; /* NULL: it is not in this database */
    kith_id id;
    bool done;
    bool erased; /* the record was there, or in the journal alone */
    bool waits;  /* the record is there, its type is not */
};

/* -- one of them ------------------------------------------------------------------------------- */

static kith_status is_there(struct txn *t, const struct again *a, bool *yes, kith_error *e) {
    *yes = false;
    if (!a->type)
        return KITH_OK;
    TRY(record_exists(t->g->writer, a->type, a->id, yes, e));
    return *yes ? KITH_OK : gone_told(t->g->writer, a->type, a->id, yes, e);
}

/* Of a type that is retired, or whose module is not enabled, nobody knows which fields tell of
 * whom. Rows of the journal stay when they were emptied: a request says that they were. */
static kith_status find_waiting(struct txn *t, struct again *a, kith_id request, kith_error *e) {
    const struct rtype named = {.name = a->who->type};
    uint32_t number = 0;
    if (a->type || !schema_is_gone(t->g->schema, named.name, NULL))
        return KITH_OK;
    TRY(record_exists(t->g->writer, &named, a->id, &a->waits, e));
    if (!a->waits && !request)
        TRY(gone_type(t->g->writer, a->id, &number, e));
    a->waits |= number != 0;
    return KITH_OK;
}

/* What is not in this database, or of a type that it does not have, is only listed. */
static kith_status erase_again(struct txn *t, void *arg, kith_error *e) {
    struct again *a = arg;
    const struct base_erasure *b = &t->g->schema->base.erasure;
    const char *reason = arena_printf(t->arena, "erased before, at %s", a->who->at);
    kith_value key = value_str(str_of(a->who->record));
    kith_id request;
    bool there;
    if (!reason)
        return err_nomem(e);
    TRY(is_there(t, a, &there, e));
    TRY(record_unique_owner(t->g->writer, b->record, &key, t->arena, &request, e));
    TRY(find_waiting(t, a, request, e));
    if (request && a->type && type_is_user(a->type)) /* the record of a user stays */
        there = false;
    if (there)
        TRY(txn_erase(t, a->type, a->id, str_of(reason), &request, NULL, e));
    a->erased = there;
    if (there || request)
        return KITH_OK;
    struct assign set[] = {
        {b->record_type, value_str(str_of(a->who->type))},
        {b->record, key},
        {b->reason, value_str(str_of(reason))},
        {b->swept, value_time(t->head.at)},
    };
    t->erasing = true; /* who is it that sets them? */
    kith_status st = txn_create(t, b->type, set, sizeof set / sizeof *set, NULL, e);
    t->erasing = false;
    return st;
}

/* -- merges ------------------------------------------------------------------------------------ */

/* The redirect that stands for the record, and where it leads; 0: the record is there, or gone. */
static kith_status find_redirect(struct engine *g, const struct rtype *type, kith_id id,
                                 struct arena *arena, kith_id *redirect, kith_id *kept,
                                 kith_error *e) {
    struct conn *c;
    char gone[ID_TEXT + 1];
    bool there = false;
    *redirect = *kept = 0;
    if (!type)
        return KITH_OK;
    id_format(id, gone);
    TRY(engine_reader(g, &c, e));
    kith_status st = record_exists(c, type, id, &there, e);
    if (st == KITH_OK && !there)
        st = redirect_find(c, type, id, arena, kept, e);
    if (st == KITH_OK && *kept)
        st = redirect_of(c, g->schema, gone, arena, redirect, e);
    engine_reader_done(g, c);
    return st;
}

static kith_status merges_of(struct engine *g, kith_id redirect, struct arena *a, kith_id **merges,
                             size_t *count, kith_error *e) {
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st = gone_writers(c, redirect, a, merges, count, e);
    engine_reader_done(g, c);
    return st;
}

/* Takes back the merges by which the record became another. *kept: where it still is after that;
 * else 0. */
static kith_status unmerge(struct engine *g, const struct rtype *type, kith_id id,
                           struct arena *arena, uint64_t *unmerged, kith_id *kept, kith_error *e) {
    struct undo_report report;
    kith_id redirect, *merges;
    size_t count;
    TRY(find_redirect(g, type, id, arena, &redirect, kept, e));
    if (!redirect)
        return KITH_OK;
    TRY(merges_of(g, redirect, arena, &merges, &count, e));
    for (size_t i = 0; redirect && i < count; i++) {
        TRY(engine_undo(g, by_kith.principal, merges[i], false, arena, &report, e));
        *unmerged += report.reversed > 0;
        TRY(find_redirect(g, type, id, arena, &redirect, kept, e));
    }
    return KITH_OK;
}

static kith_status refuse(const struct again *a, kith_id gone, kith_id kept, kith_id other,
                          kith_error *e) {
    char from[ID_TEXT + 1], to[ID_TEXT + 1], too[ID_TEXT + 1];
    id_format(gone, from);
    id_format(kept, to);
    id_format(other, too);
    return err_set(e, KITH_E_REFUSED, NULL,
                   "%s %s was erased, and %s not, but %s was merged into %s before the backup was"
                   " made, and that merge cannot be taken back here: take another backup, or erase"
                   " both in this one: a line '%s %s %s' in the list of --erasures",
                   a->who->type, a->who->record, too, from, to, a->who->type, too, a->who->at);
}

/* Whoever was erased alone had been taken out of the merge before: so the merge, and those that
 * came later, are taken back here, too. */
static kith_status take_out(struct engine *g, const struct again *a, struct arena *arena,
                            uint64_t *unmerged, kith_error *e) {
    kith_id kept;
    TRY(unmerge(g, a->type, a->id, arena, unmerged, &kept, e));
    return kept ? refuse(a, a->id, kept, kept, e) : KITH_OK;
}

/* Who became that one: 0 for a key by which another program knows somebody. */
static kith_status who_became(struct conn *c, const struct base_redirect *b, kith_id redirect,
                              struct arena *arena, kith_id *gone, kith_error *e) {
    const kith_value *values;
    *gone = 0;
    TRY(record_get(c, b->type, redirect, arena, &values, e));
    const kith_value *text = values ? &values[b->gone->index] : NULL;
    if (text && text->kind == KITH_TEXT && !id_parse(text->as.s, gone))
        *gone = 0;
    return KITH_OK;
}

static bool listed(const struct erased_list *l, kith_id id) {
    char text[ID_TEXT + 1];
    id_format(id, text);
    return map_get(&l->known, str_of(text)) != NULL;
}

/* One of those who became the record and are in no list of who was erased; 0: there is none. */
static kith_status find_living(struct engine *g, const struct again *a, const struct erased_list *l,
                               struct arena *arena, kith_id *living, kith_error *e) {
    const struct base_redirect *b = &g->schema->base.redirect;
    kith_id *ids = NULL;
    size_t count = 0;
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st =
        record_referrers(c, b->kept, a->id, a->type->id, MERGED_MAX, arena, &ids, &count, e);
    *living = 0;
    for (size_t i = 0; st == KITH_OK && *living == 0 && i < count; i++) {
        st = who_became(c, b, ids[i], arena, living, e);
        if (*living && listed(l, *living))
            *living = 0;
    }
    engine_reader_done(g, c);
    return st;
}

/* A merge that was half done in the backup: nobody is erased in the midst of one. */
static kith_status end_merge(struct engine *g, const struct again *a, struct arena *arena,
                             uint64_t *unmerged, kith_error *e) {
    struct undo_report report;
    struct conn *c;
    kith_id run;
    TRY(engine_reader(g, &c, e));
    kith_status st = merge_half_done(c, a->id, 0, arena, &run, e);
    engine_reader_done(g, c);
    TRY(st);
    if (!run)
        return KITH_OK;
    TRY(engine_undo(g, by_kith.principal, run, false, arena, &report, e));
    *unmerged += report.reversed > 0;
    return KITH_OK;
}

/* An erasure notes everybody who had become the person. Who is merged into that one here and was
 * not noted had been taken out before, and is not to go. */
static kith_status take_others_out(struct engine *g, const struct again *a,
                                   const struct erased_list *l, struct arena *arena,
                                   uint64_t *unmerged, kith_error *e) {
    kith_id living, kept;
    while (a->type) {
        TRY(find_living(g, a, l, arena, &living, e));
        if (!living)
            break;
        TRY(unmerge(g, a->type, living, arena, unmerged, &kept, e));
        if (kept == a->id)
            return refuse(a, living, kept, living, e);
    }
    return KITH_OK;
}

/* -- types ------------------------------------------------------------------------------------- */

/* Of which type the record is here; NULL: there is none, or its type is not here. */
static kith_status type_here(struct conn *c, const struct schema *s, kith_id id,
                             const struct rtype **type, kith_error *e) {
    uint32_t number;
    bool there = false;
    TRY(gone_type(c, id, &number, e));
    *type = schema_type_by_id(s, number);
    for (uint32_t i = 0; !number && !there && i < s->type_count; i++) { /* it was compacted */
        TRY(record_exists(c, s->types[i], id, &there, e));
        *type = there ? s->types[i] : NULL;
    }
    return KITH_OK;
}

/* One of a type that was renamed since, or written down by hand, would stay, and nobody would know.
 */
static kith_status check_type(struct conn *c, const struct schema *s, const struct again *a,
                              kith_error *e) {
    const struct erased_one *who = a->who;
    const struct rtype *here;
    TRY(type_here(c, s, a->id, &here, e));
    if (!here || here == a->type)
        return KITH_OK;
    if (who->file)
        return err_set(e, KITH_E_INVAL, NULL,
                       "%s:%llu: %s is no %s here, but a %s: write that type if it is whom you"
                       " mean, or take the line out",
                       who->file, (unsigned long long)who->line, who->record, who->type,
                       here->name);
    return err_set(e, KITH_E_INVAL, NULL,
                   "%s was erased as a %s, and is a %s here: say so by a line '%s %s %s' in the"
                   " list of --erasures",
                   who->record, who->type, here->name, here->name, who->record, who->at);
}

static kith_status check_types(struct engine *g, const struct again *items, size_t count,
                               kith_error *e) {
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st = KITH_OK;
    for (size_t i = 0; st == KITH_OK && i < count; i++)
        st = check_type(c, g->schema, &items[i], e);
    engine_reader_done(g, c);
    return st;
}

/* -- all of them ------------------------------------------------------------------------------- */

static kith_status erase_one(struct engine *g, struct again *a, const struct erased_list *l,
                             struct erased_again *out, struct arena *arena, kith_error *e) {
    TRY(take_others_out(g, a, l, arena, &out->unmerged, e));
    TRY(end_merge(g, a, arena, &out->unmerged, e));
    TRY(engine_write(g, &by_kith, erase_again, a, NULL, e));
    out->erased += a->erased;
    a->done = true;
    return KITH_OK;
}

/* First those that are there or gone: with them go those that were merged into them. */
static kith_status erase_all(struct engine *g, struct again *items, const struct erased_list *l,
                             struct erased_again *out, struct arena *arena, kith_error *e) {
    for (size_t i = 0; i < l->count; i++) {
        kith_id redirect, kept;
        arena_reset(arena);
        TRY(find_redirect(g, items[i].type, items[i].id, arena, &redirect, &kept, e));
        if (!redirect)
            TRY(erase_one(g, &items[i], l, out, arena, e));
    }
    for (size_t i = 0; i < l->count; i++) {
        arena_reset(arena);
        if (items[i].done)
            continue;
        TRY(take_out(g, &items[i], arena, &out->unmerged, e));
        TRY(erase_one(g, &items[i], l, out, arena, e));
    }
    return KITH_OK;
}

static kith_status list_waiting(const struct again *items, size_t count, struct arena *a,
                                struct erased_again *out, kith_error *e) {
    out->waiting = ARENA_ARRAY(a, const struct erased_one *, count + 1);
    for (size_t i = 0; out->waiting && i < count; i++)
        if (items[i].waits)
            out->waiting[out->waiting_count++] = items[i].who;
    return out->waiting ? KITH_OK : err_nomem(e);
}

kith_status engine_erase_again(struct engine *g, const struct erased_list *l, struct arena *a,
                               struct erased_again *out, kith_error *e) {
    struct arena own = {0}, scratch = {0};
    struct again *items = ARENA_ARRAY(&own, struct again, l->count + 1);
    kith_status st = items ? KITH_OK : err_nomem(e);
    *out = (struct erased_again){0};
    for (size_t i = 0; st == KITH_OK && i < l->count; i++) {
        items[i] = (struct again){.who = &l->items[i],
                                  .type = schema_type(g->schema, str_of(l->items[i].type))};
        if (!id_parse(str_of(l->items[i].record), &items[i].id))
            items[i].type = NULL;
    }
    if (st == KITH_OK)
        st = check_types(g, items, l->count, e);
    if (st == KITH_OK)
        st = erase_all(g, items, l, out, &scratch, e);
    if (st == KITH_OK)
        st = list_waiting(items, l->count, a, out, e);
    arena_free(&own);
    arena_free(&scratch);
    return st;
}
