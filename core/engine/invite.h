/* SPDX-License-Identifier: Apache-2.0 */
/* Invitations: a code, good once and for a while, by which a user sets a password, or the first
 * administrator comes into being. There is no password but those that people chose. */
#ifndef ENGINE_INVITE_H
#define ENGINE_INVITE_H

#include "engine/engine.h"

#define INVITE_TEXT 48 /* bytes of a code, its NUL included; no more than that */

/* A code for that user, who is called so; user 0: for an administrator who is made then, login "".
 * One that was given out before is worth nothing any more. It is logged. [any] */
kith_status invite(struct engine *g, const struct principal *by, kith_id user, const char *login,
                   int64_t life_ms, char text[INVITE_TEXT], kith_error *e);
/* Can nobody sign in or make anybody able to, but who owns the files? [any] */
kith_status invite_is_due(struct engine *g, bool *yes, kith_error *e);

struct invited {
    kith_str code;
    const char *login; /* of the user, or of the one that is made */
    const char *name;  /* of one that is made; "": as the login */
    kith_str password;
};
/* Sets the password and ends the user's sessions; the code is used then. KITH_E_DENIED: the code is
 * unknown, was used or has expired, or is another user's; KITH_E_REFUSED: the password is not
 * taken, and the code may be tried again. It takes as long as sign_in(). [any] */
kith_status invite_take(struct engine *g, const struct invited *what, kith_error *e);

#endif
