/* SPDX-License-Identifier: Apache-2.0 */
/* A qualified lead becomes a customer: an account, a contact and an opportunity, each found or
 * made, linked with each other. What was written about the lead stays with it: the opportunity
 * leads there, and nothing that took place is told otherwise afterwards. */
#include "sales.h"

enum {
    OF_NAME,
    OF_CONTACT,
    OF_ACCOUNT,
    OF_COMPANY,
    OF_EMAIL,
    OF_PHONE,
    OF_SOURCE,
    OF_CAMPAIGN,
    OF_INTEREST,
    OF_STATE,
    OF_OWNER,
    OF_COUNT
};

/* An account or contact, and how it came about: as results tell it. */
struct party {
    kith_value link; /* KITH_NULL: none (yet) */
    const char *how;
};

struct conversion {
    kith_instance *self;
    kith_txn *txn;
    kith_value args[CONVERT_PARAMS];
    kith_value lead[OF_COUNT];
    struct prospect where; /* the lead's address, territory and line of business */
    struct party account, contact;
    kith_value contacts_account; /* of a contact that was there before */
    kith_value opportunity;
};

/* -- what is asked ----------------------------------------------------------------------------- */

static kith_status read_lead(struct conversion *c, kith_error *err) {
    const kith_instance *self = c->self;
    const uint32_t fields[OF_COUNT] = {
        [OF_NAME] = self->lead.name,         [OF_CONTACT] = self->lead.contact,
        [OF_ACCOUNT] = self->lead.account,   [OF_COMPANY] = self->lead.company,
        [OF_EMAIL] = self->lead.email,       [OF_PHONE] = self->lead.phone,
        [OF_SOURCE] = self->lead.source,     [OF_CAMPAIGN] = self->lead.campaign,
        [OF_INTEREST] = self->lead.interest, [OF_STATE] = self->lead.state,
        [OF_OWNER] = self->lead.owner};
    const kith_row *row;
    const kith_id lead = c->args[CONVERT_LEAD].as.link.id;
    KITH_TRY(self->records->get(c->txn, self->lead.type, lead, &row, err));
    KITH_TRY(self->records->read(c->txn, row, OF_COUNT, fields, c->lead, err));
    return KITH_LOAD(self, c->txn, regions.prospect, lead, &c->where, err);
}

static kith_status check_state(const struct conversion *c, kith_error *err) {
    kith_str name = c->lead[OF_NAME].as.s, state = c->lead[OF_STATE].as.s;
    int shown = name.len < 80 ? (int)name.len : 80;
    if (kith_str_is(state, "qualified"))
        return KITH_OK;
    if (kith_str_is(state, "converted"))
        return kith_fail(err, KITH_E_REFUSED, "lead", "the lead '%.*s' is converted already", shown,
                         name.ptr);
    return kith_fail(err, KITH_E_REFUSED, "lead",
                     "the lead '%.*s' is %.*s: only a qualified one is converted; set its state "
                     "first",
                     shown, name.ptr, KITH_CHARS(state));
}

static int32_t wants_opportunity(const struct conversion *c) {
    return c->args[CONVERT_OPPORTUNITY].as.i != 0;
}

static kith_status check_args(const struct conversion *c, kith_error *err) {
    static const char *const names[CONVERT_PARAMS] = {
        [CONVERT_NAME] = "name", [CONVERT_AMOUNT] = "amount", [CONVERT_CLOSE_ON] = "close_on"};
    if (wants_opportunity(c))
        return KITH_OK;
    for (int i = CONVERT_NAME; i < CONVERT_PARAMS; i++)
        if (kith_has(c->args[i]))
            return kith_fail(err, KITH_E_INVAL, names[i],
                             "%s belongs to an opportunity, and opportunity=false wants none",
                             names[i]);
    return KITH_OK;
}

/* -- whom we know ------------------------------------------------------------------------------ */

