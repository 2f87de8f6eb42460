/* SPDX-License-Identifier: Apache-2.0 */
/* The way of opportunities through their stages: visits, plays, the funnel, and totals that are
 * kept. */
#include "deals.h"

TEST("each stage that an opportunity is in leaves a visit with its duration") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id id = DEAL(&c);
    clock_advance(&c.clock, 3 * DAY_MS);
    MOVE(&c, id, {"stage", "qualification"});
    MOVE(&c, id, {"next_step", "Call"});
    clock_advance(&c.clock, DAY_MS);
    MOVE(&c, id, {"stage", "lost"}, {"loss_reason", "price"});
    struct found f = find(&c, "stage_visit order by id");
    EXPECT_INT(3, f.count);
    EXPECT_STR("prospecting", field(&c, "stage_visit", f.ids[0], "stage"));
    EXPECT_STR("3d", field(&c, "stage_visit", f.ids[0], "duration"));
    EXPECT_STR("qualification", field(&c, "stage_visit", f.ids[0], "moved_to"));
    EXPECT_STR("1d", field(&c, "stage_visit", f.ids[1], "duration"));
    EXPECT_STR("lost", field(&c, "stage_visit", f.ids[2], "stage"));
    EXPECT_STR("", field(&c, "stage_visit", f.ids[2], "left"));
    EXPECT_STR("4d", deal(&c, id, "cycle"));
    MOVE(&c, id, {"opened_at", NULL}); /* it is when it was created then */
    EXPECT_STR("4d", deal(&c, id, "cycle"));
    close_company(&c);
}

TEST("an undo takes the visit back, and the totals follow") {
    struct company c;
    kith_id tx;
    kith_error e = KITH_ERROR_INIT;
    OPEN(&c, CONF(""), "sales");
    kith_id id = DEAL(&c, {"amount", "100 EUR"});
    struct put p = {&c, "opportunity", id, PAIRS({"stage", "proposal"})};
    EXPECT_OK(engine_write(c.engine, &by_anna, put_txn, &p, &tx, &e), e);
    EXPECT_STR("proposal|EUR|1|100.00 EUR|50.00 EUR\n", report_text(&c, "sales.pipeline"));
    undo(&c, tx);
    EXPECT_INT(1, find(&c, "stage_visit where left is null and stage = 'prospecting'").count);
    EXPECT_INT(1, find(&c, "stage_visit").count);
    EXPECT_STR("prospecting|EUR|1|100.00 EUR|10.00 EUR\n", report_text(&c, "sales.pipeline"));
    close_company(&c);
}

TEST("the funnel is entries into a stage by entries into the one before, and names problems") {
    struct company c;
    kith_id ids[8];
    OPEN(&c, CONF("stages: { weak = 40; slow = \"5d\"; };"), "sales");
    for (int i = 0; i < 8; i++)
        ids[i] = DEAL(&c);
    clock_advance(&c.clock, 2 * DAY_MS);
    for (int i = 0; i < 4; i++)
        MOVE(&c, ids[i], {"stage", "qualification"});
    clock_advance(&c.clock, 10 * DAY_MS);
    MOVE(&c, ids[0], {"stage", "proposal"});
    MOVE(&c, ids[0], {"stage", "won"}); /* past closing */
    struct act a = ACT(&c, "sales.funnel", {NULL, NULL});
    EXPECT_ACT(a);
    const char *all = "stage entries went_on conversion duration problem";
    EXPECT_INT(4, (int64_t)row_count(&a));
    EXPECT_STR("prospecting|8|4|50.00|2d|", row_text(&c, &a, 0, all));
    EXPECT_STR("qualification|4|1|25.00|10d|few go on, and slowly", row_text(&c, &a, 1, all));
    EXPECT_STR("proposal|1|1|100.00|0s|", row_text(&c, &a, 2, all));
    EXPECT_STR("closing|1|1|100.00||", row_text(&c, &a, 3, all));
    a = ACT(&c, "sales.funnel", {"since", "2030-01-01"});
    EXPECT_STR("prospecting|0|0|||", row_text(&c, &a, 0, all));
    close_company(&c);
}

static const struct write_opts by_import = {.principal = &anna, .origin = ORIGIN_IMPORT};

