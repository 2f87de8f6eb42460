/* SPDX-License-Identifier: Apache-2.0 */
/* kith history: every change of one record, newest first. */
#include "cli/show.h"
#include <string.h>

#define DEFAULT_LIMIT 100

struct item {
    struct journal_row row;
    struct tx_head tx;
    struct source actor, source;
    struct image_field *fields;
    size_t field_count;
};
struct history {
    struct cmd *c;
    struct conn *conn;
    int64_t limit;
    struct item *items;
    size_t count, cap;
    bool full;
};

static kith_status keep_row(void *arg, const struct journal_row *row, kith_error *e) {
    struct history *h = arg;
    struct arena *a = &h->c->arena;
    if ((int64_t)h->count == h->limit) {
        h->full = true;
        return KITH_E_LIMIT; /* ends the walk */
    }
    if (row->kind == ROW_EVENT)
        return KITH_OK;
    struct item *items = arena_grow(a, h->items, h->count, &h->cap, sizeof *items);
    if (!items)
        return err_nomem(e);
    h->items = items;
    struct item *i = &h->items[h->count++];
    i->row = *row;
    i->row.image = arena_str(a, row->image);
    return KITH_OK;
}

/* After the walk, since these ask the same connection. */
static kith_status complete(struct history *h, struct item *i, kith_error *e) {
    struct arena *a = &h->c->arena;
    TRY(journal_tx_read(h->conn, i->row.tx, a, &i->tx, e));
    TRY(journal_source(h->conn, i->tx.actor, a, &i->actor, e));
    if (i->row.source)
        TRY(journal_source(h->conn, i->row.source, a, &i->source, e));
    return image_decode(cmd_schema(h->c), &i->row, a, &i->fields, &i->field_count, e);
}

static kith_status read_history(struct history *h, kith_id id, kith_error *e) {
    kith_status st = journal_of_record(h->conn, id, true, keep_row, h, e);
    if (st != KITH_OK && !h->full)
        return st;
    for (size_t i = 0; i < h->count; i++)
        TRY(complete(h, &h->items[i], e));
    return KITH_OK;
}

static void print_item(struct cmd *c, const struct item *i) {
    kith_str at = show_time(c, i->tx.at);
    io_printf(c->io, "%s%.*s  %s%s  ", io_style(c->io, STYLE_HEAD), (int)at.len, at.ptr,
              row_kind_name(i->row.kind), io_style(c->io, STYLE_PLAIN));
    io_text(c->io, str_of(i->actor.name));
    io_printf(c->io, " (%s)", origin_name(i->tx.origin));
    if (i->source.kind) {
        io_puts(c->io, " by ");
        io_text(c->io, show_source(c, &i->source));
    }
    io_printf(c->io, "  %stransaction %s%s\n", io_style(c->io, STYLE_DIM), show_id(c, i->tx.id),
              io_style(c->io, STYLE_PLAIN));
    for (size_t k = 0; k < i->field_count; k++) {
        io_puts(c->io, "    ");
        io_text(c->io, show_change(c, &i->fields[k]));
        io_puts(c->io, "\n");
    }
}

static void json_item(struct cmd *c, const struct item *i) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "seq");
    json_int(&j, (int64_t)i->row.seq);
    json_key(&j, "at");
    json_time(&j, i->tx.at);
    json_key(&j, "change");
    json_strz(&j, row_kind_name(i->row.kind));
    json_key(&j, "transaction");
    json_id(&j, i->tx.id);
    json_key(&j, "origin");
    json_strz(&j, origin_name(i->tx.origin));
    json_key(&j, "actor");
    json_strz(&j, i->actor.name);
    json_key(&j, "by");
    json_source(&j, &i->source);
    json_key(&j, "fields");
    json_changes(c, &j, i->fields, i->field_count);
    json_object_end(&j);
    json_print(c, &b);
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct history h = {.c = c};
    const struct rtype *t;
    kith_id id;
    TRY(arg_record(c, 0, &t, &id, e));
    TRY(cmd_option_int(c, "limit", 1, 1000000, DEFAULT_LIMIT, &h.limit, e));
    TRY(engine_reader(c->company->engine, &h.conn, e));
    kith_status st = read_history(&h, id, e);
    engine_reader_done(c->company->engine, h.conn);
    TRY(st);
    if (h.count == 0 || h.items[0].row.type != t->id)
        return err_set(e, KITH_E_NOTFOUND, NULL, "there is no %s %s, and there never was", t->name,
                       c->args[1]);
    for (size_t i = 0; i < h.count; i++) {
        if (c->json)
            json_item(c, &h.items[i]);
        else
            print_item(c, &h.items[i]);
    }
    if (h.full)
        io_say(c->io, "there are older changes: --limit %lld shows more", (long long)h.limit * 10);
    return KITH_OK;
}

const struct command command_history = {
    .name = "history",
    .args = "TYPE ID",
    .help = "every change of a record, newest first",
    .options = {{"limit", "N", "at most so many changes; else 100"}},
    .needs = NEEDS_COMPANY,
    .args_min = 2,
    .args_max = 2,
    .run = run,
};
