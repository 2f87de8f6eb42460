/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of JSON objects in a file: one on each line, or the elements of one array. Nothing is
 * parsed here: a window over the bytes is cut. */
#include "engine/import_internal.h"

#include <stdio.h>
#include <string.h>

#define CHUNK ((size_t)64 * 1024)

/* At least doubles what is left in the window, so that a long object is not scanned again and again
 * for each chunk. */
static kith_status more(struct lines *l, kith_error *e) {
    size_t rest = l->text.len - l->pos, want = rest + (rest > CHUNK ? rest : CHUNK);
    if (l->pos) {
        memmove(l->text.ptr, l->text.ptr + l->pos, rest);
        l->text.len = rest;
        l->pos = 0;
    }
    if (!buf_reserve(&l->text, want - rest + CHUNK))
        return err_nomem(e);
    while (!l->ended && l->text.len < want) {
        size_t got = 0;
        TRY(l->source(l->arg, l->text.ptr + l->text.len, CHUNK, &got, e));
        l->text.len += got;
        l->ended = got == 0;
    }
    return KITH_OK;
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* -- cutting: true when there is a whole text from *at on, which moves behind it --------------- */

static bool cut_line(const struct lines *l, size_t *at, kith_str *text) {
    const char *t = l->text.ptr;
    while (*at < l->text.len) {
        size_t from = *at;
        const char *end = memchr(t + from, '\n', l->text.len - from);
        if (!end && !l->ended)
            return false;
        size_t to = end ? (size_t)(end - t) : l->text.len;
        *text = str_trim((kith_str){t + from, to - from});
        if (text->len) {
            *at = to;
            return true;
        }
        *at = to + (end != NULL);
    }
    return false;
}

/* The end of the element that begins at i: the comma or bracket behind it, or the end of the
 * window. */
static size_t element_end(const struct lines *l, size_t i) {
    const char *t = l->text.ptr;
    bool quoted = false;
    for (int depth = 0; i < l->text.len; i++) {
        if (quoted && t[i] == '\\')
            i++;
        else if (t[i] == '"')
            quoted = !quoted;
        else if (quoted)
            continue;
        else if (depth == 0 && (t[i] == ',' || t[i] == ']'))
            return i;
        else if (t[i] == '{' || t[i] == '[')
            depth++;
        else if (t[i] == '}' || t[i] == ']')
            depth--;
    }
    return l->text.len;
}

/* What stands behind the array comes as a text too, which is no object, and so does the bracket
 * that is missing: as an empty one. */
static bool cut_element(struct lines *l, size_t *at, kith_str *text) {
    const char *t = l->text.ptr;
    size_t from = *at, len = l->text.len;
    bool closed = l->closed;
    while (from < len && (is_space(t[from]) || (!closed && (t[from] == ',' || t[from] == ']')))) {
        closed |= t[from] == ']';
        from++;
    }
    size_t to = closed ? len : element_end(l, from);
    bool missing = from == len && l->ended && !closed && !l->cut;
    if ((from == len && !missing) || (to == len && !l->ended))
        return false;
    l->closed = closed;
    l->cut |= missing;
    *text = str_trim((kith_str){t + from, to - from});
    *at = to;
    return true;
}

static bool cut_text(struct lines *l, size_t *at, kith_str *text) {
    return l->array ? cut_element(l, at, text) : cut_line(l, at, text);
}

/* -- reading ----------------------------------------------------------------------------------- */

kith_status lines_open(struct lines *l, kith_error *e) {
    TRY(more(l, e));
    if (str_starts(buf_view(&l->text), "\xEF\xBB\xBF"))
        l->pos = 3;
    size_t at = l->pos;
    while (at < l->text.len && is_space(l->text.ptr[at]))
        l->ends += l->text.ptr[at++] == '\n';
    l->array = at < l->text.len && l->text.ptr[at] == '[';
    l->pos = l->array ? at + 1 : at;
    return KITH_OK;
}

bool lines_peek(struct lines *look, size_t *at, kith_str *text) {
    *at = *at ? *at : look->pos;
    return cut_text(look, at, text);
}

static uint64_t line_ends(const char *t, size_t len) {
    uint64_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += t[i] == '\n';
    return n;
}

/* Counts lines up to the text, and passes over it. */
static void take(struct lines *l, kith_str text, size_t to) {
    size_t begin = (size_t)(text.ptr - l->text.ptr);
    l->line = l->ends + line_ends(l->text.ptr + l->pos, begin - l->pos) + 1;
    l->ends = l->line - 1 + line_ends(text.ptr, to - begin);
    l->pos = to;
}

static kith_status too_long(const struct lines *l, kith_error *e) {
    char bytes[24] = "64 MiB";
    if (l->max != IMPORT_ROW_MAX)
        (void)snprintf(bytes, sizeof bytes, "%zu bytes", l->max);
    return err_set(e, KITH_E_LIMIT, NULL,
                   "the object on line %llu is longer than %s; is this a file of JSON?",
                   (unsigned long long)l->ends + 1, bytes);
}

kith_status lines_next(struct lines *l, kith_str *text, kith_error *e) {
    size_t at = l->pos;
    while (!cut_text(l, &at, text)) {
        if (l->ended)
            return err_set(e, KITH_E_NOTFOUND, NULL, "the file has no more rows");
        if (l->text.len - l->pos > l->max)
            return too_long(l, e);
        TRY(more(l, e));
        at = l->pos;
    }
    if (text->len > l->max)
        return too_long(l, e);
    take(l, *text, at);
    return KITH_OK;
}
