/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of import share: which one it is, and from what stands in a file to checked
 * values. Whatever is wrong with a row stays with that row. */
#include "engine/import_internal.h"

#include "base/id.h"
#include <string.h>

/* -- values ------------------------------------------------------------------------------------ */

kith_status row_bad(struct arena *a, struct row *r, const kith_error *why, kith_error *e) {
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
                   "%s; the option 'decimal' reads 1.234,56 by ',' and 1,234.56 by '.', and (5) as"
                   " -5 by both",
                   first.message);
}

static kith_status check_value(struct import *im, struct arena *a, const struct rfield *f,
                               kith_value *v, kith_error *why) {
    kith_value as_written = *v;
    if (v->kind == KITH_TEXT)
        TRY(cell_clean(im, a, f, v, why));
    if (v->kind == KITH_TEXT)
        TRY(engine_link_text(f, v->as.s, why));
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
        st = check_value(im, a, import_holds(to), &v, &why);
        if (st == KITH_OK && v.kind != KITH_NULL)
            *(to->also ? &r->alsos[r->also_count++] : &r->puts[r->put_count++]) =
                (struct put){.column = c, .value = v};
    }
    if (is_fatal(st)) {
        err_copy(e, &why);
        return st;
    }
    return st == KITH_OK || r->bad ? KITH_OK : row_bad(a, r, &why, e);
}

kith_status row_start(struct arena *a, struct row *r, size_t columns, kith_error *e) {
    r->puts = ARENA_ARRAY(a, struct put, columns * 2);
    r->alsos = r->puts ? r->puts + columns : NULL;
    return r->puts ? KITH_OK : err_nomem(e);
}

/* -- rows -------------------------------------------------------------------------------------- */

static const struct import_reader *reader_of(const struct import *im) {
    static const struct import_reader *const readers[] = {
        [FORMAT_CSV] = &import_csv, [FORMAT_JSONL] = &import_json, [FORMAT_VCARD] = &import_vcard};
    return readers[im->o->format];
}

kith_status read_open(struct import *im, kith_error *e) {
    return reader_of(im)->open(im, e);
}

const char *import_format(struct import *im) {
    return reader_of(im)->name(im);
}

static kith_status next_row(struct import *im, struct arena *a, struct row *r, bool look,
                            kith_error *e) {
    *r = (struct row){0};
    TRY(reader_of(im)->next(im, a, r, look, e));
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

kith_status reject_row(struct import *im, const struct row *r, kith_error *e) {
    struct buf text = {0};
    if (!im->o->reject)
        return KITH_OK;
    reader_of(im)->reject(im, r, &text);
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

void read_close(struct import *im) {
    reader_of(im)->close(im);
}
