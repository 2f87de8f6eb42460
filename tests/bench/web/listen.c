/* SPDX-License-Identifier: Apache-2.0 */
/* Listens to events on many connections, and counts what comes.
 *     listen PORT TOKEN LISTENERS COUNT SECONDS QUERY READY
 * Writes the file READY when all listen; ends when each has had COUNT events, or SECONDS later
 * (COUNT 0: only then). Prints one line: result EVENTS-PER-SECOND EVENTS SECONDS COMPLETE: of all
 * together, from the first event to the last, and how many had COUNT of them. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char mark[] = "\nevent: ";

struct listener {
    int fd, began;
    size_t matched; /* of the mark, at the end of what has come */
    int64_t events;
};
static struct listener *listeners;
static int count, began;
static int64_t wanted, events, complete, first, last;

static void die(const char *why) {
    fprintf(stderr, "listen: %s: %s\n", why, strerror(errno));
    exit(1);
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void begin(struct listener *l, int port, const char *token, const char *query) {
    char head[600];
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int n = snprintf(head, sizeof head,
                     "GET /api/v1/events%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n",
                     query, token);
    l->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (l->fd < 0 || connect(l->fd, (struct sockaddr *)&a, sizeof a) != 0 ||
        write(l->fd, head, (size_t)n) != n)
        die("cannot connect");
}

static void take(struct listener *l, const char *data, size_t len) {
    int64_t before = l->events;
    for (size_t i = 0; i < len; i++) {
        l->matched = data[i] == mark[l->matched] ? l->matched + 1 : data[i] == '\n';
        if (l->matched == sizeof mark - 1) {
            l->events++;
            l->matched = 0;
        }
    }
    if (l->events == before)
        return;
    last = now_ns();
    first = first ? first : last;
    events += l->events - before;
    complete += wanted && before < wanted && l->events >= wanted;
}

static void read_from(struct listener *l) {
    char data[65536];
    ssize_t n = read(l->fd, data, sizeof data);
    if (n <= 0)
        die("a stream ended");
    if (!l->began) {
        l->began = 1;
        began++;
        if (n < 12 || memcmp(data, "HTTP/1.1 200", 12) != 0) {
            fprintf(stderr, "listen: %.*s\n", (int)n, data);
            exit(1);
        }
    }
    take(l, data, (size_t)n);
}

static void listen_all(int poll, int64_t end, const char *ready) {
    struct epoll_event found[256];
    while (now_ns() < end && !(wanted && complete == count)) {
        int n = epoll_wait(poll, found, 256, 100);
        for (int i = 0; i < n; i++)
            read_from(found[i].data.ptr);
        if (ready && began == count) {
            FILE *f = fopen(ready, "w");
            if (!f)
                die(ready);
            fclose(f);
            ready = NULL;
        }
    }
}

int main(int argc, char **argv) {
    if (argc != 8) {
        fprintf(stderr, "usage: listen PORT TOKEN LISTENERS COUNT SECONDS QUERY READY\n");
        return 2;
    }
    int poll = epoll_create1(0);
    count = atoi(argv[3]);
    wanted = atoll(argv[4]);
    listeners = calloc((size_t)count, sizeof *listeners);
    if (poll < 0 || !listeners)
        die("cannot begin");
    for (int i = 0; i < count; i++) {
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = &listeners[i]};
        begin(&listeners[i], atoi(argv[1]), argv[2], argv[6]);
        if (epoll_ctl(poll, EPOLL_CTL_ADD, listeners[i].fd, &e) != 0)
            die("cannot listen");
    }
    listen_all(poll, now_ns() + atoll(argv[5]) * 1000000000, argv[7]);
    double seconds = (double)(last - first) / 1e9;
    printf("result %.0f %lld %.3f %lld\n", seconds > 0 ? (double)events / seconds : 0,
           (long long)events, seconds, (long long)complete);
    return 0;
}
