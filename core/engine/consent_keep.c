/* SPDX-License-Identifier: Apache-2.0 */
/* What always holds of consents: what was said stays as it was said; a withdrawal is never taken
 * back, by an undo neither, only followed by a new word; one word stands for each address and for
 * the contact as a whole; a word for an address holds for the contact point that has it; what has
 * expired says so. */
#include "base/text.h"
#include "engine/bus.h"
#include "engine/consent.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct consent_keeper {
    const struct base_consent *k;
    const struct base_wording *w;
    const struct base_point *p;
    struct fieldset said;
    struct fieldset ways; /* of those the ones that the core leads elsewhere */
};
static const char expiry[] = "core:consent.expires";

/* -- words ------------------------------------------------------------------------------------- */

kith_status words_by(struct conn *c, const struct rfield *link, kith_id to, struct arena *a,
                     struct words *out, kith_error *e) {
    kith_id *ids;
    size_t n;
    *out = (struct words){0};
    TRY(record_referrers(c, link, to, 0, WORDS_MAX, a, &ids, &n, e));
    if (n == 0)
        return KITH_OK;
    out->items = ARENA_ARRAY(a, struct word, n);
    if (!out->items)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++) {
        struct word w = {.id = ids[i]};
        TRY(record_get(c, link->type, ids[i], a, &w.values, e));
        if (w.values)
            out->items[out->count++] = w;
    }
    return KITH_OK;
}

kith_status consent_words(struct conn *c, const struct schema *s, kith_id contact, struct arena *a,
                          struct words *out, kith_error *e) {
    return words_by(c, s->base.consent.contact, contact, a, out, e);
}

static bool is_state(const struct base_consent *k, const kith_value *values, const char *state) {
    const kith_value *v = &values[k->state->index];
    return v->kind == KITH_TEXT && str_eqz(v->as.s, state);
}

bool word_is(const struct base_consent *k, const struct word *w, const char *state) {
    return is_state(k, w->values, state);
}

int64_t word_time(const struct base_consent *k, const struct word *w) {
    const kith_value *at = &w->values[k->at->index], *end = &w->values[k->withdrawn_at->index];
    int64_t said = at->kind == KITH_TIME ? at->as.i : w->values[FIELD_CREATED].as.i;
    return end->kind == KITH_TIME && end->as.i > said ? end->as.i : said;
}

bool word_is_at(const struct base_consent *k, const kith_value *values, kith_id point) {
    const kith_value *v = &values[k->contact_points->index];
    for (uint64_t i = 0; v->kind == KITH_LIST && i < v->as.list.count; i++)
        if (v->as.list.items[i].as.link.id == point)
            return true;
    return false;
}

/* Of a day, as lists from elsewhere have it, nobody knows what was said last: then it is the no. */
static bool is_newer(const struct base_consent *k, const struct word *a, const struct word *b) {
    int64_t x = word_time(k, a), y = word_time(k, b);
    bool noted_later = x < a->values[FIELD_CREATED].as.i || x < b->values[FIELD_CREATED].as.i;
    if (x != y)
        return x > y;
    return noted_later && word_is(k, a, "withdrawn") != word_is(k, b, "withdrawn")
               ? word_is(k, a, "withdrawn")
               : a->id > b->id;
}

/* id 0: is any? */
static bool is_going(const struct txn *t, const struct rtype *type, kith_id id) {
    for (const struct going *g = t->going; g; g = g->outer)
        if (g->type == type && (!id || g->id == id))
            return true;
    return false;
}

static bool links_to_going(const struct txn *t, const kith_value *values, const struct rfield *f) {
    const kith_value *v = &values[f->index];
    return v->kind == KITH_LINK && is_going(t, f->target, v->as.link.id);
}

/* -- which word stands ------------------------------------------------------------------------- */

/* Of several contacts that became one, a withdrawal holds whatever the others said. */
enum precedence { NEWEST_STANDS, WITHDRAWN_STANDS };

struct settling {
    const struct base_consent *k;
    struct words words; /* of one contact and purpose */
    enum precedence how;
};

static bool same_address(const struct settling *s, const struct word *a, const struct word *b) {
    return value_eq(&a->values[s->k->address->index], &b->values[s->k->address->index]);
}

static bool is_no(const struct settling *s, const struct word *w) {
    return word_is(s->k, w, "withdrawn");
}

