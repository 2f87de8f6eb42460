/* SPDX-License-Identifier: Apache-2.0 */
/* Grants: the words in which an admin says what a module or a file of rules may: "*", "write:*",
 * "write:task", and "call:sales.*" for all names with that beginning. */
#ifndef ENGINE_GRANT_H
#define ENGINE_GRANT_H

#include "engine/engine.h"

/* Does one of a list of texts cover it? kind: "write"; name: "task". */
bool grants_cover(const kith_value *list, const char *kind, const char *name);

enum grant_for { GRANT_MODULES, GRANT_RULES };

/* Is it a sentence of this grammar, whether or not there is what it is about? */
kith_status grant_known(enum grant_for whom, kith_str grant, kith_error *e);

/* Is it one, about something that exists? Ask when all modules have started. */
kith_status grant_check(const struct engine *g, enum grant_for whom, kith_str grant, kith_error *e);

#endif
