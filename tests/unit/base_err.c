/* SPDX-License-Identifier: Apache-2.0 */
/* Errors and the log. */
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

TEST("an error carries code, field and sentence, and is its own status") {
    kith_error e = KITH_ERROR_INIT;
    EXPECT_INT(KITH_E_INVAL, err_set(&e, KITH_E_INVAL, "email", "'%s' is no address", "a@"));
    EXPECT_INT(KITH_E_INVAL, e.code);
    EXPECT_STR("email", e.field);
    EXPECT_STR("'a@' is no address", e.message);
    err_clear(&e);
    EXPECT_INT(KITH_OK, e.code);
    EXPECT_STR("", e.field);
    EXPECT_STR("", e.message);
}

TEST("without an error struct the status still comes back") {
    EXPECT_INT(KITH_E_BUSY, err_set(NULL, KITH_E_BUSY, NULL, "busy"));
    EXPECT_INT(KITH_E_NOMEM, err_nomem(NULL));
    EXPECT_INT(KITH_E_INTERNAL, err_prefix(NULL, "x"));
    err_clear(NULL);
    err_copy(NULL, NULL);
}

TEST("a message that is too long is cut between characters") {
    kith_error e = KITH_ERROR_INIT;
    char text[1001];
    for (int i = 0; i < 500; i++)
        memcpy(text + 2 * i, "\xC3\xA9", 2);
    text[1000] = '\0';
    err_set(&e, KITH_E_INVAL, text, "%s", text);
    EXPECT_INT(446, strlen(e.message));
    EXPECT_INT(54, strlen(e.field));
    err_set(&e, KITH_E_INVAL, NULL, "x%s", text);
    EXPECT_INT(447, strlen(e.message));
    err_prefix(&e, "a.lua:3: ");
    EXPECT_INT(446, strlen(e.message));
    EXPECT(memcmp(e.message, "a.lua:3: x", 10) == 0);
}

TEST("a message is one line that cannot drive a terminal") {
    kith_error e = KITH_ERROR_INIT;
    err_set(&e, KITH_E_INVAL, "a\nb", "one\ntwo\x1b[2J\x7f");
    EXPECT_STR("one two [2J ", e.message);
    EXPECT_STR("a b", e.field);
}

TEST("an error may be made from its own text") {
    kith_error e = KITH_ERROR_INIT;
    err_set(&e, KITH_E_INVAL, "size", "too large");
    err_set(&e, KITH_E_REFUSED, e.field, "row 7: %s", e.message);
    EXPECT_STR("row 7: too large", e.message);
    EXPECT_STR("size", e.field);
    EXPECT_INT(KITH_E_REFUSED, err_prefix(&e, "%s, ", e.field));
    EXPECT_STR("size, row 7: too large", e.message);
}

TEST("nothing is written past the struct that an older caller knows") {
    union {
        kith_error e;
        unsigned char bytes[sizeof(kith_error)];
    } old;
    for (uint32_t size = 0; size <= sizeof(kith_error); size++) {
        memset(&old, 0xEE, sizeof old);
        old.e.struct_size = size;
        err_set(&old.e, KITH_E_LIMIT, "field", "%0500d", 1);
        err_prefix(&old.e, "prefix: ");
        for (size_t i = size > 4 ? size : 4; i < sizeof old; i++)
            EXPECT_INT(0xEE, old.bytes[i]);
    }
    kith_error full = KITH_ERROR_INIT;
    memset(&old, 'x', sizeof old);
    old.e.struct_size = offsetof(kith_error, message);
    old.e.code = KITH_E_FULL;
    memcpy(old.e.field, "f", 2);
    err_copy(&full, &old.e);
    EXPECT_INT(KITH_E_FULL, full.code);
    EXPECT_STR("f", full.field);
    EXPECT_STR("", full.message);
    EXPECT_INT(sizeof full, full.struct_size);
}

TEST("errno becomes a class and a sentence with the path") {
    static const struct {
        int number;
        kith_status status;
    } rows[] = {{ENOENT, KITH_E_NOTFOUND}, {EACCES, KITH_E_DENIED}, {ENOSPC, KITH_E_FULL},
                {ENOMEM, KITH_E_NOMEM},    {EIO, KITH_E_IO},        {EISDIR, KITH_E_IO}};
    kith_error e = KITH_ERROR_INIT;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        errno = rows[i].number;
        EXPECT_INT(rows[i].status, err_errno(&e, "open", "/x/y"));
    }
    errno = ENOENT;
    err_errno(&e, "open", "/x/y");
    EXPECT_STR("cannot open '/x/y': No such file or directory", e.message);
}

