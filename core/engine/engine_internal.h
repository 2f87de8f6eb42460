/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine's own files share. Nothing outside core/engine includes this. */
#ifndef ENGINE_ENGINE_INTERNAL_H
#define ENGINE_ENGINE_INTERNAL_H

#include "base/cron.h"
#include "base/id.h"
#include "engine/engine.h"
#include "engine/outbox.h"
#include "engine/segment.h"
#include "journal/chain.h"
#include "journal/erasure.h"
#include "record/access.h"
#include "record/lookup.h"
#include "record/member.h"

#include <pthread.h>
#include <stdatomic.h>

#define KNOWN_TOKENS 1024 /* that are kept in memory, at most */

/* -- registrations: those of rules are replaced as a whole, all others are fixed at the start ---
 */

/* Subscribers that are paused together; see pause.c. */
struct group {
    const char *name, *version;
    bool paused;
    bool unsaved; /* paused since the last transaction, by this failure: */
    int64_t since;
    char reason[sizeof((kith_error *)0)->message];
    struct group *next;
};

struct hook_entry {
    struct hook hook;
    uint32_t source; /* kith_source number */
};
struct hook_list { /* in the order in which they run */
    struct hook_entry **items;
    size_t count, cap;
};

/* What makes a journal row an event that a reaction waits for. */
enum event_match {
    MATCH_CREATED,
    MATCH_UPDATED,
    MATCH_DELETED,
    MATCH_STATE,
    MATCH_TOPIC,
    MATCH_ANY
};
struct reaction_entry {
    struct reaction reaction;
    uint32_t source;
    enum event_match match;
    const struct rtype *type;
    const struct rfield *state; /* MATCH_STATE: the field, and the option entered */
    const char *option;
    uint32_t topic;              /* MATCH_TOPIC: kith_topic number */
    uint64_t cursor;             /* [writer] last seq it has seen, committed; UINT64_MAX: paused */
    struct group *group;         /* or NULL */
    struct listening *listening; /* MATCH_ANY; see listen.c */
};
struct reaction_list {
    struct reaction_entry **items;
    size_t count, cap;
};

struct timer_entry {
    struct timer_handler handler;
    uint32_t source;
    struct cron cron;
    struct group *group; /* or NULL */
};
struct action_entry {
    struct action action;
    uint32_t source;
};
struct topic_entry {
    const char *name, *owner;
    uint32_t number, schema;
    struct rtype payload; /* what its events carry */
};

struct delivery_entry {
    struct delivery_handler handler;
    uint32_t source;
};

/* What leaves the engine; see outbox_work.c. */
struct outbox {
    struct delivery_entry *handlers; /* fixed at the start */
    size_t handler_count, handler_cap;
    bool touched; /* [writer] this group changed when something is due */
    pthread_t *threads;
    uint32_t thread_count;
    atomic_bool starting, sends, stop;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t work;
    int64_t next_due; /* as committed; INT64_MAX: nothing is */
    bool claiming;    /* one of the workers asks the writer for work */
    uint32_t busy;    /* those that have some */
    uint32_t slow;    /* and those of them whose endpoint is slow */
};

/* Who is told of what. Read on the writer; built by one thread at a time. */
struct type_subscribers {
    struct hook_list hooks[3][2]; /* [ROW_CREATE-1 ..][before, after] */
    /* To changes of this type; of type 0: to published events. Those to all stand in each. */
    struct reaction_list reactions;
};
struct subscribers {
    struct arena arena; /* the lists, and the entries of rules; other entries: the engine's */
    struct type_subscribers *types; /* by type number */
    struct reaction_list reactions;
    struct timer_list {
        struct timer_entry **items;
        size_t count, cap;
    } timers;
    struct group *groups;
};

struct type_info {                 /* by type number */
    kith_value *defaults;          /* one per field */
    const struct rfield **inbound; /* link fields that point here, links to any record included */
    size_t inbound_count;
    const char *referred; /* of record_referred, about these fields; NULL: there are none */
};

/* -- requests ---------------------------------------------------------------------------------- */

struct request {
    struct request *next;
    const struct write_opts *opts;
    write_fn fn;
    void *arg;
    void (*done)(void *arg, kith_status st, kith_id tx, const kith_error *e);
    /* Runs outside a group, in a transaction of its own that `alone` begins and ends. */
    kith_status (*alone)(struct engine *g, struct request *r, kith_error *e);
    void *alone_arg;
    kith_status status;
    kith_error error;
    kith_id tx;
    bool finished; /* guarded by the engine's lock */
    pthread_cond_t *wake;
};

