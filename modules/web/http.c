/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP by libmicrohttpd, which only this file and http_head.c know. Its threads read requests and
 * send answers; what takes long is done elsewhere, while the connection is suspended. */
#include "http_head.h"
#include "operation.h"

#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define HEADER_BYTES 16384 /* of a connection: the request's head, and what is being sent */
#define EVENT_BYTES  2048  /* sent at once to a listener that takes no chunks */
#define LISTENERS    8
#define ADDRESS_MAX  8000
#define REST_MS      1000  /* in the end, for the rest of a request, or of an answer */
#define LEAST_BYTES  65536 /* that move within web.idle_timeout, or it is as good as silent */

/* One connection: since when it has been sending a request, or is silent; 0: it waits for us. */
struct guest {
    int fd;
    _Atomic int64_t since; /* ms */
    size_t moved;          /* bytes since then */
    /* Of its last request, as it was sent: */
    bool odd_address;
    const char *address, *address_end;
    char asked[ASKED_MAX + 1];
    struct guest *next, **link;
};
struct http {
    kith_instance *self;
    struct MHD_Daemon *daemons[LISTENERS];
    char url[160];        /* of the first */
    int doors[LISTENERS]; /* their sockets, once nobody is let in any more; else -1 */
    size_t count;
    _Atomic uint32_t under_way; /* requests whose head is there, until they are answered */
    _Atomic uint32_t taken;     /* of those, those that are there as a whole */
    _Atomic uint32_t held;      /* of those, those that the library must not be stopped under */
    atomic_bool ceasing;        /* what comes now comes too late */
    atomic_bool closed;         /* and what is not there as a whole, too */
    pthread_t porter;           /* who sees out those that take too long */
    bool has_porter;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wake;
    struct guest *guests;
    struct request *streams; /* those with a stream */
    bool ending;
};

/* -- connections ------------------------------------------------------------------------------- */

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct guest *guest_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* It is its turn to send, or ours. */
static void note_turn(struct MHD_Connection *connection, bool its) {
    struct guest *g = guest_of(connection);
    if (!g)
        return;
    g->moved = 0;
    atomic_store(&g->since, its ? now_ms() : 0);
}

/* Of what is long it does not matter how long it takes, but that it gets on. */
static void note_moved(struct MHD_Connection *connection, size_t bytes) {
    struct guest *g = guest_of(connection);
    if (g && ((g->moved += bytes) >= LEAST_BYTES || !atomic_load(&g->since)))
        note_turn(connection, true);
}

static void come(struct http *h, struct MHD_Connection *connection, void **context) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct guest *g = info ? calloc(1, sizeof *g) : NULL;
    if (!(*context = g))
        return;
    g->fd = info->connect_fd;
    count_connection(h->self->operation->counters, 1);
    atomic_store(&g->since, now_ms());
    pthread_mutex_lock(&h->lock);
    g->next = h->guests;
    g->link = &h->guests;
    if (g->next)
        g->next->link = &g->next;
    h->guests = g;
    pthread_mutex_unlock(&h->lock);
}

/* Before its socket is closed: after this its number may mean another one. */
static void go(struct http *h, struct guest *g) {
    if (!g)
        return;
    count_connection(h->self->operation->counters, -1);
    pthread_mutex_lock(&h->lock);
    if ((*g->link = g->next))
        g->next->link = g->link;
    pthread_mutex_unlock(&h->lock);
    free(g);
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode what) {
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        come(cls, connection, context);
    else
        go(cls, *context);
}

/* Nobody looks at a connection that waits for something to send: of one that has no end it is
 * looked here whether its client is there still. */
static void look_for_gone(struct http *h) {
    for (struct request *r = h->streams; r; r = r->listed_next) {
        const struct guest *g =
            r->out && stream_is_endless(r->out) ? guest_of(r->connection) : NULL;
        struct pollfd p = {.fd = g ? g->fd : -1, .events = POLLRDHUP};
        if (poll(&p, 1, 0) > 0)
            stream_fail(r->out);
    }
}

