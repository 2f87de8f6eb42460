/* SPDX-License-Identifier: Apache-2.0 */
/* Io of this process: its standard streams, its files, its Ctrl-C or SIGTERM. */
#include "base/file.h"
#include "cli/cli_io.h"
#include "cli/folder.h"
#include "cli/own_files.h"
#include "cli/signals.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRITE_BACK (8u << 20) /* bytes that are written before they are sent to the disk */

/* A signal handler has no other place for its word. */
static volatile sig_atomic_t interrupts, ended;

static void on_interrupt(int signal_number) {
    ended |= signal_number == SIGTERM;
    if (++interrupts > 2) /* whoever insists is obeyed: the journal stands a kill */
        _exit(130);
}

static struct io_local *local_of(struct io *io) {
    return (struct io_local *)(void *)io;
}

static void local_progress(struct io *io, const char *line) {
    struct io_local *l = local_of(io);
    if (!l->tty_err || (!line[0] && !l->line_shown))
        return;
    struct buf b = {0};
    buf_puts(&b, "\r\033[K");
    text_plain(&b, str_of(line));
    write_all(STDERR_FILENO, buf_view(&b));
    buf_free(&b);
    l->line_shown = line[0] != '\0';
}

static bool local_write(struct io *io, int stream, kith_str data) {
    local_progress(io, "");
    if (write_all(stream == IO_OUT ? local_of(io)->out : STDERR_FILENO, data))
        return true;
    if (stream == IO_OUT && errno != EPIPE) {
        char text[128];
        int n = snprintf(text, sizeof text, "kith: the output cannot be written: %s\n",
                         strerror(errno));
        write_all(STDERR_FILENO, (kith_str){text, (uint64_t)n});
        io->lost = true;
    }
    return false;
}

bool io_local_calm(struct io *io) {
    (void)io;
    bool was = interrupts > 0 && !ended;
    if (was)
        interrupts = 0;
    return was;
}

static bool local_interrupted(struct io *io) {
    (void)io;
    return interrupts > 0;
}

/* -- files ------------------------------------------------------------------------------------- */

static void slot_free(struct io_slot *s) {
    free(s->path);
    free(s->part);
    *s = (struct io_slot){.fd = -1};
}

/* What an earlier command left behind when it was killed is taken over, but not when it is
 * something else or somebody else's. */
static kith_status open_part(struct io_slot *s, mode_t mode, kith_error *e) {
    const int how = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    struct stat now;
    s->fd = open(s->part, how | O_CREAT | O_EXCL, mode);
    if (s->fd >= 0 || errno != EEXIST)
        return s->fd >= 0 ? KITH_OK : err_errno(e, "write", s->path);
    s->fd = open(s->part, how);
    if (s->fd >= 0 && fstat(s->fd, &now) == 0 && S_ISREG(now.st_mode) && now.st_nlink <= 1 &&
        now.st_uid == geteuid() && fchmod(s->fd, now.st_mode & mode) == 0)
        return KITH_OK;
    return err_set(e, KITH_E_REFUSED, NULL, "'%s' is in the way: remove it", s->part);
}

/* Of two commands that write the same file at the same time the second is refused: their bytes
 * would mix. Where files cannot be locked nobody is. */
