/* SPDX-License-Identifier: Apache-2.0 */
/* What anybody may send to the module web: the bytes are what a program sends on one connection,
 * where \1 stands for a good token, \2 for the id of a contact and \3 for its ETag. Each answer is
 * whole HTTP with a status that is meant, JSON where it says so, and never "a defect"; the
 * connection ends in time, and afterwards the server answers the next one. */
#include "cli/cli.h"
#include "cli/company.h"
#include "engine/sign_in.h"
#include "fuzz/fuzz.h"
#include <arpa/inet.h>
#include <jansson.h>
#include <libgen.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ANSWERS_MAX (1u << 20)
#define SECONDS_MAX 20
#define RENEWED     32 /* runs, until there is another contact: this one may be deleted */

static char folder[] = "/tmp/kith-web-XXXXXX";
static char modules[4200];
static struct program program;
static struct company *served;
static pthread_t thread;
static int signals[2]; /* a byte in it is a signal to the server */
static uint16_t port;
static char token[TOKEN_TEXT], contact[40] = "0SA818NN40003", etag[80] = "\"x\"";
static char answers[ANSWERS_MAX + 1];

/* -- a company that is served ------------------------------------------------------------------ */

static kith_status make_user(struct txn *t, void *arg, kith_error *e) {
    const struct schema *s = engine_schema(served->engine);
    const struct rtype *role = schema_type(s, STR("role")), *user = schema_type(s, STR("user"));
    kith_id made, *id = arg;
    const struct assign of_role[] = {
        {type_field(s, role, STR("name")), value_str(STR("boss"))},
        {type_field(s, role, STR("rights")), value_str(STR("{\"admin\": true}"))},
    };
    TRY(txn_create(t, role, of_role, 2, &made, e));
    kith_value link = value_link(made, role->id);
    const struct assign of_user[] = {
        {type_field(s, user, STR("login")), value_str(STR("fuzz"))},
        {type_field(s, user, STR("name")), value_str(STR("Fuzz"))},
        {type_field(s, user, STR("roles")),
         {.kind = KITH_LIST, .as.list = {.items = &link, .count = 1}}},
    };
    return txn_create(t, user, of_user, 3, id, e);
}

static void make_token(void) {
    static const struct principal me = {.name = "fuzz", .all = true};
    const struct write_opts opts = {.principal = &me, .origin = ORIGIN_CLI};
    struct token t = {.name = "fuzz"};
    kith_error e = KITH_ERROR_INIT;
    kith_id tx;
    HOLDS_OK(engine_write(served->engine, &opts, make_user, &t.user, &tx, &e), e);
    HOLDS_OK(token_add(served->engine, &me, &t, token, &e), e);
}

static void write_conf(const char *name, const char *text) {
    char path[100];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "we");
    HOLDS(f && fputs(text, f) >= 0 && fclose(f) == 0, "cannot write %s", path);
}

static void find_port(void) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    HOLDS(fd >= 0 && bind(fd, (struct sockaddr *)&a, len) == 0 &&
              getsockname(fd, (struct sockaddr *)&a, &len) == 0,
          "no port");
    port = ntohs(a.sin_port);
    close(fd);
}

static void open_company(void) {
    struct settings_problems problems = {0};
    kith_error e = KITH_ERROR_INIT;
    char conf[300], self[4000] = "";
    HOLDS(readlink("/proc/self/exe", self, sizeof self - 1) > 0, "who am I?");
    snprintf(modules, sizeof modules, "%s/../modules", dirname(self));
    program.module_dirs[0] = modules;
    find_port();
    snprintf(conf, sizeof conf,
             "modules: { enabled = [\"web\"]; };\nlog: { level = \"error\"; };\n"
             "web: { grant = [\"serve:users\"]; listen = [\"127.0.0.1:%u\"];"
             " idle_timeout = \"1s\"; max_connections = 50000; max_per_address = 50000; };\n",
             port);
    write_conf("kith.conf", conf);
    HOLDS_OK(company_create(&program, folder, &problems, &e), e);
    HOLDS_OK(company_open(&served, &program, folder, &problems, &e), e);
    settings_problems_free(&problems);
    make_token();
}

static void *serve_main(void *arg) {
    kith_error e = KITH_ERROR_INIT;
    (void)arg;
    HOLDS_OK(serve(&program, &served, signals[0], NULL, NULL, &e), e);
    return NULL;
}

