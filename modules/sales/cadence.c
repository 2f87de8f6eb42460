/* SPDX-License-Identifier: Apache-2.0 */
/* Exposures: what a lead was shown, by which channel, when, and whether it was looked at. They are
 * counted, so that it is known how many it takes, and no lead gets more than it can bear. What is
 * shown when is no business of this file: workflows in Lua say that. */
#include "sales.h"

#define LIMIT_MAX 100
#define HOUR_MS   INT64_C(3600000)

/* When there is room for one more: at `at`, or when the first of those that fill the period is past
 * it. Those that are planned for later fill it, too. */
static kith_status room_at(kith_instance *self, const kith_txn *txn, kith_value lead, int64_t at,
                           int64_t *next, kith_error *err) {
    const int64_t period = self->cadences.period.as.i;
    const uint64_t limit = (uint64_t)self->cadences.limit.as.i;
    const kith_value params[] = {lead, kith_time(at - period)};
    struct exposure *found;
    uint64_t count = 0;
    *next = at;
    if (limit == 0)
        return KITH_OK;
    KITH_TRY(KITH_FIND(self, txn, cadences.exposure, self->cadences.query.exposures, 2, params,
                       &found, &count, err));
    if (count >= limit)
        *next = found[limit - 1].at.as.i + period;
    return KITH_OK;
}

static kith_status check_room(kith_instance *self, const kith_txn *txn, const struct exposure *x,
                              kith_error *err) {
    int64_t next;
    KITH_TRY(room_at(self, txn, x->lead, x->at.as.i, &next, err));
    if (next <= x->at.as.i)
        return KITH_OK;
    const long long hours = (long long)((next - x->at.as.i + HOUR_MS - 1) / HOUR_MS);
    return kith_fail(err, KITH_E_REFUSED, "at",
                     "at: the lead has had as many exposures as sales.exposures.limit allows "
                     "(%lld); there is room for another one %lld hour%s later",
                     (long long)self->cadences.limit.as.i, hours, hours == 1 ? "" : "s");
}

/* When it was shown and seen. What an import or an undo brings was so already. */
static kith_status exposure_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                 kith_error *err) {
    const struct exposure_numbers *n = &self->cadences.exposure;
    const kith_records_v1 *rec = self->records;
    const kith_value now = KITH_NOW(self);
    struct exposure asked, x;
    struct cadence_lead lead = {.contact = kith_null()};
    KITH_TRY(KITH_CHANGE(self, txn, change, cadences.exposure, &asked, err));
    if (change->origin == KITH_ORIGIN_UNDO)
        return KITH_OK;
    if (!change->before)
        KITH_TRY(KITH_LOAD(self, txn, cadences.lead, asked.lead.as.link.id, &lead, err));
    x = asked;
    if (kith_has(lead.contact))
        x.contact = lead.contact;
    const int32_t viewed = kith_is(x.state, "viewed");
    const int32_t shown =
        rec->changed(txn, change, n->state) == 1 && (viewed || kith_is(x.state, "sent"));
    const int32_t at_said = rec->changed(txn, change, n->at) == 1 && kith_has(x.at);
    if (!kith_has(x.at) || (change->before && shown && !at_said && x.at.as.i > now.as.i))
        x.at = now;
    if (viewed && !kith_has(x.viewed_at))
        x.viewed_at = change->origin == KITH_ORIGIN_IMPORT ? x.at : now;
    KITH_TRY(KITH_SET_CHANGED(self, txn, change, cadences.exposure, &asked, &x, err));
    if (change->before || change->origin == KITH_ORIGIN_IMPORT || kith_is(x.state, "cancelled"))
        return KITH_OK;
    return check_room(self, txn, &x, err);
}

