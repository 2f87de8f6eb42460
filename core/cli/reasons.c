/* SPDX-License-Identifier: Apache-2.0 */
/* Reasons for rejects, counted. */
#include "cli/reasons.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN 10u

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Where a text in quotes that begins at i ends: at a quote with no letter or digit behind it. */
static size_t quoted_end(const char *s, size_t i) {
    for (size_t k = i + 1; s[k]; k++) {
        bool goes_on = (s[k + 1] | 0x20) >= 'a' && (s[k + 1] | 0x20) <= 'z';
        if (s[k] == '\'' && !goes_on && !is_digit(s[k + 1]))
            return k;
    }
    return i;
}

/* "email: 'x' is no e-mail address" -> "email|email: ' is no e-mail address" */
static void common_part(struct buf *out, const char *field, const char *s) {
    buf_printf(out, "%s|", field);
    for (size_t i = 0; s[i]; i++) {
        if (s[i] == '\'' && (i == 0 || s[i - 1] == ' ' || s[i - 1] == '('))
            i = quoted_end(s, i);
        if (!is_digit(s[i]) || i == 0 || !is_digit(s[i - 1]))
            buf_putc(out, is_digit(s[i]) ? '0' : s[i]);
    }
}

static struct reason *new_reason(struct reasons *all, kith_str key, const struct import_reject *r) {
    struct reason *out = all->count < REASONS_MAX ? ARENA_NEW(&all->arena, struct reason) : NULL;
    if (!out)
        return NULL;
    *out = (struct reason){.field = arena_strdup(&all->arena, r->field),
                           .text = arena_strdup(&all->arena, r->reason),
                           .row = r->row,
                           .line = r->line};
    if (!out->field || !out->text || !map_put(&all->by_text, key, out))
        return NULL;
    return all->items[all->count++] = out;
}

void reasons_add(struct reasons *all, const struct import_reject *r) {
    struct buf key = {0};
    common_part(&key, r->field, r->reason);
    struct reason *known = map_get(&all->by_text, buf_view(&key));
    if (!known)
        known = new_reason(all, buf_view(&key), r);
    if (known)
        known->rows++;
    else
        all->others++;
    buf_free(&key);
}

static int by_rows(const void *a, const void *b) {
    const struct reason *x = *(struct reason *const *)a, *y = *(struct reason *const *)b;
    if (x->rows != y->rows)
        return x->rows < y->rows ? 1 : -1;
    return x->row > y->row ? 1 : -1;
}

static void sort(struct reasons *all) {
    if (all->count)
        qsort(all->items, all->count, sizeof *all->items, by_rows);
}

void reasons_show(struct reasons *all, struct io *io) {
    uint64_t rest = all->others;
    sort(all);
    for (size_t i = 0; i < all->count; i++) {
        const struct reason *r = all->items[i];
        if (i >= SHOWN) {
            rest += r->rows;
            continue;
        }
        if (r->rows > 1)
            io_printf(io, "    %llu rows, first row %llu, line %llu: ", (unsigned long long)r->rows,
                      (unsigned long long)r->row, (unsigned long long)r->line);
        else
            io_printf(io, "    row %llu, line %llu: ", (unsigned long long)r->row,
                      (unsigned long long)r->line);
        io_text(io, str_of(r->text));
        io_puts(io, "\n");
    }
    if (rest > 0)
        io_printf(io, "    %llu more for other reasons\n", (unsigned long long)rest);
}

void reasons_json(struct reasons *all, struct json_out *j) {
    sort(all);
    json_array_(j);
    for (size_t i = 0; i < all->count; i++) {
        const struct reason *r = all->items[i];
        json_object_(j);
        json_key(j, "rows");
        json_int(j, (int64_t)r->rows);
        json_key(j, "row");
        json_int(j, (int64_t)r->row);
        json_key(j, "line");
        json_int(j, (int64_t)r->line);
        json_key(j, "field");
        json_strz(j, r->field);
        json_key(j, "reason");
        json_strz(j, r->text);
        json_object_end(j);
    }
    json_array_end(j);
}

void reasons_free(struct reasons *all) {
    map_free(&all->by_text);
    arena_free(&all->arena);
}
