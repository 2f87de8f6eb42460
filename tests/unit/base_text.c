/* SPDX-License-Identifier: Apache-2.0 */
/* Text: well-formed UTF-8, NFC, folding, columns, encodings. */
#include "base/text.h"

#include "base/str.h"
#include "test.h"
#include <utf8proc.h>

static struct arena arena;

static const char *fold(const char *z) {
    return text_fold(&arena, str_of(z)).ptr;
}

static const char *nfc(const char *z) {
    return arena_str(&arena, text_nfc(&arena, str_of(z))).ptr;
}

TEST("well-formed text of every length of character is accepted") {
    EXPECT_INT(-1, text_invalid_at(STR("")));
    EXPECT_INT(-1, text_invalid_at((kith_str){NULL, 0}));
    EXPECT_INT(-1, text_invalid_at(STR("plain \0 text that is longer than one block of the loop")));
    EXPECT_INT(-1, text_invalid_at(STR("\xC2\x80 \xE0\xA0\x80 \xED\x9F\xBF \xF0\x90\x80\x80 "
                                       "\xF4\x8F\xBF\xBF")));
}

TEST("the first byte that is not well-formed is found") {
    static const struct {
        const char *text;
        int at;
    } rows[] = {
        {"\x80", 0},
        {"ab\xC0\x80", 2},
        {"\xC1\xBF", 0},
        {"a\xE0\x9F\xBF", 1},
        {"\xED\xA0\x80", 0},
        {"\xF0\x8F\xBF\xBF", 0},
        {"\xF4\x90\x80\x80", 0},
        {"\xF5\x80\x80\x80", 0},
        {"\xFF", 0},
        {"caf\xC3", 3},
        {"\xE2\x82", 0},
        {"\xC3\xA9\xC3(", 2},
        {"0123456789012345678901234567890123456789\xFF", 40},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        EXPECT_INT(rows[i].at, text_invalid_at(str_of(rows[i].text)));
}

TEST("text that is NFC already keeps its place in memory") {
    static const char *const rows[] = {"plain",    "Müller", "Zażółć gęślą jaźń", "Щедрин",
                                       "山田太郎", "김철수", "Nguyễn Thị Hồng"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        EXPECT(text_nfc(&arena, str_of(rows[i])).ptr == rows[i]);
    EXPECT_STR("", text_nfc(&arena, (kith_str){NULL, 0}).ptr);
}

TEST("decomposed text is composed and NULs are kept") {
    EXPECT_STR("é", nfc("e\xCC\x81"));
    EXPECT_STR("가", nfc("\xE1\x84\x80\xE1\x85\xA1"));
    EXPECT_STR("\xC3\x85", nfc("\xE2\x84\xAB")); /* the angstrom sign is the letter */
    kith_str s = text_nfc(&arena, STR("a\0e\xCC\x81"));
    EXPECT(str_eq(s, STR("a\0é")));
}

TEST("a long text is composed as a short one is") {
    struct buf in = {0}, want = {0};
    for (int i = 0; i < 5000; i++) {
        buf_puts(&in, "e\xCC\x81x");
        buf_puts(&want, "éx");
    }
    EXPECT(str_eq(text_nfc(&arena, buf_view(&in)), buf_view(&want)));
    buf_free(&in);
    buf_free(&want);
}

/* -- against utf8proc itself, for all of Unicode ----------------------------------------------- */

static void put_char(struct buf *b, int32_t c) {
    unsigned char text[4];
    buf_add(b, (char *)text, (size_t)utf8proc_encode_char(c, text));
}

static void expect_nfc(const struct buf *in, int32_t c) {
    kith_str got = text_nfc(&arena, buf_view(in));
    utf8proc_uint8_t *out = NULL;
    utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)in->ptr, (utf8proc_ssize_t)in->len,
                                      &out, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    bool same = n >= 0 && str_eq(got, (kith_str){(char *)out, (uint64_t)n});
    free(out);
    if (!same)
        TEST_FAIL("U+%04X: expected what utf8proc makes of it, found \"%.*s\"", (unsigned)c,
                  (int)got.len, got.ptr);
    arena_reset(&arena);
}

TEST("every character, alone and decomposed, is composed as utf8proc does") {
    struct buf b = {0};
    for (int32_t c = 1; c <= 0x10FFFF; c++) {
        int32_t parts[32];
        int boundary = 0;
        if (utf8proc_category(c) == UTF8PROC_CATEGORY_CS)
            continue;
        buf_reset(&b);
        put_char(&b, c);
        expect_nfc(&b, c);
        utf8proc_ssize_t n =
            utf8proc_decompose_char(c, parts, 32, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE, &boundary);
        buf_reset(&b);
        for (utf8proc_ssize_t i = 0; i < n; i++)
            put_char(&b, parts[i]);
        expect_nfc(&b, c);
    }
    buf_free(&b);
}

TEST("marks in the wrong order are put in order") {
    struct buf b = {0};
    for (int32_t c = 1, previous = 0x0323; c <= 0x1FFFF; c++) {
        if (utf8proc_get_property(c)->combining_class == 0)
            continue;
        for (int turn = 0; turn < 2; turn++) {
            buf_reset(&b);
            put_char(&b, turn ? c : previous);
            put_char(&b, turn ? previous : c);
            expect_nfc(&b, c);
        }
        previous = c;
    }
    buf_free(&b);
}

TEST("folding what is folded changes nothing, for every character") {
    struct buf b = {0};
    for (int32_t c = 1; c <= 0x10FFFF; c++) {
        if (utf8proc_category(c) == UTF8PROC_CATEGORY_CS)
            continue;
        buf_reset(&b);
        put_char(&b, 'x'); /* white space in front would be trimmed */
        put_char(&b, c);
        put_char(&b, 'X');
        kith_str once = text_fold(&arena, buf_view(&b)), twice = text_fold(&arena, once);
        if (!str_eq(once, twice))
            TEST_FAIL("U+%04X: \"%s\" became \"%s\"", (unsigned)c, once.ptr, twice.ptr);
        arena_reset(&arena);
    }
    buf_free(&b);
}

/* -- folding ----------------------------------------------------------------------------------- */

TEST("folding makes equal what a person takes for equal") {
    static const char *const rows[][2] = {
        {"Müller", "muller"},
        {"STRASSE", "strasse"},
        {"Straße", "strasse"},
        {"ÉCOLE", "ecole"},
        {"Łódź", "lodz"},
        {"Smørrebrød", "smorrebrod"},
        {"İstanbul", "istanbul"},
        {"ΆΓΙΟΣ", "αγιοσ"},
        {"Ёлка", "елка"},
        {"ﬁne", "fine"},
        {"ＡＢＣ　１", "abc 1"},
        {"O’Brien", "o'brien"},
        {"co\xC2\xADoperate", "cooperate"}, /* soft hyphen */
        {"a\xE2\x80\x8B\x62", "ab"},        /* zero-width space */
        {"  Ann \t\r\n Lee  ", "ann lee"},
        {"\xC2\xA0 Zoë\xE2\x80\xA8Q ", "zoe q"},
        {"", ""},
        {" ", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        EXPECT_STR(rows[i][1], fold(rows[i][0]));
}

TEST("folding keeps vowels and consonants that are written as marks") {
    EXPECT(strcmp(fold("की"), fold("का")) != 0);
    EXPECT(strcmp(fold("กี"), fold("กา")) != 0);
    EXPECT(strcmp(fold("が"), fold("か")) != 0);
}

TEST("ASCII is folded alike with and without other characters around it") {
    char text[128];
    for (int i = 0; i < 127; i++)
        text[i] = (char)(i + 1);
    text[127] = '\0';
    char *mixed = arena_printf(&arena, "%sé", text);
    char *want = arena_printf(&arena, "%se", fold(text));
    EXPECT_STR(want, fold(mixed));
}

TEST("text that is not well-formed is folded as far as it goes") {
    EXPECT_STR("a\xFF"
               "b",
               fold("A\xFF"
                    "B"));
}

/* -- columns ----------------------------------------------------------------------------------- */

TEST("columns count wide characters twice and marks not at all") {
    EXPECT_INT(5, text_width(STR("plain")));
    EXPECT_INT(4, text_width(STR("山田")));
    EXPECT_INT(1, text_width(STR("e\xCC\x81")));
    EXPECT_INT(3, text_width(STR("a\xFF"
                                 "b")));
    EXPECT_INT(0, text_width((kith_str){NULL, 0}));
}

TEST("what is seen as one word is told from blanks, controls and what is invisible") {
    static const char *const seen[] = {"anna",         "Anna.Schmidt@x", "o'neil",
                                       "a-b_c",        "Jos\u00e9",      "e\u0301",
                                       "\u5c71\u7530", "\u0939\u093f",   "\U0001F600"};
    static const char *const unseen[] = {
        "",        " ",        "a b",    "a\tb",       "a\n",     "\u00a0",
        "a\u200b", "a\u202eb", "\u3000", "\ufeffanna", "\u0301a", "a\u00ad",
        "\u3164",  "a\u2800",  "\ue000", "\U000e0041", "a\xff",   "\x7f"};
    for (size_t i = 0; i < sizeof seen / sizeof *seen; i++)
        EXPECT(text_is_visible(str_of(seen[i])));
    for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++)
        EXPECT(!text_is_visible(str_of(unseen[i])));
}

TEST("a cut is between characters and keeps the marks of the last one") {
    EXPECT_INT(3, text_cut(STR("plain"), 3).len);
    EXPECT_INT(3, text_cut(STR("山田"), 3).len);
    EXPECT_INT(3, text_cut(STR("e\xCC\x81x"), 1).len);
    EXPECT_INT(5, text_cut(STR("plain"), 80).len);
    EXPECT_INT(0, text_cut(STR("plain"), 0).len);
}

/* -- encodings --------------------------------------------------------------------------------- */

TEST("the encoding of a file is guessed from its bytes") {
    static const struct {
        enum text_encoding want;
        const char *bytes;
        size_t len;
        bool complete;
    } rows[] = {
        {ENC_UTF8, "plain", 5, true},
        {ENC_UTF8, "", 0, true},
        {ENC_UTF8, "M\xC3\xBCller", 7, true},
        {ENC_UTF8, "caf\xC3", 4, false},
        {ENC_WINDOWS_1252, "caf\xE9", 4, true},
        {ENC_WINDOWS_1252, "M\xFCller", 6, true},
        {ENC_UTF8, "\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC and one broken \xFF byte", 28, true},
        {ENC_UTF8_BOM, "\xEF\xBB\xBFname", 7, true},
        {ENC_UTF16LE, "\xFF\xFEn\0", 4, true},
        {ENC_UTF16BE, "\xFE\xFF\0n", 4, true},
        {ENC_UTF16LE, "n\0a\0m\0e\0", 8, true},
        {ENC_UTF16BE, "\0n\0a\0m\0e", 8, true},
        {ENC_UTF8, "one NUL \0 only", 14, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        EXPECT_STR(text_encoding_name(rows[i].want),
                   text_encoding_name(
                       text_detect((kith_str){rows[i].bytes, rows[i].len}, rows[i].complete)));
}

static const char *decode(enum text_encoding e, kith_str in, size_t consumed, bool last) {
    struct buf out = {0};
    size_t used = text_decode(e, in, last, &out);
    char *text = arena_strndup(&arena, out.ptr, out.len);
    buf_free(&out);
    EXPECT_INT(consumed, used);
    return text;
}

TEST("foreign encodings become UTF-8") {
    EXPECT_STR("Grüße – 5 €", decode(ENC_WINDOWS_1252,
                                     STR("Gr\xFC\xDF"
                                         "e \x96 5 \x80"),
                                     11, true));
    EXPECT_STR("€😀", decode(ENC_UTF16LE, STR("\xAC\x20\x3D\xD8\x00\xDE"), 6, true));
    EXPECT_STR("€😀", decode(ENC_UTF16BE, STR("\x20\xAC\xD8\x3D\xDE\x00"), 6, true));
    EXPECT_STR("", decode(ENC_UTF8, (kith_str){NULL, 0}, 0, true));
}

TEST("what cannot be decoded becomes the replacement character") {
    EXPECT_STR("a\uFFFDb", decode(ENC_UTF8,
                                  STR("a\xFF"
                                      "b"),
                                  3, true));
    EXPECT_STR("\uFFFD(", decode(ENC_UTF8, STR("\xE2\x82("), 3, true));
    EXPECT_STR("a\uFFFD", decode(ENC_WINDOWS_1252, STR("a\x81"), 2, true));
    EXPECT_STR("\uFFFDa", decode(ENC_UTF16LE, STR("\x00\xDC\x61\x00"), 4, true));
    EXPECT_STR("\uFFFDa", decode(ENC_UTF16LE, STR("\x3D\xD8\x61\x00"), 4, true));
}

TEST("a character that is cut by the end of a chunk is left for the next one") {
    EXPECT_STR("a", decode(ENC_UTF8, STR("a\xE2\x82"), 1, false));
    EXPECT_STR("a\uFFFD", decode(ENC_UTF8, STR("a\xE2\x82"), 3, true));
    EXPECT_STR("a", decode(ENC_UTF16LE, STR("a\0\x3D\xD8\x00"), 2, false));
    EXPECT_STR("a\uFFFD", decode(ENC_UTF16LE, STR("a\0\x3D"), 3, true));
}
