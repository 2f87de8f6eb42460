/* SPDX-License-Identifier: Apache-2.0 */
/* A good one: each of its hooks adds its letter, so that the order shows; one passes imports over.
 */
#include "hostile.h"

#define PHASE(X) X(seen)
KITH_RECORD(phase, PHASE);

struct kith_instance {
    const kith_host *host;
    const kith_records_v1 *records;
    struct phase_numbers phase;
};

static kith_status add(kith_instance *self, kith_txn *txn, kith_change *change, char letter,
                       kith_error *err) {
    struct phase p;
    KITH_TRY(KITH_CHANGE(self, txn, change, phase, &p, err));
    char *text = self->host->memory(txn, p.seen.as.s.len + 1);
    if (!text)
        return kith_fail(err, KITH_E_NOMEM, NULL, "no memory");
    if (kith_has(p.seen))
        memcpy(text, p.seen.as.s.ptr, (size_t)p.seen.as.s.len);
    text[p.seen.as.s.len] = letter;
    p.seen = kith_string((kith_str){text, p.seen.as.s.len + 1});
    return self->records->set(txn, change, 1, &self->phase.seen, &p.seen, err);
}

#define HOOK_FN(letter)                                                                            \
    static kith_status add_##letter(kith_instance *self, kith_txn *txn, kith_change *change,       \
                                    kith_error *err) {                                             \
        return add(self, txn, change, #letter[0], err);                                            \
    }
HOOK_FN(a)
HOOK_FN(b)
HOOK_FN(s)

static const kith_field fields[] = {
    {.name = "seen", .kind = KITH_F_TEXT, .doc = "Which hooks ran."}};
static const kith_type types[] = {
    {.name = "phase", .title = "seen", .fields = KITH_ARRAY(fields), .doc = "A row."}};
static const kith_hook hooks[] = {
    {.name = "settle", .type = "phase", .on = KITH_ON_CREATE, .when = KITH_SETTLE, .fn = add_s},
    {.name = "later",
     .type = "phase",
     .on = KITH_ON_CREATE,
     .priority = 10,
     .fn = add_b,
     .except = KITH_FROM(IMPORT) | KITH_FROM(UNDO)},
    {.name = "first", .type = "phase", .on = KITH_ON_CREATE, .priority = -10, .fn = add_a}};
static const kith_want wants[] = {
    KITH_WANT(HOST, NULL, host),
    KITH_WANT(TABLE, KITH_RECORDS_1, records),
    KITH_WANT_RECORD("phase", phase, PHASE),
};
HOSTILE("phases", .types = KITH_ARRAY(types), .hooks = KITH_ARRAY(hooks),
        .instance_size = sizeof(struct kith_instance), .wants = KITH_ARRAY(wants))
