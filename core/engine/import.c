/* SPDX-License-Identifier: Apache-2.0 */
/* Import: opening, looking at the first rows, and the run with two batches on their way: while the
 * writer works on one, the next is read. */
#include "engine/engine_internal.h"
#include "engine/import_vcard.h"

#include "base/id.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum file_format file_format_of(const char *name) {
    static const struct {
        const char *ending;
        enum file_format format;
    } known[] = {{".jsonl", FORMAT_JSONL},
                 {".ndjson", FORMAT_JSONL},
                 {".json", FORMAT_JSONL},
                 {".vcf", FORMAT_VCARD},
                 {".vcard", FORMAT_VCARD}};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof known / sizeof *known; i++)
        if (str_ieqz(str_of(dot), known[i].ending))
            return known[i].format;
    return FORMAT_CSV;
}

/* -- opening ----------------------------------------------------------------------------------- */

static kith_status find_list(struct import *im, kith_error *e) {
    const struct schema *s = im->schema;
    const struct base_segment *segment = &s->base.segment;
    struct segment_found found;
    kith_value *values;
    kith_str name = str_of(im->o->list ? im->o->list : "");
    if (!im->o->list)
        return KITH_OK;
    if (s->segments->find(s->segments->arg, im->o->principal, name, &found, e) != KITH_OK)
        return err_blame(e, "list");
    im->list = found.id;
    TRY(engine_get(im->g, im->o->principal, segment->type, im->list, &im->arena, &values, e));
    if (str_eqz(values[segment->kind->index].as.s, "live"))
        return err_set(e, KITH_E_INVAL, "list",
                       "segment '%s' finds its records by its query; only a list takes others",
                       im->o->list);
    if (found.type != im->type)
        return err_set(e, KITH_E_INVAL, "list", "list '%s' takes records of type %s, not %s",
                       im->o->list, found.type->name, im->type->name);
    if (values[segment->expired->index].kind != KITH_NULL)
        return err_set(e, KITH_E_REFUSED, NULL, "list '%s' is spent and takes no more records",
                       im->o->list);
    return KITH_OK;
}

static kith_status open_parts(struct import *im, kith_error *e) {
    /* Each write is judged anyhow; but of whom none is taken nothing is read either. */
    if (access_rule(im->o->principal, im->type) == ACCESS_NONE ||
        !access_writes_type(im->o->principal, im->type)) {
        TRY(access_only_reads(im->o->principal, e));
        return err_set(e, KITH_E_DENIED, NULL, "%s may not read and write records of type %s",
                       im->o->principal->name, im->type->name);
    }
    if (sodium_init() < 0)
        return err_set(e, KITH_E_INTERNAL, NULL, "libsodium cannot be used");
    crypto_generichash_init(&im->content, NULL, 0, IMPORT_DIGEST);
    TRY(find_list(im, e));
    TRY(map_asks(im, e));
    TRY(read_open(im, e));
    return map_finish(im, e);
}

kith_status import_open(struct import **out, struct engine *g, const struct import_options *o,
                        kith_error *e) {
    struct import *im = calloc(1, sizeof *im);
    *out = NULL;
    if (!im)
        return err_nomem(e);
    im->g = g;
    im->o = o;
    im->type = o->type;
    im->schema = engine_schema(g);
    pthread_mutex_init(&im->lock, NULL);
    pthread_cond_init(&im->cond, NULL);
    for (int i = 0; i < 2; i++)
        im->batches[i].im = im;
    kith_status st = open_parts(im, e);
    if (st == KITH_OK)
        *out = im;
    else
        import_close(im);
    return st;
}

void import_close(struct import *im) {
    if (!im)
        return;
    read_close(im);
    for (int i = 0; i < 2; i++)
        arena_free(&im->batches[i].arena);
    map_free(&im->by_header);
    arena_free(&im->arena);
    pthread_mutex_destroy(&im->lock);
    pthread_cond_destroy(&im->cond);
    free(im);
}

const struct import_column *import_columns(const struct import *im, size_t *count) {
    struct arena *a = &((struct import *)(uintptr_t)im)->arena;
    struct import_column *out = ARENA_ARRAY(a, struct import_column, im->column_count);
    *count = 0;
    for (size_t i = 0; out && i < im->column_count; i++)
        if (!im->columns[i]->own)
            out[(*count)++] = im->columns[i]->shown;
    return out;
}

/* -- preview ----------------------------------------------------------------------------------- */

static void spread(const struct import *im, const struct row *r, kith_value *values) {
    size_t n = 0;
    for (size_t i = 0; i < im->column_count; i++) {
        if (im->columns[i]->own)
            continue;
        values[n] = value_null();
        for (size_t k = 0; k < r->put_count; k++)
            if (r->puts[k].column == im->columns[i])
                values[n] = r->puts[k].value;
        n++;
    }
}

