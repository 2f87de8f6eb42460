/* SPDX-License-Identifier: Apache-2.0 */
/* Leads are shared out, in turn where nothing else decides (assign_by.c). Each user carries the
 * number of the turn in which sales.assign last gave a lead; who has the lowest is next, and who
 * never had one comes first. So it stays fair when somebody joins, leaves or pauses, and an undo
 * gives the turn back with the lead. */
#include "sales.h"

kith_status assign_begin(kith_instance *self, kith_error *err) {
    KITH_TRY(assign_by_check(self, err));
    if (self->users.kind == KITH_LIST && self->users.as.list.count == 0)
        self->users = kith_null();
    if (kith_has(self->team) && kith_has(self->users))
        return kith_fail(err, KITH_E_INVAL, "assign.users",
                         "%s: there is sales.assign.team, too; leave one of them out",
                         sales_place(self, "assign.users"));
    if (self->assigns_new_leads && !kith_has(self->team) && !kith_has(self->users) &&
        !assign_by_asks_all(&self->regions.assign_by))
        return kith_fail(err, KITH_E_INVAL, "assign.auto",
                         "%s: it needs sales.assign.team or sales.assign.users",
                         sales_place(self, "assign.auto"));
    return KITH_OK;
}

/* -- who --------------------------------------------------------------------------------------- */

struct assign_args {
    kith_value lead, team, users, by, again;
};
struct assignment {
    kith_instance *self;
    kith_txn *txn;
    const kith_txn *whole;  /* whose turn it is, and who has least, is so whoever assigns */
    kith_value team, users; /* one of them has a value */
    kith_value by;          /* how, in this order */
    struct sellers sellers; /* with their turns */
    struct chooser *chooser;
    kith_value given; /* who got the last one */
    kith_value had;   /* who has the one that is given again, and is passed over */
    int64_t turn;     /* the last one that was given */
};

/* Those of them who take leads; *found: all. */
static kith_status take(struct assignment *a, uint32_t query, uint32_t params, const kith_value *of,
                        uint64_t *found, kith_error *err) {
    struct user *users;
    KITH_TRY(KITH_FIND(a->self, a->txn, user, query, params, of, &users, found, err));
    for (uint64_t i = 0; i < *found; i++) {
        if (kith_equal(users[i].takes_leads, kith_bool(0)) || kith_equal(users[i].id, a->had))
            continue;
        if (!kith_has(users[i].lead_turn)) /* who never had one comes first */
            users[i].lead_turn = kith_int(0);
        KITH_TRY(KITH_GROW(a->self, a->txn, &a->sellers, err));
        a->sellers.items[a->sellers.count++] = users[i];
    }
    return KITH_OK;
}

/* Somebody who is named twice gets no two shares. */
static int32_t is_repeated(const kith_value *list, uint64_t i) {
    const kith_value *items = list->as.list.items;
    for (uint64_t k = 0; k < i; k++)
        if (kith_equal(items[k], items[i]))
            return 1;
    return 0;
}

static kith_status take_named(struct assignment *a, kith_error *err) {
    for (uint64_t i = 0; i < kith_rows(&a->users); i++) {
        const kith_value *login = &a->users.as.list.items[i];
        uint64_t found = 0;
        if (is_repeated(&a->users, i))
            continue;
        KITH_TRY(take(a, a->self->query.login, 1, login, &found, err));
        if (!found)
            return kith_fail(err, KITH_E_NOTFOUND, "users",
                             "there is no user with the login '%.*s' to assign leads to",
                             KITH_CUT(login->as.s, 60));
    }
    return KITH_OK;
}

static kith_status nobody(const struct assignment *a, kith_error *err) {
    kith_str team = a->team.as.s;
    if (!kith_has(a->team))
        return kith_fail(err, KITH_E_REFUSED, "users",
                         "none of the users to assign leads to takes leads now: their takes_leads "
                         "is false%s",
                         kith_has(a->had) ? ", or they have this one already" : "");
    return kith_fail(err, KITH_E_REFUSED, "team",
                     "nobody %sin a team with the name '%.*s' takes leads now: see 'kith find user "
                     "--fields login,teams,takes_leads'",
                     kith_has(a->had) ? "else " : "", KITH_CUT(team, 60));
}

