/* SPDX-License-Identifier: Apache-2.0 */
/* Export: what a query finds, page by page, as CSV, JSON lines or vCards. */
#include "engine/export_vcard.h"
#include "engine/path.h"
#include "record/access.h"

#include "base/id.h"
#include "base/json.h"
#include <string.h>

#define PAGE       500 /* rows at most */
#define PAGE_FIRST 50
#define PAGE_BYTES ((size_t)4 << 20) /* pages of longer rows have fewer of them */
#define FIELDS     FIELDS_MAX

struct exporting {
    struct engine *g;
    const struct export_options *o;
    struct path *paths;
    size_t path_count;
    struct arena names, page; /* for the whole export; for one page */
    struct buf out;
    char delimiter;
    struct cards_out cards; /* for vCards */
    uint64_t rows, bytes;   /* written so far */
};

/* -- columns ----------------------------------------------------------------------------------- */

static kith_status listed_paths(struct exporting *x, kith_error *e) {
    kith_str rest = str_of(x->o->fields), name;
    while (str_split(&rest, ',', &name)) {
        if (x->path_count == FIELDS)
            return err_set(e, KITH_E_LIMIT, NULL, "at most %d fields can be exported", FIELDS);
        TRY(path_take(query_type(x->o->query), x->o->principal, name, &x->names, x->paths,
                      &x->path_count, e));
    }
    return x->path_count ? KITH_OK : err_set(e, KITH_E_INVAL, NULL, "the list of fields is empty");
}

static kith_status build_paths(struct exporting *x, kith_error *e) {
    const struct rtype *t = query_type(x->o->query);
    x->paths = ARENA_ARRAY(&x->names, struct path, FIELDS + 1);
    if (!x->paths)
        return err_nomem(e);
    if (x->o->fields)
        return listed_paths(x, e) == KITH_OK ? KITH_OK : err_blame(e, "fields");
    x->paths[x->path_count++].name = "id";
    for (uint32_t i = 0; i < t->field_count; i++)
        if (access_reads(x->o->principal, t->fields[i]))
            x->paths[x->path_count++] =
                (struct path){.name = t->fields[i]->name, .field = t->fields[i]};
    return KITH_OK;
}

static kith_status follow(struct exporting *x, const struct path *p, kith_id id,
                          const kith_value *values, kith_value *out, kith_error *e) {
    return path_follow(x->g, x->o->principal, p, query_type(x->o->query), id, values, &x->page, out,
                       e);
}

/* -- rows -------------------------------------------------------------------------------------- */

struct found {
    kith_id id;
    const kith_value *values;
};
struct found_page {
    struct found rows[PAGE];
    size_t count;
};

/* The values live in the page's arena. */
static kith_status keep_row(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct found_page *p = arg;
    (void)e;
    p->rows[p->count++] = (struct found){id, values};
    return KITH_OK;
}

static void put_header(struct exporting *x) {
    for (size_t i = 0; i < x->path_count; i++) {
        if (i)
            buf_putc(&x->out, x->delimiter);
        csv_put(&x->out, str_of(x->paths[i].name), x->delimiter);
    }
    buf_putc(&x->out, '\n');
}

/* Programs for tables work out a cell that begins so, and send what it asks for over the network.
 */
static bool is_formula(const kith_value *v, kith_str text) {
    bool written = v->kind == KITH_TEXT || v->kind == KITH_LIST;
    return written && text.len > 0 && memchr("=+-@\t\r", text.ptr[0], 6);
}

static kith_status put_csv(struct exporting *x, const struct found *row, kith_error *e) {
    const struct schema *s = engine_schema(x->g);
    size_t begin = x->out.len;
    for (size_t i = 0; i < x->path_count; i++) {
        struct arena_mark mark = arena_mark(&x->page);
        kith_value v;
        TRY(follow(x, &x->paths[i], row->id, row->values, &v, e));
        if (i)
            buf_putc(&x->out, x->delimiter);
        kith_str text = value_text(s, &v, &x->page);
        if (!text.ptr)
            return err_nomem(e);
        if (x->o->spreadsheet && is_formula(&v, text)) {
            const char *plain = arena_printf(&x->page, "'%.*s", (int)text.len, text.ptr);
            if (!plain)
                return err_nomem(e);
            text = str_of(plain);
        }
        csv_put(&x->out, text, x->delimiter);
        arena_release(&x->page, mark);
    }
    if (x->out.len == begin) /* an empty line would be no row */
        buf_puts(&x->out, "\"\"");
    buf_putc(&x->out, '\n');
    return KITH_OK;
}