kith_status import_preview(struct import *im, uint64_t n,
                           kith_status (*fn)(void *arg, const struct import_row *row,
                                             kith_error *e),
                           void *arg, kith_error *e) {
    struct arena *a = &im->batches[0].arena;
    for (; n > 0; n--) {
        struct row r;
        arena_reset(a);
        kith_status st = read_row(im, a, &r, e);
        if (st == KITH_E_NOTFOUND)
            return KITH_OK;
        TRY(st);
        kith_value *values = ARENA_ARRAY(a, kith_value, im->column_count);
        if (!values)
            return err_nomem(e);
        spread(im, &r, values);
        struct import_row shown = {
            .row = r.row, .line = r.line, .values = values, .reason = r.reason};
        TRY(fn(arg, &shown, e));
    }
    return KITH_OK;
}

/* -- beginning: anew, or where an interrupted one stopped -------------------------------------- */

/* What must be the same for an import to be resumed. */
static void digest_options(const struct import *im, unsigned char out[IMPORT_DIGEST]) {
    const struct import_options *o = im->o;
    crypto_generichash_state h;
    struct buf b = {0};
    buf_printf(&b, "%s|%d|%d|%d|%d|%s|%s", im->type->name, (int)o->format, (int)o->duplicates,
               o->day_first, o->csv.delimiter, o->key ? o->key : "",
               o->csv.encoding ? o->csv.encoding : "");
    buf_printf(&b, "|%d|%d|%zu|%d|%d|%d|%s|%s", o->csv.quote, o->csv.comment, o->csv.skip_lines,
               o->decimal, o->split, o->create_linked, o->empty ? o->empty : "",
               o->columns ? o->columns : "");
    for (size_t i = 0; i < o->map_count; i++)
        buf_printf(&b, "|%s", o->map[i]);
    if (o->list)
        buf_printf(&b, "|list %s", o->list);
    crypto_generichash_init(&h, NULL, 0, IMPORT_DIGEST);
    crypto_generichash_update(&h, (const unsigned char *)b.ptr, b.len);
    for (size_t i = 0; i < im->header_count; i++) {
        crypto_generichash_update(&h, (const unsigned char *)"|", 1);
        crypto_generichash_update(&h, (const unsigned char *)im->header[i].ptr, im->header[i].len);
    }
    crypto_generichash_final(&h, out, IMPORT_DIGEST);
    buf_free(&b);
}

static void digest_content(const struct import *im, unsigned char out[IMPORT_DIGEST]) {
    crypto_generichash_state so_far = im->content;
    crypto_generichash_final(&so_far, out, IMPORT_DIGEST);
}

struct beginning {
    struct import *im;
    bool found; /* an interrupted one */
    struct import_log log;
};

/* One that is still under way is not interrupted. Looked up and claimed in one transaction, so that
 * it cannot end in between. */
static kith_status look_back(struct txn *t, void *arg, kith_error *e) {
    struct beginning *b = arg;
    struct import *im = b->im;
    kith_status st = import_log_find(txn_conn(t), im->type->name, im->o->name, txn_only_by(t),
                                     &im->arena, &b->log, e);
    b->found = st == KITH_OK;
    if (b->found && !engine_claim_run(im->g, &im->claim, b->log.run))
        return err_set(e, KITH_E_BUSY, NULL,
                       "a file %s is being imported by another command: try again when it is done",
                       im->o->name);
    return st == KITH_E_NOTFOUND ? KITH_OK : st;
}

static kith_status begin_anew(struct txn *t, void *arg, kith_error *e) {
    struct beginning *b = arg;
    struct import_log log = {
        .run = txn_id(t), .type = b->im->type->name, .name = b->im->o->name, .started = txn_now(t)};
    digest_options(b->im, log.options);
    digest_content(b->im, log.content);
    TRY(import_log_begin(txn_conn(t), &log, e));
    engine_claim_run(b->im->g, &b->im->claim, log.run);
    b->log = log;
    return KITH_OK;
}

static kith_status forget(struct txn *t, void *arg, kith_error *e) {
    struct beginning *b = arg;
    return import_log_end(txn_conn(t), b->log.run, IMPORT_UNDONE, e);
}

static struct write_opts opts_of(const struct import *im, kith_id run) {
    return (struct write_opts){
        .principal = im->o->principal, .origin = ORIGIN_IMPORT, .note = im->o->name, .run = run};
}