/* What was looked at is a contact that they began: scores, next steps and rules see it as such. */
static kith_status viewed_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                               kith_error *err) {
    struct exposure x;
    struct cadence_lead lead;
    struct material material;
    KITH_TRY(KITH_CHANGE(self, txn, change, cadences.exposure, &x, err));
    if (change->origin == KITH_ORIGIN_IMPORT)
        return KITH_OK;
    KITH_TRY(KITH_LOAD(self, txn, cadences.lead, x.lead.as.link.id, &lead, err));
    KITH_TRY(KITH_FOLLOW(self, txn, cadences.material, x.material, &material, err));
    struct viewing v = {.about = x.lead,
                        .owner = lead.owner,
                        .contact = lead.contact,
                        .channel = kith_text("web"),
                        .direction = kith_text("in"),
                        .at = x.viewed_at,
                        .subject = kith_has(material.name) ? material.name : x.subject,
                        .planned = kith_bool(0)};
    return KITH_CREATE(self, txn, cadences.viewing, &v, err);
}

/* A lead that is put into a cadence anew begins it anew, though it be the same. */
static kith_status cadence_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                kith_error *err) {
    const kith_value now = KITH_NOW(self);
    return self->records->set(txn, change, 1, &self->cadences.lead.cadence_at, &now, err);
}

/* -- the action ---------------------------------------------------------------------------------
 */

struct expose_args {
    kith_value lead, cadence, step, channel, material, subject, at;
};
struct expose_results {
    kith_value exposure, next_at;
};