/* A contact may have the same address twice. */
static kith_status pick_contact(void *arg, const kith_txn *txn, const kith_row *row,
                                kith_error *err) {
    struct picks *found = arg;
    kith_instance *self = found->self;
    kith_value contact;
    KITH_TRY(self->records->read(txn, row, 1, &self->contact_point.contact, &contact, err));
    for (const struct pick *p = found->first; p; p = p->next)
        if (p->id == contact.as.link.id)
            return KITH_OK;
    return picks_add(found, txn, contact.as.link.id, 0, err);
}

static kith_status several(const struct conversion *c, const char *field, const char *what, int key,
                           kith_error *err) {
    kith_str text = c->lead[key].as.s;
    return kith_fail(err, KITH_E_CONFLICT, field,
                     "there are several %ss with the %s '%.*s': say which one with %s=ID", field,
                     what, KITH_CUT(text, 100), field);
}

/* What the caller names, else what the lead leads to. */
static void take_known(const struct conversion *c, int arg, int of, struct party *out) {
    if (kith_has(c->args[arg]))
        *out = (struct party){c->args[arg], "given"};
    else if (kith_has(c->lead[of]))
        *out = (struct party){c->lead[of], "linked"};
}

static kith_status find_contact(struct conversion *c, kith_error *err) {
    kith_instance *self = c->self;
    struct picks found = {.self = self};
    kith_status st = KITH_OK;
    take_known(c, CONVERT_CONTACT, OF_CONTACT, &c->contact);
    if (c->contact.how || !kith_has(c->lead[OF_EMAIL]))
        return KITH_OK;
    st = self->records->find(c->txn, self->query.addresses, 1, &c->lead[OF_EMAIL], 0, pick_contact,
                             &found, err);
    if (st == KITH_E_DENIED)
        return kith_fail(err, st, "contact",
                         "contact: by the lead's mail address its contact is looked for, which "
                         "needs the right to read contacts and their contact_points; have it "
                         "added to the role");
    if (st == KITH_OK && found.count > 1)
        return several(c, "contact", "address", OF_EMAIL, err);
    if (st == KITH_OK && found.count == 1)
        c->contact = (struct party){kith_link(self->contact.type, found.first->id), "found"};
    return st;
}

static kith_status read_contacts_account(struct conversion *c, kith_error *err) {
    kith_instance *self = c->self;
    const kith_row *row;
    if (!c->contact.how)
        return KITH_OK;
    KITH_TRY(self->records->get(c->txn, self->contact.type, c->contact.link.as.link.id, &row, err));
    return self->records->read(c->txn, row, 1, &self->contact.account, &c->contacts_account, err);
}

/* Of several accounts of that name the contact's own is meant. */
static kith_status find_account(struct conversion *c, kith_error *err) {
    kith_instance *self = c->self;
    struct picks found = {.self = self};
    take_known(c, CONVERT_ACCOUNT, OF_ACCOUNT, &c->account);
    if (c->account.how)
        return KITH_OK;
    if (!kith_has(c->lead[OF_COMPANY])) {
        if (kith_has(c->contacts_account))
            c->account = (struct party){c->contacts_account, "linked"};
        return KITH_OK;
    }
    KITH_TRY(self->records->find(c->txn, self->query.accounts_named, 1, &c->lead[OF_COMPANY], 0,
                                 picks_row, &found, err));
    if (found.count == 0)
        return KITH_OK;
    const struct pick *one = found.count == 1 ? found.first : NULL;
    for (const struct pick *p = found.first; !one && p; p = p->next)
        if (kith_has(c->contacts_account) && p->id == c->contacts_account.as.link.id)
            one = p;
    if (!one)
        return several(c, "account", "name", OF_COMPANY, err);
    c->account = (struct party){kith_link(self->account.type, one->id), "found"};
    return KITH_OK;
}

/* -- what is made ------------------------------------------------------------------------------ */

