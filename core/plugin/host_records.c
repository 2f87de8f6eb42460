/* SPDX-License-Identifier: Apache-2.0 */
/* kith.records/1: types, fields, conditions and queries by number; reading, writing, and the change
 * a hook looks at. Every function checks its thread first and its numbers next. */
#include "plugin/internal.h"

/* Records that a reading action fetches at a time: twice as many with each page, since each begins
 * the search anew. */
#define PAGE     500
#define PAGE_MAX 64000

/* -- numbers ----------------------------------------------------------------------------------- */

static kith_status find_type(const struct plugin *p, uint32_t number, const struct rtype **out,
                             kith_error *e) {
    *out = schema_type_by_id(p->set->schema, number);
    return *out ? KITH_OK
                : err_set(e, KITH_E_INVAL, NULL, "there is no type with the number %u", number);
}

static kith_status find_field(const struct plugin *p, const struct rtype *t, uint32_t number,
                              const struct rfield **out, kith_error *e) {
    const struct rfield *f = schema_field_by_id(p->set->schema, number);
    if (f && (!t || f->type == t)) {
        *out = f;
        return KITH_OK;
    }
    return f ? err_set(e, KITH_E_INVAL, f->name, "%s is a field of %s, not of %s", f->name,
                       f->type->name, t->name)
             : err_set(e, KITH_E_INVAL, NULL, "there is no field with the number %u", number);
}

static kith_status records_type(const kith_host *host, kith_str name, uint32_t *type,
                                kith_error *e) {
    const struct rtype *t;
    struct plugin *p = frame_main(host, PHASE_CREATE, e);
    if (!p)
        return KITH_E_THREAD;
    TRY(schema_find_type(p->set->schema, name, &t, e));
    TRY(grant_read(p, t, e));
    *type = t->id;
    return KITH_OK;
}

static kith_status records_field(const kith_host *host, uint32_t type, kith_str name,
                                 uint32_t *field, kith_error *e) {
    const struct rtype *t;
    const struct rfield *f;
    struct plugin *p = frame_main(host, PHASE_CREATE, e);
    if (!p)
        return KITH_E_THREAD;
    TRY(find_type(p, type, &t, e));
    TRY(schema_find_field(p->set->schema, t, name, &f, e));
    *field = f->id;
    return KITH_OK;
}

/* A module has many conditions and queries: an error says in which it is. */
static kith_status in_text(kith_status st, kith_str text, kith_error *e) {
    if (st != KITH_OK)
        (void)err_prefix(e, "'%.*s': ", text.len < 150 ? (int)text.len : 150, text.ptr);
    return st;
}

static kith_status records_predicate(const kith_host *host, uint32_t type, kith_str condition,
                                     uint32_t *number, kith_error *e) {
    const struct rtype *t;
    struct predicate *predicate;
    struct plugin *p = frame_main(host, PHASE_CREATE, e);
    if (!p)
        return KITH_E_THREAD;
    TRY(find_type(p, type, &t, e));
    TRY(in_text(predicate_parse(&predicate, p->set->schema, t, &p->arena, condition, e), condition,
                e));
    TRY(grant_read_query(p, predicate_query(predicate), e));
    struct typed_predicate *item = ARENA_NEW(&p->arena, struct typed_predicate);
    if (!item)
        return err_nomem(e);
    *item = (struct typed_predicate){predicate, t};
    return handle_add(&p->predicates, item, number, e);
}

static kith_status records_query(const kith_host *host, kith_str text, uint32_t *number,
                                 kith_error *e) {
    struct query *query;
    struct plugin *p = frame_main(host, PHASE_CREATE, e);
    if (!p)
        return KITH_E_THREAD;
    TRY(in_text(query_parse(&query, p->set->schema, &p->arena, text, e), text, e));
    TRY(grant_read_query(p, query, e));
    return handle_add(&p->queries, query, number, e);
}

/* -- reading ----------------------------------------------------------------------------------- */

/* As whom a handle of whole() reads. */
static const struct principal system_reads = {.name = "module", .all = true};

static const struct principal *reads_as(const struct kith_txn *txn) {
    return txn->whole ? &system_reads : txn->frame->principal;
}

