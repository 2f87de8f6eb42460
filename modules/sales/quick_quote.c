/* SPDX-License-Identifier: Apache-2.0 */
/* A quote in one go: who, which products, and how many of them. The order is made by commerce; the
 * proposal is written from what is known of the customer, the deal and the products, and the terms
 * are those of the account, else of the company. */
#include "sales.h"

#define TEXT_MAX    16384
#define QUICK(self) (&(self)->quotes.quick)

/* -- the proposal -------------------------------------------------------------------------------
 */

/* What {words} of sales.quote.proposal stand for, in this order. */
enum { WORD_CONTACT, WORD_ACCOUNT, WORD_INTEREST, WORD_PRODUCTS, WORD_UNTIL, WORD_SELLER, WORDS };
static const char *const words[WORDS] = {"contact",  "account",     "interest",
                                         "products", "valid_until", "seller"};
struct text {
    char *at;
    size_t used;
};

/* What does not fit is cut, in front of the character that would be cut in two. */
static void append(struct text *t, const char *s, uint64_t len) {
    const size_t left = TEXT_MAX - 1 - t->used;
    size_t n = len < left ? (size_t)len : left;
    while (n < len && n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80)
        n--;
    memcpy(t->at + t->used, s, n);
    t->used += n;
    t->at[t->used] = '\0';
}

/* The word that stands behind a brace; -1: none. *len: with its braces. */
static int word_at(const char *s, uint64_t left, uint64_t *len) {
    const char *end = memchr(s, '}', (size_t)left);
    for (int i = 0; end && i < WORDS; i++)
        if ((size_t)(end - s - 1) == strlen(words[i]) &&
            memcmp(s + 1, words[i], strlen(words[i])) == 0) {
            *len = (uint64_t)(end - s + 1);
            return i;
        }
    return -1;
}

/* A line with a word that nothing is known for is left out. */
static void write_line(struct text *t, const char *s, uint64_t len, const kith_value *known) {
    const size_t before = t->used;
    uint64_t from = 0, width = 0;
    for (uint64_t i = 0; i < len; i++) {
        const int word = s[i] == '{' ? word_at(s + i, len - i, &width) : -1;
        if (word < 0)
            continue;
        if (known[word].kind != KITH_TEXT || !known[word].as.s.len) {
            t->used = before;
            t->at[before] = '\0';
            return;
        }
        append(t, s + from, i - from);
        append(t, known[word].as.s.ptr, known[word].as.s.len);
        from = i + width;
        i = from - 1;
    }
    append(t, s + from, len - from);
    append(t, "\n", 1);
}

static void write_proposal(struct text *t, kith_str pattern, const kith_value *known) {
    uint64_t from = 0;
    for (uint64_t i = 0; i <= pattern.len; i++)
        if (i == pattern.len || pattern.ptr[i] == '\n') {
            write_line(t, pattern.ptr + from, i - from, known);
            from = i + 1;
        }
    while (t->used && t->at[t->used - 1] == '\n')
        t->at[--t->used] = '\0';
}

/* -- what is known ------------------------------------------------------------------------------
 */

struct quick_args {
    kith_value items, contact, account, opportunity, name, email, phone, price_book, valid_until,
        terms, intro;
};
/* As commerce.order declares its parameters and results. */
struct order_call {
    kith_value items, contact, account, place, name, email, phone, channel, reference, price_book,
        delivery, payment_method, street, postal_code, city, region, country, note;
};
struct order_answer {
    kith_value order, number, contact, created, state, total, rows;
};
struct quick {
    kith_instance *self;
    kith_call *call;
    kith_txn *txn;
    struct quick_args a;
    struct order_answer made;
    struct quoted order;
    struct quick_deal deal;
    kith_value known[WORDS], terms;
};

static kith_status new_text(struct quick *q, struct text *t, kith_error *err) {
    t->used = 0;
    return KITH_MEMORY(q->self, q->txn, &t->at, TEXT_MAX, err);
}

