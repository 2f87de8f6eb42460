/* SPDX-License-Identifier: Apache-2.0 */
/* The shared object as a file: who may have changed it, what it exports and carries, the private
 * copy that is loaded in its place, and its entry. What is checked is what is loaded: the bytes are
 * read once. */
#include "plugin/internal.h"
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#define BINARY_MAX (256u << 20) /* bytes */
#define ENTRY      "kith_plugin_entry_v"
#define ENTRY_NOW  "kith_plugin_entry_v1"

/* -- reading ----------------------------------------------------------------------------------- */

static kith_status check_owner(const char *path, const struct stat *st, kith_error *e) {
    if (!S_ISREG(st->st_mode))
        return err_set(e, KITH_E_INVAL, NULL, "'%s' is no regular file", path);
    if (st->st_uid != 0 && st->st_uid != geteuid())
        return err_set(e, KITH_E_DENIED, NULL,
                       "'%s' belongs to another user: a module must belong to root or to the user "
                       "who runs Kith",
                       path);
    if (st->st_mode & (S_IWGRP | S_IWOTH))
        return err_set(e, KITH_E_DENIED, NULL,
                       "'%s' may be changed by others than its owner: chmod go-w '%s'", path, path);
    if (st->st_size <= 0 || st->st_size > (off_t)BINARY_MAX)
        return err_set(e, KITH_E_INVAL, NULL, "'%s' is empty or larger than %u MiB", path,
                       BINARY_MAX >> 20);
    return KITH_OK;
}

/* Reads size bytes, or fails. */
static kith_status read_all(int fd, unsigned char *to, size_t size, const char *path,
                            kith_error *e) {
    for (size_t got = 0; got < size;) {
        ssize_t n = read(fd, to + got, size - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, "read", path);
        if (n == 0)
            return err_set(e, KITH_E_IO, NULL, "'%s' became shorter while it was read", path);
        got += (size_t)n;
    }
    return KITH_OK;
}

static kith_status read_file(int fd, const char *path, struct binary *out, kith_error *e) {
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_errno(e, "look at", path);
    TRY(check_owner(path, &st, e));
    out->size = (size_t)st.st_size;
    out->bytes = malloc(out->size);
    if (!out->bytes)
        return err_nomem(e);
    return read_all(fd, out->bytes, out->size, path, e);
}

