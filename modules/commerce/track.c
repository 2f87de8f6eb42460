/* SPDX-License-Identifier: Apache-2.0 */
/* Where is my order? What a customer, or whoever answers one, is told: each step with its time. */
#include "commerce.h"
#include <stdlib.h>

static kith_status not_found(kith_value number, kith_value email, kith_error *err) {
    return kith_fail(err, KITH_E_NOTFOUND, "number",
                     "number: there is no order or shipment '%.*s'%s; look at the confirmation, it "
                     "is like O-000123",
                     KITH_CUT(number.as.s, 60),
                     kith_has(email) ? " of who has this mail address" : "");
}

kith_status track_find(kith_instance *self, const kith_txn *txn, kith_value number,
                       kith_value email, struct tracked *order, kith_error *err) {
    struct parcel *parcels;
    uint64_t sent = 0;
    int32_t theirs = 1;
    KITH_TRY(
        KITH_FIRST(self, txn, care.tracked, self->care.query.by_number, 1, &number, order, err));
    if (!kith_has(order->id)) {
        KITH_TRY(KITH_FIND(self, txn, care.parcel, self->care.query.by_tracking, 1, &number,
                           &parcels, &sent, err));
        if (sent != 1)
            return not_found(number, email, err);
        KITH_TRY(KITH_LOAD(self, txn, care.tracked, parcels[0].order.as.link.id, order, err));
    }
    const kith_value params[] = {order->id, email};
    if (kith_has(email))
        KITH_TRY(kith_any(self->records, txn, self->care.query.whose, 2, params, &theirs, err));
    return theirs ? KITH_OK : not_found(number, email, err);
}

/* -- the steps ----------------------------------------------------------------------------------
 */

struct track_row {
    kith_value at, step, shipment, what, place, carrier, tracking, url, expected;
};
struct track {
    kith_instance *self;
    struct track_row *items;
    uint64_t count, room;
    kith_value expected; /* the last day on which something should arrive */
};

static kith_status add_row(struct track *t, const kith_txn *txn, const struct track_row *row,
                           kith_error *err) {
    KITH_TRY(KITH_GROW(t->self, txn, t, err));
    t->items[t->count++] = *row;
    return KITH_OK;
}

static kith_status add_parcel(struct track *t, const kith_txn *txn, const struct parcel *p,
                              kith_error *err) {
    struct step *steps;
    uint64_t count = 0;
    const struct track_row base = {.shipment = p->number,
                                   .carrier = p->carrier,
                                   .tracking = p->tracking,
                                   .url = p->tracking_url,
                                   .expected = p->expected};
    const struct {
        const char *step;
        kith_value at;
    } own[] = {{"packed", p->created}, {"shipped", p->shipped_at}, {"delivered", p->delivered_at}};
    KITH_TRY(KITH_FIND(t->self, txn, care.step, t->self->care.query.steps, 1, &p->id, &steps,
                       &count, err));
    for (int i = 0; i < 3; i++) {
        struct track_row row = base;
        row.step = kith_text(own[i].step);
        row.at = own[i].at;
        if (kith_has(row.at))
            KITH_TRY(add_row(t, txn, &row, err));
    }
    for (uint64_t i = 0; i < count; i++) {
        struct track_row row = base;
        row.step = kith_text("under_way");
        row.at = steps[i].at.kind == KITH_TIME ? steps[i].at : steps[i].created;
        row.what = steps[i].what;
        row.place = steps[i].place;
        KITH_TRY(add_row(t, txn, &row, err));
    }
    if (!kith_is(p->state, "delivered") && kith_has(p->expected) &&
        (!kith_has(t->expected) || t->expected.as.i < p->expected.as.i))
        t->expected = p->expected;
    return KITH_OK;
}

/* What happens at one moment stays as it was added: what is packed comes before what is shipped. */
static void sort_rows(struct track *t) {
    for (uint64_t i = 1; i < t->count; i++) {
        const struct track_row row = t->items[i];
        uint64_t k = i;
        for (; k > 0 && t->items[k - 1].at.as.i > row.at.as.i; k--)
            t->items[k] = t->items[k - 1];
        t->items[k] = row;
    }
}

static kith_status collect(struct track *t, const kith_txn *txn, const struct tracked *order,
                           kith_error *err) {
    struct parcel *parcels;
    uint64_t count = 0;
    const struct track_row placed = {.at = order->placed_at, .step = kith_text("placed")},
                           paid = {.at = order->settled_at, .step = kith_text("paid")};
    if (kith_has(placed.at))
        KITH_TRY(add_row(t, txn, &placed, err));
    if (kith_has(paid.at))
        KITH_TRY(add_row(t, txn, &paid, err));
    KITH_TRY(KITH_FIND(t->self, txn, care.parcel, t->self->care.query.parcels, 1, &order->id,
                       &parcels, &count, err));
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(add_parcel(t, txn, &parcels[i], err));
    sort_rows(t);
    return KITH_OK;
}

/* -- the answer ---------------------------------------------------------------------------------
 */

