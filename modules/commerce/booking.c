/* SPDX-License-Identifier: Apache-2.0 */
/* Reservations: rooms, seats and slots that are booked for somebody, never beyond what there is,
 * and the proposal of a free one that goes by what the guest chose before. */
#include "commerce.h"
#include <stdlib.h>

#define LEEWAY_MS 3600000 /* somebody stands at the desk, and what they book has just begun */

/* -- what is taken ------------------------------------------------------------------------------
 */

/* A room is for one party; other things are filled up. */
static int64_t places_of(const struct resource *r, const struct booking *b) {
    return kith_is(r->kind, "room") ? r->capacity.as.i : b->people.as.i;
}

struct edge {
    int64_t at, change;
};
/* Who leaves makes room for who comes at the same time. */
static int by_time(const void *a, const void *b) {
    const struct edge *x = a, *y = b;
    return x->at != y->at ? (x->at > y->at) - (x->at < y->at)
                          : (x->change > y->change) - (x->change < y->change);
}

/* The most places that are taken at once, without those of the booking `except`. */
static kith_status peak_of(const kith_instance *self, const kith_txn *txn, const struct resource *r,
                           const struct booking *bookings, uint64_t count, kith_id except,
                           int64_t *peak, kith_error *err) {
    int64_t now = 0;
    uint64_t n = 0;
    *peak = 0;
    if (!count)
        return KITH_OK;
    struct edge *edges;
    KITH_TRY(KITH_MEMORY(self, txn, &edges, count * 2, err));
    for (uint64_t i = 0; i < count; i++)
        if (bookings[i].id.as.link.id != except) {
            const int64_t places = places_of(r, &bookings[i]);
            edges[n++] = (struct edge){bookings[i].from.as.i, places};
            edges[n++] = (struct edge){bookings[i].to.as.i, -places};
        }
    qsort(edges, n, sizeof *edges, by_time);
    for (uint64_t i = 0; i < n; i++) {
        now += edges[i].change;
        *peak = now > *peak ? now : *peak;
    }
    return KITH_OK;
}

/* -- bookings -----------------------------------------------------------------------------------
 */

static kith_status check_times(const kith_instance *self, const struct booking *b, int32_t moved,
                               kith_error *err) {
    char at[TIME_TEXT];
    if (b->to.as.i <= b->from.as.i)
        return kith_fail(err, KITH_E_REFUSED, "to",
                         "to: it ends before it begins; say a later time");
    if (!moved || b->from.as.i >= KITH_NOW(self).as.i - LEEWAY_MS)
        return KITH_OK;
    time_text(b->from.as.i, at);
    return kith_fail(err, KITH_E_REFUSED, "from",
                     "from: %s lies in the past; what took place already is imported", at);
}

static kith_status check_resource(const struct booking *b, const struct resource *r,
                                  kith_error *err) {
    const kith_str name = r->name.as.s;
    if (!kith_is(r->state, "active"))
        return kith_fail(err, KITH_E_REFUSED, "resource",
                         "resource: '%.*s' is closed; take another one, or set it active",
                         KITH_CHARS(name));
    if (b->people.as.i > r->capacity.as.i)
        return kith_fail(err, KITH_E_REFUSED, "people",
                         "people: '%.*s' has room for %lld, not for %lld", KITH_CHARS(name),
                         (long long)r->capacity.as.i, (long long)b->people.as.i);
    return KITH_OK;
}

static kith_status taken(const struct resource *r, const struct booking *other, int64_t free,
                         kith_error *err) {
    const kith_str name = r->name.as.s, number = other->number.as.s;
    char from[TIME_TEXT], to[TIME_TEXT];
    time_text(other->from.as.i, from);
    time_text(other->to.as.i, to);
    if (kith_is(r->kind, "room"))
        return kith_fail(err, KITH_E_CONFLICT, "from",
                         "from: '%.*s' is taken from %s to %s by %.*s; commerce.propose lists what "
                         "is free",
                         KITH_CHARS(name), from, to, KITH_CHARS(number));
    return kith_fail(err, KITH_E_CONFLICT, "people",
                     "people: '%.*s' has %lld place%s left, since %.*s is there from %s to %s; "
                     "commerce.propose lists what is free",
                     KITH_CHARS(name), (long long)free, free == 1 ? "" : "s", KITH_CHARS(number),
                     from, to);
}