struct base; /* base_hooks.c */

/* own.c: what a part of the core offers, in the form in which a module declares it. */
struct own_part {
    const char *name;                 /* as the source of what its actions write */
    const struct own_action *actions; /* the last one has no name */
    size_t topic_count;
    const kith_topic *topics;
};
extern const struct own_part segments_own, dates_own, merge_own, consent_own, restriction_own,
    erase_own, flow_own, pass_own;
extern const struct own_action segment_actions[];
kith_status own_add(struct engine *g, kith_error *e);

/* What is done in several transactions, as one run: every one of them begins and ends with these,
 * and is followed by parts_written once it is committed. What was begun and not done by whoever
 * asks for the same is gone on with. */
struct parts {
    kith_str asked; /* see struct open_run */
    struct run_claim claim;
    kith_id run;    /* once a part is written and more are to come */
    int64_t since;  /* when it was begun that is gone on with; 0: this is all of it */
    uint32_t stage; /* of that, as its last part left it */
};
kith_status parts_begin(struct txn *t, struct parts *p, kith_error *e);
kith_status parts_end(struct txn *t, struct parts *p, uint32_t stage, bool more, kith_error *e);
void parts_written(struct parts *p);
void parts_done(struct engine *g, struct parts *p); /* or given up */
/* Whose runs the caller knows of: 0, all, or its own number. */
uint32_t txn_only_by(const struct txn *t);

/* A record on its way out, with all that is part of it. */
struct going {
    const struct rtype *type;
    kith_id id;
    const struct going *outer;
};

struct txn {
    struct engine *g;
    struct arena *arena;
    const struct principal *principal;   /* who asked; txn_principal is whose rights hold now */
    const struct agent_session *session; /* theirs; or NULL */
    struct principal caller, as_system;
    uint32_t system;             /* above 0: what runs is not what the caller asked for itself */
    struct tx_head head;         /* id 0 until something is written */
    const struct source *code;   /* the hook, reaction, ... that is running; NULL: the caller */
    uint32_t source;             /* its number */
    const struct source *writer; /* while a hook runs: the code whose write it looks at */
    const struct going *going;   /* what is being deleted, the innermost first */
    uint64_t cause_row;          /* seq of the row whose hook is running */
    uint32_t hook_depth;
    int64_t deadline; /* of searches: clock_ticks; 0: none */
    bool day_first;
    bool undoing;
    bool merging;    /* hooks see changes that a merge makes, whoever called it */
    bool erasing;    /* hooks have no say, and what is kept by code is emptied, too */
    bool more;       /* see txn_more */
    bool spoilt;     /* a write failed when its row was written already; see txn_run */
    bool refused;    /* a write failed: what is said of it is for those who work here */
    bool quiet;      /* nothing of it is journaled: it stands there already */
    bool alone;      /* no savepoint is around it: when it fails, the whole group is rolled back */
    bool again;      /* set by what failed alone: it is to be run once more, in a savepoint */
    kith_id coming;  /* the record that an undo writes: a link of its own leads to it */
    kith_id *undone; /* contacts that an undo touched; see base_undone */
    size_t undone_count, undone_cap;
};

/* What the index of search is still to follow; see search.c. [writer] */
struct search_state {
    struct touched {
        const struct rtype *type;
        kith_id id;
    } * touched; /* in this group, perhaps for nothing */
    size_t count, cap;
    size_t followed;         /* so many of them have been, in this group */
    bool unsure;             /* FTS5 may remember something of a group that was rolled back */
    bool damaged;            /* so it was found when it was written */
    bool writing;            /* the index is being written, in the midst of a search perhaps */
    struct search_text room; /* words of one record at a time */
    struct search_gap *gaps; /* types that are being indexed, as committed */
    size_t gap_count;
    struct arena arena; /* of the gaps */
    bool held;          /* indexing failed: not before the next start */
};

