/* SPDX-License-Identifier: Apache-2.0 */
/* Consents: giving, withdrawing and asking. Whoever may call an action need not be allowed to read
 * or write consents: a form that anybody fills in, or a link in a mail, does it for the person. */
#include "base/text.h"
#include "engine/consent.h"

#include <string.h>

static kith_value arg(const struct call *call, uint32_t i) {
    return call->args[i];
}

/* -- purposes and wordings --------------------------------------------------------------------- */

struct purpose {
    kith_id id;
    const kith_value *values;
};

static kith_status find_purpose(struct conn *c, const struct schema *s, kith_str name,
                                struct arena *a, struct purpose *out, kith_error *e) {
    const struct base_purpose *p = &s->base.purpose;
    kith_value v = value_str(name);
    out->values = NULL;
    TRY(record_unique_owner(c, p->name, &v, a, &out->id, e));
    if (out->id)
        TRY(record_get(c, p->type, out->id, a, &out->values, e));
    return out->values ? KITH_OK
                       : err_set(e, KITH_E_NOTFOUND, "purpose",
                                 "purpose: there is no purpose '%.*s'; `kith find purpose` lists"
                                 " them",
                                 (int)text_cut(name, 60).len, name.ptr);
}

static kith_str basis_of(const struct schema *s, const struct purpose *p) {
    return p->values[s->base.purpose.basis->index].as.s;
}

/* On these grounds data are used until somebody objects. */
static bool until_objected(kith_str basis) {
    return str_eqz(basis, "legitimate_interest") || str_eqz(basis, "public_task");
}

/* The wording of a version, in a language if there are several. */
static kith_status find_wording(struct txn *t, kith_id purpose, const kith_value *version,
                                const kith_value *language, kith_value *out, kith_error *e) {
    const struct base_wording *w = &t->g->schema->base.wording;
    kith_id *ids;
    size_t n, found = 0;
    *out = value_null();
    if (version->kind == KITH_NULL)
        return KITH_OK;
    TRY(record_referrers(t->g->writer, w->purpose, purpose, 0, WORDS_MAX, t->arena, &ids, &n, e));
    for (size_t i = 0; i < n; i++) {
        const kith_value *values;
        TRY(txn_lookup(t, w->type, ids[i], &values, e));
        if (!values || !value_eq(&values[w->version->index], version) ||
            (language->kind != KITH_NULL && !value_eq(&values[w->language->index], language)))
            continue;
        *out = value_link(ids[i], w->type->id);
        found++;
    }
    if (found == 1)
        return KITH_OK;
    return err_set(e, found ? KITH_E_CONFLICT : KITH_E_NOTFOUND, "wording",
                   found ? "wording: version '%.*s' is there in several languages; say which"
                         : "wording: the purpose has no wording of version '%.*s' in that language",
                   (int)text_cut(version->as.s, 60).len, version->as.s.ptr);
}

/* -- whom it is about -------------------------------------------------------------------------- */

kith_status address_find(struct txn *t, const struct rfield *f, kith_str normal, kith_id *ids,
                         uint32_t max, size_t *n, kith_error *e) {
    const kith_value v = value_str(normal);
    struct lookup l;
    uint32_t found = 0;
    *n = 0;
    TRY(lookup_make(&l, t->arena, f->type, &f, 1, e));
    TRY(lookup_find(t->g->writer, &l, &v, t->arena, ids, max, &found, e));
    for (uint32_t i = 0; i < found; i++) {
        const kith_value *values;
        TRY(txn_lookup(t, f->type, ids[i], &values, e));
        if (values && value_eq(&values[f->index], &v))
            ids[(*n)++] = ids[i];
    }
    return KITH_OK;
}

/* The contact points or consents whose field holds an address, as people write it; by age. */
static kith_status with_address(struct txn *t, const struct rfield *normal, kith_str address,
                                kith_id **ids, size_t *count, kith_error *e) {
    kith_str forms[] = {text_lower(t->arena, address), point_digits(t->arena, address)};
    kith_id *all = ARENA_ARRAY(t->arena, kith_id, 2 * WORDS_MAX);
    size_t n = 0;
    if (!all)
        return err_nomem(e);
    for (int i = 0; i < 2; i++) {
        size_t found = 0;
        if (forms[i].len && (i == 0 || !str_eq(forms[0], forms[1])))
            TRY(address_find(t, normal, forms[i], all + n, WORDS_MAX, &found, e));
        n += found;
    }
    *ids = all;
    *count = n;
    return KITH_OK;
}

