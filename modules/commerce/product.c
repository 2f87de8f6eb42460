/* SPDX-License-Identifier: Apache-2.0 */
/* Products: what is sold, in a tree of categories, with variants, and what goes with what. */
#include "commerce.h"

/* -- hooks --------------------------------------------------------------------------------------
 */

/* A variant has no variants of its own: prices and relations are looked up one step away. */
static kith_status product_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                kith_error *err) {
    struct product p, of;
    KITH_TRY(KITH_CHANGE(self, txn, change, product, &p, err));
    if (!kith_has(p.variant_of))
        return KITH_OK;
    KITH_TRY(KITH_LOAD(self, txn, product, p.variant_of.as.link.id, &of, err));
    if (kith_has(of.variant_of) || of.id.as.link.id == change->id)
        return kith_fail(err, KITH_E_REFUSED, "variant_of",
                         "variant_of: '%.*s' is itself %s; link to the product that it is a "
                         "variant of",
                         KITH_CHARS(of.code.as.s),
                         of.id.as.link.id == change->id ? "this product" : "a variant");
    return KITH_OK;
}

/* The condition of the hook has looked already. */
static kith_status season_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                               kith_error *err) {
    (void)self, (void)txn, (void)change;
    return kith_fail(err, KITH_E_REFUSED, "season_from",
                     "season_from: a season has a first and a last month, season_from and "
                     "season_until; give both, or none for all year");
}

/* -- bundles in bundles -------------------------------------------------------------------------
 */

#define INSIDE_MAX 1000 /* products that a bundle is made of, those of its parts counted */

/* A product that is inside the bundle, and the place of the one that it is a part of. */
struct inside {
    kith_value product;
    uint64_t of;
};
struct insides {
    kith_instance *self;
    const kith_txn *txn;
    const struct relation *relation; /* that is being written */
    struct inside items[INSIDE_MAX];
    uint64_t count;
};

static kith_status add_code(const struct insides *in, const kith_value *product, char *out,
                            size_t room, kith_error *err) {
    kith_instance *self = in->self;
    struct product p;
    const size_t at = strlen(out);
    KITH_TRY(KITH_LOAD(self, in->txn, product, product->as.link.id, &p, err));
    (void)snprintf(out + at, room - at, "%s%.*s", at ? " in " : "", KITH_CHARS(p.code.as.s));
    return KITH_OK;
}

/* From the part in which the bundle was found up to the bundle itself. */
static kith_status refuse_circle(const struct insides *in, uint64_t at, kith_error *err) {
    char circle[300] = "";
    KITH_TRY(add_code(in, &in->relation->product, circle, sizeof circle, err));
    for (; at; at = in->items[at].of)
        KITH_TRY(add_code(in, &in->items[at].product, circle, sizeof circle, err));
    KITH_TRY(add_code(in, &in->items[0].product, circle, sizeof circle, err));
    KITH_TRY(add_code(in, &in->relation->product, circle, sizeof circle, err));
    return kith_fail(err, KITH_E_REFUSED, "other",
                     "other: the bundle would contain itself (%s); name a product that is not made "
                     "of it, or take one of these parts out first",
                     circle);
}

static kith_status look_inside(struct insides *in, uint64_t at, kith_error *err) {
    kith_instance *self = in->self;
    struct relation *parts;
    uint64_t n = 0;
    KITH_TRY(KITH_FIND(self, in->txn, relation, self->query.parts_of, 1, &in->items[at].product,
                       &parts, &n, err));
    for (uint64_t i = 0; i < n; i++) {
        uint64_t k = 0;
        if (parts[i].id.as.link.id == in->relation->id.as.link.id)
            continue; /* as it was before */
        if (parts[i].other.as.link.id == in->relation->product.as.link.id)
            return refuse_circle(in, at, err);
        while (k < in->count && in->items[k].product.as.link.id != parts[i].other.as.link.id)
            k++;
        if (k == INSIDE_MAX)
            return kith_fail(err, KITH_E_REFUSED, "other",
                             "other: with all that is inside of it the bundle would be made of "
                             "more than %d products; make it of fewer",
                             INSIDE_MAX);
        if (k == in->count)
            in->items[in->count++] = (struct inside){parts[i].other, at};
    }
    return KITH_OK;
}

