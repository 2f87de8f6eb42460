/* SPDX-License-Identifier: Apache-2.0 */
/* What a lead does moves its score at once: what it looks at, writes, asks and visits. Its record
 * is not written by that, so that the rules are asked again after each of these events: one lead
 * for one event, and written only when its score, heat or chance is another. And who wrote last,
 * they or we, so that nobody waits for an answer. */
#include "sales.h"

static kith_status rescore_about(kith_instance *self, kith_txn *txn, const kith_value *about,
                                 kith_error *err) {
    return about->kind == KITH_LINK && about->as.link.type == self->lead.type
               ? score_acted(self, txn, self->acts.lead, about, err)
               : KITH_OK;
}

/* Who it is about now, and who it was about before it was corrected. */
static kith_status acted(kith_instance *self, kith_txn *txn, const kith_event *event,
                         const uint32_t fields[2], kith_error *err) {
    kith_value now[2], before;
    KITH_TRY(self->records->read(txn, event->record, 2, fields, now, err));
    KITH_TRY(rescore_about(self, txn, &now[0], err));
    if (!kith_has(now[0]) && now[1].kind == KITH_LINK)
        KITH_TRY(score_acted(self, txn, self->acts.of_contact, &now[1], err));
    if (event->kind == KITH_ON_UPDATE &&
        self->events->change(txn, event, fields[0], &before, NULL, NULL) == KITH_OK)
        KITH_TRY(rescore_about(self, txn, &before, err));
    return KITH_OK;
}

static kith_status talked(kith_instance *self, kith_txn *txn, const kith_event *event,
                          kith_error *err) {
    const uint32_t fields[] = {self->cadences.viewing.about, self->cadences.viewing.contact};
    return acted(self, txn, event, fields, err);
}

static kith_status shown(kith_instance *self, kith_txn *txn, const kith_event *event,
                         kith_error *err) {
    const uint32_t fields[] = {self->cadences.exposure.lead, self->cadences.exposure.contact};
    return acted(self, txn, event, fields, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

#define TOOK_PLACE "(planned is null or not planned)"
#define WROTE                                                                                      \
    TOOK_PLACE " and direction = 'in' and channel in ('email', 'form', 'chat', 'sms', 'social', "  \
               "'mail')"
#define ANSWERED TOOK_PLACE " and (direction = 'out' or channel in ('call', 'meeting', 'store'))"
#define WHO_WROTE_LAST(via)                                                                        \
    F("last_wrote", TIME, .flags = KITH_FF_INDEXED,                                                \
      .rollup = "max(interaction.at via " via " where " WROTE ")",                                 \
      .doc = "When they last wrote to us, by mail, form or chat."),                                \
        F("last_answered", TIME, .rollup = "max(interaction.at via " via " where " ANSWERED ")",   \
          .doc = "When we last wrote to them, or somebody talked with them.")
static const kith_field lead_fields[] = {WHO_WROTE_LAST("about")};
static const kith_field contact_fields[] = {WHO_WROTE_LAST("contact")};
static const kith_type types[] = {
    {.name = "lead", .fields = KITH_ARRAY(lead_fields), .extends = 1},
    {.name = "contact", .fields = KITH_ARRAY(contact_fields), .extends = 1},
};

#define WAITS(who) "(" who "last_answered is null or " who "last_answered < last_wrote)"
#define LATELY     "last_wrote > now() - 90d and last_wrote < now() - business_hours(4)"
static const kith_report reports[] = {
    {.name = "unanswered",
     .doc = "Leads that wrote, and whom nobody answered within four working hours.",
     .query = "lead where " LATELY " and " OPEN_LEAD
              " and " WAITS("") " and " WAITS("contact.") " order by last_wrote",
     .fields = "id,name,company,last_wrote,last_answered,rating,phone,email,owner.name"},
    {.name = "unanswered_customers",
     .doc = "Contacts that wrote, and whom nobody answered within four working hours.",
     .query = "contact where " LATELY " and " WAITS("") " order by last_wrote",
     .fields = "id,name,account.name,last_wrote,last_answered,phone,email,owner.name"},
};

#define ABOUT "about is not null or contact is not null"
static const char *const state_only[] = {"state"};
static const kith_reaction reactions[] = {
    {.name = "talked",
     .topic = "interaction.created",
     .fn = talked,
     .where = ABOUT,
     .doc = "Computes the score of a lead again that did something."},
    {.name = "talk_corrected",
     .topic = "interaction.updated",
     .fn = talked,
     .doc = "The same, when it was written down otherwise."},
    {.name = "talk_deleted",
     .topic = "interaction.deleted",
     .fn = talked,
     .doc = "The same, when it was not so."},
    {.name = "shown",
     .topic = "exposure.created",
     .fn = shown,
     .doc = "Computes the score of a lead again that was shown something."},
    {.name = "viewed",
     .topic = "exposure.updated",
     .fn = shown,
     .fields = KITH_ARRAY(state_only),
     .doc = "The same, when it looked at it."},
    {.name = "exposure_deleted",
     .topic = "exposure.deleted",
     .fn = shown,
     .doc = "The same, when it was not so."},
};

static const kith_want wants[] = {
    KITH_WANT(QUERY, OPEN_LEADS " and id = :who", acts.lead),
    KITH_WANT(QUERY, OPEN_LEADS " and contact = :who order by -created limit 10", acts.of_contact),
};
const kith_part acts_part = {
    .struct_size = sizeof acts_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .reactions = KITH_ARRAY(reactions),
    .reports = KITH_ARRAY(reports),
};