static kith_status expose_action(kith_instance *self, kith_call *call, kith_error *err) {
    kith_txn *txn = self->calls->txn(call);
    struct expose_args args;
    struct expose_results results = {.exposure = kith_null()};
    int64_t next = 0;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    const int64_t at = kith_has(args.at) ? args.at.as.i : self->host->now(self->host);
    KITH_TRY(room_at(self, txn, args.lead, at, &next, err));
    if (next > at)
        results.next_at = kith_time(next);
    if (next <= at) {
        struct exposure x = {.lead = args.lead,
                             .cadence = args.cadence,
                             .step = args.step,
                             .channel = args.channel,
                             .material = args.material,
                             .subject = args.subject,
                             .at = kith_time(at)};
        KITH_TRY(KITH_CREATE(self, txn, cadences.exposure, &x, err));
        results.exposure = x.id;
    }
    return KITH_RESULTS(self, call, &results, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

#define CHANNELS "email,call,mail,sms,web,social,chat,meeting,other"
#define MATERIALS                                                                                  \
    "case_study,white_paper,article,story,video,webinar,product_information,course,letter,other"
static const kith_field material_fields[] = {
    F("name", TEXT, .flags = KITH_FF_REQUIRED | KITH_FF_INDEXED | KITH_FF_SEARCHED,
      .doc = "What it is called."),
    F("kind", CHOICE, .options = MATERIALS, .flags = KITH_FF_REQUIRED | KITH_FF_INDEXED,
      .doc = "What it is."),
    F("url", URL, .doc = "Where it is to be read or seen."),
    F("campaign", TEXT, .flags = KITH_FF_INDEXED,
      .doc = "Only for leads of this campaign; empty: for all."),
    F("industry", TEXT,
      .doc = "Only for leads in this industry, as their account says, else they."),
    F("position", INTEGER, .doc = "The order in which it is shown."),
    F("active", BOOLEAN, .default_text = "true", .doc = "It is shown; false: it was once."),
    F("shown", INTEGER, .rollup = "count(exposure where state in ('sent', 'viewed'))",
      .doc = "How often it was shown."),
    F("viewed", INTEGER, .rollup = "count(exposure where state = 'viewed')",
      .doc = "How often it was looked at."),
};
static const kith_field exposure_fields[] = {
    F("lead", LINK, .options = "lead", .flags = KITH_FF_REQUIRED | KITH_FF_PARTOF,
      .doc = "To whom it was shown."),
    F("contact", LINK, .options = "contact", .flags = KITH_FF_SUBJECT | KITH_FF_READONLY,
      .doc = "The person, as the lead says when it is planned."),
    F("cadence", TEXT, .flags = KITH_FF_INDEXED, .doc = "The cadence whose step it is."),
    F("step", INTEGER, .min = "0", .doc = "Which step, from 1; 0: besides the steps."),
    F("channel", CHOICE, .options = CHANNELS, .flags = KITH_FF_REQUIRED, .doc = "By which way."),
    F("material", LINK, .options = "material", .doc = "What was shown."),
    F("subject", TEXT, .flags = KITH_FF_SEARCHED | KITH_FF_PERSONAL,
      .doc = "Or what it was about, in one line."),
    F("state", STATE, .options = "planned>sent|viewed|cancelled,sent>viewed,viewed,cancelled",
      .flags = KITH_FF_INDEXED,
      .doc = "Whoever sends it writes sent; once looked at it is viewed."),
    F("at", TIME, .flags = KITH_FF_INDEXED, .doc = "When it is, or was, shown."),
    F("viewed_at", TIME, .flags = KITH_FF_READONLY, .doc = "When it was first looked at."),
    F("external_id", TEXT, .flags = KITH_FF_INDEXED,
      .doc = "Its id in the program that sent it; a key for imports."),
};
static const char *const exposure_indexes[] = {"lead,-at"};

/* What they said; the workflows of follow_ups.lua make tasks of it. */
#define CALL_BACK                                                                                  \
    F("call_back_in", DURATION, .min = "0s", .max = "3650d",                                       \
      .doc = "They asked to be called back after so long.")
#define BUYS_IN                                                                                    \
    F("buys_in", INTEGER, .min = "1", .max = "120", .doc = "In how many months they mean to buy.")
#define SHOWN "state in ('sent', 'viewed')"
static const kith_field lead_fields[] = {
    F("tags", TAGS, .flags = KITH_FF_SEARCHED, .doc = "Free labels, such as re-engaged."),
    F("cadence", TEXT, .flags = KITH_FF_INDEXED,
      .doc = "The cadence that it is in; the workflow of that name begins when it is written."),
    F("cadence_at", TIME, .flags = KITH_FF_READONLY, .doc = "Since when."),
    F("exposures", INTEGER, .rollup = "count(exposure where " SHOWN ")",
      .doc = "How often it was shown something."),
    F("viewed", INTEGER, .rollup = "count(exposure where state = 'viewed')",
      .doc = "How often it looked at it."),
    CALL_BACK,
    BUYS_IN,
};
static const kith_field interaction_fields[] = {CALL_BACK, BUYS_IN, ASKED_FOR};
static const kith_field task_fields[] = {
    F("call_back", BOOLEAN, .doc = "It is to call back a lead by its latest word."),
    F("exposure", LINK, .options = "exposure",
      .doc = "The exposure that takes place when it is done, as a call does."),
};
static const kith_type types[] = {
    {.name = "material",
     .doc = "Something to be shown to leads: a case study, an article, a video.",
     .title = "name",
     .fields = KITH_ARRAY(material_fields)},
    {.name = "exposure",
     .doc = "A lead was shown something, or is to be.",
     .title = "subject",
     .fields = KITH_ARRAY(exposure_fields),
     .indexes = KITH_ARRAY(exposure_indexes)},
    {.name = "lead", .fields = KITH_ARRAY(lead_fields), .extends = 1},
    {.name = "interaction", .fields = KITH_ARRAY(interaction_fields), .extends = 1},
    {.name = "task", .fields = KITH_ARRAY(task_fields), .extends = 1},
};

static const char *const told_of[] = {"state", "at"};
static const char *const state_only[] = {"state"};
static const char *const cadence_only[] = {"cadence"};
static const kith_hook hooks[] = {
    {.name = "exposure",
     .type = "exposure",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .fn = exposure_hook,
     .fields = KITH_ARRAY(told_of),
     .doc = "Notes when it was shown and looked at, and refuses more than the limit."},
    {.name = "viewed",
     .type = "exposure",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = viewed_hook,
     .where = "state = 'viewed'",
     .fields = KITH_ARRAY(state_only),
     .doc = "Logs what a lead looked at as an interaction."},
    {.name = "cadence",
     .type = "lead",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .fn = cadence_hook,
     .where = "cadence is not null",
     .fields = KITH_ARRAY(cadence_only),
     .doc = "Notes since when a lead is in its cadence."},
};

static const kith_setting settings[] = {
    {.key = "exposures.limit",
     .kind = KITH_INT,
     .default_text = "5",
     .max = LIMIT_MAX,
     .doc = "How often a lead is shown something within sales.exposures.period; 0: no limit."},
    {.key = "exposures.period",
     .kind = KITH_DURATION,
     .default_text = "30d",
     .min = HOUR_MS,
     .max = 3660 * 24 * HOUR_MS,
     .doc = "The time in which sales.exposures.limit holds."},
};
static const kith_permission permissions[] = {
    {"write:interaction", "Logs what a lead looked at."},
};

static const kith_field expose_params[] = {
    F("lead", LINK, .options = "lead", .flags = KITH_FF_REQUIRED, .doc = "To whom."),
    F("cadence", TEXT, .doc = "The cadence whose step it is."),
    F("step", INTEGER, .min = "0", .doc = "Which step, from 1."),
    F("channel", CHOICE, .options = CHANNELS, .default_text = "email", .doc = "By which way."),
    F("material", LINK, .options = "material", .doc = "What is shown."),
    F("subject", TEXT, .doc = "Or what it is about, in one line."),
    F("at", TIME, .doc = "When; now, when nothing is said."),
};
static const kith_field expose_results[] = {
    F("exposure", LINK, .options = "exposure", .doc = "The exposure; none when there is no room."),
    F("next_at", TIME, .doc = "When there is room, if there is none."),
};
static const kith_action actions[] = {
    {.name = "expose",
     .doc = "Plans to show a lead something, or tells when the limit of exposures allows it.",
     .effect = KITH_EFFECT_WRITE,
     .fn = expose_action,
     .params = KITH_ARRAY(expose_params),
     .results = KITH_ARRAY(expose_results)},
};
static const kith_report reports[] = {
    {"to_send", "What leads are to be shown and nobody has sent yet.",
     "exposure where state = 'planned' and at <= now() and channel != 'call' order by at",
     "id,at,lead.name,channel,subject,material.name,cadence,step,lead.email"},
    {"cadence_steps", "Each step of the cadences since a day: shown, looked at, to how many leads.",
     "exposure where " SHOWN " and at >= :since group by cadence, step order by cadence, step"
     " : count() as exposures, count(viewed_at) as viewed,"
     " 100 * count(viewed_at) / count() as viewed_percent, count(distinct lead) as leads",
     NULL},
    {"exposures_until_conversion", "How many exposures leads had that were converted, by cadence.",
     "exposure where " SHOWN " and at >= :since and lead.state = 'converted' group by cadence"
     " : count() as exposures, count(viewed_at) as viewed, count(distinct lead) as converted,"
     " count() / count(distinct lead) as per_conversion",
     NULL},
    {"conversion_by_exposures", "Leads by how often they were shown something, and what became.",
     "lead where exposures > 0 group by exposures, state : count() as leads", NULL},
};

static const kith_want wants[] = {
    KITH_WANT_RECORD("exposure", cadences.exposure, EXPOSURE),
    KITH_WANT_RECORD("material", cadences.material, MATERIAL),
    KITH_WANT_RECORD("lead", cadences.lead, CADENCE_LEAD),
    KITH_WANT_RECORD("interaction", cadences.viewing, VIEWING),
    KITH_WANT(QUERY,
              "exposure where lead = :lead and at > :since and state != 'cancelled' order by -at"
              " limit 100", /* LIMIT_MAX */
              cadences.query.exposures),
    KITH_WANT(SETTING, "exposures.limit", cadences.limit),
    KITH_WANT(SETTING, "exposures.period", cadences.period),
};
const kith_part cadence_part = {
    .struct_size = sizeof cadence_part,
    .wants = KITH_ARRAY(wants),
    .permissions = KITH_ARRAY(permissions),
    .settings = KITH_ARRAY(settings),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .actions = KITH_ARRAY(actions),
    .reports = KITH_ARRAY(reports),
};