static kith_status check_inside(kith_instance *self, const kith_txn *txn, const struct relation *r,
                                kith_error *err) {
    struct insides *in;
    KITH_TRY(KITH_MEMORY(self, txn, &in, 1, err));
    in->self = self;
    in->txn = txn;
    in->relation = r;
    in->items[0] = (struct inside){r->other, 0};
    in->count = 1;
    for (uint64_t i = 0; i < in->count; i++)
        KITH_TRY(look_inside(in, i, err));
    return KITH_OK;
}

static kith_status relation_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                 kith_error *err) {
    struct relation r;
    KITH_TRY(KITH_CHANGE(self, txn, change, relation, &r, err));
    if (kith_has(r.other) && r.product.as.link.id == r.other.as.link.id)
        return kith_fail(err, KITH_E_REFUSED, "other",
                         "other: a product has no relation to itself; name another one");
    return kith_is(r.kind, "bundle_part") ? check_inside(self, txn, &r, err) : KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field category_fields[] = {
    F("name", TEXT, .flags = KITH_FF_REQUIRED | KITH_FF_INDEXED | KITH_FF_SEARCHED,
      .doc = "What it is called."),
    F("code", TEXT, .flags = KITH_FF_UNIQUE, .doc = "Short name for imports."),
    F("parent", LINK, .options = "product_category", .flags = KITH_FF_TREE,
      .doc = "The larger one that it is part of."),
    F("description", LONGTEXT, .doc = "What belongs to it."),
    F("products", INTEGER, .rollup = "count(product via category)",
      .doc = "How many products are in it, without those of its parts."),
};

static const kith_field product_fields[] = {
    F("code", TEXT, .flags = KITH_FF_REQUIRED | KITH_FF_UNIQUE | KITH_FF_SEARCHED,
      .doc = "The article number."),
    F("name", TEXT, .flags = KITH_FF_REQUIRED | KITH_FF_INDEXED | KITH_FF_SEARCHED,
      .doc = "What it is called."),
    F("kind", CHOICE, .options = "good,service,subscription,content", .default_text = "good",
      .flags = KITH_FF_INDEXED,
      .doc = "A good is handed over, a service done, a subscription renewed, content is free of "
             "charge or downloaded."),
    F("state", STATE, .options = "active>retired,retired>active", .flags = KITH_FF_INDEXED,
      .doc = "A retired one is sold no more, and what was sold stays."),
    F("category", LINK, .options = "product_category", .doc = "Where in the catalogue it stands."),
    F("variant_of", LINK, .options = "product",
      .doc = "The product that it is a size, colour or other form of; prices are looked up there, "
             "too."),
    F("variant", TAGS, .doc = "In what it differs from the others: red, XL."),
    F("description", LONGTEXT, .flags = KITH_FF_SEARCHED, .doc = "For who buys."),
    F("value_proposition", LONGTEXT, .flags = KITH_FF_SEARCHED,
      .doc = "Why somebody should buy it, in two sentences."),
    F("price", MONEY, .measure = KITH_M_ORDINAL, .min = "0 EUR", .doc = "The list price of one."),
    F("cost", MONEY, .measure = KITH_M_ORDINAL, .min = "0", .doc = "What one costs us."),
    F("tax_rate", DECIMAL, .options = "2", .default_text = "0", .min = "0", .max = "100",
      .doc = "Tax on it, in percent."),
    F("unit", TEXT, .default_text = "piece", .doc = "What one is: piece, hour, metre, seat."),
    F("supplier", LINK, .options = "account", .doc = "The partner who makes it or sells it to us."),
    F("risk", CHOICE, .options = "commodity,catalogue,look_and_feel",
      .doc = "How risky it seems to buy unseen: commodities and catalogue goods sell at a "
             "distance, others want to be felt, tried or explained."),
    F("warranty_months", INTEGER, .min = "0", .max = "1200", .doc = "How long it is guaranteed."),
    F("lifetime_months", INTEGER, .min = "0", .max = "1200",
      .doc = "How long it lasts: when its owner may want the next."),
    F("serialised", BOOLEAN, .default_text = "false",
      .doc = "Each piece has a number of its own: whoever buys three owns three records."),
    F("url", URL, .doc = "Where it is shown."),
    F("tags", TAGS, .flags = KITH_FF_SEARCHED,
      .doc = "Free labels; type tag tells what they mean."),
    F("option_groups", INTEGER, .rollup = "count(option_group via product)",
      .doc = "How many things there are to choose about it."),
    F("launched", DATE, .doc = "Since when it is on the market."),
    F("season_from", INTEGER, .min = "1", .max = "12",
      .doc = "The first month of its season, in which it is proposed: 11; empty: all year."),
    F("season_until", INTEGER, .min = "1", .max = "12", .doc = "The last month of it: 2."),
};
static const char *const product_indexes[] = {"category,name"};

static const kith_field relation_fields[] = {
    F("product", LINK, .options = "product", .flags = KITH_FF_REQUIRED | KITH_FF_PARTOF,
      .doc = "Of which product."),
    F("kind", CHOICE,
      .options = "complement,upgrade,successor,exchange,bundle_part,spare_part,substitute",
      .flags = KITH_FF_REQUIRED,
      .doc = "What the other one is to it: a complement is bought with it, an upgrade is the next "
             "higher one, a successor takes its place, exchange: it is taken in part payment for "
             "the other, a bundle is made of its parts."),
    F("other", LINK, .options = "product", .flags = KITH_FF_REQUIRED, .doc = "The other product."),
    F("quantity", DECIMAL, .options = "3", .default_text = "1", .min = "0.001",
      .doc = "How many of it."),
    F("note", TEXT, .doc = "Why, for who sells."),
};

static const char *const relation_indexes[] = {"unique product,other,kind"};

static const kith_type types[] = {
    {.name = "product_category",
     .label = "Product category",
     .doc = "A part of the catalogue; categories form a tree.",
     .title = "name",
     .fields = KITH_ARRAY(category_fields)},
    {.name = "product",
     .doc = "Something that is sold: a good, a service, a subscription.",
     .title = "name",
     .fields = KITH_ARRAY(product_fields),
     .indexes = KITH_ARRAY(product_indexes)},
    {.name = "product_relation",
     .label = "Product relation",
     .doc = "What one product is to another one.",
     .title = "kind",
     .fields = KITH_ARRAY(relation_fields),
     .indexes = KITH_ARRAY(relation_indexes)},
};

static const char *const variant_only[] = {"variant_of"};
static const char *const season_only[] = {"season_from", "season_until"};
static const kith_hook hooks[] = {
    {.name = "variant",
     .type = "product",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = product_hook,
     .fields = KITH_ARRAY(variant_only),
     .doc = "Keeps variants one step away from their product."},
    {.name = "season",
     .type = "product",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = season_hook,
     .where = "(season_from is null and season_until is not null) or (season_from is not null and "
              "season_until is null)",
     .fields = KITH_ARRAY(season_only),
     .doc = "Refuses half a season."},
    {.name = "relation",
     .type = "product_relation",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = relation_hook,
     .doc = "Refuses a relation of a product to itself, and a bundle that contains itself."},
};

static const kith_want wants[] = {
    KITH_WANT_RECORD("product_category", category, CATEGORY),
    KITH_WANT_RECORD("product", product, PRODUCT),
    KITH_WANT_RECORD("product_relation", relation, RELATION),
    KITH_WANT(QUERY, "product where code >= :code and code <= :code", query.product_by_code),
};
const kith_part product_part = {
    .struct_size = sizeof product_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
};
