/* SPDX-License-Identifier: Apache-2.0 */
/* A stream: bytes on their way from who makes them to who reads them, with room for some of them.
 * Neither waits for the other, but on a thread that may: *_wait. Knows nothing of HTTP.
 *
 * All functions may be called from any thread, by whoever holds the stream. */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>
#include <stddef.h>

#define STREAM_BYTES 65536

struct stream;

/* Whom who writes is told by; each may be NULL. Never from within a function that they called. */
struct stream_writer {
    /* There is room for what had none. */
    void (*on_room)(void *arg);
    /* Nobody reads any more: all was read, or the reader has left. Told once, and last of all. */
    void (*on_gone)(void *arg);
    void *arg;
    /* It has no end of its own: it is ended when the server is. */
    bool endless;
};
/* Held once. Takes at most max bytes at a time, and no memory while it is empty. NULL: no memory.
 */
struct stream *stream_new(size_t max, const struct stream_writer *writer);
struct stream *stream_hold(struct stream *s);
void stream_free(struct stream *s); /* whoever held it */
bool stream_is_endless(const struct stream *s);

/* -- who writes -------------------------------------------------------------------------------- */

/* All of it, or nothing: false, and on_room tells when to try again. What is larger than the stream
 * has room once that is empty. Also false when nobody reads any more, or it has ended. */
bool stream_put(struct stream *s, const char *ptr, size_t len);
/* As much as there is room for. *open false: nobody reads any more. */
size_t stream_put_some(struct stream *s, const char *ptr, size_t len, bool *open);
/* All of it, and waits for room. false: nobody reads any more. */
bool stream_put_wait(struct stream *s, const char *ptr, size_t len);
bool stream_is_read(struct stream *s); /* still */
void stream_end(struct stream *s);
/* It is not whole: whoever reads it learns that. */
void stream_fail(struct stream *s);

/* -- who reads --------------------------------------------------------------------------------- */

enum stream_state { STREAM_OPEN, STREAM_ENDED, STREAM_FAILED };
/* on_data: there is something where there was nothing, or it has ended. It may be called until
 * stream_leave returns, and must neither wait nor call the stream. */
void stream_attach(struct stream *s, void (*on_data)(void *arg), void *arg);
/* What there is, at most cap bytes. 0: nothing now, or, by *state, no more. */
size_t stream_take(struct stream *s, char *dst, size_t cap, enum stream_state *state);
size_t stream_take_wait(struct stream *s, char *dst, size_t cap, enum stream_state *state);
/* Reads no more. */
void stream_leave(struct stream *s);

#endif
