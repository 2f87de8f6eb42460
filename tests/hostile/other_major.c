/* SPDX-License-Identifier: Apache-2.0 */
/* Says in its description that it is of another major. */
#include "hostile.h"

static const kith_plugin_desc desc = {.struct_size = sizeof desc,
                                      .abi_major = 9,
                                      .version = 1,
                                      .name = "other_major",
                                      .version_text = "1.0",
                                      .title = "Other major"};
const kith_plugin_desc *kith_plugin_entry_v1(void) {
    return &desc;
}
