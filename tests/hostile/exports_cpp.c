/* SPDX-License-Identifier: Apache-2.0 */
/* Exports what a template of C++ would bring. */
#include "hostile.h"

KITH_EXPORT int _ZNSt6vectorIiSaIiEE4growEv(void);
int _ZNSt6vectorIiSaIiEE4growEv(void) {
    return 1;
}
HOSTILE("exports_cpp", .doc = NULL)
