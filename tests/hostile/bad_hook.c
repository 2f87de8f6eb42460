/* SPDX-License-Identifier: Apache-2.0 */
/* Creates its instance and then turns out to have a condition that cannot be read. */
#include "hostile.h"

static kith_status create(const kith_host *host, kith_instance **self, kith_error *err) {
    (void)host, (void)self, (void)err;
    return KITH_OK;
}
static kith_status hook(kith_instance *self, kith_txn *txn, kith_change *change, kith_error *err) {
    (void)self, (void)txn, (void)change, (void)err;
    return KITH_OK;
}
static const kith_hook hooks[] = {{"look", "contact", KITH_ON_CREATE, KITH_BEFORE, 0, 0, hook,
                                   "name = = 'x'", KITH_NO_ARRAY, NULL}};
static const kith_permission permissions[] = {{"read:contact", "Looks at contacts."}};
HOSTILE("bad_hook", .create = create, .hooks = KITH_ARRAY(hooks),
        .permissions = KITH_ARRAY(permissions))
