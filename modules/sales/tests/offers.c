/* SPDX-License-Identifier: Apache-2.0 */
/* What to offer next: baskets, suggestions and when not, and when somebody buys again. */
#include "deals.h"

#define GUARD                                                                                      \
    "guard: { rules = ( { of = \"contact\"; when = \"exists(task.about where state = 'open')\"; "  \
    "reason = \"a complaint is open\"; } ); };"
#define WITH_COMMERCE CONF(GUARD) "commerce: { grant = [\"*\"]; };\n"

struct shop {
    kith_id pen, ink, desk, lamp, ben;
};

static kith_id ware(struct company *c, const char *name) {
    return CREATE(c, "product", {"code", name}, {"name", name}, {"price", "3 EUR"});
}
static struct shop shop(struct company *c) {
    OPEN(c, WITH_COMMERCE, "commerce", "sales");
    return (struct shop){ware(c, "Pen"), ware(c, "Ink"), ware(c, "Desk"), ware(c, "Lamp"),
                         CREATE(c, "contact", {"name", "Ben"})};
}

/* An order of up to three products; 0: no more. */
static kith_id buy(struct company *c, const char *by, kith_id who, kith_id a, kith_id b,
                   kith_id d) {
    const kith_id products[] = {a, b, d};
    kith_id o = CREATE(c, "order", {by, ID(c, who)});
    for (int i = 0; i < 3 && products[i]; i++)
        CREATE(c, "order_line", {"order", ID(c, o)}, {"product", ID(c, products[i])});
    UPDATE(c, "order", o, {"state", "ordered"});
    return o;
}
static kith_id other(struct company *c) {
    return CREATE(c, "contact", {"name", "Cleo"});
}
static void relate(struct company *c, kith_id product, const char *kind, kith_id to) {
    CREATE(c, "product_relation", {"product", ID(c, product)}, {"kind", kind},
           {"other", ID(c, to)});
}

/* Pen in 4 of 5 orders, Ink in 3, both in 3. */
static void baskets(struct company *c, const struct shop *s) {
    const kith_id who = other(c);
    buy(c, "contact", who, s->pen, s->ink, 0);
    buy(c, "contact", who, s->pen, s->ink, s->desk);
    buy(c, "contact", who, s->pen, s->ink, s->pen);
    buy(c, "contact", who, s->pen, s->lamp, 0);
    buy(c, "contact", who, s->desk, 0, 0);
    CREATE(c, "order_line", {"order", ID(c, CREATE(c, "order", {"contact", ID(c, who)}))},
           {"product", ID(c, s->ink)}); /* a cart is no order */
}
static const char *learn(struct company *c, const char *min_together) {
    struct act a = ACT(c, "sales.learn_baskets", {"min_together", min_together});
    EXPECT_ACT(a);
    return arena_printf(&c->arena, "%s|%s|%s|%s|%s", result_text(c, &a, "orders"),
                        result_text(c, &a, "skipped"), result_text(c, &a, "rules"),
                        result_text(c, &a, "written"), result_text(c, &a, "removed"));
}

TEST("support, confidence and lift of what is bought together, and only what differs is written") {
    struct company c;
    struct shop s = shop(&c);
    baskets(&c, &s);
    EXPECT_STR("5|0|2|2|0", learn(&c, "3"));
    EXPECT_STR("Ink|3|0.6000|0.7500|1.2500\nPen|3|0.6000|1.0000|1.2500\n",
               totals_text(&c, "affinity group by other.name : sum(together), sum(support),"
                               " sum(confidence), sum(lift)"));
    EXPECT_STR("5|0|2|0|0", learn(&c, "3"));
    buy(&c, "contact", other(&c), s.desk, s.lamp, 0);
    EXPECT_STR("6|0|2|2|0", learn(&c, "3"));
    EXPECT_STR("6|0|0|0|2", learn(&c, "4"));
    REFUSED(&c, "affinity", "affinity", 0, {"product", ID(&c, s.pen)}, {"other", ID(&c, s.ink)});
    close_company(&c);
}

