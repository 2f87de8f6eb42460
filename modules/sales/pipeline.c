/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for every opportunity: its probability goes in steps and follows the stage, its signal
 * follows the probability, and how it ended is told when it has ended, and only then. */
#include "sales.h"

/* -- settings ---------------------------------------------------------------------------------- */

int stage_place(const kith_instance *self, kith_str stage) {
    for (int i = 0; i <= self->deals.won; i++) {
        const kith_str name = self->deals.stages[i].name.as.s;
        if (name.len == stage.len && memcmp(name.ptr, stage.ptr, (size_t)name.len) == 0)
            return i;
    }
    return -1;
}

static int32_t is_step(int64_t probability) {
    return probability >= 10 && probability <= 90 && probability % 10 == 0;
}

static kith_status read_probability(const kith_instance *self, struct stage *stage,
                                    kith_error *err) {
    char key[128];
    kith_value value;
    const kith_str name = stage->name.as.s;
    (void)snprintf(key, sizeof key, "probability.%.*s", KITH_CHARS(name));
    const kith_status st = sales_setting(self, key, &value, err);
    if (st == KITH_E_NOTFOUND)
        return kith_fail(err, KITH_E_INVAL, "stages.order",
                         "%s: say which probability an opportunity gets in '%.*s'",
                         sales_place(self, "stages.order"), KITH_CHARS(name));
    KITH_TRY(st);
    stage->probability = value.as.i;
    return is_step(value.as.i) ? KITH_OK
                               : kith_fail(err, KITH_E_INVAL, "probability",
                                           "%s: %lld is none of 10, 20, 30, 40, 50, 60, 70, 80, 90",
                                           sales_place(self, key), (long long)value.as.i);
}

enum { ROW_STAGE, ROW_PROBABILITY }; /* as declared */

/* A row of sales.stages.order. */
static kith_status read_stage(kith_instance *self, const kith_value *row, kith_error *err) {
    struct stage *stage = &self->deals.stages[self->deals.won];
    char text[200];
    uint32_t predicate;
    const kith_str name = row[ROW_STAGE].as.s;
    const char *place = sales_place(self, "stages.order");
    (void)snprintf(text, sizeof text, "stage = '%.*s'", KITH_CHARS(name));
    kith_status st = self->records->predicate(self->host, self->opportunity.type, kith_str_of(text),
                                              &predicate, err);
    if (st == KITH_E_INVAL)
        return kith_fail(err, st, "stages.order",
                         "%s: opportunity.stage has no '%.*s'; it is one of the states there",
                         place, KITH_CHARS(name));
    KITH_TRY(st);
    if (kith_str_is(name, "won") || kith_str_is(name, "lost") || stage_place(self, name) >= 0)
        return kith_fail(err, KITH_E_INVAL, "stages.order",
                         "%s: each open stage stands there once; won and lost come behind all",
                         place);
    stage->name = row[ROW_STAGE];
    if (!kith_has(row[ROW_PROBABILITY])) {
        st = read_probability(self, stage, err);
    } else {
        stage->probability = row[ROW_PROBABILITY].as.i;
        if (!is_step(stage->probability))
            st = kith_fail(err, KITH_E_INVAL, "stages.order",
                           "%s: '%.*s': %lld is none of 10, 20, 30, 40, 50, 60, 70, 80, 90", place,
                           KITH_CHARS(name), (long long)stage->probability);
    }
    self->deals.won += st == KITH_OK;
    return st;
}

static kith_status read_stages(kith_instance *self, kith_error *err) {
    static const char *const shipped[] = {"prospecting", "qualification", "proposal", "closing"};
    kith_value order;
    kith_status st = sales_setting(self, "stages.order", &order, err);
    const uint64_t count = st == KITH_OK && order.kind == KITH_LIST ? order.as.list.count : 0;
    if (count > STAGES_MAX)
        return kith_fail(err, KITH_E_INVAL, "stages.order", "%s: there are more than %d stages",
                         sales_place(self, "stages.order"), STAGES_MAX);
    for (uint64_t i = 0; st == KITH_OK && i < count; i++)
        st = read_stage(self, order.as.list.items[i].as.list.items, err);
    for (size_t i = 0; st == KITH_OK && !count && i < sizeof shipped / sizeof *shipped; i++) {
        const kith_value row[] = {kith_text(shipped[i]), kith_null()};
        st = read_stage(self, row, err);
    }
    self->deals.stages[self->deals.won].name = kith_text("won");
    return st;
}

