/* SPDX-License-Identifier: Apache-2.0 */
/* The write path: every change of a record, from whichever surface, comes through here: checked,
 * shown to the hooks, written, and journaled, all in one transaction. */
#include "engine/bus.h"
#include "engine/engine_internal.h"
#include "record/rollup.h"
#include "record/series.h"

#include <string.h>

/* -- the transaction --------------------------------------------------------------------------- */

struct engine *txn_engine(struct txn *t) {
    return t->g;
}
struct conn *txn_conn(struct txn *t) {
    return t->g->writer;
}
struct arena *txn_arena(struct txn *t) {
    return t->arena;
}
const struct source *txn_code(const struct txn *t) {
    return t->code;
}
int64_t txn_now(const struct txn *t) {
    return t->head.at;
}
uint64_t txn_last_seq(const struct txn *t) {
    return t->head.last;
}
uint64_t txn_next_seq(const struct txn *t) {
    return (t->g->past ? t->g->past->seq : t->g->seq) + 1;
}
void txn_more(struct txn *t) {
    t->more = true;
}
bool txn_rehearsing(const struct txn *t) {
    return t->g->rehearsing;
}
uint64_t txn_writes(const struct txn *t) {
    return t->g->writes;
}
void txn_day_first(struct txn *t, bool day_first) {
    t->day_first = day_first;
}

kith_id txn_id(struct txn *t) {
    if (!t->head.id)
        t->head.id = idgen_next(&t->g->ids, t->head.at);
    return t->head.id;
}

void txn_env(struct txn *t, struct query_env *env) {
    *env = engine_env(t->g, t->head.at, txn_principal(t));
}

void txn_begin(struct txn *t, struct engine *g, const struct write_opts *o, uint32_t actor) {
    *t = (struct txn){
        .g = g,
        .arena = &g->work,
        .principal = o->principal,
        .session = o->principal->session,
        .undoing = o->origin == ORIGIN_UNDO,
        .head = {.at = clock_now(g->clock),
                 .actor = actor,
                 .origin = o->origin,
                 .run = o->run,
                 .note = str_of(o->note)},
    };
    agent_enter(t);
}

/* The number of a principal, cached; the cache is emptied when a group is rolled back. A user has
 * one for each login it ever had, and nobody else gets them, though a login is given out again. */
kith_status txn_actor(struct engine *g, const struct principal *p, uint32_t *number,
                      kith_error *e) {
    char user[ID_TEXT + 1] = "";
    if (p->user)
        id_format(p->user, user);
    kith_str key = str_of(p->user ? arena_printf(&g->work, "%s %s", p->name, user) : p->name);
    if (!key.ptr)
        return err_nomem(e);
    *number = (uint32_t)(uintptr_t)map_get(&g->actors, key);
    if (*number)
        return KITH_OK;
    struct source s = {.kind = SOURCE_USER, .name = p->name, .version = user};
    TRY(journal_intern_source(g->writer, &s, number, e));
    return map_put(&g->actors, key, (void *)(uintptr_t)*number) ? KITH_OK : err_nomem(e);
}

/* What is written from then on would be committed at once, by itself: nothing is. */
kith_status txn_alive(struct engine *g, kith_error *e) {
    if (!group_lost(g))
        return KITH_OK;
    return err_set(e, KITH_E_IO, NULL,
                   "the write was lost to the disk; nothing is kept, try again");
}

static kith_status savepoint(struct engine *g, const char *sql, kith_error *e) {
    sqlite3_stmt *st;
    TRY(txn_alive(g, e));
    TRY(conn_prepare(g->writer, sql, &st, e));
    return conn_run(g->writer, st, e);
}

/* Back to a savepoint. When that fails the group is given up: it would keep what is taken back. */
static void take_back(struct engine *g, uint64_t seq, const struct chain_place *place,
                      const char *to, const char *release) {
    g->seq = seq;
    g->chain.now.at = *place;
    derived_taken_back(g);
    if (savepoint(g, to, NULL) != KITH_OK || savepoint(g, release, NULL) != KITH_OK)
        group_rollback(g);
}

