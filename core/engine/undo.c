/* SPDX-License-Identifier: Apache-2.0 */
/* Undo: rows of the journal are turned back, the newest first, by writes like any other, in parts
 * between which others write. Whatever was edited since is kept. */
#include "engine/bus.h"
#include "engine/engine_internal.h"
#include "journal/agent_log.h"
#include "journal/import_log.h"
#include "journal/run_log.h"

#include <stdio.h>
#include <string.h>

/* -- one row ----------------------------------------------------------------------------------- */

/* A link leads to where its record went meanwhile. */
static kith_status put_back(struct txn *t, struct change *c, const struct image_field *fields,
                            size_t count, kith_error *e) {
    for (size_t i = 0; i < count; i++) {
        const struct rfield *f = fields[i].field;
        if (!f || f->type != c->type || f->rollup)
            continue;
        c->after[f->index] = fields[i].before;
        fieldset_add(&c->changed, f->index);
        TRY(txn_follow_links(t, f, &c->after[f->index], e));
    }
    return KITH_OK;
}

/* Nothing links yet to a record that comes back. */
static void keep_empty(struct txn *t, struct change *c) {
    for (uint32_t i = 0; i < c->type->field_count; i++)
        if (c->type->fields[i]->rollup)
            c->after[i] = t->g->types[c->type->id].defaults[i];
}

struct reversal { /* of one row, as txn_undo_apply is told of it */
    struct change change;
    const struct image_field *fields;
    size_t count;
};

static kith_status reverse_row(struct txn *t, void *arg, kith_error *e) {
    struct reversal *r = arg;
    struct change *c = &r->change;
    if (c->kind == ROW_UPDATE) {
        TRY(change_before(t, c, e));
        TRY(txn_may_begin(t, c, e));
    }
    c->after = change_copy(t, c->type, c->before);
    if (!c->after)
        return err_nomem(e);
    if (!c->before)
        keep_empty(t, c);
    t->coming = c->id;
    TRY(put_back(t, c, r->fields, r->count, e));
    for (size_t i = 0; c->kind == ROW_UPDATE && i < r->count; i++)
        if (r->fields[i].field && r->fields[i].field->type == c->type)
            TRY(txn_may_set(t, r->fields[i].field, e));
    TRY(txn_may_end(t, c, e));
    return redirect_leads_back(t, c) ? KITH_OK : change_write(t, c, e);
}

static kith_status take_away(struct txn *t, void *arg, kith_error *e) {
    const struct reversal *r = arg;
    return txn_delete(t, r->change.type, r->change.id, e);
}

/* What follows the contact goes first, and comes back when something else is in the way. */
static kith_status take_whole(struct txn *t, struct reversal *r, kith_error *e) {
    const struct rtype *type = r->change.type;
    bool any = false;
    if (type == t->g->schema->base.contact.type && t->g->types[type->id].referred)
        TRY(record_referred(t->g->writer, t->g->types[type->id].referred, r->change.id, type->id,
                            &any, e));
    return any ? txn_try(t, take_away, r, e) : take_away(t, r, e);
}

static kith_status undo_row(struct txn *t, const struct undo_fields *back, uint32_t kind,
                            const struct rtype *type, kith_id id, kith_error *e) {
    struct reversal r = {{.kind = kind == ROW_DELETE ? ROW_CREATE : ROW_UPDATE,
                          .type = type,
                          .id = id,
                          .again = back->again},
                         back->fields,
                         back->count};
    if (kind == ROW_CREATE)
        return take_whole(t, &r, e);
    return kind == ROW_DELETE ? txn_come_back(t, id, reverse_row, &r, e) : reverse_row(t, &r, e);
}

/* -- many of them ------------------------------------------------------------------------------ */

#define UNDO_CHUNK    500  /* rows undone in one transaction, or a few more */
#define UNDO_MS       5    /* and for so long: others wait meanwhile */
#define REACTIONS_MS  1000 /* an undo waits for reactions that are under way, at most */
#define REPORTED_ROWS 1000 /* reversed ones that the report names */

struct undoing {
    struct engine *g;
    struct arena *arena;
    struct undo_report *report;
    kith_id target;
    bool since;   /* all that came behind row `after`, and not a target */
    bool session; /* the target is one: each of its transactions is a whole */
    bool erased;  /* of the row at hand something was */
    uint64_t after;
    bool rehearse;
    size_t cap, sent_cap;
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
    uint64_t row;        /* seq of the one that is being undone */
    struct whole *whole; /* the write with what followed from it that it is of, or NULL */
    bool went;           /* of the row at hand something went back */
    bool denied;         /* and a rule refused it */
    char note[64];
    struct undo_report before; /* the report, and its capacity, as it was before the chunk */
    size_t before_cap, before_sent_cap;
    struct parts parts;
};

