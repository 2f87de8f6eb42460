/* SPDX-License-Identifier: Apache-2.0 */
/* What a module's crash leaves behind: a line that names it and what it was doing, on stderr and in
 * a file of the company. The process ends as it would have; only what a signal handler may do is
 * done. A module that crashed twice within ten minutes is kept out when the company is opened,
 * until somebody says that it may come back. */
#include "base/date.h"
#include "base/file.h"
#include "base/number.h"
#include "plugin/internal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WITHIN_S  600
#define FILE_MAX  (256 * 1024) /* bytes; then no more is noted */
#define STACK_MIN 16384

/* -- in the handler ---------------------------------------------------------------------------- */

struct line {
    char text[512];
    size_t len;
};

static void put(struct line *l, const char *text) {
    for (; *text && l->len < sizeof l->text; text++)
        l->text[l->len++] = *text;
}

static void put_number(struct line *l, int64_t n) {
    char digits[24];
    size_t i = sizeof digits - 1;
    digits[i] = '\0';
    do
        digits[--i] = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    put(l, digits + i);
}

static void put_callback(struct line *l, const struct plugin_context *c) {
    put(l, c->callback);
    put(l, *c->event ? " for " : "");
    put(l, c->event);
}

/* In create(), start() and the like it would do so again with the next command. */
static void put_remedy(struct line *l, const struct frame *f) {
    if (f->phase == PHASE_RUN) {
        put(l, "; nothing of the transaction is kept\n");
        return;
    }
    put(l, "; 'kith module disable ");
    put(l, f->context.module);
    put(l, "' takes it out\n");
}

static void write_line(int fd, const struct line *l) {
    ssize_t n = write(fd, l->text, l->len);
    (void)n;
}

/* "1796036700 sales hook score for lead" */
static void note(const char *path, const struct plugin_context *c) {
    struct line l = {.len = 0};
    struct stat st;
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size > FILE_MAX)
        return;
    put_number(&l, (int64_t)time(NULL));
    put(&l, " ");
    put(&l, c->module);
    put(&l, " ");
    put_callback(&l, c);
    put(&l, "\n");
    write_line(fd, &l);
    fsync(fd);
}

static void on_crash(int sig) {
    const struct frame *f = frame_top();
    struct line l = {.len = 0};
    if (f) {
        put(&l, "kith: the module '");
        put(&l, f->context.module);
        put(&l, "' crashed: ");
        put_callback(&l, &f->context);
        put_remedy(&l, f);
        write_line(STDERR_FILENO, &l);
        if (f->plugin->set->crashes)
            note(f->plugin->set->crashes, &f->context);
    }
    raise(sig); /* the handler is gone */
}

/* -- before ------------------------------------------------------------------------------------ */

static bool handled;

/* A module that calls exit() takes everything with it, as one that aborts does, and with a code
 * that says all is well. */
static void on_exit_inside(void) {
    if (frame_top())
        abort();
}

void plugin_name_crashes(void) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    struct sigaction name = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND | SA_ONSTACK},
                     before;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
            handled |= sigaction(signals[i], &name, NULL) == 0; /* a sanitizer has its own */
    (void)atexit(on_exit_inside); /* without it such an exit is not told */
}

void crash_stack(void) {
    static _Thread_local char room[STACK_MIN];
    stack_t old, own = {.ss_sp = room, .ss_size = sizeof room};
    if (handled && sigaltstack(NULL, &old) == 0 && (old.ss_flags & SS_DISABLE))
        sigaltstack(&own, NULL);
}

/* -- afterwards -------------------------------------------------------------------------------- */

struct crash {
    int64_t at; /* s */
    kith_str module, callback;
};

/* False: it was not noted here. */
static bool read_crash(kith_str line, struct crash *out) {
    kith_str at;
    if (!str_split(&line, ' ', &at) || !str_split(&line, ' ', &out->module))
        return false;
    out->callback = line;
    return int_parse(at, &out->at);
}

/* Empty when there is no file. */
static kith_status read_crashes(const char *path, struct buf *out, kith_error *e) {
    if (access(path, F_OK) != 0)
        return KITH_OK;
    return file_read(path, 2 * FILE_MAX, out, e);
}

void crash_read(const char *path, struct buf *notes) {
    kith_error why = KITH_ERROR_INIT;
    if (path && read_crashes(path, notes, &why) != KITH_OK) /* no reason to keep anybody out */
        log_warn("plugin", "%s", why.message);
}

kith_status crash_check(kith_str notes, const char *module, kith_error *e) {
    struct crash c, last = {0};
    char when[TIME_TEXT];
    kith_str line;
    bool out = false;
    while (str_split(&notes, '\n', &line))
        if (read_crash(line, &c) && str_eqz(c.module, module)) {
            out |= last.at && c.at - last.at <= WITHIN_S;
            last = c;
        }
    if (!out)
        return KITH_OK;
    time_format(last.at * 1000, when);
    return err_set(e, KITH_E_REFUSED, NULL,
                   "it crashed twice within ten minutes, the last time at %.19sZ in %.*s, and is "
                   "kept out: 'kith module resume %s' lets it run again",
                   when, (int)last.callback.len, last.callback.ptr, module);
}

kith_status plugins_resume(const char *path, const char *module, kith_error *e) {
    struct buf text = {0}, rest_of = {0};
    struct crash c;
    kith_str line;
    kith_status st = read_crashes(path, &text, e);
    bool found = false;
    for (kith_str rest = buf_view(&text); st == KITH_OK && str_split(&rest, '\n', &line);)
        if (read_crash(line, &c) && str_eqz(c.module, module))
            found = true;
        else
            buf_printf(&rest_of, "%.*s\n", (int)line.len, line.ptr);
    if (st == KITH_OK && !found)
        st = err_set(e, KITH_E_NOTFOUND, NULL, "no crash of a module '%s' is known", module);
    else if (st == KITH_OK)
        st = rest_of.failed ? err_nomem(e) : file_replace(path, buf_view(&rest_of), 0600, e);
    buf_free(&rest_of);
    buf_free(&text);
    return st;
}
