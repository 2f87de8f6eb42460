/* SPDX-License-Identifier: Apache-2.0 */
/* Script: the company's Lua rules. Every file of <company>/rules is compiled into a Lua state of
 * its own with a closed sandbox, and each of its rules becomes a hook, a reaction or a cron timer
 * of the engine. Knows nothing of SQL, of modules' code, or of the command line.
 *
 * Threads: open, check and close on [main]; the rules themselves run on [writer]; listing on [any].
 */
#ifndef SCRIPT_SCRIPT_H
#define SCRIPT_SCRIPT_H

#include "engine/engine.h"

struct scripts;

/* What one callback may use; 0: the default. */
struct script_limits {
    int64_t steps;   /* Lua instructions, and their like in library calls; 0: 10,000,000 */
    int64_t time_ms; /* wall time; 0: 200 */
    int64_t memory;  /* bytes of one file's Lua state; 0: 64 MiB */
    int64_t rows;    /* records that one find() may give; 0: 1,000 */
};

/* Something wrong in a script. Borrowed from the struct scripts, or until the report returns. */
struct script_problem {
    const char *file; /* "rules/score.lua" */
    uint32_t line;    /* 0: the file as a whole */
    const char *message;
};

/* Compiles every file of dir/rules (by name; rules/lib is for require) and registers the rules of
 * those without a problem. Call it after the modules registered their types, topics and actions and
 * before engine_start. A file with a problem does not stop the company: it is logged, listed by
 * scripts_problem, and its rules are off. A missing folder is no rules. dir is copied. */
kith_status scripts_open(struct scripts **out, struct engine *g, const char *dir,
                         const struct script_limits *limits, kith_error *e);
/* The engine keeps pointers to the rules: close it first. s may be NULL. */
void scripts_close(struct scripts *s);

/* The i-th problem found by scripts_open; NULL past the end. */
const struct script_problem *scripts_problem(const struct scripts *s, size_t i);

/* Compiles everything, registers nothing, reports every problem. KITH_E_INVAL when there was one;
 * *rules (may be NULL) is the number of rules found. The engine must be open; it may be running. */
kith_status scripts_check(struct engine *g, const char *dir, const struct script_limits *limits,
                          void (*report)(void *arg, const struct script_problem *p), void *arg,
                          size_t *rules, kith_error *e);

enum rule_kind { RULE_BEFORE, RULE_AFTER, RULE_ON, RULE_EVERY };
const char *rule_kind_name(enum rule_kind kind); /* "before", "after", "on", "every" */

/* One rule as `kith rule list` shows it. Text is borrowed from the struct scripts. */
struct rule_info {
    enum rule_kind kind;
    const char *file; /* "rules/score.lua" */
    uint32_t line;
    const char *name;        /* unique in its file */
    const char *event;       /* "lead.create", "lead.qualified", or the cron text */
    const char *where;       /* or NULL */
    const char *doc;         /* or NULL */
    const char *version;     /* 12 hex digits: digest of the file and of what it requires */
    uint64_t runs, failures; /* since the start; a refusal is no failure */
    uint64_t total_ns;       /* time spent in it, what it caused included */
};
/* The i-th rule; false past the end. Counters are as of now. */
bool scripts_rule(const struct scripts *s, size_t i, struct rule_info *out);

#endif
