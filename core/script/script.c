/* SPDX-License-Identifier: Apache-2.0 */
/* Script: finds the rule files, loads each into a state of its own, and collects what is wrong with
 * them. */
#include "script/flow_internal.h"

#include "base/file.h"
#include "base/log.h"
#include "script/syntax.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- problems ---------------------------------------------------------------------------------- */

static void keep(struct ruleset *set, const struct script_problem *problem,
                 struct problem ***tail) {
    struct problem *p = ARENA_NEW(&set->arena, struct problem);
    if (!p)
        return;
    p->p = *problem;
    p->p.message = arena_strdup(&set->arena, problem->message);
    p->p.file = arena_strdup(&set->arena, problem->file);
    **tail = p;
    *tail = &p->next;
}

void set_problem(struct ruleset *set, const struct script_problem *problem) {
    set->mistakes += !problem->absent;
    keep(set, problem, &set->problems_tail);
}

void set_finding(struct ruleset *set, const struct script_problem *problem) {
    set->warnings += problem->warning;
    set->faults += !problem->warning && !problem->absent;
    keep(set, problem, &set->findings_tail);
}

void script_problem(struct script *s, uint32_t line, const char *fmt, ...) {
    char text[sizeof((kith_error *)0)->message];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    s->problems++;
    if (s->pinned || s->trial) {
        s->fault = s->fault ? s->fault : arena_strdup(&s->arena, text);
        return;
    }
    set_problem(s->set, &(struct script_problem){
                            .file = s->file, .line = line, .message = text, .absent = s->absent});
}

/* "rules/score.lua:12: text" of this file gives its line a place of its own. */
static void problem_from(struct script *s, const char *message) {
    size_t len = strlen(s->file);
    char *end = NULL;
    if (strncmp(message, s->file, len) == 0 && message[len] == ':') {
        unsigned long line = strtoul(message + len + 1, &end, 10);
        if (strncmp(end, ": ", 2) == 0) {
            script_problem(s, (uint32_t)line, "%s", end + 2);
            return;
        }
    }
    bool named = strncmp(message, s->file, len) == 0 && strncmp(message + len, ": ", 2) == 0;
    script_problem(s, 0, "%s", named ? message + len + 2 : message);
}

const char *script_place(struct arena *a, const struct script_problem *p) {
    const char *place = p->line ? arena_printf(a, "%s:%u", p->file, (unsigned)p->line) : p->file;
    return place ? place : p->file;
}

/* -- files ------------------------------------------------------------------------------------- */

/* For those who look at it while it is being loaded; a workflow's is kept with the runs that it
 * begins. */
static bool keep_text(struct script *s, const char *name, kith_str text) {
    struct arena *a = s->flows ? &s->arena : &s->set->texts;
    struct flow_source *c = s->pinned ? s->sources : ARENA_NEW(a, struct flow_source);
    if (!c || s->pinned)
        return c != NULL;
    *c = (struct flow_source){arena_strdup(a, name), arena_str(a, text), s->sources};
    s->sources = c;
    return c->name && c->text.ptr;
}

static kith_status read_source(struct script *s, const char *name, kith_str *text, kith_error *e) {
    for (const struct flow_source *f = s->pinned ? s->sources : NULL; f; f = f->next)
        if (strcmp(f->name, name) == 0) {
            *text = f->text;
            return KITH_OK;
        }
    if (s->pinned)
        return err_set(e, KITH_E_NOTFOUND, NULL, "%s is not kept of that version", name);
    const struct script_focus *focus = &s->all->options.focus;
    if (focus->text.ptr && strcmp(name, focus->file) == 0) {
        *text = focus->text;
        return KITH_OK;
    }
    char *path = arena_printf(&s->arena, "%s/%s", s->all->dir, name);
    if (!path)
        return err_nomem(e);
    buf_reset(&s->scratch);
    TRY(file_read(path, SCRIPT_FILE_MAX, &s->scratch, e));
    *text = buf_view(&s->scratch);
    return KITH_OK;
}

/* As an editor on Windows may save it: a mark in front of the text is passed over, sixteen bits for
 * each character are refused. */
static kith_status take_encoding(kith_str *text, kith_error *e) {
    if (str_starts(*text, "\xEF\xBB\xBF"))
        *text = (kith_str){text->ptr + 3, text->len - 3};
    if (str_starts(*text, "\xFF\xFE") || str_starts(*text, "\xFE\xFF"))
        return err_set(e, KITH_E_INVAL, NULL,
                       "the file is saved as UTF-16: have the editor save it as UTF-8");
    return KITH_OK;
}