/* The same in a transaction, as long as one function of the host reads. */
static struct txn *begin_reading(const struct kith_txn *txn) {
    if (txn->whole && txn->frame->txn)
        txn_as_system(txn->frame->txn, true);
    return txn->frame->txn;
}

static void end_reading(const struct kith_txn *txn) {
    if (txn->whole && txn->frame->txn)
        txn_as_system(txn->frame->txn, false);
}

static kith_status read_record(const struct kith_txn *by, const struct rtype *t, kith_id *id,
                               const kith_value **values, kith_error *e) {
    struct frame *f = by->frame;
    kith_value *own = NULL;
    if (f->txn) {
        kith_status st = txn_read(begin_reading(by), t, id, values, e);
        end_reading(by);
        return st;
    }
    kith_status st = engine_read(f->engine, reads_as(by), t, id, &f->arena, &own, e);
    *values = own;
    return st;
}

static kith_status records_get(const kith_txn *txn, uint32_t type, kith_id id, const kith_row **row,
                               kith_error *e) {
    const struct rtype *t;
    const kith_value *values;
    struct frame *f = frame_of(txn, e);
    if (!f)
        return KITH_E_THREAD;
    TRY(find_type(f->plugin, type, &t, e));
    TRY(grant_read(f->plugin, t, e));
    TRY(read_record(txn, t, &id, &values, e));
    struct kith_row *out = ARENA_NEW(&f->arena, struct kith_row);
    if (!out)
        return err_nomem(e);
    *out = (struct kith_row){t, id, values};
    *row = out;
    return KITH_OK;
}

struct finding {
    struct frame *frame;
    const struct kith_txn *by;
    const struct rtype *type;
    kith_row_fn fn;
    void *arg;
};

static kith_status found(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct finding *x = arg;
    struct kith_row row = {x->type, id, values};
    x->frame->finding++;
    end_reading(x->by);
    kith_status st = x->fn(x->arg, x->by, &row, e);
    (void)begin_reading(x->by);
    x->frame->finding--;
    return st;
}

/* Row functions must not write: in a transaction the records that their conditions follow links to
 * stay as they are until the outermost find() or groups() ends. Where many are followed, those are
 * remembered for which there is a free place; all else is forgotten after each condition. */
#define FOLLOWED_FROM 64
#define FOLLOWED_BITS 12
struct followed {
    const struct rtype *type; /* NULL: a free place */
    kith_id id;
    bool whole;
    const kith_value *values; /* NULL: there is none that may be seen */
};

/* NULL: nothing is remembered. */
static struct followed *followed_place(const struct kith_txn *by, kith_id id) {
    struct frame *f = by->frame;
    if (!f->txn || !f->finding || f->follows++ < FOLLOWED_FROM)
        return NULL;
    if (!f->followed) {
        f->followed = ARENA_ARRAY(txn_arena(f->txn), struct followed, 1u << FOLLOWED_BITS);
        f->kept++;
    }
    return f->followed ? &f->followed[id * UINT64_C(0x9e3779b97f4a7c15) >> (64 - FOLLOWED_BITS)]
                       : NULL;
}

static void followed_forget(struct frame *f) {
    if (f->finding)
        return;
    f->followed = NULL;
    f->follows = 0;
}

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* A reading action goes from page to page: none of them holds a snapshot for long. */
static kith_status find_pages(struct finding *x, const struct query *q, const kith_value *params,
                              int64_t max, kith_error *e) {
    struct find_page page = {0};
    int64_t size = PAGE;
    for (int64_t left = max;;) {
        page.limit = smaller(left, size);
        size = smaller(2 * size, PAGE_MAX);
        page.after = page.cursor;
        page.cursor = (kith_str){NULL, 0};
        struct arena *a = &x->frame->arena;
        TRY(engine_find(x->frame->engine, reads_as(x->by), q, params, &page, a, found, x, e));
        left -= page.count;
        if (!page.cursor.len || left <= 0)
            return KITH_OK;
    }
}

