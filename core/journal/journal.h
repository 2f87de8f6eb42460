/* SPDX-License-Identifier: Apache-2.0 */
/* Journal: the one log. A transaction has a head (who, when, from where, why) and rows: changes of
 * records with their before- and after-images, and published events. History, "why", undo and the
 * delivery of events all read it; nothing is stored twice.
 *
 * Tables (see journal.c for the columns): kith_tx, kith_journal, kith_source, kith_topic; and those
 * of the chain of digests (chain.h).
 * Rows are ordered by seq, which has no gaps within a transaction. Derived values are not
 * journaled. */
#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H

#include "record/record.h"

enum origin { /* stored: never renumber */
              ORIGIN_CLI = 1,
              ORIGIN_API = 2,
              ORIGIN_IMPORT = 3,
              ORIGIN_REACTION = 4,
              ORIGIN_TIMER = 5,
              ORIGIN_ACTION = 6,
              ORIGIN_UNDO = 7,
              ORIGIN_SYSTEM = 8,
              ORIGIN_RETENTION = 9,
              ORIGIN_ERASE = 10,
              ORIGIN_DELIVERY = 11,
              ORIGIN_WORKFLOW = 12,
              ORIGIN_MERGE = 13,
};
const char *origin_name(uint32_t origin); /* "cli", "api", ... */

enum row_kind { /* stored: never renumber */
                ROW_CREATE = 1,
                ROW_UPDATE = 2,
                ROW_DELETE = 3,
                ROW_EVENT = 4,
};
const char *row_kind_name(uint32_t kind); /* "create", ... */

/* A piece of code or a person that writes: interned once, referred to by number. */
enum source_kind { SOURCE_USER = 1, SOURCE_CORE = 2, SOURCE_MODULE = 3, SOURCE_RULE = 4 };
struct source {
    uint32_t kind;
    const char *name;    /* "anna", "contact name", "sales", "rules/score.lua: qualify" */
    const char *version; /* of the module, or the script's digest; the id of a user, whose login may
                            be another's one day; "" when it has none */
    uint32_t line;       /* of the rule in its script; 0: none */
};

struct tx_head {
    kith_id id;
    int64_t at;           /* ms UTC */
    uint32_t actor;       /* kith_source number: who asked */
    uint32_t origin;      /* enum origin */
    uint64_t cause;       /* seq of the row that led to it; 0: a person or program from outside */
    uint32_t depth;       /* of the cascade: 0 from outside, cause's depth + 1 */
    kith_id run;          /* the import, workflow run, ... it is part of; 0: none */
    uint64_t first, last; /* seq of its rows */
    kith_str note;
};

/* The note of what the functions of on_undo() did, once their run was undone: it bears the run's
 * number, and goes with no undo but its own. */
#define NOTE_ON_UNDO "on_undo"
bool tx_on_undo(const struct tx_head *tx);

struct journal_row {
    uint64_t seq;
    kith_id tx;
    uint32_t kind; /* enum row_kind */
    uint32_t type; /* of the record; for an event of its subject, 0 when it has none */
    kith_id record;
    uint32_t source; /* kith_source number of the code that wrote it; 0: the actor directly */
    uint64_t cause;  /* seq of the row in the same transaction whose hook wrote it; 0: tx.cause */
    kith_str image;
    bool erased; /* of what was written the image has only what is left, perhaps nothing */
};

kith_status journal_setup(struct conn *c, kith_error *e);               /* creates what is absent */
kith_status journal_head(struct conn *c, uint64_t *seq, kith_error *e); /* the last seq, 0: none */
kith_status journal_high_id(struct conn *c, kith_id *id, kith_error *e);

/* Writing: only the engine, in its transaction. A head comes behind its rows. */
struct chain;
kith_status journal_append(struct conn *c, struct chain *chain, const struct journal_row *row,
                           kith_error *e);
kith_status journal_append_tx(struct conn *c, struct chain *chain, const struct tx_head *tx,
                              kith_error *e);
kith_status journal_intern_source(struct conn *c, const struct source *s, uint32_t *number,
                                  kith_error *e);
