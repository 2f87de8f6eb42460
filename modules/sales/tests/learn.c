/* SPDX-License-Identifier: Apache-2.0 */
/* Learning from leads that ended: attributes and their weights, the chances of open leads and why,
 * and words of notes. */
#include "deals.h"
#include <math.h>

#define LEARN(more)                                                                                \
    CONF("learn: { attributes = [ \"source\", \"industry\", \"city\", \"account.industry\", "      \
         "\"interactions\" ]; " more " };")
#define LEAD(c, ...) CREATE(c, "lead", {"name", "Ann"}, ##__VA_ARGS__)

static const char *lead(struct company *c, kith_id id, const char *name) {
    return field(c, "lead", id, name);
}

/* -- leads as they come from a world whose truth is known ---------------------------------------
 */

#define SOURCES    4
#define INDUSTRIES 3
#define CITIES     20
static const char *const sources[SOURCES] = {"referral", "web", "ad", "event"};
static const char *const industries[INDUSTRIES] = {"steel", "paper", NULL};
static const double by_source[SOURCES] = {1.2, 0.2, -1.0, 0};
static const double by_industry[INDUSTRIES] = {0.8, -0.8, 0};

struct world {
    struct company *c;
    uint64_t seed;
    int left, converted;
    double strength; /* 0: nothing but noise */
};

static double chance_in(const struct world *w, int source, int industry) {
    return 1 / (1 + exp(1 - w->strength * (by_source[source] + by_industry[industry])));
}

static uint64_t draw(struct world *w) {
    w->seed = w->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return w->seed >> 33;
}

static kith_status make(struct txn *t, void *arg, kith_error *e) {
    struct world *w = arg;
    const struct schema *s = engine_schema(w->c->engine);
    const struct rtype *type = type_of(w->c, "lead");
    for (int i = 0; i < 500 && w->left; i++, w->left--) {
        const int source = (int)(draw(w) % SOURCES), industry = (int)(draw(w) % INDUSTRIES);
        const int converted =
            (double)(draw(w) % 1000000) / 1000000 < chance_in(w, source, industry);
        const char *city = arena_printf(&w->c->arena, "Town %d", (int)(draw(w) % CITIES));
        const struct assign set[] = {
            {type_field(s, type, STR("name")), value_str(STR("Ann"))},
            {type_field(s, type, STR("source")), value_str(str_of(sources[source]))},
            {type_field(s, type, STR("city")), value_str(str_of(city))},
            {type_field(s, type, STR("state")),
             value_str(str_of(converted ? "converted" : "unqualified"))},
            {type_field(s, type, STR("industry")),
             industries[industry] ? value_str(str_of(industries[industry])) : (kith_value){0}},
        };
        w->converted += converted;
        TRY(txn_create(t, type, set, industries[industry] ? 5 : 4, NULL, e));
    }
    return KITH_OK;
}

static const struct write_opts importing = {.principal = &anna, .origin = ORIGIN_IMPORT};
static struct world past(struct company *c, int leads, double strength, uint64_t seed) {
    struct world w = {.c = c, .seed = seed, .left = leads, .strength = strength};
    kith_error e = KITH_ERROR_INIT;
    while (w.left)
        EXPECT_OK(engine_write(c->engine, &importing, make, &w, NULL, &e), e);
    return w;
}

static double number(const char *text) {
    return strtod(text, NULL);
}

static struct act learn(struct company *c) {
    struct act a = ACT(c, "sales.learn_scores", {NULL, NULL});
    EXPECT_ACT(a);
    return a;
}

static double cell(struct company *c, const struct act *a, size_t row, const char *column) {
    return number(row_text(c, a, row, column));
}

/* -- SAL-06, SAL-07 -----------------------------------------------------------------------------
 */

