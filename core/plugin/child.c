/* SPDX-License-Identifier: Apache-2.0 */
/* The child process in which a module's code runs for the first time. It may crash, hang, print,
 * fill the memory or start processes of its own: the parent waits only so long, reads only so much,
 * and ends them all. What comes back is checked like any input. */
#include "base/file.h"
#include "base/log.h"
#include "plugin/internal.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_MS   5000
#define MS         INT64_C(1000000) /* clock_ticks() counts nanoseconds */
#define CPU_S      4
#define MEMORY_MAX (UINT64_C(4) << 30) /* bytes of address space */
#define FILES_MAX  64
#define ANSWER_MAX (8u << 20) /* bytes */

/* What the child sends; the text that was printed follows. */
struct answer {
    uint64_t mark; /* of this question: text that the code prints is no answer */
    struct findings findings;
};

/* -- the child --------------------------------------------------------------------------------- */

/* A sanitizer reserves terabytes of address space. */
bool child_limits_memory(void) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return false;
#endif
#endif
    return true;
}

static void limit(enum __rlimit_resource what, rlim_t most) {
    struct rlimit now;
    if (getrlimit(what, &now) == 0 && (now.rlim_max == RLIM_INFINITY || now.rlim_max > most))
        setrlimit(what, &(struct rlimit){most, most});
}

/* No input or output but the pipe, which becomes number 3. */
static int shut_in(int fd) {
    int null = open("/dev/null", O_RDWR);
    for (int i = 0; i < 3; i++)
        dup2(null, i);
    if (dup2(fd, 3) != 3)
        _exit(1);
    (void)close_range(4, ~0u, 0); /* an old kernel cannot: then they stay open */
    limit(RLIMIT_CPU, CPU_S);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_NOFILE, FILES_MAX);
    if (child_limits_memory())
        limit(RLIMIT_AS, MEMORY_MAX);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    return 3;
}

static void look(const struct binary *b, const char *path, child_print print, bool json,
                 struct findings *f, struct buf *out) {
    struct arena arena = {0};
    const kith_plugin_desc *desc;
    kith_plugin_desc copy;
    kith_error why = KITH_ERROR_INIT;
    checks_load(b, path, f);
    kith_status st = binary_open(path, &desc, &why);
    if (st == KITH_OK)
        st = declare_copy(desc, NULL, &arena, &copy, &why);
    findings_set(f, CHECK_DECLARATION, st, &why);
    if (print)
        print(st == KITH_OK ? &copy : NULL, f, json, out);
    arena_free(&arena);
}

static _Noreturn void child(int fd, uint64_t mark, const struct binary *b, const char *path,
                            child_print print, bool json, const struct findings *before) {
    struct buf out = {0};
    struct answer a = {.mark = mark, .findings = *before};
    log_mute(); /* its lock may be held by a thread that is not here, its file is closed below */
    fd = shut_in(fd);
    look(b, path, print, json, &a.findings, &out);
    bool sent =
        write_all(fd, (kith_str){(const char *)&a, sizeof a}) && write_all(fd, buf_view(&out));
    _exit(sent ? 0 : 1); /* no destructor of the plugin runs */
}

/* -- the parent -------------------------------------------------------------------------------- */

enum ending { ENDED, TOO_SLOW, TOO_MUCH };

/* Reads until the other end is closed, the time is over or it is too much. */
static enum ending receive(int fd, struct buf *in) {
    char part[4096];
    int64_t end = clock_in(LIMIT_MS);
    for (;;) {
        int64_t left = (end - clock_ticks()) / MS;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (left <= 0)
            return TOO_SLOW;
        if (poll(&p, 1, (int)left) <= 0)
            continue;
        ssize_t n = read(fd, part, sizeof part);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ENDED;
        buf_add(in, part, (size_t)n);
        if (in->len > ANSWER_MAX)
            return TOO_MUCH;
    }
}

static kith_status no_answer(enum ending ending, int wait_status, kith_error *e) {
    static const char asked[] = "while it was asked what it declares";
    if (ending == TOO_SLOW)
        return err_set(e, KITH_E_INVAL, NULL, "its code did not answer within %d s %s",
                       LIMIT_MS / 1000, asked);
    if (ending == TOO_MUCH)
        return err_set(e, KITH_E_INVAL, NULL, "it declares more than %u MiB", ANSWER_MAX >> 20);
    if (WIFSIGNALED(wait_status))
        return err_set(e, KITH_E_INVAL, NULL, "its code ended with signal %d (%s) %s",
                       WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)), asked);
    return err_set(e, KITH_E_INVAL, NULL, "its code ended the process with exit code %d %s",
                   WEXITSTATUS(wait_status), asked);
}

/* The code ran in the child and could have written anything: only findings of the child's own
 * checks are taken, and their texts end. */
static void take_findings(struct findings *f, struct findings *from) {
    for (int i = CHECK_COMPLETE; i < CHECKS; i++) {
        kith_error *why = &from->items[i];
        why->struct_size = sizeof *why;
        why->field[sizeof why->field - 1] = why->message[sizeof why->message - 1] = '\0';
        if (from->looked[i])
            findings_set(f, (enum check)i, why->code < 0 ? why->code : KITH_OK, why);
    }
}

static void take_answer(enum ending ending, int wait_status, uint64_t mark, const struct buf *in,
                        struct findings *f, struct buf *out) {
    struct answer a;
    kith_error why = KITH_ERROR_INIT;
    if (in->len >= sizeof a)
        memcpy(&a, in->ptr, sizeof a);
    if (ending != ENDED || in->len < sizeof a || a.mark != mark) {
        (void)no_answer(ending, wait_status, &why);
        findings_set(f, CHECK_DECLARATION, why.code, &why);
        return;
    }
    take_findings(f, &a.findings);
    buf_add(out, in->ptr + sizeof a, in->len - sizeof a);
}

/* Ends the child and what it started. One that was on its way out keeps its own reason. */
static int reap(pid_t pid) {
    int wait_status = 0;
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL);
    while (waitpid(pid, &wait_status, 0) < 0 && errno == EINTR)
        ;
    return wait_status;
}

kith_status child_ask(const struct binary *b, const char *path, child_print print, bool json,
                      struct findings *f, struct buf *out, kith_error *e) {
    int ends[2];
    struct buf in = {0};
    uint64_t mark = (uint64_t)clock_ticks() * 0x9E3779B97F4A7C15u ^ (uint64_t)getpid();
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_errno(e, "make", "a pipe");
    pid_t pid = fork();
    if (pid == 0)
        child(ends[1], mark, b, path, print, json, f);
    close(ends[1]);
    kith_status st = pid < 0 ? err_errno(e, "start", "a process") : KITH_OK;
    if (pid > 0) {
        enum ending ending = receive(ends[0], &in);
        take_answer(ending, reap(pid), mark, &in, f, out);
    }
    close(ends[0]);
    if (st == KITH_OK && (in.failed || out->failed))
        st = err_nomem(e);
    buf_free(&in);
    return st;
}
