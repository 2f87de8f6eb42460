/* SPDX-License-Identifier: Apache-2.0 */
/* A module that declares one row of every kind and calls into every table: compiled as C and as C++
 * by headers.sh, and loaded by the tests of the loader. */
#include <kith/easy.h>
#include <kith/plugin.h>
#include <kith/serve.h>
#include <stdlib.h>

#define PIECE(X) X(name) X(size)
KITH_RECORD(piece, PIECE);

struct kith_instance {
    KITH_TABLES;
    const kith_timers_v1 *timers;
    const kith_listening_v1 *listening;
    const kith_deliveries_v1 *deliveries;
    const kith_serving_v1 *serving;
    const kith_following_v1 *following;
    const kith_sign_in_v1 *sign_in;
    const kith_operation_v1 *operation;
    const kith_links_v1 *links;
    const kith_calendar_v1 *calendar;
    struct piece_numbers piece;
    uint32_t thing, name, size, stamp;
    uint32_t in_all, largest;
    kith_id last_timer;
    uint32_t is_big, all_big, by_name, grown, carried, later, carry;
    kith_value mood;
};

static const kith_want wants[] = {
    KITH_WANT_TABLES,
    KITH_WANT(TABLE, KITH_TIMERS_1, timers),
    KITH_WANT(TABLE, KITH_LISTENING_1, listening),
    KITH_WANT(TABLE, KITH_DELIVERIES_1, deliveries),
    KITH_WANT(TABLE, KITH_SERVING_1, serving),
    KITH_WANT(TABLE, KITH_FOLLOWING_1, following),
    KITH_WANT(TABLE, KITH_SIGN_IN_1, sign_in),
    KITH_WANT(TABLE, KITH_OPERATION_1, operation),
    KITH_WANT(TABLE, KITH_LINKS_1, links),
    KITH_WANT(TABLE, KITH_CALENDAR_1, calendar),
    KITH_WANT_RECORD("thing", piece, PIECE),
    KITH_WANT(SETTING, "mood", mood),
    KITH_WANT(TYPE, "thing", thing),
    KITH_WANT(FIELD, "name", name),
    KITH_WANT(FIELD, "size", size),
    KITH_WANT(FIELD, "stamp", stamp),
    KITH_WANT(PREDICATE, "size > 100", is_big),
    KITH_WANT(QUERY, "thing where size > :least", all_big),
    KITH_WANT(QUERY, "thing group by name order by -sum(size) : count(), sum(size)", by_name),
    KITH_WANT(QUERY, "thing : count(), sum(size)", in_all),
    KITH_WANT(QUERY, "thing order by -size", largest),
    KITH_WANT(TOPIC, "thing.grown", grown),
    KITH_WANT(TOPIC, "thing.carried", carried),
};
static const kith_want more_wants[] = {
    KITH_WANT(TIMER, "later", later),
    KITH_WANT(DELIVERY, "carry", carry),
};

/* Kith made the instance and filled in what it wants. */
static kith_status create(const kith_host *host, kith_instance **self, kith_error *err) {
    if ((*self)->host != host)
        return kith_fail(err, KITH_E_INTERNAL, NULL, "another host than the one that was wanted");
    return kith_str_is((*self)->mood.as.s, "bad")
               ? kith_fail(err, KITH_E_INVAL, "mood", "every_row is in a bad mood")
               : KITH_OK;
}

static kith_status start(kith_instance *self, kith_error *err) {
    (void)err;
    self->host->log(self->host, KITH_LOG_DEBUG, kith_str_of("started"));
    return KITH_OK;
}

static kith_status stop(kith_instance *self, uint32_t deadline_ms, kith_error *err) {
    (void)self, (void)deadline_ms, (void)err;
    return KITH_OK;
}

