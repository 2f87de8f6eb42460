/* SPDX-License-Identifier: Apache-2.0 */
/* Says that its description has four bytes. */
#include "hostile.h"

static const kith_plugin_desc desc = {.struct_size = 4};
const kith_plugin_desc *kith_plugin_entry_v1(void) {
    return &desc;
}
