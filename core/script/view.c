/* SPDX-License-Identifier: Apache-2.0 */
/* View: a copy of what there is to know about the rules, for people. */
#include "script/script_internal.h"

#include <string.h>

/* A text of the set, which may be replaced as soon as we have looked. */
static bool copy(struct arena *a, const char **text) {
    if (!*text)
        return true;
    *text = arena_strdup(a, *text);
    return *text != NULL;
}

static bool copy_rule(struct arena *a, const struct rule *r, struct rule_info *out) {
    *out = r->info;
    out->disabled = atomic_load(&r->disabled);
    cost_copy(r, out);
    return copy(a, &out->file) && copy(a, &out->name) && copy(a, &out->event) &&
           copy(a, &out->where) && copy(a, &out->doc) && copy(a, &out->version) &&
           copy(a, &out->reads) && copy(a, &out->creates) && copy(a, &out->updates) &&
           copy(a, &out->deletes) && copy(a, &out->publishes) && copy(a, &out->calls) &&
           copy(a, &out->needs);
}

static const char *may_text(struct arena *a, const struct script *s) {
    const char *text = s->granted ? "" : "*";
    for (uint64_t i = 0; s->granted && text && i < s->may->as.list.count; i++)
        text = arena_printf(a, "%s%s%s", text, i ? " " : "", s->may->as.list.items[i].as.s.ptr);
    return text;
}

static bool copy_file(struct arena *a, const struct script *s, const struct pause *pauses,
                      size_t count, struct script_info *out) {
    *out = (struct script_info){.file = s->file,
                                .version = s->version,
                                .may = may_text(a, s),
                                .as = s->as ? s->as : "",
                                .off = s->problems > 0};
    memcpy(out->budgets, s->budget.max, sizeof out->budgets);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(pauses[i].group, s->file) != 0)
            continue;
        out->suspended = pauses[i].since;
        out->reason = pauses[i].reason;
    }
    return out->may && copy(a, &out->file) && copy(a, &out->version) && copy(a, &out->as);
}

static bool copy_problem(struct arena *a, const struct script_problem *p,
                         struct script_problem *out) {
    *out = *p;
    return copy(a, &out->file) && copy(a, &out->message);
}

static void count_all(const struct ruleset *set, struct scripts_view *v) {
    for (const struct script *s = set->files; s; s = s->next, v->file_count++)
        for (const struct rule *r = s->rules; r; r = r->next)
            v->rule_count++;
    for (const struct problem *p = set->problems; p; p = p->next)
        v->problem_count++;
    for (const struct problem *p = set->findings; p; p = p->next)
        v->finding_count++;
}

static bool copy_all(const struct ruleset *set, const struct pause *pauses, size_t count,
                     struct arena *a, struct scripts_view *v) {
    size_t rule = 0, file = 0, problem = 0, finding = 0;
    bool ok = true;
    for (const struct script *s = set->files; ok && s; s = s->next) {
        ok = copy_file(a, s, pauses, count, &v->files[file]);
        for (const struct rule *r = s->rules; ok && r; r = r->next, rule++) {
            ok = copy_rule(a, r, &v->rules[rule]);
            v->rules[rule].of = &v->files[file];
        }
        file++;
    }
    for (const struct problem *p = set->problems; ok && p; p = p->next)
        ok = copy_problem(a, &p->p, &v->problems[problem++]);
    for (const struct problem *p = set->findings; ok && p; p = p->next)
        ok = copy_problem(a, &p->p, &v->findings[finding++]);
    return ok;
}

kith_status scripts_view(struct scripts *s, struct arena *a, struct scripts_view *out,
                         kith_error *e) {
    struct pause *pauses;
    size_t count;
    *out = (struct scripts_view){0};
    TRY(engine_pauses(s->engine, a, &pauses, &count, e));
    pthread_mutex_lock(&s->lock);
    count_all(s->set, out);
    out->rules = ARENA_ARRAY(a, struct rule_info, out->rule_count + 1);
    out->files = ARENA_ARRAY(a, struct script_info, out->file_count + 1);
    out->problems = ARENA_ARRAY(a, struct script_problem, out->problem_count + 1);
    out->findings = ARENA_ARRAY(a, struct script_problem, out->finding_count + 1);
    bool ok = out->rules && out->files && out->problems && out->findings &&
              copy_all(s->set, pauses, count, a, out);
    pthread_mutex_unlock(&s->lock);
    return ok ? KITH_OK : err_nomem(e);
}

const char *rule_kind_name(enum rule_kind kind) {
    static const char *const names[] = {"before", "after", "on", "every", "workflow"};
    return names[kind];
}
