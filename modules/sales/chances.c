/* SPDX-License-Identifier: Apache-2.0 */
/* What is no deal yet: chances apart from the pipeline, which become opportunities when they are
 * opened; and what is suggested as the next step of one, by rules of the settings. */
#include "sales.h"

/* -- chances ------------------------------------------------------------------------------------
 */

static kith_status open_chance(kith_instance *self, kith_txn *txn, kith_change *change,
                               kith_error *err) {
    struct chance chance;
    KITH_TRY(KITH_CHANGE(self, txn, change, deals.chance, &chance, err));
    if (kith_has(chance.opportunity))
        return KITH_OK;
    struct opportunity deal = {.name = chance.name,
                               .account = chance.account,
                               .contact = chance.contact,
                               .amount = chance.amount,
                               .close_on = chance.expected_on,
                               .owner = chance.owner};
    KITH_TRY(KITH_CREATE(self, txn, deals.deal, &deal, err));
    return self->records->set(txn, change, 1, &self->deals.chance.opportunity, &deal.id, err);
}

/* -- next steps ---------------------------------------------------------------------------------
 */

struct step {
    kith_value when, step, why, of; /* as declared */
};

static kith_status next_step_action(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *view = self->calls->view(call);
    struct {
        kith_value opportunity, lead;
    } args;
    const kith_row *record;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    if (kith_has(args.opportunity) == kith_has(args.lead))
        return kith_fail(err, KITH_E_INVAL, "opportunity",
                         "opportunity: say of which opportunity, or of which lead");
    const kith_value which = kith_has(args.lead) ? args.lead : args.opportunity;
    KITH_TRY(self->records->get(view, which.as.link.type, which.as.link.id, &record, err));
    for (uint64_t i = 0; i < kith_rows(&self->deals.steps); i++) {
        const struct step *step = kith_row_of(&self->deals.steps, i);
        if (kith_is(step->of, "lead") != kith_has(args.lead))
            continue;
        const int32_t holds = self->records->match(view, step->when.flags, record);
        const kith_value row[] = {step->step, step->why};
        if (holds < 0)
            return kith_fail(err, holds, NULL, "sales.next_step.rules, row %llu could not be asked",
                             (unsigned long long)i + 1);
        if (holds)
            KITH_TRY(KITH_ROW(self, call, &row, err));
    }
    return KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field chance_fields[] = {
    F("name", TEXT, .flags = KITH_FF_REQUIRED | KITH_FF_INDEXED | KITH_FF_SEARCHED,
      .doc = "What may be sold one day."),
    F("account", LINK, .options = "account", .doc = "To which organisation."),
    F("contact", LINK, .options = "contact", .flags = KITH_FF_SUBJECT, .doc = "To whom."),
    F("amount", MONEY, .min = "0", .doc = "What it might bring."),
    F("expected_on", DATE, .flags = KITH_FF_INDEXED, .doc = "When it might become one."),
    F("reason", LONGTEXT, .flags = KITH_FF_SEARCHED, .doc = "Why we think so."),
    F("state", STATE, .options = "waiting>opened|dropped,opened,dropped.>waiting",
      .flags = KITH_FF_INDEXED, .doc = "opened: it has become an opportunity."),
    F("opportunity", LINK, .options = "opportunity", .flags = KITH_FF_READONLY, .doc = "That one."),
};
static const kith_type types[] = {
    {.name = "chance",
     .doc = "A sale that is possible one day, and no part of the pipeline.",
     .title = "name",
     .fields = KITH_ARRAY(chance_fields)},
};
static const char *const opened[] = {"state"};
static const kith_hook hooks[] = {
    {.name = "chance",
     .type = "chance",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .fn = open_chance,
     .except = KITH_FROM(UNDO),
     .where = "state = 'opened'",
     .fields = KITH_ARRAY(opened),
     .doc = "Makes the opportunity of a chance that is opened."},
};

static const kith_setting step_items[] = {
    {.key = "when",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .condition = "=of",
     .doc = "A condition on the opportunity, or the lead, in the query language."},
    {.key = "step",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .doc = "What is suggested when it is true."},
    {.key = "doc", .kind = KITH_TEXT, .doc = "Why, for people."},
    {.key = "of",
     .kind = KITH_TEXT,
     .default_text = "opportunity",
     .choices = "opportunity,lead",
     .doc = "Of what it is a next step."},
};
static const kith_setting settings[] = {
    {.key = "next_step.rules",
     .kind = KITH_LIST,
     .default_text = "()",
     .doc = "What sales.next_step suggests, in this order.",
     .items = KITH_ARRAY(step_items)},
};
static const kith_field step_params[] = {
    F("opportunity", LINK, .options = "opportunity", .doc = "Of which."),
    F("lead", LINK, .options = "lead", .doc = "Or of which lead, that is none yet."),
};
static const kith_field step_columns[] = {
    F("step", TEXT, .doc = "What to do."),
    F("why", TEXT, .doc = "Why."),
};
static const kith_action actions[] = {
    {.name = "next_step",
     .doc = "What to do next for an opportunity or a lead, by the rules in sales.next_step.rules.",
     .effect = KITH_EFFECT_READ,
     .fn = next_step_action,
     .params = KITH_ARRAY(step_params),
     .columns = KITH_ARRAY(step_columns)},
};
static const kith_report reports[] = {
    {.name = "chances",
     .doc = "Sales that are possible one day, the soonest first.",
     .query = "chance where state = 'waiting' order by expected_on",
     .fields = "id,name,account.name,contact.name,amount,expected_on,owner.name"},
    {.name = "uncovered",
     .doc = "Customers with whom no deal is open and no chance is noted, those first who brought"
            " most.",
     .query = "account where open_opportunities = 0 and"
              " exists(opportunity.account where stage = 'won') and"
              " not exists(chance where state = 'waiting') order by -won",
     .fields = "id,name,industry,won,owner.name,phone,email"},
};
static const kith_want wants[] = {
    KITH_WANT_RECORD("chance", deals.chance, CHANCE),
    KITH_WANT(SETTING, "next_step.rules", deals.steps),
};
const kith_part chances_part = {
    .struct_size = sizeof chances_part,
    .wants = KITH_ARRAY(wants),
    .settings = KITH_ARRAY(settings),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .actions = KITH_ARRAY(actions),
    .reports = KITH_ARRAY(reports),
};
