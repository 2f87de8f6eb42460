/* SPDX-License-Identifier: Apache-2.0 */
/* Quotes that customers answer by a link: sent with one, shown to whoever has it, and accepted or
 * declined with the name of who did. What that leads to stands in quote.c. */
#include "sales.h"

/* -- may it be accepted ------------------------------------------------------------------------ */

/* Said to customers, and so without our own words. */
static kith_status check_open(const kith_instance *self, const struct quote *q, kith_error *err) {
    static const struct {
        const char *state, *why;
    } closed[] = {
        {"accepted", "this quote was accepted already"},
        {"revised", "this quote was replaced by a newer version: ask for a link to that one"},
        {"withdrawn", "this quote was withdrawn: ask whoever sent it for another one"},
        {"rejected", "this quote was declined: ask whoever sent it for another one"},
        {"expired", "this quote has expired: ask whoever sent it for another one"},
        {"draft", "this quote is being changed: ask whoever sent it for a new link"},
        {"approval", "this quote is being changed: ask whoever sent it for a new link"},
    };
    char until[KITH_NUMBER_TEXT];
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
        if (kith_is(q->state, closed[i].state))
            return kith_fail(err, KITH_E_REFUSED, "quote", "quote: %s", closed[i].why);
    if (!kith_has(q->valid_until) || q->valid_until.as.i >= self->host->today(self->host))
        return KITH_OK;
    self->numbers->text(&q->valid_until, until);
    return kith_fail(err, KITH_E_REFUSED, "quote",
                     "quote: this quote held until %s: ask whoever sent it for another one", until);
}

/* -- shown ------------------------------------------------------------------------------------- */

struct quote_args {
    kith_value quote;
};
struct offer_results {
    kith_value number, version, account, contact, valid_until, intro, terms, net, taxes, tax, total;
};
struct offer_row {
    kith_value product, description, quantity, unit_price, discount, tax_rate, net, total;
};

/* The sums of the lines, and the tax of each rate. */
#define RATES_MAX 16
struct offer_sums {
    struct {
        kith_value rate, net, tax;
    } rates[RATES_MAX];
    int count;
    kith_value net, tax, total;
};

static kith_status add_line(const kith_instance *self, struct offer_sums *sums,
                            const struct shown_line *l, kith_error *err) {
    const kith_numbers_v1 *n = self->numbers;
    const int64_t rate = kith_has(l->tax_rate) ? l->tax_rate.as.decimal.units : 0;
    int at = 0;
    while (at < sums->count && sums->rates[at].rate.as.decimal.units != rate)
        at++;
    if (at == RATES_MAX)
        return kith_fail(err, KITH_E_LIMIT, "quote",
                         "quote: its lines have more than %d rates of tax; part it into several",
                         RATES_MAX);
    if (at == sums->count)
        sums->rates[sums->count++].rate = kith_decimal(rate, 2);
    KITH_TRY(n->add(&sums->rates[at].net, 1, &l->net, &sums->rates[at].net, err));
    KITH_TRY(n->add(&sums->rates[at].tax, 1, &l->tax, &sums->rates[at].tax, err));
    KITH_TRY(n->add(&sums->net, 1, &l->net, &sums->net, err));
    KITH_TRY(n->add(&sums->tax, 1, &l->tax, &sums->tax, err));
    return n->add(&sums->total, 1, &l->total, &sums->total, err);
}

static kith_status put_lines(kith_instance *self, kith_call *call, kith_value order,
                             struct offer_sums *sums, kith_error *err) {
    const kith_txn *view = self->calls->view(call);
    struct shown_line *lines;
    uint64_t count = 0;
    KITH_TRY(KITH_FIND(self, view, accepts.line, self->accepts.lines_of, 1, &order, &lines, &count,
                       err));
    for (uint64_t i = 0; i < count; i++) {
        const struct shown_line *l = &lines[i];
        const struct offer_row row = {l->product,  l->description, l->quantity, l->unit_price,
                                      l->discount, l->tax_rate,    l->net,      l->total};
        KITH_TRY(add_line(self, sums, l, err));
        KITH_TRY(KITH_ROW(self, call, &row, err));
    }
    return KITH_OK;
}

