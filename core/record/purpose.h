/* SPDX-License-Identifier: Apache-2.0 */
/* Purpose: which fields data are used of for a purpose, as it says itself: "contact.email,
 * contact_point.*". */
#ifndef RECORD_PURPOSE_H
#define RECORD_PURPOSE_H

#include "record/record.h"

/* KITH_E_INVAL, with the nearest name: it names a type or a field that is not there. */
kith_status purpose_fields_check(const struct schema *s, kith_str list, kith_error *e);
bool purpose_fields_have(const struct schema *s, kith_str list, const struct rfield *f);
/* Which of these fields of a type, at most 200, hold a value in any record? In one look through
 * them. */
kith_status purpose_fields_filled(struct conn *c, const struct rfield *const *fields, size_t count,
                                  bool *filled, kith_error *e);

#endif
