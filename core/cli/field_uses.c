/* SPDX-License-Identifier: Apache-2.0 */
/* Field uses: who goes by the name of a type or field. Each user of names is one row. What is
 * written in the query language or in Lua is looked at by word: a word may be another thing of that
 * name, and it is better to ask once too often. */
#include "cli/show.h"
#include "cli/type_change.h"
#include "record/rollup.h"
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct uses {
    struct cmd *c;
    const char *type, *field; /* field NULL: the type */
    const char *word;
    bool renamed;
    size_t count;
    bool kept; /* a roll-up goes by it, which --anyway does not help against */
};

static void tell(struct uses *u, const char *file, int64_t line, const char *what) {
    u->count++;
    show_problem(u->c, file, line, what);
}

static bool is_word_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static const char *find_word(const char *text, const char *word) {
    size_t len = strlen(word);
    for (const char *p = text; (p = strstr(p, word)); p++)
        if ((p == text || !is_word_char(p[-1])) && !is_word_char(p[len]))
            return p;
    return NULL;
}

/* -- the users of names ------------------------------------------------------------------------ */

static void in_file(struct uses *u, const char *path, const char *name) {
    FILE *f = fopen(path, "re");
    char *line = NULL;
    size_t cap = 0;
    for (int64_t n = 1; f && getline(&line, &cap, f) >= 0; n++)
        if (find_word(line, u->word))
            tell(u, name, n, arena_printf(&u->c->arena, "has the word '%s'", u->word));
    free(line);
    if (f)
        fclose(f);
}

static kith_status rules(struct uses *u, kith_error *e) {
    char *root = arena_printf(&u->c->arena, "%s/rules", u->c->dir);
    if (!root)
        return err_nomem(e);
    char *roots[] = {root, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    for (FTSENT *x; tree && (x = fts_read(tree));) {
        size_t len = strlen(x->fts_name);
        if (x->fts_info == FTS_D && strcmp(x->fts_name, "examples") == 0)
            fts_set(tree, x, FTS_SKIP); /* they are read, and not run */
        if (x->fts_info == FTS_F && len > 4 && strcmp(x->fts_name + len - 4, ".lua") == 0)
            in_file(u, x->fts_path, x->fts_path + strlen(u->c->dir) + 1);
    }
    if (tree)
        fts_close(tree);
    return KITH_OK;
}

static bool value_has(const kith_value *v, const char *word) {
    bool has = v->kind == KITH_TEXT && find_word(v->as.s.ptr, word);
    for (uint64_t i = 0; v->kind == KITH_LIST && i < v->as.list.count; i++)
        has = has || value_has(&v->as.list.items[i], word);
    return has;
}

static kith_status settings(struct uses *u, kith_error *e) {
    const struct settings *s = u->c->company->settings;
    (void)e;
    for (size_t i = 0; i < settings_total(s); i++) {
        const struct setting *x = settings_at(s, i);
        if (x->file && value_has(&x->value, u->word))
            tell(u, x->file, x->line,
                 arena_printf(&u->c->arena, "the setting %s has the word '%s'", x->path, u->word));
    }
    return KITH_OK;
}

static bool rollup_uses(const struct rollup *r, const struct uses *u) {
    const struct rfield *f =
        u->field ? type_field(r->child->schema, r->child, str_of(u->field)) : NULL;
    if (r->in && u->field && strcmp(r->in->type->name, u->type) == 0 &&
        strcmp(r->in->name, u->field) == 0)
        return true;
    return strcmp(r->child->name, u->type) == 0 &&
           (!u->field || (f && fieldset_has(&r->reads, f->index)));
}

/* Indexes and roll-ups: these are known exactly. Roll-ups follow a type's new name: cmd_type.c. */
static kith_status types(struct uses *u, kith_error *e) {
    const struct schema *s = cmd_schema(u->c);
    bool follows = u->renamed && !u->field;
    (void)e;
    for (uint32_t i = 0; i < s->type_count; i++) {
        const struct rtype *t = s->types[i];
        for (uint32_t k = 0; k < t->index_count; k++)
            if (u->field && strcmp(t->name, u->type) == 0 && find_word(t->indexes[k], u->word))
                tell(u, t->where ? t->where : t->module, 0,
                     arena_printf(&u->c->arena, "the index \"%s\" of %s", t->indexes[k], t->name));
        for (uint32_t k = 0; k < t->field_count; k++)
            if (t->fields[k]->rollup && !follows && rollup_uses(t->fields[k]->rollup, u)) {
                u->kept = true;
                tell(u, t->fields[k]->where ? t->fields[k]->where : t->fields[k]->module, 0,
                     arena_printf(&u->c->arena, "the roll-up %s.%s: %s", t->name,
                                  t->fields[k]->name, t->fields[k]->formula));
            }
    }
    return KITH_OK;
}

/* Fields of records that hold conditions and the like. */
static const struct {
    const char *type, *field;
    bool follows; /* a new name: engine/new_names.c */
} holders[] = {
    {"role", "rights", true},   {"territory", "rule", false},    {"segment", "query", false},
    {"segment", "keep", false}, {"saved_query", "query", false}, {"purpose", "fields", false},
};

struct holder {
    struct uses *u;
    const struct rtype *type;
    const struct rfield *field;
};

static kith_status in_record(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct holder *h = arg;
    (void)e;
    if (value_has(&values[h->field->index], h->u->word))
        tell(h->u, "", 0,
             arena_printf(&h->u->c->arena, "%.*s: its %s has the word '%s'",
                          (int)show_record(h->u->c, h->type, id).len,
                          show_record(h->u->c, h->type, id).ptr, h->field->name, h->u->word));
    return KITH_OK;
}

static kith_status records(struct uses *u, kith_error *e) {
    struct cmd *c = u->c;
    for (size_t i = 0; i < sizeof holders / sizeof *holders; i++) {
        struct holder h = {.u = u, .type = schema_type(cmd_schema(c), str_of(holders[i].type))};
        h.field = h.type ? type_field(cmd_schema(c), h.type, str_of(holders[i].field)) : NULL;
        struct find_page page = {.limit = 100000};
        struct query *q;
        if (!h.field || (u->renamed && holders[i].follows))
            continue;
        TRY(query_parse(&q, cmd_schema(c), &c->arena, str_of(h.type->name), e));
        TRY(engine_find(c->company->engine, &c->principal, q, NULL, &page, &c->arena, in_record, &h,
                        e));
    }
    return KITH_OK;
}

static const struct {
    kith_status (*look)(struct uses *u, kith_error *e);
} users[] = {{rules}, {settings}, {types}, {records}};

kith_status check_unused(struct cmd *c, const char *type, const char *field, bool renamed,
                         kith_error *e) {
    struct uses u = {
        .c = c, .type = type, .field = field, .word = field ? field : type, .renamed = renamed};
    if (cmd_option(c, "anyway"))
        return KITH_OK;
    for (size_t i = 0; i < sizeof users / sizeof *users; i++)
        TRY(users[i].look(&u, e));
    if (u.count == 0)
        return KITH_OK;
    const char *remedy = u.kept
                             ? "retire the roll-ups first, or change both in conf.d/types and say "
                               "'kith reload'"
                             : "change that, or say --anyway";
    return err_set(e, KITH_E_CONFLICT, field, "%s%s%s seems to be in use, as listed above: %s",
                   type, field ? "." : "", field ? field : "", remedy);
}
