/* SPDX-License-Identifier: Apache-2.0 */
/* Doctor: runs of workflows, and what they need to go on. */
#include "journal/doctor_internal.h"

#define UNDER_WAY "state IN ('waiting', 'retrying')"
#define NO_RECORD " r WHERE NOT EXISTS (SELECT 1 FROM workflow_run x WHERE x.id = r.run)"

kith_status doctor_flows(struct doctor *d) {
    static const struct {
        const char *sql, *after;
    } wrong[] = {
        {"SELECT DISTINCT run FROM kith_flow_log" NO_RECORD, " has a log and no record"},
        {"SELECT DISTINCT run FROM kith_flow_wait" NO_RECORD, " waits and has no record"},
        {"SELECT id FROM workflow_run r WHERE " UNDER_WAY " AND NOT EXISTS (SELECT 1 FROM"
         " kith_flow_wait w WHERE w.run = r.id) AND NOT EXISTS (SELECT 1 FROM kith_timer t WHERE"
         " t.subject = r.id)",
         " is under way, and nothing will wake it"},
        {"SELECT id FROM workflow_run r WHERE (" UNDER_WAY " OR state = 'failed') AND NOT EXISTS"
         " (SELECT 1 FROM kith_flow_log l WHERE l.run = r.id)",
         " has no log to go on with"},
        {"SELECT id FROM workflow_run r WHERE (" UNDER_WAY " OR state = 'failed') AND NOT EXISTS"
         " (SELECT 1 FROM kith_flow_source s WHERE s.version = r.version)",
         " has no source to go on with"},
    };
    int64_t tables; /* a database from before workflows has none of them */
    TRY(conn_int(d->conn,
                 "SELECT count(*) FROM sqlite_schema WHERE name IN ('workflow_run',"
                 " 'kith_flow_log', 'kith_flow_wait', 'kith_flow_source')",
                 0, &tables, d->e));
    for (size_t i = 0; tables == 4 && i < sizeof wrong / sizeof *wrong; i++)
        TRY(doctor_each(d, wrong[i].sql, BY_ID, "workflow_run ", wrong[i].after));
    return KITH_OK;
}
