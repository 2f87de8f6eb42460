/* SPDX-License-Identifier: Apache-2.0 */
/* Segments: who is in which, kept with every change. What is here is worked out from the records of
 * type segment and forgotten whenever one of them may have changed. [writer] unless said. */
#ifndef ENGINE_SEGMENT_H
#define ENGINE_SEGMENT_H

#include "record/query.h"

#include <pthread.h>

struct engine;
struct txn;
struct change;

struct segment;
struct watch { /* a write that may change who is in a segment */
    struct segment *segment;
    const struct query_dependency *depends;
    struct query *roots; /* depends->roots as a query; NULL: the record, or where it links */
};
struct watch_list {
    struct watch *items;
    size_t count, cap;
};

struct segment {
    kith_id id;
    const char *name;
    const struct rtype *type; /* NULL: its module is not enabled */
    bool list;                /* those that were put in; nothing is worked out */
    bool expired;             /* a rented one whose term or uses are spent */
    struct query *query;      /* NULL: of a list, or it cannot be read any more: */
    const char *broken;       /* why */
    struct predicate *predicate;
    struct query_depends depends;
    bool building;              /* it is being worked out for the first time: no events yet */
    int64_t refresh;            /* of one with depends.whole: ms */
    struct watch_list watchers; /* segments that ask whether a record is in this one */
    bool ordered;               /* while they are put in order */
    bool anew;                  /* while those that ask for one that is worked out are found */
};
struct segment_list {
    struct segment **items;
    size_t count, cap;
};
struct segment_type_info {    /* by type number */
    struct segment_list own;  /* of records of this type, those that others ask about first */
    struct watch_list linked; /* that look at this type from elsewhere */
};

struct segments {
    struct arena arena;
    struct segment_list all; /* in the order of `own` */
    struct segment_type_info *types;
    bool loaded;
    bool touched;  /* by the group that runs: its rollback makes it stale */
    bool settling; /* there may be something left to settle */
    uint32_t source;
    struct segment_names names;
    pthread_mutex_t lock; /* guards reader: */
    struct conn *reader;  /* for names asked for on other threads; opened on first use */
};

kith_status segments_setup(struct engine *g,
                           kith_error *e); /* base types, hooks, topics, actions */

/* Called by the table in derived.c, which says when. */
kith_status segments_start(struct engine *g, kith_error *e);
kith_status segment_follow(struct txn *t, const struct change *c, kith_error *e);
void segments_taken_back(struct engine *g);
void segments_committed(struct engine *g);
void segments_rolled_back(struct engine *g);
/* The clock was: what goes by it is worked out anew. In a transaction of the writer's. */
kith_status segments_set_back(struct engine *g, kith_error *e);
bool segments_waiting(const struct engine *g); /* something is left to settle */
kith_status segments_next_due(struct engine *g, int64_t *due, kith_error *e);
void segments_step(struct engine *g);
void segments_close(struct engine *g);
/* One batch of what is left to settle, in a transaction of its own. segments.settling: there may be
 * more. */
kith_status segments_settle(struct engine *g, kith_error *e);

/* -- between the files of segments ------------------------------------------------------------- */

extern const struct principal segment_principal;
void segment_env(struct txn *t, struct query_env *env);
kith_status segments_load(struct engine *g, kith_error *e);  /* unless it is loaded */
struct segment *segment_by_id(struct engine *g, kith_id id); /* NULL: none */
const char *segment_class(const struct segment *s);
/* Looks at one record. values NULL: it is gone. */
kith_status segment_evaluate(struct txn *t, struct segment *s, kith_id id, const kith_value *values,
                             kith_error *e);
/* The record is in the segment since now, or not any more. */
kith_status segment_flipped(struct txn *t, struct segment *s, kith_id record, bool in,
                            kith_error *e);
kith_status segment_publish(struct txn *t, const struct segment *s, const char *topic,
                            const struct rtype *type, kith_id subject, const char *more,
                            kith_error *e);
/* Has it worked out anew, and all that ask for it after it; at once, when that is quickly done. */
kith_status segment_rebuild(struct txn *t, kith_id id, uint32_t kind, kith_error *e);
/* Those that ask for one marked `anew`, in their order: each after those that it asks for. */
kith_status segments_askers_again(struct engine *g, kith_error *e);
/* Has all of them worked out anew, later: what they look at was not written. In a group. */
kith_status segments_settle_all(struct engine *g, kith_error *e);
/* The same, and of lists, too: what is kept may be wrong by itself. */
kith_status segments_again(struct txn *t, kith_error *e);
/* Has those that ask for words of this type worked out anew, later: all of it is indexed now. In a
 * group. */
kith_status segments_indexed(struct engine *g, const struct rtype *type, kith_error *e);
/* Looks again at the records that `query` finds, later. */
kith_status segment_settle_later(struct txn *t, struct segment *s, kith_str query, kith_error *e);
/* A segment's own record was written. (segment_define.c) */
kith_status segment_hooks_add(struct engine *g, kith_error *e);
/* Is it, or one that it asks for, being worked out or about to be? (inexact.c) */
kith_status segment_unsettled(struct engine *g, struct conn *c, kith_id id, struct arena *a,
                              bool *yes, kith_error *e);
/* Of a rented list: when it ends. values: its record's. (segment_rent.c) */
kith_status segment_rent_due(struct txn *t, kith_id id, const kith_value *values, kith_error *e);
struct settle;
kith_status segment_purge(struct txn *t, const struct segment *s, struct settle *job,
                          kith_error *e);
struct call;
kith_status segment_use(void *self, struct call *call, kith_error *e); /* of an action */
/* That which the first argument names; one that the caller may not read is not there. */
kith_status segment_named(struct call *call, kith_id *id, const struct rtype **type, kith_error *e);
/* Puts a record into a list, unless it is in it. */
kith_status segment_add_member(struct txn *t, kith_id list, const struct rtype *type,
                               kith_id record, bool brought, bool *added, kith_error *e);
/* The list_member that says so; 0: none. */
kith_status segment_member_row(struct txn *t, kith_id list, const struct rtype *type,
                               kith_id record, kith_id *row, const kith_value **values,
                               kith_error *e);
/* Deletes a segment however many members it has. *left: so many go later, in batches, and it goes
 * with them. (segment_delete.c) */
kith_status segment_delete(struct txn *t, kith_id id, int64_t *left, kith_error *e);
kith_status segment_delete_more(struct txn *t, struct settle *job, kith_error *e);
kith_status segment_delete_not(struct txn *t, kith_id id, kith_error *e); /* any more */
/* Refuses one with more members than a deletion may touch. */
kith_status segment_small(struct txn *t, kith_id id, kith_str name, kith_error *e);
/* Refuses what others ask for by its name. what: "deleted". (segment_define.c) */
kith_status segment_unused(struct txn *t, kith_id id, const char *what, kith_error *e);
/* The rule or module whose condition asks for something by its name; NULL: none. */
typedef bool (*query_asks)(const struct query *q, const void *what);
const char *code_that_asks(struct engine *g, query_asks asks, const void *what);
/* KITH_E_REFUSED: it cannot be `what`, "renamed", since this one asks for it by its name. */
kith_status asked_by_record(struct txn *t, const struct rtype *type, kith_id id, kith_str name,
                            const char *what, kith_error *e);
kith_status asked_by_code(const char *code, const char *what, kith_error *e);
kith_status segment_defined(struct txn *t, const struct change *c, kith_error *e);

#endif
