/* SPDX-License-Identifier: Apache-2.0 */
/* The types are built in memory until they can be: the first mistake ends a try with a message that
 * begins with its place, what stands there is left out of the next one. */
#include "cli/type_faults.h"
#include "base/err.h"
#include "record/record.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct trying {
    const struct company *c;
    struct arena arena;
    struct schema_source source; /* what is left of the company's */
    kith_type *types;
    struct schema_change *changes;
    const char *out[4 * TYPE_FAULTS_MAX]; /* names of fields that are left out */
    size_t out_count;
};

/* -- what is left ------------------------------------------------------------------------------ */

static bool copy_source(struct trying *t, const struct schema_source *from) {
    t->source = *from;
    t->types = ARENA_ARRAY(&t->arena, kith_type, from->types.count + 1);
    t->changes = ARENA_ARRAY(&t->arena, struct schema_change, from->change_count + 1);
    if (!t->types || !t->changes)
        return false;
    if (from->types.count)
        memcpy(t->types, from->types.items, from->types.count * sizeof *t->types);
    if (from->change_count)
        memcpy(t->changes, from->changes, from->change_count * sizeof *t->changes);
    for (uint32_t i = 0; i < from->types.count; i++) {
        kith_array *indexes = &t->types[i].indexes;
        const char **own = ARENA_ARRAY(&t->arena, const char *, indexes->count + 1);
        if (!own)
            return false;
        if (indexes->count)
            memcpy(own, indexes->items, indexes->count * sizeof *own);
        indexes->items = own;
    }
    t->source.types.items = t->types;
    t->source.changes = t->changes;
    return true;
}

static const kith_field *fields_of(const kith_type *type) {
    return type->fields.items;
}

static bool leave_out_field(struct trying *t, kith_type *type, uint32_t at) {
    kith_field *left = ARENA_ARRAY(&t->arena, kith_field, type->fields.count);
    uint32_t n = 0;
    for (uint32_t i = 0; left && i < type->fields.count; i++)
        if (i != at)
            left[n++] = fields_of(type)[i];
    if (!left || t->out_count == sizeof t->out / sizeof *t->out)
        return false;
    t->out[t->out_count++] = fields_of(type)[at].name;
    type->fields.items = left;
    type->fields.count = n;
    return true;
}

/* The last field of this name: where one stands twice, that is the one too many. */
static bool leave_out_fields(struct trying *t, const struct schema_place *p) {
    for (uint32_t i = 0; i < t->source.types.count; i++)
        for (uint32_t k = t->types[i].fields.count; k-- > 0;)
            if (strcmp(t->types[i].name, p->type) == 0 &&
                strcmp(fields_of(&t->types[i])[k].name, p->field) == 0)
                return leave_out_field(t, &t->types[i], k);
    return false;
}

static bool leave_out_change(struct trying *t, const struct schema_place *p) {
    for (size_t i = 0; i < t->source.change_count; i++) {
        const struct schema_change *c = &t->changes[i];
        if (strcmp(c->type, p->type) != 0 || strcmp(c->field, p->field) != 0)
            continue;
        t->changes[i] = t->changes[--t->source.change_count];
        return true;
    }
    return false;
}

static bool is_about_title(const kith_error *e) {
    return strstr(e->message, "its title \"") != NULL;
}

static bool is_about_index(const kith_error *e, const char *index) {
    char text[320];
    snprintf(text, sizeof text, "index \"%s\"", index);
    return strstr(e->message, text) != NULL;
}

static const char **indexes_of(const kith_type *type) {
    return (const char **)(uintptr_t)type->indexes.items;
}

/* Of a type its title or one of its indexes, or all of it. */
static bool leave_out_type(struct trying *t, const struct schema_place *p, const kith_error *e) {
    for (uint32_t i = 0; i < t->source.types.count; i++) {
        kith_type *type = &t->types[i];
        if (strcmp(type->name, p->type) != 0)
            continue;
        if (type->title && is_about_title(e)) {
            type->title = NULL;
            return true;
        }
        for (uint32_t x = 0; x < type->indexes.count; x++)
            if (is_about_index(e, indexes_of(type)[x])) {
                indexes_of(type)[x] = indexes_of(type)[--type->indexes.count];
                return true;
            }
        *type = t->types[--t->source.types.count];
        return true;
    }
    return false;
}

static bool leave_out(struct trying *t, const struct schema_place *p, const kith_error *e) {
    if (!p->field)
        return leave_out_type(t, p, e);
    return leave_out_change(t, p) || leave_out_fields(t, p);
}

