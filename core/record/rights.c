/* SPDX-License-Identifier: Apache-2.0 */
/* Rights: a role's JSON to a sum of rights. One reader serves for checking, where it refuses what
 * it does not know, and for use, where it passes over it. */
#include "record/rights.h"
#include "base/json.h"
#include "base/text.h"

#include <string.h>

const char *const right_names[] = {"create", "read", "update", "delete"};
static const char *const reach_names[] = {"none", "own", "team", "territory", "all"};
static const uint8_t reaches[] = {REACH_NONE, REACH_OWN, REACH_TEAM, REACH_TERRITORY, REACH_ALL};
static const char *const level_names[] = {"none", "read", "write"};
enum { LEVEL_NONE, LEVEL_READ, LEVEL_WRITE, LEVEL_UNSTATED };
#define COUNT(list) (sizeof(list) / sizeof *(list))

const char *reach_text(uint32_t reach) {
    if (reach == (REACH_TEAM | REACH_TERRITORY))
        return "team and territory";
    for (size_t i = 0; i < COUNT(reaches); i++)
        if (reaches[i] == reach)
            return reach_names[i];
    return "none";
}

/* -- types ------------------------------------------------------------------------------------- */

static const struct rfield *find_whole(const struct rtype *t) {
    for (uint32_t i = FIELD_FIRST; i < t->field_count; i++) {
        const struct rfield *f = t->fields[i];
        if ((f->flags & KITH_FF_PARTOF) && f->kind == KITH_F_LINK && f->target != t)
            return f;
    }
    return NULL;
}

static bool is_core(const struct rtype *t, const char *name) {
    return strcmp(t->module, "core") == 0 && strcmp(t->name, name) == 0;
}

void rights_of_type(struct rtype *t) {
    static const char *const names[] = {"user", "team", "role", "territory"};
    t->whole = find_whole(t);
    for (size_t i = 0; i < COUNT(names); i++)
        t->access = t->access || is_core(t, names[i]);
}

const struct rfield *type_whole(const struct rtype *t) {
    return t->whole;
}

bool type_is_access(const struct rtype *t) {
    return t->access;
}

bool type_is_user(const struct rtype *t) {
    return t->access && strcmp(t->name, "user") == 0;
}

/* Of a user everybody with the right may change what gives nobody more rights. By the address a
 * provider of OpenID Connect tells who somebody is. */
static bool for_administrators(const struct rfield *f) {
    static const char *const names[] = {"owner", "login",       "email",  "teams",
                                        "roles", "territories", "blocked"};
    if (!type_is_user(f->type))
        return type_is_access(f->type);
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(f->name, names[i]) == 0)
            return true;
    return false;
}

static bool right_is_for_administrators(const struct rtype *t, size_t right) {
    return right != RIGHT_READ && type_is_access(t) && !(right == RIGHT_UPDATE && type_is_user(t));
}

/* -- one role ---------------------------------------------------------------------------------- */

struct grant { /* what a role says of one type */
    bool stated[RIGHT_COUNT];
    uint8_t reach[RIGHT_COUNT];
    uint8_t others; /* the level of fields that are not named */
    uint8_t *levels;
};
struct role {
    const struct schema *schema;
    const struct rights_names *names;
    bool strict;
    struct arena *arena;
    kith_error *e;
    bool admin;
    struct grant any;
    struct grant *types; /* by type number */
    json_t *actions;
    char place[200];
};

