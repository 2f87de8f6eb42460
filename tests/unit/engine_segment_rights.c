/* SPDX-License-Identifier: Apache-2.0 */
/* Segments and rights: what they must not tell, and not do, for whoever may not. */
#include "engine/import.h"
#include "engine_person_fixture.h"
#include "engine_segment_fixture.h"

static int64_t count_as(struct person *w, const char *text) {
    struct query *q;
    struct find_page page = {.limit = 1};
    EXPECT_OK(query_parse(&q, engine_schema(w->x.g), &w->x.arena, str_of(text), &w->x.e), w->x.e);
    EXPECT_OK(engine_find(w->x.g, &w->p, q, NULL, &page, &w->x.arena, no_row, NULL, &w->x.e),
              w->x.e);
    return page.count;
}

static const char *refresh_refusal(struct person *w, const char *name) {
    struct write_opts o = {.principal = &w->p, .origin = ORIGIN_ACTION};
    kith_value args[] = {value_str(str_of(name))}, out[2];
    kith_status st = engine_call(w->x.g, NULL, &o, engine_action(w->x.g, STR("segment.refresh")),
                                 args, &w->x.arena, out, NULL, &w->x.e);
    return st == KITH_OK ? "done" : w->x.e.message;
}

TEST("a segment tells nothing to whoever may not read it, and nothing of what is closed") {
    struct person w;
    kith_id id = 0;
    person_open(&w, "{\"types\": {\"contact\": {\"read\": \"own\", \"fields\": {\"city\": "
                    "\"none\"}}, \"lead\": {\"read\": \"all\"}}, \"actions\": [\"segment.*\"]}");
    const struct rtype *segment = schema_type(engine_schema(w.x.g), STR("segment"));
    const char *own = arena_printf(&w.x.arena, "owner=%s", id_text(&w.x, w.anna));
    create(&w.x, segment, PAIRS("name=bonn", "query=contact where city = 'Bonn'"));
    create(&w.x, w.x.contact, PAIRS("name=Hers", "city=Bonn", own));
    create(&w.x, w.x.contact, PAIRS("name=Other", "city=Bonn"));
    EXPECT_INT(2, count(&w.x, "contact where in_segment('bonn') : count()", NULL));
    EXPECT_INT(0, count_as(&w, "contact where in_segment('bonn') : count()"));
    EXPECT_INT(1, count_as(&w, "contact where not in_segment('bonn') : count()"));
    EXPECT_STR("there is no segment 'bonn'; 'kith find segment' lists them",
               refresh_refusal(&w, "bonn"));
    EXPECT_STR("there is no segment 'bon'; 'kith find segment' lists them",
               refresh_refusal(&w, "bon"));
    update(&w.x, w.role, w.role_id,
           PAIRS("rights={\"types\": {\"contact\": {\"read\": \"own\", \"fields\": {\"city\": "
                 "\"none\"}}, \"lead\": {\"read\": \"all\", \"fields\": {\"score\": \"none\"}}, "
                 "\"segment\": {\"create\": \"own\", \"read\": \"all\"}}}"));
    engine_leave(&w.p);
    struct access_of of = {.user = w.anna};
    EXPECT_OK(engine_enter(w.x.g, &of, NULL, &w.p, &w.x.e), w.x.e);
    EXPECT_INT(1, count_as(&w, "contact where in_segment('bonn') : count()"));
    EXPECT_INT(KITH_E_DENIED, write_as(&w, ROW_CREATE, segment, &id,
                                       PAIRS("name=a", "query=contact where name = 'x'"), NULL));
    EXPECT(strstr(w.x.e.message, "must be allowed to read every contact") != NULL);
    EXPECT_INT(KITH_E_DENIED, write_as(&w, ROW_CREATE, segment, &id,
                                       PAIRS("name=b", "query=lead where score > 3"), NULL));
    EXPECT(strstr(w.x.e.message, "you may not read lead.score") != NULL);
    EXPECT_OK(write_as(&w, ROW_CREATE, segment, &id, PAIRS("name=c", "query=lead where name = 'x'"),
                       NULL),
              w.x.e);
    id = 0;
    EXPECT_INT(KITH_E_DENIED,
               write_as(&w, ROW_CREATE, segment, &id,
                        PAIRS("name=d", "query=lead", "kind=rented", "keep=score > 3"), NULL));
    EXPECT(strstr(w.x.e.message, "you may not read lead.score") != NULL);
    kith_id hidden = create(&w.x, segment, PAIRS("name=hidden", "query=lead where score > 3"));
    EXPECT_OK(write_as(&w, ROW_CREATE, segment, &id,
                       PAIRS("name=e", "query=lead where in_segment('hidden')"), NULL),
              w.x.e);
    id = 0;
    update(&w.x, w.role, w.role_id,
           PAIRS("rights={\"types\": {\"lead\": {\"read\": \"all\"}, \"segment\": {\"create\": "
                 "\"own\", \"read\": \"own\"}}}"));
    EXPECT_INT(KITH_E_NOTFOUND,
               write_as(&w, ROW_CREATE, segment, &id,
                        PAIRS("name=f", "query=lead where not in_segment('hidden')"), NULL));
    EXPECT_STR("query: at 27: there is no segment 'hidden'; 'kith find segment' lists them",
               w.x.e.message);
    EXPECT_STR("hidden", field(&w.x, segment, hidden, "name"));
    person_close(&w);
}