static kith_status contact_of(struct conn *c, const struct schema *s, kith_id point,
                              struct arena *a, kith_id *contact, kith_error *e) {
    const struct base_point *p = &s->base.contact_point;
    const kith_value *values;
    TRY(record_get(c, p->type, point, a, &values, e));
    if (!values)
        return access_absent(p->type, point, e);
    *contact = values[p->contact->index].as.link.id;
    return KITH_OK;
}

/* Whoever may not read who has an address is not told by the answer either. */
static bool is_told_nothing(struct call *call, const kith_value *address) {
    const struct base_fields *b = &call->engine->schema->base;
    call->secret = address->kind == KITH_TEXT &&
                   (access_rule(call->principal, b->contact_point.type) != ACCESS_ALL ||
                    access_rule(call->principal, b->consent.type) != ACCESS_ALL);
    return call->secret;
}

/* Nobody has it: is it one that somebody could have? */
static kith_status check_form(struct call *call, const kith_value *address, kith_error *e) {
    const struct base_contact *b = &call->engine->schema->base.contact;
    const struct rfield *fields[] = {b->email, b->phone};
    for (int i = 0; i < 2; i++) {
        kith_value v = *address;
        if (value_check(b->type->schema, fields[i], false, call->arena, &v, NULL) == KITH_OK)
            return KITH_OK;
    }
    return err_set(e, KITH_E_INVAL, "address",
                   "address: '%.*s' is neither an e-mail address nor a telephone number, and nobody"
                   " has it: write it as the person did",
                   (int)text_cut(address->as.s, 60).len, address->as.s.ptr);
}

/* -- giving ------------------------------------------------------------------------------------ */

enum {
    GIVE_PURPOSE,
    GIVE_CONTACT,
    GIVE_POINT,
    GIVE_WORDING,
    GIVE_LANGUAGE,
    GIVE_SOURCE,
    GIVE_PROOF,
    GIVE_IP,
    GIVE_FORM,
    GIVE_AT,
    GIVE_EXPIRES,
    GIVE_ADDRESS
};

static kith_value list_of(kith_value *item, bool any) {
    return any ? (kith_value){.kind = KITH_LIST, .as.list = {item, 1}} : value_null();
}

/* The action may do what the caller may not, so it runs as the system. */
static kith_status create_word(struct txn *t, const struct assign *set, size_t count, kith_id *id,
                               kith_error *e) {
    t->system++;
    kith_status st = txn_create(t, t->g->schema->base.consent.type, set, count, id, e);
    t->system--;
    return st;
}

/* The word for those that have the address; one for each contact, which may have it twice. */
static kith_status give_at(struct txn *t, kith_str address, struct assign *set, size_t count,
                           struct assign *of, kith_id *id, int64_t *found, kith_error *e) {
    kith_id *points, *contacts;
    size_t n;
    TRY(with_address(t, t->g->schema->base.contact_point.normal, address, &points, &n, e));
    contacts = ARENA_ARRAY(t->arena, kith_id, n + 1);
    if (!contacts)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++) {
        kith_value point = value_link(points[i], of->field->target->id);
        int64_t k = 0;
        TRY(contact_of(t->g->writer, t->g->schema, points[i], t->arena, &contacts[*found], e));
        while (contacts[k] != contacts[*found])
            k++;
        if (k < *found)
            continue;
        of->value = list_of(&point, true);
        TRY(create_word(t, set, count, id, e));
        ++*found;
    }
    return KITH_OK;
}

/* Who consents: a contact, one of its addresses, or both, which fit then; or whoever has it. */
static kith_status check_giver(const struct call *call, kith_error *e) {
    bool record =
             arg(call, GIVE_CONTACT).kind != KITH_NULL || arg(call, GIVE_POINT).kind != KITH_NULL,
         address = arg(call, GIVE_ADDRESS).kind != KITH_NULL;
    return record != address
               ? KITH_OK
               : err_set(e, KITH_E_INVAL, "contact",
                         "contact: say whose consent it is: by contact, contact_point or address");
}

