/* SPDX-License-Identifier: Apache-2.0 */
/* Records of other types that link to the one at hand: exists(...) and count(...). */
#include "query_fixture.h"

static const struct principal nobody = {.name = "nobody"};

static void fill(void) {
    ADD("user", 1, "login", "anna");
    ADD("team", 1, "name", "North", "city", "Kiel");
    ADD("team", 2, "name", "South", "city", "Ulm");
    ADD("customer", 1, "name", "Ada", "city", "Bonn", "teams", id_text(1));
    ADD("customer", 2, "name", "Bob", "city", "Ulm", "referrer", id_text(1));
    ADD("customer", 3, "name", "Cid", "city", "Ulm", "referrer", id_text(2), "teams",
        arena_printf(&arena, "%s,%s", id_text(1), id_text(2)));
    ADD("customer", 4, "name", "Dot");
    ADD("order", 11, "customer", id_text(1), "state", "paid", "pieces", "5", "placed",
        "2024-05-31T10:00Z", "owner", id_text(1));
    ADD("order", 12, "customer", id_text(1), "state", "open", "pieces", "1", "placed",
        "2023-01-01T10:00Z", "helpers", id_text(2));
    ADD("order", 13, "customer", id_text(2), "state", "paid", "pieces", "1");
    ADD("order", 14, "state", "paid", "pieces", "99");
    ADD("order", 15, "customer", id_text(77), "state", "paid");
    ADD("line", 21, "order", id_text(11), "product", "tea", "sold_to", id_text(1));
    ADD("line", 22, "order", id_text(12), "product", "tin", "sold_to", id_text(1), "used_by",
        id_text(3));
    ADD("visit", 31, "about", arena_printf(&arena, "customer/%s", id_text(2)), "note", "warm");
    ADD("visit", 32, "about", arena_printf(&arena, "order/%s", id_text(11)), "note", "cold");
    ADD("visit", 33, "about", arena_printf(&arena, "team/%s", id_text(1)), "note", "cold");
}

TEST("exists finds records to which others link, not exists the rest") {
    EXPECT_FOUND("1 2", "customer", "exists(order)");
    EXPECT_FOUND("3 4", "customer", "not exists(order)");
    EXPECT_FOUND("1 2", "customer", "exists(order where state = 'paid')");
    EXPECT_FOUND("1", "customer", "exists(order where state = 'paid' and pieces > 1)");
    EXPECT_FOUND("2 3 4", "customer", "not exists(order where state = 'paid' and pieces > 1)");
    EXPECT_FOUND("1", "customer", "exists(order where placed > now() - 90d)");
    EXPECT_FOUND("2", "customer", "city = 'Ulm' and exists(order) or name = 'Zoe'");
    EXPECT_FOUND("1 2", "customer", "not (not exists(order))");
}

TEST("conditions in exists follow links, and stand inside each other") {
    EXPECT_FOUND("2", "customer", "exists(order where customer.referrer.name = 'Ada')");
    EXPECT_FOUND("1", "customer", "exists(order where owner.login = 'anna')");
    EXPECT_FOUND("1", "customer", "exists(order where helpers.city = 'Ulm')");
    EXPECT_FOUND("1", "customer", "exists(order where exists(line where product = 'tin'))");
    EXPECT_FOUND("1 2", "customer", "exists(order where not exists(line where product = 'tin'))");
    EXPECT_FOUND("1", "customer",
                 "referrer is null and exists(order where exists(line where order.pieces = 5 and "
                 "order.customer.name = 'Ada') and exists(visit where note = 'cold'))");
}

TEST("links to any record and links to many count as links") {
    EXPECT_FOUND("2", "customer", "exists(visit)");
    EXPECT_FOUND("11", "order", "exists(visit)");
    EXPECT_FOUND("1", "team", "exists(visit where note = 'cold')");
    EXPECT_FOUND("1 2", "team", "exists(customer where name like 'C%')");
    EXPECT_FOUND("1", "team", "exists(customer where city = 'Bonn')");
    EXPECT_FOUND("2", "team", "exists(order where state = 'open')");
    EXPECT_FOUND("1", "team", "not exists(order)");
}

