/* SPDX-License-Identifier: Apache-2.0 */
/* From the bytes of a file to checked values: CSV cells and members of JSON objects. Whatever is
 * wrong with a row stays with that row. */
#include "engine/import_vcard.h"

#include "base/id.h"
#include <string.h>

#define CSV_COLUMNS 16384u              /* as many as a spreadsheet has */
#define PEEKED      ((size_t)64 * 1024) /* bytes of JSON in which members are looked for up front */

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
static kith_status open_csv(struct import *im, kith_error *e) {
    struct csv_options options = im->o->csv;
    options.mark = "_row";
    TRY(csv_open(&im->csv, im->o->source, im->o->source_arg, &options, e));
    im->named = im->o->columns && !csv_marked(im->csv);
    return im->named ? named_columns(im, e) : read_header(im, e);
}

/* An object of a line; one of a file of rejects that was no JSON stands in its member _raw. */
static kith_status parse_line(kith_str line, json_t **out, kith_error *e) {
    if (!line.len)
        return err_set(e, KITH_E_INVAL, NULL,
                       "the file ends inside of its array: it may have been cut off");
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

/* "account.name" */
static const char *path_of(struct arena *a, const char *prefix, const char *name) {
    return prefix ? arena_printf(a, "%s.%s", prefix, name) : name;
}

/* Does the map name a member of that object? */
static bool asks_inside(struct import *im, const char *name) {
    const char *plain = plain_name(&im->arena, str_of(name));
    size_t len = plain ? strlen(plain) : 0;
    for (size_t i = 0; len && i < im->ask_count; i++)
        if (strncmp(im->asks[i].header, plain, len) == 0 && im->asks[i].header[len] == ' ')
            return true;
    return false;
}

/* Are the members of an object to be looked at, since it goes nowhere itself, or to a record that
 * they are to find? */
static bool goes_deeper(struct import *im, const struct column *c, const json_t *value) {
    const struct rfield *f = c->shown.field;
    if (!json_is_object(value) || c->own || c->shown.is_id || c->shown.asked)
        return false;
    return !f || f->kind == KITH_F_LINK || asks_inside(im, c->shown.header);
}

static kith_status map_object(struct import *im, const char *prefix, json_t *object,
                              kith_error *e) {
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value) {
        struct column *c;
        const char *path = path_of(&im->arena, prefix, name);
        if (!path)
            return err_nomem(e);
        TRY(map_member(im, str_of(path), &c, e));
        if (goes_deeper(im, c, value))
            TRY(map_object(im, path, value, e));
    }
    return KITH_OK;
}

/* The members of the objects at the beginning of the file, without taking these. */
static kith_status open_json(struct import *im, kith_error *e) {
    struct lines *l = &im->lines;
    kith_str text;
    size_t at = 0;
    l->source = im->o->source;
    l->arg = im->o->source_arg;
    TRY(lines_open(l, e));
    struct lines look = *l;
    while (lines_peek(&look, &at, &text) && at < PEEKED) {
        json_t *object;
        if (parse_line(text, &object, NULL) != KITH_OK)
            continue;
        kith_status st = map_object(im, NULL, object, e);
        json_decref(object);
        TRY(st);
    }
    return KITH_OK;
}

kith_status read_open(struct import *im, kith_error *e) {
    static kith_status (*const open[])(struct import *, kith_error *) = {
        [FORMAT_CSV] = open_csv, [FORMAT_JSONL] = open_json, [FORMAT_VCARD] = cards_open};
    return open[im->o->format](im, e);
}

