/* SPDX-License-Identifier: Apache-2.0 */
/* Rights: what a role says, read from its JSON, and the sum of several roles.
 *
 *   {"admin": false,
 *    "types": {"*":       {"read": "team"},
 *              "contact": {"create": "own", "read": "team", "update": "own", "delete": "none",
 *                          "fields": {"birthday": "none", "lifecycle": "read"}}},
 *    "actions": ["sales.*", "loyalty.grant"]}
 *
 * What a type does not state itself it takes from "*"; what nothing states is none. A record that
 * is part of another (a contact point, a file, a share) follows that one: whoever may read the
 * whole may read the part, whoever may update the whole may create, update and delete the part; its
 * type states fields only. The access types (user, team, role, territory) are written by
 * administrators; an update of user reaches what is harmless. An administrator may everything.
 *
 * Of several roles the widest holds: the reaches add up, and a field is as open as the most open of
 * the roles that reach records of its type. Whose record is whose is not known here: access.h. */
#ifndef RECORD_RIGHTS_H
#define RECORD_RIGHTS_H

#include "record/schema.h"

enum right { RIGHT_CREATE, RIGHT_READ, RIGHT_UPDATE, RIGHT_DELETE, RIGHT_COUNT };
extern const char *const right_names[]; /* "create", ... */

/* How far a right reaches: a set, since two roles may reach further in two directions. Team and
 * territory contain own. */
enum { REACH_NONE = 0, REACH_OWN = 1, REACH_TEAM = 3, REACH_TERRITORY = 5, REACH_ALL = 15 };
/* "own", "team and territory", ...: static text. */
const char *reach_text(uint32_t reach);

struct type_rights {
    uint8_t reach[RIGHT_COUNT];
    bool open; /* every field is readable */
    struct fieldset readable, writable;
};
struct rights {
    bool admin;
    const struct schema *schema;
    struct type_rights *types; /* by type number */
    uint32_t type_max;
    const char **actions; /* "sales.*", "loyalty.grant", "*" */
    size_t action_count;
};

/* The names that actions may have, for checking; NULL: they are not checked. */
struct rights_names {
    const char *(*action_at)(const void *arg, size_t i);
    const void *arg;
    size_t count;
};
/* Is it rights in the form above, with no name that is not known? The error names the place,
 * "rights.types.contact.read: ...", and the nearest name. */
kith_status role_check(const struct schema *s, const struct rights_names *names, kith_str json,
                       kith_error *e);

/* No rights at all, in the arena. */
kith_status rights_begin(struct rights *r, const struct schema *s, struct arena *a, kith_error *e);
/* Adds those of one role. What it says of a type, field or action that is not there now, as of a
 * module that is not enabled, counts for nothing. A name that nothing has or had, as one from
 * before a renaming, may have been meant to close what the role does not name: all of that is
 * closed. */
kith_status rights_add(struct rights *r, kith_str json, struct arena *a, kith_error *e);
/* What a token leaves of its user's rights. */
struct rights_limit {
    bool read_only;
    const char *types;   /* "contact,lead", their parts included; NULL: all */
    const char *actions; /* "sales.*,loyalty.grant"; NULL: all */
};
kith_status rights_narrow(struct rights *r, const struct rights_limit *limit, struct arena *a,
                          kith_error *e);
/* Once all are added. */
void rights_end(struct rights *r);

bool rights_action(const struct rights *r, const char *action);
/* Does "sales.*" or "sales.rescore" mean this action? */
bool rights_action_fits(kith_str pattern, const char *action);

/* The link by which records of this type are part of others; NULL: they stand for themselves. */
const struct rfield *type_whole(const struct rtype *t);
/* user, team, role, territory: what says who may do what. */
bool type_is_access(const struct rtype *t);
bool type_is_user(const struct rtype *t);
/* Works these out, once the links of a type are known: they are asked for with every record. */
void rights_of_type(struct rtype *t);

#endif
