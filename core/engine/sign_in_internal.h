/* SPDX-License-Identifier: Apache-2.0 */
/* What sign_in.c, session.c and their like share. */
#ifndef ENGINE_SIGN_IN_INTERNAL_H
#define ENGINE_SIGN_IN_INTERNAL_H

#include "engine/engine_internal.h"
#include "engine/sign_in.h"

#define METHOD_PASSWORD  "password" /* of a session whose user may need a second factor */
#define METHOD_WITH_CODE "password and code"
#define METHOD_RECOVERY  "password and recovery code"

#define SECRET_DIGEST (2 * CREDENTIAL_DIGEST + 1) /* as text, its NUL included */
#define SECRET_RANDOM 24                          /* bytes: 32 characters */

kith_status secret_ready(kith_error *e);
/* A digest as text, as it is kept. */
void secret_digest(kith_str text, char out[SECRET_DIGEST]);
/* A new secret: "kith_" and 32 random characters, and its digest. text has room for both and a NUL.
 */
void secret_make(const char *begin, char *text, char digest[SECRET_DIGEST]);
/* It is not checked. */
#define PASSWORD_HASH 128 /* crypto_pwhash_STRBYTES */
kith_status password_hash(struct engine *g, kith_str password, char out[PASSWORD_HASH],
                          kith_error *e);
/* An entry of now for the log. Its texts are not copied. */
struct access_entry sign_in_entry(struct engine *g, const struct principal *by,
                                  enum access_event event, kith_id user, const char *what);
/* "user:anna", in the arena of the transaction, for the log. */
kith_status sign_in_name(struct txn *t, kith_id user, const char **name, kith_error *e);

#endif
