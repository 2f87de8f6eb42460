/* SPDX-License-Identifier: Apache-2.0 */
/* Like: first the short way, which goes back to the last % only; where that takes too long, all
 * ways at once. */
#include "base/like.h"

#include <string.h>

/* -- the short way ----------------------------------------------------------------------------- */

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool continues(char c) {
    return ((unsigned char)c & 0xC0u) == 0x80u;
}

/* The byte behind the character at i. */
static size_t behind(kith_str s, size_t i) {
    do
        i++;
    while (i < s.len && continues(s.ptr[i]));
    return i;
}

/* The first byte from i on at which what begins with c may match. */
static size_t next_start(kith_str s, size_t i, char c) {
    char small = lower(c), large = small >= 'a' && small <= 'z' ? (char)(small - 'a' + 'A') : small;
    while (i < s.len && s.ptr[i] != small && s.ptr[i] != large)
        i++;
    return i;
}

#define STEPS 16u /* for each byte: more than people's patterns take */

/* Goes back to the last % only. *enough: it took too long and was left. */
static bool short_way(kith_str pattern, kith_str s, bool *enough) {
    size_t p = 0, i = 0, star = SIZE_MAX, mark = 0;
    uint64_t steps = STEPS * (pattern.len + s.len);
    while (i < s.len && steps-- > 0) {
        char c = p < pattern.len ? pattern.ptr[p] : '\0';
        if (c == '%') {
            star = p++;
            mark = i;
            if (p == pattern.len)
                return true;
            if (pattern.ptr[p] != '%' && pattern.ptr[p] != '_')
                i = mark = next_start(s, i, pattern.ptr[p]);
        } else if (c == '_') {
            p++;
            i = behind(s, i);
        } else if (c && (c == s.ptr[i] || lower(c) == lower(s.ptr[i]))) {
            p++;
            i++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            i = mark =
                pattern.ptr[p] == '_' ? behind(s, mark) : next_start(s, mark + 1, pattern.ptr[p]);
        } else {
            return false;
        }
    }
    *enough = i < s.len;
    while (p < pattern.len && pattern.ptr[p] == '%')
        p++;
    return p == pattern.len;
}

/* -- all ways at once -------------------------------------------------------------------------- */

/* Bit n of a set: the first n signs of the pattern, % not counted, match what was read so far. */
#define WORDS (LIKE_PATTERN_MAX / 64 + 1)
struct ways {
    uint64_t takes[256][WORDS]; /* by byte: those that go on with it */
    uint64_t stays[WORDS];      /* a % follows: those that pass over any byte */
    uint64_t whole[WORDS];      /* behind _: those that pass over the rest of a character */
    uint32_t words, end;
};

static void add(uint64_t *set, uint32_t n) {
    set[n / 64] |= UINT64_C(1) << n % 64;
}

static void add_any(struct ways *w, uint32_t n) {
    for (int byte = 0; byte < 256; byte++)
        if (!continues((char)byte))
            add(w->takes[byte], n);
    add(w->whole, n + 1);
}

static void add_byte(struct ways *w, uint32_t n, char c) {
    unsigned char small = (unsigned char)lower(c);
    add(w->takes[small], n);
    if (small >= 'a' && small <= 'z')
        add(w->takes[small - 'a' + 'A'], n);
}

static void ways_of(struct ways *w, kith_str pattern) {
    memset(w, 0, sizeof *w);
    for (size_t i = 0; i < pattern.len; i++) {
        char c = pattern.ptr[i];
        if (c == '%')
            add(w->stays, w->end);
        else if (c == '_')
            add_any(w, w->end++);
        else
            add_byte(w, w->end++, c);
    }
    w->words = w->end / 64 + 1;
}

static bool all_ways(kith_str pattern, kith_str s) {
    struct ways w;
    uint64_t now[WORDS] = {1};
    ways_of(&w, pattern);
    for (size_t i = 0; i < s.len; i++) {
        const uint64_t *takes = w.takes[(unsigned char)s.ptr[i]];
        uint64_t rest = continues(s.ptr[i]) ? UINT64_MAX : 0, carry = 0;
        for (uint32_t k = 0; k < w.words; k++) {
            uint64_t next = now[k] & takes[k];
            now[k] = next << 1 | carry | (now[k] & (w.stays[k] | (w.whole[k] & rest)));
            carry = next >> 63;
        }
    }
    return now[w.end / 64] >> w.end % 64 & 1u;
}

bool like_match(kith_str pattern, kith_str s) {
    const char *nul = s.len ? memchr(s.ptr, '\0', s.len) : NULL;
    bool enough = false;
    s.len = nul ? (uint64_t)(nul - s.ptr) : s.len;
    bool yes = short_way(pattern, s, &enough);
    return enough && pattern.len <= LIKE_PATTERN_MAX ? all_ways(pattern, s) : !enough && yes;
}
