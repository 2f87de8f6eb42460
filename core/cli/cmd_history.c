/* SPDX-License-Identifier: Apache-2.0 */
/* kith history: every change of one record, or of one of its fields, newest first. */
#include "base/id.h"
#include "cli/show.h"
#include <stdlib.h>
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
    int64_t limit, before;      /* before: rows from this seq on were shown already */
    const struct rfield *field; /* only this one's changes; NULL: all */
    kith_id id;
    kith_id *merged; /* records that were merged into it: what was done to them is told, too */
    size_t merged_count;
    struct item *items;
    size_t count, cap;
    bool full;
    struct journal_start start; /* what is older is not kept */
};

/* A deletion ends every value. */
static kith_status touches(struct history *h, const struct journal_row *row, bool *yes,
                           kith_error *e) {
    struct arena scratch = {0};
    struct image_field *fields;
    size_t n;
    kith_status st = image_decode(cmd_schema(h->c), row, &scratch, &fields, &n, e);
    *yes = false;
    for (size_t i = 0; st == KITH_OK && i < n && !*yes; i++)
        *yes = fields[i].field_id == h->field->id;
    arena_free(&scratch);
    return st;
}

static kith_status keep_row(void *arg, const struct journal_row *row, kith_error *e) {
    struct history *h = arg;
    struct arena *a = &h->c->arena;
    bool wanted = row->kind != ROW_EVENT;
    if (wanted && h->field)
        TRY(touches(h, row, &wanted, e));
    if (!wanted)
        return KITH_OK;
    if ((int64_t)h->count == h->limit) {
        h->full = true;
        return KITH_E_LIMIT; /* ends the walk */
    }
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
    TRY(image_decode(cmd_schema(h->c), &i->row, a, &i->fields, &i->field_count, e));
    i->field_count = changes_seen(h->c, i->fields, i->field_count);
    uint32_t source = i->row.source;
    for (size_t k = 0; h->field && k < i->field_count; k++)
        if (i->fields[k].field_id == h->field->id) {
            i->fields[0] = i->fields[k];
            i->field_count = 1;
            source = i->fields[0].source ? i->fields[0].source : source;
        }
    return source ? journal_source(h->conn, source, a, &i->source, e) : KITH_OK;
}

static int newest_first(const void *a, const void *b) {
    uint64_t x = ((const struct item *)a)->row.seq, y = ((const struct item *)b)->row.seq;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* As many rows of one record as fit a page. */
static kith_status read_rows(struct history *h, kith_id id, kith_error *e) {
    struct history own = *h;
    own.count = 0;
    own.full = false;
    own.items = NULL;
    own.cap = 0;
    kith_status st = journal_before(h->conn, id, (uint64_t)h->before, keep_row, &own, e);
    if (st != KITH_OK && !own.full)
        return st;
    h->full |= own.full;
    for (size_t i = 0; i < own.count; i++) {
        struct item *items = arena_grow(&h->c->arena, h->items, h->count, &h->cap, sizeof *items);
        if (!items)
            return err_nomem(e);
        h->items = items;
        h->items[h->count++] = own.items[i];
    }
    return KITH_OK;
}

/* The values of a field followed each other in the record itself. */
static kith_status find_merged(struct history *h, const struct rtype *t, kith_error *e) {
    const struct base_redirect *r = &cmd_schema(h->c)->base.redirect;
    kith_id *rows;
    size_t n;
    if (h->field)
        return KITH_OK;
    TRY(record_referrers(h->conn, r->kept, h->id, t->id, 1000, &h->c->arena, &rows, &n, e));
    h->merged = ARENA_ARRAY(&h->c->arena, kith_id, n + 1);
    if (!h->merged)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++) {
        const kith_value *values;
        TRY(record_get(h->conn, r->type, rows[i], &h->c->arena, &values, e));
        if (values && id_parse(values[r->gone->index].as.s, &h->merged[h->merged_count]))
            h->merged_count++;
    }
    return KITH_OK;
}

