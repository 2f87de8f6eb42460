/* SPDX-License-Identifier: Apache-2.0 */
/* Serve: the process that owns a company and carries out the commands of clients, one thread each.
 * A client that is silent, slow or speaks nonsense costs one of these threads for a bounded time
 * and nothing else. */
#include "base/clock.h"
#include "base/log.h"
#include "cli/backup_plan.h"
#include "cli/cli.h"
#include "cli/identity.h"
#include "cli/rehearse.h"
#include "cli/sockets.h"
#include "cli/wire.h"
#include "engine/outbox.h"
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS_MAX 32
#define PLACE_MS    4000 /* for a place to become free; less than a client waits for the greeting */
#define HELLO_MS    5000 /* for the greeting and the command line */
#define ANSWER_MS                                                                                  \
    60000 /* for an answer about a file; the client says every 10 s that it is there */
#define SEND_MS  600000 /* a client that reads nothing, as behind a pager */
#define GRACE_MS 10000  /* for commands under way when the server is told to stop */
#define WATCH_MS 1000   /* between two looks at the files of rules */
#define ARGS_MAX 65536

struct server;
struct guest {
    struct server *server;
    int fd;                        /* -1: the place is free */
    _Atomic int64_t sending_since; /* clock_ticks; 0: nothing waits for the client to read */
};
struct server {
    const struct program *program;
    struct company **company;
    struct company *served; /* the one that modules serve, while they do */
    const char *dir;
    struct sockets sockets;
    struct cli_host host, module_host; /* by which guests' commands come in, and those of modules */
    void (*on_hangup)(void *arg);      /* SIGHUP */
    void *arg;
    pthread_mutex_t lock; /* guests, count, running, held, reopening, stopping */
    pthread_cond_t left;  /* a guest or a command has ended */
    int running;          /* commands under way */
    bool held;            /* one of them is alone, or waits to be; new ones wait */
    bool reopening;       /* that one closes the company, and so waits for what modules serve */
    bool stopping;        /* nobody is served any more */
    struct guest guests[CLIENTS_MAX];
    int count;
    int64_t beat_ms, beat_next; /* systemd waits so long for a word, ms; 0: it does not */
    atomic_bool ending;         /* commands still under way are interrupted */
};

/* -- io over the socket ------------------------------------------------------------------------ */

struct remote {
    struct io io;
    struct wire wire;
    struct server *server;
    struct guest *guest;
    bool cancelled; /* Ctrl-C at the client, or it is gone */
};

static struct remote *remote_of(struct io *io) {
    return (struct remote *)(void *)io;
}

/* A frame that comes unasked: only "cancel" and "still there" make sense. */
static void take_unasked(struct remote *r, uint8_t type) {
    if (type != FRAME_ALIVE)
        r->cancelled = true;
}

static bool remote_interrupted(struct io *io) {
    struct remote *r = remote_of(io);
    while (!r->cancelled && wire_ready(&r->wire)) {
        uint8_t type;
        kith_str payload;
        if (wire_recv(&r->wire, HELLO_MS, &type, &payload, NULL) != KITH_OK)
            r->cancelled = true;
        else
            take_unasked(r, type);
    }
    return r->cancelled || atomic_load(&r->server->ending);
}

/* A client that does not read lets this take long; see cut_off_idle. */
static kith_status send_noted(struct remote *r, enum frame type, kith_str head, kith_str tail,
                              kith_error *e) {
    atomic_store(&r->guest->sending_since, clock_ticks());
    kith_status st = wire_send2(&r->wire, type, head, tail, e);
    atomic_store(&r->guest->sending_since, 0);
    return st;
}

