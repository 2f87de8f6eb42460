/* SPDX-License-Identifier: Apache-2.0 */
/* Built for a contract that does not exist yet. */
#include <kith/plugin.h>

KITH_EXPORT const void *kith_plugin_entry_v2(void);
const void *kith_plugin_entry_v2(void) {
    return NULL;
}
