/* SPDX-License-Identifier: Apache-2.0 */
/* Pattern: Lua's patterns with a step budget, so that no pattern can keep the writer busy. Knows
 * nothing of lua_State: the string functions in lib_string.c call it. */
#ifndef SCRIPT_PATTERN_H
#define SCRIPT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATTERN_CAPTURES 32
#define PATTERN_DEPTH    200 /* of nested attempts */

#define CAPTURE_OPEN     (-1)
#define CAPTURE_POSITION (-2) /* "()": only where it stands counts */
struct capture {
    const char *start;
    ptrdiff_t len; /* or CAPTURE_* */
};

struct pattern {
    /* Set by the caller. */
    const char *text, *text_end;
    const char *pat, *pat_end; /* without the anchor '^' */
    int64_t *steps;            /* what may still be spent; a match ends when it falls below 0 */
    /* The result of pattern_match. */
    struct capture capture[PATTERN_CAPTURES];
    int captures;
    const char *error; /* the pattern is malformed, too deep, or the steps are spent */
    int depth;
};

/* Matches the pattern at `at`. Returns the end of what it matched, or NULL: no match, or an error.
 */
const char *pattern_match(struct pattern *m, const char *at);
/* Has the text no character with a meaning of its own? */
bool pattern_plain(const char *s, size_t len);

#endif
