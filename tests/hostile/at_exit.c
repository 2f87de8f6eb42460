/* SPDX-License-Identifier: Apache-2.0 */
/* Asks to be called at the exit. */
#include "hostile.h"
#include <stdlib.h>

static void at_end(void) {}

static kith_status start(kith_instance *self, kith_error *err) {
    (void)self, (void)err;
    return atexit(at_end) ? KITH_E_NOMEM : KITH_OK;
}
HOSTILE("at_exit", .start = start)
