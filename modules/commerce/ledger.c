/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger of what customers owe: each row debits one account of the books and credits another
 * one with the same amount, so that it balances whatever is written. Nothing in it changes. And
 * what it is asked: does it agree with what is open, how old is that, who pays how. */
#include "commerce.h"
#include <stdlib.h>

static int32_t is_receivable(const char *name) {
    return strcmp(name, "receivable") == 0;
}

kith_status ledger_book(kith_instance *self, kith_txn *txn, const char *debit, const char *credit,
                        kith_value amount, struct customer who, kith_value about, kith_error *err) {
    if (!minor_of(&amount))
        return KITH_OK;
    struct entry e = {.at = KITH_NOW(self),
                      .debit = kith_text(debit),
                      .credit = kith_text(credit),
                      .amount = amount,
                      .account = who.account,
                      .contact = who.contact,
                      .about = about,
                      .change = amount};
    if (is_receivable(credit))
        e.change.as.money.minor = -e.change.as.money.minor;
    return KITH_CREATE(self, txn, entry, &e, err);
}

static kith_status entry_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                              kith_error *err) {
    struct entry e;
    kith_status st = KITH_OK;
    if (change->kind == KITH_ON_DELETE)
        return kith_fail(err, KITH_E_REFUSED, NULL,
                         "entries of the ledger are never deleted; book the opposite by a credit "
                         "note (commerce.credit) or a refund (commerce.refund)");
    st = KITH_READ(self, txn, entry, change->after, &e, err);
    return st != KITH_OK || kith_has(e.amount)
               ? st
               : kith_fail(err, KITH_E_REFUSED, NULL,
                           "the ledger is written by invoices, credit notes and payments alone");
}

/* -- who has entries or invoices is not deleted -------------------------------------------------
 */

static kith_status customer_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                 kith_error *err) {
    struct entry *entries;
    uint64_t n = 0;
    kith_status st = KITH_OK;
    const int32_t account = change->type == self->account.type;
    const kith_value id = kith_link(change->type, change->id);
    st = KITH_FIND(self, txn, entry, account ? self->bill.of_account : self->bill.of_contact, 1,
                   &id, &entries, &n, err);
    return st != KITH_OK || !n
               ? st
               : kith_fail(err, KITH_E_REFUSED, NULL,
                           "the %s has invoices or payments, which are kept with it; merge it "
                           "with another one, or leave it",
                           account ? "account" : "contact");
}

/* -- does it agree ------------------------------------------------------------------------------
 */

/* What one customer owes in one currency, by the ledger less by what is open: in the end 0. */
struct balance {
    kith_id account, contact;
    char currency[4];
    int64_t minor;
};
struct balances {
    const kith_instance *self;
    struct balance *items;
    uint64_t count, room;
    int32_t sign;
};

/* account, contact, then kind or currency, and last the sum. */
static kith_status note_balance(void *arg, const kith_txn *txn, uint32_t count, const kith_value *v,
                                kith_error *err) {
    struct balances *b = arg;
    const kith_value *sum = &v[count - 1];
    if (sum->kind != KITH_MONEY)
        return KITH_OK;
    KITH_TRY(KITH_GROW(b->self, txn, b, err));
    struct balance *at = &b->items[b->count++];
    const int32_t credit = kith_is(v[2], "credit_note");
    *at = (struct balance){.minor = sum->as.money.minor * (credit ? -b->sign : b->sign)};
    at->account = v[0].kind == KITH_LINK ? v[0].as.link.id : 0;
    at->contact = v[1].kind == KITH_LINK && !at->account ? v[1].as.link.id : 0;
    memcpy(at->currency, sum->as.money.currency, sizeof at->currency);
    return KITH_OK;
}

static int by_customer(const void *x, const void *y) {
    const struct balance *a = x, *b = y;
    if (a->account != b->account)
        return a->account < b->account ? -1 : 1;
    if (a->contact != b->contact)
        return a->contact < b->contact ? -1 : 1;
    return strcmp(a->currency, b->currency);
}

/* What a customer may be called to whoever asks: its id, or nothing of somebody they may not see.
 */
