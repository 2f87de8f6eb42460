/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the commerce module share. Only <kith/...> beside it. Each file carries out one
 * part, declares it at its end (kith_part), and asks for what it needs. */
#ifndef COMMERCE_H
#define COMMERCE_H

#include "configure.h"
#include <kith/paper.h>
#include <kith/plugin.h>

#include "care.h"
#include "stock.h"

#define F(field, of, ...)                                                                          \
    { .name = (field), .kind = KITH_F_##of, __VA_ARGS__ }

/* Numbers of pieces, metres, hours: three digits after the point. Percent: two. */
#define KITH_F_QUANTITY KITH_F_DECIMAL, .options = "3"
#define KITH_F_PERCENT  KITH_F_DECIMAL, .options = "2"

/* -- records, by the fields that are used ---------------------------------------------------- */

/* clang-format off */
#define TRADE(X)    X(payment_days) X(credit_limit) X(expected_value) X(bonus) X(bonus_from)
#define ACCOUNT(X)  X(name) X(parent) X(territory) X(price_book) X(discount) TRADE(X)
#define CONTACT(X)  X(name) X(account) X(price_book) X(discount) TRADE(X)
#define PRODUCT(X)  X(code) X(name) X(kind) X(state) X(variant_of) X(price) X(tax_rate) \
                    X(option_groups) X(cost) X(supplier)
#define RELATION(X) X(product) X(other) X(kind) X(quantity)
#define CATEGORY(X) X(parent)
#define BOOK(X)     X(name) X(currency) X(valid_from) X(valid_until) X(territory) X(tier) \
                    X(standard) X(final)
#define PRICE(X)    X(price_book) X(product) X(min_quantity) X(amount) X(discount) X(valid_from) \
                    X(valid_until)
#define ORDER(X)    X(number) X(state) X(channel) X(account) X(contact) X(currency) \
                    X(price_book) X(placed_at) X(net) X(tax) X(total) X(owner) \
                    X(payment_method) X(invoiced) X(sent_back) X(charged) X(credited) X(receivable) \
                    X(prepaid) X(settled_at) X(lines) X(placed_elsewhere) X(subscription)
#define LINE(X)     X(order) X(product) X(description) X(quantity) X(list_price) X(unit_price) \
                    X(priced_by) X(discount) X(tax_rate) X(net) X(tax) X(total) X(chosen) \
                    X(configuration) X(cost) X(invoiced) X(unbilled) X(supplied_by) X(off_list)
#define PAPER_ORDER(X) X(number) X(reference)
/* clang-format on */

KITH_RECORD(paper_order, PAPER_ORDER);
KITH_RECORD(account, ACCOUNT);
KITH_RECORD(contact, CONTACT);
KITH_RECORD(product, PRODUCT);
KITH_RECORD(relation, RELATION);
KITH_RECORD(category, CATEGORY);
KITH_RECORD(book, BOOK);
KITH_RECORD(price, PRICE);
KITH_RECORD(order, ORDER);
KITH_RECORD(line, LINE);
#include "billing.h"
#include "owned.h"

#define TIERS_MAX 32 /* a bit for each: tiers_of */
struct tier {
    kith_value name, of, when, limit; /* a row of the setting, as declared */
};

struct kith_instance {
    KITH_TABLES;
    const kith_timers_v1 *timers;

    struct account_numbers account;
    struct contact_numbers contact;
    struct product_numbers product;
    struct relation_numbers relation;
    struct category_numbers category;
    struct book_numbers book;
    struct price_numbers price;
    struct order_numbers order;
    struct line_numbers line;
    struct configure_numbers configure;
    struct goods goods;
    struct invoice_numbers invoice;
    struct invoice_line_numbers invoice_line;
    struct payment_numbers payment;
    struct allocation_numbers allocation;
    struct entry_numbers entry;
    struct billing bill; /* billing.h */
    struct {
        uint32_t action;
        struct paper_order_numbers order;
        struct kith_paper_account_numbers account;
        struct kith_paper_contact_numbers contact;
        struct kith_paper_line_numbers line;
    } paper; /* where documents is enabled */
    uint32_t territory, territory_parent;
    kith_value tiers;
    struct owned own; /* owned.h */
    struct care care; /* care.h */
    struct {
        uint32_t product_by_code, parts_of, standard_books, territory_books, tier_books, price_of,
            prices_of, same_price, lines_of;
    } query;

    kith_value rounding, tax_included, discount_limit; /* settings */
};

/* -- price.c ------------------------------------------------------------------------------------
 */

/* What is asked for: who buys how much of what, when. KITH_NULL where it is not known. */
struct price_question {
    kith_value account, contact, product, quantity, price_book, currency, day;
};
struct price_answer {
    kith_value list_price; /* of one, without discounts; in the currency of unit_price, or none */
    kith_value unit_price; /* of one, before the discount */
    kith_value discount;   /* percent, by the terms of who buys */
    kith_value price_book, price;
    char why[400]; /* how it came about, for people */
};
/* KITH_E_REFUSED: there is no price, with what to do. [reader] */
kith_status price_find(kith_instance *self, const kith_txn *txn, const struct price_question *ask,
                       struct price_answer *out, kith_error *err);

/* -- tier.c -------------------------------------------------------------------------------------
 */

/* A bit for each tier that who buys is in, by themselves, by their account or one above it. Nothing
 * is read where there are no tiers. [reader] */
kith_status tiers_of(kith_instance *self, const kith_txn *txn, kith_value account,
                     kith_value contact, uint64_t *in, kith_error *err);
/* The first of them that limits discounts; NULL: none does. [any] */
const struct tier *tiers_limit(const kith_instance *self, uint64_t in);
/* KITH_E_REFUSED: there is none of that name. [any] */
kith_status tier_check(const kith_instance *self, kith_str name, kith_error *err);

/* -- order.c ------------------------------------------------------------------------------------
 */

/* Nothing follows from it yet: it may still become an order, which reserves and owes. */
int32_t is_before_order(kith_str state);
/* Its lines may be written: a cart, also one that was left. [any] */
int32_t order_is_open(const struct order *o);
/* It was ordered, whatever became of it. [any] */
int32_t order_was_placed(const struct order *o);
/* What somebody can do who wants other lines in an order of that state. [any] */
const char *order_remedy(kith_str state);

/* -- money.c ------------------------------------------------------------------------------------
 */

/* The amounts of a line: quantity times unit price, less the discount, and the tax of it. With
 * commerce.tax_included the price holds the tax. Each is rounded once, by commerce.rounding. [any]
 */
kith_status money_of_line(const kith_instance *self, struct line *line, kith_error *err);
/* The line as an undo leaves it: with the prices that it had, of which one that is not that of the
 * list is somebody's. [reader] */
kith_status money_undone(kith_instance *self, const kith_txn *txn, const kith_change *change,
                         struct line *line, kith_error *err);
uint32_t money_rounding(const kith_instance *self);
/* The part of an amount that the pieces behind at[0] up to at[1], of at[2], are: so calculated that
 * all parts add up to it. [any] */
kith_status money_share(const kith_instance *self, const kith_value *amount, const int64_t at[3],
                        kith_value *out, kith_error *err);
kith_value money_zero(const char *currency);
kith_value percent_of(int64_t hundredths);
/* One of them, in the thousandths that quantities have. */
kith_value quantity_of(int64_t whole);

/* -- wants, one for each part -------------------------------------------------------------------
 */

extern const kith_part product_part, tier_part, price_part, order_part, order_line_part;
extern const kith_part option_part, configure_part, bundle_part;
extern const kith_part stock_part, reserve_part, demand_part;
extern const kith_part invoice_paper_part;
extern const kith_part invoice_part, payment_part, allocation_part, ledger_part, credit_part;
extern const kith_part asset_part, subscription_part, renewal_part, booking_part, offering_part;
extern const kith_part purchase_part, units_part;
extern const kith_part shipment_part, return_part, entry_part, track_part, fits_part, referral_part;

/* For reports of order lines: what is left of them, of their net and of their cost, when what was
 * credited or came back before it was billed is taken off. */
#define STAYS   "(quantity - unbilled - credited)"
#define REVENUE "net * " STAYS " / quantity"
#define EXPENSE "cost * (quantity - restocked) / quantity"
#define COSTED  "(net + cost * 0) * " STAYS " / quantity" /* of lines whose cost is known */

#endif
