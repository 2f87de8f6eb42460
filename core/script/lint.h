/* SPDX-License-Identifier: Apache-2.0 */
/* Lint: what can be said about the source of rules before they run. A walk over the tree of each
 * file gives every expression a type where it is certain, and tells what must fail. What is not
 * known stays unknown: no guess is reported.
 *
 * lint.c        the files of a set, and what becomes of findings
 * lint_walk.c   statements and expressions
 * lint_type.c   types, and what their parts are
 * lint_call.c   calls of the words that rules find
 * lint_value.c  values that are given to fields
 * lint_deeds.c  what each rule reads and writes, and rules that set each other off
 */
#ifndef SCRIPT_LINT_H
#define SCRIPT_LINT_H

#include "engine/flow.h"
#include "engine/topics.h"
#include "script/script_internal.h"
#include "script/syntax.h"
#include "script/words.h"

#define LINT_ARGS    8   /* of a call that are looked at */
#define FINDINGS_MAX 200 /* that are told */

enum type_kind {
    T_NONE, /* nothing has been seen yet */
    T_UNKNOWN,
    T_NIL,
    T_BOOLEAN,
    T_INTEGER,
    T_NUMBER,
    T_TEXT,     /* field: a choice or state that it comes from */
    T_TABLE,    /* any */
    T_FUNCTION, /* node: if it is known */
    T_EXACT,    /* exact: KITH_MONEY, ... */
    T_NULL,
    T_RECORD, /* record; NULL: of any type */
    T_CHANGE,
    T_EVENT,
    T_DATA,    /* payload: what an event carries */
    T_CHANGED, /* the set of fields that a change or event changed */
    T_LIST,    /* field: links or tags */
    T_FINDING, /* what find() gives to a loop: record */
    T_ROWS,    /* query: of totals() */
    T_ROW,
    T_RESULTS, /* action */
    T_ANSWERS, /* action: its rows */
    T_ANSWER,  /* action: one of them */
    T_ACTION,
    T_ACTIONS, /* text: of that module; empty: of all */
    T_WORD,    /* word: a function of the sandbox */
    T_LIBRARY, /* text: "business" */
    T_FORM,    /* form, text: before "lead.create", which waits for its function */
    T_FILE,    /* file: what require() gave */
};

struct lint_file;
struct form;

struct type {
    uint8_t kind, exact;
    bool maybe;    /* or nil */
    bool literal;  /* it is the value of `node`; of a text, `text` */
    bool writable; /* a record that is changed by assigning */
    bool each;     /* of a list: what ipairs() gives to a loop */
    bool run;      /* of an event: a workflow's, a table that has what it carries in itself, too */
    union {
        const struct rtype *record;
        const struct rfield *field;
        const struct query *query;
        const struct action *action;
        const struct word *word;
        const struct form *form;
        struct lint_file *file;
        const struct node *function;
    };
    const struct rtype *payload; /* of an event; NULL: it may carry anything */
    kith_str text;
    int64_t integer; /* of a literal */
    double real;
};
#define UNKNOWN ((struct type){.kind = T_UNKNOWN})

/* A call at the top level of a file that declares something to be run: a row for each. */
struct form {
    const char *name;
    const char *option; /* where the event stands among the options; NULL: the first argument */
    enum { GIVES_CHANGE, GIVES_EVENT, GIVES_TIME } gives; /* to its function */
    bool before;                                          /* the record is changed by assigning */
};
const struct form *form_find(kith_str name);

/* -- what is done ------------------------------------------------------------------------------ */

enum deed_kind { DEED_READ, DEED_CREATE, DEED_UPDATE, DEED_DELETE, DEED_PUBLISH, DEED_CALL };

struct deed {
    enum deed_kind kind;
    const struct rtype *type;
    const struct rfield *field; /* NULL: the record as such, or fields that are not known */
    const char *name;           /* of a topic or an action */
    int option;                 /* the state that is written; -1: not known */
    uint32_t line;
    bool own;  /* of the record that a before-rule is given */
    bool sure; /* whenever the function runs */
};
struct deeds {
    struct deed *items;
    size_t count, cap;
    uint32_t *uses; /* symbols: variables of the chunk, and globals */
    size_t use_count, use_cap;
    struct lint_file **files; /* that it requires */
    size_t file_count, file_cap;
};

/* The functions that stand in one statement of the chunk, and the symbols that it names: whoever
 * uses one of these may come to call those. */
struct unit {
    uint32_t *functions;
    size_t function_count, function_cap;
    struct deeds deeds; /* its uses and files */
    uint32_t stamp;     /* of the rule that was here last */
};
struct symbol_unit { /* a statement that names a symbol */
    uint32_t symbol, unit;
    uint32_t next; /* of the same symbol, + 1 */
};

