/* SPDX-License-Identifier: Apache-2.0 */
/* File: bytes to a file descriptor. */
#include "base/file.h"

#include <errno.h>
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
