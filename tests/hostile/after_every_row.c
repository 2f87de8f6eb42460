/* SPDX-License-Identifier: Apache-2.0 */
/* A good module that requires another, and has a part for a third, where that is enabled. */
#include "hostile.h"

static const kith_report reports[] = {
    {.name = "all", .doc = "Everything.", .query = "thing"},
};
static const kith_part with_another = {
    .struct_size = sizeof with_another,
    .reports = KITH_ARRAY(reports),
    .module = "every_row, calls_another",
};
static const kith_part *const parts[] = {&with_another};
static const kith_require needs[] = {{"every_row", 1, 0}, {"calls_another", 1, KITH_REQ_OPTIONAL}};
HOSTILE("after_every_row", .requirements = KITH_ARRAY(needs), .parts = KITH_ARRAY(parts))
