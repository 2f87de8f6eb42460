/* SPDX-License-Identifier: Apache-2.0 */
/* Erase: somebody has a right to be forgotten. In one transaction the record goes with all that is
 * part of it; what others' records tell about the person is emptied; and the journal, the lists of
 * events and timers, and what people wrote when they changed or read it forget what was in them.
 * The rows of the journal stay, so that what they led to can be told. What no index leads to, and
 * the bytes that a deletion leaves behind in files, are the sweep's (sweep.c).
 *
 * Nobody has a say in it: hooks do not run, and it is not undone. */
#include "engine/engine_internal.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#define ERASE_MAX 100000 /* records that one erasure may touch */

struct touched_record {
    const struct rtype *type;
    kith_id id;
};
struct records {
    struct touched_record *items;
    size_t count, cap;
    struct map known; /* by id */
};

struct erasing {
    struct txn *txn;
    struct records gone;    /* the person first, what is part of it behind */
    struct records telling; /* those that stay, emptied */
    struct traces traces;
};

static kith_status add_record(struct erasing *x, struct records *list, const struct rtype *type,
                              kith_id id, kith_error *e) {
    if (x->gone.count + x->telling.count == ERASE_MAX)
        return err_set(e, KITH_E_LIMIT, NULL,
                       "more than %d records are part of it or tell about it; delete some of them"
                       " first",
                       ERASE_MAX);
    struct touched_record *items =
        arena_grow(x->txn->arena, list->items, list->count, &list->cap, sizeof *items);
    if (!items)
        return err_nomem(e);
    list->items = items;
    items[list->count++] = (struct touched_record){type, id};
    return map_put_u64(&list->known, id, (void *)(uintptr_t)type) ? KITH_OK : err_nomem(e);
}

static bool has_record(const struct records *list, kith_id id) {
    return map_get_u64(&list->known, id) != NULL;
}

/* -- by what somebody is recognised ------------------------------------------------------------ */

static bool recognises(const struct rfield *f, const struct rtype *person) {
    const struct base_point *point = &f->type->schema->base.contact_point;
    if (!(f->flags & KITH_FF_PERSONAL))
        return false;
    return f->kind == KITH_F_EMAIL || f->kind == KITH_F_PHONE || f == point->value ||
           f == point->normal || (f->type == person && f == person->title);
}

/* What is in the record now is in the journal as well, unless its type keeps no history. */
static kith_status see_fields(void *arg, const struct image_field *fields, size_t count,
                              kith_error *e) {
    struct erasing *x = arg;
    for (size_t i = 0; i < count; i++) {
        const kith_value *both[] = {&fields[i].before, &fields[i].after};
        if (!fields[i].field || !recognises(fields[i].field, x->gone.items[0].type))
            continue;
        for (size_t k = 0; k < 2; k++)
            if (both[k]->kind == KITH_TEXT)
                TRY(traces_add(&x->traces, both[k]->as.s, x->txn->arena, e));
    }
    return KITH_OK;
}

static kith_status see_values(struct erasing *x, const struct rtype *type, const kith_value *values,
                              kith_error *e) {
    for (uint32_t i = 0; i < type->field_count; i++) {
        struct image_field f = {.field = type->fields[i], .after = values[i]};
        TRY(see_fields(x, &f, 1, e));
    }
    return KITH_OK;
}

/* -- who goes, and what stays ------------------------------------------------------------------ */

/* The record links to somebody who goes. What cannot be without that person goes, too. */
static kith_status follow_link(struct erasing *x, const struct rfield *f, kith_id id,
                               kith_error *e) {
    bool part = f->flags & (KITH_FF_PARTOF | KITH_FF_REQUIRED);
    if (has_record(&x->gone, id))
        return KITH_OK;
    if (part)
        return add_record(x, &x->gone, f->type, id, e);
    return has_record(&x->telling, id) ? KITH_OK : add_record(x, &x->telling, f->type, id, e);
}

static kith_status follow_links(struct erasing *x, const struct touched_record *to, kith_error *e) {
    struct txn *t = x->txn;
    const struct type_info *info = &t->g->types[to->type->id];
    for (size_t i = 0; i < info->inbound_count; i++) {
        const struct rfield *f = info->inbound[i];
        kith_id *ids;
        size_t n;
        if (!(f->flags & (KITH_FF_PARTOF | KITH_FF_SUBJECT)))
            continue;
        TRY(record_referrers(t->g->writer, f, to->id, to->type->id, ERASE_MAX, t->arena, &ids, &n,
                             e));
        for (size_t k = 0; k < n; k++)
            TRY(follow_link(x, f, ids[k], e));
    }
    return KITH_OK;
}

