/* SPDX-License-Identifier: Apache-2.0 */
/* Is linked so that all stacks become executable (see CMakeLists.txt). */
#include "hostile.h"

HOSTILE("executable_stack", .doc = NULL)
