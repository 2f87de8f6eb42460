/* SPDX-License-Identifier: Apache-2.0 */
/* Segments: what their records say, read and understood; their life; and their names for those who
 * write queries. */
#include "engine/engine_internal.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/workday.h"
#include "base/zone.h"
#include "record/access.h"

/* -- reading them ------------------------------------------------------------------------------ */

static kith_status add_segment(struct arena *a, struct segment_list *l, struct segment *s,
                               kith_error *e) {
    void *items = arena_grow(a, l->items, l->count, &l->cap, sizeof *l->items);
    if (!items)
        return err_nomem(e);
    l->items = items;
    l->items[l->count++] = s;
    return KITH_OK;
}

static kith_status add_watch(struct arena *a, struct watch_list *l, const struct watch *w,
                             kith_error *e) {
    struct watch *items = arena_grow(a, l->items, l->count, &l->cap, sizeof *items);
    if (!items)
        return err_nomem(e);
    l->items = items;
    l->items[l->count++] = *w;
    return KITH_OK;
}

static kith_status understand(struct engine *g, struct segment *s, kith_str query, kith_error *e) {
    struct arena *a = &g->segments.arena;
    TRY(query_parse(&s->query, g->schema, a, query, e));
    TRY(query_depends(s->query, a, &s->depends, e));
    return predicate_of(&s->predicate, s->query, a, e);
}

/* A query that was good once may name what is gone: a module's type, a field. */
static kith_status read_query(struct engine *g, struct segment *s, kith_str query, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    if (s->list)
        return KITH_OK;
    kith_status st = understand(g, s, query, &why);
    if (st == KITH_OK)
        return KITH_OK;
    if (st != KITH_E_INVAL && st != KITH_E_NOTFOUND && st != KITH_E_UNSUPPORTED &&
        st != KITH_E_LIMIT) { /* the disk, say: that it is read wrongly is no reason to forget it */
        err_copy(e, &why);
        return st;
    }
    s->query = NULL;
    s->predicate = NULL;
    s->depends = (struct query_depends){0};
    s->broken = arena_strdup(&g->segments.arena, why.message);
    return s->broken ? KITH_OK : err_nomem(e);
}

static kith_status read_segment(struct engine *g, const struct segment_row *row, kith_error *e) {
    struct arena *a = &g->segments.arena;
    struct segment *s = ARENA_NEW(a, struct segment);
    int64_t building;
    if (!s)
        return err_nomem(e);
    *s = (struct segment){.id = row->id,
                          .name = arena_strndup(a, row->name.ptr, row->name.len),
                          .type = segment_type(g->schema, row->query),
                          .list = !str_eqz(row->kind, "live"),
                          .expired = row->expired,
                          .refresh = row->refresh};
    if (!s->name)
        return err_nomem(e);
    TRY(read_query(g, s, row->query, e));
    TRY(settle_left(g->writer, s->id, SETTLE_BUILD, &building, e));
    s->building = building > 0;
    return add_segment(a, &g->segments.all, s, e);
}

/* -- who asks for whom ------------------------------------------------------------------------- */

static struct segment *find(const struct segment_list *l, kith_id id) {
    for (size_t i = 0; i < l->count; i++)
        if (l->items[i]->id == id)
            return l->items[i];
    return NULL;
}

/* Those that it asks for come before it. */
static kith_status put_in_order(struct engine *g, struct segment *s, struct segment_list *out,
                                kith_error *e) {
    if (s->ordered)
        return KITH_OK;
    s->ordered = true;
    for (size_t i = 0; i < s->depends.count; i++) {
        struct segment *other = find(&g->segments.all, s->depends.items[i].segment);
        if (other)
            TRY(put_in_order(g, other, out, e));
    }
    return add_segment(&g->segments.arena, out, s, e);
}

static kith_status watch_one(struct engine *g, struct segment *s, const struct query_dependency *d,
                             kith_error *e) {
    struct segments *all = &g->segments;
    struct watch w = {.segment = s, .depends = d};
    if (d->roots) {
        const char *text = arena_printf(&all->arena, "%s where %s", s->type->name, d->roots);
        if (!text)
            return err_nomem(e);
        TRY(query_parse(&w.roots, g->schema, &all->arena, str_of(text), e));
    }
    struct segment *asked = d->segment ? find(&all->all, d->segment) : NULL;
    if (d->segment)
        return asked ? add_watch(&all->arena, &asked->watchers, &w, e) : KITH_OK;
    return d->roots || d->via ? add_watch(&all->arena, &all->types[d->type->id].linked, &w, e)
                              : KITH_OK;
}

