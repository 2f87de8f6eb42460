/* SPDX-License-Identifier: Apache-2.0 */
/* Origin: where a request comes from, though there are proxies in between. What headers say of it
 * is believed only of proxies that are trusted: of the addresses on the way the last that is none
 * of them is the client's. */
#include "operation.h"

#include <stdlib.h>
#include <strings.h>
#include <sys/random.h>

#define HOPS_MAX 32
#define ID_LEAST 1

/* -- the name of a request --------------------------------------------------------------------- */

static bool is_id(const char *text) {
    size_t len = strlen(text);
    return len >= ID_LEAST && len < REQUEST_ID &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") == len;
}

/* Different for each request of the process, and hardly the same in two of them (SplitMix64). */
static void make_id(struct operation *o, char out[REQUEST_ID]) {
    static const char digits[] = "0123456789abcdef";
    uint64_t n = o->id_seed +
                 atomic_fetch_add_explicit(&o->id_next, 0x9e3779b97f4a7c15u, memory_order_relaxed);
    n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9u;
    n = (n ^ (n >> 27)) * 0x94d049bb133111ebu;
    n ^= n >> 31;
    for (int i = 0; i < 16; i++, n >>= 4)
        out[i] = digits[n & 15];
    out[16] = '\0';
}

void origin_seed(struct operation *o) {
    if (getrandom(&o->id_seed, sizeof o->id_seed, 0) != (ssize_t)sizeof o->id_seed)
        o->id_seed = (uint64_t)(uintptr_t)o;
}

/* -- what proxies say -------------------------------------------------------------------------- */

/* One proxy's word, from the right: the address that it saw, and how it was spoken to. */
struct hop {
    char address[NET_TEXT + 10], proto[12];
};
struct hops {
    struct hop items[HOPS_MAX]; /* in the order of the header; of more the last */
    size_t count;
    bool odd; /* a quote in it has no end */
};

static void add_hop(struct hops *h, const struct hop *hop) {
    if (h->count == HOPS_MAX) {
        memmove(h->items, h->items + 1, (HOPS_MAX - 1) * sizeof *h->items);
        h->count--;
    }
    h->items[h->count++] = *hop;
}

/* The header's values, one after another as if they were one; false: there is none. */
static bool whole_header(const struct request *r, const char *name, struct text *out) {
    const char *value;
    for (size_t i = 0; (value = request_header_at(r, name, i)); i++) {
        text_puts(out, i ? "," : "");
        text_puts(out, value);
    }
    return out->len > 0 && !out->failed;
}

static void trim_into(char *out, size_t cap, const char *from, size_t len) {
    while (len && strchr(" \t", *from))
        from++, len--;
    while (len && strchr(" \t", from[len - 1]))
        len--;
    if (len > 1 && *from == '"' && from[len - 1] == '"')
        from++, len -= 2;
    (void)snprintf(out, cap, "%.*s", (int)(len < cap ? len : cap - 1), from);
}

/* X-Forwarded-For: 192.0.2.7, 10.0.0.1; X-Forwarded-Proto tells the same for each, or once. */
static void read_plain(const struct request *r, struct hops *h) {
    struct text list = {0}, protos = {0};
    if (whole_header(r, "X-Forwarded-For", &list))
        for (const char *at = list.ptr; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
            struct hop hop = {0};
            trim_into(hop.address, sizeof hop.address, at, strcspn(at, ","));
            add_hop(h, &hop);
        }
    if (whole_header(r, "X-Forwarded-Proto", &protos)) {
        const char *last = strrchr(protos.ptr, ',');
        struct hop said = {0};
        trim_into(said.proto, sizeof said.proto, last ? last + 1 : protos.ptr,
                  strlen(last ? last + 1 : protos.ptr));
        for (size_t i = 0; i < h->count; i++)
            memcpy(h->items[i].proto, said.proto, sizeof said.proto);
    }
    text_free(&list);
    text_free(&protos);
}

/* The length of what ends with one of `ends`, which may stand in quotes. *open: the last of them
 * has no end. */
static size_t until(const char *at, const char *ends, bool *open) {
    size_t n = 0;
    bool quoted = false;
    for (; at[n] && (quoted || !strchr(ends, at[n])); n++) {
        if (at[n] == '"')
            quoted = !quoted;
        if (quoted && at[n] == '\\' && at[n + 1])
            n++;
    }
    *open = quoted;
    return n;
}

static void read_pair(struct hop *hop, const char *at, size_t len) {
    size_t name = strcspn(at, "=");
    while (name && len && strchr(" \t", *at))
        at++, len--, name--;
    if (name >= len)
        return;
    if (name == 3 && strncasecmp(at, "for", 3) == 0)
        trim_into(hop->address, sizeof hop->address, at + 4, len - 4);
    else if (name == 5 && strncasecmp(at, "proto", 5) == 0)
        trim_into(hop->proto, sizeof hop->proto, at + 6, len - 6);
}

