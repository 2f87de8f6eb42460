/* SPDX-License-Identifier: Apache-2.0 */
/* Doctor: every invariant of a database, checked on a copy of it. */
#ifndef JOURNAL_DOCTOR_H
#define JOURNAL_DOCTOR_H

#include "journal/journal.h"
#include "record/query.h"

/* Told of each check when it begins (sentence NULL), and of each finding: one sentence. Return
 * KITH_OK to go on. */
typedef kith_status (*doctor_tell)(void *arg, const char *check, const char *sentence,
                                   kith_error *e);

/* One invariant. Its texts are shown to people. */
struct doctor;
struct doctor_check {
    const char *name, *doc;
    const char *remedy; /* what to do about a finding */
    kith_status (*run)(struct doctor *d);
};
const struct doctor_check *doctor_checks(size_t *count);

/* Runs all checks on a connection to a copy. Each check reports at most 20 findings and then how
 * many more there are. A failure to read is a finding, too; only no memory and the caller's refusal
 * end it. */
kith_status doctor_run(struct conn *copy, const struct schema *s, const struct query_env *env,
                       doctor_tell tell, void *arg, size_t *findings, kith_error *e);

#endif
