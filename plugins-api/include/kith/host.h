/* SPDX-License-Identifier: Apache-2.0 */
/* kith/host.h - what Kith gives to a module: tables of functions, fetched by name and revision.
 *
 *     static const char *const name = KITH_RECORDS_1;
 *     const kith_records_v1 *rec = (const kith_records_v1 *)host->table(host, name);
 *     if (!KITH_HAS(rec, update)) ... this host is older than update
 *
 * A table begins with its size and only ever grows at its end; a breaking change is a new table,
 * "kith.records/2", beside the old one. A name never changes.
 *
 * THREADS. Every function says in brackets where it may be called. It is checked when the call is
 * made: a call from elsewhere does nothing and answers KITH_E_THREAD, NULL or 0.
 *   [create]  inside create()
 *   [main]    inside create(), start(), stop() or destroy(), on the thread that runs them
 *   [reader]  inside a callback that was handed the kith_txn, const or not, on its thread, until it
 *             returns
 *   [writer]  the same, where it was not const
 *   [sending] inside a delivery, on its thread, until it returns
 *   [serving] on any thread, between serve() and the return of cease()
 *   [any]     on any thread, from create() until destroy() returns
 *
 * READING AND WRITING. `kith_txn *` is the right to write: only code that runs on the one writer,
 * inside a transaction, is ever handed one. `const kith_txn *` is the right to read: what takes one
 * takes the other too. Do not cast: a write through a reading one answers KITH_E_DENIED.
 *
 * OWNERSHIP. What you are handed - pointers to change, event, row, call, and the text and lists
 * inside values - is yours until your callback returns, and not after. What you hand over is
 * copied.
 *
 * ERRORS. A function that can fail returns a kith_status and fills in `err`, which may be NULL.
 * Hand that status on to your caller with `err` as it is, unless you can handle it: what was
 * written in the transaction so far is kept only when your callback returns KITH_OK.
 *
 * NUMBERS. A type, a field, a predicate, a query, a topic, a timer is a number that you ask for
 * once, in create(), and use from then on. 0 is none. Types and fields have the same number
 * everywhere and for ever; the other numbers are this instance's own. */
#ifndef KITH_HOST_H
#define KITH_HOST_H

#include <kith/declare.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct kith_host kith_host;
typedef struct kith_instance kith_instance; /* yours: define struct kith_instance as you like */
typedef struct kith_txn kith_txn;           /* a transaction that is under way               */
typedef struct kith_row kith_row;           /* one record as it was or is at some moment     */
typedef struct kith_change kith_change;     /* a write that is under way, for hooks          */
typedef struct kith_event kith_event;       /* something that happened, for reactions        */
typedef struct kith_firing kith_firing;     /* a timer that is due                           */
typedef struct kith_call kith_call;         /* one call of an action                         */
typedef struct kith_sending kith_sending;   /* one try to send an effect, for deliveries     */

/* Is this function in the table, and filled in? The only test of versions a module needs. */
#define KITH_HAS(table, member)                                                                    \
    ((table) != NULL &&                                                                            \
     (size_t)((const char *)&(table)->member - (const char *)(table)) + sizeof((table)->member) <= \
         (table)->struct_size &&                                                                   \
     (table)->member != NULL)

/* What happened to a record. As bits where several are wanted. */
#define KITH_ON_CREATE 1u
#define KITH_ON_UPDATE 2u
#define KITH_ON_DELETE 4u

/* Where a transaction came from. */
#define KITH_ORIGIN_CLI       1u
#define KITH_ORIGIN_API       2u
#define KITH_ORIGIN_IMPORT    3u
#define KITH_ORIGIN_REACTION  4u
#define KITH_ORIGIN_TIMER     5u
#define KITH_ORIGIN_ACTION    6u
#define KITH_ORIGIN_UNDO      7u
#define KITH_ORIGIN_SYSTEM    8u
#define KITH_ORIGIN_RETENTION 9u  /* kept for as long as the company's rules say */
#define KITH_ORIGIN_ERASE     10u /* somebody was erased: what stood in its rows is gone */
#define KITH_ORIGIN_DELIVERY  11u /* something was sent: this is what came of it */
#define KITH_ORIGIN_WORKFLOW  12u /* a step of a workflow */
#define KITH_ORIGIN_MERGE     13u /* records were merged: links to the others lead to the kept one */

