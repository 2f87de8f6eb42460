/* SPDX-License-Identifier: Apache-2.0 */
/* Loading: finds the files of the modules, opens them and puts them into the order of what they
 * require. One that is bad is kept with its reason. */
#include "plugin/internal.h"
#include <stdio.h>
#include <unistd.h>

#define SLOW_MS 100

static const kith_setting grant_setting = {
    .key = "grant",
    .kind = KITH_LIST,
    .default_text = "[]",
    .doc = "Permissions that this module has been given: \"*\", \"write:*\", \"write:task\", ...",
};

kith_status plugin_fail(struct plugin *p, const kith_error *why) {
    const char *reason = arena_strdup(&p->arena, why->message);
    p->state = PLUGIN_FAILED;
    p->reason = reason ? reason : "no memory";
    log_error("plugin", "module '%s' is out: %s", p->name, p->reason);
    return why->code;
}

struct plugin *plugins_find(const struct plugins *p, const char *name) {
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->items[i]->name, name) == 0)
            return p->items[i];
    return NULL;
}

/* -- one module -------------------------------------------------------------------------------- */

/* "sales", or "/opt/x/sales.so", which is sales too. Its settings are passed over under that name
 * when it is out. */
static bool take_name(struct plugin *p, const char *wanted) {
    const char *slash = strrchr(wanted, '/');
    char *name = arena_strdup(&p->arena, slash ? slash + 1 : wanted);
    size_t len = name ? strlen(name) : 0;
    if (slash && len > 3 && strcmp(name + len - 3, ".so") == 0)
        name[len - 3] = '\0';
    p->path = slash ? arena_strdup(&p->arena, wanted) : "";
    p->name = name;
    return name && p->path;
}

static kith_status find_file(struct plugin *p, const struct plugins_options *o, kith_error *e) {
    if (p->path[0])
        return KITH_OK;
    for (size_t i = 0; i < o->dir_count; i++) {
        const char *path = arena_printf(&p->arena, "%s/%s.so", o->dirs[i], p->name);
        if (!path)
            return err_nomem(e);
        if (access(path, F_OK) == 0) {
            p->path = path;
            return KITH_OK;
        }
    }
    return err_set(e, KITH_E_NOTFOUND, NULL, "there is no %s.so in %s%s", p->name,
                   o->dir_count ? o->dirs[0] : "any folder",
                   o->dir_count > 1 ? " or the other module folders" : "");
}

static kith_status open_binary(struct plugin *p, const struct binary *b,
                               const struct plugins_options *o, const kith_plugin_desc **desc,
                               kith_error *e) {
    struct findings f = {0};
    checks_look(b, &f);
    TRY(findings_verdict(&f, e));
    TRY(binary_copy(b, p->name, o->copies, &p->arena, &p->copy, e));
    return binary_open(p->copy, desc, e);
}

static kith_status list_needs(struct plugin *p, kith_error *e) {
    const kith_require *rows = ROWS(p->desc.requirements, kith_require);
    const char **names = ARENA_ARRAY(&p->arena, const char *, p->desc.requirements.count);
    if (!names)
        return err_nomem(e);
    for (uint32_t i = 0; i < p->desc.requirements.count; i++)
        if (!(rows[i].flags & KITH_REQ_OPTIONAL))
            names[p->need_count++] = rows[i].module;
    p->needs = names;
    return KITH_OK;
}

/* As the other set has it: what is mapped need not be read again. */
static bool take_mapped(struct plugin *p, const struct plugins *other) {
    const struct plugin *same = other ? plugins_find(other, p->name) : NULL;
    if (!same || !same->told || strcmp(same->path, p->path) != 0)
        return false;
    p->copy = arena_strdup(&p->arena, same->copy);
    p->told = p->copy ? same->told : NULL;
    return p->told;
}

static kith_status open_module(struct plugin *p, const struct plugins_options *o, kith_error *e) {
    struct binary binary;
    kith_status st = KITH_OK;
    TRY(find_file(p, o, e));
    if (!take_mapped(p, o->mapped)) {
        TRY(binary_read(p->path, &binary, e));
        st = open_binary(p, &binary, o, &p->told, e);
        binary_free(&binary);
    }
    if (st == KITH_OK)
        st = declare_copy(p->told, o, &p->arena, &p->desc, e);
    if (st != KITH_OK)
        return err_prefix(e, "%s: ", p->path);
    if (strcmp(p->name, p->desc.name) != 0)
        return err_set(e, KITH_E_INVAL, NULL,
                       "%s: it calls itself '%s', and its file must be %s.so", p->path,
                       p->desc.name, p->desc.name);
    return list_needs(p, e);
}

