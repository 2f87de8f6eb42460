/* SPDX-License-Identifier: Apache-2.0 */
/* Built with an earlier header: its rows are shorter. What follows them in memory must not be read
 * as part of them. */
#include "hostile.h"

struct earlier_hook { /* kith_hook without doc */
    const char *name, *type;
    uint32_t on, when;
    int32_t priority;
    uint32_t reserved;
    kith_hook_fn fn;
    const char *where;
    kith_array fields;
};
static kith_status create(const kith_host *host, kith_instance **self, kith_error *err) {
    (void)host, (void)self, (void)err;
    return KITH_OK;
}
static kith_status hook(kith_instance *self, kith_txn *txn, kith_change *change, kith_error *err) {
    (void)self, (void)txn, (void)change, (void)err;
    return KITH_OK;
}
static const kith_field fields[] = {
    {"word", KITH_F_TEXT, 0, NULL, NULL, NULL, "One.", 0, 0, NULL, NULL, NULL, 0, 0}};
static const kith_type types[] = {
    {"shorter", NULL, "A row.", "word", 0, 0, KITH_ARRAY(fields), KITH_NO_ARRAY, 0, 0}};
static const struct earlier_hook hooks[] = {
    {"one", "shorter", KITH_ON_CREATE, KITH_BEFORE, 0, 0, hook, NULL, KITH_NO_ARRAY},
    {"two", "shorter", KITH_ON_DELETE, KITH_AFTER, 0, 0, hook, NULL, KITH_NO_ARRAY},
};
HOSTILE("shorter_rows", .create = create, .types = KITH_ARRAY(types), .hooks = KITH_ARRAY(hooks))
