/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: the state of one script file, the callback under way, and the
 * values that Lua code holds. Everything here runs on the thread that runs the script. */
#ifndef SCRIPT_SCRIPT_INTERNAL_H
#define SCRIPT_SCRIPT_INTERNAL_H

#include "base/id.h"
#include "base/json.h"
#include "base/timing.h"
#include "script/script.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>

#define CALL_STEPS      1000        /* what a call of the engine costs at least */
#define SCRIPT_FILE_MAX (1 << 20)   /* bytes of one script */
#define HOOK_PERIOD     1000        /* Lua instructions between two looks at the budget */
#define SHORT_PERIOD    20          /* the same, once there was a long text */
#define BYTES_PER_STEP  64          /* memory asked for counts as work */
#define WORKFLOWS       "workflows" /* the folder of files with them */
#define QUERY_CACHE_MAX 256         /* texts per file; a query built by gluing text is not kept */

struct trial;
struct call_notes;

/* Why a callback was ended. */
enum stop { STOP_NOT, STOP_STEPS, STOP_TIME, STOP_MEMORY, STOP_WAIT };

/* A callback under way, or the loading of the file. Lives on the C stack; the innermost one is
 * script.frame. A rule that writes may cause another rule of its own file: then they are nested. */
struct frame {
    struct frame *outer;
    const struct rule *rule; /* NULL: the file is being loaded */
    uint64_t seed;           /* of math.random, until it is asked; see lib_random.c */
    bool seeded;
    struct txn *txn; /* NULL: the file is being loaded */
    bool acting;     /* as the file's user; see `acting` of the script */
    uint64_t writes; /* txn_writes when it began */
    int64_t begin;   /* clock_ticks */
    int64_t effects; /* actions called and events published so far, and searches */
    int64_t queries;
    struct flow *flow;   /* the run of a workflow that is gone through; or NULL */
    int64_t now;         /* of the transaction, or of the run */
    uint64_t serial;     /* what is handed to Lua carries it and dies with it */
    int64_t given, left; /* steps */
    int64_t deadline;    /* clock_ticks */
    int64_t before;      /* the transaction's deadline when it began */
    enum stop stopped;   /* from then on every instruction raises an error */
    char stopped_at[80]; /* "rules/score.lua:12", or "": not known */
};

#define MINUTES 60 /* of which a budget is the sum */

/* What a file has used up in the hour that ends now. [writer] */
struct used {
    int64_t max[BUDGETS]; /* 0: no bound */
    int64_t sum[BUDGETS], minutes[MINUTES][BUDGETS];
    int64_t minute; /* the newest one, of the clock */
};

/* What calls of a rule have cost, counted by the writer alone. */
struct cost {
    _Atomic uint64_t failures, writes, queries, steps;
    struct timing times;
};

struct rule {
    struct script *script;
    struct rule_info info;    /* without the counters */
    uint32_t on;              /* ON_* of before and after */
    const struct rtype *type; /* of the record that the function gets; NULL: none */
    struct fieldset *fields;  /* or NULL */
    struct predicate *where;  /* or NULL */
    char *cursor;             /* "rule:rules/score.lua:qualified" */
    char *source;             /* "rules/score.lua: qualified" */
    bool unnamed;             /* its name was made up */
    const char *again;        /* of a workflow: may it begin again for a record; see lib_flow.c */
    bool cron;                /* of a workflow: its event is a time */
    _Atomic bool disabled;    /* of a workflow: it begins no more */
    int64_t cool_down;        /* the same, in ms since it began last; 0: `again` says */
    int function;             /* in the registry of the file's state */
    int arguments;            /* that the function takes; unused ones are not made */
    const char *chunk;        /* the file in which it stands */
    uint32_t first_line, last_line;
    struct cost cost;
    int64_t streak, streak_since; /* [writer] failures in a row, and when the first one was, ms */
    struct rule *next;            /* in the order of the file */
};

/* A test of a file; see trial.c. */
struct test {
    const char *name;
    uint32_t line;
    int function; /* in the registry of a trial's state; LUA_NOREF in others */
    struct test *next;
};

/* What a file may do with records of a type; everything else is asked by name. */
#define RIGHT_READ  1u
#define RIGHT_WRITE 2u

