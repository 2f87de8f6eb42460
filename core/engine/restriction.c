/* SPDX-License-Identifier: Apache-2.0 */
/* Restriction (GDPR, Art. 18): the data of a contact are kept and used for nothing. Who sees them
 * is the access rule's (record/access.h), that no query finds them the language's; here they are
 * kept as they are, and restricted and released. */
#include "engine/engine_internal.h"

#include <string.h>

#define SHARED_MAX 1000 /* contacts of one address that are looked at */

static const char source_name[] = "restriction";

static bool is_own(const struct source *s) {
    return s && s->kind == SOURCE_CORE && strcmp(s->name, source_name) == 0;
}

static kith_status refuse(kith_id contact, kith_error *e) {
    char id[ID_TEXT + 1];
    id_format(contact, id);
    return err_set(e, KITH_E_REFUSED, "restricted",
                   "the data of contact %s are restricted: they are kept as they are; an"
                   " administrator lifts it: kith run restriction.lift contact=%s reason=...",
                   id, id);
}

kith_status restriction_check(const struct rtype *t, kith_id id, const kith_value *values,
                              kith_error *e) {
    const struct rfield *f = type_restricted(t);
    return f && values[f->index].kind != KITH_NULL ? refuse(id, e) : KITH_OK;
}

/* A link that loses its record is no use of the data. */
static kith_status keep_contact(void *self, struct txn *t, struct change *c, kith_error *e) {
    bool emptied = c->kind == ROW_UPDATE && t->going;
    (void)self;
    return is_own(t->writer) || emptied ? KITH_OK : restriction_check(c->type, c->id, c->before, e);
}

struct whole {
    kith_id contact;          /* that it is part of; 0: of none */
    const struct rtype *type; /* else what it is part of in the end, perhaps itself */
    const kith_value *values; /* NULL: of nothing that is there */
};

static bool may_tell(const struct rtype *t) {
    for (uint32_t i = FIELD_FIRST; i < t->field_count; i++)
        if (field_of_person(t->fields[i]))
            return true;
    return false;
}

/* Through whatever it is part of. Links to any record may lead round in a ring, which is part of
 * nothing. */
static kith_status find_whole(struct txn *t, const struct base_contact *b, const struct rtype *type,
                              const kith_value *values, struct whole *out, kith_error *e) {
    const struct rfield *whole = type_whole(type);
    kith_value seen = value_null();
    *out = (struct whole){.contact = 0};
    for (uint64_t steps = 0, look = 1; whole && values; whole = type_whole(type)) {
        const kith_value *v = &values[whole->index];
        if (v->kind != KITH_LINK || value_eq(v, &seen))
            return KITH_OK;
        if (++steps == look) { /* a ring is noticed once it was gone round */
            seen = *v;
            look *= 2;
        }
        type = schema_type_by_id(t->g->schema, v->as.link.type);
        out->contact = type == b->type ? v->as.link.id : 0;
        if (out->contact || !type)
            return KITH_OK;
        if (type_whole(type) || may_tell(type))
            TRY(txn_lookup(t, type, v->as.link.id, &values, e));
        else
            values = NULL;
    }
    out->type = type;
    out->values = values;
    return KITH_OK;
}

/* What the core itself brings up to date, as a consent that ends, is no use of the data; that
 * something goes for its age is. */
static bool is_use(const struct txn *t) {
    return !t->writer || t->writer->kind != SOURCE_CORE || t->undoing ||
           t->head.origin == ORIGIN_RETENTION;
}

/* What told about a contact when its data were restricted stays: a claim may need it. What was
 * written since, as a task about the dispute, is worked on. Rules and modules, which write for many
 * at once, go on. */
static kith_status keep_told(struct txn *t, const struct base_contact *b, const struct whole *w,
                             kith_error *e) {
    bool by_age = t->head.origin == ORIGIN_RETENTION;
    if (!w->values || (t->writer && !t->undoing && !by_age))
        return KITH_OK;
    for (uint32_t i = FIELD_FIRST; i < w->type->field_count; i++) {
        const kith_value *v = &w->values[i], *contact = NULL;
        if (v->kind != KITH_LINK || v->as.link.type != b->type->id ||
            !field_of_person(w->type->fields[i]))
            continue;
        TRY(txn_lookup(t, b->type, v->as.link.id, &contact, e));
        const kith_value *since = contact ? &contact[b->restricted->index] : NULL;
        if (since && since->kind == KITH_TIME &&
            (by_age || w->values[FIELD_CREATED].as.i <= since->as.i))
            return refuse(v->as.link.id, e);
    }
    return KITH_OK;
}

/* What is part of a contact, or tells about it. A link that loses its record is no use. */
static kith_status keep_record(void *self, struct txn *t, struct change *c, kith_error *e) {
    const kith_value *const moments[] = {c->before, c->after};
    const struct base_contact *b = self;
    if (!is_use(t))
        return KITH_OK;
    for (size_t i = 0; i < 2; i++) {
        struct whole w;
        bool restricted = false;
        TRY(find_whole(t, b, c->type, moments[i], &w, e));
        if (w.contact)
            TRY(record_filled(t->g->writer, b->restricted, w.contact, &restricted, e));
        if (restricted)
            return refuse(w.contact, e);
        if (c->before && i == 0 && !(c->kind == ROW_UPDATE && t->going))
            TRY(keep_told(t, b, &w, e));
    }
    return KITH_OK;
}

/* -- the same person once more ----------------------------------------------------------------- */

