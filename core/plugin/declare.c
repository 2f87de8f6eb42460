/* SPDX-License-Identifier: Apache-2.0 */
/* A module's description, copied into structs of this build's sizes. A module may have been built
 * with shorter or longer structs: each array carries its stride, and never more is read than is
 * there. Knows nothing of the schema: names of types and fields are resolved later. */
#include "engine/grant.h"
#include "plugin/internal.h"
#include <ctype.h>

#define ROWS_MAX     4096u /* of one array */
#define STRUCT_MAX   4096u /* bytes, of one struct */
#define NAME_BYTES   63u
#define PRIORITY_MAX 1000
#define INSTANCE_MAX (16u << 20) /* bytes */

bool contract_size(uint32_t size, uint32_t least) {
    return size >= least && size <= STRUCT_MAX && size % sizeof(void *) == 0;
}

kith_status declare_rows(kith_array from, uint32_t least, uint32_t size, const char *what,
                         struct arena *a, kith_array *out, kith_error *e) {
    *out = (kith_array){NULL, size, 0};
    if (!from.count)
        return KITH_OK;
    if (!from.items || from.count > ROWS_MAX)
        return err_set(e, KITH_E_INVAL, NULL, "its %s are no array of at most %u rows", what,
                       ROWS_MAX);
    if (!contract_size(from.stride, least))
        return err_set(e, KITH_E_INVAL, NULL,
                       "a row of its %s has %u bytes, which no version of the contract has: give "
                       "them by KITH_ARRAY",
                       what, from.stride);
    char *rows = arena_zalloc(a, (size_t)from.count * size);
    if (!rows)
        return err_nomem(e);
    for (size_t i = 0; i < from.count; i++)
        memcpy(rows + i * size, (const char *)from.items + i * from.stride,
               from.stride < size ? from.stride : size);
    *out = (kith_array){rows, size, from.count};
    return KITH_OK;
}

/* -- names ------------------------------------------------------------------------------------- */

static bool is_name(const char *s, const char *also) {
    size_t n = 0;
    if (!s || !islower((unsigned char)s[0]))
        return false;
    for (; s[n] && n <= NAME_BYTES; n++)
        if (!islower((unsigned char)s[n]) && !isdigit((unsigned char)s[n]) && s[n] != '_' &&
            !strchr(also, s[n]))
            return false;
    return n <= NAME_BYTES;
}

/* Rows of any kind begin with their name. Each must be well formed and stand once; those that
 * extend a type, as often as there are parts that add to it. */
static kith_status check_names(kith_array rows, const char *what, const char *also, kith_error *e) {
    const kith_type *types = strcmp(what, "types") == 0 ? rows.items : NULL;
    for (uint32_t i = 0; i < rows.count; i++) {
        const char *name =
            *(const char *const *)((const char *)rows.items + (size_t)i * rows.stride);
        if (!is_name(name, also))
            return err_set(e, KITH_E_INVAL, NULL,
                           "row %u of its %s has the name '%.40s': it takes "
                           "a letter, then a-z, 0-9 and _",
                           i, what, name ? name : "");
        for (uint32_t j = 0; j < i; j++)
            if (!(types && (types[i].extends || types[j].extends)) &&
                !strcmp(name,
                        *(const char *const *)((const char *)rows.items + (size_t)j * rows.stride)))
                return err_set(e, KITH_E_INVAL, NULL, "'%s' stands twice among its %s", name, what);
    }
    return KITH_OK;
}

static kith_status bad(const char *what, const char *name, const char *why, kith_error *e) {
    return err_set(e, KITH_E_INVAL, NULL, "its %s '%s' %s", what, name, why);
}

/* Of the flags of a row. */
static kith_status check_flags(uint32_t flags, uint32_t all, const char *what, const char *name,
                               kith_error *e) {
    return flags & ~all ? bad(what, name, "has a flag that this Kith does not know", e) : KITH_OK;
}

