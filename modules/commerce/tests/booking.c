/* SPDX-License-Identifier: Apache-2.0 */
/* Reservations and proposals. Now is 2023-11-14 23:13 in Berlin. */
#include "owned.h"

static kith_id room(struct company *c, const char *name, const char *category) {
    return CREATE(c, "resource", {"name", name}, {"category", category}, {"capacity", "2"});
}
#define WHEN(f, t)                                                                                 \
    {"from", f}, {                                                                                 \
        "to", t                                                                                    \
    }
#define BOOK(c, resource, who, ...)                                                                \
    CREATE(c, "booking", {"resource", id_text(c, resource)}, {"contact", id_text(c, who)},         \
           __VA_ARGS__)
#define NOT_BOOKED(c, words, resource, who, ...)                                                   \
    REFUSED(c, words, "booking", 0, {"resource", id_text(c, resource)},                            \
            {"contact", id_text(c, who)}, __VA_ARGS__)

TEST("a room is booked once at a time, and free again at the minute at which somebody leaves") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id r = room(&c, "Room 12", "deluxe"), ada = CREATE(&c, "contact", {"name", "Ada"});
    kith_id b = BOOK(&c, r, ada, WHEN("2024-01-10 14:00", "2024-01-12 11:00"));
    EXPECT_STR("held", field(&c, "booking", b, "state"));
    EXPECT_STR("B-000001", field(&c, "booking", b, "number"));
    NOT_BOOKED(&c,
               "'Room 12' is taken from 2024-01-10 13:00 UTC to 2024-01-12 10:00 UTC by "
               "B-000001",
               r, ada, WHEN("2024-01-12 10:59", "2024-01-13 11:00"));
    NOT_BOOKED(&c, "is taken", r, ada, WHEN("2024-01-01 10:00", "2024-02-01 11:00"));
    BOOK(&c, r, ada, WHEN("2024-01-12 11:00", "2024-01-13 11:00"));
    BOOK(&c, r, ada, WHEN("2024-01-09 11:00", "2024-01-10 14:00"));
    UPDATE(&c, "booking", b, {"people", "2"}); /* it does not stand in its own way */
    REFUSED(&c, "is taken", "booking", b, {"to", "2024-01-12 11:01"});
    UPDATE(&c, "booking", b, {"state", "cancelled"});
    BOOK(&c, r, ada, WHEN("2024-01-11 11:00", "2024-01-11 12:00"));
    close_company(&c);
}

TEST("a slot is filled up to its capacity, counted at its fullest moment") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id r = CREATE(&c, "resource", {"name", "Class"}, {"kind", "slot"}, {"capacity", "10"});
    kith_id ada = CREATE(&c, "contact", {"name", "Ada"});
    BOOK(&c, r, ada, {"people", "6"}, WHEN("2024-01-10 10:00", "2024-01-10 11:00"));
    BOOK(&c, r, ada, {"people", "6"}, WHEN("2024-01-10 11:00", "2024-01-10 12:00"));
    BOOK(&c, r, ada, {"people", "4"}, WHEN("2024-01-10 10:00", "2024-01-10 12:00"));
    NOT_BOOKED(&c, "'Class' has 0 places left, since B-000001 is there from 2024-01-10 09:00 UTC",
               r, ada, WHEN("2024-01-10 10:30", "2024-01-10 11:30"));
    NOT_BOOKED(&c, "'Class' has room for 10, not for 11", r, ada, {"people", "11"},
               WHEN("2024-02-10 10:00", "2024-02-10 11:00"));
    BOOK(&c, r, ada, {"people", "10"}, WHEN("2024-01-10 12:00", "2024-01-10 13:00"));
    close_company(&c);
}

TEST("bookings in the past, of no time, for nobody and of what is closed are refused") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id r = room(&c, "Room 1", "standard"), ada = CREATE(&c, "contact", {"name", "Ada"});
    NOT_BOOKED(&c, "from: 2023-11-14 11:00 UTC lies in the past", r, ada,
               WHEN("2023-11-14 12:00", "2023-11-16 12:00"));
    NOT_BOOKED(&c, "it ends before it begins", r, ada,
               WHEN("2024-01-01 12:00", "2024-01-01 12:00"));
    NOT_BOOKED(&c, "people", r, ada, {"people", "-1"},
               WHEN("2024-01-01 12:00", "2024-01-02 12:00"));
    REFUSED(&c, "say for whom", "booking", 0, {"resource", id_text(&c, r)},
            WHEN("2024-01-01 12:00", "2024-01-02 12:00"));
    UPDATE(&c, "resource", r, {"state", "closed"});
    NOT_BOOKED(&c, "'Room 1' is closed", r, ada, WHEN("2024-01-01 12:00", "2024-01-02 12:00"));
    EXPECT_INT(0, find(&c, "booking").count);
    close_company(&c);
}

