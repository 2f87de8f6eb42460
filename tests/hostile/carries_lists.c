/* SPDX-License-Identifier: Apache-2.0 */
/* The other good one: its event carries lists and what else JSON knows only as text, and a reaction
 * writes them into the record that the event is about. */
#include "hostile.h"
#include <stdlib.h>

struct kith_instance {
    const kith_records_v1 *records;
    const kith_events_v1 *events;
    const kith_calls_v1 *calls;
    uint32_t parcel, fields[4], sent;
};

static const char *const names[] = {"labels", "others", "price", "about"};

static kith_status create(const kith_host *host, kith_instance **out, kith_error *err) {
    kith_instance *self = calloc(1, sizeof *self);
    if (!self)
        return KITH_E_NOMEM;
    self->records = host->table(host, KITH_RECORDS_1);
    self->events = host->table(host, KITH_EVENTS_1);
    self->calls = host->table(host, KITH_CALLS_1);
    kith_status st = self->records->type(host, kith_str_of("parcel"), &self->parcel, err);
    for (int i = 0; st == KITH_OK && i < 4; i++)
        st = self->records->field(host, self->parcel, kith_str_of(names[i]), &self->fields[i], err);
    if (st == KITH_OK)
        st = self->events->topic(host, kith_str_of("parcel.sent"), &self->sent, err);
    if (st == KITH_OK)
        *out = self;
    else
        free(self);
    return st;
}

static void destroy(kith_instance *self) {
    free(self);
}

static kith_status send(kith_instance *self, kith_call *call, kith_error *err) {
    kith_txn *txn = self->calls->txn(call);
    kith_value args[4], made;
    kith_id id;
    kith_status st = self->records->create(txn, self->parcel, 0, NULL, NULL, &id, err);
    for (uint32_t i = 0; st == KITH_OK && i < 4; i++)
        st = self->calls->arg(call, i, &args[i], err);
    if (st == KITH_OK)
        st = self->events->publish(txn, self->sent, self->parcel, id, 4, args, err);
    made = kith_link(self->parcel, id);
    return st == KITH_OK ? self->calls->result(call, 0, &made, err) : st;
}

static kith_status arrived(kith_instance *self, kith_txn *txn, const kith_event *event,
                           kith_error *err) {
    kith_value values[4];
    kith_status st = KITH_OK;
    for (int i = 0; st == KITH_OK && i < 4; i++)
        st = self->events->payload(txn, event, kith_str_of(names[i]), &values[i], err);
    return st == KITH_OK
               ? self->records->update(txn, event->type, event->id, 4, self->fields, values, err)
               : st;
}

static const kith_field fields[] = {
    {.name = "labels", .kind = KITH_F_TAGS, .doc = "Any."},
    {.name = "others", .kind = KITH_F_LINKS, .options = "parcel", .doc = "Any."},
    {.name = "price", .kind = KITH_F_MONEY, .doc = "Any."},
    {.name = "about", .kind = KITH_F_LINK, .options = "*", .doc = "Any."},
};
static const kith_field results[] = {
    {.name = "parcel", .kind = KITH_F_LINK, .options = "parcel", .doc = "What was sent."}};
static const kith_type types[] = {
    {.name = "parcel", .fields = KITH_ARRAY(fields), .doc = "Gets what the event carries."}};
static const kith_topic topics[] = {
    {.name = "parcel.sent", .schema = 1, .fields = KITH_ARRAY(fields), .doc = "It was sent."}};
static const kith_reaction reactions[] = {
    {.name = "arrived", .topic = "parcel.sent", .fn = arrived, .doc = "Writes what it carries."}};
static const kith_action actions[] = {{.name = "send",
                                       .effect = KITH_EFFECT_WRITE,
                                       .fn = send,
                                       .params = KITH_ARRAY(fields),
                                       .results = KITH_ARRAY(results),
                                       .doc = "Sends one."}};
HOSTILE("carries_lists", .create = create, .destroy = destroy, .types = KITH_ARRAY(types),
        .topics = KITH_ARRAY(topics), .reactions = KITH_ARRAY(reactions),
        .actions = KITH_ARRAY(actions))