TEST("a truth that was planted is found, and chances mean what they say") { /* SAL-06, SAL-07 */
    struct company c;
    OPEN(&c, LEARN(""), "sales");
    struct world w = past(&c, 6000, 1, 11);
    struct act a = learn(&c);
    EXPECT_INT(6000, (int)number(result_text(&c, &a, "leads")));
    EXPECT_INT(w.converted, (int)number(result_text(&c, &a, "converted")));
    EXPECT(number(result_text(&c, &a, "auc")) > 0.68);
    EXPECT(number(result_text(&c, &a, "brier")) <
           number(result_text(&c, &a, "brier_of_rate")) - 0.01);
    EXPECT_INT(10, row_count(&a));
    for (size_t i = 0; i < 10; i++) /* 600 leads each: 2 % is one standard error */
        if (fabs(cell(&c, &a, i, "expected") - cell(&c, &a, i, "converted")) > 6)
            TEST_FAIL("part %zu: %s", i, row_text(&c, &a, i, "expected converted"));
    for (int s = 0; s < SOURCES; s++)
        for (int i = 0; i < INDUSTRIES; i++) {
            kith_id id = LEAD(&c, {"source", sources[s]},
                              {industries[i] ? "industry" : "source",
                               industries[i] ? industries[i] : sources[s]});
            const double told = number(lead(&c, id, "chance")), is = 100 * chance_in(&w, s, i);
            if (fabs(told - is) > 6)
                TEST_FAIL("%s in %s: %.1f instead of %.1f", sources[s],
                          industries[i] ? industries[i] : "no industry", told, is);
        }
    close_company(&c);
}

TEST("what was learned are records, and only what differs is written") {
    struct company c;
    OPEN(&c, LEARN(""), "sales");
    past(&c, 2000, 1, 5);
    struct act a = learn(&c);
    EXPECT(number(result_text(&c, &a, "written")) > 25);
    EXPECT_STR("0", result_text(&c, &a, "removed"));
    EXPECT_INT(1, find(&c, "score_weight where attribute = 'industry' and value = '(none)'").count);
    EXPECT_INT(0, find(&c, "score_weight where attribute = 'source' and value = '(other)'").count);
    EXPECT_INT(1, find(&c, "score_weight where value = 'referral' and weight > 0.5 and lift > 1.2 "
                           "and points > 5")
                      .count);
    EXPECT_INT(1, find(&c, "score_weight where value = 'ad' and weight < -0.5 and lift < 1").count);
    EXPECT_INT(1, find(&c, "score_model where leads = 2000 and auc > 0.6").count);
    a = learn(&c);
    EXPECT_STR("0", result_text(&c, &a, "written"));
    EXPECT_INT(0, a.tx);
    const struct report *r = engine_report(c.engine, STR("sales.score_weights"));
    EXPECT(find(&c, r->query).ids[0] != 0);
    close_company(&c);
}

TEST("noise alone gives no confident chance") {
    struct company c;
    OPEN(&c, LEARN(""), "sales");
    struct world w = past(&c, 2000, 0, 77);
    struct act a = learn(&c);
    const double rate = 100.0 * w.converted / 2000;
    EXPECT(fabs(number(result_text(&c, &a, "auc")) - 0.5) < 0.06);
    for (size_t i = 0; i < 10; i++)
        if (fabs(cell(&c, &a, i, "low") - rate) > 6 || fabs(cell(&c, &a, i, "high") - rate) > 6)
            TEST_FAIL("part %zu says %s, of %.1f", i, row_text(&c, &a, i, "low high"), rate);
    for (int s = 0; s < SOURCES; s++) {
        kith_id id = LEAD(&c, {"source", sources[s]}, {"industry", "steel"}, {"city", "Town 1"});
        EXPECT(fabs(number(lead(&c, id, "chance")) - rate) < 8);
    }
    close_company(&c);
}

TEST("too few endings of either kind are refused, with a sentence") {
    struct company c;
    OPEN(&c, LEARN(""), "sales");
    struct act a = ACT(&c, "sales.learn_scores", {NULL, NULL});
    EXPECT_HAS("0 leads were converted and 0 were not", a.message);
    past(&c, 60, 1, 3);
    a = ACT(&c, "sales.learn_scores", {NULL, NULL});
    EXPECT_HAS("chances are learned from 50 of either kind", a.message);
    EXPECT_INT(0, find(&c, "score_model").count);
    kith_id id = LEAD(&c, {"source", "web"});
    EXPECT_STR("", lead(&c, id, "chance"));
    a = ACT(&c, "sales.explain_chance", {"lead", ID(&c, id)});
    EXPECT_HAS("nothing was learned yet", a.message);
    close_company(&c);
}

