/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of orders: priced when they are written, and anew for another customer. */
#include "commerce.h"

/* -- lines --------------------------------------------------------------------------------------
 */

__extension__ typedef __int128 wide;

/* A line that is being written, and its order. */
struct writing {
    kith_instance *self;
    kith_txn *txn;
    kith_change *change; /* NULL: it is only looked at */
    int32_t created;
    struct line line, asked; /* asked: as it was read */
    struct order order;
    struct product product;
    struct choice choice; /* as far as it was looked at */
    int32_t cheaper;      /* by the book of the order than the customer has it without */
    int32_t imported;     /* what took place elsewhere: it is written down, and not carried out */
};

static int32_t is_changed(const struct writing *w, uint32_t field) {
    return w->self->records->changed(w->txn, w->change, field) == 1;
}

static kith_status check_open(const struct writing *w, kith_error *err) {
    const kith_str state = w->order.state.as.s;
    /* It is written down as it was elsewhere, but for what was invoiced here. */
    if (w->imported && is_true(&w->order.placed_elsewhere) && !units_of(&w->line.invoiced))
        return KITH_OK;
    if (order_is_open(&w->order))
        return KITH_OK;
    if (w->imported)
        return kith_fail(err, KITH_E_REFUSED, "order",
                         "order: an import writes lines of carts, and of orders that an import "
                         "made as placed (channel=import) and that are not invoiced; %.*s is %.*s, "
                         "and its lines stay",
                         KITH_CHARS(w->order.number.as.s), KITH_CHARS(state));
    return kith_fail(err, KITH_E_REFUSED, "order",
                     "order: its lines stay as they are once it is %.*s; %s", KITH_CHARS(state),
                     order_remedy(state));
}

static kith_status check_product(const struct writing *w, kith_error *err) {
    const kith_str code = w->product.code.as.s;
    if (kith_is(w->product.state, "active"))
        return KITH_OK;
    return kith_fail(err, KITH_E_REFUSED, "product",
                     "product: '%.*s' is retired and sold no more; take its successor, or set it "
                     "active",
                     KITH_CHARS(code));
}

/* What it costs by a book, or by what the customer has without one. */
static kith_status ask_by(struct writing *w, kith_value book, kith_value currency,
                          struct price_answer *answer, kith_error *err) {
    const struct price_question ask = {
        .account = w->order.account,
        .contact = w->order.contact,
        .product = w->line.product,
        .quantity = w->line.quantity,
        .price_book = book,
        .currency = currency,
        .day = KITH_TODAY(w->self),
    };
    KITH_TRY(price_find(w->self, w->txn, &ask, answer, err));
    KITH_TRY(choice_price(&w->choice, answer->unit_price, &answer->unit_price, NULL, err));
    if (kith_has(answer->list_price))
        KITH_TRY(choice_price(&w->choice, answer->list_price, &answer->list_price, NULL, err));
    return KITH_OK;
}

/* A book that somebody chose is looked at beside what the customer would have without it: only
 * where that is more, or nothing, the price is somebody's choice; and it stands for a list price
 * that there is not. */
static kith_status compare_book(struct writing *w, struct price_answer *answer, kith_error *err) {
    struct price_answer usual;
    kith_error none = {.struct_size = sizeof none};
    const kith_value currency = kith_text(answer->unit_price.as.money.currency);
    w->cheaper = 1;
    kith_status st = ask_by(w, kith_null(), currency, &usual, &none);
    if (st == KITH_E_REFUSED)
        return KITH_OK; /* there is no other */
    if (st != KITH_OK)
        return kith_fail(err, st, none.field, "%s", none.message);
    w->cheaper = minor_of(&answer->unit_price) < minor_of(&usual.unit_price);
    if (!kith_has(answer->list_price))
        answer->list_price = usual.unit_price;
    return KITH_OK;
}

static kith_status ask_price(struct writing *w, struct price_answer *answer, kith_error *err) {
    kith_value currency = w->order.currency;
    if (!kith_has(currency) && w->line.unit_price.kind == KITH_MONEY && w->change &&
        is_changed(w, w->self->line.unit_price))
        currency = kith_text(w->line.unit_price.as.money.currency);
    w->cheaper = 0;
    KITH_TRY(ask_by(w, w->order.price_book, currency, answer, err));
    return kith_has(answer->price) && kith_has(w->order.price_book) ? compare_book(w, answer, err)
                                                                    : KITH_OK;
}

