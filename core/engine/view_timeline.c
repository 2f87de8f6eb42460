/* SPDX-License-Identifier: Apache-2.0 */
/* The timeline of a record: what links to it and what happened to it, newest first.
 *
 * Each link field that leads to the record is a stream, and so is the record's own history. A page
 * asks each for as many as the page holds, from an index, so that it costs the same whatever lies
 * behind it; the nearest of all are the page. Items are ordered by their time and, when that is
 * the same, by a number: the id of the record, or the place in the journal. */
#include "base/id.h"
#include "base/json.h"
#include "engine/view_internal.h"
#include "record/access.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- where a page begins ----------------------------------------------------------------------- */

struct position { /* items behind it are still to come */
    int64_t at;
    uint64_t tie;
    uint64_t seq; /* rows of the history before it are still to come */
};

static kith_status read_cursor(kith_str text, struct position *p, kith_error *e) {
    char copy[80];
    int end = 0;
    *p = (struct position){TIME_MAX, UINT64_MAX, UINT64_MAX};
    if (text.len == 0)
        return KITH_OK;
    snprintf(copy, sizeof copy, "%.*s", (int)(text.len < 79 ? text.len : 79), text.ptr);
    if (sscanf(copy, "%" SCNd64 ".%" SCNu64 ".%" SCNu64 "%n", &p->at, &p->tie, &p->seq, &end) ==
            3 &&
        (uint64_t)end == text.len && p->at >= TIME_MIN && p->at <= TIME_MAX)
        return KITH_OK;
    return err_set(e, KITH_E_INVAL, "after",
                   "'%s' continues no timeline; take what the page before"
                   " gave",
                   copy);
}

/* The smallest id that was made at ms or later; 1 at least. */
static uint64_t first_id(int64_t ms) {
    int64_t since = ms - ID_EPOCH_MS;
    if (since <= 0)
        return 1;
    return since >= INT64_C(1) << 41 ? INT64_MAX : (uint64_t)since << 22;
}

/* Of records whose place is the time at which they were made, those with an id below this are
 * still to come. */
static uint64_t id_bound(const struct position *p) {
    uint64_t first = first_id(p->at), end = first_id(p->at + 1);
    return p->tie < first ? first : p->tie > end ? end : p->tie;
}

/* -- records that link to it ------------------------------------------------------------------- */

struct stream {
    const struct rfield *via;
    const struct rfield *at; /* when it took place; NULL: that is when the record was made */
    struct query *made, *before, *same;
};

static kith_status open_stream(struct build *b, struct stream *s, kith_error *e) {
    s->at = view_field(s->via->type, "at", KITH_F_TIME);
    if (!s->at)
        return view_query(b, s->via, " and id < :id order by -id", &s->made, e);
    TRY(view_query(b, s->via, " and at is null and id < :id order by -id", &s->made, e));
    TRY(view_query(b, s->via, " and at = :at and id < :id order by -id", &s->same, e));
    return view_query(b, s->via, " and at < :at order by -at", &s->before, e);
}

static kith_status add_records(struct build *b, const struct stream *s,
                               const struct view_list *found, kith_error *e) {
    const struct view_record *r = found->items;
    for (size_t i = 0; i < found->count; i++) {
        const kith_value *at = s->at ? &r[i].values[s->at->index] : NULL;
        struct view_item *item = view_add(b, &b->v->items, sizeof *item);
        if (!item)
            return err_nomem(e);
        item->record = r[i];
        item->tie = r[i].id;
        item->at = at && at->kind == KITH_TIME ? at->as.i : id_time(r[i].id);
        item->when = view_when_of(r[i].type, r[i].values, b->now);
    }
    return KITH_OK;
}

/* At most `want` records behind the position, of one stream, about one record. */
static kith_status read_stream(struct build *b, const struct stream *s, kith_value of,
                               const struct position *p, int64_t want, kith_error *e) {
    struct view_list found = {0};
    bool more;
    uint64_t below = id_bound(p), same = p->tie > INT64_MAX ? INT64_MAX : p->tie;
    kith_value made[] = {of, value_link(below, 0)};
    kith_value exact[] = {of, value_time(p->at), value_link(same, 0)};
    TRY(view_find(b, s->made, made, want, s->via, of, &found, &more, e));
    if (s->same && same)
        TRY(view_find(b, s->same, exact, want, s->via, of, &found, &more, e));
    if (s->before)
        TRY(view_find(b, s->before, exact, want, s->via, of, &found, &more, e));
    return add_records(b, s, &found, e);
}

