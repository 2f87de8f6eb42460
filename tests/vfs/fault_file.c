/* SPDX-License-Identifier: Apache-2.0 */
/* A library to load before all others (LD_PRELOAD): calls about files whose path holds a word fail
 * on demand, as on a full or a failing disk, or the process is killed in them; and the clock is
 * set.
 *
 *     KITH_FAULT="write 28 3 all.csv"      the third write to such a file and all later ones fail
 *                                          with errno 28; also any other row of the table below
 *     KITH_FAULT="any 5 3 acme 1"          only the third call of any kind fails, with errno 5
 *     KITH_FAULT="room 28 3 acme"          of the calls that need room on the disk
 *     KITH_FAULT="any 0 3 acme"            SIGKILL in the third: a write has written half by then
 *     KITH_FAULT="lie 5 3 acme 1"          the third write to such a file puts another byte there,
 * and says that all went well KITH_FAULT_COUNT=FILE                how many such calls there were,
 * when the program ends KITH_CLOCK=-86400                    the wall clock is wrong by so many
 * seconds
 *
 * Threads: any. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static _Atomic int seen;

static const struct call {
    const char *name;
    bool room; /* fails on a full disk */
} calls[] = {
    {"write", true},      {"fwrite", true},  {"pwrite", true},    {"create", true},
    {"mkdir", true},      {"rename", true},  {"link", true},      {"fsync", false},
    {"fdatasync", false}, {"unlink", false}, {"truncate", false},
};

static bool is_meant(const char *call, const char *wanted) {
    if (strcmp(wanted, call) == 0 || strcmp(wanted, "any") == 0)
        return true;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (strcmp(calls[i].name, call) == 0)
            return calls[i].room && strcmp(wanted, "room") == 0;
    return false;
}

enum outcome { GOES_ON, FAILS, DIES };

static enum outcome outcome(const char *call, const char *path) {
    char wanted[16], word[64];
    int number, nth, times = 1 << 30;
    const char *fault = getenv("KITH_FAULT");
    if (!fault || sscanf(fault, "%15s %d %d %63s %d", wanted, &number, &nth, word, &times) < 4)
        return GOES_ON;
    if (!is_meant(call, wanted) || !strstr(path, word))
        return GOES_ON;
    int n = ++seen;
    if (n < nth || n - nth >= times)
        return GOES_ON;
    errno = number;
    return number ? FAILS : DIES;
}

static bool fails(const char *call, const char *path) {
    enum outcome o = outcome(call, path);
    if (o == DIES)
        kill(getpid(), SIGKILL);
    return o != GOES_ON;
}

static enum outcome outcome_at(const char *call, int fd) {
    char link[32], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0)
        return GOES_ON;
    path[n] = '\0';
    return outcome(call, path);
}

static bool fails_at(const char *call, int fd) {
    enum outcome o = outcome_at(call, fd);
    if (o == DIES)
        kill(getpid(), SIGKILL);
    return o != GOES_ON;
}

static bool lies_at(int fd) {
    const char *fault = getenv("KITH_FAULT");
    return fault && strncmp(fault, "lie ", 4) == 0 && outcome_at("lie", fd) != GOES_ON;
}

/* The bytes with a bit of the last one turned; to be freed. */
static char *turned(const void *bytes, size_t size) {
    char *copy = size ? malloc(size) : NULL;
    if (copy) {
        memcpy(copy, bytes, size);
        copy[size - 1] ^= 1;
    }
    return copy;
}

