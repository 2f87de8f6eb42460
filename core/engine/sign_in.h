/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in: passwords and tokens of users, and the log of it. Hashing takes a tenth of a second
 * and 64 MiB on purpose; it never runs on the writer, and one at a time. */
#ifndef ENGINE_SIGN_IN_H
#define ENGINE_SIGN_IN_H

#include "engine/engine.h"
#include "journal/access_log.h"
#include "record/credential.h"

#define PASSWORD_MAX 1024 /* bytes */
#define TOKEN_TEXT   48   /* bytes of a token's text, its NUL included; no more than that */

/* Who has this login; KITH_E_NOTFOUND. [any] */
kith_status sign_in_user(struct engine *g, const char *login, kith_id *user, kith_error *e);

/* Is it a password that the policy takes? KITH_E_REFUSED says what is wanted. */
kith_status password_check(const struct engine *g, const char *login, kith_str password,
                           kith_error *e);
/* Checks it and sets it, and ends the user's sessions but for one (0: all). by: who does it, for
 * the log. [any] */
kith_status password_set(struct engine *g, const struct principal *by, kith_id user,
                         const char *login, kith_str password, int64_t but, kith_error *e);
kith_status password_is_set(struct engine *g, kith_id user, bool *yes, kith_error *e); /* [any] */
struct proof {
    const char *login;
    kith_str password, code; /* of the second factor; or empty */
    const char *from;        /* the address that it comes from; NULL: this computer */
    bool begins;             /* a session, with which it is logged */
    bool again;              /* somebody who has signed in: the password alone is asked for */
};
struct signed_in {
    kith_id user;
    const char *method; /* static text: "password" */
    int64_t wait_ms;    /* KITH_E_BUSY: until the next attempt */
    bool needs_code;    /* KITH_E_DENIED: the password is right, and a good code is not there */
};
/* The user with this login and password; it is logged. KITH_E_DENIED: one of them is wrong, not
 * which; KITH_E_BUSY: too many attempts failed with this login, or from this address, and the next
 * one may be made later. It takes a tenth of a second, and waits for others who sign in. [any] */
kith_status sign_in(struct engine *g, const struct proof *proof, struct signed_in *out,
                    kith_error *e);

/* A new token for t->user; its text is shown once and kept nowhere. [any] */
kith_status token_add(struct engine *g, const struct principal *by, struct token *t,
                      char text[TOKEN_TEXT], kith_error *e);
/* Whom a token stands for, in the arena. KITH_E_DENIED: unknown, or out of date. Its first use in
 * each hour is logged, and one that failed in each minute. [any] */
kith_status token_enter(struct engine *g, kith_str text, struct arena *a, struct access_of *of,
                        kith_error *e);
kith_status token_list(struct engine *g, kith_id user, struct arena *a, struct token **out,
                       size_t *count, kith_error *e);
/* user 0: whosever it is. */
kith_status token_revoke(struct engine *g, const struct principal *by, kith_id user, int64_t number,
                         kith_error *e);

/* Writes an event that is no reading, at once. [any] */
kith_status access_note(struct engine *g, const struct principal *by, enum access_event event,
                        kith_id user, const char *what, kith_error *e);
/* Logs that many records are handed out, or (id not 0) all that is known of one: first that it is
 * begun, so that an export that is broken off is there, too, and in the end how many they were.
 * what: which records, or why. [any] */
kith_status access_export_begin(struct engine *g, const struct principal *by, const struct rtype *t,
                                kith_id id, const char *what, int64_t *number, kith_error *e);
kith_status access_export_end(struct engine *g, int64_t number, uint64_t rows, kith_error *e);
/* The same without waiting. */
void access_export_ended(struct engine *g, int64_t number, uint64_t rows);
/* What was read just now is among them. [any] */
kith_status access_entries(struct engine *g, const struct access_filter *f, struct arena *a,
                           struct access_entry **out, size_t *count, kith_error *e);

/* May the user do this to the record, and why; for people. KITH_E_NOTFOUND: there is no such
 * record. [any] */
kith_status access_explain(struct engine *g, const struct principal *p, enum right right,
                           const struct rtype *t, kith_id id, struct arena *a, bool *yes,
                           const char **why, kith_error *e);

#endif
