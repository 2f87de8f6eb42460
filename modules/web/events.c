/* SPDX-License-Identifier: Apache-2.0 */
/* The event stream (Server-Sent Events): one thread reads what happens once, for all who listen and
 * have room. It keeps the place of each, and no more: who is slow is told later, from there on. */
#include "events.h"

#include <stdlib.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define TOPICS_MAX   64
#define BATCH_ROWS   256u
#define STREAM_LEAST 16384 /* bytes that wait for a listener; a larger event goes by itself */
#define LOOK_MS      5000  /* so often it is looked whether they may still listen */
#define TICK_MS      1000
#define GATHER_US    10 /* for each listener: so that many events are sent at once */
#define GATHER_MAX   10000
#define HELLO        "retry: 2000\n"
#define TOO_SLOW     "a condition of yours took too long: narrow it, and listen again in 30 s"

struct listener {
    struct events *events;
    struct stream *out;
    kith_follower *follower; /* NULL: it is told no more */
    kith_id user;
    bool asks;            /* only for what meets a condition */
    uint64_t at;          /* it was told of the rows up to there, */
    uint32_t part;        /* and of so many topics of the next */
    uint64_t known;       /* the row up to which it knows that it was */
    int64_t sent, looked; /* ms */
    atomic_bool full, gone;
    struct listener *next;
};
/* A batch is kept for a moment for those who had no room for all of it: else it would be read again
 * for every few events that they take. */
struct held {
    kith_batch *batch; /* NULL: none */
    uint64_t from, upto;
    int64_t read; /* ms */
};
#define HELD_MS 1000
/* Users whose conditions took too long: none of theirs is looked at for a while. */
#define TIRING_MAX 32
#define TIRED_MS   30000
struct tiring {
    kith_id user;
    int64_t until;
};
struct events {
    kith_instance *self;
    struct held held[2]; /* of those who are furthest, and furthest behind */
    pthread_t thread;
    bool has_thread;
    atomic_bool ending;
    uint64_t durable;
    bool behind; /* whose turn it is: of those who are behind */
    struct text text;
    _Atomic uint64_t count, behind_rows, told; /* for events_state */
    pthread_mutex_t lock; /* guards what follows, but for what the thread alone changes */
    struct tiring tiring[TIRING_MAX];
    size_t tiring_next;
    struct listener *listeners; /* changed by the thread */
    struct listener *coming;    /* others put them there */
};

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void nudge(kith_instance *self) {
    self->following->nudge(self->host);
}

/* -- what is sent ------------------------------------------------------------------------------ */

/* false: there is no room. It is full before the second try, since room may come right after it. */
static bool put(struct listener *l, const struct text *t) {
    if (t->failed)
        return false;
    if (stream_put(l->out, t->ptr, t->len))
        return true;
    atomic_store(&l->full, true);
    if (!stream_put(l->out, t->ptr, t->len))
        return false;
    atomic_store(&l->full, false);
    return true;
}

/* What was published is JSON as it was written, perhaps on several lines. */
static void add_line(struct text *t, kith_str json) {
    size_t from = t->len;
    text_add(t, json.ptr, (size_t)json.len);
    for (size_t i = from; i < t->len; i++)
        if (t->ptr[i] == '\n' || t->ptr[i] == '\r')
            t->ptr[i] = ' ';
}

/* Of a row with several topics it is said how many there were: so none is lost, and none is told
 * twice, where the connection ends in between. */
static kith_status tell(void *arg, const kith_told *told, kith_error *err) {
    struct listener *l = arg;
    struct text *t = &l->events->text;
    t->len = 0;
    text_printf(t, "id: %llu", (unsigned long long)told->seq);
    if (told->more)
        text_printf(t, "-%u", told->part);
    text_puts(t, "\nevent: ");
    text_add(t, told->topic.ptr, (size_t)told->topic.len);
    text_puts(t, "\ndata: ");
    add_line(t, told->json);
    text_puts(t, "\n\n");
    if (!put(l, t))
        return kith_fail(err, KITH_E_RETRY, NULL, "there is no room");
    l->at = told->more ? told->seq - 1 : told->seq;
    l->part = told->more ? told->part : 0;
    l->known = l->at;
    l->sent = now_ms();
    atomic_fetch_add_explicit(&l->events->told, 1, memory_order_relaxed);
    return KITH_OK;
}

