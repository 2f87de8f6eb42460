/* SPDX-License-Identifier: Apache-2.0 */
/* Requires a module that nobody has, and would be glad of another. */
#include "hostile.h"

static const kith_require needs[] = {{"nice_to_have", 1, KITH_REQ_OPTIONAL}, {"absent", 1, 0}};
HOSTILE("needs_absent", .requirements = KITH_ARRAY(needs))
