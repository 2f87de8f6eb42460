/* SPDX-License-Identifier: Apache-2.0 */
/* Needs a later minor of the host. */
#include "hostile.h"

HOSTILE("future_host", .min_host_minor = 99)
