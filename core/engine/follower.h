/* SPDX-License-Identifier: Apache-2.0 */
/* What happened.c asks of who follows. */
#ifndef ENGINE_FOLLOWER_H
#define ENGINE_FOLLOWER_H

#include "engine/happened.h"

const struct principal *follower_who(const struct follower *f);
bool follower_hears(const struct follower *f, const char *topic);
/* *type: of the records that there is a condition on; NULL: there is none. NULL: nothing meets it,
 * since it goes by what they may not read any more. */
const struct predicate *follower_condition(const struct follower *f, const struct rtype **type);
void follower_told(struct follower *f); /* it was handed an event */

#endif
