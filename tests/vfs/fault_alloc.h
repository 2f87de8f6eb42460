/* SPDX-License-Identifier: Apache-2.0 */
/* Kith's own allocations running out of memory on demand: those of a program that is linked as
 * tests/crash/CMakeLists.txt has it, Lua's and jansson's among them. SQLite's
 * are fault_mem.h's. Any thread. */
#ifndef TESTS_VFS_FAULT_ALLOC_H
#define TESTS_VFS_FAULT_ALLOC_H

#include <stdint.h>

/* The nth allocation from now on (1: the next) and the `times` - 1 after it fail; times 0: none. */
void fault_alloc_fail(int64_t nth, int64_t times);
int64_t fault_alloc_calls(void); /* allocations asked for since the program began */

#endif
