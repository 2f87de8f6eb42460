/* SPDX-License-Identifier: Apache-2.0 */
/* Products that are made to choice: the answer to what goes together and what it costs, what was
 * configured for a customer, and lines of orders that hold such a choice. */
#include "commerce.h"

/* -- the answer ---------------------------------------------------------------------------------
 */

struct configure_args {
    kith_value product, chosen, answered, complete, account, contact, quantity, price_book,
        currency;
};
struct configure_results {
    kith_value valid, complete, why, chosen, unit_price, list_price, discount, net, tax, total, how,
        next, question;
};
struct configure_row {
    kith_value group, option, name, price, state, why;
};

/* One answer, while it is made. */
struct answering {
    kith_instance *self;
    kith_call *call;
    const struct configure_args *args;
    struct product product;
    struct choice choice;
    kith_value base; /* what the product alone costs the customer, or KITH_NULL */
    int8_t *asked;   /* of option v: 1 when it was among those chosen */
    uint32_t searched;
};

/* Of options that are excluded, or follow, by several rules at once; each takes some searches. */
#define SEARCHED_MAX 64u

/* Why an option has to be, or cannot be. */
static kith_status tell_reason(struct answering *a, int32_t v, struct words *w, kith_error *err) {
    struct choice *x = &a->choice;
    struct puzzle *p = &x->c.puzzle;
    int32_t *given;
    struct clash clash;
    if (p->clause[v] != NO_CLAUSE) {
        tell_cause(w, &x->c, p->clauses[p->clause[v]].cause);
        return KITH_OK;
    }
    if (a->searched++ >= SEARCHED_MAX) {
        tell(w, "several rules together leave no other way");
        return KITH_OK;
    }
    KITH_TRY(KITH_MEMORY(a->self, x->c.txn, &given, x->given_count + 1, err));
    if (x->given_count)
        memcpy(given, x->given, x->given_count * sizeof *given);
    given[x->given_count] = p->value[v] > 0 ? -v : v;
    KITH_TRY(puzzle_clash(p, x->given_count + 1, given, &clash, err));
    tell_causes(w, &x->c, &clash);
    return KITH_OK;
}

static const char *state_of(const struct answering *a, int32_t v) {
    const struct choice *x = &a->choice;
    if (a->asked[v])
        return "chosen";
    if (x->hopeless || x->c.puzzle.value[v] < 0)
        return "excluded";
    return x->c.puzzle.value[v] > 0 ? "implied" : x->taken[v] ? "added" : "possible";
}

static kith_status give_row(struct answering *a, int32_t v, kith_error *err) {
    kith_instance *self = a->self;
    struct choice *x = &a->choice;
    const struct option *o = &x->c.options[v - 1];
    const char *state = state_of(a, v);
    struct words why = {.host = self->host, .txn = x->c.txn};
    struct configure_row row = {.group = x->c.groups[x->c.group_of[v - 1]].code,
                                .option = o->code,
                                .name = o->name,
                                .price = o->price,
                                .state = kith_text(state)};
    if (x->clashes[v] || x->hopeless)
        why = x->why;
    else if (strcmp(state, "implied") == 0 || strcmp(state, "excluded") == 0)
        KITH_TRY(tell_reason(a, v, &why, err));
    if (kith_has(a->base) && kith_has(o->percent))
        KITH_TRY(choice_surcharge(x, v, a->base, &row.price, err));
    row.why = words_value(&why);
    return KITH_ROW(self, a->call, &row, err);
}

static kith_status give_rows(struct answering *a, kith_error *err) {
    struct choice *x = &a->choice;
    if (!x->asked)
        return KITH_OK;
    KITH_TRY(KITH_MEMORY(a->self, x->c.txn, &a->asked, x->c.option_count + 1, err));
    for (uint64_t i = 0; i < kith_rows(&a->args->chosen); i++)
        a->asked[catalogue_find(&x->c, a->args->chosen.as.list.items[i].as.s)] = 1;
    for (int32_t v = 1; v <= (int32_t)x->c.option_count; v++)
        KITH_TRY(give_row(a, v, err));
    return KITH_OK;
}

