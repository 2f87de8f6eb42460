/* SPDX-License-Identifier: Apache-2.0 */
/* Visit: what is planned with a contact on a day. No day gets too full, what took place stands in
 * the contact's history, and a series is planned at once. The contract is <kith/plugin.h>. */
#include <kith/easy.h>
#include <kith/plugin.h>

/* -- what it remembers: numbers and settings, asked for once by the rows of `wants` --------------
 */

#define OWN(X)         X(title) X(contact) X(day) X(duration)
#define INTERACTION(X) X(contact) X(channel) X(at) X(duration) X(subject) X(about)
KITH_RECORD(own, OWN); /* struct own, of values, and struct own_numbers */
KITH_RECORD(interaction, INTERACTION);

struct kith_instance {
    KITH_TABLES;
    struct own_numbers own;
    struct interaction_numbers interaction;
    uint32_t others_on; /* query */
    int64_t per_day;
    const char *per_day_place; /* where the admin has set it, for messages */
};

/* -- the record type -------------------------------------------------------------------------- */

static const kith_field own_fields[] = {
    {.name = "title",
     .kind = KITH_F_TEXT,
     .flags = KITH_FF_REQUIRED | KITH_FF_SEARCHED,
     .doc = "What it is about, in one line."},
    {.name = "contact",
     .kind = KITH_F_LINK,
     .flags = KITH_FF_REQUIRED,
     .options = "contact",
     .doc = "With whom."},
    {.name = "day",
     .kind = KITH_F_DATE,
     .flags = KITH_FF_REQUIRED | KITH_FF_INDEXED,
     .doc = "When."},
    {.name = "duration", .kind = KITH_F_DURATION, .default_text = "1h", .doc = "How long."},
    {.name = "state",
     .kind = KITH_F_STATE,
     .flags = KITH_FF_INDEXED,
     .options = "planned>done|cancelled,cancelled>planned,done",
     .doc = "Where it stands."},
    {.name = "note", .kind = KITH_F_LONGTEXT, .doc = "What is to be remembered."},
};
static const kith_type types[] = {
    {.name = "visit",
     .title = "title",
     .fields = KITH_ARRAY(own_fields),
     .doc = "What is planned with a contact on a day."},
};

/* -- a setting, and what the admin is asked to permit ----------------------------------------- */

static const kith_setting settings[] = {
    {.key = "per_day",
     .kind = KITH_INT,
     .default_text = "8",
     .min = 1,
     .max = 1000,
     .doc = "How many may be planned for one day."},
};
static const kith_permission permissions[] = {
    {"write:interaction", "Puts what took place into the contact's history."},
};

/* -- a hook: inside the transaction, before the row is written; it may refuse ----------------- */

static kith_status check_day(kith_instance *self, kith_txn *txn, kith_change *change,
                             kith_error *err) {
    struct own v;
    KITH_TRY(KITH_CHANGE(self, txn, change, own, &v, err));
    const kith_value others[] = {v.day, v.id};
    kith_value planned;
    KITH_TRY(KITH_TOTAL(self, txn, self->others_on, 2, others, &planned, err));
    if (planned.as.i >= self->per_day)
        return kith_fail(err, KITH_E_REFUSED, "day",
                         "That day is full: %lld are planned for it already, as many as %s allows.",
                         (long long)planned.as.i, self->per_day_place);
    return KITH_OK;
}

static const char *const what_fills_a_day[] = {"day", "state"};
static const kith_hook hooks[] = {
    {.name = "check_day",
     .type = "visit",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .fn = check_day,
     .where = "state = 'planned'",
     .fields = KITH_ARRAY(what_fills_a_day),
     .doc = "Keeps a day from getting too full."},
};

/* -- a reaction: later, in a transaction of its own, exactly once for each event -------------- */

static kith_status keep_in_history(kith_instance *self, kith_txn *txn, const kith_event *event,
                                   kith_error *err) {
    struct own v;
    KITH_TRY(KITH_READ(self, txn, own, event->record, &v, err));
    struct interaction kept = {.contact = v.contact,
                               .channel = kith_text("meeting"),
                               .at = kith_time(event->at),
                               .duration = v.duration,
                               .subject = v.title,
                               .about = v.id};
    return KITH_CREATE(self, txn, interaction, &kept, err);
}

