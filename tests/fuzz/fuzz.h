/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets share. A target is one program with one function that takes any bytes: it
 * must neither crash nor hang, and what it claims with HOLDS must be true of whatever it was given.
 * Linked with libFuzzer it looks for bytes that break it (make fuzz), linked with replay.c it runs
 * those that are kept in corpus/ (make test). */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "base/err.h"
#include "base/str.h"
#include "pieces.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program as a find: the rest says what was seen. */
#define HOLDS(condition, ...)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: does not hold: %s\n  ", __FILE__, __LINE__, #condition);       \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fputc('\n', stderr);                                                                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)
#define HOLDS_OK(call, e) HOLDS((call) == KITH_OK, "%s", (e).message)

/* What is left of the bytes. */
struct input {
    const uint8_t *p, *end;
};
static inline uint8_t input_byte(struct input *in) { /* 0 at the end */
    return in->p < in->end ? *in->p++ : 0;
}
static inline kith_str input_rest(struct input *in) {
    kith_str s = {(const char *)in->p, (uint64_t)(in->end - in->p)};
    in->p = in->end;
    return s.len ? s : STR("");
}
/* Up to the next line end, which is passed over. */
static inline kith_str input_line(struct input *in) {
    size_t left = (size_t)(in->end - in->p);
    const uint8_t *at = left ? memchr(in->p, '\n', left) : NULL;
    kith_str s = {(const char *)in->p, (uint64_t)((at ? at : in->end) - in->p)};
    in->p = at ? at + 1 : in->end;
    return s.len ? s : STR("");
}

#endif
