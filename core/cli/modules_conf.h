/* SPDX-License-Identifier: Apache-2.0 */
/* Modules conf: a file of settings that the program writes, conf.d/modules.conf: which
 * modules are enabled, and what each is permitted. */
#ifndef CLI_MODULES_CONF_H
#define CLI_MODULES_CONF_H

#include "cli/company.h"

#define GRANTS_MAX 64 /* of one module */
struct module_entry {
    const char *name;   /* as enabled: a name, or the path of a file */
    const char *module; /* as the module calls itself */
    const char *grants[GRANTS_MAX];
    size_t grant_count;
};
struct modules_conf {
    struct module_entry items[MODULES_MAX];
    size_t count;
};

/* What is there now. KITH_E_CONFLICT: modules.enabled is set in another file, which then is the one
 * to change. Texts are copied to the arena. */
kith_status modules_conf_read(struct modules_conf *conf, const struct company *company,
                              struct arena *a, kith_error *e);
/* Is it set in another file than this one? */
bool modules_conf_elsewhere(const struct setting *s);
/* The module of that name, added when it was not there; NULL: too many. */
struct module_entry *modules_conf_add(struct modules_conf *conf, const char *name);
/* By the name it is enabled by, or how it calls itself; NULL: not there. */
struct module_entry *modules_conf_find(struct modules_conf *conf, const char *name);
void modules_conf_remove(struct modules_conf *conf, struct module_entry *entry);
size_t modules_conf_names(const struct modules_conf *conf, const char *names[MODULES_MAX]);
kith_status modules_conf_write(const struct modules_conf *conf, const char *dir, kith_error *e);

#endif