TEST("the link is written where several lead here") {
    EXPECT_FOUND("1", "customer", "exists(line.sold_to where product like 't%')");
    EXPECT_FOUND("3", "customer", "exists(line.used_by)");
    EXPECT_FOUND("1 2", "customer", "exists(customer.referrer)");
    EXPECT_FOUND("2", "customer", "exists(visit.about where note = 'warm')");
    EXPECT_REFUSED("at 23: several fields of line link to customer: write exists(line.sold_to "
                   "where ...) or exists(line.used_by where ...)",
                   "customer where exists(line where product = 'tea')");
}

TEST("the records that link are counted") {
    EXPECT_FOUND("1", "customer", "count(order) > 1");
    EXPECT_FOUND("3 4", "customer", "count(order) = 0");
    EXPECT_FOUND("2", "customer", "count(order where pieces = 1) = 1 and city = 'Ulm'");
    EXPECT_FOUND("1 2", "team", "count(customer where name > 'b') in (1, 2)");
    EXPECT_FOUND("1 2", "customer", "0 < count(order)");
    EXPECT_FOUND("1", "customer", "count(order) = count(line.sold_to) and exists(order)");
    EXPECT_STR("1 2 3 4", ask("customer order by -count(order), name"));
    EXPECT_STR("1 2 3 4", ask_paged("customer order by -count(order), name"));
    EXPECT_STR("3 4 2 1", ask_paged("customer order by count(order where state != 'lost')"));
    EXPECT_STR("2", ask("customer where exists(order where pieces = 1) : count()"));
}

TEST("parameters may stand in a condition on other records") {
    kith_str cursor;
    kith_value values[] = {value_str(STR("paid")), value_int(2)};
    setup();
    EXPECT_STR("1", page_of("customer where exists(order where state = :s and pieces > :n)", values,
                            (kith_str){0}, 10, &cursor));
    values[1] = value_str(STR("many"));
    EXPECT_STR(":n: pieces: 'many' is no whole number",
               page_of("customer where exists(order where state = :s and pieces > :n)", values,
                       (kith_str){0}, 10, &cursor));
}

TEST("a parameter may be a list of values") {
    kith_str cursor;
    kith_value cities[] = {value_str(STR("Bonn")), value_str(STR("Ulm"))};
    kith_value list = {.kind = KITH_LIST, .as.list = {cities, 2}};
    setup();
    EXPECT_STR("1 2 3", page_of("customer where city in (:c)", &list, (kith_str){0}, 9, &cursor));
    EXPECT_STR("",
               page_of("customer where city not in ('x', :c)", &list, (kith_str){0}, 9, &cursor));
    list.as.list.count = 1;
    EXPECT_STR("2 3", page_of("customer where city not in (:c)", &list, (kith_str){0}, 9, &cursor));
    list.as.list.count = 0;
    EXPECT_STR("", page_of("customer where city in (:c)", &list, (kith_str){0}, 9, &cursor));
    list.as.list.count = 2;
    EXPECT_HAS("cannot be compared with a list",
               page_of("customer where city = :c", &list, (kith_str){0}, 9, &cursor));
    list.as.list.count = 5000;
    EXPECT_HAS("more than 4000 values",
               page_of("customer where city in (:c)", &list, (kith_str){0}, 9, &cursor));
}

TEST("who may not see the other type cannot ask for records of it") {
    setup();
    env.principal = &nobody;
    EXPECT_HAS("you may not read order.customer", ask("customer where exists(order)"));
    EXPECT_STR("", matching("customer", "exists(order)"));
    env.principal = &everyone;
}