int raise_syntax(lua_State *L, const char *name, kith_str text) {
    struct arena *a = &script_of(L)->arena;
    struct arena_mark mark = arena_mark(a);
    struct syntax syntax;
    const char *why = syntax_parse(&syntax, a, text) ? NULL : syntax_explain(&syntax, a, text);
    if (why)
        lua_pushfstring(L, "%s:%d: %s", name, (int)syntax.error_line, why);
    arena_release(a, mark);
    return lua_error(L);
}

/* Compiles the file <dir>/<name> and leaves its function on the stack. */
static void load_chunk(lua_State *L, const char *name) {
    struct script *s = script_of(L);
    kith_error e = KITH_ERROR_INIT;
    kith_str text;
    if (read_source(s, name, &text, &e) != KITH_OK || take_encoding(&text, &e) != KITH_OK)
        raise_error(L, &e);
    unsigned char before[sizeof s->digest];
    memcpy(before, s->digest, sizeof before);
    crypto_generichash(s->digest, sizeof s->digest, (const unsigned char *)text.ptr, text.len,
                       before, sizeof before);
    charge(L, (lua_Integer)text.len);
    if (!keep_text(s, name, text))
        raisef(L, "no memory");
    if (text.ptr && memmem(text.ptr, text.len, "_ENV", 4)) /* Lua 5.4.4 can mistranslate it */
        raisef(L, "%s: '_ENV' cannot be used in rules", name);
    const char *chunk = lua_pushfstring(L, "@%s", name);
    if (luaL_loadbufferx(L, text.ptr ? text.ptr : "", text.len, chunk, "t") != LUA_OK)
        raise_syntax(L, name, text);
    environment_push(L);
    lua_setupvalue(L, -2, 1);
    lua_remove(L, -2);
}

/* Upvalue: what was required already, by name; false while it is being loaded. */
static int require(lua_State *L) {
    size_t len;
    const char *name = luaL_checklstring(L, 1, &len);
    if (script_of(L)->frame->txn)
        return raisef(L, REQUIRE_AT_TOP);
    if (!len || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != len)
        return raisef(L, "require: '%s' is no name of a file in rules/lib: use a-z, 0-9 and _",
                      name);
    lua_settop(L, 1);
    lua_pushvalue(L, 1);
    if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TBOOLEAN && !lua_toboolean(L, 2))
        return raisef(L, "require: '%s' requires itself", name);
    if (!lua_isnil(L, 2))
        return 1;
    lua_pushvalue(L, 1);
    lua_pushboolean(L, false);
    lua_rawset(L, lua_upvalueindex(1));
    load_chunk(L, lua_pushfstring(L, "rules/lib/%s.lua", name));
    lua_call(L, 0, 1);
    if (lua_isnil(L, -1) || lua_isboolean(L, -1)) {
        lua_pushboolean(L, true);
        lua_replace(L, -2);
    }
    lua_pushvalue(L, 1);
    lua_pushvalue(L, -2);
    lua_rawset(L, lua_upvalueindex(1));
    return 1;
}

void lib_require_open(lua_State *L, int globals) {
    lua_createtable(L, 0, 4);
    lua_pushcclosure(L, require, 1);
    lua_setfield(L, globals, "require");
}

static int load_main(lua_State *L) {
    load_chunk(L, script_of(L)->file);
    lua_call(L, 0, 0);
    return 0;
}

void script_unload(struct script *s) {
    if (s->acting)
        acting_free(s->acting);
    s->acting = NULL;
    sandbox_close(s);
    map_free(&s->queries);
    buf_free(&s->scratch);
    json_decref(s->json);
    s->json = NULL;
    arena_free(&s->arena);
    s->rules = NULL;
    s->tests = NULL;
}

struct script *script_named(const struct ruleset *set, const char *file) {
    struct script *s = set->files;
    while (s && strcmp(s->file, file) != 0)
        s = s->next;
    return s;
}

static struct script *script_make(struct ruleset *set, const char *file) {
    struct script *s = ARENA_NEW(&set->arena, struct script);
    if (!s || !(s->file = arena_strdup(&set->arena, file)))
        return NULL;
    s->all = set->all;
    s->set = set;
    s->rules_tail = &s->rules;
    s->tests_tail = &s->tests;
    s->flows = str_starts(str_of(file), WORKFLOWS "/");
    return s;
}

