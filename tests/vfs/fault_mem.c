/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's allocator with a counter in front of it. */
#include "vfs/fault_mem.h"
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

static sqlite3_mem_methods real;
static _Atomic int64_t calls, failed, first = INT64_MAX, end = INT64_MAX;

static bool refused(void) {
    int64_t n = ++calls;
    bool no = n >= first && n < end;
    failed += no;
    return no;
}

static void *mem_malloc(int size) {
    return refused() ? NULL : real.xMalloc(size);
}

static void *mem_realloc(void *old, int size) {
    return refused() ? NULL : real.xRealloc(old, size);
}

int fault_mem_install(void) {
    int rc = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real);
    if (rc != SQLITE_OK)
        return rc;
    sqlite3_mem_methods mine = real;
    mine.xMalloc = mem_malloc;
    mine.xRealloc = mem_realloc;
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &mine);
}

void fault_mem_fail(int64_t nth, int64_t times) {
    first = INT64_MAX; /* no call falls between the two */
    end = calls + nth + times;
    first = end - times;
}

int64_t fault_mem_calls(void) {
    return calls;
}

int64_t fault_mem_failed(void) {
    return failed;
}