static kith_status check_free(kith_instance *self, const kith_txn *txn, const struct booking *b,
                              const struct resource *r, kith_id id, kith_error *err) {
    const kith_value params[] = {b->resource, b->from, b->to};
    struct booking *others;
    uint64_t count = 0, first = 0;
    int64_t peak = 0;
    KITH_TRY(KITH_FIND(self, txn, own.booking, self->own.bookings.taken, 3, params, &others, &count,
                       err));
    KITH_TRY(peak_of(self, txn, r, others, count, id, &peak, err));
    if (peak + places_of(r, b) <= r->capacity.as.i)
        return KITH_OK;
    while (first + 1 < count && others[first].id.as.link.id == id)
        first++;
    return taken(r, &others[first], r->capacity.as.i - peak, err);
}

static int32_t holds_a_place(const struct booking *b) {
    return kith_is(b->state, "held") || kith_is(b->state, "confirmed");
}

static kith_status booking_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                kith_error *err) {
    const struct booking_numbers *n = &self->own.booking;
    const kith_records_v1 *rec = self->records;
    struct booking b;
    struct resource r;
    KITH_TRY(KITH_READ(self, txn, own.booking, change->after, &b, err));
    if (!kith_has(b.contact) && !kith_has(b.account))
        return kith_fail(err, KITH_E_REFUSED, "contact",
                         "contact: say for whom: a contact, or an account");
    KITH_TRY(check_times(
        self, &b, change->origin != KITH_ORIGIN_IMPORT && rec->changed(txn, change, n->from) == 1,
        err));
    if (holds_a_place(&b)) {
        KITH_TRY(KITH_LOAD(self, txn, own.resource, b.resource.as.link.id, &r, err));
        KITH_TRY(check_resource(&b, &r, err));
        KITH_TRY(check_free(self, txn, &b, &r, change->id, err));
    }
    if (change->before || kith_has(b.held_until) || !kith_has(self->own.hold) ||
        !kith_is(b.state, "held"))
        return KITH_OK;
    b.held_until = kith_time(KITH_NOW(self).as.i + self->own.hold.as.i);
    return rec->set(txn, change, 1, &n->held_until, &b.held_until, err);
}

static kith_status hold_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                             kith_error *err) {
    struct booking b;
    KITH_TRY(KITH_CHANGE(self, txn, change, own.booking, &b, err));
    return self->own.timers->at(txn, self->own.timer.hold, b.held_until.as.i, change->type,
                                change->id, kith_str_of(""), NULL, err);
}

/* It was confirmed, or is held for longer: then there is nothing to do. */
static kith_status hold_timer(kith_instance *self, kith_txn *txn, const kith_firing *firing,
                              kith_error *err) {
    struct booking b;
    kith_status st = KITH_LOAD(self, txn, own.booking, firing->id, &b, err);
    if (st == KITH_E_NOTFOUND)
        return KITH_OK;
    if (st != KITH_OK || !kith_is(b.state, "held") || !kith_has(b.held_until) ||
        b.held_until.as.i > KITH_NOW(self).as.i)
        return st;
    return KITH_SET(self, txn, own.booking, state, firing->id, kith_text("cancelled"), err);
}

/* -- what a guest likes -------------------------------------------------------------------------
 */

#define TAGS_MAX 64
struct liking {
    kith_value tags[TAGS_MAX]; /* what was chosen, and how often */
    int64_t counts[TAGS_MAX];
    uint32_t count;
    struct booking *stays;
    uint64_t stay_count;
};

static int32_t has_tag(kith_value tags, kith_value tag) {
    for (uint64_t i = 0; i < kith_rows(&tags); i++)
        if (kith_equal(tags.as.list.items[i], tag))
            return 1;
    return 0;
}

/* Each tag counts once for a stay: what was wished for, and what the room was like. */
static void note_tags(struct liking *l, kith_value tags, kith_value but_not) {
    for (uint64_t i = 0; i < kith_rows(&tags); i++) {
        const kith_value tag = tags.as.list.items[i];
        uint32_t at = 0;
        if (has_tag(but_not, tag))
            continue;
        while (at < l->count && !kith_equal(l->tags[at], tag))
            at++;
        if (at == TAGS_MAX)
            continue;
        if (at == l->count) {
            l->tags[at] = tag;
            l->count++;
        }
        l->counts[at]++;
    }
}

