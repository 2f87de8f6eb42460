/* SPDX-License-Identifier: Apache-2.0 */
/* Listening. What is listened for is kept in a table, in the transaction that asks for it, and read
 * from there after each change and after each rollback. */
#include "engine/listen.h"
#include "base/log.h"
#include "engine/bus.h"
#include "engine/engine_internal.h"
#include "journal/compact.h"
#include "journal/listen_log.h"

#include <string.h>

struct listening { /* of one reaction */
    struct listen_entry *items;
    size_t count;
    bool *types; /* by type number: a topic of its records may be among them */
    uint32_t type_max;
};

/* -- topics ------------------------------------------------------------------------------------ */

bool topic_fits(const char *pattern, const char *topic) {
    const char *star = NULL, *from = NULL;
    while (*topic) {
        if (*pattern == '*') {
            star = pattern++;
            from = topic;
        } else if (*pattern == *topic) {
            pattern++;
            topic++;
        } else if (star) {
            pattern = star + 1;
            topic = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool may_fit_type(const char *pattern, const struct rtype *t) {
    size_t fixed = strcspn(pattern, "*"), n = strlen(t->name);
    if (fixed > n)
        return strncmp(pattern, t->name, n) == 0 && pattern[n] == '.';
    return strncmp(pattern, t->name, fixed) == 0 && pattern[fixed] == '*';
}

static bool wants(const struct listening *l, kith_id key, const char *topic) {
    for (size_t i = 0; i < l->count; i++)
        if ((!key || l->items[i].key == key) && topic_fits(l->items[i].topic, topic))
            return true;
    return false;
}

bool listen_may_want(const struct reaction_entry *r, const struct journal_row *row) {
    const struct listening *l = r->listening;
    if (!l || l->count == 0)
        return false;
    return row->kind == ROW_EVENT || (row->type <= l->type_max && l->types[row->type]);
}

struct heard {
    struct reaction_entry *r;
    struct delivery *d;
    struct txn *txn; /* NULL: it is only asked */
    bool any;
};

static kith_status hear(void *arg, const char *topic, kith_error *e) {
    struct heard *h = arg;
    if (!wants(h->r->listening, h->d->ev.replay, topic))
        return KITH_OK;
    h->any = true;
    h->d->ev.topic = topic;
    return h->txn ? h->r->reaction.fn(h->r->reaction.self, h->txn, &h->d->ev, e) : KITH_OK;
}

/* The topic of a published event is known to the event itself. */
static kith_status hear_topics(struct heard *h, struct arena *a, kith_error *e) {
    const char *topic = h->d->ev.topic;
    kith_status st = engine_event_topics(&h->d->ev, a, hear, h, e);
    h->d->ev.topic = topic;
    return st;
}

kith_status listen_wants(const struct reaction_entry *r, struct delivery *d, struct arena *a,
                         bool *yes, kith_error *e) {
    struct heard h = {.r = (struct reaction_entry *)(uintptr_t)r, .d = d};
    TRY(hear_topics(&h, a, e));
    *yes = h.any;
    return KITH_OK;
}

kith_status listen_call(struct reaction_entry *r, struct delivery *d, struct txn *t,
                        kith_error *e) {
    struct heard h = {.r = r, .d = d, .txn = t};
    return hear_topics(&h, t->arena, e);
}

/* -- what is listened for ---------------------------------------------------------------------- */

static kith_status read_one(struct engine *g, struct reaction_entry *r, kith_error *e) {
    struct arena *a = &g->listen_arena;
    struct listening *l = ARENA_NEW(a, struct listening);
    if (!l || !(l->types = ARENA_ARRAY(a, bool, g->type_max + 1u)))
        return err_nomem(e);
    TRY(listen_log_read(g->writer, r->reaction.name, a, &l->items, &l->count, e));
    for (size_t i = 0; i < l->count; i++)
        for (uint32_t k = 0; k < g->schema->type_count; k++)
            l->types[g->schema->types[k]->id] |=
                may_fit_type(l->items[i].topic, g->schema->types[k]);
    l->type_max = g->type_max;
    r->listening = l;
    return KITH_OK;
}

kith_status listen_reload(struct engine *g, kith_error *e) {
    struct reaction_list *l = &g->subs->reactions;
    for (size_t i = 0; i < l->count; i++)
        l->items[i]->listening = NULL;
    arena_reset(&g->listen_arena);
    for (size_t i = 0; i < l->count; i++)
        if (l->items[i]->reaction.listens)
            TRY(read_one(g, l->items[i], e));
    return KITH_OK;
}

static struct reaction_entry *listener(struct engine *g, const char *name) {
    const struct reaction_list *l = &g->subs->reactions;
    for (size_t i = 0; i < l->count; i++)
        if (l->items[i]->reaction.listens && strcmp(l->items[i]->reaction.name, name) == 0)
            return l->items[i];
    return NULL;
}

static kith_status no_listener(const char *name, kith_error *e) {
    return err_set(e, KITH_E_NOTFOUND, NULL, "there is no reaction '%s' to any topic", name);
}

kith_status txn_listen(struct txn *t, const char *reaction, kith_id key, const kith_str *topics,
                       size_t count, kith_error *e) {
    if (!listener(t->g, reaction))
        return no_listener(reaction, e);
    TRY(listen_log_set(t->g->writer, reaction, key, topics, count, e));
    if (count == 0)
        TRY(replay_forget(t->g->writer, key, e));
    t->g->bus_stale = true;
    return KITH_OK;
}

/* -- checking ---------------------------------------------------------------------------------- */

/* All that may be published, and of each type "contact.*". */
struct known {
    const struct engine *g;
    struct arena *arena;
    const char **items;
    size_t count, cap;
    bool failed;
};

static void add_known(struct known *k, const char *type, const char *what) {
    k->items = arena_grow(k->arena, k->items, k->count, &k->cap, sizeof *k->items);
    const char *topic = what ? arena_printf(k->arena, "%s.%s", type, what) : type;
    if (k->items && topic)
        k->items[k->count++] = topic;
    else
        k->failed = true;
}

static void list_known(struct known *k) {
    static const char *const changes[] = {"created", "updated", "deleted", "*"};
    const struct schema *s = k->g->schema;
    const char *topic;
    for (size_t i = 0; !k->failed && (topic = engine_topic_at(k->g, i)); i++)
        add_known(k, topic, NULL);
    for (uint32_t i = 0; !k->failed && i < s->type_count; i++) {
        const struct rfield *state = type_state(s->types[i]);
        for (size_t n = 0; !k->failed && n < sizeof changes / sizeof *changes; n++)
            add_known(k, s->types[i]->name, changes[n]);
        for (uint32_t n = 0; !k->failed && state && n < state->option_count; n++)
            add_known(k, s->types[i]->name, state->options[n]);
    }
}

static bool any_fits(const struct known *k, const char *pattern) {
    for (size_t i = 0; i < k->count; i++)
        if (topic_fits(pattern, k->items[i]))
            return true;
    return false;
}

static const char *known_at(const void *known, size_t i) {
    return ((const struct known *)known)->items[i];
}

/* What never happens is a mistake, and waiting for it would not show that. */
static kith_status check_topic(const struct engine *g, kith_str topic, struct arena *a,
                               kith_error *e) {
    struct known k = {.g = g, .arena = a};
    if (topic.len > 0 && engine_topic_known(g, topic))
        return KITH_OK;
    const char *text = arena_strndup(a, topic.ptr ? topic.ptr : "", topic.len);
    list_known(&k);
    if (!text || k.failed)
        return err_nomem(e);
    if (strchr(text, '*') && any_fits(&k, text))
        return KITH_OK;
    const char *near = str_nearest(topic, known_at, &k, k.count);
    if (near)
        return err_set(e, KITH_E_NOTFOUND, "topics", "nobody publishes '%s'; did you mean '%s'?",
                       text, near);
    return err_set(e, KITH_E_NOTFOUND, "topics",
                   "nobody publishes '%s'; a type publishes .created, .updated, .deleted and its"
                   " states, and a star stands for anything: contact.*",
                   text);
}

kith_status engine_check_topics(const struct engine *g, const kith_str *topics, size_t count,
                                kith_str where, struct arena *a, kith_error *e) {
    const struct rtype *type = NULL;
    struct predicate *p;
    for (size_t i = 0; i < count; i++) {
        kith_str rest = topics[i], name;
        TRY(check_topic(g, topics[i], a, e));
        if (where.len == 0)
            continue;
        const struct rtype *t = str_split(&rest, '.', &name) ? schema_type(g->schema, name) : NULL;
        if (!t || (type && t != type))
            return err_set(e, KITH_E_INVAL, "where",
                           "a condition needs topics of one type, as contact.*; '%.*s' is of %s",
                           (int)topics[i].len, topics[i].ptr, t ? "another" : "none");
        type = t;
    }
    if (where.len == 0 || !type)
        return KITH_OK;
    kith_status st = predicate_parse(&p, g->schema, type, a, where, e);
    return st == KITH_OK ? KITH_OK : err_blame(e, "where");
}

/* -- replay ------------------------------------------------------------------------------------ */

kith_status txn_replay(struct txn *t, const char *reaction, kith_id key, uint64_t seq, int64_t at,
                       uint64_t *rows, kith_error *e) {
    struct engine *g = t->g;
    struct journal_start start;
    struct replay r = {.reaction = reaction, .key = key, .next = seq, .last = g->seq};
    if (!listener(g, reaction))
        return no_listener(reaction, e);
    if (!seq) {
        TRY(journal_row_at(g->writer, at - 1, &r.next, e));
        r.next++;
    }
    TRY(journal_start(g->writer, &start, e));
    if (r.next <= start.seq)
        return err_set(
            e, KITH_E_NOTFOUND, "from",
            "the journal begins with row %llu: what came before is not kept (journal.keep)",
            (unsigned long long)(start.seq + 1));
    *rows = r.next <= r.last ? r.last - r.next + 1 : 0;
    g->replays = true;
    return *rows ? replay_add(g->writer, &r, e) : KITH_OK;
}

#define REPLAY_ROWS 500
#define REPLAY_TIME INT64_C(5000000) /* ns: so long others wait */

struct replaying {
    struct engine *g;
    struct replay replay;
    struct reaction_entry *r;
    int64_t end;
};

static kith_status replay_row(void *arg, const struct journal_row *row, kith_error *e) {
    struct replaying *x = arg;
    struct engine *g = x->g;
    struct delivery d = {.g = g, .row = row, .ev = {.replay = x->replay.key}};
    struct write_opts o = {.principal = &bus_principal, .origin = ORIGIN_REACTION};
    kith_error why = KITH_ERROR_INIT;
    struct txn probe;
    bool yes = false;
    arena_reset(&g->work);
    txn_begin(&probe, g, &o, 0);
    if (!row->erased)
        TRY(delivery_wants(x->r, &d, &probe, &yes, e));
    kith_status st = yes ? delivery_run(x->r, &d, probe.arena, &why) : KITH_OK;
    if (st != KITH_OK && bus_own_failure(g, st)) {
        err_copy(e, &why);
        return st;
    }
    if (st != KITH_OK) /* as any event that failed; then everybody who listens hears it once more */
        TRY(bus_letter(g, x->r, row, 1, clock_now(g->clock) + engine_backoff(1), why.message, e));
    x->replay.next = row->seq + 1;
    return clock_ticks() > x->end || requests_wait(g) ? KITH_E_LIMIT : KITH_OK;
}

static kith_status replay_some(struct replaying *x, struct arena *a, kith_error *e) {
    struct engine *g = x->g;
    TRY(replay_first(g->writer, a, &x->replay, e));
    g->replays = x->replay.number != 0;
    if (!g->replays)
        return KITH_OK;
    x->r = listener(g, x->replay.reaction);
    uint64_t from = x->replay.next, to = from + REPLAY_ROWS - 1;
    to = to < x->replay.last ? to : x->replay.last;
    kith_status st = x->r ? journal_walk(g->writer, from - 1, to, replay_row, x, e) : KITH_OK;
    if (st != KITH_OK && (st != KITH_E_LIMIT || x->replay.next == from))
        return st;
    if (st == KITH_OK)
        x->replay.next = to + 1;
    return replay_move(g->writer, &x->replay, e);
}

bool replay_waiting(const struct engine *g) {
    return g->replays;
}

void replay_step(struct engine *g) {
    struct arena a = {0};
    struct replaying x = {.g = g, .end = clock_ticks() + REPLAY_TIME};
    kith_error e = KITH_ERROR_INIT;
    kith_status st = g->bus_stale ? bus_reload(g, &e) : KITH_OK;
    if (st == KITH_OK)
        st = group_begin(g, &e);
    if (st == KITH_OK) {
        st = replay_some(&x, &a, &e);
        if (st == KITH_OK)
            st = group_commit(g, &e);
        else
            group_rollback(g);
    }
    arena_free(&a);
    if (st != KITH_OK)
        bus_held_up(g, "a replay is held up", &e);
}
