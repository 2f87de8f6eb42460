/* SPDX-License-Identifier: Apache-2.0 */
/* What import and export of vCards share: the types and fields that cards are made of, which words
 * of a contact point's label are types of a card, and which services have a property of their own.
 */
#ifndef ENGINE_VCARD_MAP_H
#define ENGINE_VCARD_MAP_H

#include "base/vcard.h"
#include "record/schema.h"

/* The fields of a contact that are in cards. */
enum card_field {
    CARD_NAME,
    CARD_FIRST,
    CARD_LAST,
    CARD_SALUTATION,
    CARD_NICKNAME,
    CARD_TITLE,
    CARD_ACCOUNT,
    CARD_BIRTHDAY,
    CARD_LANGUAGE,
    CARD_ZONE,
    CARD_EMAIL,
    CARD_PHONE,
    CARD_STREET, /* the address: these five in this order */
    CARD_CITY,
    CARD_REGION,
    CARD_CODE,
    CARD_COUNTRY,
    CARD_PLACE,
    CARD_TAGS,
    CARD_EXTERNAL,
    CARD_FIELDS,
};

struct card_types {
    const struct rtype *contact, *account, *point, *note;
    const struct rfield *f[CARD_FIELDS]; /* of a contact */
    const struct rfield *account_name, *account_parent, *account_kind;
    const struct rfield *point_contact, *point_kind, *point_value, *point_label, *point_primary;
    const struct rfield *note_about, *note_title, *note_body;
};
kith_status card_types_find(const struct schema *s, struct card_types *out, kith_error *e);

/* The title of the note that keeps the properties of a card for which Kith has no field: one on
 * each line, as in a card of 3.0. */
#define VCARD_NOTE "vCard"

/* "work fax" for TYPE=WORK,FAX; a type that no table knows as it is; "" for none. In the arena, ptr
 * NULL: no memory. */
kith_str vcard_label(struct arena *a, const struct vcard_prop *p);
/* Appends "WORK,FAX" to a list of types for the label that vcard_label makes of them; false: no
 * types give this label, and nothing is appended. */
bool vcard_types(struct buf *types, kith_str label);
/* "skype" for X-SKYPE, or NULL; and back. */
const char *vcard_service(const char *property);
const char *vcard_service_property(kith_str label);

/* A postal address on lines, from street, town, region, code and country. */
kith_status vcard_address(struct arena *a, const kith_str part[5], kith_str *out, kith_error *e);

#endif
