/* SPDX-License-Identifier: Apache-2.0 */
/* Identity: see identity.h. */
#include "cli/identity.h"
#include "engine/sign_in.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define ASKED_MAX 500 /* bytes of a command in the log of reads */

void secrets_wipe(void *p, size_t len) {
    if (p && len)
        sodium_memzero(p, len);
}

/* -- asking ------------------------------------------------------------------------------------ */

/* Byte by byte: what stands behind the line is for the command. */
static kith_status read_line(int fd, char out[IO_SECRET_MAX], const char *what, kith_error *e) {
    size_t n = 0;
    for (;;) {
        char c;
        ssize_t got = read(fd, &c, 1);
        if (got < 0 && errno == EINTR)
            return err_set(e, KITH_E_LIMIT, NULL, "interrupted");
        if (got < 0)
            return err_errno(e, "read", what);
        if (got == 0 || c == '\n')
            break;
        if (n + 1 >= IO_SECRET_MAX)
            return err_set(e, KITH_E_INVAL, NULL, "%s is too long", what);
        out[n++] = c;
    }
    if (n && out[n - 1] == '\r')
        n--;
    out[n] = '\0';
    if (strlen(out) != n)
        return err_set(e, KITH_E_INVAL, NULL, "%s holds a NUL", what);
    return n ? KITH_OK : err_set(e, KITH_E_INVAL, NULL, "%s is empty", what);
}

static kith_status ask_terminal(int tty, const char *prompt, char out[IO_SECRET_MAX],
                                kith_error *e) {
    struct termios before, silent;
    if (write(tty, prompt, strlen(prompt)) < 0 || tcgetattr(tty, &before) != 0)
        return err_errno(e, "ask for a password on", "the terminal");
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(tty, TCSAFLUSH, &silent);
    kith_status st = read_line(tty, out, "the password", e);
    tcsetattr(tty, TCSAFLUSH, &before);
    if (write(tty, "\n", 1) < 0)
        return st;
    return st;
}

/* On the terminal, `twice` against a slip of the fingers; without one, a line of standard input. */
kith_status ask_password(const char *prompt, bool twice, char out[IO_SECRET_MAX], kith_error *e) {
    char again[IO_SECRET_MAX];
    if (!isatty(STDIN_FILENO))
        return read_line(STDIN_FILENO, out, "the password", e);
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty < 0)
        return err_errno(e, "open", "/dev/tty");
    kith_status st = ask_terminal(tty, prompt, out, e);
    if (st == KITH_OK && twice)
        st = ask_terminal(tty, "Once more: ", again, e);
    close(tty);
    if (st == KITH_OK && twice && strcmp(out, again) != 0)
        st = err_set(e, KITH_E_INVAL, NULL, "the two are not the same: nothing was changed");
    secrets_wipe(again, sizeof again);
    return st;
}

static kith_status take_token(struct cmd *c, kith_str text, const char *from, kith_error *e) {
    struct io_secrets *s = &c->io->secrets;
    kith_str token = str_trim(text);
    if (token.len >= sizeof s->proof || token.len == 0)
        return err_set(e, KITH_E_INVAL, NULL, "what %s holds is no token", from);
    memcpy(s->proof, token.ptr, token.len);
    s->proof[token.len] = '\0';
    s->kind = PROOF_TOKEN;
    return KITH_OK;
}

static kith_status read_token_file(struct cmd *c, kith_error *e) {
    struct buf text = {0};
    kith_status st = io_read_file(c->io, c->token_file, IO_SECRET_MAX, &text, e);
    if (st == KITH_OK)
        st = take_token(c, buf_view(&text), c->token_file, e);
    secrets_wipe(text.ptr, text.len);
    buf_free(&text);
    return st;
}

static kith_status no_command_of_users(struct cmd *c, kith_error *e) {
    return err_set(e, KITH_E_INVAL, NULL,
                   "kith %s works on files and not on a company's records: it takes no user"
                   " and no token; unset KITH_TOKEN, and leave out --user, --token-file and --as",
                   c->command->name);
}

kith_status identity_ask(struct cmd *c, kith_error *e) {
    struct io_secrets *s = &c->io->secrets;
    const char *token = getenv("KITH_TOKEN");
    if (cmd_only_helps(c))
        return KITH_OK;
    if (c->command->needs != NEEDS_COMPANY && !c->command->signs_in)
        return !c->command->open && (c->login || c->token_file || c->as || token)
                   ? no_command_of_users(c, e)
                   : KITH_OK;
    if (c->login && c->token_file)
        return err_set(e, KITH_E_INVAL, NULL, "give --user or --token-file, not both");
    if (c->token_file)
        TRY(read_token_file(c, e));
    else if (!c->login && token)
        TRY(take_token(c, str_of(token), "KITH_TOKEN", e));
    if (c->login) {
        TRY(ask_password("Password: ", false, s->proof, e));
        s->kind = PROOF_PASSWORD;
    }
    return c->command->asks ? ask_password("New password: ", true, s->fresh, e) : KITH_OK;
}

