/* SPDX-License-Identifier: Apache-2.0 */
/* Words: a text cut into the words by which it is searched. Case, accents and forms that mean the
 * same are folded (text_fold); beyond that, letters that Arabic and Persian keyboards give for each
 * other are made equal, and digits of every script become 0 to 9. In scripts that are written
 * without blanks (Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese) each character is a word:
 * what is searched there is a row of them. */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include "base/arena.h"
#include <stdbool.h>

#define WORDS_VERSION 1   /* changes when what is found in a text does */
#define WORD_MAX      64u /* bytes of a word; a longer one is known by its beginning */

struct word {
    kith_str text;     /* folded; letters and digits only; until the next word */
    uint64_t from, to; /* the bytes of the text that it was */
    bool single;       /* a character of a script without blanks */
    bool joined; /* o'brien, whose words are o and brien, is also obrien: it comes after them */
};
typedef bool (*word_fn)(void *arg, const struct word *w); /* false: no more */
/* Calls fn for each word of well-formed UTF-8, in order. False: no memory. */
bool words_each(kith_str text, word_fn fn, void *arg);

#endif