static bool prevails(const struct settling *s, const struct word *a, const struct word *b) {
    return s->how == WITHDRAWN_STANDS && is_no(s, a) != is_no(s, b) ? is_no(s, a)
                                                                    : is_newer(s->k, a, b);
}

/* The word that prevails over one that stands: of those that stand for the same address. */
static const struct word *prevailing(const struct settling *s, const struct word *w) {
    const struct word *best = w;
    for (size_t i = 0; i < s->words.count; i++) {
        const struct word *other = &s->words.items[i];
        if (word_stands(s->k, other) && same_address(s, w, other) && prevails(s, other, best))
            best = other;
    }
    return best;
}

/* A no for the person as a whole says that no address has a yes: it ends with the first that has
 * one since. */
static const struct word *yes_since(const struct settling *s, const struct word *whole) {
    for (size_t i = 0; i < s->words.count; i++) {
        const struct word *w = &s->words.items[i];
        if (word_stands(s->k, w) && w->values[s->k->contact_points->index].kind == KITH_LIST &&
            word_is(s->k, w, "given") && is_newer(s->k, w, whole) && prevailing(s, w) == w)
            return w;
    }
    return NULL;
}

static const struct word *no_of_whole(const struct settling *s) {
    for (size_t i = 0; i < s->words.count; i++) {
        const struct word *w = &s->words.items[i];
        if (word_stands(s->k, w) && word_of_whole(s->k, w) && is_no(s, w) && prevailing(s, w) == w)
            return w;
    }
    return NULL;
}

/* Was the place of a no for the person as a whole taken by the yes of an address? */
static bool ended_by_address(const struct settling *s, const struct word *w) {
    const kith_value *by = &w->values[s->k->replaced_by->index];
    for (size_t i = 0; i < s->words.count && by->kind == KITH_LINK; i++)
        if (s->words.items[i].id == by->as.link.id)
            return word_of_whole(s->k, w) && !word_of_whole(s->k, &s->words.items[i]);
    return false;
}

/* The word that has taken the place of w; NULL: it stands. */
static const struct word *taken_by(const struct settling *s, const struct word *w) {
    const struct word *best = prevailing(s, w);
    if (best != w)
        return best;
    if (s->how == WITHDRAWN_STANDS)
        return word_of_whole(s->k, w) || is_no(s, w) ? NULL : no_of_whole(s);
    return word_of_whole(s->k, w) && is_no(s, w) ? yes_since(s, w) : NULL;
}

/* Only what stands is compared, so that what was once decided stays so. */
static kith_status settle_words(const struct settling *s, struct txn *t, kith_error *e) {
    struct assign *set = ARENA_ARRAY(t->arena, struct assign, s->words.count + 1);
    if (!set)
        return err_nomem(e);
    for (size_t i = 0; i < s->words.count; i++) {
        const struct word *w = &s->words.items[i];
        if (!word_stands(s->k, w) && !ended_by_address(s, w))
            continue;
        const struct word *by = taken_by(s, w);
        set[i] = (struct assign){s->k->replaced_by,
                                 by ? value_link(by->id, s->k->type->id) : value_null()};
    }
    for (size_t i = 0; i < s->words.count; i++)
        if (set[i].field &&
            !value_eq(&set[i].value, &s->words.items[i].values[s->k->replaced_by->index]))
            TRY(txn_update(t, s->k->type, s->words.items[i].id, &set[i], 1, e));
    return KITH_OK;
}

/* purpose 0: all. */
static kith_status settle(struct txn *t, kith_id contact, kith_id purpose, enum precedence how,
                          kith_error *e) {
    const struct base_consent *k = &t->g->schema->base.consent;
    struct words all;
    TRY(consent_words(t->g->writer, t->g->schema, contact, t->arena, &all, e));
    struct settling s = {.k = k, .how = how};
    s.words.items = ARENA_ARRAY(t->arena, struct word, all.count + 1);
    if (!s.words.items)
        return err_nomem(e);
    for (size_t i = 0; i < all.count; i++)
        if (is_going(t, k->type, all.items[i].id))
            all.items[i].values = NULL;
    for (size_t i = 0; i < all.count; i++) {
        kith_id of = all.items[i].values ? all.items[i].values[k->purpose->index].as.link.id : 0;
        if (!of || (purpose && of != purpose))
            continue;
        s.words.count = 0;
        for (size_t j = i; j < all.count; j++)
            if (all.items[j].values && all.items[j].values[k->purpose->index].as.link.id == of) {
                s.words.items[s.words.count++] = all.items[j];
                all.items[j].values = NULL; /* it has had its turn */
            }
        TRY(settle_words(&s, t, e));
    }
    return KITH_OK;
}

