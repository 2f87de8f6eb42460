/* SPDX-License-Identifier: Apache-2.0 */
/* Enable: workflows that the admin lets begin no more. What happens meanwhile is passed over; runs
 * under way go on. The list is the settings' when the company is opened, and changes at once. */
#include "script/flow_internal.h"

#include <stdlib.h>
#include <string.h>

/* -- the list ---------------------------------------------------------------------------------- */

static size_t index_of(const struct scripts *s, const char *name) {
    size_t i = 0;
    while (i < s->disabled_count && strcmp(s->disabled[i], name) != 0)
        i++;
    return i;
}

static kith_status add(struct scripts *s, const char *name, kith_error *e) {
    char **list = realloc(s->disabled, (s->disabled_count + 1) * sizeof *list);
    if (!list)
        return err_nomem(e);
    s->disabled = list;
    list[s->disabled_count] = strdup(name);
    return list[s->disabled_count] ? (s->disabled_count++, KITH_OK) : err_nomem(e);
}

static void drop(struct scripts *s, size_t i) {
    free(s->disabled[i]);
    s->disabled[i] = s->disabled[--s->disabled_count];
}

kith_status enable_open(struct scripts *s, kith_error *e) {
    const struct setting *o = s->options.disabled;
    for (uint64_t i = 0; o && o->value.kind == KITH_LIST && i < o->value.as.list.count; i++)
        TRY(add(s, o->value.as.list.items[i].as.s.ptr, e));
    return KITH_OK;
}

void enable_close(struct scripts *s) {
    while (s->disabled_count)
        drop(s, s->disabled_count - 1);
    free(s->disabled);
}

/* -- its workflows ----------------------------------------------------------------------------- */

static void note_stale(struct ruleset *set, const char *name, const char *meant) {
    const struct setting *o = set->all->options.disabled;
    char text[sizeof((kith_error *)0)->message];
    snprintf(text, sizeof text,
             "workflows.disabled: %.200s ('kith workflow enable %.100s' forgets it)", meant, name);
    set->misplaced++;
    set_problem(set, &(struct script_problem){.file = o && o->file ? o->file : WORKFLOWS_CONF,
                                              .line = o ? (uint32_t)o->line : 0,
                                              .message = text,
                                              .absent = true});
}

/* What is to be tried out begins, though it is disabled. */
void enable_mark(struct ruleset *set) {
    struct scripts *s = set->all;
    const struct script_focus *focus = &s->options.focus;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->disabled_count; i++) {
        kith_error e = KITH_ERROR_INIT;
        struct rule *r = flow_named(set, s->disabled[i], &e);
        if (r)
            atomic_store(&r->disabled, !focus->file || strcmp(focus->file, r->script->file) != 0);
        else if (!focus->alone)
            note_stale(set, s->disabled[i], e.message);
    }
    pthread_mutex_unlock(&s->lock);
}

static kith_status change(struct scripts *s, const char *name, bool off, kith_error *e) {
    struct rule *r = flow_named(s->set, name, e);
    size_t i = index_of(s, name);
    if (!r && (off || i == s->disabled_count))
        return KITH_E_NOTFOUND;
    if (off && i == s->disabled_count)
        TRY(add(s, name, e));
    else if (!off && i < s->disabled_count)
        drop(s, i);
    if (r)
        atomic_store(&r->disabled, off);
    return KITH_OK;
}

kith_status scripts_disable(struct scripts *s, const char *name, bool off, kith_error *e) {
    pthread_mutex_lock(&s->changing);
    pthread_mutex_lock(&s->lock);
    kith_status st = change(s, name, off, e);
    pthread_mutex_unlock(&s->lock);
    pthread_mutex_unlock(&s->changing);
    return st;
}

/* -- its text ---------------------------------------------------------------------------------- */

static kith_str lines_of(kith_str text, uint32_t first, uint32_t last) {
    kith_str rest = text, line;
    const char *from = NULL, *to = text.ptr;
    for (uint32_t n = 1; n <= last && str_split(&rest, '\n', &line); n++) {
        from = n == first ? line.ptr : from;
        to = line.ptr + line.len;
    }
    return from ? (kith_str){from, (uint64_t)(to - from)} : (kith_str){NULL, 0};
}

kith_status scripts_source(struct scripts *s, const char *workflow, struct arena *a, kith_str *text,
                           kith_error *e) {
    pthread_mutex_lock(&s->lock);
    const struct rule *r = flow_named(s->set, workflow, e);
    const struct flow_source *f = r ? r->script->sources : NULL;
    while (f && strcmp(f->name, r->script->file) != 0)
        f = f->next;
    *text = f ? arena_str(a, lines_of(f->text, r->info.line, r->last_line)) : (kith_str){NULL, 0};
    pthread_mutex_unlock(&s->lock);
    return r ? KITH_OK : e->code;
}
