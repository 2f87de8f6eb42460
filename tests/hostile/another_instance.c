/* SPDX-License-Identifier: Apache-2.0 */
/* Makes an instance of its own in create(), though Kith made it one. */
#include "hostile.h"

struct kith_instance {
    const kith_host *host;
};
static kith_instance mine;

static kith_status create(const kith_host *host, kith_instance **self, kith_error *err) {
    (void)host, (void)err;
    *self = &mine;
    return KITH_OK;
}
static const kith_want wants[] = {KITH_WANT(HOST, NULL, host)};
HOSTILE("another_instance", .create = create, .instance_size = sizeof(struct kith_instance),
        .wants = KITH_ARRAY(wants))
