/* SPDX-License-Identifier: Apache-2.0 */
/* A user's calendar: appointments, tasks with a time, and bookings where there is commerce, for
 * programs that subscribe to it. Times are UTC, which every calendar shows in its own zone; what is
 * cancelled, done or deleted is not in it any more. */
#include "sales.h"

#include <stdlib.h>

#define SHORTEST_MS INT64_C(1800000) /* of what says nothing of its length */
#define A_MOMENT_MS INT64_C(900000)  /* of a task among appointments */

struct calendar_args {
    kith_value user, since, until, tasks;
};
struct making {
    kith_instance *self;
    const kith_txn *view;
    struct calendar_args args;
    kith_value from, to;
    struct ical out;
};

/* -- entries ----------------------------------------------------------------------------------- */

/* "0ABC...@interaction.kith": the same for as long as there is the record. When it was written last
 * is the version that programs go by. */
static void begin_entry(struct making *m, const char *component, const char *type, kith_value id,
                        kith_value updated) {
    char text[KITH_ID_CHARS + 1], uid[80];
    kith_id_text(id.as.link.id, text);
    (void)snprintf(uid, sizeof uid, "%s@%s.kith", text, type);
    ical_line(&m->out, "BEGIN", component);
    ical_line(&m->out, "UID", uid);
    ical_time(&m->out, "DTSTAMP", updated.as.i);
    ical_time(&m->out, "LAST-MODIFIED", updated.as.i);
}

static kith_str text_of(kith_value v) {
    return v.kind == KITH_TEXT ? v.as.s : (kith_str){"", 0};
}

/* One that may not be read has no name here. */
static kith_str name_of(const struct making *m, const struct date_with_numbers *numbers,
                        kith_value link) {
    struct date_with with;
    (void)kith_follow(m->self->records, m->view, &numbers->type, KITH_MEMBERS(&with), link,
                      &with.id, NULL);
    return text_of(with.name);
}

/* "Offer for pens (Ada)", "Call with Ada" */
static void put_summary(struct making *m, kith_str what, kith_str otherwise, kith_str who) {
    char text[1000];
    const kith_str said = what.len ? what : otherwise;
    const int n =
        snprintf(text, sizeof text, who.len ? what.len ? "%.*s (%.*s)" : "%.*s: %.*s" : "%.*s%.*s",
                 KITH_CUT(said, 400), KITH_CUT(who, 400));
    ical_text(&m->out, "SUMMARY", (kith_str){text, (uint64_t)n});
}

static void put_talk(struct making *m, const struct date_talk *t) {
    const struct calendars *of = &m->self->calendars;
    kith_str who = name_of(m, &of->contact, t->contact);
    if (!who.len)
        who = name_of(m, &of->account, t->account);
    const int64_t length =
        kith_has(t->duration) && t->duration.as.i > 0 ? t->duration.as.i : SHORTEST_MS;
    begin_entry(m, "VEVENT", "interaction", t->id, t->updated);
    ical_time(&m->out, "DTSTART", t->at.as.i);
    ical_time(&m->out, "DTEND", t->at.as.i + length);
    put_summary(m, text_of(t->subject), text_of(t->channel), who);
    ical_text(&m->out, "DESCRIPTION", text_of(t->body));
    ical_line(&m->out, "END", "VEVENT");
}

/* Highest is 1. */
static const char *priority_of(kith_value v) {
    return kith_is(v, "urgent") ? "1" : kith_is(v, "high") ? "3" : kith_is(v, "low") ? "9" : "5";
}