TEST("a chance is explained by parts that add up to it") {
    struct company c;
    OPEN(&c, LEARN(""), "sales");
    past(&c, 2000, 1, 5);
    learn(&c);
    kith_id id = LEAD(&c, {"source", "referral"}, {"industry", "Steel"}, {"city", "Nowhere"});
    struct act a = ACT(&c, "sales.explain_chance", {"lead", ID(&c, id)});
    EXPECT_ACT(a);
    EXPECT_STR(lead(&c, id, "chance"), result_text(&c, &a, "chance"));
    EXPECT_STR("(base)|", row_text(&c, &a, 0, "attribute value"));
    EXPECT_STR("source|referral", row_text(&c, &a, 1, "attribute value"));
    double sum = 0, odds = 0;
    for (size_t i = 0; i < row_count(&a); i++) {
        sum += cell(&c, &a, i, "contribution");
        odds += cell(&c, &a, i, "weight");
    }
    EXPECT(fabs(sum - number(lead(&c, id, "chance"))) < 1e-6);
    EXPECT(fabs(100 / (1 + exp(-odds)) - sum) < 0.051);
    UPDATE(&c, "lead", id, {"state", "unqualified"});
    a = ACT(&c, "sales.explain_chance", {"lead", ID(&c, id)});
    EXPECT_HAS("the lead is unqualified", a.message);
    close_company(&c);
}

/* Goes through the states as sellers do. */
static void end(struct company *c, kith_id id, int converted) {
    UPDATE(c, "lead", id, {"state", converted ? "qualified" : "unqualified"});
    if (converted)
        EXPECT_ACT(ACT(c, "sales.convert", {"lead", ID(c, id)}, {"opportunity", "false"}));
}

TEST("what a conversion fills in is not learned from") {
    struct company c;
    OPEN(&c,
         CONF("learn: { attributes = [ \"account.name\", \"account.industry\" ]; "
              "min_endings = 20; };"),
         "sales");
    kith_id firm = CREATE(&c, "account", {"name", "Steel"}, {"industry", "steel"});
    for (int i = 0; i < 50; i++) {
        kith_id id = LEAD(&c, {"company", "Acme"},
                          {i < 10 ? "account" : "company", i < 10 ? ID(&c, firm) : "Acme"});
        end(&c, id, i % 2);
        EXPECT_STR(i % 2 && i >= 10 ? "account,contact"
                   : i % 2          ? "contact"
                                    : "",
                   lead(&c, id, "set_at_end"));
        EXPECT_STR("2023-11-14T22:13:20.000Z", lead(&c, id, "ended_at"));
    }
    learn(&c);
    EXPECT_INT(1, find(&c, "score_weight where attribute = 'account.name' and value = '(none)' and "
                           "leads = 40 and converted = 20")
                      .count);
    EXPECT_INT(1, find(&c, "score_weight where attribute = 'account.name' and leads = 10 and "
                           "converted = 5")
                      .count);
    close_company(&c);
}

TEST("a lead that is taken up again has not ended") {
    struct company c;
    OPEN(&c, LEARN(""), "sales");
    kith_id id = LEAD(&c, {"source", "web"});
    end(&c, id, 0);
    EXPECT_STR("2023-11-14T22:13:20.000Z", lead(&c, id, "ended_at"));
    UPDATE(&c, "lead", id, {"state", "working"});
    EXPECT_STR("", lead(&c, id, "ended_at"));
    UPDATE(&c, "lead", id, {"state", "unqualified"}, {"ended_at", "2023-11-01"});
    EXPECT_HAS("2023-1", lead(&c, id, "ended_at"));
    REFUSED(&c, "kept by sales", "lead", id, {"set_at_end", "account"});
    close_company(&c);
}

static void talk(struct company *c, kith_id id, int times) {
    for (int i = 0; i < times; i++)
        CREATE(c, "interaction", {"channel", "mail"}, {"direction", "out"},
               {"about", arena_printf(&c->arena, "lead/%s", ID(c, id))},
               {"body", "We sent a letter"});
}

