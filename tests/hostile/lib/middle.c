/* SPDX-License-Identifier: Apache-2.0 */
/* A library that looks harmless, and needs the other one. */
extern const char *kith_test_carrier(void);
__attribute__((visibility("default"))) extern int kith_test_middle(void);

int kith_test_middle(void) {
    return kith_test_carrier()[0] != 'S';
}
