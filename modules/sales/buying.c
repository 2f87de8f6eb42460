/* SPDX-License-Identifier: Apache-2.0 */
/* Who buys: the roles of people in a deal, the standing ones of a unit, which each of its deals is
 * given, how an organisation buys, and approvals without which nothing is won. */
#include "sales.h"

#define UNITS_MAX 1000

/* -- units --------------------------------------------------------------------------------------
 */

static kith_status put_unit(kith_instance *self, const kith_txn *txn, struct units *units,
                            const struct firm *firm, kith_error *err) {
    KITH_TRY(kith_grow(self->host, txn, (void *)&units->firms, units->count, &units->room,
                       sizeof *units->firms, err));
    units->firms[units->count++] = *firm;
    return KITH_OK;
}

kith_status units_of(kith_instance *self, const kith_txn *txn, kith_id account, struct units *units,
                     kith_error *err) {
    struct firm top, *below;
    uint64_t count = 0;
    KITH_TRY(KITH_LOAD(self, txn, regions.firm, account, &top, err));
    KITH_TRY(put_unit(self, txn, units, &top, err));
    for (uint64_t i = 0; i < units->count; i++) {
        const kith_value parent = units->firms[i].id;
        KITH_TRY(KITH_FIND(self, txn, regions.firm, self->regions.query.units_of, 1, &parent,
                           &below, &count, err));
        for (uint64_t k = 0; k < count; k++)
            KITH_TRY(units->count < UNITS_MAX
                         ? put_unit(self, txn, units, &below[k], err)
                         : kith_fail(err, KITH_E_LIMIT, "account",
                                     "account: it has more than %d units; ask for "
                                     "one of them",
                                     UNITS_MAX));
    }
    return KITH_OK;
}

kith_status units_above(kith_instance *self, const kith_txn *txn, kith_id account,
                        struct units *units, kith_error *err) {
    struct firm firm = {.parent = kith_link(self->regions.firm.type, account)};
    while (kith_has(firm.parent) && units->count < ABOVE_MAX) {
        KITH_TRY(kith_or_none(KITH_FOLLOW(self, txn, regions.firm, firm.parent, &firm, err)));
        if (kith_has(firm.id))
            KITH_TRY(put_unit(self, txn, units, &firm, err));
    }
    return KITH_OK;
}

/* The place, in units_above(), of the one that buys for the first: its own 0 when it buys for
 * itself. */
static uint64_t buyer_of(const struct units *chain) {
    for (uint64_t i = 0; i < chain->count; i++)
        if (chain->firms[i].procurement.kind == KITH_TEXT)
            return kith_is(chain->firms[i].procurement, "centralised") ? i : 0;
    return 0;
}

/* -- before they are written --------------------------------------------------------------------
 */

static kith_status check_approval(kith_instance *self, const struct deal_role *r, kith_error *err) {
    if (!kith_has(r->approved_at))
        return KITH_OK;
    if (!kith_is(r->role, "approver"))
        return kith_fail(err, KITH_E_REFUSED, "approved_at",
                         "approved_at: only an approver approves; this one is '%.*s'",
                         KITH_CHARS(r->role.as.s));
    if (r->approved_at.as.i > self->host->now(self->host))
        return kith_fail(err, KITH_E_REFUSED, "approved_at",
                         "approved_at: it has not come yet; enter it when they have approved");
    return KITH_OK;
}

static kith_status deal_role_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                  kith_error *err) {
    struct deal_role r;
    KITH_TRY(KITH_CHANGE(self, txn, change, regions.deal_role, &r, err));
    return r.role.kind == KITH_TEXT ? check_approval(self, &r, err) : KITH_OK;
}

static kith_status treatment_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                  kith_error *err) {
    struct treatment t, *others;
    uint64_t count = 0;
    KITH_TRY(KITH_CHANGE(self, txn, change, regions.treatment, &t, err));
    KITH_TRY(KITH_FIND(self, txn, regions.treatment, self->regions.query.treatments_of, 1,
                       &t.contact, &others, &count, err));
    for (uint64_t i = 0; i < count; i++)
        if (!kith_equal(others[i].id, t.id) && kith_equal(others[i].offer, t.offer))
            return kith_fail(err, KITH_E_REFUSED, "contact",
                             "contact: there is a treatment of them for this offer already; change "
                             "it");
    return KITH_OK;
}

/* -- deals are given the standing roles ---------------------------------------------------------
 */

/* Called for each standing role that counts for a deal of the first of the chain: all of its own,
 * all of the one that buys for it, and the approvers of all above. */
