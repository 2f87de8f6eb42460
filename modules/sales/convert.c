/* SPDX-License-Identifier: Apache-2.0 */
/* A qualified lead becomes a customer: an account, a contact and an opportunity, each found or
 * made, linked with each other. What was written about the lead stays with it: the opportunity
 * leads there, and nothing that took place is told otherwise afterwards. */
#include "sales.h"

struct convert_args {
    kith_value lead, account, contact, opportunity, name, amount, close_on;
};

/* An account or contact, and how it came about: as results tell it. */
struct party {
    kith_value link; /* KITH_NULL: none (yet) */
    const char *how;
};

struct conversion {
    kith_instance *self;
    kith_txn *txn;
    struct convert_args args;
    struct lead lead;
    struct party account, contact;
    kith_value contacts_account; /* of a contact that was there before */
    kith_value opportunity;
};

/* -- what is asked ----------------------------------------------------------------------------- */

static kith_status check_state(const struct conversion *c, kith_error *err) {
    const kith_str name = c->lead.name.as.s;
    if (kith_is(c->lead.state, "qualified"))
        return KITH_OK;
    if (kith_is(c->lead.state, "converted"))
        return kith_fail(err, KITH_E_REFUSED, "lead", "the lead '%.*s' is converted already",
                         KITH_CUT(name, 80));
    return kith_fail(err, KITH_E_REFUSED, "lead",
                     "the lead '%.*s' is %.*s: only a qualified one is converted; set its state "
                     "first",
                     KITH_CUT(name, 80), KITH_CHARS(c->lead.state.as.s));
}

static int32_t wants_opportunity(const struct conversion *c) {
    return c->args.opportunity.as.i != 0;
}

static kith_status check_args(const struct conversion *c, kith_error *err) {
    const struct {
        const char *name;
        kith_value given;
    } of[] = {{"name", c->args.name}, {"amount", c->args.amount}, {"close_on", c->args.close_on}};
    for (size_t i = 0; !wants_opportunity(c) && i < sizeof of / sizeof *of; i++)
        if (kith_has(of[i].given))
            return kith_fail(err, KITH_E_INVAL, of[i].name,
                             "%s belongs to an opportunity, and opportunity=false wants none",
                             of[i].name);
    return KITH_OK;
}

/* -- whom we know ------------------------------------------------------------------------------ */

static kith_status several(const char *field, const char *what, kith_value key, kith_error *err) {
    return kith_fail(err, KITH_E_CONFLICT, field,
                     "there are several %ss with the %s '%.*s': say which one with %s=ID", field,
                     what, KITH_CUT(key.as.s, 100), field);
}

/* What the caller names, else what the lead leads to. */
static void take_known(kith_value given, kith_value linked, struct party *out) {
    if (kith_has(given))
        *out = (struct party){given, "given"};
    else if (kith_has(linked))
        *out = (struct party){linked, "linked"};
}

/* A contact may have the same address twice. */
static kith_status find_contact(struct conversion *c, kith_error *err) {
    kith_instance *self = c->self;
    struct contact_point *points;
    uint64_t count;
    take_known(c->args.contact, c->lead.contact, &c->contact);
    if (c->contact.how || !kith_has(c->lead.email))
        return KITH_OK;
    const kith_status st = KITH_FIND(self, c->txn, contact_point, self->query.addresses, 1,
                                     &c->lead.email, &points, &count, err);
    if (st == KITH_E_DENIED)
        return kith_fail(err, st, "contact",
                         "contact: by the lead's mail address its contact is looked for, which "
                         "needs the right to read contacts and their contact_points; have it "
                         "added to the role");
    KITH_TRY(st);
    for (uint64_t i = 1; i < count; i++)
        if (!kith_equal(points[i].contact, points[0].contact))
            return several("contact", "address", c->lead.email, err);
    if (count)
        c->contact = (struct party){points[0].contact, "found"};
    return KITH_OK;
}

static kith_status read_contacts_account(struct conversion *c, kith_error *err) {
    struct contact contact;
    KITH_TRY(KITH_FOLLOW(c->self, c->txn, contact, c->contact.link, &contact, err));
    c->contacts_account = contact.account;
    return KITH_OK;
}

/* Of several accounts of that name the contact's own is meant. */
static kith_status find_account(struct conversion *c, kith_error *err) {
    kith_instance *self = c->self;
    kith_value *found, one;
    uint64_t count;
    take_known(c->args.account, c->lead.account, &c->account);
    if (c->account.how)
        return KITH_OK;
    if (!kith_has(c->lead.company)) {
        if (kith_has(c->contacts_account))
            c->account = (struct party){c->contacts_account, "linked"};
        return KITH_OK;
    }
    KITH_TRY(KITH_FIND(self, c->txn, account, self->query.accounts_named, 1, &c->lead.company,
                       &found, &count, err));
    if (count == 0)
        return KITH_OK;
    one = count == 1 ? found[0] : kith_null();
    for (uint64_t i = 0; i < count; i++)
        if (kith_equal(found[i], c->contacts_account))
            one = found[i];
    if (!kith_has(one))
        return several("account", "name", c->lead.company, err);
    c->account = (struct party){one, "found"};
    return KITH_OK;
}

/* -- what is made ------------------------------------------------------------------------------ */

