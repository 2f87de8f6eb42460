/* SPDX-License-Identifier: Apache-2.0 */
/* kith backup: a company as it is at one moment, in one file, while it goes on working. The file is
 * a tar archive: a manifest, the settings, the rules, the database. */
#include "base/date.h"
#include "cli/backup.h"
#include "cli/pack.h"
#include "cli/show.h"
#include <fcntl.h>
#include <fts.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHUNK    (1u << 18)  /* bytes read at a time */
#define TEXT_MAX (16u << 20) /* bytes of a file of settings or rules */

struct member {
    struct pack_entry entry;
    kith_str text; /* what is in it; ptr NULL: it is the copy of the database */
    char digest[BACKUP_DIGEST];
};
struct backup {
    struct cmd *c;
    const char *copy; /* the database's */
    int file;
    char *chunk; /* CHUNK bytes, for one file after the other */
    struct member *members;
    size_t count, cap;
    int64_t now; /* ms UTC */
    uint64_t head, records, done, total;
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

typedef kith_status (*chunk_fn)(void *arg, kith_str chunk, kith_error *e);

static kith_status read_chunks(int fd, const char *path, char *chunk, chunk_fn fn, void *arg,
                               kith_error *e) {
    for (;;) {
        ssize_t n = read(fd, chunk, CHUNK);
        if (n < 0)
            return err_errno(e, "read", path);
        if (n == 0)
            return KITH_OK;
        TRY(fn(arg, (kith_str){chunk, (uint64_t)n}, e));
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
    m->entry.size = m->text.len;
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
    if (cmd_option(b->c, "damaged"))
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
        b->records += n;
        json_key(&j, s->types[i]->name);
        json_int(&j, (int64_t)n);
    }
    json_object_end(&j);
    return journal_head(conn, &b->head, e);
}

static kith_status look_at_copy(struct backup *b, kith_error *e) {
    struct conn *conn;
    TRY(conn_open(&conn, b->copy, CONN_READER, NULL, e));
    kith_status st = count_records(b, conn, e);
    conn_close(conn);
    return st;
}

/* -- digests and the manifest ------------------------------------------------------------------ */

struct hashing {
    crypto_hash_sha256_state state;
    uint64_t size;
};

static kith_status hash_chunk(void *arg, kith_str chunk, kith_error *e) {
    struct hashing *h = arg;
    (void)e;
    crypto_hash_sha256_update(&h->state, (const unsigned char *)chunk.ptr, chunk.len);
    h->size += chunk.len;
    return KITH_OK;
}

static kith_status hash_member(struct backup *b, struct member *m, kith_error *e) {
    struct hashing h = {0};
    unsigned char raw[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_init(&h.state);
    TRY(m->text.ptr ? hash_chunk(&h, m->text, e) : each_chunk(b, b->copy, hash_chunk, &h, e));
    crypto_hash_sha256_final(&h.state, raw);
    sodium_bin2hex(m->digest, sizeof m->digest, raw, sizeof raw);
    m->entry.size = h.size;
    b->total += h.size;
    return KITH_OK;
}

static void manifest_files(struct backup *b, struct json_out *j) {
    json_array_(j);
    for (size_t i = 0; i < b->count; i++) {
        json_object_(j);
        json_key(j, "name");
        json_strz(j, b->members[i].entry.name);
        json_key(j, "size");
        json_int(j, (int64_t)b->members[i].entry.size);
        json_key(j, "sha256");
        json_strz(j, b->members[i].digest);
        json_object_end(j);
    }
    json_array_end(j);
}

static kith_status write_manifest(struct backup *b, struct buf *out, kith_error *e) {
    struct json_out j;
    json_begin(&j, out, true);
    json_object_(&j);
    json_key(&j, BACKUP_MARK);
    json_int(&j, BACKUP_FORMAT);
    json_key(&j, "kith");
    json_strz(&j, KITH_VERSION);
    json_key(&j, "database_format");
    json_int(&j, STORE_FORMAT);
    json_key(&j, "company");
    json_str(&j, settings_text(b->c->company->settings, "", "company.name"));
    json_key(&j, "made");
    json_time(&j, b->now);
    json_key(&j, "journal");
    json_int(&j, (int64_t)b->head);
    json_key(&j, "records");
    json_raw(&j, buf_view(&b->counts));
    json_key(&j, "files");
    manifest_files(b, &j);
    json_object_end(&j);
    buf_putc(out, '\n');
    return out->failed || b->counts.failed ? err_nomem(e) : KITH_OK;
}

/* -- writing ----------------------------------------------------------------------------------- */

static kith_status put(void *arg, kith_str chunk, kith_error *e) {
    struct backup *b = arg;
    char line[80];
    TRY(io_check(b->c->io, e));
    TRY(b->c->io->ops->put(b->c->io, b->file, chunk, e));
    b->done += chunk.len;
    snprintf(line, sizeof line, "%.1f of %.1f MB written", (double)b->done / 1e6,
             (double)b->total / 1e6);
    io_progress(b->c->io, line);
    return KITH_OK;
}

static const char zeros[2 * PACK_BLOCK];

static kith_status put_member(struct backup *b, const struct member *m, kith_error *e) {
    char block[PACK_BLOCK];
    TRY(pack_header(block, &m->entry, b->now / 1000, e));
    TRY(put(b, (kith_str){block, sizeof block}, e));
    TRY(m->text.ptr ? put(b, m->text, e) : each_chunk(b, b->copy, put, b, e));
    return put(b, (kith_str){zeros, pack_padding(m->entry.size)}, e);
}

static kith_status put_all(struct backup *b, kith_error *e) {
    struct member manifest = {.entry.name = BACKUP_MANIFEST};
    struct buf text = {0};
    kith_status st = write_manifest(b, &text, e);
    manifest.text = buf_view(&text);
    manifest.entry.size = text.len;
    if (st == KITH_OK)
        st = put_member(b, &manifest, e);
    for (size_t i = 0; st == KITH_OK && i < b->count; i++)
        st = put_member(b, &b->members[i], e);
    buf_free(&text);
    return st == KITH_OK ? put(b, (kith_str){zeros, sizeof zeros}, e) : st;
}

/* -- the command ------------------------------------------------------------------------------- */

static void report_json(struct backup *b, const char *target) {
    struct buf text = {0};
    struct json_out j;
    json_begin(&j, &text, false);
    json_object_(&j);
    json_key(&j, "backup");
    json_strz(&j, target);
    json_key(&j, "bytes");
    json_int(&j, (int64_t)b->done);
    json_key(&j, "records");
    json_int(&j, (int64_t)b->records);
    json_key(&j, "journal");
    json_int(&j, (int64_t)b->head);
    json_key(&j, "made");
    json_time(&j, b->now);
    json_object_end(&j);
    json_print(b->c, &text);
}

static void report(struct backup *b, const char *target) {
    struct io *io = b->c->io;
    io_progress(io, "");
    if (strcmp(target, "-") == 0)
        return;
    if (b->c->json) {
        report_json(b, target);
        return;
    }
    io_printf(io, "Backed up %llu record%s, up to row %llu of the journal: %.1f MB in '",
              (unsigned long long)b->records, b->records == 1 ? "" : "s",
              (unsigned long long)b->head, (double)b->done / 1e6);
    io_text(io, str_of(target));
    io_puts(io, "'.\n");
}

static kith_status back_up(void *arg, const char *copy, kith_error *e) {
    struct backup *b = arg;
    struct member *db;
    b->copy = copy;
    TRY(examine(b, e));
    TRY(look_at_copy(b, e));
    TRY(add_files(b, e));
    TRY(add_member(b, "kith.db", &db, e));
    for (size_t i = 0; i < b->count; i++)
        TRY(hash_member(b, &b->members[i], e));
    return put_all(b, e);
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct backup b = {
        .c = c, .now = engine_now(c->company->engine), .chunk = arena_alloc(&c->arena, CHUNK)};
    struct io *io = c->io;
    if (strcmp(c->args[0], "-") != 0) /* an older backup may be the last good one */
        TRY(io_check_absent(io, c->args[0], e));
    if (!b.chunk || sodium_init() < 0)
        return err_nomem(e);
    TRY(io->ops->open(io, c->args[0], IO_PRIVATE, &b.file, e));
    io_progress(io, "copying the database");
    kith_status st = engine_with_copy(c->company->engine, back_up, &b, e);
    kith_status closed = io->ops->close(io, b.file, st == KITH_OK, st == KITH_OK ? e : NULL);
    st = st == KITH_OK ? closed : st;
    if (st == KITH_OK)
        report(&b, c->args[0]);
    buf_free(&b.counts);
    return st;
}

const struct command command_backup = {
    .name = "backup",
    .args = "FILE",
    .help = "the whole company as it is now, in one file, while it goes on working",
    .more = "  kith backup /backup/acme-monday.tar\n"
            "  kith backup - | zstd | ssh vault 'cat >acme.tar.zst'\n\n"
            "Settings, rules and the database, checked by the doctor, in a tar archive with a\n"
            "manifest. FILE - is standard output. 'kith restore' makes a company of it again.",
    .options = {{"damaged", NULL, "do not ask the doctor: keep what can be kept"}},
    .needs = NEEDS_COMPANY,
    .args_min = 1,
    .args_max = 1,
    .run = run,
};