TEST("what is not confirmed in time is free again") {
    struct company c;
    OPEN(&c, SHOP("booking: { hold = \"2d\"; };"), "commerce");
    kith_id r = room(&c, "Room 1", "standard"), ada = CREATE(&c, "contact", {"name", "Ada"});
    kith_id b = BOOK(&c, r, ada, WHEN("2024-01-01 12:00", "2024-01-02 12:00"));
    kith_id kept = BOOK(&c, r, ada, WHEN("2024-01-03 12:00", "2024-01-04 12:00"));
    kith_id longer = BOOK(&c, r, ada, WHEN("2024-01-05 12:00", "2024-01-06 12:00"));
    UPDATE(&c, "booking", kept, {"state", "confirmed"});
    UPDATE(&c, "booking", longer, {"held_until", "2023-11-20 12:00"});
    nights(&c, 1);
    EXPECT_STR("held", field(&c, "booking", b, "state"));
    nights(&c, 1);
    EXPECT_STR("cancelled", field(&c, "booking", b, "state"));
    EXPECT_STR("confirmed", field(&c, "booking", kept, "state"));
    EXPECT_STR("held", field(&c, "booking", longer, "state"));
    nights(&c, 5);
    EXPECT_STR("cancelled", field(&c, "booking", longer, "state"));
    close_company(&c);
}

TEST("a room that is taken is not proposed, though nobody may see by whom") {
    struct company c;
    struct someone desk;
    OPEN(&c, SHOP(""), "commerce");
    kith_id ada = CREATE(&c, "contact", {"name", "Ada"});
    kith_id one = room(&c, "Room 1", "standard"), two = room(&c, "Room 2", "standard");
    BOOK(&c, one, ada, WHEN("2024-01-01 12:00", "2024-01-02 12:00"));
    come_in(&c, &desk, "desk",
            "{\"types\": {\"resource\": {\"read\": \"all\"}, \"booking\": {\"read\": \"own\"}}, "
            "\"actions\": [\"commerce.propose\"]}");
    struct act a = act_as(&c, &desk.by, "commerce.propose",
                          PAIRS(WHEN("2024-01-01 12:00", "2024-01-02 12:00")));
    EXPECT_ACT(a);
    EXPECT_INT(1, (int64_t)row_count(&a));
    EXPECT_INT((int64_t)two, (int64_t)a.results[0].as.link.id);
    leave(&desk);
    close_company(&c);
}

/* A stay that is over. */
static void stay(struct company *c, kith_id room, kith_id who, const char *from, const char *to,
                 const char *preferences) {
    kith_id b = BOOK(c, room, who, WHEN(from, to), {"preferences", preferences});
    UPDATE(c, "booking", b, {"state", "confirmed"});
    UPDATE(c, "booking", b, {"state", "done"});
}

TEST("COM-X8: a guest with a history is offered the usual kind of room first, and told why") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id a = room(&c, "A", "standard, smoking"), b = room(&c, "B", "deluxe, non-smoking");
    kith_id d = room(&c, "D", "deluxe, non-smoking"), e = room(&c, "E", "deluxe, smoking");
    kith_id ada = CREATE(&c, "contact", {"name", "Ada"}),
            bob = CREATE(&c, "contact", {"name", "B"});
    stay(&c, b, ada, "2023-12-01 14:00", "2023-12-02 11:00", "vegetarian");
    stay(&c, d, ada, "2023-12-03 14:00", "2023-12-04 11:00", "vegetarian, window");
    stay(&c, d, ada, "2023-12-05 14:00", "2023-12-06 11:00", "");
    stay(&c, e, ada, "2023-12-07 14:00", "2023-12-08 11:00", "");
    struct act x = ACT(&c, "commerce.propose", {"contact", id_text(&c, ada)},
                       WHEN("2024-01-10 14:00", "2024-01-12 11:00"));
    EXPECT_ACT(x);
    EXPECT_INT(4, row_count(&x));
    EXPECT_STR("D", row_text(&c, &x, 0, "name"));
    EXPECT_STR("deluxe in 4 of 4 stays, non-smoking in 3 of 4 stays, this very one in 2",
               row_text(&c, &x, 0, "why"));
    EXPECT_STR("B", row_text(&c, &x, 1, "name"));
    EXPECT_STR("A", row_text(&c, &x, 3, "name"));
    EXPECT(x.results[0].as.link.id == d);
    EXPECT_STR("deluxe,non-smoking,vegetarian", result_text(&c, &x, "preferences"));
    BOOK(&c, d, bob, WHEN("2024-01-11 14:00", "2024-01-13 11:00"));
    x = ACT(&c, "commerce.propose", {"contact", id_text(&c, ada)}, {"limit", "2"},
            WHEN("2024-01-10 14:00", "2024-01-12 11:00"));
    EXPECT_INT(2, row_count(&x));
    EXPECT_STR("B", row_text(&c, &x, 0, "name"));
    x = ACT(&c, "commerce.propose", {"category", "smoking"},
            WHEN("2024-01-10 14:00", "2024-01-12 11:00"));
    EXPECT_INT(2, row_count(&x));
    EXPECT_STR("A", row_text(&c, &x, 0, "name"));
    EXPECT_STR("2", row_text(&c, &x, 0, "places"));
    EXPECT(x.results[0].as.link.id == a);
    x = ACT(&c, "commerce.propose", {"people", "3"}, WHEN("2024-01-10 14:00", "2024-01-12 11:00"));
    EXPECT_ACT(x);
    EXPECT_INT(0, row_count(&x));
    x = ACT(&c, "commerce.propose", WHEN("2024-01-10 14:00", "2024-01-10 11:00"));
    EXPECT_HAS("it ends before it begins", x.message);
    close_company(&c);
}