/* The record's own link, and those of an account's people. */
static kith_status read_streams(struct build *b, const struct rtype *t, const kith_value *of,
                                size_t count, const struct position *p, int64_t want,
                                kith_error *e) {
    for (uint32_t i = 0; i < b->schema->type_count; i++)
        for (uint32_t k = 0; k < b->schema->types[i]->field_count; k++) {
            struct stream s = {.via = b->schema->types[i]->fields[k]};
            if (!view_shows(b, s.via, t) || view_is_point(s.via))
                continue;
            TRY(open_stream(b, &s, e));
            for (size_t n = 0; n < count; n++)
                TRY(read_stream(b, &s, of[n], p, want, e));
        }
    return KITH_OK;
}

/* -- what happened to it ----------------------------------------------------------------------- */

struct own { /* its history while it is read */
    struct build *b;
    struct conn *conn;
    int64_t want;
    size_t scanned;
    uint64_t last;   /* the last row that was looked at */
    int64_t last_at; /* its time */
    bool cut;        /* there may be more behind it */
};

static struct view_item *add_own(struct own *o, const struct journal_row *row,
                                 const struct tx_head *tx) {
    struct view_item *item = view_add(o->b, &o->b->v->items, sizeof *item);
    if (!item)
        return NULL;
    o->want--;
    item->at = tx->at;
    item->tie = row->seq;
    item->actor.line = tx->actor; /* numbers, until they are looked up */
    item->source.line = row->source;
    item->run = tx->origin == ORIGIN_WORKFLOW ? tx->run : 0;
    return item;
}

static kith_status add_event(struct own *o, const struct journal_row *row, const struct tx_head *tx,
                             kith_error *e) {
    struct view_item *item = add_own(o, row, tx);
    uint32_t topic, version;
    kith_str json;
    if (!item)
        return err_nomem(e);
    TRY(image_decode_event(row, &topic, &version, &json, e));
    item->data = arena_str(o->b->a, json);
    return journal_topic_name(o->conn, topic, o->b->a, &item->topic, e);
}

static bool has_state(const struct rtype *t) {
    for (uint32_t i = FIELD_FIRST; i < t->field_count; i++)
        if (t->fields[i]->kind == KITH_F_STATE)
            return true;
    return false;
}

static kith_status add_moves(struct own *o, const struct journal_row *row, const struct tx_head *tx,
                             kith_error *e) {
    struct image_field *fields;
    size_t n;
    if (row->kind == ROW_CREATE)
        return add_own(o, row, tx) ? KITH_OK : err_nomem(e);
    if (row->kind == ROW_DELETE || !has_state(o->b->v->type))
        return KITH_OK;
    TRY(image_decode(o->b->schema, row, o->b->a, &fields, &n, e));
    for (size_t i = 0; i < n; i++) {
        const struct rfield *f = fields[i].field;
        if (!f || f->kind != KITH_F_STATE || f->type != o->b->v->type || !access_reads(o->b->p, f))
            continue;
        struct view_item *item = add_own(o, row, tx);
        if (!item)
            return err_nomem(e);
        item->state = f;
        item->before = fields[i].before;
        item->after = fields[i].after;
        item->source.line = fields[i].source ? fields[i].source : row->source;
    }
    return KITH_OK;
}

static kith_status look_at(void *arg, const struct journal_row *row, const struct tx_head *tx,
                           kith_error *e) {
    struct own *o = arg;
    if (o->want <= 0 || o->scanned == VIEW_SCANNED) {
        o->cut = true;
        return KITH_E_LIMIT; /* ends the walk */
    }
    o->scanned++;
    o->last = row->seq;
    o->last_at = tx->at;
    return row->kind == ROW_EVENT ? add_event(o, row, tx, e) : add_moves(o, row, tx, e);
}

static kith_status read_own(struct own *o, const struct position *p, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    TRY(engine_reader(o->b->g, &o->conn, e));
    kith_status st = journal_dated(o->conn, o->b->v->id, p->seq, look_at, o, &why);
    engine_reader_done(o->b->g, o->conn);
    if (st == KITH_OK || o->cut)
        return KITH_OK;
    err_copy(e, &why);
    return st;
}

/* -- the page ---------------------------------------------------------------------------------- */

static int newest_first(const void *x, const void *y) {
    const struct view_item *a = x, *b = y;
    if (a->at != b->at)
        return a->at < b->at ? 1 : -1;
    if (a->tie != b->tie)
        return a->tie < b->tie ? 1 : -1;
    return 0;
}

/* A record that links to it by two fields is one item. */
static void drop_twins(struct view_list *l) {
    struct view_item *items = l->items;
    size_t kept = 0;
    for (size_t i = 0; i < l->count; i++)
        if (i == 0 || !items[i].record.type || items[i].tie != items[kept - 1].tie ||
            !items[kept - 1].record.type)
            items[kept++] = items[i];
    l->count = kept;
}

