/* SPDX-License-Identifier: Apache-2.0 */
/* Engine: one open company. Owns the database file: one writer thread that commits in groups, a
 * pool of readers, the bus (hooks, reactions, timers), actions, rehearsal and undo. Several engines
 * may live in one process (a rehearsal on a scratch copy is one): no static state.
 *
 * Threads: [main] the thread that opens and closes; [writer] only inside a callback that was handed
 * a struct txn; [any] any thread but the writer; a blocking call made on the writer is
 * KITH_E_THREAD. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/clock.h"
#include "base/log.h"
#include "base/zone.h"
#include "journal/chain.h"
#include "journal/compact.h"
#include "journal/doctor.h"
#include "journal/journal.h"
#include "journal/outbox.h"
#include "journal/past.h"
#include "record/query.h"
#include "record/search.h"

struct engine;
struct txn;

/* -- life -------------------------------------------------------------------------------------- */

struct engine_options {
    const char *path;                /* the database file; its lock file is path + ".lock" */
    const char *vfs;                 /* NULL: unix-excl */
    struct kclock *clock;            /* NULL: the real one; borrowed */
    const struct zone *zone;         /* the company's; NULL: UTC; borrowed */
    const struct workdays *workdays; /* the company's; NULL: Monday to Friday; borrowed */
    uint32_t node;                   /* 0 .. 255 */
    char base_currency[4];           /* "EUR" */
    const struct schema_source
        *sources; /* of modules and company; the core's own come first by itself */
    size_t source_count;
    uint32_t group_max;        /* requests committed together; 0: 1000 */
    uint32_t queue_max;        /* waiting requests; 0: 10000; then KITH_E_BUSY */
    uint32_t readers;          /* 0: 4 */
    uint32_t cascade_max;      /* depth of reactions to reactions; 0: 16 */
    uint32_t attempts_max;     /* of a failing reaction before it is a dead letter; 0: 5 */
    int64_t read_limit_ms;     /* a read ends after this; 0: 2000 */
    bool create;               /* make the file when it is absent */
    bool still;                /* nothing runs by itself: for engine_backtest */
    bool trial;                /* of a test or a rehearsal: its failures are no news for the log */
    bool log_all_reads;        /* of personal data, by administrators without a user, too */
    uint32_t password_length;  /* at least; 0: 10 */
    const char *second_factor; /* roles that need one, "administrator,sales", or "*"; NULL, "": none
                                  do; borrowed */
    const char *links_at;    /* what links begin with: "https://crm.example.org"; "": it is not set;
                                NULL: nothing serves them; borrowed */
    int64_t session_idle_ms; /* a session ends when it was not used for so long; 0: 8 hours */
    int64_t session_life_ms; /* and so long after it began; 0: 7 days */
    int64_t journal_keep_ms; /* rows of the journal that are older go; 0: none do */
    int64_t access_keep_ms;  /* entries of the log of access; 0: all are kept */
    /* What leaves the engine (outbox.h). */
    uint32_t delivery_workers;       /* 0: 4 */
    uint32_t delivery_attempts;      /* before an effect is a dead letter; 0: 12 */
    int64_t delivery_backoff_ms;     /* after the first failure, doubled with each; 0: 5000 */
    int64_t delivery_backoff_max_ms; /* 0: an hour */
    uint32_t breaker_failures;       /* of an endpoint in a row that open its breaker; 0: 5 */
    int64_t breaker_ms;              /* for so long at first; 0: 30000 */
    int64_t outbox_keep_ms;          /* what came to its end is kept; 0: for ever */
};
/* Locks, opens, migrates, builds the schema. Nothing runs yet: register subscribers, then start.
 * KITH_E_BUSY: another process owns the file (the message names its pid). */
kith_status engine_open(struct engine **out, const struct engine_options *o, kith_error *e);
kith_status engine_start(struct engine *g, kith_error *e); /* [main] */
/* What is read in g, a copy, is logged in the original, which is closed after it. [main] */
void engine_copy_of(struct engine *g, struct engine *original);
/* Locks a database that is not opened, until *fd is closed. KITH_E_BUSY as above. */
kith_status engine_lock(const char *path, int *fd, kith_error *e);
/* Finishes what was accepted, stops the threads, closes. g may be NULL. [main] */
void engine_close(struct engine *g);

const struct schema *engine_schema(const struct engine *g);
const struct zone *engine_zone(const struct engine *g);
int64_t engine_now(struct engine *g);
/* Logs it, once, when the clock is behind what was written last before the engine was opened. Every
 * transaction looks itself. Any thread. */
void engine_check_clock(struct engine *g);
const struct engine_options *engine_opts(const struct engine *g);
/* At which level it is logged when rules or workflows fail: whoever tries them out is told anyway.
 */
enum log_level engine_log_level(const struct engine *g, enum log_level level);
/* What a query of this company is asked with. Any thread. */
struct query_env engine_env(const struct engine *g, int64_t now, const struct principal *p);

/* -- who asks [any] ---------------------------------------------------------------------------- */

/* A user as a principal, with the rights of now. What is written is judged by the rights at that
 * moment, what is read by those of this call. Both must be left again. KITH_E_DENIED: the user is
 * gone. */
struct access_of;
kith_status engine_enter(struct engine *g, const struct access_of *of, const char *name,
                         struct principal *out, kith_error *e);
