/* SPDX-License-Identifier: Apache-2.0 */
/* Backtest: the way through the past. Each transaction is done again as it was; before and after
 * each of its rows the file's hooks are asked what they say to it, and behind it the file's
 * reactions run, as they would have. What they write to records of the past is noted and taken
 * back, so that the past goes on as it was; records that they make stay, for runs of workflows that
 * go on with them. */
#include "engine/backtest_internal.h"
#include "engine/bus.h"
#include "engine/flow.h"
#include "journal/flow_log.h"
#include "journal/window.h"

#include <stdlib.h>
#include <string.h>

#define GROUP_ROWS 2000
#define FOLLOW_MAX 10000 /* rows that one occasion may lead to */
#define LOOK_EVERY 100   /* timers: then it is looked whether somebody wants it to end */

/* -- whose doing it was ------------------------------------------------------------------------ */

/* "rules/score.lua: qualify" is of the file. */
static bool is_of_file(const struct backtest *b, const struct source *s) {
    size_t len = strlen(b->o->file);
    return s->kind == SOURCE_RULE && strncmp(s->name, b->o->file, len) == 0 && s->name[len] == ':';
}

/* Asked of each row, so remembered: 1 yes, 2 no. */
kith_status backtest_ours(struct backtest *b, uint32_t number, bool *yes, kith_error *e) {
    uintptr_t known = (uintptr_t)map_get_u64(&b->ours, number);
    struct source s;
    if (!known && number) {
        TRY(journal_source(b->g->writer, number, &b->g->work, &s, e));
        known = is_of_file(b, &s) ? 1 : 2;
        if (!map_put_u64(&b->ours, number, (void *)known))
            return err_nomem(e);
    }
    *yes = known == 1;
    return KITH_OK;
}

/* The id that a record had when the file made it then, if it did: what others did with it since
 * they do with this one. */
static kith_status give_id(struct past_place *p, struct txn *t, const struct rtype *type,
                           kith_id *id, kith_error *e) {
    struct backtest *b = (struct backtest *)p;
    uint64_t cause = t->cause_row ? t->cause_row : t->head.cause;
    kith_id *ids;
    size_t n = 0;
    if (cause && cause <= b->head && t->code && t->code->kind == SOURCE_RULE)
        TRY(window_made(b->g->writer, cause, type->id, t->code->name, t->arena, &ids, &n, e));
    for (size_t i = 0; i < n; i++) {
        bool there = map_get_u64(&b->lent, ids[i]) != NULL;
        if (!there)
            TRY(record_exists(b->g->writer, type, ids[i], &there, e));
        if (there)
            continue;
        *id = ids[i];
        return map_put_u64(&b->lent, *id, b) ? KITH_OK : err_nomem(e);
    }
    *id = idgen_next(&b->g->ids, t->head.at);
    return KITH_OK;
}

/* -- what followed from an occasion ------------------------------------------------------------ */

static bool is_tested(const struct backtest *b, const char *group, const char *name) {
    return group ? strcmp(group, b->o->file) == 0 : strcmp(name, "core:workflow") == 0;
}

static kith_status failed(struct backtest *b, struct occasion *o, kith_status st,
                          const kith_error *why, kith_error *e) {
    if (bus_own_failure(b->g, st) || st == KITH_E_NOMEM) {
        err_copy(e, why);
        return st;
    }
    return tell_failure(b, o, why->message, false, e);
}

static struct occasion occasion_of(struct backtest *b, const struct source *rule, uint32_t number,
                                   const struct journal_row *row) {
    return (struct occasion){.serial = ++b->occasions,
                             .rule = rule,
                             .number = number,
                             .type = schema_type_by_id(b->g->schema, row->type),
                             .id = row->record,
                             .at = clock_now(b->g->clock),
                             .seq = row->seq};
}

static kith_status note_rows(struct backtest *b, struct occasion *o, uint64_t from, kith_error *e) {
    for (uint64_t seq = from + 1; seq <= b->g->seq; seq++) {
        struct journal_row row;
        TRY(journal_row_read(b->g->writer, seq, &b->g->work, &row, e));
        TRY(tell_row(b, o, &row, e));
    }
    return KITH_OK;
}