#define PUBLIC __attribute__((visibility("default")))
#define REAL(name)                                                                                 \
    static __typeof__(&(name)) real;                                                               \
    if (!real)                                                                                     \
    *(void **)&real = dlsym(RTLD_NEXT, #name)

PUBLIC ssize_t write(int fd, const void *bytes, size_t size) {
    REAL(write);
    enum outcome o = outcome_at("write", fd);
    char *wrong = lies_at(fd) ? turned(bytes, size) : NULL;
    if (wrong) {
        ssize_t n = real(fd, wrong, size);
        free(wrong);
        return n;
    }
    if (o == DIES && real(fd, bytes, size / 2) >= 0)
        kill(getpid(), SIGKILL);
    return o != GOES_ON ? -1 : real(fd, bytes, size);
}

PUBLIC ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
    REAL(pwrite64);
    enum outcome o = outcome_at("pwrite", fd);
    if (o == DIES && real(fd, bytes, size / 2, at) >= 0)
        kill(getpid(), SIGKILL);
    return o != GOES_ON ? -1 : real(fd, bytes, size, at);
}

PUBLIC ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) {
    return pwrite64(fd, bytes, size, at);
}

PUBLIC size_t fwrite(const void *bytes, size_t size, size_t count, FILE *f) {
    REAL(fwrite);
    return fails_at("fwrite", fileno(f)) ? 0 : real(bytes, size, count, f);
}

PUBLIC int fsync(int fd) {
    REAL(fsync);
    return fails_at("fsync", fd) ? -1 : real(fd);
}

PUBLIC int fdatasync(int fd) {
    REAL(fdatasync);
    return fails_at("fdatasync", fd) ? -1 : real(fd);
}

PUBLIC int ftruncate64(int fd, off64_t size) {
    REAL(ftruncate64);
    return fails_at("truncate", fd) ? -1 : real(fd, size);
}

PUBLIC int ftruncate(int fd, off_t size) {
    return ftruncate64(fd, size);
}

PUBLIC int rename(const char *from, const char *to) {
    REAL(rename);
    return fails("rename", to) ? -1 : real(from, to);
}

PUBLIC int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    REAL(renameat2);
    return fails("rename", to) ? -1 : real(from_dir, from, to_dir, to, flags);
}

PUBLIC int link(const char *from, const char *to) {
    REAL(link);
    return fails("link", to) ? -1 : real(from, to);
}

PUBLIC int unlink(const char *path) {
    REAL(unlink);
    return fails("unlink", path) ? -1 : real(path);
}

PUBLIC int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    return fails("mkdir", path) ? -1 : real(path, mode);
}

PUBLIC char *mkdtemp(char *path) {
    REAL(mkdtemp);
    return fails("mkdir", path) ? NULL : real(path);
}

/* Only a file that is not there needs room. */
static bool cannot_create(const char *path, int how) {
    struct stat there;
    return (how & O_CREAT) && stat(path, &there) != 0 && fails("create", path);
}

PUBLIC int open64(const char *path, int how, ...) {
    REAL(open64);
    va_list ap;
    va_start(ap, how);
    unsigned mode = how & O_CREAT ? va_arg(ap, unsigned) : 0;
    va_end(ap);
    return cannot_create(path, how) ? -1 : real(path, how, mode);
}

PUBLIC int open(const char *path, int how, ...) {
    va_list ap;
    va_start(ap, how);
    unsigned mode = how & O_CREAT ? va_arg(ap, unsigned) : 0;
    va_end(ap);
    return open64(path, how, mode);
}

/* -- the clock --------------------------------------------------------------------------------- */

static time_t clock_error(void) {
    const char *text = getenv("KITH_CLOCK");
    return text ? (time_t)atoll(text) : 0;
}

PUBLIC int clock_gettime(clockid_t which, struct timespec *now) {
    REAL(clock_gettime);
    int rc = real(which, now);
    if (rc == 0 && which == CLOCK_REALTIME)
        now->tv_sec += clock_error();
    return rc;
}

PUBLIC time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}

/* -- the count --------------------------------------------------------------------------------- */

__attribute__((destructor)) static void count(void) {
    const char *path = getenv("KITH_FAULT_COUNT");
    int fd = path ? creat(path, 0600) : -1;
    if (fd < 0)
        return;
    dprintf(fd, "%d\n", seen);
    close(fd);
}
