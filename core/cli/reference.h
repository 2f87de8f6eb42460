/* SPDX-License-Identifier: Apache-2.0 */
/* Reference: what the program can tell about itself, as Markdown, as a manual page and in short. */
#ifndef CLI_REFERENCE_H
#define CLI_REFERENCE_H

#include "cli/cli.h"
#include <kith/plugin.h>

/* exit_code.c: what an exit code of the program means. */
struct exit_code {
    int code;
    const char *meaning;
};
const struct exit_code *exit_codes(size_t *count);
/* "not found, denied": the statuses that have it, in the words of an error in JSON. */
void exit_code_names(int code, struct buf *out);

/* field_text.c: "choice: in, out (required)" */
void field_text(const struct rfield *f, struct buf *out);

/* Page i of the reference, without the modules'; false past the end. */
bool reference_page(size_t i, const char **name, const char **help);

/* The manual page kith(1), for man(7). */
void manual_page(struct buf *out);
/* A script for bash, zsh or fish that asks `kith complete`. */
const char *completion_script(const char *shell);

#endif