/* Who sends a request byte by byte is seen out in time, too, and who takes an answer so. */
static void *see_out(void *arg) {
    struct http *h = arg;
    pthread_mutex_lock(&h->lock);
    while (!h->ending) {
        struct timespec end;
        clock_gettime(CLOCK_REALTIME, &end);
        end.tv_sec++;
        (void)pthread_cond_timedwait(&h->wake, &h->lock, &end);
        pthread_mutex_unlock(&h->lock);
        tls_look(h->self->operation->tls);
        pthread_mutex_lock(&h->lock);
        int64_t now = now_ms();
        for (struct guest *g = h->guests; g; g = g->next) {
            int64_t since = atomic_load(&g->since);
            if (since && now - since > h->self->idle_ms)
                (void)shutdown(g->fd, SHUT_RDWR);
        }
        look_for_gone(h);
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

/* -- a request --------------------------------------------------------------------------------- */

struct request *request_hold(struct request *r) {
    atomic_fetch_add(&r->users, 1);
    return r;
}

void request_suspend(struct request *r) {
    pthread_mutex_lock(&r->gate);
    r->asleep = true;
    atomic_fetch_add(&r->self->http->held, 1);
    MHD_suspend_connection(r->connection);
    pthread_mutex_unlock(&r->gate);
}

/* Once resumed it may be gone, and so may the library, but for what is held: neither is before it
 * has passed the gate. */
void request_resume(struct request *r) {
    pthread_mutex_lock(&r->gate);
    r->woken = true;
    if (r->asleep && !r->over) {
        r->asleep = false;
        MHD_resume_connection(r->connection);
        atomic_fetch_sub(&r->self->http->held, 1);
    }
    pthread_mutex_unlock(&r->gate);
}

/* Suspends it until it is resumed; false: it was since it was looked at last. */
static bool fall_asleep(struct request *r) {
    pthread_mutex_lock(&r->gate);
    bool sleeps = !r->woken;
    r->woken = false;
    if (sleeps) {
        r->asleep = true;
        atomic_fetch_add(&r->self->http->held, 1);
        MHD_suspend_connection(r->connection);
    }
    pthread_mutex_unlock(&r->gate);
    return sleeps;
}

/* Called first, with the address as it was sent. Nothing may be kept for the request yet: of one
 * that breaks off in its head nobody is told that it has ended. */
static void *note_address(void *cls, const char *uri, struct MHD_Connection *connection) {
    struct guest *g = guest_of(connection);
    size_t len = strcspn(uri, "?");
    (void)cls;
    if (!g)
        return NULL;
    g->address = uri;
    g->address_end = uri + strlen(uri);
    g->odd_address = !head_is_plain(uri) || strlen(uri) > ADDRESS_MAX;
    (void)snprintf(g->asked, sizeof g->asked, "%.*s", (int)(len < ASKED_MAX ? len : ASKED_MAX),
                   uri);
    return NULL;
}

/* Arguments are decoded by the library, which has cut them before; the address is not cut yet. */
static size_t decode(void *cls, struct MHD_Connection *connection, char *text) {
    const struct guest *g = guest_of(connection);
    (void)cls;
    return g && text == g->address ? strlen(text) : MHD_http_unescape(text);
}

static const struct sockaddr *address_of_peer(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info ? info->client_addr : NULL;
}

static bool is_encrypted(struct MHD_Connection *connection) {
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION) != NULL;
}

/* The library ends an address at its first NUL, whatever stands behind it: then what is told of as
 * the version, which follows the address in the library's memory, is further away. */
static struct request *begin(struct http *h, struct MHD_Connection *connection, const char *path,
                             const char *method, const char *version) {
    struct guest *g = guest_of(connection);
    struct request *r = g ? calloc(1, sizeof *r) : NULL;
    if (!r || !(r->path = strdup(path))) {
        free(r);
        return NULL;
    }
    atomic_fetch_add(&h->under_way, 1);
    atomic_store(&r->users, 1);
    pthread_mutex_init(&r->gate, NULL);
    r->self = h->self;
    r->connection = connection;
    r->method = head_method(method, &r->head);
    r->options = strcmp(method, "OPTIONS") == 0;
    r->old = strcmp(version, MHD_HTTP_VERSION_1_0) == 0;
    r->odd_address = g->odd_address || version != g->address_end + 1;
    r->asked = g->asked;
    operation_begun(r);
    origin_find(r, address_of_peer(connection), is_encrypted(connection));
    return r;
}

/* Who may stop the library must be able to wake it. false: it is too late for it. */
static bool enlist(struct http *h, struct request *r) {
    pthread_mutex_lock(&h->lock);
    r->listed = !atomic_load(&h->closed);
    if (r->listed) {
        if ((r->listed_next = h->streams))
            r->listed_next->listed_link = &r->listed_next;
        h->streams = r;
        r->listed_link = &h->streams;
        if (r->out && atomic_load(&h->ceasing) && stream_is_endless(r->out))
            stream_end(r->out);
    }
    pthread_mutex_unlock(&h->lock);
    return r->listed;
}

static void strike_out(struct http *h, struct request *r) {
    if (!r->listed)
        return;
    pthread_mutex_lock(&h->lock);
    if ((*r->listed_link = r->listed_next))
        r->listed_next->listed_link = r->listed_link;
    pthread_mutex_unlock(&h->lock);
}

/* Nobody may touch its connection any more. */
static void part(struct http *h, struct request *r) {
    strike_out(h, r);
    pthread_mutex_lock(&r->gate);
    r->over = true;
    pthread_mutex_unlock(&r->gate);
    if (r->in) /* what came is not whole, unless it has ended */
        stream_fail(r->in);
    if (r->out)
        stream_leave(r->out);
}

static void end(void *cls, struct MHD_Connection *connection, void **state,
                enum MHD_RequestTerminationCode how) {
    struct http *h = cls;
    (void)how;
    note_turn(connection, true);
    struct request *r = *state;
    if (!r)
        return;
    part(h, r);
    if (r->taken)
        atomic_fetch_sub(&h->taken, 1);
    request_free(r);
    *state = NULL;
    atomic_fetch_sub(&h->under_way, 1);
}

/* -- answers ----------------------------------------------------------------------------------- */

/* A text that is sent: in pieces, so that it is seen how its reader gets on. */
struct sending {
    struct MHD_Connection *connection;
    struct text text;
};

static ssize_t send_text(void *cls, uint64_t at, char *dst, size_t cap) {
    struct sending *s = cls;
    size_t n = s->text.len - (size_t)at < cap ? s->text.len - (size_t)at : cap;
    memcpy(dst, s->text.ptr + at, n);
    note_moved(s->connection, n);
    return (ssize_t)n;
}

static void sent_text(void *cls) {
    struct sending *s = cls;
    text_free(&s->text);
    free(s);
}

/* The text is the response's from then on. */
static struct MHD_Response *long_response(struct request *r) {
    struct sending *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->connection = r->connection;
    s->text = r->answer;
    r->answer = (struct text){0};
    struct MHD_Response *response =
        MHD_create_response_from_callback(s->text.len, STREAM_BYTES / 2, send_text, s, sent_text);
    if (!response)
        sent_text(s);
    return response;
}

static struct MHD_Response *short_response(struct request *r) {
    struct text *t = &r->answer;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(t->len, t->ptr ? t->ptr : (void *)"",
                                        t->ptr ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
    if (response)
        *t = (struct text){0};
    return response;
}

static void wake(void *arg) {
    request_resume(arg);
}

static ssize_t send_stream(void *cls, uint64_t at, char *dst, size_t cap) {
    struct request *r = cls;
    enum stream_state state;
    size_t n;
    (void)at;
    do {
        n = stream_take(r->out, dst, cap, &state);
        if (n > 0) {
            note_moved(r->connection, n);
            return (ssize_t)n;
        }
        if (state != STREAM_OPEN)
            return state == STREAM_ENDED ? MHD_CONTENT_READER_END_OF_STREAM
                                         : MHD_CONTENT_READER_END_WITH_ERROR;
        note_turn(r->connection, false);
    } while (!fall_asleep(r));
    return 0;
}

static struct MHD_Response *stream_response(struct request *r) {
    if (!enlist(r->self->http, r))
        return NULL;
    stream_attach(r->out, wake, r);
    /* The library keeps a block of that size, though it uses none for what goes out in chunks. */
    return MHD_create_response_from_callback(
        r->sized ? r->out_bytes : MHD_SIZE_UNKNOWN,
        stream_is_endless(r->out) ? EVENT_BYTES : STREAM_BYTES / 2, send_stream, r, NULL);
}

static void add_header(void *to, const char *name, const char *value) {
    MHD_add_response_header(to, name, value);
}

static enum MHD_Result send_answer(struct request *r) {
    bool ceasing = atomic_load(&r->self->http->ceasing);
    if (r->answer.failed)
        return MHD_NO; /* no memory: the connection is closed */
    answer_pack(r);
    note_turn(r->connection, true);
    operation_answered(r, r->answer.len);
    struct MHD_Response *response = r->out                        ? stream_response(r)
                                    : r->answer.len > LEAST_BYTES ? long_response(r)
                                                                  : short_response(r);
    if (!response)
        return MHD_NO;
    for (size_t i = 0; i < r->header_count; i++)
        MHD_add_response_header(response, r->headers[i].name,
                                r->headers[i].longer ? r->headers[i].longer : r->headers[i].value);
    add_common_headers(r, add_header, response);
    if (ceasing)
        MHD_add_response_header(response, "Connection", "close");
    enum MHD_Result queued = MHD_queue_response(r->connection, r->status, response);
    MHD_destroy_response(response);
    return queued;
}

static bool take_body(struct request *r, const char *data, size_t len) {
    if (r->refused)
        return true;
    if (r->body.len + len > request_room(r)) {
        answer_problem(r, 413, "limit reached", NULL,
                       "the body is larger than web.max_body allows");
        r->refused = true;
        text_free(&r->body);
        return true;
    }
    text_add(&r->body, data, len);
    return !r->body.failed;
}

/* -- a body that is read while it arrives ------------------------------------------------------ */

#define DRAINED_BYTES 1048576 /* of what is too long: whoever sends it shall see the answer */

static enum MHD_Result start(struct http *h, struct request *r) {
    const struct stream_writer writer = {.on_room = wake, .on_gone = wake, .arg = r};
    if (!(r->in = stream_new(STREAM_BYTES, &writer)) || !enlist(h, r))
        return MHD_NO;
    r->refused = !request_start(r);
    return r->refused && r->has_body ? send_answer(r) : MHD_YES;
}

/* All of it is taken, or the connection suspended until there is room. */
static enum MHD_Result pass_in(struct request *r, const char *data, size_t *len) {
    const uint64_t max = (uint64_t)r->self->max_import;
    bool open = !r->refused;
    if (r->arrived + *len > max && !atomic_exchange(&r->too_long, true))
        stream_fail(r->in);
    if (r->arrived > max + DRAINED_BYTES)
        return MHD_NO;
    while (open && *len > 0) {
        size_t n = stream_put_some(r->in, data, *len, &open);
        data += n;
        *len -= n;
        r->arrived += n;
        note_moved(r->connection, n);
        if (n > 0 || !open)
            continue;
        note_turn(r->connection, false);
        if (fall_asleep(r))
            return MHD_YES;
    }
    r->arrived += *len; /* nobody reads it any more: it has been answered */
    note_moved(r->connection, *len);
    *len = 0;
    return MHD_YES;
}

static enum MHD_Result await_answer(struct http *h, struct request *r) {
    enum MHD_Result out = MHD_NO;
    atomic_fetch_add(&h->held, 1);
    note_turn(r->connection, false);
    stream_end(r->in);
    if (!r->taken) {
        r->taken = true;
        atomic_fetch_add(&h->taken, 1);
    }
    if (!atomic_load(&h->closed)) {
        while (!r->refused && !atomic_load(&r->answered) && out == MHD_NO)
            out = fall_asleep(r) ? MHD_YES : MHD_NO;
        if (out == MHD_NO)
            out = send_answer(r);
    }
    atomic_fetch_sub(&h->held, 1);
    return out;
}

/* All of it is there. */
static enum MHD_Result take(struct http *h, struct request *r) {
    enum MHD_Result out = MHD_NO;
    atomic_fetch_add(&h->held, 1);
    r->taken = true;
    atomic_fetch_add(&h->taken, 1);
    if (!atomic_load(&h->closed))
        out = r->status || request_take(r) ? send_answer(r) : MHD_YES;
    atomic_fetch_sub(&h->held, 1);
    return out;
}

/* Called when the head is there, for each part of the body, and when all is there; and once more
 * after it was resumed. */
static enum MHD_Result on_access(void *cls, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *data,
                                 size_t *len, void **state) {
    struct request *r = *state;
    struct http *h = cls;
    if (!r) {
        if (!(r = *state = begin(h, connection, url, method, version)))
            return MHD_NO;
        head_check(r);
        if (!r->status && atomic_load(&h->ceasing))
            answer_problem(r, 503, "busy", NULL, IT_ENDS);
        if (!r->status)
            request_begin(r);
        if (!r->status && r->route->reads)
            return start(h, r);
        r->refused = r->status != 0;
        /* Answered before its body: the connection ends with it. */
        return r->refused && r->has_body ? send_answer(r) : MHD_YES;
    }
    if (r->in)
        return *len ? pass_in(r, data, len) : await_answer(h, r);
    if (*len) {
        bool taken = take_body(r, data, *len);
        *len = 0;
        return taken ? MHD_YES : MHD_NO;
    }
    note_turn(connection, false);
    return r->taken ? send_answer(r) : take(h, r);
}

/* -- listening --------------------------------------------------------------------------------- */

static void on_log(void *cls, const char *format, va_list args) {
    struct http *h = cls;
    char line[300];
    (void)vsnprintf(line, sizeof line, format, args);
    line[strcspn(line, "\r\n")] = '\0';
    h->self->host->log(h->self->host, KITH_LOG_DEBUG, kith_str_of(line));
}

#define TLS_VERSIONS "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"

static kith_status listen_on(struct http *h, const struct listener *door, kith_error *err) {
    const kith_instance *self = h->self;
    gnutls_certificate_retrieve_function2 *const pair = tls_pair_for;
    static char versions[] = TLS_VERSIONS;
    char url[LISTENER_URL], line[LISTENER_URL + 20];
    struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_PRIORITIES, 0, versions},
                                   {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, NULL},
                                   {MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME |
                     MHD_USE_ERROR_LOG | (door->tls ? MHD_USE_TLS : 0);
    memcpy(&tls[1].ptr_value, &pair, sizeof pair);
    struct MHD_Daemon *d = MHD_start_daemon(
        flags, 0, NULL, NULL, on_access, h, MHD_OPTION_EXTERNAL_LOGGER, on_log, h,
        MHD_OPTION_LISTEN_SOCKET, door->fd, MHD_OPTION_URI_LOG_CALLBACK, note_address, h,
        MHD_OPTION_UNESCAPE_CALLBACK, decode, NULL, MHD_OPTION_NOTIFY_COMPLETED, end, h,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)self->max_connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)self->max_of_address, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)(self->idle_ms / 1000), MHD_OPTION_THREAD_POOL_SIZE,
        (unsigned)(self->threads > 1 ? self->threads : 0), MHD_OPTION_ARRAY, door->tls ? tls : none,
        MHD_OPTION_END);
    if (!d) {
        close(door->fd);
        return kith_fail(err, KITH_E_NOMEM, NULL, "the HTTP server did not start");
    }
    h->doors[h->count] = -1;
    h->daemons[h->count++] = d;
    listener_url(door, url);
    (void)snprintf(line, sizeof line, "listening on %s", url);
    h->self->host->log(h->self->host, KITH_LOG_INFO, kith_str_of(line));
    if (!h->url[0])
        (void)snprintf(h->url, sizeof h->url, "%s", url);
    return KITH_OK;
}

