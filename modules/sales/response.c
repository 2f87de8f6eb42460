/* SPDX-License-Identifier: Apache-2.0 */
/* Responses to campaigns: each finds the lead of whoever responded, or makes one. Written by an
 * import, a form, a rule or the campaign itself, they are all the same. What is done about a
 * response is said by workflows that hear lead.responded. */
#include "sales.h"

/* The first one that a query finds by a value; no value finds nobody. */
static kith_status first_by(kith_instance *self, const kith_txn *txn, uint32_t query,
                            kith_value value, kith_id *out, kith_error *err) {
    struct only first;
    if (*out || !kith_has(value))
        return KITH_OK;
    KITH_TRY(KITH_FIRST(self, txn, lead, query, 1, &value, &first, err));
    *out = first.id.as.link.id;
    return KITH_OK;
}

/* Whom the address belongs to, when it belongs to one. */
static kith_status contact_of(kith_instance *self, const kith_txn *txn, struct response *r,
                              kith_error *err) {
    struct contact_point *points;
    uint64_t count;
    if (kith_has(r->contact) || !kith_has(r->email))
        return KITH_OK;
    KITH_TRY(KITH_FIND(self, txn, contact_point, self->query.addresses, 1, &r->email, &points,
                       &count, err));
    if (count == 1)
        r->contact = points[0].contact;
    return KITH_OK;
}

static kith_value first_given(const kith_value *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (kith_has(values[i]))
            return values[i];
    return kith_null();
}

/* A contact that responds gets a lead of its own, with its owner: it may buy once more. is_owned:
 * the response belongs to the program that wrote it down, which does not make the lead its own
 * where leads are assigned. */
static kith_status make_lead(kith_instance *self, kith_txn *txn, const struct response *r,
                             int32_t is_owned, kith_id *lead, kith_error *err) {
    struct contact known;
    KITH_TRY(KITH_FOLLOW(self, txn, contact, r->contact, &known, err));
    const kith_value names[] = {r->name, known.name, r->company, r->email, r->phone};
    const kith_value owners[] = {is_owned ? kith_null() : r->owner, known.owner,
                                 self->assigns_new_leads ? kith_null() : r->owner};
    struct lead made = {.name = first_given(names, sizeof names / sizeof *names),
                        .contact = r->contact,
                        .account = known.account,
                        .company = r->company,
                        .email = kith_has(r->email) ? r->email : known.email,
                        .phone = kith_has(r->phone) ? r->phone : known.phone,
                        .campaign = r->campaign,
                        .interest = r->interest,
                        .source = kith_has(r->source) ? r->source : kith_text("campaign"),
                        .owner = first_given(owners, sizeof owners / sizeof *owners)};
    KITH_TRY(KITH_CREATE(self, txn, lead, &made, err));
    *lead = made.id.as.link.id;
    return KITH_OK;
}

/* What the lead does not say yet it is given; what it says stays. */
static kith_status complete_lead(kith_instance *self, kith_txn *txn, const struct response *r,
                                 kith_id id, kith_error *err) {
    struct lead was, lead;
    KITH_TRY(KITH_LOAD(self, txn, lead, id, &was, err));
    lead = was;
    const struct {
        kith_value *is;
        const kith_value *given;
    } all[] = {{&lead.contact, &r->contact},   {&lead.company, &r->company},
               {&lead.phone, &r->phone},       {&lead.email, &r->email},
               {&lead.campaign, &r->campaign}, {&lead.interest, &r->interest}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!kith_has(*all[i].is))
            *all[i].is = *all[i].given;
    return KITH_UPDATE(self, txn, lead, &was, &lead, err);
}

static kith_status log_it(kith_instance *self, kith_txn *txn, const struct response *r,
                          kith_id lead, kith_error *err) {
    char subject[200];
    struct cadence_lead about;
    (void)snprintf(subject, sizeof subject, "Response to %.*s", KITH_CUT(r->campaign.as.s, 150));
    KITH_TRY(KITH_LOAD(self, txn, cadences.lead, lead, &about, err));
    struct viewing v = {.about = kith_link(self->lead.type, lead),
                        .owner = about.owner,
                        .contact = r->contact,
                        .channel = r->channel,
                        .direction = kith_text("in"),
                        .at = r->at,
                        .subject = r->subject.kind ? r->subject : kith_text(subject),
                        .asked_for = r->asked_for,
                        .planned = kith_bool(0)};
    return KITH_CREATE(self, txn, cadences.viewing, &v, err);
}

/* In the transaction of the response, so that its answer has the lead. */
static kith_status responded(kith_instance *self, kith_txn *txn, kith_change *change,
                             kith_error *err) {
    struct response was, r;
    kith_id lead = 0;
    KITH_TRY(KITH_CHANGE(self, txn, change, cadences.response, &was, err));
    if (change->origin == KITH_ORIGIN_UNDO)
        return KITH_OK;
    r = was;
    KITH_TRY(contact_of(self, txn, &r, err));
    KITH_TRY(first_by(self, txn, self->cadences.query.lead_of, r.contact, &lead, err));
    KITH_TRY(first_by(self, txn, self->cadences.query.lead_mail, r.email, &lead, err));
    KITH_TRY(first_by(self, txn, self->cadences.query.lead_phone, r.phone, &lead, err));
    r.known = kith_text(lead ? "lead" : r.contact.kind ? "contact" : "new");
    KITH_TRY(lead ? complete_lead(self, txn, &r, lead, err)
                  : make_lead(self, txn, &r, change->owned, &lead, err));
    KITH_TRY(log_it(self, txn, &r, lead, err));
    r.lead = kith_link(self->lead.type, lead);
    KITH_TRY(KITH_UPDATE(self, txn, cadences.response, &was, &r, err));
    const kith_value told[] = {r.campaign, r.known, r.id};
    return self->events->publish(txn, self->cadences.responded, self->lead.type, lead, 3, told,
                                 err);
}