/* Whoever may not see the contact is told of nobody. */
static kith_status refuse_address(struct txn *t, const struct base_contact *b, kith_id contact,
                                  kith_error *e) {
    char id[ID_TEXT + 1];
    id_format(contact, id);
    if (!t->principal->all)
        return err_set(e, KITH_E_REFUSED, "value",
                       "value: this address may not be used at present; ask an administrator");
    return t->head.origin != ORIGIN_IMPORT
               ? KITH_OK
               : err_set(e, KITH_E_REFUSED, "value",
                         "value: %s %s has this address, and its data are restricted; leave the"
                         " row out, or make the contact by hand if it is another person",
                         b->type->name, id);
}

/* A second contact with the address of one whose data are restricted would be used. An address of a
 * house is nobody's own. */
static kith_status keep_address(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct base_contact *b = self;
    const struct base_point *p = &t->g->schema->base.contact_point;
    const kith_value *kind = &c->after[p->kind->index], *value = &c->after[p->value->index];
    kith_id ids[SHARED_MAX];
    size_t n;
    if (t->undoing || kind->kind != KITH_TEXT || value->kind != KITH_TEXT ||
        str_eqz(kind->as.s, "postal"))
        return KITH_OK;
    kith_value normal = point_normal(t, kind->as.s, value->as.s);
    if (normal.kind != KITH_TEXT)
        return KITH_OK;
    TRY(address_find(t, p->normal, normal.as.s, ids, SHARED_MAX, &n, e));
    for (size_t i = 0; i < n; i++) {
        const kith_value *other;
        bool restricted = false;
        TRY(txn_lookup(t, p->type, ids[i], &other, e));
        kith_id whose = other ? other[p->contact->index].as.link.id : 0;
        if (whose && whose != c->after[p->contact->index].as.link.id)
            TRY(record_filled(t->g->writer, b->restricted, whose, &restricted, e));
        if (restricted)
            return refuse_address(t, b, whose, e);
    }
    return KITH_OK;
}

/* -- actions ----------------------------------------------------------------------------------- */

static kith_status set_restricted(struct call *call, kith_value since, kith_error *e) {
    const struct base_contact *b = &call->engine->schema->base.contact;
    struct assign set[] = {{b->restricted, since}, {b->restricted_note, call->args[1]}};
    call->txn->system++;
    kith_status st = txn_update(call->txn, b->type, call->args[0].as.link.id, set, 2, e);
    call->txn->system--;
    return st;
}

static kith_status is_restricted(struct call *call, bool *yes, kith_error *e) {
    return record_filled(txn_conn(call->txn), call->engine->schema->base.contact.restricted,
                         call->args[0].as.link.id, yes, e);
}

static kith_status restrict_(void *self, struct call *call, kith_error *e) {
    bool yes;
    (void)self;
    TRY(is_restricted(call, &yes, e));
    return yes ? err_set(e, KITH_E_REFUSED, "contact", "contact: its data are restricted already")
               : set_restricted(call, value_time(txn_now(call->txn)), e);
}

static kith_status lift(void *self, struct call *call, kith_error *e) {
    bool yes;
    (void)self;
    TRY(is_restricted(call, &yes, e));
    return yes ? set_restricted(call, value_null(), e)
               : err_set(e, KITH_E_REFUSED, "contact", "contact: its data are not restricted");
}

static const kith_field params[] = {
    {.name = "contact",
     .kind = KITH_F_LINK,
     .options = "contact",
     .flags = KITH_FF_REQUIRED,
     .doc = "Whose data."},
    {.name = "reason", .kind = KITH_F_LONGTEXT, .flags = KITH_FF_REQUIRED, .doc = "Why."},
};
static const struct own_action actions[] = {
    {"restriction.set",
     "Restricts the data of a contact (GDPR, Art. 18): they are kept, and used for nothing.",
     KITH_ARRAY(params),
     {0},
     restrict_,
     OWN_FINAL,
     {0}},
    {"restriction.lift",
     "Lets the data of a contact be used again.",
     KITH_ARRAY(params),
     {0},
     lift,
     0,
     {0}},
    {.name = NULL},
};
const struct own_part restriction_own = {.name = source_name, .actions = actions};

/* -- registering ------------------------------------------------------------------------------- */

kith_status restriction_hooks_add(struct engine *g, kith_error *e) {
    const struct schema *s = g->schema;
    struct hook h = {.type = s->base.contact.type,
                     .on = ON_UPDATE | ON_DELETE,
                     .priority = -200,
                     .fn = keep_contact,
                     .self = (void *)(uintptr_t)&s->base.contact,
                     .source = {SOURCE_CORE, source_name, "", 0}};
    TRY(engine_add_hook(g, &h, e));
    h.fn = keep_record;
    struct fieldset *address = ARENA_NEW(&g->arena, struct fieldset);
    if (!address)
        return err_nomem(e);
    const struct base_point *p = &s->base.contact_point;
    *address = fieldset_of((const struct rfield *[]){p->kind, p->value, NULL});
    struct hook points = h;
    points.type = p->type;
    points.on = ON_CREATE | ON_UPDATE;
    points.fields = address;
    points.fn = keep_address;
    TRY(engine_add_hook(g, &points, e));
    for (uint32_t i = 0; i < s->type_count; i++) {
        h.type = s->types[i];
        bool word = h.type == s->base.consent.type; /* is withdrawn and given all the same */
        h.on = word ? ON_DELETE : ON_CREATE | ON_UPDATE | ON_DELETE;
        if (type_whole(h.type) || may_tell(h.type))
            TRY(engine_add_hook(g, &h, e));
    }
    return KITH_OK;
}
