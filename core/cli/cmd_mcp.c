/* SPDX-License-Identifier: Apache-2.0 */
/* kith mcp: the Model Context Protocol on standard input and output, one message on each line. Each
 * is carried out by a command of its own, where the company is open: so an agent that thinks holds
 * up nobody. kith mcp sessions lists what agents did. */
#include "base/id.h"
#include "cli/identity.h"
#include "cli/mcp.h"
#include "cli/show.h"
#include "engine/agent.h"

#include <stdlib.h>
#include <string.h>

/* -- one message, where the company is open ---------------------------------------------------- */

static kith_status take_session(struct mcp *m, kith_error *e) {
    const char *text = cmd_option(m->c, "session");
    struct agent_entry s;
    if (!text)
        return KITH_OK;
    if (!id_parse(str_of(text), &m->session))
        return err_set(e, KITH_E_NOTFOUND, NULL, "there is no such session: begin another one");
    TRY(engine_agent(m->c->company->engine, &m->c->principal, m->session, &m->c->arena, &s, e));
    if (s.ended || s.user != m->c->principal.user)
        return err_set(e, KITH_E_NOTFOUND, NULL, "the session has ended: begin another one");
    m->of.id = s.id;
    m->of.note = arena_printf(&m->c->arena, "mcp session %s, client %s", text, s.client);
    m->c->principal.session = &m->of;
    m->c->principal.asked = m->of.note;
    return m->of.note ? KITH_OK : err_nomem(e);
}

static kith_status run_message(struct cmd *c, kith_error *e) {
    struct mcp m = {.c = c};
    struct buf text = {0}, out = {0};
    TRY(mcp_check_version(cmd_option(c, "revision"), e));
    TRY(take_session(&m, e));
    if (cmd_option(c, "end"))
        return m.session ? engine_agent_end(c->company->engine, m.session, e) : KITH_OK;
    kith_status st = io_read_file(c->io, c->args[0], MCP_MESSAGE_MAX, &text, e);
    if (st == KITH_OK)
        st = mcp_message(&m, buf_view(&text), &out, e);
    if (st == KITH_OK && out.len) {
        buf_putc(&out, '\n');
        io_raw(c->io, buf_view(&out));
    }
    buf_free(&text);
    buf_free(&out);
    return st;
}

/* For `kith mcp` and the module web. */
const struct command command_mcp_message = {
    .name = "mcp-message",
    .args = "FILE",
    .options = {{"session", "ID", "the session that it belongs to"},
                {"revision", "DATE", "of the protocol, as it was agreed"},
                {"end", NULL, "end the session"}},
    .needs = NEEDS_COMPANY,
    .open = true,
    .quiet = true,
    .args_min = 1,
    .args_max = 1,
    .run = run_message,
};

/* -- on standard input ------------------------------------------------------------------------- */

#define MESSAGE "message" /* the name under which the command reads the line */

struct talk {
    struct io io; /* of the command that carries out a message */
    struct cmd *c;
    int file;       /* standard input */
    struct buf in;  /* read, and not yet a whole line */
    kith_str line;  /* the message at hand */
    size_t at;      /* so much of it was handed on */
    struct buf out; /* what the command said */
    struct buf err;
    char session[ID_TEXT + 1]; /* "": none yet */
};

static struct talk *talk_of(struct io *io) {
    return (struct talk *)(void *)io;
}

static bool talk_write(struct io *io, int stream, kith_str data) {
    struct talk *t = talk_of(io);
    struct buf *b = stream == IO_OUT ? &t->out : &t->err;
    buf_str(b, data);
    return !b->failed;
}

static void talk_progress(struct io *io, const char *line) {
    (void)io, (void)line;
}

static kith_status talk_open(struct io *io, const char *path, enum io_open how, int *file,
                             kith_error *e) {
    *file = 0;
    talk_of(io)->at = 0;
    if (strcmp(path, MESSAGE) == 0 && how == IO_READ)
        return KITH_OK;
    return err_set(e, KITH_E_DENIED, NULL, "an agent opens no file: '%s'", path);
}

static kith_status talk_read(struct io *io, int file, char *dst, size_t cap, size_t *got,
                             kith_error *e) {
    struct talk *t = talk_of(io);
    size_t left = (size_t)t->line.len - t->at;
    (void)file, (void)e;
    *got = left < cap ? left : cap;
    memcpy(dst, t->line.ptr + t->at, *got);
    t->at += *got;
    return KITH_OK;
}

