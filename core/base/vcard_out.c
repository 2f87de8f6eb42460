/* SPDX-License-Identifier: Apache-2.0 */
/* vCard, writing: one property at a time. */
#include "base/vcard.h"

#include <string.h>

#define OCTETS 75 /* of a line, without its end (RFC 2426, RFC 6350) */

void vcard_escape(struct buf *out, enum vcard_version v, kith_str text) {
    for (uint64_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool special = c == '\\' || c == ';' || (c == ',' && v != VCARD_21);
        if (c == '\r') {
            if (i + 1 < text.len && text.ptr[i + 1] == '\n')
                continue;
            c = '\n';
        }
        if (c == '\n' && v != VCARD_21) {
            buf_puts(out, "\\n");
            continue;
        }
        if (special)
            buf_putc(out, '\\');
        buf_putc(out, c);
    }
}

static bool inside_char(char c) {
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* Appends s, which goes on from column *at, folded between characters. */
static void fold(struct buf *out, kith_str s, size_t *at) {
    while (s.len) {
        size_t room = OCTETS - *at, n = s.len < room ? (size_t)s.len : room;
        while (n && n < s.len && inside_char(s.ptr[n]))
            n--;
        if (!n && *at <= 1)
            n = s.len < room ? (size_t)s.len : room; /* no UTF-8: cut anywhere */
        buf_add(out, s.ptr, n);
        *at += n;
        s = (kith_str){s.ptr + n, s.len - n};
        if (s.len) {
            buf_puts(out, "\r\n ");
            *at = 1;
        }
    }
}

static void put_folded(struct buf *out, const char *head, const char *between, kith_str value) {
    size_t at = 0;
    fold(out, str_of(head), &at);
    fold(out, str_of(between), &at);
    fold(out, value, &at);
    buf_puts(out, "\r\n");
}

/* -- quoted-printable -------------------------------------------------------------------------- */

static bool is_plain(char c) {
    return c >= ' ' && c <= '~' && c != '=';
}

static bool fits_a_line(const char *head, kith_str value) {
    if (strlen(head) + 1 + value.len > OCTETS)
        return false;
    for (uint64_t i = 0; i < value.len; i++)
        if (!(value.ptr[i] >= ' ' && value.ptr[i] <= '~'))
            return false;
    return !value.len || value.ptr[value.len - 1] != ' ';
}

/* No line begins with a blank, and none is BEGIN:VCARD or END:VCARD, which would end the card. */
static void put_quoted(struct buf *out, const char *head, kith_str value) {
    size_t at = strlen(head) + strlen(";CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:");
    buf_printf(out, "%s;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:", head);
    for (uint64_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        bool last = i + 1 == value.len;
        if (at > OCTETS - 7) { /* room for a line end in codes, and for the break */
            buf_puts(out, "=\r\n");
            at = 0;
        }
        if (c == '\n') {
            buf_puts(out, "=0D=0A");
            at += 6;
        } else if (is_plain(c) && !(c == ' ' && last) && !(at == 0 && strchr(" BbEe", c))) {
            buf_putc(out, c);
            at++;
        } else {
            buf_printf(out, "=%02X", (unsigned char)c);
            at += 3;
        }
    }
    buf_puts(out, "\r\n");
}

/* -- properties -------------------------------------------------------------------------------- */

void vcard_put(struct buf *out, enum vcard_version v, const char *head, kith_str value) {
    if (v != VCARD_21)
        put_folded(out, head, ":", value);
    else if (fits_a_line(head, value))
        buf_printf(out, "%s:%.*s\r\n", head, (int)value.len, value.ptr);
    else
        put_quoted(out, head, value);
}

void vcard_put_base64(struct buf *out, enum vcard_version v, const char *head, kith_str media,
                      kith_str base64) {
    struct buf full = {0};
    kith_str sub = media;
    const char *slash = media.len ? memchr(media.ptr, '/', media.len) : NULL;
    if (slash)
        sub = (kith_str){slash + 1, media.len - (uint64_t)(slash + 1 - media.ptr)};
    const char *type = sub.len && v != VCARD_40 ? ";TYPE=" : "";
    if (v == VCARD_40)
        buf_printf(&full, ":data:%.*s;base64,", (int)media.len, media.len ? media.ptr : "");
    else
        buf_printf(&full, ";ENCODING=%s%s%.*s:", v == VCARD_21 ? "BASE64" : "B", type,
                   *type ? (int)sub.len : 0, sub.len ? sub.ptr : "");
    put_folded(out, head, full.ptr ? full.ptr : "", base64);
    if (v == VCARD_21)
        buf_puts(out, "\r\n"); /* a blank line ends it */
    out->failed |= full.failed;
    buf_free(&full);
}