/* -- addresses --------------------------------------------------------------------------------- */

struct known_point {
    kith_id id;
    const kith_value *values; /* NULL: it is going */
};

static int by_id(const void *a, const void *b) {
    kith_id x = ((const struct known_point *)a)->id, y = ((const struct known_point *)b)->id;
    return x < y ? -1 : x > y;
}

/* The contact points that have the word's address. */
static kith_status points_with(const struct consent_keeper *x, const struct txn *t,
                               const struct word *w, const struct known_point *points, size_t n,
                               kith_value *out, kith_error *e) {
    kith_value *items = ARENA_ARRAY(t->arena, kith_value, n + 1);
    uint64_t found = 0;
    if (!items)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++)
        if (points[i].values &&
            value_eq(&points[i].values[x->p->normal->index], &w->values[x->k->address->index]))
            items[found++] = value_link(points[i].id, x->p->type->id);
    *out = found ? (kith_value){.kind = KITH_LIST, .as.list = {items, found}} : value_null();
    return KITH_OK;
}

/* Each word for an address belongs to the contact points that have the address now. */
static kith_status attach(const struct consent_keeper *x, struct txn *t, kith_id contact,
                          kith_error *e) {
    struct conn *c = t->g->writer;
    struct words words;
    kith_id *ids;
    size_t n;
    TRY(consent_words(c, t->g->schema, contact, t->arena, &words, e));
    if (words.count == 0)
        return KITH_OK;
    TRY(record_referrers(c, x->p->contact, contact, 0, WORDS_MAX, t->arena, &ids, &n, e));
    struct known_point *points = ARENA_ARRAY(t->arena, struct known_point, n + 1);
    if (!points)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++) {
        points[i].id = ids[i];
        if (!is_going(t, x->p->type, ids[i]))
            TRY(record_get(c, x->p->type, ids[i], t->arena, &points[i].values, e));
    }
    qsort(points, n, sizeof *points, by_id);
    for (size_t i = 0; i < words.count; i++) {
        const struct word *w = &words.items[i];
        if (word_of_whole(x->k, w))
            continue;
        struct assign set = {.field = x->k->contact_points};
        TRY(points_with(x, t, w, points, n, &set.value, e));
        TRY(txn_update(t, x->k->type, w->id, &set, 1, e));
    }
    return KITH_OK;
}

static kith_status follow_point(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct consent_keeper *x = self;
    const struct rfield *f = x->p->contact;
    const kith_value *was = c->before ? &c->before[f->index] : NULL;
    const kith_value *is = c->after ? &c->after[f->index] : NULL;
    if (was && !links_to_going(t, c->before, f) && (!is || !value_eq(was, is)))
        TRY(attach(x, t, was->as.link.id, e));
    if (!is)
        return KITH_OK;
    TRY(attach(x, t, is->as.link.id, e));
    return suppression_apply(t, is->as.link.id, c->id, &c->after[x->p->normal->index], e);
}

/* -- what a word may say ----------------------------------------------------------------------- */

/* One of the contact points that it is to be for. */
static kith_status check_point(const struct consent_keeper *x, struct txn *t, struct change *c,
                               kith_id id, kith_error *e) {
    const kith_value *point;
    TRY(txn_lookup(t, x->p->type, id, &point, e));
    if (!point)
        return KITH_OK; /* refused as a link */
    const kith_value *normal = &point[x->p->normal->index];
    if (c->after[x->k->contact->index].kind == KITH_NULL)
        TRY(change_set(t, c, x->k->contact, point[x->p->contact->index], e));
    if (c->after[x->k->contact->index].as.link.id != point[x->p->contact->index].as.link.id)
        return err_set(e, KITH_E_INVAL, "contact_points",
                       "contact_points: they belong to another contact");
    if (c->after[x->k->address->index].kind == KITH_NULL)
        return change_set(t, c, x->k->address, *normal, e);
    return value_eq(&c->after[x->k->address->index], normal)
               ? KITH_OK
               : err_set(e, KITH_E_INVAL, "contact_points",
                         "contact_points: they have different addresses; make a consent for each");
}

