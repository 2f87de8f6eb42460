/* SPDX-License-Identifier: Apache-2.0 */
/* What customers owe and pay: the records of invoice.c, payment.c, allocation.c, ledger.c and
 * credit.c, and what these share. Part of commerce.h. */
#ifndef COMMERCE_BILLING_H
#define COMMERCE_BILLING_H

/* clang-format off */
#define INVOICE(X)  X(number) X(kind) X(state) X(order) X(corrects) X(account) X(contact) \
                    X(currency) X(issued_on) X(due_on) X(net) X(tax) X(total) X(billed) X(paid) \
                    X(used) X(open) X(charge) X(owed) X(reason) X(rebill)
#define INVOICE_LINE(X) \
                    X(invoice) X(order_line) X(corrects) X(product) X(description) X(quantity) \
                    X(unit_price) X(discount) X(tax_rate) X(net) X(tax) X(total) X(billed) \
                    X(counts) X(credited)
#define PAYMENT(X)  X(number) X(state) X(account) X(contact) X(order) X(invoice) X(amount) \
                    X(method) X(at) X(reference) X(refunded) X(allocated) X(currency) X(open) X(on_account)
#define ALLOCATION(X) X(payment) X(credit_note) X(invoice) X(amount)
#define ENTRY(X)    X(at) X(debit) X(credit) X(amount) X(account) X(contact) X(about) X(change)
/* clang-format on */

KITH_RECORD(invoice, INVOICE);
KITH_RECORD(invoice_line, INVOICE_LINE);
KITH_RECORD(payment, PAYMENT);
KITH_RECORD(allocation, ALLOCATION);
KITH_RECORD(entry, ENTRY);

/* In the instance. */
struct billing {
    /* queries */
    uint32_t invoice_lines, prepaid, due_of_order, due_of_account, due_of_contact, overdue,
        credits_of, allocations_of, same_of_account, same_of_contact, of_account, of_contact,
        open_of_account, open_of_contact, ordered_by_account, ordered_by_contact, money_of_account,
        money_of_contact, past_account, past_contact, ledger, open_items, open_payments, age_all,
        age_account, age_contact, in_category, by_method;
    uint32_t credits_of_account, credits_of_contact, money_left_account, money_left_contact,
        turnover_account, turnover_contact, billed_of, uncredited_of, units;
    uint32_t settled, overdue_timer;
    kith_value payment_days, tax_per; /* settings */
    const struct draft *draft;        /* what the invoice that is being made is of; NULL: all */
    int32_t holding; /* what pays is being exchanged: orders are settled when that is done */
};

/* Money as a number of minor units; 0 for none. */
static inline int64_t minor_of(const kith_value *v) {
    return v->kind == KITH_MONEY ? v->as.money.minor : 0;
}
/* The sum, or the largest that there is: what is added up of many records may be beyond it. */
static inline int64_t minor_sum(int64_t a, int64_t b) {
    int64_t sum;
    return !__builtin_add_overflow(a, b, &sum) ? sum : a < 0 ? -INT64_MAX : INT64_MAX;
}
static inline int32_t is_true(const kith_value *v) {
    return v->kind == KITH_BOOL && v->as.i;
}
/* An amount of a currency that a record tells as a text. */
static inline kith_value money_in(const kith_value *currency, int64_t minor) {
    char code[4] = "";
    if (currency->kind == KITH_TEXT && currency->as.s.len == 3)
        memcpy(code, currency->as.s.ptr, 3);
    kith_value v = kith_null();
    v.kind = KITH_MONEY;
    v.as.money.minor = minor;
    memcpy(v.as.money.currency, code, sizeof code);
    return v;
}
static inline int32_t is_in(const kith_value *money, const kith_value *currency) {
    return money->kind == KITH_MONEY && currency->kind == KITH_TEXT &&
           kith_str_is(currency->as.s, money->as.money.currency);
}

/* Who owes: the account, and the contact where there is none. */
struct customer {
    kith_value account, contact;
};
static inline struct customer customer_of(kith_value account, kith_value contact) {
    return (struct customer){account, kith_has(account) ? kith_null() : contact};
}
/* units.c: the account, and those that it is part of, from below. [reader] */
#define CHAIN_LEVELS 32
struct account_chain {
    struct account at[CHAIN_LEVELS];
    uint64_t count;
};
kith_status units_above(kith_instance *self, const kith_txn *txn, kith_value account,
                        struct account_chain *out, kith_error *err);
/* Is it in the chain, the account itself included? [any] */
int32_t is_unit_of(const struct account_chain *chain, const kith_value *account);
/* The account and all below it, as a list for a query, in the memory of the callback. [reader] */
kith_status units_below(kith_instance *self, const kith_txn *txn, kith_value account,
                        kith_value *list, kith_error *err);
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
/* It may have become paid, or not paid any more. [writer] */
kith_status order_settle(kith_instance *self, kith_txn *txn, kith_value order, kith_error *err);
/* Brings what is on account up to what was allocated and refunded. [writer] */
kith_status payment_settle(kith_instance *self, kith_txn *txn, kith_id id, kith_error *err);

#endif
