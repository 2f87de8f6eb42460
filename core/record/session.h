/* SPDX-License-Identifier: Apache-2.0 */
/* Session: what stands for somebody who signed in, until they sign out, are silent for too long, or
 * it comes to its end. Digests only; see credential.h for what else users prove themselves with.
 *
 * Table: kith_session. Knows nothing of hashing; see engine/session.c. */
#ifndef RECORD_SESSION_H
#define RECORD_SESSION_H

#include "record/access.h"

struct session {
    int64_t number;
    kith_id user;
    const char *method; /* by what it was proven: "password", "password and code" */
    const char *from;   /* the address: "203.0.113.7" */
    enum access_zone zone;
    int64_t began, used, ends; /* ms UTC */
};

kith_status session_setup(struct conn *c, kith_error *e);
/* Sets s->number. */
kith_status session_add(struct conn *c, struct session *s, kith_str digest, kith_error *e);
/* KITH_E_NOTFOUND: there is none; its texts live in the arena. */
kith_status session_find(struct conn *c, kith_str digest, struct arena *a, struct session *out,
                         kith_error *e);
/* user 0: of all. */
kith_status session_read(struct conn *c, kith_id user, struct arena *a, struct session **out,
                         size_t *count, kith_error *e);
kith_status session_used(struct conn *c, int64_t number, int64_t now, kith_error *e);
/* It was proven by more than when it began. */
kith_status session_prove(struct conn *c, int64_t number, const char *method, kith_error *e);
/* user 0: whosever it is. KITH_E_NOTFOUND. */
kith_status session_drop(struct conn *c, kith_id user, int64_t number, kith_error *e);
/* All of a user (0: of everybody) but this one. */
kith_status session_drop_all(struct conn *c, kith_id user, int64_t but, int64_t *count,
                             kith_error *e);
/* Those that ended before now, were not used since idle, and of this user all but the `most`
 * youngest. */
kith_status session_sweep(struct conn *c, int64_t now, int64_t idle, kith_id user, int64_t most,
                          kith_error *e);

#endif
