/* SPDX-License-Identifier: Apache-2.0 */
/* Appointments: planned talks that take a slot of their owner, over none of whose other planned
 * talks they lie, and the slots that are free in the hours in which somebody works. */
#include "sales.h"

#define MINUTE_MS    INT64_C(60000)
#define AHEAD_MS     (14 * KITH_DAY_MS) /* how far slots are looked for, when nothing is said */
#define AHEAD_MAX    (92 * KITH_DAY_MS)
#define SPANS_MAX    400 /* of working time that are looked at */
#define DURATION_MAX KITH_DAY_MS

static int64_t length_of(const kith_instance *self, kith_value duration) {
    return duration.kind == KITH_DURATION ? duration.as.i : self->cadences.length.as.i;
}

/* What takes the time of somebody: those that begin by then and may end in it, by their beginning.
 */
static kith_status busy_between(kith_instance *self, const kith_txn *txn, kith_value seller,
                                int64_t from, int64_t to, struct appointment **out, uint64_t *count,
                                kith_error *err) {
    const kith_value params[] = {seller, kith_time(from - DURATION_MAX), kith_time(to)};
    return KITH_FIND(self, txn, cadences.appointment, self->cadences.query.busy, 3, params, out,
                     count, err);
}

/* The first of them that overlaps this time; NULL: it is free. */
static const struct appointment *clash(const kith_instance *self, const struct appointment *busy,
                                       uint64_t count, kith_id except, int64_t from, int64_t to) {
    for (uint64_t i = 0; i < count; i++) {
        const int64_t begin = busy[i].at.as.i, end = begin + length_of(self, busy[i].duration);
        if (busy[i].id.as.link.id != except && begin < to && end > from)
            return &busy[i];
    }
    return NULL;
}

static kith_status check_times(const kith_instance *self, const struct appointment *a,
                               const kith_change *info, int32_t moved, kith_error *err) {
    if (!kith_has(a->owner))
        return kith_fail(err, KITH_E_REFUSED, "owner", "owner: say whose appointment it is");
    if (!kith_has(a->at))
        return kith_fail(err, KITH_E_REFUSED, "at",
                         "at: say when the appointment begins; sales.slots lists what is free");
    if (length_of(self, a->duration) < MINUTE_MS || length_of(self, a->duration) > DURATION_MAX)
        return kith_fail(err, KITH_E_REFUSED, "duration",
                         "duration: an appointment takes a minute to a day");
    if (moved && info->origin != KITH_ORIGIN_IMPORT && a->at.as.i < self->host->now(self->host))
        return kith_fail(err, KITH_E_REFUSED, "at",
                         "at: it lies in the past; write down what took place with planned=false");
    return KITH_OK;
}

/* Whoever plans it by whatever way: on the writer one comes after the other. */
static kith_status appointment_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                    kith_error *err) {
    const struct appointment_numbers *n = &self->cadences.appointment;
    struct appointment a, *busy;
    uint64_t count = 0;
    KITH_TRY(KITH_CHANGE(self, txn, change, cadences.appointment, &a, err));
    if (change->origin != KITH_ORIGIN_UNDO)
        KITH_TRY(
            check_times(self, &a, change, self->records->changed(txn, change, n->at) == 1, err));
    else if (a.at.as.i < self->host->now(self->host))
        return KITH_OK;
    if (!kith_has(a.duration))
        KITH_TRY(self->records->set(txn, change, 1, &n->duration, &self->cadences.length, err));
    const int64_t from = a.at.as.i, to = from + length_of(self, a.duration);
    /* Also where it is undone: another one may have come since. */
    KITH_TRY(busy_between(self, txn, a.owner, from, to, &busy, &count, err));
    return clash(self, busy, count, change->id, from, to)
               ? kith_fail(err, KITH_E_CONFLICT, "at",
                           "at: there is another appointment at that time, or a planned call or "
                           "visit; sales.slots lists what is free")
               : KITH_OK;
}

/* -- slots --------------------------------------------------------------------------------------
 */

struct slots_args {
    kith_value seller, from, until, duration, limit;
};
struct slot_row {
    kith_value at, to;
};

