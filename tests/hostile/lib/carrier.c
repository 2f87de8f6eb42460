/* SPDX-License-Identifier: Apache-2.0 */
/* A library with a SQLite in it, as far as one can see from outside. */
__attribute__((visibility("default"))) extern const char *kith_test_carrier(void);

const char *kith_test_carrier(void) {
    return "SQLite format 3";
}
