/* SPDX-License-Identifier: Apache-2.0 */
/* Words: real texts of each script are cut as people search for them. */
#include "base/str.h"
#include "base/text.h"
#include "base/words.h"
#include "random.h"
#include "test.h"

struct cut {
    struct buf words;
    kith_str text;
    bool spans_ok;
    int left; /* words until it wants no more; 0: never */
};

static bool take(void *arg, const struct word *w) {
    struct cut *c = arg;
    if (c->words.len)
        buf_putc(&c->words, ' ');
    buf_puts(&c->words, w->joined ? "+" : "");
    buf_str(&c->words, w->text);
    c->spans_ok = c->spans_ok && w->from < w->to && w->to <= c->text.len;
    return c->left == 0 || --c->left > 0;
}

static void expect_words(const char *text, const char *want) {
    struct cut c = {.text = str_of(text), .spans_ok = true};
    EXPECT(words_each(c.text, take, &c));
    EXPECT_STR(want, c.words.len ? c.words.ptr : "");
    EXPECT(c.spans_ok);
    buf_free(&c.words);
}

TEST("case and accents do not count") {
    expect_words("Anna SCHMIDT", "anna schmidt");
    expect_words("Jürgen Müller, Straße 5", "jurgen muller strasse 5");
    expect_words("Łódź Ærø Đorđe", "lodz \xC3\xA6ro dorde");
    expect_words("Ａｎｎａ ①②", "anna 12");
    expect_words("e\xCC\x81t\xC3\xA9", "ete");
}

TEST("signs stand between words") {
    expect_words("anna.schmidt@example.com", "anna schmidt example com");
    expect_words("Müller-Lüdenscheidt & Söhne (GmbH)", "muller ludenscheidt sohne gmbh");
    expect_words("https://www.example.org/a_b?c=1", "https www example org a b c 1");
    expect_words(" ,;-  ", "");
    expect_words("", "");
    expect_words("a\nb\tc", "a b c");
}

TEST("what an apostrophe divides is one word, too") {
    expect_words("O'Brien", "o brien +obrien");
    expect_words("l’école d'été", "l ecole +lecole d ete +dete");
    expect_words("rock 'n' roll", "rock n roll");
    expect_words("'quoted'", "quoted");
    expect_words("x'y'z", "x y z +xyz");
}

TEST("Cyrillic and Greek") {
    expect_words("Москва́ Ёлка", "москва елка");
    expect_words("ΑΘΉΝΑ Οδυσσέας ΟΔΥΣΣΕΑΣ", "αθηνα οδυσσεασ οδυσσεασ");
}

TEST("Arabic, Persian and Hebrew are found without points, and however they are typed") {
    expect_words("مُحَمَّد", "محمد");
    expect_words("أحمد إيمان آمنة", "احمد ايمان امنه");
    expect_words("محـــمد", "محمد");
    expect_words("علی کریم", "علي كريم");
    expect_words("می\u200cخواهم", "ميخواهم");
    expect_words("١٢٣ ۴۵۶", "123 456");
    expect_words("שָׁלוֹם", "שלום");
    expect_words("צה״ל", "צה ל +צהל");
}

TEST("Devanagari keeps the signs of its vowels") {
    expect_words("नमस्ते दुनिया", "नमस्ते दुनिया");
    expect_words("२०२४", "2024");
}

TEST("scripts without blanks are cut into characters") {
    expect_words("東京都", "東 京 都");
    expect_words("東京タワー Tower", "東 京 タ ワ ー tower");
    expect_words("ﾀﾜｰ", "タ ワ ー");
    expect_words("한국어", "한 국 어");
    expect_words("ไทย", "ไ ท ย");
    expect_words("iPhone手机15", "iphone 手 机 15");
}

TEST("a long word is known by its beginning, and long texts are cut to their end") {
    char text[2000], want[WORD_MAX + 8];
    memset(text, 'a', 1000);
    strcpy(text + 1000, " b");
    memset(want, 'a', WORD_MAX);
    strcpy(want + WORD_MAX, " b");
    expect_words(text, want);
    for (int i = 0; i < 900; i += 2)
        memcpy(text + i, "\xC3\xA4", 2); /* the same letters, with marks */
    struct cut c = {.text = {text, 900}, .spans_ok = true};
    EXPECT(words_each(c.text, take, &c));
    EXPECT_INT(WORD_MAX, c.words.len);
    buf_free(&c.words);
}

TEST("whoever wants no more words is given none") {
    struct cut c = {.text = STR("one two o'three four"), .spans_ok = true, .left = 2};
    EXPECT(words_each(c.text, take, &c));
    EXPECT_STR("one two", c.words.ptr);
    buf_free(&c.words);
}

TEST("a word is made of nothing but letters, digits and their marks, whatever the text") {
    uint64_t seed = RANDOM_SEED;
    for (int round = 0; round < 20000; round++) {
        char text[64];
        size_t n = 0;
        struct arena a = {0};
        while (n < sizeof text) {
            random_next(&seed);
            text[n++] = (char)(seed >> 40 & (round & 1 ? 0x7F : 0xFF));
        }
        struct cut c = {.text = {text, n}, .spans_ok = true};
        EXPECT(words_each(c.text, take, &c));
        EXPECT(c.spans_ok);
        for (size_t i = 0; i < c.words.len; i++)
            EXPECT(c.words.ptr[i] != '"' && c.words.ptr[i] != '\0' && c.words.ptr[i] != '*');
        EXPECT_INT(-1, text_invalid_at(buf_view(&c.words)));
        buf_free(&c.words);
        arena_free(&a);
    }
}
