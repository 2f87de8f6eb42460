/* SPDX-License-Identifier: Apache-2.0 */
/* Says in a sentence what is wrong where Lua only says near which word: by the words in front of
 * the error, what is open there, and what those write who come from another language. Each kind of
 * mistake is a function, which is asked in turn; none of them has to know. */
#include "script/syntax_lex.h"

#include <stdarg.h>
#include <string.h>
#include <strings.h>

#define TOKENS_MAX 65536
#define SHOWN_MAX  24 /* bytes of a word in a sentence */

struct seen {
    struct token t;
    kith_str text;  /* as it is written */
    uint32_t blank; /* how far its line is indented */
    bool first;     /* of its line */
    bool done;      /* the 'do' of a loop was there */
};

struct look {
    struct arena *arena;
    const struct syntax *syntax;
    struct seen *seen; /* the last one is where the error is */
    uint32_t at;
    uint32_t *open, depth; /* what is not closed there: numbers of tokens */
    uint32_t early;        /* closed by an 'end' that is indented less; 0: none */
    size_t cap, open_cap;
    const char *end; /* of the text */
    const char *sentence;
};

static bool __attribute__((format(printf, 2, 3))) say(struct look *k, const char *fmt, ...) {
    struct buf b = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    k->sentence = arena_strdup(k->arena, b.ptr ? b.ptr : fmt);
    buf_free(&b);
    return true;
}

/* -- looking around ---------------------------------------------------------------------------- */

/* The token so many in front of the error; 0 is the one at which it is. */
static const struct seen *back(const struct look *k, uint32_t n) {
    static const struct seen nothing;
    return k->at >= n ? &k->seen[k->at - n] : &nothing;
}

static int kind(const struct look *k, uint32_t n) {
    return back(k, n)->t.kind;
}

/* The character right behind a token, or behind blanks; 0: the end. */
static char behind(const struct look *k, const struct seen *s, bool blanks) {
    const char *at = s->text.ptr ? s->text.ptr + s->text.len : k->end;
    while (blanks && at < k->end && *at == ' ')
        at++;
    return at < k->end ? *at : '\0';
}

static bool failed(const struct look *k, const char *error) {
    return strcmp(k->syntax->error, error) == 0;
}

static const struct seen *innermost(const struct look *k) {
    return k->depth ? &k->seen[k->open[k->depth - 1]] : NULL;
}

static bool inside(const struct look *k, int bracket) {
    const struct seen *s = innermost(k);
    return s && s->t.kind == bracket;
}

static bool is_block(int kind) {
    return kind == TOKEN_FUNCTION || kind == TOKEN_IF || kind == TOKEN_FOR || kind == TOKEN_WHILE ||
           kind == TOKEN_DO || kind == TOKEN_REPEAT;
}

static bool in_block(const struct look *k) {
    const struct seen *s = innermost(k);
    return s && is_block(s->t.kind);
}

static bool is_word(int kind) {
    return kind >= TOKEN_AND && kind <= TOKEN_WHILE;
}

static bool begins_value(int kind) {
    return kind == TOKEN_NAME || kind == TOKEN_STRING || kind == TOKEN_INTEGER ||
           kind == TOKEN_FLOAT || kind == TOKEN_FUNCTION || kind == '{' || kind == '[' ||
           kind == TOKEN_NIL || kind == TOKEN_TRUE || kind == TOKEN_FALSE || kind == TOKEN_NOT;
}

static bool adjacent(const struct seen *a, const struct seen *b) {
    return a->text.ptr && a->text.ptr + a->text.len == b->text.ptr;
}

/* 'word', cut where it is long, or what stands for the end. */
static const char *shown(const struct look *k, const struct seen *s) {
    size_t len = 0;
    if (s->t.kind == TOKEN_END || !s->text.len)
        return "the end of the file";
    while (len < s->text.len && s->text.ptr[len] != '\n' && s->text.ptr[len] != '\r')
        len++;
    bool cut = len > SHOWN_MAX;
    for (len = cut ? SHOWN_MAX : len; cut && (s->text.ptr[len] & 0xC0) == 0x80;)
        len--;
    const char *out = arena_printf(k->arena, "'%.*s%s'", (int)len, s->text.ptr, cut ? "..." : "");
    return out ? out : "this";
}

