/* SPDX-License-Identifier: Apache-2.0 */
/* Client: has a command carried out by the process that owns the company, and does for it what only
 * this side can do: print, read and write files, hear Ctrl-C. */
#include "cli/cli.h"
#include "cli/identity.h"
#include "cli/wire.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALIVE_MS 10000 /* how often a client that waits for its own input says that it is there */
#define TICK_MS  200   /* how soon Ctrl-C is seen */
#define HELLO_MS 5000
#define STOP_MS  10000 /* how long a server may be silent that was told of Ctrl-C or SIGTERM */
#define SEND_MS  60000

struct client {
    struct io *io;
    struct wire wire;
    int argc;
    char *const *argv;
    bool cancel_sent, no_output;
    int silent;     /* ms since then, and since it said anything */
    int stdin_file; /* the number under which the server reads "-"; -1: it does not */
    int code;       /* exit code; -1: not known yet */
};

static kith_status send_run(struct client *c, kith_error *e) {
    struct buf b = {0};
    const struct io_secrets *s = &c->io->secrets;
    buf_printf(&b, "%u%c%s%c%s%c%s%c%d%c%s%c%s%c", c->io->columns, 0, c->io->color ? "1" : "", 0,
               c->io->actor, 0, c->io->folder ? c->io->folder : "", 0, (int)s->kind, 0, s->proof, 0,
               s->fresh, 0);
    for (int i = 0; i < c->argc; i++)
        buf_add(&b, c->argv[i], strlen(c->argv[i]) + 1);
    kith_status st = b.failed ? err_nomem(e) : wire_send(&c->wire, FRAME_RUN, buf_view(&b), e);
    secrets_wipe(b.ptr, b.len);
    buf_free(&b);
    return st;
}

/* -- what the server asks of this side --------------------------------------------------------- */

/* A server that is gone is noticed by the one who reads: it may have said more before. */
static void reply_fail(struct client *c, const kith_error *why) {
    char code[4];
    wire_u32(code, (uint32_t)-why->code);
    wire_send2(&c->wire, FRAME_FAIL, (kith_str){code, 4}, str_of(why->message), NULL);
}

static void reply_done(struct client *c, int file) {
    char number = (char)file;
    wire_send(&c->wire, FRAME_DONE, (kith_str){&number, 1}, NULL);
}

static void reply(struct client *c, const kith_error *why, int file) {
    if (why->code)
        reply_fail(c, why);
    else
        reply_done(c, file);
}

/* A server may touch only the files that the user named on this command line: it may run as another
 * user than the client. */
static bool named_by_user(const struct client *c, const char *path) {
    for (int i = 1; i < c->argc; i++) {
        const char *eq = strchr(c->argv[i], '=');
        if (strcmp(c->argv[i], path) == 0 || (eq && strcmp(eq + 1, path) == 0))
            return true;
    }
    return false;
}

static void on_open(struct client *c, kith_str p) {
    kith_error why = KITH_ERROR_INIT;
    int file = 0;
    const char *how = p.len > 0 ? strchr(io_letters, p.ptr[0]) : NULL;
    char *path = p.len > 0 ? strndup(p.ptr + 1, (size_t)p.len - 1) : NULL;
    if (!path || !how || !*how || !named_by_user(c, path))
        err_set(&why, KITH_E_DENIED, NULL, "the server asked for a file that was not named");
    else
        c->io->ops->open(c->io, path, (enum io_open)(how - io_letters), &file, &why);
    if (path && strcmp(path, "-") == 0 && how == io_letters)
        c->stdin_file = file;
    free(path);
    reply(c, &why, file);
}

/* Standard input may be slow: until it has something, tell the server that we are there. */
static kith_status wait_for_input(struct client *c, kith_error *why) {
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    for (int waited = 0; poll(&p, 1, TICK_MS) <= 0; waited += TICK_MS) {
        TRY(io_check(c->io, why));
        if (waited >= ALIVE_MS) {
            waited = 0;
            TRY(wire_send(&c->wire, FRAME_ALIVE, (kith_str){0}, why));
        }
    }
    return KITH_OK;
}

static void on_read(struct client *c, kith_str p) {
    kith_error why = KITH_ERROR_INIT;
    static const uint32_t most = WIRE_CHUNK;
    char *data = malloc(most);
    size_t got = 0;
    if (p.len != 5 || !data) {
        err_set(&why, KITH_E_INVAL, NULL, "the server asked to read in an unknown way");
    } else {
        int file = (unsigned char)p.ptr[0];
        uint32_t cap = wire_u32_of(p.ptr + 1);
        if (file != c->stdin_file || wait_for_input(c, &why) == KITH_OK)
            c->io->ops->read(c->io, file, data, cap < most ? cap : most, &got, &why);
    }
    if (why.code)
        reply_fail(c, &why);
    else
        wire_send(&c->wire, FRAME_DATA, (kith_str){data, got}, NULL);
    free(data);
}

