/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses that nothing may be sent to, unless http.allow says so: those of this computer, of the
 * networks behind it, and those that are no single computer's. It is asked with the address that a
 * connection is about to be made to, so a name that leads elsewhere by now leads nowhere. */
#include "http.h"
#include <arpa/inet.h>
#include <netinet/in.h>

struct network {
    const char *address;
    int bits;
};

static const struct network closed4[] = {
    {"0.0.0.0", 8},      {"10.0.0.0", 8},    {"100.64.0.0", 10},   {"127.0.0.0", 8},
    {"169.254.0.0", 16}, {"172.16.0.0", 12}, {"192.0.0.0", 24},    {"192.0.2.0", 24},
    {"192.168.0.0", 16}, {"198.18.0.0", 15}, {"198.51.100.0", 24}, {"203.0.113.0", 24},
    {"224.0.0.0", 4},    {"240.0.0.0", 4},
};
static const struct network closed6[] = {
    {"::", 128},   {"::1", 128},  {"64:ff9b:1::", 48}, {"100::", 64},      {"2001::", 32},
    {"fc00::", 7}, {"fe80::", 9}, {"ff00::", 8},       {"2001:db8::", 32},
};

static int32_t within(const unsigned char *address, const unsigned char *network, int bits) {
    int whole = bits / 8, rest = bits % 8;
    if (memcmp(address, network, (size_t)whole) != 0)
        return 0;
    return rest == 0 || (address[whole] ^ network[whole]) >> (8 - rest) == 0;
}

static int32_t listed(int family, const unsigned char *address, const struct network *list,
                      size_t count) {
    unsigned char network[16];
    for (size_t i = 0; i < count; i++)
        if (inet_pton(family, list[i].address, network) == 1 &&
            within(address, network, list[i].bits))
            return 1;
    return 0;
}

/* An address of the older kind inside one of the newer: mapped, translated, or a tunnel's. */
static const unsigned char *inner(const unsigned char a[16]) {
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    static const unsigned char translated[12] = {0, 0x64, 0xff, 0x9b};
    static const unsigned char compatible[12];
    if (memcmp(a, mapped, 12) == 0 || memcmp(a, translated, 12) == 0 ||
        memcmp(a, compatible, 12) == 0)
        return a + 12;
    return a[0] == 0x20 && a[1] == 0x02 ? a + 2 : NULL;
}

static int32_t is_closed(int family, const unsigned char *a) {
    if (family == AF_INET)
        return listed(AF_INET, a, closed4, sizeof closed4 / sizeof *closed4);
    const unsigned char *older = inner(a);
    return listed(AF_INET6, a, closed6, sizeof closed6 / sizeof *closed6) ||
           (older && is_closed(AF_INET, older));
}

/* -- what is allowed nevertheless -------------------------------------------------------------- */

/* "10.1.2.0/24", "::1"; the family, or 0 when it is a name. */
static int parse_network(kith_str entry, unsigned char out[16], int *bits) {
    char text[64];
    if (entry.len >= sizeof text)
        return 0;
    memcpy(text, entry.ptr, (size_t)entry.len);
    text[entry.len] = '\0';
    char *slash = strchr(text, '/');
    if (slash)
        *slash++ = '\0';
    int family = inet_pton(AF_INET, text, out) == 1    ? AF_INET
                 : inet_pton(AF_INET6, text, out) == 1 ? AF_INET6
                                                       : 0;
    int most = family == AF_INET ? 32 : 128, used = 0;
    *bits = most;
    if (family && slash &&
        (sscanf(slash, "%d%n", bits, &used) != 1 || slash[used] || *bits < 0 || *bits > most))
        return 0;
    return family;
}

int32_t allow_valid(kith_str entry) {
    unsigned char network[16];
    int bits;
    if (parse_network(entry, network, &bits))
        return 1;
    for (uint64_t i = 0; i < entry.len; i++) {
        char c = entry.ptr[i];
        int fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '.' || c == '-';
        if (!fine)
            return 0;
    }
    return entry.len > 0;
}

static int32_t is_allowed(const kith_value *allow, const char *host, int family,
                          const unsigned char *address) {
    for (uint64_t i = 0; allow->kind == KITH_LIST && i < allow->as.list.count; i++) {
        kith_str entry = allow->as.list.items[i].as.s;
        unsigned char network[16];
        int bits, of = parse_network(entry, network, &bits);
        if (of ? of == family && within(address, network, bits)
               : strlen(host) == entry.len && curl_strnequal(host, entry.ptr, (size_t)entry.len))
            return 1;
    }
    return 0;
}

int32_t address_allowed(const kith_value *allow, const char *host, const struct sockaddr *address,
                        char text[64]) {
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;
    unsigned char raw[16];
    text[0] = '\0';
    if (address->sa_family == AF_INET) {
        memcpy(&in4, address, sizeof in4);
        memcpy(raw, &in4.sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        memcpy(&in6, address, sizeof in6);
        memcpy(raw, &in6.sin6_addr, 16);
    } else {
        return 0;
    }
    inet_ntop(address->sa_family, raw, text, 64);
    return !is_closed(address->sa_family, raw) || is_allowed(allow, host, address->sa_family, raw);
}
