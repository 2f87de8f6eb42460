/* SPDX-License-Identifier: Apache-2.0 */
/* Conf edit: finds keys and groups in the text itself. It needs to know where values begin and end,
 * and what is a comment or a quoted text, and nothing else of the language. */
#include "engine/conf_edit.h"
#include "engine/settings_internal.h"

#include <string.h>

struct span {
    size_t from, to; /* of bytes; to is behind the last */
};

static char at(kith_str t, size_t i) {
    return i < t.len ? t.ptr[i] : '\0';
}

static size_t skip_line(kith_str t, size_t i) {
    while (i < t.len && t.ptr[i] != '\n')
        i++;
    return i;
}

static size_t skip_comment(kith_str t, size_t i) {
    for (i += 2; i < t.len && !(t.ptr[i] == '*' && at(t, i + 1) == '/'); i++)
        ;
    return i < t.len ? i + 2 : i;
}

static size_t skip_blank(kith_str t, size_t i) {
    for (;;) {
        if (i < t.len && strchr(" \t\r\n\f\v", t.ptr[i]))
            i++;
        else if (at(t, i) == '#' || (at(t, i) == '/' && at(t, i + 1) == '/'))
            i = skip_line(t, i);
        else if (at(t, i) == '/' && at(t, i + 1) == '*')
            i = skip_comment(t, i);
        else
            return i;
    }
}

static size_t skip_quoted(kith_str t, size_t i) {
    for (i++; i < t.len && t.ptr[i] != '"'; i++)
        i += t.ptr[i] == '\\';
    return i < t.len ? i + 1 : t.len;
}

static size_t skip_word(kith_str t, size_t i) {
    while (i < t.len && !strchr(" \t\r\n\f\v{}[](),;:=\"#/", t.ptr[i]))
        i++;
    return i;
}

static size_t skip_brackets(kith_str t, size_t i) {
    int depth = 0;
    do {
        char c = at(t, i);
        if (c == '"') {
            i = skip_quoted(t, i);
        } else {
            depth += c && strchr("{[(", c) ? 1 : c && strchr("}])", c) ? -1 : 0;
            i++;
        }
        size_t next = depth > 0 ? skip_blank(t, i) : i;
        i = next;
    } while (depth > 0 && i < t.len);
    return i;
}

/* Texts that stand side by side are one. */
static size_t skip_value(kith_str t, size_t i) {
    if (at(t, i) && strchr("{[(", at(t, i)))
        return skip_brackets(t, i);
    if (at(t, i) != '"')
        return skip_word(t, i);
    for (;;) {
        size_t end = skip_quoted(t, i), next = skip_blank(t, end);
        if (at(t, next) != '"')
            return end;
        i = next;
    }
}

struct found {
    struct span name, value;
};

/* Among the settings from `in.from`, where one begins, to `in.to`. */
static bool find_key(kith_str t, struct span in, const char *key, struct found *f) {
    size_t i = skip_blank(t, in.from);
    while (i < in.to) {
        f->name = (struct span){i, skip_word(t, i)};
        i = skip_blank(t, f->name.to);
        if (f->name.to == f->name.from || !strchr("=:", at(t, i)))
            return false;
        i = skip_blank(t, i + 1);
        f->value = (struct span){i, skip_value(t, i)};
        if (str_eqz((kith_str){t.ptr + f->name.from, f->name.to - f->name.from}, key))
            return true;
        i = skip_blank(t, f->value.to);
        if (at(t, i) == ';' || at(t, i) == ',')
            i = skip_blank(t, i + 1);
    }
    return false;
}

static struct span whole(kith_str t) {
    return (struct span){0, t.len};
}

/* The groups of a list, from its bracket on; *last: where the last one ends. False: no such. */
static bool find_item(kith_str t, struct span list, int item, struct span *group) {
    size_t i = skip_blank(t, list.from + 1);
    for (int n = 0; i + 1 < list.to; n++) {
        *group = (struct span){i, skip_value(t, i)};
        if (n == item)
            return true;
        i = skip_blank(t, group->to);
        if (at(t, i) == ',')
            i = skip_blank(t, i + 1);
    }
    return false;
}

