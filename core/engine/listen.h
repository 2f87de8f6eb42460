/* SPDX-License-Identifier: Apache-2.0 */
/* Listening: a reaction to any topic hears what it listens for at present, which is data: topics,
 * also with wildcards, each in the name of a record. What it hears it may tell to others, as far as
 * a user may know of it; and it may go through what was before once more. */
#ifndef ENGINE_LISTEN_H
#define ENGINE_LISTEN_H

#include "engine/engine.h"

/* Topics that somebody may listen for, and a condition on their records (may be empty), which must
 * then all be of one type. [any] */
kith_status engine_check_topics(const struct engine *g, const kith_str *topics, size_t count,
                                kith_str where, struct arena *a, kith_error *e);
/* From the next row of the journal on, in place of what was listened for in the name of `key`.
 * count 0: nothing more is, and its replays end. [writer] */
kith_status txn_listen(struct txn *t, const char *reaction, kith_id key, const kith_str *topics,
                       size_t count, kith_error *e);
/* Has the reaction hear once more, in the name of `key` alone, what came from the row `seq`, or
 * from the time `at` (ms UTC; seq 0), on up to now. *rows: how many rows are looked at. [writer] */
kith_status txn_replay(struct txn *t, const char *reaction, kith_id key, uint64_t seq, int64_t at,
                       uint64_t *rows, kith_error *e);
/* The event as JSON as the user (0: whoever may everything) may know of it; empty when the user may
 * not, when its record does not meet the condition, or when its data are restricted. In the
 * transaction's arena. */
kith_status event_told(struct txn *t, const struct event *ev, kith_id user, kith_str where,
                       kith_str *json, kith_error *e);

#endif
