/* SPDX-License-Identifier: Apache-2.0 */
/* Declares a setting whose default is none. */
#include "hostile.h"

static const kith_setting settings[] = {
    {.key = "size", .kind = KITH_INT, .default_text = "big", .doc = "How big."}};
HOSTILE("bad_setting", .settings = KITH_ARRAY(settings))
