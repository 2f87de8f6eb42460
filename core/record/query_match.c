/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: one record in memory. A condition becomes a flat list of tests, each with the
 * test to go to when it holds and when it does not; what compares a field of the record itself with
 * a fixed value is decided in the loop, so that a rule which does not match costs nanoseconds. */
#include "base/geo.h"
#include "base/like.h"
#include "base/text.h"
#include "record/query_internal.h"

#include <string.h>

#define MATCHED UINT32_MAX
#define FAILED  (UINT32_MAX - 1)

enum op_kind {
    OP_INT,  /* field <cmp> number: whatever is kept in as.i */
    OP_LINK, /* field <cmp> id */
    OP_TEXT, /* field = or != text */
    OP_NULL,
    OP_TEST, /* everything else */
};
struct op {
    enum op_kind kind;
    uint32_t cmp;
    uint32_t field; /* index in the row */
    bool negated;
    uint32_t yes, no;
    int64_t number;
    kith_str text;
    const struct test *test;
};

struct predicate {
    const struct query *q;
    struct op *ops;
    uint32_t count;
    struct fieldset fields;
    const struct rtype *carried;
    bool local, timed;
};

/* -- compiling --------------------------------------------------------------------------------- */

static enum op_kind op_kind(const struct test *t) {
    enum value_class class = query_rule(&t->path)->class;
    if (t->many || t->path.from || !t->path.field || t->path.part != PART_ALL)
        return OP_TEST;
    if (t->kind == TEST_NULL)
        return OP_NULL;
    if (t->kind != TEST_COMPARE || t->other || t->operands[0].kind != OPERAND_VALUE ||
        query_is_day(&t->path, &t->operands[0].value))
        return OP_TEST;
    switch (class) {
    case CLASS_INTEGER:
    case CLASS_BOOL:
    case CLASS_DATE:
    case CLASS_TIME:
    case CLASS_DURATION:
        return OP_INT;
    case CLASS_LINK:
        return t->path.field->any_target ? OP_TEST : OP_LINK;
    case CLASS_OPTION:
    case CLASS_TEXT:
        return query_use(t) == USE_EQUAL ? OP_TEXT : OP_TEST;
    default:
        return OP_TEST;
    }
}

static struct op make_op(const struct test *t, uint32_t yes, uint32_t no) {
    struct op op = {
        .kind = op_kind(t), .cmp = t->cmp, .negated = t->negated, .yes = yes, .no = no, .test = t};
    if (op.kind == OP_TEST)
        return op;
    op.field = t->path.field->index;
    if (op.kind == OP_INT)
        op.number = t->operands[0].value.as.i;
    else if (op.kind == OP_LINK)
        op.number = (int64_t)t->operands[0].value.as.link.id;
    else if (op.kind == OP_TEXT)
        op.text = t->operands[0].value.as.s;
    return op;
}

static uint32_t count_tests(const struct node *n) {
    uint32_t count = n->kind == NODE_TEST;
    for (const struct node *c = n->first; c; c = c->next)
        count += count_tests(c);
    return count;
}

static void compile(struct predicate *p, const struct node *n, uint32_t yes, uint32_t no) {
    if (n->kind == NODE_TEST)
        p->ops[p->count++] = make_op(n->test, yes, no);
    for (const struct node *c = n->first; c; c = c->next) {
        uint32_t behind = p->count + count_tests(c);
        if (n->kind == NODE_AND)
            compile(p, c, c->next ? behind : yes, no);
        else
            compile(p, c, yes, c->next ? behind : no);
    }
}

/* The field of the record itself with which a path begins. */
static void note_field(struct predicate *p, const struct path *path) {
    const struct rfield *first = path->field;
    p->local = p->local && !path->related;
    for (const struct step *s = path->from; s; s = s->from) {
        first = s->via;
        p->local = p->local && s->bare && !s->from;
        if (!s->type->id)
            p->carried = s->type;
    }
    if (first)
        fieldset_add(&p->fields, first->index);
}

