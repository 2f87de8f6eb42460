/* SPDX-License-Identifier: Apache-2.0 */
/* kith/declare.h - what a module declares: const data that the host reads and never copies by its
 * own sizeof. From a declaration every surface follows: tables, validation, history, undo, CLI,
 * Lua, import and export.
 *
 * Every text pointer is NUL-ended UTF-8 and may be NULL where a comment says "or NULL". */
#ifndef KITH_DECLARE_H
#define KITH_DECLARE_H

#include <kith/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* -- record types ------------------------------------------------------------------------------ */

/* Kinds of field. In brackets: the kind of value that is read and written. */
#define KITH_F_TEXT     1u /* one line of text, at most 10,000 bytes                 [TEXT]     */
#define KITH_F_LONGTEXT 2u /* text with line ends                                    [TEXT]     */
#define KITH_F_INTEGER  3u /* whole number within 2^53-1                             [INT]      */
#define KITH_F_DECIMAL  4u /* options: the scale, "2"                                [DECIMAL]  */
#define KITH_F_MONEY    5u /* options: allowed currencies "EUR,USD", or NULL: all    [MONEY]    */
#define KITH_F_BOOLEAN  6u /*                                                        [BOOL]     */
#define KITH_F_DATE     7u /*                                                        [DATE]     */
#define KITH_F_TIME     8u /* an instant, UTC                                        [TIME]     */
#define KITH_F_DURATION 9u /*                                                        [DURATION] */
/* options: "small,medium,large"                                                      [TEXT]
 * In a record type they may be those of another field, as the company has changed them:
 * "=order.state". */
#define KITH_F_CHOICE 10u
/* options: "new>working,working>done|new"; first = start                             [TEXT]
 * A state that can be left again and yet is an end has a dot: "open>done,done.>open". What no arrow
 * leaves is an end by itself. Records that are in no end are open, and shown so on the page of the
 * record that they are about. */
#define KITH_F_STATE 11u
#define KITH_F_LINK  12u /* options: the type linked to, or "*" for any record     [LINK]     */
#define KITH_F_LINKS 13u /* options: the type linked to; to many                   [LIST]     */
#define KITH_F_EMAIL 14u /*                                                        [TEXT]     */
#define KITH_F_PHONE 15u /*                                                        [TEXT]     */
#define KITH_F_URL   16u /*                                                        [TEXT]     */
#define KITH_F_PLACE 17u /* latitude and longitude                                 [PLACE]    */
#define KITH_F_JSON  18u /* any JSON text                                          [TEXT]     */
#define KITH_F_TAGS  19u /* a set of short texts, kept sorted                      [LIST]     */
/* options: the pattern, "INV-{year}-000000"                                          [TEXT]
 * A number that Kith gives when the record is created, behind the before-hooks: the run of zeros is
 * a counter of at least so many digits, {year} and {month} are of the day in the company's zone,
 * and with {year} the counter begins anew each year. Without gaps: a write that is refused, taken
 * back or rehearsed uses none. Unique and indexed by itself, never changed, and not given again
 * when its record was deleted or its creation undone. Whoever creates a record may give one, as an
 * import does; when it is of the pattern, the counter goes on behind it. */
#define KITH_F_SERIES 20u

#define KITH_FF_REQUIRED 1u   /* must have a value                                               */
#define KITH_FF_UNIQUE   2u   /* no two records with the same value (case and accents folded)    */
#define KITH_FF_INDEXED  4u   /* filtered or sorted by often                                     */
#define KITH_FF_SEARCHED 8u   /* text, address, number or tags: found by its words               */
#define KITH_FF_PERSONAL 16u  /* belongs to a person's data: erasable                            */
#define KITH_FF_READONLY 32u  /* only the module that owns the type may write it                 */
#define KITH_FF_PARTOF   64u  /* link: the record is part of the one it links to, deleted with it */
#define KITH_FF_TREE     128u /* link to its own type: a parent; no record lies within itself     */
#define KITH_FF_DERIVED  256u /* kept by Kith from other records: nobody sets it, no history */
#define KITH_FF_SUBJECT                                                                            \
    512u /* link: the record tells about the person it links to, and goes into                     \
            what that person may see, and out when the person is erased; a                         \
            record that is part of a person does so without it */
