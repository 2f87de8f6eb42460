/* SPDX-License-Identifier: Apache-2.0 */
/* A company with two purposes and a contact of two addresses, and short ways to give and withdraw.
 */
#ifndef TESTS_ENGINE_CONSENT_FIXTURE_H
#define TESTS_ENGINE_CONSENT_FIXTURE_H

#include "engine_person_fixture.h"
#include "engine_segment_fixture.h"

struct consents {
    struct fixture x;
    const struct rtype *purpose, *wording, *consent;
    kith_id newsletter, survey, anna, mail, phone;
};

static inline const char *eq(struct consents *w, const char *name, kith_id id) {
    return arena_printf(&w->x.arena, "%s=%s", name, id_text(&w->x, id));
}

static inline kith_id point_of(struct consents *w, kith_id contact, const char *value) {
    kith_id id = 0;
    count(&w->x,
          arena_printf(&w->x.arena, "contact_point where contact = '%s' and value = '%s'",
                       id_text(&w->x, contact), value),
          &id);
    return id;
}

static inline void begin(struct consents *w) {
    fixture_open(&w->x);
    fixture_start(&w->x);
    w->purpose = type_named(&w->x, "purpose");
    w->wording = type_named(&w->x, "wording");
    w->consent = type_named(&w->x, "consent");
    w->newsletter = create(&w->x, w->purpose, PAIRS("name=newsletter"));
    w->survey = create(&w->x, w->purpose, PAIRS("name=survey"));
    w->anna = create(&w->x, w->x.contact, PAIRS("name=Anna", "email=a@x.org", "phone=+43 1"));
    w->mail = point_of(w, w->anna, "a@x.org");
    w->phone = point_of(w, w->anna, "+43 1");
}

/* Calls an action with "name=value" pairs; *tx may be NULL. Time passes first. */
static inline kith_status call(struct consents *w, const char *name, const char *const *pairs,
                               kith_value *out, kith_id *tx) {
    const struct action *a = engine_action(w->x.g, str_of(name));
    kith_value args[16] = {{0}}, results[8] = {{0}};
    EXPECT(a != NULL);
    for (; *pairs; pairs++) {
        size_t len = strcspn(*pairs, "=");
        for (uint32_t i = 0; i < a->param_count; i++)
            if (str_eqz((kith_str){*pairs, len}, a->params[i]->name))
                args[i] = value_str(str_of(*pairs + len + 1));
    }
    clock_set(&w->x.clock, clock_now(&w->x.clock) + 1000);
    return engine_call(w->x.g, NULL, &by_tester, a, args, &w->x.arena, out ? out : results, tx,
                       &w->x.e);
}

static inline kith_id give(struct consents *w, const char *purpose, const char *whose) {
    kith_value out[8];
    EXPECT_OK(call(w, "consent.give",
                   PAIRS(arena_printf(&w->x.arena, "purpose=%s", purpose), whose, "proof=a letter"),
                   out, NULL),
              w->x.e);
    return out[0].as.link.id;
}

static inline int64_t withdraw(struct consents *w, const char *purpose, const char *whose) {
    kith_value out[8];
    EXPECT_OK(call(w, "consent.withdraw",
                   PAIRS(arena_printf(&w->x.arena, "purpose=%s", purpose), whose), out, NULL),
              w->x.e);
    return out[0].as.i;
}

/* By the action; "yes", or why not. */
static inline const char *asked(struct consents *w, const char *purpose, const char *whose) {
    kith_value out[8];
    EXPECT_OK(call(w, "consent.check",
                   PAIRS(arena_printf(&w->x.arena, "purpose=%s", purpose), whose), out, NULL),
              w->x.e);
    return out[0].as.i ? "yes" : arena_strndup(&w->x.arena, out[1].as.s.ptr, out[1].as.s.len);
}

static inline bool is_found(struct consents *w, const char *type, kith_id id,
                            const char *condition) {
    return count(&w->x,
                 arena_printf(&w->x.arena, "%s where id = '%s' and %s", type, id_text(&w->x, id),
                              condition),
                 NULL) == 1;
}

static inline bool may(struct consents *w, kith_id contact) {
    return is_found(w, "contact", contact, "consent('newsletter')");
}

static inline bool may_at(struct consents *w, kith_id point) {
    return is_found(w, "contact_point", point, "consent('newsletter')");
}

static inline kith_status refused(struct consents *w, const struct rtype *type, kith_id id,
                                  const char *const *pairs) {
    return try_job(&w->x, pairs ? ROW_UPDATE : ROW_DELETE, type, &id, pairs, NULL);
}

static inline void undo(struct consents *w, kith_id tx, struct undo_report *r) {
    *r = (struct undo_report){0};
    EXPECT_OK(engine_undo(w->x.g, &tester, tx, false, &w->x.arena, r, &w->x.e), w->x.e);
}

#endif
