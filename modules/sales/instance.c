/* SPDX-License-Identifier: Apache-2.0 */
/* The instance: host tables, settings and numbers, asked for once. */
#include "sales.h"

const char *sales_place(const kith_instance *self, const char *key) {
    return self->settings->where(self->host, kith_str_of(key)).ptr;
}

int by_link(const void *a, const void *b) {
    const kith_id x = ((const kith_value *)a)->as.link.id, y = ((const kith_value *)b)->as.link.id;
    return (x > y) - (x < y);
}

/* -- what it asks for -------------------------------------------------------------------------- */

static const kith_want wants[] = {
    KITH_WANT_TABLES,
    KITH_WANT(SETTING, "score.rules", score_rules),
    KITH_WANT(NUMBER, "score.hot", hot),
    KITH_WANT(NUMBER, "score.warm", warm),
    KITH_WANT(NUMBER, "signal.green", green),
    KITH_WANT(NUMBER, "signal.amber", amber),
    KITH_WANT(SETTING, "assign.team", team),
    KITH_WANT(SETTING, "assign.users", users),
    KITH_WANT(NUMBER, "assign.auto", assigns_new_leads),
    KITH_WANT(SETTING, "assign.by", regions.assign_by),
    KITH_WANT_RECORD("lead", lead, LEAD),
    KITH_WANT_RECORD("lead", scored, SCORED),
    KITH_WANT_RECORD("opportunity", opportunity, PIPELINE_DEAL),
    KITH_WANT_RECORD("account", account, ACCOUNT),
    KITH_WANT_RECORD("contact", contact, CONTACT),
    KITH_WANT_RECORD("contact_point", contact_point, CONTACT_POINT),
    KITH_WANT_RECORD("interaction", interaction, INTERACTION),
    KITH_WANT_RECORD("user", user, USER),
    KITH_WANT_RECORD("opportunity", deals.ending, ENDING),
    KITH_WANT_RECORD("opportunity", deals.signalled, SIGNALLED),
    KITH_WANT(SETTING, "stages.order", deals.stage_rows),
    KITH_WANT(TOPIC, "lead.unassigned", unassigned),
    KITH_WANT(QUERY, OPEN_LEADS, query.open_leads),
    KITH_WANT(QUERY, OPEN_OPPORTUNITIES, query.open_opportunities),
    KITH_WANT(QUERY, UNASSIGNED_LEADS, query.unassigned),
    KITH_WANT(QUERY, HEARD, query.heard),
    KITH_WANT(QUERY, ACCOUNTS_NAMED, query.accounts_named),
    KITH_WANT(QUERY, "opportunity where lead = :lead order by id limit 1", query.made_of),
    KITH_WANT(QUERY, ADDRESSES, query.addresses),
    KITH_WANT(QUERY, MEMBERS, query.members),
    KITH_WANT(QUERY, LOGIN, query.login),
    KITH_WANT(QUERY, LAST_TURN, query.last_turn),
    KITH_WANT(QUERY, FORECAST, query.forecast),
    KITH_WANT(QUERY, UNDATED, query.undated),
};

static kith_status begin(kith_instance *self, kith_error *err) {
    KITH_TRY(score_begin(self, err));
    KITH_TRY(pipeline_begin(self, err));
    return assign_begin(self, err);
}

/* The first one: what the others begin with stands on its settings. */
const kith_part instance_part = {
    .struct_size = sizeof instance_part,
    .wants = KITH_ARRAY(wants),
    .begin = begin,
};

void sales_destroy(kith_instance *self) {
    learn_free(self);
}