/* Its place moves though nothing that happened is for it. */
static void beat(struct listener *l, int64_t now) {
    struct text *t = &l->events->text;
    t->len = 0;
    text_puts(t, ":\n");
    if (l->part == 0 && l->known != l->at)
        text_printf(t, "id: %llu\n", (unsigned long long)l->at);
    text_puts(t, "\n");
    if (!put(l, t))
        return;
    l->known = l->at;
    l->sent = now;
}

/* -- listeners --------------------------------------------------------------------------------- */

static void let_go(struct listener *l) {
    l->events->self->following->unfollow(l->follower);
    l->follower = NULL;
}

/* Why is told where it would come to the same at once. */
static void end(struct listener *l, kith_status st, const kith_error *e) {
    struct text *t = &l->events->text;
    t->len = 0;
    if (st != KITH_E_DENIED && st != KITH_E_NOTFOUND) {
        text_printf(t, "retry: 30000\n: %s\n\n", e->message);
        (void)put(l, t);
    }
    stream_end(l->out);
    let_go(l);
}

static void forget(struct listener *l) {
    let_go(l);
    stream_free(l->out);
    free(l);
}

static void on_room(void *arg) {
    struct listener *l = arg;
    kith_instance *self = l->events->self;
    atomic_store(&l->full, false);
    nudge(self);
}

/* From then on it may be freed. */
static void on_gone(void *arg) {
    struct listener *l = arg;
    kith_instance *self = l->events->self;
    atomic_store(&l->gone, true);
    nudge(self);
}

static bool listens(const struct listener *l) {
    return l->follower && !atomic_load(&l->full) && !atomic_load(&l->gone);
}

/* -- the thread -------------------------------------------------------------------------------- */

static size_t take_coming(struct events *v) {
    size_t n = 0;
    pthread_mutex_lock(&v->lock);
    while (v->coming) {
        struct listener *l = v->coming;
        v->coming = l->next;
        l->next = v->listeners;
        v->listeners = l;
    }
    for (struct listener **at = &v->listeners; *at;) {
        struct listener *l = *at;
        if (!atomic_load(&l->gone)) {
            at = &l->next;
            n++;
            continue;
        }
        *at = l->next;
        forget(l);
    }
    pthread_mutex_unlock(&v->lock);
    return n;
}

static void drop(struct events *v, struct held *h) {
    v->self->following->forget(h->batch);
    h->batch = NULL;
}

static void tick(struct events *v, int64_t now) {
    uint64_t behind = 0;
    for (int i = 0; i < 2; i++)
        if (now - v->held[i].read > HELD_MS)
            drop(v, &v->held[i]);
    for (struct listener *l = v->listeners; l; l = l->next) {
        kith_error e = {.struct_size = sizeof e};
        if (!l->follower)
            continue;
        if (v->durable > l->at && v->durable - l->at > behind)
            behind = v->durable - l->at;
        if (now - l->looked >= LOOK_MS) {
            l->looked = now;
            kith_status st = v->self->following->still(l->follower, &e);
            if (st == KITH_E_DENIED) {
                end(l, st, &e);
                continue;
            }
        }
        if (now - l->sent >= v->self->heartbeat_ms && listens(l))
            beat(l, now);
    }
    atomic_store(&v->behind_rows, behind);
}

/* The place of those who are furthest, or furthest behind. */
static bool find_place(const struct events *v, uint64_t *place) {
    bool any = false;
    for (const struct listener *l = v->listeners; l; l = l->next) {
        if (!listens(l) || l->at >= v->durable)
            continue;
        if (!any || (v->behind ? l->at < *place : l->at > *place))
            *place = l->at;
        any = true;
    }
    return any;
}