/* What is older than the last row that was looked at waits: there may be something before it. */
static void drop_older(struct view_list *l, const struct own *o) {
    const struct view_item *items = l->items;
    while (o->cut && l->count && items[l->count - 1].at < o->last_at)
        l->count--;
}

static kith_status name_actors(struct build *b, kith_error *e) {
    struct view_item *items = b->v->items.items;
    kith_status st = KITH_OK;
    struct conn *c;
    TRY(engine_reader(b->g, &c, e));
    for (size_t i = 0; st == KITH_OK && i < b->v->items.count; i++) {
        struct view_item *item = &items[i];
        uint32_t actor = item->actor.line, source = item->source.line;
        item->actor = item->source = (struct source){.name = "", .version = ""};
        if (item->record.type)
            st = journal_maker(c, item->record.id, &actor, &source, &item->run, e);
        if (st == KITH_OK && actor)
            st = journal_source(c, actor, b->a, &item->actor, e);
        if (st == KITH_OK && source)
            st = journal_source(c, source, b->a, &item->source, e);
    }
    engine_reader_done(b->g, c);
    return st;
}

/* The name of the segment that an event is about, as it is called now; nothing when it is gone or
 * the caller may not read it. */
static kith_status name_segment(struct build *b, struct view_item *item, kith_error *e) {
    const struct base_segment *s = &b->schema->base.segment;
    kith_error why = KITH_ERROR_INIT;
    kith_value *values;
    kith_id id = 0;
    json_t *root;
    TRY(json_read(item->data, &root, e));
    const char *text = json_string_value(json_object_get(root, "segment"));
    bool known = text && id_parse(str_of(text), &id);
    json_decref(root);
    if (!known)
        return KITH_OK;
    kith_status st = engine_get(b->g, b->p, s->type, id, b->a, &values, &why);
    if (st == KITH_OK)
        item->segment = values[s->name->index].as.s;
    if (st == KITH_OK || st == KITH_E_NOTFOUND || st == KITH_E_DENIED)
        return KITH_OK;
    err_copy(e, &why);
    return st;
}

static kith_status name_segments(struct build *b, kith_error *e) {
    struct view_item *items = b->v->items.items;
    for (size_t i = 0; i < b->v->items.count; i++)
        if (items[i].topic && str_starts(str_of(items[i].topic), "segment."))
            TRY(name_segment(b, &items[i], e));
    return KITH_OK;
}

/* The place behind the last item. What the history gave may be on the page as a whole; then the
 * rows that gave nothing are not looked at again. */
static kith_status write_cursor(struct build *b, const struct position *from, const struct own *o,
                                int64_t limit, kith_error *e) {
    struct view_list *l = &b->v->items;
    struct position p = *from;
    const struct view_item *items = l->items;
    int64_t own = 0;
    for (size_t i = 0; i < l->count; i++) {
        p.at = items[i].at;
        p.tie = items[i].tie;
        if (!items[i].record.type) {
            p.seq = items[i].tie;
            own++;
        }
    }
    if (o->scanned && own == limit + 1 - o->want)
        p.seq = o->last;
    char *text = arena_printf(b->a, "%" PRId64 ".%" PRIu64 ".%" PRIu64, p.at, p.tie, p.seq);
    b->v->cursor = str_of(text);
    return text ? KITH_OK : err_nomem(e);
}

static kith_status read_all(struct build *b, const struct position *p, int64_t want,
                            kith_error *e) {
    const struct view_record *people = b->v->people.items;
    kith_value of = value_link(b->v->id, b->v->type->id), some[VIEW_PEOPLE];
    TRY(read_streams(b, b->v->type, &of, 1, p, want, e));
    for (size_t i = 0; i < b->v->people.count; i++)
        some[i] = value_link(people[i].id, people[i].type->id);
    return b->v->people.count ? read_streams(b, people->type, some, b->v->people.count, p, want, e)
                              : KITH_OK;
}

kith_status view_timeline(struct build *b, const struct view_options *o, kith_error *e) {
    struct view_list *l = &b->v->items;
    struct own own = {.b = b, .want = o->limit + 1};
    struct position from;
    TRY(read_cursor(o->after, &from, e));
    TRY(read_all(b, &from, o->limit + 1, e));
    TRY(read_own(&own, &from, e));
    if (l->count)
        qsort(l->items, l->count, sizeof(struct view_item), newest_first);
    drop_twins(l);
    drop_older(l, &own);
    bool more = own.cut || (int64_t)l->count > o->limit;
    if ((int64_t)l->count > o->limit)
        l->count = (size_t)o->limit;
    if (more)
        TRY(write_cursor(b, &from, &own, o->limit, e));
    TRY(name_segments(b, e));
    return name_actors(b, e);
}
