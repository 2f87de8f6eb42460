/* SPDX-License-Identifier: Apache-2.0 */
/* Rehearsal in a savepoint. */
#include "engine/bus.h"
#include "engine/engine_internal.h"

#include <string.h>

#define REHEARSE_MS 50

struct rehearsing {
    write_fn fn;
    void *arg;
    struct arena *arena;
    struct rehearsal *out;
    size_t cap;
    struct txn *txn;
};

/* What others' code does to records that the caller may not see is not shown either. */
static kith_status may_show(struct rehearsing *r, const struct journal_row *row, bool *yes,
                            kith_error *e) {
    const struct rtype *t = schema_type_by_id(r->txn->g->schema, row->type);
    *yes = r->txn->principal->all || row->source == 0;
    return *yes || !t ? KITH_OK : txn_exists(r->txn, t, row->record, yes, e);
}

static size_t readable(const struct principal *p, struct image_field *f, size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (p->all || (f[i].field && access_reads(p, f[i].field)))
            f[kept++] = f[i];
    return kept;
}

static kith_status note_effect(struct engine *g, struct rehearsing *r,
                               const struct journal_row *row, kith_error *e) {
    struct journal_row kept = *row;
    bool shown;
    TRY(may_show(r, row, &shown, e));
    r->out->others |= !shown;
    if (!shown)
        return KITH_OK;
    struct effect *items =
        arena_grow(r->arena, r->out->effects, r->out->count, &r->cap, sizeof *items);
    if (!items)
        return err_nomem(e);
    r->out->effects = items;
    struct effect *x = &items[r->out->count];
    *x = (struct effect){.kind = row->kind,
                         .type = schema_type_by_id(g->schema, row->type),
                         .id = row->record,
                         .source = {.name = "", .version = ""}};
    kept.image = arena_str(r->arena, row->image);
    if (row->source)
        TRY(journal_source(g->writer, row->source, r->arena, &x->source, e));
    if (row->kind == ROW_EVENT) {
        uint32_t topic, version;
        kith_str json;
        TRY(image_decode_event(&kept, &topic, &version, &json, e));
        TRY(journal_topic_name(g->writer, topic, r->arena, &x->topic, e));
        x->data = r->txn->principal->all ? json : (kith_str){0};
    } else {
        struct image_field *fields;
        TRY(image_decode(g->schema, &kept, r->arena, &fields, &x->field_count, e));
        x->field_count = readable(r->txn->principal, fields, x->field_count);
        x->fields = fields;
    }
    r->out->count++;
    return KITH_OK;
}

/* Follows the rows as they are written, running the reactions to each, until no row is new. */
static kith_status follow(struct engine *g, struct rehearsing *r, uint64_t seq, kith_error *e) {
    int64_t end = clock_in(REHEARSE_MS);
    while (seq < g->seq) {
        struct journal_row row;
        if (r->out->count >= REHEARSE_ROWS || (r->out->reactions && clock_ticks() > end)) {
            r->out->cut = true;
            return KITH_OK;
        }
        TRY(journal_row_read(g->writer, ++seq, r->arena, &row, e));
        TRY(note_effect(g, r, &row, e));
        TRY(bus_rehearse_row(g, &row, &r->out->reactions, e));
    }
    return KITH_OK;
}

static kith_status note_outgoing(struct engine *g, struct rehearsing *r, kith_id after,
                                 kith_error *e) {
    struct rehearsal *out = r->out;
    TRY(outbox_since(g->writer, after, r->arena, &out->outgoing, &out->outgoing_count, e));
    if (r->txn->session && r->txn->session->sends)
        *r->txn->session->sends |= out->outgoing_count > 0;
    if (out->outgoing_count == 0 || r->txn->principal->all)
        return KITH_OK;
    out->outgoing_count = 0;
    out->others = true;
    return KITH_OK;
}

static kith_status rehearse_alone(struct engine *g, struct request *q, kith_error *e) {
    struct rehearsing *r = q->alone_arg;
    struct txn t;
    uint32_t actor;
    TRY(group_begin(g, e));
    uint64_t seq = g->seq;
    kith_id sent;
    TRY(outbox_high_id(g->writer, &sent, e));
    g->rehearsing = true;
    kith_status st = txn_actor(g, q->opts->principal, &actor, e);
    if (st == KITH_OK) {
        txn_begin(&t, g, q->opts, actor);
        r->txn = &t;
        st = txn_run(&t, r->fn, r->arg, e);
    }
    if (st == KITH_OK)
        st = follow(g, r, seq, e);
    if (st == KITH_OK)
        st = note_outgoing(g, r, sent, e);
    if (st == KITH_OK && !t.principal->all) /* it would tell of rules about what is out of sight */
        r->out->reactions = 0;
    group_rollback(g);
    g->rehearsing = false;
    return st;
}

kith_status engine_rehearse(struct engine *g, const struct write_opts *o, write_fn fn, void *arg,
                            struct arena *a, struct rehearsal *out, kith_error *e) {
    struct rehearsing r = {.fn = fn, .arg = arg, .arena = a, .out = out};
    struct request q = {.opts = o, .alone = rehearse_alone, .alone_arg = &r};
    *out = (struct rehearsal){0};
    return writer_submit(g, &q, e);
}
