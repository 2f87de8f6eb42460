/* SPDX-License-Identifier: Apache-2.0 */
/* Sends requests at a fixed rate, whether or not those before are answered, and measures each from
 * when it was due: a server that halts is late with all that came due meanwhile.
 *     rate PORT TOKEN CONNECTIONS RATE SECONDS METHOD PATH-OR-FILE [BODY]
 * PATH-OR-FILE: an address, or "@FILE" with one in each line, taken in turn; %d in BODY becomes the
 * number of the request. Prints one line: result SENT-PER-SECOND P50-MS P99-MS FAILED. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256

struct line {
    int fd;
    int64_t due; /* of the request that it waits for; 0: it is free */
    char answer[8192];
    size_t got;
};
static struct line lines[CONNECTIONS_MAX];
static struct pollfd polled[CONNECTIONS_MAX];
static int count;
static const char *token, *method, *body;
static char **paths;
static int64_t path_count, *latencies, answered, failed, next_number;

static void die(const char *why) {
    fprintf(stderr, "rate: %s: %s\n", why, strerror(errno));
    exit(1);
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void open_lines(int port) {
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int i = 0; i < count; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
            die("no connection");
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        lines[i].fd = fd;
        polled[i] = (struct pollfd){.fd = fd, .events = POLLIN};
    }
}

static void read_paths(const char *given) {
    char text[300];
    FILE *f = *given == '@' ? fopen(given + 1, "r") : NULL;
    if (*given == '@' && !f)
        die(given + 1);
    paths = calloc(1000000, sizeof *paths);
    if (!paths)
        die("no memory");
    if (!f)
        paths[path_count++] = strdup(given);
    while (f && path_count < 1000000 && fgets(text, sizeof text, f)) {
        text[strcspn(text, "\n")] = '\0';
        paths[path_count++] = strdup(text);
    }
    if (f)
        fclose(f);
}

/* "%d" is the number; nothing else of the body is looked at. */
static int put_body(char *out, size_t cap, int64_t number) {
    const char *at = body ? strstr(body, "%d") : NULL;
    if (!at)
        return snprintf(out, cap, "%s", body ? body : "");
    return snprintf(out, cap, "%.*s%lld%s", (int)(at - body), body, (long long)number, at + 2);
}

static void send_one(struct line *l, int64_t due) {
    char content[1000], request[2000];
    int64_t number = next_number++;
    int len = put_body(content, sizeof content, number);
    int n = snprintf(request, sizeof request,
                     "%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
                     "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                     method, paths[number * 7919 % path_count], token, len, content);
    if (send(l->fd, request, (size_t)n, MSG_NOSIGNAL) != n)
        die("a request could not be sent");
    l->due = due;
    l->got = 0;
}

/* Is the answer there as a whole? */
static bool is_whole(const struct line *l) {
    const char *end = strstr(l->answer, "\r\n\r\n"),
               *length = strcasestr(l->answer, "content-length:");
    return end && length && length < end &&
           l->got >= (size_t)(end + 4 - l->answer) + strtoul(length + 15, NULL, 10);
}

static void take(struct line *l) {
    ssize_t n = recv(l->fd, l->answer + l->got, sizeof l->answer - 1 - l->got, 0);
    if (n <= 0)
        die("the server hung up");
    l->got += (size_t)n;
    l->answer[l->got] = '\0';
    if (!is_whole(l))
        return;
    failed += strncmp(l->answer, "HTTP/1.1 2", 10) != 0;
    latencies[answered++] = now_ns() - l->due;
    l->due = 0;
}

static int by_size(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void wait_until(int64_t when) {
    int64_t left = when - now_ns();
    struct timespec t = {.tv_nsec = left > 0 ? left % 1000000000 : 0, .tv_sec = left / 1000000000};
    if (left < 0)
        t.tv_sec = 0;
    if (ppoll(polled, (nfds_t)count, &t, NULL) <= 0)
        return;
    for (int i = 0; i < count; i++)
        if (polled[i].revents)
            take(&lines[i]);
}

static void run(double rate, int64_t total) {
    int64_t start = now_ns(), sent = 0;
    while (answered < total) {
        int64_t due = start + (int64_t)((double)sent / rate * 1e9);
        for (int i = 0; i < count && sent < total && due <= now_ns(); i++) {
            if (lines[i].due)
                continue;
            send_one(&lines[i], due);
            due = start + (int64_t)((double)++sent / rate * 1e9);
        }
        bool late = sent == total || due <= now_ns(); /* all are busy: wait for one of them */
        wait_until(late ? now_ns() + 1000000 : due);
    }
    double seconds = (double)(now_ns() - start) / 1e9;
    qsort(latencies, (size_t)total, sizeof *latencies, by_size);
    printf("result %.0f %.2f %.2f %lld\n", (double)total / seconds,
           (double)latencies[total / 2] / 1e6, (double)latencies[total * 99 / 100] / 1e6,
           (long long)failed);
}

int main(int argc, char **argv) {
    if (argc < 8) {
        fputs("usage: rate PORT TOKEN CONNECTIONS RATE SECONDS METHOD PATH|@FILE [BODY]\n", stderr);
        return 2;
    }
    double rate = strtod(argv[4], NULL);
    int64_t total = (int64_t)(rate * strtod(argv[5], NULL));
    token = argv[2];
    count = (int)strtol(argv[3], NULL, 10);
    method = argv[6];
    body = argc > 8 ? argv[8] : NULL;
    if (count < 1 || count > CONNECTIONS_MAX || total < 1) {
        fputs("rate: 1 to 256 connections, and something to send\n", stderr);
        return 2;
    }
    latencies = calloc((size_t)total, sizeof *latencies);
    read_paths(argv[7]);
    if (!latencies || path_count == 0)
        die("nothing to send");
    open_lines((int)strtol(argv[1], NULL, 10));
    run(rate, total);
    return 0;
}
