/* SPDX-License-Identifier: Apache-2.0 */
/* What the core itself does when records change: a contact's name and its parts, its primary
 * contact points, and trees, which stay trees. */
#include "engine/engine_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define ADDED 5 /* fields of a point that a contact's own write adds */

struct base {
    const struct base_contact *c;
    const struct base_point *p;
    struct fieldset names, channels, normals, primaries;
    const struct assign *adding; /* the point that a contact's own write is adding, or NULL */
};

/* -- a contact's name -------------------------------------------------------------------------- */

/* "Ada King Lovelace" -> "Ada King", "Lovelace"; one word is a last name; "Lovelace, Ada" is
 * turned. */
static void split_name(kith_str name, kith_str *first, kith_str *last) {
    kith_str s = str_trim(name);
    const char *comma = s.len ? memchr(s.ptr, ',', s.len) : NULL;
    *first = (kith_str){0};
    *last = s;
    if (comma) {
        *last = str_trim((kith_str){s.ptr, (uint64_t)(comma - s.ptr)});
        *first = str_trim((kith_str){comma + 1, s.len - (uint64_t)(comma - s.ptr) - 1});
        return;
    }
    for (uint64_t i = s.len; i > 0; i--)
        if (s.ptr[i - 1] == ' ') {
            *last = (kith_str){s.ptr + i, s.len - i};
            *first = str_trim((kith_str){s.ptr, i});
            return;
        }
}

static kith_value text_or_null(kith_str s) {
    return s.len ? value_str(s) : value_null();
}

static kith_str join_name(struct txn *t, const kith_value *first, const kith_value *last) {
    kith_str f = first->kind == KITH_TEXT ? first->as.s : (kith_str){0};
    kith_str l = last->kind == KITH_TEXT ? last->as.s : (kith_str){0};
    if (!f.len || !l.len)
        return f.len ? f : l;
    char *joined = arena_alloc(t->arena, f.len + l.len + 1);
    if (!joined)
        return (kith_str){0};
    memcpy(joined, f.ptr, f.len);
    joined[f.len] = ' ';
    memcpy(joined + f.len + 1, l.ptr, l.len);
    return (kith_str){joined, f.len + l.len + 1};
}

/* Writing the name splits it; writing a part joins them. Both written: the name stands as it is. */
static kith_status keep_name(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct base *b = self;
    bool name = fieldset_has(&c->changed, b->c->name->index);
    bool parts = fieldset_has(&c->changed, b->c->first_name->index) ||
                 fieldset_has(&c->changed, b->c->last_name->index);
    const kith_value *first = &c->after[b->c->first_name->index],
                     *last = &c->after[b->c->last_name->index];
    if (parts && !name)
        return change_set(t, c, b->c->name, text_or_null(join_name(t, first, last)), e);
    if (!name || parts || c->after[b->c->name->index].kind != KITH_TEXT)
        return KITH_OK;
    kith_str f, l;
    split_name(c->after[b->c->name->index].as.s, &f, &l);
    TRY(change_set(t, c, b->c->first_name, text_or_null(f), e));
    return change_set(t, c, b->c->last_name, text_or_null(l), e);
}

/* -- contact points ---------------------------------------------------------------------------- */

struct point { /* a contact's point of one kind */
    kith_id id;
    bool primary;
    kith_value value;
};
struct points {
    const struct base *base;
    struct txn *txn;
    kith_str kind;
    kith_id except;
    struct point primary; /* id 0: none */
    kith_value wanted;    /* a value to look for */
    kith_id same;         /* the point that has it */
};

static kith_status look_at_points(struct points *look, kith_id contact, kith_error *e) {
    struct txn *t = look->txn;
    const struct base *b = look->base;
    kith_id *ids;
    size_t n;
    TRY(record_referrers(t->g->writer, b->p->contact, contact, b->c->type->id, 1000, t->arena, &ids,
                         &n, e));
    for (size_t i = 0; i < n; i++) {
        const kith_value *v;
        if (ids[i] == look->except)
            continue;
        TRY(txn_get(t, b->p->type, ids[i], &v, e));
        if (!str_eq(v[b->p->kind->index].as.s, look->kind))
            continue;
        if (value_eq(&v[b->p->value->index], &look->wanted))
            look->same = ids[i];
        if (v[b->p->primary->index].kind == KITH_BOOL && v[b->p->primary->index].as.i)
            look->primary = (struct point){ids[i], true, v[b->p->value->index]};
    }
    return KITH_OK;
}

