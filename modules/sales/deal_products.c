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
static const kith_field configuration_fields[] = {
    F("lead", LINK, .options = "lead", .doc = "Which lead it was made to the choice of."),
    F("opportunity", LINK, .options = "opportunity", .doc = "Or in which deal it is wanted."),
};
static const kith_field lead_fields[] = {
    F("configurations", INTEGER, .rollup = "count(configuration via lead)",
      .doc = "How many products were made to the choice of the lead."),
};
static const kith_type types[] = {
    {.name = "configuration", .fields = KITH_ARRAY(configuration_fields), .extends = 1},
    {.name = "lead", .fields = KITH_ARRAY(lead_fields), .extends = 1},
    {.name = "opportunity", .fields = KITH_ARRAY(opportunity_fields), .extends = 1},
    {.name = "quota", .fields = KITH_ARRAY(quota_fields), .extends = 1},
};
static const kith_permission permissions[] = {
    {"read:product", "An opportunity is about a product."},
    {"read:order", "Adds up what was sold."},
    {"read:order_line", "Adds up what was sold of each product, and what it cost."},
};

#define LINES          "order_line where order." PLACED " group by "
#define LINES_OF(whom) "order_line where order." PLACED " and order." whom " group by "
#define ORDERS         " order by net.currency, -sum(" REVENUE ") : count(distinct order) as orders, "
#define NET            "sum(" REVENUE ") as net"
static const kith_report reports[] = {
    {.name = "pipeline_by_product",
     .doc = "Open opportunities by product, with what they may and what they are likely to bring.",
     .query = "opportunity where stage not in ('won', 'lost') group by product.code as code,"
              " product.name as product, amount.currency as currency : count() as deals, "
              "sum(amount) as amount,"
              " sum(amount * probability) / 100 as weighted"},
    {.name = "won_by_product",
     .doc = "What was won with each product.",
     .query = "opportunity where stage = 'won' group by product.code as code,"
              " product.name as product, amount.currency as currency order by amount.currency, "
              "-sum(amount)"
              " : count() as deals, sum(amount) as amount"},
    {.name = "revenue_by_customer",
     .doc = "What each organisation has ordered, without tax and what was credited or came back "
            "unbilled, the best customers first.",
     .query = LINES_OF("account is not null") "order.account as account, order.account.name as "
                                              "name, net.currency as currency" ORDERS NET},
    {.name = "revenue_by_contact",
     .doc = "The same of each person who buys for no organisation.",
     .query = LINES_OF("account is null") "order.contact as contact, order.contact.name as name, "
                                          "net.currency as currency" ORDERS NET},
    {.name = "revenue_by_product",
     .doc = "The same of each product.",
     .query = LINES "product.code as code, product.name as product, net.currency as currency order "
                    "by net.currency,"
                    " -sum(" REVENUE ") : sum(" STAYS ") as quantity, " NET},
    {.name = "revenue_by_territory",
     .doc = "The same in each territory.",
     .query = LINES "order.account.territory as territory, order.account.territory.name as name, "
                    "net.currency as currency" ORDERS NET},
};

#define CLOSED                                                                                     \
    "opportunity where stage in ('won', 'lost') and closed_at >= :since and closed_at <= :until"   \
    " group by product, product.name, stage, amount.currency : count(), sum(amount), sum(cycle),"  \
    " count(cycle)"
#define SOLD_IN                                                                                    \
    "order_line where order." PLACED " and order.placed_at >= :since and order.placed_at < :until"
#define BY_MONTH(at) " group by year(" at "), month(" at "), "
#define OF_PRODUCT   " and (product.code = :product or product.variant_of.code = :product)"
static const kith_want wants[] = {
    KITH_WANT(TYPE, "quota", deals.quota.type),
    KITH_WANT(FIELD, "product", deals.quota_product),
    KITH_WANT(QUERY, CLOSED, deals.query.closed[KPI_PRODUCT]),
    KITH_WANT(QUERY, QUOTA_CLASH("product"), deals.query.quota_clash[QUOTA_PRODUCT]),
    KITH_WANT(QUERY, QUOTA_WON("product = :holder"), deals.query.quota_won[QUOTA_PRODUCT]),
    KITH_WANT(QUERY, SOLD_IN BY_MONTH("order.placed_at") "net.currency : sum(" REVENUE ")",
              deals.query.sold_months),
    KITH_WANT(QUERY,
              SOLD_IN OF_PRODUCT BY_MONTH("order.placed_at") "net.currency : sum(" REVENUE ")",
              deals.query.sold_of_product),
    KITH_WANT(
        QUERY,
        "opportunity where stage = 'won' and closed_at >= :since and closed_at < :until" OF_PRODUCT
            BY_MONTH("closed_at") "amount.currency : sum(amount)",
        deals.query.won_of_product),
    KITH_WANT(QUERY, "product where code = :product limit 1", deals.query.product_by_code),
};
const kith_part deal_products_part = {
    .struct_size = sizeof deal_products_part,
    .wants = KITH_ARRAY(wants),
    .module = "commerce",
    .permissions = KITH_ARRAY(permissions),
    .types = KITH_ARRAY(types),
    .reports = KITH_ARRAY(reports),
};
