/* SPDX-License-Identifier: Apache-2.0 */
/* Log: each line is put together on the stack and leaves with one write(), so lines of different
 * threads do not mix. */
#include "base/log.h"

#include "base/clock.h"
#include "base/date.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096
#define ROOM_BYTES     64
#define WAIT_MS        100 /* for what reads the log, once: then lines are dropped until it reads */

static const char *const level_names[] = {"error", "warn", "info", "debug"};

struct room {
    char name[ROOM_BYTES];
    enum log_level level;
};
struct log {
    enum log_level level;
    enum log_format format;
    int fd;
    bool own; /* fd is closed when another takes its place */
    struct room rooms[LOG_ROOMS];
    size_t room_count;
};
static struct log now = {.level = LOG_INFO, .fd = STDERR_FILENO};
static uint64_t lost;      /* lines since the last one that went out whole */
static bool stalled, torn; /* nobody reads at present; the last line went out in part */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all these */
static _Atomic int log_most = LOG_INFO; /* no room logs more: what is beyond costs no lock */

/* -- set up ------------------------------------------------------------------------------------ */

static void take(const struct log *next) {
    int most = (int)next->level;
    for (size_t i = 0; i < next->room_count; i++)
        most = (int)next->rooms[i].level > most ? (int)next->rooms[i].level : most;
    pthread_mutex_lock(&lock);
    int old = now.own ? now.fd : -1;
    now = *next;
    stalled = torn = false;
    log_most = most;
    pthread_mutex_unlock(&lock);
    if (old >= 0)
        close(old);
}

void log_setup(enum log_level level, int fd) {
    take(&(struct log){.level = level, .fd = fd < 0 ? STDERR_FILENO : fd});
}

int log_level_of(const char *name) {
    for (int i = 0; i <= LOG_DEBUG; i++)
        if (str_eqz(str_of(name), level_names[i]))
            return i;
    return -1;
}

static kith_status parse_room(const char *text, struct room *out, kith_error *e) {
    const char *colon = strchr(text, ':');
    int level = colon ? log_level_of(colon + 1) : -1;
    size_t len = colon ? (size_t)(colon - text) : 0;
    if (level < 0 || len == 0 || len >= sizeof out->name)
        return err_set(e, KITH_E_INVAL, NULL,
                       "'%s' is not ROOM:LEVEL, as 'bus:debug' is; the levels are error, warn,"
                       " info and debug",
                       text);
    memcpy(out->name, text, len);
    out->name[len] = '\0';
    out->level = (enum log_level)level;
    return KITH_OK;
}

kith_status log_room_check(const char *text, kith_error *e) {
    struct room ignored;
    return parse_room(text, &ignored, e);
}

kith_status log_configure(const struct log_options *o, kith_error *e) {
    struct log next = {.level = o->level, .format = o->format, .fd = STDERR_FILENO};
    if (o->room_count > LOG_ROOMS)
        return err_set(e, KITH_E_LIMIT, NULL, "at most %d rooms can have levels of their own",
                       LOG_ROOMS);
    for (; next.room_count < o->room_count; next.room_count++)
        TRY(parse_room(o->rooms[next.room_count], &next.rooms[next.room_count], e));
    if (o->file) {
        next.fd = open(o->file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        next.own = true;
    }
    if (next.fd < 0)
        return err_errno(e, "write the log to", o->file);
    take(&next);
    return KITH_OK;
}

void log_mute(void) {
    log_most = -1;
}

/* systemd says in JOURNAL_STREAM which file, by device and inode, its journal reads. */
bool log_to_journal(void) {
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;
    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

/* -- writing ----------------------------------------------------------------------------------- */

/* The text may hold anything that users or plugins wrote: it must not forge lines or drive
 * terminals. */
static void flatten(char *s, size_t len) {
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] < 0x20 || s[i] == 0x7F)
            s[i] = ' ';
}

/* Can PIPE_BUF bytes be written without waiting? A pipe or a terminal that nobody reads would hold
 * the thread, and all that log, for as long; and it may be shared, so it cannot be O_NONBLOCK. */
