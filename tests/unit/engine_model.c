/* SPDX-License-Identifier: Apache-2.0 */
/* Random types with fields of every kind, written at random, against a model that keeps each value
 * as text: what is accepted and refused, what a deletion and an undo leave, what was there at any
 * time, and what a program that starts anew finds. KITH_SEED=n repeats a run. */
#include "engine_fixture.h"

#define TYPES   3
#define FIELDS  10
#define RECORDS 60 /* of a type, ever */
#define STEPS   400
#define MOMENTS 60
#define TEXT    40

/* What is written, and what it is then. */
static const struct kind {
    uint32_t kind;
    const char *options;
    const char *texts[4][2];
} kinds[] = {
    {KITH_F_TEXT,
     NULL,
     {{"Ada", "Ada"}, {" b ", " b "}, {"Zoe\xCC\x88", "Zo\xC3\xAB"}, {"'; --", "'; --"}}},
    {KITH_F_LONGTEXT, NULL, {{"a\nb", "a\nb"}, {"c", "c"}, {"%_", "%_"}, {"d", "d"}}},
    {KITH_F_INTEGER,
     NULL,
     {{"7", "7"}, {"-3", "-3"}, {"9007199254740991", "9007199254740991"}, {"0", "0"}}},
    {KITH_F_DECIMAL, "2", {{"1.50", "1.50"}, {"-0.01", "-0.01"}, {"3", "3.00"}, {"12.5", "12.50"}}},
    {KITH_F_MONEY,
     NULL,
     {{"12.50 EUR", "12.50 EUR"},
      {"7 JPY", "7 JPY"},
      {"0 EUR", "0.00 EUR"},
      {"-3 USD", "-3.00 USD"}}},
    {KITH_F_BOOLEAN,
     NULL,
     {{"true", "true"}, {"false", "false"}, {"true", "true"}, {"false", "false"}}},
    {KITH_F_DATE,
     NULL,
     {{"2024-02-29", "2024-02-29"},
      {"1999-12-31", "1999-12-31"},
      {"2024-01-01", "2024-01-01"},
      {"0001-01-01", "0001-01-01"}}},
    {KITH_F_TIME,
     NULL,
     {{"2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000Z"},
      {"2024-03-01T00:30:00+01:00", "2024-02-29T23:30:00.000Z"},
      {"1969-12-31T23:59:59Z", "1969-12-31T23:59:59.000Z"},
      {"2024-01-01", "2024-01-01T00:00:00.000Z"}}},
    {KITH_F_DURATION, NULL, {{"90m", "1h30m"}, {"2d", "2d"}, {"3h", "3h"}, {"24h", "1d"}}},
    {KITH_F_CHOICE,
     "small,large",
     {{"small", "small"}, {"large", "large"}, {"small", "small"}, {"large", "large"}}},
    {KITH_F_EMAIL,
     NULL,
     {{"a@b.example", "a@b.example"},
      {" c@d.example", "c@d.example"},
      {"x.y@z.example", "x.y@z.example"},
      {"e@f.example", "e@f.example"}}},
    {KITH_F_URL,
     NULL,
     {{"https://a.example/", "https://a.example/"},
      {"http://b.example/x", "http://b.example/x"},
      {"https://c.example/", "https://c.example/"},
      {"https://d.example/", "https://d.example/"}}},
    {KITH_F_TAGS, NULL, {{"red,blue", "blue,red"}, {"a", "a"}, {"a,b,a", "a,b"}, {"vip", "vip"}}},
    {KITH_F_LINK, "m0", {{NULL, NULL}}},
    {KITH_F_LINKS, "m1", {{NULL, NULL}}},
};
#define KINDS (sizeof kinds / sizeof *kinds)

/* -- the model --------------------------------------------------------------------------------- */

struct record {
    bool there;
    char fields[FIELDS][TEXT]; /* "": no value; of links the number of one record */
};
struct state {
    struct record records[TYPES][RECORDS];
};
struct declared {
    const struct kind *kind;
    bool required, unique;
};

struct world {
    struct fixture x;
    uint64_t seed;
    struct declared fields[TYPES][FIELDS];
    kith_id ids[TYPES][RECORDS];
    int count[TYPES];
    struct state now, next; /* next: as a transaction that is under way would leave it */
    bool refused;           /* a write of it must be */
};