static bool is_number(kith_str s) {
    for (uint64_t i = 0; i < s.len; i++)
        if (!strchr("0123456789+-/(). ", s.ptr[i]))
            return false;
    return true;
}

kith_str consent_address(struct arena *a, kith_str written) {
    return is_number(written) ? point_digits(a, written) : text_lower(a, written);
}

/* An address alone is compared as those of contact points are. */
static kith_status normalise_address(const struct consent_keeper *x, struct txn *t,
                                     struct change *c, kith_error *e) {
    const kith_value *v = &c->after[x->k->address->index];
    if (v->kind != KITH_TEXT)
        return KITH_OK;
    kith_str normal = consent_address(t->arena, v->as.s);
    return normal.ptr ? change_set(t, c, x->k->address, value_str(normal), e) : err_nomem(e);
}

static kith_status check_points(const struct consent_keeper *x, struct txn *t, struct change *c,
                                kith_error *e) {
    if (!c->before)
        TRY(normalise_address(x, t, c, e));
    const kith_value *list = &c->after[x->k->contact_points->index];
    for (uint64_t i = 0; !c->before && list->kind == KITH_LIST && i < list->as.list.count; i++)
        TRY(check_point(x, t, c, list->as.list.items[i].as.link.id, e));
    return KITH_OK;
}

static kith_status check_wording(const struct consent_keeper *x, struct txn *t, struct change *c,
                                 kith_error *e) {
    const kith_value *link = &c->after[x->k->wording->index];
    const kith_value *wording;
    if (link->kind != KITH_LINK || !fieldset_has(&c->changed, x->k->wording->index))
        return KITH_OK;
    TRY(txn_lookup(t, x->w->type, link->as.link.id, &wording, e));
    if (!wording)
        return KITH_OK; /* refused as a link */
    const kith_value *of = &wording[x->w->purpose->index];
    if (c->after[x->k->purpose->index].kind == KITH_NULL)
        TRY(change_set(t, c, x->k->purpose, *of, e));
    return value_eq(of, &c->after[x->k->purpose->index])
               ? KITH_OK
               : err_set(e, KITH_E_INVAL, "wording", "wording: it belongs to another purpose");
}

/* It would stand against everything that is said until then. */
static kith_status not_to_come(const kith_value *v, const char *name, int64_t now, kith_error *e) {
    return v->kind != KITH_TIME || v->as.i <= now
               ? KITH_OK
               : err_set(e, KITH_E_INVAL, name, "%s: it lies in the future", name);
}

static kith_status not_before(const kith_value *v, const char *name, const kith_value *at,
                              kith_error *e) {
    return v->kind != KITH_TIME || at->kind != KITH_TIME || v->as.i >= at->as.i
               ? KITH_OK
               : err_set(e, KITH_E_INVAL, name, "%s: it lies before the consent, see at", name);
}

/* An address alone, or that of a network as 192.0.2.0/24. */
static kith_status check_ip(const kith_value *v, kith_error *e) {
    char text[64], *slash;
    unsigned char room[sizeof(struct in6_addr)];
    if (v->kind != KITH_TEXT)
        return KITH_OK;
    kith_str shown = text_cut(v->as.s, 60);
    snprintf(text, sizeof text, "%.*s", (int)shown.len, shown.ptr);
    if ((slash = strchr(text, '/')) && slash[1] && strspn(slash + 1, "0123456789") <= 3)
        *slash = '\0';
    return inet_pton(AF_INET, text, room) == 1 || inet_pton(AF_INET6, text, room) == 1
               ? KITH_OK
               : err_set(e, KITH_E_INVAL, "ip",
                         "ip: '%.*s' is no internet address, as 192.0.2.7 and 2001:db8::7 are",
                         (int)shown.len, shown.ptr);
}

kith_status consent_check(const kith_value *at, const kith_value *expires, const kith_value *ip,
                          int64_t now, kith_error *e) {
    kith_value today = value_time(now);
    TRY(not_to_come(at, "at", now, e));
    TRY(not_before(expires, "expires", at->kind == KITH_NULL ? &today : at, e));
    return check_ip(ip, e);
}

static bool said(const struct change *c, const struct rfield *f) {
    return fieldset_has(&c->changed, f->index) && c->after[f->index].kind != KITH_NULL;
}

