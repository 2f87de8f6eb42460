/* SPDX-License-Identifier: Apache-2.0 */
/* Leads are shared out, in turn where nothing else decides (assign_by.c). Each user carries the
 * number of the turn in which sales.assign last gave a lead; who has the lowest is next, and who
 * never had one comes first. So it stays fair when somebody joins, leaves or pauses, and an undo
 * gives the turn back with the lead. */
#include "sales.h"

kith_status assign_read_settings(kith_instance *self, kith_error *err) {
    kith_value on;
    kith_status st = sales_setting(self, "assign.team", &self->team, err);
    if (st == KITH_OK)
        st = sales_setting(self, "assign.users", &self->users, err);
    if (st == KITH_OK)
        st = sales_setting(self, "assign.auto", &on, err);
    if (st == KITH_OK)
        st = assign_by_read(self, err);
    if (st != KITH_OK)
        return st;
    self->assigns_new_leads = on.as.i;
    if (self->users.kind == KITH_LIST && self->users.as.list.count == 0)
        self->users = kith_null();
    if (self->team.kind != KITH_NULL && self->users.kind != KITH_NULL)
        return kith_fail(err, KITH_E_INVAL, "assign.users",
                         "%s: there is sales.assign.team, too; leave one of them out",
                         sales_place(self, "assign.users"));
    if (on.as.i && self->team.kind == KITH_NULL && self->users.kind == KITH_NULL &&
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
    kith_value team, users; /* one of them has a value */
    kith_value by;          /* how, in this order */
    struct picks sellers;   /* with their turns */
    struct chooser *chooser;
    kith_id given; /* who got the last one */
    int64_t turn;  /* the last one that was given */
};

static kith_status pick_seller(void *arg, const kith_txn *txn, const kith_row *row,
                               kith_error *err) {
    struct picks *sellers = arg;
    kith_instance *self = sellers->self;
    const uint32_t fields[] = {self->user.takes_leads, self->user.lead_turn};
    kith_value v[2];
    kith_status st = self->records->read(txn, row, 2, fields, v, err);
    if (st != KITH_OK || (v[0].kind == KITH_BOOL && !v[0].as.i))
        return st;
    return picks_add(sellers, txn, self->records->row_id(txn, row),
                     v[1].kind == KITH_INT ? v[1].as.i : 0, err);
}

static kith_status note_turn(void *arg, const kith_txn *txn, const kith_row *row, kith_error *err) {
    struct assignment *a = arg;
    kith_value turn;
    kith_status st = a->self->records->read(txn, row, 1, &a->self->user.lead_turn, &turn, err);
    if (st == KITH_OK)
        a->turn = turn.as.i;
    return st;
}

/* Somebody who is named twice gets no two shares. */
static int32_t is_repeated(const kith_value *list, uint64_t i) {
    const kith_value *items = list->as.list.items;
    for (uint64_t k = 0; k < i; k++)
        if (items[k].as.s.len == items[i].as.s.len &&
            memcmp(items[k].as.s.ptr, items[i].as.s.ptr, (size_t)items[i].as.s.len) == 0)
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
        kith_status st =
            self->records->find(a->txn, self->query.login, 1, login, 0, pick_user, &search, err);
        if (st != KITH_OK)
            return st;
        if (!search.found)
            return kith_fail(err, KITH_E_NOTFOUND, "users",
                             "there is no user with the login '%.*s' to assign leads to",
                             login->as.s.len < 60 ? (int)login->as.s.len : 60, login->as.s.ptr);
    }
    return KITH_OK;
}

static kith_status nobody(const struct assignment *a, kith_error *err) {
    kith_str team = a->team.as.s;
    if (a->team.kind == KITH_NULL)
        return kith_fail(err, KITH_E_REFUSED, "users",
                         "none of the users to assign leads to takes leads now: their takes_leads "
                         "is false");
    return kith_fail(err, KITH_E_REFUSED, "team",
                     "nobody in a team with the name '%.*s' takes leads now: see 'kith find user "
                     "--fields login,teams,takes_leads'",
                     team.len < 60 ? (int)team.len : 60, team.ptr);
}