/* The end of a transaction that did what it wanted. A write that failed behind its row is half a
 * write: when nobody took it back with txn_try, nothing is kept. */
static kith_status end_of(struct txn *t, kith_error *e) {
    TRY(txn_alive(t->g, e));
    if (t->spoilt)
        return err_set(
            e, KITH_E_REFUSED, NULL,
            "a write was refused half-way and the refusal was passed over; nothing is kept");
    return t->head.first ? journal_append_tx(t->g->writer, &t->g->chain, &t->head, e) : KITH_OK;
}

kith_status txn_run(struct txn *t, write_fn fn, void *arg, kith_error *e) {
    struct engine *g = t->g;
    uint64_t seq = g->seq;
    struct chain_place place = g->chain.now.at;
    TRY(id_check_clock(t->head.at, e));
    clock_check(g, t->head.at, g->ids.last);
    clock_saw(g, t->head.at);
    TRY(txn_admit(t, e));
    if (!t->alone)
        TRY(savepoint(g, "SAVEPOINT request", e));
    kith_status st = agent_check(t, e);
    if (st == KITH_OK)
        st = fn(t, arg, e);
    if (st == KITH_OK)
        st = agent_charge(t, e);
    if (st == KITH_OK)
        st = end_of(t, e);
    if (st == KITH_OK && (t->alone || (st = savepoint(g, "RELEASE request", e)) == KITH_OK))
        return KITH_OK;
    if (!t->alone) /* else the group goes as a whole */
        take_back(g, seq, &place, "ROLLBACK TO request", "RELEASE request");
    return st;
}

kith_status txn_try(struct txn *t, write_fn part, void *arg, kith_error *e) {
    struct engine *g = t->g;
    uint64_t seq = g->seq;
    struct chain_place place = g->chain.now.at;
    struct tx_head head = t->head;
    bool spoilt = t->spoilt;
    TRY(savepoint(g, "SAVEPOINT part", e));
    kith_status st = part(t, arg, e);
    if (st == KITH_OK)
        return savepoint(g, "RELEASE part", e);
    t->head = head;
    t->spoilt = spoilt;
    take_back(g, seq, &place, "ROLLBACK TO part", "RELEASE part");
    return st;
}

/* Gives the row its place and writes it. */
static kith_status append(struct txn *t, struct journal_row *row, kith_error *e) {
    if (t->quiet)
        return KITH_OK;
    TRY(txn_alive(t->g, e));
    row->seq = t->g->seq + 1;
    row->tx = txn_id(t);
    row->source = t->source;
    row->cause = t->cause_row;
    TRY(journal_append(t->g->writer, &t->g->chain, row, e));
    t->g->seq = row->seq;
    if (!t->head.first)
        t->head.first = row->seq;
    t->head.last = row->seq;
    return KITH_OK;
}

/* -- hooks ------------------------------------------------------------------------------------- */

kith_status txn_lookup(void *arg, const struct rtype *type, kith_id id, const kith_value **values,
                       kith_error *e) {
    struct txn *t = arg;
    return record_get(t->g->writer, type, id, t->arena, values, e);
}

kith_status hook_wants(struct txn *t, const struct hook *h, const struct change *c, bool *yes,
                       kith_error *e) {
    *yes = !(h->except >> c->origin & 1u) &&
           (c->kind != ROW_UPDATE || !h->fields || fieldset_meets(&c->changed, h->fields));
    if (!*yes || !h->where)
        return KITH_OK;
    struct query_env env;
    const struct match_source source = {txn_lookup, txn_ask, t};
    txn_env(t, &env);
    return predicate_match(h->where, &env, c->id, c->after ? c->after : c->before, &source, yes, e);
}