/* -- entering ---------------------------------------------------------------------------------- */

/* The command as it was given, for the log, without the values that it writes: those may be of a
 * person who is to be forgotten one day. */
static const char *asked_text(struct cmd *c) {
    struct buf b = {0};
    bool writes = strstr(c->command->args, "=VALUE") != NULL;
    buf_puts(&b, c->command->name);
    for (size_t i = 0; i < c->arg_count && b.len < ASKED_MAX; i++) {
        const char *eq = writes ? strchr(c->args[i], '=') : NULL;
        buf_putc(&b, ' ');
        buf_add(&b, c->args[i], eq ? (size_t)(eq - c->args[i]) : strlen(c->args[i]));
    }
    kith_str whole = buf_view(&b);
    size_t len = whole.len < ASKED_MAX ? (size_t)whole.len : ASKED_MAX;
    while (len && len < whole.len && ((unsigned char)whole.ptr[len] & 0xC0u) == 0x80u)
        len--;
    const char *text = arena_strndup(&c->arena, whole.ptr ? whole.ptr : "", len);
    buf_free(&b);
    return text ? text : "";
}

static kith_status enter_user(struct cmd *c, const struct access_of *of, const char *name,
                              kith_error *e) {
    TRY(engine_enter(c->company->engine, of, name, &c->principal, e));
    c->entered = true;
    return KITH_OK;
}

static kith_status prove(struct cmd *c, const struct proof *proof, struct signed_in *in,
                         kith_error *e) {
    kith_status st = sign_in(c->company->engine, proof, in, e);
    return st == KITH_E_DENIED && in->needs_code && !c->code
               ? err_set(e, st, NULL, "a code of the second factor is wanted, too: --code CODE")
               : st;
}

static kith_status enter_first(struct cmd *c, kith_error *e) {
    if (c->by) {
        c->principal = *c->by;
        return KITH_OK;
    }
    const struct io_secrets *s = &c->io->secrets;
    struct access_of of = {0};
    struct signed_in in;
    const struct proof proof = {.login = c->login ? c->login : "",
                                .password = str_of(s->proof),
                                .code = str_of(c->code ? c->code : "")};
    switch (s->kind) {
    case PROOF_TOKEN:
        TRY(token_enter(c->company->engine, str_of(s->proof), &c->arena, &of, e));
        return enter_user(c, &of, NULL, e);
    case PROOF_PASSWORD:
        TRY(prove(c, &proof, &in, e));
        of.user = in.user;
        return enter_user(c, &of, NULL, e);
    case PROOF_NONE:
        break;
    }
    if (c->login || c->token_file)
        return err_set(e, KITH_E_DENIED, NULL, "no password and no token came with the command");
    c->principal = (struct principal){.name = c->io->actor, .all = true};
    return KITH_OK;
}

static void describe(struct cmd *c) {
    if (c->by)
        return;
    c->principal.surface = "cli";
    c->principal.asked = asked_text(c);
}

/* What the other user sees, and nothing is written in that user's name. */
static kith_status view_as(struct cmd *c, kith_error *e) {
    struct engine *g = c->company->engine;
    struct access_of of = {.limit = {.read_only = true}};
    const char *reason = c->reason ? c->reason : cmd_option(c, "reason"); /* of what is done */
    if (!c->principal.all)
        return err_set(e, KITH_E_DENIED, NULL, "only administrators see with the eyes of others");
    if (!reason || str_trim(str_of(reason)).len == 0)
        return err_set(e, KITH_E_INVAL, NULL, "say why: --as %s --reason \"...\"", c->as);
    TRY(sign_in_user(g, c->as, &of.user, e));
    describe(c);
    TRY(access_note(g, &c->principal, ACCESS_VIEW_AS, of.user, reason, e));
    const char *name = arena_printf(&c->arena, "%s as user:%s", c->principal.name, c->as);
    if (!name)
        return err_nomem(e);
    identity_leave(c);
    return enter_user(c, &of, name, e);
}

kith_status identity_enter(struct cmd *c, kith_error *e) {
    if (!c->company)
        return KITH_OK;
    TRY(enter_first(c, e));
    if (c->as)
        TRY(view_as(c, e));
    describe(c);
    if (c->principal.all || c->command->open)
        return KITH_OK;
    return err_set(e, KITH_E_DENIED, NULL, "kith %s is for administrators", c->command->name);
}

kith_status identity_writes(const struct cmd *c, kith_error *e) {
    return access_only_reads(&c->principal, e);
}

void identity_leave(struct cmd *c) {
    if (c->entered)
        engine_leave(&c->principal);
    c->entered = false;
}