typedef kith_status (*role_fn)(kith_instance *self, kith_txn *txn, const struct bid *bid,
                               const struct buying_role *role, kith_error *err);

static kith_status each_standing(kith_instance *self, kith_txn *txn, const struct bid *bid,
                                 role_fn fn, kith_error *err) {
    struct units chain = {.count = 0};
    struct buying_role *roles;
    uint64_t count = 0;
    if (!kith_has(bid->account))
        return KITH_OK;
    KITH_TRY(units_above(self, txn, bid->account.as.link.id, &chain, err));
    const uint64_t buyer = buyer_of(&chain);
    for (uint64_t i = 0; i < chain.count; i++) {
        KITH_TRY(KITH_FIND(self, txn, regions.buying_role, self->regions.query.standing_of, 1,
                           &chain.firms[i].id, &roles, &count, err));
        for (uint64_t k = 0; k < count; k++)
            if (i == 0 || i == buyer || kith_is(roles[k].role, "approver"))
                KITH_TRY(fn(self, txn, bid, &roles[k], err));
    }
    return KITH_OK;
}

static kith_status has_role(kith_instance *self, const kith_txn *txn, const struct bid *bid,
                            const struct buying_role *role, int32_t *has, kith_error *err) {
    const kith_value of[] = {bid->id, role->contact, role->role};
    return kith_any(self->records, txn, self->regions.query.role_of, 3, of, has, err);
}

static kith_status give_role(kith_instance *self, kith_txn *txn, const struct bid *bid,
                             const struct buying_role *role, kith_error *err) {
    int32_t has = 0;
    KITH_TRY(has_role(self, txn, bid, role, &has, err));
    struct deal_role given = {.opportunity = bid->id,
                              .contact = role->contact,
                              .role = role->role,
                              .influence = role->influence,
                              .standing = role->id};
    return !has ? KITH_CREATE(self, txn, regions.deal_role, &given, err) : KITH_OK;
}

/* Those of the account before, as far as nothing is written in them. */
static kith_status take_roles(kith_instance *self, kith_txn *txn, const struct bid *bid,
                              kith_error *err) {
    struct deal_role *roles;
    uint64_t count = 0;
    KITH_TRY(KITH_FIND(self, txn, regions.deal_role, self->regions.query.roles_of, 1, &bid->id,
                       &roles, &count, err));
    for (uint64_t i = 0; i < count; i++)
        if (roles[i].standing.kind == KITH_LINK && !kith_has(roles[i].approved_at))
            KITH_TRY(self->records->remove(txn, self->regions.deal_role.type,
                                           roles[i].id.as.link.id, err));
    return KITH_OK;
}

static kith_status roles_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                              kith_error *err) {
    struct bid bid;
    KITH_TRY(KITH_CHANGE(self, txn, change, regions.bid, &bid, err));
    if (change->before)
        KITH_TRY(take_roles(self, txn, &bid, err));
    return each_standing(self, txn, &bid, give_role, err);
}

/* -- approvals ----------------------------------------------------------------------------------
 */

static kith_status not_approved(kith_instance *self, const kith_txn *txn, const kith_value *contact,
                                kith_error *err) {
    struct person person;
    (void)KITH_FOLLOW(self, txn, regions.person, *contact, &person, NULL);
    const kith_str name = kith_has(person.name) ? person.name.as.s : kith_str_of("Somebody");
    return kith_fail(err, KITH_E_REFUSED, "stage",
                     "stage: %.*s has not approved it; it is won once approved_at stands in their "
                     "role as approver (deal_role)",
                     KITH_CUT(name, 80));
}

/* One that stands with the account, and whose part in the deal was taken away or never made. */
static kith_status check_standing(kith_instance *self, kith_txn *txn, const struct bid *bid,
                                  const struct buying_role *role, kith_error *err) {
    int32_t has = 0;
    if (!kith_is(role->role, "approver"))
        return KITH_OK;
    KITH_TRY(has_role(self, txn, bid, role, &has, err));
    return has ? KITH_OK : not_approved(self, txn, &role->contact, err);
}

static kith_status approval_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                 kith_error *err) {
    struct bid bid;
    struct deal_role *open;
    uint64_t count = 0;
    if (change->origin == KITH_ORIGIN_UNDO ||
        (change->origin == KITH_ORIGIN_IMPORT && !change->before))
        return KITH_OK; /* what others have won before is imported as it was */
    KITH_TRY(KITH_READ(self, txn, regions.bid, change->after, &bid, err));
    KITH_TRY(KITH_FIND(self, txn, regions.deal_role, self->regions.query.roles_open, 1, &bid.id,
                       &open, &count, err));
    if (count)
        return not_approved(self, txn, &open[0].contact, err);
    return each_standing(self, txn, &bid, check_standing, err);
}

