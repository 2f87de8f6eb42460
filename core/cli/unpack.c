/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a backup: its manifest first, then each file that it names. */
#include "cli/unpack.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/backup.h"
#include "cli/pack.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MANIFEST_MAX (16u << 20) /* bytes */
#define CHUNK        (1u << 18)

const char *const backup_parts[BACKUP_PARTS] = {"README", "conf.d", "kith.conf", "rules"};

struct reading {
    struct cmd *c;
    const char *folder;
    int file;
    char *chunk;
    json_t *manifest;
    uint64_t done, total;
};

/* -- bytes ------------------------------------------------------------------------------------- */

static kith_status cut_off(struct reading *r, kith_error *e) {
    return err_set(e, KITH_E_CORRUPT, NULL, "the backup '%s' is cut off; take another one",
                   r->c->args[0]);
}

static kith_status no_backup(struct reading *r, kith_error *e) {
    return err_set(e, KITH_E_CORRUPT, NULL,
                   "'%s' is no backup of Kith; one that was compressed must be decompressed first",
                   r->c->args[0]);
}

/* Exactly so many bytes. */
static kith_status get(struct reading *r, char *dst, size_t n, kith_error *e) {
    while (n > 0) {
        size_t got = 0;
        TRY(io_check(r->c->io, e));
        TRY(r->c->io->ops->read(r->c->io, r->file, dst, n, &got, e));
        if (got == 0)
            return cut_off(r, e);
        dst += got;
        n -= got;
    }
    return KITH_OK;
}

static kith_status skip_padding(struct reading *r, uint64_t size, kith_error *e) {
    char rest[PACK_BLOCK];
    return get(r, rest, pack_padding(size), e);
}

static kith_status get_header(struct reading *r, struct pack_entry *entry, bool *end,
                              kith_error *e) {
    char block[PACK_BLOCK];
    TRY(get(r, block, sizeof block, e));
    return pack_parse(block, entry, end, e);
}

/* -- the manifest ------------------------------------------------------------------------------ */

static kith_status check_version(struct reading *r, kith_error *e) {
    json_int_t format = json_integer_value(json_object_get(r->manifest, BACKUP_MARK));
    json_int_t database = json_integer_value(json_object_get(r->manifest, "database_format"));
    const char *kith = json_string_value(json_object_get(r->manifest, "kith"));
    if (format < 1 || !kith || !json_is_array(json_object_get(r->manifest, "files")))
        return no_backup(r, e);
    if (format > BACKUP_FORMAT || database > STORE_FORMAT)
        return err_set(e, KITH_E_UNSUPPORTED, NULL,
                       "'%s' was made by Kith %s, and this is %s: install the newer one",
                       r->c->args[0], kith, KITH_VERSION);
    return KITH_OK;
}

static kith_status read_manifest(struct reading *r, kith_error *e) {
    struct pack_entry entry;
    bool end;
    if (get_header(r, &entry, &end, NULL) != KITH_OK || end ||
        strcmp(entry.name, BACKUP_MANIFEST) != 0 || entry.size > MANIFEST_MAX)
        return no_backup(r, e);
    char *text = arena_alloc(&r->c->arena, entry.size + 1);
    if (!text)
        return err_nomem(e);
    TRY(get(r, text, (size_t)entry.size, e));
    TRY(skip_padding(r, entry.size, e));
    if (json_read((kith_str){text, entry.size}, &r->manifest, NULL) != KITH_OK)
        return no_backup(r, e);
    return check_version(r, e);
}

static void take_figures(struct reading *r, struct unpacked *out) {
    const char *key, *made = json_string_value(json_object_get(r->manifest, "made"));
    json_t *count;
    out->kith = arena_strdup(&r->c->arena, json_string_value(json_object_get(r->manifest, "kith")));
    out->made = arena_strdup(&r->c->arena, made ? made : "?");
    out->journal = (uint64_t)json_integer_value(json_object_get(r->manifest, "journal"));
    json_object_foreach(json_object_get(r->manifest, "records"), key, count) {
        out->records += (uint64_t)json_integer_value(count);
    }
}