static void note_words(struct predicate *p, const struct rtype *t) {
    for (uint32_t i = 0; i < t->searched_count; i++)
        fieldset_add(&p->fields, t->searched[i]->index);
    if (t->point_primary) {
        fieldset_add(&p->fields, t->point_primary->index);
        fieldset_add(&p->fields, t->point_kind->index);
    }
}

static kith_status parse_condition(struct parser *p, struct query *q) {
    TRY(query_condition(p, false, &q->root.where));
    if (p->token.kind != TOKEN_END)
        return query_expected(p, "'and', 'or' or the end");
    return query_leave_out(p, &q->root);
}

kith_status predicate_of(struct predicate **out, const struct query *q, struct arena *a,
                         kith_error *e) {
    struct predicate *p = ARENA_NEW(a, struct predicate);
    uint32_t tests = q->root.where ? count_tests(q->root.where) : 0;
    struct op *ops = ARENA_ARRAY(a, struct op, tests + 1);
    if (!p || !ops)
        return err_nomem(e);
    *p = (struct predicate){.q = q, .ops = ops, .local = true};
    if (q->root.where)
        compile(p, q->root.where, MATCHED, FAILED);
    for (uint32_t i = 0; i < p->count; i++) {
        note_field(p, &ops[i].test->path);
        if (ops[i].test->other)
            note_field(p, ops[i].test->other);
        if (ops[i].test->kind == TEST_MATCHES)
            note_words(p, ops[i].test->path.type);
        p->local = p->local && ops[i].test->kind != TEST_MEMBER;
        p->timed |= query_is_timed(ops[i].test);
    }
    *out = p;
    return KITH_OK;
}

kith_status predicate_parse(struct predicate **out, const struct schema *s, const struct rtype *t,
                            struct arena *a, kith_str text, kith_error *e) {
    return predicate_parse_for(out, s, NULL, t, a, text, e);
}

kith_status predicate_parse_for(struct predicate **out, const struct schema *s,
                                const struct principal *principal, const struct rtype *t,
                                struct arena *a, kith_str text, kith_error *e) {
    struct parser parser;
    struct query *q;
    *out = NULL;
    TRY(query_begin(&parser, &q, s, a, text, e));
    parser.principal = principal;
    q->root.type = t;
    TRY(parse_condition(&parser, q));
    return predicate_of(out, q, a, e);
}

kith_status predicate_parse_event(struct predicate **out, const struct schema *s,
                                  const struct rtype *t, const struct rtype *carried,
                                  struct arena *a, kith_str text, kith_error *e) {
    struct parser parser;
    struct query *q;
    struct rtype *none = ARENA_NEW(a, struct rtype);
    struct rfield *event = ARENA_NEW(a, struct rfield);
    *out = NULL;
    if (!none || !event)
        return err_nomem(e);
    TRY(query_begin(&parser, &q, s, a, text, e));
    *none = (struct rtype){.schema = s, .name = carried ? carried->name : ""};
    *event = (struct rfield){.name = "event", .kind = KITH_F_LINK, .type = none, .target = carried};
    parser.event = carried ? event : NULL;
    q->root.type = t ? t : none;
    TRY(parse_condition(&parser, q));
    return predicate_of(out, q, a, e);
}

const struct rtype *predicate_carried(const struct predicate *p) {
    return p->carried;
}

const struct fieldset *predicate_fields(const struct predicate *p) {
    return &p->fields;
}

const struct query *predicate_query(const struct predicate *p) {
    return p->q;
}

bool predicate_local(const struct predicate *p) {
    return p->local;
}

bool predicate_timed(const struct predicate *p) {
    return p->timed;
}

/* -- following links --------------------------------------------------------------------------- */

struct row {
    kith_id id; /* 0: there is none */
    const kith_value *values;
};
struct match {
    const struct query *q;
    const struct query_env *env;
    const struct match_source *source;
    const kith_value *event; /* what it carries */
    kith_status status;      /* the source's failure */
    kith_error *e;
    uint32_t known;                       /* bit n: rows[n] is */
    struct row rows[QUERY_LINKS_MAX + 1]; /* by the number of the step; 0: the record itself */
};