static void tidy(void) {
    char command[64];
    HOLDS(write(signals[1], &(char){SIGTERM}, 1) == 1, "the server cannot be told to stop");
    pthread_join(thread, NULL);
    close(signals[0]);
    close(signals[1]);
    company_close(served);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0)
        abort();
}

/* -- a connection ------------------------------------------------------------------------------ */

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int connect_once(void) {
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int i = 0; i < 10000; i++) { /* the server's thread may not listen yet */
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        HOLDS(fd >= 0, "no socket");
        if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
            return fd;
        close(fd);
        usleep(1000);
    }
    HOLDS(false, "the server does not listen");
    return -1;
}

/* All that comes until the server hangs up. A stream of events would go on: it is left. That
 * nothing more is sent is told a moment later: beside the last bytes the library does not see it,
 * and waits for web.idle_timeout. */
static size_t receive(int fd, bool whole) {
    int64_t end = now_ms() + SECONDS_MAX * 1000;
    bool told = false;
    size_t got = 0;
    while (got < ANSWERS_MAX) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t left = end - now_ms();
        HOLDS(left > 0, "it neither answers nor hangs up; it said: %.200s", answers);
        if (poll(&p, 1, told || (whole && !got) ? (int)left : got ? 1 : 5) <= 0) {
            told = told || shutdown(fd, SHUT_WR) == 0;
            continue;
        }
        ssize_t n = recv(fd, answers + got, ANSWERS_MAX - got, 0);
        if (n <= 0)
            break;
        got += (size_t)n;
        answers[got] = '\0';
        if (memmem(answers, got, "text/event-stream", 17))
            break;
    }
    answers[got] = '\0';
    return got;
}

static void put(struct buf *b, kith_str bytes) {
    for (uint64_t i = 0; i < bytes.len; i++)
        if (bytes.ptr[i] >= 1 && bytes.ptr[i] <= 3)
            buf_puts(b, bytes.ptr[i] == 1 ? token : bytes.ptr[i] == 2 ? contact : etag);
        else
            buf_add(b, bytes.ptr + i, 1);
}

/* whole: it is a request that must be answered, however long that takes. */
static size_t talk(kith_str bytes, bool whole) {
    struct buf b = {0};
    int fd = connect_once();
    put(&b, bytes);
    for (size_t at = 0; at < b.len;) {
        ssize_t n = send(fd, b.ptr + at, b.len - at, MSG_NOSIGNAL);
        if (n <= 0) /* it had enough of it */
            break;
        at += (size_t)n;
    }
    size_t got = receive(fd, whole);
    close(fd);
    buf_free(&b);
    return got;
}

/* -- what it says ------------------------------------------------------------------------------ */

struct reply {
    unsigned status;
    kith_str head, body;
    bool json, problem, chunked;
    long length; /* -1: it does not say */
};

/* The value of a header of the head, or ptr NULL. */
static kith_str header_of(kith_str head, const char *name) {
    size_t len = strlen(name);
    for (const char *at = head.ptr;
         (at = memmem(at, (size_t)(head.ptr + head.len - at), "\r\n", 2)); at += 2) {
        if ((size_t)(head.ptr + head.len - at) < len + 4 || strncasecmp(at + 2, name, len) != 0)
            continue;
        const char *value = at + 2 + len + 2;
        const char *end = memchr(value, '\r', (size_t)(head.ptr + head.len - value));
        return (kith_str){value, (uint64_t)((end ? end : head.ptr + head.len) - value)};
    }
    return (kith_str){0};
}

static bool begins(kith_str s, const char *with) {
    return s.ptr && s.len >= strlen(with) && memcmp(s.ptr, with, strlen(with)) == 0;
}

static void check_status(const struct reply *r) {
    static const unsigned meant[] = {100, 200, 201, 202, 204, 206, 304, 400, 401, 403,
                                     404, 405, 406, 408, 409, 410, 411, 412, 413, 414,
                                     415, 416, 417, 422, 429, 431, 501, 503, 505, 507};
    for (size_t i = 0; i < sizeof meant / sizeof *meant; i++)
        if (meant[i] == r->status)
            return;
    HOLDS(false, "status %u: %.*s", r->status, (int)(r->body.len < 300 ? r->body.len : 300),
          r->body.ptr);
}

