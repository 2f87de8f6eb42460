/* SPDX-License-Identifier: Apache-2.0 */
/* Objections and what answers them, chances apart from the pipeline, competitors, next steps. */
#include "deals.h"

#define OBJECT(c, ...) CREATE(c, "objection", __VA_ARGS__)

TEST("answers stand by their win rate, smoothed, and the end of a deal decides open objections") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id often =
        CREATE(&c, "objection_answer", {"title", "It saves energy"}, {"topic", "price"});
    kith_id once = CREATE(&c, "objection_answer", {"title", "Pay later"}, {"topic", "price"});
    kith_id never =
        CREATE(&c, "objection_answer", {"title", "Others are dear"}, {"topic", "Price"});
    CREATE(&c, "objection_answer", {"title", "We are near"}, {"topic", "service"});
    for (int i = 0; i < 10; i++) {
        kith_id o = OBJECT(&c, {"text", "Too expensive"}, {"answer", ID(&c, often)});
        UPDATE(&c, "objection", o, {"outcome", i == 9 ? "lost" : "resolved"});
    }
    kith_id won = DEAL(&c), lost = DEAL(&c);
    kith_id first = OBJECT(&c, {"text", "No budget this year"}, {"source", "meeting"},
                           {"answer", ID(&c, once)}, {"opportunity", ID(&c, won)});
    kith_id second = OBJECT(&c, {"text", "Dear"}, {"source", "feedback"}, {"answer", ID(&c, never)},
                            {"opportunity", ID(&c, lost)});
    EXPECT_STR("0", field(&c, "objection_answer", once, "used"));
    MOVE(&c, won, {"stage", "proposal"});
    MOVE(&c, won, {"stage", "won"});
    MOVE(&c, lost, {"stage", "lost"}, {"loss_reason", "price"});
    EXPECT_STR("resolved", field(&c, "objection", first, "outcome"));
    EXPECT_STR("lost", field(&c, "objection", second, "outcome"));
    struct act a = ACT(&c, "sales.answers", {"topic", "price"});
    EXPECT_ACT(a);
    EXPECT_INT(3, (int64_t)row_count(&a));
    EXPECT_STR("It saves energy|10|9|0.8333", row_text(&c, &a, 0, "title used won rate"));
    EXPECT_STR("Pay later|1|1|0.6667", row_text(&c, &a, 1, "title used won rate"));
    EXPECT_STR("Others are dear|1|0|0.3333", row_text(&c, &a, 2, "title used won rate"));
    a = ACT(&c, "sales.answers", {"text", "We have no BUDGET, says the chief"});
    EXPECT_INT(1, (int64_t)row_count(&a));
    EXPECT_STR("Pay later|1", row_text(&c, &a, 0, "title words"));
    a = ACT(&c, "sales.answers", {"limit", "2"});
    EXPECT_INT(2, (int64_t)row_count(&a));
    close_company(&c);
}

TEST("competitors are told by how often we win against them") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id rival = CREATE(&c, "account", {"name", "Rival"});
    for (int i = 0; i < 4; i++) {
        kith_id id = DEAL(&c, {"competitor", ID(&c, rival)}, {"amount", "100 EUR"});
        MOVE(&c, id, {"stage", "proposal"});
        if (i < 3)
            MOVE(&c, id, {"stage", "won"});
        else
            MOVE(&c, id, {"stage", "lost"}, {"loss_reason", "competitor"});
    }
    EXPECT_STR("Rival|4|3.000000|75.000000\n", report_text(&c, "sales.competitors"));
    close_company(&c);
}

TEST("a chance is no part of the pipeline until it is opened, and then it is one deal") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id acme = CREATE(&c, "account", {"name", "Acme"});
    kith_id id = CREATE(&c, "chance", {"name", "A second boat"}, {"account", ID(&c, acme)},
                        {"amount", "900 EUR"}, {"expected_on", "2024-03-01"});
    EXPECT_STR("", report_text(&c, "sales.pipeline"));
    UPDATE(&c, "chance", id, {"state", "opened"});
    EXPECT_STR("prospecting|EUR|1|900.00 EUR|90.00 EUR\n", report_text(&c, "sales.pipeline"));
    struct found f = find(&c, "opportunity");
    EXPECT_STR(ID(&c, f.ids[0]), field(&c, "chance", id, "opportunity"));
    EXPECT_STR("A second boat", deal(&c, f.ids[0], "name"));
    EXPECT_STR("2024-03-01", deal(&c, f.ids[0], "close_on"));
    UPDATE(&c, "chance", id, {"reason", "They said so"});
    REFUSED(&c, "'opened' cannot become", "chance", id, {"state", "waiting"});
    EXPECT_INT(1, find(&c, "opportunity").count);
    close_company(&c);
}

TEST("customers without a deal or a chance are uncovered") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    const char *names[] = {"Uncovered", "Has a deal", "Has a chance", "Never bought"};
    kith_id ids[4];
    for (int i = 0; i < 4; i++) {
        ids[i] = CREATE(&c, "account", {"name", names[i]});
        if (i == 3)
            continue;
        kith_id won = DEAL(&c, {"account", ID(&c, ids[i])}, {"amount", "10 EUR"});
        MOVE(&c, won, {"stage", "proposal"});
        MOVE(&c, won, {"stage", "won"});
    }
    DEAL(&c, {"account", ID(&c, ids[1])});
    CREATE(&c, "chance", {"name", "x"}, {"account", ID(&c, ids[2])});
    const struct report *r = engine_report(c.engine, str_of("sales.uncovered"));
    struct found f = find(&c, r->query);
    EXPECT_INT(1, f.count);
    EXPECT(f.ids[0] == ids[0]);
    close_company(&c);
}

#define STEP(when, step) "{ when = \"" when "\"; step = \"" step "\"; }"
TEST("next steps are suggested by rules over the deal and what the customer has seen") {
    struct company c;
    OPEN(&c,
         CONF("next_step: { rules = (" STEP(
             "exists(interaction.about where subject like '%video%')",
             "Invite to a webinar") ", " STEP("next_step_on is null",
                                              "Agree on a next step") "); };"),
         "sales");
    kith_id id = DEAL(&c);
    struct act a = ACT(&c, "sales.next_step", {"opportunity", ID(&c, id)});
    EXPECT_ACT(a);
    EXPECT_INT(1, (int64_t)row_count(&a));
    EXPECT_STR("Agree on a next step", row_text(&c, &a, 0, "step"));
    CREATE(&c, "interaction", {"about", arena_printf(&c.arena, "opportunity/%s", ID(&c, id))},
           {"channel", "web"}, {"subject", "Saw the video"});
    a = ACT(&c, "sales.next_step", {"opportunity", ID(&c, id)});
    EXPECT_STR("Invite to a webinar", row_text(&c, &a, 0, "step"));
    EXPECT_INT(2, (int64_t)row_count(&a));
    close_company(&c);
    OPEN(&c, CONF("next_step: { rules = (" STEP("stge = 'won'", "x") "); };"), "sales");
    EXPECT_HAS("kith.conf:1: sales.next_step.rules, row 1, when: ",
               status_of(c.plugins, "sales").reason);
    close_company(&c);
}
