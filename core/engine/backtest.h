/* SPDX-License-Identifier: Apache-2.0 */
/* Backtest: what a file of rules and workflows would have done over a stretch of the past. On a
 * copy of the database the journal is taken back row by row, and gone through again with the clock
 * at the time of each transaction; in between the file's rules run, and nothing else. See decision
 * 0041. */
#ifndef ENGINE_BACKTEST_H
#define ENGINE_BACKTEST_H

#include "engine/engine.h"

#define BACKTEST_DAY   86400000
#define BACKTEST_TWICE 20   /* records that are told of those that were hit more than once */
#define BACKTEST_KINDS 1000 /* of failures, and of conflicts, that are told apart */

struct backtest_options {
    const char *file;     /* "rules/score.lua": the group whose rules are registered */
    struct kclock *clock; /* the engine's; it is moved */
    int64_t since, until; /* ms UTC */
    size_t samples;       /* at most */
    /* Told now and then of how many rows of all are done; a failure ends it. May be NULL. */
    kith_status (*watch)(void *arg, uint64_t done, uint64_t all, kith_error *e);
    void *arg;
};

struct backtest_rule {
    uint32_t number; /* of its source */
    struct source source;
    uint64_t began, failed, refused;
    uint64_t *days; /* how often it began, by days since `since` */
};
struct backtest_effect {
    uint32_t kind;            /* ROW_*; 0: a field of a write of somebody else's, on its way */
    const struct rtype *type; /* NULL: an event about nothing */
    const char *what;         /* the field that it wrote, or the topic; NULL: the record */
    struct source source;     /* the code that did */
    uint32_t number;
    uint64_t count;
};
struct backtest_sent {
    const char *delivery, *endpoint;
    uint64_t count;
};
struct backtest_hit {
    const struct rtype *type;
    kith_id id;
    uint64_t count; /* occasions on which the file did something to it */
    uint64_t last;  /* the newest of them */
};
struct backtest_failure {
    const struct rtype *type; /* the first time: with which record, or NULL */
    kith_id id;
    int64_t at;
    const char *rule, *message;
    bool refused; /* somebody's write: the rule would have refused it */
    uint64_t count;
};
struct backtest_conflict { /* it wrote the field, and so did others, with another value */
    const struct rfield *field;
    uint32_t number; /* of who did */
    struct source source;
    bool before, after; /* within a day before it, and after it */
    uint64_t count;
    kith_id id; /* the first one */
    int64_t at;
};
struct backtest_sample {
    int64_t at;
    const char *rule;
    const struct rtype *type; /* what it ran for; NULL: nothing */
    kith_id id;
    const char *message; /* it failed, or refused; NULL: it did not */
    struct effect *effects;
    size_t count, cap;
};

struct backtest_report {
    int64_t since, until;       /* as far as it went */
    struct journal_start start; /* nothing before it is kept; seq 0: everything is */
    bool cut;                   /* so the window begins there */
    uint64_t rows, transactions;
    uint64_t erased;  /* rows of which something was erased */
    uint64_t unfit;   /* rows that could not be followed: what they speak of is not known */
    uint64_t own;     /* rows that the same file had written */
    uint64_t waiting; /* runs of workflows that still wait at the end */
    const struct rtype **unkept; /* types of which there is no history */
    size_t unkept_count, unkept_cap;
    struct backtest_rule *rules;
    size_t rule_count, rule_cap, day_count;
    struct backtest_effect *effects;
    size_t effect_count, effect_cap;
    struct backtest_sent *sent;
    size_t sent_count, sent_cap;
    struct backtest_hit *hits; /* the most often hit ones, at most BACKTEST_TWICE */
    size_t hit_count, hit_cap;
    uint64_t hit_records, hit_twice;
    struct backtest_failure *failures;
    size_t failure_count, failure_cap;
    uint64_t more_failures; /* of kinds that are not told */
    struct backtest_conflict *conflicts;
    size_t conflict_count, conflict_cap;
    uint64_t more_conflicts;
    struct backtest_sample *samples;
    size_t sample_count, sample_cap;
};

/* The earliest moment that a backtest can begin with, ms UTC; 0: there is none. [any] */
kith_status engine_backtest_begins(struct engine *g, int64_t *at, kith_error *e);
/* g: opened `still` on a copy, by a clock that stands at `since`, and started. It is of no more use
 * afterwards. All in the arena. [main] */
kith_status engine_backtest(struct engine *g, const struct backtest_options *o, struct arena *a,
                            struct backtest_report *out, kith_error *e);

#endif
