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
        !assign_by_asks_all(self, &self->regions.assign_by))
        return kith_fail(err, KITH_E_INVAL, "assign.auto",
                         "%s: it needs sales.assign.team or sales.assign.users",
                         sales_place(self, "assign.auto"));
    return KITH_OK;
}

/* -- who --------------------------------------------------------------------------------------- */

struct assignment {
    kith_instance *self;
    kith_txn *txn;
    const kith_txn *whole;  /* whose turn it is, and who has least, is so whoever assigns */
    kith_value team, users; /* one of them has a value */
    kith_value by;          /* how, in this order */
    struct picks sellers;   /* with their turns */
    struct chooser *chooser;
    kith_id given; /* who got the last one */
    kith_id had;   /* who has the one that is given again, and is passed over; 0: nobody */
    int64_t turn;  /* the last one that was given */
};

static kith_status pick_seller(void *arg, const kith_txn *txn, const kith_row *row,
                               kith_error *err) {
    struct picks *sellers = arg;
    kith_instance *self = sellers->self;
    const uint32_t fields[] = {self->user.takes_leads, self->user.lead_turn};
    kith_value v[2];
    KITH_TRY(self->records->read(txn, row, 2, fields, v, err));
    if (v[0].kind == KITH_BOOL && !v[0].as.i)
        return KITH_OK;
    return picks_add(sellers, txn, self->records->row_id(txn, row),
                     v[1].kind == KITH_INT ? v[1].as.i : 0, err);
}

