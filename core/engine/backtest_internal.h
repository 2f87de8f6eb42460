/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a backtest share. */
#ifndef ENGINE_BACKTEST_INTERNAL_H
#define ENGINE_BACKTEST_INTERNAL_H

#include "engine/backtest.h"
#include "engine/engine_internal.h"

/* What runs, and because of what. */
struct occasion {
    const struct source *rule;
    uint32_t number;
    const struct rtype *type;
    kith_id id;
    int64_t at;
    uint64_t seq;                   /* the row; 0: it was time */
    uint64_t serial;                /* each has its own */
    struct backtest_sample *sample; /* NULL: it is not kept */
};

struct backtest {
    struct past_place past; /* first: the engine's */
    struct engine *g;
    const struct backtest_options *o;
    struct arena *arena; /* of the report */
    struct backtest_report *out;
    uint64_t first, last; /* the window: rows behind `first`, up to `last` */
    uint64_t head;        /* all that was written before it began */
    kith_id high;         /* ids above are of what the file made */
    struct map lent;      /* ids of records that the file made then, and now: until they come */
    struct map ours;      /* kith_source numbers of the file's rules, of whatever version */
    struct map hits;      /* id -> place in all_hits, from 1 on */
    struct backtest_hit *all_hits;
    size_t all_count, all_cap;
    uint64_t occasions;
    kith_id sent; /* the newest effect that was told */
    int64_t due;  /* the next timer */
    /* The transaction of the past that is gone through. */
    struct tx_head tx;
    bool tx_ours;   /* all of it was the file's */
    bool *row_ours; /* by row: it was the file's doing */
    size_t row_cap;
    uint64_t *told; /* rows of it that reactions may want */
    size_t told_count, told_cap;
    struct arena heard;
};

/* backtest_past.c: rows as they were, without hooks and without a trace in the journal */
kith_status past_undo(struct backtest *b, const struct journal_row *row, int64_t now,
                      kith_error *e);
kith_status past_redo(struct backtest *b, const struct journal_row *row, kith_error *e);
/* All back to the beginning of the window. */
kith_status past_begin(struct backtest *b, kith_error *e);
/* What the row changed, before it is done: *there false: nothing is known of it. */
kith_status past_change(struct backtest *b, const struct journal_row *row, struct change *c,
                        bool *there, kith_error *e);
/* Segments that are not worked out, or that time has changed. Not in a group. */
kith_status past_settle(struct backtest *b, kith_error *e);
bool past_made(const struct backtest *b, kith_id id); /* by the file, in this backtest */

/* backtest.c: is it a rule of the file, by the number of kith_source? */
kith_status backtest_ours(struct backtest *b, uint32_t number, bool *yes, kith_error *e);

/* backtest_tell.c: what came of it */
kith_status tell_began(struct backtest *b, const struct occasion *o, kith_error *e);
kith_status tell_row(struct backtest *b, struct occasion *o, const struct journal_row *row,
                     kith_error *e);
/* A before-hook set these fields of c. */
kith_status tell_set(struct backtest *b, struct occasion *o, const struct change *c, kith_error *e);
kith_status tell_failure(struct backtest *b, struct occasion *o, const char *message, bool refused,
                         kith_error *e);
kith_status tell_sent(struct backtest *b, kith_error *e);
kith_status tell_end(struct backtest *b, kith_error *e);

#endif