TEST("orders of more products than the setting says are left out") {
    struct company company, *c = &company;
    OPEN(c, CONF("baskets: { max_products = 2; };") "commerce: { grant = [\"*\"]; };\n", "commerce",
         "sales");
    const kith_id pen = ware(c, "Pen"), ink = ware(c, "Ink"), desk = ware(c, "Desk"),
                  who = other(c);
    buy(c, "contact", who, pen, ink, 0);
    buy(c, "contact", who, pen, ink, pen); /* of two products, in three lines */
    buy(c, "contact", who, pen, ink, desk);
    EXPECT_STR("2|1|2|2|0", learn(c, "2"));
    EXPECT_STR("Ink|2\nPen|2\n", totals_text(c, "affinity group by other.name : sum(together)"));
    close_company(c);
}

TEST("what goes with what somebody bought is offered, without what they own or is retired") {
    struct company c;
    struct shop s = shop(&c);
    baskets(&c, &s);
    learn(&c, "3");
    relate(&c, s.pen, "complement", s.desk);
    relate(&c, s.pen, "upgrade", s.lamp);
    struct act a = ACT(&c, "sales.suggest", {"contact", ID(&c, s.ben)});
    EXPECT_ACT(a);
    EXPECT_INT(0, row_count(&a));
    EXPECT_HAS("nothing is known that goes with what they have", result_text(&c, &a, "reason"));
    buy(&c, "contact", s.ben, s.pen, 0, 0);
    a = ACT(&c, "sales.suggest", {"contact", ID(&c, s.ben)});
    EXPECT_ACT(a);
    EXPECT_INT(3, row_count(&a));
    EXPECT_STR("", result_text(&c, &a, "reason"));
    EXPECT_STR("cross|1.0000|complement of Pen|", row_text(&c, &a, 0, "kind score why caution"));
    EXPECT_STR("up|1.0000|upgrade of Pen", row_text(&c, &a, 1, "kind score why"));
    EXPECT_STR("cross|0.7500|75 % who buy Pen buy it too, 1.25 times as many as all",
               row_text(&c, &a, 2, "kind score why"));
    CREATE(&c, "asset", {"contact", ID(&c, s.ben)}, {"product", ID(&c, s.ink)});
    UPDATE(&c, "product", s.desk, {"state", "retired"});
    a = ACT(&c, "sales.suggest", {"contact", ID(&c, s.ben)});
    EXPECT_ACT(a);
    EXPECT_INT(1, row_count(&a));
    a = ACT(&c, "sales.suggest", {"contact", ID(&c, s.ben)}, {"kind", "cross"});
    EXPECT_INT(0, row_count(&a));
    a = ACT(&c, "sales.suggest", {"kind", "up"});
    EXPECT_HAS("a contact, or an account", a.message);
    close_company(&c);
}

static const char *names_for(struct company *c, kith_id who) {
    struct act a = ACT(c, "sales.suggest", {"contact", ID(c, who)});
    const char *out = "";
    kith_id product;
    EXPECT_ACT(a);
    for (size_t i = 0; i < row_count(&a); i++) {
        EXPECT(id_parse(str_of(row_text(c, &a, i, "product")), &product));
        out = arena_printf(&c->arena, "%s%s|", out, field(c, "product", product, "name"));
    }
    return out;
}

TEST("what is out of season is not offered, and a season may go over the new year") { /* SAL-51 */
    struct company c; /* it is November */
    struct shop s = shop(&c);
    kith_id sled = ware(&c, "Sled"), tyre = ware(&c, "Tyre");
    UPDATE(&c, "product", s.ink, {"season_from", "11"}, {"season_until", "11"});
    UPDATE(&c, "product", s.desk, {"season_from", "5"}, {"season_until", "10"});
    UPDATE(&c, "product", sled, {"season_from", "11"}, {"season_until", "2"});
    UPDATE(&c, "product", tyre, {"season_from", "12"}, {"season_until", "10"});
    for (size_t i = 0; i < 5; i++)
        relate(&c, s.pen, "complement", (kith_id[]){s.ink, s.desk, s.lamp, sled, tyre}[i]);
    buy(&c, "contact", s.ben, s.pen, 0, 0);
    EXPECT_STR("Ink|Lamp|Sled|", names_for(&c, s.ben));
    clock_advance(&c.clock, 60 * INT64_C(86400000)); /* January */
    EXPECT_STR("Lamp|Sled|Tyre|", names_for(&c, s.ben));
    clock_advance(&c.clock, 150 * INT64_C(86400000)); /* June */
    EXPECT_STR("Desk|Lamp|Tyre|", names_for(&c, s.ben));
    REFUSED(&c, "a season has a first and a last month", "product", s.lamp, {"season_from", "3"});
    REFUSED(&c, "a season has a first and a last month", "product", s.ink, {"season_from", NULL});
    close_company(&c);
}