/* The sellers, and the last turn of all users: who is in two teams has one turn. */
static kith_status find_sellers(struct assignment *a, kith_error *err) {
    kith_instance *self = a->self;
    const kith_records_v1 *rec = self->records;
    const int32_t all = a->team.kind == KITH_NULL && a->users.kind == KITH_NULL;
    a->sellers.self = self;
    if (all && !assign_by_asks_all(self, &a->by))
        return kith_fail(err, KITH_E_INVAL, NULL,
                         "nobody is named to assign leads to: give team=NAME or users=LOGIN,LOGIN, "
                         "or set sales.assign.team or sales.assign.users");
    kith_status st =
        all ? rec->find(a->txn, self->regions.query.everybody, 0, NULL, 0, pick_seller, &a->sellers,
                        err)
        : a->team.kind == KITH_NULL
            ? pick_users(a, err)
            : rec->find(a->txn, self->query.members, 1, &a->team, 0, pick_seller, &a->sellers, err);
    if (st == KITH_OK && a->sellers.count == 0)
        return nobody(a, err);
    if (st == KITH_OK)
        st = rec->find(a->txn, self->query.last_turn, 0, NULL, 0, note_turn, a, err);
    return st == KITH_OK ? assign_by_begin(self, a->txn, &a->by, &a->sellers, &a->chooser, err)
                         : st;
}

/* -- what -------------------------------------------------------------------------------------- */

static kith_status give(struct assignment *a, kith_id lead, struct pick *seller, kith_error *err) {
    kith_instance *self = a->self;
    kith_value owner = kith_link(self->user.type, seller->id);
    seller->number = ++a->turn;
    a->given = seller->id;
    return self->records->update(a->txn, self->lead.type, lead, 1, &self->lead.owner, &owner, err);
}

/* Once for each seller, however many leads came: the turns of those that got one are the highest.
 */
static kith_status keep_turns(struct assignment *a, int64_t before, int64_t *served,
                              kith_error *err) {
    kith_instance *self = a->self;
    kith_status st = KITH_OK;
    for (const struct pick *p = a->sellers.first; st == KITH_OK && p; p = p->next) {
        kith_value turn = kith_number(KITH_INT, p->number);
        if (p->number <= before)
            continue;
        ++*served;
        st = self->records->update(a->txn, self->user.type, p->id, 1, &self->user.lead_turn, &turn,
                                   err);
    }
    return st;
}

static kith_status share_out(struct assignment *a, const struct picks *leads, int64_t *served,
                             kith_error *err) {
    int64_t before = a->turn;
    kith_status st = KITH_OK;
    for (const struct pick *lead = leads->first; st == KITH_OK && lead; lead = lead->next) {
        struct pick *seller = NULL;
        st = assign_by_choose(a->chooser, lead->id, &seller, err);
        if (st == KITH_OK)
            st = give(a, lead->id, seller, err);
    }
    return st == KITH_OK ? keep_turns(a, before, served, err) : st;
}

/* One lead that the caller names must be free to be given. */
static kith_status take_lead(struct picks *leads, const kith_txn *txn, kith_id id,
                             kith_error *err) {
    kith_instance *self = leads->self;
    const uint32_t fields[] = {self->lead.name, self->lead.owner, self->lead.state};
    const kith_row *row;
    kith_value v[3];
    kith_status st = self->records->get(txn, self->lead.type, id, &row, err);
    if (st == KITH_OK)
        st = self->records->read(txn, row, 3, fields, v, err);
    if (st != KITH_OK)
        return st;
    int shown = v[0].as.s.len < 80 ? (int)v[0].as.s.len : 80;
    if (v[1].kind != KITH_NULL)
        return kith_fail(err, KITH_E_REFUSED, "lead",
                         "the lead '%.*s' has an owner already; empty it first (owner=)", shown,
                         v[0].as.s.ptr);
    if (kith_str_is(v[2].as.s, "converted") || kith_str_is(v[2].as.s, "unqualified"))
        return kith_fail(err, KITH_E_REFUSED, "lead",
                         "the lead '%.*s' is %.*s: only an open one is assigned", shown,
                         v[0].as.s.ptr, (int)v[2].as.s.len, v[2].as.s.ptr);
    return picks_add(leads, txn, id, 0, err);
}

