/* SPDX-License-Identifier: Apache-2.0 */
/* kith get: the page of one record: its fields, and the newest of all records that link to it. */
#include "base/text.h"
#include "cli/get.h"
#include "engine/view.h"
#include <string.h>

#define LINKED_SHOWN 5

/* A link field of some type, and what points from there at our record. */
struct linked {
    const struct rfield *field;
    int64_t count;
    struct linked_row {
        kith_id id;
        kith_value *values;
    } rows[LINKED_SHOWN];
    size_t shown;
    struct cmd *c;
};

/* -- reading ----------------------------------------------------------------------------------- */

static kith_status keep_row(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct linked *l = arg;
    uint32_t n = l->field->type->field_count;
    kith_value *copy = ARENA_ARRAY(&l->c->arena, kith_value, n);
    if (!copy)
        return err_nomem(e);
    memcpy(copy, values, n * sizeof *copy); /* what they point to is in the same arena */
    if (l->shown < LINKED_SHOWN)
        l->rows[l->shown++] = (struct linked_row){id, copy};
    return KITH_OK;
}

static kith_status find_linked(struct linked *l, const char *text, struct find_page *page,
                               kith_error *e) {
    struct query *q;
    TRY(query_parse(&q, cmd_schema(l->c), &l->c->arena, str_of(text), e));
    return engine_find(l->c->company->engine, &l->c->principal, q, NULL, page, &l->c->arena,
                       keep_row, l, e);
}

static kith_status read_linked(struct linked *l, const struct rtype *t, kith_id id, kith_error *e) {
    struct cmd *c = l->c;
    const char *type = l->field->type->name, *name = l->field->name;
    const char *where = arena_printf(&c->arena, "\"%s\" where \"%s\" = '%s%s%s'", type, name,
                                     l->field->any_target ? t->name : "",
                                     l->field->any_target ? "/" : "", show_id(c, id));
    struct find_page page = {.limit = LINKED_SHOWN};
    TRY(find_linked(
        l, arena_printf(&c->arena, "%s%s", where, view_order(&c->principal, l->field->type)), &page,
        e));
    l->count = page.count;
    if (page.cursor.len == 0)
        return KITH_OK;
    page = (struct find_page){.limit = 1};
    TRY(find_linked(l, arena_printf(&c->arena, "%s : count()", where), &page, e));
    l->count = page.count;
    return KITH_OK;
}

/* Calls show for every field of the schema that may link to the record and does. */
static kith_status each_linked(struct cmd *c, const struct rtype *t, kith_id id,
                               void (*show)(struct linked *l, void *arg), void *arg,
                               kith_error *e) {
    const struct schema *s = cmd_schema(c);
    for (uint32_t i = 0; i < s->type_count; i++) {
        for (uint32_t k = 0; k < s->types[i]->field_count; k++) {
            const struct rfield *f = s->types[i]->fields[k];
            if (!view_links_to(f, t) || !cmd_reads(c, f))
                continue;
            struct linked l = {.field = f, .c = c};
            TRY(read_linked(&l, t, id, e));
            TRY(io_check(c->io, e));
            if (l.count > 0)
                show(&l, arg);
        }
    }
    return KITH_OK;
}

/* -- for people -------------------------------------------------------------------------------- */

size_t widest_name(const struct rtype *t) {
    size_t widest = 0;
    for (uint32_t i = 0; i < t->field_count; i++) {
        size_t len = strlen(t->fields[i]->name);
        widest = len > widest ? len : widest;
    }
    return widest;
}

static kith_str shortened(struct cmd *c, kith_str text) {
    size_t keep = LONG_TEXT;
    if (text.len <= LONG_TEXT)
        return text;
    while (keep > LONG_TEXT - 4 && ((unsigned char)text.ptr[keep] & 0xC0) == 0x80)
        keep--;
    return str_of(arena_printf(&c->arena,
                               "%.*s\xe2\x80\xa6\n(%llu bytes; --json shows all of them)",
                               (int)keep, text.ptr, (unsigned long long)text.len));
}

void page_field(struct cmd *c, const char *name, kith_str text, size_t width) {
    io_printf(c->io, "  %s%-*s%s  ", io_style(c->io, STYLE_DIM), (int)width, name,
              io_style(c->io, STYLE_PLAIN));
    io_lines(c->io, shortened(c, text), (int)width + 4);
    io_puts(c->io, "\n");
}

void page_head(struct cmd *c, const struct rtype *t, kith_id id, const kith_value *values) {
    io_printf(c->io, "%s%s %s%s  ", io_style(c->io, STYLE_HEAD), t->name, show_id(c, id),
              io_style(c->io, STYLE_PLAIN));
    io_text(c->io, title_of(c, t, values));
    io_puts(c->io, "\n");
}

static void page_fields(struct cmd *c, const struct rtype *t, const kith_value *values) {
    size_t width = widest_name(t);
    for (uint32_t i = 0; i < t->field_count; i++) {
        uint32_t at = (i + FIELD_FIRST) % t->field_count; /* created, updated, owner come last */
        if (values[at].kind != KITH_NULL)
            page_field(c, t->fields[at]->name, show_value(c, &values[at]), width);
    }
}

