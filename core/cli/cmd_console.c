/* SPDX-License-Identifier: Apache-2.0 */
/* kith console: a prompt for Lua on the live company. The prompt is on the caller's side, and each
 * entry is a command of its own, carried out where the company is open: so whoever thinks at the
 * prompt holds up nobody, and no reload has to wait for them. */
#include "base/id.h"
#include "cli/identity.h"
#include "cli/prompt.h"
#include "cli/rehearse.h"
#include "cli/show.h"
#include "script/words.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define BASE64 sodium_base64_VARIANT_ORIGINAL

/* -- one entry, where the company is open ------------------------------------------------------ */

struct evaluation {
    struct cmd *c;
    struct console_entry entry;
    kith_str text;
};

/* A write_fn; it may run again. */
static kith_status evaluate(struct txn *t, void *arg, kith_error *e) {
    struct evaluation *v = arg;
    v->entry.text = v->text;
    return scripts_console(v->c->company->scripts, t, &v->entry, &v->c->arena, e);
}

static kith_status take_state(struct cmd *c, kith_str *out, kith_error *e) {
    const char *text = cmd_option(c, "state");
    size_t len = text ? strlen(text) : 0, got = 0;
    char *bytes = len ? arena_alloc(&c->arena, len) : NULL;
    if (len && !bytes)
        return err_nomem(e);
    if (len && sodium_base642bin((unsigned char *)bytes, len, text, len, NULL, &got, NULL, BASE64))
        return err_set(e, KITH_E_INVAL, "state", "--state is not what an entry before has given");
    *out = (kith_str){bytes, got};
    return KITH_OK;
}

static size_t widest(const struct rtype *t, const kith_value *values) {
    size_t width = 0;
    for (uint32_t i = 0; i < t->field_count; i++) {
        size_t len = strlen(t->fields[i]->name);
        width = values[i].kind != KITH_NULL && len > width ? len : width;
    }
    return width;
}

static void show_one(struct cmd *c, const struct console_value *v) {
    const struct rtype *t = v->type;
    size_t width = widest(t, v->values[0]);
    io_printf(c->io, "%s%s %s%s\n", io_style(c->io, STYLE_HEAD), t->name, show_id(c, v->ids[0]),
              io_style(c->io, STYLE_PLAIN));
    for (uint32_t i = 0; i < t->field_count; i++) {
        uint32_t at = (i + FIELD_FIRST) % t->field_count; /* created, updated, owner come last */
        if (v->values[0][at].kind == KITH_NULL)
            continue;
        io_printf(c->io, "  %s%-*s%s  ", io_style(c->io, STYLE_DIM), (int)width,
                  t->fields[at]->name, io_style(c->io, STYLE_PLAIN));
        io_lines(c->io, show_value(c, &v->values[0][at]), (int)width + 4);
        io_puts(c->io, "\n");
    }
}

#define COLUMNS_SHOWN 6

static bool is_column(const struct console_value *v, uint32_t field) {
    const struct rfield *f = v->type->fields[field];
    bool filled = false;
    for (size_t i = 0; i < v->count; i++)
        filled |= v->values[i][field].kind != KITH_NULL;
    return filled && f->kind != KITH_F_LONGTEXT && f->kind != KITH_F_JSON;
}

static void show_list(struct cmd *c, const struct console_value *v) {
    struct table table;
    uint32_t columns[COLUMNS_SHOWN], n = 0;
    table_begin(&table, c, (const char *const[]){"id", NULL});
    for (uint32_t i = FIELD_FIRST; i < v->type->field_count && n < COLUMNS_SHOWN; i++)
        if (is_column(v, i)) {
            table_head(&table, v->type->fields[i]->name, false);
            columns[n++] = i;
        }
    for (size_t i = 0; i < v->count; i++) {
        table_cellz(&table, show_id(c, v->ids[i]));
        for (uint32_t k = 0; k < n; k++)
            table_cell(&table, show_value(c, &v->values[i][columns[k]]));
    }
    if (v->count)
        table_print(&table);
    if (v->found > v->count)
        io_printf(c->io, "%zu records, the first %zu are shown\n", v->found, v->count);
    else
        io_printf(c->io, "%zu record%s\n", v->found, v->found == 1 ? "" : "s");
}