/* -- the action, and new leads ----------------------------------------------------------------- */

/* What the call says, else what the settings say. */
static kith_status choose_sellers(struct assignment *a, const kith_value *args, kith_error *err) {
    kith_instance *self = a->self;
    a->team = args[ASSIGN_TEAM];
    a->users = args[ASSIGN_USERS];
    a->by = args[ASSIGN_BY].kind == KITH_NULL ? self->regions.assign_by : args[ASSIGN_BY];
    if (a->team.kind != KITH_NULL && a->users.kind != KITH_NULL)
        return kith_fail(err, KITH_E_INVAL, "users", "give team or users, not both");
    if (a->team.kind == KITH_NULL && a->users.kind == KITH_NULL) {
        a->team = self->team;
        a->users = self->users;
    }
    return KITH_OK;
}

static kith_status answer(kith_instance *self, kith_call *call, const struct picks *leads,
                          int64_t served, const kith_value *owner, kith_error *err) {
    kith_value count = kith_number(KITH_INT, (int64_t)leads->count);
    kith_value users = kith_number(KITH_INT, served);
    kith_status st = self->calls->result(call, ASSIGNED_LEADS, &count, err);
    if (st == KITH_OK)
        st = self->calls->result(call, ASSIGNED_USERS, &users, err);
    return st == KITH_OK ? self->calls->result(call, ASSIGNED_OWNER, owner, err) : st;
}

kith_status assign_leads(kith_instance *self, kith_call *call, kith_error *err) {
    struct assignment a = {.self = self, .txn = self->calls->txn(call)};
    struct picks leads = {.self = self};
    kith_value args[ASSIGN_PARAMS], owner = kith_null();
    kith_status st = KITH_OK;
    int64_t served = 0;
    for (uint32_t i = 0; st == KITH_OK && i < ASSIGN_PARAMS; i++)
        st = self->calls->arg(call, i, &args[i], err);
    if (st == KITH_OK)
        st = choose_sellers(&a, args, err);
    if (st == KITH_OK)
        st = find_sellers(&a, err);
    if (st != KITH_OK)
        return st;
    if (args[ASSIGN_LEAD].kind == KITH_NULL) {
        st = self->records->find(a.txn, self->query.unassigned, 0, NULL, 0, picks_row, &leads, err);
    } else {
        st = take_lead(&leads, a.txn, args[ASSIGN_LEAD].as.link.id, err);
    }
    if (st == KITH_OK)
        st = share_out(&a, &leads, &served, err);
    if (args[ASSIGN_LEAD].kind == KITH_LINK)
        owner = kith_link(self->user.type, a.given);
    return st == KITH_OK ? answer(self, call, &leads, served, &owner, err) : st;
}

/* The reaction's condition has seen the lead as it is now: open, and without an owner. */
kith_status assign_new_lead(kith_instance *self, kith_txn *txn, const kith_event *event,
                            kith_error *err) {
    struct assignment a = {.self = self,
                           .txn = txn,
                           .team = self->team,
                           .users = self->users,
                           .by = self->regions.assign_by};
    struct picks leads = {.self = self};
    kith_event_info info = {.struct_size = sizeof info};
    int64_t served = 0;
    if (!self->assigns_new_leads)
        return KITH_OK;
    kith_status st = self->events->info(txn, event, &info, err);
    if (st == KITH_OK)
        st = find_sellers(&a, err);
    if (st == KITH_OK)
        st = picks_add(&leads, txn, info.id, 0, err);
    return st == KITH_OK ? share_out(&a, &leads, &served, err) : st;
}