static bool remote_write(struct io *io, int stream, kith_str data) {
    struct remote *r = remote_of(io);
    enum frame type = stream == IO_OUT ? FRAME_OUT : FRAME_ERR;
    while (data.len > 0) {
        kith_str part = {data.ptr, data.len < WIRE_CHUNK ? data.len : WIRE_CHUNK};
        if (send_noted(r, type, part, (kith_str){0}, NULL) != KITH_OK) {
            r->cancelled = true;
            return false;
        }
        data.ptr += part.len;
        data.len -= part.len;
    }
    return true;
}

static void remote_progress(struct io *io, const char *line) {
    send_noted(remote_of(io), FRAME_PROGRESS, str_of(line), (kith_str){0}, NULL);
}

static kith_status failed_there(kith_str p, kith_error *e) {
    if (p.len < 5 || !p.ptr[4])
        return err_set(e, KITH_E_INVAL, NULL, "the client does not speak Kith's protocol");
    uint32_t code = wire_u32_of(p.ptr);
    bool known = code >= 1 && code <= (uint32_t)-KITH_E_INTERNAL;
    return err_set(e, known ? -(kith_status)code : KITH_E_IO, NULL, "%.*s", (int)(p.len - 4),
                   p.ptr + 4);
}

/* Asks the client and waits for its answer of the wanted type. */
static kith_status ask(struct remote *r, enum frame type, kith_str head, kith_str tail,
                       enum frame wanted, kith_str *answer, kith_error *e) {
    uint8_t got = FRAME_ALIVE;
    if (io_interrupted(&r->io))
        return err_set(e, KITH_E_LIMIT, NULL, "interrupted");
    TRY(send_noted(r, type, head, tail, e));
    while (got == FRAME_ALIVE) {
        kith_status st = wire_recv(&r->wire, ANSWER_MS, &got, answer, e);
        if (st != KITH_OK || got == FRAME_CANCEL)
            r->cancelled = true;
        TRY(st);
    }
    if (got == (uint8_t)wanted)
        return KITH_OK;
    if (got == FRAME_CANCEL)
        return err_set(e, KITH_E_LIMIT, NULL, "interrupted");
    r->cancelled = got != FRAME_FAIL;
    return failed_there(got == FRAME_FAIL ? *answer : (kith_str){0}, e);
}

static kith_status remote_open(struct io *io, const char *path, enum io_open how, int *file,
                               kith_error *e) {
    kith_str answer, letter = {&io_letters[how], 1};
    TRY(ask(remote_of(io), FRAME_OPEN, letter, str_of(path), FRAME_DONE, &answer, e));
    *file = answer.len == 1 ? (unsigned char)answer.ptr[0] : 0;
    return KITH_OK;
}

static kith_status remote_read(struct io *io, int file, char *dst, size_t cap, size_t *got,
                               kith_error *e) {
    char head[5] = {(char)file};
    wire_u32(head + 1, cap < WIRE_CHUNK ? (uint32_t)cap : WIRE_CHUNK);
    kith_str answer;
    TRY(ask(remote_of(io), FRAME_READ, (kith_str){head, 5}, (kith_str){0}, FRAME_DATA, &answer, e));
    if (answer.len > cap)
        return err_set(e, KITH_E_INVAL, NULL, "the client sent more than it was asked for");
    if (answer.len > 0)
        memcpy(dst, answer.ptr, (size_t)answer.len);
    *got = (size_t)answer.len;
    return KITH_OK;
}

static kith_status remote_put(struct io *io, int file, kith_str data, kith_error *e) {
    const char number = (char)file;
    while (data.len > 0) {
        kith_str answer, part = {data.ptr, data.len < WIRE_CHUNK ? data.len : WIRE_CHUNK};
        TRY(ask(remote_of(io), FRAME_PUT, (kith_str){&number, 1}, part, FRAME_DONE, &answer, e));
        data.ptr += part.len;
        data.len -= part.len;
    }
    return KITH_OK;
}

static kith_status remote_close(struct io *io, int file, bool keep, kith_error *e) {
    const char head[2] = {(char)file, keep ? 1 : 0};
    kith_str answer;
    return ask(remote_of(io), FRAME_CLOSE, (kith_str){head, 2}, (kith_str){0}, FRAME_DONE, &answer,
               e);
}

