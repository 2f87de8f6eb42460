/* SPDX-License-Identifier: Apache-2.0 */
/* Sales, declared: leads with a score by rules, opportunities in a pipeline, and the actions that
 * convert and assign leads. */
#include "sales.h"

static const kith_field lead_fields[] = {
    F("name", TEXT,
      .flags = KITH_FF_REQUIRED | KITH_FF_INDEXED | KITH_FF_SEARCHED | KITH_FF_PERSONAL,
      .doc = "The person, or what the lead is called."),
    F("contact", LINK, .options = "contact", .flags = KITH_FF_SUBJECT,
      .doc = "The person, once there is a contact."),
    F("account", LINK, .options = "account", .doc = "The organisation, once there is an account."),
    F("company", TEXT, .flags = KITH_FF_SEARCHED, .doc = "The organisation as the lead gave it."),
    F("email", EMAIL, .flags = KITH_FF_INDEXED | KITH_FF_SEARCHED | KITH_FF_PERSONAL,
      .doc = "Mail address."),
    F("phone", PHONE, .flags = KITH_FF_INDEXED | KITH_FF_SEARCHED | KITH_FF_PERSONAL,
      .doc = "Number."),
    F("source", CHOICE, .options = SOURCES, .flags = KITH_FF_INDEXED,
      .doc = "Where the lead came from."),
    F("campaign", TEXT, .flags = KITH_FF_INDEXED, .doc = "The campaign that brought it."),
    F("referrer", LINK, .options = "contact", .doc = "Who referred it."),
    F("interest", LONGTEXT, .flags = KITH_FF_SEARCHED, .doc = "What the lead is interested in."),
    F("state", STATE,
      .options = "new>working|qualified|unqualified,working>qualified|unqualified,"
                 "qualified>converted|working|unqualified,unqualified.>working,converted",
      .flags = KITH_FF_INDEXED, .doc = "Where it stands."),
    F("last_contacted", TIME, .flags = KITH_FF_INDEXED, .doc = "When we last were in touch."),
    F("keep_in_touch", BOOLEAN,
      .doc = "Once unqualified: whether to be in touch now and then; empty is yes."),
    F("score", INTEGER, .flags = KITH_FF_READONLY | KITH_FF_INDEXED,
      .doc = "Points by the rules in sales.score.rules."),
    F("rating", CHOICE, .options = "hot,warm,cold", .flags = KITH_FF_READONLY | KITH_FF_INDEXED,
      .doc = "Heat by the score: sales.score.hot and sales.score.warm."),
    F("deals_won", INTEGER, .rollup = "count(opportunity via lead where stage = 'won')",
      .doc = "Deals that it became and that were won."),
    F("won", MONEY, .rollup = "sum(opportunity.amount via lead where stage = 'won')",
      .doc = "What those bring, in the company's currency."),
};
static const char *const lead_indexes[] = {"state,-score", "owner,state"};

/* An open opportunity goes back and forth as the talks do; only one that was offered something is
 * won. One that ended is taken up again. */
#define STAGES                                                                                     \
    "prospecting>qualification|proposal|closing|lost,"                                             \
    "qualification>prospecting|proposal|closing|lost,"                                             \
    "proposal>prospecting|qualification|closing|won|lost,"                                         \
    "closing>prospecting|qualification|proposal|won|lost,"                                         \
    "won.>closing,lost.>prospecting|qualification|proposal|closing"