static kith_status read_history(struct history *h, const struct rtype *t, kith_error *e) {
    TRY(find_merged(h, t, e));
    TRY(read_rows(h, h->id, e));
    for (size_t i = 0; i < h->merged_count; i++)
        TRY(read_rows(h, h->merged[i], e));
    if (h->count)
        qsort(h->items, h->count, sizeof *h->items, newest_first);
    if ((int64_t)h->count > h->limit) {
        h->count = (size_t)h->limit;
        h->full = true;
    }
    for (size_t i = 0; i < h->count; i++)
        TRY(complete(h, &h->items[i], e));
    return KITH_OK;
}

static void print_by(struct cmd *c, const struct item *i) {
    io_text(c->io, str_of(i->actor.name));
    io_printf(c->io, " (%s)", origin_name(i->tx.origin));
    if (i->source.kind) {
        io_puts(c->io, " by ");
        io_text(c->io, show_source(c, &i->source));
    }
    if (show_run_of(&i->tx))
        io_printf(c->io, " in run %s", show_id(c, i->tx.run));
    if (i->tx.note.len > 0) {
        io_puts(c->io, ": ");
        io_text(c->io, i->tx.note);
    }
    io_printf(c->io, "  %stransaction %s%s\n", io_style(c->io, STYLE_DIM), show_id(c, i->tx.id),
              io_style(c->io, STYLE_PLAIN));
}

static void print_item(struct history *h, const struct item *i) {
    struct cmd *c = h->c;
    kith_str at = show_time(c, i->tx.at);
    io_printf(c->io, "%s%.*s  %s%s  ", io_style(c->io, STYLE_HEAD), (int)at.len, at.ptr,
              row_kind_name(i->row.kind), io_style(c->io, STYLE_PLAIN));
    if (i->row.record != h->id)
        io_printf(c->io, "of %s, which was merged into it, ", show_id(c, i->row.record));
    print_by(c, i);
    if (i->row.erased)
        io_puts(c->io, i->field_count ? "    (some of it was erased)\n" : "    (erased)\n");
    for (size_t k = 0; k < i->field_count; k++) {
        io_puts(c->io, "    ");
        io_text(c->io, show_change(c, &i->fields[k]));
        io_puts(c->io, "\n");
    }
}

/* A value with the time that it held: until the next change, which was shown before. */
static void print_value(struct cmd *c, const struct item *i, int64_t until) {
    kith_str from = show_time(c, i->tx.at);
    kith_str to = until ? show_time(c, until) : STR("now");
    kith_str value = show_value(c, &i->fields[0].after);
    io_printf(c->io, "%s%.*s to %-19.*s%s  ", io_style(c->io, STYLE_HEAD), (int)from.len, from.ptr,
              (int)to.len, to.ptr, io_style(c->io, STYLE_PLAIN));
    io_text(c->io, i->row.kind == ROW_DELETE ? STR("(deleted)")
                   : value.len               ? value
                                             : STR("(empty)"));
    io_puts(c->io, "\n    ");
    print_by(c, i);
}

static void json_value_of(struct cmd *c, struct json_out *j, const struct item *i, int64_t until) {
    json_key(j, "value");
    value_json(cmd_schema(c), &i->fields[0].after, j);
    json_key(j, "until");
    if (until)
        json_time(j, until);
    else
        json_nil(j);
}

static void json_item(struct history *h, const struct item *i, int64_t until) {
    struct cmd *c = h->c;
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "seq");
    json_int(&j, (int64_t)i->row.seq);
    json_key(&j, "record");
    json_id(&j, i->row.record);
    json_key(&j, "at");
    json_time(&j, i->tx.at);
    if (h->field)
        json_value_of(c, &j, i, until);
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
    json_key(&j, "run");
    json_id(&j, show_run_of(&i->tx));
    json_key(&j, "note");
    if (i->tx.note.len)
        json_str(&j, i->tx.note);
    else
        json_nil(&j);
    json_key(&j, "erased");
    json_bool_(&j, i->row.erased);
    json_key(&j, "fields");
    json_changes(c, &j, i->fields, i->field_count);
    json_object_end(&j);
    json_print(c, &b);
}

/* When the value that comes first on this page was replaced: by the last change of the page before.
 * 0: it holds still. */
