/* SPDX-License-Identifier: Apache-2.0 */
/* The server's side of the socket: the bytes are frames of a client. The first two are sent at
 * once, each further one when the server asks for something. The command is one of our own that
 * uses all that a command may ask of its client. Afterwards the server still answers. */
#include "cli/cli.h"
#include "cli/company.h"
#include "cli/wire.h"
#include "fuzz/fuzz.h"
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

int __wrap_cli_run_for(const struct program *p, const struct cli_host *host, struct io *io,
                       int argc, char *const *argv);

/* In place of the real commands: these would make folders and files of whatever name was found. */
int __wrap_cli_run_for(const struct program *p, const struct cli_host *host, struct io *io,
                       int argc, char *const *argv) {
    kith_error e = KITH_ERROR_INIT;
    char bytes[512];
    size_t got = 0;
    int file = 0;
    (void)p, (void)host;
    HOLDS(argc > 0 && !argv[argc], "%d arguments", argc);
    for (int i = 0; i < argc; i++)
        io_text(io, str_of(argv[i]));
    io_progress(io, "half");
    kith_status st = io->ops->open(io, "in", IO_READ, &file, &e);
    for (int i = 0; i < 4 && st == KITH_OK; i++) {
        st = io->ops->read(io, file, bytes, sizeof bytes, &got, &e);
        HOLDS(st != KITH_OK || got <= sizeof bytes, "%zu bytes", got);
        if (st == KITH_OK)
            st = io->ops->put(io, file, (kith_str){bytes, got}, &e);
    }
    if (st == KITH_OK)
        st = io->ops->close(io, file, true, &e);
    HOLDS(st == KITH_OK || *e.message, "no sentence");
    if (st != KITH_OK)
        io_say(io, "%s", e.message);
    io_flush(io);
    return io_interrupted(io) ? 130 : 0;
}

static char folder[] = "/tmp/kith-server-XXXXXX";
static pthread_t thread;
static int signals[2]; /* a byte in it is a signal to the server */

static const struct program program;
static struct company *served;

static void *serve_main(void *arg) {
    kith_error e = KITH_ERROR_INIT;
    (void)arg;
    HOLDS_OK(serve(&program, &served, signals[0], NULL, NULL, &e), e);
    return NULL;
}

static void tidy(void) {
    HOLDS(write(signals[1], &(char){SIGTERM}, 1) == 1, "the server cannot be told to stop");
    pthread_join(thread, NULL);
    close(signals[0]);
    close(signals[1]);
    company_close(served);
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0)
        abort();
}

static int connect_once(void) {
    kith_error e = KITH_ERROR_INIT;
    int fd = -1;
    for (int i = 0; i < 5000 && fd < 0; i++) { /* the server's thread may not listen yet */
        HOLDS_OK(sock_connect(folder, &fd, &e), e);
        if (fd < 0)
            usleep(1000);
    }
    HOLDS(fd >= 0, "the server does not listen");
    return fd;
}

static void open_company(void) {
    struct settings_problems problems = {0};
    kith_error e = KITH_ERROR_INIT;
    char path[64];
    snprintf(path, sizeof path, "%s/kith.conf", folder);
    FILE *f = fopen(path, "we");
    HOLDS(f && fclose(f) == 0, "cannot make %s", path);
    HOLDS_OK(company_create(&program, folder, &problems, &e), e);
    HOLDS_OK(company_open(&served, &program, folder, &problems, &e), e);
    settings_problems_free(&problems);
}

static void begin(void) {
    if (thread)
        return;
    HOLDS(mkdtemp(folder), "cannot make %s", folder);
    open_company();
    HOLDS(pipe(signals) == 0, "no pipe");
    HOLDS(pthread_create(&thread, NULL, serve_main, NULL) == 0, "no thread");
    close(connect_once());
    atexit(tidy);
}

/* The next frame of the input: what its length says, or all that is left, and then the end. After
 * "still there" the server goes on waiting: one more. */
static void send_next(int fd, struct input *in) {
    bool again = true;
    while (again) {
        size_t left = (size_t)(in->end - in->p), len = left;
        if (left >= 5) {
            size_t says = 5 + (size_t)wire_u32_of((const char *)in->p + 1);
            len = says < left ? says : left;
        }
        send(fd, in->p, len, MSG_NOSIGNAL); /* a server that is gone is seen by the one who reads */
        again = left > len && *in->p == FRAME_ALIVE;
        in->p += len;
    }
    if (in->p == in->end)
        shutdown(fd, SHUT_WR);
}

static bool asks(uint8_t type) {
    return type == FRAME_OPEN || type == FRAME_READ || type == FRAME_PUT || type == FRAME_CLOSE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct input in = {data, data + size};
    struct wire w;
    uint8_t type = 0;
    kith_str payload;
    begin();
    wire_open(&w, connect_once(), 10000);
    send_next(w.fd, &in);
    send_next(w.fd, &in);
    kith_error e = KITH_ERROR_INIT;
    kith_status st;
    while ((st = wire_recv(&w, 20000, &type, &payload, &e)) == KITH_OK || st == KITH_E_LIMIT) {
        if (st == KITH_E_LIMIT) /* a signal of libFuzzer's clock; it also bounds the whole */
            continue;
        HOLDS(type && strchr("HN12PEOGWC", type), "frame %d", type);
        if (asks(type))
            send_next(w.fd, &in);
    }
    HOLDS(st == KITH_E_IO, "%s", e.message); /* the server closes in any case */
    wire_close(&w);
    return 0;
}