/* Where the settings of the group stand: inside its braces. */
static kith_status find_level(kith_str t, const char *list, int item, struct span *in,
                              kith_error *e) {
    struct found f;
    *in = whole(t);
    if (!list)
        return KITH_OK;
    if (!find_key(t, *in, list, &f) || !find_item(t, f.value, item, in))
        return err_set(e, KITH_E_NOTFOUND, NULL, "there is no such group in %s", list);
    in->from++;
    in->to--;
    return KITH_OK;
}

static void put(struct buf *out, kith_str t, size_t from, size_t to) {
    buf_add(out, t.ptr + from, to - from);
}

/* The blanks that a line begins with, when nothing else stands before `i` on it. */
static bool alone_on_line(kith_str t, size_t i, size_t *line) {
    *line = i;
    while (*line > 0 && (t.ptr[*line - 1] == ' ' || t.ptr[*line - 1] == '\t'))
        --*line;
    return *line > 0 && t.ptr[*line - 1] == '\n';
}

static void insert_key(kith_str t, struct span in, bool top, const char *key, kith_str value,
                       struct buf *out) {
    size_t line;
    if (top) {
        put(out, t, 0, t.len);
        buf_puts(out, t.len && t.ptr[t.len - 1] != '\n' ? "\n" : "");
        buf_printf(out, "%s = %.*s;\n", key, (int)value.len, value.ptr);
        return;
    }
    if (alone_on_line(t, in.to, &line)) {
        put(out, t, 0, line);
        put(out, t, line, in.to);
        buf_printf(out, "  %s = %.*s;\n", key, (int)value.len, value.ptr);
        put(out, t, line, t.len);
        return;
    }
    put(out, t, 0, in.to);
    buf_puts(out, at(t, in.to - 1) == ' ' ? "" : " ");
    buf_printf(out, "%s = %.*s; ", key, (int)value.len, value.ptr);
    put(out, t, in.to, t.len);
}

/* With its semicolon, and with its line when that holds nothing else. */
static void remove_key(kith_str t, const struct found *f, struct buf *out) {
    size_t from = f->name.from, to = f->value.to, line;
    size_t end = skip_blank(t, to);
    if (at(t, end) == ';' || at(t, end) == ',')
        to = end + 1;
    size_t rest = to;
    while (at(t, rest) == ' ' || at(t, rest) == '\t')
        rest++;
    bool alone = alone_on_line(t, from, &line) || line == 0;
    if (alone && at(t, rest) == '\n') {
        from = line;
        to = rest + 1;
    } else if (at(t, rest) != '#' && at(t, rest) != '/') {
        to = rest;
    }
    put(out, t, 0, from);
    put(out, t, to, t.len);
}

kith_status conf_set(kith_str t, const char *list, int item, const char *key, kith_str value,
                     struct buf *out, kith_error *e) {
    struct span in;
    struct found f;
    TRY(find_level(t, list, item, &in, e));
    bool there = find_key(t, in, key, &f);
    if (there && value.ptr) {
        put(out, t, 0, f.value.from);
        buf_str(out, value);
        put(out, t, f.value.to, t.len);
    } else if (there) {
        remove_key(t, &f, out);
    } else if (value.ptr) {
        insert_key(t, in, !list, key, value, out);
    } else {
        buf_str(out, t);
    }
    return out->failed ? err_nomem(e) : KITH_OK;
}

