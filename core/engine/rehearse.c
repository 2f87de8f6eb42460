/* SPDX-License-Identifier: Apache-2.0 */
/* Rehearsal in a savepoint, and undo. */
#include "engine/engine_internal.h"
#include "journal/import_log.h"
#include "journal/run_log.h"

#include <stdio.h>
#include <string.h>

#define REHEARSE_ROWS 1000
#define REHEARSE_MS   50

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
    int64_t end = clock_ticks() + (int64_t)REHEARSE_MS * 1000000;
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

static kith_status rehearse_alone(struct engine *g, struct request *q, kith_error *e) {
    struct rehearsing *r = q->alone_arg;
    struct txn t;
    uint32_t actor;
    TRY(group_begin(g, e));
    uint64_t seq = g->seq;
    g->rehearsing = true;
    kith_status st = txn_actor(g, q->opts->principal, &actor, e);
    if (st == KITH_OK) {
        txn_begin(&t, g, q->opts, actor);
        r->txn = &t;
        st = txn_run(&t, r->fn, r->arg, e);
    }
    if (st == KITH_OK)
        st = follow(g, r, seq, e);
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

/* -- undo -------------------------------------------------------------------------------------- */

#define UNDO_CHUNK    500  /* rows undone in one transaction, or a few more */
#define UNDO_MS       5    /* and for so long: others wait meanwhile */
#define REACTIONS_MS  1000 /* an undo waits for reactions that are under way, at most */
#define REPORTED_ROWS 1000 /* reversed ones that the report names */

struct undoing {
    struct engine *g;
    struct arena *arena;
    struct undo_report *report;
    kith_id target;
    bool since;  /* all that came behind row `after`, and not a target */
    bool erased; /* of the row at hand something was */
    uint64_t after;
    bool rehearse;
    size_t cap;
    struct tx_head *txs;
    size_t tx_count, rows;
    /* Where it stands: the transaction, and the seq of its next row to undo; and where it will
     * stand when the chunk that runs is committed: a chunk may run twice. */
    size_t at, next_at;
    uint64_t seq, next_seq;
    size_t chunk;        /* rows at most */
    size_t done, so_far; /* rows before the chunk that runs, and with it */
    const struct undo_watch *watch;
    struct txn *txn;
    uint64_t row; /* seq of the one that is being undone */
    char note[64];
    struct undo_report before; /* the report, and its capacity, as it was before the chunk */
    size_t before_cap;
    struct parts parts;
};

static kith_status undo_apply(void *arg, uint32_t kind, const struct rtype *t, kith_id id,
                              const struct image_field *fields, size_t count, kith_error *e) {
    struct undoing *u = arg;
    return txn_undo_apply(u->txn, kind, t, id, fields, count, e);
}

/* Only records that the caller may know of are listed and counted: after it is taken back it may be
 * gone. Of what the caller wrote, that is what comes back or was just taken back. */
static bool may_tell(struct undoing *u, const struct undo_item *item) {
    bool own = !u->txn->system;
    if (u->txn->principal->all)
        return true;
    if (own && (item->outcome == UNDO_REVERSED ||
                (item->outcome == UNDO_REFUSED && item->kind == ROW_DELETE)))
        return true;
    return item->type && (own || item->kind != ROW_CREATE) &&
           txn_tells(u->txn, item->type, item->record);
}

/* A field that is closed to the caller is not named: that somebody edited it is not told. */
static bool may_name(const struct undoing *u, const struct undo_item *item) {
    const struct rfield *f = item->type && item->field
                                 ? type_field(u->g->schema, item->type, str_of(item->field))
                                 : NULL;
    return item->field && (!f || access_reads(u->txn->principal, f));
}

struct earlier {
    struct undoing *undo;
    const struct rfield *field; /* NULL: of the whole record */
    kith_id tx;                 /* that wrote it last; 0: none since */
};

static kith_status wrote_last(void *arg, const struct journal_row *row, kith_error *e) {
    struct earlier *x = arg;
    struct undoing *u = x->undo;
    struct image_field *fields;
    size_t n;
    bool has = !x->field || row->kind == ROW_DELETE;
    if (row->seq <= u->row)
        return KITH_E_LIMIT; /* ends the walk */
    if (row->kind == ROW_EVENT)
        return KITH_OK;
    TRY(image_decode(u->g->schema, row, u->txn->arena, &fields, &n, e));
    for (size_t i = 0; i < n && !has; i++)
        has = fields[i].field == x->field;
    if (!has)
        return KITH_OK;
    x->tx = row->tx;
    return KITH_E_LIMIT;
}

/* An undo that a power cut ended is given again: what it had done is no edit of somebody's. *by:
 * the transaction that wrote it, which only who may see all is told of. */
static kith_status done_earlier(struct undoing *u, const struct undo_item *item, bool *yes,
                                kith_id *by, kith_error *e) {
    struct earlier x = {.undo = u};
    struct tx_head head;
    *yes = false;
    *by = 0;
    if (item->outcome != UNDO_KEPT)
        return KITH_OK;
    if (item->type && item->field)
        x.field = type_field(u->g->schema, item->type, str_of(item->field));
    kith_status st = journal_before(u->g->writer, item->record, UINT64_MAX, wrote_last, &x, e);
    if (st != KITH_OK && st != KITH_E_LIMIT)
        return st;
    if (!x.tx)
        return KITH_OK;
    st = journal_tx_read(u->g->writer, x.tx, u->txn->arena, &head, e);
    if (st == KITH_E_NOTFOUND) /* it is this one, whose head is written at its end */
        return KITH_OK;
    TRY(st);
    *by = u->txn->principal->all ? x.tx : 0;
    *yes = head.origin == ORIGIN_UNDO && str_eqz(head.note, u->note);
    return KITH_OK;
}

static kith_status undo_report(void *arg, const struct undo_item *item, kith_error *e) {
    struct undoing *u = arg;
    struct undo_report *r = u->report;
    bool earlier;
    kith_id by;
    if (u->since && u->erased && item->outcome != UNDO_REVERSED) {
        r->erased++; /* whoever was erased since stays so, whatever moment it is */
        return KITH_OK;
    }
    if (item->outcome == UNDO_REVERSED)
        TRY(bus_cancel(u->g, u->row, e));
    TRY(done_earlier(u, item, &earlier, &by, e));
    r->earlier += earlier;
    if (earlier)
        return KITH_OK;
    bool told = may_tell(u, item);
    size_t *n = item->outcome == UNDO_REVERSED ? &r->reversed
                : item->outcome == UNDO_KEPT   ? &r->kept
                                               : &r->refused;
    r->others |= !told;
    if (!told || (++*n > REPORTED_ROWS && item->outcome == UNDO_REVERSED))
        return KITH_OK;
    struct undo_item *items = arena_grow(u->arena, r->items, r->item_count, &u->cap, sizeof *items);
    if (!items)
        return err_nomem(e);
    r->items = items;
    items[r->item_count] = *item;
    items[r->item_count].by = by;
    items[r->item_count].field = may_name(u, item) ? arena_strdup(u->arena, item->field) : NULL;
    items[r->item_count++].reason = item->reason ? arena_strdup(u->arena, item->reason) : NULL;
    return KITH_OK;
}

/* What there is to undo, as it is in the transaction that begins with it: nothing comes between. */
static kith_status find_transactions(struct undoing *u, kith_error *e) {
    TRY(u->since ? journal_since_set(u->g->writer, u->after, u->arena, &u->txs, &u->tx_count, e)
                 : journal_undo_set(u->g->writer, u->target, u->arena, &u->txs, &u->tx_count, e));
    if (u->tx_count == 0)
        return KITH_OK;
    TRY(txn_may_undo(u->txn, u->target, u->txs, u->tx_count, e));
    u->rows = 0;
    for (size_t i = 0; i < u->tx_count; i++)
        if (u->txs[i].id == u->target && u->txs[i].origin == ORIGIN_ERASE)
            return err_set(e, KITH_E_REFUSED, NULL,
                           "somebody was erased in it: what stood there is gone, and cannot be"
                           " undone");
    for (size_t i = 0; i < u->tx_count; i++)
        u->rows += (size_t)(u->txs[i].last - u->txs[i].first + 1);
    u->seq = u->txs[0].last;
    if (!u->rehearse || u->rows <= REHEARSE_ROWS)
        return KITH_OK;
    return err_set(e, KITH_E_LIMIT, NULL,
                   "an undo of %zu rows is too large to be rehearsed in place; do it on a copy",
                   u->rows);
}

/* Others may come between two transactions. Between two writes of one only where it is a batch of a
 * run, whose size means nothing: half of another would be seen. What followed from a write is
 * undone with it, or the rules of the base types would not hold. Of an undo nobody knows what
 * followed from what, and it was cut in its right places when it was done. */
static bool is_break(const struct undoing *u, size_t at, uint64_t seq) {
    const struct tx_head *tx = &u->txs[at];
    return seq == tx->last || (tx->run != 0 && tx->origin != ORIGIN_UNDO);
}

static bool is_long(const struct undoing *u, size_t rows, int64_t end) {
    return u->chunk != SIZE_MAX && rows > 0 && (rows >= u->chunk || clock_ticks() > end);
}

static bool is_erasure(const struct undoing *u, const struct tx_head *tx,
                       const struct journal_row *row) {
    const struct rtype *erasure = u->g->schema->base.erasure.type;
    return u->since && (tx->origin == ORIGIN_ERASE || row->type == erasure->id);
}

/* Undoes the next rows, newest first. */
static kith_status undo_chunk(struct txn *t, void *arg, kith_error *e) {
    struct undoing *u = arg;
    struct undo_ops ops = {.arg = u, .apply = undo_apply, .report = undo_report, .all = u->since};
    u->txn = t;
    TRY(parts_begin(t, &u->parts, e));
    if (u->done == 0) {
        TRY(find_transactions(u, e));
        TRY(run_log_end(u->g->writer, u->target, e));
    }
    size_t at = u->at, n = 0;
    uint64_t seq = u->seq;
    int64_t end = clock_ticks() + (int64_t)UNDO_MS * 1000000;
    bool own = true; /* the row before was none that followed from another */
    *u->report = u->before;
    u->cap = u->before_cap;
    TRY(import_log_end(u->g->writer, u->target, IMPORT_UNDONE, e)); /* it is not resumed */
    while (at < u->tx_count && !(own && is_break(u, at, seq) && is_long(u, n, end))) {
        struct journal_row row;
        u->row = seq;
        TRY(journal_row_read(u->g->writer, seq, t->arena, &row, e));
        bool asked = row.source == 0 && u->txs[at].cause == 0;
        u->erased = row.erased;
        t->system += !asked; /* what followed from it is taken back with it */
        kith_status st =
            is_erasure(u, &u->txs[at], &row)
                ? KITH_OK
                : journal_undo_row(u->g->writer, u->g->schema, &row, t->arena, &ops, e);
        t->system -= !asked;
        TRY(st);
        own = row.cause == 0;
        n++;
        if (seq-- == u->txs[at].first) {
            at++;
            seq = at < u->tx_count ? u->txs[at].last : 0;
        }
    }
    TRY(base_mend(t, e));
    u->next_at = at;
    u->next_seq = seq;
    u->so_far = u->done + n;
    return parts_end(t, &u->parts, 0, at < u->tx_count, e);
}

static kith_status undo_chunks(struct undoing *u, const struct principal *p, kith_error *e) {
    struct write_opts o = {.principal = p, .origin = ORIGIN_UNDO, .note = u->note};
    do {
        struct rehearsal ignored;
        kith_id tx = 0;
        u->before = *u->report;
        u->before_cap = u->cap;
        TRY(u->rehearse ? engine_rehearse(u->g, &o, undo_chunk, u, u->arena, &ignored, e)
                        : engine_write(u->g, &o, undo_chunk, u, &tx, e));
        u->at = u->next_at;
        u->seq = u->next_seq;
        u->done = u->so_far;
        parts_written(&u->parts);
        if (tx && !u->report->tx)
            u->report->tx = tx;
        u->report->run = u->parts.run;
        if (u->watch)
            TRY(u->watch->fn(u->watch->arg, u->done, u->rows, e));
    } while (u->at < u->tx_count);
    return KITH_OK;
}

static kith_status run_undo(struct undoing *u, const struct principal *p, kith_error *e) {
    char text[ID_TEXT + 1];
    id_format(u->target, text);
    if (u->since)
        snprintf(u->note, sizeof u->note, "back to row %llu", (unsigned long long)u->after);
    else
        snprintf(u->note, sizeof u->note, "undo of %s", text);
    u->parts.asked = str_of(u->note);
    u->chunk = u->rehearse ? SIZE_MAX : UNDO_CHUNK;
    kith_status st = undo_chunks(u, p, e);
    parts_done(u->g, &u->parts);
    return st;
}

kith_status engine_undo(struct engine *g, const struct principal *p, kith_id target, bool rehearse,
                        struct arena *a, struct undo_report *out, kith_error *e) {
    return engine_undo_watched(g, p, target, rehearse, NULL, a, out, e);
}

kith_status engine_undo_watched(struct engine *g, const struct principal *p, kith_id target,
                                bool rehearse, const struct undo_watch *watch, struct arena *a,
                                struct undo_report *out, kith_error *e) {
    struct undoing u = {
        .g = g, .arena = a, .report = out, .target = target, .rehearse = rehearse, .watch = watch};
    *out = (struct undo_report){0};
    /* Reactions that are just about to follow from it are taken back, too, and do not come after.
     */
    (void)engine_drain(g, REACTIONS_MS, NULL);
    return run_undo(&u, p, e);
}

kith_status engine_undo_since(struct engine *g, const struct principal *p, uint64_t seq,
                              const struct undo_watch *watch, struct arena *a,
                              struct undo_report *out, kith_error *e) {
    struct undoing u = {
        .g = g, .arena = a, .report = out, .since = true, .after = seq, .watch = watch};
    *out = (struct undo_report){0};
    return run_undo(&u, p, e);
}
