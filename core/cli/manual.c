/* SPDX-License-Identifier: Apache-2.0 */
/* Manual: the page kith(1), made from the tables of commands, in the language of man(7). */
#include "cli/reference.h"
#include "record/query.h"

/* Text as it is: backslashes, hyphens (which a reader may want to copy), and lines that would
 * otherwise be commands of the formatter. */
static void text(struct buf *out, const char *z) {
    for (bool first = true; *z; z++) {
        if (first && (*z == '.' || *z == '\''))
            buf_puts(out, "\\&");
        first = *z == '\n';
        if (*z == '\\')
            buf_puts(out, "\\e");
        else if (*z == '-')
            buf_puts(out, "\\-");
        else
            buf_putc(out, *z);
    }
}

static void entry(struct buf *out, const char *head, const char *body) {
    buf_puts(out, ".TP\n.B ");
    text(out, head);
    buf_putc(out, '\n');
    text(out, body);
    buf_putc(out, '\n');
}

static void option_entry(struct buf *out, const struct option_row *o) {
    buf_puts(out, ".TP\n.B \\-\\-");
    text(out, o->name);
    if (o->value) {
        buf_puts(out, " \\fI");
        text(out, o->value);
        buf_puts(out, "\\fR");
    }
    buf_putc(out, '\n');
    text(out, o->help);
    buf_puts(out, ".\n");
}

/* Set as it is typed. */
static void as_typed(struct buf *out, const char *z) {
    buf_puts(out, ".PP\n.nf\n");
    for (const char *end; *z; z = *end ? end + 1 : end) {
        for (end = z; *end && *end != '\n';)
            end++;
        struct buf line = {0};
        buf_add(&line, z, (size_t)(end - z));
        text(out, line.ptr ? line.ptr : "");
        buf_putc(out, '\n');
        buf_free(&line);
    }
    buf_puts(out, ".fi\n");
}

static void command_entry(struct buf *out, const struct command *k) {
    buf_puts(out, ".SS kith ");
    text(out, k->name);
    buf_puts(out, k->args[0] ? " " : "");
    text(out, k->args);
    buf_printf(out, "\n%c", k->help[0] - ('a' <= k->help[0] ? 'a' - 'A' : 0));
    text(out, k->help + 1);
    buf_puts(out, ".\n");
    if (k->more)
        as_typed(out, k->more);
    for (size_t i = 0; k->options[i].name; i++)
        option_entry(out, &k->options[i]);
}

static void queries(struct buf *out) {
    size_t count;
    const struct query_function *f = query_forms(&count);
    buf_puts(out, ".SH QUERIES\nA query says which records, or how many:\n.PP\n"
                  "TYPE [where CONDITION] [order by FIELD, ...] [limit N] [: count()]\n");
    for (size_t i = 0; i < count; i++)
        entry(out, f[i].signature, f[i].doc);
    for (size_t i = 0; (f = query_function_at(i)); i++)
        entry(out, f->signature, f->doc);
}

static void exit_status(struct buf *out) {
    size_t count;
    const struct exit_code *x = exit_codes(&count);
    buf_puts(out, ".SH EXIT STATUS\n");
    for (size_t i = 0; i < count; i++)
        buf_printf(out, ".TP\n.B %d\n%s\n", x[i].code, x[i].meaning);
}

static const char *const environment[][2] = {
    {"KITH_COMPANY", "The company's folder, unless --company names it."},
    {"NO_COLOR", "Colours are off when it is set and not empty."},
    {"NOTIFY_SOCKET", "Where 'kith serve' says that it is ready; systemd sets it."},
    {"WATCHDOG_USEC", "How often 'kith serve' says there that it gets on; systemd sets it."},
    {"LISTEN_FDS", "With LISTEN_PID and LISTEN_FDNAMES: sockets that systemd hands over."},
    {"TZ", "The time zone that 'kith init' proposes for a new company."},
};
static const char *const files[][2] = {
    {"kith.conf", "The settings of a company. 'kith explain' lists them."},
    {"conf.d/*.conf", "More settings, read after it by name."},
    {"rules/*.lua", "Its rules."},
    {"workflows/*.lua", "Its workflows."},
    {"workflows/NAME/*.lua", "Those that the module NAME brought, while it is enabled."},
    {"kith.db", "Its database; kith.db-wal and kith.db.lock belong to it."},
    {"kith.sock", "Where 'kith serve' takes the commands of others."},
    {"kith.crashes", "Which modules crashed; one that did twice within ten minutes is kept out."},
};

void manual_page(struct buf *out) {
    const struct option_row *o;
    buf_puts(out, ".\\\" SPDX-License-Identifier: Apache-2.0\n.TH KITH 1 \"\" \"Kith " KITH_VERSION
                  "\" \"User Commands\"\n.SH NAME\nkith \\- a customer relationship engine\n"
                  ".SH SYNOPSIS\n.B kith\n.I COMMAND\n[\\fIARGUMENT\\fR ...]\n"
                  "[\\fB\\-\\-option\\fR ...]\n.SH DESCRIPTION\n"
                  "Kith keeps a company's customers, and tells why everything is as it is.\n"
                  "A company is a folder with its settings, its rules and its database.\n"
                  "While\n.B kith serve\nkeeps it open, every other command is carried out there,\n"
                  "and looks the same.\n.SH OPTIONS\nEvery command takes these.\n");
    for (size_t i = 0; (o = command_common_option(i)); i++)
        option_entry(out, o);
    buf_puts(out, ".SH COMMANDS\n");
    for (size_t i = 0; command_at(i); i++) {
        if (command_at(i)->help)
            command_entry(out, command_at(i));
    }
    queries(out);
    exit_status(out);
    buf_puts(out, ".SH ENVIRONMENT\n");
    for (size_t i = 0; i < sizeof environment / sizeof environment[0]; i++)
        entry(out, environment[i][0], environment[i][1]);
    buf_puts(out, ".SH FILES\nIn the company's folder:\n");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        entry(out, files[i][0], files[i][1]);
}
