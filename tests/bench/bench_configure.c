/* SPDX-License-Identifier: Apache-2.0 */
/* Measures how soon the configurator answers for a product with 500 options and many rules, read
 * anew for each question. Usage: bench_configure DIR [RULES] */
#include "bench.h"
#include "module.h"

#define GROUPS 50
#define EACH   10
#define RUNS   41
#define CHOSEN 20

struct making {
    kith_id product, rule;
    int64_t rules;
};

static kith_status make(struct txn *t, const char *type, const char *const *pairs, kith_id link,
                        kith_id *id, kith_error *e) {
    const struct schema *s = engine_schema(txn_engine(t));
    const struct rtype *r = schema_type(s, str_of(type));
    struct assign set[8];
    size_t n = 0;
    for (; pairs[0]; pairs += 2, n++)
        set[n] = (struct assign){type_field(s, r, str_of(pairs[0])),
                                 pairs[1] ? value_str(str_of(pairs[1])) : value_link(link, 0)};
    return txn_create(t, r, set, n, id, e);
}
#define MAKE(t, type, link, id, e, ...)                                                            \
    make(t, type, (const char *const[]){__VA_ARGS__, NULL}, link, id, e)

static kith_status make_product(struct txn *t, void *arg, kith_error *e) {
    struct making *m = arg;
    kith_id group;
    char code[32], position[16];
    TRY(MAKE(t, "product", 0, &m->product, e, "code", "plant", "name", "Plant", "price",
             "100000 EUR"));
    for (int g = 0; g < GROUPS; g++) {
        snprintf(code, sizeof code, "g%d", g);
        snprintf(position, sizeof position, "%d", g);
        TRY(MAKE(t, "option_group", m->product, &group, e, "code", code, "name", code, "position",
                 position, "product", NULL));
        for (int i = 0; i < EACH; i++) {
            snprintf(code, sizeof code, "o%d_%d", g, i);
            TRY(MAKE(t, "product_option", group, NULL, e, "code", code, "name", code, "price",
                     "12.50 EUR", "option_group", NULL));
        }
    }
    return KITH_OK;
}

/* About an option of one group and some of the next ones. The first option of each group goes with
 * all others, so that something can always be chosen. */
static kith_status make_rule(struct txn *t, void *arg, kith_error *e) {
    struct making *m = arg;
    static const char *const kinds[] = {"excludes", "requires", "excludes", "price"};
    const int64_t n = m->rules++;
    const int g = (int)(n % GROUPS), i = 1 + (int)(n / GROUPS % (EACH - 1)), k = (int)(n / 7 % 4);
    char when[32], list[96];
    snprintf(when, sizeof when, "o%d_%d", g, i);
    snprintf(list, sizeof list, "o%d_%d,o%d_%d,o%d_%d", (g + 1) % GROUPS, 1 + (i + k) % (EACH - 1),
             (g + 7) % GROUPS, 1 + i * 2 % (EACH - 1), (g + 13) % GROUPS, k == 1 ? 0 : 1 + k);
    return k == 3 ? MAKE(t, "configuration_rule", m->product, NULL, e, "kind", kinds[k], "when",
                         when, "amount", "-1 EUR", "product", NULL)
                  : MAKE(t, "configuration_rule", m->product, NULL, e, "kind", kinds[k], "when",
                         when, "options", list, "product", NULL);
}

static double ask(struct engine *g, kith_id product, const char *chosen, const char *complete) {
    const struct action *a = engine_action(g, STR("commerce.configure"));
    kith_value args[16] = {0}, results[32] = {0};
    struct arena arena = {0};
    kith_error e = KITH_ERROR_INIT;
    args[0] = value_link(product, 0);
    args[1] = value_str(str_of(chosen));
    args[3] = value_str(str_of(complete));
    const int64_t start = clock_ticks();
    must(engine_call(g, NULL, &bench_opts, a, args, &arena, results, NULL, &e), &e);
    const double ms = (double)(clock_ticks() - start) / 1e6;
    arena_free(&arena);
    return ms;
}

static void measure(struct engine *g, kith_id product, const char *what, const char *chosen,
                    const char *complete) {
    double ms[RUNS];
    for (int i = 0; i < RUNS; i++)
        ms[i] = ask(g, product, chosen, complete);
    const double middle = median(ms, RUNS);
    row(what, "%.2f ms", middle, "< 10 ms", middle < 10);
}

int main(int argc, char **argv) {
    const int64_t rules = argc > 2 ? atoll(argv[2]) : 1000;
    struct company c;
    struct making m = {0};
    double write[RUNS];
    char first[CHOSEN * 8] = "", clash[64];
    kith_error e = KITH_ERROR_INIT;
    if (argc < 2)
        die("usage: bench_configure DIR [RULES]");
    write_conf(argv[1], "commerce: { grant = [\"*\"]; };\n");
    open_module(&c, argv[1], "configure", "commerce");
    must(engine_write(c.g, &bench_opts, make_product, &m, NULL, &e), &e);
    for (int64_t i = 0; i < rules; i++) {
        const int64_t start = clock_ticks();
        must(engine_write(c.g, &bench_opts, make_rule, &m, NULL, &e), &e);
        write[i % RUNS] = (double)(clock_ticks() - start) / 1e6;
    }
    for (int i = 0; i < CHOSEN; i++)
        snprintf(first + strlen(first), sizeof first - strlen(first), "%so%d_%d", i ? "," : "",
                 i * 2, i % 3 ? 0 : 4);
    snprintf(clash, sizeof clash, "o1_0,o0_1,o1_%d", 2);
    measure(c.g, m.product, "configure, 500 options, 1,000 rules: nothing chosen", "", "false");
    measure(c.g, m.product, "configure: 20 options chosen", first, "false");
    measure(c.g, m.product, "configure: a choice that clashes", clash, "false");
    measure(c.g, m.product, "configure: completed", first, "true");
    row("one more rule written and checked against all", "%.2f ms", median(write, RUNS), NULL,
        true);
    close_module(&c);
    return 0;
}
