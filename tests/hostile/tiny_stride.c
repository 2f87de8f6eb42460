/* SPDX-License-Identifier: Apache-2.0 */
/* Gives a stride that no struct has. */
#include "hostile.h"

static const kith_topic topics[] = {{"thing.done", 1, 0, KITH_NO_ARRAY, NULL}};
HOSTILE("tiny_stride", .topics = {topics, 1, 1})
