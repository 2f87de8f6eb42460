/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the sales module share. Only <kith/...> beside it. */
#ifndef SALES_H
#define SALES_H

#include "accept.h"
#include "after.h"
#include "cadence.h"
#include "calendar.h"
#include "deals.h"
#include "learn.h"
#include "offers.h"
#include "quote.h"
#include "regions.h"
#include <kith/easy.h>
#include <kith/plugin.h>

/* Where leads come from. */
#define SOURCES                                                                                    \
    "event,web,referral,newsletter,giveaway,form,chat,ad,campaign,social,phone,import,other"

/* clang-format off */
#define LEAD(X)          X(name) X(contact) X(account) X(company) X(email) X(phone) X(source) \
                         X(campaign) X(interest) X(state) X(last_contacted) \
                         X(territory) X(industry) X(city) X(region) X(country) X(postal_code) X(owner)
#define SCORED(X)        X(score) X(rating) X(chance) X(qualifies) X(state) /* in this order */
#define PIPELINE_DEAL(X) X(name) X(account) X(contact) X(lead) X(amount) X(close_on) X(source) \
                         X(campaign) X(description) X(owner)
#define ACCOUNT(X)       X(name) X(kind) X(territory) X(industry) X(billing_city) X(billing_region) \
                         X(billing_country) X(billing_postal_code) X(owner)
#define CONTACT(X)       X(name) X(account) X(email) X(phone) X(source) X(industry) X(city) \
                         X(region) X(country) X(postal_code) X(owner)
#define CONTACT_POINT(X) X(contact)
#define INTERACTION(X)   X(at) X(about) X(owner)
#define USER(X)          X(takes_leads) X(lead_turn)
/* clang-format on */
KITH_RECORD(lead, LEAD);
KITH_RECORD(scored, SCORED);
KITH_RECORD(pipeline_deal, PIPELINE_DEAL);
KITH_RECORD(account, ACCOUNT);
KITH_RECORD(contact, CONTACT);
KITH_RECORD(contact_point, CONTACT_POINT);
KITH_RECORD(interaction, INTERACTION);
KITH_RECORD(user, USER);

struct kith_instance {
    KITH_TABLES;

    struct lead_numbers lead;
    struct scored_numbers scored; /* score.c, qualify.c */
    struct pipeline_deal_numbers opportunity;
    struct account_numbers account;
    struct contact_numbers contact;
    struct contact_point_numbers contact_point;
    struct interaction_numbers interaction;
    struct user_numbers user;
    struct {
        uint32_t open_leads, open_opportunities, unassigned, accounts_named, made_of, addresses,
            members, login, last_turn, forecast, undated, heard;
    } query;

    kith_value score_rules;
    int64_t hot, warm;    /* points */
    int64_t green, amber; /* percent */
    struct deals deals;
    struct regions regions;
    struct offers offers; /* where commerce is enabled */
    struct after after;
    struct learned learned;
    struct cadences cadences;
    kith_value team, users;    /* whom leads are assigned to; KITH_NULL: not set */
    int64_t assigns_new_leads; /* 0 or 1 */
    uint32_t unassigned;       /* topic */
    int64_t given_turn;        /* while a lead is given: the turn of who gets it; 0: not to keep */
    struct quotes quotes;      /* where commerce is enabled */
    struct accepts accepts;    /* the same */
    struct {
        uint32_t lead, of_contact; /* queries: open leads that did something */
    } acts;
    struct {
        uint32_t proposed;           /* topic */
        kith_value rules, by_itself; /* settings */
    } qualify;
    struct calendars calendars;
};

/* A record that matters by its id alone, for KITH_FIND and KITH_FIRST. */
struct only {
    kith_value id;
};

/* instance.c */
void sales_destroy(kith_instance *self);
/* Where a setting stands, for messages. */
const char *sales_place(const kith_instance *self, const char *key);
/* For qsort and bsearch: links, and structs that begin with one, by what they lead to. */
int by_link(const void *a, const void *b);

/* score.c */
kith_status score_begin(kith_instance *self, kith_error *err);
kith_status score_hook(kith_instance *self, kith_txn *txn, kith_change *change, kith_error *err);
kith_status score_rescore(kith_instance *self, kith_call *call, kith_error *err);
kith_status score_explain(kith_instance *self, kith_call *call, kith_error *err);
/* All open leads, by rules and by what was learned; how many got another score or chance. */
kith_status score_again(kith_instance *self, kith_call *call, int64_t *changed, kith_error *err);
kith_status score_nightly(kith_instance *self, kith_txn *txn, const kith_firing *firing,
                          kith_error *err);

/* Leads that a query with one parameter finds. */
kith_status score_acted(kith_instance *self, kith_txn *txn, uint32_t query, const kith_value *who,
                        kith_error *err);

