/* SPDX-License-Identifier: Apache-2.0 */
/* Has a description whose rows are nowhere. */
#include "hostile.h"
#include <stdint.h>

const kith_plugin_desc *kith_plugin_entry_v1(void) {
    static kith_plugin_desc desc = {.struct_size = sizeof desc,
                                    .abi_major = KITH_ABI_MAJOR,
                                    .version = 1,
                                    .name = "wild_pointers"};
    const uintptr_t nowhere = 4096;
    desc.types.items = (const void *)nowhere;
    desc.types.stride = sizeof(kith_type);
    desc.types.count = 3;
    return &desc;
}