/* Under the lock. */
static bool is_tired_of(const struct events *v, kith_id user) {
    const int64_t now = now_ms();
    for (size_t i = 0; i < TIRING_MAX; i++)
        if (v->tiring[i].user == user && v->tiring[i].until > now)
            return true;
    return false;
}

static void tire(struct events *v, kith_id user) {
    pthread_mutex_lock(&v->lock);
    if (!is_tired_of(v, user))
        v->tiring[v->tiring_next++ % TIRING_MAX] = (struct tiring){user, now_ms() + TIRED_MS};
    pthread_mutex_unlock(&v->lock);
}

static kith_status tell_those(struct listener *l, kith_batch *batch, kith_error *e) {
    struct events *v = l->events;
    pthread_mutex_lock(&v->lock);
    bool tired = l->asks && is_tired_of(v, l->user);
    pthread_mutex_unlock(&v->lock);
    if (tired)
        return kith_fail(e, KITH_E_LIMIT, "q", TOO_SLOW);
    kith_status st = v->self->following->tell(batch, l->follower, l->at, l->part, tell, l, e);
    if (st == KITH_E_LIMIT && l->asks)
        tire(v, l->user);
    return st;
}

static void tell_one(struct listener *l, kith_batch *batch, uint64_t upto) {
    kith_error e = {.struct_size = sizeof e};
    kith_status st = tell_those(l, batch, &e);
    if (st == KITH_OK) {
        l->at = upto;
        l->part = 0;
    } else if (st != KITH_E_RETRY && st != KITH_E_BUSY && st != KITH_E_NOMEM) {
        end(l, st, &e);
    }
}

static void end_between(struct events *v, uint64_t from, uint64_t to, kith_status st,
                        const kith_error *e) {
    for (struct listener *l = v->listeners; l; l = l->next)
        if (l->follower && l->at >= from && l->at < to)
            end(l, st, e);
}

/* The batch at that place cannot be read. What was there when somebody began to listen may be gone
 * since, and what is damaged stays so; all else passes. */
static void fail(struct events *v, uint64_t place, uint64_t upto, kith_status st,
                 const kith_error *e) {
    if (st == KITH_E_NOTFOUND)
        end_between(v, 0, upto, st, e);
    else if (st == KITH_E_CORRUPT || st == KITH_E_INTERNAL || st == KITH_E_INVAL)
        end_between(v, place, place + 1, st, e);
    else
        usleep(20000);
}

static kith_status read_batch(struct events *v, struct held *h, uint64_t place, kith_error *e) {
    int64_t now = now_ms();
    if (h->batch && place >= h->from && place < h->upto && now - h->read <= HELD_MS)
        return KITH_OK;
    drop(v, h);
    h->from = place;
    h->read = now;
    return v->self->following->happened(v->self->host, place, BATCH_ROWS, &h->batch, &h->upto, e);
}

/* false: nobody is to be told anything now. */
static bool turn(struct events *v) {
    kith_error e = {.struct_size = sizeof e};
    uint64_t place = 0;
    bool rest = false;
    v->behind = !v->behind;
    struct held *h = &v->held[v->behind];
    if (!find_place(v, &place))
        return false;
    kith_status st = read_batch(v, h, place, &e);
    if (st != KITH_OK) {
        fail(v, place, h->upto, st, &e);
        return true;
    }
    for (struct listener *l = v->listeners; l; l = l->next) {
        if (listens(l) && l->at >= h->from && l->at < h->upto)
            tell_one(l, h->batch, h->upto);
        rest |= l->follower && l->at >= h->from && l->at < h->upto;
    }
    if (!rest)
        drop(v, h);
    return true;
}

static void gather(size_t listeners) {
    size_t us = listeners * GATHER_US;
    if (listeners > 10)
        usleep((useconds_t)(us < GATHER_MAX ? us : GATHER_MAX));
}

