/* SPDX-License-Identifier: Apache-2.0 */
/* Strings: helpers on kith_str, the growing buffer, and the nearest name. */
#include "base/str.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

kith_str str_of(const char *z) {
    return z ? (kith_str){z, strlen(z)} : STR("");
}

bool str_eq(kith_str a, kith_str b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, (size_t)a.len) == 0);
}

bool str_eqz(kith_str a, const char *z) {
    return str_eq(a, str_of(z));
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool str_ieqz(kith_str a, const char *z) {
    kith_str b = str_of(z);
    if (a.len != b.len)
        return false;
    for (uint64_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

int str_cmp(kith_str a, kith_str b) {
    uint64_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.ptr, b.ptr, (size_t)len) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool str_starts(kith_str s, const char *prefix) {
    kith_str p = str_of(prefix);
    return s.len >= p.len && str_eq((kith_str){s.ptr, p.len}, p);
}

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

kith_str str_trim(kith_str s) {
    while (s.len && is_space(s.ptr[0]))
        s = (kith_str){s.ptr + 1, s.len - 1};
    while (s.len && is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool str_split(kith_str *rest, char sep, kith_str *part) {
    if (!rest->len)
        return false;
    const char *at = memchr(rest->ptr, sep, (size_t)rest->len);
    uint64_t len = at ? (uint64_t)(at - rest->ptr) : rest->len;
    uint64_t skip = at ? len + 1 : len;
    *part = str_trim((kith_str){rest->ptr, len});
    *rest = (kith_str){rest->ptr + skip, rest->len - skip};
    return true;
}

/* -- the buffer -------------------------------------------------------------------------------- */

bool buf_reserve(struct buf *b, size_t extra) {
    if (b->failed)
        return false;
    if (b->ptr && extra < b->cap - b->len)
        return true;
    size_t need, cap = b->cap ? b->cap : 64;
    if (__builtin_add_overflow(b->len, extra, &need) || need >= SIZE_MAX / 2) {
        b->failed = true;
        return false;
    }
    while (cap <= need) /* one byte more, for the NUL */
        cap *= 2;
    char *p = realloc(b->ptr, cap);
    if (!p) {
        b->failed = true;
        return false;
    }
    b->ptr = p;
    b->cap = cap;
    b->ptr[b->len] = '\0';
    return true;
}

void buf_add(struct buf *b, const char *s, size_t len) {
    if (!buf_reserve(b, len))
        return;
    if (len)
        memcpy(b->ptr + b->len, s, len);
    b->len += len;
    b->ptr[b->len] = '\0';
}

void buf_str(struct buf *b, kith_str s) {
    buf_add(b, s.ptr, (size_t)s.len);
}

void buf_puts(struct buf *b, const char *z) {
    buf_add(b, z, strlen(z));
}

void buf_putc(struct buf *b, char c) {
    buf_add(b, &c, 1);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap) {
    va_list again;
    va_copy(again, ap);
    int len = vsnprintf(NULL, 0, fmt, ap);
    if (len >= 0 && buf_reserve(b, (size_t)len)) {
        (void)vsnprintf(b->ptr + b->len, (size_t)len + 1, fmt, again);
        b->len += (size_t)len;
    }
    va_end(again);
}

void buf_html(struct buf *b, kith_str text) {
    for (uint64_t i = 0; i < text.len; i++) {
        const char *as = text.ptr[i] == '<'    ? "&lt;"
                         : text.ptr[i] == '>'  ? "&gt;"
                         : text.ptr[i] == '&'  ? "&amp;"
                         : text.ptr[i] == '"'  ? "&quot;"
                         : text.ptr[i] == '\'' ? "&#39;"
                                               : NULL;
        if (as)
            buf_puts(b, as);
        else
            buf_putc(b, text.ptr[i]);
    }
}

void buf_printf(struct buf *b, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(b, fmt, ap);
    va_end(ap);
}

void buf_reset(struct buf *b) {
    b->len = 0;
    b->failed = false;
    if (b->ptr)
        b->ptr[0] = '\0';
}

void buf_free(struct buf *b) {
    free(b->ptr);
    *b = (struct buf){0};
}

kith_str buf_view(const struct buf *b) {
    return (kith_str){b->ptr ? b->ptr : "", b->len};
}

/* -- did you mean ------------------------------------------------------------------------------ */

#define NEAR_MAX 64 /* longest name that is compared */

static size_t min_of(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Edits from a to b, ASCII case ignored: insert, delete, replace, or swap two neighbours. */
static size_t edits(kith_str a, kith_str b) {
    size_t row[3][NEAR_MAX + 1]; /* the last three rows of the table, in turn */
    for (size_t j = 0; j <= b.len; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *now = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            char x = lower(a.ptr[i - 1]), y = lower(b.ptr[j - 1]);
            now[j] = min_of(min_of(up[j], now[j - 1]) + 1, up[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == lower(b.ptr[j - 2]) && lower(a.ptr[i - 2]) == y)
                now[j] = min_of(now[j], up2[j - 2] + 1);
        }
    }
    return row[a.len % 3][b.len];
}

const char *str_nearest(kith_str wanted, const char *(*name)(const void *arg, size_t i),
                        const void *arg, size_t count) {
    const char *nearest = NULL;
    size_t best = (size_t)(wanted.len + 1) / 3 + 1; /* further than a third is not what was meant */
    if (wanted.len > NEAR_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        kith_str candidate = str_of(name(arg, i));
        if (!candidate.len || candidate.len > NEAR_MAX)
            continue;
        size_t distance = edits(wanted, candidate);
        if (distance < best) {
            best = distance;
            nearest = candidate.ptr;
        }
    }
    return nearest;
}
