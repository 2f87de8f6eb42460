/* SPDX-License-Identifier: Apache-2.0 */
/* Where it listens: addresses, and sockets that systemd handed over. The process keeps them while
 * the company is opened anew, so that nobody is refused meanwhile. */
#include "operation.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#define SYSTEMD "systemd:"

static bool take_prefix(kith_str *text, const char *prefix) {
    const size_t len = strlen(prefix);
    if (text->len < len || memcmp(text->ptr, prefix, len) != 0)
        return false;
    text->ptr += len;
    text->len -= len;
    return true;
}

/* "127.0.0.1:8080", "[::1]:8080", "8080": of this computer alone. */
static kith_status address_of(kith_str text, struct sockaddr_storage *out, kith_error *err) {
    char copy[100], *host = copy, *port;
    struct addrinfo *found = NULL, hints = {.ai_socktype = SOCK_STREAM,
                                            .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    if (text.len >= sizeof copy)
        return kith_fail(err, KITH_E_INVAL, "listen", "web.listen: an address is ADDRESS:PORT");
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    port = strrchr(copy, ':');
    if (port && port > copy && copy[0] == '[' && port[-1] == ']') {
        host++;
        port[-1] = '\0';
    }
    if (port)
        *port++ = '\0';
    if (getaddrinfo(port ? host : "127.0.0.1", port ? port : copy, &hints, &found) != 0)
        return kith_fail(err, KITH_E_INVAL, "listen",
                         "web.listen: '%.*s' is no address: write \"127.0.0.1:8080\","
                         " \"[::1]:8080\", \"8080\", with https:// in front for TLS, or"
                         " \"systemd:NAME\"",
                         (int)text.len, text.ptr);
    memcpy(out, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return KITH_OK;
}

static kith_status bind_to(const struct sockaddr_storage *a, kith_str text, int *out,
                           kith_error *err) {
    const int one = 1;
    socklen_t len =
        a->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    int fd = socket(a->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)a, len) == 0 && listen(fd, 1024) == 0) {
        *out = fd;
        return KITH_OK;
    }
    int why = errno;
    if (fd >= 0)
        close(fd);
    return kith_fail(err, why == EADDRINUSE ? KITH_E_BUSY : KITH_E_IO, "listen",
                     "cannot listen on %.*s: %s", (int)text.len, text.ptr, strerror(why));
}

static kith_status bind_and_keep(kith_instance *self, kith_str text, int *fd, kith_error *err) {
    struct sockaddr_storage address;
    kith_status st = address_of(text, &address, err);
    if (st == KITH_OK)
        st = bind_to(&address, text, fd, err);
    if (st != KITH_OK)
        return st;
    st = self->operation->host->keep(self->host, text, *fd, err);
    if (st != KITH_OK)
        close(*fd);
    return st;
}

static bool is_listening(int fd) {
    int yes = 0, type = 0;
    socklen_t len = sizeof yes;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &len) == 0 && yes &&
           getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM;
}

static kith_status handed_over(kith_instance *self, kith_str name, uint32_t i, int *fd,
                               kith_error *err) {
    *fd = self->operation->host->socket(self->host, name, i);
    if (*fd >= 0 && is_listening(*fd))
        return KITH_OK;
    if (*fd < 0 && i > 0)
        return KITH_E_NOTFOUND;
    if (*fd >= 0)
        close(*fd);
    return kith_fail(err, KITH_E_NOTFOUND, "listen",
                     "web.listen: systemd handed over no socket that listens as '%.*s': the unit"
                     " names it by FileDescriptorName=",
                     (int)name.len - (int)strlen(SYSTEMD), name.ptr + strlen(SYSTEMD));
}

/* Of an address without a port there may be several: the n-th is the n-th socket of its name. */
static uint32_t same_before(const kith_instance *self, uint64_t entry, kith_str address) {
    uint32_t n = 0;
    for (uint64_t i = 0; i < entry; i++) {
        kith_str other = self->listen.as.list.items[i].as.s;
        if (!take_prefix(&other, "https://"))
            (void)take_prefix(&other, "http://");
        n += other.len == address.len && memcmp(other.ptr, address.ptr, (size_t)other.len) == 0;
    }
    return n;
}

kith_status listener_open(kith_instance *self, uint64_t at, uint32_t i, struct listener *out,
                          kith_error *err) {
    kith_str entry = self->listen.as.list.items[at].as.s;
    out->tls = take_prefix(&entry, "https://");
    if (!out->tls)
        (void)take_prefix(&entry, "http://");
    if (out->tls && !self->operation->tls)
        return kith_fail(err, KITH_E_INVAL, "listen",
                         "web.listen: https:// wants web.tls_certificate and web.tls_key");
    if (entry.len > strlen(SYSTEMD) && memcmp(entry.ptr, SYSTEMD, strlen(SYSTEMD)) == 0)
        return handed_over(self, entry, i, &out->fd, err);
    if (i > 0)
        return KITH_E_NOTFOUND;
    out->fd = self->operation->host->socket(self->host, entry, same_before(self, at, entry));
    return out->fd >= 0 ? KITH_OK : bind_and_keep(self, entry, &out->fd, err);
}

void listener_url(const struct listener *d, char out[LISTENER_URL]) {
    struct sockaddr_storage a = {0};
    socklen_t len = sizeof a;
    unsigned char at[NET_BYTES];
    char text[NET_TEXT];
    unsigned port = 0;
    const bool six =
        getsockname(d->fd, (struct sockaddr *)&a, &len) == 0 && a.ss_family == AF_INET6;
    net_of_socket((const struct sockaddr *)&a, at);
    net_text(at, text);
    if (six)
        port = ntohs(((const struct sockaddr_in6 *)(const void *)&a)->sin6_port);
    else if (a.ss_family == AF_INET)
        port = ntohs(((const struct sockaddr_in *)(const void *)&a)->sin_port);
    (void)snprintf(out, LISTENER_URL, "%s://%s%s%s:%u", d->tls ? "https" : "http", six ? "[" : "",
                   text, six ? "]" : "", port);
}
