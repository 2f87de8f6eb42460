/* SPDX-License-Identifier: Apache-2.0 */
/* Bulk: all that a query finds is written, what refuses is told, one undo takes it back. */
#include "engine/bulk.h"
#include "engine_person_fixture.h"

static kith_status bulk_as(struct fixture *x, const struct principal *p, const char *text,
                           const char *field, const char *value, bulk_tell tell, void *arg,
                           struct bulk_report *r) {
    const struct schema *s = engine_schema(x->g);
    struct query *q;
    struct assign set = {0};
    x->e.message[0] = '\0';
    TRY(query_parse_for(&q, s, p, &x->arena, str_of(text), &x->e));
    if (field)
        set =
            (struct assign){type_field(s, query_type(q), str_of(field)), value_str(str_of(value))};
    struct bulk b = {q, &set, field != NULL, field == NULL};
    return engine_bulk(x->g, p, &b, tell, arg, &x->arena, r, &x->e);
}

static void bulk(struct fixture *x, const char *text, const char *field, const char *value,
                 struct bulk_report *r) {
    EXPECT_OK(bulk_as(x, &tester, text, field, value, NULL, NULL, r), x->e);
}

static void undo_all(struct fixture *x, kith_id tx) {
    struct undo_report r;
    EXPECT_OK(engine_undo(x->g, &tester, tx, false, &x->arena, &r, &x->e), x->e);
    EXPECT_INT(0, r.kept + r.refused);
}

static void many(struct fixture *x, int n) {
    for (int i = 0; i < n; i++)
        create(
            x, x->lead,
            PAIRS(arena_printf(&x->arena, "name=L%d", i), i % 2 ? "source=web" : "source=event"));
}

