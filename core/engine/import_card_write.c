/* SPDX-License-Identifier: Apache-2.0 */
/* Import of vCards, on the writer: the organisation before the contact, and afterwards what belongs
 * to it. What is there already is left alone, so that the same card changes nothing. */
#include "engine/engine_internal.h"
#include "engine/import_vcard.h"
#include "engine/vcard_map.h"

#include <string.h>

#define OWNED_MAX 1000 /* points, or notes, of a contact that are looked at */

/* -- the organisation -------------------------------------------------------------------------- */

/* The oldest account that is there, or a new one. */
static kith_status find_or_make(struct txn *t, struct import *im, const struct lookup *by,
                                kith_value name, kith_id parent, kith_id *id, kith_error *e) {
    const struct vcards *v = im->cards;
    kith_value values[] = {name, value_link(parent, v->t.account->id)};
    struct assign set[] = {{v->t.account_name, name},
                           {v->t.account_parent, values[1]},
                           {v->t.account_kind, value_str(STR("department"))}};
    uint32_t found;
    TRY(txn_lookup_key(t, by, values, id, 1, &found, e));
    return found ? KITH_OK : txn_create(t, v->t.account, set, parent ? 3 : 1, id, e);
}

bool card_makes_account(const struct import *im, const struct column *c) {
    return im->cards && c == im->cards->columns[CARD_ACCOUNT];
}

kith_status card_account(struct txn *t, struct import *im, const struct row *r, struct assign *set,
                         kith_error *e) {
    const struct vcards *v = im->cards;
    for (size_t i = 0; i < r->put_count; i++) {
        kith_id id;
        if (!card_makes_account(im, r->puts[i].column))
            continue;
        TRY(find_or_make(t, im, &v->by_name, r->puts[i].value, 0, &id, e));
        for (uint32_t k = 0; k < r->card->unit_count; k++) {
            kith_value unit = value_str(r->card->units[k]);
            TRY(value_check(im->schema, v->t.account_name, false, txn_arena(t), &unit, e));
            TRY(find_or_make(t, im, &v->by_unit, unit, id, &id, e));
        }
        set[i].value = value_link(id, v->t.account->id);
    }
    return KITH_OK;
}

/* -- points ------------------------------------------------------------------------------------ */

struct owned { /* what a contact has */
    kith_id *ids;
    const kith_value **values;
    size_t count;
};

static kith_status read_owned(struct txn *t, struct import *im, const struct rfield *link,
                              kith_id contact, struct owned *out, kith_error *e) {
    TRY(record_referrers(txn_conn(t), link, contact, im->type->id, OWNED_MAX, txn_arena(t),
                         &out->ids, &out->count, e));
    out->values = ARENA_ARRAY(txn_arena(t), const kith_value *, out->count + 1);
    if (!out->values)
        return err_nomem(e);
    for (size_t i = 0; i < out->count; i++)
        TRY(txn_get(t, link->type, out->ids[i], &out->values[i], e));
    return KITH_OK;
}

static bool holds(const kith_value *values, const struct rfield *f, kith_str text) {
    const kith_value *v = &values[f->index];
    return v->kind == KITH_TEXT ? str_eq(v->as.s, text) : text.len == 0;
}

/* Another point of its kind is the primary one. */
static bool has_primary(const struct vcards *v, const struct owned *has, const char *kind) {
    for (size_t i = 0; i < has->count; i++) {
        const kith_value *p = &has->values[i][v->t.point_primary->index];
        if (holds(has->values[i], v->t.point_kind, str_of(kind)) && p->kind == KITH_BOOL && p->as.i)
            return true;
    }
    return false;
}

static kith_status add_point(struct txn *t, struct import *im, kith_id contact,
                             const struct owned *has, const struct card_point *p, kith_error *e) {
    const struct vcards *v = im->cards;
    struct assign set[5] = {
        {v->t.point_contact, value_link(contact, im->type->id)},
        {v->t.point_kind, value_str(str_of(p->kind))},
        {v->t.point_value, value_str(p->value)},
        {v->t.point_primary,
         {.kind = KITH_BOOL, .as.i = p->primary && !has_primary(v, has, p->kind)}},
        {v->t.point_label, value_str(p->label)},
    };
    return txn_create(t, v->t.point, set, p->label.len ? 5 : 4, NULL, e);
}

