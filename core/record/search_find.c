/* SPDX-License-Identifier: Apache-2.0 */
/* Search: the best matches, a page at a time.
 *
 * However many match, the newest SEARCH_RANKED_MAX are ranked, and as many of those that have the
 * words in their title. So a page costs the same in a large database, and a match that is rare is
 * always among them. Behind the ranked ones come all others, the newest first. A cursor carries the
 * newest record of its first page, so that what is written meanwhile moves nothing. */
#include "record/query_dialect.h"
#include "record/search_internal.h"

#include "base/id.h"
#include "record/access.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CANDIDATES_MAX (2 * SEARCH_RANKED_MAX)
/* Of what the first two letters of a beginning find, so many may be wrong, and some times as many
 * as are right, before the beginning is asked for as such. FTS5 then puts together all that begin
 * so, which are the more the larger the index is: eleven thousand are looked at in half the time
 * that it takes for a hundred thousand. */
#define WRONG_MAX       200
#define WRONG_TIMES_MIN 3u
#define WRONG_TIMES_MAX 10u
#define WRONG_TIMES_PER 100000u /* records in the index */

struct finding {
    struct conn *conn;
    const struct schema *schema;
    const struct search *q;
    const struct principal *principal;
    struct arena *arena;
    kith_error *e;
    struct search_part *parts; /* what may be looked at */
    size_t part_count;
    bool some;       /* of some types only some records may be seen: */
    struct buf rule; /* those, as SQL */
    kith_value *values;
    size_t value_count, value_cap;
    const char *fts, *fts_title, *fts_loose; /* the last: NULL when there is no beginning */
    bool loose;                              /* what is found must be looked at: */
    size_t wrong, wrong_times;
    struct search_hit *hits; /* the ranked ones */
    double *weights;         /* for each hit, of each phrase */
    size_t count;
    uint32_t phrases;
    kith_id top, low; /* the newest that counts; behind which nothing is ranked but by its title */
    bool over;        /* there are matches behind `low` */
};

/* -- one match --------------------------------------------------------------------------------- */

#define TITLE_WEIGHT 8.0
#define FIELD_WEIGHT 2.0
#define TEXT_WEIGHT  1.0
#define EXACT_FACTOR 1.5 /* a whole word against the beginning of one */
#define WHOLE_FACTOR 1.5 /* the title is the phrase and nothing else */
#define SATURATION   1.2 /* as in BM25: the tenth time a word stands there says little more */
#define USUAL_LENGTH 2000.0

/* How much a slot's texts say about a record: long ones less. */
static double slot_weight(const struct rtype *t, uint32_t slot) {
    if (slot == 0)
        return TITLE_WEIGHT;
    bool longtext = slot < t->searched_count && t->searched[slot]->kind == KITH_F_LONGTEXT;
    return longtext ? TEXT_WEIGHT : FIELD_WEIGHT;
}

/* The words of the title, up to their copies. */
static bool is_whole(kith_str slot, kith_str words) {
    static const char behind[] = " " SEARCH_BAR " ";
    const size_t n = sizeof behind - 1;
    return slot.len >= words.len + n && memcmp(slot.ptr, words.ptr, words.len) == 0 &&
           memcmp(slot.ptr + words.len, behind, n) == 0;
}

/* By the slots that may be read: what is hidden shows in no order either. */
static double weigh(const struct search_node *p, const struct rtype *t, uint32_t slots,
                    sqlite3_stmt *st) {
    double sum = 0;
    for (uint32_t i = 0; i < SEARCH_SLOTS; i++) {
        kith_str slot = column_str(st, 2 + (int)i);
        bool exact;
        uint32_t n = slot.len && slots >> i & 1 ? search_count(p, slot, &exact) : 0;
        if (n == 0)
            continue;
        double w = slot_weight(t, i) * n / (1.0 + (double)slot.len / USUAL_LENGTH);
        w *= exact ? EXACT_FACTOR : 1.0;
        sum += i == 0 && is_whole(slot, p->words) ? w * WHOLE_FACTOR : w;
    }
    return sum / (sum + SATURATION);
}

