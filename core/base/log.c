/* SPDX-License-Identifier: Apache-2.0 */
/* Log: each line is put together on the stack and leaves with one write(), so lines of different
 * threads do not mix. */
#include "base/log.h"

#include "base/clock.h"
#include "base/date.h"
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096

static const char *const level_names[] = {"error", "warn", "info", "debug"};
static _Atomic int log_limit = LOG_INFO;
static _Atomic int log_fd = STDERR_FILENO;

void log_setup(enum log_level level, int fd) {
    log_limit = (int)level;
    log_fd = fd < 0 ? STDERR_FILENO : fd;
}

int log_level_of(const char *name) {
    for (int i = 0; i <= LOG_DEBUG; i++)
        if (str_eqz(str_of(name), level_names[i]))
            return i;
    return -1;
}

/* The text may hold anything that users or plugins wrote: it must not forge lines or drive
 * terminals. */
static void flatten(char *s, size_t len) {
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] < 0x20 || s[i] == 0x7F)
            s[i] = ' ';
}

static void write_all(int fd, const char *s, size_t len) {
    while (len) {
        ssize_t n = write(fd, s, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* there is nowhere left to report it */
        s += n;
        len -= (size_t)n;
    }
}

void log_write(enum log_level level, const char *room, const char *fmt, ...) {
    if ((int)level > log_limit)
        return;
    int saved = errno;
    struct kclock real = CLOCK_REAL;
    char when[TIME_TEXT], line[LINE_MAX_BYTES];
    time_format(clock_now(&real), when);
    int head = snprintf(line, sizeof line, "%.19sZ %-5s %.64s: ", when, level_names[level], room);
    size_t used = head < 0 ? 0 : (size_t)head, left = sizeof line - used;
    errno = saved; /* for %m */
    va_list ap;
    va_start(ap, fmt);
    int body = vsnprintf(line + used, left, fmt, ap);
    va_end(ap);
    if (body > 0 && (size_t)body >= left) {
        used = sizeof line - 1;
        memcpy(line + used - 3, "...", 3);
    } else if (body > 0) {
        used += (size_t)body;
    }
    flatten(line, used);
    line[used] = '\n';
    write_all(log_fd, line, used + 1);
    errno = saved;
}
