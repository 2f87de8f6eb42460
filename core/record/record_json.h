/* SPDX-License-Identifier: Apache-2.0 */
/* Record JSON: a record as one JSON object, the same for every surface; the marks by which it is
 * known whether it is another one since; and what JSON says to a field. */
#ifndef RECORD_RECORD_JSON_H
#define RECORD_RECORD_JSON_H

#include "base/json.h"
#include "record/access.h"
#include "record/record.h"

/* {"id", "type", and each field that the principal may read}. values: as they are handed out, empty
 * where the principal may not read them. */
void record_json(const struct schema *s, const struct principal *p, const struct rtype *t,
                 kith_id id, const kith_value *values, struct json_out *j);

/* Two marks of 16 digits, "stored-derived": of the fields that are written, and of those that Kith
 * keeps, as far as the principal may read them. Equal records have equal marks; those of others are
 * different but for one in 2^64. In one process and the next. */
#define RECORD_MARK    16
#define RECORD_VERSION (2 * RECORD_MARK + 2)
void record_version(const struct schema *s, const struct principal *p, const struct rtype *t,
                    kith_id id, const kith_value *values, char out[RECORD_VERSION]);

/* What a JSON value says to a field of a kind (KITH_F_*), for value_check: whole numbers and truth
 * as they are, lists of values as lists, all else as text. In the arena. */
kith_status json_value(struct arena *a, const json_t *json, uint32_t kind, kith_value *out,
                       kith_error *e);

/* The same for a program, which knows what it sends: whole numbers and truth only as such, the rest
 * as strings, days and times as 2024-02-29 and 2024-02-29T12:00:00Z. Where people or their files
 * say it, much more is understood (value_check). An amount or a decimal may be a number, too. */
kith_status json_field_value(struct arena *a, const json_t *json, const struct rfield *f,
                             kith_value *out, kith_error *e);

#endif