static bool changed_nothing(const struct import_log *log) {
    return log->rows == log->counts[IMPORT_REJECTED] + log->counts[IMPORT_SKIPPED];
}

static kith_status take_back(struct import *im, struct beginning *b, kith_error *e) {
    struct write_opts o = opts_of(im, 0);
    struct undo_report ignored;
    if (!changed_nothing(&b->log)) {
        kith_status st =
            engine_undo(im->g, im->o->principal, b->log.run, false, &im->arena, &ignored, e);
        if (st != KITH_E_NOTFOUND) /* it had changed nothing */
            TRY(st);
    }
    b->found = false;
    return engine_write(im->g, &o, forget, b, NULL, e);
}

static kith_status note_file(struct txn *t, void *arg, kith_error *e) {
    const struct beginning *b = arg;
    return import_log_set_file(txn_conn(t), b->log.run, str_of(b->im->o->rejects), e);
}

static kith_status begin(struct import *im, kith_error *e) {
    struct beginning b = {.im = im};
    struct write_opts o = opts_of(im, 0);
    unsigned char options[IMPORT_DIGEST];
    digest_options(im, options);
    TRY(engine_write(im->g, &o, look_back, &b, NULL, e));
    if (b.found && im->o->restart)
        TRY(take_back(im, &b, e));
    if (b.found && memcmp(options, b.log.options, IMPORT_DIGEST) != 0 && changed_nothing(&b.log))
        TRY(take_back(im, &b, e));
    if (b.found && memcmp(options, b.log.options, IMPORT_DIGEST) != 0)
        return err_set(e, KITH_E_CONFLICT, NULL,
                       "an import of %s stopped after %llu rows, with other options or columns: "
                       "give the same to go on, or the option 'restart', which takes these rows "
                       "back and begins anew",
                       im->o->name, (unsigned long long)b.log.rows);
    if (!b.found)
        TRY(engine_write(im->g, &o, begin_anew, &b, NULL, e));
    if (im->o->rejects)
        TRY(engine_write(im->g, &o, note_file, &b, NULL, e));
    im->log = b.log;
    return KITH_OK;
}

kith_status import_reject_files(struct conn *c, struct arena *a, kith_str **paths, size_t *count,
                                kith_error *e) {
    size_t all, n = 0;
    TRY(import_log_files(c, a, paths, &all, e));
    /* Who may not look into its folder cannot say that it is gone. */
    for (size_t i = 0; i < all; i++)
        if (access((*paths)[i].ptr, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR))
            (*paths)[n++] = (*paths)[i];
    *count = n;
    return KITH_OK;
}

/* -- passing over what is done ----------------------------------------------------------------- */

#define REJECT_PAGE 200u
struct past { /* rejects of the earlier attempt, told again */
    struct arena arena;
    struct import_log_reject items[REJECT_PAGE];
    uint32_t count, at;
};

static kith_status next_rejects(struct import *im, struct past *p, uint64_t row, kith_error *e) {
    struct conn *c;
    if (p->at < p->count || (p->count < REJECT_PAGE && row > 0))
        return KITH_OK;
    arena_reset(&p->arena);
    p->at = 0;
    TRY(engine_reader(im->g, &c, e));
    kith_status st =
        import_log_rejects(c, im->log.run, row, REJECT_PAGE, &p->arena, p->items, &p->count, e);
    engine_reader_done(im->g, c);
    return st;
}

static kith_status changed_file(const struct import *im, kith_error *e) {
    return err_set(e, KITH_E_CONFLICT, NULL,
                   "%s has changed since its import stopped after %llu rows: import it as it was "
                   "to go on, or with the option 'restart', which takes these rows back and "
                   "begins anew",
                   im->o->name, (unsigned long long)im->log.rows);
}

static kith_status pass_row(struct import *im, struct past *p, uint64_t index, kith_error *e) {
    struct arena *a = &im->batches[0].arena;
    struct row r;
    arena_reset(a);
    kith_status st = read_past(im, a, &r, e);
    if (st == KITH_E_NOTFOUND)
        return changed_file(im, e);
    TRY(st);
    TRY(next_rejects(im, p, index, e));
    if (p->at == p->count || p->items[p->at].row != index)
        return KITH_OK;
    r.field = p->items[p->at].field;
    r.reason = p->items[p->at++].reason;
    return reject_row(im, &r, e);
}

static kith_status pass_over(struct import *im, kith_error *e) {
    struct past p = {.count = 0};
    kith_status st = KITH_OK;
    unsigned char content[IMPORT_DIGEST];
    for (uint64_t i = 0; st == KITH_OK && i < im->log.rows; i++)
        st = pass_row(im, &p, i, e);
    arena_free(&p.arena);
    TRY(st);
    digest_content(im, content);
    return memcmp(content, im->log.content, IMPORT_DIGEST) == 0 ? KITH_OK : changed_file(im, e);
}

