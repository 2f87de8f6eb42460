/* SPDX-License-Identifier: Apache-2.0 */
/* What failed in a test without failing the test itself: rules that an event or the time called,
 * runs of workflows, and files that were suspended for it. A test that means one to fail says so;
 * any other fails the test at its end, whatever else was expected. What begins by the clock in
 * another file is not the test's business: it may need records that only the company has. */
#include "script/trial_internal.h"

#include <string.h>

#define LISTED_MAX 20

struct failure {
    const char *what; /* "workflow" */
    const char *name;
    const char *file; /* of the rule; or NULL */
    const char *error;
    bool by_clock; /* it would have failed whatever the test did */
    struct failure *next;
};

struct expected_failure {
    const char *name, *text; /* text: a part of the sentence; or NULL */
    struct expected_failure *next;
};

/* -- what failed ------------------------------------------------------------------------------- */

struct failures {
    struct trial *t;
    struct failure *first, **tail;
};

/* What failed ten times in the same way is told once. */
static bool is_there(const struct failures *all, const struct failure *one) {
    const struct failure *f = all->first;
    while (f && (strcmp(f->name, one->name) != 0 || strcmp(f->error, one->error) != 0))
        f = f->next;
    return f != NULL;
}

static kith_status add(struct failures *all, const struct failure *one, kith_error *e) {
    if (!one->name || !one->error)
        return err_nomem(e);
    if (is_there(all, one))
        return KITH_OK;
    struct failure *f = ARENA_NEW(&all->t->arena, struct failure);
    if (!f)
        return err_nomem(e);
    *f = *one;
    *all->tail = f;
    all->tail = &f->next;
    return KITH_OK;
}

/* By the name under which the engine calls it: "rule:rules/score.lua:qualified", "workflow:care",
 * "sales:assign". */
static kith_status add_called(struct failures *all, const char *called, const char *error,
                              bool by_clock, kith_error *e) {
    struct failure f = {.what = "reaction", .name = called, .error = error};
    for (const struct script *s = all->t->script->set->files; s; s = s->next)
        for (const struct rule *r = s->rules; r; r = r->next)
            if (strcmp(r->cursor, called) == 0)
                f = (struct failure){.what = r->info.kind == RULE_WORKFLOW ? "workflow" : "rule",
                                     .name = r->info.name,
                                     .file = s->file,
                                     .error = error,
                                     .by_clock = by_clock};
    return add(all, &f, e);
}

static kith_status add_letters(struct failures *all, kith_error *e) {
    struct engine *g = all->t->bench->engine;
    struct dead_letter *letters;
    struct timer_error *timers;
    size_t n;
    TRY(engine_letters(g, false, &all->t->arena, &letters, &n, e));
    for (size_t i = 0; i < n; i++)
        TRY(add_called(all, letters[i].reaction, letters[i].error, false, e));
    TRY(engine_timer_errors(g, &all->t->arena, &timers, &n, e));
    for (size_t i = 0; i < n; i++)
        TRY(add_called(all, timers[i].handler, timers[i].error, true, e));
    return KITH_OK;
}

static const char *text_of(struct trial *t, const kith_value *values, const struct rfield *f) {
    const kith_value *v = &values[f->index];
    return v->kind == KITH_TEXT ? arena_str(&t->arena, v->as.s).ptr : "";
}

/* A run that failed, or is tried again. */
static kith_status add_run(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct failures *all = arg;
    const struct base_workflow_run *f = &engine_schema(all->t->bench->engine)->base.workflow_run;
    (void)id;
    return add(all,
               &(struct failure){.what = "workflow",
                                 .name = text_of(all->t, values, f->workflow),
                                 .file = text_of(all->t, values, f->file),
                                 .error = text_of(all->t, values, f->error),
                                 .by_clock = values[f->cause->index].kind == KITH_NULL},
               e);
}

