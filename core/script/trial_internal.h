/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about tests share. A test runs on the calling thread in a state of its own; what
 * it does with records is called in a transaction of the bench, while that thread waits. */
#ifndef SCRIPT_TRIAL_INTERNAL_H
#define SCRIPT_TRIAL_INTERNAL_H

#include "script/flow_internal.h"
#include "script/trial.h"

struct trial {
    const struct test_bench *bench;
    struct script *script;
    const struct test *test;
    bool running; /* its function is called, the file is loaded no more */
    bool started; /* the bench's engine, at the first thing that the test does */
    bool looked;  /* at what there was since the mark: the next thing it does begins anew */
    struct trial_mark mark;
    int64_t end; /* clock_ticks() */
    struct expected_failure *expected;
    struct trial_effect found; /* by the last t.expect_effect */
    bool has_found;
    struct arena arena;
    struct buf effects; /* what there was instead, in lines */
};

void notes_free(struct scripts *s);
/* scripts_test_all without a look whether there are any. passed may be NULL. (trial.c) */
kith_status trial_all(struct scripts *s, script_report report, void *arg, size_t *passed,
                      kith_error *e);

/* -- trial_lib.c ------------------------------------------------------------------------------- */

void trial_push(lua_State *L); /* the t of tests */
/* Starts the bench, if need be. what: the function of t that is called. */
struct trial *trial_need(lua_State *L, bool acts);
/* Calls the function below the n arguments on top in a transaction; both are replaced by what it
 * gives. */
void trial_call(lua_State *L, int n);

/* -- trial_expect.c ---------------------------------------------------------------------------- */

int trial_expect(lua_State *L);
int trial_expect_equal(lua_State *L);
int trial_expect_effect(lua_State *L);
int trial_expect_no_effect(lua_State *L);
int trial_last_effect(lua_State *L);
/* Lists what there was since the mark, and what failed, in t->effects. */
void trial_list(struct trial *t);

/* -- trial_failure.c --------------------------------------------------------------------------- */

int trial_expect_failure(lua_State *L);
void trial_list_failures(struct trial *t); /* adds them to t->effects */
/* Fails when something failed that the test did not expect to. */
kith_status trial_unexpected(struct trial *t, kith_error *e);

#endif