static void say(const struct track *t, const struct tracked *o, char *out, size_t room) {
    char day[KITH_NUMBER_TEXT] = "";
    const long long lines = (long long)o->lines.as.i, left = (long long)o->to_ship.as.i,
                    away = (long long)o->undelivered.as.i;
    if (t->expected.kind == KITH_DATE)
        t->self->numbers->text(&t->expected, day);
    if (kith_is(o->state, "delivered"))
        (void)snprintf(out, room, "All of it has arrived.");
    else if (kith_is(o->state, "returned") || kith_is(o->state, "cancelled") ||
             o->placed_at.kind != KITH_TIME)
        (void)snprintf(out, room, "It is %.*s.", KITH_CHARS(o->state.as.s));
    else
        (void)snprintf(out, room, "%lld of %lld line%s %s left; %lld of %lld shipment%s %s%s%s.",
                       lines - left, lines, lines == 1 ? "" : "s",
                       lines - left == 1 ? "has" : "have", away, (long long)o->shipments.as.i,
                       o->shipments.as.i == 1 ? "" : "s",
                       away == 1 ? "has not arrived" : "have not arrived",
                       *day ? ", which is expected by " : "", day);
}

static kith_status track_action(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *txn = self->calls->view(call);
    struct {
        kith_value number, email;
    } args;

    struct track t = {.self = self};
    struct tracked order;
    char status[200];
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    KITH_TRY(track_find(self, txn, args.number, args.email, &order, err));
    KITH_TRY(collect(&t, txn, &order, err));
    for (uint64_t i = 0; i < t.count; i++)
        KITH_TRY(KITH_ROW(self, call, &t.items[i], err));
    say(&t, &order, status, sizeof status);
    const struct {
        kith_value order, number, state, placed_at, expected, status;
    } results = {order.id,        order.number, order.state,
                 order.placed_at, t.expected,   kith_text(status)};
    return KITH_RESULTS(self, call, &results, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field step_fields[] = {
    F("shipment", LINK, .options = "shipment", .flags = KITH_FF_REQUIRED | KITH_FF_PARTOF,
      .doc = "Of which shipment."),
    F("at", TIME, .doc = "When it was there; when it was written down, if nothing is said."),
    F("what", TEXT, .flags = KITH_FF_REQUIRED,
      .doc = "What the carrier tells: in the depot, out for delivery, nobody at home."),
    F("place", TEXT, .doc = "Where."),
};
static const kith_type types[] = {
    {.name = "shipment_step",
     .label = "Step of a shipment",
     .doc = "A point on the way of a shipment, as its carrier tells it.",
     .title = "what",
     .fields = KITH_ARRAY(step_fields)},
};
static const kith_field params[] = {
    F("number", TEXT, .flags = KITH_FF_REQUIRED,
      .doc = "The number of the order, or a carrier's tracking number."),
    F("email", EMAIL,
      .doc = "The mail address of who asks; an order of somebody else is not there then."),
};
static const kith_field results[] = {
    F("order", LINK, .options = "order", .doc = "The order."),
    F("number", TEXT, .doc = "Its number."),
    F("state", TEXT, .doc = "Where it stands."),
    F("placed_at", TIME, .doc = "When it was ordered."),
    F("expected", DATE, .doc = "By when what is under way should arrive."),
    F("status", TEXT, .doc = "The same in a sentence."),
};
static const kith_field columns[] = {
    F("at", TIME, .doc = "When."),
    F("step", CHOICE, .options = "placed,paid,packed,shipped,under_way,delivered",
      .doc = "What happened."),
    F("shipment", TEXT, .doc = "To which shipment."),
    F("what", TEXT, .doc = "What the carrier tells."),
    F("place", TEXT, .doc = "Where it was."),
    F("carrier", TEXT, .doc = "Who brings it."),
    F("tracking", TEXT, .doc = "The number by which the carrier knows it."),
    F("url", URL, .doc = "Where the way is seen."),
    F("expected", DATE, .doc = "When it should arrive."),
};
static const kith_action actions[] = {
    {.name = "track",
     .doc = "Where an order is: its state, and each step of it and its shipments with the time.",
     .effect = KITH_EFFECT_READ,
     .fn = track_action,
     .params = KITH_ARRAY(params),
     .results = KITH_ARRAY(results),
     .columns = KITH_ARRAY(columns)},
};

static const kith_want wants[] = {
    KITH_WANT_RECORD("order", care.tracked, TRACKED),
    KITH_WANT_RECORD("shipment", care.parcel, PARCEL),
    KITH_WANT_RECORD("shipment_step", care.step, STEP),
    KITH_WANT(QUERY, "order where number = :number limit 1", care.query.by_number),
    KITH_WANT(QUERY, "shipment where tracking = :tracking limit 2", care.query.by_tracking),
    KITH_WANT(QUERY,
              "order where id = :order and (account.email >= :email and account.email <= :email or"
              " exists(contact_point of contact where kind = 'email' and normal >= :email and"
              " normal <= :email))",
              care.query.whose),
    KITH_WANT(QUERY, "shipment where order = :order order by id limit 200", care.query.parcels),
    KITH_WANT(QUERY, "shipment_step where shipment = :shipment order by id limit 500",
              care.query.steps),
};
const kith_part track_part = {
    .struct_size = sizeof track_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .actions = KITH_ARRAY(actions),
};