/* What is still to be done for those who were erased; see sweep.c. [writer] */
struct sweep_state {
    enum sweep_stage {
        SWEEP_NONE,
        SWEEP_FIND,  /* what is to be done first */
        SWEEP_LOOK,  /* through what no index leads to, for `row` */
        SWEEP_MERGE, /* the index of search, for all `requests` */
        SWEEP_EMPTY, /* the log */
        SWEEP_DONE,  /* and to be noted so */
        SWEEP_LATER, /* at retry_at, from the stage `later` on */
    } stage,
        later;
    int64_t retry_at;
    struct arena arena; /* of the row, or of the requests */
    struct sweep_row row;
    enum sweep_part part;
    uint64_t after;
    bool whole;   /* the part, or the index */
    bool merging; /* it was begun */
    bool more;    /* somebody was erased meanwhile */
    kith_id *requests;
    size_t request_count;
    uint32_t number; /* of its source */
    kith_error held; /* why it is held up; guarded by the engine's `lock` */
};

/* Those who wait for what is durable; see await.c. */
struct await {
    _Atomic uint32_t waiting;
    pthread_mutex_t lock;
    pthread_cond_t cond;
};

struct reader {
    struct conn *conn;
    struct engine *engine;
    int64_t deadline; /* clock_ticks */
    bool busy;
};

struct engine {
    struct engine_options opts;
    char *path;
    struct kclock real_clock, *clock;
    _Atomic bool clock_behind;  /* it was said already */
    _Atomic int64_t clock_seen; /* the latest time by which the writer worked */
    kith_id opened_at;          /* the largest id when it was opened */
    int lock_fd;
    bool rolled_up;     /* roll-ups were computed when it was opened: segments may look at them */
    atomic_int copies;  /* of the database that are worked with; see copy.c */
    bool owner_marked;  /* "open" stands in the lock file */
    bool owner_empties; /* the log that was found is emptied once it is open */
    struct schema *schema;
    struct arena arena; /* of registrations */
    struct base *base;

    /* [writer], or [main] before start */
    struct conn *writer;
    struct idgen ids;
    uint64_t seq;         /* last given out */
    struct chain chain;   /* of the rows up to there */
    uint64_t writes;      /* of rows, journaled or not, also those that were taken back */
    struct map actors;    /* "kind:name" -> number, committed or in this group */
    struct arena work;    /* of the request or event that is running */
    struct arena derived; /* of records whose roll-ups change: a transaction may change many */
    /* Changed on the writer under `lock`: other threads read it under the lock. */
    struct subscribers *subs;
    struct subscribers *adding; /* where engine_add_* put them; NULL: nowhere */
    bool pausing;               /* some group's pause is not written yet */
    bool rehearsing;
    bool given_up;      /* the group: it is rolled back, or will be before the next one begins */
    struct map blocked; /* subjects of a reaction that wait behind a letter; see bus.c */
    _Atomic int64_t next_due;  /* the next letter or timer; INT64_MAX: none */
    bool refresh_due;          /* next_due must be read again */
    bool bus_stale;            /* cursors and blocked must be read again before they are used */
    uint64_t bus_head;         /* the smallest cursor */
    struct arena listen_arena; /* what is listened for, as committed */
    bool replays;              /* there may be some */

    struct segments segments;
    uint32_t release_source; /* number of the source of what a deletion does to other records */

    struct past_place *past; /* of a backtest; NULL: it is now */

    struct outbox outbox;
    struct search_state search;
    struct sweep_state sweep;
    bool *flow_waited;       /* by type number, 0: what is published: see flow_may_wait */
    struct type_info *types; /* by type number */
    uint32_t type_max;
    struct retention_rules *retention; /* NULL: there are none */
    struct action_entry **actions;
    size_t action_count, action_cap;
    struct report *reports;
    size_t report_count, report_cap;
    struct topic_entry **topics;
    size_t topic_count, topic_cap;

    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* guards the queue, idle, stop and held */
    pthread_cond_t work_cond, idle_cond;
    struct request *queue, **queue_tail;
    struct run_claim *claims; /* guarded by `lock` */
    uint32_t queued;
    bool stop, idle;
    kith_error held; /* why what is to be done is held up, when it is; and */
    _Atomic uint32_t held_times, held_before; /* how often it was; and up to the last commit */

    struct await await;
    pthread_mutex_t readers_lock;
    pthread_cond_t readers_cond;
    struct reader *readers;
    bool readers_held; /* for a restart checkpoint */

    pthread_t checkpointer;
    pthread_mutex_t checkpoint_lock;
    pthread_cond_t checkpoint_cond;
    bool checkpoint_stop;
    bool writer_held; /* guarded by checkpoint_lock: no group begins until the log begins anew */
    struct conn *checkpoint;
    _Atomic uint64_t wal_pages;