static kith_id imported(struct company *c, const struct pair *pairs) {
    struct put p = {c, "opportunity", 0, pairs};
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_write(c->engine, &by_import, put_txn, &p, NULL, &e), e);
    return p.id;
}

TEST("what is imported was in the stages that are known of it, and then when it says so") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    imported(&c, PAIRS({"name", "Old"}, {"stage", "won"}, {"opened_at", "2023-01-02T00:00:00Z"},
                       {"closed_at", "2023-03-04T00:00:00Z"}));
    kith_id open = imported(
        &c, PAIRS({"name", "Open"}, {"stage", "proposal"}, {"opened_at", "2023-11-01T12:00:00Z"}));
    kith_id older = imported(
        &c, PAIRS({"name", "Older"}, {"stage", "won"}, {"closed_at", "2022-03-04T00:00:00Z"}));
    EXPECT_STR("", deal(&c, older, "opened_at"));
    struct found f = find(&c, "stage_visit order by id");
    EXPECT_INT(3, f.count);
    EXPECT_STR("2023-03-04T00:00:00.000Z", field(&c, "stage_visit", f.ids[0], "entered"));
    EXPECT_STR("2023-11-01T12:00:00.000Z", field(&c, "stage_visit", f.ids[1], "entered"));
    MOVE(&c, open, {"stage", "won"}, {"closed_at", "2023-11-05T12:00:00Z"});
    f = find(&c, "stage_visit order by id");
    EXPECT_STR("4d", field(&c, "stage_visit", f.ids[1], "duration"));
    EXPECT_STR("2023-11-05T12:00:00.000Z", field(&c, "stage_visit", f.ids[3], "entered"));
    MOVE(&c, open, {"stage", "closing"});
    MOVE(&c, open, {"stage", "won"}, {"closed_at", "2023-11-06"}); /* before it came there */
    f = find(&c, "stage_visit where stage = 'closing'");
    EXPECT_STR("0s", field(&c, "stage_visit", f.ids[0], "duration"));
    close_company(&c);
}

TEST("no more than all go on from a stage, however they came there and go back and forth") {
    struct company c;
    const char *all = "stage entries went_on conversion";
    OPEN(&c, CONF(""), "sales");
    kith_id id = DEAL(&c);
    for (int i = 0; i < 3; i++)
        imported(&c, PAIRS({"name", "Old"}, {"stage", "won"}, {"closed_at", "2023-03-04"}));
    MOVE(&c, id, {"stage", "qualification"});
    MOVE(&c, id, {"stage", "closing"});
    MOVE(&c, id, {"stage", "qualification"});
    MOVE(&c, id, {"stage", "closing"});
    MOVE(&c, id, {"stage", "won"});
    struct act a = ACT(&c, "sales.funnel", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_STR("prospecting|1|1|100.00", row_text(&c, &a, 0, all));
    EXPECT_STR("qualification|2|2|100.00", row_text(&c, &a, 1, all));
    EXPECT_STR("proposal|2|2|100.00", row_text(&c, &a, 2, all));
    EXPECT_STR("closing|2|1|50.00", row_text(&c, &a, 3, all));
    close_company(&c);
}

TEST("where a rule forbids to skip stages, each comes behind the other, and back is free") {
    struct company c;
    OPEN(&c, CONF("stages: { skip = false; };"), "sales");
    kith_id id = DEAL(&c);
    REFUSED(&c, "behind prospecting comes qualification, and sales.stages.skip forbids",
            "opportunity", id, {"stage", "proposal"});
    MOVE(&c, id, {"stage", "qualification"});
    MOVE(&c, id, {"stage", "proposal"});
    MOVE(&c, id, {"stage", "prospecting"});
    MOVE(&c, id, {"stage", "lost"}, {"loss_reason", "price"});
    close_company(&c);
}

/* -- plays --------------------------------------------------------------------------------------
 */

#define PLAY(c, ...) CREATE(c, "play", __VA_ARGS__)

TEST("coming into a stage makes its tasks, and a required one holds it there") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id ben = CREATE(&c, "user", {"login", "ben"}, {"name", "Ben"});
    PLAY(&c, {"stage", "proposal"}, {"title", "Send the offer"}, {"within", "2d"},
         {"required", "true"}, {"position", "1"});
    PLAY(&c, {"stage", "proposal"}, {"title", "Ask for a date"}, {"position", "2"});
    PLAY(&c, {"stage", "proposal"}, {"title", "Old"}, {"active", "false"});
    PLAY(&c, {"stage", "won"}, {"title", "Check in"}, {"within", "90d"});
    kith_id id = DEAL(&c, {"owner", ID(&c, ben)});
    EXPECT_INT(0, find(&c, "task").count);
    MOVE(&c, id, {"stage", "proposal"});
    struct found t = find(&c, "task order by id");
    EXPECT_INT(2, t.count);
    EXPECT_STR("Send the offer", field(&c, "task", t.ids[0], "title"));
    EXPECT_STR("2023-11-16T22:13:20.000Z", field(&c, "task", t.ids[0], "due"));
    EXPECT_INT(2, find(&c, "task where assignee.login = 'ben'").count);
    REFUSED(&c, "it stays in proposal until this is done or cancelled: 'Send the offer'",
            "opportunity", id, {"stage", "won"});
    REFUSED(&c, "it stays in proposal", "opportunity", id, {"stage", "closing"});
    MOVE(&c, id, {"stage", "qualification"});
    MOVE(&c, id, {"stage", "proposal"});
    EXPECT_INT(2, find(&c, "task").count); /* they are open still */
    UPDATE(&c, "task", t.ids[0], {"state", "done"});
    MOVE(&c, id, {"stage", "won"});
    t = find(&c, "task where title = 'Check in'"); /* what follows the closure */
    EXPECT_INT(1, t.count);
    EXPECT_STR("2024-02-12T22:13:20.000Z", field(&c, "task", t.ids[0], "due"));
    close_company(&c);
}

