/* SPDX-License-Identifier: Apache-2.0 */
/* Opportunities in a running engine: stages, probability, signal, and how they end. */
#include "company.h"

#define CONF             "sales: { grant = [\"*\"]; };\n"
#define DEAL(c, ...)     CREATE(c, "opportunity", {"name", "A boat"}, ##__VA_ARGS__)
#define MOVE(c, id, ...) UPDATE(c, "opportunity", id, __VA_ARGS__)

static const char *deal(struct company *c, kith_id id, const char *name) {
    return field(c, "opportunity", id, name);
}

static const char *const refused_steps[] = {"15", "0", "100", "5", "95", "-10", "110"};

TEST("a probability goes in steps of ten, and a refusal names them") {
    struct company c;
    OPEN(&c, CONF, "sales");
    kith_id id = DEAL(&c);
    for (size_t i = 0; i < sizeof refused_steps / sizeof *refused_steps; i++)
        REFUSED(&c, "is none of 10, 20, 30, 40, 50, 60, 70, 80, 90", "opportunity", id,
                {"probability", refused_steps[i]});
    REFUSED(&c, "probability: 15 is none of", "opportunity", 0, {"name", "Another"},
            {"probability", "15"});
    for (int p = 10; p <= 90; p += 10) {
        char text[12];
        snprintf(text, sizeof text, "%d", p);
        MOVE(&c, id, {"probability", text});
        EXPECT_STR(text, deal(&c, id, "probability"));
    }
    close_company(&c);
}

TEST("the probability follows the stage, unless the same write says another") {
    struct company c;
    OPEN(&c, CONF, "sales");
    kith_id id = DEAL(&c);
    EXPECT_STR("10", deal(&c, id, "probability"));
    MOVE(&c, id, {"stage", "qualification"});
    EXPECT_STR("30", deal(&c, id, "probability"));
    MOVE(&c, id, {"stage", "proposal"}, {"probability", "70"});
    EXPECT_STR("70", deal(&c, id, "probability"));
    MOVE(&c, id, {"next_step", "Call"});
    EXPECT_STR("70", deal(&c, id, "probability"));
    MOVE(&c, id, {"stage", "closing"});
    EXPECT_STR("80", deal(&c, id, "probability"));
    MOVE(&c, id, {"stage", "qualification"});
    EXPECT_STR("30", deal(&c, id, "probability"));
    MOVE(&c, id, {"probability", NULL});
    EXPECT_STR("30", deal(&c, id, "probability"));
    close_company(&c);
}

TEST("settings say the probabilities of the stages and the limits of the signal") {
    struct company c;
    OPEN(&c,
         "sales: { grant = [\"*\"]; probability: { prospecting = 20; closing = 90; };"
         " signal: { green = 90; amber = 20; }; };\n",
         "sales");
    kith_id id = DEAL(&c);
    EXPECT_STR("20", deal(&c, id, "probability"));
    EXPECT_STR("amber", deal(&c, id, "signal"));
    MOVE(&c, id, {"probability", "10"});
    EXPECT_STR("red", deal(&c, id, "signal"));
    MOVE(&c, id, {"stage", "closing"});
    EXPECT_STR("90", deal(&c, id, "probability"));
    EXPECT_STR("green", deal(&c, id, "signal"));
    close_company(&c);
}

TEST("settings that make no sense keep the module from starting, and say where they stand") {
    struct company c;
    OPEN(&c, "sales: { grant = [\"*\"]; probability: { closing = 85; }; };\n", "sales");
    EXPECT_HAS("kith.conf:1: sales.probability.closing: 85 is none of 10, 20",
               status_of(c.plugins, "sales").reason);
    close_company(&c);
    OPEN(&c, "sales: { grant = [\"*\"]; signal: { green = 30; amber = 40; }; };\n", "sales");
    EXPECT_HAS("sales.signal.amber (40) is above sales.signal.green (30)",
               status_of(c.plugins, "sales").reason);
    close_company(&c);
}

TEST("the signal is red below 40, amber to 60, green from 70, and nobody writes it") {
    static const char *const expected[] = {"red",   "red",   "red",   "amber", "amber",
                                           "amber", "green", "green", "green"};
    struct company c;
    OPEN(&c, CONF, "sales");
    kith_id id = DEAL(&c);
    for (int p = 10; p <= 90; p += 10) {
        char text[12];
        snprintf(text, sizeof text, "%d", p);
        MOVE(&c, id, {"probability", text});
        EXPECT_STR(expected[p / 10 - 1], deal(&c, id, "signal"));
    }
    REFUSED(&c, "opportunity.signal is kept by sales", "opportunity", id, {"signal", "red"});
    close_company(&c);
}

