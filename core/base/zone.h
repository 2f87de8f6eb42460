/* SPDX-License-Identifier: Apache-2.0 */
/* Time zones by name, read from the system's TZif files (RFC 8536); no setenv, any thread. */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include "base/date.h"

struct zone; /* immutable; a NULL pointer is UTC in every function below */
/* name: "Europe/Berlin", "UTC". Looks in $TZDIR, then /usr/share/zoneinfo. A bad name or file is an
 * error with the remedy. The caller owns it. */
kith_status zone_open(struct zone **out, const char *name, kith_error *e);
void zone_close(struct zone *z);
const char *zone_name(const struct zone *z);
/* Stands for its rules: another one when an update of tzdata has changed them. */
uint64_t zone_print(const struct zone *z);
/* Seconds east of UTC that hold at ms (UTC). Uses the footer rule after the last transition. */
int32_t zone_offset(const struct zone *z, int64_t ms);
/* Local wall clock to UTC. In a gap: the instant after it (the gap's end). In an overlap: the
 * first. */
int64_t zone_to_utc(const struct zone *z, const struct civil *local);
/* The instant at which a day (of days since 1970-01-01) begins. */
int64_t zone_day(const struct zone *z, int64_t day);
struct civil zone_local(const struct zone *z, int64_t ms);
/* The day on which an instant lies, of days since 1970-01-01. */
int64_t zone_day_of(const struct zone *z, int64_t ms);

#endif