TEST("a play may be for accounts with a tag alone: another plan for another segment") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id best = CREATE(&c, "account", {"name", "Acme"}, {"tags", "steel,premium"});
    kith_id other = CREATE(&c, "account", {"name", "Other"}, {"tags", "premium-less"});
    PLAY(&c, {"stage", "proposal"}, {"title", "Visit them"}, {"tag", "premium"});
    PLAY(&c, {"stage", "proposal"}, {"title", "Send a letter"});
    kith_id a = DEAL(&c, {"account", ID(&c, best)}), b = DEAL(&c, {"account", ID(&c, other)});
    kith_id d = DEAL(&c);
    MOVE(&c, b, {"stage", "proposal"});
    MOVE(&c, d, {"stage", "proposal"});
    EXPECT_INT(0, find(&c, "task where title = 'Visit them'").count);
    MOVE(&c, a, {"stage", "proposal"});
    EXPECT_INT(1, find(&c, "task where title = 'Visit them'").count);
    EXPECT_INT(3, find(&c, "task where title = 'Send a letter'").count);
    close_company(&c);
}

TEST("plays are told by how often they were done where deals were won and lost") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    PLAY(&c, {"stage", "proposal"}, {"title", "Call"});
    for (int i = 0; i < 4; i++) {
        kith_id id = DEAL(&c);
        MOVE(&c, id, {"stage", "proposal"});
        struct found t = find(&c, "task where state = 'open' order by -id limit 1");
        if (i < 2)
            UPDATE(&c, "task", t.ids[0], {"state", "done"});
        if (i == 0 || i == 3)
            MOVE(&c, id, {"stage", "won"});
        if (i == 1 || i == 2)
            MOVE(&c, id, {"stage", "lost"}, {"loss_reason", "price"});
    }
    struct act a = ACT(&c, "sales.plays", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_STR("proposal|Call|2|50.00|2|50.00|0.00",
               row_text(&c, &a, 0, "stage title won won_done lost lost_done lift"));
    close_company(&c);
}

/* -- totals -------------------------------------------------------------------------------------
 */