kith_status journal_intern_topic(struct conn *c, const char *name, uint32_t *number, kith_error *e);

/* -- images ------------------------------------------------------------------------------------
 * One byte of version (1), the number of fields, then for each field, by its permanent number:
 * varint number, before-value, after-value; then the number of fields that a before-hook set, and
 * for each its number and the hook's kith_source number. An event: version, varint topic, varint
 * schema, JSON text. One that was erased is empty and has no fields. Unknown field numbers (of a
 * module that is not loaded) are skipped when read and kept when copied. */
/* sources: by field index, the kith_source number of the hook that set it, 0: none; or NULL. */
void image_encode(struct buf *out, const struct rtype *t, const kith_value *before,
                  const kith_value *after, const struct fieldset *changed, const uint32_t *sources);
struct image_field {
    const struct rfield *field; /* NULL: not known now */
    uint32_t field_id;
    uint32_t source; /* kith_source number of the before-hook that set it; 0: none */
    kith_value before, after;
};
/* The fields live in the arena; values point into the arena. KITH_E_CORRUPT names the seq. */
kith_status image_decode(const struct schema *s, const struct journal_row *row, struct arena *a,
                         struct image_field **fields, size_t *count, kith_error *e);
/* Some of the fields that were decoded. */
void image_encode_fields(struct buf *out, const struct image_field *fields, size_t count);
void image_encode_event(struct buf *out, uint32_t topic, uint32_t schema, kith_str json);
kith_status image_decode_event(const struct journal_row *row, uint32_t *topic, uint32_t *schema,
                               kith_str *json, kith_error *e);

/* -- reading ----------------------------------------------------------------------------------- */

/* Return KITH_OK to go on; anything else ends the walk and is returned. The row lives until then.
 */
typedef kith_status (*journal_visit)(void *arg, const struct journal_row *row, kith_error *e);
kith_status journal_walk(struct conn *c, uint64_t after, uint64_t to, journal_visit fn, void *arg,
                         kith_error *e);
/* Rows of one record before `seq`, newest first; UINT64_MAX: all. */
kith_status journal_before(struct conn *c, kith_id record, uint64_t seq, journal_visit fn,
                           void *arg, kith_error *e);
kith_status journal_row_read(struct conn *c, uint64_t seq, struct arena *a, struct journal_row *row,
                             kith_error *e);
kith_status journal_tx_read(struct conn *c, kith_id tx, struct arena *a, struct tx_head *out,
                            kith_error *e);
/* KITH_E_NOTFOUND, as of one that is not there: also for who is not to know that it is. */
kith_status journal_no_tx(kith_id tx, kith_error *e);
/* Heads of all transactions, newest first, one at a time, as long as fn answers KITH_OK; what else
 * it answers is the answer. The head lives until fn returns. */
kith_status journal_txs(struct conn *c,
                        kith_status (*fn)(void *arg, const struct tx_head *tx, kith_error *e),
                        void *arg, kith_error *e);
/* Did it write records of this type? own: with its own hand, not by rules and modules. */
kith_status journal_tx_touches(struct conn *c, const struct tx_head *tx, uint32_t type, bool own,
                               bool *yes, kith_error *e);
/* How many transactions a run has, and rows they have together. The first one of a run may bear its
 * number and not know yet that it is one. */
kith_status journal_run_size(struct conn *c, kith_id run, uint64_t *transactions, uint64_t *rows,
                             kith_error *e);
/* How many rows of the transaction or run the actor wrote, and no code on its account. */
kith_status journal_own_rows(struct conn *c, kith_id tx, uint64_t *rows, kith_error *e);
/* What the transaction or run consists of, the most numerous first, at most max kinds of rows. own:
 * only what the actor wrote, as above. */
struct row_sum {
    uint32_t kind, type; /* as in journal_row */
    uint64_t count;
};
kith_status journal_sums(struct conn *c, kith_id tx, bool own, struct row_sum *out, size_t max,
                         size_t *count, kith_error *e);
