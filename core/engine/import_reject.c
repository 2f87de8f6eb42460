/* SPDX-License-Identifier: Apache-2.0 */
/* A rejected row as a row of the file of rejects: as it was, with number, line and reason in front.
 */
#include "engine/import_internal.h"

#include <inttypes.h>
#include <stdlib.h>

static void put_cells(struct buf *b, const kith_str *cells, size_t count, char delimiter) {
    for (size_t i = 0; i < count; i++) {
        buf_putc(b, delimiter);
        csv_put(b, cells[i], delimiter);
    }
    buf_putc(b, '\n');
}

/* Without the three columns in front that a file of rejects had already. */
static size_t own_cells(const struct import *im) {
    size_t n = 0;
    while (n < im->header_count && n < im->column_count && im->columns[n]->cell == n &&
           im->columns[n]->own)
        n++;
    return n;
}

static void csv_text(struct import *im, const struct row *r, struct buf *b) {
    char d = csv_delimiter(im->csv);
    size_t own = own_cells(im), skip = own < r->cell_count ? own : r->cell_count;
    if (!im->header_sent) {
        buf_printf(b, "_row%c_line%c_reason", d, d);
        put_cells(b, im->header + own, im->header_count - own, d);
    }
    buf_printf(b, "%" PRIu64 "%c%" PRIu64 "%c", r->row, d, r->line, d);
    csv_put(b, str_of(r->reason), d);
    put_cells(b, r->cells + skip, r->cell_count - skip, d);
}

/* The members of the object, unless they are those of a file of rejects. */
static void put_members(struct json_out *j, json_t *object) {
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value) {
        if (str_eqz(STR("_row"), name) || str_eqz(STR("_line"), name) ||
            str_eqz(STR("_reason"), name))
            continue;
        char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        json_key(j, name);
        json_raw(j, str_of(text ? text : "null"));
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
