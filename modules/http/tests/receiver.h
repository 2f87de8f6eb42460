/* SPDX-License-Identifier: Apache-2.0 */
/* A receiver on this computer that notes what it gets and answers as badly as it is told to: slow,
 * cut off, with errors, redirects, endless bodies, or what is no HTTP. */
#ifndef HTTP_RECEIVER_H
#define HTTP_RECEIVER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum behaviour {
    WELL,
    ERROR_500,
    LATER_429, /* with Retry-After: 120 */
    NOT_FOUND,
    GONE_410,
    REDIRECT,     /* to /elsewhere */
    RESET,        /* before anything was read */
    TAKE_AND_CUT, /* read and noted, and not answered */
    CUT_HEAD,     /* in the midst of the head */
    SHORT_BODY,   /* less than was announced */
    NO_HTTP,
    WRONG_STATUS, /* "HTTP/1.1 abc" */
    ENDLESS_BODY,
    SLOWLY, /* a byte at a time */
    HANG,   /* until the other side gives up */
    BEHAVIOURS
};

#define GOT_MAX 20000
struct got {
    char *path, *id, *timestamp, *signature, *head, *body;
    enum behaviour answer;
};

struct receiver {
    int listener;
    int port;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    struct got *got;
    int count;
    /* How the next request to this path is answered. */
    enum behaviour (*choose)(struct receiver *r, const char *path);
    _Atomic(enum behaviour) always;
    const char *says;  /* the body of a good answer */
    const char *leads; /* where a redirect does; NULL: to /elsewhere */
    unsigned state;    /* for choose */
    int open;          /* connections */
    int accepted;      /* since the beginning */
    pthread_cond_t closed;
};

struct connection {
    struct receiver *receiver;
    int fd;
};

