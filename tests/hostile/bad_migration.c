/* SPDX-License-Identifier: Apache-2.0 */
/* Migrates to a version that it has not reached: the rename would never be made. */
#include "hostile.h"

static const kith_migration migrations[] = {
    {.version = 2, .kind = KITH_MIGRATE_RENAME_TYPE, .type = "old", .to = "new"}};
HOSTILE("bad_migration", .migrations = KITH_ARRAY(migrations))