static void *serve_all(void *arg) {
    struct events *v = arg;
    int64_t ticked = now_ms();
    bool busy = true;
    while (!atomic_load(&v->ending)) {
        kith_error e = {.struct_size = sizeof e};
        if (v->self->following->await(v->self->host, v->durable, busy ? 0 : TICK_MS, &v->durable,
                                      &e) != KITH_OK)
            usleep(20000); /* it ends */
        size_t n = take_coming(v);
        atomic_store(&v->count, n);
        if (!busy)
            gather(n);
        int64_t now = now_ms();
        if (now - ticked >= TICK_MS) {
            tick(v, now);
            ticked = now;
        }
        busy = turn(v);
    }
    return NULL;
}

kith_status events_open(kith_instance *self, kith_error *err) {
    struct events *v = self->events = calloc(1, sizeof *v);
    if (!v)
        return kith_fail(err, KITH_E_NOMEM, NULL, "no memory");
    v->self = self;
    pthread_mutex_init(&v->lock, NULL);
    v->has_thread = pthread_create(&v->thread, NULL, serve_all, v) == 0;
    return v->has_thread ? KITH_OK
                         : kith_fail(err, KITH_E_NOMEM, NULL, "a thread could not be started");
}

struct events_state events_state(const struct events *v) {
    return (struct events_state){.listeners = atomic_load(&v->count),
                                 .behind = atomic_load(&v->behind_rows),
                                 .told = atomic_load(&v->told)};
}

void events_close(struct events *v) {
    if (!v)
        return;
    atomic_store(&v->ending, true);
    nudge(v->self);
    if (v->has_thread)
        pthread_join(v->thread, NULL);
    drop(v, &v->held[0]);
    drop(v, &v->held[1]);
    (void)take_coming(v);
    while (v->listeners) {
        struct listener *l = v->listeners;
        v->listeners = l->next;
        forget(l);
    }
    pthread_mutex_destroy(&v->lock);
    text_free(&v->text);
    free(v);
}

/* -- a request --------------------------------------------------------------------------------- */

/* Under the lock. NULL: there is room for one more. */
static const char *no_room(const struct events *v, kith_id user, bool asks) {
    int64_t all = 0, own = 0;
    if (asks && is_tired_of(v, user))
        return TOO_SLOW;
    for (int i = 0; i < 2; i++)
        for (const struct listener *l = i ? v->coming : v->listeners; l; l = l->next) {
            all++;
            own += l->user == user;
        }
    if (own >= v->self->max_listeners_of_user)
        return "as many listen for you as web.max_listeners_per_user allows: end one of them";
    return all >= v->self->max_listeners
               ? "as many listen as web.max_listeners allows: try again later"
               : NULL;
}

static bool refuse_more(struct request *r, const char *why) {
    if (!why)
        return false;
    answer_problem(r, 429, "limit reached", NULL, why);
    answer_header(r, "Retry-After", "30");
    return true;
}

/* "4711", or "4711-1": of its row it had the first topic. */
static bool read_place(const char *text, uint64_t *at, uint32_t *part) {
    char *end;
    if (*text < '0' || *text > '9' || strlen(text) > 24)
        return false;
    *at = strtoull(text, &end, 10);
    *part = 0;
    if (*end == '-' && end[1] >= '0' && end[1] <= '9' && *at > 0) {
        *part = (uint32_t)strtoul(end + 1, &end, 10);
        --*at;
    }
    return *end == '\0' && *at <= INT64_MAX;
}

/* Where it is to begin; a browser that comes back says where it was, and the address is as before.
 */
static bool find_begin(struct request *r, struct listener *l) {
    const char *last = request_header(r, "Last-Event-ID");
    const char *text = last && *last ? last : request_argument(r, "after");
    kith_error e = {.struct_size = sizeof e};
    kith_batch *batch = NULL;
    uint64_t upto = 0;
    if (text && !read_place(text, &l->at, &l->part)) {
        answer_problem(r, 400, "invalid", "after",
                       "a place is the id of an event, as 4711; 0 is the beginning");
        return false;
    }
    kith_status st =
        r->self->following->happened(r->self->host, text ? l->at : INT64_MAX, 0, &batch, &upto, &e);
    r->self->following->forget(batch);
    if (!text && st == KITH_E_INVAL) {
        l->at = upto;
        return true;
    }
    if (st == KITH_OK)
        return true;
    if (st != KITH_E_NOTFOUND && st != KITH_E_INVAL) {
        answer_error(r, st, &e);
        return false;
    }
    answer_problem(r, 410, st == KITH_E_NOTFOUND ? "not found" : "invalid", "after", e.message);
    answer_member(r, st == KITH_E_NOTFOUND ? "first" : "last", "%llu", (unsigned long long)upto);
    return false;
}

