/* SPDX-License-Identifier: Apache-2.0 */
/* Io: the part that is the same for every implementation: buffering, and making data harmless to a
 * terminal. */
#include "cli/cli_io.h"
#include "base/text.h"
#include <string.h>

#define FLUSH_AT 65536

void io_flush(struct io *io) {
    if (io->out.failed && !io->deaf) { /* what is missing must not pass for the end */
        io->ops->write(io, IO_ERR, STR("kith: there is not enough memory\n"));
        io->deaf = io->lost = true;
    }
    if (io->out.len > 0 && !io->deaf && !io->ops->write(io, IO_OUT, buf_view(&io->out)))
        io->deaf = true;
    buf_reset(&io->out);
}

static void flush_when_full(struct io *io) {
    if (io->out.len >= FLUSH_AT)
        io_flush(io);
}

void io_raw(struct io *io, kith_str s) {
    buf_str(&io->out, s);
    flush_when_full(io);
}

void io_puts(struct io *io, const char *z) {
    io_raw(io, str_of(z));
}

void io_printf(struct io *io, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&io->out, fmt, ap);
    va_end(ap);
    flush_when_full(io);
}

/* U+0080..U+009F are controls too, and U+202A..U+202E and U+2066..U+2069 turn the direction of what
 * follows on the line. Gives the bytes of such a character at s, or 0. */
static size_t odd_character(const unsigned char *s, size_t len) {
    if (len >= 2 && s[0] == 0xc2 && s[1] >= 0x80 && s[1] <= 0x9f)
        return 2;
    if (len >= 3 && s[0] == 0xe2 && s[1] == 0x80 && s[2] >= 0xaa && s[2] <= 0xae)
        return 3;
    if (len >= 3 && s[0] == 0xe2 && s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9)
        return 3;
    return 0;
}

/* U+2400..U+2421 are the pictures of the control characters. */
static void put_picture(struct buf *out, unsigned char c) {
    const char picture[] = {'\xe2', '\x90', (char)(0x80 + (c == 0x7f ? 0x21 : c))};
    buf_add(out, picture, sizeof picture);
}

static void put_line_end(struct buf *out, int indent) {
    if (indent < 0) {
        buf_putc(out, ' ');
        return;
    }
    buf_putc(out, '\n');
    for (int i = 0; i < indent; i++)
        buf_putc(out, ' ');
}

/* indent -1: everything stays on one line. */
static void plain(struct buf *out, kith_str s, int indent) {
    struct buf repaired = {0};
    if (text_invalid_at(s) >= 0) { /* only what comes from outside, as a file's name */
        text_decode(ENC_UTF8, s, true, &repaired);
        s = buf_view(&repaired);
    }
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t from = 0;
    for (size_t i = 0; i < s.len;) {
        size_t odd = odd_character(p + i, (size_t)s.len - i);
        if (p[i] >= 0x20 && p[i] != 0x7f && odd == 0) {
            i++;
            continue;
        }
        buf_add(out, s.ptr + from, i - from);
        if (odd > 0)
            buf_puts(out, "\xef\xbf\xbd");
        else if (p[i] == '\n')
            put_line_end(out, indent);
        else if (p[i] == '\t')
            buf_putc(out, ' ');
        else if (!(p[i] == '\r' && i + 1 < s.len && p[i + 1] == '\n'))
            put_picture(out, p[i]);
        i += odd > 0 ? odd : 1;
        from = i;
    }
    buf_add(out, s.ptr ? s.ptr + from : "", (size_t)s.len - from);
    buf_free(&repaired);
}

void text_plain(struct buf *out, kith_str s) {
    plain(out, s, -1);
}

void text_lines(struct buf *out, kith_str s, int indent) {
    plain(out, s, indent);
}

void io_text(struct io *io, kith_str s) {
    plain(&io->out, s, -1);
    flush_when_full(io);
}

void io_lines(struct io *io, kith_str s, int indent) {
    plain(&io->out, s, indent);
    flush_when_full(io);
}

void io_say(struct io *io, const char *fmt, ...) {
    struct buf text = {0}, line = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    buf_puts(&line, "kith: ");
    text_plain(&line, buf_view(&text));
    buf_putc(&line, '\n');
    io_flush(io);
    if (text.failed || line.failed) /* the sentence itself has no room */
        io->ops->write(io, IO_ERR, STR("kith: there is not enough memory\n"));
    else
        io->ops->write(io, IO_ERR, buf_view(&line));
    buf_free(&line);
    buf_free(&text);
}

void io_progress(struct io *io, const char *line) {
    io->ops->progress(io, line);
}

bool io_interrupted(struct io *io) {
    return io->deaf || io->ops->interrupted(io);
}

kith_status io_check(struct io *io, kith_error *e) {
    return io_interrupted(io) ? err_set(e, KITH_E_LIMIT, NULL, "interrupted") : KITH_OK;
}

const char *io_style(const struct io *io, enum io_style style) {
    static const char *const codes[] = {
        [STYLE_PLAIN] = "\033[0m", [STYLE_HEAD] = "\033[1m", [STYLE_DIM] = "\033[2m",
        [STYLE_GOOD] = "\033[32m", [STYLE_BAD] = "\033[31m",
    };
    return io->color ? codes[style] : "";
}

kith_status io_read_file(struct io *io, const char *path, size_t max, struct buf *out,
                         kith_error *e) {
    int file;
    TRY(io->ops->open(io, path, IO_READ, &file, e));
    kith_status st = KITH_OK;
    for (size_t got = 1; st == KITH_OK && got > 0;) {
        if (!buf_reserve(out, FLUSH_AT))
            st = err_nomem(e);
        else
            st = io->ops->read(io, file, out->ptr + out->len, FLUSH_AT, &got, e);
        if (st == KITH_OK)
            out->len += got;
        if (st == KITH_OK && out->len > max)
            st = err_set(e, KITH_E_LIMIT, NULL, "%s is larger than %zu bytes",
                         strcmp(path, "-") == 0 ? "it" : path, max);
    }
    io->ops->close(io, file, false, NULL);
    return st;
}
