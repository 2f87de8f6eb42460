/* SPDX-License-Identifier: Apache-2.0 */
/* What a shared object must be before its code may share the process of the engine. The loader
 * refuses on these checks, and `kith module inspect` shows them. They find what goes wrong without
 * anybody meaning it; native code that means harm is not held by them. */
#include "plugin/internal.h"
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRY_ANY "kith_plugin_entry_v"

static const char sqlite_magic[] = "SQLite format 3"; /* with its NUL: the head of every database */

void findings_set(struct findings *f, enum check c, kith_status st, const kith_error *why) {
    f->looked[c] = true;
    f->items[c] = (kith_error)KITH_ERROR_INIT;
    if (st != KITH_OK)
        err_copy(&f->items[c], why);
}

kith_status findings_verdict(const struct findings *f, kith_error *e) {
    for (size_t i = 0; i < CHECKS; i++)
        if (f->items[i].code != KITH_OK) {
            err_copy(e, &f->items[i]);
            return f->items[i].code;
        }
    return KITH_OK;
}

/* -- symbols ----------------------------------------------------------------------------------- */

static bool begins(const char *name, const char *with) {
    return strncmp(name, with, strlen(with)) == 0;
}

/* Marks that linkers and sanitizers put into every shared object. */
static bool is_mark(const char *name) {
    static const char *const marks[] = {"_init", "_fini", "_edata", "_end", "__bss_start"};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (strcmp(name, marks[i]) == 0)
            return true;
    return begins(name, "__odr_asan");
}

static bool is_sanitizer(const char *name) {
    return begins(name, "__asan_") || begins(name, "__tsan_") || begins(name, "__ubsan_") ||
           begins(name, "__sanitizer_");
}

static bool is_exported(const struct elf_symbol *s) { /* unique ones are another check's */
    return s->defined && s->bind != STB_LOCAL && s->bind != STB_GNU_UNIQUE &&
           s->visibility == STV_DEFAULT && *s->name && !is_mark(s->name);
}

static kith_status check_name_of_export(const char *name, bool *entry, kith_error *e) {
    if (strcmp(name, PLUGIN_ENTRY) == 0) {
        *entry = true;
        return KITH_OK;
    }
    if (begins(name, ENTRY_ANY))
        return err_set(e, KITH_E_UNSUPPORTED, NULL,
                       "it is built for plugin contract %s; this Kith speaks contract %u",
                       name + strlen(ENTRY_ANY), KITH_ABI_MAJOR);
    if (begins(name,
               "_Z")) /* templates of namespace std are visible whatever the compiler is told */
        return err_set(e, KITH_E_INVAL, NULL,
                       "it exports '%.80s' of C++: a plugin exports " PLUGIN_ENTRY
                       " alone (build it with -fvisibility=hidden, and link it with "
                       "-Wl,--version-script=FILE, where FILE says { global: " PLUGIN_ENTRY
                       "; local: *; };)",
                       name);
    return err_set(e, KITH_E_INVAL, NULL,
                   "it exports '%s': a plugin exports " PLUGIN_ENTRY
                   " alone (build it with -fvisibility=hidden)",
                   name);
}

static kith_status check_export(const struct elf *elf, kith_error *e) {
    bool entry = false;
    for (size_t i = 0; i < elf->symbol_count; i++) {
        struct elf_symbol s = elf_symbol(elf, i);
        if (is_exported(&s))
            TRY(check_name_of_export(s.name, &entry, e));
    }
    return entry ? KITH_OK
                 : err_set(e, KITH_E_INVAL, NULL, "it is no plugin: it exports no " PLUGIN_ENTRY);
}

/* One such symbol is shared by all who have it, and its code can never be replaced. */
static kith_status check_unique(const struct elf *elf, kith_error *e) {
    for (size_t i = 0; i < elf->symbol_count; i++) {
        struct elf_symbol s = elf_symbol(elf, i);
        if (s.bind == STB_GNU_UNIQUE)
            return err_set(e, KITH_E_INVAL, NULL,
                           "its symbol '%s' would be shared with other modules: build it with "
                           "-fno-gnu-unique or -fvisibility=hidden",
                           s.name);
    }
    return KITH_OK;
}

