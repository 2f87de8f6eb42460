/* SPDX-License-Identifier: Apache-2.0 */
/* Ends the process before it has made anything. */
#include "hostile.h"
#include <stdlib.h>

static kith_status create(const kith_host *host, kith_instance **self, kith_error *err) {
    (void)host, (void)self, (void)err;
    abort();
}
HOSTILE("crashes_in_create", .create = create)
