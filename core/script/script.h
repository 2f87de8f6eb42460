/* SPDX-License-Identifier: Apache-2.0 */
/* Script: the company's Lua rules. Every file of <company>/rules is compiled into a Lua state of
 * its own with a closed sandbox, and each of its rules becomes a hook, a reaction or a cron timer
 * of the engine. What a file may read, write, publish and call is the admin's to say; one that
 * keeps failing is suspended. Knows nothing of SQL, of modules' code, or of the command line.
 *
 * Threads: open and close on [main]; the rules themselves run on [writer]; all else on [any].
 */
#ifndef SCRIPT_SCRIPT_H
#define SCRIPT_SCRIPT_H

#include "engine/engine.h"
#include "engine/settings.h"

struct scripts;

/* What one callback may use; 0: the default. */
struct script_limits {
    int64_t steps;   /* Lua instructions, and their like in library calls; 0: 10,000,000 */
    int64_t time_ms; /* wall time; 0: 200 */
    int64_t memory;  /* bytes of one file's Lua state; 0: 64 MiB */
    int64_t rows;    /* records that one find() may give; 0: 1,000 */
};

/* What one file may use up within an hour. */
enum budget { BUDGET_WRITES, BUDGET_EFFECTS, BUDGET_TIME, BUDGETS };

/* One file among those of the folders rules and workflows, for whoever tries something out. */
struct script_focus {
    const char *file; /* "workflows/care.lua"; NULL: none is meant */
    kith_str text;    /* that it is to have, whatever is in the folder; ptr NULL: what is there */
    bool alone;       /* no other file is loaded */
    bool only;        /* the rules of no other file run; its workflows can be begun */
};

struct script_options {
    struct script_limits limits;
    struct script_focus focus; /* borrowed */
    /* The company is one for tests: a file acts for it until the user as whom it is to act is
     * there. */
    bool no_users;
    /* A file is suspended when one of its rules fails this often in a row within this time. */
    int64_t failures;  /* 0: 10 */
    int64_t within_ms; /* 0: 10 minutes */
    int64_t tests_ms;  /* what all tests before a reload may take; 0: half a minute */
    /* Lists of "KIND:NAME" with read, write, publish or call; "*", "write:*" and "call:sales.*"
     * cover more. Borrowed until scripts_close. */
    const struct setting *may; /* of files that are not named; NULL or not set: everything */
    /* Groups of a file, such a list, the login as which it acts, and its budgets; or NULL. */
    const struct setting *scripts;
    const struct setting *disabled; /* names of workflows that begin no more; or NULL */
    int64_t runs_keep_ms;           /* so long runs that are over are kept; 0: for ever */
    int64_t budgets[BUDGETS];       /* of files without their own: rows, effects, ms; 0: no bound */
    /* Is this module enabled? Its workflows are those of dir/workflows/NAME. NULL: there is none.
     */
    bool (*module_on)(const void *arg, const char *name);
    const void *modules; /* its arg */
};

/* Something wrong in a script, or in what the settings say about it. */
struct script_problem {
    const char *file; /* "rules/score.lua", "kith.conf" */
    uint32_t line;    /* 0: the file as a whole */
    const char *message;
    bool absent;  /* no mistake, but something that only a module would bring is not there */
    bool warning; /* no mistake for certain; it keeps nothing from running or being reloaded */
};
/* "rules/score.lua:12", or the file alone where no line is known; in the arena. */
const char *script_place(struct arena *a, const struct script_problem *p);
typedef void (*script_report)(void *arg, const struct script_problem *p);

/* Compiles every file of dir/rules (by name; rules/lib is for require), of dir/workflows, and of
 * its folders that have the name of an enabled module; registers the rules of those without a
 * problem. Call it after the modules registered their types, topics and actions and before
 * engine_start. A file with a problem does not stop the company: it is logged, listed by
 * scripts_view, and its rules are off. A missing folder is no rules. dir and o (may be NULL) are
 * copied. */
kith_status scripts_open(struct scripts **out, struct engine *g, const char *dir,
                         const struct script_options *o, kith_error *e);
/* The engine keeps pointers to the rules: close it first. s may be NULL. */
void scripts_close(struct scripts *s);

/* Compiles everything as it is in the files now, keeps nothing, reports every problem (report may
 * be NULL). KITH_E_INVAL when there was one that is a mistake, in the settings also; *rules (may be
 * NULL) is the number of rules found. */
kith_status scripts_check(struct scripts *s, script_report report, void *arg, size_t *rules,
                          kith_error *e);
/* Compiles everything and puts it in the place of what runs, between two transactions. Any mistake
 * is reported and keeps all as it was: KITH_E_INVAL. A rule goes on where the one of its file and
 * name stood; one that is gone keeps its place for its return. */
kith_status scripts_reload(struct scripts *s, script_report report, void *arg, size_t *rules,
                           kith_error *e);
/* Where the tests of the files run (script/trial.h); borrowed until scripts_close. on_reload: from
 * then on scripts_reload and scripts_watch run them, and keep the old set when one fails. */
struct test_host;
void scripts_test_with(struct scripts *s, const struct test_host *host, bool on_reload);
/* To be called every second or so: reloads once the files have changed and been left alone since
 * the last call. Says in the log what became of it. One thread. */