/* Two literals: no SQL is spoken in this room, as the check of the floors asks. */
static bool is_forbidden(const char *name) {
    return begins(name, "sqlite3"
                        "_") ||
           begins(name, "lua_") || begins(name, "luaL_");
}

static kith_status check_uses(const struct elf *elf, kith_error *e) {
    for (size_t i = 0; i < elf->symbol_count; i++) {
        struct elf_symbol s = elf_symbol(elf, i);
        if (is_forbidden(s.name))
            return err_set(e, KITH_E_DENIED, NULL,
                           "it uses '%s': a plugin never touches the database or Lua by itself",
                           s.name);
    }
    return KITH_OK;
}

/* -- tables ------------------------------------------------------------------------------------ */

static kith_status check_textrel(const struct elf *elf, kith_error *e) {
    uint64_t flags = 0;
    elf_dynamic(elf, DT_FLAGS, &flags);
    if (!elf_dynamic(elf, DT_TEXTREL, NULL) && !(flags & DF_TEXTREL))
        return KITH_OK;
    return err_set(e, KITH_E_INVAL, NULL,
                   "its code must be changed to be loaded, which needs memory that is writable and "
                   "executable: build it with -fPIC");
}

static kith_status check_stack(const struct elf *elf, kith_error *e) {
    uint32_t flags;
    if (elf_segment(elf, PT_GNU_STACK, &flags) && !(flags & PF_X))
        return KITH_OK;
    return err_set(e, KITH_E_INVAL, NULL,
                   "it would make every stack of the process executable: link it with "
                   "-Wl,-z,noexecstack, and look for nested functions and for assembly");
}

static kith_status check_tls(const struct elf *elf, kith_error *e) {
    uint64_t flags = 0;
    elf_dynamic(elf, DT_FLAGS, &flags);
    if (!(flags & DF_STATIC_TLS))
        return KITH_OK;
    return err_set(e, KITH_E_INVAL, NULL,
                   "its thread-local variables need room that a program has only when it starts: "
                   "build it with -fPIC and without -ftls-model=initial-exec");
}

/* The compiler's own files bring one function that runs when the file is loaded, and one at the
 * exit; a sanitizer brings its own. */
static kith_status check_constructors(const struct elf *elf, kith_error *e) {
    uint64_t at_load = 0, at_exit = 0;
    const char *what = NULL;
    elf_dynamic(elf, DT_INIT_ARRAYSZ, &at_load);
    elf_dynamic(elf, DT_FINI_ARRAYSZ, &at_exit);
    if (at_load > sizeof(void *))
        what = "a constructor, which runs when it is loaded";
    else if (at_exit > sizeof(void *))
        what = "a destructor, which runs at the exit";
    for (size_t i = 0; i < elf->symbol_count; i++) {
        struct elf_symbol s = elf_symbol(elf, i);
        if (is_sanitizer(s.name))
            return KITH_OK;
        if (!what && strcmp(s.name, "__cxa_atexit") == 0)
            what = "something that runs at the exit (atexit, or a static object of C++)";
    }
    return what ? err_set(e, KITH_E_INVAL, NULL,
                          "it has %s: make it in create() and undo it in destroy()", what)
                : KITH_OK;
}

/* -- the bytes --------------------------------------------------------------------------------- */

static kith_status check_carries(const struct binary *b, kith_error *e) {
    static const char lua_mark[] = "$LuaVersion: ";
    if (memmem(b->bytes, b->size, sqlite_magic, sizeof sqlite_magic))
        return err_set(e, KITH_E_DENIED, NULL,
                       "it carries a copy of SQLite, which would destroy the database's locks");
    if (memmem(b->bytes, b->size, lua_mark, sizeof lua_mark - 1))
        return err_set(e, KITH_E_DENIED, NULL,
                       "it carries a copy of Lua: rules are Kith's to run, and call its actions");
    return KITH_OK;
}

