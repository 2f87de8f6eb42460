/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the commerce module share. Only <kith/...> beside it. Each file carries out one
 * part, declares it at its end (kith_part), and asks for what it needs. */
#ifndef COMMERCE_H
#define COMMERCE_H

#include "configure.h"
#include <kith/easy.h>
#include <kith/plugin.h>

#include "stock.h"

#define F(field, of, ...)                                                                          \
    { .name = (field), .kind = KITH_F_##of, __VA_ARGS__ }

/* Numbers of pieces, metres, hours: three digits after the point. Percent: two. */
#define KITH_F_QUANTITY KITH_F_DECIMAL, .options = "3"
#define KITH_F_PERCENT  KITH_F_DECIMAL, .options = "2"

/* -- records, by the fields that are used ---------------------------------------------------- */

/* clang-format off */
#define TRADE(X)    X(payment_days) X(credit_limit) X(expected_value)
#define ACCOUNT(X)  X(name) X(parent) X(territory) X(price_book) X(discount) TRADE(X)
#define CONTACT(X)  X(name) X(account) X(price_book) X(discount) TRADE(X)
#define PRODUCT(X)  X(code) X(name) X(kind) X(state) X(variant_of) X(price) X(tax_rate) \
                    X(option_groups) X(cost) X(supplier)
#define RELATION(X) X(product) X(other) X(kind) X(quantity)
#define CATEGORY(X) X(parent)
#define BOOK(X)     X(name) X(currency) X(valid_from) X(valid_until) X(territory) X(standard) \
                    X(final)
#define PRICE(X)    X(price_book) X(product) X(min_quantity) X(amount) X(discount) X(valid_from) \
                    X(valid_until)
#define ORDER(X)    X(number) X(state) X(channel) X(account) X(contact) X(currency) \
                    X(price_book) X(placed_at) X(net) X(tax) X(total) X(owner) \
                    X(payment_method) X(invoiced) X(receivable) X(prepaid) X(settled_at)
#define LINE(X)     X(order) X(product) X(description) X(quantity) X(list_price) X(unit_price) \
                    X(priced_by) X(discount) X(tax_rate) X(net) X(tax) X(total) X(chosen) \
                    X(configuration) X(cost) X(invoiced) X(supplied_by)
#define INVOICE(X)  X(number) X(kind) X(state) X(order) X(corrects) X(account) X(contact) \
                    X(currency) X(issued_on) X(due_on) X(net) X(tax) X(total) X(billed) X(paid) \
                    X(used) X(open) X(reason) X(rebill)
#define INVOICE_LINE(X) \
                    X(invoice) X(order_line) X(corrects) X(product) X(description) X(quantity) \
                    X(unit_price) X(discount) X(tax_rate) X(net) X(tax) X(total) X(billed) \
                    X(counts) X(credited)
#define PAYMENT(X)  X(number) X(state) X(account) X(contact) X(order) X(invoice) X(amount) \
                    X(method) X(at) X(reference) X(refunded) X(allocated) X(currency) X(open)
#define ALLOCATION(X) X(payment) X(credit_note) X(invoice) X(amount)
#define ENTRY(X)    X(at) X(debit) X(credit) X(amount) X(account) X(contact) X(about) X(change)
/* clang-format on */

KITH_RECORD(account, ACCOUNT);
KITH_RECORD(contact, CONTACT);
KITH_RECORD(product, PRODUCT);
KITH_RECORD(relation, RELATION);
KITH_RECORD(category, CATEGORY);
KITH_RECORD(book, BOOK);
KITH_RECORD(price, PRICE);
KITH_RECORD(order, ORDER);
KITH_RECORD(line, LINE);
KITH_RECORD(invoice, INVOICE);
KITH_RECORD(invoice_line, INVOICE_LINE);
KITH_RECORD(payment, PAYMENT);
KITH_RECORD(allocation, ALLOCATION);
KITH_RECORD(entry, ENTRY);
#include "owned.h"

struct kith_instance {
    const kith_host *host;
    const kith_records_v1 *records;
    const kith_events_v1 *events;
    const kith_calls_v1 *calls;
    const kith_settings_v1 *settings;
    const kith_numbers_v1 *numbers;
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
    uint32_t territory, territory_parent;
    struct owned own; /* owned.h */
    struct {
        uint32_t product_by_code, relations, parts_of, standard_books, territory_books, price_of,
            prices_of, same_price, lines_of;
        uint32_t invoice_lines, prepaid, due_of_order, due_of_account, due_of_contact, overdue,
            credits_of, allocations_of, same_reference, of_account, of_contact;
        uint32_t open_of_account, open_of_contact, ordered_by_account, ordered_by_contact,
            money_of_account, money_of_contact, past_account, past_contact;
        uint32_t ledger, open_items, open_payments, age_all, age_account, age_contact, in_category,
            by_method, turnover;
    } query;
    uint32_t settled, overdue_timer;

    kith_value rounding, tax_included, discount_limit; /* settings */
    kith_value payment_days, tax_per;
    const struct draft *draft; /* what the invoice that is being made is of; NULL: all */
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

/* -- money.c ------------------------------------------------------------------------------------
 */

/* The amounts of a line: quantity times unit price, less the discount, and the tax of it. With
 * commerce.tax_included the price holds the tax. Each is rounded once, by commerce.rounding. [any]
 */
kith_status money_of_line(const kith_instance *self, struct line *line, kith_error *err);
uint32_t money_rounding(const kith_instance *self);
kith_value money_zero(const char *currency);
kith_value percent_of(int64_t hundredths);
/* One of them, in the thousandths that quantities have. */
kith_value quantity_of(int64_t whole);

/* Money as a number of minor units; 0 for none. */
static inline int64_t minor_of(const kith_value *v) {
    return v->kind == KITH_MONEY ? v->as.money.minor : 0;
}
static inline int32_t is_set(const kith_value *v) {
    return v->kind != KITH_NULL;
}
static inline int32_t same_link(const kith_value *a, const kith_value *b) {
    return (a->kind == KITH_LINK ? a->as.link.id : 0) == (b->kind == KITH_LINK ? b->as.link.id : 0);
}
/* An amount of a currency that a record tells as a text. */
static inline kith_value money_in(const kith_value *currency, int64_t minor) {
    char code[4] = "";
    if (currency->kind == KITH_TEXT && currency->as.s.len == 3)
        memcpy(code, currency->as.s.ptr, 3);
    kith_value v = money_zero(code);
    v.as.money.minor = minor;
    return v;
}
static inline int32_t is_in(const kith_value *money, const kith_value *currency) {
    return money->kind == KITH_MONEY && currency->kind == KITH_TEXT &&
           kith_str_is(currency->as.s, money->as.money.currency);
}

/* -- invoice.c, payment.c, ledger.c -------------------------------------------------------------
 */

/* Who owes: the account, and the contact where there is none. */
struct customer {
    kith_value account, contact;
};
static inline struct customer customer_of(kith_value account, kith_value contact) {
    return (struct customer){account, account.kind == KITH_NULL ? contact : kith_null()};
}
/* Brings what is open of it, and its state, up to its allocations. [writer] */
kith_status invoice_settle(kith_instance *self, kith_txn *txn, kith_id id, kith_error *err);
/* Puts what is open of a payment or a credit note onto an invoice, as far as it goes. [writer] */
kith_status payment_allocate(kith_instance *self, kith_txn *txn, kith_value from, kith_value open,
                             kith_value invoice, kith_error *err);
/* The payments that came for the order before. [writer] */
kith_status payment_take_prepaid(kith_instance *self, kith_txn *txn, const struct invoice *invoice,
                                 kith_error *err);
/* Books an amount of a customer; nothing is no entry. [writer] */
kith_status ledger_book(kith_instance *self, kith_txn *txn, const char *debit, const char *credit,
                        kith_value amount, struct customer who, kith_value about, kith_error *err);

/* -- wants, one for each part -------------------------------------------------------------------
 */

kith_status product_wants(kith_instance *self, kith_error *err);
kith_status price_wants(kith_instance *self, kith_error *err);
kith_status order_wants(kith_instance *self, kith_error *err);
kith_status option_wants(kith_instance *self, kith_error *err);
kith_status configure_wants(kith_instance *self, kith_error *err);
kith_status stock_wants(kith_instance *self, kith_error *err);
kith_status reserve_wants(kith_instance *self, kith_error *err);
kith_status demand_wants(kith_instance *self, kith_error *err);
kith_status bundle_wants(kith_instance *self, kith_error *err);
kith_status shipment_wants(kith_instance *self, kith_error *err);
kith_status return_wants(kith_instance *self, kith_error *err);
kith_status entry_wants(kith_instance *self, kith_error *err);
extern const kith_part product_part, price_part, order_part;
extern const kith_part option_part, configure_part, bundle_part;
extern const kith_part stock_part, reserve_part, demand_part;
kith_status invoice_wants(kith_instance *self, kith_error *err);
kith_status payment_wants(kith_instance *self, kith_error *err);
kith_status ledger_wants(kith_instance *self, kith_error *err);
kith_status credit_wants(kith_instance *self, kith_error *err);
extern const kith_part invoice_part, payment_part, ledger_part, credit_part;
kith_status asset_wants(kith_instance *self, kith_error *err);
kith_status subscription_wants(kith_instance *self, kith_error *err);
kith_status renewal_wants(kith_instance *self, kith_error *err);
kith_status booking_wants(kith_instance *self, kith_error *err);
kith_status offering_wants(kith_instance *self, kith_error *err);
extern const kith_part asset_part, subscription_part, renewal_part, booking_part, offering_part;
extern const kith_part shipment_part, return_part, entry_part;

#define WANTS(self, wants, err)                                                                    \
    kith_resolve((self)->host, self, wants, sizeof(wants) / sizeof *(wants), err)

#endif