TEST("interactions count in the first days, and neither later nor after the end") {
    struct company c;
    OPEN(&c, CONF("learn: { attributes = [ \"interactions\" ]; min_endings = 20; least = 2; };"),
         "sales");
    kith_id all[60];
    for (int i = 0; i < 60; i++) {
        all[i] = LEAD(&c, {"source", "web"});
        talk(&c, all[i], i % 2 ? 3 : 0);
    }
    clock_advance(&c.clock, INT64_C(3) * 86400000);
    for (int i = 0; i < 10; i++)
        end(&c, all[i], i % 2); /* too early for its interactions to be known */
    clock_advance(&c.clock, INT64_C(7) * 86400000);
    for (int i = 10; i < 60; i++) {
        talk(&c, all[i], 5); /* too late */
        end(&c, all[i], i % 2);
        talk(&c, all[i], 9);
    }
    learn(&c);
    EXPECT_INT(1,
               find(&c, "score_weight where value = '0' and leads = 25 and converted = 0").count);
    EXPECT_INT(
        1, find(&c, "score_weight where value = '2-3' and leads = 25 and converted = 25").count);
    EXPECT_INT(1, find(&c, "score_weight where value = '(unknown)' and leads = 10").count);
    EXPECT_INT(3, find(&c, "score_weight").count);
    kith_id young = LEAD(&c, {"source", "web"});
    talk(&c, young, 3);
    UPDATE(&c, "lead", young, {"interest", "boats"});
    const double before = number(lead(&c, young, "chance"));
    EXPECT(before > 30 && before < 70);
    clock_advance(&c.clock, INT64_C(8) * 86400000);
    UPDATE(&c, "lead", young, {"interest", "ships"});
    EXPECT(number(lead(&c, young, "chance")) > 85);
    close_company(&c);
}

TEST("what is rare is put together, and a value is the same whatever its case") {
    struct company c;
    OPEN(&c, CONF("learn: { attributes = [ \"city\", \"email\", \"phone\" ]; least = 1000; };"),
         "sales");
    past(&c, 3000, 1, 4);
    learn(&c);
    EXPECT_INT(1,
               find(&c, "score_weight where attribute = 'city' and value = '(other)' and leads = "
                        "3000")
                   .count);
    EXPECT_INT(1, find(&c, "score_weight where attribute = 'phone' and value = '(none)'").count);
    EXPECT_INT(3, find(&c, "score_weight").count);
    close_company(&c);
}

TEST("values of several lines, of blanks or of great length are learned as others are") {
    struct company c;
    static const char long_one[] =
        "An interest that is told in so many words that no field of one line would be the place "
        "to keep it, \xc3\xa4nd more";
    OPEN(&c, CONF("learn: { attributes = [ \"interest\" ]; min_endings = 20; least = 5; };"),
         "sales");
    for (int i = 0; i < 60; i++)
        end(&c,
            LEAD(&c, {"interest", i % 3 == 0   ? "Boats\nand ships"
                                  : i % 3 == 1 ? long_one
                                               : "\nBoats"}),
            i % 2);
    learn(&c);
    EXPECT_INT(1, find(&c, "score_weight where value = 'Boats'").count);
    EXPECT_INT(3, find(&c, "score_weight where leads = 20").count);
    kith_id id = LEAD(&c, {"interest", long_one});
    struct act a = ACT(&c, "sales.explain_chance", {"lead", ID(&c, id)});
    EXPECT_ACT(a);
    EXPECT_HAS("An interest that is told", row_text(&c, &a, 1, "value"));
    close_company(&c);
}

TEST("learning is undone as a whole, and chances follow") {
    struct company c;
    OPEN(&c, LEARN(""), "sales");
    past(&c, 1000, 1, 9);
    kith_id old = LEAD(&c, {"source", "referral"});
    struct act a = ACT(&c, "sales.learn_scores", {"rescore", "false"});
    EXPECT_ACT(a);
    EXPECT_STR("0", result_text(&c, &a, "rescored"));
    EXPECT_STR("", lead(&c, old, "chance"));
    struct act again = ACT(&c, "sales.rescore", {NULL, NULL});
    EXPECT_ACT(again);
    EXPECT_STR("1", result_text(&c, &again, "changed"));
    struct act why = ACT(&c, "sales.explain_chance", {"lead", ID(&c, old)});
    EXPECT_STR(lead(&c, old, "chance"), result_text(&c, &why, "chance"));
    again = ACT(&c, "sales.rescore", {NULL, NULL});
    EXPECT_STR("0", result_text(&c, &again, "changed"));
    const struct report *r = engine_report(c.engine, STR("sales.likely_leads"));
    EXPECT_INT(1, find(&c, r->query).count);
    undo(&c, a.tx);
    EXPECT_INT(0, find(&c, "score_weight").count + find(&c, "score_model").count);
    EXPECT_STR("", lead(&c, LEAD(&c, {"source", "referral"}), "chance"));
    close_company(&c);
}

