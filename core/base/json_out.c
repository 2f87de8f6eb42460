/* SPDX-License-Identifier: Apache-2.0 */
/* JSON out: appends to a buffer as it goes; nothing is kept but the depth. Reading is json_read.c.
 */
#include "base/id.h"
#include "base/json.h"
#include "base/number.h"

#include <math.h>
#include <string.h>

void json_begin(struct json_out *j, struct buf *buf, bool pretty) {
    j->buf = buf;
    j->depth = 0;
    j->pretty = pretty;
    j->after_key = false;
}

static void new_line(struct json_out *j) {
    static const char blank[2 * JSON_DEPTH + 1] =
        "                                                                "
        "                                                                ";
    buf_putc(j->buf, '\n');
    buf_add(j->buf, blank, 2 * (size_t)j->depth);
}

/* What must stand before the next value or key. */
static void separate(struct json_out *j) {
    if (j->after_key) {
        j->after_key = false;
        return;
    }
    if (j->depth == 0)
        return;
    bool *first = &j->first[j->depth - 1];
    if (!*first)
        buf_putc(j->buf, ',');
    *first = false;
    if (j->pretty)
        new_line(j);
}

static void open_level(struct json_out *j, char bracket) {
    separate(j);
    buf_putc(j->buf, bracket);
    if (j->depth == JSON_DEPTH)
        j->buf->failed = true;
    else
        j->first[j->depth++] = true;
}

static void close_level(struct json_out *j, char bracket) {
    if (j->depth == 0) {
        j->buf->failed = true;
        return;
    }
    j->depth--;
    if (j->pretty && !j->first[j->depth])
        new_line(j);
    buf_putc(j->buf, bracket);
}

void json_object_(struct json_out *j) {
    open_level(j, '{');
}

void json_object_end(struct json_out *j) {
    close_level(j, '}');
}

void json_array_(struct json_out *j) {
    open_level(j, '[');
}

void json_array_end(struct json_out *j) {
    close_level(j, ']');
}

/* -- strings ----------------------------------------------------------------------------------- */

static void put_escape(struct buf *b, unsigned code) {
    static const char hex[] = "0123456789abcdef";
    char text[6] = {'\\', 'u', '0', '0', '0', '0'};
    for (int i = 5; i > 1; i--, code >>= 4)
        text[i] = hex[code & 15];
    buf_add(b, text, sizeof text);
}

static void put_ascii(struct buf *b, unsigned char c) {
    static const char letters[] = "btn\0fr"; /* for 8 to 13; 11 has none */
    char two[2] = {'\\', (char)c};
    if (c >= 8 && c <= 13)
        two[1] = letters[c - 8];
    if (c == '"' || c == '\\' || (c >= 8 && c <= 13 && c != 11))
        buf_add(b, two, sizeof two);
    else
        put_escape(b, c);
}

/* Bytes of the UTF-8 character at p, and its code; 0: not well-formed. */
static size_t utf8_char(const unsigned char *p, size_t left, unsigned *code) {
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = p[0] < 0xC0 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : p[0] < 0xF8 ? 4 : 0;
    if (!len || len > left)
        return 0;
    unsigned c = p[0] & (0xFFu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3Fu);
    }
    *code = c;
    return c < least[len] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) ? 0 : len;
}

static bool is_plain(unsigned char c) {
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

/* Bytes from p on that stand for themselves. C1 controls drive terminals; U+2028 and U+2029 end a
 * line in JavaScript. */
static size_t plain_run(const unsigned char *p, size_t left) {
    size_t run = 0;
    unsigned code = 0;
    for (;;) {
        while (run < left && is_plain(p[run]))
            run++;
        if (run == left || p[run] < 0x80)
            return run;
        size_t len = utf8_char(p + run, left - run, &code);
        if (!len || code < 0xA0 || code == 0x2028 || code == 0x2029)
            return run;
        run += len;
    }
}

/* Writes the character at p that plain_run stopped at; returns its bytes. */
static size_t put_escaped(struct buf *b, const unsigned char *p, size_t left) {
    unsigned code = 0;
    if (*p < 0x80) {
        put_ascii(b, *p);
        return 1;
    }
    size_t len = utf8_char(p, left, &code);
    put_escape(b, len ? code : 0xFFFD); /* a byte that is not UTF-8 is replaced */
    return len ? len : 1;
}

static void put_string(struct buf *b, kith_str s) {
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t left = (size_t)s.len;
    buf_putc(b, '"');
    while (left) {
        size_t len = plain_run(p, left);
        buf_add(b, (const char *)p, len);
        if (len < left)
            len += put_escaped(b, p + len, left - len);
        p += len;
        left -= len;
    }
    buf_putc(b, '"');
}

void json_key(struct json_out *j, const char *key) {
    separate(j);
    put_string(j->buf, str_of(key));
    buf_add(j->buf, ": ", j->pretty ? 2 : 1);
    j->after_key = true;
}

void json_str(struct json_out *j, kith_str s) {
    separate(j);
    put_string(j->buf, s);
}

void json_strz(struct json_out *j, const char *z) {
    json_str(j, str_of(z));
}

/* -- other values ------------------------------------------------------------------------------ */

void json_raw(struct json_out *j, kith_str json) {
    separate(j);
    buf_str(j->buf, json);
}

void json_int(struct json_out *j, int64_t i) {
    char text[21], *p = text + sizeof text;
    uint64_t rest = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
    do
        *--p = (char)('0' + rest % 10);
    while (rest /= 10);
    if (i < 0)
        *--p = '-';
    json_raw(j, (kith_str){p, (uint64_t)(text + sizeof text - p)});
}

void json_num(struct json_out *j, double r) {
    char text[REAL_TEXT];
    if (!isfinite(r)) { /* JSON has no word for it */
        json_nil(j);
        return;
    }
    real_format(r, text);
    json_raw(j, str_of(text));
}

void json_bool_(struct json_out *j, bool b) {
    json_raw(j, b ? STR("true") : STR("false"));
}

void json_nil(struct json_out *j) {
    json_raw(j, STR("null"));
}

void json_id(struct json_out *j, kith_id id) {
    char text[ID_TEXT + 1];
    id_format(id, text);
    if (id)
        json_strz(j, text);
    else
        json_nil(j);
}