#define FITS                                                                                       \
    "offer: { fits = ("                                                                            \
    "{ of = \"contact\"; when = \"tagged('parent')\"; products = \"tagged('toy')\"; reason = "     \
    "\"has a "                                                                                     \
    "child\"; },"                                                                                  \
    "{ of = \"account\"; when = \"size < 10\"; products = \"category.name = 'Starter'\"; reason "  \
    "= \"a young "                                                                                 \
    "firm\"; }"                                                                                    \
    "); };"

TEST("what fits the stage of a customer's life is offered, whatever they have") { /* SAL-49 */
    struct company company, *c = &company;
    OPEN(c, CONF(FITS) "commerce: { grant = [\"*\"]; };\n", "commerce", "sales");
    kith_id starter = CREATE(c, "product_category", {"name", "Starter"});
    kith_id bear = ware(c, "Bear"), train = ware(c, "Train"), kit = ware(c, "Kit");
    UPDATE(c, "product", bear, {"tags", "toy"});
    UPDATE(c, "product", train, {"tags", "toy"});
    UPDATE(c, "product", kit, {"category", ID(c, starter)});
    kith_id ann = CREATE(c, "contact", {"name", "Ann"});
    EXPECT_STR("", names_for(c, ann));
    UPDATE(c, "contact", ann, {"tags", "parent"});
    EXPECT_STR("Bear|Train|", names_for(c, ann));
    struct act a = ACT(c, "sales.suggest", {"contact", ID(c, ann)});
    EXPECT_STR("cross|0.2500|has a child", row_text(c, &a, 0, "kind score why"));
    buy(c, "contact", ann, bear, 0, 0);
    relate(c, bear, "complement", train);
    a = ACT(c, "sales.suggest", {"contact", ID(c, ann)});
    EXPECT_INT(1, row_count(&a));
    EXPECT_STR("cross|1.2500|complement of Bear", row_text(c, &a, 0, "kind score why"));
    UPDATE(c, "product", train, {"season_from", "1"}, {"season_until", "2"});
    EXPECT_STR("", names_for(c, ann));
    kith_id firm = CREATE(c, "account", {"name", "Firm"}, {"size", "3"});
    UPDATE(c, "contact", ann, {"account", ID(c, firm)});
    EXPECT_STR("Kit|", names_for(c, ann));
    UPDATE(c, "account", firm, {"size", "10"});
    EXPECT_STR("", names_for(c, ann));
    close_company(c);
}

TEST("who has something is offered what it is taken in part payment for") { /* COM-03 */
    struct company c;
    struct shop s = shop(&c);
    relate(&c, s.pen, "exchange", s.desk);
    relate(&c, s.pen, "substitute", s.lamp); /* they have one */
    CREATE(&c, "asset", {"contact", ID(&c, s.ben)}, {"product", ID(&c, s.pen)});
    struct act a = ACT(&c, "sales.suggest", {"contact", ID(&c, s.ben)});
    EXPECT_ACT(a);
    EXPECT_INT(1, row_count(&a));
    EXPECT_STR("up|1.0000|Pen is taken in part payment for it",
               row_text(&c, &a, 0, "kind score why"));
    close_company(&c);
}

