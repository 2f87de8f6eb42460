/* SPDX-License-Identifier: Apache-2.0 */
/* What a company declares beside types of its own: changes of other owners' fields, and where in
 * its files all that stands. What it says about types that are not there is passed over, so that a
 * module can be disabled and enabled again. */
#include "record/schema_internal.h"

#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

const char *declared_at(const struct schema_source *src, const char *type, const char *field) {
    for (size_t i = 0; i < src->place_count; i++) {
        const struct schema_place *p = &src->places[i];
        bool same = (p->field == NULL) == (field == NULL) && strcmp(p->type, type) == 0;
        if (same && (!field || strcmp(p->field, field) == 0))
            return p->where;
    }
    return NULL;
}

static const char *type_name_of(const struct schema_source *src, uint32_t i) {
    const char *items = src->types.items;
    return ((const kith_type *)(const void *)(items + (size_t)i * src->types.stride))->name;
}

const char *type_declared_at(const struct schema_source *src, uint32_t i) {
    const char *name = type_name_of(src, i);
    size_t before = 0;
    for (uint32_t k = 0; k < i; k++)
        before += strcmp(type_name_of(src, k), name) == 0;
    for (size_t k = 0; k < src->place_count; k++)
        if (!src->places[k].field && strcmp(src->places[k].type, name) == 0 && before-- == 0)
            return src->places[k].where;
    return NULL;
}

kith_status at_place(const struct schema_source *src, const char *type, kith_error *e) {
    const char *field = e && e->field[0] ? e->field : NULL;
    const char *where = type ? declared_at(src, type, field) : NULL;
    if (!where && type)
        where = declared_at(src, type, NULL);
    return where ? err_prefix(e, "%s: ", where) : e ? e->code : KITH_E_INVAL;
}

kith_status at_field(const struct rfield *f, kith_error *e) {
    return f->where ? err_prefix(e, "%s: field %s.%s: ", f->where, f->type->name, f->name)
                    : err_prefix(e, "module %s, field %s.%s: ", f->module, f->type->name, f->name);
}

kith_status at_type(const struct rtype *t, const char *where, kith_error *e) {
    return where ? err_prefix(e, "%s: type %s: ", where, t->name)
                 : err_prefix(e, "module %s, type %s: ", t->module, t->name);
}

kith_status pass_over(struct builder *b, const struct schema_source *src, const char *type,
                      const char *field, kith_error *e, const char *fmt, ...) {
    struct schema *s = b->schema;
    struct buf text = {0};
    va_list ap;
    const char *where = declared_at(src, type, field);
    buf_printf(&text, "%s: ", where ? where : src->module);
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    const char **items =
        arena_grow(&s->arena, s->passed, s->passed_count, &s->passed_cap, sizeof *items);
    char *kept = text.failed ? NULL : arena_strdup(&s->arena, text.ptr);
    buf_free(&text);
    if (!items || !kept)
        return err_nomem(e);
    s->passed = items;
    s->passed[s->passed_count++] = kept;
    return KITH_OK;
}

/* -- changes of fields that are there ---------------------------------------------------------- */

/* Unless then is NULL. False: no memory. */
static bool keep_text(struct builder *b, const char **now, const char *then) {
    if (then)
        *now = arena_strdup(&b->schema->arena, then);
    return !then || *now;
}

static kith_status change_options(struct builder *b, struct building *t, const struct rfield *f,
                                  const struct schema_change *c, kith_error *e) {
    if (c->more && f->kind != KITH_F_CHOICE)
        return err_set(e, KITH_E_INVAL, f->name, "only a choice takes more options");
    if (c->states && f->kind != KITH_F_STATE)
        return err_set(e, KITH_E_INVAL, f->name, "only a state has states");
    const char **options = &t->options[f->index];
    if (c->more)
        *options = arena_printf(&b->schema->arena, "%s,%s", *options, c->more);
    if (c->states)
        *options = arena_strdup(&b->schema->arena, c->states);
    return !*options && (c->more || c->states) ? err_nomem(e) : KITH_OK;
}

static kith_status change_field(struct builder *b, const struct schema_source *src,
                                struct building *t, struct rfield *f, const struct schema_change *c,
                                kith_error *e) {
    if (f->index < FIELD_FIRST)
        return err_set(e, KITH_E_INVAL, f->name, "%s is kept by Kith and cannot be changed",
                       f->name);
    if (f->flags & KITH_FF_READONLY && c->set & KITH_FF_REQUIRED)
        return err_set(e, KITH_E_INVAL, f->name, "%s is kept by %s and cannot be required", f->name,
                       f->module);
    if (strcmp(f->module, "core") == 0 && c->min && !f->floor)
        f->floor = f->min_text;
    if (!keep_text(b, &f->label, c->label) || !keep_text(b, &f->doc, c->doc) ||
        !keep_text(b, &f->default_text, c->default_text) || !keep_text(b, &f->min_text, c->min) ||
        !keep_text(b, &f->max_text, c->max) ||
        !keep_text(b, &f->where, declared_at(src, c->type, c->field)))
        return err_nomem(e);
    f->flags = (f->flags | c->set) & ~c->clear;
    f->measure = c->measure ? c->measure : f->measure;
    f->changed = true;
    if ((f->flags & KITH_FF_INDEXED) && f->kind == KITH_F_LINKS)
        return err_set(e, KITH_E_INVAL, f->name, "links to many cannot be indexed");
    return change_options(b, t, f, c, e);
}

