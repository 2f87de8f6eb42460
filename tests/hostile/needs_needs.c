/* SPDX-License-Identifier: Apache-2.0 */
/* Requires a module that is out itself. */
#include "hostile.h"

static const kith_require needs[] = {{"needs_absent", 1, 0}};
HOSTILE("needs_needs", .requirements = KITH_ARRAY(needs))
