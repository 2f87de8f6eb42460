/* SPDX-License-Identifier: Apache-2.0 */
/* Has an address in its code, as code that is built without -fPIC has. */
#include "hostile.h"

__asm__(".pushsection .text\n"
        ".quad kith_plugin_entry_v1\n"
        ".popsection");
HOSTILE("text_relocation", .doc = NULL)
