/* SPDX-License-Identifier: Apache-2.0 */
/* kith/plugin.h - what a module is: one function that returns one const description. Include this
 * one header; it includes the others.
 *
 * ONE SYMBOL. A module is a shared object that exports kith_plugin_entry_v1 and nothing else. It
 * links to nothing of Kith and to the system libraries that it names; build it with
 *
 *     cc -std=c17 -shared -fPIC -fvisibility=hidden -Wl,-z,defs -o score.so score.c
 *
 * The entry has no side effects: `kith module inspect score.so` calls it to print what the module
 * declares, and creates no instance.
 *
 * DATA FIRST. Types, settings, topics, hooks, reactions, timers, actions and permissions are const
 * rows. Storage, validation, history, undo, the command line, Lua, import and export follow from
 * them; C is left for what only this module knows.
 *
 * LIFE, on one thread:  create - start - callbacks - stop - destroy.  When any of it fails the
 * module is out as a whole and nothing of it is called any more; the rest of Kith runs. Where the
 * company is served, and not open for one command, there are serve - cease around the callbacks.
 * There is nothing to unregister. No static data that changes, no constructors, no atexit, no
 * thread that outlives stop(): state lives in the instance or in the database. The code stays
 * mapped for ever.
 *
 * CALLBACKS run one at a time on the writer and hold everybody up: no waiting, no I/O, which is for
 * deliveries. One that takes too long is logged with its name. Return KITH_OK, or a negative status
 * with a sentence in `err`.
 *
 * GROWTH. Structs and tables only grow at their ends, and KITH_ABI_MINOR counts up. A module built
 * against an older header runs in every later host of the same major. */
#ifndef KITH_PLUGIN_H
#define KITH_PLUGIN_H

#include <kith/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KITH_ABI_MAJOR 1u /* also in the name of the entry, and nowhere else */
#define KITH_ABI_MINOR 0u /* + 1 with every member or constant that is added */

#if defined(__GNUC__)
#define KITH_EXPORT __attribute__((visibility("default")))
#else
#define KITH_EXPORT
#endif

/* -- hooks: inside the transaction, before or after the row is written ------------------------- */

/* Before: may change the write (kith_records_v1.set) or refuse it: KITH_E_REFUSED and a sentence
 * for the user. After: may write other records, and still refuse. All or nothing with the change.
 * During an undo a before-hook may refuse, and after-hooks do not run. What a before-hook sets has
 * an effect then only where other fields of the record go back and a read-only one of the module
 * would stay because it was written since: it is worked out again. [writer] */
typedef kith_status (*kith_hook_fn)(kith_instance *self, kith_txn *txn, kith_change *change,
                                    kith_error *err);

#define KITH_BEFORE 0u
#define KITH_AFTER  1u
/* Before, behind the rules of the company and the plain before-hooks of all: works out or checks
 * what follows from the fields as they are going to be. */
#define KITH_SETTLE 2u

typedef struct kith_hook {
    const char *name; /* within the module: "score". In logs, and in "kith module cost" */
    const char *type; /* of the record */
    uint32_t on;      /* KITH_ON_*, or-ed */
    uint32_t when;    /* KITH_BEFORE, KITH_SETTLE, KITH_AFTER */
    int32_t priority; /* -1000 to 1000: low runs first; among equals the order of loading */
    uint32_t except;  /* KITH_FROM(origin), or-ed: changes from there are none for it */
    kith_hook_fn fn;
    const char *where; /* a condition on the new values (on delete: the old), or NULL */
    kith_array fields; /* const char *: an update counts when one of these changes; none: any */
    const char *doc;   /* one sentence */
} kith_hook;

/* -- reactions: later, in a transaction of their own ------------------------------------------- */

/* Runs exactly once for each event: what it writes is kept together with the mark that it ran. A
 * failure is tried again some times and then stands in the list of dead letters; later events of
 * the same subject wait behind it. [writer] */
typedef kith_status (*kith_reaction_fn)(kith_instance *self, kith_txn *txn, const kith_event *event,
                                        kith_error *err);

