/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts: who coordinates them, global accounts, and those that we depend on. */
#include "deals.h"
#include "journal/journal.h"

#define FIRM(c, ...) CREATE(c, "account", __VA_ARGS__)

static kith_id won(struct company *c, kith_id account, const char *amount) {
    kith_id id = DEAL(c, {"account", ID(c, account)}, {"amount", amount});
    MOVE(c, id, {"stage", "proposal"});
    MOVE(c, id, {"stage", "won"});
    return id;
}

static int64_t alerts(struct company *c) {
    struct conn *conn;
    struct journal_row row;
    kith_error e = KITH_ERROR_INIT;
    int64_t count = 0;
    EXPECT_OK(engine_snapshot(c->engine, &conn, &e), e);
    for (uint64_t seq = 1; journal_row_read(conn, seq, &c->arena, &row, &e) == KITH_OK; seq++) {
        uint32_t number, version;
        const char *name;
        kith_str json;
        if (row.kind != ROW_EVENT)
            continue;
        EXPECT_OK(image_decode_event(&row, &number, &version, &json, &e), e);
        EXPECT_OK(journal_topic_name(conn, number, &c->arena, &name, &e), e);
        count += strcmp(name, "account.dependence") == 0;
    }
    engine_snapshot_done(conn);
    return count;
}

static void next_day(struct company *c) {
    kith_error e = KITH_ERROR_INIT;
    clock_advance(&c->clock, INT64_C(86400000));
    EXPECT_OK(engine_drain(c->engine, 60000, &e), e);
}