/* One file and its Lua state. */
struct script {
    struct scripts *all;
    struct ruleset *set;
    lua_State *L;
    const char *file;                                   /* "rules/score.lua" */
    char version[13];                                   /* known once it is loaded */
    unsigned char digest[crypto_generichash_BYTES_MIN]; /* of the file and what it requires */
    struct frame *frame;
    uint64_t serials;
    int64_t memory;                /* bytes in use */
    int period;                    /* HOOK_PERIOD or SHORT_PERIOD */
    bool refused;                  /* an allocation, since the outermost frame began */
    struct arena arena;            /* names, rules, predicates, queries */
    const struct setting *granted; /* where what it may stands; NULL: it may everything */
    const kith_value *may;         /* the list there */
    uint8_t *rights;               /* RIGHT_* by type number */
    const char *as;                /* the login as which it acts; NULL: for the company */
    struct acting *acting;         /* that user; NULL without, and while the file is off */
    struct used budget;
    struct rule *rules, **rules_tail;
    struct map queries; /* text -> struct query * */
    struct buf scratch; /* JSON on its way out */
    json_t *json;       /* JSON on its way in; freed by the next one */
    int problems;
    bool absent;         /* one of the problems, and no more, is that a module is not there */
    bool flows;          /* of the folder workflows: calls are recorded */
    bool console;        /* of a prompt: who sits there may all, and is told what goes wrong */
    bool pinned;         /* an earlier version, for the runs that it began */
    struct trial *trial; /* a test of it runs here, and its rules elsewhere; or NULL */
    const char *fault;   /* of a pinned one or a trial: why it does not run */
    struct test *tests, **tests_tail;
    int unfinished; /* rules that have no function yet */
    uint32_t unfinished_line;
    struct flow_source *sources; /* what was loaded; the file's own is the last */
    struct script *next;
};

struct problem {
    struct script_problem p;
    struct problem *next;
};

/* What was compiled together, and is replaced together. */
struct ruleset {
    struct scripts *all;
    struct arena arena; /* the files and problems */
    struct script *files, **files_tail;
    struct script *pinned; /* [writer] earlier versions of workflows */
    struct problem *problems, **problems_tail;
    struct problem *findings, **findings_tail; /* in sources that could be loaded: see lint.h */
    size_t faults; /* findings that are no warning: they keep nothing from running */
    size_t warnings;
    size_t tests;
    struct arena texts;   /* while it is being loaded */
    size_t mistakes;      /* problems that are no lack of a module */
    size_t misplaced;     /* lists in rules.scripts that are for no file, or for none any more */
    bool may_told;        /* that rules.may is wrong */
    struct ruleset *next; /* of those that were dropped */
};

struct scripts {
    struct engine *engine;
    struct script_options options;
    char *dir;
    uint64_t blamed;          /* [writer] failures that count towards a suspension, so far */
    pthread_mutex_t changing; /* held by the one that puts another set in place */
    uint64_t loaded, seen;    /* prints of the files: what was compiled last; the last look */
    pthread_mutex_t lock;     /* guards set for those who look at it, and what is disabled */
    struct ruleset *set;
    char **disabled; /* names of workflows */
    size_t disabled_count;
    struct ruleset *running;      /* [writer] the one whose rules the engine calls */
    const struct test_host *host; /* where tests run; or NULL */
    bool tests_reloads;
    bool twice;               /* each step of a workflow is gone through once more: in tests */
    struct call_notes *notes; /* [writer] of the actions that rules call; NULL: nobody asks */
    struct ruleset *dropped;  /* that could not take its place, and may be known as running */
};

static inline struct script *script_of(lua_State *L) {
    return *(struct script **)lua_getextraspace(L);
}

/* -- script.c ---------------------------------------------------------------------------------- */