static kith_status talk_close(struct io *io, int file, bool keep, kith_error *e) {
    (void)io, (void)file, (void)keep, (void)e;
    return KITH_OK;
}

static bool talk_interrupted(struct io *io) {
    return io_interrupted(talk_of(io)->c->io);
}

static const struct io_ops talk_ops = {
    .write = talk_write,
    .progress = talk_progress,
    .open = talk_open,
    .read = talk_read,
    .close = talk_close,
    .interrupted = talk_interrupted,
};

/* Carries out the line, or (line empty) ends the session. */
static kith_status carry_out(struct talk *t, int *code, kith_error *e) {
    const struct cmd *c = t->c;
    const char *argv[16] = {"kith", "mcp-message", "--json"};
    char session[ID_TEXT + 16] = "--session=";
    size_t n = 3;
    if (t->session[0])
        argv[n++] = strcat(session, t->session);
    if (!t->line.len)
        argv[n++] = "--end";
    if (c->login) {
        argv[n++] = "--user";
        argv[n++] = c->login;
    }
    if (c->as) {
        argv[n++] = "--as";
        argv[n++] = c->as;
        argv[n++] = "--reason";
        argv[n++] = c->reason ? c->reason : "";
    }
    argv[n++] = MESSAGE;
    t->io = *c->io;
    t->io.ops = &talk_ops;
    t->io.out = (struct buf){0};
    buf_reset(&t->out);
    buf_reset(&t->err);
    kith_status st = cli_sub_line(t->c, &t->io, (int)n, (char *const *)argv, code, e);
    io_flush(&t->io);
    buf_free(&t->io.out);
    secrets_wipe(&t->io.secrets, sizeof t->io.secrets);
    return st;
}

/* {"result":{"_meta":{"kith/session":"0SA..."}}} */
static void learn_session(struct talk *t) {
    json_t *said = json_loadb(t->out.ptr ? t->out.ptr : "", t->out.len, 0, NULL);
    const json_t *meta = json_object_get(json_object_get(said, "result"), "_meta");
    const char *id = json_string_value(json_object_get(meta, MCP_SESSION_KEY));
    if (id && strlen(id) == ID_TEXT)
        strcpy(t->session, id);
    json_decref(said);
}

/* The command could not be carried out: the one who waits is told so. */
static void tell_failure(struct talk *t, const kith_error *e) {
    json_t *message = json_loadb(t->line.ptr, (size_t)t->line.len, 0, NULL);
    json_t *said =
        json_loadb(t->err.ptr ? t->err.ptr : "", t->err.len, JSON_DISABLE_EOF_CHECK, NULL);
    const char *sentence = json_string_value(json_object_get(said, "message"));
    kith_error why = KITH_ERROR_INIT;
    (void)err_set(&why, KITH_E_INTERNAL, NULL, "%s",
                  e->code    ? e->message
                  : sentence ? sentence
                             : "it could not be carried out, and nothing is known of why");
    buf_reset(&t->out);
    if (json_object_get(message, "id"))
        mcp_failure(&t->out, json_object_get(message, "id"), &why);
    else
        io_say(t->c->io, "%s", why.message);
    if (t->out.len)
        buf_putc(&t->out, '\n');
    json_decref(said);
    json_decref(message);
}

static kith_status answer_line(struct talk *t, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    int code = -1;
    kith_status st = carry_out(t, &code, &why);
    if (st != KITH_OK || code > 0)
        tell_failure(t, &why);
    else if (!t->session[0])
        learn_session(t);
    if (t->out.failed)
        return err_nomem(e);
    io_raw(t->c->io, buf_view(&t->out));
    io_flush(t->c->io);
    return KITH_OK;
}

/* All lines that are whole. */
static kith_status answer_lines(struct talk *t, kith_error *e) {
    size_t from = 0;
    char *nl;
    while ((nl = memchr(t->in.ptr + from, '\n', t->in.len - from))) {
        t->line = str_trim((kith_str){t->in.ptr + from, (uint64_t)(nl - t->in.ptr) - from});
        from = (size_t)(nl - t->in.ptr) + 1;
        if (t->line.len)
            TRY(answer_line(t, e));
    }
    memmove(t->in.ptr, t->in.ptr + from, t->in.len - from);
    t->in.len -= from;
    if (t->in.len <= MCP_MESSAGE_MAX)
        return KITH_OK;
    return err_set(e, KITH_E_LIMIT, NULL, "a message is longer than 8 MiB");
}

