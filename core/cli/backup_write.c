/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a backup: a copy of the database beside it, which the doctor looks at; then one pass over
 * the copy for digests and hashes, since the manifest stands in front; then the archive. */
#include "cli/backup_write.h"
#include "base/aside.h"
#include "base/date.h"
#include "base/log.h"
#include "cli/show.h"
#include "engine/sign_in.h"
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define CHUNK    (1u << 18)  /* bytes read at a time: whole blocks */
#define TEXT_MAX (16u << 20) /* bytes of a file of settings or rules */

struct backup;
/* Gives its content piece by piece. */
typedef kith_status (*chunk_fn)(void *arg, kith_str chunk, kith_error *e);
typedef kith_status (*content_fn)(struct backup *b, chunk_fn fn, void *arg, kith_error *e);

struct member {
    struct pack_entry entry;
    kith_str text;      /* what is in it */
    content_fn content; /* or who gives it; NULL: the text */
    char digest[BACKUP_DIGEST];
};
struct backup {
    struct cmd *c;
    const struct backup_order *o;
    struct backup_made *made;
    struct archive base; /* its head and hashes, when there is one */
    const char *copy;    /* the database's */
    int file;
    char *chunk; /* CHUNK bytes, for one file after the other */
    struct member *members;
    size_t count, cap;
    char id[BACKUP_ID], origin[BACKUP_ORIGIN], anchor[CHAIN_ANCHOR_TEXT];
    unsigned char key[BLOCK_KEY], mark[BACKUP_HASH];
    unsigned char *hashes;
    uint64_t blocks, database; /* blocks, bytes */
    struct sealing *sealing;
    bool inside;             /* what is put now is to be sealed */
    char sum[BACKUP_DIGEST]; /* of what is sealed */
    crypto_hash_sha256_state sealed;
    uint64_t done, total;
    struct buf counts; /* JSON: records by type */
};

static kith_status add_member(struct backup *b, const char *name, struct member **out,
                              kith_error *e) {
    struct member *more = arena_grow(&b->c->arena, b->members, b->count, &b->cap, sizeof *more);
    if (!more)
        return err_nomem(e);
    b->members = more;
    *out = &b->members[b->count++];
    **out = (struct member){0};
    snprintf((*out)->entry.name, sizeof(*out)->entry.name, "%s", name);
    return KITH_OK;
}

/* -- files ------------------------------------------------------------------------------------- */

static kith_status read_chunks(int fd, const char *path, char *chunk, chunk_fn fn, void *arg,
                               kith_error *e) {
    for (;;) {
        ssize_t n = read(fd, chunk, CHUNK);
        if (n < 0)
            return err_errno(e, "read", path);
        if (n == 0)
            return KITH_OK;
        TRY(fn(arg, (kith_str){chunk, (uint64_t)n}, e));
        aside_rest();
    }
}

static kith_status each_chunk(struct backup *b, const char *path, chunk_fn fn, void *arg,
                              kith_error *e) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, "open", path);
    kith_status st = read_chunks(fd, path, b->chunk, fn, arg, e);
    close(fd);
    return st;
}

static kith_status collect(void *arg, kith_str chunk, kith_error *e) {
    struct buf *text = arg;
    buf_str(text, chunk);
    if (text->failed)
        return err_nomem(e);
    return text->len <= TEXT_MAX ? KITH_OK
                                 : err_set(e, KITH_E_LIMIT, NULL, "it is larger than 16 MiB");
}

static kith_status add_file(struct backup *b, const char *path, const char *name, kith_error *e) {
    struct buf text = {0};
    struct member *m;
    if (strlen(name) > PACK_NAME)
        return err_set(e, KITH_E_LIMIT, NULL, "'%s' is too long a name for a backup; shorten it",
                       name);
    TRY(add_member(b, name, &m, e));
    kith_status st = each_chunk(b, path, collect, &text, e);
    m->text = arena_str(&b->c->arena, buf_view(&text));
    buf_free(&text);
    if (st == KITH_OK && !m->text.ptr)
        return err_nomem(e);
    return st == KITH_OK ? st : err_prefix(e, "'%s' cannot be backed up: ", name);
}

