/* SPDX-License-Identifier: Apache-2.0 */
/* Types at random, and hundreds of random operations of every sort on them, with rules that follow:
 * undone backwards they leave what was there before. KITH_SEED=n repeats one world;
 * KITH_TEST_LONG=1 makes many. */
#include "engine/backtest.h"
#include "engine/bulk.h"
#include "engine/engine_internal.h"
#include "engine/files.h"
#include "engine/merge.h"
#include "engine_import_fixture.h"
#include "engine_random_types.h"

#define WRITTEN    40  /* types that are written, some of them several times */
#define BEFORE     120 /* operations that stay */
#define OPERATIONS 200 /* that are undone */

struct world {
    struct fixture x;
    struct random_types made;
    uint64_t seed;
    uint64_t of_write; /* with which a transaction begins, which may run twice */
    uint64_t of_rules, follows;
    const struct rtype *written[WRITTEN];
    size_t written_count;
    int depth; /* of hooks that write */
    struct {
        kith_id tx;
        const char *name;
    } done[OPERATIONS + BEFORE];
    size_t count;
    struct arena work; /* the writer's, whose reactions run beside the caller's thread */
};

static uint64_t below(struct world *w, uint64_t n) {
    return draw_below(&w->seed, n);
}
static const struct rtype *some_type(struct world *w) {
    return w->written[below(w, w->written_count)];
}
static const struct rtype *own_type(struct world *w) {
    return type_named(&w->x, w->made.own[below(w, w->made.own_count)].name);
}
static const struct rfield *field_of(const struct rtype *t, const char *name) {
    return type_field(t->schema, t, str_of(name));
}

/* -- what there is ----------------------------------------------------------------------------- */

/* One of the records that are there, rarely one that never was. 0: there is none. */
static kith_id some_id(struct world *w, struct txn *t, const struct rtype *type) {
    int64_t id = 0;
    kith_error e = KITH_ERROR_INIT;
    if (below(w, 50) == 0)
        return 1;
    const char *sql = arena_printf(&w->work,
                                   "SELECT id FROM \"%s\" ORDER BY id LIMIT 1 OFFSET (%d %% max(1,"
                                   " (SELECT count(*) FROM \"%s\")))",
                                   type->name, (int)below(w, 60), type->name);
    EXPECT_OK(conn_int(txn_conn(t), sql, 0, &id, &e), e);
    return (kith_id)id;
}

static kith_value some_link(struct world *w, struct txn *t, const struct rfield *f) {
    for (int tries = 0; tries < 5; tries++) {
        const struct rtype *to = f->target ? f->target : some_type(w);
        kith_id id = some_id(w, t, to);
        if (id)
            return value_link(id, to->id);
    }
    return value_null();
}

static kith_value some_value(struct world *w, struct txn *t, const struct rfield *f) {
    const char *text = random_text(&w->seed, &w->work, f);
    if (!(f->flags & KITH_FF_REQUIRED) && below(w, 8) == 0)
        return value_null();
    if (text)
        return value_str(str_of(text));
    if (f->kind == KITH_F_LINK)
        return some_link(w, t, f);
    kith_value *items = ARENA_ARRAY(&w->work, kith_value, 3);
    uint64_t n = 0;
    for (uint64_t i = below(w, 3) + 1; i > 0; i--) {
        items[n] = some_link(w, t, f);
        n += items[n].kind == KITH_LINK;
    }
    return n ? (kith_value){.kind = KITH_LIST, .as.list = {items, n}} : value_null();
}

/* A withdrawn consent stays so, by an undo, too: none is withdrawn here. */
static bool is_set(struct world *w, const struct rfield *f, bool create) {
    const struct base_consent *k = &engine_schema(w->x.g)->base.consent;
    bool needed = f->flags & (KITH_FF_REQUIRED | KITH_FF_PARTOF);
    if ((f->flags & KITH_FF_READONLY) || field_derived(f) || f == k->state || f == k->at ||
        f == k->contact_points || f == k->withdrawn_at)
        return false;
    if (create && f->kind == KITH_F_STATE)
        return false; /* it begins where it does */
    if (create && (f->flags & KITH_FF_REQUIRED))
        return below(w, 30) != 0;
    return below(w, needed ? 6 : 3) == 0;
}

