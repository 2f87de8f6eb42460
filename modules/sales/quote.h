/* SPDX-License-Identifier: Apache-2.0 */
/* What quotes ask for: see quote.c. */
#ifndef SALES_QUOTE_H
#define SALES_QUOTE_H

#include <kith/paper.h>

/* clang-format off */
#define QUOTE(X)        X(number) X(opportunity) X(order) X(version) X(revises) X(state) X(account) \
                        X(contact) X(valid_until) X(intro) X(terms) X(approved_by) X(approved_at) \
                        X(sent_at) X(sent_on) X(answered_at) X(total) X(discount) X(owner)
#define QUOTED(X)       X(number) X(state) X(account) X(contact) X(currency) X(price_book) \
                        X(channel) X(reference) X(net) X(total) X(lines) X(owner)
#define QUOTED_LINE(X)  X(order) X(product) X(description) X(quantity) X(unit_price) X(discount) \
                        X(off_list) X(tax_rate) X(chosen)
#define QUOTED_DEAL(X)  X(name) X(stage) X(amount) X(account) X(contact) X(owner)
#define TOLD_QUOTE(X)   X(number) X(state) X(account) X(contact) X(discount) X(declined_by) X(answer) \
                        X(owner)
/* What a proposal is written from. */
#define QUICK_PERSON(X) X(name)
#define QUICK_FIRM(X)   X(name) X(terms_of_trade)
#define QUICK_WARE(X)   X(name) X(value_proposition)
#define QUICK_DEAL(X)   X(account) X(contact) X(lead)
#define QUICK_LEAD(X)   X(interest)
#define QUICK_USER(X)   X(name)
/* clang-format on */

KITH_RECORD(quote, QUOTE);
KITH_RECORD(quoted, QUOTED);
KITH_RECORD(quoted_line, QUOTED_LINE);
KITH_RECORD(quoted_deal, QUOTED_DEAL);
KITH_RECORD(told_quote, TOLD_QUOTE);
KITH_RECORD(quick_person, QUICK_PERSON);
KITH_RECORD(quick_firm, QUICK_FIRM);
KITH_RECORD(quick_ware, QUICK_WARE);
KITH_RECORD(quick_deal, QUICK_DEAL);
KITH_RECORD(quick_lead, QUICK_LEAD);
KITH_RECORD(quick_user, QUICK_USER);

struct quotes {
    struct quote_numbers quote;
    struct quoted_numbers order;
    struct quoted_line_numbers line;
    struct quoted_deal_numbers deal;
    uint32_t of_order, in_place_of, accepted_of, lines_of, overdue, is_approver;
    kith_value valid_for, discount_limit, approvers, wins; /* settings */
    struct {
        struct told_quote_numbers quote;
        uint32_t approvers, asked;
    } told; /* quote_tasks.c */
    struct {
        uint32_t order; /* the action commerce.order */
        struct quick_person_numbers person;
        struct quick_firm_numbers firm;
        struct quick_ware_numbers ware;
        struct quick_deal_numbers deal;
        struct quick_lead_numbers lead;
        struct quick_user_numbers user;
        kith_value terms, proposal; /* settings */
    } quick;                        /* quick_quote.c */
    struct {
        uint32_t action;
        struct kith_paper_account_numbers account;
        struct kith_paper_contact_numbers contact;
        struct kith_paper_line_numbers line;
        struct kith_paper_product_numbers product;
    } paper; /* where documents is enabled */
};

#endif