static void json_value(struct cmd *c, const struct console_value *v) {
    for (size_t i = 0; i < (v->type ? v->count : 1); i++) {
        struct buf b = {0};
        struct json_out j;
        json_begin(&j, &b, false);
        if (v->type) {
            json_record(c, &j, v->type, v->ids[i], v->values[i]);
        } else {
            json_object_(&j);
            json_key(&j, "value");
            json_str(&j, v->text);
            json_object_end(&j);
        }
        json_print(c, &b);
    }
}

static void show_console_value(struct cmd *c, const struct console_value *v) {
    if (c->json) {
        json_value(c, v);
    } else if (!v->type) {
        io_lines(c->io, v->text, 0);
        io_puts(c->io, "\n");
    } else if (v->list) {
        show_list(c, v);
    } else {
        show_one(c, v);
    }
}

/* What the prompt hands to the next entry comes behind a NUL, which no text for people has. */
static kith_status give_state(struct cmd *c, kith_str bytes, kith_error *e) {
    size_t room = sodium_base64_ENCODED_LEN(bytes.len, BASE64);
    char *text = arena_alloc(&c->arena, room);
    if (!text)
        return err_nomem(e);
    sodium_bin2base64(text, room, (const unsigned char *)(bytes.ptr ? bytes.ptr : ""),
                      (size_t)bytes.len, BASE64);
    io_raw(c->io, (kith_str){"\0", 1});
    io_raw(c->io, str_of(text));
    return KITH_OK;
}

static void say_lost(struct cmd *c, const char *names) {
    io_say(c->io,
           "not kept for the next entry: %s (values, tables and records are; a function is when"
           " its definition is all of the entry)",
           names);
}

static kith_status run_entry(struct cmd *c, kith_error *e) {
    struct evaluation v = {.c = c, .text = str_of(cmd_option(c, "entry"))};
    struct write_opts o = {
        .principal = &c->principal, .origin = ORIGIN_CLI, .note = "in the console"};
    struct engine *g = c->company->engine;
    struct rehearsal r = {0};
    bool writes = cmd_option(c, "write") != NULL;
    kith_id tx = 0;
    TRY(take_state(c, &v.entry.state, e));
    if (writes)
        TRY(engine_write(g, &o, evaluate, &v, &tx, e));
    else
        TRY(engine_rehearse(g, &o, evaluate, &v, &c->arena, &r, e));
    c->wrote = tx != 0;
    for (size_t i = 0; i < v.entry.count; i++)
        show_console_value(c, &v.entry.values[i]);
    if (r.count + r.outgoing_count > 0 || r.others)
        print_rehearsal(c, &r, NULL, NULL);
    if (tx && !c->json)
        io_printf(c->io, "Kept; 'kith undo %s' takes it back.\n", show_id(c, tx));
    if (v.entry.lost)
        say_lost(c, v.entry.lost);
    return give_state(c, v.entry.kept, e);
}

/* -- what Tab completes ------------------------------------------------------------------------ */

static void print_words(struct cmd *c) {
    const struct schema *s = cmd_schema(c);
    const struct action *a;
    const char *topic;
    for (size_t i = 0; word_at(i); i++)
        io_printf(c->io, "%s\n", word_at(i)->name);
    for (size_t i = 0; (a = engine_action_at(c->company->engine, i)); i++)
        io_printf(c->io, "action.%s\n", a->name);
    for (size_t i = 0; (topic = engine_topic_at(c->company->engine, i)); i++)
        io_printf(c->io, "%s\n", topic);
    for (uint32_t i = 0; i < s->type_count; i++) {
        io_printf(c->io, "%s\n", s->types[i]->name);
        for (uint32_t k = 0; k < s->types[i]->field_count; k++)
            io_printf(c->io, "%s\n", s->types[i]->fields[k]->name);
    }
}

static kith_status run_console_entry(struct cmd *c, kith_error *e) {
    if (cmd_option(c, "entry"))
        return run_entry(c, e);
    print_words(c);
    return KITH_OK;
}

/* -- the prompt -------------------------------------------------------------------------------- */

