/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: conditions as SQL. Values are always bound, never written; names come from
 * the schema only. One test as such is put by query_test_sql.c. */
#include "record/query_emit.h"
#include "base/text.h"
#include "record/access.h"

#include <stdio.h>

/* -- names and values -------------------------------------------------------------------------- */

/* A value that is bound; its number: ?1, ?2, ... */
uint32_t emit_add(struct emit *m, kith_value v) {
    kith_value *more = arena_grow(m->arena, m->values, m->count, &m->cap, sizeof *more);
    if (!more) {
        m->b.failed = true;
        return 0;
    }
    m->values = more;
    m->values[m->count++] = v;
    return m->count;
}

void emit_parameter(struct emit *m, uint32_t number) {
    buf_printf(&m->b, "%c%u", m->dialect->parameter, number);
}

void emit_value(struct emit *m, kith_value v) {
    emit_parameter(m, emit_add(m, v));
}

struct emit emit_begin(const struct query *q, const struct query_env *env, struct arena *a,
                       kith_error *e) {
    return (struct emit){.q = q,
                         .env = env,
                         .dialect = env->dialect ? env->dialect : &query_sqlite,
                         .arena = a,
                         .e = e,
                         .names = 1};
}

/* Where the scope stands whose record is t<record>. */
struct place emit_place(struct emit *m, const struct scope *s, uint32_t record) {
    struct place place = {.scope = s, .record = record, .base = m->names - 1};
    m->names += s->steps;
    return place;
}

static uint32_t name_of(const struct emit *m, const struct step *step) {
    return step ? m->place->base + step->number : m->place->record;
}

void emit_record(struct emit *m, const struct step *step) {
    buf_printf(&m->b, "t%u", name_of(m, step));
}

/* Every field that a condition, an order, a group or a link goes by comes through here. Who sees no
 * restricted data learns nothing of which they are. */
static void need_field(struct emit *m, const struct rfield *f) {
    if (f == m->q->schema->base.contact.restricted)
        return;
    if (m->status == KITH_OK && !access_reads(m->env->principal, f))
        m->status = access_no_field(f, m->e);
}

void emit_nth(struct emit *m, const struct path *path, uint32_t n) {
    need_field(m, path->field);
    emit_record(m, path->from);
    buf_putc(&m->b, '.');
    sql_name(&m->b, path->field->type->columns[path->field->column + n]);
}

void emit_suffixed(struct emit *m, const struct path *path, const char *suffix) {
    char column[80];
    need_field(m, path->field);
    emit_record(m, path->from);
    snprintf(column, sizeof column, "%s%s", path->field->type->columns[path->field->column],
             suffix);
    buf_putc(&m->b, '.');
    sql_name(&m->b, column);
}

/* A part of a date, or of a time in the company's zone. */
static void put_part(struct emit *m, const struct path *path) {
    bool time = path->field->kind == KITH_F_TIME;
    buf_printf(&m->b, "%s(%d, ", time ? "kith_time_part" : "kith_date_part", (int)path->part);
    emit_suffixed(m, path, "");
    if (time) {
        buf_puts(&m->b, ", ");
        emit_value(m, (kith_value){.kind = QUERY_POINTER, .as.s.ptr = (const char *)m->env->zone});
    }
    buf_putc(&m->b, ')');
}

/* The column that holds the value; the first of several. */
void emit_column(struct emit *m, const struct path *path) {
    if (path->part == PART_COUNT) {
        emit_related(m, path->related, "(SELECT count(*)");
    } else if (path->part == PART_DISTANCE) {
        emit_metres(m, path);
    } else if (path->part == PART_CURRENCY) {
        emit_suffixed(m, path, "__cur");
    } else if (path->part != PART_ALL) {
        put_part(m, path);
    } else if (path->link) {
        buf_printf(&m->b, "l%u.target", name_of(m, path->from));
    } else if (path->field) {
        emit_suffixed(m, path, "");
    } else {
        emit_record(m, path->from);
        buf_puts(&m->b, ".id");
    }
}

/* The column that text is ordered and matched by. */
void emit_ordered(struct emit *m, const struct path *path) {
    if (query_folds(path))
        emit_suffixed(m, path, "__fold");
    else
        emit_column(m, path);
}

/* The place among the options, from 0. */
void emit_rank(struct emit *m, const struct path *path) {
    buf_puts(&m->b, "CASE ");
    emit_column(m, path);
    for (uint32_t i = 0; i < path->field->option_count; i++) {
        buf_puts(&m->b, " WHEN ");
        emit_value(m, value_str(str_of(path->field->options[i])));
        buf_printf(&m->b, " THEN %u", i);
    }
    buf_puts(&m->b, " END");
}

