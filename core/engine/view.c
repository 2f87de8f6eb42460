/* SPDX-License-Identifier: Apache-2.0 */
/* The page of one record, but for its timeline. */
#include "engine/segment.h"
#include "engine/view_internal.h"
#include "record/access.h"
#include "record/member.h"

#include <stdlib.h>
#include <string.h>

const char *view_when_name(enum view_when when) {
    static const char *const names[] = {"history", "current", "potential"};
    return names[when];
}

/* -- what the form of a type tells ------------------------------------------------------------- */

static bool is_closed(const struct rfield *f, const kith_value *v) {
    int i = v->kind == KITH_TEXT ? field_option(f, v->as.s) : -1;
    return i >= 0 && (f->closed >> i & 1u);
}

const struct rfield *view_state_field(const struct rtype *t) {
    for (uint32_t i = FIELD_FIRST; i < t->field_count; i++)
        if (t->fields[i]->kind == KITH_F_STATE && t->fields[i]->closed)
            return t->fields[i];
    return NULL;
}

const struct rfield *view_field(const struct rtype *t, const char *name, uint32_t kind) {
    const struct rfield *f = type_field(t->schema, t, str_of(name));
    return f && f->kind == kind ? f : NULL;
}

static bool links_to(const struct rfield *f, const struct rtype *t) {
    bool link = f->kind == KITH_F_LINK || f->kind == KITH_F_LINKS;
    return link && f->index != FIELD_OWNER && (f->any_target || f->target == t);
}

bool view_shows(const struct build *b, const struct rfield *f, const struct rtype *t) {
    return f->type->title && links_to(f, t) && access_reads(b->p, f);
}

bool view_is_point(const struct rfield *f) {
    return f == f->type->schema->base.contact_point.contact;
}

enum view_when view_when_of(const struct rtype *t, const kith_value *values, int64_t now) {
    const struct rfield *at = view_field(t, "at", KITH_F_TIME),
                        *planned = view_field(t, "planned", KITH_F_BOOLEAN),
                        *state = view_state_field(t);
    if (planned && values[planned->index].kind == KITH_BOOL && values[planned->index].as.i)
        return VIEW_POTENTIAL;
    if (at && values[at->index].kind == KITH_TIME && values[at->index].as.i > now)
        return VIEW_POTENTIAL;
    if (state)
        return is_closed(state, &values[state->index]) ? VIEW_HISTORY : VIEW_CURRENT;
    return at ? VIEW_HISTORY : VIEW_CURRENT;
}

/* -- finding ----------------------------------------------------------------------------------- */

void *view_add(struct build *b, struct view_list *l, size_t size) {
    char *items = arena_grow(b->a, l->items, l->count, &l->cap, size);
    if (!items)
        return NULL;
    l->items = items;
    memset(items + l->count * size, 0, size);
    return items + l->count++ * size;
}

struct finding {
    struct build *b;
    struct view_record proto;
    struct view_list *records;
};

static kith_status keep(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct finding *f = arg;
    struct view_record *r = view_add(f->b, f->records, sizeof *r);
    if (!r)
        return err_nomem(e);
    *r = f->proto;
    r->id = id;
    r->values = values; /* in the arena that engine_find was given */
    return KITH_OK;
}

kith_status view_find(struct build *b, const struct query *q, const kith_value *params,
                      int64_t limit, const struct rfield *via, kith_value of,
                      struct view_list *records, bool *more, kith_error *e) {
    struct find_page page = {.limit = limit, .again = true};
    struct finding f = {.b = b,
                        .proto = {.type = query_type(q),
                                  .via = via,
                                  .of_type = schema_type_by_id(b->schema, of.as.link.type),
                                  .of = of.as.link.id},
                        .records = records};
    kith_status st = engine_find(b->g, b->p, q, params, &page, b->a, keep, &f, e);
    *more = st == KITH_OK && page.cursor.len > 0;
    return st == KITH_E_DENIED ? KITH_OK : st; /* by what may not be read nothing is found */
}

kith_status view_query(struct build *b, const struct rfield *via, const char *rest,
                       struct query **out, kith_error *e) {
    const char *text =
        arena_printf(b->a, "\"%s\" where \"%s\" = :of%s", via->type->name, via->name, rest);
    return text ? query_parse(out, b->schema, b->a, str_of(text), e) : err_nomem(e);
}

