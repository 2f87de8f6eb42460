/* SPDX-License-Identifier: Apache-2.0 */
/* What is in hand goes to another territory or another seller: accounts, open leads, and with an
 * owner the contacts, open deals, open tasks and plans of whoever had them. What is closed,
 * converted or done stays with who did it. Few go in the call's own transaction, many in parts of
 * their own behind it, between which others write; the parts follow from the call, so one undo
 * takes all of it back. */
#include "sales.h"

#define PART 500 /* records of one transaction */

static const char *const kinds[MOVED_KINDS] = {"account",     "lead", "contact",
                                               "opportunity", "task", "interaction"};

struct move_args {
    kith_value from, of, to, owner;
};

struct move {
    kith_instance *self;
    kith_txn *txn;
    struct move_args args;
    int kind; /* that is gone through: MOVED_* */
    kith_value first;
    uint64_t parts;
    int64_t counts[MOVED_KINDS];
};

static int of_user(const struct move *m) {
    return m->args.of.kind == KITH_LINK;
}
/* -- one record ---------------------------------------------------------------------------------
 */

static kith_status follow(struct move *m, int kind, const struct holding *one, kith_error *err);

/* A plan at a time at which the new owner meets somebody stays with the old one. */
static kith_status move_one(struct move *m, int kind, const struct holding *one, kith_error *err) {
    const struct holding_numbers *n = &m->self->regions.moved[kind];
    const kith_value to = m->args.owner;
    kith_edit edit = {.count = 0};
    if (kind <= MOVED_LEADS)
        kith_put_given(&edit, m->self->regions.moved_to[kind], m->args.to);
    kith_put_given(&edit, n->owner, to);
    if (!of_user(m) && kith_has(to) && kith_has(one->owner) && !kith_equal(one->owner, to))
        KITH_TRY(follow(m, kind, one, err));
    const kith_status st =
        kith_edit_update(m->self->records, m->txn, n->type, one->id.as.link.id, &edit, err);
    if (st != KITH_E_CONFLICT || kind != MOVED_PLANS)
        return st;
    m->counts[kind]--;
    return KITH_OK;
}

static kith_status move_found(struct move *m, int kind, uint32_t query, uint32_t count,
                              const kith_value *params, int32_t is_along, kith_error *err) {
    struct holding *found;
    uint64_t n = 0;
    KITH_TRY(
        KITH_FIND(m->self, m->txn, regions.moved[kind], query, count, params, &found, &n, err));
    m->counts[kind] += is_along ? (int64_t)n : 0;
    for (uint64_t i = 0; i < n; i++)
        KITH_TRY(move_one(m, kind, &found[i], err));
    return KITH_OK;
}

/* What had the same owner goes along; what is another seller's stays. */
static kith_status follow(struct move *m, int kind, const struct holding *one, kith_error *err) {
    const kith_value params[] = {one->id, one->owner};
    for (int along = MOVED_CONTACTS; along < MOVED_KINDS; along++) {
        const uint32_t query = m->self->regions.query.along[kind][along];
        if (query)
            KITH_TRY(move_found(m, along, query, 2, params, 1, err));
    }
    return KITH_OK;
}

/* -- a part: those of one kind between two ids --------------------------------------------------
 */

static kith_status move_between(struct move *m, const kith_value *last, kith_error *err) {
    const uint32_t *query = m->self->regions.query.part[m->kind];
    const kith_value params[] = {of_user(m) ? m->args.of : m->args.from, m->first, *last};
    return move_found(m, m->kind, query[of_user(m)], 3, params, 0, err);
}

static kith_status moving(kith_instance *self, kith_txn *txn, const kith_event *event,
                          kith_error *err) {
    struct move m = {.self = self, .txn = txn};
    kith_value last = kith_null(), what = kith_null();
    const struct {
        const char *name;
        kith_value *value;
    } payload[] = {{"what", &what},    {"from", &m.args.from},   {"of", &m.args.of},
                   {"to", &m.args.to}, {"owner", &m.args.owner}, {"first", &m.first},
                   {"last", &last}};
    for (size_t i = 0; i < sizeof payload / sizeof *payload; i++)
        KITH_TRY(
            self->events->payload(txn, event, kith_str_of(payload[i].name), payload[i].value, err));
    while (m.kind < MOVED_KINDS - 1 && !kith_is(what, kinds[m.kind]))
        m.kind++;
    return move_between(&m, &last, err);
}

/* -- the call -----------------------------------------------------------------------------------
 */