static const kith_field opportunity_fields[] = {
    F("name", TEXT, .flags = KITH_FF_REQUIRED | KITH_FF_INDEXED | KITH_FF_SEARCHED,
      .doc = "What may be sold, in a few words."),
    F("account", LINK, .options = "account", .doc = "The organisation, or unit of one, that buys."),
    F("contact", LINK, .options = "contact", .flags = KITH_FF_SUBJECT,
      .doc = "The person we talk to first."),
    F("lead", LINK, .options = "lead", .doc = "The lead that it was converted from."),
    F("stage", STATE, .options = STAGES, .flags = KITH_FF_INDEXED,
      .doc = "Where it stands in the pipeline."),
    F("amount", MONEY, .doc = "What it is expected to bring."),
    F("probability", INTEGER,
      .doc = "Percent: 10 to 90 in tens while it is open, 100 when won, 0 when lost."),
    F("signal", CHOICE, .options = "green,amber,red", .flags = KITH_FF_READONLY | KITH_FF_INDEXED,
      .doc = "By the probability: sales.signal.green and sales.signal.amber."),
    F("close_on", DATE, .flags = KITH_FF_INDEXED, .doc = "When it is expected to close."),
    F("closed_at", TIME, .flags = KITH_FF_INDEXED, .doc = "When it was won or lost."),
    F("source", CHOICE, .options = SOURCES, .doc = "Where it came from."),
    F("campaign", TEXT, .flags = KITH_FF_INDEXED, .doc = "The campaign that brought it."),
    F("description", LONGTEXT, .doc = "What the customer wants."),
    F("next_step", TEXT, .doc = "What we do next."),
    F("next_step_on", DATE, .flags = KITH_FF_INDEXED, .doc = "When."),
    F("opened_at", TIME,
      .doc = "When it was opened; by default when it was created, unless it was closed before."),
    F("cycle", DURATION, .flags = KITH_FF_READONLY, .doc = "From then until it was won or lost."),
    F("last_activity", TIME, .rollup = "max(interaction.at via about where planned = false)",
      .doc = "When we last were in touch about it."),
    F("pipeline_total", LINK, .options = "pipeline_total", .flags = KITH_FF_READONLY,
      .doc = "Where it is added up while it is open."),
    F("competitor", LINK, .options = "account", .doc = "Against whom."),
    F("win_reason", TEXT, .doc = "Why they bought, once won."),
    F("loss_reason", CHOICE,
      .options = "price,competitor,product,service,timing,budget,no_decision,no_contact,other",
      .flags = KITH_FF_INDEXED, .doc = "Why it was lost; a lost one must have it."),
    F("loss_note", LONGTEXT, .doc = "More about it; goes with the reason 'other'."),
};
static const char *const opportunity_indexes[] = {"stage,close_on", "stage,closed_at",
                                                  "owner,stage"};

/* For users who sell. */
static const kith_field user_fields[] = {
    F("takes_leads", BOOLEAN, .doc = "Gets leads from sales.assign; empty is yes."),
    F("lead_turn", INTEGER, .flags = KITH_FF_READONLY | KITH_FF_INDEXED,
      .doc = "When sales.assign last gave a lead, as a number: the lowest is next."),
};

/* What each customer means for the sales to come. */
#define OPEN "stage not in ('won', 'lost')"
static const kith_field account_fields[] = {
    F("open_opportunities", INTEGER, .rollup = "count(opportunity via account where " OPEN ")",
      .doc = "Deals with it that are neither won nor lost."),
    F("pipeline", MONEY, .flags = KITH_FF_INDEXED,
      .rollup = "sum(opportunity.amount via account where " OPEN ")",
      .doc = "What those are expected to bring, in the company's currency."),
    F("won", MONEY, .flags = KITH_FF_INDEXED,
      .rollup = "sum(opportunity.amount via account where stage = 'won')",
      .doc = "What the deals that were won bring, in the company's currency."),
};
static const kith_field contact_fields[] = {
    F("open_opportunities", INTEGER, .rollup = "count(opportunity where " OPEN ")",
      .doc = "Deals with the person that are neither won nor lost."),
    F("referred", INTEGER, .flags = KITH_FF_INDEXED, .rollup = "count(lead via referrer)",
      .doc = "Leads that the person referred."),
    F("referred_deals", INTEGER, .rollup = "sum(lead.deals_won via referrer)",
      .doc = "Deals with those that were won."),
    F("referred_won", MONEY, .rollup = "sum(lead.won via referrer)",
      .doc = "What those bring, in the company's currency: the person is credited with it."),
};

static const kith_type types[] = {
    {.name = "lead",
     .doc = "Somebody who may become a customer.",
     .title = "name",
     .fields = KITH_ARRAY(lead_fields),
     .indexes = KITH_ARRAY(lead_indexes)},
    {.name = "opportunity",
     .doc = "A deal that may be made.",
     .title = "name",
     .fields = KITH_ARRAY(opportunity_fields),
     .indexes = KITH_ARRAY(opportunity_indexes)},
    {.name = "user", .fields = KITH_ARRAY(user_fields), .extends = 1},
    {.name = "account", .fields = KITH_ARRAY(account_fields), .extends = 1},
    {.name = "contact", .fields = KITH_ARRAY(contact_fields), .extends = 1},
};

