/* SPDX-License-Identifier: Apache-2.0 */
/* The second factor: six digits that an application shows, another six every half a minute (TOTP,
 * RFC 6238), and recovery codes for who has lost it. No code is taken twice. */
#ifndef ENGINE_SECOND_FACTOR_H
#define ENGINE_SECOND_FACTOR_H

#include "engine/engine.h"
#include "record/credential.h"

#define FACTOR_SECRET 33 /* base32 of 20 bytes, and a NUL */
#define FACTOR_CODES  10 /* recovery codes */
#define FACTOR_CODE   20 /* "abcd-efgh-ijkl-mnop" and a NUL */

/* A new secret, which is not asked for before it is confirmed. KITH_E_CONFLICT: one is on. [any] */
kith_status factor_begin(struct engine *g, kith_id user, char secret[FACTOR_SECRET], kith_error *e);
/* By a first code; it is asked for from then on. The session in which it is done (0: none) is as
 * good as one that began with a code. KITH_E_DENIED: the code is wrong. [any] */
kith_status factor_confirm(struct engine *g, const struct principal *by, kith_id user,
                           int64_t session, kith_str code, char codes[FACTOR_CODES][FACTOR_CODE],
                           kith_error *e);
/* KITH_E_NOTFOUND: there is none. It is logged. [any] */
kith_status factor_end(struct engine *g, const struct principal *by, kith_id user, kith_error *e);

struct factor_state {
    bool on, needed;  /* one of the user's roles needs it */
    int64_t recovery; /* codes that are left */
};
kith_status factor_state(struct engine *g, kith_id user, struct factor_state *out, kith_error *e);

/* The step whose code this is: the one of now, the one before, or the next one; but none up to
 * f->last. 0: it is none. */
int64_t factor_step(const struct factor *f, kith_str code, int64_t now);
/* How a recovery code is kept; false: it cannot be one. */
bool factor_recovery(kith_str code, char digest[2 * CREDENTIAL_DIGEST + 1]);
/* Must the user have one, and has none? By a connection of the caller's. */
kith_status factor_missing(struct conn *c, const struct engine_options *o, kith_id user, bool *yes,
                           kith_error *e);

#endif
