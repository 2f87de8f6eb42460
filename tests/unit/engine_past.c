/* SPDX-License-Identifier: Apache-2.0 */
/* History as of a time: a record as it was then, whatever became of it and of its fields. */
#include "engine_fixture.h"
#include "record/access.h"

static struct moment at_time(int64_t ms) {
    return (struct moment){.at = ms};
}

static kith_status as_of(struct fixture *x, const struct rtype *t, kith_id id, struct moment when,
                         struct past_record *out) {
    return engine_as_of(x->g, &tester, t, id, &when, &x->arena, out, &x->e);
}

/* A field as text, as it was at that time. */
static const char *then(struct fixture *x, const struct rtype *t, kith_id id, int64_t ms,
                        const char *name) {
    struct past_record p;
    EXPECT_OK(as_of(x, t, id, at_time(ms), &p), x->e);
    const struct rfield *f = type_field(t->schema, t, str_of(name));
    kith_str s = value_text(t->schema, &p.values[f->index], &x->arena);
    return arena_strndup(&x->arena, s.ptr, s.len);
}

static void pass(struct fixture *x, int64_t ms) {
    clock_advance(&x->clock, ms);
}

TEST("a record is as it was at a time, and right after a transaction") {
    struct fixture x;
    struct moment when;
    struct past_record p;
    kith_id id = 0, tx;
    fixture_open(&x);
    fixture_start(&x);
    EXPECT_OK(try_job(&x, ROW_CREATE, x.lead, &id, PAIRS("name=A", "score=1"), &tx), x.e);
    pass(&x, HOUR_MS);
    update(&x, x.lead, id, PAIRS("name=B"));
    pass(&x, HOUR_MS);
    update(&x, x.lead, id, PAIRS("name=C", "score=", "labels=red,blue"));
    EXPECT_STR("A", then(&x, x.lead, id, START_MS, "name"));
    EXPECT_STR("A", then(&x, x.lead, id, START_MS + HOUR_MS - 1, "name"));
    EXPECT_STR("B", then(&x, x.lead, id, START_MS + HOUR_MS, "name"));
    EXPECT_STR("1", then(&x, x.lead, id, START_MS + HOUR_MS, "score"));
    EXPECT_STR("", then(&x, x.lead, id, START_MS + HOUR_MS, "labels"));
    EXPECT_STR("C", then(&x, x.lead, id, START_MS + 9 * HOUR_MS, "name"));
    EXPECT_STR("", then(&x, x.lead, id, START_MS + 9 * HOUR_MS, "score"));
    EXPECT_OK(engine_moment(x.g, str_of(id_text(&x, tx)), &x.arena, &when, &x.e), x.e);
    EXPECT_OK(as_of(&x, x.lead, id, when, &p), x.e);
    EXPECT(p.tx == tx);
    EXPECT_INT(START_MS, p.values[FIELD_CREATED].as.i);
    EXPECT_INT(START_MS, p.values[FIELD_UPDATED].as.i);
    fixture_close(&x);
}

TEST("what was deleted since is still known, and what is not there says since when or until when") {
    struct fixture x;
    struct past_record p;
    fixture_open(&x);
    fixture_start(&x);
    pass(&x, HOUR_MS);
    kith_id id = create(&x, x.contact, PAIRS("name=Ada L", "email=a@b.example"));
    pass(&x, HOUR_MS);
    kith_id tx = delete_(&x, x.contact, id);
    EXPECT_STR("a@b.example", then(&x, x.contact, id, START_MS + HOUR_MS, "email"));
    EXPECT_INT(KITH_E_NOTFOUND, as_of(&x, x.contact, id, at_time(START_MS), &p));
    EXPECT_INT(PAST_NOT_YET, p.state);
    EXPECT_INT(START_MS + HOUR_MS, p.made);
    EXPECT_INT(KITH_E_NOTFOUND, as_of(&x, x.contact, id, at_time(START_MS + 2 * HOUR_MS), &p));
    EXPECT_INT(PAST_DELETED, p.state);
    EXPECT_INT(START_MS + 2 * HOUR_MS, p.changed);
    pass(&x, HOUR_MS);
    struct undo_report r;
    EXPECT_OK(engine_undo(x.g, &tester, tx, false, &x.arena, &r, &x.e), x.e);
    EXPECT_STR("Ada L", then(&x, x.contact, id, START_MS + 3 * HOUR_MS, "name"));
    EXPECT_OK(as_of(&x, x.contact, id, at_time(START_MS + 3 * HOUR_MS), &p), x.e);
    EXPECT_INT(START_MS + HOUR_MS, p.values[FIELD_CREATED].as.i);
    EXPECT_INT(KITH_E_NOTFOUND, as_of(&x, x.contact, id, at_time(START_MS + 2 * HOUR_MS), &p));
    EXPECT_INT(KITH_E_NOTFOUND, as_of(&x, x.lead, id, at_time(START_MS + HOUR_MS), &p));
    EXPECT_STR("never", p.state == PAST_NEVER ? "never" : "known");
    fixture_close(&x);
}

