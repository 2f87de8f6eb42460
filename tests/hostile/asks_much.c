/* SPDX-License-Identifier: Apache-2.0 */
/* Asks for rights to what only other modules bring, or nobody. */
#include "hostile.h"

static const kith_permission permissions[] = {{"read:absent", "Looks at it where it is there."},
                                              {"phone:home", "Is nothing that Kith knows."}};
HOSTILE("asks_much", .permissions = KITH_ARRAY(permissions))
