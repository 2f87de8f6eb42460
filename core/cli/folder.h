/* SPDX-License-Identifier: Apache-2.0 */
/* Folder: what is done to one as a whole. Knows nothing of companies. */
#ifndef CLI_FOLDER_H
#define CLI_FOLDER_H

#include <stdbool.h>
#include <sys/types.h>

bool folder_is_empty(const char *path);  /* hidden files count */
void folder_remove(const char *path);    /* with all that is in it */
void folder_sync(const char *path);      /* which names are in it, for a power cut */
void folder_sync_tree(const char *path); /* and in those below */
/* Gives it and all that is in it to another user. */
bool folder_give(const char *path, uid_t user, gid_t group);

#endif
