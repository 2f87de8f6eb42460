/* SPDX-License-Identifier: Apache-2.0 */
/* CSV: the first byte chooses options, the rest is the file. However the bytes come in pieces, the
 * rows are the same; rows written by csv_put are read as they were. */
#include "base/csv.h"
#include "fuzz/fuzz.h"

#define FIELD_MAX 3000 /* bytes */

/* Rows as lines that show where each field ends; whole ones only into *again, as CSV. */
static void read_rows(kith_str file, size_t piece, const struct csv_options *o, struct buf *shown,
                      struct buf *again) {
    kith_error e = KITH_ERROR_INIT;
    struct pieces source = {file, piece};
    struct csv *c;
    struct csv_row row;
    kith_status st;
    uint64_t last = 0, offset = 0;
    HOLDS_OK(csv_open(&c, pieces_pull, &source, o, &e), e);
    while ((st = csv_next(c, &row, &e)) == KITH_OK) {
        size_t bytes = 0;
        HOLDS(row.count > 0, "row %" PRIu64, row.row);
        HOLDS(row.row == last + 1, "row %" PRIu64 " after %" PRIu64, row.row, last);
        HOLDS(row.line >= 1 && row.offset >= offset, "row %" PRIu64, row.row);
        last = row.row;
        offset = row.offset;
        buf_printf(shown, "%" PRIu64 " %" PRIu64 " %s", row.line, row.offset,
                   row.defect ? row.defect : "");
        for (size_t i = 0; i < row.count; i++) {
            HOLDS(row.fields[i].ptr, "row %" PRIu64, row.row);
            bytes += row.fields[i].len;
            buf_putc(shown, '\x1f');
            buf_str(shown, row.fields[i]);
            if (again && !row.defect) {
                if (i)
                    buf_putc(again, csv_delimiter(c));
                if (row.count == 1 && row.fields[0].len == 0)
                    buf_puts(again, "\"\"");
                else
                    csv_put(again, row.fields[i], csv_delimiter(c));
            }
        }
        buf_putc(shown, '\x1e');
        if (again && !row.defect)
            buf_puts(again, "\r\n");
        HOLDS(bytes <= row.raw.len + FIELD_MAX, "%zu bytes of %" PRIu64, bytes, row.raw.len);
    }
    HOLDS(st == KITH_E_NOTFOUND, "%s", e.message);
    csv_close(c);
}

static bool same(const struct buf *a, const struct buf *b) {
    return a->len == b->len && (!a->len || memcmp(a->ptr, b->ptr, a->len) == 0);
}

/* Our own notation for the end of a field and of a row must not stand in the file. */
static bool can_be_rewritten(kith_str file) {
    return !memchr(file.ptr, '\x1e', (size_t)file.len) &&
           !memchr(file.ptr, '\x1f', (size_t)file.len);
}

static void rewritten_reads_the_same(const struct buf *csv, char delimiter) {
    struct csv_options plain = {.delimiter = delimiter, .encoding = "utf-8"};
    struct buf shown = {0}, again = {0};
    read_rows(buf_view(csv), 0, &plain, &shown, &again);
    HOLDS(same(csv, &again), "wrote: %s\n  then: %s", csv->ptr, again.ptr);
    buf_free(&shown);
    buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const encodings[] = {NULL, "utf-8", "utf-16le", "utf-16be", "windows-1252"};
    struct input in = {data, data + size};
    uint8_t choice = input_byte(&in);
    struct csv_options o = {.delimiter = "\0,;\t"[choice & 3],
                            .encoding = encodings[(choice >> 2) % 5],
                            .max_field = choice & 0x80 ? 16 : FIELD_MAX};
    kith_str file = input_rest(&in);
    struct buf whole = {0}, pieces = {0}, csv = {0};
    buf_puts(&csv, "title\r\n"); /* the first row may hold what is no data: sep=; and marks */
    read_rows(file, 0, &o, &whole, &csv);
    read_rows(file, 1 + (choice >> 5), &o, &pieces, NULL);
    HOLDS(same(&whole, &pieces), "in pieces: %s\n  whole: %s", pieces.ptr, whole.ptr);
    if (o.delimiter && can_be_rewritten(file))
        rewritten_reads_the_same(&csv, o.delimiter);
    buf_free(&whole);
    buf_free(&pieces);
    buf_free(&csv);
    return 0;
}
