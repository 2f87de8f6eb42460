/* SPDX-License-Identifier: Apache-2.0 */
/* kith import: a file of rows into records; or only a look at it, or a rehearsal on a copy. */
#include "cli/identity.h"
#include "cli/reasons.h"
#include "cli/scratch.h"
#include "cli/show.h"
#include "engine/import.h"
#include <stdio.h>
#include <string.h>

struct job {
    struct cmd *c;
    struct engine *engine; /* the company's, or a scratch copy's */
    struct import_options options;
    struct import *import;
    int source;          /* file number */
    const char *rejects; /* name of the file, or NULL */
    int reject_file;     /* -1: not open */
    bool rejected;       /* something stands in it */
    struct buf reject_text;
    struct reasons reasons;
    int64_t started;
};

/* -- options ----------------------------------------------------------------------------------- */

/* One character, or the name of one that is hard to type. */
static kith_status pick_char(struct cmd *c, const char *option, char *out, kith_error *e) {
    static const struct {
        const char *option, *name;
        char is;
    } names[] = {{"delimiter", "tab", '\t'},
                 {"delimiter", "blanks", CSV_BLANKS},
                 {"quote", "none", CSV_UNQUOTED}};
    const char *given = cmd_option(c, option), *named = "";
    for (size_t i = 0; given && i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i].option, option) != 0)
            continue;
        named = names[i].name;
        if (strcmp(named, given) == 0) {
            *out = names[i].is;
            return KITH_OK;
        }
    }
    if (!given)
        return KITH_OK;
    *out = given[0];
    if (given[0] > ' ' && given[0] < 0x7f && !given[1])
        return KITH_OK;
    if (given[0] == ' ' && !given[1] && strcmp(option, "quote") != 0)
        return KITH_OK;
    return option_fail(e, option, "takes one character%s%s, not '%s'", named[0] ? ", or " : "",
                       strcmp(named, "blanks") == 0 ? "tab or blanks" : named, given);
}

static kith_status read_dialect(struct cmd *c, struct import_options *o, kith_error *e) {
    int64_t skip, row_max;
    TRY(pick_char(c, "delimiter", &o->csv.delimiter, e));
    TRY(pick_char(c, "quote", &o->csv.quote, e));
    TRY(pick_char(c, "comment", &o->csv.comment, e));
    TRY(pick_char(c, "split", &o->split, e));
    TRY(pick_char(c, "decimal", &o->decimal, e));
    TRY(cmd_option_int(c, "skip-lines", 0, 1000000, 0, &skip, e));
    o->csv.skip_lines = (size_t)skip;
    TRY(cmd_option_int(c, "max-row", 1024, IMPORT_ROW_MAX, 0, &row_max, e));
    o->row_max = o->csv.max_field = (size_t)row_max;
    o->csv.encoding = cmd_option(c, "encoding");
    o->columns = cmd_option(c, "columns");
    o->empty = cmd_option(c, "empty");
    if (o->decimal && o->decimal != ',' && o->decimal != '.')
        return option_fail(e, "decimal", "takes , or ., not '%c'", o->decimal);
    return KITH_OK;
}

static kith_status read_options(struct job *job, kith_error *e) {
    struct cmd *c = job->c;
    struct import_options *o = &job->options;
    const char *file = c->args[1], *slash = strrchr(file, '/'), *name = cmd_option(c, "name");
    TRY(schema_find_type(engine_schema(job->engine), str_of(c->args[0]), &o->type, e));
    TRY(read_dialect(c, o, e));
    o->principal = &c->principal;
    o->duplicates = (enum import_duplicates)cmd_option_choice(c, "duplicates", DUPLICATE_UPDATE);
    o->format =
        (enum file_format)cmd_option_choice(c, "format", (int)file_format_of(name ? name : file));
    o->name = strcmp(file, "-") == 0 ? name ? name : "standard input" : slash ? slash + 1 : file;
    if (name && strcmp(file, "-") != 0)
        return option_fail(e, "name", "is about standard input: add -");
    o->map = c->args + 2;
    o->map_count = c->arg_count - 2;
    o->key = cmd_option(c, "key");
    o->day_first = cmd_option(c, "day-first") != NULL;
    o->create_linked = cmd_option(c, "create-linked") != NULL;
    o->list = cmd_option(c, "list");
    o->again = cmd_option(c, "again") != NULL;
    o->restart = cmd_option(c, "restart") != NULL;
    job->rejects = cmd_option(c, "rejects");
    if (cmd_option(c, "duplicates") && !o->key)
        return option_fail(e, "duplicates", "is about rows whose key is known: name the key, too");
    return KITH_OK;
}