/* "19 % of 100.00 EUR: 19.00 EUR", each rate in a line. */
static kith_status taxes_of(const kith_instance *self, const kith_txn *view,
                            const struct offer_sums *sums, kith_value *out, kith_error *err) {
    const size_t room = RATES_MAX * (3 * KITH_NUMBER_TEXT + 16);
    char rate[KITH_NUMBER_TEXT], net[KITH_NUMBER_TEXT], tax[KITH_NUMBER_TEXT];
    char *text;
    size_t used = 0;
    KITH_TRY(KITH_MEMORY(self, view, &text, room, err));
    for (int i = 0; i < sums->count; i++) {
        self->numbers->text(&sums->rates[i].rate, rate);
        self->numbers->text(&sums->rates[i].net, net);
        self->numbers->text(&sums->rates[i].tax, tax);
        used += (size_t)snprintf(text + used, room - used, "%s%s %% of %s: %s", used ? "\n" : "",
                                 rate, net, tax);
    }
    *out = kith_text(text);
    return KITH_OK;
}

static kith_status show_offer(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *view = self->calls->view(call);
    struct quote_args args;
    struct quote q;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    KITH_TRY(KITH_LOAD(self, view, quotes.quote, args.quote.as.link.id, &q, err));
    KITH_TRY(check_open(self, &q, err));
    struct offer_sums sums = {.count = 0};
    struct offer_results results = {.number = q.number,
                                    .version = q.version,
                                    .account = q.account,
                                    .contact = q.contact,
                                    .valid_until = q.valid_until,
                                    .intro = q.intro,
                                    .terms = q.terms};
    KITH_TRY(put_lines(self, call, q.order, &sums, err));
    KITH_TRY(taxes_of(self, view, &sums, &results.taxes, err));
    results.net = sums.net;
    results.tax = sums.tax;
    results.total = sums.total;
    return KITH_RESULTS(self, call, &results, err);
}

/* -- accepted, or declined --------------------------------------------------------------------- */

struct accept_args {
    kith_value quote, name, remark;
};
struct answer_args {
    kith_value quote, answer, name, remark;
};
struct accept_results {
    kith_value number, total, order;
};

static kith_status write_answer(kith_instance *self, kith_txn *txn, const struct answer_args *args,
                                kith_error *err) {
    const int32_t accepts = kith_is(args->answer, "accept");
    kith_link_came came = {.struct_size = sizeof came};
    kith_edit edit = {0};
    KITH_TRY(self->accepts.links->came(txn, &came, err));
    kith_put(&edit, self->quotes.quote.state, kith_text(accepts ? "accepted" : "rejected"));
    kith_put(&edit, accepts ? self->accepts.quote.accepted_by : self->accepts.quote.declined_by,
             args->name);
    kith_put_given(&edit, self->accepts.quote.answer, args->remark);
    if (accepts && came.from.len)
        kith_put(&edit, self->accepts.quote.accepted_from, kith_string(came.from));
    return kith_edit_update(self->records, txn, self->quotes.quote.type, args->quote.as.link.id,
                            &edit, err);
}

static kith_status answer(kith_instance *self, kith_call *call, const struct answer_args *args,
                          kith_error *err) {
    kith_txn *txn = self->calls->txn(call);
    struct quote q;
    KITH_TRY(KITH_LOAD(self, txn, quotes.quote, args->quote.as.link.id, &q, err));
    KITH_TRY(check_open(self, &q, err));
    KITH_TRY(write_answer(self, txn, args, err));
    const struct accept_results results = {q.number, q.total,
                                           kith_is(args->answer, "accept") ? q.order : kith_null()};
    return KITH_RESULTS(self, call, &results, err);
}

static kith_status accept_quote(kith_instance *self, kith_call *call, kith_error *err) {
    struct accept_args args;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    const struct answer_args yes = {args.quote, kith_text("accept"), args.name, args.remark};
    return answer(self, call, &yes, err);
}

static kith_status answer_quote(kith_instance *self, kith_call *call, kith_error *err) {
    struct answer_args args;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    return answer(self, call, &args, err);
}

/* -- sent -------------------------------------------------------------------------------------- */

struct send_results {
    kith_value link, expires, note, valid_until;
};

/* Those that were sent before are worth nothing then. */
static kith_status end_links(kith_instance *self, kith_txn *txn, const struct quote *q,
                             kith_error *err) {
    static const char *const actions[] = {"sales.answer_quote", "sales.accept_quote"};
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        KITH_TRY(self->accepts.links->revoke(txn, kith_str_of(actions[i]), q->id.as.link.id, err));
    return KITH_OK;
}

