/* SPDX-License-Identifier: Apache-2.0 */
/* Ends the process when it is asked what it declares. */
#include "hostile.h"
#include <unistd.h>

const kith_plugin_desc *kith_plugin_entry_v1(void) {
    _exit(0);
}