/* A line for each product: its name, and why to buy it. */
static kith_status know_products(struct quick *q, kith_error *err) {
    kith_instance *self = q->self;
    struct quoted_line *lines;
    uint64_t count;
    struct text t;
    KITH_TRY(new_text(q, &t, err));
    KITH_TRY(KITH_FIND(self, q->txn, quotes.line, self->quotes.lines_of, 1, &q->order.id, &lines,
                       &count, err));
    for (uint64_t i = 0; i < count; i++) {
        struct quick_ware ware;
        KITH_TRY(
            KITH_LOAD(self, q->txn, quotes.quick.ware, lines[i].product.as.link.id, &ware, err));
        append(&t, i ? "\n- " : "- ", i ? 3 : 2);
        append(&t, ware.name.as.s.ptr, ware.name.as.s.len);
        if (kith_has(ware.value_proposition)) {
            append(&t, ": ", 2);
            append(&t, ware.value_proposition.as.s.ptr, ware.value_proposition.as.s.len);
        }
    }
    q->known[WORD_PRODUCTS] = kith_text(t.at);
    return KITH_OK;
}

/* Whom it is for. What is on a card that may not be seen is left out. */
static kith_status know_customer(struct quick *q, kith_error *err) {
    kith_instance *self = q->self;
    struct quick_person person;
    struct quick_firm firm;
    KITH_TRY(kith_or_none(
        KITH_FOLLOW(self, q->txn, quotes.quick.person, q->order.contact, &person, err)));
    KITH_TRY(
        kith_or_none(KITH_FOLLOW(self, q->txn, quotes.quick.firm, q->order.account, &firm, err)));
    q->known[WORD_CONTACT] = person.name;
    q->known[WORD_ACCOUNT] = firm.name;
    q->terms = kith_has(firm.terms_of_trade) ? firm.terms_of_trade : QUICK(self)->terms;
    return KITH_OK;
}

/* What the deal began with; and who sells. */
static kith_status know_deal(struct quick *q, kith_error *err) {
    kith_instance *self = q->self;
    struct quick_lead lead;
    struct quick_user user;
    kith_id acting = 0;
    KITH_TRY(kith_or_none(KITH_FOLLOW(self, q->txn, quotes.quick.lead, q->deal.lead, &lead, err)));
    KITH_TRY(self->records->acting(q->txn, &acting, err));
    const kith_value who = acting ? kith_link(self->user.type, acting) : kith_null();
    KITH_TRY(kith_or_none(KITH_FOLLOW(self, q->txn, quotes.quick.user, who, &user, err)));
    q->known[WORD_INTEREST] = lead.interest;
    q->known[WORD_SELLER] = user.name;
    return KITH_OK;
}

static kith_status propose(struct quick *q, kith_error *err) {
    char until[KITH_NUMBER_TEXT];
    struct text t;
    KITH_TRY(know_products(q, err));
    KITH_TRY(know_deal(q, err));
    if (kith_has(q->a.intro))
        return KITH_OK;
    KITH_TRY(new_text(q, &t, err));
    q->self->numbers->text(&q->a.valid_until, until);
    q->known[WORD_UNTIL] = kith_text(until);
    write_proposal(&t, QUICK(q->self)->proposal.as.s, q->known);
    q->a.intro = kith_text(t.at);
    return KITH_OK;
}

/* -- the quote ----------------------------------------------------------------------------------
 */

/* Whoever the deal is with, when nobody else is named. */
static kith_status take_deal(struct quick *q, kith_error *err) {
    struct quick_args *a = &q->a;
    KITH_TRY(KITH_FOLLOW(q->self, q->txn, quotes.quick.deal, a->opportunity, &q->deal, err));
    if (!a->contact.kind && !a->account.kind && !a->name.kind && !a->email.kind && !a->phone.kind) {
        a->contact = q->deal.contact;
        a->account = q->deal.account;
    }
    return KITH_OK;
}

