/* SPDX-License-Identifier: Apache-2.0 */
/* Before a call or a visit: what is open with a customer, what was said last, what is pending. What
 * counts as a problem says the setting sales.problems, so that whatever keeps complaints, cases,
 * shipments or invoices is looked at. */
#include "sales.h"

#define SEEN_MAX 256

/* -- what counts as a problem -------------------------------------------------------------------
 */

struct problem_row { /* as declared */
    kith_value kind, type, when, account, contact, reason, optional;
};

/* The first of these fields, with blanks between, that the type has; 0: none. */
static uint32_t field_among(const kith_instance *self, uint32_t type, const char *names) {
    uint32_t field = 0;
    for (; *names; names += strspn(names, " ")) {
        const kith_str name = {names, strcspn(names, " ")};
        if (self->records->field(self->host, type, name, &field, NULL) == KITH_OK)
            return field;
        names += name.len;
    }
    return 0;
}

/* How records of the type lead to an organisation or a person: as the row says, else by the field
 * of that name; empty: not at all. */
static kith_str way_to(const kith_instance *self, uint32_t type, kith_value told,
                       const char *field) {
    return kith_has(told) ? told.as.s : kith_str_of(field_among(self, type, field) ? field : "");
}

static kith_status compile(kith_instance *self, const struct problem *p, kith_str when,
                           kith_str way, uint64_t row, uint32_t *query, kith_error *err) {
    kith_error why = {.struct_size = sizeof why};
    char text[2000];
    const int length = snprintf(text, sizeof text, "%.*s where (%.*s) and %.*s in (:who) limit 50",
                                KITH_CHARS(p->type), KITH_CHARS(when), KITH_CHARS(way));
    if (!way.len)
        return KITH_OK;
    if (length >= (int)sizeof text)
        return kith_fail(err, KITH_E_LIMIT, "problems", "%s, row %llu: the condition is too long",
                         sales_place(self, "problems"), (unsigned long long)row);
    kith_status st = self->records->query(self->host, kith_str_of(text), query, &why);
    return st == KITH_OK
               ? st
               : kith_fail(err, st, "problems", "%s, row %llu: %.400s",
                           sales_place(self, "problems"), (unsigned long long)row, why.message);
}

/* A type that is not there, as of a module that is not enabled, has no problems. */
static kith_status read_problem(kith_instance *self, const struct problem_row *of, uint64_t row,
                                kith_error *err) {
    struct problem p = {.kind = of->kind.as.s, .type = of->type.as.s, .reason = of->reason.as.s};
    uint32_t type;
    const kith_status st = self->records->type(self->host, p.type, &type, err);
    if (st != KITH_OK)
        return kith_or_none(st);
    const kith_str account = way_to(self, type, of->account, "account");
    const kith_str contact = way_to(self, type, of->contact, "contact");
    if (!account.len && !contact.len)
        return kith_fail(err, KITH_E_INVAL, "problems",
                         "%s, row %llu: %.*s has neither a field account nor a field contact, so "
                         "nobody can tell whose problem it is",
                         sales_place(self, "problems"), (unsigned long long)row,
                         KITH_CHARS(p.type));
    KITH_TRY(compile(self, &p, of->when.as.s, account, row, &p.by_account, err));
    KITH_TRY(compile(self, &p, of->when.as.s, contact, row, &p.by_contact, err));
    p.name = field_among(self, type, "number subject title name description");
    p.due = field_among(self, type, "due_on due due_at");
    p.amount = field_among(self, type, "open amount total");
    self->regions.problems[self->regions.problem_count++] = p;
    return KITH_OK;
}

/* One that is optional is passed over where the type is another one than was thought: the log says
 * why. */
static kith_status read_row(kith_instance *self, const struct problem_row *of, uint64_t row,
                            kith_error *err) {
    const kith_status st = read_problem(self, of, row, err);
    if ((st != KITH_E_INVAL && st != KITH_E_NOTFOUND) || !of->optional.as.i)
        return st;
    self->host->log(self->host, KITH_LOG_WARN, kith_str_of(err->message));
    return KITH_OK;
}

