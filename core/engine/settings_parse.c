/* SPDX-License-Identifier: Apache-2.0 */
/* Settings, the text of one file: a scan that knows libconfig 1.5's traps, then libconfig. The scan
 * writes the text anew, line by line the same, with every whole number as 64 bits (5000000000 reads
 * as 705032704 otherwise), without @include, and with what it has reported made harmless, so that
 * one mistake does not hide the next. It never shows a value: it may be a secret. */
#include "engine/settings_internal.h"

#include "base/number.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>

#define DEPTH 32 /* brackets within brackets */

struct name {
    kith_str text;
    int line;
    struct name *next;
};

struct scan {
    struct load *load;
    kith_str in;
    size_t at;
    int line;
    struct buf out;
    struct arena arena;
    struct name *names[DEPTH]; /* set so far in each open group */
    int depth;
    int renamed;
    bool stop; /* nothing can be made of the rest */
};

static char peek(const struct scan *s, size_t ahead) {
    return s->at + ahead < s->in.len ? s->in.ptr[s->at + ahead] : '\0';
}

static void give_up(struct scan *s, int line, const char *why) {
    report(s->load, line, "%s", why);
    s->stop = true;
}

/* Passes over n characters; keeps line ends, so that libconfig counts the same lines. */
static void skip(struct scan *s, size_t n) {
    for (; n && s->at < s->in.len; n--)
        if (s->in.ptr[s->at++] == '\n') {
            s->line++;
            buf_putc(&s->out, '\n');
        }
}

static void skip_line(struct scan *s) {
    while (s->at < s->in.len && s->in.ptr[s->at] != '\n')
        s->at++;
}

static void skip_comment(struct scan *s) {
    int line = s->line;
    skip(s, 2);
    while (s->at < s->in.len && !(peek(s, 0) == '*' && peek(s, 1) == '/'))
        skip(s, 1);
    if (s->at == s->in.len)
        give_up(s, line, "a comment that begins here is never closed");
    skip(s, 2);
}

static void copy_string(struct scan *s) {
    int line = s->line;
    size_t from = s->at++;
    while (s->at < s->in.len && s->in.ptr[s->at] != '"') {
        s->line += s->in.ptr[s->at] == '\n';
        s->at += s->in.ptr[s->at] == '\\' && peek(s, 1) != '\n' ? 2 : 1;
    }
    if (s->at >= s->in.len) {
        s->at = s->in.len;
        give_up(s, line, "a text that begins here is never closed with a double quote");
        return;
    }
    s->at++;
    buf_add(&s->out, s->in.ptr + from, s->at - from);
}

/* -- words: names, numbers, true and false ----------------------------------------------------- */

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_name(kith_str w) {
    for (uint64_t i = 0; i < w.len; i++)
        if (!is_letter(w.ptr[i]) && (!i || (!is_digit(w.ptr[i]) && !strchr("-_", w.ptr[i]))))
            return false;
    return true;
}

static bool names_a_setting(const struct scan *s) {
    size_t i = s->at;
    while (i < s->in.len && strchr(" \t\r\n", s->in.ptr[i]))
        i++;
    return i < s->in.len && (s->in.ptr[i] == '=' || s->in.ptr[i] == ':');
}

static void add_reported_name(struct scan *s) {
    buf_printf(&s->out, "x%c%d", REPORTED_MARK, ++s->renamed);
}

static void scan_name(struct scan *s, kith_str w, int line) {
    if (!is_name(w)) {
        report(s->load, line, "a name begins with a letter and holds letters, digits, - and _");
        add_reported_name(s);
        return;
    }
    for (struct name *n = s->names[s->depth]; n; n = n->next)
        if (str_eq(n->text, w)) {
            report(s->load, line, "%.*s is set twice in this group; the first is on line %d",
                   (int)w.len, w.ptr, n->line);
            add_reported_name(s);
            return;
        }
    struct name *n = ARENA_NEW(&s->arena, struct name);
    if (!n) {
        s->out.failed = true;
        return;
    }
    *n = (struct name){w, line, s->names[s->depth]};
    s->names[s->depth] = n;
    buf_str(&s->out, w);
}

static bool hex_parse(kith_str w, int64_t *out) {
    uint64_t sum = 0;
    for (uint64_t i = 2; i < w.len; i++) {
        char c = w.ptr[i];
        int digit = is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
        if (sum >> 59) /* another four bits would reach the sign */
            return false;
        sum = sum << 4 | (uint64_t)digit;
    }
    *out = (int64_t)sum;
    return true;
}

static bool all_of(kith_str w, uint64_t from, const char *set) {
    for (uint64_t i = from; i < w.len; i++)
        if (!w.ptr[i] || !strchr(set, w.ptr[i]))
            return false;
    return w.len > from;
}

