/* SPDX-License-Identifier: Apache-2.0 */
/* What a backup looks like, for those who write and read it: a tar archive of plain files.
 *
 *   manifest.json   which backup it is, what it is based on, and the other files in their order
 *                   with size and digest; and its own digest, "sum", made with zeros in that place
 *   kith.blocks     a keyed hash for each block of the database as it was
 *   kith.conf, ...  settings and rules
 *   kith.db         the database; or, in one that is based on another, instead of it
 *   kith.changed    the blocks that are others than in the base: number and content of each
 *
 * One that is sealed holds such an archive, encrypted, in an archive of the same form:
 *
 *   manifest.json   what can be known without the key
 *   kith.blocks     as above: the next backup is made by them, without the key
 *   backup.sealed   an archive with the manifest and what follows the hashes (see seal.h)
 *   backup.sha256   the digest of that, so that damage is found without the key, too */
#ifndef CLI_BACKUP_H
#define CLI_BACKUP_H

#include "base/json.h"
#include "cli/cli_io.h"
#include "cli/pack.h"
#include "cli/seal.h"
#include "record/block_key.h"

#define BACKUP_MANIFEST "manifest.json"
#define BACKUP_BLOCKS   "kith.blocks"
#define BACKUP_DATABASE "kith.db"
#define BACKUP_CHANGED  "kith.changed"
#define BACKUP_SEALED   "backup.sealed"
#define BACKUP_SUM      "backup.sha256"
#define BACKUP_MARK     "kith_backup" /* the member of the manifest that holds the format */
#define BACKUP_FORMAT   2             /* 1: without hashes of the blocks; such a one is no base */
#define BACKUP_DIGEST   65            /* 64 hexadecimal digits of SHA-256 and NUL */
#define BACKUP_NO_SUM   "0000000000000000000000000000000000000000000000000000000000000000"
#define BACKUP_BLOCK    4096 /* bytes of the database that are compared together */
#define BACKUP_HASH     16   /* bytes of the hash of a block */
#define BACKUP_NUMBER   8    /* bytes of a block's number, the lowest first */
#define BACKUP_ID       33   /* 32 hexadecimal digits and NUL */
#define BACKUP_ORIGIN   17   /* 16 of them and NUL */

/* What belongs to a company beside kith.db: files and folders. */
#define BACKUP_PARTS 5
extern const char *const backup_parts[BACKUP_PARTS];

/* From a manifest; texts in the archive's arena, "" where there is none. */
struct backup_head {
    const char *file;               /* that it was read from */
    const char *origin;             /* of which company: see backup_origin; "": not known */
    const char *id;                 /* "": of format 1 */
    const char *base, *base_file;   /* "": it is a full one */
    const char *kith, *made, *zone; /* zone: the company's */
    int64_t at;                     /* made, ms UTC; 0: not known */
    uint64_t journal, records, blocks, database; /* blocks and bytes of the database */
    const char *anchor;    /* of the journal's chain, "SEQ:HEX"; "": there was none */
    const char *recipient; /* "": it is not sealed */
    kith_str mark;         /* that it is of a company whose block key is known */
};

struct archive {
    struct io *io;
    struct arena *arena;
    int file; /* -1: not open */
    struct backup_head head;
    kith_str text;         /* of the manifest in the open */
    json_t *manifest;      /* the one with the files; of a sealed one after archive_unseal */
    unsigned char *hashes; /* head.blocks of BACKUP_HASH bytes, once they are read; the archive's */
    struct unsealing *unsealing;
    crypto_hash_sha256_state *sum; /* of what is read; NULL: nobody wants to know */
};

/* A file as the manifest tells of it. */
struct told {
    const char *name, *sha256;
    uint64_t size;
};

/* Opens a backup and reads its manifest. KITH_E_CORRUPT: it is none. KITH_E_UNSUPPORTED: a newer
 * Kith made it. Close it in any case. */
kith_status archive_open(struct archive *ar, struct io *io, struct arena *a, const char *path,
                         kith_error *e);
void archive_close(struct archive *ar);
/* The hashes, which stand behind the manifest; of format 1 none. */
kith_status archive_hashes(struct archive *ar, kith_error *e);
/* From here on what is sealed is read, from its manifest on. KITH_E_DENIED: by another key. */
kith_status archive_unseal(struct archive *ar, const struct seal_key *key, kith_error *e);
/* Reads what is sealed without opening it, and compares its digest. */
kith_status archive_check_sealed(struct archive *ar, kith_error *e);
/* The i-th file of the manifest. KITH_E_CORRUPT: it cannot be that. *end: there is none. */
kith_status archive_told(const struct archive *ar, size_t i, struct told *out, bool *end,
                         kith_error *e);
/* The header of that file must come next. */
kith_status archive_enter(struct archive *ar, const struct told *told, kith_error *e);
kith_status archive_get(struct archive *ar, char *dst, size_t n, kith_error *e); /* exactly n */
kith_status archive_leave(struct archive *ar, const struct told *told, kith_error *e);
/* Nothing may follow what is sealed. */
kith_status archive_end(struct archive *ar, kith_error *e);
kith_status archive_damaged(const struct archive *ar, const char *name, kith_error *e);

/* The hash of a block: the last one of a database may be shorter, and is filled up with zeros. */
void backup_hash(const unsigned char key[BLOCK_KEY], const unsigned char block[BACKUP_BLOCK],
                 unsigned char hash[BACKUP_HASH]);
/* The digest of a manifest that has zeros in the place of it. */
void backup_sum(kith_str manifest, char sum[BACKUP_DIGEST]);
/* Which company it is of: says nothing of the key. */
void backup_origin(const unsigned char key[BLOCK_KEY], char origin[BACKUP_ORIGIN]);
/* Marks the hashes of a backup as made with the key. */
void backup_mark(const unsigned char key[BLOCK_KEY], const char *id, const unsigned char *hashes,
                 uint64_t blocks, unsigned char mark[BACKUP_HASH]);
/* What a sealed stream is bound to. */
void backup_binds(kith_str manifest, const unsigned char *hashes, uint64_t blocks,
                  unsigned char binds[SEAL_BINDS]);

#endif