/* Amounts of so many of them. Without a price there are none, and `how` tells why. */
static kith_status give_price(struct answering *a, const struct price_answer *price,
                              struct configure_results *r, kith_error *err) {
    kith_instance *self = a->self;
    struct line line = {.quantity = a->args->quantity,
                        .discount = price->discount,
                        .tax_rate = a->product.tax_rate};
    struct words how = {.host = self->host, .txn = self->calls->view(a->call)};
    tell(&how, "%s", price->why);
    r->discount = price->discount;
    KITH_TRY(choice_price(&a->choice, price->unit_price, &line.unit_price, &how, err));
    if (kith_has(price->list_price))
        KITH_TRY(choice_price(&a->choice, price->list_price, &r->list_price, NULL, err));
    KITH_TRY(money_of_line(self, &line, err));
    r->unit_price = line.unit_price;
    r->net = line.net;
    r->tax = line.tax;
    r->total = line.total;
    r->how = words_value(&how);
    return KITH_OK;
}

static kith_status find_base(struct answering *a, struct price_answer *price, kith_value *how,
                             kith_error *err) {
    kith_instance *self = a->self;
    const struct configure_args *g = a->args;
    kith_error none = {.struct_size = sizeof none};
    const struct price_question ask = {
        .account = g->account,
        .contact = g->contact,
        .product = g->product,
        .quantity = g->quantity,
        .price_book = g->price_book,
        .currency = g->currency,
        .day = KITH_TODAY(self),
    };
    const kith_txn *txn = self->calls->view(a->call);
    kith_status st = price_find(self, txn, &ask, price, &none);
    a->base = st == KITH_OK ? price->unit_price : kith_null();
    /* What goes together is of use without a price, too, and to who may not see prices. */
    if (st == KITH_E_REFUSED || st == KITH_E_DENIED) {
        struct words w = {.host = self->host, .txn = txn};
        tell(&w, "%s", none.message);
        *how = words_value(&w);
        return KITH_OK;
    }
    if (st != KITH_OK && err)
        *err = none;
    return st;
}

static kith_status answer(struct answering *a, struct configure_results *r, kith_error *err) {
    struct choice *x = &a->choice;
    struct price_answer price;
    KITH_TRY(find_base(a, &price, &r->how, err));
    if (a->args->complete.as.i)
        KITH_TRY(choice_complete(x, a->base, err));
    KITH_TRY(choice_codes(x, &r->chosen, err));
    if (kith_has(a->base) && x->valid)
        KITH_TRY(give_price(a, &price, r, err));
    KITH_TRY(give_rows(a, err));
    r->valid = kith_bool(x->valid != 0);
    r->complete = kith_bool(x->valid && x->complete);
    r->why = words_value(&x->why);
    if (x->next >= 0) {
        const struct option_group *g = &x->c.groups[x->next];
        r->next = g->code;
        r->question = kith_has(g->question) ? g->question : g->name;
    }
    return KITH_OK;
}

static kith_status configure_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct configure_args args;
    struct configure_results results;
    struct answering a = {.self = self, .call = call, .args = &args};
    const kith_txn *txn = self->calls->view(call);
    memset(&results, 0, sizeof results);
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    KITH_TRY(KITH_LOAD(self, txn, product, args.product.as.link.id, &a.product, err));
    if (args.quantity.as.decimal.units <= 0)
        return kith_fail(err, KITH_E_INVAL, "quantity", "quantity: it is more than 0");
    KITH_TRY(choice_make(self, txn, &a.product, args.chosen, args.answered, &a.choice, err));
    const kith_status st = answer(&a, &results, err);
    choice_end(&a.choice);
    KITH_TRY(st);
    return KITH_RESULTS(self, call, &results, err);
}

/* -- lines of orders ----------------------------------------------------------------------------
 */

/* A line of a configuration has its product and options, unless it says so itself. */
kith_status configure_take(kith_instance *self, kith_txn *txn, struct line *line, kith_error *err) {
    struct configuration f;
    KITH_TRY(
        KITH_LOAD(self, txn, configure.configuration, line->configuration.as.link.id, &f, err));
    if (kith_has(line->product) && line->product.as.link.id != f.product.as.link.id)
        return kith_fail(err, KITH_E_REFUSED, "configuration",
                         "configuration: it is one of another product; leave the product empty, or "
                         "take another configuration");
    if (kith_is(f.state, "dropped"))
        return kith_fail(err, KITH_E_REFUSED, "configuration",
                         "configuration: it was dropped; set it to draft first");
    line->product = f.product;
    line->chosen = f.chosen;
    return KITH_SET(self, txn, configure.configuration, state, f.id.as.link.id,
                    kith_text("ordered"), err);
}

static int32_t is_chosen(const struct line *line, kith_value code) {
    for (uint64_t i = 0; i < kith_rows(&line->chosen); i++)
        if (kith_equal(line->chosen.as.list.items[i], code))
            return 1;
    return 0;
}

