/* SPDX-License-Identifier: Apache-2.0 */
/* Segments: deleting one whose members are too many for one transaction. They go in batches, whose
 * transactions are one run, and the segment with the last of them. */
#include "base/text.h"
#include "engine/engine_internal.h"

#define DELETE_ROWS 1000 /* members that go in one transaction */

static kith_status member_rows(struct txn *t, kith_id segment, kith_id **rows, size_t *n,
                               kith_error *e) {
    const struct base_fields *s = &t->g->schema->base;
    return record_referrers(t->g->writer, s->list_member.segment, segment, s->segment.type->id,
                            DELETE_ROWS, t->arena, rows, n, e);
}

/* *left: there are more. They are parts of the segment: nobody is asked whether they may go. */
static kith_status delete_some(struct txn *t, kith_id segment, bool *left, kith_error *e) {
    kith_id *rows;
    size_t n;
    kith_status st = member_rows(t, segment, &rows, &n, e);
    *left = n == DELETE_ROWS;
    t->system++;
    for (size_t i = 0; st == KITH_OK && i < n; i++)
        st = txn_delete(t, t->g->schema->base.list_member.type, rows[i], e);
    t->system--;
    return st;
}

static kith_status delete_later(struct txn *t, kith_id segment, kith_error *e) {
    struct settle job = {.segment = segment, .kind = SETTLE_DELETE};
    job.run = t->head.run ? t->head.run : txn_id(t);
    t->g->segments.settling = true;
    t->g->segments.touched = true;
    TRY(settle_cancel(t->g->writer, segment, 0, e));
    TRY(segment_set(t->g->writer, segment, "settling", 1, e));
    return settle_add(t->g->writer, &job, e);
}

kith_status segment_delete(struct txn *t, kith_id id, int64_t *left, kith_error *e) {
    const struct rtype *type = t->g->schema->base.segment.type;
    struct change c = {.kind = ROW_DELETE, .type = type, .id = id};
    bool more;
    *left = 0;
    TRY(segments_load(t->g, e));
    TRY(txn_lookup(t, type, id, &c.before, e));
    if (!c.before)
        return access_absent(type, id, e);
    TRY(txn_may_begin(t, &c, e));
    TRY(segment_unused(t, id, "deleted", e));
    TRY(delete_some(t, id, &more, e));
    if (!more)
        return txn_delete(t, type, id, e);
    TRY(member_count(t->g->writer, id, left, e));
    return delete_later(t, id, e);
}

kith_status segment_delete_more(struct txn *t, struct settle *job, kith_error *e) {
    kith_id segment = job->segment;
    bool left;
    t->head.run = job->run;
    TRY(delete_some(t, segment, &left, e));
    job->at = left ? 1 : INT64_MAX;
    return left ? KITH_OK : txn_delete(t, t->g->schema->base.segment.type, segment, e);
}

/* Who takes back what is gone so far wants the rest to stay. */
kith_status segment_delete_not(struct txn *t, kith_id id, kith_error *e) {
    int64_t left;
    TRY(settle_left(t->g->writer, id, SETTLE_DELETE, &left, e));
    if (left == 0)
        return KITH_OK;
    TRY(settle_cancel(t->g->writer, id, 0, e));
    return segment_set(t->g->writer, id, "settling", 0, e);
}

kith_status segment_small(struct txn *t, kith_id id, kith_str name, kith_error *e) {
    int64_t n;
    TRY(member_count(t->g->writer, id, &n, e));
    if (n <= DELETE_MAX)
        return KITH_OK;
    return err_set(e, KITH_E_LIMIT, NULL,
                   "the list has %lld members, which is more than go at once: kith run "
                   "segment.delete segment='%.*s'",
                   (long long)n, (int)text_cut(name, 60).len, name.ptr);
}
