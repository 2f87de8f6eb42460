/* SPDX-License-Identifier: Apache-2.0 */
/* Lua's words: names, numbers and strings as Lua reads them, escapes and all. */
#include "script/syntax_lex.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void lex_fail(struct lexer *x, const char *error) {
    if (!x->error) {
        x->error = error;
        x->error_line = x->line;
    }
    x->at = x->end;
}

/* -- characters -------------------------------------------------------------------------------- */

/* The character `ahead` of the next one, or -1 behind the end. */
static int peek(const struct lexer *x, size_t ahead) {
    return (size_t)(x->end - x->at) > ahead ? (unsigned char)x->at[ahead] : -1;
}

static bool accept(struct lexer *x, int c) {
    bool yes = peek(x, 0) == c;
    x->at += yes;
    return yes;
}

static bool is_digit(int c) {
    return c >= '0' && c <= '9';
}

static int hex_value(int c) {
    if (is_digit(c))
        return c - '0';
    if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
        return (c | 0x20) - 'a' + 10;
    return -1;
}

static bool is_letter(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_break(int c) {
    return c == '\n' || c == '\r';
}

/* Goes over a line's end, of one or of two characters. */
static void next_line(struct lexer *x) {
    int first = (unsigned char)*x->at++;
    if (is_break(peek(x, 0)) && peek(x, 0) != first)
        x->at++;
    x->line++;
}

/* -- numbers ----------------------------------------------------------------------------------- */

/* Hexadecimal whole numbers wrap around; decimal ones that are too large become floats. */
static bool read_whole(const char *s, size_t len, int64_t *out) {
    uint64_t n = 0;
    bool hex = len > 2 && s[0] == '0' && (s[1] | 0x20) == 'x';
    for (size_t i = hex ? 2 : 0; i < len; i++) {
        int digit = hex_value(s[i]);
        if (digit < 0 || (!hex && digit > 9))
            return false;
        if (!hex && n > ((uint64_t)INT64_MAX - (uint64_t)digit) / 10)
            return false;
        n = n * (hex ? 16u : 10u) + (uint64_t)digit;
    }
    memcpy(out, &n, sizeof n);
    return true;
}

static struct token read_number(struct lexer *x) {
    struct token t = {.kind = TOKEN_INTEGER, .line = x->line};
    const char *begin = x->at;
    bool hex = peek(x, 0) == '0' && (peek(x, 1) | 0x20) == 'x';
    x->at += hex ? 2 : 1;
    for (;;) {
        int c = peek(x, 0);
        if (c >= 0 && (c | 0x20) == (hex ? 'p' : 'e')) {
            x->at++;
            if (peek(x, 0) == '+' || peek(x, 0) == '-')
                x->at++;
        } else if (hex_value(c) >= 0 || c == '.' || is_letter(c)) {
            x->at++;
        } else {
            break;
        }
    }
    size_t len = (size_t)(x->at - begin);
    if (read_whole(begin, len, &t.integer))
        return t;
    char *copy = arena_strndup(x->arena, begin, len), *end = copy;
    t.kind = TOKEN_FLOAT;
    t.real = copy ? strtod(copy, &end) : 0;
    if (!copy || *end || end == copy)
        lex_fail(x, "malformed number");
    return t;
}

/* -- strings ----------------------------------------------------------------------------------- */

/* Behind "[" or "]": how many "=" there are, if the same bracket follows them; else -1. */
static int bracket_level(const struct lexer *x, int bracket) {
    int n = 0;
    while (peek(x, (size_t)n) == '=')
        n++;
    return peek(x, (size_t)n) == bracket ? n : -1;
}

/* Where the text is taken apart it is put together anew, never longer than it was. */
struct piece {
    char *out;
    size_t len;
};

static void put(struct piece *p, char c) {
    if (p->out)
        p->out[p->len++] = c;
}

/* With a NUL behind it, for which there is room. */
static kith_str finished(struct piece *p) {
    if (p->out)
        p->out[p->len] = '\0';
    return (kith_str){p->out, p->len};
}

/* How much is needed at most, to the bracket that ends it or the end. */
static size_t long_room(const struct lexer *x, int level) {
    struct lexer ahead = *x;
    while (ahead.at < ahead.end)
        if (*ahead.at++ == ']' && bracket_level(&ahead, ']') == level)
            break;
    return (size_t)(ahead.at - x->at) + 1;
}

/* Behind "[": a long string, or a long comment of which nothing is kept. */
static kith_str read_long(struct lexer *x, int level, bool keep) {
    x->at += level + 1;
    struct piece p = {.out = keep ? arena_alloc(x->arena, long_room(x, level)) : NULL};
    if (keep && !p.out)
        lex_fail(x, "no memory");
    if (is_break(peek(x, 0)))
        next_line(x);
    while (x->at < x->end) {
        if (is_break(peek(x, 0))) {
            next_line(x);
            put(&p, '\n');
            continue;
        }
        char c = *x->at++;
        if (c == ']' && bracket_level(x, ']') == level) {
            x->at += level + 1;
            return finished(&p);
        }
        put(&p, c);
    }
    lex_fail(x, keep ? "unfinished long string" : "unfinished long comment");
    return STR("");
}

/* As Lua writes it, up to 2^31. */
static void put_utf8(struct piece *p, uint32_t code) {
    char bytes[6];
    int n = 0;
    uint32_t first = 0x3f;
    if (code < 0x80) {
        put(p, (char)code);
        return;
    }
    do {
        bytes[n++] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
        first >>= 1;
    } while (code > first);
    put(p, (char)((~first << 1) | code));
    while (n > 0)
        put(p, bytes[--n]);
}

/* Behind "\u". */
static void escape_utf8(struct lexer *x, struct piece *p) {
    uint32_t code = 0;
    bool ok = accept(x, '{') && hex_value(peek(x, 0)) >= 0;
    while (ok && hex_value(peek(x, 0)) >= 0) {
        ok = code <= 0x7FFFFFFu;
        code = code * 16 + (uint32_t)hex_value((unsigned char)*x->at++);
    }
    if (!ok || !accept(x, '}'))
        lex_fail(x, "malformed \\u{...} in a string");
    else
        put_utf8(p, code);
}

static void escape_decimal(struct lexer *x, struct piece *p) {
    int code = 0;
    for (int i = 0; i < 3 && is_digit(peek(x, 0)); i++)
        code = code * 10 + (*x->at++ - '0');
    if (code > 255)
        lex_fail(x, "a byte beyond \\255 in a string");
    else
        put(p, (char)code);
}

/* Behind "\z": all white space. */
static void skip_space(struct lexer *x) {
    for (int c = peek(x, 0); c == ' ' || (c >= '\t' && c <= '\r'); c = peek(x, 0)) {
        if (is_break(c))
            next_line(x);
        else
            x->at++;
    }
}

/* Behind a backslash. */
static void escape(struct lexer *x, struct piece *p) {
    static const char letters[] = "abfnrtv\\\"'", meant[] = "\a\b\f\n\r\t\v\\\"'";
    int c = peek(x, 0);
    const char *known = c > 0 ? strchr(letters, c) : NULL;
    if (is_break(c)) {
        next_line(x);
        put(p, '\n');
    } else if (is_digit(c)) {
        escape_decimal(x, p);
    } else if (known) {
        x->at++;
        put(p, meant[known - letters]);
    } else if (c == 'x' && hex_value(peek(x, 1)) >= 0 && hex_value(peek(x, 2)) >= 0) {
        put(p, (char)(hex_value(peek(x, 1)) * 16 + hex_value(peek(x, 2))));
        x->at += 3;
    } else if (accept(x, 'z')) {
        skip_space(x);
    } else if (accept(x, 'u')) {
        escape_utf8(x, p);
    } else {
        lex_fail(x, "unknown escape in a string");
    }
}

/* How much is needed at most, to the quote that ends it or the line's end. */
static size_t string_room(const struct lexer *x, int quote) {
    size_t n = 0;
    while (peek(x, n) >= 0 && peek(x, n) != quote)
        n += peek(x, n) == '\\' && peek(x, n + 1) >= 0 ? 2 : 1;
    return n + 1;
}

static struct token read_string(struct lexer *x) {
    int quote = (unsigned char)*x->at++;
    struct piece p = {.out = arena_alloc(x->arena, string_room(x, quote))};
    if (!p.out)
        lex_fail(x, "no memory");
    while (!x->error && !accept(x, quote)) {
        if (x->at == x->end || is_break(peek(x, 0)))
            lex_fail(x, "unfinished string");
        else if (accept(x, '\\'))
            escape(x, &p);
        else
            put(&p, *x->at++);
    }
    return (struct token){.kind = TOKEN_STRING, .line = x->line, .text = finished(&p)};
}

/* -- words ------------------------------------------------------------------------------------- */

static struct token read_name(struct lexer *x) {
    static const char *const words[] = {"and",   "break", "do",       "else", "elseif", "end",
                                        "false", "for",   "function", "goto", "if",     "in",
                                        "local", "nil",   "not",      "or",   "repeat", "return",
                                        "then",  "true",  "until",    "while"};
    struct token t = {.kind = TOKEN_NAME, .line = x->line, .text = {x->at, 0}};
    while (is_letter(peek(x, 0)) || is_digit(peek(x, 0)))
        x->at++;
    t.text.len = (uint64_t)(x->at - t.text.ptr);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eqz(t.text, words[i]))
            t.kind = TOKEN_AND + (int)i;
    return t;
}