static kith_status response_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                 kith_error *err) {
    struct response r;
    KITH_TRY(KITH_CHANGE(self, txn, change, cadences.response, &r, err));
    const kith_value who[] = {r.name, r.email, r.phone, r.contact, r.company};
    if (!kith_has(first_given(who, sizeof who / sizeof *who)))
        return kith_fail(err, KITH_E_REFUSED, "name",
                         "name: say who responded: a name, an address, a number or a contact");
    return KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field fields[] = {
    F("campaign", TEXT, .flags = KITH_FF_REQUIRED | KITH_FF_INDEXED | KITH_FF_SEARCHED,
      .doc = "To which campaign."),
    F("name", TEXT, .flags = KITH_FF_PERSONAL | KITH_FF_SEARCHED, .doc = "Who responded."),
    F("email", EMAIL, .flags = KITH_FF_PERSONAL | KITH_FF_INDEXED, .doc = "Mail address."),
    F("phone", PHONE, .flags = KITH_FF_PERSONAL, .doc = "Number."),
    F("company", TEXT, .doc = "The organisation."),
    F("contact", LINK, .options = "contact", .flags = KITH_FF_SUBJECT,
      .doc = "The person, when there is a contact; else the one with that mail address."),
    F("interest", LONGTEXT, .doc = "What they are interested in."),
    F("source", CHOICE, .options = SOURCES,
      .doc = "Where a new lead came from; campaign when nothing is said."),
    F("channel", CHOICE, .options = "email,call,sms,meeting,chat,social,web,form,mail,store,other",
      .default_text = "form", .flags = KITH_FF_REQUIRED, .doc = "By which medium."),
    F("subject", TEXT, .flags = KITH_FF_PERSONAL, .doc = "About what, in one line."),
    ASKED_FOR,
    F("at", TIME, .flags = KITH_FF_INDEXED, .doc = "When; when it was written down, else."),
    F("lead", LINK, .options = "lead", .flags = KITH_FF_READONLY | KITH_FF_INDEXED,
      .doc = "The lead that it was about, or that was made of it."),
    F("known", CHOICE, .options = "new,lead,contact", .flags = KITH_FF_READONLY | KITH_FF_INDEXED,
      .doc = "Whether they were a lead or a contact before."),
    F("external_id", TEXT, .flags = KITH_FF_INDEXED,
      .doc = "Its id in the program that it came from; a key for imports."),
};
static const kith_type types[] = {
    {.name = "response",
     .doc = "Somebody responded to a campaign; a lead comes of it.",
     .title = "campaign",
     .fields = KITH_ARRAY(fields)},
};
static const kith_field told_fields[] = {
    F("campaign", TEXT, .doc = "To which campaign."),
    F("known", TEXT, .doc = "new, lead or contact: what they were before."),
    F("response", LINK, .options = "response", .doc = "The response."),
};
static const kith_topic topics[] = {
    {.name = "lead.responded",
     .schema = 1,
     .fields = KITH_ARRAY(told_fields),
     .doc = "The lead, new or known, responded to a campaign."},
};
static const kith_hook hooks[] = {
    {.name = "response",
     .type = "response",
     .on = KITH_ON_CREATE,
     .when = KITH_BEFORE,
     .fn = response_hook,
     .doc = "Refuses one of nobody."},
    {.name = "responded",
     .type = "response",
     .on = KITH_ON_CREATE,
     .when = KITH_AFTER,
     .fn = responded,
     .doc = "Finds the lead of whoever responded, or makes one."},
};
static const kith_report reports[] = {
    {"responses", "Responses to each campaign since a day: of whom, and what became of the leads.",
     "response where created >= :since group by campaign, known, lead.state as became"
     " : count() as responses, count(distinct lead) as leads",
     NULL},
};

static const kith_want wants[] = {
    KITH_WANT_RECORD("response", cadences.response, RESPONSE),
    KITH_WANT(QUERY, OPEN_LEADS " and contact = :who order by -created limit 1",
              cadences.query.lead_of),
    KITH_WANT(QUERY, OPEN_LEADS " and email >= :who and email <= :who order by -created limit 1",
              cadences.query.lead_mail),
    KITH_WANT(QUERY, OPEN_LEADS " and phone = :who order by -created limit 1",
              cadences.query.lead_phone),
    KITH_WANT(TOPIC, "lead.responded", cadences.responded),
};
const kith_part response_part = {
    .struct_size = sizeof response_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .topics = KITH_ARRAY(topics),
    .hooks = KITH_ARRAY(hooks),
    .reports = KITH_ARRAY(reports),
};
