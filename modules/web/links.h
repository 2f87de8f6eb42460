/* SPDX-License-Identifier: Apache-2.0 */
/* What the files for links share: pages for people without an account, made from what an action
 * declares. They run no script. */
#ifndef WEB_LINKS_H
#define WEB_LINKS_H

#include "web.h"

#include <jansson.h>

/* A page with one sentence. done: a good one. */
void link_page_say(struct request *r, unsigned status, const char *sentence, bool done);
/* What the link is about, and the form; given: what was sent, or NULL; problem: why it was not
 * taken, or NULL. */
void link_page_show(struct request *r, unsigned status, const json_t *page, const json_t *given,
                    const char *problem);
/* It was done. */
void link_page_done(struct request *r, const json_t *page);

#endif