static kith_status put_point(struct txn *t, struct import *im, kith_id contact,
                             const struct owned *has, struct card_point *p, kith_error *e) {
    const struct vcards *v = im->cards;
    kith_value value = value_str(p->value);
    TRY(value_check(im->schema, v->t.point_value, false, txn_arena(t), &value, e));
    if (value.kind == KITH_NULL)
        return KITH_OK;
    for (size_t i = 0; i < has->count; i++) {
        struct assign label = {v->t.point_label, value_str(p->label)};
        if (!holds(has->values[i], v->t.point_kind, str_of(p->kind)) ||
            !holds(has->values[i], v->t.point_value, value.as.s))
            continue;
        return p->label.len ? txn_update(t, v->t.point, has->ids[i], &label, 1, e) : KITH_OK;
    }
    return add_point(t, im, contact, has, p, e);
}

/* -- notes ------------------------------------------------------------------------------------- */

static kith_status add_note(struct txn *t, struct import *im, kith_id contact, const char *title,
                            kith_str body, kith_error *e) {
    const struct vcards *v = im->cards;
    kith_value about = value_link(contact, im->type->id);
    about.flags = VALUE_TYPED;
    struct assign set[] = {{v->t.note_about, about},
                           {v->t.note_body, value_str(body)},
                           {v->t.note_title, value_str(str_of(title))}};
    return txn_create(t, v->t.note, set, *title ? 3 : 2, NULL, e);
}

static kith_status put_note(struct txn *t, struct import *im, kith_id contact,
                            const struct owned *has, kith_str body, kith_error *e) {
    const struct rfield *f = im->cards->t.note_body;
    kith_value value = value_str(body);
    TRY(value_check(im->schema, f, false, txn_arena(t), &value, e));
    for (size_t i = 0; value.kind != KITH_NULL && i < has->count; i++)
        if (holds(has->values[i], f, value.as.s))
            return KITH_OK;
    return value.kind == KITH_NULL ? KITH_OK : add_note(t, im, contact, "", body, e);
}

/* What the card has besides: one note, which a newer card writes anew. */
static kith_status put_rest(struct txn *t, struct import *im, kith_id contact,
                            const struct owned *has, kith_str rest, kith_error *e) {
    struct assign body = {im->cards->t.note_body, value_str(rest)};
    if (!rest.len)
        return KITH_OK;
    for (size_t i = 0; i < has->count; i++)
        if (holds(has->values[i], im->cards->t.note_title, STR(VCARD_NOTE)))
            return txn_update(t, im->cards->t.note, has->ids[i], &body, 1, e);
    return add_note(t, im, contact, VCARD_NOTE, rest, e);
}

/* -- all of it --------------------------------------------------------------------------------- */

kith_status card_parts(struct txn *t, struct import *im, const struct row *r, kith_error *e) {
    const struct card *c = r->card;
    const struct vcards *v = im->cards;
    struct owned has;
    if (c->point_count) {
        TRY(read_owned(t, im, v->t.point_contact, r->record, &has, e));
        for (size_t i = 0; i < c->point_count; i++)
            TRY(put_point(t, im, r->record, &has, &c->points[i], e));
    }
    if (c->note_count || c->rest.len) {
        TRY(read_owned(t, im, v->t.note_about, r->record, &has, e));
        for (size_t i = 0; i < c->note_count; i++)
            TRY(put_note(t, im, r->record, &has, c->notes[i], e));
        TRY(put_rest(t, im, r->record, &has, c->rest, e));
    }
    for (size_t i = 0; i < c->file_count; i++)
        TRY(file_add(t, im->type, r->record, &c->files[i], NULL, e));
    return KITH_OK;
}