static kith_status add_runs(struct failures *all, kith_error *e) {
    static const struct principal tester = {.name = "test", .all = true};
    struct engine *g = all->t->bench->engine;
    struct find_page page = {.limit = LISTED_MAX};
    struct query *q;
    kith_str text = STR("workflow_run where error is not null order by id");
    TRY(query_parse(&q, engine_schema(g), &all->t->arena, text, e));
    return engine_find(g, &tester, q, NULL, &page, &all->t->arena, add_run, all, e);
}

static kith_status add_suspended(struct failures *all, kith_error *e) {
    struct pause *pauses;
    size_t n;
    TRY(engine_pauses(all->t->bench->engine, &all->t->arena, &pauses, &n, e));
    for (size_t i = 0; i < n; i++)
        TRY(add(all,
                &(struct failure){.what = "file",
                                  .name = pauses[i].group,
                                  .file = pauses[i].group,
                                  .by_clock = true,
                                  .error = arena_printf(&all->t->arena, "it was suspended: %s",
                                                        pauses[i].reason)},
                e));
    return KITH_OK;
}

static kith_status gather(struct trial *t, struct failure **out, kith_error *e) {
    struct failures all = {.t = t};
    *out = NULL;
    all.tail = &all.first;
    if (!t->started)
        return KITH_OK;
    TRY(add_letters(&all, e));
    TRY(add_runs(&all, e));
    TRY(add_suspended(&all, e));
    *out = all.first;
    return KITH_OK;
}

void trial_list_failures(struct trial *t) {
    struct failure *f;
    if (gather(t, &f, NULL) != KITH_OK)
        return;
    for (; f; f = f->next)
        buf_printf(&t->effects, "failed: the %s \"%s\": %s\n", f->what, f->name, f->error);
}

/* -- which of it is expected ------------------------------------------------------------------- */

static bool is_meant(const struct expected_failure *x, const struct failure *f) {
    bool named = strcmp(x->name, f->name) == 0 || (f->file && strcmp(x->name, f->file) == 0);
    return named && (!x->text || strstr(f->error, x->text));
}

static bool is_expected(const struct trial *t, const struct failure *f) {
    const struct expected_failure *x = t->expected;
    if (f->by_clock && f->file && strcmp(f->file, t->script->file) != 0)
        return true;
    while (x && !is_meant(x, f))
        x = x->next;
    return x != NULL;
}

kith_status trial_unexpected(struct trial *t, kith_error *e) {
    struct failure *f;
    TRY(gather(t, &f, e));
    while (f && is_expected(t, f))
        f = f->next;
    if (!f)
        return KITH_OK;
    return err_set(e, KITH_E_INVAL, NULL,
                   "the %s \"%s\" failed, and the test did not expect it: %s; a test that wants it"
                   " says t.expect_failure(\"%s\")",
                   f->what, f->name, f->error, f->name);
}

/* t.expect_failure(name, text): the sentence with which it failed. */
int trial_expect_failure(lua_State *L) {
    struct trial *t = trial_need(L, false);
    struct expected_failure *x = ARENA_NEW(&t->arena, struct expected_failure);
    kith_error e = KITH_ERROR_INIT;
    struct failure *f;
    const char *name = luaL_checkstring(L, 1), *text = luaL_optstring(L, 2, NULL);
    t->looked = true;
    if (!x || !(x->name = arena_strdup(&t->arena, name)) ||
        (text && !(x->text = arena_strdup(&t->arena, text))))
        return raisef(L, "no memory");
    if (gather(t, &f, &e) != KITH_OK)
        return raise_error(L, &e);
    while (f && !is_meant(x, f))
        f = f->next;
    if (f) {
        x->next = t->expected;
        t->expected = x;
        lua_pushstring(L, f->error);
        return 1;
    }
    trial_list(t);
    return raisef(L, "expected a failure of \"%s\"%s%s%s, there was %s", name,
                  text ? " with \"" : "", text ? text : "", text ? "\"" : "",
                  t->effects.len ? "something else" : "nothing at all");
}
