/* SPDX-License-Identifier: Apache-2.0 */
/* Pattern: a backtracking matcher for Lua's patterns. Each character looked at costs one step;
 * depth is bounded. Classes are those of the C locale: bytes above 127 are in none. */
#include "script/pattern.h"

#include <string.h>

static const char *match(struct pattern *m, const char *s, const char *p);

static const char *fail(struct pattern *m, const char *why) {
    if (!m->error)
        m->error = why;
    return NULL;
}

static bool spend(struct pattern *m, int64_t steps) {
    *m->steps -= steps;
    if (*m->steps >= 0)
        return true;
    fail(m, "the pattern takes too long");
    return false;
}

/* -- single characters ------------------------------------------------------------------------- */

static bool between(int c, int low, int high) {
    return c >= low && c <= high;
}

static bool is_class(int c, int letter) {
    bool digit = between(c, '0', '9'), lower = between(c, 'a', 'z'), upper = between(c, 'A', 'Z');
    switch (letter) {
    case 'a':
        return lower || upper;
    case 'c':
        return c < 32 || c == 127;
    case 'd':
        return digit;
    case 'g':
        return between(c, 33, 126);
    case 'l':
        return lower;
    case 'p':
        return between(c, 33, 126) && !digit && !lower && !upper;
    case 's':
        return c == ' ' || between(c, 9, 13);
    case 'u':
        return upper;
    case 'w':
        return digit || lower || upper;
    case 'x':
        return digit || between(c, 'a', 'f') || between(c, 'A', 'F');
    case 'z': /* of Lua 5.1; undocumented since, and still there */
        return c == 0;
    default:
        return false;
    }
}

/* %a, %A (its complement), or %. (the character itself). */
static bool match_escape(int c, int letter) {
    static const char classes[] = "acdglpsuwxz";
    int low = between(letter, 'A', 'Z') ? letter + 32 : letter;
    if (!memchr(classes, low, sizeof classes - 1))
        return c == letter;
    return is_class(c, low) == (low == letter);
}

/* The end of the single-character item that begins at p; NULL: malformed. */
static const char *item_end(struct pattern *m, const char *p) {
    if (*p == '%')
        return p + 1 < m->pat_end ? p + 2 : fail(m, "malformed pattern (ends with '%')");
    if (*p != '[')
        return p + 1;
    p += p + 1 < m->pat_end && p[1] == '^' ? 2 : 1;
    /* A ']' that comes first is a character like any other. */
    for (bool first = true; p < m->pat_end && (first || *p != ']'); first = false)
        p += *p == '%' ? 2 : 1;
    return p < m->pat_end ? p + 1 : fail(m, "malformed pattern (missing ']')");
}

/* The set [p, end), both brackets included. */
static bool match_set(int c, const char *p, const char *end) {
    bool wanted = p[1] != '^';
    end--;
    for (p += wanted ? 1 : 2; p < end; p++) {
        if (*p == '%') {
            if (match_escape(c, (unsigned char)*++p))
                return wanted;
        } else if (p + 2 < end && p[1] == '-') {
            if (between(c, (unsigned char)p[0], (unsigned char)p[2]))
                return wanted;
            p += 2;
        } else if ((unsigned char)*p == c) {
            return wanted;
        }
    }
    return !wanted;
}

static bool match_one(struct pattern *m, const char *s, const char *p, const char *end) {
    if (s >= m->text_end || !spend(m, *p == '[' ? end - p : 1))
        return false;
    int c = (unsigned char)*s;
    switch (*p) {
    case '.':
        return true;
    case '%':
        return match_escape(c, (unsigned char)p[1]);
    case '[':
        return match_set(c, p, end);
    default:
        return (unsigned char)*p == c;
    }
}

/* -- repetition -------------------------------------------------------------------------------- */

/* As many as there are, then fewer until the rest matches. */
static const char *match_most(struct pattern *m, const char *s, const char *p, const char *end,
                              ptrdiff_t least) {
    ptrdiff_t n = 0;
    while (match_one(m, s + n, p, end))
        n++;
    for (; n >= least && !m->error; n--) {
        const char *found = match(m, s + n, end + 1);
        if (found)
            return found;
    }
    return NULL;
}

/* As few as possible. */
static const char *match_fewest(struct pattern *m, const char *s, const char *p, const char *end) {
    for (;; s++) {
        const char *found = match(m, s, end + 1);
        if (found || m->error)
            return found;
        if (!match_one(m, s, p, end))
            return NULL;
    }
}

static const char *match_item(struct pattern *m, const char *s, const char *p) {
    const char *end = item_end(m, p);
    if (!end)
        return NULL;
    switch (end < m->pat_end ? *end : '\0') {
    case '*':
        return match_most(m, s, p, end, 0);
    case '+':
        return match_most(m, s, p, end, 1);
    case '-':
        return match_fewest(m, s, p, end);
    case '?': {
        const char *found = match_one(m, s, p, end) ? match(m, s + 1, end + 1) : NULL;
        return found || m->error ? found : match(m, s, end + 1);
    }
    default:
        return match_one(m, s, p, end) ? match(m, s + 1, end) : NULL;
    }
}

/* -- captures and the rest --------------------------------------------------------------------- */

