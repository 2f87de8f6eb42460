/* SPDX-License-Identifier: Apache-2.0 */
/* Plugin: loads the modules of a company, checks them, makes their instances and ties their hooks,
 * reactions, timers and actions to the engine. A bad module is out as a whole, with its reason in
 * the status list; the rest runs. The contract is <kith/plugin.h> and <kith/host.h>.
 *
 * In this order, all [main]:
 *
 *     settings_load(lenient)   which modules, and where they are
 *     plugins_load             opens, checks and sorts them
 *     settings_load            with plugins_owners beside the core's
 *     engine_open              with plugins_sources before the company's
 *     plugins_create           instances; handles are resolved
 *     plugins_start            everything declared is registered with the engine
 *     scripts, engine_start, work, engine_close
 *     plugins_serve, plugins_cease  around the work of a server, before engine_close
 *     plugins_stop             after engine_close: no callback runs any more
 *     plugins_free
 */
#ifndef PLUGIN_PLUGIN_H
#define PLUGIN_PLUGIN_H

#include "engine/engine.h"
#include "engine/settings.h"

struct plugins;

struct plugins_options {
    const char *const *names; /* "sales", found as DIR/sales.so; or a path: "/opt/x/sales.so" */
    size_t name_count;
    const char *const *dirs; /* searched in this order */
    size_t dir_count;
    /* Folder for private copies, which are what is loaded: a file that is overwritten or replaced
     * later harms nobody. Made with mode 0700 when absent. NULL: in $XDG_RUNTIME_DIR, else in /tmp.
     */
    const char *copies;
    /* What this set of the same process has loaded is taken as it is there, whatever its file has
     * become meanwhile. May be NULL; borrowed until plugins_load returns. */
    const struct plugins *mapped;
    int64_t slow_ms; /* a callback that takes longer is logged; 0: 100 */
    /* The file in which crashes of modules are noted, and by which one that crashed twice within
     * ten minutes is out; NULL: none. */
    const char *crashes;
};
/* Fails only when nothing at all can be done; a module that cannot be loaded is in the status list.
 * names and dirs are copied. The caller owns *out. */
kith_status plugins_load(struct plugins **out, const struct plugins_options *o, kith_error *e);

/* What the loaded modules declare, in load order; owned by p. A module that is out has a disabled
 * owner, so that its group in the configuration is passed over. Every module's owner begins with a
 * setting that the loader adds: grant, the list of permissions that the admin gives it ("*",
 * "write:*" or "write:task"). */
size_t plugins_sources(const struct plugins *p, const struct schema_source **out);
size_t plugins_owners(const struct plugins *p, const struct settings_owner **out);

/* Takes the module of that source out: its types cannot be. It is gone from plugins_sources. */
void plugins_refuse_source(struct plugins *p, size_t source, const kith_error *why);

/* g and s are borrowed until plugins_stop (g: until engine_close). Both fail only for want of
 * memory. */
kith_status plugins_create(struct plugins *p, struct engine *g, const struct settings *s,
                           kith_error *e);
kith_status plugins_start(struct plugins *p, kith_error *e); /* before engine_start */
struct kith_stream;
struct rehearsal;
struct buf;
/* By whom commands are carried out that modules ask for. argv[0] is the program's name. Any thread,
 * until plugins_cease returns. */
struct plugin_commands {
    kith_status (*run)(void *arg, const struct principal *who, int argc, char *const *argv,
                       const struct kith_stream *stream, int *code, kith_error *e);
    void *arg;
    const char *folder; /* of the company */
    /* Sockets that listen, kept by the process over the company's being opened anew; or NULL. */
    int (*socket)(void *arg, const char *name, uint32_t i);
    kith_status (*keep)(void *arg, const char *name, int fd, kith_error *e);
    /* What a rehearsal showed, as JSON; or NULL. */
    kith_status (*tell_rehearsal)(void *arg, const struct principal *who, const struct rehearsal *r,
                                  struct buf *out, kith_error *e);
};
/* Has those that serve begin to; one that cannot is logged, and the others do. After engine_start.
 */
void plugins_serve(struct plugins *p, const struct plugin_commands *commands);
/* Has them end, each within deadline_ms, and waits until nothing that they asked for is under way.
 * Before engine_close; may be called twice, and without plugins_serve. */
