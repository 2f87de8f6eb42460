/* SPDX-License-Identifier: Apache-2.0 */
/* Sales, declared: leads with a score by rules, a heat mark, and the date of the last contact. */
#include "sales.h"

#define F(field, of, ...)                                                                          \
    { .name = (field), .kind = KITH_F_##of, __VA_ARGS__ }

static const kith_field lead_fields[] = {
    F("name", TEXT,
      .flags = KITH_FF_REQUIRED | KITH_FF_INDEXED | KITH_FF_SEARCHED | KITH_FF_PERSONAL,
      .doc = "The person, or what the lead is called."),
    F("contact", LINK, .options = "contact", .doc = "The person, once there is a contact."),
    F("account", LINK, .options = "account", .doc = "The organisation, once there is an account."),
    F("company", TEXT, .flags = KITH_FF_SEARCHED, .doc = "The organisation as the lead gave it."),
    F("email", EMAIL, .flags = KITH_FF_INDEXED | KITH_FF_PERSONAL, .doc = "Mail address."),
    F("phone", PHONE, .flags = KITH_FF_INDEXED | KITH_FF_PERSONAL, .doc = "Number."),
    F("source", CHOICE,
      .options = "event,web,referral,newsletter,giveaway,form,chat,ad,campaign,social,phone,import,"
                 "other",
      .flags = KITH_FF_INDEXED, .doc = "Where the lead came from."),
    F("campaign", TEXT, .flags = KITH_FF_INDEXED, .doc = "The campaign that brought it."),
    F("referrer", LINK, .options = "contact", .doc = "Who referred it."),
    F("interest", LONGTEXT, .doc = "What the lead is interested in."),
    F("state", STATE,
      .options = "new>working|qualified|unqualified,working>qualified|unqualified,"
                 "qualified>converted|working|unqualified,unqualified>working,converted",
      .flags = KITH_FF_INDEXED, .doc = "Where it stands."),
    F("last_contacted", TIME, .flags = KITH_FF_INDEXED, .doc = "When we last were in touch."),
    F("score", INTEGER, .flags = KITH_FF_READONLY | KITH_FF_INDEXED,
      .doc = "Points by the rules in sales.score.rules."),
    F("rating", CHOICE, .options = "hot,warm,cold", .flags = KITH_FF_READONLY | KITH_FF_INDEXED,
      .doc = "Heat by the score: sales.score.hot and sales.score.warm."),
};
static const char *const lead_indexes[] = {"state,-score", "owner,state"};

static const kith_type types[] = {
    {.name = "lead",
     .doc = "Somebody who may become a customer.",
     .title = "name",
     .fields = KITH_ARRAY(lead_fields),
     .indexes = KITH_ARRAY(lead_indexes)},
};

static const kith_setting rule_items[] = {
    {.key = "when",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .doc = "A condition on the lead, in the query language."},
    {.key = "points",
     .kind = KITH_INT,
     .flags = KITH_SF_REQUIRED,
     .min = -1000,
     .max = 1000,
     .doc = "Added to the score of a lead for which it is true."},
    {.key = "doc", .kind = KITH_TEXT, .doc = "Why, for people."},
};
static const kith_setting settings[] = {
    {.key = "score.rules",
     .kind = KITH_LIST,
     .default_text = "()",
     .doc = "What a lead gets points for; after a change run the action sales.rescore.",
     .items = KITH_ARRAY(rule_items)},
    {.key = "score.hot",
     .kind = KITH_INT,
     .default_text = "60",
     .min = -100000,
     .max = 100000,
     .doc = "From this score on a lead is hot."},
    {.key = "score.warm",
     .kind = KITH_INT,
     .default_text = "30",
     .min = -100000,
     .max = 100000,
     .doc = "From this score on a lead is warm; below it is cold."},
};

static const kith_permission permissions[] = {
    {"read:interaction", "Sees when somebody was in touch with a lead."},
};

static const kith_hook hooks[] = {
    {.name = "score",
     .type = "lead",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .priority = 100, /* after the hooks that still change what the rules read */
     .fn = score_hook,
     .doc = "Computes score and rating when a field that a rule reads changes."},
};

/* What the customer began counts when somebody must have been there to answer. */
#define IN_TOUCH                                                                                   \
    "about is not null and planned = false and (direction is null or direction = 'out' or "        \
    "channel in ('call', 'meeting', 'chat', 'store'))"
static const char *const what_makes_it_happen[] = {"planned", "about", "direction", "channel"};
static const kith_reaction reactions[] = {
    {.name = "contacted",
     .topic = "interaction.created",
     .fn = contact_stamp,
     .where = IN_TOUCH,
     .doc = "Notes when a lead was last contacted; a new one is being worked on from then on."},
    {.name = "contacted_later",
     .topic = "interaction.updated",
     .fn = contact_stamp,
     .where = IN_TOUCH,
     .fields = KITH_ARRAY(what_makes_it_happen),
     .doc = "The same, when a planned interaction has taken place."},
};

static const kith_timer timers[] = {
    {.name = "rescore",
     .cron = "20 3 * * *",
     .fn = score_nightly,
     .doc = "Keeps scores true whose rules look at the time or at linked records."},
};

static const kith_field rescore_params[] = {
    F("lead", LINK, .options = "lead", .doc = "Only this one; without it all open leads."),
};
static const kith_field rescore_results[] = {
    F("checked", INTEGER, .doc = "Leads that were computed."),
    F("changed", INTEGER, .doc = "Leads that got another score or rating."),
    F("hot", INTEGER, .doc = "Hot ones among the checked."),
    F("warm", INTEGER, .doc = "Warm ones among the checked."),
    F("cold", INTEGER, .doc = "Cold ones among the checked."),
};
static const kith_action actions[] = {
    {.name = "rescore",
     .doc = "Computes score and rating again, after the rules were changed.",
     .effect = KITH_EFFECT_WRITE,
     .fn = score_rescore,
     .params = KITH_ARRAY(rescore_params),
     .results = KITH_ARRAY(rescore_results)},
};

static const kith_plugin_desc desc = {
    .struct_size = sizeof desc,
    .abi_major = KITH_ABI_MAJOR,
    .abi_minor = KITH_ABI_MINOR,
    .version = 1,
    .name = "sales",
    .version_text = "0.1.0",
    .title = "Sales",
    .doc = "Leads: where they came from, what they are worth, and that none is forgotten.",
    .vendor = "Kith",
    .license = "Apache-2.0",
    .permissions = KITH_ARRAY(permissions),
    .settings = KITH_ARRAY(settings),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .reactions = KITH_ARRAY(reactions),
    .timers = KITH_ARRAY(timers),
    .actions = KITH_ARRAY(actions),
    .create = sales_create,
    .destroy = sales_destroy,
};

const kith_plugin_desc *kith_plugin_entry_v1(void) {
    return &desc;
}