kith_status journal_source(struct conn *c, uint32_t number, struct arena *a, struct source *out,
                           kith_error *e);
/* The numbers under which a user wrote, one for each login; in the arena. */
struct user_sources {
    uint32_t *numbers;
    size_t count;
};
kith_status journal_user_sources(struct conn *c, kith_id user, struct arena *a,
                                 struct user_sources *out, kith_error *e);
bool user_sources_has(const struct user_sources *s, uint32_t number);
kith_status journal_topic_name(struct conn *c, uint32_t number, struct arena *a, const char **name,
                               kith_error *e);

/* -- why
 * ----------------------------------------------------------------------------------------------
 * The chain of causes behind a field's present value, nearest first. */
struct why_step {
    struct journal_row row;
    struct tx_head tx;
    struct source actor; /* who asked for the transaction */
    struct source
        source; /* the code that wrote it: the field's hook, or the row's; kind 0: the actor */
    const char *topic;         /* for an event */
    struct image_field change; /* the field in question, for the first step */
};
kith_status journal_why(struct conn *c, const struct schema *s, kith_id record,
                        const struct rfield *field, struct arena *a, struct why_step **steps,
                        size_t *count, kith_error *e);
/* One step by itself, without a change: that of the row. */
kith_status journal_why_row(struct conn *c, uint64_t seq, struct arena *a, struct why_step *out,
                            kith_error *e);

/* -- undo
 * ----------------------------------------------------------------------------------------------
 * The undo of a transaction, or of a run, takes back its rows and those of every transaction that
 * it led to, newest first. What somebody has edited since is kept. */

/* The transactions to undo, newest first, with everything they caused. KITH_E_NOTFOUND: `target` is
 * neither a transaction nor a run. */
kith_status journal_undo_set(struct conn *c, kith_id target, struct arena *a, struct tx_head **out,
                             size_t *count, kith_error *e);

/* All transactions behind row `seq`, newest first. KITH_E_NOTFOUND: the journal does not reach back
 * so far. */
kith_status journal_since_set(struct conn *c, uint64_t seq, struct arena *a, struct tx_head **out,
                              size_t *count, kith_error *e);
/* The last row that was there at a time (ms UTC); where the clock was set back, the newest whose
 * time is not later. 0: there was none. */
kith_status journal_row_at(struct conn *c, int64_t at, uint64_t *seq, kith_error *e);

enum undo_outcome { UNDO_REVERSED, UNDO_KEPT, UNDO_REFUSED };
struct undo_item {
    enum undo_outcome outcome;
    const struct rtype *type; /* NULL: its module is not enabled */
    kith_id record;
    uint32_t kind;      /* of the row that is undone */
    const char *field;  /* kept: the field that was edited, or NULL: the whole record */
    const char *reason; /* kept, refused: one sentence; reversed: NULL */
    kith_id by;         /* kept: the transaction that wrote it since; 0: none that is told */
};
struct undo_fields {
    const struct image_field *fields; /* those to put back (their `before`) */
    size_t count;
    /* Where some that modules work out stay, since they were worked out once more by now: all such
     * fields, which hooks work out again by what goes back. Else NULL. */
    const struct fieldset *again;
};
struct undo_ops {
    void *arg;
    /* Reverses one row: kind is the row's; for ROW_CREATE the record is to be deleted. A refusal is
     * KITH_E_REFUSED, KITH_E_INVAL, KITH_E_CONFLICT, KITH_E_NOTFOUND or KITH_E_DENIED and keeps
     * nothing; other failures end the undo. */
    kith_status (*apply)(void *arg, uint32_t kind, const struct rtype *t, kith_id id,
                         const struct undo_fields *back, kith_error *e);
    bool all; /* also of types whose records are never undone: the whole goes back */
    /* Told of each outcome as it is decided; the item lives until it returns. */
    kith_status (*report)(void *arg, const struct undo_item *item, kith_error *e);
};
kith_status journal_undo_row(struct conn *c, const struct schema *s, const struct journal_row *row,
                             struct arena *a, const struct undo_ops *ops, kith_error *e);

#endif
