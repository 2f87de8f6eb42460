/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: its text cut into tokens, and errors that name a position in it. */
#include "record/query_internal.h"

#include <stdio.h>
#include <string.h>

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The character behind byte i, or NUL at the end. */
static char char_at(kith_str text, uint32_t i) {
    return i < text.len ? text.ptr[i] : '\0';
}

/* -- errors ------------------------------------------------------------------------------------ */

static unsigned position(kith_str text, uint32_t at) {
    unsigned n = 1;
    for (uint32_t i = 0; i < at && i < text.len; i++)
        n += ((unsigned char)text.ptr[i] & 0xC0u) != 0x80u;
    return n;
}

kith_status query_fail(kith_str text, uint32_t at, kith_error *e, kith_status code, const char *fmt,
                       ...) {
    char message[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    return err_set(e, code, NULL, "at %u: %s", position(text, at), message);
}

bool query_shift(kith_str text, uint32_t from, kith_error *e) {
    unsigned at, before = position(text, from) - 1;
    int used = 0;
    if (!e || sscanf(e->message, "at %u: %n", &at, &used) != 1 || !used)
        return true;
    (void)err_set(e, e->code, e->field, "%s", e->message + used);
    if (at > before)
        (void)err_prefix(e, "at %u: ", at - before);
    return at > before;
}

kith_status query_fail_at(kith_str text, uint32_t at, kith_error *e) {
    return err_prefix(e, "at %u: ", position(text, at));
}

/* -- tokens ------------------------------------------------------------------------------------ */

/* 'text' or "name", where a doubled quote stands for one. The text of the query is the arena's, so
 * that only what has doubled quotes is copied. */
static kith_status lex_quoted(kith_str text, struct arena *a, struct token *out, kith_error *e) {
    char quote = text.ptr[out->at];
    uint32_t begin = out->at + 1, end = begin, doubled = 0;
    for (; end < text.len && (text.ptr[end] != quote || char_at(text, end + 1) == quote); end++)
        if (text.ptr[end] == quote) {
            doubled++;
            end++;
        }
    if (end >= text.len)
        return query_fail(text, out->at, e, KITH_E_INVAL, "the quote %c is never closed", quote);
    out->kind = quote == '\'' ? TOKEN_TEXT : TOKEN_QUOTED;
    out->after = end + 1;
    out->text = (kith_str){text.ptr + begin, end - begin};
    if (doubled == 0)
        return KITH_OK;
    char *copy = arena_alloc(a, end - begin);
    if (!copy)
        return err_nomem(e);
    size_t len = 0;
    for (uint32_t i = begin; i < end; i++) {
        copy[len++] = text.ptr[i];
        i += text.ptr[i] == quote;
    }
    out->text = (kith_str){copy, len};
    return KITH_OK;
}

/* 12, 12.50, or a duration: 30d, 1h30m. */
static void lex_number(kith_str text, struct token *out) {
    uint32_t i = out->at;
    bool letters = false;
    while (is_digit(char_at(text, i)) || is_letter(char_at(text, i)) ||
           (char_at(text, i) == '.' && is_digit(char_at(text, i + 1)))) {
        letters |= is_letter(text.ptr[i]);
        i++;
    }
    out->kind = letters ? TOKEN_DURATION : TOKEN_NUMBER;
    out->after = i;
    out->text = (kith_str){text.ptr + out->at, i - out->at};
}

static void lex_name(kith_str text, uint32_t from, enum token_kind kind, struct token *out) {
    uint32_t i = from;
    while (is_letter(char_at(text, i)) || is_digit(char_at(text, i)))
        i++;
    out->kind = kind;
    out->after = i;
    out->text = (kith_str){text.ptr + from, i - from};
}

static kith_status lex_sign(kith_str text, struct token *out, kith_error *e) {
    static const char *const signs[] = {"!=", "<=", ">=", "<", ">", "=", "(", ")",
                                        ",",  ".",  ":",  "+", "-", "*", "/"};
    static const struct {
        const char *wrong, *right;
    } foreign[] = {{"<>", "!="},  {"~=", "!="}, {"==", "="},
                   {"&&", "and"}, {"||", "or"}, {"!", "not"}};
    kith_str rest = {text.ptr + out->at, text.len - out->at};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (str_starts(rest, foreign[i].wrong) && !str_starts(rest, "!="))
            return query_fail(text, out->at, e, KITH_E_INVAL, "write '%s' for '%s'",
                              foreign[i].right, foreign[i].wrong);
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (!str_starts(rest, signs[i]))
            continue;
        out->kind = TOKEN_SIGN;
        out->text = (kith_str){rest.ptr, strlen(signs[i])};
        out->after = out->at + (uint32_t)out->text.len;
        return KITH_OK;
    }
    unsigned char c = (unsigned char)rest.ptr[0];
    if (c < ' ' || c == 127)
        return query_fail(text, out->at, e, KITH_E_INVAL,
                          "a control character has no meaning here");
    int len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    return query_fail(text, out->at, e, KITH_E_INVAL,
                      "'%.*s' has no meaning here; text stands in '...'", len, rest.ptr);
}

kith_status query_lex(kith_str text, uint32_t *at, struct arena *a, struct token *out,
                      kith_error *e) {
    uint32_t i = *at;
    while (is_space(char_at(text, i)))
        i++;
    *out = (struct token){.kind = TOKEN_END, .at = i, .after = i};
    char c = char_at(text, i);
    if (i >= text.len)
        out->text = STR("");
    else if (is_letter(c))
        lex_name(text, i, TOKEN_NAME, out);
    else if (is_digit(c))
        lex_number(text, out);
    else if (c == ':' && is_letter(char_at(text, i + 1)))
        lex_name(text, i + 1, TOKEN_PARAM, out);
    else if (c == '\'' || c == '"')
        TRY(lex_quoted(text, a, out, e));
    else
        TRY(lex_sign(text, out, e));
    *at = out->after;
    return KITH_OK;
}
