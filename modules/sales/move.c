/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts and leads that go to another territory or another seller. Few go in the call's own
 * transaction, many in parts of their own behind it, between which others write; the parts follow
 * from the call, so one undo takes all of it back. */
#include "sales.h"

#define PART 500 /* records of one transaction */

struct move_args {
    kith_value from, of, to, owner;
};

struct move {
    kith_instance *self;
    kith_txn *txn;
    struct move_args args;
    kith_value what; /* "account" or "lead" */
    kith_value first;
    kith_id last;
    uint64_t in_part, parts, count;
    int64_t written, deals; /* in the call itself */
};

/* -- one record ---------------------------------------------------------------------------------
 */

static void put_target(kith_edit *edit, const struct move_args *to, uint32_t territory,
                       uint32_t owner) {
    kith_put_given(edit, territory, to->to);
    kith_put_given(edit, owner, to->owner);
}

/* The open deals of an account go with it to the new seller; those of other sellers stay. */
static kith_status move_deals(struct move *m, const struct firm *firm, kith_error *err) {
    kith_instance *self = m->self;
    const kith_value params[] = {firm->id, firm->owner};
    struct bid *bids;
    uint64_t count = 0;
    if (m->args.owner.kind == KITH_NULL || firm->owner.kind == KITH_NULL)
        return KITH_OK;
    kith_status st = KITH_FIND(self, m->txn, regions.bid, self->regions.query.move_bids, 2, params,
                               &bids, &count, err);
    for (uint64_t i = 0; st == KITH_OK && i < count; i++)
        st = KITH_SET(self, m->txn, regions.bid, owner, bids[i].id.as.link.id, m->args.owner, err);
    m->deals += (int64_t)count;
    return st;
}

static kith_status move_account(struct move *m, const struct firm *firm, kith_error *err) {
    const struct firm_numbers *n = &m->self->regions.firm;
    kith_edit edit = {.count = 0};
    put_target(&edit, &m->args, n->territory, n->owner);
    kith_status st = move_deals(m, firm, err);
    m->written++;
    return st == KITH_OK ? kith_edit_update(m->self->records, m->txn, n->type, firm->id.as.link.id,
                                            &edit, err)
                         : st;
}

static kith_status move_lead(struct move *m, const struct prospect *lead, kith_error *err) {
    const struct prospect_numbers *n = &m->self->regions.prospect;
    kith_edit edit = {.count = 0};
    put_target(&edit, &m->args, n->territory, n->owner);
    m->written++;
    return kith_edit_update(m->self->records, m->txn, n->type, lead->id.as.link.id, &edit, err);
}

/* -- a part: those of one kind between two ids --------------------------------------------------
 */

static int32_t is_accounts(const struct move *m) {
    return kith_str_is(m->what.as.s, "account");
}

static kith_status move_between(struct move *m, const kith_value *last, kith_error *err) {
    kith_instance *self = m->self;
    const uint32_t *query =
        is_accounts(m) ? self->regions.query.part_accounts : self->regions.query.part_leads;
    const int of = m->args.of.kind == KITH_LINK;
    const kith_value params[] = {of ? m->args.of : m->args.from, m->first, *last};
    struct firm *firms = NULL;
    struct prospect *leads = NULL;
    uint64_t count = 0;
    kith_status st =
        is_accounts(m)
            ? KITH_FIND(self, m->txn, regions.firm, query[of], 3, params, &firms, &count, err)
            : KITH_FIND(self, m->txn, regions.prospect, query[of], 3, params, &leads, &count, err);
    for (uint64_t i = 0; st == KITH_OK && i < count; i++)
        st = is_accounts(m) ? move_account(m, &firms[i], err) : move_lead(m, &leads[i], err);
    return st;
}