/* acts.c */
extern const kith_part acts_part;

/* qualify.c */
/* What the first rule says that is true of the lead; KITH_NULL: none is. [reader] */
kith_value qualify_by(const kith_instance *self, const kith_txn *txn, const kith_row *lead);
extern const kith_part qualify_part;

/* contact.c */
kith_status contact_stamp(kith_instance *self, kith_txn *txn, const kith_event *event,
                          kith_error *err);

/* pipeline.c */
kith_status pipeline_begin(kith_instance *self, kith_error *err);
kith_status pipeline_hook(kith_instance *self, kith_txn *txn, kith_change *change, kith_error *err);
/* Gives the open opportunities the signals that the settings say; counts those that got another. */
kith_status pipeline_signal_again(kith_instance *self, kith_txn *txn, int64_t *changed,
                                  kith_error *err);

/* forecast.c */
kith_status forecast_pipeline(kith_instance *self, kith_call *call, kith_error *err);

/* convert.c */
kith_status convert_lead(kith_instance *self, kith_call *call, kith_error *err);
kith_status lead_converted_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                kith_error *err);

/* quote.c, where commerce is enabled */
/* Whether the customer accepted a quote for this opportunity: it is won then, whatever we had still
 * to do. [reader] */
kith_status quote_accepted(kith_instance *self, const kith_txn *txn, kith_value deal, int32_t *yes,
                           kith_error *err);
extern const kith_part quote_part, quote_paper_part, quick_quote_part;

/* quote_tasks.c, where commerce is enabled */
extern const kith_part quote_tasks_part;

/* accept.c, where commerce is enabled */
extern const kith_part accept_part;

/* calendar.c */
extern const kith_part calendar_part, calendar_bookings_part, instance_part;

/* assign.c */
kith_status assign_begin(kith_instance *self, kith_error *err);
kith_status assign_leads(kith_instance *self, kith_call *call, kith_error *err);
kith_status assign_keep_turn(kith_instance *self, kith_txn *txn, kith_change *change,
                             kith_error *err);
kith_status assign_keep_heard(kith_instance *self, kith_txn *txn, kith_change *change,
                              kith_error *err);
kith_status assign_free_lead(kith_instance *self, kith_txn *txn, kith_change *change,
                             kith_error *err);
kith_status assign_new_lead(kith_instance *self, kith_txn *txn, const kith_event *event,
                            kith_error *err);
kith_status assign_to_seller(kith_instance *self, kith_txn *txn, const kith_event *event,
                             kith_error *err);
kith_status assign_nightly(kith_instance *self, kith_txn *txn, const kith_firing *firing,
                           kith_error *err);

/* assign_by.c: which of the sellers gets a lead. by: a text, or a list of them. */
struct chooser;
/* Who may get leads. */
struct sellers {
    struct user *items;
    uint64_t count, room;
};
kith_status assign_by_check(kith_instance *self, kith_error *err);
/* It finds them among all users, so that no team need be named. */
int32_t assign_by_asks_all(const kith_value *by);
kith_status assign_by_begin(kith_instance *self, const kith_txn *txn, const kith_value *by,
                            const struct sellers *sellers, struct chooser **out, kith_error *err);
kith_status assign_by_choose(struct chooser *c, kith_id lead, struct user **seller,
                             kith_error *err);

/* Results of sales.rescore, by their place in declare.c. */
enum {
    RESULT_CHECKED,
    RESULT_CHANGED,
    RESULT_HOT,
    RESULT_WARM,
    RESULT_COLD,
    RESULT_SIGNALS,
    RESULTS_RESCORE
};
#define OPEN_LEAD          "state in ('new', 'working', 'qualified')"
#define OPEN_LEADS         "lead where " OPEN_LEAD
#define HEARD              "interaction where about = :lead and owner is null limit 100"
#define UNASSIGNED_LEADS   "lead where owner is null and " OPEN_LEAD
#define OPEN_OPPORTUNITIES "opportunity where stage not in ('won', 'lost')"
/* Names and addresses are the same whatever their case and accents: an order looks past both. */
#define ACCOUNTS_NAMED "account where name >= :name and name <= :name"
#define ADDRESSES      "contact_point where kind = 'email' and normal >= :email and normal <= :email"
#define MEMBERS        "user where teams.name = :team"
#define LOGIN          "user where login = :login"
#define WEIGHED        "count(), sum(amount), sum(amount * probability) / 100"
#define FORECAST                                                                                   \
    OPEN_OPPORTUNITIES " and close_on <= :until group by amount.currency, signal : " WEIGHED
#define UNDATED   OPEN_OPPORTUNITIES " and close_on is null : count()"
#define LAST_TURN "user where lead_turn is not null order by -lead_turn limit 1"

#endif