/* -- callbacks of the import ------------------------------------------------------------------- */

static kith_status pull(void *arg, char *dst, size_t cap, size_t *got, kith_error *e) {
    struct job *job = arg;
    return job->c->io->ops->read(job->c->io, job->source, dst, cap, got, e);
}

static kith_status on_progress(void *arg, const struct import_report *r, kith_error *e) {
    struct job *job = arg;
    char line[160];
    double speed = r->seconds > 0 ? (double)(r->rows - r->resumed) / r->seconds : 0;
    snprintf(line, sizeof line,
             "%llu rows: %llu created, %llu updated, %llu rejected, %.0f a second",
             (unsigned long long)r->rows, (unsigned long long)r->created,
             (unsigned long long)r->updated, (unsigned long long)r->rejected, speed);
    io_progress(job->c->io, line);
    return io_check(job->c->io, e);
}

static kith_status flush_rejects(struct job *job, kith_error *e) {
    struct io *io = job->c->io;
    if (job->reject_text.failed)
        return err_nomem(e);
    if (job->reject_text.len == 0)
        return KITH_OK;
    kith_status st = io->ops->put(io, job->reject_file, buf_view(&job->reject_text), e);
    job->rejected = true;
    buf_reset(&job->reject_text);
    return st;
}

static kith_status on_reject(void *arg, const struct import_reject *r, kith_error *e) {
    struct job *job = arg;
    reasons_add(&job->reasons, r);
    if (!job->rejects)
        return KITH_OK;
    buf_str(&job->reject_text, r->text);
    return job->reject_text.len >= 65536 ? flush_rejects(job, e) : KITH_OK;
}

/* The file stands before the import is done: until then the same command tells its rows again. */
static kith_status keep_rejects(void *arg, kith_error *e) {
    struct job *job = arg;
    TRY(flush_rejects(job, e));
    int file = job->reject_file;
    job->reject_file = -1;
    return file < 0 ? KITH_OK : job->c->io->ops->close(job->c->io, file, job->rejected, e);
}

/* -- what is told ------------------------------------------------------------------------------ */

static const char *column_target(struct cmd *c, const struct import_column *col) {
    if (col->is_id)
        return "id";
    if (!col->field)
        return col->part ? "(part of a value below)" : "(left out)";
    if (col->finds)
        return arena_printf(&c->arena, "%s of a new %s, found by its %s", col->by->name,
                            col->field->name, col->within->name);
    if (col->within)
        return arena_printf(&c->arena, "%s of a new %s of a new %s", col->within->name,
                            col->by->name, col->field->name);
    if (col->also)
        return arena_printf(&c->arena, "%s of a new %s", col->by->name, col->field->name);
    if (col->by)
        return arena_printf(&c->arena, "%s, found by its %s", col->field->name, col->by->name);
    return col->field->name;
}

/* A member of an object in JSON that goes to a field as a whole. */
static bool is_inside(const struct job *job, const struct import_column *col, size_t count,
                      const struct import_column *one) {
    if (job->options.format != FORMAT_JSONL || one->field)
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(col[i].header);
        if (len && col[i].field && strncmp(one->header, col[i].header, len) == 0 &&
            one->header[len] == '.')
            return true;
    }
    return false;
}

static void show_columns(struct job *job) {
    struct cmd *c = job->c;
    size_t count;
    const struct import_column *col = import_columns(job->import, &count);
    const struct rfield *missing = import_missing(job->import);
    struct table t;
    if (c->json || count == 0)
        return;
    io_printf(c->io, "%s\n\n", import_format(job->import));
    table_begin(&t, c, (const char *const[]){"column of the file", "goes to", NULL});
    for (size_t i = 0; i < count; i++) {
        if (is_inside(job, col, count, &col[i]))
            continue;
        bool pieces = col[i].value && strchr(col[i].value, '{');
        const char *unnamed = pieces ? col[i].value : col[i].value ? "(every row)" : "(no name)";
        table_cellz(&t, col[i].header[0] ? col[i].header : unnamed);
        table_cellz(&t, column_target(c, &col[i]));
    }
    table_print(&t);
    if (missing)
        io_printf(c->io, "No column goes to %s, without which no %s can be created.\n",
                  missing->name, job->options.type->name);
    io_puts(c->io, "\n");
}

