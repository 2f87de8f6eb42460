/* SPDX-License-Identifier: Apache-2.0 */
/* kith report: queries by their names: those of modules, and those that somebody saved. */
#include "cli/ask.h"
#include "cli/show.h"

struct listing {
    struct cmd *c;
    struct table t;
};

static kith_status json_named(struct cmd *c, const struct named_query *n) {
    struct buf b = {0};
    struct json_out j;
    struct query *q;
    const char *const *params = NULL;
    uint32_t count = 0;
    kith_error why = KITH_ERROR_INIT; /* one that cannot be asked any more is told nevertheless */
    if (query_parse_for(&q, cmd_schema(c), &c->principal, &c->arena, n->query, &why) == KITH_OK)
        count = query_params(q, &params);
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "report");
    json_str(&j, n->name);
    json_key(&j, "doc");
    json_str(&j, n->doc);
    json_key(&j, "query");
    json_str(&j, n->query);
    json_key(&j, "parameters");
    json_array_(&j);
    for (uint32_t i = 0; i < count; i++)
        json_strz(&j, params[i]);
    json_array_end(&j);
    json_key(&j, "saved");
    json_bool_(&j, n->saved);
    json_object_end(&j);
    json_print(c, &b);
    buf_free(&b);
    return KITH_OK;
}

static kith_status list_named(void *arg, const struct named_query *n, kith_error *e) {
    struct listing *l = arg;
    if (l->c->json)
        return json_named(l->c, n);
    const kith_str cells[] = {n->name, n->doc, n->query};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        kith_str copy = arena_str(&l->c->arena, cells[i]);
        if (!copy.ptr)
            return err_nomem(e);
        table_cell(&l->t, copy);
    }
    return KITH_OK;
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct listing l = {.c = c};
    if (c->arg_count) {
        c->args[0] = arena_printf(&c->arena, "@%s", c->args[0]);
        return c->args[0] ? cmd_find(c, e) : err_nomem(e);
    }
    table_begin(&l.t, c, (const char *const[]){"report", "what it tells", "query", NULL});
    TRY(ask_each_named(c, list_named, &l, e));
    if (!c->json && l.t.count)
        table_print(&l.t);
    else if (!c->json)
        io_puts(c->io, "There are none: 'kith create saved_query' makes one.\n");
    return KITH_OK;
}

const struct command command_report = {
    .name = "report",
    .args = "[NAME]",
    .help = "what a report or saved query finds now; without one, list them",
    .more = "  kith report\n"
            "  kith report sales.pipeline\n"
            "  kith report sales.won_since --param since=2026-01-01 --csv\n\n"
            "Those of modules have the module's name in front; others are saved queries:\n"
            "kith create saved_query name=late query=\"task where due < now()\" shared=true.",
    .options = {{"fields", "A,B.C", "of records, these fields, in this order"},
                {"limit", "N", "at most so many records"},
                {"after", "CURSOR", "go on where an earlier answer ended"},
                {"csv", NULL, "answer in CSV, for spreadsheets"},
                {"param", "NAME=VALUE", "what :NAME stands for; again for another, or for a list"}},
    .gathered = "param",
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_max = 1,
    .run = run,
};
