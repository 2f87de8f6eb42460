/* SPDX-License-Identifier: Apache-2.0 */
/* Query: what a parsed query tells about itself. */
#include "record/query_group.h"

const struct rtype *query_type(const struct query *q) {
    return q->root.type;
}

bool query_counts(const struct query *q) {
    return q->counts;
}

int64_t query_limit(const struct query *q) {
    return q->limit;
}

uint32_t query_params(const struct query *q, const char *const **names) {
    *names = q->params;
    return q->param_count;
}

struct visit {
    query_type_fn fn;
    void *arg;
    kith_error *e;
};
static kith_status scope_types(const struct scope *s, const struct visit *v);

static kith_status step_types(const struct step *s, const struct visit *v) {
    for (; s; s = s->next)
        if (s->type) /* NULL: links to records of any type, of which only the ids are wanted */
            TRY(v->fn(v->arg, s->type, v->e));
    return KITH_OK;
}

static kith_status path_types(const struct path *path, const struct visit *v) {
    return path && path->related ? scope_types(&path->related->scope, v) : KITH_OK;
}

static kith_status node_types(const struct node *n, const struct visit *v) {
    for (; n; n = n->next) {
        if (n->test) {
            TRY(step_types(n->test->many, v));
            TRY(path_types(&n->test->path, v));
            TRY(path_types(n->test->other, v));
        }
        TRY(node_types(n->first, v));
    }
    return KITH_OK;
}

static kith_status scope_types(const struct scope *s, const struct visit *v) {
    TRY(v->fn(v->arg, s->type, v->e));
    TRY(step_types(s->joins, v));
    return node_types(s->where, v);
}

bool query_totals(const struct query *q) {
    return q->group != NULL;
}

const struct rtype *query_personal(const struct query *q) {
    for (uint32_t i = 0; q->group && i < q->group->leaf_count; i++) {
        const struct rfield *f = q->group->leaves[i].path.field;
        if (f && (f->flags & KITH_FF_PERSONAL))
            return f->type;
    }
    return NULL;
}

uint32_t query_columns(const struct query *q, const struct query_column **out) {
    *out = q->group ? q->group->columns : NULL;
    return q->group ? q->group->key_count + q->group->output_count : 0;
}

static kith_status group_types(const struct group *g, const struct visit *v) {
    TRY(step_types(g->fan.many, v));
    for (uint32_t i = 0; i < g->leaf_count; i++)
        TRY(path_types(&g->leaves[i].path, v));
    return KITH_OK;
}

kith_status query_types(const struct query *q, query_type_fn fn, void *arg, kith_error *e) {
    const struct visit v = {fn, arg, e};
    TRY(scope_types(&q->root, &v));
    if (q->group)
        TRY(group_types(q->group, &v));
    for (uint32_t i = 0; i < q->key_count; i++)
        TRY(path_types(&q->keys[i].path, &v));
    return KITH_OK;
}
