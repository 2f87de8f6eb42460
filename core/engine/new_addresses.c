/* SPDX-License-Identifier: Apache-2.0 */
/* New addresses: an older Kith compared addresses without their accents, so that müller@ and
 * muller@ were one. Before anybody else comes in, what it stored is brought to the form of this
 * one, in transactions of Kith's own. A no that both had is kept for both; a yes stays with the one
 * without accents, where nobody can say for which it was. */
#include "base/log.h"
#include "engine/consent.h"

#include <string.h>

#define PAGE 500 /* addresses of one transaction */

static const char key[] = "addresses", form[] = "1";
static const struct source own = {SOURCE_CORE, "addresses", "", 0};

struct point {
    kith_id id;
    const kith_value *values;
    kith_value is; /* its new form */
};

static kith_status look_at(struct txn *t, kith_id id, struct point *p, kith_error *e) {
    const struct base_point *b = &t->g->schema->base.contact_point;
    *p = (struct point){.id = id};
    TRY(txn_lookup(t, b->type, id, &p->values, e));
    if (p->values)
        p->is = point_normal(t, p->values[b->kind->index].as.s, p->values[b->value->index].as.s);
    return KITH_OK;
}

/* Is the word for another address as well, now that accents count? */
static kith_status is_shared(struct txn *t, const struct word *w, const struct point *p, bool *yes,
                             kith_error *e) {
    const kith_value *list = &w->values[t->g->schema->base.consent.contact_points->index];
    *yes = false;
    for (uint64_t i = 0; i < list->as.list.count; i++) {
        struct point other;
        TRY(look_at(t, list->as.list.items[i].as.link.id, &other, e));
        *yes |= other.values && !value_eq(&other.is, &p->is);
    }
    return KITH_OK;
}

static kith_status say_no_too(struct txn *t, const struct word *w, const struct point *p,
                              kith_error *e) {
    const struct base_consent *k = &t->g->schema->base.consent;
    kith_value link = value_link(p->id, k->contact_points->target->id);
    const struct assign set[] = {
        {k->contact, w->values[k->contact->index]},
        {k->contact_points, {.kind = KITH_LIST, .as.list = {&link, 1}}},
        {k->purpose, w->values[k->purpose->index]},
        {k->state, w->values[k->state->index]},
        {k->at, w->values[k->at->index]},
        {k->withdrawn_at, w->values[k->withdrawn_at->index]},
        {k->withdrawn_by, w->values[k->withdrawn_by->index]},
    };
    return txn_create(t, k->type, set, sizeof set / sizeof *set, NULL, e);
}

static kith_status follow_point(struct txn *t, const struct point *p, kith_error *e) {
    const struct base_fields *b = &t->g->schema->base;
    const struct rfield *normal = b->contact_point.normal;
    const struct assign point = {normal, p->is}, word = {b->consent.address, p->is};
    struct words words;
    TRY(consent_words(t->g->writer, t->g->schema,
                      p->values[b->contact_point.contact->index].as.link.id, t->arena, &words, e));
    struct word *both = ARENA_ARRAY(t->arena, struct word, words.count + 1);
    size_t n = 0;
    if (!both)
        return err_nomem(e);
    for (size_t i = 0; i < words.count; i++) {
        const struct word *w = &words.items[i];
        bool shared;
        if (!word_is_at(&b->consent, w->values, p->id))
            continue;
        TRY(is_shared(t, w, p, &shared, e));
        if (!shared)
            TRY(txn_update(t, b->consent.type, w->id, &word, 1, e));
        else if (word_stands(&b->consent, w) && word_is(&b->consent, w, "withdrawn"))
            both[n++] = *w;
    }
    TRY(txn_update(t, b->contact_point.type, p->id, &point, 1, e));
    for (size_t i = 0; i < n; i++)
        TRY(say_no_too(t, &both[i], p, e));
    return KITH_OK;
}

struct following {
    kith_id after, next;
    bool more;
};

static kith_status follow_page(struct txn *t, struct following *f, kith_error *e) {
    const struct rfield *normal = t->g->schema->base.contact_point.normal;
    kith_id ids[PAGE];
    uint32_t n;
    f->next = f->after; /* it may run twice */
    TRY(addresses_accented(t->g->writer, f->after, PAGE, ids, &n, e));
    for (uint32_t i = 0; i < n; i++) {
        struct point p;
        TRY(look_at(t, ids[i], &p, e));
        if (p.values && !value_eq(&p.values[normal->index], &p.is))
            TRY(follow_point(t, &p, e));
        f->next = ids[i];
    }
    f->more = n == PAGE;
    return f->more ? KITH_OK : meta_write(t->g->writer, key, form, e);
}

static kith_status follow(struct txn *t, void *arg, kith_error *e) {
    const struct source *code = t->code;
    t->code = &own;
    kith_status st = follow_page(t, arg, e);
    t->code = code;
    return st;
}

static kith_status is_new(struct engine *g, bool *yes, kith_error *e) {
    struct conn *c;
    struct arena a = {0};
    const char *have = NULL;
    TRY(engine_reader(g, &c, e));
    kith_status st = meta_read(c, key, &a, &have, e);
    *yes = have && strcmp(have, form) == 0;
    engine_reader_done(g, c);
    arena_free(&a);
    return st;
}

void addresses_followed(struct engine *g) {
    struct write_opts o = by_kith;
    struct following f = {.more = true};
    kith_error e = KITH_ERROR_INIT;
    bool done = false;
    o.note = "addresses are compared with their accents";
    kith_status st = is_new(g, &done, &e);
    for (; st == KITH_OK && !done && f.more; f.after = f.next)
        st = engine_write(g, &o, follow, &f, NULL, &e);
    if (st != KITH_OK)
        log_error("consents",
                  "addresses with accents are not yet compared by them, and some find nothing: %s",
                  e.message);
}