static kith_status read_liking(kith_instance *self, const kith_txn *txn, kith_value contact,
                               struct liking *l, kith_error *err) {
    if (!kith_has(contact))
        return KITH_OK;
    KITH_TRY(KITH_FIND(self, txn, own.booking, self->own.bookings.history, 1, &contact, &l->stays,
                       &l->stay_count, err));
    for (uint64_t i = 0; i < l->stay_count; i++) {
        struct resource r;
        KITH_TRY(KITH_LOAD(self, txn, own.resource, l->stays[i].resource.as.link.id, &r, err));
        note_tags(l, l->stays[i].preferences, kith_null());
        note_tags(l, r.category, l->stays[i].preferences);
    }
    return KITH_OK;
}

/* What was chosen in at least half of the stays. */
static kith_value usual(kith_instance *self, const kith_txn *txn, const struct liking *l) {
    kith_value *items = l->count ? self->host->memory(txn, l->count * sizeof *items) : NULL;
    uint64_t n = 0;
    for (uint32_t i = 0; items && i < l->count; i++)
        if (l->counts[i] * 2 >= (int64_t)l->stay_count)
            items[n++] = l->tags[i];
    return n ? kith_list(items, n) : kith_null();
}

/* -- proposals ----------------------------------------------------------------------------------
 */

struct propose_args {
    kith_value from, to, contact, kind, people, category, limit;
};
struct propose_row {
    kith_value resource, name, kind, category, capacity, places, score, why;
};
struct candidate {
    struct resource *r;
    int64_t places, score;
};
struct proposal {
    kith_instance *self;
    const kith_txn *txn,
        *whole; /* whole: a place that is taken is taken, whoever may see by whom */
    struct propose_args args;
    struct liking liking;
    struct booking *taken; /* in that time, by resource */
    uint64_t taken_count;
    struct candidate *free;
    uint64_t free_count;
};

static int by_resource(const void *a, const void *b) {
    const kith_id x = ((const struct booking *)a)->resource.as.link.id;
    const kith_id y = ((const struct booking *)b)->resource.as.link.id;
    return (x > y) - (x < y);
}

/* The best first, and among equals by name. */
static int by_score(const void *a, const void *b) {
    const struct candidate *x = a, *y = b;
    const kith_str s = x->r->name.as.s, t = y->r->name.as.s;
    const uint64_t shorter = s.len < t.len ? s.len : t.len;
    const int names = shorter ? memcmp(s.ptr, t.ptr, (size_t)shorter) : 0;
    return x->score != y->score ? (x->score < y->score) - (x->score > y->score)
           : names              ? names
                                : (s.len > t.len) - (s.len < t.len);
}

/* The bookings of one resource among those that are sorted by it. */
static struct booking *bookings_of(const struct proposal *p, kith_value resource, uint64_t *count) {
    const struct booking key = {.resource = resource};
    struct booking *end = p->taken + p->taken_count, *first, *at;
    *count = 0;
    if (!p->taken_count)
        return NULL;
    first = bsearch(&key, p->taken, p->taken_count, sizeof key, by_resource);
    if (!first)
        return NULL;
    while (first > p->taken && by_resource(first - 1, &key) == 0)
        first--;
    for (at = first; at < end && by_resource(at, &key) == 0; at++)
        ++*count;
    return first;
}

static int64_t score_of(const struct proposal *p, const struct resource *r) {
    const struct liking *l = &p->liking;
    int64_t score = 0;
    for (uint32_t i = 0; i < l->count; i++)
        score += has_tag(r->category, l->tags[i]) ? 2 * l->counts[i] : 0;
    for (uint64_t i = 0; i < l->stay_count; i++)
        score += l->stays[i].resource.as.link.id == r->id.as.link.id;
    return score;
}

