/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about workflows share. A run is gone through from its beginning whenever it goes
 * on: every call that reads, writes or asks for anything is answered from the log as far as that
 * reaches, and is carried out and added to the log from there on. A wait that has not ended ends
 * the call of the function, by the sandbox's own stop. See decision 0037. */
#ifndef SCRIPT_FLOW_INTERNAL_H
#define SCRIPT_FLOW_INTERNAL_H

#include "engine/flow.h"
#include "script/script_internal.h"

/* -- the log (flow_log.c) ---------------------------------------------------------------------- */

enum entry_kind {                  /* stored: never renumber */
                  ENTRY_START = 1, /* the run begins: results are the function's arguments */
                  ENTRY_CALL = 2,  /* a call and what it gave */
                  ENTRY_ERROR = 3, /* a call that failed: results are the code and the sentence */
                  ENTRY_WAIT = 4,  /* a branch waits */
                  ENTRY_WOKEN = 5, /* and what ended it: results are what the wait gives */
                  ENTRY_FORK = 6,  /* branches begin: `seed` of them, the first has number `at` */
};

struct entry {
    enum entry_kind kind;
    uint32_t branch; /* 0: the function itself */
    uint32_t line;   /* of the call, in the run's version of the file; 0: not known */
    uint64_t seq;    /* of the last journal row that the transaction had written after it */
    int64_t at;      /* START, WOKEN: now() from then on; WAIT: until when, 0: no matter how long */
    uint64_t seed;   /* START, WOKEN: of math.random */
    const char *name;
    kith_str args, results; /* encoded values */
    struct entry *next;     /* of the same branch */
};
void entry_write(struct buf *log, const struct entry *en);
/* KITH_E_CORRUPT: it is none of ours. Entries live in the arena, their texts in the log. */
struct log_reader {
    kith_str left;
};
kith_status entry_read(struct log_reader *r, struct arena *a, struct entry **out, kith_error *e);

/* Values as bytes. Writes those from `first` to `last` on the stack; raises an error for what
 * cannot be kept. */
void values_encode(lua_State *L, int first, int last, struct buf *out);
void record_encode(struct buf *out, const struct rtype *type, kith_id id);
/* As people read them: lead/0ABC..., {title = "Call"}. In the arena. */
kith_str values_text(const struct schema *schema, kith_str text, struct arena *a);
/* Pushes them and gives their number. */
int values_decode(lua_State *L, kith_str text);

/* -- a run under way (flow.c) ------------------------------------------------------------------ */

struct branch_log {
    struct entry *first, **tail;
};

/* Lives while its function is called; the frame's flow. */
struct flow {
    struct script *script;
    const struct rule *rule;
    struct txn *txn;
    struct flow_run *run;
    struct branch_log *logs;   /* by branch */
    uint32_t branches;         /* numbers in use */
    uint32_t branches_known;   /* of those with a log */
    uint32_t branch;           /* the one that runs */
    uint32_t wakings;          /* in its log: so often it went on */
    struct entry *next;        /* of it; NULL: it is live */
    const struct entry *start; /* of a run that begins: it is in no log yet */
    kith_str opening;          /* the same as bytes */
    uint64_t since;            /* waits that begin now count what comes behind that row */
    struct buf out;            /* what is added to the log */
    struct buf args, results;
    int64_t due;          /* the nearest end of a wait; 0: none */
    struct buf waits_for; /* in words */
    int waits;
    const char *result; /* what the function gave, as text; in the transaction's arena */
    bool first;         /* it is the first step */
    bool only_log;      /* it ends where the log does */
    bool no_more;       /* and must not go on there */
    bool gone;          /* the step deleted what the run is about, and the run with that */
    bool undoing;       /* what on_undo() was given runs */
    int undos;          /* these functions, in a list in the registry */
    uint64_t woke;      /* the row that ended its wait; 0: none did */
    bool again;         /* it begins anew, with what is `handed` on: continue_as_new() */
    kith_id anew;       /* as this run */
    kith_str handed;
};

/* Begins a run for a record (type NULL: for none). event: what the function gets as its second
 * argument, pushed by push(L, arg). *started false: the workflow's rule for repeats says no.
 * [writer] */
