/* SPDX-License-Identifier: Apache-2.0 */
/* Consents: what the files of this room share. A word is a record of type consent: a yes or a no of
 * one contact to one purpose. One word stands for each address of a contact and purpose, and one
 * for the contact as a whole: the newest. */
#ifndef ENGINE_CONSENT_H
#define ENGINE_CONSENT_H

#include "engine/engine_internal.h"

#define WORDS_MAX 10000 /* of one contact that are looked at */

struct word {
    kith_id id;
    const kith_value *values;
};
struct words {
    struct word *items;
    size_t count;
};
/* All words of a contact, in the arena. */
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

extern const struct own_action consent_actions[]; /* consent_actions.c */

#endif
