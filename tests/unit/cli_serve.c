/* SPDX-License-Identifier: Apache-2.0 */
/* The socket: frames, versions, and clients that behave badly. The server here has a company
 * without a database: no command that these tests give reaches one. */
#include "cli/cli.h"
#include "cli/watchdog.h"
#include "cli/wire.h"
#include "test.h"
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static kith_error err = KITH_ERROR_INIT;

/* -- frames ------------------------------------------------------------------------------------ */

struct pair {
    struct wire here, there;
};

static struct pair new_pair(void) {
    int fd[2];
    struct pair p;
    EXPECT_INT(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
    wire_open(&p.here, fd[0], 1000);
    wire_open(&p.there, fd[1], 1000);
    return p;
}

static void close_pair(struct pair *p) {
    wire_close(&p->here);
    wire_close(&p->there);
}

static uint8_t next_frame(struct wire *w, char *text, size_t cap) {
    uint8_t type;
    kith_str payload;
    EXPECT_OK(wire_recv(w, 5000, &type, &payload, &err), err);
    size_t len = payload.len < cap - 1 ? (size_t)payload.len : cap - 1;
    memcpy(text, payload.ptr ? payload.ptr : "", len);
    text[len] = '\0';
    return type;
}

TEST("frames arrive whole and in order, however they were cut on the way") {
    struct pair p = new_pair();
    char text[64];
    EXPECT_OK(wire_send(&p.here, FRAME_OUT, STR("first"), &err), err);
    EXPECT_OK(wire_send2(&p.here, FRAME_PUT, STR("a"), STR("bc"), &err), err);
    EXPECT_OK(wire_send(&p.here, FRAME_CANCEL, (kith_str){0}, &err), err);
    static const char cut[] = {FRAME_ERR, 3, 0, 0, 0, 'x', 'y', 'z'};
    for (size_t i = 0; i < sizeof cut; i++)
        EXPECT_INT(1, write(p.here.fd, cut + i, 1));
    EXPECT_INT(FRAME_OUT, next_frame(&p.there, text, sizeof text));
    EXPECT_STR("first", text);
    EXPECT_INT(FRAME_PUT, next_frame(&p.there, text, sizeof text));
    EXPECT_STR("abc", text);
    EXPECT_INT(FRAME_CANCEL, next_frame(&p.there, text, sizeof text));
    EXPECT_STR("", text);
    EXPECT_INT(FRAME_ERR, next_frame(&p.there, text, sizeof text));
    EXPECT_STR("xyz", text);
    close_pair(&p);
}

TEST("a frame larger than the bound is refused on both sides") {
    struct pair p = new_pair();
    uint8_t type;
    kith_str payload;
    EXPECT_INT(KITH_E_LIMIT,
               wire_send(&p.here, FRAME_OUT, (kith_str){"x", (uint64_t)WIRE_MAX + 1}, &err));
    EXPECT_INT(5, write(p.here.fd, "1\xff\xff\xff\xff", 5));
    EXPECT_INT(KITH_E_INVAL, wire_recv(&p.there, 1000, &type, &payload, &err));
    close_pair(&p);
}

TEST("the end of the other side and silence are told apart") {
    struct pair p = new_pair();
    uint8_t type;
    kith_str payload;
    EXPECT_INT(KITH_E_LIMIT, wire_recv(&p.there, 0, &type, &payload, &err));
    close(p.here.fd);
    EXPECT_INT(KITH_E_IO, wire_recv(&p.there, 1000, &type, &payload, &err));
    EXPECT_INT(KITH_E_IO, wire_send(&p.there, FRAME_OUT, STR("x"), &err));
    wire_close(&p.there);
}

TEST("another version of the protocol is named in the sentence") {
    char hello[] = {9, 0, 0, 0, '7', '.', '1'};
    kith_str payload = {hello, sizeof hello};
    EXPECT_INT(KITH_E_UNSUPPORTED, wire_check_hello(FRAME_HELLO, payload, "server", &err));
    EXPECT_HAS("the server is Kith 7.1 and speaks version 9", err.message);
    EXPECT_INT(KITH_E_INVAL, wire_check_hello(FRAME_OUT, payload, "server", &err));
    EXPECT_INT(KITH_E_INVAL, wire_check_hello(FRAME_HELLO, STR("x"), "server", &err));
}

/* -- text for people ----------------------------------------------------------------------------
 */

static const char *plain(kith_str s) {
    static struct buf b;
    buf_reset(&b);
    text_plain(&b, s);
    return b.ptr ? b.ptr : "";
}

TEST("text for people shows controls as pictures and stays on one line") {
    EXPECT_STR("a\xe2\x90\x9b[31mb", plain(STR("a\033[31mb")));
    EXPECT_STR("a b c", plain(STR("a\nb\tc")));
    EXPECT_STR("a b", plain(STR("a\r\nb")));
    EXPECT_STR("a\xe2\x90\x8d", plain(STR("a\r")));
    EXPECT_STR("a\xe2\x90\x80z\xe2\x90\xa1", plain(STR("a\0z\x7f")));
    EXPECT_STR("a\xef\xbf\xbdz", plain(STR("a\xc2\x9bz")));
    EXPECT_STR("\xef\xbf\xbdz", plain(STR("\xe2\x80\xaez")));
    EXPECT_STR("M\xc3\xbcnchen \xe6\x9d\xb1\xe4\xba\xac",
               plain(STR("M\xc3\xbcnchen \xe6\x9d\xb1\xe4\xba\xac")));
    EXPECT_STR("bad \xef\xbf\xbd", plain(STR("bad \xff")));
    EXPECT_STR("", plain((kith_str){0}));
}

TEST("text for people of many lines keeps its lines, and shows controls as pictures") {
    struct buf b = {0};
    text_lines(&b, STR("a\r\nb\033\n\nc\td"), 0);
    EXPECT_STR("a\nb\xe2\x90\x9b\n\nc d", b.ptr);
    buf_reset(&b);
    text_lines(&b, STR("a\nb"), 2);
    EXPECT_STR("a\n  b", b.ptr);
    buf_free(&b);
}

/* -- the server ----------------------------------------------------------------------------------
 */

struct running {
    char dir[64];
    struct company *company;
    pthread_t thread;
    kith_status result;
};
static const struct program program;

static void *serve_main(void *arg) {
    struct running *r = arg;
    struct watchdog w;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(watchdog_start(&w, &e), e);
    r->result = serve(&program, &r->company, w.told[0], NULL, NULL, &e);
    watchdog_end(&w);
    return NULL;
}

static int connect_to(struct running *r) {
    int fd = -1;
    for (int i = 0; i < 1000 && fd < 0; i++) { /* the server's thread may not listen yet */
        EXPECT_OK(sock_connect(r->dir, &fd, &err), err);
        if (fd < 0)
            usleep(1000);
    }
    EXPECT(fd >= 0);
    return fd;
}

static void open_company(struct running *r) {
    struct settings_problems problems = {0};
    char path[96];
    snprintf(path, sizeof path, "%s/kith.conf", r->dir);
    FILE *f = fopen(path, "w");
    EXPECT(f && fclose(f) == 0);
    EXPECT_OK(company_create(&program, r->dir, &problems, &err), err);
    EXPECT_OK(company_open(&r->company, &program, r->dir, &problems, &err), err);
    settings_problems_free(&problems);
}

static void start(struct running *r) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    *r = (struct running){.dir = "/tmp/kith-serve-XXXXXX"};
    EXPECT(mkdtemp(r->dir));
    open_company(r);
    EXPECT_INT(0, pthread_create(&r->thread, NULL, serve_main, r));
    close(connect_to(r));
}