/* NULL: of a module that is not loaded, or not asked for. */
static const struct rtype *type_of(const struct finding *f, sqlite3_stmt *st) {
    const size_t bar = sizeof SEARCH_BAR - 1;
    kith_str kind = column_str(st, 1);
    if (kind.len <= bar)
        return NULL;
    const struct rtype *t =
        schema_type_by_id(f->schema, (uint32_t)strtoul(kind.ptr + bar, NULL, 10));
    return t && search_wants(f->q, t) ? t : NULL;
}

static void keep(struct finding *f, const struct search_hit *hit, sqlite3_stmt *st) {
    double *weights = &f->weights[f->count * f->phrases];
    uint32_t slots = search_slots(f->principal, hit->type);
    f->hits[f->count++] = *hit;
    for (const struct search_node *p = f->q->phrases; p; p = p->another)
        *weights++ = weigh(p, hit->type, slots, st);
}

/* -- what may be seen -------------------------------------------------------------------------- */

static const struct principal everything = {.name = "", .all = true};

#define FIRST_VALUE 3u /* ?1 is what is searched for, ?2 where it begins */

static uint32_t add_value(void *arg, kith_value v) {
    struct finding *f = arg;
    kith_value *more = arena_grow(f->arena, f->values, f->value_count, &f->value_cap, sizeof *more);
    if (!more) {
        f->rule.failed = true;
        return 0;
    }
    f->values = more;
    f->values[f->value_count++] = v;
    return FIRST_VALUE + (uint32_t)f->value_count - 1;
}

/* "OR (kind = ... AND EXISTS(...))": the records of a type that may be seen. */
static void add_rule(struct finding *f, struct access_sql *out, const struct rtype *t) {
    struct buf rule = {0};
    out->b = &rule;
    bool some = access_put(out, f->principal, t, "t0", false);
    buf_printf(&f->rule, "%s(c0 = '" SEARCH_BAR "%u'", f->rule.len ? " OR " : "", t->id);
    if (some) {
        buf_puts(&f->rule, " AND EXISTS(SELECT 1 FROM ");
        sql_name(&f->rule, t->name);
        buf_puts(&f->rule, " AS t0 WHERE t0.id = kith_search.rowid AND ");
        buf_str(&f->rule, buf_view(&rule));
        buf_putc(&f->rule, ')');
    }
    buf_putc(&f->rule, ')');
    f->some = f->some || some;
    f->rule.failed = f->rule.failed || rule.failed;
    buf_free(&rule);
}

/* A part for each set of slots: most types are in one. */
static kith_status add_type(struct finding *f, const struct rtype *t, uint32_t slots) {
    struct search_part *part = f->parts;
    while (part < f->parts + f->part_count && part->slots != slots)
        part++;
    if (part == f->parts + f->part_count) {
        const struct rtype **types =
            ARENA_ARRAY(f->arena, const struct rtype *, f->schema->type_count);
        if (!types)
            return err_nomem(f->e);
        *part = (struct search_part){.types = types, .slots = slots};
        f->part_count++;
    }
    ((const struct rtype **)(uintptr_t)part->types)[part->count++] = t;
    return KITH_OK;
}

static kith_status find_parts(struct finding *f) {
    struct access_sql out = {.value = add_value, .arg = f, .dialect = &query_sqlite};
    f->parts = ARENA_ARRAY(f->arena, struct search_part, f->schema->type_count + 1u);
    if (!f->parts)
        return err_nomem(f->e);
    bool all = f->principal && f->principal->all && f->q->type_count == 0;
    if (all) { /* with what is not loaded, which is passed over */
        *f->parts = (struct search_part){.slots = SEARCH_ALL_SLOTS};
        f->part_count = 1;
        return KITH_OK;
    }
    for (uint32_t i = 0; i < f->schema->type_count; i++) {
        const struct rtype *t = f->schema->types[i];
        uint32_t slots = search_slots(f->principal, t), searched = search_slots(&everything, t);
        if (!slots || !search_wants(f->q, t) || access_rule(f->principal, t) == ACCESS_NONE)
            continue;
        TRY(add_type(f, t, slots == searched ? SEARCH_ALL_SLOTS : slots));
        add_rule(f, &out, t);
    }
    return f->rule.failed ? err_nomem(f->e) : KITH_OK;
}

