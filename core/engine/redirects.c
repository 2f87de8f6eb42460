/* SPDX-License-Identifier: Apache-2.0 */
/* Redirects: the id of a record that was merged into another leads to that one, wherever an id is
 * given: to be read, changed or linked to. Only ids that lead nowhere are looked up. */
#include "engine/engine_internal.h"
#include "record/redirect.h"

#include <string.h>

/* -- a record that was erased ------------------------------------------------------------------ */

/* Says so instead of that there is none, to whoever may read about erasures. Nothing is told of the
 * person. Gives KITH_E_NOTFOUND. */
static kith_status say_erased(struct engine *g, struct conn *c, const struct principal *p,
                              const struct rtype *type, kith_id id, struct arena *a,
                              kith_error *e) {
    const struct base_erasure *b = &g->schema->base.erasure;
    char text[ID_TEXT + 1], request[ID_TEXT + 1];
    kith_value *values = b->type ? ARENA_ARRAY(a, kith_value, b->type->field_count) : NULL;
    kith_id found = 0;
    id_format(id, text);
    kith_value v = value_str(str_of(text));
    if (!values || access_rule(p, b->type) != ACCESS_ALL ||
        record_unique_owner(c, b->record, &v, a, &found, NULL) != KITH_OK || !found ||
        record_read(c, b->type, found, a, values, NULL) != KITH_OK ||
        !str_eqz(values[b->record_type->index].as.s, type->name))
        return KITH_E_NOTFOUND;
    struct civil day = zone_local(engine_zone(g), values[FIELD_CREATED].as.i);
    id_format(found, request);
    return err_set(e, KITH_E_NOTFOUND, NULL,
                   "%s %s was erased on %04d-%02d-%02d: 'kith get erasure %s' tells why",
                   type->name, text, day.year, day.month, day.day, request);
}

/* -- a record that was merged ------------------------------------------------------------------ */

/* Whoever may not read the kept record is told of nothing. */
static kith_status follow(struct conn *c, const struct principal *p, const struct rtype *type,
                          kith_id *id, struct arena *a, kith_error *e) {
    kith_value link = value_link(0, type->id);
    bool there;
    TRY(record_exists(c, type, *id, &there, e));
    if (there)
        return KITH_OK;
    TRY(redirect_find(c, type, *id, a, &link.as.link.id, e));
    if (!link.as.link.id)
        return KITH_OK;
    TRY(access_link(c, p, type->schema, &link, a, &there, e));
    *id = there ? link.as.link.id : *id;
    return KITH_OK;
}

kith_status txn_follow(struct txn *t, const struct rtype *type, kith_id *id, kith_error *e) {
    return follow(t->g->writer, txn_principal(t), type, id, t->arena, e);
}

kith_status txn_former_key(struct txn *t, const struct lookup *l, const kith_value *values,
                           kith_id *id, kith_error *e) {
    bool there = true;
    *id = 0;
    if (l->count != 1)
        return KITH_OK;
    TRY(redirect_find_key(t->g->writer, l->fields[0], values, t->arena, id, e));
    if (*id)
        TRY(txn_exists(t, l->type, *id, &there, e));
    *id = there ? *id : 0;
    return KITH_OK;
}

kith_status engine_follow(struct engine *g, const struct principal *p, const struct rtype *type,
                          kith_id *id, struct arena *a, kith_error *e) {
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st = follow(c, p, type, id, a, e);
    engine_reader_done(g, c);
    return st;
}

kith_status txn_read(struct txn *t, const struct rtype *type, kith_id *id,
                     const kith_value **values, kith_error *e) {
    kith_id now = *id;
    kith_status st = txn_get(t, type, now, values, e);
    if (st != KITH_E_NOTFOUND)
        return st;
    TRY(txn_follow(t, type, &now, e));
    if (now == *id)
        return say_erased(t->g, t->g->writer, txn_principal(t), type, now, t->arena, e);
    *id = now;
    return txn_get(t, type, now, values, e);
}

kith_status engine_read(struct engine *g, const struct principal *p, const struct rtype *type,
                        kith_id *id, struct arena *a, kith_value **values, kith_error *e) {
    kith_id now = *id;
    kith_status st = engine_get(g, p, type, now, a, values, e);
    if (st != KITH_E_NOTFOUND)
        return st;
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status found = follow(c, p, type, &now, a, e);
    if (found == KITH_OK && now == *id)
        found = say_erased(g, c, p, type, now, a, e);
    engine_reader_done(g, c);
    if (found != KITH_OK)
        return found;
    *id = now;
    return engine_get(g, p, type, now, a, values, e);
}

/* -- links in values --------------------------------------------------------------------------- */

static kith_status follow_one(struct txn *t, kith_value *v, kith_error *e) {
    const struct rtype *type = schema_type_by_id(t->g->schema, v->as.link.type);
    if (v->kind == KITH_LINK && v->as.link.id == t->coming)
        return KITH_OK; /* to itself: it is about to be there */
    return v->kind == KITH_LINK && type ? txn_follow(t, type, &v->as.link.id, e) : KITH_OK;
}

