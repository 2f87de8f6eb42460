/* SPDX-License-Identifier: Apache-2.0 */
/* Wants a number behind the end of its instance. */
#include "hostile.h"

struct kith_instance {
    uint32_t contact;
};

static const kith_want wants[] = {
    KITH_WANT(TYPE, "contact", contact),
    {"contact : count()", KITH_W_QUERY, sizeof(struct kith_instance) - 2},
};
HOSTILE("wants_too_far", .instance_size = sizeof(struct kith_instance), .wants = KITH_ARRAY(wants))
