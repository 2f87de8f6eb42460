/* SPDX-License-Identifier: Apache-2.0 */
/* Text templates: texts with places for values, and parts that are left out or repeated, in the
 * manner of Mustache (mustache.github.io/mustache.5.html), without code in them:
 *
 *   {{contact.name}}                  a value; in HTML with < > & " ' made harmless
 *   {{{signature}}}                   a value as it is
 *   {{#tasks}} ... {{/tasks}}         once for each item of a list; once for a value that is there
 *   {{^tasks}} ... {{/tasks}}         when there is none
 *   {{.}}                             the item itself
 *   {{due | %d.%m.%Y}}                a date or time in another form, that of strftime
 *   {{! what is meant }}              nothing
 *
 * A tag of a part that stands alone on its line takes the line with it. Knows nothing of where the
 * values come from. Any thread.
 */
#ifndef BASE_TEMPLATE_H
#define BASE_TEMPLATE_H

#include "base/str.h"
#include <kith/types.h>
#include <stdbool.h>

#define TEMPLATE_OUT_MAX   (4u << 20) /* bytes of what is written */
#define TEMPLATE_DEPTH_MAX 16         /* of parts in parts */

enum template_kind {
    TEMPLATE_NOTHING, /* null, false, an empty text */
    TEMPLATE_TEXT,
    TEMPLATE_LIST,
    TEMPLATE_THING, /* with parts of its own, or simply true */
};
struct template_value {
    enum template_kind kind;
    kith_str text;  /* of a text; until the source is asked for the next */
    uint64_t count; /* of a list */
};

/* Where values come from. Names are looked up in what is held, the innermost first. */
struct template_source {
    void *arg;
    /* Finds a name and holds it. format: empty, or behind the bar. An unknown name is an error. */
    kith_status (*find)(void *arg, kith_str name, kith_str format, struct template_value *out,
                        kith_error *e);
    /* Holds the i-th of the list that is held, from 0 on. */
    kith_status (*item)(void *arg, uint64_t i, kith_error *e);
    void (*let_go)(void *arg); /* of what was held last */
};

/* Appends the text to out. KITH_E_INVAL: "line 3: ..."; KITH_E_LIMIT: it is too long. */
kith_status template_render(kith_str text, bool html, const struct template_source *source,
                            struct buf *out, kith_error *e);
/* Is it well-formed? The names are not looked up. */
kith_status template_check(kith_str text, kith_error *e);

#endif