static kith_status check_times(const struct consent_keeper *x, struct txn *t, struct change *c,
                               kith_error *e) {
    const kith_value *at = &c->after[x->k->at->index], *end = &c->after[x->k->withdrawn_at->index],
                     *expires = &c->after[x->k->expires->index];
    bool withdrawn = is_state(x->k, c->after, "withdrawn");
    for (size_t i = 0; !withdrawn && i < 2; i++) {
        const struct rfield *f = i ? x->k->withdrawn_by : x->k->withdrawn_at;
        if (c->after[f->index].kind != KITH_NULL)
            return err_set(e, KITH_E_INVAL, f->name,
                           "%s: it is set when state is withdrawn; write state=withdrawn", f->name);
    }
    if (said(c, x->k->withdrawn_at)) {
        TRY(not_to_come(end, "withdrawn_at", t->head.at, e));
        TRY(not_before(end, "withdrawn_at", at, e));
    }
    if (withdrawn && end->kind == KITH_NULL)
        TRY(change_set(t, c, x->k->withdrawn_at, value_time(t->head.at), e));
    if (at->kind == KITH_NULL && t->head.origin == ORIGIN_IMPORT &&
        is_state(x->k, c->after, "given"))
        return err_set(e, KITH_E_INVAL, "at",
                       "at: say when it was given, in a column or for every row, at:=2026-05-03:"
                       " as of now it would count as said after a withdrawal");
    if (at->kind == KITH_NULL)
        TRY(change_set(t, c, x->k->at,
                       withdrawn ? c->after[x->k->withdrawn_at->index] : value_time(t->head.at),
                       e));
    if (said(c, x->k->at) || said(c, x->k->expires) || said(c, x->k->ip))
        TRY(consent_check(at, expires, &c->after[x->k->ip->index], t->head.at, e));
    bool over = expires->kind == KITH_TIME && expires->as.i <= t->head.at;
    if (is_state(x->k, c->after, "expired") && !over) {
        if (expires->kind == KITH_TIME)
            return err_set(e, KITH_E_INVAL, "state",
                           "state: it expires by itself, see expires; write state=withdrawn when"
                           " somebody says no");
        if (c->before && !is_state(x->k, c->before, "expired"))
            return change_set(t, c, x->k->expires, value_time(t->head.at), e);
    }
    return over && is_state(x->k, c->after, "given")
               ? change_set(t, c, x->k->state, value_str(STR("expired")), e)
               : KITH_OK;
}

/* What was said cannot be said otherwise afterwards. What was not noted then may be added. */
static kith_status check_unchanged(const struct consent_keeper *x, struct txn *t,
                                   const struct change *c, kith_error *e) {
    bool core = t->writer && t->writer->kind == SOURCE_CORE;
    for (uint32_t i = FIELD_FIRST; i < x->k->type->field_count; i++) {
        const struct rfield *f = x->k->type->fields[i];
        if (!fieldset_has(&c->changed, i) || !fieldset_has(&x->said, i))
            continue;
        if (!fieldset_has(&x->ways, i) ? c->before[i].kind == KITH_NULL
                                       : core || is_going(t, x->p->type, 0))
            continue;
        return err_set(e, KITH_E_REFUSED, f->name,
                       "%s: what was said about a purpose stays as it was; for a new word make a"
                       " new consent",
                       f->name);
    }
    return KITH_OK;
}

/* Whoever said no for an address says yes again with what shows it, and by no list. */
static kith_status check_proof(const struct consent_keeper *x, struct txn *t,
                               const struct change *c, kith_error *e) {
    const struct word w = {c->id, c->after};
    const kith_value *address = &c->after[x->k->address->index],
                     *purpose = &c->after[x->k->purpose->index];
    if (c->before || !word_is(x->k, &w, "given") || address->kind != KITH_TEXT ||
        purpose->kind != KITH_LINK || c->after[x->k->proof->index].kind != KITH_NULL)
        return KITH_OK;
    return suppression_check(t, address->as.s, purpose->as.link.id, word_time(x->k, &w), e);
}

static kith_status no_return(kith_error *e) {
    return err_set(e, KITH_E_REFUSED, "state",
                   "state: a withdrawal is not taken back; only the person can consent anew, which"
                   " is a new consent");
}

