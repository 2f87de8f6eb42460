/* SPDX-License-Identifier: Apache-2.0 */
/* Never answers when it is asked what it declares. */
#include "hostile.h"
#include <unistd.h>

const kith_plugin_desc *kith_plugin_entry_v1(void) {
    for (;;)
        pause();
}
