/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from clauses, each of which has a cause. Knows numbers alone: variables from 1,
 * literals (v: it holds, -v: it does not) and causes from 0; what they stand for is the caller's.
 * One puzzle is for one question: nothing of it is kept. */
#ifndef COMMERCE_SOLVE_H
#define COMMERCE_SOLVE_H

#include <kith/easy.h>
#include <picosat/picosat.h>

#define NO_CLAUSE UINT32_MAX

struct clause {
    uint32_t first, count; /* of its literals */
    uint32_t cause;
};

/* Its arrays are in the memory of the callback; the solvers have memory of their own. */
struct puzzle {
    const kith_host *host;
    const kith_txn *txn;
    int32_t asked; /* variables 1 .. asked are the caller's, those behind help to count */
    int32_t vars;
    uint32_t causes;
    int32_t *literals;
    struct clause *clauses;
    uint32_t literal_count, literal_room, clause_count, clause_room;
    int32_t no_memory;
    uint64_t spent; /* clauses that its searches looked at so far */

    int8_t *value;    /* of variable v: 1 it holds for certain, -1 it does not, 0 both can be */
    uint32_t *clause; /* that left no choice; NO_CLAUSE: it takes several at once, or none */
    int8_t *model;    /* the solution that was found last */
    PicoSAT *solver;  /* the clauses, and what is given */
    PicoSAT *reasons; /* the clauses, each with a switch for its cause; made when asked for */
};

/* Why something cannot be: a smallest set, nothing of which can be left out. */
struct clash {
    const int32_t *given; /* literals, by variable */
    uint32_t given_count;
    const uint32_t *causes; /* ascending */
    uint32_t cause_count;
};

/* An empty puzzle over the variables 1 .. asked. What fails for want of memory is told by
 * puzzle_solve(). */
void puzzle_begin(struct puzzle *p, const kith_host *host, const kith_txn *txn, int32_t asked,
                  uint32_t causes);
/* One of the literals holds. */
void puzzle_clause(struct puzzle *p, uint32_t cause, uint32_t count, const int32_t *literals);
/* At least so many of them hold, and at most so many. */
void puzzle_count(struct puzzle *p, uint32_t cause, uint32_t count, const int32_t *literals,
                  uint32_t least, uint32_t most);

/* Can all of these hold? *possible, with one solution in p->model, and what is plain to see in
 * p->value and p->clause. KITH_E_LIMIT: it takes too long to tell. */
kith_status puzzle_solve(struct puzzle *p, uint32_t count, const int32_t *given, int32_t *possible,
                         kith_error *err);
/* Behind puzzle_solve(), when it is possible: all that follows, in p->value. */
kith_status puzzle_settle(struct puzzle *p, kith_error *err);
/* Can these hold beside what was given? Only behind puzzle_solve(). */
kith_status puzzle_can(struct puzzle *p, uint32_t count, const int32_t *literals, int32_t *possible,
                       kith_error *err);
/* Makes each of them hold that can, the first ones first, in p->model; `likely` are guesses of how
 * it comes out, which save time. Nothing can be asked of the puzzle behind it. */
kith_status puzzle_prefer(struct puzzle *p, uint32_t count, const int32_t *literals,
                          uint32_t likely_count, const int32_t *likely, kith_error *err);
/* Why these cannot all hold. */
kith_status puzzle_clash(struct puzzle *p, uint32_t count, const int32_t *given, struct clash *out,
                         kith_error *err);
void puzzle_end(struct puzzle *p);

#endif