static bool has_beginning(const struct finding *f) {
    for (const struct search_node *p = f->q->phrases; p; p = p->another)
        if (p->prefix)
            return true;
    return false;
}

/* The same in another form. */
static const char *fts_in(struct finding *f, enum search_form form) {
    struct search_part *parts = ARENA_ARRAY(f->arena, struct search_part, f->part_count + 1);
    size_t n = 0;
    for (size_t i = 0; parts && i < f->part_count; i++) {
        parts[n] = f->parts[i];
        parts[n].form = form;
        n += form != SEARCH_TITLES || (parts[n].slots & 1u);
    }
    return !parts ? NULL : n ? search_fts(f->q, parts, n, f->arena) : "";
}

/* -- the matches in their order ---------------------------------------------------------------- */

/* Matches from the newest before `before` on. Their words are read where FTS5 keeps them: it would
 * copy each. */
static kith_status begin(struct finding *f, const char *fts, kith_id before, sqlite3_stmt **st) {
    struct buf sql = {0};
    buf_puts(&sql, "SELECT id, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14,"
                   " c15, c16 FROM kith_search LEFT JOIN kith_search_content"
                   " ON id = kith_search.rowid WHERE kith_search MATCH ?1"
                   " AND kith_search.rowid < ?2");
    if (f->some) {
        buf_puts(&sql, " AND (");
        buf_str(&sql, buf_view(&f->rule));
        buf_putc(&sql, ')');
    }
    buf_puts(&sql, " ORDER BY kith_search.rowid DESC");
    kith_status status =
        sql.failed ? err_nomem(f->e) : conn_prepare_once(f->conn, sql.ptr, st, f->e);
    buf_free(&sql);
    if (status != KITH_OK)
        return status;
    bind_str(*st, 1, str_of(fts));
    bind_int(*st, 2, (int64_t)before);
    if (f->some)
        query_bind_values(*st, FIRST_VALUE, f->values, f->value_count);
    return KITH_OK;
}

static bool really_matches(const struct finding *f, const struct search_hit *hit,
                           sqlite3_stmt *st) {
    kith_str words[SEARCH_SLOTS];
    for (uint32_t i = 0; i < SEARCH_SLOTS; i++)
        words[i] = column_str(st, 2 + (int)i);
    return search_holds(f->q, words, search_slots(f->principal, hit->type));
}

/* The next match of a type that is loaded; *more false: there is none, or it takes too long to look
 * for it so. */
static kith_status next(struct finding *f, sqlite3_stmt *st, struct search_hit *hit, bool *more) {
    for (;;) {
        TRY(search_error(conn_step(f->conn, st, more, f->e), f->conn, f->e));
        if (!*more)
            return KITH_OK;
        if (sqlite3_column_type(st, 0) == SQLITE_NULL)
            return search_damaged(KITH_E_CORRUPT, f->e);
        *hit =
            (struct search_hit){.type = type_of(f, st), .id = (kith_id)sqlite3_column_int64(st, 0)};
        if (hit->type && (!f->loose || really_matches(f, hit, st)))
            return KITH_OK;
        if (f->loose && ++f->wrong > WRONG_MAX + f->wrong_times * f->count) {
            f->loose = *more = false;
            return KITH_OK;
        }
    }
}

static kith_status collect(struct finding *f, const char *fts, kith_id before, bool *more) {
    sqlite3_stmt *st;
    struct search_hit hit = {0};
    size_t max = f->count + SEARCH_RANKED_MAX;
    TRY(begin(f, fts, before, &st));
    kith_status status = next(f, st, &hit, more);
    for (; status == KITH_OK && *more && f->count < max; status = next(f, st, &hit, more))
        keep(f, &hit, st);
    sqlite3_finalize(st);
    return status;
}

/* About how many records are in the index: FTS5 keeps the number at the head of its averages, seven
 * bits to a byte. 0: it is not there. */
