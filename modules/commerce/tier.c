/* SPDX-License-Identifier: Apache-2.0 */
/* Tiers: groups of customers by conditions on them, as gold, students, or who is in a segment.
 * Price books may be those of a tier, and a tier may limit discounts. */
#include "commerce.h"

#define ABOVE 32 /* accounts above each other */

/* -- who is in which ----------------------------------------------------------------------------
 */

static kith_status ask(kith_instance *self, const kith_txn *txn, int32_t of_contact,
                       const kith_row *row, uint64_t *in, kith_error *err) {
    for (uint64_t i = 0; i < kith_rows(&self->tiers); i++) {
        const struct tier *t = kith_row_of(&self->tiers, i);
        if (kith_is(t->of, "contact") != of_contact || (*in >> i & 1))
            continue;
        const int32_t is = self->records->match(txn, t->when.flags, row);
        if (is < 0)
            return kith_fail(err, is, NULL, "tier '%.*s' of commerce.tiers could not be asked",
                             KITH_CHARS(t->name.as.s));
        *in |= (uint64_t)is << i;
    }
    return KITH_OK;
}

kith_status tiers_of(kith_instance *self, const kith_txn *txn, kith_value account,
                     kith_value contact, uint64_t *in, kith_error *err) {
    const kith_row *row;
    *in = 0;
    if (!kith_rows(&self->tiers))
        return KITH_OK;
    if (kith_has(contact)) {
        struct account_chain up;
        struct contact c;
        KITH_TRY(KITH_LOAD(self, txn, contact, contact.as.link.id, &c, err));
        KITH_TRY(units_above(self, txn, account, &up, err));
        KITH_TRY(self->records->get(txn, self->contact.type, contact.as.link.id, &row, err));
        if (!kith_has(account) || is_unit_of(&up, &c.account))
            KITH_TRY(ask(self, txn, 1, row, in, err));
        if (!kith_has(account))
            account = c.account;
    }
    for (int i = 0; i < ABOVE && kith_has(account); i++) {
        KITH_TRY(self->records->get(txn, self->account.type, account.as.link.id, &row, err));
        KITH_TRY(ask(self, txn, 0, row, in, err));
        KITH_TRY(self->records->read(txn, row, 1, &self->account.parent, &account, err));
    }
    return KITH_OK;
}

const struct tier *tiers_limit(const kith_instance *self, uint64_t in) {
    for (uint64_t i = 0; i < kith_rows(&self->tiers); i++) {
        const struct tier *t = kith_row_of(&self->tiers, i);
        if ((in >> i & 1) && t->limit.kind == KITH_INT)
            return t;
    }
    return NULL;
}

kith_status tier_check(const kith_instance *self, kith_str name, kith_error *err) {
    char known[300] = "";
    for (uint64_t i = 0; i < kith_rows(&self->tiers); i++) {
        const struct tier *t = kith_row_of(&self->tiers, i);
        const size_t at = strlen(known);
        if (t->name.as.s.len == name.len &&
            memcmp(t->name.as.s.ptr, name.ptr, (size_t)name.len) == 0)
            return KITH_OK;
        (void)snprintf(known + at, sizeof known - at, "%s%.*s", at ? ", " : "",
                       KITH_CHARS(t->name.as.s));
    }
    return kith_fail(err, KITH_E_REFUSED, "tier",
                     "tier: '%.*s' is none of commerce.tiers, which %s%s", KITH_CUT(name, 60),
                     *known ? "has " : "is empty", known);
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_setting items[] = {
    {.key = "name",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .doc = "What it is called, as price books say it: gold. Two rows may have the same."},
    {.key = "of",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .choices = "contact,account",
     .doc = "Whether people or organisations are asked; the units of one are in its tiers, too."},
    {.key = "when",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .condition = "=of",
     .doc = "A condition on that record, in the query language: in_segment('gold')."},
    {.key = "discount_limit",
     .kind = KITH_INT,
     .min = 0,
     .max = 100,
     .doc = "The highest discount on a line for them, in percent, in place of that for all."},
};
static const kith_setting settings[] = {
    {.key = "tiers",
     .kind = KITH_LIST,
     .max = TIERS_MAX,
     .default_text = "()",
     .doc = "Groups of customers. Their price books are looked in, and their limits hold, in the "
            "order of the rows.",
     .items = KITH_ARRAY(items)},
};

static const kith_want wants[] = {
    KITH_WANT(SETTING, "tiers", tiers),
};
const kith_part tier_part = {
    .struct_size = sizeof tier_part,
    .wants = KITH_ARRAY(wants),
    .settings = KITH_ARRAY(settings),
};