/* Of the command that carries out an entry: what it prints is caught. */
struct caught {
    struct io io;
    struct io *outer;
    struct buf out;
};

static struct caught *caught_of(struct io *io) {
    return (struct caught *)(void *)io;
}

static bool catch_write(struct io *io, int stream, kith_str data) {
    struct caught *k = caught_of(io);
    if (stream != IO_OUT)
        return k->outer->ops->write(k->outer, stream, data);
    buf_str(&k->out, data);
    return !k->out.failed;
}

static void pass_progress(struct io *io, const char *line) {
    io_progress(caught_of(io)->outer, line);
}

static bool pass_interrupted(struct io *io) {
    return io_interrupted(caught_of(io)->outer);
}

static kith_status no_file(struct io *io, const char *path, enum io_open how, int *file,
                           kith_error *e) {
    (void)io, (void)how, (void)file;
    return err_set(e, KITH_E_DENIED, NULL, "an entry of the console opens no file: '%s'", path);
}

static const struct io_ops catching = {
    .write = catch_write,
    .progress = pass_progress,
    .open = no_file,
    .interrupted = pass_interrupted,
};

struct session {
    struct cmd *c;
    struct prompt *prompt;
    struct buf entry, line;
    char *state; /* what the last entry kept; NULL: nothing */
};

#define WORDS_MAX 16

static size_t add_option(const char **argv, size_t n, const char *name, const char *value) {
    if (!value)
        return n;
    argv[n] = name;
    argv[n + 1] = value;
    return n + 2;
}

/* What the command says to its own standard output; *code: how it ended. */
static kith_status carry_out(struct session *s, const char *const *more, size_t count,
                             struct caught *k, int *code, kith_error *e) {
    const struct cmd *c = s->c;
    const char *argv[WORDS_MAX] = {"kith", command_console_entry.name};
    size_t n = 2;
    *k = (struct caught){.io = *c->io, .outer = c->io};
    k->io.ops = &catching;
    k->io.out = (struct buf){0};
    if (c->json)
        argv[n++] = "--json";
    n = add_option(argv, n, "--user", c->login);
    n = add_option(argv, n, "--as", c->as);
    n = add_option(argv, n, "--reason", c->reason);
    for (size_t i = 0; i < count; i++)
        if (more[i])
            argv[n++] = more[i];
    kith_status st = cli_sub_line(s->c, &k->io, (int)n, (char *const *)argv, code, e);
    io_flush(&k->io);
    buf_free(&k->io.out);
    secrets_wipe(&k->io.secrets, sizeof k->io.secrets);
    return st;
}

/* Shows what comes before the NUL, and keeps what comes behind. */
static kith_status take_output(struct session *s, kith_str out, kith_error *e) {
    const char *nul = out.len ? memchr(out.ptr, '\0', out.len) : NULL;
    kith_str shown = {out.ptr, nul ? (uint64_t)(nul - out.ptr) : out.len};
    io_raw(s->c->io, shown);
    io_flush(s->c->io);
    if (!nul)
        return KITH_OK;
    free(s->state);
    s->state = strndup(nul + 1, (size_t)(out.len - shown.len - 1));
    return s->state ? KITH_OK : err_nomem(e);
}

/* On a terminal an error is told, and the prompt goes on; a script ends with it. */
static kith_status run_one(struct session *s, kith_error *e) {
    struct caught k;
    kith_error why = KITH_ERROR_INIT;
    char *entry, *state = NULL;
    int code = -1;
    if (asprintf(&entry, "--entry=%.*s", (int)s->entry.len, s->entry.ptr) < 0)
        return err_nomem(e);
    if (s->state && asprintf(&state, "--state=%s", s->state) < 0)
        state = NULL;
    const char *more[] = {cmd_option(s->c, "write") ? "--write" : NULL, state, entry};
    kith_status st = carry_out(s, more, sizeof more / sizeof *more, &k, &code, &why);
    free(entry);
    free(state);
    bool failed = st != KITH_OK || code > 0;
    if (st != KITH_OK)
        cli_print_error(s->c->io, s->c->json, &why);
    st = failed ? KITH_OK : take_output(s, buf_view(&k.out), e);
    buf_free(&k.out);
    TRY(st);
    s->c->said = failed;
    if (!failed || prompt_is_terminal(s->prompt))
        return KITH_OK;
    return why.code ? why.code : KITH_E_INVAL;
}