/* It holds for two days more than the quote, whose last day ends later elsewhere. */
static kith_status make_link(kith_instance *self, kith_txn *txn, const struct quote *q,
                             struct send_results *out, kith_error *err) {
    static const kith_str names[] = {{"quote", 5}};
    kith_error why = {.struct_size = sizeof why};
    kith_link_made made = {.struct_size = sizeof made};
    const kith_link_wish wish = {
        .struct_size = sizeof wish,
        .uses = 1,
        .action = kith_str_of("sales.answer_quote"),
        .show = kith_str_of("sales.offer"),
        .ask = kith_str_of("answer,name,remark"),
        .names = names,
        .values = &q->id,
        .count = 1,
        .expires = kith_has(q->valid_until) ? (q->valid_until.as.i + 2) * KITH_DAY_MS : 0,
    };
    kith_status st = self->accepts.links->grant(txn, &wish, &made, &why);
    if (st == KITH_E_UNSUPPORTED || st == KITH_E_DENIED) {
        char *note;
        KITH_TRY(KITH_MEMORY(self, txn, &note, sizeof why.message, err));
        memcpy(note, why.message, sizeof why.message);
        out->note = kith_text(note);
        return KITH_OK;
    }
    if (st != KITH_OK)
        return kith_fail(err, st, why.field, "%s", why.message);
    out->link = kith_string(made.address);
    out->expires = kith_time(made.expires);
    return KITH_OK;
}

/* Whoever was sent it before it became a draft again has another offer before them. */
static kith_status sent_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                             kith_error *err) {
    struct quote q;
    KITH_TRY(KITH_CHANGE(self, txn, change, quotes.quote, &q, err));
    return end_links(self, txn, &q, err);
}

