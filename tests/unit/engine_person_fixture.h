/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody who signed in, in tests: Anna, with a role of the rights that a test is about. */
#ifndef TESTS_ENGINE_PERSON_FIXTURE_H
#define TESTS_ENGINE_PERSON_FIXTURE_H

#include "engine_fixture.h"
#include "record/access.h"

struct person {
    struct fixture x;
    const struct rtype *user, *role, *account;
    kith_id anna, ben, role_id;
    struct principal p; /* anna */
};

static inline void person_begin(struct person *w) {
    memset(w, 0, sizeof *w);
    fixture_open(&w->x);
}

static inline void person_start(struct person *w, const char *rights) {
    fixture_start(&w->x);
    const struct schema *s = engine_schema(w->x.g);
    w->user = schema_type(s, STR("user"));
    w->role = schema_type(s, STR("role"));
    w->account = schema_type(s, STR("account"));
    w->role_id = create(&w->x, w->role,
                        PAIRS("name=seller", arena_printf(&w->x.arena, "rights=%s", rights)));
    w->anna = create(&w->x, w->user,
                     PAIRS("login=anna", "name=Anna",
                           arena_printf(&w->x.arena, "roles=%s", id_text(&w->x, w->role_id))));
    w->ben = create(&w->x, w->user, PAIRS("login=ben", "name=Ben"));
    struct access_of of = {.user = w->anna};
    EXPECT_OK(engine_enter(w->x.g, &of, "user:anna", &w->p, &w->x.e), w->x.e);
}

static inline void person_open(struct person *w, const char *rights) {
    person_begin(w);
    person_start(w, rights);
}

static inline void person_close(struct person *w) {
    engine_leave(&w->p);
    fixture_close(&w->x);
}

static inline kith_status write_as(struct person *w, uint32_t kind, const struct rtype *t,
                                   kith_id *id, const char *const *pairs, kith_id *tx) {
    struct write_opts o = {.principal = &w->p, .origin = ORIGIN_CLI};
    struct job j = {kind, t, *id, pairs};
    w->x.e.message[0] = '\0';
    kith_status st = engine_write(w->x.g, &o, do_job, &j, tx, &w->x.e);
    *id = j.id;
    return st;
}

#endif