static kith_status note_turn(void *arg, const kith_txn *txn, const kith_row *row, kith_error *err) {
    struct assignment *a = arg;
    kith_value turn;
    KITH_TRY(a->self->records->read(txn, row, 1, &a->self->user.lead_turn, &turn, err));
    a->turn = turn.as.i;
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

struct user_search {
    struct picks *sellers;
    int32_t found;
};

static kith_status pick_user(void *arg, const kith_txn *txn, const kith_row *row, kith_error *err) {
    struct user_search *search = arg;
    search->found = 1;
    return pick_seller(search->sellers, txn, row, err);
}

static kith_status pick_users(struct assignment *a, kith_error *err) {
    kith_instance *self = a->self;
    for (uint64_t i = 0; i < a->users.as.list.count; i++) {
        const kith_value *login = &a->users.as.list.items[i];
        struct user_search search = {&a->sellers, 0};
        if (is_repeated(&a->users, i))
            continue;
        KITH_TRY(
            self->records->find(a->txn, self->query.login, 1, login, 0, pick_user, &search, err));
        if (!search.found)
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
                         a->had ? ", or they have this one already" : "");
    return kith_fail(err, KITH_E_REFUSED, "team",
                     "nobody %sin a team with the name '%.*s' takes leads now: see 'kith find user "
                     "--fields login,teams,takes_leads'",
                     a->had ? "else " : "", KITH_CUT(team, 60));
}

static void pass_over(struct picks *sellers, kith_id user) {
    struct picks others = {.self = sellers->self};
    for (struct pick *p = sellers->first, *next; p; p = next) {
        next = p->next;
        p->next = NULL;
        if (p->id == user)
            continue;
        *(others.last ? &others.last->next : &others.first) = p;
        others.last = p;
        others.count++;
    }
    *sellers = others;
}

/* The sellers, and the last turn of all users: who is in two teams has one turn. */
static kith_status find_sellers(struct assignment *a, kith_error *err) {
    kith_instance *self = a->self;
    const kith_records_v1 *rec = self->records;
    const int32_t all = !kith_has(a->team) && !kith_has(a->users);
    a->sellers.self = self;
    if (all && !assign_by_asks_all(self, &a->by))
        return kith_fail(err, KITH_E_INVAL, NULL,
                         "nobody is named to assign leads to: give team=NAME or users=LOGIN,LOGIN, "
                         "or set sales.assign.team or sales.assign.users");
    kith_status st = all ? rec->find(a->txn, self->regions.query.everybody, 0, NULL, 0, pick_seller,
                                     &a->sellers, err)
                     : !kith_has(a->team) ? pick_users(a, err)
                                          : rec->find(a->txn, self->query.members, 1, &a->team, 0,
                                                      pick_seller, &a->sellers, err);
    if (a->had)
        pass_over(&a->sellers, a->had);
    if (st == KITH_OK && a->sellers.count == 0)
        return nobody(a, err);
    if (st == KITH_OK)
        st = rec->find(a->whole, self->query.last_turn, 0, NULL, 0, note_turn, a, err);
    return st == KITH_OK ? assign_by_begin(self, a->whole, &a->by, &a->sellers, &a->chooser, err)
                         : st;
}

/* -- what -------------------------------------------------------------------------------------- */

/* Who gets which, before anything is written: so it is known which lead is the last of a seller. */
static kith_status choose(struct assignment *a, const struct picks *leads, struct pick **sellers,
                          kith_error *err) {
    uint64_t i = 0;
    for (struct pick *lead = leads->first; lead; lead = lead->next, i++) {
        KITH_TRY(assign_by_choose(a->chooser, lead->id, &sellers[i], err));
        lead->number = sellers[i]->number = ++a->turn;
    }
    return KITH_OK;
}

/* With its last lead a seller gets its turn, however many came: by a hook, since who may give a
 * lead away need not be one who may change users. */
static kith_status give(struct assignment *a, const struct pick *lead, const struct pick *seller,
                        int64_t *served, kith_error *err) {
    kith_instance *self = a->self;
    const kith_value owner = kith_link(self->user.type, seller->id);
    self->given_turn = lead->number == seller->number ? lead->number : 0;
    *served += self->given_turn != 0;
    kith_status st =
        self->records->update(a->txn, self->lead.type, lead->id, 1, &self->lead.owner, &owner, err);
    self->given_turn = 0;
    return st;
}

kith_status assign_keep_turn(kith_instance *self, kith_txn *txn, kith_change *change,
                             kith_error *err) {
    const kith_value turn = kith_int(self->given_turn);
    kith_value owner = kith_null();
    if (!self->given_turn)
        return KITH_OK;
    KITH_TRY(self->records->read(txn, change->after, 1, &self->lead.owner, &owner, err));
    if (owner.kind != KITH_LINK)
        return KITH_OK;
    return self->records->update(txn, self->user.type, owner.as.link.id, 1, &self->user.lead_turn,
                                 &turn, err);
}

/* What a new lead wrote belongs to nobody until it is assigned. A hook: who gives a lead away need
 * not be one who may change what is nobody's. */
kith_status assign_keep_heard(kith_instance *self, kith_txn *txn, kith_change *change,
                              kith_error *err) {
    const kith_value lead = kith_link(self->lead.type, change->id);
    struct picks heard = {.self = self};
    kith_value owner, before;
    kith_status st = self->records->read(txn, change->after, 1, &self->lead.owner, &owner, err);
    if (st == KITH_OK)
        st = self->records->read(txn, change->before, 1, &self->lead.owner, &before, err);
    if (st != KITH_OK || kith_has(before) || change->origin == KITH_ORIGIN_UNDO)
        return st;
    st = self->records->find(txn, self->query.heard, 1, &lead, 0, picks_row, &heard, err);
    for (const struct pick *p = heard.first; st == KITH_OK && p; p = p->next)
        st = self->records->update(txn, self->interaction.type, p->id, 1, &self->interaction.owner,
                                   &owner, err);
    return st;
}

static kith_status share_out(struct assignment *a, const struct picks *leads, int64_t *served,
                             kith_error *err) {
    struct pick **sellers = a->self->host->memory(a->txn, (leads->count + 1) * sizeof *sellers);
    if (!sellers)
        return kith_fail(err, KITH_E_NOMEM, NULL, "there is no memory for more records");
    KITH_TRY(choose(a, leads, sellers, err));
    uint64_t i = 0;
    for (const struct pick *lead = leads->first; lead; lead = lead->next, i++)
        KITH_TRY(give(a, lead, sellers[i], served, err));
    if (i)
        a->given = sellers[i - 1]->id;
    return KITH_OK;
}

/* One lead that the caller names must be free to be given, unless it is to be given again. */
static kith_status take_lead(struct assignment *a, struct picks *leads, const kith_value *args,
                             kith_error *err) {
    kith_instance *self = a->self;
    const kith_txn *txn = a->txn;
    const kith_id id = args[ASSIGN_LEAD].as.link.id;
    const uint32_t fields[] = {self->lead.name, self->lead.owner, self->lead.state};
    const kith_row *row;
    kith_value v[3];
    KITH_TRY(self->records->get(txn, self->lead.type, id, &row, err));
    KITH_TRY(self->records->read(txn, row, 3, fields, v, err));
    int shown = v[0].as.s.len < 80 ? (int)v[0].as.s.len : 80;
    if (kith_has(v[1]) && !args[ASSIGN_AGAIN].as.i)
        return kith_fail(err, KITH_E_REFUSED, "lead",
                         "the lead '%.*s' has an owner already; say again=true to give it to "
                         "somebody else",
                         shown, v[0].as.s.ptr);
    a->had = v[1].kind == KITH_LINK ? v[1].as.link.id : 0;
    if (kith_is(v[2], "converted") || kith_is(v[2], "unqualified"))
        return kith_fail(err, KITH_E_REFUSED, "lead",
                         "the lead '%.*s' is %.*s: only an open one is assigned", shown,
                         v[0].as.s.ptr, KITH_CHARS(v[2].as.s));
    return picks_add(leads, txn, id, 0, err);
}

/* -- the action, and new leads ----------------------------------------------------------------- */

/* What the call says, else what the settings say. */
static kith_status choose_sellers(struct assignment *a, const kith_value *args, kith_error *err) {
    kith_instance *self = a->self;
    a->team = args[ASSIGN_TEAM];
    a->users = args[ASSIGN_USERS];
    a->by = !kith_has(args[ASSIGN_BY]) ? self->regions.assign_by : args[ASSIGN_BY];
    if (kith_has(a->team) && kith_has(a->users))
        return kith_fail(err, KITH_E_INVAL, "users", "give team or users, not both");
    if (args[ASSIGN_AGAIN].as.i && !kith_has(args[ASSIGN_LEAD]))
        return kith_fail(err, KITH_E_INVAL, "again", "again: say which lead=LEAD is given again");
    if (!kith_has(a->team) && !kith_has(a->users)) {
        a->team = self->team;
        a->users = self->users;
    }
    return KITH_OK;
}

static kith_status answer(kith_instance *self, kith_call *call, const struct picks *leads,
                          int64_t served, const kith_value *owner, kith_error *err) {
    kith_value count = kith_int((int64_t)leads->count);
    kith_value users = kith_int(served);
    KITH_TRY(self->calls->result(call, ASSIGNED_LEADS, &count, err));
    KITH_TRY(self->calls->result(call, ASSIGNED_USERS, &users, err));
    return self->calls->result(call, ASSIGNED_OWNER, owner, err);
}

kith_status assign_leads(kith_instance *self, kith_call *call, kith_error *err) {
    struct assignment a = {
        .self = self, .txn = self->calls->txn(call), .whole = self->calls->whole(call)};
    struct picks leads = {.self = self};
    kith_value args[ASSIGN_PARAMS], owner = kith_null();
    kith_status st = KITH_OK;
    int64_t served = 0;
    for (uint32_t i = 0; st == KITH_OK && i < ASSIGN_PARAMS; i++)
        st = self->calls->arg(call, i, &args[i], err);
    if (st == KITH_OK)
        st = choose_sellers(&a, args, err);
    if (st == KITH_OK)
        st = args[ASSIGN_LEAD].kind == KITH_LINK
                 ? take_lead(&a, &leads, args, err)
                 : self->records->find(a.txn, self->query.unassigned, 0, NULL, 0, picks_row, &leads,
                                       err);
    if (st == KITH_OK)
        st = find_sellers(&a, err);
    if (st == KITH_OK)
        st = share_out(&a, &leads, &served, err);
    if (args[ASSIGN_LEAD].kind == KITH_LINK)
        owner = kith_link(self->user.type, a.given);
    return st == KITH_OK ? answer(self, call, &leads, served, &owner, err) : st;
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
static kith_status assign_by_settings(kith_instance *self, kith_txn *txn, struct picks *leads,
                                      int32_t *nobody_takes, kith_error *why, kith_error *err) {
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
    return st == KITH_OK ? share_out(&a, leads, &served, err)
                         : kith_fail(err, st, NULL, "%.400s", why->message);
}

/* The reaction's condition has seen the lead as it is now: open, and without an owner. */
kith_status assign_new_lead(kith_instance *self, kith_txn *txn, const kith_event *event,
                            kith_error *err) {
    struct picks leads = {.self = self};
    kith_error why = {.struct_size = sizeof why};
    int32_t nobody_takes = 0;
    if (!self->assigns_new_leads)
        return KITH_OK;
    KITH_TRY(picks_add(&leads, txn, event->id, 0, err));
    KITH_TRY(assign_by_settings(self, txn, &leads, &nobody_takes, &why, err));
    const kith_value reason = kith_text(why.message);
    return nobody_takes ? self->events->publish(txn, self->unassigned, self->lead.type, event->id,
                                                1, &reason, err)
                        : KITH_OK;
}

/* Those for whom there was nobody when they came. */
static kith_status assign_waiting(kith_instance *self, kith_txn *txn, kith_error *err) {
    struct picks leads = {.self = self};
    kith_error why = {.struct_size = sizeof why};
    int32_t nobody_takes = 0;
    if (!self->assigns_new_leads)
        return KITH_OK;
    KITH_TRY(self->records->find(txn, self->query.unassigned, 0, NULL, 0, picks_row, &leads, err));
    return leads.count ? assign_by_settings(self, txn, &leads, &nobody_takes, &why, err) : KITH_OK;
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
