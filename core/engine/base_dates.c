/* SPDX-License-Identifier: Apache-2.0 */
/* Dates that come: a task's reminder and a life event's next day are told as events when their time
 * has come, by durable timers, and a yearly life event moves on to its next year.
 *
 * A timer is never taken back: when it fires and the record says another time by then, or is gone,
 * it does nothing. So undo and deletion need no care, whichever timers they leave. */
#include "base/json.h"
#include "engine/bus.h"
#include "engine/engine_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const kith_field reminder_fields[] = {
    {.name = "reminder", .kind = KITH_F_TIME, .doc = "The task's reminder, which has come."},
};
static const kith_field next_fields[] = {
    {.name = "next", .kind = KITH_F_DATE, .doc = "The day that has come."},
};
static const kith_topic topics[] = {
    {.name = "task.reminder",
     .schema = 1,
     .fields = KITH_ARRAY(reminder_fields),
     .doc = "The reminder of a task that is open has come."},
    {.name = "life_event.due",
     .schema = 1,
     .fields = KITH_ARRAY(next_fields),
     .doc = "The day of a life event has come, of a yearly one each year."},
};
const struct own_part dates_own = {.topic_count = sizeof topics / sizeof *topics, .topics = topics};

struct dated { /* a field whose time is awaited */
    const char *type, *field, *handler;
    const kith_topic *topic;
    const struct rtype *rtype;
    const struct rfield *f, *state;
    struct fieldset fields;
};
struct dates {
    struct dated items[2];
    const struct rfield *date, *yearly, *kind, *next; /* of a life event */
    const struct rfield *at, *planned;                /* of an interaction */
    struct fieldset days, plans;
};

/* -- setting timers ---------------------------------------------------------------------------- */

/* The instant of a time, or at which a day begins. */
static int64_t instant(const struct engine *g, const kith_value *v) {
    return v->kind == KITH_TIME ? v->as.i : zone_day(g->opts.zone, v->as.i);
}

/* What has passed when it is written reminds of nothing; a day is over when the next one begins. */
static bool is_over(const struct txn *t, const kith_value *v) {
    kith_value next = *v;
    next.as.i += v->kind == KITH_DATE;
    return instant(t->g, &next) <= t->head.at;
}

static kith_status await(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct dated *d = self;
    const kith_value *v = &c->after[d->f->index];
    char payload[24];
    kith_id timer;
    bool waits;
    if (v->kind == KITH_NULL || is_over(t, v))
        return KITH_OK;
    TRY(timers_await(t, d->handler, instant(t->g, v), c->id, &waits, e));
    if (waits)
        return KITH_OK; /* it was put off, and is back at this time */
    snprintf(payload, sizeof payload, "%" PRId64, v->as.i);
    return txn_timer(t, d->handler, instant(t->g, v), d->rtype, c->id, str_of(payload), &timer, e);
}

/* -- when they fire ---------------------------------------------------------------------------- */

static kith_status tell(const struct dated *d, struct txn *t, kith_id id, const kith_value *v,
                        kith_error *e) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, d->field);
    value_json(t->g->schema, v, &j);
    json_object_end(&j);
    kith_status st =
        b.failed ? err_nomem(e) : txn_publish(t, d->topic->name, d->rtype, id, buf_view(&b), e);
    buf_free(&b);
    return st;
}

static kith_status fire(void *self, struct txn *t, const struct timer *timer, kith_error *e) {
    const struct dated *d = self;
    const kith_value *values;
    char payload[24];
    bool there;
    TRY(record_exists(t->g->writer, d->rtype, timer->subject, &there, e));
    if (!there)
        return KITH_OK;
    TRY(txn_get(t, d->rtype, timer->subject, &values, e));
    const kith_value *v = &values[d->f->index];
    snprintf(payload, sizeof payload, "%" PRId64, v->as.i);
    if (v->kind == KITH_NULL || !str_eqz(timer->payload, payload))
        return KITH_OK;                  /* it was put off, or brought forward */
    if (instant(t->g, v) > t->head.at) { /* that day begins later since the zone has changed */
        kith_id later;
        return txn_timer(t, d->handler, instant(t->g, v), d->rtype, timer->subject, timer->payload,
                         &later, e);
    }
    if (d->state && !str_eqz(values[d->state->index].as.s, d->state->options[0]))
        return KITH_OK; /* nobody needs to be reminded of what is done */
    return tell(d, t, timer->subject, v, e);
}

/* -- life events ------------------------------------------------------------------------------- */

/* The first day from `from` on with the month and day of `date`: 29 February is the 28th in other
 * years. */
static int64_t anniversary(int64_t date, int64_t from) {
    struct civil d = date_civil(date * DAY_MS), f = date_civil(from * DAY_MS);
    for (int32_t year = f.year > d.year ? f.year : d.year;; year++) {
        int32_t day = date_valid(year, d.month, d.day) ? d.day : 28;
        int64_t days = date_days(year, d.month, day);
        if (days >= from)
            return days;
    }
}

static kith_value next_day(const struct dates *k, const kith_value *values, int64_t from) {
    const kith_value *date = &values[k->date->index], *yearly = &values[k->yearly->index];
    bool again = yearly->kind == KITH_BOOL && yearly->as.i;
    if (date->kind != KITH_DATE || (!again && date->as.i < from) || from > DATE_MAX - 366)
        return value_null();
    return (kith_value){.kind = KITH_DATE,
                        .as.i = again ? anniversary(date->as.i, from) : date->as.i};
}