TEST("errors in exists name what is wrong") {
    EXPECT_REFUSED("at 23: there is no type 'ordr'; did you mean 'order'?",
                   "customer where exists(ordr where pieces > 1)");
    EXPECT_REFUSED("at 19: no field of user links to team", "team where exists(user)");
    EXPECT_REFUSED("at 29: no field 'custmer' in order; did you mean 'customer'?",
                   "customer where exists(order.custmer)");
    EXPECT_REFUSED("at 29: 'order.pieces' does not link to customer",
                   "customer where exists(order.pieces)");
    EXPECT_REFUSED("at 35: no field 'city' in order; 'kith explain order' lists them",
                   "customer where exists(order where city = 'x')");
    EXPECT_REFUSED("at 29: expected 'where' or ')', found pieces",
                   "customer where exists(order pieces > 3)");
    EXPECT_REFUSED("at 16: 'count()' stands at the end of a query: contact: count()",
                   "customer where count() > 3");
    EXPECT_REFUSED("at 31: 'count(order)' cannot be compared with text; write a whole number",
                   "customer where count(order) = 'many'");
    EXPECT_REFUSED("at 23: expected the name of a type, as in exists(task where state = 'open'), "
                   "found )",
                   "customer where exists()");
}

/* `open` as often as told, then `middle`, then as many ")". */
static const char *nested(int times, const char *open, const char *middle) {
    const char *text = "customer where ", *after = "";
    for (int i = 0; i < times; i++) {
        text = arena_printf(&arena, "%s%s", text, open);
        after = arena_printf(&arena, "%s)", after);
    }
    return arena_printf(&arena, "%s%s%s", text, middle, after);
}

TEST("the number and depth of exists are bounded, and what is within them runs") {
    const char *open = "exists(customer.referrer where ";
    const char *many = "customer where exists(order)";
    setup();
    EXPECT_STR("1", ask(nested(1, open, "name = 'Bob'")));
    EXPECT_STR("1", ask(nested(2, open, "name = 'Cid'")));
    EXPECT_STR("", ask(nested(6, open, "name = 'Ada'")));
    EXPECT_HAS("too deep inside each other", ask(nested(7, open, "name = 'Ada'")));
    EXPECT_HAS("too deep inside each other", ask(nested(1000, open, "name = 'Ada'")));
    for (int i = 0; i < 15; i++)
        many = arena_printf(&arena, "%s and exists(order)", many);
    EXPECT_STR("1 2", ask(many));
    EXPECT_HAS("more than 16 of exists() and count()",
               ask(arena_printf(&arena, "%s and exists(order)", many)));
}

TEST("the deepest query that the limits allow is read by SQLite") {
    const char *text = "customer where ", *after = "";
    setup();
    for (int i = 0; i < 6; i++) {
        text = arena_printf(&arena,
                            "%scity is null or name != 'x' and not (teams.city = 'Ulm' or not "
                            "exists(customer.referrer where city is not null and name != 'y' and ",
                            i ? text : "customer where ");
        after = arena_printf(&arena, "%s))", after);
    }
    EXPECT_HAS("too deep", ask(arena_printf(&arena, "%sname = 'a'%s", text, after)));
    text = "customer where ", after = "";
    for (int i = 0; i < 4; i++) {
        text = arena_printf(&arena,
                            "%s(city is null or name != 'x' and not (teams.city = 'Ulm' or not "
                            "exists(customer.referrer where city is not null and name != 'y' and ",
                            text);
        after = arena_printf(&arena, "%s)))", after);
    }
    EXPECT_STR("4", ask(arena_printf(&arena, "%sname = 'a'%s", text, after)));
    text = "customer where ", after = "";
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < (i ? 5 : 6); k++) {
            text = arena_printf(&arena, "%s(name = 'x' or (city is not null and ", text);
            after = arena_printf(&arena, "%s))", after);
        }
        text = arena_printf(&arena, "%sexists(customer.referrer where ", text);
        after = arena_printf(&arena, "%s)", after);
    }
    EXPECT_STR("", ask(arena_printf(&arena, "%sname = 'a'%s", text, after)));
}
