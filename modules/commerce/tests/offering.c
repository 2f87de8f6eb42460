/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue, what goes with what somebody owns, and the chain of distribution. */
#include "owned.h"

static kith_id category(struct company *c, const char *name, kith_id parent) {
    return CREATE(c, "product_category", {"name", name},
                  {"parent", parent ? id_text(c, parent) : NULL});
}
static void relate(struct company *c, kith_id product, const char *kind, kith_id other) {
    CREATE(c, "product_relation", {"product", id_text(c, product)}, {"kind", kind},
           {"other", id_text(c, other)});
}

TEST("the catalogue is searched by words, tree and kind, with the prices of who asks") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id home = category(&c, "Home", 0), kitchen = category(&c, "Kitchen", home);
    kith_id pans = category(&c, "Pans", kitchen), garden = category(&c, "Garden", 0);
    PRODUCT(&c, {"code", "P1"}, {"name", "Iron pan"}, {"price", "40 EUR"},
            {"category", id_text(&c, pans)}, {"risk", "look_and_feel"},
            {"value_proposition", "It lasts for ever."});
    PRODUCT(&c, {"code", "K1"}, {"name", "Kettle"}, {"price", "20 EUR"},
            {"category", id_text(&c, kitchen)}, {"description", "Made of iron"});
    PRODUCT(&c, {"code", "G1"}, {"name", "Rake"}, {"category", id_text(&c, garden)});
    kith_id old = PRODUCT(&c, {"code", "K0"}, {"name", "Old kettle"}, {"price", "10 EUR"},
                          {"category", id_text(&c, kitchen)});
    UPDATE(&c, "product", old, {"state", "retired"});
    PRODUCT(&c, {"code", "C1"}, {"name", "Free consultation"}, {"kind", "content"},
            {"price", "0 EUR"});
    kith_id ada = CREATE(&c, "contact", {"name", "Ada"}, {"discount", "10"});
    drain(&c);
    struct act a = ACT(&c, "commerce.catalogue", {"category", id_text(&c, home)},
                       {"contact", id_text(&c, ada)});
    EXPECT_ACT(a);
    EXPECT_INT(2, row_count(&a));
    EXPECT_STR("Iron pan", row_text(&c, &a, 0, "name"));
    EXPECT_STR("40.00 EUR", row_text(&c, &a, 0, "price"));
    EXPECT_STR("10.00", row_text(&c, &a, 0, "discount"));
    EXPECT_STR("It lasts for ever.", row_text(&c, &a, 0, "value_proposition"));
    EXPECT_STR("store or meeting, to try it", row_text(&c, &a, 0, "channel"));
    EXPECT_STR("Kettle", row_text(&c, &a, 1, "name"));
    a = ACT(&c, "commerce.catalogue", {"words", "iron"});
    EXPECT_INT(2, row_count(&a));
    a = ACT(&c, "commerce.catalogue", {"words", "iron"}, {"category", id_text(&c, pans)});
    EXPECT_INT(1, row_count(&a));
    a = ACT(&c, "commerce.catalogue", {"words", "rake"});
    EXPECT_INT(1, row_count(&a));
    EXPECT_STR("", row_text(&c, &a, 0, "price")); /* it has none, and is shown */
    a = ACT(&c, "commerce.catalogue", {"kind", "content"});
    EXPECT_INT(1, row_count(&a));
    EXPECT_STR("0.00 EUR", row_text(&c, &a, 0, "price"));
    a = ACT(&c, "commerce.catalogue", {"limit", "3"});
    EXPECT_INT(3, row_count(&a));
    REFUSED(&c, "parent", "product_category", home, {"parent", id_text(&c, pans)});
    close_company(&c);
}

TEST("COM-X2: who owns a laptop is offered disk and case, and the larger one as an upgrade") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id laptop = product(&c, "laptop", "900 EUR"), disk = product(&c, "disk", "80 EUR");
    kith_id bag = product(&c, "case", "30 EUR"), larger = product(&c, "larger", "1500 EUR");
    kith_id ada = CREATE(&c, "contact", {"name", "Ada"});
    const char *who = id_text(&c, ada);
    relate(&c, laptop, "complement", disk);
    relate(&c, laptop, "complement", bag);
    relate(&c, laptop, "upgrade", larger);
    relate(&c, laptop, "spare_part", product(&c, "hinge", "9 EUR"));
    delivered(&c, ada, laptop, "1");
    struct act a = ACT(&c, "commerce.related", {"contact", who}, {"kinds", "complement"});
    EXPECT_ACT(a);
    EXPECT_INT(2, row_count(&a));
    EXPECT_STR("disk", row_text(&c, &a, 0, "name"));
    EXPECT_STR("80.00 EUR", row_text(&c, &a, 0, "price"));
    EXPECT_STR("laptop", row_text(&c, &a, 0, "because_name"));
    EXPECT_STR("case", row_text(&c, &a, 1, "name"));
    a = ACT(&c, "commerce.related", {"contact", who}, {"kinds", "upgrade"});
    EXPECT_INT(1, row_count(&a));
    EXPECT_STR("larger", row_text(&c, &a, 0, "name"));
    a = ACT(&c, "commerce.related", {"contact", who});
    EXPECT_INT(3, row_count(&a));
    delivered(&c, ada, disk, "1"); /* owned now, and not offered any more */
    a = ACT(&c, "commerce.related", {"contact", who});
    EXPECT_INT(2, row_count(&a));
    a = ACT(&c, "commerce.related", {"product", id_text(&c, laptop)});
    EXPECT_INT(3, row_count(&a));
    UPDATE(&c, "product", bag, {"state", "retired"});
    a = ACT(&c, "commerce.related", {"product", id_text(&c, laptop)}, {"contact", who});
    EXPECT_INT(1, row_count(&a));
    EXPECT_HAS("say to what", ACT(&c, "commerce.related", {"product", NULL}).message);
    close_company(&c);
}

