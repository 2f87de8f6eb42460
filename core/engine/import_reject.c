/* SPDX-License-Identifier: Apache-2.0 */
/* A rejected row as a row of the file of rejects: as it was, with number, line, reason and field in
 * front.
 */
#include "engine/import_vcard.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void csv_text(struct import *im, const struct row *r, struct buf *b) {
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

/* The members of the object, unless they are those of a file of rejects. */
static void put_members(struct json_out *j, json_t *object) {
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value) {
        if (str_eqz(STR("_row"), name) || str_eqz(STR("_line"), name) ||
            str_eqz(STR("_reason"), name) || str_eqz(STR("_field"), name))
            continue;
        char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        json_key(j, name);
        json_raw(j, str_of(text));
        j->buf->failed |= !text;
        free(text);
    }
}

static void jsonl_text(const struct row *r, struct buf *b) {
    struct json_out j;
    json_t *object = NULL;
    json_begin(&j, b, false);
    json_object_(&j);
    json_key(&j, "_row");
    json_int(&j, (int64_t)r->row);
    json_key(&j, "_line");
    json_int(&j, (int64_t)r->line);
    json_key(&j, "_reason");
    json_strz(&j, r->reason);
    json_key(&j, "_field");
    json_strz(&j, r->field);
    if (json_read(r->raw, &object, NULL) == KITH_OK && json_is_object(object)) {
        put_members(&j, object);
    } else {
        json_key(&j, "_raw");
        json_str(&j, r->raw);
    }
    json_decref(object);
    json_object_end(&j);
    buf_putc(b, '\n');
}

kith_status reject_row(struct import *im, const struct row *r, kith_error *e) {
    struct buf text = {0};
    if (!im->o->reject)
        return KITH_OK;
    if (im->csv)
        csv_text(im, r, &text);
    else if (im->cards)
        card_reject(r, &text);
    else
        jsonl_text(r, &text);
    im->header_sent = true;
    struct import_reject out = {.row = r->row,
                                .line = r->line,
                                .field = r->field,
                                .reason = r->reason,
                                .text = buf_view(&text)};
    kith_status st = text.failed ? err_nomem(e) : im->o->reject(im->o->arg, &out, e);
    buf_free(&text);
    return st;
}
