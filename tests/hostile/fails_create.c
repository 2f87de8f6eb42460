/* SPDX-License-Identifier: Apache-2.0 */
/* Fails in create, and says why. */
#include "hostile.h"

static kith_status create(const kith_host *host, kith_instance **self, kith_error *err) {
    (void)host, (void)self;
    return kith_fail(err, KITH_E_INVAL, NULL, "the moon is not full");
}
HOSTILE("fails_create", .create = create)
