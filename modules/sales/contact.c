/* SPDX-License-Identifier: Apache-2.0 */
/* No lead left behind: an interaction with a lead is noted on it, and a new lead is being worked on
 * from the first one on. */
#include "sales.h"

/* When the interaction took place: what it says, else when it was recorded. */
static kith_status time_of(const kith_instance *self, const kith_txn *txn, const kith_event *info,
                           kith_value *at, kith_error *err) {
    KITH_TRY(self->records->read(txn, info->record, 1, &self->interaction.at, at, err));
    if (at->kind != KITH_TIME)
        *at = kith_time(info->at);
    return KITH_OK;
}

static kith_status stamp_lead(kith_instance *self, kith_txn *txn, kith_id lead,
                              const kith_value *at, kith_error *err) {
    const kith_records_v1 *rec = self->records;
    const uint32_t fields[] = {self->lead.last_contacted, self->lead.state};
    const kith_row *row;
    kith_value now[2];
    kith_status st = rec->get(txn, self->lead.type, lead, &row, err);
    if (st == KITH_E_NOTFOUND)
        return KITH_OK; /* deleted in the meantime */
    if (st == KITH_OK)
        st = rec->read(txn, row, 2, fields, now, err);
    if (st != KITH_OK)
        return st;
    if (now[0].kind != KITH_TIME || now[0].as.i < at->as.i)
        now[0] = *at;
    if (kith_is(now[1], "new"))
        now[1] = kith_text("working");
    return rec->update(txn, self->lead.type, lead, 2, fields, now, err);
}

kith_status contact_stamp(kith_instance *self, kith_txn *txn, const kith_event *event,
                          kith_error *err) {
    kith_value about, at;
    KITH_TRY(self->records->read(txn, event->record, 1, &self->interaction.about, &about, err));
    if (about.kind != KITH_LINK || about.as.link.type != self->lead.type)
        return KITH_OK;
    KITH_TRY(time_of(self, txn, event, &at, err));
    return stamp_lead(self, txn, about.as.link.id, &at, err);
}
