/* SPDX-License-Identifier: Apache-2.0 */
/* CSV: RFC 4180 and what real programs write. A pull reader over a stream of bytes: encoding,
 * delimiter (comma, semicolon, tab, bar, or blanks in aligned columns) and line end (CRLF, LF, CR,
 * mixed) are detected from the first 64 KiB; a file that is ASCII so far may still turn out as
 * UTF-8 or Windows-1252 later. A byte order mark, which beats what the options say of the encoding,
 * and the line "sep=;" with which spreadsheets begin a file are passed over. Memory is bounded by
 * the longest row. One thread at a time. */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/arena.h"
#include "base/str.h"
#include "base/text.h"

/* Fills dst with up to cap bytes; *got 0 is the end. */
typedef kith_status (*csv_source)(void *arg, char *dst, size_t cap, size_t *got, kith_error *e);

#define CSV_BLANKS   ' ' /* a delimiter: runs of blanks and tabs; those at the ends do not count */
#define CSV_UNQUOTED '\x7f' /* a quote: there is none, quotes are text */
struct csv_options {
    char delimiter;    /* 0: detect */
    char quote;        /* 0: '"' */
    char comment;      /* lines that begin with it are passed over; 0: none are */
    size_t skip_lines; /* passed over at the beginning */
    const char *mark;  /* a file that begins so has no lines to skip; NULL: every file has */
    const char
        *encoding;    /* "utf-8", "utf-16le", "utf-16be", "windows-1252", "latin-1"; NULL: detect */
    size_t max_field; /* bytes, decoded; a longer field, or row, is a defect; 0: 16 MiB */
};
struct csv;

/* One row. Fields live until the next call. */
struct csv_row {
    const kith_str *fields; /* quotes and doubled quotes resolved; blanks kept; never a NULL ptr */
    size_t count;
    uint64_t row;    /* 1 for the first row of the file, header included; empty lines not counted */
    uint64_t line;   /* the line on which it begins, from 1 */
    uint64_t offset; /* bytes of the decoded text before it */
    const char *defect; /* NULL, or what is wrong with this row: "a quote is never closed", ...; the
                           fields are what could be read */
    bool cut;           /* the file ends with it, without a line end */
    kith_str raw;       /* the row as it stood, decoded, without its line end */
};

/* Reads the first 64 KiB. o may be NULL. KITH_E_INVAL: an unknown encoding. The caller owns *out.
 */
kith_status csv_open(struct csv **out, csv_source source, void *arg, const struct csv_options *o,
                     kith_error *e);
/* KITH_E_NOTFOUND: no more rows. A row with a defect is KITH_OK: the caller rejects it. A quote
 * that is never closed, or is closed on a later line in the middle of a text, swallows nothing: its
 * row ends with its line and the reader goes on at the next one. Empty lines are skipped. */
kith_status csv_next(struct csv *c, struct csv_row *row, kith_error *e);
char csv_delimiter(const struct csv *c);
char csv_quote(const struct csv *c);
bool csv_marked(const struct csv *c);                 /* the file begins with the options' mark */
enum text_encoding csv_encoding(const struct csv *c); /* as far as it is known by now */
const char *csv_line_end(const struct csv *c);        /* of the first line: "CRLF", "LF", "CR" */
void csv_close(struct csv *c);                        /* NULL does nothing */

/* Appends one field, quoted when it must be. A row that is one empty field would be an empty line:
 * write "" for it. */
void csv_put(struct buf *out, kith_str field, char delimiter);
/* The same with another quote. Where CSV_UNQUOTED cannot say it, blanks stand for what would end
 * the field; with CSV_BLANKS, low lines do. */
void csv_put_as(struct buf *out, kith_str field, char delimiter, char quote);

/* Several values in one text, each as csv_put writes it: takes the next one, trimmed, off the front
 * of *rest. A quote that is not closed before a sep is a character as others. False when nothing is
 * left; item->ptr NULL: no memory. */
bool csv_item(struct arena *a, kith_str *rest, char sep, kith_str *item);

#endif
