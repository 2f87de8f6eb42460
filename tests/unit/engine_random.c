/* SPDX-License-Identifier: Apache-2.0 */
/* Thousands of random transactions with hooks and reactions: whatever came of them, every invariant
 * holds. KITH_SEED=n repeats a run. */
#include "engine/merge.h"
#include "engine_fixture.h"

#define LIVE_MAX 200 /* records of a type that the test remembers */

/* What the fixture's lead lacks: links to many, and parts of parts. */
static const kith_field more_fields[] = {
    {.name = "friends", .kind = KITH_F_LINKS, .options = "contact"},
    {.name = "parent", .kind = KITH_F_LINK, .options = "lead"},
};
static const kith_field piece_fields[] = {
    {.name = "root", .kind = KITH_F_LINK, .options = "lead", .flags = KITH_FF_PARTOF},
    {.name = "above", .kind = KITH_F_LINK, .options = "piece", .flags = KITH_FF_PARTOF},
    {.name = "size", .kind = KITH_F_DECIMAL, .options = "2"},
};
static const kith_field mark_fields[] = {
    {.name = "seq", .kind = KITH_F_TEXT, .flags = KITH_FF_UNIQUE | KITH_FF_REQUIRED},
};
static const kith_type random_types[] = {
    {.name = "lead", .fields = KITH_ARRAY(more_fields), .extends = 1},
    {.name = "piece", .fields = KITH_ARRAY(piece_fields)},
    {.name = "mark", .fields = KITH_ARRAY(mark_fields)},
};

enum { LEAD, CONTACT, POINT, TASK, PIECE, TYPES, MEMBER = TYPES, SEGMENT, ALL };

struct world {
    struct fixture x;
    uint64_t seed;
    const struct rtype *types[TYPES], *mark, *segment;
    kith_id live[ALL][LIVE_MAX]; /* some are gone already: that is part of the game */
    size_t count[ALL];
    int created;     /* events that the marking reaction saw, retries not counted */
    struct buf seen; /* which: "3,17," */
    kith_id list;
};

/* Made before there are any records, so that events alone say who is in them: each class of
 * segment, and those that ask for others. */
static const char *const segments[] = {
    "lead where score >= 3",
    "lead where state = 'working' or tagged('blue')",
    "lead where contact.lifecycle = 'customer' or contact.name = 'Ada'",
    "lead where parent.contact.email is not null",
    "lead where friends.name = 'Ada'",
    "contact where exists(lead.contact where score > 2 and parent.source = 'event')",
    "contact where count(contact_point) >= 2",
    "task where due < now()",
    "task where due in this_year() or state = 'done'",
    "contact where birthday is not null and not in_segment('s5')",
    "lead where in_segment(contact, 's5') or in_segment('s0') and not in_segment(contact, 'list')",
    "piece where above.root.score > 2 or size > 5",
    "piece where root.contact.name is null",
    "contact where exists(lead.contact where exists(piece where size > 4))",
    "lead where updated < now() - 1h and parent is not null",
    "contact where in_segment('list') or in_segment('s6')",
    "lead where contact.birthday < today() - 1000d",
};
#define SEGMENTS (sizeof segments / sizeof *segments)