kith_status configure_parts(kith_instance *self, const kith_txn *txn, const struct line *line,
                            kith_value **parts, uint64_t *count, kith_error *err) {
    struct product product;
    struct option *options;
    kith_value owner;
    uint64_t found = 0;
    *count = 0;
    if (line->chosen.kind != KITH_LIST)
        return KITH_OK;
    KITH_TRY(KITH_LOAD(self, txn, product, line->product.as.link.id, &product, err));
    KITH_TRY(choice_owner(self, txn, &product, &owner, err));
    if (!kith_has(owner))
        return KITH_OK;
    KITH_TRY(KITH_FIND(self, txn, configure.option, self->configure.parts_of, 1, &owner, &options,
                       &found, err));
    KITH_TRY(KITH_MEMORY(self, txn, parts, found, err));
    for (uint64_t i = 0; i < found; i++)
        if (is_chosen(line, options[i].code))
            (*parts)[(*count)++] = options[i].part;
    return KITH_OK;
}

/* "Car: Red, Leather"; papers have no room for hundreds. */
#define DESCRIPTION_MAX 240
kith_status configure_describe(const struct choice *x, kith_value name, kith_value *out,
                               kith_error *err) {
    struct words w = {.host = x->c.self->host, .txn = x->c.txn};
    int32_t first = 1;
    tell(&w, "%.*s", SHOW(name.as.s));
    for (uint64_t i = 0; i < x->c.option_count; i++)
        if (x->taken[i + 1]) {
            const kith_str option = x->c.options[i].name.as.s;
            if (w.count + option.len > DESCRIPTION_MAX) {
                tell(&w, ", ...");
                break;
            }
            tell(&w, "%s%.*s", first ? ": " : ", ", SHOW(option));
            first = 0;
        }
    *out = words_value(&w);
    return w.count ? KITH_OK
                   : kith_fail(err, KITH_E_NOMEM, NULL, "there is no memory for the description");
}

/* -- what was configured for a customer ---------------------------------------------------------
 */

static kith_status price_configuration(kith_instance *self, kith_txn *txn,
                                       const struct configuration *f, const struct choice *x,
                                       kith_value *out, kith_error *err) {
    struct price_answer price;
    kith_error none = {.struct_size = sizeof none};
    const struct price_question ask = {
        .account = f->account,
        .contact = f->contact,
        .product = f->product,
        .quantity = f->quantity,
        .day = KITH_TODAY(self),
    };
    *out = kith_null();
    kith_status st = price_find(self, txn, &ask, &price, &none);
    if (st == KITH_OK)
        return choice_price(x, price.unit_price, out, NULL, err);
    if (st != KITH_E_REFUSED && err)
        *err = none;
    return st == KITH_E_REFUSED ? KITH_OK : st;
}

static kith_status write_configuration(kith_instance *self, kith_txn *txn, kith_change *change,
                                       const struct configuration *f, const struct product *product,
                                       struct choice *x, kith_error *err) {
    struct configuration now = *f;
    now.complete = kith_bool(x->complete);
    now.summary = product->name;
    if (!x->valid)
        KITH_TRY(choice_check(x, err));
    KITH_TRY(choice_codes(x, &now.chosen, err));
    KITH_TRY(price_configuration(self, txn, f, x, &now.price, err));
    if (x->asked)
        KITH_TRY(configure_describe(x, product->name, &now.summary, err));
    return KITH_SET_CHANGED(self, txn, change, configure.configuration, f, &now, err);
}