TEST("who learns has the likely leads at once, and an undo takes both back") {
    struct company c;
    OPEN(&c, LEARN(""), "sales");
    past(&c, 1000, 1, 9);
    kith_id old = LEAD(&c, {"source", "referral"});
    struct act a = learn(&c);
    EXPECT_STR("1", result_text(&c, &a, "rescored"));
    EXPECT_INT(1, find(&c, engine_report(c.engine, STR("sales.likely_leads"))->query).count);
    EXPECT(*lead(&c, old, "chance"));
    undo(&c, a.tx);
    EXPECT_STR("", lead(&c, old, "chance"));
    close_company(&c);
}

TEST("what fewer leads have than the least weighs nothing, also together or as what is missing") {
    struct company c;
    OPEN(&c, LEARN(""), "sales");
    past(&c, 1000, 1, 9);
    for (int i = 0; i < 4; i++) {
        kith_id id = LEAD(&c, {i < 2 ? "source" : "name", i < 2 ? "giveaway" : "Of nowhere"});
        UPDATE(&c, "lead", id, {"state", "qualified"});
        UPDATE(&c, "lead", id, {"state", "converted"});
    }
    learn(&c);
    EXPECT_INT(1, find(&c, "score_weight where attribute = 'source' and value = '(other)' and "
                           "leads = 2 and weight = 0 and points = 0")
                      .count);
    EXPECT_INT(1, find(&c, "score_weight where attribute = 'source' and value = '(none)' and "
                           "leads = 2 and weight = 0")
                      .count);
    EXPECT_INT(0, find(&c, "score_weight where attribute = 'source' and value = 'giveaway'").count);
    kith_id id = LEAD(&c, {"source", "giveaway"});
    struct act why = ACT(&c, "sales.explain_chance", {"lead", ID(&c, id)});
    for (size_t i = 1; i < 4; i++)
        if (strcmp(row_text(&c, &why, i, "attribute"), "source") == 0)
            EXPECT_STR("0.0", row_text(&c, &why, i, "contribution"));
    close_company(&c);
}

TEST("what was learned is part of the score where the settings say so") {
    struct company c;
    OPEN(&c,
         CONF("score: { rules = ( { when = \"source = 'referral'\"; points = 100; } ); }; "
              "learn: { attributes = [ \"source\" ]; in_score = true; points = 40; };"),
         "sales");
    past(&c, 2000, 1, 5);
    learn(&c);
    kith_id w = find(&c, "score_weight where value = 'referral' and points > 20").ids[0];
    EXPECT(w != 0);
    kith_id id = LEAD(&c, {"source", "referral"});
    EXPECT_INT(100 + (int)number(field(&c, "score_weight", w, "points")),
               (int)number(lead(&c, id, "score")));
    UPDATE(&c, "lead", id, {"source", "giveaway"}); /* nothing is known of these */
    EXPECT_STR("0", lead(&c, id, "score"));
    close_company(&c);
}

TEST("it is learned at night, and again when a twentieth more have ended") {
    struct company c;
    OPEN(&c, LEARN(""), "sales");
    kith_id id = LEAD(&c, {"source", "referral"});
    past(&c, 1000, 1, 9);
    clock_advance(&c.clock, INT64_C(86400000));
    drain(&c);
    EXPECT_INT(1, find(&c, "score_model where leads = 1000").count);
    EXPECT(number(lead(&c, id, "chance")) > 40);
    past(&c, 40, 1, 10);
    clock_advance(&c.clock, INT64_C(86400000));
    drain(&c);
    EXPECT_INT(1, find(&c, "score_model where leads = 1000").count);
    past(&c, 10, 1, 11);
    clock_advance(&c.clock, INT64_C(86400000));
    drain(&c);
    EXPECT_INT(1, find(&c, "score_model where leads = 1050").count);
    close_company(&c);
}

static void not_started(const char *attribute, const char *words) {
    struct company c;
    char conf[300];
    snprintf(conf, sizeof conf, CONF("learn: { attributes = [ \"source\", \"%s\" ]; };"),
             attribute);
    OPEN(&c, conf, "sales");
    EXPECT_HAS("kith.conf:1: sales.learn.attributes", status_of(c.plugins, "sales").reason);
    EXPECT_HAS(words, status_of(c.plugins, "sales").reason);
    close_company(&c);
}

TEST("an attribute that is not there, or is written by the end, is refused with its place") {
    not_started("sorce", "source");
    not_started("account.indstry", "industry");
    not_started("account.won", "tells nothing about open ones");
    not_started("state", "tells nothing about open ones");
    not_started("", "sales.learn.attributes");
    not_started("source", "'source' stands there twice");
}

