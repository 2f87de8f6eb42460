/* SPDX-License-Identifier: Apache-2.0 */
/* What quotes that are accepted by a link ask for: see accept.c. */
#ifndef SALES_ACCEPT_H
#define SALES_ACCEPT_H

#include <kith/easy.h>

/* clang-format off */
#define SHOWN_LINE(X)   X(product) X(description) X(quantity) X(unit_price) X(discount) X(tax_rate) X(net) \
                        X(tax) X(total)
#define ACCEPTED(X)     X(accepted_by) X(declined_by) X(accepted_from) X(answer)
/* clang-format on */

KITH_RECORD(shown_line, SHOWN_LINE);
KITH_RECORD(accepted, ACCEPTED);

struct accepts {
    const kith_links_v1 *links;
    struct shown_line_numbers line;
    struct accepted_numbers quote; /* the fields that accept.c adds */
    uint32_t lines_of;
};

#endif
