/* SPDX-License-Identifier: Apache-2.0 */
/* Members: the tables that say which records are in which segment. Only the statements; what
 * belongs into them is decided above. All of it can be worked out anew from the records:
 *
 *   kith_member  segment, record, since (ms UTC), brought
 *   kith_flip    segment, record, due: when the passing of time may change whether the record is
 *                in it; record 0: the segment itself has something to do then
 *   kith_settle  what is left to do in batches: which segment, what, and how far it has come */
#ifndef RECORD_MEMBER_H
#define RECORD_MEMBER_H

#include "record/query.h"

kith_status member_setup(struct conn *c, kith_error *e); /* creates what is absent */

/* *changed: it was not so before. */
kith_status member_add(struct conn *c, kith_id segment, kith_id record, int64_t since, bool brought,
                       bool *changed, kith_error *e);
kith_status member_remove(struct conn *c, kith_id segment, kith_id record, bool *changed,
                          kith_error *e);
kith_status member_bring(struct conn *c, kith_id segment, kith_id record, bool brought,
                         kith_error *e); /* marks a member so, or not */
kith_status member_is(struct conn *c, kith_id segment, kith_id record, bool *is, kith_error *e);
kith_status member_count(struct conn *c, kith_id segment, int64_t *n, kith_error *e);
/* The segments that a record is in, by id. */
kith_status member_of(struct conn *c, kith_id record, struct arena *a, kith_id **segments,
                      size_t *count, kith_error *e);
/* At most max members behind `after`, by id. */
kith_status member_page(struct conn *c, kith_id segment, kith_id after, int64_t max,
                        struct arena *a, kith_id **records, size_t *count, kith_error *e);

/* Makes the members among the records with lo < id <= hi those that the condition of q finds. Its
 * order and limit are not looked at. */
kith_status member_fill(struct conn *c, kith_id segment, const struct query *q,
                        const struct query_env *env, kith_id lo, kith_id hi, struct arena *a,
                        kith_error *e);
/* Makes the members of a list those that its records of type list_member name. */
kith_status member_relist(struct conn *c, kith_id list, int64_t now, kith_error *e);
/* What the whole of q finds against what is kept: who is missing, and who is too many. */
kith_status member_differences(struct conn *c, kith_id segment, const struct query *q,
                               const struct query_env *env, struct arena *a, kith_id **enter,
                               size_t *entering, kith_id **leave, size_t *leaving, kith_error *e);
/* The records behind `after` that the condition of q finds, by id, at most max. */
kith_status member_roots(struct conn *c, const struct query *q, const struct query_env *env,
                         const kith_value *params, kith_id after, int64_t max, struct arena *a,
                         kith_id **ids, size_t *count, kith_error *e);
/* The id of the nth record of a type behind `after`; INT64_MAX when there are fewer. */
kith_status member_range(struct conn *c, const struct rtype *t, kith_id after, int64_t n,
                         kith_id *hi, kith_error *e);
/* Takes members with lo < id <= hi out that are no records of the type (of a damaged database). */
kith_status member_forget_gone(struct conn *c, kith_id segment, const struct rtype *t, kith_id lo,
                               kith_id hi, kith_error *e);
/* The segments that do not exist and have members. */
kith_status member_strays(struct conn *c, struct arena *a, kith_id **segments, size_t *count,
                          kith_error *e);
/* Takes at most max members out, without looking at them. */
kith_status member_drop(struct conn *c, kith_id segment, int64_t max, int64_t *gone, kith_error *e);

/* due INT64_MAX: never. */
kith_status flip_set(struct conn *c, kith_id segment, kith_id record, int64_t due, kith_error *e);
kith_status flip_next_due(struct conn *c, int64_t *due, kith_error *e); /* INT64_MAX: none */
/* Does something of the segment wait that was due before now? */
kith_status flip_overdue(struct conn *c, kith_id segment, int64_t now, bool *yes, kith_error *e);
struct flip {
    kith_id segment, record;
    int64_t due;
};
/* The first ones that are due, at most max. */
kith_status flip_due(struct conn *c, int64_t now, int64_t max, struct arena *a, struct flip **out,
                     size_t *count, kith_error *e);
