/* SPDX-License-Identifier: Apache-2.0 */
/* What sets itself off again and again, without a pause: reactions by what they write, workflows by
 * beginning each other. */
#include "engine/bus.h"
#include "engine/engine_internal.h"

/* The row that led to the transaction, and that one's; false: it goes no further back. */
static bool go_back(struct engine *g, struct arena *a, struct journal_row *row,
                    struct tx_head *tx) {
    return tx->cause && journal_row_read(g->writer, tx->cause, a, row, NULL) == KITH_OK &&
           journal_tx_read(g->writer, row->tx, a, tx, NULL) == KITH_OK;
}

/* "lead.created > rule a > lead.updated > rule b": the way that led to a row, oldest first. */
static void cascade_path(struct engine *g, const struct tx_head *last,
                         const struct journal_row *led, struct arena *a, struct buf *out) {
    const char *steps[8];
    size_t n = 0;
    struct tx_head tx = *last;
    struct journal_row row = *led;
    do {
        const struct rtype *t = schema_type_by_id(g->schema, row.type);
        struct source s = {.name = "?"};
        journal_source(g->writer, tx.actor, a, &s, NULL);
        steps[n++] =
            arena_printf(a, "%s of %s by %s", row_kind_name(row.kind), t ? t->name : "?", s.name);
    } while (n < sizeof steps / sizeof *steps && go_back(g, a, &row, &tx));
    while (n > 0)
        buf_printf(out, "%s%s", out->len ? " > " : "", steps[--n]);
}

kith_status cascade_check(struct engine *g, const struct tx_head *last,
                          const struct journal_row *led, struct arena *a, kith_error *e) {
    struct tx_head tx = *last;
    struct journal_row row;
    struct buf path = {0};
    if (last->depth < g->opts.cascade_max)
        return KITH_OK;
    for (uint32_t i = 0; i < g->opts.cascade_max; i++)
        if (!go_back(g, a, &row, &tx) || last->at - tx.at > CASCADE_PAUSE_MS)
            return KITH_OK;
    cascade_path(g, last, led, a, &path);
    kith_status st = err_set(e, KITH_E_LIMIT, NULL,
                             "rules and workflows set off each other more than %u deep, last: %s",
                             g->opts.cascade_max, path.ptr ? path.ptr : "?");
    buf_free(&path);
    return st;
}

kith_status txn_cascade(struct txn *t, kith_error *e) {
    struct journal_row row;
    struct tx_head tx = t->head;
    if (tx.depth < t->g->opts.cascade_max || !go_back(t->g, t->arena, &row, &tx))
        return KITH_OK;
    return cascade_check(t->g, &tx, &row, t->arena, e);
}
