/* SPDX-License-Identifier: Apache-2.0 */
/* Happened: rows of the journal as events for those who follow them from outside, each as far as
 * its rights reach. A batch is read once for all of them; who follows keeps its place itself. */
#ifndef ENGINE_HAPPENED_H
#define ENGINE_HAPPENED_H

#include "engine/engine.h"
#include "record/access.h"

/* -- waiting [any] ----------------------------------------------------------------------------- */

/* Waits until a row behind `after` is durable, `nudged` is set (and clears it), or ms have passed.
 * *durable: the last row that is. */
void engine_await(struct engine *g, uint64_t after, int64_t ms, atomic_bool *nudged,
                  uint64_t *durable);
void engine_nudge(struct engine *g, atomic_bool *nudged);

/* -- who follows [any] ------------------------------------------------------------------------- */

struct follower;
struct following {
    struct access_of of; /* whose rights; texts are copied */
    kith_str token;      /* by which they came in, and stay: looked at now and then; or empty */
    const char *surface, *asked; /* for the log of access */
    const kith_str *topics;      /* stars stand for anything; count 0: all */
    size_t topic_count;
    kith_str where; /* on records; the topics are of one type then */
};
/* It is logged that they follow. KITH_E_DENIED: they may not, or the condition goes by what they
 * may not read. Waits for a commit. */
kith_status follower_open(struct engine *g, const struct following *f, struct follower **out,
                          kith_error *e);
void follower_close(struct follower *f); /* NULL: nothing */
/* Are they in still? By the rights as they are, and every few seconds by the token. KITH_E_DENIED.
 */
kith_status follower_still(struct follower *f, kith_error *e);

/* -- what happened [any] ----------------------------------------------------------------------- */

struct happened;
/* What the journal has behind row `after`, of at most `rows` rows that are durable; less when they
 * are large. No transaction is open afterwards. *upto: so far it was read. KITH_E_NOTFOUND: the
 * journal begins later, behind *upto. KITH_E_INVAL: it ends before, with *upto. */
kith_status happened_read(struct engine *g, uint64_t after, uint32_t rows, struct happened **out,
                          uint64_t *upto, kith_error *e);
void happened_free(struct happened *h); /* NULL: nothing */

struct told { /* lives until the function returns */
    uint64_t seq;
    uint32_t part; /* a row may stand for several topics: 1 for the first that there is */
    bool more;     /* this row has further ones for them */
    const char *topic;
    kith_str json;
};
typedef kith_status (*told_fn)(void *arg, const struct told *t, kith_error *e);
/* Tells f of what it may know and asks for, behind row `after`, and behind the first `part` topics
 * of the next. Ends with what fn ends with, or KITH_E_DENIED as follower_still, or
 * KITH_E_LIMIT: its condition takes too long. One thread at a time for a batch. */
kith_status happened_tell(struct happened *h, struct follower *f, uint64_t after, uint32_t part,
                          told_fn fn, void *arg, kith_error *e);

#endif