#define SET_MAX 16
static size_t some_fields(struct world *w, struct txn *t, const struct rtype *type, bool create,
                          struct assign *set) {
    size_t n = 0;
    for (uint32_t i = FIELD_OWNER; i < type->field_count && n < SET_MAX; i++)
        if (is_set(w, type->fields[i], create))
            set[n++] = (struct assign){type->fields[i], some_value(w, t, type->fields[i])};
    return n;
}

/* -- single writes ----------------------------------------------------------------------------- */

static kith_status write_any(struct world *w, struct txn *t, kith_error *e) {
    const struct rtype *type = some_type(w);
    struct assign set[SET_MAX];
    kith_id id = some_id(w, t, type);
    uint64_t what = id ? below(w, 10) : 0;
    size_t n = some_fields(w, t, type, what < 4, set);
    return what < 4   ? txn_create(t, type, set, n, NULL, e)
           : what < 9 ? txn_update(t, type, id, set, n, e)
                      : txn_delete(t, type, id, e);
}

/* Along an arrow of a state. */
static kith_status write_state(struct world *w, struct txn *t, kith_error *e) {
    const struct rtype *type = some_type(w);
    const kith_value *values;
    kith_id id = some_id(w, t, type);
    TRY(txn_get(t, type, id, &values, e));
    for (uint32_t i = FIELD_FIRST; i < type->field_count; i++) {
        const struct rfield *f = type->fields[i];
        int at = f->kind == KITH_F_STATE && values[i].kind == KITH_TEXT
                     ? field_option(f, values[i].as.s)
                     : -1;
        uint32_t to = (uint32_t)below(w, f->option_count + 1);
        if (at < 0 || to == f->option_count || !(f->arrows[at] >> to & 1u) ||
            type == type->schema->base.consent.type)
            continue;
        struct assign set = {f, value_str(str_of(f->options[to]))};
        TRY(txn_update(t, type, id, &set, 1, e));
    }
    return KITH_OK;
}

static kith_status write_file(struct world *w, struct txn *t, kith_error *e) {
    static const char *const bytes[] = {"one", "two", "\x01\x02\x03"};
    const struct rtype *type = some_type(w);
    struct file f = {.name = STR("photo.png"),
                     .media = STR("image/png"),
                     .kind = "photo",
                     .bytes = str_of(ANY_OF(&w->seed, bytes))};
    return file_add(t, type, some_id(w, t, type), &f, NULL, e);
}

static const char *segment_query(struct world *w) {
    const char *a = own_type(w)->name, *b = own_type(w)->name;
    const char *const queries[] = {
        arena_printf(&w->work, "%s where level > 2 or name = 'Ada'", a),
        arena_printf(&w->work, "%s where day < today() - 100d", a),
        arena_printf(&w->work, "%s where not in_segment('list') and level = 1", a),
        arena_printf(&w->work, "%s where owner.name = 'Anna' or in_segment('s1')", b),
        "contact where exists(contact_point) and count(contact_point) >= 2",
        "contact where consent('news') or in_segment('list')",
        "contact where account.name = 'Ada' or account.parent.name is not null",
        "task where about is not null and state = 'open'",
        "account where exists(contact.account where lifecycle = 'prospect')",
    };
    return ANY_OF(&w->seed, queries);
}

static kith_status write_segment(struct world *w, struct txn *t, kith_error *e) {
    const struct rtype *s = type_named(&w->x, "segment");
    struct assign set[] = {
        {field_of(s, "query"), value_str(str_of(segment_query(w)))},
        {field_of(s, "name"), value_str(str_of(arena_printf(&w->work, "x%d", (int)below(w, 4))))},
    };
    uint64_t what = below(w, 4);
    return what == 0   ? txn_delete(t, s, some_id(w, t, s), e)
           : what == 1 ? txn_update(t, s, some_id(w, t, s), set, 1, e)
                       : txn_create(t, s, set, 2, NULL, e);
}

