/* SPDX-License-Identifier: Apache-2.0 */
/* Appointments: free slots in the hours of a seller, and no two at once. */
#include "deals.h"

/* 2030-03-11 is a Monday; the company works from nine to five in Berlin, an hour ahead of UTC. */
static struct act slots(struct company *c, kith_id seller, const char *from, const char *until) {
    struct act a = ACT(c, "sales.slots", {"seller", ID(c, seller)}, {"from", from},
                       {"until", until}, {"duration", "1h"}, {"limit", "500"});
    EXPECT_ACT(a);
    return a;
}

static struct act book(struct company *c, kith_id lead, const char *at) {
    return ACT(c, "sales.book", {"lead", ID(c, lead)}, {"at", at}, {"duration", "1h"});
}

TEST("slots are those hours in which the seller works and meets nobody") {
    struct company c;
    OPEN(&c, CONF("appointments: { step = \"1h\"; };"), "sales");
    kith_id rosa = CREATE(&c, "user", {"login", "rosa"}, {"name", "Rosa"});
    kith_id lead = CREATE(&c, "lead", {"name", "Ann"}, {"owner", ID(&c, rosa)});
    struct act a = slots(&c, rosa, "2030-03-09T00:00:00Z", "2030-03-12T00:00:00Z");
    EXPECT_INT(8, (int64_t)row_count(&a));
    EXPECT_HAS("2030-03-11T08:00", row_text(&c, &a, 0, "at"));
    EXPECT_HAS("2030-03-11T16:00", row_text(&c, &a, 7, "to"));
    a = book(&c, lead, "2030-03-11T10:00:00Z");
    EXPECT_ACT(a);
    EXPECT_HAS("2030-03-11T11:00", result_text(&c, &a, "to"));
    a = slots(&c, rosa, "2030-03-11T00:00:00Z", "2030-03-12T00:00:00Z");
    EXPECT_INT(7, (int64_t)row_count(&a));
    EXPECT_HAS("2030-03-11T11:00", row_text(&c, &a, 2, "at"));
    UPDATE(&c, "user", rosa, {"works", "monday 13:00-15:00; tue 08:00-09:00"});
    a = slots(&c, rosa, "2030-03-11T00:00:00Z", "2030-03-13T00:00:00Z");
    EXPECT_INT(3, (int64_t)row_count(&a));
    EXPECT_HAS("2030-03-11T12:00", row_text(&c, &a, 0, "at"));
    EXPECT_HAS("2030-03-12T07:00", row_text(&c, &a, 2, "at"));
    UPDATE(&c, "user", rosa, {"time_zone", "Asia/Tokyo"});
    a = slots(&c, rosa, "2030-03-11T00:00:00Z", "2030-03-11T20:00:00Z");
    EXPECT_HAS("2030-03-11T04:00", row_text(&c, &a, 0, "at"));
    REFUSED(&c, "works: ", "user", rosa, {"works", "whenever"});
    REFUSED(&c, "works: there are no hours in it", "user", rosa, {"works", " ; "});
    a = ACT(&c, "sales.slots", {"seller", ID(&c, rosa)}, {"until", "2999-01-01"});
    EXPECT_HAS("until: at most 92 days", a.message);
    close_company(&c);
}

TEST("no two appointments of one seller overlap, whoever plans them, and one who moves is free") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id rosa = CREATE(&c, "user", {"login", "rosa"}, {"name", "Rosa"});
    kith_id ben = CREATE(&c, "user", {"login", "ben"}, {"name", "Ben"});
    kith_id lead = CREATE(&c, "lead", {"name", "Ann"}, {"owner", ID(&c, rosa)});
    struct act a = book(&c, lead, "2030-03-11T10:00:00Z");
    EXPECT_ACT(a);
    struct act again = book(&c, lead, "2030-03-11T10:30:00Z");
    EXPECT_HAS("at: there is another appointment at that time", again.message);
    kith_id at_ten = find(&c, "interaction where planned").ids[0], tx;
    kith_error e = KITH_ERROR_INIT;
    struct put off = {&c, "interaction", at_ten, PAIRS({"planned", "false"})};
    EXPECT_OK(engine_write(c.engine, &by_anna, put_txn, &off, &tx, &e), e);
    undo(&c, tx);
    EXPECT_OK(engine_write(c.engine, &by_anna, put_txn, &off, &tx, &e), e);
    again = book(&c, lead, "2030-03-11T10:30:00Z");
    EXPECT_ACT(again);
    EXPECT_HAS("at: there is another appointment at that time", undo_stays(&c, tx));
    undo(&c, again.tx);
    undo(&c, tx);
    struct act early = book(&c, lead, "2030-03-11T07:30:00Z");
    EXPECT_HAS("at: Rosa does not work at that time", early.message);
    struct act late = book(&c, lead, "2030-03-11T15:30:00Z");
    EXPECT_HAS("at: Rosa does not work at that time", late.message);
    struct act nobody = ACT(&c, "sales.book", {"at", "2030-03-11T10:00:00Z"});
    EXPECT_HAS("lead: say with whom", nobody.message);
    struct act next = book(&c, lead, "2030-03-11T11:00:00Z");
    EXPECT_ACT(next);
    kith_id first = find(&c, "interaction where appointment order by at").ids[0];
    EXPECT_STR(ID(&c, lead), field(&c, "interaction", first, "about") + strlen("lead/"));
    REFUSED(&c, "there is another appointment", "interaction", first,
            {"at", "2030-03-11T11:30:00Z"});
    UPDATE(&c, "interaction", first, {"subject", "The pump"});
    UPDATE(&c, "interaction", first, {"owner", ID(&c, ben)}, {"at", "2030-03-11T11:30:00Z"});
    a = book(&c, lead, "2030-03-11T10:00:00Z");
    EXPECT_ACT(a);
    UPDATE(&c, "interaction", first, {"planned", "false"});
    REFUSED(&c, "at: it lies in the past", "interaction", 0, {"channel", "meeting"},
            {"appointment", "true"}, {"planned", "true"}, {"owner", ID(&c, ben)},
            {"at", "2001-01-01T10:00:00Z"});
    REFUSED(&c, "owner: say whose", "interaction", 0, {"channel", "meeting"},
            {"appointment", "true"}, {"planned", "true"}, {"at", "2030-03-11T10:00:00Z"});
    close_company(&c);
}

