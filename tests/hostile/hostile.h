/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest description of a module, for bad plugins: each file changes what it is bad at. */
#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H

#include <kith/easy.h>
#include <kith/plugin.h>

#define HOSTILE(id, ...)                                                                           \
    static const kith_plugin_desc desc = {.struct_size = sizeof desc,                              \
                                          .abi_major = KITH_ABI_MAJOR,                             \
                                          .abi_minor = KITH_ABI_MINOR,                             \
                                          .version = 1,                                            \
                                          .name = id,                                              \
                                          .version_text = "1.0",                                   \
                                          .title = id,                                             \
                                          __VA_ARGS__};                                            \
    const kith_plugin_desc *kith_plugin_entry_v1(void) {                                           \
        return &desc;                                                                              \
    }

#endif