static kith_status works_at(kith_instance *self, const struct worker *w, int64_t from,
                            int64_t *begin, int64_t *end, kith_error *err) {
    const kith_str hours = w->works.kind ? w->works.as.s : kith_str_of("");
    const kith_str zone = w->time_zone.kind ? w->time_zone.as.s : kith_str_of("");
    return self->cadences.calendar->span(self->host, hours, zone, from, begin, end, err);
}

static int64_t on_step(int64_t at, int64_t step) {
    return (at + step - 1) / step * step;
}

/* Those of one span of working time; one step after the other, past what is taken. */
static kith_status slots_in(kith_instance *self, kith_call *call, const struct slots_args *args,
                            int64_t from, int64_t to, const struct appointment *busy,
                            uint64_t count, int64_t *left, kith_error *err) {
    const int64_t length = args->duration.as.i, step = self->cadences.step.as.i;
    int64_t at = on_step(from, step);
    while (*left > 0 && at + length <= to) {
        const struct appointment *taken = clash(self, busy, count, 0, at, at + length);
        if (taken) {
            at = on_step(taken->at.as.i + length_of(self, taken->duration), step);
            continue;
        }
        const struct slot_row row = {kith_time(at), kith_time(at + length)};
        KITH_TRY(KITH_ROW(self, call, &row, err));
        --*left;
        at += step;
    }
    return KITH_OK;
}

static kith_status check_slots(kith_instance *self, struct slots_args *args, kith_error *err) {
    const int64_t earliest = self->host->now(self->host) + self->cadences.notice.as.i;
    if (!kith_has(args->from) || args->from.as.i < earliest)
        args->from = kith_time(earliest);
    if (!kith_has(args->until))
        args->until = kith_time(args->from.as.i + AHEAD_MS);
    if (!kith_has(args->duration))
        args->duration = self->cadences.length;
    if (args->until.as.i - args->from.as.i > AHEAD_MAX)
        return kith_fail(err, KITH_E_INVAL, "until", "until: at most 92 days are looked at");
    return KITH_OK;
}

static kith_status slots_action(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *whole = self->calls->whole(call); /* also for who may not see what takes it */
    struct slots_args args;
    struct worker w;
    struct appointment *busy;
    uint64_t count = 0;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    KITH_TRY(check_slots(self, &args, err));
    KITH_TRY(KITH_LOAD(self, whole, cadences.worker, args.seller.as.link.id, &w, err));
    KITH_TRY(busy_between(self, whole, args.seller, args.from.as.i, args.until.as.i, &busy, &count,
                          err));
    int64_t at = args.from.as.i, left = args.limit.as.i;
    for (int i = 0; left > 0 && at < args.until.as.i && i < SPANS_MAX; i++) {
        int64_t begin = 0, end = 0;
        KITH_TRY(works_at(self, &w, at, &begin, &end, err));
        begin = begin < at ? at : begin;
        const int64_t to = end < args.until.as.i ? end : args.until.as.i;
        KITH_TRY(slots_in(self, call, &args, begin, to, busy, count, &left, err));
        at = end;
    }
    return KITH_OK;
}

/* -- booking ------------------------------------------------------------------------------------
 */

struct book_args {
    kith_value lead, contact, seller, at, duration, subject, channel;
};
struct book_results {
    kith_value interaction, seller, to;
};

/* With whom, and whose time it takes when nobody is named: their owner's. */
static kith_status who_meets(kith_instance *self, const kith_txn *txn, struct book_args *args,
                             struct appointment *a, kith_error *err) {
    struct cadence_lead lead;
    struct contact person;
    if (!kith_has(args->lead) && !kith_has(args->contact))
        return kith_fail(err, KITH_E_INVAL, "lead", "lead: say with whom: a lead, or a contact");
    KITH_TRY(KITH_FOLLOW(self, txn, cadences.lead, args->lead, &lead, err));
    a->about = args->lead;
    a->contact = kith_has(args->contact) ? args->contact : lead.contact;
    a->owner = kith_has(args->seller) ? args->seller : lead.owner;
    if (!kith_has(a->owner)) {
        KITH_TRY(KITH_FOLLOW(self, txn, contact, a->contact, &person, err));
        a->owner = person.owner;
    }
    return kith_has(a->owner) ? KITH_OK
                              : kith_fail(err, KITH_E_REFUSED, "seller",
                                          "seller: nobody owns them yet; say with whom they meet");
}

