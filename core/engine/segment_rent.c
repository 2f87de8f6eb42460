/* SPDX-License-Identifier: Apache-2.0 */
/* Rented lists: their uses are counted, and once their term or their uses are spent, the records
 * that they brought go, but for those that are our own by now. */
#include "engine/bus.h"
#include "engine/engine_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"

#define HANDED_MAX 10000 /* members that one answer holds */
#define PURGE_ROWS 1000  /* members that go in one transaction */

struct rent { /* what its record says */
    const kith_value *values;
    int64_t valid_until, grace, uses_max, uses, used; /* INT64_MAX, 0: not said */
    bool rented, expired;
};

static int64_t number_of(const kith_value *values, const struct rfield *f, int64_t otherwise) {
    const kith_value *v = &values[f->index];
    return v->kind == KITH_NULL ? otherwise : v->as.i;
}

static void read_rent(struct txn *t, const kith_value *values, struct rent *out) {
    const struct base_segment *s = &t->g->schema->base.segment;
    *out = (struct rent){
        .values = values,
        .valid_until = number_of(values, s->valid_until, INT64_MAX),
        .grace = number_of(values, s->grace, 0),
        .uses_max = number_of(values, s->uses_max, INT64_MAX),
        .uses = number_of(values, s->uses, 0),
        .used = number_of(values, s->used, 0),
        .rented = str_eqz(values[s->kind->index].as.s, "rented"),
        .expired = values[s->expired->index].kind != KITH_NULL,
    };
}

static bool uses_spent(const struct rent *r) {
    return r->uses >= r->uses_max;
}

/* -- when it ends ------------------------------------------------------------------------------ */

/* An end that was undone comes again, but leaves a day to extend the list. */
kith_status segment_rent_due(struct txn *t, kith_id id, const kith_value *values, kith_error *e) {
    struct rent r;
    read_rent(t, values, &r);
    int64_t due = r.valid_until, last = uses_spent(&r) ? r.used + r.grace : INT64_MAX;
    due = last < due ? last : due;
    if (!r.rented || r.expired)
        due = INT64_MAX;
    else if (t->undoing && due <= t->head.at)
        due = t->head.at + DAY_MS;
    TRY(flip_set(t->g->writer, id, 0, due, e));
    t->g->refresh_due |= due < t->g->next_due;
    return KITH_OK;
}

/* -- a use ------------------------------------------------------------------------------------- */

static kith_status check_use(const struct rent *r, const struct segment *s, int64_t now,
                             int64_t members, kith_error *e) {
    if (!r->rented)
        return err_set(e, KITH_E_INVAL, "segment",
                       "segment: '%s' is not rented: nobody counts its uses; in_segment('%s')"
                       " finds its records",
                       s->name, s->name);
    if (r->expired || uses_spent(r) || r->valid_until <= now)
        return err_set(e, KITH_E_REFUSED, "segment", "segment: list '%s' is spent: %s", s->name,
                       uses_spent(r) ? "it was used as often as it may be" : "its term is over");
    if (members > HANDED_MAX && r->grace == 0)
        return err_set(e, KITH_E_LIMIT, "segment",
                       "segment: list '%s' has more than %d records, too many for one answer; give"
                       " it a grace, such as grace=1d, and find them with in_segment('%s')",
                       s->name, HANDED_MAX, s->name);
    return KITH_OK;
}

static void put_record(struct txn *t, const struct rtype *type, kith_id id,
                       const kith_value *values, struct json_out *j) {
    char text[ID_TEXT + 1];
    id_format(id, text);
    json_object_(j);
    json_key(j, "id");
    json_strz(j, text);
    for (uint32_t i = FIELD_FIRST; i < type->field_count; i++) {
        if (values[i].kind == KITH_NULL)
            continue;
        json_key(j, type->fields[i]->name);
        value_json(t->g->schema, &values[i], j);
    }
    json_object_end(j);
}

static bool is_restricted(const struct rtype *t, const kith_value *values) {
    const struct rfield *f = type_restricted(t);
    return f && values[f->index].kind != KITH_NULL;
}

