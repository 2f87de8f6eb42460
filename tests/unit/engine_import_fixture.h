/* SPDX-License-Identifier: Apache-2.0 */
/* Importing from text and files, and exporting to text, in tests. */
#ifndef TESTS_ENGINE_IMPORT_FIXTURE_H
#define TESTS_ENGINE_IMPORT_FIXTURE_H

#include "engine/import.h"
#include "engine_fixture.h"
#include "pieces.h"

#include <signal.h>

struct load { /* an import and what became of it */
    struct import_options o;
    struct import_report report;
    struct pieces bytes;
    struct buf rejects;  /* the file of rejects */
    char reasons[2000];  /* "row: field: reason\n" */
    uint64_t stop_after; /* rows; 0: never */
    bool die;            /* stop by kill -9 */
};

static inline kith_status note_reject(void *arg, const struct import_reject *r, kith_error *e) {
    struct load *l = arg;
    size_t n = strlen(l->reasons);
    (void)e;
    buf_str(&l->rejects, r->text);
    snprintf(l->reasons + n, sizeof l->reasons - n, "%" PRIu64 ": %s: %s\n", r->row, r->field,
             r->reason);
    return KITH_OK;
}

static inline kith_status note_progress(void *arg, const struct import_report *r, kith_error *e) {
    struct load *l = arg;
    if (!l->stop_after || r->rows < l->stop_after)
        return KITH_OK;
    if (l->die)
        kill(getpid(), SIGKILL);
    return err_set(e, KITH_E_LIMIT, NULL, "interrupted");
}

static inline struct load load_of(const struct rtype *type, const char *key) {
    return (struct load){.o = {.type = type, .principal = &tester, .name = "test.csv", .key = key}};
}

#define MAP(l, ...)                                                                                \
    do {                                                                                           \
        static const char *const map_[] = {__VA_ARGS__};                                           \
        (l)->o.map = map_;                                                                         \
        (l)->o.map_count = sizeof map_ / sizeof *map_;                                             \
    } while (0)

static inline kith_status load_open(struct fixture *x, struct load *l, kith_str text,
                                    struct import **im) {
    l->bytes.rest = text;
    l->o.source = pieces_pull;
    l->o.source_arg = &l->bytes;
    l->o.reject = note_reject;
    l->o.progress = note_progress;
    l->o.arg = l;
    buf_reset(&l->rejects);
    l->reasons[0] = '\0';
    memset(&l->report, 0, sizeof l->report);
    return import_open(im, x->g, &l->o, &x->e);
}

static inline kith_status load_str(struct fixture *x, struct load *l, kith_str text) {
    struct import *im;
    TRY(load_open(x, l, text, &im));
    kith_status st = import_run(im, &l->report, &x->e);
    import_close(im);
    return st;
}

static inline kith_status load_text(struct fixture *x, struct load *l, const char *text) {
    return load_str(x, l, str_of(text));
}

#define EXPECT_COUNTS(l, c, u, same_, s, r)                                                        \
    do {                                                                                           \
        char want_[100], got_[100];                                                                \
        const struct import_report *p_ = &(l)->report;                                             \
        snprintf(want_, sizeof want_, "created %d updated %d unchanged %d skipped %d rejected %d", \
                 c, u, same_, s, r);                                                               \
        snprintf(got_, sizeof got_, "created %d updated %d unchanged %d skipped %d rejected %d",   \
                 (int)p_->created, (int)p_->updated, (int)p_->unchanged, (int)p_->skipped,         \
                 (int)p_->rejected);                                                               \
        if (strcmp(want_, got_) != 0)                                                              \
            TEST_FAIL("expected %s, found %s; rejects:\n%s", want_, got_, (l)->reasons);           \
    } while (0)

static inline kith_status take_bytes(void *arg, kith_str bytes, kith_error *e) {
    (void)e;
    buf_str(arg, bytes);
    return KITH_OK;
}

static inline kith_status export_text(struct fixture *x, const char *text, enum file_format format,
                                      const char *fields, struct buf *out) {
    struct export_options o = {
        .principal = &tester, .format = format, .fields = fields, .put = take_bytes, .arg = out};
    struct query *q;
    buf_reset(out);
    TRY(query_parse(&q, engine_schema(x->g), &x->arena, str_of(text), &x->e));
    o.query = q;
    return engine_export(x->g, &o, NULL, &x->e);
}

/* A file of $KITH_DATA (else of ../shared/data); the test is skipped where it is absent. The caller
 * frees. */
static inline struct buf read_data(const char *name) {
    const char *dir = getenv("KITH_DATA");
    struct buf out = {0};
    char path[512], chunk[65536];
    size_t n;
    snprintf(path, sizeof path, "%s/%s", dir ? dir : "../shared/data", name);
    FILE *f = fopen(path, "rb");
    if (!f)
        TEST_SKIP("there is no %s; KITH_DATA names its folder", path);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        buf_add(&out, chunk, n);
    fclose(f);
    return out;
}
/* The only record that the query finds. */
static inline kith_id one(struct fixture *x, const char *query) {
    kith_id id = 0;
    EXPECT_INT(1, count(x, query, &id));
    return id;
}

#endif