static const kith_value yes = {.kind = KITH_BOOL, .as.i = 1}, no = {.kind = KITH_BOOL, .as.i = 0};

static kith_status set_primary(const struct base *b, struct txn *t, kith_id point, kith_value v,
                               kith_error *e) {
    struct assign set = {b->p->primary, v};
    return txn_update(t, b->p->type, point, &set, 1, e);
}

kith_str point_digits(struct arena *a, kith_str s) {
    char *out = arena_alloc(a, s.len + 1);
    uint64_t n = 0;
    for (uint64_t i = 0; out && i < s.len; i++)
        if ((s.ptr[i] >= '0' && s.ptr[i] <= '9') || (s.ptr[i] == '+' && n == 0))
            out[n++] = s.ptr[i];
    return (kith_str){out, out ? n : 0};
}

kith_value point_normal(struct txn *t, kith_str kind, kith_str value) {
    return text_or_null(str_eqz(kind, "phone") ? point_digits(t->arena, value)
                                               : text_lower(t->arena, value));
}

/* Before-hooks change nothing in an undo, so the normal form comes along. */
static kith_status add_point(struct base *b, struct txn *t, kith_id contact, kith_str kind,
                             const kith_value *value, kith_error *e) {
    struct assign set[ADDED] = {{b->p->contact, value_link(contact, b->c->type->id)},
                                {b->p->kind, value_str(kind)},
                                {b->p->value, *value},
                                {b->p->normal, point_normal(t, kind, value->as.s)},
                                {b->p->primary, yes}};
    b->adding = set;
    kith_status st = txn_create(t, b->p->type, set, ADDED, NULL, e);
    b->adding = NULL;
    return st;
}

/* The contact has this value already, unless another hook changed the point on its way. */
static bool is_added(const struct base *b, const struct change *c) {
    if (!b->adding || c->kind != ROW_CREATE)
        return false;
    for (int i = 0; i < ADDED; i++)
        if (!value_eq(&b->adding[i].value, &c->after[b->adding[i].field->index]))
            return false;
    return true;
}

/* The contact's e-mail or phone was written: the point of that value becomes the primary one. An
 * emptied field only takes the mark off: the old address stays known. */
static kith_status follow_channel(struct base *b, struct txn *t, const struct change *c,
                                  const struct rfield *f, kith_str kind, kith_error *e) {
    const kith_value *v = &c->after[f->index];
    struct points look = {.base = b, .txn = t, .kind = kind, .wanted = *v};
    if (!fieldset_has(&c->changed, f->index))
        return KITH_OK;
    if (c->kind == ROW_CREATE)
        return v->kind == KITH_NULL ? KITH_OK : add_point(b, t, c->id, kind, v, e);
    TRY(look_at_points(&look, c->id, e));
    if (look.primary.id && value_eq(&look.primary.value, v))
        return KITH_OK;
    if (look.primary.id)
        TRY(set_primary(b, t, look.primary.id, no, e));
    if (v->kind == KITH_NULL)
        return KITH_OK;
    return look.same ? set_primary(b, t, look.same, yes, e) : add_point(b, t, c->id, kind, v, e);
}

static kith_status follow_channels(void *self, struct txn *t, struct change *c, kith_error *e) {
    struct base *b = self;
    TRY(follow_channel(b, t, c, b->c->email, STR("email"), e));
    return follow_channel(b, t, c, b->c->phone, STR("phone"), e);
}

static kith_status normalise_point(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct base *b = self;
    const kith_value *v = &c->after[b->p->value->index], *kind = &c->after[b->p->kind->index];
    if (v->kind != KITH_TEXT || kind->kind != KITH_TEXT)
        return KITH_OK; /* required: refused after the hooks */
    return change_set(t, c, b->p->normal, point_normal(t, kind->as.s, v->as.s), e);
}

/* The contact's field that shows the primary point of a kind, or NULL. */
static const struct rfield *channel_of(const struct base *b, kith_str kind) {
    return str_eqz(kind, "email") ? b->c->email : str_eqz(kind, "phone") ? b->c->phone : NULL;
}

static bool is_primary(const struct base *b, const kith_value *point) {
    return point && value_eq(&point[b->p->primary->index], &yes);
}

/* A point is no longer the primary one. Unless another is, the contact's field is emptied when it
 * still shows it. */