static kith_status check_word(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct consent_keeper *x = self;
    if (c->before && is_state(x->k, c->before, "withdrawn") &&
        (!is_state(x->k, c->after, "withdrawn") ||
         fieldset_has(&c->changed, x->k->withdrawn_at->index)))
        return no_return(e);
    if (t->undoing)
        return KITH_OK;
    if (c->before)
        TRY(check_unchanged(x, t, c, e));
    TRY(check_points(x, t, c, e));
    TRY(check_wording(x, t, c, e));
    TRY(check_times(x, t, c, e));
    return check_proof(x, t, c, e);
}

/* Without the no that stands, an older yes would hold again; but one that came with an address, as
 * of an import that is undone, comes again with it. */
static kith_status check_delete(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct consent_keeper *x = self;
    struct word w = {c->id, c->before};
    if (word_is(x->k, &w, "given") && !links_to_going(t, c->before, x->k->contact))
        TRY(suppressions_return(t, &w, e));
    if (!word_is(x->k, &w, "withdrawn") || !word_stands(x->k, &w) ||
        links_to_going(t, c->before, x->k->contact))
        return KITH_OK;
    bool remembered = false;
    if (t->undoing)
        TRY(suppression_remembers(t, &w, &remembered, e));
    if (remembered)
        return KITH_OK;
    return t->undoing
               ? no_return(e)
               : err_set(e, KITH_E_REFUSED, "state",
                         "a withdrawal is kept as long as its contact; a new consent follows it");
}

/* -- what follows ------------------------------------------------------------------------------ */

static kith_status await_expiry(const struct consent_keeper *x, struct txn *t,
                                const struct change *c, kith_error *e) {
    const kith_value *v = &c->after[x->k->expires->index];
    char payload[24];
    kith_id timer;
    if (!fieldset_has(&c->changed, x->k->expires->index) || v->kind != KITH_TIME ||
        !is_state(x->k, c->after, "given"))
        return KITH_OK;
    snprintf(payload, sizeof payload, "%" PRId64, v->as.i);
    return txn_timer(t, expiry, v->as.i, x->k->type, c->id, str_of(payload), &timer, e);
}

kith_status consent_overdue(struct conn *c, int64_t now, bool *yes, kith_error *e) {
    return timers_overdue(c, expiry, now, yes, e);
}

static kith_status set_expired(const struct consent_keeper *x, struct txn *t, kith_id id,
                               kith_error *e) {
    struct assign set = {x->k->state, value_str(STR("expired"))};
    return txn_update(t, x->k->type, id, &set, 1, e);
}

/* A timer of another time than the record's by now does nothing. */
static kith_status expire(void *self, struct txn *t, const struct timer *timer, kith_error *e) {
    const struct consent_keeper *x = self;
    const kith_value *values;
    TRY(txn_lookup(t, x->k->type, timer->subject, &values, e));
    const kith_value *v = values ? &values[x->k->expires->index] : NULL;
    if (!v || v->kind != KITH_TIME || v->as.i > t->head.at || !is_state(x->k, values, "given"))
        return KITH_OK;
    return set_expired(x, t, timer->subject, e);
}

/* A no of the whole person is one for each address. */
static kith_status withdraw_points(const struct consent_keeper *x, struct txn *t, kith_id id,
                                   const kith_value *values, kith_error *e) {
    const struct word whole = {id, values};
    struct words words;
    if (!word_of_whole(x->k, &whole))
        return KITH_OK;
    TRY(consent_words(t->g->writer, t->g->schema, values[x->k->contact->index].as.link.id, t->arena,
                      &words, e));
    struct assign set[] = {{x->k->state, value_str(STR("withdrawn"))},
                           {x->k->withdrawn_at, values[x->k->withdrawn_at->index]},
                           {x->k->withdrawn_by, values[x->k->withdrawn_by->index]}};
    for (size_t i = 0; i < words.count; i++) {
        const struct word *w = &words.items[i];
        if (!word_of_whole(x->k, w) && word_stands(x->k, w) && !word_is(x->k, w, "withdrawn") &&
            value_eq(&w->values[x->k->purpose->index], &values[x->k->purpose->index]) &&
            !is_newer(x->k, w, &whole))
            TRY(txn_update(t, x->k->type, w->id, set, 3, e));
    }
    return KITH_OK;
}

/* A word that another had taken the place of is the last one again. */
static kith_status follow_no(const struct consent_keeper *x, struct txn *t, const struct change *c,
                             kith_error *e) {
    struct assign set = {x->k->replaced_by, value_null()};
    if (c->before)
        TRY(txn_update(t, x->k->type, c->id, &set, 1, e));
    return withdraw_points(x, t, c->id, c->after, e);
}