static void report_json(struct job *job, const struct import_report *r, bool rehearsal) {
    const struct {
        const char *name;
        uint64_t count;
    } counts[] = {{"rows", r->rows},
                  {"created", r->created},
                  {"updated", r->updated},
                  {"unchanged", r->unchanged},
                  {"skipped", r->skipped},
                  {"rejected", r->rejected},
                  {"duplicates", r->duplicates},
                  {"keyless", r->keyless},
                  {"resumed", r->resumed},
                  {"kept", r->kept}};
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "rehearsal");
    json_bool_(&j, rehearsal);
    json_key(&j, "run");
    json_id(&j, rehearsal ? 0 : r->run);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        json_key(&j, counts[i].name);
        json_int(&j, (int64_t)counts[i].count);
    }
    json_key(&j, "seconds");
    json_num(&j, r->seconds);
    json_key(&j, "format");
    json_strz(&j, import_format(job->import));
    json_key(&j, "reasons");
    reasons_json(&job->reasons, &j);
    json_object_end(&j);
    json_print(job->c, &b);
}

static void count_line(struct cmd *c, const char *what, uint64_t count) {
    if (count > 0)
        io_printf(c->io, "  %-12s %llu\n", what, (unsigned long long)count);
}

static void report_matches(struct job *job, const struct import_report *r) {
    struct cmd *c = job->c;
    for (uint32_t i = 0; i < r->match_count; i++)
        io_printf(c->io, "    row %llu is %s %s%s\n", (unsigned long long)r->matches[i].row,
                  job->options.type->name, show_id(c, r->matches[i].id),
                  r->matches[i].by_import ? ", from an earlier row" : "");
}

static void report_text(struct job *job, const struct import_report *r, bool rehearsal) {
    struct cmd *c = job->c;
    io_printf(c->io, "%llu row%s in %.1f s%s\n", (unsigned long long)r->rows,
              r->rows == 1 ? "" : "s", r->seconds,
              rehearsal ? ", on a copy: nothing was kept" : "");
    count_line(c, "created", r->created);
    count_line(c, "updated", r->updated);
    count_line(c, "unchanged", r->unchanged);
    count_line(c, "skipped", r->skipped);
    count_line(c, "rejected", r->rejected);
    reasons_show(&job->reasons, c->io);
    if (r->rejected > 0 && !job->rejects)
        io_puts(c->io, "    --rejects FILE keeps them, to be repaired and imported again\n");
    count_line(c, "duplicates", r->duplicates);
    report_matches(job, r);
    count_line(c, "not compared", r->keyless);
    count_line(c, "done before", r->resumed);
    if (r->kept > 0)
        io_printf(c->io, "  %-12s %llu %s no field, in notes: %s\n", "kept",
                  (unsigned long long)r->kept,
                  r->kept == 1 ? "property that has" : "properties that have", r->kept_names);
    if (!rehearsal && r->created + r->updated > 0)
        io_printf(c->io, "'kith undo %s' takes the whole import back.\n", show_id(c, r->run));
}

static void report(struct job *job, const struct import_report *r, bool rehearsal) {
    if (job->c->json)
        report_json(job, r, rehearsal);
    else
        report_text(job, r, rehearsal);
}

/* -- preview ----------------------------------------------------------------------------------- */

struct preview {
    struct cmd *c;
    struct table table;
    const struct import_column *columns;
    size_t count;
};

