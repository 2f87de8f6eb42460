/* SPDX-License-Identifier: Apache-2.0 */
/* Log: one line each to standard error or a file, "2026-01-31T12:00:00Z warn  engine: text", or one
 * JSON object. Any thread. The process has one log. Line ends in the text become spaces.
 *
 * error  something is lost, off or stays undone until somebody looks
 * warn   something failed that is tried again, or was slower than it should be
 * info   begin and end, and what rules and modules want people to know
 * debug  what may hold customers' data, or comes too often to be read every day */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/str.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_format {
    LOG_TEXT,
    LOG_JSON,    /* {"at":"...","level":"warn","room":"engine","text":"..."} */
    LOG_JOURNAL, /* "<4>engine: text": the journal of systemd keeps the time itself */
};

#define LOG_ROOMS 32
struct log_options {
    enum log_level level;
    enum log_format format;
    const char *file;         /* appended to, made with mode 600; NULL: standard error */
    const char *const *rooms; /* "bus:debug": levels of their own; copied */
    size_t room_count;        /* LOG_ROOMS at most */
};

void log_setup(enum log_level level, int fd); /* as text; fd -1: stderr; fd is borrowed */
/* May be called again while others log: nothing is lost, and a file that was moved away is made
 * anew. When it fails all stays as it was. */
kith_status log_configure(const struct log_options *o, kith_error *e);
int log_level_of(const char *name); /* "error", "warn", "info", "debug"; -1: unknown */
kith_status log_room_check(const char *text, kith_error *e); /* is it "ROOM:LEVEL"? */
/* Nothing is logged from here on, and no lock is taken: for the child of a process with threads. */
void log_mute(void);
/* Is standard error read by the journal of systemd? */
bool log_to_journal(void);

void log_write(enum log_level level, const char *room, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)

#endif