/* -- batches ----------------------------------------------------------------------------------- */

static void batch_done(void *arg, kith_status st, kith_id tx, const kith_error *e) {
    struct batch *b = arg;
    (void)tx;
    pthread_mutex_lock(&b->im->lock);
    b->done = true;
    b->status = st;
    err_copy(&b->error, e);
    pthread_cond_signal(&b->im->cond);
    pthread_mutex_unlock(&b->im->lock);
}

static kith_status fill(struct import *im, struct batch *b, kith_error *e) {
    uint32_t want = im->o->batch ? im->o->batch : IMPORT_BATCH;
    arena_reset(&b->arena);
    b->count = 0;
    b->first = im->read;
    b->rows = ARENA_ARRAY(&b->arena, struct row, want);
    if (!b->rows)
        return err_nomem(e);
    while (b->count < want && arena_bytes(&b->arena) < IMPORT_BATCH_BYTES) {
        struct row *r = &b->rows[b->count];
        kith_status st = read_row(im, &b->arena, r, e);
        im->at_end = st == KITH_E_NOTFOUND;
        if (im->at_end)
            break;
        TRY(st);
        b->count++;
    }
    digest_content(im, b->log.content);
    b->log.run = im->log.run;
    return KITH_OK;
}

/* Full queues empty themselves: other writers are being served. */
static kith_status post(struct import *im, struct batch *b, kith_error *e) {
    b->opts = opts_of(im, im->log.run);
    b->error = (kith_error)KITH_ERROR_INIT;
    b->done = false;
    for (int tries = 0;; tries++) {
        kith_status st = engine_post(im->g, &b->opts, write_batch, b, batch_done, e);
        b->busy = st == KITH_OK;
        if (st != KITH_E_BUSY || tries == 1000)
            return st;
        clock_sleep(10);
    }
}

static void note_match(struct import *im, const struct row *r) {
    struct import_report *out = &im->report;
    size_t max = sizeof out->matches / sizeof *out->matches;
    if (r->met && out->match_count < max)
        out->matches[out->match_count++] = (struct import_match){
            .row = r->row, .id = r->record, .by_import = r->record > im->log.run};
}

static void take_counts(struct import *im) {
    const uint64_t *n = im->log.counts;
    struct import_report *out = &im->report;
    out->rows = im->log.rows;
    out->created = n[IMPORT_CREATED];
    out->updated = n[IMPORT_UPDATED];
    out->unchanged = n[IMPORT_UNCHANGED];
    out->skipped = n[IMPORT_SKIPPED];
    out->rejected = n[IMPORT_REJECTED];
    out->duplicates = n[IMPORT_DUPLICATES];
    out->keyless = n[IMPORT_KEYLESS];
}

/* Whoever learns by a key that a record is there has read it. */
static kith_status note_reads(struct import *im, struct batch *b, kith_error *e) {
    kith_id *ids;
    size_t n = 0;
    if (!reads_noted(im->g, im->o->principal, im->type))
        return KITH_OK;
    if (!(ids = ARENA_ARRAY(&b->arena, kith_id, b->count)))
        return err_nomem(e);
    for (size_t i = 0; i < b->count; i++)
        if (b->rows[i].met && b->rows[i].record <= im->log.run) /* else it is of this import */
            ids[n++] = b->rows[i].record;
    return n ? reads_note(im->g, im->o->principal, im->type, ids, n, e) : KITH_OK;
}

static kith_status tell(struct import *im, struct batch *b, kith_error *e) {
    im->log.rows += b->log.rows;
    for (int i = 0; i < IMPORT_COUNTS; i++)
        im->log.counts[i] += b->log.counts[i];
    take_counts(im);
    TRY(note_reads(im, b, e));
    for (size_t i = 0; i < b->count; i++) {
        note_match(im, &b->rows[i]);
        if (b->rows[i].outcome == IMPORT_REJECTED)
            TRY(reject_row(im, &b->rows[i], e));
        else if (b->rows[i].card && b->rows[i].outcome != IMPORT_SKIPPED)
            card_tell_kept(im, b->rows[i].card);
    }
    return KITH_OK;
}

/* Waits for a batch that is on its way and tells what became of it. */
static kith_status settle(struct import *im, struct batch *b, kith_error *e) {
    if (!b->busy)
        return KITH_OK;
    pthread_mutex_lock(&im->lock);
    while (!b->done)
        pthread_cond_wait(&im->cond, &im->lock);
    pthread_mutex_unlock(&im->lock);
    b->busy = false;
    if (b->status == KITH_OK)
        return tell(im, b, e);
    err_copy(e, &b->error);
    return b->status;
}

