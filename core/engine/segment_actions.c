/* SPDX-License-Identifier: Apache-2.0 */
/* Segments: what can be done with them besides writing their records. */
#include "engine/engine_internal.h"

#define TOGETHER_MAX 10000 /* members that one call puts in or takes out */

kith_status segment_named(struct call *call, kith_id *id, const struct rtype **type,
                          kith_error *e) {
    const struct segment_names *names = call->engine->schema->segments;
    struct segment_found found;
    TRY(names->find(names->arg, txn_principal(call->txn), call->args[0].as.s, &found, e));
    *id = found.id;
    *type = found.type;
    return KITH_OK;
}

static kith_status answer(struct call *call, kith_id id, uint32_t at, const char *name,
                          uint32_t kind, kith_error *e) {
    int64_t n;
    TRY(segment_number(call->engine->writer, id, name, &n, e));
    call->results[at] = (kith_value){.kind = kind, .as.i = n};
    return KITH_OK;
}

static kith_status refresh(void *self, struct call *call, kith_error *e) {
    const struct rtype *type;
    kith_id id;
    (void)self;
    TRY(segment_named(call, &id, &type, e));
    TRY(segment_rebuild(call->txn, id, SETTLE_AGAIN, e));
    TRY(answer(call, id, 0, "members", KITH_INT, e));
    return answer(call, id, 1, "settling", KITH_BOOL, e);
}

/* -- lists ------------------------------------------------------------------------------------- */

struct choice { /* records that a query finds, to be put in or taken out */
    struct txn *txn;
    kith_id list;
    const struct rtype *type; /* of the records */
    struct id_list ids;
};

static kith_status choose(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct choice *c = arg;
    (void)values;
    if (c->ids.count == TOGETHER_MAX)
        return err_set(e, KITH_E_LIMIT, "query",
                       "query: it finds more than %d records; do it in parts, or import them with"
                       " the option 'list'",
                       TOGETHER_MAX);
    return id_list_add(&c->ids, c->txn->arena, id, e);
}

static kith_status choose_all(struct call *call, struct choice *c, kith_error *e) {
    struct query *q;
    const char *const *params;
    *c = (struct choice){.txn = call->txn};
    TRY(segment_named(call, &c->list, &c->type, e));
    TRY(query_parse_for(&q, call->engine->schema, txn_principal(call->txn), call->arena,
                        call->args[1].as.s, e));
    if (query_type(q) != c->type || query_counts(q) || query_totals(q) ||
        query_params(q, &params) > 0)
        return err_set(e, KITH_E_INVAL, "query", "query: say which records of type %s",
                       c->type->name);
    TRY(txn_find(call->txn, q, NULL, 0, choose, c, e));
    return segments_load(call->engine, e);
}

kith_status segment_add_member(struct txn *t, kith_id list, const struct rtype *type,
                               kith_id record, bool brought, bool *added, kith_error *e) {
    const struct base_member *m = &t->g->schema->base.list_member;
    bool in;
    *added = false;
    TRY(member_is(t->g->writer, list, record, &in, e));
    if (in)
        return KITH_OK;
    struct assign set[] = {
        {m->segment, value_link(list, t->g->schema->base.segment.type->id)},
        {m->record, value_link(record, type->id)},
        {m->brought, {.kind = KITH_BOOL, .as.i = brought}},
    };
    TRY(txn_create(t, m->type, set, sizeof set / sizeof *set, NULL, e));
    *added = true;
    return KITH_OK;
}

kith_status segment_member_row(struct txn *t, kith_id list, const struct rtype *type,
                               kith_id record, kith_id *row, const kith_value **values,
                               kith_error *e) {
    const struct base_member *m = &t->g->schema->base.list_member;
    kith_id *ids;
    size_t n;
    *row = 0;
    TRY(record_referrers(t->g->writer, m->record, record, type->id, TOGETHER_MAX, t->arena, &ids,
                         &n, e));
    for (size_t i = 0; i < n; i++) {
        TRY(txn_lookup(t, m->type, ids[i], values, e));
        if (*values && (*values)[m->segment->index].as.link.id == list) {
            *row = ids[i];
            return KITH_OK;
        }
    }
    return KITH_OK;
}

