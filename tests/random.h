/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers for tests: xorshift64, the same ones in every run. */
#ifndef TESTS_RANDOM_H
#define TESTS_RANDOM_H

#include <stdint.h>

#define RANDOM_SEED UINT64_C(88172645463325252)

/* The next of 2^64-1 numbers. *state: the last one, at first a seed, never 0. */
static inline uint64_t random_next(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

#endif
