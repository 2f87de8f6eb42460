/* SPDX-License-Identifier: Apache-2.0 */
/* Lint: the files of a set are read and walked one by one; what is found is kept with the set, and
 * what each rule does with the rule. */
#include "script/lint.h"

#include <string.h>

/* -- findings ---------------------------------------------------------------------------------- */

static bool has_told(const struct problem *list, const struct script_problem *p) {
    for (const struct problem *o = list; o; o = o->next)
        if (o->p.line == p->line && strcmp(o->p.file, p->file) == 0 &&
            strcmp(o->p.message, p->message) == 0)
            return true;
    return false;
}

/* What kept the file from being loaded may be seen in its source as well. */
static bool told_before(const struct ruleset *set, const struct script_problem *p) {
    return has_told(set->problems, p) || has_told(set->findings, p);
}

static void tell(struct lint *l, const char *file, uint32_t line, enum weight w,
                 const char *message) {
    struct script_problem p = {.file = file,
                               .line = line,
                               .message = message,
                               .absent = w == ABSENT,
                               .warning = w == WARNING};
    if (!told_before(l->set, &p)) {
        l->told++;
        set_finding(l->set, &p);
    }
}

void lint_tell(struct lint *l, const char *file, uint32_t line, enum weight w, const char *fmt,
               ...) {
    kith_error e = KITH_ERROR_INIT;
    struct buf b = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    err_set(&e, KITH_E_INVAL, NULL, "%s", b.ptr ? b.ptr : fmt);
    tell(l, file, line, w, e.message);
    buf_free(&b);
}

/* The function that pcall is given may fail; in a file that is off a module may be missing. */
void lint_say(struct lint *l, uint32_t line, enum weight w, const char *fmt, ...) {
    char text[sizeof((kith_error *)0)->message];
    kith_error e = KITH_ERROR_INIT;
    va_list ap;
    if (!lint_tells(l) || (w == ABSENT && l->file->off))
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    err_set(&e, KITH_E_INVAL, NULL, "%s", text); /* on one line */
    tell(l, l->file->name, line, w == FAULT && l->guarded ? WARNING : w, e.message);
}

void lint_error(struct lint *l, uint32_t line, enum weight w, const kith_error *e) {
    lint_say(l, line, w, "%s", e->message);
}

enum weight lint_weight(const kith_error *e) {
    bool type = e->code == KITH_E_NOTFOUND && strstr(e->message, "there is no type '");
    return type && !strstr(e->message, "did you mean") ? ABSENT : FAULT;
}

bool lint_tells(const struct lint *l) {
    return l->last_pass && l->told < FINDINGS_MAX;
}

/* -- queries ----------------------------------------------------------------------------------- */

/* Purposes are records, which come and go. */
static void check_purposes(struct lint *l, uint32_t line, const struct query *q) {
    const char *const *names;
    struct conn *c;
    kith_error e = KITH_ERROR_INIT;
    if (query_params(q, &names) || engine_reader(l->engine, &c, &e) != KITH_OK)
        return;
    kith_status st = query_purposes(q, NULL, NULL, c, &e);
    engine_reader_done(l->engine, c);
    if (st == KITH_E_INVAL)
        lint_error(l, line, WARNING, &e);
}

const struct query *lint_query(struct lint *l, uint32_t line, kith_str text, const char *what) {
    struct query *q = map_get(&l->queries, text);
    kith_error e = KITH_ERROR_INIT;
    if (!q) {
        kith_str copy = arena_str(&l->arena, text);
        if (!copy.ptr || query_parse(&q, l->schema, &l->arena, copy, &e) != KITH_OK) {
            /* A segment may be made later. */
            bool segment = memmem(text.ptr, text.len, "in_segment", 10) != NULL;
            lint_say(l, line, segment ? WARNING : lint_weight(&e), "%s: %s", what, e.message);
            return NULL;
        }
        l->no_memory |= !map_put(&l->queries, text, q);
    }
    if (l->last_pass)
        check_purposes(l, line, q);
    return q;
}

