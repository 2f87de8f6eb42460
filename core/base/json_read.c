/* SPDX-License-Identifier: Apache-2.0 */
/* JSON in: jansson behind our limits, its errors as a sentence with line and column. */
#include "base/err.h"
#include "base/json.h"

#include <pthread.h>
#include <stdlib.h>

/* jansson calls a text malformed for which it had no memory: its allocations are watched. */
static _Thread_local bool starved;

static void *watched_malloc(size_t size) {
    void *p = malloc(size);
    starved |= !p;
    return p;
}

static void watch(void) {
    json_set_alloc_funcs(watched_malloc, free);
}

/* jansson's own limit is compiled in and far larger than what our recursive readers should meet. */
static kith_status check_depth(kith_str s, kith_error *e) {
    int depth = 0, line = 1, column = 0;
    bool quoted = false;
    for (uint64_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        column += ((unsigned char)c & 0xC0) != 0x80; /* characters, as jansson counts */
        if (c == '\n') {
            line++;
            column = 0;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (quoted) {
            if (c == '\\' && i + 1 < s.len && (unsigned char)s.ptr[i + 1] < 0x80) {
                i++;
                column++;
            }
        } else if (c == '{' || c == '[') {
            if (++depth > JSON_DEPTH)
                return err_set(e, KITH_E_LIMIT, NULL,
                               "JSON, line %d, column %d: more than %d levels deep", line, column,
                               JSON_DEPTH);
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return KITH_OK;
}

kith_status json_read(kith_str text, json_t **out, kith_error *e) {
    static pthread_once_t watched = PTHREAD_ONCE_INIT;
    json_error_t err;
    *out = NULL;
    TRY(check_depth(text, e));
    pthread_once(&watched, watch);
    starved = false;
    *out = json_loadb(text.ptr ? text.ptr : "", (size_t)text.len,
                      JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, &err);
    if (*out)
        return KITH_OK;
    if (starved)
        return err_nomem(e);
    return err_set(e, KITH_E_INVAL, NULL, "JSON, line %d, column %d: %s", err.line, err.column,
                   err.text);
}