    pthread_mutex_t known_lock;
    struct known_access *known; /* guarded by known_lock; see access.c; and known_tokens.c: */
    struct known_token *known_tokens[KNOWN_TOKENS];
    pthread_mutex_t sign_lock;    /* one sign-in, or one hash of a password, at a time */
    struct engine *original;      /* whose log tells what is read here; NULL: the own */
    _Atomic int64_t token_failed; /* when and which was logged last; see sign_in.c */
    pthread_mutex_t reads_lock;
    struct read_note *reads, *reads_last; /* wait to be logged; guarded by reads_lock, as are: */
    size_t reads_waiting;                 /* their records */
    uint64_t reads_left, reads_logged;    /* notes, since the start */
    uint64_t reads_failed;                /* commits of notes that failed, since the start */
    kith_error reads_error;               /* of the last one that did */
    bool reads_posted;
    const struct read_note *reads_written; /* [writer] the last one that the transaction wrote */
    _Atomic uint64_t access_generation;
    bool access_touched; /* [writer] this group wrote what rights come from, or tokens */
    bool names_follow;   /* [writer] roles get new names, whatever else they name */

    _Atomic uint64_t committed, durable, groups, transactions, reactions_run;
    _Atomic uint64_t commit_ns, commit_times[COMMIT_BOUNDS + 1]; /* see state.c */
    _Atomic int64_t turn_since; /* clock_ticks: the writer has been busy since; 0: it waits */
};

#define REHEARSE_ROWS  1000  /* journaled rows that are rehearsed in place, on the writer */
#define DELETE_MAX     10000 /* records that one deletion may touch */
#define HOOK_DEPTH_MAX 32    /* of hooks that write and so call hooks */

/* state.c */
void note_commit(struct engine *g, int64_t ns);

/* engine.c */
/* Warns when the time is behind that of the newest id; once, until it is not any more. */
void clock_check(struct engine *g, int64_t now, kith_id newest);
void clock_saw(struct engine *g, int64_t at); /* the writer works by that time */
/* It is more than a minute before what the writer worked by. Any thread. */
bool clock_is_back(const struct engine *g);
kith_status intern_source(struct engine *g, struct arena *a, const struct source *s,
                          struct source *copy, uint32_t *number, kith_error *e);
bool on_writer(const struct engine *g);

/* subscribers.c */
kith_status subscribers_make(struct engine *g, struct subscribers **out, kith_error *e);
void subscribers_free(struct subscribers *s); /* s may be NULL */
/* Makes what was added ready to be called: cursors, timers, pauses. In a transaction. */
kith_status subscribers_start(struct engine *g, kith_error *e);

/* pause.c */
kith_status pauses_setup(struct engine *g, kith_error *e);
/* The groups that are paused in the database; those of another version are resumed. */
kith_status pauses_start(struct engine *g, kith_error *e);
/* Writes the pauses since the last time, in a transaction of their own. While that fails no event
 * may be handled: its reaction's cursor would move on. */
kith_status pauses_write(struct engine *g, kith_error *e);
/* The group of that name in g->adding; NULL: no memory. */
struct group *group_of(struct engine *g, const char *name, const char *version);

/* writer.c */
kith_status writer_start(struct engine *g, kith_error *e);
void writer_stop(struct engine *g);
kith_status writer_submit(struct engine *g, struct request *r, kith_error *e); /* waits */
/* Begins a group's transaction, or ends it. After a failed commit nothing of it is left and the
 * in-memory state is what it was before. */
kith_status group_begin(struct engine *g, kith_error *e);
kith_status group_commit(struct engine *g, kith_error *e);
void group_rollback(struct engine *g);
bool requests_wait(struct engine *g);
/* Runs fn in a group of its own, as this code. Not in a group. */
kith_status group_write(struct engine *g, const struct write_opts *o, const struct source *code,
                        uint32_t number, write_fn fn, void *arg, kith_error *e);
bool group_lost(const struct engine *g); /* nothing more can be written in it, or kept of it */