void script_problem(struct script *s, uint32_t line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void set_problem(struct ruleset *set, const struct script_problem *p); /* copied */
void set_finding(struct ruleset *set, const struct script_problem *p); /* copied, too */
#define MODULE_FOLDERS_MAX 64
/* The folders of workflows of enabled modules, "workflows/sales", by name; gives how many. */
size_t script_module_folders(const struct scripts *s, struct arena *a,
                             const char *out[MODULE_FOLDERS_MAX]);
/* Compiles the files as they are now. Fails only for want of memory. */
kith_status ruleset_load(struct ruleset **out, struct scripts *all, kith_error *e);
void ruleset_free(struct ruleset *set); /* may be NULL */
/* The file once more, for a test of it: in a state of its own, where its rules are passed over.
 * What is wrong with it stands in (*out)->fault. */
kith_status script_for_trial(struct ruleset *set, const char *file, struct trial *t,
                             struct script **out, kith_error *e);
void script_unload(struct script *s);
struct script *script_named(const struct ruleset *set, const char *file); /* NULL: it has none */
/* Has the engine call its rules, but for those of files with a problem, which are unloaded. */
kith_status ruleset_register(struct ruleset *set, kith_error *e);
/* Calls report for each problem; gives the number of rules. */
size_t ruleset_report(const struct ruleset *set, script_report report, void *arg);
void lib_require_open(lua_State *L, int globals);

/* -- enable.c ---------------------------------------------------------------------------------- */

kith_status enable_open(struct scripts *s, kith_error *e);
void enable_close(struct scripts *s);
void enable_mark(struct ruleset *set); /* its workflows that are disabled */

/* -- lint.c ------------------------------------------------------------------------------------ */

/* For rules that were loaded: finds what is wrong in their sources, and notes what each does. Fails
 * only for want of memory. */
kith_status lint_set(struct ruleset *set, kith_error *e);

/* -- sandbox.c: the state, its budget, its errors ---------------------------------------------- */

struct script_limits limits_or_default(const struct script_limits *l);
kith_status sandbox_open(struct script *s, kith_error *e);
void sandbox_close(struct script *s);
/* rule: NULL while the file is being loaded */
void frame_begin(struct script *s, struct frame *f, struct txn *t, const struct rule *rule);
void frame_end(struct script *s, struct frame *f);
/* Calls fn with arg as its light userdata, and turns what it raises into e: a sentence with
 * file:line. */
kith_status sandbox_call(struct script *s, lua_CFunction fn, void *arg, kith_error *e);
/* Ends the call as if its budget were spent: nothing in the script can catch that. */
int frame_stop(lua_State *L, enum stop why);
void frame_go_on(struct script *s); /* after a stop, in a function that caught it */
/* A library function that is about to do `steps` of work says so; ends the callback when they are
 * spent. */
void charge(lua_State *L, int64_t steps);
/* The frame under way; an error when the file is only being loaded. */
struct frame *frame_need(lua_State *L, const char *what);
bool frame_alive(const struct script *s, uint64_t serial);
/* Raises e as an error that keeps its code; "file:line: " goes in front unless a rule refuses. */
int raise_error(lua_State *L, kith_error *e);
#define REQUIRE_AT_TOP "require works only while the file is loaded: write it at the file's top"
#define ASK_FIELDS                                                                                 \
    "ask_user: write fields = {decision = {\"yes\", \"no\"}, reason = \"text?\"}: what is asked"
#define FLOW_ONLY                                                                                  \
    "%s works only inside the function of a workflow: write workflow(\"name\", {on = ...}, "       \
    "function(record) ... end) in a file of the folder 'workflows'"
/* Of a type that is there: is there such a topic? */
kith_status topic_check(struct engine *g, const struct rtype *type, const char *topic,
                        kith_error *e);
/* sentence.c: what Lua says where a script goes wrong, in other words, in out; or message as it is.
 */
const char *sentence(struct buf *out, const char *message);
void sentence_compared(struct buf *out, kith_str a, kith_str b); /* names of kinds */
/* Lua has refused the text and said why; where that says little to somebody who does not know Lua,
 * a sentence takes its place that does. */
int raise_syntax(lua_State *L, const char *name, kith_str text);
int raisef(lua_State *L, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The table on the stack's top becomes one that can only be read. */
void freeze(lua_State *L);
void environment_push(lua_State *L);   /* what the scripts see as their globals */
uint32_t line_of_caller(lua_State *L); /* 0: not called from Lua */

/* -- rights.c: what the admin lets a file do ----------------------------------------------------
 */

/* Finds what the file may; what is wrong with that becomes a problem of it. */
kith_status rights_take(struct script *s, kith_error *e);
void rights_check(struct ruleset *set); /* of files that do not exist */
kith_status right_need(const struct script *s, uint32_t right, const struct rtype *t,
                       kith_error *e);
kith_status right_need_query(const struct script *s, const struct query *q, kith_error *e);
/* Of the user as whom the file acts: without one, yes. */
bool right_reads(const struct script *s, const struct rfield *f);
/* Fails where `where` or `fields` of the rule go by what is closed to the user who acts in t. */
kith_status right_conditions(const struct rule *r, struct txn *t, kith_error *e);
/* r: whose conditions are looked at as well, or NULL. */
kith_status right_sees(struct script *s, const struct rule *r, struct txn *t,
                       const struct rtype *type, kith_id id, const kith_value *values, bool *yes,
                       kith_error *e);
bool rights_any_acts(const struct scripts *all); /* some file acts as a user */
/* kind: "publish" or "call" */
kith_status right_need_name(const struct script *s, const char *kind, const char *name,
                            kith_error *e);

/* -- suspend.c --------------------------------------------------------------------------------- */

kith_status suspend_open(struct engine *g, kith_error *e); /* the topic that tells of it */
/* Failures of the disk or the process: no rule is to blame, none catches them, and the whole is
 * tried again. */
bool is_nobodys(kith_status st);
/* After a call: counts what failed, and suspends the file when that was once too often. blamed: of
 * the struct scripts, before the call. */
void suspend_after(struct rule *r, const struct frame *f, uint64_t blamed, kith_status st,
                   const kith_error *e);
kith_status suspended_refuse(const struct rule *r, kith_error *e);
/* At once; what: "its rule 'a' did something". */
void suspend_now(const struct rule *r, struct txn *t, const char *what, const kith_error *why);

/* -- cost.c: what calls cost, and what they may cost ------------------------------------------- */

/* At the end of the frame: counts it, and takes the call for failed when it passes a budget. */
kith_status cost_count(struct script *s, const struct frame *f, kith_status st, kith_error *e);
void cost_copy(const struct rule *r, struct rule_info *out);
void cost_take(struct rule *to, const struct rule *from);

/* -- libraries: each opener leaves its functions in the table of globals at index 1 ------------ */

int call_wrapped(lua_State *L); /* the function of Lua's library in the closure's first upvalue */
void lib_string_open(lua_State *L, int globals);
void lib_base_open(lua_State *L, int globals); /* base, table, math, utf8 */
void lib_value_open(lua_State *L, int globals);
void lib_record_open(lua_State *L, int globals);
void lib_action_open(lua_State *L, int globals);
void lib_random_open(lua_State *L, int math); /* random, for the table at `math` */
void lib_business_open(lua_State *L, int globals);
void lib_template_open(lua_State *L, int globals);
void lib_rule_open(lua_State *L, int globals);
void lib_wait_open(lua_State *L, int globals);
void lib_ask_open(lua_State *L, int globals);
void lib_flow_open(lua_State *L, int globals);
void flow_wrap_open(lua_State *L, int globals);
void lib_test_open(lua_State *L, int globals);

/* -- values that Lua holds --------------------------------------------------------------------- */

/* Every full userdata of a state is ours and begins with one of these. None has a __concat:
 * Lua 5.4.4 loses the result, and writes to freed memory, when its stack grows inside one. */
enum held_kind { HELD_VALUE = 1, HELD_RECORD, HELD_CHANGE, HELD_EVENT, HELD_ERROR };
struct held {
    uint32_t kind;
};
void *held_test(lua_State *L, int at, enum held_kind kind); /* NULL: something else */

struct held_value { /* decimal, money, date, time, duration */
    struct held held;
    kith_value v;
};
struct held_error {
    struct held held;
    kith_error e;
    bool logged; /* it came out of another call of a rule, which logged its traceback */
};
struct held_record {
    struct held held;
    uint64_t serial;
    const struct rtype *type;
    kith_id id;
    const kith_value *values; /* in the transaction's arena; NULL: not read yet */
    struct change *change;    /* in a before-rule: assigning changes the write */
};

/* -- value.c ----------------------------------------------------------------------------------- */

void value_push(lua_State *L, const kith_value *v, const struct rfield *f); /* f may be NULL */
/* Into the table on top, by their names. */
void fields_push(lua_State *L, struct rfield *const *fields, uint32_t count,
                 const kith_value *values);
/* The same of what an action answers with, its rows under "rows". (lib_action.c) */
void answers_push(lua_State *L, const struct action *a, const kith_value *results);
/* What the value at `at` is for field f (NULL: as it is); text and lists are in the transaction's
 * arena. An error is raised for what cannot be a value. */
kith_value value_take(lua_State *L, int at, const struct rfield *f);
/* What decimal(), money(), date() and time() read: 12.50 EUR. s ends with a NUL. */
kith_status exact_read(const struct engine *g, uint32_t kind, kith_str s, kith_value *out,
                       kith_error *e);
kith_status clock_read(const char *text, int32_t *hour, int32_t *minute, kith_error *e); /* 17:00 */
int64_t script_now(lua_State *L); /* of the transaction; while a file is loaded, of the clock */
const char *held_name(lua_State *L, int at); /* "record", "money", ..., or Lua's name of the type */

/* -- order.c ----------------------------------------------------------------------------------- */

/* Pushes the list of a table's keys, whole numbers before texts, and gives their number. */
lua_Integer sorted_keys(lua_State *L, int at);
/* all: pairs and next go by that order. */
void order_open(lua_State *L, int globals, bool all);

/* -- flow_call.c: workflows; more in flow_internal.h ------------------------------------------- */

void flow_wrap(lua_State *L, const char *name);
/* The place in the list of find() where its next record is, from 1 on, 0: there is none: true when
 * the run's log knows it; else it is kept. */
bool flow_found_next(lua_State *L, size_t *at);
void flow_keep_next(lua_State *L, size_t at);

/* -- lib_wait.c -------------------------------------------------------------------------------- */

/* How many functions on_undo() was given; a pcall that fails takes back those behind the mark. */
size_t undos_mark(lua_State *L);
void undos_back(lua_State *L, size_t mark);

/* -- trial_lib.c: tests; more in trial_internal.h ---------------------------------------------- */

#define TRIAL_MS 20000 /* that one test may take */
/* In a test the function on top is called in a transaction. */
void trial_wrap(lua_State *L);
/* Notes of the actions that rules call, while somebody asks for them. A call that is taken back has
 * its notes dropped down to the mark that stood before it. [writer] */
size_t notes_mark(const struct scripts *s);
void notes_back(struct scripts *s, size_t mark);
void notes_add(lua_State *L, const struct action *a, const kith_value *args,
               const kith_value *results, uint64_t row);

/* -- record.c ---------------------------------------------------------------------------------- */

/* values may be NULL: read when they are asked for. */
struct held_record *record_push(lua_State *L, const struct rtype *t, kith_id id,
                                const kith_value *values);
struct held_record *record_need(lua_State *L, int at); /* of a callback that is still running */
void change_push(lua_State *L, struct change *c);
void event_push(lua_State *L, const struct event *ev);
/* The field named by the string at `at`; unknown: an error with the nearest name. */
const struct rfield *field_at(lua_State *L, const struct rtype *t, int at);
void record_open(lua_State *L);

/* -- lib_record.c ------------------------------------------------------------------------------ */

bool find_is(lua_State *L, int at); /* is it an iterator that find() gave? */
/* What the iterator at `at`, which find() gave, goes through; and such a one, of find() with the
 * text at 1. */
void find_ids(lua_State *L, int at, const struct rtype **type, const kith_id **ids, size_t *count);
int find_push(lua_State *L, const kith_id *ids, size_t count);

/* -- lib_rule.c -------------------------------------------------------------------------------- */

struct source rule_source(const struct rule *r);          /* as the journal has it */
kith_status rule_register(struct rule *r, kith_error *e); /* with the engine */
kith_status flow_register(struct ruleset *set, kith_error *e);
kith_status flow_actions_add(struct scripts *s, kith_error *e);
kith_status flow_on_event(void *rule, struct txn *t, const struct event *ev, kith_error *e);
kith_status flow_on_time(void *rule, struct txn *t, const struct timer *timer, kith_error *e);
/* For workflow(): the event of the rule is looked up, its options are taken from the table at `at`,
 * and the function at `function` makes it whole. */
kith_status rule_resolve(struct rule *r, kith_error *e);
void rule_options(lua_State *L, struct rule *r, int at);
void rule_declared(lua_State *L, struct rule *r, int function);

/* -- json.c ------------------------------------------------------------------------------------ */

/* In script.scratch, until the next one. object: an empty table or a list is one too. */
kith_str json_take(lua_State *L, int at, bool object);
void json_push(lua_State *L, kith_str text);

#endif