/* Links are followed: what they lead to is what the company works with. */
static kith_status add_tree(struct backup *b, FTS *tree, kith_error *e) {
    size_t skip = strlen(b->c->company->dir) + 1;
    for (FTSENT *f; (f = fts_read(tree));) {
        if (f->fts_info == FTS_F)
            TRY(add_file(b, f->fts_path, f->fts_path + skip, e));
        if (f->fts_info == FTS_DNR || f->fts_info == FTS_ERR)
            return err_set(e, KITH_E_IO, NULL, "cannot read '%s': %s", f->fts_path,
                           strerror(f->fts_errno));
    }
    return KITH_OK;
}

static int by_name(const FTSENT **a, const FTSENT **b) {
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static kith_status add_files(struct backup *b, kith_error *e) {
    char *roots[BACKUP_PARTS + 1] = {0};
    for (size_t i = 0; i < BACKUP_PARTS; i++)
        if (!(roots[i] = arena_printf(&b->c->arena, "%s/%s", b->c->company->dir, backup_parts[i])))
            return err_nomem(e);
    FTS *tree = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
    if (!tree)
        return err_errno(e, "read", b->c->company->dir);
    kith_status st = add_tree(b, tree, e);
    fts_close(tree);
    return st;
}

/* -- the database ------------------------------------------------------------------------------ */

static kith_status on_check(void *arg, const char *check, const char *sentence, kith_error *e) {
    struct backup *b = arg;
    char line[64];
    snprintf(line, sizeof line, "checking the copy: %s", check);
    if (!sentence)
        io_progress(b->c->io, line);
    return io_check(b->c->io, e);
}

static kith_status examine(struct backup *b, kith_error *e) {
    size_t findings = 0;
    if (b->o->damaged)
        return KITH_OK;
    TRY(engine_examine(b->c->company->engine, b->copy, on_check, b, &findings, e));
    return findings == 0 ? KITH_OK
                         : err_set(e, KITH_E_CORRUPT, NULL,
                                   "the database is damaged and no backup was written; 'kith"
                                   " doctor' names the %zu finding%s, and --damaged writes one"
                                   " nevertheless",
                                   findings, findings == 1 ? "" : "s");
}

static kith_status count_records(struct backup *b, struct conn *conn, kith_error *e) {
    const struct schema *s = cmd_schema(b->c);
    struct json_out j;
    json_begin(&j, &b->counts, false);
    json_object_(&j);
    for (uint32_t i = 0; i < s->type_count; i++) {
        uint64_t n;
        TRY(record_count(conn, s->types[i], &n, e));
        b->made->records += n;
        json_key(&j, s->types[i]->name);
        json_int(&j, (int64_t)n);
    }
    json_object_end(&j);
    return journal_head(conn, &b->made->journal, e);
}

kith_status backup_anchor(struct conn *conn, char out[CHAIN_ANCHOR_TEXT], kith_error *e) {
    struct chain chain;
    struct chain_anchor anchor;
    TRY(journal_head(conn, &anchor.seq, e));
    TRY(chain_open(conn, &chain, e));
    memcpy(anchor.digest, chain.committed.at.digest, sizeof anchor.digest);
    chain_anchor_format(&anchor, out);
    return KITH_OK;
}

static kith_status look_at_copy(struct backup *b, kith_error *e) {
    struct conn *conn;
    TRY(conn_open(&conn, b->copy, CONN_READER, NULL, e));
    kith_status st = count_records(b, conn, e);
    if (st == KITH_OK)
        st = block_key_read(conn, b->key, e);
    if (st == KITH_OK)
        st = backup_anchor(conn, b->anchor, e);
    conn_close(conn);
    return st;
}

/* -- blocks ------------------------------------------------------------------------------------ */

struct hashing {
    struct backup *b;
    uint64_t at; /* the next block */
};

static kith_status hash_blocks(void *arg, kith_str chunk, kith_error *e) {
    struct hashing *h = arg;
    struct backup *b = h->b;
    char last[BACKUP_BLOCK] = {0};
    for (size_t i = 0; i < chunk.len; i += BACKUP_BLOCK, h->at++) {
        const char *block = chunk.ptr + i;
        if (chunk.len - i < BACKUP_BLOCK)
            block = memcpy(last, block, chunk.len - i);
        if (h->at >= b->blocks)
            return err_set(e, KITH_E_INTERNAL, NULL, "the copy of the database has grown");
        backup_hash(b->key, (const unsigned char *)block, b->hashes + h->at * BACKUP_HASH);
    }
    return KITH_OK;
}

static bool has_changed(const struct backup *b, uint64_t i) {
    return !b->o->base || i >= b->base.head.blocks ||
           memcmp(b->hashes + i * BACKUP_HASH, b->base.hashes + i * BACKUP_HASH, BACKUP_HASH) != 0;
}

static kith_status hash_database(struct backup *b, kith_error *e) {
    struct hashing h = {.b = b};
    struct stat file;
    if (stat(b->copy, &file) != 0)
        return err_errno(e, "read", b->copy);
    b->database = (uint64_t)file.st_size;
    b->blocks = (b->database + BACKUP_BLOCK - 1) / BACKUP_BLOCK;
    b->hashes = malloc(b->blocks * BACKUP_HASH + 1);
    if (!b->hashes)
        return err_nomem(e);
    TRY(each_chunk(b, b->copy, hash_blocks, &h, e));
    backup_origin(b->key, b->origin);
    backup_mark(b->key, b->id, b->hashes, b->blocks, b->mark);
    b->made->blocks = b->blocks;
    for (uint64_t i = 0; i < b->blocks; i++)
        b->made->changed += has_changed(b, i);
    return KITH_OK;
}

static kith_status give_database(struct backup *b, chunk_fn fn, void *arg, kith_error *e) {
    return each_chunk(b, b->copy, fn, arg, e);
}

static kith_status give_block(struct backup *b, int fd, uint64_t number, chunk_fn fn, void *arg,
                              kith_error *e) {
    char item[BACKUP_NUMBER + BACKUP_BLOCK] = {0};
    for (int i = 0; i < BACKUP_NUMBER; i++)
        item[i] = (char)(number >> (8 * i));
    if (pread(fd, item + BACKUP_NUMBER, BACKUP_BLOCK, (off_t)(number * BACKUP_BLOCK)) <= 0)
        return err_errno(e, "read", b->copy);
    return fn(arg, (kith_str){item, sizeof item}, e);
}

static kith_status give_changed(struct backup *b, chunk_fn fn, void *arg, kith_error *e) {
    int fd = open(b->copy, O_RDONLY | O_CLOEXEC);
    kith_status st = fd < 0 ? err_errno(e, "open", b->copy) : KITH_OK;
    for (uint64_t i = 0; st == KITH_OK && i < b->blocks; i++)
        if (has_changed(b, i))
            st = give_block(b, fd, i, fn, arg, e);
    if (fd >= 0)
        close(fd);
    return st;
}

/* The base is known by the mark that only this database's key makes. */
static kith_status take_base(struct backup *b, kith_error *e) {
    const struct backup_head *h = &b->base.head;
    unsigned char mark[BACKUP_HASH];
    if (!b->o->base)
        return KITH_OK;
    if (!*h->id)
        return err_set(e, KITH_E_UNSUPPORTED, NULL,
                       "'%s' was made by an older Kith, and nothing can be based on it: make a full"
                       " backup",
                       h->file);
    backup_mark(b->key, h->id, b->base.hashes, h->blocks, mark);
    if (h->mark.len == sizeof mark && memcmp(h->mark.ptr, mark, sizeof mark) == 0)
        return KITH_OK;
    return err_set(e, KITH_E_CONFLICT, NULL,
                   "'%s' is no backup of this company, or was changed: make a full backup",
                   h->file);
}

/* -- digests and the manifest ------------------------------------------------------------------ */

struct digesting {
    crypto_hash_sha256_state state;
    uint64_t size;
};

static kith_status digest_chunk(void *arg, kith_str chunk, kith_error *e) {
    struct digesting *d = arg;
    (void)e;
    crypto_hash_sha256_update(&d->state, (const unsigned char *)chunk.ptr, chunk.len);
    d->size += chunk.len;
    return KITH_OK;
}

static kith_status give(struct backup *b, const struct member *m, chunk_fn fn, void *arg,
                        kith_error *e) {
    return m->content ? m->content(b, fn, arg, e) : fn(arg, m->text, e);
}

static void sum_text(crypto_hash_sha256_state *state, char digest[BACKUP_DIGEST]) {
    unsigned char raw[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_final(state, raw);
    sodium_bin2hex(digest, BACKUP_DIGEST, raw, sizeof raw);
}

static kith_status digest_member(struct backup *b, struct member *m, kith_error *e) {
    struct digesting d = {0};
    crypto_hash_sha256_init(&d.state);
    TRY(give(b, m, digest_chunk, &d, e));
    sum_text(&d.state, m->digest);
    m->entry.size = d.size;
    return KITH_OK;
}

static void json_hex(struct json_out *j, const char *key, const unsigned char *bytes, size_t size) {
    char hex[2 * 128 + 1];
    json_key(j, key);
    json_strz(j, sodium_bin2hex(hex, sizeof hex, bytes, size));
}

static void manifest_base(const struct backup *b, struct json_out *j) {
    const char *slash = strrchr(b->base.head.file, '/');
    json_key(j, "base");
    json_object_(j);
    json_key(j, "id");
    json_strz(j, b->base.head.id);
    json_key(j, "file");
    json_strz(j, slash ? slash + 1 : b->base.head.file);
    json_object_end(j);
}

static void manifest_blocks(const struct backup *b, bool open, struct json_out *j) {
    json_key(j, "blocks");
    json_object_(j);
    json_key(j, "count");
    json_int(j, (int64_t)b->blocks);
    json_key(j, "bytes");
    json_int(j, (int64_t)b->database);
    json_hex(j, "mark", b->mark, sizeof b->mark);
    if (!open)
        json_hex(j, "key", b->key, sizeof b->key);
    json_object_end(j);
}

static void manifest_seal(const struct backup *b, struct json_out *j) {
    char public[SEAL_TEXT];
    seal_public_text(b->o->recipient, public);
    json_key(j, "sealed");
    json_object_(j);
    json_key(j, "recipient");
    json_strz(j, public);
    json_hex(j, "key", b->sealing->box, sizeof b->sealing->box);
    json_hex(j, "header", b->sealing->header, sizeof b->sealing->header);
    json_object_end(j);
}

static void manifest_files(const struct member *m, size_t count, struct json_out *j) {
    json_key(j, "files");
    json_array_(j);
    for (size_t i = 0; i < count; i++) {
        json_object_(j);
        json_key(j, "name");
        json_strz(j, m[i].entry.name);
        json_key(j, "size");
        json_int(j, (int64_t)m[i].entry.size);
        json_key(j, "sha256");
        json_strz(j, m[i].digest);
        json_object_end(j);
    }
    json_array_end(j);
}

/* open: what a sealed backup says to everybody. The hashes are the first member, and stand in the
 * open. */
static kith_status write_manifest(struct backup *b, bool open, struct buf *out, kith_error *e) {
    struct json_out j;
    json_begin(&j, out, true);
    json_object_(&j);
    json_key(&j, BACKUP_MARK);
    json_int(&j, BACKUP_FORMAT);
    json_key(&j, "sum");
    json_strz(&j, BACKUP_NO_SUM);
    json_key(&j, "origin");
    json_strz(&j, b->origin);
    json_key(&j, "id");
    json_strz(&j, b->id);
    if (b->o->base)
        manifest_base(b, &j);
    json_key(&j, "kith");
    json_strz(&j, KITH_VERSION);
    json_key(&j, "database_format");
    json_int(&j, STORE_FORMAT);
    json_key(&j, "made");
    json_time(&j, b->made->at);
    json_key(&j, "zone");
    json_str(&j, settings_text(b->c->company->settings, "", "company.zone"));
    json_key(&j, "journal");
    json_int(&j, (int64_t)b->made->journal);
    if (!open) {
        json_key(&j, "company");
        json_str(&j, settings_text(b->c->company->settings, "", "company.name"));
        json_key(&j, "anchor");
        json_strz(&j, b->anchor);
        json_key(&j, "records");
        json_raw(&j, buf_view(&b->counts));
    }
    manifest_blocks(b, open, &j);
    if (open)
        manifest_seal(b, &j);
    bool first = open || !b->sealing;
    manifest_files(b->members + !first, open ? 1 : b->count - !first, &j);
    json_object_end(&j);
    buf_putc(out, '\n');
    if (out->failed || b->counts.failed)
        return err_nomem(e);
    char sum[BACKUP_DIGEST];
    backup_sum(buf_view(out), sum);
    memcpy(strstr(out->ptr, BACKUP_NO_SUM), sum, BACKUP_DIGEST - 1);
    return KITH_OK;
}

/* -- writing ----------------------------------------------------------------------------------- */

static kith_status put_raw(struct backup *b, kith_str chunk, kith_error *e) {
    char line[80];
    TRY(io_check(b->c->io, e));
    TRY(b->o->files->ops->put(b->o->files, b->file, chunk, e));
    b->done += chunk.len;
    snprintf(line, sizeof line, "%.1f of %.1f MB written", (double)b->done / 1e6,
             (double)b->total / 1e6);
    io_progress(b->c->io, line);
    return KITH_OK;
}

static kith_status put_sealed(void *arg, kith_str bytes, kith_error *e) {
    struct backup *b = arg;
    crypto_hash_sha256_update(&b->sealed, (const unsigned char *)bytes.ptr, bytes.len);
    return put_raw(b, bytes, e);
}

static kith_status put(void *arg, kith_str chunk, kith_error *e) {
    struct backup *b = arg;
    return b->inside ? seal_add(b->sealing, chunk, e) : put_raw(b, chunk, e);
}

static const char zeros[2 * PACK_BLOCK];

static kith_status put_header(struct backup *b, const struct pack_entry *entry, kith_error *e) {
    char block[PACK_BLOCK];
    TRY(pack_header(block, entry, b->made->at / 1000, e));
    return put(b, (kith_str){block, sizeof block}, e);
}

static kith_status put_padding(struct backup *b, uint64_t size, kith_error *e) {
    return put(b, (kith_str){zeros, pack_padding(size)}, e);
}

static kith_status put_member(struct backup *b, const struct member *m, kith_error *e) {
    TRY(put_header(b, &m->entry, e));
    TRY(give(b, m, put, b, e));
    return put_padding(b, m->entry.size, e);
}

static kith_status put_text(struct backup *b, const char *name, kith_str text, kith_error *e) {
    struct member m = {.text = text, .entry.size = text.len};
    snprintf(m.entry.name, sizeof m.entry.name, "%s", name);
    return put_member(b, &m, e);
}

static uint64_t packed(uint64_t size) {
    return PACK_BLOCK + size + pack_padding(size);
}

/* What follows the hashes. */
static uint64_t size_inside(const struct backup *b, size_t manifest) {
    uint64_t size = packed(manifest) + sizeof zeros;
    for (size_t i = 1; i < b->count; i++)
        size += packed(b->members[i].entry.size);
    return size;
}

static kith_status put_inside(struct backup *b, kith_str manifest, kith_error *e) {
    struct pack_entry entry = {.name = BACKUP_SEALED,
                               .size = seal_size(size_inside(b, manifest.len))};
    TRY(put_header(b, &entry, e));
    b->inside = true;
    TRY(put_text(b, BACKUP_MANIFEST, manifest, e));
    for (size_t i = 1; i < b->count; i++)
        TRY(put_member(b, &b->members[i], e));
    TRY(put(b, (kith_str){zeros, sizeof zeros}, e));
    b->inside = false;
    TRY(seal_end(b->sealing, e));
    return put_padding(b, entry.size, e);
}

static kith_status put_sum(struct backup *b, kith_error *e) {
    char text[BACKUP_DIGEST + sizeof BACKUP_SEALED + 4];
    sum_text(&b->sealed, b->sum);
    int n = snprintf(text, sizeof text, "%s  " BACKUP_SEALED "\n", b->sum);
    return put_text(b, BACKUP_SUM, (kith_str){text, (uint64_t)n}, e);
}

static kith_status put_open(struct backup *b, kith_str manifest, kith_error *e) {
    TRY(put_text(b, BACKUP_MANIFEST, manifest, e));
    for (size_t i = 0; i < b->count; i++)
        TRY(put_member(b, &b->members[i], e));
    return put(b, (kith_str){zeros, sizeof zeros}, e);
}

static kith_status put_closed(struct backup *b, kith_str inside, kith_error *e) {
    struct buf open = {0};
    kith_status st = write_manifest(b, true, &open, e);
    backup_binds(buf_view(&open), b->hashes, b->blocks, b->sealing->binds);
    if (st == KITH_OK)
        st = put_text(b, BACKUP_MANIFEST, buf_view(&open), e);
    buf_free(&open);
    TRY(st);
    TRY(put_member(b, &b->members[0], e));
    TRY(put_inside(b, inside, e));
    TRY(put_sum(b, e));
    return put(b, (kith_str){zeros, sizeof zeros}, e);
}

static kith_status check_room(const struct backup *b, kith_error *e) {
    const char *slash = strrchr(b->o->target, '/');
    char *folder = slash ? arena_strndup(&b->c->arena, b->o->target,
                                         slash == b->o->target ? 1 : (size_t)(slash - b->o->target))
                         : ".";
    struct statvfs fs;
    if (!b->o->local || !folder || statvfs(folder, &fs) != 0 ||
        fs.f_bavail * fs.f_frsize >= b->total)
        return KITH_OK;
    return err_set(e, KITH_E_FULL, NULL,
                   "the backup needs %.1f MB, and the disk of '%s' has only %.1f MB free: make room"
                   " there",
                   (double)b->total / 1e6, folder, (double)(fs.f_bavail * fs.f_frsize) / 1e6);
}

static kith_status put_all(struct backup *b, kith_error *e) {
    struct buf text = {0};
    kith_status st = KITH_OK;
    if (b->o->recipient) {
        b->sealing = ARENA_NEW(&b->c->arena, struct sealing);
        st = b->sealing ? seal_begin(b->sealing, b->o->recipient, put_sealed, b, e) : err_nomem(e);
        crypto_hash_sha256_init(&b->sealed);
    }
    if (st == KITH_OK)
        st = write_manifest(b, false, &text, e);
    b->total = size_inside(b, text.len) + packed(b->members[0].entry.size);
    if (st == KITH_OK)
        st = check_room(b, e);
    if (st == KITH_OK)
        st = b->sealing ? put_closed(b, buf_view(&text), e) : put_open(b, buf_view(&text), e);
    buf_free(&text);
    return st;
}

/* -- the whole --------------------------------------------------------------------------------- */

static kith_status add_database(struct backup *b, kith_error *e) {
    struct member *m;
    TRY(add_member(b, b->o->base ? BACKUP_CHANGED : BACKUP_DATABASE, &m, e));
    m->content = b->o->base ? give_changed : give_database;
    return KITH_OK;
}

static kith_status back_up(void *arg, const char *copy, kith_error *e) {
    struct backup *b = arg;
    struct member *hashes;
    b->copy = copy;
    /* Nobody waits for it any more. The copy itself is made at full speed, since the log grows for
     * as long as that takes. */
    aside_begin();
    TRY(examine(b, e));
    TRY(look_at_copy(b, e));
    TRY(take_base(b, e));
    TRY(hash_database(b, e));
    TRY(add_member(b, BACKUP_BLOCKS, &hashes, e));
    hashes->text = (kith_str){(const char *)b->hashes, b->blocks * BACKUP_HASH};
    TRY(add_files(b, e));
    TRY(add_database(b, e));
    for (size_t i = 0; i < b->count; i++)
        TRY(digest_member(b, &b->members[i], e));
    return put_all(b, e);
}

static kith_status read_base(struct backup *b, kith_error *e) {
    if (!b->o->base)
        return KITH_OK;
    TRY(archive_open(&b->base, b->o->files, &b->c->arena, b->o->base, e));
    return archive_hashes(&b->base, e);
}

static kith_status write_file(struct backup *b, kith_error *e) {
    struct io *files = b->o->files;
    TRY(files->ops->open(files, b->o->target, IO_NEW, &b->file, e));
    kith_status st = read_base(b, e);
    io_progress(b->c->io, "copying the database");
    if (st == KITH_OK)
        st = engine_with_copy(b->c->company->engine, back_up, b, e);
    kith_status closed = files->ops->close(files, b->file, st == KITH_OK, st == KITH_OK ? e : NULL);
    return st == KITH_OK ? closed : st;
}

/* Who has all data elsewhere now. It is made, whatever becomes of this: a disk that is full is a
 * reason to make one. */
static void log_made(struct cmd *c, const struct backup_order *o) {
    kith_error why = KITH_ERROR_INIT;
    const char *where = strcmp(o->target, "-") == 0 ? "to standard output" : o->target;
    if (access_note(c->company->engine, &c->principal, ACCESS_BACKUP, c->principal.user, where,
                    &why) != KITH_OK)
        log_error("access", "that a backup was made cannot be logged: %s", why.message);
}

kith_status backup_write(struct cmd *c, const struct backup_order *o, struct backup_made *out,
                         kith_error *e) {
    struct backup b = {
        .c = c, .o = o, .made = out, .base.file = -1, .chunk = arena_alloc(&c->arena, CHUNK)};
    unsigned char id[(BACKUP_ID - 1) / 2];
    if (!b.chunk || sodium_init() < 0)
        return err_nomem(e);
    randombytes_buf(id, sizeof id);
    sodium_bin2hex(b.id, sizeof b.id, id, sizeof id);
    *out = (struct backup_made){.at = engine_now(c->company->engine)};
    kith_status st = write_file(&b, e);
    out->bytes = b.done;
    if (o->base)
        archive_close(&b.base);
    if (b.sealing)
        sodium_memzero(b.sealing, sizeof *b.sealing);
    sodium_memzero(b.key, sizeof b.key);
    free(b.hashes);
    buf_free(&b.counts);
    if (st == KITH_OK)
        log_made(c, o);
    return st;
}

kith_status backup_recipient(struct cmd *c, const unsigned char **out, kith_error *e) {
    kith_str text = settings_text(c->company->settings, "", "backup.recipient");
    unsigned char *public = arena_alloc(&c->arena, crypto_box_PUBLICKEYBYTES);
    *out = NULL;
    if (text.len == 0)
        return KITH_OK;
    if (!public)
        return err_nomem(e);
    *out = public;
    return seal_public_parse(text, public, e);
}