/* Whether its rule for repeats lets it begin it says itself: then there is a run. */
static bool is_workflow(const char *name) {
    return str_starts(str_of(name), "workflow:");
}

/* One reaction of the file to a row. */
static kith_status react(struct backtest *b, struct reaction_entry *r, struct delivery *d,
                         struct txn *probe, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    uint64_t from = b->g->seq;
    bool yes, wake = !r->reaction.group; /* what it wakes tells of itself */
    TRY(delivery_wants(r, d, probe, &yes, e));
    if (!yes)
        return KITH_OK;
    struct occasion o = occasion_of(b, wake ? NULL : &r->reaction.source, r->source, d->row);
    kith_id last = b->g->ids.last;
    d->ev.attempt = 1;
    kith_status st = delivery_run(r, d, probe->arena, &why);
    if (!wake && (!is_workflow(r->reaction.name) || b->g->ids.last != last))
        TRY(tell_began(b, &o, e));
    TRY(note_rows(b, &o, from, e));
    return st == KITH_OK ? KITH_OK : failed(b, &o, st, &why, e);
}

static kith_status react_all(struct backtest *b, const struct journal_row *row, kith_error *e) {
    struct engine *g = b->g;
    const struct reaction_list *l = bus_reactions(g, row);
    struct delivery d = {.g = g, .row = row};
    struct write_opts o = {.principal = &bus_principal, .origin = ORIGIN_REACTION};
    struct txn probe;
    txn_begin(&probe, g, &o, 0);
    for (size_t i = 0; i < l->count; i++)
        if (is_tested(b, l->items[i]->reaction.group, l->items[i]->reaction.name))
            TRY(react(b, l->items[i], &d, &probe, e));
    return KITH_OK;
}

/* Reactions to what was written just now, and to what those write. */
static kith_status follow(struct backtest *b, uint64_t from, kith_error *e) {
    uint64_t seq = from;
    while (seq < b->g->seq) {
        struct journal_row row;
        if (seq - from > FOLLOW_MAX)
            return err_set(e, KITH_E_LIMIT, NULL,
                           "%s writes more than %d rows because of one: it does not come to an end",
                           b->o->file, FOLLOW_MAX);
        TRY(journal_row_read(b->g->writer, ++seq, &b->g->work, &row, e));
        TRY(react_all(b, &row, e));
    }
    return KITH_OK;
}

/* Away with what was written to records of the past; records of the file's own stay. */
static kith_status take_back(struct backtest *b, uint64_t from, kith_error *e) {
    for (uint64_t seq = b->g->seq; seq > from; seq--) {
        struct journal_row row;
        TRY(journal_row_read(b->g->writer, seq, &b->g->work, &row, e));
        if (row.kind != ROW_EVENT && !past_made(b, row.record))
            TRY(past_undo(b, &row, clock_now(b->g->clock), e));
    }
    return KITH_OK;
}

static kith_status settle_row(struct backtest *b, uint64_t from, kith_error *e) {
    TRY(follow(b, from, e));
    TRY(take_back(b, from, e));
    return tell_sent(b, e);
}

/* -- hooks ------------------------------------------------------------------------------------- */

struct hearing {
    const struct hook_entry *hook;
    struct change *change;
    uint64_t row;
    bool wanted;
};

/* A write_fn. */
static kith_status call_hook(struct txn *t, void *arg, kith_error *e) {
    struct hearing *h = arg;
    t->undoing = t->head.origin == ORIGIN_UNDO;
    TRY(hook_wants(t, &h->hook->hook, h->change, &h->wanted, e));
    if (!h->wanted)
        return KITH_OK;
    t->hook_depth++;
    t->system++;
    t->code = &h->hook->hook.source;
    t->source = h->hook->source;
    t->cause_row = h->row;
    return h->hook->hook.fn(h->hook->hook.self, t, h->change, e);
}

