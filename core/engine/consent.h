/* SPDX-License-Identifier: Apache-2.0 */
/* Consents: what the files of this room share. A word is a record of type consent: a yes or a no of
 * one contact to one purpose. One word stands for each address of a contact and purpose, and one
 * for the contact as a whole: the newest. */
#ifndef ENGINE_CONSENT_H
#define ENGINE_CONSENT_H

#include "engine/engine_internal.h"
#include "record/suppression.h"

#define WORDS_MAX 10000 /* of one contact that are looked at */

struct word {
    kith_id id;
    const kith_value *values;
};
struct words {
    struct word *items;
    size_t count;
};
/* The records that link by a field to one, in the arena; all words of a contact. */
kith_status words_by(struct conn *c, const struct rfield *link, kith_id to, struct arena *a,
                     struct words *out, kith_error *e);
kith_status consent_words(struct conn *c, const struct schema *s, kith_id contact, struct arena *a,
                          struct words *out, kith_error *e);
bool word_is(const struct base_consent *k, const struct word *w, const char *state);
/* When it was said last: given, or withdrawn. */
int64_t word_time(const struct base_consent *k, const struct word *w);
static inline bool word_stands(const struct base_consent *k, const struct word *w) {
    return w->values[k->replaced_by->index].kind == KITH_NULL;
}
/* For the contact as a whole, and for no address. */
static inline bool word_of_whole(const struct base_consent *k, const struct word *w) {
    return w->values[k->address->index].kind == KITH_NULL;
}

/* Is it for this contact point? */
bool word_is_at(const struct base_consent *k, const kith_value *values, kith_id point);

/* May it have been said then, until then, from there? Empty values are passed over. */
kith_status consent_check(const kith_value *at, const kith_value *expires, const kith_value *ip,
                          int64_t now, kith_error *e);

/* An address as people write it, as contact points have it in `normal`. ptr NULL: no memory. */
kith_str consent_address(struct arena *a, kith_str written);

/* -- suppression.c: what was said for an address, whoever has it ------------------------------- */

/* Notes that somebody said no for it. by: how. */
kith_status suppress(struct txn *t, kith_str normal, kith_id purpose, int64_t at,
                     const kith_value *by, kith_error *e);
/* A contact has an address at a point: it gets the no that was said for it. */
kith_status suppression_apply(struct txn *t, kith_id contact, kith_id point,
                              const kith_value *normal, kith_error *e);
/* KITH_E_REFUSED: a yes said then, without what shows it, for an address that said no before. */
kith_status suppression_check(struct txn *t, kith_str normal, kith_id purpose, int64_t at,
                              kith_error *e);
/* A word stands that says yes: with what shows it, it ends what was said for its address before. */
kith_status suppressions_lift(struct txn *t, const struct word *w, kith_error *e);
/* That word is about to go, though its contact stays: what it had lifted holds again. */
kith_status suppressions_return(struct txn *t, const struct word *w, kith_error *e);
/* Was its address in the register before the word came, which says no? */
kith_status suppression_remembers(struct txn *t, const struct word *w, bool *yes, kith_error *e);

extern const struct own_action consent_actions[]; /* consent_actions.c */

#endif
