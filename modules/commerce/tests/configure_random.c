/* SPDX-License-Identifier: Apache-2.0 */
/* Random rules over small products, answered by trying all choices: what goes together, what
 * follows, what is excluded, what can be completed. */
#include "random.h"
#include "shop.h"

#define OPTIONS   9u
#define GROUPS    3u
#define RULES     8u
#define PRODUCTS  125u /* 1,000 rules */
#define QUESTIONS 6u

enum kind { REQUIRES, IMPLIES, EXCLUDES };
static const char *const kinds[] = {"requires", "implies", "excludes"};

/* Sets of options are bits. */
struct rule {
    enum kind kind;
    uint32_t when, unless, options, otherwise;
};
struct world {
    uint32_t least[GROUPS], most[GROUPS];
    struct rule rules[RULES];
    uint32_t rule_count;
    uint8_t fits[1u << OPTIONS]; /* of each choice: it keeps to all */
};

static uint32_t group_bits(uint32_t g) {
    return 7u << (3 * g);
}

static bool keeps(const struct rule *r, uint32_t choice) {
    if ((choice & r->when) != r->when || (choice & r->unless))
        return (choice & r->otherwise) == r->otherwise;
    if (!r->options)
        return true;
    return r->kind == REQUIRES  ? (choice & r->options) != 0
           : r->kind == IMPLIES ? (choice & r->options) == r->options
                                : (choice & r->options) == 0;
}

static bool in_bounds(const struct world *w, uint32_t choice) {
    for (uint32_t g = 0; g < GROUPS; g++) {
        const uint32_t n = (uint32_t)__builtin_popcount(choice & group_bits(g));
        if (n < w->least[g] || n > w->most[g])
            return false;
    }
    return true;
}

static bool any(const uint8_t *fits) {
    return memchr(fits, 1, 1u << OPTIONS) != NULL;
}

static uint32_t some_bits(uint64_t *seed, uint32_t without, uint32_t most) {
    uint32_t bits = 0;
    for (uint64_t i = random_next(seed) % (most + 1); i > 0; i--)
        bits |= 1u << random_next(seed) % OPTIONS;
    return bits & ~without;
}

static const char *names(struct company *c, uint32_t bits) {
    char text[8 * OPTIONS] = "";
    for (uint32_t i = 0; i < OPTIONS; i++)
        if (bits & 1u << i)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%so%u", *text ? "," : "", i);
    return arena_strdup(&c->arena, text);
}

static const char *number(struct company *c, uint32_t n) {
    char text[16];
    snprintf(text, sizeof text, "%u", n);
    return arena_strdup(&c->arena, text);
}

/* Three groups of three options, with bounds. */
static kith_id make_product(struct company *c, struct world *w, uint64_t *seed, uint32_t which) {
    char code[16];
    snprintf(code, sizeof code, "product%u", which);
    kith_id p = product(c, code, "10 EUR");
    for (uint32_t g = 0; g < GROUPS; g++) {
        w->least[g] = (uint32_t)(random_next(seed) % 3);
        w->most[g] = w->least[g] + (uint32_t)(random_next(seed) % 3);
        w->most[g] = w->most[g] > 3 || !w->most[g] ? 3 : w->most[g];
        snprintf(code, sizeof code, "g%u", g);
        kith_id id = CREATE(c, "option_group", {"product", id_text(c, p)}, {"code", code},
                            {"name", code}, {"min_options", number(c, w->least[g])},
                            {"max_options", number(c, w->most[g])}, {"position", number(c, g)});
        for (uint32_t i = 0; i < 3; i++) {
            snprintf(code, sizeof code, "o%u", 3 * g + i);
            CREATE(c, "product_option", {"option_group", id_text(c, id)}, {"code", code},
                   {"name", code}, {"position", number(c, i)});
        }
    }
    for (uint32_t choice = 0; choice < 1u << OPTIONS; choice++)
        w->fits[choice] = in_bounds(w, choice);
    return p;
}

/* It is refused exactly when nothing would be left. */
static void add_rule(struct company *c, struct world *w, kith_id product, uint64_t *seed) {
    struct rule r = {.kind = (enum kind)(random_next(seed) % 3)};
    uint8_t fits[1u << OPTIONS];
    r.when = some_bits(seed, 0, 2);
    r.unless = some_bits(seed, r.when, 1);
    r.options = some_bits(seed, r.when | r.unless, 3);
    r.otherwise = r.when | r.unless ? some_bits(seed, 0, random_next(seed) % 4 ? 0 : 2) : 0;
    if (!r.options && !r.otherwise)
        return;
    for (uint32_t choice = 0; choice < 1u << OPTIONS; choice++)
        fits[choice] = w->fits[choice] && keeps(&r, choice);
    struct put p = {c, "configuration_rule", 0,
                    PAIRS({"product", id_text(c, product)}, {"kind", kinds[r.kind]},
                          {"when", names(c, r.when)}, {"unless", names(c, r.unless)},
                          {"options", names(c, r.options)}, {"otherwise", names(c, r.otherwise)})};
    kith_error e = KITH_ERROR_INIT;
    kith_status st = engine_write(c->engine, &by_anna, put_txn, &p, NULL, &e);
    if ((st == KITH_OK) != any(fits))
        TEST_FAIL("rule %s when %s unless %s options %s otherwise %s: %s", kinds[r.kind],
                  names(c, r.when), names(c, r.unless), names(c, r.options), names(c, r.otherwise),
                  st == KITH_OK ? "taken" : e.message);
    if (st == KITH_OK) {
        memcpy(w->fits, fits, sizeof fits);
        w->rules[w->rule_count++] = r;
    } else {
        EXPECT_HAS("could not be configured at all; these clash: ", e.message);
    }
}