static kith_status step_back(const struct base *b, struct txn *t, kith_id point,
                             const kith_value *was, kith_error *e) {
    kith_id contact = was[b->p->contact->index].as.link.id;
    struct points look = {
        .base = b, .txn = t, .kind = was[b->p->kind->index].as.s, .except = point};
    const struct rfield *f = channel_of(b, look.kind);
    const kith_value *values;
    bool there = false;
    if (f)
        TRY(record_exists(t->g->writer, b->c->type, contact, &there, e));
    if (!there)
        return KITH_OK;
    TRY(look_at_points(&look, contact, e));
    TRY(txn_get(t, b->c->type, contact, &values, e));
    if (look.primary.id || !value_eq(&values[f->index], &was[b->p->value->index]))
        return KITH_OK;
    struct assign none = {f, value_null()};
    return txn_update(t, b->c->type, contact, &none, 1, e);
}

/* A point is the primary one: the others of its kind step back, the contact's field follows. */
static kith_status step_up(const struct base *b, struct txn *t, kith_id point,
                           const kith_value *now, kith_error *e) {
    kith_id contact = now[b->p->contact->index].as.link.id;
    struct points look = {
        .base = b, .txn = t, .kind = now[b->p->kind->index].as.s, .except = point};
    struct assign set = {channel_of(b, look.kind), now[b->p->value->index]};
    TRY(look_at_points(&look, contact, e));
    if (look.primary.id)
        TRY(set_primary(b, t, look.primary.id, no, e));
    return set.field ? txn_update(t, b->c->type, contact, &set, 1, e) : KITH_OK;
}

static kith_status follow_primary(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct base *b = self;
    if (is_added(b, c))
        return KITH_OK;
    bool was = is_primary(b, c->before), is = is_primary(b, c->after);
    bool moved = was && is &&
                 (fieldset_has(&c->changed, b->p->contact->index) ||
                  fieldset_has(&c->changed, b->p->kind->index));
    if (was && (!is || moved))
        TRY(step_back(b, t, c->id, c->before, e));
    return is ? step_up(b, t, c->id, c->after, e) : KITH_OK;
}

/* -- trees ------------------------------------------------------------------------------------- */

#define TREE_LEVELS 1000

struct tree { /* a link to the parent */
    const struct rfield *parent;
    struct fieldset fields;
};

/* The last before-hook of all: it sees what is written, in an undo, too. */
static kith_status stay_tree(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct rfield *f = ((const struct tree *)self)->parent;
    const kith_value *up = &c->after[f->index];
    for (int level = 0; up->kind == KITH_LINK; level++) {
        char id[ID_TEXT + 1];
        if (up->as.link.id == c->id) {
            id_format(c->after[f->index].as.link.id, id);
            return err_set(e, KITH_E_REFUSED, f->name,
                           "%s: %s %s lies within this one or is it; choose another %s", f->name,
                           c->type->name, id, f->name);
        }
        if (level == TREE_LEVELS)
            return err_set(e, KITH_E_LIMIT, f->name, "%s: more than %d levels", f->name,
                           TREE_LEVELS);
        const kith_value *values;
        TRY(txn_lookup(t, c->type, up->as.link.id, &values, e));
        if (!values)
            return KITH_OK; /* refused as a link, or a damaged one */
        up = &values[f->index];
    }
    return KITH_OK;
}

static kith_status add_tree(struct engine *g, const struct rfield *f, kith_error *e) {
    struct tree *self = ARENA_NEW(&g->arena, struct tree);
    if (!self)
        return err_nomem(e);
    self->parent = f;
    fieldset_add(&self->fields, f->index);
    struct hook h = {.type = f->type,
                     .on = ON_CREATE | ON_UPDATE,
                     .priority = INT32_MAX,
                     .fields = &self->fields,
                     .fn = stay_tree,
                     .self = self,
                     .source = {SOURCE_CORE, "tree", "", 0}};
    return engine_add_hook(g, &h, e);
}

static kith_status add_trees(struct engine *g, kith_error *e) {
    for (uint32_t i = 0; i < g->schema->type_count; i++) {
        const struct rtype *t = g->schema->types[i];
        for (uint32_t k = 0; k < t->field_count; k++)
            if (t->fields[k]->flags & KITH_FF_TREE)
                TRY(add_tree(g, t->fields[k], e));
    }
    return KITH_OK;
}

/* -- after an undo ----------------------------------------------------------------------------- */

static kith_status add_undone(struct txn *t, kith_id contact, kith_error *e) {
    kith_id *items =
        arena_grow(t->arena, t->undone, t->undone_count, &t->undone_cap, sizeof *items);
    if (!items)
        return err_nomem(e);
    t->undone = items;
    if (!t->undone_count || items[t->undone_count - 1] != contact)
        items[t->undone_count++] = contact;
    return KITH_OK;
}