/* Of systemd's there may be several of one name. */
static kith_status listen_on_all(struct http *h, uint64_t entry, kith_error *err) {
    kith_status st = KITH_OK;
    for (uint32_t i = 0; st == KITH_OK; i++) {
        struct listener door;
        if ((st = listener_open(h->self, entry, i, &door, err)) != KITH_OK)
            return st == KITH_E_NOTFOUND && i > 0 ? KITH_OK : st;
        if (h->count < LISTENERS) {
            st = listen_on(h, &door, err);
        } else {
            close(door.fd);
            st = kith_fail(err, KITH_E_INVAL, "listen",
                           "web.listen: it listens on %d sockets at most", LISTENERS);
        }
    }
    return st;
}

const char *http_url(const struct http *h) {
    return h->url;
}

kith_status http_open(kith_instance *self, kith_error *err) {
    uint64_t n = self->listen.kind == KITH_LIST ? self->listen.as.list.count : 0;
    struct http *h = self->http = calloc(1, sizeof *h);
    if (!h)
        return kith_fail(err, KITH_E_NOMEM, NULL, "no memory");
    h->self = self;
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->wake, NULL);
    h->has_porter = pthread_create(&h->porter, NULL, see_out, h) == 0;
    if (!h->has_porter)
        return kith_fail(err, KITH_E_NOMEM, NULL, "a thread could not be started");
    if (n == 0 || n > LISTENERS)
        return kith_fail(err, KITH_E_INVAL, "listen", "web.listen names 1 to %d addresses",
                         LISTENERS);
    for (uint64_t i = 0; i < n; i++)
        KITH_TRY(listen_on_all(h, i, err));
    return KITH_OK;
}