void engine_leave(const struct principal *p);
void engine_stay(const struct principal *p); /* a copy of one that is in: left once more */
/* KITH_E_DENIED: it may write nothing, whatever its roles say. */
kith_status access_only_reads(const struct principal *p, kith_error *e);
/* KITH_E_DENIED: it came in by a token that is limited, to reading, to types or to actions. */
kith_status access_unlimited(const struct principal *p, kith_error *e);
struct action;
/* By the rights of roles and of what they came in with; what it does may be refused yet. */
bool access_may_call(const struct principal *p, const struct action *a);

/* What the company's own types would do to the database, in sentences; in the arena. */
struct older_field { /* records that are older than what is asked of them */
    const char *type, *field, *where;
    int64_t empty, outside; /* without a value though it is required; out of its range */
};
struct retyped {
    const char **done, **passed; /* as in struct schema */
    size_t done_count, passed_count;
    struct older_field *older;
    size_t older_count, older_cap;
};
/* Tries them on the writer and takes all back. They come into effect when the company is opened
 * with them. [any] */
kith_status engine_try_types(struct engine *g, const struct principal *p,
                             const struct schema_source *company, struct arena *a,
                             struct retyped *out, kith_error *e);

/* -- writing ----------------------------------------------------------------------------------- */

struct write_opts {
    const struct principal *principal;
    uint32_t origin;  /* enum origin */
    const char *note; /* or NULL */
    kith_id run;      /* or 0 */
};
typedef kith_status (*write_fn)(struct txn *t, void *arg, kith_error *e);

/* Runs fn on the writer as one transaction and waits until it is durable. A failure keeps nothing.
 * fn may run again when its group was lost to the disk: it must not change its arg except at its
 * end. *tx (may be NULL) is the transaction's id, 0 when nothing was written. [any] */
kith_status engine_write(struct engine *g, const struct write_opts *o, write_fn fn, void *arg,
                         kith_id *tx, kith_error *e);
/* The same without waiting. done runs on the writer after the commit, or after the failure; it must
 * be short. o and what it points to must live until then. KITH_E_BUSY: the queue is full. [any] */
kith_status engine_post(struct engine *g, const struct write_opts *o, write_fn fn, void *arg,
                        void (*done)(void *arg, kith_status st, kith_id tx, const kith_error *e),
                        kith_error *e);
/* Waits until every reaction, retry and timer that is due has run, or timeout_ms passed (then
 * KITH_E_LIMIT), or none could be kept for two seconds, as on a disk that fails: its error. [any]
 */
kith_status engine_drain(struct engine *g, int64_t timeout_ms, kith_error *e);
/* When the next timer, retry or the like falls due, as it is known after engine_drain; INT64_MAX:
 * nothing waits. [any] */
int64_t engine_next_due(struct engine *g);
/* Waits until what the passing of time has changed is worked out, consents that have ended and
 * records in segments, or timeout_ms passed; engine_inexact tells then what is not. [any] */
kith_status engine_catch_up(struct engine *g, int64_t timeout_ms, kith_error *e);

/* -- inside a transaction [writer] ------------------------------------------------------------- */

struct assign {
    const struct rfield *field;
    kith_value value; /* checked and converted by value_check; text is parsed for other kinds */
};
kith_status txn_create(struct txn *t, const struct rtype *type, const struct assign *set,
                       size_t count, kith_id *id, kith_error *e);
/* Writes only what differs; nothing different is KITH_OK and no journal row. */
kith_status txn_update(struct txn *t, const struct rtype *type, kith_id id,
                       const struct assign *set, size_t count, kith_error *e);
/* Records that are part of it go with it; other links to it are emptied; a required one refuses. */
kith_status txn_delete(struct txn *t, const struct rtype *type, kith_id id, kith_error *e);
/* The record as it is now, this transaction's writes included; in the transaction's arena. */
kith_status txn_get(struct txn *t, const struct rtype *type, kith_id id, const kith_value **values,
                    kith_error *e);
/* The same of a record that may have been merged into another: *id is then that one's. */
kith_status txn_read(struct txn *t, const struct rtype *type, kith_id *id,
                     const kith_value **values, kith_error *e);
/* Publishes an event. json is one JSON object. subject may be 0 (then type is NULL). */
kith_status txn_publish(struct txn *t, const char *topic, const struct rtype *type, kith_id subject,
                        kith_str json, kith_error *e);
/* A durable timer: handler (see engine_add_timer) is called once at `due`. Returns its id. */
kith_status txn_timer(struct txn *t, const char *handler, int64_t due, const struct rtype *type,
                      kith_id subject, kith_str payload, kith_id *id, kith_error *e);
kith_status txn_timer_cancel(struct txn *t, kith_id timer, kith_error *e);
/* Runs part in a savepoint of its own: its failure keeps nothing of it and leaves the rest. */
kith_status txn_try(struct txn *t, write_fn part, void *arg, kith_error *e);

/* -- as a user (acting.c) -----------------------------------------------------------------------
 */

/* Code of the company that acts as one of its users. Zeroed but for the login, which is borrowed;
 * acting_free lets go of what it has learned. */
struct acting {
    const char *login;
    kith_id user; /* once it was found */
    struct arena arena;
    struct access *access; /* in it, or NULL */
};
/* KITH_E_DENIED: there is no user with that login, or the one that had it is called otherwise now.
 * [any] */