static void put_task(struct making *m, const struct date_task *t) {
    const int32_t todo = kith_is(m->args.tasks, "todos");
    begin_entry(m, todo ? "VTODO" : "VEVENT", "task", t->id, t->updated);
    if (todo) {
        ical_time(&m->out, "DUE", t->due.as.i);
        ical_line(&m->out, "STATUS", "NEEDS-ACTION");
    } else {
        ical_time(&m->out, "DTSTART", t->due.as.i);
        ical_time(&m->out, "DTEND", t->due.as.i + A_MOMENT_MS);
        ical_line(&m->out, "TRANSP", "TRANSPARENT");
    }
    ical_text(&m->out, "SUMMARY", text_of(t->title));
    ical_text(&m->out, "DESCRIPTION", text_of(t->body));
    ical_line(&m->out, "PRIORITY", priority_of(t->priority));
    ical_line(&m->out, "END", todo ? "VTODO" : "VEVENT");
}

static void put_booking(struct making *m, const struct date_booking *b) {
    const struct calendars *of = &m->self->calendars;
    const kith_str where = name_of(m, &of->resource, b->resource);
    const kith_str who = name_of(m, &of->contact, b->contact);
    begin_entry(m, "VEVENT", "booking", b->id, b->updated);
    ical_time(&m->out, "DTSTART", b->from.as.i);
    ical_time(&m->out, "DTEND", b->to.as.i);
    put_summary(m, where, text_of(b->number), who);
    ical_text(&m->out, "LOCATION", where);
    ical_text(&m->out, "DESCRIPTION", text_of(b->note));
    ical_line(&m->out, "STATUS", kith_is(b->state, "held") ? "TENTATIVE" : "CONFIRMED");
    ical_line(&m->out, "END", "VEVENT");
}

/* -- the calendar ------------------------------------------------------------------------------ */

static kith_status put_talks(struct making *m, kith_error *err) {
    const kith_value params[] = {m->args.user, m->from, m->to};
    struct date_talk *found;
    uint64_t count = 0;
    KITH_TRY(KITH_FIND(m->self, m->view, calendars.talk, m->self->calendars.talks, 3, params,
                       &found, &count, err));
    for (uint64_t i = 0; i < count; i++)
        put_talk(m, &found[i]);
    return KITH_OK;
}

static kith_status put_tasks(struct making *m, kith_error *err) {
    const kith_value params[] = {m->args.user, m->from, m->to};
    struct date_task *found;
    uint64_t count = 0;
    if (kith_is(m->args.tasks, "none"))
        return KITH_OK;
    KITH_TRY(KITH_FIND(m->self, m->view, calendars.task, m->self->calendars.tasks, 3, params,
                       &found, &count, err));
    for (uint64_t i = 0; i < count; i++)
        put_task(m, &found[i]);
    return KITH_OK;
}

static kith_status put_bookings(struct making *m, kith_error *err) {
    const kith_value params[] = {m->args.user, m->from, m->to};
    struct date_booking *found;
    uint64_t count = 0;
    if (!m->self->calendars.bookings)
        return KITH_OK;
    KITH_TRY(KITH_FIND(m->self, m->view, calendars.booking, m->self->calendars.bookings, 3, params,
                       &found, &count, err));
    for (uint64_t i = 0; i < count; i++)
        put_booking(m, &found[i]);
    return KITH_OK;
}

static kith_status put_all(struct making *m, kith_error *err) {
    ical_line(&m->out, "BEGIN", "VCALENDAR");
    ical_line(&m->out, "VERSION", "2.0");
    ical_line(&m->out, "PRODID", "-//Kith//sales.calendar//EN");
    ical_line(&m->out, "CALSCALE", "GREGORIAN");
    ical_line(&m->out, "X-WR-CALNAME", "Kith");
    ical_line(&m->out, "REFRESH-INTERVAL;VALUE=DURATION", "PT1H");
    KITH_TRY(put_talks(m, err));
    KITH_TRY(put_tasks(m, err));
    KITH_TRY(put_bookings(m, err));
    ical_line(&m->out, "END", "VCALENDAR");
    return m->out.failed ? kith_fail(err, KITH_E_NOMEM, NULL, "no memory") : KITH_OK;
}