static void name_customer(const kith_instance *self, const kith_txn *view, const struct balance *b,
                          char *out, size_t cap) {
    const uint32_t type = b->account ? self->account.type : self->contact.type;
    const kith_id who = b->account ? b->account : b->contact;
    char id[KITH_ID_CHARS + 1];
    const kith_row *row;
    kith_id_text(who, id);
    if (self->records->get(view, type, who, &row, NULL) == KITH_OK)
        (void)snprintf(out, cap, "%s %s", b->account ? "account" : "contact", id);
    else
        (void)snprintf(out, cap, "somebody whom you may not see");
}

/* How many customers' balances differ, and the first of them in words. */
static int64_t count_faults(struct balances *b, const kith_txn *view, char *why, size_t cap) {
    int64_t faults = 0;
    if (b->count)
        qsort(b->items, (size_t)b->count, sizeof *b->items, by_customer);
    for (uint64_t i = 0, end; i < b->count; i = end) {
        kith_value sum = money_zero(b->items[i].currency);
        for (end = i; end < b->count && by_customer(&b->items[i], &b->items[end]) == 0; end++)
            sum.as.money.minor += b->items[end].minor;
        char who[60], text[KITH_NUMBER_TEXT];
        if (!sum.as.money.minor || faults++)
            continue;
        name_customer(b->self, view, &b->items[i], who, sizeof who);
        b->self->numbers->text(&sum, text);
        (void)snprintf(why, cap, "%s: the ledger is %s off what is open", who, text);
    }
    return faults;
}

static kith_status check_action(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *txn = self->calls->whole(call);
    struct balances b = {.self = self, .sign = 1};
    char why[200] = "debits and credits are equal, and all balances are what is open";
    KITH_TRY(self->records->groups(txn, self->bill.ledger, 0, NULL, 0, note_balance, &b, err));
    b.sign = -1;
    KITH_TRY(self->records->groups(txn, self->bill.open_items, 0, NULL, 0, note_balance, &b, err));
    b.sign = 1; /* what is on account is owed to the customer */
    KITH_TRY(
        self->records->groups(txn, self->bill.open_payments, 0, NULL, 0, note_balance, &b, err));
    const int64_t faults = count_faults(&b, self->calls->view(call), why, sizeof why);
    const struct {
        kith_value balanced, faults, why;
    } results = {kith_bool(!faults), kith_int(faults), kith_text(why)};
    return KITH_RESULTS(self, call, &results, err);
}

/* -- how old is it ------------------------------------------------------------------------------
 */

struct age {
    kith_value not_due, days_30, days_60, days_90, older, total;
};
#define AGES 5
struct age_row {
    kith_value account, contact;
    struct age age;
};
struct ages {
    kith_instance *self;
    struct age_row *items;
    uint64_t count, room;
    kith_value currency;
    int at; /* the age that is asked for */
};

static struct age no_age(const kith_value *currency) {
    const kith_value none = money_in(currency, 0);
    return (struct age){none, none, none, none, none, none};
}

/* account, contact, sum: of one age. A customer has a row for each; they are added up behind. */
static kith_status note_age(void *arg, const kith_txn *txn, uint32_t count, const kith_value *v,
                            kith_error *err) {
    struct ages *a = arg;
    (void)count;
    KITH_TRY(KITH_GROW(a->self, txn, a, err));
    struct age_row *row = &a->items[a->count++];
    *row = (struct age_row){v[0], kith_has(v[0]) ? kith_null() : v[1], no_age(&a->currency)};
    (&row->age.not_due)[a->at] = row->age.total = v[2];
    return KITH_OK;
}

static kith_id id_of(const kith_value *link) {
    return link->kind == KITH_LINK ? link->as.link.id : 0;
}
static int by_whom(const void *x, const void *y) {
    const struct age_row *a = x, *b = y;
    const kith_id whom[] = {id_of(&a->account), id_of(&b->account), id_of(&a->contact),
                            id_of(&b->contact)};
    return whom[0] != whom[1]   ? (whom[0] < whom[1] ? -1 : 1)
           : whom[2] != whom[3] ? (whom[2] < whom[3] ? -1 : 1)
                                : 0;
}
static int by_total(const void *x, const void *y) {
    const int64_t a = minor_of(&((const struct age_row *)x)->age.total),
                  b = minor_of(&((const struct age_row *)y)->age.total);
    return a == b ? by_whom(x, y) : a > b ? -1 : 1;
}