/* As bits where several are meant: KITH_FROM(UNDO) | KITH_FROM(IMPORT). */
#define KITH_FROM(origin) (1u << KITH_ORIGIN_##origin)

#define KITH_LOG_ERROR 0u
#define KITH_LOG_WARN  1u
#define KITH_LOG_INFO  2u
#define KITH_LOG_DEBUG 3u

/* -- the host ---------------------------------------------------------------------------------- */

/* Handed to create(); valid until destroy() returns. */
struct kith_host {
    uint32_t struct_size;
    uint16_t abi_major, abi_minor; /* of this host */
    const char *product;           /* "Kith" */
    const char *version;           /* of the program, for people: never compare it */
    /* A table of functions, KITH_*_1 below. NULL: this host does not have it. [any] */
    const void *(*table)(const kith_host *host, const char *name);
    /* One line in the log, marked with the module's name. level: KITH_LOG_*. [any] */
    void (*log)(const kith_host *host, uint32_t level, kith_str text);
    /* Milliseconds since 1970-01-01 UTC. Inside a transaction it is the transaction's own instant,
     * the same at every call; in a test it is the test's clock. Never ask the system instead. [any]
     */
    int64_t (*now)(const kith_host *host);
    /* Zeroed memory, aligned for any type, freed when the callback returns. NULL: there is none.
     * For what must live for ever use malloc. [reader] */
    void *(*memory)(const kith_txn *txn, uint64_t bytes);
    /* The day that now() is in, in the company's zone: days since 1970-01-01. [any] */
    int64_t (*today)(const kith_host *host);
    /* 1: the company has this module enabled, so that the parts that are for it are there. [any] */
    int32_t (*enabled)(const kith_host *host, const char *module);
    /* The day that an instant (ms UTC) is in, in the company's zone: as today(). [any] */
    int64_t (*day)(const kith_host *host, int64_t at);
};

/* -- records ----------------------------------------------------------------------------------- */

#define KITH_RECORDS_1 "kith.records/1"

/* Called once for each record that a query finds. Anything but KITH_OK ends the search and is what
 * find() returns. The row lives until this function returns. [reader] */
typedef kith_status (*kith_row_fn)(void *arg, const kith_txn *txn, const kith_row *row,
                                   kith_error *err);

/* Called once for each group that a query with totals gives: `count` values, the keys and then the
 * totals, as they are written in the query. Anything but KITH_OK ends it and is what groups()
 * returns. The values are yours until your own callback returns. [reader] */
typedef kith_status (*kith_group_fn)(void *arg, const kith_txn *txn, uint32_t count,
                                     const kith_value *values, kith_error *err);

/* What a hook is called for. Kith makes it; it is yours to read, and set() is the way to change it.
 */
struct kith_change {
    uint32_t struct_size;
    uint32_t kind;   /* KITH_ON_CREATE, KITH_ON_UPDATE or KITH_ON_DELETE */
    uint32_t type;   /* of the record */
    uint32_t origin; /* KITH_ORIGIN_* of the transaction */
    kith_id id;
    const kith_row *before; /* NULL on create */
    const kith_row *after;  /* NULL on delete; shows at once what set() changes */
    int32_t owned;          /* on create: 1: nobody said whose it is, so it is the caller's */
    int32_t reserved;
};

