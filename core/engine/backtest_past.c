/* SPDX-License-Identifier: Apache-2.0 */
/* Backtest: the records as they were. A row is taken back, or done again, by its images: no hook
 * runs, nothing is checked, and the journal has it already. Links, roll-ups, segments and the index
 * of search follow as they do with any write. */
#include "engine/backtest_internal.h"
#include "engine/bus.h"
#include "engine/flow.h"
#include "journal/flow_log.h"
#include "journal/window.h"

#include <string.h>

#define GROUP_ROWS 5000

static const struct principal nobody = {.name = "backtest", .all = true};

bool past_made(const struct backtest *b, kith_id id) {
    return id > b->high || map_get_u64(&b->lent, id);
}

/* -- one row ----------------------------------------------------------------------------------- */

struct step {
    struct backtest *b;
    struct txn txn;
    struct change c;
};

static void step_begin(struct step *s, struct backtest *b, int64_t now) {
    const struct write_opts o = {.principal = &nobody, .origin = ORIGIN_SYSTEM};
    s->b = b;
    txn_begin(&s->txn, b->g, &o, 0);
    s->txn.head.at = now;
    s->txn.quiet = true;
    s->txn.system = 1;
}

static kith_status write_change(struct step *s, kith_error *e) {
    TRY(change_row(&s->txn, &s->c, e));
    return derived_follow(&s->txn, &s->c, e);
}

static kith_status take_away(struct backtest *b, const struct rtype *type, kith_id id,
                             kith_error *e) {
    struct step s = {.c = {.kind = ROW_DELETE, .type = type, .id = id}};
    kith_value *before = ARENA_ARRAY(&b->g->work, kith_value, type->field_count);
    bool there;
    if (!before)
        return err_nomem(e);
    step_begin(&s, b, clock_now(b->g->clock));
    TRY(record_find(b->g->writer, type, id, &b->g->work, before, &there, e));
    if (!there)
        return KITH_OK;
    s.c.before = before;
    change_mark(&s.c, before);
    return write_change(&s, e);
}

/* A record of the file's own that holds the value which one of the past is to have. */
static kith_status make_room(struct step *s, bool *made, kith_error *e) {
    const struct rtype *type = s->c.type;
    *made = false;
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct rfield *f = type->fields[i];
        kith_id owner = 0;
        if (!(f->flags & KITH_FF_UNIQUE) || s->c.after[i].kind == KITH_NULL)
            continue;
        TRY(record_unique_owner(s->b->g->writer, f, &s->c.after[i], s->txn.arena, &owner, e));
        if (!owner || owner == s->c.id || !past_made(s->b, owner))
            continue;
        TRY(take_away(s->b, type, owner, e));
        *made = true;
    }
    return KITH_OK;
}

static kith_status write_past(struct step *s, kith_error *e) {
    bool made;
    kith_error why = KITH_ERROR_INIT;
    kith_status st = write_change(s, &why);
    if (st == KITH_OK)
        return KITH_OK;
    if (st == KITH_E_CONFLICT && s->c.kind != ROW_DELETE) {
        TRY(make_room(s, &made, e));
        if (made)
            return write_change(s, e);
    }
    if (st == KITH_E_CONFLICT) {
        s->b->out->unfit++;
        return KITH_OK;
    }
    err_copy(e, &why);
    return st;
}

/* Puts the images of one side into c->after. */
static void put_images(struct change *c, const struct image_field *fields, size_t count,
                       bool before) {
    for (size_t i = 0; i < count; i++) {
        const struct rfield *f = fields[i].field;
        if (!f || f->type != c->type || field_derived(f))
            continue;
        c->after[f->index] = before ? fields[i].before : fields[i].after;
        fieldset_add(&c->changed, f->index);
    }
}

static void put_time(struct change *c, uint32_t field, int64_t at) {
    c->after[field] = value_time(at);
    fieldset_add(&c->changed, field);
}

