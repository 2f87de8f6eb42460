/* SPDX-License-Identifier: Apache-2.0 */
/* Birthdays: each morning a task for everybody whose contacts have their birthday. A timer that
 * goes through what a query finds, and writes behind it. */
#include <kith/easy.h>
#include <kith/plugin.h>

#define CONTACT(X) X(name) X(owner)
#define TASK(X)    X(title) X(about) X(assignee) X(due)
KITH_RECORD(contact, CONTACT);
KITH_RECORD(task, TASK);

struct kith_instance {
    KITH_TABLES;
    struct contact_numbers contact;
    struct task_numbers task;
    uint32_t born_on; /* query */
};

static kith_status greet(kith_instance *self, kith_txn *txn, const kith_firing *firing,
                         kith_error *err) {
    struct contact *contacts;
    uint64_t count;
    int32_t year, month, day;
    (void)firing;
    kith_civil(self->host->today(self->host), &year, &month, &day);
    const kith_value today[] = {kith_int(month), kith_int(day)};
    KITH_TRY(KITH_FIND(self, txn, contact, self->born_on, 2, today, &contacts, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        char title[300];
        (void)snprintf(title, sizeof title, "Birthday of %.*s", KITH_CHARS(contacts[i].name.as.s));
        struct task t = {.title = kith_text(title),
                         .about = contacts[i].id,
                         .assignee = contacts[i].owner,
                         .due = KITH_NOW(self)};
        KITH_TRY(KITH_CREATE(self, txn, task, &t, err));
    }
    return KITH_OK;
}

static const kith_permission permissions[] = {
    {"read:contact", "Looks for birthdays."},
    {"read:user", "Gives the tasks to the owners of the contacts."},
    {"write:task", "Makes a task for each."},
};
static const kith_timer timers[] = {{.name = "greet",
                                     .cron = "0 7 * * *",
                                     .fn = greet,
                                     .doc = "Makes tasks of today's birthdays."}};
static const kith_want wants[] = {
    KITH_WANT_TABLES,
    KITH_WANT_RECORD("contact", contact, CONTACT),
    KITH_WANT_RECORD("task", task, TASK),
    KITH_WANT(QUERY,
              "contact where month(birthday) = :month and day(birthday) = :day order by name",
              born_on),
};

static const kith_plugin_desc desc = {
    KITH_HEAD("birthdays", 1, "1.0"),
    .title = "Birthdays",
    .permissions = KITH_ARRAY(permissions),
    .timers = KITH_ARRAY(timers),
    .instance_size = sizeof(struct kith_instance),
    .wants = KITH_ARRAY(wants),
};

const kith_plugin_desc *kith_plugin_entry_v1(void) {
    return &desc;
}
