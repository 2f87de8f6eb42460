/* SPDX-License-Identifier: Apache-2.0 */
/* libedit is looked for when somebody sits at a terminal, and is not needed: the program starts
 * without it, for every other command as well. */
#include "cli/prompt.h"
#include "base/arena.h"
#include "base/file.h"
#include "cli/signals.h"
#include <dlfcn.h>
#include <editline/readline.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HISTORY_LINES 1000

struct editor { /* of libedit, by its interface for readline */
    void *handle;
    __typeof__(readline) *read;
    __typeof__(add_history) *add;
    __typeof__(using_history) *begin;
    __typeof__(stifle_history) *stifle;
    __typeof__(read_history) *load;
    __typeof__(write_history) *save;
    __typeof__(rl_completion_matches) *matches;
    __typeof__(&rl_attempted_completion_function) complete;
    __typeof__(&rl_attempted_completion_over) over;
    __typeof__(&rl_readline_name) name;
    __typeof__(&rl_getc_function) getc;
    __typeof__(&rl_catch_signals) catches;
};

struct prompt {
    struct io *io;
    bool terminal;
    struct editor editor; /* handle NULL: there is none */
    sigset_t open;        /* the signals that are let in while it waits for a key */
    char *history;        /* its path; NULL: there is none */
    int file;             /* of standard input, when it is read as it comes */
    struct buf input;     /* read, and not handed out */
    bool over;
    struct arena arena;
    const char **words;
    size_t count, cap;
};

/* -- completion -------------------------------------------------------------------------------- */

/* libedit hands no argument on; there is one prompt in a process. */
static struct prompt *completing;
static size_t next_word;

/* The i-th that may stand in the place of text: as a whole, or behind its last dot. Gives a new
 * text, which libedit frees. */
static char *next_match(const char *text, int state) {
    const char *dot = strrchr(text, '.'), *tail = dot ? dot + 1 : text;
    size_t head = (size_t)(tail - text), len = strlen(text);
    next_word = state ? next_word : 0;
    while (next_word < completing->count) {
        const char *word = completing->words[next_word++];
        char *match;
        if (strncmp(word, text, len) == 0)
            return strdup(word);
        if (dot && !strchr(word, '.') && strncmp(word, tail, len - head) == 0)
            return asprintf(&match, "%.*s%s", (int)head, text, word) < 0 ? NULL : match;
    }
    return NULL;
}

static char **complete(const char *text, int start, int end) {
    (void)start, (void)end;
    *completing->editor.over = 1; /* no names of files */
    return completing->editor.matches(text, next_match);
}

kith_status prompt_words(struct prompt *p, kith_str words, kith_error *e) {
    kith_str rest = words, word;
    while (str_split(&rest, '\n', &word)) {
        const char **items = arena_grow(&p->arena, p->words, p->count, &p->cap, sizeof *items);
        const char *copy = arena_strndup(&p->arena, word.ptr, word.len);
        if (!items || !copy)
            return err_nomem(e);
        p->words = items;
        p->words[p->count] = copy;
        p->count += word.len > 0;
    }
    return KITH_OK;
}

/* -- history ----------------------------------------------------------------------------------- */

/* ~/.local/state/kith/NAME, in folders that are the user's alone. NULL: there is no place for it.
 */
static char *history_path(const char *name) {
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char *path = NULL;
    if (state && state[0] == '/'
            ? asprintf(&path, "%s/kith/%s", state, name) < 0
            : !home || home[0] != '/' || asprintf(&path, "%s/.local/state/kith/%s", home, name) < 0)
        return NULL;
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    return path;
}

static void keep_history(struct prompt *p) {
    mode_t before = umask(077);
    if (p->editor.save(p->history) == 0)
        chmod(p->history, 0600);
    umask(before);
}

/* -- keys -------------------------------------------------------------------------------------- */

/* The next byte, or -1: the input is over, or a signal came. Those are let in only while it waits,
 * so that a Ctrl-C that comes a moment before is not lost. */
static int next_byte(void) {
    unsigned char byte;
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    while (ppoll(&p, 1, NULL, &completing->open) < 0)
        if (errno != EINTR || io_interrupted(completing->io))
            return -1;
    return read(STDIN_FILENO, &byte, 1) == 1 ? byte : -1;
}

/* libedit wants a character, and would itself take each byte for one. */
static int next_character(FILE *in) {
    int first = next_byte(), more = first < 0xc0 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    int c = more ? first & (0x3f >> more) : first;
    (void)in;
    while (more-- > 0) {
        int byte = next_byte();
        if (byte < 0)
            return -1;
        c = c << 6 | (byte & 0x3f);
    }
    return c;
}

/* -- libedit ----------------------------------------------------------------------------------- */

