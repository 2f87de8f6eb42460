/* SPDX-License-Identifier: Apache-2.0 */
/* Uses a function of a library that it does not name. The program happens to have it. */
#include "hostile.h"

extern void *json_object(void);

static kith_status start(kith_instance *self, kith_error *err) {
    (void)self, (void)err;
    return json_object() ? KITH_OK : KITH_E_NOMEM;
}
HOSTILE("not_linked", .start = start)