static const char *open_capture(struct pattern *m, const char *s, const char *p, ptrdiff_t len) {
    if (m->captures == PATTERN_CAPTURES)
        return fail(m, "too many captures");
    m->capture[m->captures++] = (struct capture){s, len};
    const char *found = match(m, s, p);
    if (!found)
        m->captures--;
    return found;
}

static const char *close_capture(struct pattern *m, const char *s, const char *p) {
    int i = m->captures - 1;
    while (i >= 0 && m->capture[i].len != CAPTURE_OPEN)
        i--;
    if (i < 0)
        return fail(m, "invalid pattern capture");
    m->capture[i].len = s - m->capture[i].start;
    const char *found = match(m, s, p);
    if (!found)
        m->capture[i].len = CAPTURE_OPEN;
    return found;
}

/* %1: the same text again. */
static const char *match_back(struct pattern *m, const char *s, int index, const char *p) {
    if (index < 0 || index >= m->captures || m->capture[index].len == CAPTURE_OPEN)
        return fail(m, "invalid capture index in the pattern");
    ptrdiff_t len = m->capture[index].len;
    if (len == CAPTURE_POSITION || len > m->text_end - s || !spend(m, len / 8 + 1) ||
        memcmp(s, m->capture[index].start, (size_t)len) != 0)
        return NULL;
    return match(m, s + len, p);
}

/* %bxy: from x to the y that balances it. */
static const char *match_balanced(struct pattern *m, const char *s, const char *p) {
    if (m->pat_end - p < 4)
        return fail(m, "malformed pattern (missing arguments to '%b')");
    char open = p[2], close = p[3];
    if (s >= m->text_end || *s != open)
        return NULL;
    int64_t depth = 1;
    while (++s < m->text_end && spend(m, 1)) {
        if (*s == close) {
            if (--depth == 0)
                return match(m, s + 1, p + 4);
        } else if (*s == open) {
            depth++;
        }
    }
    return NULL;
}

/* %f[set]: between a character outside the set and one inside it; the text's ends count as NUL. */
static const char *match_frontier(struct pattern *m, const char *s, const char *p) {
    p += 2;
    if (p >= m->pat_end || *p != '[')
        return fail(m, "missing '[' after '%f' in the pattern");
    const char *end = item_end(m, p);
    if (!end || !spend(m, end - p))
        return NULL;
    int before = s > m->text ? (unsigned char)s[-1] : 0;
    int here = s < m->text_end ? (unsigned char)*s : 0;
    return !match_set(before, p, end) && match_set(here, p, end) ? match(m, s, end) : NULL;
}

static const char *match_percent(struct pattern *m, const char *s, const char *p) {
    int letter = p + 1 < m->pat_end ? (unsigned char)p[1] : 0;
    if (letter == 'b')
        return match_balanced(m, s, p);
    if (letter == 'f')
        return match_frontier(m, s, p);
    if (between(letter, '0', '9'))
        return match_back(m, s, letter - '1', p + 2);
    return match_item(m, s, p);
}

static const char *match_here(struct pattern *m, const char *s, const char *p) {
    if (p >= m->pat_end)
        return s;
    switch (*p) {
    case '(':
        if (p + 1 < m->pat_end && p[1] == ')')
            return open_capture(m, s, p + 2, CAPTURE_POSITION);
        return open_capture(m, s, p + 1, CAPTURE_OPEN);
    case ')':
        return close_capture(m, s, p + 1);
    case '%':
        return match_percent(m, s, p);
    case '$':
        if (p + 1 == m->pat_end)
            return s == m->text_end ? s : NULL;
        return match_item(m, s, p);
    default:
        return match_item(m, s, p);
    }
}

/* Is p a single-character item without a repetition? Then *end is where the next item begins. */
static bool is_simple(struct pattern *m, const char *p, const char **end) {
    if (p >= m->pat_end || *p == '(' || *p == ')' || (*p == '$' && p + 1 == m->pat_end))
        return false;
    if (*p == '%' && p + 1 < m->pat_end && memchr("bf0123456789", p[1], 12))
        return false;
    *end = item_end(m, p);
    return *end && (*end == m->pat_end || !memchr("*+?-", **end, 4));
}

/* Simple items are matched in a loop, so that depth counts only what can be tried in two ways. */
static const char *match(struct pattern *m, const char *s, const char *p) {
    const char *end;
    if (!spend(m, 1))
        return NULL;
    while (is_simple(m, p, &end)) {
        if (!match_one(m, s, p, end))
            return NULL;
        p = end;
        s++;
    }
    if (m->error)
        return NULL;
    if (m->depth == PATTERN_DEPTH)
        return fail(m, "the pattern is too complex");
    m->depth++;
    const char *found = match_here(m, s, p);
    m->depth--;
    return found;
}

const char *pattern_match(struct pattern *m, const char *at) {
    m->captures = 0;
    m->depth = 0;
    m->error = NULL;
    const char *found = match(m, at, m->pat);
    for (int i = 0; found && i < m->captures; i++) {
        if (m->capture[i].len == CAPTURE_OPEN)
            return fail(m, "unfinished capture");
    }
    return m->error ? NULL : found;
}

bool pattern_plain(const char *s, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (strchr("^$*+?.([%-", s[i]) && s[i])
            return false;
    }
    return true;
}
