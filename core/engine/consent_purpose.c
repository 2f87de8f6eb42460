/* SPDX-License-Identifier: Apache-2.0 */
/* Purposes: what was said to one was said to it as it was then; and consent() and withdrawn() name
 * it, so that under another name, or gone, it would be asked for in vain. */
#include "engine/consent.h"
#include "engine/retention.h"

static bool names(const struct query *q, const void *purpose) {
    return query_names_purpose(q, *(const kith_str *)purpose);
}

/* -- texts in records -------------------------------------------------------------------------- */

struct text {
    const struct rtype *type;
    const struct rfield *field;
    bool keep; /* a condition on the records of a segment, not a query */
};

/* What cannot be read names nothing that works. */
static kith_status query_of(const struct schema *s, const struct text *x, const kith_value *values,
                            struct arena *a, struct query **out, kith_error *e) {
    const kith_value *v = &values[x->field->index];
    const char *text = v->kind == KITH_TEXT ? arena_strndup(a, v->as.s.ptr, v->as.s.len) : "";
    *out = NULL;
    if (text && text[0] && x->keep) {
        const struct rtype *of = segment_type(s, values[s->base.segment.query->index].as.s);
        text = of ? arena_printf(a, "\"%s\" where %s", of->name, text) : "";
    }
    if (!text)
        return err_nomem(e);
    if (text[0] && query_parse(out, s, a, str_of(text), NULL) != KITH_OK)
        *out = NULL;
    return KITH_OK;
}

static kith_status unnamed_in(struct txn *t, const struct text *x, kith_str name, const char *what,
                              kith_error *e) {
    const struct schema *s = t->g->schema;
    kith_id *ids;
    size_t n;
    TRY(record_ids(t->g->writer, x->type, WORDS_MAX, t->arena, &ids, &n, e));
    for (size_t i = 0; i < n; i++) {
        const kith_value *values;
        struct query *q = NULL;
        TRY(record_get(t->g->writer, x->type, ids[i], t->arena, &values, e));
        if (values)
            TRY(query_of(s, x, values, t->arena, &q, e));
        if (q && query_names_purpose(q, name)) {
            const struct rfield *title = type_field(s, x->type, STR("name"));
            return asked_by_record(t, x->type, ids[i], values[title->index].as.s, what, e);
        }
    }
    return KITH_OK;
}

static kith_status unnamed(struct txn *t, kith_str name, const char *what, kith_error *e) {
    const struct base_fields *b = &t->g->schema->base;
    const struct text texts[] = {{b->segment.type, b->segment.query, false},
                                 {b->segment.type, b->segment.keep, true},
                                 {b->saved_query.type, b->saved_query.query, false}};
    const struct retention_rule *r;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        TRY(unnamed_in(t, &texts[i], name, what, e));
    for (size_t i = 0; (r = engine_retention_rule(t->g, i)); i++)
        if (r->query && query_names_purpose(r->query, name))
            return asked_by_code(r->name, what, e);
    const char *code = code_that_asks(t->g, names, &name);
    return code ? asked_by_code(code, what, e) : KITH_OK;
}

/* -- the purpose itself ------------------------------------------------------------------------ */

/* Who said yes said it to this ground and these words. What nobody was told yet may be added. */
static kith_status stays(struct txn *t, const struct change *c, const struct rfield *f,
                         kith_error *e) {
    kith_id *ids;
    size_t n;
    if (!fieldset_has(&c->changed, f->index) || c->before[f->index].kind == KITH_NULL)
        return KITH_OK;
    TRY(record_referrers(t->g->writer, t->g->schema->base.consent.purpose, c->id, 0, 1, t->arena,
                         &ids, &n, e));
    return n == 0 ? KITH_OK
                  : err_set(e, KITH_E_REFUSED, f->name,
                            "%s: people have answered to the purpose as it is; make another"
                            " purpose, and ask for consent to it",
                            f->name);
}

static kith_status check_purpose(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct base_purpose *p = self;
    const kith_value *name = &c->before[p->name->index];
    if (name->kind == KITH_TEXT && (!c->after || fieldset_has(&c->changed, p->name->index)))
        TRY(unnamed(t, name->as.s, c->after ? "renamed" : "deleted", e));
    if (!c->after)
        return KITH_OK;
    TRY(stays(t, c, p->basis, e));
    return stays(t, c, p->description, e);
}

kith_status consent_purpose_hooks_add(struct engine *g, kith_error *e) {
    const struct base_purpose *p = &g->schema->base.purpose;
    const struct hook h = {.type = p->type,
                           .on = ON_UPDATE | ON_DELETE,
                           .priority = -100,
                           .fn = check_purpose,
                           .self = (void *)(uintptr_t)p,
                           .source = {SOURCE_CORE, "consents", "", 0}};
    return engine_add_hook(g, &h, e);
}