static kith_status make_order(struct quick *q, kith_error *err) {
    kith_instance *self = q->self;
    const struct quick_args *a = &q->a;
    const struct order_call ask = {.items = a->items,
                                   .contact = a->contact,
                                   .account = a->account,
                                   .name = a->name,
                                   .email = a->email,
                                   .phone = a->phone,
                                   .channel = kith_text("seller"),
                                   .price_book = a->price_book};
    KITH_TRY(self->calls->call(q->txn, QUICK(self)->order, sizeof ask / sizeof(kith_value),
                               &ask.items, sizeof q->made / sizeof(kith_value), &q->made.order,
                               err));
    return KITH_LOAD(self, q->txn, quotes.order, q->made.order.as.link.id, &q->order, err);
}

static kith_status make_quote(struct quick *q, struct quote *quote, kith_error *err) {
    kith_instance *self = q->self;
    const struct quick_args *a = &q->a;
    *quote = (struct quote){.opportunity = a->opportunity,
                            .order = q->order.id,
                            .valid_until = a->valid_until,
                            .terms = kith_has(a->terms) ? a->terms : q->terms,
                            .intro = a->intro};
    KITH_TRY(KITH_CREATE(self, q->txn, quotes.quote, quote, err));
    return KITH_LOAD(self, q->txn, quotes.quote, quote->id.as.link.id, quote, err);
}

