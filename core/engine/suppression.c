/* SPDX-License-Identifier: Apache-2.0 */
/* Suppressed addresses: what was said for an address holds for whoever has it, also for contacts
 * that come later, come back, or were taken apart. The register is what is remembered; what queries
 * ask for are words: whoever gets an address of the register gets the no with it. A yes for the
 * address with what shows it, said since then, lifts it. */
#include "base/text.h"
#include "base/zone.h"
#include "engine/consent.h"
#include "record/objections.h"

#include <string.h>

static const char deletion[] = "deletion";
static const struct source own = {SOURCE_CORE, "suppressions", "", 0};

static const struct base_suppression *fields_of(const struct txn *t) {
    return &t->g->schema->base.suppression;
}

static int64_t said_at(const struct txn *t, const struct suppression *x) {
    return x->values[fields_of(t)->at->index].as.i;
}

static bool is_to(const struct txn *t, const struct suppression *x, kith_id purpose) {
    return x->values[fields_of(t)->purpose->index].as.link.id == purpose;
}

/* -- the register ------------------------------------------------------------------------------ */

/* One that came of a deletion goes with the undo of that, by which the words come back. */
static bool by_deletion(const kith_value *how) {
    return how->kind == KITH_TEXT && str_eqz(how->as.s, deletion);
}

/* Is it there already, or was it lifted by a yes since? */
static bool is_known(const struct txn *t, const struct suppressions *all, kith_id purpose,
                     int64_t at, const kith_value *by) {
    for (size_t i = 0; i < all->count; i++) {
        const struct suppression *x = &all->items[i];
        const kith_value *lifted = &x->values[fields_of(t)->lifted->index];
        bool stays = !by_deletion(&x->values[fields_of(t)->how->index]) || by_deletion(by);
        if (is_to(t, x, purpose) && (lifted->kind == KITH_TIME ? lifted->as.i > at : stays))
            return true;
    }
    return false;
}

static kith_status note(struct txn *t, kith_str hash, kith_id purpose, int64_t at,
                        const kith_value *by, kith_error *e) {
    const struct base_suppression *b = fields_of(t);
    struct suppressions all;
    TRY(suppressions_by(t->g->writer, t->g->schema, hash, t->arena, &all, e));
    if (is_known(t, &all, purpose, at, by))
        return KITH_OK;
    struct assign set[] = {{b->address, value_str(hash)},
                           {b->purpose, value_link(purpose, b->purpose->target->id)},
                           {b->at, value_time(at)},
                           {b->how, *by}};
    t->system++;
    kith_status st = txn_create(t, b->type, set, sizeof set / sizeof *set, NULL, e);
    t->system--;
    return st;
}

/* Links and letters may name the address, which is kept by its hash alone. */
static bool is_unfit(struct txn *t, const kith_value *by, kith_str normal) {
    if (by->kind != KITH_TEXT)
        return false;
    kith_str text = text_lower(t->arena, by->as.s);
    return !text.ptr || str_eqz(text, deletion) ||
           memmem(text.ptr, text.len, normal.ptr, normal.len);
}

static kith_status note_address(struct txn *t, kith_str normal, kith_id purpose, int64_t at,
                                const kith_value *by, kith_error *e) {
    kith_str hash;
    if (!normal.len)
        return KITH_OK;
    TRY(suppression_hash(t->g->writer, normal, t->arena, &hash, e));
    return note(t, hash, purpose, at, by, e);
}

kith_status suppress(struct txn *t, kith_str normal, kith_id purpose, int64_t at,
                     const kith_value *by, kith_error *e) {
    const kith_value not_said = value_null();
    return note_address(t, normal, purpose, at, is_unfit(t, by, normal) ? &not_said : by, e);
}

/* How it was said may name the person, who is about to go. */
static kith_status keep_word(struct txn *t, const struct words *points, const struct word *w,
                             kith_error *e) {
    const struct base_consent *k = &t->g->schema->base.consent;
    const struct rfield *normal = t->g->schema->base.contact_point.normal;
    const kith_value by = value_str(str_of(deletion)), *address = &w->values[k->address->index];
    kith_id purpose = w->values[k->purpose->index].as.link.id;
    int64_t at = word_time(k, w);
    if (address->kind == KITH_TEXT)
        return note_address(t, address->as.s, purpose, at, &by, e);
    for (size_t i = 0; i < points->count; i++) {
        const kith_value *v = &points->items[i].values[normal->index];
        if (v->kind == KITH_TEXT)
            TRY(note_address(t, v->as.s, purpose, at, &by, e));
    }
    return KITH_OK;
}

kith_status suppressions_keep(struct txn *t, kith_id contact, kith_error *e) {
    const struct schema *s = t->g->schema;
    const struct base_consent *k = &s->base.consent;
    struct words words, points;
    TRY(consent_words(t->g->writer, s, contact, t->arena, &words, e));
    if (words.count)
        TRY(words_by(t->g->writer, s->base.contact_point.contact, contact, t->arena, &points, e));
    for (size_t i = 0; i < words.count; i++)
        if (word_stands(k, &words.items[i]) && word_is(k, &words.items[i], "withdrawn"))
            TRY(keep_word(t, &points, &words.items[i], e));
    return KITH_OK;
}