/* Nobody said who asks. */
static kith_status serve(kith_instance *self, kith_error *err) {
    kith_entry who;
    kith_caller *caller;
    kith_status st;
    memset(&who, 0, sizeof who);
    who.struct_size = sizeof who;
    st = self->serving->enter(self->host, &who, &caller, err);
    if (st == KITH_E_DENIED) {
        kith_session session;
        session.struct_size = sizeof session;
        st = self->sign_in->enter(self->host, kith_str_of("no session"), KITH_ZONE_INTRANET,
                                  kith_str_of("api"), kith_str_of("GET /"), &session, &caller, err);
        if (st == KITH_E_DENIED)
            return KITH_OK;
    }
    if (st == KITH_OK)
        self->serving->leave(caller);
    return kith_fail(err, KITH_E_INTERNAL, NULL, "nobody was let in");
}

static kith_status cease(kith_instance *self, uint32_t deadline_ms, kith_error *err) {
    (void)deadline_ms, (void)err;
    self->host->log(self->host, KITH_LOG_DEBUG, kith_str_of("ceased"));
    return KITH_OK;
}

static void destroy(kith_instance *self) {
    self->host->log(self->host, KITH_LOG_DEBUG, kith_str_of("destroyed"));
}

/* Refuses the name "no" and stamps what is big. */
static kith_status check(kith_instance *self, kith_txn *txn, kith_change *change, kith_error *err) {
    const kith_records_v1 *rec = self->records;
    kith_value name, stamp;
    kith_status st;
    st = rec->read(txn, change->after, 1, &self->name, &name, err);
    if (st != KITH_OK)
        return st;
    if (name.kind == KITH_TEXT && kith_str_is(name.as.s, "no"))
        return kith_fail(err, KITH_E_REFUSED, "name", "No is no name for a thing.");
    if (rec->affects(txn, change, self->is_big) != 1 ||
        rec->match(txn, self->is_big, change->after) != 1)
        return KITH_OK;
    stamp = kith_number(KITH_TIME, self->host->now(self->host));
    return rec->set(txn, change, 1, &self->stamp, &stamp, err);
}

/* A thing that grew is announced. */
static kith_status announce(kith_instance *self, kith_txn *txn, const kith_event *event,
                            kith_error *err) {
    kith_value payload[2];
    kith_status st;
    st = self->events->change(txn, event, self->size, &payload[0], &payload[1], err);
    if (st != KITH_OK)
        return st;
    return self->events->publish(txn, self->grown, event->type, event->id, 2, payload, err);
}

/* The announcement gives the thing a new name, a day later. */
static kith_status heard(kith_instance *self, kith_txn *txn, const kith_event *event,
                         kith_error *err) {
    kith_value to;
    kith_status st;
    st = self->events->payload(txn, event, kith_str_of("to"), &to, err);
    if (st == KITH_OK && (to.kind != KITH_INT || to.as.i < 100))
        return kith_fail(err, KITH_E_INVAL, "to", "a size of 100 or more was expected");
    if (st == KITH_OK)
        st = self->timers->at(txn, self->later, self->host->now(self->host) + 86400000, event->type,
                              event->id, kith_str_of("renamed"), &self->last_timer, err);
    return st;
}

static kith_status rename_it(kith_instance *self, kith_txn *txn, const kith_firing *firing,
                             kith_error *err) {
    kith_value name = kith_null();
    kith_status st;
    st = KITH_OK;
    if (st != KITH_OK)
        return st;
    name.kind = KITH_TEXT;
    name.as.s = firing->payload;
    return self->records->update(txn, firing->type, firing->id, 1, &self->name, &name, err);
}

struct sum {
    kith_instance *self;
    int64_t count, total;
};

static kith_status add_up(void *arg, const kith_txn *txn, const kith_row *row, kith_error *err) {
#ifdef __cplusplus
    struct sum *sum = static_cast<struct sum *>(arg);
#else
    struct sum *sum = (struct sum *)arg;
#endif
    kith_value size;
    kith_status st = sum->self->records->read(txn, row, 1, &sum->self->size, &size, err);
    sum->count++;
    sum->total += size.as.i;
    return st;
}