TEST("the totals of the pipeline follow every change of a deal, to the cent") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id ben = CREATE(&c, "user", {"login", "ben"}, {"name", "Ben"});
    kith_id a = DEAL(&c, {"amount", "10000 EUR"}, {"close_on", "2024-01-10"});
    kith_id b =
        DEAL(&c, {"amount", "20000 EUR"}, {"probability", "50"}, {"close_on", "2024-01-31"});
    kith_id d = DEAL(&c, {"amount", "5000 EUR"}, {"probability", "90"});
    EXPECT_STR("prospecting|EUR|3|35000.00 EUR|15500.00 EUR\n", report_text(&c, "sales.pipeline"));
    EXPECT_STR("|EUR|1|5000.00 EUR|4500.00 EUR\n2024-01-01|EUR|2|30000.00 EUR|11000.00 EUR\n",
               report_text(&c, "sales.pipeline_by_month"));
    MOVE(&c, a, {"owner", ID(&c, ben)}, {"amount", "0.05 EUR"});
    EXPECT_STR("|EUR|2|25000.00 EUR|14500.00 EUR\nBen|EUR|1|0.05 EUR|0.00 EUR\n",
               report_text(&c, "sales.pipeline_by_owner"));
    MOVE(&c, b, {"stage", "proposal"}, {"close_on", "2024-02-01"});
    MOVE(&c, d, {"stage", "lost"}, {"loss_reason", "price"});
    EXPECT_STR("|EUR|1|20000.00 EUR|10000.00 EUR\nBen|EUR|1|0.05 EUR|0.00 EUR\n",
               report_text(&c, "sales.pipeline_by_owner"));
    MOVE(&c, d, {"stage", "closing"});
    EXPECT_STR("closing|EUR|1|5000.00 EUR|4000.00 EUR\nproposal|EUR|1|20000.00 EUR|10000.00 EUR\n"
               "prospecting|EUR|1|0.05 EUR|0.00 EUR\n",
               report_text(&c, "sales.pipeline"));
    EXPECT_STR(
        totals_text(&c, "opportunity where stage not in ('won', 'lost') group by stage,"
                        " amount.currency : count(), sum(amount), sum(amount * probability) / 100"),
        report_text(&c, "sales.pipeline"));
    close_company(&c);
}

#define ASKED                                                                                      \
    "opportunity where stage not in ('won', 'lost') group by %s, amount.currency : count(), "      \
    "sum(amount),"                                                                                 \
    " sum(amount * probability) / 100"

static void same_totals(struct company *c) {
    EXPECT_STR(totals_text(c, arena_printf(&c->arena, ASKED, "stage")),
               report_text(c, "sales.pipeline"));
    EXPECT_STR(totals_text(c, arena_printf(&c->arena, ASKED, "owner.name")),
               report_text(c, "sales.pipeline_by_owner"));
}

TEST("deals without an amount are counted, and amounts stay in their currency") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    DEAL(&c);
    EXPECT_STR("prospecting||1||\n", report_text(&c, "sales.pipeline"));
    kith_id id = DEAL(&c, {"amount", "100 USD"});
    EXPECT_STR("prospecting||1||\nprospecting|USD|1|100.00 USD|10.00 USD\n",
               report_text(&c, "sales.pipeline"));
    same_totals(&c);
    DEAL(&c, {"amount", "7 EUR"});
    EXPECT_STR("|1||\nEUR|1|7.00 EUR|0.70 EUR\nUSD|1|100.00 USD|10.00 USD\n",
               report_text(&c, "sales.pipeline_by_currency"));
    same_totals(&c);
    MOVE(&c, id, {"amount", "5 EUR"});
    same_totals(&c);
    close_company(&c);
}

struct removal {
    struct company *c;
    kith_id id;
};
static kith_status remove_txn(struct txn *t, void *arg, kith_error *e) {
    const struct removal *r = arg;
    return txn_delete(t, type_of(r->c, "opportunity"), r->id, e);
}

static kith_status remove_user_txn(struct txn *t, void *arg, kith_error *e) {
    const struct removal *r = arg;
    return txn_delete(t, type_of(r->c, "user"), r->id, e);
}

static uint32_t below(uint64_t *seed, uint32_t n) {
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) % n;
}