kith_status txn_follow_links(struct txn *t, const struct rfield *f, kith_value *v, kith_error *e) {
    if (v->kind == KITH_LINK)
        return follow_one(t, v, e);
    if (f->kind != KITH_F_LINKS || v->kind != KITH_LIST)
        return KITH_OK;
    kith_value *items = ARENA_ARRAY(t->arena, kith_value, v->as.list.count + 1);
    bool other = false;
    if (!items)
        return err_nomem(e);
    for (uint64_t i = 0; i < v->as.list.count; i++) {
        items[i] = v->as.list.items[i];
        TRY(follow_one(t, &items[i], e));
        other |= items[i].as.link.id != v->as.list.items[i].as.link.id;
    }
    if (!other)
        return KITH_OK;
    v->as.list.items = items;
    return value_check(t->g->schema, f, false, t->arena, v, e); /* in order, and none twice */
}

/* -- back again -------------------------------------------------------------------------------- */

/* A record that comes back has no redirect: that would lead astray once the record is gone for
 * good, and be in the way of the next merge. The undo of the merge takes it away, unless it has
 * moved on with the kept record since, or is just gone with that. */

static kith_status find(struct txn *t, kith_id gone, kith_id *redirect, kith_error *e) {
    char text[ID_TEXT + 1];
    id_format(gone, text);
    return redirect_of(t->g->writer, t->g->schema, text, t->arena, redirect, e);
}

kith_status redirect_leads_on(struct txn *t, kith_id gone, bool *yes, kith_error *e) {
    kith_id redirect;
    TRY(find(t, gone, &redirect, e));
    *yes = redirect != 0;
    return KITH_OK;
}

kith_status redirect_drop(struct txn *t, kith_id gone, kith_error *e) {
    kith_id redirect;
    TRY(find(t, gone, &redirect, e));
    t->system++;
    kith_status st = txn_delete(t, t->g->schema->base.redirect.type, redirect, e);
    t->system--;
    return st;
}

struct coming_back {
    kith_id id;
    write_fn reverse;
    void *arg;
};

/* The redirect goes first, so that it comes last when this is undone. */
static kith_status drop_first(struct txn *t, void *arg, kith_error *e) {
    const struct coming_back *b = arg;
    TRY(redirect_drop(t, b->id, e));
    return b->reverse(t, b->arg, e);
}

kith_status txn_come_back(struct txn *t, kith_id id, write_fn reverse, void *arg, kith_error *e) {
    struct coming_back b = {id, reverse, arg};
    bool led_on;
    TRY(redirect_leads_on(t, id, &led_on, e));
    return led_on ? txn_try(t, drop_first, &b, e) : reverse(t, arg, e);
}

bool redirect_leads_back(struct txn *t, const struct change *c) {
    const struct base_redirect *r = &t->g->schema->base.redirect;
    if (c->type != r->type || c->kind != ROW_CREATE)
        return false;
    const kith_value *gone = &c->after[r->gone->index], *kept = &c->after[r->kept->index];
    const struct rtype *type = schema_type_by_id(t->g->schema, kept->as.link.type);
    kith_id id;
    bool there = false;
    return type && gone->kind == KITH_TEXT && id_parse(gone->as.s, &id) &&
           record_exists(t->g->writer, type, id, &there, NULL) == KITH_OK && there;
}

/* -- mending ----------------------------------------------------------------------------------- */

struct astray {
    struct arena *arena;
    struct id_list ids;
};

static kith_status note_astray(void *arg, kith_id redirect, const char *why, kith_error *e) {
    struct astray *a = arg;
    (void)why;
    return id_list_add(&a->ids, a->arena, redirect, e);
}

kith_status redirects_mend(struct txn *t, void *arg, kith_error *e) {
    struct astray a = {.arena = t->arena};
    (void)arg;
    TRY(redirect_astray(t->g->writer, t->g->schema, note_astray, &a, e));
    t->system++;
    kith_status st = KITH_OK;
    for (size_t i = 0; st == KITH_OK && i < a.ids.count; i++)
        st = txn_delete(t, t->g->schema->base.redirect.type, a.ids.items[i], e);
    t->system--;
    return st;
}

/* -- refusals ---------------------------------------------------------------------------------- */

kith_status txn_merged_away(const struct rtype *type, kith_id id, kith_id kept, kith_error *e) {
    char from[ID_TEXT + 1], to[ID_TEXT + 1];
    id_format(id, from);
    id_format(kept, to);
    return err_set(e, KITH_E_REFUSED, NULL,
                   "%s %s was merged into %s %s: delete that, or undo the merge, which 'kith"
                   " history %s %s' names",
                   type->name, from, type->name, to, type->name, from);
}
