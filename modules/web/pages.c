/* SPDX-License-Identifier: Apache-2.0 */
/* Pages for people: signing in, setting a password, one's account. They are the same for everybody
 * and hold nothing; what they show their script asks for. */
#include "pages.h"
#include "web.h"

/* A page runs no script but ours. What else is said with every page (headers.c) keeps it out of
 * other pages, and its address, in which a code may stand, from where it leads to. */
static void put_headers(struct request *r) {
    answer_header(r, "Content-Security-Policy",
                  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
                  " base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
}

static const char *type_of(const char *name) {
    static const struct {
        const char *end, *type;
    } types[] = {{".js", "text/javascript; charset=utf-8"}, {".css", "text/css; charset=utf-8"}};
    const char *end = strrchr(name, '.');
    for (size_t i = 0; end && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].end, end) == 0)
            return types[i].type;
    return "text/html; charset=utf-8";
}

/* "/sign-in" is sign-in.html. */
static bool is_named(const struct page *p, const char *asked) {
    size_t len = strlen(asked);
    return strncmp(p->name, asked, len) == 0 &&
           (p->name[len] == '\0' || strcmp(p->name + len, ".html") == 0);
}

bool page_show(struct request *r) {
    for (const struct page *p = pages; p->name; p++) {
        if (!is_named(p, r->parts[0]))
            continue;
        text_add(&r->answer, (const char *)p->bytes, p->len);
        r->status = 200;
        answer_header(r, "Content-Type", "%s", type_of(p->name));
        put_headers(r);
        return true;
    }
    answer_problem(r, 404, "not found", NULL, "there is no such page");
    return true;
}