/* A query and its parameters, checked. */
static kith_status asked_query(struct frame *f, uint32_t number, uint32_t count,
                               const kith_value *params, bool totals, const struct query **out,
                               kith_error *e) {
    const char *const *names;
    const struct query *q = *out = handle_get(&f->plugin->queries, number, "query", e);
    if (!q)
        return KITH_E_INVAL;
    if (totals != (query_counts(q) || query_totals(q)))
        return err_set(e, KITH_E_INVAL, NULL,
                       totals ? "the query gives records of type %s, not totals: ask for them with "
                                "find()"
                              : "the query gives totals of type %s, not records: ask for them with "
                                "groups()",
                       query_type(q)->name);
    f->queries++;
    if (count != query_params(q, &names))
        return err_set(e, KITH_E_INVAL, NULL, "the query has %u parameters, and %u were given",
                       query_params(q, &names), count);
    return host_values(count, params, e);
}

static kith_status records_find(const kith_txn *txn, uint32_t number, uint32_t count,
                                const kith_value *params, uint64_t max, kith_row_fn fn, void *arg,
                                kith_error *e) {
    const struct query *q;
    struct frame *f = frame_of(txn, e);
    if (!f)
        return KITH_E_THREAD;
    if (!fn)
        return err_set(e, KITH_E_INVAL, NULL, "find() was given no function");
    TRY(asked_query(f, number, count, params, false, &q, e));
    struct finding x = {f, txn, query_type(q), fn, arg};
    int64_t most = max > INT64_MAX ? INT64_MAX : (int64_t)max;
    if (f->txn) {
        kith_status st = txn_find(begin_reading(txn), q, params, most, found, &x, e);
        end_reading(txn);
        followed_forget(f);
        return st;
    }
    return find_pages(&x, q, params, most ? most : INT64_MAX, e);
}

/* One row of one number. */
static kith_status count_records(const struct kith_txn *by, const struct query *q,
                                 const kith_value *params, struct totals *out, kith_error *e) {
    struct frame *f = by->frame;
    struct find_page page = {.limit = 1};
    kith_value *n = ARENA_NEW(&f->arena, kith_value);
    if (!n)
        return err_nomem(e);
    if (f->txn)
        TRY(txn_count(f->txn, q, params, &page.count, e));
    else
        TRY(engine_find(f->engine, reads_as(by), q, params, &page, &f->arena, NULL, NULL, e));
    *n = value_int(page.count);
    *out = (struct totals){.values = n, .count = 1, .columns = 1};
    return KITH_OK;
}

static kith_status read_totals(const struct kith_txn *by, const struct query *q,
                               const kith_value *params, int64_t max, struct totals *out,
                               kith_error *e) {
    struct frame *f = by->frame;
    if (query_counts(q))
        return count_records(by, q, params, out, e);
    if (f->txn)
        return txn_select(f->txn, q, params, max, out, e);
    TRY(engine_select(f->engine, reads_as(by), q, params, out, &f->arena, e));
    if (max && out->count > (uint64_t)max)
        out->count = (size_t)max;
    return KITH_OK;
}

static kith_status records_groups(const kith_txn *txn, uint32_t number, uint32_t count,
                                  const kith_value *params, uint64_t max, kith_group_fn fn,
                                  void *arg, kith_error *e) {
    const struct query *q;
    struct totals t;
    struct frame *f = frame_of(txn, e);
    if (!f)
        return KITH_E_THREAD;
    if (!fn)
        return err_set(e, KITH_E_INVAL, NULL, "groups() was given no function");
    TRY(asked_query(f, number, count, params, true, &q, e));
    (void)begin_reading(txn);
    kith_status st = read_totals(txn, q, params, max > INT64_MAX ? INT64_MAX : (int64_t)max, &t, e);
    end_reading(txn);
    TRY(st);
    f->finding++;
    for (size_t i = 0; i < t.count && st == KITH_OK; i++)
        st = fn(arg, txn, (uint32_t)t.columns, &t.values[i * t.columns], e);
    f->finding--;
    followed_forget(f);
    return st;
}

static kith_id records_row_id(const kith_txn *txn, const kith_row *row) {
    return frame_of(txn, NULL) && row ? row->id : 0;
}

static uint32_t records_row_type(const kith_txn *txn, const kith_row *row) {
    return frame_of(txn, NULL) && row ? row->type->id : 0;
}

