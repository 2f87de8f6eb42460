/* SPDX-License-Identifier: Apache-2.0 */
/* Segments and lists in tests: making them, who is in them, and what was told of it. */
#ifndef TESTS_ENGINE_SEGMENT_FIXTURE_H
#define TESTS_ENGINE_SEGMENT_FIXTURE_H

#include "engine_fixture.h"

static inline kith_id make_segment(struct fixture *x, const char *name, const char *query) {
    char a[80], b[4000];
    snprintf(a, sizeof a, "name=%s", name);
    snprintf(b, sizeof b, "query=%s", query);
    return create(x, type_named(x, "segment"), PAIRS(a, b));
}

/* "a b c": the names of those whom a query finds, by id. */
struct names {
    char text[2000];
    const struct rfield *name;
};
static inline kith_status note_name(void *arg, kith_id id, const kith_value *values,
                                    kith_error *e) {
    struct names *n = arg;
    (void)id;
    (void)e;
    const kith_value *v = &values[n->name->index];
    size_t len = strlen(n->text);
    snprintf(n->text + len, sizeof n->text - len, "%s%.*s", len ? " " : "", (int)v->as.s.len,
             v->as.s.ptr);
    return KITH_OK;
}

static inline const char *found(struct fixture *x, const char *text) {
    static struct names n;
    struct query *q;
    struct find_page page = {.limit = 1000};
    memset(&n, 0, sizeof n);
    EXPECT_OK(query_parse(&q, engine_schema(x->g), &x->arena, str_of(text), &x->e), x->e);
    n.name = type_field(engine_schema(x->g), query_type(q), STR("name"));
    EXPECT_OK(engine_find(x->g, &tester, q, NULL, &page, &x->arena, note_name, &n, &x->e), x->e);
    return n.text;
}

static inline int64_t members_of(struct fixture *x, kith_id segment) {
    kith_value *v;
    const struct rtype *t = type_named(x, "segment");
    EXPECT_OK(engine_get(x->g, &tester, t, segment, &x->arena, &v, &x->e), x->e);
    return v[type_field(engine_schema(x->g), t, STR("members"))->index].as.i;
}

/* What was published since `after`, oldest first: "+vip -vip". */
struct told {
    struct fixture *x;
    char text[4000];
};
static inline kith_status note_event(void *arg, const struct journal_row *row, kith_error *e) {
    struct told *told = arg;
    struct fixture *x = told->x;
    uint32_t topic, version;
    kith_str json;
    const char *name, *at;
    if (row->kind != ROW_EVENT)
        return KITH_OK;
    struct conn *c;
    TRY(image_decode_event(row, &topic, &version, &json, e));
    TRY(engine_reader(x->g, &c, e));
    kith_status st = journal_topic_name(c, topic, &x->arena, &name, e);
    engine_reader_done(x->g, c);
    TRY(st);
    char *text = arena_strndup(&x->arena, json.ptr, json.len);
    at = strstr(text, "\"name\":\"") + 8;
    size_t len = strlen(told->text);
    snprintf(told->text + len, sizeof told->text - len, "%s%s%.*s", len ? " " : "",
             strcmp(name, "segment.entered") == 0 ? "+"
             : strcmp(name, "segment.left") == 0  ? "-"
             : strcmp(name, "segment.built") == 0 ? "="
                                                  : "!",
             (int)strcspn(at, "\""), at);
    return KITH_OK;
}
static inline uint64_t seq_now(struct fixture *x) {
    struct engine_stats s;
    engine_stats(x->g, &s);
    return s.durable;
}
static inline const char *told_since(struct fixture *x, uint64_t after) {
    static struct told told;
    struct conn *c;
    memset(&told, 0, sizeof told);
    told.x = x;
    EXPECT_OK(engine_reader(x->g, &c, &x->e), x->e);
    EXPECT_OK(journal_walk(c, after, UINT64_MAX, note_event, &told, &x->e), x->e);
    engine_reader_done(x->g, c);
    return told.text;
}

struct many {
    const struct rtype *type;
    int from, to;
    const char *pair;
};
static inline kith_status create_many(struct txn *t, void *arg, kith_error *e) {
    const struct many *m = arg;
    const struct schema *s = engine_schema(txn_engine(t));
    const char *eq = strchr(m->pair, '=');
    for (int i = m->from; i < m->to; i++) {
        char name[32];
        snprintf(name, sizeof name, "n%d", i);
        struct assign set[] = {
            {type_field(s, m->type, STR("name")), value_str(str_of(name))},
            {type_field(s, m->type, (kith_str){m->pair, (uint64_t)(eq - m->pair)}),
             value_str(str_of(eq + 1))},
        };
        TRY(txn_create(t, m->type, set, 2, NULL, e));
    }
    return KITH_OK;
}

/* "added members" of an action with two parameters. */
static inline const char *run(struct fixture *x, const char *action, const char *segment,
                              const char *query) {
    const struct action *a = engine_action(x->g, str_of(action));
    kith_value args[2] = {value_str(str_of(segment)),
                          query ? value_str(str_of(query)) : value_null()},
               out[4];
    EXPECT(a != NULL);
    if (engine_call(x->g, NULL, &by_tester, a, args, &x->arena, out, NULL, &x->e) != KITH_OK)
        return x->e.message;
    return arena_printf(&x->arena, "%lld %lld", (long long)out[0].as.i, (long long)out[1].as.i);
}

#endif
