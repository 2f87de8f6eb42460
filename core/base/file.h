/* SPDX-License-Identifier: Apache-2.0 */
/* File: what write(2) and rename(2) do not promise. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/str.h"

/* All of it, through signals and short writes; false: errno says why. */
bool write_all(int fd, kith_str bytes);
/* Gives a file another name on the same disk, but takes it from no file that is there: EEXIST. */
bool file_name_new(const char *from, const char *to);

#endif