static kith_status own_part(struct io_slot *s, kith_error *e) {
    struct stat held, named;
    bool locked = flock(s->fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
    bool still = fstat(s->fd, &held) == 0 && lstat(s->part, &named) == 0 &&
                 held.st_dev == named.st_dev && held.st_ino == named.st_ino;
    if (!locked || !still)
        return err_set(e, KITH_E_BUSY, NULL, "another command is writing '%s'", s->path);
    return ftruncate(s->fd, 0) == 0 ? KITH_OK : err_errno(e, "write", s->path);
}

static kith_status is_folder(const char *path, kith_error *e) {
    return err_set(e, KITH_E_INVAL, NULL, "'%s' is a folder, not a file", path);
}

static kith_status is_there(const char *path, kith_error *e) {
    return err_set(e, KITH_E_CONFLICT, NULL, "'%s' is there already: name another file", path);
}

/* What is there has an answer before there is much to do; a new file looks once more when it gets
 * its name. */
static kith_status check_place(const struct io_slot *s, const char *path, kith_error *e) {
    struct stat now;
    if (lstat(path, &now) != 0)
        return KITH_OK;
    return s->fresh ? is_there(path, e) : own_file_check_content(path, e);
}

/* A regular file is written beside its place and moved there when it is whole; a pipe or a device
 * is written directly. */
static kith_status create_file(struct io_slot *s, const char *path, kith_error *e) {
    struct stat now;
    bool there = stat(path, &now) == 0;
    if (there && S_ISDIR(now.st_mode))
        return is_folder(path, e);
    TRY(own_file_check(path, e));
    if (there && !S_ISREG(now.st_mode)) {
        s->fd = open(path, O_WRONLY | O_CLOEXEC);
        return s->fd < 0 ? err_errno(e, "write", path) : KITH_OK;
    }
    TRY(check_place(s, path, e));
    if (asprintf(&s->part, "%s.part", path) < 0)
        return err_nomem(e);
    s->path = strdup(path);
    if (!s->path)
        return err_nomem(e);
    TRY(open_part(s, there ? now.st_mode & 0777 : 0600, e));
    return own_part(s, e);
}

static kith_status open_file(struct io_slot *s, const char *path, kith_error *e) {
    struct stat now;
    s->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (s->fd < 0)
        return err_errno(e, "open", path);
    if (fstat(s->fd, &now) == 0 && S_ISDIR(now.st_mode))
        return is_folder(path, e);
    return KITH_OK;
}

static kith_status local_open_file(struct io *io, const char *path, enum io_open how, int *file,
                                   kith_error *e) {
    struct io_local *l = local_of(io);
    int i = 0;
    while (i < IO_FILES && l->files[i].fd >= 0)
        i++;
    if (i == IO_FILES)
        return err_set(e, KITH_E_LIMIT, NULL, "more than %d files are open", IO_FILES);
    struct io_slot *s = &l->files[i];
    s->own = strcmp(path, "-") != 0;
    s->fresh = how == IO_NEW;
    kith_status st = KITH_OK;
    if (!s->own)
        s->fd = how == IO_READ ? STDIN_FILENO : local_of(io)->out;
    else if (how == IO_READ)
        st = open_file(s, path, e);
    else
        st = create_file(s, path, e);
    if (st != KITH_OK) {
        if (s->own && s->fd >= 0)
            close(s->fd);
        slot_free(s);
    }
    *file = i;
    return st;
}

static struct io_slot *slot_of(struct io *io, int file) {
    struct io_local *l = local_of(io);
    return file >= 0 && file < IO_FILES && l->files[file].fd >= 0 ? &l->files[file] : NULL;
}

static kith_status no_such_file(kith_error *e) {
    return err_set(e, KITH_E_INVAL, NULL, "that file is not open");
}

/* Until there is something to read, or a signal came: also one that comes just before the wait. */
static void wait_readable(int fd) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    sigset_t held, before;
    signals_of_command(&held);
    pthread_sigmask(SIG_BLOCK, &held, &before);
    if (interrupts == 0)
        ppoll(&p, 1, NULL, &before);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static kith_status local_read(struct io *io, int file, char *dst, size_t cap, size_t *got,
                              kith_error *e) {
    struct io_slot *s = slot_of(io, file);
    if (!s)
        return no_such_file(e);
    for (;;) {
        wait_readable(s->fd);
        TRY(io_check(io, e));
        ssize_t n = read(s->fd, dst, cap);
        if (n >= 0) {
            *got = (size_t)n;
            return KITH_OK;
        }
        if (errno != EINTR)
            return err_errno(e, "read", "the input");
    }
}

static kith_status local_put(struct io *io, int file, kith_str data, kith_error *e) {
    struct io_slot *s = slot_of(io, file);
    if (!s)
        return no_such_file(e);
    if (write_all(s->fd, data)) {
        s->written += data.len;
        if (s->part && s->written >= WRITE_BACK) { /* or a sync elsewhere waits for all of it */
            fdatasync(s->fd);
            s->written = 0;
        }
        return KITH_OK;
    }
    if (errno == EPIPE && !s->own)
        io->deaf = true; /* as behind `| head`: no word about it */
    return err_errno(e, "write", s->path ? s->path : "the output");
}

/* A name that is not on the disk is none after a power cut. Not every file system can sync a
 * folder, and those that cannot need it not. */
static void sync_folder_of(const char *path) {
    char *folder = strdup(path), *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash)
        slash[slash == folder] = '\0';
    if (folder)
        folder_sync(slash ? folder : ".");
    free(folder);
}

static bool name_file(const struct io_slot *s) {
    return s->fresh ? file_name_new(s->part, s->path) : rename(s->part, s->path) == 0;
}

