/* SPDX-License-Identifier: Apache-2.0 */
/* Openid: whom providers of OpenID Connect mean by their subjects. A subject is tied to a user once
 * and is that user from then on, whatever its mail address becomes. See credential.h for what else
 * users prove themselves with, and why that is no record type.
 *
 * Table: kith_openid. Knows nothing of tokens; see engine/openid.c. */
#ifndef RECORD_OPENID_H
#define RECORD_OPENID_H

#include "record/record.h"

kith_status openid_setup(struct conn *c, kith_error *e);
/* 0: the subject is nobody's yet. */
kith_status openid_user(struct conn *c, kith_str issuer, kith_str subject, kith_id *user,
                        kith_error *e);
/* Is the user somebody else to that issuer already? */
kith_status openid_is_tied(struct conn *c, kith_str issuer, kith_id user, bool *tied,
                           kith_error *e);
kith_status openid_tie(struct conn *c, kith_str issuer, kith_str subject, kith_id user, int64_t now,
                       kith_error *e);
/* The issuers to whom the user is somebody, in the arena. */
kith_status openid_issuers(struct conn *c, kith_id user, struct arena *a, const char ***out,
                           size_t *count, kith_error *e);
/* All of a user. */
kith_status openid_untie(struct conn *c, kith_id user, int64_t *count, kith_error *e);

#endif