static const struct io_ops remote_ops = {
    .write = remote_write,
    .progress = remote_progress,
    .open = remote_open,
    .read = remote_read,
    .put = remote_put,
    .close = remote_close,
    .interrupted = remote_interrupted,
};

/* -- one client -------------------------------------------------------------------------------- */

#define RUN_WORDS 7
/* Takes the NUL-ended texts apart: columns, colour, actor, folder, secrets, arguments. argv and
 * the folder point into text. */
static bool read_run(struct remote *r, kith_str text, char **argv, int *argc) {
    const char *at = text.ptr, *end = text.ptr + text.len;
    if (text.len == 0 || end[-1] != '\0')
        return false;
    const char *words[RUN_WORDS];
    for (int i = 0; i < RUN_WORDS; i++) {
        if (at == end)
            return false;
        words[i] = at;
        at += strlen(at) + 1;
    }
    long columns = strtol(words[0], NULL, 10);
    r->io.columns = columns > 0 && columns < 10000 ? (uint32_t)columns : 0;
    r->io.color = words[1][0] == '1';
    strncpy(r->io.actor, words[2], sizeof r->io.actor - 1);
    r->io.folder = words[3];
    struct io_secrets *s = &r->io.secrets;
    if (strlen(words[5]) >= sizeof s->proof || strlen(words[6]) >= sizeof s->fresh)
        return false;
    long kind = strtol(words[4], NULL, 10);
    if (kind < PROOF_NONE || kind > PROOF_PASSWORD)
        return false;
    s->kind = (enum io_proof)kind;
    strcpy(s->proof, words[5]);
    strcpy(s->fresh, words[6]);
    for (*argc = 0; at < end; at += strlen(at) + 1) {
        if (*argc == ARGS_MAX)
            return false;
        argv[(*argc)++] = (char *)at;
    }
    return *argc > 0;
}

static kith_status greet(struct remote *r, kith_str *run, kith_error *e) {
    uint8_t type;
    kith_str payload;
    TRY(wire_recv(&r->wire, HELLO_MS, &type, &payload, e));
    kith_status st = wire_check_hello(type, payload, "client", e);
    if (st == KITH_E_UNSUPPORTED)
        wire_hello(&r->wire, NULL); /* the client says it in its own words */
    TRY(st);
    TRY(wire_hello(&r->wire, e));
    TRY(wire_recv(&r->wire, HELLO_MS, &type, run, e));
    return type == FRAME_RUN ? KITH_OK
                             : err_set(e, KITH_E_INVAL, NULL, "a client sent no command line");
}

static void run_command(struct remote *r, kith_str run) {
    char *text = malloc((size_t)run.len + 1), **argv = calloc(ARGS_MAX + 1, sizeof *argv);
    int argc = 0;
    if (text && argv) {
        memcpy(text, run.ptr ? run.ptr : "", (size_t)run.len);
        if (read_run(r, (kith_str){text, run.len}, argv, &argc)) {
            char code = (char)cli_run_for(r->server->program, &r->server->host, &r->io, argc, argv);
            wire_send(&r->wire, FRAME_EXIT, (kith_str){&code, 1}, NULL);
        }
    }
    free(argv);
    secrets_wipe(text, (size_t)run.len);
    free(text);
}

/* Closes under the lock, so that stopping never shuts down a number that has a new meaning. */
static void leave(struct guest *g, struct wire *w) {
    struct server *s = g->server;
    pthread_mutex_lock(&s->lock);
    wire_close(w);
    g->fd = -1;
    s->count--;
    pthread_cond_signal(&s->left);
    pthread_mutex_unlock(&s->lock);
}

