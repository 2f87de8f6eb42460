/* SPDX-License-Identifier: Apache-2.0 */
/* Has thread-local variables that need room in the program's own block. */
#include "hostile.h"

static __thread int kept __attribute__((tls_model("initial-exec")));

static kith_status start(kith_instance *self, kith_error *err) {
    (void)self, (void)err;
    return kept++ ? KITH_E_INVAL : KITH_OK;
}
HOSTILE("static_tls", .start = start)