#define KITH_FF_ASSIGNEE                                                                           \
    1024u /* link to user: who is to see to it. They read and update the record as its owner       \
             does, and so does whoever reaches the owner's records by a team; to delete it is      \
             the owner's. One in a type, and none in a type whose records are parts. */

/* What a field measures: which comparisons, sums and charts make sense. Each kind has its own, see
 * the reference; a CHOICE may be declared ordinal (its options then have an order, the first is the
 * lowest), an INTEGER or DECIMAL nominal (a code), ordinal (a rank), discrete or continuous, MONEY
 * ordinal (a price of one, which nobody adds up). */
#define KITH_M_NOMINAL    1u /* names of classes: equal or not, counted                          */
#define KITH_M_ORDINAL    2u /* classes with an order                                            */
#define KITH_M_DISCRETE   3u /* counted in whole steps                                           */
#define KITH_M_CONTINUOUS 4u /* measured */
#define KITH_M_BINARY     5u /* yes or no                                                        */
#define KITH_M_TIME       6u /* a point in time: rows along it are a time series                 */
#define KITH_M_SPATIAL    7u /* a place                                                          */
#define KITH_M_TEXT       8u /* unstructured                                                     */
#define KITH_M_SEMI       9u /* semi-structured: JSON, tags                                      */

typedef struct kith_field {
    const char *name;         /* snake_case; permanent in files and scripts                      */
    uint32_t kind;            /* KITH_F_*                                                        */
    uint32_t flags;           /* KITH_FF_*                                                       */
    const char *options;      /* see the kind, or NULL                                           */
    const char *default_text; /* as a user would type it, or NULL                                */
    const char *label;        /* for people; NULL: made from the name                            */
    const char *doc;          /* one sentence                                                    */
    uint32_t since;           /* module version that brought it; 0: the first                    */
    uint32_t reserved;        /* 0 */
    const char *rollup;       /* what Kith keeps in it, "sum(order.total where paid)", or NULL   */
    const char *min, *max;    /* the smallest and largest value that may be written, as a user would
                                 type them, or NULL: of INTEGER, DECIMAL, MONEY, DATE, TIME, DURATION;
                                 of TEXT and LONGTEXT the number of characters                   */
    uint32_t measure;         /* KITH_M_*; 0: what its kind measures by itself                   */
    uint32_t reserved2;       /* 0 */
} kith_field;

/* A roll-up is a field that Kith keeps from the records that link to its record, in the transaction
 * that changes one of them; nobody else writes it.
 *
 *   count(TYPE [via LINK] [where CONDITION])                 INTEGER; also count(TYPE.LINK ...)
 *   count(distinct TYPE.FIELD [via LINK] [where CONDITION])  INTEGER
 *   sum(TYPE.FIELD [via LINK] [where CONDITION])             the kind of FIELD: INTEGER, DECIMAL of
 *                                                            the same scale, MONEY, DURATION
 *   min(...), max(...)                                       the same, or DATE or TIME
 *   sum(...) in CURRENCY, min(...) in CURRENCY, max(...) in CURRENCY          MONEY
 *
 * LINK is the field of TYPE that links here; it may be left out when there is one only, not
 * counting links to any record unless there is no other. CONDITION is of the query language, looks
 * at the record of TYPE alone, not at the time of day, and searches for no words. Money is that of
 * one currency: the only one among the roll-up's options, else the company's; amounts in others are
 * no part of it. CURRENCY is a field of the roll-up's own record, a TEXT or CHOICE that holds an
 * ISO 4217 code: the currency is then the one named there, in each record another, and the
 * company's where the field is empty; a change of it has the roll-up computed anew in the same
 * transaction, which reads all records that link here. Nothing but a code can be written to it any
 * more. Without records count and sum are 0, min and max are null.
 *
 * A roll-up is right at once: an action, and a hook and its condition, see what was written before
 * in the same transaction. */

#define KITH_HISTORY_FULL 0u /* every change with before and after                            */
#define KITH_HISTORY_NONE 2u /* internal, high volume: no journal rows                        */
#define KITH_UNDO_RESTORE 0u /* undo puts the old values back                                 */
#define KITH_UNDO_REFUSE  2u /* undo refuses, with a reason                                   */

