/* SPDX-License-Identifier: Apache-2.0 */
/* Reading backups: of each its manifest first, then every file that it names. The hashes of the
 * blocks are kept along the way, so that after each backup it is known that the database is what it
 * was when that was made, and no byte is read twice. */
#include "cli/unpack.h"
#include "base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define CHUNK (1u << 18)

struct reading {
    struct cmd *c;
    struct archive ar;
    const char *folder; /* NULL: nothing is written */
    bool last;          /* of the series: its settings count */
    bool based;         /* it has blocks in the place of the database */
    bool held;          /* it brought a database, or blocks */
    int db;             /* -1: not open */
    char *chunk;
    unsigned char key[BLOCK_KEY];
    bool keyed;            /* it has hashes */
    bool blind;            /* what it is based on is sealed and was not opened */
    bool alone;            /* what it is based on is not at hand */
    unsigned char *hashes; /* of the database as it is after the last backup */
    uint64_t blocks;
    uint64_t done, total;
};

static kith_status not_as_told(const struct reading *r, kith_error *e) {
    return err_set(e, KITH_E_CORRUPT, NULL,
                   "the backup '%s' does not hold what its manifest says; take another one",
                   r->ar.head.file);
}

static kith_status not_written(const struct reading *r, const char *name, kith_error *e) {
    int number = errno;
    const char *path = arena_printf(&r->c->arena, "%s/%s", r->folder, name);
    errno = number;
    return err_errno(e, "write", path ? path : name);
}

static kith_status get(struct reading *r, size_t n, crypto_hash_sha256_state *sum, kith_error *e) {
    char line[80];
    TRY(archive_get(&r->ar, r->chunk, n, e));
    crypto_hash_sha256_update(sum, (const unsigned char *)r->chunk, n);
    r->done += n;
    snprintf(line, sizeof line, "%.1f of %.1f MB read", (double)r->done / 1e6,
             (double)r->total / 1e6);
    io_progress(r->c->io, line);
    return KITH_OK;
}

/* -- room -------------------------------------------------------------------------------------- */

static kith_status check_room(struct reading *r, kith_error *e) {
    struct statvfs fs;
    struct told told;
    bool end = false;
    uint64_t needed = 0;
    r->total = r->done;
    for (size_t i = 0; !end; i++) {
        TRY(archive_told(&r->ar, i, &told, &end, e));
        r->total += end ? 0 : told.size;
        bool written = !end && (r->last || strcmp(told.name, BACKUP_DATABASE) == 0) &&
                       strcmp(told.name, BACKUP_CHANGED) != 0;
        needed += written ? told.size : 0;
    }
    uint64_t before = r->blocks * BACKUP_BLOCK;
    if (r->based && r->ar.head.database > before)
        needed += r->ar.head.database - before;
    if (!r->folder || statvfs(r->folder, &fs) != 0 || fs.f_bavail * fs.f_frsize >= needed)
        return KITH_OK;
    return err_set(
        e, KITH_E_FULL, NULL,
        "the backup needs %.1f MB, and the disk of '%.*s' has only %.1f MB free: make room"
        " there",
        (double)needed / 1e6, (int)(strrchr(r->folder, '/') - r->folder), r->folder,
        (double)(fs.f_bavail * fs.f_frsize) / 1e6);
}

/* -- settings and rules ------------------------------------------------------------------------ */

/* A name from outside may lead anywhere. */
static bool is_part(const char *name) {
    kith_str rest = str_of(name), part;
    bool known = false;
    for (size_t i = 0; i < BACKUP_PARTS; i++) {
        size_t n = strlen(backup_parts[i]);
        known |= strncmp(name, backup_parts[i], n) == 0 && (name[n] == '/' || name[n] == '\0');
    }
    if (!known || name[strlen(name) - 1] == '/')
        return false;
    while (str_split(&rest, '/', &part))
        if (part.len == 0 || str_eqz(part, ".") || str_eqz(part, ".."))
            return false;
    return true;
}

static kith_status make_way(char *path, size_t folder, kith_error *e) {
    for (char *slash = path + folder + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return err_errno(e, "make the folder", path);
    }
    return KITH_OK;
}

static kith_status make_file(struct reading *r, const char *name, int *fd, kith_error *e) {
    char *path = arena_printf(&r->c->arena, "%s/%s", r->folder, name);
    if (!path)
        return err_nomem(e);
    TRY(make_way(path, strlen(r->folder), e));
    *fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return *fd >= 0 ? KITH_OK : err_errno(e, "write", path);
}

static kith_status read_part(struct reading *r, const struct told *told,
                             crypto_hash_sha256_state *sum, kith_error *e) {
    int fd = -1;
    kith_status st = KITH_OK;
    if (r->folder && r->last)
        TRY(make_file(r, told->name, &fd, e));
    for (uint64_t left = told->size; st == KITH_OK && left > 0;) {
        size_t n = left < CHUNK ? (size_t)left : CHUNK;
        st = get(r, n, sum, e);
        if (st == KITH_OK && fd >= 0 && !write_all(fd, (kith_str){r->chunk, n}))
            st = not_written(r, told->name, e);
        left -= n;
    }
    if (st == KITH_OK && fd >= 0 && fsync(fd) != 0)
        st = not_written(r, told->name, e);
    if (fd >= 0)
        close(fd);
    return st;
}