/* -- moments ----------------------------------------------------------------------------------- */

static int64_t moment_ms(struct fixture *x, const char *text) {
    struct moment when;
    EXPECT_OK(engine_moment(x->g, str_of(text), &x->arena, &when, &x->e), x->e);
    return when.at;
}

TEST("a day is its end in the company's zone, today included; what is to come is refused") {
    struct fixture x;
    struct moment when;
    struct zone *berlin;
    fixture_open(&x);
    EXPECT_INT(date_days(2023, 1, 1) * DAY_MS + DAY_MS - 1, moment_ms(&x, "2023-01-01"));
    EXPECT_INT(date_days(2023, 1, 1) * DAY_MS + HOUR_MS, moment_ms(&x, "2023-01-01T01:00Z"));
    EXPECT_INT(KITH_E_INVAL, engine_moment(x.g, STR("9998-01-01"), &x.arena, &when, &x.e));
    EXPECT(strstr(x.e.message, "still to come") != NULL);
    EXPECT_INT(KITH_E_INVAL, engine_moment(x.g, STR("yesterday"), &x.arena, &when, &x.e));
    EXPECT_INT(KITH_E_NOTFOUND, engine_moment(x.g, STR("0000000000001"), &x.arena, &when, &x.e));
    engine_close(x.g);
    EXPECT_OK(zone_open(&berlin, "Europe/Berlin", &x.e), x.e);
    struct engine_options o = fixture_options(&x);
    o.zone = berlin;
    EXPECT_OK(engine_open(&x.g, &o, &x.e), x.e);
    EXPECT_INT(date_days(2023, 1, 1) * DAY_MS + 23 * HOUR_MS - 1, moment_ms(&x, "2023-01-01"));
    struct civil now = zone_local(berlin, START_MS);
    const char *today = arena_printf(&x.arena, "%04d-%02d-%02d", now.year, now.month, now.day);
    EXPECT(moment_ms(&x, today) >= START_MS);
    fixture_close(&x);
    zone_close(berlin);
}

/* -- fields that come and go ------------------------------------------------------------------- */

static const kith_field old_fields[] = {
    {.name = "name", .kind = KITH_F_TEXT},
    {.name = "colour", .kind = KITH_F_TEXT},
    {.name = "weight", .kind = KITH_F_INTEGER},
};
static const kith_field new_fields[] = {
    {.name = "title", .kind = KITH_F_TEXT},
    {.name = "colour", .kind = KITH_F_TEXT},
    {.name = "height", .kind = KITH_F_INTEGER},
};
static const kith_type old_types[] = {{.name = "thing", .fields = KITH_ARRAY(old_fields)}};
static const kith_type new_types[] = {
    {.name = "thing", .title = "title", .fields = KITH_ARRAY(new_fields)}};
static const kith_migration moves[] = {
    {.version = 2,
     .kind = KITH_MIGRATE_RENAME_FIELD,
     .type = "thing",
     .field = "name",
     .to = "title"},
    {.version = 2, .kind = KITH_MIGRATE_RETIRE_FIELD, .type = "thing", .field = "weight"},
};
static const struct schema_source old_source = {
    .module = "shop", .version = 1, .types = KITH_ARRAY(old_types)};
static const struct schema_source new_source = {.module = "shop",
                                                .version = 2,
                                                .types = KITH_ARRAY(new_types),
                                                .migrations = KITH_ARRAY(moves)};

