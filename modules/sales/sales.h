/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the sales module share. Only <kith/...> beside it. */
#ifndef SALES_H
#define SALES_H

#include <kith/easy.h>
#include <kith/plugin.h>

/* One row of the setting sales.score.rules. */
struct score_rule {
    uint32_t predicate; /* on lead */
    int64_t points;
};

struct kith_instance {
    const kith_host *host;
    const kith_records_v1 *records;
    const kith_events_v1 *events;
    const kith_calls_v1 *calls;

    struct {
        uint32_t type, state, score, rating, last_contacted;
    } lead;
    struct {
        uint32_t type, at, about;
    } interaction;
    uint32_t open_leads; /* query */

    struct score_rule *rules;
    uint64_t rule_count;
    int64_t hot, warm; /* points */
};

/* score.c */
kith_status score_read_rules(kith_instance *self, kith_error *err);
kith_status score_hook(kith_instance *self, kith_txn *txn, kith_change *change, kith_error *err);
kith_status score_rescore(kith_instance *self, kith_call *call, kith_error *err);
kith_status score_nightly(kith_instance *self, kith_txn *txn, const kith_firing *firing,
                          kith_error *err);

/* contact.c */
kith_status contact_stamp(kith_instance *self, kith_txn *txn, const kith_event *event,
                          kith_error *err);

/* instance.c */
kith_status sales_create(const kith_host *host, kith_instance **out, kith_error *err);
void sales_destroy(kith_instance *self);

/* Results of sales.rescore, by their place in declare.c. */
enum { RESULT_CHECKED, RESULT_CHANGED, RESULT_HOT, RESULT_WARM, RESULT_COLD };

#define OPEN_LEADS "lead where state in ('new', 'working', 'qualified')"

#endif