static const kith_setting rule_items[] = {
    {.key = "when",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .condition = "lead",
     .doc = "A condition on the lead, in the query language."},
    {.key = "points",
     .kind = KITH_INT,
     .flags = KITH_SF_REQUIRED,
     .min = -1000,
     .max = 1000,
     .doc = "Added to the score of a lead for which it is true."},
    {.key = "doc", .kind = KITH_TEXT, .doc = "Why, for people."},
};
#define PERCENT(name, default_, least, most, about)                                                \
    {                                                                                              \
        .key = (name), .kind = KITH_INT, .default_text = (default_), .min = (least),               \
        .max = (most), .doc = (about)                                                              \
    }
#define STAGE(name, default_)                                                                      \
    PERCENT("probability." name, default_, 10, 90,                                                 \
            "What an opportunity gets that comes to " name ": 10, 20, ... 90 percent.")
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
    STAGE("prospecting", "10"),
    STAGE("qualification", "30"),
    STAGE("proposal", "50"),
    STAGE("closing", "80"),
    PERCENT("signal.green", "70", 0, 100, "From this probability on an opportunity is green."),
    PERCENT("signal.amber", "40", 0, 100, "From this probability on it is amber; below it is red."),
    {.key = "assign.team", .kind = KITH_TEXT, .doc = "The team whose members get leads in turn."},
    {.key = "assign.users",
     .kind = KITH_LIST,
     .doc = "Instead of a team: the logins of the users who get leads in turn."},
    {.key = "assign.auto",
     .kind = KITH_BOOL,
     .default_text = "false",
     .doc = "A new open lead is assigned at once, unless its owner is said."},
};

static const kith_permission permissions[] = {
    {"read:interaction", "Sees when somebody was in touch with a lead."},
    {"write:account", "Makes an account of the company of a lead that is converted."},
    {"write:contact", "Makes a contact of a lead that is converted."},
    {"read:contact_point", "Finds the contact that has the mail address of the lead."},
    {"read:note", "Finds the words of notes that go with conversion."},
    {"read:team", "Finds the members of the team that leads are assigned to."},
    {"write:order", "Quotes, places and cancels the order that a quote is over."},
    {"write:order_line", "Copies the lines for a new version of a quote."},
};

static const kith_field unassigned_fields[] = {
    F("reason", TEXT, .doc = "Why nobody was found."),
};
static const kith_topic topics[] = {
    {.name = "lead.unassigned",
     .schema = 1,
     .fields = KITH_ARRAY(unassigned_fields),
     .doc = "A new lead was to be assigned, and nobody takes leads."},
};

static const char *const owner_only[] = {"owner"};
static const char *const lead_state_only[] = {"state"};
static const kith_hook hooks[] = {
    {.name = "turn",
     .type = "lead",
     .on = KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fields = KITH_ARRAY(owner_only),
     .fn = assign_keep_turn,
     .doc = "Keeps the turn of who was given the lead by sales.assign."},
    {.name = "heard",
     .type = "lead",
     .on = KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fields = KITH_ARRAY(owner_only),
     .where = "owner is not null and (last_wrote is not null or last_answered is not null)",
     .fn = assign_keep_heard,
     .doc = "Gives whoever gets a lead what it said to nobody before."},
    {.name = "free",
     .type = "lead",
     .on = KITH_ON_CREATE,
     .when = KITH_BEFORE,
     .where = "owner is not null and " OPEN_LEAD,
     .fn = assign_free_lead,
     .doc = "Lets sales.assign.auto assign a lead of which nobody said whose it is."},
    {.name = "score",
     .type = "lead",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .priority = 100, /* after the hooks that still change what the rules read */
     .fn = score_hook,
     .doc = "Computes score and rating when a field that a rule reads changes, and the chance."},
    {.name = "converted",
     .type = "lead",
     .on = KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .fields = KITH_ARRAY(lead_state_only),
     .fn = lead_converted_hook,
     .doc = "Keeps an undo from opening a lead again whose opportunity stays."},
    {.name = "pipeline",
     .type = "opportunity",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .priority = 100, /* after the hooks that still change the stage */
     .fn = pipeline_hook,
     .doc = "Keeps probability, signal and the fields of the ending in line with the stage."},
};