/* Before-hooks may have written to the record, or to what its roll-ups are kept from, since it was
 * read: what the next one is told of, and what follows from a change, is measured against what is
 * there. */
static kith_status look_again(struct txn *t, struct change *c, kith_error *e) {
    if (c->kind != ROW_UPDATE || c->seen == t->g->writes)
        return KITH_OK;
    TRY(change_before(t, c, e));
    for (uint32_t i = 0; i < c->type->field_count; i++)
        if (!fieldset_has(&c->changed, i))
            c->after[i] = c->before[i];
    return KITH_OK;
}

/* After-hooks, too, may have written what the record's roll-ups are kept from. */
static kith_status look_at_kept(struct txn *t, struct change *c, kith_error *e) {
    static const struct fieldset none;
    bool there;
    if (c->kind == ROW_DELETE || c->seen == t->g->writes ||
        memcmp(&c->type->kept, &none, sizeof none) == 0)
        return KITH_OK;
    kith_value *now = change_copy(t, c->type, NULL);
    if (!now)
        return err_nomem(e);
    TRY(record_find(t->g->writer, c->type, c->id, t->arena, now, &there, e));
    for (uint32_t i = 0; there && i < c->type->field_count; i++)
        if (fieldset_has(&c->type->kept, i))
            c->after[i] = now[i];
    c->seen = t->g->writes;
    return KITH_OK;
}

/* A hook that looks for what a required field should link to finds nothing: it says more that the
 * field is missing. */
static kith_status say_what_is_missing(const struct txn *t, const struct change *c, kith_error *e) {
    if (!t->undoing && c->kind != ROW_DELETE)
        TRY(record_check(c->type, c->after, c->kind == ROW_UPDATE ? &c->changed : NULL, e));
    return KITH_E_NOTFOUND;
}

/* Runs the hooks of one moment. row: seq of the row that is already written, 0 before. */
static kith_status run_hooks(struct txn *t, struct change *c, bool after, uint64_t row,
                             kith_error *e) {
    const struct hook_list *l = &t->g->subs->types[c->type->id].hooks[c->kind - 1][after];
    if (l->count == 0 || t->erasing || (after && t->undoing))
        return KITH_OK;
    if (t->hook_depth == HOOK_DEPTH_MAX)
        return err_set(
            e, KITH_E_LIMIT, NULL,
            "hooks call each other more than %d deep, last '%s' on %s; one of them must stop",
            HOOK_DEPTH_MAX, t->code ? t->code->name : l->items[0]->hook.source.name, c->type->name);
    const struct source *code = t->code, *writer = t->writer;
    uint32_t source = t->source;
    uint64_t cause = t->cause_row;
    kith_status st = KITH_OK;
    t->writer = code;
    t->hook_depth++;
    t->system++;
    for (size_t i = 0; st == KITH_OK && i < l->count; i++) {
        const struct hook_entry *h = l->items[i];
        bool wanted = false;
        st = after ? look_at_kept(t, c, e) : look_again(t, c, e);
        if (st == KITH_OK)
            st = hook_wants(t, &h->hook, c, &wanted, e);
        if (st != KITH_OK || !wanted)
            continue;
        t->code = &h->hook.source;
        t->source = h->source;
        t->cause_row = row ? row : cause;
        st = h->hook.fn(h->hook.self, t, c, e);
    }
    t->hook_depth--;
    t->system--;
    t->code = code;
    t->writer = writer;
    t->source = source;
    t->cause_row = cause;
    return st == KITH_E_NOTFOUND && !after ? say_what_is_missing(t, c, e) : st;
}

/* -- one write --------------------------------------------------------------------------------- */

