/* SPDX-License-Identifier: Apache-2.0 */
/* Wants a field before it says of which type. */
#include "hostile.h"

struct kith_instance {
    uint32_t name;
};

static const kith_want wants[] = {
    KITH_WANT(FIELD, "name", name),
};
HOSTILE("wants_no_type", .instance_size = sizeof(struct kith_instance), .wants = KITH_ARRAY(wants))