/* A record that was merged into somebody is gone, and its history is that person's. */
static kith_status follow_redirect(struct erasing *x, const kith_value *redirect, kith_error *e) {
    const struct schema *s = x->txn->g->schema;
    const struct rtype *type =
        schema_type_by_id(s, redirect[s->base.redirect.kept->index].as.link.type);
    kith_id id;
    if (!type || !id_parse(redirect[s->base.redirect.gone->index].as.s, &id))
        return KITH_OK;
    return has_record(&x->gone, id) ? KITH_OK : add_record(x, &x->gone, type, id, e);
}

/* gone grows while it is walked: parts have parts. */
static kith_status collect(struct erasing *x, kith_error *e) {
    for (size_t i = 0; i < x->gone.count; i++) {
        struct touched_record r = x->gone.items[i];
        const kith_value *values;
        TRY(txn_lookup(x->txn, r.type, r.id, &values, e));
        if (values)
            TRY(see_values(x, r.type, values, e));
        if (values && r.type == x->txn->g->schema->base.redirect.type)
            TRY(follow_redirect(x, values, e));
        TRY(erasure_see_record(x->txn->g->writer, x->txn->g->schema, r.id, see_fields, x, e));
        TRY(follow_links(x, &r, e));
    }
    return KITH_OK;
}

/* -- emptying what stays ----------------------------------------------------------------------- */

/* A text that must have a value has another one, and everything else that must have one goes with
 * its record. */
static bool can_empty(const struct rfield *f, kith_value *to) {
    bool text = f->kind == KITH_F_TEXT || f->kind == KITH_F_LONGTEXT;
    *to = value_null();
    if (!(f->flags & KITH_FF_REQUIRED))
        return true;
    *to = value_str(STR(ERASED_TEXT));
    return text && !(f->flags & KITH_FF_UNIQUE);
}

struct emptying {
    struct fieldset personal;
    struct assign *set;
    size_t count;
    bool impossible;
};

static kith_status plan_field(struct erasing *x, struct emptying *p, const struct rfield *f,
                              const kith_value *v, kith_error *e) {
    bool yes = f->flags & KITH_FF_PERSONAL;
    if (field_derived(f))
        return KITH_OK;
    if (yes)
        fieldset_add(&p->personal, f->index);
    if (v->kind == KITH_NULL)
        return KITH_OK;
    if (!yes)
        TRY(traces_in_value(&x->traces, v, x->txn->arena, &yes, e));
    if (!yes)
        return KITH_OK;
    p->impossible |= !can_empty(f, &p->set[p->count].value);
    p->set[p->count++].field = f;
    return KITH_OK;
}

static kith_status forget_fields(struct erasing *x, const struct touched_record *r,
                                 const struct fieldset *personal, kith_error *e) {
    struct conn *w = x->txn->g->writer;
    TRY(erasure_fields(w, x->txn->g->schema, r->id, r->type, personal, &x->traces, e));
    return erasure_words(w, r->id, &x->traces, e);
}

static kith_status empty_record(struct erasing *x, const struct touched_record *r, bool *goes,
                                kith_error *e) {
    const kith_value *values;
    struct emptying p = {.set = ARENA_ARRAY(x->txn->arena, struct assign, r->type->field_count)};
    if (!p.set)
        return err_nomem(e);
    TRY(txn_lookup(x->txn, r->type, r->id, &values, e));
    for (uint32_t i = 0; values && i < r->type->field_count; i++)
        TRY(plan_field(x, &p, r->type->fields[i], &values[i], e));
    *goes = p.impossible;
    if (p.impossible)
        return KITH_OK;
    if (p.count)
        TRY(txn_update(x->txn, r->type, r->id, p.set, p.count, e));
    return forget_fields(x, r, &p.personal, e);
}

/* What has to go with its record joins those that are gone, with its parts. */
static kith_status empty_all(struct erasing *x, kith_error *e) {
    for (size_t i = 0; i < x->telling.count; i++) {
        struct touched_record r = x->telling.items[i];
        bool goes = false;
        if (has_record(&x->gone, r.id))
            continue;
        TRY(empty_record(x, &r, &goes, e));
        if (!goes)
            continue;
        size_t from = x->gone.count;
        TRY(add_record(x, &x->gone, r.type, r.id, e));
        for (size_t k = from; k < x->gone.count; k++) {
            struct touched_record part = x->gone.items[k];
            TRY(follow_links(x, &part, e));
        }
    }
    return KITH_OK;
}

/* -- the records that go ----------------------------------------------------------------------- */

