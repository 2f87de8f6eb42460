/* SPDX-License-Identifier: Apache-2.0 */
/* What was offered to whom, and declined: each product of a quote that is sent, and what a seller
 * notes of a suggestion. It is not suggested again for a time. */
#include "sales.h"

/* -- what is not offered again ------------------------------------------------------------------
 */

kith_status offers_made(kith_instance *self, const kith_txn *whole, const struct customer *who,
                        kith_group_fn fn, void *arg, kith_error *err) {
    const struct offers *o = &self->offers;
    const int32_t person = who->contact.kind == KITH_LINK;
    const kith_value since = kith_date(KITH_TODAY(self).as.i - o->again_after.as.i / KITH_DAY_MS);
    const kith_value params[] = {person ? who->contact : who->account, since};
    const kith_value firm[] = {who->account, since};
    if (!o->again_after.as.i)
        return KITH_OK;
    KITH_TRY(self->records->groups(whole, o->query.offered[person ? BUYER_CONTACT : BUYER_ACCOUNT],
                                   2, params, 0, fn, arg, err));
    return person && who->account.kind == KITH_LINK
               ? self->records->groups(whole, o->query.of_firm, 2, firm, 0, fn, arg, err)
               : KITH_OK;
}

/* -- quotes -------------------------------------------------------------------------------------
 */

/* Each product once, at the price of its first line. */
static kith_status offer_lines(kith_instance *self, kith_txn *txn, const struct quote *q,
                               kith_error *err) {
    struct quoted_line *lines;
    uint64_t count = 0;
    KITH_TRY(KITH_FIND(self, txn, quotes.line, self->offers.query.quoted, 1, &q->order, &lines,
                       &count, err));
    for (uint64_t i = 0; i < count; i++) {
        struct made_offer made = {.contact = q->contact,
                                  .account = q->account,
                                  .product = lines[i].product,
                                  .price = lines[i].unit_price,
                                  .channel = kith_text("seller"),
                                  .until = q->valid_until,
                                  .quote = q->id,
                                  .owner = q->owner};
        if (i == 0 || lines[i].product.as.link.id != lines[i - 1].product.as.link.id)
            KITH_TRY(KITH_CREATE(self, txn, offers.made, &made, err));
    }
    return KITH_OK;
}

static kith_status answer_all(kith_instance *self, kith_txn *txn, kith_value quote,
                              const char *state, const char *reason, kith_error *err) {
    struct made_offer *made;
    uint64_t count = 0;
    kith_edit edit = {0};
    kith_put(&edit, self->offers.made.state, kith_text(state));
    if (reason)
        kith_put(&edit, self->offers.made.reason, kith_text(reason));
    KITH_TRY(KITH_FIND(self, txn, offers.made, self->offers.query.of_quote, 1, &quote, &made,
                       &count, err));
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(kith_edit_update(self->records, txn, self->offers.made.type, made[i].id.as.link.id,
                                  &edit, err));
    return KITH_OK;
}

/* What is accepted is ordered, and commerce notes that. */
static kith_status quote_offers_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                     kith_error *err) {
    static const struct {
        const char *quote, *offer, *reason;
    } ends[] = {{"rejected", "refused", "the quote was declined"},
                {"expired", "ignored", NULL},
                {"withdrawn", "withdrawn", NULL},
                {"revised", "withdrawn", NULL}};
    struct quote q;
    KITH_TRY(KITH_CHANGE(self, txn, change, quotes.quote, &q, err));
    const int32_t moved =
        !change->before || self->records->changed(txn, change, self->quotes.quote.state) == 1;
    if (moved && kith_is(q.state, "sent"))
        return offer_lines(self, txn, &q, err);
    for (size_t i = 0; moved && i < sizeof ends / sizeof *ends; i++)
        if (kith_is(q.state, ends[i].quote))
            return answer_all(self, txn, q.id, ends[i].offer, ends[i].reason, err);
    return KITH_OK;
}

/* -- suggestions --------------------------------------------------------------------------------
 */

struct note_args {
    kith_value product, contact, account, answer, reason, channel, price;
};

/* The last one that is open, else a new one. */
static kith_status open_offer(kith_instance *self, kith_txn *txn, uint32_t of, kith_value who,
                              kith_value product, struct made_offer *offer, kith_error *err) {
    const kith_value params[] = {who, product};
    struct customer customer;
    KITH_TRY(offers_customer(self, txn, of, who, &customer, err));
    KITH_TRY(
        KITH_FIRST(self, txn, offers.made, self->offers.query.open[of], 2, params, offer, err));
    if (kith_has(offer->id))
        return KITH_OK;
    *offer = (struct made_offer){
        .contact = customer.contact, .account = customer.account, .product = product};
    return KITH_CREATE(self, txn, offers.made, offer, err);
}