/* A read-only field is written by its module's code and by nobody else. */
static kith_status may_set(struct txn *t, const struct rfield *f, kith_error *e) {
    if (f->rollup)
        return field_kept(f, e);
    bool derived = f->flags & KITH_FF_DERIVED;
    if (!derived && (!(f->flags & KITH_FF_READONLY) || t->undoing || t->erasing))
        return KITH_OK;
    if (!derived && t->code && (t->code->kind == SOURCE_CORE || t->code->kind == SOURCE_MODULE) &&
        (strcmp(t->code->name, f->module) == 0 || t->code->kind == SOURCE_CORE))
        return KITH_OK;
    return field_kept(f, e);
}

/* A number is given once; an erasure may take it away, and an undo knows what was. */
static kith_status may_renumber(const struct txn *t, const struct change *c, const struct rfield *f,
                                const kith_value *v, kith_error *e) {
    const kith_value *now = c->before ? &c->before[f->index] : NULL;
    if (!f->series || t->undoing || t->erasing || !now || now->kind != KITH_TEXT ||
        value_eq(now, v))
        return KITH_OK;
    return err_set(e, KITH_E_DENIED, f->name,
                   "%s: the %s got the number '%.*s' when it was created, and keeps it", f->name,
                   f->type->name, (int)now->as.s.len, now->as.s.ptr);
}

static kith_status set_value(struct txn *t, struct change *c, const struct rfield *f, kith_value v,
                             kith_error *e) {
    static const kith_value null = {0};
    if (f->type != c->type)
        return err_set(e, KITH_E_INVAL, f->name, "%s.%s is no field of %s", f->type->name, f->name,
                       c->type->name);
    TRY(may_set(t, f, e));
    TRY(value_check(t->g->schema, f, t->day_first, t->arena, &v, e));
    TRY(txn_follow_links(t, f, &v, e));
    if (!t->undoing)
        TRY(value_range(t->g->schema, f, &v, e));
    TRY(may_renumber(t, c, f, &v, e));
    c->after[f->index] = v;
    const kith_value *before = c->before ? &c->before[f->index] : &null;
    (value_eq(before, &v) ? fieldset_drop : fieldset_add)(&c->changed, f->index);
    return KITH_OK;
}

kith_status change_set(struct txn *t, struct change *c, const struct rfield *f, kith_value v,
                       kith_error *e) {
    if (!c->sources || !c->after)
        return err_set(e, KITH_E_INVAL, f->name,
                       "%s.%s can be changed before the write only; use update after it",
                       f->type->name, f->name);
    if (t->undoing && (!c->again || f->type != c->type || !fieldset_has(c->again, f->index)))
        return KITH_OK;
    /* The hook hands over borrowed values: what is text must live as long as the write. */
    v = value_copy(t->arena, &v);
    kith_value before = c->after[f->index];
    TRY(set_value(t, c, f, v, e));
    if (!value_eq(&before, &c->after[f->index]))
        c->sources[f->index] = t->source;
    return KITH_OK;
}

kith_status link_exists(struct conn *c, const struct schema *schema, const struct rfield *f,
                        const kith_value *v, const char *purpose, kith_error *e) {
    const struct rtype *target = schema_type_by_id(schema, v->as.link.type);
    bool there = false;
    if (target)
        TRY(record_exists(c, target, v->as.link.id, &there, e));
    if (there)
        return KITH_OK;
    char id[ID_TEXT + 1];
    id_format(v->as.link.id, id);
    const char *absent = target ? NULL : schema_type_name(schema, v->as.link.type);
    if (absent)
        return err_set(e, KITH_E_NOTFOUND, f->name,
                       "%s: the type %s is not there now%s: it is retired, or its module is not"
                       " enabled; bring it back first",
                       f->name, absent, purpose);
    return err_set(e, KITH_E_NOTFOUND, f->name, "%s: there is no %s %s%s", f->name,
                   target ? target->name : "record", id, purpose);
}

/* The records of a type that is absent are still there, and what is undone may link to them again.
 */
