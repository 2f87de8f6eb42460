/* SPDX-License-Identifier: Apache-2.0 */
/* Log: one line each to stderr or a file, "2026-01-31T12:00:00Z warn  engine: text". Any thread.
 * The process has one log; its level is set at start. Line ends in the text become spaces. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_setup(enum log_level level, int fd); /* fd -1: stderr */
int log_level_of(const char *name);           /* "error", "warn", "info", "debug"; -1: unknown */
void log_write(enum log_level level, const char *room, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)

#endif