/* Whoever asks, when nobody is named. */
static kith_status find_user(struct making *m, kith_error *err) {
    kith_id user = 0;
    if (kith_has(m->args.user))
        return KITH_OK;
    KITH_TRY(m->self->records->acting(m->view, &user, err));
    if (!user)
        return kith_fail(err, KITH_E_INVAL, "user", "user: say whose calendar it is");
    m->args.user = kith_link(m->self->user.type, user);
    return KITH_OK;
}

static kith_status make(struct making *m, kith_call *call, kith_error *err) {
    const int64_t now = m->self->host->now(m->self->host);
    KITH_TRY(KITH_ARGS(m->self, call, &m->args, err));
    KITH_TRY(find_user(m, err));
    m->from = kith_time(now - m->args.since.as.i);
    m->to = kith_time(now + m->args.until.as.i);
    KITH_TRY(put_all(m, err));
    return m->self->calls->file(call, kith_str_of("calendar.ics"),
                                (kith_str){m->out.ptr, m->out.len}, err);
}

static kith_status calendar(kith_instance *self, kith_call *call, kith_error *err) {
    struct making m = {.self = self, .view = self->calls->view(call)};
    const kith_status st = make(&m, call, err);
    free(m.out.ptr);
    return st;
}

/* -- declared -----------------------------------------------------------------------------------
 */

#define F(field, of, ...)                                                                          \
    { .name = (field), .kind = KITH_F_##of, __VA_ARGS__ }

static const kith_permission permissions[] = {
    {"read:booking", "Shows bookings in the calendar of whose they are."},
    {"read:resource", "Says there what is booked."},
};
static const kith_field params[] = {
    F("user", LINK, .options = "user", .doc = "Whose; who asks, when nobody is named."),
    F("since", DURATION, .default_text = "30d", .min = "0s", .max = "3660d",
      .doc = "How far back it goes."),
    F("until", DURATION, .default_text = "400d", .min = "0s", .max = "3660d",
      .doc = "How far ahead."),
    F("tasks", CHOICE, .options = "events,todos,none", .default_text = "events",
      .doc = "Tasks that are due: among the appointments, which every program shows, as to-dos, or "
             "not at all."),
};
static const kith_action actions[] = {
    {.name = "calendar",
     .doc = "Gives a user's appointments, tasks that are due and bookings as a calendar"
            " (iCalendar), for programs that subscribe to it.",
     .effect = KITH_EFFECT_READ,
     .fn = calendar,
     .params = KITH_ARRAY(params),
     .file = "text/calendar; charset=utf-8"},
};
#define WITHIN(field) field " >= :from and " field " < :to order by " field " limit 5000"
static const kith_want wants[] = {
    KITH_WANT_RECORD("interaction", calendars.talk, DATE_TALK),
    KITH_WANT_RECORD("task", calendars.task, DATE_TASK),
    KITH_WANT_RECORD("contact", calendars.contact, DATE_WITH),
    KITH_WANT_RECORD("account", calendars.account, DATE_WITH),
    KITH_WANT(
        QUERY,
        "interaction where owner = :user and (planned or channel = 'meeting') and " WITHIN("at"),
        calendars.talks),
    KITH_WANT(QUERY, "task where assignee = :user and state = 'open' and " WITHIN("due"),
              calendars.tasks),
};
static const kith_want booking_wants[] = {
    KITH_WANT_RECORD("booking", calendars.booking, DATE_BOOKING),
    KITH_WANT_RECORD("resource", calendars.resource, DATE_WITH),
    KITH_WANT(QUERY,
              "booking where owner = :user and state in ('held', 'confirmed', 'done') and to > "
              ":from and from < :to order by from limit 5000",
              calendars.bookings),
};

const kith_part calendar_bookings_part = {.struct_size = sizeof calendar_bookings_part,
                                          .module = "commerce",
                                          .wants = KITH_ARRAY(booking_wants)};

const kith_part calendar_part = {
    .struct_size = sizeof calendar_part,
    .wants = KITH_ARRAY(wants),
    .permissions = KITH_ARRAY(permissions),
    .actions = KITH_ARRAY(actions),
};
