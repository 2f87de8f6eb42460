/* SPDX-License-Identifier: Apache-2.0 */
/* A backtest of a file over what a test has let happen. */
#ifndef TESTS_UNIT_SCRIPT_BACKTEST_FIXTURE_H
#define TESTS_UNIT_SCRIPT_BACKTEST_FIXTURE_H
#include "script_flow_fixture.h"

#include "engine/backtest.h"

struct tested {
    struct company *c;
    const char *file, *text;
    int64_t since;
    size_t samples;
    kith_status (*watch)(void *arg, uint64_t done, uint64_t all, kith_error *e);
    struct backtest_report report;
};

/* -- the copy's types are ours, by their numbers ------------------------------------------------
 */

static const struct rtype *our_type(struct tested *x, const struct rtype *t) {
    return t ? schema_type_by_id(engine_schema(x->c->g), t->id) : NULL;
}

static const struct rfield *our_field(struct tested *x, const struct rfield *f) {
    return f ? type_field(engine_schema(x->c->g), our_type(x, f->type), str_of(f->name)) : NULL;
}

static void keep_effects(struct tested *x, struct backtest_sample *s) {
    s->type = our_type(x, s->type);
    for (size_t i = 0; i < s->count; i++) {
        struct image_field *fields = (struct image_field *)(uintptr_t)s->effects[i].fields;
        s->effects[i].type = our_type(x, s->effects[i].type);
        for (size_t k = 0; k < s->effects[i].field_count; k++)
            fields[k].field = our_field(x, fields[k].field);
    }
}

static void keep_types(struct tested *x) {
    struct backtest_report *r = &x->report;
    for (size_t i = 0; i < r->unkept_count; i++)
        r->unkept[i] = our_type(x, r->unkept[i]);
    for (size_t i = 0; i < r->effect_count; i++)
        r->effects[i].type = our_type(x, r->effects[i].type);
    for (size_t i = 0; i < r->hit_count; i++)
        r->hits[i].type = our_type(x, r->hits[i].type);
    for (size_t i = 0; i < r->failure_count; i++)
        r->failures[i].type = our_type(x, r->failures[i].type);
    for (size_t i = 0; i < r->conflict_count; i++)
        r->conflicts[i].field = our_field(x, r->conflicts[i].field);
    for (size_t i = 0; i < r->sample_count; i++)
        keep_effects(x, &r->samples[i]);
}

static kith_status on_copy(void *arg, const char *path, kith_error *e) {
    struct tested *x = arg;
    struct company scratch = {.e = KITH_ERROR_INIT};
    struct script_options o = {.limits = {.time_ms = 20000},
                               .focus = {.file = x->file,
                                         .text = x->text ? str_of(x->text) : (kith_str){0},
                                         .only = true}};
    struct backtest_options b = {.file = x->file,
                                 .clock = &scratch.clock,
                                 .since = x->since,
                                 .until = clock_now(&x->c->clock),
                                 .samples = x->samples,
                                 .watch = x->watch,
                                 .arg = x->c};
    company_engine_as(&scratch, path, x->since, true);
    EXPECT_OK(scripts_open(&scratch.s, scratch.g, x->c->dir, &o, &scratch.e), scratch.e);
    const struct script_problem *p = problem_at(&scratch, 0);
    if (p)
        TEST_FAIL("%s:%u: %s", p->file, p->line, p->message);
    EXPECT_OK(engine_start(scratch.g, &scratch.e), scratch.e);
    kith_status st = engine_backtest(scratch.g, &b, &x->c->arena, &x->report, e);
    keep_types(x);
    company_stop(&scratch);
    arena_free(&scratch.arena);
    return st;
}

/* text: of the file, or NULL: as it stands in the folder. */
static const struct backtest_report *backtest(struct tested *x, struct company *c, const char *file,
                                              const char *text, int64_t since) {
    *x = (struct tested){.c = c, .file = file, .text = text, .since = since, .samples = 50};
    EXPECT_OK(engine_with_copy(c->g, on_copy, x, &c->e), c->e);
    EXPECT_INT(0, x->report.unfit);
    return &x->report;
}

static const char *effects(struct company *c, const struct backtest_report *r) {
    struct buf b = {0};
    for (size_t i = 0; i < r->effect_count; i++) {
        const struct backtest_effect *x = &r->effects[i];
        buf_printf(&b, "%s%llu %s %s%s%s", i ? ", " : "", (unsigned long long)x->count,
                   x->kind ? row_kind_name(x->kind) : "set", x->type ? x->type->name : "",
                   x->what ? "." : "", x->what ? x->what : "");
    }
    for (size_t i = 0; i < r->failure_count; i++)
        buf_printf(&b, "; %llu %s: %s", (unsigned long long)r->failures[i].count,
                   r->failures[i].refused ? "refused" : "failed", r->failures[i].message);
    const char *out = arena_strdup(&c->arena, b.len ? b.ptr : "");
    buf_free(&b);
    return out;
}

static uint64_t began(const struct backtest_report *r) {
    uint64_t n = 0;
    for (size_t i = 0; i < r->rule_count; i++)
        n += r->rules[i].began;
    return n;
}

#define RULES "rules/r.lua"

#endif