/* txn.c */
void txn_begin(struct txn *t, struct engine *g, const struct write_opts *o, uint32_t actor);
kith_status txn_alive(struct engine *g, kith_error *e); /* KITH_E_IO: the group is gone */
/* Runs fn in a savepoint. On failure seq and rows are as before. */
kith_status txn_run(struct txn *t, write_fn fn, void *arg, kith_error *e);
kith_status txn_actor(struct engine *g, const struct principal *p, uint32_t *number, kith_error *e);
/* Values of a record that is to be written; NULL in `from`: empty ones. NULL: no memory. */
kith_value *change_copy(struct txn *t, const struct rtype *type, const kith_value *from);
void change_mark(struct change *c, const kith_value *values); /* those that are set: changed */
/* Writes the row itself, and nothing that goes with it. */
kith_status change_row(struct txn *t, const struct change *c, kith_error *e);
/* Reads the record as it is, into c->before. */
kith_status change_before(struct txn *t, struct change *c, kith_error *e);
/* Before-hooks, checks, the row, the journal, what is derived, after-hooks. The first are the
 * beginning, all others the end. */
kith_status change_write(struct txn *t, struct change *c, kith_error *e);
kith_status change_begin(struct txn *t, struct change *c, kith_error *e);
kith_status change_finish(struct txn *t, struct change *c, kith_error *e);
void txn_env(struct txn *t, struct query_env *env);
/* Of a principal with a session: what it writes is a part of that, and counts (agent.c). */
void agent_enter(struct txn *t);
bool agent_is_run(const struct txn *t); /* its run is the session, and none of its own */
kith_status agent_check(struct txn *t, kith_error *e); /* before it writes */
kith_status agent_charge(struct txn *t, kith_error *e);
/* What was allowed when the company was last open, and not decided, since that ended in a crash: it
 * is done with its transaction, or waits again. Nothing else runs yet. */
void agent_settle(struct engine *g);
/* txn_create of a record whose id is known already. */
kith_status txn_create_as(struct txn *t, const struct rtype *type, kith_id id,
                          const struct assign *set, size_t count, kith_error *e);
/* Does it want to hear of that change? */
kith_status hook_wants(struct txn *t, const struct hook *h, const struct change *c, bool *yes,
                       kith_error *e);
/* KITH_E_NOTFOUND when the record that v links to is not there; purpose ends the sentence. */
kith_status link_exists(struct conn *c, const struct schema *schema, const struct rfield *f,
                        const kith_value *v, const char *purpose, kith_error *e);
/* A record as it is, in the transaction's arena; NULL: it is gone. A match_lookup: arg is the txn.
 */
kith_status txn_lookup(void *arg, const struct rtype *t, kith_id id, const kith_value **values,
                       kith_error *e);

/* delete.c: may the caller delete the record? */
kith_status txn_may_delete(struct txn *t, const struct rtype *type, kith_id id, kith_error *e);

/* redirects.c: *id becomes that of the record that it was merged into, if the principal may read
 * that; else, and while the record is there, it stays. */
kith_status txn_follow(struct txn *t, const struct rtype *type, kith_id *id, kith_error *e);
/* The same for what a link or links field is to hold; a list is copied, none is twice in it. */
kith_status txn_follow_links(struct txn *t, const struct rfield *f, kith_value *v, kith_error *e);
/* The record that went on in another, and was found by this key of one field; 0: none that the
 * caller may read. */
struct lookup;
kith_status txn_former_key(struct txn *t, const struct lookup *l, const kith_value *values,
                           kith_id *id, kith_error *e);
/* Does a redirect lead on from a record that comes back, or is there? Away with it. */
kith_status redirect_leads_on(struct txn *t, kith_id gone, bool *yes, kith_error *e);
kith_status redirect_drop(struct txn *t, kith_id gone, kith_error *e);
/* Away with all that lead astray; a write_fn. */
kith_status redirects_mend(struct txn *t, void *arg, kith_error *e);
/* An undo brings back a record by `reverse`: no redirect leads away from it any more. */
kith_status txn_come_back(struct txn *t, kith_id id, write_fn reverse, void *arg, kith_error *e);
/* Is what it brings back a redirect, of a record that is back by now? */
bool redirect_leads_back(struct txn *t, const struct change *c);
/* KITH_E_REFUSED: what was merged away cannot be deleted. */
kith_status txn_merged_away(const struct rtype *type, kith_id id, kith_id kept, kith_error *e);

/* new_names.c */
void names_followed(struct engine *g);     /* before anybody comes in; a failure is logged */
void addresses_followed(struct engine *g); /* the same; new_addresses.c */

/* erase.c, sweep.c */
/* Erases a record that has personal fields. request: the record of type erasure. mentions (may be
 * NULL): other records that name the person, as JSON. */
