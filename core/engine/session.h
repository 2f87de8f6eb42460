/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions of people: one begins for a user who was proven by whatever means, stands for that user
 * until it ends, and can be ended by the user and by administrators. Its text is random; a digest
 * is kept. */
#ifndef ENGINE_SESSION_H
#define ENGINE_SESSION_H

#include "engine/engine.h"
#include "record/session.h"

#define SESSION_TEXT 48 /* bytes of a session's text, its NUL included; no more than that */
#define SESSION_CSRF 44 /* of what a page proves itself with beside it; its NUL included */
#define SESSIONS_MAX 50 /* of a user: one more ends the oldest */

/* Begins a session for s->user, who was proven by s->method, from s->from, in s->zone: whoever
 * calls this has made sure that it is this user. Fills in number and times. It is logged.
 * KITH_E_DENIED: there is no such user, or a blocked one. [any] */
kith_status session_begin(struct engine *g, struct session *s, char text[SESSION_TEXT],
                          kith_error *e);
/* Whom a session stands for, in the arena, of a request from that zone: roles hold as far out as
 * this one comes from, wherever it began. KITH_E_DENIED: it is unknown, or has ended. [any] */
kith_status session_enter(struct engine *g, kith_str text, enum access_zone zone, struct arena *a,
                          struct session *out, struct access_of *of, kith_error *e);
/* The same without counting as use. */
kith_status session_look(struct engine *g, kith_str text, struct arena *a, struct session *out,
                         kith_error *e);
bool session_is(kith_str text); /* and not a token */
/* What a page of ours knows and a page of others does not: made from the session's text, which it
 * does not tell. */
void session_csrf(kith_str text, char out[SESSION_CSRF]);
/* Those that have not ended. user 0: of all. [any] */
kith_status session_list(struct engine *g, kith_id user, struct arena *a, struct session **out,
                         size_t *count, kith_error *e);
/* user 0: whosever it is. KITH_E_NOTFOUND. It is logged. [any] */
kith_status session_end(struct engine *g, const struct principal *by, kith_id user, int64_t number,
                        kith_error *e);
/* All of a user (0: of everybody) but one. It is logged. [any] */
kith_status session_end_all(struct engine *g, const struct principal *by, kith_id user, int64_t but,
                            int64_t *count, kith_error *e);

#endif
