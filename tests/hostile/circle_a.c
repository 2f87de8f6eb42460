/* SPDX-License-Identifier: Apache-2.0 */
/* Requires circle_b, which requires it. */
#include "hostile.h"

static const kith_require needs[] = {{"circle_b", 1, 0}};
HOSTILE("circle_a", .requirements = KITH_ARRAY(needs))