TEST("an undo that leaves later changes adds a deal up where it belongs then") {
    struct company c;
    kith_id first, second;
    kith_error e = KITH_ERROR_INIT;
    OPEN(&c, CONF(""), "sales");
    kith_id deal = DEAL(&c, {"amount", "400 EUR"}, {"close_on", "2024-06-01"});
    struct put one = {&c, "opportunity", deal, PAIRS({"amount", NULL})},
               other = {&c, "opportunity", deal, PAIRS({"close_on", "2024-07-01"})},
               likely = {&c, "opportunity", deal, PAIRS({"probability", "50"})};
    EXPECT_OK(engine_write(c.engine, &by_anna, put_txn, &one, &first, &e), e);
    EXPECT_OK(engine_write(c.engine, &by_anna, put_txn, &other, &second, &e), e);
    undo_stays(&c, first); /* what the other one has changed */
    drain(&c);
    struct act a = ACT(&c, "sales.forecast", {NULL, NULL});
    EXPECT_STR("40.00 EUR", result_text(&c, &a, "weighted"));
    const char *sums =
        "pipeline_total where month = '2024-07-01' and currency = 'EUR' and deals = 1";
    EXPECT_INT(1, find(&c, sums).count);
    EXPECT_INT(1, find(&c, "pipeline_total where deals > 0").count);
    EXPECT_OK(engine_write(c.engine, &by_anna, put_txn, &one, &first, &e), e);
    EXPECT_OK(engine_write(c.engine, &by_anna, put_txn, &likely, &second, &e), e);
    undo_stays(&c, first); /* what the other one has changed */
    drain(&c);
    EXPECT_STR("200.00 EUR", field(&c, "opportunity", deal, "weighted"));
    close_company(&c);
}

TEST("whatever happens to deals, the totals are those of a query over all of them") {
    static const char *const stages[] = {"prospecting", "qualification", "proposal", "closing"};
    struct company c;
    uint64_t seed = 20;
    kith_id users[3], deals[40] = {0}, tx = 0;
    kith_error e = KITH_ERROR_INIT;
    OPEN(&c, CONF(""), "sales");
    for (int i = 0; i < 3; i++) {
        const char *login = arena_printf(&c.arena, "user%d", i);
        users[i] = CREATE(&c, "user", {"login", login}, {"name", login});
    }
    for (int i = 0; i < 600; i++) {
        kith_id *one = &deals[below(&seed, 40)];
        const char *amount =
                       arena_printf(&c.arena, "%u.%02u EUR", below(&seed, 9999), below(&seed, 100)),
                   *owner = ID(&c, users[below(&seed, 3)]),
                   *day = arena_printf(&c.arena, "2024-%02u-11", 1 + below(&seed, 12));
        const struct pair *sets[] = {
            PAIRS({"name", "x"}, {"amount", amount}, {"owner", owner}),
            PAIRS({"amount", below(&seed, 5) ? amount : NULL}),
            PAIRS({"owner", owner}, {"close_on", day}),
            PAIRS({"stage", stages[below(&seed, 4)]}),
            PAIRS({"stage", "lost"}, {"loss_reason", "price"}),
        };
        struct removal gone = {&c, *one};
        if (*one && below(&seed, 12) == 0) {
            EXPECT_OK(engine_write(c.engine, &by_anna, remove_txn, &gone, &tx, &e), e);
            if (below(&seed, 2))
                undo(&c, tx);
            else
                *one = 0;
            continue;
        }
        struct put p = {&c, "opportunity", *one, sets[*one ? 1 + below(&seed, 4) : 0]};
        EXPECT_OK(engine_write(c.engine, &by_anna, put_txn, &p, &tx, &e), e);
        *one = p.id;
        if (tx && below(&seed, 4) == 0) {
            undo(&c, tx);
            if (sets[0] == p.pairs)
                *one = 0;
        }
        if (i % 20 == 0)
            same_totals(&c);
    }
    same_totals(&c);
    EXPECT(find(&c, "pipeline_total").count > 40);
    close_company(&c);
}