kith_status acting_check(struct engine *g, struct acting *a, kith_error *e);
void acting_free(struct acting *a);
struct acted { /* who asked before */
    struct principal caller, as_system;
    uint32_t system;
};
/* From here to txn_act_end what the transaction reads, writes and calls is that user's: by the
 * rights as they are now. Where it is no hook in somebody else's transaction, the journal has the
 * user as its actor. Nothing is begun when it fails. [writer] */
kith_status txn_act(struct txn *t, struct acting *a, struct acted *before, kith_error *e);
void txn_act_end(struct txn *t, const struct acted *before);
/* May whoever acts read the record with these values, or this field? [writer] */
kith_status txn_sees(struct txn *t, const struct rtype *type, kith_id id, const kith_value *values,
                     bool *yes, kith_error *e);
bool txn_reads(const struct txn *t, const struct rfield *f);
/* What decides is read, too: fails where the condition goes by what its principal may not read. */
kith_status condition_open(const struct engine *g, int64_t now, const struct principal *who,
                           const struct predicate *p, struct arena *a, kith_error *e);
/* May they set the field of the record that is about to be written? [writer] */
struct change;
kith_status txn_may_change(struct txn *t, const struct change *c, const struct rfield *f,
                           const kith_value *v, kith_error *e);

struct engine *txn_engine(struct txn *t);
struct conn *txn_conn(struct txn *t);   /* for reading with queries; never to write */
struct arena *txn_arena(struct txn *t); /* until the transaction ends */
const struct principal *txn_principal(const struct txn *t);
const struct principal *txn_caller(const struct txn *t); /* who asked, also while hooks run */
void txn_as_system(struct txn *t, bool yes); /* what is read is not what the caller asks for */
int64_t txn_now(const struct txn *t);        /* one instant for the whole transaction */
kith_id txn_id(struct txn *t);
const struct source *txn_code(const struct txn *t); /* that runs in it; NULL: the caller */
uint64_t txn_last_seq(const struct txn *t);         /* of the newest row it wrote; 0: none yet */
uint64_t txn_next_seq(const struct txn *t);         /* of the next row that anybody writes */
/* KITH_E_LIMIT names the way here: what led to the transaction is too deep a cascade for it to have
 * something begin by itself. */
kith_status txn_cascade(struct txn *t, kith_error *e);
void txn_more(struct txn *t); /* of a reaction: it is to be called for the same event once more */
bool txn_rehearsing(const struct txn *t);          /* all that it does is taken back */
uint64_t txn_writes(const struct txn *t);          /* a number that grows with each row written */
void txn_day_first(struct txn *t, bool day_first); /* how 3/4/2024 is read in text values */

/* Searches and counts fail with KITH_E_LIMIT once clock_ticks() is past this; 0: never. Gives what
 * it was before. [writer] */
int64_t txn_deadline(struct txn *t, int64_t ticks);
/* Every record a query finds, this transaction's writes included, at most max (0: all). [writer] */
typedef kith_status (*find_row)(void *arg, kith_id id, const kith_value *values, kith_error *e);
kith_status txn_find(struct txn *t, const struct query *q, const kith_value *params, int64_t max,
                     find_row fn, void *arg, kith_error *e);
/* The match_ask of a transaction, which is the arg: sees what it has written. Ends like a search,
 * and at the latest after the limit of reads. [writer] */
kith_status txn_ask(void *txn, const struct match_question *q, int64_t *n, kith_error *e);
/* The answer of a query that ends in ": count()". [writer] */
kith_status txn_count(struct txn *t, const struct query *q, const kith_value *params, int64_t *n,
                      kith_error *e);
/* The totals of a query for which query_totals holds, this transaction's writes included: at most
 * the first max groups (0: all). [writer] */
kith_status txn_select(struct txn *t, const struct query *q, const kith_value *params, int64_t max,
                       struct totals *out, kith_error *e);

/* -- reading [any] ----------------------------------------------------------------------------- */

/* A reader's connection, held until given back: a snapshot is held only inside a statement. Reads
 * end after read_limit_ms with KITH_E_LIMIT. Waits for a free one, in the end KITH_E_BUSY: who
 * holds one asks for no second. */
kith_status engine_reader(struct engine *g, struct conn **out, kith_error *e);
void engine_reader_done(struct engine *g, struct conn *c);

/* A connection of its own with one snapshot for all that is read on it, without a limit of time and
 * without rights; what is read is not logged. While it is open the write-ahead log cannot begin
 * anew: for what takes seconds, and must be of one moment. */
kith_status engine_snapshot(struct engine *g, struct conn **out, kith_error *e);
void engine_snapshot_done(struct conn *c);

struct find_page {
    kith_str after;  /* cursor in, or empty */
    int64_t limit;   /* rows at most */
    size_t bytes;    /* of memory, behind which it ends with the row; 0: any */
    bool again;      /* the same text comes again: its statement is kept */
    kith_str cursor; /* out: continues after the last row; empty at the end; in the arena */
    int64_t count;   /* out: rows given, or the answer of a count query */
};
kith_status engine_find(struct engine *g, const struct principal *p, const struct query *q,
                        const kith_value *params, struct find_page *page, struct arena *a,
                        find_row fn, void *arg, kith_error *e);
/* The one record of a type that p may see whose field `by`, also through links, holds a value.
 * KITH_E_NOTFOUND: none; KITH_E_INVAL: several, or there is no such field. Without "field: ". */
kith_status engine_find_by(struct engine *g, const struct principal *p, const struct rtype *type,
                           kith_str by, kith_str text, struct arena *a, kith_id *id, kith_error *e);
