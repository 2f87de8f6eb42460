/* SPDX-License-Identifier: Apache-2.0 */
/* Chain: a digest over the journal that goes on from row to row, so that nobody changes what was
 * written without a trace. It covers who, when, what and in which order, and of what can be erased
 * (images, notes, names) a digest with a salt: what is erased leaves its digest behind, and the
 * chain holds.
 *
 * Each row has a `proof`: while its image is there 16 bytes, the 12 random ones of the salt and the
 * first four of the running digest, which tell at which row a chain breaks; once it is erased the
 * digest of what was there, 32 bytes. A head has a proof when it has a note. The last head of each
 * committed group holds the digest up to there (`digest`): the chain is sealed. Names of authors
 * and topics are covered by each seal.
 *
 * Tables: the columns `proof` and `digest` of the journal's, and kith_chain: where it begins. */
#ifndef JOURNAL_CHAIN_H
#define JOURNAL_CHAIN_H

#include "journal/journal.h"

#define CHAIN_DIGEST 32
#define CHAIN_PROOF  16

/* Where the chain begins. Stored: never renumber. */
enum chain_start {
    CHAIN_NEW = 1,       /* with the database */
    CHAIN_UPGRADED = 2,  /* rows up to there were written before Kith chained them */
    CHAIN_COMPACTED = 3, /* rows up to there were removed, as they were old enough */
};

/* What was appended up to here. A copy of it is enough to go back to it. */
struct chain_place {
    unsigned char digest[CHAIN_DIGEST];
    kith_id head; /* the last one that was appended since the last seal; 0: none */
};
/* Names that a seal covers. */
struct chain_names {
    unsigned char digest[CHAIN_DIGEST];
    uint32_t last; /* the largest number */
};
struct chain {
    struct chain_state {
        struct chain_place at;
        struct chain_names sources, topics;
    } now, committed;
    unsigned char random[768]; /* for proofs: the system is asked for many at a time */
    size_t random_left;
};

/* -- writing: only the engine, in its transaction ---------------------------------------------- */

/* The columns and tables, in the transaction that makes the journal's. */
kith_status chain_setup(struct conn *c, kith_error *e);
/* Goes on where the journal ends. */
kith_status chain_open(struct conn *c, struct chain *chain, kith_error *e);
/* Makes the row's proof, and goes on past it. */
void chain_row(struct chain *chain, const struct journal_row *row,
               unsigned char proof[CHAIN_PROOF]);
/* The same for a head; without a note the proof is not made: false. */
bool chain_head(struct chain *chain, const struct tx_head *tx, unsigned char proof[CHAIN_PROOF]);
/* Before a commit: writes the digest to the last head. Nothing, when none was appended. */
kith_status chain_seal(struct conn *c, struct chain *chain, kith_error *e);
void chain_committed(struct chain *chain);
void chain_rolled_back(struct chain *chain);

/* -- erasing: only the engine, in its transaction ---------------------------------------------- */

/* Leaves `rest` of a row's image, perhaps nothing. KITH_E_NOTFOUND: there is no such row. */
kith_status journal_erase_image(struct conn *c, uint64_t seq, kith_str rest, kith_error *e);
/* A transaction's note. */
kith_status journal_erase_note(struct conn *c, kith_id tx, kith_error *e);
/* The name of an author, in whose place `left` stands; together with its kind and version no other
 * one is called so. Its number, kind and version stay. */
kith_status journal_erase_source(struct conn *c, uint32_t number, kith_str left, kith_error *e);

/* -- verifying --------------------------------------------------------------------------------- */

/* What an auditor writes down elsewhere: the journal up to a row, in one digest. */
struct chain_anchor {
    uint64_t seq;
    unsigned char digest[CHAIN_DIGEST];
};
#define CHAIN_ANCHOR_TEXT (20 + 1 + 2 * CHAIN_DIGEST + 1)
void chain_anchor_format(const struct chain_anchor *a, char out[CHAIN_ANCHOR_TEXT]);
bool chain_anchor_parse(kith_str text, struct chain_anchor *out); /* "SEQ:HEX" */

enum anchor_answer {
    ANCHOR_NONE,   /* none was asked for */
    ANCHOR_HOLDS,  /* what is kept of the journal up to there is what it was then */
    ANCHOR_BROKEN, /* it is not */
    ANCHOR_BEFORE, /* the chain begins behind it: nothing can be said */
};
struct chain_report {
    uint64_t begins; /* rows behind this one are chained */
    enum chain_start start;
    int64_t begun_at; /* ms UTC: of the last transaction before it; 0: there was none */
    uint64_t rows, heads;
    uint64_t erased, reduced;   /* rows without an image, and with a part of it: what is left of it
                                   cannot be compared */
    struct chain_anchor latest; /* that can be written down */
    int64_t latest_at;          /* ms UTC; 0: nothing was written yet */
    size_t findings;
    enum anchor_answer answer;
};
/* Told of each finding: where, and one sentence. Return KITH_OK to go on. */
typedef kith_status (*chain_tell)(void *arg, uint64_t seq, const char *sentence, kith_error *e);
/* Reads the whole journal once, in the memory of one row; on a connection that sees a snapshot.
 * anchor may be NULL. KITH_E_UNSUPPORTED: of a format before there was a chain. */
kith_status chain_verify(struct conn *c, const struct chain_anchor *anchor, chain_tell tell,
                         void *arg, struct chain_report *out, kith_error *e);

#endif
