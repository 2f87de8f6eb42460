/* SPDX-License-Identifier: Apache-2.0 */
/* Takes all the memory there is when it is asked what it declares. */
#include "hostile.h"
#include <stdlib.h>

const kith_plugin_desc *kith_plugin_entry_v1(void) {
    const size_t size = (size_t)64 << 20;
    for (volatile char *p; (p = malloc(size));)
        p[0] = 1; /* volatile: a compiler may leave out what nobody reads */
    abort();
}
