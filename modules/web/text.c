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

void text_printf(struct text *t, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n >= 0 && room(t, (size_t)n)) {
        (void)vsnprintf(t->ptr + t->len, (size_t)n + 1, format, again);
        t->len += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

void text_json(struct text *t, kith_str s) {
    text_puts(t, "\"");
    for (uint64_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c == '"' || c == '\\')
            text_printf(t, "\\%c", c);
        else if (c < 0x20 || c == 0x7F)
            text_printf(t, "\\u%04x", c);
        else
            text_add(t, s.ptr + i, 1);
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
