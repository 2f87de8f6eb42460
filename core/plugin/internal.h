/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: a module and its parts, the frame around every call into one,
 * and the bodies of the handles that modules see only as pointers. */
#ifndef PLUGIN_INTERNAL_H
#define PLUGIN_INTERNAL_H

#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/timing.h"
#include "engine/outbox.h"
#include "plugin/plugin.h"
#include "record/session.h"
#include <kith/plugin.h>
#include <kith/serve.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* -- the file (binary.c) ----------------------------------------------------------------------- */

struct binary {
    unsigned char *bytes;
    size_t size;
    char hash[33]; /* hex, NUL-ended */
};
/* Reads the whole file after checking that nobody but its owner, who is root or this user, can have
 * changed it. */
kith_status binary_read(const char *path, struct binary *out, kith_error *e);
void binary_free(struct binary *b);
/* Writes the private copy, unless it is there already; *copy lives in the arena. Before a copy gets
 * its name it is opened once in a child process, so that code that dies there harms nobody. */
kith_status binary_copy(const struct binary *b, const char *name, const char *folder,
                        struct arena *a, const char **copy, kith_error *e);
/* Maps it for the life of the process and asks it for its description. */
kith_status binary_open(const char *copy, const kith_plugin_desc **out, kith_error *e);

#define PLUGIN_ENTRY "kith_plugin_entry_v1"

/* -- the checks (checks.c) --------------------------------------------------------------------- */

/* What a shared object must be to be loaded, each by itself. The first ones look at the bytes, the
 * others need it loaded, which happens in a child process. */
enum check {
    CHECK_FORMAT,
    CHECK_EXPORT,
    CHECK_UNIQUE,
    CHECK_TEXTREL,
    CHECK_STACK,
    CHECK_TLS,
    CHECK_CONSTRUCTORS,
    CHECK_CARRIES,
    CHECK_USES,
    CHECK_COMPLETE, /* from here on in the child */
    CHECK_SECOND,
    CHECK_DECLARATION,
    CHECKS
};
const char *check_name(enum check c); /* "one_export" */
struct findings {
    kith_error items[CHECKS]; /* code KITH_OK: passed, or not looked at */
    bool looked[CHECKS];
};
void findings_set(struct findings *f, enum check c, kith_status st, const kith_error *why);
/* The first check that failed. */
kith_status findings_verdict(const struct findings *f, kith_error *e);
/* Those that look at the bytes. */
void checks_look(const struct binary *b, struct findings *f);
/* Those that need it loaded, into this process: for a child. */
void checks_load(const struct binary *b, const char *path, struct findings *f);

/* -- the child process (child.c) --------------------------------------------------------------- */

/* Loads the file in a child process and asks it for its description, which `print` then writes; the
 * text arrives in *out. f gets the checks of the child, and CHECK_DECLARATION when the code
 * crashes, hangs or has nothing sensible to say. Whatever it does, this process is not harmed.
 * print may be NULL. Fails only when there can be no child. */
typedef void (*child_print)(const kith_plugin_desc *desc, const struct findings *f, bool json,
                            struct buf *out);
kith_status child_ask(const struct binary *b, const char *path, child_print print, bool json,
                      struct findings *f, struct buf *out, kith_error *e);

bool child_limits_memory(void); /* not under a sanitizer */

/* -- the format of shared objects (elf.c) ------------------------------------------------------ */

/* A shared object's tables, found as the dynamic linker finds them. Every place is inside the file,
 * whatever its bytes say. */
struct elf {
    const unsigned char *bytes;
    size_t size;
    size_t segments, segment_count; /* where they begin, how many */
    size_t dynamic, dynamic_count;
    size_t symbols, symbol_count;
    size_t names, names_size; /* ends with a NUL */
};
struct elf_symbol {
    const char *name;
    uint8_t bind, visibility;
    bool defined;
};
/* KITH_E_INVAL with a sentence: no shared object, of another machine, damaged. */
kith_status elf_open(const unsigned char *bytes, size_t size, struct elf *out, kith_error *e);
struct elf_symbol elf_symbol(const struct elf *elf, size_t i);
/* The value of a tag of the dynamic section; false: it is not there. value may be NULL. */
bool elf_dynamic(const struct elf *elf, int64_t tag, uint64_t *value);
/* The flags of the first segment of a type; false: there is none. */
bool elf_segment(const struct elf *elf, uint32_t type, uint32_t *flags);

/* -- the description (declare.c) --------------------------------------------------------------- */

/* Copies what a module declares into structs of this build's sizes, whatever sizes it was built
 * with, and checks what can be checked without a schema. Texts are borrowed: a module stays mapped.
 * o: which modules are enabled, for parts that are for one of them; NULL: all parts are wanted.
 */
