/* SPDX-License-Identifier: Apache-2.0 */
/* kith file: bytes that belong to a record, put into the company, and got out again. */
#include "base/text.h"
#include "cli/show.h"
#include "engine/files.h"
#include <string.h>

/* -- put --------------------------------------------------------------------------------------- */

struct putting {
    const struct rtype *type;
    kith_id about, id;
    struct file file;
};

static kith_status do_put(struct txn *t, void *arg, kith_error *e) {
    struct putting *p = arg;
    return file_add(t, p->type, p->about, &p->file, &p->id, e);
}

static void report_put(struct cmd *c, const struct putting *p, kith_id tx) {
    struct buf b = {0};
    struct json_out j;
    if (!c->json && tx == 0) {
        io_puts(c->io, "It is there already: nothing was written.\n");
        return;
    }
    if (!c->json) {
        io_printf(c->io, "Put file %s: %llu bytes (transaction %s)\n", show_id(c, p->id),
                  (unsigned long long)p->file.bytes.len, show_id(c, tx));
        return;
    }
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "id");
    json_id(&j, p->id);
    json_key(&j, "type");
    json_strz(&j, "file");
    json_key(&j, "size");
    json_int(&j, (int64_t)p->file.bytes.len);
    json_key(&j, "transaction");
    json_id(&j, tx);
    json_object_end(&j);
    json_print(c, &b);
}

/* Without folders, as it is shown and offered to whoever gets it. */
static kith_status name_of(struct cmd *c, const char *path, kith_str *out, kith_error *e) {
    const char *given = cmd_option(c, "name"), *slash = strrchr(path, '/');
    const char *name = given ? given : slash ? slash + 1 : path;
    if (strcmp(name, "-") == 0)
        return err_set(e, KITH_E_INVAL, "name",
                       "what comes from standard input is named by --name");
    if (!*name || strchr(name, '/'))
        return err_set(e, KITH_E_INVAL, "name", "'%s' is no name of a file", name);
    *out = str_of(name);
    return KITH_OK;
}

static kith_status run_put(struct cmd *c, kith_error *e) {
    static const char *const kinds[] = {"photo", "logo", "sound", "key", "document", "other"};
    struct write_opts o = {.principal = &c->principal, .origin = ORIGIN_CLI};
    struct putting p = {0};
    struct buf bytes = {0};
    kith_id tx = 0;
    TRY(arg_record(c, 0, &p.type, &p.about, e));
    TRY(arg_follow(c, p.type, &p.about, e));
    TRY(name_of(c, c->args[2], &p.file.name, e));
    p.file.kind = kinds[cmd_option_choice(c, "kind", 5)];
    p.file.media = str_of(cmd_option(c, "media") ? cmd_option(c, "media") : "");
    TRY(file_may_add(c->company->engine, &c->principal, p.type, p.about, e));
    kith_status st = io_read_file(c->io, c->args[2], RECORD_FILE_MAX, &bytes, e);
    p.file.bytes = buf_view(&bytes);
    if (st == KITH_OK)
        st = engine_write(c->company->engine, &o, do_put, &p, &tx, e);
    buf_free(&bytes);
    TRY(st);
    c->wrote = true;
    report_put(c, &p, tx);
    return KITH_OK;
}

const struct command command_file_put = {
    .name = "file put",
    .args = "TYPE ID FILE",
    .help = "a file that belongs to a record",
    .more =
        "  kith file put contact 0ABCDEFGH1234 contract.pdf --kind document\n\n"
        "It may have 10 MiB. FILE - is standard input. A file of that kind with the same bytes\n"
        "that the record has already is not put once more.",
    .options = {{"name", "NAME", "what it is called; else as FILE is"},
                {"kind", "photo|logo|sound|key|document|other", "what it is to the record"},
                {"media", "TYPE", "what its bytes are: application/pdf"}},
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_min = 3,
    .args_max = 3,
    .run = run_put,
};

/* -- get --------------------------------------------------------------------------------------- */

struct getting {
    struct cmd *c;
    int file;           /* -1: standard output */
    uint64_t from, end; /* the bytes that are wanted */
};

/* Never while something of the engine is held: whoever reads it may be slow. */
static kith_status put_out(struct getting *g, kith_str bytes, kith_error *e) {
    struct io *io = g->c->io;
    if (g->file >= 0)
        return io->ops->put(io, g->file, bytes, e);
    io_raw(io, bytes);
    return io_check(io, e);
}

static kith_status get_part(struct getting *g, kith_id part, size_t number, kith_error *e) {
    struct arena a = {0};
    kith_str bytes;
    uint64_t at = (uint64_t)number * FILE_PART;
    kith_status st = file_part(g->c->company->engine, part, number, &a, &bytes, e);
    uint64_t from = g->from > at ? g->from - at : 0;
    uint64_t end = g->end - at < bytes.len ? g->end - at : bytes.len;
    if (st == KITH_OK && from < end)
        st = put_out(g, (kith_str){bytes.ptr + from, end - from}, e);
    arena_free(&a);
    return st;
}

static kith_status get_parts(struct getting *g, kith_id file, kith_error *e) {
    kith_id *ids;
    size_t n;
    TRY(file_parts(g->c->company->engine, file, &g->c->arena, &ids, &n, e));
    for (size_t i = (size_t)(g->from / FILE_PART); i < n && i * FILE_PART < g->end; i++)
        TRY(get_part(g, ids[i], i, e));
    return KITH_OK;
}

static kith_status read_range(struct cmd *c, struct getting *g, uint64_t size, kith_error *e) {
    int64_t from, bytes;
    TRY(cmd_option_int(c, "from", 0, (int64_t)RECORD_FILE_MAX, 0, &from, e));
    TRY(cmd_option_int(c, "bytes", 0, (int64_t)RECORD_FILE_MAX, (int64_t)size, &bytes, e));
    g->from = (uint64_t)from;
    g->end = g->from + (uint64_t)bytes;
    return KITH_OK;
}

static kith_status run_get(struct cmd *c, kith_error *e) {
    const struct base_file *f = &cmd_schema(c)->base.file;
    struct engine *engine = c->company->engine;
    struct getting g = {.c = c, .file = -1};
    const char *path = arg_file(c, 1);
    struct io *io = c->io;
    kith_id id;
    kith_value *v;
    TRY(arg_id(c, 0, &id, e));
    TRY(engine_read(engine, &c->principal, f->type, &id, &c->arena, &v, e));
    if (!file_readable(engine, &c->principal))
        return err_set(e, KITH_E_DENIED, NULL, "what stands in files is not for you to read");
    TRY(read_range(c, &g, (uint64_t)v[f->size->index].as.i, e));
    if (path)
        TRY(io->ops->open(io, path, IO_NEW, &g.file, e));
    kith_status st = get_parts(&g, id, e);
    if (g.file < 0)
        return st;
    kith_status closed = io->ops->close(io, g.file, st == KITH_OK, st == KITH_OK ? e : NULL);
    return st == KITH_OK ? closed : st;
}

const struct command command_file_get = {
    .name = "file get",
    .args = "ID [FILE]",
    .help = "the bytes of a file",
    .more = "  kith find \"file where about = 'contact/0ABCDEFGH1234'\" --fields id,name\n"
            "  kith file get 0ABCDEFGH5678 contract.pdf\n\n"
            "Without FILE, or with -, they go to standard output.",
    .options = {{"from", "BYTE", "not those before it; the first one is 0"},
                {"bytes", "N", "so many; else all"}},
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_min = 1,
    .args_max = 2,
    .run = run_get,
};
