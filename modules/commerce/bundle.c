/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles: products that are made of others, with a price of their own, and what they save. */
#include "commerce.h"

struct bundle_args {
    kith_value product, quantity, account, contact, price_book, currency;
};
struct bundle_results {
    kith_value net, separately, saving, percent, parts, how;
};
struct bundle_row {
    kith_value product, quantity, unit_price, discount, net;
};

struct bundling {
    kith_instance *self;
    kith_call *call;
    const kith_txn *txn;
    struct bundle_args args;
    struct price_answer price; /* of the bundle */
};

/* What so much of a product costs, as if it were a line of its own. */
static kith_status cost_of(struct bundling *b, kith_value product, kith_value quantity,
                           kith_value currency, struct price_answer *price, struct line *line,
                           kith_error *err) {
    kith_instance *self = b->self;
    struct product p;
    const struct price_question ask = {
        .account = b->args.account,
        .contact = b->args.contact,
        .product = product,
        .quantity = quantity,
        .price_book = b->args.price_book,
        .currency = currency,
        .day = KITH_TODAY(self),
    };
    KITH_TRY(KITH_LOAD(self, b->txn, product, product.as.link.id, &p, err));
    KITH_TRY(price_find(self, b->txn, &ask, price, err));
    *line = (struct line){.product = product,
                          .quantity = quantity,
                          .unit_price = price->unit_price,
                          .discount = price->discount,
                          .tax_rate = p.tax_rate};
    return money_of_line(self, line, err);
}

/* So many of the part as are in all of the bundles. */
static kith_status add_part(struct bundling *b, const struct relation *part, kith_value currency,
                            struct bundle_results *r, kith_error *err) {
    kith_instance *self = b->self;
    struct line line;
    struct price_answer price;
    const kith_value each = kith_has(part->quantity) ? part->quantity : quantity_of(1);
    kith_value quantity;
    KITH_TRY(
        self->numbers->multiply(&each, &b->args.quantity, 1, KITH_ROUND_HALF_UP, &quantity, err));
    KITH_TRY(cost_of(b, part->other, quantity, currency, &price, &line, err));
    KITH_TRY(self->numbers->add(&r->separately, 1, &line.net, &r->separately, err));
    const struct bundle_row row = {line.product, line.quantity, line.unit_price, line.discount,
                                   line.net};
    return KITH_ROW(self, b->call, &row, err);
}

static kith_status find_percent(kith_instance *self, struct bundle_results *r, kith_error *err) {
    const kith_value hundred = percent_of(10000);
    const kith_value saved = kith_int(r->saving.as.money.minor);
    if (r->separately.as.money.minor <= 0)
        return KITH_OK;
    return self->numbers->multiply(&hundred, &saved, r->separately.as.money.minor,
                                   KITH_ROUND_HALF_UP, &r->percent, err);
}

static kith_status bundle_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct bundling b = {.self = self, .call = call, .txn = self->calls->view(call)};
    struct bundle_results r;
    struct relation *parts = NULL;
    struct line own;
    uint64_t count = 0;
    memset(&r, 0, sizeof r);
    KITH_TRY(KITH_ARGS(self, call, &b.args, err));
    if (b.args.quantity.as.decimal.units <= 0)
        return kith_fail(err, KITH_E_INVAL, "quantity", "quantity: it is more than 0");
    KITH_TRY(KITH_FIND(self, b.txn, relation, self->query.parts_of, 1, &b.args.product, &parts,
                       &count, err));
    if (!count)
        return kith_fail(err, KITH_E_REFUSED, "product",
                         "product: it is no bundle; say what it is made of by product_relation of "
                         "the kind bundle_part");
    KITH_TRY(cost_of(&b, b.args.product, b.args.quantity, b.args.currency, &b.price, &own, err));
    const kith_value currency = kith_text(own.net.as.money.currency);
    r.how = kith_text(b.price.why);
    r.net = own.net;
    r.parts = kith_int((int64_t)count);
    r.separately = money_zero(own.net.as.money.currency);
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(add_part(&b, &parts[i], currency, &r, err));
    KITH_TRY(self->numbers->add(&r.separately, -1, &r.net, &r.saving, err));
    KITH_TRY(find_percent(self, &r, err));
    return KITH_RESULTS(self, call, &r, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field params[] = {
    F("product", LINK, .options = "product", .flags = KITH_FF_REQUIRED, .doc = "The bundle."),
    F("quantity", QUANTITY, .default_text = "1", .doc = "How many of it."),
    F("account", LINK, .options = "account", .doc = "For whom: an organisation."),
    F("contact", LINK, .options = "contact", .doc = "For whom: a person."),
    F("price_book", LINK, .options = "price_book", .doc = "By this book alone."),
    F("currency", TEXT, .doc = "Only prices in this one: EUR."),
};
static const kith_field results[] = {
    F("net", MONEY, .doc = "What the bundle costs, without tax."),
    F("separately", MONEY, .doc = "What its parts would cost each by itself."),
    F("saving", MONEY, .doc = "How much less the bundle is; below 0: how much more."),
    F("percent", PERCENT, .doc = "The same as a part of the parts' price."),
    F("parts", INTEGER, .doc = "How many products it is made of."),
    F("how", LONGTEXT, .doc = "How the price of the bundle came about."),
};
static const kith_field columns[] = {
    F("product", LINK, .options = "product", .doc = "The part."),
    F("quantity", QUANTITY, .doc = "How many of it are in all of the bundles."),
    F("unit_price", MONEY, .doc = "What one would cost by itself."),
    F("discount", PERCENT, .doc = "Percent less, by the terms of the customer."),
    F("net", MONEY, .doc = "What they would cost without tax."),
};
static const kith_action actions[] = {
    {.name = "bundle",
     .doc =
         "Says what a bundle is made of, what it costs a customer, and what it saves against its "
         "parts.",
     .effect = KITH_EFFECT_READ,
     .fn = bundle_action,
     .params = KITH_ARRAY(params),
     .results = KITH_ARRAY(results),
     .columns = KITH_ARRAY(columns)},
};

static const kith_want wants[] = {
    KITH_WANT(QUERY,
              "product_relation where product = :product and kind = 'bundle_part' order by id",
              query.parts_of),
};
const kith_part bundle_part = {
    .struct_size = sizeof bundle_part,
    .wants = KITH_ARRAY(wants),
    .actions = KITH_ARRAY(actions),
};