static struct merge some_merge(struct world *w, struct txn *t, kith_id *others,
                               struct merge_pick *picks) {
    const struct rtype *type = some_type(w);
    struct merge m = {.type = type, .others = others, .picks = picks};
    m.keep = some_id(w, t, type);
    for (uint64_t n = 1 + below(w, 3); m.count < n; m.count++)
        for (int tries = 0; tries < 5 && (!others[m.count] || others[m.count] == m.keep); tries++)
            others[m.count] = some_id(w, t, type);
    for (uint64_t n = below(w, 3); n > 0; n--) {
        const struct rfield *f =
            type->fields[FIELD_FIRST + below(w, type->field_count - FIELD_FIRST)];
        if (!field_derived(f) && !(f->flags & KITH_FF_READONLY))
            picks[m.pick_count++] = (struct merge_pick){f, others[0]};
    }
    return m;
}

static kith_status write_merge(struct world *w, struct txn *t, kith_error *e) {
    kith_id others[4] = {0};
    struct merge_pick picks[3];
    struct merge_report r;
    struct arena a = {0};
    struct merge m = some_merge(w, t, others, picks);
    kith_status st = txn_merge(t, &m, &a, &r, e);
    arena_free(&a);
    return st;
}

static kith_status write_part(struct txn *t, void *arg, kith_error *e) {
    struct world *w = arg;
    static kith_status (*const rare[])(struct world *, struct txn *, kith_error *) = {
        write_state, write_state, write_file, write_segment, write_merge};
    return below(w, 3) ? write_any(w, t, e) : ANY_OF(&w->seed, rare)(w, t, e);
}

/* Most failures are caught; what is not caught fails the transaction. */
static kith_status write_some(struct txn *t, void *arg, kith_error *e) {
    struct world *w = arg;
    w->seed = w->of_write;
    for (uint64_t n = 1 + below(w, 4); n > 0; n--) {
        kith_error why = KITH_ERROR_INIT;
        if (below(w, 8))
            (void)txn_try(t, write_part, w, &why);
        else
            TRY(write_part(t, w, e));
    }
    return KITH_OK;
}

/* -- operations: each answers what an undo takes back, 0: nothing ------------------------------ */

static kith_id do_write(struct world *w) {
    kith_id tx = 0;
    w->of_write = draw(&w->seed);
    (void)engine_write(w->x.g, &by_tester, write_some, w, &tx, &w->x.e);
    return tx;
}

/* Some transactions that bear one number. What follows from each comes before the next, so that a
 * seed leads to the same again. */
static kith_id do_run(struct world *w) {
    struct write_opts o = by_tester;
    for (int i = 0; i < 3; i++) {
        kith_id tx = 0;
        w->of_write = draw(&w->seed);
        (void)engine_write(w->x.g, &o, write_some, w, &tx, &w->x.e);
        settle(&w->x);
        o.run = o.run ? o.run : tx;
    }
    return o.run;
}

struct chosen {
    struct world *w;
    struct merge merge;
    kith_id others[4];
    struct merge_pick picks[3];
    struct assign set[SET_MAX];
    size_t count;
    const struct rtype *type;
};

static kith_status choose_merge(struct txn *t, void *arg, kith_error *e) {
    struct chosen *c = arg;
    (void)e;
    c->merge = some_merge(c->w, t, c->others, c->picks);
    return KITH_OK;
}

static kith_id do_merge(struct world *w) {
    struct chosen c = {.w = w};
    struct merge_report r;
    kith_id tx = 0;
    EXPECT_OK(engine_write(w->x.g, &by_tester, choose_merge, &c, NULL, &w->x.e), w->x.e);
    return engine_merge(w->x.g, &tester, &c.merge, &w->x.arena, &r, &tx, &w->x.e) == KITH_OK ? tx
                                                                                             : 0;
}

