/* SPDX-License-Identifier: Apache-2.0 */
/* Archive: the files of a backup in their order, sealed or not. Trusts nothing in it. */
#include "base/date.h"
#include "cli/backup.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANIFEST_MAX (16u << 20) /* bytes */
#define BLOCKS_MAX   (UINT64_C(1) << 32)
#define SKIPPED      65536u
#define HASHES       (1u << 22) /* bytes read at a time */

const char *const backup_parts[BACKUP_PARTS] = {"README", "conf.d", "kith.conf", "rules",
                                                "workflows"};

/* -- hashes ------------------------------------------------------------------------------------ */

void backup_hash(const unsigned char key[BLOCK_KEY], const unsigned char block[BACKUP_BLOCK],
                 unsigned char hash[BACKUP_HASH]) {
    crypto_generichash(hash, BACKUP_HASH, block, BACKUP_BLOCK, key, BLOCK_KEY);
}

void backup_sum(kith_str manifest, char sum[BACKUP_DIGEST]) {
    unsigned char raw[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(raw, (const unsigned char *)manifest.ptr, manifest.len);
    sodium_bin2hex(sum, BACKUP_DIGEST, raw, sizeof raw);
}

void backup_origin(const unsigned char key[BLOCK_KEY], char origin[BACKUP_ORIGIN]) {
    unsigned char hash[BACKUP_HASH];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)"origin", 6, key, BLOCK_KEY);
    sodium_bin2hex(origin, BACKUP_ORIGIN, hash, (BACKUP_ORIGIN - 1) / 2);
}

void backup_mark(const unsigned char key[BLOCK_KEY], const char *id, const unsigned char *hashes,
                 uint64_t blocks, unsigned char mark[BACKUP_HASH]) {
    crypto_generichash_state s;
    crypto_generichash_init(&s, key, BLOCK_KEY, BACKUP_HASH);
    crypto_generichash_update(&s, (const unsigned char *)"mark", 4);
    crypto_generichash_update(&s, (const unsigned char *)id, strlen(id));
    crypto_generichash_update(&s, hashes, blocks * BACKUP_HASH);
    crypto_generichash_final(&s, mark, BACKUP_HASH);
}

void backup_binds(kith_str manifest, const unsigned char *hashes, uint64_t blocks,
                  unsigned char binds[SEAL_BINDS]) {
    crypto_generichash_state s;
    crypto_generichash_init(&s, NULL, 0, SEAL_BINDS);
    crypto_generichash_update(&s, (const unsigned char *)manifest.ptr, manifest.len);
    crypto_generichash_update(&s, hashes, blocks * BACKUP_HASH);
    crypto_generichash_final(&s, binds, SEAL_BINDS);
}

/* -- bytes ------------------------------------------------------------------------------------- */

static kith_status no_backup(const struct archive *ar, kith_error *e) {
    return err_set(e, KITH_E_CORRUPT, NULL,
                   "'%s' is no backup of Kith; one that was compressed must be decompressed first",
                   ar->head.file);
}

static kith_status not_as_told(const struct archive *ar, kith_error *e) {
    return err_set(e, KITH_E_CORRUPT, NULL,
                   "the backup '%s' does not hold what its manifest says; take another one",
                   ar->head.file);
}

kith_status archive_damaged(const struct archive *ar, const char *name, kith_error *e) {
    return err_set(e, KITH_E_CORRUPT, NULL,
                   "%s in the backup '%s' is damaged: its digest is another; take another one",
                   name, ar->head.file);
}

/* From the file itself. */
static kith_status get_raw(void *arg, char *dst, size_t n, kith_error *e) {
    struct archive *ar = arg;
    while (n > 0) {
        size_t got = 0;
        TRY(io_check(ar->io, e));
        TRY(ar->io->ops->read(ar->io, ar->file, dst, n, &got, e));
        if (got == 0)
            return err_set(e, KITH_E_CORRUPT, NULL, "the backup '%s' is cut off; take another one",
                           ar->head.file);
        if (ar->sum)
            crypto_hash_sha256_update(ar->sum, (const unsigned char *)dst, got);
        dst += got;
        n -= got;
    }
    return KITH_OK;
}

/* What the seal says does not name the backup. */
static kith_status unsealed(const struct archive *ar, kith_status st, const kith_error *why,
                            kith_error *e) {
    if (st == KITH_OK)
        return st;
    err_copy(e, why);
    return strstr(why->message, ar->head.file) || st != KITH_E_CORRUPT
               ? st
               : err_set(e, st, NULL, "the backup '%s' is damaged: %s; take another one",
                         ar->head.file, why->message);
}

kith_status archive_get(struct archive *ar, char *dst, size_t n, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    return ar->unsealing ? unsealed(ar, unseal_read(ar->unsealing, dst, n, &why), &why, e)
                         : get_raw(ar, dst, n, e);
}

