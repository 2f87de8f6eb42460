/* SPDX-License-Identifier: Apache-2.0 */
/* What erasing a record (erasure.c) and looking through everything (erasure_look.c) share. */
#ifndef JOURNAL_ERASURE_INTERNAL_H
#define JOURNAL_ERASURE_INTERNAL_H

#include "journal/erasure.h"

/* All rows about a record, oldest first, in the arena. */
kith_status erasure_rows(struct conn *c, kith_id record, struct arena *a, struct journal_row **rows,
                         size_t *count, kith_error *e);
/* Leaves these fields of a row. */
kith_status erasure_fields_left(struct conn *c, uint64_t seq, const struct image_field *fields,
                                size_t count, kith_error *e);
/* An event keeps its topic, and has nothing more to say. */
kith_status erasure_event(struct conn *c, const struct journal_row *row, kith_error *e);
/* The notes of the transactions whose numbers st gives. */
kith_status erasure_notes(struct conn *c, sqlite3_stmt *st, kith_error *e);
/* For kith_names(text, ?i): does it name one of them? */
void traces_bind(sqlite3_stmt *st, int i, const struct traces *traces);
/* Is the word in the text, with no letter or digit on either side? */
bool text_has_word(kith_str text, kith_str word);
/* What the statements of the sweep call. */
kith_status sweep_functions(struct conn *c, kith_error *e);

#endif
