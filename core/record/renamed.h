/* SPDX-License-Identifier: Apache-2.0 */
/* Renamed: the new names of types and fields, noted in the transaction that gives them (rename.c),
 * and kept until what says by name who may do what has followed: the rights of roles, and the types
 * of tokens. Without that a field that a role closes would be open under its new name. */
#ifndef RECORD_RENAMED_H
#define RECORD_RENAMED_H

#include "store/store.h"

struct renamed {
    const char *type;  /* of a field: its type, by the name that it had then */
    const char *field; /* before; NULL: the type itself was renamed */
    const char *name;  /* now */
};
kith_status renamed_setup(struct conn *c, kith_error *e);
kith_status renamed_note(struct conn *c, const struct renamed *r, kith_error *e);
/* Those that nothing has followed yet, in the order in which they were given; in the arena. */
kith_status renamed_list(struct conn *c, struct arena *a, struct renamed **out, size_t *count,
                         kith_error *e);
kith_status renamed_count(struct conn *c, int64_t *n, kith_error *e);
kith_status renamed_forget(struct conn *c, kith_error *e); /* all of them */

/* What a role says, under the new names; *out is `json` itself when it names none of them, or
 * cannot be read. In the arena. */
kith_status renamed_rights(kith_str json, const struct renamed *list, size_t count, struct arena *a,
                           kith_str *out, kith_error *e);

#endif
