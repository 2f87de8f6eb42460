/* SPDX-License-Identifier: Apache-2.0 */
/* Search: keeps the index in step with the records, indexes what was there before it, and finds.
 *
 * A group notes which records it touched and brings their rows in the index up to date once, just
 * before it commits. What a savepoint took back has been noted, too: such a row is only written as
 * it was. */
#include "engine/engine_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "record/access.h"

#define MISSING_MAX 10000 /* of a type that a search counts */
#define FILL_ROWS   2500  /* records indexed in one group: less than a tenth of a second */

/* -- following --------------------------------------------------------------------------------- */

static bool is_behind_gap(const struct search_state *s, const struct change *c) {
    for (size_t i = 0; i < s->gap_count; i++)
        if (s->gaps[i].type == c->type->id)
            return c->id > s->gaps[i].done;
    return false;
}

static bool changes_words(const struct change *c) {
    const struct rtype *t = c->type;
    if (c->kind == ROW_CREATE)
        return search_has_words(t, c->after);
    if (c->kind == ROW_DELETE)
        return true;
    for (uint32_t i = 0; i < t->searched_count; i++)
        if (fieldset_has(&c->changed, t->searched[i]->index))
            return true;
    return t->point_primary && (fieldset_has(&c->changed, t->point_primary->index) ||
                                fieldset_has(&c->changed, t->point_kind->index));
}

kith_status search_follow(struct txn *t, const struct change *c, kith_error *e) {
    struct search_state *s = &t->g->search;
    if (!c->type->searched_count || is_behind_gap(s, c) || !changes_words(c))
        return KITH_OK;
    if (s->count > s->followed && s->touched[s->count - 1].id == c->id)
        return KITH_OK;
    if (s->count == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 256;
        struct touched *more = realloc(s->touched, cap * sizeof *more);
        if (!more)
            return err_nomem(e);
        s->touched = more;
        s->cap = cap;
    }
    s->touched[s->count++] = (struct touched){c->type, c->id};
    return KITH_OK;
}

static int by_id(const void *a, const void *b) {
    const struct touched *x = a, *y = b;
    return x->id < y->id ? -1 : x->id > y->id;
}

static kith_status update_rows(struct engine *g, struct touched *from, size_t n, kith_error *e) {
    qsort(from, n, sizeof *from, by_id);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || from[i].id != from[i - 1].id)
            TRY(search_update(g->writer, from[i].type, from[i].id, &g->search.room, e));
    return KITH_OK;
}

kith_status search_ended(struct engine *g, kith_status st, kith_error *e) {
    g->search.damaged |= search_damage(st, g->writer);
    return search_error(st, g->writer, e);
}

kith_status search_catch_up(struct engine *g, kith_error *e) {
    struct search_state *s = &g->search;
    if (s->followed == s->count)
        return KITH_OK;
    TRY(txn_alive(g, e));
    s->writing = true;
    kith_status st = update_rows(g, s->touched + s->followed, s->count - s->followed, e);
    s->writing = false;
    st = search_ended(g, st, e);
    if (st == KITH_OK)
        s->followed = s->count;
    return st;
}

/* kith_indexed(x): x, once the index knows what this transaction wrote. matches() calls it before
 * it asks the index. */
static void sql_indexed(sqlite3_context *ctx, int n, sqlite3_value **args) {
    struct engine *g = sqlite3_user_data(ctx);
    kith_error e = KITH_ERROR_INIT;
    (void)n;
    if (search_catch_up(g, &e) == KITH_OK)
        sqlite3_result_value(ctx, args[0]);
    else
        sqlite3_result_error(ctx, e.message, -1);
}

void search_taken_back(struct engine *g) {
    g->search.followed = 0;
}

void search_settled(struct engine *g) {
    g->search.count = g->search.followed = 0;
}

void search_rolled_back(struct engine *g) {
    search_settled(g);
    g->search.unsure = true;
}

/* -- indexing what is there -------------------------------------------------------------------- */

static kith_status read_gaps(struct engine *g, kith_error *e) {
    struct search_state *s = &g->search;
    s->gap_count = 0;
    arena_reset(&s->arena);
    return search_gaps(g->writer, &s->arena, &s->gaps, &s->gap_count, e);
}

