/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: records of another type that link to the one at hand, or of one that it
 * links to, as exists(...) and count(...) ask for them. The link is found by itself when only one
 * leads here. The matcher, which has one record in memory, asks for them in SQL. */
#include "base/text.h"
#include "record/access.h"
#include "record/member.h"
#include "record/query_emit.h"

/* -- the link that leads here ------------------------------------------------------------------ */

static bool is_link(const struct rfield *f) {
    return f->kind == KITH_F_LINK || f->kind == KITH_F_LINKS;
}

static bool leads_to(const struct rfield *f, const struct rtype *t) {
    return is_link(f) && (f->any_target || f->target == t);
}

/* "call.contact or call.about" */
static const char *name_links(struct parser *p, const struct rtype *from, const struct rtype *to,
                              bool any) {
    const char *text = "";
    for (uint32_t i = 0; text && i < from->field_count; i++) {
        const struct rfield *f = from->fields[i];
        if (leads_to(f, to) && f->any_target == any)
            text = arena_printf(p->arena, "%s%sexists(%s.%s where ...)", text, *text ? " or " : "",
                                from->name, f->name);
    }
    return text ? text : "";
}

/* The only link from a type to another. Links to any record count when no other leads there. */
static kith_status find_link(struct parser *p, const struct rtype *from, const struct rtype *to,
                             uint32_t at, const struct rfield **out) {
    const struct rfield *found[2] = {NULL, NULL};
    uint32_t count[2] = {0, 0};
    for (uint32_t i = 0; i < from->field_count; i++) {
        const struct rfield *f = from->fields[i];
        if (leads_to(f, to)) {
            found[f->any_target] = f;
            count[f->any_target]++;
        }
    }
    bool any = count[0] == 0;
    if (count[any] == 0)
        return QUERY_FAIL(p, at, "no field of %s links to %s", from->name, to->name);
    if (count[any] > 1)
        return QUERY_FAIL(p, at, "several fields of %s link to %s: write %s", from->name, to->name,
                          name_links(p, from, to, any));
    *out = found[any];
    return KITH_OK;
}

static kith_status named_link(struct parser *p, const struct rtype *from, const struct rtype *to,
                              const struct token *name, const struct rfield **out) {
    if (schema_find_field(p->q->schema, from, text_cut(name->text, 60), out, p->e) != KITH_OK)
        return query_fail_at(p->text, name->at, p->e);
    if (!leads_to(*out, to))
        return QUERY_FAIL(p, name->at, "'%s.%s' does not link to %s", from->name, (*out)->name,
                          to->name);
    return KITH_OK;
}

/* -- parsing ----------------------------------------------------------------------------------- */

/* "of contact": the record to which they link, when it is not the one at hand. */
static kith_status parse_of(struct parser *p, struct related *r) {
    struct name_list names;
    struct path path;
    struct step *step = NULL;
    if (!query_is_word(&p->token, "of"))
        return KITH_OK;
    TRY(query_advance(p));
    TRY(query_names(p, &names));
    TRY(query_path(p, &names, NULL, &path));
    if (path.part != PART_ALL || (path.field && !path.field->target))
        return QUERY_FAIL(p, names.at, "'%.*s' does not link to records of one type",
                          (int)path.text.len, path.text.ptr);
    if (path.field)
        TRY(query_join(p, path.field, path.from, names.at, &step));
    r->from = step ? step : path.from;
    r->target = r->from ? r->from->type : path.type;
    return KITH_OK;
}

/* "order" or "order.contact", and whose they are. */
static kith_status parse_origin(struct parser *p, struct related *r) {
    struct name_list names = {0};
    if (p->token.kind != TOKEN_NAME && p->token.kind != TOKEN_QUOTED)
        return query_expected(p, "the name of a type, as in exists(task where state = 'open')");
    TRY(query_names(p, &names));
    const struct token *first = &names.names[0];
    if (schema_find_type(p->q->schema, text_cut(first->text, 60), &r->scope.type, p->e) != KITH_OK)
        return query_fail_at(p->text, first->at, p->e);
    if (names.count > 2)
        return QUERY_FAIL(
            p, names.names[2].at, "write a type and its link: exists(%s.%.*s where ...)",
            r->scope.type->name, (int)names.names[1].text.len, names.names[1].text.ptr);
    TRY(parse_of(p, r));
    return names.count == 2 ? named_link(p, r->scope.type, r->target, &names.names[1], &r->via)
                            : find_link(p, r->scope.type, r->target, first->at, &r->via);
}

static kith_status parse_where(struct parser *p, struct scope *scope) {
    struct scope *outer = p->scope;
    if (query_is_word(&p->token, "where")) {
        TRY(query_advance(p));
        p->scope = scope;
        TRY(query_condition(p, false, &scope->where));
        p->scope = outer;
    }
    return query_leave_out(p, scope);
}

kith_status query_room(struct parser *p, uint32_t at, const struct rtype *t) {
    uint32_t rule = t ? access_depth(t) : 0;
    return p->depth + rule <= QUERY_DEPTH_MAX
               ? KITH_OK
               : query_fail(p->text, at, p->e, KITH_E_LIMIT,
                            "conditions stand too deep inside each other");
}

kith_status query_related(struct parser *p, uint32_t at, struct related **out) {
    struct related *r = *out = ARENA_NEW(p->arena, struct related);
    if (!r)
        return err_nomem(p->e);
    r->target = p->scope->type;
    if (++p->related > QUERY_RELATED_MAX)
        return query_fail(p->text, at, p->e, KITH_E_LIMIT, "more than %u of exists() and count()",
                          QUERY_RELATED_MAX);
    p->depth += QUERY_RELATED_DEPTH;
    TRY(query_room(p, at, NULL));
    TRY(parse_origin(p, r));
    TRY(query_room(p, at, r->scope.type));
    TRY(parse_where(p, &r->scope));
    if (!query_is_sign(&p->token, ")"))
        return query_expected(p, r->scope.where && !r->scope.all ? "'and', 'or' or ')'"
                                                                 : "'where' or ')'");
    p->depth -= QUERY_RELATED_DEPTH;
    return query_advance(p);
}

/* -- asking for one record --------------------------------------------------------------------- */

static kith_status step_to_number(struct conn *c, const struct query_sql *sql, int64_t *n,
                                  kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, sql->sql, &st, e));
    query_bind(st, sql);
    return conn_first(c, st, 0, n, e);
}

kith_status match_answer(const struct match_question *q, struct conn *c, struct arena *a,
                         int64_t *n, kith_error *e) {
    struct query_sql sql;
    struct arena_mark mark = arena_mark(a);
    if (!q->related) {
        bool is = false;
        TRY(member_is(c, q->segment, q->id, &is, e));
        *n = is;
        return KITH_OK;
    }
    kith_status st = query_related_sql(q, a, &sql, e);
    if (st == KITH_OK)
        st = step_to_number(c, &sql, n, e);
    arena_release(a, mark);
    return st;
}
