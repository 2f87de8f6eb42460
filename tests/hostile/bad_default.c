/* SPDX-License-Identifier: Apache-2.0 */
/* Its action has a number with a word as its default. */
#include "hostile.h"

static kith_status create(const kith_host *host, kith_instance **self, kith_error *err) {
    (void)host, (void)err;
    *self = NULL;
    return KITH_OK;
}
static kith_status act(kith_instance *self, kith_call *call, kith_error *err) {
    (void)self, (void)call, (void)err;
    return KITH_OK;
}
static const kith_field params[] = {
    {.name = "size", .kind = KITH_F_INTEGER, .default_text = "large", .doc = "Any."}};
static const kith_action actions[] = {{"act", "Does nothing.", KITH_EFFECT_READ, 0, act,
                                       KITH_ARRAY(params), KITH_NO_ARRAY, KITH_NO_ARRAY, NULL}};
HOSTILE("bad_default", .create = create, .actions = KITH_ARRAY(actions))