/* Forwarded: for=192.0.2.7;proto=https, for="[2001:db8::1]:4711" (RFC 7239) */
static void read_forwarded(const struct request *r, struct hops *h) {
    struct text list = {0};
    if (whole_header(r, "Forwarded", &list))
        for (const char *at = list.ptr;; at++) {
            struct hop hop = {0};
            for (;; at++) {
                size_t len = until(at, ";,", &h->odd);
                read_pair(&hop, at, len);
                at += len;
                if (*at != ';')
                    break;
            }
            add_hop(h, &hop);
            if (!*at)
                break;
        }
    text_free(&list);
}

/* "192.0.2.7", "192.0.2.7:4711", "[2001:db8::1]:4711", "2001:db8::1" */
static bool hop_address(const struct hop *hop, unsigned char out[NET_BYTES]) {
    char copy[sizeof hop->address];
    char *at = copy, *colon;
    memcpy(copy, hop->address, sizeof copy);
    if (*at == '[') {
        at++;
        at[strcspn(at, "]")] = '\0';
    } else if ((colon = strchr(at, ':')) && !strchr(colon + 1, ':'))
        *colon = '\0';
    return net_of_text(at, out);
}

static void follow(struct origin *origin, const struct hops *h, const struct nets *trusted) {
    for (size_t i = h->count; i-- > 0;) {
        unsigned char at[NET_BYTES];
        if (h->items[i].proto[0])
            origin->https = strcasecmp(h->items[i].proto, "https") == 0;
        if (!hop_address(&h->items[i], at)) { /* "unknown", "_hidden" */
            origin->hidden = true;
            return;
        }
        memcpy(origin->address, at, sizeof at);
        if (!nets_have(trusted, at))
            return;
    }
}

/* Proxies betray themselves by one of these, also those that do not say for whom they ask. */
static bool is_forwarded(const struct request *r) {
    static const char *const signs[] = {
        "X-Forwarded-For",     "Forwarded",          "Via",
        "X-Real-IP",           "X-Forwarded-Proto",  "X-Forwarded-Host",
        "X-Forwarded-Port",    "X-Forwarded-Server", "X-Client-IP",
        "X-Cluster-Client-IP", "True-Client-IP",     "CF-Connecting-IP"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (request_header(r, signs[i]))
            return true;
    return false;
}

/* By another name a page of somebody else's reaches this computer through a browser on it, once
 * that name leads here (DNS rebinding). An address in its place is none that others can give away.
 * None at all: it is no browser. */
static bool host_is_ours(const struct request *r) {
    const char *given = request_host(r), *own = r->self->operation->name;
    char host[256];
    unsigned char at[NET_BYTES];
    if (!given)
        return true;
    bool brackets = *given == '[';
    size_t len = strcspn(given + brackets, brackets ? "]" : ":");
    if (len >= sizeof host)
        return false;
    memcpy(host, given + brackets, len);
    host[len] = '\0';
    return net_of_text(host, at) || strcasecmp(host, "localhost") == 0 ||
           (*own && strcasecmp(host, own) == 0);
}

/* Only one of the two headers: a proxy that sets the one may well pass on the other as it came. */
static void find(struct request *r, const struct sockaddr *peer, bool tls) {
    struct operation *o = r->self->operation;
    struct origin *origin = &r->origin;
    const char *given;
    net_of_socket(peer, origin->address);
    origin->https = tls;
    origin->proxied = o->trusted.count && nets_have(&o->trusted, origin->address);
    given = origin->proxied ? request_header(r, "X-Request-ID") : NULL;
    if (given && is_id(given))
        (void)snprintf(origin->id, sizeof origin->id, "%s", given);
    else
        make_id(o, origin->id);
    if (!origin->proxied) {
        origin->hidden = is_forwarded(r);
        return;
    }
    struct hops *h = calloc(1, sizeof *h);
    if (!h) {
        origin->hidden = true;
        return;
    }
    if (o->forwarded)
        read_forwarded(r, h);
    else
        read_plain(r, h);
    /* Within a quote that a client has left open stands what the proxies say of it. */
    origin->hidden = h->count == 0 || h->odd;
    if (h->odd)
        origin->https = false;
    else
        follow(origin, h, &o->trusted);
    free(h);
}

void origin_find(struct request *r, const struct sockaddr *peer, bool tls) {
    find(r, peer, tls);
    if (net_is_loopback(r->origin.address) && !host_is_ours(r))
        r->origin.hidden = true;
}

const char *request_host(const struct request *r) {
    const char *said = r->origin.proxied && !r->self->operation->forwarded
                           ? request_header(r, "X-Forwarded-Host")
                           : NULL;
    return said && *said && !strchr(said, ',') ? said : request_header(r, "Host");
}

void request_from(const struct request *r, char out[FROM_TEXT]) {
    net_text(r->origin.address, out);
}

bool request_is_secure(const struct request *r) {
    return r->origin.https;
}

/* -- zones ------------------------------------------------------------------------------------- */

/* Where nothing is said of networks, all is the own one. */
uint32_t request_zone(const struct request *r) {
    const struct operation *o = r->self->operation;
    if (!o->intranet.count && !o->extranet.count)
        return KITH_ZONE_INTRANET;
    if (!r->origin.hidden && nets_have(&o->intranet, r->origin.address))
        return KITH_ZONE_INTRANET;
    if (!r->origin.hidden && nets_have(&o->extranet, r->origin.address))
        return KITH_ZONE_EXTRANET;
    return KITH_ZONE_INTERNET;
}