static kith_status get_header(struct archive *ar, struct pack_entry *entry, bool *end,
                              kith_error *e) {
    char block[PACK_BLOCK];
    TRY(archive_get(ar, block, sizeof block, e));
    return pack_parse(block, entry, end, e);
}

static kith_status skip_padding(struct archive *ar, uint64_t size, kith_error *e) {
    char rest[PACK_BLOCK];
    return archive_get(ar, rest, pack_padding(size), e);
}

static kith_status skip(struct archive *ar, uint64_t size, kith_error *e) {
    char *room = malloc(SKIPPED);
    kith_status st = room ? KITH_OK : err_nomem(e);
    while (st == KITH_OK && size > 0) {
        size_t n = size < SKIPPED ? (size_t)size : SKIPPED;
        st = archive_get(ar, room, n, e);
        size -= n;
    }
    free(room);
    return st;
}

/* -- the manifest ------------------------------------------------------------------------------ */

static const char *text_in(struct archive *ar, const json_t *in, const char *key) {
    const char *text = json_string_value(json_object_get(in, key));
    return arena_strdup(ar->arena, text ? text : "");
}

static uint64_t number_in(const json_t *in, const char *key) {
    json_int_t n = json_integer_value(json_object_get(in, key));
    return n > 0 ? (uint64_t)n : 0;
}

static bool is_hex(const char *text, size_t digits) {
    return strlen(text) == digits && strspn(text, "0123456789abcdef") == digits;
}

static kith_status read_bytes(struct archive *ar, const json_t *in, const char *key, kith_str *out,
                              kith_error *e) {
    const char *text = json_string_value(json_object_get(in, key));
    size_t len = text ? strlen(text) : 0, n = 0;
    unsigned char *bytes = arena_alloc(ar->arena, len / 2 + 1);
    if (!bytes)
        return err_nomem(e);
    if (len > 0 && sodium_hex2bin(bytes, len / 2 + 1, text, len, NULL, &n, NULL) != 0)
        n = 0;
    *out = (kith_str){(const char *)bytes, n};
    return KITH_OK;
}

static kith_status take_head(struct archive *ar, kith_error *e) {
    const json_t *m = ar->manifest, *base = json_object_get(m, "base"),
                 *blocks = json_object_get(m, "blocks"), *sealed = json_object_get(m, "sealed");
    struct backup_head *h = &ar->head;
    const char *key;
    json_t *count;
    h->origin = text_in(ar, m, "origin");
    h->id = text_in(ar, m, "id");
    h->base = text_in(ar, base, "id");
    h->base_file = text_in(ar, base, "file");
    h->kith = text_in(ar, m, "kith");
    h->made = text_in(ar, m, "made");
    h->zone = text_in(ar, m, "zone");
    h->anchor = text_in(ar, m, "anchor");
    h->recipient = text_in(ar, sealed, "recipient");
    if (!h->origin || !h->id || !h->base || !h->base_file || !h->kith || !h->made || !h->zone ||
        !h->anchor || !h->recipient)
        return err_nomem(e);
    if (!time_parse(str_of(h->made), false, NULL, &h->at))
        h->at = 0;
    h->journal = number_in(m, "journal");
    h->blocks = number_in(blocks, "count");
    h->database = number_in(blocks, "bytes");
    h->records = 0;
    json_object_foreach(json_object_get(m, "records"), key, count) {
        h->records += (uint64_t)json_integer_value(count);
    }
    TRY(read_bytes(ar, blocks, "mark", &h->mark, e));
    bool formed = h->blocks == (h->database + BACKUP_BLOCK - 1) / BACKUP_BLOCK &&
                  h->blocks <= BLOCKS_MAX && (!*h->id || is_hex(h->id, BACKUP_ID - 1)) &&
                  (!*h->base || is_hex(h->base, BACKUP_ID - 1)) && (*h->id || !*h->base);
    return formed ? KITH_OK : no_backup(ar, e);
}

static kith_status check_version(struct archive *ar, kith_error *e) {
    const json_t *m = ar->manifest;
    json_int_t format = json_integer_value(json_object_get(m, BACKUP_MARK));
    json_int_t database = json_integer_value(json_object_get(m, "database_format"));
    const char *kith = json_string_value(json_object_get(m, "kith"));
    if (format < 1 || !kith || !json_is_array(json_object_get(m, "files")))
        return no_backup(ar, e);
    if (format > BACKUP_FORMAT || database > STORE_FORMAT)
        return err_set(e, KITH_E_UNSUPPORTED, NULL,
                       "'%s' was made by Kith %s, and this is %s: install the newer one",
                       ar->head.file, kith, KITH_VERSION);
    TRY(take_head(ar, e));
    return format == 1 || *ar->head.id ? KITH_OK : no_backup(ar, e);
}