static bool find_symbols(struct editor *d) {
    const struct {
        const char *name;
        void *place;
    } rows[] = {
        {"readline", &d->read},
        {"add_history", &d->add},
        {"using_history", &d->begin},
        {"stifle_history", &d->stifle},
        {"read_history", &d->load},
        {"write_history", &d->save},
        {"rl_completion_matches", &d->matches},
        {"rl_attempted_completion_function", &d->complete},
        {"rl_attempted_completion_over", &d->over},
        {"rl_readline_name", &d->name},
        {"rl_getc_function", &d->getc},
        {"rl_catch_signals", &d->catches},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        void *symbol = dlsym(d->handle, rows[i].name);
        if (!symbol)
            return false;
        memcpy(rows[i].place, &symbol, sizeof symbol);
    }
    return true;
}

static void open_editor(struct prompt *p, const char *history) {
    const char *term = getenv("TERM");
    struct editor *d = &p->editor;
    if (!term || strcmp(term, "dumb") == 0)
        return;
    d->handle = dlopen("libedit.so.2", RTLD_NOW | RTLD_LOCAL);
    if (d->handle && !find_symbols(d)) {
        dlclose(d->handle);
        d->handle = NULL;
    }
    if (!d->handle)
        return;
    completing = p;
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) /* what Kith's texts are */
        setlocale(LC_CTYPE, "C.UTF-8");
    *d->name = "kith";
    *d->getc = next_character;
    *d->catches = 0; /* these two before it begins */
    d->begin();
    *d->complete = complete;
    d->stifle(HISTORY_LINES);
    p->history = history_path(history);
    if (p->history)
        d->load(p->history);
}

static kith_status read_edited(struct prompt *p, const char *text, struct buf *line,
                               enum prompt_end *end) {
    sigset_t held;
    signals_of_command(&held);
    pthread_sigmask(SIG_BLOCK, &held, &p->open);
    char *typed = p->editor.read(text);
    pthread_sigmask(SIG_SETMASK, &p->open, NULL);
    *end = typed ? PROMPT_LINE : PROMPT_OVER;
    if (typed) {
        buf_puts(line, typed);
        if (typed[0])
            p->editor.add(typed);
    }
    free(typed);
    if (p->history)
        keep_history(p);
    return KITH_OK;
}

/* -- as it comes ------------------------------------------------------------------------------- */

static bool take_line(struct prompt *p, struct buf *line) {
    kith_str all = buf_view(&p->input);
    const char *eol = all.len ? memchr(all.ptr, '\n', all.len) : NULL;
    size_t len = eol ? (size_t)(eol - all.ptr) : (size_t)all.len;
    if (!eol && (!p->over || !all.len))
        return false;
    buf_add(line, all.ptr, len);
    size_t used = eol ? len + 1 : len;
    memmove(p->input.ptr, p->input.ptr + used, p->input.len - used);
    p->input.len -= used;
    return true;
}

static kith_status read_plain(struct prompt *p, struct buf *line, enum prompt_end *end,
                              kith_error *e) {
    *end = PROMPT_LINE;
    while (!take_line(p, line)) {
        size_t got = 0;
        *end = PROMPT_OVER;
        if (p->over)
            return KITH_OK;
        if (!buf_reserve(&p->input, 4096))
            return err_nomem(e);
        TRY(p->io->ops->read(p->io, p->file, p->input.ptr + p->input.len, 4096, &got, e));
        p->input.len += got;
        p->over = got == 0;
        *end = PROMPT_LINE;
    }
    return line->failed ? err_nomem(e) : KITH_OK;
}

/* -- all of it --------------------------------------------------------------------------------- */

kith_status prompt_open(struct prompt **out, struct io *io, const char *history, kith_error *e) {
    struct prompt *p = *out = calloc(1, sizeof *p);
    if (!p)
        return err_nomem(e);
    p->io = io;
    p->terminal = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
    if (p->terminal)
        open_editor(p, history);
    return p->editor.handle ? KITH_OK : io->ops->open(io, "-", IO_READ, &p->file, e);
}

void prompt_close(struct prompt *p) {
    if (!p)
        return;
    if (!p->editor.handle)
        p->io->ops->close(p->io, p->file, false, NULL);
    buf_free(&p->input);
    arena_free(&p->arena);
    free(p->history);
    completing = NULL;
    free(p);
}

bool prompt_is_terminal(const struct prompt *p) {
    return p->terminal;
}

kith_status prompt_read(struct prompt *p, const char *text, struct buf *line, enum prompt_end *end,
                        kith_error *e) {
    kith_status st;
    buf_reset(line);
    if (p->terminal)
        io_flush(p->io);
    if (p->editor.handle) {
        st = read_edited(p, text, line, end);
    } else {
        if (p->terminal)
            p->io->ops->write(p->io, IO_ERR, str_of(text));
        st = read_plain(p, line, end, e);
    }
    if (p->terminal && io_local_calm(p->io)) {
        *end = PROMPT_DROPPED;
        return KITH_OK;
    }
    return st;
}
