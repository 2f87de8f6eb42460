/* SPDX-License-Identifier: Apache-2.0 */
/* Bench: where the tests of a company's rules and workflows run: an empty company beside it, for
 * each test another. */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include "cli/company.h"

/* Kept in the company, for scripts_test_with and scripts_test. */
const struct test_host *bench_host(struct company *c);
/* Of each module that is enabled by the files as they are now: how it is in the company, NULL when
 * it is not there, and how an instance beside it does. */
typedef kith_status (*bench_module_fn)(void *arg, const struct plugin_status *now,
                                       const struct plugin_status *next, kith_error *e);
kith_status bench_each_module(struct company *c, bench_module_fn fn, void *arg, kith_error *e);
/* Do the modules that run now run with the files as they are now, too? Each gets an instance beside
 * the one that it has. KITH_E_REFUSED: one would be out. Those that are out already, or would not
 * be enabled any more, are passed over. */
kith_status bench_try_modules(struct company *c, kith_error *e);

#endif