/* The address of a lead that named a company is the company's, else the person's. */
static void put_place(const struct conversion *c, kith_edit *v, int32_t of_account) {
    const kith_instance *self = c->self;
    const struct firm_numbers *firm = &self->regions.firm;
    const uint32_t to[][2] = {{self->contact.city, firm->billing_city},
                              {self->contact.region, firm->billing_region},
                              {self->contact.country, firm->billing_country},
                              {self->contact.postal_code, firm->billing_postal_code},
                              {self->contact.industry, self->account.industry}};
    const kith_value given[] = {c->where.city, c->where.region, c->where.country,
                                c->where.postal_code, c->where.industry};
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        kith_put_given(v, to[i][of_account], given[i]);
    if (of_account)
        kith_put_given(v, firm->territory, c->where.territory);
}

static kith_status make_account(struct conversion *c, kith_error *err) {
    const kith_instance *self = c->self;
    kith_edit v = {0};
    if (c->account.how)
        return KITH_OK;
    if (!kith_has(c->lead[OF_COMPANY])) {
        c->account.how = "none";
        return KITH_OK;
    }
    kith_put_given(&v, self->account.name, c->lead[OF_COMPANY]);
    kith_put_given(&v, self->account.kind, kith_text("prospect"));
    kith_put_given(&v, self->account.owner, c->lead[OF_OWNER]);
    put_place(c, &v, 1);
    c->account.how = "created";
    return kith_edit_create(self->records, c->txn, self->account.type, &v, &c->account.link, err);
}

static kith_status make_contact(struct conversion *c, kith_error *err) {
    const kith_instance *self = c->self;
    kith_edit v = {0};
    kith_put_given(&v, self->contact.name, c->lead[OF_NAME]);
    kith_put_given(&v, self->contact.account, c->account.link);
    kith_put_given(&v, self->contact.email, c->lead[OF_EMAIL]);
    kith_put_given(&v, self->contact.phone, c->lead[OF_PHONE]);
    kith_put_given(&v, self->contact.source, c->lead[OF_SOURCE]);
    kith_put_given(&v, self->contact.owner, c->lead[OF_OWNER]);
    if (!kith_has(c->lead[OF_COMPANY]))
        put_place(c, &v, 0);
    c->contact.how = "created";
    return kith_edit_create(self->records, c->txn, self->contact.type, &v, &c->contact.link, err);
}

/* A contact that had no account belongs to this one from now on; another's stays where it is. */
static kith_status settle_contact(struct conversion *c, kith_error *err) {
    kith_instance *self = c->self;
    if (!c->contact.how)
        return make_contact(c, err);
    if (kith_has(c->contacts_account) || !kith_has(c->account.link))
        return KITH_OK;
    return self->records->update(c->txn, self->contact.type, c->contact.link.as.link.id, 1,
                                 &self->contact.account, &c->account.link, err);
}

static kith_status make_opportunity(struct conversion *c, kith_error *err) {
    const kith_instance *self = c->self;
    const kith_value *company = &c->lead[OF_COMPANY], *name = &c->args[CONVERT_NAME];
    kith_edit v = {0};
    if (!wants_opportunity(c))
        return KITH_OK;
    if (!kith_has(*name))
        name = !kith_has(*company) ? &c->lead[OF_NAME] : company;
    kith_put_given(&v, self->opportunity.name, *name);
    kith_put_given(&v, self->opportunity.account, c->account.link);
    kith_put_given(&v, self->opportunity.contact, c->contact.link);
    kith_put_given(&v, self->opportunity.lead, c->args[CONVERT_LEAD]);
    kith_put_given(&v, self->opportunity.amount, c->args[CONVERT_AMOUNT]);
    kith_put_given(&v, self->opportunity.close_on, c->args[CONVERT_CLOSE_ON]);
    kith_put_given(&v, self->opportunity.source, c->lead[OF_SOURCE]);
    kith_put_given(&v, self->opportunity.campaign, c->lead[OF_CAMPAIGN]);
    kith_put_given(&v, self->opportunity.description, c->lead[OF_INTEREST]);
    kith_put_given(&v, self->opportunity.owner, c->lead[OF_OWNER]);
    return kith_edit_create(self->records, c->txn, self->opportunity.type, &v, &c->opportunity,
                            err);
}

