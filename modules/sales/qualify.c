/* SPDX-License-Identifier: Apache-2.0 */
/* Which leads are worth a seller's time: those of which a rule of sales.qualify.rules is true. Each
 * lead says by which, as soon as it is so; then it becomes qualified by itself, or is proposed to
 * whoever decides. */
#include "sales.h"

struct qualify_rule {
    kith_value when, doc; /* as declared */
};

kith_value qualify_by(const kith_instance *self, const kith_txn *txn, const kith_row *lead) {
    for (uint64_t i = 0; i < kith_rows(&self->qualify.rules); i++) {
        const struct qualify_rule *rule = kith_row_of(&self->qualify.rules, i);
        if (self->records->match(txn, rule->when.flags, lead) == 1)
            return rule->doc.kind == KITH_TEXT ? rule->doc : rule->when;
    }
    return kith_null();
}

static kith_status qualify_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                kith_error *err) {
    const kith_value why = qualify_by(self, txn, change->after);
    return self->records->set(txn, change, 1, &self->scored.qualifies, &why, err);
}

/* What the rules of the company refuse is tried once, and then proposed: people see what is
 * missing. */
static kith_status qualify_lead(kith_instance *self, kith_txn *txn, const kith_event *event,
                                kith_error *err) {
    kith_value why;
    KITH_TRY(self->records->read(txn, event->record, 1, &self->scored.qualifies, &why, err));
    if (self->qualify.by_itself.as.i && event->attempt == 1)
        return KITH_SET(self, txn, lead, state, event->id, kith_text("qualified"), err);
    return self->events->publish(txn, self->qualify.proposed, self->lead.type, event->id, 1, &why,
                                 err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

#define UNDECIDED "state in ('new', 'working')"
static const kith_field lead_fields[] = {
    F("qualifies", TEXT, .flags = KITH_FF_READONLY,
      .doc = "By which rule of sales.qualify.rules it is worth a seller's time; empty: by none."),
};
static const kith_type types[] = {
    {.name = "lead", .fields = KITH_ARRAY(lead_fields), .extends = 1},
};
static const kith_hook hooks[] = {
    {.name = "qualify",
     .type = "lead",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .priority = 110, /* after the score */
     .fn = qualify_hook,
     .where = UNDECIDED,
     .doc = "Notes by which rule a lead qualifies on which nobody has decided."},
};
static const char *const qualifies_only[] = {"qualifies"};
static const kith_reaction reactions[] = {
    {.name = "qualify_new",
     .topic = "lead.created",
     .fn = qualify_lead,
     .where = "qualifies is not null and " UNDECIDED,
     .doc = "Qualifies or proposes a new lead of which a rule is true."},
    {.name = "qualify",
     .topic = "lead.updated",
     .fn = qualify_lead,
     .where = "qualifies is not null and " UNDECIDED,
     .fields = KITH_ARRAY(qualifies_only),
     .doc = "The same, when a rule becomes true of it."},
};
static const kith_field proposed_fields[] = {
    F("rule", TEXT, .doc = "The rule that is true of it, as its doc says."),
};
static const kith_topic topics[] = {
    {.name = "lead.proposed",
     .schema = 1,
     .fields = KITH_ARRAY(proposed_fields),
     .doc = "The lead has what is asked for; somebody is to look whether it is qualified."},
};
static const kith_setting rule_items[] = {
    {.key = "when",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .condition = "lead",
     .doc = "A condition on the lead, in the query language."},
    {.key = "doc", .kind = KITH_TEXT, .doc = "What it says, for people."},
};
static const kith_setting settings[] = {
    {.key = "qualify.rules",
     .kind = KITH_LIST,
     .default_text = "()",
     .doc = "What makes a lead worth a seller's time: one of these is enough.",
     .items = KITH_ARRAY(rule_items)},
    {.key = "qualify.auto",
     .kind = KITH_BOOL,
     .default_text = "false",
     .doc = "Such a lead becomes qualified by itself; false: it is proposed (lead.proposed)."},
};
static const kith_report reports[] = {
    {.name = "to_qualify",
     .doc = "Leads that have what is asked for, and on which nobody has decided yet.",
     .query = "lead where " UNDECIDED " and qualifies is not null order by -score",
     .fields = "id,name,company,qualifies,score,rating,state,phone,email,owner.name"},
};

static const kith_want wants[] = {
    KITH_WANT(TOPIC, "lead.proposed", qualify.proposed),
    KITH_WANT(SETTING, "qualify.rules", qualify.rules),
    KITH_WANT(SETTING, "qualify.auto", qualify.by_itself),
};
const kith_part qualify_part = {
    .struct_size = sizeof qualify_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .topics = KITH_ARRAY(topics),
    .settings = KITH_ARRAY(settings),
    .hooks = KITH_ARRAY(hooks),
    .reactions = KITH_ARRAY(reactions),
    .reports = KITH_ARRAY(reports),
};
