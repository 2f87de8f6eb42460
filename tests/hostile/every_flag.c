/* SPDX-License-Identifier: Apache-2.0 */
/* Good, but for being of no use: sets what every_row leaves at its default, for inspect. */
#include "hostile.h"

static const kith_require requirements[] = {
    {.module = "every_row", .min_version = 2, .flags = KITH_REQ_OPTIONAL}};
static const kith_setting items[] = {
    {.key = "word", .kind = KITH_TEXT, .flags = KITH_SF_REQUIRED, .choices = "a,b"}};
static const kith_setting settings[] = {
    {.key = "key", .kind = KITH_TEXT, .flags = KITH_SF_SECRET | KITH_SF_RELOAD},
    {.key = "rules", .kind = KITH_LIST, .items = KITH_ARRAY(items)}};
static const kith_field fields[] = {{.name = "parent",
                                     .kind = KITH_F_LINK,
                                     .flags = KITH_FF_READONLY | KITH_FF_TREE,
                                     .options = "branch",
                                     .label = "Grows from"}};
static const char *const indexes[] = {"parent,-created"};
static const kith_type types[] = {{.name = "branch",
                                   .label = "Bough",
                                   .history = KITH_HISTORY_NONE,
                                   .undo = KITH_UNDO_REFUSE,
                                   .fields = KITH_ARRAY(fields),
                                   .indexes = KITH_ARRAY(indexes)}};
static const kith_migration migrations[] = {{.version = 1,
                                             .kind = KITH_MIGRATE_RENAME_FIELD,
                                             .type = "branch",
                                             .field = "up",
                                             .to = "parent"}};

static kith_status react(kith_instance *self, kith_txn *txn, const kith_event *event,
                         kith_error *err) {
    (void)self, (void)txn, (void)event, (void)err;
    return KITH_OK;
}
static const kith_reaction reactions[] = {
    {.name = "again", .topic = "branch.created", .flags = KITH_RF_UNDO, .fn = react}};

static kith_status create(const kith_host *host, kith_instance **self, kith_error *err) {
    (void)host, (void)self, (void)err;
    return KITH_OK;
}
HOSTILE("every_flag", .vendor = "Acme", .license = "MIT", .requirements = KITH_ARRAY(requirements),
        .settings = KITH_ARRAY(settings), .types = KITH_ARRAY(types),
        .migrations = KITH_ARRAY(migrations), .reactions = KITH_ARRAY(reactions), .create = create)