/* Its digest stands in it; an older Kith wrote none. */
static kith_status check_manifest(struct archive *ar, kith_str text, kith_error *e) {
    const char *told = json_string_value(json_object_get(ar->manifest, "sum"));
    char found[BACKUP_DIGEST] = "";
    if (!told)
        return KITH_OK;
    char *copy = is_hex(told, BACKUP_DIGEST - 1) ? arena_strndup(ar->arena, text.ptr, text.len)
                                                 : arena_strdup(ar->arena, "");
    if (!copy)
        return err_nomem(e);
    char *at = strstr(copy, told);
    if (at) {
        memcpy(at, BACKUP_NO_SUM, BACKUP_DIGEST - 1);
        backup_sum((kith_str){copy, text.len}, found);
    }
    return strcmp(found, told) == 0 ? KITH_OK : archive_damaged(ar, BACKUP_MANIFEST, e);
}

static kith_status read_manifest(struct archive *ar, kith_str *text, kith_error *e) {
    struct pack_entry entry;
    kith_error why = KITH_ERROR_INIT;
    bool end;
    kith_status st = get_header(ar, &entry, &end, &why);
    if (st != KITH_OK && st != KITH_E_CORRUPT) { /* as of a disk that fails */
        err_copy(e, &why);
        return st;
    }
    if (st != KITH_OK || end || strcmp(entry.name, BACKUP_MANIFEST) != 0 ||
        entry.size > MANIFEST_MAX)
        return no_backup(ar, e);
    char *room = arena_alloc(ar->arena, entry.size + 1);
    if (!room)
        return err_nomem(e);
    TRY(archive_get(ar, room, (size_t)entry.size, e));
    TRY(skip_padding(ar, entry.size, e));
    *text = (kith_str){room, entry.size};
    json_decref(ar->manifest);
    ar->manifest = NULL;
    if (json_read(*text, &ar->manifest, NULL) != KITH_OK)
        return no_backup(ar, e);
    TRY(check_version(ar, e));
    return check_manifest(ar, *text, e);
}

kith_status archive_open(struct archive *ar, struct io *io, struct arena *a, const char *path,
                         kith_error *e) {
    *ar = (struct archive){.io = io, .arena = a, .file = -1, .head.file = path};
    if (sodium_init() < 0)
        return err_set(e, KITH_E_INTERNAL, NULL, "libsodium cannot be used");
    TRY(io->ops->open(io, path, IO_READ, &ar->file, e));
    return read_manifest(ar, &ar->text, e);
}

void archive_close(struct archive *ar) {
    if (ar->file >= 0)
        ar->io->ops->close(ar->io, ar->file, false, NULL);
    ar->file = -1;
    json_decref(ar->manifest);
    ar->manifest = NULL;
    if (ar->unsealing)
        sodium_memzero(ar->unsealing, sizeof *ar->unsealing);
    ar->unsealing = NULL;
    free(ar->hashes);
    ar->hashes = NULL;
}

/* -- its files --------------------------------------------------------------------------------- */

kith_status archive_told(const struct archive *ar, size_t i, struct told *out, bool *end,
                         kith_error *e) {
    const json_t *files = json_object_get(ar->manifest, "files"), *file;
    *end = i >= json_array_size(files);
    if (*end)
        return KITH_OK;
    file = json_array_get(files, i);
    *out = (struct told){.name = json_string_value(json_object_get(file, "name")),
                         .sha256 = json_string_value(json_object_get(file, "sha256")),
                         .size = (uint64_t)json_integer_value(json_object_get(file, "size"))};
    return out->name && *out->name && out->sha256 ? KITH_OK : not_as_told(ar, e);
}

kith_status archive_enter(struct archive *ar, const struct told *told, kith_error *e) {
    struct pack_entry entry;
    bool end;
    TRY(get_header(ar, &entry, &end, e));
    if (end)
        return err_set(e, KITH_E_CORRUPT, NULL, "the backup '%s' is cut off; take another one",
                       ar->head.file);
    return strcmp(told->name, entry.name) == 0 && told->size == entry.size ? KITH_OK
                                                                           : not_as_told(ar, e);
}

kith_status archive_leave(struct archive *ar, const struct told *told, kith_error *e) {
    return skip_padding(ar, told->size, e);
}

static bool digest_is(const unsigned char *bytes, size_t size, const char *told) {
    unsigned char raw[crypto_hash_sha256_BYTES];
    char hex[BACKUP_DIGEST];
    crypto_hash_sha256(raw, bytes, size);
    sodium_bin2hex(hex, sizeof hex, raw, sizeof raw);
    return strcmp(hex, told) == 0;
}