/* -- whoever has the address ------------------------------------------------------------------- */

/* The no that stands, or what the person said since. */
static bool has_word(const struct txn *t, const struct words *all, kith_str normal,
                     const struct suppression *x) {
    const struct base_consent *k = &t->g->schema->base.consent;
    for (size_t i = 0; i < all->count; i++) {
        const struct word *w = &all->items[i];
        const kith_value *address = &w->values[k->address->index];
        if (word_stands(k, w) && address->kind == KITH_TEXT && str_eq(address->as.s, normal) &&
            is_to(t, x, w->values[k->purpose->index].as.link.id) &&
            (word_is(k, w, "withdrawn") || word_time(k, w) > said_at(t, x)))
            return true;
    }
    return false;
}

/* In an undo no hook adds what is left out, and elsewhere one normalises the address. */
static kith_status say_no(struct txn *t, kith_id contact, kith_id point, kith_str normal,
                          const struct suppression *x, kith_error *e) {
    const struct base_consent *k = &t->g->schema->base.consent;
    int64_t at = said_at(t, x) < t->head.at ? said_at(t, x) : t->head.at;
    kith_value link = value_link(point, k->contact_points->target->id);
    const struct assign set[] = {
        {k->contact, value_link(contact, k->contact->target->id)},
        {k->contact_points, {.kind = KITH_LIST, .as.list = {&link, 1}}},
        {k->purpose, x->values[fields_of(t)->purpose->index]},
        {k->state, value_str(STR("withdrawn"))},
        {k->at, value_time(at)},
        {k->withdrawn_at, value_time(at)},
        {k->withdrawn_by, x->values[fields_of(t)->how->index]},
        {k->address, value_str(normal)},
    };
    size_t n = sizeof set / sizeof *set;
    return txn_create(t, k->type, set, t->undoing ? n : n - 1, NULL, e);
}

kith_status suppression_apply(struct txn *t, kith_id contact, kith_id point,
                              const kith_value *normal, kith_error *e) {
    struct suppressions all;
    struct words words;
    if (normal->kind != KITH_TEXT)
        return KITH_OK;
    TRY(suppressions_of(t->g->writer, t->g->schema, normal->as.s, t->arena, &all, e));
    for (size_t i = 0; i < all.count; i++) {
        const struct suppression *x = &all.items[i];
        if (!suppression_holds(t->g->schema, x))
            continue;
        TRY(consent_words(t->g->writer, t->g->schema, contact, t->arena, &words, e));
        if (!has_word(t, &words, normal->as.s, x))
            TRY(say_no(t, contact, point, normal->as.s, x, e));
    }
    return KITH_OK;
}

kith_status suppressions_apply_all(struct txn *t, kith_error *e) {
    const struct base_point *p = &t->g->schema->base.contact_point;
    const struct source *code = t->code;
    kith_id *ids;
    size_t n;
    TRY(record_ids(t->g->writer, p->type, INT64_MAX, t->arena, &ids, &n, e));
    t->code = &own;
    t->system++;
    kith_status st = KITH_OK;
    for (size_t i = 0; st == KITH_OK && i < n; i++) {
        const kith_value *v;
        struct arena_mark mark = arena_mark(t->arena);
        uint64_t seq = t->g->seq;
        st = txn_lookup(t, p->type, ids[i], &v, e);
        if (st == KITH_OK && v)
            st = suppression_apply(t, v[p->contact->index].as.link.id, ids[i], &v[p->normal->index],
                                   e);
        if (t->g->seq == seq) /* what was written is still needed */
            arena_release(t->arena, mark);
    }
    t->system--;
    t->code = code;
    return st;
}

/* -- a new yes --------------------------------------------------------------------------------- */

kith_status suppression_check(struct txn *t, kith_str normal, kith_id purpose, int64_t at,
                              kith_error *e) {
    struct suppressions all;
    TRY(suppressions_of(t->g->writer, t->g->schema, normal, t->arena, &all, e));
    for (size_t i = 0; i < all.count; i++) {
        const struct suppression *x = &all.items[i];
        if (!suppression_holds(t->g->schema, x) || !is_to(t, x, purpose) || at <= said_at(t, x))
            continue;
        struct civil day = zone_local(engine_zone(t->g), said_at(t, x));
        return err_set(e, KITH_E_REFUSED, "proof",
                       "proof: somebody said no for this address on %04d-%02d-%02d; a yes since"
                       " then needs what shows it: proof=\"double opt-in, mail of 3 May\"",
                       day.year, day.month, day.day);
    }
    return KITH_OK;
}