/* -- imported already? ------------------------------------------------------------------------- */

struct twin {
    struct import_log like;
    kith_id run;
    int64_t started;
};

/* Then nothing is left of this attempt, which has written nothing yet. */
static kith_status look_for_twin(struct txn *t, void *arg, kith_error *e) {
    struct twin *w = arg;
    kith_status st =
        import_log_twin(txn_conn(t), &w->like, txn_only_by(t), &w->run, &w->started, e);
    if (st == KITH_E_NOTFOUND)
        return KITH_OK;
    TRY(st);
    return import_log_end(txn_conn(t), w->like.run, IMPORT_UNDONE, e);
}

/* Without a key nothing tells the rows from those of a file whose import was done, but not seen to
 * be done. The first batch is enough to know it by: its rows would be there twice. */
static kith_status refuse_twin(struct import *im, const struct batch *b, kith_error *e) {
    struct twin w = {.like = im->log};
    struct write_opts o = opts_of(im, 0);
    char id[ID_TEXT + 1];
    if (b->first > 0 || b->count == 0 || im->o->key || im->o->again)
        return KITH_OK;
    memcpy(w.like.content, b->log.content, IMPORT_DIGEST);
    TRY(engine_write(im->g, &o, look_for_twin, &w, NULL, e));
    if (w.run == 0)
        return KITH_OK;
    struct civil at = zone_local(engine_zone(im->g), w.started);
    id_format(w.run, id);
    return err_set(e, KITH_E_CONFLICT, NULL,
                   "%s was imported already, at %04d-%02d-%02d %02d:%02d, and without a key its "
                   "rows would be there twice: an undo of %s takes that import back, the option "
                   "'again' imports the file once more",
                   im->o->name, at.year, at.month, at.day, at.hour, at.minute, id);
}

static kith_status step(struct import *im, struct batch *b, int64_t started, kith_error *e) {
    TRY(settle(im, b, e));
    im->report.seconds = (double)(clock_ticks() - started) / 1e9;
    if (im->o->progress && im->report.rows > im->report.resumed)
        TRY(im->o->progress(im->o->arg, &im->report, e));
    TRY(fill(im, b, e));
    TRY(refuse_twin(im, b, e));
    return b->count ? post(im, b, e) : KITH_OK;
}

static kith_status run_batches(struct import *im, int64_t started, kith_error *e) {
    kith_status st = KITH_OK;
    unsigned i = 0;
    for (; st == KITH_OK && !im->at_end; i++)
        st = step(im, &im->batches[i % 2], started, e);
    /* Also after a failure: what was posted still refers to the batches. The older one is first. */
    for (unsigned last = i + 2; i < last; i++) {
        kith_status end = settle(im, &im->batches[i % 2], st == KITH_OK ? e : NULL);
        st = st == KITH_OK ? end : st;
    }
    return st;
}

/* A key without an index would have every row read all records. */
static kith_status index_key(struct txn *t, void *arg, kith_error *e) {
    return lookup_index(txn_conn(t), arg, true, e);
}

static kith_status drop_index(struct txn *t, void *arg, kith_error *e) {
    return lookup_index(txn_conn(t), arg, false, e);
}

static kith_status finish(struct txn *t, void *arg, kith_error *e) {
    struct import *im = arg;
    return import_log_end(txn_conn(t), im->log.run, IMPORT_DONE, e);
}

static kith_status run_parts(struct import *im, int64_t started, kith_error *e) {
    struct write_opts o = opts_of(im, 0);
    TRY(begin(im, e));
    im->report.run = im->log.run;
    im->report.resumed = im->log.rows;
    take_counts(im);
    TRY(pass_over(im, e));
    TRY(engine_write(im->g, &o, index_key, &im->key, NULL, e));
    kith_status st = run_batches(im, started, e);
    kith_status end = engine_write(im->g, &o, drop_index, &im->key, NULL, st == KITH_OK ? e : NULL);
    TRY(st);
    TRY(end);
    if (im->o->ending)
        TRY(im->o->ending(im->o->arg, e));
    return engine_write(im->g, &o, finish, im, NULL, e);
}

kith_status import_run(struct import *im, struct import_report *report, kith_error *e) {
    int64_t started = clock_ticks();
    kith_status st = run_parts(im, started, e);
    engine_drop_claim(im->g, &im->claim);
    im->report.seconds = (double)(clock_ticks() - started) / 1e9;
    *report = im->report;
    return st;
}
