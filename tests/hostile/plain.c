/* SPDX-License-Identifier: Apache-2.0 */
/* A shared object that is no plugin. */
#include <kith/plugin.h>

KITH_EXPORT int plain(void);
int plain(void) {
    return 1;
}