/* An order over one product of 1 000 EUR, and the quote that offers it for the deal. */
static kith_id offered(struct company *c, kith_id deal) {
    const char *account = field(c, "opportunity", deal, "account");
    kith_id what = CREATE(c, "product", {"code", "B"}, {"name", "A boat"}, {"price", "1000 EUR"});
    kith_id order = CREATE(c, "order", {"account", account});
    CREATE(c, "order_line", {"order", ID(c, order)}, {"product", ID(c, what)});
    return CREATE(c, "quote", {"order", ID(c, order)}, {"opportunity", ID(c, deal)});
}
static void weighs(struct company *c, const char *expected) {
    struct act a = ACT(c, "sales.forecast", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_STR(expected, result_text(c, &a, "weighted"));
}

TEST("each step from lead to quote is noted, and the forecast follows the probability") {
    struct company company, *c = &company; /* SAL-X10 */
    OPEN(c,
         CONF("score: { rules = ( { when = \"source = 'event'\"; points = 30; } ); };") "commerce: "
                                                                                        "{ grant = "
                                                                                        "[\"*\"]; "
                                                                                        "};\n",
         "sales", "commerce");
    kith_id lead = CREATE(c, "lead", {"name", "Ann"}, {"source", "event"}, {"company", "Acme"});
    EXPECT_STR("30", field(c, "lead", lead, "score"));
    UPDATE(c, "lead", lead, {"state", "qualified"});
    EXPECT_ACT(ACT(c, "sales.convert", {"lead", ID(c, lead)}, {"amount", "1000 EUR"},
                   {"close_on", "2024-01-10"}));
    const kith_id of = find(c, "opportunity").ids[0];
    static const char *const stages[] = {"prospecting", "qualification", "proposal", "closing"};
    static const char *const weighted[] = {"100.00 EUR", "300.00 EUR", "500.00 EUR", "800.00 EUR"};
    for (int i = 0; i < 4; i++) {
        if (i)
            MOVE(c, of, {"stage", stages[i]});
        weighs(c, weighted[i]);
    }
    kith_id quote = offered(c, of);
    UPDATE(c, "quote", quote, {"state", "sent"});
    EXPECT_STR("1000.00 EUR", field(c, "quote", quote, "total"));
    MOVE(c, of, {"probability", "90"});
    weighs(c, "900.00 EUR");
    EXPECT_STR("closing|EUR|1|1000.00 EUR|900.00 EUR\n", report_text(c, "sales.pipeline"));
    UPDATE(c, "quote", quote, {"state", "accepted"});
    EXPECT_STR("won", deal(c, of, "stage"));
    EXPECT_INT(0, find(c, "opportunity where stage not in ('won', 'lost')").count);
    EXPECT_STR("closing|won|1\nproposal|closing|1\nprospecting|qualification|1\n"
               "qualification|proposal|1\nwon||1\n",
               totals_text(c, "stage_visit group by stage, moved_to : count()"));
    close_company(c);
}

TEST("deals to which nothing happens are named, and a contact is something") {
    struct company c;
    OPEN(&c, CONF("stages: { idle = \"10d\"; };"), "sales");
    kith_id old = DEAL(&c, {"amount", "5 EUR"}, {"next_step", "Call"}), seen = DEAL(&c);
    clock_advance(&c.clock, 11 * DAY_MS);
    CREATE(&c, "interaction", {"about", arena_printf(&c.arena, "opportunity/%s", ID(&c, seen))},
           {"channel", "call"});
    struct act a = ACT(&c, "sales.neglected", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_INT(1, (int64_t)row_count(&a));
    EXPECT_STR(arena_printf(&c.arena, "%s|5.00 EUR|11|Call", ID(&c, old)),
               row_text(&c, &a, 0, "opportunity amount days next_step"));
    a = ACT(&c, "sales.neglected", {"idle", "12d"});
    EXPECT_INT(0, (int64_t)row_count(&a));
    close_company(&c);
}

TEST("deals of a user who is deleted stay in the totals, as nobody's") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id ben = CREATE(&c, "user", {"login", "ben"}, {"name", "Ben"});
    kith_id id = DEAL(&c, {"owner", ID(&c, ben)}, {"amount", "10 EUR"});
    DEAL(&c, {"amount", "5 EUR"});
    struct removal gone = {&c, ben};
    kith_id tx;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_write(c.engine, &by_anna, remove_user_txn, &gone, &tx, &e), e);
    same_totals(&c);
    undo(&c, tx);
    drain(&c);
    same_totals(&c);
    MOVE(&c, id, {"amount", "11 EUR"});
    same_totals(&c);
    close_company(&c);
}
