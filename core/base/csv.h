/* SPDX-License-Identifier: Apache-2.0 */
/* CSV: RFC 4180 and what real programs write. A pull reader over a stream of bytes: encoding,
 * delimiter (comma, semicolon, tab, bar) and line end (CRLF, LF, CR, mixed) are detected from the
 * first 64 KiB. Memory is bounded by the longest row. */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/arena.h"
#include "base/str.h"
#include "base/text.h"

/* Fills dst with up to cap bytes; *got 0 is the end. */
typedef kith_status (*csv_source)(void *arg, char *dst, size_t cap, size_t *got, kith_error *e);

struct csv_options {
    char delimiter;      /* 0: detect */
    const char *encoding; /* "utf-8", "utf-16le", "utf-16be", "windows-1252", "latin-1"; NULL: detect */
    size_t max_field;    /* bytes; 0: 16 MiB */
};
struct csv;

/* One row. Fields live until the next call. */
struct csv_row {
    const kith_str *fields;
    size_t count;
    uint64_t row;       /* 1 for the first row of the file, header included */
    uint64_t line;      /* the line on which it begins, from 1 */
    uint64_t offset;    /* bytes of the decoded text before it */
    const char *defect; /* NULL, or what is wrong with this row: "a quote is never closed", ...; the
                           fields are what could be read */
    kith_str raw;       /* the row as it stood, decoded, without its line end */
};

kith_status csv_open(struct csv **out, csv_source source, void *arg, const struct csv_options *o,
                     kith_error *e);
/* KITH_E_NOTFOUND: no more rows. A row with a defect is KITH_OK: the caller rejects it. After an
 * unclosed quote that swallows the rest of the file, the reader goes back to the next line. Empty
 * lines are skipped. */
kith_status csv_next(struct csv *c, struct csv_row *row, kith_error *e);
char csv_delimiter(const struct csv *c);
enum text_encoding csv_encoding(const struct csv *c);
const char *csv_line_end(const struct csv *c); /* "CRLF", "LF", "CR" */
void csv_close(struct csv *c);

/* Appends one field, quoted when it must be. */
void csv_put(struct buf *out, kith_str field, char delimiter);

#endif