static void stop(struct running *r) {
    char command[192];
    kill(getpid(), SIGTERM);
    pthread_join(r->thread, NULL);
    EXPECT_INT(KITH_OK, r->result);
    company_close(r->company);
    snprintf(command, sizeof command, "rm -f %s/kith.conf %s/kith.db*", r->dir, r->dir);
    EXPECT_INT(0, system(command));
    EXPECT_INT(0, rmdir(r->dir)); /* the socket is gone */
}

static struct wire open_client(struct running *r) {
    struct wire w;
    wire_open(&w, connect_to(r), 1000);
    return w;
}

/* Says hello and asks for the help of a command; gives the exit code. */
static int ask_for_help(struct running *r) {
    static const char run[] = "0\0\0cli:test\0/\0000\0\0\0kith\0find\0--help";
    struct wire w = open_client(r);
    char text[4096], type;
    EXPECT_OK(wire_hello(&w, &err), err);
    EXPECT_INT(FRAME_HELLO, next_frame(&w, text, sizeof text));
    EXPECT_OK(wire_send(&w, FRAME_RUN, (kith_str){run, sizeof run}, &err), err);
    EXPECT_INT(FRAME_OUT, next_frame(&w, text, sizeof text));
    EXPECT_HAS("kith find QUERY", text);
    while ((type = (char)next_frame(&w, text, sizeof text)) != FRAME_EXIT)
        ;
    wire_close(&w);
    return text[0];
}