static kith_status check_given(const struct call *call, kith_error *e) {
    const kith_value *expires = &call->args[GIVE_EXPIRES];
    if (expires->kind == KITH_TIME && expires->as.i <= call->txn->head.at)
        return err_set(e, KITH_E_INVAL, "expires",
                       "expires: it has passed already; consents of former times are imported:"
                       " kith import consent FILE");
    return consent_check(&call->args[GIVE_AT], expires, &call->args[GIVE_IP], call->txn->head.at,
                         e);
}

/* A yes by an address that said no. Whoever is told nothing is not told of that either: without
 * what shows it, it is not noted. */
static kith_status check_address(struct call *call, kith_id purpose, bool *noted, kith_error *e) {
    const kith_value *address = &call->args[GIVE_ADDRESS], *at = &call->args[GIVE_AT];
    kith_error why = KITH_ERROR_INIT;
    *noted = true;
    if (address->kind != KITH_TEXT || arg(call, GIVE_PROOF).kind != KITH_NULL)
        return KITH_OK;
    kith_str normal = consent_address(call->arena, address->as.s);
    kith_status st = suppression_check(call->txn, normal, purpose,
                                       at->kind == KITH_TIME ? at->as.i : call->txn->head.at, &why);
    *noted = st == KITH_OK;
    if (st == KITH_E_REFUSED && is_told_nothing(call, address))
        return KITH_OK;
    if (st != KITH_OK)
        err_copy(e, &why);
    return st;
}

static kith_status give(void *self, struct call *call, kith_error *e) {
    const struct base_consent *k = &call->engine->schema->base.consent;
    struct txn *t = call->txn;
    struct purpose purpose;
    kith_value wording, points = arg(call, GIVE_POINT), address = arg(call, GIVE_ADDRESS);
    int64_t found = 0;
    bool noted;
    kith_id id = 0;
    (void)self;
    TRY(check_giver(call, e));
    TRY(find_purpose(t->g->writer, t->g->schema, arg(call, GIVE_PURPOSE).as.s, t->arena, &purpose,
                     e));
    TRY(find_wording(t, purpose.id, &call->args[GIVE_WORDING], &call->args[GIVE_LANGUAGE], &wording,
                     e));
    TRY(check_given(call, e)); /* and not only where somebody has the address */
    TRY(check_address(call, purpose.id, &noted, e));
    if (!noted)
        return KITH_OK;
    struct assign set[] = {
        {k->contact_points, list_of(&points, arg(call, GIVE_POINT).kind != KITH_NULL)},
        {k->purpose, value_link(purpose.id, k->purpose->target->id)},
        {k->contact, arg(call, GIVE_CONTACT)},
        {k->wording, wording},
        {k->source, arg(call, GIVE_SOURCE)},
        {k->proof, arg(call, GIVE_PROOF)},
        {k->ip, arg(call, GIVE_IP)},
        {k->form, arg(call, GIVE_FORM)},
        {k->at, arg(call, GIVE_AT)},
        {k->expires, arg(call, GIVE_EXPIRES)},
    };
    const size_t count = sizeof set / sizeof *set;
    if (address.kind == KITH_TEXT)
        TRY(give_at(t, address.as.s, set, count, &set[0], &id, &found, e));
    else
        TRY(create_word(t, set, count, &id, e));
    if (is_told_nothing(call, &address))
        return KITH_OK;
    if (address.kind == KITH_TEXT && found == 0)
        TRY(check_form(call, &address, e));
    if (id)
        call->results[0] = value_link(id, k->type->id);
    call->results[1] = value_int(address.kind == KITH_TEXT ? found : 1);
    return KITH_OK;
}

/* -- withdrawing ------------------------------------------------------------------------------- */

enum { TAKE_PURPOSE, TAKE_CONTACT, TAKE_POINT, TAKE_ADDRESS, TAKE_BY };

struct withdrawal {
    struct txn *txn;
    const struct base_consent *k;
    kith_value by;
    int64_t words;
};

