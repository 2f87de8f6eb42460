/* SPDX-License-Identifier: Apache-2.0 */
/* From the bytes of a file to checked values: CSV cells and members of JSON objects. Whatever is
 * wrong with a row stays with that row. */
#include "engine/import_internal.h"

#include "base/id.h"
#include <string.h>

/* -- lines of JSON ----------------------------------------------------------------------------- */

#define CHUNK ((size_t)64 * 1024)

static kith_status lines_more(struct lines *l, kith_error *e) {
    size_t got = 0;
    if (l->pos) {
        memmove(l->text.ptr, l->text.ptr + l->pos, l->text.len - l->pos);
        l->text.len -= l->pos;
        l->scanned -= l->pos;
        l->pos = 0;
    }
    if (!buf_reserve(&l->text, CHUNK))
        return err_nomem(e);
    TRY(l->source(l->arg, l->text.ptr + l->text.len, CHUNK, &got, e));
    l->text.len += got;
    l->ended = got == 0;
    return KITH_OK;
}

/* The line lives until the next call. */
static kith_status lines_next(struct lines *l, kith_str *line, kith_error *e) {
    for (;;) {
        size_t rest = l->text.len - l->scanned;
        const char *at = rest ? memchr(l->text.ptr + l->scanned, '\n', rest) : NULL;
        size_t end = at ? (size_t)(at - l->text.ptr) : l->text.len;
        l->scanned = end;
        if (!at && !l->ended && end - l->pos < IMPORT_LINE) {
            TRY(lines_more(l, e));
            continue;
        }
        if (!at && !l->ended)
            return err_set(e, KITH_E_LIMIT, NULL,
                           "line %llu is longer than 64 MiB; is this a file of JSON lines?",
                           (unsigned long long)l->line + 1);
        if (!at && end == l->pos)
            return err_set(e, KITH_E_NOTFOUND, NULL, "the file has no more rows");
        *line = str_trim((kith_str){l->text.ptr + l->pos, end - l->pos});
        l->pos = l->scanned = at ? end + 1 : end;
        l->line++;
        if (line->len)
            return KITH_OK;
    }
}

/* -- opening ----------------------------------------------------------------------------------- */

static kith_status open_csv(struct import *im, kith_error *e) {
    struct csv_options options = {.delimiter = im->o->delimiter, .encoding = im->o->encoding};
    struct csv_row row;
    TRY(csv_open(&im->csv, im->o->source, im->o->source_arg, &options, e));
    kith_status st = csv_next(im->csv, &row, e);
    if (st == KITH_E_NOTFOUND)
        return err_set(e, KITH_E_INVAL, NULL, "the file is empty; its first row names the columns");
    TRY(st);
    if (row.defect)
        return err_set(e, KITH_E_INVAL, NULL, "line %llu, which names the columns: %s",
                       (unsigned long long)row.line, row.defect);
    kith_str *header = ARENA_ARRAY(&im->arena, kith_str, row.count);
    if (!header)
        return err_nomem(e);
    for (size_t i = 0; i < row.count; i++)
        if (!(header[i] = arena_str(&im->arena, row.fields[i])).ptr)
            return err_nomem(e);
    im->header = header;
    im->header_count = row.count;
    return map_header(im, header, row.count, e);
}

/* An object of a line; one of a file of rejects that was no JSON stands in its member _raw. */
static kith_status parse_line(kith_str line, json_t **out, kith_error *e) {
    TRY(json_read(line, out, e));
    const json_t *raw = json_object_get(*out, "_raw");
    if (json_is_string(raw)) {
        json_t *inner = NULL;
        kith_status st =
            json_read((kith_str){json_string_value(raw), json_string_length(raw)}, &inner, e);
        json_decref(*out);
        TRY(st);
        *out = inner;
    }
    if (json_is_object(*out))
        return KITH_OK;
    json_decref(*out);
    return err_set(e, KITH_E_INVAL, NULL, "the line is no JSON object");
}

static kith_status map_object(struct import *im, json_t *object, kith_error *e) {
    const char *name;
    json_t *value;
    struct column *c;
    json_object_foreach(object, name, value) TRY(map_member(im, str_of(name), &c, e));
    return KITH_OK;
}

/* The members of the whole lines of the first chunk, without taking the lines. */
static kith_status open_jsonl(struct import *im, kith_error *e) {
    struct lines *l = &im->lines;
    l->source = im->o->source;
    l->arg = im->o->source_arg;
    TRY(lines_more(l, e));
    if (str_starts(buf_view(&l->text), "\xEF\xBB\xBF"))
        l->pos = l->scanned = 3;
    kith_str rest = {l->text.ptr + l->pos, l->text.len - l->pos}, line;
    if (str_starts(str_trim(rest), "["))
        return err_set(e, KITH_E_INVAL, NULL,
                       "the file is one JSON array; write one object on each line instead");
    while (rest.len && memchr(rest.ptr, '\n', rest.len) && str_split(&rest, '\n', &line)) {
        json_t *object;
        if (!line.len || parse_line(line, &object, NULL) != KITH_OK)
            continue;
        kith_status st = map_object(im, object, e);
        json_decref(object);
        TRY(st);
    }
    return KITH_OK;
}

