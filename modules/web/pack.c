/* SPDX-License-Identifier: Apache-2.0 */
/* gzip, by zlib. */
#include "pack.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#define ZLIB_CONST
#include <zlib.h>

#define GZIP 16 /* added to the bits of the window */

/* -- is it wanted? ----------------------------------------------------------------------------- */

/* ";q=0.000" and the like */
static bool is_refused(const char *params, size_t len) {
    for (size_t i = 0; i + 1 < len; i++) {
        if ((params[i] != 'q' && params[i] != 'Q') || params[i + 1] != '=')
            continue;
        for (i += 2; i < len && params[i] != ';'; i++)
            if (params[i] >= '1' && params[i] <= '9')
                return false;
        return true;
    }
    return false;
}

static bool is_named(const char *at, size_t len, const char *name) {
    return strlen(name) == len && strncasecmp(at, name, len) == 0;
}

bool pack_is_accepted(const char *accepted) {
    bool any = false;
    for (const char *at = accepted; at && *at; at += *at == ',') {
        at += strspn(at, " \t");
        size_t whole = strcspn(at, ","), name = strcspn(at, ",; \t");
        bool refused = is_refused(at + name, whole - name);
        if (is_named(at, name, "gzip") || is_named(at, name, "x-gzip"))
            return !refused;
        any |= is_named(at, name, "*") && !refused;
        at += whole;
    }
    return any;
}

/* -- packing ----------------------------------------------------------------------------------- */

struct pack {
    z_stream z;
};

struct pack *pack_new(void) {
    struct pack *p = calloc(1, sizeof *p);
    if (p && deflateInit2(&p->z, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + GZIP, 8,
                          Z_DEFAULT_STRATEGY) == Z_OK)
        return p;
    free(p);
    return NULL;
}

void pack_free(struct pack *p) {
    if (!p)
        return;
    (void)deflateEnd(&p->z);
    free(p);
}

bool pack_put(struct pack *p, const char *ptr, size_t len, bool last, pack_fn sink, void *arg) {
    unsigned char out[16384];
    p->z.next_in = (const unsigned char *)ptr;
    p->z.avail_in = (uInt)len;
    do {
        p->z.next_out = out;
        p->z.avail_out = sizeof out;
        (void)deflate(&p->z, last ? Z_FINISH : Z_NO_FLUSH);
        size_t ready = sizeof out - p->z.avail_out;
        if (ready > 0 && !sink(arg, (const char *)out, ready))
            return false;
    } while (p->z.avail_out == 0);
    return true;
}

/* -- unpacking --------------------------------------------------------------------------------- */

struct unpack {
    z_stream z;
    bool bad, between; /* a member has ended, and another one may follow */
};

struct unpack *unpack_new(void) {
    struct unpack *u = calloc(1, sizeof *u);
    if (u && inflateInit2(&u->z, MAX_WBITS + GZIP) == Z_OK)
        return u;
    free(u);
    return NULL;
}

void unpack_free(struct unpack *u) {
    if (!u)
        return;
    (void)inflateEnd(&u->z);
    free(u);
}

void unpack_feed(struct unpack *u, const char *ptr, size_t len) {
    u->z.next_in = (const unsigned char *)ptr;
    u->z.avail_in = (uInt)len;
}

enum unpack_state unpack_take(struct unpack *u, char *dst, size_t cap, size_t *got) {
    int rc = Z_OK;
    u->z.next_out = (unsigned char *)dst;
    u->z.avail_out = (uInt)cap;
    while (!u->bad && rc == Z_OK && u->z.avail_out > 0 && u->z.avail_in > 0) {
        if (u->between)
            rc = inflateReset(&u->z);
        if (rc == Z_OK)
            rc = inflate(&u->z, Z_NO_FLUSH);
        u->between = rc == Z_STREAM_END;
        rc = u->between || rc == Z_BUF_ERROR ? Z_OK : rc;
    }
    u->bad |= rc != Z_OK;
    *got = cap - u->z.avail_out;
    if (*got > 0)
        return UNPACK_READY;
    return u->bad ? UNPACK_BAD : u->between ? UNPACK_END : UNPACK_MORE;
}