static kith_status total(kith_instance *self, kith_call *call, kith_error *err) {
    struct sum sum;
    kith_value least, number;
    kith_status st = self->calls->arg(call, 0, &least, err);
    sum.self = self;
    sum.count = sum.total = 0;
    if (st == KITH_OK)
        st = self->records->find(self->calls->view(call), self->all_big, 1, &least, 0, add_up, &sum,
                                 err);
    if (st != KITH_OK)
        return st;
    number = kith_number(KITH_INT, sum.count);
    st = self->calls->result(call, 0, &number, err);
    number = kith_number(KITH_INT, sum.total);
    return st == KITH_OK ? self->calls->result(call, 1, &number, err) : st;
}

/* By groups, by totals and by one record; they must agree. */
static kith_status heaviest(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *view = self->calls->view(call);
    struct by_name {
        kith_value name, count, size;
    } * groups, none;
    struct in_all {
        kith_value count, size;
    } all;
    struct piece largest;
    struct sizes {
        int64_t *items;
        uint64_t count, room;
    } sizes;
    uint64_t count, i;
    int64_t sum = 0, *again;
    int32_t any;
    KITH_TRY(KITH_GROUPS(self, view, self->by_name, 0, NULL, &groups, &count, err));
    KITH_TRY(KITH_TOTAL(self, view, self->in_all, 0, NULL, &all, err));
    KITH_TRY(KITH_FIRST(self, view, piece, self->largest, 0, NULL, &largest, err));
    KITH_TRY(kith_any(self->records, view, self->largest, 0, NULL, &any, err));
    memset(&sizes, 0, sizeof sizes);
    for (i = 0; i < count; i++) {
        KITH_TRY(KITH_GROW(self, view, &sizes, err));
        sizes.items[sizes.count++] = groups[i].size.as.i;
    }
    KITH_TRY(KITH_MEMORY(self, view, &again, sizes.count, err));
    for (i = 0; i < sizes.count; i++)
        again[i] += sizes.items[i];
    for (i = 0; i < sizes.count; i++)
        sum += again[i];
    if (sum != all.size.as.i || any != kith_has(largest.id) || any != (count > 0) ||
        (any && kith_equal(largest.size, kith_int(0))))
        return kith_fail(err, KITH_E_INTERNAL, NULL, "what is asked in several ways differs");
    memset(&none, 0, sizeof none);
    return KITH_RESULTS(self, call, count ? groups : &none, err);
}

static kith_status make(kith_instance *self, kith_call *call, kith_error *err) {
    kith_txn *txn = self->calls->txn(call);
    kith_value values[2], made;
    kith_edit edit;
    kith_status st = self->calls->arg(call, 0, &values[0], err);
    memset(&edit, 0, sizeof edit);
    if (st == KITH_OK)
        st = self->calls->arg(call, 1, &values[1], err);
    if (st != KITH_OK)
        return st;
    kith_put(&edit, self->name, values[0]);
    kith_put_given(&edit, self->size, values[1]);
    st = kith_edit_create(self->records, txn, self->thing, &edit, &made, err);
    return st == KITH_OK ? self->calls->result(call, 0, &made, err) : st;
}

/* Sends what is told of whatever is listened for. */
static kith_status hear_any(kith_instance *self, kith_txn *txn, const kith_event *event,
                            kith_error *err) {
    kith_effect effect;
    kith_status st;
    memset(&effect, 0, sizeof effect);
    effect.struct_size = sizeof effect;
    effect.delivery = self->carry;
    effect.endpoint = kith_str_of("heard");
    st = self->listening->told(txn, event, 0, kith_str_of(""), &effect.payload, err);
    effect.type = event->type;
    effect.id = event->id;
    return st == KITH_OK ? self->deliveries->send(txn, &effect, NULL, err) : st;
}

