/* SPDX-License-Identifier: Apache-2.0 */
/* The frame around every call into a module: says on which thread and in which phase it runs, so
 * that the functions of the host can refuse what comes from elsewhere, and measures what it takes.
 * A handle is never followed before it is known to be the one of the top frame. */
#include "plugin/internal.h"
#include <pthread.h>

static _Thread_local struct frame *top;

struct frame *frame_top(void) {
    return top;
}

const struct plugin_context *plugin_context(void) {
    return top ? &top->context : NULL;
}

/* -- who runs ---------------------------------------------------------------------------------- */

/* The innermost frame of each thread that is in a module. */
static struct frame *running;
static pthread_mutex_t running_lock = PTHREAD_MUTEX_INITIALIZER;

static void replace_running(struct frame *out, struct frame *in) {
    pthread_mutex_lock(&running_lock);
    if (out && (*out->link = out->next))
        out->next->link = out->link;
    if (in) {
        in->link = &running;
        in->next = running;
        if (running)
            running->link = &in->next;
        running = in;
    }
    pthread_mutex_unlock(&running_lock);
}

void plugins_running(int64_t longer_ms, plugins_running_fn fn, void *arg) {
    int64_t now = clock_ticks();
    pthread_mutex_lock(&running_lock);
    for (struct frame *f = running; f; f = f->next) {
        int64_t ms = (now - f->context.since) / 1000000;
        if (ms >= longer_ms && !f->waits)
            fn(arg, f->plugin->name, f->context.callback, ms, f->writing);
    }
    pthread_mutex_unlock(&running_lock);
}

/* -- a call ------------------------------------------------------------------------------------ */

void frame_enter(struct frame *f, struct plugin *p, enum frame_phase phase, const char *callback) {
    memset(f, 0, offsetof(struct frame, error)); /* its texts are long, and end where they begin */
    f->context = (struct plugin_context){p->name, callback, "", 0, clock_ticks(), plugin_context()};
    f->outer = top;
    f->plugin = p;
    f->phase = phase;
    f->error.struct_size = sizeof f->error;
    f->error.code = KITH_OK;
    f->error.field[0] = f->error.message[0] = '\0';
    f->handle = (struct kith_txn){f, false};
    f->whole = (struct kith_txn){f, true};
    static _Thread_local bool prepared;
    if (!prepared) {
        crash_stack();
        prepared = true;
    }
    replace_running(top, f);
    top = f;
}

void frame_call(struct frame *f, struct plugin *p, struct callback *of, struct engine *g,
                struct txn *t, const struct principal *who, const char *event, uint64_t seq) {
    frame_enter(f, p, PHASE_RUN, of->name);
    f->callback = of;
    f->engine = g;
    f->writing = t != NULL;
    f->txn = t;
    f->written = t ? txn_writes(t) : 0;
    f->principal = who;
    f->context.event = event;
    f->context.seq = seq;
}

static void log_slow(struct frame *f, int64_t ns) {
    int64_t ms = ns / 1000000;
    if (f->waits || ms < f->plugin->set->slow_ms)
        return;
    f->plugin->slow++;
    log_warn("plugin", "%s: %s took %lld ms%s%s", f->plugin->name, f->context.callback,
             (long long)ms, *f->context.event ? " for " : "", f->context.event);
}

static void add(_Atomic uint64_t *n, uint64_t more) {
    if (more)
        atomic_fetch_add_explicit(n, more, memory_order_relaxed);
}

static void count(struct frame *f, int64_t ns, kith_status st) {
    struct callback *c = f->callback;
    if (!c) {
        add(&f->plugin->life, 1);
        return;
    }
    timing_add(&c->times, (uint64_t)ns);
    add(&c->failures, st != KITH_OK && st != KITH_E_REFUSED);
    add(&c->writes, f->txn ? txn_writes(f->txn) - f->written : 0);
    add(&c->queries, f->queries);
    uint64_t bytes = arena_bytes(&f->arena), most = atomic_load(&c->memory);
    while (bytes > most && !atomic_compare_exchange_weak(&c->memory, &most, bytes))
        ;
}

/* A failure must come with a sentence, and with a status that the contract knows. */
static kith_status failure(struct frame *f, kith_status st) {
    kith_error *e = &f->error;
    if (st > 0 || st < KITH_E_INTERNAL)
        return err_set(e, KITH_E_INTERNAL, NULL, "module '%s': %s returned %d, which is no status",
                       f->plugin->name, f->context.callback, (int)st);
    e->field[sizeof e->field - 1] = e->message[sizeof e->message - 1] = '\0';
    e->code = st;
    if (!e->message[0])
        return err_set(e, st, NULL, "module '%s': %s failed (%s) without saying why",
                       f->plugin->name, f->context.callback, status_name(st));
    if (st == KITH_E_INTERNAL && !f->named) /* an exception, too */
        return err_prefix(e, "module '%s': %s: ", f->plugin->name, f->context.callback);
    return st;
}

kith_status frame_leave(struct frame *f, kith_status st, kith_error *e) {
    top = f->outer;
    replace_running(f, top);
    int64_t ns = clock_ticks() - f->context.since;
    count(f, ns, st);
    log_slow(f, ns);
    if (st != KITH_OK) {
        st = failure(f, st);
        err_copy(e, &f->error);
    }
    if (top)
        top->named = st == KITH_E_INTERNAL;
    json_decref(f->event.payload);
    arena_free(&f->arena);
    return st;
}

static kith_status wrong_thread(kith_error *e) {
    return err_set(e, KITH_E_THREAD, NULL,
                   top ? "module '%s': %s used a handle that is not of this call"
                       : "a module used a handle outside of a callback",
                   top ? top->plugin->name : "", top ? top->context.callback : "");
}

struct frame *frame_of(const kith_txn *txn, kith_error *e) {
    if (top && top->phase == PHASE_RUN && (txn == &top->handle || txn == &top->whole))
        return top;
    (void)wrong_thread(e);
    return NULL;
}

kith_status frame_writing(kith_txn *txn, struct frame **out, kith_error *e) {
    struct frame *f = *out = frame_of(txn, e);
    if (!f)
        return KITH_E_THREAD;
    if (txn->whole)
        return err_set(e, KITH_E_DENIED, NULL,
                       "module '%s': %s may only read by what whole() gave it", f->plugin->name,
                       f->context.callback);
    if (!f->txn || f->reading)
        return err_set(e, KITH_E_DENIED, NULL,
                       "module '%s': %s declares that it only reads, and may not write",
                       f->plugin->name, f->context.callback);
    if (f->finding)
        return err_set(e, KITH_E_DENIED, NULL,
                       "module '%s': a row function must not write; write after find() or "
                       "groups()",
                       f->plugin->name);
    return KITH_OK;
}

struct plugin *frame_main(const kith_host *host, enum frame_phase phase, kith_error *e) {
    if (top && host == &top->plugin->host.host &&
        (top->phase == PHASE_CREATE || top->phase == phase))
        return top->plugin;
    (void)err_set(e, KITH_E_THREAD, NULL, "a module may call this only inside %s",
                  phase == PHASE_CREATE ? "create()" : "create(), start(), stop() or destroy()");
    return NULL;
}

int64_t frame_now(const struct frame *f) {
    return f->txn ? txn_now(f->txn) : engine_now(f->engine);
}