static kith_status moving(kith_instance *self, kith_txn *txn, const kith_event *event,
                          kith_error *err) {
    struct move m = {.self = self, .txn = txn};
    kith_value last = kith_null();
    const struct {
        const char *name;
        kith_value *value;
    } payload[] = {{"what", &m.what},  {"from", &m.args.from},   {"of", &m.args.of},
                   {"to", &m.args.to}, {"owner", &m.args.owner}, {"first", &m.first},
                   {"last", &last}};
    kith_status st = KITH_OK;
    for (size_t i = 0; st == KITH_OK && i < sizeof payload / sizeof *payload; i++)
        st = self->events->payload(txn, event, kith_str_of(payload[i].name), payload[i].value, err);
    return st == KITH_OK ? move_between(&m, &last, err) : st;
}

/* -- the call -----------------------------------------------------------------------------------
 */

static kith_status publish(struct move *m, kith_error *err) {
    kith_instance *self = m->self;
    const uint32_t type = is_accounts(m) ? self->regions.firm.type : self->regions.prospect.type;
    const kith_value payload[] = {m->what,
                                  m->args.from,
                                  m->args.of,
                                  m->args.to,
                                  m->args.owner,
                                  m->first,
                                  kith_link(type, m->last)};
    m->parts++;
    m->in_part = 0;
    return self->events->publish(m->txn, self->regions.topic.moving, 0, 0, 7, payload, err);
}

static kith_status part_out(struct move *m, const struct picks *picks, kith_error *err) {
    kith_status st = KITH_OK;
    const uint32_t type =
        is_accounts(m) ? m->self->regions.firm.type : m->self->regions.prospect.type;
    for (const struct pick *p = picks->first; st == KITH_OK && p; p = p->next) {
        if (m->in_part++ == 0)
            m->first = kith_link(type, p->id);
        m->last = p->id;
        if (m->in_part == PART || !p->next)
            st = publish(m, err);
    }
    return st;
}

static kith_status move_all(struct move *m, const char *what, kith_error *err) {
    kith_instance *self = m->self;
    struct picks picks = {.self = self};
    kith_id user = 0;
    m->what = kith_text(what);
    const uint32_t *query =
        is_accounts(m) ? self->regions.query.move_accounts : self->regions.query.move_leads;
    const int of = m->args.of.kind == KITH_LINK;
    kith_status st = self->records->find(m->txn, query[of], 1, of ? &m->args.of : &m->args.from, 0,
                                         picks_row, &picks, err);
    if (st != KITH_OK || picks.count == 0)
        return st;
    m->count += picks.count;
    if (picks.count > PART) {
        st = self->records->acting(m->txn, &user, err);
        if (st == KITH_OK && user)
            return kith_fail(err, KITH_E_REFUSED, NULL,
                             "%llu %ss are more than go at once with your rights; use 'kith update "
                             "%s --where ...', which does it in parts, or ask an administrator",
                             (unsigned long long)picks.count, what, what);
        return st == KITH_OK ? part_out(m, &picks, err) : st;
    }
    const uint32_t type = is_accounts(m) ? self->regions.firm.type : self->regions.prospect.type;
    const kith_value last = kith_link(type, picks.last->id);
    m->first = kith_link(type, picks.first->id);
    return move_between(m, &last, err);
}

static kith_status check_args(const struct move_args *a, kith_error *err) {
    if ((a->from.kind == KITH_NULL) == (a->of.kind == KITH_NULL))
        return kith_fail(err, KITH_E_INVAL, "from",
                         "say what is to be moved: from=TERRITORY or of=USER, one of them");
    if (a->to.kind == KITH_NULL && a->owner.kind == KITH_NULL)
        return kith_fail(err, KITH_E_INVAL, "to",
                         "say where it is to go: to=TERRITORY, owner=USER, or both");
    if (a->from.kind == KITH_LINK && a->to.kind == KITH_LINK &&
        a->from.as.link.id == a->to.as.link.id)
        return kith_fail(err, KITH_E_INVAL, "to", "to: it is the territory that they lie in");
    return KITH_OK;
}

