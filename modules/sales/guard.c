/* SPDX-License-Identifier: Apache-2.0 */
/* To whom nothing dearer is offered: who has an open problem, by sales.problems, or of whom a
 * condition of sales.guard.rules is true; and who the best customers are, whom it is offered first.
 */
#include "sales.h"

void offers_say(char *out, kith_str reason) {
    const size_t at = strlen(out);
    (void)snprintf(out + at, REASON_MAX - at, "%s%.*s", at ? "; " : "", KITH_CHARS(reason));
}

/* -- open problems ------------------------------------------------------------------------------
 */

struct troubles {
    char *why;
    const struct problem *last; /* each kind of them is told once */
};

static kith_status tell_trouble(void *arg, const kith_txn *txn, const struct problem *p,
                                const kith_row *row, kith_error *err) {
    struct troubles *t = arg;
    char open[200];
    (void)txn, (void)row, (void)err;
    if (t->last == p)
        return KITH_OK;
    t->last = p;
    (void)snprintf(open, sizeof open, "%.*s: a record of the type %.*s is open",
                   KITH_CUT(p->kind, 60), KITH_CUT(p->type, 60));
    offers_say(t->why, p->reason.len ? p->reason : kith_str_of(open));
    return KITH_OK;
}

/* -- rules --------------------------------------------------------------------------------------
 */

struct asked {
    const char *key; /* of the setting */
    const kith_value *rules;
    char *why;      /* NULL: the reasons do not matter */
    uint64_t holds; /* a bit for each rule that is true of somebody */
};

/* A rule for people and one for organisations may say the same. */
static int32_t is_told(const struct asked *a, const struct offer_rule *rule) {
    for (uint64_t i = 0; i < kith_rows(a->rules); i++) {
        const struct offer_rule *told = kith_row_of(a->rules, i);
        if ((a->holds >> i & 1) && kith_equal(told->reason, rule->reason))
            return 1;
    }
    return 0;
}

static kith_status ask_rules(kith_instance *self, const kith_txn *txn, struct asked *a,
                             const char *of, kith_value who, kith_error *err) {
    const kith_row *row;
    KITH_TRY(self->records->get(txn, who.as.link.type, who.as.link.id, &row, err));
    for (uint64_t i = 0; i < kith_rows(a->rules); i++) {
        const struct offer_rule *rule = kith_row_of(a->rules, i);
        const int32_t holds =
            kith_is(rule->of, of) ? self->records->match(txn, rule->when.flags, row) : 0;
        if (holds < 0)
            return kith_fail(err, holds, NULL, "%s, row %llu could not be asked",
                             sales_place(self, a->key), (unsigned long long)i + 1);
        if (holds && a->why && !is_told(a, rule))
            offers_say(a->why, rule->reason.as.s);
        a->holds |= (uint64_t)holds << i;
    }
    return KITH_OK;
}

/* Of a person, and of the organisation that it belongs to. */
static kith_status ask_of_both(kith_instance *self, const kith_txn *txn, struct asked *a,
                               const struct customer *who, kith_error *err) {
    if (kith_has(who->contact))
        KITH_TRY(ask_rules(self, txn, a, "contact", who->contact, err));
    if (kith_has(who->account))
        KITH_TRY(ask_rules(self, txn, a, "account", who->account, err));
    return KITH_OK;
}

kith_status offers_customer(kith_instance *self, const kith_txn *txn, uint32_t of, kith_value who,
                            struct customer *customer, kith_error *err) {
    struct contact person;
    *customer = (struct customer){.account = who};
    if (of == BUYER_ACCOUNT)
        return KITH_OK;
    KITH_TRY(KITH_LOAD(self, txn, contact, who.as.link.id, &person, err));
    *customer = (struct customer){.account = person.account, .contact = who};
    return KITH_OK;
}

