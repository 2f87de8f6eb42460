/* SPDX-License-Identifier: Apache-2.0 */
/* Values that the map gives itself: "country:=DE" for every row, "name:=Customer {CustomerID}" put
 * together from cells. Where a column goes to the same field, its cells come first. */
#include "engine/import_internal.h"

#include <string.h>

/* -- pieces ------------------------------------------------------------------------------------ */

/* The next piece of *rest: text up to a brace, or a name in braces. */
static kith_status next_piece(struct import *im, kith_str *rest, struct piece *p, kith_error *e) {
    const char *at = rest->ptr, *end = rest->ptr + rest->len;
    const char *open = memchr(at, '{', rest->len);
    bool doubled = open && open + 1 < end && open[1] == '{';
    if (open != at || doubled) {
        const char *to = !open ? end : open + doubled;
        p->text = arena_str(&im->arena, (kith_str){at, (uint64_t)(to - at)});
        at = to + doubled;
    } else {
        const char *close = memchr(at, '}', rest->len);
        if (!close)
            return err_set(e, KITH_E_INVAL, NULL,
                           "'%.*s': a '}' is missing behind the name of a column; '{{' is a brace",
                           (int)(rest->len < 60 ? rest->len : 60), at);
        kith_str name = str_trim((kith_str){at + 1, (uint64_t)(close - at - 1)});
        p->written = arena_strndup(&im->arena, name.ptr, name.len);
        p->header = p->written ? plain_name(&im->arena, name) : NULL;
        at = close + 1;
    }
    *rest = (kith_str){at, (uint64_t)(end - at)};
    return p->header || p->text.ptr ? KITH_OK : err_nomem(e);
}

kith_status fixed_parse(struct import *im, struct column *c, kith_str text, kith_error *e) {
    size_t most = 1;
    for (uint64_t i = 0; i < text.len; i++)
        most += (text.ptr[i] == '{') * 2u;
    if (most == 1 || c->shown.field->kind == KITH_F_JSON)
        return KITH_OK;
    c->pieces = ARENA_ARRAY(&im->arena, struct piece, most);
    if (!c->pieces)
        return err_nomem(e);
    while (text.len)
        TRY(next_piece(im, &text, &c->pieces[c->piece_count++], e));
    return KITH_OK;
}

/* -- where their cells are --------------------------------------------------------------------- */

static const char *header_at(const void *arg, size_t i) {
    return ((const struct import *)arg)->columns[i]->shown.header;
}

static kith_status resolve(struct import *im, struct piece *p, kith_error *e) {
    for (size_t i = 0; i < im->column_count; i++) {
        struct column *c = im->columns[i];
        const char *name =
            c->fixed || c->own ? NULL : plain_name(&im->arena, str_of(c->shown.header));
        if (!name || strcmp(name, p->header) != 0)
            continue;
        p->cell = c->cell;
        c->shown.part = !c->shown.field && !c->shown.is_id;
        return KITH_OK;
    }
    const char *near = str_nearest(str_of(p->written), header_at, im, im->column_count);
    return err_set(e, KITH_E_INVAL, NULL, "the file has no column '%s'%s%s%s; '{{' is a brace",
                   p->written, STR_MEANT(near));
}

kith_status fixed_resolve(struct import *im, kith_error *e) {
    for (size_t i = 0; im->csv && i < im->column_count; i++)
        for (size_t k = 0; k < im->columns[i]->piece_count; k++)
            if (im->columns[i]->pieces[k].header)
                TRY(resolve(im, &im->columns[i]->pieces[k], e));
    return KITH_OK;
}

/* -- rows -------------------------------------------------------------------------------------- */