/* -- the contact plan ---------------------------------------------------------------------------
 */

struct plan {
    kith_instance *self;
    kith_call *call;
    const kith_txn *txn;
};
struct plan_row {
    kith_value account, account_name, contact, name, role, influence, why;
};

/* Of a person, by their role or by none; or of nobody yet. */
static kith_status plan_row(const struct plan *p, const struct firm *firm,
                            const struct buying_role *role, const char *why, kith_error *err) {
    struct person person;
    KITH_TRY(KITH_FOLLOW(p->self, p->txn, regions.person, role->contact, &person, err));
    const struct plan_row row = {firm->id,   firm->name,      role->contact, person.name,
                                 role->role, role->influence, kith_text(why)};
    return KITH_ROW(p->self, p->call, &row, err);
}

static kith_status roles_in(const struct plan *p, const struct firm *firm,
                            struct buying_role **roles, uint64_t *count, kith_error *err) {
    return KITH_FIND(p->self, p->txn, regions.buying_role, p->self->regions.query.standing_of, 1,
                     &firm->id, roles, count, err);
}

/* Those with this role (NULL: with any); *told counts them. */
static kith_status plan_roles(const struct plan *p, const struct firm *firm, const char *role,
                              const char *why, uint64_t *told, kith_error *err) {
    struct buying_role *roles;
    uint64_t count;
    KITH_TRY(roles_in(p, firm, &roles, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        if (role && !kith_is(roles[i].role, role))
            continue;
        KITH_TRY(plan_row(p, firm, &roles[i], why, err));
        ++*told;
    }
    return KITH_OK;
}

static kith_status plan_people(const struct plan *p, const struct firm *firm, kith_error *err) {
    struct buying_role none = {.contact = kith_null()};
    kith_value *people;
    uint64_t count;
    KITH_TRY(KITH_FIND(p->self, p->txn, regions.person, p->self->regions.query.people_of, 1,
                       &firm->id, &people, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        none.contact = people[i];
        KITH_TRY(plan_row(p, firm, &none, "find out their role", err));
    }
    return count ? KITH_OK : plan_row(p, firm, &none, "find out who decides", err);
}

static kith_status plan_unit(const struct plan *p, const struct firm *firm, int32_t central,
                             kith_error *err) {
    uint64_t told = 0;
    if (!central)
        KITH_TRY(plan_roles(p, firm, NULL, "decides for itself", &told, err));
    if (central)
        KITH_TRY(plan_roles(p, firm, "buyer", "buys for all units", &told, err));
    if (central && !told)
        KITH_TRY(plan_roles(p, firm, "decision_maker", "decides for all units", &told, err));
    return told ? KITH_OK : plan_people(p, firm, err);
}

/* Whether an account that has units buys something itself: somebody in it does more than approve.
 */
static kith_status has_buyers(const struct plan *p, const struct firm *firm, int32_t *yes,
                              kith_error *err) {
    struct buying_role *roles;
    uint64_t count;
    *yes = 0;
    KITH_TRY(roles_in(p, firm, &roles, &count, err));
    for (uint64_t i = 0; i < count; i++)
        *yes |= !kith_is(roles[i].role, "approver");
    return KITH_OK;
}

static int64_t parent_place(const struct units *units, uint64_t i) {
    for (uint64_t k = 0; k < i; k++)
        if (kith_equal(units->firms[k].id, units->firms[i].parent))
            return (int64_t)k;
    return -1;
}

static kith_status plan_below(const struct plan *p, const struct units *units, int32_t central,
                              int64_t *asked, kith_error *err) {
    int8_t is_central[UNITS_MAX] = {(int8_t)central}, is_parent[UNITS_MAX] = {0};
    for (uint64_t i = 1; i < units->count; i++) {
        const int64_t above_it = parent_place(units, i);
        const kith_value *own = &units->firms[i].procurement;
        is_parent[above_it < 0 ? 0 : above_it] = 1;
        is_central[i] = own->kind == KITH_TEXT ? (int8_t)kith_is(*own, "centralised")
                                               : is_central[above_it < 0 ? 0 : above_it];
    }
    for (uint64_t i = 0; i < units->count; i++) {
        const int32_t own = i == 0 || units->firms[i].procurement.kind == KITH_TEXT;
        int32_t buys = is_central[i] ? own : 1;
        if (!is_central[i] && is_parent[i])
            KITH_TRY(has_buyers(p, &units->firms[i], &buys, err));
        *asked += buys;
        if (buys)
            KITH_TRY(plan_unit(p, &units->firms[i], is_central[i], err));
    }
    return KITH_OK;
}

static kith_status plan_action(kith_instance *self, kith_call *call, kith_error *err) {
    const struct plan p = {self, call, self->calls->view(call)};
    struct units chain = {.count = 0}, units = {.count = 0};
    kith_value account;
    int64_t asked = 0;
    KITH_TRY(KITH_ARGS(self, call, &account, err));
    KITH_TRY(units_above(self, p.txn, account.as.link.id, &chain, err));
    if (chain.count == 0)
        return KITH_OK;
    const uint64_t buyer = buyer_of(&chain);
    const int32_t central = kith_is(chain.firms[buyer].procurement, "centralised");
    if (buyer > 0) { /* somebody above buys for it */
        asked = 1;
        KITH_TRY(plan_unit(&p, &chain.firms[buyer], 1, err));
    } else {
        KITH_TRY(units_of(self, p.txn, account.as.link.id, &units, err));
        KITH_TRY(plan_below(&p, &units, central, &asked, err));
    }
    const struct {
        kith_value procurement, accounts;
    } results = {kith_text(central ? "centralised" : "decentralised"), kith_int(asked)};
    return KITH_RESULTS(self, call, &results, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

#define ROLES     "decision_maker,buyer,influencer,initiator,gatekeeper,stakeholder,approver"
#define INFLUENCE "high,medium,low"
static const kith_field deal_role_fields[] = {
    F("opportunity", LINK, .options = "opportunity", .flags = KITH_FF_REQUIRED | KITH_FF_PARTOF,
      .doc = "The deal."),
    F("contact", LINK, .options = "contact", .flags = KITH_FF_REQUIRED | KITH_FF_SUBJECT,
      .doc = "Who has the role."),
    F("role", CHOICE, .options = ROLES, .flags = KITH_FF_REQUIRED, .doc = "The role."),
    F("influence", CHOICE, .options = INFLUENCE, .doc = "How much depends on them."),
    F("attitude", CHOICE, .options = "for,neutral,against", .doc = "What they think of it."),
    F("approved_at", TIME, .doc = "When an approver said yes; until then it cannot be won."),
    F("standing", LINK, .options = "buying_role", .flags = KITH_FF_READONLY,
      .doc = "The role in the account that it comes from."),
    F("note", LONGTEXT, .flags = KITH_FF_PERSONAL, .doc = "What else is to be known."),
};
static const kith_field buying_role_fields[] = {
    F("account", LINK, .options = "account", .flags = KITH_FF_REQUIRED | KITH_FF_PARTOF,
      .doc = "The account, or the unit of one."),
    F("contact", LINK, .options = "contact", .flags = KITH_FF_REQUIRED | KITH_FF_SUBJECT,
      .doc = "Who has the role."),
    F("role", CHOICE, .options = ROLES, .flags = KITH_FF_REQUIRED,
      .doc = "The role in every deal with it; an approver counts for all units below, too."),
    F("influence", CHOICE, .options = INFLUENCE, .doc = "How much depends on them."),
    F("note", LONGTEXT, .flags = KITH_FF_PERSONAL, .doc = "What else is to be known."),
};
static const kith_field treatment_fields[] = {
    F("contact", LINK, .options = "contact", .flags = KITH_FF_REQUIRED | KITH_FF_PARTOF,
      .doc = "Whom it is about."),
    F("offer", LINK, .options = "*",
      .doc = "For which product or category of products; empty: for all."),
    F("approach", LONGTEXT, .flags = KITH_FF_REQUIRED | KITH_FF_PERSONAL,
      .doc = "How to deal with them."),
    F("avoid", LONGTEXT, .flags = KITH_FF_PERSONAL, .doc = "What not to do."),
};
static const kith_field account_fields[] = {
    F("procurement", CHOICE, .options = "decentralised,centralised",
      .doc = "centralised: it buys for all its units; empty: as the account that it is part of."),
};
static const char *const deal_role_indexes[] = {"opportunity,role",
                                                "unique opportunity,contact,role"};
static const char *const buying_role_indexes[] = {"unique account,contact,role"};
static const kith_type types[] = {
    {.name = "account", .fields = KITH_ARRAY(account_fields), .extends = 1},
    {.name = "deal_role",
     .label = "Deal role",
     .doc = "What somebody is in a deal.",
     .title = "role",
     .fields = KITH_ARRAY(deal_role_fields),
     .indexes = KITH_ARRAY(deal_role_indexes)},
    {.name = "buying_role",
     .label = "Buying role",
     .doc = "What somebody is in all deals of an account: each new one is given it.",
     .title = "role",
     .fields = KITH_ARRAY(buying_role_fields),
     .indexes = KITH_ARRAY(buying_role_indexes)},
    {.name = "treatment",
     .doc = "How somebody is dealt with, for an offer or in general.",
     .title = "approach",
     .fields = KITH_ARRAY(treatment_fields)},
};

static const char *const of_account[] = {"account"};
static const char *const of_stage[] = {"stage"};
#define KEPT_BY(hook, of_type, by, what)                                                           \
    {                                                                                              \
        .name = (hook), .type = (of_type), .on = KITH_ON_CREATE | KITH_ON_UPDATE,                  \
        .when = KITH_BEFORE, .fn = (by), .doc = (what)                                             \
    }
static const kith_hook hooks[] = {
    KEPT_BY("deal_role", "deal_role", deal_role_hook, "Lets approvers alone approve."),
    KEPT_BY("treatment", "treatment", treatment_hook, "Keeps one treatment for each offer."),
    {.name = "approval",
     .type = "opportunity",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .priority = 150,
     .fn = approval_hook,
     .where = "stage = 'won'",
     .fields = KITH_ARRAY(of_stage),
     .doc = "Refuses to win a deal that an approver has not approved."},
    {.name = "roles",
     .type = "opportunity",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = roles_hook,
     .where = "account is not null",
     .fields = KITH_ARRAY(of_account),
     .doc = "Gives a deal the standing roles of its account."},
};

static const kith_field params[] = {
    F("account", LINK, .options = "account", .flags = KITH_FF_REQUIRED,
      .doc = "The organisation, or a unit of one."),
};
static const kith_field results[] = {
    F("procurement", CHOICE, .options = "decentralised,centralised", .doc = "How it buys."),
    F("accounts", INTEGER, .doc = "Accounts and units that are to be talked with."),
};
static const kith_field columns[] = {
    F("account", LINK, .options = "account", .doc = "The account or unit that buys."),
    F("account_name", TEXT, .doc = "Its name."),
    F("contact", LINK, .options = "contact", .doc = "Whom to talk with; empty: nobody is known."),
    F("name", TEXT, .doc = "Their name."),
    F("role", CHOICE, .options = ROLES, .doc = "Their role."),
    F("influence", CHOICE, .options = INFLUENCE, .doc = "How much depends on them."),
    F("why", TEXT, .doc = "Why they are in the plan."),
};
static const kith_action actions[] = {
    {.name = "contact_plan",
     .doc = "Whom to talk with at an organisation: each unit that buys for itself, or whoever buys "
            "for all.",
     .effect = KITH_EFFECT_READ,
     .fn = plan_action,
     .params = KITH_ARRAY(params),
     .results = KITH_ARRAY(results),
     .columns = KITH_ARRAY(columns)},
};

static const kith_want wants[] = {
    KITH_WANT_RECORD("contact", regions.person, PERSON),
    KITH_WANT_RECORD("deal_role", regions.deal_role, DEAL_ROLE),
    KITH_WANT_RECORD("buying_role", regions.buying_role, BUYING_ROLE),
    KITH_WANT_RECORD("treatment", regions.treatment, TREATMENT),
    KITH_WANT(QUERY, "account where parent = :account order by name", regions.query.units_of),
    KITH_WANT(QUERY, "contact where account = :account order by name limit 100",
              regions.query.people_of),
    KITH_WANT(QUERY, "buying_role where account = :account order by role, id",
              regions.query.standing_of),
    KITH_WANT(QUERY, "deal_role where opportunity = :opportunity", regions.query.roles_of),
    KITH_WANT(QUERY,
              "deal_role where opportunity = :opportunity and role = 'approver' and approved_at is "
              "null limit 1",
              regions.query.roles_open),
    KITH_WANT(QUERY,
              "deal_role where opportunity = :opportunity and contact = :contact and role = :role",
              regions.query.role_of),
};
const kith_part buying_part = {
    .struct_size = sizeof buying_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .actions = KITH_ARRAY(actions),
};
