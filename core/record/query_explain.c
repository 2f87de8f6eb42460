/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: how SQLite goes about a query, in words, and the index that would spare it
 * reading or sorting a large table. */
#include "record/access.h"
#include "record/query_emit.h"
#include "record/query_group.h"

#include <string.h>

#define LARGE     10000 /* records from which on an index is proposed */
#define SHOWN     500   /* rows of the page that is explained, as the command line asks for them */
#define EQUAL_MAX 3     /* fields of a proposed index that are compared for equality */

/* -- tables by their names in the statement ---------------------------------------------------- */

/* The table of t<n> or l<n>: what stands before " AS t<n>" in the text, without its quotes. Values
 * are bound, so that no text of theirs can look like it. */
static kith_str table_of(const char *sql, kith_str alias) {
    for (const char *at = sql; (at = strstr(at, "\" AS ")); at++) {
        const char *name = at + 5;
        char after = name[alias.len];
        if (strncmp(name, alias.ptr, alias.len) != 0 || (after >= '0' && after <= '9'))
            continue;
        const char *begin = at;
        while (begin > sql && begin[-1] != '"')
            begin--;
        return (kith_str){begin, (uint64_t)(at - begin)};
    }
    return alias;
}

/* Takes the next word off. */
static kith_str next_word(kith_str *rest) {
    kith_str word = {0};
    while (rest->len && rest->ptr[0] == ' ')
        *rest = (kith_str){rest->ptr + 1, rest->len - 1};
    word.ptr = rest->ptr;
    while (rest->len && rest->ptr[0] != ' ') {
        *rest = (kith_str){rest->ptr + 1, rest->len - 1};
        word.len++;
    }
    return word;
}

/* -- one line of the plan ---------------------------------------------------------------------- */

struct explaining {
    const struct query *q;
    const struct principal *asks;
    struct conn *c;
    struct arena *a;
    struct explanation *out;
    size_t cap;
    bool scanned, sorted; /* the query's own records */
    kith_error *e;
};

/* "i.contact.city" is the index on city. */
static const char *index_words(struct explaining *x, kith_str name) {
    const char *dot = name.len > 2 ? memchr(name.ptr + 2, '.', name.len - 2) : NULL;
    kith_str fields = dot ? (kith_str){dot + 1, name.len - (uint64_t)(dot + 1 - name.ptr)} : name;
    return arena_printf(x->a, "the index on %.*s", (int)fields.len, fields.ptr);
}

/* What stands behind "USING": the id, an index, or nothing. */
static const char *way_words(struct explaining *x, kith_str rest, bool *automatic) {
    kith_str word;
    bool index = false;
    *automatic = false;
    while ((word = next_word(&rest)).len) {
        if (str_eqz(word, "PRIMARY"))
            return "the id";
        *automatic |= str_eqz(word, "AUTOMATIC");
        if (index)
            return index_words(x, word);
        index = str_eqz(word, "INDEX") && !*automatic;
    }
    return NULL;
}

/* " 12000" for whoever may read all of them; how many there are is not told to others. */
static kith_status rows_words(struct explaining *x, kith_str table, const char **out) {
    const struct rtype *t = schema_type(x->q->schema, table);
    uint64_t n;
    *out = "";
    if (!t || access_rule(x->asks, t) != ACCESS_ALL)
        return KITH_OK;
    TRY(record_count(x->c, t, &n, x->e));
    *out = arena_printf(x->a, " %llu", (unsigned long long)n);
    return *out ? KITH_OK : err_nomem(x->e);
}

static kith_status table_words(struct explaining *x, kith_str table, bool scan, kith_str rest,
                               const char **out) {
    bool automatic;
    const char *way = way_words(x, rest, &automatic), *rows;
    TRY(rows_words(x, table, &rows));
    int n = (int)table.len;
    if (automatic)
        *out = arena_printf(x->a, "%.*s: an index is built for this query alone", n, table.ptr);
    else if (!scan)
        *out = arena_printf(x->a, "%.*s: found by %s", n, table.ptr, way ? way : "an index");
    else if (way)
        *out = arena_printf(x->a, "%.*s: all%s records are read, by %s", n, table.ptr, rows, way);
    else
        *out = arena_printf(x->a, "%.*s: all%s records are read", n, table.ptr, rows);
    return KITH_OK;
}