kith_status pipeline_begin(kith_instance *self, kith_error *err) {
    KITH_TRY(read_stages(self, err));
    if (self->amber <= self->green)
        return KITH_OK;
    return kith_fail(err, KITH_E_INVAL, "signal.amber",
                     "sales.signal.amber (%lld) is above sales.signal.green (%lld)",
                     (long long)self->amber, (long long)self->green);
}

static const char *signal_of(const kith_instance *self, int64_t probability) {
    return probability >= self->green ? "green" : probability >= self->amber ? "amber" : "red";
}

/* -- one write --------------------------------------------------------------------------------- */

enum {
    AT_STAGE,
    AT_AMOUNT,
    AT_PROBABILITY,
    AT_CLOSED,
    AT_WIN_REASON,
    AT_LOSS_REASON,
    AT_LOSS_NOTE,
    AT_COUNT
};

/* A write that is under way: the fields that this file looks after, and what it makes of them. */
struct deal {
    kith_instance *self;
    const kith_txn *txn;
    const kith_change *change;
    uint32_t fields[AT_COUNT];
    kith_value values[AT_COUNT]; /* as they will be */
    int32_t moved;               /* it comes into another stage, or is new */
    int32_t won, lost;
};

static int32_t is_given(const struct deal *d, int at) {
    return kith_has(d->values[at]) &&
           d->self->records->changed(d->txn, d->change, d->fields[at]) == 1;
}

/* -1: it is in a stage of which nothing is said. */
static int64_t usual_probability(const struct deal *d) {
    const int place = stage_place(d->self, d->values[AT_STAGE].as.s);
    return d->won ? 100 : d->lost ? 0 : place < 0 ? -1 : d->self->deals.stages[place].probability;
}

static kith_status settle_probability(struct deal *d, kith_error *err) {
    kith_value *value = &d->values[AT_PROBABILITY];
    int64_t usual = usual_probability(d);
    const int32_t given = is_given(d, AT_PROBABILITY);
    if (usual < 0 && !given && (d->moved || value->kind == KITH_NULL))
        return kith_fail(err, KITH_E_REFUSED, "stage",
                         "stage: sales.stages.order does not name %.*s; put it there with its "
                         "probability, or give the probability with the stage",
                         KITH_CHARS(d->values[AT_STAGE].as.s));
    if (value->kind == KITH_NULL || (d->moved && !given))
        *value = kith_int(usual);
    if (!d->won && !d->lost && !is_step(value->as.i))
        return kith_fail(err, KITH_E_REFUSED, "probability",
                         "probability: %lld is none of 10, 20, 30, 40, 50, 60, 70, 80, 90 "
                         "(percent; 100 and 0 come with the stages won and lost)",
                         (long long)value->as.i);
    if ((d->won || d->lost) && value->as.i != usual)
        return kith_fail(err, KITH_E_REFUSED, "probability",
                         "probability: a %s opportunity has %lld, not %lld; leave it out",
                         d->won ? "won" : "lost", (long long)usual, (long long)value->as.i);
    return KITH_OK;
}

/* A field that tells how an opportunity ended is empty while it is open. */
static kith_status keep_ending(struct deal *d, int at, const char *name, int32_t ended,
                               const char *how, kith_error *err) {
    if (ended)
        return KITH_OK;
    if (is_given(d, at))
        return kith_fail(err, KITH_E_REFUSED, name,
                         "%s: only an opportunity that is %s has it; set the stage with it", name,
                         how);
    if (d->moved)
        d->values[at] = kith_null();
    return KITH_OK;
}

static kith_status keep_endings(struct deal *d, kith_error *err) {
    KITH_TRY(keep_ending(d, AT_CLOSED, "closed_at", d->won || d->lost, "won or lost", err));
    KITH_TRY(keep_ending(d, AT_WIN_REASON, "win_reason", d->won, "won", err));
    KITH_TRY(keep_ending(d, AT_LOSS_REASON, "loss_reason", d->lost, "lost", err));
    return keep_ending(d, AT_LOSS_NOTE, "loss_note", d->lost, "lost", err);
}