/* Where something is missing. */
static const char *in_front(const struct look *k) {
    const struct seen *s = back(k, 0);
    const char *out = s->t.kind == TOKEN_END
                          ? "at the end of the file"
                          : arena_printf(k->arena, "in front of %s", shown(k, s));
    return out ? out : "here";
}

static const char *const words[] = {
    "and",   "break", "do",  "else", "elseif", "end",    "false", "for",  "function", "if",   "in",
    "local", "nil",   "not", "or",   "repeat", "return", "then",  "true", "until",    "while"};

static const char *word_name(const void *arg, size_t i) {
    (void)arg;
    return words[i];
}

/* The word of Lua that was meant by a name; NULL: none. */
static const char *meant(const struct seen *s) {
    char small[16];
    if (s->t.kind != TOKEN_NAME || s->text.len >= sizeof small || s->text.len < 2)
        return NULL;
    for (size_t i = 0; i <= s->text.len; i++) {
        char c = i < s->text.len ? s->text.ptr[i] : '\0';
        small[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(small, words[i]) == 0)
            return words[i];
    if (strcmp(small, "elif") == 0 || strcmp(small, "elsif") == 0)
        return "elseif";
    const char *near =
        s->text.len < 4 ? NULL
                        : str_nearest(str_of(small), word_name, NULL, sizeof words / sizeof *words);
    return near && near[0] == small[0] ? near : NULL;
}

/* In place of s the word must stand. */
static bool say_word(struct look *k, const struct seen *s, const char *word) {
    bool capital = s->text.len == strlen(word) && strncasecmp(s->text.ptr, word, s->text.len) == 0;
    return say(k, capital ? "%s is written in small letters: '%s'" : "%s is misspelled: write '%s'",
               shown(k, s), word);
}

/* -- characters -------------------------------------------------------------------------------- */

static const struct sign {
    char text[4];
    const char *sentence;
} signs[] = {
    {"\xE2\x80\x9C", "is a quotation mark of a word processor: write \" around a text"},
    {"\xE2\x80\x9D", "is a quotation mark of a word processor: write \" around a text"},
    {"\xE2\x80\x9E", "is a quotation mark of a word processor: write \" around a text"},
    {"\xE2\x80\x98", "is a quotation mark of a word processor: write ' around a text"},
    {"\xE2\x80\x99", "is a quotation mark of a word processor: write ' around a text"},
    {"\xC2\xAB", "is no quotation mark of Lua: write \" around a text"},
    {"\xC2\xBB", "is no quotation mark of Lua: write \" around a text"},
    {"\xC2\xB4", "is no quotation mark of Lua: write ' around a text"},
    {"`", "is no quotation mark of Lua: write ' or \" around a text"},
    {"\xE2\x80\x93", "is a dash of a word processor: write - for minus, -- before a comment"},
    {"\xE2\x80\x94", "is a dash of a word processor: write - for minus, -- before a comment"},
    {"\xE2\x80\xA6", "is no sign of Lua: write .. to join texts"},
    {"\xE2\x89\xA0", "is no sign of Lua: unequal is written ~="},
    {"\xE2\x89\xA4", "is no sign of Lua: write <="},
    {"\xE2\x89\xA5", "is no sign of Lua: write >="},
};

static bool odd_character(struct look *k) {
    kith_str s = back(k, 0)->text;
    unsigned char c = s.len ? (unsigned char)s.ptr[0] : 0;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (str_starts(s, signs[i].text))
            return say(k, "%s %s", signs[i].text, signs[i].sentence);
    if (str_starts(s, "\xC2\xA0") || str_starts(s, "\xE2\x80\x8B") ||
        str_starts(s, "\xEF\xBB\xBF") || str_starts(s, "\xE2\x80\xAF"))
        return say(k, "an invisible character stands here that is no blank, as texts have it that"
                      " were copied from a page: put a blank in its place");
    if (str_starts(s, "!="))
        return say(k, "unequal is written ~= in Lua, not !=");
    if (c == '!')
        return say(k, "write 'not' for '!'");
    if (c == '?')
        return say(k, "there is no '? :' in Lua: write 'condition and this or that'");
    if (c >= 0x80)
        return say(k, "a name has only the letters a-z, digits and _; a text stands in quotes");
    return c > ' ' && say(k, "'%c' has no meaning here; a text stands in quotes", c);
}

static bool lexical(struct look *k) {
    const struct seen *s = back(k, 0);
    char quote = s->text.len ? s->text.ptr[0] : '"';
    if (k->syntax->error_token)
        return false;
    if (failed(k, "unexpected character"))
        return odd_character(k);
    if (failed(k, "unfinished string"))
        return say(k, "the text that begins with %s has no %c at its end, in the same line",
                   shown(k, s), quote);
    if (failed(k, "unfinished long string"))
        return say(k, "the text that begins with [[ has no ]] at its end");
    if (failed(k, "unfinished long comment"))
        return say(k, "the comment that begins with --[[ has no ]] at its end");
    if (failed(k, "unknown escape in a string"))
        return say(k, "write \\\\ for a \\ in a text: \\ alone has a meaning of its own");
    if (failed(k, "malformed number"))
        return say(k, "%s is no number; a duration is written days(3), hours(2) or minutes(30)",
                   shown(k, s));
    return false;
}

/* -- operators --------------------------------------------------------------------------------- */

static bool at_condition(const struct look *k) {
    return failed(k, "'then' is missing") || (inside(k, TOKEN_WHILE) && !innermost(k)->done);
}

/* ( in front of which is a name is that of a call. */
static bool in_call(const struct look *k) {
    const struct seen *s = innermost(k);
    return inside(k, '(') && s > k->seen && (s[-1].t.kind == TOKEN_NAME || s[-1].t.kind == ')');
}

static bool equals(struct look *k) {
    const struct seen *s = back(k, 0), *p = back(k, 1);
    bool follows = behind(k, s, false) == '>';
    if (s->t.kind != '=')
        return false;
    if (p->t.kind == TOKEN_EQUAL && adjacent(p, s))
        return say(k, "write == to compare, not ===");
    if (p->t.kind == TOKEN_UNEQUAL && adjacent(p, s))
        return say(k, "unequal is written ~= in Lua, not ~==");
    if (follows && p->t.kind == ')')
        return say(k, "a function is written function(lead) ... end, not (lead) => ...");
    if (follows && at_condition(k))
        return say(k, "write >= for 'at least', not =>");
    if (follows)
        return false;
    if (at_condition(k) || (inside(k, '(') && !in_call(k)))
        return say(k, "write == to compare: = sets a value");
    if (in_call(k) && p->t.kind == TOKEN_NAME && innermost(k) + 1 == p)
        return say(k, "named values stand in braces: write %.*s {%.*s = ...}, not %.*s(%.*s = ...)",
                   (int)innermost(k)[-1].text.len, innermost(k)[-1].text.ptr, (int)p->text.len,
                   p->text.ptr, (int)innermost(k)[-1].text.len, innermost(k)[-1].text.ptr,
                   (int)p->text.len, p->text.ptr);
    if (inside(k, '{') && p->t.kind == TOKEN_STRING)
        return say(k, "the name in front of = stands without quotes: {name = value}");
    return false;
}

static bool operators(struct look *k) {
    const struct seen *s = back(k, 0), *p = back(k, 1);
    char next = behind(k, s, false);
    int c = s->t.kind;
    if (c == '>' && p->t.kind == '<')
        return say(k, "unequal is written ~= in Lua, not <>");
    if (c == '&' && p->t.kind == '&')
        return say(k, "write 'and' for &&");
    if (c == '|' && p->t.kind == '|')
        return say(k, "write 'or' for ||");
    bool calculates = c == '+' || c == '-' || c == '*' || c == '/' || c == TOKEN_CONCAT;
    if (!failed(k, "this is no statement") || !calculates || p->t.kind != TOKEN_NAME)
        return false;
    if (next == '=')
        return say(k, "there is no %.*s= in Lua: write %.*s = %.*s %.*s ...", (int)s->text.len,
                   s->text.ptr, (int)p->text.len, p->text.ptr, (int)p->text.len, p->text.ptr,
                   (int)s->text.len, s->text.ptr);
    if (next == '+')
        return say(k, "there is no ++ in Lua: write %.*s = %.*s + 1", (int)p->text.len, p->text.ptr,
                   (int)p->text.len, p->text.ptr);
    return false;
}

static bool comments(struct look *k) {
    const struct seen *s = back(k, 0);
    bool sign = s->t.kind == TOKEN_DIVIDE_WHOLE || s->t.kind == '#' || s->t.kind == '/';
    return sign && s->first && failed(k, "a name is missing") &&
           say(k, "a comment begins with --, not with %.*s", s->t.kind == '#' ? 1 : 2, s->text.ptr);
}

/* -- tables and arguments ---------------------------------------------------------------------- */

static bool reserved(struct look *k) {
    const struct seen *s = back(k, 0), *p = back(k, 1);
    if (!is_word(s->t.kind))
        return false;
    if (p->t.kind == '.')
        return say(k, "%s is a word of Lua: write [\"%.*s\"] for .%.*s", shown(k, s),
                   (int)s->text.len, s->text.ptr, (int)s->text.len, s->text.ptr);
    return inside(k, '{') && (p->t.kind == '{' || p->t.kind == ',') && behind(k, s, true) == '=' &&
           say(k, "%s is a word of Lua: write [\"%.*s\"] = ... for it", shown(k, s),
               (int)s->text.len, s->text.ptr);
}

/* {name: value}: what the item begins with, since Lua only stumbles later. */
static bool colon(struct look *k) {
    uint32_t from = k->depth ? k->open[k->depth - 1] + 1 : 0;
    if (!inside(k, '{'))
        return false;
    for (uint32_t i = from; i < k->at; i++)
        if (k->seen[i].t.kind == ',')
            from = i + 1;
    const struct seen *s = &k->seen[from];
    bool named = from < k->at && (s->t.kind == TOKEN_NAME || s->t.kind == TOKEN_STRING);
    if (from + 3 <= k->at && s[2].t.kind == TOKEN_NAME && s[3].t.kind == '(')
        return false; /* name:method(...) */
    return named && s[1].t.kind == ':' &&
           say(k, "write = behind the name, not a colon: {name = value}");
}

/* 'It's time' */
static bool apostrophe(struct look *k) {
    const struct seen *s = back(k, 0), *p = back(k, 1);
    return p->t.kind == TOKEN_STRING && p->text.ptr[0] == '\'' && s->t.kind == TOKEN_NAME &&
           adjacent(p, s) &&
           say(k, "the text ends in front of %s: a text that has a ' in it stands in \"...\"",
               shown(k, s));
}

/* fucntion(lead) ...: a name and brackets, and then more. */
static bool misspelled_function(struct look *k) {
    uint32_t i = k->at, depth = 0;
    if (!failed(k, "')' is missing") || kind(k, 1) != ')')
        return false;
    while (i-- > 0) {
        depth += k->seen[i].t.kind == ')';
        if (k->seen[i].t.kind == '(' && --depth == 0)
            break;
    }
    const char *word = i > 0 && i < k->at ? meant(&k->seen[i - 1]) : NULL;
    return word && strcmp(word, "function") == 0 && say_word(k, &k->seen[i - 1], word);
}

static bool comma(struct look *k) {
    const struct seen *s = back(k, 0), *o = innermost(k);
    char close = inside(k, '{') ? '}' : ')';
    bool missing = (failed(k, "'}' is missing") && inside(k, '{')) ||
                   (failed(k, "')' is missing") && inside(k, '('));
    if (!missing)
        return false;
    bool named = close == '}' && s->t.kind == TOKEN_NAME && behind(k, s, true) == '=';
    if (begins_value(s->t.kind) && (named || s->t.line == back(k, 1)->t.line))
        return say(k, "a comma is missing in front of %s", shown(k, s));
    if (begins_value(s->t.kind))
        return say(k,
                   "a comma or '%c' is missing in front of %s: the '%c' of line %u is still"
                   " open",
                   close, shown(k, s), o->t.kind, (unsigned)o->t.line);
    if (s->t.kind == TOKEN_END_WORD && kind(k, 1) == TOKEN_END_WORD)
        return say(k,
                   "there is one 'end' too many, or a '%c' is missing in front of it: the '%c'"
                   " of line %u is still open",
                   close, o->t.kind, (unsigned)o->t.line);
    if (s->t.kind == TOKEN_END || is_word(s->t.kind) || s->t.kind == ')' || s->t.kind == '}')
        return say(k, "'%c' is missing %s: the '%c' of line %u is still open", close, in_front(k),
                   o->t.kind, (unsigned)o->t.line);
    return false;
}

/* -- blocks ------------------------------------------------------------------------------------ */

static bool braces(struct look *k) {
    const struct seen *s = innermost(k);
    return kind(k, 0) == '{' && kind(k, 1) == ')' && s && s->t.kind == TOKEN_FUNCTION &&
           s->t.line == back(k, 0)->t.line &&
           say(k, "a function has no braces: write function(...) ... end");
}

/* 'else if' needs an 'end' of its own. */
static bool else_if(struct look *k) {
    for (uint32_t i = k->at; i-- > 1;)
        if (k->seen[i].t.kind == TOKEN_IF && k->seen[i - 1].t.kind == TOKEN_ELSE &&
            k->seen[i].t.line == k->seen[i - 1].t.line)
            return say(k, "'end' is missing %s: write 'elseif' in one word in line %u", in_front(k),
                       (unsigned)k->seen[i].t.line);
    return false;
}

static bool end(struct look *k) {
    const struct seen *s = back(k, 0), *o = innermost(k);
    bool closes =
        s->t.kind == ')' || s->t.kind == '}' || s->t.kind == ',' || s->t.kind == TOKEN_END;
    if (!closes || !in_block(k) ||
        (s->t.kind != TOKEN_END && !s->first && begins_value(kind(k, 1))))
        return false;
    if (else_if(k))
        return true;
    if (k->early)
        o = &k->seen[k->early];
    return say(k, "'%s' is missing %s: the %s of line %u has none",
               o->t.kind == TOKEN_REPEAT ? "until" : "end", in_front(k), shown(k, o),
               (unsigned)o->t.line);
}

static bool too_many(struct look *k) {
    const struct seen *s = back(k, 0);
    if (failed(k, "an end too many") && s->t.kind == TOKEN_END_WORD)
        return say(k, "there is one 'end' too many, here or further up");
    return failed(k, "a name is missing") && (s->t.kind == ')' || s->t.kind == '}') && !k->depth &&
           say(k, "there is one %s too many", shown(k, s));
}

static bool behind_return(struct look *k) {
    const struct seen *s = back(k, 0);
    bool statement = s->t.kind == TOKEN_NAME || s->t.kind == TOKEN_LOCAL || s->t.kind == TOKEN_IF ||
                     s->t.kind == TOKEN_FOR || s->t.kind == TOKEN_RETURN;
    return statement && (failed(k, "'end' is missing") || failed(k, "an end too many")) &&
           say(k, "nothing may follow 'return': what stands behind it would never run");
}

static bool then_or_do(struct look *k) {
    const struct seen *o = innermost(k), *s = back(k, 0);
    const char *word = meant(s);
    bool then = failed(k, "'then' is missing");
    if ((!then && !failed(k, "'do' is missing")) || !o)
        return false;
    if (str_eqz(s->text, "to"))
        return say(k, "write a comma, not 'to': for i = 1, 3 do ... end");
    if (word && strcmp(word, then ? "then" : "do") == 0)
        return say_word(k, s, word);
    return say(k, "'%s' is missing %s: the %s of line %u needs it", then ? "then" : "do",
               in_front(k), shown(k, o), (unsigned)o->t.line);
}

/* -- statements -------------------------------------------------------------------------------- */

static bool other_languages(struct look *k) {
    static const char *const declares[] = {"var", "let", "const", "int", "string", "dim", "set"};
    const struct seen *p = back(k, 1);
    if (!failed(k, "this is no statement") || p->t.kind != TOKEN_NAME)
        return false;
    for (size_t i = 0; i < sizeof declares / sizeof *declares; i++)
        if (str_eqz(p->text, declares[i]) && kind(k, 0) == TOKEN_NAME)
            return say(k, "a variable is declared by 'local': local %.*s = ...",
                       (int)back(k, 0)->text.len, back(k, 0)->text.ptr);
    if (str_eqz(p->text, "continue"))
        return say(k,
                   "there is no 'continue' in Lua: put what follows into an if ... then ... end");
    if (str_eqz(p->text, "foreach"))
        return say(k, "write 'for': for _, item in ipairs(list) do ... end");
    return false;
}

static bool misspelled(struct look *k) {
    for (uint32_t n = 0; n < 2 && failed(k, "this is no statement"); n++) {
        const char *word = meant(back(k, n));
        if (word)
            return say_word(k, back(k, n), word);
    }
    return false;
}

static bool no_statement(struct look *k) {
    const struct seen *p = back(k, 1);
    return failed(k, "this is no statement") &&
           say(k,
               "this is nothing that Lua could do: %s stands alone; a line calls something, as in"
               " task {title = \"...\"}, or sets a variable, as in local n = 1",
               shown(k, p));
}

static bool no_value(struct look *k) {
    const struct seen *s = back(k, 0), *p = back(k, 1);
    if (!failed(k, "a name is missing") || !p->text.len)
        return false;
    if (s->t.kind == TOKEN_IF)
        return say(k, "'if' is no value: write 'condition and this or that'");
    if (s->t.kind == TOKEN_EQUAL || s->t.kind == TOKEN_UNEQUAL || s->t.kind == '=')
        return false;
    if (begins_value(p->t.kind) || p->t.kind == ')' || p->t.kind == TOKEN_END_WORD)
        return false;
    return say(k, "something is missing between %s and %s", shown(k, p), shown(k, s));
}

/* -- the whole --------------------------------------------------------------------------------- */

static void push(struct look *k, uint32_t i) {
    uint32_t *open = arena_grow(k->arena, k->open, k->depth, &k->open_cap, sizeof *open);
    if (!open)
        return;
    k->open = open;
    k->open[k->depth++] = i;
}

/* An 'end' at the beginning of its line that stands further left than what it closes closes too
 * little, if the file is indented. */
static void close_block(struct look *k, uint32_t i) {
    const struct seen *o = innermost(k), *s = &k->seen[i];
    if (!o || !is_block(o->t.kind))
        return;
    if (!k->early && s->first && s->t.line > o->t.line && s->blank < o->blank)
        k->early = k->open[k->depth - 1];
    k->depth--;
}

static void open_and_close(struct look *k, uint32_t i) {
    struct seen *o = k->depth ? &k->seen[k->open[k->depth - 1]] : NULL;
    int c = k->seen[i].t.kind;
    bool loop = o && (o->t.kind == TOKEN_FOR || o->t.kind == TOKEN_WHILE) && !o->done;
    if (c == TOKEN_DO && loop)
        o->done = true;
    else if (c == '(' || c == '{' || c == '[' || is_block(c))
        push(k, i);
    else if (c == TOKEN_END_WORD || c == TOKEN_UNTIL)
        close_block(k, i);
    else if ((c == ')' && inside(k, '(')) || (c == '}' && inside(k, '{')) ||
             (c == ']' && inside(k, '[')))
        k->depth--;
}

/* The tokens up to the error. */
static bool read_tokens(struct look *k, kith_str text) {
    const char *begin = text.ptr ? text.ptr : "", *line = begin;
    struct lexer x = {.arena = k->arena, .at = begin, .end = begin + text.len, .line = 1};
    uint32_t last = 0, count = 0;
    for (uint32_t stop = k->syntax->error_token; count < TOKENS_MAX; count++) {
        struct seen *seen = arena_grow(k->arena, k->seen, count, &k->cap, sizeof *seen);
        if (!seen)
            return false;
        k->seen = seen;
        struct seen *s = &seen[count];
        *s = (struct seen){.t = lex_next(&x)};
        const char *until = x.error ? x.end : x.at;
        s->text = (kith_str){x.begin, (uint64_t)(until - x.begin)};
        s->first = s->t.line != last;
        last = s->t.line;
        for (line = x.begin; line > begin && line[-1] != '\n' && line[-1] != '\r';)
            line--;
        while (line + s->blank < x.end && (line[s->blank] == ' ' || line[s->blank] == '\t'))
            s->blank++;
        k->at = count;
        if (x.error || s->t.kind == TOKEN_END || count + 1 == stop)
            return true;
    }
    return false;
}

const char *syntax_explain(const struct syntax *s, struct arena *a, kith_str text) {
    static bool (*const kinds[])(struct look *) = {
        lexical,       reserved,   equals,          operators,
        comments,      colon,      apostrophe,      misspelled_function,
        braces,        end,        comma,           too_many,
        behind_return, then_or_do, other_languages, misspelled,
        no_statement,  no_value};
    struct look k = {.arena = a, .syntax = s, .end = text.ptr ? text.ptr + text.len : ""};
    if (!s->error || !read_tokens(&k, text))
        return NULL;
    for (uint32_t i = 0; i < k.at; i++)
        open_and_close(&k, i);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !k.sentence; i++)
        kinds[i](&k);
    return k.sentence;
}