static kith_value page_link(const struct build *b) {
    return value_link(b->v->id, b->v->type->id);
}

/* -- the record itself ------------------------------------------------------------------------- */

static kith_status add_states(struct build *b, kith_error *e) {
    struct conn *c;
    kith_status st = KITH_OK;
    TRY(engine_reader(b->g, &c, e));
    for (uint32_t i = FIELD_FIRST; st == KITH_OK && i < b->v->type->field_count; i++) {
        const struct rfield *f = b->v->type->fields[i];
        struct view_state *s;
        if (f->kind != KITH_F_STATE || b->v->values[i].kind == KITH_NULL)
            continue;
        if (!(s = view_add(b, &b->v->states, sizeof *s)))
            st = err_nomem(e);
        else
            st = journal_since(c, b->schema, b->v->id, f, &s->since, e);
        if (s)
            s->field = f;
    }
    engine_reader_done(b->g, c);
    return st;
}

/* The first record that a query finds; NULL: none. */
static kith_status look_up(struct build *b, const char *text, const kith_value *params,
                           const struct view_record **out, kith_error *e) {
    struct view_list found = {0};
    struct query *q;
    bool more;
    TRY(query_parse(&q, b->schema, b->a, str_of(text), e));
    TRY(view_find(b, q, params, 1, NULL, value_null(), &found, &more, e));
    *out = found.items;
    return KITH_OK;
}

static kith_status add_teams(struct build *b, kith_error *e) {
    struct view_state *s = b->v->states.items;
    for (size_t i = 0; i < b->v->states.count; i++) {
        const struct view_record *stage;
        kith_value names[] = {value_str(str_of(b->v->type->name)), b->v->values[s[i].field->index]};
        TRY(look_up(b, "stage where record_type = :type and state = :state", names, &stage, e));
        if (stage)
            s[i].team = stage->values[view_field(stage->type, "team", KITH_F_LINK)->index];
    }
    return KITH_OK;
}

static kith_str text_of(const struct view_record *r, const char *name) {
    const struct rfield *f = r ? type_field(r->type->schema, r->type, str_of(name)) : NULL;
    return f && r->values[f->index].kind == KITH_TEXT ? r->values[f->index].as.s : (kith_str){0};
}

static kith_status add_tags(struct build *b, kith_error *e) {
    const struct rfield *f = view_field(b->v->type, "tags", KITH_F_TAGS);
    const kith_value *list = f ? &b->v->values[f->index] : NULL;
    for (uint64_t i = 0; list && list->kind == KITH_LIST && i < list->as.list.count; i++) {
        const struct view_record *known = NULL;
        struct view_tag *t = view_add(b, &b->v->tags, sizeof *t);
        if (!t)
            return err_nomem(e);
        if (i < VIEW_TAGS)
            TRY(look_up(b, "tag where name = :name", &list->as.list.items[i], &known, e));
        *t = (struct view_tag){list->as.list.items[i].as.s, text_of(known, "category"),
                               text_of(known, "description")};
    }
    return KITH_OK;
}

static kith_status segments_of(struct build *b, kith_id **ids, bool **settling, size_t *n,
                               kith_error *e) {
    struct conn *c;
    TRY(engine_reader(b->g, &c, e));
    kith_status st = member_of(c, b->v->id, b->a, ids, n, e);
    *settling = ARENA_ARRAY(b->a, bool, *n + 1);
    if (st == KITH_OK && !*settling)
        st = err_nomem(e);
    for (size_t i = 0; st == KITH_OK && i < *n; i++)
        st = segment_unsettled(b->g, c, (*ids)[i], b->a, &(*settling)[i], e);
    engine_reader_done(b->g, c);
    return st;
}

/* Those that the caller may read. */
static kith_status add_segments(struct build *b, kith_error *e) {
    const struct rtype *t = b->schema->base.segment.type;
    kith_id *ids;
    bool *settling;
    size_t n;
    TRY(segments_of(b, &ids, &settling, &n, e));
    for (size_t i = 0; i < n; i++) {
        kith_value *values;
        kith_error why = KITH_ERROR_INIT;
        kith_status st = engine_get(b->g, b->p, t, ids[i], b->a, &values, &why);
        if (st == KITH_E_NOTFOUND || st == KITH_E_DENIED)
            continue;
        struct view_segment *s = st == KITH_OK ? view_add(b, &b->v->segments, sizeof *s) : NULL;
        if (!s) {
            err_copy(e, &why);
            return st == KITH_OK ? err_nomem(e) : st;
        }
        *s = (struct view_segment){{.type = t, .id = ids[i], .values = values}, settling[i]};
    }
    return KITH_OK;
}