TEST("nothing dearer is offered to who complains, and the seller is told why") {
    struct company c;
    struct shop s = shop(&c);
    relate(&c, s.pen, "complement", s.desk);
    relate(&c, s.pen, "upgrade", s.lamp);
    buy(&c, "contact", s.ben, s.pen, 0, 0);
    kith_id task = CREATE(&c, "task", {"title", "The pen leaks"},
                          {"about", arena_printf(&c.arena, "contact/%s", ID(&c, s.ben))});
    struct act a = ACT(&c, "sales.suggest", {"contact", ID(&c, s.ben)});
    EXPECT_ACT(a);
    EXPECT_INT(1, row_count(&a));
    EXPECT_STR("cross|a complaint is open", row_text(&c, &a, 0, "kind caution"));
    EXPECT_STR("1", result_text(&c, &a, "blocked"));
    EXPECT_STR("a complaint is open", result_text(&c, &a, "reason"));
    UPDATE(&c, "task", task, {"state", "done"});
    a = ACT(&c, "sales.suggest", {"contact", ID(&c, s.ben)});
    EXPECT_INT(2, row_count(&a));
    EXPECT_STR("0", result_text(&c, &a, "blocked"));
    close_company(&c);
}

TEST("who has an invoice overdue, or returns something, is offered nothing dearer") {
    struct company c;
    struct shop s = shop(&c);
    relate(&c, s.pen, "successor", s.lamp);
    kith_id acme = CREATE(&c, "account", {"name", "Acme"});
    UPDATE(&c, "contact", s.ben, {"account", ID(&c, acme)});
    kith_id o = buy(&c, "account", acme, s.pen, 0, 0);
    buy(&c, "contact", s.ben, s.pen, 0, 0);
    struct act a = ACT(&c, "commerce.invoice", {"order", ID(&c, o)});
    EXPECT_ACT(a);
    a = ACT(&c, "sales.suggest", {"account", ID(&c, acme)}, {"kind", "up"});
    EXPECT_INT(1, row_count(&a));
    clock_advance(&c.clock, INT64_C(40) * DAY_MS);
    drain(&c);
    a = ACT(&c, "sales.suggest", {"account", ID(&c, acme)}, {"kind", "up"});
    EXPECT_ACT(a);
    EXPECT_INT(0, row_count(&a));
    EXPECT_STR("1", result_text(&c, &a, "blocked"));
    EXPECT_STR("an invoice is overdue", result_text(&c, &a, "reason"));
    a = ACT(&c, "sales.suggest", {"contact", ID(&c, s.ben)}); /* who is one of theirs */
    EXPECT_STR("an invoice is overdue", result_text(&c, &a, "reason"));
    close_company(&c);
}

