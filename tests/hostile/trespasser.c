/* SPDX-License-Identifier: Apache-2.0 */
/* Uses the host from where it must not: another thread, a handle that is over, a row function, a
 * reading action, a type that nobody granted. Each action answers with the status it was given. */
#include "hostile.h"
#include <pthread.h>
#include <stdlib.h>

struct kith_instance {
    const kith_host *host;
    const kith_records_v1 *records;
    const kith_calls_v1 *calls;
    uint32_t mine, name, contact, all, by_name, how_many;
    kith_txn *kept; /* what a plugin must never keep */
};

static kith_status create(const kith_host *host, kith_instance **out, kith_error *err) {
    kith_instance *self = calloc(1, sizeof *self);
    if (!self)
        return KITH_E_NOMEM;
    self->host = host;
    self->records = host->table(host, KITH_RECORDS_1);
    self->calls = host->table(host, KITH_CALLS_1);
    const kith_records_v1 *rec = self->records;
    kith_status st = rec->type(host, kith_str_of("trespass"), &self->mine, err);
    if (st == KITH_OK)
        st = rec->field(host, self->mine, kith_str_of("name"), &self->name, err);
    if (st == KITH_OK)
        st = rec->type(host, kith_str_of("contact"), &self->contact, err);
    if (st == KITH_OK)
        st = rec->query(host, kith_str_of("trespass"), &self->all, err);
    if (st == KITH_OK)
        st = rec->query(host, kith_str_of("trespass group by name"), &self->by_name, err);
    if (st == KITH_OK)
        st = rec->query(host, kith_str_of("trespass: count()"), &self->how_many, err);
    if (st == KITH_OK)
        *out = self;
    else
        free(self);
    return st;
}

static void destroy(kith_instance *self) {
    free(self);
}

static kith_status make(kith_instance *self, kith_txn *txn, uint32_t type, kith_error *err) {
    kith_value name = kith_text("x");
    return self->records->create(txn, type, type == self->mine, &self->name, &name, NULL, err);
}

/* The status and the message of a call that is expected to fail. */
static kith_status answer(kith_instance *self, kith_call *call, kith_status st, const kith_error *e,
                          kith_error *err) {
    kith_value code = kith_number(KITH_INT, st), text = kith_text(e->message);
    kith_status told = self->calls->result(call, 0, &code, err);
    return told == KITH_OK ? self->calls->result(call, 1, &text, err) : told;
}

struct job {
    kith_instance *self;
    kith_txn *txn;
    kith_status st;
    kith_error error;
};

static void *elsewhere(void *arg) {
    struct job *job = arg;
    job->st = make(job->self, job->txn, job->self->mine, &job->error);
    return NULL;
}

static kith_status other_thread(kith_instance *self, kith_call *call, kith_error *err) {
    struct job job = {self, self->calls->txn(call), KITH_OK, {.struct_size = sizeof(kith_error)}};
    pthread_t thread;
    if (pthread_create(&thread, NULL, elsewhere, &job) != 0)
        return KITH_E_INTERNAL;
    pthread_join(thread, NULL);
    return answer(self, call, job.st, &job.error, err);
}

static kith_status keep(kith_instance *self, kith_call *call, kith_error *err) {
    (void)err;
    self->kept = self->calls->txn(call);
    return KITH_OK;
}

static kith_status use_kept(kith_instance *self, kith_call *call, kith_error *err) {
    kith_error e = {.struct_size = sizeof e};
    char elsewhere_on_the_stack[256] = {
        0}; /* so that the old handle is not by chance the new one */
    kith_txn *other = (kith_txn *)(void *)(elsewhere_on_the_stack + 128);
    kith_status st =
        make(self, self->kept == self->calls->txn(call) ? other : self->kept, self->mine, &e);
    return answer(self, call, st, &e, err);
}

static kith_status row(void *arg, const kith_txn *txn, const kith_row *r, kith_error *err) {
    (void)r;
    return make(arg, (kith_txn *)(uintptr_t)txn, ((kith_instance *)arg)->mine, err);
}

static kith_status in_row(kith_instance *self, kith_call *call, kith_error *err) {
    kith_error e = {.struct_size = sizeof e};
    const kith_txn *txn = self->calls->view(call);
    kith_status st = self->records->find(txn, self->all, 0, NULL, 0, row, self, &e);
    return answer(self, call, st, &e, err);
}

static kith_status group(void *arg, const kith_txn *txn, uint32_t count, const kith_value *values,
                         kith_error *err) {
    (void)count, (void)values;
    return make(arg, (kith_txn *)(uintptr_t)txn, ((kith_instance *)arg)->mine, err);
}

