/* SPDX-License-Identifier: Apache-2.0 */
/* A batch of what happened. Rows are copied out of the journal and become events; the record of one
 * is read when somebody asks for the first time, and what is told to those with the same rights is
 * written once. */
#include "engine/happened.h"
#include "engine/bus.h"
#include "engine/follower.h"
#include "engine/tell.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BYTES_MAX (4u << 20) /* of images in a batch, though of at least one row */
#define KEPT_MAX  8          /* audiences of a row for whom its text is kept */
#define WANTS_MAX 500000000  /* ns that a condition may take of whoever tells, in one call */

/* Those with the same rights. */
struct audience {
    struct principal who; /* entered once more, so that its rights are nobody else's */
    bool yes;
    kith_str *json; /* by topic; empty: not written yet */
};
struct happening {
    struct journal_row row;
    struct delivery d;
    const char **topics;
    uint32_t topic_count;
    size_t topic_cap;
    struct audience audiences[KEPT_MAX];
    uint32_t audience_count;
};
struct happened {
    struct engine *g;
    struct arena arena;
    struct buf text; /* of what is not kept */
    struct happening *items;
    size_t count, cap, bytes;
    uint64_t upto;
};

/* -- reading ----------------------------------------------------------------------------------- */

static kith_status take_row(void *arg, const struct journal_row *row, kith_error *e) {
    struct happened *h = arg;
    if (h->bytes > BYTES_MAX)
        return KITH_E_LIMIT;
    h->upto = row->seq;
    if (row->erased)
        return KITH_OK;
    struct happening *items = arena_grow(&h->arena, h->items, h->count, &h->cap, sizeof *items);
    kith_str image = arena_str(&h->arena, row->image);
    if (!items || !image.ptr)
        return err_nomem(e);
    h->items = items;
    items[h->count] = (struct happening){.row = *row};
    items[h->count++].row.image = image;
    h->bytes += sizeof *items + (size_t)image.len;
    return KITH_OK;
}

struct naming {
    struct happened *h;
    struct happening *item;
};

static kith_status add_topic(void *arg, const char *topic, kith_error *e) {
    struct naming *n = arg;
    struct happening *i = n->item;
    const char **topics =
        arena_grow(&n->h->arena, i->topics, i->topic_count, &i->topic_cap, sizeof *topics);
    if (!topics)
        return err_nomem(e);
    i->topics = topics;
    topics[i->topic_count++] = topic;
    return KITH_OK;
}

/* Rows of one transaction have one head. */
static kith_status open_items(struct happened *h, struct conn *c, kith_error *e) {
    for (size_t k = 0; k < h->count; k++) {
        struct happening *i = &h->items[k];
        struct naming n = {h, i};
        i->d = (struct delivery){.g = h->g, .row = &i->row};
        if (k)
            i->d.tx = h->items[k - 1].d.tx;
        TRY(delivery_open(&i->d, c, &h->arena, e));
        i->d.ev.topic = delivery_topic(&i->d);
        TRY(engine_event_topics(&i->d.ev, &h->arena, add_topic, &n, e));
    }
    return KITH_OK;
}

static kith_status check_place(struct conn *c, uint64_t after, uint64_t durable, uint64_t *upto,
                               kith_error *e) {
    struct journal_start start;
    TRY(journal_start(c, &start, e));
    if (after < start.seq) {
        *upto = start.seq;
        return err_set(e, KITH_E_NOTFOUND, "after",
                       "the journal is kept from row %llu on (journal.keep): what came before is"
                       " not there any more",
                       (unsigned long long)(start.seq + 1));
    }
    if (after <= durable)
        return KITH_OK;
    *upto = durable;
    return err_set(e, KITH_E_INVAL, "after",
                   "the journal ends with row %llu: that place is of another company, or of a later"
                   " state of this one",
                   (unsigned long long)durable);
}

static kith_status read_in(struct happened *h, struct conn *c, uint64_t after, uint32_t rows,
                           uint64_t *upto, kith_error *e) {
    uint64_t durable = atomic_load(&h->g->durable);
    TRY(check_place(c, after, durable, upto, e));
    uint64_t to = durable - after > rows ? after + rows : durable;
    h->upto = after;
    kith_status st = journal_walk(c, after, to, take_row, h, e);
    if (st == KITH_OK)
        h->upto = to;
    else if (st != KITH_E_LIMIT || h->upto == after)
        return st;
    *upto = h->upto;
    return open_items(h, c, e);
}

kith_status happened_read(struct engine *g, uint64_t after, uint32_t rows, struct happened **out,
                          uint64_t *upto, kith_error *e) {
    struct conn *c;
    struct happened *h = calloc(1, sizeof *h);
    *out = NULL;
    *upto = after;
    if (!h)
        return err_nomem(e);
    h->g = g;
    kith_status st = engine_reader(g, &c, e);
    if (st == KITH_OK) {
        st = read_in(h, c, after, rows, upto, e);
        engine_reader_done(g, c);
    }
    if (st == KITH_OK)
        *out = h;
    else
        happened_free(h);
    return st;
}

void happened_free(struct happened *h) {
    if (!h)
        return;
    for (size_t k = 0; k < h->count; k++)
        for (uint32_t i = 0; i < h->items[k].audience_count; i++)
            engine_leave(&h->items[k].audiences[i].who);
    buf_free(&h->text);
    arena_free(&h->arena);
    free(h);
}

/* -- telling ----------------------------------------------------------------------------------- */