/* The word that stands for this point (0: for the contact as a whole) and purpose. */
static const struct word *standing(const struct withdrawal *x, const struct words *all,
                                   kith_id point, kith_id purpose) {
    for (size_t i = 0; i < all->count; i++) {
        const struct word *w = &all->items[i];
        bool here = point ? word_is_at(x->k, w->values, point) : word_of_whole(x->k, w);
        if (here && word_stands(x->k, w) && w->values[x->k->purpose->index].as.link.id == purpose)
            return w;
    }
    return NULL;
}

static kith_status take_back(struct withdrawal *x, const struct word *w, kith_error *e) {
    struct assign set[] = {{x->k->state, value_str(STR("withdrawn"))}, {x->k->withdrawn_by, x->by}};
    x->words++;
    x->txn->system++;
    kith_status st = txn_update(x->txn, x->k->type, w->id, set, 2, e);
    x->txn->system--;
    return st;
}

/* A yes that another followed is over, unless they were said for records that a merge has joined.
 */
static kith_status may_stand_again(const struct withdrawal *x, const struct word *w, bool *yes,
                                   kith_error *e) {
    const struct base_fields *b = &x->txn->g->schema->base;
    kith_id *ids;
    size_t n = 1;
    if (!word_stands(x->k, w))
        TRY(record_referrers(x->txn->g->writer, b->redirect.kept,
                             w->values[x->k->contact->index].as.link.id, b->contact.type->id, 1,
                             x->txn->arena, &ids, &n, e));
    *yes = n > 0;
    return KITH_OK;
}

/* Those of the words that still say yes (purpose 0: to anything), though another has taken their
 * place or their address is nobody's now: it may be one again, and a merge may be undone. */
static kith_status take_back_rest(struct withdrawal *x, const kith_id *ids, size_t count,
                                  kith_id purpose, kith_error *e) {
    for (size_t i = 0; i < count; i++) {
        struct word w = {.id = ids[i]};
        bool again;
        TRY(txn_lookup(x->txn, x->k->type, w.id, &w.values, e));
        if (!w.values || !word_is(x->k, &w, "given") ||
            (purpose && w.values[x->k->purpose->index].as.link.id != purpose))
            continue;
        TRY(may_stand_again(x, &w, &again, e));
        if (again)
            TRY(take_back(x, &w, e));
    }
    return KITH_OK;
}

/* A no of somebody who had not said yes. */
static kith_status object(struct withdrawal *x, kith_id contact, kith_id point, kith_id purpose,
                          kith_error *e) {
    kith_value link = value_link(point, x->k->contact_points->target->id);
    struct assign set[] = {
        {x->k->purpose, value_link(purpose, x->k->purpose->target->id)},
        {x->k->contact, value_link(contact, x->k->contact->target->id)},
        {x->k->contact_points, list_of(&link, point != 0)},
        {x->k->state, value_str(STR("withdrawn"))},
        {x->k->withdrawn_by, x->by},
    };
    x->words++;
    return create_word(x->txn, set, sizeof set / sizeof *set, NULL, e);
}

/* Does somebody who has no word of the point yet stand to lose anything by a no? */
static bool is_covered(const struct withdrawal *x, const struct words *all, kith_id purpose,
                       kith_str basis) {
    const struct word *whole = standing(x, all, 0, purpose);
    bool yes = whole && !word_is(x->k, whole, "withdrawn");
    for (size_t i = 0; i < all->count && !yes; i++)
        yes = all->items[i].values[x->k->purpose->index].as.link.id == purpose &&
              word_is(x->k, &all->items[i], "given") && word_stands(x->k, &all->items[i]);
    return yes || until_objected(basis);
}

/* point 0: the contact as a whole. named: the purpose was, and the no is kept in any case. */
static kith_status withdraw_one(struct withdrawal *x, kith_id contact, kith_id point,
                                const struct purpose *p, bool named, kith_error *e) {
    const struct schema *s = x->txn->g->schema;
    struct words all;
    TRY(consent_words(x->txn->g->writer, s, contact, x->txn->arena, &all, e));
    const struct word *w = standing(x, &all, point, p->id);
    if (w && !word_is(x->k, w, "withdrawn"))
        TRY(take_back(x, w, e));
    else if (!w && (named || is_covered(x, &all, p->id, basis_of(s, p))))
        TRY(object(x, contact, point, p->id, e));
    for (size_t i = 0; i < all.count; i++)
        if (point == 0 || word_is_at(x->k, all.items[i].values, point))
            TRY(take_back_rest(x, &all.items[i].id, 1, p->id, e));
    return KITH_OK;
}

