/* SPDX-License-Identifier: Apache-2.0 */
/* Search: records of all types found by the words in them.
 *
 * The table kith_search (FTS5) has a row for each record that has words: its rowid is the record's
 * id, the column kind names its type, and each searched field of a type has a slot, a column: the
 * title the first, so that a word there weighs more. What stands in a slot are words already
 * (base/words.h), so that the index needs no tokenizer of ours, and whoever compares it with the
 * records compares texts. The row is written in the transaction of its record (core/engine).
 *
 * What is searched for:
 *
 *   anna schmidt          both words, in any fields      "anna schmidt"   one after the other
 *   anna OR karl          one of them                    -berlin          not this one
 *   schm*                 words that begin so            (a OR b) c       together
 *   type:contact          records of this type           +49 30 12345     a number, by its digits
 *
 * Nothing that is typed is an error of syntax: what has no meaning is passed over. */
#ifndef RECORD_SEARCH_H
#define RECORD_SEARCH_H

#include "record/query.h"

#define SEARCH_SLOTS     16u   /* the fields of a type beyond share the last one */
#define SEARCH_TEXT_MAX  4096u /* bytes of what is searched for */
#define SEARCH_WORDS_MAX 100u
#define SEARCH_DEPTH_MAX 16u
#define SEARCH_RANKED_MAX                                                                          \
    1000 /* matches that are ranked: the newest, and as many by their title                        \
          */
#define SEARCH_ALL_SLOTS UINT32_MAX

/* Is it text that can be searched? */
bool search_kind(uint32_t kind);

/* -- the words of a record --------------------------------------------------------------------- */

struct search_text { /* zeroed is empty */
    struct buf slots[SEARCH_SLOTS];
    bool any; /* there are words */
};
void search_text_free(struct search_text *w);
/* Could a record of these values have words? Costs less than to cut them. */
bool search_has_words(const struct rtype *t, const kith_value *values);
/* values: of the whole record. False: no memory. */
bool search_text_of(const struct rtype *t, const kith_value *values, struct search_text *out);

/* -- the index --------------------------------------------------------------------------------- */

/* Makes the table, and notes which types are to be indexed anew: those that have other searched
 * fields than when they were indexed. Part of building a schema. */
kith_status search_setup(struct conn *c, const struct schema *s, kith_error *e);
/* Makes the row of one record what it should be. */
kith_status search_update(struct conn *c, const struct rtype *t, kith_id id,
                          struct search_text *room, kith_error *e);
/* Has FTS5 take part in the transaction and change nothing. */
kith_status search_touch(struct conn *c, kith_error *e);
/* Merges the index by about so many pages of what it is written in; negative: for the first time.
 * *whole: it is one piece, and what was deleted is nowhere in it. */
kith_status search_merge(struct conn *c, int pages, bool *whole, kith_error *e);
/* Takes all rows out, and has all types indexed anew. */
kith_status search_clear(struct conn *c, const struct schema *s, kith_error *e);

/* A type that is being indexed: its records up to `done` are. */
struct search_gap {
    uint32_t type; /* perhaps none of the schema: of a module that is not loaded */
    kith_id done;
};
/* In order of their numbers, in the arena. */
kith_status search_gaps(struct conn *c, struct arena *a, struct search_gap **out, size_t *count,
                        kith_error *e);
/* Indexes at most `max` more records of a type, from gap->done on; *whole: it is indexed. */
kith_status search_fill(struct conn *c, const struct schema *s, struct search_gap *gap, int64_t max,
                        bool *whole, kith_error *e);
/* Records that are still to be indexed; no more than `max` of a type are counted. */
kith_status search_missing(struct conn *c, const struct schema *s, int64_t max, uint64_t *n,
                           kith_error *e);
/* Was it damage of the index that the last statement met with? */
bool search_damage(kith_status st, struct conn *c);
/* Damage of the index alone is no damage of the records: the sentence says so. */
kith_status search_error(kith_status st, struct conn *c, kith_error *e);
kith_status search_damaged(kith_status st, kith_error *e); /* that sentence */

/* -- what is searched for ---------------------------------------------------------------------- */

struct search; /* parsed; lives in its arena; immutable */

/* last: the last word may be the beginning of one, as while somebody types. Fails for an unknown
 * type, for text that is too long, and when nothing is left to look for. */
kith_status search_parse(struct search **out, const struct schema *s, struct arena *a,
                         kith_str text, bool last, kith_error *e);
/* Whether records of this type are wanted. */
bool search_wants(const struct search *q, const struct rtype *t);
/* The slots whose fields the principal may read, all of them. 0: none is searched. */
uint32_t search_slots(const struct principal *p, const struct rtype *t);
/* Does it match a record with these words, by these slots? What the index finds. */
bool search_match(const struct search *q, const struct search_text *w, uint32_t slots);
enum search_form {
    SEARCH_EXACT,
    SEARCH_TITLES, /* whole words, in titles alone */
    SEARCH_LOOSE,  /* of beginnings the first two letters, which the index knows: finds more */
};
/* Some types with the slots to look in. */
struct search_part {
    const struct rtype *const *types; /* NULL: all */
    size_t count;
    uint32_t slots;
    enum search_form form;
};
/* Its condition in FTS5's language, in the arena; it holds for any of the parts. NULL: no memory.
 */
const char *search_fts(const struct search *q, const struct search_part *parts, size_t count,
                       struct arena *a);

/* -- finding ----------------------------------------------------------------------------------- */

struct search_hit {
    const struct rtype *type;
    kith_id id;
    int64_t score;
};
struct search_page {
    kith_str after; /* cursor in, or empty */
    uint32_t limit; /* hits at most */
    struct search_hit *hits;
    size_t count;
    kith_str cursor; /* out: continues after the last hit; empty at the end */
    int64_t found;   /* out: how many match; more when `over` */
    bool over;
};
/* The best hits among what the principal may read. The result lives in the arena. */
kith_status search_find(struct conn *c, const struct schema *s, const struct search *q,
                        const struct principal *p, struct arena *a, struct search_page *page,
                        kith_error *e);

/* -- showing ----------------------------------------------------------------------------------- */

struct search_mark { /* bytes of the text */
    uint32_t from, to;
};
struct search_snippet {
    const struct rfield *field; /* NULL: no text matches by itself */
    kith_str text;              /* one line */
    struct search_mark *marks;  /* the words that match */
    size_t count;
};
/* Marks what matches in a text. Both live in the arena. */
kith_status search_mark_text(const struct search *q, kith_str text, struct arena *a,
                             struct search_snippet *out, kith_error *e);
/* The part of the record around its first match outside of its title. values: as they may be read.
 */
kith_status search_snippet_of(const struct search *q, const struct rtype *t,
                              const kith_value *values, struct arena *a, struct search_snippet *out,
                              kith_error *e);

#endif
