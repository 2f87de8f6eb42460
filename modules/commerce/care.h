/* SPDX-License-Identifier: Apache-2.0 */
/* What customers are told once they have bought, and those who were sent to a partner: the records
 * of track.c, fits.c and referral.c. Part of commerce.h. */
#ifndef COMMERCE_CARE_H
#define COMMERCE_CARE_H

#include <kith/easy.h>

/* clang-format off */
#define TRACKED(X)  X(number) X(state) X(contact) X(account) X(placed_at) X(settled_at) X(lines) \
                    X(to_ship) X(shipments) X(undelivered)
#define PARCEL(X)   X(number) X(order) X(state) X(carrier) X(tracking) X(tracking_url) X(expected) \
                    X(shipped_at) X(delivered_at) X(created)
#define STEP(X)     X(shipment) X(at) X(what) X(place) X(created)
#define FITTING(X)  X(order) X(product) X(description) X(chosen)
#define APT(X)      X(name) X(tags) X(category) X(value_proposition)
#define SORT(X)     X(name)
#define KIN(X)      X(product) X(kind)
#define TASTE(X)    X(interests) X(account)
#define REFERRED(X) X(contact) X(account) X(product) X(wanted) X(partner) X(state)
#define MADE_BY(X)     X(name) X(supplier)
#define PURCHASE(X)    X(order) X(contact) X(account) X(channel) X(at) X(subject) X(about) X(amount) \
                       X(owner)
#define PERSON(X)      X(lifecycle)
#define FIRM(X)        X(kind)
#define SOLD_LINE(X)      X(quantity) X(total) X(unbilled) X(credited)
/* clang-format on */
KITH_RECORD(tracked, TRACKED);
KITH_RECORD(parcel, PARCEL);
KITH_RECORD(step, STEP);
KITH_RECORD(fitting, FITTING);
KITH_RECORD(apt, APT);
KITH_RECORD(sort, SORT);
KITH_RECORD(kin, KIN);
KITH_RECORD(taste, TASTE);
KITH_RECORD(referred, REFERRED);
KITH_RECORD(made, MADE_BY);
KITH_RECORD(purchase, PURCHASE);
KITH_RECORD(person, PERSON);
KITH_RECORD(firm, FIRM);
KITH_RECORD(sold, SOLD_LINE);

struct care {
    struct tracked_numbers tracked;
    struct parcel_numbers parcel;
    struct step_numbers step;
    struct fitting_numbers fitting;
    struct apt_numbers apt;
    struct sort_numbers sort;
    struct kin_numbers kin;
    struct taste_numbers taste;
    struct referred_numbers referred;
    struct made_numbers made;
    struct purchase_numbers purchase; /* purchase.c */
    struct person_numbers person;
    struct firm_numbers firm;
    struct sold_numbers sold;
    struct {
        uint32_t by_number, by_tracking, whose, parcels, steps; /* track.c */
        uint32_t lines, kin[2], before[2];                      /* fits.c: of contacts, accounts */
        uint32_t purchase, uncounted;                           /* purchase.c */
    } query;
};

/* track.c: the order with this number, or that of which a shipment has this tracking number; with a
 * mail address only if it is that of who bought. KITH_E_NOTFOUND: there is none. [reader] */
kith_status track_find(kith_instance *self, const kith_txn *txn, kith_value number,
                       kith_value email, struct tracked *order, kith_error *err);

#endif
