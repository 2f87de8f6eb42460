/* SPDX-License-Identifier: Apache-2.0 */
/* Needs a library that needs a library that carries a second SQLite (see lib/). */
#include "hostile.h"

extern int kith_test_middle(void);

static kith_status start(kith_instance *self, kith_error *err) {
    (void)self, (void)err;
    return kith_test_middle();
}
HOSTILE("second_sqlite", .start = start)