/* Behind "--". */
static void skip_comment(struct lexer *x) {
    int level = -1;
    if (accept(x, '['))
        level = bracket_level(x, '[');
    if (level >= 0) {
        read_long(x, level, false);
        return;
    }
    while (x->at < x->end && !is_break(peek(x, 0)))
        x->at++;
}

static struct token read_sign(struct lexer *x) {
    static const struct {
        char text[4];
        int kind;
    } signs[] = {{"...", TOKEN_DOTS},      {"..", TOKEN_CONCAT},      {"==", TOKEN_EQUAL},
                 {"~=", TOKEN_UNEQUAL},    {"<=", TOKEN_LESS_EQUAL},  {">=", TOKEN_GREATER_EQUAL},
                 {"<<", TOKEN_SHIFT_LEFT}, {">>", TOKEN_SHIFT_RIGHT}, {"//", TOKEN_DIVIDE_WHOLE},
                 {"::", TOKEN_LABEL}};
    struct token t = {.line = x->line};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t len = strlen(signs[i].text);
        if ((size_t)(x->end - x->at) >= len && memcmp(x->at, signs[i].text, len) == 0) {
            x->at += len;
            t.kind = signs[i].kind;
            return t;
        }
    }
    t.kind = (unsigned char)*x->at++;
    if (!t.kind || !strchr("+-*/%^#&~|<>=(){}[];:,.", t.kind))
        lex_fail(x, "unexpected character");
    return t;
}

struct token lex_next(struct lexer *x) {
    while (x->at < x->end) {
        int c = peek(x, 0);
        x->begin = x->at;
        if (is_break(c)) {
            next_line(x);
        } else if (c == ' ' || (c >= '\t' && c <= '\r')) {
            x->at++;
        } else if (c == '-' && peek(x, 1) == '-') {
            x->at += 2;
            skip_comment(x);
        } else if (c == '"' || c == '\'') {
            return read_string(x);
        } else if (c == '[') {
            x->at++;
            int level = bracket_level(x, '[');
            if (level < 0)
                return (struct token){.kind = '[', .line = x->line};
            kith_str text = read_long(x, level, true);
            return (struct token){.kind = TOKEN_STRING, .line = x->line, .text = text};
        } else if (is_letter(c)) {
            return read_name(x);
        } else if (is_digit(c) || (c == '.' && is_digit(peek(x, 1)))) {
            return read_number(x);
        } else {
            return read_sign(x);
        }
    }
    if (!x->error)
        x->begin = x->end;
    return (struct token){.kind = TOKEN_END, .line = x->line};
}