/* In the order in which they are shown; the first that fails is the reason. */
static const struct {
    const char *name;
    kith_status (*fn)(const struct elf *elf, kith_error *e); /* NULL: elsewhere */
} checks[CHECKS] = {
    [CHECK_FORMAT] = {"shared_object", NULL},
    [CHECK_EXPORT] = {"one_export", check_export},
    [CHECK_UNIQUE] = {"no_unique_symbols", check_unique},
    [CHECK_TEXTREL] = {"no_text_relocations", check_textrel},
    [CHECK_STACK] = {"no_executable_stack", check_stack},
    [CHECK_TLS] = {"no_static_thread_storage", check_tls},
    [CHECK_CONSTRUCTORS] = {"no_constructors", check_constructors},
    [CHECK_CARRIES] = {"no_copy_of_sqlite_or_lua", NULL},
    [CHECK_USES] = {"no_use_of_sqlite_or_lua", check_uses},
    [CHECK_COMPLETE] = {"all_symbols_found", NULL},
    [CHECK_SECOND] = {"no_second_sqlite", NULL},
    [CHECK_DECLARATION] = {"declaration", NULL},
};

const char *check_name(enum check c) {
    return checks[c].name;
}

void checks_look(const struct binary *b, struct findings *f) {
    struct elf elf;
    kith_error why = KITH_ERROR_INIT;
    kith_status st = elf_open(b->bytes, b->size, &elf, &why);
    findings_set(f, CHECK_FORMAT, st, &why);
    for (size_t i = 0; st == KITH_OK && i < CHECKS; i++)
        if (checks[i].fn)
            findings_set(f, (enum check)i, checks[i].fn(&elf, &why), &why);
    findings_set(f, CHECK_CARRIES, check_carries(b, &why), &why);
}

/* -- once it is loaded ------------------------------------------------------------------------- */

/* dlsym() with a handle looks into the file and the libraries that it names; what the program
 * itself happens to have loaded does not count. */
static kith_status check_complete(const struct elf *elf, void *handle, kith_error *e) {
    for (size_t i = 0; i < elf->symbol_count; i++) {
        struct elf_symbol s = elf_symbol(elf, i);
        if (s.defined || s.bind == STB_WEAK || !*s.name || is_sanitizer(s.name) ||
            dlsym(handle, s.name))
            continue;
        return err_set(e, KITH_E_INVAL, NULL,
                       "it uses '%s', which no library that it names has: link it with that "
                       "library, and with -Wl,-z,defs, which finds such mistakes",
                       s.name);
    }
    return KITH_OK;
}

struct libraries {
    size_t before, seen; /* those that were loaded already come first */
    const char *own;
    kith_error *error;
};

static bool carries_sqlite(const char *path) {
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *bytes = MAP_FAILED;
    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0)
        bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (fd >= 0)
        close(fd);
    if (bytes == MAP_FAILED)
        return false;
    bool found = memmem(bytes, (size_t)st.st_size, sqlite_magic, sizeof sqlite_magic);
    munmap(bytes, (size_t)st.st_size);
    return found;
}

static int look_at_library(struct dl_phdr_info *info, size_t size, void *arg) {
    (void)size;
    struct libraries *l = arg;
    if (l->seen++ < l->before || !info->dlpi_name[0] || strcmp(info->dlpi_name, l->own) == 0 ||
        !carries_sqlite(info->dlpi_name))
        return 0;
    return err_set(l->error, KITH_E_DENIED, NULL,
                   "it needs '%s', which carries a second SQLite: two of them in one process "
                   "destroy the database's locks",
                   info->dlpi_name);
}

static int count_library(struct dl_phdr_info *info, size_t size, void *arg) {
    (void)info, (void)size;
    ++*(size_t *)arg;
    return 0;
}

void checks_load(const struct binary *b, const char *path, struct findings *f) {
    struct elf elf;
    kith_error why = KITH_ERROR_INIT;
    struct libraries l = {.own = path, .error = &why};
    if (elf_open(b->bytes, b->size, &elf, &why) != KITH_OK)
        return;
    dl_iterate_phdr(count_library, &l.before);
    void *handle = dlopen(path, RTLD_LAZY | RTLD_LOCAL); /* so that we say what is missing */
    if (!handle) {
        (void)err_set(&why, KITH_E_INVAL, NULL, "it cannot be loaded: %s", dlerror());
        findings_set(f, CHECK_COMPLETE, why.code, &why);
        return;
    }
    findings_set(f, CHECK_COMPLETE, check_complete(&elf, handle, &why), &why);
    findings_set(f, CHECK_SECOND, dl_iterate_phdr(look_at_library, &l), &why);
}
