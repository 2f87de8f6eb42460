/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite running out of memory on demand. Any thread. */
#ifndef TESTS_VFS_FAULT_MEM_H
#define TESTS_VFS_FAULT_MEM_H

#include <stdint.h>

/* Once, before anything initialises SQLite; an SQLite code. */
int fault_mem_install(void);
/* The nth allocation from now on (1: the next) and the `times` - 1 after it fail; times 0: none. */
void fault_mem_fail(int64_t nth, int64_t times);
int64_t fault_mem_calls(void);  /* allocations asked for since the program began */
int64_t fault_mem_failed(void); /* of these, refused */

#endif