typedef struct kith_records_v1 {
    uint32_t struct_size;
    uint32_t reserved;

    /* The number of a type: "lead". Its own types a module may read and write; for another it needs
     * the permission "read:TYPE" or "write:TYPE". KITH_E_NOTFOUND suggests the nearest name;
     * KITH_E_DENIED tells the admin what to grant. [create] */
    kith_status (*type)(const kith_host *host, kith_str name, uint32_t *type, kith_error *err);
    /* The number of a field of that type. `id` is none: see row_id. [create] */
    kith_status (*field)(const kith_host *host, uint32_t type, kith_str name, uint32_t *field,
                         kith_error *err);
    /* A condition over one record, compiled: "source = 'referral' and account.size > 100". The
     * error names the text and the position: "'source = x': at 10: ...". [create] */
    kith_status (*predicate)(const kith_host *host, uint32_t type, kith_str condition,
                             uint32_t *predicate, kith_error *err);
    /* A query, compiled: "lead where state = 'new' and created < :before order by created limit 50"
     * for find(); with totals, "lead group by state : count(), sum(amount)", or with ": count()"
     * for groups(). [create] */
    kith_status (*query)(const kith_host *host, kith_str text, uint32_t *query, kith_error *err);

    /* Reads a record as it is now; inside a transaction with all that was written in it so far.
     * KITH_E_NOTFOUND: there is none with this id. [reader] */
    kith_status (*get)(const kith_txn *txn, uint32_t type, kith_id id, const kith_row **row,
                       kith_error *err);
    /* Calls fn for each record that the query finds, at most max (0: all). params has one value for
     * each different :name of the query, in the order in which they first appear. fn must not
     * write: gather what is to be written (see kith_host.memory) and write when find() has
     * returned. A segment that is asked for (in_segment) has those in it for whom it is worked out;
     * its field "settling" says whether that is all. [reader] */
    kith_status (*find)(const kith_txn *txn, uint32_t query, uint32_t count,
                        const kith_value *params, uint64_t max, kith_row_fn fn, void *arg,
                        kith_error *err);

    kith_id (*row_id)(const kith_txn *txn, const kith_row *row);    /* 0 on misuse [reader] */
    uint32_t (*row_type)(const kith_txn *txn, const kith_row *row); /* 0 on misuse [reader] */
    /* Reads `count` fields of a row into values[0 .. count-1]. A field without a value gives
     * KITH_NULL. The kinds are those that declare.h names for each kind of field. [reader] */
    kith_status (*read)(const kith_txn *txn, const kith_row *row, uint32_t count,
                        const uint32_t *fields, kith_value *values, kith_error *err);
    /* 1: the condition is true of this row; 0: it is false, or unknown because of a missing value;
     * a negative kith_status: misuse, or a search for other records failed. [reader] */
    int32_t (*match)(const kith_txn *txn, uint32_t predicate, const kith_row *row);

    /* Creates a record with these fields; the others get their defaults. *id may be NULL. Text is
     * accepted for a field of any kind and read as a user would type it. Hooks run, this module's
     * own included. KITH_E_DENIED: "write:TYPE" is not granted. [writer] */
    kith_status (*create)(kith_txn *txn, uint32_t type, uint32_t count, const uint32_t *fields,
                          const kith_value *values, kith_id *id, kith_error *err);
    /* Writes these fields; KITH_NULL empties one. Only what differs is written, and when nothing
     * does that is KITH_OK and leaves no trace. Fields that this module added to another's type it
     * may write without a permission. [writer] */
    kith_status (*update)(kith_txn *txn, uint32_t type, kith_id id, uint32_t count,
                          const uint32_t *fields, const kith_value *values, kith_error *err);
    /* Deletes a record with all that is part of it. Links to it are emptied; a required one
     * refuses. [writer] */
    kith_status (*remove)(kith_txn *txn, uint32_t type, kith_id id, kith_error *err);

    /* 1: the change gives this field another value (on create: any value); 0: it does not. A
     * negative kith_status: misuse. [reader] */
    int32_t (*changed)(const kith_txn *txn, const kith_change *change, uint32_t field);
    /* 1: the change may alter what the predicate says of this record, since it touches a field that
     * the condition reads, or creates the record. Fields of linked records do not count. 0,
     * negative: as above. [reader] */
    int32_t (*affects)(const kith_txn *txn, const kith_change *change, uint32_t predicate);
    /* Changes fields of the write that is under way; only in a before-hook. Permissions as for
     * update(). [writer] */
    kith_status (*set)(kith_txn *txn, kith_change *change, uint32_t count, const uint32_t *fields,
                       const kith_value *values, kith_error *err);

    /* Calls fn for each group that a query with totals gives, in its order, at most max (0: all);
     * once for a query without "group by", also when no record is found. params as for find(); fn
     * must not write either. What is empty, as a sum of nothing, is KITH_NULL. KITH_E_LIMIT: more
     * than 100,000 groups. KITH_E_INVAL: amounts in several currencies, one of which has no amount
     * in the company's; the message tells the remedy. [reader] */
    kith_status (*groups)(const kith_txn *txn, uint32_t query, uint32_t count,
                          const kith_value *params, uint64_t max, kith_group_fn fn, void *arg,
                          kith_error *err);

    /* The user whose rights bound what is asked for in this transaction, also while hooks run on
     * its account; 0: somebody who may everything, or Kith itself. [reader] */
    kith_status (*acting)(const kith_txn *txn, kith_id *user, kith_error *err);
} kith_records_v1;