/* -- SAL-72 -------------------------------------------------------------------------------------
 */

static void note(struct company *c, kith_id id, const char *body) {
    CREATE(c, "note", {"about", arena_printf(&c->arena, "lead/%s", ID(c, id))}, {"body", body});
}

TEST("words of notes that go with conversion are told, and luck is not") { /* SAL-72 */
    struct company c;
    struct world dice = {.seed = 3};
    OPEN(&c, CONF(""), "sales");
    for (int i = 0; i < 80; i++) {
        kith_id id = LEAD(&c, {"interest", i % 4 == 0 ? "a Webinar about boats" : "boats"});
        note(&c, id, i % 2 ? "Demonstration, demonstration twice" : "Too dear");
        note(&c, id,
             arena_printf(&c.arena, "noise%d other%d", (int)(draw(&dice) % 9),
                          (int)(draw(&dice) % 9)));
        end(&c, id, i % 2);
        clock_advance(&c.clock, 1000);
        if (i % 2)
            note(&c, id, "Handover: welcome");
    }
    struct act a = ACT(&c, "sales.note_words", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_STR("80", result_text(&c, &a, "leads"));
    EXPECT_STR("40", result_text(&c, &a, "converted"));
    EXPECT_STR("demonstration|40|40|1.0000|2.0000|0.0000",
               row_text(&c, &a, 0, "word leads converted rate lift luck"));
    for (size_t i = 0; i < row_count(&a); i++) {
        const char *word = row_text(&c, &a, i, "word");
        if (!strstr("demonstration twice", word))
            TEST_FAIL("'%s' is told, too", word);
    }
    a = ACT(&c, "sales.note_words", {"of", "lost"});
    EXPECT_STR("dear|40|0", row_text(&c, &a, 0, "word leads converted"));
    EXPECT_STR("webinar|20|0|0.0000", row_text(&c, &a, 3, "word leads converted rate"));
    a = ACT(&c, "sales.note_words", {"all", "true"}, {"limit", "1000"}, {"least", "2"});
    EXPECT(row_count(&a) > 6);
    close_company(&c);
}

TEST("arguments that are wrong or enormous are refused, or give nothing") {
    struct company c;
    OPEN(&c, LEARN(""), "sales");
    past(&c, 300, 1, 3);
    struct act a = ACT(&c, "sales.learn_scores", {"since", "9999-12-31"});
    EXPECT_HAS("0 leads were converted", a.message);
    a = ACT(&c, "sales.learn_scores", {"since", "tomorrow or so"});
    EXPECT_HAS("since", a.message);
    EXPECT_ACT(ACT(&c, "sales.learn_scores", {"since", "1900-01-01"}));
    a = ACT(&c, "sales.explain_chance", {"lead", "0SA818WY40000"});
    EXPECT(a.status != KITH_OK);
    a = ACT(&c, "sales.note_words", {"since", "9999-12-31"}, {"least", "9007199254740991"});
    EXPECT_ACT(a);
    EXPECT_STR("0", result_text(&c, &a, "leads"));
    EXPECT_INT(0, row_count(&a));
    a = ACT(&c, "sales.note_words", {"limit", "1001"});
    EXPECT_HAS("limit", a.message);
    a = ACT(&c, "sales.note_words", {"of", "won"});
    EXPECT_HAS("of", a.message);
    close_company(&c);
}

TEST("chances are learned from all leads, whoever has them learned") {
    struct company c;
    struct someone max;
    OPEN(&c, LEARN(""), "sales");
    (void)past(&c, 600, 1, 11);
    come_in(&c, &max, "max",
            "{\"types\": {\"lead\": {\"read\": \"own\"}, \"score_weight\": {\"read\": \"all\", "
            "\"create\": \"all\", \"update\": \"all\", \"delete\": \"all\"}, \"score_model\": "
            "{\"read\": \"all\", \"create\": \"all\", \"update\": \"all\"}}, \"actions\": "
            "[\"sales.learn_scores\"]}");
    struct act a = act_as(&c, &max.by, "sales.learn_scores", PAIRS({"none", ""}));
    EXPECT_ACT(a);
    EXPECT_STR("600", result_text(&c, &a, "leads"));
    leave(&max);
    close_company(&c);
}
