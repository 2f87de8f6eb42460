/* SPDX-License-Identifier: Apache-2.0 */
/* Words: every name that rules find, with its signature and a sentence. The static checks and the
 * stubs for editors are made of these rows, and a test compares them with the sandbox. */
#ifndef SCRIPT_WORDS_H
#define SCRIPT_WORDS_H

#include "base/str.h"

struct word {
    const char *name; /* "create", "business.days", "string.trim" for text:trim() */
    /* "type: string, id?: string, ...: any": as LuaCATS writes it; NULL: it is no function. The
     * kinds that the checks know are those of kinds_of() in lint_type.c; all others are any. */
    const char *params;
    const char *result; /* "Date", "integer|nil"; NULL: nothing */
    const char *doc;    /* one sentence */
    const char *lines;  /* LuaCATS lines in the place of those of params and result; or NULL */
};

const struct word *word_at(size_t i); /* NULL behind the last */
const struct word *word_find(kith_str name);
/* "there is no 'print': write log(...)": a name that is no word, and what is meant by it. */
void word_missing(struct buf *out, kith_str name);
/* What to write for a name of Lua or of another language; NULL: nothing is known. */
const char *word_instead(kith_str name);
/* Is there a word that begins with it and a dot? */
bool word_library(kith_str name);

/* Goes through the parameters of a signature; false at the end. */
struct word_param {
    kith_str name, type; /* name "...": any number more */
    bool optional;
};
bool word_param(const char **rest, struct word_param *out);

#endif
