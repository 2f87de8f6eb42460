/* SPDX-License-Identifier: Apache-2.0 */
/* Export of contacts as vCards. */
#ifndef ENGINE_EXPORT_VCARD_H
#define ENGINE_EXPORT_VCARD_H

#include "engine/import.h"

enum cards_contact {
    CONTACT_NAME,
    CONTACT_FIRST,
    CONTACT_LAST,
    CONTACT_SALUTATION,
    CONTACT_NICKNAME,
    CONTACT_TITLE,
    CONTACT_ACCOUNT,
    CONTACT_BIRTHDAY,
    CONTACT_LANGUAGE,
    CONTACT_ZONE,
    CONTACT_STREET, /* the address: these five in this order */
    CONTACT_CITY,
    CONTACT_REGION,
    CONTACT_CODE,
    CONTACT_COUNTRY,
    CONTACT_PLACE,
    CONTACT_TAGS,
    CONTACT_EXTERNAL,
    CONTACT_FIELDS,
};

struct cards_out { /* of one export */
    struct engine *g;
    const struct principal *principal;
    enum vcard_version version;
    const struct rtype *contact, *point, *note, *account;
    const struct rfield *f[CONTACT_FIELDS];
    const struct rfield *point_contact, *kind, *value, *label, *primary;
    const struct rfield *note_about, *note_title, *note_body, *account_name, *account_parent;
};
/* KITH_E_INVAL: the query finds no contacts, or fields are chosen. */
kith_status cards_begin(struct cards_out *x, struct engine *g, const struct export_options *o,
                        kith_error *e);
/* Appends the card of a contact. What it reads is in the arena. */
kith_status cards_put(const struct cards_out *x, kith_id id, const kith_value *values,
                      struct arena *a, struct buf *out, kith_error *e);

#endif