/* -- where it is ------------------------------------------------------------------------------- */

/* Does the error begin with the place, and is it about that field? Several may share a line. */
static bool is_at(const struct schema_place *p, const kith_error *e) {
    size_t n = strlen(p->where);
    char name[128];
    if (strncmp(e->message, p->where, n) != 0 || strncmp(e->message + n, ": ", 2) != 0)
        return false;
    if (!p->field)
        return true;
    snprintf(name, sizeof name, "%s.%s", p->type, p->field);
    return strcmp(e->field, p->field) == 0 || strstr(e->message + n, name);
}

static const struct schema_place *place_of(const struct trying *t, const kith_error *e) {
    const struct schema_place *type = NULL;
    for (size_t i = 0; i < t->source.place_count; i++) {
        const struct schema_place *p = &t->source.places[i];
        if (is_at(p, e) && p->field)
            return p;
        if (is_at(p, e))
            type = p;
    }
    return type;
}

static bool is_letter(char c) {
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool has_word(const char *text, const char *word) {
    size_t n = strlen(word);
    for (const char *at = text; text && (at = strstr(at, word)); at += n)
        if ((at == text || !is_letter(at[-1])) && !is_letter(at[n]))
            return true;
    return false;
}

/* What the error is about, a roll-up, a title or an index, as it is written; NULL: something else.
 */
static const char *text_at_fault(const kith_type *type, const struct schema_place *p,
                                 const kith_error *e) {
    for (uint32_t f = 0; p->field && f < type->fields.count; f++)
        if (strcmp(fields_of(type)[f].name, p->field) == 0)
            return fields_of(type)[f].rollup;
    for (uint32_t x = 0; !p->field && x < type->indexes.count; x++)
        if (is_about_index(e, indexes_of(type)[x]))
            return indexes_of(type)[x];
    return !p->field && is_about_title(e) ? type->title : NULL;
}

/* Does it name a field that was left out? */
static bool names_left_out(const struct trying *t, const struct schema_place *p,
                           const kith_error *e) {
    for (uint32_t i = 0; i < t->source.types.count; i++)
        for (size_t k = 0; k < t->out_count; k++)
            if (strcmp(t->types[i].name, p->type) == 0 &&
                has_word(text_at_fault(&t->types[i], p, e), t->out[k]))
                return true;
    return false;
}

/* -- trying ------------------------------------------------------------------------------------ */

static kith_status try_types(struct trying *t, kith_error *e) {
    const char *currency = settings_text(t->c->settings, "", "company.currency").ptr;
    struct conn *scratch = NULL;
    struct schema *schema = NULL;
    kith_value *defaults;
    kith_status st =
        company_build_types(t->c->plugins, &t->source, currency, &t->arena, &scratch, &schema, e);
    for (uint32_t i = 0; st == KITH_OK && i < schema->type_count; i++)
        st = type_defaults(schema, schema->types[i], &t->arena, &defaults, e);
    schema_free(schema);
    conn_close(scratch);
    return st;
}

/* "conf.d/types/visit.conf:12: ..." taken apart. */
static void tell(const kith_error *e, const struct schema_place *p, struct arena *a,
                 void (*fn)(void *arg, const char *file, int line, const char *text), void *arg) {
    const char *colon = strrchr(p->where, ':');
    size_t n = colon ? (size_t)(colon - p->where) : strlen(p->where);
    const char *file = arena_strndup(a, p->where, n);
    fn(arg, file ? file : "", colon ? atoi(colon + 1) : 0, e->message + strlen(p->where) + 2);
}

size_t type_faults(const struct company *c,
                   void (*fn)(void *arg, const char *file, int line, const char *text), void *arg) {
    struct trying t = {.c = c};
    size_t told = 0;
    if (!c->types || !copy_source(&t, type_files_source(c->types))) {
        arena_free(&t.arena);
        return 0;
    }
    for (uint32_t tries = 0; tries < 4 * TYPE_FAULTS_MAX && told < TYPE_FAULTS_MAX; tries++) {
        kith_error e = KITH_ERROR_INIT;
        if (try_types(&t, &e) == KITH_OK)
            break;
        const struct schema_place *p = place_of(&t, &e);
        if (!p)
            break;
        if (!names_left_out(&t, p, &e)) {
            tell(&e, p, &t.arena, fn, arg);
            told++;
        }
        if (!leave_out(&t, p, &e))
            break;
    }
    arena_free(&t.arena);
    return told;
}