#define KITH_RF_UNDO 1u /* also for what an undo did */

typedef struct kith_reaction {
    const char *name; /* within the module, for ever: its place in the journal is kept under it */
    /* "TYPE.created", "TYPE.updated", "TYPE.deleted", "TYPE.STATE" (it came into that state), or a
     * published one. "*": what it listens for at present (kith_listening_v1), of any type; without
     * where and fields. */
    const char *topic;
    uint32_t flags;    /* KITH_RF_* */
    uint32_t reserved; /* 0 */
    kith_reaction_fn fn;
    const char *where; /* a condition on the record as it is when the reaction runs, or NULL */
    kith_array fields; /* const char *: an update counts when one of these changed; none: any */
    const char *doc;   /* one sentence */
} kith_reaction;

/* -- timers ------------------------------------------------------------------------------------ */

/* In a transaction of its own. A failure is logged and tried again. [writer] */
typedef kith_status (*kith_timer_fn)(kith_instance *self, kith_txn *txn, const kith_firing *firing,
                                     kith_error *err);

typedef struct kith_timer {
    const char *name; /* within the module, for ever: timers that wait are kept under it */
    /* "minute hour day month weekday" in the company's zone, or @daily and the like; one that was
     * missed while Kith was down fires once. NULL: fires only when kith_timers_v1.at says so. */
    const char *cron;
    kith_timer_fn fn;
    const char *doc; /* one sentence */
} kith_timer;

/* -- deliveries: what leaves Kith ---------------------------------------------------------------
 */

/* One try to send one effect (kith_deliveries_v1.send). The one place for waiting and the network:
 * it runs on a thread of its own beside the writer, also several at once, but never two for one
 * endpoint. `view` reads what is durable. KITH_OK: it was sent. KITH_E_RETRY: try again later.
 * Anything else: never; it stands in the list of dead letters. Whatever happens, also a crash, it
 * is tried until one of these is known: the receiver may get it twice, with the same key. */
typedef kith_status (*kith_delivery_fn)(kith_instance *self, const kith_txn *view,
                                        kith_sending *sending, kith_error *err);

typedef struct kith_delivery {
    const char *name; /* within the module, for ever: what waits is kept under it */
    kith_delivery_fn fn;
    const char *doc; /* one sentence */
} kith_delivery;

/* -- actions: called by people, programs and scripts ------------------------------------------- */

/* With the rights of who asks, and no more than the module is granted. [writer], or [reader] when
 * it declares KITH_EFFECT_READ. */
typedef kith_status (*kith_action_fn)(kith_instance *self, kith_call *call, kith_error *err);

/* Writes nothing. Runs beside the writer, on any thread, also several at once: what it uses of the
 * instance must not change. */
#define KITH_EFFECT_READ 0u
/* Runs in a transaction. */
#define KITH_EFFECT_WRITE 1u
/* Runs in a transaction, and has something leave Kith by a delivery. */
#define KITH_EFFECT_EXTERNAL 2u

/* An action with it decides or counts by all records, whoever asks (kith_calls_v1.whole), as a
 * check of a credit limit does: what it answers with says how many or how much, and shows no record
 * that whoever asks may not see. Users are told so of the action. */
#define KITH_AF_WHOLE 1u

typedef struct kith_action {
    const char *name; /* within the module: "rescore"; called as "sales.rescore" */
    const char *doc;  /* one sentence: what it does, for people and for programs that choose */
    uint32_t effect;  /* KITH_EFFECT_* */
    uint32_t flags;   /* KITH_AF_* */
    kith_action_fn fn;
    kith_array params;  /* kith_field: kinds, REQUIRED and defaults as in a type */
    kith_array results; /* kith_field; none is "transaction", which Kith adds */
    kith_array columns; /* kith_field: of the rows that it answers with (kith_calls_v1.row), besides
                           its results, none of which is "rows" then; none: it has no rows */
    /* The media type of the file that is its answer, "application/pdf" (kith_calls_v1.file): it
     * reads then, and has neither results nor columns. NULL: its answer is no file. */
    const char *file;
} kith_action;