/* The sellers, and the last turn of all users: who is in two teams has one turn. */
static kith_status find_sellers(struct assignment *a, kith_error *err) {
    kith_instance *self = a->self;
    struct user last;
    uint64_t found;
    if (kith_has(a->team))
        KITH_TRY(take(a, self->query.members, 1, &a->team, &found, err));
    else if (kith_has(a->users))
        KITH_TRY(take_named(a, err));
    else if (assign_by_asks_all(&a->by))
        KITH_TRY(take(a, self->regions.query.everybody, 0, NULL, &found, err));
    else
        return kith_fail(err, KITH_E_INVAL, NULL,
                         "nobody is named to assign leads to: give team=NAME or users=LOGIN,LOGIN, "
                         "or set sales.assign.team or sales.assign.users");
    if (a->sellers.count == 0)
        return nobody(a, err);
    KITH_TRY(KITH_FIRST(self, a->whole, user, self->query.last_turn, 0, NULL, &last, err));
    a->turn = last.lead_turn.as.i;
    return assign_by_begin(self, a->whole, &a->by, &a->sellers, &a->chooser, err);
}

/* -- what -------------------------------------------------------------------------------------- */

/* With its last lead a seller gets its turn, however many came: by a hook, since who may give a
 * lead away need not be one who may change users. */
static kith_status give(struct assignment *a, kith_id lead, const struct user *seller, int64_t turn,
                        int64_t *served, kith_error *err) {
    kith_instance *self = a->self;
    self->given_turn = turn == seller->lead_turn.as.i ? turn : 0;
    *served += self->given_turn != 0;
    a->given = seller->id;
    const kith_status st = KITH_SET(self, a->txn, lead, owner, lead, seller->id, err);
    self->given_turn = 0;
    return st;
}

/* Who gets which is known before anything is written, and so which lead is the last of a seller. */
static kith_status share_out(struct assignment *a, const kith_value *leads, uint64_t count,
                             int64_t *served, kith_error *err) {
    int64_t turn = a->turn;
    struct user **sellers;
    KITH_TRY(KITH_MEMORY(a->self, a->txn, &sellers, count, err));
    for (uint64_t i = 0; i < count; i++) {
        KITH_TRY(assign_by_choose(a->chooser, leads[i].as.link.id, &sellers[i], err));
        sellers[i]->lead_turn = kith_int(++a->turn);
    }
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(give(a, leads[i].as.link.id, sellers[i], ++turn, served, err));
    return KITH_OK;
}

kith_status assign_keep_turn(kith_instance *self, kith_txn *txn, kith_change *change,
                             kith_error *err) {
    kith_value owner;
    if (!self->given_turn)
        return KITH_OK;
    KITH_TRY(self->records->read(txn, change->after, 1, &self->lead.owner, &owner, err));
    return kith_has(owner) ? KITH_SET(self, txn, user, lead_turn, owner.as.link.id,
                                      kith_int(self->given_turn), err)
                           : KITH_OK;
}

/* What a new lead wrote belongs to nobody until it is assigned. A hook: who gives a lead away need
 * not be one who may change what is nobody's. */
kith_status assign_keep_heard(kith_instance *self, kith_txn *txn, kith_change *change,
                              kith_error *err) {
    const kith_value lead = kith_link(self->lead.type, change->id);
    kith_value owner, before, *heard;
    uint64_t count;
    KITH_TRY(self->records->read(txn, change->after, 1, &self->lead.owner, &owner, err));
    KITH_TRY(self->records->read(txn, change->before, 1, &self->lead.owner, &before, err));
    if (kith_has(before) || change->origin == KITH_ORIGIN_UNDO)
        return KITH_OK;
    KITH_TRY(KITH_FIND(self, txn, interaction, self->query.heard, 1, &lead, &heard, &count, err));
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(KITH_SET(self, txn, interaction, owner, heard[i].as.link.id, owner, err));
    return KITH_OK;
}

/* One lead that the caller names must be free to be given, unless it is to be given again. */
static kith_status check_lead(struct assignment *a, const struct assign_args *args,
                              kith_error *err) {
    struct lead lead;
    KITH_TRY(KITH_LOAD(a->self, a->txn, lead, args->lead.as.link.id, &lead, err));
    if (kith_has(lead.owner) && !args->again.as.i)
        return kith_fail(err, KITH_E_REFUSED, "lead",
                         "the lead '%.*s' has an owner already; say again=true to give it to "
                         "somebody else",
                         KITH_CUT(lead.name.as.s, 80));
    a->had = lead.owner;
    if (kith_is(lead.state, "converted") || kith_is(lead.state, "unqualified"))
        return kith_fail(err, KITH_E_REFUSED, "lead",
                         "the lead '%.*s' is %.*s: only an open one is assigned",
                         KITH_CUT(lead.name.as.s, 80), KITH_CHARS(lead.state.as.s));
    return KITH_OK;
}

/* -- the action, and new leads ----------------------------------------------------------------- */

