/* SPDX-License-Identifier: Apache-2.0 */
/* Declares a type that cannot be: it links to a type that nobody has. */
#include "hostile.h"

static const kith_field fields[] = {{.name = "to", .kind = KITH_F_LINK, .options = "nowhere"}};
static const kith_type types[] = {{.name = "lost", .fields = KITH_ARRAY(fields)}};
HOSTILE("bad_type", .types = KITH_ARRAY(types))
