/* SPDX-License-Identifier: Apache-2.0 */
/* Read log: who was handed which records with personal data. A reader leaves a note and goes on;
 * the writer writes all notes that wait as one transaction, and what cannot be written waits on. */
#include "base/log.h"
#include "engine/engine_internal.h"
#include "journal/access_log.h"

#include <stdlib.h>
#include <string.h>

#define WAITING_MAX 1000000 /* records; a reader that finds more waits for the writer */
#define TRIES       3       /* commits that fail before whoever waits for the log is told */

struct read_note {
    struct access_entry entry; /* its texts and records follow in the same block */
    struct read_note *next;
};

static const struct principal kith = {.name = "kith", .all = true};
const struct write_opts by_kith = {.principal = &kith, .origin = ORIGIN_SYSTEM};

/* -- what is noted ----------------------------------------------------------------------------- */

bool reads_noted(const struct engine *g, const struct principal *p, const struct rtype *t) {
    return p && p->surface && (p->user || g->opts.log_all_reads) && access_personal(p, t);
}

static char *put_text(char *at, const char *text, const char **out) {
    size_t len = strlen(text) + 1;
    memcpy(at, text, len);
    *out = at;
    return at + len;
}

static struct read_note *new_note(struct engine *g, const struct principal *p,
                                  const struct rtype *t, const kith_id *ids, size_t count) {
    const char *asked = p->asked ? p->asked : "";
    size_t texts = strlen(p->name) + strlen(p->surface) + strlen(asked) + 3;
    struct read_note *n = malloc(sizeof *n + count * sizeof *ids + texts);
    if (!n)
        return NULL;
    kith_id *copy = (kith_id *)(void *)(n + 1);
    if (count)
        memcpy(copy, ids, count * sizeof *ids);
    *n = (struct read_note){.entry = {.at = engine_now(g),
                                      .event = ACCESS_READ,
                                      .user = p->user,
                                      .type = t->id,
                                      .records = copy,
                                      .record_count = count}};
    char *at = put_text((char *)(copy + count), p->name, &n->entry.actor);
    put_text(put_text(at, p->surface, &n->entry.surface), asked, &n->entry.asked);
    return n;
}

/* -- writing ----------------------------------------------------------------------------------- */

/* May run twice: nothing is taken out of the list before it is committed. */
static kith_status write_notes(struct txn *t, void *arg, kith_error *e) {
    struct engine *g = arg;
    pthread_mutex_lock(&g->reads_lock);
    const struct read_note *last = g->reads_last;
    pthread_mutex_unlock(&g->reads_lock);
    for (const struct read_note *n = last ? g->reads : NULL; n; n = n == last ? NULL : n->next)
        TRY(access_log_add(t->g->writer, &n->entry, NULL, e));
    g->reads_written = last;
    return KITH_OK;
}

/* Frees what is written. On the writer, or when nobody else writes notes. */
static void drop_written(struct engine *g) {
    pthread_mutex_lock(&g->reads_lock);
    for (const struct read_note *end = g->reads_written; end && g->reads;) {
        struct read_note *n = g->reads;
        end = n == end ? NULL : end;
        g->reads = n->next;
        g->reads_waiting -= n->entry.record_count;
        g->reads_logged++;
        free(n);
    }
    if (!g->reads)
        g->reads_last = NULL;
    g->reads_written = NULL;
    pthread_mutex_unlock(&g->reads_lock);
}

static void post(struct engine *g);

static void written(void *arg, kith_status st, kith_id tx, const kith_error *e) {
    struct engine *g = arg;
    (void)tx;
    if (st == KITH_OK)
        drop_written(g);
    else
        log_error("access", "the log of reads waits: %s", e->message);
    pthread_mutex_lock(&g->reads_lock);
    if (st != KITH_OK) {
        g->reads_failed++;
        err_copy(&g->reads_error, e);
    }
    g->reads_posted = false;
    bool more = st == KITH_OK && g->reads != NULL;
    pthread_mutex_unlock(&g->reads_lock);
    if (more)
        post(g);
}

static void post(struct engine *g) {
    pthread_mutex_lock(&g->reads_lock);
    bool now = !g->reads_posted && g->reads;
    g->reads_posted |= now;
    pthread_mutex_unlock(&g->reads_lock);
    if (!now || engine_post(g, &by_kith, write_notes, g, written, NULL) == KITH_OK)
        return;
    pthread_mutex_lock(&g->reads_lock);
    g->reads_posted = false; /* the queue is full: the next reader tries again */
    pthread_mutex_unlock(&g->reads_lock);
}

static kith_status nothing(struct txn *t, void *arg, kith_error *e) {
    (void)t;
    (void)arg;
    (void)e;
    return KITH_OK;
}

/* What others leave meanwhile is not waited for. */
kith_status reads_flush(struct engine *g, kith_error *e) {
    pthread_mutex_lock(&g->reads_lock);
    const uint64_t until = g->reads_left, failed = g->reads_failed;
    kith_status st = KITH_OK;
    while (st == KITH_OK && g->reads_logged < until && g->reads_failed < failed + TRIES) {
        pthread_mutex_unlock(&g->reads_lock);
        post(g);
        st = engine_write(g, &by_kith, nothing, NULL, NULL, e); /* behind it in the queue */
        pthread_mutex_lock(&g->reads_lock);
    }
    if (st == KITH_OK && g->reads_logged < until)
        st = err_set(e, g->reads_error.code, NULL, "the log of who read what cannot be written: %s",
                     g->reads_error.message);
    pthread_mutex_unlock(&g->reads_lock);
    return st;
}

kith_status reads_note(struct engine *g, const struct principal *p, const struct rtype *t,
                       const kith_id *ids, size_t count, kith_error *e) {
    struct read_note *n = new_note(g, p, t, ids, count);
    if (!n)
        return err_nomem(e);
    g = g->original ? g->original : g;
    pthread_mutex_lock(&g->reads_lock);
    if (g->reads_last)
        g->reads_last->next = n;
    else
        g->reads = n;
    g->reads_last = n;
    g->reads_waiting += count;
    g->reads_left++;
    bool much = g->reads_waiting > WAITING_MAX;
    pthread_mutex_unlock(&g->reads_lock);
    post(g);
    return much && !on_writer(g) ? reads_flush(g, e) : KITH_OK;
}

void engine_copy_of(struct engine *g, struct engine *original) {
    g->original = original;
}

void reads_close(struct engine *g) {
    kith_error e = KITH_ERROR_INIT;
    if (g->started && reads_flush(g, &e) != KITH_OK)
        log_error("access", "the log of reads is cut off: %s", e.message);
}

void reads_free(struct engine *g) {
    while (g->reads) {
        struct read_note *n = g->reads;
        g->reads = n->next;
        free(n);
    }
}