kith_status conf_add(kith_str t, const char *list, kith_str group, struct buf *out, kith_error *e) {
    struct found f;
    struct span last = {0}, next;
    if (!find_key(t, whole(t), list, &f)) {
        put(out, t, 0, t.len);
        buf_puts(out, t.len && t.ptr[t.len - 1] != '\n' ? "\n" : "");
        buf_printf(out, "%s = (\n  %.*s\n);\n", list, (int)group.len, group.ptr);
        return out->failed ? err_nomem(e) : KITH_OK;
    }
    for (int n = 0; find_item(t, f.value, n, &next); n++)
        last = next;
    size_t close = f.value.to - 1, line;
    put(out, t, 0, last.to ? last.to : close);
    buf_puts(out, last.to ? "," : "");
    if (last.to)
        put(out, t, last.to, alone_on_line(t, close, &line) ? line : close);
    else
        alone_on_line(t, close, &line);
    buf_printf(out, "%s  %.*s\n", out->len && out->ptr[out->len - 1] == '\n' ? "" : "\n",
               (int)group.len, group.ptr);
    put(out, t, close, t.len);
    return out->failed ? err_nomem(e) : KITH_OK;
}

/* -- lists of texts ---------------------------------------------------------------------------- */

#define LINE_COLUMNS 100

static size_t column_of(kith_str t, size_t i) {
    size_t line = i;
    while (line > 0 && t.ptr[line - 1] != '\n')
        line--;
    return i - line;
}

/* Behind what stands in out already, in lines that are not too long. */
static void put_texts(struct buf *out, const char *const *items, size_t count, size_t indent) {
    for (size_t i = 0; i < count; i++) {
        struct buf one = {0};
        conf_quote(str_of(items[i]), &one);
        size_t column = column_of(buf_view(out), out->len);
        if (column + one.len + 3 > LINE_COLUMNS)
            buf_printf(out, "\n%*s", (int)indent, "");
        else if (column != indent)
            buf_puts(out, " ");
        buf_printf(out, "%.*s%s", (int)one.len, one.ptr ? one.ptr : "", i + 1 < count ? "," : "");
        buf_free(&one);
    }
}

static void extend(kith_str t, struct span list, const char *const *items, size_t count,
                   struct buf *out) {
    struct span first = {0}, last = {0}, next;
    size_t close = list.to - 1, line;
    for (int n = 0; find_item(t, list, n, &next); n++) {
        first = n ? first : next;
        last = next;
    }
    size_t from = last.to ? last.to : list.from + 1, comma = skip_blank(t, from);
    size_t indent = last.to ? column_of(t, first.from) : column_of(t, list.from) + 2;
    bool alone = alone_on_line(t, close, &line);
    put(out, t, 0, from);
    buf_puts(out, last.to && at(t, comma) != ',' ? "," : "");
    if (alone) { /* comments of the last one stay with it */
        put(out, t, from, line);
        buf_printf(out, "%*s", (int)indent, "");
    } else if (last.to && at(t, comma) == ',') {
        put(out, t, from, comma + 1);
        from = comma + 1;
    }
    put_texts(out, items, count, indent);
    buf_puts(out, alone ? "\n" : last.to ? "" : " ");
    put(out, t, alone ? line : last.to ? from : close, t.len);
}

kith_status conf_extend(kith_str t, const char *group, const char *key, const char *const *items,
                        size_t count, struct buf *out, kith_error *e) {
    struct found f;
    struct span in;
    if (!find_key(t, whole(t), group, &f) || at(t, f.value.from) != '{')
        return err_set(e, KITH_E_NOTFOUND, NULL, "there is no group %s", group);
    in = (struct span){f.value.from + 1, f.value.to - 1};
    if (!find_key(t, in, key, &f) || at(t, f.value.from) != '[')
        return err_set(e, KITH_E_NOTFOUND, NULL, "there is no list %s.%s", group, key);
    if (count)
        extend(t, f.value, items, count, out);
    else
        buf_str(out, t);
    return out->failed ? err_nomem(e) : KITH_OK;
}

kith_str conf_get(kith_str t, const char *list, int item, const char *key) {
    struct span in;
    struct found f;
    if (find_level(t, list, item, &in, NULL) != KITH_OK || !find_key(t, in, key, &f))
        return (kith_str){0};
    return (kith_str){t.ptr + f.value.from, f.value.to - f.value.from};
}

void conf_quote(kith_str text, struct buf *out) {
    setting_quoted(text, out);
}
