/* SPDX-License-Identifier: Apache-2.0 */
/* Spool: each new task becomes a file in a folder, for another program to take. A reaction that
 * wants something to leave Kith, and the delivery that carries it: beside the writer, as often as
 * it takes, under a key by which the receiver knows what it has already. */
#include <errno.h>
#include <kith/easy.h>
#include <kith/plugin.h>

#define TASK(X) X(title) X(due)
KITH_RECORD(task, TASK);

struct kith_instance {
    KITH_TABLES;
    const kith_deliveries_v1 *deliveries;
    struct task_numbers task;
    uint32_t put; /* delivery */
    kith_value folder;
    const char *folder_place; /* where it is set, for messages */
};

/* Kept with the reaction's transaction, and sent when that is on the disk. */
static kith_status want(kith_instance *self, kith_txn *txn, const kith_event *event,
                        kith_error *err) {
    struct task t;
    char id[KITH_ID_CHARS + 1], text[600];
    KITH_TRY(KITH_READ(self, txn, task, event->record, &t, err));
    kith_id_text(event->id, id);
    (void)snprintf(text, sizeof text, "%s %.*s\n", id, KITH_CUT(t.title.as.s, 500));
    const kith_effect effect = {.struct_size = sizeof effect,
                                .delivery = self->put,
                                .endpoint = kith_str_of("spool"),
                                .key = kith_str_of(id),
                                .payload = kith_str_of(text),
                                .type = event->type,
                                .id = event->id};
    return self->deliveries->send(txn, &effect, NULL, err);
}

/* First beside its place, then under its name: whoever reads the folder finds whole files alone. A
 * second try writes the same file. */
static kith_status put(kith_instance *self, const kith_txn *view, kith_sending *sending,
                       kith_error *err) {
    char part[4200], whole[4200];
    (void)view;
    (void)snprintf(whole, sizeof whole, "%.*s/%.*s.txt", KITH_CHARS(self->folder.as.s),
                   KITH_CHARS(sending->key));
    (void)snprintf(part, sizeof part, "%.4000s.part", whole);
    FILE *f = fopen(part, "w");
    if (!f)
        return kith_fail(err, KITH_E_RETRY, NULL, "%s: '%s' cannot be written: %s",
                         self->folder_place, part, strerror(errno));
    const size_t n = fwrite(sending->payload.ptr, 1, (size_t)sending->payload.len, f);
    if (fclose(f) != 0 || n != sending->payload.len || rename(part, whole) != 0)
        return kith_fail(err, KITH_E_RETRY, NULL, "'%s' cannot be written: %s", whole,
                         strerror(errno));
    return KITH_OK;
}

static const kith_setting settings[] = {{.key = "folder",
                                         .kind = KITH_TEXT,
                                         .flags = KITH_SF_REQUIRED,
                                         .doc = "Where the files are put."}};
static const kith_permission permissions[] = {
    {"read:task", "Puts what is to be done into the folder."},
};
static const kith_reaction reactions[] = {{.name = "want",
                                           .topic = "task.created",
                                           .fn = want,
                                           .where = "state = 'open'",
                                           .doc = "Wants a file of each new task."}};
static const kith_delivery deliveries[] = {
    {.name = "put", .fn = put, .doc = "Puts a file into the folder."}};
static const kith_want wants[] = {
    KITH_WANT_TABLES,
    KITH_WANT(TABLE, KITH_DELIVERIES_1, deliveries),
    KITH_WANT_RECORD("task", task, TASK),
    KITH_WANT(DELIVERY, "put", put),
    KITH_WANT(SETTING, "folder", folder),
    KITH_WANT(PLACE, "folder", folder_place),
};

static const kith_plugin_desc desc = {
    KITH_HEAD("spool", 1, "1.0"),
    .title = "Spool",
    .permissions = KITH_ARRAY(permissions),
    .settings = KITH_ARRAY(settings),
    .reactions = KITH_ARRAY(reactions),
    .deliveries = KITH_ARRAY(deliveries),
    .instance_size = sizeof(struct kith_instance),
    .wants = KITH_ARRAY(wants),
};

const kith_plugin_desc *kith_plugin_entry_v1(void) {
    return &desc;
}
