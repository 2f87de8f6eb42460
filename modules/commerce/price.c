/* SPDX-License-Identifier: Apache-2.0 */
/* Prices: books of them, with currency, validity and breaks by quantity, the terms that were agreed
 * with a customer, and the answer to what something costs. */
#include "commerce.h"

#define LEVELS 32 /* of territories in each other */

/* -- whose terms hold ---------------------------------------------------------------------------
 */

struct terms {
    kith_value price_book, discount, territory;
    uint64_t tiers;
};

/* What somebody has not agreed on holds as it does for who stands above. */
static void take(struct terms *t, kith_value price_book, kith_value discount,
                 kith_value territory) {
    if (!kith_has(t->price_book))
        t->price_book = price_book;
    if (!kith_has(t->discount))
        t->discount = discount;
    if (!kith_has(t->territory))
        t->territory = territory;
}

/* What was agreed with a person holds when they buy for themselves, and for the account that they
 * belong to or what is below it: another account that pays has terms of its own. */
static kith_status terms_of(kith_instance *self, const kith_txn *txn,
                            const struct price_question *ask, struct terms *t, kith_error *err) {
    struct contact c;
    struct account_chain up;
    KITH_TRY(KITH_FOLLOW(self, txn, contact, ask->contact, &c, err));
    KITH_TRY(units_above(self, txn, kith_has(ask->account) ? ask->account : c.account, &up, err));
    *t = (struct terms){0};
    if (!kith_has(ask->account) || is_unit_of(&up, &c.account))
        take(t, c.price_book, c.discount, kith_null());
    for (uint64_t i = 0; i < up.count; i++)
        take(t, up.at[i].price_book, up.at[i].discount, up.at[i].territory);
    return tiers_of(self, txn, ask->account, ask->contact, &t->tiers, err);
}

/* -- one book -----------------------------------------------------------------------------------
 */

static int32_t holds_on(kith_value from, kith_value until, kith_value day) {
    return (!kith_has(from) || from.as.i <= day.as.i) &&
           (!kith_has(until) || until.as.i >= day.as.i);
}

static int32_t same_currency(kith_value money, kith_value code) {
    return !kith_has(code) || is_in(&money, &code);
}

struct search {
    kith_instance *self;
    const kith_txn *txn;
    const struct price_question *ask;
    struct product product;
    struct terms terms;
    struct price_answer *out;
    kith_value list;      /* the list price, its product's own or that of what it is a variant of */
    int32_t found, final; /* final: the terms of the customer come not on top */
};

static void say(struct search *s, const char *format, ...) {
    size_t n = strlen(s->out->why);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(s->out->why + n, sizeof s->out->why - n, format, args);
    va_end(args);
}

/* The price of the row for the highest quantity that is reached. */
static kith_status look_for(struct search *s, const struct book *book, kith_value product,
                            kith_error *err) {
    kith_instance *self = s->self;
    const kith_value params[] = {book->id, product, s->ask->quantity, s->ask->day};
    struct price row;
    char amount[KITH_NUMBER_TEXT], from[KITH_NUMBER_TEXT];
    KITH_TRY(KITH_FIRST(self, s->txn, price, self->query.price_of, 4, params, &row, err));
    if (!kith_has(row.id))
        return KITH_OK;
    s->out->unit_price = row.amount;
    if (!kith_has(row.amount)) {
        const kith_value rest = percent_of(10000 - row.discount.as.decimal.units);
        if (!same_currency(s->list, book->currency))
            return KITH_OK; /* so much less than a price that there is not */
        KITH_TRY(self->numbers->multiply(&s->list, &rest, 100, money_rounding(self),
                                         &s->out->unit_price, err));
    }
    self->numbers->text(&s->out->unit_price, amount);
    self->numbers->text(&row.min_quantity, from);
    say(s, "%.*s: %s%s%s", KITH_CHARS(book->name.as.s), amount,
        row.min_quantity.as.decimal.units > 1000 ? " from " : "",
        row.min_quantity.as.decimal.units > 1000 ? from : "");
    s->out->price = row.id;
    s->out->price_book = book->id;
    s->found = 1;
    s->final = book->final.kind == KITH_BOOL && book->final.as.i;
    return KITH_OK;
}

static kith_status look_in(struct search *s, const struct book *book, kith_error *err) {
    if (!holds_on(book->valid_from, book->valid_until, s->ask->day))
        return KITH_OK;
    if (kith_has(s->ask->currency) && !kith_equal(book->currency, s->ask->currency))
        return KITH_OK;
    KITH_TRY(look_for(s, book, s->product.id, err));
    if (!s->found && kith_has(s->product.variant_of))
        KITH_TRY(look_for(s, book, s->product.variant_of, err));
    return KITH_OK;
}