struct telling {
    struct happened *h;
    struct follower *f;
    struct conn *conn; /* taken when it is needed */
    struct arena work;
    struct teller teller;
    int64_t spent; /* ns, on the condition */
};

static kith_status look(struct telling *t, kith_error *e) {
    if (t->conn)
        return KITH_OK;
    TRY(engine_reader(t->h->g, &t->conn, e));
    t->teller.conn = t->conn;
    return KITH_OK;
}

static struct audience *find_audience(struct happening *i, const struct principal *who) {
    for (uint32_t k = 0; k < i->audience_count; k++)
        if (i->audiences[k].who.access == who->access)
            return &i->audiences[k];
    return NULL;
}

/* *out NULL: there are too many to keep what they are told. */
static kith_status audience_of(struct telling *t, struct happening *i, struct audience **out,
                               bool *yes, kith_error *e) {
    const struct principal *who = t->teller.who;
    if ((*out = find_audience(i, who))) {
        *yes = (*out)->yes;
        return KITH_OK;
    }
    TRY(look(t, e));
    TRY(delivery_load(&i->d, t->conn, &t->h->arena, e));
    TRY(tell_may(&t->teller, &i->d.ev, yes, e));
    if (i->audience_count == KEPT_MAX)
        return KITH_OK;
    struct audience *a = &i->audiences[i->audience_count];
    *a = (struct audience){.who = *who, .yes = *yes};
    a->json = ARENA_ARRAY(&t->h->arena, kith_str, i->topic_count);
    if (!a->json)
        return err_nomem(e);
    engine_stay(&a->who);
    i->audience_count++;
    *out = a;
    return KITH_OK;
}

static int64_t worked_ns(void) {
    struct timespec at;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

/* One thread tells all: it is not to be one listener's alone. */
static kith_status meets(struct telling *t, const struct event *ev, const struct predicate *p,
                         bool *yes, kith_error *e) {
    int64_t begun = worked_ns();
    TRY(tell_meets(&t->teller, ev, p, yes, e));
    t->spent += worked_ns() - begun;
    if (t->spent <= WANTS_MAX)
        return KITH_OK;
    return err_set(e, KITH_E_LIMIT, "where",
                   "to find out what meets this condition takes too long: ask for less, or of"
                   " shorter fields");
}

static kith_status wants(struct telling *t, struct happening *i, bool *yes, kith_error *e) {
    const struct rtype *type;
    const struct predicate *p = follower_condition(t->f, &type);
    const struct event *ev = &i->d.ev;
    if (!type)
        return KITH_OK;
    *yes = p && ev->type == type;
    if (!*yes)
        return KITH_OK;
    TRY(look(t, e));
    TRY(delivery_load(&i->d, t->conn, &t->h->arena, e));
    *yes = ev->values != NULL;
    return *yes ? meets(t, ev, p, yes, e) : KITH_OK;
}

static kith_status text_of(struct telling *t, struct happening *i, struct audience *a, uint32_t k,
                           kith_str *json, kith_error *e) {
    if (a && a->json[k].len) {
        *json = a->json[k];
        return KITH_OK;
    }
    struct event ev = i->d.ev;
    ev.topic = i->topics[k];
    buf_reset(&t->h->text);
    TRY(tell_json(&t->teller, &ev, &t->h->text, e));
    *json = buf_view(&t->h->text);
    if (a && !(a->json[k] = *json = arena_str(&t->h->arena, *json)).ptr)
        return err_nomem(e);
    return KITH_OK;
}

/* Which of its topics are asked for: the first behind `from` and the last; none: both are the
 * count. */
static void find_topics(const struct telling *t, const struct happening *i, uint32_t from,
                        uint32_t *first, uint32_t *last) {
    *first = *last = i->topic_count;
    for (uint32_t k = from; k < i->topic_count; k++)
        if (follower_hears(t->f, i->topics[k])) {
            if (*first == i->topic_count)
                *first = k;
            *last = k;
        }
}

static kith_status tell_item(struct telling *t, struct happening *i, uint32_t from, told_fn fn,
                             void *arg, kith_error *e) {
    struct audience *a;
    uint32_t first, last;
    bool yes = false;
    find_topics(t, i, from, &first, &last);
    if (first == i->topic_count)
        return KITH_OK;
    TRY(audience_of(t, i, &a, &yes, e));
    if (yes)
        TRY(wants(t, i, &yes, e));
    for (uint32_t k = first; yes && k <= last; k++) {
        struct told told = {.seq = i->row.seq, .part = k + 1, .more = k < last};
        if (!follower_hears(t->f, i->topics[k]))
            continue;
        told.topic = i->topics[k];
        TRY(text_of(t, i, a, k, &told.json, e));
        TRY(fn(arg, &told, e));
        follower_told(t->f);
    }
    return KITH_OK;
}

kith_status happened_tell(struct happened *h, struct follower *f, uint64_t after, uint32_t part,
                          told_fn fn, void *arg, kith_error *e) {
    struct telling t = {.h = h, .f = f};
    kith_status st = follower_still(f, e);
    if (st != KITH_OK)
        return st;
    t.teller = (struct teller){
        .engine = h->g, .now = engine_now(h->g), .who = follower_who(f), .arena = &t.work};
    for (size_t k = 0; st == KITH_OK && k < h->count; k++) {
        struct happening *i = &h->items[k];
        arena_reset(&t.work);
        if (i->row.seq > after)
            st = tell_item(&t, i, i->row.seq == after + 1 ? part : 0, fn, arg, e);
    }
    if (t.conn)
        engine_reader_done(h->g, t.conn);
    arena_free(&t.work);
    return st;
}
