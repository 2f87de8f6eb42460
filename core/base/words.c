/* SPDX-License-Identifier: Apache-2.0 */
/* Words: a run of letters, digits and their marks is cut out of the text as it was written, folded,
 * and cut again, since folding may put signs between letters. */
#include "base/words.h"

#include "base/str.h"
#include "base/text.h"

#include <string.h>
#include <utf8proc.h>

#define RUN_MAX 256u /* bytes of a run that are looked at: more than a word of it can have */

typedef unsigned char byte;

enum kind {
    BETWEEN,    /* blanks, signs */
    LETTER,     /* letters, digits, marks */
    SINGLE,     /* a word by itself */
    INVISIBLE,  /* within a run: passed over */
    APOSTROPHE, /* between two runs */
};

/* -- characters -------------------------------------------------------------------------------- */

static const struct {
    int32_t first, last;
} singles[] = {
    {0x0E01, 0x0EFF}, /* Thai, Lao */
    {0x1000, 0x109F}, /* Burmese */
    {0x1780, 0x17FF}, /* Khmer */
    {0x3005, 0x3007}, /* repetition of a Chinese character, zero */
    {0x3041, 0x30FF}, /* kana */
    {0x31F0, 0x31FF}, {0x3400, 0x4DBF}, {0x4E00, 0x9FFF},   {0xAC00, 0xD7A3}, /* Hangul */
    {0xF900, 0xFAFF}, {0xFF66, 0xFF9F}, {0x20000, 0x3FFFF},
};

static bool is_single(int32_t c) {
    if (c < singles[0].first)
        return false;
    for (size_t i = 0; i < sizeof singles / sizeof *singles; i++)
        if (c <= singles[i].last)
            return c >= singles[i].first;
    return false;
}

static bool is_apostrophe(int32_t c) {
    return c == '\'' || c == 0x2018 || c == 0x2019 || c == 0x02BC || c == 0x00B4 || c == '`' ||
           c == 0xFF07 || c == 0x05F3 || c == 0x05F4;
}

static enum kind kind_of(int32_t c) {
    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? LETTER
               : is_apostrophe(c) ? APOSTROPHE
                                  : BETWEEN;
    if (is_apostrophe(c))
        return APOSTROPHE;
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return is_single(c) ? SINGLE : LETTER;
    case UTF8PROC_CATEGORY_CF:
        return INVISIBLE;
    default:
        return BETWEEN;
    }
}

/* Letters for each other: 0 is left out. */
static int32_t plain(int32_t c) {
    static const int32_t zeros[] = {0x0660, 0x06F0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66,
                                    0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0E50, 0x0ED0, 0x1040};
    if (c < 0x0600)
        return c;
    switch (c) {
    case 0x0640: /* only makes the word longer */
        return 0;
    case 0x0649: /* alef maksura, Persian yeh: yeh */
    case 0x06CC:
        return 0x064A;
    case 0x0629: /* teh marbuta: heh */
        return 0x0647;
    case 0x06A9: /* Persian kaf */
        return 0x0643;
    default:
        for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++)
            if (c >= zeros[i] && c <= zeros[i] + 9)
                return '0' + (c - zeros[i]);
        return c;
    }
}

/* The character at s.ptr[i]; *n gets its bytes. What is not well-formed separates words. */
static int32_t char_at(kith_str s, uint64_t i, uint64_t *n) {
    utf8proc_int32_t c;
    if ((byte)s.ptr[i] < 0x80) {
        *n = 1;
        return (byte)s.ptr[i];
    }
    utf8proc_ssize_t used =
        utf8proc_iterate((const byte *)s.ptr + i, (utf8proc_ssize_t)(s.len - i), &c);
    *n = used > 0 ? (uint64_t)used : 1;
    return used > 0 ? c : ' ';
}

/* -- one word ---------------------------------------------------------------------------------- */

struct cutting {
    word_fn fn;
    void *arg;
    struct arena arena; /* of foldings */
    bool ended, nomem;
    char chain[WORD_MAX]; /* the runs between which apostrophes stand, one after the other */
    size_t chain_len, chain_runs;
    bool chain_full;
    uint64_t chain_from;
};

/* Appends a character, or sees that there is no more room. */
static bool put(char *out, size_t *len, int32_t c) {
    byte encoded[4];
    size_t n = (size_t)utf8proc_encode_char(c, encoded);
    if (*len + n > WORD_MAX)
        return false;
    memcpy(out + *len, encoded, n);
    *len += n;
    return true;
}

static void give(struct cutting *k, struct word *w) {
    if (!k->ended && w->text.len)
        k->ended = !k->fn(k->arg, w);
}