static kith_value found_by(const struct writing *w, const struct price_answer *answer) {
    return kith_text(!kith_has(answer->price) ? "list" : w->cheaper ? "chosen" : "book");
}

static kith_status take_price(struct writing *w, int32_t with_discount, kith_error *err) {
    struct price_answer answer;
    KITH_TRY(ask_price(w, &answer, err));
    w->line.unit_price = answer.unit_price;
    w->line.list_price = answer.list_price;
    w->line.priced_by = found_by(w, &answer);
    if (with_discount)
        w->line.discount = answer.discount;
    return KITH_OK;
}

/* One that somebody said. What it would be is kept with it, as that tells how much less it is. */
static kith_status keep_price(struct writing *w, kith_error *err) {
    struct price_answer answer;
    kith_error none = {.struct_size = sizeof none};
    w->line.priced_by = kith_text("hand");
    w->line.list_price = kith_null();
    kith_status st = ask_price(w, &answer, &none);
    if (st == KITH_E_REFUSED)
        return KITH_OK; /* there is no other */
    if (st != KITH_OK)
        return kith_fail(err, st, none.field, "%s", none.message);
    w->line.list_price = kith_has(answer.list_price) ? answer.list_price : answer.unit_price;
    if (minor_of(&answer.unit_price) == minor_of(&w->line.unit_price))
        w->line.priced_by = found_by(w, &answer);
    return KITH_OK;
}

static int32_t is_other(const struct writing *w) {
    return is_changed(w, w->self->line.product) || is_changed(w, w->self->line.chosen) ||
           is_changed(w, w->self->line.configuration);
}

/* What was chosen of the product, when it is another one or costs something else. */
static kith_status settle_choice(struct writing *w, kith_error *err) {
    kith_instance *self = w->self;
    const int32_t chosen = is_other(w);
    if (!chosen && !is_changed(w, self->line.quantity) && !is_changed(w, self->line.unit_price))
        return KITH_OK;
    KITH_TRY(choice_make(self, w->txn, &w->product, w->line.chosen, kith_null(), &w->choice, err));
    KITH_TRY(choice_check(&w->choice, err));
    if (!w->choice.asked)
        return KITH_OK;
    KITH_TRY(choice_codes(&w->choice, &w->line.chosen, err));
    if (!kith_has(w->line.description) || (chosen && !is_changed(w, self->line.description)))
        KITH_TRY(configure_describe(&w->choice, w->product.name, &w->line.description, err));
    return KITH_OK;
}

/* A price that is given stays; another product, quantity or choice has another price. */
static kith_status settle_price(struct writing *w, kith_error *err) {
    const kith_instance *self = w->self;
    const int32_t other = is_other(w), by_hand = kith_is(w->line.priced_by, "hand");
    if (kith_has(w->line.unit_price) && is_changed(w, self->line.unit_price)) {
        if (order_is_open(&w->order))
            return keep_price(w, err);
        w->line.priced_by = kith_text("hand"); /* of what was sold elsewhere nobody asks */
        w->line.list_price = kith_null();
        return KITH_OK;
    }
    if (!kith_has(w->line.unit_price) || other || (!by_hand && is_changed(w, self->line.quantity)))
        return take_price(w, !is_changed(w, self->line.discount) || !kith_has(w->line.discount),
                          err);
    return KITH_OK;
}

/* All lines are in the currency of the order, which is that of its first. */
static kith_status settle_currency(struct writing *w, kith_error *err) {
    const char *currency = w->line.unit_price.as.money.currency;
    kith_instance *self = w->self;
    if (!kith_has(w->order.currency))
        return KITH_SET(self, w->txn, order, currency, w->order.id.as.link.id, kith_text(currency),
                        err);
    if (kith_is(w->order.currency, currency))
        return KITH_OK;
    return kith_fail(err, KITH_E_REFUSED, "unit_price",
                     "unit_price: it is in %s, and the order is in %.*s", currency,
                     KITH_CHARS(w->order.currency.as.s));
}