/* -- the database ------------------------------------------------------------------------------ */

static kith_status keep_hash(struct reading *r, uint64_t number, const char *block, size_t size,
                             kith_error *e) {
    unsigned char whole[BACKUP_BLOCK];
    if (!r->keyed)
        return KITH_OK;
    if (number >= r->ar.head.blocks)
        return not_as_told(r, e);
    memcpy(whole, block, size);
    memset(whole + size, 0, sizeof whole - size);
    backup_hash(r->key, whole, r->hashes + number * BACKUP_HASH);
    return KITH_OK;
}

static kith_status write_block(struct reading *r, const char *bytes, size_t n, uint64_t at,
                               kith_error *e) {
    while (r->db >= 0 && n > 0) {
        ssize_t put = pwrite(r->db, bytes, n, (off_t)at);
        if (put < 0 && errno != EINTR)
            return not_written(r, BACKUP_DATABASE, e);
        size_t done = put > 0 ? (size_t)put : 0;
        bytes += done;
        at += done;
        n -= done;
    }
    return KITH_OK;
}

static kith_status read_database(struct reading *r, const struct told *told,
                                 crypto_hash_sha256_state *sum, kith_error *e) {
    if (r->based || r->held || (r->keyed && told->size != r->ar.head.database))
        return not_as_told(r, e);
    r->held = true;
    if (r->folder)
        TRY(make_file(r, told->name, &r->db, e));
    for (uint64_t at = 0; at < told->size;) {
        size_t n = told->size - at < CHUNK ? (size_t)(told->size - at) : CHUNK;
        TRY(get(r, n, sum, e));
        TRY(write_block(r, r->chunk, n, at, e));
        for (size_t i = 0; i < n; i += BACKUP_BLOCK)
            TRY(keep_hash(r, (at + i) / BACKUP_BLOCK, r->chunk + i,
                          n - i < BACKUP_BLOCK ? n - i : BACKUP_BLOCK, e));
        at += n;
    }
    return KITH_OK;
}

static uint64_t number_of(const char *bytes) {
    uint64_t n = 0;
    for (int i = BACKUP_NUMBER - 1; i >= 0; i--)
        n = n << 8 | (unsigned char)bytes[i];
    return n;
}

static kith_status read_changed(struct reading *r, const struct told *told,
                                crypto_hash_sha256_state *sum, kith_error *e) {
    const size_t item = BACKUP_NUMBER + BACKUP_BLOCK;
    if (!r->based || r->held || !r->keyed || told->size % item != 0)
        return not_as_told(r, e);
    r->held = true;
    for (uint64_t left = told->size / item; left > 0; left--) {
        TRY(get(r, item, sum, e));
        uint64_t number = number_of(r->chunk);
        TRY(keep_hash(r, number, r->chunk + BACKUP_NUMBER, BACKUP_BLOCK, e));
        TRY(write_block(r, r->chunk + BACKUP_NUMBER, BACKUP_BLOCK, number * BACKUP_BLOCK, e));
    }
    return KITH_OK;
}

/* Room for the hashes of this backup: those of the base, cut or followed by none. */
static kith_status resize(struct reading *r, kith_error *e) {
    uint64_t blocks = r->ar.head.blocks;
    if (!r->keyed)
        return KITH_OK;
    unsigned char *more = realloc(r->hashes, blocks * BACKUP_HASH);
    if (!more)
        return err_nomem(e);
    if (blocks > r->blocks)
        memset(more + r->blocks * BACKUP_HASH, 0, (blocks - r->blocks) * BACKUP_HASH);
    r->hashes = more;
    r->blocks = blocks;
    return KITH_OK;
}

static kith_status check_hashes(struct reading *r, kith_error *e) {
    const unsigned char *told = r->ar.hashes;
    if (!r->held)
        return not_as_told(r, e);
    for (uint64_t i = 0; r->keyed && !r->blind && !(r->alone && r->based) && i < r->blocks; i++)
        if (memcmp(r->hashes + i * BACKUP_HASH, told + i * BACKUP_HASH, BACKUP_HASH) != 0)
            return err_set(e, KITH_E_CORRUPT, NULL,
                           "block %llu of the database is not what it was when '%s' was made: this"
                           " backup or one that it is based on was changed; take another one",
                           (unsigned long long)i, r->ar.head.file);
    if (r->db >= 0 && r->keyed && ftruncate(r->db, (off_t)r->ar.head.database) != 0)
        return not_written(r, BACKUP_DATABASE, e);
    return KITH_OK;
}

/* -- one backup -------------------------------------------------------------------------------- */

