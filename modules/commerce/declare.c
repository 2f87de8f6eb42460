/* SPDX-License-Identifier: Apache-2.0 */
/* Commerce: what is sold, at which price, what was ordered. This file joins the parts. */
#include "commerce.h"

/* -- settings of all parts ----------------------------------------------------------------------
 */

static const kith_setting settings[] = {
    {.key = "rounding",
     .kind = KITH_TEXT,
     .default_text = "\"half_up\"",
     .choices = "half_up,half_even,down,up",
     .doc = "What becomes of half a cent: half_up away from zero, half_even to the even neighbour, "
            "down towards zero, up away from it."},
    {.key = "tax_included",
     .kind = KITH_BOOL,
     .default_text = "false",
     .doc = "Prices hold the tax (for consumers); else it is added to them (among businesses)."},
};
static const kith_permission permissions[] = {
    {"read:account", "Who buys, and the terms that were agreed with them."},
    {"read:contact", "Who buys."},
    {"read:territory", "Price books may be those of a territory."},
};

static const kith_want wants[] = {
    KITH_WANT_TABLES,
    KITH_WANT(TABLE, KITH_TIMERS_1, timers),
    KITH_WANT(SETTING, "rounding", rounding),
    KITH_WANT(SETTING, "tax_included", tax_included),
    KITH_WANT_RECORD("account", account, ACCOUNT),
    KITH_WANT_RECORD("contact", contact, CONTACT),
    KITH_WANT(TYPE, "territory", territory),
    KITH_WANT(FIELD, "parent", territory_parent),
};

/* -- life ---------------------------------------------------------------------------------------
 */

static const kith_part *const parts[] = {
    &product_part,   &price_part,        &order_part,    &order_line_part, &option_part,
    &configure_part, &bundle_part,       &stock_part,    &reserve_part,    &demand_part,
    &asset_part,     &subscription_part, &renewal_part,  &invoice_part,    &invoice_paper_part,
    &payment_part,   &allocation_part,   &ledger_part,   &credit_part,     &booking_part,
    &offering_part,  &shipment_part,     &return_part,   &entry_part,      &track_part,
    &fits_part,      &referral_part,     &purchase_part, &units_part,      &tier_part,
};
static const kith_require requirements[] = {
    {"documents", 1, KITH_REQ_OPTIONAL}, /* invoices on paper */
};

static const kith_plugin_desc desc = {
    KITH_HEAD("commerce", 1, "0.1.0"),
    .title = "Commerce",
    .doc = "Products and their prices, orders, and all that follows from them.",
    .vendor = "Kith",
    .license = "Apache-2.0",
    .requirements = KITH_ARRAY(requirements),
    .permissions = KITH_ARRAY(permissions),
    .settings = KITH_ARRAY(settings),
    .parts = KITH_ARRAY(parts),
    .instance_size = sizeof(struct kith_instance),
    .wants = KITH_ARRAY(wants),
};

const kith_plugin_desc *kith_plugin_entry_v1(void) {
    return &desc;
}