static kith_status indexed_records(struct finding *f, uint64_t *n) {
    sqlite3_stmt *st;
    bool row;
    *n = 0;
    TRY(conn_prepare(f->conn, "SELECT block FROM kith_search_data WHERE id = 1", &st, f->e));
    kith_status status = conn_step(f->conn, st, &row, f->e);
    kith_str block = status == KITH_OK && row ? column_str(st, 0) : (kith_str){0};
    for (uint64_t i = 0, more = 1; more && i < block.len && i < 8; i++) {
        more = (unsigned char)block.ptr[i] >> 7;
        *n = *n << 7 | ((unsigned char)block.ptr[i] & 0x7Fu);
    }
    sqlite3_reset(st);
    return status;
}

static kith_status allow_wrong(struct finding *f) {
    uint64_t n;
    TRY(indexed_records(f, &n));
    n /= WRONG_TIMES_PER;
    f->wrong_times = n < WRONG_TIMES_MIN   ? WRONG_TIMES_MIN
                     : n > WRONG_TIMES_MAX ? WRONG_TIMES_MAX
                                           : (size_t)n;
    return KITH_OK;
}

/* The newest matches. A beginning is not asked for as such at once: FTS5 then puts together the
 * places of all words that begin so before it gives the first. Those that begin with its first two
 * letters come one by one; when enough of them are right, that is all there is to do. */
static kith_status collect_newest(struct finding *f) {
    if (f->fts_loose) {
        TRY(allow_wrong(f));
        f->loose = true;
        kith_status st = collect(f, f->fts_loose, f->top + 1, &f->over);
        bool enough = f->loose;
        f->loose = false;
        if (st != KITH_OK || enough)
            return st;
        f->count = 0;
    }
    return collect(f, f->fts, f->top + 1, &f->over);
}

static int by_rank(const void *a, const void *b) {
    const struct search_hit *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->id > y->id ? -1 : x->id < y->id;
}

/* A phrase that few of them have says more about those. */
static void score(struct finding *f) {
    for (uint32_t p = 0; p < f->phrases; p++) {
        double n = (double)f->count, with = 0;
        for (size_t i = 0; i < f->count; i++)
            with += f->weights[i * f->phrases + p] > 0;
        double rare = 0.1 + log(1.0 + (n - with + 0.5) / (with + 0.5));
        for (size_t i = 0; i < f->count; i++)
            f->hits[i].score += (int64_t)(1e9 * rare * f->weights[i * f->phrases + p]);
    }
    qsort(f->hits, f->count, sizeof *f->hits, by_rank);
}

/* All that is ranked; what is the newest of all is settled by the first page. */
static kith_status rank(struct finding *f) {
    bool more;
    for (const struct search_node *p = f->q->phrases; p; p = p->another)
        f->phrases++;
    f->hits = ARENA_ARRAY(f->arena, struct search_hit, CANDIDATES_MAX);
    f->weights = ARENA_ARRAY(f->arena, double, CANDIDATES_MAX * f->phrases + 1);
    if (!f->hits || !f->weights)
        return err_nomem(f->e);
    TRY(collect_newest(f));
    if (f->count) {
        f->top = f->top == INT64_MAX - 1 ? f->hits[0].id : f->top;
        f->low = f->hits[f->count - 1].id;
    }
    if (f->over && *f->fts_title)
        TRY(collect(f, f->fts_title, f->low, &more));
    score(f);
    return KITH_OK;
}

static bool is_ranked(const struct finding *f, kith_id id) {
    for (size_t i = 0; i < f->count; i++)
        if (f->hits[i].id == id)
            return true;
    return false;
}

/* -- pages ------------------------------------------------------------------------------------- */

/* "r-TOP-ID-SCORE" behind a ranked one, "t-TOP-ID" behind another. */
struct place {
    bool tail;
    struct search_hit hit;
};

