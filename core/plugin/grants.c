/* SPDX-License-Identifier: Apache-2.0 */
/* Permissions: what the admin grants to a module, in the setting MODULE.grant. For native code this
 * is least surprise and audit, not a wall. */
#include "engine/grant.h"
#include "plugin/internal.h"

static bool grant_has(const struct plugin *p, const char *kind, const char *name) {
    const struct setting *s = settings_find(p->set->settings, p->name, "grant");
    return s && s->value.kind == KITH_LIST && grants_cover(&s->value, kind, name);
}

/* What else it asks for in vain: "; it also asks for read:note, write:interaction". After an update
 * of a module that may be much, and nobody wants to hear of it one by one. */
static void put_others(const struct plugin *p, const char *kind, const char *name,
                       struct buf *out) {
    const kith_permission *rows = ROWS(p->desc.permissions, kith_permission);
    const char *sep = "; it also asks for ";
    for (uint32_t i = 0; i < p->desc.permissions.count; i++) {
        const char *colon = strchr(rows[i].name, ':');
        char of[32];
        if (!colon || (size_t)(colon - rows[i].name) >= sizeof of)
            continue;
        (void)snprintf(of, sizeof of, "%.*s", (int)(colon - rows[i].name), rows[i].name);
        if (strcmp(of, kind) == 0 && strcmp(colon + 1, name) == 0)
            continue;
        if (grant_has(p, of, colon + 1) ||
            (strcmp(of, "read") == 0 && grant_has(p, "write", colon + 1)))
            continue;
        buf_printf(out, "%s%s", sep, rows[i].name);
        sep = ", ";
    }
}

static bool asks_for(const struct plugin *p, kith_str grant) {
    const kith_permission *rows = ROWS(p->desc.permissions, kith_permission);
    for (uint32_t i = 0; i < p->desc.permissions.count; i++)
        if (str_eqz(grant, rows[i].name))
            return true;
    return false;
}

static kith_status denied(const struct plugin *p, const char *verb, const char *kind,
                          const char *name, kith_error *e) {
    struct buf others = {0}, grant = {0}, all = {0};
    buf_printf(&grant, "%s:%s", kind, name);
    if (asks_for(p, buf_view(&grant))) {
        buf_printf(&all, ", or all that it asks for with 'kith module enable %s --grants'",
                   p->name);
        put_others(p, kind, name, &others);
    }
    kith_status st =
        err_set(e, KITH_E_DENIED, NULL,
                "module '%s' may not %s %s: add \"%s:%s\" to %s.grant in the configuration%s%s",
                p->name, verb, name, kind, name, p->name, all.ptr && !all.failed ? all.ptr : "",
                others.ptr && !others.failed ? others.ptr : "");
    buf_free(&others);
    buf_free(&grant);
    buf_free(&all);
    return st;
}

/* -- checking ---------------------------------------------------------------------------------- */

/* What it asks for may be about something that is not there, as a type of an optional module. */
size_t plugins_check_grants(const struct plugins *set, plugins_problem fn, void *arg) {
    size_t wrong = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct plugin *p = set->items[i];
        const struct setting *s = settings_find(set->settings, p->name, "grant");
        for (uint64_t k = 0; s && s->value.kind == KITH_LIST && k < s->value.as.list.count; k++) {
            kith_str grant = s->value.as.list.items[k].as.s;
            kith_error e = KITH_ERROR_INIT;
            if (asks_for(p, grant) || grant_check(set->engine, GRANT_MODULES, grant, &e) == KITH_OK)
                continue;
            fn(arg, s, e.message);
            wrong++;
        }
    }
    return wrong;
}

/* -- asking ------------------------------------------------------------------------------------ */

static bool owns(const struct plugin *p, const struct rtype *t) {
    return strcmp(t->module, p->name) == 0;
}

kith_status grant_read(const struct plugin *p, const struct rtype *t, kith_error *e) {
    if (owns(p, t) || grant_has(p, "read", t->name) || grant_has(p, "write", t->name))
        return KITH_OK;
    for (uint32_t i = FIELD_FIRST; i < t->field_count; i++)
        if (strcmp(t->fields[i]->module, p->name) == 0)
            return KITH_OK; /* it added fields to this type */
    return denied(p, "read", "read", t->name, e);
}

static kith_status need_read(void *arg, const struct rtype *t, kith_error *e) {
    return grant_read(arg, t, e);
}

kith_status grant_read_query(const struct plugin *p, const struct query *q, kith_error *e) {
    return query_types(q, need_read, (void *)(uintptr_t)p, e);
}

kith_status grant_write(const struct plugin *p, const struct rtype *t, kith_error *e) {
    if (owns(p, t) || grant_has(p, "write", t->name))
        return KITH_OK;
    return denied(p, "write", "write", t->name, e);
}

kith_status grant_fields(const struct plugin *p, const struct rtype *t, const struct assign *set,
                         size_t count, kith_error *e) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(set[i].field->module, p->name) != 0)
            return grant_write(p, t, e);
    return KITH_OK;
}

kith_status grant_publish(const struct plugin *p, const struct bound_topic *t, kith_error *e) {
    if (t->owner == p || grant_has(p, "publish", t->decl->name))
        return KITH_OK;
    return denied(p, "publish", "publish", t->decl->name, e);
}

kith_status grant_call(const struct plugin *p, const char *action, kith_error *e) {
    return grant_has(p, "call", action) ? KITH_OK : denied(p, "call", "call", action, e);
}

kith_status grant_serve(const struct plugin *p, kith_error *e) {
    return grant_has(p, "serve", "users") ? KITH_OK : denied(p, "serve", "serve", "users", e);
}