/* What the call says, else what the settings say. */
static kith_status choose_sellers(struct assignment *a, const struct assign_args *args,
                                  kith_error *err) {
    a->team = args->team;
    a->users = args->users;
    a->by = kith_has(args->by) ? args->by : a->self->regions.assign_by;
    if (kith_has(a->team) && kith_has(a->users))
        return kith_fail(err, KITH_E_INVAL, "users", "give team or users, not both");
    if (args->again.as.i && !kith_has(args->lead))
        return kith_fail(err, KITH_E_INVAL, "again", "again: say which lead=LEAD is given again");
    if (!kith_has(a->team) && !kith_has(a->users)) {
        a->team = a->self->team;
        a->users = a->self->users;
    }
    return KITH_OK;
}

kith_status assign_leads(kith_instance *self, kith_call *call, kith_error *err) {
    struct assignment a = {
        .self = self, .txn = self->calls->txn(call), .whole = self->calls->whole(call)};
    struct assign_args args;
    kith_value *leads = &args.lead;
    uint64_t count = 1;
    int64_t served = 0;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    KITH_TRY(choose_sellers(&a, &args, err));
    KITH_TRY(kith_has(args.lead) ? check_lead(&a, &args, err)
                                 : KITH_FIND(self, a.txn, lead, self->query.unassigned, 0, NULL,
                                             &leads, &count, err));
    KITH_TRY(find_sellers(&a, err));
    KITH_TRY(share_out(&a, leads, count, &served, err));
    const struct {
        kith_value assigned, users, owner;
    } results = {kith_int((int64_t)count), kith_int(served),
                 kith_has(args.lead) ? a.given : kith_null()};
    return KITH_RESULTS(self, call, &results, err);
}

/* Who writes a lead down owns it only when that is said: else it is shared out like all others. */
kith_status assign_free_lead(kith_instance *self, kith_txn *txn, kith_change *change,
                             kith_error *err) {
    const kith_value nobody = kith_null();
    if (!self->assigns_new_leads || !change->owned)
        return KITH_OK;
    return self->records->set(txn, change, 1, &self->lead.owner, &nobody, err);
}

/* To those whom the settings name. When nobody takes leads, why says so, and they stay. */
static kith_status assign_by_settings(kith_instance *self, kith_txn *txn, const kith_value *leads,
                                      uint64_t count, int32_t *nobody_takes, kith_error *why,
                                      kith_error *err) {
    struct assignment a = {.self = self,
                           .txn = txn,
                           .whole = txn,
                           .team = self->team,
                           .users = self->users,
                           .by = self->regions.assign_by};
    int64_t served = 0;
    kith_status st = find_sellers(&a, why);
    *nobody_takes = st == KITH_E_REFUSED || st == KITH_E_NOTFOUND;
    if (*nobody_takes)
        return KITH_OK;
    return st == KITH_OK ? share_out(&a, leads, count, &served, err)
                         : kith_fail(err, st, NULL, "%.400s", why->message);
}

/* The reaction's condition has seen the lead as it is now: open, and without an owner. */
kith_status assign_new_lead(kith_instance *self, kith_txn *txn, const kith_event *event,
                            kith_error *err) {
    const kith_value lead = kith_link(self->lead.type, event->id);
    kith_error why = {.struct_size = sizeof why};
    int32_t nobody_takes = 0;
    if (!self->assigns_new_leads)
        return KITH_OK;
    KITH_TRY(assign_by_settings(self, txn, &lead, 1, &nobody_takes, &why, err));
    const kith_value reason = kith_text(why.message);
    return nobody_takes ? self->events->publish(txn, self->unassigned, self->lead.type, event->id,
                                                1, &reason, err)
                        : KITH_OK;
}

/* Those for whom there was nobody when they came. */
static kith_status assign_waiting(kith_instance *self, kith_txn *txn, kith_error *err) {
    kith_value *leads;
    uint64_t count;
    kith_error why = {.struct_size = sizeof why};
    int32_t nobody_takes = 0;
    if (!self->assigns_new_leads)
        return KITH_OK;
    KITH_TRY(KITH_FIND(self, txn, lead, self->query.unassigned, 0, NULL, &leads, &count, err));
    return count ? assign_by_settings(self, txn, leads, count, &nobody_takes, &why, err) : KITH_OK;
}

kith_status assign_to_seller(kith_instance *self, kith_txn *txn, const kith_event *event,
                             kith_error *err) {
    (void)event;
    return assign_waiting(self, txn, err);
}

kith_status assign_nightly(kith_instance *self, kith_txn *txn, const kith_firing *firing,
                           kith_error *err) {
    (void)firing;
    return assign_waiting(self, txn, err);
}