kith_status offers_guard(kith_instance *self, const kith_txn *whole, const struct customer *who,
                         char *why, kith_error *err) {
    struct troubles t = {.why = why};
    struct asked a = {.key = "guard.rules", .rules = &self->offers.guards, .why = why};
    KITH_TRY(problems_of(self, whole, who, tell_trouble, &t, err));
    return ask_of_both(self, whole, &a, who, err);
}

kith_status offers_best(kith_instance *self, const kith_txn *whole, const struct customer *who,
                        int32_t *best, kith_error *err) {
    struct asked a = {.key = "upsell.best", .rules = &self->offers.best};
    KITH_TRY(ask_of_both(self, whole, &a, who, err));
    *best = a.holds != 0;
    return KITH_OK;
}

kith_status offers_fits(kith_instance *self, const kith_txn *whole, const struct customer *who,
                        uint64_t *rows, kith_error *err) {
    struct asked a = {.key = "offer.fits", .rules = &self->offers.fits};
    KITH_TRY(ask_of_both(self, whole, &a, who, err));
    *rows = a.holds;
    return KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

/* The products of each row of sales.offer.fits, of those that are sold now. */
static kith_status begin(kith_instance *self, kith_error *err) {
    for (uint64_t i = 0; i < kith_rows(&self->offers.fits); i++) {
        const struct offer_rule *rule = kith_row_of(&self->offers.fits, i);
        const kith_str condition = rule->products.as.s;
        kith_error why = {.struct_size = sizeof why};
        char text[2000];
        const int length =
            snprintf(text, sizeof text, "product where (%.*s) and %s order by id limit 200",
                     KITH_CHARS(condition), SOLD_NOW(""));
        kith_status st = length < (int)sizeof text
                             ? self->records->query(self->host, kith_str_of(text),
                                                    &self->offers.query.fitting[i], &why)
                             : kith_fail(&why, KITH_E_LIMIT, NULL, "the condition is too long");
        if (st != KITH_OK)
            return kith_fail(err, st, "offer.fits", "%s, row %llu, products: %.400s",
                             sales_place(self, "offer.fits"), (unsigned long long)i + 1,
                             why.message);
    }
    return KITH_OK;
}

/* Of who is best no reason is told; products are named alone where they fit somebody. */
static const kith_setting rule_items[] = {
    {.key = "of",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .choices = "contact,account",
     .doc = "Whether it is asked of people or of organisations."},
    {.key = "when",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .condition = "=of",
     .doc = "A condition on that record, in the query language."},
    {.key = "reason",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .doc = "What sellers are told when it is true."},
    {.key = "products",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .doc = "A condition on products, in the query language: those that fit them."},
};
static const kith_setting settings[] = {
    {.key = "guard.rules",
     .kind = KITH_LIST,
     .max = OFFER_RULES_MAX,
     .default_text = "()",
     .doc = "To whom sales.suggest offers nothing dearer, besides who has one of sales.problems.",
     .items = {rule_items, sizeof *rule_items, 3}},
    {.key = "upsell.best",
     .kind = KITH_LIST,
     .max = OFFER_RULES_MAX,
     .default_text = "()",
     .doc = "Who the best customers are: sales.suggest offers them what is dearer first.",
     .items = {rule_items, sizeof *rule_items, 2}},
    {.key = "offer.fits",
     .kind = KITH_LIST,
     .max = OFFER_RULES_MAX,
     .default_text = "()",
     .doc = "What fits a customer in their stage of life, whatever they have: sales.suggest offers "
            "them these products.",
     .items = KITH_ARRAY(rule_items)},
};
static const kith_want wants[] = {
    KITH_WANT(SETTING, "guard.rules", offers.guards),
    KITH_WANT(SETTING, "upsell.best", offers.best),
    KITH_WANT(SETTING, "offer.fits", offers.fits),
};
const kith_part guard_part = {
    .struct_size = sizeof guard_part,
    .begin = begin,
    .wants = KITH_ARRAY(wants),
    .module = "commerce",
    .settings = KITH_ARRAY(settings),
};