static kith_status choose_fields(struct txn *t, void *arg, kith_error *e) {
    struct chosen *c = arg;
    (void)e;
    c->count = some_fields(c->w, t, c->type, false, c->set);
    return KITH_OK;
}

static kith_id do_bulk(struct world *w) {
    struct chosen c = {.w = w, .type = some_type(w)};
    struct bulk_report r = {0};
    struct query *q;
    bool own = field_of(c.type, "level") != NULL;
    const char *text = arena_printf(&w->work, "%s where %s", c.type->name,
                                    own && below(w, 2) ? "level > 2" : "created is not null");
    EXPECT_OK(engine_write(w->x.g, &by_tester, choose_fields, &c, NULL, &w->x.e), w->x.e);
    EXPECT_OK(query_parse(&q, engine_schema(w->x.g), &w->work, str_of(text), &w->x.e), w->x.e);
    struct bulk b = {q, c.set, c.count, below(w, 6) == 0};
    (void)engine_bulk(w->x.g, &tester, &b, NULL, NULL, &w->x.arena, &r, &w->x.e);
    return r.tx;
}

static kith_status settle_rows(void *arg, const struct import_report *so_far, kith_error *e) {
    struct world *w = arg;
    (void)so_far;
    return engine_drain(w->x.g, 20000, e);
}

static void put_cell(struct buf *b, const char *text) {
    buf_puts(b, "\"");
    for (; text && *text; text++)
        buf_printf(b, "%s%c", *text == '"' ? "\"" : "", *text);
    buf_puts(b, "\"");
}

/* Rows with keys, some of which are there. */
static void put_rows(struct world *w, const struct rtype *type, const char *key, struct buf *b) {
    const struct rfield *fields[8];
    size_t n = 0;
    for (uint32_t i = FIELD_FIRST; i < type->field_count && n < 8; i++)
        if (is_set(w, type->fields[i], true) && type->fields[i]->kind != KITH_F_LINK &&
            type->fields[i]->kind != KITH_F_LINKS && strcmp(type->fields[i]->name, key) != 0)
            fields[n++] = type->fields[i];
    buf_puts(b, key);
    for (size_t i = 0; i < n; i++)
        buf_printf(b, ",%s", fields[i]->name);
    for (uint64_t rows = 2 + below(w, 8); rows > 0; rows--) {
        buf_printf(b, "\nu%d", (int)below(w, 30));
        for (size_t i = 0; i < n; i++) {
            buf_puts(b, ",");
            put_cell(b, random_text(&w->seed, &w->work, fields[i]));
        }
    }
    buf_puts(b, "\n");
}

static kith_id do_import(struct world *w) {
    bool person = below(w, 3) == 0;
    const struct rtype *type = person ? w->x.contact : own_type(w);
    const char *key = person ? "external_id" : "key";
    struct load l = load_of(type, key);
    struct buf b = {0};
    put_rows(w, type, key, &b);
    l.o.batch = 3;
    l.o.list = person && below(w, 2) ? "list" : NULL;
    struct pieces bytes = {.rest = buf_view(&b)};
    l.o.source = pieces_pull;
    l.o.source_arg = &bytes;
    l.o.progress = settle_rows;
    l.o.arg = w;
    struct import *im;
    kith_status st = import_open(&im, w->x.g, &l.o, &w->x.e);
    if (st == KITH_OK) {
        st = import_run(im, &l.report, &w->x.e);
        import_close(im);
    }
    buf_free(&b);
    return st == KITH_OK && l.report.created + l.report.updated ? l.report.run : 0;
}

/* Of something that was done before, an undo perhaps; not all of it may go. */
static kith_id do_undo(struct world *w) {
    struct undo_report r;
    if (w->count == 0)
        return 0;
    kith_id tx = w->done[below(w, 2) ? below(w, w->count) : w->count - 1].tx;
    EXPECT_OK(engine_undo(w->x.g, &tester, tx, false, &w->x.arena, &r, &w->x.e), w->x.e);
    return r.run ? r.run : r.tx;
}