static kith_status links_to_absent(struct txn *t, const kith_value *v, bool *yes, kith_error *e) {
    const struct schema *s = t->g->schema;
    uint32_t type = v->as.link.type;
    struct rtype gone = {.name = schema_type_by_id(s, type) ? NULL : schema_type_name(s, type)};
    *yes = false;
    return gone.name ? record_exists(t->g->writer, &gone, v->as.link.id, yes, e) : KITH_OK;
}

static kith_status check_link(struct txn *t, const struct change *c, const struct rfield *f,
                              const kith_value *v, kith_error *e) {
    bool kept = v->as.link.type == c->type->id && v->as.link.id == c->id;
    /* to itself, perhaps of a record that is just coming back */
    if (!kept && t->undoing)
        TRY(links_to_absent(t, v, &kept, e));
    if (kept)
        return KITH_OK;
    return link_exists(t->g->writer, t->g->schema, f, v, " to link to", e);
}

/* Records that come from elsewhere begin in the state that they had there, and the core knows what
 * it makes. */
static bool may_begin_anywhere(const struct txn *t, const struct change *c) {
    return c->kind == ROW_CREATE &&
           (t->code ? t->code->kind == SOURCE_CORE : t->head.origin == ORIGIN_IMPORT);
}

/* What holds for the row as a whole, once all hooks have had their say. */
static kith_status check_row(struct txn *t, const struct change *c, kith_error *e) {
    if (!t->undoing ||
        c->kind != ROW_CREATE) /* what comes back may be older than what is required */
        TRY(record_check(c->type, c->after, c->kind == ROW_UPDATE ? &c->changed : NULL, e));
    for (uint32_t i = 0; i < c->type->field_count; i++) {
        const struct rfield *f = c->type->fields[i];
        const kith_value *v = &c->after[i];
        if (!fieldset_has(&c->changed, i))
            continue;
        if (fieldset_has(&c->type->currencies, i))
            TRY(rollup_check_currency(f, v, e));
        if (f->kind == KITH_F_STATE && !t->undoing && !may_begin_anywhere(t, c))
            TRY(state_check(f, c->before ? &c->before[i] : NULL, v, e));
        if (v->kind == KITH_LINK)
            TRY(check_link(t, c, f, v, e));
        for (uint64_t k = 0;
             f->kind == KITH_F_LINKS && v->kind == KITH_LIST && k < v->as.list.count; k++)
            TRY(check_link(t, c, f, &v->as.list.items[k], e));
    }
    return KITH_OK;
}

static kith_status journal_change(struct txn *t, const struct change *c, uint64_t *seq,
                                  kith_error *e) {
    struct buf image = {0};
    struct journal_row row = {.kind = c->kind, .type = c->type->id, .record = c->id};
    *seq = t->cause_row;
    if (c->type->history == KITH_HISTORY_NONE)
        return KITH_OK;
    struct fieldset fields = c->changed;
    fieldset_remove(&fields, &c->type->kept); /* they follow from what is journaled */
    fieldset_remove(&fields, &c->type->derived);
    fieldset_drop(&fields, FIELD_UPDATED);
    if (c->kind == ROW_CREATE && c->after[FIELD_CREATED].as.i == t->head.at)
        fieldset_drop(&fields, FIELD_CREATED); /* the transaction's time */
    image_encode(&image, c->type, c->before, c->after, &fields, c->sources);
    row.image = buf_view(&image);
    kith_status st = image.failed ? err_nomem(e) : append(t, &row, e);
    buf_free(&image);
    *seq = row.seq;
    return st;
}

static bool nothing_changed(const struct change *c) {
    for (size_t i = 0; i < sizeof c->changed.bits / sizeof *c->changed.bits; i++)
        if (c->changed.bits[i])
            return false;
    return true;
}

/* Hooks, which may ask for what belongs to the new state, are not bothered with a move that there
 * is not. What they make of it is checked with the row. */