static kith_status add_module(struct plugins *set, const char *name,
                              const struct plugins_options *o, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    struct plugin *p = ARENA_NEW(&set->arena, struct plugin);
    if (!p || !take_name(p, name))
        return err_nomem(e);
    p->set = set;
    p->copy = p->reason = "";
    p->state = PLUGIN_LOADED;
    host_init(p);
    kith_status st = open_module(p, o, &why);
    if (st == KITH_OK && plugins_find(set, p->name))
        st = err_set(&why, KITH_E_CONFLICT, NULL, "module '%s' is listed twice", p->name);
    if (st != KITH_OK)
        (void)plugin_fail(p, &why);
    set->items[set->count++] = p;
    return KITH_OK;
}

/* -- order ------------------------------------------------------------------------------------- */

struct order {
    struct plugin **placed;
    size_t count;
    struct plugin **path; /* those that are being visited */
    size_t depth;
};

/* "a requires b requires a" */
static kith_status cycle(const struct order *o, const struct plugin *again, kith_error *e) {
    struct buf text = {0};
    bool from = false;
    for (size_t i = 0; i < o->depth; i++) {
        from = from || o->path[i] == again;
        if (from)
            buf_printf(&text, "%s requires ", o->path[i]->name);
    }
    buf_puts(&text, again->name);
    (void)err_set(e, KITH_E_INVAL, NULL, "its requirements run in a circle: %s",
                  text.ptr ? text.ptr : "");
    buf_free(&text);
    return KITH_E_INVAL;
}

static kith_status place(struct plugins *set, struct plugin *p, struct order *o);

static kith_status require(struct plugins *set, const kith_require *r, struct order *o,
                           kith_error *e) {
    struct plugin *other = plugins_find(set, r->module);
    bool optional = r->flags & KITH_REQ_OPTIONAL;
    if (!other)
        return optional ? KITH_OK
                        : err_set(e, KITH_E_NOTFOUND, NULL,
                                  "it requires '%s', which is not among the modules", r->module);
    if (other->visiting)
        return cycle(o, other, e);
    if (place(set, other, o) != KITH_OK)
        return optional ? KITH_OK
                        : err_set(e, KITH_E_NOTFOUND, NULL, "it requires '%s', which is out: %s",
                                  r->module, other->reason);
    if (other->desc.version < r->min_version)
        return err_set(e, KITH_E_UNSUPPORTED, NULL,
                       "it requires '%s' of version %u or newer; version %u (%s) is here",
                       r->module, r->min_version, other->desc.version,
                       other->desc.version_text ? other->desc.version_text : "");
    return KITH_OK;
}

/* Depth first: what p requires stands before it. */
static kith_status place(struct plugins *set, struct plugin *p, struct order *o) {
    kith_error why = KITH_ERROR_INIT;
    kith_status st = KITH_OK;
    if (p->placed || p->state == PLUGIN_FAILED)
        return p->state == PLUGIN_FAILED ? KITH_E_NOTFOUND : KITH_OK;
    p->visiting = true;
    o->path[o->depth++] = p;
    const kith_require *rows = ROWS(p->desc.requirements, kith_require);
    for (uint32_t i = 0; st == KITH_OK && i < p->desc.requirements.count; i++)
        st = require(set, &rows[i], o, &why);
    o->depth--;
    p->visiting = false;
    if (st != KITH_OK)
        return plugin_fail(p, &why);
    p->placed = true;
    o->placed[o->count++] = p;
    return KITH_OK;
}

static kith_status sort(struct plugins *set, kith_error *e) {
    struct order o = {.placed = ARENA_ARRAY(&set->arena, struct plugin *, set->count),
                      .path = ARENA_ARRAY(&set->arena, struct plugin *, set->count)};
    if (!o.placed || !o.path)
        return err_nomem(e);
    for (size_t i = 0; i < set->count; i++)
        (void)place(set, set->items[i], &o);
    for (size_t i = 0; i < set->count; i++)
        if (!set->items[i]->placed)
            o.placed[o.count++] = set->items[i];
    set->items = o.placed;
    return KITH_OK;
}