/* -- arrays inside rows ------------------------------------------------------------------------ */

/* what: "parameters", of: the name of the row that they stand in. */
static kith_status copy_fields(kith_array *fields, const char *what, const char *of,
                               struct arena *a, kith_error *e) {
    const uint32_t all = 2 * KITH_FF_ASSIGNEE - 1; /* the last one, and those below */
    const char *place = arena_printf(a, "%s of '%s'", what, of);
    if (!place)
        return err_nomem(e);
    TRY(declare_rows(*fields, UP_TO(kith_field, doc), sizeof(kith_field), place, a, fields, e));
    TRY(check_names(*fields, place, "", e));
    for (uint32_t i = 0; i < fields->count; i++) {
        const kith_field *f = &ROWS(*fields, kith_field)[i];
        TRY(check_flags(f->flags, all, "field", f->name, e));
    }
    return KITH_OK;
}

static kith_status copy_texts(kith_array *texts, const char *what, struct arena *a, kith_error *e) {
    TRY(declare_rows(*texts, sizeof(char *), sizeof(char *), what, a, texts, e));
    for (uint32_t i = 0; i < texts->count; i++)
        if (!ROWS(*texts, char *)[i])
            return err_set(e, KITH_E_INVAL, NULL, "row %u of its %s is NULL", i, what);
    return KITH_OK;
}

static kith_status copy_types(kith_array *types, struct arena *a, kith_error *e) {
    TRY(declare_rows(*types, UP_TO(kith_type, extends), sizeof(kith_type), "types", a, types, e));
    TRY(check_names(*types, "types", "", e));
    kith_type *rows = (kith_type *)(uintptr_t)types->items;
    for (uint32_t i = 0; i < types->count; i++) {
        TRY(copy_fields(&rows[i].fields, "fields", rows[i].name, a, e));
        TRY(copy_texts(&rows[i].indexes, "indexes", a, e));
        if (rows[i].history & ~KITH_HISTORY_NONE || rows[i].undo & ~KITH_UNDO_REFUSE)
            return bad("type", rows[i].name, "has a history or undo that this Kith does not know",
                       e);
    }
    return KITH_OK;
}

static bool is_text_among(const kith_array *items, const char *key) {
    for (uint32_t i = 0; items && i < items->count; i++) {
        const kith_setting *s = &ROWS(*items, kith_setting)[i];
        if (strcmp(s->key, key) == 0)
            return s->kind == KITH_TEXT && ((s->flags & KITH_SF_REQUIRED) || s->default_text);
    }
    return false;
}

/* Over which type a condition is stands there, or in a text of the same group that is always given.
 */
static kith_status check_setting(const kith_setting *s, const kith_array *group, kith_error *e) {
    const uint32_t all = KITH_SF_REQUIRED | KITH_SF_SECRET | KITH_SF_RELOAD;
    TRY(check_flags(s->flags, all, "setting", s->key, e));
    if (!s->condition)
        return KITH_OK;
    if (s->kind != KITH_TEXT)
        return bad("setting", s->key, "is a condition and no text", e);
    if (s->condition[0] == '=' && !is_text_among(group, s->condition + 1))
        return bad("setting", s->key,
                   "is a condition over what a key of its group names, which is no text that is "
                   "always there",
                   e);
    return KITH_OK;
}

static kith_status copy_settings(kith_array *settings, struct arena *a, kith_error *e) {
    TRY(declare_rows(*settings, UP_TO(kith_setting, doc), sizeof(kith_setting), "settings", a,
                     settings, e));
    TRY(check_names(*settings, "settings", ".", e));
    kith_setting *rows = (kith_setting *)(uintptr_t)settings->items;
    for (uint32_t i = 0; i < settings->count; i++) {
        TRY(declare_rows(rows[i].items, UP_TO(kith_setting, doc), sizeof(kith_setting),
                         "settings in groups", a, &rows[i].items, e));
        TRY(check_names(rows[i].items, "settings in groups", "", e));
        TRY(check_setting(&rows[i], NULL, e));
        for (uint32_t k = 0; k < rows[i].items.count; k++)
            TRY(check_setting(&ROWS(rows[i].items, kith_setting)[k], &rows[i].items, e));
        if (strcmp(rows[i].key, "grant") == 0)
            return bad("setting", "grant", "has a name that Kith keeps for permissions", e);
    }
    return KITH_OK;
}