TEST("a field that was renamed, retired or added since is told as it was") {
    struct fixture x;
    struct past_record p;
    fixture_open_with(&x, &old_source, 1);
    fixture_start(&x);
    const struct rtype *thing = schema_type(engine_schema(x.g), STR("thing"));
    kith_id id = create(&x, thing, PAIRS("name=Ball", "colour=red", "weight=3"));
    engine_close(x.g);
    pass(&x, HOUR_MS);
    x.sources = &new_source;
    fixture_reopen(&x);
    fixture_start(&x);
    thing = schema_type(engine_schema(x.g), STR("thing"));
    update(&x, thing, id, PAIRS("title=Cube", "height=7"));
    EXPECT_STR("Ball", then(&x, thing, id, START_MS, "title"));
    EXPECT_STR("", then(&x, thing, id, START_MS, "height"));
    EXPECT_OK(as_of(&x, thing, id, at_time(START_MS), &p), x.e);
    EXPECT_INT(1, p.lost_count);
    EXPECT_STR("weight", p.lost[0].name);
    EXPECT_INT(3, p.lost[0].value.as.i);
    expect_sound(&x);
    fixture_close(&x);
}

static const kith_type silent_types[] = {
    {.name = "ping", .history = KITH_HISTORY_NONE, .fields = KITH_ARRAY(old_fields)}};
static const struct schema_source silent_source = {
    .module = "net", .version = 1, .types = KITH_ARRAY(silent_types)};

TEST("a type without history says so") {
    struct fixture x;
    struct past_record p;
    fixture_open_with(&x, &silent_source, 1);
    fixture_start(&x);
    const struct rtype *ping = schema_type(engine_schema(x.g), STR("ping"));
    kith_id id = create(&x, ping, PAIRS("name=a"));
    EXPECT_INT(KITH_E_UNSUPPORTED, as_of(&x, ping, id, at_time(START_MS), &p));
    EXPECT(strstr(x.e.message, "keep no history") != NULL);
    fixture_close(&x);
}

/* -- at random --------------------------------------------------------------------------------- */

#define RECORDS 12
#define STEPS   300

struct copy { /* a record as it was right behind a step; values NULL: it was not there */
    const kith_value *values;
};
struct world {
    struct fixture x;
    uint64_t seed;
    const struct rtype *types[2];
    kith_id ids[2][RECORDS];
    size_t count[2];
    kith_id txs[STEPS];
    size_t tx_count;
    int64_t times[STEPS];
    struct copy copies[STEPS][2][RECORDS];
};

static uint64_t below(struct world *w, uint64_t n) {
    w->seed = w->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (w->seed >> 33) % n;
}

static const char *const *random_pairs(struct world *w, int type) {
    static const char *const names[] = {"name=Ada L", "name=Grace", "name=Zoë"};
    static const char *const leads[] = {
        "score=1", "score=2", "score=", "labels=red", "labels=", "state=working"};
    static const char *const contacts[] = {
        "email=a@b.example", "email=c@d.example", "email=", "city=Wien", "tags=vip", "tags="};
    const char **pairs = ARENA_ARRAY(&w->x.arena, const char *, 4);
    pairs[0] = names[below(w, 3)];
    pairs[1] = type ? contacts[below(w, 6)] : leads[below(w, 6)];
    return pairs;
}

static void random_step(struct world *w) {
    int type = (int)below(w, 2);
    uint64_t what = below(w, 10);
    kith_id tx = 0, id = w->count[type] ? w->ids[type][below(w, w->count[type])] : 0;
    struct undo_report r;
    if (what < 2 && w->tx_count) {
        EXPECT_OK(engine_undo(w->x.g, &tester, w->txs[below(w, w->tx_count)], false, &w->x.arena,
                              &r, &w->x.e),
                  w->x.e);
        tx = r.tx;
    } else if (what < 5 && w->count[type] < RECORDS) {
        id = 0;
        try_job(&w->x, ROW_CREATE, w->types[type], &id, random_pairs(w, type), &tx);
        if (id)
            w->ids[type][w->count[type]++] = id;
    } else if (id) {
        try_job(&w->x, what == 9 ? ROW_DELETE : ROW_UPDATE, w->types[type], &id,
                random_pairs(w, type), &tx);
    }
    if (tx)
        w->txs[w->tx_count++] = tx;
}

static void save_copies(struct world *w, size_t step) {
    for (int t = 0; t < 2; t++)
        for (size_t i = 0; i < w->count[t]; i++) {
            kith_value *values;
            bool there = engine_get(w->x.g, &tester, w->types[t], w->ids[t][i], &w->x.arena,
                                    &values, &w->x.e) == KITH_OK;
            w->copies[step][t][i].values = there ? values : NULL;
        }
    w->times[step] = w->x.clock.virtual_ms;
}

