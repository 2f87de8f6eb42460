/* SPDX-License-Identifier: Apache-2.0 */
/* File: what write(2) does not promise. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/str.h"

/* All of it, through signals and short writes; false: errno says why. */
bool write_all(int fd, kith_str bytes);

#endif