TEST("open stages go back and forth; only what was offered is won") {
    struct company c;
    OPEN(&c, CONF, "sales");
    kith_id id = DEAL(&c);
    EXPECT_STR("prospecting", deal(&c, id, "stage"));
    REFUSED(&c, "'prospecting' cannot become 'won'", "opportunity", id, {"stage", "won"});
    MOVE(&c, id, {"stage", "qualification"});
    REFUSED(&c, "'qualification' cannot become 'won'", "opportunity", id, {"stage", "won"});
    MOVE(&c, id, {"stage", "prospecting"});
    MOVE(&c, id, {"stage", "closing"});
    MOVE(&c, id, {"stage", "proposal"});
    MOVE(&c, id, {"stage", "won"});
    REFUSED(&c, "'won' cannot become 'lost'", "opportunity", id, {"stage", "lost"});
    REFUSED(&c, "'won' cannot become 'lost'", "opportunity", id, {"stage", "lost"},
            {"loss_reason", "price"});
    MOVE(&c, id, {"stage", "closing"});
    MOVE(&c, id, {"stage", "lost"}, {"loss_reason", "price"});
    MOVE(&c, id, {"stage", "prospecting"});
    close_company(&c);
}

TEST("won is certain, lost is hopeless, and both are stamped") {
    struct company c;
    OPEN(&c, CONF, "sales");
    kith_id won = DEAL(&c), lost = DEAL(&c);
    MOVE(&c, won, {"stage", "closing"});
    REFUSED(&c, "a won opportunity has 100, not 90", "opportunity", won, {"stage", "won"},
            {"probability", "90"});
    MOVE(&c, won, {"stage", "won"}, {"win_reason", "The sails"});
    EXPECT_STR("100", deal(&c, won, "probability"));
    EXPECT_STR("green", deal(&c, won, "signal"));
    EXPECT_STR("2023-11-14T22:13:20.000Z", deal(&c, won, "closed_at"));
    REFUSED(&c, "a won opportunity has 100, not 50", "opportunity", won, {"probability", "50"});
    MOVE(&c, lost, {"stage", "lost"}, {"loss_reason", "price"}, {"closed_at", "2023-10-01"});
    EXPECT_STR("0", deal(&c, lost, "probability"));
    EXPECT_STR("red", deal(&c, lost, "signal"));
    EXPECT_STR("2023-09-30T22:00:00.000Z", deal(&c, lost, "closed_at"));
    close_company(&c);
}

TEST("a lost opportunity has a reason, and 'other' has a note") {
    struct company c;
    OPEN(&c, CONF, "sales");
    kith_id id = DEAL(&c);
    REFUSED(&c, "say why it was lost", "opportunity", id, {"stage", "lost"});
    REFUSED(&c, "'other' needs a note", "opportunity", id, {"stage", "lost"},
            {"loss_reason", "other"});
    MOVE(&c, id, {"stage", "lost"}, {"loss_reason", "other"}, {"loss_note", "They moved"});
    REFUSED(&c, "say why it was lost", "opportunity", id, {"loss_reason", NULL});
    REFUSED(&c, "'other' needs a note", "opportunity", id, {"loss_note", NULL});
    MOVE(&c, id, {"loss_reason", "timing"}, {"loss_note", NULL});
    close_company(&c);
}

TEST("an open opportunity has no ending, and one that is taken up again loses it") {
    struct company c;
    OPEN(&c, CONF, "sales");
    kith_id id = DEAL(&c);
    REFUSED(&c, "only an opportunity that is lost has it", "opportunity", id,
            {"loss_reason", "price"});
    REFUSED(&c, "only an opportunity that is lost has it", "opportunity", id, {"loss_note", "x"});
    REFUSED(&c, "only an opportunity that is won has it", "opportunity", id, {"win_reason", "x"});
    REFUSED(&c, "only an opportunity that is won or lost has it", "opportunity", id,
            {"closed_at", "2023-10-01"});
    MOVE(&c, id, {"stage", "lost"}, {"loss_reason", "other"}, {"loss_note", "They moved"});
    MOVE(&c, id, {"stage", "proposal"});
    EXPECT_STR("50", deal(&c, id, "probability"));
    EXPECT_STR("", deal(&c, id, "closed_at"));
    EXPECT_STR("", deal(&c, id, "loss_reason"));
    EXPECT_STR("", deal(&c, id, "loss_note"));
    close_company(&c);
}

