/* SPDX-License-Identifier: Apache-2.0 */
/* The shared object as a file: who may have changed it, the private copy that is loaded in its
 * place, and its entry. What is checked is what is loaded: the bytes are read once. */
#include "base/file.h"
#include "plugin/internal.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#define BINARY_MAX (256u << 20) /* bytes */

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

static kith_status read_path(const char *path, struct binary *out, kith_error *e) {
    *out = (struct binary){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_errno(e, "open", path);
    kith_status st = read_file(fd, path, out, e);
    close(fd);
    if (st != KITH_OK)
        binary_free(out);
    return st;
}

kith_status binary_read(const char *path, struct binary *out, kith_error *e) {
    unsigned char digest[16];
    TRY(read_path(path, out, e));
    crypto_generichash(digest, sizeof digest, out->bytes, out->size, NULL, 0);
    sodium_bin2hex(out->hash, sizeof out->hash, digest, sizeof digest);
    return KITH_OK;
}

void binary_free(struct binary *b) {
    free(b->bytes);
    *b = (struct binary){0};
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
    if (read_path(path, &old, NULL) != KITH_OK)
        return false;
    bool same = old.size == b->size && memcmp(old.bytes, b->bytes, b->size) == 0;
    binary_free(&old);
    return same;
}

/* Opened once in a child process: the checks that need it loaded, and whether it answers. */
static kith_status probe(const struct binary *b, const char *path, kith_error *e) {
    struct findings f = {0};
    struct buf none = {0};
    kith_status st = child_ask(b, path, NULL, false, &f, &none, e);
    buf_free(&none);
    return st == KITH_OK ? findings_verdict(&f, e) : st;
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
    kith_status st = write_all(fd, (kith_str){(const char *)b->bytes, b->size})
                         ? KITH_OK
                         : err_errno(e, "write", part);
    if (close(fd) != 0 && st == KITH_OK)
        st = err_errno(e, "write", part);
    if (st == KITH_OK)
        st = probe(b, part, e);
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
    void *symbol = dlsym(handle, PLUGIN_ENTRY);
    if (!symbol)
        return err_set(e, KITH_E_INVAL, NULL, "it is no plugin: it exports no " PLUGIN_ENTRY);
    const kith_plugin_desc *(*entry)(void);
    memcpy(&entry, &symbol, sizeof entry); /* ISO C has no cast from data to function */
    *out = entry();
    if (!*out)
        return err_set(e, KITH_E_INVAL, NULL, "its entry returns no description");
    return KITH_OK;
}
