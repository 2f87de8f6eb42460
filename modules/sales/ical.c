/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of iCalendar (RFC 5545): escaped, folded at 75 bytes, ended by CR LF. Knows nothing of what
 * stands in them. */
#include "calendar.h"

#include <stdlib.h>
#include <time.h>

#define LINE_MAX_BYTES 75

static void add(struct ical *out, const char *ptr, size_t len) {
    if (out->len + len + 1 > out->cap) {
        size_t cap = (out->len + len + 1) * 2;
        char *grown = out->failed ? NULL : realloc(out->ptr, cap);
        if (!grown) {
            out->failed = 1;
            return;
        }
        out->ptr = grown;
        out->cap = cap;
    }
    memcpy(out->ptr + out->len, ptr, len);
    out->len += len;
}

/* The bytes of the character at z, of which no line may be cut. */
static size_t character(const char *z, size_t len) {
    size_t n = 1;
    while (n < len && ((unsigned char)z[n] & 0xC0) == 0x80)
        n++;
    return n;
}

/* Folds what is added from `begin` on. */
static void fold(struct ical *out, const char *line, size_t len) {
    size_t width = 0;
    for (size_t i = 0, n; i < len; i += n) {
        n = character(line + i, len - i);
        if (width + n > LINE_MAX_BYTES) {
            add(out, "\r\n ", 3);
            width = 1;
        }
        add(out, line + i, n);
        width += n;
    }
    add(out, "\r\n", 2);
}

void ical_line(struct ical *out, const char *name, const char *value) {
    struct ical line = {0};
    add(&line, name, strlen(name));
    add(&line, ":", 1);
    add(&line, value, strlen(value));
    if (!line.failed)
        fold(out, line.ptr, line.len);
    out->failed |= line.failed;
    free(line.ptr);
}

/* Signs that would end the value, or the line, and those that no reader expects. */
static void add_escaped(struct ical *out, kith_str value) {
    for (uint64_t i = 0; i < value.len; i++) {
        const char c = value.ptr[i];
        if (c == '\n' || c == '\r') {
            i += c == '\r' && i + 1 < value.len && value.ptr[i + 1] == '\n';
            add(out, "\\n", 2);
        } else if (c == '\\' || c == ';' || c == ',') {
            add(out, "\\", 1);
            add(out, &c, 1);
        } else if ((unsigned char)c >= 0x20 ? c != 0x7F : c == '\t')
            add(out, &c, 1);
    }
}

void ical_text(struct ical *out, const char *name, kith_str value) {
    struct ical line = {0};
    if (!value.len)
        return;
    add(&line, name, strlen(name));
    add(&line, ":", 1);
    add_escaped(&line, value);
    if (!line.failed)
        fold(out, line.ptr, line.len);
    out->failed |= line.failed;
    free(line.ptr);
}

void ical_time(struct ical *out, const char *name, int64_t ms) {
    const time_t s = (time_t)(ms / 1000 - (ms % 1000 < 0));
    struct tm t;
    char text[40];
    if (!gmtime_r(&s, &t) || !strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &t))
        return;
    ical_line(out, name, text);
}
