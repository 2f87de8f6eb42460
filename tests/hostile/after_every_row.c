/* SPDX-License-Identifier: Apache-2.0 */
/* A good module that requires another. */
#include "hostile.h"

static const kith_require needs[] = {{"every_row", 1, 0}};
HOSTILE("after_every_row", .requirements = KITH_ARRAY(needs))
