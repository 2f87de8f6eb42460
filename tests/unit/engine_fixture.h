/* SPDX-License-Identifier: Apache-2.0 */
/* An engine on a temporary file with a virtual clock, and short ways to write and read. */
#ifndef TESTS_ENGINE_FIXTURE_H
#define TESTS_ENGINE_FIXTURE_H

#include "base/id.h"
#include "engine/engine.h"
#include "test.h"

#include <unistd.h>

#define START_MS 1700000000000 /* 2023-11-14T22:13:20Z */

static const kith_field lead_fields[] = {
    {.name = "name", .kind = KITH_F_TEXT, .flags = KITH_FF_REQUIRED | KITH_FF_INDEXED},
    {.name = "contact", .kind = KITH_F_LINK, .options = "contact"},
    {.name = "source", .kind = KITH_F_CHOICE, .options = "web,referral,event"},
    {.name = "state", .kind = KITH_F_STATE, .options = "new>working,working>won|lost|new"},
    {.name = "score", .kind = KITH_F_INTEGER, .default_text = "0"},
    {.name = "kept", .kind = KITH_F_INTEGER, .flags = KITH_FF_READONLY},
    {.name = "amount", .kind = KITH_F_MONEY},
    {.name = "code", .kind = KITH_F_TEXT, .flags = KITH_FF_UNIQUE},
    {.name = "labels", .kind = KITH_F_TAGS},
};
static const kith_type lead_types[] = {
    {.name = "lead", .title = "name", .fields = KITH_ARRAY(lead_fields)},
};
static const struct schema_source lead_source = {
    .module = "sales", .version = 1, .types = KITH_ARRAY(lead_types)};

struct fixture {
    char dir[64], path[96];
    struct kclock clock;
    struct engine *g;
    const struct schema_source *sources; /* the fixture's own, or a test's */
    size_t source_count;
    int64_t journal_keep_ms, access_keep_ms; /* set before fixture_reopen */
    const char *second_factor;
    bool exact; /* dumps tell when a record was changed, and what is derived, too */
    const struct rtype *lead, *contact, *point, *task;
    struct arena arena;
    kith_error e;
};
static const struct principal tester = {.name = "tester", .all = true};
static const struct write_opts by_tester = {.principal = &tester, .origin = ORIGIN_CLI};

static struct engine_options fixture_options(struct fixture *x) {
    return (struct engine_options){.path = x->path,
                                   .clock = &x->clock,
                                   .base_currency = "EUR",
                                   .sources = x->sources,
                                   .source_count = x->source_count,
                                   .read_limit_ms = 60000, /* for a busy machine */
                                   .journal_keep_ms = x->journal_keep_ms,
                                   .access_keep_ms = x->access_keep_ms,
                                   .second_factor = x->second_factor,
                                   .links_at = "https://crm.example.org/",
                                   .create = true};
}

/* Opens without starting: hooks and reactions can be added. */
static void fixture_open_as(struct fixture *x, const struct engine_options *o) {
    EXPECT_OK(engine_open(&x->g, o, &x->e), x->e);
    const struct schema *s = engine_schema(x->g);
    x->lead = schema_type(s, STR("lead"));
    x->contact = schema_type(s, STR("contact"));
    x->point = schema_type(s, STR("contact_point"));
    x->task = schema_type(s, STR("task"));
}

static void fixture_reopen(struct fixture *x) {
    const struct engine_options o = fixture_options(x);
    fixture_open_as(x, &o);
}

static void fixture_open_with(struct fixture *x, const struct schema_source *sources,
                              size_t count_) {
    memset(x, 0, sizeof *x);
    x->sources = sources;
    x->source_count = count_;
    x->e.struct_size = sizeof x->e;
    clock_set(&x->clock, START_MS);
    strcpy(x->dir, "/tmp/kith-test-XXXXXX");
    EXPECT(mkdtemp(x->dir) != NULL);
    snprintf(x->path, sizeof x->path, "%s/kith.db", x->dir);
    fixture_reopen(x);
}

static inline void fixture_open(struct fixture *x) {
    fixture_open_with(x, &lead_source, 1);
}

/* An action of the test's own; the fixture is its self. Before fixture_start(). */
static inline void fixture_offer(struct fixture *x, const char *name, uint32_t effect,
                                 kith_status (*fn)(void *, struct call *, kith_error *),
                                 kith_array params, kith_array results) {
    struct action a = {.name = name,
                       .module = "test",
                       .effect = effect,
                       .fn = fn,
                       .self = x,
                       .source = {SOURCE_MODULE, "test", "1", 0}};
    EXPECT_OK(action_fields(x->g, "test", params, &a.params, &a.param_count, &x->e), x->e);
    EXPECT_OK(action_fields(x->g, "test", results, &a.results, &a.result_count, &x->e), x->e);
    EXPECT_OK(engine_add_action(x->g, &a, &x->e), x->e);
}