/* In hundredths of a percent. Where a price is somebody's choice, by hand or by the book that they
 * took, it is what is asked less than the list price, however it came to be; all of it where the
 * product has its price in another currency alone, and nothing tells how much less it is. */
static int64_t off_list(const struct writing *w, int32_t *unknown) {
    const struct line *l = &w->line;
    const int64_t given = units_of(&l->discount), price = minor_of(&l->unit_price),
                  list = minor_of(&l->list_price);
    const int32_t chosen = kith_is(l->priced_by, "chosen") || kith_is(l->priced_by, "hand");
    *unknown = chosen && !kith_has(l->list_price) && order_is_open(&w->order) &&
               w->product.price.kind == KITH_MONEY &&
               strcmp(w->product.price.as.money.currency, l->unit_price.as.money.currency) != 0;
    if (*unknown)
        return 10000;
    if (!chosen || list <= 0 ||
        strcmp(l->list_price.as.money.currency, l->unit_price.as.money.currency) != 0)
        return given;
    const wide asked = ((wide)price * (10000 - given) + list / 2) / list; /* half up */
    return asked < 10000 ? 10000 - (int64_t)asked : 0;
}

/* How many percent may be off for who buys, and which setting says so. */
static kith_status limit_of(const struct writing *w, int64_t *limit, char said_by[100],
                            kith_error *err) {
    uint64_t in;
    KITH_TRY(tiers_of(w->self, w->txn, w->order.account, w->order.contact, &in, err));
    const struct tier *tier = tiers_limit(w->self, in);
    *limit = tier ? tier->limit.as.i : w->self->discount_limit.as.i;
    (void)snprintf(said_by, 100, "commerce.discount_limit");
    if (tier)
        (void)snprintf(said_by, 100, "tier '%.*s' of commerce.tiers",
                       KITH_CUT(tier->name.as.s, 60));
    return KITH_OK;
}

static kith_status check_discount(struct writing *w, kith_error *err) {
    char text[KITH_NUMBER_TEXT], said_by[100];
    int64_t limit;
    int32_t unknown;
    w->line.off_list = percent_of(off_list(w, &unknown));
    if (!units_of(&w->line.off_list))
        return KITH_OK;
    KITH_TRY(limit_of(w, &limit, said_by, err));
    if (units_of(&w->line.off_list) <= limit * 100)
        return KITH_OK;
    w->self->numbers->text(&w->line.off_list, text);
    if (unknown)
        return kith_fail(err, KITH_E_REFUSED, "unit_price",
                         "unit_price: '%.*s' has no price in %s that it could be measured by, as "
                         "%s wants; give it one in a price book",
                         KITH_CHARS(w->product.code.as.s), w->line.unit_price.as.money.currency,
                         said_by);
    if (units_of(&w->line.off_list) != units_of(&w->line.discount))
        return kith_fail(err, KITH_E_REFUSED, "unit_price",
                         "unit_price: with the discount it is %s %% below the list price, more "
                         "than %s allows (%lld %%)",
                         text, said_by, (long long)limit);
    return kith_fail(err, KITH_E_REFUSED, "discount",
                     "discount: %s %% is more than %s allows (%lld %%)", text, said_by,
                     (long long)limit);
}

/* What it costs us, as it is today; not known where it is in another currency. */
static kith_status take_cost(struct writing *w, kith_error *err) {
    const kith_value *cost = &w->product.cost;
    w->line.cost = kith_null();
    if (cost->kind != KITH_MONEY ||
        strcmp(cost->as.money.currency, w->line.unit_price.as.money.currency) != 0)
        return KITH_OK;
    return w->self->numbers->multiply(cost, &w->line.quantity, 1, money_rounding(w->self),
                                      &w->line.cost, err);
}

static kith_status write_line(struct writing *w, kith_error *err) {
    const kith_instance *self = w->self;
    KITH_TRY(take_cost(w, err));
    KITH_TRY(money_of_line(self, &w->line, err));
    return KITH_SET_CHANGED(self, w->txn, w->change, line, &w->asked, &w->line, err);
}