/* The same for a link: "product.code=PEN" of whoever knows no ids. */
kith_status engine_find_linked(struct engine *g, const struct principal *p,
                               const struct rfield *link, kith_str by, kith_str text,
                               struct arena *a, kith_value *out, kith_error *e);
/* Refuses a text that is no id where one is needed, and says how to name the record by another
 * field: for what reads "link.field", too. */
kith_status engine_link_text(const struct rfield *f, kith_str text, kith_error *e);
/* The totals of a query for which query_totals holds. */
kith_status engine_select(struct engine *g, const struct principal *p, const struct query *q,
                          const kith_value *params, struct totals *out, struct arena *a,
                          kith_error *e);
/* Why what the query finds now may not be exact, in a sentence: it asks for a segment that is being
 * worked out or has an end that is past, or for words while they are being indexed. *why NULL: it
 * is exact. Ask before the records are read, and once more when they are. */
kith_status engine_inexact(struct engine *g, const struct principal *p, const struct query *q,
                           struct arena *a, const char **why, kith_error *e);
kith_status engine_explain(struct engine *g, const struct principal *p, const struct query *q,
                           const kith_value *params, struct explanation *out, struct arena *a,
                           kith_error *e);
kith_status engine_get(struct engine *g, const struct principal *p, const struct rtype *type,
                       kith_id id, struct arena *a, kith_value **values, kith_error *e);
/* Logs, if reads are, that p is shown what the journal tells of a record, which may be gone. */
kith_status engine_shown(struct engine *g, const struct principal *p, const struct rtype *type,
                         kith_id id, kith_error *e);
/* engine_get of a record that may have been merged into another: *id is then that one's. */
kith_status engine_read(struct engine *g, const struct principal *p, const struct rtype *type,
                        kith_id *id, struct arena *a, kith_value **values, kith_error *e);
/* *id becomes that of the record that it was merged into, if there is one that p may read. */
kith_status engine_follow(struct engine *g, const struct principal *p, const struct rtype *type,
                          kith_id *id, struct arena *a, kith_error *e);

/* -- the past [any] --------------------------------------------------------------------------- */

/* What is meant by a day (its end, in the company's zone), by a time, or by the id of a
 * transaction (right after it). What is still to come is KITH_E_INVAL. */
kith_status engine_moment(struct engine *g, kith_str text, struct arena *a, struct moment *out,
                          kith_error *e);
/* The record as it was at the moment, deleted since or not. KITH_E_NOTFOUND says since when, or
 * until when, it exists; KITH_E_UNSUPPORTED: its type keeps no history. */
kith_status engine_as_of(struct engine *g, const struct principal *p, const struct rtype *t,
                         kith_id id, const struct moment *when, struct arena *a,
                         struct past_record *out, kith_error *e);
/* -- search (record/search.h) -------------------------------------------------------------------
 */

struct search_record {
    const struct rtype *type;
    kith_id id;
    const kith_value *values;
    struct search_snippet title; /* text empty: it has none */
    struct search_snippet text;  /* of another field that matches; field NULL: none */
};
struct search_answer {
    kith_str after;                /* cursor in, or empty */
    uint32_t limit;                /* records at most */
    bool typing;                   /* the last word may be the beginning of one */
    struct search_record *records; /* out, the best first */
    size_t count;
    kith_str cursor; /* out: continues after the last; empty at the end */
    int64_t found;   /* out: how many match; more when `over` */
    bool over;
    uint64_t missing; /* out: records that are still to be indexed, and are not found; at least */
};
/* What the principal may read and the text finds; all in the arena. [any] */
kith_status engine_search(struct engine *g, const struct principal *p, kith_str text,
                          struct search_answer *answer, struct arena *a, kith_error *e);
/* Indexes now what is still to be; told of how many records are left. [any] */
typedef kith_status (*search_tell)(void *arg, uint64_t left, kith_error *e);
kith_status engine_search_build(struct engine *g, search_tell tell, void *arg, kith_error *e);
/* Throws the index away; it is made anew after it. [any] */
kith_status engine_search_clear(struct engine *g, kith_error *e);

/* -- the bus: hooks ---------------------------------------------------------------------------- */

struct change {
    uint32_t kind; /* ROW_CREATE, ROW_UPDATE, ROW_DELETE */
    const struct rtype *type;
    kith_id id;
    const kith_value *before; /* NULL on create */
    kith_value *after;        /* NULL on delete; written only by change_set, in before-hooks */
    struct fieldset changed;  /* set fields on create; different ones on update */
    uint32_t origin;          /* of the transaction */
    uint32_t *sources;        /* the engine's: which hook set which field */
    bool owned;               /* on create: the caller's, since nobody said whose it is */
    uint64_t seen;            /* the engine's: how many rows it had written when this was read */
    const struct fieldset *again; /* the engine's: what an undo has hooks work out again, or NULL */
};
/* Changes a field of the write that is under way; KITH_E_INVAL in an after-hook; without effect in
 * an undo, which a hook may refuse but not change, but on what is to be worked out again. [writer]
 */
kith_status change_set(struct txn *t, struct change *c, const struct rfield *f, kith_value v,
                       kith_error *e);

