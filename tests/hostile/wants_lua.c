/* SPDX-License-Identifier: Apache-2.0 */
/* Reaches for Lua past the host. */
#include "hostile.h"

extern int lua_gettop(void *state);

static kith_status start(kith_instance *self, kith_error *err) {
    (void)err;
    return lua_gettop(self);
}
HOSTILE("wants_lua", .start = start)