static kith_status check_works(kith_instance *self, const kith_txn *txn,
                               const struct appointment *a, kith_error *err) {
    struct worker w;
    int64_t begin = 0, end = 0;
    const int64_t from = a->at.as.i, to = from + a->duration.as.i;
    KITH_TRY(KITH_LOAD(self, txn, cadences.worker, a->owner.as.link.id, &w, err));
    KITH_TRY(works_at(self, &w, from, &begin, &end, err));
    if (begin > from || end < to)
        return kith_fail(err, KITH_E_REFUSED, "at",
                         "at: %.*s does not work at that time; sales.slots lists what is free",
                         KITH_CUT(w.name.as.s, 100));
    return KITH_OK;
}

static kith_status book_action(kith_instance *self, kith_call *call, kith_error *err) {
    kith_txn *txn = self->calls->txn(call);
    struct book_args args;
    struct appointment a = {
        .planned = kith_bool(1), .appointment = kith_bool(1), .direction = kith_text("in")};
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    KITH_TRY(who_meets(self, txn, &args, &a, err));
    a.at = args.at;
    a.duration = args.duration.kind ? args.duration : self->cadences.length;
    a.subject = args.subject;
    a.channel = args.channel;
    KITH_TRY(check_works(self, txn, &a, err));
    KITH_TRY(KITH_CREATE(self, txn, cadences.appointment, &a, err));
    struct book_results results = {a.id, a.owner, kith_time(a.at.as.i + a.duration.as.i)};
    return KITH_RESULTS(self, call, &results, err);
}