static const char *field_at(const void *arg, size_t i) {
    return ((const struct building *)arg)->fields[i]->name;
}

static kith_status apply_change(struct builder *b, const struct schema_source *src,
                                const struct schema_change *c, kith_error *e) {
    struct building *t = builder_type(b, c->type);
    if (!t) /* told where the type is extended */
        return KITH_OK;
    const char *full = arena_printf(&b->schema->arena, "%s.%s", c->type, c->field);
    if (!full)
        return err_nomem(e);
    struct rfield *f = map_get(&b->schema->field_by_name, str_of(full));
    if (f)
        return change_field(b, src, t, f, c, e);
    const char *near = str_nearest(str_of(c->field), field_at, t, t->count);
    return pass_over(b, src, c->type, c->field, e,
                     "there is no field %s.%s to change%s%s%s; a new field has a kind", c->type,
                     c->field, STR_MEANT(near));
}

/* "sum(order.total where paid)" -> "order" */
static const char *rolled_type(struct arena *a, const char *formula) {
    const char *p = strchr(formula, '(');
    size_t n = 0;
    if (!p)
        return NULL;
    p += 1 + strspn(p + 1, " \t\n");
    if (strncmp(p, "distinct ", 9) == 0)
        p += 9 + strspn(p + 9, " \t\n");
    while (p[n] == '_' || (p[n] >= 'a' && p[n] <= 'z') || (p[n] >= '0' && p[n] <= '9'))
        n++;
    return n ? arena_strndup(a, p, n) : NULL;
}

/* The type that the field goes by, when it is not there. */
static const char *missing_type(struct builder *b, const struct rfield *f, const char *to) {
    bool link = f->kind == KITH_F_LINK || f->kind == KITH_F_LINKS;
    if (f->formula)
        to = rolled_type(&b->schema->arena, f->formula);
    else if (!link || (to && strcmp(to, "*") == 0))
        to = NULL;
    return to && !builder_type(b, to) ? to : NULL;
}

/* A link to a type that is not there, or a roll-up of its records, is out until that is. */
static bool drop_orphans(struct builder *b, const struct schema_source *src, struct building *t,
                         kith_error *e) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        struct rfield *f = t->fields[i];
        const char *to = t->options[i];
        const char *missing =
            strcmp(f->module, SCHEMA_COMPANY) == 0 ? missing_type(b, f, to) : NULL;
        if (missing) {
            if (pass_over(b, src, t->type->name, f->name, e,
                          "field %s.%s %s %s, and there is no such type; is its module enabled?",
                          t->type->name, f->name, f->formula ? "rolls up" : "links to",
                          missing) != KITH_OK)
                return false;
            const char *full = arena_printf(&b->schema->arena, "%s.%s", t->type->name, f->name);
            if (!full)
                return false;
            map_del(&b->schema->field_by_name, str_of(full));
            continue;
        }
        f->index = kept;
        t->fields[kept] = f;
        t->options[kept++] = to;
    }
    t->count = kept;
    return true;
}

/* Where the company's own types and fields stand. */
static bool name_places(struct builder *b, const struct schema_source *src, struct building *t) {
    bool all = strcmp(t->type->module, SCHEMA_COMPANY) != 0 ||
               keep_text(b, &t->type->where, declared_at(src, t->type->name, NULL));
    for (uint32_t i = 0; i < t->count; i++) {
        struct rfield *f = t->fields[i];
        const char *at = declared_at(src, t->type->name, f->name);
        if (strcmp(f->module, SCHEMA_COMPANY) == 0)
            all &= keep_text(b, &f->where, at ? at : SCHEMA_COMPANY);
    }
    return all;
}

kith_status company_apply(struct builder *b, const struct schema_source *src, kith_error *e) {
    if (!is_company(src))
        return KITH_OK;
    for (size_t i = 0; i < src->change_count; i++)
        if (apply_change(b, src, &src->changes[i], e) != KITH_OK)
            return at_place(src, src->changes[i].type, e);
    for (uint32_t i = 0; i < b->count; i++) {
        struct building *t = &b->types[i];
        if (!drop_orphans(b, src, t, e) || !name_places(b, src, t))
            return err_nomem(e);
    }
    return KITH_OK;
}