/* -- events ------------------------------------------------------------------------------------ */

#define KITH_EVENTS_1 "kith.events/1"

/* What a reaction is called for. Kith makes it. */
struct kith_event {
    uint32_t struct_size;
    uint32_t kind;   /* KITH_ON_* for what happened to a record; 0: a published event */
    uint64_t seq;    /* its place in the journal: the order of all events */
    int64_t at;      /* when it happened, ms UTC */
    kith_str topic;  /* "lead.created", "lead.qualified", "order.paid" */
    kith_id id;      /* of the record, or of the subject of a published event; 0: none */
    uint32_t type;   /* of that record; 0: none */
    uint32_t origin; /* KITH_ORIGIN_* of the transaction that it happened in */
    /* The record as it is now; if it is gone, as the event left it. NULL: no subject. */
    const kith_row *record;
    uint32_t attempt; /* 1 at the first try, 2 at the first retry, ... */
    uint32_t schema;  /* of a published event, by its topic; else 1 */
    kith_id replay;   /* it is heard once more, in the name of this key; 0: for the first time */
};

typedef struct kith_events_v1 {
    uint32_t struct_size;
    uint32_t reserved;

    /* The number of a topic to publish: one that this module declares, or one of a module that it
     * requires, with the permission "publish:TOPIC". [create] */
    kith_status (*topic)(const kith_host *host, kith_str name, uint32_t *topic, kith_error *err);
    /* Publishes an event: it is kept with the transaction or not at all, and delivered after it.
     * type and id name its subject, 0 and 0: none. values are the payload, one for each field that
     * the topic declares, in that order; missing ones at the end are KITH_NULL. [writer] */
    kith_status (*publish)(kith_txn *txn, uint32_t topic, uint32_t type, kith_id id, uint32_t count,
                           const kith_value *values, kith_error *err);

    /* The values of a field before and after, for what happened to a record. Either pointer may be
     * NULL. KITH_E_NOTFOUND: the event did not touch this field. [reader] */
    kith_status (*change)(const kith_txn *txn, const kith_event *event, uint32_t field,
                          kith_value *before, kith_value *after, kith_error *err);
    /* A field of a published event's payload, by its name, in the kind that the topic declares;
     * KITH_NULL when it was not given. KITH_E_NOTFOUND: the topic declares no such field. [reader]
     */
    kith_status (*payload)(const kith_txn *txn, const kith_event *event, kith_str name,
                           kith_value *value, kith_error *err);
} kith_events_v1;

/* -- listening --------------------------------------------------------------------------------- */

/* For reactions whose topic is "*": they hear what they listen for at present, which is data. */
#define KITH_LISTENING_1 "kith.listening/1"