static kith_status lift(const struct consent_keeper *x, struct txn *t, kith_id id, kith_error *e) {
    struct word w = {.id = id};
    TRY(txn_lookup(t, x->k->type, id, &w.values, e));
    return w.values && word_is(x->k, &w, "given") && word_stands(x->k, &w)
               ? suppressions_lift(t, &w, e)
               : KITH_OK;
}

static kith_status follow_word(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct consent_keeper *x = self;
    const struct rfield *f = x->k->contact;
    kith_id was = c->before ? c->before[f->index].as.link.id : 0;
    kith_id is = c->after ? c->after[f->index].as.link.id : 0;
    kith_id purpose = (c->after ? c->after : c->before)[x->k->purpose->index].as.link.id;
    if (was && was != is && !links_to_going(t, c->before, f))
        TRY(settle(t, was, purpose, NEWEST_STANDS, e));
    if (!is)
        return KITH_OK;
    TRY(await_expiry(x, t, c, e));
    if (fieldset_has(&c->changed, x->k->state->index) && is_state(x->k, c->after, "withdrawn"))
        TRY(follow_no(x, t, c, e));
    TRY(settle(t, is, purpose, was && was != is ? WITHDRAWN_STANDS : NEWEST_STANDS, e));
    if (was != is && c->after[x->k->address->index].kind != KITH_NULL)
        TRY(attach(x, t, is, e));
    return lift(x, t, c->id, e);
}

static kith_status expire_due(const struct consent_keeper *x, struct txn *t, kith_id contact,
                              kith_error *e) {
    struct words words;
    TRY(consent_words(t->g->writer, t->g->schema, contact, t->arena, &words, e));
    for (size_t i = 0; i < words.count; i++) {
        const kith_value *v = &words.items[i].values[x->k->expires->index];
        if (v->kind == KITH_TIME && v->as.i <= t->head.at &&
            word_is(x->k, &words.items[i], "given"))
            TRY(set_expired(x, t, words.items[i].id, e));
    }
    return KITH_OK;
}

/* A word that an undo brings back from the time when addresses were compared without accents is for
 * the address that it was said for (new_addresses.c). */
static kith_status follow_accents(const struct consent_keeper *x, struct txn *t, kith_id contact,
                                  kith_error *e) {
    struct words words;
    TRY(consent_words(t->g->writer, t->g->schema, contact, t->arena, &words, e));
    for (size_t i = 0; i < words.count; i++) {
        const kith_value *v = words.items[i].values, *points = &v[x->k->contact_points->index],
                         *address = &v[x->k->address->index], *point = NULL;
        if (points->kind != KITH_LIST || address->kind != KITH_TEXT)
            continue;
        TRY(txn_lookup(t, x->p->type, points->as.list.items[0].as.link.id, &point, e));
        const kith_value *normal = point ? &point[x->p->normal->index] : address;
        struct assign set = {x->k->address, *normal};
        if (normal->kind == KITH_TEXT && !value_eq(normal, address) &&
            str_eq(text_fold(t->arena, normal->as.s), address->as.s))
            TRY(txn_update(t, x->k->type, words.items[i].id, &set, 1, e));
    }
    return KITH_OK;
}

/* Each address of the contact gets the no that was said for it meanwhile. */
static kith_status apply(const struct consent_keeper *x, struct txn *t, kith_id contact,
                         kith_error *e) {
    struct words points;
    TRY(words_by(t->g->writer, x->p->contact, contact, t->arena, &points, e));
    for (size_t i = 0; i < points.count; i++)
        TRY(suppression_apply(t, contact, points.items[i].id,
                              &points.items[i].values[x->p->normal->index], e));
    return KITH_OK;
}

kith_status consent_mend(struct txn *t, kith_id contact, kith_error *e) {
    const struct consent_keeper x = {.k = &t->g->schema->base.consent,
                                     .p = &t->g->schema->base.contact_point};
    TRY(follow_accents(&x, t, contact, e));
    TRY(apply(&x, t, contact, e));
    TRY(attach(&x, t, contact, e));
    TRY(expire_due(&x, t, contact, e));
    return settle(t, contact, 0, NEWEST_STANDS, e);
}

