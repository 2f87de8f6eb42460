/* SPDX-License-Identifier: Apache-2.0 */
/* Measures what must not grow with the database: an import's memory, a page of a list wherever it
 * lies, a read, an update. Usage: bench_size DIR ROWS; $KITH names the program. */
#include "child.h"
#include "pages.h"

#define SMALL 10000

/* -- import ------------------------------------------------------------------------------------ */

static void imports(char *small, char *middle, char *large, int64_t n) {
    char what[80], budget[32];
    double limit = 180.0 * (double)n / 1e6;
    import_contacts(small, SMALL);
    struct child tenth = import_contacts(middle, n / 10), whole = import_contacts(large, n);
    snprintf(what, sizeof what, "import of %lld contacts --key email", (long long)n);
    snprintf(budget, sizeof budget, "< %.0f s", limit);
    row(what, "%.1f s", whole.seconds, budget, whole.seconds < limit);
    row("  rows/s", "%.0f/s", (double)n / whole.seconds, NULL, true);
    row("  processor time", "%.1f s", whole.processor, NULL, true);
    row("  peak memory", "%.1f MB", whole.megabytes, NULL, true);
    if (n >= 1000000) /* fewer do not fill the caches, whose size is fixed */
        row("  peak memory, to that of a tenth of the rows", "%.2f",
            whole.megabytes / tenth.megabytes, "flat: < 1.25",
            whole.megabytes < 1.25 * tenth.megabytes);
}

/* -- pages ------------------------------------------------------------------------------------- */

static void page_rows(struct base *b) {
    static const struct {
        const char *what, *text;
    } lists[] = {
        {"page sorted by an index", "contact order by name"},
        {"page filtered, sorted by an index",
         "contact where lifecycle = 'prospect' order by -created"},
        {"page of a range, sorted by its index", "contact where email > 'p2' order by email"},
        {"page of the 1,000 of a city, sorted by name",
         "contact where city = 'City 3' order by name"},
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const char *text = lists[i].text;
        struct keep none = {0};
        struct spread both[2];
        bool deep = i < 2; /* all rows are in it */
        pages(b, text, deep ? walk(b, text, b->rows / 2, &none) : (kith_str){0}, both);
        page_row(lists[i].what, b, both[0]);
        if (!deep)
            continue;
        page_row("  the page in the middle", b, both[1]);
        double ratio = both[1].middle / both[0].middle;
        row("  its cost, to that of the first", "%.2f", ratio, "about 1: < 2", ratio < 2);
    }
}

/* -- search ------------------------------------------------------------------------------------ */

/* The first page and the one behind it, as somebody types. */
static void search_row(struct base *b, const char *what, const char *text) {
    enum { SEARCHES = 40 };
    double us[SEARCHES];
    struct arena a = {0};
    kith_error e = KITH_ERROR_INIT;
    char title[100], figure[40];
    for (int i = 0; i < SEARCHES; i++) {
        struct search_answer s = {.limit = 20, .typing = true};
        int64_t start = clock_ticks();
        must(engine_search(b->g, &bench_principal, str_of(text), &s, &a, &e), &e);
        us[i] = (double)(clock_ticks() - start) / 1e3;
        if (s.count == 0 || s.missing)
            die("a search finds nothing");
        arena_reset(&a);
    }
    arena_free(&a);
    struct spread s = spread_of(us, SEARCHES);
    snprintf(title, sizeof title, "search: %s, of %lld", what, (long long)b->rows);
    snprintf(figure, sizeof figure, "%.2f (max %.1f) ms", s.middle / 1000, s.most / 1000);
    row_text(title, figure, "< 20 ms", s.middle < 20000);
}

static void search_rows(struct base *b) {
    static const char *const searches[][2] = {
        {"a word that one has", "last7919"},
        {"a word that all have", "example"},
        {"the beginning of a word that all have", "exam"},
        {"the beginning of a ninth of all last names", "last7"},
        {"two letters that all begin with", "la"},
        {"two words that all have, and a rare one", "example com last7919"},
        {"a telephone number", "01 1007919"},
        {"a word with nothing in common with another", "first12 -example OR last7919"},
    };
    for (size_t i = 0; i < sizeof searches / sizeof *searches; i++)
        search_row(b, searches[i][0], searches[i][1]);
}

static void contacts_open(struct base *b, const char *dir, int64_t rows) {
    base_open(b, dir, "contact", rows);
    struct keep keep = {b->ids, 0};
    walk(b, "contact order by id", rows, &keep);
}

int main(int argc, char **argv) {
    char small[256], middle[256], large[256];
    struct base few, many;
    int64_t n = argc > 2 ? atoll(argv[2]) : 100000;
    if (argc < 2 || n < 10 * SMALL || n > 1000003)
        die("usage: bench_size DIR [ROWS: 100,000 to 1,000,003]");
    snprintf(small, sizeof small, "%s/small", argv[1]);
    snprintf(middle, sizeof middle, "%s/middle", argv[1]);
    snprintf(large, sizeof large, "%s/large", argv[1]);
    imports(small, middle, large, n);
    contacts_open(&few, small, SMALL);
    contacts_open(&many, large, n);
    page_rows(&few);
    page_rows(&many);
    search_rows(&few);
    search_rows(&many);
    get_row(&few);
    get_row(&many);
    update_rows(&(struct update){"update of an indexed field", "city", "City ", 1000000, false},
                &few, &many, true);
    base_close(&few);
    base_close(&many);
    return 0;
}