/* What somebody is told who asks for a segment by its name, in every way there is. */
static const char *told_of(struct person *w, const char *name, size_t way) {
    static const char *const actions[] = {"segment.refresh", "segment.use",    "segment.delete",
                                          "segment.add",     "segment.remove", "segment.add"};
    enum { ACTIONS = sizeof actions / sizeof *actions };
    struct fixture *x = &w->x;
    const struct schema *s = engine_schema(x->g);
    struct write_opts o = {.principal = &w->p, .origin = ORIGIN_ACTION};
    struct import *im;
    struct query *q;
    kith_id id = 0;
    const char *asks = arena_printf(&x->arena, "lead where in_segment('%s')", name);
    const char *condition = arena_printf(&x->arena, "keep=in_segment('%s')", name);
    const char *query = arena_printf(&x->arena, "query=%s", asks);
    kith_status st;
    if (way < ACTIONS) {
        bool inside = way == ACTIONS - 1;
        kith_value args[] = {value_str(str_of(inside ? "hers" : name)),
                             value_str(str_of(inside ? asks : "lead"))},
                   out[4];
        st = engine_call(x->g, NULL, &o, engine_action(x->g, str_of(actions[way])), args, &x->arena,
                         out, NULL, &x->e);
    } else if (way == ACTIONS) {
        st = write_as(w, ROW_CREATE, schema_type(s, STR("segment")), &id, PAIRS("name=n", query),
                      NULL);
    } else if (way == ACTIONS + 1) {
        st = write_as(w, ROW_CREATE, schema_type(s, STR("segment")), &id,
                      PAIRS("name=n", "query=lead", "kind=rented", "uses_max=1", condition), NULL);
    } else if (way == ACTIONS + 2) {
        st = write_as(w, ROW_CREATE, schema_type(s, STR("saved_query")), &id,
                      PAIRS("name=n", query), NULL);
    } else if (way == ACTIONS + 3) {
        st = query_parse_for(&q, s, &w->p, &x->arena, str_of(asks), &x->e);
    } else if (way == ACTIONS + 4) { /* that it is of another type is not told either */
        asks = arena_printf(&x->arena, "contact where in_segment('%s')", name);
        st = query_parse_for(&q, s, &w->p, &x->arena, str_of(asks), &x->e);
    } else if (way == ACTIONS + 5) {
        struct import_options io = {
            .type = x->lead, .principal = &w->p, .name = "x.csv", .list = name};
        st = import_open(&im, x->g, &io, &x->e);
    } else {
        return NULL;
    }
    EXPECT_INT(KITH_E_NOTFOUND, st);
    return arena_strdup(&x->arena, x->e.message);
}

static const char *inexact_to(struct person *w, const char *text) {
    struct query *q;
    const char *why;
    EXPECT_OK(query_parse(&q, engine_schema(w->x.g), &w->x.arena, str_of(text), &w->x.e), w->x.e);
    EXPECT_OK(engine_inexact(w->x.g, &w->p, q, &w->x.arena, &why, &w->x.e), w->x.e);
    return why ? why : "";
}

TEST("whoever may not read a segment is told what they are told of one that does not exist") {
    struct person w;
    person_open(&w,
                "{\"types\": {\"lead\": {\"read\": \"all\", \"create\": \"own\"}, \"contact\": "
                "{\"read\": \"all\"}, \"saved_query\": {\"create\": \"own\", \"read\": \"own\"}, "
                "\"segment\": "
                "{\"create\": \"own\", \"read\": \"own\", \"update\": \"own\"}}, \"actions\": "
                "[\"segment.*\"]}");
    const struct rtype *segment = schema_type(engine_schema(w.x.g), STR("segment"));
    kith_id hers = 0;
    create(&w.x, segment, PAIRS("name=hidden", "query=lead", "kind=rented", "uses_max=3"));
    EXPECT_OK(write_as(&w, ROW_CREATE, segment, &hers,
                       PAIRS("name=hers", "query=lead", "kind=list"), NULL),
              w.x.e);
    size_t way = 0;
    for (const char *told; (told = told_of(&w, "hidden", way)); way++) {
        char *absent = arena_strdup(&w.x.arena, told_of(&w, "absent", way));
        EXPECT_HAS("there is no segment 'absent'; 'kith find segment' lists them", absent);
        memcpy(strstr(absent, "absent"), "hidden", 6);
        EXPECT_STR(absent, told);
    }
    EXPECT_INT(12, way);
    run_sql(&w.x, "UPDATE segment SET settling = 1 WHERE name = 'hidden'");
    EXPECT_STR("", inexact_to(&w, "lead where in_segment('hidden')"));
    run_sql(&w.x, "UPDATE segment SET settling = 1 WHERE name = 'hers'");
    EXPECT_HAS("segment 'hers' is being worked out",
               inexact_to(&w, "lead where in_segment('hers')"));
    create(&w.x, segment, PAIRS("name=asks", "query=lead where in_segment('hers')"));
    EXPECT_INT(KITH_E_REFUSED, write_as(&w, ROW_UPDATE, segment, &hers, PAIRS("name=x"), NULL));
    EXPECT_STR("it cannot be renamed: a segment that you may not see asks for it by its name",
               w.x.e.message);
    person_close(&w);
}