static bool is_end(kith_str entry) {
    kith_str word = str_trim(entry);
    return str_eqz(word, "exit") || str_eqz(word, "quit");
}

/* Reads until Lua has a whole entry. */
static kith_status read_entry(struct session *s, enum prompt_end *end, kith_error *e) {
    buf_reset(&s->entry);
    do {
        const char *text = s->entry.len ? "   > " : "kith> ";
        TRY(prompt_read(s->prompt, text, &s->line, end, e));
        if (*end == PROMPT_OVER && s->entry.len && !prompt_is_terminal(s->prompt))
            return err_set(e, KITH_E_INVAL, NULL, "the last entry is not whole: Lua expects more");
        if (*end != PROMPT_LINE)
            return KITH_OK;
        if (s->entry.len)
            buf_putc(&s->entry, '\n');
        buf_str(&s->entry, buf_view(&s->line));
        if (memchr(s->entry.ptr ? s->entry.ptr : "", '\0', s->entry.len))
            return err_set(e, KITH_E_INVAL, NULL, "an entry has no NUL in it");
    } while (!console_complete(buf_view(&s->entry)));
    return s->entry.failed ? err_nomem(e) : KITH_OK;
}

static kith_status converse(struct session *s, kith_error *e) {
    enum prompt_end end = PROMPT_LINE;
    for (;;) {
        TRY(read_entry(s, &end, e));
        if (end == PROMPT_OVER || is_end(buf_view(&s->entry)))
            return KITH_OK;
        if (end == PROMPT_LINE && str_trim(buf_view(&s->entry)).len)
            TRY(run_one(s, e));
    }
}

/* The first command tells at once whether the company can be opened, by whom, and what there is. */
static kith_status begin(struct session *s, kith_error *e) {
    struct caught k;
    int code = -1;
    kith_status st = carry_out(s, NULL, 0, &k, &code, e);
    if (st == KITH_OK && code > 0) {
        s->c->said = true;
        st = KITH_E_DENIED;
    }
    if (st == KITH_OK)
        st = prompt_words(s->prompt, buf_view(&k.out), e);
    buf_free(&k.out);
    if (st == KITH_OK && prompt_is_terminal(s->prompt))
        io_printf(s->c->io, "%s Ctrl-D ends.\n",
                  cmd_option(s->c, "write")
                      ? "Each entry is a transaction, and is kept."
                      : "Whatever is written is taken back; --write keeps it.");
    return st;
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct session s = {.c = c};
    kith_status st = prompt_open(&s.prompt, c->io, "console_history", e);
    if (st == KITH_OK)
        st = begin(&s, e);
    if (st == KITH_OK)
        st = converse(&s, e);
    prompt_close(s.prompt);
    buf_free(&s.entry);
    buf_free(&s.line);
    free(s.state);
    if (st == KITH_OK)
        c->said = false;
    return st;
}

const struct command command_console = {
    .name = "console",
    .args = "",
    .help = "a prompt for Lua on the live company; nothing is kept unless asked",
    .more = "  kith console\n"
            "  echo 'count(\"contact\")' | kith console\n\n"
            "An entry is an expression, whose value is shown, or statements of Lua, with all that\n"
            "rules have: find, get, create, update, action. It runs within a rule's limits.\n"
            "Variables last until the console ends. From a pipe the first mistake ends it.",
    .options = {{"write", NULL, "keep what each entry writes, as a transaction of its own"}},
    .needs = NEEDS_FOLDER,
    .signs_in = true,
    .quiet = true,
    .run = run,
};

/* For the prompt: without --entry it prints the words that there are. */
const struct command command_console_entry = {
    .name = "console-entry",
    .args = "",
    .options = {{"entry", "LUA", "what was typed"},
                {"state", "BASE64", "what the entry before has kept"},
                {"write", NULL, "keep what it writes"}},
    .needs = NEEDS_COMPANY,
    .quiet = true,
    .run = run_console_entry,
};
