/* SPDX-License-Identifier: Apache-2.0 */
/* Topics: events that are published, by the core, modules and the company, with what they carry. */
#ifndef ENGINE_TOPICS_H
#define ENGINE_TOPICS_H

#include "base/json.h"
#include "engine/engine.h"

/* What events of the topic carry, as the fields of a type that has no records and no number. NULL:
 * nobody publishes it, or whoever does says nothing of that; then they may carry anything. */
const struct rtype *engine_payload(const struct engine *g, kith_str topic);
/* KITH_E_NOTFOUND, with the nearest name: no event of the topic carries that. */
kith_status payload_field(const struct rtype *payload, kith_str name, const struct rfield **out,
                          kith_error *e);
/* The field's value in what an event carries, a JSON object. In the arena. */
kith_status payload_value(const struct schema *s, const struct rfield *f, const json_t *object,
                          struct arena *a, kith_value *out, kith_error *e);
/* All of them, by index; those that do not fit their field are left empty. */
kith_status payload_values(const struct schema *s, const struct rtype *payload, kith_str json,
                           struct arena *a, kith_value **out, kith_error *e);
/* txn_publish for those who have written the JSON themselves: it must be what the topic says. */
kith_status txn_publish_checked(struct txn *t, const char *topic, const struct rtype *type,
                                kith_id subject, kith_str json, kith_error *e);

#endif
