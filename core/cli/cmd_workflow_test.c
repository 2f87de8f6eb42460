/* SPDX-License-Identifier: Apache-2.0 */
/* kith workflow test: runs the tests that stand in the files of rules and workflows. */
#include "cli/bench.h"
#include "cli/show.h"

#include <string.h>

static void json_result(struct cmd *c, const struct test_result *r) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "test");
    json_strz(&j, r->name);
    json_key(&j, "file");
    json_strz(&j, r->file);
    json_key(&j, "line");
    json_int(&j, r->line);
    json_key(&j, "passed");
    json_bool_(&j, !r->failed);
    json_key(&j, "message");
    if (r->failed)
        json_strz(&j, r->message);
    else
        json_nil(&j);
    json_key(&j, "effects");
    kith_str rest = str_of(r->effects), line;
    json_array_(&j);
    while (str_split(&rest, '\n', &line))
        if (line.len)
            json_str(&j, line);
    json_array_end(&j);
    json_key(&j, "ms");
    json_int(&j, r->ns / 1000000);
    json_object_end(&j);
    json_print(c, &b);
}

static void show_result(void *arg, const struct test_result *r) {
    struct cmd *c = arg;
    kith_str rest = str_of(r->effects), line;
    if (c->json) {
        json_result(c, r);
        return;
    }
    if (!r->failed) {
        io_printf(c->io, "passed  %s: %s\n", r->file, r->name);
        return;
    }
    io_printf(c->io, "failed  %s: %s\n", r->file, r->name);
    io_printf(c->io, "  %s:%u: ", r->file, (unsigned)r->line);
    io_text(c->io, str_of(r->message));
    io_puts(c->io, "\n");
    if (rest.len)
        io_puts(c->io, "  there was:\n");
    while (str_split(&rest, '\n', &line)) {
        if (!line.len)
            continue;
        io_puts(c->io, "    ");
        io_text(c->io, line);
        io_puts(c->io, "\n");
    }
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct script_focus focus = {0};
    struct test_counts n;
    if (c->arg_count)
        TRY(cmd_script_focus(c, c->args[0], true, &focus, e));
    TRY(scripts_test(bench_host(c->company), c->arg_count ? &focus : NULL, 0, show_result, c, &n,
                     e));
    if (!c->json && n.passed + n.failed == 0)
        io_puts(c->io, "No tests: write test(\"what happens\", function(t) ... end) into a file of"
                       " rules or workflows.\n");
    if (!c->json)
        io_printf(c->io, "%zu passed, %zu failed\n", n.passed, n.failed);
    c->said = n.failed > 0;
    return n.failed ? err_set(e, KITH_E_REFUSED, NULL, "%zu of %zu tests failed", n.failed,
                              n.passed + n.failed)
                    : KITH_OK;
}

const struct command command_workflow_test = {
    .name = "workflow test",
    .args = "[FILE]",
    .help = "run the tests that stand in the files of rules and workflows",
    .more = "Each test has an empty company of its own, with the types, modules, settings and files"
            " of\nthis one, and a clock that it sets. With FILE only that file is loaded, and only"
            " its tests run;\nit may be one that is not in the company yet.\n\n"
            "  kith workflow test\n  kith workflow test care.lua\n"
            "  kith workflow test ~/drafts/care.lua",
    .needs = NEEDS_COMPANY,
    .quiet = true,
    .args_max = 1,
    .run = run,
};
