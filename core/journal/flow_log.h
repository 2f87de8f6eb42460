/* SPDX-License-Identifier: Apache-2.0 */
/* Flow log: what is kept of runs of workflows beside their records (engine/flow.h): what every call
 * gave, what they wait for, and the source that they were begun with.
 *
 * Tables: kith_flow_log, kith_flow_wait, kith_flow_source. Writing is for the writer's connection.
 */
#ifndef JOURNAL_FLOW_LOG_H
#define JOURNAL_FLOW_LOG_H

#include "base/id.h"
#include "journal/erasure.h"

kith_status flow_log_setup(struct conn *c, kith_error *e); /* creates what is absent */
/* The log is one text, to which every part of a run adds. */
kith_status flow_log_add(struct conn *c, kith_id run, kith_str text, kith_error *e);
kith_status flow_log_read(struct conn *c, kith_id run, struct arena *a, kith_str *out,
                          kith_error *e);
kith_status flow_log_forget(struct conn *c, kith_id run, kith_error *e);

/* The runs among the next `max` behind *after, by their numbers, whose log or waits name somebody;
 * moves it; *whole: there are no more. */
kith_status flow_log_naming(struct conn *c, const struct traces *traces, uint64_t *after,
                            int64_t max, struct arena *a, struct id_list *runs, bool *whole,
                            kith_error *e);

/* A branch of a run waits for an event: of the topic, behind row `since`, with the value in the
 * field (both empty: any). `rest` is the waiting one's own. Several may wait for one branch. */
struct flow_wait {
    int64_t id; /* of the wait, once it is added */
    kith_id run;
    uint32_t branch;
    const char *topic, *name, *field;
    kith_str value, rest;
    uint64_t since;
};
kith_status flow_log_wait(struct conn *c, const struct flow_wait *w, kith_error *e);
/* The branch waits for no event any more; FLOW_ALL: none of the run does. */
#define FLOW_ALL  UINT32_MAX
#define FLOW_UNDO (UINT32_MAX - 1) /* of a timer: what is to be done when the run was undone */
kith_status flow_log_awake(struct conn *c, kith_id run, uint32_t branch, kith_error *e);
/* Which topics are waited for. */
typedef kith_status (*flow_topic_fn)(void *arg, const char *topic, kith_error *e);
/* Nobody waits for anything any more. */
kith_status flow_log_clear(struct conn *c, kith_error *e);
kith_status flow_log_topics(struct conn *c, flow_topic_fn fn, void *arg, kith_error *e);
/* By which fields a topic is waited for; in the arena. */
kith_status flow_wait_fields(struct conn *c, const char *topic, struct arena *a,
                             const char ***fields, size_t *count, kith_error *e);
/* Who waits for the event at `seq` by that value; in the arena. */
kith_status flow_wait_find(struct conn *c, const char *topic, const char *field, kith_str value,
                           uint64_t seq, struct arena *a, struct flow_wait **out, size_t *count,
                           kith_error *e);
kith_status flow_wait_there(struct conn *c, int64_t id, bool *yes, kith_error *e);

struct flow_source {
    const char *name; /* "workflows/care.lua" */
    kith_str text;
    struct flow_source *next;
};
/* Whether any run ever began: one may still be under way, whatever files there are. */
kith_status flow_source_any(struct conn *c, bool *any, kith_error *e);
/* Keeps them under the version, unless they are there. */
kith_status flow_source_keep(struct conn *c, const char *version, const struct flow_source *s,
                             kith_error *e);
/* NULL: there are none. */
kith_status flow_source_read(struct conn *c, const char *version, struct arena *a,
                             struct flow_source **out, kith_error *e);

#endif