static kith_status publish(struct move *m, kith_value last, kith_error *err) {
    kith_instance *self = m->self;
    const kith_value payload[] = {kith_text(kinds[m->kind]),
                                  m->args.from,
                                  m->args.of,
                                  m->args.to,
                                  m->args.owner,
                                  m->first,
                                  last};
    m->parts++;
    return self->events->publish(m->txn, self->regions.topic.moving, 0, 0, 7, payload, err);
}

static kith_status part_out(struct move *m, const struct only *all, uint64_t count,
                            kith_error *err) {
    for (uint64_t i = 0; i < count; i += PART) {
        m->first = all[i].id;
        KITH_TRY(publish(m, all[i + PART < count ? i + PART - 1 : count - 1].id, err));
    }
    return KITH_OK;
}

static kith_status move_all(struct move *m, int kind, kith_error *err) {
    kith_instance *self = m->self;
    struct only *all;
    uint64_t count;
    kith_id user = 0;
    m->kind = kind;
    KITH_TRY(KITH_FIND(self, m->txn, regions.moved[kind], self->regions.query.all[kind][of_user(m)],
                       1, of_user(m) ? &m->args.of : &m->args.from, &all, &count, err));
    if (count == 0)
        return KITH_OK;
    m->counts[kind] += (int64_t)count;
    if (count > PART) {
        KITH_TRY(self->records->acting(m->txn, &user, err));
        if (user)
            return kith_fail(err, KITH_E_REFUSED, NULL,
                             "%llu records of type %s are more than go at once with your rights; "
                             "use 'kith update %s --where ...', which does it in parts, or ask an "
                             "administrator",
                             (unsigned long long)count, kinds[kind], kinds[kind]);
        return part_out(m, all, count, err);
    }
    m->first = all[0].id;
    return move_between(m, &all[count - 1].id, err);
}

static kith_status check_args(const struct move_args *a, kith_error *err) {
    if (kith_has(a->from) == kith_has(a->of))
        return kith_fail(err, KITH_E_INVAL, "from",
                         "say what is to be moved: from=TERRITORY or of=USER, one of them");
    if (!kith_has(a->to) && !kith_has(a->owner))
        return kith_fail(err, KITH_E_INVAL, "to",
                         "say where it is to go: to=TERRITORY, owner=USER, or both");
    if (kith_has(a->from) && kith_equal(a->from, a->to))
        return kith_fail(err, KITH_E_INVAL, "to", "to: it is the territory that they lie in");
    return KITH_OK;
}

static kith_status move_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct move m = {.self = self, .txn = self->calls->txn(call)};
    KITH_TRY(KITH_ARGS(self, call, &m.args, err));
    KITH_TRY(check_args(&m.args, err));
    const int last = of_user(&m) && kith_has(m.args.owner) ? MOVED_KINDS : MOVED_LEADS + 1;
    for (int kind = 0; kind < last; kind++)
        KITH_TRY(move_all(&m, kind, err));
    const struct {
        kith_value accounts, leads, opportunities, parts, contacts, tasks, plans;
    } results = {kith_int(m.counts[MOVED_ACCOUNTS]), kith_int(m.counts[MOVED_LEADS]),
                 kith_int(m.counts[MOVED_DEALS]),    kith_int((int64_t)m.parts),
                 kith_int(m.counts[MOVED_CONTACTS]), kith_int(m.counts[MOVED_TASKS]),
                 kith_int(m.counts[MOVED_PLANS])};
    return KITH_RESULTS(self, call, &results, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field payload[] = {
    F("what", TEXT, .doc = "account, lead, contact, opportunity, task or interaction."),
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
     .doc = "Some of the many records that sales.move moves are next."},
};
static const kith_reaction reactions[] = {
    {.name = "move",
     .topic = "territory.moving",
     .fn = moving,
     .doc = "Moves one part of many records."},
};

static const kith_field params[] = {
    F("from", LINK, .options = "territory", .doc = "All accounts and open leads that lie in it."),
    F("of", LINK, .options = "user",
      .doc = "Instead: what this user has in hand: accounts, open leads, and to another owner "
             "contacts, open deals, open tasks and what is planned."),
    F("to", LINK, .options = "territory", .doc = "The territory they go to."),
    F("owner", LINK, .options = "user",
      .doc = "The user they go to; contacts, open deals, open tasks and what is planned go along "
             "if they had the same owner."),
};
static const kith_field results[] = {
    F("accounts", INTEGER, .doc = "Accounts that are moved."),
    F("leads", INTEGER, .doc = "Leads that are moved."),
    F("opportunities", INTEGER, .doc = "Open deals, without those that go along in the parts."),
    F("parts", INTEGER, .doc = "Parts in which it goes on behind the call; 0: it is all done."),
    F("contacts", INTEGER, .doc = "Contacts, counted as the deals are."),
    F("tasks", INTEGER, .doc = "Open tasks, the same."),
    F("plans", INTEGER,
      .doc = "Planned interactions, the same; one at a time that is taken stays as it is."),
};
static const kith_action actions[] = {
    {.name = "move",
     .doc = "Moves what is in hand in a territory, or of a user, to another; one undo takes all of "
            "it back.",
     .effect = KITH_EFFECT_WRITE,
     .fn = move_action,
     .params = KITH_ARRAY(params),
     .results = KITH_ARRAY(results)},
};