static kith_status quick_quote(kith_instance *self, kith_call *call, kith_error *err) {
    struct quick q = {.self = self, .call = call, .txn = self->calls->txn(call)};
    struct quote quote;
    KITH_TRY(KITH_ARGS(self, call, &q.a, err));
    if (!kith_has(q.a.valid_until))
        q.a.valid_until =
            kith_date(KITH_TODAY(self).as.i + self->quotes.valid_for.as.i / KITH_DAY_MS);
    KITH_TRY(take_deal(&q, err));
    KITH_TRY(make_order(&q, err));
    KITH_TRY(know_customer(&q, err));
    KITH_TRY(propose(&q, err));
    KITH_TRY(make_quote(&q, &quote, err));
    for (uint64_t i = 0; i < q.made.rows.as.list.count; i++) {
        const kith_value *row = &q.made.rows.as.list.items[i];
        KITH_TRY(self->calls->row(call, (uint32_t)row->as.list.count, row->as.list.items, err));
    }
    const struct {
        kith_value quote, number, order, total, valid_until, terms, intro;
    } out = {quote.id,          quote.number, quote.order, quote.total,
             quote.valid_until, quote.terms,  quote.intro};
    return KITH_RESULTS(self, call, &out, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field params[] = {
    F("items", LONGTEXT, .flags = KITH_FF_REQUIRED,
      .doc = "What is offered: CODE*QUANTITY; CODE*QUANTITY."),
    F("contact", LINK, .options = "contact", .doc = "To whom."),
    F("account", LINK, .options = "account",
      .doc = "To which organisation; that of the contact when nothing is said."),
    F("opportunity", LINK, .options = "opportunity",
      .doc = "The deal that it is for; its customer when nobody is named."),
    F("name", TEXT, .doc = "Of a customer who is new."),
    F("email", EMAIL, .doc = "Instead of contact: who has this address; else a new customer."),
    F("phone", PHONE, .doc = "Instead of contact: who has this number; else a new customer."),
    F("price_book", LINK, .options = "price_book", .doc = "Its prices come from this one alone."),
    F("valid_until", DATE,
      .doc = "Until which day it holds; by sales.quote.valid_for when nothing is said."),
    F("terms", LONGTEXT,
      .doc = "What holds for it; else the account's terms_of_trade, else sales.quote.terms."),
    F("intro", LONGTEXT,
      .doc = "The proposal; written by sales.quote.proposal when nothing is said."),
};
static const kith_field results[] = {
    F("quote", LINK, .options = "quote", .doc = "The quote, a draft."),
    F("number", TEXT, .doc = "Its number."),
    F("order", LINK, .options = "order", .doc = "Its order, to be changed until it is sent."),
    F("total", MONEY, .doc = "What it comes to."),
    F("valid_until", DATE, .doc = "Until which day it holds."),
    F("terms", LONGTEXT, .doc = "Its terms."),
    F("intro", LONGTEXT, .doc = "The proposal."),
};
static const kith_field columns[] = {
    F("line", LINK, .options = "order_line", .doc = "The line of the order."),
    F("product", LINK, .options = "product", .doc = "What."),
    F("quantity", DECIMAL, .options = "3", .doc = "How many."),
    F("unit_price", MONEY, .doc = "For how much each."),
    F("total", MONEY, .doc = "What that comes to, with tax."),
    F("available", DECIMAL, .options = "3",
      .doc = "How much of it is free in stock; empty: stock is not kept."),
};
static const kith_action actions[] = {
    {.name = "quick_quote",
     .doc = "Makes the draft of a quote in one go: customer and products give lines, prices, terms "
            "and a proposal.",
     .effect = KITH_EFFECT_WRITE,
     .fn = quick_quote,
     .params = KITH_ARRAY(params),
     .results = KITH_ARRAY(results),
     .columns = KITH_ARRAY(columns)},
};
static const kith_setting settings[] = {
    {.key = "quote.terms",
     .kind = KITH_TEXT,
     .doc = "Terms of a quick quote, where the account "
            "has none of its own (terms_of_trade)."},
    {.key = "quote.proposal",
     .kind = KITH_TEXT,
     .default_text = "\"Dear {contact},\\nthank you for your interest in {interest}.\\nWe are glad "
                     "to offer you:\\n{products}\\nThis offer holds until {valid_until}.\\nYours, "
                     "{seller}\"",
     .doc = "The proposal of a quick quote. {contact}, {account}, {interest} (of the lead of the "
            "deal), {products} (each with its value_proposition), {valid_until} and {seller} are "
            "filled in; a line with one that is not known is left out."},
};
static const kith_permission permissions[] = {
    {"call:commerce.order", "A quick quote has it make the order."},
};
static const kith_want wants[] = {
    KITH_WANT(ACTION, "commerce.order", quotes.quick.order),
    KITH_WANT_RECORD("contact", quotes.quick.person, QUICK_PERSON),
    KITH_WANT_RECORD("account", quotes.quick.firm, QUICK_FIRM),
    KITH_WANT_RECORD("product", quotes.quick.ware, QUICK_WARE),
    KITH_WANT_RECORD("opportunity", quotes.quick.deal, QUICK_DEAL),
    KITH_WANT_RECORD("lead", quotes.quick.lead, QUICK_LEAD),
    KITH_WANT_RECORD("user", quotes.quick.user, QUICK_USER),
    KITH_WANT(SETTING, "quote.terms", quotes.quick.terms),
    KITH_WANT(SETTING, "quote.proposal", quotes.quick.proposal),
};

/* A word that nobody knows would be sent to customers as it stands. */
static kith_status check_proposal(kith_instance *self, kith_error *err) {
    const kith_str s = self->quotes.quick.proposal.as.s;
    uint64_t len = 0;
    for (uint64_t i = 0; i < s.len; i++)
        if (s.ptr[i] == '{' && word_at(s.ptr + i, s.len - i, &len) < 0)
            return kith_fail(err, KITH_E_INVAL, "quote.proposal",
                             "%s: '%.*s' is none of {contact}, {account}, {interest}, {products}, "
                             "{valid_until} and {seller}",
                             sales_place(self, "quote.proposal"),
                             (int)(s.len - i < 20 ? s.len - i : 20), s.ptr + i);
    return KITH_OK;
}
const kith_part quick_quote_part = {
    .struct_size = sizeof quick_quote_part,
    .wants = KITH_ARRAY(wants),
    .begin = check_proposal,
    .module = "commerce",
    .permissions = KITH_ARRAY(permissions),
    .settings = KITH_ARRAY(settings),
    .actions = KITH_ARRAY(actions),
};