TEST("an amount below nothing is refused") {
    struct company c;
    OPEN(&c, CONF, "sales");
    REFUSED(&c, "worth nothing or more", "opportunity", 0, {"name", "A boat"},
            {"amount", "-1 EUR"});
    kith_id id = DEAL(&c, {"amount", "0 EUR"});
    EXPECT_STR("0.00 EUR", deal(&c, id, "amount"));
    close_company(&c);
}

TEST("an undo of the ending opens the opportunity as it was") {
    struct company c;
    kith_id tx;
    kith_error e = KITH_ERROR_INIT;
    OPEN(&c, CONF, "sales");
    kith_id id = DEAL(&c);
    MOVE(&c, id, {"stage", "proposal"}, {"probability", "60"});
    struct put p = {&c, "opportunity", id, PAIRS({"stage", "lost"}, {"loss_reason", "price"})};
    EXPECT_OK(engine_write(c.engine, &by_anna, put_txn, &p, &tx, &e), e);
    undo(&c, tx);
    EXPECT_STR("proposal", deal(&c, id, "stage"));
    EXPECT_STR("60", deal(&c, id, "probability"));
    EXPECT_STR("amber", deal(&c, id, "signal"));
    EXPECT_STR("", deal(&c, id, "closed_at"));
    EXPECT_STR("", deal(&c, id, "loss_reason"));
    close_company(&c);
}

/* -- forecast ---------------------------------------------------------------------------------- */

static const char *told(struct company *c, const struct act *a, uint32_t result) {
    kith_str s = value_text(engine_schema(c->engine), &a->results[result], &c->arena);
    return a->results[result].kind == KITH_NULL ? "-"
                                                : arena_strndup(&c->arena, s.ptr, (size_t)s.len);
}

static const char *forecast(struct company *c, const char *until) {
    struct act a =
        until ? ACT(c, "sales.forecast", {"until", until}) : ACT(c, "sales.forecast", {NULL, NULL});
    EXPECT_ACT(a);
    const char *out = told(c, &a, 0);
    for (uint32_t i = 1; i < 7; i++)
        out = arena_printf(&c->arena, "%s|%s", out, told(c, &a, i));
    return out;
}

TEST("a forecast weighs each open opportunity with its probability, in all and by signal") {
    struct company c;
    OPEN(&c, CONF, "sales");
    EXPECT_STR("0|-|-|-|-|-|0", forecast(&c, NULL));
    DEAL(&c, {"amount", "10000 EUR"}, {"probability", "10"}, {"close_on", "2026-10-01"});
    DEAL(&c, {"amount", "20000 EUR"}, {"probability", "50"}, {"close_on", "2026-11-30"});
    DEAL(&c, {"amount", "5000 EUR"}, {"probability", "90"}, {"close_on", "2027-01-01"});
    DEAL(&c, {"amount", "7000 EUR"});
    kith_id lost = DEAL(&c, {"amount", "900 EUR"}, {"close_on", "2026-10-01"});
    MOVE(&c, lost, {"stage", "lost"}, {"loss_reason", "price"});
    EXPECT_STR("3|35000.00 EUR|15500.00 EUR|4500.00 EUR|10000.00 EUR|1000.00 EUR|1",
               forecast(&c, NULL));
    EXPECT_STR("2|30000.00 EUR|11000.00 EUR|-|10000.00 EUR|1000.00 EUR|1",
               forecast(&c, "2026-11-30"));
    close_company(&c);
}

TEST("a forecast over several currencies tells each, and adds up none with another") {
    struct company c;
    OPEN(&c, CONF, "sales");
    DEAL(&c, {"amount", "100 EUR"}, {"close_on", "2026-10-01"});
    DEAL(&c, {"amount", "70 USD"}, {"probability", "50"}, {"close_on", "2026-10-01"});
    DEAL(&c, {"amount", "30 USD"}, {"probability", "90"}, {"close_on", "2026-10-01"});
    DEAL(&c, {"close_on", "2026-10-01"});
    EXPECT_STR("4|-|-|-|-|-|0", forecast(&c, NULL));
    struct act a = ACT(&c, "sales.forecast", {NULL, NULL});
    EXPECT_HAS("in several currencies", result_text(&c, &a, "note"));
    EXPECT_STR("|1||", row_text(&c, &a, 0, "currency deals amount weighted"));
    EXPECT_STR("EUR|1|100.00 EUR|10.00 EUR||10.00 EUR",
               row_text(&c, &a, 1, "currency deals amount weighted green red"));
    EXPECT_STR("USD|2|100.00 USD|62.00 USD|27.00 USD|35.00 USD",
               row_text(&c, &a, 2, "currency deals amount weighted green amber"));
    close_company(&c);
}