/* What the customer began counts when somebody must have been there to answer. */
#define IN_TOUCH                                                                                   \
    "about is not null and planned = false and (direction is null or direction = 'out' or "        \
    "channel in ('call', 'meeting', 'chat', 'store'))"
static const char *const what_makes_it_happen[] = {"planned", "about", "direction", "channel"};
static const char *const makes_a_seller[] = {"takes_leads", "teams"};
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
    {.name = "assign",
     .topic = "lead.created",
     .fn = assign_new_lead,
     .where = "owner is null and " OPEN_LEAD,
     .doc = "Assigns a new lead, when sales.assign.auto says so."},
    {.name = "assign_to_seller",
     .topic = "user.updated",
     .fn = assign_to_seller,
     .fields = KITH_ARRAY(makes_a_seller),
     .doc = "Then assigns leads for whom there was nobody, when somebody takes leads."},
    {.name = "assign_to_new_seller",
     .topic = "user.created",
     .fn = assign_to_seller,
     .doc = "The same for a new user."},
};

static const kith_timer timers[] = {
    {.name = "rescore",
     .cron = "20 3 * * *",
     .fn = score_nightly,
     .doc = "Keeps scores and signals true when the time, linked records or settings changed."},
    {.name = "assign",
     .cron = "30 3 * * *",
     .fn = assign_nightly,
     .doc = "With sales.assign.auto: assigns open leads that nobody owns any more."},
};

static const kith_field rescore_params[] = {
    F("lead", LINK, .options = "lead", .doc = "Only this one; without it all open leads."),
};
static const kith_field rescore_results[] = {
    F("checked", INTEGER, .doc = "Leads that were computed."),
    F("changed", INTEGER, .doc = "Leads that got another score, rating or chance."),
    F("hot", INTEGER, .doc = "Hot ones among the checked."),
    F("warm", INTEGER, .doc = "Warm ones among the checked."),
    F("cold", INTEGER, .doc = "Cold ones among the checked."),
    F("signals", INTEGER, .doc = "Open opportunities that got another signal."),
};
#define HOW "given,linked,found,created,none"
static const kith_field convert_params[] = {
    F("lead", LINK, .options = "lead", .flags = KITH_FF_REQUIRED,
      .doc = "The qualified lead to convert."),
    F("account", LINK, .options = "account",
      .doc = "The account it becomes; without it the lead's, or the one with its company's name."),
    F("contact", LINK, .options = "contact",
      .doc = "The contact it becomes; without it the lead's, or the one with its mail address."),
    F("opportunity", BOOLEAN, .default_text = "true", .doc = "Make an opportunity."),
    F("name", TEXT, .doc = "Name of the opportunity; without it the company's, or the lead's."),
    F("amount", MONEY, .doc = "What the opportunity is expected to bring."),
    F("close_on", DATE, .doc = "When it is expected to close."),
};
static const kith_field convert_results[] = {
    F("account", LINK, .options = "account", .doc = "The account."),
    F("account_how", CHOICE, .options = HOW, .doc = "Where it comes from."),
    F("contact", LINK, .options = "contact", .doc = "The contact."),
    F("contact_how", CHOICE, .options = HOW, .doc = "Where it comes from."),
    F("opportunity", LINK, .options = "opportunity", .doc = "The new opportunity."),
};
static const kith_field assign_params[] = {
    F("lead", LINK, .options = "lead",
      .doc = "Only this one; without it all open leads that have no owner."),
    F("team", TEXT, .doc = "Name of the team that gets them; without it sales.assign says."),
    F("users", TAGS, .doc = "Instead of a team: logins of users."),
    F("by", CHOICE, .options = "turn,least_busy,territory,specialist",
      .doc = "What decides before the turn does; without it sales.assign.by says."),
    F("again", BOOLEAN, .default_text = "false",
      .doc = "The lead has an owner, and is given to somebody else."),
};
static const kith_field assign_results[] = {
    F("assigned", INTEGER, .doc = "Leads that got an owner."),
    F("users", INTEGER, .doc = "Users who got some."),
    F("owner", LINK, .options = "user", .doc = "Who got the one that was asked for."),
};
static const kith_field forecast_params[] = {
    F("until", DATE, .default_text = "9999-12-31",
      .doc = "Only deals that are expected to close by this day; without it all that have a day."),
};
#define FORECAST_AMOUNTS                                                                           \
    F("amount", MONEY, .doc = "What they would bring if all were won."),                           \
        F("weighted", MONEY,                                                                       \
          .doc = "What they are likely to bring: each amount times its probability."),             \
        F("green", MONEY, .doc = "The part of weighted that comes from green ones."),              \
        F("amber", MONEY, .doc = "From amber ones."), F("red", MONEY, .doc = "From red ones.")
