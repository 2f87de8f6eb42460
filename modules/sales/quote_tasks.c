/* SPDX-License-Identifier: Apache-2.0 */
/* Who has something to do about a quote: those who may approve it, as long as it waits for that,
 * and its seller when the customer declines it by the link. */
#include "sales.h"

#define TITLE_MAX 200

/* To whom it goes, as it is called. */
static kith_status customer_of(kith_instance *self, const kith_txn *txn, const struct told_quote *q,
                               kith_value *name, kith_error *err) {
    struct firm firm;
    struct person person = {.name = kith_null()};
    KITH_TRY(KITH_FOLLOW(self, txn, regions.firm, q->account, &firm, err));
    if (!kith_has(q->account))
        KITH_TRY(KITH_FOLLOW(self, txn, regions.person, q->contact, &person, err));
    *name = kith_has(firm.name)     ? firm.name
            : kith_has(person.name) ? person.name
                                    : kith_text("nobody");
    return KITH_OK;
}

static void add_text(char title[TITLE_MAX], const char *between, const kith_value *text) {
    const size_t at = strlen(title);
    (void)snprintf(title + at, TITLE_MAX - at, "%s%.*s", between, KITH_CUT(text->as.s, 80));
}

static kith_status give_task(kith_instance *self, kith_txn *txn, const struct told_quote *q,
                             const char *title, kith_value body, kith_value whom, kith_error *err) {
    struct todo task = {.title = kith_text(title),
                        .about = q->id,
                        .assignee = whom,
                        .due = kith_time(KITH_NOW(self).as.i + KITH_DAY_MS),
                        .priority = kith_text("high"),
                        .body = body};
    return KITH_CREATE(self, txn, regions.todo, &task, err);
}

static kith_status ask_approvers(kith_instance *self, kith_txn *txn, const struct told_quote *q,
                                 kith_error *err) {
    char title[TITLE_MAX] = "Approve", discount[KITH_NUMBER_TEXT];
    struct only *approvers;
    uint64_t count;
    kith_value name;
    if (!kith_has(self->quotes.approvers))
        return KITH_OK;
    KITH_TRY(customer_of(self, txn, q, &name, err));
    self->numbers->text(&q->discount, discount);
    const kith_value off = kith_text(discount);
    add_text(title, " ", &q->number);
    add_text(title, ": ", &off);
    add_text(title, " % off for ", &name);
    KITH_TRY(KITH_FIND(self, txn, user, self->quotes.told.approvers, 1, &self->quotes.approvers,
                       &approvers, &count, err));
    for (uint64_t i = 0; i < count; i++)
        if (!kith_equal(q->owner, approvers[i].id))
            KITH_TRY(give_task(self, txn, q, title,
                               kith_text("state=sent approves and sends it, state=draft gives it "
                                         "back."),
                               approvers[i].id, err));
    return KITH_OK;
}

/* One of them has decided, or nobody need any more. */
static kith_status settle_asked(kith_instance *self, kith_txn *txn, const struct told_quote *q,
                                kith_error *err) {
    const char *state = kith_is(q->state, "sent") ? "done" : "cancelled";
    struct todo *asked;
    uint64_t count = 0;
    KITH_TRY(KITH_FIND(self, txn, regions.todo, self->quotes.told.asked, 1, &q->id, &asked, &count,
                       err));
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(KITH_SET(self, txn, regions.todo, state, asked[i].id.as.link.id, kith_text(state),
                          err));
    return KITH_OK;
}

static kith_status tell_declined(kith_instance *self, kith_txn *txn, const struct told_quote *q,
                                 kith_error *err) {
    char title[TITLE_MAX] = "";
    if (!kith_has(q->declined_by) || !kith_has(q->owner))
        return KITH_OK;
    add_text(title, "", &q->declined_by);
    add_text(title, " declined ", &q->number);
    return give_task(self, txn, q, title, q->answer, q->owner, err);
}

static kith_status quote_tasks_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                    kith_error *err) {
    struct told_quote q, was = {.state = kith_text("draft")};
    if (change->origin == KITH_ORIGIN_UNDO || change->origin == KITH_ORIGIN_IMPORT)
        return KITH_OK;
    KITH_TRY(KITH_READ(self, txn, quotes.told.quote, change->after, &q, err));
    if (change->before)
        KITH_TRY(KITH_READ(self, txn, quotes.told.quote, change->before, &was, err));
    if (kith_is(q.state, "approval"))
        return ask_approvers(self, txn, &q, err);
    if (kith_is(was.state, "approval"))
        KITH_TRY(settle_asked(self, txn, &q, err));
    return kith_is(q.state, "rejected") ? tell_declined(self, txn, &q, err) : KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const char *const state_only[] = {"state"};
static const kith_hook hooks[] = {
    {.name = "quote_tasks",
     .type = "quote",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = quote_tasks_hook,
     .fields = KITH_ARRAY(state_only),
     .doc = "Gives tasks to those who may approve a quote, and to the seller of one that the "
            "customer declined."},
};
static const kith_want wants[] = {
    KITH_WANT_RECORD("quote", quotes.told.quote, TOLD_QUOTE),
    KITH_WANT(QUERY,
              "user where teams.name = :team and (blocked is null or not blocked) order by id"
              " limit 20",
              quotes.told.approvers),
    KITH_WANT(QUERY, "task where about = :it and state = 'open' and title like 'Approve %'",
              quotes.told.asked),
};
const kith_part quote_tasks_part = {
    .struct_size = sizeof quote_tasks_part,
    .wants = KITH_ARRAY(wants),
    .hooks = KITH_ARRAY(hooks),
    .module = "commerce",
};
