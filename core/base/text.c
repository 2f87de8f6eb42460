/* SPDX-License-Identifier: Apache-2.0 */
/* Text: UTF-8 checks, NFC, folding, columns, and the encodings of foreign files. Most text is
 * ASCII: every function passes over ASCII many bytes at a time and asks utf8proc about the rest
 * only. */
#include "base/text.h"

#include "base/str.h"
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

typedef unsigned char byte;

/* The next byte of s, from i on, that is not below `limit` (0x80 for ASCII, or above); s.len: none.
 */
static size_t below_until(kith_str s, size_t i, byte limit) {
    size_t len = (size_t)s.len;
    for (; len - i >= 32; i += 32) {
        byte high = 0;
        for (size_t k = 0; k < 32; k++) /* a fixed count without a break becomes vector code */
            high |= (byte)((byte)s.ptr[i + k] >= limit);
        if (high)
            break;
    }
    while (i < len && (byte)s.ptr[i] < limit)
        i++;
    return i;
}

static size_t ascii_until(kith_str s, size_t i) {
    return below_until(s, i, 0x80);
}

bool text_is_ascii(kith_str s) {
    return ascii_until(s, 0) == s.len;
}

/* The UTF-8 character that begins at s.ptr[i]. Returns the bytes it should have, 0 when no
 * character begins so; *good is how many of them are there and right, at least 1. */
static size_t sequence(kith_str s, size_t i, size_t *good) {
    byte lead = (byte)s.ptr[i], low = 0x80, high = 0xBF;
    *good = 1;
    size_t want = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (lead > 0xF4)
        return 0;
    if (lead == 0xE0) /* shorter forms exist */
        low = 0xA0;
    else if (lead == 0xED) /* surrogates */
        high = 0x9F;
    else if (lead == 0xF0)
        low = 0x90;
    else if (lead == 0xF4) /* above U+10FFFF */
        high = 0x8F;
    for (; *good < want && i + *good < s.len; ++*good) {
        byte next = (byte)s.ptr[i + *good];
        if (next < low || next > high)
            break;
        low = 0x80;
        high = 0xBF;
    }
    return want;
}

/* The end of the whole, well-formed characters of s from i on. */
static size_t valid_until(kith_str s, size_t i) {
    size_t good;
    while ((i = ascii_until(s, i)) < s.len) {
        if (sequence(s, i, &good) != good)
            break;
        i += good;
    }
    return i;
}

int64_t text_invalid_at(kith_str s) {
    size_t end = valid_until(s, 0);
    return end == s.len ? -1 : (int64_t)end;
}

/* -- normal forms ------------------------------------------------------------------------------ */

/* Ranges whose characters are NFC wherever they stand: none decomposes into something else under
 * NFC, none combines with what stands before it. The scripts that most names are written in; the
 * test checks the table against utf8proc. */
static const struct {
    int32_t first, last;
} always_nfc[] = {
    {0x0000, 0x02FF}, {0x0400, 0x0482}, {0x048A, 0x052F}, {0x05D0, 0x05EA},
    {0x0620, 0x064A}, {0x0E01, 0x0E30}, {0x1E00, 0x1EF9}, {0x2010, 0x2027},
    {0x20A0, 0x20C0}, {0x3001, 0x3020}, {0x3041, 0x3096}, {0x30A1, 0x30FA},
    {0x4E00, 0x9FFF}, {0xAC00, 0xD7A3}, {0xFF01, 0xFF9D}, {0x1F300, 0x1F64F},
};

static bool in_nfc_table(int32_t c) {
    for (size_t i = 0; i < sizeof always_nfc / sizeof always_nfc[0]; i++)
        if (c <= always_nfc[i].last)
            return c >= always_nfc[i].first;
    return false;
}

static bool surely_nfc(kith_str s) {
    size_t i = 0;
    while ((i = below_until(s, i, 0xCC)) < s.len) { /* 0xCC leads U+0300 */
        utf8proc_int32_t c;
        utf8proc_ssize_t n =
            utf8proc_iterate((const byte *)s.ptr + i, (utf8proc_ssize_t)(s.len - i), &c);
        if (n < 0 || !in_nfc_table(c))
            return false;
        i += (size_t)n;
    }
    return true;
}