static kith_status connect_all(struct engine *g, kith_error *e) {
    struct segments *all = &g->segments;
    struct segment_list ordered = {0};
    for (size_t i = 0; i < all->all.count; i++)
        TRY(put_in_order(g, all->all.items[i], &ordered, e));
    all->all = ordered;
    for (size_t i = 0; i < ordered.count; i++) {
        struct segment *s = ordered.items[i];
        if (!s->query)
            continue;
        TRY(add_segment(&all->arena, &all->types[s->type->id].own, s, e));
        for (size_t k = 0; !s->depends.whole && k < s->depends.count; k++)
            TRY(watch_one(g, s, &s->depends.items[k], e));
    }
    return KITH_OK;
}

static kith_status load(struct engine *g, kith_error *e) {
    struct segments *all = &g->segments;
    struct segment_row *rows;
    size_t n;
    arena_free(&all->arena);
    all->all = (struct segment_list){0};
    all->types = ARENA_ARRAY(&all->arena, struct segment_type_info, g->type_max + 1u);
    if (!all->types)
        return err_nomem(e);
    TRY(segment_rows(g->writer, &all->arena, &rows, &n, e));
    for (size_t i = 0; i < n; i++)
        TRY(read_segment(g, &rows[i], e));
    return connect_all(g, e);
}

kith_status segments_load(struct engine *g, kith_error *e) {
    if (g->segments.loaded)
        return KITH_OK;
    TRY(load(g, e));
    g->segments.loaded = true;
    return KITH_OK;
}

struct segment *segment_by_id(struct engine *g, kith_id id) {
    return find(&g->segments.all, id);
}

const char *segment_class(const struct segment *s) {
    if (s->list)
        return "list";
    return s->depends.whole    ? "refreshed"
           : s->depends.timed  ? "timed"
           : s->depends.linked ? "linked"
                               : "local";
}

void segments_taken_back(struct engine *g) {
    g->segments.loaded &= !g->segments.touched;
    g->segments.settling = true;
}

void segments_committed(struct engine *g) {
    g->segments.touched = false;
}

void segments_rolled_back(struct engine *g) {
    segments_taken_back(g);
    segments_committed(g);
}

/* -- names ------------------------------------------------------------------------------------- */

static kith_status find_for(struct engine *g, struct conn *c, const struct principal *p,
                            kith_str name, struct segment_found *out, kith_error *e) {
    struct arena a = {0};
    bool told = true;
    *out = (struct segment_found){0};
    kith_status st = segment_find(c, g->schema, name, out, e), asked = KITH_OK;
    kith_value link = value_link(out->id, g->schema->base.segment.type->id);
    if (out->id && p && !p->all)
        asked = access_link(c, p, g->schema, &link, &a, &told, e);
    arena_free(&a);
    TRY(asked);
    return told ? st : segment_absent(name, e);
}

/* On the writer as the transaction that runs has it, elsewhere as it is committed. */
static kith_status find_name(void *arg, const struct principal *p, kith_str name,
                             struct segment_found *out, kith_error *e) {
    struct engine *g = arg;
    struct segments *all = &g->segments;
    kith_status st = KITH_OK;
    if (on_writer(g))
        return find_for(g, g->writer, p, name, out, e);
    pthread_mutex_lock(&all->lock);
    if (!all->reader)
        st = conn_open(&all->reader, g->path, CONN_READER, g->opts.vfs, e);
    if (st == KITH_OK)
        st = find_for(g, all->reader, p, name, out, e);
    pthread_mutex_unlock(&all->lock);
    return st;
}

/* -- life -------------------------------------------------------------------------------------- */

