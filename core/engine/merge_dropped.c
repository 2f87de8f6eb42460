/* SPDX-License-Identifier: Apache-2.0 */
/* What a merge leaves behind: each value that one of the records had and that is not in the kept
 * one afterwards, so that whoever merges can look before it is gone. */
#include "base/json.h"
#include "engine/merge_internal.h"

#include <string.h>

/* Said elsewhere: a contact's name says both its parts; what it shows is with its points, which are
 * moved, and one of each kind stays the first; what a rented list brought is weighed. */
static const struct {
    const char *type, *field;
} elsewhere[] = {
    {"contact", "first_name"}, {"contact", "last_name"},     {"contact", "email"},
    {"contact", "phone"},      {"contact_point", "primary"}, {"list_member", "brought"},
};

static bool is_told(const struct set *s, const struct rfield *f) {
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
        if (strcmp(f->type->name, elsewhere[i].type) == 0 &&
            strcmp(f->name, elsewhere[i].field) == 0)
            return false;
    return !field_derived(f) && f->index != FIELD_CREATED && f->index != FIELD_UPDATED &&
           f != s->whole;
}

/* Does the kept record say it, too? */
static bool is_said(const struct set *s, const kith_value *now, const kith_value *v) {
    if (v->kind != KITH_LIST)
        return v->kind == KITH_NULL || set_owns(s, v) || value_eq(now, v);
    for (uint64_t i = 0; i < v->as.list.count; i++)
        if (!set_owns(s, &v->as.list.items[i]) &&
            !(now->kind == KITH_LIST &&
              list_has(now->as.list.items, now->as.list.count, &v->as.list.items[i])))
            return false;
    return true;
}

kith_status merge_drop(struct merging *m, const struct set *s, const struct rfield *f, kith_id from,
                       const kith_value *v, const kith_value *now, kith_error *e) {
    struct merge_report *r = m->report;
    if (!s->told || !is_told(s, f) || is_said(s, now, v) || !access_reads(m->txn->principal, f))
        return KITH_OK;
    struct merge_dropped *items =
        arena_grow(m->arena, r->dropped, r->dropped_count, &r->dropped_cap, sizeof *items);
    if (!items)
        return err_nomem(e);
    r->dropped = items;
    kith_value copy = value_copy(m->arena, v);
    if ((copy.kind == KITH_TEXT && !copy.as.s.ptr) ||
        (copy.kind == KITH_LIST && !copy.as.list.items))
        return err_nomem(e);
    items[r->dropped_count++] = (struct merge_dropped){f, from, copy};
    return KITH_OK;
}

kith_status merge_drop_all(struct merging *m, const struct set *s, kith_error *e) {
    const kith_value *now;
    TRY(txn_get(m->txn, s->type, s->keep, &now, e));
    for (size_t i = 0; i < s->count; i++)
        for (uint32_t k = 0; k < s->type->field_count; k++)
            TRY(merge_drop(m, s, s->type->fields[k], s->others[i], &s->values[i][k], &now[k], e));
    return KITH_OK;
}

void merge_dropped_json(const struct schema *schema, const struct merge_report *r,
                        struct json_out *j) {
    json_array_(j);
    for (size_t i = 0; i < r->dropped_count; i++) {
        const struct merge_dropped *d = &r->dropped[i];
        char id[ID_TEXT + 1];
        id_format(d->from, id);
        json_object_(j);
        json_key(j, "type");
        json_strz(j, d->field->type->name);
        json_key(j, "id");
        json_strz(j, id);
        json_key(j, "field");
        json_strz(j, d->field->name);
        json_key(j, "value");
        value_json(schema, &d->value, j);
        json_object_end(j);
    }
    json_array_end(j);
}
