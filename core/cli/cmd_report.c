/* SPDX-License-Identifier: Apache-2.0 */
/* kith report: queries by their names: those of modules, and those that somebody saved. */
#include "cli/ask.h"
#include "cli/show.h"
#include <string.h>

struct listing {
    struct cmd *c;
    struct table t;
};

/* One that cannot be asked any more is told nevertheless. */
static uint32_t params_of(struct cmd *c, const struct named_query *n, const char *const **params) {
    struct query *q;
    kith_error why = KITH_ERROR_INIT;
    if (query_parse_for(&q, cmd_schema(c), &c->principal, &c->arena, n->query, &why) != KITH_OK)
        return 0;
    return query_params(q, params);
}

static kith_status json_named(struct cmd *c, const struct named_query *n) {
    struct buf b = {0};
    struct json_out j;
    const char *const *params = NULL;
    uint32_t count = params_of(c, n, &params);
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
    const char *const *params = NULL, *asks = "";
    for (uint32_t i = 0, count = params_of(l->c, n, &params); asks && i < count; i++)
        asks = arena_printf(&l->c->arena, "%s%s%s=", asks, i ? " " : "", params[i]);
    if (!asks)
        return err_nomem(e);
    const kith_str cells[] = {n->name, str_of(asks), n->doc};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        kith_str copy = arena_str(&l->c->arena, cells[i]);
        if (!copy.ptr)
            return err_nomem(e);
        table_cell(&l->t, copy);
    }
    return KITH_OK;
}

/* "since=2026-01-01" behind the name is what --param since=2026-01-01 is. */
static kith_status take_words(struct cmd *c, kith_error *e) {
    const char *all = cmd_option(c, "param");
    size_t at = 0;
    while (strcmp(c->command->options[at].name, "param") != 0)
        at++;
    for (size_t i = 1; i < c->arg_count; i++) {
        if (!strchr(c->args[i], '='))
            return err_set(e, KITH_E_INVAL, NULL,
                           "'%s' is not NAME=VALUE; 'kith report' tells which values a report asks "
                           "for",
                           c->args[i]);
        all = all ? arena_printf(&c->arena, "%s%c%s", all, GATHERED, c->args[i]) : c->args[i];
        if (!all)
            return err_nomem(e);
    }
    c->values[at] = all;
    c->arg_count = 1;
    return KITH_OK;
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct listing l = {.c = c};
    if (c->arg_count) {
        TRY(take_words(c, e));
        c->args[0] = arena_printf(&c->arena, "@%s", c->args[0]);
        return c->args[0] ? cmd_find(c, e) : err_nomem(e);
    }
    table_begin(&l.t, c, (const char *const[]){"report", "asks for", "what it tells", NULL});
    TRY(ask_each_named(c, list_named, &l, e));
    if (!c->json && l.t.count)
        table_print(&l.t);
    else if (!c->json)
        io_puts(c->io, "There are none: 'kith create saved_query' makes one.\n");
    return KITH_OK;
}

const struct command command_report = {
    .name = "report",
    .args = "[NAME [PARAMETER=VALUE ...]]",
    .help = "what a report or saved query finds now; without one, list them",
    .more = "  kith report\n"
            "  kith report sales.pipeline\n"
            "  kith report sales.won_since since=2026-01-01 --csv\n\n"
            "Those of modules have the module's name in front; others are saved queries:\n"
            "kith create saved_query name=late query=\"task where due < now()\" shared=true.\n"
            "With --json the list has the query of each.",
    .options = {{"fields", "A,B.C", "of records, these fields, in this order"},
                {"limit", "N", "at most so many records"},
                {"after", "CURSOR", "go on where an earlier answer ended"},
                {"csv", NULL, "answer in CSV, for spreadsheets"},
                {"param", "NAME=VALUE",
                 "the same as NAME=VALUE; again for another, or for a list"}},
    .gathered = "param",
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_max = 1000,
    .run = run,
};
