/* SPDX-License-Identifier: Apache-2.0 */
/* What the core itself does when base records change: a contact's name and its parts, and its
 * primary contact points. */
#include "engine/engine_internal.h"

#include <string.h>

#include "base/text.h"

enum { F_FIRST, F_LAST, F_NAME, F_EMAIL, F_PHONE, F_COUNT };
enum { P_CONTACT, P_KIND, P_VALUE, P_NORMAL, P_PRIMARY, P_COUNT };

struct base { /* the fields it works with, resolved once */
    const struct rtype *contact, *point;
    const struct rfield *c[F_COUNT], *p[P_COUNT];
    struct fieldset names, channels, normals, primaries;
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
    bool name = fieldset_has(&c->changed, b->c[F_NAME]->index);
    bool parts = fieldset_has(&c->changed, b->c[F_FIRST]->index) ||
                 fieldset_has(&c->changed, b->c[F_LAST]->index);
    const kith_value *first = &c->after[b->c[F_FIRST]->index],
                     *last = &c->after[b->c[F_LAST]->index];
    if (parts && !name)
        return change_set(t, c, b->c[F_NAME], text_or_null(join_name(t, first, last)), e);
    if (!name || parts || c->after[b->c[F_NAME]->index].kind != KITH_TEXT)
        return KITH_OK;
    kith_str f, l;
    split_name(c->after[b->c[F_NAME]->index].as.s, &f, &l);
    TRY(change_set(t, c, b->c[F_FIRST], text_or_null(f), e));
    return change_set(t, c, b->c[F_LAST], text_or_null(l), e);
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
    TRY(record_referrers(t->g->writer, b->p[P_CONTACT], contact, b->contact->id, 1000, t->arena,
                         &ids, &n, e));
    for (size_t i = 0; i < n; i++) {
        const kith_value *v;
        if (ids[i] == look->except)
            continue;
        TRY(txn_get(t, b->point, ids[i], &v, e));
        if (!str_eq(v[b->p[P_KIND]->index].as.s, look->kind))
            continue;
        if (value_eq(&v[b->p[P_VALUE]->index], &look->wanted))
            look->same = ids[i];
        if (v[b->p[P_PRIMARY]->index].kind == KITH_BOOL && v[b->p[P_PRIMARY]->index].as.i)
            look->primary = (struct point){ids[i], true, v[b->p[P_VALUE]->index]};
    }
    return KITH_OK;
}

static const kith_value yes = {.kind = KITH_BOOL, .as.i = 1}, no = {.kind = KITH_BOOL, .as.i = 0};

static kith_status set_primary(const struct base *b, struct txn *t, kith_id point, kith_value v,
                               kith_error *e) {
    struct assign set = {b->p[P_PRIMARY], v};
    return txn_update(t, b->point, point, &set, 1, e);
}

static kith_status add_point(const struct base *b, struct txn *t, kith_id contact, kith_str kind,
                             const kith_value *value, kith_error *e) {
    struct assign set[] = {{b->p[P_CONTACT], value_link(contact, b->contact->id)},
                           {b->p[P_KIND], value_str(kind)},
                           {b->p[P_VALUE], *value},
                           {b->p[P_PRIMARY], yes}};
    return txn_create(t, b->point, set, sizeof set / sizeof *set, NULL, e);
}

/* The contact's e-mail or phone was written: the point of that value becomes the primary one. An
 * emptied field only takes the mark off: the old address stays known. */
static kith_status follow_channel(const struct base *b, struct txn *t, const struct change *c,
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
    const struct base *b = self;
    TRY(follow_channel(b, t, c, b->c[F_EMAIL], STR("email"), e));
    return follow_channel(b, t, c, b->c[F_PHONE], STR("phone"), e);
}

static kith_str digits_of(struct txn *t, kith_str s) {
    char *out = arena_alloc(t->arena, s.len + 1);
    uint64_t n = 0;
    for (uint64_t i = 0; out && i < s.len; i++)
        if ((s.ptr[i] >= '0' && s.ptr[i] <= '9') || (s.ptr[i] == '+' && n == 0))
            out[n++] = s.ptr[i];
    return (kith_str){out, out ? n : 0};
}

static kith_status normalise_point(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct base *b = self;
    const kith_value *v = &c->after[b->p[P_VALUE]->index], *kind = &c->after[b->p[P_KIND]->index];
    if (v->kind != KITH_TEXT || kind->kind != KITH_TEXT)
        return KITH_OK; /* required: refused after the hooks */
    kith_str normal =
        str_eqz(kind->as.s, "phone") ? digits_of(t, v->as.s) : text_fold(t->arena, v->as.s);
    return change_set(t, c, b->p[P_NORMAL], text_or_null(normal), e);
}