TEST("every status has a name and an exit code, also one of a later version") {
    for (kith_status s = KITH_E_INTERNAL; s <= KITH_OK; s++) {
        EXPECT(status_name(s) && status_name(s)[0]);
        EXPECT((status_exit(s) == 0) == (s == KITH_OK));
    }
    EXPECT_STR("unknown error", status_name(-1000));
    EXPECT_STR("unknown error", status_name(1));
    EXPECT_INT(1, status_exit(-1000));
    EXPECT_INT(2, status_exit(KITH_E_INVAL));
    EXPECT_INT(3, status_exit(KITH_E_NOTFOUND));
    EXPECT_INT(4, status_exit(KITH_E_DENIED));
    EXPECT_INT(5, status_exit(KITH_E_IO));
    EXPECT_INT(6, status_exit(KITH_E_BUSY));
}

static kith_status twice(kith_status first, int *reached) {
    TRY(first);
    ++*reached;
    return KITH_OK;
}

TEST("TRY leaves at the first failure") {
    int reached = 0;
    EXPECT_INT(KITH_E_IO, twice(KITH_E_IO, &reached));
    EXPECT_INT(0, reached);
    EXPECT_INT(KITH_OK, twice(KITH_OK, &reached));
    EXPECT_INT(1, reached);
}

/* -- the log ----------------------------------------------------------------------------------- */

static char logged[8192];

/* What the log wrote since log_start(). */
static int pipe_ends[2];
static void log_start(enum log_level level) {
    EXPECT_INT(0, pipe(pipe_ends));
    log_setup(level, pipe_ends[1]);
}
static const char *log_text(void) {
    log_setup(LOG_INFO, -1);
    close(pipe_ends[1]);
    ssize_t n = read(pipe_ends[0], logged, sizeof logged - 1);
    logged[n > 0 ? n : 0] = '\0';
    close(pipe_ends[0]);
    return logged;
}

TEST("a log line has time, level, room and text, and leaves errno alone") {
    log_start(LOG_WARN);
    errno = ERANGE;
    log_warn("engine", "queue is %d%% full", 90);
    EXPECT_INT(ERANGE, errno);
    const char *line = log_text();
    int year;
    char zone, end;
    EXPECT_INT(2, sscanf(line, "%d-%*2d-%*2dT%*2d:%*2d:%*2d%c", &year, &zone));
    EXPECT(year >= 2024 && zone == 'Z');
    EXPECT_STR(" warn  engine: queue is 90% full\n", line + 20);
    EXPECT_INT(1, sscanf(line + strlen(line) - 1, "%c", &end));
}

TEST("levels below the limit are silent") {
    log_start(LOG_WARN);
    log_info("engine", "quiet");
    log_debug("engine", "quiet");
    log_error("engine", "loud");
    EXPECT_HAS("error engine: loud\n", log_text());
    EXPECT(!strstr(logged, "quiet"));
}

TEST("text in the log cannot forge a line or drive a terminal") {
    log_start(LOG_INFO);
    log_info("rule", "%s", "a\n2026-01-01T00:00:00Z error engine: b\x1b[31m\r");
    EXPECT_HAS(" info  rule: a 2026-01-01T00:00:00Z error engine: b [31m \n", log_text());
    EXPECT(strchr(logged, '\n') == strrchr(logged, '\n'));
}

TEST("a line that is too long is cut and says so") {
    log_start(LOG_INFO);
    log_info("rule", "%06000d", 1);
    EXPECT_HAS("000...\n", log_text());
    EXPECT_INT(4096, strlen(logged));
}

/* -- a log that nobody reads ------------------------------------------------------------------- */

#define DROPPED 500

static void *log_much(void *done) {
    for (int i = 0; i < DROPPED; i++)
        log_info("rule", "%0500d", i);
    atomic_store((atomic_bool *)done, true);
    return NULL;
}

/* Reads what is in the pipe, and waits for nothing. */
static void drain(void) {
    fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK);
    while (read(pipe_ends[0], logged, sizeof logged) > 0)
        ;
}

TEST("a pipe that nobody reads holds no thread, and the lost lines are counted") {
    pthread_t thread;
    atomic_bool done = false;
    unsigned lost = 0;
    struct timespec limit;
    log_start(LOG_INFO);
    EXPECT_INT(16384, fcntl(pipe_ends[1], F_SETPIPE_SZ, 16384));
    EXPECT_INT(0, pthread_create(&thread, NULL, log_much, &done));
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 60;
    bool ended = pthread_timedjoin_np(thread, NULL, &limit) == 0;
    drain();
    if (!ended) {
        close(pipe_ends[0]);
        TEST_FAIL("the thread that logs waits for who reads the log");
    }
    EXPECT(done);
    log_info("rule", "again");
    log_info("rule", "and again");
    const char *text = strstr(log_text(), "warn  log: ");
    EXPECT(text != NULL);
    EXPECT_INT(1, sscanf(text, "warn  log: %u lines were lost", &lost));
    EXPECT(lost > DROPPED - 60 && lost < DROPPED);
    EXPECT_HAS("again\n", text);
    EXPECT(!strstr(strchr(text, '\n'), "lost"));
}

