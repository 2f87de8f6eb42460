/* SPDX-License-Identifier: Apache-2.0 */
/* A good one: asks before it uses a function of the host whether that host has it, and tells how
 * many of those that this header knows it found. */
#include "hostile.h"
#include <stdlib.h>

struct kith_instance {
    const kith_calls_v1 *calls;
    int64_t found;
};

#define COUNT(table, member) self->found += KITH_HAS(table, member)

static kith_status create(const kith_host *host, kith_instance **out, kith_error *err) {
    const kith_records_v1 *records = (const kith_records_v1 *)host->table(host, KITH_RECORDS_1);
    kith_instance *self = calloc(1, sizeof *self);
    uint32_t type;
    if (!self)
        return KITH_E_NOMEM;
    self->calls = (const kith_calls_v1 *)host->table(host, KITH_CALLS_1);
    COUNT(records, type);
    COUNT(records, field);
    COUNT(records, predicate);
    COUNT(records, query);
    COUNT(records, get);
    COUNT(records, find);
    COUNT(records, row_id);
    COUNT(records, row_type);
    COUNT(records, read);
    COUNT(records, match);
    COUNT(records, create);
    COUNT(records, update);
    COUNT(records, remove);
    COUNT(records, changed);
    COUNT(records, affects);
    COUNT(records, set);
    COUNT(records, groups);
    COUNT(records, acting);
    kith_status st =
        KITH_HAS(records, type) ? records->type(host, kith_str_of("account"), &type, err) : KITH_OK;
    if (st == KITH_OK)
        *out = self;
    else
        free(self);
    return st;
}
static void destroy(kith_instance *self) {
    free(self);
}
static kith_status found(kith_instance *self, kith_call *call, kith_error *err) {
    kith_value n = kith_number(KITH_INT, self->found);
    return self->calls->result(call, 0, &n, err);
}
static const kith_field results[] = {{.name = "found", .kind = KITH_F_INTEGER, .doc = "How many."}};
static const kith_permission permissions[] = {{"read:account", "To ask for it."}};
static const kith_action actions[] = {{.name = "found",
                                       .doc = "Tells how many there are.",
                                       .effect = KITH_EFFECT_READ,
                                       .fn = found,
                                       .results = KITH_ARRAY(results)}};
HOSTILE("careful", .create = create, .destroy = destroy, .actions = KITH_ARRAY(actions),
        .permissions = KITH_ARRAY(permissions))