typedef struct kith_listening_v1 {
    uint32_t struct_size;
    uint32_t reserved;

    /* May these be listened for? Topics as in kith_reaction and published ones; a star stands for
     * any characters: "contact.*", "*.deleted", "*". where is a condition on their records, which
     * are then all of one type, or empty. [reader] */
    kith_status (*check)(const kith_txn *txn, uint32_t count, const kith_str *topics,
                         kith_str where, kith_error *err);
    /* From the next event on the reaction hears these topics, in the name of a key that is up to
     * the module, as the id of a record; in place of what it heard in that name. count 0: nothing
     * more. It is kept with the transaction. Best called in a reaction to what says what is to be
     * heard: then it takes effect at that place among the events, whoever wrote it, an undo too. An
     * event is heard once for each of its topics, whatever the number of keys. [writer] */
    kith_status (*listen)(kith_txn *txn, kith_str reaction, uint64_t key, uint32_t count,
                          const kith_str *topics, kith_error *err);
    /* The event as JSON text, as this user (0: whoever may everything) may know of it: {"type":
     * topic, "timestamp", "schema", "seq", "subject": {"type", "id"}, "origin", "data": the fields
     * with before and after, or the payload, which only who may everything is told}. Empty when the
     * user may not know of the record, when that does not meet the condition, or when its data are
     * restricted. Needs no permission: it is for the user. [writer] */
    kith_status (*told)(kith_txn *txn, const kith_event *event, kith_id user, kith_str where,
                        kith_str *json, kith_error *err);
    /* Has the reaction hear once more, for this key alone (kith_event.replay), what came from
     * the event `seq` on, or from the time `at` (seq 0), up to now; behind this transaction, a few
     * at a time. *rows, which may be NULL: how many are looked at. KITH_E_NOTFOUND: the journal
     * does not reach back so far. [writer] */
    kith_status (*replay)(kith_txn *txn, kith_str reaction, uint64_t key, uint64_t seq, int64_t at,
                          uint64_t *rows, kith_error *err);
} kith_listening_v1;

/* -- deliveries -------------------------------------------------------------------------------- */

#define KITH_DELIVERIES_1 "kith.deliveries/1"

/* Something that is to leave Kith. The caller sets struct_size. */
typedef struct kith_effect {
    uint32_t struct_size;
    uint32_t delivery; /* its number */
    kith_str endpoint; /* where it goes, up to the module: those of one endpoint go in order */
    kith_str key;      /* by which the receiver knows that it has this already; empty: its id */
    kith_str payload;  /* up to the module, at most 1 MiB */
    kith_id id;        /* the record it is about: it is erased with that; 0: none */
    uint32_t type;     /* of that record; 0: none */
    uint32_t reserved; /* 0 */
} kith_effect;

/* One try to send an effect, for a delivery. Kith makes it. */
struct kith_sending {
    uint32_t struct_size;
    uint32_t attempt; /* 1 at the first try, 2 at the second, ... */
    kith_id effect;   /* its own id */
    int64_t at;       /* when it was wanted, ms UTC */
    kith_str endpoint, key, payload;
    kith_id id;    /* the record it is about; 0: none */
    uint32_t type; /* of that record; 0: none */
    uint32_t last; /* 1: when it fails now, no further try follows by itself */
};

typedef struct kith_deliveries_v1 {
    uint32_t struct_size;
    uint32_t reserved;

    /* The number of a delivery that this module declares. [create] */
    kith_status (*delivery)(const kith_host *host, kith_str name, uint32_t *delivery,
                            kith_error *err);
    /* Has the effect sent, once this transaction is durable; it is kept with it or not at all. In
     * an undo nothing is sent, and *out, which may be NULL, is 0. [writer] */
    kith_status (*send)(kith_txn *txn, const kith_effect *effect, kith_id *out, kith_error *err);
    /* 1: what is for this endpoint waits until it is told 0. [writer] */
    kith_status (*hold)(kith_txn *txn, uint32_t delivery, kith_str endpoint, uint32_t held,
                        kith_error *err);

    /* Cancels what waits for this endpoint, dead letters included, since there is nobody to send it
     * to any more. *count, which may be NULL: how much that was. [writer] */
    kith_status (*drop)(kith_txn *txn, uint32_t delivery, kith_str endpoint, uint64_t *count,
                        kith_error *err);

    /* The next try is not before so many milliseconds have passed, at most a day. [sending] */
    kith_status (*later)(kith_sending *sending, int64_t ms, kith_error *err);
    /* What is published, about the same record, in the transaction that notes how it ended: when it
     * was sent, or when no further try follows. As kith_events_v1.publish; the last call counts.
     * [sending] */
    kith_status (*answer)(kith_sending *sending, uint32_t topic, uint32_t count,
                          const kith_value *values, kith_error *err);
    /* 1: Kith is closing: break off and return KITH_E_RETRY, which then counts for nothing. [any]
     */
    int32_t (*closing)(const kith_host *host);
} kith_deliveries_v1;

