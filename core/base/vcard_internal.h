/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of vcard share. */
#ifndef BASE_VCARD_INTERNAL_H
#define BASE_VCARD_INTERNAL_H

#include "base/err.h"
#include "base/vcard.h"

/* Fills in version, props and count, or defect, from raw, which is one whole card, its first line
 * BEGIN:VCARD and its last END:VCARD. */
kith_status vcard_parse(struct arena *a, struct vcard *card, kith_error *e);

/* Is the physical line this one? One that is folded is a text. */
static inline bool vcard_line_is(kith_str line, const char *what) {
    bool folded = line.len && (line.ptr[0] == ' ' || line.ptr[0] == '\t');
    return !folded && str_ieqz(str_trim(line), what);
}

#endif
