/* SPDX-License-Identifier: Apache-2.0 */
/* The client's side of the socket: the bytes are what a server sends. It may make the client touch
 * only the files that were named on the command line, and print; then the client ends. */
#include "cli/cli.h"
#include "cli/wire.h"
#include "fuzz/fuzz.h"
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

static bool file_open; /* the one that the fake io below knows */

static bool fake_write(struct io *io, int stream, kith_str data) {
    (void)io;
    HOLDS(stream == IO_OUT || stream == IO_ERR, "stream %d", stream);
    HOLDS(data.len <= WIRE_MAX, "%" PRIu64 " bytes", data.len);
    return true;
}

static void fake_progress(struct io *io, const char *line) {
    (void)io;
    HOLDS(strlen(line) < 4096, "a long line");
}

static kith_status fake_open(struct io *io, const char *path, enum io_open how, int *file,
                             kith_error *e) {
    (void)io, (void)how;
    HOLDS(strcmp(path, "in.csv") == 0 || strcmp(path, "rejects.csv") == 0 ||
              strcmp(path, "--rejects=rejects.csv") == 0 || strcmp(path, "import") == 0 ||
              strcmp(path, "contact") == 0,
          "'%s' was not named", path);
    if (file_open)
        return err_set(e, KITH_E_LIMIT, NULL, "one file only");
    file_open = true;
    *file = 1;
    return KITH_OK;
}

static kith_status no_file(int file, kith_error *e) {
    return file == 1 && file_open ? KITH_OK : err_set(e, KITH_E_INVAL, NULL, "no such file");
}

static kith_status fake_read(struct io *io, int file, char *dst, size_t cap, size_t *got,
                             kith_error *e) {
    (void)io;
    TRY(no_file(file, e));
    *got = cap < 100 ? cap : 100;
    memset(dst, 'x', *got);
    return KITH_OK;
}

static kith_status fake_put(struct io *io, int file, kith_str data, kith_error *e) {
    (void)io, (void)data;
    return no_file(file, e);
}

static kith_status fake_close(struct io *io, int file, bool keep, kith_error *e) {
    (void)io, (void)keep;
    TRY(no_file(file, e));
    file_open = false;
    return KITH_OK;
}

static bool never_interrupted(struct io *io) {
    (void)io;
    return false;
}

static const struct io_ops fake_ops = {
    .write = fake_write,
    .progress = fake_progress,
    .open = fake_open,
    .read = fake_read,
    .put = fake_put,
    .close = fake_close,
    .interrupted = never_interrupted,
};

/* Takes what the client sends, so that it never waits. */
static void *swallow(void *arg) {
    char bytes[4096];
    while (read(*(int *)arg, bytes, sizeof bytes) > 0)
        ;
    return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char *const argv[] = {"kith", "import", "contact", "in.csv", "--rejects=rejects.csv"};
    struct io io = {.ops = &fake_ops, .actor = "cli:fuzz"};
    pthread_t thread;
    int fd[2];
    if (size > 60000) /* the socket takes that much without a reader */
        return 0;
    HOLDS(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0, "no socket");
    HOLDS(send(fd[1], data, size, 0) == (ssize_t)size, "the bytes do not fit");
    shutdown(fd[1], SHUT_WR);
    HOLDS(pthread_create(&thread, NULL, swallow, &fd[1]) == 0, "no thread");
    int code = client_run(&io, fd[0], 5, argv);
    HOLDS(code >= 0 && code <= 255, "exit code %d", code);
    pthread_join(thread, NULL);
    close(fd[1]);
    buf_free(&io.out);
    file_open = false;
    return 0;
}