/* -- reports: queries that have a name --------------------------------------------------------- */

/* Whoever asks for it gets what their rights let them see: "kith report sales.pipeline". What no
 * query can say is an action that reads (KITH_EFFECT_READ) and has columns. */
typedef struct kith_report {
    const char *name; /* within the module: "pipeline"; asked for as "sales.pipeline" */
    const char *doc;  /* one sentence: what it tells */
    const char
        *query; /* of the query language; :name stands for what is given when it is asked for */
    /* Of one that finds records, the columns of its table: "id,name,account.name". Those that who
     * asks may not read are left out. NULL: what says most. Totals have their own. */
    const char *fields;
} kith_report;

/* -- what an instance asks for once ------------------------------------------------------------ */

#define KITH_W_TABLE     1u  /* a table of the host, by its name [const void * of the table] */
#define KITH_W_TYPE      2u  /* the number of a type                             [uint32_t] */
#define KITH_W_FIELD     3u  /* of a field of the type in a row above            [uint32_t] */
#define KITH_W_PREDICATE 4u  /* of a condition over that type                    [uint32_t] */
#define KITH_W_QUERY     5u  /*                                                  [uint32_t] */
#define KITH_W_TOPIC     6u  /*                                                  [uint32_t] */
#define KITH_W_TIMER     7u  /*                                                  [uint32_t] */
#define KITH_W_SETTING   8u  /* the value of a setting                         [kith_value] */
#define KITH_W_DELIVERY  9u  /*                                                  [uint32_t] */
#define KITH_W_FIELDS    10u /* of fields, a blank behind each: one number each [uint32_t ...] */
#define KITH_W_ACTION    11u /*                                                  [uint32_t] */
#define KITH_W_HOST      12u /* the host itself, without a name         [const kith_host *] */
#define KITH_W_PLACE     13u /* where a setting stands, for messages         [const char *] */
#define KITH_W_NUMBER    14u /* a setting that is a BOOL, an INT, a DURATION      [int64_t] */

/* Something that Kith asks for before create(), and where in the instance the answer goes: a row
 * of kith_plugin_desc.wants or kith_part.wants. What is not there, or not granted, takes the module
 * out. */
typedef struct kith_want {
    const char *name; /* NULL for KITH_W_HOST */
    uint32_t what;    /* KITH_W_* */
    uint32_t at;      /* bytes from the beginning of the instance */
} kith_want;
/* Bytes that are put there. */
#define KITH_WANT_BYTES(what)                                                                       \
    ((what) == KITH_W_TABLE || (what) == KITH_W_HOST || (what) == KITH_W_PLACE ? sizeof(void *)     \
     : (what) == KITH_W_SETTING                                                ? sizeof(kith_value) \
     : (what) == KITH_W_NUMBER                                                 ? sizeof(int64_t)    \
                                                                               : sizeof(uint32_t))
/* Into a member of the size of what is wanted; for one of another size it does not compile: "size
 * of array is negative". */
