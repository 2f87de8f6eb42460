/* SPDX-License-Identifier: Apache-2.0 */
/* kith log: recent transactions, so that one finds what to undo. An import or another run of many
 * transactions is one line. */
#include "cli/show.h"
#include <string.h>

#define DEFAULT_LIMIT 20

/* One line: a transaction, or a run's newest transaction and the sums over the run. */
struct entry {
    struct tx_head head;
    struct source actor;
    uint64_t transactions, rows;
};
struct log {
    struct cmd *c;
    struct entry *entries;
    size_t count, cap;
};

/* The line of the run that it belongs to. Others may have written in between, and the first one of
 * a long undo gives the run its number. */
static struct entry *entry_of(struct log *l, const struct tx_head *tx) {
    kith_id run = tx->run ? tx->run : tx->origin == ORIGIN_UNDO ? tx->id : 0;
    for (size_t i = l->count; run && i-- > 0;) {
        if (l->entries[i].head.run == run)
            return &l->entries[i];
    }
    return NULL;
}

static kith_status keep_head(void *arg, const struct tx_head *tx, kith_error *e) {
    struct log *l = arg;
    struct entry *known = entry_of(l, tx);
    uint64_t rows = tx->last >= tx->first && tx->first > 0 ? tx->last - tx->first + 1 : 0;
    if (known) {
        known->transactions++;
        known->rows += rows;
        return KITH_OK;
    }
    if (l->count == l->cap)
        return KITH_OK; /* older ones may belong to runs that are shown */
    struct entry *n = &l->entries[l->count++];
    *n = (struct entry){.head = *tx, .transactions = 1, .rows = rows};
    n->head.note = arena_str(&l->c->arena, tx->note);
    return n->head.note.ptr ? KITH_OK : err_nomem(e);
}

static kith_status read_log(struct log *l, kith_error *e) {
    struct conn *conn;
    TRY(engine_reader(l->c->company->engine, &conn, e));
    kith_status st = journal_txs(conn, 0, INT64_MAX, keep_head, l, e);
    for (size_t i = 0; i < l->count && st == KITH_OK; i++)
        st = journal_source(conn, l->entries[i].head.actor, &l->c->arena, &l->entries[i].actor, e);
    engine_reader_done(l->c->company->engine, conn);
    return st;
}

static kith_id undo_id(const struct entry *n) {
    return n->head.run ? n->head.run : n->head.id;
}

static void print_table(struct log *l) {
    struct table t;
    table_begin(&t, l->c,
                (const char *const[]){"id", "time", "who", "from", ">changes", "note", NULL});
    for (size_t i = 0; i < l->count; i++) {
        const struct entry *n = &l->entries[i];
        table_cellz(&t, show_id(l->c, undo_id(n)));
        table_cell(&t, show_time(l->c, n->head.at));
        table_cellz(&t, n->actor.name);
        table_cellz(&t, origin_name(n->head.origin));
        table_cellz(&t, arena_printf(&l->c->arena, "%llu", (unsigned long long)n->rows));
        table_cell(&t, n->head.note);
    }
    table_print(&t);
}

static void print_json(struct log *l) {
    for (size_t i = 0; i < l->count; i++) {
        const struct entry *n = &l->entries[i];
        struct buf b = {0};
        struct json_out j;
        json_begin(&j, &b, false);
        json_object_(&j);
        json_key(&j, "id");
        json_id(&j, undo_id(n));
        json_key(&j, "at");
        json_time(&j, n->head.at);
        json_key(&j, "actor");
        json_strz(&j, n->actor.name);
        json_key(&j, "origin");
        json_strz(&j, origin_name(n->head.origin));
        json_key(&j, "transactions");
        json_int(&j, (int64_t)n->transactions);
        json_key(&j, "changes");
        json_int(&j, (int64_t)n->rows);
        json_key(&j, "note");
        json_str(&j, n->head.note);
        json_object_end(&j);
        json_print(l->c, &b);
    }
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct log l = {.c = c};
    int64_t limit;
    TRY(cmd_option_int(c, "limit", 1, 100000, DEFAULT_LIMIT, &limit, e));
    l.cap = (size_t)limit;
    l.entries = ARENA_ARRAY(&c->arena, struct entry, l.cap);
    if (!l.entries)
        return err_nomem(e);
    TRY(read_log(&l, e));
    if (c->json)
        print_json(&l);
    else if (l.count == 0)
        io_puts(c->io, "Nothing was written yet.\n");
    else
        print_table(&l);
    return KITH_OK;
}

const struct command command_log = {
    .name = "log",
    .args = "",
    .help = "what was written lately, with the ids that 'kith undo' takes",
    .options = {{"limit", "N", "at most so many lines; else 20"}},
    .needs = NEEDS_COMPANY,
    .run = run,
};
