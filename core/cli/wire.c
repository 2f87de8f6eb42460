/* SPDX-License-Identifier: Apache-2.0 */
/* Wire: whole frames in, whole frames out, with deadlines. */
#include "cli/wire.h"
#include "base/clock.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define HEAD_BYTES 5

void wire_u32(char out[4], uint32_t n) {
    for (int i = 0; i < 4; i++)
        out[i] = (char)(n >> (8 * i));
}

uint32_t wire_u32_of(const char in[4]) {
    uint32_t n = 0;
    for (int i = 3; i >= 0; i--)
        n = n << 8 | (unsigned char)in[i];
    return n;
}

const char io_letters[] = "rnw";

void wire_open(struct wire *w, int fd, int64_t send_timeout_ms) {
    *w = (struct wire){.fd = fd};
    struct timeval tv = {.tv_sec = send_timeout_ms / 1000};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv);
}

void wire_close(struct wire *w) {
    close(w->fd);
    w->fd = -1;
    buf_free(&w->in);
}

static kith_status gone(kith_error *e) {
    return err_set(e, KITH_E_IO, NULL, "the other side of the socket is gone");
}

static kith_status send_part(int fd, kith_str part, int flags, kith_error *e) {
    while (part.len > 0) {
        ssize_t n = send(fd, part.ptr, (size_t)part.len, MSG_NOSIGNAL | flags);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return gone(e);
        part.ptr += n;
        part.len -= (uint64_t)n;
    }
    return KITH_OK;
}

kith_status wire_send2(struct wire *w, enum frame type, kith_str head, kith_str tail,
                       kith_error *e) {
    char start[HEAD_BYTES] = {(char)type};
    if (head.len + tail.len > WIRE_MAX)
        return err_set(e, KITH_E_LIMIT, NULL, "more than %u bytes for one frame", WIRE_MAX);
    wire_u32(start + 1, (uint32_t)(head.len + tail.len));
    TRY(send_part(w->fd, (kith_str){start, HEAD_BYTES}, head.len + tail.len > 0 ? MSG_MORE : 0, e));
    TRY(send_part(w->fd, head, tail.len > 0 ? MSG_MORE : 0, e));
    return send_part(w->fd, tail, 0, e);
}

kith_status wire_send(struct wire *w, enum frame type, kith_str payload, kith_error *e) {
    return wire_send2(w, type, payload, (kith_str){0}, e);
}

bool wire_ready(const struct wire *w) {
    struct pollfd p = {.fd = w->fd, .events = POLLIN};
    return poll(&p, 1, 0) > 0;
}

/* A signal ends the wait for a frame, so that a client sees its Ctrl-C, but not that for its rest.
 */
static bool wait_readable(int fd, int64_t deadline_ns, bool through_signals) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    for (;;) {
        int64_t left = (deadline_ns - clock_ticks()) / 1000000;
        int n = poll(&p, 1, left > 0 ? (int)left : 0);
        if (n >= 0 || errno != EINTR || !through_signals)
            return n > 0;
    }
}

static kith_status recv_exactly(int fd, char *dst, size_t len, int64_t deadline_ns, kith_error *e) {
    while (len > 0) {
        if (!wait_readable(fd, deadline_ns, true))
            return err_set(e, KITH_E_IO, NULL, "the other side stopped in the middle of a frame");
        ssize_t n = recv(fd, dst, len, MSG_DONTWAIT);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0)
            return gone(e);
        dst += n;
        len -= (size_t)n;
    }
    return KITH_OK;
}

/* How long the rest of a frame may take once it has begun. */
#define FRAME_MS 10000

kith_status wire_recv(struct wire *w, int64_t timeout_ms, uint8_t *type, kith_str *payload,
                      kith_error *e) {
    if (!wait_readable(w->fd, clock_in(timeout_ms), false))
        return err_set(e, KITH_E_LIMIT, NULL, "nothing came over the socket in time");
    int64_t deadline = clock_in(FRAME_MS);
    char start[HEAD_BYTES];
    TRY(recv_exactly(w->fd, start, HEAD_BYTES, deadline, e));
    uint32_t len = wire_u32_of(start + 1);
    if (len > WIRE_MAX)
        return err_set(e, KITH_E_INVAL, NULL,
                       "the other side of the socket does not speak Kith's"
                       " protocol");
    buf_reset(&w->in);
    if (!buf_reserve(&w->in, len))
        return err_nomem(e);
    if (len > 0)
        TRY(recv_exactly(w->fd, w->in.ptr, len, deadline, e));
    w->in.len = len;
    *type = (uint8_t)start[0];
    *payload = (kith_str){w->in.ptr, len};
    return KITH_OK;
}

kith_status wire_hello(struct wire *w, kith_error *e) {
    char version[4];
    wire_u32(version, WIRE_VERSION);
    return wire_send2(w, FRAME_HELLO, (kith_str){version, 4}, STR(KITH_VERSION), e);
}

kith_status wire_check_hello(uint8_t type, kith_str payload, const char *who, kith_error *e) {
    if (type != FRAME_HELLO || payload.len < 4)
        return err_set(e, KITH_E_INVAL, NULL, "the %s does not speak Kith's protocol", who);
    uint32_t version = wire_u32_of(payload.ptr);
    if (version == WIRE_VERSION)
        return KITH_OK;
    return err_set(e, KITH_E_UNSUPPORTED, NULL,
                   "the %s is Kith %.*s and speaks version %u of the protocol, this is Kith %s with"
                   " version %u: use the same Kith on both sides",
                   who, (int)(payload.len - 4 > 32 ? 32 : payload.len - 4), payload.ptr + 4,
                   version, KITH_VERSION, WIRE_VERSION);
}
