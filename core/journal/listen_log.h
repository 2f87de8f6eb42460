/* SPDX-License-Identifier: Apache-2.0 */
/* Listen log: what reactions to any topic listen for at present, each entry in the name of a
 * record; and replays, which go through the journal once more for one of these.
 *
 * Tables: kith_listen, kith_replay. Writing is for the writer's connection. */
#ifndef JOURNAL_LISTEN_LOG_H
#define JOURNAL_LISTEN_LOG_H

#include "journal/journal.h"

struct listen_entry {
    kith_id key;
    const char *topic; /* may have wildcards */
};
struct replay {
    uint64_t number;
    const char *reaction;
    kith_id key;
    uint64_t next, last; /* rows that are still to be looked at */
};

kith_status listen_log_setup(struct conn *c, kith_error *e);
/* In place of what is listened for in that name; count 0: nothing is. */
kith_status listen_log_set(struct conn *c, const char *reaction, kith_id key,
                           const kith_str *topics, size_t count, kith_error *e);
/* In the arena. */
kith_status listen_log_read(struct conn *c, const char *reaction, struct arena *a,
                            struct listen_entry **out, size_t *count, kith_error *e);

kith_status replay_add(struct conn *c, const struct replay *r, kith_error *e);
/* The oldest, of a reaction that is loaded; number 0: there is none. */
kith_status replay_first(struct conn *c, struct arena *a, struct replay *out, kith_error *e);
kith_status replay_move(struct conn *c, const struct replay *r, kith_error *e); /* done: away */
/* The first row that replays need; 0: there is none. */
kith_status replay_hold(struct conn *c, uint64_t *seq, kith_error *e);
/* Those in the name of a record. */
kith_status replay_forget(struct conn *c, kith_id key, kith_error *e);

#endif