static kith_status copy_topics(kith_array *topics, struct arena *a, kith_error *e) {
    TRY(declare_rows(*topics, UP_TO(kith_topic, doc), sizeof(kith_topic), "topics", a, topics, e));
    TRY(check_names(*topics, "topics", ".", e));
    kith_topic *rows = (kith_topic *)(uintptr_t)topics->items;
    for (uint32_t i = 0; i < topics->count; i++) {
        if (!strchr(rows[i].name, '.'))
            return bad("topic", rows[i].name, "is not of the form TYPE.WHAT_HAPPENED", e);
        TRY(copy_fields(&rows[i].fields, "fields", rows[i].name, a, e));
    }
    return KITH_OK;
}

static kith_status copy_hooks(kith_array *hooks, struct arena *a, kith_error *e) {
    const uint32_t all = KITH_ON_CREATE | KITH_ON_UPDATE | KITH_ON_DELETE;
    TRY(declare_rows(*hooks, UP_TO(kith_hook, fields), sizeof(kith_hook), "hooks", a, hooks, e));
    TRY(check_names(*hooks, "hooks", "", e));
    kith_hook *rows = (kith_hook *)(uintptr_t)hooks->items;
    for (uint32_t i = 0; i < hooks->count; i++) {
        TRY(copy_texts(&rows[i].fields, "hook fields", a, e));
        if (!rows[i].type || !rows[i].fn)
            return bad("hook", rows[i].name, "names no type or no function", e);
        if (rows[i].priority > PRIORITY_MAX || rows[i].priority < -PRIORITY_MAX)
            return bad("hook", rows[i].name, "has a priority that is not from -1000 to 1000", e);
        if (!rows[i].on)
            return bad("hook", rows[i].name,
                       "is for no moment: say on which ones, as KITH_ON_CREATE", e);
        if ((rows[i].on & ~all) || rows[i].when > KITH_SETTLE)
            return bad("hook", rows[i].name, "asks for a moment that this Kith does not know", e);
        if (rows[i].except >> (KITH_ORIGIN_MERGE + 1) || rows[i].except & 1u)
            return bad("hook", rows[i].name, "excepts an origin that this Kith does not know", e);
    }
    return KITH_OK;
}

static kith_status copy_reactions(kith_array *reactions, struct arena *a, kith_error *e) {
    TRY(declare_rows(*reactions, UP_TO(kith_reaction, fields), sizeof(kith_reaction), "reactions",
                     a, reactions, e));
    TRY(check_names(*reactions, "reactions", "", e));
    kith_reaction *rows = (kith_reaction *)(uintptr_t)reactions->items;
    for (uint32_t i = 0; i < reactions->count; i++) {
        TRY(copy_texts(&rows[i].fields, "reaction fields", a, e));
        if (!rows[i].topic || !rows[i].fn)
            return bad("reaction", rows[i].name, "names no topic or no function", e);
        if (strcmp(rows[i].topic, "*") == 0 && (rows[i].where || rows[i].fields.count))
            return bad("reaction", rows[i].name, "to any topic has a condition or fields", e);
        TRY(check_flags(rows[i].flags, KITH_RF_UNDO, "reaction", rows[i].name, e));
    }
    return KITH_OK;
}

static kith_status copy_timers(kith_array *timers, struct arena *a, kith_error *e) {
    TRY(declare_rows(*timers, UP_TO(kith_timer, fn), sizeof(kith_timer), "timers", a, timers, e));
    TRY(check_names(*timers, "timers", "", e));
    for (uint32_t i = 0; i < timers->count; i++)
        if (!ROWS(*timers, kith_timer)[i].fn)
            return bad("timer", ROWS(*timers, kith_timer)[i].name, "names no function", e);
    return KITH_OK;
}