static kith_status settle_line(struct writing *w, kith_error *err) {
    kith_instance *self = w->self;
    struct line *l = &w->line;
    const int32_t undone = w->change->origin == KITH_ORIGIN_UNDO;
    KITH_TRY(KITH_READ(self, w->txn, line, w->change->after, &w->asked, err));
    *l = w->asked;
    KITH_TRY(KITH_LOAD(self, w->txn, order, l->order.as.link.id, &w->order, err));
    KITH_TRY(check_open(w, err));
    if (!kith_has(l->quantity))
        return kith_fail(err, KITH_E_INVAL, "quantity",
                         "quantity: it is empty; write how much is bought, 0.001 or more");
    if (kith_has(l->configuration) && is_changed(w, self->line.configuration))
        KITH_TRY(configure_take(self, w->txn, l, err));
    KITH_TRY(KITH_LOAD(self, w->txn, product, l->product.as.link.id, &w->product, err));
    KITH_TRY(check_product(w, err));
    KITH_TRY(settle_choice(w, err));
    KITH_TRY(settle_price(w, err));
    if (undone) /* prices go back as they were */
        KITH_TRY(money_undone(self, w->txn, w->change, l, err));
    KITH_TRY(settle_currency(w, err));
    KITH_TRY(check_discount(w, err));
    if (!kith_has(l->tax_rate) || (!w->created && !undone && is_changed(w, self->line.product) &&
                                   !is_changed(w, self->line.tax_rate)))
        l->tax_rate = w->product.tax_rate;
    if (!kith_has(l->description))
        l->description = w->product.name;
    if (!kith_has(l->supplied_by) && is_changed(w, self->line.product))
        l->supplied_by = w->product.supplier;
    return write_line(w, err);
}

static kith_status line_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                             kith_error *err) {
    struct writing w = {.self = self,
                        .txn = txn,
                        .change = change,
                        .created = change->kind == KITH_ON_CREATE,
                        .imported = change->origin == KITH_ORIGIN_IMPORT};
    const kith_status st = settle_line(&w, err);
    choice_end(&w.choice);
    return st;
}

/* A rule of the company may have changed its price, quantity or discount since. */
static kith_status line_agrees_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                    kith_error *err) {
    struct line l, was;
    KITH_TRY(KITH_CHANGE(self, txn, change, line, &l, err));
    was = l;
    KITH_TRY(money_of_line(self, &l, err));
    if (minor_of(&l.net) == minor_of(&was.net) && minor_of(&l.total) == minor_of(&was.total) &&
        strcmp(l.net.as.money.currency, was.net.as.money.currency) == 0)
        return KITH_OK;
    return line_hook(self, txn, change, err);
}

/* What somebody has before them as an offer stays, wherever it comes from. */
static int32_t is_import_undone(const struct writing *w, uint32_t origin) {
    return origin == KITH_ORIGIN_UNDO && kith_is(w->order.channel, "import") &&
           !kith_is(w->order.state, "quoted") && !units_of(&w->line.invoiced);
}

static kith_status line_gone_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                  kith_error *err) {
    struct writing w = {.self = self, .txn = txn, .change = change};
    KITH_TRY(KITH_CHANGE(self, txn, change, line, &w.line, err));
    if (is_by_rules(change->origin))
        return KITH_OK;
    kith_status st = KITH_LOAD(self, txn, order, w.line.order.as.link.id, &w.order, err);
    if (st == KITH_OK && (!order_was_placed(&w.order) || is_import_undone(&w, change->origin)))
        return KITH_OK;
    return st == KITH_E_NOTFOUND ? KITH_OK : st == KITH_OK ? check_open(&w, err) : st;
}

/* -- another customer ---------------------------------------------------------------------------
 */

/* An order whose customer is another one now. */
struct handover {
    kith_instance *self;
    kith_txn *txn;
    struct order was, order; /* the order as it will be, still in the state that it was in */
    int32_t writes;          /* its lines; or else they must cost the same */
};

/* By the terms of who buys now. A price that somebody said stays, and is measured by them; so does
 * a discount that was not what the customer before had by theirs. */