static int primary_first(const void *x, const void *y) {
    const struct view_record *a = x, *b = y;
    const struct rfield *f = view_field(a->type, "primary", KITH_F_BOOLEAN);
    int64_t pa = f ? a->values[f->index].as.i : 0, pb = f ? b->values[f->index].as.i : 0;
    return pa != pb ? (pa < pb ? 1 : -1) : a->id < b->id ? -1 : a->id > b->id;
}

static kith_status add_points(struct build *b, const struct rfield *via, kith_error *e) {
    struct view_list *l = &b->v->points;
    kith_value of = page_link(b);
    struct query *q;
    bool more;
    TRY(view_query(b, via, " order by id", &q, e));
    TRY(view_find(b, q, &of, VIEW_POINTS, via, of, l, &more, e));
    if (l->count)
        qsort(l->items, l->count, sizeof(struct view_record), primary_first);
    return KITH_OK;
}

static kith_status add_people(struct build *b, const struct rfield *via, kith_error *e) {
    kith_value of = page_link(b);
    struct query *q;
    bool more;
    TRY(view_query(b, via, " order by -id", &q, e));
    return view_find(b, q, &of, VIEW_PEOPLE, via, of, &b->v->people, &more, e);
}

/* -- what links to it -------------------------------------------------------------------------- */

static bool same_currency(const kith_value *a, const kith_value *b) {
    return memcmp(a->as.money.currency, b->as.money.currency, 3) == 0;
}

static kith_status add_money(struct build *b, struct view_list *sums, const struct rfield *f,
                             const kith_value *v, kith_error *e) {
    struct view_sum *s = sums->items;
    size_t i = 0;
    while (i < sums->count && (s[i].field != f || !same_currency(&s[i].total, v)))
        i++;
    if (i < sums->count) {
        if (__builtin_add_overflow(s[i].total.as.money.minor, v->as.money.minor,
                                   &s[i].total.as.money.minor))
            return err_set(e, KITH_E_LIMIT, f->name, "%s.%s adds up to more than an amount holds",
                           f->type->name, f->name);
        return KITH_OK;
    }
    if (!(s = view_add(b, sums, sizeof *s)))
        return err_nomem(e);
    *s = (struct view_sum){f, *v};
    return KITH_OK;
}

/* Prices of one piece do not add up. */
static bool is_summed(const struct rfield *f) {
    return f->kind == KITH_F_MONEY && field_adds_up(f);
}

static kith_status add_sums(struct build *b, struct view_part *p, const struct view_list *records,
                            kith_error *e) {
    const struct rtype *t = p->via->type;
    const struct view_record *r = records->items;
    struct view_list sums = {0};
    for (uint32_t k = FIELD_FIRST; k < t->field_count; k++)
        for (size_t i = 0; is_summed(t->fields[k]) && i < records->count; i++)
            if (r[i].values[k].kind == KITH_MONEY)
                TRY(add_money(b, &sums, t->fields[k], &r[i].values[k], e));
    p->sums = sums.items;
    p->sum_count = sums.count;
    return KITH_OK;
}

static bool has_money(const struct rtype *t) {
    for (uint32_t k = FIELD_FIRST; k < t->field_count; k++)
        if (is_summed(t->fields[k]))
            return true;
    return false;
}

static kith_status count_part(struct build *b, struct view_part *p, kith_value of, kith_error *e) {
    struct find_page page = {.limit = 1, .again = true};
    struct query *q;
    TRY(view_query(b, p->via, " : count()", &q, e));
    TRY(engine_find(b->g, b->p, q, &of, &page, b->a, NULL, NULL, e));
    p->count = page.count;
    return KITH_OK;
}

/* The newest of a type first, as an index serves it. */
static const char *order_of(const struct principal *p, const struct rtype *t) {
    const struct rfield *at = view_field(t, "at", KITH_F_TIME);
    return at && access_reads(p, at) ? " order by -at" : " order by -id";
}