static kith_status read_problems(kith_instance *self, kith_error *err) {
    const kith_value *rows = &self->regions.problem_rows;
    for (uint64_t i = 0; i < kith_rows(rows); i++)
        KITH_TRY(read_row(self, kith_row_of(rows, i), i + 1, err));
    return KITH_OK;
}

/* -- what is open with a customer ---------------------------------------------------------------
 */

struct search {
    kith_instance *self;
    const struct problem *problem;
    problem_fn fn;
    void *arg;
    kith_value seen[SEEN_MAX]; /* one that is of the account and of the contact counts once */
    uint64_t count;
};

static kith_status note_problem(void *arg, const kith_txn *txn, const kith_row *row,
                                kith_error *err) {
    struct search *s = arg;
    const kith_records_v1 *rec = s->self->records;
    const kith_value record = kith_link(rec->row_type(txn, row), rec->row_id(txn, row));
    for (uint64_t i = 0; i < s->count; i++)
        if (s->seen[i].as.link.id == record.as.link.id)
            return KITH_OK;
    if (s->count == SEEN_MAX)
        return KITH_OK;
    s->seen[s->count++] = record;
    return s->fn ? s->fn(s->arg, txn, s->problem, row, err) : KITH_OK;
}

/* Who may see none of that type sees none. */
static kith_status search_by(struct search *s, const kith_txn *txn, uint32_t query,
                             const kith_value *who, kith_error *err) {
    kith_error why = {.struct_size = sizeof why};
    kith_status st =
        s->self->records->find(txn, query, 1, who, 0, note_problem, s, s->fn ? &why : err);
    if (st != KITH_OK && s->fn && err)
        *err = why;
    return st == KITH_E_DENIED && s->fn ? KITH_OK : st;
}

/* Whose problems are looked for: what is wrong with an organisation is wrong with its units. */
struct concerned {
    kith_value items[ABOVE_MAX];
    kith_value accounts, contact; /* accounts: a list of the items */
};

static void concern_one(const struct customer *who, struct concerned *out) {
    *out = (struct concerned){.items = {who->account}, .contact = who->contact};
    out->accounts = kith_list(out->items, (uint64_t)kith_has(who->account));
}

/* With the accounts above. */
static kith_status concern(kith_instance *self, const kith_txn *whole, const struct customer *who,
                           struct concerned *out, kith_error *err) {
    struct units chain = {.count = 0};
    concern_one(who, out);
    if (!kith_has(who->account))
        return KITH_OK;
    KITH_TRY(units_above(self, whole, who->account.as.link.id, &chain, err));
    for (uint64_t i = 0; i < chain.count; i++)
        out->items[i] = chain.firms[i].id;
    out->accounts.as.list.count = chain.count;
    return KITH_OK;
}

static kith_status search_problems(struct search *s, const kith_txn *txn,
                                   const struct concerned *who, kith_error *err) {
    for (uint64_t i = 0; i < s->self->regions.problem_count; i++) {
        const struct problem *p = s->problem = &s->self->regions.problems[i];
        if (p->by_account && who->accounts.as.list.count)
            KITH_TRY(search_by(s, txn, p->by_account, &who->accounts, err));
        if (p->by_contact && who->contact.kind == KITH_LINK)
            KITH_TRY(search_by(s, txn, p->by_contact, &who->contact, err));
    }
    return KITH_OK;
}

kith_status problems_of(kith_instance *self, const kith_txn *txn, const struct customer *who,
                        problem_fn fn, void *arg, kith_error *err) {
    struct search s = {.self = self, .fn = fn, .arg = arg};
    struct concerned concerned;
    KITH_TRY(concern(self, txn, who, &concerned, err));
    return search_problems(&s, txn, &concerned, err);
}

/* -- the answers --------------------------------------------------------------------------------
 */

struct brief_row {
    kith_value section, kind, record, what, at, due, amount;
};
struct brief {
    kith_instance *self;
    kith_call *call;
    const kith_txn *txn;
    int64_t problems, hidden, deals;
    kith_value pipeline, won, balance;
};