static kith_status create_thousand(struct txn *t, void *arg, kith_error *e) {
    struct person *w = arg;
    struct assign set = {.value = value_str(STR("n"))};
    TRY(schema_find_field(engine_schema(w->x.g), w->x.lead, STR("name"), &set.field, e));
    for (int i = 0; i < 1000; i++)
        TRY(txn_create(t, w->x.lead, &set, 1, NULL, e));
    return KITH_OK;
}

TEST("a segment is deleted by its action only by whoever may delete it") {
    struct person w;
    person_open(&w, "{\"types\": {\"segment\": {\"read\": \"all\", \"delete\": \"own\"}}, "
                    "\"actions\": [\"segment.*\"]}");
    const struct rtype *segment = schema_type(engine_schema(w.x.g), STR("segment"));
    struct write_opts o = {.principal = &w.p, .origin = ORIGIN_CLI};
    const struct action *a = engine_action(w.x.g, STR("segment.delete"));
    const char *own = arena_printf(&w.x.arena, "owner=%s", id_text(&w.x, w.anna));
    kith_value name = value_str(STR("his")), left, out[2];
    kith_value add[] = {name, value_str(STR("lead"))};
    kith_id his = create(&w.x, segment, PAIRS("name=his", "query=lead", "kind=list"));
    EXPECT_OK(engine_write(w.x.g, &by_tester, create_thousand, &w, NULL, &w.x.e), w.x.e);
    EXPECT_OK(engine_call(w.x.g, NULL, &by_tester, engine_action(w.x.g, STR("segment.add")), add,
                          &w.x.arena, out, NULL, &w.x.e),
              w.x.e);
    create(&w.x, segment, PAIRS("name=hers", "query=contact", "kind=list", own));
    EXPECT_INT(KITH_E_DENIED,
               engine_call(w.x.g, NULL, &o, a, &name, &w.x.arena, &left, NULL, &w.x.e));
    settle(&w.x);
    EXPECT_STR("1000", field(&w.x, segment, his, "members"));
    name = value_str(STR("hers"));
    EXPECT_OK(engine_call(w.x.g, NULL, &o, a, &name, &w.x.arena, &left, NULL, &w.x.e), w.x.e);
    EXPECT_INT(1, count(&w.x, "segment : count()", NULL));
    person_close(&w);
}

TEST("a rented list takes nothing along that whoever filled it could not delete") {
    struct person w;
    kith_id list = 0, his, row = 0;
    person_open(&w, "{\"types\": {\"contact\": {\"read\": \"all\"}, \"segment\": {\"create\": "
                    "\"own\", \"read\": \"own\", \"update\": \"own\"}}}");
    const struct schema *s = engine_schema(w.x.g);
    const struct rtype *segment = schema_type(s, STR("segment")),
                       *member = schema_type(s, STR("list_member"));
    his = create(&w.x, w.x.contact, PAIRS("name=His"));
    clock_set(&w.x.clock, START_MS + 1000);
    EXPECT_OK(write_as(&w, ROW_CREATE, segment, &list,
                       PAIRS("name=L", "query=contact", "kind=rented", "keep=name = 'nobody'",
                             "valid_until=2023-12-01"),
                       NULL),
              w.x.e);
    const char *in = arena_printf(&w.x.arena, "segment=%s", id_text(&w.x, list));
    const char *what = arena_printf(&w.x.arena, "record=contact/%s", id_text(&w.x, his));
    EXPECT_INT(KITH_E_DENIED,
               write_as(&w, ROW_CREATE, member, &row, PAIRS(in, what, "brought=true"), NULL));
    EXPECT_HAS("may not delete this contact", w.x.e.message);
    EXPECT_OK(write_as(&w, ROW_CREATE, member, &row, PAIRS(in, what), NULL), w.x.e);
    EXPECT_INT(KITH_E_DENIED, write_as(&w, ROW_UPDATE, member, &row, PAIRS("brought=true"), NULL));
    clock_set(&w.x.clock, START_MS + INT64_C(60) * 86400000);
    settle(&w.x);
    EXPECT_STR("His", field(&w.x, w.x.contact, his, "name"));
    person_close(&w);
}