static kith_status run_hook(struct backtest *b, struct hearing *h, kith_error *e) {
    struct write_opts o = {.principal = &bus_principal, .origin = b->tx.origin};
    kith_error why = KITH_ERROR_INIT;
    uint64_t from = b->g->seq;
    struct txn t;
    struct journal_row row = {.type = h->change->type->id,
                              .record = h->change->id,
                              .seq = h->row ? h->row : b->past.seq + 1};
    struct occasion by = occasion_of(b, &h->hook->hook.source, h->hook->source, &row);
    txn_begin(&t, b->g, &o, b->tx.actor);
    t.head.at = b->tx.at;
    t.head.cause = b->tx.cause;
    t.head.depth = b->tx.depth;
    kith_status st = txn_run(&t, call_hook, h, &why);
    if (!h->wanted && st == KITH_OK)
        return KITH_OK;
    TRY(tell_began(b, &by, e));
    if (st == KITH_E_REFUSED)
        return tell_failure(b, &by, why.message, true, e);
    if (st != KITH_OK)
        return failed(b, &by, st, &why, e);
    if (!h->row && h->change->kind != ROW_DELETE)
        TRY(tell_set(b, &by, h->change, e));
    TRY(note_rows(b, &by, from, e));
    return settle_row(b, from, e);
}

static const struct hook_list *hooks_of(const struct backtest *b, const struct journal_row *row,
                                        bool after) {
    static const struct hook_list none;
    uint32_t type = row->type;
    if (row->kind == ROW_EVENT || type > b->g->type_max || b->tx.origin == ORIGIN_ERASE ||
        (after && b->tx.origin == ORIGIN_UNDO))
        return &none;
    return &b->g->subs->types[type].hooks[row->kind - 1][after];
}

static bool any_tested(const struct backtest *b, const struct hook_list *l) {
    for (size_t i = 0; i < l->count; i++)
        if (l->items[i]->hook.group && is_tested(b, l->items[i]->hook.group, ""))
            return true;
    return false;
}

/* Fields that one of the file's hooks set then are as they were before it: it sets them again. */
static kith_status without_own(struct backtest *b, const struct journal_row *row, struct change *c,
                               kith_error *e) {
    struct image_field *fields;
    size_t count;
    bool ours;
    if (row->kind == ROW_DELETE)
        return KITH_OK;
    TRY(image_decode(b->g->schema, row, &b->g->work, &fields, &count, e));
    for (size_t i = 0; i < count; i++) {
        const struct rfield *f = fields[i].field;
        if (!f || f->type != c->type || !fields[i].source)
            continue;
        TRY(backtest_ours(b, fields[i].source, &ours, e));
        if (!ours)
            continue;
        c->after[f->index] =
            c->before ? c->before[f->index] : b->g->types[c->type->id].defaults[f->index];
        fieldset_drop(&c->changed, f->index);
    }
    return KITH_OK;
}

/* c, as the file's before-hooks are to see it: they may set fields, which nobody will write. */
static kith_status as_asked(struct backtest *b, const struct journal_row *row, struct change *c,
                            kith_error *e) {
    struct arena *a = &b->g->work;
    kith_value *after = ARENA_ARRAY(a, kith_value, c->type->field_count);
    c->sources = ARENA_ARRAY(a, uint32_t, c->type->field_count);
    if (!after || !c->sources)
        return err_nomem(e);
    if (!c->after)
        return KITH_OK;
    memcpy(after, c->after, sizeof *after * c->type->field_count);
    c->after = after;
    return without_own(b, row, c, e);
}

/* What the file's hooks say to a row. c: what it changes. */
static kith_status hear(struct backtest *b, const struct journal_row *row, bool after,
                        struct change c, kith_error *e) {
    const struct hook_list *l = hooks_of(b, row, after);
    if (!c.type || !any_tested(b, l))
        return KITH_OK;
    if (!after)
        TRY(as_asked(b, row, &c, e));
    for (size_t i = 0; i < l->count; i++) {
        struct hearing h = {.hook = l->items[i], .change = &c, .row = after ? row->seq : 0};
        if (l->items[i]->hook.group && is_tested(b, l->items[i]->hook.group, ""))
            TRY(run_hook(b, &h, e));
    }
    return KITH_OK;
}