static kith_status check_moves(const struct txn *t, const struct change *c, kith_error *e) {
    for (uint32_t i = 0; c->kind == ROW_UPDATE && !t->undoing && i < c->type->field_count; i++) {
        const struct rfield *f = c->type->fields[i];
        if (f->kind == KITH_F_STATE && fieldset_has(&c->changed, i))
            TRY(state_check(f, &c->before[i], &c->after[i], e));
    }
    return KITH_OK;
}

/* The steps that all writes share, once c holds what the caller wants. */
kith_status change_begin(struct txn *t, struct change *c, kith_error *e) {
    TRY(txn_alive(t->g, e));
    c->origin = t->merging ? ORIGIN_MERGE : t->head.origin;
    c->sources = ARENA_ARRAY(t->arena, uint32_t, c->type->field_count);
    if (!c->sources)
        return err_nomem(e);
    TRY(check_moves(t, c, e));
    return run_hooks(t, c, false, 0, e);
}

kith_value *change_copy(struct txn *t, const struct rtype *type, const kith_value *from) {
    kith_value *values = ARENA_ARRAY(t->arena, kith_value, type->field_count);
    if (values && from)
        memcpy(values, from, sizeof *values * type->field_count);
    return values;
}

/* One that was merged into another is changed there, and deleted nowhere. */
static kith_status read_kept(struct txn *t, struct change *c, kith_value *before, kith_error *e) {
    kith_id kept = c->id;
    TRY(txn_follow(t, c->type, &kept, e));
    if (kept == c->id)
        return KITH_E_NOTFOUND;
    if (c->kind == ROW_DELETE)
        return txn_merged_away(c->type, c->id, kept, e);
    c->id = kept;
    return record_read(t->g->writer, c->type, kept, t->arena, before, e);
}

kith_status change_before(struct txn *t, struct change *c, kith_error *e) {
    kith_value *before = change_copy(t, c->type, NULL);
    if (!before)
        return err_nomem(e);
    kith_status st = record_read(t->g->writer, c->type, c->id, t->arena, before, e);
    TRY(st == KITH_E_NOTFOUND && !t->undoing ? read_kept(t, c, before, e) : st);
    c->before = before;
    c->seen = t->g->writes;
    return KITH_OK;
}

/* What follows from a write is caused by it. */
static kith_status follow_write(struct txn *t, struct change *c, uint64_t seq, kith_error *e) {
    uint64_t cause = t->cause_row;
    c->seen = t->g->writes + 1; /* this one */
    t->cause_row = seq;
    kith_status st = derived_follow(t, c, e);
    t->cause_row = cause;
    return st;
}

kith_status change_row(struct txn *t, const struct change *c, kith_error *e) {
    struct conn *w = t->g->writer;
    if (c->kind == ROW_CREATE && fieldset_meets(&c->changed, &c->type->currencies))
        rollup_begin(c);
    return c->kind == ROW_CREATE ? record_insert(w, c->type, c->id, t->arena, c->after, e)
           : c->kind == ROW_UPDATE
               ? record_update(w, c->type, c->id, t->arena, c->after, &c->changed, e)
               : record_delete(w, c->type, c->id, e);
}

/* -- numbers ----------------------------------------------------------------------------------- */

/* As late as can be: whoever passes over a refusal, as of a hook, leaves no gap. */
static kith_status take_numbers(struct txn *t, struct change *c, struct fieldset *taken,
                                kith_error *e) {
    for (uint32_t i = 0; i < c->type->field_count; i++) {
        const struct rfield *f = c->type->fields[i];
        if (!f->series || c->after[i].kind != KITH_NULL)
            continue;
        TRY(series_take(t->g->writer, f, t->head.at, t->arena, &c->after[i], e));
        fieldset_add(&c->changed, i);
        fieldset_add(taken, i);
    }
    return KITH_OK;
}

static void return_numbers(struct txn *t, struct change *c, const struct fieldset *taken) {
    for (uint32_t i = 0; i < c->type->field_count; i++) {
        if (!fieldset_has(taken, i))
            continue;
        c->after[i] = value_null();
        t->spoilt |= series_return(t->g->writer, c->type->fields[i], t->head.at, NULL) != KITH_OK;
    }
}