#define ON_CREATE 1u
#define ON_UPDATE 2u
#define ON_DELETE 4u
struct hook {
    const struct rtype *type;
    uint32_t on; /* ON_* */
    bool after;  /* after the row is written: may write more, may not change this row; may refuse */
    uint32_t except;               /* bits of origins: their changes are none for it */
    int32_t priority;              /* low first */
    const struct fieldset *fields; /* on update only when one of these differs; NULL: any */
    const struct predicate *where; /* on the new values (on delete the old); NULL: always */
    kith_status (*fn)(void *self, struct txn *t, struct change *c, kith_error *e);
    void *self;
    struct source source; /* copied */
    const char *group;    /* what it is paused with; fn is called nevertheless: see txn_paused */
};
/* Subscribers are added before the start, or by the function that engine_swap calls. */
kith_status engine_add_hook(struct engine *g, const struct hook *h, kith_error *e);

/* -- the bus: reactions ------------------------------------------------------------------------ */

struct event {
    uint64_t seq;
    kith_id tx;
    int64_t at;
    uint32_t kind; /* enum row_kind */
    const struct rtype *type;
    kith_id id;        /* the record, or the event's subject; 0: none */
    const char *topic; /* "lead.created", "lead.qualified", "order.paid"; see engine_event_topics */
    uint32_t origin;
    const kith_value *
        values; /* the record as it is now; if it is gone, as the event left it; NULL: no subject */
    const struct image_field *fields; /* what changed */
    size_t field_count;
    kith_str payload; /* of a published event: JSON */
    uint32_t schema;  /* of a published event, by its topic; else 1 */
    kith_id replay;   /* it is heard once more, in the name of this; 0: for the first time */
    uint32_t attempt; /* 1 for the first try */
};
struct reaction {
    const char *name; /* of its cursor, unique for ever: "rule:rules/score.lua:qualified" */
    const char
        *topic; /* "lead.created", "lead.updated", "lead.deleted", "lead.<state>", a published one;
                   "*": all of them, and each row is one event: its topic is that of a published
                   event, or "*", and engine_event_topics tells which topics it stands for */
    /* Of "*": may it want such a row? Asked of every row that anybody writes. NULL: it may. */
    bool (*sees)(void *self, uint32_t kind, const struct rtype *type);
    const struct fieldset *fields; /* for updated: only when one of these changed; NULL: any */
    const struct predicate *where; /* on event.values */
    bool on_undo;                  /* also for rows that an undo wrote */
    bool listens;                  /* only what it listens for (listen.h); topic is "*" */
    kith_status (*fn)(void *self, struct txn *t, const struct event *ev, kith_error *e);
    void *self;
    struct source source;
    const char *group; /* what it is paused with; NULL: it never is */
};
/* A new reaction begins with what is written from now on; a known one goes on where it stood. */
kith_status engine_add_reaction(struct engine *g, const struct reaction *r, kith_error *e);
/* Calls fn with each topic that a row stands for: that of a published event; of a record that is
 * created, updated or deleted that one, and those of the states that it entered. What fn fails with
 * ends it. [writer] */
typedef kith_status (*topic_fn)(void *arg, const char *topic, kith_error *e);
kith_status engine_event_topics(const struct event *ev, struct arena *a, topic_fn fn, void *arg,
                                kith_error *e);
/* What the core itself publishes, by number; NULL past the end. (own.c) */
const kith_topic *engine_own_topic(size_t i);
/* Topics that may be published. owner: module. */
kith_status engine_add_topic(struct engine *g, const char *owner, const struct kith_topic *topic,
                             kith_error *e);
/* The i-th of those, by name; NULL past the end. */
const char *engine_topic_at(const struct engine *g, size_t i);
bool engine_topic_known(const struct engine *g, kith_str topic); /* published and record topics */
bool engine_topic_published(const struct engine *g, kith_str topic); /* and not a record's */

int64_t engine_backoff(uint32_t attempts); /* ms until the next try */

struct dead_letter { /* also what still waits for its retry */
    uint64_t number; /* for retry and skip */
    const char *reaction, *topic, *error;
    uint64_t seq;
    kith_id subject;
    uint32_t type, attempts;
    int64_t next; /* ms UTC of the next try; 0: dead */
};
kith_status engine_letters(struct engine *g, bool dead_only, struct arena *a,
                           struct dead_letter **out, size_t *count, kith_error *e); /* [any] */
/* *out is NULL when it waits no more. [any] */
kith_status engine_letter(struct engine *g, uint64_t number, struct arena *a,
                          struct dead_letter **out, kith_error *e);
kith_status engine_letter_retry(struct engine *g, const struct principal *p, uint64_t number,
                                kith_error *e);
kith_status engine_letter_skip(struct engine *g, const struct principal *p, uint64_t number,
                               kith_error *e);

/* -- the bus: timers --------------------------------------------------------------------------- */

struct timer {
    kith_id id;
    int64_t due;
    const struct rtype *type;
    kith_id subject;
    kith_str payload;
};
struct timer_handler {
    const char *name; /* unique for ever: "sales:nurture", "rule:rules/daily.lua:digest" */
    const char *cron; /* every: cron text in the company's zone; NULL: only txn_timer's */
    kith_status (*fn)(void *self, struct txn *t, const struct timer *timer, kith_error *e);
    void *self;
    struct source source;
    const char *group; /* what it is paused with; NULL: it never is */
    /* ms: no one-time timer of it, which is about no record, is ever further ahead. One that is was
     * reckoned by a clock that was set back since, and goes; 0: they may be. */
    int64_t longest;
};
/* Timers of which the last try failed; in the arena. [any] */
struct timer_error {
    const char *handler, *error;
};
kith_status engine_timer_errors(struct engine *g, struct arena *a, struct timer_error **out,
                                size_t *count, kith_error *e);