/* By the names that the address has. */
static void answer_refusal(struct request *r, kith_status st, kith_error *e) {
    if (strcmp(e->field, "topics") == 0)
        (void)snprintf(e->field, sizeof e->field, "topic");
    else if (strcmp(e->field, "where") == 0)
        (void)snprintf(e->field, sizeof e->field, "q");
    answer_error(r, st, e);
}

static bool follow(struct request *r, struct listener *l) {
    const char *topics = request_argument(r, "topic"), *q = request_argument(r, "q");
    kith_error e = {.struct_size = sizeof e};
    kith_str list[TOPICS_MAX];
    kith_following what = {
        .struct_size = sizeof what, .topics = list, .where = kith_str_of(q ? q : "")};
    while (topics && *topics) {
        size_t len = strcspn(topics, ",");
        if (what.topic_count == TOPICS_MAX) {
            answer_problem(r, 400, "limit reached", "topic", "one stream has at most 64 topics");
            return false;
        }
        list[what.topic_count++] = (kith_str){topics, len};
        topics += len + (topics[len] == ',');
    }
    kith_status st = r->self->following->follow(r->caller, &what, &l->follower, &e);
    if (st != KITH_OK)
        answer_refusal(r, st, &e);
    return st == KITH_OK;
}

static bool open_stream(struct request *r, struct listener *l) {
    const struct stream_writer writer = {
        .on_room = on_room, .on_gone = on_gone, .arg = l, .endless = true};
    char hello[80];
    l->out = stream_new(STREAM_LEAST, &writer);
    int n =
        snprintf(hello, sizeof hello, HELLO "id: %llu", (unsigned long long)l->at + (l->part > 0));
    if (l->part)
        n += snprintf(hello + n, sizeof hello - (size_t)n, "-%u", l->part);
    n += snprintf(hello + n, sizeof hello - (size_t)n, "\n\n");
    if (!l->out || !stream_put(l->out, hello, (size_t)n)) {
        answer_problem(r, 503, "out of memory", NULL, "there is not enough memory");
        return false;
    }
    return true;
}

/* From then on it is the thread's, and the stream is the request's, too. */
static bool add(struct request *r, struct listener *l) {
    struct events *v = l->events;
    pthread_mutex_lock(&v->lock);
    const char *why = no_room(v, l->user, l->asks);
    if (!why) {
        r->out = stream_hold(l->out);
        l->next = v->coming;
        v->coming = l;
    }
    pthread_mutex_unlock(&v->lock);
    if (refuse_more(r, why))
        return false;
    r->status = 200;
    answer_header(r, "Content-Type", "text/event-stream");
    answer_header(r, "X-Accel-Buffering", "no");
    nudge(r->self);
    return true;
}

bool events_follow(struct request *r) {
    struct events *v = r->self->events;
    kith_id user = r->self->serving->user(r->caller);
    pthread_mutex_lock(&v->lock);
    const char *q = request_argument(r, "q");
    const char *why = no_room(v, user, q && *q);
    pthread_mutex_unlock(&v->lock);
    if (refuse_more(r, why))
        return true;
    struct listener *l = calloc(1, sizeof *l);
    if (!l) {
        answer_problem(r, 503, "out of memory", NULL, "there is not enough memory");
        return true;
    }
    l->events = v;
    l->user = user;
    l->asks = q && *q;
    l->sent = l->looked = now_ms();
    bool added = find_begin(r, l) && follow(r, l) && open_stream(r, l) && add(r, l);
    if (!added)
        forget(l);
    return true;
}
