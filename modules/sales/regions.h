/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts about territories, accounts and the people in them share: their records, by the
 * fields that are used, and what they ask for. One member of the instance. */
#ifndef SALES_REGIONS_H
#define SALES_REGIONS_H

#include "deals.h"
#include <kith/easy.h>
#include <kith/plugin.h>

/* clang-format off */
#define AREA(X)     X(name) X(parent) X(manager) X(level) X(accounts) X(open_opportunities) \
                    X(pipeline) X(weighted) X(won) X(open_leads)
#define PLACE(X)    X(territory) X(kind) X(value) X(country) X(key)
#define FIRM(X)     X(name) X(parent) X(territory) X(procurement) X(billing_city) X(billing_region) \
                    X(billing_country) X(billing_postal_code) X(global_account) X(members) \
                    X(sponsor) X(sponsored) X(priority) X(coordination) X(coordinator) X(turnover_share) \
                    X(open_opportunities) X(pipeline) \
                    X(weighted) X(won) X(owner)
#define PROSPECT(X) X(name) X(account) X(territory) X(city) X(region) X(country) X(postal_code) \
                    X(industry) X(interest) X(owner)
#define BID(X)      X(name) X(account) X(stage) X(amount) X(probability) X(weighted) X(close_on) \
                    X(owner)
#define PERSON(X)   X(name) X(account) X(title) X(owner)
#define DEAL_ROLE(X) X(opportunity) X(contact) X(role) X(influence) X(attitude) X(approved_at) \
                    X(standing)
#define BUYING_ROLE(X) X(account) X(contact) X(role) X(influence)
#define TREATMENT(X) X(contact) X(offer) X(approach) X(avoid)
#define TALK(X)     X(contact) X(account) X(channel) X(at) X(planned) X(subject) X(amount) \
                    X(open_problems) X(confirmed) X(owner)
#define TODO(X)     X(title) X(about) X(assignee) X(due) X(priority) X(state) X(body)
#define SELLER(X)   X(territories) X(specialities)
#define HOLDING(X) X(owner)
/* clang-format on */

KITH_RECORD(area, AREA);
KITH_RECORD(place, PLACE);
KITH_RECORD(firm, FIRM);
KITH_RECORD(prospect, PROSPECT);
KITH_RECORD(bid, BID);
KITH_RECORD(person, PERSON);
KITH_RECORD(deal_role, DEAL_ROLE);
KITH_RECORD(buying_role, BUYING_ROLE);
KITH_RECORD(treatment, TREATMENT);
KITH_RECORD(talk, TALK);
KITH_RECORD(todo, TODO);
KITH_RECORD(seller, SELLER);
KITH_RECORD(holding, HOLDING);

/* What sales.move moves; of a task the owner is its assignee. */
enum {
    MOVED_ACCOUNTS,
    MOVED_LEADS,
    MOVED_CONTACTS,
    MOVED_DEALS,
    MOVED_TASKS,
    MOVED_PLANS,
    MOVED_KINDS
};

#define PROBLEMS_MAX 16 /* rows of the setting sales.problems */
/* One of them, where its type is there; 0: it has no such link. */
struct problem {
    kith_str kind, type, reason;
    uint32_t by_account, by_contact; /* queries */
    uint32_t name, due, amount;      /* fields that tell more of it; 0: it has none */
};
struct customer {
    kith_value account, contact; /* one of them, or both */
};

struct regions {
    struct area_numbers area;
    struct place_numbers place;
    struct firm_numbers firm;
    struct prospect_numbers prospect;
    struct bid_numbers bid;
    struct person_numbers person;
    struct deal_role_numbers deal_role;
    struct buying_role_numbers buying_role;
    struct treatment_numbers treatment;
    struct talk_numbers talk;
    struct todo_numbers todo;
    struct seller_numbers seller;
    struct holding_numbers moved[MOVED_KINDS];
    uint32_t moved_to[2]; /* the territory of an account, of a lead */
    kith_value assign_by;
    struct problem problems[PROBLEMS_MAX];
    uint64_t problem_count;
    uint32_t balance[2]; /* of an account, of a contact, where there is commerce: fields, or 0 */
    kith_value problem_rows, coordinator_rules, dependence_limit, dependence_days, dependence_of;
    struct {
        uint32_t areas, place_by_key, accounts_in, nowhere, leads_nowhere, area_stages,
            account_stages; /* territory.c */
        /* move.c: those of a territory, of a user; along[what][that] 0: none */
        uint32_t all[MOVED_KINDS][2], part[MOVED_KINDS][2], along[MOVED_KINDS][MOVED_KINDS];
        uint32_t units_of, people_of, standing_of, roles_of, roles_open, role_of; /* buying.c */
        uint32_t bids[2], talks[2], planned[2], treatments_of, alerts; /* precall.c: of an account,
 of a contact */
        uint32_t turnover[2], turnover_by[2], dependent, key_accounts,
            organisations;                 /* account.c: of deals, of orders */
        uint32_t everybody, open_leads_of; /* assign_by.c */
    } query;
    struct {
        uint32_t moving, dependence;
    } topic;
};

/* territory.c: the territory of a place, by the nearest of postal code, town, region and country;
 * KITH_NULL: it lies in none. */
struct address {
    kith_value city, region, country, postal_code;
};
kith_status area_of(kith_instance *self, const kith_txn *txn, const struct address *where,
                    kith_value *area, kith_error *err);
/* All territories, by name, and how they lie in each other: parents[i] is the place of the larger
 * one of areas[i], or -1. In the memory of the callback. */
struct area_tree {
    struct area *areas;
    int64_t *parents;
    const struct area **by_id;
    uint64_t count;
};
kith_status area_tree(kith_instance *self, const kith_txn *txn, struct area_tree *tree,
                      kith_error *err);
int64_t area_at(const struct area_tree *tree, kith_id id); /* -1: there is none */

/* buying.c: an account and its units, each behind what it is part of. In the memory of the
 * callback.
 */
struct units {
    struct firm *firms;
    uint64_t count, room;
};
kith_status units_of(kith_instance *self, const kith_txn *txn, kith_id account, struct units *units,
                     kith_error *err);
/* The account, and those that it is part of, from below: at most ABOVE_MAX. */
#define ABOVE_MAX 64
kith_status units_above(kith_instance *self, const kith_txn *txn, kith_id account,
                        struct units *units, kith_error *err);

/* precall.c: calls fn for each open problem of a customer, those of one row of sales.problems
 * behind each other. [reader] */
typedef kith_status (*problem_fn)(void *arg, const kith_txn *txn, const struct problem *p,
                                  const kith_row *row, kith_error *err);
kith_status problems_of(kith_instance *self, const kith_txn *txn, const struct customer *who,
                        problem_fn fn, void *arg, kith_error *err);

extern const kith_part territory_part, move_part, buying_part, precall_part, precall_orders_part,
    account_part, account_orders_part, assign_by_part;

#endif