static uint64_t next(struct world *w) {
    uint64_t z = (w->seed += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}
static uint64_t below(struct world *w, uint64_t n) {
    return next(w) % n;
}

static kith_id some(struct world *w, int type) {
    return w->count[type] ? w->live[type][below(w, w->count[type])] : 1;
}

static void remember(struct world *w, int type, kith_id id) {
    size_t i = w->count[type] < LIVE_MAX ? w->count[type]++ : below(w, LIVE_MAX);
    w->live[type][i] = id;
}

/* -- random writes ----------------------------------------------------------------------------- */

static const char *const words[] = {"Ada", "Grace Hopper", "", "Zoë", "x", "bad", "O'Neil; --"};

static kith_value word(struct world *w) {
    return value_str(str_of(words[below(w, sizeof words / sizeof *words)]));
}

/* A text for the field, often one that is refused. */
static const char *random_text(struct world *w, const struct rfield *f) {
    struct arena *a = &w->x.arena;
    switch (f->kind) {
    case KITH_F_CHOICE:
    case KITH_F_STATE:
        return f->options[below(w, f->option_count)];
    case KITH_F_INTEGER:
        return arena_printf(a, "%d", (int)below(w, 5));
    case KITH_F_DECIMAL:
        return arena_printf(a, "%d.%02d", (int)below(w, 9), (int)below(w, 100));
    case KITH_F_MONEY:
        return below(w, 2) ? "12.50 EUR" : "7 JPY";
    case KITH_F_BOOLEAN:
        return below(w, 2) ? "true" : "false";
    case KITH_F_DATE:
    case KITH_F_TIME:
        return arena_printf(a, "20%02d-01-02", (int)below(w, 30) + 10);
    case KITH_F_DURATION:
        return "3h";
    case KITH_F_EMAIL:
        return arena_printf(a, "%c@b.example", (char)('a' + below(w, 5)));
    case KITH_F_PHONE:
        return arena_printf(a, "+43 123%d", (int)below(w, 5));
    case KITH_F_TAGS:
        return below(w, 2) ? "red,blue" : "blue";
    case KITH_F_JSON:
        return "{\"mail\":true}";
    case KITH_F_PLACE:
        return "48.2,16.4";
    default:
        return "text";
    }
}

static kith_value random_link(struct world *w, const struct rfield *f) {
    int type = LEAD;
    for (int i = 0; i < TYPES; i++)
        if (f->target == w->types[i])
            type = i;
    if (f->target && f->target != w->types[type])
        return value_null(); /* users and the like: there are none */
    return value_link(some(w, type), w->types[type]->id);
}

static kith_value random_value(struct world *w, const struct rfield *f) {
    if (below(w, 8) == 0)
        return value_null();
    if (f->kind == KITH_F_LINK)
        return random_link(w, f);
    if (f->kind == KITH_F_LINKS) {
        kith_value *items = ARENA_ARRAY(&w->x.arena, kith_value, 3);
        uint64_t n = 1 + below(w, 3);
        for (uint64_t i = 0; i < n; i++)
            items[i] = random_link(w, f);
        return (kith_value){.kind = KITH_LIST, .as.list = {.items = items, .count = n}};
    }
    if (strcmp(f->name, "code") == 0)
        return value_str(str_of(arena_printf(&w->x.arena, "C%d", (int)below(w, 60))));
    return f->kind == KITH_F_TEXT ? word(w) : value_str(str_of(random_text(w, f)));
}

static size_t random_set(struct world *w, const struct rtype *t, struct assign *set) {
    size_t n = 0;
    for (uint32_t i = FIELD_FIRST; i < t->field_count && n < 12; i++) {
        const struct rfield *f = t->fields[i];
        bool needed = f->flags & (KITH_FF_REQUIRED | KITH_FF_PARTOF);
        if ((f->flags & KITH_FF_READONLY) || below(w, needed ? 8 : 3) != (needed ? 0 : 1)) {
            if (!needed)
                continue;
        }
        set[n].field = f;
        set[n++].value = random_value(w, f);
    }
    return n;
}

static kith_status write_list(struct world *w, struct txn *t, kith_error *e);
static kith_status write_segment(struct world *w, struct txn *t, kith_error *e);
static kith_status write_merge(struct world *w, struct txn *t, int type, kith_error *e);

static kith_status random_write(struct world *w, struct txn *t, kith_error *e) {
    struct assign set[12];
    int type = (int)below(w, TYPES);
    uint64_t what = below(w, 10);
    kith_id id = some(w, type);
    size_t n = random_set(w, w->types[type], set);
    if (below(w, 12) == 0)
        return below(w, 4) ? write_list(w, t, e) : write_segment(w, t, e);
    if (below(w, 10) == 0)
        return write_merge(w, t, type, e);
    if (what < 4) {
        TRY(txn_create(t, w->types[type], set, n, &id, e));
        remember(w, type, id);
        return KITH_OK;
    }
    return what < 9 ? txn_update(t, w->types[type], id, set, n, e)
                    : txn_delete(t, w->types[type], id, e);
}

/* Puts a contact into the list, or takes one out. */
static kith_status write_list(struct world *w, struct txn *t, kith_error *e) {
    const struct rtype *m = schema_type(engine_schema(w->x.g), STR("list_member"));
    struct assign set[] = {
        {type_field(m->schema, m, STR("segment")), value_link(w->list, w->segment->id)},
        {type_field(m->schema, m, STR("record")),
         value_link(some(w, CONTACT), w->types[CONTACT]->id)},
    };
    kith_id id = w->count[MEMBER] ? w->live[MEMBER][below(w, w->count[MEMBER])] : 1;
    if (below(w, 3) == 0)
        return txn_delete(t, m, id, e);
    TRY(txn_create(t, m, set, 2, &id, e));
    remember(w, MEMBER, id);
    return KITH_OK;
}

/* Makes one of two or three, and has it take some of their values. */
static kith_status write_merge(struct world *w, struct txn *t, int type, kith_error *e) {
    const struct rtype *of = w->types[type];
    kith_id others[2] = {some(w, type), some(w, type)};
    struct merge_pick picks[2];
    struct merge m = {.type = of, .keep = some(w, type), .others = others, .picks = picks};
    struct arena a = {0};
    struct merge_report r;
    m.count = 1 + below(w, 2);
    for (; m.pick_count < below(w, 3); m.pick_count++)
        picks[m.pick_count] = (struct merge_pick){
            of->fields[FIELD_FIRST + below(w, of->field_count - FIELD_FIRST)], others[0]};
    kith_status st = txn_merge(t, &m, &a, &r, e);
    arena_free(&a);
    return st;
}

/* A segment that nobody asks for gets another query, or goes. */
static kith_status write_segment(struct world *w, struct txn *t, kith_error *e) {
    const struct rtype *s = w->segment;
    struct assign set[] = {
        {type_field(s->schema, s, STR("name")),
         value_str(str_of(arena_printf(&w->x.arena, "x%d", (int)below(w, 4))))},
        {type_field(s->schema, s, STR("query")), value_str(str_of(segments[below(w, SEGMENTS)]))},
    };
    kith_id id = w->count[SEGMENT] ? w->live[SEGMENT][below(w, w->count[SEGMENT])] : 1;
    uint64_t what = below(w, 3);
    if (what == 0)
        return txn_delete(t, s, id, e);
    if (what == 1)
        return txn_update(t, s, id, set + 1, 1, e);
    TRY(txn_create(t, s, set, 2, &id, e));
    remember(w, SEGMENT, id);
    return KITH_OK;
}

static kith_status write_part(struct txn *t, void *arg, kith_error *e) {
    return random_write(arg, t, e);
}

/* Most failures are caught; what is not caught fails the transaction. */
static kith_status write_some(struct txn *t, void *arg, kith_error *e) {
    struct world *w = arg;
    for (uint64_t n = 1 + below(w, 4); n > 0; n--) {
        kith_error why = KITH_ERROR_INIT;
        if (below(w, 4))
            (void)txn_try(t, write_part, w, &why);
        else
            TRY(random_write(w, t, e));
    }
    return KITH_OK;
}

/* -- rules ------------------------------------------------------------------------------------- */

static const struct rfield *f_of(const struct rtype *t, const char *name) {
    return type_field(t->schema, t, str_of(name));
}

static kith_status raise_score(void *self, struct txn *t, struct change *c, kith_error *e) {
    (void)self;
    const kith_value *now = &c->after[f_of(c->type, "score")->index];
    int64_t score = now->kind == KITH_INT ? now->as.i : 0;
    return change_set(t, c, f_of(c->type, "score"), value_int(score % 7 + 1), e);
}

/* Writes something, and then refuses what is named badly: nothing of either may stay. */
static kith_status follow_lead(void *self, struct txn *t, struct change *c, kith_error *e) {
    struct world *w = self;
    struct assign set[] = {{f_of(w->types[TASK], "title"), value_str(STR("call"))},
                           {f_of(w->types[TASK], "about"), value_link(c->id, c->type->id)}};
    TRY(txn_create(t, w->types[TASK], set, 2, NULL, e));
    const kith_value *name = &c->after[f_of(c->type, "name")->index];
    if (name->kind == KITH_TEXT && str_eqz(name->as.s, "bad"))
        return err_set(e, KITH_E_REFUSED, "name", "that is a bad name");
    return KITH_OK;
}

static kith_status mark_event(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    struct world *w = self;
    char seq[32];
    if (ev->attempt == 1 && ev->seq % 5 == 0)
        return err_set(e, KITH_E_RETRY, NULL, "not now");
    snprintf(seq, sizeof seq, "%llu", (unsigned long long)ev->seq);
    struct assign set = {w->mark->fields[FIELD_FIRST], value_str(str_of(seq))};
    w->created++;
    buf_printf(&w->seen, "%s,", seq);
    return txn_create(t, w->mark, &set, 1, NULL, e);
}

static kith_status work_on_it(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    struct world *w = self;
    struct assign set = {f_of(w->types[LEAD], "source"), value_str(STR("event"))};
    kith_status st = txn_update(t, w->types[LEAD], ev->id, &set, 1, e);
    return st == KITH_E_NOTFOUND ? KITH_OK : st; /* it is gone by now */
}

/* -- a world ----------------------------------------------------------------------------------- */

static void add_rules(struct world *w) {
    struct fixture *x = &w->x;
    struct hook hooks[] = {
        {.type = w->types[LEAD],
         .on = ON_CREATE | ON_UPDATE,
         .fn = raise_score,
         .source = {SOURCE_RULE, "raise", "", 1}},
        {.type = w->types[LEAD],
         .on = ON_CREATE | ON_UPDATE,
         .after = true,
         .fn = follow_lead,
         .self = w,
         .source = {SOURCE_RULE, "follow", "", 2}},
    };
    struct reaction reactions[] = {
        {.name = "mark",
         .topic = "lead.created",
         .fn = mark_event,
         .self = w,
         .source = {SOURCE_RULE, "mark", "", 3}},
        {.name = "work",
         .topic = "lead.working",
         .fn = work_on_it,
         .self = w,
         .source = {SOURCE_RULE, "work", "", 4}},
    };
    for (size_t i = 0; i < 2; i++) {
        EXPECT_OK(engine_add_hook(x->g, &hooks[i], &x->e), x->e);
        EXPECT_OK(engine_add_reaction(x->g, &reactions[i], &x->e), x->e);
    }
}

static void world_open(struct world *w) {
    static const char *const names[TYPES] = {"lead", "contact", "contact_point", "task", "piece"};
    struct fixture *x = &w->x;
    static struct schema_source sources[2] = {
        [1] = {.module = "random", .version = 1, .types = KITH_ARRAY(random_types)}};
    const char *seed = getenv("KITH_SEED");
    memset(w, 0, sizeof *w);
    w->seed = seed ? strtoull(seed, NULL, 10) : 1;
    printf("seed %llu\n", (unsigned long long)w->seed);
    sources[0] = lead_source;
    fixture_open_with(x, sources, 2);
    for (int i = 0; i < TYPES; i++)
        w->types[i] = schema_type(engine_schema(x->g), str_of(names[i]));
    w->mark = schema_type(engine_schema(x->g), STR("mark"));
    w->segment = schema_type(engine_schema(x->g), STR("segment"));
    add_rules(w);
    fixture_start(x);
    w->list = create(x, w->segment, PAIRS("name=list", "query=contact", "kind=list"));
    for (size_t i = 0; i < SEGMENTS; i++)
        create(x, w->segment,
               PAIRS(arena_printf(&x->arena, "name=s%zu", i),
                     arena_printf(&x->arena, "query=%s", segments[i])));
}

static int64_t number(struct world *w, const char *sql) {
    struct conn *c;
    int64_t n = 0;
    EXPECT_OK(engine_reader(w->x.g, &c, &w->x.e), w->x.e);
    kith_status st = conn_int(c, sql, 0, &n, &w->x.e);
    engine_reader_done(w->x.g, c);
    EXPECT_OK(st, w->x.e);
    return n;
}

/* Until no event waits for its next try. */
static void settle_all(struct world *w) {
    struct engine_stats s;
    settle(&w->x);
    for (engine_stats(w->x.g, &s); s.letters_waiting; engine_stats(w->x.g, &s)) {
        clock_advance(&w->x.clock, 3600 * 1000);
        settle(&w->x);
    }
    clock_advance(&w->x.clock, 100); /* it may stand before what was looked at last */
    settle(&w->x);
}

static kith_id write_random(struct world *w) {
    kith_id tx = 0;
    (void)engine_write(w->x.g, &by_tester, write_some, w, &tx, &w->x.e);
    clock_advance(&w->x.clock, (int64_t)below(w, 20) - 5); /* it steps back, too */
    return tx;
}

/* -- segments ---------------------------------------------------------------------------------- */

struct replica { /* who is in the segments, by what events say */
    struct world *w;
    struct buf events; /* "segment record\n" */
};

static kith_status replay(void *arg, const struct journal_row *row, kith_error *e) {
    struct replica *r = arg;
    struct conn *c;
    uint32_t topic, version;
    kith_str json;
    const char *name;
    if (row->kind != ROW_EVENT)
        return KITH_OK;
    TRY(image_decode_event(row, &topic, &version, &json, e));
    TRY(engine_reader(r->w->x.g, &c, e));
    kith_status st = journal_topic_name(c, topic, &r->w->x.arena, &name, e);
    engine_reader_done(r->w->x.g, c);
    TRY(st);
    int by = strcmp(name, "segment.entered") == 0 ? 1 : strcmp(name, "segment.left") == 0 ? -1 : 0;
    const char *id = strstr(json.ptr, "\"segment\":\"");
    kith_id segment;
    if (by && id && id_parse((kith_str){id + 11, ID_TEXT}, &segment))
        buf_printf(&r->events, "%s(%llu, %llu, %d)", r->events.len ? "," : "",
                   (unsigned long long)segment, (unsigned long long)row->record, by);
    return KITH_OK;
}

/* Those of the segments whose query never changed. */
static void expect_told(struct world *w) {
    struct replica r = {.w = w};
    struct conn *c;
    struct buf sql = {0};
    int64_t wrong = -1;
    EXPECT_OK(engine_reader(w->x.g, &c, &w->x.e), w->x.e);
    EXPECT_OK(journal_walk(c, 0, UINT64_MAX, replay, &r, &w->x.e), w->x.e);
    buf_printf(&sql,
               "WITH e(s, r, n) AS (VALUES%s), t AS (SELECT s, r FROM e JOIN segment g ON g.id = s"
               " WHERE g.name NOT LIKE 'x%%' GROUP BY s, r HAVING sum(n) > 0), k AS (SELECT"
               " segment, record FROM kith_member JOIN segment g ON g.id = segment WHERE g.name NOT"
               " LIKE 'x%%') SELECT count(*) FROM (SELECT * FROM (SELECT * FROM t EXCEPT SELECT *"
               " FROM k) UNION ALL SELECT * FROM (SELECT * FROM k EXCEPT SELECT * FROM t))",
               r.events.ptr);
    EXPECT_OK(conn_int(c, sql.ptr, -1, &wrong, &w->x.e), w->x.e);
    engine_reader_done(w->x.g, c);
    EXPECT_INT(0, wrong);
    buf_free(&sql);
    buf_free(&r.events);
}

/* -- tests ------------------------------------------------------------------------------------- */

TEST("whatever is written, refused and undone, the doctor finds nothing and every event ran once") {
    struct world w;
    kith_id txs[400] = {0};
    world_open(&w);
    for (int i = 0; i < 1500; i++) {
        kith_id tx = write_random(&w);
        if (tx)
            txs[below(&w, 400)] = tx;
        if (below(&w, 20) == 0 && (tx = txs[below(&w, 400)])) {
            struct undo_report r;
            EXPECT_OK(engine_undo(w.x.g, &tester, tx, below(&w, 3) == 0, &w.x.arena, &r, &w.x.e),
                      w.x.e);
            if (r.tx)
                txs[below(&w, 400)] = r.tx;
        }
    }
    settle_all(&w);
    expect_sound(&w.x);
    /* Those of an undo set nothing off. */
    int64_t events = number(&w, "SELECT count(*) FROM kith_journal j JOIN kith_tx x ON x.id = j.tx"
                                " JOIN kith_type t ON t.id = j.type WHERE j.kind = 1 AND"
                                " t.name = 'lead' AND x.origin <> 7");
    EXPECT(events > 30);
    EXPECT(w.created <= events);
    /* One that waited for its next try when its lead was undone is not handled any more. */
    EXPECT_INT(0, number(&w, arena_printf(&w.x.arena,
                                          "SELECT count(*) FROM kith_journal j JOIN kith_tx x ON"
                                          " x.id = j.tx JOIN kith_type t ON t.id = j.type WHERE"
                                          " j.kind = 1 AND t.name = 'lead' AND x.origin <> 7 AND"
                                          " j.seq NOT IN (%s0) AND NOT EXISTS (SELECT 1 FROM"
                                          " kith_journal d JOIN kith_tx y ON y.id = d.tx WHERE"
                                          " d.record = j.record AND d.kind = 3 AND y.origin = 7)",
                                          w.seen.ptr)));
    buf_free(&w.seen);
    EXPECT_INT(0, number(&w, "SELECT count(*) FROM kith_letter"));
    EXPECT_INT(0, number(&w, "SELECT max(seq) - count(*) FROM kith_journal"));
    fixture_close(&w.x);
}

TEST("who is in a segment is whom its query finds, and whom events tell of, after whatever") {
    struct world w;
    kith_id txs[100] = {0};
    world_open(&w);
    for (int i = 0; i < 1200; i++) {
        kith_id tx = write_random(&w);
        if (tx)
            txs[below(&w, 100)] = tx;
        if (below(&w, 15) == 0 && (tx = txs[below(&w, 100)])) {
            struct undo_report r;
            EXPECT_OK(engine_undo(w.x.g, &tester, tx, false, &w.x.arena, &r, &w.x.e), w.x.e);
        }
        if (below(&w, 40) == 0) /* up to a year, rarely all of it back */
            clock_advance(&w.x.clock, below(&w, 8) ? (int64_t)below(&w, 31536000000)
                                                   : -(int64_t)below(&w, 40000000000));
        if (i % 60 == 59) {
            settle_all(&w);
            expect_sound(&w.x);
        }
    }
    settle_all(&w);
    expect_sound(&w.x);
    expect_told(&w);
    EXPECT(number(&w, "SELECT count(*) FROM kith_member") > 50);
    buf_free(&w.seen);
    fixture_close(&w.x);
}
