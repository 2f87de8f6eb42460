/* SPDX-License-Identifier: Apache-2.0 */
/* Access log: who read which records with personal data, who signed in and who failed to, and what
 * was changed about credentials. Beside the journal: reading is no change, and none of it is
 * undone.
 *
 * Tables: kith_access, kith_access_record. */
#ifndef JOURNAL_ACCESS_LOG_H
#define JOURNAL_ACCESS_LOG_H

#include "record/record.h"

enum access_event { /* stored: never renumber */
                    ACCESS_READ = 1,
                    ACCESS_FAILED = 2,   /* to sign in */
                    ACCESS_VIEW_AS = 3,  /* asked: the reason */
                    ACCESS_PASSWORD = 4, /* was set; asked: whose */
                    ACCESS_TOKEN = 5,    /* was added or revoked; asked: which */
                    ACCESS_EXPORT =
                        6, /* all that is known of a person was handed out; asked: the reason */
};
const char *access_event_name(uint32_t event);

struct access_entry {
    int64_t number, at; /* ms UTC */
    uint32_t event;
    kith_id user;      /* whose rights; 0: not a stored user */
    const char *actor; /* "user:anna", "cli:root as user:anna" */
    const char *surface;
    const char *asked;
    uint32_t type; /* of the records */
    const kith_id *records;
    size_t record_count;
};

kith_status access_log_setup(struct conn *c, kith_error *e);
kith_status access_log_add(struct conn *c, const struct access_entry *entry, kith_error *e);
/* Deletes entries of before an instant, the oldest first, until some `max` rows are gone. *more:
 * some may be left. */
kith_status access_log_sweep(struct conn *c, int64_t before, int max, bool *more, kith_error *e);
/* The newest first, at most `limit` of them: of a record, of a user, or (0) of all. Everything
 * lives in the arena; of each at most `shown` records, the number of all of them is record_count.
 */
kith_status access_log_read(struct conn *c, kith_id record, kith_id user, int64_t limit,
                            size_t shown, struct arena *a, struct access_entry **out, size_t *count,
                            kith_error *e);

#endif