/* Of all fitting choices that hold `chosen`: what is in each of them, and in any. */
struct sides {
    uint32_t all, any;
    bool found;
};
static struct sides sides_of(const struct world *w, uint32_t chosen) {
    struct sides s = {~0u, 0, false};
    for (uint32_t choice = 0; choice < 1u << OPTIONS; choice++)
        if (w->fits[choice] && (choice & chosen) == chosen) {
            s.all &= choice;
            s.any |= choice;
            s.found = true;
        }
    return s;
}

static uint32_t bits_of(const kith_value *tags) {
    uint32_t bits = 0;
    for (uint64_t i = 0; tags->kind == KITH_LIST && i < tags->as.list.count; i++)
        bits |= 1u << (tags->as.list.items[i].as.s.ptr[1] - '0');
    return bits;
}

enum { VALID, COMPLETE, WHY, CHOSEN };
enum { C_GROUP, C_OPTION, C_NAME, C_PRICE, C_STATE, C_WHY };

static void check_rows(const struct act *a, uint32_t chosen, const struct sides *s) {
    const struct action_rows rows = action_rows(a->action, a->results);
    EXPECT_INT(OPTIONS, rows.count);
    for (size_t i = 0; i < rows.count; i++) {
        const kith_value *row = rows.items[i].as.list.items;
        const uint32_t bit = 1u << (row[C_OPTION].as.s.ptr[1] - '0');
        const char *state = chosen & bit   ? "chosen"
                            : s->all & bit ? "implied"
                            : s->any & bit ? "possible"
                                           : "excluded";
        if (!str_eqz(row[C_STATE].as.s, state))
            TEST_FAIL("%.*s is %.*s and not %s", (int)row[C_OPTION].as.s.len,
                      row[C_OPTION].as.s.ptr, (int)row[C_STATE].as.s.len, row[C_STATE].as.s.ptr,
                      state);
        EXPECT((row[C_WHY].kind == KITH_TEXT) == (*state == 'i' || *state == 'e'));
    }
}

static struct act ask(struct company *c, kith_id product, uint32_t chosen, const char *complete) {
    struct act a = ACT(c, "commerce.configure", {"product", id_text(c, product)},
                       {"chosen", names(c, chosen)}, {"complete", complete});
    EXPECT_ACT(a);
    return a;
}

static void check_question(struct company *c, const struct world *w, kith_id product,
                           uint32_t chosen) {
    const struct sides s = sides_of(w, chosen);
    struct act a = ask(c, product, chosen, "false");
    EXPECT_INT(s.found, a.results[VALID].as.i);
    EXPECT((a.results[WHY].kind == KITH_TEXT) != a.results[COMPLETE].as.i);
    if (s.found) {
        EXPECT_INT(s.all, bits_of(&a.results[CHOSEN]));
        EXPECT_INT(w->fits[s.all], a.results[COMPLETE].as.i);
        check_rows(&a, chosen, &s);
    }
    struct act first = ask(c, product, chosen, "true"), second = ask(c, product, chosen, "true");
    const uint32_t done = bits_of(&first.results[CHOSEN]);
    EXPECT_INT(s.found, first.results[VALID].as.i);
    EXPECT_INT(done, bits_of(&second.results[CHOSEN]));
    if (s.found)
        EXPECT(w->fits[done] && (done & chosen) == chosen);
}

TEST("random rules: all answers are those that trying every choice gives") {
    struct company c;
    uint64_t seed = RANDOM_SEED;
    uint32_t rules = 0, refused_choices = 0;
    OPEN(&c, SHOP(""), "commerce");
    for (uint32_t i = 0; i < PRODUCTS; i++) {
        struct world w = {0};
        kith_id p = make_product(&c, &w, &seed, i);
        for (uint32_t k = 0; k < RULES; k++)
            add_rule(&c, &w, p, &seed);
        for (uint32_t k = 0; k < QUESTIONS; k++) {
            const uint32_t chosen = some_bits(&seed, 0, 4);
            refused_choices += !sides_of(&w, chosen).found;
            check_question(&c, &w, p, chosen);
        }
        rules += w.rule_count;
    }
    EXPECT(rules > PRODUCTS * RULES / 2);
    EXPECT(refused_choices > PRODUCTS); /* both answers were asked for */
    close_company(&c);
}