/* What was said for an address that nobody has any more. purpose 0: to all. */
static kith_status take_back_said(struct withdrawal *x, kith_str address, kith_id purpose,
                                  kith_error *e) {
    kith_id *ids;
    size_t n;
    TRY(with_address(x->txn, x->k->address, address, &ids, &n, e));
    return take_back_rest(x, ids, n, purpose, e);
}

static kith_status all_purposes(struct txn *t, struct purpose **out, size_t *count, kith_error *e) {
    const struct rtype *type = t->g->schema->base.purpose.type;
    kith_id *ids;
    TRY(record_ids(t->g->writer, type, WORDS_MAX, t->arena, &ids, count, e));
    *out = ARENA_ARRAY(t->arena, struct purpose, *count + 1);
    if (!*out)
        return err_nomem(e);
    for (size_t i = 0; i < *count; i++) {
        (*out)[i].id = ids[i];
        TRY(record_get(t->g->writer, type, ids[i], t->arena, &(*out)[i].values, e));
    }
    return KITH_OK;
}

/* An address is suppressed whoever has it, for each purpose that a no can be said to. */
static kith_status suppress_all(struct withdrawal *x, kith_str address, const struct purpose *p,
                                size_t count, bool named, kith_error *e) {
    const struct schema *s = x->txn->g->schema;
    kith_str normal = consent_address(x->txn->arena, address);
    for (size_t i = 0; i < count; i++)
        if (named || until_objected(basis_of(s, &p[i])) || str_eqz(basis_of(s, &p[i]), "consent"))
            TRY(suppress(x->txn, normal, p[i].id, x->txn->head.at, &x->by, e));
    return KITH_OK;
}

static kith_status withdraw(void *self, struct call *call, kith_error *e) {
    struct txn *t = call->txn;
    struct withdrawal x = {.txn = t, .k = &t->g->schema->base.consent, .by = arg(call, TAKE_BY)};
    const kith_value *name = &call->args[TAKE_PURPOSE], *contact = &call->args[TAKE_CONTACT],
                     *point = &call->args[TAKE_POINT], *address = &call->args[TAKE_ADDRESS];
    struct purpose one, *purposes = &one;
    kith_id given = point->kind == KITH_LINK ? point->as.link.id : 0, *points = &given;
    size_t count = 1, n = 1;
    (void)self;
    if ((contact->kind != KITH_NULL) + (point->kind != KITH_NULL) + (address->kind != KITH_NULL) !=
        1)
        return err_set(e, KITH_E_INVAL, "contact",
                       "contact: say who withdraws, by one of contact, contact_point and address");
    if (name->kind == KITH_TEXT)
        TRY(find_purpose(t->g->writer, t->g->schema, name->as.s, t->arena, &one, e));
    else
        TRY(all_purposes(t, &purposes, &count, e));
    if (address->kind == KITH_TEXT)
        TRY(with_address(t, t->g->schema->base.contact_point.normal, address->as.s, &points, &n,
                         e));
    if (address->kind == KITH_TEXT)
        TRY(suppress_all(&x, address->as.s, purposes, count, name->kind == KITH_TEXT, e));
    for (size_t i = 0; i < n; i++) {
        kith_id whose = contact->as.link.id;
        if (contact->kind == KITH_NULL)
            TRY(contact_of(t->g->writer, t->g->schema, points[i], t->arena, &whose, e));
        for (size_t k = 0; k < count; k++)
            TRY(withdraw_one(&x, whose, points[i], &purposes[k], name->kind == KITH_TEXT, e));
    }
    if (address->kind == KITH_TEXT)
        TRY(take_back_said(&x, address->as.s, name->kind == KITH_TEXT ? one.id : 0, e));
    if (is_told_nothing(call, address))
        return KITH_OK;
    if (address->kind == KITH_TEXT && n == 0 && x.words == 0)
        TRY(check_form(call, address, e));
    call->results[0] = value_int(x.words);
    call->results[1] = value_int((int64_t)n);
    return KITH_OK;
}

/* -- asking ------------------------------------------------------------------------------------ */

