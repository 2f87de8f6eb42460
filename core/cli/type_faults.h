/* SPDX-License-Identifier: Apache-2.0 */
/* Type faults: all that is wrong with what a company declares about types, found by leaving out one
 * faulty declaration after the other. */
#ifndef CLI_TYPE_FAULTS_H
#define CLI_TYPE_FAULTS_H

#include "cli/company.h"

#define TYPE_FAULTS_MAX 20u

/* Calls fn for each, at most TYPE_FAULTS_MAX, with its file, line (0: none) and sentence; what only
 * fails because a faulty one is left out is not told. A module's fault ends it untold: opening the
 * company says that. Gives their number. The company was read and not opened; nothing is written.
 * [main] */
size_t type_faults(const struct company *c,
                   void (*fn)(void *arg, const char *file, int line, const char *text), void *arg);

#endif
