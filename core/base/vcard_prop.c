/* SPDX-License-Identifier: Apache-2.0 */
/* vCard, reading: the lines of a card into properties. A property may go over several lines in
 * three ways: folded, with soft breaks of quoted-printable, or as base64 that ends with a blank
 * line. */
#include "base/vcard_internal.h"

#include "base/text.h"
#include <string.h>

struct parsing {
    struct arena *arena;
    struct vcard *card;
    kith_str rest; /* lines not read yet */
    uint64_t line; /* of the one read last */
    struct vcard_prop *props;
    size_t cap;
    struct vcard_param *params; /* of the property under way */
    size_t param_cap;
    kith_error *e;
};

static char upper(char c) {
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static const char *upper_text(struct arena *a, kith_str s) {
    char *out = arena_strndup(a, s.ptr, s.len);
    for (uint64_t i = 0; out && i < s.len; i++)
        out[i] = upper(out[i]);
    return out;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

/* Where c stands outside of quotes, or the length. */
static uint64_t find_outside(kith_str s, char c) {
    bool quoted = false;
    for (uint64_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"')
            quoted = !quoted;
        else if (s.ptr[i] == c && !quoted)
            return i;
    }
    return s.len;
}

static bool cut_at(kith_str *rest, char c, kith_str *part) {
    if (!rest->ptr)
        return false;
    uint64_t at = find_outside(*rest, c);
    *part = (kith_str){rest->ptr, at};
    *rest = at < rest->len ? (kith_str){rest->ptr + at + 1, rest->len - at - 1} : (kith_str){0};
    return true;
}

static kith_status defect(struct parsing *p, const char *what, kith_str s) {
    if (p->card->defect)
        return KITH_OK;
    p->card->defect = arena_printf(p->arena, "line %llu %s: '%.*s'", (unsigned long long)p->line,
                                   what, (int)(s.len < 40 ? s.len : 40), s.ptr ? s.ptr : "");
    return p->card->defect ? KITH_OK : err_nomem(p->e);
}

/* -- lines ------------------------------------------------------------------------------------- */

static bool peek_line(const struct parsing *p, kith_str *line) {
    if (!p->rest.len)
        return false;
    const char *end = memchr(p->rest.ptr, '\n', p->rest.len);
    *line = (kith_str){p->rest.ptr, (uint64_t)(end - p->rest.ptr)};
    return true;
}

static void pass_line(struct parsing *p, kith_str line) {
    p->rest = (kith_str){p->rest.ptr + line.len + 1, p->rest.len - line.len - 1};
    p->line++;
}

/* What the header of a property says about the lines behind it. */
struct form {
    bool known; /* the header is whole */
    bool quoted_printable, base64;
};

static bool has_word(kith_str s, const char *word) {
    size_t n = strlen(word);
    for (uint64_t i = 0; i + n <= s.len; i++) {
        bool begins = i > 0 && (s.ptr[i - 1] == ';' || s.ptr[i - 1] == '=');
        bool ends = i + n == s.len || s.ptr[i + n] == ';';
        if (begins && ends && str_ieqz((kith_str){s.ptr + i, n}, word))
            return true;
    }
    return false;
}

static void look_at_header(kith_str so_far, struct form *f) {
    uint64_t colon = find_outside(so_far, ':');
    kith_str head = {so_far.ptr, colon};
    f->known = colon < so_far.len;
    f->quoted_printable = has_word(head, "QUOTED-PRINTABLE");
    f->base64 = has_word(head, "BASE64") || has_word(head, "B");
}

/* Appends the next line to the property, if it belongs to it. */
static bool take_continuation(struct parsing *p, struct buf *b, struct form *f) {
    kith_str line;
    if (!peek_line(p, &line))
        return false;
    if (!f->known)
        look_at_header(buf_view(b), f);
    bool soft = f->quoted_printable && b->ptr[b->len - 1] == '=';
    bool folded = line.len && is_blank(line.ptr[0]) && (!f->base64 || str_trim(line).len);
    bool data =
        f->base64 && p->card->version == VCARD_21 && line.len && !memchr(line.ptr, ':', line.len);
    if (!soft && !folded && !data)
        return false;
    pass_line(p, line);
    if (soft)
        b->ptr[--b->len] = '\0';
    else if (folded && p->card->version != VCARD_21) /* 2.1 folds where a blank stands anyway */
        line = (kith_str){line.ptr + 1, line.len - 1};
    buf_str(b, line);
    return true;
}

/* The lines of a card that begins here, up to its end. */
static kith_str take_inner_card(struct parsing *p) {
    const char *begin = p->rest.ptr;
    kith_str line;
    int depth = 0;
    while (peek_line(p, &line)) {
        depth += vcard_line_is(line, "BEGIN:VCARD");
        depth -= vcard_line_is(line, "END:VCARD");
        pass_line(p, line);
        if (depth <= 0)
            break;
    }
    return (kith_str){begin, (uint64_t)(p->rest.ptr - begin)};
}

/* -- parameters -------------------------------------------------------------------------------- */

static kith_status add_param(struct parsing *p, struct vcard_prop *prop, const char *name,
                             kith_str value) {
    struct vcard_param *params =
        arena_grow(p->arena, p->params, prop->param_count, &p->param_cap, sizeof *params);
    if (!params)
        return err_nomem(p->e);
    p->params = params;
    p->params[prop->param_count++] = (struct vcard_param){name, value};
    prop->params = p->params;
    return KITH_OK;
}

/* 2.1 gives some values without their names. */
static const char *bare_name(kith_str word) {
    static const char *const encodings[] = {"QUOTED-PRINTABLE", "BASE64", "8BIT", "7BIT"};
    static const char *const values[] = {"INLINE", "URL", "CID", "CONTENT-ID"};
    for (size_t i = 0; i < 4; i++) {
        if (str_ieqz(word, encodings[i]))
            return "ENCODING";
        if (str_ieqz(word, values[i]))
            return "VALUE";
    }
    return "TYPE";
}

static kith_str unquote(kith_str s) {
    s = str_trim(s);
    if (s.len >= 2 && s.ptr[0] == '"' && s.ptr[s.len - 1] == '"')
        return (kith_str){s.ptr + 1, s.len - 2};
    return s;
}

/* RFC 6868: ^n, ^^ and ^' in the parameters of 4.0. */
static kith_str without_carets(struct parsing *p, kith_str s) {
    if (p->card->version != VCARD_40 || !s.len || !memchr(s.ptr, '^', s.len))
        return s;
    char *out = arena_alloc(p->arena, s.len);
    uint64_t n = 0;
    for (uint64_t i = 0; out && i < s.len; i++) {
        char next = s.ptr[i] == '^' && i + 1 < s.len ? s.ptr[i + 1] : '\0';
        bool escape = next == 'n' || next == '^' || next == '\'';
        out[n++] = !escape ? s.ptr[i] : next == 'n' ? '\n' : next == '^' ? '^' : '"';
        i += escape;
    }
    return (kith_str){out, n};
}

/* TYPE="work,voice" is meant as two. */
static kith_status add_values(struct parsing *p, struct vcard_prop *prop, const char *name,
                              kith_str list) {
    kith_str value, each;
    while (cut_at(&list, ',', &value)) {
        value = without_carets(p, unquote(value));
        if (strcmp(name, "TYPE") != 0) {
            TRY(add_param(p, prop, name, value));
            continue;
        }
        while (str_split(&value, ',', &each))
            TRY(add_param(p, prop, name, each));
    }
    return KITH_OK;
}

static kith_status parse_params(struct parsing *p, struct vcard_prop *prop, kith_str rest) {
    kith_str param;
    p->params = NULL;
    p->param_cap = 0;
    while (cut_at(&rest, ';', &param)) {
        uint64_t eq = find_outside(param, '=');
        kith_str name = str_trim((kith_str){param.ptr, eq});
        if (!name.len)
            continue;
        if (eq == param.len) {
            TRY(add_param(p, prop, bare_name(name), name));
            continue;
        }
        const char *up = upper_text(p->arena, name);
        if (!up)
            return err_nomem(p->e);
        TRY(add_values(p, prop, up, (kith_str){param.ptr + eq + 1, param.len - eq - 1}));
    }
    return KITH_OK;
}

/* -- values ------------------------------------------------------------------------------------ */

static int hex_of(char c) {
    c = upper(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* In place. What is no code stays as it is. */
static kith_str decode_quoted(char *text, uint64_t len) {
    uint64_t n = 0;
    for (uint64_t i = 0; i < len; i++) {
        int high = text[i] == '=' && i + 2 < len ? hex_of(text[i + 1]) : -1;
        int low = high >= 0 ? hex_of(text[i + 2]) : -1;
        if (low >= 0) {
            text[n++] = (char)(high * 16 + low);
            i += 2;
        } else {
            text[n++] = text[i];
        }
    }
    return (kith_str){text, n};
}

static kith_str without_blanks(char *text, uint64_t len) {
    uint64_t n = 0;
    for (uint64_t i = 0; i < len; i++)
        if (!is_blank(text[i]))
            text[n++] = text[i];
    return (kith_str){text, n};
}

static const struct {
    const char *name;
    enum text_encoding encoding;
} charsets[] = {
    {"UTF-8", ENC_UTF8},
    {"UTF8", ENC_UTF8},
    {"US-ASCII", ENC_UTF8},
    {"ISO-8859-1", ENC_WINDOWS_1252},
    {"ISO-8859-15", ENC_WINDOWS_1252},
    {"LATIN1", ENC_WINDOWS_1252},
    {"WINDOWS-1252", ENC_WINDOWS_1252},
    {"CP1252", ENC_WINDOWS_1252},
    {"UTF-16LE", ENC_UTF16LE},
    {"UTF-16", ENC_UTF16BE},
    {"UTF-16BE", ENC_UTF16BE},
};

static kith_status to_utf8(struct parsing *p, struct vcard_prop *prop) {
    kith_str charset = vcard_param(prop, "CHARSET");
    enum text_encoding enc = ENC_UTF8;
    size_t i = 0, count = sizeof charsets / sizeof *charsets;
    while (charset.len && i < count && !str_ieqz(charset, charsets[i].name))
        i++;
    if (i == count)
        return defect(p, "has a character set that is not known; save the cards as UTF-8", charset);
    enc = charset.len ? charsets[i].encoding : ENC_UTF8;
    if (enc == ENC_UTF8 && text_invalid_at(prop->value) < 0)
        return KITH_OK;
    if (enc == ENC_UTF8)
        enc = ENC_WINDOWS_1252;
    struct buf out = {0};
    text_decode(enc, prop->value, true, &out);
    prop->value = arena_str(p->arena, buf_view(&out));
    buf_free(&out);
    return prop->value.ptr ? KITH_OK : err_nomem(p->e);
}

static kith_status parse_value(struct parsing *p, struct vcard_prop *prop, kith_str value) {
    char *text = arena_strndup(p->arena, value.ptr, value.len);
    kith_str encoding = vcard_param(prop, "ENCODING");
    if (!text)
        return err_nomem(p->e);
    prop->value = (kith_str){text, value.len};
    prop->base64 = str_ieqz(encoding, "BASE64") || str_ieqz(encoding, "B");
    if (prop->base64)
        prop->value = without_blanks(text, value.len);
    else if (str_ieqz(encoding, "QUOTED-PRINTABLE"))
        prop->value = decode_quoted(text, value.len);
    return to_utf8(p, prop);
}

/* -- properties -------------------------------------------------------------------------------- */

static bool is_name(kith_str s) {
    for (uint64_t i = 0; i < s.len; i++) {
        char c = upper(s.ptr[i]);
        if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
            return false;
    }
    return s.len > 0;
}

static kith_status parse_head(struct parsing *p, struct vcard_prop *prop, kith_str head) {
    kith_str rest = head, name;
    cut_at(&rest, ';', &name);
    name = str_trim(name);
    const char *dot = name.len ? memchr(name.ptr, '.', name.len) : NULL;
    if (dot) {
        prop->group = (kith_str){name.ptr, (uint64_t)(dot - name.ptr)};
        name = (kith_str){dot + 1, name.len - prop->group.len - 1};
    }
    if (!is_name(name) || (dot && !is_name(prop->group)))
        return defect(p, "is no property of a card, which is written NAME:value", head);
    prop->name = upper_text(p->arena, name);
    return prop->name ? parse_params(p, prop, rest) : err_nomem(p->e);
}

static kith_status new_prop(struct parsing *p, struct vcard_prop **out) {
    struct vcard_prop *props =
        arena_grow(p->arena, p->props, p->card->count, &p->cap, sizeof *props);
    if (!props)
        return err_nomem(p->e);
    p->card->props = p->props = props;
    *out = &p->props[p->card->count];
    **out = (struct vcard_prop){.line = p->line};
    return KITH_OK;
}

static kith_status parse_prop(struct parsing *p, kith_str logical) {
    uint64_t colon = find_outside(logical, ':');
    struct vcard_prop *prop = NULL;
    if (p->card->count == VCARD_PROPS)
        return defect(p, "is one property too many: a card may have 5,000 of them", logical);
    if (colon == logical.len) { /* a quote that is never closed */
        const char *at = memchr(logical.ptr, ':', logical.len);
        colon = at ? (uint64_t)(at - logical.ptr) : colon;
    }
    if (colon == logical.len)
        return defect(p, "is no property of a card, which is written NAME:value", logical);
    kith_str head = arena_str(p->arena, (kith_str){logical.ptr, colon});
    if (!head.ptr)
        return err_nomem(p->e);
    TRY(new_prop(p, &prop));
    TRY(parse_head(p, prop, head));
    if (p->card->defect || strcmp(prop->name, "VERSION") == 0)
        return KITH_OK;
    kith_str value = {logical.ptr + colon + 1, logical.len - colon - 1}, next;
    if (strcmp(prop->name, "AGENT") == 0 && !str_trim(value).len && peek_line(p, &next) &&
        vcard_line_is(next, "BEGIN:VCARD"))
        value = take_inner_card(p);
    p->card->count++;
    return parse_value(p, prop, value);
}

static kith_status parse_lines(struct parsing *p, struct buf *b) {
    kith_str line;
    while (!p->card->defect && peek_line(p, &line)) {
        struct form form = {false, false, false};
        pass_line(p, line);
        if (!str_trim(line).len)
            continue;
        uint64_t first = p->line;
        buf_reset(b);
        buf_str(b, line);
        while (take_continuation(p, b, &form))
            ;
        if (b->failed)
            return err_nomem(p->e);
        uint64_t last = p->line;
        p->line = first;
        TRY(parse_prop(p, buf_view(b)));
        p->line += last - first; /* a card inside has moved it on by itself */
    }
    return KITH_OK;
}

/* -- the card ---------------------------------------------------------------------------------- */

/* VERSION may stand anywhere, and how lines are unfolded depends on it. */
static kith_status find_version(struct parsing *p) {
    static const struct {
        const char *text;
        enum vcard_version version;
    } known[] = {{"2.1", VCARD_21}, {"3.0", VCARD_30}, {"4.0", VCARD_40}};
    struct parsing look = *p;
    kith_str line;
    while (peek_line(&look, &line)) {
        pass_line(&look, line);
        if (line.len < 8 || !str_ieqz((kith_str){line.ptr, 8}, "VERSION:"))
            continue;
        kith_str said = str_trim((kith_str){line.ptr + 8, line.len - 8});
        for (size_t i = 0; i < 3; i++)
            if (str_eqz(said, known[i].text)) {
                p->card->version = known[i].version;
                return KITH_OK;
            }
        p->line = look.line;
        return defect(p, "has a version of vCard that is not known (2.1, 3.0 and 4.0 are)", said);
    }
    return KITH_OK;
}

kith_status vcard_parse(struct arena *a, struct vcard *card, kith_error *e) {
    struct parsing p = {
        .arena = a, .card = card, .rest = card->raw, .line = card->line - 1, .e = e};
    struct buf logical = {0};
    kith_str line;
    if (peek_line(&p, &line))
        pass_line(&p, line);
    const char *end = p.rest.ptr + p.rest.len - 1; /* the last line goes, too */
    while (end > p.rest.ptr && end[-1] != '\n')
        end--;
    p.rest.len = (uint64_t)(end - p.rest.ptr);
    TRY(find_version(&p));
    kith_status st = card->defect ? KITH_OK : parse_lines(&p, &logical);
    buf_free(&logical);
    return st;
}

kith_str vcard_param(const struct vcard_prop *p, const char *name) {
    for (size_t i = 0; i < p->param_count; i++)
        if (strcmp(p->params[i].name, name) == 0)
            return p->params[i].value;
    return (kith_str){"", 0};
}

bool vcard_is(const struct vcard_prop *p, const char *type) {
    for (size_t i = 0; i < p->param_count; i++)
        if (strcmp(p->params[i].name, "TYPE") == 0 && str_ieqz(p->params[i].value, type))
            return true;
    return false;
}

bool vcard_split(kith_str *rest, char sep, kith_str *part) {
    uint64_t i = 0;
    if (!rest->ptr)
        return false;
    while (i < rest->len && rest->ptr[i] != sep)
        i += rest->ptr[i] == '\\' && i + 1 < rest->len ? 2 : 1;
    *part = (kith_str){rest->ptr, i};
    *rest = i < rest->len ? (kith_str){rest->ptr + i + 1, rest->len - i - 1} : (kith_str){0};
    return true;
}

/* The character that \c stands for; 0: nothing, the backslash stands for itself. */
static char escaped(enum vcard_version v, char c) {
    if (v == VCARD_21)
        return c && strchr(";,:\\", c) ? c : '\0';
    if (c == 'n' || c == 'N')
        return '\n';
    bool word = (upper(c) >= 'A' && upper(c) <= 'Z') || (c >= '0' && c <= '9');
    return word || (unsigned char)c < ' ' || (unsigned char)c >= 0x7F ? '\0' : c;
}

kith_str vcard_text(struct arena *a, enum vcard_version v, kith_str value) {
    char *out = arena_alloc(a, value.len + 1);
    uint64_t n = 0;
    for (uint64_t i = 0; out && i < value.len; i++) {
        char c = value.ptr[i], next = i + 1 < value.len ? value.ptr[i + 1] : '\0';
        char meant = c == '\\' ? escaped(v, next) : '\0';
        if (c == '\r') {
            out[n++] = '\n';
            i += next == '\n';
        } else {
            out[n++] = meant ? meant : c;
            i += meant != '\0';
        }
    }
    return out ? str_trim((kith_str){out, n}) : (kith_str){0};
}
