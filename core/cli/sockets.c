/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets: see sockets.h. */
#include "cli/sockets.h"
#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST_FD 3 /* of those that systemd hands over */
#define FDS_MAX  64

struct kept_socket {
    int fd;
    bool handed; /* by systemd */
    bool wanted;
    struct kept_socket *next;
    char name[];
};

/* Behind those of the same name. */
static bool add(struct sockets *s, const char *name, int fd, bool handed) {
    const size_t len = strlen(name) + 1;
    struct kept_socket *k = malloc(sizeof *k + len), **at = &s->first;
    if (!k)
        return false;
    *k = (struct kept_socket){.fd = fd, .handed = handed, .wanted = true};
    memcpy(k->name, name, len);
    while (*at)
        at = &(*at)->next;
    *at = k;
    return true;
}

static bool is_for_us(const char *pid) {
    return pid && strtol(pid, NULL, 10) == (long)getpid();
}

static void take_over(struct sockets *s, long count, const char *names) {
    for (long i = 0; i < count && i < FDS_MAX; i++) {
        char name[120];
        const size_t len = names ? strcspn(names, ":") : 0;
        const int fd = FIRST_FD + (int)i;
        (void)snprintf(name, sizeof name, "systemd:%.*s", len ? (int)len : 7,
                       len ? names : "unknown");
        if (names)
            names += len + (names[len] == ':');
        if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
            fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0 || !add(s, name, fd, true))
            log_warn("serve", "a socket that systemd handed over as '%s' cannot be used", name);
    }
}

/* Programs that are started from here are not meant by what the environment says. */
void sockets_open(struct sockets *s) {
    const char *count = getenv("LISTEN_FDS");
    *s = (struct sockets){0};
    pthread_mutex_init(&s->lock, NULL);
    if (count && is_for_us(getenv("LISTEN_PID")))
        take_over(s, strtol(count, NULL, 10), getenv("LISTEN_FDNAMES"));
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
}

int sockets_get(struct sockets *s, const char *name, uint32_t i) {
    int fd = -1;
    pthread_mutex_lock(&s->lock);
    for (struct kept_socket *k = s->first; k && fd < 0; k = k->next)
        if (strcmp(k->name, name) == 0 && i-- == 0) {
            k->wanted = true;
            fd = fcntl(k->fd, F_DUPFD_CLOEXEC, 0);
        }
    pthread_mutex_unlock(&s->lock);
    return fd;
}

kith_status sockets_keep(struct sockets *s, const char *name, int fd, kith_error *e) {
    const int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (own < 0)
        return err_errno(e, "keep the socket of", name);
    pthread_mutex_lock(&s->lock);
    bool added = add(s, name, own, false);
    pthread_mutex_unlock(&s->lock);
    if (added)
        return KITH_OK;
    close(own);
    return err_nomem(e);
}

void sockets_begin(struct sockets *s) {
    pthread_mutex_lock(&s->lock);
    for (struct kept_socket *k = s->first; k; k = k->next)
        k->wanted = k->handed;
    pthread_mutex_unlock(&s->lock);
}

static void close_unwanted(struct sockets *s) {
    pthread_mutex_lock(&s->lock);
    for (struct kept_socket **at = &s->first; *at;) {
        struct kept_socket *k = *at;
        if (k->wanted) {
            at = &k->next;
            continue;
        }
        if (!k->handed) /* for the duplicates, too */
            (void)shutdown(k->fd, SHUT_RDWR);
        close(k->fd);
        *at = k->next;
        free(k);
    }
    pthread_mutex_unlock(&s->lock);
}

void sockets_end(struct sockets *s) {
    close_unwanted(s);
}

void sockets_close(struct sockets *s) {
    pthread_mutex_lock(&s->lock);
    for (struct kept_socket *k = s->first; k; k = k->next)
        k->wanted = false;
    pthread_mutex_unlock(&s->lock);
    close_unwanted(s);
}