static kith_status listen(kith_instance *self, kith_call *call, kith_error *err) {
    kith_txn *txn = self->calls->txn(call);
    kith_value topic;
    kith_status st = self->calls->arg(call, 0, &topic, err);
    if (st == KITH_OK)
        st = self->listening->check(txn, 1, &topic.as.s, kith_str_of(""), err);
    return st == KITH_OK
               ? self->listening->listen(txn, kith_str_of("hear_any"), 1, 1, &topic.as.s, err)
               : st;
}

static kith_status recall(kith_instance *self, kith_call *call, kith_error *err) {
    return self->timers->cancel(self->calls->txn(call), self->last_timer, err);
}

static kith_status replay(kith_instance *self, kith_call *call, kith_error *err) {
    kith_value rows = kith_number(KITH_INT, 0);
    uint64_t n = 0;
    kith_status st =
        self->listening->replay(self->calls->txn(call), kith_str_of("hear_any"), 1, 1, 0, &n, err);
    rows.as.i = (int64_t)n;
    return st == KITH_OK ? self->calls->result(call, 0, &rows, err) : st;
}

static kith_status ship(kith_instance *self, kith_call *call, kith_error *err) {
    kith_txn *txn = self->calls->txn(call);
    kith_effect effect;
    kith_value thing, payload;
    kith_status st = self->calls->arg(call, 0, &thing, err);
    memset(&effect, 0, sizeof effect);
    effect.struct_size = sizeof effect;
    effect.delivery = self->carry;
    effect.endpoint = kith_str_of("dock");
    if (st == KITH_OK)
        st = self->calls->arg(call, 1, &payload, err);
    if (st != KITH_OK)
        return st;
    effect.payload = payload.as.s;
    effect.type = thing.as.link.type;
    effect.id = thing.as.link.id;
    return self->deliveries->send(txn, &effect, NULL, err);
}

/* Refuses what is bad, lets what is late wait, and says what it carried. */
static kith_status carry(kith_instance *self, const kith_txn *view, kith_sending *sending,
                         kith_error *err) {
    const kith_row *row;
    kith_value values[2];
    kith_status st;
    st = KITH_OK;
    if (st != KITH_OK)
        return st;
    if (kith_str_is(sending->payload, "bad"))
        return kith_fail(err, KITH_E_REFUSED, NULL, "Nobody carries what is bad.");
    if (kith_str_is(sending->payload, "late") && sending->attempt == 1) {
        st = self->deliveries->later(sending, 60000, err);
        return st == KITH_OK ? kith_fail(err, KITH_E_RETRY, NULL, "It is late.") : st;
    }
    values[0] = kith_null();
    if (sending->id)
        st = self->records->get(view, sending->type, sending->id, &row, err);
    if (st == KITH_OK && sending->id)
        st = self->records->read(view, row, 1, &self->name, &values[0], err);
    values[1] = kith_null();
    values[1].kind = KITH_TEXT;
    values[1].as.s = sending->payload;
    return st == KITH_OK ? self->deliveries->answer(sending, self->carried, 2, values, err) : st;
}