static void *guest_main(void *arg) {
    struct guest *g = arg;
    struct remote r = {.io.ops = &remote_ops, .server = g->server, .guest = g};
    kith_error e = KITH_ERROR_INIT;
    kith_str run;
    wire_open(&r.wire, g->fd, SEND_MS);
    kith_status st = greet(&r, &run, &e);
    if (st == KITH_OK)
        run_command(&r, run);
    else if (st != KITH_E_IO) /* that one only looked whether somebody is here */
        log_warn("serve", "a client was sent away: %s", e.message);
    buf_free(&r.io.out);
    secrets_wipe(&r.io.secrets, sizeof r.io.secrets);
    secrets_wipe(r.wire.in.ptr, r.wire.in.len);
    leave(g, &r.wire);
    return NULL;
}

/* -- one alone --------------------------------------------------------------------------------- */

#define ALONE_MS 30000 /* for the others to end */
#define STALL_MS 3000  /* for one of them whose client reads nothing meanwhile */
#define LOOK_MS  100   /* between two looks whether the client is still there */

/* Under the lock, which is given up while the client is asked. */
static bool gave_up(struct server *s, struct io *io) {
    pthread_mutex_unlock(&s->lock);
    bool yes = io_interrupted(io);
    pthread_mutex_lock(&s->lock);
    return yes;
}

/* A client that reads nothing, as one behind a pager, may take its time as long as nobody waits for
 * it. Under the lock. */
static void cut_off_idle(struct server *s) {
    for (int i = 0; i < CLIENTS_MAX; i++) {
        struct guest *g = &s->guests[i];
        int64_t since = atomic_load(&g->sending_since);
        if (g->fd < 0 || since == 0 || clock_ticks() - since < (int64_t)STALL_MS * 1000000)
            continue;
        log_warn("serve", "a client reads nothing of what it asked for, and another command waits: "
                          "it is cut off");
        atomic_store(&g->sending_since, 0);
        shutdown(g->fd, SHUT_RDWR);
    }
}

static kith_status wait_for_others(struct server *s, struct io *io, kith_error *e) {
    int64_t deadline = clock_in(ALONE_MS);
    while (s->running > 0) {
        if (gave_up(s, io))
            return err_set(e, KITH_E_LIMIT, NULL, "interrupted");
        if (clock_ticks() > deadline)
            return err_set(e, KITH_E_BUSY, NULL,
                           "%d other command%s still running: try again when they have ended",
                           s->running, s->running == 1 ? " is" : "s are");
        cut_off_idle(s);
        if (s->running > 0)
            clock_wait(&s->left, &s->lock, clock_in(LOOK_MS));
    }
    return KITH_OK;
}

/* While one waits to be alone no new command begins: it comes to its turn. One of a module does not
 * wait for who waits for that module. */
static kith_status enter_locked(struct server *s, struct io *io, bool alone, bool of_module,
                                kith_error *e) {
    while (s->held) {
        if (of_module && s->reopening)
            return err_set(e, KITH_E_BUSY, NULL,
                           "the company is being opened anew: try again in a moment");
        if (gave_up(s, io))
            return err_set(e, KITH_E_LIMIT, NULL, "interrupted");
        if (s->held)
            clock_wait(&s->left, &s->lock, clock_in(LOOK_MS));
    }
    if (alone) {
        s->held = true;
        kith_status st = wait_for_others(s, io, e);
        if (st != KITH_OK) {
            s->held = false;
            pthread_cond_broadcast(&s->left);
            return st;
        }
    }
    s->running++;
    return KITH_OK;
}

static void leave_command(struct server *s, bool alone) {
    pthread_mutex_lock(&s->lock);
    s->running--;
    if (alone)
        s->held = false;
    pthread_cond_broadcast(&s->left);
    pthread_mutex_unlock(&s->lock);
}

static void host_leave(void *arg, bool alone) {
    leave_command(arg, alone);
}