kith_status txn_erase(struct txn *t, const struct rtype *type, kith_id id, kith_str reason,
                      kith_id *request, kith_str *mentions, kith_error *e);
/* erase_mentions.c: of those that the caller may read, as JSON. The person, who may be there still,
 * is none of them. */
kith_status erase_mentions(struct txn *t, const struct traces *traces, kith_id person,
                           kith_str *out, kith_error *e);
/* erase_user.c: the record, and then what the journal calls the user */
bool user_field_goes(const struct rfield *f);
kith_status user_empty(struct txn *t, kith_id id, kith_error *e);
kith_status user_forget(struct txn *t, kith_id id, kith_error *e);
kith_status sweep_open(struct engine *g, kith_error *e);
extern const struct source erase_source;
/* Writes the list beside the database. Not in a group. */
kith_status erasures_list(struct engine *g, kith_error *e);
void sweep_wanted(struct engine *g); /* somebody was erased, unless it is taken back */
bool sweep_waiting(const struct engine *g);
kith_status sweep_next_due(struct engine *g, int64_t *due, kith_error *e);
void sweep_step(struct engine *g);
void sweep_set_back(struct engine *g); /* the clock was: what waits is tried again */
void sweep_close(struct engine *g);

/* access.c */
kith_status access_hooks_add(struct engine *g, kith_error *e);
kith_status access_absent(const struct rtype *t, kith_id id, kith_error *e); /* KITH_E_NOTFOUND */
/* As engine_enter, with what the transaction sees; left by engine_leave before it ends. */
kith_status txn_enter(struct txn *t, const struct access_of *of, struct principal *out,
                      kith_error *e);
kith_status txn_admit(struct txn *t, kith_error *e); /* before anything else is done in it */
/* Of the record as it is, and as the caller wants it: before the hooks have their say. */
kith_status txn_may_begin(struct txn *t, const struct change *c, kith_error *e);
kith_status txn_may_set(struct txn *t, const struct rfield *f, kith_error *e);
kith_status txn_may_number(struct txn *t, const struct rfield *f, const kith_value *v,
                           kith_error *e);
kith_status txn_may_end(struct txn *t, const struct change *c, kith_error *e);
/* A new part of which the caller does not say what it is part of: a hook may. txn_may_stand judges
 * it behind the hooks. */
bool txn_part_of_nothing(const struct txn *t, const struct change *c);
kith_status txn_may_stand(struct txn *t, const struct change *c, kith_error *e);
/* May the caller be told of a record, by what the system does on the caller's account, too? */
bool txn_tells(struct txn *t, const struct rtype *type, kith_id id);
/* e is the refusal of a value that is taken. */
kith_status txn_conflict(struct txn *t, const struct change *c, kith_error *e);
/* lookup_find and record_exists for what the caller may read. */
kith_status txn_lookup_key(struct txn *t, const struct lookup *l, const kith_value *values,
                           kith_id *ids, uint32_t max, uint32_t *found, kith_error *e);
kith_status txn_exists(struct txn *t, const struct rtype *type, kith_id id, bool *there,
                       kith_error *e);
kith_status txn_may_undo(struct txn *t, kith_id target, const struct tx_head *txs, size_t count,
                         kith_error *e);
/* t may be NULL. */
kith_status access_call(const struct txn *t, const struct principal *p, const struct action *a,
                        kith_error *e);

/* -- what is derived from records: the table in derived.c -------------------------------------- */

kith_status derived_open(struct engine *g, kith_error *e);
kith_status derived_start(struct engine *g, kith_error *e);
void derived_close(struct engine *g);
/* After a write, and after a change of a roll-up's value in the record that it belongs to. The
 * latter comes with before, after and changed like an update, but without hook, journal row or time
 * of change; they live until the call ends. */
kith_status derived_begin(struct engine *g, kith_error *e);
kith_status derived_follow(struct txn *t, const struct change *c, kith_error *e);
kith_status derived_catch_up(struct engine *g, kith_error *e);
void derived_taken_back(struct engine *g);
void derived_committed(struct engine *g);
void derived_rolled_back(struct engine *g);
bool derived_waiting(const struct engine *g);
kith_status derived_next_due(struct engine *g, int64_t *due, kith_error *e); /* INT64_MAX: none */
void derived_step(struct engine *g);
bool derived_build(struct engine *g); /* false: there was nothing to build */