static inline void say(int fd, const char *text) {
    (void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static inline char *header_of(const char *head, const char *name) {
    size_t n = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n"))
        if (strncasecmp(line + 2, name, n) == 0 && line[2 + n] == ':') {
            const char *value = line + 3 + n + strspn(line + 3 + n, " ");
            return strndup(value, strcspn(value, "\r"));
        }
    return strdup("");
}

/* One request; false: there is no more. */
static inline int read_request(int fd, struct got *out) {
    char *data = calloc(1, 1 << 21);
    size_t len = 0, cap = (1 << 21) - 1;
    char *end = NULL;
    while (len < cap && !(end = strstr(data, "\r\n\r\n"))) {
        ssize_t n = recv(fd, data + len, cap - len, 0);
        if (n <= 0)
            break;
        len += (size_t)n;
        data[len] = '\0';
    }
    if (!end) {
        free(data);
        return 0;
    }
    *out = (struct got){.head = strndup(data, (size_t)(end - data) + 2)};
    char *length = header_of(out->head, "content-length");
    size_t want = (size_t)strtoul(length, NULL, 10), at = (size_t)(end - data) + 4;
    while (len < at + want) {
        ssize_t n = recv(fd, data + len, cap - len, 0);
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    const char *path = strchr(out->head, ' ') + 1;
    out->path = strndup(path, strcspn(path, " "));
    out->id = header_of(out->head, "webhook-id");
    out->timestamp = header_of(out->head, "webhook-timestamp");
    out->signature = header_of(out->head, "webhook-signature");
    out->body = strndup(data + at, want);
    free(length);
    free(data);
    return 1;
}

static inline void reset(int fd) {
    struct linger l = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
}

/* Whether the connection stays open. */
static inline int reply(struct receiver *r, int fd, enum behaviour b) {
    char text[1024], piece[4096];
    ssize_t n;
    switch (b) {
    case WELL:
        snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
                 strlen(r->says), r->says);
        say(fd, text);
        return 1;
    case ERROR_500:
        say(fd, "HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\noops");
        return 1;
    case LATER_429:
        say(fd, "HTTP/1.1 429 Slow down\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n");
        return 1;
    case NOT_FOUND:
        say(fd, "HTTP/1.1 404 No\r\nContent-Length: 7\r\n\r\nnothing");
        return 1;
    case GONE_410:
        say(fd, "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n");
        return 1;
    case REDIRECT:
        snprintf(piece, sizeof piece, "http://127.0.0.1:%d/elsewhere", r->port);
        snprintf(text, sizeof text,
                 "HTTP/1.1 302 There\r\nLocation: %.500s\r\nContent-Length: 0\r\n\r\n",
                 r->leads ? r->leads : piece);
        say(fd, text);
        return 1;
    case RESET:
        reset(fd);
        return 0;
    case CUT_HEAD:
        say(fd, "HTTP/1.1 200 OK\r\nContent-Le");
        return 0;
    case SHORT_BODY:
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nthat was it");
        return 0;
    case NO_HTTP:
        say(fd, "220 mail.example ESMTP ready\r\n");
        return 0;
    case WRONG_STATUS:
        say(fd, "HTTP/1.1 abc What\r\n\r\n");
        return 0;
    case ENDLESS_BODY:
        say(fd, "HTTP/1.1 200 OK\r\n\r\n");
        memset(piece, 'x', sizeof piece);
        while ((n = send(fd, piece, sizeof piece, MSG_NOSIGNAL)) > 0)
            ;
        return 0;
    case SLOWLY:
        for (const char *p = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"; *p; p++)
            (void)!send(fd, p, 1, MSG_NOSIGNAL);
        return 1;
    case HANG:
        while (recv(fd, piece, sizeof piece, 0) > 0)
            ;
        return 0;
    default:
        return 0;
    }
}

static inline void *connection_main(void *arg) {
    struct connection *c = arg;
    struct receiver *r = c->receiver;
    struct got got;
    int on = 1;
    while (on && read_request(c->fd, &got)) {
        pthread_mutex_lock(&r->lock);
        got.answer = r->choose ? r->choose(r, got.path) : r->always;
        if (r->count < GOT_MAX)
            r->got[r->count++] = got;
        pthread_mutex_unlock(&r->lock);
        on = reply(r, c->fd, got.answer);
    }
    close(c->fd);
    pthread_mutex_lock(&r->lock);
    r->open--;
    pthread_cond_broadcast(&r->closed);
    pthread_mutex_unlock(&r->lock);
    free(c);
    return NULL;
}

static inline void *receiver_main(void *arg) {
    struct receiver *r = arg;
    for (;;) {
        int fd = accept(r->listener, NULL, NULL);
        if (fd < 0)
            return NULL;
        struct connection *c = malloc(sizeof *c);
        pthread_t thread;
        *c = (struct connection){r, fd};
        pthread_mutex_lock(&r->lock);
        r->open++;
        r->accepted++;
        pthread_mutex_unlock(&r->lock);
        pthread_create(&thread, NULL, connection_main, c);
        pthread_detach(thread);
    }
}

static inline void receiver_start(struct receiver *r) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    *r = (struct receiver){.says = "", .got = calloc(GOT_MAX, sizeof *r->got)};
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->closed, NULL);
    r->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (r->listener < 0 || bind(r->listener, (struct sockaddr *)&a, sizeof a) != 0 ||
        listen(r->listener, 64) != 0)
        abort();
    getsockname(r->listener, (struct sockaddr *)&a, &len);
    r->port = ntohs(a.sin_port);
    pthread_create(&r->thread, NULL, receiver_main, r);
}

/* After those who send are gone: their connections are closed. */
static inline void receiver_stop(struct receiver *r) {
    shutdown(r->listener, SHUT_RDWR);
    pthread_join(r->thread, NULL);
    close(r->listener);
    pthread_mutex_lock(&r->lock);
    while (r->open > 0)
        pthread_cond_wait(&r->closed, &r->lock);
    pthread_mutex_unlock(&r->lock);
    for (int i = 0; i < r->count; i++) {
        struct got *g = &r->got[i];
        free(g->path), free(g->id), free(g->timestamp), free(g->signature), free(g->head),
            free(g->body);
    }
    free(r->got);
}

#endif
