/* SPDX-License-Identifier: Apache-2.0 */
/* A library to load before all others (LD_PRELOAD): calls about files whose path holds a word fail
 * on demand, as on a full or a failing disk. KITH_FAULT says which:
 *
 *     KITH_FAULT="write 28 3 all.csv"      the third write to such a file and all later ones fail
 *                                          with errno 28; also fsync, rename, fwrite
 *
 * Threads: any. */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Atomic int seen;

static bool fails(const char *call, const char *path) {
    char wanted[16], word[64];
    int number, nth;
    const char *fault = getenv("KITH_FAULT");
    if (!fault || sscanf(fault, "%15s %d %d %63s", wanted, &number, &nth, word) != 4)
        return false;
    if (strcmp(call, wanted) != 0 || !strstr(path, word) || ++seen < nth)
        return false;
    errno = number;
    return true;
}

static bool fails_at(const char *call, int fd) {
    char link[32], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0)
        return false;
    path[n] = '\0';
    return fails(call, path);
}

#define PUBLIC __attribute__((visibility("default")))
#define REAL(name)                                                                                 \
    static __typeof__(&(name)) real;                                                               \
    if (!real)                                                                                     \
    *(void **)&real = dlsym(RTLD_NEXT, #name)

PUBLIC ssize_t write(int fd, const void *bytes, size_t size) {
    REAL(write);
    return fails_at("write", fd) ? -1 : real(fd, bytes, size);
}

PUBLIC size_t fwrite(const void *bytes, size_t size, size_t count, FILE *f) {
    REAL(fwrite);
    return fails_at("fwrite", fileno(f)) ? 0 : real(bytes, size, count, f);
}

PUBLIC int fsync(int fd) {
    REAL(fsync);
    return fails_at("fsync", fd) ? -1 : real(fd);
}

PUBLIC int rename(const char *from, const char *to) {
    REAL(rename);
    return fails("rename", to) ? -1 : real(from, to);
}

PUBLIC int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    REAL(renameat2);
    return fails("rename", to) ? -1 : real(from_dir, from, to_dir, to, flags);
}
