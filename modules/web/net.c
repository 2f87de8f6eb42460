/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of computers and of networks, as settings and headers name them. All are kept as those
 * of IPv6; those of IPv4 as ::ffff:a.b.c.d. */
#include "operation.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

static void of_v4(const void *address, unsigned char out[NET_BYTES]) {
    memcpy(out, mapped, sizeof mapped);
    memcpy(out + sizeof mapped, address, 4);
}

bool net_is_v4(const unsigned char at[NET_BYTES]) {
    return memcmp(at, mapped, sizeof mapped) == 0;
}

bool net_is_loopback(const unsigned char at[NET_BYTES]) {
    static const unsigned char own[NET_BYTES] = {[15] = 1};
    return net_is_v4(at) ? at[sizeof mapped] == 127 : memcmp(at, own, NET_BYTES) == 0;
}

bool net_of_text(const char *text, unsigned char out[NET_BYTES]) {
    unsigned char v4[4];
    if (inet_pton(AF_INET6, text, out) == 1)
        return true;
    if (inet_pton(AF_INET, text, v4) != 1)
        return false;
    of_v4(v4, out);
    return true;
}

void net_of_socket(const struct sockaddr *a, unsigned char out[NET_BYTES]) {
    memset(out, 0, NET_BYTES);
    if (a && a->sa_family == AF_INET)
        of_v4(&((const struct sockaddr_in *)(const void *)a)->sin_addr, out);
    else if (a && a->sa_family == AF_INET6)
        memcpy(out, &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr, NET_BYTES);
}

void net_text(const unsigned char at[NET_BYTES], char out[NET_TEXT]) {
    if (net_is_v4(at))
        (void)inet_ntop(AF_INET, at + sizeof mapped, out, NET_TEXT);
    else
        (void)inet_ntop(AF_INET6, at, out, NET_TEXT);
}

/* "10.0.0.0/8", "::1" */
static bool parse(kith_str text, struct net *out) {
    char copy[NET_TEXT + 4], *slash, *end;
    if (text.len >= sizeof copy)
        return false;
    memcpy(copy, text.ptr, (size_t)text.len);
    copy[text.len] = '\0';
    if ((slash = strchr(copy, '/')))
        *slash++ = '\0';
    if (!net_of_text(copy, out->at))
        return false;
    const unsigned width = strchr(copy, ':') ? 128 : 32;
    unsigned long bits = width;
    if (slash) {
        bits = strtoul(slash, &end, 10);
        if (!*slash || *end || *slash < '0' || *slash > '9' || bits > width)
            return false;
    }
    out->bits = (unsigned)bits + (128 - width);
    return true;
}

static bool covers(const struct net *n, const unsigned char at[NET_BYTES]) {
    const unsigned whole = n->bits / 8, rest = n->bits % 8;
    if (memcmp(n->at, at, whole) != 0)
        return false;
    return rest == 0 || ((n->at[whole] ^ at[whole]) >> (8 - rest)) == 0;
}

bool nets_have(const struct nets *list, const unsigned char at[NET_BYTES]) {
    for (size_t i = 0; i < list->count; i++)
        if (covers(&list->items[i], at))
            return true;
    return false;
}

kith_status nets_setting(kith_instance *self, const char *key, struct nets *out, kith_error *err) {
    kith_value v;
    KITH_TRY(self->settings->get(self->host, kith_str_of(key), &v, err));
    if (v.kind != KITH_LIST || v.as.list.count == 0)
        return KITH_OK;
    if (!(out->items = calloc((size_t)v.as.list.count, sizeof *out->items)))
        return kith_fail(err, KITH_E_NOMEM, NULL, "no memory");
    for (uint64_t i = 0; i < v.as.list.count; i++) {
        const kith_str text = v.as.list.items[i].as.s;
        if (!parse(text, &out->items[out->count++]))
            return kith_fail(err, KITH_E_INVAL, key,
                             "%.200s: '%.*s' is no address and no network: write \"10.0.0.7\","
                             " \"10.0.0.0/8\" or \"fd00::/8\"",
                             self->settings->where(self->host, kith_str_of(key)).ptr,
                             text.len < 60 ? (int)text.len : 60, text.ptr);
    }
    return KITH_OK;
}