/* A whole number, with or without the L that libconfig wants. False: the word is something else. */
static bool scan_whole(struct scan *s, kith_str w, int line) {
    for (int i = 0; i < 2 && w.len > 1 && w.ptr[w.len - 1] == 'L'; i++)
        w.len--;
    bool hex = w.len > 2 && w.ptr[0] == '0' && (w.ptr[1] | 0x20) == 'x' &&
               all_of(w, 2, "0123456789abcdefABCDEF");
    uint64_t sign = w.len && strchr("+-", w.ptr[0]) ? 1 : 0;
    if (!hex && !all_of(w, sign, "0123456789"))
        return false;
    int64_t value = 0;
    if (!(hex ? hex_parse(w, &value) : int_parse(w, &value))) {
        report(s->load, line, "the number does not fit into 64 bits");
        buf_puts(&s->out, "\"" REPORTED_TEXT "\"");
        return true;
    }
    buf_printf(&s->out, "%lldL", (long long)value);
    return true;
}

static bool scan_real(struct scan *s, kith_str w) {
    if (!all_of(w, 0, "0123456789+-.eE") || (!is_digit(w.ptr[0]) && !strchr("+-.", w.ptr[0])))
        return false;
    /* libconfig takes 1e5 for the number 1 and the name e5, but knows +1e5. */
    if (is_digit(w.ptr[0]) && !memchr(w.ptr, '.', (size_t)w.len))
        buf_putc(&s->out, '+');
    buf_str(&s->out, w);
    return true;
}

static void scan_word(struct scan *s) {
    size_t from = s->at;
    int line = s->line;
    while (s->at < s->in.len && !strchr(" \t\r\n\f\v{}[](),;:=\"#/", s->in.ptr[s->at]))
        s->at++;
    if (s->at == from) /* a lone slash */
        s->at++;
    kith_str w = {s->in.ptr + from, s->at - from};
    if (names_a_setting(s)) {
        scan_name(s, w, line);
    } else if (str_ieqz(w, "true") || str_ieqz(w, "false")) {
        buf_str(&s->out, w);
    } else if (!scan_whole(s, w, line) && !scan_real(s, w)) {
        report(s->load, line,
               "a text must stand in double quotes, as in \"10m\" (only numbers, true and false "
               "need none)");
        buf_puts(&s->out, "\"" REPORTED_TEXT "\"");
    }
}

/* -- the whole --------------------------------------------------------------------------------- */

static void scan_bracket(struct scan *s, char c) {
    if (strchr("{[(", c)) {
        if (s->depth + 1 == DEPTH) {
            give_up(s, s->line, "the brackets are nested too deep");
            return;
        }
        s->names[++s->depth] = NULL;
    } else if (strchr("}])", c) && s->depth) {
        s->depth--;
    }
    buf_putc(&s->out, c);
    s->at++;
}

static void scan_one(struct scan *s) {
    char c = peek(s, 0);
    if (strchr(" \t\r\n\f\v", c)) {
        buf_putc(&s->out, ' ');
        skip(s, 1);
    } else if (c == '#' || (c == '/' && peek(s, 1) == '/')) {
        skip_line(s);
    } else if (c == '/' && peek(s, 1) == '*') {
        skip_comment(s);
    } else if (c == '"') {
        copy_string(s);
    } else if (strchr("{}[](),;:=", c)) {
        scan_bracket(s, c);
    } else if (c == '@') {
        report(s->load, s->line, "@include is not supported: put the file into conf.d");
        skip_line(s);
    } else {
        scan_word(s);
    }
}

static int line_of(kith_str text, uint64_t offset) {
    int line = 1;
    for (uint64_t i = 0; i < offset; i++)
        line += text.ptr[i] == '\n';
    return line;
}

static bool scan_text(struct scan *s) {
    int64_t bad = text_invalid_at(s->in);
    if (bad >= 0) {
        give_up(s, line_of(s->in, (uint64_t)bad), "the text is not UTF-8: save the file as UTF-8");
        return false;
    }
    const char *nul = memchr(s->in.ptr, '\0', (size_t)s->in.len);
    if (nul) {
        give_up(s, line_of(s->in, (uint64_t)(nul - s->in.ptr)),
                "a NUL byte stands here: this is no configuration file");
        return false;
    }
    s->at = text_bom(ENC_UTF8_BOM, s->in);
    while (s->at < s->in.len && !s->stop)
        scan_one(s);
    return !s->stop;
}

bool settings_parse(struct load *l, kith_str text, config_t *cfg) {
    struct scan s = {.load = l, .in = text, .line = 1};
    config_init(cfg);
    buf_puts(&s.out, "");
    bool ok = scan_text(&s);
    if (s.out.failed) {
        l->nomem = true;
        ok = false;
    }
    if (ok && !config_read_string(cfg, s.out.ptr)) {
        const char *why = config_error_text(cfg);
        bool plain = !why || strcmp(why, "syntax error") == 0;
        report(l, config_error_line(cfg), "%s%s", plain ? "this cannot be read" : why,
               plain ? ": here or just before, a value, a ; or a bracket is missing or too many"
                     : "");
        ok = false;
    }
    buf_free(&s.out);
    arena_free(&s.arena);
    return ok;
}
