/* SPDX-License-Identifier: Apache-2.0 */
/* Remedies: sentences name commands of kith; whoever asks over HTTP is told the address that does
 * the same, where there is one. The table of addresses has the words of commands, so none is kept
 * here. */
#include "web.h"

#define WORDS_MOST 8
#define WORD_BYTES 80

struct phrase {
    char words[WORDS_MOST][WORD_BYTES];
    size_t count;
};

/* "kith find product" between quotes, without its first word. false: it is something else. */
static bool take_phrase(const char *at, size_t len, struct phrase *p) {
    size_t skip = strlen("kith ");
    p->count = 0;
    if (len <= skip || memcmp(at, "kith ", skip) != 0)
        return false;
    for (size_t i = skip; i < len; p->count++) {
        size_t n = 0;
        while (i + n < len && at[i + n] != ' ')
            n++;
        if (p->count == WORDS_MOST || n == 0 || n >= WORD_BYTES || at[i] == '-')
            return false;
        (void)snprintf(p->words[p->count], WORD_BYTES, "%.*s", (int)n, at + i);
        i += n + 1;
    }
    return p->count > 0;
}

/* How many words of the phrase are the command's name; 0: it is another one. */
static size_t named_by(const struct phrase *p, const char *name) {
    size_t i = 0;
    for (const char *at = name; *at; i++) {
        size_t n = strcspn(at, " ");
        if (i == p->count || strlen(p->words[i]) != n || memcmp(p->words[i], at, n) != 0)
            return 0;
        at += n + (at[n] == ' ');
    }
    return i;
}

/* Where in the phrase the value of "{type}" stands; 0: the route takes none of that name. */
static size_t place_of(const struct route *r, const char *part, size_t len, size_t first) {
    size_t i = first;
    for (const char *const *w = r->words + 1; *w; w++) {
        if (strlen(*w) == len && memcmp(*w, part, len) == 0)
            return i;
        i += **w == '{';
    }
    return 0;
}

/* Are the words behind its name those that the address has, and no others? */
static bool fits(const struct route *r, const struct phrase *p, size_t first) {
    size_t wanted = 0;
    for (const char *const *w = r->words + 1; *w; w++) {
        if (**w == '{')
            wanted++;
        else if (strncmp(*w, "--", 2) != 0)
            return false;
    }
    return first && p->count == first + wanted;
}

static const struct route *find_address(const struct phrase *p, size_t *first) {
    static const struct phrase schema = {{"schema"}, 1};
    if (strcmp(p->words[0], "explain") == 0) /* a type or an event; of settings nobody is sent on */
        return find_address(&schema, first);
    for (size_t i = 0; i < route_count; i++) {
        *first = routes[i].words ? named_by(p, routes[i].words[0]) : 0;
        if (*first && fits(&routes[i], p, *first))
            return &routes[i];
    }
    return NULL;
}

static void put_address(struct text *t, const struct route *r, const struct phrase *p,
                        size_t first) {
    text_printf(t, "%s ", method_names[r->method]);
    for (const char *at = r->pattern; *at;) {
        size_t len = *at == '{' ? strcspn(at, "}") + 1 : 1;
        size_t place = *at == '{' ? place_of(r, at, len, first) : 0;
        if (place)
            text_puts(t, p->words[place]);
        else
            text_add(t, at, len);
        at += len;
    }
}

void text_remedies(struct text *t, const char *sentence) {
    for (const char *at = sentence; *at;) {
        const char *end = *at == '\'' || *at == '`' ? strchr(at + 1, *at) : NULL;
        struct phrase p;
        size_t first;
        const struct route *r = end && take_phrase(at + 1, (size_t)(end - at - 1), &p)
                                    ? find_address(&p, &first)
                                    : NULL;
        if (r)
            put_address(t, r, &p, first);
        else
            text_add(t, at, 1);
        at = r ? end + 1 : at + 1;
    }
}
