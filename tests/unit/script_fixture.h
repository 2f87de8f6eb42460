/* SPDX-License-Identifier: Apache-2.0 */
/* A small company for the tests of rules: a folder with rule files, an engine with the core's types
 * and a lead, a virtual clock, one topic and one action. */
#ifndef TESTS_UNIT_SCRIPT_FIXTURE_H
#define TESTS_UNIT_SCRIPT_FIXTURE_H

#include "test.h"

#include "base/id.h"
#include "base/log.h"
#include "base/workday.h"
#include "script/script.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW INT64_C(1709287200000) /* 2024-03-01T10:00:00Z, a Friday */

#define F(n, k, ...)                                                                               \
    { .name = (n), .kind = KITH_F_##k, __VA_ARGS__ }
static const kith_field lead_fields[] = {
    F("name", TEXT, .flags = KITH_FF_REQUIRED),
    F("contact", LINK, .options = "contact"),
    F("email", EMAIL),
    F("phone", PHONE),
    F("company", TEXT),
    F("source", CHOICE, .options = "web,fair,phone,partner,other"),
    F("state", STATE, .options = "new>working,working>qualified|unqualified,qualified>converted"),
    F("score", INTEGER),
    F("rating", CHOICE, .options = "cold,warm,hot"),
    F("budget", MONEY),
    F("share", DECIMAL, .options = "2"),
    F("seen", DATE),
    F("callback", TIME),
    F("patience", DURATION),
    F("labels", TAGS),
    F("place", PLACE),
    F("extra", JSON),
    F("locked", INTEGER, .flags = KITH_FF_READONLY),
};
static const kith_type lead_types[] = {
    {.name = "lead", .title = "name", .fields = KITH_ARRAY(lead_fields)}};
static const struct schema_source lead_source = {
    .module = "sales", .version = 1, .types = KITH_ARRAY(lead_types)};
static const kith_field scored_fields[] = {F("points", INTEGER)};
static const kith_topic scored = {
    .name = "lead.scored", .schema = 1, .fields = KITH_ARRAY(scored_fields), .doc = "Scored."};
static const kith_field answered_fields[] = {F("score", INTEGER), F("text", TEXT),
                                             F("again", BOOLEAN)};
static const kith_topic answered = {.name = "feedback.answered",
                                    .schema = 1,
                                    .fields = KITH_ARRAY(answered_fields),
                                    .doc = "Somebody answered a request for feedback."};
static const kith_field double_params[] = {F("lead", LINK, .options = "lead"),
                                           F("number", INTEGER, .flags = KITH_FF_REQUIRED)};
static const kith_field double_results[] = {F("number", INTEGER)};

static const struct principal anna = {.name = "anna", .all = true};
static const struct write_opts by_anna = {.principal = &anna, .origin = ORIGIN_CLI};

struct company {
    char dir[64];
    struct kclock clock;
    int64_t journal_keep_ms;
    const struct workdays *workdays;
    struct zone *zone;
    struct engine *g;
    struct scripts *s;
    struct arena arena;
    kith_error e;
};

static inline void company_make(struct company *c) {
    *c = (struct company){.e = KITH_ERROR_INIT};
    char path[128];
    bool shm = access("/dev/shm", W_OK) == 0; /* spares the disk what no test here is about */
    snprintf(c->dir, sizeof c->dir, "%s/kith-script-XXXXXX", shm ? "/dev/shm" : "/tmp");
    EXPECT(mkdtemp(c->dir));
    snprintf(path, sizeof path, "%s/rules", c->dir);
    EXPECT_INT(0, mkdir(path, 0700));
    snprintf(path, sizeof path, "%s/rules/lib", c->dir);
    EXPECT_INT(0, mkdir(path, 0700));
    snprintf(path, sizeof path, "%s/workflows", c->dir);
    EXPECT_INT(0, mkdir(path, 0700));
    log_setup(LOG_ERROR, open("/dev/null", O_WRONLY | O_CLOEXEC));
}

/* name: "score.lua" of the folder rules, or "workflows/care.lua". */
static inline void company_file(struct company *c, const char *name, const char *text) {
    char path[256];
    bool flow = strncmp(name, "workflows/", 10) == 0;
    snprintf(path, sizeof path, "%s/%s%s", c->dir, flow ? "" : "rules/", name);
    FILE *f = fopen(path, "we");
    EXPECT(f && fputs(text, f) >= 0);
    fclose(f);
}

static bool disk_full; /* the action finds no room */

static inline kith_status double_it(void *self, struct call *call, kith_error *e) {
    (void)self;
    if (disk_full)
        return err_set(e, KITH_E_FULL, NULL, "no room");
    if (call->args[1].as.i < 0)
        return err_set(e, KITH_E_INVAL, "number", "negative numbers are not doubled");
    call->results[0] = value_int(2 * call->args[1].as.i);
    return KITH_OK;
}

/* still: on a copy, for a backtest. */
static inline void company_engine_as(struct company *c, const char *path, int64_t now, bool still) {
    clock_set(&c->clock, now);
    EXPECT_OK(store_setup(&c->e), c->e);
    EXPECT_OK(zone_open(&c->zone, "Europe/Berlin", &c->e), c->e);
    struct engine_options o = {.path = path,
                               .clock = &c->clock,
                               .zone = c->zone,
                               .workdays = c->workdays,
                               .base_currency = "EUR",
                               .sources = &lead_source,
                               .source_count = 1,
                               .attempts_max = 2,
                               .journal_keep_ms = c->journal_keep_ms,
                               .still = still,
                               .create = !still};
    EXPECT_OK(engine_open(&c->g, &o, &c->e), c->e);
    EXPECT_OK(engine_add_topic(c->g, "sales", &scored, &c->e), c->e);
    EXPECT_OK(engine_add_topic(c->g, "company", &answered, &c->e), c->e);
    struct action a = {.name = "sales.double",
                       .module = "sales",
                       .doc = "Doubles.",
                       .effect = EFFECT_WRITE,
                       .fn = double_it,
                       .source = {SOURCE_MODULE, "sales", "1", 0}};
    EXPECT_OK(action_fields(c->g, "sales", (kith_array)KITH_ARRAY(double_params), &a.params,
                            &a.param_count, &c->e),
              c->e);
    EXPECT_OK(action_fields(c->g, "sales", (kith_array)KITH_ARRAY(double_results), &a.results,
                            &a.result_count, &c->e),
              c->e);
    EXPECT_OK(engine_add_action(c->g, &a, &c->e), c->e);
}

static inline void company_engine(struct company *c) {
    char path[128];
    snprintf(path, sizeof path, "%s/db", c->dir);
    company_engine_as(c, path, NOW, false);
}

static inline void company_start_with(struct company *c, const struct script_options *o) {
    company_engine(c);
    EXPECT_OK(scripts_open(&c->s, c->g, c->dir, o, &c->e), c->e);
    EXPECT_OK(engine_start(c->g, &c->e), c->e);
}

static inline void company_start(struct company *c, const struct script_limits *limits) {
    /* The default of 200 ms is little on a busy machine. */
    struct script_options o = {.limits =
                                   limits ? *limits : (struct script_limits){.time_ms = 20000}};
    company_start_with(c, &o);
}

/* The i-th rule as it is now; false past the end. */
static inline bool rule_at(struct company *c, size_t i, struct rule_info *out) {
    struct scripts_view v;
    EXPECT_OK(scripts_view(c->s, &c->arena, &v, &c->e), c->e);
    if (i < v.rule_count)
        *out = v.rules[i];
    return i < v.rule_count;
}

static inline const struct script_problem *problem_at(struct company *c, size_t i) {
    struct scripts_view v;
    EXPECT_OK(scripts_view(c->s, &c->arena, &v, &c->e), c->e);
    return i < v.problem_count ? &v.problems[i] : NULL;
}

/* Closes engine and scripts; the folder stays. */
static inline void company_stop(struct company *c) {
    engine_close(c->g);
    scripts_close(c->s);
    zone_close(c->zone);
    c->g = NULL;
    c->s = NULL;
    c->zone = NULL;
}

static inline void company_end(struct company *c) {
    char command[128];
    company_stop(c);
    arena_free(&c->arena);
    snprintf(command, sizeof command, "rm -rf '%s'", c->dir);
    EXPECT_INT(0, system(command));
}

/* A company with one rule file, started. */
static inline void company_with(struct company *c, const char *name, const char *text) {
    company_make(c);
    company_file(c, name, text);
    company_start(c, NULL);
    const struct script_problem *p = problem_at(c, 0);
    if (p)
        TEST_FAIL("%s:%u: %s", p->file, p->line, p->message);
}

/* -- writing and reading by name --------------------------------------------------------------- */

struct write_request {
    struct company *c;
    const char *type;
    const char *const *set; /* name, value, ..., NULL */
    kith_id id;             /* 0: create */
    bool delete;
    kith_id created;
};

static inline kith_status write_it(struct txn *t, void *arg, kith_error *e) {
    struct write_request *w = arg;
    const struct schema *s = engine_schema(w->c->g);
    const struct rtype *type;
    struct assign set[16];
    size_t n = 0;
    TRY(schema_find_type(s, str_of(w->type), &type, e));
    for (; w->set && w->set[2 * n]; n++) {
        TRY(schema_find_field(s, type, str_of(w->set[2 * n]), &set[n].field, e));
        set[n].value = value_str(str_of(w->set[2 * n + 1]));
    }
    if (w->delete)
        return txn_delete(t, type, w->id, e);
    return w->id ? txn_update(t, type, w->id, set, n, e)
                 : txn_create(t, type, set, n, &w->created, e);
}

#define SET(...) ((const char *const[]){__VA_ARGS__, NULL})
static inline kith_status try_create(struct company *c, const char *type, const char *const *set,
                                     kith_id *id) {
    struct write_request w = {.c = c, .type = type, .set = set};
    kith_status st = engine_write(c->g, &by_anna, write_it, &w, NULL, &c->e);
    if (id)
        *id = w.created;
    return st;
}

static inline kith_status try_update(struct company *c, const char *type, kith_id id,
                                     const char *const *set) {
    struct write_request w = {.c = c, .type = type, .set = set, .id = id};
    return engine_write(c->g, &by_anna, write_it, &w, NULL, &c->e);
}

static inline kith_status try_delete(struct company *c, const char *type, kith_id id) {
    struct write_request w = {.c = c, .type = type, .id = id, .delete = true};
    return engine_write(c->g, &by_anna, write_it, &w, NULL, &c->e);
}

static inline kith_id create(struct company *c, const char *type, const char *const *set) {
    kith_id id;
    EXPECT_OK(try_create(c, type, set, &id), c->e);
    return id;
}

/* A field as text for people. */
static inline const char *field(struct company *c, const char *type, kith_id id, const char *name) {
    const struct schema *s = engine_schema(c->g);
    const struct rtype *t = schema_type(s, str_of(type));
    const struct rfield *f = type_field(s, t, str_of(name));
    kith_value *values;
    EXPECT(t && f);
    EXPECT_OK(engine_get(c->g, &anna, t, id, &c->arena, &values, &c->e), c->e);
    kith_str text = value_text(s, &values[f->index], &c->arena);
    return arena_strndup(&c->arena, text.ptr ? text.ptr : "", text.len);
}

static inline kith_status keep_first(void *arg, kith_id id, const kith_value *values,
                                     kith_error *e) {
    kith_id *first = arg;
    (void)values;
    (void)e;
    *first = *first ? *first : id;
    return KITH_OK;
}

/* How many records the query finds; the first one's id. */
static inline int64_t find(struct company *c, const char *text, kith_id *first) {
    struct query *q;
    struct find_page page = {.limit = 10000};
    kith_id id = 0;
    EXPECT_OK(query_parse(&q, engine_schema(c->g), &c->arena, str_of(text), &c->e), c->e);
    EXPECT_OK(engine_find(c->g, &anna, q, NULL, &page, &c->arena, keep_first, &id, &c->e), c->e);
    if (first)
        *first = id;
    return page.count;
}

static inline void drain(struct company *c) {
    EXPECT_OK(engine_drain(c->g, 60000, &c->e), c->e);
}

#endif