static void compare(struct world *w, size_t step, int t, size_t i) {
    const kith_value *was = w->copies[step][t][i].values;
    struct past_record p;
    kith_status st = as_of(&w->x, w->types[t], w->ids[t][i], at_time(w->times[step]), &p);
    if (!was) {
        EXPECT_INT(KITH_E_NOTFOUND, st);
        return;
    }
    EXPECT_OK(st, w->x.e);
    for (uint32_t k = 0; k < w->types[t]->field_count; k++) {
        const struct schema *s = engine_schema(w->x.g);
        if (w->types[t]->fields[k]->rollup)
            continue;
        EXPECT_STR(value_text(s, &was[k], &w->x.arena).ptr,
                   value_text(s, &p.values[k], &w->x.arena).ptr);
    }
}

TEST("after random writes, deletions and undos every record is known as it was at every step") {
    struct world *w = calloc(1, sizeof *w);
    const char *seed = getenv("KITH_SEED");
    fixture_open(&w->x);
    fixture_start(&w->x);
    w->seed = seed ? (uint64_t)strtoull(seed, NULL, 10) : 1;
    printf("  seed %llu\n", (unsigned long long)w->seed);
    w->types[0] = w->x.lead;
    w->types[1] = w->x.contact;
    for (size_t step = 0; step < STEPS; step++) {
        random_step(w);
        save_copies(w, step);
        pass(&w->x, (int64_t)(1 + below(w, 100000)));
    }
    for (size_t step = 0; step < STEPS; step++)
        for (int t = 0; t < 2; t++)
            for (size_t i = 0; i < w->count[t]; i++)
                compare(w, step, t, i);
    expect_sound(&w->x);
    fixture_close(&w->x);
    free(w);
}

/* -- who may ask ------------------------------------------------------------------------------- */

static kith_status asked_by(struct fixture *x, const struct principal *p, kith_id id, int64_t ms,
                            struct past_record *out) {
    struct moment when = at_time(ms);
    return engine_as_of(x->g, p, x->contact, id, &when, &x->arena, out, &x->e);
}

TEST("the past of a record is told to those who may read it, or might have read what is gone") {
    struct fixture x;
    struct past_record p;
    struct principal anna;
    fixture_open(&x);
    fixture_start(&x);
    const struct schema *s = engine_schema(x.g);
    kith_id role =
        create(&x, schema_type(s, STR("role")),
               PAIRS("name=seller", "rights={\"types\": {\"contact\": {\"read\": \"own\","
                                    " \"fields\": {\"city\": \"none\"}}}}"));
    kith_id user = create(
        &x, schema_type(s, STR("user")),
        PAIRS("login=anna", "name=Anna", arena_printf(&x.arena, "roles=%s", id_text(&x, role))));
    const char *owner = arena_printf(&x.arena, "owner=%s", id_text(&x, user));
    struct access_of of = {.user = user};
    kith_id hers = create(&x, x.contact, PAIRS("name=Hers", "city=Graz", owner));
    kith_id other = create(&x, x.contact, PAIRS("name=Other"));
    EXPECT_OK(engine_enter(x.g, &of, "user:anna", &anna, &x.e), x.e);
    pass(&x, HOUR_MS);
    EXPECT_OK(asked_by(&x, &anna, hers, START_MS, &p), x.e);
    EXPECT_INT(KITH_NULL, p.values[type_field(s, x.contact, STR("city"))->index].kind);
    EXPECT_INT(KITH_E_NOTFOUND, asked_by(&x, &anna, other, START_MS, &p));
    EXPECT(strstr(x.e.message, "never") == NULL);
    EXPECT_INT(KITH_E_NOTFOUND, asked_by(&x, &anna, other, START_MS - HOUR_MS, &p));
    EXPECT(strstr(x.e.message, "made at") == NULL);
    update(&x, x.contact, hers, PAIRS("owner="));
    EXPECT_INT(KITH_E_NOTFOUND, asked_by(&x, &anna, hers, START_MS, &p));
    update(&x, x.contact, hers, PAIRS(owner));
    delete_(&x, x.contact, hers);
    delete_(&x, x.contact, other);
    EXPECT_OK(asked_by(&x, &anna, hers, START_MS, &p), x.e);
    EXPECT_INT(KITH_E_NOTFOUND, asked_by(&x, &anna, other, START_MS, &p));
    engine_leave(&anna);
    fixture_close(&x);
}