static uint32_t below(struct world *w, uint32_t n) {
    uint64_t z = (w->seed += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (uint32_t)((z ^ (z >> 31)) >> 33) % n;
}

static bool links(const struct declared *d) {
    return d->kind->kind == KITH_F_LINK || d->kind->kind == KITH_F_LINKS;
}

static int target_of(const struct declared *d) {
    return d->kind->options[1] - '0';
}

/* Must a record of that type with these values be refused? */
static bool breaks_rule(struct world *w, int type, int record) {
    const struct record *r = &w->next.records[type][record];
    for (int f = 0; f < FIELDS; f++) {
        const struct declared *d = &w->fields[type][f];
        if (d->required && !r->fields[f][0])
            return true;
        for (int i = 0; d->unique && r->fields[f][0] && i < w->count[type]; i++)
            if (i != record && w->next.records[type][i].there &&
                strcmp(w->next.records[type][i].fields[f], r->fields[f]) == 0)
                return true;
    }
    return false;
}

/* Links to what is gone are empty. */
static void forget(struct world *w, int type, int record) {
    char number[TEXT];
    snprintf(number, sizeof number, "%d", record);
    w->next.records[type][record].there = false;
    for (int t = 0; t < TYPES; t++)
        for (int f = 0; f < FIELDS; f++)
            for (int i = 0; links(&w->fields[t][f]) && i < w->count[t]; i++)
                if (target_of(&w->fields[t][f]) == type &&
                    strcmp(w->next.records[t][i].fields[f], number) == 0)
                    w->next.records[t][i].fields[f][0] = '\0';
}

/* -- random types ------------------------------------------------------------------------------ */

static kith_field declared_fields[TYPES][FIELDS];
static char names[FIELDS][8];

static void declare_field(struct world *w, int type, int f) {
    struct declared *d = &w->fields[type][f];
    d->kind = &kinds[below(w, KINDS)];
    d->unique = d->kind->kind == KITH_F_INTEGER && below(w, 2);
    d->required = !links(d) && below(w, 6) == 0;
    snprintf(names[f], sizeof names[f], "f%d", f);
    declared_fields[type][f] = (kith_field){
        .name = names[f],
        .kind = d->kind->kind,
        .options = d->kind->options,
        .flags = (d->required ? KITH_FF_REQUIRED : 0) | (d->unique ? KITH_FF_UNIQUE : 0) |
                 (!d->unique && d->kind->kind == KITH_F_TEXT && below(w, 2)
                      ? KITH_FF_INDEXED | KITH_FF_SEARCHED
                      : 0)};
}

static void world_open(struct world *w, uint64_t seed) {
    static const kith_type types[TYPES] = {
        {.name = "m0", .fields = KITH_ARRAY(declared_fields[0])},
        {.name = "m1", .fields = KITH_ARRAY(declared_fields[1])},
        {.name = "m2", .fields = KITH_ARRAY(declared_fields[2])}};
    static const struct schema_source source = {
        .module = "model", .version = 1, .types = KITH_ARRAY(types)};
    memset(w, 0, sizeof *w);
    w->seed = seed;
    for (int i = 0; i < TYPES * FIELDS; i++)
        declare_field(w, i / FIELDS, i % FIELDS);
    fixture_open_with(&w->x, &source, 1);
    fixture_start(&w->x);
}

static const struct rtype *type_at(struct world *w, int type) {
    const char name[] = {'m', (char)('0' + type), '\0'};
    return schema_type(engine_schema(w->x.g), str_of(name));
}

static const struct rfield *field_at(struct world *w, int type, int f) {
    return type_field(engine_schema(w->x.g), type_at(w, type), str_of(names[f]));
}

/* -- random writes ----------------------------------------------------------------------------- */

/* A value for the engine; what the model keeps of it in `kept`. */
static kith_value random_value(struct world *w, int type, int f, char *kept) {
    const struct declared *d = &w->fields[type][f];
    kept[0] = '\0';
    if (below(w, 6) == 0)
        return below(w, 2) ? value_null() : value_str(STR(""));
    if (!links(d)) {
        const char *const *pair = d->kind->texts[below(w, 4)];
        snprintf(kept, TEXT, "%s", pair[1]);
        return value_str(str_of(pair[0]));
    }
    int to = target_of(d), i = (int)below(w, RECORDS);
    if (i >= w->count[to] || !w->next.records[to][i].there)
        return value_null();
    snprintf(kept, TEXT, "%d", i);
    kith_value *item = ARENA_NEW(&w->x.arena, kith_value);
    *item = value_link(w->ids[to][i], type_at(w, to)->id);
    return d->kind->kind == KITH_F_LINK
               ? *item
               : (kith_value){.kind = KITH_LIST, .as.list = {.items = item, .count = 1}};
}

static size_t random_set(struct world *w, int type, struct record *r, struct assign *set) {
    size_t n = 0;
    for (int f = 0; f < FIELDS; f++)
        if (below(w, w->fields[type][f].required ? 8 : 2)) {
            set[n].field = field_at(w, type, f);
            set[n++].value = random_value(w, type, f, r->fields[f]);
        }
    return n;
}

static kith_status random_create(struct world *w, struct txn *t, int type, kith_error *e) {
    struct assign set[FIELDS];
    int i = w->count[type];
    struct record *r = &w->next.records[type][i];
    kith_id id = 0;
    *r = (struct record){.there = true};
    size_t n = random_set(w, type, r, set);
    w->refused = breaks_rule(w, type, i);
    TRY(txn_create(t, type_at(w, type), set, n, &id, e));
    w->ids[type][i] = id;
    w->count[type]++;
    return KITH_OK;
}

static kith_status random_write(struct world *w, struct txn *t, kith_error *e) {
    struct assign set[FIELDS];
    int type = (int)below(w, TYPES);
    uint32_t what = below(w, 10);
    if (w->count[type] == 0 || (what < 3 && w->count[type] < RECORDS))
        return random_create(w, t, type, e);
    int i = (int)below(w, (uint32_t)w->count[type]);
    struct record *r = &w->next.records[type][i];
    w->refused = !r->there; /* nothing can be done to what is gone */
    if (what == 9) {
        forget(w, type, i);
        return txn_delete(t, type_at(w, type), w->ids[type][i], e);
    }
    struct record old = *r;
    size_t n = random_set(w, type, r, set);
    if (old.there)
        w->refused = breaks_rule(w, type, i);
    else
        *r = old;
    return txn_update(t, type_at(w, type), w->ids[type][i], set, n, e);
}

static kith_status write_some(struct txn *t, void *arg, kith_error *e) {
    struct world *w = arg;
    for (uint32_t n = 1 + below(w, 3); n > 0; n--) {
        kith_status st = random_write(w, t, e);
        if ((st != KITH_OK) != w->refused)
            TEST_FAIL("expected the write %s; it was not: %s", w->refused ? "refused" : "accepted",
                      st == KITH_OK ? "" : e->message);
        TRY(st);
    }
    return KITH_OK;
}

/* -- comparing --------------------------------------------------------------------------------- */

static const char *field_text(struct world *w, int type, int f, const kith_value *values) {
    const struct declared *d = &w->fields[type][f];
    const kith_value *v = &values[field_at(w, type, f)->index];
    kith_str s = value_text(engine_schema(w->x.g), v, &w->x.arena);
    if (!links(d) || !s.len)
        return arena_strndup(&w->x.arena, s.ptr, s.len);
    for (int i = 0; i < w->count[target_of(d)]; i++)
        if (str_eqz(s, id_text(&w->x, w->ids[target_of(d)][i])))
            return arena_printf(&w->x.arena, "%d", i);
    return "a link to something else";
}

static void expect_record(struct world *w, const struct record *r, int type, int i,
                          const kith_value *values) {
    for (int f = 0; f < FIELDS; f++) {
        const char *found = field_text(w, type, f, values);
        if (strcmp(r->fields[f], found) != 0)
            TEST_FAIL("m%d %d, %s (kind %u): expected '%s', found '%s'", type, i, names[f],
                      w->fields[type][f].kind->kind, r->fields[f], found);
    }
}

static void expect_now(struct world *w) {
    struct arena_mark mark = arena_mark(&w->x.arena);
    for (int t = 0; t < TYPES; t++)
        for (int i = 0; i < w->count[t]; i++) {
            const struct record *r = &w->now.records[t][i];
            kith_value *values;
            kith_status st = engine_get(w->x.g, &tester, type_at(w, t), w->ids[t][i], &w->x.arena,
                                        &values, &w->x.e);
            EXPECT_INT(r->there ? KITH_OK : KITH_E_NOTFOUND, st);
            if (r->there)
                expect_record(w, r, t, i, values);
        }
    arena_release(&w->x.arena, mark);
}

static void expect_then(struct world *w, kith_id tx, const struct state *then) {
    struct arena_mark mark = arena_mark(&w->x.arena);
    struct moment when;
    EXPECT_OK(engine_moment(w->x.g, str_of(id_text(&w->x, tx)), &w->x.arena, &when, &w->x.e),
              w->x.e);
    for (int t = 0; t < TYPES; t++)
        for (int i = 0; i < w->count[t]; i++) {
            const struct record *r = &then->records[t][i];
            struct past_record past;
            kith_status st = engine_as_of(w->x.g, &tester, type_at(w, t), w->ids[t][i], &when,
                                          &w->x.arena, &past, &w->x.e);
            EXPECT_INT(r->there ? KITH_OK : KITH_E_NOTFOUND, st);
            if (r->there)
                expect_record(w, r, t, i, past.values);
        }
    arena_release(&w->x.arena, mark);
}

/* -- the test ---------------------------------------------------------------------------------- */

struct moments {
    struct {
        kith_id tx;
        struct state state;
    } items[MOMENTS];
    int count;
};

static void note(struct world *w, struct moments *m, kith_id tx) {
    int i = m->count < MOMENTS ? m->count++ : (int)below(w, MOMENTS);
    m->items[i].tx = tx;
    m->items[i].state = w->now;
}

/* The last transaction, undone and perhaps undone again, leaves what was before, and after, it. */
static void undo_last(struct world *w, struct moments *m, kith_id tx, const struct state *before) {
    struct undo_report r;
    struct state after = w->now;
    uint32_t times = 1 + below(w, 3);
    for (uint32_t i = 0; i < times; i++) {
        EXPECT_OK(engine_undo(w->x.g, &tester, tx, false, &w->x.arena, &r, &w->x.e), w->x.e);
        EXPECT_INT(0, r.kept + r.refused);
        w->now = i % 2 ? after : *before;
        expect_now(w);
        if (!r.tx)
            return; /* nothing was to be reversed */
        note(w, m, tx = r.tx);
    }
}

static void one_world(uint64_t seed) {
    struct world *w = calloc(1, sizeof *w);
    struct moments *m = calloc(1, sizeof *m);
    struct state *before = calloc(1, sizeof *before);
    int written = 0;
    EXPECT(w && m && before);
    printf("KITH_SEED=%llu\n", (unsigned long long)seed);
    world_open(w, seed);
    for (int i = 0; i < STEPS; i++) {
        kith_id tx = 0;
        int count[TYPES];
        memcpy(count, w->count, sizeof count);
        w->next = *before = w->now;
        w->refused = false;
        kith_status st = engine_write(w->x.g, &by_tester, write_some, w, &tx, &w->x.e);
        if (st == KITH_OK)
            w->now = w->next;
        else
            memcpy(w->count, count, sizeof count);
        clock_advance(&w->x.clock, (int64_t)below(w, 2000));
        written += tx != 0;
        if (tx)
            note(w, m, tx);
        if (i % 10 == 0)
            expect_now(w);
        if (tx && below(w, 8) == 0)
            undo_last(w, m, tx, before);
        if (i == STEPS / 2) {
            engine_close(w->x.g);
            fixture_reopen(&w->x);
            fixture_start(&w->x);
        }
    }
    EXPECT(written > STEPS / 10);
    expect_now(w);
    for (int i = 0; i < m->count; i++)
        expect_then(w, m->items[i].tx, &m->items[i].state);
    expect_sound(&w->x);
    fixture_close(&w->x);
    free(before);
    free(m);
    free(w);
}

TEST("random types keep what is written, refuse what breaks a rule, and know every past") {
    const char *given = getenv("KITH_SEED");
    for (uint64_t i = 0; i < (given ? 1 : 4); i++)
        one_world(given ? strtoull(given, NULL, 10) : 11 + i);
}