/* Nothing that waits falls due any more: for a copy in which something is tried out. [any] */
kith_status engine_drop_timers(struct engine *g, const struct principal *p, kith_error *e);
/* A cron timer that was missed while the engine was down fires once. */
kith_status engine_add_timer(struct engine *g, const struct timer_handler *h, kith_error *e);

/* -- the bus: replacing and pausing ------------------------------------------------------------ */

/* Takes all subscribers of rules out and has add() put others in, between two transactions; when it
 * fails all is as it was. What has the name of an earlier one goes on where that one stood; the
 * cursors and due timers of names that are gone are kept for their return. Once it has succeeded no
 * callback of the old ones runs or will run. add runs on the writer. [any] */
kith_status engine_swap(struct engine *g,
                        kith_status (*add)(struct engine *g, void *arg, kith_error *e), void *arg,
                        kith_error *e);

/* A group is a name that reactions and timers share ("rules/score.lua"), in the version of their
 * source. While it is paused its reactions keep their place and its timers wait; nothing is lost.
 * It stays paused over a restart, until engine_resume or until it is added in another version. */
struct pause {
    const char *group, *version, *reason;
    int64_t since; /* ms UTC */
};
/* Takes effect at once, though the transaction that runs may fail, and is made durable right after
 * it. Without effect in a rehearsal. [writer] */
void engine_pause(struct txn *t, const char *group, const char *reason);
bool txn_paused(const struct txn *t, const char *group); /* [writer] */
/* A group to which no subscriber may belong; so it can be paused all the same. Like engine_add_*.
 */
kith_status engine_add_group(struct engine *g, const char *name, const char *version,
                             kith_error *e);
/* KITH_E_NOTFOUND: it is not paused. [any] */
kith_status engine_resume(struct engine *g, const char *group, kith_error *e);
/* Those that are paused, by name, in the arena. [any] */
kith_status engine_pauses(struct engine *g, struct arena *a, struct pause **out, size_t *count,
                          kith_error *e);

/* -- actions ----------------------------------------------------------------------------------- */

#define EFFECT_READ     0u
#define EFFECT_WRITE    1u
#define EFFECT_EXTERNAL 2u /* a write that has something leave the engine */
struct call {
    struct engine *engine;
    struct txn *txn; /* [writer] unless the effect is read: NULL */
    const struct principal *principal;
    const struct action *action;
    const kith_value *args; /* one per parameter; KITH_NULL: not given */
    kith_value *results;    /* one per declared result, KITH_NULL at first; copied from the arena */
    kith_value *rows;       /* a list each; see call_row */
    size_t row_count, row_cap, row_text;
    struct arena *arena;
    bool secret; /* set by it: that it wrote anything is not for the caller, who gets no number */
};
struct action {
    const char *name; /* "sales.rescore" */
    const char *module, *doc;
    uint32_t effect;  /* EFFECT_* */
    bool final;       /* what it does cannot be undone */
    bool gone, whole; /* links may lead to what was deleted; it decides by all records */
    struct rfield *const *params; /* built by engine_add_action's caller with action_fields */
    uint32_t param_count;
    struct rfield *const *results;
    uint32_t result_count;
    struct rfield *const *columns; /* of the rows that it answers with; none: it has no rows */
    uint32_t column_count;
    const char *file; /* the media type of its answer; its results are action_file_fields then */
    kith_status (*fn)(void *self, struct call *call, kith_error *e);
    void *self;
    struct source source;
};
/* What it answers with: its results and, when it has columns, one list more, of its rows, each of
 * which is a list. */
static inline uint32_t action_answers(const struct action *a) {
    return a->result_count + (a->column_count ? 1 : 0);
}
struct action_rows {
    const kith_value *items; /* each row's values are in as.list.items */
    size_t count;
};
static inline struct action_rows action_rows(const struct action *a, const kith_value *results) {
    const kith_value *all = a->column_count ? &results[a->result_count] : NULL;
    return (struct action_rows){all && all->kind == KITH_LIST ? all->as.list.items : NULL,
                                all && all->kind == KITH_LIST ? all->as.list.count : 0};
}
/* Adds a row to what the call answers with, checked and copied. */
#define CALL_ROWS 10000
#define CALL_ROWS_TEXT                                                                             \
    (8u << 20) /* bytes, of all of them: they cross sockets and reach scripts                      \
                */
kith_status call_row(struct call *call, uint32_t count, const kith_value *values, kith_error *e);
/* Of an action whose answer is a file: its place among the results. The bytes are no text. */
enum { FILE_NAME, FILE_TYPE, FILE_DATA, FILE_RESULTS };
extern const kith_field action_file_fields[FILE_RESULTS];
/* Sets them. */
kith_status call_file(struct call *call, kith_str name, kith_str bytes, kith_error *e);
/* Resolves declared parameters or results (kith_field) against the schema; in the engine's memory.
 */
kith_status action_fields(struct engine *g, const char *module, kith_array declared,
                          struct rfield *const **out, uint32_t *count, kith_error *e);
kith_status engine_add_action(struct engine *g, const struct action *a,
                              kith_error *e); /* before start */
const struct action *engine_action(const struct engine *g, kith_str name);
const struct action *engine_action_at(const struct engine *g,
                                      size_t i); /* by name; NULL past the end */