static kith_status records_read(const kith_txn *txn, const kith_row *row, uint32_t count,
                                const uint32_t *fields, kith_value *values, kith_error *e) {
    const struct rfield *field = NULL;
    struct frame *f = frame_of(txn, e);
    if (!f)
        return KITH_E_THREAD;
    if (!row)
        return err_set(e, KITH_E_INVAL, NULL, "there is no row to read from");
    if (count && (!fields || !values))
        return err_set(e, KITH_E_INVAL, NULL, "there are no %s where %u are told",
                       fields ? "values" : "fields", count);
    for (uint32_t i = 0; i < count; i++) {
        TRY(find_field(f->plugin, row->type, fields[i], &field, e));
        values[i] = row->values[field->index];
    }
    return KITH_OK;
}

/* -- matching ---------------------------------------------------------------------------------- */

static kith_status look_up(void *arg, const struct rtype *t, kith_id id, const kith_value **values,
                           kith_error *e) {
    const struct kith_txn *by = *(const struct kith_txn *const *)arg;
    struct followed *place = followed_place(by, id);
    const kith_id asked = id;
    *values = NULL;
    if (place && place->type == t && place->id == id && place->whole == by->whole) {
        *values = place->values;
        return KITH_OK;
    }
    kith_status st = read_record(by, t, &id, values, e);
    if (st != KITH_OK && st != KITH_E_NOTFOUND)
        return st;
    if (place && !place->type) {
        *place = (struct followed){t, asked, by->whole, *values};
        by->frame->kept++;
    }
    return KITH_OK;
}

/* With a reader, or in a transaction on the writer's connection. */
static kith_status ask(void *arg, const struct match_question *q, int64_t *n, kith_error *e) {
    struct frame *f = (*(const struct kith_txn *const *)arg)->frame;
    struct conn *c;
    if (f->txn)
        return txn_ask(f->txn, q, n, e);
    TRY(engine_reader(f->engine, &c, e));
    kith_status st = match_answer(q, c, &f->arena, n, e);
    engine_reader_done(f->engine, c);
    return st;
}

static int32_t records_match(const kith_txn *txn, uint32_t predicate, const kith_row *row) {
    struct frame *f = frame_of(txn, NULL);
    bool yes;
    if (!f)
        return KITH_E_THREAD;
    const struct typed_predicate *p =
        handle_get(&f->plugin->predicates, predicate, "predicate", NULL);
    if (!p || !row || row->type != p->type)
        return KITH_E_INVAL;
    const struct query_env env = engine_env(f->engine, frame_now(f), reads_as(txn));
    const struct match_source source = {look_up, ask, &txn};
    struct arena *arena = f->txn ? txn_arena(f->txn) : &f->arena;
    const struct arena_mark mark = arena_mark(arena);
    const uint32_t kept = f->kept;
    kith_status st = predicate_match(p->predicate, &env, row->id, row->values, &source, &yes, NULL);
    if (f->kept == kept)
        arena_release(arena, mark);
    return st == KITH_OK ? yes : st;
}

/* -- writing ----------------------------------------------------------------------------------- */

/* Numbers and values to what the engine takes; in the frame's arena. */
static kith_status assignments(struct frame *f, const struct rtype *t, uint32_t count,
                               const uint32_t *fields, const kith_value *values,
                               struct assign **out, kith_error *e) {
    TRY(host_values(count, values, e));
    if (count && !fields)
        return err_set(e, KITH_E_INVAL, NULL, "there are no fields where %u are told", count);
    *out = ARENA_ARRAY(&f->arena, struct assign, count);
    if (!*out)
        return err_nomem(e);
    for (uint32_t i = 0; i < count; i++) {
        TRY(find_field(f->plugin, t, fields[i], &(*out)[i].field, e));
        (*out)[i].value = values[i];
    }
    return KITH_OK;
}

static kith_status records_create(kith_txn *txn, uint32_t type, uint32_t count,
                                  const uint32_t *fields, const kith_value *values, kith_id *id,
                                  kith_error *e) {
    const struct rtype *t;
    struct assign *set;
    kith_id made;
    struct frame *f;
    TRY(frame_writing(txn, &f, e));
    TRY(find_type(f->plugin, type, &t, e));
    TRY(grant_write(f->plugin, t, e));
    TRY(assignments(f, t, count, fields, values, &set, e));
    return txn_create(f->txn, t, set, count, id ? id : &made, e);
}

