/* SPDX-License-Identifier: Apache-2.0 */
/* Calendars as RFC 5545 has them: what calendar.c asks for, and the writer in ical.c. */
#ifndef SALES_CALENDAR_H
#define SALES_CALENDAR_H

#include <kith/easy.h>

/* clang-format off */
#define DATE_TALK(X)    X(at) X(duration) X(subject) X(body) X(channel) X(contact) X(account) \
                        X(planned) X(updated)
#define DATE_TASK(X)    X(due) X(title) X(body) X(priority) X(updated)
#define DATE_BOOKING(X) X(number) X(from) X(to) X(state) X(resource) X(contact) X(note) X(people) \
                        X(updated)
#define DATE_WITH(X)    X(name)
/* clang-format on */

KITH_RECORD(date_talk, DATE_TALK);
KITH_RECORD(date_task, DATE_TASK);
KITH_RECORD(date_booking, DATE_BOOKING);
KITH_RECORD(date_with, DATE_WITH);

struct calendars {
    struct date_talk_numbers talk;
    struct date_task_numbers task;
    struct date_booking_numbers booking; /* where commerce is enabled */
    struct date_with_numbers contact, account, resource;
    uint32_t talks, tasks, bookings;
};

/* A text that grows. failed: there was no memory. */
struct ical {
    char *ptr;
    size_t len, cap;
    int32_t failed;
};
/* A line of content, "NAME:value", folded. ical_text escapes a value of kind TEXT and leaves an
 * empty one out; ical_time writes an instant in UTC. */
void ical_line(struct ical *out, const char *name, const char *value);
void ical_text(struct ical *out, const char *name, kith_str value);
void ical_time(struct ical *out, const char *name, int64_t ms);

#endif
