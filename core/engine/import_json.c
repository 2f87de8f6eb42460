/* SPDX-License-Identifier: Apache-2.0 */
/* Import of JSON: the members of the first objects, the next object as checked values, and a
 * rejected object as it is written back. */
#include "engine/import_internal.h"
#include "record/record_json.h"

#include <stdlib.h>
#include <string.h>

#define PEEKED ((size_t)64 * 1024) /* bytes in which members are looked for up front */

/* -- opening ----------------------------------------------------------------------------------- */

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
static kith_status begin_json(struct import *im, kith_error *e) {
    struct lines *l = &im->lines;
    kith_str text;
    size_t at = 0;
    l->max = im->o->row_max ? im->o->row_max : IMPORT_ROW_MAX;
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

static void end_json(struct import *im) {
    buf_free(&im->lines.text);
}

static const char *json_name(struct import *im) {
    return im->lines.array ? "JSON, one array" : "JSON, an object on each line";
}

/* -- rows -------------------------------------------------------------------------------------- */

kith_status json_cell(struct arena *a, const json_t *json, kith_str *out, kith_error *e) {
    kith_value v;
    TRY(json_value(a, json, KITH_F_TEXT, &v, e));
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
    return r->bad ? KITH_OK : row_bad(a, r, &why, e);
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
    const struct rfield *f = import_holds(&c->shown);
    if (f && f->kind != KITH_F_JSON && json_is_object(json))
        return refuse_object(a, r, name, f, e);
    TRY(json_value(a, json, f ? f->kind : KITH_F_TEXT, &v, e));
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
    TRY(row_start(a, r, count_members(object) + im->column_count, e));
    TRY(read_members(im, a, r, NULL, object, e));
    return fixed_put(im, a, r, object, e);
}

static kith_status next_json(struct import *im, struct arena *a, struct row *r, bool look,
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
        return row_bad(a, r, &why, e);
    kith_status st = read_object(im, a, r, object, e);
    json_decref(object);
    return st;
}

/* -- rejects ----------------------------------------------------------------------------------- */

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

static void reject_json(struct import *im, const struct row *r, struct buf *b) {
    struct json_out j;
    json_t *object = NULL;
    (void)im;
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

const struct import_reader import_json = {.open = begin_json,
                                          .next = next_json,
                                          .reject = reject_json,
                                          .name = json_name,
                                          .close = end_json};
