/* SPDX-License-Identifier: Apache-2.0 */
/* Computes for ever when it is asked what it declares. */
#include "hostile.h"

const kith_plugin_desc *kith_plugin_entry_v1(void) {
    for (volatile int i = 0;; i++)
        ;
}
