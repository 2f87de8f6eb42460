/* SPDX-License-Identifier: Apache-2.0 */
/* Grants: one grammar for modules and rules. */
#include "engine/grant.h"

#include <string.h>

bool grant_is_prefix(kith_str pattern) {
    return pattern.len > 2 && memcmp(pattern.ptr + pattern.len - 2, ".*", 2) == 0;
}

bool grant_covers_name(kith_str pattern, const char *name) {
    if (str_eqz(pattern, "*") || str_eqz(pattern, name))
        return true;
    return grant_is_prefix(pattern) && strncmp(pattern.ptr, name, pattern.len - 1) == 0;
}

static bool covers(kith_str grant, const char *kind, const char *name) {
    kith_str part;
    if (str_eqz(grant, "*"))
        return true;
    return str_split(&grant, ':', &part) && str_eqz(part, kind) && grant_covers_name(grant, name);
}

bool grants_cover(const kith_value *list, const char *kind, const char *name) {
    for (uint64_t i = 0; i < list->as.list.count; i++)
        if (covers(list->as.list.items[i].as.s, kind, name))
            return true;
    return false;
}