/* The last first: what tells about the person must be gone before a link that it needs is. */
static kith_status delete_all(struct erasing *x, kith_error *e) {
    for (size_t i = x->gone.count; i-- > 0;) {
        const struct touched_record *r = &x->gone.items[i];
        bool there;
        TRY(record_exists(x->txn->g->writer, r->type, r->id, &there, e));
        if (there)
            TRY(txn_delete(x->txn, r->type, r->id, e));
    }
    return KITH_OK;
}

static kith_status forget_all(struct erasing *x, kith_error *e) {
    struct engine *g = x->txn->g;
    for (size_t i = 0; i < x->gone.count; i++) {
        kith_id id = x->gone.items[i].id;
        TRY(erasure_words(g->writer, id, &x->traces, e));
        TRY(erasure_record(g->writer, id, e));
        TRY(letters_forget(g, id, e));
        TRY(timers_forget(g, id, e));
    }
    return KITH_OK;
}

static int by_number(const void *a, const void *b) {
    kith_id x = *(const kith_id *)a, y = *(const kith_id *)b;
    return x < y ? -1 : x > y;
}

static kith_status leave_to_sweep(struct erasing *x, kith_id request, kith_error *e) {
    struct sweep_row row = {.requests = &request,
                            .request_count = 1,
                            .traces = x->traces,
                            .head = txn_next_seq(x->txn) - 1};
    row.gone = ARENA_ARRAY(x->txn->arena, kith_id, x->gone.count);
    if (!row.gone)
        return err_nomem(e);
    for (; row.gone_count < x->gone.count; row.gone_count++)
        row.gone[row.gone_count] = x->gone.items[row.gone_count].id;
    qsort(row.gone, row.gone_count, sizeof *row.gone, by_number);
    sweep_wanted(x->txn->g);
    return sweep_add(x->txn->g->writer, &row, e);
}

/* -- who else speaks of the person ------------------------------------------------------------- */

#define MENTIONS_MAX 100
#define MENTIONS_OF  20 /* of one trace */

static void put_mention(struct json_out *j, const struct search_hit *h) {
    char id[ID_TEXT + 1];
    id_format(h->id, id);
    json_object_(j);
    json_key(j, "type");
    json_strz(j, h->type->name);
    json_key(j, "id");
    json_strz(j, id);
    json_object_end(j);
}

/* Records that the caller may read and that name the person, by its words as they are written one
 * after the other. They are left as they are: they may mean somebody else. */
static kith_status mentions_of(struct erasing *x, kith_str trace, struct map *known, size_t *n,
                               struct json_out *j, kith_error *e) {
    struct txn *t = x->txn;
    struct search *q;
    struct search_page page = {.limit = MENTIONS_OF};
    kith_error why = KITH_ERROR_INIT;
    const char *text = arena_printf(t->arena, "\"%.*s\"", (int)trace.len, trace.ptr);
    if (!text)
        return err_nomem(e);
    kith_status st = search_parse(&q, t->g->schema, t->arena, str_of(text), false, &why);
    if (st == KITH_E_INVAL || st == KITH_E_LIMIT)
        return KITH_OK; /* no words to look for */
    if (st == KITH_OK)
        st = search_find(t->g->writer, t->g->schema, q, t->principal, t->arena, &page, &why);
    if (st != KITH_OK) {
        err_copy(e, &why);
        return st;
    }
    for (size_t i = 0; i < page.count && *n < MENTIONS_MAX; i++) {
        if (map_get_u64(known, page.hits[i].id))
            continue;
        if (!map_put_u64(known, page.hits[i].id, known))
            return err_nomem(e);
        put_mention(j, &page.hits[i]);
        ++*n;
    }
    return KITH_OK;
}

static kith_status find_mentions(struct erasing *x, kith_str *out, kith_error *e) {
    struct buf b = {0};
    struct json_out j;
    struct map known = {0};
    size_t n = 0;
    kith_status st = search_catch_up(x->txn->g, e);
    json_begin(&j, &b, false);
    json_array_(&j);
    for (size_t i = 0; st == KITH_OK && i < x->traces.count; i++)
        st = mentions_of(x, x->traces.items[i], &known, &n, &j, e);
    json_array_end(&j);
    *out = arena_str(x->txn->arena, buf_view(&b));
    if (st == KITH_OK && (b.failed || !out->ptr))
        st = err_nomem(e);
    buf_free(&b);
    map_free(&known);
    return st;
}

/* -- the request ------------------------------------------------------------------------------- */

static bool holds_personal_data(const struct rtype *t) {
    for (uint32_t i = 0; i < t->field_count; i++)
        if (t->fields[i]->flags & KITH_FF_PERSONAL)
            return true;
    return false;
}