/* "invoice INV-2026-000017", when it is due, and how much it is about. */
static kith_status tell_problem(void *arg, const kith_txn *txn, const struct problem *p,
                                const kith_row *of, kith_error *err) {
    struct brief *b = arg;
    const kith_records_v1 *rec = b->self->records;
    const uint32_t fields[] = {p->name, p->due, p->amount};
    kith_value more[3] = {{.kind = KITH_NULL}};
    struct brief_row row = {.section = kith_text("problem"), .kind = kith_text("")};
    char what[200];
    for (size_t i = 0; i < 3; i++)
        KITH_TRY(fields[i] ? rec->read(txn, of, 1, &fields[i], &more[i], err) : KITH_OK);
    kith_str name = more[0].kind == KITH_TEXT ? more[0].as.s : kith_str_of("");
    if (name.len > 100) /* whole characters of a description */
        for (name.len = 100; ((unsigned char)name.ptr[name.len] & 0xC0u) == 0x80u;)
            name.len--;
    (void)snprintf(what, sizeof what, "%.*s%s%.*s", KITH_CHARS(p->type), name.len ? " " : "",
                   KITH_CHARS(name));
    row.kind.as.s = p->kind;
    row.record = kith_link(rec->row_type(txn, of), rec->row_id(txn, of));
    row.what = kith_text(what);
    *(more[1].kind == KITH_TIME ? &row.at : &row.due) = more[1];
    row.amount = more[2].kind == KITH_MONEY ? more[2] : kith_null();
    return KITH_ROW(b->self, b->call, &row, err);
}

/* All are counted, and those told that whoever asks may see: who thinks that all is well sells. */
static kith_status tell_problems(struct brief *b, const struct concerned *who, kith_error *err) {
    struct search seen = {.self = b->self, .fn = tell_problem, .arg = b};
    struct search all = {.self = b->self};
    KITH_TRY(search_problems(&seen, b->txn, who, err));
    KITH_TRY(search_problems(&all, b->self->calls->whole(b->call), who, err));
    b->problems += (int64_t)all.count;
    b->hidden += (int64_t)(all.count - (seen.count < all.count ? seen.count : all.count));
    return KITH_OK;
}