static kith_status newest_query(struct build *b, const struct rfield *via, struct query **q,
                                kith_error *e) {
    return view_query(b, via, order_of(b->p, via->type), q, e);
}

/* Most kinds of link have no records: one look for the newest tells so. *p NULL: none. */
static kith_status add_part(struct build *b, const struct rfield *via, int64_t most,
                            struct view_list *parts, struct view_part **p, kith_error *e) {
    struct view_list newest = {0};
    kith_value of = page_link(b);
    struct query *q;
    bool more;
    *p = NULL;
    TRY(newest_query(b, via, &q, e));
    TRY(view_find(b, q, &of, most, via, of, &newest, &more, e));
    if (newest.count == 0)
        return KITH_OK;
    if (!(*p = view_add(b, parts, sizeof **p)))
        return err_nomem(e);
    **p = (struct view_part){.via = via,
                             .count = (int64_t)newest.count,
                             .newest = newest.items,
                             .newest_count = newest.count};
    return more ? count_part(b, *p, of, e) : KITH_OK;
}

static kith_status add_summed_part(struct build *b, const struct rfield *via, kith_error *e) {
    struct view_list all = {0};
    kith_value of = page_link(b);
    struct view_part *p;
    struct query *q;
    bool more;
    TRY(add_part(b, via, 1, &b->v->parts, &p, e));
    if (!p)
        return KITH_OK;
    p->summed = p->count <= VIEW_SUMMED;
    if (!p->summed || !has_money(via->type))
        return KITH_OK;
    TRY(newest_query(b, via, &q, e));
    TRY(view_find(b, q, &of, VIEW_SUMMED, via, of, &all, &more, e));
    return add_sums(b, p, &all, e);
}

/* -- what is open ------------------------------------------------------------------------------ */

/* " and state in ('new','working') order by -id" */
static const char *open_text(struct build *b, const struct rfield *state) {
    struct buf text = {0};
    const char *sep = "";
    buf_printf(&text, " and \"%s\" in (", state->name);
    for (uint32_t i = 0; i < state->option_count; i++)
        if (!(state->closed >> i & 1u)) {
            buf_printf(&text, "%s'%s'", sep, state->options[i]);
            sep = ",";
        }
    buf_puts(&text, ") order by -id");
    const char *out = text.failed ? NULL : arena_strdup(b->a, text.ptr);
    buf_free(&text);
    return out;
}

static const kith_value *due_of(const struct view_record *r) {
    const struct rfield *f = view_field(r->type, "due", KITH_F_TIME);
    f = f ? f : view_field(r->type, "due", KITH_F_DATE);
    return f && r->values[f->index].kind != KITH_NULL ? &r->values[f->index] : NULL;
}

/* The instant at which it is due: a day is over at its end. */
static int64_t due_ms(const struct build *b, const kith_value *due) {
    if (!due)
        return INT64_MAX;
    return due->kind == KITH_TIME ? due->as.i : zone_day(engine_zone(b->g), due->as.i + 1);
}

static bool known_open(const struct view *v, kith_id id) {
    const struct view_open *o = v->open.items;
    for (size_t i = 0; i < v->open.count; i++)
        if (o[i].record.id == id)
            return true;
    return false;
}

static kith_status add_open(struct build *b, const struct rfield *via, kith_value of,
                            kith_error *e) {
    const struct rfield *state = view_state_field(via->type);
    struct view_list found = {0};
    struct query *q;
    bool more;
    if (!state)
        return KITH_OK;
    const char *text = open_text(b, state);
    if (!text)
        return err_nomem(e);
    TRY(view_query(b, via, text, &q, e));
    TRY(view_find(b, q, &of, VIEW_OPEN, via, of, &found, &more, e));
    const struct view_record *r = found.items;
    for (size_t i = 0; i < found.count; i++) {
        struct view_open *o;
        if (known_open(b->v, r[i].id))
            continue; /* it links here by two fields */
        if (!(o = view_add(b, &b->v->open, sizeof *o)))
            return err_nomem(e);
        const kith_value *due = due_of(&r[i]);
        *o = (struct view_open){r[i], state, due, due_ms(b, due) < b->now};
    }
    return KITH_OK;
}

struct ranked {
    int64_t due;
    struct view_open open;
};

