/* SPDX-License-Identifier: Apache-2.0 */
/* A stream keeps what it took in order and whole, takes no more than it may, and tells both sides
 * what they wait for, once. */
#include "../stream.c"
#include "test.h"

struct told {
    int room, gone, data;
};

static void on_room(void *arg) {
    ((struct told *)arg)->room++;
}
static void on_gone(void *arg) {
    ((struct told *)arg)->gone++;
}
static void on_data(void *arg) {
    ((struct told *)arg)->data++;
}

static struct stream *opened(struct told *t, size_t max) {
    const struct stream_writer w = {.on_room = on_room, .on_gone = on_gone, .arg = t};
    struct stream *s = stream_new(max, &w);
    EXPECT(s != NULL);
    stream_attach(s, on_data, t);
    return s;
}

static void takes(struct stream *s, const char *want, enum stream_state then) {
    char got[64];
    enum stream_state state;
    size_t n = stream_take(s, got, sizeof got - 1, &state);
    got[n] = '\0';
    EXPECT_STR(want, got);
    EXPECT_INT(then, state);
}

TEST("it takes a piece whole or not at all, and tells when there is room for it") {
    struct told t = {0};
    struct stream *s = opened(&t, 10);
    EXPECT(stream_put(s, "12345678", 8));
    EXPECT(!stream_put(s, "abc", 3));
    EXPECT_INT(1, t.data);
    EXPECT_INT(0, t.room);
    EXPECT(stream_put(s, "ab", 2));
    EXPECT(!stream_put(s, "c", 1));
    takes(s, "12345678ab", STREAM_OPEN);
    EXPECT_INT(1, t.room);
    takes(s, "", STREAM_OPEN);
    EXPECT_INT(1, t.room);
    stream_leave(s);
    stream_free(s);
}

TEST("what is larger than it has room once it is empty") {
    struct told t = {0};
    struct stream *s = opened(&t, 4);
    EXPECT(stream_put(s, "x", 1));
    EXPECT(!stream_put(s, "123456", 6));
    takes(s, "x", STREAM_OPEN);
    EXPECT_INT(1, t.room);
    EXPECT(stream_put(s, "123456", 6));
    EXPECT(!stream_put(s, "7", 1));
    takes(s, "123456", STREAM_OPEN);
    stream_leave(s);
    stream_free(s);
}

TEST("it is read to its end, but not to where it failed") {
    struct told t = {0};
    struct stream *s = opened(&t, 10);
    EXPECT(stream_put(s, "abc", 3));
    stream_end(s);
    stream_fail(s); /* too late */
    EXPECT(!stream_put(s, "d", 1));
    EXPECT_INT(2, t.data);
    takes(s, "abc", STREAM_OPEN);
    takes(s, "", STREAM_ENDED);
    EXPECT_INT(0, t.gone);
    stream_leave(s);
    stream_leave(s);
    EXPECT_INT(1, t.gone);
    stream_free(s);
    s = opened(&t, 10);
    EXPECT(stream_put(s, "abc", 3));
    stream_fail(s);
    takes(s, "", STREAM_FAILED);
    stream_leave(s);
    stream_free(s);
}

TEST("who left reads no more, is told nothing, and takes up no room") {
    struct told t = {0};
    bool open;
    struct stream *s = opened(&t, 10);
    EXPECT(stream_put(s, "abc", 3));
    stream_leave(s);
    EXPECT(!stream_put(s, "d", 1));
    EXPECT(!stream_put_wait(s, "d", 1));
    EXPECT_INT(0, (int)stream_put_some(s, "d", 1, &open));
    EXPECT(!open);
    EXPECT(!stream_is_read(s));
    EXPECT_INT(1, t.data);
    EXPECT_INT(1, t.gone);
    EXPECT(s->ptr == NULL);
    stream_free(s);
}

#define PUMPED 3000000

struct pump {
    struct stream *s;
    uint64_t sum;
    size_t count;
    bool some; /* by stream_put_some, as http.c does */
};

static void add_up(struct pump *p, const char *ptr, size_t len) {
    for (size_t i = 0; i < len; i++)
        p->sum = p->sum * 31 + (unsigned char)ptr[i];
    p->count += len;
}

static void *write_all(void *arg) {
    struct pump *p = arg;
    char piece[997];
    bool open = true;
    for (size_t n = 1; open && p->count < PUMPED; n = n * 7 % 991 + 1) {
        memset(piece, (int)(p->count % 251), n);
        size_t took = p->some ? stream_put_some(p->s, piece, n, &open) : n;
        if (!p->some)
            open = stream_put_wait(p->s, piece, n);
        add_up(p, piece, took);
    }
    stream_end(p->s);
    return NULL;
}

static void *read_all(void *arg) {
    struct pump *p = arg;
    char piece[701];
    enum stream_state state = STREAM_OPEN;
    for (size_t n = 1; state == STREAM_OPEN; n = n * 5 % 700 + 1)
        add_up(p, piece, stream_take_wait(p->s, piece, n, &state));
    EXPECT_INT(STREAM_ENDED, state);
    return NULL;
}

static void pump(bool some) {
    struct told t = {0};
    pthread_t writer, reader;
    struct stream *s = opened(&t, 4096);
    struct pump in = {.s = s, .some = some}, out = {.s = s};
    stream_attach(s, NULL, NULL);
    pthread_create(&writer, NULL, write_all, &in);
    pthread_create(&reader, NULL, read_all, &out);
    pthread_join(writer, NULL);
    pthread_join(reader, NULL);
    EXPECT(in.count >= PUMPED);
    EXPECT_INT((int)in.count, (int)out.count);
    EXPECT(in.sum == out.sum);
    EXPECT(s->cap <= 8192);
    stream_leave(s);
    stream_free(s);
}

TEST("two threads pass on all of it, in order, in little room") {
    pump(false);
    pump(true);
}
