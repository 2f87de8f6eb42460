/* SPDX-License-Identifier: Apache-2.0 */
/* What import and export of vCards share: which words of a contact point's label are types of a
 * card, and which services have a property of their own. */
#ifndef ENGINE_VCARD_MAP_H
#define ENGINE_VCARD_MAP_H

#include "base/vcard.h"

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