static void fixture_start(struct fixture *x) {
    EXPECT_OK(engine_start(x->g, &x->e), x->e);
}

static void fixture_close(struct fixture *x) {
    char command[160];
    engine_close(x->g);
    arena_free(&x->arena);
    snprintf(command, sizeof command, "rm -rf %s", x->dir);
    EXPECT_INT(0, system(command));
}

static inline const struct rtype *type_named(struct fixture *x, const char *name) {
    return schema_type(engine_schema(x->g), str_of(name));
}

/* Waits until all reactions and due timers have run. */
static inline void settle(struct fixture *x) {
    EXPECT_OK(engine_drain(x->g, 60000, &x->e), x->e);
}

/* -- what an examination says ------------------------------------------------------------------ */

struct findings {
    char text[4000]; /* "check: sentence", or of the chain the sentence alone; a line each */
    uint64_t first;  /* of the chain: the row of the first one */
};

static inline kith_status note_finding(void *arg, const char *check, const char *sentence,
                                       kith_error *e) {
    struct findings *f = arg;
    size_t n = strlen(f->text);
    (void)e;
    if (sentence)
        snprintf(f->text + n, sizeof f->text - n, "%s: %s\n", check, sentence);
    return KITH_OK;
}

/* How many findings the doctor has. */
static inline size_t examine(struct fixture *x, struct findings *f) {
    size_t n = 0;
    *f = (struct findings){.first = 0};
    EXPECT_OK(engine_doctor(x->g, note_finding, f, &n, &x->e), x->e);
    return n;
}

/* Every invariant holds. */
static inline void expect_sound(struct fixture *x) {
    struct findings f;
    size_t n = examine(x, &f);
    EXPECT_STR("", f.text);
    EXPECT_INT(0, n);
}

static inline kith_status note_break(void *arg, uint64_t seq, const char *sentence, kith_error *e) {
    struct findings *f = arg;
    size_t n = strlen(f->text);
    (void)e;
    if (n == 0)
        f->first = seq;
    snprintf(f->text + n, sizeof f->text - n, "%s\n", sentence);
    return KITH_OK;
}

static inline struct chain_report verify(struct fixture *x, const struct chain_anchor *anchor,
                                         struct findings *f) {
    struct chain_report r;
    *f = (struct findings){.first = 0};
    EXPECT_OK(engine_verify_chain(x->g, anchor, note_break, f, &r, &x->e), x->e);
    return r;
}

/* The journal is what was written; anchor may be NULL. */
static inline struct chain_report expect_chain(struct fixture *x,
                                               const struct chain_anchor *anchor) {
    struct findings f;
    struct chain_report r = verify(x, anchor, &f);
    EXPECT_STR("", f.text);
    EXPECT_INT(0, r.findings);
    return r;
}

/* -- one write from "field=value" pairs -------------------------------------------------------- */

struct job {
    uint32_t kind;
    const struct rtype *type;
    kith_id id;
    const char *const *pairs; /* ended by NULL */
};

static inline kith_status do_job(struct txn *t, void *arg, kith_error *e) {
    struct job *j = arg;
    struct assign set[16];
    size_t n = 0;
    for (; j->pairs && j->pairs[n]; n++) {
        kith_str rest = str_of(j->pairs[n]), name;
        const char *eq = strchr(j->pairs[n], '=');
        name = (kith_str){rest.ptr, (uint64_t)(eq - rest.ptr)};
        TRY(schema_find_field(engine_schema(txn_engine(t)), j->type, name, &set[n].field, e));
        set[n].value = value_str(str_of(eq + 1));
    }
    if (j->kind == ROW_CREATE) {
        kith_id id;
        TRY(txn_create(t, j->type, set, n, &id, e));
        j->id = id;
        return KITH_OK;
    }
    return j->kind == ROW_UPDATE ? txn_update(t, j->type, j->id, set, n, e)
                                 : txn_delete(t, j->type, j->id, e);
}

#define PAIRS(...) ((const char *const[]){__VA_ARGS__, NULL})

static inline kith_status try_job(struct fixture *x, uint32_t kind, const struct rtype *type,
                                  kith_id *id, const char *const *pairs, kith_id *tx) {
    struct job j = {kind, type, *id, pairs};
    kith_status st = engine_write(x->g, &by_tester, do_job, &j, tx, &x->e);
    *id = j.id;
    return st;
}

static inline kith_id create(struct fixture *x, const struct rtype *type,
                             const char *const *pairs) {
    kith_id id = 0;
    EXPECT_OK(try_job(x, ROW_CREATE, type, &id, pairs, NULL), x->e);
    return id;
}

static inline kith_id update(struct fixture *x, const struct rtype *type, kith_id id,
                             const char *const *pairs) {
    kith_id tx = 0;
    EXPECT_OK(try_job(x, ROW_UPDATE, type, &id, pairs, &tx), x->e);
    return tx;
}

