/* SPDX-License-Identifier: Apache-2.0 */
/* Has a symbol of which the whole process keeps one, as templates of C++ have. */
#include "hostile.h"

__asm__(".pushsection .data\n"
        ".globl kith_the_only_one\n"
        ".type kith_the_only_one, @gnu_unique_object\n"
        "kith_the_only_one: .quad 0\n"
        ".size kith_the_only_one, 8\n"
        ".popsection");
HOSTILE("unique_symbol", .doc = NULL)