/* Cuts every thing of at least a size in as many pieces as its size is times a number. */
struct cut_args {
    kith_value least, by;
};
struct cut_results {
    kith_value last, weight, half;
};
static kith_status cut(kith_instance *self, kith_call *call, kith_error *err) {
    kith_txn *txn = self->calls->txn(call);
    struct cut_args args;
    struct cut_results results;
    struct piece *things = NULL, piece, read;
    kith_value halves[2];
    const int64_t weights[2] = {1, 1};
    uint64_t count = 0, i;
    char text[KITH_NUMBER_TEXT];
    kith_status st = KITH_ARGS(self, call, &args, err);
    memset(&results, 0, sizeof results);
    results.weight = kith_number(KITH_INT, 0);
    if (st == KITH_OK)
        st = KITH_FIND(self, txn, piece, self->all_big, 1, &args.least, &things, &count, err);
    for (i = 0; st == KITH_OK && i < count; i++) {
        memset(&piece, 0, sizeof piece);
        st = self->numbers->multiply(&things[i].size, &args.by, 1, KITH_ROUND_HALF_UP, &piece.size,
                                     err);
        if (st == KITH_OK)
            st = self->numbers->add(&results.weight, 1, &piece.size, &results.weight, err);
        self->numbers->text(&piece.size, text);
        piece.name = kith_text(text);
        if (st == KITH_OK)
            st = KITH_CREATE(self, txn, piece, &piece, err);
        results.last = piece.id;
    }
    if (st == KITH_OK && count)
        st = KITH_SET(self, txn, piece, name, results.last.as.link.id, kith_text("the last"), err);
    if (st == KITH_OK && count)
        st = KITH_LOAD(self, txn, piece, results.last.as.link.id, &read, err);
    halves[0] = kith_null();
    halves[0].kind = KITH_MONEY;
    halves[0].as.money.minor = results.weight.as.i;
    memcpy(halves[0].as.money.currency, "EUR", 4);
    if (st == KITH_OK && self->numbers->digits("EUR") == 2)
        st = self->numbers->split(&halves[0], 2, weights, halves, err);
    results.half = halves[1];
    return st == KITH_OK ? KITH_RESULTS(self, call, &results, err) : st;
}

struct list_row {
    kith_value thing, name, size;
};

/* A row for each thing that is bigger; `by` is added to its size. */
static kith_status list_things(kith_instance *self, kith_call *call, int64_t by, uint64_t *count,
                               kith_error *err) {
    const kith_txn *view = self->calls->view(call);
    kith_value least;
    struct piece *things = NULL;
    struct list_row row;
    kith_edit edit;
    uint64_t i;
    kith_status st = self->calls->arg(call, 0, &least, err);
    if (st == KITH_OK)
        st = KITH_FIND(self, view, piece, self->all_big, 1, &least, &things, count, err);
    for (i = 0; st == KITH_OK && i < *count; i++) {
        row.thing = things[i].id;
        row.name = things[i].name;
        row.size = kith_number(KITH_INT, things[i].size.as.i + by);
        memset(&edit, 0, sizeof edit);
        kith_put(&edit, self->size, row.size);
        if (by)
            st = kith_edit_update(self->records, self->calls->txn(call), self->thing,
                                  row.thing.as.link.id, &edit, err);
        if (st == KITH_OK)
            st = KITH_ROW(self, call, &row, err);
    }
    return st;
}

static kith_status list(kith_instance *self, kith_call *call, kith_error *err) {
    uint64_t n;
    kith_value count;
    kith_status st = list_things(self, call, 0, &n, err);
    count = kith_number(KITH_INT, (int64_t)n);
    return st == KITH_OK ? self->calls->result(call, 0, &count, err) : st;
}

static kith_status shrink(kith_instance *self, kith_call *call, kith_error *err) {
    uint64_t n;
    return list_things(self, call, -1, &n, err);
}

/* The bytes of a file are no text. */
static kith_status picture(kith_instance *self, kith_call *call, kith_error *err) {
    static const char bytes[] = "<svg>\0\377</svg>";
    kith_str all;
    all.ptr = bytes;
    all.len = sizeof bytes - 1;
    return self->calls->file(call, kith_str_of("things.svg"), all, err);
}