void plugins_cease(struct plugins *p, uint32_t deadline_ms);
/* Stops and destroys the instances in reverse order, each within deadline_ms (0: 5000). May be
 * called at any stage and twice. */
void plugins_stop(struct plugins *p, uint32_t deadline_ms);
/* Stops what still runs. p may be NULL. The code stays mapped until the process ends. */
void plugins_free(struct plugins *p);

/* Calls fn for every word of a module's grant that is no right, or about something that does not
 * exist. It does no harm and no good; a misspelt one is missed elsewhere. After plugins_start,
 * before plugins_stop. Gives their number. */
typedef void (*plugins_problem)(void *arg, const struct setting *grant, const char *text);
size_t plugins_check_grants(const struct plugins *p, plugins_problem fn, void *arg);

enum plugin_state {
    PLUGIN_FAILED,  /* out: reason says why */
    PLUGIN_LOADED,  /* opened and checked */
    PLUGIN_CREATED, /* has an instance */
    PLUGIN_RUNNING,
    PLUGIN_STOPPED,
};
const char *plugin_state_name(enum plugin_state s); /* "failed", "loaded", ... */
struct plugin_status {
    const char *name;    /* that of its file, which it must declare too */
    const char *version; /* "0.1.0", or "" */
    const char *title;   /* or "" */
    const char *path;    /* the file, or "" when it was not found */
    const char *copy;    /* what was loaded, or "" */
    enum plugin_state state;
    const char *reason;       /* of a failure: one sentence; else "" */
    const char *const *needs; /* the modules without which it is out */
    size_t need_count;
    uint64_t calls, failures, slow; /* so far; see plugins_costs */
};
/* In load order; failed ones too. Texts are owned by p. */
size_t plugins_count(const struct plugins *p);
void plugins_status(const struct plugins *p, size_t i, struct plugin_status *out);
bool plugins_named(const struct plugins *p, const char *name, struct plugin_status *out);

/* What the calls of one of its functions took since the start. */
struct plugin_cost {
    const char *module, *callback; /* "sales", "hook score" */
    uint64_t calls, failures;      /* a refusal is no failure */
    uint64_t total_ns, p50_ns, p99_ns;
    uint64_t writes;  /* rows, with what followed from them at once */
    uint64_t queries; /* by find() and groups() */
    uint64_t memory;  /* bytes, the most that one call held */
};
/* Calls fn for each function of each module that the engine calls: hooks, reactions, timers,
 * deliveries, actions. Any thread, after plugins_create. Texts are owned by p. */
void plugins_costs(const struct plugins *p, void (*fn)(void *arg, const struct plugin_cost *c),
                   void *arg);

/* What module i declares, in rows of this build's sizes; all zero when it could not be opened. */
const struct kith_plugin_desc *plugins_declared(const struct plugins *p, size_t i);

/* What this thread runs right now on behalf of a module; NULL: nothing. For error messages and
 * the crash report. */
struct plugin_context {
    const char *module;
    const char *callback; /* "hook score", "action rescore", "create" */
    const char *event;    /* the topic or type, or "" */
    uint64_t seq;         /* of the event; 0: none */
    int64_t since;        /* clock_ticks() at its begin */
    const struct plugin_context *outer;
};
const struct plugin_context *plugin_context(void);

/* Calls fn for each thread of the process that has been in a callback for at least so long. Any
 * thread; fn must not call a module. writing: the writer waits for it. */
typedef void (*plugins_running_fn)(void *arg, const char *module, const char *callback, int64_t ms,
                                   bool writing);
void plugins_running(int64_t longer_ms, plugins_running_fn fn, void *arg);

/* From now on a signal that ends the process while a module runs writes a line that names the
 * module and the callback, to stderr and to the set's file. For programs: signals belong to the
 * whole process. */
void plugin_name_crashes(void);
/* Forgets a module's crashes that are noted in that file. KITH_E_NOTFOUND: there is none. */
kith_status plugins_resume(const char *crashes, const char *module, kith_error *e);

/* Appends all that the file declares and how it did in each check, as text or as one JSON object;
 * what there is of it when a check failed. The file's own code runs only in a child process, with
 * little time. KITH_OK: it could be loaded; otherwise e says why not. Call it before the process
 * has threads. */
kith_status plugin_inspect(const char *path, bool json, struct buf *out, kith_error *e);

#endif
