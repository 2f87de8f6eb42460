/* SPDX-License-Identifier: Apache-2.0 */
/* Carries what every copy of SQLite carries. */
#include "hostile.h"

static const char magic[] = "SQLite format 3";
HOSTILE("carries_sqlite", .doc = magic)
