/* SPDX-License-Identifier: Apache-2.0 */
/* Visit: what is planned with a contact on a day. No day gets too full, what took place stands in
 * the contact's history, and a series is planned at once. The contract is <kith/plugin.h>. */
#include <kith/easy.h>
#include <kith/plugin.h>

#define DAY_MS INT64_C(86400000)

/* -- what it remembers: tables of the host and numbers, asked for once ------------------------ */

struct kith_instance {
    const kith_records_v1 *records;
    const kith_events_v1 *events;
    const kith_calls_v1 *calls;
    struct {
        uint32_t type, title, contact, day, duration;
    } own;
    struct {
        uint32_t type, contact, channel, at, duration, subject, about;
    } interaction;
    uint32_t planned_on; /* query */
    kith_value per_day;
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
    {"read:contact", "Links to the people that something is planned with."},
    {"write:interaction", "Puts what took place into the contact's history."},
};

/* -- a hook: inside the transaction, before the row is written; it may refuse ----------------- */

struct others {
    const kith_records_v1 *records;
    kith_id but; /* the record that is being written */
    int64_t count;
};

static kith_status count_other(void *arg, const kith_txn *txn, const kith_row *row,
                               kith_error *err) {
    struct others *others = arg;
    (void)err;
    others->count += others->records->row_id(txn, row) != others->but;
    return KITH_OK;
}

static kith_status check_day(kith_instance *self, kith_txn *txn, kith_change *change,
                             kith_error *err) {
    struct others others = {.records = self->records};
    kith_value day;
    kith_status st = self->records->read(txn, change->after, 1, &self->own.day, &day, err);
    if (st != KITH_OK || day.kind != KITH_DATE)
        return st; /* without a day the record is refused anyway */
    others.but = change->id;
    st = self->records->find(txn, self->planned_on, 1, &day, (uint64_t)self->per_day.as.i + 1,
                             count_other, &others, err);
    if (st == KITH_OK && others.count >= self->per_day.as.i)
        return kith_fail(err, KITH_E_REFUSED, "day",
                         "That day is full: %lld are planned for it already, as many as %s allows.",
                         (long long)others.count, self->per_day_place);
    return st;
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
    const uint32_t from[] = {self->own.contact, self->own.duration, self->own.title};
    kith_value own[3];
    kith_status st = self->records->read(txn, event->record, 3, from, own, err);
    if (st != KITH_OK)
        return st;
    const uint32_t to[] = {self->interaction.contact, self->interaction.duration,
                           self->interaction.subject, self->interaction.channel,
                           self->interaction.at,      self->interaction.about};
    const kith_value values[] = {own[0],
                                 own[1],
                                 own[2],
                                 kith_text("meeting"),
                                 kith_number(KITH_TIME, event->at),
                                 kith_link(event->type, event->id)};
    return self->records->create(txn, self->interaction.type, 6, to, values, NULL, err);
}

static const kith_reaction reactions[] = {
    {.name = "keep_in_history",
     .topic = "visit.done",
     .fn = keep_in_history,
     .doc = "Puts what took place into the contact's history."},
};

/* -- an action: called by people, programs and rules ------------------------------------------ */

enum { PARAM_CONTACT, PARAM_TITLE, PARAM_FIRST, PARAM_EVERY, PARAM_TIMES, PARAM_COUNT };
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
     .doc = "Whole days from one to the next."},
    {.name = "times", .kind = KITH_F_INTEGER, .default_text = "4", .doc = "How many."},
};
enum { RESULT_PLANNED, RESULT_LAST };
static const kith_field plan_results[] = {
    {.name = "planned", .kind = KITH_F_INTEGER, .doc = "How many were planned."},
    {.name = "last", .kind = KITH_F_DATE, .doc = "The last day."},
};

static kith_status check_plan(const kith_value *args, kith_error *err) {
    int64_t every = args[PARAM_EVERY].as.i, times = args[PARAM_TIMES].as.i;
    if (every < DAY_MS || every > 366 * DAY_MS || every % DAY_MS != 0)
        return kith_fail(err, KITH_E_INVAL, "every", "every is whole days, from 1d to 366d");
    if (times < 1 || times > 100)
        return kith_fail(err, KITH_E_INVAL, "times", "times is from 1 to 100");
    return KITH_OK;
}

/* All of the series or none of it: what is written is kept only when this returns KITH_OK. */
static kith_status plan_series(kith_instance *self, kith_txn *txn, const kith_value *args,
                               kith_value *day, kith_error *err) {
    const uint32_t fields[] = {self->own.contact, self->own.title, self->own.day};
    for (int64_t i = 0; i < args[PARAM_TIMES].as.i; i++) {
        *day =
            kith_number(KITH_DATE, args[PARAM_FIRST].as.i + i * (args[PARAM_EVERY].as.i / DAY_MS));
        const kith_value values[] = {args[PARAM_CONTACT], args[PARAM_TITLE], *day};
        kith_status st = self->records->create(txn, self->own.type, 3, fields, values, NULL, err);
        if (st != KITH_OK)
            return st;
    }
    return KITH_OK;
}

static kith_status plan(kith_instance *self, kith_call *call, kith_error *err) {
    kith_value args[PARAM_COUNT], day = kith_null();
    kith_status st = KITH_OK;
    for (uint32_t i = 0; st == KITH_OK && i < PARAM_COUNT; i++)
        st = self->calls->arg(call, i, &args[i], err);
    if (st == KITH_OK)
        st = check_plan(args, err);
    if (st == KITH_OK)
        st = plan_series(self, self->calls->txn(call), args, &day, err);
    if (st == KITH_OK)
        st = self->calls->result(call, RESULT_PLANNED, &args[PARAM_TIMES], err);
    return st == KITH_OK ? self->calls->result(call, RESULT_LAST, &day, err) : st;
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
     .doc = "Visits to come, by who makes them.",
     .query = "visit where state = 'planned' group by owner : count()"},
};

/* -- life ------------------------------------------------------------------------------------- */

/* Names become numbers and values once, row by row. */
static const kith_want wants[] = {
    KITH_WANT(TABLE, KITH_RECORDS_1, records),
    KITH_WANT(TABLE, KITH_EVENTS_1, events),
    KITH_WANT(TABLE, KITH_CALLS_1, calls),
    KITH_WANT(TYPE, "visit", own.type),
    KITH_WANT(FIELD, "title", own.title),
    KITH_WANT(FIELD, "contact", own.contact),
    KITH_WANT(FIELD, "day", own.day),
    KITH_WANT(FIELD, "duration", own.duration),
    KITH_WANT(QUERY, "visit where day = :day and state = 'planned'", planned_on),
    KITH_WANT(TYPE, "interaction", interaction.type),
    KITH_WANT(FIELD, "contact", interaction.contact),
    KITH_WANT(FIELD, "channel", interaction.channel),
    KITH_WANT(FIELD, "at", interaction.at),
    KITH_WANT(FIELD, "duration", interaction.duration),
    KITH_WANT(FIELD, "subject", interaction.subject),
    KITH_WANT(FIELD, "about", interaction.about),
    KITH_WANT(SETTING, "per_day", per_day),
    KITH_WANT(PLACE, "per_day", per_day_place),
};

static const kith_plugin_desc desc = {
    .struct_size = sizeof desc,
    .abi_major = KITH_ABI_MAJOR,
    .abi_minor = KITH_ABI_MINOR,
    .min_host_minor = KITH_ABI_MINOR, /* so every table and function of these headers is there */
    .version = 1,
    .name = "visit",
    .version_text = "0.1.0",
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