static const struct {
    const char *name;
    kith_id (*fn)(struct world *);
} operations[] = {
    {"write", do_write}, {"write", do_write}, {"write", do_write},   {"write", do_write},
    {"write", do_write}, {"run", do_run},     {"import", do_import}, {"merge", do_merge},
    {"merge", do_merge}, {"bulk", do_bulk},   {"undo", do_undo},     {"undo", do_undo},
};

/* -- rules ------------------------------------------------------------------------------------- */

static kith_status raise_level(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct rfield *f = field_of(c->type, "level");
    const kith_value *now = &c->after[f->index];
    (void)self;
    return change_set(t, c, f, value_int(now->kind == KITH_INT ? now->as.i % 7 + 1 : 0), e);
}

static kith_status write_more(struct txn *t, void *arg, kith_error *e) {
    return write_any(arg, t, e);
}

/* Whatever it is, it follows from what happened. How many ids and rows there are by then depends on
 * how reactions were put together, what is written must not. */
static void follow_with(struct world *w, struct txn *t) {
    kith_error why = KITH_ERROR_INIT;
    uint64_t seed = w->seed;
    if (w->depth > 1)
        return;
    w->seed = w->of_rules + ++w->follows;
    w->depth++;
    (void)txn_try(t, write_more, w, &why);
    w->depth--;
    w->seed = seed;
}

static kith_status follow_change(void *self, struct txn *t, struct change *c, kith_error *e) {
    (void)c;
    (void)e;
    follow_with(self, t);
    return KITH_OK;
}

static kith_status call_them(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    struct world *w = self;
    const struct rtype *task = w->x.task;
    struct assign set[] = {{field_of(task, "title"), value_str(STR("call"))},
                           {field_of(task, "about"), value_link(ev->id, ev->type->id)}};
    bool there;
    TRY(txn_exists(t, ev->type, ev->id, &there, e));
    if (there)
        TRY(txn_create(t, task, set, 2, NULL, e));
    if (ev->origin != ORIGIN_REACTION)
        follow_with(w, t);
    return KITH_OK;
}

static void add_rules(struct world *w) {
    static const char *const events[] = {"created", "updated", "deleted"};
    for (size_t i = 0; i < w->made.own_count; i++) {
        const char *name = w->made.own[i].name;
        struct hook before = {.type = type_named(&w->x, name),
                              .on = ON_CREATE | ON_UPDATE,
                              .fn = raise_level,
                              .source = {SOURCE_RULE, "raise", "", 1}};
        struct hook after = {.type = before.type,
                             .on = ON_CREATE | ON_UPDATE | ON_DELETE,
                             .after = true,
                             .fn = follow_change,
                             .self = w,
                             .source = {SOURCE_RULE, "follow", "", 2}};
        struct reaction call = {
            .name = arena_printf(&w->x.arena, "call %s", name),
            .topic = arena_printf(&w->x.arena, "%s.%s", name, ANY_OF(&w->seed, events)),
            .fn = call_them,
            .self = w,
            .source = {SOURCE_RULE, "call", "", 3}};
        if (below(w, 2))
            EXPECT_OK(engine_add_hook(w->x.g, &before, &w->x.e), w->x.e);
        if (below(w, 2))
            EXPECT_OK(engine_add_hook(w->x.g, &after, &w->x.e), w->x.e);
        if (below(w, 2))
            EXPECT_OK(engine_add_reaction(w->x.g, &call, &w->x.e), w->x.e);
    }
}

/* -- a world ----------------------------------------------------------------------------------- */

