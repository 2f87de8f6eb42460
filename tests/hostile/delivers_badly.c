/* SPDX-License-Identifier: Apache-2.0 */
/* Delivers as it must not: what it was handed says how. Each effect is refused with the sentence
 * that the host answered with. */
#include "hostile.h"

struct kith_instance {
    const kith_records_v1 *records;
    const kith_calls_v1 *calls;
    const kith_deliveries_v1 *deliveries;
    uint32_t parcel, name, told, carry;
    kith_sending *kept; /* what a plugin must never keep */
};

static const kith_want wants[] = {
    KITH_WANT(TABLE, KITH_RECORDS_1, records),
    KITH_WANT(TABLE, KITH_CALLS_1, calls),
    KITH_WANT(TABLE, KITH_DELIVERIES_1, deliveries),
    KITH_WANT(TYPE, "bad_parcel", parcel),
    KITH_WANT(FIELD, "name", name),
    KITH_WANT(TOPIC, "bad_parcel.told", told),
    KITH_WANT(DELIVERY, "carry", carry),
};

static kith_status want(kith_instance *self, kith_call *call, kith_error *err) {
    kith_effect effect = {.struct_size = sizeof effect, .delivery = self->carry};
    kith_value how;
    kith_status st = self->calls->arg(call, 0, &how, err);
    effect.payload = how.as.s;
    if (st == KITH_OK && kith_str_is(how.as.s, "no delivery"))
        effect.delivery = 7;
    if (st == KITH_OK && kith_str_is(how.as.s, "no size"))
        effect.struct_size = 0;
    if (st == KITH_OK && kith_str_is(how.as.s, "cut size"))
        effect.struct_size -= 3;
    if (st == KITH_OK && kith_str_is(how.as.s, "half a subject"))
        effect.type = self->parcel;
    return st == KITH_OK ? self->deliveries->send(self->calls->txn(call), &effect, NULL, err) : st;
}

static kith_status carry(kith_instance *self, const kith_txn *view, kith_sending *sending,
                         kith_error *err) {
    kith_value values[2] = {kith_text("x"), kith_text("y")};
    kith_effect effect = {.struct_size = sizeof effect, .delivery = self->carry};
    union {
        const kith_txn *read;
        kith_txn *write;
    } cast = {.read = view};
    kith_status st = KITH_OK;
    if (kith_str_is(sending->payload, "write"))
        st = self->records->create(cast.write, self->parcel, 1, &self->name, values, NULL, err);
    else if (st == KITH_OK && kith_str_is(sending->payload, "send"))
        st = self->deliveries->send(cast.write, &effect, NULL, err);
    else if (st == KITH_OK && kith_str_is(sending->payload, "kept"))
        st = self->deliveries->later((kith_sending *)((char *)self->kept + 1), 1, err);
    else if (st == KITH_OK && kith_str_is(sending->payload, "too much"))
        st = self->deliveries->answer(sending, self->told, 2, values, err);
    else if (st == KITH_OK && kith_str_is(sending->payload, "odd"))
        return 7;
    else if (st == KITH_OK && kith_str_is(sending->payload, "silent"))
        return KITH_E_REFUSED;
    self->kept = sending;
    return st == KITH_OK ? KITH_OK : KITH_E_REFUSED;
}

static const kith_field parcel_fields[] = {{.name = "name", .kind = KITH_F_TEXT}};
static const kith_type types[] = {{.name = "bad_parcel", .fields = KITH_ARRAY(parcel_fields)}};
static const kith_topic topics[] = {
    {"bad_parcel.told", 1, 0, KITH_ARRAY(parcel_fields), "Something was told."}};
static const kith_delivery deliveries[] = {{"carry", carry, "Carries badly."}};
static const kith_field params[] = {{.name = "how", .kind = KITH_F_TEXT, .doc = "How badly."}};
static const kith_action actions[] = {{.name = "want",
                                       .doc = "Wants it.",
                                       .effect = KITH_EFFECT_EXTERNAL,
                                       .fn = want,
                                       .params = KITH_ARRAY(params)}};
HOSTILE("delivers_badly", .instance_size = sizeof(struct kith_instance), .wants = KITH_ARRAY(wants),
        .types = KITH_ARRAY(types), .topics = KITH_ARRAY(topics), .actions = KITH_ARRAY(actions),
        .deliveries = KITH_ARRAY(deliveries))
