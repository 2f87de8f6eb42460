/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the doctor share. A check looks for what must not be and tells each finding;
 * it fails only when it cannot go on. */
#ifndef JOURNAL_DOCTOR_INTERNAL_H
#define JOURNAL_DOCTOR_INTERNAL_H

#include "journal/compact.h"
#include "journal/doctor.h"

struct doctor {
    struct conn *conn;
    const struct schema *schema;
    const struct query_env *env; /* when the copy was made */
    struct journal_start start;  /* of what is older the journal says nothing */
    doctor_tell tell;
    void *arg;
    const char *check;
    size_t here, all; /* findings of this check, of all */
    kith_error *e;
};

kith_status doctor_find(struct doctor *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Reading failed for reasons that say nothing about what is stored: an end, not a finding. */
static inline bool doctor_cannot_tell(kith_status st) {
    return st == KITH_E_NOMEM || st == KITH_E_IO;
}

/* Runs a query; each row is a finding: its first column, shown so, between two texts. */
enum shown { BY_ID, BY_NUMBER, BY_NAME };
kith_status doctor_each(struct doctor *d, const char *sql, enum shown shown, const char *before,
                        const char *after);
/* Calls fn for every field of every type that is loaded. */
kith_status doctor_each_field(struct doctor *d,
                              kith_status (*fn)(struct doctor *d, const struct rfield *f));

/* doctor_records.c */
kith_status doctor_catalogue(struct doctor *d);
kith_status doctor_ids(struct doctor *d);
kith_status doctor_links(struct doctor *d);
kith_status doctor_trees(struct doctor *d);
kith_status doctor_redirects(struct doctor *d);
kith_status doctor_required(struct doctor *d);
kith_status doctor_options(struct doctor *d);
kith_status doctor_form(struct doctor *d);
kith_status doctor_columns(struct doctor *d);
kith_status doctor_folds(struct doctor *d);
kith_status doctor_contacts(struct doctor *d);

/* doctor_suppressions.c */
kith_status doctor_suppressions(struct doctor *d);

/* doctor_rollups.c */
kith_status doctor_rollups(struct doctor *d);
/* doctor_search.c */
kith_status doctor_search(struct doctor *d);

/* doctor_journal.c */
kith_status doctor_transactions(struct doctor *d);
kith_status doctor_causes(struct doctor *d);
kith_status doctor_images(struct doctor *d);
kith_status doctor_chain(struct doctor *d);
kith_status doctor_existence(struct doctor *d);
kith_status doctor_replay(struct doctor *d);
kith_status doctor_cursors(struct doctor *d);
kith_status doctor_imports(struct doctor *d);
kith_status doctor_runs(struct doctor *d);
kith_status doctor_credentials(struct doctor *d);
kith_status doctor_access(struct doctor *d);

/* doctor_flows.c */
kith_status doctor_flows(struct doctor *d);
/* doctor_segments.c */
kith_status doctor_segments(struct doctor *d);

#endif