/* c.type NULL: no hook of the file is to hear of it. */
static kith_status what_changes(struct backtest *b, const struct journal_row *row, struct change *c,
                                kith_error *e) {
    bool there;
    *c = (struct change){.type = NULL};
    if (!any_tested(b, hooks_of(b, row, false)) && !any_tested(b, hooks_of(b, row, true)))
        return KITH_OK;
    TRY(past_change(b, row, c, &there, e));
    c->origin = b->tx.origin;
    c->type = there ? c->type : NULL;
    return KITH_OK;
}

/* -- time -------------------------------------------------------------------------------------- */

static kith_status next_due(struct backtest *b, kith_error *e) {
    if (!b->g->refresh_due)
        return KITH_OK;
    b->g->refresh_due = false;
    return timers_next_due(b->g, &b->due, e);
}

static kith_status fire(struct backtest *b, kith_error *e) {
    struct engine *g = b->g;
    const struct timer_entry *t;
    kith_error why = KITH_ERROR_INIT;
    uint64_t from = g->seq;
    kith_id last = g->ids.last;
    arena_reset(&g->work);
    clock_set(b->o->clock, b->due);
    TRY(timers_fire_one(g, &t, &why, e));
    g->refresh_due = true;
    if (!t)
        return KITH_OK;
    bool wake = !t->group; /* of a run of a workflow, which tells of itself */
    struct occasion o = {.serial = ++b->occasions,
                         .rule = wake ? NULL : &t->handler.source,
                         .number = t->source,
                         .at = clock_now(g->clock)};
    if (!wake && (!is_workflow(t->handler.name) || g->ids.last != last))
        TRY(tell_began(b, &o, e));
    TRY(note_rows(b, &o, from, e));
    if (*why.message)
        TRY(tell_failure(b, &o, why.message, false, e));
    return settle_row(b, from, e);
}

static kith_status watch(struct backtest *b, uint64_t seq, kith_error *e) {
    uint64_t back = b->head - b->first, all = back + b->last - b->first;
    return b->o->watch ? b->o->watch(b->o->arg, back + seq - b->first, all, e) : KITH_OK;
}

static kith_status fire_watched(struct backtest *b, kith_error *e) {
    if (b->occasions % LOOK_EVERY == 0)
        TRY(watch(b, b->past.seq, e));
    return fire(b, e);
}

/* Segments follow the time in groups of their own. *due: when they are to next. */
static kith_status follow_time(struct backtest *b, int64_t *due, kith_error *e) {
    int64_t was = *due;
    TRY(group_commit(b->g, e));
    if (was > clock_now(b->g->clock) && was != INT64_MAX)
        clock_set(b->o->clock, was);
    TRY(past_settle(b, e));
    TRY(group_begin(b->g, e));
    TRY(segments_next_due(b->g, due, e));
    if (*due <= was) /* it cannot be done: not before it is written to again */
        *due = INT64_MAX;
    return KITH_OK;
}

/* Up to a time: what is due is done, each at its own. */
static kith_status pass(struct backtest *b, int64_t to, kith_error *e) {
    int64_t segments;
    TRY(segments_next_due(b->g, &segments, e));
    if (segments_waiting(b->g) && segments > to) { /* of the last transaction's */
        int64_t none = INT64_MAX;
        TRY(follow_time(b, &none, e));
    }
    for (;;) {
        TRY(next_due(b, e));
        if (b->due > to && segments > to)
            break;
        if (segments <= b->due)
            TRY(follow_time(b, &segments, e));
        else
            TRY(fire_watched(b, e));
    }
    if (to > clock_now(b->g->clock))
        clock_set(b->o->clock, to);
    return KITH_OK;
}

/* -- one transaction --------------------------------------------------------------------------- */

