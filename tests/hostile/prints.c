/* SPDX-License-Identifier: Apache-2.0 */
/* Prints to standard output when it is created: at once, and what the C library holds back. */
#include "hostile.h"
#include <stdio.h>
#include <unistd.h>

static kith_status create(const kith_host *host, kith_instance **self, kith_error *err) {
    static const char text[] = "written by a module\n";
    ssize_t n = write(STDOUT_FILENO, text, sizeof text - 1);
    (void)host, (void)err, (void)n;
    puts("put by a module");
    *self = NULL;
    return KITH_OK;
}
HOSTILE("prints", .create = create)
