/* SPDX-License-Identifier: Apache-2.0 */
/* What links to the merged records links to the kept one: each such record is written as by hand,
 * through its hooks and into the journal. */
#include "engine/merge_internal.h"

#include "record/unique.h"

#include <string.h>

#define PAGE      200  /* records that are looked up at once */
#define TWINS_MAX 1000 /* parts of a record that are looked through for one that is the same */
#define DEPTH_MAX 8    /* of parts of parts that are merged themselves */

/* Parts that are the same when these fields of theirs are, once their whole is. Links to the whole
 * are left out. */
static const struct {
    const char *type, *fields;
} twins[] = {
    {"contact_point", "kind,normal"}, {"list_member", "segment"}, {"life_event", "kind,date"},
    {"relation", "kind,party,other"}, {"share", "team"},
};

/* A record that links to one of the others, and the link. */
struct mover {
    const struct set *set;
    const struct rfield *field;
    kith_id id, from;
    const kith_value *values;
};

static kith_value kept_link(const struct set *s) {
    return value_link(s->keep, s->type->id);
}

/* -- counting ---------------------------------------------------------------------------------- */

static kith_status counter(struct merging *m, const struct rfield *f, struct merge_links **out,
                           kith_error *e) {
    struct merge_report *r = m->report;
    for (size_t i = 0; i < r->link_count; i++)
        if (r->links[i].field == f) {
            *out = &r->links[i];
            return KITH_OK;
        }
    struct merge_links *items =
        arena_grow(m->arena, r->links, r->link_count, &r->link_cap, sizeof *items);
    if (!items)
        return err_nomem(e);
    r->links = items;
    *out = &items[r->link_count++];
    **out = (struct merge_links){.field = f};
    return KITH_OK;
}

/* Is the caller told of it? To be asked before the record is gone. */
static bool tells(const struct merging *m, const struct mover *x) {
    return txn_tells(m->txn, x->field->type, x->id) && access_reads(m->txn->principal, x->field);
}

static kith_status count(struct merging *m, const struct mover *x, bool joined, kith_error *e) {
    struct merge_links *n = NULL;
    TRY(counter(m, x->field, &n, e));
    n->moved += !joined;
    n->joined += joined;
    m->report->moved += !joined;
    m->report->joined += joined;
    return KITH_OK;
}

/* -- parts that are the same ------------------------------------------------------------------- */

static const char *twin_fields(const struct rtype *t) {
    for (size_t i = 0; i < sizeof twins / sizeof *twins; i++)
        if (strcmp(t->name, twins[i].type) == 0)
            return twins[i].fields;
    return NULL;
}

static bool same(const struct mover *x, const char *fields, const kith_value *a,
                 const kith_value *b) {
    kith_str rest = str_of(fields), name;
    while (str_split(&rest, ',', &name)) {
        const struct rfield *f = type_field(x->field->type->schema, x->field->type, name);
        if (f && f != x->field && !value_eq(&a[f->index], &b[f->index]))
            return false;
    }
    return true;
}

/* The record that has the same already of what no two have the same of together; 0: none. */
static kith_status find_unique_twin(struct merging *m, const struct mover *x, kith_id *twin,
                                    kith_error *e) {
    const struct rtype *type = x->field->type;
    kith_value *values = ARENA_ARRAY(m->txn->arena, kith_value, type->field_count);
    if (!values)
        return err_nomem(e);
    memcpy(values, x->values, type->field_count * sizeof *values);
    values[x->field->index] = kept_link(x->set);
    for (uint32_t i = 0; i < type->unique_count && !*twin; i++) {
        TRY(unique_owner(m->txn->g->writer, type->uniques[i], values, m->txn->arena, twin, e));
        if (*twin == x->id)
            *twin = 0;
    }
    return KITH_OK;
}

/* The kept record's part that is the same as this one; 0: none. */
static kith_status find_twin(struct merging *m, const struct mover *x, kith_id *twin,
                             kith_error *e) {
    const struct rfield *f = x->field;
    struct txn *t = m->txn;
    const char *fields = twin_fields(f->type);
    kith_value link = kept_link(x->set);
    kith_id *ids;
    size_t n;
    *twin = 0;
    if (f->flags & KITH_FF_UNIQUE)
        return record_unique_owner(t->g->writer, f, &link, t->arena, twin, e);
    if (f->type->unique_count)
        TRY(find_unique_twin(m, x, twin, e));
    if (*twin || !fields || !(f->flags & KITH_FF_PARTOF))
        return KITH_OK;
    TRY(record_referrers(t->g->writer, f, x->set->keep, x->set->type->id, TWINS_MAX + 1, t->arena,
                         &ids, &n, e));
    if (n > TWINS_MAX)
        return err_set(e, KITH_E_LIMIT, f->name,
                       "the kept %s has more than %d records of type %s: which of them are the same"
                       " cannot be told",
                       x->set->type->name, TWINS_MAX, f->type->name);
    for (size_t i = 0; i < n && !*twin; i++) {
        const kith_value *values;
        TRY(txn_lookup(t, f->type, ids[i], &values, e));
        if (values && same(x, fields, x->values, values))
            *twin = ids[i];
    }
    return KITH_OK;
}

