/* SPDX-License-Identifier: Apache-2.0 */
/* Session log: what a program does for somebody in many transactions, over hours perhaps, is one
 * thing: its transactions bear the session's number as that of their run, it may write so many rows
 * and no more, and one undo takes all of it back.
 *
 * Table: kith_agent; the journal's kith_agent_run holds the runs of many transactions that were
 * begun in one. Writing is for the writer's connection. */
#ifndef JOURNAL_AGENT_LOG_H
#define JOURNAL_AGENT_LOG_H

#include "journal/journal.h"

struct agent_entry {
    kith_id id;
    kith_id user;           /* for whom; 0: nobody who signed in */
    const char *actor;      /* the same as the journal has it: "user:anna", "cli:root" */
    const char *client;     /* what the program calls itself */
    int64_t started, wrote; /* ms UTC; wrote 0: nothing yet */
    int64_t ended;          /* 0: it has not */
    int64_t written;        /* rows of the journal */
    int64_t budget;         /* so many it may write */
};

kith_status agent_log_setup(struct conn *c, kith_error *e); /* creates what is absent */
/* Those that wrote nothing and are older than a day are forgotten with it. */
kith_status agent_log_begin(struct conn *c, const struct agent_entry *s, kith_error *e);
/* KITH_E_NOTFOUND: there is none of that number. Texts live in the arena. */
kith_status agent_log_read(struct conn *c, kith_id id, struct arena *a, struct agent_entry *out,
                           kith_error *e);
/* The newest first, at most `most`; user 0: of all. */
kith_status agent_log_all(struct conn *c, kith_id user, int64_t most, struct arena *a,
                          struct agent_entry **out, size_t *count, kith_error *e);
/* It has written so many rows more, in a transaction of that run. KITH_E_LIMIT: it may not;
 * KITH_E_DENIED: it has ended, which it may have where it is late. */
kith_status agent_log_charge(struct conn *c, kith_id id, kith_id run, int64_t rows, int64_t now,
                             bool late, kith_error *e);
kith_status agent_log_end(struct conn *c, kith_id id, int64_t now, kith_error *e);
/* Is it the number of a session? */
kith_status agent_log_is(struct conn *c, kith_id id, bool *yes, kith_error *e);

/* The user is erased; name: by which the journal calls them from now on. */
kith_status agent_log_forget(struct conn *c, kith_id user, kith_str name, kith_error *e);

#endif
