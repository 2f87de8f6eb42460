/* SPDX-License-Identifier: Apache-2.0 */
/* Disk: files and folders of this process, each done as a whole. Knows nothing of companies. */
#ifndef CLI_DISK_H
#define CLI_DISK_H

#include <kith/plugin.h>
#include <stdbool.h>
#include <sys/types.h>

bool write_all(int fd, kith_str bytes); /* false: errno says why */

bool folder_is_empty(const char *path);  /* hidden files count */
void folder_remove(const char *path);    /* with all that is in it */
void folder_sync(const char *path);      /* which names are in it, for a power cut */
void folder_sync_tree(const char *path); /* and in those below */
/* Gives it and all that is in it to another user. */
bool folder_give(const char *path, uid_t user, gid_t group);

#endif
