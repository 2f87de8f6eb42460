/* SPDX-License-Identifier: Apache-2.0 */
/* Forms of tasks: a task may ask for answers, and is done when they are given and fit. */
#include "base/date.h"
#include "base/json.h"
#include "engine/engine_internal.h"

#include <string.h>

struct forms {
    const struct base_task *f;
    struct fieldset fields;
};

/* -- what a form may ask ----------------------------------------------------------------------- */

static bool is_text(const json_t *v) {
    return json_is_string(v) && json_string_length(v) > 0;
}
static bool is_number(const json_t *v) {
    return json_is_number(v);
}
static bool is_boolean(const json_t *v) {
    return json_is_boolean(v);
}
static bool is_date(const json_t *v) {
    int64_t days;
    return json_is_string(v) && date_parse(str_of(json_string_value(v)), false, &days);
}

static const struct {
    const char *name;
    bool (*fits)(const json_t *v);
} kinds[] = {{"text", is_text}, {"number", is_number}, {"boolean", is_boolean}, {"date", is_date}};
#define KINDS (sizeof kinds / sizeof *kinds)

static const char *kind_name(const void *arg, size_t i) {
    (void)arg;
    return kinds[i].name;
}

/* "text?": it need not be answered. KINDS: there is no such kind. */
static size_t kind_of(const char *text, bool *optional) {
    size_t len = strlen(text), i = 0;
    *optional = len > 0 && text[len - 1] == '?';
    kith_str name = {text, len - *optional};
    while (i < KINDS && !str_eqz(name, kinds[i].name))
        i++;
    return i;
}

static bool is_choice(const json_t *choices, const json_t *v) {
    size_t i;
    json_t *one;
    json_array_foreach(choices, i, one) if (json_equal(one, v)) return true;
    return false;
}

/* "yes, no" */
static const char *choices_text(struct arena *a, const json_t *choices) {
    struct buf b = {0};
    size_t i;
    json_t *one;
    json_array_foreach(choices, i, one)
        buf_printf(&b, "%s%s", i ? ", " : "", json_string_value(one));
    kith_str text = arena_str(a, buf_view(&b));
    buf_free(&b);
    return text.ptr ? text.ptr : "";
}

static kith_status check_question(const char *name, const json_t *asked, kith_error *e) {
    size_t i;
    json_t *one;
    bool optional;
    if (json_is_array(asked) && json_array_size(asked) > 0) {
        json_array_foreach(asked, i, one) if (!is_text(one)) return err_set(
            e, KITH_E_INVAL, "form", "form: the choices of '%s' are texts", name);
        return KITH_OK;
    }
    const char *kind = json_string_value(asked);
    if (kind && kind_of(kind, &optional) < KINDS)
        return KITH_OK;
    const char *near = kind ? str_nearest(str_of(kind), kind_name, NULL, KINDS) : NULL;
    return err_set(e, KITH_E_INVAL, "form",
                   "form: '%s' asks for a text, number, boolean or date, each with ? where it need"
                   " not be answered, or for one of a list of texts%s%s%s",
                   name, STR_MEANT(near));
}

static kith_status check_answer(struct arena *a, const char *name, const json_t *asked,
                                const json_t *answer, kith_error *e) {
    bool optional = false, given = answer && !json_is_null(answer);
    size_t kind = json_is_string(asked) ? kind_of(json_string_value(asked), &optional) : KINDS;
    if (!given && optional)
        return KITH_OK;
    if (json_is_array(asked))
        return given && is_choice(asked, answer)
                   ? KITH_OK
                   : err_set(e, KITH_E_INVAL, "answers", "answers: '%s' is one of %s", name,
                             choices_text(a, asked));
    if (kind == KINDS || (given && kinds[kind].fits(answer)))
        return KITH_OK;
    return err_set(e, KITH_E_INVAL, "answers", "answers: '%s' is a %s", name, kinds[kind].name);
}

/* -- checking ---------------------------------------------------------------------------------- */

static kith_status check_all(struct arena *a, json_t *form, json_t *answers, bool done,
                             kith_error *e) {
    const char *name;
    json_t *asked;
    if (!json_is_object(form))
        return err_set(e, KITH_E_INVAL, "form",
                       "form: write {\"decision\": [\"yes\", \"no\"], \"reason\": \"text?\"}");
    json_object_foreach(form, name, asked) {
        TRY(check_question(name, asked, e));
        if (done)
            TRY(check_answer(a, name, asked, json_object_get(answers, name), e));
    }
    json_object_foreach(answers, name, asked) if (!json_object_get(form, name)) return err_set(
        e, KITH_E_INVAL, "answers", "answers: nobody asked for '%s'", name);
    return KITH_OK;
}

static kith_status check_form(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct forms *k = self;
    const kith_value *form = &c->after[k->f->form->index],
                     *answers = &c->after[k->f->answers->index],
                     *state = &c->after[k->f->state->index];
    json_t *asked = NULL, *given = NULL;
    if (form->kind != KITH_TEXT)
        return KITH_OK;
    kith_status st = json_read(form->as.s, &asked, e);
    if (st == KITH_OK && answers->kind == KITH_TEXT)
        st = json_read(answers->as.s, &given, e);
    if (st == KITH_OK)
        st = check_all(t->arena, asked, given,
                       state->kind == KITH_TEXT && str_eqz(state->as.s, "done"), e);
    json_decref(asked);
    json_decref(given);
    return st;
}

kith_status forms_hooks_add(struct engine *g, kith_error *e) {
    struct forms *k = ARENA_NEW(&g->arena, struct forms);
    if (!k)
        return err_nomem(e);
    k->f = &g->schema->base.task;
    k->fields =
        fieldset_of((const struct rfield *[]){k->f->form, k->f->answers, k->f->state, NULL});
    return engine_add_hook(g,
                           &(struct hook){.type = k->f->type,
                                          .on = ON_CREATE | ON_UPDATE,
                                          .priority = 100, /* when others have had their say */
                                          .fields = &k->fields,
                                          .fn = check_form,
                                          .self = k,
                                          .source = {SOURCE_CORE, "forms", "", 0}},
                           e);
}