static kith_status converse(struct talk *t, kith_error *e) {
    struct io *io = t->c->io;
    for (size_t got = 1; got;) {
        if (!buf_reserve(&t->in, 65536))
            return err_nomem(e);
        TRY(io->ops->read(io, t->file, t->in.ptr + t->in.len, 65536, &got, e));
        t->in.len += got;
        if (got)
            TRY(answer_lines(t, e));
    }
    return KITH_OK;
}

static kith_status end_talk(struct talk *t, kith_error *e) {
    int code;
    t->line = (kith_str){0};
    return t->session[0] ? carry_out(t, &code, e) : KITH_OK;
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct talk t = {.c = c};
    TRY(c->io->ops->open(c->io, "-", IO_READ, &t.file, e));
    kith_status st = converse(&t, e);
    if (st == KITH_OK || io_interrupted(c->io))
        (void)end_talk(&t, NULL);
    c->io->ops->close(c->io, t.file, false, NULL);
    buf_free(&t.in);
    buf_free(&t.out);
    buf_free(&t.err);
    return st;
}

const struct command command_mcp = {
    .name = "mcp",
    .args = "",
    .help = "speak the Model Context Protocol with an agent, on standard input and output",
    .more =
        "  kith --company /srv/acme --token-file agent.token mcp\n\n"
        "For the settings of a program that works with an agent. What the agent may is what\n"
        "the token's user may; it can rehearse whatever it writes, and mcp.write_budget bounds\n"
        "how much that is. 'kith mcp sessions' lists what agents did, 'kith undo SESSION' takes\n"
        "all of one back.",
    .needs = NEEDS_FOLDER,
    .signs_in = true,
    .quiet = true,
    .run = run,
};

/* -- what agents did --------------------------------------------------------------------------- */

#define SESSIONS_SHOWN 50

static void session_json(struct cmd *c, const struct agent_entry *s) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "session");
    json_id(&j, s->id);
    json_key(&j, "actor");
    json_strz(&j, s->actor);
    json_key(&j, "client");
    json_strz(&j, s->client);
    json_key(&j, "started");
    json_time(&j, s->started);
    json_key(&j, "wrote");
    if (s->wrote)
        json_time(&j, s->wrote);
    else
        json_nil(&j);
    json_key(&j, "ended");
    if (s->ended)
        json_time(&j, s->ended);
    else
        json_nil(&j);
    json_key(&j, "written");
    json_int(&j, s->written);
    json_key(&j, "budget");
    json_int(&j, s->budget);
    json_object_end(&j);
    json_print(c, &b);
}

static kith_status run_sessions(struct cmd *c, kith_error *e) {
    struct agent_entry *items;
    struct table t;
    size_t count;
    int64_t limit;
    TRY(cmd_option_int(c, "limit", 1, 10000, SESSIONS_SHOWN, &limit, e));
    TRY(engine_agents(c->company->engine, &c->principal, limit, &c->arena, &items, &count, e));
    table_begin(&t, c,
                (const char *const[]){"session", "began", "for", "client", ">written", ">budget",
                                      "ended", NULL});
    for (size_t i = 0; i < count; i++) {
        const struct agent_entry *s = &items[i];
        if (c->json) {
            session_json(c, s);
            continue;
        }
        table_cellz(&t, show_id(c, s->id));
        table_cell(&t, show_time(c, s->started));
        table_cellz(&t, s->actor);
        table_cellz(&t, s->client);
        table_cellz(&t, arena_printf(&c->arena, "%lld", (long long)s->written));
        table_cellz(&t, arena_printf(&c->arena, "%lld", (long long)s->budget));
        table_cell(&t, s->ended ? show_time(c, s->ended) : (kith_str){0});
    }
    if (!c->json && count)
        table_print(&t);
    else if (!c->json)
        io_puts(c->io, "No agent has had a session.\n");
    return KITH_OK;
}

const struct command command_mcp_sessions = {
    .name = "mcp sessions",
    .args = "",
    .help = "the sessions of agents, the newest first, and how much each wrote",
    .more = "'kith undo SESSION' takes back all that one wrote, and says what it could not.\n"
            "Those that wrote nothing are forgotten after a day.",
    .options = {{"limit", "N", "so many at most; 50 when not given"}},
    .needs = NEEDS_COMPANY,
    .open = true,
    .run = run_sessions,
};
