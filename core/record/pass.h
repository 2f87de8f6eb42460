/* SPDX-License-Identifier: Apache-2.0 */
/* Pass: a link by which whoever has it may do one thing, without being anybody: call one action
 * with fixed arguments, in the rights of who made it. No record type, as tokens and sessions: no
 * query, export, history or journal sees them; a digest is kept.
 *
 * Table: kith_pass. Knows nothing of hashing and of actions; see engine/pass.c. */
#ifndef RECORD_PASS_H
#define RECORD_PASS_H

#include "record/access.h"

struct pass {
    int64_t number;
    const char *action;    /* "sales.accept_quote" */
    const char *args;      /* one JSON object: those that are fixed */
    const char *ask;       /* "name,remark": those that whoever has it is asked for */
    const char *show;      /* the reading action that tells what it is about; or "" */
    kith_id about;         /* the first record among its arguments; 0: none */
    struct access_of of;   /* in whose rights; user 0: the company's */
    int64_t made, expires; /* ms UTC */
    int64_t most, used;    /* how many times; most 0: as often as one likes */
    int64_t last;          /* ms UTC; 0: never */
    int64_t revoked;       /* ms UTC; 0: it is not */
};

kith_status pass_setup(struct conn *c, kith_error *e);
/* Sets p->number. */
kith_status pass_add(struct conn *c, struct pass *p, kith_str digest, kith_error *e);
/* KITH_E_NOTFOUND: there is none; its texts live in the arena. */
kith_status pass_find(struct conn *c, kith_str digest, struct arena *a, struct pass *out,
                      kith_error *e);
kith_status pass_find_number(struct conn *c, int64_t number, struct arena *a, struct pass *out,
                             kith_error *e);
/* Of a user (0: of all) the youngest `max` below `before` (0: all), about that record (0: any). */
kith_status pass_read(struct conn *c, kith_id user, kith_id about, int64_t before, int64_t max,
                      struct arena *a, struct pass **out, size_t *count, kith_error *e);
/* counts: it is one of those times that it may be used. */
kith_status pass_used(struct conn *c, int64_t number, int64_t now, bool counts, kith_error *e);
kith_status pass_end(struct conn *c, int64_t number, int64_t now, kith_error *e);
/* All of a user, who is gone; all about a record that is. */
kith_status pass_forget_user(struct conn *c, kith_id user, kith_error *e);
kith_status pass_forget_about(struct conn *c, kith_id record, kith_error *e);
/* Those that came to their end before `before`. */
kith_status pass_sweep(struct conn *c, int64_t before, kith_error *e);

#endif