static kith_status price_anew(struct writing *w, const struct order *was, kith_error *err) {
    kith_instance *self = w->self;
    struct writing before;
    struct price_answer then;
    kith_error none = {.struct_size = sizeof none};
    KITH_TRY(KITH_LOAD(self, w->txn, product, w->line.product.as.link.id, &w->product, err));
    KITH_TRY(choice_make(self, w->txn, &w->product, w->line.chosen, kith_null(), &w->choice, err));
    if (kith_is(w->line.priced_by, "hand"))
        return keep_price(w, err);
    before = *w;
    before.order = *was;
    const kith_status st = ask_price(&before, &then, &none);
    if (st != KITH_OK && st != KITH_E_REFUSED)
        return kith_fail(err, st, none.field, "%s", none.message);
    return take_price(w, st != KITH_OK || units_of(&then.discount) == units_of(&w->line.discount),
                      err);
}

/* Customers are deleted, and their carts are nobody's then: what cannot be priced for nobody waits
 * for whoever comes next. */
static int32_t may_wait(const struct handover *h, const struct writing *w, kith_status st) {
    return !kith_has(h->order.account) && !kith_has(h->order.contact) &&
           (st == KITH_E_REFUSED || kith_is(w->line.priced_by, "hand") ||
            (st == KITH_OK && !kith_is(w->product.state, "active")));
}

/* What of the line is another one than it was. */
static kith_edit changes_of(const struct writing *w, const struct line *old) {
    const kith_instance *self = w->self;
    const struct line *l = &w->line;
    kith_edit edit = {0};
    if (minor_of(&l->unit_price) != minor_of(&old->unit_price))
        kith_put(&edit, self->line.unit_price, l->unit_price);
    if (kith_is(l->priced_by, "hand") && minor_of(&l->list_price) != minor_of(&old->list_price))
        kith_put(&edit, self->line.list_price, l->list_price);
    if (units_of(&l->discount) != units_of(&old->discount))
        kith_put(&edit, self->line.discount, l->discount);
    return edit;
}

static kith_status hand_over_line(const struct handover *h, const struct line *line,
                                  kith_error *err) {
    kith_instance *self = h->self;
    struct writing w = {.self = self, .txn = h->txn, .line = *line, .order = h->order};
    const char *who = kith_equal(h->was.account, h->order.account) ? "contact" : "account";
    kith_error why = {.struct_size = sizeof why};
    kith_status st = price_anew(&w, &h->was, &why);
    choice_end(&w.choice);
    if (st == KITH_OK)
        st = check_discount(&w, &why); /* by the limits of who buys now */
    if (may_wait(h, &w, st))
        return KITH_OK;
    if (st != KITH_OK)
        return kith_fail(err, st, why.field, "%s", why.message);
    kith_edit edit = changes_of(&w, line);
    if (edit.count && !h->writes)
        return kith_fail(err, KITH_E_REFUSED, who,
                         "%s: by the terms of this customer the line '%.*s' costs something else; "
                         "set who buys while the order is a cart, which prices it anew",
                         who, KITH_CHARS(line->description.as.s));
    kith_put(&edit, self->line.priced_by, w.line.priced_by);
    return h->writes ? kith_edit_update(self->records, h->txn, self->line.type, line->id.as.link.id,
                                        &edit, err)
                     : KITH_OK;
}

