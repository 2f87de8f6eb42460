/* SPDX-License-Identifier: Apache-2.0 */
/* kith rule stubs: writes what an editor with a language server for Lua needs to complete rules and
 * to tell what is in them, as this company's types are. */
#include "base/file.h"
#include "cli/show.h"
#include "cli/stubs.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct writing {
    struct cmd *c;
    struct company *company;
    struct stubs s;
    const char *folder;
};

/* -- events and actions ------------------------------------------------------------------------ */

static kith_status print_rules(struct writing *w, kith_error *e) {
    const kith_topic *t;
    const char *owner;
    struct stubs_topic *topics = NULL;
    size_t count = 0, cap = 0;
    for (; (t = company_topic(w->company, count, &owner)); count++) {
        topics = arena_grow(w->s.arena, topics, count, &cap, sizeof *topics);
        if (!topics)
            return err_nomem(e);
        topics[count] = (struct stubs_topic){.name = t->name, .doc = t->doc};
        TRY(schema_fields(w->s.schema, w->s.arena, owner, t->fields, &topics[count].fields,
                          &topics[count].field_count, e));
    }
    stubs_rules(&w->s, topics, count);
    return KITH_OK;
}

/* name: with its module and a dot. Either may be a reserved word of Lua. */
static kith_status print_action(struct writing *w, const char *module, const char *name,
                                const kith_action *a, kith_error *e) {
    struct rfield *const *params, *const *results, *const *columns;
    uint32_t param_count, result_count, column_count;
    struct buf *out = w->s.out;
    TRY(schema_fields(w->s.schema, w->s.arena, module, a->params, &params, &param_count, e));
    TRY(schema_fields(w->s.schema, w->s.arena, module, a->results, &results, &result_count, e));
    TRY(schema_fields(w->s.schema, w->s.arena, module, a->columns, &columns, &column_count, e));
    stubs_class(&w->s, "arguments", name, params, param_count, true, false);
    stubs_results(&w->s, name, results, result_count, columns, column_count);
    stubs_comment(&w->s, a->doc);
    buf_printf(out, "---@param arguments%s arguments.%s\n---@return results.%s\n",
               param_count ? "" : "?", name, name);
    const char *dot = strchr(name, '.');
    buf_printf(out, "action[\"%.*s\"][\"%s\"] = function(arguments) end\n\n", (int)(dot - name),
               name, dot + 1);
    return KITH_OK;
}

/* The table of a module, before the first of its actions. */
static void print_module(struct writing *w, const char *name, const char **before) {
    const char *dot = strchr(name, '.');
    size_t len = dot ? (size_t)(dot - name) : 0;
    if (dot && (!*before || strncmp(*before, name, len + 1) != 0))
        buf_printf(w->s.out, "---@class actions.%.*s\naction[\"%.*s\"] = {}\n\n", (int)len, name,
                   (int)len, name);
    *before = name;
}

static kith_status print_actions(struct writing *w, kith_error *e) {
    const struct own_action *own;
    const char *before = NULL;
    buf_puts(w->s.out, "---The actions of modules.\n---@class actions\naction = {}\n\n");
    for (size_t i = 0; (own = company_own_action(i)); i++) {
        const kith_action a = {.doc = own->doc,
                               .params = own->params,
                               .results = own->results,
                               .columns = own->columns};
        print_module(w, own->name, &before);
        TRY(print_action(w, "core", own->name, &a, e));
    }
    for (size_t i = 0; i < plugins_count(w->company->plugins); i++) {
        const kith_plugin_desc *d = plugins_declared(w->company->plugins, i);
        const kith_action *actions = d->actions.items;
        for (uint32_t k = 0; k < d->actions.count; k++) {
            const char *name = arena_printf(w->s.arena, "%s.%s", d->name, actions[k].name);
            if (!name)
                return err_nomem(e);
            print_module(w, name, &before);
            TRY(print_action(w, d->name, name, &actions[k], e));
        }
    }
    return KITH_OK;
}

static kith_status print_words(struct writing *w, kith_error *e) {
    (void)e;
    stubs_words(&w->s);
    return KITH_OK;
}

static kith_status print_types(struct writing *w, kith_error *e) {
    (void)e;
    stubs_types(&w->s);
    return KITH_OK;
}

/* -- files ------------------------------------------------------------------------------------- */

static const struct file {
    const char *name;
    kith_status (*print)(struct writing *w, kith_error *e);
} files[] = {{"library/words.lua", print_words},
             {"library/types.lua", print_types},
             {"library/rules.lua", print_rules},
             {"library/actions.lua", print_actions}};

