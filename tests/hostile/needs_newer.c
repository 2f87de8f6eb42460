/* SPDX-License-Identifier: Apache-2.0 */
/* Requires a later version of a module that is there. */
#include "hostile.h"

static const kith_require needs[] = {{"every_row", 7, 0}};
HOSTILE("needs_newer", .requirements = KITH_ARRAY(needs))