kith_status declare_copy(const kith_plugin_desc *from, const struct plugins_options *o,
                         struct arena *a, kith_plugin_desc *out, kith_error *e);
/* The part of which a row is, from 1; 0: it stands in the description itself. array: its offset
 * there. Of a copy with all parts. */
uint32_t declare_part(const kith_plugin_desc *d, size_t array, uint32_t row);
/* Can it be the size of a struct in some version of the contract, with at least so many bytes? Each
 * ends where a pointer could follow, so what ends within a member is none. */
bool contract_size(uint32_t size, uint32_t least);
/* An array of rows in this build's size; a row of the module needs `least` bytes. what: for errors.
 */
kith_status declare_rows(kith_array from, uint32_t least, uint32_t size, const char *what,
                         struct arena *a, kith_array *out, kith_error *e);

/* The bytes a struct must have: up to and with a member that was there from the beginning. */
#define UP_TO(type, member) ((uint32_t)(offsetof(type, member) + sizeof(((type *)NULL)->member)))
#define ROWS(array, type)   ((const type *)(array).items)

/* -- a module ---------------------------------------------------------------------------------- */

/* A function of a module that the engine calls, and what its calls took. */
struct callback {
    const char *name; /* "hook score" */
    struct timing times;
    _Atomic uint64_t failures, writes, queries;
    _Atomic uint64_t memory; /* the most bytes of host->memory in one call */
};
struct bound_topic {
    struct plugin *owner;
    const kith_topic *decl;
    struct rfield *const *fields; /* of the payload */
    uint32_t field_count;
};
struct bound_hook {
    struct plugin *plugin;
    const kith_hook *decl;
    struct callback callback;
    struct fieldset fields;
    struct hook hook;
};
struct bound_reaction {
    struct plugin *plugin;
    const kith_reaction *decl;
    struct callback callback;
    struct fieldset fields;
    struct reaction reaction;
};
struct bound_timer {
    struct plugin *plugin;
    const kith_timer *decl;
    struct callback callback;
    struct timer_handler handler;
};
struct bound_delivery {
    struct plugin *plugin;
    const kith_delivery *decl;
    struct callback callback;
    struct delivery_handler handler;
};
struct bound_action {
    struct plugin *plugin;
    const kith_action *decl;
    struct callback callback;
    struct action action;
};

struct typed_predicate {
    const struct predicate *predicate;
    const struct rtype *type;
};

/* Numbers that a module was given: place + 1 in a growing table. */
struct handles {
    const void **items;
    uint32_t count, cap;
};

struct plugin_host {
    kith_host host; /* first: what the module sees */
    struct plugin *plugin;
};

struct plugin {
    struct plugins *set;
    struct arena arena;           /* all that belongs to it, until plugins_free */
    kith_plugin_desc desc;        /* a copy; zero when it could not be opened */
    const kith_plugin_desc *told; /* its own, in the copy that is mapped; NULL likewise */
    const char *name, *path, *copy, *reason;
    const char *const *needs; /* what it requires, and not what it may do without */
    size_t need_count;
    enum plugin_state state;
    bool visiting, placed; /* while sorting */

    struct plugin_host host;
    kith_instance *instance;
    void *own_instance;         /* the same, where Kith made it */
    kith_value *setting_values; /* one for each of desc.settings, as it is handed out */
    bool made;                  /* create() succeeded and destroy() was not called */

    struct handles predicates, queries, topics, callees;
    struct bound_topic *bound_topics;
    struct bound_hook *hooks;
    struct bound_reaction *reactions;
    struct bound_timer *timers;
    struct bound_action *actions;
    struct bound_delivery *deliveries;
    _Atomic uint64_t slow;
    _Atomic uint64_t life;    /* calls of create(), start(), stop(), ... */
    atomic_bool open;         /* it may serve */
    atomic_bool nudged;       /* await() is to return */
    _Atomic uint32_t serving; /* what it asks for right now */
};

struct plugins {
    struct arena arena;
    struct plugin **items; /* in load order, those that failed to load last */
    size_t count;
    struct schema_source *sources;
    size_t source_count;
    struct settings_owner *owners;
    size_t owner_count;
    int64_t slow_ms;
    const char *crashes; /* the file in which they are noted; NULL: nowhere */
    struct engine *engine;
    const struct schema *schema;
    struct kclock *clock; /* NULL: the real one */
    const struct settings *settings;
    struct plugin_commands commands; /* while it is served */
};

struct plugin *plugins_find(const struct plugins *p, const char *name);
/* Takes a module out for good. The reason is copied. Returns the error's code. */
kith_status plugin_fail(struct plugin *p, const kith_error *why);

