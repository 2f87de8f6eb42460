/* SPDX-License-Identifier: Apache-2.0 */
/* Trial: rules and workflows are tried out in a company that nobody keeps, under a clock that is
 * set: by the tests that stand in their files, and by a rehearsal. What they did there is told as a
 * list of effects. The calling thread waits for all of it. */
#ifndef SCRIPT_TRIAL_H
#define SCRIPT_TRIAL_H

#include "engine/outbox.h"
#include "script/script.h"

/* -- where it happens -------------------------------------------------------------------------- */

/* A company of its own. Its engine is not started yet when it is handed out, so that its clock may
 * still be set: it stands at TRIAL_EPOCH. */
struct test_bench {
    struct engine *engine;
    struct scripts *scripts;
    struct kclock *clock;
    void *self; /* the host's */
};
#define TRIAL_EPOCH INT64_C(1577836800000) /* 2020-01-01, since which there are ids */
struct test_host {
    /* An empty company with the same types, modules, settings and files, but for the focus. like:
     * another that is not started, opened with the same focus, which may be copied; or NULL. */
    kith_status (*open)(void *arg, const struct script_focus *focus, const struct test_bench *like,
                        struct test_bench *out, kith_error *e);
    void (*close)(void *arg, struct test_bench *b);
    void *arg;
};

/* -- tests ------------------------------------------------------------------------------------- */

struct test_result { /* lives until the report returns */
    const char *file, *name;
    uint32_t line; /* of the expectation that was not met, or of the test */
    bool failed;
    const char *message; /* of a failure: a sentence without its place */
    const char *effects; /* what there was instead, in lines; or "" */
    int64_t ns;          /* that it took */
};
typedef void (*test_report)(void *arg, const struct test_result *r);
struct test_counts {
    size_t passed, failed;
};
/* Runs every test of the files, each in a company of its own. KITH_OK also when some failed.
 * KITH_E_LIMIT: they take longer than limit_ms (0: no matter) together. [any] */
kith_status scripts_test(const struct test_host *host, const struct script_focus *focus,
                         int64_t limit_ms, test_report report, void *arg, struct test_counts *out,
                         kith_error *e);
/* Those of the files as they are now, if there are any, on the host that scripts_test_with was
 * given. Tells of failures as of problems. KITH_E_INVAL: some failed. [any] */
kith_status scripts_test_all(struct scripts *s, script_report report, void *arg, size_t *passed,
                             kith_error *e);

/* -- effects ----------------------------------------------------------------------------------- */

enum trial_kind {
    TRIAL_CREATE = ROW_CREATE,
    TRIAL_UPDATE = ROW_UPDATE,
    TRIAL_DELETE = ROW_DELETE,
    TRIAL_PUBLISH = ROW_EVENT,
    TRIAL_CALL, /* a rule or a workflow called an action */
    TRIAL_SEND, /* something was put into the outbox */
};
const char *trial_kind_name(enum trial_kind kind); /* "create", ..., "call", "send" */

struct trial_effect {
    enum trial_kind kind;
    int64_t at;
    bool own;   /* written by whoever tries it, not by code */
    bool inner; /* about runs of workflows themselves */
    const struct rtype *type;
    kith_id id;                       /* the record, or the event's subject; 0: none */
    const char *name;                 /* of the topic, the action or the delivery */
    const struct image_field *fields; /* of a record: what was written */
    size_t field_count;
    kith_str json;               /* of an event or of what is sent */
    const struct action *action; /* that was called, with what it was given and gave */
    const kith_value *args, *results;
    kith_str endpoint, key; /* of what is sent */
    struct source source;   /* the code; kind 0: none */
    uint64_t order;         /* among those of the same time */
    kith_id tx, run;        /* in which it was written; 0: not known, none */
    uint64_t row, cause;    /* its row of the journal; the row that led to it; 0: none */
    bool ours;              /* see trial_follow */
};

struct trial_mark { /* a place in what happens */
    uint64_t row;
    kith_id sent;
    size_t called;
};
/* The actions that are called are noted from the first of these on. Nothing may be under way. */
kith_status trial_mark(const struct test_bench *b, struct trial_mark *out, kith_error *e);
/* What came behind the mark, in its order, in the arena. */
kith_status trial_effects(const struct test_bench *b, const struct trial_mark *since,
                          struct arena *a, struct trial_effect **out, size_t *count, kith_error *e);
/* "create task lead/0ABC", and what it is made of: "title", "Call Ann". */
const char *trial_text(const struct trial_effect *f, struct arena *a);
typedef void (*trial_part)(void *arg, const char *name, kith_str value);
void trial_parts(const struct test_bench *b, const struct trial_effect *f, struct arena *a,
                 trial_part fn, void *arg);
/* Sets the clock to each moment at which something falls due up to `to`, one after the other, and
 * lets it happen; then to `to`. end: clock_ticks() by which it must be done. */
kith_status trial_advance(const struct test_bench *b, int64_t to, int64_t end, kith_error *e);
/* Lets happen what is due. */
kith_status trial_settle(const struct test_bench *b, int64_t end, kith_error *e);

/* -- rehearsal --------------------------------------------------------------------------------- */

/* What is said to happen meanwhile: a topic that is published, or what happens to a record:
 * "task.done", "lead.updated", with its fields in JSON. "record" in it says to which, "task/0ABC";
 * without it to the newest that the run wrote, else to the run's own. */
struct rehearsed_event {
    const char *topic;
    kith_str json; /* or empty */
};
enum rehearsal_end {
    REHEARSAL_OVER,   /* the run is */
    REHEARSAL_FAILED, /* a step did; it would be tried again, but comes to nothing here */
    REHEARSAL_WAITS,  /* for an event, for ever */
    REHEARSAL_CUT,    /* too many moments, or years */
};
struct flow_rehearsal {
    const char *workflow;
    const struct rtype *type; /* of the record that it runs for; NULL: none */
    kith_id id;
    kith_str data; /* JSON; or empty */
    const struct rehearsed_event *events;
    size_t event_count;
    /* What came of it. */
    enum rehearsal_end end;
    kith_id run;
    struct trial_mark since;
    int64_t until;           /* the time then */
    size_t happened;         /* events that were waited for */
    const char *remark;      /* why it would not have begun by itself; or NULL */
    struct scripts *scripts; /* of the bench */
    const char *state, *waits_for, *result, *error; /* of the run, in the arena; or NULL */
};
/* Begins the workflow in the bench, a copy of the company that is started here, and has time leap
 * from one moment to the next at which something falls due until the run is over. Other timers that
 * waited in the copy are dropped. */
kith_status trial_rehearse(const struct test_bench *b, const struct principal *p,
                           struct flow_rehearsal *r, struct arena *a, kith_error *e);
/* Marks what the run did, what it led to, and what whoever tries it did. */
void trial_follow(const struct test_bench *b, struct trial_effect *items, size_t count,
                  kith_id run);

#endif
