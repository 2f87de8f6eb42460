/* SPDX-License-Identifier: Apache-2.0 */
/* Uses a function that nobody has. */
#include "hostile.h"

extern int kith_nobody_has_this(void);

static kith_status start(kith_instance *self, kith_error *err) {
    (void)self, (void)err;
    return kith_nobody_has_this();
}
HOSTILE("nobody_has", .start = start)