/* What people celebrate each year, and would miss if it came once. */
static bool comes_yearly(kith_str kind) {
    return str_eqz(kind, "birthday") || str_eqz(kind, "anniversary") || str_eqz(kind, "wedding");
}

static kith_status keep_next(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct dates *k = self;
    const kith_value *kind = &c->after[k->kind->index];
    if (c->kind == ROW_CREATE && c->after[k->yearly->index].kind == KITH_NULL)
        TRY(change_set(t, c, k->yearly,
                       (kith_value){.kind = KITH_BOOL,
                                    .as.i = kind->kind == KITH_TEXT && comes_yearly(kind->as.s)},
                       e));
    return change_set(t, c, k->next,
                      next_day(k, c->after, zone_day_of(t->g->opts.zone, t->head.at)), e);
}

static kith_status life_event_due(void *self, struct txn *t, const struct timer *timer,
                                  kith_error *e) {
    const struct dates *k = self;
    uint64_t before = t->g->seq;
    const kith_value *values;
    TRY(fire((void *)&k->items[1], t, timer, e));
    if (t->g->seq == before)
        return KITH_OK;
    TRY(txn_get(t, k->items[1].rtype, timer->subject, &values, e));
    struct assign set = {k->next, next_day(k, values, values[k->next->index].as.i + 1)};
    return txn_update(t, k->items[1].rtype, timer->subject, &set, 1, e);
}

/* -- interactions ------------------------------------------------------------------------------ */

/* Whoever writes down that somebody called means now. An import tells of what was some time ago. */
static kith_status keep_at(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct dates *k = self;
    const kith_value *planned = &c->after[k->planned->index];
    bool later = planned->kind == KITH_BOOL && planned->as.i;
    if (later || c->after[k->at->index].kind != KITH_NULL || t->head.origin == ORIGIN_IMPORT)
        return KITH_OK;
    return change_set(t, c, k->at, value_time(t->head.at), e);
}

static kith_status add_interactions(struct engine *g, struct dates *k, kith_error *e) {
    const struct rtype *t;
    TRY(schema_find_type(g->schema, STR("interaction"), &t, e));
    TRY(schema_find_field(g->schema, t, STR("at"), &k->at, e));
    TRY(schema_find_field(g->schema, t, STR("planned"), &k->planned, e));
    fieldset_add(&k->plans, k->planned->index);
    struct hook keep = {.type = t,
                        .on = ON_CREATE | ON_UPDATE,
                        .priority = -100,
                        .fields = &k->plans,
                        .fn = keep_at,
                        .self = k,
                        .source = {SOURCE_CORE, "interactions", "", 0}};
    return engine_add_hook(g, &keep, e);
}

/* -- registering ------------------------------------------------------------------------------- */

static kith_status add_dated(struct engine *g, struct dates *k, struct dated *d, kith_error *e) {
    const struct source source = {SOURCE_CORE, "reminders", "", 0};
    bool life = d == &k->items[1];
    struct timer_handler h = {.name = d->handler,
                              .fn = life ? life_event_due : fire,
                              .self = life ? (void *)k : d,
                              .source = source};
    TRY(schema_find_type(g->schema, str_of(d->type), &d->rtype, e));
    TRY(schema_find_field(g->schema, d->rtype, str_of(d->field), &d->f, e));
    d->state = type_field(g->schema, d->rtype, STR("state"));
    fieldset_add(&d->fields, d->f->index);
    struct hook await_it = {.type = d->rtype,
                            .on = ON_CREATE | ON_UPDATE,
                            .after = true,
                            .priority = -100,
                            .fields = &d->fields,
                            .fn = await,
                            .self = d,
                            .source = source};
    TRY(engine_add_timer(g, &h, e));
    return engine_add_hook(g, &await_it, e);
}

static kith_status add_life_events(struct engine *g, struct dates *k, kith_error *e) {
    const struct rtype *t = k->items[1].rtype;
    TRY(schema_find_field(g->schema, t, STR("date"), &k->date, e));
    TRY(schema_find_field(g->schema, t, STR("yearly"), &k->yearly, e));
    TRY(schema_find_field(g->schema, t, STR("kind"), &k->kind, e));
    k->next = k->items[1].f;
    fieldset_add(&k->days, k->date->index);
    fieldset_add(&k->days, k->yearly->index);
    struct hook keep = {.type = t,
                        .on = ON_CREATE | ON_UPDATE,
                        .priority = -100,
                        .fields = &k->days,
                        .fn = keep_next,
                        .self = k,
                        .source = {SOURCE_CORE, "life events", "", 0}};
    return engine_add_hook(g, &keep, e);
}

kith_status dates_hooks_add(struct engine *g, kith_error *e) {
    struct dates *k = ARENA_NEW(&g->arena, struct dates);
    if (!k)
        return err_nomem(e);
    k->items[0] = (struct dated){
        .type = "task", .field = "reminder", .topic = &topics[0], .handler = "core:task.reminder"};
    k->items[1] = (struct dated){.type = "life_event",
                                 .field = "next",
                                 .topic = &topics[1],
                                 .handler = "core:life_event.due"};
    for (int i = 0; i < 2; i++)
        TRY(add_dated(g, k, &k->items[i], e));
    TRY(add_life_events(g, k, e));
    return add_interactions(g, k, e);
}
