/* SPDX-License-Identifier: Apache-2.0 */
/* Path: a column of a list of records, as "name" or "account.name": links that are followed from
 * the record, then a field or the id of where they end. */
#ifndef ENGINE_PATH_H
#define ENGINE_PATH_H

#include "engine/engine.h"

#define PATH_LINKS 4
struct path {
    const char *name; /* as it was asked for */
    const struct rfield *links[PATH_LINKS];
    uint32_t link_count;
    const struct rfield *field; /* NULL: the id */
};

/* Finds the fields; the name is copied to the arena. */
kith_status path_parse(const struct rtype *t, kith_str text, struct arena *a, struct path *out,
                       kith_error *e);
/* The next one of a list, which names each once and those that the principal may read.
 * KITH_E_DENIED: it goes by a field that it may not. */
kith_status path_take(const struct rtype *t, const struct principal *principal, kith_str text,
                      struct arena *a, struct path *paths, size_t *count, kith_error *e);
/* The value at the end, for the record of type t with this id and these values; null when a link on
 * the way is empty or not to be read. In arena a. Not inside a callback of the engine. */
kith_status path_follow(struct engine *g, const struct principal *principal, const struct path *p,
                        const struct rtype *t, kith_id id, const kith_value *values,
                        struct arena *a, kith_value *out, kith_error *e);
/* {"id", "type", and each of the paths by its name} of that record. */
struct json_out;
kith_status path_json(struct engine *g, const struct principal *principal, const struct path *paths,
                      size_t count, const struct rtype *t, kith_id id, const kith_value *values,
                      struct arena *a, struct json_out *j, kith_error *e);

#endif