/* c with the record as it is; *there false: it is not. kind: what is to be done to it. */
static kith_status read_change(struct backtest *b, const struct journal_row *row, uint32_t kind,
                               struct change *c, bool *there, kith_error *e) {
    struct engine *g = b->g;
    const struct rtype *type = schema_type_by_id(g->schema, row->type);
    bool found = false;
    *c = (struct change){.kind = kind, .type = type, .id = row->record};
    *there = false;
    if (!type || row->kind == ROW_EVENT)
        return KITH_OK;
    kith_value *before = ARENA_ARRAY(&g->work, kith_value, type->field_count);
    c->after = ARENA_ARRAY(&g->work, kith_value, type->field_count);
    if (!before || !c->after)
        return err_nomem(e);
    TRY(record_find(g->writer, type, row->record, &g->work, before, &found, e));
    *there = found != (kind == ROW_CREATE);
    if (found) {
        c->before = before;
        memcpy(c->after, before, sizeof *before * type->field_count);
    } else {
        const kith_value *defaults = g->types[type->id].defaults; /* of roll-ups: of no record */
        for (uint32_t i = 0; i < type->field_count; i++)
            if (type->fields[i]->rollup)
                c->after[i] = defaults[i];
    }
    if (kind != ROW_DELETE)
        return KITH_OK;
    c->after = NULL;
    if (found)
        change_mark(c, before);
    return KITH_OK;
}

/* A record that is made anew was made when its row says, or with its transaction. */
static void created_then(struct change *c, int64_t at) {
    if (c->after[FIELD_CREATED].kind == KITH_NULL)
        put_time(c, FIELD_CREATED, at);
}

kith_status past_undo(struct backtest *b, const struct journal_row *row, int64_t now,
                      kith_error *e) {
    static const uint32_t reverse[] = {
        [ROW_CREATE] = ROW_DELETE, [ROW_UPDATE] = ROW_UPDATE, [ROW_DELETE] = ROW_CREATE};
    struct step s;
    struct image_field *fields;
    size_t count;
    bool there;
    int64_t at;
    if (row->kind == ROW_EVENT)
        return KITH_OK;
    step_begin(&s, b, now);
    TRY(read_change(b, row, reverse[row->kind], &s.c, &there, e));
    if (!there || (row->erased && row->kind == ROW_DELETE)) {
        b->out->unfit += s.c.type && row->kind != ROW_CREATE;
        return KITH_OK;
    }
    if (s.c.kind == ROW_DELETE)
        return write_past(&s, e);
    TRY(image_decode(b->g->schema, row, s.txn.arena, &fields, &count, e));
    put_images(&s.c, fields, count, true);
    uint64_t until = row->seq <= b->head ? row->seq - 1 : b->past.seq;
    TRY(window_written(b->g->writer, row->record, until, &at, e));
    if (s.c.kind == ROW_CREATE)
        created_then(&s.c, at ? at : now);
    put_time(&s.c, FIELD_UPDATED, at ? at : s.c.after[FIELD_CREATED].as.i);
    return write_past(&s, e);
}

kith_status past_change(struct backtest *b, const struct journal_row *row, struct change *c,
                        bool *there, kith_error *e) {
    struct image_field *fields;
    size_t count;
    TRY(read_change(b, row, row->kind, c, there, e));
    if (!*there || row->kind == ROW_DELETE)
        return KITH_OK;
    *there = !row->erased || row->kind == ROW_UPDATE;
    TRY(image_decode(b->g->schema, row, &b->g->work, &fields, &count, e));
    put_images(c, fields, count, false);
    if (row->kind == ROW_CREATE)
        created_then(c, b->tx.at);
    put_time(c, FIELD_UPDATED, b->tx.at);
    return KITH_OK;
}

/* Runs that the file's workflows have about a record go with it. */
static kith_status end_runs(struct backtest *b, const struct step *s, kith_error *e) {
    const struct base_workflow_run *f = &b->g->schema->base.workflow_run;
    kith_id *ids;
    size_t n;
    TRY(record_referrers(b->g->writer, f->about, s->c.id, s->c.type->id, UINT32_MAX, s->txn.arena,
                         &ids, &n, e));
    for (size_t i = 0; i < n; i++) {
        struct step wait;
        step_begin(&wait, b, b->tx.at);
        TRY(flow_wait_drop(&wait.txn, ids[i], FLOW_ALL, e));
        TRY(take_away(b, f->type, ids[i], e));
    }
    return KITH_OK;
}