static kith_status enter(struct server *s, struct io *io, bool alone, bool of_module,
                         struct company **out, kith_error *e) {
    pthread_mutex_lock(&s->lock);
    kith_status st = enter_locked(s, io, alone, of_module, e);
    *out = st == KITH_OK ? *s->company : NULL; /* who is alone may change it */
    pthread_mutex_unlock(&s->lock);
    if (st == KITH_OK && !*out) {
        leave_command(s, alone);
        st = err_set(e, KITH_E_BUSY, NULL, "the server ends: the company could not be opened anew");
    }
    return st;
}

static kith_status host_enter(void *arg, struct io *io, bool alone, struct company **out,
                              kith_error *e) {
    return enter(arg, io, alone, false, out, e);
}

static kith_status module_enter(void *arg, struct io *io, bool alone, struct company **out,
                                kith_error *e) {
    return enter(arg, io, alone, true, out, e);
}

/* The rules are looked at between commands that are alone. */
static bool begin_watch(struct server *s) {
    pthread_mutex_lock(&s->lock);
    bool free = !s->held && *s->company;
    s->running += free;
    pthread_mutex_unlock(&s->lock);
    return free;
}

static bool is_lost(struct server *s) {
    pthread_mutex_lock(&s->lock);
    bool lost = !s->held && !*s->company;
    pthread_mutex_unlock(&s->lock);
    return lost;
}

static kith_status run_by_module(void *arg, const struct principal *who, int argc,
                                 char *const *argv, const struct kith_stream *stream, int *code,
                                 kith_error *e) {
    struct server *s = arg;
    return cli_run_by(s->program, &s->module_host, who, argc, argv, stream, code, e);
}

static kith_status tell_rehearsal(void *arg, const struct principal *who, const struct rehearsal *r,
                                  struct buf *out, kith_error *e) {
    struct server *s = arg;
    return rehearsal_json_for(s->served, who, r, out, e);
}

static int socket_of(void *arg, const char *name, uint32_t i) {
    struct server *s = arg;
    return sockets_get(&s->sockets, name, i);
}

static kith_status keep_socket(void *arg, const char *name, int fd, kith_error *e) {
    struct server *s = arg;
    return sockets_keep(&s->sockets, name, fd, e);
}

/* What goes out, and what answers to people and programs outside. */
static kith_status open_to_all(struct server *s, struct company *c, kith_error *e) {
    const struct plugin_commands commands = {run_by_module, s,           c->dir,
                                             socket_of,     keep_socket, tell_rehearsal};
    pthread_mutex_lock(&s->lock);
    bool stopping = s->stopping;
    pthread_mutex_unlock(&s->lock);
    if (stopping)
        return KITH_OK;
    TRY(engine_send_start(c->engine, e));
    s->served = c;
    sockets_begin(&s->sockets);
    plugins_serve(c->plugins, &commands);
    sockets_end(&s->sockets);
    return KITH_OK;
}

static void set_reopening(struct server *s, bool yes) {
    pthread_mutex_lock(&s->lock);
    s->reopening = yes;
    pthread_cond_broadcast(&s->left);
    pthread_mutex_unlock(&s->lock);
}

/* Another process may look into the folder for a moment in between. */
static kith_status open_anew(struct server *s, struct company **out, kith_error *e) {
    int64_t deadline = clock_in(OWNER_WAIT_MS);
    kith_status st;
    plugins_cease((*s->company)->plugins, GRACE_MS);
    company_close(*s->company);
    *s->company = *out = NULL;
    malloc_trim(0); /* else what it held in small pieces stays beside what is opened now */
    for (;;) {
        struct settings_problems problems = {0};
        st = company_open(s->company, s->program, s->dir, &problems, e);
        settings_problems_free(&problems);
        if (st != KITH_E_BUSY || clock_ticks() > deadline)
            break;
        poll(NULL, 0, 50);
    }
    *out = *s->company;
    if (st == KITH_OK)
        st = open_to_all(s, *out, e);
    if (st == KITH_OK)
        log_info("serve", "the company was opened anew");
    return st;
}