/* -- which book ---------------------------------------------------------------------------------
 */

static kith_status look_in_one(struct search *s, kith_value link, kith_error *err) {
    kith_instance *self = s->self;
    struct book book;
    if (s->found || !kith_has(link))
        return KITH_OK;
    KITH_TRY(KITH_LOAD(self, s->txn, book, link.as.link.id, &book, err));
    return look_in(s, &book, err);
}

static kith_status look_in_all(struct search *s, uint32_t query, uint32_t count,
                               const kith_value *params, kith_error *err) {
    kith_instance *self = s->self;
    struct book *books;
    uint64_t n = 0;
    if (s->found)
        return KITH_OK;
    KITH_TRY(KITH_FIND(self, s->txn, book, query, count, params, &books, &n, err));
    for (uint64_t i = 0; !s->found && i < n; i++)
        KITH_TRY(look_in(s, &books[i], err));
    return KITH_OK;
}

/* Those of the tiers that who buys is in, in the order of the settings. */
static kith_status look_in_tiers(struct search *s, kith_error *err) {
    for (uint64_t i = 0; !s->found && s->terms.tiers >> i; i++) {
        const struct tier *tier = kith_row_of(&s->self->tiers, i);
        if (!(s->terms.tiers >> i & 1))
            continue;
        KITH_TRY(look_in_all(s, s->self->query.tier_books, 1, &tier->name, err));
        if (s->found)
            say(s, " for tier %.*s", KITH_CHARS(tier->name.as.s));
    }
    return KITH_OK;
}

/* The territory of the account, and those that it lies in. */
static kith_status look_in_territories(struct search *s, kith_error *err) {
    kith_instance *self = s->self;
    kith_value at = s->terms.territory;
    const kith_row *row;
    for (int i = 0; !s->found && i < LEVELS && kith_has(at); i++) {
        KITH_TRY(look_in_all(s, self->query.territory_books, 1, &at, err));
        KITH_TRY(self->records->get(s->txn, self->territory, at.as.link.id, &row, err));
        KITH_TRY(self->records->read(s->txn, row, 1, &self->territory_parent, &at, err));
    }
    return KITH_OK;
}

static kith_status look_in_books(struct search *s, kith_error *err) {
    kith_instance *self = s->self;
    if (kith_has(s->ask->price_book))
        return look_in_one(s, s->ask->price_book, err);
    KITH_TRY(look_in_one(s, s->terms.price_book, err));
    KITH_TRY(look_in_tiers(s, err));
    KITH_TRY(look_in_territories(s, err));
    return look_in_all(s, self->query.standard_books, 0, NULL, err);
}

/* -- the answer ---------------------------------------------------------------------------------
 */

static kith_status read_product(struct search *s, kith_error *err) {
    kith_instance *self = s->self;
    struct product of;
    KITH_TRY(KITH_LOAD(self, s->txn, product, s->ask->product.as.link.id, &s->product, err));
    s->list = s->product.price;
    if (!kith_has(s->list) && kith_has(s->product.variant_of)) {
        KITH_TRY(KITH_LOAD(self, s->txn, product, s->product.variant_of.as.link.id, &of, err));
        s->list = of.price;
    }
    return KITH_OK;
}

static kith_status take_list_price(struct search *s, kith_error *err) {
    const kith_str code = s->product.code.as.s, cur = s->ask->currency.as.s;
    char amount[KITH_NUMBER_TEXT];
    if (!kith_has(s->list) || !same_currency(s->list, s->ask->currency))
        return kith_fail(err, KITH_E_REFUSED, "product",
                         "product: '%.*s' has no price%s%.*s; give it a list price, or a row in a "
                         "price book that holds for this customer and day",
                         KITH_CHARS(code), cur.len ? " in " : "", (int)cur.len,
                         cur.len ? cur.ptr : "");
    s->out->unit_price = s->list;
    s->self->numbers->text(&s->list, amount);
    say(s, "list price: %s", amount);
    return KITH_OK;
}

/* What was agreed is given as far as the tier allows: nobody stands before a price that is refused.
 */