size_t engine_action_count(const struct engine *g);
const char *engine_action_name(const void *engine, size_t i); /* as str_nearest asks for it */
/* KITH_E_NOTFOUND: there is none of that name; with the nearest one. */
kith_status engine_no_action(const struct engine *g, kith_str name, kith_error *e);
/* Those of the core itself. */
#define OWN_READS 1u /* EFFECT_READ, and not EFFECT_WRITE */
#define OWN_FINAL 2u /* it cannot be undone */
#define OWN_GONE  4u /* its links may lead to what was deleted: it looks itself who may do that */
struct own_action {
    const char *name, *doc;
    kith_array params, results; /* kith_field */
    kith_status (*fn)(void *self, struct call *call, kith_error *e);
    uint32_t flags;     /* OWN_* */
    kith_array columns; /* kith_field */
};
const struct own_action *engine_own_action(size_t i); /* NULL past the end (own.c) */
/* Adds them up to one without a name; source: by what name what they write is the core's. */
kith_status engine_add_own(struct engine *g, const char *source, const struct own_action *rows,
                           void *self, kith_error *e);
/* Calls it in a transaction of its own ([any]) or in the given one ([writer]). args by parameter,
 * checked and converted here. results: action_answers() of them, in arena a. */
kith_status engine_call(struct engine *g, struct txn *in, const struct write_opts *o,
                        const struct action *action, const kith_value *args, struct arena *a,
                        kith_value *results, kith_id *tx, kith_error *e);
/* The same as a transaction of its own, once: what was called before with once->key is not called
 * again (*repeated). Of its results there are then those that are links; others are kept nowhere,
 * since they may tell of persons. key and request are given. [any] */
struct once;
kith_status engine_call_once(struct engine *g, const struct write_opts *o, struct once *once,
                             const struct action *action, const kith_value *args, struct arena *a,
                             kith_value *results, bool *repeated, kith_id *tx, kith_error *e);

/* -- reports: queries that modules give a name ------------------------------------------------- */

struct report {
    const char *name; /* "sales.pipeline" */
    const char *doc, *query;
    const char *fields; /* the columns of its table; NULL: those that say most */
};
struct kith_report;
/* Copied. Before start; the query was looked at. */
kith_status engine_add_report(struct engine *g, const char *module, const struct kith_report *r,
                              kith_error *e);
const struct report *engine_report(const struct engine *g, kith_str name);
const struct report *engine_report_at(const struct engine *g, size_t i); /* NULL past the end */

/* -- rehearsal and undo ------------------------------------------------------------------------ */

/* What would be written, in order; values are text for people. Lives in the arena. */
struct effect {
    uint32_t kind;
    const struct rtype *type;
    kith_id id;
    const char *topic;    /* for a published event */
    kith_str data;        /* what comes with that, in JSON; for administrators */
    struct source source; /* the code; kind 0: the caller */
    const struct image_field *fields;
    size_t field_count;
};
struct rehearsal {
    struct effect *effects;
    size_t count;
    size_t reactions;             /* how many ran; 0 for whoever may not see everything */
    struct outbox_item *outgoing; /* what would leave the engine; for administrators */
    size_t outgoing_count;
    bool others; /* there are effects on what the caller may not see */
    bool cut;    /* the bound of 1,000 changes or 50 ms was reached: more would follow */
};
/* Runs fn and the reactions that follow in a savepoint that is rolled back. [any] */
kith_status engine_rehearse(struct engine *g, const struct write_opts *o, write_fn fn, void *arg,
                            struct arena *a, struct rehearsal *out, kith_error *e);
/* Why the sweep that follows an erasure is held up, as by a full disk: it tries again every minute.
 * KITH_OK: it is not. Any thread. */
kith_status engine_sweep_held(struct engine *g, kith_error *e);
/* A consistent copy of the database at `path`, while others write. KITH_E_FULL: there is no room
 * for it. [any] */
kith_status engine_copy(struct engine *g, const char *path, kith_error *e);
/* Has fn work with such a copy, in a folder of its own beside the database, which is removed
 * afterwards. [any] */
typedef kith_status (*copy_fn)(void *arg, const char *path, kith_error *e);
kith_status engine_with_copy(struct engine *g, copy_fn fn, void *arg, kith_error *e);

struct undo_report {
    struct undo_item *items; /* kept and refused ones all, reversed ones up to 1,000 */
    size_t item_count;
    size_t reversed, kept, refused; /* of what the caller may see */
    size_t erased; /* of one of all that came since a moment: what was erased since, and stays so */
    size_t earlier; /* what an earlier undo of the same had reversed, as one that was cut short */
    bool others;    /* there is more that is concerned */
    kith_id
        tx; /* the undo's own first transaction; 0 in a rehearsal or when nothing was reversed */
    kith_id run;              /* for an undo of many transactions: undo this to redo them */
    uint64_t cancelled;       /* effects that were not sent yet, and are not any more */
    struct outbox_item *sent; /* those that were, or are just being; for administrators */
    size_t sent_count;
};
/* Undoes the transaction or the run (import, ...) with this id. */
kith_status engine_undo(struct engine *g, const struct principal *p, kith_id target, bool rehearse,
                        struct arena *a, struct undo_report *out, kith_error *e);
/* As engine_undo, telling after each of its transactions, on the caller's thread, how many of the
 * rows are done. A refusal by fn ends it there. */
struct undo_watch {
    kith_status (*fn)(void *arg, size_t done, size_t rows, kith_error *e);
    void *arg;
};
kith_status engine_undo_watched(struct engine *g, const struct principal *p, kith_id target,
                                bool rehearse, const struct undo_watch *watch, struct arena *a,
                                struct undo_report *out, kith_error *e);