kith_status past_redo(struct backtest *b, const struct journal_row *row, kith_error *e) {
    struct step s;
    bool there;
    if (row->kind == ROW_EVENT)
        return KITH_OK;
    /* The file made it a moment ago, as it did then: from now on it is as it was. */
    if (row->kind == ROW_CREATE && map_del_u64(&b->lent, row->record)) {
        const struct rtype *type = schema_type_by_id(b->g->schema, row->type);
        if (type)
            TRY(take_away(b, type, row->record, e));
    }
    step_begin(&s, b, b->tx.at);
    TRY(past_change(b, row, &s.c, &there, e));
    if (!there) {
        b->out->unfit += s.c.type != NULL;
        return KITH_OK;
    }
    TRY(write_past(&s, e));
    return row->kind == ROW_DELETE ? end_runs(b, &s, e) : KITH_OK;
}

/* -- all of them ------------------------------------------------------------------------------- */

static kith_status undo_visit(void *arg, const struct journal_row *row, kith_error *e) {
    struct backtest *b = arg;
    arena_reset(&b->g->work);
    b->out->erased += row->erased;
    return past_undo(b, row, b->out->since, e);
}

/* Of those that began since, none has. Their type keeps no history. */
static kith_status drop_runs(struct backtest *b, kith_error *e) {
    const struct rtype *type = b->g->schema->base.workflow_run.type;
    struct arena a = {0};
    kith_id *ids = NULL;
    size_t n = 0;
    kith_status st = record_ids(b->g->writer, type, INT64_MAX, &a, &ids, &n, e);
    for (size_t i = 0; st == KITH_OK && i < n; i++)
        if (id_time(ids[i]) > b->out->since)
            st = take_away(b, type, ids[i], e);
    arena_free(&a);
    return st;
}

static kith_status in_group(struct backtest *b,
                            kith_status (*fn)(struct backtest *b, kith_error *e), kith_error *e) {
    TRY(group_begin(b->g, e));
    kith_status st = fn(b, e);
    if (st == KITH_OK)
        return group_commit(b->g, e);
    group_rollback(b->g);
    return st;
}

static kith_status clear_waits(struct backtest *b, kith_error *e) {
    TRY(timers_clear(b->g, e));
    TRY(flow_log_clear(b->g->writer, e));
    return drop_runs(b, e);
}

struct stretch {
    struct backtest *b;
    uint64_t from, to;
};

static kith_status undo_stretch(struct stretch *x, kith_error *e) {
    struct backtest *b = x->b;
    TRY(group_begin(b->g, e));
    kith_status st = window_back(b->g->writer, x->from, x->to, undo_visit, b, e);
    if (st == KITH_OK)
        return group_commit(b->g, e);
    group_rollback(b->g);
    return st;
}

kith_status past_settle(struct backtest *b, kith_error *e) {
    int64_t due = INT64_MAX;
    TRY(segments_next_due(b->g, &due, e));
    if (due <= clock_now(b->g->clock))
        segments_step(b->g);
    while (segments_waiting(b->g))
        TRY(segments_settle(b->g, e));
    return KITH_OK;
}

static kith_status clock_back(struct backtest *b, kith_error *e) {
    return segments_set_back(b->g, e);
}

kith_status past_begin(struct backtest *b, kith_error *e) {
    struct stretch x = {.b = b, .to = b->head};
    uint64_t all = b->head - b->first + b->last - b->first;
    TRY(in_group(b, clear_waits, e));
    while (x.to > b->first) {
        x.from = x.to - b->first > GROUP_ROWS ? x.to - GROUP_ROWS : b->first;
        TRY(undo_stretch(&x, e));
        x.to = x.from;
        if (b->o->watch)
            TRY(b->o->watch(b->o->arg, b->head - x.to, all, e));
    }
    TRY(in_group(b, clock_back, e));
    return past_settle(b, e);
}