/* NULL: the line says how the others hang together, and nothing of its own. */
static kith_status line_words(struct explaining *x, kith_str line, const char **out) {
    kith_str rest = line, verb = next_word(&rest), alias = next_word(&rest);
    *out = NULL;
    if (str_eqz(verb, "USE")) {
        bool part = memmem(line.ptr, line.len, "RIGHT PART", 10) ||
                    memmem(line.ptr, line.len, "LAST TERM", 9);
        x->sorted |= !part;
        *out = part ? "what is equal in the first key is sorted" : "what is found is sorted";
        return KITH_OK;
    }
    bool scan = str_eqz(verb, "SCAN");
    if (!scan && !str_eqz(verb, "SEARCH"))
        return KITH_OK;
    if (memmem(rest.ptr, rest.len, "VIRTUAL", 7)) {
        *out = "the values of a list are looked through";
        return KITH_OK;
    }
    x->scanned |= scan && str_eqz(alias, "t0");
    return str_eqz(alias, "CONSTANT")
               ? KITH_OK
               : table_words(x, table_of(x->out->sql, alias), scan, rest, out);
}

static kith_status add_line(struct explaining *x, kith_str line) {
    const char *words;
    TRY(line_words(x, line, &words));
    if (!words)
        return KITH_OK;
    const char **more = arena_grow(x->a, x->out->steps, x->out->step_count, &x->cap, sizeof *more);
    if (!more)
        return err_nomem(x->e);
    x->out->steps = more;
    more[x->out->step_count++] = words;
    return KITH_OK;
}

static kith_status read_plan(struct explaining *x, const struct query_sql *sql) {
    sqlite3_stmt *st;
    bool row = true;
    const char *text = arena_printf(x->a, "EXPLAIN QUERY PLAN %s", sql->sql);
    if (!text)
        return err_nomem(x->e);
    TRY(conn_prepare_once(x->c, text, &st, x->e));
    query_bind(st, sql);
    kith_status status = KITH_OK;
    while (status == KITH_OK && row) {
        status = conn_step(x->c, st, &row, x->e);
        if (status == KITH_OK && row)
            status = add_line(x, arena_str(x->a, column_str(st, 3)));
    }
    sqlite3_finalize(st);
    return status;
}

/* -- the index that would help ----------------------------------------------------------------- */

struct proposal {
    const struct rfield *fields[EQUAL_MAX + QUERY_KEYS_MAX];
    bool down[EQUAL_MAX + QUERY_KEYS_MAX];
    uint32_t count;
};

/* A field of the record itself, as an index can hold it. */
static bool indexable(const struct path *path, enum part part) {
    const struct rfield *f = path->field;
    return f && !path->from && path->part == part &&
           !(f->kind == KITH_F_MONEY && f->option_count != 1) && f->kind != KITH_F_JSON &&
           f->kind != KITH_F_TAGS && f->kind != KITH_F_LONGTEXT;
}

static void propose(struct proposal *p, const struct rfield *f, bool down) {
    for (uint32_t i = 0; i < p->count; i++)
        if (p->fields[i] == f)
            return;
    p->fields[p->count] = f;
    p->down[p->count++] = down;
}

static bool is_equal(const struct test *t) {
    return (t->kind == TEST_COMPARE && t->cmp == CMP_EQ && !t->other) ||
           (t->kind == TEST_IN && !t->negated);
}

/* A year is a range of dates. */
static bool is_equality(const struct test *t) {
    return is_equal(t) && t->path.part != PART_YEAR;
}