TEST("all that a query finds is changed, in short transactions that one undo takes back") {
    struct fixture x;
    struct bulk_report r;
    fixture_open(&x);
    fixture_start(&x);
    many(&x, 1000);
    bulk(&x, "lead where source = 'web'", "score", "7", &r);
    EXPECT_INT(500, r.found);
    EXPECT_INT(500, r.changed);
    EXPECT_INT(500, count(&x, "lead where score = 7", NULL));
    kith_id tx = r.tx;
    bulk(&x, "lead where source = 'web'", "score", "7", &r);
    EXPECT_INT(500, r.unchanged);
    EXPECT(r.tx == 0);
    undo_all(&x, tx);
    EXPECT_INT(0, count(&x, "lead where score = 7", NULL));
    bulk(&x, "lead where source = 'event'", NULL, NULL, &r);
    EXPECT_INT(500, r.changed);
    EXPECT_INT(500, count(&x, "lead", NULL));
    undo_all(&x, r.tx);
    EXPECT_INT(1000, count(&x, "lead", NULL));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("what one record refuses is told with its reason, and the others are written") {
    struct fixture x;
    struct bulk_report r;
    fixture_open(&x);
    fixture_start(&x);
    many(&x, 10);
    kith_id odd = create(&x, x.lead, PAIRS("name=Odd", "source=web"));
    update(&x, x.lead, odd, PAIRS("state=working"));
    update(&x, x.lead, odd, PAIRS("state=won"));
    bulk(&x, "lead where source = 'web'", "state", "working", &r);
    EXPECT_INT(6, r.found);
    EXPECT_INT(5, r.changed);
    EXPECT_INT(1, r.refused);
    EXPECT(r.refusals[0].id == odd);
    EXPECT(strstr(r.refusals[0].reason, "'won' cannot become 'working'") != NULL);
    bulk(&x, "lead", "code", "C1", &r); /* a unique one */
    EXPECT_INT(1, r.changed);
    EXPECT_INT(10, r.refused);
    expect_sound(&x);
    fixture_close(&x);
}

struct meddling {
    struct fixture *x;
    kith_id last;
    int64_t times;
};

/* Between two groups: the last of the records is none that is looked for any more. */
static kith_status meddle(void *arg, uint64_t done, uint64_t found, kith_error *e) {
    struct meddling *m = arg;
    (void)done;
    (void)found;
    if (m->times++ == 0)
        update(m->x, m->x->lead, m->last, PAIRS("source=event"));
    return m->times < 1000 ? KITH_OK : err_set(e, KITH_E_LIMIT, NULL, "interrupted");
}

TEST("what is no longer looked for when it is its turn is passed over; others write in between") {
    struct fixture x;
    struct bulk_report r;
    struct meddling m = {.x = &x};
    fixture_open(&x);
    fixture_start(&x);
    many(&x, 600);
    m.last = create(&x, x.lead, PAIRS("name=Last", "source=web"));
    EXPECT_OK(bulk_as(&x, &tester, "lead where source = 'web'", "score", "5", meddle, &m, &r), x.e);
    EXPECT(m.times >= 2);
    EXPECT_INT(301, r.found);
    EXPECT_INT(300, r.changed);
    EXPECT_INT(1, r.passed);
    EXPECT_STR("0", field(&x, x.lead, m.last, "score"));
    fixture_close(&x);
}

static kith_status stop(void *arg, uint64_t done, uint64_t found, kith_error *e) {
    (void)arg;
    (void)done;
    (void)found;
    return err_set(e, KITH_E_LIMIT, NULL, "interrupted");
}

TEST("what is ended half-way says what to undo") {
    struct fixture x;
    struct bulk_report r;
    fixture_open(&x);
    fixture_start(&x);
    many(&x, 600);
    EXPECT_INT(KITH_E_LIMIT, bulk_as(&x, &tester, "lead", "score", "5", stop, NULL, &r));
    EXPECT(r.tx != 0 && r.changed > 0 && r.changed < 600);
    EXPECT_INT((int)r.changed, count(&x, "lead where score = 5", NULL));
    undo_all(&x, r.tx);
    EXPECT_INT(0, count(&x, "lead where score = 5", NULL));
    fixture_close(&x);
}

TEST("a rehearsal shows each change and keeps none; totals are no records") {
    struct fixture x;
    struct bulk_report r;
    struct rehearsal effects;
    struct query *q;
    fixture_open(&x);
    fixture_start(&x);
    many(&x, 10);
    EXPECT_OK(query_parse(&q, engine_schema(x.g), &x.arena, STR("lead where source = 'web'"), &x.e),
              x.e);
    struct assign set = {type_field(engine_schema(x.g), x.lead, STR("score")), value_int(4)};
    struct bulk b = {q, &set, 1, false};
    EXPECT_OK(engine_bulk_rehearse(x.g, &tester, &b, &x.arena, &r, &effects, &x.e), x.e);
    EXPECT_INT(5, r.changed);
    EXPECT_INT(5, effects.count);
    EXPECT_INT(0, count(&x, "lead where score = 4", NULL));
    EXPECT_INT(KITH_E_INVAL, bulk_as(&x, &tester, "lead : count()", "score", "5", NULL, NULL, &r));
    fixture_close(&x);
}

TEST("nobody changes or deletes by a query what they may not by its id") {
    struct person p;
    struct bulk_report r;
    kith_id mine = 0;
    person_open(&p, "{\"types\": {\"lead\": {\"create\": \"own\", \"read\": \"all\", \"update\": "
                    "\"own\", \"delete\": \"none\"}}}");
    many(&p.x, 4);
    EXPECT_OK(write_as(&p, ROW_CREATE, p.x.lead, &mine, PAIRS("name=Mine"), NULL), p.x.e);
    EXPECT_OK(bulk_as(&p.x, &p.p, "lead", "score", "3", NULL, NULL, &r), p.x.e);
    EXPECT_INT(1, r.changed);
    EXPECT_INT(4, r.refused);
    EXPECT_STR("3", field(&p.x, p.x.lead, mine, "score"));
    EXPECT_OK(bulk_as(&p.x, &p.p, "lead", NULL, NULL, NULL, NULL, &r), p.x.e);
    EXPECT_INT(5, r.refused);
    EXPECT_INT(5, count(&p.x, "lead", NULL));
    person_close(&p);
}
