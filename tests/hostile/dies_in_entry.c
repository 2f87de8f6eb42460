/* SPDX-License-Identifier: Apache-2.0 */
/* Crashes when it is asked what it declares. */
#include "hostile.h"
#include <stdlib.h>

const kith_plugin_desc *kith_plugin_entry_v1(void) {
    abort();
}
