/* SPDX-License-Identifier: Apache-2.0 */
/* Import log: how far an import has come, kept in the transactions that write its records, so that
 * an interrupted one can go on where it stopped and no row is ever imported twice.
 *
 * Tables: kith_import, kith_import_reject. All functions are for the writer's connection. */
#ifndef JOURNAL_IMPORT_LOG_H
#define JOURNAL_IMPORT_LOG_H

#include "journal/journal.h"

#define IMPORT_DIGEST 32 /* bytes */

enum import_state { /* stored: never renumber */
                    IMPORT_RUNNING = 1,
                    IMPORT_DONE = 2,
                    IMPORT_UNDONE = 3,
};

enum import_count { /* stored: never renumber; every row of the file is in one of the first five */
                    IMPORT_CREATED,
                    IMPORT_UPDATED,
                    IMPORT_UNCHANGED,
                    IMPORT_SKIPPED,
                    IMPORT_REJECTED,
                    IMPORT_DUPLICATES,
                    IMPORT_KEYLESS,
                    IMPORT_COUNTS,
};

struct import_log {
    kith_id run;
    const char *type, *name;              /* record type; the file's name */
    int64_t started;                      /* ms UTC */
    unsigned char options[IMPORT_DIGEST]; /* of the options and the header */
    unsigned char content[IMPORT_DIGEST]; /* of the rows that are done */
    uint64_t rows;                        /* done */
    uint64_t counts[IMPORT_COUNTS];
};

kith_status import_log_setup(struct conn *c, kith_error *e); /* creates what is absent */
/* The newest import of that file into that type that is still running, of this actor (0: of all):
 * KITH_E_NOTFOUND. Its texts live in the arena. */
kith_status import_log_find(struct conn *c, const char *type, const char *name, uint32_t actor,
                            struct arena *a, struct import_log *out, kith_error *e);
/* The newest import of that file into that type that is done, was not undone, created records, and
 * whose options and first batch were those of `like`, of this actor (0: of all):
 * KITH_E_NOTFOUND. */
kith_status import_log_twin(struct conn *c, const struct import_log *like, uint32_t actor,
                            kith_id *run, int64_t *started, kith_error *e);
kith_status import_log_begin(struct conn *c, const struct import_log *log, kith_error *e);
/* Where the rows that it rejects are written to, from the root of the file system on. */
kith_status import_log_set_file(struct conn *c, kith_id run, kith_str path, kith_error *e);
/* All of these files, in the arena; they need not be there any more. For any connection. */
kith_status import_log_files(struct conn *c, struct arena *a, kith_str **paths, size_t *count,
                             kith_error *e);
/* Adds a batch: rows and counts are its own, content is up to its end. KITH_E_CONFLICT: the import
 * is no longer running, or does not stand at row `from`. */
kith_status import_log_advance(struct conn *c, uint64_t from, const struct import_log *batch,
                               kith_error *e);
/* Remembers why a row was rejected, until the import is done. `row` counts from 0. */
kith_status import_log_reject(struct conn *c, kith_id run, uint64_t row, const char *field,
                              const char *reason, kith_error *e);
/* The rejected rows from `row` on, in order, at most max. */
struct import_log_reject {
    uint64_t row;
    const char *field, *reason;
};
kith_status import_log_rejects(struct conn *c, kith_id run, uint64_t row, uint32_t max,
                               struct arena *a, struct import_log_reject *out, uint32_t *count,
                               kith_error *e);
/* Ends it, or notes that one which is done was undone; nothing else is kept of its rejected rows.
 * No such import: nothing. */
kith_status import_log_end(struct conn *c, kith_id run, enum import_state state, kith_error *e);

#endif