/* At most max of a segment. */
kith_status flip_drop(struct conn *c, kith_id segment, int64_t max, int64_t *gone, kith_error *e);

enum settle_kind {                    /* stored: never renumber */
                   SETTLE_BUILD = 1,  /* work it out anew, all of it */
                   SETTLE_ROOTS = 2,  /* look again at the records that a query finds */
                   SETTLE_DROP = 3,   /* the segment is gone: its members go */
                   SETTLE_PURGE = 4,  /* a rented list is spent: its records go */
                   SETTLE_AGAIN = 5,  /* as BUILD, but telling who entered and left */
                   SETTLE_DELETE = 6, /* a list is deleted, and its members before it */
};
struct settle {
    int64_t id;
    kith_id segment;
    uint32_t kind;  /* enum settle_kind */
    kith_str query; /* ROOTS: in the language of queries; PURGE: how many are gone and kept */
    kith_id at;     /* the last id that is done */
    kith_id run;    /* PURGE, DELETE: its transactions are one run */
};
kith_status settle_add(struct conn *c, const struct settle *s, kith_error *e);
kith_status settle_first(struct conn *c, struct arena *a, struct settle *out, bool *found,
                         kith_error *e);
kith_status settle_move(struct conn *c, const struct settle *s, kith_error *e); /* how far it is */
kith_status settle_done(struct conn *c, int64_t id, kith_error *e);
/* kind 0: all of a segment. */
kith_status settle_cancel(struct conn *c, kith_id segment, uint32_t kind, kith_error *e);
/* How many of the segment's are left, of one kind or (0) any. */
kith_status settle_left(struct conn *c, kith_id segment, uint32_t kind, int64_t *n, kith_error *e);

/* What is kept in the segment's own row, beside the journal. */
kith_status segment_counted(struct conn *c, kith_id segment, int64_t more, kith_error *e);
kith_status segment_set(struct conn *c, kith_id segment, const char *column, int64_t value,
                        kith_error *e);
kith_status segment_number(struct conn *c, kith_id segment, const char *column, int64_t *out,
                           kith_error *e); /* 0: none */
/* Why it is not as it should be: it is settling until it is worked out anew. NULL: nothing is wrong
 * any more. *first (may be NULL): it said nothing else; what it says already stays. */
kith_status segment_problem(struct conn *c, kith_id segment, const char *why, bool *first,
                            kith_error *e);
/* Nothing is left to do for it: it is settling no more, unless it has a problem. */
kith_status segment_settled(struct conn *c, kith_id segment, kith_error *e);
kith_status segment_set_class(struct conn *c, kith_id segment, const char *class, kith_error *e);
struct segment_row {
    kith_id id;
    kith_str name, query, kind;
    int64_t refresh; /* ms */
    bool expired, settling;
};
/* All of them, by id. */
kith_status segment_rows(struct conn *c, struct arena *a, struct segment_row **out, size_t *count,
                         kith_error *e);
/* One of them; out->id 0: there is none. */
kith_status segment_row(struct conn *c, kith_id id, struct arena *a, struct segment_row *out,
                        kith_error *e);
/* By which days segments were worked out, as a text; *changed: it was another one. */
kith_status segment_calendar(struct conn *c, const char *text, bool *changed, kith_error *e);
/* The type with which a segment's query begins; NULL: none of that name is loaded. */
const struct rtype *segment_type(const struct schema *s, kith_str query);
kith_status segment_absent(kith_str name, kith_error *e); /* KITH_E_NOTFOUND */
/* By name, case and accents apart. KITH_E_NOTFOUND. */
kith_status segment_find(struct conn *c, const struct schema *s, kith_str name,
                         struct segment_found *out, kith_error *e);

#endif