TEST("COM-X3: who owns a small car is offered the medium one, also in exchange") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id small = product(&c, "small", "9000 EUR"), medium = product(&c, "medium", "15000 EUR");
    kith_id van = product(&c, "van", "20000 EUR"), acme = CREATE(&c, "account", {"name", "Acme"});
    relate(&c, small, "upgrade", medium);
    relate(&c, small, "exchange", van);
    CREATE(&c, "asset", {"product", id_text(&c, small)}, {"account", id_text(&c, acme)},
           {"serial", "VIN1"});
    struct act a = ACT(&c, "commerce.related", {"account", id_text(&c, acme)});
    EXPECT_INT(2, row_count(&a));
    EXPECT_STR("medium", row_text(&c, &a, 0, "name"));
    EXPECT_STR("upgrade", row_text(&c, &a, 0, "kind"));
    EXPECT_STR("exchange", row_text(&c, &a, 1, "kind"));
    UPDATE(&c, "asset", find(&c, "asset").ids[0], {"state", "exchanged"});
    a = ACT(&c, "commerce.related", {"account", id_text(&c, acme)});
    EXPECT_ACT(a);
    EXPECT_INT(0, row_count(&a));
    close_company(&c);
}

TEST("products reach customers directly, or by one, two or three in between, never in a circle") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id agent = CREATE(&c, "account", {"name", "Agent"});
    kith_id whole = CREATE(&c, "account", {"name", "Whole"}, {"supplied_by", id_text(&c, agent)});
    kith_id shop = CREATE(&c, "account", {"name", "Shop"}, {"kind", "distributor"},
                          {"supplied_by", id_text(&c, whole)});
    kith_id ada = CREATE(&c, "account", {"name", "Ada"}, {"supplied_by", id_text(&c, shop)});
    CREATE(&c, "account", {"name", "Bob"}, {"supplied_by", id_text(&c, shop)});
    struct act a = ACT(&c, "commerce.chain", {"account", id_text(&c, ada)});
    EXPECT_ACT(a);
    EXPECT_STR("3", result_text(&c, &a, "level"));
    EXPECT_INT(4, row_count(&a));
    EXPECT_STR("Shop", row_text(&c, &a, 1, "name"));
    EXPECT_STR("distributor", row_text(&c, &a, 1, "kind"));
    EXPECT_STR("Agent", row_text(&c, &a, 3, "name"));
    a = ACT(&c, "commerce.chain", {"account", id_text(&c, agent)});
    EXPECT_STR("0", result_text(&c, &a, "level"));
    a = ACT(&c, "commerce.levels", {"account", NULL});
    EXPECT_ACT(a);
    static const char *const counts[] = {"1", "1", "1", "2", "0"};
    for (size_t i = 0; i < 5; i++)
        EXPECT_STR(counts[i], row_text(&c, &a, i, "accounts"));
    REFUSED(&c, "supplied_by", "account", agent, {"supplied_by", id_text(&c, shop)});
    REFUSED(&c, "supplied_by", "account", agent, {"supplied_by", id_text(&c, agent)});
    close_company(&c);
}

TEST(
    "what somebody has already is not offered, though whoever asks may not see that they have it") {
    struct company c;
    struct someone max;
    OPEN(&c, SHOP(""), "commerce");
    kith_id laptop = product(&c, "laptop", "900 EUR"), disk = product(&c, "disk", "80 EUR");
    kith_id ada = CREATE(&c, "contact", {"name", "Ada"});
    relate(&c, laptop, "complement", disk);
    relate(&c, disk, "complement", product(&c, "case", "30 EUR"));
    delivered(&c, ada, disk, "1");
    come_in(&c, &max, "max",
            "{\"types\": {\"contact\": {\"read\": \"all\"}, \"product\": {\"read\": \"all\"}, "
            "\"price_book\": {\"read\": \"all\"}, \"order\": {\"read\": \"own\"}, \"asset\": "
            "{\"read\": "
            "\"own\"}}, \"actions\": [\"commerce.related\"]}");
    struct act a = act_as(&c, &max.by, "commerce.related", PAIRS({"contact", id_text(&c, ada)}));
    EXPECT_ACT(a);
    EXPECT_INT(0, row_count(&a)); /* nothing that leads to anything may be seen */
    a = act_as(&c, &max.by, "commerce.related",
               PAIRS({"contact", id_text(&c, ada)}, {"product", id_text(&c, laptop)}));
    EXPECT_ACT(a);
    EXPECT_INT(0, row_count(&a));
    a = act_as(&c, &max.by, "commerce.related", PAIRS({"product", id_text(&c, laptop)}));
    EXPECT_INT(1, row_count(&a));
    leave(&max);
    close_company(&c);
}
