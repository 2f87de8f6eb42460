/* SPDX-License-Identifier: Apache-2.0 */
/* No lead left behind: an interaction with a lead is noted on it, and a new lead is being worked on
 * from the first one on. */
#include "sales.h"

kith_status contact_stamp(kith_instance *self, kith_txn *txn, const kith_event *event,
                          kith_error *err) {
    struct interaction talk;
    struct lead was, lead;
    KITH_TRY(KITH_READ(self, txn, interaction, event->record, &talk, err));
    if (talk.about.kind != KITH_LINK || talk.about.as.link.type != self->lead.type)
        return KITH_OK;
    const kith_status st = KITH_LOAD(self, txn, lead, talk.about.as.link.id, &was, err);
    if (st != KITH_OK)
        return kith_or_none(st); /* deleted in the meantime */
    const kith_value at = kith_has(talk.at) ? talk.at : kith_time(event->at);
    lead = was;
    if (!kith_has(lead.last_contacted) || lead.last_contacted.as.i < at.as.i)
        lead.last_contacted = at;
    if (kith_is(lead.state, "new"))
        lead.state = kith_text("working");
    return KITH_UPDATE(self, txn, lead, &was, &lead, err);
}
