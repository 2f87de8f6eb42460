/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of modules: records written and read as a user types and sees them. */
#ifndef TESTS_COMPANY_H
#define TESTS_COMPANY_H

#include "base/id.h"
#include "plugins.h"
#include "record/access.h"

/* A field and its value as a user types it. */
struct pair {
    const char *field, *text;
};
struct put {
    struct company *c;
    const char *type;
    kith_id id; /* 0: a new one */
    const struct pair *pairs;
};
#define PAIRS(...) ((const struct pair[]){__VA_ARGS__, {NULL, NULL}})

static inline kith_status put_txn(struct txn *t, void *arg, kith_error *e) {
    struct put *p = arg;
    const struct rtype *type = type_of(p->c, p->type);
    struct assign set[12] = {0};
    size_t count = 0;
    for (; p->pairs[count].field; count++) {
        TRY(schema_find_field(engine_schema(p->c->engine), type, str_of(p->pairs[count].field),
                              &set[count].field, e));
        if (p->pairs[count].text)
            set[count].value = value_str(str_of(p->pairs[count].text));
    }
    return p->id ? txn_update(t, type, p->id, set, count, e)
                 : txn_create(t, type, set, count, &p->id, e);
}

static inline kith_id put(struct company *c, const char *type, kith_id id,
                          const struct pair *pairs) {
    struct put p = {c, type, id, pairs};
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_write(c->engine, &by_anna, put_txn, &p, NULL, &e), e);
    return p.id;
}
#define CREATE(c, type, ...)     put(c, type, 0, PAIRS(__VA_ARGS__))
#define UPDATE(c, type, id, ...) put(c, type, id, PAIRS(__VA_ARGS__))

/* The write is refused, with these words. */
static inline void refused(struct company *c, const char *type, kith_id id,
                           const struct pair *pairs, const char *words) {
    struct put p = {c, type, id, pairs};
    kith_error e = KITH_ERROR_INIT;
    EXPECT(engine_write(c->engine, &by_anna, put_txn, &p, NULL, &e) != KITH_OK);
    EXPECT_HAS(words, e.message);
}
#define REFUSED(c, words, type, id, ...) refused(c, type, id, PAIRS(__VA_ARGS__), words)

/* The same write by a user, with the rights that this one has. */
struct put_as {
    struct put put;
    struct acting who;
};
static inline kith_status put_as_txn(struct txn *t, void *arg, kith_error *e) {
    struct put_as *p = arg;
    struct acted before;
    kith_status st = txn_act(t, &p->who, &before, e);
    if (st != KITH_OK)
        return st;
    st = put_txn(t, &p->put, e);
    txn_act_end(t, &before);
    return st;
}
static inline kith_status put_as(struct company *c, const char *login, const char *type, kith_id id,
                                 const struct pair *pairs, kith_error *e) {
    struct put_as p = {.put = {c, type, id, pairs}, .who = {.login = login}};
    kith_status st = engine_write(c->engine, &by_anna, put_as_txn, &p, NULL, e);
    acting_free(&p.who);
    return st;
}

/* A user with a role of these rights who came in, for act_as(); until leave(). */
struct someone {
    kith_id id;
    struct principal who;
    struct write_opts by;
};
static inline void come_in(struct company *c, struct someone *s, const char *login,
                           const char *rights) {
    kith_error e = KITH_ERROR_INIT;
    char role[ID_TEXT + 1];
    id_format(CREATE(c, "role", {"name", login}, {"rights", rights}), role);
    *s = (struct someone){.by = {.principal = &s->who, .origin = ORIGIN_CLI}};
    s->id = CREATE(c, "user", {"login", login}, {"name", login}, {"roles", role});
    EXPECT_OK(engine_enter(c->engine, &(struct access_of){.user = s->id}, NULL, &s->who, &e), e);
}
static inline void leave(struct someone *s) {
    engine_leave(&s->who);
}

/* A field of a record as text for people. */
static inline const char *field(struct company *c, const char *type, kith_id id, const char *name) {
    const struct rtype *t = type_of(c, type);
    kith_value *values;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_get(c->engine, &anna, t, id, &c->arena, &values, &e), e);
    const struct rfield *f = type_field(engine_schema(c->engine), t, str_of(name));
    kith_str s = value_text(engine_schema(c->engine), &values[f->index], &c->arena);
    return arena_strndup(&c->arena, s.ptr, (size_t)s.len);
}

/* An id as text, in the company's arena. */
static inline const char *id_text(struct company *c, kith_id id) {
    char text[ID_TEXT + 1];
    id_format(id, text);
    return arena_strdup(&c->arena, text);
}

/* What a query finds: how many, and the ids of the first few, 0 where there is none. */
#define FOUND_MAX 16
struct found {
    int64_t count;
    kith_id ids[FOUND_MAX];
};