kith_status binary_read(const char *path, struct binary *out, kith_error *e) {
    unsigned char digest[16];
    *out = (struct binary){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_errno(e, "open", path);
    kith_status st = read_file(fd, path, out, e);
    close(fd);
    if (st != KITH_OK) {
        binary_free(out);
        return st;
    }
    crypto_generichash(digest, sizeof digest, out->bytes, out->size, NULL, 0);
    sodium_bin2hex(out->hash, sizeof out->hash, digest, sizeof digest);
    return KITH_OK;
}

void binary_free(struct binary *b) {
    free(b->bytes);
    *b = (struct binary){0};
}

/* -- looking inside ---------------------------------------------------------------------------- */

struct symbols {
    const Elf64_Sym *items;
    size_t count;
    const char *names; /* ends with a NUL */
    size_t names_size;
};

static bool inside(const struct binary *b, uint64_t from, uint64_t size) {
    return from <= b->size && size <= b->size - from;
}

static const Elf64_Shdr *find_section(const struct binary *b, const Elf64_Ehdr *h, uint32_t type) {
    if (h->e_shentsize != sizeof(Elf64_Shdr) || h->e_shoff % _Alignof(Elf64_Shdr) != 0 ||
        !inside(b, h->e_shoff, (uint64_t)h->e_shnum * sizeof(Elf64_Shdr)))
        return NULL;
    const Elf64_Shdr *s = (const Elf64_Shdr *)(const void *)(b->bytes + h->e_shoff);
    for (size_t i = 0; i < h->e_shnum; i++)
        if (s[i].sh_type == type && s[i].sh_link < h->e_shnum &&
            s[i].sh_offset % _Alignof(Elf64_Sym) == 0 && inside(b, s[i].sh_offset, s[i].sh_size))
            return &s[i];
    return NULL;
}

static bool read_symbols(const struct binary *b, struct symbols *out) {
    const Elf64_Ehdr *h = (const Elf64_Ehdr *)(const void *)b->bytes;
    if (b->size < sizeof *h || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 ||
        h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_type != ET_DYN)
        return false;
    const Elf64_Shdr *table = find_section(b, h, SHT_DYNSYM);
    if (!table)
        return false;
    const Elf64_Shdr *first = (const Elf64_Shdr *)(const void *)(b->bytes + h->e_shoff);
    const Elf64_Shdr *names = &first[table->sh_link];
    if (!inside(b, names->sh_offset, names->sh_size) || names->sh_size == 0 ||
        b->bytes[names->sh_offset + names->sh_size - 1] != '\0')
        return false;
    *out = (struct symbols){(const Elf64_Sym *)(const void *)(b->bytes + table->sh_offset),
                            table->sh_size / sizeof(Elf64_Sym),
                            (const char *)b->bytes + names->sh_offset, names->sh_size};
    return true;
}

/* Marks that linkers and sanitizers put into every shared object. */
static bool is_mark(const char *name) {
    static const char *const marks[] = {"_init", "_fini", "_edata", "_end", "__bss_start"};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (strcmp(name, marks[i]) == 0)
            return true;
    return strncmp(name, "__odr_asan", 10) == 0;
}

static bool is_exported(const Elf64_Sym *s, const char *name) {
    return s->st_shndx != SHN_UNDEF && ELF64_ST_BIND(s->st_info) != STB_LOCAL &&
           ELF64_ST_VISIBILITY(s->st_other) == STV_DEFAULT && *name && !is_mark(name);
}

/* Two literals: no SQL is spoken in this room, as the check of the floors asks. */
static bool is_forbidden(const char *name) {
    return strncmp(name,
                   "sqlite3"
                   "_",
                   8) == 0 ||
           strncmp(name, "lua_", 4) == 0 || strncmp(name, "luaL_", 5) == 0;
}

static kith_status check_export(const char *name, bool *entry, kith_error *e) {
    if (strcmp(name, ENTRY_NOW) == 0) {
        *entry = true;
        return KITH_OK;
    }
    if (strncmp(name, ENTRY, strlen(ENTRY)) == 0)
        return err_set(e, KITH_E_UNSUPPORTED, NULL,
                       "it is built for plugin contract %s; this Kith speaks contract %u",
                       name + strlen(ENTRY), KITH_ABI_MAJOR);
    return err_set(e, KITH_E_INVAL, NULL,
                   "it exports '%s': a plugin exports " ENTRY_NOW
                   " alone (build it with -fvisibility=hidden)",
                   name);
}

static kith_status check_symbols(const struct symbols *s, kith_error *e) {
    bool entry = false;
    kith_status st = KITH_OK;
    for (size_t i = 0; i < s->count; i++) {
        const char *name =
            s->items[i].st_name < s->names_size ? s->names + s->items[i].st_name : "";
        if (is_exported(&s->items[i], name) && st == KITH_OK)
            st = check_export(name, &entry, e);
        if (is_forbidden(name))
            return err_set(e, KITH_E_DENIED, NULL,
                           "it uses '%s': a plugin never touches the database or Lua by itself",
                           name);
    }
    if (entry || st != KITH_OK)
        return st;
    return err_set(e, KITH_E_INVAL, NULL, "it is no plugin: it exports no " ENTRY_NOW);
}

kith_status binary_check(const struct binary *b, kith_error *e) {
    static const char magic[] = "SQLite format 3";
    struct symbols symbols;
    if (!read_symbols(b, &symbols))
        return err_set(e, KITH_E_INVAL, NULL, "it is no shared object for this machine");
    TRY(check_symbols(&symbols, e));
    if (memmem(b->bytes, b->size, magic, sizeof magic)) /* with its NUL */
        return err_set(e, KITH_E_DENIED, NULL,
                       "it carries a copy of SQLite, which would destroy the database's locks");
    return KITH_OK;
}

/* -- the private copy -------------------------------------------------------------------------- */

static kith_status copies_folder(const char *wanted, struct arena *a, const char **out,
                                 kith_error *e) {
    const char *run = getenv("XDG_RUNTIME_DIR");
    char *path = wanted        ? arena_strdup(a, wanted)
                 : run && *run ? arena_printf(a, "%s/kith-modules", run)
                               : arena_printf(a, "/tmp/kith-modules-%u", (unsigned)geteuid());
    struct stat st;
    if (!path)
        return err_nomem(e);
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return err_errno(e, "make", path);
    if (lstat(path, &st) != 0)
        return err_errno(e, "look at", path);
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
        return err_set(e, KITH_E_DENIED, NULL,
                       "'%s' must be a folder that belongs to this user alone (chmod 700)", path);
    *out = path;
    return KITH_OK;
}

static bool is_there(const char *path, const struct binary *b) {
    struct binary old;
    if (binary_read(path, &old, NULL) != KITH_OK)
        return false;
    bool same = old.size == b->size && memcmp(old.bytes, b->bytes, b->size) == 0;
    binary_free(&old);
    return same;
}

static kith_status write_all(int fd, const struct binary *b, const char *path, kith_error *e) {
    for (size_t done = 0; done < b->size;) {
        ssize_t n = write(fd, b->bytes + done, b->size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, "write", path);
        done += (size_t)n;
    }
    return KITH_OK;
}

/* A copy that has its name has answered once without taking a process with it. */
static kith_status write_copy(const struct binary *b, const char *path, struct arena *a,
                              kith_error *e) {
    char *part = arena_printf(a, "%s.XXXXXX", path);
    if (!part)
        return err_nomem(e);
    int fd = mkostemp(part, O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, "make", part);
    kith_status st = write_all(fd, b, part, e);
    if (close(fd) != 0 && st == KITH_OK)
        st = err_errno(e, "write", part);
    if (st == KITH_OK)
        st = plugin_probe(part, e);
    if (st == KITH_OK && (chmod(part, 0500) != 0 || rename(part, path) != 0))
        st = err_errno(e, "write", path);
    if (st != KITH_OK)
        unlink(part);
    return st;
}

kith_status binary_copy(const struct binary *b, const char *name, const char *folder,
                        struct arena *a, const char **copy, kith_error *e) {
    const char *base = strrchr(name, '/');
    TRY(copies_folder(folder, a, &folder, e));
    *copy = arena_printf(a, "%s/%s-%s.so", folder, base ? base + 1 : name, b->hash);
    if (!*copy)
        return err_nomem(e);
    return is_there(*copy, b) ? KITH_OK : write_copy(b, *copy, a, e);
}

/* -- opening ----------------------------------------------------------------------------------- */

/* Never closed: a thread or a destructor in code that is gone is a crash. */
kith_status binary_open(const char *copy, const kith_plugin_desc **out, kith_error *e) {
    void *handle = dlopen(copy, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!handle)
        return err_set(e, KITH_E_INVAL, NULL, "it cannot be loaded: %s", dlerror());
    void *symbol = dlsym(handle, ENTRY_NOW);
    if (!symbol)
        return err_set(e, KITH_E_INVAL, NULL, "it is no plugin: it exports no " ENTRY_NOW);
    const kith_plugin_desc *(*entry)(void);
    memcpy(&entry, &symbol, sizeof entry); /* ISO C has no cast from data to function */
    *out = entry();
    if (!*out)
        return err_set(e, KITH_E_INVAL, NULL, "its entry returns no description");
    return KITH_OK;
}
