/* SPDX-License-Identifier: Apache-2.0 */
/* Which functions of the language the random queries call. All that the table of functions tells of
 * must be among them, or be listed here with the reason why not. */
#ifndef TESTS_UNIT_QUERY_COVER_H
#define TESTS_UNIT_QUERY_COVER_H

#include "base/str.h"
#include "record/query.h"
#include "test.h"

#include <ctype.h>

static const struct {
    const char *name, *why;
} left_out[] = {
    {"matches", "asks SQLite's index of words, which is none of the tables that are copied"},
};

#define FUNCTIONS_MAX 64u
static struct covered {
    char name[24];
    uint32_t calls;
} covered[FUNCTIONS_MAX];

/* Goes through "name(" in a text: its name, and behind it. NULL: there is none. */
static const char *next_call(const char *text, char name[24]) {
    for (const char *open = text; (open = strchr(open, '(')); open++) {
        const char *from = open;
        while (from > text && (isalnum((unsigned char)from[-1]) || from[-1] == '_'))
            from--;
        if (from == open || open - from > 23)
            continue;
        memcpy(name, from, (size_t)(open - from));
        name[open - from] = '\0';
        return open + 1;
    }
    return NULL;
}

static void read_functions(void) {
    uint32_t n = 0, k;
    const struct query_function *f;
    for (size_t i = 0; (f = query_function_at(i)); i++)
        for (const char *at = f->signature; (at = next_call(at, covered[n].name));) {
            for (k = 0; strcmp(covered[k].name, covered[n].name) != 0;)
                k++;
            n += k == n;
            EXPECT(n < FUNCTIONS_MAX);
        }
    covered[n].name[0] = '\0';
}

/* Notes what a query calls that was asked and compared. Words in quotes count, too, but none of
 * those that the queries here are made of is followed by a parenthesis. */
static void cover(const char *query) {
    char name[24];
    if (!covered[0].name[0])
        read_functions();
    while ((query = next_call(query, name)))
        for (uint32_t i = 0; covered[i].name[0]; i++)
            covered[i].calls += strcmp(covered[i].name, name) == 0;
}

static void check_cover(void) {
    EXPECT(covered[0].name[0] != '\0');
    for (uint32_t i = 0; covered[i].name[0]; i++) {
        const char *why = NULL;
        for (size_t k = 0; k < sizeof left_out / sizeof *left_out; k++)
            why = strcmp(left_out[k].name, covered[i].name) == 0 ? left_out[k].why : why;
        if (!covered[i].calls && !why)
            TEST_FAIL("no query called %s(): make some up, or say in query_cover.h why not",
                      covered[i].name);
        if (covered[i].calls && why)
            TEST_FAIL("%s() is called, but query_cover.h says that it %s", covered[i].name, why);
    }
}
#endif
