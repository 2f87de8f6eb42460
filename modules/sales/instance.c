/* SPDX-License-Identifier: Apache-2.0 */
/* The instance: host tables and numbers, asked for once. */
#include "sales.h"
#include <stdlib.h>

static kith_status find_tables(kith_instance *self, kith_error *err) {
    const kith_host *host = self->host;
    self->records = host->table(host, KITH_RECORDS_1);
    self->events = host->table(host, KITH_EVENTS_1);
    self->calls = host->table(host, KITH_CALLS_1);
    if (KITH_HAS(self->records, set) && KITH_HAS(self->events, info) &&
        KITH_HAS(self->calls, result))
        return KITH_OK;
    return kith_fail(err, KITH_E_UNSUPPORTED, NULL, "this Kith is too old for sales");
}

/* A type and some of its fields. */
struct wanted {
    const char *name;
    uint32_t *number;
};

static kith_status find_numbers(kith_instance *self, const struct wanted *type,
                                const struct wanted *fields, size_t count, kith_error *err) {
    const kith_records_v1 *rec = self->records;
    kith_status st = rec->type(self->host, kith_str_of(type->name), type->number, err);
    for (size_t i = 0; st == KITH_OK && i < count; i++)
        st = rec->field(self->host, *type->number, kith_str_of(fields[i].name), fields[i].number,
                        err);
    return st;
}

static kith_status resolve(kith_instance *self, kith_error *err) {
    const struct wanted lead = {"lead", &self->lead.type};
    const struct wanted lead_fields[] = {
        {"state", &self->lead.state},
        {"score", &self->lead.score},
        {"rating", &self->lead.rating},
        {"last_contacted", &self->lead.last_contacted},
    };
    const struct wanted interaction = {"interaction", &self->interaction.type};
    const struct wanted interaction_fields[] = {
        {"at", &self->interaction.at},
        {"about", &self->interaction.about},
    };
    kith_status st = find_tables(self, err);
    if (st == KITH_OK)
        st = find_numbers(self, &lead, lead_fields, 4, err);
    if (st == KITH_OK)
        st = find_numbers(self, &interaction, interaction_fields, 2, err);
    if (st == KITH_OK)
        st = self->records->query(self->host, kith_str_of(OPEN_LEADS), &self->open_leads, err);
    return st == KITH_OK ? score_read_rules(self, err) : st;
}

kith_status sales_create(const kith_host *host, kith_instance **out, kith_error *err) {
    kith_instance *self = calloc(1, sizeof *self);
    if (!self)
        return KITH_E_NOMEM;
    self->host = host;
    kith_status st = resolve(self, err);
    if (st == KITH_OK)
        *out = self;
    else
        sales_destroy(self);
    return st;
}

void sales_destroy(kith_instance *self) {
    free(self->rules);
    free(self);
}