static const kith_setting settings[] = {
    {"mood", KITH_TEXT, 0, "\"good\"", 0, 0, "good,bad", "How it is today.", KITH_NO_ARRAY, NULL},
};
static const kith_field thing_fields[] = {
    {"name", KITH_F_TEXT, KITH_FF_REQUIRED, NULL, NULL, NULL, "What it is called.", 0, 0, NULL,
     NULL, NULL, 0, 0},
    {"size", KITH_F_INTEGER, 0, NULL, NULL, NULL, "How big it is.", 0, 0, NULL, NULL, NULL, 0, 0},
    {"stamp", KITH_F_TIME, KITH_FF_READONLY, NULL, NULL, NULL, "When it became big.", 0, 0, NULL,
     NULL, NULL, 0, 0},
    {"of", KITH_F_LINK, 0, "thing", NULL, NULL, "What it is a piece of.", 0, 0, NULL, NULL, NULL, 0,
     0},
    {"pieces", KITH_F_INTEGER, 0, NULL, NULL, NULL, "How many pieces it has.", 0, 0,
     "count(thing via of where size > 0)", NULL, NULL, 0, 0},
};
static const char *const thing_indexes[] = {"name,size"};
static const kith_type types[] = {
    {"thing", NULL, "Something.", "name", KITH_HISTORY_FULL, KITH_UNDO_RESTORE,
     KITH_ARRAY(thing_fields), KITH_ARRAY(thing_indexes), 0, 0},
};
static const kith_field grown_fields[] = {
    {"from", KITH_F_INTEGER, 0, NULL, NULL, NULL, "The size before.", 0, 0, NULL, NULL, NULL, 0, 0},
    {"to", KITH_F_INTEGER, 0, NULL, NULL, NULL, "The size after.", 0, 0, NULL, NULL, NULL, 0, 0},
};
static const kith_field carried_fields[] = {
    {"name", KITH_F_TEXT, 0, NULL, NULL, NULL, "What it is called.", 0, 0, NULL, NULL, NULL, 0, 0},
    {"payload", KITH_F_TEXT, 0, NULL, NULL, NULL, "What was carried.", 0, 0, NULL, NULL, NULL, 0,
     0},
};
static const kith_topic topics[] = {
    {"thing.grown", 1, 0, KITH_ARRAY(grown_fields), "A thing has grown."},
    {"thing.carried", 1, 0, KITH_ARRAY(carried_fields), "A thing was carried away."},
};
static const kith_hook hooks[] = {
    {"check", "thing", KITH_ON_CREATE | KITH_ON_UPDATE, KITH_BEFORE, 0,
     KITH_FROM(MERGE) | KITH_FROM(ERASE), check, NULL, KITH_NO_ARRAY,
     "Refuses a bad name and stamps what is big."},
};
static const char *const size_only[] = {"size"};
static const kith_reaction reactions[] = {
    {"announce", "thing.updated", 0, 0, announce, "size > 100", KITH_ARRAY(size_only),
     "Announces what has grown."},
    {"heard", "thing.grown", 0, 0, heard, NULL, KITH_NO_ARRAY, "Sets a timer."},
    {"hear_any", "*", KITH_RF_UNDO, 0, hear_any, NULL, KITH_NO_ARRAY, "Tells of what is heard."},
};
static const kith_timer timers[] = {
    {"later", NULL, rename_it, "Gives the thing its new name."},
};
static const kith_delivery deliveries[] = {
    {"carry", carry, "Carries things away."},
};
static const kith_field ship_params[] = {
    {"thing", KITH_F_LINK, KITH_FF_REQUIRED, "thing", NULL, NULL, "What is shipped.", 0, 0, NULL,
     NULL, NULL, 0, 0},
    {"payload", KITH_F_TEXT, KITH_FF_REQUIRED, NULL, NULL, NULL, "What goes with it.", 0, 0, NULL,
     NULL, NULL, 0, 0},
};
static const kith_field listen_params[] = {
    {"topic", KITH_F_TEXT, KITH_FF_REQUIRED, NULL, NULL, NULL, "What is heard.", 0, 0, NULL, NULL,
     NULL, 0, 0},
};
static const kith_field replay_results[] = {
    {"rows", KITH_F_INTEGER, 0, NULL, NULL, NULL, "How many are looked at.", 0, 0, NULL, NULL, NULL,
     0, 0},
};
static const kith_field total_params[] = {
    {"least", KITH_F_INTEGER, 0, NULL, "0", NULL, "Only things bigger than this.", 0, 0, NULL, NULL,
     NULL, 0, 0},
};
static const kith_field total_results[] = {
    {"count", KITH_F_INTEGER, 0, NULL, NULL, NULL, "How many things.", 0, 0, NULL, NULL, NULL, 0,
     0},
    {"total", KITH_F_INTEGER, 0, NULL, NULL, NULL, "Their sizes together.", 0, 0, NULL, NULL, NULL,
     0, 0},
};
static const kith_field heaviest_results[] = {
    {"name", KITH_F_TEXT, 0, NULL, NULL, NULL, "The name that weighs most.", 0, 0, NULL, NULL, NULL,
     0, 0},
    {"count", KITH_F_INTEGER, 0, NULL, NULL, NULL, "How many things have it.", 0, 0, NULL, NULL,
     NULL, 0, 0},
    {"total", KITH_F_INTEGER, 0, NULL, NULL, NULL, "Their sizes together.", 0, 0, NULL, NULL, NULL,
     0, 0},
};
static const kith_field make_params[] = {
    {"name", KITH_F_TEXT, KITH_FF_REQUIRED, NULL, NULL, NULL, "What it is called.", 0, 0, NULL,
     NULL, NULL, 0, 0},
    {"size", KITH_F_INTEGER, 0, NULL, "1", NULL, "How big it is.", 0, 0, NULL, NULL, NULL, 0, 0},
};
static const kith_field make_results[] = {
    {"thing", KITH_F_LINK, 0, "thing", NULL, NULL, "The new thing.", 0, 0, NULL, NULL, NULL, 0, 0},
};
static const kith_action actions[] = {
    {"total", "Adds up the sizes.", KITH_EFFECT_READ, 0, total, KITH_ARRAY(total_params),
     KITH_ARRAY(total_results), KITH_NO_ARRAY, NULL},
    {"heaviest", "Says which name has the most size.", KITH_EFFECT_READ, 0, heaviest, KITH_NO_ARRAY,
     KITH_ARRAY(heaviest_results), KITH_NO_ARRAY, NULL},
    {"ship", "Ships a thing.", KITH_EFFECT_EXTERNAL, 0, ship, KITH_ARRAY(ship_params),
     KITH_NO_ARRAY, KITH_NO_ARRAY, NULL},
    {"listen", "Hears a topic.", KITH_EFFECT_WRITE, 0, listen, KITH_ARRAY(listen_params),
     KITH_NO_ARRAY, KITH_NO_ARRAY, NULL},
    {"recall", "Cancels the last timer.", KITH_EFFECT_WRITE, 0, recall, KITH_NO_ARRAY,
     KITH_NO_ARRAY, KITH_NO_ARRAY, NULL},
    {"replay", "Hears all once more.", KITH_EFFECT_WRITE, 0, replay, KITH_NO_ARRAY,
     KITH_ARRAY(replay_results), KITH_NO_ARRAY, NULL},
    {"make", "Makes a thing.", KITH_EFFECT_WRITE, 0, make, KITH_ARRAY(make_params),
     KITH_ARRAY(make_results), KITH_NO_ARRAY, NULL},
};
static const kith_report reports[] = {
    {"things", "The things.", "thing order by name", "id,name,size"},
    {"sizes", "How much each name has.", "thing where size > :least group by name : sum(size)",
     NULL},
};
static const kith_permission permissions[] = {
    {"read:contact", "Shows that a permission can be asked for."},
};

