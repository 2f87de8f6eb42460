/* SPDX-License-Identifier: Apache-2.0 */
/* Access: what principals may, kept in memory as long as the store says the same, and the checks of
 * the write path. What runs inside a write (hooks, the consequences of a deletion) is the system's:
 * only what the caller asks for itself is checked. */
#include "base/text.h"
#include "engine/engine_internal.h"
#include "record/credential.h"
#include "record/lookup.h"
#include "record/pass.h"
#include "record/series.h"
#include "record/session.h"

#include <stdlib.h>
#include <string.h>

/* -- what is known ----------------------------------------------------------------------------- */

#define KNOWN_MAX 256 /* kept though nobody uses them */

/* Whoever came in keeps it until they leave, though the engine may be closed before. */
struct known_access {
    struct access *access;
    struct arena arena;
    _Atomic uint32_t users; /* the list is one of them */
    struct known_access *next;
};

static bool same_text(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_of(const struct access_of *a, const struct access_of *b) {
    return a->user == b->user && a->zone == b->zone && a->limit.read_only == b->limit.read_only &&
           same_text(a->limit.types, b->limit.types) &&
           same_text(a->limit.actions, b->limit.actions);
}

static void forget(struct known_access *k) {
    if (atomic_fetch_sub(&k->users, 1) > 1)
        return;
    arena_free(&k->arena);
    free(k);
}

/* Lets go of what is out of date, or too much. Under the lock. */
static void sweep(struct engine *g, uint64_t generation) {
    size_t kept = 0;
    for (struct known_access **at = &g->known; *at;) {
        struct known_access *k = *at;
        if (k->access->generation == generation && ++kept <= KNOWN_MAX) {
            at = &k->next;
            continue;
        }
        *at = k->next;
        forget(k);
    }
}

static const struct access *take_known(struct engine *g, const struct access_of *of,
                                       uint64_t generation) {
    const struct access *found = NULL;
    pthread_mutex_lock(&g->known_lock);
    for (struct known_access *k = g->known; k && !found; k = k->next)
        if (k->access->generation == generation && same_of(&k->access->of, of)) {
            atomic_fetch_add(&k->users, 1);
            found = k->access;
        }
    pthread_mutex_unlock(&g->known_lock);
    return found;
}

/* c NULL: by a reader. */
static kith_status read_known(struct engine *g, struct conn *c, const struct access_of *of,
                              uint64_t generation, struct known_access *k, kith_error *e) {
    struct conn *reader = NULL;
    if (!c)
        TRY(engine_reader(g, &reader, e));
    kith_status st = access_load(c ? c : reader, g->schema, of, &k->arena, &k->access, e);
    if (!c)
        engine_reader_done(g, reader);
    if (st == KITH_OK) {
        k->access->generation = generation;
        k->access->holder = k;
    }
    return st;
}

/* The generation is read before the store: what is read meanwhile is at worst newer than it says,
 * and read once more. */
static kith_status enter(struct engine *g, struct conn *c, const struct access_of *of,
                         const char *name, struct principal *out, kith_error *e) {
    uint64_t generation = atomic_load(&g->access_generation);
    const struct access *x = take_known(g, of, generation);
    if (!x) {
        struct known_access *k = calloc(1, sizeof *k);
        if (!k)
            return err_nomem(e);
        atomic_store(&k->users, 1);
        kith_status st = read_known(g, c, of, generation, k, e);
        if (st != KITH_OK) {
            forget(k);
            return st;
        }
        atomic_store(&k->users, 2);
        x = k->access;
        pthread_mutex_lock(&g->known_lock);
        k->next = g->known;
        g->known = k;
        sweep(g, generation);
        pthread_mutex_unlock(&g->known_lock);
    }
    *out = (struct principal){
        .user = of->user, .name = name ? name : x->name, .all = x->rights.admin, .access = x};
    return KITH_OK;
}

kith_status engine_enter(struct engine *g, const struct access_of *of, const char *name,
                         struct principal *out, kith_error *e) {
    return enter(g, NULL, of, name, out, e);
}

/* What this group wrote of rights holds here, and for nobody else yet. */
kith_status txn_enter(struct txn *t, const struct access_of *of, struct principal *out,
                      kith_error *e) {
    struct engine *g = t->g;
    struct access *x;
    if (!g->access_touched)
        return enter(g, g->writer, of, NULL, out, e);
    TRY(access_load(g->writer, g->schema, of, t->arena, &x, e));
    *out =
        (struct principal){.user = of->user, .name = x->name, .all = x->rights.admin, .access = x};
    return KITH_OK;
}

void engine_stay(const struct principal *p) {
    struct known_access *k = p->access ? p->access->holder : NULL;
    if (k)
        atomic_fetch_add(&k->users, 1);
}

void engine_leave(const struct principal *p) {
    if (p->access && p->access->holder)
        forget(p->access->holder);
}

void access_close(struct engine *g) {
    while (g->known) {
        struct known_access *k = g->known;
        g->known = k->next;
        forget(k);
    }
    known_tokens_close(g);
}

/* Their sessions end; tokens and passwords stay, and are worth nothing until they are let in. */
static kith_status follow_blocked(struct txn *t, const struct change *c, kith_error *e) {
    const struct rfield *f = t->g->schema->base.user.blocked;
    int64_t ended;
    if (c->type != f->type || c->kind != ROW_UPDATE || !fieldset_has(&c->changed, f->index) ||
        !c->after[f->index].as.i)
        return KITH_OK;
    if (t->caller.user == c->id)
        return err_set(e, KITH_E_REFUSED, f->name,
                       "you cannot block yourself: another administrator can");
    return session_drop_all(t->g->writer, c->id, 0, &ended, e);
}

kith_status access_follow(struct txn *t, const struct change *c, kith_error *e) {
    if (c->kind == ROW_DELETE)
        TRY(pass_forget_about(t->g->writer, c->id, e));
    if (!type_is_access(c->type))
        return KITH_OK;
    t->g->access_touched = true;
    TRY(follow_blocked(t, c, e));
    if (c->kind == ROW_DELETE && type_is_user(c->type))
        return credential_forget(t->g->writer, c->id, e);
    return KITH_OK;
}

void access_committed(struct engine *g) {
    if (g->access_touched)
        atomic_fetch_add(&g->access_generation, 1);
    access_rolled_back(g);
}

void access_rolled_back(struct engine *g) {
    g->access_touched = false;
}

/* -- in a transaction -------------------------------------------------------------------------- */

/* What was written since the caller came in, in the same group, too, holds for what it writes. */
kith_status txn_admit(struct txn *t, kith_error *e) {
    const struct access *x = t->principal->access;
    struct engine *g = t->g;
    t->caller = t->as_system = *t->principal;
    t->as_system.all = true;
    t->principal = &t->caller;
    if (!x || (x->generation == atomic_load(&g->access_generation) && !g->access_touched))
        return KITH_OK;
    struct access *now;
    TRY(access_load(g->writer, g->schema, &x->of, t->arena, &now, e));
    t->caller.access = now;
    t->caller.all = now->rights.admin;
    return KITH_OK;
}

static bool as_caller(const struct txn *t) {
    return !t->system && !t->principal->all;
}

const struct principal *txn_principal(const struct txn *t) {
    return t->system ? &t->as_system : t->principal;
}

const struct principal *txn_caller(const struct txn *t) {
    return t->principal;
}

void txn_as_system(struct txn *t, bool yes) {
    t->system += yes ? 1u : -1u;
}

kith_status access_absent(const struct rtype *t, kith_id id, kith_error *e) {
    char text[ID_TEXT + 1];
    id_format(id, text);
    return err_set(e, KITH_E_NOTFOUND, NULL, "there is no %s %s", t->name, text);
}

kith_status access_only_reads(const struct principal *p, kith_error *e) {
    if (!p->access || !p->access->of.limit.read_only)
        return KITH_OK;
    return err_set(e, KITH_E_DENIED, NULL, "%s only reads here: by a read-only token, or by --as",
                   p->name);
}

kith_status access_unlimited(const struct principal *p, kith_error *e) {
    TRY(access_only_reads(p, e));
    if (!p->access || (!p->access->of.limit.types && !p->access->of.limit.actions))
        return KITH_OK;
    return err_set(e, KITH_E_DENIED, NULL, "%s came in by a token that is limited: not by that",
                   p->name);
}

/* What whatever is a part of this type is in the end a part of; NULL: of anything. */
static const struct rtype *root_of(const struct rtype *t) {
    const struct rfield *whole;
    for (int i = 0; i < 8 && t && (whole = type_whole(t)); i++)
        t = whole->any_target ? NULL : whole->target;
    return t;
}

/* Which right on what is missing. */
static const char *missing(struct txn *t, enum right right, const struct change *c,
                           const kith_value *values) {
    const struct rfield *whole = type_whole(c->type);
    const kith_value *of = whole ? &values[whole->index] : NULL;
    if (of && of->kind != KITH_LINK)
        return arena_printf(t->arena, ": say in %s what it is part of", whole->name);
    if (of) {
        const struct rtype *root = root_of(schema_type_by_id(t->g->schema, of->as.link.type));
        return arena_printf(t->arena, ": that takes the right to update the %s that it is part of",
                            root ? root->name : "record");
    }
    if (right != RIGHT_CREATE || !t->principal->access)
        return "";
    const uint8_t reach = t->principal->access->rights.types[c->type->id].reach[RIGHT_CREATE];
    return reach ? arena_printf(t->arena,
                                ": their right to create one reaches as far as '%s', and its owner"
                                " and territory lie outside",
                                reach_text(reach))
                 : ": no role of theirs gives the right to create one";
}

static kith_status may(struct txn *t, enum right right, const struct change *c,
                       const kith_value *values, const char *remark, kith_error *e) {
    bool yes;
    TRY(access_may(t->g->writer, t->principal, right, c->type, c->id, values, t->arena, &yes, NULL,
                   e));
    if (yes)
        return KITH_OK;
    if (right != RIGHT_READ)
        TRY(access_only_reads(t->principal, e));
    const char *why = missing(t, right, c, values);
    return err_set(e, KITH_E_DENIED, NULL, "%s may not %s this %s%s%s", t->principal->name,
                   right_names[right], c->type->name, remark, why ? why : "");
}

/* A field that the caller itself sets. */
kith_status txn_may_set(struct txn *t, const struct rfield *f, kith_error *e) {
    if (!as_caller(t) || access_writes(t->principal, f))
        return KITH_OK;
    TRY(access_only_reads(t->principal, e));
    return err_set(e, KITH_E_DENIED, f->name, "%s may not write %s.%s", t->principal->name,
                   f->type->name, f->name);
}

/* Numbers that the caller itself gives lift the counter for everybody. */
kith_status txn_may_number(struct txn *t, const struct rfield *f, const kith_value *v,
                           kith_error *e) {
    bool leaps;
    if (!f->series || v->kind != KITH_TEXT || !as_caller(t))
        return KITH_OK;
    TRY(series_leaps(t->g->writer, f, v, t->arena, &leaps, e));
    return leaps ? err_set(e, KITH_E_DENIED, f->name,
                           "%s: '%.*s' has more digits than the numbers of the series, and all that"
                           " come after it would have as many: only an administrator may give it",
                           f->name, (int)v->as.s.len, v->as.s.ptr)
                 : KITH_OK;
}

static bool was_there(const struct change *c, const struct rfield *f, const kith_value *item) {
    const kith_value *before = c->before ? &c->before[f->index] : NULL;
    for (uint64_t i = 0; before && before->kind == KITH_LIST && i < before->as.list.count; i++)
        if (value_eq(&before->as.list.items[i], item))
            return true;
    return false;
}

static kith_status may_link(struct txn *t, const struct rfield *f, const kith_value *v,
                            kith_error *e) {
    bool yes;
    TRY(access_link(t->g->writer, t->principal, t->g->schema, v, t->arena, &yes, e));
    if (yes)
        return KITH_OK;
    const struct rtype *target = schema_type_by_id(t->g->schema, v->as.link.type);
    char id[ID_TEXT + 1];
    id_format(v->as.link.id, id);
    return err_set(e, KITH_E_NOTFOUND, f->name, "%s: there is no %s %s to link to", f->name,
                   target ? target->name : "record", id);
}

/* A link to what the caller may not see is a link to nothing. */
static kith_status may_link_all(struct txn *t, const struct change *c, kith_error *e) {
    for (uint32_t i = 0; i < c->type->field_count; i++) {
        const struct rfield *f = c->type->fields[i];
        const kith_value *v = &c->after[i];
        if (!fieldset_has(&c->changed, i))
            continue;
        if (v->kind == KITH_LINK)
            TRY(may_link(t, f, v, e));
        for (uint64_t k = 0;
             f->kind == KITH_F_LINKS && v->kind == KITH_LIST && k < v->as.list.count; k++)
            if (!was_there(c, f, &v->as.list.items[k]))
                TRY(may_link(t, f, &v->as.list.items[k], e));
    }
    return KITH_OK;
}

bool txn_tells(struct txn *t, const struct rtype *type, kith_id id) {
    kith_value link = value_link(id, type->id);
    bool yes;
    return t->principal->all || (access_link(t->g->writer, t->principal, t->g->schema, &link,
                                             t->arena, &yes, NULL) == KITH_OK &&
                                 yes);
}

static kith_status see_all(void *arg, const struct rtype *type, kith_error *e) {
    const struct txn *t = arg;
    if (access_rule(t->principal, type) == ACCESS_ALL)
        return KITH_OK;
    return err_set(e, KITH_E_DENIED, "query",
                   "a segment is the same for everybody, so whoever says who is in it must be "
                   "allowed to read every %s",
                   type->name);
}

/* of NULL: a whole query; else a condition on records of that type. */
static kith_status read_for(struct txn *t, const struct principal *p, const struct rtype *of,
                            kith_str text, kith_error *e) {
    struct predicate *condition;
    struct query *q;
    return of ? predicate_parse_for(&condition, t->g->schema, p, of, t->arena, text, e)
              : query_parse_for(&q, t->g->schema, p, t->arena, text, e);
}

/* Segments that the caller may not read are told of like those that do not exist. What is wrong for
 * everybody is told of elsewhere. */
static kith_status may_name(struct txn *t, const struct rfield *f, const struct rtype *of,
                            kith_str text, kith_error *e) {
    kith_error own = KITH_ERROR_INIT, all = KITH_ERROR_INIT;
    if (read_for(t, t->principal, of, text, &own) == KITH_OK)
        return KITH_OK;
    if (read_for(t, NULL, of, text, &all) != KITH_OK && str_eqz(str_of(own.message), all.message))
        return KITH_OK;
    return err_set(e, own.code, f->name, "%s: %s", f->name, own.message);
}

/* Nothing that the query asks about is closed to the caller. */
static kith_status may_ask(struct txn *t, kith_str text, kith_error *e) {
    struct query_env env;
    struct query_sql ignored;
    struct query *q;
    if (query_parse_for(&q, t->g->schema, t->principal, t->arena, text, NULL) != KITH_OK)
        return KITH_OK; /* it is refused with a better word */
    TRY(query_types(q, see_all, t, e));
    txn_env(t, &env);
    return query_sql(q, &env, NULL, (kith_str){0}, 1, t->arena, &ignored, e);
}

/* A segment holds what its query finds for whoever may see all: its members and their number would
 * tell of records and fields that are closed to whoever wrote the query, and so would what of a
 * rented list is kept. */
static kith_status may_define(struct txn *t, const struct change *c, kith_error *e) {
    const struct base_segment *segment = &t->g->schema->base.segment;
    if (c->type != segment->type)
        return KITH_OK;
    const struct rfield *query = segment->query, *keep = segment->keep;
    const kith_value *asked = &c->after[query->index], *kept = &c->after[keep->index];
    if (asked->kind != KITH_TEXT)
        return KITH_OK;
    if (fieldset_has(&c->changed, query->index)) {
        TRY(may_name(t, query, NULL, str_trim(asked->as.s), e));
        TRY(may_ask(t, asked->as.s, e));
    }
    const struct rtype *of = segment_type(t->g->schema, asked->as.s);
    if (!of || kept->kind != KITH_TEXT ||
        (!fieldset_has(&c->changed, keep->index) && !fieldset_has(&c->changed, query->index)))
        return KITH_OK;
    TRY(may_name(t, keep, of, str_trim(kept->as.s), e));
    const char *text =
        arena_printf(t->arena, "\"%s\" where %.*s", of->name, (int)kept->as.s.len, kept->as.s.ptr);
    return text ? may_ask(t, str_of(text), e) : err_nomem(e);
}

static kith_status may_save(struct txn *t, const struct change *c, kith_error *e) {
    const struct rfield *query = t->g->schema->base.saved_query.query;
    if (c->type != query->type)
        return KITH_OK;
    const kith_value *text = &c->after[query->index];
    return text->kind == KITH_TEXT && fieldset_has(&c->changed, query->index)
               ? may_name(t, query, NULL, text->as.s, e)
               : KITH_OK;
}

/* What a rented list brought goes with it, by the system: only whoever may delete a record, or has
 * just made it, says that a list brought it. */
static kith_status may_bring(struct txn *t, const struct change *c, kith_error *e) {
    const struct base_member *m = &t->g->schema->base.list_member;
    if (c->type != m->type)
        return KITH_OK;
    const struct rfield *brought = m->brought;
    const kith_value *of = &c->after[m->record->index];
    const struct rtype *type = schema_type_by_id(t->g->schema, of->as.link.type);
    if (c->after[brought->index].as.i != 1 || of->kind != KITH_LINK || !type)
        return KITH_OK;
    const kith_value *values;
    TRY(txn_lookup(t, type, of->as.link.id, &values, e));
    bool yes = !values || values[FIELD_CREATED].as.i == t->head.at;
    if (!yes)
        TRY(access_may(t->g->writer, t->principal, RIGHT_DELETE, type, of->as.link.id, values,
                       t->arena, &yes, NULL, e));
    return yes ? KITH_OK
               : err_set(e, KITH_E_DENIED, brought->name,
                         "%s may not delete this %s, which would go with the list that brought it",
                         t->principal->name, type->name);
}

/* Without a right to read it there is no such record. */
kith_status txn_may_begin(struct txn *t, const struct change *c, kith_error *e) {
    bool there;
    if (!as_caller(t))
        return KITH_OK;
    TRY(access_may(t->g->writer, t->principal, RIGHT_READ, c->type, c->id, c->before, t->arena,
                   &there, NULL, e));
    if (!there)
        return access_absent(c->type, c->id, e);
    return may(t, c->kind == ROW_UPDATE ? RIGHT_UPDATE : RIGHT_DELETE, c, c->before, "", e);
}

kith_status txn_may_stand(struct txn *t, const struct change *c, kith_error *e) {
    if (!as_caller(t))
        return KITH_OK;
    if (c->kind == ROW_CREATE)
        return may(t, RIGHT_CREATE, c, c->after, "", e);
    return may(t, RIGHT_UPDATE, c, c->after, " so that it is out of reach afterwards", e);
}

kith_status txn_may_end(struct txn *t, const struct change *c, kith_error *e) {
    if (!as_caller(t))
        return KITH_OK;
    TRY(may_link_all(t, c, e));
    TRY(may_define(t, c, e));
    TRY(may_save(t, c, e));
    TRY(may_bring(t, c, e));
    return txn_part_of_nothing(t, c) ? KITH_OK : txn_may_stand(t, c, e);
}

bool txn_part_of_nothing(const struct txn *t, const struct change *c) {
    const struct rfield *whole = type_whole(c->type);
    return whole && !(whole->flags & KITH_FF_REQUIRED) && !t->undoing && c->kind == ROW_CREATE &&
           c->after[whole->index].kind == KITH_NULL;
}

kith_status txn_may_change(struct txn *t, const struct change *c, const struct rfield *f,
                           const kith_value *v, kith_error *e) {
    TRY(txn_may_set(t, f, e));
    TRY(may(t, c->kind == ROW_CREATE ? RIGHT_CREATE : RIGHT_UPDATE, c, c->after, "", e));
    if (v->kind == KITH_LINK)
        TRY(may_link(t, f, v, e));
    for (uint64_t i = 0; f->kind == KITH_F_LINKS && v->kind == KITH_LIST && i < v->as.list.count;
         i++)
        if (!was_there(c, f, &v->as.list.items[i]))
            TRY(may_link(t, f, &v->as.list.items[i], e));
    return KITH_OK;
}

/* Nobody else's record is named by a conflict that the caller may not read. */
kith_status txn_conflict(struct txn *t, const struct change *c, kith_error *e) {
    const struct rfield *f = e ? type_field(t->g->schema, c->type, str_of(e->field)) : NULL;
    kith_id other;
    if (!f || c->after[f->index].kind == KITH_NULL)
        return KITH_E_CONFLICT;
    TRY(record_unique_owner(t->g->writer, f, &c->after[f->index], t->arena, &other, e));
    return txn_tells(t, c->type, other)
               ? KITH_E_CONFLICT
               : err_set(e, KITH_E_CONFLICT, f->name, "%s: this value is taken already", f->name);
}

bool access_may_call(const struct principal *p, const struct action *a) {
    return access_calls(p, a->name) &&
           (a->effect == EFFECT_READ || p->all || access_only_reads(p, NULL) == KITH_OK);
}

kith_status access_call(const struct txn *t, const struct principal *p, const struct action *a,
                        kith_error *e) {
    const struct principal *who = t ? txn_principal(t) : p;
    if (access_may_call(who, a))
        return KITH_OK;
    if (a->effect != EFFECT_READ)
        TRY(access_only_reads(who, e));
    return err_set(e, KITH_E_DENIED, NULL, "%s may not call %s", who->name, a->name);
}

#define ASKED_MAX 1000 /* records of one key that are looked through for those that may be read */

kith_status txn_lookup_key(struct txn *t, const struct lookup *l, const kith_value *values,
                           kith_id *ids, uint32_t max, uint32_t *found, kith_error *e) {
    kith_id all[ASKED_MAX];
    uint32_t n;
    *found = 0;
    if (!as_caller(t))
        return lookup_find(t->g->writer, l, values, t->arena, ids, max, found, e);
    for (uint32_t i = 0; i < l->count; i++)
        if (!access_reads(t->principal, l->fields[i]))
            return access_no_field(l->fields[i], e);
    TRY(lookup_find(t->g->writer, l, values, t->arena, all, ASKED_MAX, &n, e));
    for (uint32_t i = 0; i < n && *found < max; i++) {
        bool there;
        TRY(txn_exists(t, l->type, all[i], &there, e));
        if (there)
            ids[(*found)++] = all[i];
    }
    return KITH_OK;
}

kith_status txn_exists(struct txn *t, const struct rtype *type, kith_id id, bool *there,
                       kith_error *e) {
    kith_value link = value_link(id, type->id);
    if (!as_caller(t))
        return record_exists(t->g->writer, type, id, there, e);
    return access_link(t->g->writer, t->principal, t->g->schema, &link, t->arena, there, e);
}

/* Others' transactions are an administrator's to undo, and to nobody else they are there. A
 * reaction goes with what it follows from, and by itself it is nobody's. */
kith_status txn_may_undo(struct txn *t, kith_id target, const struct tx_head *txs, size_t count,
                         kith_error *e) {
    bool own = false, others = false;
    struct user_sources me;
    if (!as_caller(t))
        return KITH_OK;
    TRY(journal_user_sources(t->g->writer, t->principal->user, t->arena, &me, e));
    for (size_t i = 0; i < count; i++) {
        own |= !txs[i].cause && user_sources_has(&me, txs[i].actor);
        others |= !txs[i].cause && !user_sources_has(&me, txs[i].actor);
    }
    if (own && !others)
        return KITH_OK;
    if (!own)
        return journal_no_tx(target, e);
    char text[ID_TEXT + 1];
    id_format(target, text);
    return err_set(e, KITH_E_DENIED, NULL,
                   "%s was not written by %s alone: only an administrator may undo it", text,
                   t->principal->name);
}

/* -- what says who may do what ----------------------------------------------------------------- */

static kith_status check_role(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct rfield *f = self;
    const kith_value *v = &c->after[f->index];
    struct rights_names names = {engine_action_name, t->g, t->g->action_count};
    if (t->undoing || t->g->names_follow || v->kind != KITH_TEXT)
        return KITH_OK;
    return role_check(t->g->schema, &names, v->as.s, e);
}

/* Who can hardly be told apart by their logins are not to be two. */
static kith_status check_alike(struct txn *t, const struct change *c, const struct rfield *f,
                               kith_error *e) {
    const kith_value *v = &c->after[f->index];
    struct lookup l;
    kith_id ids[2];
    uint32_t n;
    TRY(lookup_make(&l, t->arena, c->type, &f, 1, e));
    TRY(lookup_find(t->g->writer, &l, v, t->arena, ids, 2, &n, e));
    for (uint32_t i = 0; i < n; i++) {
        kith_value *other = ARENA_ARRAY(t->arena, kith_value, c->type->field_count);
        if (ids[i] == c->id)
            continue;
        if (!other)
            return err_nomem(e);
        TRY(record_read(t->g->writer, c->type, ids[i], t->arena, other, e));
        if (!value_eq(&other[f->index], v)) /* else it is said that the value is taken */
            return err_set(e, KITH_E_CONFLICT, f->name,
                           "%s: '%.*s' differs from the login '%.*s' by case or accents only; "
                           "choose another",
                           f->name, (int)v->as.s.len, v->as.s.ptr, (int)other[f->index].as.s.len,
                           other[f->index].as.s.ptr);
    }
    return KITH_OK;
}

static kith_status check_login(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct rfield *f = self;
    const kith_value *v = &c->after[f->index];
    if (t->undoing || v->kind != KITH_TEXT)
        return KITH_OK; /* it is required: said elsewhere */
    if (!text_is_visible(v->as.s))
        return err_set(
            e, KITH_E_INVAL, f->name,
            "%s: a login is one word of characters that are seen: no blanks, controls or "
            "invisible characters",
            f->name);
    return check_alike(t, c, f, e);
}

static kith_status add_check(struct engine *g, const struct rfield *f,
                             kith_status (*fn)(void *self, struct txn *t, struct change *c,
                                               kith_error *e),
                             kith_error *e) {
    struct fieldset *fields = ARENA_NEW(&g->arena, struct fieldset);
    if (!fields)
        return err_nomem(e);
    fieldset_add(fields, f->index);
    struct hook h = {.type = f->type,
                     .on = ON_CREATE | ON_UPDATE,
                     .priority = INT32_MAX,
                     .fields = fields,
                     .fn = fn,
                     .self = (void *)(uintptr_t)f,
                     .source = {SOURCE_CORE, f->type->name, "", 0}};
    return engine_add_hook(g, &h, e);
}

kith_status access_hooks_add(struct engine *g, kith_error *e) {
    TRY(add_check(g, g->schema->base.role.rights, check_role, e));
    return add_check(g, g->schema->base.user.login, check_login, e);
}