static kith_status note_ours(struct backtest *b, const struct journal_row *row, bool *ours,
                             kith_error *e) {
    size_t at = (size_t)(row->seq - b->tx.first);
    *ours = b->tx_ours;
    if (!*ours)
        TRY(backtest_ours(b, row->source, ours, e));
    if (!*ours && row->cause >= b->tx.first && row->cause < row->seq)
        *ours = b->row_ours[row->cause - b->tx.first];
    if (at >= b->row_cap) {
        size_t cap = 2 * at + 64;
        bool *more = realloc(b->row_ours, cap * sizeof *more);
        if (!more)
            return err_nomem(e);
        b->row_ours = more;
        b->row_cap = cap;
    }
    b->row_ours[at] = *ours;
    b->out->own += *ours;
    return KITH_OK;
}

static bool may_react(const struct backtest *b, const struct journal_row *row) {
    const struct reaction_list *l = bus_reactions(b->g, row);
    for (size_t i = 0; i < l->count; i++)
        if (is_tested(b, l->items[i]->reaction.group, l->items[i]->reaction.name))
            return true;
    return false;
}

/* It is heard when its transaction is at its end. */
static kith_status hear_later(struct backtest *b, uint64_t seq, kith_error *e) {
    uint64_t *more = arena_grow(&b->heard, b->told, b->told_count, &b->told_cap, sizeof *more);
    if (!more)
        return err_nomem(e);
    b->told = more;
    b->told[b->told_count++] = seq;
    return KITH_OK;
}

static kith_status end_transaction(struct backtest *b, kith_error *e) {
    for (size_t i = 0; i < b->told_count; i++) {
        struct journal_row row;
        uint64_t from = b->g->seq;
        arena_reset(&b->g->work);
        TRY(journal_row_read(b->g->writer, b->told[i], &b->g->work, &row, e));
        TRY(react_all(b, &row, e));
        TRY(settle_row(b, from, e));
    }
    b->told = NULL;
    b->told_count = b->told_cap = 0;
    arena_reset(&b->heard);
    return KITH_OK;
}

static kith_status begin_transaction(struct backtest *b, const struct journal_row *row,
                                     kith_error *e) {
    if (b->tx.id)
        TRY(end_transaction(b, e));
    arena_reset(&b->g->work);
    TRY(journal_tx_read(b->g->writer, row->tx, &b->g->work, &b->tx, e));
    b->tx.note = (kith_str){0};
    b->tx.first = row->seq; /* the window may begin within it */
    b->out->transactions++;
    TRY(pass(b, b->tx.at, e));
    return backtest_ours(b, b->tx.actor, &b->tx_ours, e);
}

static kith_status replay_row(struct backtest *b, const struct journal_row *row, kith_error *e) {
    struct change c = {.type = NULL};
    bool ours;
    if (row->tx != b->tx.id)
        TRY(begin_transaction(b, row, e));
    arena_reset(&b->g->work);
    TRY(note_ours(b, row, &ours, e));
    if (!ours)
        TRY(what_changes(b, row, &c, e));
    TRY(hear(b, row, false, c, e));
    TRY(past_redo(b, row, e));
    b->past.seq = row->seq;
    b->out->rows++;
    TRY(hear(b, row, true, c, e));
    return !ours && may_react(b, row) ? hear_later(b, row->seq, e) : KITH_OK;
}

static kith_status replay_visit(void *arg, const struct journal_row *row, kith_error *e) {
    return replay_row(arg, row, e);
}

/* -- the whole --------------------------------------------------------------------------------- */

static kith_status replay_stretch(struct backtest *b, uint64_t from, uint64_t to, kith_error *e) {
    TRY(group_begin(b->g, e));
    kith_status st = journal_walk(b->g->writer, from, to, replay_visit, b, e);
    if (st == KITH_OK && to == b->last && b->tx.id)
        st = end_transaction(b, e);
    if (st == KITH_OK && to == b->last)
        st = pass(b, b->out->until, e);
    if (st == KITH_OK)
        return group_commit(b->g, e);
    group_rollback(b->g);
    return st;
}