/* -- links ------------------------------------------------------------------------------------- */

/* Links by which somebody without an account does one thing: accepts a quote, answers questions,
 * subscribes to a calendar. Each calls one action, with fixed arguments and those that whoever has
 * it is asked for, in the rights of who made it as they are then; until it ends, was used as often
 * as it may be, or is revoked (link.revoke). A digest of its secret is kept, and the log of access
 * says who made and used it. */
#define KITH_LINKS_1 "kith.links/1"

/* The caller sets struct_size. */
typedef struct kith_link_wish {
    uint32_t struct_size;
    uint32_t uses;   /* how many times; 0: as often as one likes, as of all that only reads */
    kith_str action; /* "sales.accept_quote" */
    kith_str show; /* a reading action that tells what it is about, by the same arguments; or "" */
    kith_str ask;  /* "name,remark": parameters that whoever has it is asked for */
    /* Parameters that are fixed: records, and nothing personal. */
    const kith_str *names;
    const kith_value *values;
    uint32_t count;    /* of those */
    uint32_t reserved; /* 0 */
    int64_t expires;   /* ms UTC; 0: in 30 days */
} kith_link_wish;

/* The caller sets struct_size. Texts live until the callback returns. */
typedef struct kith_link_made {
    uint32_t struct_size;
    uint32_t reserved;
    int64_t number;   /* by which it is revoked */
    int64_t expires;  /* ms UTC */
    kith_str address; /* the whole link. It is told this once, and kept nowhere */
} kith_link_made;

/* By which link an action is called. The caller sets struct_size. */
typedef struct kith_link_came {
    uint32_t struct_size;
    uint32_t reserved;
    int64_t number; /* 0: by none */
    kith_str from;  /* the address that it comes from: "203.0.113.7"; ends with a NUL */
} kith_link_came;

typedef struct kith_links_v1 {
    uint32_t struct_size;
    uint32_t reserved;

    /* Makes a link, kept with the transaction, for whoever asks in it, who must have the right to
     * the action; another module's needs the permission "call:ACTION", too. KITH_E_DENIED: there is
     * no such right. KITH_E_UNSUPPORTED: nothing serves links in this company, and the message says
     * what is missing. [writer] */
    kith_status (*grant)(kith_txn *txn, const kith_link_wish *wish, kith_link_made *made,
                         kith_error *err);
    /* For actions: by which link they are called. [reader] */
    kith_status (*came)(const kith_txn *txn, kith_link_came *came, kith_error *err);
    /* Makes all links worthless that call this action about this record, the first among their
     * arguments, whoever made them: those that were sent before, when another is sent. The same
     * permissions as for grant(). [writer] */
    kith_status (*revoke)(kith_txn *txn, kith_str action, kith_id about, kith_error *err);
} kith_links_v1;

/* -- timers ------------------------------------------------------------------------------------ */

#define KITH_TIMERS_1 "kith.timers/1"

/* What a timer is called for. Kith makes it. */
struct kith_firing {
    uint32_t struct_size;
    uint32_t type;    /* of the subject; 0: none */
    kith_id timer;    /* what at() gave; 0 for a timer of the calendar */
    int64_t due;      /* when it was to fire, ms UTC */
    kith_id id;       /* of the subject; 0: none */
    kith_str payload; /* what at() was given */
};

