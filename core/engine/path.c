/* SPDX-License-Identifier: Apache-2.0 */
/* Path: from a record through its links to one value. */
#include "engine/path.h"
#include "base/json.h"
#include "record/access.h"

#include <string.h>

kith_status path_parse(const struct rtype *t, kith_str text, struct arena *a, struct path *out,
                       kith_error *e) {
    kith_str rest = text, name;
    *out = (struct path){.name = arena_strndup(a, text.ptr, text.len)};
    if (!out->name)
        return err_nomem(e);
    while (str_split(&rest, '.', &name)) {
        bool last = rest.len == 0;
        if (last && str_eqz(name, "id"))
            return KITH_OK;
        TRY(schema_find_field(t->schema, t, name, &out->field, e));
        if (last)
            return KITH_OK;
        if (out->field->kind != KITH_F_LINK || !out->field->target || out->link_count == PATH_LINKS)
            return err_set(e, KITH_E_INVAL, out->field->name,
                           "%s: only links to one type can be followed, up to %d of them",
                           out->name, PATH_LINKS);
        out->links[out->link_count++] = out->field;
        t = out->field->target;
        out->field = NULL;
    }
    return err_set(e, KITH_E_INVAL, NULL, "a name is missing in the list of fields");
}

/* KITH_E_DENIED: it goes by a field that the principal may not read. */
static kith_status check(const struct principal *principal, const struct path *p, kith_error *e) {
    const struct rfield *closed = p->field && !access_reads(principal, p->field) ? p->field : NULL;
    for (uint32_t i = 0; i < p->link_count && !closed; i++)
        closed = access_reads(principal, p->links[i]) ? NULL : p->links[i];
    return closed ? err_set(e, KITH_E_DENIED, closed->name, "you may not read %s.%s",
                            closed->type->name, closed->name)
                  : KITH_OK;
}

kith_status path_take(const struct rtype *t, const struct principal *principal, kith_str text,
                      struct arena *a, struct path *paths, size_t *count, kith_error *e) {
    struct path *p = &paths[*count];
    TRY(path_parse(t, text, a, p, e));
    for (size_t i = 0; i < *count; i++)
        if (strcmp(paths[i].name, p->name) == 0)
            return err_set(e, KITH_E_INVAL, NULL, "'%s' is named twice in the list of fields",
                           p->name);
    ++*count;
    return check(principal, p, e);
}

kith_status path_follow(struct engine *g, const struct principal *principal, const struct path *p,
                        const struct rtype *t, kith_id id, const kith_value *values,
                        struct arena *a, kith_value *out, kith_error *e) {
    *out = value_null();
    for (uint32_t i = 0; i < p->link_count; i++) {
        const kith_value *link = &values[p->links[i]->index];
        kith_value *next;
        if (link->kind != KITH_LINK)
            return KITH_OK;
        id = link->as.link.id;
        t = p->links[i]->target;
        if (i + 1 == p->link_count && !p->field)
            break;
        kith_status st = engine_get(g, principal, t, id, a, &next, e);
        if (st == KITH_E_NOTFOUND || st == KITH_E_DENIED)
            return KITH_OK;
        TRY(st);
        values = next;
    }
    *out = p->field ? values[p->field->index] : value_link(id, t->id);
    return KITH_OK;
}

kith_status path_json(struct engine *g, const struct principal *principal, const struct path *paths,
                      size_t count, const struct rtype *t, kith_id id, const kith_value *values,
                      struct arena *a, struct json_out *j, kith_error *e) {
    json_object_(j);
    json_key(j, "id");
    json_id(j, id);
    json_key(j, "type");
    json_strz(j, t->name);
    for (size_t i = 0; i < count; i++) {
        struct arena_mark mark = arena_mark(a);
        kith_value v;
        if (paths[i].link_count == 0 && !paths[i].field)
            continue; /* its id stands there already */
        TRY(path_follow(g, principal, &paths[i], t, id, values, a, &v, e));
        json_key(j, paths[i].name);
        value_json(engine_schema(g), &v, j);
        arena_release(a, mark); /* records that links lead to may be large */
    }
    json_object_end(j);
    return KITH_OK;
}