static kith_status records_update(kith_txn *txn, uint32_t type, kith_id id, uint32_t count,
                                  const uint32_t *fields, const kith_value *values, kith_error *e) {
    const struct rtype *t;
    struct assign *set;
    struct frame *f;
    TRY(frame_writing(txn, &f, e));
    TRY(find_type(f->plugin, type, &t, e));
    TRY(assignments(f, t, count, fields, values, &set, e));
    TRY(grant_fields(f->plugin, t, set, count, e));
    return txn_update(f->txn, t, id, set, count, e);
}

static kith_status records_remove(kith_txn *txn, uint32_t type, kith_id id, kith_error *e) {
    const struct rtype *t;
    struct frame *f;
    TRY(frame_writing(txn, &f, e));
    TRY(find_type(f->plugin, type, &t, e));
    TRY(grant_write(f->plugin, t, e));
    return txn_delete(f->txn, t, id, e);
}

/* -- the change under way ---------------------------------------------------------------------- */

static struct change *change_of(const struct frame *f, const kith_change *change, kith_error *e) {
    if (change == &f->change.shown && f->change.change)
        return f->change.change;
    (void)err_set(e, KITH_E_INVAL, NULL, "module '%s': this is not the change under way",
                  f->plugin->name);
    return NULL;
}

static int32_t records_changed(const kith_txn *txn, const kith_change *change, uint32_t number) {
    const struct rfield *field = NULL;
    struct frame *f = frame_of(txn, NULL);
    if (!f)
        return KITH_E_THREAD;
    const struct change *c = change_of(f, change, NULL);
    if (!c || find_field(f->plugin, c->type, number, &field, NULL) != KITH_OK)
        return KITH_E_INVAL;
    return fieldset_has(&c->changed, field->index);
}

static int32_t records_affects(const kith_txn *txn, const kith_change *change, uint32_t number) {
    struct frame *f = frame_of(txn, NULL);
    if (!f)
        return KITH_E_THREAD;
    const struct change *c = change_of(f, change, NULL);
    const struct typed_predicate *p = handle_get(&f->plugin->predicates, number, "predicate", NULL);
    if (!c || !p || p->type != c->type)
        return KITH_E_INVAL;
    if (c->kind == ROW_CREATE)
        return 1;
    const struct fieldset *reads = predicate_fields(p->predicate);
    for (size_t i = 0; i < FIELDS_MAX / 64; i++)
        if (c->changed.bits[i] & reads->bits[i])
            return 1;
    return 0;
}

static kith_status records_set(kith_txn *txn, kith_change *change, uint32_t count,
                               const uint32_t *fields, const kith_value *values, kith_error *e) {
    struct assign *set;
    struct frame *f;
    TRY(frame_writing(txn, &f, e));
    struct change *c = change_of(f, change, e);
    if (!c)
        return KITH_E_INVAL;
    TRY(assignments(f, c->type, count, fields, values, &set, e));
    TRY(grant_fields(f->plugin, c->type, set, count, e));
    for (uint32_t i = 0; i < count; i++)
        TRY(change_set(f->txn, c, set[i].field, set[i].value, e));
    return KITH_OK;
}

static kith_status records_acting(const kith_txn *txn, kith_id *user, kith_error *e) {
    struct frame *f = frame_of(txn, e);
    if (!f)
        return KITH_E_THREAD;
    const struct principal *who = f->txn ? txn_caller(f->txn) : f->principal;
    *user = who->all ? 0 : who->user;
    return KITH_OK;
}

const kith_records_v1 host_records = {
    .struct_size = sizeof host_records,
    .type = records_type,
    .field = records_field,
    .predicate = records_predicate,
    .query = records_query,
    .get = records_get,
    .find = records_find,
    .row_id = records_row_id,
    .row_type = records_row_type,
    .read = records_read,
    .match = records_match,
    .create = records_create,
    .update = records_update,
    .remove = records_remove,
    .changed = records_changed,
    .affects = records_affects,
    .set = records_set,
    .groups = records_groups,
    .acting = records_acting,
};