static void on_put(struct client *c, kith_str p) {
    kith_error why = KITH_ERROR_INIT;
    if (p.len < 1)
        err_set(&why, KITH_E_INVAL, NULL, "the server asked to write in an unknown way");
    else
        c->io->ops->put(c->io, (unsigned char)p.ptr[0], (kith_str){p.ptr + 1, p.len - 1}, &why);
    reply(c, &why, 0);
}

static void on_close(struct client *c, kith_str p) {
    kith_error why = KITH_ERROR_INIT;
    if (p.len != 2)
        err_set(&why, KITH_E_INVAL, NULL, "the server asked to close in an unknown way");
    else
        c->io->ops->close(c->io, (unsigned char)p.ptr[0], p.ptr[1] != 0, &why);
    reply(c, &why, 0);
}

static void on_output(struct client *c, int stream, kith_str p) {
    if (!c->no_output && !c->io->ops->write(c->io, stream, p) && stream == IO_OUT) {
        c->no_output = true;
        c->io->deaf = true; /* read by io_interrupted: the command is cancelled */
    }
}

static void on_progress(struct client *c, kith_str p) {
    char line[256];
    size_t len = p.len < sizeof line ? (size_t)p.len : sizeof line - 1;
    memcpy(line, p.ptr ? p.ptr : "", len);
    line[len] = '\0';
    io_progress(c->io, line);
}

static kith_status on_frame(struct client *c, uint8_t type, kith_str p, kith_error *e) {
    switch (type) {
    case FRAME_OUT:
        on_output(c, IO_OUT, p);
        break;
    case FRAME_ERR:
        on_output(c, IO_ERR, p);
        break;
    case FRAME_PROGRESS:
        on_progress(c, p);
        break;
    case FRAME_OPEN:
        on_open(c, p);
        break;
    case FRAME_READ:
        on_read(c, p);
        break;
    case FRAME_PUT:
        on_put(c, p);
        break;
    case FRAME_CLOSE:
        on_close(c, p);
        break;
    case FRAME_EXIT:
        c->code = p.len == 1 ? (unsigned char)p.ptr[0] : 1;
        break;
    case FRAME_REFUSED:
        return err_set(e, KITH_E_BUSY, NULL, "%.*s", (int)p.len, p.ptr ? p.ptr : "");
    default:
        return err_set(e, KITH_E_INVAL, NULL, "the server does not speak Kith's protocol");
    }
    return KITH_OK;
}

/* -- the conversation -------------------------------------------------------------------------- */

static kith_status greet(struct client *c, kith_error *e) {
    uint8_t type;
    kith_str payload;
    wire_hello(&c->wire, NULL); /* a server that sends us away may not have waited for it */
    kith_status st = wire_recv(&c->wire, HELLO_MS, &type, &payload, e);
    if (st == KITH_E_LIMIT)
        return err_set(e, KITH_E_BUSY, NULL, "the server of this company does not answer");
    TRY(st);
    if (type == FRAME_REFUSED)
        return on_frame(c, type, payload, e);
    TRY(wire_check_hello(type, payload, "server", e));
    return send_run(c, e);
}

static kith_status converse(struct client *c, kith_error *e) {
    TRY(greet(c, e));
    while (c->code < 0) {
        uint8_t type;
        kith_str payload;
        if (io_interrupted(c->io) && !c->cancel_sent) {
            c->cancel_sent = true;
            wire_send(&c->wire, FRAME_CANCEL, (kith_str){0}, NULL); /* it may be done already */
        }
        kith_status st = wire_recv(&c->wire, TICK_MS, &type, &payload, e);
        if (st == KITH_E_LIMIT) { /* nothing yet: the command takes as long as it takes */
            c->silent += c->cancel_sent ? TICK_MS : 0;
            if (c->silent < STOP_MS)
                continue;
            return err_set(e, KITH_E_BUSY, NULL,
                           "the server does not end the command, and may still carry it out: its "
                           "log, and 'kith status', tell what it waits for");
        }
        c->silent = 0;
        if (st == KITH_E_IO)
            return err_set(e, KITH_E_IO, NULL,
                           "the server ended, or cut the command off for another one, "
                           "before it was done: its log says why");
        TRY(st);
        TRY(on_frame(c, type, payload, e));
    }
    return KITH_OK;
}

int client_run(struct io *local, int fd, int argc, char *const *argv) {
    kith_error e = KITH_ERROR_INIT;
    struct client c = {.io = local, .argc = argc, .argv = argv, .code = -1, .stdin_file = -1};
    wire_open(&c.wire, fd, SEND_MS);
    kith_status st = converse(&c, &e);
    wire_close(&c.wire);
    if (st == KITH_OK)
        return io_interrupted(local) ? io_cut_short(local) : c.code;
    cli_print_error(local, cmd_wants_json(argc, argv), &e);
    return status_exit(st);
}