kith_status read_open(struct import *im, kith_error *e) {
    return im->o->format == FORMAT_CSV ? open_csv(im, e) : open_jsonl(im, e);
}

void read_close(struct import *im) {
    csv_close(im->csv);
    buf_free(&im->lines.text);
}

/* -- values ------------------------------------------------------------------------------------ */

static kith_status bad_row(struct arena *a, struct row *r, const kith_error *why, kith_error *e) {
    r->bad = true;
    r->field = arena_strdup(a, why->field);
    r->reason = arena_strdup(a, why->message);
    return r->field && r->reason ? KITH_OK : err_nomem(e);
}

static bool is_fatal(kith_status st) {
    return st == KITH_E_NOMEM || st == KITH_E_IO || st == KITH_E_INTERNAL;
}

/* Checks a value and adds it to the row; what is wrong with it is noted in the row. */
static kith_status put_value(struct import *im, struct arena *a, struct row *r,
                             const struct column *c, kith_value v, kith_error *e) {
    const struct import_column *to = &c->shown;
    kith_error why = KITH_ERROR_INIT;
    kith_status st = KITH_OK;
    if (to->is_id) {
        if (v.kind != KITH_TEXT || !id_parse(str_trim(v.as.s), &r->id))
            st = err_set(&why, KITH_E_INVAL, "id", "the column '%s' holds no id of 13 characters",
                         to->header);
    } else {
        st = value_check(im->schema, to->by ? to->by : to->field, im->o->day_first, a, &v, &why);
        if (st == KITH_OK && v.kind != KITH_NULL)
            r->puts[r->put_count++] = (struct put){.column = c, .value = v};
    }
    if (is_fatal(st)) {
        err_copy(e, &why);
        return st;
    }
    return st == KITH_OK || r->bad ? KITH_OK : bad_row(a, r, &why, e);
}

static kith_status put_fixed(struct import *im, struct arena *a, struct row *r, kith_error *e) {
    for (size_t i = 0; i < im->column_count; i++)
        if (im->columns[i]->fixed)
            TRY(put_value(im, a, r, im->columns[i], im->columns[i]->value, e));
    return KITH_OK;
}

static kith_status start_puts(struct arena *a, struct row *r, size_t columns, kith_error *e) {
    r->puts = ARENA_ARRAY(a, struct put, columns);
    return r->puts ? KITH_OK : err_nomem(e);
}

/* -- rows of CSV ------------------------------------------------------------------------------- */

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

/* Is the row as wide as the header? Empty cells too many do no harm. */
static kith_status check_width(const struct import *im, const struct csv_row *row, kith_error *e) {
    size_t count = row->count;
    if (row->defect)
        return err_set(e, KITH_E_INVAL, NULL, "%s", row->defect);
    while (count > im->header_count && !str_trim(row->fields[count - 1]).len)
        count--;
    if (count < im->header_count)
        return err_set(e, KITH_E_INVAL, NULL,
                       "the row has %zu cells and the header %zu; it may have been cut off", count,
                       im->header_count);
    if (count > im->header_count)
        return err_set(e, KITH_E_INVAL, NULL,
                       "the row has %zu cells and the header %zu; a text with a '%c' in it needs "
                       "quotes",
                       count, im->header_count, csv_delimiter(im->csv));
    return KITH_OK;
}

static kith_status read_cells(struct import *im, struct arena *a, struct row *r, kith_error *e) {
    TRY(start_puts(a, r, im->column_count, e));
    for (size_t i = 0; i < im->column_count; i++) {
        const struct column *c = im->columns[i];
        if (c->fixed || (!c->shown.field && !c->shown.is_id))
            continue;
        kith_str cell = str_trim(r->cells[c->cell]);
        if (cell.len)
            TRY(put_value(im, a, r, c, value_str(cell), e));
    }
    return put_fixed(im, a, r, e);
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
        return bad_row(a, r, &why, e);
    return read_cells(im, a, r, e);
}

/* -- rows of JSON ------------------------------------------------------------------------------ */

static kith_status text_of_real(struct arena *a, double real, kith_value *v, kith_error *e) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_num(&j, real);
    *v = value_str(arena_str(a, buf_view(&b)));
    buf_free(&b);
    return v->as.s.ptr ? KITH_OK : err_nomem(e);
}

