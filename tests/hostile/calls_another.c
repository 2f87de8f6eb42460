/* SPDX-License-Identifier: Apache-2.0 */
/* A good module that calls the actions of another one, and what it may not. One of its own writes
 * what one of its hooks fails at. */
#include "hostile.h"

struct kith_instance {
    const kith_host *host;
    const kith_calls_v1 *calls;
    const kith_records_v1 *records;
    uint32_t make, total, echo;
};

static const kith_want wants[] = {
    KITH_WANT(HOST, NULL, host),
    KITH_WANT(TABLE, KITH_CALLS_1, calls),
    KITH_WANT(TABLE, KITH_RECORDS_1, records),
    KITH_WANT(TYPE, "echo", echo),
    KITH_WANT(ACTION, "every_row.make", make),
    KITH_WANT(ACTION, "every_row.total", total),
};

/* Makes a thing by the other's action, and answers how many there are then. */
static kith_status both(kith_instance *self, kith_call *call, kith_error *err) {
    kith_txn *txn = self->calls->txn(call);
    const kith_value thing[2] = {kith_text("made by a call"), kith_number(KITH_INT, 5)};
    const kith_value least = kith_null();
    kith_value made, totals[2];
    kith_status st = self->calls->call(txn, self->make, 2, thing, 1, &made, err);
    if (st == KITH_OK)
        st = self->calls->call(txn, self->total, 1, &least, 2, totals, err);
    return st == KITH_OK ? self->calls->result(call, 0, &totals[0], err) : st;
}

/* Calls what writes, from what reads. */
static kith_status peek(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_value thing[2] = {kith_text("never"), kith_null()};
    kith_value made;
    return self->calls->call(self->calls->view(call), self->make, 2, thing, 1, &made, err);
}

/* Asks for fewer results than there are. */
static kith_status fewer(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_value least = kith_null();
    kith_value count;
    return self->calls->call(self->calls->view(call), self->total, 1, &least, 1, &count, err);
}

static kith_status stumble(kith_instance *self, kith_call *call, kith_error *err) {
    return self->records->create(self->calls->txn(call), self->echo, 0, NULL, NULL, NULL, err);
}
static kith_status break_down(kith_instance *self, kith_txn *txn, kith_change *change,
                              kith_error *err) {
    (void)self, (void)txn, (void)change;
    return kith_fail(err, KITH_E_INTERNAL, NULL, "out of order");
}

static const kith_field echo_fields[] = {{.name = "word", .kind = KITH_F_TEXT, .doc = "Said."}};
static const kith_type types[] = {{.name = "echo",
                                   .title = "word",
                                   .fields = KITH_ARRAY(echo_fields),
                                   .doc = "What comes back."}};
static const kith_hook hooks[] = {{.name = "break_down",
                                   .type = "echo",
                                   .on = KITH_ON_CREATE,
                                   .fn = break_down,
                                   .doc = "Fails."}};
static const kith_field results[] = {{.name = "count", .kind = KITH_F_INTEGER, .doc = "Things."}};
static const kith_action actions[] = {
    {.name = "both",
     .doc = "Makes and counts.",
     .effect = KITH_EFFECT_WRITE,
     .fn = both,
     .results = KITH_ARRAY(results)},
    {.name = "peek", .doc = "Writes while it reads.", .effect = KITH_EFFECT_READ, .fn = peek},
    {.name = "fewer", .doc = "Wants fewer results.", .effect = KITH_EFFECT_READ, .fn = fewer},
    {.name = "stumble", .doc = "Creates an echo.", .effect = KITH_EFFECT_WRITE, .fn = stumble},
};
static const kith_require needs[] = {{"every_row", 1, 0}};
HOSTILE("calls_another", .requirements = KITH_ARRAY(needs), .actions = KITH_ARRAY(actions),
        .types = KITH_ARRAY(types), .hooks = KITH_ARRAY(hooks),
        .instance_size = sizeof(struct kith_instance), .wants = KITH_ARRAY(wants))
