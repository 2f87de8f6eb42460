/* SPDX-License-Identifier: Apache-2.0 */
/* Bench: where the tests of a company's rules and workflows run: an empty company beside it, for
 * each test another. */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include "cli/company.h"

/* Kept in the company, for scripts_test_with and scripts_test. */
const struct test_host *bench_host(struct company *c);

#endif