struct lint_file {
    const char *name; /* "rules/score.lua" */
    struct syntax syntax;
    struct map globals; /* name -> struct global * */
    uint32_t symbol_count;
    struct type *known,
        *next;          /* by variable: what parameters are given, by the last pass and now */
    struct type *types; /* by variable */
    struct type *results, *next_results; /* by function */
    struct deeds *deeds;                 /* by function that stands in no other one */
    struct unit *units;
    size_t unit_count, unit_cap;
    struct symbol_unit *pairs;
    size_t pair_count, pair_cap;
    uint32_t *heads, *stamps;      /* by symbol: the first pair, + 1; the rule that was here last */
    uint32_t stamp;                /* the same of the file */
    const struct node **functions; /* by number */
    const struct script *script;   /* whose rights count; NULL: of a library */
    bool off;                      /* it has a problem: what a module would bring is not told */
    struct lint_file *after;
};
struct global {
    uint32_t symbol;
    bool assigned;
};

/* -- the walk ---------------------------------------------------------------------------------- */

enum weight { FAULT, WARNING, ABSENT };

struct lint {
    struct ruleset *set;
    struct engine *engine;
    const struct schema *schema;
    struct arena arena;
    struct lint_file *files, **files_tail;
    struct map queries; /* text -> struct query * */
    size_t told;
    bool no_memory;
    /* while a file is walked */
    struct lint_file *file;
    bool last_pass;
    const struct node *function; /* NULL: the chunk */
    struct deeds *into;          /* of the outermost function; NULL: the chunk */
    struct unit *unit;           /* of the chunk's statement */
    int branches;                /* what only sometimes runs */
    bool left;                   /* the function may have ended before */
    int guarded;                 /* pcall catches what fails */
    const struct form *form;     /* within the function of a rule that is written there; or NULL */
    bool own;                    /* what is written is the record that a before-rule is given */
};

struct called {
    const struct node *node;
    struct node *args[LINT_ARGS];
    struct type types[LINT_ARGS];
    int count;
    bool open; /* there may be more */
};

/* lint.c */
void lint_say(struct lint *l, uint32_t line, enum weight w, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void lint_error(struct lint *l, uint32_t line, enum weight w, const kith_error *e);
void lint_tell(struct lint *l, const char *file, uint32_t line, enum weight w, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
bool lint_tells(const struct lint *l); /* else what is found is not looked at */
/* Of an error that names what there is not: ABSENT of a type that is like none that there is, as if
 * a module with it was not enabled. */
enum weight lint_weight(const kith_error *e);
/* Compiled once for each text; NULL: wrong, and told. */
const struct query *lint_query(struct lint *l, uint32_t line, kith_str text, const char *what);
struct lint_file *lint_file_named(const struct lint *l, const char *name); /* NULL: not there */
struct lint_file *lint_required(struct lint *l, kith_str name); /* NULL: it is not there */

/* lint_walk.c */
void lint_walk(struct lint *l);
struct global *lint_global(struct lint *l, kith_str name); /* NULL: no memory */
/* A function is called with these, or will be. */
void lint_bind(struct lint *l, const struct node *function, const struct type *types, int count);

/* lint_type.c */
struct type type_of_word(kith_str result);
struct type type_merge(struct type a, struct type b);
const char *type_text(struct lint *l, const struct type *t); /* "a date" */
const char *type_words(struct lint *l, kith_str kinds);      /* "a time or a date" */
bool type_fits(const struct type *t, kith_str kinds);        /* "string|Date" */
/* of[key] or of.key; called: what is found is called. */
struct type type_part(struct lint *l, const struct node *n, const struct type *of,
                      const struct type *key, bool called);
struct type type_binary(struct lint *l, const struct node *n, const struct type *a,
                        const struct type *b);
struct type type_unary(struct lint *l, const struct node *n, const struct type *a);
const char *near_word(struct lint *l, kith_str name);

/* lint_call.c */
struct type lint_call(struct lint *l, struct called *c, const struct type *callee);

/* lint_value.c */
void lint_need_name(struct lint *l, uint32_t line, const char *kind, const char *name);
/* The value of field f in a record that is new or not. */
void lint_value(struct lint *l, uint32_t line, const struct rfield *f, bool record, bool is_new,
                const struct type *t, const struct node *n);
/* The rights of the file: what it may not do is told. */
void lint_need(struct lint *l, uint32_t line, uint32_t right, const struct rtype *t);

/* lint_deeds.c */
void deed_add(struct lint *l, enum deed_kind kind, uint32_t line, const struct rtype *t,
              const struct rfield *f, const char *name, int option);
void deed_query(struct lint *l, uint32_t line, const struct query *q);
void use_add(struct lint *l, uint32_t symbol);
void use_file(struct lint *l, struct lint_file *file);
void deeds_attach(struct lint *l); /* to the rules of the set; tells of those in circles */

#endif
