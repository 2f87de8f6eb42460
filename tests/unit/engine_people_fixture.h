/* SPDX-License-Identifier: Apache-2.0 */
/* People who may sign in, in tests: Anna, who has no password yet. */
#ifndef TESTS_ENGINE_PEOPLE_FIXTURE_H
#define TESTS_ENGINE_PEOPLE_FIXTURE_H

#include "engine_fixture.h"

#define GOOD "correct horse battery" /* a password */

struct people {
    struct fixture x;
    const struct rtype *user, *role;
    kith_id anna;
};

/* Nobody is there yet. */
static inline void people_begin(struct people *w) {
    memset(w, 0, sizeof *w);
    fixture_open(&w->x);
    fixture_start(&w->x);
    w->user = type_named(&w->x, "user");
    w->role = type_named(&w->x, "role");
}

static inline void people_add_anna(struct people *w) {
    w->anna = create(&w->x, w->user, PAIRS("login=anna", "name=Anna", "email=Anna@example.org"));
}

static inline void people_open(struct people *w) {
    people_begin(w);
    people_add_anna(w);
}

#endif