/* One that was sent is given another link, where the first was lost or went to somebody else. */
static kith_status send_quote(kith_instance *self, kith_call *call, kith_error *err) {
    kith_txn *txn = self->calls->txn(call);
    struct quote_args args;
    struct send_results results = {.link = kith_null()};
    struct quote q;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    KITH_TRY(KITH_LOAD(self, txn, quotes.quote, args.quote.as.link.id, &q, err));
    if (!kith_is(q.state, "sent")) {
        KITH_TRY(KITH_SET(self, txn, quotes.quote, state, q.id.as.link.id, kith_text("sent"), err));
        KITH_TRY(KITH_LOAD(self, txn, quotes.quote, q.id.as.link.id, &q, err));
    }
    KITH_TRY(check_open(self, &q, err));
    KITH_TRY(end_links(self, txn, &q, err));
    KITH_TRY(make_link(self, txn, &q, &results, err));
    results.valid_until = q.valid_until;
    return KITH_RESULTS(self, call, &results, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

#define F(field, of, ...)                                                                          \
    { .name = (field), .kind = KITH_F_##of, __VA_ARGS__ }
#define OF_QUOTE(says)                                                                             \
    F("quote", LINK, .options = "quote", .flags = KITH_FF_REQUIRED, .doc = (says))

static const kith_field quote_fields[] = {
    F("accepted_by", TEXT, .flags = KITH_FF_PERSONAL | KITH_FF_READONLY,
      .doc = "Who accepted it for the customer, by name."),
    F("declined_by", TEXT, .flags = KITH_FF_PERSONAL | KITH_FF_READONLY,
      .doc = "Who declined it for the customer, by name."),
    F("accepted_from", TEXT, .flags = KITH_FF_PERSONAL | KITH_FF_READONLY,
      .doc = "From which network address that was, where it came by a link."),
};
static const kith_type types[] = {
    {.name = "quote", .fields = KITH_ARRAY(quote_fields), .extends = 1},
};
static const char *const state_only[] = {"state"};
static const kith_hook hooks[] = {
    {.name = "sent_anew",
     .type = "quote",
     .on = KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = sent_hook,
     .where = "state = 'sent'",
     .fields = KITH_ARRAY(state_only),
     .doc =
         "Ends the links of a quote that is sent once more: what they showed may be another one."},
};
static const kith_field offer_params[] = {OF_QUOTE("The quote, which was sent.")};
static const kith_field offer_results[] = {
    F("number", TEXT, .label = "Quote", .doc = "Its number."),
    F("version", INTEGER, .doc = "The how manieth offer it is."),
    F("account", LINK, .options = "account", .label = "For", .doc = "To which organisation."),
    F("contact", LINK, .options = "contact", .label = "To", .doc = "To whom."),
    F("valid_until", DATE, .doc = "Until which day it holds."),
    F("intro", LONGTEXT, .label = "Proposal", .doc = "The proposal, in words."),
    F("terms", LONGTEXT, .doc = "What holds for it."),
    F("net", MONEY, .label = "Net", .doc = "All lines without tax."),
    F("taxes", LONGTEXT, .label = "Tax by rate", .doc = "The tax of each rate, and of how much."),
    F("tax", MONEY, .label = "Tax", .doc = "The tax of all lines."),
    F("total", MONEY, .label = "Total with tax", .doc = "What is to be paid, as it was sent."),
};
static const kith_field offer_columns[] = {
    F("product", LINK, .options = "product", .doc = "What is offered."),
    F("description", TEXT, .doc = "In words."),
    F("quantity", DECIMAL, .options = "3", .doc = "How much."),
    F("unit_price", MONEY, .doc = "What one costs."),
    F("discount", DECIMAL, .options = "2", .doc = "Less so many percent."),
    F("tax_rate", DECIMAL, .options = "2", .label = "Tax %", .doc = "Tax on it, in percent."),
    F("net", MONEY, .label = "Net", .doc = "What all of it costs without tax."),
    F("total", MONEY, .label = "With tax", .doc = "What all of it costs with tax."),
};
static const kith_field accept_params[] = {
    OF_QUOTE("The quote, which was sent."),
    F("name", TEXT, .flags = KITH_FF_REQUIRED, .max = "200", .label = "Your name",
      .doc = "Who accepts it for the customer."),
    F("remark", LONGTEXT, .max = "4000", .doc = "What else is to be said to it."),
};
static const kith_field answer_params[] = {
    OF_QUOTE("The quote, which was sent."),
    F("answer", CHOICE, .options = "accept,decline", .flags = KITH_FF_REQUIRED,
      .label = "Your answer", .doc = "Whether the offer is accepted or declined."),
    F("name", TEXT, .flags = KITH_FF_REQUIRED, .max = "200", .label = "Your name",
      .doc = "Who answers for the customer."),
    F("remark", LONGTEXT, .max = "4000",
      .doc = "What else is to be said; where it is declined, why."),
};
static const kith_field accept_results[] = {
    F("number", TEXT, .label = "Quote", .doc = "The number of the quote."),
    F("total", MONEY, .doc = "What it comes to."),
    F("order", LINK, .options = "order", .doc = "The order that is placed by accepting."),
};
static const kith_field send_params[] = {
    OF_QUOTE("A draft, one that is approved, or one that was sent and needs another link."),
};
static const kith_field send_results[] = {
    F("link", URL, .doc = "By which the customer answers. It is told this once."),
    F("expires", TIME, .doc = "Until when the link holds."),
    F("note", TEXT, .doc = "Why there is no link."),
    F("valid_until", DATE, .doc = "Until which day the quote holds."),
};
static const kith_action actions[] = {
    {.name = "send_quote",
     .doc = "Marks a quote as sent, and gives a link by which the customer accepts or declines it;"
            " links from before end.",
     .effect = KITH_EFFECT_WRITE,
     .fn = send_quote,
     .params = KITH_ARRAY(send_params),
     .results = KITH_ARRAY(send_results)},
    {.name = "offer",
     .doc = "Shows what a quote that was sent offers, as its customer sees it.",
     .effect = KITH_EFFECT_READ,
     .fn = show_offer,
     .params = KITH_ARRAY(offer_params),
     .results = KITH_ARRAY(offer_results),
     .columns = KITH_ARRAY(offer_columns)},
    {.name = "accept_quote",
     .doc = "Accepts a quote, as it was sent, and places the order.",
     .effect = KITH_EFFECT_WRITE,
     .fn = accept_quote,
     .params = KITH_ARRAY(accept_params),
     .results = KITH_ARRAY(accept_results)},
    {.name = "answer_quote",
     .doc = "Accepts an offer as it was sent, which places the order, or declines it.",
     .effect = KITH_EFFECT_WRITE,
     .fn = answer_quote,
     .params = KITH_ARRAY(answer_params),
     .results = KITH_ARRAY(accept_results)},
};
static const kith_want wants[] = {
    KITH_WANT(TABLE, KITH_LINKS_1, accepts.links),
    KITH_WANT_RECORD("order_line", accepts.line, SHOWN_LINE),
    KITH_WANT_RECORD("quote", accepts.quote, ACCEPTED),
    KITH_WANT(QUERY, "order_line where order = :order order by id", accepts.lines_of),
};
const kith_part accept_part = {
    .struct_size = sizeof accept_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .actions = KITH_ARRAY(actions),
    .module = "commerce",
};
