/* SPDX-License-Identifier: Apache-2.0 */
/* Requires circle_a, which requires it. */
#include "hostile.h"

static const kith_require needs[] = {{"circle_a", 1, 0}};
HOSTILE("circle_b", .requirements = KITH_ARRAY(needs))
