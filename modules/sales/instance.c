/* SPDX-License-Identifier: Apache-2.0 */
/* The instance: host tables, settings and numbers, asked for once. */
#include "sales.h"
#include <stddef.h>
#include <stdlib.h>

static kith_status find_tables(kith_instance *self, kith_error *err) {
    const kith_host *host = self->host;
    self->records = host->table(host, KITH_RECORDS_1);
    self->events = host->table(host, KITH_EVENTS_1);
    self->calls = host->table(host, KITH_CALLS_1);
    self->settings = host->table(host, KITH_SETTINGS_1);
    if (KITH_HAS(self->records, set) && KITH_HAS(self->events, info) &&
        KITH_HAS(self->calls, result) && KITH_HAS(self->settings, where))
        return KITH_OK;
    return kith_fail(err, KITH_E_UNSUPPORTED, NULL, "this Kith is too old for sales");
}

kith_status sales_setting(const kith_instance *self, const char *key, kith_value *value,
                          kith_error *err) {
    return self->settings->get(self->host, kith_str_of(key), value, err);
}

const char *sales_place(const kith_instance *self, const char *key) {
    return self->settings->where(self->host, kith_str_of(key)).ptr;
}

kith_status picks_add(struct picks *picks, const kith_txn *txn, kith_id id, int64_t number,
                      kith_error *err) {
    struct pick *pick = picks->self->host->memory(txn, sizeof *pick);
    if (!pick)
        return kith_fail(err, KITH_E_NOMEM, NULL, "there is no memory for more records");
    *pick = (struct pick){id, number, NULL};
    *(picks->last ? &picks->last->next : &picks->first) = pick;
    picks->last = pick;
    picks->count++;
    return KITH_OK;
}

/* -- numbers ----------------------------------------------------------------------------------- */

/* A type, or a field of the type above it, and where in the instance its number goes. */
struct number {
    const char *type, *field;
    size_t at;
};
#define TYPE(t)                                                                                    \
    { #t, NULL, offsetof(struct kith_instance, t.type) }
#define FIELD(t, f)                                                                                \
    { NULL, #f, offsetof(struct kith_instance, t.f) }
static const struct number numbers[] = {
    TYPE(interaction),
    FIELD(interaction, at),
    FIELD(interaction, about),
    TYPE(account),
    FIELD(account, name),
    FIELD(account, kind),
    FIELD(account, owner),
    TYPE(contact),
    FIELD(contact, name),
    FIELD(contact, account),
    FIELD(contact, email),
    FIELD(contact, phone),
    FIELD(contact, source),
    FIELD(contact, owner),
    TYPE(contact_point),
    FIELD(contact_point, contact),
    TYPE(user),
    FIELD(user, takes_leads),
    FIELD(user, lead_turn),
    TYPE(lead),
    FIELD(lead, name),
    FIELD(lead, contact),
    FIELD(lead, account),
    FIELD(lead, company),
    FIELD(lead, email),
    FIELD(lead, phone),
    FIELD(lead, source),
    FIELD(lead, campaign),
    FIELD(lead, interest),
    FIELD(lead, state),
    FIELD(lead, score),
    FIELD(lead, rating),
    FIELD(lead, last_contacted),
    FIELD(lead, owner),
    TYPE(opportunity),
    FIELD(opportunity, name),
    FIELD(opportunity, account),
    FIELD(opportunity, contact),
    FIELD(opportunity, lead),
    FIELD(opportunity, stage),
    FIELD(opportunity, amount),
    FIELD(opportunity, probability),
    FIELD(opportunity, signal),
    FIELD(opportunity, close_on),
    FIELD(opportunity, closed_at),
    FIELD(opportunity, source),
    FIELD(opportunity, campaign),
    FIELD(opportunity, description),
    FIELD(opportunity, win_reason),
    FIELD(opportunity, loss_reason),
    FIELD(opportunity, loss_note),
    FIELD(opportunity, owner),
};

static kith_status find_numbers(kith_instance *self, kith_error *err) {
    const kith_records_v1 *rec = self->records;
    uint32_t type = 0;
    kith_status st = KITH_OK;
    for (size_t i = 0; st == KITH_OK && i < sizeof numbers / sizeof *numbers; i++) {
        const struct number *n = &numbers[i];
        uint32_t *out = (uint32_t *)(void *)((char *)self + n->at);
        st = n->type ? rec->type(self->host, kith_str_of(n->type), out, err)
                     : rec->field(self->host, type, kith_str_of(n->field), out, err);
        if (n->type)
            type = *out;
    }
    return st;
}

static kith_status find_queries(kith_instance *self, kith_error *err) {
    const struct {
        const char *text;
        uint32_t *number;
    } queries[] = {
        {OPEN_LEADS, &self->query.open_leads},
        {OPEN_OPPORTUNITIES, &self->query.open_opportunities},
        {UNASSIGNED_LEADS, &self->query.unassigned},
        {ACCOUNTS_NAMED, &self->query.accounts_named},
        {ADDRESSES, &self->query.addresses},
        {MEMBERS, &self->query.members},
        {LOGIN, &self->query.login},
        {LAST_TURN, &self->query.last_turn},
    };
    kith_status st = KITH_OK;
    for (size_t i = 0; st == KITH_OK && i < sizeof queries / sizeof *queries; i++)
        st = self->records->query(self->host, kith_str_of(queries[i].text), queries[i].number, err);
    return st;
}

/* -- life -------------------------------------------------------------------------------------- */

static kith_status resolve(kith_instance *self, kith_error *err) {
    kith_status st = find_tables(self, err);
    if (st == KITH_OK)
        st = find_numbers(self, err);
    if (st == KITH_OK)
        st = find_queries(self, err);
    if (st == KITH_OK)
        st = score_read_rules(self, err);
    if (st == KITH_OK)
        st = pipeline_read_settings(self, err);
    return st == KITH_OK ? assign_read_settings(self, err) : st;
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