static kith_status in_group(kith_instance *self, kith_call *call, kith_error *err) {
    kith_error e = {.struct_size = sizeof e};
    const kith_txn *txn = self->calls->view(call);
    kith_status st = self->records->groups(txn, self->how_many, 0, NULL, 0, group, self, &e);
    return answer(self, call, st, &e, err);
}

static kith_status find_totals(kith_instance *self, kith_call *call, kith_error *err) {
    kith_error e = {.struct_size = sizeof e};
    const kith_txn *txn = self->calls->view(call);
    kith_status st = self->records->find(txn, self->by_name, 0, NULL, 0, row, self, &e);
    return answer(self, call, st, &e, err);
}

static kith_status group_records(kith_instance *self, kith_call *call, kith_error *err) {
    kith_error e = {.struct_size = sizeof e};
    const kith_txn *txn = self->calls->view(call);
    kith_status st = self->records->groups(txn, self->all, 0, NULL, 0, group, self, &e);
    return answer(self, call, st, &e, err);
}

static kith_status in_reading(kith_instance *self, kith_call *call, kith_error *err) {
    kith_error e = {.struct_size = sizeof e};
    kith_txn *txn = (kith_txn *)(uintptr_t)self->calls->view(call);
    kith_status st = make(self, txn, self->mine, &e);
    return answer(self, call, st, &e, err);
}

/* Writes by what only reads, and asks for it where it is not declared. */
static kith_status by_whole(kith_instance *self, kith_call *call, kith_error *err) {
    kith_error e = {.struct_size = sizeof e};
    kith_txn *txn = (kith_txn *)(uintptr_t)self->calls->whole(call);
    return answer(self, call, make(self, txn, self->mine, &e), &e, err);
}
static kith_status undeclared(kith_instance *self, kith_call *call, kith_error *err) {
    kith_error e = {.struct_size = sizeof e};
    return answer(self, call, self->calls->whole(call) ? KITH_OK : KITH_E_DENIED, &e, err);
}

static kith_status one_number(void *arg, const kith_txn *txn, uint32_t count,
                              const kith_value *values, kith_error *err) {
    (void)txn, (void)count, (void)err;
    *(int64_t *)arg = values[0].as.i;
    return KITH_OK;
}
static int64_t counted(kith_instance *self, const kith_txn *txn) {
    int64_t n = -1;
    (void)self->records->groups(txn, self->how_many, 0, NULL, 0, one_number, &n, NULL);
    return n;
}

struct sight {
    kith_instance *self;
    kith_call *call;
    int64_t rows, got, inner_view, inner_same;
};
static kith_status look(void *arg, const kith_txn *txn, const kith_row *r, kith_error *err) {
    struct sight *s = arg;
    const kith_row *again;
    const kith_id id = s->self->records->row_id(txn, r);
    (void)err;
    s->rows++;
    s->got += s->self->records->get(s->self->calls->view(s->call), s->self->mine, id, &again,
                                    NULL) == KITH_OK;
    s->inner_view = counted(s->self, s->self->calls->view(s->call));
    s->inner_same = counted(s->self, txn);
    return KITH_OK;
}

/* Counts by both, also within each other: what the one may see tells the other nothing. */
static kith_status sees(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *whole = self->calls->whole(call), *view = self->calls->view(call);
    struct sight s = {.self = self, .call = call};
    char text[100];
    kith_status st = self->records->find(whole, self->all, 0, NULL, 0, look, &s, err);
    if (st != KITH_OK)
        return st;
    (void)snprintf(text, sizeof text,
                   "%lld of %lld, got %lld, within %lld of %lld, then %lld of %lld",
                   (long long)counted(self, view), (long long)s.rows, (long long)s.got,
                   (long long)s.inner_view, (long long)s.inner_same, (long long)counted(self, view),
                   (long long)counted(self, whole));
    const kith_value told = kith_text(text);
    return self->calls->result(call, 1, &told, err);
}

static kith_status ungranted(kith_instance *self, kith_call *call, kith_error *err) {
    kith_error e = {.struct_size = sizeof e};
    kith_status st = make(self, self->calls->txn(call), self->contact, &e);
    return answer(self, call, st, &e, err);
}

static kith_status resolve_late(kith_instance *self, kith_call *call, kith_error *err) {
    kith_error e = {.struct_size = sizeof e};
    uint32_t type;
    kith_status st = self->records->type(self->host, kith_str_of("trespass"), &type, &e);
    return answer(self, call, st, &e, err);
}