/* Those that somebody gave. */
static kith_status pass_numbers(struct txn *t, const struct change *c, const struct fieldset *taken,
                                kith_error *e) {
    for (uint32_t i = 0; i < c->type->field_count; i++)
        if (c->type->fields[i]->series && c->after[i].kind == KITH_TEXT &&
            fieldset_has(&c->changed, i) && !fieldset_has(taken, i))
            TRY(series_given(t->g->writer, c->type->fields[i], &c->after[i], t->arena, e));
    return KITH_OK;
}

/* Checks the row and writes it. */
static kith_status write_row(struct txn *t, struct change *c, kith_error *e) {
    struct fieldset taken = {{0}};
    bool numbered = c->type->numbered && c->kind != ROW_DELETE && !t->undoing;
    kith_status st = KITH_OK;
    if (numbered && c->kind == ROW_CREATE)
        st = take_numbers(t, c, &taken, e);
    if (st == KITH_OK && c->kind != ROW_DELETE)
        st = check_row(t, c, e);
    if (st == KITH_OK)
        st = change_row(t, c, e);
    if (st == KITH_OK) {
        st = numbered ? pass_numbers(t, c, &taken, e) : KITH_OK;
        t->spoilt |= st != KITH_OK;
        return st;
    }
    if (st == KITH_E_CONFLICT && c->kind != ROW_DELETE)
        st = txn_conflict(t, c, e);
    return_numbers(t, c, &taken);
    return st;
}

kith_status change_finish(struct txn *t, struct change *c, kith_error *e) {
    uint64_t seq;
    if (c->kind == ROW_UPDATE && nothing_changed(c))
        return KITH_OK;
    TRY(look_again(t, c, e));
    if (c->kind != ROW_DELETE) {
        c->after[FIELD_UPDATED] = value_time(t->head.at);
        fieldset_add(&c->changed, FIELD_UPDATED);
    }
    TRY(write_row(t, c, e));
    kith_status st = journal_change(t, c, &seq, e);
    c->sources = NULL; /* from now on change_set refuses */
    t->system++;       /* what follows from it is not asked for */
    if (st == KITH_OK)
        st = follow_write(t, c, seq, e);
    if (st == KITH_OK)
        st = run_hooks(t, c, true, seq, e);
    if (st == KITH_OK && t->undoing)
        st = base_undone(t, c, e);
    t->system--;
    t->spoilt |= st != KITH_OK;
    return st;
}

kith_status change_write(struct txn *t, struct change *c, kith_error *e) {
    TRY(change_begin(t, c, e));
    return change_finish(t, c, e);
}

static kith_status set_all(struct txn *t, struct change *c, const struct assign *set, size_t count,
                           kith_error *e) {
    for (size_t i = 0; i < count; i++)
        TRY(set_value(t, c, set[i].field, set[i].value, e));
    for (size_t i = 0; i < count; i++) {
        TRY(txn_may_set(t, set[i].field, e));
        TRY(txn_may_number(t, set[i].field, &c->after[set[i].field->index], e));
    }
    return KITH_OK;
}

void change_mark(struct change *c, const kith_value *values) {
    for (uint32_t i = 0; i < c->type->field_count; i++)
        if (values[i].kind != KITH_NULL)
            fieldset_add(&c->changed, i);
}

/* What somebody who signed in creates is theirs, unless they say whose it is. */
static void own_it(struct txn *t, struct change *c, const struct assign *set, size_t count) {
    const struct principal *p = t->principal;
    for (size_t i = 0; i < count; i++)
        if (set[i].field->type == c->type && set[i].field->index == FIELD_OWNER)
            return;
    if (!p->user || t->system || type_whole(c->type) || type_is_access(c->type))
        return;
    c->owned = true;
    c->after[FIELD_OWNER] = value_link(p->user, c->type->fields[FIELD_OWNER]->target->id);
}