static inline kith_status note_found(void *arg, kith_id id, const kith_value *values,
                                     kith_error *e) {
    struct found *f = arg;
    (void)values, (void)e;
    if (f->count < FOUND_MAX)
        f->ids[f->count] = id;
    f->count++;
    return KITH_OK;
}

static inline struct found find(struct company *c, const char *text) {
    struct found f = {0};
    struct query *q;
    struct find_page page = {.limit = 100000};
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(query_parse(&q, engine_schema(c->engine), &c->arena, str_of(text), &e), e);
    EXPECT_OK(engine_find(c->engine, &anna, q, NULL, &page, &c->arena, note_found, &f, &e), e);
    return f;
}

/* Calls an action; arguments as a user types them. */
#define ACT_MAX 32
struct act {
    const struct action *action;
    kith_value results[ACT_MAX];
    kith_id tx;
    kith_status status;
    char message[448];
};

static inline struct act act_as(struct company *c, const struct write_opts *o, const char *name,
                                const struct pair *pairs) {
    struct act out = {0};
    kith_value args[ACT_MAX] = {0};
    kith_error e = KITH_ERROR_INIT;
    const struct action *a = out.action = engine_action(c->engine, str_of(name));
    if (!a || a->param_count > ACT_MAX || a->result_count > ACT_MAX)
        TEST_FAIL("there is no action %s, or it has more than %d values", name, ACT_MAX);
    for (; a && pairs->field; pairs++)
        for (uint32_t i = 0; i < a->param_count; i++)
            if (strcmp(a->params[i]->name, pairs->field) == 0)
                args[i] = value_str(str_of(pairs->text));
    out.status = engine_call(c->engine, NULL, o, a, args, &c->arena, out.results, &out.tx, &e);
    memcpy(out.message, e.message, sizeof out.message);
    return out;
}
static inline struct act act(struct company *c, const char *name, const struct pair *pairs) {
    return act_as(c, &by_anna, name, pairs);
}
#define ACT(c, name, ...) act(c, name, PAIRS(__VA_ARGS__))
#define EXPECT_ACT(a)                                                                              \
    do {                                                                                           \
        if ((a).status != KITH_OK)                                                                 \
            TEST_FAIL("the action failed: %s", (a).message);                                       \
    } while (0)

/* A result as text for people. */
static inline const char *result_text(struct company *c, const struct act *a, const char *name) {
    for (uint32_t i = 0; i < a->action->result_count; i++)
        if (strcmp(a->action->results[i]->name, name) == 0) {
            kith_str s = value_text(engine_schema(c->engine), &a->results[i], &c->arena);
            return arena_strndup(&c->arena, s.ptr, (size_t)s.len);
        }
    TEST_FAIL("%s has no result %s", a->action->name, name);
    return "";
}

/* One row of an answer, its columns from one to another, with | between them. */
static inline const char *row_text(struct company *c, const struct act *a, size_t row,
                                   const char *columns) {
    const struct action_rows rows = action_rows(a->action, a->results);
    const char *out = NULL;
    if (row >= rows.count)
        TEST_FAIL("there are %zu rows", rows.count);
    for (; *columns; columns += strspn(columns, " ")) {
        const size_t len = strcspn(columns, " ");
        uint32_t at = 0;
        while (at < a->action->column_count &&
               (strlen(a->action->columns[at]->name) != len ||
                strncmp(a->action->columns[at]->name, columns, len) != 0))
            at++;
        if (at == a->action->column_count)
            TEST_FAIL("there is no column '%s'", columns);
        kith_str s =
            value_text(engine_schema(c->engine), &rows.items[row].as.list.items[at], &c->arena);
        out =
            arena_printf(&c->arena, "%s%s%.*s", out ? out : "", out ? "|" : "", (int)s.len, s.ptr);
        columns += len;
    }
    return out;
}
static inline size_t row_count(const struct act *a) {
    return action_rows(a->action, a->results).count;
}

/* What an undo that does not take back all says first of what stays. */
static inline const char *undo_stays(struct company *c, kith_id tx) {
    struct undo_report report;
    kith_error e = KITH_ERROR_INIT;
    const char *why = NULL;
    EXPECT_OK(engine_undo(c->engine, &anna, tx, false, &c->arena, &report, &e), e);
    for (size_t i = 0; i < report.item_count && !why; i++)
        why = report.items[i].outcome == UNDO_REFUSED ? report.items[i].reason : NULL;
    for (size_t i = 0; i < report.item_count && !why; i++)
        why = report.items[i].outcome == UNDO_KEPT ? report.items[i].reason : NULL;
    return why ? why : "all was taken back";
}

static inline void undo(struct company *c, kith_id tx) {
    struct undo_report report;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_undo(c->engine, &anna, tx, false, &c->arena, &report, &e), e);
    EXPECT_INT(0, report.kept + report.refused);
}

#endif