enum { ASK_PURPOSE, ASK_CONTACT, ASK_POINT };

struct answer {
    bool yes;
    const char *why;
    const struct word *word; /* that decides; NULL: none */
};

static bool over(const struct base_consent *k, const struct word *w, int64_t now) {
    const kith_value *v = &w->values[k->expires->index];
    return word_is(k, w, "expired") || (v->kind == KITH_TIME && v->as.i <= now);
}

/* As consent() in queries has it, with what a query cannot say: the basis, and the second at which
 * a consent expires. */
static struct answer judge(const struct base_consent *k, const struct words *all, kith_id point,
                           kith_id purpose, kith_str basis, int64_t now) {
    const struct word *yes = NULL, *whole_yes = NULL, *no = NULL, *whole_no = NULL, *old = NULL;
    for (size_t i = 0; i < all->count; i++) {
        const struct word *w = &all->items[i];
        bool whole = word_of_whole(k, w), here = word_is_at(k, w->values, point);
        bool nowhere = w->values[k->contact_points->index].kind == KITH_NULL;
        if (!word_stands(k, w) || w->values[k->purpose->index].as.link.id != purpose ||
            (!whole && (point ? !here : nowhere)))
            continue;
        if (word_is(k, w, "withdrawn"))
            *(whole && point ? &whole_no : &no) = w;
        else if (over(k, w, now))
            old = w;
        else
            *(whole && point ? &whole_yes : &yes) = w;
    }
    if (!no && !yes && whole_no)
        no = whole_no;
    if (no && !until_objected(basis) && !str_eqz(basis, "consent"))
        no = NULL; /* nobody can object to these */
    if (no)
        return (struct answer){false, "it was withdrawn", no};
    if (!str_eqz(basis, "consent"))
        return (struct answer){true, "it needs no consent", NULL};
    yes = yes ? yes : whole_yes;
    return yes   ? (struct answer){true, "consent was given", yes}
           : old ? (struct answer){false, "the consent has expired", old}
                 : (struct answer){false, "nobody has consented", NULL};
}

static kith_status is_restricted(struct conn *c, const struct schema *s, kith_id contact,
                                 struct arena *a, bool *yes, kith_error *e) {
    const struct base_contact *b = &s->base.contact;
    const kith_value *values;
    TRY(record_get(c, b->type, contact, a, &values, e));
    *yes = values && values[b->restricted->index].kind != KITH_NULL;
    return KITH_OK;
}

/* *about: the contact that it tells of. */
static kith_status check_on(struct call *call, struct conn *c, kith_id *about, kith_error *e) {
    const struct schema *s = call->engine->schema;
    const kith_value *contact = &call->args[ASK_CONTACT], *point = &call->args[ASK_POINT];
    struct purpose purpose;
    struct words all;
    bool restricted;
    kith_id whose = contact->as.link.id, of = point->kind == KITH_LINK ? point->as.link.id : 0;
    if ((contact->kind == KITH_NULL) == (point->kind == KITH_NULL))
        return err_set(e, KITH_E_INVAL, "contact",
                       "contact: say who is asked about, by contact or by contact_point");
    TRY(find_purpose(c, s, arg(call, ASK_PURPOSE).as.s, call->arena, &purpose, e));
    if (of)
        TRY(contact_of(c, s, of, call->arena, &whose, e));
    *about = whose;
    TRY(consent_words(c, s, whose, call->arena, &all, e));
    TRY(is_restricted(c, s, whose, call->arena, &restricted, e));
    kith_str basis = basis_of(s, &purpose);
    struct answer a =
        judge(&s->base.consent, &all, of, purpose.id, basis, clock_now(call->engine->clock));
    if (restricted)
        a = (struct answer){false, "the data are restricted: they are kept, and used for nothing",
                            a.word};
    call->results[0] = (kith_value){.kind = KITH_BOOL, .as.i = a.yes};
    call->results[1] = value_str(str_of(a.why));
    call->results[2] = value_str(basis);
    if (a.word)
        call->results[3] = value_link(a.word->id, s->base.consent.type->id);
    return KITH_OK;
}