static void add_to_chain(struct cutting *k, kith_str s) {
    size_t n = (size_t)s.len;
    k->chain_full = k->chain_full || k->chain_len + n > WORD_MAX;
    if (!k->chain_full) {
        memcpy(k->chain + k->chain_len, s.ptr, n);
        k->chain_len += n;
    }
}

/* The words of a run that is folded; signs may stand between them. */
static void cut_folded(struct cutting *k, kith_str folded, uint64_t from, uint64_t to) {
    char out[WORD_MAX];
    size_t len = 0;
    bool full = false;
    for (uint64_t i = 0, n; i <= folded.len; i += n) {
        int32_t c = i < folded.len ? char_at(folded, i, &n) : (n = 1, ' ');
        enum kind kind = kind_of(c);
        bool in = kind == LETTER || kind == INVISIBLE;
        if (kind == LETTER && !full && (c = plain(c)) != 0)
            full = !put(out, &len, c);
        if (in)
            continue;
        struct word w = {.text = {out, len}, .from = from, .to = to};
        add_to_chain(k, w.text);
        give(k, &w);
        len = 0;
        full = false;
        if (kind == SINGLE && put(out, &len, plain(c))) {
            struct word one = {.text = {out, len}, .from = from, .to = to, .single = true};
            give(k, &one);
            len = 0;
        }
    }
}

static bool fold_ascii(kith_str s, char out[RUN_MAX]) {
    for (uint64_t i = 0; i < s.len; i++) {
        byte c = (byte)s.ptr[i];
        if (c >= 0x80)
            return false;
        out[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    return true;
}

static void cut_run(struct cutting *k, kith_str text, uint64_t from, uint64_t to) {
    kith_str run = {text.ptr + from, to - from};
    char ascii[RUN_MAX];
    if (run.len > RUN_MAX) { /* between characters */
        run.len = RUN_MAX;
        while (run.len && ((byte)run.ptr[run.len] & 0xC0) == 0x80)
            run.len--;
    }
    if (k->chain_runs++ == 0)
        k->chain_from = from;
    if (fold_ascii(run, ascii)) {
        struct word w = {
            .text = {ascii, run.len < WORD_MAX ? run.len : WORD_MAX}, .from = from, .to = to};
        add_to_chain(k, w.text);
        give(k, &w);
        return;
    }
    arena_reset(&k->arena);
    kith_str folded = text_fold(&k->arena, run);
    k->nomem = k->nomem || !folded.ptr;
    if (folded.ptr)
        cut_folded(k, folded, from, to);
}

/* Characters that fold to themselves, as most of their scripts do. */
static bool folds_to_itself(int32_t c) {
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3041 && c <= 0x3096) ||
           (c >= 0x30A1 && c <= 0x30FA) || (c >= 0xAC00 && c <= 0xD7A3) ||
           (c >= 0x0E01 && c <= 0x0E30);
}

static void cut_single(struct cutting *k, kith_str text, uint64_t from, uint64_t to, int32_t c) {
    if (!folds_to_itself(c)) {
        cut_run(k, text, from, to);
        return;
    }
    struct word w = {.text = {text.ptr + from, to - from}, .from = from, .to = to, .single = true};
    give(k, &w);
}

/* -- the text ---------------------------------------------------------------------------------- */

static void end_chain(struct cutting *k, uint64_t to) {
    struct word w = {
        .text = {k->chain, k->chain_len}, .from = k->chain_from, .to = to, .joined = true};
    if (k->chain_runs > 1)
        give(k, &w);
    k->chain_len = k->chain_runs = 0;
    k->chain_full = false;
}

bool words_each(kith_str text, word_fn fn, void *arg) {
    struct cutting k = {.fn = fn, .arg = arg};
    uint64_t start = 0, end = 0; /* of the run that is under way, without what is invisible */
    bool inside = false;
    for (uint64_t i = 0, n; i <= text.len && !k.ended; i += n) {
        int32_t c = i < text.len ? char_at(text, i, &n) : (n = 1, ' ');
        enum kind kind = kind_of(c);
        if (kind == INVISIBLE && inside)
            continue;
        if (kind == LETTER) {
            start = inside ? start : i;
            end = i + n;
            inside = true;
            continue;
        }
        if (inside)
            cut_run(&k, text, start, end);
        if (!inside || kind != APOSTROPHE)
            end_chain(&k, end);
        inside = false;
        if (kind == SINGLE) {
            cut_single(&k, text, i, i + n, c);
            end_chain(&k, i + n);
        }
    }
    arena_free(&k.arena);
    return !k.nomem;
}
