/* SPDX-License-Identifier: Apache-2.0 */
/* Declares a report with a column that its records do not have. */
#include "hostile.h"

static const kith_report reports[] = {{"named", "Contacts.", "contact", "id,name,account.town"}};
HOSTILE("bad_columns", .reports = KITH_ARRAY(reports))
