/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that read a card share: its properties are taken one by one (import_card.c), into
 * fields (import_card_fields.c), or into what belongs to the contact (import_card_parts.c). */
#ifndef ENGINE_IMPORT_CARD_H
#define ENGINE_IMPORT_CARD_H

#include "engine/import_vcard.h"
#include "engine/vcard_map.h"

struct taking { /* of one card */
    struct import *im;
    struct vcards *v;
    struct arena *a;
    struct row *r;
    const struct vcard *card;
    struct card *out;
    kith_str name, suffix, salutation, org;
    struct buf rest; /* what is kept as it is */
    kith_error *e;
};

/* Takes a property. *taken is false at first, and stays so when it is to be kept as it is. */
typedef kith_status (*card_taker)(struct taking *k, const struct vcard_prop *p, bool *taken);

/* import_card.c */
kith_status card_text(struct taking *k, kith_str value, kith_str *out); /* escapes resolved */
int card_pref(const struct vcard_prop *p); /* 1 .. 100; 101: none; the lowest comes first */
/* The preferred one of its name, or the first. */
bool card_is_best(const struct taking *k, const struct vcard_prop *p);
/* *taken: the field is not filled from elsewhere. */
kith_status card_put(struct taking *k, enum card_field f, kith_str text, bool *taken);
bool card_would_pass(const struct taking *k, enum card_field f, kith_str text);
/* a and b with `between` where both are there. */
kith_status card_join(struct taking *k, kith_str a, const char *between, kith_str b, kith_str *out);
/* The next component, which from 3.0 on may be a list. */
kith_status card_component(struct taking *k, kith_str *rest, const char *between, kith_str *out);
/* The card is rejected: a sentence about that property. */
kith_status card_bad(struct taking *k, const struct vcard_prop *p, const char *message);

/* import_card_fields.c */
kith_status card_take_name(struct taking *k, const struct vcard_prop *p, bool *taken);
kith_status card_take_names(struct taking *k, const struct vcard_prop *p, bool *taken);
kith_status card_take_single(struct taking *k, const struct vcard_prop *p, bool *taken);
kith_status card_take_org(struct taking *k, const struct vcard_prop *p, bool *taken);
kith_status card_take_categories(struct taking *k, const struct vcard_prop *p, bool *taken);
kith_status card_finish_name(struct taking *k);

/* import_card_parts.c */
kith_status card_take_email(struct taking *k, const struct vcard_prop *p, bool *taken);
kith_status card_take_phone(struct taking *k, const struct vcard_prop *p, bool *taken);
kith_status card_take_url(struct taking *k, const struct vcard_prop *p, bool *taken);
kith_status card_take_handle(struct taking *k, const struct vcard_prop *p, bool *taken);
kith_status card_take_address(struct taking *k, const struct vcard_prop *p, bool *taken);
kith_status card_take_note(struct taking *k, const struct vcard_prop *p, bool *taken);
kith_status card_take_binary(struct taking *k, const struct vcard_prop *p, bool *taken);

#endif
