/* SPDX-License-Identifier: Apache-2.0 */
/* Writes to every file that is open when it is asked what it declares. */
#include "hostile.h"
#include <unistd.h>

static const kith_plugin_desc desc = {.struct_size = sizeof desc,
                                      .abi_major = KITH_ABI_MAJOR,
                                      .version = 1,
                                      .name = "prints_in_entry"};

const kith_plugin_desc *kith_plugin_entry_v1(void) {
    static const char text[] = "I was here";
    for (int fd = 0; fd < 1024; fd++)
        if (write(fd, text, sizeof text) < 0)
            continue;
    return &desc;
}
