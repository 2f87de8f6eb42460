/* SPDX-License-Identifier: Apache-2.0 */
/* Identity: who gives a command. Whoever owns the folder, or is root, is an administrator; with a
 * token or a password they are that user. Secrets are asked for where the caller is and checked
 * where the company is open. */
#ifndef CLI_IDENTITY_H
#define CLI_IDENTITY_H

#include "cli/cli.h"

/* Reads what the command line asks for into c->io->secrets: a token from the file or KITH_TOKEN, a
 * password from the terminal or one line of standard input. [the caller's side] */
kith_status identity_ask(struct cmd *c, kith_error *e);
/* Sets c->principal. identity_leave takes it back. [where the company is open] */
kith_status identity_enter(struct cmd *c, kith_error *e);
void identity_leave(struct cmd *c);
/* KITH_E_DENIED for a token that only reads, and for the eyes of another: before what no right of
 * records speaks of is written. */
kith_status identity_writes(const struct cmd *c, kith_error *e);

/* Asks on the terminal, `twice` against a slip of the fingers; without one, takes a line of
 * standard input. */
kith_status ask_password(const char *prompt, bool twice, char out[IO_SECRET_MAX], kith_error *e);

/* Overwrites it so that the compiler does not leave it out. p may be NULL. */
void secrets_wipe(void *p, size_t len);

#endif