static void check_json(const struct reply *r) {
    json_error_t why;
    if (!r->json || r->body.len == 0)
        return;
    json_t *o =
        json_loadb(r->body.ptr, (size_t)r->body.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    HOLDS(o, "it is no JSON: %s: %.*s", why.text, (int)r->body.len, r->body.ptr);
    if (r->problem) {
        HOLDS(json_integer_value(json_object_get(o, "status")) == r->status, "%.*s",
              (int)r->body.len, r->body.ptr);
        HOLDS(json_string_length(json_object_get(o, "detail")) > 0, "no sentence");
    }
    json_decref(o);
}

/* The bytes behind the chunks, or NULL: it was cut. */
static const char *behind_chunks(const char *at, const char *end) {
    for (;;) {
        char *after;
        unsigned long n = strtoul(at, &after, 16);
        if (after == at || end - after < 2 || (size_t)(end - after - 2) < n)
            return NULL;
        if (n == 0)
            return (const char *)memmem(after, (size_t)(end - after), "\r\n\r\n", 4) ? after + 4
                                                                                     : NULL;
        at = after + 2 + n + 2;
        if (at >= end)
            return NULL;
    }
}

/* Takes one answer off; what follows it, or NULL: that is all. */
static const char *take_answer(const char *at, const char *end) {
    struct reply r = {.length = -1};
    const char *blank = memmem(at, (size_t)(end - at), "\r\n\r\n", 4);
    HOLDS(end - at < 12 || strncmp(at, "HTTP/1.", 7) == 0, "no HTTP: %.100s", at);
    if (!blank) /* it was cut, as the connection is where a program sends what is no HTTP */
        return NULL;
    r.head = (kith_str){at, (uint64_t)(blank - at)};
    r.status = (unsigned)strtoul(at + 9, NULL, 10);
    kith_str type = header_of(r.head, "Content-Type"), length = header_of(r.head, "Content-Length");
    r.problem = begins(type, "application/problem+json");
    r.json = r.problem || begins(type, "application/json");
    r.chunked = begins(header_of(r.head, "Transfer-Encoding"), "chunked");
    if (length.ptr)
        r.length = strtol(length.ptr, NULL, 10);
    r.body.ptr = blank + 4;
    bool bare = r.status == 304 || r.status == 204 || r.status == 100;
    bool follows = strncmp(r.body.ptr, "HTTP/1.", 7) == 0; /* it was asked for its head alone */
    if (!bare && !follows && r.length > 0 && end - r.body.ptr >= r.length)
        r.body.len = (uint64_t)r.length;
    bool packed = header_of(r.head, "Content-Encoding").ptr != NULL;
    check_status(&r);
    if (!packed)
        check_json(&r);
    if (!r.chunked && !bare && !follows && (r.length < 0 || r.length > end - r.body.ptr))
        return NULL; /* it ends with the connection, as HTTP/1.0 has it; or it was cut */
    return r.chunked && !follows ? behind_chunks(r.body.ptr, end) : r.body.ptr + r.body.len;
}

static void check_answers(size_t got) {
    const char *at = answers, *end = answers + got;
    while (at && at < end)
        at = take_answer(at, end);
}

/* -- the target -------------------------------------------------------------------------------- */

#define HEAD " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \1\r\n"

static void copy_until(char *out, size_t cap, const char *from, char end) {
    size_t len = from ? strcspn(from, (char[]){end, '\r', '\0'}) : 0;
    if (len > 0)
        snprintf(out, cap, "%.*s", (int)len, from);
}

/* It answers still: and there is a contact again. */
static void renew(void) {
    static const char id[] = "\"id\":\"";
    size_t got = talk(STR("POST /api/v1/contact" HEAD "Content-Length: 45\r\n\r\n"
                          "{\"name\":\"Ada Lovelace\",\"email\":\"a@b.example\"}"),
                      true);
    const char *at = strstr(answers, id), *tag = strcasestr(answers, "\r\nETag: ");
    HOLDS(got > 12 && answers[9] != '5', "it does not answer any more: %.300s", answers);
    copy_until(contact, sizeof contact, at ? at + strlen(id) : NULL, '"');
    copy_until(etag, sizeof etag, tag ? tag + 8 : NULL, '\r');
    check_answers(got);
}

static void begin(void) {
    if (port)
        return;
    HOLDS(mkdtemp(folder), "cannot make %s", folder);
    open_company();
    HOLDS(pipe(signals) == 0, "no pipe");
    HOLDS(pthread_create(&thread, NULL, serve_main, NULL) == 0, "no thread");
    atexit(tidy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static unsigned runs;
    struct input in = {data, data + size};
    begin();
    if (runs++ % RENEWED == 0)
        renew();
    check_answers(talk(input_rest(&in), false));
    return 0;
}
