/* SPDX-License-Identifier: Apache-2.0 */
/* Declares an action and fails in start without saying why: nothing of it may remain. */
#include "hostile.h"

struct kith_instance {
    const kith_host *host;
    int32_t destroyed;
};
static kith_instance only;

static kith_status create(const kith_host *host, kith_instance **self, kith_error *err) {
    (void)err;
    only.host = host;
    *self = &only;
    return KITH_OK;
}
static kith_status start(kith_instance *self, kith_error *err) {
    (void)self, (void)err;
    return KITH_E_IO;
}
static void destroy(kith_instance *self) {
    self->host->log(self->host, KITH_LOG_WARN, kith_str_of("destroyed after a failed start"));
}
static kith_status act(kith_instance *self, kith_call *call, kith_error *err) {
    (void)self, (void)call, (void)err;
    return KITH_OK;
}
static const kith_action actions[] = {{"act", "Does nothing.", KITH_EFFECT_READ, 0, act,
                                       KITH_NO_ARRAY, KITH_NO_ARRAY, KITH_NO_ARRAY, NULL}};
HOSTILE("fails_start", .create = create, .start = start, .destroy = destroy,
        .actions = KITH_ARRAY(actions))
