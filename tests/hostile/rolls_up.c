/* SPDX-License-Identifier: Apache-2.0 */
/* Has how many contacts there are of an account told by a field of its own. */
#include "hostile.h"

static const kith_field fields[] = {
    {.name = "people", .kind = KITH_F_INTEGER, .rollup = "count(contact via account)"}};
static const kith_type types[] = {{.name = "account", .fields = KITH_ARRAY(fields), .extends = 1}};
HOSTILE("rolls_up", .types = KITH_ARRAY(types))