static kith_status note_offer(kith_instance *self, kith_call *call, kith_error *err) {
    const struct made_offer_numbers *made = &self->offers.made;
    kith_txn *txn = self->calls->txn(call);
    struct note_args a;
    struct made_offer offer;
    uint32_t of = 0;
    kith_value who;
    kith_edit edit = {0};
    KITH_TRY(KITH_ARGS(self, call, &a, err));
    KITH_TRY(offers_buyer(a.contact, a.account, &of, &who, err));
    KITH_TRY(open_offer(self, txn, of, who, a.product, &offer, err));
    kith_put_given(&edit, made->state, a.answer);
    kith_put_given(&edit, made->reason, a.reason);
    kith_put_given(&edit, made->channel, a.channel);
    kith_put_given(&edit, made->price, a.price);
    KITH_TRY(kith_edit_update(self->records, txn, made->type, offer.id.as.link.id, &edit, err));
    const struct {
        kith_value offer, again_on;
    } out = {offer.id,
             kith_date(KITH_TODAY(self).as.i + self->offers.again_after.as.i / KITH_DAY_MS + 1)};
    return KITH_RESULTS(self, call, &out, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field offer_fields[] = {
    F("quote", LINK, .options = "quote", .flags = KITH_FF_READONLY,
      .doc = "In which quote, where it was in one."),
};
static const kith_type types[] = {
    {.name = "product_offer", .fields = KITH_ARRAY(offer_fields), .extends = 1},
};
static const char *const state_only[] = {"state"};
static const kith_hook hooks[] = {
    {.name = "quote_offers",
     .type = "quote",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = quote_offers_hook,
     .except = KITH_FROM(UNDO) | KITH_FROM(IMPORT),
     .fields = KITH_ARRAY(state_only),
     .doc = "Notes each product of a quote that is sent as offered, and what became of it."},
};
static const kith_setting settings[] = {
    {.key = "offer.again_after",
     .kind = KITH_DURATION,
     .default_text = "\"180d\"",
     .min = 0,
     .max = 3650 * KITH_DAY_MS,
     .doc = "How long sales.suggest leaves out what was offered to a customer, and not bought; 0s: "
            "it does not."},
};
static const kith_field params[] = {
    F("product", LINK, .options = "product", .flags = KITH_FF_REQUIRED, .doc = "What was offered."),
    F("contact", LINK, .options = "contact", .doc = "To this person."),
    F("account", LINK, .options = "account", .doc = "Or to this organisation."),
    F("answer", CHOICE, .options = "offered,refused,accepted", .default_text = "offered",
      .doc = "What they said; offered: nothing yet."),
    F("reason", TEXT, .doc = "Why they refused it."),
    F("channel", CHOICE, .options = "web,store,phone,email,mail,chat,social,seller,partner",
      .doc = "By which way it was offered."),
    F("price", MONEY, .min = "0", .doc = "At which price."),
};
static const kith_field results[] = {
    F("offer", LINK, .options = "product_offer", .doc = "Where it is noted."),
    F("again_on", DATE, .doc = "From which day on it is suggested to them again, if not bought."),
};
static const kith_action actions[] = {
    {.name = "note_offer",
     .doc = "Notes that a product was offered to a customer, or what they said to it.",
     .effect = KITH_EFFECT_WRITE,
     .fn = note_offer,
     .params = KITH_ARRAY(params),
     .results = KITH_ARRAY(results)},
};
static const kith_permission permissions[] = {
    {"write:product_offer", "Notes what was offered to whom by quotes, and what they said."},
};

#define LATELY                                                                                     \
    " and state in ('offered', 'refused', 'ignored') and (answered_on >= :since or answered_on "   \
    "is "                                                                                          \
    "null and updated >= :since) group by product limit 4000 : count()"
#define OPEN(by)                                                                                   \
    "product_offer where " by " = :who and product = :product and state = 'offered'"               \
    " order by -id limit 1"
static const kith_want wants[] = {
    KITH_WANT_RECORD("product_offer", offers.made, MADE_OFFER),
    KITH_WANT(QUERY, "product_offer where contact = :who" LATELY,
              offers.query.offered[BUYER_CONTACT]),
    KITH_WANT(QUERY, "product_offer where account = :who" LATELY,
              offers.query.offered[BUYER_ACCOUNT]),
    KITH_WANT(QUERY, "product_offer where account = :who and contact is null" LATELY,
              offers.query.of_firm),
    KITH_WANT(QUERY, OPEN("contact"), offers.query.open[BUYER_CONTACT]),
    KITH_WANT(QUERY, OPEN("account"), offers.query.open[BUYER_ACCOUNT]),
    KITH_WANT(QUERY, "order_line where order = :order order by product, id", offers.query.quoted),
    KITH_WANT(QUERY, "product_offer where quote = :quote and state = 'offered'",
              offers.query.of_quote),
    KITH_WANT(SETTING, "offer.again_after", offers.again_after),
};
const kith_part offered_part = {
    .struct_size = sizeof offered_part,
    .wants = KITH_ARRAY(wants),
    .module = "commerce",
    .permissions = KITH_ARRAY(permissions),
    .settings = KITH_ARRAY(settings),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .actions = KITH_ARRAY(actions),
};
