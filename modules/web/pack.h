/* SPDX-License-Identifier: Apache-2.0 */
/* gzip: the one room that knows zlib. */
#ifndef PACK_H
#define PACK_H

#include <stdbool.h>
#include <stddef.h>

/* Does the value of Accept-Encoding, which may be NULL, ask for gzip? */
bool pack_is_accepted(const char *accepted);

struct pack;
struct pack *pack_new(void); /* NULL: no memory */
void pack_free(struct pack *p);
/* Packs these bytes, and hands out what is ready; behind the last ones all of it. false: sink said
 * so. */
typedef bool (*pack_fn)(void *arg, const char *ptr, size_t len);
bool pack_put(struct pack *p, const char *ptr, size_t len, bool last, pack_fn sink, void *arg);

struct unpack;
struct unpack *unpack_new(void); /* NULL: no memory */
void unpack_free(struct unpack *u);
/* Gives it packed bytes, which must live until it wants more. */
void unpack_feed(struct unpack *u, const char *ptr, size_t len);
enum unpack_state {
    UNPACK_MORE,  /* it wants to be fed */
    UNPACK_READY, /* *got bytes are unpacked */
    UNPACK_END,
    UNPACK_BAD, /* it is no gzip */
};
enum unpack_state unpack_take(struct unpack *u, char *dst, size_t cap, size_t *got);

#endif