/* -- files ------------------------------------------------------------------------------------- */

struct lint_file *lint_file_named(const struct lint *l, const char *name) {
    struct lint_file *f = l->files;
    while (f && strcmp(f->name, name) != 0)
        f = f->after;
    return f;
}

struct lint_file *lint_required(struct lint *l, kith_str name) {
    const char *file = arena_printf(&l->arena, "rules/lib/%.*s.lua", (int)name.len, name.ptr);
    return file ? lint_file_named(l, file) : NULL;
}

static bool make_room(struct lint *l, struct lint_file *f) {
    uint32_t variables = f->syntax.variable_count + 1, functions = f->syntax.function_count + 1;
    f->symbol_count = variables;
    f->known = ARENA_ARRAY(&l->arena, struct type, variables);
    f->next = ARENA_ARRAY(&l->arena, struct type, variables);
    f->types = ARENA_ARRAY(&l->arena, struct type, variables);
    f->results = ARENA_ARRAY(&l->arena, struct type, functions);
    f->next_results = ARENA_ARRAY(&l->arena, struct type, functions);
    f->deeds = ARENA_ARRAY(&l->arena, struct deeds, functions);
    f->functions = ARENA_ARRAY(&l->arena, const struct node *, functions);
    return f->known && f->next && f->types && f->results && f->next_results && f->deeds &&
           f->functions;
}

/* A text that Lua refused has its problem already. */
static void read_chunk(struct lint *l, const struct script *s, const struct flow_source *c) {
    struct lint_file *f;
    if (lint_file_named(l, c->name))
        return;
    f = ARENA_NEW(&l->arena, struct lint_file);
    l->no_memory |= !f;
    if (!f)
        return;
    if (!syntax_parse(&f->syntax, &l->arena, c->text)) {
        l->no_memory |= strcmp(f->syntax.error, "no memory") == 0;
        return;
    }
    f->name = c->name;
    f->script = strcmp(c->name, s->file) == 0 ? s : NULL;
    f->off = f->script && s->problems > 0;
    l->no_memory |= !make_room(l, f);
    *l->files_tail = f;
    l->files_tail = &f->after;
}

/* Globals are shared by a file and all that it requires. */
static void share_globals(struct lint *l, const struct script *s) {
    for (const struct flow_source *to = s->sources; to; to = to->next) {
        l->file = lint_file_named(l, to->name);
        for (const struct flow_source *from = s->sources; l->file && from; from = from->next) {
            const struct lint_file *f = lint_file_named(l, from->name);
            const struct assigned *a = f ? f->syntax.assigned : NULL;
            for (; a; a = a->next) {
                struct global *g = lint_global(l, a->name);
                if (g)
                    g->assigned = true;
            }
        }
    }
}

static void walk_files(struct lint *l) {
    for (struct lint_file *f = l->files; f && !l->no_memory; f = f->after) {
        l->file = f;
        lint_walk(l);
    }
}

static void lint_free(struct lint *l) {
    for (struct lint_file *f = l->files; f; f = f->after)
        map_free(&f->globals);
    map_free(&l->queries);
    arena_free(&l->arena);
}

kith_status lint_set(struct ruleset *set, kith_error *e) {
    struct lint l = {
        .set = set, .engine = set->all->engine, .schema = engine_schema(set->all->engine)};
    l.files_tail = &l.files;
    for (const struct script *s = set->files; s; s = s->next)
        for (const struct flow_source *c = s->sources; c; c = c->next)
            read_chunk(&l, s, c);
    for (const struct script *s = set->files; s && !l.no_memory; s = s->next)
        share_globals(&l, s);
    walk_files(&l);
    if (!l.no_memory)
        deeds_attach(&l);
    kith_status st = l.no_memory ? err_nomem(e) : KITH_OK;
    lint_free(&l);
    return st;
}