void read_close(struct import *im) {
    csv_close(im->csv);
    cards_close(im);
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

/* A comma, or a bracket, in a number that cannot be read has a way out. */
static kith_status hint_at_decimal(const struct import *im, const struct rfield *f,
                                   const kith_value *v, kith_status st, kith_error *why) {
    bool number = f->kind == KITH_F_INTEGER || f->kind == KITH_F_DECIMAL || f->kind == KITH_F_MONEY;
    if (st != KITH_E_INVAL || !number || im->o->decimal || v->kind != KITH_TEXT ||
        (!memchr(v->as.s.ptr, ',', v->as.s.len) && !memchr(v->as.s.ptr, '(', v->as.s.len)))
        return st;
    kith_error first = *why;
    return err_set(why, st, first.field,
                   "%s; '--decimal ,' reads 1.234,56 and '--decimal .' 1,234.56, and both read"
                   " (5) as -5",
                   first.message);
}

static kith_status check_value(struct import *im, struct arena *a, const struct rfield *f,
                               kith_value *v, kith_error *why) {
    kith_value as_written = *v;
    if (v->kind == KITH_TEXT)
        TRY(cell_clean(im, a, f, v, why));
    kith_status st = value_check(im->schema, f, im->o->day_first, a, v, why);
    return hint_at_decimal(im, f, &as_written, st, why);
}

kith_status put_value(struct import *im, struct arena *a, struct row *r, const struct column *c,
                      kith_value v, kith_error *e) {
    const struct import_column *to = &c->shown;
    kith_error why = KITH_ERROR_INIT;
    kith_status st = KITH_OK;
    if (to->is_id) {
        if (v.kind != KITH_TEXT || !id_parse(str_trim(v.as.s), &r->id))
            st = err_set(&why, KITH_E_INVAL, "id", "the column '%s' holds no id of 13 characters",
                         to->header);
    } else {
        st = check_value(im, a, to->by ? to->by : to->field, &v, &why);
        if (st == KITH_OK && v.kind != KITH_NULL)
            r->puts[r->put_count++] = (struct put){.column = c, .value = v};
    }
    if (is_fatal(st)) {
        err_copy(e, &why);
        return st;
    }
    return st == KITH_OK || r->bad ? KITH_OK : bad_row(a, r, &why, e);
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
        return err_set(e, KITH_E_INVAL, NULL, "%s; '--quote none' takes quotes as text",
                       row->defect);
    if (strstr(row->defect, "encoding"))
        return err_set(e, KITH_E_INVAL, NULL,
                       "%s, %s; mend it, or name the encoding with --encoding", row->defect,
                       text_encoding_name(csv_encoding(im->csv)));
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
    TRY(start_puts(a, r, im->column_count, e));
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

kith_status json_cell(struct arena *a, const json_t *json, kith_str *out, kith_error *e) {
    kith_value v;
    TRY(value_of(a, json, KITH_F_TEXT, &v, e));
    if (v.kind == KITH_BOOL)
        v = value_str(v.as.i ? STR("true") : STR("false"));
    *out = v.kind == KITH_TEXT ? str_trim(v.as.s) : (kith_str){0};
    return KITH_OK;
}

static kith_status read_members(struct import *im, struct arena *a, struct row *r,
                                const char *prefix, json_t *object, kith_error *e);

/* An object says nothing to a field that holds no JSON. */
static kith_status refuse_object(struct arena *a, struct row *r, const char *name,
                                 const struct rfield *f, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    err_set(&why, KITH_E_INVAL, f->name,
            "%s: there is an object in '%s'; say which member of it goes there with '%s.MEMBER=%s'",
            f->name, name, name, f->name);
    return r->bad ? KITH_OK : bad_row(a, r, &why, e);
}

static kith_status read_member(struct import *im, struct arena *a, struct row *r, const char *name,
                               json_t *json, kith_error *e) {
    struct column *c;
    kith_value v;
    TRY(map_member(im, str_of(name), &c, e));
    if (goes_deeper(im, c, json))
        return read_members(im, a, r, name, json, e);
    if (!c->shown.field && !c->shown.is_id)
        return KITH_OK;
    const struct rfield *f = c->shown.by ? c->shown.by : c->shown.field;
    if (f && f->kind != KITH_F_JSON && json_is_object(json))
        return refuse_object(a, r, name, f, e);
    TRY(value_of(a, json, f ? f->kind : KITH_F_TEXT, &v, e));
    if (v.kind == KITH_NULL || (v.kind == KITH_TEXT && cell_is_empty(im, str_trim(v.as.s))))
        return KITH_OK;
    return put_value(im, a, r, c, v, e);
}

static kith_status read_members(struct import *im, struct arena *a, struct row *r,
                                const char *prefix, json_t *object, kith_error *e) {
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value) {
        const char *path = path_of(a, prefix, name);
        if (!path)
            return err_nomem(e);
        TRY(read_member(im, a, r, path, value, e));
    }
    return KITH_OK;
}

static size_t count_members(const json_t *object) {
    const char *name;
    json_t *value;
    size_t n = 0;
    json_object_foreach((json_t *)(uintptr_t)object, name, value) n +=
        json_is_object(value) ? count_members(value) : 1;
    return n;
}

static kith_status read_object(struct import *im, struct arena *a, struct row *r, json_t *object,
                               kith_error *e) {
    r->empty = json_object_size(object) == 0;
    TRY(start_puts(a, r, count_members(object) + im->column_count, e));
    TRY(read_members(im, a, r, NULL, object, e));
    return fixed_put(im, a, r, object, e);
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
    static kith_status (*const next[])(struct import *, struct arena *, struct row *, bool,
                                       kith_error *) = {
        [FORMAT_CSV] = next_csv, [FORMAT_JSONL] = next_jsonl, [FORMAT_VCARD] = cards_next};
    TRY(next[im->o->format](im, a, r, look, e));
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
