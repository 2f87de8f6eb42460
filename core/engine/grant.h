/* SPDX-License-Identifier: Apache-2.0 */
/* Grants: the words in which an admin says what a module or a file of rules may: "*", "write:*",
 * "write:task", and "call:sales.*" for all names with that beginning. */
#ifndef ENGINE_GRANT_H
#define ENGINE_GRANT_H

#include "base/str.h"
#include <kith/plugin.h>
#include <stdbool.h>

/* Does one of a list of texts cover it? kind: "write"; name: "task". */
bool grants_cover(const kith_value *list, const char *kind, const char *name);
/* Does what stands behind the kind? */
bool grant_covers_name(kith_str pattern, const char *name);
bool grant_is_prefix(kith_str pattern); /* "sales.*" */

#endif
