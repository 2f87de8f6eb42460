/* SPDX-License-Identifier: Apache-2.0 */
/* What opportunities have only where there is commerce: the product that they are about, figures
 * and quotas by product, and what was sold, which is known by orders then. */
#include "sales.h"

static const kith_field opportunity_fields[] = {
    F("product", LINK, .options = "product", .doc = "The product that they would buy."),
    F("quantity", DECIMAL, .options = "3", .min = "0.001", .doc = "How much of it."),
};
static const kith_field quota_fields[] = {
    F("product", LINK, .options = "product", .doc = "Or what is to be won with a product."),
};
static const kith_type types[] = {
    {.name = "opportunity", .fields = KITH_ARRAY(opportunity_fields), .extends = 1},
    {.name = "quota", .fields = KITH_ARRAY(quota_fields), .extends = 1},
};
static const kith_permission permissions[] = {
    {"read:product", "An opportunity is about a product."},
    {"read:order", "Adds up what was sold."},
    {"read:order_line", "Adds up what was sold of each product, and what it cost."},
};

#define SUMS  " : count() as deals, sum(amount) as amount"
#define SOLD  "state in ('ordered', 'paid', 'shipped', 'delivered')"
#define LINES "order_line where order." SOLD " group by "
static const kith_report reports[] = {
    {.name = "pipeline_by_product",
     .doc = "Open opportunities by product, with what they may and what they are likely to bring.",
     .query = "opportunity where stage not in ('won', 'lost') group by product.name as product"
              " : count() as deals, sum(amount) as amount,"
              " sum(amount * probability) / 100 as weighted"},
    {.name = "won_by_product",
     .doc = "What was won with each product.",
     .query = "opportunity where stage = 'won' group by product.name as product"
              " order by -sum(amount)" SUMS},
    {.name = "revenue_by_customer",
     .doc = "What each customer has ordered, without tax, the best customers first.",
     .query = "order where " SOLD " group by account.name as account, contact.name as contact"
              " order by -sum(net)"
              " : count() as orders, sum(net) as net"},
    {.name = "revenue_by_product",
     .doc = "What was ordered of each product, without tax.",
     .query = LINES "product.name as product order by -sum(net)"
                    " : sum(quantity) as quantity, sum(net) as net"},
    {.name = "profit_by_seller",
     .doc = "What the customers of each seller have ordered, what it cost us, and what is left.",
     .query = LINES "order.account.owner.name as seller order by -sum(net)"
                    " : sum(net) as net, sum(cost) as cost, sum(net) - sum(cost) as profit"},
    {.name = "revenue_by_territory",
     .doc = "What was ordered in each territory, without tax.",
     .query = "order where " SOLD " group by account.territory.name as territory"
              " order by -sum(net) : count() as orders, sum(net) as net"},
};

#define CLOSED                                                                                     \
    "opportunity where stage in ('won', 'lost') and closed_at >= :since and closed_at <= :until"   \
    " group by product.name, stage : count(), sum(amount), sum(cycle), count(cycle)"
static const kith_want wants[] = {
    KITH_WANT(TYPE, "quota", deals.quota.type),
    KITH_WANT(FIELD, "product", deals.quota_product),
    KITH_WANT(QUERY, CLOSED, deals.query.closed[KPI_PRODUCT]),
    KITH_WANT(QUERY, QUOTA_CLASH("product"), deals.query.quota_clash[QUOTA_PRODUCT]),
    KITH_WANT(QUERY, QUOTA_WON("product = :holder"), deals.query.quota_won[QUOTA_PRODUCT]),
    KITH_WANT(QUERY,
              "order where " SOLD " and placed_at >= :since and placed_at < :until"
              " group by year(placed_at), month(placed_at) : sum(net)",
              deals.query.sold_months),
};
kith_status deal_products_wants(kith_instance *self, kith_error *err) {
    return self->host->enabled(self->host, "commerce") ? WANTS(self, wants, err) : KITH_OK;
}

const kith_part deal_products_part = {
    .struct_size = sizeof deal_products_part,
    .module = "commerce",
    .permissions = KITH_ARRAY(permissions),
    .types = KITH_ARRAY(types),
    .reports = KITH_ARRAY(reports),
};
