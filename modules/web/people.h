/* SPDX-License-Identifier: Apache-2.0 */
/* What the files for people share: what comes with a form, and who may send it. */
#ifndef WEB_PEOPLE_H
#define WEB_PEOPLE_H

#include "web.h"

#include <jansson.h>

/* A browser takes the first one over TLS only, for this host only, and from nobody else. The other
 * one is for this computer. */
#define COOKIE_SECURE "__Host-kith"
#define COOKIE_PLAIN  "kith"
#define CSRF          "Kith-CSRF" /* the header that goes with what is written in a session */

/* The body as an object of texts with these names; NULL: it is none, and that is answered. */
json_t *body_object(struct request *r, const char *const *names);
kith_str body_member(const json_t *body, const char *name); /* "": it is not there */
/* May secrets be sent with this request? false: that is answered. */
bool session_may_begin(struct request *r);
/* Nobody reads it on its way. */
bool session_is_private(const struct request *r);
/* r->session has begun: the browser gets its cookie, and what it had before ends. */
void session_keep(struct request *r);

#endif