static bool is_range(const struct test *t) {
    return (is_equal(t) && t->path.part == PART_YEAR) ||
           (t->kind == TEST_COMPARE && t->cmp != CMP_EQ && t->cmp != CMP_NE && !t->other) ||
           ((t->kind == TEST_LIKE || t->kind == TEST_NEAR) && !t->negated);
}

/* The tests that every record must pass, which are those an index can serve. */
static void propose_tests(struct proposal *p, const struct node *n,
                          bool (*wanted)(const struct test *), uint32_t most) {
    if (!n || n->kind == NODE_OR)
        return;
    const struct path *path = n->kind == NODE_TEST ? &n->test->path : NULL;
    if (path && !n->test->many && wanted(n->test) && p->count < most &&
        (indexable(path, PART_ALL) || indexable(path, PART_YEAR)))
        propose(p, path->field, false);
    for (const struct node *c = n->first; c; c = c->next)
        propose_tests(p, c, wanted, most);
}

static void propose_order(struct proposal *p, const struct query *q) {
    for (uint32_t i = 0; i < q->key_count && indexable(&q->keys[i].path, PART_ALL); i++)
        propose(p, q->keys[i].path.field, q->keys[i].descending);
}

static bool has_index(const struct rfield *f) {
    return f->kind == KITH_F_LINK || (f->flags & (KITH_FF_INDEXED | KITH_FF_UNIQUE));
}

static kith_status say_proposal(struct explaining *x, const struct proposal *p, uint64_t rows) {
    const char *type = x->q->root.type->name, *fields = "";
    if (p->count == 1 && has_index(p->fields[0]))
        return KITH_OK;
    for (uint32_t i = 0; fields && i < p->count; i++)
        fields = arena_printf(x->a, "%s%s%s%s", fields, i ? "," : "", p->down[i] ? "-" : "",
                              p->fields[i]->name);
    bool flag = p->count == 1 && !p->down[0];
    if (p->count == 0)
        x->out->advice = arena_printf(
            x->a, "%s has %llu records, and nothing in the query that an index could serve", type,
            (unsigned long long)rows);
    else if (flag)
        x->out->advice = arena_printf(x->a, "%s has %llu records: make the field '%s' indexed",
                                      type, (unsigned long long)rows, fields);
    else
        x->out->advice =
            arena_printf(x->a, "%s has %llu records: add to the type indexes = [\"%s\"]", type,
                         (unsigned long long)rows, fields);
    x->out->index = p->count ? fields : NULL;
    return x->out->advice && fields ? KITH_OK : err_nomem(x->e);
}

static kith_status advise(struct explaining *x) {
    struct proposal p = {.count = 0};
    const struct query *q = x->q;
    uint64_t rows;
    bool all = (q->group || q->counts) && (!q->root.where || q->root.all); /* all are wanted */
    if ((!x->scanned && !x->sorted) || all || access_rule(x->asks, q->root.type) != ACCESS_ALL)
        return KITH_OK;
    TRY(record_count(x->c, q->root.type, &rows, x->e));
    if (rows < LARGE)
        return KITH_OK;
    propose_tests(&p, q->root.where, is_equality, EQUAL_MAX);
    if (!q->group && !q->counts)
        propose_order(&p, q);
    if (p.count < EQUAL_MAX && (q->key_count <= 1 || p.count == 0))
        propose_tests(&p, q->root.where, is_range, p.count + 1);
    return say_proposal(x, &p, rows);
}

kith_status query_explain(const struct query *q, const struct query_env *env,
                          const kith_value *params, struct conn *c, struct arena *a,
                          struct explanation *out, kith_error *e) {
    struct explaining x = {.q = q, .asks = env->principal, .c = c, .a = a, .out = out, .e = e};
    struct query_sql sql;
    *out = (struct explanation){0};
    TRY(q->group ? query_leaves_sql(q, env, params, a, &sql, e)
                 : query_sql(q, env, params, (kith_str){0}, SHOWN, a, &sql, e));
    out->sql = sql.sql;
    TRY(read_plan(&x, &sql));
    return advise(&x);
}
