/* SPDX-License-Identifier: Apache-2.0 */
/* Streams: a bounded queue of bytes between two threads. */
#include "stream.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES 1024 /* most events are smaller */

struct stream {
    atomic_uint users;
    struct stream_writer writer;
    size_t max;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t change;
    char *ptr;           /* cap bytes; those from at on, len of them, are to be read */
    size_t at, len, cap; /* ptr is NULL while it is empty */
    size_t wanted;       /* bytes that had no room; 0: nobody waits to be told */
    enum stream_state state;
    bool left; /* nobody reads any more */
    void (*on_data)(void *arg);
    void *data_arg;
};

struct stream *stream_new(size_t max, const struct stream_writer *writer) {
    struct stream *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    atomic_store(&s->users, 1);
    s->max = max;
    if (writer)
        s->writer = *writer;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->change, NULL);
    return s;
}

struct stream *stream_hold(struct stream *s) {
    atomic_fetch_add(&s->users, 1);
    return s;
}

void stream_free(struct stream *s) {
    if (!s || atomic_fetch_sub(&s->users, 1) > 1)
        return;
    pthread_cond_destroy(&s->change);
    pthread_mutex_destroy(&s->lock);
    free(s->ptr);
    free(s);
}

bool stream_is_endless(const struct stream *s) {
    return s->writer.endless;
}

/* Locked. Both whoever waits and whoever is told look again. */
static void changed(struct stream *s) {
    pthread_cond_broadcast(&s->change);
    if (s->on_data)
        s->on_data(s->data_arg);
}

/* -- who writes -------------------------------------------------------------------------------- */

static bool is_open(const struct stream *s) {
    return s->state == STREAM_OPEN && !s->left;
}

/* Room for len bytes behind those that are there. */
static bool make_room(struct stream *s, size_t len) {
    size_t cap = s->cap ? s->cap : FIRST_BYTES;
    if (s->ptr && s->at + s->len + len <= s->cap)
        return true;
    if (s->ptr && s->len + len <= s->cap) {
        memmove(s->ptr, s->ptr + s->at, s->len);
        s->at = 0;
        return true;
    }
    while (cap < s->len + len)
        cap *= 2;
    char *ptr = malloc(cap);
    if (!ptr)
        return false;
    if (s->len)
        memcpy(ptr, s->ptr + s->at, s->len);
    free(s->ptr);
    s->ptr = ptr;
    s->cap = cap;
    s->at = 0;
    return true;
}

/* Locked. Who has no memory for it is as one that cannot read it. */
static bool add(struct stream *s, const char *ptr, size_t len) {
    bool was_empty = s->len == 0;
    if (len == 0)
        return true;
    if (!make_room(s, len)) {
        s->state = STREAM_FAILED;
        changed(s);
        return false;
    }
    memcpy(s->ptr + s->at + s->len, ptr, len);
    s->len += len;
    if (was_empty)
        changed(s);
    return true;
}

static size_t room_of(const struct stream *s) {
    return s->len < s->max ? s->max - s->len : 0;
}

static bool fits(const struct stream *s, size_t len) {
    return len <= room_of(s) || s->len == 0;
}

bool stream_put(struct stream *s, const char *ptr, size_t len) {
    bool taken = false;
    pthread_mutex_lock(&s->lock);
    if (is_open(s) && fits(s, len))
        taken = add(s, ptr, len);
    else if (is_open(s))
        s->wanted = len;
    pthread_mutex_unlock(&s->lock);
    return taken;
}

size_t stream_put_some(struct stream *s, const char *ptr, size_t len, bool *open) {
    pthread_mutex_lock(&s->lock);
    size_t n = room_of(s) < len ? room_of(s) : len;
    if (n < len) /* told when half of it is free: not for every byte */
        s->wanted = s->max / 2;
    if (!is_open(s) || !add(s, ptr, n))
        n = 0;
    *open = is_open(s);
    pthread_mutex_unlock(&s->lock);
    return n;
}

bool stream_put_wait(struct stream *s, const char *ptr, size_t len) {
    bool open;
    pthread_mutex_lock(&s->lock);
    while ((open = is_open(s)) && len > 0) {
        size_t n = room_of(s) < len ? room_of(s) : len;
        if (!add(s, ptr, n))
            continue;
        ptr += n;
        len -= n;
        if (len > 0)
            pthread_cond_wait(&s->change, &s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return open;
}

bool stream_is_read(struct stream *s) {
    pthread_mutex_lock(&s->lock);
    bool read = !s->left;
    pthread_mutex_unlock(&s->lock);
    return read;
}

static void close_as(struct stream *s, enum stream_state state) {
    pthread_mutex_lock(&s->lock);
    if (s->state == STREAM_OPEN) {
        s->state = state;
        changed(s);
    }
    pthread_mutex_unlock(&s->lock);
}

void stream_end(struct stream *s) {
    close_as(s, STREAM_ENDED);
}

void stream_fail(struct stream *s) {
    close_as(s, STREAM_FAILED);
}

/* -- who reads --------------------------------------------------------------------------------- */

void stream_attach(struct stream *s, void (*on_data)(void *arg), void *arg) {
    pthread_mutex_lock(&s->lock);
    s->on_data = on_data;
    s->data_arg = arg;
    pthread_mutex_unlock(&s->lock);
}

/* Locked. What has failed is not read to its end. */
static size_t take(struct stream *s, char *dst, size_t cap, enum stream_state *state) {
    size_t n = s->state == STREAM_FAILED ? 0 : s->len < cap ? s->len : cap;
    *state = s->state;
    if (n == 0)
        return 0;
    *state = STREAM_OPEN;
    memcpy(dst, s->ptr + s->at, n);
    s->at += n;
    s->len -= n;
    if (s->len == 0) {
        free(s->ptr);
        s->ptr = NULL;
        s->at = s->cap = 0;
    }
    pthread_cond_broadcast(&s->change);
    return n;
}

/* Is somebody to be told that there is room? They ask again if it is not enough. */
static bool tells_room(struct stream *s) {
    bool tells = s->wanted > 0 && fits(s, s->wanted) && is_open(s);
    if (tells)
        s->wanted = 0;
    return tells && s->writer.on_room;
}

size_t stream_take(struct stream *s, char *dst, size_t cap, enum stream_state *state) {
    pthread_mutex_lock(&s->lock);
    size_t n = take(s, dst, cap, state);
    bool tells = tells_room(s);
    pthread_mutex_unlock(&s->lock);
    if (tells)
        s->writer.on_room(s->writer.arg);
    return n;
}

size_t stream_take_wait(struct stream *s, char *dst, size_t cap, enum stream_state *state) {
    size_t n;
    pthread_mutex_lock(&s->lock);
    while ((n = take(s, dst, cap, state)) == 0 && *state == STREAM_OPEN)
        pthread_cond_wait(&s->change, &s->lock);
    bool tells = tells_room(s);
    pthread_mutex_unlock(&s->lock);
    if (tells)
        s->writer.on_room(s->writer.arg);
    return n;
}

void stream_leave(struct stream *s) {
    pthread_mutex_lock(&s->lock);
    bool told = s->left;
    s->left = true;
    s->on_data = NULL;
    free(s->ptr);
    s->ptr = NULL;
    s->at = s->len = s->cap = 0;
    pthread_cond_broadcast(&s->change);
    pthread_mutex_unlock(&s->lock);
    if (!told && s->writer.on_gone)
        s->writer.on_gone(s->writer.arg);
}