typedef struct kith_timers_v1 {
    uint32_t struct_size;
    uint32_t reserved;

    /* The number of a timer that this module declares. [create] */
    kith_status (*timer)(const kith_host *host, kith_str name, uint32_t *timer, kith_error *err);
    /* Lets the timer fire once at `due` (ms UTC; the past: at once, after this transaction). It is
     * stored with the transaction: it survives a restart and fires once. type and id name its
     * subject, 0 and 0: none. payload is up to you. *out, which may be NULL, is for cancel().
     * [writer] */
    kith_status (*at)(kith_txn *txn, uint32_t timer, int64_t due, uint32_t type, kith_id id,
                      kith_str payload, kith_id *out, kith_error *err);
    /* KITH_E_NOTFOUND: it fired already, or there was none. [writer] */
    kith_status (*cancel)(kith_txn *txn, kith_id timer, kith_error *err);
} kith_timers_v1;

/* -- actions ----------------------------------------------------------------------------------- */

#define KITH_CALLS_1 "kith.calls/1"

/* One shape for the command line, the API and Lua. [reader] where nothing else is said: inside the
 * action, on its thread. */
typedef struct kith_calls_v1 {
    uint32_t struct_size;
    uint32_t reserved;

    /* The transaction to write in; NULL in an action that declares KITH_EFFECT_READ. */
    kith_txn *(*txn)(kith_call *call);
    /* To read in; in any action. In a reading action each read sees what was durable at its begin.
     */
    const kith_txn *(*view)(const kith_call *call);
    /* The argument for a parameter, by its place among the declared ones from 0, checked and in the
     * declared kind; its default, or KITH_NULL, when it was not given. */
    kith_status (*arg)(const kith_call *call, uint32_t parameter, kith_value *value,
                       kith_error *err);
    /* Sets a result, by its place among the declared ones from 0. It is copied. */
    kith_status (*result)(kith_call *call, uint32_t result, const kith_value *value,
                          kith_error *err);
    /* Adds a row to the answer: one value for each declared column, in their order, KITH_NULL for
     * one that is empty. It is copied. KITH_E_INVAL: `count` is not the number of columns, or a
     * value is none of its column. KITH_E_LIMIT: the answer has 10,000 rows or 8 MiB of text
     * already: let whoever asks say which they want. */
    kith_status (*row)(kith_call *call, uint32_t count, const kith_value *values, kith_error *err);

    /* The number of an action to call: one of a module that this one requires, or of Kith itself,
     * with the permission "call:ACTION". [create] */
    kith_status (*action)(const kith_host *host, kith_str name, uint32_t *action, kith_error *err);
    /* Calls it, in this transaction and with no more rights than it has. args and results are as
     * many as it declares parameters and results, in that order; KITH_NULL: not given. An action
     * with columns has one more result: a list of rows, each a list of values. From a reading view
     * only those that read may be called. [reader] */
    kith_status (*call)(const kith_txn *txn, uint32_t action, uint32_t arg_count,
                        const kith_value *args, uint32_t result_count, kith_value *results,
                        kith_error *err);
    /* Answers with a file, of the type that the action declares: what it is called,
     * "quote-17.pdf", and its bytes, at most 10 MiB. Both are copied. Whoever calls that action has
     * three results: its name, its media type, its bytes. */
    kith_status (*file)(kith_call *call, kith_str name, kith_str bytes, kith_error *err);

    /* To read in as hooks do: all that the module is granted, with every field, whatever whoever
     * asks may see. For what a check decides by, and for how many and how much; what is handed out
     * is read in view(). The functions that read take either, and what one of them calls is handed
     * the same. NULL: the action does not declare KITH_AF_WHOLE. */
    const kith_txn *(*whole)(const kith_call *call);
} kith_calls_v1;

/* -- numbers ----------------------------------------------------------------------------------- */

#define KITH_NUMBERS_1 "kith.numbers/1"

