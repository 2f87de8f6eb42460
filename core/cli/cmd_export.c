/* SPDX-License-Identifier: Apache-2.0 */
/* kith export: every record that a query finds, to a file. */
#include "cli/ask.h"
#include "cli/show.h"
#include "engine/import.h"
#include <stdio.h>
#include <string.h>

struct job {
    struct cmd *c;
    int file; /* -1: standard output */
    struct buf text;
};

static kith_status flush(struct job *job, kith_error *e) {
    kith_status st = job->text.failed ? err_nomem(e) : KITH_OK;
    if (st == KITH_OK && job->text.len > 0)
        st = job->c->io->ops->put(job->c->io, job->file, buf_view(&job->text), e);
    buf_reset(&job->text);
    return st;
}

static kith_status put(void *arg, kith_str bytes, kith_error *e) {
    struct job *job = arg;
    if (job->file < 0) {
        io_raw(job->c->io, bytes);
        return io_check(job->c->io, e);
    }
    buf_str(&job->text, bytes);
    return job->text.len >= 65536 || job->text.failed ? flush(job, e) : KITH_OK;
}

static kith_status on_progress(void *arg, uint64_t rows, kith_error *e) {
    struct job *job = arg;
    char line[64];
    snprintf(line, sizeof line, "%llu records", (unsigned long long)rows);
    if (job->file >= 0)
        io_progress(job->c->io, line);
    return io_check(job->c->io, e);
}

static enum file_format format_of(const struct cmd *c, const char *path) {
    enum file_format usual = path ? file_format_of(path) : c->json ? FORMAT_JSONL : FORMAT_CSV;
    return (enum file_format)cmd_option_choice(c, "format", (int)usual);
}

static kith_status read_version(struct cmd *c, struct export_options *o, kith_error *e) {
    static const enum vcard_version known[] = {VCARD_21, VCARD_30, VCARD_40};
    int given = cmd_option_choice(c, "version", -1);
    if (given < 0)
        return KITH_OK;
    o->version = known[given];
    return o->format == FORMAT_VCARD
               ? KITH_OK
               : option_fail(e, "version", "is about vCards: let the format be vcard");
}

static void json_report(struct cmd *c, uint64_t rows, const char *inexact) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "records");
    json_int(&j, (int64_t)rows);
    if (inexact) {
        json_key(&j, "inexact");
        json_strz(&j, inexact);
    }
    json_object_end(&j);
    json_print(c, &b);
}

static kith_status open_file(struct job *job, const char *path, kith_error *e) {
    bool replace = cmd_option(job->c, "replace") != NULL;
    struct io *io = job->c->io;
    kith_status st = io->ops->open(io, path, replace ? IO_REPLACE : IO_NEW, &job->file, e);
    return st != KITH_E_CONFLICT
               ? st
               : err_set(e, st, NULL,
                         "'%s' is there already: name another file, or replace it with --replace",
                         path);
}

/* *inexact: what was not settled when it began, or when it ended. */
static kith_status export_exactly(struct job *job, const struct export_options *o, uint64_t *rows,
                                  const char **inexact, kith_error *e) {
    struct engine *g = job->c->company->engine;
    struct arena *a = &job->c->arena;
    TRY(engine_export(g, o, rows, e));
    return *inexact ? KITH_OK : engine_inexact(g, o->principal, o->query, a, inexact, e);
}

/* A file has its name, or is none, before the log says how many records were handed out; what is
 * broken off is told of as such. */
static kith_status export_logged(struct job *job, const struct export_options *o,
                                 const struct asked *asked, uint64_t *rows, const char **inexact,
                                 kith_error *e) {
    struct io *io = job->c->io;
    bool to_file = job->file >= 0, said = *inexact && !to_file;
    int64_t number = 0;
    kith_status st = ask_export(job->c, asked, &number, e);
    if (st == KITH_OK && said) /* before the first row, for whoever reads them as they come */
        io_say(io, "%s", *inexact);
    if (st == KITH_OK)
        st = export_exactly(job, o, rows, inexact, e);
    if (st == KITH_OK && *inexact && !said && !(to_file && job->c->json))
        io_say(io, "%s", *inexact);
    if (!to_file)
        return ask_exported(job->c, number, *rows, st, e);
    if (st == KITH_OK)
        st = flush(job, e);
    kith_status closed = io->ops->close(io, job->file, st == KITH_OK, st == KITH_OK ? e : NULL);
    st = st == KITH_OK ? closed : st;
    return st == KITH_OK ? ask_exported(job->c, number, *rows, st, e) : st;
}

static kith_status export_rows(struct job *job, struct export_options *o, const struct asked *asked,
                               const char *path, kith_error *e) {
    const char *inexact;
    uint64_t rows = 0;
    TRY(engine_inexact(job->c->company->engine, o->principal, o->query, &job->c->arena, &inexact,
                       e));
    if (path)
        TRY(open_file(job, path, e));
    TRY(export_logged(job, o, asked, &rows, &inexact, e));
    if (!path)
        return KITH_OK;
    if (job->c->json)
        json_report(job->c, rows, inexact);
    else
        io_printf(job->c->io, "%llu record%s written.\n", (unsigned long long)rows,
                  rows == 1 ? "" : "s");
    return KITH_OK;
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct job job = {.c = c, .file = -1};
    struct asked asked;
    const char *path = arg_file(c, 1);
    TRY(ask_read(c, c->args, 1, &asked, e));
    if (query_counts(asked.query) || query_totals(asked.query))
        return err_set(e, KITH_E_INVAL, "query",
                       "totals, not records, come of this query, and are no export");
    struct export_options o = {.principal = &c->principal,
                               .query = asked.query,
                               .params = asked.params,
                               .fields = cmd_option(c, "fields"),
                               .put = put,
                               .progress = on_progress,
                               .arg = &job};
    o.format = format_of(c, path);
    o.spreadsheet = cmd_option(c, "spreadsheet") != NULL;
    TRY(read_version(c, &o, e));
    if (o.spreadsheet && o.format != FORMAT_CSV)
        return option_fail(e, "spreadsheet", "is about CSV: let the format be csv");
    kith_status st = export_rows(&job, &o, &asked, path, e);
    if (st != KITH_OK)
        st = ask_blame(&asked, e);
    buf_free(&job.text);
    return st;
}

const struct command command_export = {
    .name = "export",
    .args = "QUERY [FILE]",
    .help = "all records that a query finds, as CSV, JSON lines or vCards",
    .more =
        "  kith export contact contacts.csv\n"
        "  kith export \"contact where city = 'Berlin'\" --fields name,email --format jsonl\n\n"
        "Without a FILE, or with -, it is written to standard output. A file that is there is "
        "only\n"
        "replaced with --replace. A name that ends in .jsonl, .ndjson or\n"
        ".json means JSON lines, which hold every value exactly: importing them again\n"
        "with --key id changes nothing. One in .vcf or .vcard means vCards, of contacts only, "
        "with\n"
        "their points, organisation and photo. Each export is logged: 'kith access log --event\n"
        "export'.",
    .options = {{"format", FILE_FORMATS, "else by the file's name"},
                {"version", "2.1|3.0|4.0", "of vCards; else 3.0, which most programs read"},
                {"fields", "A,B.C", "these fields, in this order; else all"},
                {"spreadsheet", NULL,
                 "of CSV: a text that begins with = + - @ gets an apostrophe in front, or a program"
                 " for tables takes it for a formula"},
                {"replace", NULL, "write over the file when it is there already"},
                ASK_OPTIONS},
    .gathered = ASK_GATHERED,
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_min = 1,
    .args_max = 2,
    .run = run,
};