static kith_status put_json(struct exporting *x, const struct found *row, kith_error *e) {
    struct json_out j;
    json_begin(&j, &x->out, false);
    json_object_(&j);
    for (size_t i = 0; i < x->path_count; i++) {
        struct arena_mark mark = arena_mark(&x->page);
        kith_value v;
        TRY(follow(x, &x->paths[i], row->id, row->values, &v, e));
        if (v.kind != KITH_NULL) {
            json_key(&j, x->paths[i].name);
            value_json(engine_schema(x->g), &v, &j);
        }
        arena_release(&x->page, mark); /* records that links lead to may be large */
    }
    json_object_end(&j);
    buf_putc(&x->out, '\n');
    return KITH_OK;
}

static kith_status put_vcard(struct exporting *x, const struct found *row, kith_error *e) {
    struct arena_mark mark = arena_mark(&x->page);
    kith_status st = cards_put(&x->cards, row->id, row->values, &x->page, &x->out, e);
    arena_release(&x->page, mark); /* a photo may be large */
    return st;
}

static kith_status hand_out(struct exporting *x, kith_error *e) {
    if (x->out.failed)
        return err_nomem(e);
    TRY(x->out.len ? x->o->put(x->o->arg, buf_view(&x->out), e) : KITH_OK);
    x->bytes += x->out.len;
    buf_reset(&x->out);
    return KITH_OK;
}

#define OUT_MAX ((size_t)1 << 20) /* handed out earlier when rows are long */

static kith_status put_page(struct exporting *x, const struct found_page *p, kith_error *e) {
    static kith_status (*const put[])(struct exporting *, const struct found *, kith_error *) = {
        [FORMAT_CSV] = put_csv, [FORMAT_JSONL] = put_json, [FORMAT_VCARD] = put_vcard};
    for (size_t i = 0; i < p->count; i++) {
        TRY(put[x->o->format](x, &p->rows[i], e));
        if (x->out.len > OUT_MAX)
            TRY(hand_out(x, e));
    }
    x->rows += p->count;
    TRY(hand_out(x, e));
    return x->o->progress ? x->o->progress(x->o->arg, x->rows, e) : KITH_OK;
}

static int64_t next_limit(int64_t limit, uint64_t bytes) {
    if (bytes > PAGE_BYTES)
        return limit > 4 ? limit / 4 : 1;
    return limit * 2 < PAGE ? limit * 2 : PAGE;
}

static kith_status put_pages(struct exporting *x, kith_error *e) {
    struct find_page page = {.limit = PAGE_FIRST, .bytes = PAGE_BYTES};
    struct arena cursor = {0};
    kith_status st = KITH_OK;
    do {
        struct found_page found = {.count = 0};
        uint64_t before = x->bytes;
        arena_reset(&x->page);
        st = engine_find(x->g, x->o->principal, x->o->query, x->o->params, &page, &x->page,
                         keep_row, &found, e);
        if (st == KITH_OK)
            st = put_page(x, &found, e);
        if (st != KITH_OK)
            break;
        arena_reset(&cursor);
        page.after = arena_str(&cursor, page.cursor);
        if (!page.after.ptr)
            st = err_nomem(e);
        page.limit = next_limit(page.limit, x->bytes - before);
    } while (st == KITH_OK && page.after.len);
    arena_free(&cursor);
    return st;
}

kith_status engine_export(struct engine *g, const struct export_options *o, uint64_t *rows,
                          kith_error *e) {
    struct exporting x = {.g = g, .o = o, .delimiter = o->delimiter ? o->delimiter : ','};
    kith_status st =
        o->format == FORMAT_VCARD ? cards_begin(&x.cards, g, o, e) : build_paths(&x, e);
    if (st == KITH_OK && o->format == FORMAT_CSV)
        put_header(&x);
    if (st == KITH_OK)
        st = put_pages(&x, e);
    if (rows)
        *rows = x.rows;
    buf_free(&x.out);
    arena_free(&x.page);
    arena_free(&x.names);
    return st;
}