static kith_status add_age(const kith_instance *self, struct age *to, const struct age *of,
                           kith_error *err) {
    for (int i = 0; i <= AGES; i++)
        KITH_TRY(self->numbers->add(&to->not_due + i, 1, &of->not_due + i, &to->not_due + i, err));
    return KITH_OK;
}

/* One row for each customer, those who owe most first, and the sum of all. */
static kith_status sum_ages(struct ages *a, struct age *all, kith_error *err) {
    uint64_t kept = 0;
    if (a->count)
        qsort(a->items, (size_t)a->count, sizeof *a->items, by_whom);
    for (uint64_t i = 0; i < a->count; i++) {
        KITH_TRY(add_age(a->self, all, &a->items[i].age, err));
        if (kept && by_whom(&a->items[kept - 1], &a->items[i]) == 0)
            KITH_TRY(add_age(a->self, &a->items[kept - 1].age, &a->items[i].age, err));
        else
            a->items[kept++] = a->items[i];
    }
    a->count = kept;
    if (kept)
        qsort(a->items, (size_t)kept, sizeof *a->items, by_total);
    return KITH_OK;
}

struct age_args {
    kith_value currency, account, contact, limit;
};

/* What is open by age, as far as it may be read by this. */
static kith_status read_ages(const kith_txn *txn, const struct age_args *args, struct ages *a,
                             struct age *all, kith_error *err) {
    /* Days late: from[i] to from[i + 1] - 1; the ends are as far as a date may be. */
    static const int64_t from[AGES + 1] = {-100000, 1, 31, 61, 91, 100000};
    kith_instance *self = a->self;
    const int64_t today = KITH_TODAY(self).as.i;
    const int32_t one = kith_has(args->account) || kith_has(args->contact);
    const uint32_t query = kith_has(args->account)   ? self->bill.age_account
                           : kith_has(args->contact) ? self->bill.age_contact
                                                     : self->bill.age_all;
    for (; a->at < AGES; a->at++) {
        const kith_value params[] = {
            args->currency,
            kith_date(today - from[a->at + 1] + 1),
            kith_date(today - from[a->at]),
            kith_has(args->account) ? args->account : args->contact,
        };
        KITH_TRY(self->records->groups(txn, query, one ? 4 : 3, params, 0, note_age, a, err));
    }
    return sum_ages(a, all, err);
}

static kith_status age_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct age_args args;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    if (kith_has(args.account)) /* with its units */
        KITH_TRY(units_below(self, self->calls->whole(call), args.account, &args.account, err));
    struct ages seen = {.self = self, .currency = args.currency}, whole = seen;
    struct age of_whole = no_age(&args.currency);
    struct {
        struct age all;
        kith_value complete;
    } out = {no_age(&args.currency), kith_null()};
    KITH_TRY(read_ages(self->calls->view(call), &args, &seen, &out.all, err));
    KITH_TRY(read_ages(self->calls->whole(call), &args, &whole, &of_whole, err));
    for (uint64_t i = 0; i < seen.count && (int64_t)i < args.limit.as.i; i++)
        KITH_TRY(KITH_ROW(self, call, &seen.items[i], err));
    out.complete = kith_bool(minor_of(&out.all.total) == minor_of(&of_whole.total));
    return KITH_RESULTS(self, call, &out, err);
}

/* -- by which means -----------------------------------------------------------------------------
 */

