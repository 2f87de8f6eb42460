/* SPDX-License-Identifier: Apache-2.0 */
/* Query: what a parsed query tells about itself, and who may see what. */
#include "record/query_internal.h"

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

static kith_status step_types(const struct step *s, query_type_fn fn, void *arg, kith_error *e) {
    for (; s; s = s->next)
        if (s->type) /* NULL: links to records of any type, of which only the ids are wanted */
            TRY(fn(arg, s->type, e));
    return KITH_OK;
}

static kith_status node_types(const struct node *n, query_type_fn fn, void *arg, kith_error *e) {
    for (; n; n = n->next) {
        if (n->test)
            TRY(step_types(n->test->many, fn, arg, e));
        TRY(node_types(n->first, fn, arg, e));
    }
    return KITH_OK;
}

static kith_status scope_types(const struct scope *s, query_type_fn fn, void *arg, kith_error *e) {
    TRY(fn(arg, s->type, e));
    TRY(step_types(s->joins, fn, arg, e));
    return node_types(s->where, fn, arg, e);
}

kith_status query_types(const struct query *q, query_type_fn fn, void *arg, kith_error *e) {
    return scope_types(&q->root, fn, arg, e);
}

enum access access_rule(const struct principal *p, const struct rtype *t) {
    (void)t; /* the allow-all role holds for every type */
    return p && p->all ? ACCESS_ALL : ACCESS_NONE;
}
