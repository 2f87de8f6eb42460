/* SPDX-License-Identifier: Apache-2.0 */
/* kith help, version: what the program can tell about itself. */
#include "cli/reference.h"
#include "cli/show.h"
#include "record/query.h"
#include <string.h>

static const char query_text[] =
    "A query says which records, or how many:\n"
    "\n"
    "  TYPE [where CONDITION] [order by FIELD, -FIELD ...] [limit N] [: count()]\n"
    "  TYPE [where CONDITION] group by FIELD ... [having ...] [order by ...] [: TOTAL, ...]\n"
    "\n"
    "  contact where city = 'Berlin' and email is not null order by -created limit 20\n"
    "  task where state = 'open' and due < now() + 2d and assignee.login = 'anna'\n"
    "  contact where account.industry in ('steel', 'coal') and not tagged('do-not-call')\n"
    "  lead where score >= 50 : count()\n"
    "  interaction where at in this_year() group by channel : count(), sum(cost)\n";

static void help_form(struct cmd *c, const struct query_function *f, const char *group,
                      bool first) {
    if (first)
        io_printf(c->io, "\n%s%c%s%s\n", io_style(c->io, STYLE_HEAD), group[0] - ('a' - 'A'),
                  group + 1, io_style(c->io, STYLE_PLAIN));
    if (strlen(f->signature) > 26) /* below it, in its column */
        io_printf(c->io, "  %s\n  %-26s %s\n", f->signature, "", f->doc);
    else
        io_printf(c->io, "  %-26s %s\n", f->signature, f->doc);
}

static kith_status help_query(struct cmd *c) {
    size_t count;
    const struct query_function *forms = query_forms(&count), *f;
    io_puts(c->io, query_text);
    for (size_t i = 0; i < count; i++)
        help_form(c, &forms[i], forms[i].name, i == 0 || strcmp(forms[i].name, forms[i - 1].name));
    for (size_t i = 0; (f = query_function_at(i)); i++)
        help_form(c, f, "functions", i == 0);
    return KITH_OK;
}

static kith_status print_manual(struct cmd *c, kith_error *e) {
    struct buf b = {0};
    manual_page(&b);
    io_raw(c->io, buf_view(&b));
    kith_status st = b.failed ? err_nomem(e) : KITH_OK;
    buf_free(&b);
    return st;
}

/* One command, those of a group, or without a name all. */
static void json_commands(struct cmd *c, const char *only) {
    size_t len = only ? strlen(only) : 0;
    for (size_t i = 0; command_at(i); i++) {
        const struct command *k = command_at(i);
        struct buf b = {0};
        struct json_out j;
        bool wanted = !only || (strncmp(k->name, only, len) == 0 && strchr(" ", k->name[len]));
        if (!k->help || !wanted)
            continue;
        json_begin(&j, &b, false);
        json_object_(&j);
        json_key(&j, "command");
        json_strz(&j, k->name);
        json_key(&j, "arguments");
        json_strz(&j, k->args);
        json_key(&j, "help");
        json_strz(&j, k->help);
        json_key(&j, "administrators");
        json_bool_(&j, !k->open);
        json_key(&j, "options");
        json_object_(&j);
        for (size_t o = 0; o < OPTIONS_PER_COMMAND && k->options[o].name; o++) {
            json_key(&j, k->options[o].name);
            json_strz(&j, k->options[o].help);
        }
        json_object_end(&j);
        json_object_end(&j);
        json_print(c, &b);
    }
}

static kith_status run(struct cmd *c, kith_error *e) {
    const char *first = c->arg_count > 0 ? c->args[0] : NULL;
    const char *shell = cmd_option(c, "completion");
    if (cmd_option(c, "man"))
        return print_manual(c, e);
    if (shell) {
        io_puts(c->io, completion_script(shell));
        return KITH_OK;
    }
    if (!first && c->json) {
        json_commands(c, NULL);
        return KITH_OK;
    }
    if (!first)
        return cmd_help_overview(c, NULL, e);
    if (strcmp(first, "query") == 0)
        return help_query(c);
    /* As if the words were typed with --help: one command, or the error that names the nearest. */
    struct cmd asked = {.program = c->program, .io = c->io};
    char *const argv[] = {"kith", (char *)first, c->arg_count > 1 ? (char *)c->args[1] : "--help",
                          "--help"};
    kith_status st = cmd_parse(&asked, 4, argv, e);
    bool group = st == KITH_OK && asked.command == &command_help && strcmp(first, "help") != 0;
    if (st == KITH_OK && c->json)
        json_commands(c, group ? first : asked.command->name);
    else if (group)
        st = cmd_help_overview(c, first, e); /* a group: "module" */
    else if (st == KITH_OK)
        st = cmd_help(&asked, e);
    arena_free(&asked.arena);
    return st;
}

static kith_status run_version(struct cmd *c, kith_error *e) {
    (void)e;
    io_puts(c->io, c->json ? "{\"version\":\"" KITH_VERSION "\"}\n" : "kith " KITH_VERSION "\n");
    return KITH_OK;
}

const struct command command_help = {
    .name = "help",
    .args = "[COMMAND]",
    .help = "what there is, or more about one command or about queries",
    .options = {{"man", NULL, "print the manual page kith(1)"},
                {"completion", "bash|zsh|fish", "print the script that completes words on Tab"}},
    .needs = NEEDS_NOTHING,
    .open = true,
    .served = true,
    .args_max = 2,
    .run = run,
};

const struct command command_version = {
    .name = "version",
    .args = "",
    .help = "the version of this program",
    .needs = NEEDS_NOTHING,
    .open = true,
    .run = run_version,
};
