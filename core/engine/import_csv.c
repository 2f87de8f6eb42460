/* SPDX-License-Identifier: Apache-2.0 */
/* Import of CSV: the header, the next row as checked values, and a rejected row in the dialect of
 * the file. */
#include "engine/import_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CSV_COLUMNS 16384u /* as many as a spreadsheet has */

/* -- opening ----------------------------------------------------------------------------------- */

/* Copies the names of the columns. */
static kith_status keep_header(struct import *im, const kith_str *names, size_t count,
                               kith_error *e) {
    if (count > CSV_COLUMNS)
        return err_set(e, KITH_E_LIMIT, NULL,
                       "the file's first row has %zu columns, and at most %u are read: is the"
                       " delimiter right, and is the first row the header?",
                       count, CSV_COLUMNS);
    kith_str *header = ARENA_ARRAY(&im->arena, kith_str, count + 1);
    if (!header)
        return err_nomem(e);
    for (size_t i = 0; i < count; i++)
        if (!(header[i] = arena_str(&im->arena, names[i])).ptr)
            return err_nomem(e);
    im->header = header;
    im->header_count = count;
    return map_header(im, header, count, e);
}

static kith_status named_columns(struct import *im, kith_error *e) {
    kith_str rest = str_of(im->o->columns), name;
    kith_str *names = ARENA_ARRAY(&im->arena, kith_str, rest.len + 1);
    size_t count = 0;
    if (!names)
        return err_nomem(e);
    while (str_split(&rest, ',', &name))
        names[count++] = name;
    return keep_header(im, names, count, e);
}

static kith_status read_header(struct import *im, kith_error *e) {
    struct csv_row row;
    kith_status st = csv_next(im->csv, &row, e);
    if (st == KITH_E_NOTFOUND)
        return err_set(e, KITH_E_INVAL, NULL, "the file is empty; its first row names the columns");
    TRY(st);
    if (row.defect)
        return err_set(e, KITH_E_INVAL, NULL, "line %llu, which names the columns: %s",
                       (unsigned long long)row.line, row.defect);
    return keep_header(im, row.fields, row.count, e);
}

/* A file of rejects has a header even when its source had none, and no lines in front. */
static kith_status begin_csv(struct import *im, kith_error *e) {
    struct csv_options options = im->o->csv;
    options.mark = "_row";
    TRY(csv_open(&im->csv, im->o->source, im->o->source_arg, &options, e));
    im->named = im->o->columns && !csv_marked(im->csv);
    return im->named ? named_columns(im, e) : read_header(im, e);
}

static void end_csv(struct import *im) {
    csv_close(im->csv);
}

static const char *delimiter_name(char d) {
    static const struct {
        char sign;
        const char *name;
    } names[] = {{',', "commas"}, {';', "semicolons"}, {'\t', "tabs"}, {'|', "bars"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].sign == d)
            return names[i].name;
    return d == CSV_BLANKS ? "blanks" : NULL;
}

static const char *csv_name(struct import *im) {
    char delimiter = csv_delimiter(im->csv);
    const char *name = delimiter_name(delimiter);
    return arena_printf(&im->arena, "CSV in %s, %s%c%s between columns, lines end in %s, %s",
                        text_encoding_name(csv_encoding(im->csv)), name ? "" : "'",
                        name ? name[0] : delimiter, name ? name + 1 : "'", csv_line_end(im->csv),
                        im->named ? "no header" : "the first row is the header");
}

/* -- rows -------------------------------------------------------------------------------------- */

static kith_status take_cells(struct arena *a, const struct csv_row *from, struct row *r,
                              kith_error *e) {
    size_t bytes = 0;
    for (size_t i = 0; i < from->count; i++)
        bytes += from->fields[i].len;
    kith_str *cells = ARENA_ARRAY(a, kith_str, from->count);
    char *to = arena_alloc(a, bytes + 1);
    if (!cells || !to)
        return err_nomem(e);
    for (size_t i = 0; i < from->count; i++) {
        memcpy(to, from->fields[i].ptr, from->fields[i].len);
        cells[i] = (kith_str){to, from->fields[i].len};
        to += from->fields[i].len;
    }
    r->cells = cells;
    r->cell_count = from->count;
    return KITH_OK;
}

static bool is_empty(const struct row *r) {
    for (size_t i = 0; i < r->cell_count; i++)
        if (str_trim(r->cells[i]).len)
            return false;
    return true;
}

static kith_status cut_off(const struct import *im, size_t count, kith_error *e) {
    return err_set(e, KITH_E_INVAL, NULL,
                   "the file ends in the middle of this row, its last: it was cut off after cell "
                   "%zu of %zu",
                   count, im->header_count);
}

/* What is wrong with the row by itself, and what may help. */
static kith_status refuse_defect(const struct import *im, const struct csv_row *row,
                                 kith_error *e) {
    bool quote = strstr(row->defect, "quote") != NULL;
    if (quote && row->cut)
        return cut_off(im, row->count, e);
    if (quote)
        return err_set(e, KITH_E_INVAL, NULL,
                       "%s; the option 'quote' takes quotes as text by 'none'", row->defect);
    if (strstr(row->defect, "encoding"))
        return err_set(e, KITH_E_INVAL, NULL,
                       "%s, %s; mend it, or name the encoding by the option 'encoding'",
                       row->defect, text_encoding_name(csv_encoding(im->csv)));
    return err_set(e, KITH_E_INVAL, NULL, "%s", row->defect);
}

