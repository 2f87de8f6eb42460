/* SPDX-License-Identifier: Apache-2.0 */
/* What customers own, subscribe to and have booked: the records of asset.c, subscription.c,
 * booking.c and catalogue.c, and the few functions that they share. Part of commerce.h. */
#ifndef COMMERCE_OWNED_H
#define COMMERCE_OWNED_H

/* Some types stand in commerce.h, too: here are the fields that these parts use. */
#define WARE(X) X(code) X(name) X(kind) X(state) X(serialised) X(warranty_months) X(lifetime_months)
#define ASSET(X)                                                                                   \
    X(name)                                                                                        \
    X(account)                                                                                     \
    X(contact)                                                                                     \
    X(product)                                                                                     \
    X(serial)                                                                                      \
    X(owner)                                                                                       \
    X(quantity)                                                                                    \
    X(purchased_on)                                                                                \
    X(warranty_until)                                                                              \
    X(renewal_on)                                                                                  \
    X(expected_end)                                                                                \
    X(state)                                                                                       \
    X(order_line)                                                                                  \
    X(registered_on)                                                                               \
    X(warranty_reminder) X(renewal_reminder) X(faults) X(open_faults) X(last_fault)
#define FAULT(X) X(asset) X(at) X(fixed_at)
#define SUBSCRIPTION(X)                                                                            \
    X(number)                                                                                      \
    X(state)                                                                                       \
    X(account)                                                                                     \
    X(contact)                                                                                     \
    X(product)                                                                                     \
    X(quantity)                                                                                    \
    X(price)                                                                                       \
    X(discount)                                                                                    \
    X(period)                                                                                      \
    X(started)                                                                                     \
    X(trial_until)                                                                                 \
    X(anchor)                                                                                      \
    X(terms)                                                                                       \
    X(term_start)                                                                                  \
    X(term_end)                                                                                    \
    X(renews)                                                                                      \
    X(cancel_at)                                                                                   \
    X(owner)                                                                                       \
    X(next_plan) X(next_quantity) X(next_charge) X(reminder) X(ended_on) X(ended_because) X(charges)
#define CHARGE(X)                                                                                  \
    X(number)                                                                                      \
    X(state)                                                                                       \
    X(account)                                                                                     \
    X(contact) X(owner) X(currency) X(subscription) X(term_start) X(reference) X(delivery) X(total)
#define OWNER(X) X(name) X(account) X(email) X(phone)
#define POINT(X) X(contact)

#define RESOURCE(X) X(name) X(kind) X(category) X(state) X(capacity)
#define BOOKING(X)                                                                                 \
    X(number)                                                                                      \
    X(state)                                                                                       \
    X(resource) X(contact) X(account) X(from) X(to) X(people) X(preferences) X(held_until)

#define SHOWN(X)                                                                                   \
    X(code)                                                                                        \
    X(name)                                                                                        \
    X(kind)                                                                                        \
    X(state)                                                                                       \
    X(category) X(description) X(value_proposition) X(risk) X(unit) X(url)
#define TIE(X)    X(product) X(other) X(kind) X(quantity) X(note)
#define BRANCH(X) X(parent)
#define CHAIN(X)  X(name) X(kind) X(supplied_by)

KITH_RECORD(ware, WARE);
KITH_RECORD(asset, ASSET);
KITH_RECORD(fault, FAULT);
KITH_RECORD(subscription, SUBSCRIPTION);
KITH_RECORD(charge, CHARGE);
KITH_RECORD(owner, OWNER);
KITH_RECORD(point, POINT);
KITH_RECORD(resource, RESOURCE);
KITH_RECORD(booking, BOOKING);
KITH_RECORD(shown, SHOWN);
KITH_RECORD(tie, TIE);
KITH_RECORD(branch, BRANCH);
KITH_RECORD(chain, CHAIN);

#define REMINDERS_MAX 8

struct owned {
    const kith_timers_v1 *timers;
    struct ware_numbers ware;
    struct asset_numbers asset;
    struct fault_numbers fault;
    struct subscription_numbers subscription;
    struct charge_numbers charge;
    struct owner_numbers owner;
    struct point_numbers point;
    struct resource_numbers resource;
    struct booking_numbers booking;
    struct shown_numbers shown;
    struct tie_numbers tie;
    struct branch_numbers branch;
    struct chain_numbers chain;
    struct {
        uint32_t undelivered, of_order, of_line, same_serial, unregistered, by_mail, by_words,
            of_contacts, of_account, by_serial, warranties, renewals;
    } assets;
    struct {
        uint32_t first, due, ending, charges, last_charge, term_charges, invoices, invoiced;
    } subscriptions;
    struct {
        uint32_t taken, all_taken, resources, history;
    } bookings;
    struct {
        uint32_t all, by_words, inside, both, branches, ties, owned[2], ordered[2], levels[5];
    } offering;
    struct {
        uint32_t warranty_ending, renewal_due, renewed, charged, term_ending;
    } topics;
    struct {
        uint32_t remind, subscriptions, charge, hold;
    } timer;
    kith_value remind_before, trial_days, refund_days, hold; /* settings */
    int64_t before[REMINDERS_MAX]; /* remind_before in days, the most first */
    uint32_t before_count;
};

/* -- days.c -------------------------------------------------------------------------------------
 */

/* "30d", "2w": so many days; -1: it is none. [any] */
int64_t days_of_text(kith_str text);
/* An instant as messages have it: "2026-01-31 17:00 UTC". [any] */
#define TIME_TEXT 32
void time_text(int64_t ms, char out[TIME_TEXT]);

/* -- asset.c ------------------------------------------------------------------------------------
 */

/* The day on which to tell of `date` next, as commerce.remind_before says: the first one from
 * `from` on, and `from` itself where an earlier one was missed. Days before `begin` do not count.
 * KITH_NULL: none. [any] */
kith_value reminder_of(const kith_instance *self, kith_value date, int64_t from, int64_t begin,
                       int32_t is_new);

#endif