/* A second thing worth knowing about a linked record: its state or its kind. */
static const struct rfield *sort_field(const struct rtype *t) {
    for (uint32_t i = FIELD_FIRST; i < t->field_count; i++) {
        if (t->fields[i]->kind == KITH_F_STATE || t->fields[i]->kind == KITH_F_CHOICE)
            return t->fields[i];
    }
    return NULL;
}

/* When it took place, or else was made. */
static int64_t time_of(const struct linked_row *r, const struct rtype *t) {
    const struct rfield *at = type_field(t->schema, t, STR("at"));
    bool dated = at && at->kind == KITH_F_TIME && r->values[at->index].kind == KITH_TIME;
    return r->values[dated ? at->index : FIELD_CREATED].as.i;
}

static void page_linked(struct linked *l, void *arg) {
    struct cmd *c = arg;
    const struct rtype *t = l->field->type;
    const struct rfield *sort = sort_field(t);
    io_printf(c->io, "\n%s%s%s whose %s this is: %lld%s\n", io_style(c->io, STYLE_HEAD), t->name,
              io_style(c->io, STYLE_PLAIN), l->field->name, (long long)l->count,
              l->count > (int64_t)l->shown ? ", the newest:" : "");
    for (size_t i = 0; i < l->shown; i++) {
        kith_str kind = sort ? show_value(c, &l->rows[i].values[sort->index]) : (kith_str){0};
        kith_str at = show_time(c, time_of(&l->rows[i], t));
        io_printf(c->io, "  %s  %.*s  %-10.*s  ", show_id(c, l->rows[i].id), 16, at.ptr,
                  (int)kind.len, kind.ptr ? kind.ptr : "");
        kith_str title = title_of(c, t, l->rows[i].values);
        size_t room = c->io->columns > 60 ? c->io->columns - 50 : 200;
        io_text(c->io, text_cut(title, room));
        io_puts(c->io, text_width(title) > room ? "\xe2\x80\xa6\n" : "\n");
    }
}

/* -- for programs ------------------------------------------------------------------------------ */

struct json_page {
    struct cmd *c;
    struct json_out j;
};

static void drop_long(const struct rtype *t, kith_value *values) {
    for (uint32_t i = 0; i < t->field_count; i++)
        if (values[i].kind == KITH_TEXT && values[i].as.s.len > LONG_TEXT)
            values[i] = (kith_value){0};
}

static void json_linked(struct linked *l, void *arg) {
    struct json_page *p = arg;
    struct json_out *j = &p->j;
    json_key(j, arena_printf(&p->c->arena, "%s.%s", l->field->type->name, l->field->name));
    json_object_(j);
    json_key(j, "count");
    json_int(j, l->count);
    json_key(j, "newest");
    json_array_(j);
    for (size_t i = 0; i < l->shown; i++) {
        drop_long(l->field->type, l->rows[i].values);
        json_record(p->c, j, l->field->type, l->rows[i].id, l->rows[i].values);
    }
    json_array_end(j);
    json_object_end(j);
}

static kith_status as_json(struct cmd *c, const struct rtype *t, kith_id id,
                           const kith_value *values, kith_error *e) {
    struct buf b = {0};
    struct json_page p = {.c = c};
    json_begin(&p.j, &b, false);
    json_object_(&p.j);
    json_key(&p.j, "record");
    json_record(c, &p.j, t, id, values);
    json_key(&p.j, "linked");
    json_object_(&p.j);
    kith_status st = each_linked(c, t, id, json_linked, &p, e);
    json_object_end(&p.j);
    json_object_end(&p.j);
    if (st == KITH_OK)
        json_print(c, &b);
    else
        buf_free(&b);
    return st;
}

static kith_status run(struct cmd *c, kith_error *e) {
    const struct rtype *t;
    kith_id id;
    kith_value *values;
    TRY(arg_record(c, 0, &t, &id, e));
    if (cmd_option(c, "as-of"))
        return get_as_of(c, t, id, cmd_option(c, "as-of"), e);
    TRY(show_read(c, t, id, &values, e));
    if (c->json)
        return as_json(c, t, id, values, e);
    page_head(c, t, id, values);
    page_fields(c, t, values);
    return each_linked(c, t, id, page_linked, c, e);
}

const struct command command_get = {
    .name = "get",
    .args = "TYPE ID",
    .help = "one record with everything that links to it",
    .more = "  kith get contact 0SA818NN40003\n"
            "  kith get contact 0SA818NN40003 --as-of 2026-05-01\n\n"
            "With --as-of it is the record as it was at the end of that day, at a time as\n"
            "'2026-05-01 17:00', or right after a transaction, though it was deleted since. What\n"
            "linked to it then, and values that are derived from others, are not told.",
    .options = {{"as-of", "WHEN", "as it was then: a day, a time, or the id of a transaction"}},
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_min = 2,
    .args_max = 2,
    .run = run,
};