/* Fails only for want of memory; what is wrong with the file becomes a problem. */
static kith_status script_load(struct script *s, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    struct frame f;
    TRY(rights_take(s, e));
    TRY(sandbox_open(s, e));
    frame_begin(s, &f, NULL, NULL);
    if (sandbox_call(s, load_main, NULL, &why) != KITH_OK)
        problem_from(s, why.message);
    else if (s->unfinished)
        script_problem(s, s->unfinished_line, "this rule has no function");
    frame_end(s, &f);
    sodium_bin2hex(s->version, sizeof s->version, s->digest, (sizeof s->version - 1) / 2);
    return KITH_OK;
}

static kith_status load_file(struct ruleset *set, const char *file, kith_error *e) {
    struct script *s = file ? script_make(set, file) : NULL;
    if (!s)
        return err_nomem(e);
    *set->files_tail = s;
    set->files_tail = &s->next;
    return script_load(s, e);
}

kith_status script_for_trial(struct ruleset *set, const char *file, struct trial *t,
                             struct script **out, kith_error *e) {
    struct script *s = *out = script_make(set, file);
    if (!s)
        return err_nomem(e);
    s->trial = t;
    return script_load(s, e);
}

/* -- earlier versions -------------------------------------------------------------------------- */

static kith_status load_pinned(struct ruleset *set, struct conn *c, const char *file,
                               const char *version, struct script **out, kith_error *e) {
    struct script *s = *out = script_make(set, file);
    if (!s)
        return err_nomem(e);
    s->pinned = true;
    s->next = set->pinned;
    set->pinned = s;
    TRY(flow_source_read(c, version, &s->arena, &s->sources, e));
    TRY(script_load(s, e));
    if (!s->problems && strcmp(s->version, version) != 0)
        s->fault = "its source is not what it was";
    return KITH_OK;
}

kith_status script_pinned(struct ruleset *set, struct conn *c, const char *file,
                          const char *version, struct script **out, kith_error *e) {
    struct script *s = set->pinned;
    while (s && (strcmp(s->file, file) != 0 || strcmp(s->version, version) != 0))
        s = s->next;
    *out = s;
    if (!s)
        TRY(load_pinned(set, c, file, version, out, e));
    if (!(*out)->fault)
        return KITH_OK;
    return err_set(e, KITH_E_INVAL, NULL,
                   "%s in the version %s, with which the run began, does not run here: %s", file,
                   version, (*out)->fault);
}

static int is_rule_file(const struct dirent *d) {
    return file_ends(d->d_name, ".lua");
}

static void tell_ignored(struct ruleset *set, const char *file, const char *why) {
    set_finding(set, &(struct script_problem){.file = file, .message = why, .warning = true});
}