static kith_status tell_deals(struct brief *b, uint32_t query, const kith_value *who,
                              kith_error *err) {
    struct bid *bids;
    uint64_t count = 0;
    KITH_TRY(KITH_FIND(b->self, b->txn, regions.bid, query, 1, who, &bids, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        const struct bid *d = &bids[i];
        struct brief_row row = {.section = kith_text("deal"),
                                .kind = d->stage,
                                .record = d->id,
                                .what = d->name,
                                .due = d->close_on,
                                .amount = d->amount};
        b->deals++;
        KITH_TRY(KITH_ROW(b->self, b->call, &row, err));
    }
    return KITH_OK;
}

static kith_status tell_talks(struct brief *b, const char *section, uint32_t query,
                              const kith_value *who, kith_error *err) {
    struct talk *talks;
    uint64_t count = 0;
    KITH_TRY(KITH_FIND(b->self, b->txn, regions.talk, query, 1, who, &talks, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        const struct talk *t = &talks[i];
        struct brief_row row = {.section = kith_text(section),
                                .kind = t->channel,
                                .record = t->id,
                                .what = t->subject,
                                .at = t->at,
                                .amount = t->amount};
        KITH_TRY(KITH_ROW(b->self, b->call, &row, err));
    }
    return KITH_OK;
}

static kith_status tell_treatments(struct brief *b, const kith_value *contact, kith_error *err) {
    struct treatment *found;
    uint64_t count = 0;
    KITH_TRY(KITH_FIND(b->self, b->txn, regions.treatment, b->self->regions.query.treatments_of, 1,
                       contact, &found, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        struct brief_row row = {.section = kith_text("treatment"),
                                .kind = kith_text(found[i].offer.kind ? "offer" : "always"),
                                .record = found[i].id,
                                .what = found[i].approach};
        KITH_TRY(KITH_ROW(b->self, b->call, &row, err));
    }
    return KITH_OK;
}

static kith_status tell_people(struct brief *b, const kith_value *account, kith_error *err) {
    struct person *people;
    uint64_t count = 0;
    KITH_TRY(KITH_FIND(b->self, b->txn, regions.person, b->self->regions.query.people_of, 1,
                       account, &people, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        struct brief_row row = {.section = kith_text("contact"),
                                .kind = people[i].title,
                                .record = people[i].id,
                                .what = people[i].name};
        KITH_TRY(KITH_ROW(b->self, b->call, &row, err));
    }
    return KITH_OK;
}

static kith_status tell_tasks(struct brief *b, const kith_value *about, kith_error *err) {
    struct todo *tasks;
    uint64_t count = 0;
    KITH_TRY(KITH_FIND(b->self, b->txn, regions.todo, b->self->regions.query.alerts, 1, about,
                       &tasks, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        struct brief_row row = {.section = kith_text("task"),
                                .kind = tasks[i].priority,
                                .record = tasks[i].id,
                                .what = tasks[i].title,
                                .at = tasks[i].due};
        KITH_TRY(KITH_ROW(b->self, b->call, &row, err));
    }
    return KITH_OK;
}

static kith_status tell_all_talks(struct brief *b, const struct customer *who, kith_error *err) {
    const int of = who->account.kind == KITH_LINK ? 0 : 1;
    const kith_value *whom = of ? &who->contact : &who->account;
    KITH_TRY(tell_talks(b, "planned", b->self->regions.query.planned[of], whom, err));
    return tell_talks(b, "interaction", b->self->regions.query.talks[of], whom, err);
}

static kith_status tell_results(struct brief *b, kith_error *err) {
    struct {
        kith_value problems, deals, pipeline, won, hidden, balance;
    } results = {kith_int(b->problems), kith_int(b->deals), b->pipeline, b->won,
                 kith_int(b->hidden),   b->balance};
    return KITH_RESULTS(b->self, b->call, &results, err);
}

/* What they owe by the ledger, where commerce keeps one. */
static kith_status add_balance(struct brief *b, const kith_value *who, uint32_t field,
                               kith_error *err) {
    const kith_records_v1 *rec = b->self->records;
    const kith_row *row;
    kith_value balance = kith_null();
    if (!field)
        return KITH_OK;
    KITH_TRY(rec->get(b->txn, who->as.link.type, who->as.link.id, &row, err));
    KITH_TRY(rec->read(b->txn, row, 1, &field, &balance, err));
    return balance.kind == KITH_MONEY
               ? b->self->numbers->add(&b->balance, 1, &balance, &b->balance, err)
               : KITH_OK;
}

static kith_status add_account(struct brief *b, const struct firm *firm, kith_error *err) {
    const kith_numbers_v1 *n = b->self->numbers;
    KITH_TRY(n->add(&b->pipeline, 1, &firm->pipeline, &b->pipeline, err));
    KITH_TRY(n->add(&b->won, 1, &firm->won, &b->won, err));
    return add_balance(b, &firm->id, b->self->regions.balance[0], err);
}

/* Who is known as a person alone is called for whom they belong to. */
static kith_status complete_customer(kith_instance *self, const kith_txn *txn, struct customer *who,
                                     kith_error *err) {
    struct person person;
    if (kith_has(who->account))
        return KITH_OK;
    KITH_TRY(KITH_FOLLOW(self, txn, regions.person, who->contact, &person, err));
    who->account = person.account;
    return KITH_OK;
}

static kith_status precall_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct brief b = {.self = self, .call = call, .txn = self->calls->view(call)};
    struct customer who;
    struct concerned concerned;
    struct firm firm;
    KITH_TRY(KITH_ARGS(self, call, &who, err));
    if (!kith_has(who.account) && !kith_has(who.contact))
        return kith_fail(err, KITH_E_INVAL, "account", "say whom you call: account= or contact=");
    KITH_TRY(complete_customer(self, b.txn, &who, err));
    KITH_TRY(concern(self, self->calls->whole(call), &who, &concerned, err));
    KITH_TRY(tell_problems(&b, &concerned, err));
    if (kith_has(who.contact))
        KITH_TRY(tell_treatments(&b, &who.contact, err));
    /* That of a person they may not see. */
    KITH_TRY(kith_or_none(KITH_FOLLOW(self, b.txn, regions.firm, who.account, &firm, err)));
    if (kith_has(firm.id))
        KITH_TRY(add_account(&b, &firm, err));
    const int of = !kith_has(who.account);
    if (of)
        KITH_TRY(add_balance(&b, &who.contact, self->regions.balance[1], err));
    KITH_TRY(tell_deals(&b, self->regions.query.bids[of], of ? &who.contact : &who.account, err));
    KITH_TRY(tell_all_talks(&b, &who, err));
    return tell_results(&b, err);
}

static kith_status summary_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct brief b = {.self = self, .call = call, .txn = self->calls->view(call)};
    struct units units = {.count = 0};
    struct {
        kith_value account;
    } args;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    KITH_TRY(units_of(self, b.txn, args.account.as.link.id, &units, err));
    for (uint64_t i = 0; i < units.count; i++) {
        const struct customer who = {.account = units.firms[i].id};
        struct concerned concerned;
        concern_one(&who, &concerned);
        if (i == 0)
            KITH_TRY(concern(self, self->calls->whole(call), &who, &concerned, err));
        KITH_TRY(tell_problems(&b, &concerned, err));
        KITH_TRY(add_account(&b, &units.firms[i], err));
        KITH_TRY(tell_deals(&b, self->regions.query.bids[0], &who.account, err));
        KITH_TRY(tell_people(&b, &who.account, err));
        KITH_TRY(tell_tasks(&b, &who.account, err));
        KITH_TRY(tell_all_talks(&b, &who, err));
    }
    return tell_results(&b, err);
}

/* -- a call is planned --------------------------------------------------------------------------
 */

static kith_status planned_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                kith_error *err) {
    const struct talk_numbers *n = &self->regions.talk;
    struct search s = {.self = self};
    struct talk t;
    int32_t open = 0;
    KITH_TRY(KITH_READ(self, txn, regions.talk, change->after, &t, err));
    struct customer who = {t.account, t.contact};
    struct concerned concerned;
    KITH_TRY(complete_customer(self, txn, &who, err));
    KITH_TRY(concern(self, txn, &who, &concerned, err));
    KITH_TRY(search_problems(&s, txn, &concerned, err));
    if (change->before && s.count)
        KITH_TRY(kith_any(self->records, txn, self->regions.query.alerts, 1, &t.id, &open, err));
    if (s.count && kith_has(t.confirmed) && t.confirmed.as.i &&
        self->records->changed(txn, change, n->confirmed) == 1 && (open || !change->before))
        return kith_fail(err, KITH_E_REFUSED, "confirmed",
                         "confirmed: %llu %s open with this customer ('kith sales.precall'); "
                         "close the task about %s first, and confirm then",
                         (unsigned long long)s.count, s.count == 1 ? "problem is" : "problems are",
                         s.count == 1 ? "it" : "them");
    const kith_value problems = kith_int((int64_t)s.count);
    return self->records->set(txn, change, 1, &n->open_problems, &problems, err);
}

static kith_status who_sells(kith_instance *self, const kith_txn *txn, const struct talk *t,
                             kith_value *seller, kith_value *name, kith_error *err) {
    struct firm firm;
    struct person person;
    KITH_TRY(KITH_FOLLOW(self, txn, regions.firm, t->account, &firm, err));
    KITH_TRY(KITH_FOLLOW(self, txn, regions.person, t->contact, &person, err));
    *seller = t->owner.kind ? t->owner : firm.owner.kind ? firm.owner : person.owner;
    *name = person.name.kind ? person.name : firm.name;
    return KITH_OK;
}

static kith_status alert_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                              kith_error *err) {
    struct talk t;
    struct todo task = {.priority = kith_text("high")};
    kith_value name;
    int32_t open;
    char title[200];
    KITH_TRY(KITH_CHANGE(self, txn, change, regions.talk, &t, err));
    KITH_TRY(kith_any(self->records, txn, self->regions.query.alerts, 1, &t.id, &open, err));
    if (open)
        return KITH_OK;
    KITH_TRY(who_sells(self, txn, &t, &task.assignee, &name, err));
    (void)snprintf(title, sizeof title, "Solve %lld open problem%s with %.*s before you talk",
                   (long long)t.open_problems.as.i, t.open_problems.as.i == 1 ? "" : "s",
                   KITH_CUT(name.as.s, 100));
    task.title = kith_text(title);
    task.about = t.id;
    task.due = t.at;
    task.body = kith_text(t.open_problems.as.i == 1 ? "kith sales.precall tells it."
                                                    : "kith sales.precall lists them.");
    return KITH_CREATE(self, txn, regions.todo, &task, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field interaction_fields[] = {
    F("open_problems", INTEGER, .flags = KITH_FF_READONLY,
      .doc = "How many were open with the customer when it was planned."),
    F("confirmed", BOOLEAN,
      .doc = "The customer was told that it takes place; not while the task about their problems "
             "is open."),
};
static const kith_type types[] = {
    {.name = "interaction", .fields = KITH_ARRAY(interaction_fields), .extends = 1},
};
static const char *const planning[] = {"planned", "account", "contact", "confirmed"};
static const char *const problems_rise[] = {"open_problems"};
static const kith_hook hooks[] = {
    {.name = "precall",
     .type = "interaction",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .fn = planned_hook,
     .except = KITH_FROM(UNDO),
     .where = "planned and (account is not null or contact is not null)",
     .fields = KITH_ARRAY(planning),
     .doc = "Counts the problems of a customer whom somebody plans to talk with."},
    {.name = "alert",
     .type = "interaction",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = alert_hook,
     .where = "planned and open_problems > 0",
     .fields = KITH_ARRAY(problems_rise),
     .doc = "Gives the seller a task about the problems, before the talk."},
};

static const kith_setting problem_items[] = {
    {.key = "kind",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .doc = "What it is about, for people: service, delivery, payment."},
    {.key = "type",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .doc = "The type of its records, with a field account or contact; one that is not there is "
            "passed over."},
    {.key = "when",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .doc = "A condition on it: when it is open."},
    {.key = "account",
     .kind = KITH_TEXT,
     .doc = "How it leads to the organisation, where that is no field account: order.account."},
    {.key = "contact",
     .kind = KITH_TEXT,
     .doc = "How it leads to the person, where that is no field contact: asset.contact."},
    {.key = "reason",
     .kind = KITH_TEXT,
     .doc = "What sellers are told by sales.suggest, which offers nothing dearer then."},
    {.key = "optional",
     .kind = KITH_BOOL,
     .default_text = "false",
     .doc = "It is passed over, too, when the type has not the fields that the row names."},
};
static const kith_setting settings[] = {
    {.key = "problems",
     .kind = KITH_LIST,
     .max = PROBLEMS_MAX,
     .default_text =
         "( { kind = \"payment\"; type = \"invoice\"; when = \"state = 'overdue'\"; reason = "
         "\"an invoice is overdue\"; }, { kind = \"return\"; type = \"return_request\"; account = "
         "\"order.account\"; when = \"state in ('requested', 'approved', 'received')\"; reason = "
         "\"something is being returned\"; } )",
     .doc = "What is an open problem of a customer, to be solved before somebody sells.",
     .items = KITH_ARRAY(problem_items)},
};
static const kith_permission permissions[] = {
    {"read:invoice",
     "Tells a seller of invoices that are overdue, and offers nothing dearer then."},
    {"read:complaint", "Tells a seller of complaints that are open."},
    {"read:case", "Tells a seller of cases that are open."},
};

static const kith_field precall_params[] = {
    F("account", LINK, .options = "account", .doc = "The organisation that is called."),
    F("contact", LINK, .options = "contact", .doc = "The person who is called."),
};
static const kith_field summary_params[] = {
    F("account", LINK, .options = "account", .flags = KITH_FF_REQUIRED,
      .doc = "The organisation, with its units."),
};
static const kith_field results[] = {
    F("problems", INTEGER, .doc = "Open problems, all of them."),
    F("opportunities", INTEGER, .doc = "Open deals."),
    F("pipeline", MONEY, .doc = "What those are expected to bring."),
    F("won", MONEY, .doc = "What the deals that were won bring."),
    F("hidden", INTEGER,
      .doc = "How many of the problems have no row, since you may not see them."),
    F("balance", MONEY,
      .doc = "What the account, with its units in a summary, or a person without one owes by the "
             "ledger of commerce, in the company's currency; below 0: what is theirs."),
};
static const kith_field columns[] = {
    F("section", CHOICE, .options = "problem,treatment,deal,contact,task,planned,interaction",
      .doc = "What the row tells of."),
    F("kind", TEXT, .doc = "Of the problem its kind, of a deal the stage, of a talk the channel."),
    F("record", LINK, .options = "*", .doc = "The record."),
    F("what", TEXT, .doc = "What it is; of a problem its type and number."),
    F("at", TIME, .doc = "When it was, is planned, or is due."),
    F("due", DATE, .doc = "When a problem was due, as an invoice, or a deal is expected to close."),
    F("amount", MONEY, .doc = "Its amount; of an invoice what is open."),
};
static const kith_action actions[] = {
    {.name = "precall",
     .doc = "What to know before a call or a visit: open problems first, then deals and talks.",
     .effect = KITH_EFFECT_READ,
     .flags = KITH_AF_WHOLE,
     .fn = precall_action,
     .params = KITH_ARRAY(precall_params),
     .results = KITH_ARRAY(results),
     .columns = KITH_ARRAY(columns)},
    {.name = "summary",
     .doc = "An account with its units: problems, deals, people, tasks and talks.",
     .effect = KITH_EFFECT_READ,
     .flags = KITH_AF_WHOLE,
     .fn = summary_action,
     .params = KITH_ARRAY(summary_params),
     .results = KITH_ARRAY(results),
     .columns = KITH_ARRAY(columns)},
};

#define TALKS_OF(whom, which, order)                                                               \
    "interaction where " whom " = :who and " which " order by " order " limit 10"
#define PAST  "(planned is null or not planned)"
#define AHEAD "planned"
static const kith_want wants[] = {
    KITH_WANT_RECORD("interaction", regions.talk, TALK),
    KITH_WANT_RECORD("task", regions.todo, TODO),
    KITH_WANT(QUERY, OPEN_OPPORTUNITIES " and account = :who order by close_on limit 50",
              regions.query.bids[0]),
    KITH_WANT(QUERY, OPEN_OPPORTUNITIES " and contact = :who order by close_on limit 50",
              regions.query.bids[1]),
    KITH_WANT(QUERY, TALKS_OF("account", PAST, "-at"), regions.query.talks[0]),
    KITH_WANT(QUERY, TALKS_OF("contact", PAST, "-at"), regions.query.talks[1]),
    KITH_WANT(QUERY, TALKS_OF("account", AHEAD, "at"), regions.query.planned[0]),
    KITH_WANT(QUERY, TALKS_OF("contact", AHEAD, "at"), regions.query.planned[1]),
    KITH_WANT(QUERY, "treatment where contact = :contact order by id limit 500",
              regions.query.treatments_of),
    KITH_WANT(QUERY, "task where about = :about and state = 'open' order by due limit 50",
              regions.query.alerts),
    KITH_WANT(SETTING, "problems", regions.problem_rows),
};
/* What is owed stands only where there are invoices. */
static const kith_want with_commerce[] = {
    KITH_WANT(TYPE, "account", regions.firm.type),
    KITH_WANT(FIELD, "balance", regions.balance[0]),
    KITH_WANT(TYPE, "contact", regions.person.type),
    KITH_WANT(FIELD, "balance", regions.balance[1]),
};
const kith_part precall_orders_part = {.struct_size = sizeof precall_orders_part,
                                       .module = "commerce",
                                       .wants = KITH_ARRAY(with_commerce)};

const kith_part precall_part = {
    .struct_size = sizeof precall_part,
    .wants = KITH_ARRAY(wants),
    .begin = read_problems,
    .permissions = KITH_ARRAY(permissions),
    .settings = KITH_ARRAY(settings),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .actions = KITH_ARRAY(actions),
};