/* As the caller may see them, and without those that are used for nothing. */
static kith_status hand_out(struct call *call, const struct segment *s, struct buf *b,
                            kith_error *e) {
    struct txn *t = call->txn;
    struct json_out j;
    kith_id *ids;
    size_t n;
    TRY(member_page(t->g->writer, s->id, 0, HANDED_MAX, t->arena, &ids, &n, e));
    json_begin(&j, b, false);
    json_array_(&j);
    for (size_t i = 0; i < n; i++) {
        const kith_value *values;
        kith_status st = txn_get(t, s->type, ids[i], &values, NULL);
        if (st == KITH_OK && !is_restricted(s->type, values))
            put_record(t, s->type, ids[i], values, &j);
        else if (st == KITH_E_NOMEM)
            return err_nomem(e);
    }
    json_array_end(&j);
    return b->failed ? err_nomem(e) : KITH_OK;
}

static kith_status give(struct call *call, const struct segment *s, const struct rent *r,
                        int64_t members, kith_error *e) {
    struct buf b = {0};
    kith_status st = KITH_OK;
    call->results[0] = value_int(r->uses + 1);
    if (r->uses_max != INT64_MAX)
        call->results[1] = value_int(r->uses_max - r->uses - 1);
    call->results[2] = value_int(members);
    if (members <= HANDED_MAX) {
        st = hand_out(call, s, &b, e);
        if (st == KITH_OK)
            call->results[3] = value_str(arena_str(call->arena, buf_view(&b)));
        if (st == KITH_OK && !call->results[3].as.s.ptr)
            st = err_nomem(e);
    }
    buf_free(&b);
    return st;
}

kith_status segment_use(void *self, struct call *call, kith_error *e) {
    struct txn *t = call->txn;
    const struct rtype *type = t->g->schema->base.segment.type;
    const struct rtype *of;
    const kith_value *values;
    kith_id id;
    struct rent r;
    int64_t members;
    (void)self;
    TRY(segment_named(call, &id, &of, e));
    TRY(txn_get(t, type, id, &values, e));
    TRY(segments_load(t->g, e));
    read_rent(t, values, &r);
    const struct segment *s = segment_by_id(t->g, id);
    TRY(member_count(t->g->writer, id, &members, e));
    TRY(check_use(&r, s, t->head.at, members, e));
    TRY(give(call, s, &r, members, e));
    struct assign set[] = {
        {t->g->schema->base.segment.uses, value_int(r.uses + 1)},
        {t->g->schema->base.segment.used, value_time(t->head.at)},
    };
    return txn_update(t, type, id, set, 2, e);
}

/* -- the end ----------------------------------------------------------------------------------- */

struct purge {
    const struct segment *segment; /* a copy: its record is written, and all are read anew */
    struct predicate *keep;        /* NULL: nothing stays */
    kith_id record;                /* the one at hand */
    int64_t gone, kept;
};

static kith_status read_keep(struct txn *t, struct purge *p, const struct rent *r, kith_error *e) {
    const kith_value *keep = &r->values[t->g->schema->base.segment.keep->index];
    kith_str text = keep->kind == KITH_TEXT ? keep->as.s : (kith_str){0};
    if (!text.len && p->segment->type == t->g->schema->base.contact.type)
        text = STR("lifecycle != 'prospect'");
    return text.len ? predicate_parse(&p->keep, t->g->schema, p->segment->type, t->arena, text, e)
                    : KITH_OK;
}

/* Another rented list that holds the record answers for it from now on. */
static kith_status pass_on(struct txn *t, const struct purge *p, bool *passed, kith_error *e) {
    const struct rfield *brought = t->g->schema->base.list_member.brought;
    kith_id *others;
    size_t n;
    TRY(member_of(t->g->writer, p->record, t->arena, &others, &n, e));
    for (size_t i = 0; i < n && !*passed; i++) {
        const kith_value *list, *values;
        struct rent r;
        kith_id row;
        TRY(txn_lookup(t, t->g->schema->base.segment.type, others[i], &list, e));
        if (!list || others[i] == p->segment->id)
            continue;
        read_rent(t, list, &r);
        if (!r.rented || r.expired)
            continue;
        TRY(segment_member_row(t, others[i], p->segment->type, p->record, &row, &values, e));
        struct assign set = {brought, {.kind = KITH_BOOL, .as.i = 1}};
        TRY(row ? txn_update(t, t->g->schema->base.list_member.type, row, &set, 1, e) : KITH_OK);
        *passed = row != 0;
    }
    return KITH_OK;
}