struct flow_begin {
    struct rule *rule;
    const struct rtype *type;
    kith_id id, parent;
    int (*push)(lua_State *L, void *arg);
    void *arg;
    uint64_t cause; /* seq of the row; 0: none */
    bool gone;      /* the record is: the function gets it, and the run is about nothing */
    bool later;     /* its function is called soon, in a transaction of its own */
    int64_t due;    /* and not before that time */
    bool at_once;   /* by whoever asks for it: nothing wakes it */
    bool always;    /* whatever its rule for repeats says */
};
kith_status flow_begin(struct txn *t, const struct flow_begin *b, kith_id *run, kith_error *e);
/* A run was undone: what it gave to on_undo() runs, the last first. (flow_again.c) */
kith_status flow_compensate(struct ruleset *set, struct txn *t, kith_id run, kith_error *e);
/* Has the run go on by this code, if that goes the way that the log has. */
kith_status flow_migrate(struct rule *rule, struct txn *t, struct flow_run *r, kith_error *e);
/* Fails unless the run, whose step was just kept, goes the same way when it is gone through once
 * more. [writer] */
kith_status flow_same_again(const struct flow *done, kith_error *e);
/* Finds the function of the run, as it was when the run began. */
kith_status flow_rule(struct ruleset *set, struct txn *t, const struct flow_run *r,
                      struct rule **out, kith_error *e);
kith_status flow_read_log(struct flow *w, kith_error *e);
void flow_free(struct flow *w); /* its texts */
int flow_enter(lua_State *L);   /* protected: calls the function of the flow at 1 */
/* The run's record, which start() writes before the step is over; a pcall takes that back. */
kith_status flow_is_kept(struct flow *w, bool *kept, kith_error *e);
/* A call failed behind the end of the log, where it is not asked what comes. */
bool flow_behind_log(const struct flow *w);
#define FLOW_ATTEMPTS 5
/* Pushes the table with the encoded data at `given`, a kith_str, as an event: for runs that nothing
 * but a call begins. */
int flow_given_push(lua_State *L, void *given);
int flow_started_push(lua_State *L); /* the same, with the data on the stack's top */
struct rule *flow_in(const struct script *s, const char *name); /* NULL: the file has none */
/* The workflow of that name, in the set as it is; NULL: an error with the nearest name. */
struct rule *flow_named(const struct ruleset *set, const char *name, kith_error *e);
/* Goes on with a run: its branch (FLOW_ALL: it failed, and is tried again) was woken. push gives
 * what the wait gives; NULL: its time is over. Waits that begin in it count what comes behind row
 * `since`; cause: the row that led to it, 0: none. */
kith_status flow_go_on(struct ruleset *set, struct txn *t, kith_id run, uint32_t branch,
                       int (*push)(lua_State *L, void *arg), void *arg, uint64_t since,
                       uint64_t cause, kith_error *e);
/* A reaction to everything that happens: wakes who waits for it. self: the set. (flow_wake.c) */
kith_status flow_on_any(void *self, struct txn *t, const struct event *ev, kith_error *e);
/* An earlier version of a file, for the runs that it began; it lives as long as the set. (script.c)
 */
kith_status script_pinned(struct ruleset *set, struct conn *c, const char *file,
                          const char *version, struct script **out, kith_error *e);
#define PAUSED_LOOK_MS 60000 /* between two looks whether a suspended file goes on */

/* -- for the functions that scripts call (flow_call.c) ------------------------------------------
 */

/* The line of the workflow's own file at which the call stands: one that a function of rules/lib
 * makes is told by where that was called. */
uint32_t flow_line(lua_State *L);
/* The next entry of the branch, which must be such a call; NULL: the branch is live. */
struct entry *flow_expect(lua_State *L, struct flow *w, enum entry_kind kind, const char *name,
                          uint32_t line, kith_str args);
void flow_add(lua_State *L, struct flow *w, struct entry *en);
struct flow *flow_need(lua_State *L, const char *what);  /* an error outside of a workflow */
void flow_woken(struct flow *w, const struct entry *en); /* time and chance go on from there */

/* The table that stands for an event, on the stack's top. */
int flow_event_push(lua_State *L, const struct event *ev);

#endif