/* Undoes all that came behind row `seq` of the journal, also of types whose records are otherwise
 * never undone, for whoever may everything: the whole company goes back to what it was then. It
 * stands in the journal like any undo. KITH_E_NOTFOUND: the journal does not reach back so far. */
kith_status engine_undo_since(struct engine *g, const struct principal *p, uint64_t seq,
                              const struct undo_watch *watch, struct arena *a,
                              struct undo_report *out, kith_error *e);

/* A run that is under way here: nobody else goes on with it, or takes it back to begin anew. The
 * claim is the caller's memory, zeroed at first, until it is dropped. Claiming anew moves it to
 * another run. false: somebody else has that run. [any] */
struct run_claim {
    kith_id run; /* 0: none */
    struct run_claim *next;
};
bool engine_claim_run(struct engine *g, struct run_claim *claim, kith_id run);
void engine_drop_claim(struct engine *g, struct run_claim *claim);

/* Merges and undos in parts that are not done, oldest first, for whom they concern: they go on when
 * the same is asked for again, and an undo takes back what there is of them. In the arena. [any] */
struct unfinished {
    kith_id run;
    int64_t started;
    kith_str what;  /* "merge of contact 0ABC... into 0DEF..." */
    bool under_way; /* by a command that runs */
};
kith_status engine_unfinished(struct engine *g, const struct principal *p, struct arena *a,
                              struct unfinished **out, size_t *count, kith_error *e);

/* Checks every invariant (journal/doctor.h) of a database that nobody writes, by this one's
 * schema. [any] */
kith_status engine_examine(struct engine *g, const char *path, doctor_tell tell, void *arg,
                           size_t *findings, kith_error *e);
/* The same on a copy of the engine's own. [any] */
kith_status engine_doctor(struct engine *g, doctor_tell tell, void *arg, size_t *findings,
                          kith_error *e);
/* Examines, and makes anew what is kept from records and is not what they give: roll-ups, segments,
 * the search index, folded and converted columns. Told of each check as it begins and, with a
 * sentence, of each for which something was made. What is not kept from records is left as it is,
 * and so is everything in a file that is not sound. Others write meanwhile. [any] */
kith_status engine_repair(struct engine *g, const struct principal *p, doctor_tell tell, void *arg,
                          kith_error *e);

/* Is the journal what was written (journal/chain.h)? On a snapshot; holds up nobody. [any] */
kith_status engine_verify_chain(struct engine *g, const struct chain_anchor *anchor,
                                chain_tell tell, void *arg, struct chain_report *out,
                                kith_error *e);

/* Of the journal by age (journal/compact.h). */
struct journal_state {
    struct journal_start start; /* where it begins */
    struct journal_start next;  /* where it could begin now; seq 0: nothing more may go */
    const char *held_by;        /* what needs rows that are old enough; in the arena; or NULL */
    /* Nothing goes by night before: the clock leapt ahead, or nobody opened the company for more
     * than a month. 0: it does. */
    int64_t waits_until;
};
kith_status engine_journal_state(struct engine *g, struct arena *a, struct journal_state *out,
                                 kith_error *e); /* [any] */
/* Has what is old enough go now. It is done by itself every night: announced then, done the night
 * after. Returns when all of it is gone; others write meanwhile. [any] */
kith_status engine_compact(struct engine *g, const struct principal *p, struct journal_state *out,
                           struct arena *a, kith_error *e);

/* Notes the suppressed addresses that another database of this company knows of, and gives whoever
 * has one the no. secret: the hash of "" there. *done: that were not known. KITH_E_CONFLICT: that
 * database has another secret, and none of its hashes says anything here. [any] */
struct objection;
kith_status engine_suppress(struct engine *g, const struct write_opts *o, const char *secret,
                            const struct objection *items, size_t count, uint64_t *done,
                            kith_error *e);
/* Computes every roll-up anew from its records. [any] */
kith_status engine_compute_rollups(struct engine *g, const struct principal *p, kith_error *e);

/* -- state, for metrics and tests -------------------------------------------------------------- */

#define COMMIT_BOUNDS 11 /* of how long commits took, the sync among it */
extern const uint32_t commit_bounds_us[COMMIT_BOUNDS];
struct engine_stats {
    uint64_t committed, durable; /* seq */
    uint64_t groups, transactions, rows, reactions_run;
    uint64_t wal_bytes, queue, queue_max;
    uint64_t letters_waiting, letters_dead, timers;
    uint64_t outbox_waiting, outbox_dead;
    uint64_t commit_ns, commit_times[COMMIT_BOUNDS + 1]; /* of all; those up to each bound */
    int64_t writer_ms; /* what the writer does right now has taken so long; 0: it waits */
};
void engine_stats(struct engine *g, struct engine_stats *out); /* [any] */
/* How many rows of the journal each of those who follow it has not looked at yet; in the arena.
 * Those that are paused are not among them. [any] */
struct subscriber_lag {
    const char *name; /* of its cursor */
    uint64_t rows;
};
kith_status engine_subscribers(struct engine *g, struct arena *a, struct subscriber_lag **out,
                               size_t *count, kith_error *e);
/* Why what is to be done cannot be kept, as on a disk that fails. KITH_OK: it can. [any] */
kith_status engine_held(struct engine *g, kith_error *e);

#endif
