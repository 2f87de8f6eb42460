/* SPDX-License-Identifier: Apache-2.0 */
/* The allocator with a counter in front of it: the linker leads every call here. */
#include "vfs/fault_alloc.h"
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static _Atomic int64_t calls, first = INT64_MAX, end = INT64_MAX;

static bool refused(void) {
    int64_t n = ++calls;
    bool no = n >= first && n < end;
    if (no)
        errno = ENOMEM;
    return no;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *z);
char *__real_strndup(const char *z, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *z);
char *__wrap_strndup(const char *z, size_t size);
int __wrap_asprintf(char **out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void *__wrap_malloc(size_t size) {
    return refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    return refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size) {
    return refused() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *z) {
    return refused() ? NULL : __real_strdup(z);
}

char *__wrap_strndup(const char *z, size_t size) {
    return refused() ? NULL : __real_strndup(z, size);
}

int __wrap_asprintf(char **out, const char *fmt, ...) {
    va_list ap;
    if (refused())
        return -1;
    va_start(ap, fmt);
    int len = vasprintf(out, fmt, ap);
    va_end(ap);
    return len;
}

void fault_alloc_fail(int64_t nth, int64_t times) {
    first = INT64_MAX; /* no call falls between the two */
    end = calls + nth + times;
    first = end - times;
}

int64_t fault_alloc_calls(void) {
    return calls;
}