static kith_status preview_row(void *arg, const struct import_row *row, kith_error *e) {
    (void)e;
    struct preview *p = arg;
    struct buf b = {0};
    struct json_out j;
    if (!p->c->json) {
        table_cellz(&p->table, arena_printf(&p->c->arena, "%llu", (unsigned long long)row->row));
        for (size_t i = 0; i < p->count && i + 2 < TABLE_COLUMNS; i++) {
            if (p->columns[i].field || p->columns[i].is_id)
                table_cell(&p->table, show_value(p->c, &row->values[i]));
        }
        table_cellz(&p->table, row->reason ? row->reason : "");
        return KITH_OK;
    }
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "row");
    json_int(&j, (int64_t)row->row);
    for (size_t i = 0; i < p->count; i++) {
        if (p->columns[i].field && row->values[i].kind != KITH_NULL) {
            json_key(&j, p->columns[i].field->name);
            value_json(cmd_schema(p->c), &row->values[i], &j);
        }
    }
    json_key(&j, "problem");
    if (row->reason)
        json_strz(&j, row->reason);
    else
        json_nil(&j);
    json_object_end(&j);
    json_print(p->c, &b);
    return KITH_OK;
}

static kith_status preview(struct job *job, int64_t rows, kith_error *e) {
    struct preview p = {.c = job->c};
    p.columns = import_columns(job->import, &p.count);
    table_begin(&p.table, job->c, (const char *const[]){">row", NULL});
    for (size_t i = 0; i < p.count && i + 2 < TABLE_COLUMNS; i++) {
        if (p.columns[i].field || p.columns[i].is_id)
            table_head(&p.table, p.columns[i].is_id ? "id" : p.columns[i].field->name, false);
    }
    table_head(&p.table, "problem", false);
    TRY(import_preview(job->import, (uint64_t)rows, preview_row, &p, e));
    if (!job->c->json)
        table_print(&p.table);
    return KITH_OK;
}

/* -- the import -------------------------------------------------------------------------------- */

static kith_status import_rows(struct job *job, bool rehearsal, kith_error *e) {
    struct import_report r = {0};
    struct cmd *c = job->c;
    kith_status st = import_run(job->import, &r, e);
    io_progress(c->io, "");
    c->wrote = !rehearsal;
    if (st == KITH_OK || r.rows > 0)
        report(job, &r, rehearsal);
    if (st != KITH_OK && r.rows > 0 && !rehearsal)
        io_say(c->io, "the import is not complete: the same command goes on after row %llu",
               (unsigned long long)r.rows);
    if (st == KITH_OK && r.rejected > 0 && r.rejected == r.rows)
        return err_set(e, KITH_E_INVAL, NULL,
                       "every row was rejected: repair the file, or say where its columns go");
    return st;
}

static kith_status run_opened(struct job *job, bool rehearsal, kith_error *e) {
    int64_t rows;
    TRY(cmd_option_int(job->c, "preview", 1, 1000, 0, &rows, e));
    if (rows == 0)
        TRY(identity_writes(job->c, e));
    TRY(import_open(&job->import, job->engine, &job->options, e));
    show_columns(job);
    kith_status st = rows > 0 ? preview(job, rows, e) : import_rows(job, rehearsal, e);
    import_close(job->import);
    return st;
}

/* Whoever erases somebody later is told where it is. */
static kith_status place_rejects(struct job *job, kith_error *e) {
    const char *file = job->rejects, *folder = job->c->io->folder;
    bool whole = file && file[0] == '/';
    if (!file || strcmp(file, "-") == 0 || (!whole && (!folder || !*folder)))
        return KITH_OK;
    job->options.rejects = whole ? file : arena_printf(&job->c->arena, "%s/%s", folder, file);
    return job->options.rejects ? KITH_OK : err_nomem(e);
}

static kith_status with_files(struct job *job, bool rehearsal, kith_error *e) {
    struct io *io = job->c->io;
    TRY(place_rejects(job, e));
    if (job->rejects) /* one that is there may hold the rejects of an earlier import */
        TRY(io->ops->open(io, job->rejects, IO_NEW, &job->reject_file, e));
    kith_status st = io->ops->open(io, job->c->args[1], IO_READ, &job->source, e);
    if (st == KITH_OK) {
        st = run_opened(job, rehearsal, e);
        io->ops->close(io, job->source, false, NULL);
    }
    if (job->reject_file >= 0) /* an interrupted import tells all of them anew when it goes on */
        io->ops->close(io, job->reject_file, false, NULL);
    return st;
}

