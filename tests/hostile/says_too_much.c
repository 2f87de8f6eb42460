/* SPDX-License-Identifier: Apache-2.0 */
/* Has more to say than anybody would read. */
#include "hostile.h"

#define MUCH (9u << 20)
static char text[MUCH];

const kith_plugin_desc *kith_plugin_entry_v1(void) {
    static kith_plugin_desc desc = {.struct_size = sizeof desc,
                                    .abi_major = KITH_ABI_MAJOR,
                                    .version = 1,
                                    .name = "says_too_much",
                                    .doc = text};
    memset(text, 'x', MUCH - 1);
    return &desc;
}