static kith_status undo_apply(void *arg, uint32_t kind, const struct rtype *t, kith_id id,
                              const struct undo_fields *back, kith_error *e) {
    struct undoing *u = arg;
    kith_status st = undo_row(u->txn, back, kind, t, id, e);
    u->denied |= st == KITH_E_REFUSED;
    return st;
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

static kith_status unsend(struct undoing *u, enum outbox_by by, uint64_t what, kith_error *e) {
    TRY(outbox_take_back(u->txn, by, what, u->arena, u->report, &u->sent_cap, e));
    if (!u->txn->principal->all) {
        u->report->others |= u->report->sent_count > 0;
        u->report->sent_count = 0;
    }
    return KITH_OK;
}

/* -- a write and what followed from it ----------------------------------------------------------
 *
 * What hooks wrote because of a write belongs to it: where that stays, so does this, and where a
 * rule keeps this, so does that. Only after all of it was tried that is known: then it is tried
 * again without what stays. */

struct whole_row {
    uint64_t cause; /* seq of the row that it followed from */
    bool led;       /* others followed from it */
    bool stays;
    struct undo_item *why; /* it stays, as far as it is known */
    size_t told, cap;
};
struct whole {
    const struct tx_head *tx;
    uint64_t first; /* seq of the write; the others come behind it */
    size_t count;
    struct whole_row *rows;
    bool again; /* more stays than was known */
};

static struct whole_row *whole_row(const struct whole *w, uint64_t seq) {
    return seq >= w->first && seq - w->first < w->count ? &w->rows[seq - w->first] : NULL;
}

/* Remembers why a row stays. */
static kith_status whole_add(struct undoing *u, struct whole_row *r, const struct undo_item *item,
                             kith_error *e) {
    struct arena *a = u->txn->arena;
    struct undo_item *why = arena_grow(a, r->why, r->told, &r->cap, sizeof *why);
    if (!why)
        return err_nomem(e);
    r->why = why;
    why[r->told] = *item;
    why[r->told].field = item->field ? arena_strdup(a, item->field) : NULL;
    why[r->told++].reason = item->reason ? arena_strdup(a, item->reason) : NULL;
    return KITH_OK;
}

static kith_status whole_note(struct undoing *u, const struct undo_item *item, kith_error *e) {
    struct whole_row *r = u->whole ? whole_row(u->whole, u->row) : NULL;
    return r && !r->stays && item->outcome != UNDO_REVERSED ? whole_add(u, r, item, e) : KITH_OK;
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
    if (item->outcome == UNDO_REVERSED && !u->since)
        TRY(unsend(u, OUTBOX_BY_CAUSE, u->row, e));
    TRY(done_earlier(u, item, &earlier, &by, e));
    r->earlier += earlier;
    u->went |= earlier || item->outcome == UNDO_REVERSED;
    if (earlier)
        return KITH_OK;
    TRY(whole_note(u, item, e));
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

/* Those that it began, and the one of which it is a step: that is undone as a whole. */
static kith_status cancel_runs(struct undoing *u, const struct tx_head *tx, kith_error *e) {
    if (tx->origin == ORIGIN_WORKFLOW && !tx_on_undo(tx) && !u->since)
        TRY(flow_cancel(u->txn, tx->run, e));
    return flow_cancel_caused(u->txn, tx->first, tx->last, e);
}

/* What there is to undo, as it is in the transaction that begins with it: nothing comes between. */
static kith_status find_transactions(struct undoing *u, kith_error *e) {
    TRY(u->since ? journal_since_set(u->g->writer, u->after, u->arena, &u->txs, &u->tx_count, e)
                 : journal_undo_set(u->g->writer, u->target, u->arena, &u->txs, &u->tx_count, e));
    if (u->tx_count == 0)
        return KITH_OK;
    TRY(txn_may_undo(u->txn, u->target, u->txs, u->tx_count, e));
    u->rows = 0;
    TRY(agent_log_is(u->g->writer, u->target, &u->session, e));
    TRY(flow_cancel(u->txn, u->target, e));
    for (size_t i = 0; i < u->tx_count; i++)
        TRY(cancel_runs(u, &u->txs[i], e));
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
    bool batch = tx->run != 0 && !(u->session && tx->run == u->target);
    return seq == tx->last || (batch && tx->origin != ORIGIN_UNDO);
}

static bool is_long(const struct undoing *u, size_t rows, int64_t end) {
    return u->chunk != SIZE_MAX && rows > 0 && (rows >= u->chunk || clock_ticks() > end);
}

static bool is_erasure(const struct undoing *u, const struct tx_head *tx,
                       const struct journal_row *row) {
    const struct rtype *erasure = u->g->schema->base.erasure.type;
    return u->since && (tx->origin == ORIGIN_ERASE || row->type == erasure->id);
}

/* May the caller take back what was done to a record that is there? */
static kith_status may_take_back(struct txn *t, uint32_t kind, const struct rtype *type, kith_id id,
                                 bool *yes, kith_error *e) {
    const enum right rights[] = {RIGHT_READ, kind == ROW_CREATE ? RIGHT_DELETE : RIGHT_UPDATE};
    kith_value *values = ARENA_ARRAY(t->arena, kith_value, type->field_count);
    bool there;
    if (!values)
        return err_nomem(e);
    TRY(record_find(t->g->writer, type, id, t->arena, values, &there, e));
    *yes = true;
    for (size_t i = 0; there && *yes && i < sizeof rights / sizeof *rights; i++)
        TRY(access_may(t->g->writer, t->principal, rights[i], type, id, values, t->arena, yes, NULL,
                       e));
    return KITH_OK;
}

/* Did it follow from a write that is not the caller's to take back? That stays, and so does what
 * followed from it. */
static kith_status follows_kept(struct undoing *u, const struct journal_row *row, bool *yes,
                                kith_error *e) {
    struct journal_row from = *row;
    bool may = true;
    *yes = false;
    if (u->txn->principal->all || u->since || !row->cause)
        return KITH_OK;
    while (from.cause)
        TRY(journal_row_read(u->g->writer, from.cause, u->txn->arena, &from, e));
    const struct rtype *type = schema_type_by_id(u->g->schema, from.type);
    if (type && from.kind != ROW_EVENT)
        TRY(may_take_back(u->txn, from.kind, type, from.record, &may, e));
    *yes = !may;
    u->report->others |= *yes;
    return KITH_OK;
}

static kith_status undo_journaled(struct undoing *u, const struct tx_head *tx,
                                  const struct journal_row *row, kith_error *e) {
    struct undo_ops ops = {.arg = u, .apply = undo_apply, .report = undo_report, .all = u->since};
    struct txn *t = u->txn;
    bool asked = row->source == 0 && tx->cause == 0, stays;
    u->row = row->seq;
    u->erased = row->erased;
    u->went = u->denied = false;
    TRY(follows_kept(u, row, &stays, e));
    t->system += !asked; /* what followed from it is taken back with it */
    kith_status st = stays || is_erasure(u, tx, row)
                         ? KITH_OK
                         : journal_undo_row(u->g->writer, u->g->schema, row, t->arena, &ops, e);
    t->system -= !asked;
    return st;
}

/* Of an undo nobody knows what followed from what, and back to a moment all goes. */
static bool has_followed(const struct undoing *u, const struct tx_head *tx,
                         const struct journal_row *row) {
    return !u->since && tx->origin != ORIGIN_UNDO && row->cause >= tx->first;
}

static kith_status whole_look(struct undoing *u, const struct journal_row *row, struct whole_row *r,
                              kith_error *e) {
    struct whole *w = u->whole;
    /* What was made stays for reasons of its own, such as that something links to it. */
    bool kept = row->kind == ROW_UPDATE && u->denied && !u->went && r->told;
    /* What is gone since, or is there again, keeps nothing. */
    if (r->led && !u->went && r->told && (r->why[0].outcome == UNDO_REFUSED || r->why[0].field))
        r->stays = w->again = true;
    for (struct whole_row *up = whole_row(w, r->cause); kept && up; up = whole_row(w, up->cause)) {
        up->stays = w->again = true;
        if (up->told)
            continue;
        struct journal_row led;
        TRY(journal_row_read(u->g->writer, w->first + (uint64_t)(up - w->rows), u->txn->arena, &led,
                             e));
        struct undo_item why = r->why[0];
        why.type = schema_type_by_id(u->g->schema, led.type);
        why.record = led.record;
        why.kind = led.kind;
        why.field = NULL;
        TRY(whole_add(u, up, &why, e));
    }
    return KITH_OK;
}

static kith_status try_whole(struct txn *t, void *arg, kith_error *e) {
    struct undoing *u = arg;
    struct whole *w = u->whole;
    w->again = false;
    for (size_t i = 0; i < w->count; i++) {
        const struct whole_row *from = whole_row(w, w->rows[i].cause);
        w->rows[i].stays |= from && from->stays;
        w->rows[i].told = w->rows[i].stays ? w->rows[i].told : 0;
    }
    for (size_t i = w->count; i-- > 0;) {
        struct journal_row row;
        TRY(journal_row_read(u->g->writer, w->first + i, t->arena, &row, e));
        if (w->rows[i].stays) {
            u->row = row.seq;
            for (size_t k = 0; k < w->rows[i].told; k++) /* or it only followed from what stays */
                TRY(undo_report(u, &w->rows[i].why[k], e));
            continue;
        }
        TRY(undo_journaled(u, w->tx, &row, e));
        TRY(whole_look(u, &row, &w->rows[i], e));
    }
    return w->again ? KITH_E_CONFLICT : KITH_OK;
}

/* From its last row down to the write that all of them followed from. */
static kith_status whole_find(struct undoing *u, struct whole *w, uint64_t last, bool *own,
                              kith_error *e) {
    struct journal_row row;
    w->first = last + 1;
    do {
        TRY(journal_row_read(u->g->writer, --w->first, u->txn->arena, &row, e));
    } while (row.cause >= w->tx->first);
    *own = row.cause == 0;
    w->count = (size_t)(last - w->first + 1);
    w->rows = ARENA_ARRAY(u->txn->arena, struct whole_row, w->count);
    if (!w->rows)
        return err_nomem(e);
    for (size_t i = 0; i < w->count; i++) {
        TRY(journal_row_read(u->g->writer, w->first + i, u->txn->arena, &row, e));
        w->rows[i] = (struct whole_row){.cause = row.cause};
        struct whole_row *from = whole_row(w, row.cause);
        if (from)
            from->led = true;
    }
    return KITH_OK;
}

static kith_status undo_whole(struct undoing *u, const struct tx_head *tx, uint64_t last,
                              size_t *rows, bool *own, kith_error *e) {
    const struct undo_report report = *u->report;
    const size_t cap = u->cap, sent_cap = u->sent_cap;
    struct whole w = {.tx = tx};
    kith_status st;
    TRY(whole_find(u, &w, last, own, e));
    u->whole = &w;
    do {
        *u->report = report;
        u->cap = cap;
        u->sent_cap = sent_cap;
        st = txn_try(u->txn, try_whole, u, e);
    } while (st != KITH_OK && w.again);
    u->whole = NULL;
    *rows = w.count;
    return st;
}

/* Undoes the next rows, newest first. */
static kith_status undo_chunk(struct txn *t, void *arg, kith_error *e) {
    struct undoing *u = arg;
    u->txn = t;
    TRY(parts_begin(t, &u->parts, e));
    if (u->done == 0) {
        TRY(find_transactions(u, e));
        TRY(u->since ? run_log_end_since(u->g->writer, u->after, t->head.run, e)
                     : run_log_end(u->g->writer, u->target, e));
    }
    size_t at = u->at, n = 0;
    uint64_t seq = u->seq;
    int64_t end = clock_in(UNDO_MS);
    bool own = true; /* the row before was none that followed from another */
    *u->report = u->before;
    u->cap = u->before_cap;
    u->sent_cap = u->before_sent_cap;
    if (u->done == 0)
        TRY(u->since ? unsend(u, OUTBOX_BEHIND, u->after, e)
                     : unsend(u, OUTBOX_BY_RUN, u->target, e));
    TRY(import_log_end(u->g->writer, u->target, IMPORT_UNDONE, e)); /* it is not resumed */
    while (at < u->tx_count && !(own && is_break(u, at, seq) && is_long(u, n, end))) {
        struct journal_row row;
        TRY(journal_row_read(u->g->writer, seq, t->arena, &row, e));
        size_t rows = 1;
        own = row.cause == 0;
        if (has_followed(u, &u->txs[at], &row))
            TRY(undo_whole(u, &u->txs[at], seq, &rows, &own, e));
        else
            TRY(undo_journaled(u, &u->txs[at], &row, e));
        n += rows;
        seq -= rows - 1;
        if (seq == u->txs[at].first && !u->since)
            TRY(unsend(u, OUTBOX_BY_TX, u->txs[at].id, e));
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
        u->before_sent_cap = u->sent_cap;
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
    if (!rehearse)
        TRY(access_only_reads(p, e));
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