static kith_status add(void *self, struct call *call, kith_error *e) {
    struct choice c;
    int64_t n = 0;
    (void)self;
    TRY(choose_all(call, &c, e));
    for (size_t i = 0; i < c.ids.count; i++) {
        bool added;
        TRY(segment_add_member(call->txn, c.list, c.type, c.ids.items[i], false, &added, e));
        n += added;
    }
    call->results[0] = value_int(n);
    return answer(call, c.list, 1, "members", KITH_INT, e);
}

static kith_status take_out(void *self, struct call *call, kith_error *e) {
    struct choice c;
    int64_t n = 0;
    (void)self;
    TRY(choose_all(call, &c, e));
    for (size_t i = 0; i < c.ids.count; i++) {
        const kith_value *values;
        kith_id row;
        TRY(segment_member_row(call->txn, c.list, c.type, c.ids.items[i], &row, &values, e));
        if (row)
            TRY(txn_delete(call->txn, call->engine->schema->base.list_member.type, row, e));
        n += row != 0;
    }
    call->results[0] = value_int(n);
    return answer(call, c.list, 1, "members", KITH_INT, e);
}

static kith_status delete_all(void *self, struct call *call, kith_error *e) {
    const struct rtype *type;
    kith_id id;
    int64_t left;
    (void)self;
    TRY(segment_named(call, &id, &type, e));
    TRY(segment_delete(call->txn, id, &left, e));
    call->results[0] = value_int(left);
    return KITH_OK;
}

/* -- declared -------------------------------------------------------------------------------- */

static const kith_field segment_param[] = {
    {.name = "segment",
     .kind = KITH_F_TEXT,
     .flags = KITH_FF_REQUIRED,
     .doc = "The name of the segment."},
};
static const kith_field list_params[] = {
    {.name = "segment",
     .kind = KITH_F_TEXT,
     .flags = KITH_FF_REQUIRED,
     .doc = "The name of the list."},
    {.name = "query",
     .kind = KITH_F_TEXT,
     .flags = KITH_FF_REQUIRED,
     .doc = "Which records: contact where city = 'Bonn'."},
};
static const kith_field refresh_results[] = {
    {.name = "members", .kind = KITH_F_INTEGER, .doc = "How many there are now."},
    {.name = "settling", .kind = KITH_F_BOOLEAN, .doc = "It goes on for a while."},
};
static const kith_field add_results[] = {
    {.name = "added", .kind = KITH_F_INTEGER, .doc = "How many were not in it before."},
    {.name = "members", .kind = KITH_F_INTEGER, .doc = "How many there are now."},
};
static const kith_field remove_results[] = {
    {.name = "removed", .kind = KITH_F_INTEGER, .doc = "How many were in it."},
    {.name = "members", .kind = KITH_F_INTEGER, .doc = "How many there are now."},
};

static const kith_field delete_results[] = {
    {.name = "left",
     .kind = KITH_F_INTEGER,
     .doc = "How many members are still in it; they go soon, and it goes with them."},
};

static const kith_field use_results[] = {
    {.name = "uses", .kind = KITH_F_INTEGER, .doc = "How many times it was used, this one too."},
    {.name = "left", .kind = KITH_F_INTEGER, .doc = "How many uses are left, if they are counted."},
    {.name = "members", .kind = KITH_F_INTEGER, .doc = "How many records are in it."},
    {.name = "records",
     .kind = KITH_F_JSON,
     .doc = "These records, as the caller may read them; of more than 10,000 none."},
};

const struct own_action segment_actions[] = {
    {"segment.refresh", "Works a segment out anew.", KITH_ARRAY(segment_param),
     KITH_ARRAY(refresh_results), refresh, 0, KITH_NO_ARRAY},
    {"segment.use",
     "Counts a use of a rented list and hands out its records. After the last use, and its grace,"
     " they go.",
     KITH_ARRAY(segment_param), KITH_ARRAY(use_results), segment_use, 0, KITH_NO_ARRAY},
    {"segment.add", "Puts the records that a query finds into a list.", KITH_ARRAY(list_params),
     KITH_ARRAY(add_results), add, 0, KITH_NO_ARRAY},
    {"segment.remove", "Takes the records that a query finds out of a list.",
     KITH_ARRAY(list_params), KITH_ARRAY(remove_results), take_out, 0, KITH_NO_ARRAY},
    {"segment.delete", "Deletes a segment or a list, however many members it has.",
     KITH_ARRAY(segment_param), KITH_ARRAY(delete_results), delete_all, 0, KITH_NO_ARRAY},
    {.name = NULL},
};
