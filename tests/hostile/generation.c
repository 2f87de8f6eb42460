/* SPDX-License-Identifier: Apache-2.0 */
/* Built several times: tells by an action which build it is. Build 0 cannot be created. */
#include "hostile.h"
#include <stdlib.h>

struct kith_instance {
    const kith_calls_v1 *calls;
};

static kith_status create(const kith_host *host, kith_instance **out, kith_error *err) {
    if (GENERATION == 0)
        return kith_fail(err, KITH_E_INVAL, "", "this build never works");
    kith_instance *self = malloc(sizeof *self);
    if (!self)
        return KITH_E_NOMEM;
    self->calls = (const kith_calls_v1 *)host->table(host, KITH_CALLS_1);
    *out = self;
    return KITH_OK;
}
static void destroy(kith_instance *self) {
    free(self);
}
static kith_status which(kith_instance *self, kith_call *call, kith_error *err) {
    kith_value build = kith_number(KITH_INT, GENERATION);
    return self->calls->result(call, 0, &build, err);
}
static const kith_field results[] = {
    {.name = "build", .kind = KITH_F_INTEGER, .doc = "Its number."}};
static const kith_action actions[] = {{.name = "which",
                                       .doc = "Tells which build it is.",
                                       .effect = KITH_EFFECT_READ,
                                       .fn = which,
                                       .results = KITH_ARRAY(results)}};
HOSTILE("generation", .create = create, .destroy = destroy, .actions = KITH_ARRAY(actions))
