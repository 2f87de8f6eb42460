/* SPDX-License-Identifier: Apache-2.0 */
/* Modules conf: reads and writes conf.d/modules.conf. */
#include "cli/modules_conf.h"
#include "cli/conf_file.h"
#include <string.h>

#define MODULES_FILE "conf.d/modules.conf"

/* -- in ------------------------------------------------------------------------------------------
 */

bool modules_conf_elsewhere(const struct setting *s) {
    return s->file && strcmp(s->file, MODULES_FILE) != 0;
}

/* How the module behind an enabled name calls itself. */
static const char *declared_name(const struct company *company, const char *name) {
    for (size_t i = 0; i < plugins_count(company->plugins); i++) {
        struct plugin_status s;
        plugins_status(company->plugins, i, &s);
        if (strcmp(s.path, name) == 0)
            return s.name;
    }
    return name;
}

/* Grants that somebody set in another file stay there. */
static void read_grants(struct module_entry *entry, const struct settings *s, struct arena *a) {
    const struct setting *grant = settings_find(s, entry->module, "grant");
    if (!grant || modules_conf_elsewhere(grant))
        return;
    size_t count = settings_count(s, entry->module, "grant");
    for (size_t i = 0; i < count && i < GRANTS_MAX; i++) {
        kith_value v = settings_item(s, entry->module, "grant", i, NULL);
        entry->grants[entry->grant_count++] = arena_strdup(a, v.as.s.ptr);
    }
}

kith_status modules_conf_read(struct modules_conf *conf, const struct company *company,
                              struct arena *a, kith_error *e) {
    const struct settings *s = company->settings;
    const struct setting *enabled = settings_find(s, "", "modules.enabled");
    if (enabled && modules_conf_elsewhere(enabled))
        return err_set(e, KITH_E_CONFLICT, NULL, "modules.enabled is set at %s:%d: change it there",
                       enabled->file, enabled->line);
    size_t count = settings_count(s, "", "modules.enabled");
    for (size_t i = 0; i < count && i < MODULES_MAX; i++) {
        struct module_entry *entry = &conf->items[conf->count++];
        entry->name = arena_strdup(a, settings_item(s, "", "modules.enabled", i, NULL).as.s.ptr);
        entry->module = arena_strdup(a, declared_name(company, entry->name));
        if (!entry->name || !entry->module)
            return err_nomem(e);
        read_grants(entry, s, a);
    }
    return KITH_OK;
}

struct module_entry *modules_conf_find(struct modules_conf *conf, const char *name) {
    for (struct module_entry *entry = conf->items; entry < conf->items + conf->count; entry++)
        if (strcmp(entry->name, name) == 0 || strcmp(entry->module, name) == 0)
            return entry;
    return NULL;
}

/* "sales", and "/opt/vendor/sales.so". */
static bool is_of(const char *name, const char *module) {
    const char *slash = strrchr(name, '/'), *file = slash ? slash + 1 : name;
    size_t len = strlen(module);
    return strncmp(file, module, len) == 0 && (!file[len] || strcmp(file + len, ".so") == 0);
}

/* A path is where it comes from from now on; a name leaves that as it is. */
struct module_entry *modules_conf_add(struct modules_conf *conf, const char *name) {
    size_t i = 0;
    while (i < conf->count && strcmp(conf->items[i].name, name) != 0 &&
           !is_of(name, conf->items[i].module))
        i++;
    if (i == MODULES_MAX)
        return NULL;
    if (i == conf->count)
        conf->items[conf->count++] = (struct module_entry){.name = name, .module = name};
    else if (strchr(name, '/'))
        conf->items[i].name = name;
    return &conf->items[i];
}

void modules_conf_remove(struct modules_conf *conf, struct module_entry *entry) {
    const struct module_entry *end = conf->items + conf->count--;
    memmove(entry, entry + 1, (size_t)(end - entry - 1) * sizeof *entry);
}

size_t modules_conf_names(const struct modules_conf *conf, const char *names[MODULES_MAX]) {
    for (size_t i = 0; i < conf->count; i++)
        names[i] = conf->items[i].name;
    return conf->count;
}

/* -- out ------------------------------------------------------------------------------------------
 */

static void put_conf(struct buf *b, const struct modules_conf *conf) {
    buf_puts(b, "# Written by 'kith module enable' and 'kith module disable'.\n"
                "modules: { enabled = [");
    for (size_t i = 0; i < conf->count; i++)
        conf_quoted(b, i == 0, conf->items[i].name);
    buf_puts(b, "]; };\n");
    for (size_t i = 0; i < conf->count; i++) {
        const struct module_entry *entry = &conf->items[i];
        if (entry->grant_count == 0)
            continue;
        buf_printf(b, "%s: { grant = [", entry->module);
        for (size_t k = 0; k < entry->grant_count; k++)
            conf_quoted(b, k == 0, entry->grants[k]);
        buf_puts(b, "]; };\n");
    }
}

kith_status modules_conf_write(const struct modules_conf *conf, const char *dir, kith_error *e) {
    struct buf b = {0};
    put_conf(&b, conf);
    kith_status st = conf_replace(dir, MODULES_FILE, &b, e);
    buf_free(&b);
    return st;
}
