/* SPDX-License-Identifier: Apache-2.0 */
/* Was granted contacts, and looks at their accounts through the link, in the way that its setting
 * says. */
#include "hostile.h"

#define CONDITION "account.name = 'Acme'"

static kith_status create(const kith_host *host, kith_instance **self, kith_error *err) {
    const kith_records_v1 *rec = host->table(host, KITH_RECORDS_1);
    const kith_settings_v1 *settings = host->table(host, KITH_SETTINGS_1);
    uint32_t contact, number;
    kith_value way;
    kith_status st = settings->get(host, kith_str_of("way"), &way, err);
    *self = NULL;
    if (st == KITH_OK)
        st = rec->type(host, kith_str_of("contact"), &contact, err);
    if (st == KITH_OK && kith_str_is(way.as.s, "query"))
        st = rec->query(host, kith_str_of("contact where " CONDITION), &number, err);
    else if (st == KITH_OK && kith_str_is(way.as.s, "predicate"))
        st = rec->predicate(host, contact, kith_str_of(CONDITION), &number, err);
    return st;
}
static kith_status hook(kith_instance *self, kith_txn *txn, kith_change *change, kith_error *err) {
    (void)self, (void)txn, (void)change, (void)err;
    return KITH_OK;
}
static const kith_hook hooks[] = {
    {"look", "contact", KITH_ON_CREATE, KITH_BEFORE, 0, 0, hook, CONDITION, KITH_NO_ARRAY, NULL}};
static const kith_setting settings[] = {{"way", KITH_TEXT, 0, "\"hook\"", 0, 0,
                                         "query,predicate,hook", "How it looks.", KITH_NO_ARRAY,
                                         NULL}};
HOSTILE("follows_links", .create = create, .hooks = KITH_ARRAY(hooks),
        .settings = KITH_ARRAY(settings))
