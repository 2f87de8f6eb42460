/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for every opportunity: its probability goes in steps and follows the stage, its signal
 * follows the probability, and how it ended is told when it has ended, and only then. */
#include "sales.h"

/* -- settings ---------------------------------------------------------------------------------- */

int stage_place(const kith_instance *self, kith_str stage) {
    for (int i = 0; i <= self->deals.won; i++)
        if (kith_str_equal(self->deals.stages[i].name.as.s, stage))
            return i;
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
    const kith_status st = self->settings->get(self->host, kith_str_of(key), &value, err);
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

struct stage_row { /* as declared */
    kith_value stage, probability;
};

/* A row of sales.stages.order. */
static kith_status read_stage(kith_instance *self, const struct stage_row *row, kith_error *err) {
    struct stage *stage = &self->deals.stages[self->deals.won];
    char text[200];
    uint32_t predicate;
    const kith_str name = row->stage.as.s;
    const char *place = sales_place(self, "stages.order");
    (void)snprintf(text, sizeof text, "stage = '%.*s'", KITH_CHARS(name));
    const kith_status st = self->records->predicate(self->host, self->opportunity.type,
                                                    kith_str_of(text), &predicate, err);
    if (st == KITH_E_INVAL)
        return kith_fail(err, st, "stages.order",
                         "%s: opportunity.stage has no '%.*s'; it is one of the states there",
                         place, KITH_CHARS(name));
    KITH_TRY(st);
    if (kith_str_is(name, "won") || kith_str_is(name, "lost") || stage_place(self, name) >= 0)
        return kith_fail(err, KITH_E_INVAL, "stages.order",
                         "%s: each open stage stands there once; won and lost come behind all",
                         place);
    stage->name = row->stage;
    stage->probability = row->probability.as.i;
    if (!kith_has(row->probability))
        KITH_TRY(read_probability(self, stage, err));
    else if (!is_step(stage->probability))
        return kith_fail(err, KITH_E_INVAL, "stages.order",
                         "%s: '%.*s': %lld is none of 10, 20, 30, 40, 50, 60, 70, 80, 90", place,
                         KITH_CHARS(name), (long long)stage->probability);
    self->deals.won++;
    return KITH_OK;
}

static kith_status read_stages(kith_instance *self, kith_error *err) {
    static const char *const shipped[] = {"prospecting", "qualification", "proposal", "closing"};
    const kith_value *rows = &self->deals.stage_rows;
    for (uint64_t i = 0; i < kith_rows(rows); i++)
        KITH_TRY(read_stage(self, kith_row_of(rows, i), err));
    for (size_t i = 0; !kith_rows(rows) && i < sizeof shipped / sizeof *shipped; i++) {
        const struct stage_row row = {.stage = kith_text(shipped[i])};
        KITH_TRY(read_stage(self, &row, err));
    }
    self->deals.stages[self->deals.won].name = kith_text("won");
    return KITH_OK;
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

/* A write that is under way. */
struct deal {
    kith_instance *self;
    const kith_txn *txn;
    const kith_change *change;
    struct ending asked, is; /* as it is to be, and as it will be */
    int32_t moved;           /* it comes into another stage, or is new */
    int32_t won, lost;
};

static int32_t is_given(const struct deal *d, kith_value value, uint32_t field) {
    return kith_has(value) && d->self->records->changed(d->txn, d->change, field) == 1;
}

/* -1: it is in a stage of which nothing is said. */
static int64_t usual_probability(const struct deal *d) {
    const int place = stage_place(d->self, d->is.stage.as.s);
    return d->won ? 100 : d->lost ? 0 : place < 0 ? -1 : d->self->deals.stages[place].probability;
}

static kith_status settle_probability(struct deal *d, kith_error *err) {
    kith_value *value = &d->is.probability;
    int64_t usual = usual_probability(d);
    const int32_t given = is_given(d, *value, d->self->deals.ending.probability);
    if (usual < 0 && !given && (d->moved || !kith_has(*value)))
        return kith_fail(err, KITH_E_REFUSED, "stage",
                         "stage: sales.stages.order does not name %.*s; put it there with its "
                         "probability, or give the probability with the stage",
                         KITH_CHARS(d->is.stage.as.s));
    if (!kith_has(*value) || (d->moved && !given))
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
static kith_status keep_ending(const struct deal *d, kith_value *value, uint32_t field,
                               const char *name, int32_t ended, const char *how, kith_error *err) {
    if (ended)
        return KITH_OK;
    if (is_given(d, *value, field))
        return kith_fail(err, KITH_E_REFUSED, name,
                         "%s: only an opportunity that is %s has it; set the stage with it", name,
                         how);
    if (d->moved)
        *value = kith_null();
    return KITH_OK;
}

static kith_status keep_endings(struct deal *d, kith_error *err) {
    const struct ending_numbers *n = &d->self->deals.ending;
    KITH_TRY(keep_ending(d, &d->is.closed_at, n->closed_at, "closed_at", d->won || d->lost,
                         "won or lost", err));
    KITH_TRY(keep_ending(d, &d->is.win_reason, n->win_reason, "win_reason", d->won, "won", err));
    KITH_TRY(
        keep_ending(d, &d->is.loss_reason, n->loss_reason, "loss_reason", d->lost, "lost", err));
    return keep_ending(d, &d->is.loss_note, n->loss_note, "loss_note", d->lost, "lost", err);
}

static kith_status need_reason(const struct deal *d, kith_error *err) {
    if (!d->lost)
        return KITH_OK;
    if (!kith_has(d->is.loss_reason))
        return kith_fail(err, KITH_E_REFUSED, "loss_reason",
                         "loss_reason: say why it was lost, as in loss_reason=price; "
                         "loss_reason=other goes with a loss_note");
    if (kith_is(d->is.loss_reason, "other") && !kith_has(d->is.loss_note))
        return kith_fail(err, KITH_E_REFUSED, "loss_note",
                         "loss_note: the reason 'other' needs a note that says which");
    return KITH_OK;
}

static kith_status settle(struct deal *d, kith_error *err) {
    if (minor_of(&d->is.amount) < 0)
        return kith_fail(err, KITH_E_REFUSED, "amount",
                         "amount: an opportunity is worth nothing or more");
    KITH_TRY(settle_probability(d, err));
    KITH_TRY(keep_endings(d, err));
    KITH_TRY(need_reason(d, err));
    if ((d->won || d->lost) && !kith_has(d->is.closed_at))
        d->is.closed_at = KITH_NOW(d->self);
    return KITH_OK;
}

kith_status pipeline_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                          kith_error *err) {
    struct deal d = {.self = self, .txn = txn, .change = change};
    KITH_TRY(KITH_CHANGE(self, txn, change, deals.ending, &d.asked, err));
    if (!kith_has(d.asked.stage))
        return KITH_OK; /* without a stage it is refused anyhow */
    d.is = d.asked;
    d.moved = self->records->changed(txn, change, self->deals.ending.stage) == 1;
    d.won = kith_is(d.is.stage, "won");
    d.lost = kith_is(d.is.stage, "lost");
    KITH_TRY(settle(&d, err));
    d.is.signal = kith_text(signal_of(self, d.is.probability.as.i));
    return KITH_SET_CHANGED(self, txn, change, deals.ending, &d.asked, &d.is, err);
}

/* -- all again --------------------------------------------------------------------------------- */

kith_status pipeline_signal_again(kith_instance *self, kith_txn *txn, int64_t *changed,
                                  kith_error *err) {
    struct signalled *open;
    uint64_t count;
    KITH_TRY(KITH_FIND(self, txn, deals.signalled, self->query.open_opportunities, 0, NULL, &open,
                       &count, err));
    *changed = 0;
    for (uint64_t i = 0; i < count; i++) {
        const kith_value signal = kith_text(signal_of(self, open[i].probability.as.i));
        if (kith_equal(open[i].signal, signal))
            continue;
        KITH_TRY(KITH_SET(self, txn, deals.signalled, signal, open[i].id.as.link.id, signal, err));
        ++*changed;
    }
    return KITH_OK;
}