/* What a part is part of says who may write it: where a hook says or changes that, it is judged
 * behind the hooks, by what is stored in the end. */
static kith_status write_part(struct txn *t, struct change *c, kith_error *e) {
    const struct rfield *whole = type_whole(c->type);
    const kith_value said = whole ? c->after[whole->index] : value_null();
    const bool later = txn_part_of_nothing(t, c);
    TRY(txn_may_end(t, c, e));
    if (c->kind == ROW_UPDATE && nothing_changed(c))
        return KITH_OK;
    TRY(change_begin(t, c, e));
    if (whole && (later || !value_eq(&said, &c->after[whole->index])))
        TRY(txn_may_stand(t, c, e));
    return change_finish(t, c, e);
}

static kith_status write_asked(struct txn *t, struct change *c, kith_error *e) {
    kith_status st = write_part(t, c, e);
    t->refused |= st != KITH_OK;
    return st;
}

kith_status txn_create_as(struct txn *t, const struct rtype *type, kith_id id,
                          const struct assign *set, size_t count, kith_error *e) {
    struct change c = {.kind = ROW_CREATE, .type = type, .id = id};
    c.after = change_copy(t, type, t->g->types[type->id].defaults);
    if (!c.after)
        return err_nomem(e);
    c.after[FIELD_CREATED] = value_time(t->head.at);
    own_it(t, &c, set, count);
    change_mark(&c, c.after);
    TRY(set_all(t, &c, set, count, e));
    return write_asked(t, &c, e);
}

kith_status txn_create(struct txn *t, const struct rtype *type, const struct assign *set,
                       size_t count, kith_id *id, kith_error *e) {
    kith_id own = 0;
    if (t->g->past)
        TRY(t->g->past->id(t->g->past, t, type, &own, e));
    else
        own = idgen_next(&t->g->ids, t->head.at);
    TRY(txn_create_as(t, type, own, set, count, e));
    if (id)
        *id = own;
    return KITH_OK;
}

kith_status txn_update(struct txn *t, const struct rtype *type, kith_id id,
                       const struct assign *set, size_t count, kith_error *e) {
    struct change c = {.kind = ROW_UPDATE, .type = type, .id = id};
    TRY(change_before(t, &c, e));
    TRY(txn_may_begin(t, &c, e));
    c.after = change_copy(t, type, c.before);
    if (!c.after)
        return err_nomem(e);
    TRY(set_all(t, &c, set, count, e));
    return write_asked(t, &c, e);
}

kith_status txn_get(struct txn *t, const struct rtype *type, kith_id id, const kith_value **values,
                    kith_error *e) {
    kith_value *out = change_copy(t, type, NULL);
    if (!out)
        return err_nomem(e);
    bool there;
    TRY(access_find(t->g->writer, txn_principal(t), type, id, t->arena, out, &there, e));
    if (!there)
        return access_absent(type, id, e);
    if (!t->system && reads_noted(t->g, t->principal, type))
        TRY(reads_note(t->g, t->principal, type, &id, 1, e));
    *values = out;
    return KITH_OK;
}

/* -- events ------------------------------------------------------------------------------------ */

kith_status txn_publish(struct txn *t, const char *topic, const struct rtype *type, kith_id subject,
                        kith_str json, kith_error *e) {
    const struct topic_entry *known = topic_named(t->g, str_of(topic));
    struct buf image = {0};
    struct journal_row row = {.kind = ROW_EVENT, .type = type ? type->id : 0, .record = subject};
    if (!known)
        return err_set(e, KITH_E_NOTFOUND, NULL, "topic '%s' is declared by no enabled module",
                       topic);
    image_encode_event(&image, known->number, known->schema, json);
    row.image = buf_view(&image);
    kith_status st = image.failed ? err_nomem(e) : append(t, &row, e);
    buf_free(&image);
    return st;
}