static atomic_bool enough;
static void *log_on(void *arg) {
    while (!atomic_load(&enough))
        log_info("rule", "%02000d", 1);
    return arg;
}

TEST("a child that is muted takes no lock of the log") {
    pthread_t thread;
    int alive = 0, wait_status = 0;
    log_start(LOG_INFO);
    EXPECT_INT(0, pthread_create(&thread, NULL, log_on, NULL));
    for (int i = 0; i < 50 && wait_status == 0; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            alarm(20);
            log_mute();
            log_error("rule", "from the child");
            _exit(0);
        }
        EXPECT(pid > 0 && waitpid(pid, &wait_status, 0) == pid);
        alive += wait_status == 0;
    }
    atomic_store(&enough, true);
    EXPECT_INT(0, pthread_join(thread, NULL));
    log_text();
    EXPECT_INT(50, alive);
}

TEST("levels are known by name") {
    EXPECT_INT(LOG_ERROR, log_level_of("error"));
    EXPECT_INT(LOG_DEBUG, log_level_of("debug"));
    EXPECT_INT(-1, log_level_of("loud"));
    EXPECT_INT(-1, log_level_of(NULL));
}

/* -- the log, configured ----------------------------------------------------------------------- */

static char log_file[64];

static kith_status to_file(struct log_options o) {
    strcpy(log_file, "/tmp/kith-log-XXXXXX");
    int fd = mkstemp(log_file);
    EXPECT(fd >= 0);
    close(fd);
    o.file = log_file;
    return log_configure(&o, NULL);
}
static const char *file_text(void) {
    log_setup(LOG_INFO, -1);
    FILE *f = fopen(log_file, "r");
    size_t n = f ? fread(logged, 1, sizeof logged - 1, f) : 0;
    logged[n] = '\0';
    if (f)
        fclose(f);
    unlink(log_file);
    return logged;
}

TEST("a room may log more or less than the rest") {
    const char *const rooms[] = {"bus:debug", "sales:error"};
    EXPECT_INT(KITH_OK,
               to_file((struct log_options){.level = LOG_WARN, .rooms = rooms, .room_count = 2}));
    log_debug("bus", "one");
    log_info("engine", "two");
    log_warn("sales", "three");
    log_error("sales", "four");
    EXPECT_HAS("debug bus: one\n", file_text());
    EXPECT_HAS("error sales: four\n", logged);
    EXPECT(!strstr(logged, "two") && !strstr(logged, "three"));
}

TEST("as JSON each line is one object, whatever the text holds") {
    EXPECT_INT(KITH_OK, to_file((struct log_options){.level = LOG_INFO, .format = LOG_JSON}));
    log_info("rule", "%s", "say \"a\"\nand b");
    json_t *line = NULL;
    const char *text = file_text();
    EXPECT_INT(KITH_OK, json_read(str_trim(str_of(text)), &line, NULL));
    EXPECT_STR("info", json_string_value(json_object_get(line, "level")));
    EXPECT_STR("rule", json_string_value(json_object_get(line, "room")));
    EXPECT_STR("say \"a\" and b", json_string_value(json_object_get(line, "text")));
    json_decref(line);
}

TEST("for the journal of systemd a line begins with its priority") {
    EXPECT_INT(KITH_OK, to_file((struct log_options){.level = LOG_DEBUG, .format = LOG_JOURNAL}));
    log_error("engine", "a");
    log_debug("engine", "b");
    EXPECT_STR("<3>engine: a\n<7>engine: b\n", file_text());
}

TEST("a level that does not exist leaves the log as it was") {
    const char *const rooms[] = {"bus:loud"};
    struct log_options o = {.level = LOG_DEBUG, .rooms = rooms, .room_count = 1};
    kith_error e = KITH_ERROR_INIT;
    log_start(LOG_WARN);
    EXPECT_INT(KITH_E_INVAL, log_configure(&o, &e));
    EXPECT_HAS("'bus:loud' is not ROOM:LEVEL", e.message);
    o.room_count = 0;
    o.file = "/no/such/folder/log";
    EXPECT_INT(KITH_E_NOTFOUND, log_configure(&o, &e));
    EXPECT_HAS("/no/such/folder/log", e.message);
    log_warn("engine", "still here");
    log_info("engine", "quiet");
    EXPECT_HAS("still here", log_text());
    EXPECT(!strstr(logged, "quiet"));
}

TEST("a log file that was moved away is made anew") {
    EXPECT_INT(KITH_OK, to_file((struct log_options){.level = LOG_INFO}));
    struct log_options again = {.level = LOG_INFO, .file = log_file};
    unlink(log_file);
    log_info("engine", "nobody reads this");
    EXPECT_INT(KITH_OK, log_configure(&again, NULL));
    log_info("engine", "new file");
    EXPECT_HAS("new file", file_text());
    EXPECT(!strstr(logged, "nobody"));
}