/* What cannot be read would be found when somebody wants to meet them. */
static kith_status works_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                              kith_error *err) {
    struct worker w;
    int64_t begin, end;
    kith_error why = {.struct_size = sizeof why};
    KITH_TRY(KITH_CHANGE(self, txn, change, cadences.worker, &w, err));
    if (change->origin == KITH_ORIGIN_UNDO ||
        works_at(self, &w, self->host->now(self->host), &begin, &end, &why) == KITH_OK)
        return KITH_OK;
    return kith_fail(err, KITH_E_REFUSED, "works", "works: %.300s", why.message);
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field interaction_fields[] = {
    F("appointment", BOOLEAN,
      .doc = "While it is planned it takes a slot of its owner, who has no other one then, and no "
             "call, meeting or visit."),
};
static const kith_field user_fields[] = {
    F("works", TEXT,
      .doc = "When they meet customers, in their time zone: monday-thursday 09:00-15:00; fri "
             "09:00-12:00. Empty: the company's hours."),
};
static const kith_type types[] = {
    {.name = "interaction", .fields = KITH_ARRAY(interaction_fields), .extends = 1},
    {.name = "user", .fields = KITH_ARRAY(user_fields), .extends = 1},
};
static const char *const slot_fields[] = {"at", "duration", "owner", "planned", "appointment"};
static const char *const works_fields[] = {"works", "time_zone"};
static const kith_hook hooks[] = {
    {.name = "appointment",
     .type = "interaction",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .fn = appointment_hook,
     .where = "appointment and planned",
     .fields = KITH_ARRAY(slot_fields),
     .doc = "Refuses an appointment at a time that is taken, or has passed."},
    {.name = "works",
     .type = "user",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .fn = works_hook,
     .where = "works is not null",
     .fields = KITH_ARRAY(works_fields),
     .doc = "Refuses hours that cannot be read."},
};
static const kith_setting settings[] = {
    {.key = "appointments.length",
     .kind = KITH_DURATION,
     .default_text = "30m",
     .min = MINUTE_MS,
     .max = DURATION_MAX,
     .doc = "How long an appointment, a call, a meeting or a visit takes that says nothing of it."},
    {.key = "appointments.step",
     .kind = KITH_DURATION,
     .default_text = "30m",
     .min = 5 * MINUTE_MS,
     .max = DURATION_MAX,
     .doc = "Slots are proposed at multiples of it."},
    {.key = "appointments.notice",
     .kind = KITH_DURATION,
     .default_text = "2h",
     .min = 0,
     .max = 31 * KITH_DAY_MS,
     .doc = "Slots that begin sooner are not proposed."},
};
static const kith_field slots_params[] = {
    F("seller", LINK, .options = "user", .flags = KITH_FF_REQUIRED, .doc = "Whose."),
    F("from", TIME, .doc = "From when on; now, when nothing is said."),
    F("until", TIME, .doc = "Until when; two weeks from then, when nothing is said."),
    F("duration", DURATION, .min = "1m", .max = "24h",
      .doc = "How long; sales.appointments.length, when nothing is said."),
    F("limit", INTEGER, .default_text = "20", .min = "1", .max = "500", .doc = "So many at most."),
};
static const kith_field slots_columns[] = {
    F("at", TIME, .doc = "When it begins."),
    F("to", TIME, .doc = "When it ends."),
};
static const kith_field book_params[] = {
    F("lead", LINK, .options = "lead", .doc = "With whom."),
    F("contact", LINK, .options = "contact", .doc = "With whom."),
    F("seller", LINK, .options = "user",
      .doc = "Who meets them; their owner, when nothing is said."),
    F("at", TIME, .flags = KITH_FF_REQUIRED, .doc = "When it begins."),
    F("duration", DURATION, .min = "1m", .max = "24h", .doc = "How long."),
    F("subject", TEXT, .default_text = "Appointment", .doc = "About what, in one line."),
    F("channel", CHOICE, .options = "meeting,call", .default_text = "meeting", .doc = "How."),
};
static const kith_field book_results[] = {
    F("interaction", LINK, .options = "interaction", .doc = "The appointment."),
    F("seller", LINK, .options = "user", .doc = "Whose."),
    F("to", TIME, .doc = "When it ends."),
};
static const kith_action actions[] = {
    {.name = "slots",
     .doc = "Lists when a seller works and has no appointment, and no call or talk that is "
            "planned.",
     .effect = KITH_EFFECT_READ,
     .flags = KITH_AF_WHOLE,
     .fn = slots_action,
     .params = KITH_ARRAY(slots_params),
     .columns = KITH_ARRAY(slots_columns)},
    {.name = "book",
     .doc = "Books an appointment with a lead or a contact in the working hours of a seller.",
     .effect = KITH_EFFECT_WRITE,
     .fn = book_action,
     .params = KITH_ARRAY(book_params),
     .results = KITH_ARRAY(book_results)},
};
static const kith_report reports[] = {
    {"appointments", "The appointments of the next two weeks.",
     "interaction where planned and appointment and at >= now() and at < now() + 14d order by at",
     "id,at,subject,about,contact.name,channel,owner.name"},
};

static const kith_want wants[] = {
    KITH_WANT(TABLE, KITH_CALENDAR_1, cadences.calendar),
    KITH_WANT_RECORD("interaction", cadences.appointment, APPOINTMENT),
    KITH_WANT_RECORD("user", cadences.worker, WORKER),
    KITH_WANT(QUERY,
              "interaction where owner = :seller and planned and (appointment or channel in "
              "('meeting', 'call', 'store') or visit or duration is not null) and at > :from and "
              "at < :to order by at limit 5000",
              cadences.query.busy),
    KITH_WANT(SETTING, "appointments.length", cadences.length),
    KITH_WANT(SETTING, "appointments.step", cadences.step),
    KITH_WANT(SETTING, "appointments.notice", cadences.notice),
};
const kith_part appointment_part = {
    .struct_size = sizeof appointment_part,
    .wants = KITH_ARRAY(wants),
    .settings = KITH_ARRAY(settings),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .actions = KITH_ARRAY(actions),
    .reports = KITH_ARRAY(reports),
};