/* The address of a lead that named a company is the company's, else the person's. */
static kith_status make_account(struct conversion *c, kith_error *err) {
    const struct lead *lead = &c->lead;
    if (c->account.how)
        return KITH_OK;
    c->account.how = kith_has(lead->company) ? "created" : "none";
    if (!kith_has(lead->company))
        return KITH_OK;
    struct account account = {.name = lead->company,
                              .kind = kith_text("prospect"),
                              .territory = lead->territory,
                              .industry = lead->industry,
                              .billing_city = lead->city,
                              .billing_region = lead->region,
                              .billing_country = lead->country,
                              .billing_postal_code = lead->postal_code,
                              .owner = lead->owner};
    KITH_TRY(KITH_CREATE(c->self, c->txn, account, &account, err));
    c->account.link = account.id;
    return KITH_OK;
}

static kith_status make_contact(struct conversion *c, kith_error *err) {
    const struct lead *lead = &c->lead;
    struct contact contact = {.name = lead->name,
                              .account = c->account.link,
                              .email = lead->email,
                              .phone = lead->phone,
                              .source = lead->source,
                              .owner = lead->owner};
    if (!kith_has(lead->company)) {
        contact.industry = lead->industry;
        contact.city = lead->city;
        contact.region = lead->region;
        contact.country = lead->country;
        contact.postal_code = lead->postal_code;
    }
    KITH_TRY(KITH_CREATE(c->self, c->txn, contact, &contact, err));
    c->contact = (struct party){contact.id, "created"};
    return KITH_OK;
}

/* A contact that had no account belongs to this one from now on; another's stays where it is. */
static kith_status settle_contact(struct conversion *c, kith_error *err) {
    if (!c->contact.how)
        return make_contact(c, err);
    if (kith_has(c->contacts_account) || !kith_has(c->account.link))
        return KITH_OK;
    return KITH_SET(c->self, c->txn, contact, account, c->contact.link.as.link.id, c->account.link,
                    err);
}

static kith_status make_opportunity(struct conversion *c, kith_error *err) {
    const struct lead *lead = &c->lead;
    if (!wants_opportunity(c))
        return KITH_OK;
    const kith_value usual = kith_has(lead->company) ? lead->company : lead->name;
    struct pipeline_deal deal = {.name = kith_has(c->args.name) ? c->args.name : usual,
                                 .account = c->account.link,
                                 .contact = c->contact.link,
                                 .lead = c->args.lead,
                                 .amount = c->args.amount,
                                 .close_on = c->args.close_on,
                                 .source = lead->source,
                                 .campaign = lead->campaign,
                                 .description = lead->interest,
                                 .owner = lead->owner};
    KITH_TRY(KITH_CREATE(c->self, c->txn, opportunity, &deal, err));
    c->opportunity = deal.id;
    return KITH_OK;
}

static kith_status close_lead(struct conversion *c, kith_error *err) {
    struct lead closed = c->lead;
    closed.state = kith_text("converted");
    closed.contact = c->contact.link;
    closed.account = c->account.link;
    return KITH_UPDATE(c->self, c->txn, lead, &c->lead, &closed, err);
}

/* An undo takes the opportunity back first, as it was made last: where that stays since it was
 * edited, the lead is converted still, or it would become a customer a second time. */
kith_status lead_converted_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                kith_error *err) {
    struct lead was, now;
    struct pipeline_deal deal;
    if (change->origin != KITH_ORIGIN_UNDO)
        return KITH_OK;
    KITH_TRY(KITH_READ(self, txn, lead, change->before, &was, err));
    KITH_TRY(KITH_READ(self, txn, lead, change->after, &now, err));
    if (!kith_is(was.state, "converted") || kith_is(now.state, "converted"))
        return KITH_OK;
    KITH_TRY(KITH_FIRST(self, txn, opportunity, self->query.made_of, 1, &now.id, &deal, err));
    return kith_has(deal.id)
               ? kith_fail(err, KITH_E_REFUSED, "state",
                           "state: the opportunity '%.*s' came of this lead and stays; delete "
                           "that, and undo again",
                           KITH_CUT(deal.name.as.s, 80))
               : KITH_OK;
}

/* -- the action -------------------------------------------------------------------------------- */

kith_status convert_lead(kith_instance *self, kith_call *call, kith_error *err) {
    static kith_status (*const steps[])(struct conversion *, kith_error *) = {
        find_contact,    read_contacts_account, find_account,
        make_account,    settle_contact,        close_lead /* see lead_converted_hook */,
        make_opportunity};
    struct conversion c = {.self = self, .txn = self->calls->txn(call)};
    KITH_TRY(KITH_ARGS(self, call, &c.args, err));
    KITH_TRY(check_args(&c, err));
    KITH_TRY(KITH_LOAD(self, c.txn, lead, c.args.lead.as.link.id, &c.lead, err));
    KITH_TRY(check_state(&c, err));
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        KITH_TRY(steps[i](&c, err));
    const struct {
        kith_value account, account_how, contact, contact_how, opportunity;
    } results = {c.account.link, kith_text(c.account.how), c.contact.link, kith_text(c.contact.how),
                 c.opportunity};
    return KITH_RESULTS(self, call, &results, err);
}
