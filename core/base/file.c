/* SPDX-License-Identifier: Apache-2.0 */
/* File: bytes to a file descriptor, and names of files. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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
