/* SPDX-License-Identifier: Apache-2.0 */
/* Passes: links by which somebody without an account does one thing. Each calls one action with
 * fixed arguments in the rights of who made it, as those are when it is used, until it ends, has
 * been used as often as it may be, or is revoked. Its secret is random; a digest is kept. */
#ifndef ENGINE_PASS_H
#define ENGINE_PASS_H

#include "engine/engine.h"
#include "record/pass.h"

#define PASS_TEXT    40 /* bytes of a secret, its NUL included; no more than that */
#define PASS_FORM    80 /* of what a form is sent with, once */
#define PASS_PATH    "/l/"
#define PASS_FROM    64      /* of an address that one comes from */
#define PASS_AT_MOST 1000000 /* times */

/* What one is to do. */
struct pass_wish {
    kith_str action; /* "sales.accept_quote" */
    kith_str show; /* a reading action that tells what it is about, by the same arguments; or "" */
    kith_str ask;  /* "name,remark": parameters that whoever has it is asked for */
    const kith_str *names; /* of parameters that are fixed, and their values */
    const kith_value *values;
    size_t count;
    int64_t expires; /* ms UTC; 0: in 30 days */
    int64_t most;    /* how many times; 0: as often as one likes */
};
struct pass_made {
    int64_t number, expires;
    char text[PASS_TEXT];
    const char *address; /* the whole link, in the transaction's arena */
};
/* For the transaction's caller, who must have the right to the action. KITH_E_UNSUPPORTED: nothing
 * serves links here, and the sentence says what is missing. [writer] */
kith_status pass_grant(struct txn *t, const struct pass_wish *wish, struct pass_made *out,
                       kith_error *e);

/* By which link, and from where, a principal comes (struct principal). */
struct pass_came {
    int64_t number;
    const char *from;
};

struct pass_page {
    struct buf json;
    kith_str name, media_type, bytes; /* of the file that it answers with; name empty: none */
    struct arena arena;
};
void pass_page_free(struct pass_page *page);
/* What somebody who has a link is shown, as JSON: {"number", "action", "doc", "reads", "expires",
 * "shown", "asks", "form"}; of a reading action what it answers is what is shown. Nothing changes.
 * KITH_E_NOTFOUND: there is no such link. KITH_E_DENIED: there was one, and it does not hold any
 * more. Else what the action refuses. [any] */
kith_status pass_look(struct engine *g, kith_str secret, kith_str from, struct pass_page *page,
                      kith_error *e);
/* Does it. fields: one JSON object of texts, those that are asked for. form: what pass_look gave;
 * it is good once. Gives {"done": true, "repeated", "doc", "shown"}; repeated: this form was sent
 * before, and it was done then. KITH_E_CONFLICT: the form is too old, or was never given. Why a
 * record could not be written is told in the log, and not to them. Else as pass_look. Waits until
 * it is durable. [any] */
kith_status pass_use(struct engine *g, kith_str secret, kith_str from, kith_str form,
                     kith_str fields, struct pass_page *page, kith_error *e);

enum pass_state { PASS_HOLDS, PASS_USED, PASS_EXPIRED, PASS_REVOKED };
enum pass_state pass_state(const struct pass *p, int64_t now);
const char *pass_state_name(enum pass_state s); /* "used" */
/* user 0: whosever it is. KITH_E_NOTFOUND. [writer] */
kith_status txn_pass_revoke(struct txn *t, kith_id user, int64_t number, kith_error *e);
/* All that call this action about this record, whosever they are. [writer] */
kith_status txn_pass_revoke_about(struct txn *t, kith_str action, kith_id about, kith_error *e);
/* So that it tells who did what by which. [writer] */
kith_status pass_note(struct txn *t, const struct pass *p, const char *what, kith_error *e);

#endif