static const kith_field forecast_results[] = {
    F("deals", INTEGER, .doc = "Open opportunities that are expected to close by then."),
    FORECAST_AMOUNTS,
    F("undated", INTEGER, .doc = "Open ones without close_on, which are in none of these."),
    F("note", TEXT, .doc = "Why there are no amounts."),
};
static const kith_field forecast_columns[] = {
    F("currency", TEXT, .doc = "In which currency; empty: without an amount."),
    F("deals", INTEGER, .doc = "Open opportunities in it that are expected to close by then."),
    FORECAST_AMOUNTS,
};
static const kith_field explain_score_params[] = {
    F("lead", LINK, .options = "lead", .flags = KITH_FF_REQUIRED, .doc = "Of which."),
};
static const kith_field explain_score_results[] = {
    F("score", INTEGER, .doc = "The points together, as things are now."),
    F("rating", TEXT, .doc = "hot, warm or cold, by them."),
};
static const kith_field explain_score_columns[] = {
    F("rule", TEXT, .doc = "A rule of sales.score.rules that is true of it."),
    F("points", INTEGER, .doc = "What it adds."),
    F("doc", TEXT, .doc = "Why, as the rule says."),
};
static const kith_action actions[] = {
    {.name = "explain_score",
     .doc = "Which rules are true of a lead, and what each of them adds to its score.",
     .effect = KITH_EFFECT_READ,
     .flags = KITH_AF_WHOLE,
     .fn = score_explain,
     .params = KITH_ARRAY(explain_score_params),
     .results = KITH_ARRAY(explain_score_results),
     .columns = KITH_ARRAY(explain_score_columns)},
    {.name = "convert",
     .doc = "Makes account, contact and opportunity of a qualified lead.",
     .effect = KITH_EFFECT_WRITE,
     .fn = convert_lead,
     .params = KITH_ARRAY(convert_params),
     .results = KITH_ARRAY(convert_results)},
    {.name = "assign",
     .doc = "Gives leads to the members of a team: in turn, or by territory, specialty or load.",
     .effect = KITH_EFFECT_WRITE,
     .flags = KITH_AF_WHOLE,
     .fn = assign_leads,
     .params = KITH_ARRAY(assign_params),
     .results = KITH_ARRAY(assign_results)},
    {.name = "forecast",
     .doc = "What the open opportunities that you may see are likely to bring.",
     .effect = KITH_EFFECT_READ,
     .fn = forecast_pipeline,
     .params = KITH_ARRAY(forecast_params),
     .results = KITH_ARRAY(forecast_results),
     .columns = KITH_ARRAY(forecast_columns)},
    {.name = "rescore",
     .doc = "Computes scores, ratings and signals again, after the settings were changed.",
     .effect = KITH_EFFECT_WRITE,
     .flags = KITH_AF_WHOLE,
     .fn = score_rescore,
     .params = KITH_ARRAY(rescore_params),
     .results = KITH_ARRAY(rescore_results)},
};

