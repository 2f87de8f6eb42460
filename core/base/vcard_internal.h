/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of vcard share. */
#ifndef BASE_VCARD_INTERNAL_H
#define BASE_VCARD_INTERNAL_H

#include "base/err.h"
#include "base/vcard.h"

/* Fills in version, props and count, or defect, from raw, which is one whole card, its first line
 * BEGIN:VCARD and its last END:VCARD. */
kith_status vcard_parse(struct arena *a, struct vcard *card, kith_error *e);

#endif
