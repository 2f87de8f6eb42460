/* SPDX-License-Identifier: Apache-2.0 */
/* Exports one symbol too many. */
#include "hostile.h"

KITH_EXPORT int kith_helper(void);
int kith_helper(void) {
    return 1;
}
HOSTILE("two_exports", .doc = NULL)