static kith_status finish_file(const struct io_slot *s, bool keep, kith_error *e) {
    if (!keep) {
        unlink(s->part);
        return KITH_OK;
    }
    if (fsync(s->fd) != 0 || !name_file(s)) {
        kith_status st =
            s->fresh && errno == EEXIST ? is_there(s->path, e) : err_errno(e, "write", s->path);
        unlink(s->part);
        return st;
    }
    sync_folder_of(s->path);
    return KITH_OK;
}

static kith_status local_close(struct io *io, int file, bool keep, kith_error *e) {
    struct io_slot *s = slot_of(io, file);
    if (!s)
        return no_such_file(e);
    kith_status st = s->part ? finish_file(s, keep, e) : KITH_OK;
    if (s->own)
        close(s->fd);
    slot_free(s);
    return st;
}

static const struct io_ops local_ops = {
    .write = local_write,
    .progress = local_progress,
    .open = local_open_file,
    .read = local_read,
    .put = local_put,
    .close = local_close,
    .interrupted = local_interrupted,
};

/* -- files alone ------------------------------------------------------------------------------- */

static bool unheard(struct io *io, int stream, kith_str data) {
    (void)io, (void)stream, (void)data;
    return true;
}

static void unseen(struct io *io, const char *line) {
    (void)io, (void)line;
}

static bool never(struct io *io) {
    (void)io;
    return false;
}

static kith_status read_now(struct io *io, int file, char *dst, size_t cap, size_t *got,
                            kith_error *e) {
    const struct io_slot *s = slot_of(io, file);
    ssize_t n = s ? read(s->fd, dst, cap) : -1;
    *got = n > 0 ? (size_t)n : 0;
    return n >= 0 ? KITH_OK : s ? err_errno(e, "read", "the file") : no_such_file(e);
}

static const struct io_ops file_ops = {
    .write = unheard,
    .progress = unseen,
    .open = local_open_file,
    .read = read_now,
    .put = local_put,
    .close = local_close,
    .interrupted = never,
};

void io_files_open(struct io_local *l) {
    *l = (struct io_local){.io.ops = &file_ops, .out = -1};
    for (int i = 0; i < IO_FILES; i++)
        l->files[i].fd = -1;
}

/* -- life -------------------------------------------------------------------------------------- */

/* Who sits there: behind sudo the person, not root. */
static void find_actor(struct io *io) {
    const char *sudo = getuid() == 0 ? getenv("SUDO_USER") : NULL;
    const struct passwd *p = sudo && sudo[0] ? NULL : getpwuid(getuid());
    if (sudo && sudo[0])
        snprintf(io->actor, sizeof io->actor, "cli:%s", sudo);
    else if (p)
        snprintf(io->actor, sizeof io->actor, "cli:%s", p->pw_name);
    else
        snprintf(io->actor, sizeof io->actor, "cli:%u", (unsigned)getuid());
}

static uint32_t terminal_columns(void) {
    struct winsize size;
    if (!isatty(STDOUT_FILENO))
        return 0;
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20;
    return known ? size.ws_col : 80;
}

/* The program writes through a descriptor of its own: what a module prints comes with the errors,
 * and not into the midst of what another program reads. */
static int own_output(void) {
    int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (out < 0)
        return STDOUT_FILENO;
    dup2(STDERR_FILENO, STDOUT_FILENO);
    return out;
}

void io_local_open(struct io_local *l) {
    *l = (struct io_local){.io.ops = &local_ops, .tty_err = isatty(STDERR_FILENO)};
    for (int i = 0; i < IO_FILES; i++)
        l->files[i].fd = -1;
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    l->io.columns = terminal_columns();
    l->io.color =
        l->io.columns > 0 && !(no_color && no_color[0]) && term && strcmp(term, "dumb") != 0;
    l->out = own_output();
    l->io.folder = l->folder = getcwd(NULL, 0);
    find_actor(&l->io);
    struct sigaction sa = {.sa_handler = on_interrupt}; /* no SA_RESTART: a waiting read ends */
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL); /* a file that may grow no more is a disk that is full */
}

void io_local_close(struct io_local *l) {
    io_flush(&l->io);
    local_progress(&l->io, "");
    for (int i = 0; i < IO_FILES; i++) {
        if (l->files[i].fd >= 0)
            local_close(&l->io, i, false, NULL);
    }
    buf_free(&l->io.out);
    free(l->folder);
    l->io.folder = l->folder = NULL;
}