static kith_status fail(struct role *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static kith_status fail(struct role *r, const char *fmt, ...) {
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(r->e, KITH_E_INVAL, "rights", "rights%s: %s", r->place, text);
}

/* Goes one level down in the place that errors name; returns where to go back to. */
static size_t enter(struct role *r, const char *key) {
    size_t len = strlen(r->place);
    kith_str shown = text_cut(str_of(key), 60);
    snprintf(r->place + len, sizeof r->place - len, ".%.*s", (int)shown.len, shown.ptr);
    return len;
}

static const char *name_at(const void *arg, size_t i) {
    return ((const char *const *)arg)[i];
}

/* One of the words, or the error that lists them. */
static kith_status read_word(struct role *r, const json_t *v, const char *const *words,
                             size_t count, uint8_t *out) {
    const char *given = json_string_value(v);
    struct buf all = {0};
    for (size_t i = 0; given && i < count; i++)
        if (strcmp(words[i], given) == 0) {
            *out = (uint8_t)i;
            return KITH_OK;
        }
    if (!r->strict)
        return KITH_OK;
    for (size_t i = 0; i < count; i++)
        buf_printf(&all, "%s%s", i == 0 ? "" : i + 1 == count ? " or " : ", ", words[i]);
    const char *near = given ? str_nearest(str_of(given), name_at, words, count) : NULL;
    kith_str shown = text_cut(str_of(given), 60);
    kith_status st = all.failed ? err_nomem(r->e)
                     : given    ? fail(r, "it is %s, not '%.*s'%s%s%s", all.ptr, (int)shown.len,
                                       shown.ptr, STR_MEANT(near))
                                : fail(r, "it is one of the texts %s", all.ptr);
    buf_free(&all);
    return st;
}

static kith_status unknown_key(struct role *r, const char *key, const char *const *words,
                               size_t count) {
    kith_str shown = text_cut(str_of(key), 60);
    const char *near = str_nearest(str_of(key), name_at, words, count);
    if (!r->strict)
        return KITH_OK;
    return fail(r, "there is no '%.*s' here%s%s%s", (int)shown.len, shown.ptr, STR_MEANT(near));
}

static kith_status read_fields(struct role *r, const struct rtype *t, const json_t *v,
                               struct grant *g) {
    const char *key;
    json_t *item;
    if (!json_is_object(v))
        return r->strict ? fail(r, "it is an object: {\"birthday\": \"none\"}") : KITH_OK;
    bool unknown = false;
    json_object_foreach((json_t *)v, key, item) {
        const struct rfield *f = type_field(r->schema, t, str_of(key));
        size_t back = enter(r, key);
        uint8_t level = LEVEL_NONE;
        if (!f && strcmp(key, "*") != 0 && r->strict) {
            r->place[back] = '\0';
            if (schema_find_field(r->schema, t, str_of(key), &f, r->e) != KITH_OK)
                return err_prefix(r->e, "rights%s: ", r->place);
        }
        TRY(read_word(r, item, level_names, COUNT(level_names), &level));
        r->place[back] = '\0';
        if (f)
            g->levels[f->index] = level;
        else if (strcmp(key, "*") == 0)
            g->others = level;
        else
            unknown |= !schema_is_gone(r->schema, t->name, key);
    }
    if (unknown) /* it may mean to close one of them */
        g->others = LEVEL_NONE;
    return KITH_OK;
}

/* Whether a type may state this right, with the reason why it may not. */
static kith_status may_state(struct role *r, const struct rtype *t, size_t right) {
    if (!r->strict || !t)
        return KITH_OK;
    const struct rfield *whole = type_whole(t);
    if (whole)
        return fail(r, "a %s follows the %s that it is part of (%s): state fields only", t->name,
                    whole->target ? whole->target->name : "record", whole->name);
    if (right_is_for_administrators(t, right))
        return fail(r, "only administrators %s records of type %s; a role may state \"read\"",
                    right_names[right], t->name);
    return KITH_OK;
}

static kith_status read_grant(struct role *r, const struct rtype *t, const json_t *v,
                              struct grant *g) {
    static const char *const keys[] = {"create", "read", "update", "delete", "fields"};
    const char *key;
    json_t *item;
    if (!json_is_object(v))
        return r->strict ? fail(r, "it is an object: {\"read\": \"team\"}") : KITH_OK;
    json_object_foreach((json_t *)v, key, item) {
        size_t k = 0;
        uint8_t reach = 0;
        while (k < COUNT(keys) && strcmp(keys[k], key) != 0)
            k++;
        if (k == COUNT(keys)) {
            TRY(unknown_key(r, key, keys, COUNT(keys)));
            continue;
        }
        size_t back = enter(r, key);
        if (k == RIGHT_COUNT && t) {
            TRY(read_fields(r, t, item, g));
        } else if (k == RIGHT_COUNT) {
            if (r->strict)
                return fail(r, "fields belong to one type: state them there");
        } else {
            TRY(may_state(r, t, k));
            TRY(read_word(r, item, reach_names, COUNT(reach_names), &reach));
            g->stated[k] = true;
            g->reach[k] = reaches[reach];
        }
        r->place[back] = '\0';
    }
    return KITH_OK;
}

static kith_status new_levels(struct role *r, const struct rtype *t, struct grant *g) {
    g->levels = arena_alloc(r->arena, t->field_count);
    if (!g->levels)
        return err_nomem(r->e);
    memset(g->levels, LEVEL_UNSTATED, t->field_count);
    g->others = LEVEL_WRITE;
    return KITH_OK;
}

static kith_status read_types(struct role *r, const json_t *v) {
    const char *key;
    json_t *item;
    if (!json_is_object(v))
        return r->strict ? fail(r, "it is an object: {\"contact\": {\"read\": \"team\"}}")
                         : KITH_OK;
    bool unknown = false;
    json_object_foreach((json_t *)v, key, item) {
        const struct rtype *t = schema_type(r->schema, str_of(key));
        bool any = strcmp(key, "*") == 0;
        if (!t && !any && r->strict &&
            schema_find_type(r->schema, str_of(key), &t, r->e) != KITH_OK)
            return err_prefix(r->e, "rights%s: ", r->place);
        unknown |= !t && !any && !schema_is_gone(r->schema, key, NULL);
        if (!t && !any)
            continue;
        size_t back = enter(r, key);
        TRY(read_grant(r, t, item, any ? &r->any : &r->types[t->id]));
        r->place[back] = '\0';
    }
    if (unknown) /* it may mean to close one of those that it does not name */
        r->any = (struct grant){0};
    return KITH_OK;
}

bool rights_action_fits(kith_str pattern, const char *action) {
    if (str_eqz(pattern, "*"))
        return true;
    if (pattern.len > 2 && pattern.ptr[pattern.len - 1] == '*' &&
        pattern.ptr[pattern.len - 2] == '.')
        return strncmp(action, pattern.ptr, (size_t)pattern.len - 1) == 0;
    return str_eqz(pattern, action);
}

static kith_status check_action(struct role *r, const char *pattern) {
    const struct rights_names *n = r->names;
    if (!r->strict || !n || strcmp(pattern, "*") == 0)
        return KITH_OK;
    for (size_t i = 0; i < n->count; i++)
        if (rights_action_fits(str_of(pattern), n->action_at(n->arg, i)))
            return KITH_OK;
    kith_str shown = text_cut(str_of(pattern), 60);
    const char *near = str_nearest(str_of(pattern), n->action_at, n->arg, n->count);
    return fail(r, "there is no action '%.*s'%s%s%s", (int)shown.len, shown.ptr,
                near ? "; did you mean '" : "; 'kith run' lists them", near ? near : "",
                near ? "'?" : "");
}

static kith_status read_actions(struct role *r, json_t *v) {
    size_t i;
    json_t *item;
    if (!json_is_array(v))
        return r->strict ? fail(r, "it is a list: [\"sales.*\"]") : KITH_OK;
    json_array_foreach(v, i, item) {
        if (json_is_string(item))
            TRY(check_action(r, json_string_value(item)));
        else if (r->strict)
            return fail(r, "the name of an action is a text: \"sales.*\"");
    }
    r->actions = v;
    return KITH_OK;
}

static kith_status read_top(struct role *r, const json_t *root) {
    static const char *const keys[] = {"admin", "types", "actions"};
    const char *key;
    json_t *item;
    if (!json_is_object(root))
        return r->strict ? fail(r, "they are an object: {\"types\": {...}}") : KITH_OK;
    json_object_foreach((json_t *)root, key, item) {
        size_t back = enter(r, key);
        if (strcmp(key, "types") == 0) {
            TRY(read_types(r, item));
        } else if (strcmp(key, "actions") == 0) {
            TRY(read_actions(r, item));
        } else if (strcmp(key, "admin") == 0) {
            if (!json_is_boolean(item) && r->strict)
                return fail(r, "it is true or false");
            r->admin = json_is_true(item);
        } else {
            r->place[back] = '\0';
            TRY(unknown_key(r, key, keys, COUNT(keys)));
        }
        r->place[back] = '\0';
    }
    return KITH_OK;
}

static uint32_t max_type(const struct schema *s) {
    uint32_t max = 0;
    for (uint32_t i = 0; i < s->type_count; i++)
        max = s->types[i]->id > max ? s->types[i]->id : max;
    return max;
}

/* Reads a role; *root holds what r->actions points into, and is the caller's. */
static kith_status read_role(struct role *r, kith_str json, json_t **root) {
    *root = NULL;
    r->types = ARENA_ARRAY(r->arena, struct grant, max_type(r->schema) + 1u);
    if (!r->types)
        return err_nomem(r->e);
    for (uint32_t i = 0; i < r->schema->type_count; i++)
        TRY(new_levels(r, r->schema->types[i], &r->types[r->schema->types[i]->id]));
    if (json.len == 0)
        return KITH_OK;
    kith_status st = json_read(json, root, r->e);
    if (st == KITH_E_NOMEM || (st != KITH_OK && r->strict))
        return st;
    return st == KITH_OK ? read_top(r, *root) : KITH_OK;
}

kith_status role_check(const struct schema *s, const struct rights_names *names, kith_str json,
                       kith_error *e) {
    struct arena a = {0};
    struct role r = {.schema = s, .names = names, .strict = true, .arena = &a, .e = e};
    json_t *root;
    kith_status st = read_role(&r, json, &root);
    json_decref(root);
    arena_free(&a);
    return st;
}

/* -- the sum ----------------------------------------------------------------------------------- */

kith_status rights_begin(struct rights *r, const struct schema *s, struct arena *a, kith_error *e) {
    *r = (struct rights){.schema = s, .type_max = max_type(s)};
    r->types = ARENA_ARRAY(a, struct type_rights, r->type_max + 1u);
    return r->types ? KITH_OK : err_nomem(e);
}

static uint8_t reach_of(const struct role *role, const struct rtype *t, size_t right) {
    const struct grant *g = &role->types[t->id];
    if (type_whole(t) || right_is_for_administrators(t, right))
        return 0;
    return g->stated[right] ? g->reach[right] : role->any.reach[right];
}

/* Does the role reach any record of the type, or of what it may be part of, to read or write it? */
static bool reaches_some(const struct role *role, const struct rtype *t, bool write, int depth) {
    const struct rfield *whole = type_whole(t);
    if (!whole)
        return write ? reach_of(role, t, RIGHT_CREATE) || reach_of(role, t, RIGHT_UPDATE)
                     : reach_of(role, t, RIGHT_READ) != 0;
    if (whole->target)
        return depth > 0 && reaches_some(role, whole->target, write, depth - 1);
    for (uint32_t i = 0; i < t->schema->type_count; i++)
        if (!type_whole(t->schema->types[i]) && reaches_some(role, t->schema->types[i], write, 0))
            return true;
    return false;
}

#define PARTS_DEEP 8

static void add_fields(struct type_rights *to, const struct role *role, const struct rtype *t) {
    const struct grant *g = &role->types[t->id];
    bool read = reaches_some(role, t, false, PARTS_DEEP);
    bool write = reaches_some(role, t, true, PARTS_DEEP);
    for (uint32_t i = 0; i < t->field_count; i++) {
        uint8_t level = g->levels[i] == LEVEL_UNSTATED ? g->others : g->levels[i];
        if (read && level >= LEVEL_READ)
            fieldset_add(&to->readable, i);
        if (write && level == LEVEL_WRITE && !for_administrators(t->fields[i]))
            fieldset_add(&to->writable, i);
    }
}

static kith_status add_actions(struct rights *r, const json_t *list, struct arena *a,
                               kith_error *e) {
    size_t n = json_array_size(list);
    const char **all = ARENA_ARRAY(a, const char *, r->action_count + n + 1);
    if (!all)
        return err_nomem(e);
    if (r->action_count)
        memcpy(all, r->actions, r->action_count * sizeof *all);
    for (size_t i = 0; i < n; i++) {
        const char *name = json_string_value(json_array_get(list, i));
        char *copy = name ? arena_strdup(a, name) : NULL;
        if (name && !copy)
            return err_nomem(e);
        if (copy)
            all[r->action_count++] = copy;
    }
    r->actions = all;
    return KITH_OK;
}

kith_status rights_add(struct rights *r, kith_str json, struct arena *a, kith_error *e) {
    struct arena own = {0};
    struct role role = {.schema = r->schema, .arena = &own, .e = e};
    json_t *root;
    kith_status st = read_role(&role, json, &root);
    r->admin |= st == KITH_OK && role.admin;
    for (uint32_t i = 0; st == KITH_OK && i < r->schema->type_count; i++) {
        const struct rtype *t = r->schema->types[i];
        for (size_t k = 0; k < RIGHT_COUNT; k++)
            r->types[t->id].reach[k] |= reach_of(&role, t, k);
        add_fields(&r->types[t->id], &role, t);
    }
    if (st == KITH_OK && role.actions)
        st = add_actions(r, role.actions, a, e);
    json_decref(root);
    arena_free(&own);
    return st;
}

/* -- narrowing --------------------------------------------------------------------------------- */

static void open_all(struct rights *r) {
    for (uint32_t i = 0; i < r->schema->type_count; i++) {
        struct type_rights *t = &r->types[r->schema->types[i]->id];
        memset(t->reach, type_whole(r->schema->types[i]) ? 0 : REACH_ALL, sizeof t->reach);
        memset(&t->readable, 0xff, sizeof t->readable);
        memset(&t->writable, 0xff, sizeof t->writable);
    }
}

static bool listed(const char *list, const char *name) {
    kith_str rest = str_of(list), one;
    while (str_split(&rest, ',', &one))
        if (str_eqz(one, name))
            return true;
    return false;
}

/* The actions that both allow: of each pair the narrower pattern. */
static kith_status narrow_actions(struct rights *r, const char *list, struct arena *a,
                                  kith_error *e) {
    const char **before = r->actions;
    size_t n = r->action_count, most = 1;
    kith_str rest = str_of(list), one;
    for (const char *c = list; *c; c++)
        most += *c == ',';
    r->actions = ARENA_ARRAY(a, const char *, n *most + 1);
    r->action_count = 0;
    if (!r->actions)
        return err_nomem(e);
    while (str_split(&rest, ',', &one)) {
        const char *word = arena_strndup(a, one.ptr, one.len);
        if (!word)
            return err_nomem(e);
        for (size_t i = 0; i < n; i++) {
            if (rights_action_fits(str_of(before[i]), word))
                r->actions[r->action_count++] = word;
            else if (rights_action_fits(one, before[i]))
                r->actions[r->action_count++] = before[i];
        }
    }
    return KITH_OK;
}

kith_status rights_narrow(struct rights *r, const struct rights_limit *limit, struct arena *a,
                          kith_error *e) {
    if (!limit->read_only && !limit->types && !limit->actions)
        return KITH_OK;
    if (r->admin) { /* what is left of everything is no administrator any more */
        static const char *const every[] = {"*"};
        open_all(r);
        r->actions = (const char **)(uintptr_t)every;
        r->action_count = 1;
        r->admin = false;
    }
    for (uint32_t i = 0; i < r->schema->type_count; i++) {
        const struct rtype *t = r->schema->types[i];
        struct type_rights *own = &r->types[t->id];
        for (size_t k = 0; k < RIGHT_COUNT; k++)
            if ((limit->types && !listed(limit->types, t->name)) ||
                (k != RIGHT_READ && (limit->read_only || right_is_for_administrators(t, k))))
                own->reach[k] = 0;
        if (limit->read_only)
            own->writable = (struct fieldset){{0}};
        for (uint32_t f = 0; f < t->field_count; f++)
            if (for_administrators(t->fields[f]))
                fieldset_drop(&own->writable, f);
    }
    return limit->actions ? narrow_actions(r, limit->actions, a, e) : KITH_OK;
}

void rights_end(struct rights *r) {
    for (uint32_t i = 0; i < r->schema->type_count; i++) {
        const struct rtype *t = r->schema->types[i];
        struct type_rights *own = &r->types[t->id];
        own->open = true;
        for (uint32_t k = 0; k < t->field_count; k++)
            own->open = own->open && fieldset_has(&own->readable, k);
    }
}

bool rights_action(const struct rights *r, const char *action) {
    for (size_t i = 0; i < r->action_count; i++)
        if (rights_action_fits(str_of(r->actions[i]), action))
            return true;
    return r->admin;
}