/* Reads the file and imports it into `engine`. */
static kith_status import_into(struct cmd *c, struct engine *engine, bool rehearsal,
                               kith_error *e) {
    struct job job = {.c = c, .engine = engine, .reject_file = -1};
    TRY(read_options(&job, e));
    if (rehearsal)
        job.rejects = NULL;
    job.options.source = pull;
    job.options.source_arg = &job;
    job.options.progress = on_progress;
    job.options.reject = on_reject;
    job.options.ending = keep_rejects;
    job.options.arg = &job;
    kith_status st = with_files(&job, rehearsal, e);
    buf_free(&job.reject_text);
    reasons_free(&job.reasons);
    return st;
}

static kith_status import_scratch(struct cmd *c, struct company *scratch, void *arg,
                                  kith_error *e) {
    (void)arg;
    return import_into(c, scratch->engine, true, e);
}

static kith_status run(struct cmd *c, kith_error *e) {
    if (cmd_option(c, "rehearse"))
        return scratch_rehearse(c, import_scratch, NULL, e);
    return import_into(c, c->company->engine, false, e);
}

const struct command command_import = {
    .name = "import",
    .args = "TYPE FILE [COLUMN=FIELD ...]",
    .help = "records from a file: CSV, JSON or vCards",
    .more =
        "  kith import contact people.csv --preview 5\n"
        "  kith import contact people.csv --key email --rehearse\n"
        "  kith import contact people.csv --key email --rejects bad.csv \"Given "
        "Name=first_name\"\n\n"
        "Columns find their fields by their names; COLUMN=FIELD says it where they cannot,\n"
        "COLUMN= leaves one out, and COLUMN=account.name finds the linked record by one of its\n"
        "fields. FIELD:=VALUE is for every row, with COLUMN=FIELD for those whose cell is empty;\n"
        "\"subject:={Quantity} x {Item}\" puts cells together. FILE - is standard input. An\n"
        "interrupted import goes on when the same command is given again.\n\n"
        "  kith import contact phone.vcf --key uid\n\n"
        "vCards (.vcf) bring their contacts' points, organisations, notes and photos with them.\n"
        "UID goes to external_id; PROPERTY=FIELD sends a property elsewhere.",
    .options = {{"map", "COLUMN=FIELD", "the same as COLUMN=FIELD: one pair; again for each other"},
                {"key", "FIELD,...", "a row whose key is known updates that record"},
                {"duplicates", "update|skip|reject", "what becomes of such a row; else update"},
                {"rejects", "FILE", "write the rows that were not imported, with the reasons"},
                {"list", "SEGMENT", "put the records into this list, as brought by it if new"},
                {"preview", "N", "only show the first rows as they would be read"},
                {"rehearse", NULL, "import into a copy, show what happens, and keep nothing"},
                {"day-first", NULL, "3/4/2024 is the 3rd of April"},
                {"restart", NULL, "take an interrupted import of this file back, and begin anew"},
                {"again", NULL, "without --key: import a file once more that was imported already"},
                {"format", FILE_FORMATS, "else by the file's name"},
                {"name", "NAME",
                 "of standard input, by which an interrupted import is known again"},
                {"delimiter", "C", "between the cells of a CSV file, or tab or blanks"},
                {"encoding", "NAME", "of a CSV file, as windows-1252"},
                {"columns", "NAME,...", "the CSV file has no header: its columns are these"},
                {"max-row", "BYTES", "of one row of CSV or JSON; a longer one ends it"},
                {"skip-lines", "N", "pass over lines at the beginning of a CSV file"},
                {"comment", "C", "pass over lines that begin with C"},
                {"quote", "C", "around texts of a CSV file, or none; else \""},
                {"decimal", "C", "a comma reads 1.234,56 and a point 1,234.56"},
                {"split", "C", "between several values in a cell, as tags; else a comma"},
                {"empty", "WORD,...", "words that mean an empty cell: N/A,NULL"},
                {"create-linked", NULL,
                 "COLUMN=account.name makes the account that is not there, with what\n"
                 "                         further columns have for it: COLUMN=account.phone"}},
    .repeated = "map",
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_min = 2,
    .args_max = 10000,
    .run = run,
};