static kith_status join_twin(struct merging *m, const struct mover *x, kith_id twin,
                             kith_error *e) {
    struct set part = {.type = x->field->type,
                       .keep = twin,
                       .others = &x->id,
                       .count = 1,
                       .told = tells(m, x),
                       .whole = x->field};
    char one[ID_TEXT + 1], two[ID_TEXT + 1];
    if (!(x->field->flags & KITH_FF_PARTOF)) {
        id_format(twin, one);
        id_format(x->id, two);
        return txn_tells(m->txn, x->field->type, twin) && txn_tells(m->txn, x->field->type, x->id)
                   ? err_set(e, KITH_E_REFUSED, x->field->name,
                             "%s %s and %s link to records that would be one, and %s.%s is unique;"
                             " merge or delete one of them first",
                             x->field->type->name, one, two, x->field->type->name, x->field->name)
                   : err_set(e, KITH_E_REFUSED, NULL,
                             "records that you may not see cannot link to the same one");
    }
    if (m->depth == DEPTH_MAX)
        return err_set(e, KITH_E_LIMIT, NULL, "parts of parts go more than %d deep", DEPTH_MAX);
    m->depth++;
    kith_status st = merge_set(m, &part, e);
    m->depth--;
    return st;
}

/* -- moving one -------------------------------------------------------------------------------- */

/* A part of both says how the two stand to each other, which are one now. */
static bool is_between(const struct mover *x) {
    const struct rtype *t = x->field->type;
    for (uint32_t i = 0; (x->field->flags & KITH_FF_PARTOF) && i < t->field_count; i++)
        if (t->fields[i] != x->field && (t->fields[i]->flags & KITH_FF_PARTOF) &&
            set_owns(x->set, &x->values[i]))
            return true;
    return false;
}

/* It goes, with what it says beside that. */
static kith_status drop_between(struct merging *m, const struct mover *x, bool told,
                                kith_error *e) {
    const struct rtype *t = x->field->type;
    struct set s = *x->set;
    kith_value none = value_null();
    s.told = told;
    s.whole = x->field;
    for (uint32_t i = 0; i < t->field_count; i++)
        TRY(merge_drop(m, &s, t->fields[i], x->id, &x->values[i], &none, e));
    return txn_delete(m->txn, t, x->id, e);
}

/* Is one of the kept contact's points of this kind the primary one? */
static kith_status has_primary(struct merging *m, const struct mover *x, bool *yes, kith_error *e) {
    const struct base_point *p = &m->txn->g->schema->base.contact_point;
    kith_id *ids;
    size_t n;
    TRY(record_referrers(m->txn->g->writer, p->contact, x->set->keep, x->set->type->id, TWINS_MAX,
                         m->txn->arena, &ids, &n, e));
    for (size_t i = 0; i < n && !*yes; i++) {
        const kith_value *v;
        TRY(txn_lookup(m->txn, p->type, ids[i], &v, e));
        *yes = v && v[p->primary->index].as.i == 1 &&
               value_eq(&v[p->kind->index], &x->values[p->kind->index]);
    }
    return KITH_OK;
}

/* The kept contact's primary points stay that. */
static kith_status step_back(struct merging *m, const struct mover *x, struct assign *set,
                             size_t *n, kith_error *e) {
    const struct base_point *p = &m->txn->g->schema->base.contact_point;
    bool primary = false;
    if (x->field == p->contact)
        TRY(has_primary(m, x, &primary, e));
    if (primary)
        set[(*n)++] = (struct assign){p->primary, {.kind = KITH_BOOL}};
    return KITH_OK;
}

/* A member of a list stays what it is: the kept record becomes one. A rented list did not bring it,
 * though it brought the other, so it does not go with that list. */
static kith_status move_member(struct merging *m, const struct mover *x, kith_error *e) {
    const struct base_member *b = &m->txn->g->schema->base.list_member;
    bool added;
    TRY(segment_add_member(m->txn, x->values[b->segment->index].as.link.id, x->set->type,
                           x->set->keep, false, &added, e));
    return txn_delete(m->txn, b->type, x->id, e);
}

static kith_status moved_list(struct merging *m, const struct mover *x, kith_value *out,
                              kith_error *e) {
    const kith_value *v = &x->values[x->field->index];
    kith_value *items = ARENA_ARRAY(m->txn->arena, kith_value, v->as.list.count + 1);
    uint64_t n = 0;
    bool in = false;
    if (!items)
        return err_nomem(e);
    for (uint64_t i = 0; i < v->as.list.count; i++) {
        bool ours = set_owns(x->set, &v->as.list.items[i]);
        if (!ours || !in)
            items[n++] = ours ? kept_link(x->set) : v->as.list.items[i];
        in |= ours;
    }
    *out = (kith_value){.kind = KITH_LIST, .as.list = {items, n}};
    return KITH_OK;
}