static kith_status copy_deliveries(kith_array *deliveries, struct arena *a, kith_error *e) {
    TRY(declare_rows(*deliveries, UP_TO(kith_delivery, fn), sizeof(kith_delivery), "deliveries", a,
                     deliveries, e));
    TRY(check_names(*deliveries, "deliveries", "", e));
    for (uint32_t i = 0; i < deliveries->count; i++)
        if (!ROWS(*deliveries, kith_delivery)[i].fn)
            return bad("delivery", ROWS(*deliveries, kith_delivery)[i].name, "names no function",
                       e);
    return KITH_OK;
}

static kith_status check_results(const kith_action *a, kith_error *e) {
    for (uint32_t i = 0; i < a->results.count; i++) {
        const char *name = ROWS(a->results, kith_field)[i].name;
        if (!strcmp(name, "transaction"))
            return bad("action", a->name,
                       "has a result 'transaction', which Kith adds to every answer", e);
        if (a->columns.count && !strcmp(name, "rows"))
            return bad("action", a->name,
                       "has columns and a result 'rows', under which Kith shows its rows", e);
    }
    return KITH_OK;
}

/* "application/pdf", "text/calendar; charset=utf-8": it stands in headers. */
static bool is_media_type(const char *type) {
    const char *slash = strchr(type, '/');
    for (const char *at = type; *at; at++)
        if (*at < 0x20 || *at == 0x7f)
            return false;
    return slash && slash > type && slash[1] && strlen(type) < 100;
}

/* What it answers with is told by its type alone: Kith names the results. */
static kith_status check_file(kith_action *a, kith_error *e) {
    if (!a->file)
        return KITH_OK;
    if (!is_media_type(a->file))
        return bad("action", a->name, "answers with a file of no media type", e);
    if (a->results.count || a->columns.count)
        return bad("action", a->name, "answers with a file, and so with no results or columns", e);
    if (a->effect != KITH_EFFECT_READ)
        return bad("action", a->name, "answers with a file, and so only reads", e);
    a->results = (kith_array)KITH_ARRAY(action_file_fields);
    return KITH_OK;
}

static kith_status copy_actions(kith_array *actions, struct arena *a, kith_error *e) {
    TRY(declare_rows(*actions, UP_TO(kith_action, results), sizeof(kith_action), "actions", a,
                     actions, e));
    TRY(check_names(*actions, "actions", "", e));
    kith_action *rows = (kith_action *)(uintptr_t)actions->items;
    for (uint32_t i = 0; i < actions->count; i++) {
        TRY(copy_fields(&rows[i].params, "parameters", rows[i].name, a, e));
        TRY(copy_fields(&rows[i].results, "results", rows[i].name, a, e));
        TRY(copy_fields(&rows[i].columns, "columns", rows[i].name, a, e));
        TRY(check_results(&rows[i], e));
        TRY(check_file(&rows[i], e));
        if (!rows[i].fn)
            return bad("action", rows[i].name, "names no function", e);
        if (rows[i].effect > KITH_EFFECT_EXTERNAL)
            return bad("action", rows[i].name, "has an effect that this Kith does not know", e);
        TRY(check_flags(rows[i].flags, KITH_AF_WHOLE, "action", rows[i].name, e));
    }
    return KITH_OK;
}