/* -- what they declare ------------------------------------------------------------------------- */

/* Its settings with `grant` in front. */
static kith_status own_settings(struct plugin *p, struct settings_owner *out, kith_error *e) {
    uint32_t count = p->desc.settings.count + 1;
    kith_setting *rows = ARENA_ARRAY(&p->arena, kith_setting, count);
    if (!rows)
        return err_nomem(e);
    rows[0] = grant_setting;
    if (count > 1)
        memcpy(rows + 1, p->desc.settings.items, (count - 1) * sizeof *rows);
    out->settings = (kith_array){rows, sizeof *rows, count};
    return KITH_OK;
}

static kith_status gather(struct plugins *set, kith_error *e) {
    set->sources = ARENA_ARRAY(&set->arena, struct schema_source, set->count);
    set->owners = ARENA_ARRAY(&set->arena, struct settings_owner, set->count);
    if (!set->sources || !set->owners)
        return err_nomem(e);
    for (size_t i = 0; i < set->count; i++) {
        struct plugin *p = set->items[i];
        bool out = p->state == PLUGIN_FAILED;
        if (out && plugins_find(set, p->name) != p)
            continue;
        struct settings_owner *owner = &set->owners[set->owner_count++];
        *owner = (struct settings_owner){.module = p->name, .disabled = out};
        if (out)
            continue;
        TRY(own_settings(p, owner, e));
        set->sources[set->source_count++] =
            (struct schema_source){.module = p->desc.name,
                                   .version = p->desc.version,
                                   .types = p->desc.types,
                                   .migrations = p->desc.migrations};
    }
    return KITH_OK;
}

kith_status plugins_load(struct plugins **out, const struct plugins_options *o, kith_error *e) {
    struct plugins *set = calloc(1, sizeof *set);
    if (!set)
        return err_nomem(e);
    set->slow_ms = o->slow_ms ? o->slow_ms : SLOW_MS;
    set->crashes = o->crashes ? arena_strdup(&set->arena, o->crashes) : NULL;
    set->items = ARENA_ARRAY(&set->arena, struct plugin *, o->name_count);
    bool all = set->items && (set->crashes || !o->crashes);
    kith_status st = all ? KITH_OK : err_nomem(e);
    for (size_t i = 0; st == KITH_OK && i < o->name_count; i++)
        st = add_module(set, o->names[i], o, e);
    if (st == KITH_OK)
        st = sort(set, e);
    if (st == KITH_OK)
        st = gather(set, e);
    if (st != KITH_OK) {
        plugins_free(set);
        return st;
    }
    *out = set;
    return KITH_OK;
}

size_t plugins_sources(const struct plugins *p, const struct schema_source **out) {
    *out = p->sources;
    return p->source_count;
}

void plugins_refuse_source(struct plugins *set, size_t source, const kith_error *why) {
    (void)plugin_fail(plugins_find(set, set->sources[source].module), why);
    memmove(&set->sources[source], &set->sources[source + 1],
            (--set->source_count - source) * sizeof *set->sources);
}

size_t plugins_owners(const struct plugins *p, const struct settings_owner **out) {
    *out = p->owners;
    return p->owner_count;
}

/* -- status ------------------------------------------------------------------------------------ */

const char *plugin_state_name(enum plugin_state s) {
    static const char *const names[] = {"failed", "loaded", "created", "running", "stopped"};
    return names[s];
}

size_t plugins_count(const struct plugins *p) {
    return p->count;
}

const kith_plugin_desc *plugins_declared(const struct plugins *set, size_t i) {
    return &set->items[i]->desc;
}

void plugins_status(const struct plugins *set, size_t i, struct plugin_status *out) {
    const struct plugin *p = set->items[i];
    *out = (struct plugin_status){
        .name = p->name,
        .version = p->desc.version_text ? p->desc.version_text : "",
        .title = p->desc.title ? p->desc.title : "",
        .path = p->path,
        .copy = p->copy,
        .state = p->state,
        .reason = p->reason,
        .needs = p->needs,
        .need_count = p->need_count,
        .slow = p->slow,
    };
    cost_sum(p, &out->calls, &out->failures);
}

bool plugins_named(const struct plugins *set, const char *name, struct plugin_status *out) {
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->items[i]->name, name) == 0) {
            plugins_status(set, i, out);
            return true;
        }
    return false;
}