static int32_t is_asked_for(const struct proposal *p, const struct resource *r) {
    const kith_value wanted = p->args.category;
    if (kith_has(p->args.kind) && !kith_equal(r->kind, p->args.kind))
        return 0;
    for (uint64_t i = 0; i < kith_rows(&wanted); i++)
        if (!has_tag(r->category, wanted.as.list.items[i]))
            return 0;
    return 1;
}

/* What holds a place in that time, in the order of what it is for. */
static kith_status find_taken(struct proposal *p, kith_error *err) {
    kith_instance *self = p->self;
    const kith_value span[] = {p->args.from, p->args.to};
    uint64_t count = 0;
    KITH_TRY(KITH_FIND(self, p->whole, own.booking, self->own.bookings.all_taken, 2, span,
                       &p->taken, &count, err));
    for (uint64_t i = 0; i < count; i++)
        if (holds_a_place(&p->taken[i]))
            p->taken[p->taken_count++] = p->taken[i];
    if (p->taken_count)
        qsort(p->taken, p->taken_count, sizeof *p->taken, by_resource);
    return KITH_OK;
}

/* Adds it when there is room for them. */
static kith_status try_one(struct proposal *p, struct resource *r, kith_error *err) {
    const struct booking wanted = {.people = p->args.people};
    uint64_t count;
    int64_t peak = 0;
    const struct booking *taken = bookings_of(p, r->id, &count);
    if (!is_asked_for(p, r))
        return KITH_OK;
    KITH_TRY(peak_of(p->self, p->txn, r, taken, count, 0, &peak, err));
    if (peak + places_of(r, &wanted) <= r->capacity.as.i)
        p->free[p->free_count++] = (struct candidate){r, r->capacity.as.i - peak, score_of(p, r)};
    return KITH_OK;
}

static kith_status find_free(struct proposal *p, kith_error *err) {
    kith_instance *self = p->self;
    struct resource *all;
    uint64_t count = 0;
    KITH_TRY(find_taken(p, err));
    KITH_TRY(KITH_FIND(self, p->txn, own.resource, self->own.bookings.resources, 1, &p->args.people,
                       &all, &count, err));
    if (!count)
        return KITH_OK;
    KITH_TRY(KITH_MEMORY(self, p->txn, &p->free, count, err));
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(try_one(p, &all[i], err));
    if (p->free_count)
        qsort(p->free, p->free_count, sizeof *p->free, by_score);
    return KITH_OK;
}

static void say_why(const struct proposal *p, const struct resource *r, char *out, size_t room) {
    const struct liking *l = &p->liking;
    long long stays = 0;
    size_t n = 0;
    *out = '\0';
    for (uint32_t i = 0; i < l->count && n < room; i++)
        if (has_tag(r->category, l->tags[i]))
            n += (size_t)snprintf(out + n, room - n, "%s%.*s in %lld of %llu stays", n ? ", " : "",
                                  KITH_CHARS(l->tags[i].as.s), (long long)l->counts[i],
                                  (unsigned long long)l->stay_count);
    for (uint64_t i = 0; i < l->stay_count; i++)
        stays += l->stays[i].resource.as.link.id == r->id.as.link.id;
    if (stays && n < room)
        (void)snprintf(out + n, room - n, "%sthis very one in %lld", n ? ", " : "", stays);
}