/* Room comes with the bytes: what a manifest claims may be anything. */
static kith_status read_hashes(struct archive *ar, uint64_t size, kith_error *e) {
    for (uint64_t done = 0; done < size;) {
        size_t n = size - done < HASHES ? (size_t)(size - done) : HASHES;
        unsigned char *more = realloc(ar->hashes, done + n);
        if (!more)
            return err_nomem(e);
        ar->hashes = more;
        TRY(archive_get(ar, (char *)more + done, n, e));
        done += n;
    }
    return KITH_OK;
}

kith_status archive_hashes(struct archive *ar, kith_error *e) {
    struct told told;
    bool end;
    if (!*ar->head.id)
        return KITH_OK;
    TRY(archive_told(ar, 0, &told, &end, e));
    if (end || strcmp(told.name, BACKUP_BLOCKS) != 0 || told.size == 0 ||
        told.size != ar->head.blocks * BACKUP_HASH)
        return not_as_told(ar, e);
    TRY(archive_enter(ar, &told, e));
    TRY(read_hashes(ar, told.size, e));
    TRY(archive_leave(ar, &told, e));
    return digest_is(ar->hashes, (size_t)told.size, told.sha256)
               ? KITH_OK
               : archive_damaged(ar, told.name, e);
}

/* -- what is sealed ---------------------------------------------------------------------------- */

/* It stands behind the hashes, and no digest of it was known when the manifest was written. */
static kith_status enter_sealed(struct archive *ar, uint64_t *size, kith_error *e) {
    struct pack_entry entry;
    bool end;
    TRY(get_header(ar, &entry, &end, e));
    if (end || strcmp(entry.name, BACKUP_SEALED) != 0)
        return not_as_told(ar, e);
    *size = entry.size;
    return KITH_OK;
}

static kith_status is_same(const struct archive *ar, const struct backup_head *open,
                           kith_error *e) {
    const struct backup_head *h = &ar->head;
    bool same = strcmp(h->id, open->id) == 0 && strcmp(h->base, open->base) == 0 &&
                strcmp(h->made, open->made) == 0 && h->database == open->database;
    return same ? KITH_OK : not_as_told(ar, e);
}

kith_status archive_unseal(struct archive *ar, const struct seal_key *key, kith_error *e) {
    const json_t *sealed = json_object_get(ar->manifest, "sealed");
    struct backup_head open = ar->head;
    kith_str box, header, text;
    uint64_t size;
    struct unsealing *u = ARENA_NEW(ar->arena, struct unsealing);
    if (!u)
        return err_nomem(e);
    TRY(read_bytes(ar, sealed, "key", &box, e));
    TRY(read_bytes(ar, sealed, "header", &header, e));
    TRY(enter_sealed(ar, &size, e));
    kith_status st = unseal_begin(u, key, box, header, size, get_raw, ar, e);
    if (st == KITH_E_DENIED)
        return err_set(e, st, NULL, "'%s' is sealed to %s, which this key does not open",
                       ar->head.file, open.recipient);
    TRY(st);
    backup_binds(ar->text, ar->hashes, open.blocks, u->binds);
    ar->unsealing = u;
    TRY(read_manifest(ar, &text, e));
    ar->head.recipient = open.recipient;
    return is_same(ar, &open, e);
}

kith_status archive_end(struct archive *ar, kith_error *e) {
    char zeros[2 * PACK_BLOCK];
    if (!ar->unsealing)
        return KITH_OK;
    kith_error why = KITH_ERROR_INIT;
    TRY(archive_get(ar, zeros, sizeof zeros, e));
    return unsealed(ar, unseal_end(ar->unsealing, &why), &why, e);
}

/* As sha256sum writes it. */
static kith_status check_sum(struct archive *ar, const char *found, kith_error *e) {
    struct pack_entry entry;
    char text[BACKUP_DIGEST];
    bool end;
    TRY(get_header(ar, &entry, &end, e));
    if (end || strcmp(entry.name, BACKUP_SUM) != 0 || entry.size < sizeof text)
        return not_as_told(ar, e);
    TRY(archive_get(ar, text, sizeof text, e));
    text[sizeof text - 1] = '\0';
    return strcmp(text, found) == 0 ? KITH_OK : archive_damaged(ar, BACKUP_SEALED, e);
}

kith_status archive_check_sealed(struct archive *ar, kith_error *e) {
    crypto_hash_sha256_state sum;
    unsigned char raw[crypto_hash_sha256_BYTES];
    char found[BACKUP_DIGEST];
    uint64_t size;
    TRY(enter_sealed(ar, &size, e));
    crypto_hash_sha256_init(&sum);
    ar->sum = &sum;
    kith_status st = skip(ar, size, e);
    ar->sum = NULL;
    TRY(st);
    crypto_hash_sha256_final(&sum, raw);
    sodium_bin2hex(found, sizeof found, raw, sizeof raw);
    TRY(skip_padding(ar, size, e));
    return check_sum(ar, found, e);
}