TEST("a client gets its command's output and exit code") {
    struct running r;
    start(&r);
    EXPECT_INT(0, ask_for_help(&r));
    stop(&r);
}

TEST("the socket may be used by its owner only") {
    struct running r;
    struct stat st;
    char path[128];
    start(&r);
    snprintf(path, sizeof path, "%s/kith.sock", r.dir);
    EXPECT_INT(0, stat(path, &st));
    EXPECT_INT(0600, st.st_mode & 0777);
    stop(&r);
}

TEST("a client of another version is told so, and the next one is served") {
    struct running r;
    start(&r);
    struct wire w = open_client(&r);
    char text[64];
    EXPECT_OK(wire_send(&w, FRAME_HELLO, STR("\x07\0\0\0future"), &err), err);
    EXPECT_INT(FRAME_HELLO, next_frame(&w, text, sizeof text));
    wire_close(&w);
    EXPECT_INT(0, ask_for_help(&r));
    stop(&r);
}

TEST("clients that speak nonsense are dropped, and the next one is served") {
    static const char *const nonsense[] = {"GET / HTTP/1.1\r\n\r\n", "H", "\0\0\0\0\0\0\0\0\0\0",
                                           "R\x05\0\0\0aaaaa"};
    static const size_t length[] = {18, 1, 10, 10};
    struct running r;
    start(&r);
    for (size_t i = 0; i < sizeof length / sizeof length[0]; i++) {
        int fd = connect_to(&r);
        EXPECT_INT((int64_t)length[i], write(fd, nonsense[i], length[i]));
        close(fd);
    }
    EXPECT_INT(0, ask_for_help(&r));
    stop(&r);
}

TEST("a command line that is not one ends the conversation") {
    static const struct {
        const char *text;
        size_t len;
    } bad[] = {{"", 0},
               {"80", 2},
               {"80\0", 3},
               {"80\0\0anna\0", 9},
               {"80\0\0anna\0/\0", 11},
               {"80\0\0anna\0/\0000\0\0\0", 15},
               {"80\0\0anna\0/\0007\0\0\0kith", 20},
               {"80\0\0anna\0/\0000\0\0\0kith", 19}};
    struct running r;
    start(&r);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct wire w = open_client(&r);
        char text[64];
        uint8_t type;
        kith_str payload;
        EXPECT_OK(wire_hello(&w, &err), err);
        EXPECT_INT(FRAME_HELLO, next_frame(&w, text, sizeof text));
        EXPECT_OK(wire_send(&w, FRAME_RUN, (kith_str){bad[i].text, bad[i].len}, &err), err);
        EXPECT_INT(KITH_E_IO, wire_recv(&w, 5000, &type, &payload, &err));
        wire_close(&w);
    }
    EXPECT_INT(0, ask_for_help(&r));
    stop(&r);
}

TEST("more clients than there are places are sent away with a sentence, and served later") {
    enum { PLACES = 32 };
    struct running r;
    char text[256] = "";
    int fd[PLACES];
    start(&r);
    for (int i = 0; i < PLACES; i++)
        fd[i] = connect_to(&r);
    struct wire w = open_client(&r);
    EXPECT_INT(FRAME_REFUSED, next_frame(&w, text, sizeof text));
    EXPECT_HAS("try again", text);
    wire_close(&w);
    for (int i = 0; i < PLACES; i++)
        close(fd[i]);
    /* Until they have left. A refusal may close the socket before the greeting is written. */
    bool served = false;
    for (int i = 0; i < 1000 && !served; i++) {
        uint8_t type = FRAME_REFUSED;
        kith_str payload;
        w = open_client(&r);
        served = wire_hello(&w, &err) == KITH_OK &&
                 wire_recv(&w, 5000, &type, &payload, &err) == KITH_OK && type == FRAME_HELLO;
        wire_close(&w);
    }
    EXPECT(served);
    EXPECT_INT(0, ask_for_help(&r));
    stop(&r);
}