static bool can_write(void) {
    struct pollfd p = {.fd = now.fd, .events = POLLOUT};
    int n;
    while ((n = poll(&p, 1, stalled ? 0 : WAIT_MS)) < 0 && errno == EINTR)
        ;
    stalled = n == 0;
    return !stalled;
}

static bool send(kith_str text) {
    while (text.len > 0) {
        kith_str part = {text.ptr, text.len < PIPE_BUF ? text.len : PIPE_BUF};
        if (!can_write() || !write_all(now.fd, part))
            return false;
        torn = part.ptr[part.len - 1] != '\n';
        text.ptr += part.len;
        text.len -= part.len;
    }
    return true;
}

static void put(kith_str line) {
    if ((torn && !send(STR("\n"))) || !send(line))
        lost++;
}

static enum log_level level_of_room(const char *room) {
    for (size_t i = 0; i < now.room_count; i++)
        if (strcmp(now.rooms[i].name, room) == 0)
            return now.rooms[i].level;
    return now.level;
}

static void write_json(enum log_level level, const char *room, const char *when, kith_str text) {
    struct buf line = {0};
    struct json_out j;
    json_begin(&j, &line, false);
    json_object_(&j);
    json_key(&j, "at");
    json_strz(&j, when);
    json_key(&j, "level");
    json_strz(&j, level_names[level]);
    json_key(&j, "room");
    json_strz(&j, room);
    json_key(&j, "text");
    json_str(&j, text);
    json_object_end(&j);
    buf_putc(&line, '\n');
    if (!line.failed)
        put(buf_view(&line));
    buf_free(&line);
}

/* What stands in front of the text. */
static size_t head_of(char *line, size_t cap, enum log_level level, const char *room,
                      const char *when) {
    static const int priorities[] = {3, 4, 6, 7}; /* of syslog(3) */
    int n = now.format == LOG_JOURNAL ? snprintf(line, cap, "<%d>%.64s: ", priorities[level], room)
            : now.format == LOG_TEXT
                ? snprintf(line, cap, "%.19sZ %-5s %.64s: ", when, level_names[level], room)
                : 0;
    return n < 0 ? 0 : (size_t)n;
}

static void write_line(enum log_level level, const char *room, const char *fmt, va_list ap) {
    struct kclock real = CLOCK_REAL;
    char when[TIME_TEXT], line[LINE_MAX_BYTES];
    int saved = errno; /* for %m */
    time_format(clock_now(&real), when);
    size_t head = head_of(line, sizeof line, level, room, when), used = head,
           left = sizeof line - used;
    errno = saved;
    int body = vsnprintf(line + used, left, fmt, ap);
    if (body > 0 && (size_t)body >= left) {
        used = sizeof line - 1;
        memcpy(line + used - 3, "...", 3);
    } else if (body > 0) {
        used += (size_t)body;
    }
    flatten(line, used);
    if (now.format == LOG_JSON) {
        write_json(level, room, when, (kith_str){line + head, used - head});
        return;
    }
    line[used] = '\n';
    put((kith_str){line, used + 1});
}

__attribute__((format(printf, 3, 4))) static void write_now(enum log_level level, const char *room,
                                                            const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    write_line(level, room, fmt, ap);
    va_end(ap);
}

static void tell_lost(void) {
    uint64_t before = lost;
    lost = 0;
    write_now(LOG_WARN, "log", "%llu %s lost: what reads the log was too slow, or its disk full",
              (unsigned long long)before, before == 1 ? "line was" : "lines were");
    lost = lost ? before : 0;
}

void log_write(enum log_level level, const char *room, const char *fmt, ...) {
    if ((int)level > log_most)
        return;
    int saved = errno;
    pthread_mutex_lock(&lock);
    errno = saved;
    if (level <= level_of_room(room)) {
        if (lost)
            tell_lost();
        errno = saved;
        va_list ap;
        va_start(ap, fmt);
        write_line(level, room, fmt, ap);
        va_end(ap);
    }
    pthread_mutex_unlock(&lock);
    errno = saved;
}
