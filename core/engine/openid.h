/* SPDX-License-Identifier: Apache-2.0 */
/* Openid: users whom a provider of OpenID Connect has proven. The first time the user is found by a
 * mail address or login that the provider vouches for; the subject is tied to that user, and from
 * then on counts alone. */
#ifndef ENGINE_OPENID_H
#define ENGINE_OPENID_H

#include "engine/engine.h"

struct proven {
    kith_str issuer, subject;
    kith_str login; /* a login or mail address that is the subject's own; empty: none is known */
    kith_str name;  /* of a user who is created; empty: the login */
    kith_str role;  /* that such a user has; empty: nobody is created */
    /* Names of roles, one a line: those that the user has from now on, and for which one is
     * created, too; and all that the issuer decides about: the others of these the user has no
     * more. */
    kith_str roles, managed;
};
/* The user. Whoever calls this has made sure that the issuer says so. It is logged when a subject
 * is tied, and when it is refused: KITH_E_DENIED. [any] */
kith_status openid_sign_in(struct engine *g, const struct proven *p, kith_id *user, kith_error *e);
/* The issuers for whom the user is somebody, in the arena. [any] */
kith_status openid_tied(struct engine *g, kith_id user, struct arena *a, const char ***issuers,
                        size_t *count, kith_error *e);
/* The user's subjects are nobody's any more, and the user's sessions end but for one (0: all). It
 * is logged. [any] */
kith_status openid_forget(struct engine *g, const struct principal *by, kith_id user, int64_t but,
                          int64_t *count, kith_error *e);

#endif
