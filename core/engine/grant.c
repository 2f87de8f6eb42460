/* SPDX-License-Identifier: Apache-2.0 */
/* Grants: one grammar for modules and rules. */
#include "engine/grant.h"

#include <string.h>

/* "sales.*" */
static bool is_prefix(kith_str pattern) {
    return pattern.len > 2 && memcmp(pattern.ptr + pattern.len - 2, ".*", 2) == 0;
}

static bool covers_name(kith_str pattern, const char *name) {
    if (str_eqz(pattern, "*") || str_eqz(pattern, name))
        return true;
    return is_prefix(pattern) && strncmp(pattern.ptr, name, pattern.len - 1) == 0;
}

static bool covers(kith_str grant, const char *kind, const char *name) {
    kith_str part;
    if (str_eqz(grant, "*"))
        return true;
    return str_split(&grant, ':', &part) && str_eqz(part, kind) && covers_name(grant, name);
}

bool grants_cover(const kith_value *list, const char *kind, const char *name) {
    for (uint64_t i = 0; i < list->as.list.count; i++)
        if (covers(list->as.list.items[i].as.s, kind, name))
            return true;
    return false;
}

/* -- checking ---------------------------------------------------------------------------------- */

static kith_status check_type(const struct engine *g, kith_str name, kith_error *e) {
    const struct rtype *t;
    return schema_find_type(engine_schema(g), name, &t, e);
}

static kith_status check_topic(const struct engine *g, kith_str name, kith_error *e) {
    if (is_prefix(name) || engine_topic_known(g, name))
        return KITH_OK;
    return err_set(e, KITH_E_NOTFOUND, NULL, "nobody declares the topic '%.*s'", (int)name.len,
                   name.ptr);
}

static kith_status check_action(const struct engine *g, kith_str pattern, kith_error *e) {
    for (size_t i = 0; i < engine_action_count(g); i++)
        if (covers_name(pattern, engine_action_name(g, i)))
            return KITH_OK;
    return engine_no_action(g, pattern, e);
}

/* What a module reaches by itself has names that only it knows. */
static kith_status check_outside(const struct engine *g, kith_str name, kith_error *e) {
    (void)g, (void)name, (void)e;
    return KITH_OK;
}

static kith_status check_users(const struct engine *g, kith_str name, kith_error *e) {
    (void)g;
    return str_eqz(name, "users")
               ? KITH_OK
               : err_set(e, KITH_E_INVAL, NULL, "users are served, and nobody else: serve:users");
}

struct right {
    const char *name;
    kith_status (*check)(const struct engine *g, kith_str name, kith_error *e);
};
static const struct grammar {
    struct right rights[7];
    size_t count;
    const char *shown;
} grammars[] = {
    [GRANT_MODULES] = {{{"read", check_type},
                        {"write", check_type},
                        {"publish", check_topic},
                        {"call", check_action},
                        {"serve", check_users},
                        {"network", check_outside},
                        {"files", check_outside}},
                       7,
                       "read:TYPE, write:TYPE, publish:TOPIC, call:ACTION or serve:users"},
    [GRANT_RULES] = {{{"read", check_type},
                      {"write", check_type},
                      {"publish", check_topic},
                      {"call", check_action}},
                     4,
                     "read:TYPE, write:TYPE, publish:TOPIC or call:ACTION"},
};

static const char *right_name(const void *rights, size_t i) {
    return ((const struct right *)rights)[i].name;
}

static kith_status no_right(const struct grammar *w, kith_str grant, const char *near,
                            kith_error *e) {
    return err_set(e, KITH_E_INVAL, NULL, "'%.*s' is no right: %s%s%s", (int)grant.len, grant.ptr,
                   near ? "did you mean '" : "write ", near ? near : w->shown,
                   near ? ":...'?" : "");
}

/* *right is NULL of "*"; *name: what stands behind the colon. */
static kith_status read_grant(enum grant_for whom, kith_str grant, const struct right **right,
                              kith_str *name, kith_error *e) {
    const struct grammar *w = &grammars[whom];
    kith_str kind;
    *right = NULL;
    *name = grant;
    if (str_eqz(grant, "*"))
        return KITH_OK;
    if (!memchr(name->ptr, ':', name->len) || !str_split(name, ':', &kind))
        return no_right(w, grant, NULL, e);
    for (size_t i = 0; i < w->count && !*right; i++)
        if (str_eqz(kind, w->rights[i].name))
            *right = &w->rights[i];
    return *right ? KITH_OK
                  : no_right(w, grant, str_nearest(kind, right_name, w->rights, w->count), e);
}

kith_status grant_known(enum grant_for whom, kith_str grant, kith_error *e) {
    const struct right *right;
    kith_str name;
    return read_grant(whom, grant, &right, &name, e);
}

kith_status grant_check(const struct engine *g, enum grant_for whom, kith_str grant,
                        kith_error *e) {
    const struct right *right;
    kith_str name;
    TRY(read_grant(whom, grant, &right, &name, e));
    return !right || str_eqz(name, "*") ? KITH_OK : right->check(g, name, e);
}