TEST("a slot is proposed from so long before it on as the setting says, and no later") {
    struct company c;
    OPEN(&c, CONF("appointments: { step = \"1h\"; notice = \"3h\"; };"), "sales");
    kith_id rosa = CREATE(&c, "user", {"login", "rosa"}, {"name", "Rosa"});
    clock_advance(&c.clock, 35200000); /* to 9 in the morning, which is 8 in UTC */
    struct act a = slots(&c, rosa, "2023-11-15T00:00:00Z", "2023-11-16T00:00:00Z");
    EXPECT_INT(5, (int64_t)row_count(&a));
    EXPECT_HAS("2023-11-15T11:00", row_text(&c, &a, 0, "at"));
    clock_advance(&c.clock, 1);
    a = slots(&c, rosa, "2023-11-15T00:00:00Z", "2023-11-16T00:00:00Z");
    EXPECT_INT(4, (int64_t)row_count(&a));
    EXPECT_HAS("2023-11-15T12:00", row_text(&c, &a, 0, "at"));
    close_company(&c);
}

#define DAY_OF(c, seller) slots(c, seller, "2030-03-11T00:00:00Z", "2030-03-12T00:00:00Z")

TEST("planned calls and visits take their time too, half an hour where none is said") {
    struct company c;
    OPEN(&c, CONF("appointments: { step = \"1h\"; };"), "sales");
    kith_id rosa = CREATE(&c, "user", {"login", "rosa"}, {"name", "Rosa"});
    kith_id lead = CREATE(&c, "lead", {"name", "Ann"}, {"owner", ID(&c, rosa)});
    CREATE(&c, "interaction", {"channel", "call"}, {"planned", "true"}, {"owner", ID(&c, rosa)},
           {"at", "2030-03-11T10:30:00Z"});
    CREATE(&c, "interaction", {"channel", "other"}, {"visit", "true"}, {"planned", "true"},
           {"owner", ID(&c, rosa)}, {"at", "2030-03-11T13:00:00Z"}, {"duration", "2h"});
    CREATE(&c, "interaction", {"channel", "email"}, {"planned", "true"}, {"owner", ID(&c, rosa)},
           {"at", "2030-03-11T15:00:00Z"}); /* takes nobody's time */
    struct act a = DAY_OF(&c, rosa);
    EXPECT_INT(5, (int64_t)row_count(&a));
    EXPECT_HAS("2030-03-11T11:00", row_text(&c, &a, 2, "at"));
    EXPECT_HAS("2030-03-11T15:00", row_text(&c, &a, 4, "at"));
    struct act taken = book(&c, lead, "2030-03-11T10:00:00Z");
    EXPECT_HAS("or a planned call or visit", taken.message);
    close_company(&c);
}

TEST("slots are free or not for all, whatever whoever asks may see of the calendar") {
    struct company c;
    struct someone ben;
    OPEN(&c, CONF("appointments: { step = \"1h\"; };"), "sales");
    kith_id rosa =
        CREATE(&c, "user", {"login", "rosa"}, {"name", "Rosa"}, {"works", "monday 10:00-12:00"});
    kith_id lead = CREATE(&c, "lead", {"name", "Ann"}, {"owner", ID(&c, rosa)});
    struct act a = book(&c, lead, "2030-03-11T09:00:00Z");
    EXPECT_ACT(a);
    come_in(&c, &ben, "ben",
            "{\"types\": {\"interaction\": {\"read\": \"own\"}, \"user\": {\"read\": \"all\"}}, "
            "\"actions\": [\"sales.slots\"]}");
    a = act_as(&c, &ben.by, "sales.slots",
               PAIRS({"seller", ID(&c, rosa)}, {"from", "2030-03-11T00:00:00Z"},
                     {"until", "2030-03-12T00:00:00Z"}, {"duration", "1h"}));
    EXPECT_ACT(a);
    EXPECT_INT(1, (int64_t)row_count(&a));
    EXPECT_HAS("2030-03-11T10:00", row_text(&c, &a, 0, "at"));
    leave(&ben);
    close_company(&c);
}
