/* SPDX-License-Identifier: Apache-2.0 */
/* Carries what every copy of Lua carries. */
#include "hostile.h"

static const char mark[] = "$LuaVersion: Lua 5.4.4 $";
HOSTILE("carries_lua", .doc = mark)
