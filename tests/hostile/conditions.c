/* SPDX-License-Identifier: Apache-2.0 */
/* Settings that are conditions: one by itself, one in rows over the type that each names, one that
 * may be left out. The action says which rows hold of a contact, "a", "b", ... */
#include "hostile.h"

struct kith_instance {
    const kith_host *host;
    const kith_records_v1 *records;
    const kith_calls_v1 *calls;
    uint32_t contact;
    kith_value alone, rows;
};

struct row {
    kith_value of, when;
};

static kith_status which(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *view = self->calls->view(call);
    const kith_row *record;
    kith_value id, out = kith_text("");
    char letters[30] = "";
    KITH_TRY(self->calls->arg(call, 0, &id, err));
    KITH_TRY(self->records->get(view, self->contact, id.as.link.id, &record, err));
    if (kith_holds(self->records, view, &self->alone, record) == 1)
        strcat(letters, "+");
    for (uint64_t i = 0; i < kith_rows(&self->rows); i++) {
        const struct row *row = kith_row_of(&self->rows, i);
        const char letter[2] = {(char)('a' + i), '\0'};
        if (kith_is(row->of, "contact") && kith_holds(self->records, view, &row->when, record) == 1)
            strcat(letters, letter);
    }
    out = kith_text(letters);
    return self->calls->result(call, 0, &out, err);
}

static const kith_setting items[] = {
    {.key = "of", .kind = KITH_TEXT, .default_text = "contact", .doc = "Of which type."},
    {.key = "when", .kind = KITH_TEXT, .condition = "=of", .doc = "Which of them."},
};
static const kith_setting settings[] = {
    {.key = "alone", .kind = KITH_TEXT, .condition = "contact", .doc = "Which contacts."},
    {.key = "rows", .kind = KITH_LIST, .max = 3, .items = KITH_ARRAY(items), .doc = "Which rows."},
};
static const kith_want wants[] = {
    KITH_WANT(HOST, NULL, host),           KITH_WANT(TABLE, KITH_RECORDS_1, records),
    KITH_WANT(TABLE, KITH_CALLS_1, calls), KITH_WANT(TYPE, "contact", contact),
    KITH_WANT(SETTING, "alone", alone),    KITH_WANT(SETTING, "rows", rows),
};
static const kith_field params[] = {{.name = "contact", .kind = KITH_F_LINK, .options = "contact"}};
static const kith_field results[] = {{.name = "letters", .kind = KITH_F_TEXT}};
static const kith_action actions[] = {{.name = "which",
                                       .doc = "Says which rows hold.",
                                       .effect = KITH_EFFECT_READ,
                                       .fn = which,
                                       .params = KITH_ARRAY(params),
                                       .results = KITH_ARRAY(results)}};
static const kith_permission permissions[] = {{"read:contact", "Asks about contacts."},
                                              {"read:account", "Asks about accounts."}};
HOSTILE("conditions", .permissions = KITH_ARRAY(permissions), .settings = KITH_ARRAY(settings),
        .wants = KITH_ARRAY(wants), .instance_size = sizeof(struct kith_instance),
        .actions = KITH_ARRAY(actions))