/* What a seller, and who leads them, looks at in the morning. */
static const kith_report reports[] = {
    {.name = "queue",
     .doc = "Open leads, the best first.",
     .query = "lead where state in ('new', 'working') order by -score",
     .fields = "id,name,company,score,rating,state,source,phone,email,owner.name"},
    {.name = "untouched",
     .doc = "New leads that nobody cared for within a day.",
     .query = "lead where state = 'new' and created < now() - 1d order by created",
     .fields = "id,name,company,created,source,score,phone,email,owner.name"},
    {.name = "unassigned",
     .doc = "Open leads that nobody owns, the oldest first; sales.assign gives them to somebody.",
     .query = "lead where owner is null and " OPEN_LEAD " order by created",
     .fields = "id,name,company,created,source,score,phone,email"},
    {.name = "forgotten",
     .doc = "Leads that somebody works on, without a contact for two weeks.",
     .query = "lead where state = 'working' and last_contacted < now() - 14d"
              " order by last_contacted",
     .fields = "id,name,company,last_contacted,score,phone,email,owner.name"},
    {.name = "keep_in_touch",
     .doc = "Leads that became no customers, and were not heard of for so many days: those with "
            "whom to keep in touch, the longest silence first.",
     .query = "lead where state = 'unqualified' and (keep_in_touch is null or keep_in_touch) and "
              "(contact.lifecycle is null or contact.lifecycle != 'customer') and (last_contacted "
              "is null or last_contacted not in last_days(:days)) order by last_contacted, created",
     .fields = "id,name,company,last_contacted,created,interest,phone,email,owner.name"},
    {.name = "referrers",
     .doc = "Who referred leads, and what came of them: whom to thank first.",
     .query = "contact where referred > 0 order by -referred_won, -referred, name",
     .fields = "id,name,account.name,referred,referred_deals,referred_won,owner.name"},
    {.name = "won_since",
     .doc = "What each seller has won since a day.",
     .query =
         "opportunity where stage = 'won' and closed_at >= :since group by owner.name as"
         " owner, amount.currency as currency order by amount.currency, -sum(amount) : count() as "
         "deals, sum(amount) as amount"},
    {.name = "losses",
     .doc = "Why opportunities were lost, and what they would have brought.",
     .query = "opportunity where stage = 'lost' group by loss_reason, amount.currency as"
              " currency order by -count() : count() as deals, sum(amount) as amount"},
};

static const kith_require requirements[] = {
    {"commerce", 1, KITH_REQ_OPTIONAL},  /* products and orders, where there are any */
    {"documents", 1, KITH_REQ_OPTIONAL}, /* quotes on paper */
};
static const kith_part *const parts[] = {
    &instance_part,       &account_orders_part, &calendar_bookings_part,
    &wallet_orders_part,  &kpis_part,           &kpis_orders_part,
    &precall_orders_part, &lead_trend_part,     &visits_part,
    &visit_effect_part,   &buying_process_part, /* visits */
    &accept_part,         &calendar_part,       /* what people without an account see */
    &cadence_part,        &response_part,       &appointment_part, /* following up */
    &launch_part,         &lifetime_part,       &quick_quote_part, /* and what is */
    &guard_part,          &offered_part,                           /* what is not offered */
    &acts_part,           &qualify_part,                           /* what leads do */
    &stages_part,         &plays_part,          &objections_part,
    &chances_part,        &outlook_part,        &targets_part,
    &deal_products_part,  &quote_part,          &quote_paper_part,
    &quote_tasks_part,    &territory_part,      &move_part,
    &buying_part,         &precall_part,        &account_part,
    &assign_by_part,      &basket_part,         &offers_part,
    &repurchase_part,     &wallet_part,         &strategy_part,
    &worth_part,          &learn_part,          &judge_part,
    &note_words_part};

static const kith_plugin_desc desc = {
    KITH_HEAD("sales", 1, "0.1.0"),
    .title = "Sales",
    .doc = "Leads, which become customers and opportunities, and are shared out among the sellers.",
    .vendor = "Kith",
    .license = "Apache-2.0",
    .requirements = KITH_ARRAY(requirements),
    .permissions = KITH_ARRAY(permissions),
    .settings = KITH_ARRAY(settings),
    .types = KITH_ARRAY(types),
    .topics = KITH_ARRAY(topics),
    .hooks = KITH_ARRAY(hooks),
    .reactions = KITH_ARRAY(reactions),
    .timers = KITH_ARRAY(timers),
    .actions = KITH_ARRAY(actions),
    .reports = KITH_ARRAY(reports),
    .parts = KITH_ARRAY(parts),
    .destroy = sales_destroy,
    .instance_size = sizeof(struct kith_instance),
};

const kith_plugin_desc *kith_plugin_entry_v1(void) {
    return &desc;
}