static kith_status move_link(struct merging *m, const struct mover *x, kith_error *e) {
    struct assign set[2] = {{x->field, kept_link(x->set)}};
    size_t n = 1;
    if (x->field == m->txn->g->schema->base.list_member.record)
        return move_member(m, x, e);
    if (x->field->kind == KITH_F_LINKS)
        TRY(moved_list(m, x, &set[0].value, e));
    TRY(step_back(m, x, set, &n, e));
    return txn_update(m->txn, x->field->type, x->id, set, n, e);
}

static kith_status move_one(struct merging *m, struct mover *x, kith_error *e) {
    kith_id twin;
    TRY(txn_lookup(m->txn, x->field->type, x->id, &x->values, e));
    if (!x->values)
        return KITH_OK; /* it went with another one */
    bool between = is_between(x), told = tells(m, x);
    TRY(find_twin(m, x, &twin, e));
    TRY(between ? drop_between(m, x, told, e)
        : twin  ? join_twin(m, x, twin, e)
                : move_link(m, x, e));
    return told && !m->more ? count(m, x, between || twin, e) : KITH_OK;
}

/* -- rented lists ------------------------------------------------------------------------------ */

static kith_status is_brought(struct merging *m, const struct set *s, kith_id list, kith_id record,
                              bool *yes, kith_error *e) {
    const kith_value *values;
    kith_id row;
    TRY(segment_member_row(m->txn, list, s->type, record, &row, &values, e));
    *yes = row && values[m->txn->g->schema->base.list_member.brought->index].as.i == 1;
    return KITH_OK;
}

/* What becomes the kept record and did not come with the list keeps it from going with it. */
static kith_status keep_own(struct merging *m, const struct set *s, kith_id row, kith_error *e) {
    const struct base_member *b = &m->txn->g->schema->base.list_member;
    struct assign no = {b->brought, {.kind = KITH_BOOL}};
    const kith_value *values;
    bool all = true;
    TRY(txn_lookup(m->txn, b->type, row, &values, e));
    if (!values || values[b->brought->index].as.i != 1)
        return KITH_OK;
    for (size_t i = 0; i < s->count && all; i++)
        TRY(is_brought(m, s, values[b->segment->index].as.link.id, s->others[i], &all, e));
    return all ? KITH_OK : txn_update(m->txn, b->type, row, &no, 1, e);
}

kith_status merge_keep_own(struct merging *m, const struct set *s, kith_error *e) {
    kith_id *rows;
    size_t n;
    TRY(record_referrers(m->txn->g->writer, m->txn->g->schema->base.list_member.record, s->keep,
                         s->type->id, TWINS_MAX, m->txn->arena, &rows, &n, e));
    for (size_t i = 0; i < n; i++)
        TRY(keep_own(m, s, rows[i], e));
    return KITH_OK;
}

/* -- all of them ------------------------------------------------------------------------------- */

/* The next ones; not the kept record, whose own links are done. A hook that puts a link back would
 * have it go on for ever. */
static kith_status next_page(struct merging *m, struct mover *x, kith_id *last, kith_id **ids,
                             size_t *n, kith_error *e) {
    size_t kept = 0;
    TRY(record_referrers(m->txn->g->writer, x->field, x->from, x->set->type->id, PAGE + 1,
                         m->txn->arena, ids, n, e));
    for (size_t i = 0; i < *n; i++)
        if (x->field->type != x->set->type || (*ids)[i] != x->set->keep)
            (*ids)[kept++] = (*ids)[i];
    *n = kept;
    if (kept && (*ids)[0] == *last)
        return err_set(e, KITH_E_REFUSED, x->field->name,
                       "%s.%s goes on leading to the merged %s: a hook puts it back; one of them"
                       " must stop",
                       x->field->type->name, x->field->name, x->set->type->name);
    *last = kept ? (*ids)[0] : 0;
    return KITH_OK;
}

static kith_status move_field(struct merging *m, struct mover *x, kith_error *e) {
    kith_id last = 0;
    for (;;) {
        struct arena_mark mark = arena_mark(m->txn->arena);
        kith_id *ids;
        size_t n;
        TRY(next_page(m, x, &last, &ids, &n, e));
        for (size_t i = 0; i < n && !m->more; i++) {
            m->more = m->room == 0;
            if (m->more)
                break;
            m->room--;
            x->id = ids[i];
            TRY(move_one(m, x, e));
        }
        if (m->depth == 0)
            arena_release(m->txn->arena, mark);
        if (n == 0 || m->more)
            return KITH_OK;
    }
}

kith_status merge_move(struct merging *m, const struct set *s, bool parts, kith_error *e) {
    const struct type_info *info = &m->txn->g->types[s->type->id];
    for (size_t i = 0; i < info->inbound_count && !m->more; i++) {
        const struct rfield *f = info->inbound[i];
        if (!(f->flags & KITH_FF_PARTOF) == parts || field_derived(f))
            continue;
        for (size_t k = 0; k < s->count && !m->more; k++) {
            struct mover x = {.set = s, .field = f, .from = s->others[k]};
            TRY(move_field(m, &x, e));
        }
    }
    return KITH_OK;
}