static kith_status stays(struct txn *t, const struct purge *p, bool *yes, kith_error *e) {
    struct query_env env;
    const struct match_source source = {txn_lookup, txn_ask, t};
    const kith_value *values;
    TRY(txn_lookup(t, p->segment->type, p->record, &values, e));
    *yes = !values;
    segment_env(t, &env);
    if (values && p->keep)
        TRY(predicate_match(p->keep, &env, p->record, values, &source, yes, e));
    return *yes ? KITH_OK : pass_on(t, p, yes, e);
}

static kith_status delete_record(struct txn *t, void *arg, kith_error *e) {
    const struct purge *p = arg;
    return txn_delete(t, p->segment->type, p->record, e);
}

/* What is needed elsewhere and cannot go is kept, and counted so. */
static kith_status purge_record(struct txn *t, struct purge *p, kith_error *e) {
    const struct rfield *brought = t->g->schema->base.list_member.brought;
    kith_error why = KITH_ERROR_INIT;
    const kith_value *values;
    kith_id row;
    bool keep = true;
    kith_status st = KITH_OK;
    TRY(segment_member_row(t, p->segment->id, p->segment->type, p->record, &row, &values, e));
    if (row && values[brought->index].as.i == 1)
        TRY(stays(t, p, &keep, e));
    if (!keep)
        st = txn_try(t, delete_record, p, &why);
    if (st != KITH_OK && bus_own_failure(t->g, st)) {
        err_copy(e, &why);
        return st;
    }
    keep |= st != KITH_OK;
    p->gone += !keep;
    p->kept += keep;
    return row && keep ? txn_delete(t, t->g->schema->base.list_member.type, row, e) : KITH_OK;
}

static kith_status begin_purge(struct txn *t, struct purge *p, kith_error *e) {
    struct assign set = {t->g->schema->base.segment.expired, value_time(t->head.at)};
    return txn_update(t, t->g->schema->base.segment.type, p->segment->id, &set, 1, e);
}

static kith_status tell_end(struct txn *t, const struct purge *p, const struct rent *r,
                            kith_error *e) {
    char more[128];
    snprintf(more, sizeof more, ",\"reason\":\"%s\",\"deleted\":%lld,\"kept\":%lld",
             uses_spent(r) ? "uses" : "term", (long long)p->gone, (long long)p->kept);
    return segment_publish(t, p->segment, "segment.expired", t->g->schema->base.segment.type,
                           p->segment->id, more, e);
}

/* One batch. job->query keeps the counts, job->run the run that all batches belong to. */
kith_status segment_purge(struct txn *t, const struct segment *s, struct settle *job,
                          kith_error *e) {
    struct segment own = {.id = s->id, .type = s->type, .name = arena_strdup(t->arena, s->name)};
    struct purge p = {.segment = &own};
    struct rent r;
    kith_id *ids;
    size_t n;
    char *rest = NULL;
    const char *counts = arena_strndup(t->arena, job->query.ptr, job->query.len);
    const kith_value *values;
    TRY(txn_lookup(t, t->g->schema->base.segment.type, own.id, &values, e));
    if (!values)
        return access_absent(t->g->schema->base.segment.type, own.id, e);
    if (!counts || !own.name)
        return err_nomem(e);
    p.gone = strtoll(counts, &rest, 10);
    p.kept = strtoll(rest, NULL, 10);
    read_rent(t, values, &r);
    t->head.run = job->run;
    if (!job->run)
        TRY(begin_purge(t, &p, e));
    job->run = job->run ? job->run : txn_id(t);
    TRY(read_keep(t, &p, &r, e));
    TRY(member_page(t->g->writer, own.id, job->at, PURGE_ROWS, t->arena, &ids, &n, e));
    for (size_t i = 0; i < n; i++) {
        p.record = ids[i];
        TRY(purge_record(t, &p, e));
    }
    job->at = n < PURGE_ROWS ? INT64_MAX : ids[n - 1];
    job->query = str_of(arena_printf(t->arena, "%lld %lld", (long long)p.gone, (long long)p.kept));
    return n < PURGE_ROWS ? tell_end(t, &p, &r, e) : KITH_OK;
}