kith_status search_open(struct engine *g, kith_error *e) {
    int rc = sqlite3_create_function_v2(g->writer->db, "kith_indexed", 1, SQLITE_UTF8, g,
                                        sql_indexed, NULL, NULL, NULL);
    TRY(rc == SQLITE_OK ? KITH_OK : conn_error(g->writer, rc, e));
    return read_gaps(g, e);
}

void search_close(struct engine *g) {
    free(g->search.touched);
    search_text_free(&g->search.room);
    arena_free(&g->search.arena);
}

/* The next type to index; NULL: none, or none that is loaded. */
static const struct search_gap *next_gap(const struct engine *g) {
    for (size_t i = 0; i < g->search.gap_count; i++)
        if (schema_type_by_id(g->schema, g->search.gaps[i].type))
            return &g->search.gaps[i];
    return NULL;
}

bool search_building(const struct engine *g) {
    return !g->search.held && next_gap(g) != NULL;
}

static kith_status fill(struct engine *g, kith_error *e) {
    struct search_gap gap = *next_gap(g);
    bool whole;
    TRY(group_begin(g, e));
    kith_status st = search_fill(g->writer, g->schema, &gap, FILL_ROWS, &whole, e);
    if (st == KITH_OK && whole)
        st = segments_indexed(g, schema_type_by_id(g->schema, gap.type), e);
    if (st == KITH_OK)
        return group_commit(g, e);
    group_rollback(g);
    return st;
}

static kith_status build_step(struct engine *g, kith_error *e) {
    if (!next_gap(g))
        return KITH_OK;
    TRY(fill(g, e));
    TRY(read_gaps(g, e));
    if (!next_gap(g))
        log_info("search", "all records are indexed");
    return KITH_OK;
}

void search_build(struct engine *g) {
    kith_error e = KITH_ERROR_INIT;
    if (build_step(g, &e) == KITH_OK)
        return;
    g->search.held = true; /* search says what is missing; writes go on */
    log_error("search", "indexing is held up until the next start: %s", e.message);
}

struct building {
    uint64_t left; /* records, counted once */
    bool counted, more;
};

static kith_status build_alone(struct engine *g, struct request *r, kith_error *e) {
    struct building *b = r->alone_arg;
    g->search.held = false;
    if (!b->counted)
        TRY(search_missing(g->writer, g->schema, INT64_MAX, &b->left, e));
    b->counted = true;
    TRY(build_step(g, e));
    b->left -= b->left < FILL_ROWS ? b->left : FILL_ROWS;
    b->more = next_gap(g) != NULL;
    return KITH_OK;
}

kith_status engine_search_build(struct engine *g, search_tell tell, void *arg, kith_error *e) {
    for (struct building b = {.more = true}; b.more;) {
        struct request r = {.alone = build_alone, .alone_arg = &b};
        TRY(writer_submit(g, &r, e));
        if (tell && b.more)
            TRY(tell(arg, b.left, e));
    }
    return KITH_OK;
}

static kith_status clear(struct engine *g, kith_error *e) {
    g->search.damaged = false; /* or it will be found to be again */
    TRY(group_begin(g, e));
    kith_status st = search_clear(g->writer, g->schema, e);
    st = st == KITH_OK ? group_commit(g, e) : st;
    if (st != KITH_OK) {
        group_rollback(g);
        return st;
    }
    g->search.held = false;
    return read_gaps(g, e);
}

static kith_status clear_alone(struct engine *g, struct request *r, kith_error *e) {
    (void)r;
    return clear(g, e);
}

kith_status engine_search_clear(struct engine *g, kith_error *e) {
    struct request r = {.alone = clear_alone};
    return writer_submit(g, &r, e);
}

/* -- between groups --------------------------------------------------------------------------- */

/* FTS5 keeps in memory what it is to write, and forgets it when it is told that the transaction is
 * rolled back. When one of its own reads finds no memory, or a failing disk, SQLite rolls back in
 * the midst of FTS5's write, and what that write still does, FTS5 keeps for the next transaction:
 * that there are no words at all, say, when the read was of how many there are. So FTS5 takes part
 * in one more transaction, which does nothing and is rolled back when nothing else is going on. */