static kith_status first_until(struct history *h, int64_t *until, kith_error *e) {
    struct journal_row row;
    struct tx_head tx;
    *until = 0;
    if (h->before == INT64_MAX || !h->field)
        return KITH_OK;
    TRY(journal_row_read(h->conn, (uint64_t)h->before, &h->c->arena, &row, e));
    TRY(journal_tx_read(h->conn, row.tx, &h->c->arena, &tx, e));
    *until = tx.at;
    return KITH_OK;
}

static void show_all(struct history *h, int64_t until) {
    struct cmd *c = h->c;
    for (size_t i = 0; i < h->count; until = h->items[i++].tx.at) {
        if (c->json)
            json_item(h, &h->items[i], until);
        else if (h->field)
            print_value(c, &h->items[i], until);
        else
            print_item(h, &h->items[i]);
    }
}

static kith_status read_all(struct history *h, const struct rtype *t, int64_t *until,
                            kith_error *e) {
    struct engine *g = h->c->company->engine;
    TRY(engine_reader(g, &h->conn, e));
    kith_status st = journal_start(h->conn, &h->start, e);
    if (st == KITH_OK)
        st = first_until(h, until, e);
    if (st == KITH_OK)
        st = read_history(h, t, e);
    engine_reader_done(g, h->conn);
    return st;
}

/* Of a record that was made before. */
static void say_start(struct history *h) {
    kith_str from = show_time(h->c, h->start.at);
    if (h->start.seq)
        io_say(h->c->io, "the journal is kept from %.*s on; what was before is not known any more",
               (int)from.len, from.ptr);
}

static kith_status nothing(struct history *h, const struct rtype *t, kith_error *e) {
    kith_value *values;
    if (h->count == 0 && (h->field || h->start.seq)) {
        TRY(engine_get(h->c->company->engine, &h->c->principal, t, h->id, &h->c->arena, &values,
                       e));
        if (h->start.seq)
            say_start(h);
        else if (!h->c->json)
            io_printf(h->c->io, "%s was never written.\n", h->field->name);
        return KITH_OK;
    }
    return err_set(e, KITH_E_NOTFOUND, NULL, "there is no %s %s, and there never was", t->name,
                   h->c->args[1]);
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct history h = {.c = c};
    const struct rtype *t;
    const char *field = cmd_option(c, "field");
    int64_t until;
    TRY(arg_record(c, 0, &t, &h.id, e));
    TRY(arg_follow(c, t, &h.id, e));
    if (field)
        TRY(schema_find_field(cmd_schema(c), t, str_of(field), &h.field, e));
    TRY(cmd_option_int(c, "limit", 1, 1000000, DEFAULT_LIMIT, &h.limit, e));
    if (h.field && !cmd_reads(c, h.field))
        return err_set(e, KITH_E_DENIED, h.field->name, "you may not read %s.%s", t->name,
                       h.field->name);
    if (!cmd_shows(c, t, h.id))
        return err_set(e, KITH_E_NOTFOUND, NULL, "there is no %s %s, and there never was", t->name,
                       c->args[1]);
    TRY(cmd_option_int(c, "after", 1, INT64_MAX, INT64_MAX, &h.before, e));
    TRY(read_all(&h, t, &until, e));
    bool other = h.count > 0 && h.items[0].row.type != t->id;
    if (h.count == 0 || other)
        return h.before == INT64_MAX || other ? nothing(&h, t, e) : KITH_OK;
    show_all(&h, until);
    if (h.full)
        io_say(c->io, "there are older changes: --after %llu shows them",
               (unsigned long long)h.items[h.count - 1].row.seq);
    else if (h.items[h.count - 1].row.kind != ROW_CREATE)
        say_start(&h);
    return KITH_OK;
}

const struct command command_history = {
    .name = "history",
    .args = "TYPE ID",
    .help = "every change of a record or of one of its fields, newest first",
    .more = "  kith history contact 0SA818NN40003\n"
            "  kith history contact 0SA818NN40003 --field email\n\n"
            "With --field each value is told with the time that it held, who wrote it, and which\n"
            "rule, import or action did; 'kith why' tells what led to the present one.",
    .options = {{"field", "FIELD", "the values of this field only"},
                {"limit", "N", "at most so many changes; else 100"},
                {"after", "SEQ", "go on where an earlier answer ended"}},
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_min = 2,
    .args_max = 2,
    .run = run,
};