/* -- rights ------------------------------------------------------------------------------------ */

static uint32_t access_value(void *arg, kith_value v) {
    return emit_add(arg, v);
}

void emit_access(struct emit *m, const struct rtype *t, uint32_t n, bool root) {
    struct buf rule = {0};
    struct access_sql out = {&rule, access_value, m, m->access_names, m->dialect};
    char alias[16];
    snprintf(alias, sizeof alias, "t%u", n);
    bool few = root && (m->q->counts || access_few(m->env->principal, t));
    if (access_put(&out, m->env->principal, t, alias, few)) {
        buf_puts(&m->b, " AND ");
        buf_str(&m->b, buf_view(&rule));
    }
    m->b.failed |= rule.failed;
    m->access_names = out.names;
    buf_free(&rule);
}

/* -- joins ------------------------------------------------------------------------------------- */

/* "contact" AS t1 ON t1.id = ..., with the access rule of the type. Inside exists() and count() the
 * way in is the link to the record at hand, which few have: SQLite, which counts nothing, would as
 * soon begin at what is joined, and go through all who link there anew for each record. */
static void put_target(struct emit *m, const struct step *s) {
    sql_name(&m->b, s->type->name);
    uint32_t n = name_of(m, s);
    buf_printf(&m->b, " AS t%u ON t%u.id = ", n, n);
    buf_puts(&m->b, m->place->related && !s->many ? m->dialect->apart : "");
    if (s->many)
        buf_printf(&m->b, "l%u.target", n);
    else
        emit_suffixed(m, &(struct path){.field = s->via, .from = s->from}, "");
    emit_access(m, s->type, n, false);
}

static void put_link_table(struct emit *m, const struct step *s) {
    char table[128];
    need_field(m, s->via);
    snprintf(table, sizeof table, "%s.%s", s->via->type->name, s->via->name);
    sql_name(&m->b, table);
    buf_printf(&m->b, " AS l%u", name_of(m, s));
}

static void put_link_origin(struct emit *m, const struct step *s) {
    buf_printf(&m->b, "l%u.record = ", name_of(m, s));
    emit_record(m, s->from);
    buf_puts(&m->b, ".id");
}

static void put_joins(struct emit *m, const struct step *first) {
    for (const struct step *s = first; s; s = s->next) {
        buf_puts(&m->b, " LEFT JOIN ");
        put_target(m, s);
    }
}

/* The records to which a group's keys lead, each in a row of its own; one row where there is none.
 */
static void put_fan(struct emit *m) {
    for (const struct step *s = m->fan; s; s = s->next) {
        if (s->many) {
            buf_puts(&m->b, " LEFT JOIN ");
            put_link_table(m, s);
            buf_puts(&m->b, " ON ");
            put_link_origin(m, s);
        }
        if (!s->bare) {
            buf_puts(&m->b, " LEFT JOIN ");
            put_target(m, s);
        }
    }
}

/* A test on what is reached through links: EXISTS over the link tables. */
static kith_status put_many_test(struct emit *m, const struct test *t) {
    buf_puts(&m->b, t->none ? "NOT EXISTS (SELECT 1 FROM " : "EXISTS (SELECT 1 FROM ");
    for (const struct step *s = t->many; s; s = s->next) {
        if (s->many) {
            buf_puts(&m->b, s == t->many ? "" : " JOIN ");
            put_link_table(m, s);
            if (s != t->many) {
                buf_puts(&m->b, " ON ");
                put_link_origin(m, s);
            }
        }
        if (!s->bare) {
            buf_puts(&m->b, s->many ? " JOIN " : " LEFT JOIN ");
            put_target(m, s);
        }
    }
    buf_puts(&m->b, " WHERE ");
    put_link_origin(m, t->many);
    buf_puts(&m->b, " AND ");
    TRY(emit_test(m, t));
    buf_putc(&m->b, ')');
    return KITH_OK;
}

static uint32_t height(const struct node *n) {
    const struct related *r = n->kind == NODE_TEST ? n->test->path.related : NULL;
    uint32_t most = 0;
    if (r)
        return QUERY_RELATED_DEPTH + (r->scope.where ? height(r->scope.where) : 0);
    for (const struct node *c = n->first; c; c = c->next) {
        uint32_t h = height(c) + 1;
        most = h > most ? h : most;
    }
    return most;
}

/* The child under which most levels lie comes first: SQLite's parser keeps 100 symbols at most, and
 * in this order a level takes one of them. */