static kith_status copy_migrations(kith_plugin_desc *d, struct arena *a, kith_error *e) {
    TRY(declare_rows(d->migrations, UP_TO(kith_migration, to), sizeof(kith_migration), "migrations",
                     a, &d->migrations, e));
    for (uint32_t i = 0; i < d->migrations.count; i++) {
        const kith_migration *m = &ROWS(d->migrations, kith_migration)[i];
        bool of_type = m->kind == KITH_MIGRATE_RENAME_TYPE;
        bool retires = m->kind == KITH_MIGRATE_RETIRE_FIELD;
        if (!m->kind || m->kind > KITH_MIGRATE_RETIRE_FIELD)
            return err_set(e, KITH_E_UNSUPPORTED, NULL,
                           "row %u of its migrations is of kind %u, which is unknown", i, m->kind);
        if (!m->type || (!m->field && !of_type) || (!m->to && !retires))
            return err_set(e, KITH_E_INVAL, NULL, "row %u of its migrations lacks a name", i);
        if (!m->version || m->version > d->version)
            return err_set(e, KITH_E_INVAL, NULL,
                           "row %u of its migrations is for version %u, and the module's is %u", i,
                           m->version, d->version);
    }
    return KITH_OK;
}

static kith_status copy_others(kith_plugin_desc *d, struct arena *a, kith_error *e) {
    TRY(declare_rows(d->requirements, UP_TO(kith_require, min_version), sizeof(kith_require),
                     "requirements", a, &d->requirements, e));
    TRY(check_names(d->requirements, "requirements", "", e));
    for (uint32_t i = 0; i < d->requirements.count; i++) {
        const kith_require *r = &ROWS(d->requirements, kith_require)[i];
        TRY(check_flags(r->flags, KITH_REQ_OPTIONAL, "requirement", r->module, e));
    }
    TRY(declare_rows(d->permissions, UP_TO(kith_permission, name), sizeof(kith_permission),
                     "permissions", a, &d->permissions, e));
    TRY(check_names(d->permissions, "permissions", ":.*/-", e));
    for (uint32_t i = 0; i < d->permissions.count; i++) {
        const char *name = ROWS(d->permissions, kith_permission)[i].name;
        TRY(grant_known(GRANT_MODULES, str_of(name), e));
    }
    return copy_migrations(d, a, e);
}

/* -- the whole --------------------------------------------------------------------------------- */

static kith_status check_head(const kith_plugin_desc *d, kith_error *e) {
    if (d->abi_major != KITH_ABI_MAJOR)
        return err_set(e, KITH_E_UNSUPPORTED, NULL,
                       "it is built for plugin contract %u; this Kith speaks contract %u",
                       d->abi_major, KITH_ABI_MAJOR);
    if (d->min_host_minor > KITH_ABI_MINOR)
        return err_set(e, KITH_E_UNSUPPORTED, NULL,
                       "it needs plugin contract %u.%u; this Kith speaks %u.%u: use a newer Kith",
                       d->abi_major, d->min_host_minor, KITH_ABI_MAJOR, KITH_ABI_MINOR);
    if (!is_name(d->name, "") || !strcmp(d->name, "core") || !strcmp(d->name, "company"))
        return err_set(e, KITH_E_INVAL, NULL, "its name '%.40s' is no name for a module",
                       d->name ? d->name : "");
    if (!d->version)
        return err_set(e, KITH_E_INVAL, NULL, "its version is 0");
    if (!d->instance_size && d->wants.count)
        return err_set(e, KITH_E_INVAL, NULL,
                       "it wants what goes into its instance, and does not say how large that is");
    if (d->instance_size > INSTANCE_MAX)
        return err_set(e, KITH_E_INVAL, NULL, "its instance has %llu bytes; %u is the most",
                       (unsigned long long)d->instance_size, INSTANCE_MAX);
    if (!d->create && !d->instance_size &&
        (d->hooks.count || d->reactions.count || d->timers.count || d->actions.count ||
         d->deliveries.count))
        return err_set(e, KITH_E_INVAL, NULL, "it has callbacks and no create()");
    return KITH_OK;
}

static kith_status copy_reports(kith_array *reports, struct arena *a, kith_error *e) {
    TRY(declare_rows(*reports, UP_TO(kith_report, query), sizeof(kith_report), "reports", a,
                     reports, e));
    TRY(check_names(*reports, "reports", "", e));
    const kith_report *rows = ROWS(*reports, kith_report);
    for (uint32_t i = 0; i < reports->count; i++)
        if (!rows[i].query)
            return bad("report", rows[i].name, "has no query", e);
    return KITH_OK;
}

