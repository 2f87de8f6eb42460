/* SPDX-License-Identifier: Apache-2.0 */
/* kith reload: has a served company opened anew, with its settings, modules and types as they are
 * now. */
#include "cli/bench.h"
#include "cli/show.h"

static kith_status run(struct cmd *c, kith_error *e) {
    struct settings_problems problems = {0};
    struct company *read = NULL;
    kith_status st = company_read(&read, c->program, c->dir, &problems, e);
    company_close(read);
    cli_print_problems(c, &problems);
    TRY(st);
    TRY(bench_try_modules(c->company, e));
    TRY(cmd_reopen(c, e));
    if (!c->json)
        io_puts(c->io, "The company was opened anew.\n");
    return KITH_OK;
}

const struct command command_reload = {
    .name = "reload",
    .args = "",
    .help = "have a served company take over changed settings, modules and types",
    .more =
        "Commands under way end first, at most half a minute is waited for them; new ones wait\n"
        "until it is done. With a mistake in the files all stays as it is, and so it does when a\n"
        "module that runs would be out: the new one is tried beside it first.",
    .needs = NEEDS_COMPANY,
    .alone = true,
    .run = run,
};
