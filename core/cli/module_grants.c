/* SPDX-License-Identifier: Apache-2.0 */
/* Module grants: see module_grants.h. */
#include "cli/module_grants.h"
#include "base/file.h"
#include "engine/conf_edit.h"
#include "engine/grant.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX 4194304 /* bytes: more is no file of settings */

/* -- what it asks for -------------------------------------------------------------------------- */

kith_status module_asks_for(struct cmd *c, const char *path, struct asked_for *out, kith_error *e) {
    struct buf text = {0};
    json_t *module = NULL, *permission;
    size_t i;
    out->count = 0;
    kith_status st = plugin_inspect(path, true, &text, e);
    if (st == KITH_OK)
        st = json_read(buf_view(&text), &module, e);
    json_array_foreach(json_object_get(module, "permissions"), i, permission) {
        const char *name = json_string_value(json_object_get(permission, "name"));
        const char *doc = json_string_value(json_object_get(permission, "doc"));
        if (!name || out->count == GRANTS_MAX)
            continue;
        out->names[out->count] = arena_strdup(&c->arena, name);
        out->docs[out->count] = arena_strdup(&c->arena, doc ? doc : "");
        if (!out->names[out->count] || !out->docs[out->count])
            st = err_nomem(e);
        else
            out->count++;
    }
    json_decref(module);
    buf_free(&text);
    return st;
}

void module_may(struct cmd *c, const char *name, const char *doc) {
    if (!c->json)
        io_printf(c->io, "It may %s: %s\n", name, doc);
}

/* -- what it has not --------------------------------------------------------------------------- */

static bool is_covered(const kith_value *grants, const char *name) {
    const char *colon = strchr(name, ':');
    char kind[32];
    if (!colon || (size_t)(colon - name) >= sizeof kind || grants->kind != KITH_LIST)
        return false;
    (void)snprintf(kind, sizeof kind, "%.*s", (int)(colon - name), name);
    return grants_cover(grants, kind, colon + 1) ||
           (strcmp(kind, "read") == 0 && grants_cover(grants, "write", colon + 1));
}

static void find_missing(const struct setting *grant, const struct asked_for *asked,
                         struct asked_for *out) {
    out->count = 0;
    for (size_t i = 0; i < asked->count; i++) {
        if (is_covered(&grant->value, asked->names[i]))
            continue;
        out->names[out->count] = asked->names[i];
        out->docs[out->count++] = asked->docs[i];
    }
}

static void say_missing(struct cmd *c, const char *module, const struct asked_for *missing) {
    for (size_t i = 0; i < missing->count && !c->json; i++)
        io_printf(c->io, "It also asks for %s: %s\n", missing->names[i], missing->docs[i]);
    if (missing->count && !c->json)
        io_printf(c->io, "'kith module enable %s --grants' adds %s there.\n", module,
                  missing->count == 1 ? "it" : "them");
}

/* -- giving it --------------------------------------------------------------------------------- */

/* Through a link, and with the mode that the file has. */
static kith_status write_file(const char *path, const struct buf *text, kith_error *e) {
    struct stat s;
    char *target = realpath(path, NULL);
    if (!target || stat(target, &s) != 0) {
        free(target);
        return err_errno(e, "open", path);
    }
    kith_status st = text->failed
                         ? err_nomem(e)
                         : file_replace(target, buf_view(text), (uint32_t)(s.st_mode & 0777), e);
    free(target);
    return st;
}

static kith_status add_missing(struct cmd *c, const char *module, const struct setting *grant,
                               const struct asked_for *missing, kith_error *e) {
    const char *path = arena_printf(&c->arena, "%s/%s", c->dir, grant->file);
    struct buf before = {0}, after = {0};
    if (!path)
        return err_nomem(e);
    kith_status st = file_read(path, FILE_MAX, &before, e);
    if (st == KITH_OK)
        st = conf_extend(buf_view(&before), module, "grant", missing->names, missing->count, &after,
                         e);
    for (size_t i = 0; st == KITH_OK && i < missing->count; i++)
        module_may(c, missing->names[i], missing->docs[i]);
    if (st == KITH_OK)
        st = write_file(path, &after, e);
    buf_free(&before);
    buf_free(&after);
    return st;
}

kith_status module_grants_elsewhere(struct cmd *c, const char *module,
                                    const struct asked_for *asked, bool add, bool *elsewhere,
                                    kith_error *e) {
    struct settings_problems problems = {0};
    struct company *company = NULL;
    struct asked_for *missing = ARENA_NEW(&c->arena, struct asked_for);
    kith_status st = missing ? KITH_OK : err_nomem(e);
    company_read(&company, c->program, c->dir, &problems, NULL);
    settings_problems_free(&problems);
    const struct setting *grant =
        company && company->settings ? settings_find(company->settings, module, "grant") : NULL;
    *elsewhere = grant && modules_conf_elsewhere(grant);
    if (st == KITH_OK && *elsewhere) {
        if (!c->json)
            io_printf(c->io, "What it may is set at %s:%d.\n", grant->file, grant->line);
        find_missing(grant, asked, missing);
        if (add && missing->count)
            st = add_missing(c, module, grant, missing, e);
        else
            say_missing(c, module, missing);
    }
    company_close(company);
    return st;
}