kith_status base_undone(struct txn *t, const struct change *c, kith_error *e) {
    const struct base *b = t->g->base;
    if (c->type == b->c->type)
        return c->after ? add_undone(t, c->id, e) : KITH_OK;
    const struct base_consent *k = &t->g->schema->base.consent;
    const struct rfield *f = c->type == b->p->type ? b->p->contact
                             : c->type == k->type  ? k->contact
                                                   : NULL;
    if (f && c->before)
        TRY(add_undone(t, c->before[f->index].as.link.id, e));
    return f && c->after ? add_undone(t, c->after[f->index].as.link.id, e) : KITH_OK;
}

kith_status base_point_follows(struct txn *t, const struct rfield *f, kith_id id, bool *goes,
                               kith_error *e) {
    const struct base *b = t->g->base;
    const struct base_point *p = b->p;
    const struct rfield *own[] = {p->contact, p->kind, p->value, p->normal, p->primary, NULL};
    const struct fieldset said = fieldset_of(own);
    const kith_value *point, *contact;
    *goes = false;
    if (f != p->contact)
        return KITH_OK;
    TRY(txn_get(t, p->type, id, &point, e));
    TRY(txn_get(t, b->c->type, point[f->index].as.link.id, &contact, e));
    const struct rfield *shown = channel_of(b, point[p->kind->index].as.s);
    *goes =
        shown && is_primary(b, point) && value_eq(&point[p->value->index], &contact[shown->index]);
    for (uint32_t i = FIELD_FIRST; i < p->type->field_count; i++)
        *goes = *goes && (fieldset_has(&said, i) || point[i].kind == KITH_NULL);
    return KITH_OK;
}

struct known { /* a contact's points, of all kinds */
    kith_id *ids;
    const kith_value **values;
    size_t count;
};

static kith_status read_points(const struct base *b, struct txn *t, kith_id contact,
                               struct known *k, kith_error *e) {
    TRY(record_referrers(t->g->writer, b->p->contact, contact, b->c->type->id, 1000, t->arena,
                         &k->ids, &k->count, e));
    k->values = ARENA_ARRAY(t->arena, const kith_value *, k->count + 1);
    if (!k->values)
        return err_nomem(e);
    for (size_t i = 0; i < k->count; i++)
        TRY(txn_get(t, b->p->type, k->ids[i], &k->values[i], e));
    return KITH_OK;
}

/* The point of a kind that a contact's field stands for: of its value, or, when it shows none,
 * marked. */
static size_t chosen_point(const struct base *b, const struct known *k, kith_str kind,
                           const kith_value *shown) {
    size_t out = k->count;
    for (size_t i = 0; i < k->count; i++) {
        const kith_value *v = k->values[i];
        bool marked = is_primary(b, v);
        bool fits = shown->kind == KITH_NULL ? marked : value_eq(&v[b->p->value->index], shown);
        if (fits && str_eq(v[b->p->kind->index].as.s, kind) && (out == k->count || marked))
            out = i;
    }
    return out;
}

static bool can_show(const struct txn *t, const struct rfield *f, kith_value v) {
    return !f || value_check(t->g->schema, f, false, t->arena, &v, NULL) == KITH_OK;
}

/* An undo that keeps what was edited since may leave a contact that shows one address while another
 * is marked, or two that are. What the contact shows holds; showing none, it shows the marked one,
 * unless that has become a point of another kind since, whose value it is not.
 */
static kith_status mend_kind(struct base *b, struct txn *t, kith_id contact, const struct known *k,
                             kith_str kind, kith_error *e) {
    static const kith_value null = {0};
    const struct rfield *f = channel_of(b, kind);
    const kith_value *values;
    TRY(txn_get(t, b->c->type, contact, &values, e));
    const kith_value *shown = f ? &values[f->index] : &null;
    size_t keep = chosen_point(b, k, kind, shown);
    if (keep < k->count && !can_show(t, f, k->values[keep][b->p->value->index]))
        keep = k->count;
    for (size_t i = 0; i < k->count; i++)
        if (i != keep && is_primary(b, k->values[i]) &&
            str_eq(k->values[i][b->p->kind->index].as.s, kind))
            TRY(set_primary(b, t, k->ids[i], no, e));
    if (keep == k->count)
        return shown->kind == KITH_NULL ? KITH_OK : add_point(b, t, contact, kind, shown, e);
    struct assign set = {f, k->values[keep][b->p->value->index]};
    if (f)
        TRY(txn_update(t, b->c->type, contact, &set, 1, e));
    return set_primary(b, t, k->ids[keep], yes, e);
}

