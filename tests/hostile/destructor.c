/* SPDX-License-Identifier: Apache-2.0 */
/* Runs code at the exit. */
#include "hostile.h"

static volatile int ran;
__attribute__((destructor)) static void at_end(void) {
    ran = 1;
}
HOSTILE("destructor", .doc = NULL)