static kith_status replay(struct backtest *b, kith_error *e) {
    uint64_t from = b->first;
    b->g->refresh_due = true;
    do {
        uint64_t to = b->last - from > GROUP_ROWS ? from + GROUP_ROWS : b->last;
        TRY(replay_stretch(b, from, to, e));
        TRY(past_settle(b, e));
        from = to;
        TRY(watch(b, from, e));
    } while (from < b->last);
    return KITH_OK;
}

static kith_status find_window(struct backtest *b, kith_error *e) {
    struct conn *c = b->g->writer;
    struct backtest_report *r = b->out;
    r->since = b->o->since;
    r->until = b->o->until;
    TRY(journal_start(c, &r->start, e));
    r->cut = r->start.seq && r->start.at >= r->since;
    if (r->cut)
        r->since = r->start.at;
    if (r->until <= r->since)
        return err_set(e, KITH_E_INVAL, NULL, "nothing is kept of the time before that");
    TRY(journal_row_at(c, r->since, &b->first, e));
    TRY(journal_row_at(c, r->until, &b->last, e));
    if (b->first < r->start.seq)
        b->first = r->start.seq;
    b->head = b->g->seq;
    b->last = b->last < b->first ? b->first : b->last;
    r->day_count = (size_t)((r->until - r->since) / BACKTEST_DAY + 1);
    return KITH_OK;
}

/* Only the file's timers fire, and those of its runs; nothing of it is suspended. */
static kith_status choose_subscribers(struct backtest *b, kith_error *e) {
    struct engine *g = b->g;
    for (size_t i = 0; i < g->subs->timers.count; i++) {
        const struct timer_handler *t = &g->subs->timers.items[i]->handler;
        bool tested = t->group ? is_tested(b, t->group, "") : strcmp(t->name, FLOW_TIMER) == 0;
        TRY(timers_load(g, t->name, tested, e));
    }
    for (struct group *group = g->subs->groups; group; group = group->next)
        group->paused = false;
    for (uint32_t i = 0; i < g->schema->type_count; i++) {
        const struct rtype *t = g->schema->types[i];
        const struct rtype **more = b->out->unkept;
        if (t->history != KITH_HISTORY_NONE)
            continue;
        more = arena_grow(b->arena, more, b->out->unkept_count, &b->out->unkept_cap, sizeof *more);
        if (!more)
            return err_nomem(e);
        b->out->unkept = more;
        b->out->unkept[b->out->unkept_count++] = t;
    }
    return KITH_OK;
}

static kith_status go(struct backtest *b, kith_error *e) {
    struct engine *g = b->g;
    TRY(conn_alone(g->writer, e));
    TRY(find_window(b, e));
    TRY(choose_subscribers(b, e));
    b->high = g->ids.last;
    b->past.seq = b->first;
    b->due = INT64_MAX;
    TRY(outbox_high_id(g->writer, &b->sent, e));
    clock_set(b->o->clock, b->out->since);
    TRY(past_begin(b, e));
    TRY(replay(b, e));
    return tell_end(b, e);
}

kith_status engine_backtest_begins(struct engine *g, int64_t *at, kith_error *e) {
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st = window_begins(c, at, e);
    engine_reader_done(g, c);
    return st;
}

kith_status engine_backtest(struct engine *g, const struct backtest_options *o, struct arena *a,
                            struct backtest_report *out, kith_error *e) {
    struct backtest b = {.past = {.id = give_id}, .g = g, .o = o, .arena = a, .out = out};
    *out = (struct backtest_report){0};
    atomic_store(&g->clock_behind, true); /* it is meant to be */
    g->past = &b.past;
    g->rehearsing = true; /* nobody is suspended by what is only tried */
    kith_status st = go(&b, e);
    g->past = NULL;
    map_free(&b.lent);
    map_free(&b.ours);
    map_free(&b.hits);
    free(b.row_ours);
    arena_free(&b.heard);
    return st;
}