static inline kith_id delete_(struct fixture *x, const struct rtype *type, kith_id id) {
    kith_id tx = 0;
    EXPECT_OK(try_job(x, ROW_DELETE, type, &id, NULL, &tx), x->e);
    return tx;
}

static inline kith_status exec_sql(struct txn *t, void *sql, kith_error *e) {
    return conn_exec(txn_conn(t), sql, e);
}

/* Past all that keeps the records sound, as damage is. */
static inline void run_sql(struct fixture *x, const char *sql) {
    EXPECT_OK(engine_write(x->g, &by_tester, exec_sql, (void *)(uintptr_t)sql, NULL, &x->e), x->e);
}

static inline int lose_at_one(void *arg) {
    int *left = arg;
    return (*left)-- == 1; /* COMMIT becomes ROLLBACK */
}

static inline kith_status watch_commits(struct txn *t, void *arg, kith_error *e) {
    (void)e;
    sqlite3_commit_hook(txn_conn(t)->db, lose_at_one, arg);
    return KITH_OK;
}

/* The disk takes the `*left`th commit from now on back. */
static inline void lose_commit(struct fixture *x, int *left) {
    ++*left; /* that of this write */
    EXPECT_OK(engine_write(x->g, &by_tester, watch_commits, left, NULL, &x->e), x->e);
}

/* A field as text; "(gone)" when the record does not exist. */
static inline const char *field(struct fixture *x, const struct rtype *type, kith_id id,
                                const char *name) {
    kith_value *values;
    const struct schema *s = engine_schema(x->g);
    const struct rfield *f = type_field(s, type, str_of(name));
    EXPECT(f != NULL);
    if (engine_get(x->g, &tester, type, id, &x->arena, &values, &x->e) != KITH_OK)
        return "(gone)";
    kith_str t = value_text(s, &values[f->index], &x->arena);
    return arena_strndup(&x->arena, t.ptr, t.len);
}

static inline const char *id_text(struct fixture *x, kith_id id) {
    char text[ID_TEXT + 1];
    id_format(id, text);
    return arena_strdup(&x->arena, text);
}

static inline kith_status no_row(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    (void)values;
    (void)e;
    if (arg)
        *(kith_id *)arg = id;
    return KITH_OK;
}

/* How many records a query finds; *last (may be NULL) is the last one's id. */
static inline int64_t count(struct fixture *x, const char *text, kith_id *last) {
    struct query *q;
    struct find_page page = {.limit = 10000};
    EXPECT_OK(query_parse(&q, engine_schema(x->g), &x->arena, str_of(text), &x->e), x->e);
    EXPECT_OK(engine_find(x->g, &tester, q, NULL, &page, &x->arena, no_row, last, &x->e), x->e);
    return page.count;
}

/* -- all that there is, as text ---------------------------------------------------------------- */

struct dump {
    struct fixture *x;
    const struct rtype *type;
    struct buf text;
};

/* Without what goes by the clock: when it was written, and what is counted of segments. */
static inline kith_status dump_record(void *arg, kith_id id, const kith_value *values,
                                      kith_error *e) {
    struct dump *d = arg;
    struct arena *a = &d->x->arena;
    struct arena_mark mark = arena_mark(a);
    (void)e;
    buf_printf(&d->text, "%s %s", d->type->name, id_text(d->x, id));
    for (uint32_t i = 0; i < d->type->field_count; i++) {
        kith_str v = value_text(d->type->schema, &values[i], a);
        if (strcmp(d->type->fields[i]->name, "refreshed") == 0)
            continue;
        bool by_itself = i == FIELD_UPDATED || (d->type->fields[i]->flags & KITH_FF_DERIVED);
        if (d->x->exact || !by_itself)
            buf_printf(&d->text, " %s=%.*s", d->type->fields[i]->name, (int)v.len, v.ptr);
    }
    buf_puts(&d->text, "\n");
    arena_release(a, mark);
    return KITH_OK;
}

/* Every record with every value. The caller frees. */
static inline char *dump_all(struct fixture *x) {
    const struct schema *s = engine_schema(x->g);
    struct dump d = {.x = x};
    struct arena a = {0};
    for (uint32_t i = 0; i < s->type_count; i++) {
        struct query *q;
        struct find_page page = {.limit = 100000};
        d.type = s->types[i];
        EXPECT_OK(query_parse(&q, s, &a, str_of(d.type->name), &x->e), x->e);
        EXPECT_OK(engine_find(x->g, &tester, q, NULL, &page, &a, dump_record, &d, &x->e), x->e);
    }
    arena_free(&a);
    EXPECT(d.text.ptr != NULL);
    return d.text.ptr;
}

/* Frees both; names the first line in which they differ. */
static inline void expect_dump(char *before, char *after) {
    size_t line = 0, i = 0;
    for (; before[i] && before[i] == after[i]; i++)
        if (before[i] == '\n')
            line = i + 1;
    if (before[i] != after[i])
        TEST_FAIL("expected\n%.800s\nfound\n%.800s", before + line, after + line);
    free(before);
    free(after);
}
#endif