static kith_status put_node(struct emit *m, const struct node *n) {
    if (n->kind == NODE_TEST)
        return n->test->many ? put_many_test(m, n->test) : emit_test(m, n->test);
    const struct node *tallest = n->first;
    for (const struct node *c = n->first; c; c = c->next)
        tallest = height(c) > height(tallest) ? c : tallest;
    buf_putc(&m->b, '(');
    TRY(put_node(m, tallest));
    for (const struct node *c = n->first; c; c = c->next) {
        if (c == tallest)
            continue;
        buf_puts(&m->b, n->kind == NODE_AND ? " AND " : " OR ");
        TRY(put_node(m, c));
    }
    buf_putc(&m->b, ')');
    return KITH_OK;
}

/* What every record of the scope must satisfy. */
static kith_status put_condition(struct emit *m, const char *before) {
    const struct scope *s = m->place->scope;
    buf_printf(&m->b, "%sTRUE", before);
    emit_access(m, s->type, m->place->record, s == &m->q->root);
    if (!s->where)
        return KITH_OK;
    buf_puts(&m->b, " AND ");
    return put_node(m, s->where);
}

kith_status emit_source(struct emit *m) {
    const struct scope *s = m->place->scope;
    buf_puts(&m->b, " FROM ");
    sql_name(&m->b, s->type->name);
    buf_puts(&m->b, " AS ");
    emit_record(m, NULL);
    put_joins(m, s->joins);
    put_fan(m);
    return put_condition(m, " WHERE ");
}

/* -- records that link to one ------------------------------------------------------------------ */

/* The id of the record that they link to. */
static void put_id(struct emit *m, const struct related *r) {
    if (m->place->id) {
        emit_value(m, value_int((int64_t)m->place->id));
    } else {
        emit_record(m, r->from);
        buf_puts(&m->b, ".id");
    }
}

/* The link that leads to that record: its table, and what it holds. */
static void put_way_in(struct emit *m, const struct related *r, uint32_t record) {
    char name[128];
    need_field(m, r->via);
    sql_name(&m->b, r->scope.type->name);
    buf_printf(&m->b, " AS t%u", record);
    if (r->via->kind == KITH_F_LINKS) {
        snprintf(name, sizeof name, "%s.%s", r->scope.type->name, r->via->name);
        buf_puts(&m->b, " JOIN ");
        sql_name(&m->b, name);
        buf_printf(&m->b, " AS l%u ON l%u.record = t%u.id AND l%u.target = ", record, record,
                   record, record);
        put_id(m, r);
    }
}

static void put_link_in(struct emit *m, const struct related *r, uint32_t record) {
    char column[80];
    const char *name = r->via->type->columns[r->via->column];
    buf_printf(&m->b, " AND t%u.", record);
    sql_name(&m->b, name);
    buf_puts(&m->b, " = ");
    put_id(m, r);
    if (!r->via->any_target)
        return;
    snprintf(column, sizeof column, "%s__type", name);
    buf_printf(&m->b, " AND t%u.", record);
    sql_name(&m->b, column);
    buf_puts(&m->b, " = ");
    emit_value(m, value_int(r->target->id));
}

/* The condition stands before the link, which spares SQLite's parser a few symbols for each level.
 */
void emit_related(struct emit *m, const struct related *r, const char *select) {
    const struct place *outer = m->place;
    uint32_t record = m->names++;
    struct place inner = emit_place(m, &r->scope, record);
    buf_printf(&m->b, "%s FROM ", select);
    put_way_in(m, r, record);
    inner.related = true;
    m->place = &inner;
    put_joins(m, r->scope.joins);
    kith_status st = put_condition(m, " WHERE ");
    m->place = outer;
    if (st != KITH_OK)
        m->status = st;
    if (r->via->kind == KITH_F_LINK)
        put_link_in(m, r, record);
    buf_putc(&m->b, ')');
}

kith_status query_related_sql(const struct match_question *question, struct arena *a,
                              struct query_sql *out, kith_error *e) {
    struct emit m = emit_begin(question->q, question->env, a, e);
    const struct scope self = {.type = question->related->target};
    struct place place = {.scope = &self, .id = question->id};
    m.place = &place;
    emit_related(&m, question->related,
                 question->any ? "SELECT EXISTS (SELECT 1" : "SELECT (SELECT count(*)");
    return emit_finish(&m, m.status, out);
}

/* -- the end ----------------------------------------------------------------------------------- */

kith_status emit_finish(struct emit *m, kith_status st, struct query_sql *out) {
    st = st == KITH_OK ? m->status : st;
    if (st == KITH_OK) {
        out->sql = m->b.failed ? NULL : arena_strndup(m->arena, m->b.ptr, m->b.len);
        out->values = m->values;
        out->value_count = m->count;
        st = out->sql ? KITH_OK : err_nomem(m->e);
    }
    buf_free(&m->b);
    return st;
}
