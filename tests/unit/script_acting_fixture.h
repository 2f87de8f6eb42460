/* SPDX-License-Identifier: Apache-2.0 */
/* A company with two sellers and a file that acts as one of them. */
#ifndef SCRIPT_ACTING_FIXTURE_H
#define SCRIPT_ACTING_FIXTURE_H

#include "script_flow_fixture.h"

#define SELLER                                                                                     \
    "{\"types\": {\"lead\": {\"create\": \"own\", \"read\": \"own\", \"update\": \"own\","         \
    " \"fields\": {\"score\": \"none\", \"source\": \"read\"}},"                                   \
    " \"task\": {\"create\": \"own\", \"read\": \"own\"}, \"user\": {\"read\": \"all\"}}}"

enum { FILE_AT, MAY_AT, AS_AT, WRITES_AT, EFFECTS_AT, TIME_AT, ITEMS };

struct people {
    struct company c;
    kith_id anna, ben;
    kith_value group[ITEMS], groups[1];
    struct setting scripts;
    struct script_options o;
};

static inline kith_id user(struct company *c, const char *login, kith_id role) {
    char id[ID_TEXT + 1];
    id_format(role, id);
    return create(c, "user", SET("login", login, "name", login, "roles", id));
}

static inline void settings(struct people *p, const char *file) {
    p->group[FILE_AT] = value_str(str_of(file));
    p->groups[0] = (kith_value){.kind = KITH_LIST, .as.list = {p->group, ITEMS}};
    p->scripts = (struct setting){.path = "rules.scripts", .file = "kith.conf", .line = 7};
    p->scripts.value = (kith_value){.kind = KITH_LIST, .as.list = {p->groups, 1}};
    p->o = (struct script_options){
        .limits = {.time_ms = 20000}, .failures = 3, .scripts = &p->scripts};
}

/* Two sellers, and nothing but what is their own to see; the file acts as one of them. */
static inline void people_with(struct people *p, const char *file, const char *text) {
    *p = (struct people){0};
    company_make(&p->c);
    company_start(&p->c, NULL);
    kith_id role = create(&p->c, "role", SET("name", "seller", "rights", SELLER));
    p->anna = user(&p->c, "anna", role);
    p->ben = user(&p->c, "ben", role);
    company_stop(&p->c);
    company_file(&p->c, file, text);
    settings(p, file);
    p->group[AS_AT] = value_str(STR("anna"));
}

static inline void people_start(struct people *p) {
    company_start_with(&p->c, &p->o);
    const struct script_problem *wrong = problem_at(&p->c, 0);
    if (wrong)
        TEST_FAIL("%s:%u: %s", wrong->file, wrong->line, wrong->message);
}

static inline kith_id lead_of(struct people *p, kith_id owner, const char *name) {
    char id[ID_TEXT + 1];
    id_format(owner, id);
    return create(&p->c, "lead", SET("name", name, "owner", id, "score", "7"));
}

static inline const char *said(struct people *p) {
    drain(&p->c);
    return tasks(&p->c);
}

static inline const struct script_info *file_info(struct company *c) {
    struct scripts_view v;
    EXPECT_OK(scripts_view(c->s, &c->arena, &v, &c->e), c->e);
    EXPECT(v.file_count > 0);
    return &v.files[0];
}

#endif
