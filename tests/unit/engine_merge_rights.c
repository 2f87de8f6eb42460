/* SPDX-License-Identifier: Apache-2.0 */
/* Merge: who may, and that nobody is told more by it than they may know. */
#include "engine_merge_fixture.h"
#include "engine_person_fixture.h"

#define SELLER(actions, del)                                                                       \
    "{\"types\": {\"contact\": {\"create\": \"own\", \"read\": \"own\", \"update\": \"own\", "     \
    "\"delete\": \"" del "\"}, \"lead\": {\"read\": \"own\"}}, \"actions\": [" actions "]}"

/* fields: JSON, or "". */
static kith_status merge_of(struct person *p, const char *type, kith_id keep, kith_id other,
                            const char *fields, struct merge_report *r) {
    struct merge m;
    kith_id tx;
    p->x.e.message[0] = '\0';
    TRY(merge_read(engine_schema(p->x.g), str_of(type), str_of(id_text(&p->x, keep)),
                   str_of(id_text(&p->x, other)), str_of(fields), &p->x.arena, &m, &p->x.e));
    return engine_merge(p->x.g, &p->p, &m, &p->x.arena, r, &tx, &p->x.e);
}

static kith_status merge_by(struct person *p, kith_id keep, kith_id other, struct merge_report *r) {
    return merge_of(p, "contact", keep, other, "", r);
}

TEST("who merges may change the kept record, delete the others, and call it") {
    static const char *const roles[] = {SELLER("", "own"), SELLER("\"record.merge\"", "none"),
                                        SELLER("\"record.merge\"", "own")};
    for (int i = 0; i < 3; i++) {
        struct person p;
        struct merge_report r;
        kith_id a = 0, b = 0;
        person_open(&p, roles[i]);
        EXPECT_OK(write_as(&p, ROW_CREATE, p.x.contact, &a, PAIRS("name=A"), NULL), p.x.e);
        EXPECT_OK(write_as(&p, ROW_CREATE, p.x.contact, &b, PAIRS("name=B"), NULL), p.x.e);
        EXPECT_INT(i < 2 ? KITH_E_DENIED : KITH_OK, merge_by(&p, a, b, &r));
        person_close(&p);
    }
}

TEST("whoever may not write a field does not choose whose value it takes") {
    struct person p;
    struct merge_report r;
    kith_id a = 0, b = 0;
    person_open(&p, "{\"types\": {\"contact\": {\"create\": \"own\", \"read\": \"own\", "
                    "\"update\": \"own\", \"delete\": \"own\", \"fields\": {\"city\": "
                    "\"read\"}}}, \"actions\": [\"record.merge\"]}");
    EXPECT_OK(write_as(&p, ROW_CREATE, p.x.contact, &a, PAIRS("name=A"), NULL), p.x.e);
    EXPECT_OK(write_as(&p, ROW_CREATE, p.x.contact, &b, PAIRS("name=B"), NULL), p.x.e);
    update(&p.x, p.x.contact, a, PAIRS("city=Graz"));
    update(&p.x, p.x.contact, b, PAIRS("city=Linz"));
    const char *from_b = id_text(&p.x, b);
    EXPECT_INT(KITH_E_DENIED, merge_of(&p, "contact", a, b,
                                       arena_printf(&p.x.arena, "{\"city\":\"%s\"}", from_b), &r));
    EXPECT_STR("Graz", field(&p.x, p.x.contact, a, "city"));
    EXPECT_OK(
        merge_of(&p, "contact", a, b, arena_printf(&p.x.arena, "{\"name\":\"%s\"}", from_b), &r),
        p.x.e);
    EXPECT_STR("B", field(&p.x, p.x.contact, a, "name"));
    EXPECT_STR("Graz", field(&p.x, p.x.contact, a, "city"));
    person_close(&p);
}

TEST("records that say who may do what are merged by administrators alone") {
    struct person p;
    struct merge_report r;
    person_open(&p, "{\"types\": {\"*\": {\"create\": \"all\", \"read\": \"all\", "
                    "\"update\": \"all\", \"delete\": \"all\"}}, \"actions\": [\"*\"]}");
    const struct rtype *team = type_named(&p.x, "team");
    kith_id a = create(&p.x, team, PAIRS("name=A")), b = create(&p.x, team, PAIRS("name=B"));
    EXPECT_INT(KITH_E_DENIED, merge_of(&p, "team", a, b, "", &r));
    EXPECT_HAS("which say who may do what; an administrator may", p.x.e.message);
    person_close(&p);
}

TEST("of what the caller may not see nothing is told, and it is moved all the same") {
    struct person p;
    struct merge_report r;
    kith_id a = 0, b = 0;
    person_open(&p, SELLER("\"record.merge\"", "own"));
    EXPECT_OK(write_as(&p, ROW_CREATE, p.x.contact, &a, PAIRS("name=A"), NULL), p.x.e);
    EXPECT_OK(write_as(&p, ROW_CREATE, p.x.contact, &b, PAIRS("name=B"), NULL), p.x.e);
    kith_id hidden = create(&p.x, p.x.contact, PAIRS("name=Hidden"));
    kith_id l = create(&p.x, p.x.lead,
                       PAIRS("name=L", arena_printf(&p.x.arena, "contact=%s", id_text(&p.x, b))));
    EXPECT_INT(KITH_E_NOTFOUND, merge_by(&p, a, hidden, &r));
    EXPECT_INT(KITH_E_NOTFOUND, merge_by(&p, hidden, a, &r));
    EXPECT_OK(merge_by(&p, a, b, &r), p.x.e);
    EXPECT_INT(0, r.moved);
    EXPECT_INT(0, r.link_count);
    EXPECT_STR(id_text(&p.x, a), field(&p.x, p.x.lead, l, "contact"));
    expect_sound(&p.x);
    person_close(&p);
}

TEST("an old id tells nothing to whoever may not read the kept record") {
    struct person p;
    struct world w = {0};
    kith_value *values;
    person_open(&p, SELLER("\"record.merge\"", "own"));
    kith_id a = create(&p.x, p.x.contact, PAIRS("name=A"));
    kith_id b = create(&p.x, p.x.contact, PAIRS("name=B")), id = b;
    w.x = p.x;
    merge(&w, p.x.contact, a, b);
    p.x = w.x;
    EXPECT_INT(KITH_E_NOTFOUND,
               engine_read(p.x.g, &p.p, p.x.contact, &id, &p.x.arena, &values, &p.x.e));
    EXPECT(id == b);
    EXPECT_INT(KITH_E_NOTFOUND, write_as(&p, ROW_UPDATE, p.x.contact, &b, PAIRS("city=X"), NULL));
    EXPECT_INT(KITH_E_NOTFOUND, write_as(&p, ROW_DELETE, p.x.contact, &b, NULL, NULL));
    EXPECT(strstr(p.x.e.message, "merged") == NULL);
    person_close(&p);
}