static void name_types(struct world *w) {
    static const char *const base[] = {
        "contact",   "contact", "contact_point", "contact_point", "account",    "account",
        "task",      "note",    "profile",       "relation",      "life_event", "interaction",
        "household", "consent", "list_member",   "share",         "territory",  "contact"};
    for (size_t i = 0; i < sizeof base / sizeof *base; i++)
        w->written[w->written_count++] = type_named(&w->x, base[i]);
    for (size_t i = 0; i < 4 * w->made.own_count; i++)
        w->written[w->written_count++] = type_named(&w->x, w->made.own[i % w->made.own_count].name);
}

static void world_open(struct world *w, uint64_t seed) {
    static const char *const logins[] = {"anna", "ben"};
    struct fixture *x = &w->x;
    memset(w, 0, sizeof *w);
    random_types_make(&w->made, seed);
    w->seed = w->made.seed;
    if (getenv("KITH_SEED"))
        random_types_print(&w->made);
    fixture_open_with(x, &w->made.source, 1);
    name_types(w);
    add_rules(w);
    fixture_start(x);
    for (size_t i = 0; i < 2; i++)
        create(x, type_named(&w->x, "user"),
               PAIRS(arena_printf(&x->arena, "login=%s", logins[i]), i ? "name=Ben" : "name=Anna"));
    create(x, type_named(&w->x, "team"), PAIRS("name=sales"));
    create(x, type_named(&w->x, "purpose"), PAIRS("name=news"));
    create(x, type_named(&w->x, "segment"), PAIRS("name=list", "query=contact", "kind=list"));
    for (int i = 0; i < 5; i++) {
        kith_id id = 0;
        (void)try_job(x, ROW_CREATE, type_named(&w->x, "segment"), &id,
                      PAIRS(arena_printf(&x->arena, "name=s%d", i),
                            arena_printf(&x->arena, "query=%s", segment_query(w))),
                      NULL);
    }
}

static void world_close(struct world *w) {
    fixture_close(&w->x);
    arena_free(&w->made.arena);
    arena_free(&w->work);
}

static void operate(struct world *w, size_t times) {
    for (size_t i = 0; i < times; i++) {
        w->seed = w->made.seed + draw_below(&(uint64_t){i + 1000 * times}, UINT32_MAX);
        w->of_rules = draw(&w->seed);
        w->follows = 0;
        size_t what = below(w, sizeof operations / sizeof *operations);
        kith_id tx = operations[what].fn(w);
        settle(&w->x); /* what follows from it comes before the next */
        clock_advance(&w->x.clock, (int64_t)below(w, 20) - 5); /* it steps back, too */
        if (!tx)
            continue;
        w->done[w->count].tx = tx;
        w->done[w->count++].name = operations[what].name;
    }
}

static void undo_last(struct world *w) {
    struct undo_report r;
    kith_id tx = w->done[--w->count].tx;
    EXPECT_OK(engine_undo(w->x.g, &tester, tx, false, &w->x.arena, &r, &w->x.e), w->x.e);
    for (size_t i = 0; i < r.item_count; i++)
        if (r.items[i].outcome != UNDO_REVERSED)
            TEST_FAIL("KITH_SEED=%llu, operation %zu (%s): %s %s.%s: %s",
                      (unsigned long long)w->made.seed, w->count, w->done[w->count].name,
                      r.items[i].type ? r.items[i].type->name : "?",
                      id_text(&w->x, r.items[i].record), r.items[i].field ? r.items[i].field : "",
                      r.items[i].reason);
    EXPECT_INT(0, r.earlier);
    settle(&w->x);
}

/* A world in which little came about shows nothing. */
static void expect_much(struct world *w) {
    static const char *const names[] = {"write", "run", "import", "merge", "bulk", "undo"};
    struct engine_stats s;
    engine_stats(w->x.g, &s);
    printf("  %zu operations, %llu rows:", w->count, (unsigned long long)s.durable);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t n = 0;
        for (size_t k = 0; k < w->count; k++)
            n += strcmp(w->done[k].name, names[i]) == 0;
        printf(" %s %zu", names[i], n);
        EXPECT(n > 0);
    }
    printf("\n");
}