/* None when the source fails. */
static struct row look_up(struct match *m, const struct rtype *t, kith_id id) {
    const kith_value *values = NULL;
    if (m->status == KITH_OK && m->source && access_rule(m->env->principal, t) != ACCESS_NONE)
        m->status = m->source->lookup(m->source->arg, t, id, &values, m->e);
    return m->status == KITH_OK && values ? (struct row){id, values} : (struct row){0};
}

static struct row follow(struct match *m, const struct row *from, const struct step *s) {
    if (!s->type->id)
        return (struct row){.values = m->event};
    const kith_value *link = from->values ? &from->values[s->via->index] : NULL;
    if (!link || link->kind != KITH_LINK)
        return (struct row){0};
    return look_up(m, s->type, link->as.link.id);
}

/* The row that a step reaches; to-one steps are followed once per match. */
static const struct row *row_at(struct match *m, const struct step *s) {
    uint32_t n = s ? s->number : 0;
    if (!(m->known >> n & 1u)) {
        m->rows[n] = follow(m, row_at(m, s->from), s);
        m->known |= 1u << n;
    }
    return &m->rows[n];
}

/* 0 when the source fails. */
static int64_t ask(struct match *m, const struct match_question *q) {
    int64_t n = 0;
    if (m->status == KITH_OK)
        m->status = m->source && m->source->ask
                        ? m->source->ask(m->source->arg, q, &n, m->e)
                        : err_set(m->e, KITH_E_INTERNAL, NULL, "nobody can look for other records");
    return m->status == KITH_OK ? n : 0;
}

static const kith_value *part_of(const struct match *m, const struct path *path,
                                 const kith_value *v, kith_value *tmp) {
    if (path->part == PART_DISTANCE)
        *tmp = value_int(query_metres(v, &path->origin));
    else if (path->part == PART_CURRENCY)
        *tmp = value_str(str_of(v->as.money.currency));
    else
        *tmp = value_int(v->kind == KITH_TIME ? query_time_part(path->part, v->as.i, m->env->zone)
                                              : query_date_part(path->part, v->as.i));
    return tmp;
}

/* How many records link to this one, at least whether there are any. 0 when the source fails. */
static int64_t related(struct match *m, const struct related *r, bool any) {
    kith_id id = row_at(m, r->from)->id;
    return id ? ask(m, &(struct match_question){m->q, m->env, r, 0, id, any}) : 0;
}

static bool is_member(struct match *m, const struct test *t, const kith_value *v) {
    kith_id segment = t->operands[0].value.as.link.id;
    return ask(m, &(struct match_question){m->q, m->env, NULL, segment, v->as.link.id, true}) != 0;
}

/* NULL: there is none. *tmp serves for what is not in a row. */
static const kith_value *value_of(struct match *m, const struct path *path, kith_value *tmp) {
    if (path->part == PART_COUNT) {
        *tmp = value_int(related(m, path->related, false));
        return tmp;
    }
    const struct row *row = row_at(m, path->from);
    const kith_value *v = path->field && row->values ? &row->values[path->field->index] : NULL;
    if (!path->field && row->id) {
        *tmp = value_link(row->id, path->type->id);
        v = tmp;
    }
    if (!v || v->kind == KITH_NULL)
        return NULL;
    return path->part == PART_ALL ? v : part_of(m, path, v, tmp);
}

/* -- comparing --------------------------------------------------------------------------------- */

static uint32_t order(int64_t a, int64_t b) {
    return a < b ? CMP_LT : a > b ? CMP_GT : CMP_EQ;
}

