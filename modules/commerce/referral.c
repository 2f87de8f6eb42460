/* SPDX-License-Identifier: Apache-2.0 */
/* What we do not make and a partner does: the customer is sent there, and stays ours. What we order
 * there for them is an order whose lines are supplied_by the partner. */
#include "commerce.h"

static kith_status check_new(kith_instance *self, const kith_txn *txn, const struct referred *r,
                             kith_value *partner, kith_error *err) {
    struct made product;
    if (!kith_has(r->contact) && !kith_has(r->account))
        return kith_fail(err, KITH_E_REFUSED, "contact",
                         "contact: say who is sent there: a contact, or an account");
    if (!kith_has(r->product) && !kith_has(r->wanted))
        return kith_fail(err, KITH_E_REFUSED, "wanted",
                         "wanted: say what they want: a product, or in words");
    if (partner->kind == KITH_LINK)
        return KITH_OK;
    KITH_TRY(KITH_FOLLOW(self, txn, care.made, r->product, &product, err));
    *partner = product.supplier;
    return kith_has(*partner)
               ? KITH_OK
               : kith_fail(err, KITH_E_INVAL, "partner", "partner: say to whom they are sent%s",
                           kith_has(r->product) ? "; the product has no supplier" : "");
}

static kith_status referral_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                 kith_error *err) {
    struct referred r;
    kith_value partner;
    KITH_TRY(KITH_CHANGE(self, txn, change, care.referred, &r, err));
    partner = r.partner;
    if (!change->before && change->origin != KITH_ORIGIN_IMPORT)
        KITH_TRY(check_new(self, txn, &r, &partner, err));
    if (kith_has(partner) && kith_equal(r.account, partner))
        return kith_fail(err, KITH_E_INVAL, "partner",
                         "partner: it is the customer; say another one");
    return !kith_has(r.partner) && partner.kind == KITH_LINK
               ? self->records->set(txn, change, 1, &self->care.referred.partner, &partner, err)
               : KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field fields[] = {
    F("contact", LINK, .options = "contact", .flags = KITH_FF_SUBJECT,
      .doc = "Who was sent there: they stay our customer."),
    F("account", LINK, .options = "account", .doc = "Or which organisation."),
    F("product", LINK, .options = "product", .doc = "What they want."),
    F("wanted", TEXT, .flags = KITH_FF_SEARCHED,
      .doc = "In words, when it does not stand in our catalogue."),
    F("partner", LINK, .options = "account",
      .doc = "To whom; the supplier of the product when nothing is said."),
    F("state", STATE, .options = "referred>bought|declined,bought,declined>referred",
      .flags = KITH_FF_INDEXED, .doc = "What came of it."),
    F("amount", MONEY, .min = "0", .doc = "For how much they bought there."),
    F("commission", MONEY, .min = "0", .doc = "What the partner owes us for it."),
    F("note", LONGTEXT, .flags = KITH_FF_PERSONAL, .doc = "What else is to be known."),
};
static const kith_field account_fields[] = {
    F("referrals", INTEGER, .rollup = "count(partner_referral via account)",
      .doc = "How often it was sent to a partner."),
    F("referrals_to", INTEGER, .rollup = "count(partner_referral via partner)",
      .doc = "How often somebody was sent to it."),
    F("commissions", MONEY, .rollup = "sum(partner_referral.commission via partner)",
      .doc = "What it owes us for that, in the company's currency."),
};
static const kith_field contact_fields[] = {
    F("referrals", INTEGER, .rollup = "count(partner_referral via contact)",
      .doc = "How often the person was sent to a partner."),
};
static const kith_type types[] = {
    {.name = "partner_referral",
     .label = "Referral to a partner",
     .doc = "A customer who was sent to a partner for what we do not make.",
     .title = "wanted",
     .fields = KITH_ARRAY(fields)},
    {.name = "account", .fields = KITH_ARRAY(account_fields), .extends = 1},
    {.name = "contact", .fields = KITH_ARRAY(contact_fields), .extends = 1},
};
static const kith_hook hooks[] = {
    {.name = "referral",
     .type = "partner_referral",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = referral_hook,
     .except = KITH_FROM(UNDO),
     .doc = "Sends a customer to the supplier of what they want."},
};
static const kith_report reports[] = {
    {.name = "referrals_by_partner",
     .doc = "Customers sent to each partner, what came of it and what the partner owes us.",
     .query =
         "partner_referral group by partner.name as partner, state,"
         " commission.currency as currency : count() as customers, sum(commission) as commission"},
};
static const kith_want wants[] = {
    KITH_WANT_RECORD("partner_referral", care.referred, REFERRED),
    KITH_WANT_RECORD("product", care.made, MADE_BY),
};
const kith_part referral_part = {
    .struct_size = sizeof referral_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .reports = KITH_ARRAY(reports),
};