static const kith_reaction reactions[] = {
    {.name = "keep_in_history",
     .topic = "visit.done",
     .fn = keep_in_history,
     .doc = "Puts what took place into the contact's history."},
};

/* -- an action: called by people, programs and rules ------------------------------------------ */

struct plan_params { /* in the order of the rows */
    kith_value contact, title, first, every, times;
};
static const kith_field plan_params[] = {
    {.name = "contact",
     .kind = KITH_F_LINK,
     .flags = KITH_FF_REQUIRED,
     .options = "contact",
     .doc = "With whom."},
    {.name = "title", .kind = KITH_F_TEXT, .flags = KITH_FF_REQUIRED, .doc = "What it is about."},
    {.name = "first", .kind = KITH_F_DATE, .flags = KITH_FF_REQUIRED, .doc = "The first day."},
    {.name = "every",
     .kind = KITH_F_DURATION,
     .default_text = "7d",
     .min = "1d",
     .max = "366d",
     .doc = "Whole days from one to the next."},
    {.name = "times",
     .kind = KITH_F_INTEGER,
     .default_text = "4",
     .min = "1",
     .max = "100",
     .doc = "How many."},
};
struct plan_results {
    kith_value planned, last;
};
static const kith_field plan_results[] = {
    {.name = "planned", .kind = KITH_F_INTEGER, .doc = "How many were planned."},
    {.name = "last", .kind = KITH_F_DATE, .doc = "The last day."},
};

/* All of the series or none of it: what is written is kept only when this returns KITH_OK. */
static kith_status plan(kith_instance *self, kith_call *call, kith_error *err) {
    struct plan_params params;
    KITH_TRY(KITH_ARGS(self, call, &params, err));
    if (params.every.as.i % KITH_DAY_MS != 0)
        return kith_fail(err, KITH_E_INVAL, "every", "every is whole days");
    struct plan_results results = {.planned = params.times};
    for (int64_t i = 0; i < params.times.as.i; i++) {
        struct own v = {.title = params.title, .contact = params.contact};
        v.day = kith_date(params.first.as.i + i * (params.every.as.i / KITH_DAY_MS));
        KITH_TRY(KITH_CREATE(self, self->calls->txn(call), own, &v, err));
        results.last = v.day;
    }
    return KITH_RESULTS(self, call, &results, err);
}

static const kith_action actions[] = {
    {.name = "plan",
     .effect = KITH_EFFECT_WRITE,
     .fn = plan,
     .params = KITH_ARRAY(plan_params),
     .results = KITH_ARRAY(plan_results),
     .doc = "Plans a series with one contact."},
};

/* -- reports ----------------------------------------------------------------------------------- */

static const kith_report reports[] = {
    {.name = "planned",
     .doc = "What is to come, by who makes it.",
     .query = "visit where state = 'planned' group by owner : count()"},
};

/* -- life ------------------------------------------------------------------------------------- */

static const kith_want wants[] = {
    KITH_WANT_TABLES,
    KITH_WANT_RECORD("visit", own, OWN),
    KITH_WANT_RECORD("interaction", interaction, INTERACTION),
    KITH_WANT(QUERY, "visit where day = :day and state = 'planned' and id != :this : count()",
              others_on),
    KITH_WANT(NUMBER, "per_day", per_day),
    KITH_WANT(PLACE, "per_day", per_day_place),
};

static const kith_plugin_desc desc = {
    KITH_HEAD("visit", 1, "0.1.0"),
    .title = "Visit",
    .doc = "Plans what takes place with a contact on a day.",
    .license = "Apache-2.0", /* of your module: yours to choose */
    .permissions = KITH_ARRAY(permissions),
    .settings = KITH_ARRAY(settings),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .reactions = KITH_ARRAY(reactions),
    .actions = KITH_ARRAY(actions),
    .reports = KITH_ARRAY(reports),
    .instance_size = sizeof(struct kith_instance),
    .wants = KITH_ARRAY(wants),
};

const kith_plugin_desc *kith_plugin_entry_v1(void) {
    return &desc;
}