typedef struct kith_type {
    const char *name;   /* singular, snake_case: "lead"                                         */
    const char *label;  /* for people; NULL: made from the name                                 */
    const char *doc;    /* one sentence                                                         */
    const char *title;  /* the field that names a record to people: "name"                      */
    uint32_t history;   /* KITH_HISTORY_*                                                       */
    uint32_t undo;      /* KITH_UNDO_*                                                          */
    kith_array fields;  /* kith_field; besides them every type has id, created, updated, owner  */
    kith_array indexes; /* const char *: "owner,-created"; single fields use KITH_FF_INDEXED.
                           "unique account,role": no two records have the same of all of these;
                           one in which a field is empty is like no other                       */
    uint32_t extends;   /* 1: the fields are added to an existing type of that name, which may
                           be the module's own                                                  */
    uint32_t reserved;  /* 0 */
} kith_type;

/* -- settings ---------------------------------------------------------------------------------- */

#define KITH_SF_REQUIRED 1u
#define KITH_SF_SECRET   2u /* never printed */
#define KITH_SF_RELOAD   4u /* a change takes effect without a restart */

/* Kinds of setting: KITH_BOOL, KITH_INT, KITH_REAL, KITH_TEXT, KITH_DURATION ("10m"), KITH_LIST (of
 * text), or KITH_LIST with items: a list of groups, each with those keys.
 *
 * A TEXT with `condition` is a condition of the query language, which Kith compiles before create()
 * runs, and refuses with its line where it is none: kith_value.flags is the number to match() it by
 * (kith_records_v1.predicate), 0 where nothing is set. Needs to read what it asks. */
typedef struct kith_setting {
    const char *key; /* within the module: "score.points"; a dot is a group             */
    uint32_t kind;
    uint32_t flags;           /* KITH_SF_*                                                       */
    const char *default_text; /* as written in a configuration file, or NULL: none               */
    int64_t min, max;         /* for INT, REAL and DURATION (ms), and the number of groups of a
                                 LIST; both 0: no bound                                          */
    const char *choices;      /* for TEXT: "a,b,c", or NULL                                      */
    const char *doc;          /* one sentence                                                    */
    kith_array items;         /* kith_setting: the keys of each group of a list of groups        */
    const char *condition;    /* TEXT: over which type, "lead"; "=of": that which the key `of` of
                                 the same group names. NULL: it is no condition                  */
} kith_setting;

/* -- topics: events that the module publishes -------------------------------------------------- */

typedef struct kith_topic {
    const char *name; /* "order.paid": the type of the subject, a dot, what happened            */
    uint32_t schema;  /* version of the payload; within one, fields are only added              */
    uint32_t reserved;
    kith_array fields; /* kith_field: the payload                                                */
    const char *doc;
} kith_topic;

/* -- requirements and permissions -------------------------------------------------------------- */

#define KITH_REQ_OPTIONAL 1u
typedef struct kith_require {
    const char *module; /* its name */
    uint32_t min_version;
    uint32_t flags;
} kith_require;

/* A right the module asks for; the admin grants it at one of three precisions: all of the plugin,
 * the kind, or the kind and name. Kinds: "read:TYPE" and "write:TYPE" (any type but its own),
 * "publish:TOPIC" (of another owner), "call:ACTION" (of another owner), "serve:users" (to act for
 * whoever signs in), "network:HOST", "files:PATH". */
typedef struct kith_permission {
    const char *name;
    const char *why; /* one sentence for the admin who grants it */
} kith_permission;

/* -- migrations -------------------------------------------------------------------------------- */

/* New fields and types need none: they are added by comparison with the catalogue. */
#define KITH_MIGRATE_RENAME_TYPE  1u /* type -> to */
#define KITH_MIGRATE_RENAME_FIELD 2u /* type.field -> to */
#define KITH_MIGRATE_RETIRE_FIELD 3u /* type.field leaves every surface; data and history stay */
typedef struct kith_migration {
    uint32_t version; /* runs once, when the stored version of the module is lower */
    uint32_t kind;
    const char *type, *field, *to;
} kith_migration;

#ifdef __cplusplus
}
#endif
#endif