#define BETWEEN   " and id >= :first and id <= :last"
#define IN        "territory = :from"
#define OF        "owner = :of"
#define OPEN_DEAL OPEN_OPPORTUNITIES " and "
#define OPEN_TASK "task where state = 'open' and assignee = :of"
#define PLANNED   "interaction where planned and " OF
/* All of them in their order, and those of a part; in a territory or of a user. */
#define OF_TERRITORY(kind, which)                                                                  \
    KITH_WANT(QUERY, which " order by id", regions.query.all[kind][0]),                            \
        KITH_WANT(QUERY, which BETWEEN, regions.query.part[kind][0])
#define OF_USER(kind, which)                                                                       \
    KITH_WANT(QUERY, which " order by id", regions.query.all[kind][1]),                            \
        KITH_WANT(QUERY, which BETWEEN, regions.query.part[kind][1])
#define ALONG(kind, what, which) KITH_WANT(QUERY, which, regions.query.along[kind][what])
/* Tasks and plans about what is moved, of who had it. */
#define TASKS_OF(kind)                                                                             \
    ALONG(kind, MOVED_TASKS, "task where about = :it and state = 'open' and assignee = :owner")
#define PLANS_OF(kind, link)                                                                       \
    ALONG(kind, MOVED_PLANS, "interaction where " link " = :it and planned and owner = :owner")
#define ASSIGNED(X) X(assignee)
static const kith_want wants[] = {
    KITH_WANT_RECORD("account", regions.moved[MOVED_ACCOUNTS], HOLDING),
    KITH_WANT(FIELD, "territory", regions.moved_to[MOVED_ACCOUNTS]),
    KITH_WANT_RECORD("lead", regions.moved[MOVED_LEADS], HOLDING),
    KITH_WANT(FIELD, "territory", regions.moved_to[MOVED_LEADS]),
    KITH_WANT_RECORD("contact", regions.moved[MOVED_CONTACTS], HOLDING),
    KITH_WANT_RECORD("opportunity", regions.moved[MOVED_DEALS], HOLDING),
    KITH_WANT_RECORD("task", regions.moved[MOVED_TASKS], ASSIGNED),
    KITH_WANT_RECORD("interaction", regions.moved[MOVED_PLANS], HOLDING),
    OF_TERRITORY(MOVED_ACCOUNTS, "account where " IN),
    OF_TERRITORY(MOVED_LEADS, OPEN_LEADS " and " IN),
    OF_USER(MOVED_ACCOUNTS, "account where " OF),
    OF_USER(MOVED_LEADS, OPEN_LEADS " and " OF),
    OF_USER(MOVED_CONTACTS, "contact where " OF),
    OF_USER(MOVED_DEALS, OPEN_DEAL OF),
    OF_USER(MOVED_TASKS, OPEN_TASK),
    OF_USER(MOVED_PLANS, PLANNED),
    ALONG(MOVED_ACCOUNTS, MOVED_CONTACTS, "contact where account = :it and owner = :owner"),
    ALONG(MOVED_ACCOUNTS, MOVED_DEALS, OPEN_DEAL "account = :it and owner = :owner"),
    TASKS_OF(MOVED_ACCOUNTS),
    PLANS_OF(MOVED_ACCOUNTS, "account"),
    TASKS_OF(MOVED_LEADS),
    PLANS_OF(MOVED_LEADS, "about"),
    TASKS_OF(MOVED_CONTACTS),
    PLANS_OF(MOVED_CONTACTS, "contact"),
    TASKS_OF(MOVED_DEALS),
    PLANS_OF(MOVED_DEALS, "about"),
    KITH_WANT(TOPIC, "territory.moving", regions.topic.moving),
};
const kith_part move_part = {
    .struct_size = sizeof move_part,
    .wants = KITH_ARRAY(wants),
    .topics = KITH_ARRAY(topics),
    .reactions = KITH_ARRAY(reactions),
    .actions = KITH_ARRAY(actions),
};