/* -- wordings ---------------------------------------------------------------------------------- */

static kith_status check_twin(const struct consent_keeper *x, struct txn *t, const struct change *c,
                              kith_error *e) {
    const struct rfield *fields[] = {x->w->purpose, x->w->version};
    const kith_value values[] = {c->after[x->w->purpose->index], c->after[x->w->version->index]};
    struct lookup l;
    kith_id ids[1000];
    uint32_t n;
    if (values[0].kind == KITH_NULL || values[1].kind == KITH_NULL)
        return KITH_OK; /* required */
    TRY(lookup_make(&l, t->arena, x->w->type, fields, 2, e));
    TRY(lookup_find(t->g->writer, &l, values, t->arena, ids, 1000, &n, e));
    for (uint32_t i = 0; i < n; i++) {
        const kith_value *other;
        TRY(txn_lookup(t, x->w->type, ids[i], &other, e));
        if (ids[i] != c->id && other &&
            value_eq(&other[x->w->language->index], &c->after[x->w->language->index]))
            return err_set(e, KITH_E_CONFLICT, "version",
                           "version: the purpose has a wording of this version and language"
                           " already");
    }
    return KITH_OK;
}

static kith_status check_text(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct consent_keeper *x = self;
    kith_id *ids;
    size_t n;
    if (c->after && !t->undoing)
        TRY(check_twin(x, t, c, e));
    if (!c->before || (!c->after && links_to_going(t, c->before, x->w->purpose)))
        return KITH_OK;
    TRY(record_referrers(t->g->writer, x->k->wording, c->id, 0, 1, t->arena, &ids, &n, e));
    return n == 0 ? KITH_OK
                  : err_set(e, KITH_E_REFUSED, NULL,
                            "somebody has agreed to this wording, so it stays as it is; make a new"
                            " version of it");
}

/* -- registering ------------------------------------------------------------------------------- */

static void name_fields(struct consent_keeper *x, struct fieldset *points,
                        struct fieldset *wordings) {
    const struct base_consent *k = x->k;
    x->ways =
        fieldset_of((const struct rfield *[]){k->contact, k->contact_points, k->address, NULL});
    x->said = fieldset_of((const struct rfield *[]){
        k->contact, k->contact_points, k->address, k->purpose, k->wording, k->at, k->source,
        k->proof, k->ip, k->form, k->expires, k->withdrawn_at, k->withdrawn_by, NULL});
    *points = fieldset_of((const struct rfield *[]){x->p->contact, x->p->normal, NULL});
    *wordings = fieldset_of((const struct rfield *[]){x->w->purpose, x->w->version, x->w->language,
                                                      x->w->text, x->w->valid_from, NULL});
}

kith_status consent_hooks_add(struct engine *g, kith_error *e) {
    const struct source source = {SOURCE_CORE, "consents", "", 0};
    struct consent_keeper *x = ARENA_NEW(&g->arena, struct consent_keeper);
    struct fieldset *sets = ARENA_ARRAY(&g->arena, struct fieldset, 2);
    if (!x || !sets)
        return err_nomem(e);
    x->k = &g->schema->base.consent;
    x->w = &g->schema->base.wording;
    x->p = &g->schema->base.contact_point;
    name_fields(x, &sets[0], &sets[1]);
    struct hook hooks[] = {
        {.type = x->k->type, .on = ON_CREATE | ON_UPDATE, .priority = -100, .fn = check_word},
        {.type = x->k->type, .on = ON_DELETE, .priority = -100, .fn = check_delete},
        {.type = x->k->type,
         .on = ON_CREATE | ON_UPDATE | ON_DELETE,
         .after = true,
         .priority = -100,
         .fn = follow_word},
        {.type = x->p->type,
         .on = ON_CREATE | ON_UPDATE | ON_DELETE,
         .after = true,
         .priority = -90,
         .fields = &sets[0],
         .fn = follow_point},
        {.type = x->w->type,
         .on = ON_CREATE | ON_UPDATE | ON_DELETE,
         .priority = -100,
         .fields = &sets[1],
         .fn = check_text},
    };
    struct timer_handler timer = {.name = expiry, .fn = expire, .self = x, .source = source};
    for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++) {
        hooks[i].self = x;
        hooks[i].source = source;
        TRY(engine_add_hook(g, &hooks[i], e));
    }
    return engine_add_timer(g, &timer, e);
}