static kith_status copy_wants(kith_plugin_desc *d, struct arena *a, kith_error *e) {
    TRY(declare_rows(d->wants, UP_TO(kith_want, at), sizeof(kith_want), "wants", a, &d->wants, e));
    const kith_want *rows = ROWS(d->wants, kith_want);
    for (uint32_t i = 0; i < d->wants.count; i++) {
        if (!rows[i].what || rows[i].what > KITH_W_NUMBER)
            return err_set(e, KITH_E_UNSUPPORTED, NULL,
                           "row %u of its wants is of the sort %u, which this Kith does not know",
                           i, rows[i].what);
        if (!rows[i].name && rows[i].what != KITH_W_HOST)
            return err_set(e, KITH_E_INVAL, NULL, "row %u of its wants has no name", i);
    }
    return KITH_OK;
}

/* -- parts ------------------------------------------------------------------------------------- */

#define PART(rows)                                                                                 \
    { offsetof(kith_plugin_desc, rows), offsetof(kith_part, rows) }
#define PARTED_ALWAYS 2 /* a file of settings is good whatever else is enabled */
static const struct {
    size_t whole, part;
} parted[] = {
    PART(permissions), PART(settings),  PART(types),  PART(topics),
    PART(hooks),       PART(reactions), PART(timers), PART(actions),
    PART(deliveries),  PART(reports),   PART(wants),
};

static uint32_t rows_of(const kith_part *part, size_t array) {
    kith_array rows = {NULL, 0, 0};
    if (part->struct_size >= array + sizeof rows)
        memcpy(&rows, (const char *)part + array, sizeof rows);
    return rows.count;
}

uint32_t declare_part(const kith_plugin_desc *d, size_t array, uint32_t row) {
    const kith_part *const *parts = d->parts.items;
    size_t k = 0;
    while (k < sizeof parted / sizeof *parted && parted[k].whole != array)
        k++;
    if (k == sizeof parted / sizeof *parted)
        return 0;
    uint32_t part = d->parts.count, before = ((const kith_array *)((const char *)d + array))->count;
    while (part > 0 && (before -= rows_of(parts[part - 1], parted[k].part)) > row)
        part--;
    return part;
}

/* The rows of one behind those of the other. */
static kith_status append(kith_array *to, const kith_array *more, struct arena *a, kith_error *e) {
    if (!more->count)
        return KITH_OK;
    if (!to->count) {
        *to = *more;
        return KITH_OK;
    }
    if (to->stride != more->stride || to->count > ROWS_MAX || more->count > ROWS_MAX ||
        to->stride > STRUCT_MAX || !to->items || !more->items)
        return err_set(e, KITH_E_INVAL, NULL, "rows of its parts are no arrays of one kind");
    char *rows = arena_alloc(a, (size_t)(to->count + more->count) * to->stride);
    if (!rows)
        return err_nomem(e);
    memcpy(rows, to->items, (size_t)to->count * to->stride);
    memcpy(rows + (size_t)to->count * to->stride, more->items, (size_t)more->count * more->stride);
    *to = (kith_array){rows, to->stride, to->count + more->count};
    return KITH_OK;
}

/* Is a module among those that are listed, by name or by path? */
static bool is_listed(const struct plugins_options *o, kith_str module) {
    for (size_t i = 0; i < o->name_count; i++) {
        const char *slash = strrchr(o->names[i], '/'), *name = slash ? slash + 1 : o->names[i];
        if (strncmp(name, module.ptr, module.len) == 0 &&
            (!name[module.len] || strcmp(name + module.len, ".so") == 0))
            return true;
    }
    return false;
}

