/* SPDX-License-Identifier: Apache-2.0 */
/* File: bytes to a file descriptor, names of files, and whole files. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool write_all(int fd, kith_str bytes) {
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.ptr, (size_t)bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes.ptr += n;
        bytes.len -= (uint64_t)n;
    }
    return true;
}

/* Not every file system knows RENAME_NOREPLACE (NFS does not), nor links (FAT). */
bool file_name_new(const char *from, const char *to) {
    struct stat there;
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    if (link(from, to) == 0)
        return unlink(from) == 0;
    if (errno != EEXIST && lstat(to, &there) != 0)
        return rename(from, to) == 0;
    errno = EEXIST;
    return false;
}

static kith_status read_all(int fd, const char *path, size_t max, struct buf *out, kith_error *e) {
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_errno(e, "read", path);
    if (!S_ISREG(st.st_mode))
        return err_set(e, KITH_E_INVAL, NULL, "'%s' is not a file", path);
    for (size_t left = max + 1; left > 0;) {
        char part[16384];
        ssize_t n = read(fd, part, left < sizeof part ? left : sizeof part);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, "read", path);
        buf_add(out, part, (size_t)n);
        if (n == 0)
            return out->failed ? err_nomem(e) : KITH_OK;
        left -= (size_t)n;
    }
    return err_set(e, KITH_E_LIMIT, NULL, "'%s' is larger than %zu bytes", path, max);
}

kith_status file_read(const char *path, size_t max, struct buf *out, kith_error *e) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_errno(e, "open", path);
    kith_status st = read_all(fd, path, max, out, e);
    close(fd);
    return st;
}

kith_status file_replace(const char *path, kith_str text, uint32_t mode, kith_error *e) {
    char *part;
    if (asprintf(&part, "%s.part", path) < 0)
        return err_nomem(e);
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
    bool ok = fd >= 0 && write_all(fd, text) && fsync(fd) == 0;
    if (fd >= 0)
        ok = close(fd) == 0 && ok;
    ok = ok && rename(part, path) == 0;
    kith_status st = ok ? KITH_OK : err_errno(e, "write", path);
    if (!ok)
        unlink(part);
    free(part);
    return st;
}

bool file_ends(const char *name, const char *ending) {
    size_t len = strlen(name), end = strlen(ending);
    return name[0] != '.' && len > end && strcmp(name + len - end, ending) == 0;
}