/* Whoever asks has read of the person; rules and modules ask for nobody. */
static kith_status check(void *self, struct call *call, kith_error *e) {
    struct engine *g = call->engine;
    struct conn *reader;
    kith_id about = 0;
    (void)self;
    if (call->txn) {
        TRY(check_on(call, txn_conn(call->txn), &about, e));
        if (call->txn->system)
            return KITH_OK;
    } else {
        TRY(engine_reader(g, &reader, e));
        kith_status st = check_on(call, reader, &about, e);
        engine_reader_done(g, reader);
        TRY(st);
    }
    return engine_shown(g, call->principal, g->schema->base.contact.type, about, e);
}

/* -- declared ---------------------------------------------------------------------------------- */

#define P(n, k, ...)                                                                               \
    { .name = (n), .kind = KITH_F_##k, __VA_ARGS__ }
static const kith_field give_params[] = {
    P("purpose", TEXT, .flags = KITH_FF_REQUIRED, .doc = "The name of the purpose."),
    P("contact", LINK, .options = "contact", .doc = "Who consents."),
    P("contact_point", LINK, .options = "contact_point", .doc = "For this address alone."),
    P("wording", TEXT, .doc = "The version of the text that was shown."),
    P("language", TEXT, .doc = "The language of that text, if it is there in several."),
    P("source", TEXT, .doc = "How: web form, call, paper."),
    P("proof", LONGTEXT, .doc = "What shows it."),
    P("ip", TEXT, .doc = "The internet address that it came from."),
    P("form", TEXT, .doc = "The id of the form that was filled in."),
    P("at", TIME, .doc = "When; by default now."),
    P("expires", TIME, .doc = "When it ends by itself."),
    P("address", LONGTEXT,
      .doc = "The address as people write it, for whichever contacts have it: a web form."),
};
/* By an address they are empty for whoever may not read all contact points and consents. */
static const kith_field give_results[] = {
    P("consent", LINK, .options = "consent", .doc = "The new consent; the last one of several."),
    P("found", INTEGER, .doc = "How many contacts it was noted for."),
};
static const kith_field withdraw_params[] = {
    P("purpose", TEXT, .doc = "The name of the purpose; empty: all."),
    P("contact", LINK, .options = "contact", .doc = "Who withdraws, for every address."),
    P("contact_point", LINK, .options = "contact_point", .doc = "The address it is withdrawn for."),
    P("address", LONGTEXT,
      .doc = "The same as people write it, for whichever contacts have it, and it stays suppressed:"
             " an unsubscribe link."),
    P("by", TEXT, .doc = "How: unsubscribe link, call, letter."),
};
static const kith_field withdraw_results[] = {
    P("withdrawn", INTEGER, .doc = "How many words were taken back, or objections noted."),
    P("found", INTEGER,
      .doc = "How many contacts, or contact points that have the address now, it was about."),
};
static const kith_field check_params[] = {
    P("purpose", TEXT, .flags = KITH_FF_REQUIRED, .doc = "The name of the purpose."),
    P("contact", LINK, .options = "contact", .doc = "Who is asked about."),
    P("contact_point", LINK, .options = "contact_point", .doc = "Or which address."),
};
static const kith_field check_results[] = {
    P("allowed", BOOLEAN, .doc = "The data may be used for the purpose."),
    P("why", TEXT, .doc = "Why, or why not, in words."),
    P("basis", TEXT, .doc = "On which ground the purpose rests."),
    P("consent", LINK, .options = "consent", .doc = "The word that decides it."),
};

const struct own_action consent_actions[] = {
    {"consent.give", "Notes that a person has consented to a purpose.", KITH_ARRAY(give_params),
     KITH_ARRAY(give_results), give, 0, KITH_NO_ARRAY},
    {"consent.withdraw",
     "Withdraws consent, or notes an objection, at once: for a person, or for an address, whoever"
     " has it now or later.",
     KITH_ARRAY(withdraw_params), KITH_ARRAY(withdraw_results), withdraw, OWN_FINAL, KITH_NO_ARRAY},
    {"consent.check", "Tells whether data may be used for a purpose, and why.",
     KITH_ARRAY(check_params), KITH_ARRAY(check_results), check, OWN_READS, KITH_NO_ARRAY},
    {.name = NULL},
};
const struct own_part consent_own = {.name = "consents", .actions = consent_actions};