/* A segment that could not be read when it was to be worked out, and can be now, is worked out. */
static kith_status take_up(struct engine *g, kith_error *e) {
    for (size_t i = 0; i < g->segments.all.count; i++) {
        struct segment *s = g->segments.all.items[i];
        int64_t left;
        bool first;
        s->anew = false;
        if (s->broken) {
            log_warn("segments", "segment '%s' is not kept: %s", s->name, s->broken);
            TRY(segment_problem(g->writer, s->id, NULL, NULL, e));
            TRY(segment_problem(g->writer, s->id, s->broken, &first, e));
            continue;
        }
        TRY(settle_left(g->writer, s->id, 0, &left, e));
        int64_t settling;
        TRY(segment_number(g->writer, s->id, "settling", &settling, e));
        if (g->rolled_up)
            TRY(segment_set(g->writer, s->id, "settling", !s->list, e));
        s->anew = (settling || g->rolled_up) && !left && !s->list;
        if (s->anew)
            TRY(settle_add(g->writer, &(struct settle){.segment = s->id, .kind = SETTLE_BUILD}, e));
        TRY(segment_set_class(g->writer, s->id, segment_class(s), e));
    }
    return segments_askers_again(g, e);
}

/* What is a day, and which of them are free, is another since: nobody wrote anything, and yet who
 * is in them changes. */
static kith_status follow_calendar(struct engine *g, kith_error *e) {
    struct buf text = {0};
    bool changed = false;
    buf_printf(&text, "%s %016" PRIx64 " ", zone_name(g->opts.zone), zone_print(g->opts.zone));
    workdays_text(g->opts.workdays, &text);
    kith_status st =
        text.failed ? err_nomem(e) : segment_calendar(g->writer, text.ptr, &changed, e);
    buf_free(&text);
    TRY(st);
    if (changed)
        log_info("segments", "the company's zone or free days have changed: all segments are "
                             "worked out anew");
    return changed ? segments_settle_all(g, e) : KITH_OK;
}

kith_status segments_start(struct engine *g, kith_error *e) {
    g->segments.settling = true;
    g->segments.loaded = false;
    TRY(segments_load(g, e));
    TRY(take_up(g, e));
    TRY(follow_calendar(g, e));
    g->segments.loaded = false;
    return KITH_OK;
}

void segments_close(struct engine *g) {
    conn_close(g->segments.reader);
    arena_free(&g->segments.arena);
    pthread_mutex_destroy(&g->segments.lock);
}

#define WHICH                                                                                      \
    {.name = "segment", .kind = KITH_F_TEXT, .doc = "The segment's id."},                          \
        {.name = "name", .kind = KITH_F_TEXT, .doc = "Its name."},
static const kith_field which[] = {WHICH};
static const kith_field built[] = {
    WHICH{.name = "members", .kind = KITH_F_INTEGER, .doc = "How many are in it."},
};
static const kith_field expired[] = {
    WHICH{.name = "reason", .kind = KITH_F_TEXT, .doc = "uses or term: which of them was spent."},
    {.name = "deleted", .kind = KITH_F_INTEGER, .doc = "Records that are gone."},
    {.name = "kept", .kind = KITH_F_INTEGER, .doc = "Records that stay."},
};
static const kith_topic topics[] = {
    {.name = "segment.entered",
     .schema = 1,
     .fields = KITH_ARRAY(which),
     .doc = "A record is in a segment since now."},
    {.name = "segment.left",
     .schema = 1,
     .fields = KITH_ARRAY(which),
     .doc = "A record is in a segment no more."},
    {.name = "segment.built",
     .schema = 1,
     .fields = KITH_ARRAY(built),
     .doc = "A new segment, or one with a new query, was worked out; who is in it by that was told"
            " by no other event."},
    {.name = "segment.expired",
     .schema = 1,
     .fields = KITH_ARRAY(expired),
     .doc = "A rented list is spent, and the records that it brought are gone."},
};
const struct own_part segments_own = {"segments", segment_actions, sizeof topics / sizeof *topics,
                                      topics};

kith_status segments_setup(struct engine *g, kith_error *e) {
    struct segments *all = &g->segments;
    const struct source core = {SOURCE_CORE, "segments", "", 0};
    struct source copy;
    all->names = (struct segment_names){find_name, g};
    g->schema->segments = &all->names;
    TRY(intern_source(g, &g->arena, &core, &copy, &all->source, e));
    return segment_hooks_add(g, e);
}
