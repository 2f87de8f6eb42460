/* SPDX-License-Identifier: Apache-2.0 */
/* kith get: the page of one record: its fields, and the newest of all records that link to it. */
#include "base/text.h"
#include "cli/get.h"
#include "engine/view.h"
#include <string.h>

#define LINKED_SHOWN 5

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
static int64_t time_of(const struct view_record *r) {
    const struct rfield *at = type_field(r->type->schema, r->type, STR("at"));
    bool dated = at && at->kind == KITH_F_TIME && r->values[at->index].kind == KITH_TIME;
    return r->values[dated ? at->index : FIELD_CREATED].as.i;
}

static void page_linked(struct cmd *c, const struct view_part *p) {
    const struct rtype *t = p->via->type;
    const struct rfield *sort = sort_field(t);
    io_printf(c->io, "\n%s%s%s whose %s this is: %lld%s\n", io_style(c->io, STYLE_HEAD), t->name,
              io_style(c->io, STYLE_PLAIN), p->via->name, (long long)p->count,
              p->count > (int64_t)p->newest_count ? ", the newest:" : "");
    for (size_t i = 0; i < p->newest_count; i++) {
        const struct view_record *r = &p->newest[i];
        kith_str kind = sort ? show_value(c, &r->values[sort->index]) : (kith_str){0};
        kith_str at = show_time(c, time_of(r));
        io_printf(c->io, "  %s  %.*s  %-10.*s  ", show_id(c, r->id), 16, at.ptr, (int)kind.len,
                  kind.ptr ? kind.ptr : "");
        kith_str title = title_or_none(c, t, r->values);
        size_t room = c->io->columns > 60 ? c->io->columns - 50 : 200;
        io_text(c->io, text_cut(title, room));
        io_puts(c->io, text_width(title) > room ? "\xe2\x80\xa6\n" : "\n");
    }
}

/* -- for programs ------------------------------------------------------------------------------ */

/* Without long texts, which may be parts of a file. */
static void json_short(struct cmd *c, struct json_out *j, const struct view_record *r) {
    uint32_t n = r->type->field_count;
    kith_value *values = ARENA_ARRAY(&c->arena, kith_value, n);
    for (uint32_t i = 0; values && i < n; i++)
        if (r->values[i].kind != KITH_TEXT || r->values[i].as.s.len <= LONG_TEXT)
            values[i] = r->values[i];
    if (values)
        json_record(c, j, r->type, r->id, values);
    j->buf->failed |= !values;
}

static void json_linked(struct cmd *c, struct json_out *j, const struct view_part *p) {
    json_key(j, arena_printf(&c->arena, "%s.%s", p->via->type->name, p->via->name));
    json_object_(j);
    json_key(j, "count");
    json_int(j, p->count);
    json_key(j, "newest");
    json_array_(j);
    for (size_t i = 0; i < p->newest_count; i++)
        json_short(c, j, &p->newest[i]);
    json_array_end(j);
    json_object_end(j);
}

static void as_json(struct cmd *c, const struct rtype *t, kith_id id, const kith_value *values,
                    const struct view_list *linked) {
    const struct view_part *p = linked->items;
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "record");
    json_record(c, &j, t, id, values);
    json_key(&j, "linked");
    json_object_(&j);
    for (size_t i = 0; i < linked->count; i++)
        json_linked(c, &j, &p[i]);
    json_object_end(&j);
    json_merged(c, &j);
    json_object_end(&j);
    json_print(c, &b);
}

static kith_status run(struct cmd *c, kith_error *e) {
    const struct rtype *t;
    kith_id id;
    kith_value *values;
    struct view_list linked;
    TRY(arg_record(c, 0, &t, &id, e));
    if (cmd_option(c, "as-of"))
        return get_as_of(c, t, id, cmd_option(c, "as-of"), e);
    TRY(show_read(c, t, &id, &values, e));
    TRY(engine_linked(c->company->engine, &c->principal, t, id, LINKED_SHOWN, &c->arena, &linked,
                      e));
    TRY(io_check(c->io, e));
    if (c->json) {
        as_json(c, t, id, values, &linked);
        return KITH_OK;
    }
    page_head(c, t, id, values);
    page_fields(c, t, values);
    for (size_t i = 0; i < linked.count; i++)
        page_linked(c, (const struct view_part *)linked.items + i);
    return KITH_OK;
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