static kith_status check_room(struct reading *r, kith_error *e) {
    struct statvfs fs;
    size_t i;
    json_t *file;
    json_array_foreach(json_object_get(r->manifest, "files"), i, file) {
        r->total += (uint64_t)json_integer_value(json_object_get(file, "size"));
    }
    if (statvfs(r->folder, &fs) != 0 || fs.f_bavail * fs.f_frsize >= r->total)
        return KITH_OK;
    return err_set(
        e, KITH_E_FULL, NULL,
        "the backup needs %.1f MB, and the disk of '%.*s' has only %.1f MB free: make room"
        " there",
        (double)r->total / 1e6, (int)(strrchr(r->folder, '/') - r->folder), r->folder,
        (double)(fs.f_bavail * fs.f_frsize) / 1e6);
}

/* -- files ------------------------------------------------------------------------------------- */

/* A name from outside may lead anywhere. */
static bool is_ours(const char *name) {
    kith_str rest = str_of(name), part;
    if (strcmp(name, "kith.db") == 0)
        return true;
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

static kith_status copy_out(struct reading *r, int fd, const char *path, uint64_t size,
                            char digest[BACKUP_DIGEST], kith_error *e) {
    crypto_hash_sha256_state state;
    unsigned char raw[crypto_hash_sha256_BYTES];
    char line[80];
    crypto_hash_sha256_init(&state);
    while (size > 0) {
        size_t n = size < CHUNK ? (size_t)size : CHUNK;
        TRY(get(r, r->chunk, n, e));
        if (!write_all(fd, (kith_str){r->chunk, n}))
            return err_errno(e, "write", path);
        crypto_hash_sha256_update(&state, (const unsigned char *)r->chunk, n);
        size -= n;
        r->done += n;
        snprintf(line, sizeof line, "%.1f of %.1f MB read", (double)r->done / 1e6,
                 (double)r->total / 1e6);
        io_progress(r->c->io, line);
    }
    crypto_hash_sha256_final(&state, raw);
    sodium_bin2hex(digest, BACKUP_DIGEST, raw, sizeof raw);
    return fsync(fd) == 0 ? KITH_OK : err_errno(e, "write", path);
}

static kith_status unpack_file(struct reading *r, const struct pack_entry *entry,
                               char digest[BACKUP_DIGEST], kith_error *e) {
    char *path = arena_printf(&r->c->arena, "%s/%s", r->folder, entry->name);
    if (!path)
        return err_nomem(e);
    TRY(make_way(path, strlen(r->folder), e));
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(e, "write", path);
    kith_status st = copy_out(r, fd, path, entry->size, digest, e);
    close(fd);
    return st == KITH_OK ? skip_padding(r, entry->size, e) : st;
}

static kith_status unpack_next(struct reading *r, const json_t *told, kith_error *e) {
    const char *name = json_string_value(json_object_get(told, "name"));
    const char *sha256 = json_string_value(json_object_get(told, "sha256"));
    uint64_t size = (uint64_t)json_integer_value(json_object_get(told, "size"));
    struct pack_entry entry;
    char digest[BACKUP_DIGEST];
    bool end;
    TRY(get_header(r, &entry, &end, e));
    if (end)
        return cut_off(r, e);
    if (!name || !sha256 || strcmp(name, entry.name) != 0 || size != entry.size || !is_ours(name))
        return err_set(e, KITH_E_CORRUPT, NULL,
                       "the backup '%s' does not hold what its manifest says; take another one",
                       r->c->args[0]);
    TRY(unpack_file(r, &entry, digest, e));
    return strcmp(digest, sha256) == 0
               ? KITH_OK
               : err_set(
                     e, KITH_E_CORRUPT, NULL,
                     "%s in the backup '%s' is damaged: its digest is another; take another one",
                     name, r->c->args[0]);
}

static kith_status unpack_all(struct reading *r, struct unpacked *out, kith_error *e) {
    size_t i;
    json_t *told;
    TRY(read_manifest(r, e));
    take_figures(r, out);
    if (!out->kith || !out->made)
        return err_nomem(e);
    TRY(check_room(r, e));
    json_array_foreach(json_object_get(r->manifest, "files"), i, told) {
        TRY(unpack_next(r, told, e));
    }
    return KITH_OK;
}

kith_status unpack(struct cmd *c, const char *folder, struct unpacked *out, kith_error *e) {
    struct reading r = {.c = c, .folder = folder, .chunk = arena_alloc(&c->arena, CHUNK)};
    if (!r.chunk || sodium_init() < 0)
        return err_nomem(e);
    TRY(c->io->ops->open(c->io, c->args[0], IO_READ, &r.file, e));
    kith_status st = unpack_all(&r, out, e);
    c->io->ops->close(c->io, r.file, false, NULL);
    json_decref(r.manifest);
    return st;
}
