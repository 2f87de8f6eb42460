/* SPDX-License-Identifier: Apache-2.0 */
/* Declares a report that nobody could ask for. */
#include "hostile.h"

static const kith_report reports[] = {
    {"towns", "Contacts by town.", "contact group by town : count()", NULL}};
HOSTILE("bad_report", .reports = KITH_ARRAY(reports))