static kith_status host_reopen(void *arg, struct company **out, kith_error *e) {
    set_reopening(arg, true);
    kith_status st = open_anew(arg, out, e);
    set_reopening(arg, false);
    return st;
}

/* -- the door ---------------------------------------------------------------------------------- */

static struct guest *first_free(struct server *s) {
    for (int i = 0; i < CLIENTS_MAX; i++) {
        if (s->guests[i].fd < 0)
            return &s->guests[i];
    }
    return NULL;
}

/* The clients behind this one wait in the socket's queue meanwhile. */
static struct guest *free_place(struct server *s, int fd) {
    struct guest *found;
    int64_t end = clock_in(PLACE_MS);
    pthread_mutex_lock(&s->lock);
    while (!(found = first_free(s)) && clock_wait(&s->left, &s->lock, end))
        ;
    if (found) {
        *found = (struct guest){.server = s, .fd = fd};
        s->count++;
    }
    pthread_mutex_unlock(&s->lock);
    return found;
}

static void refuse(struct wire *w, const char *sentence) {
    wire_send(w, FRAME_REFUSED, str_of(sentence), NULL);
}

static void welcome(struct server *s, int fd) {
    struct wire w;
    struct guest *g = NULL;
    pthread_t thread;
    wire_open(&w, fd, HELLO_MS);
    if (!sock_peer_trusted(fd, geteuid()))
        refuse(&w, "the company is served by another user; run kith as that user or as root");
    else if (!(g = free_place(s, fd)))
        refuse(&w, "the server is busy with 32 other commands: try again in a moment");
    else if (pthread_create(&thread, NULL, guest_main, g) != 0)
        refuse(&w, "the server has no room for another command: try again in a moment");
    else {
        pthread_detach(thread);
        return;
    }
    if (g)
        leave(g, &w);
    else
        wire_close(&w);
}

/* True: stop. */
static bool take_signal(struct server *s, int signals) {
    unsigned char number;
    if (read(signals, &number, 1) != 1)
        return false;
    if (number == SIGHUP) {
        s->on_hangup(s->arg);
        return false;
    }
    log_info("serve", "stopping on signal %u: finishing what was accepted", number);
    return true;
}

/* Has changed rules reloaded. Gives the ms until the next look. */
static int watch_rules(struct server *s, int64_t *next) {
    int64_t now = clock_ticks() / 1000000;
    if (now >= *next) {
        if (begin_watch(s)) {
            if ((*s->company)->scripts) /* a test serves without */
                scripts_watch((*s->company)->scripts);
            leave_command(s, false);
        }
        now = clock_ticks() / 1000000;
        *next = now + WATCH_MS;
    }
    return (int)(*next - now);
}

/* systemd is told that this thread gets on, and that no module has held up the writer for as long
 * as it waits for the next word: else it ends the process, and begins anew. */
static void begin_beat(struct server *s) {
    const char *us = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    long long every = us ? strtoll(us, NULL, 10) / 1000 : 0;
    if (every > 0 && (!pid || strtol(pid, NULL, 10) == (long)getpid()))
        s->beat_ms = every;
}

static void note_hang(void *arg, const char *module, const char *callback, int64_t ms,
                      bool writing) {
    bool *hangs = arg;
    (void)module, (void)callback, (void)ms;
    *hangs |= writing;
}

static void beat(struct server *s) {
    const int64_t now = clock_ticks() / 1000000;
    bool hangs = false;
    if (!s->beat_ms || now < s->beat_next)
        return;
    s->beat_next = now + s->beat_ms / 3;
    plugins_running(s->beat_ms, note_hang, &hangs);
    if (!hangs)
        notify_manager("WATCHDOG=1");
}