/* Pointers that are NULL and lists that are none: all must be refused. */
static kith_status nothing(kith_instance *self, kith_call *call, kith_error *err) {
    kith_error e = {.struct_size = sizeof e};
    const kith_records_v1 *rec = self->records;
    kith_txn *txn = self->calls->txn(call);
    kith_value round = {.kind = KITH_LIST}, name = kith_text("x");
    round.as.list.items = &round;
    round.as.list.count = 1;
    const kith_row *row;
    kith_id id;
    kith_status st = rec->create(txn, self->mine, 1, &self->name, &name, &id, err);
    st = st == KITH_OK ? rec->get(txn, self->mine, id, &row, err) : st;
    if (st != KITH_OK)
        return st;
    const kith_status tries[] = {
        rec->read(txn, row, 1, &self->name, NULL, &e),
        rec->read(txn, row, 1, NULL, &name, &e),
        rec->find(txn, self->all, 0, NULL, 0, NULL, NULL, &e),
        rec->groups(txn, self->by_name, 0, NULL, 0, NULL, NULL, &e),
        rec->groups(txn, self->by_name, 1, NULL, 0, group, self, &e),
        rec->groups(txn, 77, 0, NULL, 0, group, self, &e),
        rec->create(txn, self->mine, 1, &self->name, NULL, NULL, &e),
        rec->create(txn, self->mine, 1, NULL, &name, NULL, &e),
        rec->create(txn, self->mine, 1, &self->name, &round, NULL, &e),
        rec->changed(txn, NULL, self->name),
        self->calls->result(call, 1, NULL, &e),
        self->calls->result(call, 1, &round, &e),
        self->host->table(self->host, NULL) ? KITH_OK : KITH_E_INVAL,
    };
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++)
        if (tries[i] != KITH_E_INVAL)
            return answer(self, call, tries[i], &e, err);
    return answer(self, call, KITH_E_INVAL, &e, err);
}

static kith_status fine(kith_instance *self, kith_call *call, kith_error *err) {
    kith_error e = {.struct_size = sizeof e};
    return answer(self, call, make(self, self->calls->txn(call), self->mine, err), &e, err);
}

static kith_status odd_status(kith_instance *self, kith_call *call, kith_error *err) {
    (void)self, (void)call, (void)err;
    return 7;
}

static kith_status crash(kith_instance *self, kith_call *call, kith_error *err) {
    (void)self, (void)call, (void)err;
    abort();
}

static const kith_field fields[] = {
    {"name", KITH_F_TEXT, 0, NULL, NULL, NULL, "Any.", 0, 0, NULL, NULL, NULL, 0, 0}};
static const kith_type types[] = {
    {"trespass", NULL, "A row.", "name", 0, 0, KITH_ARRAY(fields), KITH_NO_ARRAY, 0, 0}};
static const kith_field told[] = {
    {"status", KITH_F_INTEGER, 0, NULL, NULL, NULL, "Code.", 0, 0, NULL, NULL, NULL, 0, 0},
    {"message", KITH_F_TEXT, 0, NULL, NULL, NULL, "Why.", 0, 0, NULL, NULL, NULL, 0, 0}};
#define NAMED(name, fn, effect, flags)                                                             \
    { name, "Tries it.", effect, flags, fn, KITH_NO_ARRAY, KITH_ARRAY(told), KITH_NO_ARRAY, NULL }
#define ACTION(name, effect) NAMED(#name, name, effect, 0)
static const kith_action actions[] = {
    ACTION(other_thread, KITH_EFFECT_WRITE),
    ACTION(keep, KITH_EFFECT_WRITE),
    ACTION(use_kept, KITH_EFFECT_WRITE),
    ACTION(in_row, KITH_EFFECT_WRITE),
    ACTION(in_reading, KITH_EFFECT_READ),
    ACTION(ungranted, KITH_EFFECT_WRITE),
    ACTION(resolve_late, KITH_EFFECT_WRITE),
    ACTION(fine, KITH_EFFECT_WRITE),
    ACTION(odd_status, KITH_EFFECT_WRITE),
    ACTION(nothing, KITH_EFFECT_WRITE),
    ACTION(in_group, KITH_EFFECT_WRITE),
    ACTION(find_totals, KITH_EFFECT_WRITE),
    ACTION(group_records, KITH_EFFECT_READ),
    ACTION(crash, KITH_EFFECT_WRITE),
    ACTION(undeclared, KITH_EFFECT_WRITE),
    NAMED("by_whole", by_whole, KITH_EFFECT_WRITE, KITH_AF_WHOLE),
    NAMED("sees", sees, KITH_EFFECT_READ, KITH_AF_WHOLE),
    NAMED("sees_writing", sees, KITH_EFFECT_WRITE, KITH_AF_WHOLE),
};
HOSTILE("trespasser", .create = create, .destroy = destroy, .types = KITH_ARRAY(types),
        .actions = KITH_ARRAY(actions))