TEST("purchases on day 0, 30, 61 and 90: every 30 days, and the next about day 120") {
    struct company c;
    struct shop s = shop(&c);
    static const int after[] = {0, 30, 31, 29};
    kith_id acme = CREATE(&c, "account", {"name", "Acme"});
    for (int i = 0; i < 4; i++) {
        clock_advance(&c.clock, INT64_C(1) * after[i] * DAY_MS);
        buy(&c, "account", acme, s.pen, i ? 0 : s.ink, 0);
        buy(&c, "account", acme, s.pen, 0, 0); /* twice on a day is one purchase */
    }
    struct act a = ACT(&c, "sales.repurchase", {"account", ID(&c, acme)});
    EXPECT_ACT(a);
    EXPECT_STR("4", result_text(&c, &a, "days"));
    EXPECT_STR("30.0", result_text(&c, &a, "mean"));
    EXPECT_STR("30.0", result_text(&c, &a, "median"));
    EXPECT_STR("2024-02-12", result_text(&c, &a, "last")); /* day 0 is 2023-11-14 */
    EXPECT_STR("2024-03-13", result_text(&c, &a, "next")); /* day 120 */
    a = ACT(&c, "sales.repurchase", {"account", ID(&c, acme)}, {"product", ID(&c, s.ink)});
    EXPECT_STR("1", result_text(&c, &a, "days"));
    EXPECT_STR("", result_text(&c, &a, "next"));
    clock_advance(&c.clock, INT64_C(30) * DAY_MS); /* the day itself */
    a = ACT(&c, "sales.overdue_buyers", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_INT(0, row_count(&a));
    clock_advance(&c.clock, INT64_C(5) * DAY_MS);
    a = ACT(&c, "sales.overdue_buyers", {NULL, NULL});
    EXPECT_INT(1, row_count(&a));
    EXPECT_STR("Acme|4|30.0|2024-03-13|5",
               arena_printf(&c.arena, "Acme|%s", row_text(&c, &a, 0, "days mean next overdue")));
    close_company(&c);
}

TEST("nothing dearer is offered while something is wrong, though whoever asks may not see it") {
    struct company c;
    struct someone max;
    struct shop s = shop(&c);
    relate(&c, s.pen, "upgrade", s.lamp);
    relate(&c, s.pen, "complement", s.ink);
    relate(&c, s.pen, "complement", s.desk);
    come_in(&c, &max, "max",
            "{\"types\": {\"contact\": {\"read\": \"all\"}, \"product\": {\"read\": \"all\"}, "
            "\"order\": {\"read\": \"own\"}, \"asset\": {\"read\": \"own\"}, \"task\": {\"read\": "
            "\"own\"}}, \"actions\": "
            "[\"sales.suggest\"]}");
    const struct pair *ben = PAIRS({"contact", ID(&c, s.ben)});
    kith_id theirs = buy(&c, "contact", s.ben, s.pen, 0, 0);
    UPDATE(&c, "order", theirs, {"owner", ID(&c, max.id)});
    struct act a = act_as(&c, &max.by, "sales.suggest", ben);
    EXPECT_ACT(a);
    EXPECT_INT(3, row_count(&a));
    buy(&c, "contact", s.ben, s.ink, 0, 0); /* by somebody else */
    CREATE(&c, "task", {"title", "The pen leaks"},
           {"about", arena_printf(&c.arena, "contact/%s", ID(&c, s.ben))});
    a = act_as(&c, &max.by, "sales.suggest", ben);
    EXPECT_ACT(a);
    EXPECT_STR("1", result_text(&c, &a, "blocked"));
    EXPECT_STR("a complaint is open", result_text(&c, &a, "reason"));
    EXPECT_INT(1, row_count(&a)); /* the ink is theirs already */
    EXPECT_STR("cross|complement of Pen|a complaint is open",
               row_text(&c, &a, 0, "kind why caution"));
    leave(&max);
    close_company(&c);
}

TEST("who bought of somebody else meanwhile is not late, whoever asks") {
    struct company c;
    struct someone max;
    struct shop s = shop(&c);
    kith_id acme = CREATE(&c, "account", {"name", "Acme"});
    const struct pair *none = PAIRS({"none", ""});
    come_in(&c, &max, "max",
            "{\"types\": {\"account\": {\"read\": \"all\"}, \"order\": {\"read\": \"own\"}}, "
            "\"actions\": [\"sales.*\"]}");
    for (int i = 0; i < 3; i++) {
        kith_id o = buy(&c, "account", acme, s.pen, 0, 0);
        UPDATE(&c, "order", o, {"owner", ID(&c, max.id)});
        clock_advance(&c.clock, INT64_C(30) * DAY_MS);
    }
    clock_advance(&c.clock, INT64_C(10) * DAY_MS);
    struct act a = act_as(&c, &max.by, "sales.overdue_buyers", none);
    EXPECT_ACT(a);
    EXPECT_INT(1, row_count(&a));
    buy(&c, "account", acme, s.pen, 0, 0);
    a = act_as(&c, &max.by, "sales.overdue_buyers", none);
    EXPECT_INT(0, row_count(&a));
    a = act_as(&c, &max.by, "sales.repurchase", PAIRS({"account", ID(&c, acme)}));
    EXPECT_ACT(a);
    EXPECT_STR("4", result_text(&c, &a, "days"));
    leave(&max);
    close_company(&c);
}

TEST("what is bought together is learned from all orders, whoever has it learned") {
    struct company c;
    struct someone max;
    struct shop s = shop(&c);
    baskets(&c, &s);
    come_in(&c, &max, "max",
            "{\"types\": {\"product\": {\"read\": \"all\", \"update\": \"all\"}, \"order\": "
            "{\"read\": \"own\"}}, \"actions\": [\"sales.learn_baskets\"]}");
    struct act a = act_as(&c, &max.by, "sales.learn_baskets", PAIRS({"min_together", "3"}));
    EXPECT_ACT(a);
    EXPECT_STR("5", result_text(&c, &a, "orders"));
    EXPECT_INT(2, find(&c, "affinity").count);
    leave(&max);
    close_company(&c);
}