static kith_status configuration_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                      kith_error *err) {
    struct configuration f;
    struct product product;
    struct choice x;
    KITH_TRY(KITH_CHANGE(self, txn, change, configure.configuration, &f, err));
    KITH_TRY(KITH_LOAD(self, txn, product, f.product.as.link.id, &product, err));
    KITH_TRY(choice_make(self, txn, &product, f.chosen, kith_null(), &x, err));
    const kith_status st = write_configuration(self, txn, change, &f, &product, &x, err);
    choice_end(&x);
    return st;
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field configuration_fields[] = {
    F("product", LINK, .options = "product", .flags = KITH_FF_REQUIRED,
      .doc = "What was configured."),
    F("account", LINK, .options = "account", .doc = "For which organisation."),
    F("contact", LINK, .options = "contact", .flags = KITH_FF_SUBJECT, .doc = "For whom."),
    F("state", STATE, .options = "draft>ordered|dropped,ordered.>draft,dropped.>draft",
      .flags = KITH_FF_INDEXED, .doc = "Ordered: it stands on a line of an order."),
    F("chosen", TAGS, .doc = "Codes of the options, with those that follow from them."),
    F("quantity", QUANTITY, .default_text = "1", .min = "0.001", .doc = "How many, for the price."),
    F("complete", BOOLEAN, .flags = KITH_FF_READONLY,
      .doc = "Nothing is missing: it can be ordered."),
    F("price", MONEY, .flags = KITH_FF_READONLY,
      .doc = "What one costs the customer, before the discount by terms, when it was written."),
    F("summary", TEXT, .flags = KITH_FF_READONLY | KITH_FF_SEARCHED,
      .doc = "The product and what was chosen, by name."),
    F("note", LONGTEXT, .flags = KITH_FF_PERSONAL, .doc = "What else the customer wants."),
};
static const kith_type types[] = {
    {.name = "configuration",
     .doc = "A product as it was made to the choice of a customer.",
     .title = "summary",
     .fields = KITH_ARRAY(configuration_fields)},
};

static const char *const depends[] = {"product", "account", "contact", "chosen", "quantity"};
static const kith_hook hooks[] = {
    {.name = "configuration",
     .type = "configuration",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = configuration_hook,
     .fields = KITH_ARRAY(depends),
     .doc = "Refuses what does not go together, adds what follows, and prices it."},
};

static const kith_field params[] = {
    F("product", LINK, .options = "product", .flags = KITH_FF_REQUIRED, .doc = "What is made."),
    F("chosen", TAGS, .doc = "Codes of the options that were chosen so far."),
    F("answered", TAGS, .doc = "Codes of groups of which no more is wanted."),
    F("complete", BOOLEAN, .default_text = "false",
      .doc = "Add what is missing: preferred options, else the cheapest."),
    F("account", LINK, .options = "account", .doc = "For whom: an organisation."),
    F("contact", LINK, .options = "contact", .doc = "For whom: a person."),
    F("quantity", QUANTITY, .default_text = "1", .doc = "How many of it."),
    F("price_book", LINK, .options = "price_book", .doc = "By this book alone."),
    F("currency", TEXT, .doc = "Only prices in this one: EUR."),
};
static const kith_field results[] = {
    F("valid", BOOLEAN, .doc = "What was chosen goes together."),
    F("complete", BOOLEAN, .doc = "Nothing is missing: it can be ordered."),
    F("why", LONGTEXT, .doc = "Why it does not go together, or what is missing."),
    F("chosen", TAGS,
      .doc = "What was chosen, as far as it goes together, with what follows and what was added."),
    F("unit_price", MONEY, .doc = "What one costs, options and rules included."),
    F("list_price", MONEY, .doc = "The same by the list price of the product."),
    F("discount", PERCENT, .doc = "Percent less, by the terms of the customer."),
    F("net", MONEY, .doc = "All of it without tax."),
    F("tax", MONEY, .doc = "The tax."),
    F("total", MONEY, .doc = "What is to be paid."),
    F("how", LONGTEXT, .doc = "How the price came about, or why there is none."),
    F("next", TEXT, .doc = "The code of the group to ask for next; empty: there is none."),
    F("question", TEXT, .doc = "What to ask."),
};
static const kith_field columns[] = {
    F("group", TEXT, .doc = "The code of the group."),
    F("option", TEXT, .doc = "The code of the option."),
    F("name", TEXT, .doc = "What it is called."),
    F("price", MONEY, .doc = "What it adds to the price."),
    F("state", CHOICE, .options = "chosen,implied,added,possible,excluded",
      .doc = "Chosen; implied by what was chosen; added to complete it; still possible; or "
             "excluded."),
    F("why", LONGTEXT, .doc = "Why it is implied or excluded, or does not go with the others."),
};
static const kith_action actions[] = {
    {.name = "configure",
     .doc = "Says whether options of a product go together, what follows, what is missing and what "
            "it costs.",
     .effect = KITH_EFFECT_READ,
     .fn = configure_action,
     .params = KITH_ARRAY(params),
     .results = KITH_ARRAY(results),
     .columns = KITH_ARRAY(columns)},
};

static const kith_want wants[] = {
    KITH_WANT_RECORD("configuration", configure.configuration, CONFIGURATION),
};
const kith_part configure_part = {
    .struct_size = sizeof configure_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .actions = KITH_ARRAY(actions),
};
