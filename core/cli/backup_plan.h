/* SPDX-License-Identifier: Apache-2.0 */
/* The backups that the settings ask for: where they are, when the next one is due, and which of
 * those that are there are kept. */
#ifndef CLI_BACKUP_PLAN_H
#define CLI_BACKUP_PLAN_H

#include "base/cron.h"
#include "cli/backup.h"
#include "cli/cli.h"

#define BACKUP_PREFIX "kith-" /* of the names of those that are made by the plan */
#define BACKUP_STATE  "state.json"

struct backup_keep { /* so many of each: the newest at all, the newest of a day, a week, a month */
    int64_t last, daily, weekly, monthly;
};
struct backup_plan {
    const char *dir;  /* NULL: the settings ask for none */
    const char *text; /* "every" as it stands in the settings */
    bool timed;       /* by cron, else by the period */
    struct cron cron;
    int64_t period, full_every; /* ms */
    struct backup_keep keep;
};
struct planned {
    struct backup_head head;
    uint64_t size;
    int64_t modified; /* when the file was, ms UTC */
    int64_t verified; /* when it was read to its end and was whole, ms UTC; 0: not */
    int64_t damaged;  /* when it was found so, ms UTC; 0: not */
    bool broken;      /* it, or what it is based on, is damaged or gone */
    bool keep;
};
struct planned_list { /* oldest first */
    struct planned *items;
    size_t count, cap;
    int64_t failed;    /* the last try, when it failed: ms UTC; 0: it did not */
    const char *error; /* why */
    /* Known by the state alone: of another company, or, if they are broken, no backups any more. */
    struct planned *others;
    size_t other_count;
};

/* Checks "24h" or "0 3 * * *". */
kith_status backup_every(kith_str text, struct backup_plan *plan, kith_error *e);
kith_status plan_read(const struct company *company, struct arena *a, struct backup_plan *out,
                      kith_error *e);
/* When the next one is due after the last; last 0: there is none, and it is due at once. */
int64_t plan_next(const struct backup_plan *p, const struct zone *zone, int64_t last);
/* When one that comes after the last is late: twice what lies between two of them. */
int64_t plan_late(const struct backup_plan *p, const struct zone *zone, int64_t last);
/* What is there of this company. Files that are no backups, or cannot be read, are passed over and
 * never touched. KITH_E_NOTFOUND: the folder is not there. */
kith_status plan_list(const struct company *company, const struct backup_plan *p, struct arena *a,
                      struct planned_list *out, kith_error *e);
/* Why it cannot be restored: "damaged", "its base is gone"; NULL: nothing is known of that. */
const char *plan_fault(const struct planned_list *list, const struct planned *one);
/* backup_state.c: what is known of them, beside them. */
kith_status plan_state_read(const struct backup_plan *p, struct arena *a, struct planned_list *list,
                            kith_error *e);
kith_status plan_state_write(const struct backup_plan *p, const struct planned_list *list,
                             kith_error *e);
/* It was read to its end now. */
void plan_found(struct planned *p, int64_t now, bool whole);
/* Notes how the last try ended: error NULL: well, and the file was verified then. */
kith_status plan_note(const struct backup_plan *p, struct planned_list *list, int64_t now,
                      const char *file, const char *error, kith_error *e);
/* The newest that was made up to now; NULL: there is none. One from a time that has not come was
 * made while a clock ran ahead, or this one is behind: when the next is due does not go by it. */
const struct planned *plan_newest(const struct planned_list *list, int64_t now);
/* Marks those to keep: what the numbers ask for, the newest, and all that these are based on. Those
 * from a time that has not come, or that are broken, are kept, too, and not counted. */
void rotation_mark(struct planned *items, size_t count, const struct backup_keep *keep,
                   const struct zone *zone, int64_t now);

/* Shows, for 'kith check', that the last try failed or is too long ago; counts it. */
kith_status backup_check(struct cmd *c, size_t *wrong, kith_error *e);

/* Carries out `kith backup run` whenever it is due, on a thread of its own; see serve.c. */
struct backup_job;
kith_status backup_job_start(struct backup_job **out, const struct program *p,
                             const struct cli_host *host, kith_error *e);
/* Interrupts it. NULL does nothing. */
void backup_job_end(struct backup_job *job);

#endif