static void take_discount(struct search *s) {
    const struct tier *tier = tiers_limit(s->self, s->terms.tiers);
    kith_value *out = &s->out->discount;
    char percent[KITH_NUMBER_TEXT], agreed[KITH_NUMBER_TEXT];
    if (!kith_has(s->terms.discount) || !s->terms.discount.as.decimal.units || s->final)
        return;
    *out = s->terms.discount;
    if (tier && out->as.decimal.units > tier->limit.as.i * 100)
        *out = percent_of(tier->limit.as.i * 100);
    s->self->numbers->text(out, percent);
    say(s, "; terms of the customer: less %s %%", percent);
    if (out->as.decimal.units == s->terms.discount.as.decimal.units)
        return;
    s->self->numbers->text(&s->terms.discount, agreed);
    say(s, " of %s %%, which is what tier %.*s allows", agreed, KITH_CHARS(tier->name.as.s));
}

kith_status price_find(kith_instance *self, const kith_txn *txn, const struct price_question *ask,
                       struct price_answer *out, kith_error *err) {
    struct search s = {.self = self, .txn = txn, .ask = ask, .out = out};
    *out = (struct price_answer){0};
    KITH_TRY(read_product(&s, err));
    KITH_TRY(terms_of(self, txn, ask, &s.terms, err));
    KITH_TRY(look_in_books(&s, err));
    if (!s.found)
        KITH_TRY(take_list_price(&s, err));
    if (s.list.kind == KITH_MONEY &&
        strcmp(s.list.as.money.currency, out->unit_price.as.money.currency) == 0)
        out->list_price = s.list;
    take_discount(&s);
    return KITH_OK;
}

struct price_args {
    kith_value product, quantity, account, contact, price_book, currency, day;
};
struct price_results {
    kith_value unit_price, discount, net, tax, total, list_price, price_book, price, why;
};

static kith_status price_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct price_args args;
    struct price_answer answer;
    struct product product;
    const kith_txn *txn = self->calls->view(call);
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    if (args.quantity.as.decimal.units <= 0)
        return kith_fail(err, KITH_E_INVAL, "quantity", "quantity: it is more than 0");
    if (!kith_has(args.day))
        args.day = KITH_TODAY(self);
    const struct price_question ask = {args.account,    args.contact,  args.product, args.quantity,
                                       args.price_book, args.currency, args.day};
    KITH_TRY(price_find(self, txn, &ask, &answer, err));
    KITH_TRY(KITH_LOAD(self, txn, product, args.product.as.link.id, &product, err));
    struct line line = {.quantity = args.quantity,
                        .unit_price = answer.unit_price,
                        .discount = answer.discount,
                        .tax_rate = product.tax_rate};
    KITH_TRY(money_of_line(self, &line, err));
    const struct price_results results = {
        answer.unit_price, answer.discount, line.net,
        line.tax,          line.total,      answer.list_price,
        answer.price_book, answer.price,    kith_text(answer.why)};
    return KITH_RESULTS(self, call, &results, err);
}

/* -- hooks --------------------------------------------------------------------------------------
 */

static kith_status check_days(kith_value from, kith_value until, kith_error *err) {
    if (!kith_has(from) || !kith_has(until) || from.as.i <= until.as.i)
        return KITH_OK;
    return kith_fail(err, KITH_E_REFUSED, "valid_until",
                     "valid_until: it lies before valid_from; one that holds for a day has it in "
                     "both");
}

static kith_status check_whose(kith_instance *self, const kith_txn *txn, const kith_change *change,
                               const struct book *b, kith_error *err) {
    if (!kith_has(b->tier))
        return KITH_OK;
    if (kith_has(b->territory) || (b->standard.kind == KITH_BOOL && b->standard.as.i))
        return kith_fail(
            err, KITH_E_REFUSED, "tier",
            "tier: a book is one of a tier, of a territory, or standard; for who is in "
            "both have a tier with the territory in its condition");
    return self->records->changed(txn, change, self->book.tier) == 1
               ? tier_check(self, b->tier.as.s, err)
               : KITH_OK;
}

static kith_status book_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                             kith_error *err) {
    struct book b;
    char code[4] = "";
    KITH_TRY(KITH_CHANGE(self, txn, change, book, &b, err));
    if (!kith_has(b.currency)) /* required: refused after the hooks */
        return KITH_OK;
    if (b.currency.as.s.len == 3)
        memcpy(code, b.currency.as.s.ptr, 3);
    if (self->numbers->digits(code) < 0)
        return kith_fail(err, KITH_E_REFUSED, "currency",
                         "currency: '%.*s' is none of ISO 4217; write it as EUR",
                         KITH_CHARS(b.currency.as.s));
    if (change->before && self->records->changed(txn, change, self->book.currency) == 1) {
        struct price *rows;
        uint64_t count = 0;
        KITH_TRY(KITH_FIND(self, txn, price, self->query.prices_of, 1, &b.id, &rows, &count, err));
        if (count)
            return kith_fail(err, KITH_E_REFUSED, "currency",
                             "currency: the book has %llu price%s in the old one; make a new book",
                             (unsigned long long)count, count == 1 ? "" : "s");
    }
    KITH_TRY(check_whose(self, txn, change, &b, err));
    return check_days(b.valid_from, b.valid_until, err);
}

