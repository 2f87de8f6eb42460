/* SPDX-License-Identifier: Apache-2.0 */
/* How each kind of customers is sold to: who has a tag, as premium, is sold to by the strategy of
 * this tag, which says by which team, how many of them for a seller, how often they are spoken to,
 * and what they are offered first. What is played for them say the plays with the same tag. */
#include "sales.h"

static kith_status is_dearest(kith_instance *self, const kith_txn *txn, const kith_value *tags,
                              int32_t *dearest, kith_error *err) {
    return kith_rows(tags)
               ? kith_any(self->records, txn, self->after.query.strategy_tag, 1, tags, dearest, err)
               : KITH_OK;
}

/* A person is sold to as the organisation is. */
kith_status strategy_dearest(kith_instance *self, const kith_txn *txn, kith_value who,
                             int32_t *dearest, kith_error *err) {
    struct tagged_person person = {.account = who};
    struct tagged account;
    *dearest = 0;
    if (who.as.link.type == self->contact.type)
        KITH_TRY(KITH_FOLLOW(self, txn, after.tagged_person, who, &person, err));
    KITH_TRY(is_dearest(self, txn, &person.tags, dearest, err));
    if (*dearest)
        return KITH_OK;
    KITH_TRY(KITH_FOLLOW(self, txn, after.tagged, person.account, &account, err));
    return is_dearest(self, txn, &account.tags, dearest, err);
}

/* -- who is needed ------------------------------------------------------------------------------
 */

struct strategy_row {
    kith_value strategy, tag, customers, sellers, needed, short_of, contacts, offers, plan;
};

static kith_status give_strategy(kith_instance *self, kith_call *call, const struct strategy *s,
                                 kith_error *err) {
    const kith_txn *txn = self->calls->view(call);
    struct strategy_row row = {s->id, s->tag, .sellers = kith_int(0), .offers = s->offers,
                               .plan = s->plan};
    KITH_TRY(KITH_TOTAL(self, txn, self->after.query.tagged, 1, &s->tag, &row.customers, err));
    if (kith_has(s->team))
        KITH_TRY(KITH_TOTAL(self, txn, self->after.query.members, 1, &s->team, &row.sellers, err));
    const int64_t customers = row.customers.as.i, sellers = row.sellers.as.i;
    if (s->customers_per_seller.kind == KITH_INT) {
        const int64_t per = s->customers_per_seller.as.i, needed = (customers + per - 1) / per;
        row.needed = kith_int(needed);
        row.short_of = kith_int(needed > sellers ? needed - sellers : 0);
    }
    if (s->contacts_per_year.kind == KITH_INT)
        row.contacts = kith_int(customers * s->contacts_per_year.as.i);
    return KITH_ROW(self, call, &row, err);
}

static kith_status strategies_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct strategy *items;
    uint64_t count;
    KITH_TRY(KITH_FIND(self, self->calls->view(call), after.strategy, self->after.query.strategies,
                       0, NULL, &items, &count, err));
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(give_strategy(self, call, &items[i], err));
    return KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field fields[] = {
    F("name", TEXT, .flags = KITH_FF_REQUIRED, .doc = "What it is called."),
    F("tag", TEXT, .flags = KITH_FF_REQUIRED | KITH_FF_UNIQUE,
      .doc = "For customers with this tag, as premium; plays with the same tag are theirs."),
    F("team", LINK, .options = "team", .doc = "Who sells to them."),
    F("customers_per_seller", INTEGER, .min = "1", .max = "1000000",
      .doc = "How many of them one seller can care for."),
    F("contacts_per_year", INTEGER, .min = "0", .max = "1000",
      .doc = "How often a year each of them is spoken to."),
    F("offers", CHOICE, .options = "likeliest,dearest", .default_text = "likeliest",
      .doc = "What sales.suggest puts first: what they will likely buy, or what costs the most."),
    F("plan", LONGTEXT, .doc = "How they are sold to."),
    F("position", INTEGER, .doc = "The order among them."),
};
static const kith_type types[] = {
    {.name = "sales_strategy",
     .label = "Sales strategy",
     .doc = "How one kind of customers is sold to, and by whom.",
     .title = "name",
     .fields = KITH_ARRAY(fields)},
};
static const kith_field columns[] = {
    F("strategy", LINK, .options = "sales_strategy", .doc = "The strategy."),
    F("tag", TEXT, .doc = "The tag of those whom it is for."),
    F("customers", INTEGER, .doc = "Accounts with this tag."),
    F("sellers", INTEGER, .doc = "Members of its team."),
    F("needed", INTEGER, .doc = "customers / customers_per_seller, rounded up."),
    F("short_of", INTEGER, .doc = "How many sellers are missing."),
    F("contacts", INTEGER, .doc = "customers * contacts_per_year."),
    F("offers", TEXT, .doc = "What they are offered first."),
    F("plan", LONGTEXT, .doc = "How they are sold to."),
};
static const kith_action actions[] = {
    {.name = "strategies",
     .doc = "How each kind of customers is sold to, and how many sellers that takes.",
     .effect = KITH_EFFECT_READ,
     .fn = strategies_action,
     .columns = KITH_ARRAY(columns)},
};

static const kith_want wants[] = {
    KITH_WANT_RECORD("sales_strategy", after.strategy, STRATEGY),
    KITH_WANT(TYPE, "contact", contact.type),
    KITH_WANT_RECORD("contact", after.tagged_person, TAGGED_PERSON),
    KITH_WANT_RECORD("account", after.tagged, TAGGED),
    KITH_WANT(QUERY, "sales_strategy order by position, name limit 200", after.query.strategies),
    KITH_WANT(QUERY, "sales_strategy where tag in (:tags) and offers = 'dearest' limit 1",
              after.query.strategy_tag),
    KITH_WANT(QUERY, "account where tagged(:tag) : count() as customers", after.query.tagged),
    KITH_WANT(QUERY, "user where teams = :team : count() as sellers", after.query.members),
};
const kith_part strategy_part = {
    .struct_size = sizeof strategy_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .actions = KITH_ARRAY(actions),
};
