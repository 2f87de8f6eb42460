/* SPDX-License-Identifier: Apache-2.0 */
/* A module whose hook does nothing, to measure what it costs to call one. */
#include <kith/plugin.h>

struct kith_instance {
    int made;
};
static struct kith_instance only;

static kith_status create(const kith_host *host, kith_instance **self, kith_error *err) {
    (void)host, (void)err;
    *self = &only;
    return KITH_OK;
}
static void destroy(kith_instance *self) {
    (void)self;
}

static kith_status nothing(kith_instance *self, kith_txn *txn, kith_change *change,
                           kith_error *err) {
    (void)self, (void)txn, (void)change, (void)err;
    return KITH_OK;
}

static const kith_field fields[] = {{.name = "name", .kind = KITH_F_TEXT, .doc = "Its name."}};
static const kith_type types[] = {
    {.name = "thing", .title = "name", .fields = KITH_ARRAY(fields), .doc = "Something."}};
static const kith_hook hooks[] = {{.name = "nothing",
                                   .type = "thing",
                                   .on = KITH_ON_CREATE,
                                   .when = KITH_BEFORE,
                                   .fn = nothing,
                                   .doc = "Does nothing."}};
static const kith_plugin_desc desc = {
    .struct_size = sizeof desc,
    .abi_major = KITH_ABI_MAJOR,
    .min_host_minor = KITH_ABI_MINOR,
    .name = "empty",
    .version = 1,
    .version_text = "1",
    .title = "Empty",
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .create = create,
    .destroy = destroy,
};

const kith_plugin_desc *kith_plugin_entry_v1(void) {
    return &desc;
}
