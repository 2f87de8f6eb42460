/* SPDX-License-Identifier: Apache-2.0 */
/* Runs code when it is loaded. */
#include "hostile.h"

static volatile int ran;
__attribute__((constructor)) static void at_load(void) {
    ran = 1;
}
HOSTILE("constructor", .doc = NULL)
