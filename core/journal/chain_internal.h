/* SPDX-License-Identifier: Apache-2.0 */
/* What writing and verifying the chain share: how its digests are made. */
#ifndef JOURNAL_CHAIN_INTERNAL_H
#define JOURNAL_CHAIN_INTERNAL_H

#include "journal/chain.h"

#define CHAIN_SALT 12 /* bytes of a proof; the rest is the check */
#define CHAIN_SEAL (CHAIN_DIGEST + 12)

/* A seal as it is stored: the digest, and up to which names it covers them, with a check of those
 * digests that tells whether a seal breaks because of a name. */
struct chain_seal {
    unsigned char digest[CHAIN_DIGEST];
    uint32_t sources, topics;
    unsigned char names[4];
};

/* A head as a statement gives it, from its first column on; the note is borrowed (journal.c). */
#define TX_COLUMNS "id, at, actor, origin, cause, depth, run, first, last, note"
void tx_of(sqlite3_stmt *st, struct tx_head *tx);
#define ROW_COLUMNS "seq, tx, kind, type, record, source, cause, image, proof"
/* Calls fn for each row that the statement gives, and finalizes it. */
kith_status visit_rows(struct conn *c, sqlite3_stmt *st, journal_visit fn, void *arg,
                       kith_error *e);

/* The digest of what a proof of 16 bytes stands for. */
void chain_digest_text(unsigned char out[CHAIN_DIGEST], kith_str text,
                       const unsigned char proof[CHAIN_SALT]);
/* Each takes `at` from one link to the next. content: the digest of the image, or of the note; all
 * zeros where there is no note. */
void chain_link_row(unsigned char at[CHAIN_DIGEST], const struct journal_row *row,
                    const unsigned char content[CHAIN_DIGEST]);
void chain_link_head(unsigned char at[CHAIN_DIGEST], const struct tx_head *tx,
                     const unsigned char content[CHAIN_DIGEST]);
void chain_link_seal(unsigned char at[CHAIN_DIGEST], const struct chain_names *sources,
                     const struct chain_names *topics, unsigned char check[4]);

/* The names of a table up to a number, from where `n` stands on. Told of one whose proof is not
 * what it should be: its number. `mend`: those without a proof get one. */
enum names_of { NAMES_SOURCES, NAMES_TOPICS };
typedef kith_status (*names_tell)(void *arg, enum names_of of, uint32_t number, kith_error *e);
kith_status chain_cover_names(struct conn *c, enum names_of of, uint32_t to, bool mend,
                              struct chain_names *n, names_tell tell, void *arg, kith_error *e);

#endif