/* The libraries of Lua itself are among the stubs, as far as rules have them. */
static const char settings[] =
    "{\n"
    "  \"runtime.version\": \"Lua 5.4\",\n"
    "  \"runtime.path\": [\"lib/?.lua\", \"rules/lib/?.lua\"],\n"
    "  \"runtime.builtin\": {\n"
    "    \"basic\": \"disable\", \"bit\": \"disable\", \"bit32\": \"disable\", \"coroutine\": "
    "\"disable\",\n"
    "    \"debug\": \"disable\", \"ffi\": \"disable\", \"io\": \"disable\", \"jit\": \"disable\",\n"
    "    \"math\": \"disable\", \"os\": \"disable\", \"package\": \"disable\", \"string\": "
    "\"disable\",\n"
    "    \"table\": \"disable\", \"utf8\": \"disable\"\n"
    "  },\n"
    "  \"workspace.library\": [\"library\"],\n"
    "  \"workspace.checkThirdParty\": false\n"
    "}\n";

static kith_status make_folder(struct cmd *c, const char *folder, const char *below,
                               kith_error *e) {
    const char *path = *below ? arena_printf(&c->arena, "%s/%s", folder, below) : folder;
    if (!path)
        return err_nomem(e);
    return mkdir(path, 0777) == 0 || errno == EEXIST ? KITH_OK
                                                     : err_errno(e, "make the folder", path);
}

static kith_status write_stub(struct writing *w, const struct file *f, kith_error *e) {
    struct buf b = {0};
    const char *path = arena_printf(&w->c->arena, "%s/%s", w->folder, f->name);
    w->s.out = &b;
    buf_puts(&b,
             "---@meta\n-- Written by 'kith rule stubs', which writes it anew: do not change it."
             "\n\n");
    kith_status st = path ? f->print(w, e) : err_nomem(e);
    if (st == KITH_OK)
        st = b.failed ? err_nomem(e) : file_replace(path, buf_view(&b), 0666, e);
    buf_free(&b);
    return st;
}

/* Whoever has changed the settings keeps them. */
static kith_status write_settings(struct writing *w, bool *kept, kith_error *e) {
    struct buf there = {0};
    const char *path = arena_printf(&w->c->arena, "%s/.luarc.json", w->folder);
    if (!path)
        return err_nomem(e);
    *kept = access(path, F_OK) == 0 && (file_read(path, 1 << 20, &there, NULL) != KITH_OK ||
                                        !str_eqz(buf_view(&there), settings));
    buf_free(&there);
    return *kept ? KITH_OK : file_replace(path, str_of(settings), 0666, e);
}

static kith_status write_files(struct writing *w, kith_error *e) {
    bool kept = false;
    TRY(company_schema(w->company, &w->s.schema, e));
    TRY(make_folder(w->c, w->folder, "", e));
    TRY(make_folder(w->c, w->folder, "library", e));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        TRY(write_stub(w, &files[i], e));
    TRY(write_settings(w, &kept, e));
    if (kept)
        io_say(w->c->io, "%s/.luarc.json is another one already, and was left as it is", w->folder);
    if (!w->c->json) {
        io_puts(w->c->io, "Written. Open this folder in an editor with lua-language-server: ");
        io_text(w->c->io, str_of(w->folder));
        io_puts(w->c->io, "\n");
    }
    return KITH_OK;
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct settings_problems problems = {0};
    struct writing w = {.c = c, .s = {.arena = &c->arena}};
    w.folder = c->arg_count ? c->args[0] : arena_printf(&c->arena, "%s/rules", c->dir);
    if (!w.folder)
        return err_nomem(e);
    kith_status st = company_read(&w.company, c->program, c->dir, &problems, e);
    if (st == KITH_OK)
        st = write_files(&w, e);
    company_close(w.company);
    settings_problems_free(&problems);
    return st;
}

const struct command command_rule_stubs = {
    .name = "rule stubs",
    .args = "[FOLDER]",
    .help = "write what an editor needs to complete rules and to explain them, with all types",
    .more =
        "  kith rule stubs\n  kith rule stubs .\n\nIt writes .luarc.json and library/*.lua, for "
        "lua-language-server, into the folder rules or\nanother one. Do so again after the "
        "types or the modules have changed.",
    .needs = NEEDS_FOLDER,
    .open = true,
    .args_max = 1,
    .run = run,
};
