/* SPDX-License-Identifier: Apache-2.0 */
/* What the two forms of the access rule share: the facts about a type that both go by. */
#ifndef RECORD_ACCESS_INTERNAL_H
#define RECORD_ACCESS_INTERNAL_H

#include "record/access.h"

/* Where the territory of a type's records stands: one of these, or none. */
struct territory_way {
    bool self;                    /* it is one */
    const struct rfield *own;     /* its own link */
    const struct rfield *account; /* its account's */
};
struct territory_way access_territory(const struct rtype *t);

/* Is it, or what it is part of, attached to a record of any type? */
bool access_anywhere(const struct rtype *t);

/* A link by which a record tells about a person, or by which it shows that somebody is there, as in
 * a list: for administrators alone when the data are restricted. */
static inline bool field_shows_person(const struct rfield *f) {
    const struct base_contact *c = &f->type->schema->base.contact;
    return field_of_person(f) || ((f->flags & KITH_FF_PARTOF) && f != type_whole(f->type) &&
                                  c->restricted && (f->any_target || f->target == c->type));
}

#endif