/* The kind and the value may be of different times. */
static kith_status mend_normals(struct base *b, struct txn *t, struct known *k, kith_error *e) {
    for (size_t i = 0; i < k->count; i++) {
        const kith_value *v = k->values[i];
        struct assign set = {
            b->p->normal, point_normal(t, v[b->p->kind->index].as.s, v[b->p->value->index].as.s)};
        TRY(txn_update(t, b->p->type, k->ids[i], &set, 1, e));
    }
    return KITH_OK;
}

static kith_status mend_contact(struct base *b, struct txn *t, kith_id contact, kith_error *e) {
    const struct rfield *kind = b->p->kind;
    struct known k = {0};
    TRY(read_points(b, t, contact, &k, e));
    TRY(mend_normals(b, t, &k, e));
    for (uint32_t i = 0; i < kind->option_count; i++)
        TRY(mend_kind(b, t, contact, &k, str_of(kind->options[i]), e));
    return consent_mend(t, contact, e);
}

static int by_id(const void *a, const void *b) {
    kith_id x = *(const kith_id *)a, y = *(const kith_id *)b;
    return x < y ? -1 : x > y;
}

static kith_status mend_all(struct txn *t, kith_error *e) {
    struct base *b = t->g->base;
    kith_id *ids = t->undone, last = 0;
    size_t n = t->undone_count;
    if (n)
        qsort(ids, n, sizeof *ids, by_id);
    t->undone = NULL;
    t->undone_count = t->undone_cap = 0;
    for (size_t i = 0; i < n; last = ids[i++]) {
        bool there = false;
        if (ids[i] != last)
            TRY(record_exists(t->g->writer, b->c->type, ids[i], &there, e));
        if (there)
            TRY(mend_contact(b, t, ids[i], e));
    }
    return KITH_OK;
}

kith_status base_mend(struct txn *t, kith_error *e) {
    t->system++;
    kith_status st = mend_all(t, e);
    t->system--;
    return st;
}

/* -- registering ------------------------------------------------------------------------------- */

kith_status base_hooks_add(struct engine *g, kith_error *e) {
    struct base *b = ARENA_NEW(&g->arena, struct base);
    if (!b)
        return err_nomem(e);
    const struct base_contact *n = b->c = &g->schema->base.contact;
    const struct base_point *p = b->p = &g->schema->base.contact_point;
    b->names = fieldset_of((const struct rfield *[]){n->first_name, n->last_name, n->name, NULL});
    b->channels = fieldset_of((const struct rfield *[]){n->email, n->phone, NULL});
    b->normals = fieldset_of((const struct rfield *[]){p->kind, p->value, NULL});
    b->primaries =
        fieldset_of((const struct rfield *[]){p->kind, p->value, p->primary, p->contact, NULL});
    g->base = b;
    struct hook hooks[] = {
        {.type = b->c->type,
         .on = ON_CREATE | ON_UPDATE,
         .priority = -100,
         .fields = &b->names,
         .fn = keep_name,
         .source = {SOURCE_CORE, "contact name", "", 0}},
        {.type = b->c->type,
         .on = ON_CREATE | ON_UPDATE,
         .after = true,
         .priority = -100,
         .fields = &b->channels,
         .fn = follow_channels,
         .source = {SOURCE_CORE, "contact points", "", 0}},
        {.type = b->p->type,
         .on = ON_CREATE | ON_UPDATE,
         .priority = -100,
         .fields = &b->normals,
         .fn = normalise_point,
         .source = {SOURCE_CORE, "contact points", "", 0}},
        {.type = b->p->type,
         .on = ON_CREATE | ON_UPDATE | ON_DELETE,
         .after = true,
         .priority = -100,
         .fields = &b->primaries,
         .fn = follow_primary,
         .source = {SOURCE_CORE, "contact points", "", 0}},
    };
    for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++) {
        hooks[i].self = b;
        TRY(engine_add_hook(g, &hooks[i], e));
    }
    TRY(tasks_hooks_add(g, e));
    TRY(forms_hooks_add(g, e));
    TRY(dates_hooks_add(g, e));
    TRY(consent_hooks_add(g, e));
    TRY(consent_purpose_hooks_add(g, e));
    TRY(suppression_hooks_add(g, e));
    TRY(restriction_hooks_add(g, e));
    return add_trees(g, e);
}