kith_status suppressions_lift(struct txn *t, const struct word *w, kith_error *e) {
    const struct base_consent *k = &t->g->schema->base.consent;
    const struct base_suppression *b = fields_of(t);
    const kith_value *address = &w->values[k->address->index];
    struct suppressions all;
    int64_t at = word_time(k, w);
    if (address->kind != KITH_TEXT || w->values[k->proof->index].kind == KITH_NULL)
        return KITH_OK;
    TRY(suppressions_of(t->g->writer, t->g->schema, address->as.s, t->arena, &all, e));
    for (size_t i = 0; i < all.count; i++) {
        const struct suppression *x = &all.items[i];
        const struct assign set[] = {{b->lifted, value_time(at)},
                                     {b->lifted_by, value_link(w->id, k->type->id)}};
        if (suppression_holds(t->g->schema, x) && at > said_at(t, x) &&
            is_to(t, x, w->values[k->purpose->index].as.link.id))
            TRY(txn_update(t, b->type, x->id, set, 2, e));
    }
    return KITH_OK;
}

kith_status suppressions_return(struct txn *t, const struct word *w, kith_error *e) {
    const struct base_suppression *b = fields_of(t);
    const struct assign set[] = {{b->lifted, value_null()}, {b->lifted_by, value_null()}};
    kith_id *ids;
    size_t n;
    TRY(record_referrers(t->g->writer, b->lifted_by, w->id, 0, WORDS_MAX, t->arena, &ids, &n, e));
    for (size_t i = 0; i < n; i++)
        TRY(txn_update(t, b->type, ids[i], set, 2, e));
    return KITH_OK;
}

/* -- undoing ----------------------------------------------------------------------------------- */

kith_status suppression_remembers(struct txn *t, const struct word *w, bool *yes, kith_error *e) {
    const struct base_consent *k = &t->g->schema->base.consent;
    const kith_value *address = &w->values[k->address->index];
    struct suppressions all = {0};
    *yes = false;
    if (address->kind == KITH_TEXT)
        TRY(suppressions_of(t->g->writer, t->g->schema, address->as.s, t->arena, &all, e));
    for (size_t i = 0; i < all.count; i++) {
        const struct suppression *x = &all.items[i];
        *yes |= suppression_holds(t->g->schema, x) &&
                is_to(t, x, w->values[k->purpose->index].as.link.id) &&
                x->values[FIELD_CREATED].as.i < w->values[FIELD_CREATED].as.i;
    }
    return KITH_OK;
}

static kith_status stay(void *self, struct txn *t, struct change *c, kith_error *e) {
    (void)self;
    if (t->undoing && by_deletion(&c->before[fields_of(t)->how->index]))
        return KITH_OK;
    return err_set(e, KITH_E_REFUSED, NULL,
                   "a withdrawal is not taken back; only the person can consent anew, which is a"
                   " new consent");
}

static kith_status contact_goes(void *self, struct txn *t, struct change *c, kith_error *e) {
    (void)self;
    return suppressions_keep(t, c->id, e);
}

/* -- said elsewhere ---------------------------------------------------------------------------- */

struct saying {
    const char *secret;
    const struct objection *items;
    size_t count;
    uint64_t done;
};

static kith_status say_again(struct txn *t, void *arg, kith_error *e) {
    struct saying *s = arg;
    const struct source *code = t->code;
    uint64_t before;
    kith_str here;
    kith_status st = KITH_OK;
    TRY(suppression_hash(t->g->writer, STR(""), t->arena, &here, e));
    if (!str_eqz(here, s->secret))
        return err_set(e, KITH_E_CONFLICT, NULL,
                       "suppressed addresses are of a database with another secret, by which none"
                       " can be recognised here");
    TRY(record_count(t->g->writer, fields_of(t)->type, &before, e));
    t->code = &own;
    for (size_t i = 0; st == KITH_OK && i < s->count; i++) {
        const struct objection *o = &s->items[i];
        const kith_value name = value_str(str_of(o->purpose)),
                         by = o->text ? value_str(str_of(o->text)) : value_null();
        if (!o->hash)
            continue;
        kith_id purpose;
        st = record_unique_owner(t->g->writer, t->g->schema->base.purpose.name, &name, t->arena,
                                 &purpose, e);
        if (st == KITH_OK && purpose)
            st = note(t, str_of(o->hash), purpose, o->at, &by, e);
    }
    t->code = code;
    TRY(st);
    TRY(record_count(t->g->writer, fields_of(t)->type, &s->done, e));
    s->done -= before;
    return suppressions_apply_all(t, e);
}

kith_status engine_suppress(struct engine *g, const struct write_opts *o, const char *secret,
                            const struct objection *items, size_t count, uint64_t *done,
                            kith_error *e) {
    struct saying s = {secret, items, count, 0};
    kith_status st = engine_write(g, o, say_again, &s, NULL, e);
    *done = s.done;
    return st;
}

/* -- registering ------------------------------------------------------------------------------- */

kith_status suppression_hooks_add(struct engine *g, kith_error *e) {
    const struct base_fields *b = &g->schema->base;
    const struct hook hooks[] = {
        {.type = b->suppression.type, .on = ON_DELETE, .priority = -100, .fn = stay, .source = own},
        {.type = b->contact.type,
         .on = ON_DELETE,
         .priority = -90,
         .fn = contact_goes,
         .source = own},
    };
    for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++)
        TRY(engine_add_hook(g, &hooks[i], e));
    return KITH_OK;
}