/* A point became primary, or the primary one changed: the others of its kind step back, and the
 * contact's field follows. */
static kith_status follow_primary(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct base *b = self;
    const kith_value *now = c->after ? c->after : c->before;
    const kith_value *contact = &now[b->p[P_CONTACT]->index], *kind = &now[b->p[P_KIND]->index];
    bool primary = c->after && now[b->p[P_PRIMARY]->index].as.i &&
                   now[b->p[P_PRIMARY]->index].kind == KITH_BOOL;
    bool was = c->before && c->before[b->p[P_PRIMARY]->index].kind == KITH_BOOL &&
               c->before[b->p[P_PRIMARY]->index].as.i;
    const struct rfield *f = str_eqz(kind->as.s, "email")   ? b->c[F_EMAIL]
                             : str_eqz(kind->as.s, "phone") ? b->c[F_PHONE]
                                                            : NULL;
    if (!f || (!primary && !was) || !record_exists(t->g->writer, b->contact, contact->as.link.id))
        return KITH_OK;
    const kith_value *values;
    TRY(txn_get(t, b->contact, contact->as.link.id, &values, e));
    const kith_value *value = &now[b->p[P_VALUE]->index];
    bool same = value_eq(&values[f->index], value);
    if (!primary) { /* the contact's field is emptied when it still shows this point */
        struct assign none = {f, value_null()};
        bool other = c->before && !value_eq(&values[f->index], &c->before[b->p[P_VALUE]->index]);
        return other ? KITH_OK : txn_update(t, b->contact, contact->as.link.id, &none, 1, e);
    }
    struct points look = {.base = b, .txn = t, .kind = kind->as.s, .except = c->id};
    if (c->kind != ROW_CREATE || !same) {
        TRY(look_at_points(&look, contact->as.link.id, e));
        if (look.primary.id)
            TRY(set_primary(b, t, look.primary.id, no, e));
    }
    struct assign set = {f, *value};
    return same ? KITH_OK : txn_update(t, b->contact, contact->as.link.id, &set, 1, e);
}

/* -- registering ------------------------------------------------------------------------------- */

static kith_status resolve(struct engine *g, const struct rtype *t, const char *const *names,
                           const struct rfield **out, int count, kith_error *e) {
    for (int i = 0; i < count; i++)
        TRY(schema_find_field(g->schema, t, str_of(names[i]), &out[i], e));
    return KITH_OK;
}

kith_status base_hooks_add(struct engine *g, kith_error *e) {
    static const char *const contact[] = {"first_name", "last_name", "name", "email", "phone"};
    static const char *const point[] = {"contact", "kind", "value", "normal", "primary"};
    struct base *b = ARENA_NEW(&g->arena, struct base);
    if (!b)
        return err_nomem(e);
    TRY(schema_find_type(g->schema, STR("contact"), &b->contact, e));
    TRY(schema_find_type(g->schema, STR("contact_point"), &b->point, e));
    TRY(resolve(g, b->contact, contact, b->c, F_COUNT, e));
    TRY(resolve(g, b->point, point, b->p, P_COUNT, e));
    for (int i = F_FIRST; i <= F_NAME; i++)
        fieldset_add(&b->names, b->c[i]->index);
    for (int i = F_EMAIL; i <= F_PHONE; i++)
        fieldset_add(&b->channels, b->c[i]->index);
    for (int i = P_KIND; i <= P_VALUE; i++)
        fieldset_add(&b->normals, b->p[i]->index);
    b->primaries = b->normals;
    fieldset_add(&b->primaries, b->p[P_PRIMARY]->index);
    struct hook hooks[] = {
        {.type = b->contact,
         .on = ON_CREATE | ON_UPDATE,
         .priority = -100,
         .fields = &b->names,
         .fn = keep_name,
         .source = {SOURCE_CORE, "contact name", "", 0}},
        {.type = b->contact,
         .on = ON_CREATE | ON_UPDATE,
         .after = true,
         .priority = -100,
         .fields = &b->channels,
         .fn = follow_channels,
         .source = {SOURCE_CORE, "contact points", "", 0}},
        {.type = b->point,
         .on = ON_CREATE | ON_UPDATE,
         .priority = -100,
         .fields = &b->normals,
         .fn = normalise_point,
         .source = {SOURCE_CORE, "contact points", "", 0}},
        {.type = b->point,
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
    return KITH_OK;
}
