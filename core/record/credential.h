/* SPDX-License-Identifier: Apache-2.0 */
/* Credential: what users prove themselves with: passwords as Argon2id texts, tokens as digests. No
 * record type, on purpose: no query, export, history or journal ever sees them. They go with their
 * user, and an undo brings the user back without them.
 *
 * Tables: kith_credential, kith_attempt. Knows nothing of hashing; see engine/sign_in.c. */
#ifndef RECORD_CREDENTIAL_H
#define RECORD_CREDENTIAL_H

#include "record/access.h"

#define CREDENTIAL_DIGEST 32 /* bytes */

struct token {
    int64_t number;
    kith_id user;
    const char *name;
    struct access_of of;   /* zone and limit */
    int64_t created, used; /* ms UTC; used 0: never */
    int64_t expires;       /* 0: never */
};

kith_status credential_setup(struct conn *c, kith_error *e);

kith_status credential_set_password(struct conn *c, kith_id user, const char *hash, int64_t now,
                                    kith_error *e);
/* *hash is NULL when there is none. */
kith_status credential_password(struct conn *c, kith_id user, struct arena *a, const char **hash,
                                kith_error *e);

/* Sets t->number. */
kith_status credential_add_token(struct conn *c, struct token *t, kith_str digest, kith_error *e);
/* KITH_E_NOTFOUND: there is none; its texts live in the arena. */
kith_status credential_token(struct conn *c, kith_str digest, struct arena *a, struct token *out,
                             kith_error *e);
/* user 0: of all. */
kith_status credential_tokens(struct conn *c, kith_id user, struct arena *a, struct token **out,
                              size_t *count, kith_error *e);
/* user 0: whosever it is. KITH_E_NOTFOUND. */
kith_status credential_revoke(struct conn *c, kith_id user, int64_t number, kith_error *e);
kith_status credential_used(struct conn *c, int64_t number, int64_t now, kith_error *e);
/* A type has another name now: tokens that are limited to it stay so. */
kith_status credential_rename_type(struct conn *c, const char *from, const char *to, kith_error *e);
/* All of a user, sessions included. */
kith_status credential_forget(struct conn *c, kith_id user, kith_error *e);

/* Codes that are good once, as digests: to set a password (invitations), and in the place of what
 * an application shows (recovery). */
enum credential_code { CODE_INVITATION = 3, CODE_RECOVERY = 5 }; /* stored: never renumber */
kith_status credential_add_code(struct conn *c, enum credential_code kind, kith_id user,
                                kith_str digest, int64_t now, int64_t expires, kith_error *e);
struct code {
    bool found;
    kith_id user;
    int64_t expires; /* ms UTC */
};
kith_status credential_code(struct conn *c, enum credential_code kind, kith_str digest,
                            struct code *out, kith_error *e);
/* *used: it was there, and is not any more. */
kith_status credential_use_code(struct conn *c, enum credential_code kind, kith_id user,
                                kith_str digest, bool *used, kith_error *e);
kith_status credential_drop_codes(struct conn *c, enum credential_code kind, kith_id user,
                                  kith_error *e);
/* Of invitations. */
kith_status credential_expire_codes(struct conn *c, int64_t now, kith_error *e);
/* The second factor: a secret by which an application shows codes. It is there before it is on. */
struct factor {
    bool on;
    const char *secret; /* base32; NULL: there is none */
    int64_t last;       /* the step of the last code that was taken: none up to it is again */
};
kith_status credential_factor(struct conn *c, kith_id user, struct arena *a, struct factor *out,
                              kith_error *e);
/* In the place of another one, and not on. */
kith_status credential_set_factor(struct conn *c, kith_id user, kith_str secret, int64_t now,
                                  kith_error *e);
/* *taken false: a code of that step or a later one was taken already. It is on from then on. */
kith_status credential_take_step(struct conn *c, kith_id user, int64_t step, bool *taken,
                                 kith_error *e);
/* With its recovery codes. *there: there was one. */
kith_status credential_drop_factor(struct conn *c, kith_id user, bool *there, kith_error *e);
kith_status credential_count_codes(struct conn *c, enum credential_code kind, kith_id user,
                                   int64_t *count, kith_error *e);
/* Has the user one of these roles ("administrator,sales"), or is it for everybody ("*")? */
kith_status credential_has_role(struct conn *c, kith_id user, const char *roles, bool *yes,
                                kith_error *e);
/* Has nobody a password or a session, and is nobody an administrator? */
kith_status credential_nobody(struct conn *c, bool *yes, kith_error *e);

/* Failed attempts of a login, of one that does not exist, too; the name as a digest. */
struct attempts {
    int64_t failures, until; /* ms UTC: no attempt before */
};
kith_status credential_attempts(struct conn *c, kith_str name, struct attempts *out, kith_error *e);
/* failures 0 forgets them; so does an end before `forget`, of any name, and those that ended first
 * are forgotten beyond ATTEMPTS_MAX. */
#define ATTEMPTS_MAX 20000
kith_status credential_note_attempt(struct conn *c, kith_str name, const struct attempts *now,
                                    int64_t forget, kith_error *e);

#endif