static void one_world(uint64_t seed) {
    struct world *w = calloc(1, sizeof *w);
    EXPECT(w != NULL);
    printf("KITH_SEED=%llu\n", (unsigned long long)seed);
    world_open(w, seed);
    operate(w, BEFORE);
    char *before = dump_all(&w->x);
    w->count = 0;
    operate(w, OPERATIONS);
    expect_much(w);
    while (w->count)
        undo_last(w);
    expect_dump(before, dump_all(&w->x));
    expect_sound(&w->x);
    expect_chain(&w->x, NULL);
    world_close(w);
    free(w);
}

TEST("whatever was done to whatever types, undone backwards, leaves what was there before") {
    const char *given = getenv("KITH_SEED");
    uint64_t worlds = given ? 1 : getenv("KITH_TEST_LONG") ? 300 : 3;
    for (uint64_t i = 1; i <= worlds; i++)
        one_world(given ? strtoull(given, NULL, 10) : i);
}

/* -- gone through again ------------------------------------------------------------------------ */

struct past_copy {
    struct world *w;
    int64_t since, until;
    char *dump;
};

static kith_status note_derived(void *arg, const char *check, const char *sentence, kith_error *e) {
    static const char *const checks[] = {"search", "roll-ups", "segments"};
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (strcmp(check, checks[i]) == 0)
            return note_finding(arg, check, sentence, e);
    return KITH_OK;
}

static kith_status look_at_past(void *arg, const char *path, kith_error *e) {
    struct past_copy *p = arg;
    struct fixture *x = calloc(1, sizeof *x);
    struct backtest_report r;
    struct findings f = {.first = 0};
    size_t n;
    *x = p->w->x;
    x->arena = (struct arena){0};
    snprintf(x->path, sizeof x->path, "%s", path);
    clock_set(&x->clock, p->since);
    struct engine_options o = fixture_options(x);
    o.create = false;
    o.still = true;
    EXPECT_OK(engine_open(&x->g, &o, e), *e);
    EXPECT_OK(engine_start(x->g, e), *e);
    const struct backtest_options b = {
        .file = "rules/none.lua", .clock = &x->clock, .since = p->since, .until = p->until};
    EXPECT_OK(engine_backtest(x->g, &b, &x->arena, &r, e), *e);
    EXPECT_INT(0, r.unfit);
    p->dump = dump_all(x);
    EXPECT_OK(engine_examine(x->g, path, note_derived, &f, &n, e), *e);
    EXPECT_STR("", f.text);
    engine_close(x->g);
    arena_free(&x->arena);
    free(x);
    return KITH_OK;
}

static char *dump_past(struct world *w, int64_t since, int64_t until) {
    struct past_copy p = {.w = w, .since = since, .until = until};
    EXPECT_OK(engine_with_copy(w->x.g, look_at_past, &p, &w->x.e), w->x.e);
    return p.dump;
}

static void one_past(uint64_t seed) {
    struct world *w = calloc(1, sizeof *w);
    EXPECT(w != NULL);
    printf("KITH_SEED=%llu\n", (unsigned long long)seed);
    world_open(w, seed);
    w->x.exact = true;
    operate(w, BEFORE);
    char *then = dump_all(&w->x);
    int64_t moment = clock_now(&w->x.clock);
    clock_advance(&w->x.clock, 1000);
    w->count = 0;
    operate(w, OPERATIONS);
    clock_advance(&w->x.clock, 1000);
    settle(&w->x);
    expect_dump(then, dump_past(w, moment, moment + 1));
    expect_dump(dump_all(&w->x), dump_past(w, moment, clock_now(&w->x.clock)));
    world_close(w);
    free(w);
}

TEST("a copy is taken back to what was there, and gone through again to what is there") {
    const char *given = getenv("KITH_SEED");
    uint64_t worlds = given ? 1 : getenv("KITH_TEST_LONG") ? 100 : 3;
    for (uint64_t i = 1; i <= worlds; i++)
        one_past(given ? strtoull(given, NULL, 10) : i);
}
