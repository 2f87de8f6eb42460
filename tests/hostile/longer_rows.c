/* SPDX-License-Identifier: Apache-2.0 */
/* Built with a later header: its description and its rows are longer than this host knows. */
#include "hostile.h"

struct later_field {
    kith_field now;
    const char *later;
};
struct later_type {
    kith_type now;
    uint64_t later[3];
};
struct later_desc {
    kith_plugin_desc now;
    kith_array later;
};
static const struct later_field fields[] = {
    {{"first", KITH_F_TEXT, 0, NULL, NULL, NULL, "One.", 0, 0, NULL, NULL, NULL, 0, 0}, "x"},
    {{"second", KITH_F_INTEGER, 0, NULL, NULL, NULL, "Two.", 0, 0, NULL, NULL, NULL, 0, 0}, "y"},
};
static const struct later_type types[] = {
    {{"longer", NULL, "A row.", "first", 0, 0, KITH_ARRAY(fields), KITH_NO_ARRAY, 0, 0}, {1, 2, 3}},
    {{"longest", NULL, "A row.", "second", 0, 0, KITH_ARRAY(fields), KITH_NO_ARRAY, 0, 0},
     {4, 5, 6}},
};
static const struct later_desc desc = {{.struct_size = sizeof desc,
                                        .abi_major = KITH_ABI_MAJOR,
                                        .abi_minor = KITH_ABI_MINOR + 1,
                                        .version = 1,
                                        .name = "longer_rows",
                                        .version_text = "1.0",
                                        .title = "Longer rows",
                                        .types = KITH_ARRAY(types)},
                                       {types, 1, 1}};
const kith_plugin_desc *kith_plugin_entry_v1(void) {
    return &desc.now;
}
