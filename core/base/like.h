/* SPDX-License-Identifier: Apache-2.0 */
/* Like: patterns with % for any characters and _ for one, in one way for the database and for what
 * is matched in memory. SQLite's own takes the product of the lengths, in one step that no deadline
 * ends: "%aaaa...b" in a long text of a's would hold a reader for minutes. */
#ifndef BASE_LIKE_H
#define BASE_LIKE_H

#include "base/str.h"
#include <stdbool.h>

#define LIKE_PATTERN_MAX 1000u /* bytes of a pattern; a longer one may be answered wrongly */

/* Case of ASCII letters is ignored; the text ends at a NUL. For each byte of the text it takes a
 * number of steps that is bounded, however the pattern was made up. */
bool like_match(kith_str pattern, kith_str s);

#endif