static kith_status propose_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct proposal p = {
        .self = self, .txn = self->calls->view(call), .whole = self->calls->whole(call)};
    KITH_TRY(KITH_ARGS(self, call, &p.args, err));
    const struct booking asked = {.from = p.args.from, .to = p.args.to};
    KITH_TRY(check_times(self, &asked, 1, err));
    if (p.args.people.as.i < 1)
        return kith_fail(err, KITH_E_INVAL, "people", "people: at least 1");
    KITH_TRY(read_liking(self, p.txn, p.args.contact, &p.liking, err));
    KITH_TRY(find_free(&p, err));
    for (uint64_t i = 0; i < p.free_count && i < (uint64_t)p.args.limit.as.i; i++) {
        const struct candidate *c = &p.free[i];
        char why[400];
        say_why(&p, c->r, why, sizeof why);
        const struct propose_row row = {c->r->id,           c->r->name,
                                        c->r->kind,         c->r->category,
                                        c->r->capacity,     kith_int(c->places),
                                        kith_int(c->score), *why ? kith_text(why) : kith_null()};
        KITH_TRY(KITH_ROW(self, call, &row, err));
    }
    const struct {
        kith_value resource, preferences;
    } results = {p.free_count ? p.free[0].r->id : kith_null(), usual(self, p.txn, &p.liking)};
    return KITH_RESULTS(self, call, &results, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

#define KINDS "room,seat,slot,other"
static const kith_field resource_fields[] = {
    F("name", TEXT, .flags = KITH_FF_REQUIRED | KITH_FF_UNIQUE | KITH_FF_SEARCHED,
      .doc = "What it is called: Room 12, Tuesday evening class."),
    F("kind", CHOICE, .options = KINDS, .default_text = "room", .flags = KITH_FF_REQUIRED,
      .doc = "A room is for one party at a time; seats, slots and others are filled up to their "
             "capacity."),
    F("state", STATE, .options = "active>closed,closed.>active", .flags = KITH_FF_INDEXED,
      .doc = "A closed one is not booked any more, and what was booked stays."),
    F("category", TAGS, .flags = KITH_FF_SEARCHED,
      .doc = "What it is like: standard, deluxe, non-smoking."),
    F("capacity", INTEGER, .default_text = "1", .min = "1", .max = "100000",
      .flags = KITH_FF_REQUIRED, .doc = "How many people there is room for."),
    F("description", LONGTEXT, .flags = KITH_FF_SEARCHED, .doc = "For who books."),
    F("bookings", INTEGER, .rollup = "count(booking where state in ('held', 'confirmed'))",
      .doc = "How often it is booked now and later."),
};
static const kith_field booking_fields[] = {
    F("number", SERIES, .options = "B-000000", .flags = KITH_FF_SEARCHED, .doc = "Its number."),
    F("state", STATE,
      .options = "held>confirmed|cancelled,confirmed>cancelled|no_show|done,cancelled,no_show,done",
      .flags = KITH_FF_INDEXED,
      .doc = "Held for somebody, confirmed, or over: done, cancelled, or nobody came."),
    F("resource", LINK, .options = "resource", .flags = KITH_FF_REQUIRED, .doc = "What is booked."),
    F("contact", LINK, .options = "contact", .flags = KITH_FF_SUBJECT, .doc = "For whom."),
    F("account", LINK, .options = "account", .doc = "For which organisation."),
    F("from", TIME, .flags = KITH_FF_REQUIRED, .doc = "When it begins."),
    F("to", TIME, .flags = KITH_FF_REQUIRED | KITH_FF_INDEXED,
      .doc = "When it ends; the next may begin at this moment."),
    F("people", INTEGER, .default_text = "1", .min = "1", .doc = "How many come."),
    F("preferences", TAGS, .flags = KITH_FF_PERSONAL,
      .doc = "What they wished for: non-smoking, vegetarian, window."),
    F("held_until", TIME,
      .doc = "One that is not confirmed until then is cancelled; commerce.booking.hold from now "
             "on when nothing is said."),
    F("note", LONGTEXT, .flags = KITH_FF_PERSONAL, .doc = "What else is to be known."),
    F("external_id", TEXT, .flags = KITH_FF_INDEXED,
      .doc = "Its id in the program that it came from; a key for imports."),
};
static const char *const booking_indexes[] = {"resource,to", "contact,-from"};
static const kith_type types[] = {
    {.name = "resource",
     .doc = "Something that is booked for a time: a room, a seat, a slot.",
     .title = "name",
     .fields = KITH_ARRAY(resource_fields)},
    {.name = "booking",
     .doc = "A reservation for somebody.",
     .title = "number",
     .fields = KITH_ARRAY(booking_fields),
     .indexes = KITH_ARRAY(booking_indexes)},
};

static const char *const watched[] = {"state", "resource", "contact", "account",
                                      "from",  "to",       "people"};
static const char *const held_only[] = {"held_until"};
static const kith_hook hooks[] = {
    {.name = "booking",
     .type = "booking",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = booking_hook,
     .fields = KITH_ARRAY(watched),
     .doc = "Refuses bookings in the past, and beyond what there is room for."},
    {.name = "hold",
     .type = "booking",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = hold_hook,
     .where = "state = 'held' and held_until is not null",
     .fields = KITH_ARRAY(held_only),
     .doc = "Sees to it that what is not confirmed in time is free again."},
};
static const kith_timer timers[] = {
    {.name = "hold", .fn = hold_timer, .doc = "Cancels a booking that was not confirmed in time."},
};
static const kith_setting settings[] = {
    {.key = "booking.hold",
     .kind = KITH_DURATION,
     .min = 60000,
     .max = INT64_C(366) * 86400000,
     .doc = "How long a booking is held that is not confirmed; without it, until somebody cancels "
            "it."},
};

static const kith_field propose_params[] = {
    F("from", TIME, .flags = KITH_FF_REQUIRED, .doc = "When it is to begin."),
    F("to", TIME, .flags = KITH_FF_REQUIRED, .doc = "When it is to end."),
    F("contact", LINK, .options = "contact",
      .doc = "For whom: what they chose before comes first."),
    F("kind", CHOICE, .options = KINDS, .doc = "Only this kind."),
    F("people", INTEGER, .default_text = "1", .doc = "How many come."),
    F("category", TAGS, .doc = "Only what is all of this: deluxe, non-smoking."),
    F("limit", INTEGER, .default_text = "20", .doc = "So many at most."),
};
static const kith_field propose_results[] = {
    F("resource", LINK, .options = "resource", .doc = "The first of them, to be taken as it is."),
    F("preferences", TAGS, .doc = "What the person chose in at least half of the stays."),
};
static const kith_field propose_columns[] = {
    F("resource", LINK, .options = "resource", .doc = "What is free."),
    F("name", TEXT, .doc = "What it is called."),
    F("kind", TEXT, .doc = "What it is."),
    F("category", TAGS, .doc = "What it is like."),
    F("capacity", INTEGER, .doc = "How many people there is room for."),
    F("places", INTEGER, .doc = "How many of these are free all the time."),
    F("score", INTEGER, .doc = "How well it fits what the person chose before."),
    F("why", TEXT, .doc = "By which earlier stays."),
};
static const kith_action actions[] = {
    {.name = "propose",
     .doc = "Lists what can be booked in a time, what fits the habits of the guest first.",
     .effect = KITH_EFFECT_READ,
     .flags = KITH_AF_WHOLE,
     .fn = propose_action,
     .params = KITH_ARRAY(propose_params),
     .results = KITH_ARRAY(propose_results),
     .columns = KITH_ARRAY(propose_columns)},
};
static const kith_report reports[] = {
    {"arrivals", "Who comes in the next days.",
     "booking where to >= today() and from in next_days(:days) and state in ('held', 'confirmed') "
     "order by from",
     "id,number,resource.name,contact.name,account.name,from,to,people,state"},
    {"occupancy", "How often each resource was booked since a day, by what became of it.",
     "booking where to >= :since group by resource.name as resource, state : count() as bookings, "
     "sum(people) as "
     "people",
     NULL},
};

static const kith_want wants[] = {
    KITH_WANT_RECORD("resource", own.resource, RESOURCE),
    KITH_WANT_RECORD("booking", own.booking, BOOKING),
    KITH_WANT(QUERY,
              "booking where resource = :resource and to > :from and from < :to and state in "
              "('held', 'confirmed') order by from",
              own.bookings.taken),
    KITH_WANT(QUERY, "booking where to > :from and from < :to order by to", own.bookings.all_taken),
    KITH_WANT(QUERY,
              "resource where state = 'active' and capacity >= :people order by name limit 10000",
              own.bookings.resources),
    KITH_WANT(QUERY,
              "booking where contact = :contact and state in ('held', 'confirmed', 'done') order "
              "by -from limit 50",
              own.bookings.history),
    KITH_WANT(TIMER, "hold", own.timer.hold),
    KITH_WANT(SETTING, "booking.hold", own.hold),
};
const kith_part booking_part = {
    .struct_size = sizeof booking_part,
    .wants = KITH_ARRAY(wants),
    .settings = KITH_ARRAY(settings),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .timers = KITH_ARRAY(timers),
    .actions = KITH_ARRAY(actions),
    .reports = KITH_ARRAY(reports),
};