void scripts_watch(struct scripts *s);
/* Published when a file is suspended. */
extern const kith_topic scripts_topic;
/* Of workflows, beside those of the engine; the last one has no name. */
extern const struct own_action scripts_actions[];
/* What to do about one; its %s is its script_name. */
#define SUSPENDED_REMEDY "mend the file, or run 'kith rule resume %s'"
const char *script_name(const char *file); /* "score.lua", "workflows/care.lua" */
/* Has a suspended file run again. file: "score.lua", "rules/score.lua", "workflows/care.lua". */
kith_status scripts_resume(struct scripts *s, const char *file, kith_error *e);

enum rule_kind { RULE_BEFORE, RULE_AFTER, RULE_ON, RULE_EVERY, RULE_WORKFLOW };
const char *rule_kind_name(enum rule_kind kind); /* "before", "after", "on", "every" */

/* One rule as `kith rule list` shows it. */
struct rule_info {
    enum rule_kind kind;
    const char *file;             /* "rules/score.lua" */
    const struct script_info *of; /* the same, as scripts_view has it */
    uint32_t line;
    const char *name;        /* unique in its file */
    const char *event;       /* "lead.create", "lead.qualified", or the cron text */
    const char *where;       /* or NULL */
    const char *doc;         /* or NULL */
    const char *version;     /* 12 hex digits: digest of the file and of what it requires */
    bool disabled;           /* a workflow: it begins no more */
    uint64_t runs, failures; /* since the start; a refusal is no failure */
    uint64_t total_ns;       /* time spent in it, what it caused included */
    uint64_t p50_ns, p99_ns; /* of a call, to an eighth or so */
    uint64_t writes;         /* rows that its calls wrote, with what followed from them */
    uint64_t queries, steps;
    /* What its source and its condition show that it does, words with blanks between them; what
     * actions do is not among it. "": nothing. */
    const char *reads;                       /* "lead lead.score": a record at all, a field */
    const char *creates, *updates, *deletes; /* "task", "lead.score", "note" */
    const char *publishes, *calls;           /* "lead.scored", "sales.assign" */
    const char *needs;                       /* the rights: "write:task read:lead" */
};

struct script_info {
    const char *file;         /* "rules/score.lua" */
    const char *version;      /* as in struct rule_info */
    const char *may;          /* "write:task call:sales.*"; "*": everything; "": nothing */
    const char *as;           /* the login as which it acts; "": for the company */
    int64_t budgets[BUDGETS]; /* rows, effects, ms within an hour; 0: no bound */
    bool off;                 /* a problem keeps its rules from running */
    int64_t suspended;        /* since when, ms UTC; 0: it is not */
    const char *reason;       /* of the suspension */
};

/* All of it as it is now, in the arena. */
struct scripts_view {
    struct rule_info *rules; /* by file, in the order in which they stand there */
    struct script_info *files;
    struct script_problem *problems; /* why files are off */
    struct script_problem *findings; /* in files that run all the same */
    size_t rule_count, file_count, problem_count, finding_count;
};
kith_status scripts_view(struct scripts *s, struct arena *a, struct scripts_view *out,
                         kith_error *e);

/* Has a workflow begin no more, or begin again, from now on, for as long as the company is open;
 * WORKFLOWS_CONF keeps it. What happens meanwhile is passed over; runs under way go on.
 * KITH_E_NOTFOUND: there is no such workflow. */
#define WORKFLOWS_CONF "conf.d/workflows.conf"
kith_status scripts_disable(struct scripts *s, const char *name, bool off, kith_error *e);
/* The lines of a workflow in the version that is running; in the arena. */
kith_status scripts_source(struct scripts *s, const char *workflow, struct arena *a, kith_str *text,
                           kith_error *e);

/* -- runs of workflows ------------------------------------------------------------------------- */

/* A step of a run, as its log has it. */
struct run_step {
    const char *what; /* "began", "call", "error", "wait", "woken", "branches" */
    int64_t at;       /* now() of the script */
    int64_t until;    /* of a wait; 0: for an event, however long */
    uint32_t branch, line;
    const char *name;       /* of the function that was called */
    kith_str args, results; /* as people read them */
    uint64_t row;           /* the last row of the journal that its transaction had written; or 0 */
};
/* The steps of a run in the order in which they were done; in the arena. KITH_E_NOTFOUND: no such
 * run. [any] */
kith_status scripts_run_steps(struct scripts *s, kith_id run, struct arena *a,
                              struct run_step **out, size_t *count, kith_error *e);

/* -- a console --------------------------------------------------------------------------------- */

#define CONSOLE_ROWS      20          /* of what find() found */
#define CONSOLE_STATE_MAX (256 << 10) /* bytes */

struct console_value {
    const struct rtype *type; /* of records; NULL: `text` is all */
    bool list;                /* find() gave them; else it is one record */
    size_t found, count;      /* how many there are, and how many are here */
    kith_id *ids;
    kith_value **values;
    kith_str text; /* for people */
};
struct console_entry {
    kith_str text;  /* Lua: an expression, or statements */
    kith_str state; /* what the entry before it kept; empty: there is none */
    /* What it gives, in the arena. */
    struct console_value *values;
    size_t count;
    kith_str kept;    /* the variables behind it */
    const char *lost; /* names of those that cannot be kept; NULL: none */
};
/* Runs an entry in the transaction, as a rule's code and within a rule's limits, but with all the
 * rights of whoever asks. A write_fn may call it. [writer] */
kith_status scripts_console(struct scripts *s, struct txn *t, struct console_entry *x,
                            struct arena *a, kith_error *e);
/* Is it a whole entry, or does Lua expect more? What is wrong is whole. Any thread. */
bool console_complete(kith_str text);

#endif