static const kith_field cut_params[] = {
    {"least", KITH_F_INTEGER, 0, NULL, "0", NULL, "Only things bigger than this.", 0, 0, NULL, NULL,
     NULL, 0, 0},
    {"by", KITH_F_DECIMAL, KITH_FF_REQUIRED, "2", NULL, NULL, "Times this.", 0, 0, NULL, NULL, NULL,
     0, 0},
};
static const kith_field cut_results[] = {
    {"last", KITH_F_LINK, 0, "thing", NULL, NULL, "The last one.", 0, 0, NULL, NULL, NULL, 0, 0},
    {"weight", KITH_F_INTEGER, 0, NULL, NULL, NULL, "All of them.", 0, 0, NULL, NULL, NULL, 0, 0},
    {"half", KITH_F_MONEY, 0, NULL, NULL, NULL, "Half of it, in cents.", 0, 0, NULL, NULL, NULL, 0,
     0},
};
static const kith_field list_results[] = {
    {"count", KITH_F_INTEGER, 0, NULL, NULL, NULL, "How many there are.", 0, 0, NULL, NULL, NULL, 0,
     0},
};
static const kith_field list_columns[] = {
    {"thing", KITH_F_LINK, 0, "thing", NULL, NULL, "The thing.", 0, 0, NULL, NULL, NULL, 0, 0},
    {"name", KITH_F_TEXT, 0, NULL, NULL, NULL, "What it is called.", 0, 0, NULL, NULL, NULL, 0, 0},
    {"size", KITH_F_INTEGER, 0, NULL, NULL, NULL, "How big it is.", 0, 0, NULL, NULL, NULL, 0, 0},
};
static const kith_action more_actions[] = {
    {"cut", "Cuts things.", KITH_EFFECT_WRITE, 0, cut, KITH_ARRAY(cut_params),
     KITH_ARRAY(cut_results), KITH_NO_ARRAY, NULL},
    {"list", "Lists things by size.", KITH_EFFECT_READ, 0, list, KITH_ARRAY(total_params),
     KITH_ARRAY(list_results), KITH_ARRAY(list_columns), NULL},
    {"shrink", "Takes one from each size.", KITH_EFFECT_WRITE, 0, shrink, KITH_ARRAY(total_params),
     KITH_NO_ARRAY, KITH_ARRAY(list_columns), NULL},
    {"picture", "Draws a thing.", KITH_EFFECT_READ, 0, picture, KITH_ARRAY(total_params),
     KITH_NO_ARRAY, KITH_NO_ARRAY, "image/svg+xml"},
};
static const kith_part more = {
    sizeof(kith_part),
    0,
    KITH_NO_ARRAY,
    KITH_NO_ARRAY,
    KITH_NO_ARRAY,
    KITH_NO_ARRAY,
    KITH_NO_ARRAY,
    KITH_NO_ARRAY,
    KITH_NO_ARRAY,
    KITH_ARRAY(more_actions),
    KITH_NO_ARRAY,
    KITH_ARRAY(reports),
    NULL,
    KITH_ARRAY(more_wants),
    NULL,
};
static const kith_part *const parts[] = {&more};

static const kith_plugin_desc desc = {
    sizeof(kith_plugin_desc),
    KITH_ABI_MAJOR,
    KITH_ABI_MINOR,
    0,
    0,
    1,
    "every_row",
    "1.0",
    "Every row",
    "Declares one row of every kind.",
    "Kith",
    "Apache-2.0",
    KITH_NO_ARRAY,
    KITH_ARRAY(permissions),
    KITH_ARRAY(settings),
    KITH_ARRAY(types),
    KITH_NO_ARRAY,
    KITH_ARRAY(topics),
    KITH_ARRAY(hooks),
    KITH_ARRAY(reactions),
    KITH_ARRAY(timers),
    KITH_ARRAY(actions),
    create,
    start,
    stop,
    destroy,
    KITH_ARRAY(deliveries),
    serve,
    cease,
    KITH_NO_ARRAY,
    KITH_ARRAY(parts),
    sizeof(struct kith_instance),
    KITH_ARRAY(wants),
};

const kith_plugin_desc *kith_plugin_entry_v1(void) {
    return &desc;
}