static kith_status close_lead(struct conversion *c, kith_error *err) {
    kith_instance *self = c->self;
    const uint32_t fields[] = {self->lead.state, self->lead.contact, self->lead.account};
    const kith_value values[] = {kith_text("converted"), c->contact.link, c->account.link};
    return self->records->update(c->txn, self->lead.type, c->args[CONVERT_LEAD].as.link.id, 3,
                                 fields, values, err);
}

static kith_status first_deal(void *arg, const kith_txn *txn, const kith_row *row,
                              kith_error *err) {
    struct conversion *c = arg;
    return kith_has(c->opportunity)
               ? KITH_OK
               : c->self->records->read(txn, row, 1, &c->self->opportunity.name, &c->opportunity,
                                        err);
}

/* An undo takes the opportunity back first, as it was made last: where that stays since it was
 * edited, the lead is converted still, or it would become a customer a second time. */
kith_status lead_converted_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                kith_error *err) {
    struct conversion c = {.self = self, .txn = txn};
    kith_value was, now;
    if (change->origin != KITH_ORIGIN_UNDO)
        return KITH_OK;
    const kith_value lead = kith_link(self->lead.type, change->id);
    KITH_TRY(self->records->read(txn, change->before, 1, &self->lead.state, &was, err));
    KITH_TRY(self->records->read(txn, change->after, 1, &self->lead.state, &now, err));
    if (!kith_is(was, "converted") || kith_is(now, "converted"))
        return KITH_OK;
    KITH_TRY(self->records->find(txn, self->query.made_of, 1, &lead, 0, first_deal, &c, err));
    if (!kith_has(c.opportunity))
        return KITH_OK;
    const kith_str name = c.opportunity.as.s;
    return kith_fail(err, KITH_E_REFUSED, "state",
                     "state: the opportunity '%.*s' came of this lead and stays; delete that, and "
                     "undo again",
                     KITH_CUT(name, 80));
}

/* -- the action -------------------------------------------------------------------------------- */

static kith_status answer(const struct conversion *c, kith_call *call, kith_error *err) {
    const kith_value results[] = {[CONVERTED_ACCOUNT] = c->account.link,
                                  [CONVERTED_ACCOUNT_HOW] = kith_text(c->account.how),
                                  [CONVERTED_CONTACT] = c->contact.link,
                                  [CONVERTED_CONTACT_HOW] = kith_text(c->contact.how),
                                  [CONVERTED_OPPORTUNITY] = c->opportunity};
    for (uint32_t i = 0; i < sizeof results / sizeof *results; i++)
        KITH_TRY(c->self->calls->result(call, i, &results[i], err));
    return KITH_OK;
}

kith_status convert_lead(kith_instance *self, kith_call *call, kith_error *err) {
    static kith_status (*const steps[])(struct conversion *, kith_error *) = {
        find_contact,    read_contacts_account, find_account,
        make_account,    settle_contact,        close_lead /* see lead_converted_hook */,
        make_opportunity};
    struct conversion c = {.self = self, .txn = self->calls->txn(call)};
    for (uint32_t i = 0; i < CONVERT_PARAMS; i++)
        KITH_TRY(self->calls->arg(call, i, &c.args[i], err));
    KITH_TRY(check_args(&c, err));
    KITH_TRY(read_lead(&c, err));
    KITH_TRY(check_state(&c, err));
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        KITH_TRY(steps[i](&c, err));
    return answer(&c, call, err);
}
