/* SPDX-License-Identifier: Apache-2.0 */
/* What a backup looks like, for those who write and read it: a tar archive of plain files, first
 * the manifest, which names the others in their order with size and digest. */
#ifndef CLI_BACKUP_H
#define CLI_BACKUP_H

#define BACKUP_MANIFEST "manifest.json"
#define BACKUP_MARK     "kith_backup" /* the member of the manifest that holds the format */
#define BACKUP_FORMAT   1
#define BACKUP_DIGEST   65 /* 64 hexadecimal digits of SHA-256 and NUL */

/* What belongs to a company beside kith.db: files and folders. */
#define BACKUP_PARTS 4
extern const char *const backup_parts[BACKUP_PARTS];

#endif