static bool is_required(const kith_plugin_desc *d, kith_str module) {
    for (uint32_t i = 0; d->requirements.items && i < d->requirements.count; i++) {
        const char *row = (const char *)d->requirements.items + (size_t)i * d->requirements.stride;
        if (str_eqz(module, ((const kith_require *)(const void *)row)->module))
            return true;
    }
    return false;
}

/* Are all modules enabled that this part is for? */
static kith_status is_wanted(const kith_plugin_desc *d, const kith_part *part,
                             const struct plugins_options *o, bool *wanted, kith_error *e) {
    kith_str rest = str_of(part->module ? part->module : ""), name;
    *wanted = true;
    while (rest.len && str_split(&rest, ',', &name)) {
        *wanted &= !o || is_listed(o, name);
        if (!is_required(d, name))
            return err_set(e, KITH_E_INVAL, NULL,
                           "a part of it is for the module '%.*s', which is not among its"
                           " requirements",
                           (int)name.len, name.ptr);
    }
    return KITH_OK;
}

/* Those that are there stay in its list. */
static kith_status join_parts(kith_plugin_desc *d, const struct plugins_options *o, struct arena *a,
                              kith_error *e) {
    TRY(declare_rows(d->parts, sizeof(kith_part *), sizeof(kith_part *), "parts", a, &d->parts, e));
    uint32_t there = 0;
    for (uint32_t i = 0; i < d->parts.count; i++) {
        const kith_part *from = ROWS(d->parts, kith_part *)[i];
        kith_part part = {0};
        if (!from || !contract_size(from->struct_size, UP_TO(kith_part, reports)))
            return err_set(e, KITH_E_INVAL, NULL,
                           "part %u of it has %u bytes, which no version of the contract has: set "
                           "struct_size to its sizeof",
                           i, from ? from->struct_size : 0);
        bool wanted;
        memcpy(&part, from, from->struct_size < sizeof part ? from->struct_size : sizeof part);
        TRY(is_wanted(d, &part, o, &wanted, e));
        for (size_t k = 0; k < (wanted ? sizeof parted / sizeof *parted : PARTED_ALWAYS); k++)
            TRY(append((kith_array *)((char *)d + parted[k].whole),
                       (const kith_array *)((const char *)&part + parted[k].part), a, e));
        if (part.begin && !d->instance_size)
            return err_set(e, KITH_E_INVAL, NULL,
                           "part %u of it begins with an instance, which has no instance_size", i);
        if (wanted)
            ((const kith_part **)(uintptr_t)d->parts.items)[there++] = from;
    }
    d->parts.count = there;
    return KITH_OK;
}

kith_status declare_copy(const kith_plugin_desc *from, const struct plugins_options *o,
                         struct arena *a, kith_plugin_desc *out, kith_error *e) {
    uint32_t size = from->struct_size;
    *out = (kith_plugin_desc){0};
    if (!contract_size(size, UP_TO(kith_plugin_desc, destroy)))
        return err_set(e, KITH_E_INVAL, NULL,
                       "its description has %u bytes, which no version of the contract has: begin "
                       "it with KITH_HEAD, or set struct_size to its sizeof",
                       size);
    memcpy(out, from, size < sizeof *out ? size : sizeof *out);
    TRY(join_parts(out, o, a, e));
    TRY(check_head(out, e));
    TRY(copy_others(out, a, e));
    TRY(copy_settings(&out->settings, a, e));
    const struct settings_owner owner = {.module = out->name, .settings = out->settings};
    TRY(settings_can_declare(&owner, e));
    TRY(copy_types(&out->types, a, e));
    TRY(copy_topics(&out->topics, a, e));
    TRY(copy_hooks(&out->hooks, a, e));
    TRY(copy_reactions(&out->reactions, a, e));
    TRY(copy_timers(&out->timers, a, e));
    TRY(copy_deliveries(&out->deliveries, a, e));
    TRY(copy_reports(&out->reports, a, e));
    TRY(copy_wants(out, a, e));
    return copy_actions(&out->actions, a, e);
}
