/* SPDX-License-Identifier: Apache-2.0 */
/* Has an action that never comes back. */
#include "hostile.h"
#include <unistd.h>

static kith_status create(const kith_host *host, kith_instance **self, kith_error *err) {
    (void)host, (void)err;
    *self = NULL;
    return KITH_OK;
}
static kith_status act(kith_instance *self, kith_call *call, kith_error *err) {
    (void)self, (void)call, (void)err;
    while (pause() != 0)
        ;
    return KITH_OK;
}
static const kith_action actions[] = {{"act", "Waits.", KITH_EFFECT_WRITE, 0, act, KITH_NO_ARRAY,
                                       KITH_NO_ARRAY, KITH_NO_ARRAY, NULL}};
HOSTILE("hangs", .create = create, .actions = KITH_ARRAY(actions))