TEST("an account with 300 of 1000 is told of once, at the limit of 30 percent") { /* SAL-X14 */
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id acme = FIRM(&c, {"name", "Acme"});
    kith_id unit = FIRM(&c, {"name", "Unit"}, {"parent", ID(&c, acme)});
    won(&c, unit, "200 EUR");
    won(&c, acme, "100 EUR");
    kith_id small[3];
    for (int i = 0; i < 3; i++)
        won(&c, small[i] = FIRM(&c, {"name", "Small"}), i ? "250 EUR" : "200 EUR");
    struct act a = ACT(&c, "sales.dependence", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_STR("1000.00 EUR", result_text(&c, &a, "turnover"));
    EXPECT_STR("300.00 EUR|30.00|true", row_text(&c, &a, 0, "turnover share alert"));
    EXPECT_STR("250.00 EUR|25.00|false", row_text(&c, &a, 1, "turnover share alert"));
    next_day(&c);
    next_day(&c);
    EXPECT_INT(1, alerts(&c));
    EXPECT_STR("30.00", field(&c, "account", acme, "turnover_share"));
    EXPECT_STR("", field(&c, "account", small[1], "turnover_share"));
    won(&c, small[0], "40 EUR");
    next_day(&c);
    EXPECT_STR("", field(&c, "account", acme, "turnover_share"));
    close_company(&c);
}

TEST("with commerce the share may be that of orders") {
    struct company c;
    OPEN(&c, CONF("dependence: { of = \"orders\"; };") "commerce: { grant = [\"*\"]; };\n",
         "commerce", "sales");
    kith_id pen = CREATE(&c, "product", {"code", "pen"}, {"name", "Pen"}, {"price", "3 EUR"});
    for (int i = 0; i < 4; i++) {
        kith_id acme = FIRM(&c, {"name", "Acme"});
        kith_id o = CREATE(&c, "order", {"account", ID(&c, acme)});
        CREATE(&c, "order_line", {"order", ID(&c, o)}, {"product", ID(&c, pen)}, {"quantity", "2"});
        UPDATE(&c, "order", o, {"state", "ordered"});
    }
    struct act a = ACT(&c, "sales.dependence", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_INT(4, row_count(&a));
    EXPECT_STR("6.00 EUR|25.00|false", row_text(&c, &a, 3, "turnover share alert"));
    close_company(&c);
}

TEST("who coordinates an account goes by its size, and by the firm") { /* SAL-29 */
    struct company c;
    OPEN(&c,
         CONF("coordinator: { rules = ( { when = \"size >= 250\"; as = \"account_manager\"; user = "
              "\"ben\"; }, { as = \"segment_manager\"; } ); };"),
         "sales");
    kith_id ben = CREATE(&c, "user", {"login", "ben"}, {"name", "Ben"});
    kith_id large = FIRM(&c, {"name", "Large"}, {"size", "300"});
    kith_id small = FIRM(&c, {"name", "Small"}, {"size", "20"});
    EXPECT_STR("account_manager", field(&c, "account", large, "coordination"));
    EXPECT_STR(ID(&c, ben), field(&c, "account", large, "coordinator"));
    EXPECT_STR("segment_manager", field(&c, "account", small, "coordination"));
    UPDATE(&c, "account", small, {"size", "250"});
    EXPECT_STR("account_manager", field(&c, "account", small, "coordination"));
    close_company(&c);
}

TEST("accounts are grouped under a global one, on one level") { /* SAL-27, SAL-26 */
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id world = FIRM(&c, {"name", "World"}), asia = FIRM(&c, {"name", "Asia"});
    UPDATE(&c, "account", asia, {"global_account", ID(&c, world)});
    DEAL(&c, {"account", ID(&c, asia)}, {"amount", "70 EUR"});
    EXPECT_STR("1", field(&c, "account", world, "members"));
    EXPECT_STR("70.00 EUR", field(&c, "account", world, "members_pipeline"));
    REFUSED(&c, "it is the account itself", "account", world, {"global_account", ID(&c, world)});
    REFUSED(&c, "has no members of its own", "account", world, {"global_account", ID(&c, asia)});
    kith_id other = FIRM(&c, {"name", "Other"});
    REFUSED(&c, "has no members of its own", "account", other, {"global_account", ID(&c, asia)});
    kith_id ada = CREATE(&c, "contact", {"name", "Ada"});
    UPDATE(&c, "account", other, {"sponsor", ID(&c, ada)});
    UPDATE(&c, "account", world, {"priority", "1"});
    EXPECT_STR("true", field(&c, "account", other, "sponsored"));
    REFUSED(&c, "priority", "account", asia, {"priority", "0"});
    close_company(&c);
}

TEST("what an organisation brings has all its units in it") { /* SAL-26 */
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id iit = FIRM(&c, {"name", "IIT"}),
            chem = FIRM(&c, {"name", "Chemistry"}, {"parent", ID(&c, iit)}),
            lab = FIRM(&c, {"name", "Lab"}, {"parent", ID(&c, chem)}),
            acme = FIRM(&c, {"name", "Acme"}, {"priority", "1"});
    DEAL(&c, {"account", ID(&c, iit)}, {"amount", "1 EUR"});
    DEAL(&c, {"account", ID(&c, chem)}, {"amount", "20 EUR"});
    DEAL(&c, {"account", ID(&c, lab)}, {"amount", "300 EUR"});
    won(&c, lab, "4000 EUR");
    DEAL(&c, {"account", ID(&c, acme)}, {"amount", "5 EUR"});
    const char *what = "account units open_opportunities pipeline won";
    struct act a = ACT(&c, "sales.organisations", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_INT(1, (int64_t)row_count(&a));
    EXPECT_STR(arena_printf(&c.arena, "%s|2|3|321.00 EUR|4000.00 EUR", ID(&c, iit)),
               row_text(&c, &a, 0, what));
    a = ACT(&c, "sales.organisations", {"account", ID(&c, chem)});
    EXPECT_STR(arena_printf(&c.arena, "%s|1|2|320.00 EUR|4000.00 EUR", ID(&c, chem)),
               row_text(&c, &a, 0, what));
    a = ACT(&c, "sales.organisations", {"key", "true"});
    EXPECT_INT(1, (int64_t)row_count(&a));
    EXPECT_STR(arena_printf(&c.arena, "%s|0|1|5.00 EUR|0.00 EUR", ID(&c, acme)),
               row_text(&c, &a, 0, what));
    close_company(&c);
}