#define KITH_WANT(what, name, member)                                                              \
    {                                                                                              \
        name, KITH_W_##what,                                                                       \
            (uint32_t)(offsetof(struct kith_instance, member) +                                    \
                       0 * sizeof(char[KITH_W_##what == KITH_W_FIELDS ||                           \
                                               KITH_WANT_BYTES(KITH_W_##what) ==                   \
                                                   sizeof(((struct kith_instance *)0)->member)     \
                                           ? 1                                                     \
                                           : -1]))                                                 \
    }

/* -- the description --------------------------------------------------------------------------- */

/* Some of what a module declares, so that each file of a large one declares what it carries out:
 * its rows follow those of the description, in the order of the parts. A name stands once among all
 * rows of its kind. */
typedef struct kith_part {
    uint32_t struct_size; /* sizeof(kith_part) */
    uint32_t reserved;    /* 0 */
    kith_array permissions, settings, types, topics, hooks, reactions, timers, actions, deliveries,
        reports; /* rows as in kith_plugin_desc */
    /* The part is there only where this module is enabled, or all of these, "commerce,documents";
     * they stand among the requirements, as optional ones (kith_host.enabled tells). Its settings
     * and permissions are always there. NULL: all of it is. */
    const char *module;
    kith_array wants; /* kith_want; of one instance: kith_plugin_desc.instance_size */
    /* What is left to do when all that is wanted is there, as to read rules from settings: behind
     * that of the parts before, before create(), and only where the part is there. When it fails
     * the module is out, and destroy() follows. Or NULL. [main] */
    kith_status (*begin)(kith_instance *self, kith_error *err);
} kith_part;

typedef struct kith_plugin_desc {
    uint32_t struct_size;          /* sizeof(kith_plugin_desc) */
    uint16_t abi_major, abi_minor; /* KITH_ABI_MAJOR, KITH_ABI_MINOR: the header it is built with */
    uint16_t min_host_minor;       /* the oldest host that it can run in. KITH_ABI_MINOR: all that
                                      this header has is there, and nothing needs KITH_HAS */
    uint16_t reserved;             /* 0 */
    uint32_t version;              /* counts up with each release; gates migrations; not 0 */
    const char *name;         /* "sales": a-z, 0-9 and _; the file is sales.so; its settings stand
                                 in a group of that name, its actions begin with it */
    const char *version_text; /* "0.1.0", for people */
    const char *title;        /* "Sales", for people */
    const char *doc;          /* one or two sentences, or NULL */
    const char *vendor;       /* or NULL */
    const char *license;      /* SPDX name, or NULL */

    kith_array requirements; /* kith_require: these modules are created and started before it */
    kith_array permissions;  /* kith_permission: what it asks the admin for */
    kith_array settings;     /* kith_setting */
    kith_array types;        /* kith_type */
    kith_array migrations;   /* kith_migration */
    kith_array topics;       /* kith_topic */
    kith_array hooks;        /* kith_hook */
    kith_array reactions;    /* kith_reaction */
    kith_array timers;       /* kith_timer */
    kith_array actions;      /* kith_action */

    /* Reads settings and builds the instance. All modules that it requires were created. On failure
     * destroy() follows where Kith made the instance (instance_size); where create() makes it,
     * nothing is destroyed: free what was made. Required when there is any callback and no
     * instance_size. [main] */
    kith_status (*create)(const kith_host *host, kith_instance **self, kith_error *err);
    /* Every module is created; no callback has run yet. On failure destroy() follows, without
     * stop(). Or NULL. [main] */
    kith_status (*start)(kith_instance *self, kith_error *err);
    /* No callback runs any more. Ends and joins the threads that it made, within deadline_ms, or
     * fails: then the instance is never destroyed. Or NULL. [main] */
    kith_status (*stop)(kith_instance *self, uint32_t deadline_ms, kith_error *err);
    /* Frees the instance. Or NULL. [main] */
    void (*destroy)(kith_instance *self);
    kith_array deliveries; /* kith_delivery */
    /* The company is open to everybody from here on: listen, and answer (kith_serving_v1). Only in
     * a server. When it fails the rest of Kith is served. Or NULL. [main] */
    kith_status (*serve)(kith_instance *self, kith_error *err);
    /* The company is about to be closed: take nothing more in, answer what was taken, end and join
     * the threads that serve, within deadline_ms. Callbacks still run. Or NULL. [main] */
    kith_status (*cease)(kith_instance *self, uint32_t deadline_ms, kith_error *err);
    kith_array reports; /* kith_report */
    kith_array parts;   /* const kith_part * */
    /* sizeof(struct kith_instance): Kith makes it, zeroed, fills in what wants says, and frees it
     * behind destroy(); create() finds it in *self, and is needed only for what is left to do. 0:
     * create() makes it, and there are no wants. */
    uint64_t instance_size;
    kith_array wants; /* kith_want: what it asks for once, in this order */
} kith_plugin_desc;

/* The one exported symbol. */
KITH_EXPORT const kith_plugin_desc *kith_plugin_entry_v1(void);

#ifdef __cplusplus
}
#endif
#endif