static kith_status share_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct {
        kith_value category, method;
    } args;
    const kith_txn *txn = self->calls->view(call);
    struct {
        kith_value share, orders, all;
    } out = {.share = kith_null()};
    const kith_value one = kith_decimal(10000, 4);
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    const kith_value params[] = {args.category, args.method};
    KITH_TRY(KITH_TOTAL(self, txn, self->bill.in_category, 1, params, &out.all, err));
    KITH_TRY(KITH_TOTAL(self, txn, self->bill.by_method, 2, params, &out.orders, err));
    if (out.all.as.i)
        KITH_TRY(self->numbers->multiply(&one, &out.orders, out.all.as.i, KITH_ROUND_HALF_UP,
                                         &out.share, err));
    return KITH_RESULTS(self, call, &out, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

#define ACCOUNTS "receivable,revenue,tax,cash,bank,write_off"
static const kith_field entry_fields[] = {
    F("at", TIME, .flags = KITH_FF_READONLY | KITH_FF_INDEXED, .doc = "When it was booked."),
    F("debit", CHOICE, .options = ACCOUNTS, .flags = KITH_FF_READONLY,
      .doc = "The account of the books that is debited."),
    F("credit", CHOICE, .options = ACCOUNTS, .flags = KITH_FF_READONLY,
      .doc = "The one that is credited."),
    F("amount", MONEY, .flags = KITH_FF_READONLY, .doc = "With how much."),
    F("account", LINK, .options = "account", .flags = KITH_FF_READONLY,
      .doc = "The customer: an organisation."),
    F("contact", LINK, .options = "contact", .flags = KITH_FF_READONLY | KITH_FF_SUBJECT,
      .doc = "The customer: a person who buys for no organisation."),
    F("about", LINK, .options = "*", .flags = KITH_FF_READONLY,
      .doc = "The invoice, credit note or payment."),
    F("change", MONEY, .flags = KITH_FF_READONLY,
      .doc = "What the customer owes more, or less, by it."),
};
static const char *const entry_indexes[] = {"account,at", "contact,at"};

static const kith_field balance_account[] = {
    F("balance", MONEY, .rollup = "sum(ledger_entry.change via account)",
      .doc =
          "What they owe by the ledger, in the company's currency; less than 0: what is theirs."),
};
static const kith_field balance_contact[] = {
    F("balance", MONEY, .rollup = "sum(ledger_entry.change via contact)",
      .doc = "What the person owes by the ledger, in the company's currency; less than 0: what is "
             "theirs."),
};

static const kith_type types[] = {
    {.name = "ledger_entry",
     .label = "Ledger entry",
     .doc = "One entry of the ledger of receivables; none is ever changed.",
     .title = "amount",
     .undo = KITH_UNDO_REFUSE,
     .fields = KITH_ARRAY(entry_fields),
     .indexes = KITH_ARRAY(entry_indexes)},
    {.name = "account", .fields = KITH_ARRAY(balance_account), .extends = 1},
    {.name = "contact", .fields = KITH_ARRAY(balance_contact), .extends = 1},
};

#define CUSTOMER_HOOK(of)                                                                          \
    {                                                                                              \
        .name = "keep_" of, .type = of, .on = KITH_ON_DELETE, .when = KITH_BEFORE,                 \
        .fn = customer_hook, .except = KITH_FROM(ERASE),                                           \
        .doc = "Keeps who has invoices or payments."                                               \
    }
static const kith_hook hooks[] = {
    {.name = "entry",
     .type = "ledger_entry",
     .on = KITH_ON_CREATE | KITH_ON_DELETE,
     .when = KITH_BEFORE,
     .fn = entry_hook,
     .except = KITH_FROM(RETENTION) | KITH_FROM(ERASE),
     .doc = "Keeps the ledger as it is written."},
    CUSTOMER_HOOK("account"),
    CUSTOMER_HOOK("contact"),
};

static const kith_field check_results[] = {
    F("balanced", BOOLEAN, .doc = "All agrees."),
    F("faults", INTEGER, .doc = "Customers and currencies where it does not."),
    F("why", LONGTEXT, .doc = "In words, the first of them."),
};
static const kith_field age_params[] = {
    F("currency", TEXT, .flags = KITH_FF_REQUIRED, .doc = "What is open in this one: EUR."),
    F("account", LINK, .options = "account", .doc = "Of one organisation with its units."),
    F("contact", LINK, .options = "contact", .doc = "Of one person."),
    F("limit", INTEGER, .default_text = "100", .min = "0", .max = "10000",
      .doc = "How many customers have a row at most."),
};
#define AGE_FIELDS                                                                                 \
    F("not_due", MONEY, .doc = "Due today or later."),                                             \
        F("days_30", MONEY, .doc = "1 to 30 days late."),                                          \
        F("days_60", MONEY, .doc = "31 to 60 days late."),                                         \
        F("days_90", MONEY, .doc = "61 to 90 days late."),                                         \
        F("older", MONEY, .doc = "More than 90 days late."),                                       \
        F("total", MONEY, .doc = "All of it.")
static const kith_field age_results[] = {
    AGE_FIELDS,
    F("complete", BOOLEAN, .doc = "No: more is open, on invoices that you may not see."),
};
static const kith_field age_columns[] = {
    F("account", LINK, .options = "account", .doc = "Who owes: an organisation."),
    F("contact", LINK, .options = "contact", .doc = "Or a person."),
    AGE_FIELDS,
};
static const kith_field share_params[] = {
    F("category", LINK, .options = "product_category", .flags = KITH_FF_REQUIRED,
      .doc = "Orders with products of this one."),
    F("method", CHOICE,
      .options = "card,transfer,direct_debit,cash,cash_on_delivery,wallet,invoice,other",
      .flags = KITH_FF_REQUIRED, .doc = "For which money came in this way."),
};
static const kith_field share_results[] = {
    F("share", DECIMAL, .options = "4", .doc = "Which part of the orders; none without orders."),
    F("orders", INTEGER, .doc = "How many were paid in this way."),
    F("all", INTEGER, .doc = "Of how many."),
};
static const kith_action actions[] = {
    {.name = "ledger_check",
     .doc = "Proves that the ledger agrees with what is open of each customer.",
     .effect = KITH_EFFECT_READ,
     .flags = KITH_AF_WHOLE,
     .fn = check_action,
     .results = KITH_ARRAY(check_results)},
    {.name = "open_by_age",
     .doc = "Says how old what is open is, as far as you may see it: of all and of each customer, "
            "who owes most first.",
     .effect = KITH_EFFECT_READ,
     .flags = KITH_AF_WHOLE,
     .fn = age_action,
     .params = KITH_ARRAY(age_params),
     .results = KITH_ARRAY(age_results),
     .columns = KITH_ARRAY(age_columns)},
    {.name = "payment_share",
     .doc = "Says which part of the orders in a category was paid in a way, at least in part.",
     .effect = KITH_EFFECT_READ,
     .fn = share_action,
     .params = KITH_ARRAY(share_params),
     .results = KITH_ARRAY(share_results)},
};

#define STANDS "state in ('ordered', 'paid', 'shipped', 'delivered')"
#define PLACED "order." STANDS
#define PROFIT                                                                                     \
    "sum(" STAYS ") as quantity, sum(" REVENUE ") as revenue, sum(" COSTED ") as costed, "         \
    "sum(" EXPENSE ") as cost, sum(" REVENUE " - " EXPENSE ") as profit"
#define INVOICE_FIELDS "id,number,kind,order.number,issued_on,due_on,charge,owed,state"
#define OWED(whom)                                                                                 \
    "invoice where state in ('open', 'overdue') and kind = 'invoice' and " whom                    \
    "currency as currency order by min(due_on) : count() as invoices, sum(open) as open, "         \
    "min(due_on) as oldest"
#define WORTH(whom)                                                                                \
    "order_line where " PLACED " and order." whom "order.currency as currency order by "           \
    "order.currency, -sum(" REVENUE " - " EXPENSE ") : " PROFIT
static const kith_report reports[] = {
    {.name = "open_items",
     .doc = "What each organisation owes, and since when the oldest of it is due.",
     .query = OWED("account is not null group by account as account, account.name as name, ")},
    {.name = "open_items_of_contacts",
     .doc = "The same of people who buy for no organisation.",
     .query = OWED("account is null group by contact as contact, contact.name as name, ")},
    {.name = "invoices",
     .doc = "Invoices and credit notes of an account, the last first, with what is open of them; "
            "what is theirs is below 0.",
     .query = "invoice where account = :account order by -issued_on, -id",
     .fields = INVOICE_FIELDS},
    {.name = "invoices_of_contact",
     .doc = "The same of a person.",
     .query = "invoice where contact = :contact order by -issued_on, -id",
     .fields = INVOICE_FIELDS},
    {.name = "payments",
     .doc = "What an account paid, the last first.",
     .query = "payment where account = :account order by -at",
     .fields = "id,number,at,amount,method,reference,open,state"},
    {.name = "payments_of_contact",
     .doc = "What a person paid, the last first.",
     .query = "payment where contact = :contact order by -at",
     .fields = "id,number,at,amount,method,reference,open,state"},
    {.name = "trial_balance",
     .doc = "What is booked on each side: debits and credits, in each currency.",
     .query = "ledger_entry group by amount.currency as currency, debit as debit, credit as "
              "credit : count() as entries, sum(amount) as amount"},
    {.name = "payment_methods",
     .doc = "By which means customers want to pay, in each category of products; by which they "
            "paid commerce.payment_share tells.",
     .query = "order_line where " PLACED " group by product.category.name as category, "
              "order.payment_method as method : count(distinct order) as orders"},
    {.name = "profit_by_product",
     .doc = "Revenue, cost and base profit of each product, less what was credited or came back "
            "unbilled. costed is the revenue of what has a known cost: profit is costed - cost.",
     .query = "order_line where " PLACED " group by product.code as code, product.name as product, "
              "order.currency as currency : " PROFIT},
    {.name = "profit_by_customer",
     .doc = "Whom to approach: revenue, cost and base profit (costed - cost) of each organisation, "
            "the most in front; behind those of whom no cost is known.",
     .query = WORTH("account is not null group by order.account as account, order.account.name as "
                    "name, ")},
    {.name = "profit_by_contact",
     .doc = "The same of each person who buys for no organisation.",
     .query = WORTH("account is null group by order.contact as contact, order.contact.name as "
                    "name, ")},
    {.name = "profit_by_month",
     .doc = "Revenue, cost and base profit (costed - cost) of each month.",
     .query = "order_line where " PLACED " group by year(order.placed_at) as year, "
              "month(order.placed_at) as month, order.currency as currency : " PROFIT},
};

#define AGE(whom)                                                                                  \
    "invoice where state in ('open', 'overdue') and kind = 'invoice' and currency = :currency "    \
    "and due_on >= :first and due_on <= :last" whom " group by account, contact : sum(open)"
static const kith_want wants[] = {
    KITH_WANT_RECORD("ledger_entry", entry, ENTRY),
    KITH_WANT(QUERY, "ledger_entry where account = :account order by at limit 1", bill.of_account),
    KITH_WANT(QUERY, "ledger_entry where contact = :contact order by at limit 1", bill.of_contact),
    KITH_WANT(QUERY, "ledger_entry group by account, contact, amount.currency : sum(change)",
              bill.ledger),
    KITH_WANT(QUERY,
              "invoice where state in ('open', 'overdue') group by account, contact, kind, "
              "currency : sum(open)",
              bill.open_items),
    KITH_WANT(QUERY,
              "payment where state = 'received' and on_account group by account, contact, currency "
              ": sum(open)",
              bill.open_payments),
    KITH_WANT(QUERY, AGE(""), bill.age_all),
    KITH_WANT(QUERY, AGE(" and account in (:account)"), bill.age_account),
    KITH_WANT(QUERY, AGE(" and contact = :contact and account is null"), bill.age_contact),
    KITH_WANT(QUERY,
              "order_line where product.category = :category and " PLACED
              " : count(distinct order)",
              bill.in_category),
    KITH_WANT(QUERY,
              "order where " STANDS
              " and exists(order_line where product.category = :category) and "
              "(exists(payment.order where method = :method and state = 'received') or "
              "exists(invoice.order where exists(allocation.invoice where payment.method = "
              ":method))) : count()",
              bill.by_method),
};
const kith_part ledger_part = {
    .struct_size = sizeof ledger_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .actions = KITH_ARRAY(actions),
    .reports = KITH_ARRAY(reports),
};