/* The characters of a text, decomposed: on the stack when short. One more than counted is there for
 * the NUL that utf8proc appends. */
#define SHORT 256
struct chars {
    int32_t small[SHORT + 1], *at;
    utf8proc_ssize_t count; /* negative: not well-formed, or no memory */
};

static void chars_free(struct chars *c) {
    if (c->at != c->small)
        free(c->at);
}

static void decompose(struct chars *c, kith_str s, int options) {
    const byte *ptr = (const byte *)s.ptr;
    utf8proc_ssize_t len = (utf8proc_ssize_t)s.len;
    c->at = c->small;
    c->count = utf8proc_decompose(ptr, len, c->at, SHORT, (utf8proc_option_t)options);
    if (c->count <= SHORT)
        return;
    c->at = malloc(((size_t)c->count + 1) * sizeof *c->at);
    c->count = c->at ? utf8proc_decompose(ptr, len, c->at, c->count, (utf8proc_option_t)options)
                     : UTF8PROC_ERROR_NOMEM;
}

/* Composes and encodes in place. */
static kith_str compose(struct chars *c) {
    utf8proc_ssize_t len = utf8proc_reencode(c->at, c->count, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    return (kith_str){(char *)c->at, len < 0 ? 0 : (uint64_t)len};
}

kith_str text_nfc(struct arena *a, kith_str s) {
    if (surely_nfc(s))
        return s.ptr ? s : STR("");
    struct chars c;
    decompose(&c, s, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
    if (c.count >= 0) {
        kith_str nfc = compose(&c);
        s = str_eq(nfc, s) ? s : arena_str(a, nfc);
    } else if (c.count == UTF8PROC_ERROR_NOMEM) {
        s = (kith_str){NULL, 0};
    }
    chars_free(&c);
    return s;
}

/* -- folding ----------------------------------------------------------------------------------- */

static bool is_white(int32_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0x2028 || c == 0x2029;
}

/* Accents of Latin, Greek, Cyrillic, points of Hebrew and Arabic. Not the marks of Indic scripts,
 * Thai and kana, which are vowels and consonants there. */
static bool is_accent(int32_t c) {
    return (c >= 0x0300 && c <= 0x036F) || (c >= 0x0591 && c <= 0x05C7 && c != 0x05BE) ||
           (c >= 0x064B && c <= 0x065F) || c == 0x0670 || (c >= 0x1AB0 && c <= 0x1AFF) ||
           (c >= 0x1DC0 && c <= 0x1DFF) || (c >= 0x20D0 && c <= 0x20FF) ||
           (c >= 0xFE20 && c <= 0xFE2F);
}

/* Letters with a stroke, which Unicode does not decompose; case is folded already. */
static int32_t without_stroke(int32_t c) {
    static const int32_t rows[][2] = {{0x00F8, 'o'}, {0x0111, 'd'}, {0x0127, 'h'},
                                      {0x0131, 'i'}, {0x0142, 'l'}, {0x0167, 't'}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i][0] == c)
            return rows[i][1];
    return c;
}

static kith_str fold_ascii(struct arena *a, kith_str s) {
    char *out = arena_alloc(a, (size_t)s.len + 1);
    if (!out)
        return (kith_str){NULL, 0};
    size_t len = 0;
    bool blank = false;
    for (uint64_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (is_white(c)) {
            blank = len > 0;
            continue;
        }
        if (blank)
            out[len++] = ' ';
        blank = false;
        out[len++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    out[len] = '\0';
    return (kith_str){out, len};
}

/* White space runs become one space; of the rest, what becomes of a character; -1: it is dropped.
 */
static void map_chars(struct chars *c, int32_t (*map)(int32_t)) {
    utf8proc_ssize_t len = 0;
    bool blank = false;
    for (utf8proc_ssize_t i = 0; i < c->count; i++) {
        int32_t ch = c->at[i], to = map(ch);
        if (is_white(ch)) {
            blank = len > 0;
        } else if (to >= 0) {
            if (blank)
                c->at[len++] = ' ';
            blank = false;
            c->at[len++] = to;
        }
    }
    c->count = len;
}

static int32_t plain(int32_t c) {
    return is_accent(c) ? -1 : without_stroke(c);
}

static kith_str mapped(struct arena *a, kith_str s, int options, int32_t (*map)(int32_t)) {
    if (text_is_ascii(s))
        return fold_ascii(a, s);
    struct chars c;
    decompose(&c, s, options);
    kith_str folded = {NULL, 0};
    if (c.count >= 0) {
        map_chars(&c, map);
        folded = arena_str(a, compose(&c));
    } else if (c.count != UTF8PROC_ERROR_NOMEM) { /* not well-formed: fold what can be folded */
        folded = fold_ascii(a, s);
    }
    chars_free(&c);
    return folded;
}

kith_str text_fold(struct arena *a, kith_str s) {
    return mapped(a, s,
                  UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
                      UTF8PROC_IGNORE | UTF8PROC_LUMP,
                  plain);
}

kith_str text_lower(struct arena *a, kith_str s) {
    return mapped(a, s, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_IGNORE, utf8proc_tolower);
}

/* -- columns ----------------------------------------------------------------------------------- */

/* Columns of the character at s; *n gets its bytes. What is not well-formed shows as one column. */
static size_t column_step(const char *s, size_t len, size_t *n) {
    utf8proc_int32_t c;
    utf8proc_ssize_t used = utf8proc_iterate((const byte *)s, (utf8proc_ssize_t)len, &c);
    *n = used < 0 ? 1 : (size_t)used;
    return used < 0 ? 1 : (size_t)utf8proc_charwidth(c);
}

/* Bytes of s that fit; *columns becomes what they take. */
static size_t fitting(kith_str s, size_t *columns) {
    size_t len = (size_t)s.len, taken = 0, i = 0;
    while (i < len) {
        size_t n, width = column_step(s.ptr + i, len - i, &n);
        if (width > *columns - taken)
            break;
        taken += width;
        i += n;
    }
    *columns = taken;
    return i;
}

/* Nothing is seen of these, though they are letters or symbols: fillers of Hangul, and a pattern of
 * Braille without a dot. */
static bool is_blank_letter(utf8proc_int32_t c) {
    return c == 0x115F || c == 0x1160 || c == 0x3164 || c == 0xFFA0 || c == 0x2800;
}

bool text_is_visible(kith_str s) {
    for (uint64_t i = 0; i < s.len;) {
        utf8proc_int32_t c;
        utf8proc_ssize_t n =
            utf8proc_iterate((const byte *)s.ptr + i, (utf8proc_ssize_t)(s.len - i), &c);
        if (n <= 0)
            return false;
        utf8proc_category_t kind = utf8proc_category(c);
        bool mark = kind >= UTF8PROC_CATEGORY_MN && kind <= UTF8PROC_CATEGORY_ME;
        if (kind == UTF8PROC_CATEGORY_CN || kind >= UTF8PROC_CATEGORY_ZS || (mark && i == 0) ||
            is_blank_letter(c) || utf8proc_charwidth(c) + mark == 0)
            return false;
        i += (uint64_t)n;
    }
    return s.len > 0;
}

size_t text_width(kith_str s) {
    size_t columns = SIZE_MAX;
    (void)fitting(s, &columns);
    return columns;
}

kith_str text_cut(kith_str s, size_t columns) {
    return (kith_str){s.ptr, fitting(s, &columns)};
}

/* -- encodings --------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *bom;
    size_t bom_len;
} encodings[] = {
    [ENC_UTF8] = {"utf-8", "\xEF\xBB\xBF", 3},
    [ENC_UTF8_BOM] = {"utf-8 with byte order mark", "\xEF\xBB\xBF", 3},
    [ENC_UTF16LE] = {"utf-16le", "\xFF\xFE", 2},
    [ENC_UTF16BE] = {"utf-16be", "\xFE\xFF", 2},
    [ENC_WINDOWS_1252] = {"windows-1252", "", 0},
};

const char *text_encoding_name(enum text_encoding e) {
    return encodings[e].name;
}

size_t text_bom(enum text_encoding e, kith_str sample) {
    size_t len = encodings[e].bom_len;
    return sample.len >= len && memcmp(sample.ptr, encodings[e].bom, len) == 0 ? len : 0;
}

/* UTF-16 without a mark: text in it has a zero in every other byte wherever it is Latin (blanks,
 * digits and line ends are so in every script), and hardly any in the bytes between. */
static bool looks_utf16(kith_str s, size_t zero_at) {
    size_t zeros[2] = {0, 0}, pairs = (size_t)s.len / 2;
    for (size_t i = 0; i < pairs * 2; i++)
        zeros[i & 1] += s.ptr[i] == '\0';
    return pairs >= 2 && zeros[zero_at] * 10 >= pairs * 3 && zeros[1 - zero_at] * 50 <= pairs;
}

/* A file in UTF-8 may hold a few broken bytes; in Windows-1252 next to no byte above 0x7F happens
 * to begin a well-formed character. The majority decides. */
static bool looks_utf8(kith_str s, bool complete) {
    size_t i = 0, right = 0, wrong = 0, good;
    while ((i = ascii_until(s, i)) < s.len) {
        size_t want = sequence(s, i, &good);
        bool cut = want > good && i + good == s.len && !complete;
        if (want == good)
            right++;
        else if (!cut)
            wrong++;
        i += good;
    }
    return wrong == 0 || right > 3 * wrong;
}

enum text_encoding text_detect(kith_str sample, bool complete) {
    for (enum text_encoding e = ENC_UTF8_BOM; e <= ENC_UTF16BE; e++)
        if (text_bom(e, sample))
            return e;
    if (looks_utf16(sample, 1))
        return ENC_UTF16LE;
    if (looks_utf16(sample, 0))
        return ENC_UTF16BE;
    return looks_utf8(sample, complete) ? ENC_UTF8 : ENC_WINDOWS_1252;
}

#define REPLACEMENT 0xFFFD

/* 0x80 to 0x9F; 0: not assigned. */
static const uint16_t windows_1252[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

static void put_char(struct buf *out, int32_t c) {
    byte encoded[4];
    buf_add(out, (const char *)encoded, (size_t)utf8proc_encode_char(c, encoded));
}

static size_t decode_utf8(kith_str in, bool last, struct buf *out) {
    for (size_t i = 0, good;;) {
        size_t end = valid_until(in, i);
        buf_add(out, in.ptr + i, end - i);
        if ((i = end) == in.len)
            return i;
        size_t want = sequence(in, i, &good);
        if (want > good && i + good == in.len && !last)
            return i;
        put_char(out, REPLACEMENT);
        i += good;
    }
}

static size_t decode_1252(kith_str in, struct buf *out) {
    for (size_t i = 0;;) {
        size_t end = ascii_until(in, i);
        buf_add(out, in.ptr + i, end - i);
        if ((i = end) == in.len)
            return i;
        byte b = (byte)in.ptr[i++];
        int32_t c = b >= 0xA0 ? b : windows_1252[b - 0x80];
        put_char(out, c ? c : REPLACEMENT);
    }
}

static int32_t utf16_unit(const char *p, bool big) {
    byte a = (byte)p[0], b = (byte)p[1];
    return big ? a << 8 | b : b << 8 | a;
}

static bool between(int32_t c, int32_t first, int32_t last) {
    return c >= first && c <= last;
}

static size_t decode_utf16(kith_str in, bool big, bool last, struct buf *out) {
    size_t len = (size_t)in.len, i = 0;
    while (len - i >= 2) {
        int32_t c = utf16_unit(in.ptr + i, big);
        size_t used = 2;
        if (between(c, 0xD800, 0xDBFF)) {
            if (len - i < 4 && !last)
                return i;
            int32_t low = len - i < 4 ? 0 : utf16_unit(in.ptr + i + 2, big);
            bool pair = between(low, 0xDC00, 0xDFFF);
            c = pair ? 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00) : REPLACEMENT;
            used = pair ? 4 : 2;
        } else if (between(c, 0xDC00, 0xDFFF)) {
            c = REPLACEMENT;
        }
        put_char(out, c);
        i += used;
    }
    if (i < len && last)
        put_char(out, REPLACEMENT);
    return last ? len : i;
}

size_t text_decode(enum text_encoding e, kith_str in, bool last, struct buf *out) {
    if (!in.len)
        return 0;
    switch (e) {
    case ENC_UTF16LE:
    case ENC_UTF16BE:
        return decode_utf16(in, e == ENC_UTF16BE, last, out);
    case ENC_WINDOWS_1252:
        return decode_1252(in, out);
    case ENC_UTF8:
    case ENC_UTF8_BOM:
        break;
    }
    return decode_utf8(in, last, out);
}
