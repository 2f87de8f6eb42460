/* SPDX-License-Identifier: Apache-2.0 */
/* Prompt: lines that somebody types, with line editing, history and completion where libedit is
 * installed and standard input is a terminal; else as they come. On the caller's side. */
#ifndef CLI_PROMPT_H
#define CLI_PROMPT_H

#include "cli/cli_io.h"

struct prompt;
/* history: a file's name in the user's state folder. *out is never NULL with KITH_OK. */
kith_status prompt_open(struct prompt **out, struct io *io, const char *history, kith_error *e);
void prompt_close(struct prompt *p); /* may be NULL */
bool prompt_is_terminal(const struct prompt *p);
/* What Tab completes, one a line; copied. What stands behind a dot is completed by itself, too. */
kith_status prompt_words(struct prompt *p, kith_str words, kith_error *e);

enum prompt_end { PROMPT_LINE, PROMPT_OVER, PROMPT_DROPPED }; /* dropped: by Ctrl-C */
/* The next line without its end; `text` is shown in front of it on a terminal. */
kith_status prompt_read(struct prompt *p, const char *text, struct buf *line, enum prompt_end *end,
                        kith_error *e);

#endif