static void accept_until_signal(struct server *s, int listener, int signals) {
    struct pollfd p[2] = {{.fd = listener, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    int64_t next = 0;
    for (;;) {
        beat(s);
        if (poll(p, 2, watch_rules(s, &next)) < 0 && errno != EINTR)
            return;
        if ((p[1].revents & POLLIN) && take_signal(s, signals))
            return;
        if (is_lost(s))
            return;
        if (!(p[0].revents & POLLIN))
            continue;
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            welcome(s, fd);
        else if (errno == EMFILE || errno == ENFILE) /* the waiting one stays in the queue */
            poll(NULL, 0, 100);
    }
}

/* Waits until the guests have left, at most ms. Gives how many are still there. */
static int wait_for_guests(struct server *s, int64_t ms) {
    int64_t end = clock_in(ms);
    pthread_mutex_lock(&s->lock);
    while (s->count > 0 && clock_wait(&s->left, &s->lock, end))
        ;
    int left = s->count;
    pthread_mutex_unlock(&s->lock);
    return left;
}

static void see_guests_out(struct server *s) {
    int left = wait_for_guests(s, GRACE_MS);
    if (left == 0)
        return;
    log_warn("serve", "interrupting %d commands that still run", left);
    atomic_store(&s->ending, true);
    pthread_mutex_lock(&s->lock);
    for (int i = 0; i < CLIENTS_MAX; i++) {
        if (s->guests[i].fd >= 0)
            shutdown(s->guests[i].fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&s->lock);
    while ((left = wait_for_guests(s, GRACE_MS)) > 0)
        log_warn("serve", "still waiting for %d commands", left);
}

/* Not in the midst of a command that opens the company anew; and the next one serves nobody. */
static void cease(struct server *s) {
    int64_t end = clock_in(GRACE_MS);
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    while (s->held) {
        if (clock_ticks() > end)
            atomic_store(&s->ending, true);
        clock_wait(&s->left, &s->lock, clock_in(LOOK_MS));
    }
    struct company *company = *s->company;
    s->running++;
    pthread_mutex_unlock(&s->lock);
    sockets_close(&s->sockets);
    if (company)
        plugins_cease(company->plugins, GRACE_MS);
    leave_command(s, false);
}

kith_status serve(const struct program *p, struct company **company, int signals,
                  void (*on_hangup)(void *arg), void *arg, kith_error *e) {
    int listener;
    kith_error why = KITH_ERROR_INIT;
    struct server s = {.program = p, .company = company, .on_hangup = on_hangup, .arg = arg};
    char *dir = strdup((*company)->dir);
    if (!dir)
        return err_nomem(e);
    s.dir = dir;
    s.host = (struct cli_host){&s, host_enter, host_leave, host_reopen};
    s.module_host = (struct cli_host){&s, module_enter, host_leave, host_reopen};
    pthread_mutex_init(&s.lock, NULL);
    clock_cond(&s.left);
    sockets_open(&s.sockets);
    begin_beat(&s);
    for (int i = 0; i < CLIENTS_MAX; i++)
        s.guests[i].fd = -1;
    kith_status st = sock_listen(dir, &listener, e);
    if (st == KITH_OK && (st = open_to_all(&s, *company, e)) != KITH_OK)
        close(listener);
    if (st == KITH_OK) {
        log_info("serve", "serving %s", dir);
        struct backup_job *job = NULL;
        if (backup_job_start(&job, p, &s.host, &why) != KITH_OK)
            log_error("backup", "no backups are made by themselves: %s", why.message);
        notify_manager("READY=1");
        accept_until_signal(&s, listener, signals);
        notify_manager("STOPPING=1");
        sock_remove(dir);
        close(listener);
        cease(&s);
        backup_job_end(job);
        see_guests_out(&s);
    }
    pthread_cond_destroy(&s.left);
    pthread_mutex_destroy(&s.lock);
    free(dir);
    if (st == KITH_OK && !*company)
        st = err_set(e, KITH_E_IO, NULL, "the company could not be opened anew; the log says why");
    return st;
}
