/* SPDX-License-Identifier: Apache-2.0 */
/* Text that grows. */
#include "web.h"

#include <stdlib.h>

static bool room(struct text *t, size_t more) {
    if (t->failed || more > SIZE_MAX / 2 - t->len)
        t->failed = true;
    size_t need = t->len + more + 1;
    if (t->failed || need <= t->cap)
        return !t->failed;
    size_t cap = t->cap ? t->cap : 256;
    while (cap < need)
        cap *= 2;
    char *ptr = realloc(t->ptr, cap);
    if (!ptr) {
        t->failed = true;
        return false;
    }
    t->ptr = ptr;
    t->cap = cap;
    return true;
}

void text_add(struct text *t, const char *ptr, size_t len) {
    if (!room(t, len))
        return;
    if (len)
        memcpy(t->ptr + t->len, ptr, len);
    t->len += len;
    t->ptr[t->len] = '\0';
}

void text_puts(struct text *t, const char *z) {
    text_add(t, z, strlen(z));
}

void text_html(struct text *t, const char *z) {
    for (; z && *z; z++) {
        if (*z == '<')
            text_puts(t, "&lt;");
        else if (*z == '>')
            text_puts(t, "&gt;");
        else if (*z == '&')
            text_puts(t, "&amp;");
        else if (*z == '"')
            text_puts(t, "&quot;");
        else
            text_add(t, z, 1);
    }
}

void text_vprintf(struct text *t, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n >= 0 && room(t, (size_t)n)) {
        (void)vsnprintf(t->ptr + t->len, (size_t)n + 1, format, again);
        t->len += (size_t)n;
    }
    va_end(again);
}

void text_printf(struct text *t, const char *format, ...) {
    va_list args;
    va_start(args, format);
    text_vprintf(t, format, args);
    va_end(args);
}

/* The bytes of the character at s, 0: it is none in UTF-8. */
static size_t character(const unsigned char *s, uint64_t len) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xC0 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    uint32_t c = n == 1 ? s[0] : s[0] & (0x7Fu >> n);
    if (n == 0 || n > len || s[0] > 0xF4)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xC0u) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3Fu);
    }
    return c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) ? 0 : n;
}

bool text_is_utf8(kith_str s) {
    const unsigned char *p = (const unsigned char *)s.ptr;
    for (uint64_t i = 0; i < s.len;) {
        size_t n = character(p + i, s.len - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

/* A sentence may be cut off in the midst of a character. */
void text_json(struct text *t, kith_str s) {
    text_puts(t, "\"");
    for (uint64_t i = 0; i < s.len;) {
        unsigned char c = (unsigned char)s.ptr[i];
        size_t n = character((const unsigned char *)s.ptr + i, s.len - i);
        if (n == 0)
            text_puts(t, "\xef\xbf\xbd");
        else if (c == '"' || c == '\\')
            text_printf(t, "\\%c", c);
        else if (c < 0x20 || c == 0x7F)
            text_printf(t, "\\u%04x", c);
        else
            text_add(t, s.ptr + i, n);
        i += n ? n : 1;
    }
    text_puts(t, "\"");
}

void text_free(struct text *t) {
    free(t->ptr);
    *t = (struct text){0};
}

kith_str text_str(const struct text *t) {
    return (kith_str){t->ptr ? t->ptr : "", t->len};
}