/* Is the row as wide as the header? Empty cells too many do no harm. */
static kith_status check_width(const struct import *im, const struct csv_row *row, kith_error *e) {
    size_t count = row->count;
    if (row->defect)
        return refuse_defect(im, row, e);
    while (count > im->header_count && !str_trim(row->fields[count - 1]).len)
        count--;
    if (count < im->header_count)
        return row->cut ? cut_off(im, count, e)
                        : err_set(e, KITH_E_INVAL, NULL,
                                  "the row has %zu %s, and there are %zu columns; some are missing",
                                  count, count == 1 ? "cell" : "cells", im->header_count);
    if (count > im->header_count)
        return err_set(e, KITH_E_INVAL, NULL,
                       "the row has %zu cells, and there %s %zu %s; a text with a '%c' in it needs "
                       "quotes",
                       count, im->header_count == 1 ? "is" : "are", im->header_count,
                       im->header_count == 1 ? "column" : "columns", csv_delimiter(im->csv));
    return KITH_OK;
}

static kith_status read_cells(struct import *im, struct arena *a, struct row *r, kith_error *e) {
    TRY(row_start(a, r, im->column_count, e));
    for (size_t i = 0; i < im->column_count; i++) {
        const struct column *c = im->columns[i];
        if (c->fixed || (!c->shown.field && !c->shown.is_id))
            continue;
        kith_str cell = str_trim(r->cells[c->cell]);
        if (!cell_is_empty(im, cell))
            TRY(put_value(im, a, r, c, value_str(cell), e));
    }
    return fixed_put(im, a, r, NULL, e);
}

static kith_status next_csv(struct import *im, struct arena *a, struct row *r, bool look,
                            kith_error *e) {
    struct csv_row row;
    kith_error why = KITH_ERROR_INIT;
    TRY(csv_next(im->csv, &row, e));
    r->row = row.row;
    r->line = row.line;
    crypto_generichash_update(&im->content, (const unsigned char *)row.raw.ptr, row.raw.len);
    TRY(take_cells(a, &row, r, e));
    r->empty = is_empty(r);
    if (!look || r->empty)
        return KITH_OK;
    if (check_width(im, &row, &why) != KITH_OK)
        return row_bad(a, r, &why, e);
    return read_cells(im, a, r, e);
}

/* -- rejects ----------------------------------------------------------------------------------- */

/* A row in the dialect of the source, so that the same options read it and the same program opens
 * it. Columns that are lined up keep two blanks between them: that tells them from sentences. */
static void put_cells(struct import *im, struct buf *b, const kith_str *cells, size_t count) {
    char d = csv_delimiter(im->csv);
    for (size_t i = 0; i < count; i++) {
        if (b->len)
            buf_puts(b, d == CSV_BLANKS ? "  " : (char[]){d, '\0'});
        csv_put_as(b, cells[i], d, csv_quote(im->csv));
    }
}

static void end_row(struct import *im, struct buf *out, struct buf *row) {
    buf_str(out, buf_view(row));
    buf_puts(out, strcmp(csv_line_end(im->csv), "CRLF") == 0 ? "\r\n" : "\n");
    buf_free(row);
}

/* Without the columns in front that a file of rejects had already. */
static size_t own_cells(const struct import *im) {
    size_t n = 0;
    while (n < im->header_count && n < im->column_count && im->columns[n]->cell == n &&
           im->columns[n]->own)
        n++;
    return n;
}

/* A mark tells that it is UTF-8 when the source was something else. */
static void csv_header(struct import *im, size_t own, struct buf *b) {
    static const kith_str names[] = {{"_row", 4}, {"_line", 5}, {"_reason", 7}, {"_field", 6}};
    struct buf row = {0};
    if (csv_encoding(im->csv) != ENC_UTF8)
        buf_puts(b, "\xEF\xBB\xBF");
    put_cells(im, &row, names, sizeof names / sizeof *names);
    put_cells(im, &row, im->header + own, im->header_count - own);
    end_row(im, b, &row);
}

static void reject_csv(struct import *im, const struct row *r, struct buf *b) {
    size_t own = own_cells(im), skip = own < r->cell_count ? own : r->cell_count;
    char number[24], line[24];
    struct buf row = {0};
    if (!im->header_sent)
        csv_header(im, own, b);
    snprintf(number, sizeof number, "%" PRIu64, r->row);
    snprintf(line, sizeof line, "%" PRIu64, r->line);
    put_cells(im, &row,
              (const kith_str[]){str_of(number), str_of(line), str_of(r->reason), str_of(r->field)},
              4);
    put_cells(im, &row, r->cells + skip, r->cell_count - skip);
    end_row(im, b, &row);
}

const struct import_reader import_csv = {
    .open = begin_csv, .next = next_csv, .reject = reject_csv, .name = csv_name, .close = end_csv};
