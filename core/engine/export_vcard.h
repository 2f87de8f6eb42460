/* SPDX-License-Identifier: Apache-2.0 */
/* Export of contacts as vCards. */
#ifndef ENGINE_EXPORT_VCARD_H
#define ENGINE_EXPORT_VCARD_H

#include "engine/import.h"
#include "engine/vcard_map.h"

struct cards_out { /* of one export */
    struct engine *g;
    const struct principal *principal;
    enum vcard_version version;
    struct card_types t;
};
/* KITH_E_INVAL: the query finds no contacts, or fields are chosen. */
kith_status cards_begin(struct cards_out *x, struct engine *g, const struct export_options *o,
                        kith_error *e);
/* Appends the card of a contact. What it reads is in the arena. */
kith_status cards_put(const struct cards_out *x, kith_id id, const kith_value *values,
                      struct arena *a, struct buf *out, kith_error *e);

#endif