static bool is_of_module(const struct scripts *s, const char *name) {
    return s->options.module_on && s->options.module_on(s->options.modules, name);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t script_module_folders(const struct scripts *s, struct arena *a,
                             const char *out[MODULE_FOLDERS_MAX]) {
    struct dirent *entry;
    const char *path = arena_printf(a, "%s/" WORKFLOWS, s->dir);
    DIR *d = path ? opendir(path) : NULL;
    size_t n = 0;
    while (d && n < MODULE_FOLDERS_MAX && (entry = readdir(d)))
        if (is_of_module(s, entry->d_name) &&
            (out[n] = arena_printf(a, WORKFLOWS "/%s", entry->d_name)))
            n++;
    if (d)
        closedir(d);
    if (n > 0)
        qsort(out, n, sizeof *out, by_name);
    return n;
}

/* Folders below that hold files which nobody runs, or which are run by themselves. */
static bool is_shelf(const struct scripts *s, const char *folder, const char *name) {
    bool rules = strcmp(folder, "rules") == 0;
    if (strcmp(folder, WORKFLOWS) == 0 && is_of_module(s, name))
        return true;
    return name[0] == '.' || strcmp(name, "examples") == 0 ||
           (rules && (strcmp(name, "lib") == 0 || strcmp(name, "library") == 0));
}

static bool holds_rules(const char *path) {
    struct dirent *entry;
    DIR *d = opendir(path);
    bool found = false;
    while (d && !found && (entry = readdir(d)))
        found = is_rule_file(entry);
    if (d)
        closedir(d);
    return found;
}

/* Files that somebody may have meant as rules: some editors append ".txt", some systems do not show
 * it. */
static void look_at_others(struct ruleset *set, const char *folder, const char *path) {
    struct dirent *entry;
    DIR *d = opendir(path);
    while (d && (entry = readdir(d))) {
        const char *name = entry->d_name, *at = strcasestr(name, ".lua");
        const char *file = arena_printf(&set->arena, "%s/%s", folder, name);
        const char *below = arena_printf(&set->arena, "%s/%s", path, name);
        if (!file || !below)
            break;
        bool ends = at && (!at[4] || strcasecmp(at + 4, ".txt") == 0);
        if (ends && !is_rule_file(entry))
            tell_ignored(set, file, "the file is not read: its name must end in .lua");
        else if (!at && !is_shelf(set->all, folder, name) && holds_rules(below))
            tell_ignored(set, file,
                         strcmp(folder, WORKFLOWS) == 0
                             ? "files in a folder below are not read, unless it has the name of "
                               "an enabled module: move them up, or enable it"
                             : "files in a folder below are not read: move them up");
    }
    if (d)
        closedir(d);
}

/* Of the file that is meant, unless its text stands elsewhere, and of others, unless it is alone.
 */
static bool is_loaded(const struct scripts *all, const char *file) {
    const struct script_focus *f = &all->options.focus;
    return f->file && strcmp(f->file, file) == 0 ? !f->text.ptr : !f->alone;
}

static kith_status load_folder(struct ruleset *set, const char *folder, kith_error *e) {
    struct dirent **files = NULL;
    char *path = arena_printf(&set->arena, "%s/%s", set->all->dir, folder);
    if (!path)
        return err_nomem(e);
    int n = scandir(path, &files, is_rule_file, alphasort);
    if (n < 0)
        return errno == ENOENT ? KITH_OK : err_errno(e, "read", path);
    kith_status st = KITH_OK;
    for (int i = 0; i < n; i++) {
        const char *file = arena_printf(&set->arena, "%s/%s", folder, files[i]->d_name);
        if (st == KITH_OK && !file)
            st = err_nomem(e);
        if (st == KITH_OK && is_loaded(set->all, file))
            st = load_file(set, file, e);
        free(files[i]);
    }
    free(files);
    if (!set->all->options.focus.alone)
        look_at_others(set, folder, path);
    return st;
}

static kith_status load_all(struct ruleset *set, kith_error *e) {
    const struct script_focus *f = &set->all->options.focus;
    TRY(load_folder(set, "rules", e));
    TRY(load_folder(set, WORKFLOWS, e));
    const char *folders[MODULE_FOLDERS_MAX];
    const size_t count = script_module_folders(set->all, &set->arena, folders);
    for (size_t i = 0; i < count; i++)
        TRY(load_folder(set, folders[i], e));
    return f->text.ptr ? load_file(set, f->file, e) : KITH_OK;
}

/* -- sets -------------------------------------------------------------------------------------- */

kith_status ruleset_load(struct ruleset **out, struct scripts *all, kith_error *e) {
    struct ruleset *set = *out = calloc(1, sizeof *set);
    if (!set)
        return err_nomem(e);
    set->all = all;
    set->files_tail = &set->files;
    set->problems_tail = &set->problems;
    set->findings_tail = &set->findings;
    kith_status st = load_all(set, e);
    if (st == KITH_OK) {
        if (!all->options.focus.alone)
            rights_check(set);
        enable_mark(set);
        st = lint_set(set, e);
    }
    arena_free(&set->texts);
    if (st != KITH_OK) {
        ruleset_free(set);
        *out = NULL;
    }
    return st;
}

void ruleset_free(struct ruleset *set) {
    if (!set)
        return;
    for (struct script *s = set->files; s; s = s->next)
        script_unload(s);
    arena_free(&set->texts);
    for (struct script *s = set->pinned; s; s = s->next)
        script_unload(s);
    arena_free(&set->arena);
    free(set);
}

kith_status ruleset_register(struct ruleset *set, kith_error *e) {
    for (struct script *s = set->files; s; s = s->next) {
        const struct script_focus *f = &set->all->options.focus;
        if (s->problems)
            script_unload(s);
        if (f->only && strcmp(s->file, f->file) != 0)
            continue;
        for (struct rule *r = s->rules; r; r = r->next)
            if (rule_register(r, e) != KITH_OK)
                return err_prefix(e, "%s:%u: ", s->file, (unsigned)r->info.line);
    }
    TRY(flow_register(set, e));
    set->all->running = set;
    return KITH_OK;
}

size_t ruleset_report(const struct ruleset *set, script_report report, void *arg) {
    size_t rules = 0;
    for (const struct problem *p = set->problems; report && p; p = p->next)
        report(arg, &p->p);
    for (const struct problem *p = set->findings; report && p; p = p->next)
        report(arg, &p->p);
    for (const struct script *s = set->files; s; s = s->next)
        for (const struct rule *r = s->rules; r; r = r->next)
            rules++;
    return rules;
}
