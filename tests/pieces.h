/* SPDX-License-Identifier: Apache-2.0 */
/* A text as a file that is read, in pieces. */
#ifndef TESTS_PIECES_H
#define TESTS_PIECES_H

#include "base/err.h"
#include "base/str.h"

#include <string.h>

/* A source of csv_open, vcard_open and import_open. */
struct pieces {
    kith_str rest;
    size_t piece; /* bytes at most in one pull; 0: all that fit */
};
static inline kith_status pieces_pull(void *arg, char *dst, size_t cap, size_t *got,
                                      kith_error *e) {
    struct pieces *b = arg;
    (void)e;
    *got = b->rest.len < cap ? (size_t)b->rest.len : cap;
    if (b->piece && *got > b->piece)
        *got = b->piece;
    if (*got == 0)
        return KITH_OK;
    memcpy(dst, b->rest.ptr, *got);
    b->rest = (kith_str){b->rest.ptr + *got, b->rest.len - *got};
    return KITH_OK;
}

#endif