/* -- permissions (grants.c) -------------------------------------------------------------------- */

kith_status grant_read(const struct plugin *p, const struct rtype *t, kith_error *e);
/* The same for every type that it looks at, those behind links too. */
kith_status grant_read_query(const struct plugin *p, const struct query *q, kith_error *e);
kith_status grant_write(const struct plugin *p, const struct rtype *t, kith_error *e);
/* To write these fields alone: those that the module itself added to the type need no permission.
 */
kith_status grant_fields(const struct plugin *p, const struct rtype *t, const struct assign *set,
                         size_t count, kith_error *e);
kith_status grant_publish(const struct plugin *p, const struct bound_topic *t, kith_error *e);
/* May it call this action? Its own it calls as a function. */
kith_status grant_call(const struct plugin *p, const char *action, kith_error *e);
kith_status grant_serve(const struct plugin *p, kith_error *e);

/* -- a call into a module (frame.c) ------------------------------------------------------------ */

struct kith_txn { /* its address is the handle; good only while its frame is the top one */
    struct frame *frame;
    bool whole; /* reads what the module may, whoever asks */
};
struct kith_row {
    const struct rtype *type;
    kith_id id;
    const kith_value *values;
};
struct own_change {
    kith_change shown; /* first: its address is the handle */
    struct change *change;
    struct kith_row before, after;
};
struct own_event {
    kith_event shown; /* first: its address is the handle */
    const struct event *event;
    struct kith_row record;
    json_t *payload; /* read when first asked for */
};
struct kith_call {
    struct call *call;
};
struct own_sending {
    kith_sending shown; /* first: its address is the handle */
    struct delivery_call *call;
};

enum frame_phase { PHASE_CREATE, PHASE_MAIN, PHASE_RUN };
struct frame {
    struct plugin_context context;
    struct frame *outer;
    struct frame *next, **link; /* among those that run; under the lock in frame.c */
    atomic_bool writing;        /* holds the writer */
    struct plugin *plugin;
    enum frame_phase phase;
    struct engine *engine; /* PHASE_RUN */
    struct txn *txn;       /* NULL: a reading action */
    const struct principal *principal;
    atomic_bool waits;         /* it may take long: nobody waits for it */
    struct callback *callback; /* NULL: of its life, as create() */
    uint64_t written;          /* txn_writes when it began */
    uint64_t queries;          /* that it asked */
    bool reading;     /* an action that declares KITH_EFFECT_READ, though it may be in a txn */
    bool named;       /* the call within it that ended last failed, and said whose fault that is */
    uint32_t finding; /* row functions that run: they must not write */
    struct followed *followed; /* while they run, see host_records.c; NULL: none yet */
    uint32_t follows, kept;    /* how many links conditions followed then, and what stays of that */
    struct kith_txn handle, whole;
    struct own_change change;
    struct own_event event;
    kith_firing firing;
    struct kith_call call;
    struct own_sending sending;
    struct arena arena;
    kith_error error; /* what the module fills in; the last one: see frame_enter */
};

void frame_enter(struct frame *f, struct plugin *p, enum frame_phase phase, const char *callback);
/* The same for one that the engine calls, with what it may use. t may be NULL: reading only. */
void frame_call(struct frame *f, struct plugin *p, struct callback *of, struct engine *g,
                struct txn *t, const struct principal *who, const char *event, uint64_t seq);
/* Counts, logs what was slow, frees. Returns the status for the engine, and makes sure that a
 * failure has a sentence. */
kith_status frame_leave(struct frame *f, kith_status st, kith_error *e);
struct frame *frame_top(void);
/* The frame for a handle, or NULL with KITH_E_THREAD. */
struct frame *frame_of(const kith_txn *txn, kith_error *e);
/* The same for writing; KITH_E_DENIED where the module may only read. */
kith_status frame_writing(kith_txn *txn, struct frame **out, kith_error *e);
/* Is this thread in that phase (PHASE_MAIN: or in create) of the module with this host? */
struct plugin *frame_main(const kith_host *host, enum frame_phase phase, kith_error *e);
int64_t frame_now(const struct frame *f);

/* -- serving (host_serving.c, host_following.c, host_sign_in.c)
 * -------------------------------------------------
 */

/* One request. It lives for as long as anything does that was asked for in it. */
struct kith_caller {
    struct plugin *plugin;
    struct engine *engine;
    struct principal principal;
    struct access_of of;
    kith_str token;         /* by which they came in, or the text of the session; or empty */
    struct session session; /* in which they came; number 0: none */
    struct arena arena;
    _Atomic uint32_t users;
};
/* The engine is not closed between the two. */
kith_status serving_begin(struct plugin *p, kith_error *e);
kith_status serving_end(struct plugin *p, kith_status st);
/* One in whose name nobody has come yet; NULL: there is no memory. */
struct kith_caller *caller_new(struct plugin *p);
/* Comes in as that user. The texts are copied. */
kith_status caller_enter(struct kith_caller *c, const struct access_of *of, kith_str surface,
                         kith_str asked, kith_error *e);