static kith_status need_reason(const struct deal *d, kith_error *err) {
    if (!d->lost)
        return KITH_OK;
    if (!kith_has(d->values[AT_LOSS_REASON]))
        return kith_fail(err, KITH_E_REFUSED, "loss_reason",
                         "loss_reason: say why it was lost, as in loss_reason=price; "
                         "loss_reason=other goes with a loss_note");
    if (kith_is(d->values[AT_LOSS_REASON], "other") && !kith_has(d->values[AT_LOSS_NOTE]))
        return kith_fail(err, KITH_E_REFUSED, "loss_note",
                         "loss_note: the reason 'other' needs a note that says which");
    return KITH_OK;
}

static kith_status settle(struct deal *d, kith_error *err) {
    const kith_value *amount = &d->values[AT_AMOUNT];
    if (amount->kind == KITH_MONEY && amount->as.money.minor < 0)
        return kith_fail(err, KITH_E_REFUSED, "amount",
                         "amount: an opportunity is worth nothing or more");
    KITH_TRY(settle_probability(d, err));
    KITH_TRY(keep_endings(d, err));
    KITH_TRY(need_reason(d, err));
    if ((d->won || d->lost) && !kith_has(d->values[AT_CLOSED]))
        d->values[AT_CLOSED] = KITH_NOW(d->self);
    return KITH_OK;
}

kith_status pipeline_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                          kith_error *err) {
    const kith_records_v1 *rec = self->records;
    struct deal d = {.self = self,
                     .txn = txn,
                     .change = change,
                     .fields = {[AT_STAGE] = self->opportunity.stage,
                                [AT_AMOUNT] = self->opportunity.amount,
                                [AT_PROBABILITY] = self->opportunity.probability,
                                [AT_CLOSED] = self->opportunity.closed_at,
                                [AT_WIN_REASON] = self->opportunity.win_reason,
                                [AT_LOSS_REASON] = self->opportunity.loss_reason,
                                [AT_LOSS_NOTE] = self->opportunity.loss_note}};
    KITH_TRY(rec->read(txn, change->after, AT_COUNT, d.fields, d.values, err));
    if (d.values[AT_STAGE].kind != KITH_TEXT)
        return KITH_OK; /* without a stage it is refused anyhow */
    d.moved = rec->changed(txn, change, self->opportunity.stage) == 1;
    d.won = kith_is(d.values[AT_STAGE], "won");
    d.lost = kith_is(d.values[AT_STAGE], "lost");
    KITH_TRY(settle(&d, err));
    kith_value signal = kith_text(signal_of(self, d.values[AT_PROBABILITY].as.i));
    KITH_TRY(rec->set(txn, change, AT_COUNT, d.fields, d.values, err));
    return rec->set(txn, change, 1, &self->opportunity.signal, &signal, err);
}

/* -- all again --------------------------------------------------------------------------------- */

static kith_status check_signal(void *arg, const kith_txn *txn, const kith_row *row,
                                kith_error *err) {
    struct picks *wrong = arg;
    kith_instance *self = wrong->self;
    const uint32_t fields[] = {self->opportunity.probability, self->opportunity.signal};
    kith_value now[2];
    KITH_TRY(self->records->read(txn, row, 2, fields, now, err));
    if (kith_is(now[1], signal_of(self, now[0].as.i)))
        return KITH_OK;
    return picks_add(wrong, txn, self->records->row_id(txn, row), now[0].as.i, err);
}

kith_status pipeline_signal_again(kith_instance *self, kith_txn *txn, int64_t *changed,
                                  kith_error *err) {
    struct picks wrong = {.self = self};
    kith_status st = self->records->find(txn, self->query.open_opportunities, 0, NULL, 0,
                                         check_signal, &wrong, err);
    for (const struct pick *p = wrong.first; st == KITH_OK && p; p = p->next) {
        kith_value signal = kith_text(signal_of(self, p->number));
        st = self->records->update(txn, self->opportunity.type, p->id, 1, &self->opportunity.signal,
                                   &signal, err);
    }
    *changed = (int64_t)wrong.count;
    return st;
}