static uint32_t order_decimal(const kith_value *a, const kith_value *b) {
    __extension__ __int128 x = a->as.decimal.units, y = b->as.decimal.units;
    for (int32_t i = a->as.decimal.scale; i < b->as.decimal.scale; i++)
        x *= 10;
    for (int32_t i = b->as.decimal.scale; i < a->as.decimal.scale; i++)
        y *= 10;
    return x < y ? CMP_LT : x > y ? CMP_GT : CMP_EQ;
}

/* Folded as text_fold does, on the stack where that is short and ASCII. */
#define FOLD_SHORT 256
struct folded {
    char small[FOLD_SHORT];
    struct arena arena;
    kith_str text;
};

static void fold(struct folded *f, kith_str s) {
    size_t len = 0;
    bool blank = false;
    f->arena = (struct arena){0};
    for (uint64_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if ((c & 0x80) || s.len > FOLD_SHORT) {
            f->text = text_fold(&f->arena, s);
            return;
        }
        if (c == ' ' || (c >= '\t' && c <= '\r')) {
            blank = len > 0;
            continue;
        }
        if (blank)
            f->small[len++] = ' ';
        blank = false;
        f->small[len++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    f->text = (kith_str){f->small, len};
}

static uint32_t order_text(kith_str a, kith_str b) {
    return order(str_cmp(a, b), 0);
}

/* fold_a, fold_b: which of them is not folded yet and must be. */
static uint32_t order_folded(kith_str a, kith_str b, bool fold_b) {
    struct folded x, y = {.arena = {0}};
    fold(&x, a);
    if (fold_b) {
        fold(&y, b);
        b = y.text;
    }
    uint32_t result = order_text(x.text, b);
    arena_free(&x.arena);
    arena_free(&y.arena);
    return result;
}

static uint32_t compare_text(const struct test *t, kith_str a, kith_str b) {
    if (query_use(t) == USE_EQUAL)
        return str_eq(a, b) ? CMP_EQ : CMP_LT;
    if (query_folds(&t->path) && (!t->other || query_folds(t->other)))
        return order_folded(a, b, t->other != NULL);
    return order_text(a, b);
}

static uint32_t compare_link(const struct test *t, const kith_value *a, const kith_value *b) {
    bool typed = !t->other && t->path.field && t->path.field->any_target && b->as.link.type;
    if (typed && a->as.link.type != b->as.link.type)
        return CMP_LT;
    return order((int64_t)a->as.link.id, (int64_t)b->as.link.id);
}

uint32_t query_compare_span(const struct query_env *env, bool time, int64_t v, int64_t from,
                            int64_t to) {
    if (v < (time ? query_day_start(env, from) : from))
        return CMP_LT;
    return v < (time ? query_day_start(env, to) : to) ? CMP_EQ : CMP_GT;
}

bool query_compare(const struct query_env *env, const struct test *t, const kith_value *a,
                   const kith_value *b) {
    switch (query_rule(&t->path)->class) {
    case CLASS_OPTION:
        if (query_rule(&t->path)->ranked && t->cmp != CMP_EQ && t->cmp != CMP_NE)
            return t->cmp & order(field_option(t->path.field, a->as.s),
                                  field_option(t->path.field, b->as.s));
        return t->cmp & compare_text(t, a->as.s, b->as.s);
    case CLASS_TEXT:
        return t->cmp & compare_text(t, a->as.s, b->as.s);
    case CLASS_DECIMAL:
        return t->cmp & order_decimal(a, b);
    case CLASS_MONEY:
        if (memcmp(a->as.money.currency, b->as.money.currency, 3) != 0)
            return t->cmp == CMP_NE; /* amounts are ordered within one currency only */
        return t->cmp & order(a->as.money.minor, b->as.money.minor);
    case CLASS_LINK:
    case CLASS_ID:
        return t->cmp & compare_link(t, a, b);
    case CLASS_TIME:
        if (b->kind == KITH_DATE)
            return t->cmp & query_compare_span(env, true, a->as.i, b->as.i, b->as.i + 1);
        return t->cmp & order(a->as.i, b->as.i);
    default:
        return t->cmp & order(a->as.i, b->as.i);
    }
}

static bool compare_operand(const struct match *m, const struct test *t, uint32_t i,
                            const kith_value *v) {
    kith_value w;
    int64_t from, to;
    if (t->operands[i].kind == OPERAND_PERIOD) {
        query_span(&t->operands[i], m->env, &from, &to);
        return t->cmp & query_compare_span(m->env, v->kind == KITH_TIME, v->as.i, from, to);
    }
    return query_operand(m->q, t, &t->operands[i], m->env, NULL, NULL, &w, NULL) == KITH_OK &&
           query_compare(m->env, t, v, &w);
}

static bool in_list(const struct match *m, const struct test *t, const kith_value *v) {
    for (uint32_t i = 0; i < t->count; i++)
        if (compare_operand(m, t, i, v))
            return true;
    return false;
}

bool query_is_like(const struct path *path, kith_str pattern, kith_str s) {
    if (!query_folds(path))
        return like_match(pattern, s);
    struct folded f;
    fold(&f, s);
    bool result = like_match(pattern, f.text);
    arena_free(&f.arena);
    return result;
}

static bool has_tag(const kith_value *v, kith_str tag) {
    for (uint64_t i = 0; v && v->kind == KITH_LIST && i < v->as.list.count; i++)
        if (v->as.list.items[i].kind == KITH_TEXT && str_eq(v->as.list.items[i].as.s, tag))
            return true;
    return false;
}

static bool has_words(struct match *m, const struct test *t) {
    bool yes = false;
    if (m->status == KITH_OK)
        m->status = query_has_words(t, m->env, m->rows[0].values, &yes, m->e);
    return yes;
}

/* -- tests ------------------------------------------------------------------------------------- */

static bool is_near(const struct match *m, const struct test *t, const kith_value *v) {
    kith_value c;
    return query_operand(m->q, t, &t->operands[0], m->env, NULL, NULL, &c, NULL) == KITH_OK &&
           geo_distance(v->as.place.lat, v->as.place.lon, c.as.place.lat, c.as.place.lon) <=
               t->radius;
}

static bool plain_test(struct match *m, const struct test *t) {
    kith_value tmp, tmp2;
    const kith_value *v, *other;
    if (t->kind == TEST_EXISTS)
        return (related(m, t->path.related, true) != 0) != t->negated;
    if (t->kind == TEST_MATCHES)
        return has_words(m, t) != t->negated;
    v = value_of(m, &t->path, &tmp);
    switch (t->kind) {
    case TEST_NULL:
        return !v != t->negated;
    case TEST_NEAR:
        return v && is_near(m, t, v) != t->negated;
    case TEST_TAGGED:
        return has_tag(v, t->operands[0].value.as.s) != t->negated;
    case TEST_IN:
        return v && in_list(m, t, v) != t->negated;
    case TEST_LIKE:
        return v && query_is_like(&t->path, t->operands[0].value.as.s, v->as.s) != t->negated;
    case TEST_COMPARE:
        if (!t->other)
            return v && compare_operand(m, t, 0, v);
        other = value_of(m, t->other, &tmp2);
        return v && other && query_compare(m->env, t, v, other);
    case TEST_LINKED:
    case TEST_EXISTS:
    case TEST_MATCHES:
        return true;
    case TEST_MEMBER:
        return (v && is_member(m, t, v)) != t->negated;
    }
    return false;
}

/* Does any way through the steps from s on lead to a record that satisfies the test? */
static bool any_way(struct match *m, const struct test *t, const struct step *s) {
    if (!s)
        return plain_test(m, t);
    struct row from = *row_at(m, s->from);
    m->known |= 1u << s->number;
    if (!s->many) {
        m->rows[s->number] = follow(m, &from, s);
        return any_way(m, t, s->next);
    }
    const kith_value *list = from.values ? &from.values[s->via->index] : NULL;
    for (uint64_t i = 0; list && list->kind == KITH_LIST && i < list->as.list.count; i++) {
        kith_id id = list->as.list.items[i].as.link.id;
        m->rows[s->number] = s->bare ? (struct row){id, NULL} : look_up(m, s->type, id);
        if (m->rows[s->number].id && any_way(m, t, s->next))
            return true;
    }
    return false;
}

static bool run_test(struct match *m, const struct test *t) {
    return t->many ? any_way(m, t, t->many) != t->none : plain_test(m, t);
}

static bool run_op(struct match *m, const struct op *op, const kith_value *values) {
    const kith_value *v = &values[op->field];
    switch (op->kind) {
    case OP_INT:
        return v->kind != KITH_NULL && (op->cmp & order(v->as.i, op->number));
    case OP_LINK:
        return v->kind != KITH_NULL && (op->cmp & order((int64_t)v->as.link.id, op->number));
    case OP_TEXT:
        return v->kind != KITH_NULL && (op->cmp & (str_eq(v->as.s, op->text) ? CMP_EQ : CMP_LT));
    case OP_NULL:
        return (v->kind == KITH_NULL) != op->negated;
    case OP_TEST:
        return run_test(m, op->test);
    }
    return false;
}

static void match_begin(struct match *m, const struct predicate *p, const struct query_env *env,
                        kith_id id, const kith_value *values, const struct match_source *source,
                        kith_error *e) {
    m->q = p->q;
    m->env = env;
    m->source = source;
    m->event = NULL;
    m->status = KITH_OK;
    m->e = e;
    m->known = 1;
    m->rows[0] = (struct row){id, values};
}

kith_status predicate_match(const struct predicate *p, const struct query_env *env, kith_id id,
                            const kith_value *values, const struct match_source *source, bool *yes,
                            kith_error *e) {
    return predicate_match_event(p, env, id, values, NULL, source, yes, e);
}

kith_status predicate_match_event(const struct predicate *p, const struct query_env *env,
                                  kith_id id, const kith_value *values, const kith_value *event,
                                  const struct match_source *source, bool *yes, kith_error *e) {
    *yes = false;
    if (access_rule(env->principal, p->q->root.type) == ACCESS_NONE)
        return KITH_OK;
    struct match m;
    match_begin(&m, p, env, id, values, source, e);
    m.event = event;
    uint32_t at = p->count ? 0 : MATCHED;
    while (at < FAILED)
        at = run_op(&m, &p->ops[at], values) ? p->ops[at].yes : p->ops[at].no;
    *yes = at == MATCHED && m.status == KITH_OK;
    return m.status;
}

/* -- time -------------------------------------------------------------------------------------- */

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* The next flip over all ways through the steps from s on. */
static int64_t flip_of(struct match *m, const struct test *t, const struct step *s) {
    kith_value tmp;
    if (!s)
        return query_flip(t, value_of(m, &t->path, &tmp), m->env);
    struct row from = *row_at(m, s->from);
    m->known |= 1u << s->number;
    if (!s->many) {
        m->rows[s->number] = follow(m, &from, s);
        return flip_of(m, t, s->next);
    }
    int64_t next = INT64_MAX;
    const kith_value *list = from.values ? &from.values[s->via->index] : NULL;
    for (uint64_t i = 0; list && list->kind == KITH_LIST && i < list->as.list.count; i++) {
        m->rows[s->number] = look_up(m, s->type, list->as.list.items[i].as.link.id);
        next = earlier(next, flip_of(m, t, s->next));
    }
    return next;
}

kith_status predicate_next_flip(const struct predicate *p, const struct query_env *env, kith_id id,
                                const kith_value *values, const struct match_source *source,
                                int64_t *next, kith_error *e) {
    struct match m;
    *next = INT64_MAX;
    match_begin(&m, p, env, id, values, source, e);
    for (uint32_t i = 0; i < p->count; i++)
        if (query_is_timed(p->ops[i].test))
            *next = earlier(*next, flip_of(&m, p->ops[i].test, p->ops[i].test->many));
    return m.status;
}