/* The member of that plain name, "customer.id" also inside of "customer". */
static const json_t *member(struct arena *a, const json_t *object, const char *wanted) {
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value) {
        const char *plain = plain_name(a, str_of(name));
        size_t len = plain ? strlen(plain) : 0;
        if (!plain || strncmp(wanted, plain, len) != 0)
            continue;
        if (!wanted[len])
            return value;
        if (wanted[len] == ' ' && json_is_object(value))
            return member(a, value, wanted + len + 1);
    }
    return NULL;
}

static kith_status cell_of(struct arena *a, const struct row *r, const json_t *object,
                           const struct piece *p, kith_str *out, kith_error *e) {
    *out = (kith_str){0};
    if (object) {
        const json_t *value = member(a, object, p->header);
        return value ? json_cell(a, value, out, e) : KITH_OK;
    }
    if (p->cell < r->cell_count)
        *out = str_trim(r->cells[p->cell]);
    return KITH_OK;
}

/* A map that names a long cell a thousand times would make of a row what no memory holds. */
static bool too_much(const struct import *im, const struct row *r, size_t len) {
    size_t max = im->o->row_max ? im->o->row_max : IMPORT_ROW_MAX;
    return r->made > max || len > max - r->made;
}

static kith_status refuse_made(const struct import *im, struct arena *a, struct row *r,
                               const struct rfield *f, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    (void)err_set(&why, KITH_E_LIMIT, f->name,
                  "%s: what is put together of cells is longer than the %zu bytes that a row may "
                  "have",
                  f->name, im->o->row_max ? im->o->row_max : (size_t)IMPORT_ROW_MAX);
    return r->bad ? KITH_OK : row_bad(a, r, &why, e);
}

/* Nothing when none of its cells holds anything, or it would be too long. */
static kith_status put_together(struct import *im, struct arena *a, struct row *r,
                                const json_t *object, const struct column *c, kith_value *v,
                                kith_error *e) {
    struct buf b = {0};
    bool any = false;
    kith_status st = KITH_OK;
    for (size_t i = 0; st == KITH_OK && i < c->piece_count && !too_much(im, r, b.len); i++) {
        kith_str text = c->pieces[i].text;
        if (c->pieces[i].header) {
            st = cell_of(a, r, object, &c->pieces[i], &text, e);
            if (cell_is_empty(im, text))
                continue;
            any = true;
        }
        buf_str(&b, text);
    }
    bool fits = !too_much(im, r, b.len);
    kith_str text = arena_str(a, fits ? str_trim(buf_view(&b)) : STR(""));
    *v = any && text.len ? value_str(text) : value_null();
    r->made += text.len;
    if (st == KITH_OK && (b.failed || !text.ptr))
        st = err_nomem(e);
    if (st == KITH_OK && !fits)
        st = refuse_made(im, a, r, c->shown.field, e);
    buf_free(&b);
    return st;
}

/* Does a cell give what this column is for? */
static bool has_put(const struct row *r, const struct column *c) {
    const struct put *puts = c->shown.also ? r->alsos : r->puts;
    size_t count = c->shown.also ? r->also_count : r->put_count;
    for (size_t i = 0; i < count; i++) {
        const struct import_column *other = &puts[i].column->shown;
        if (other->field == c->shown.field &&
            (!c->shown.also || (other->by == c->shown.by && other->within == c->shown.within)))
            return true;
    }
    return false;
}

kith_status fixed_put(struct import *im, struct arena *a, struct row *r, const json_t *object,
                      kith_error *e) {
    for (size_t i = 0; i < im->column_count; i++) {
        const struct column *c = im->columns[i];
        kith_value v = c->value;
        if (!c->fixed || has_put(r, c))
            continue;
        if (c->piece_count)
            TRY(put_together(im, a, r, object, c, &v, e));
        if (v.kind != KITH_NULL)
            TRY(put_value(im, a, r, c, v, e));
        else if (!c->piece_count && !c->shown.also) /* "owner:=" says that it is empty */
            r->puts[r->put_count++] = (struct put){.column = c, .value = v};
    }
    return KITH_OK;
}