static kith_status write_cursor(struct finding *f, const struct place *at,
                                struct search_page *page) {
    char top[ID_TEXT + 1], id[ID_TEXT + 1];
    id_format(f->top, top);
    id_format(at->hit.id, id);
    char *text = at->tail
                     ? arena_printf(f->arena, "t-%s-%s", top, id)
                     : arena_printf(f->arena, "r-%s-%s-%lld", top, id, (long long)at->hit.score);
    page->cursor = str_of(text);
    return text ? KITH_OK : err_nomem(f->e);
}

static kith_status read_cursor(struct finding *f, kith_str text, struct place *at) {
    kith_str rest = text, kind, top, id, score = {0};
    bool ok = str_split(&rest, '-', &kind) && str_split(&rest, '-', &top) &&
              str_split(&rest, '-', &id) && id_parse(top, &f->top) && id_parse(id, &at->hit.id) &&
              (str_eqz(kind, "r") || str_eqz(kind, "t"));
    at->tail = ok && str_eqz(kind, "t");
    if (ok && !at->tail)
        ok = str_split(&rest, '-', &score) && score.len < 20;
    for (uint64_t i = 0; ok && i < score.len; i++) {
        ok = score.ptr[i] >= '0' && score.ptr[i] <= '9' && at->hit.score < INT64_MAX / 10 - 10;
        at->hit.score = at->hit.score * 10 + (score.ptr[i] - '0');
    }
    return ok ? KITH_OK
              : err_set(f->e, KITH_E_INVAL, NULL,
                        "'%.*s' is no place to go on from: give what an earlier answer ended with",
                        (int)(text.len < 60 ? text.len : 60), text.ptr);
}

static kith_status take_tail(struct finding *f, struct search_page *page, struct place *at,
                             bool *more) {
    sqlite3_stmt *st;
    struct search_hit hit;
    TRY(begin(f, f->fts, at->hit.id, &st));
    kith_status status = next(f, st, &hit, more);
    for (; status == KITH_OK && *more; status = next(f, st, &hit, more)) {
        if (is_ranked(f, hit.id))
            continue;
        if (page->count == page->limit)
            break;
        page->hits[page->count++] = at->hit = hit;
    }
    sqlite3_finalize(st);
    return status;
}

static kith_status take_page(struct finding *f, struct search_page *page, struct place *at,
                             bool begun) {
    bool more = false;
    for (size_t i = 0; !at->tail && i < f->count && !more; i++) {
        if (begun && by_rank(&f->hits[i], &at->hit) <= 0)
            continue;
        more = page->count == page->limit;
        if (!more)
            page->hits[page->count++] = at->hit = f->hits[i];
        begun = begun && !more;
    }
    if (!more && f->over) {
        if (!at->tail)
            *at = (struct place){true, {.id = f->low}};
        TRY(take_tail(f, page, at, &more));
    }
    return more ? write_cursor(f, at, page) : KITH_OK;
}

static kith_status find_page(struct finding *f, struct search_page *page) {
    struct place at = {0};
    TRY(find_parts(f));
    if (page->after.len)
        TRY(read_cursor(f, page->after, &at));
    if (f->part_count == 0) /* nothing may be looked at */
        return KITH_OK;
    f->fts = search_fts(f->q, f->parts, f->part_count, f->arena);
    f->fts_title = fts_in(f, SEARCH_TITLES);
    f->fts_loose = has_beginning(f) ? fts_in(f, SEARCH_LOOSE) : NULL;
    page->hits = ARENA_ARRAY(f->arena, struct search_hit, page->limit + 1u);
    if (!f->fts || !f->fts_title || !page->hits)
        return err_nomem(f->e);
    TRY(rank(f));
    page->found = (int64_t)f->count;
    page->over = f->over;
    return take_page(f, page, &at, page->after.len > 0);
}

kith_status search_find(struct conn *c, const struct schema *s, const struct search *q,
                        const struct principal *p, struct arena *a, struct search_page *page,
                        kith_error *e) {
    struct finding f = {.conn = c, .schema = s, .q = q, .principal = p, .arena = a, .e = e};
    f.top = INT64_MAX - 1;
    page->count = 0;
    page->found = 0;
    page->over = false;
    page->cursor = (kith_str){0};
    kith_status st = find_page(&f, page);
    buf_free(&f.rule);
    return st;
}