static kith_status note_request(struct erasing *x, kith_str reason, kith_id *request,
                                kith_error *e) {
    const struct base_erasure *b = &x->txn->g->schema->base.erasure;
    char id[ID_TEXT + 1];
    id_format(x->gone.items[0].id, id);
    struct assign set[] = {
        {b->record_type, value_str(str_of(x->gone.items[0].type->name))},
        {b->record, value_str(str_of(id))},
        {b->reason, value_str(reason)},
        {b->gone, value_int((int64_t)x->gone.count)},
        {b->emptied, value_int(0)},
    };
    size_t stay = 0;
    for (size_t i = 0; i < x->telling.count; i++)
        stay += !has_record(&x->gone, x->telling.items[i].id);
    set[4].value = value_int((int64_t)stay);
    return txn_create(x->txn, b->type, set, sizeof set / sizeof *set, request, e);
}

static kith_status erase_all(struct erasing *x, const struct rtype *type, kith_id id,
                             kith_str reason, kith_id *request, kith_str *mentions, kith_error *e) {
    TRY(add_record(x, &x->gone, type, id, e));
    TRY(collect(x, e));
    TRY(empty_all(x, e));
    TRY(delete_all(x, e));
    TRY(note_request(x, reason, request, e));
    TRY(forget_all(x, e));
    TRY(leave_to_sweep(x, *request, e));
    return mentions ? find_mentions(x, mentions, e) : KITH_OK;
}

kith_status txn_erase(struct txn *t, const struct rtype *type, kith_id id, kith_str reason,
                      kith_id *request, kith_str *mentions, kith_error *e) {
    struct erasing x = {.txn = t};
    bool there;
    uint32_t origin = t->head.origin;
    if (!holds_personal_data(type))
        return err_set(e, KITH_E_INVAL, NULL,
                       "%s has no personal fields, so there is nobody to erase; delete it instead,"
                       " or mark its fields as personal",
                       type->name);
    TRY(txn_exists(t, type, id, &there, e));
    if (!there)
        return access_absent(type, id, e);
    TRY(txn_may_delete(t, type, id, e));
    t->erasing = true;
    t->system++;
    t->head.origin = ORIGIN_ERASE;
    kith_status st = erase_all(&x, type, id, reason, request, mentions, e);
    t->system--;
    t->erasing = false;
    map_free(&x.gone.known);
    map_free(&x.telling.known);
    if (st != KITH_OK)
        t->head.origin = origin;
    return st;
}

static kith_status erase(void *self, struct call *call, kith_error *e) {
    const struct rtype *type = schema_type_by_id(call->engine->schema, call->args[0].as.link.type);
    struct txn *t = call->txn;
    kith_id request;
    kith_str mentions;
    (void)self;
    kith_id id = call->args[0].as.link.id;
    const kith_value *values;
    TRY(txn_lookup(t, type, id, &values, e));
    if (values)
        TRY(restriction_check(type, id, values, e));
    TRY(txn_erase(t, type, id, call->args[1].as.s, &request, &mentions, e));
    const struct base_erasure *b = &call->engine->schema->base.erasure;
    TRY(txn_lookup(t, b->type, request, &values, e));
    call->results[0] = value_link(request, b->type->id);
    call->results[1] = values[b->gone->index];
    call->results[2] = values[b->emptied->index];
    call->results[3] = value_str(mentions);
    return KITH_OK;
}

static const kith_field erase_params[] = {
    {.name = "record",
     .kind = KITH_F_LINK,
     .options = "*",
     .flags = KITH_FF_REQUIRED,
     .doc = "Who is to be erased: a record with personal fields."},
    {.name = "reason",
     .kind = KITH_F_TEXT,
     .flags = KITH_FF_REQUIRED,
     .doc = "Why, for the auditor: the request and its day. It names nobody."},
};
static const kith_field erase_results[] = {
    {.name = "request", .kind = KITH_F_LINK, .options = "erasure", .doc = "The erasure."},
    {.name = "gone", .kind = KITH_F_INTEGER, .doc = "Records that are gone."},
    {.name = "emptied", .kind = KITH_F_INTEGER, .doc = "Records that stay, emptied."},
    {.name = "mentions",
     .kind = KITH_F_JSON,
     .doc = "Other records that name the person, by type and id, at most 100: look at them."},
};
static const struct own_action actions[] = {
    {"record.erase",
     "Erases somebody: the record, all that is part of it, and what is told about the person"
     " elsewhere, in its history, too. It cannot be undone.",
     KITH_ARRAY(erase_params), KITH_ARRAY(erase_results), erase, OWN_FINAL},
    {.name = NULL},
};
const struct own_part erase_own = {.name = "erase", .actions = actions};