static kith_status check_amount(kith_instance *self, const kith_txn *txn, const struct price *p,
                                kith_error *err) {
    struct book b;
    KITH_TRY(KITH_LOAD(self, txn, book, p->price_book.as.link.id, &b, err));
    if (kith_has(p->amount) == kith_has(p->discount))
        return kith_fail(err, KITH_E_REFUSED, "amount",
                         "amount: a price has an amount, or a discount on the list price, and not "
                         "both");
    if (!same_currency(p->amount, b.currency) && kith_has(p->amount))
        return kith_fail(err, KITH_E_REFUSED, "amount",
                         "amount: it is in %s, and the prices of '%.*s' are in %.*s",
                         p->amount.as.money.currency, KITH_CHARS(b.name.as.s),
                         KITH_CHARS(b.currency.as.s));
    return KITH_OK;
}

static int32_t overlaps(const struct price *a, const struct price *b) {
    return (!kith_has(a->valid_until) || !kith_has(b->valid_from) ||
            b->valid_from.as.i <= a->valid_until.as.i) &&
           (!kith_has(b->valid_until) || !kith_has(a->valid_from) ||
            a->valid_from.as.i <= b->valid_until.as.i);
}

static kith_status price_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                              kith_error *err) {
    struct price p, *others;
    uint64_t count = 0;
    char from[KITH_NUMBER_TEXT], until[KITH_NUMBER_TEXT];
    KITH_TRY(KITH_CHANGE(self, txn, change, price, &p, err));
    KITH_TRY(check_amount(self, txn, &p, err));
    KITH_TRY(check_days(p.valid_from, p.valid_until, err));
    const kith_value params[] = {p.price_book, p.product, p.min_quantity};
    KITH_TRY(KITH_FIND(self, txn, price, self->query.same_price, 3, params, &others, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        if (others[i].id.as.link.id == change->id || !overlaps(&p, &others[i]))
            continue;
        self->numbers->text(&others[i].valid_from, from);
        self->numbers->text(&others[i].valid_until, until);
        return kith_fail(err, KITH_E_CONFLICT, "valid_from",
                         "valid_from: the book has a price of this product and quantity from %s "
                         "until %s; end that one first",
                         *from ? from : "ever", *until ? until : "ever");
    }
    return KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field book_fields[] = {
    F("name", TEXT, .flags = KITH_FF_REQUIRED | KITH_FF_UNIQUE | KITH_FF_SEARCHED,
      .doc = "What it is called: Retail 2026."),
    F("currency", TEXT, .flags = KITH_FF_REQUIRED, .doc = "Of all its prices: EUR."),
    F("valid_from", DATE, .doc = "From which day on it holds."),
    F("valid_until", DATE, .doc = "Until which day, that day included."),
    F("standard", BOOLEAN, .default_text = "false", .flags = KITH_FF_INDEXED,
      .doc = "It holds for everybody who has no other."),
    F("territory", LINK, .options = "territory",
      .doc = "It holds for the accounts there, and in the territories inside."),
    F("tier", TEXT, .flags = KITH_FF_INDEXED,
      .doc = "It holds for customers in this tier of commerce.tiers: gold."),
    F("priority", INTEGER, .default_text = "0",
      .doc = "Among several that hold the highest is asked first, as one for a promotion."),
    F("final", BOOLEAN, .default_text = "false",
      .doc = "Discounts that customers have by their terms do not come on top."),
    F("description", LONGTEXT, .doc = "For whom, and why."),
    F("prices", INTEGER, .rollup = "count(price)", .doc = "How many prices are in it."),
};
static const kith_field price_fields[] = {
    F("price_book", LINK, .options = "price_book", .flags = KITH_FF_REQUIRED | KITH_FF_PARTOF,
      .doc = "The book that it stands in."),
    F("product", LINK, .options = "product", .flags = KITH_FF_REQUIRED, .doc = "Of what."),
    F("min_quantity", QUANTITY, .default_text = "1", .min = "0.001",
      .doc = "From which quantity on: several rows are breaks."),
    F("amount", MONEY, .measure = KITH_M_ORDINAL, .min = "0", .doc = "What one costs."),
    F("discount", PERCENT, .min = "0", .max = "100",
      .doc = "Instead: so many percent less than the list price."),
    F("valid_from", DATE, .doc = "From which day on it holds."),
    F("valid_until", DATE, .doc = "Until which day, that day included."),
};
static const char *const price_indexes[] = {"price_book,product,-min_quantity"};

#define TERMS(whom)                                                                                \
    F("price_book", LINK, .options = "price_book",                                                 \
      .doc = "The prices that were agreed with " whom "."),                                        \
        F("discount", PERCENT, .min = "0", .max = "100",                                           \
          .doc = "Percent that " whom " get on every price that is not final.")
static const kith_field account_fields[] = {TERMS("them, or with those above them")};
static const kith_field contact_fields[] = {TERMS("the person")};

static const kith_type types[] = {
    {.name = "price_book",
     .label = "Price book",
     .doc = "A list of prices, and for whom and when they hold.",
     .title = "name",
     .fields = KITH_ARRAY(book_fields)},
    {.name = "price",
     .doc = "What a product costs in a price book.",
     .title = "product",
     .fields = KITH_ARRAY(price_fields),
     .indexes = KITH_ARRAY(price_indexes)},
    {.name = "account", .fields = KITH_ARRAY(account_fields), .extends = 1},
    {.name = "contact", .fields = KITH_ARRAY(contact_fields), .extends = 1},
};

static const kith_hook hooks[] = {
    {.name = "book",
     .type = "price_book",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = book_hook,
     .doc = "Keeps a book in one currency, its days in order, and its tier one that there is."},
    {.name = "price",
     .type = "price",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = price_hook,
     .doc = "Refuses prices in another currency, and two for the same day."},
};

static const kith_field params[] = {
    F("product", LINK, .options = "product", .flags = KITH_FF_REQUIRED, .doc = "Of what."),
    F("quantity", QUANTITY, .default_text = "1", .doc = "How much of it."),
    F("account", LINK, .options = "account", .doc = "For whom: an organisation."),
    F("contact", LINK, .options = "contact", .doc = "For whom: a person."),
    F("price_book", LINK, .options = "price_book", .doc = "By this book alone."),
    F("currency", TEXT, .doc = "Only prices in this one: EUR."),
    F("day", DATE, .doc = "On which day; without it today."),
};
static const kith_field results[] = {
    F("unit_price", MONEY, .doc = "What one costs."),
    F("discount", PERCENT, .doc = "Percent less, by the terms of the customer."),
    F("net", MONEY, .doc = "All of it without tax."),
    F("tax", MONEY, .doc = "The tax."),
    F("total", MONEY, .doc = "What is to be paid."),
    F("list_price", MONEY, .doc = "The list price of one, in that currency."),
    F("price_book", LINK, .options = "price_book", .doc = "The book that says so."),
    F("price", LINK, .options = "price", .doc = "The row in it."),
    F("why", LONGTEXT, .doc = "How it came about."),
};
static const kith_action actions[] = {
    {.name = "price",
     .doc = "Says what a product costs a customer, and why.",
     .effect = KITH_EFFECT_READ,
     .fn = price_action,
     .params = KITH_ARRAY(params),
     .results = KITH_ARRAY(results)},
};

#define HOLDS(day)                                                                                 \
    " and (valid_from is null or valid_from <= :" day ") and (valid_until is null or valid_until " \
    ">= :" day ")"
static const kith_want wants[] = {
    KITH_WANT_RECORD("price_book", book, BOOK),
    KITH_WANT_RECORD("price", price, PRICE),
    KITH_WANT(QUERY, "price_book where standard order by -priority", query.standard_books),
    KITH_WANT(QUERY, "price_book where territory = :territory order by -priority",
              query.territory_books),
    KITH_WANT(QUERY, "price_book where tier = :tier order by -priority", query.tier_books),
    KITH_WANT(QUERY,
              "price where price_book = :book and product = :product and min_quantity <= "
              ":quantity" HOLDS("day") " order by -min_quantity limit 1",
              query.price_of),
    KITH_WANT(QUERY,
              "price where price_book = :book and product = :product and min_quantity = :quantity",
              query.same_price),
    KITH_WANT(QUERY, "price where price_book = :book", query.prices_of),
};
const kith_part price_part = {
    .struct_size = sizeof price_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .actions = KITH_ARRAY(actions),
};