static int by_due(const void *x, const void *y) {
    const struct ranked *a = x, *b = y;
    if (a->due != b->due)
        return a->due < b->due ? -1 : 1;
    return a->open.record.id > b->open.record.id ? -1 : a->open.record.id < b->open.record.id;
}

static kith_status sort_open(struct build *b, kith_error *e) {
    size_t n = b->v->open.count;
    struct view_open *o = b->v->open.items;
    struct ranked *r = ARENA_ARRAY(b->a, struct ranked, n + 1);
    if (!r)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++)
        r[i] = (struct ranked){due_ms(b, o[i].due), o[i]};
    if (n)
        qsort(r, n, sizeof *r, by_due);
    for (size_t i = 0; i < n; i++)
        o[i] = r[i].open;
    return KITH_OK;
}

/* -- all of it --------------------------------------------------------------------------------- */

static kith_status add_linked(struct build *b, const struct rfield *f, kith_error *e) {
    if (view_is_point(f))
        return add_points(b, f, e);
    if (strcmp(b->v->type->name, "account") == 0 && strcmp(f->type->name, "contact") == 0 &&
        strcmp(f->name, "account") == 0)
        TRY(add_people(b, f, e));
    TRY(add_summed_part(b, f, e));
    return add_open(b, f, page_link(b), e);
}

typedef kith_status (*link_fn)(struct build *b, const struct rfield *f, kith_error *e);
static kith_status each_link(struct build *b, const struct rtype *t, link_fn fn, kith_error *e) {
    for (uint32_t i = 0; i < b->schema->type_count; i++)
        for (uint32_t k = 0; k < b->schema->types[i]->field_count; k++)
            if (view_shows(b, b->schema->types[i]->fields[k], t))
                TRY(fn(b, b->schema->types[i]->fields[k], e));
    return KITH_OK;
}

/* What is open about the people of an account is open about the account. */
static kith_status open_of_people(struct build *b, const struct rfield *f, kith_error *e) {
    const struct view_record *r = b->v->people.items;
    for (size_t i = 0; !view_is_point(f) && i < b->v->people.count; i++)
        TRY(add_open(b, f, value_link(r[i].id, r[i].type->id), e));
    return KITH_OK;
}

static kith_status first_page(struct build *b, kith_error *e) {
    TRY(add_states(b, e));
    TRY(add_teams(b, e));
    TRY(add_tags(b, e));
    TRY(add_segments(b, e));
    TRY(each_link(b, b->v->type, add_linked, e));
    if (b->v->people.count) {
        const struct view_record *r = b->v->people.items;
        TRY(each_link(b, r->type, open_of_people, e));
    }
    return sort_open(b, e);
}

/* An account's timeline holds that of its people, on every page of it. */
static kith_status later_page(struct build *b, kith_error *e) {
    const struct rfield *via = b->schema->base.contact.account;
    if (via->target == b->v->type && access_reads(b->p, via))
        return add_people(b, via, e);
    return KITH_OK;
}

kith_status engine_view(struct engine *g, const struct principal *p, const struct rtype *t,
                        kith_id id, const struct view_options *o, struct arena *a, struct view *out,
                        kith_error *e) {
    struct build b = {g, p, engine_schema(g), a, out, engine_now(g)};
    *out = (struct view){.type = t, .id = id};
    TRY(engine_get(g, p, t, id, a, &out->values, e));
    TRY(o->after.len ? later_page(&b, e) : first_page(&b, e));
    return view_timeline(&b, o, e);
}

kith_status engine_linked(struct engine *g, const struct principal *p, const struct rtype *t,
                          kith_id id, int64_t newest, struct arena *a, struct view_list *parts,
                          kith_error *e) {
    const struct schema *s = engine_schema(g);
    struct view v = {.type = t, .id = id};
    struct build b = {g, p, s, a, &v, engine_now(g)};
    struct view_part *part;
    *parts = (struct view_list){0};
    for (uint32_t i = 0; i < s->type_count; i++)
        for (uint32_t k = 0; k < s->types[i]->field_count; k++) {
            const struct rfield *f = s->types[i]->fields[k];
            if (links_to(f, t) && access_reads(p, f))
                TRY(add_part(&b, f, newest, parts, &part, e));
        }
    return KITH_OK;
}