static kith_status text_of_json(struct arena *a, const json_t *json, kith_value *v, kith_error *e) {
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    *v = value_str(text ? arena_str(a, str_of(text)) : (kith_str){0});
    free(text);
    return v->as.s.ptr ? KITH_OK : err_nomem(e);
}

static kith_status value_of(struct arena *a, const json_t *json, uint32_t kind, kith_value *v,
                            kith_error *e);

static kith_status list_of(struct arena *a, const json_t *json, uint32_t kind, kith_value *v,
                           kith_error *e) {
    size_t n = json_array_size(json);
    kith_value *items = ARENA_ARRAY(a, kith_value, n);
    if (!items)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++)
        TRY(value_of(a, json_array_get(json, i), kind, &items[i], e));
    *v = (kith_value){.kind = KITH_LIST, .as.list = {.items = items, .count = n}};
    return KITH_OK;
}

/* Texts point into the JSON value; value_check copies what it must not keep. */
static kith_status value_of(struct arena *a, const json_t *json, uint32_t kind, kith_value *v,
                            kith_error *e) {
    *v = value_null();
    switch (json_typeof(json)) {
    case JSON_STRING:
        *v = value_str(arena_str(a, (kith_str){json_string_value(json), json_string_length(json)}));
        return v->as.s.ptr ? KITH_OK : err_nomem(e);
    case JSON_INTEGER:
        *v = value_int(json_integer_value(json));
        return kind == KITH_F_MONEY || kind == KITH_F_TEXT || kind == KITH_F_LONGTEXT
                   ? text_of_json(a, json, v, e)
                   : KITH_OK;
    case JSON_REAL:
        return text_of_real(a, json_real_value(json), v, e);
    case JSON_TRUE:
    case JSON_FALSE:
        *v = (kith_value){.kind = KITH_BOOL, .as.i = json_is_true(json)};
        return KITH_OK;
    case JSON_NULL:
        return KITH_OK;
    case JSON_ARRAY:
        return kind == KITH_F_JSON ? text_of_json(a, json, v, e) : list_of(a, json, kind, v, e);
    default:
        return text_of_json(a, json, v, e);
    }
}

static kith_status read_member(struct import *im, struct arena *a, struct row *r, const char *name,
                               const json_t *json, kith_error *e) {
    struct column *c;
    kith_value v;
    TRY(map_member(im, str_of(name), &c, e));
    if (!c->shown.field && !c->shown.is_id)
        return KITH_OK;
    const struct rfield *f = c->shown.by ? c->shown.by : c->shown.field;
    TRY(value_of(a, json, f ? f->kind : KITH_F_TEXT, &v, e));
    return v.kind == KITH_NULL ? KITH_OK : put_value(im, a, r, c, v, e);
}

static kith_status read_object(struct import *im, struct arena *a, struct row *r, json_t *object,
                               kith_error *e) {
    const char *name;
    json_t *value;
    r->empty = json_object_size(object) == 0;
    TRY(start_puts(a, r, json_object_size(object) + im->column_count, e));
    json_object_foreach(object, name, value) TRY(read_member(im, a, r, name, value, e));
    return put_fixed(im, a, r, e);
}

static kith_status next_jsonl(struct import *im, struct arena *a, struct row *r, bool look,
                              kith_error *e) {
    kith_str line;
    kith_error why = KITH_ERROR_INIT;
    json_t *object;
    TRY(lines_next(&im->lines, &line, e));
    r->row = im->read + 1;
    r->line = im->lines.line;
    crypto_generichash_update(&im->content, (const unsigned char *)line.ptr, line.len);
    r->raw = arena_str(a, line);
    if (!r->raw.ptr)
        return err_nomem(e);
    if (!look)
        return KITH_OK;
    if (parse_line(r->raw, &object, &why) != KITH_OK)
        return bad_row(a, r, &why, e);
    kith_status st = read_object(im, a, r, object, e);
    json_decref(object);
    return st;
}

/* -- rows -------------------------------------------------------------------------------------- */

static kith_status next_row(struct import *im, struct arena *a, struct row *r, bool look,
                            kith_error *e) {
    *r = (struct row){0};
    TRY((im->csv ? next_csv : next_jsonl)(im, a, r, look, e));
    crypto_generichash_update(&im->content, (const unsigned char *)"\n", 1);
    im->read++;
    return KITH_OK;
}

kith_status read_row(struct import *im, struct arena *a, struct row *r, kith_error *e) {
    return next_row(im, a, r, true, e);
}

kith_status read_past(struct import *im, struct arena *a, struct row *r, kith_error *e) {
    return next_row(im, a, r, false, e);
}