uint32_t http_under_way(struct http *h) {
    return atomic_load(&h->under_way);
}

static void end_streams(struct http *h, bool all) {
    pthread_mutex_lock(&h->lock);
    for (struct request *r = h->streams; r; r = r->listed_next) {
        if (all)
            stream_fail(r->in ? r->in : r->out);
        else if (r->out && stream_is_endless(r->out))
            stream_end(r->out);
    }
    pthread_mutex_unlock(&h->lock);
}

/* Of what is not there as a whole not much is waited for: it may never be. */
void http_quiesce(struct http *h, uint32_t deadline_ms) {
    atomic_store(&h->ceasing, true);
    end_streams(h, false);
    for (size_t i = 0; i < h->count; i++) {
        h->doors[i] = MHD_quiesce_daemon(h->daemons[i]); /* its threads may still look at it */
    }
    for (uint32_t ms = 0; ms < deadline_ms; ms++) {
        if (atomic_load(ms < REST_MS ? &h->under_way : &h->taken) == 0)
            return;
        usleep(1000);
    }
}

/* The library cannot be stopped while it waits for somebody else. */
static void wait_for_held(struct http *h) {
    atomic_store(&h->ceasing, true);
    atomic_store(&h->closed, true);
    end_streams(h, true);
    while (atomic_load(&h->held) > 0)
        usleep(1000);
    for (uint32_t ms = 0; ms < REST_MS && atomic_load(&h->taken) > 0; ms++)
        usleep(1000);
}

void http_close(struct http *h) {
    wait_for_held(h);
    for (size_t i = 0; i < h->count; i++) {
        MHD_stop_daemon(h->daemons[i]);
        if (h->doors[i] >= 0)
            close(h->doors[i]);
    }
    pthread_mutex_lock(&h->lock);
    h->ending = true;
    pthread_cond_signal(&h->wake);
    pthread_mutex_unlock(&h->lock);
    if (h->has_porter)
        pthread_join(h->porter, NULL);
    pthread_cond_destroy(&h->wake);
    pthread_mutex_destroy(&h->lock);
    free(h);
}