/* Its rows, beside those of segments (segment.h). */
kith_status access_follow(struct txn *t, const struct change *c, kith_error *e);
void access_committed(struct engine *g);
void access_rolled_back(struct engine *g);
void access_close(struct engine *g);

/* known_tokens.c: tokens by the digests of their texts. Any thread. */
struct token;
/* A copy, its texts in the arena, if it is kept since that generation. */
bool known_token(struct engine *g, const char *digest, uint64_t generation, struct arena *a,
                 struct token *out);
void known_token_keep(struct engine *g, const char *digest, uint64_t generation,
                      const struct token *t);
/* It was used, for the first time since `before`? Else somebody else has noted it. */
bool known_token_used(struct engine *g, const char *digest, int64_t before, int64_t now);
void known_token_forget(struct engine *g, const char *digest);
void known_tokens_close(struct engine *g);
kith_status rollup_open(struct engine *g, kith_error *e);
kith_status rollup_follow(struct txn *t, const struct change *c, kith_error *e);
/* A record is made: what it keeps in a currency of its own begins in that. */
void rollup_begin(const struct change *c);
kith_status search_open(struct engine *g, kith_error *e);
kith_status search_begin(struct engine *g, kith_error *e);
/* What the writer's last statement ended with: damage of the index is noted, and told as such. */
kith_status search_ended(struct engine *g, kith_status st, kith_error *e);
kith_status search_follow(struct txn *t, const struct change *c, kith_error *e);
/* Also before a search inside a transaction. Before commits only, outside of the savepoints: in
 * each of those FTS5 would write a part of its own. */
kith_status search_catch_up(struct engine *g, kith_error *e);
void search_taken_back(struct engine *g);
void search_settled(struct engine *g);
void search_rolled_back(struct engine *g);
bool search_building(const struct engine *g);
void search_build(struct engine *g);
void search_close(struct engine *g);

/* read_log.c */
extern const struct write_opts by_kith; /* for what the system itself writes */
/* Is it logged that this principal was handed records of this type? */
bool reads_noted(const struct engine *g, const struct principal *p, const struct rtype *t);
/* ids may be NULL when count is 0: totals were read. */
kith_status reads_note(struct engine *g, const struct principal *p, const struct rtype *t,
                       const kith_id *ids, size_t count, kith_error *e);
kith_status reads_flush(struct engine *g, kith_error *e); /* what waits is written; not [writer] */
void reads_close(struct engine *g);
void reads_free(struct engine *g);

/* owner.c */
kith_status owner_take(struct engine *g, kith_error *e);
/* copy.c: whoever owned the company before may have died and left copies. Before any is made. */
void copies_clean(const struct engine *g);
void owner_opened(struct engine *g);                      /* the writer's connection is */
kith_status owner_check(struct engine *g, kith_error *e); /* is the file still in its place? */
void owner_mark(struct engine *g);    /* something is committed, and not in the database file yet */
void owner_release(struct engine *g); /* everything is; the lock goes with its descriptor */

/* checkpoint.c */
void checkpoint_watch(struct engine *g); /* the commits of the writer, from its opening on */
kith_status checkpoint_start(struct engine *g, kith_error *e);
void checkpoint_stop(struct engine *g);
void checkpoint_wait(struct engine *g); /* [writer] before a group, while the writer is held */

/* readers.c */
kith_status readers_open(struct engine *g, kith_error *e);
void readers_close(struct engine *g);
/* Gives out no reader until readers_release. False: not all were back after ms. */
bool readers_hold(struct engine *g, int64_t ms);
void readers_release(struct engine *g);

/* outbox.c */
const struct delivery_entry *outbox_handler(const struct engine *g, const char *name);
kith_status outbox_start(struct engine *g, kith_error *e); /* in a transaction */
/* An undo: adds to what the report says. *cap is that of the list of those sent. */
kith_status outbox_take_back(struct txn *t, enum outbox_by by, uint64_t what, struct arena *a,
                             struct undo_report *r, size_t *cap, kith_error *e);
kith_status outbox_erase(struct txn *t, kith_id subject, kith_id request, kith_error *e);
void outbox_counts(struct conn *c, struct engine_stats *out);

void awaited_committed(struct engine *g); /* [writer] await.c */

/* outbox_work.c */
void outbox_committed(struct engine *g); /* [writer] wakes who sends */
void outbox_stop(struct engine *g);
/* How long an effect waits after so many tries, for a random number; and an endpoint after so many
 * failures in a row. ms. */