void caller_leave(struct kith_caller *c);

/* -- the host's side (host*.c) ----------------------------------------------------------------- */

void host_init(struct plugin *p);
extern const kith_records_v1 host_records;
extern const kith_events_v1 host_events;
extern const kith_timers_v1 host_timers;
extern const kith_calls_v1 host_calls;
extern const kith_settings_v1 host_settings;
extern const kith_listening_v1 host_listening;
extern const kith_deliveries_v1 host_deliveries;
extern const kith_serving_v1 host_serving;
extern const kith_following_v1 host_following;
extern const kith_sign_in_v1 host_sign_in;
extern const kith_links_v1 host_links;
extern const kith_link_pages_v1 host_link_pages;
extern const kith_operation_v1 host_operation;
extern const kith_numbers_v1 host_numbers;
extern const kith_calendar_v1 host_calendar;

kith_status handle_add(struct handles *h, const void *item, uint32_t *number, kith_error *e);
/* NULL with KITH_E_INVAL for a number that was never given. */
const void *handle_get(const struct handles *h, uint32_t number, const char *what, kith_error *e);
/* Copies `full`, a struct that begins with its size, into the module's, which may be shorter or
 * longer. */
kith_status host_fill(void *info, void *full, uint32_t size, kith_error *e);
/* The other way round: a struct of the module into ours, which is zeroed; what it does not have yet
 * stays so. KITH_E_INVAL: its size is less than `least`, or that of no version of the contract. */
kith_status host_take(void *to, uint32_t size, const void *given, uint32_t least, kith_error *e);
/* Value kinds that this build does not know are refused. */
kith_status host_values(uint32_t count, const kith_value *values, kith_error *e);
/* The payload of a topic as one JSON object. */
kith_status host_payload(struct frame *f, const struct bound_topic *t, uint32_t count,
                         const kith_value *values, struct buf *out, kith_error *e);
/* Id 0 and type 0: none. KITH_E_INVAL: no such type. */
kith_status host_subject(struct frame *f, uint32_t number, kith_id id, const struct rtype **type,
                         kith_error *e);

/* -- what its instance asks for (wants.c) ------------------------------------------------------ */

/* Makes the instance, when the module says how large it is, and fills it in. In create(). */
kith_status wants_fill(struct plugin *p, kith_error *e);
const char *want_sort(uint32_t what); /* for people: "query" */
/* Where it stands, for messages: "conf.d/sales.conf:12: sales.score.rules"; the last where the
 * default holds, or memory is short. */
const char *setting_place(struct plugin *p, const struct setting *s, int line);
/* setting_values.c: copies what the files say, and compiles its conditions. In create. */
kith_status setting_values_make(struct plugin *p, kith_error *e);

/* -- crashes (crash.c) --------------------------------------------------------------------------
 */

/* Gives this thread a stack on which it can be told that its own has run over. Once for each. */
void crash_stack(void);
/* What is noted in that file; empty where it is NULL, is not there or cannot be read. */
void crash_read(const char *path, struct buf *notes);
/* KITH_E_REFUSED: it crashed too often, by what is noted. */
kith_status crash_check(kith_str notes, const char *module, kith_error *e);

/* -- what calls took (cost.c) -------------------------------------------------------------------
 */

/* Of all its functions together. */
void cost_sum(const struct plugin *p, uint64_t *calls, uint64_t *failures);

/* -- from declarations to the engine (bind*.c) ------------------------------------------------- */

kith_status bind_topics(struct plugin *p, kith_error *e);
/* Resolves and checks all else; nothing is registered yet. */
kith_status bind_resolve(struct plugin *p, kith_error *e);
kith_status bind_register(struct plugin *p, kith_error *e);
/* Of one that is out: its types may be read, but not written without what it checks. */
kith_status bind_refusals(struct plugin *p, kith_error *e);
kith_status thunk_refusal(void *self, struct txn *t, struct change *c, kith_error *e);
kith_status thunk_hook(void *self, struct txn *t, struct change *c, kith_error *e);
kith_status thunk_reaction(void *self, struct txn *t, const struct event *ev, kith_error *e);
kith_status thunk_timer(void *self, struct txn *t, const struct timer *timer, kith_error *e);
kith_status thunk_delivery(void *self, struct delivery_call *call, kith_error *e);
kith_status thunk_action(void *self, struct call *call, kith_error *e);

#endif