/* A merge leaves the customer who they were. */
static kith_status handover_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                 kith_error *err) {
    struct handover h = {.self = self, .txn = txn};
    struct line *lines;
    uint64_t count = 0;
    KITH_TRY(KITH_CHANGE(self, txn, change, order, &h.order, err));
    KITH_TRY(KITH_READ(self, txn, order, change->before, &h.was, err));
    if (!is_before_order(h.was.state.as.s) || kith_is(h.order.state, "cancelled"))
        return KITH_OK;
    h.writes = order_is_open(&h.order);
    h.order.state = h.was.state;
    KITH_TRY(KITH_FIND(self, txn, line, self->query.lines_of, 1, &h.order.id, &lines, &count, err));
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(hand_over_line(&h, &lines[i], err));
    return KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field line_fields[] = {
    F("order", LINK, .options = "order", .flags = KITH_FF_REQUIRED | KITH_FF_PARTOF,
      .doc = "The order."),
    F("product", LINK, .options = "product", .flags = KITH_FF_REQUIRED, .doc = "What is bought."),
    F("description", TEXT, .flags = KITH_FF_SEARCHED,
      .doc = "As it stands on papers; that of the product when nothing is said."),
    F("chosen", TAGS, .doc = "Codes of the options that were chosen of it."),
    F("configuration", LINK, .options = "configuration",
      .doc = "What was configured for the customer; product and options are taken from it."),
    F("quantity", QUANTITY, .default_text = "1", .min = "0.001", .doc = "How much of it."),
    F("unit_price", MONEY, .measure = KITH_M_ORDINAL, .min = "0",
      .doc = "What one costs; looked up when nothing is said, and kept when it is."),
    F("list_price", MONEY, .measure = KITH_M_ORDINAL, .flags = KITH_FF_READONLY,
      .doc = "What one costs without all terms: by the list, or else by the books."),
    F("priced_by", CHOICE, .options = "list,book,hand,chosen", .flags = KITH_FF_READONLY,
      .doc =
          "Where the price comes from; chosen is one of the price book that the order names, below "
          "what the customer has without it, and by hand one that neither list nor book has."),
    F("discount", PERCENT, .min = "0", .max = "100", .doc = "Percent less."),
    F("off_list", PERCENT, .flags = KITH_FF_READONLY,
      .doc = "Percent that is asked less than the list price, where the price is somebody's choice "
             "(by hand, chosen), and 100 where it has one in other currencies alone; else the "
             "discount. Limits of discounts go by it."),
    F("tax_rate", PERCENT, .min = "0", .max = "100",
      .doc = "Tax in percent; that of the product when nothing is said."),
    F("net", MONEY, .flags = KITH_FF_READONLY, .doc = "Without tax."),
    F("tax", MONEY, .flags = KITH_FF_READONLY, .doc = "The tax."),
    F("total", MONEY, .flags = KITH_FF_READONLY, .doc = "With tax."),
    F("cost", MONEY, .flags = KITH_FF_READONLY,
      .doc = "What all of it costs us, by the cost of the product when the line was written."),
    F("invoiced", QUANTITY, .rollup = "sum(invoice_line.counts via order_line)",
      .doc = "How much of it stands on invoices."),
    F("credited", QUANTITY,
      .rollup = "sum(invoice_line.quantity via order_line where corrects is not null and counts = "
                "0)",
      .doc = "How much of it was credited, and is not billed again."),
    F("supplied_by", LINK, .options = "account",
      .doc = "The partner from whom it comes; the product's supplier when nothing is said."),
};

static const kith_type types[] = {
    {.name = "order_line",
     .label = "Order line",
     .doc = "One product of an order.",
     .title = "description",
     .fields = KITH_ARRAY(line_fields)},
};

static const char *const customer_fields[] = {"account", "contact"};
static const kith_hook hooks[] = {
    {.name = "line",
     .type = "order_line",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .fn = line_hook,
     .doc = "Prices a line, and keeps the lines of orders that were placed."},
    {.name = "line_agrees",
     .type = "order_line",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = line_agrees_hook,
     .doc = "Works a line out again that a rule has changed."},
    {.name = "line_gone",
     .type = "order_line",
     .on = KITH_ON_DELETE,
     .when = KITH_BEFORE,
     .fn = line_gone_hook,
     .doc = "Keeps the lines of orders that were placed."},
    {.name = "other_customer",
     .type = "order",
     .on = KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .priority = 50,
     .fn = handover_hook,
     .except = KITH_FROM(MERGE) | KITH_FROM(RETENTION) | KITH_FROM(ERASE),
     .fields = KITH_ARRAY(customer_fields),
     .doc = "Prices the lines of a cart anew that is given to another customer."},
};

static const kith_setting settings[] = {
    {.key = "discount_limit",
     .kind = KITH_INT,
     .default_text = "100",
     .min = 0,
     .max = 100,
     .doc = "The highest discount on a line, in percent of the list price where the price is typed "
            "or its book chosen."},
};

static const kith_want wants[] = {
    KITH_WANT_RECORD("order_line", line, LINE),
    KITH_WANT(QUERY, "order_line where order = :order order by id", query.lines_of),
    KITH_WANT(SETTING, "discount_limit", discount_limit),
};
const kith_part order_line_part = {
    .struct_size = sizeof order_line_part,
    .wants = KITH_ARRAY(wants),
    .settings = KITH_ARRAY(settings),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
};
