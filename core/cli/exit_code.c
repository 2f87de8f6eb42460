/* SPDX-License-Identifier: Apache-2.0 */
/* Exit codes: what each means, for the manual page and the reference. */
#include "cli/reference.h"

static const struct exit_code codes[] = {
    {0, "Done."},
    {1, "Refused (by a rule, a module, a unique field), or failed otherwise."},
    {2, "The command, a query, a value or a setting is wrong."},
    {3, "There is no such record, type, field, action, file or company."},
    {4, "No right to it: a field that Kith keeps, a company of somebody else."},
    {5, "The disk failed or is full, or the database is damaged."},
    {6, "Busy: try again."},
    {EXIT_INTERRUPTED, "Interrupted, by Ctrl-C or SIGTERM."},
};

const struct exit_code *exit_codes(size_t *count) {
    *count = sizeof codes / sizeof codes[0];
    return codes;
}

void exit_code_names(int code, struct buf *out) {
    const char *before = "";
    if (code == EXIT_INTERRUPTED)
        buf_puts(out, INTERRUPTED_NAME);
    for (kith_status st = -1; st >= KITH_E_INTERNAL; st--) {
        if (status_exit(st) != code)
            continue;
        buf_printf(out, "%s%s", before, status_name(st));
        before = ", ";
    }
}
