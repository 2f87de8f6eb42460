/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: matches('words'), which has the search index answer, or, for one record in
 * memory, looks at its words; both read what is searched for in the same way (search.h). */
#include "record/access.h"
#include "record/query_emit.h"
#include "record/search.h"

kith_status query_matches(struct parser *p, const struct function *f, uint32_t at, struct test *t) {
    const struct rtype *type = p->scope->type;
    struct raw raw;
    (void)f;
    if (!type->searched_count)
        return QUERY_FAIL(p, at, "%s has no field that is searched", type->name);
    TRY(query_raw(p, &raw));
    bool text = raw.kind == RAW_VALUE && raw.operand.kind == OPERAND_VALUE &&
                raw.operand.value.kind == KITH_TEXT;
    if (!text && (raw.kind != RAW_VALUE || raw.operand.kind != OPERAND_PARAM))
        return QUERY_FAIL(p, raw.at, "what is searched for stands in quotes");
    if (text && search_parse(&t->search, p->q->schema, p->arena, raw.operand.value.as.s, false,
                             p->e) != KITH_OK)
        return query_fail_at(p->text, raw.at, p->e);
    t->kind = TEST_MATCHES;
    t->path = (struct path){.type = type, .at = at};
    t->operands = ARENA_NEW(p->arena, struct operand);
    if (!t->operands)
        return err_nomem(p->e);
    *t->operands = raw.operand;
    t->count = 1;
    return query_expect_sign(p, ")");
}

/* -- for the index ----------------------------------------------------------------------------- */

/* *q NULL: the parameter is null. */
static kith_status wanted(struct emit *m, const struct test *t, struct search **q) {
    const struct operand *o = &t->operands[0];
    *q = t->search;
    if (o->kind != OPERAND_PARAM)
        return KITH_OK;
    const kith_value *v = &m->params[o->value.as.i];
    if (v->kind == KITH_NULL)
        return KITH_OK;
    kith_status st =
        v->kind == KITH_TEXT
            ? search_parse(q, m->q->schema, m->arena, v->as.s, false, m->e)
            : err_set(m->e, KITH_E_INVAL, NULL, "what is searched for is given as text");
    if (st != KITH_OK)
        err_prefix(m->e, ":%s: ", m->q->params[o->value.as.i]);
    return st;
}

kith_status emit_matches(struct emit *m, const struct test *t) {
    const struct rtype *type = t->path.type;
    struct search_part part = {&type, 1, search_slots(m->env->principal, type), SEARCH_EXACT};
    struct search *q;
    TRY(wanted(m, t, &q));
    if (!q || !part.slots || !search_wants(q, type)) {
        buf_puts(&m->b, q && t->negated ? "TRUE" : "FALSE");
        return KITH_OK;
    }
    const char *fts = search_fts(q, &part, 1, m->arena);
    if (!fts)
        return err_nomem(m->e);
    emit_record(m, NULL);
    buf_puts(&m->b, t->negated ? ".id NOT IN" : ".id IN");
    buf_puts(&m->b, " (SELECT rowid FROM kith_search WHERE kith_search MATCH kith_indexed(");
    emit_value(m, value_str(str_of(fts)));
    buf_puts(&m->b, "))");
    return KITH_OK;
}

/* -- for one record ---------------------------------------------------------------------------- */

kith_status query_has_words(const struct test *t, const struct query_env *env,
                            const kith_value *values, bool *yes, kith_error *e) {
    const struct rtype *type = t->path.type;
    struct search_text words = {0};
    bool ok = search_text_of(type, values, &words);
    *yes = ok && search_wants(t->search, type) &&
           search_match(t->search, &words, search_slots(env->principal, type));
    search_text_free(&words);
    return ok ? KITH_OK : err_nomem(e);
}
