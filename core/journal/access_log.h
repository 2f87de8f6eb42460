/* SPDX-License-Identifier: Apache-2.0 */
/* Access log: who read which records with personal data, who exported how many, who signed in and
 * who failed to, what was changed about credentials, and who made a backup. Beside the journal:
 * reading is no change, and none of it is undone.
 *
 * Tables: kith_access, kith_access_record; kith_access_span: the numbers of the first and the last
 * entry, so that one that is missing is noticed. */
#ifndef JOURNAL_ACCESS_LOG_H
#define JOURNAL_ACCESS_LOG_H

#include "record/record.h"

enum access_event { /* stored: never renumber */
                    ACCESS_READ = 1,
                    ACCESS_FAILED = 2,    /* to sign in */
                    ACCESS_VIEW_AS = 3,   /* asked: the reason */
                    ACCESS_PASSWORD = 4,  /* was set; asked: whose */
                    ACCESS_TOKEN = 5,     /* was added or revoked; asked: which */
                    ACCESS_EXPORT = 6,    /* many records were handed out, or all that is known of
                                             a person; asked: which, or the reason */
                    ACCESS_SIGNED_IN = 7, /* asked: by what */
                    ACCESS_BACKUP = 8,    /* was made; asked: its file */
                    ACCESS_SESSION = 9,   /* was ended; asked: which */
                    ACCESS_INVITE = 10,   /* was given out, or taken; asked: whose */
                    ACCESS_FACTOR = 11,   /* a second factor was set up or removed; asked: which */
                    ACCESS_LINK = 12,     /* was made, used or revoked; asked: which */
                    ACCESS_EVENTS
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
    int64_t rows; /* read: of an export, how many records; -1: of none, or it was broken off */
};

kith_status access_log_setup(struct conn *c, kith_error *e);
/* *number (may be NULL) is the entry's. */
kith_status access_log_add(struct conn *c, const struct access_entry *entry, int64_t *number,
                           kith_error *e);
/* Deletes entries of before an instant, the oldest first, until some `max` rows are gone. *more:
 * some may be left. */
kith_status access_log_sweep(struct conn *c, int64_t before, int max, bool *more, kith_error *e);
/* How many records an export handed out in the end. */
kith_status access_log_rows(struct conn *c, int64_t number, int64_t rows, kith_error *e);

struct access_filter { /* 0: whichever, whenever */
    kith_id record, user;
    uint32_t event, type;
    int64_t since, until; /* ms UTC; the latter is no more */
    int64_t over;         /* with more records than that */
    int64_t before;       /* below this number: to go on behind an entry */
    int64_t limit;        /* entries at most */
    size_t shown;         /* of each at most so many records; record_count is the number of all */
};
/* The newest first. Everything lives in the arena. */
kith_status access_log_read(struct conn *c, const struct access_filter *f, struct arena *a,
                            struct access_entry **out, size_t *count, kith_error *e);

#endif
