/* SPDX-License-Identifier: Apache-2.0 */
/* Conf edit: changes single keys of a configuration file's text and leaves all else as its author
 * wrote it, comments and layout. For texts that the settings wrapper has read without a problem.
 * out is appended to: the whole new text. */
#ifndef ENGINE_CONF_EDIT_H
#define ENGINE_CONF_EDIT_H

#include "base/err.h"
#include "base/str.h"

/* Sets a key, at the top (list NULL) or in group `item` of a list of groups; value as it stands in
 * a file. value.ptr NULL takes the key out. KITH_E_NOTFOUND: there is no such group. */
kith_status conf_set(kith_str text, const char *list, int item, const char *key, kith_str value,
                     struct buf *out, kith_error *e);
/* Adds a group, "{ ... }", at the end of a list of groups, which is made when it is absent. */
kith_status conf_add(kith_str text, const char *list, kith_str group, struct buf *out,
                     kith_error *e);
/* Adds quoted texts at the end of a list of texts, key in a group at the top: "sales", "grant".
 * KITH_E_NOTFOUND: there is no such list. */
kith_status conf_extend(kith_str text, const char *group, const char *key, const char *const *items,
                        size_t count, struct buf *out, kith_error *e);
void conf_quote(kith_str text, struct buf *out); /* in quotes, on one line */
/* The value of a key as it stands there; ptr NULL: it is not set. */
kith_str conf_get(kith_str text, const char *list, int item, const char *key);

#endif
