/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of search share: the tree of what is searched for, and numbers by their digits. */
#ifndef RECORD_SEARCH_INTERNAL_H
#define RECORD_SEARCH_INTERNAL_H

#include "base/words.h"
#include "record/search.h"

/* A word that no text has: it stands between texts of one slot, so that no row of words reaches
 * from one into the other, and begins the names of types. */
#define SEARCH_BAR "\xC2\xA6"
/* In front of a second copy of each word of a title: so it has a list of its own in the index, and
 * the few titles with a word that everybody has are found without reading them all. */
#define SEARCH_TITLE "\xC2\xB6"

enum search_node_kind { SEARCH_AND, SEARCH_OR, SEARCH_PHRASE };
struct search_node {
    enum search_node_kind kind;
    bool negated;                      /* of a part of SEARCH_AND */
    struct search_node *first, *next;  /* parts; the next part */
    kith_str words;                    /* of a phrase: with one blank between two */
    bool prefix;                       /* its last word may be the beginning of one */
    const struct search_node *another; /* the next phrase that is wanted */
};
struct search {
    struct search_node *root;
    const struct search_node *phrases; /* those that are wanted, not those that are not */
    const struct rtype *const *types;
    size_t type_count; /* 0: all */
};

#define SEARCH_VERSION 2 /* changes when the index of the same words does */

/* The same as search_match about slots that are read already. */
bool search_holds(const struct search *q, const kith_str *words, uint32_t slots);
/* How often the phrase stands in a slot; *exact: once at least with whole words. */
uint32_t search_count(const struct search_node *phrase, kith_str slot, bool *exact);

/* Is it made as a telephone number is, with at least so many digits? */
#define SEARCH_DIGITS_MIN 5u
#define SEARCH_DIGITS_MAX 20u
bool search_is_number(kith_str s);
/* Its digits by which it is found: from the beginning of each of its groups, without zeros in
 * front; where a country's number may stand in front, without that. At most 8. */
#define SEARCH_TAILS 8u
struct search_number {
    char digits[SEARCH_DIGITS_MAX + 1];
    uint32_t count, tails[SEARCH_TAILS], tail_count; /* where each begins */
};
bool search_number_read(kith_str s, struct search_number *out);

#endif
