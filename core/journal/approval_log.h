/* SPDX-License-Identifier: Apache-2.0 */
/* Approval log: what a program wants to write for somebody, and a person is to allow first. It is
 * kept with what a rehearsal has shown, until it is decided or a week has passed; then only what
 * came of it is.
 *
 * Table: kith_approval. Writing is for the writer's connection. */
#ifndef JOURNAL_APPROVAL_LOG_H
#define JOURNAL_APPROVAL_LOG_H

#include "journal/journal.h"

#define APPROVAL_KEEP_MS INT64_C(604800000)

enum approval_state { /* stored: never renumber */
                      APPROVAL_WAITS = 1,
                      APPROVAL_DONE = 2,
                      APPROVAL_REFUSED = 3, /* by a person */
                      APPROVAL_FAILED = 4,  /* it was allowed, and could not be done any more */
                      APPROVAL_EXPIRED = 5,
                      APPROVAL_BEGUN = 6, /* somebody has allowed it just now */
};
const char *approval_state_name(uint32_t state); /* "waiting", "done", ... */

struct approval {
    int64_t number;
    kith_id session;
    uint32_t state;  /* enum approval_state */
    kith_id task;    /* by which a person is told of it; 0: none */
    int64_t asked;   /* ms UTC */
    int64_t decided; /* 0: not yet */
    const char *who; /* decided it; "" */
    kith_str tool;   /* its name, and: */
    kith_str args;   /* JSON; empty once it is decided */
    kith_str limit;  /* JSON: what bounds the rights of whoever asked */
    kith_str shown;  /* JSON: the rehearsal; empty once it is decided */
    kith_str result; /* JSON: what came of it; or empty */
};

kith_status approval_log_setup(struct conn *c, kith_error *e); /* creates what is absent */
/* Sets a->number. What has waited for more than a week is expired with it. */
kith_status approval_log_add(struct conn *c, struct approval *a, kith_error *e);
/* The tasks of those that this would expire; in the arena. */
kith_status approval_log_late(struct conn *c, int64_t now, struct arena *a, kith_id **tasks,
                              size_t *count, kith_error *e);
/* KITH_E_NOTFOUND. Texts live in the arena. One that has waited too long is expired. */
kith_status approval_log_read(struct conn *c, int64_t number, int64_t now, struct arena *a,
                              struct approval *out, kith_error *e);
/* The newest first; user 0: of all. */
kith_status approval_log_all(struct conn *c, kith_id user, bool waiting, int64_t now,
                             struct arena *a, struct approval **out, size_t *count, kith_error *e);
/* From one state into another. KITH_E_CONFLICT: it is not in that state. */
kith_status approval_log_move(struct conn *c, int64_t number, uint32_t from, uint32_t to,
                              int64_t now, const char *who, kith_str result, kith_error *e);

/* Those that somebody has allowed, and that are not decided yet: when the company is opened, they
 * are what a crash has left. One that wrote says in its result by which transaction. */
kith_status approval_log_begun(struct conn *c, struct arena *a, struct approval **out,
                               size_t *count, kith_error *e);
/* In the transaction that writes what was allowed. Only the first of several is noted. */
kith_status approval_log_wrote(struct conn *c, int64_t number, kith_str result, kith_error *e);

/* Somebody is erased: what was asked, and what came of it, may tell of them. What waits is expired.
 */
kith_status approval_log_forget(struct conn *c, int64_t now, kith_error *e);

#endif