/* What becomes of the part of a minor unit. */
#define KITH_ROUND_HALF_UP 0u /* half away from zero, as merchants do: 0.125 is 0.13 */
#define KITH_ROUND_HALF_EVEN                                                                       \
    1u                     /* half to the even neighbour, as totals of queries: 0.125 is 0.12 */
#define KITH_ROUND_DOWN 2u /* towards zero */
#define KITH_ROUND_UP   3u /* away from zero */

#define KITH_NUMBER_TEXT 48

/* Exact, with 128 bits in between. KITH_E_LIMIT: the result does not fit. */
typedef struct kith_numbers_v1 {
    uint32_t struct_size;
    uint32_t reserved;

    /* Digits after the point of a currency (ISO 4217): 2 for EUR, 0 for JPY, 3 for BHD; -1: there
     * is no such currency. [any] */
    int32_t (*digits)(const char *currency);
    /* *out = amount * by / per, rounded once. amount: MONEY, DECIMAL or INT, which *out is then,
     * too. by: INT or DECIMAL. per: a whole number, not 0, as 100 for percent, or 30 for one day of
     * a month. round: KITH_ROUND_*. [any] */
    kith_status (*multiply)(const kith_value *amount, const kith_value *by, int64_t per,
                            uint32_t round, kith_value *out, kith_error *err);
    /* *out = a + sign * b: sign 1 or -1. Both are of one kind, amounts of one currency, decimals of
     * one scale; KITH_NULL counts as nothing. KITH_E_INVAL: they cannot be added. [any] */
    kith_status (*add)(const kith_value *a, int32_t sign, const kith_value *b, kith_value *out,
                       kith_error *err);
    /* Parts an amount in the ratio of weights (not negative, not all 0): the parts add up to it,
     * and each is less than one minor unit away from its exact share. [any] */
    kith_status (*split)(const kith_value *money, uint32_t count, const int64_t *weights,
                         kith_value *parts, kith_error *err);
    /* A number, amount or date as messages have it: "12.50 EUR", "3.5", "2026-01-31"; empty for
     * other kinds. [any] */
    void (*text)(const kith_value *value, char out[KITH_NUMBER_TEXT]);
} kith_numbers_v1;

/* -- working time ------------------------------------------------------------------------------ */

#define KITH_CALENDAR_1 "kith.calendar/1"

typedef struct kith_calendar_v1 {
    uint32_t struct_size;
    uint32_t reserved;

    /* The next span of working time that ends after `from`: *begin (which may lie before `from`)
     * and *end, ms UTC. hours: those of somebody, "monday-thursday 09:00-15:00; fri 09:00-12:00";
     * days that are not named are free. Empty: the company's. The company's holidays are free for
     * all. zone: that of the clock on their wall, "Europe/Berlin"; empty: the company's.
     * KITH_E_INVAL: hours or zone cannot be read. KITH_E_NOTFOUND: no work within a year. [any] */
    kith_status (*span)(const kith_host *host, kith_str hours, kith_str zone, int64_t from,
                        int64_t *begin, int64_t *end, kith_error *err);
} kith_calendar_v1;

/* -- settings ---------------------------------------------------------------------------------- */

#define KITH_SETTINGS_1 "kith.settings/1"

typedef struct kith_settings_v1 {
    uint32_t struct_size;
    uint32_t reserved;

    /* The value of a setting that this module declares, checked against the declaration; its
     * default where the admin says nothing; KITH_NULL where there is no default either. A list of
     * groups is a list of lists: one value for each declared item, in the declared order. Lives
     * until destroy() returns. KITH_E_NOTFOUND: it is not declared. [main] */
    kith_status (*get)(const kith_host *host, kith_str key, kith_value *value, kith_error *err);
    /* Where a setting stands, for messages: "conf.d/sales.conf:12: sales.score.rules", or
     * "sales.score.rules" where the default holds; ends with a NUL. Empty: it is not declared.
     * Lives until destroy() returns. [main] */
    kith_str (*where)(const kith_host *host, kith_str key);
} kith_settings_v1;

#ifdef __cplusplus
}
#endif
#endif