int64_t outbox_pause(const struct engine_options *o, uint32_t tries, uint64_t random);
int64_t outbox_open_for(const struct engine_options *o, uint32_t failures);

/* backtest.c: where it stands in the past. */
struct past_place {
    uint64_t seq; /* the last row that has been */
    /* The id of a record that is about to be made. */
    kith_status (*id)(struct past_place *p, struct txn *t, const struct rtype *type, kith_id *id,
                      kith_error *e);
};

/* compact.c */
/* What goes for its age is in no hurry: so long it pauses after each transaction, for the disk,
 * too.
 */
#define AGE_PAUSE_MS 50
void age_pause(void); /* not [writer] */
/* When the next transaction is due: at once by a virtual clock. */
int64_t age_next(const struct txn *t);
kith_status compact_add(struct engine *g, kith_error *e);

/* flow.c; more in flow.h */
kith_status flow_hooks_add(struct engine *g, kith_error *e);
/* An undo takes back what began a run: it does not go on. A run that is over, or gone: nothing. */
kith_status flow_cancel(struct txn *t, kith_id run, kith_error *e);
kith_status flow_cancel_caused(struct txn *t, uint64_t first, uint64_t last, kith_error *e);
/* The sweep of an erasure looks through the next runs: what names somebody goes, with its run. In a
 * group. */
kith_status flow_sweep(struct engine *g, const struct source *code, uint32_t number,
                       const struct traces *traces, uint64_t *after, int64_t max, bool *whole,
                       kith_error *e);
kith_status flow_topics_read(struct engine *g, kith_error *e); /* once they are declared */

/* retention.c */
kith_status retention_add(struct engine *g, kith_error *e);

/* base_hooks.c */
kith_status base_hooks_add(struct engine *g, kith_error *e);
kith_status tasks_hooks_add(struct engine *g, kith_error *e); /* base_tasks.c */
kith_status forms_hooks_add(struct engine *g, kith_error *e); /* base_forms.c */
kith_value point_normal(struct txn *t, kith_str kind, kith_str value);
/* The records whose field holds an address to the letter (lookups pass over accents).
 * consent_actions.c */
kith_status address_find(struct txn *t, const struct rfield *f, kith_str normal, kith_id *ids,
                         uint32_t max, size_t *n, kith_error *e);
kith_str point_digits(struct arena *a, kith_str s); /* of a phone number, as it is compared */
/* consent_keep.c. Mending: what stands is worked out anew for a contact that an undo touched. */
kith_status consent_hooks_add(struct engine *g, kith_error *e);
/* KITH_E_REFUSED: the record's data are restricted. */
kith_status restriction_check(const struct rtype *t, kith_id id, const kith_value *values,
                              kith_error *e);
kith_status restriction_hooks_add(struct engine *g, kith_error *e); /* restriction.c */
kith_status consent_mend(struct txn *t, kith_id contact, kith_error *e);
kith_status consent_purpose_hooks_add(struct engine *g, kith_error *e); /* consent_purpose.c */
/* suppression.c. All: each contact point that has a suppressed address gets the no. */
kith_status suppression_hooks_add(struct engine *g, kith_error *e);
kith_status suppressions_apply_all(struct txn *t, kith_error *e);
kith_status suppressions_keep(struct txn *t, kith_id contact, kith_error *e);
/* Has a consent come to its end that does not say so yet? [any] */
kith_status consent_overdue(struct conn *c, int64_t now, bool *yes, kith_error *e);
kith_status dates_hooks_add(struct engine *g, kith_error *e);       /* base_dates.c */
kith_status saved_query_hooks_add(struct engine *g, kith_error *e); /* saved_query.c */
kith_status purpose_hooks_add(struct engine *g, kith_error *e);     /* purposes.c */
/* An undo wrote a row: remembers whose contact points to look at. base_mend does, once the undone
 * transactions are undone as a whole. */
kith_status base_undone(struct txn *t, const struct change *c, kith_error *e);
/* Does the point that links by f say only what its contact shows, as one that the contact's own
 * write added? It goes with the contact, in an undo, too. */
kith_status base_point_follows(struct txn *t, const struct rfield *f, kith_id point, bool *goes,
                               kith_error *e);
kith_status base_mend(struct txn *t, kith_error *e);

#endif