static kith_status read_file(struct reading *r, const struct told *told, kith_error *e) {
    crypto_hash_sha256_state sum;
    unsigned char raw[crypto_hash_sha256_BYTES];
    char digest[BACKUP_DIGEST];
    TRY(archive_enter(&r->ar, told, e));
    crypto_hash_sha256_init(&sum);
    if (strcmp(told->name, BACKUP_DATABASE) == 0)
        TRY(read_database(r, told, &sum, e));
    else if (strcmp(told->name, BACKUP_CHANGED) == 0)
        TRY(read_changed(r, told, &sum, e));
    else if (is_part(told->name))
        TRY(read_part(r, told, &sum, e));
    else
        return not_as_told(r, e);
    crypto_hash_sha256_final(&sum, raw);
    sodium_bin2hex(digest, sizeof digest, raw, sizeof raw);
    TRY(archive_leave(&r->ar, told, e));
    return strcmp(digest, told->sha256) == 0 ? KITH_OK : archive_damaged(&r->ar, told->name, e);
}

static kith_status take_key(struct reading *r, kith_error *e) {
    const char *hex =
        json_string_value(json_object_get(json_object_get(r->ar.manifest, "blocks"), "key"));
    size_t n = 0;
    r->keyed = *r->ar.head.id != '\0';
    if (!r->keyed)
        return KITH_OK;
    if (!hex || sodium_hex2bin(r->key, sizeof r->key, hex, strlen(hex), NULL, &n, NULL) != 0 ||
        n != sizeof r->key)
        return not_as_told(r, e);
    return KITH_OK;
}

static kith_status read_files(struct reading *r, kith_error *e) {
    struct told told;
    bool end = false, sealed = *r->ar.head.recipient;
    TRY(take_key(r, e));
    TRY(check_room(r, e));
    TRY(resize(r, e));
    /* In the open the hashes, which have been read, are the first file. */
    for (size_t i = r->keyed && !sealed ? 1 : 0;; i++) {
        TRY(archive_told(&r->ar, i, &told, &end, e));
        if (end)
            break;
        TRY(read_file(r, &told, e));
    }
    TRY(archive_end(&r->ar, e));
    return check_hashes(r, e);
}

static kith_status read_backup(struct reading *r, const struct seal_key *key, struct unpacked *out,
                               kith_error *e) {
    struct archive *ar = &r->ar;
    TRY(archive_hashes(ar, e));
    r->based = *ar->head.base;
    r->held = false;
    if (*ar->head.recipient && !key && !r->folder) {
        r->blind = true;
        out->opened = false;
        return archive_check_sealed(ar, e);
    }
    if (*ar->head.recipient && !key)
        return err_set(e, KITH_E_DENIED, NULL,
                       "'%s' is sealed to %s: give the file with the secret key with --key FILE",
                       ar->head.file, ar->head.recipient);
    if (*ar->head.recipient)
        TRY(archive_unseal(ar, key, e));
    return read_files(r, e);
}

static void take_figures(const struct reading *r, struct unpacked *out) {
    const struct backup_head *h = &r->ar.head;
    out->kith = h->kith;
    out->made = *h->made ? h->made : "?";
    out->at = h->at;
    out->journal = h->journal;
    out->anchor = h->anchor;
    out->origin = h->origin;
    out->records = h->records;
    out->blocks = h->blocks;
}

static kith_status follows(const struct reading *r, const char *before, bool alone, kith_error *e) {
    const struct backup_head *h = &r->ar.head;
    if (strcmp(h->base, before) == 0 || alone)
        return KITH_OK;
    return err_set(e, KITH_E_NOTFOUND, NULL,
                   *before ? "'%s' is not based on the backup before it, but on '%s': name that one"
                           : "'%s' holds only what has changed since '%s': name that one, too",
                   h->file, h->base_file);
}

static kith_status read_series(struct reading *r, struct io *io, const struct series *series,
                               const struct seal_key *key, struct unpacked *out, kith_error *e) {
    const char *before = "";
    for (size_t i = 0; i < series->count; i++) {
        r->last = i + 1 == series->count;
        kith_status st = archive_open(&r->ar, io, &r->c->arena, series->files[i], e);
        if (st == KITH_OK)
            st = follows(r, before, series->alone, e);
        if (st == KITH_OK)
            st = read_backup(r, key, out, e);
        if (st == KITH_OK)
            take_figures(r, out);
        before = r->ar.head.id;
        archive_close(&r->ar);
        TRY(st);
    }
    return r->db < 0 || fsync(r->db) == 0 ? KITH_OK : not_written(r, BACKUP_DATABASE, e);
}

kith_status unpack(struct cmd *c, struct io *io, const struct series *series,
                   const struct seal_key *key, const char *folder, struct unpacked *out,
                   kith_error *e) {
    struct reading r = {.c = c, .folder = folder, .db = -1, .chunk = arena_alloc(&c->arena, CHUNK)};
    if (!r.chunk)
        return err_nomem(e);
    *out = (struct unpacked){.opened = true};
    r.alone = series->alone;
    kith_status st = read_series(&r, io, series, key, out, e);
    if (r.db >= 0)
        close(r.db);
    free(r.hashes);
    sodium_memzero(r.key, sizeof r.key);
    return st;
}