static kith_status forget(struct engine *g, kith_error *e) {
    if (!g->search.unsure)
        return KITH_OK;
    TRY(conn_exec(g->writer, "BEGIN IMMEDIATE", e));
    kith_status st = search_touch(g->writer, e);
    bool damage = search_damage(st, g->writer); /* that is found out by whoever writes */
    kith_status end = conn_exec(g->writer, "ROLLBACK", st == KITH_OK ? e : NULL);
    if (!damage)
        TRY(st);
    TRY(end);
    g->search.unsure = false;
    return KITH_OK;
}

/* No write is refused for what can be made anew. */
kith_status search_begin(struct engine *g, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    if (g->search.damaged && clear(g, &why) == KITH_OK)
        log_warn("search", "the index was damaged: all records are indexed anew");
    else if (*why.message)
        log_error("search", "the index is damaged and cannot be made anew: %s", why.message);
    return forget(g, e);
}

/* -- finding ----------------------------------------------------------------------------------- */

struct looking {
    struct engine *g;
    const struct principal *principal;
    const struct search *q;
    struct search_answer *answer;
    struct arena *arena;
};

/* Reads a record as it is now: since the index was read it may have gone, or have become another
 * one's; then *there is false. */
static kith_status read_hit(struct looking *l, struct conn *c, const struct search_hit *h,
                            struct search_record *out, bool *there, kith_error *e) {
    kith_value *values = ARENA_ARRAY(l->arena, kith_value, h->type->field_count);
    if (!values)
        return err_nomem(e);
    TRY(access_find(c, l->principal, h->type, h->id, l->arena, values, there, e));
    *out = (struct search_record){.type = h->type, .id = h->id, .values = values};
    return KITH_OK;
}

static kith_status read_hits(struct looking *l, struct conn *c, const struct search_page *page,
                             kith_error *e) {
    struct search_answer *out = l->answer;
    for (size_t i = 0; i < page->count; i++) {
        bool there;
        TRY(read_hit(l, c, &page->hits[i], &out->records[out->count], &there, e));
        out->count += there;
    }
    return KITH_OK;
}

static kith_status look(struct looking *l, struct conn *c, kith_error *e) {
    struct search_page page = {.after = l->answer->after, .limit = l->answer->limit};
    TRY(search_missing(c, l->g->schema, MISSING_MAX, &l->answer->missing, e));
    TRY(search_find(c, l->g->schema, l->q, l->principal, l->arena, &page, e));
    l->answer->cursor = page.cursor;
    l->answer->found = page.found;
    l->answer->over = page.over;
    l->answer->records = ARENA_ARRAY(l->arena, struct search_record, page.count + 1);
    return l->answer->records ? read_hits(l, c, &page, e) : err_nomem(e);
}

static kith_status show(const struct looking *l, struct search_record *r, kith_error *e) {
    const kith_value *title = r->type->title ? &r->values[r->type->title->index] : NULL;
    if (title && title->kind == KITH_TEXT)
        TRY(search_mark_text(l->q, title->as.s, l->arena, &r->title, e));
    return search_snippet_of(l->q, r->type, r->values, l->arena, &r->text, e);
}

kith_status engine_search(struct engine *g, const struct principal *p, kith_str text,
                          struct search_answer *answer, struct arena *a, kith_error *e) {
    struct search *q;
    struct conn *c;
    TRY(search_parse(&q, g->schema, a, text, answer->typing, e));
    struct looking l = {g, p, q, answer, a};
    answer->count = 0;
    answer->found = 0;
    TRY(engine_reader(g, &c, e));
    kith_status st = look(&l, c, e);
    engine_reader_done(g, c);
    for (size_t i = 0; st == KITH_OK && i < answer->count; i++) {
        const struct search_record *r = &answer->records[i];
        st = show(&l, &answer->records[i], e);
        if (st == KITH_OK && reads_noted(g, p, r->type))
            st = reads_note(g, p, r->type, &r->id, 1, e);
    }
    return st;
}