static kith_status move_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct move m = {.self = self, .txn = self->calls->txn(call)};
    struct {
        kith_value accounts, leads, opportunities, parts;
    } results;
    kith_status st = KITH_ARGS(self, call, &m.args, err);
    if (st == KITH_OK)
        st = check_args(&m.args, err);
    if (st == KITH_OK)
        st = move_all(&m, "account", err);
    results.accounts = kith_number(KITH_INT, (int64_t)m.count);
    if (st == KITH_OK)
        st = move_all(&m, "lead", err);
    results.leads = kith_number(KITH_INT, (int64_t)m.count - results.accounts.as.i);
    results.opportunities = kith_number(KITH_INT, m.deals);
    results.parts = kith_number(KITH_INT, (int64_t)m.parts);
    return st == KITH_OK ? KITH_RESULTS(self, call, &results, err) : st;
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field payload[] = {
    F("what", TEXT, .doc = "account or lead."),
    F("from", LINK, .options = "territory", .doc = "Those that lie in it."),
    F("of", LINK, .options = "user", .doc = "Those that this user owns."),
    F("to", LINK, .options = "territory", .doc = "The territory they go to."),
    F("owner", LINK, .options = "user", .doc = "The user they go to."),
    F("first", LINK, .options = "*", .doc = "From this one on."),
    F("last", LINK, .options = "*", .doc = "Up to this one."),
};
static const kith_topic topics[] = {
    {.name = "territory.moving",
     .schema = 1,
     .fields = KITH_ARRAY(payload),
     .doc = "Some of the accounts or leads that sales.move moves are next."},
};
static const kith_reaction reactions[] = {
    {.name = "move",
     .topic = "territory.moving",
     .fn = moving,
     .doc = "Moves one part of many accounts or leads."},
};

static const kith_field params[] = {
    F("from", LINK, .options = "territory", .doc = "All accounts and leads that lie in it."),
    F("of", LINK, .options = "user", .doc = "Instead: all accounts and open leads of this user."),
    F("to", LINK, .options = "territory", .doc = "The territory they go to."),
    F("owner", LINK, .options = "user",
      .doc = "The user they go to; open deals of an account go along with it if they had the same "
             "owner."),
};
static const kith_field results[] = {
    F("accounts", INTEGER, .doc = "Accounts that are moved."),
    F("leads", INTEGER, .doc = "Leads that are moved."),
    F("opportunities", INTEGER, .doc = "Open deals that went along, without those of the parts."),
    F("parts", INTEGER, .doc = "Parts in which it goes on behind the call; 0: it is all done."),
};
static const kith_action actions[] = {
    {.name = "move",
     .doc = "Moves the accounts and leads of a territory or a user to another; one undo takes all "
            "of it back.",
     .effect = KITH_EFFECT_WRITE,
     .fn = move_action,
     .params = KITH_ARRAY(params),
     .results = KITH_ARRAY(results)},
};

#define BETWEEN "id >= :first and id <= :last"
#define IN      "territory = :from"
#define OF      "owner = :of"
#define OPEN_OF OF " and " OPEN_LEAD
static const kith_want wants[] = {
    KITH_WANT(QUERY, "account where " IN " order by id", regions.query.move_accounts[0]),
    KITH_WANT(QUERY, "account where " OF " order by id", regions.query.move_accounts[1]),
    KITH_WANT(QUERY, "lead where " IN " order by id", regions.query.move_leads[0]),
    KITH_WANT(QUERY, "lead where " OPEN_OF " order by id", regions.query.move_leads[1]),
    KITH_WANT(QUERY, "account where " IN " and " BETWEEN, regions.query.part_accounts[0]),
    KITH_WANT(QUERY, "account where " OF " and " BETWEEN, regions.query.part_accounts[1]),
    KITH_WANT(QUERY, "lead where " IN " and " BETWEEN, regions.query.part_leads[0]),
    KITH_WANT(QUERY, "lead where " OPEN_OF " and " BETWEEN, regions.query.part_leads[1]),
    KITH_WANT(QUERY, OPEN_OPPORTUNITIES " and account = :account and owner = :owner",
              regions.query.move_bids),
    KITH_WANT(TOPIC, "territory.moving", regions.topic.moving),
};
kith_status move_wants(kith_instance *self, kith_error *err) {
    return WANTS(self, wants, err);
}

const kith_part move_part = {
    .struct_size = sizeof move_part,
    .topics = KITH_ARRAY(topics),
    .reactions = KITH_ARRAY(reactions),
    .actions = KITH_ARRAY(actions),
};
