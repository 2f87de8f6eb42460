/* SPDX-License-Identifier: Apache-2.0 */
/* Restriction: data that are kept, and used for nothing. */
#include "engine/retention.h"
#include "engine_import_fixture.h"
#include "engine_person_fixture.h"
#include "engine_segment_fixture.h"

static const char *eq(struct fixture *x, const char *name, kith_id id) {
    return arena_printf(&x->arena, "%s=%s", name, id_text(x, id));
}

static kith_status call_as(struct fixture *x, const struct principal *p, const char *name,
                           kith_id contact, const char *reason, kith_id *tx) {
    struct write_opts o = {.principal = p, .origin = ORIGIN_CLI};
    kith_value args[2] = {value_link(contact, x->contact->id), value_str(str_of(reason))}, out[1];
    return engine_call(x->g, NULL, &o, engine_action(x->g, str_of(name)), args, &x->arena, out, tx,
                       &x->e);
}

static kith_id restrict_(struct fixture *x, kith_id contact) {
    kith_id tx;
    EXPECT_OK(call_as(x, &tester, "restriction.set", contact, "disputed", &tx), x->e);
    return tx;
}

static kith_status tried(struct fixture *x, uint32_t kind, const struct rtype *type, kith_id id,
                         const char *const *pairs) {
    return try_job(x, kind, type, &id, pairs, NULL);
}

struct world {
    struct fixture x;
    kith_id anna, ben, mail, purpose;
};

static kith_status merge(struct fixture *x, kith_id keep, kith_id other) {
    const struct action *a = engine_action(x->g, STR("record.merge"));
    kith_value args[8] = {value_str(STR("contact")), value_str(str_of(id_text(x, keep))),
                          value_str(str_of(id_text(x, other)))},
               out[8];
    EXPECT(a != NULL && a->param_count <= 8);
    return engine_call(x->g, NULL, &by_tester, a, args, &x->arena, out, NULL, &x->e);
}

static void begin(struct world *w) {
    fixture_open(&w->x);
    fixture_start(&w->x);
    w->anna = create(&w->x, w->x.contact, PAIRS("name=Anna", "email=a@x.org", "city=Bonn"));
    count(&w->x, "contact_point", &w->mail);
    w->ben = create(&w->x, w->x.contact, PAIRS("name=Ben", "city=Bonn"));
    w->purpose = create(&w->x, type_named(&w->x, "purpose"), PAIRS("name=news"));
    create(&w->x, type_named(&w->x, "consent"),
           PAIRS(eq(&w->x, "contact", w->anna), eq(&w->x, "purpose", w->purpose)));
}

TEST("no query finds restricted data unless it asks for them, and segments let them go at once") {
    struct world w;
    begin(&w);
    kith_id bonn = make_segment(&w.x, "bonn", "contact where city = 'Bonn'");
    kith_id news = make_segment(&w.x, "news", "contact where consent('news') or city = 'Bonn'");
    kith_id all = make_segment(&w.x, "all", "contact");
    create(&w.x, w.x.lead, PAIRS("name=a lead", eq(&w.x, "contact", w.anna)));
    EXPECT_INT(2, members_of(&w.x, bonn));
    EXPECT_INT(1, count(&w.x, "contact_point where consent('news')", NULL));
    restrict_(&w.x, w.anna);
    EXPECT_STR("disputed", field(&w.x, w.x.contact, w.anna, "restricted_note"));
    EXPECT_STR("Ben", found(&w.x, "contact"));
    EXPECT_STR("Ben", found(&w.x, "contact where city = 'Bonn' or name = 'Anna'"));
    EXPECT_STR("Ben", found(&w.x, "contact where consent('news') or city = 'Bonn'"));
    EXPECT_STR("", found(&w.x, "lead where exists(contact.owner of owner)"));
    EXPECT_STR("Anna", found(&w.x, "contact where restricted is not null"));
    EXPECT_STR("Anna Ben", found(&w.x, "contact where restricted is null or city = 'Bonn'"));
    EXPECT_INT(0, count(&w.x, "contact_point where consent('news')", NULL));
    EXPECT_INT(1, members_of(&w.x, bonn));
    EXPECT_INT(1, members_of(&w.x, news));
    EXPECT_INT(1, members_of(&w.x, all));
    EXPECT_OK(call_as(&w.x, &tester, "restriction.lift", w.anna, "settled", NULL), w.x.e);
    EXPECT_INT(2, members_of(&w.x, bonn));
    EXPECT_STR("Anna Ben", found(&w.x, "contact"));
    EXPECT_INT(KITH_E_REFUSED, call_as(&w.x, &tester, "restriction.lift", w.anna, "again", NULL));
    EXPECT_INT(KITH_E_INVAL, call_as(&w.x, &tester, "restriction.set", w.anna, "", NULL));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("restricted data stay as they are, but a consent can be withdrawn") {
    struct world w;
    struct undo_report r;
    begin(&w);
    kith_id account = create(&w.x, type_named(&w.x, "account"), PAIRS("name=Acme"));
    kith_id before = update(&w.x, w.x.contact, w.anna, PAIRS(eq(&w.x, "account", account)));
    const char *anna = eq(&w.x, "contact", w.anna);
    kith_id tx = restrict_(&w.x, w.anna), word;
    EXPECT_INT(KITH_E_REFUSED, tried(&w.x, ROW_UPDATE, w.x.contact, w.anna, PAIRS("city=Rome")));
    EXPECT(strstr(w.x.e.message, "restriction.lift contact=") != NULL);
    EXPECT_INT(KITH_E_DENIED, tried(&w.x, ROW_UPDATE, w.x.contact, w.anna, PAIRS("restricted=")));
    EXPECT_INT(KITH_E_REFUSED, tried(&w.x, ROW_DELETE, w.x.contact, w.anna, NULL));
    EXPECT_INT(KITH_E_REFUSED, tried(&w.x, ROW_DELETE, w.x.point, w.mail, NULL));
    EXPECT_INT(KITH_E_REFUSED, tried(&w.x, ROW_UPDATE, w.x.point, w.mail, PAIRS("label=home")));
    EXPECT_INT(KITH_E_REFUSED,
               tried(&w.x, ROW_CREATE, w.x.point, 0, PAIRS(anna, "kind=email", "value=b@x.org")));
    EXPECT_INT(KITH_E_REFUSED,
               tried(&w.x, ROW_CREATE, type_named(&w.x, "file"), 0,
                     PAIRS(arena_printf(&w.x.arena, "about=contact/%s", id_text(&w.x, w.anna)),
                           "name=a")));
    EXPECT_INT(KITH_E_REFUSED, call_as(&w.x, &tester, "restriction.set", w.anna, "again", NULL));
    kith_id other =
        create(&w.x, w.x.point, PAIRS(eq(&w.x, "contact", w.ben), "kind=email", "value=b@x.org"));
    EXPECT_INT(KITH_E_REFUSED, tried(&w.x, ROW_UPDATE, w.x.point, other, PAIRS(anna)));
    EXPECT_INT(KITH_E_REFUSED, merge(&w.x, w.anna, w.ben));
    EXPECT_INT(KITH_E_REFUSED, merge(&w.x, w.ben, w.anna));
    EXPECT_INT(1, count(&w.x, "consent", &word));
    update(&w.x, type_named(&w.x, "consent"), word, PAIRS("state=withdrawn"));
    EXPECT_OK(engine_undo(w.x.g, &tester, before, false, &w.x.arena, &r, &w.x.e), w.x.e);
    EXPECT_INT(1, r.refused);
    EXPECT_OK(engine_undo(w.x.g, &tester, tx, false, &w.x.arena, &r, &w.x.e), w.x.e);
    EXPECT_INT(1, r.refused);
    EXPECT(field(&w.x, w.x.contact, w.anna, "restricted")[0] != '\0');
    delete_(&w.x, type_named(&w.x, "account"), account);
    EXPECT_STR("", field(&w.x, w.x.contact, w.anna, "account"));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

#define DAY INT64_C(86400000)

static const char *about(struct world *w, kith_id contact) {
    return arena_printf(&w->x.arena, "about=contact/%s", id_text(&w->x, contact));
}

/* Each tells about Anna. */
static void tell(struct world *w, kith_id *note, kith_id *task, kith_id *talk) {
    struct fixture *x = &w->x;
    *note = create(x, type_named(x, "note"), PAIRS("body=said so", about(w, w->anna)));
    *task = create(x, x->task, PAIRS("title=Call", about(w, w->anna)));
    *talk = create(x, type_named(x, "interaction"),
                   PAIRS(eq(x, "contact", w->anna), "subject=Call", "channel=call"));
}

TEST("what told about a person when the data were restricted stays as it was, and what is written "
     "since is worked on") {
    struct world w;
    struct fixture *x = &w.x;
    struct undo_report r;
    kith_id old[3], new[3];
    begin(&w);
    const struct rtype *types[] = {type_named(x, "note"), x->task, type_named(x, "interaction")};
    const char *const changes[] = {"body=else", "state=done", "subject=else"};
    tell(&w, &old[0], &old[1], &old[2]);
    kith_id account = create(x, type_named(x, "account"), PAIRS("name=Acme"));
    kith_id tx = update(x, types[2], old[2], PAIRS(eq(x, "account", account)));
    kith_id sound =
        create(x, type_named(x, "file"),
               PAIRS(arena_printf(&x->arena, "about=interaction/%s", id_text(x, old[2])),
                     "name=recording"));
    clock_set(&x->clock, clock_now(&x->clock) + 1000);
    restrict_(x, w.anna);
    clock_set(&x->clock, clock_now(&x->clock) + 1000);
    tell(&w, &new[0], &new[1], &new[2]);
    for (int i = 0; i < 3; i++) {
        EXPECT_INT(KITH_E_REFUSED, tried(x, ROW_UPDATE, types[i], old[i], PAIRS(changes[i])));
        EXPECT_HAS("the data of contact", x->e.message);
        EXPECT_INT(KITH_E_REFUSED, tried(x, ROW_DELETE, types[i], old[i], NULL));
        update(x, types[i], new[i], PAIRS(changes[i]));
    }
    EXPECT_INT(KITH_E_REFUSED, tried(x, ROW_DELETE, type_named(x, "file"), sound, NULL));
    kith_id word;
    EXPECT_INT(1, count(x, "consent", &word));
    EXPECT_INT(KITH_E_REFUSED, tried(x, ROW_DELETE, type_named(x, "consent"), word, NULL));
    EXPECT_OK(engine_undo(x->g, &tester, tx, false, &x->arena, &r, &x->e), x->e);
    EXPECT_INT(1, r.refused);
    delete_(x, type_named(x, "account"), account);
    EXPECT_STR("", field(x, types[2], old[2], "account"));
    delete_(x, types[0], new[0]);
    EXPECT_OK(call_as(x, &tester, "restriction.lift", w.anna, "settled", NULL), x->e);
    for (int i = 0; i < 3; i++)
        update(x, types[i], old[i], PAIRS(changes[i]));
    expect_sound(x);
    fixture_close(x);
}

TEST("a rule of retention takes nothing that is part of somebody restricted or tells about them") {
    static const char *const finds[] = {"note", "task", "interaction", "contact_point", "consent"};
    struct world w;
    struct fixture *x = &w.x;
    kith_id told[3];
    begin(&w);
    tell(&w, &told[0], &told[1], &told[2]);
    clock_set(&x->clock, clock_now(&x->clock) + 1000);
    restrict_(x, w.anna);
    clock_set(&x->clock, clock_now(&x->clock) + 1000);
    tell(&w, &told[0], &told[1], &told[2]);
    engine_close(x->g);
    fixture_reopen(x);
    for (size_t i = 0; i < 5; i++)
        EXPECT_OK(engine_add_retention(x->g, finds[i], finds[i], "", &x->e), x->e);
    fixture_start(x);
    clock_set(&x->clock, clock_now(&x->clock) + 2 * DAY); /* a night has passed */
    settle(x);
    for (size_t i = 0; i < 5; i++) {
        struct retention_report r;
        const struct retention_rule *rule = engine_retention_rule(x->g, i);
        int64_t n = i < 3 ? 2 : 1;
        EXPECT_INT(n, count(x, finds[i], NULL));
        EXPECT_OK(engine_retention_apply(x->g, &tester, rule, &x->arena, &r, &x->e), x->e);
        EXPECT_INT(n, r.stay);
        EXPECT_INT(n, count(x, finds[i], NULL));
    }
    expect_sound(x);
    fixture_close(x);
}

TEST("what is part of itself in the end is part of nobody, and is written like all else") {
    struct world w;
    struct fixture *x = &w.x;
    begin(&w);
    const struct rtype *t = type_named(x, "life_event");
    const char *const day[] = {"kind=other", "date=2024-01-01"};
    kith_id a = create(
        x, t,
        PAIRS(day[0], day[1], arena_printf(&x->arena, "about=contact/%s", id_text(x, w.anna))));
    kith_id b = create(
        x, t, PAIRS(day[0], day[1], arena_printf(&x->arena, "about=life_event/%s", id_text(x, a))));
    kith_id c = create(
        x, t, PAIRS(day[0], day[1], arena_printf(&x->arena, "about=life_event/%s", id_text(x, b))));
    kith_id tx =
        update(x, t, a, PAIRS(arena_printf(&x->arena, "about=life_event/%s", id_text(x, c))));
    update(x, t, b, PAIRS("body=round"));
    restrict_(x, w.anna);
    update(x, t, c, PAIRS("body=and round"));
    struct undo_report r;
    EXPECT_OK(engine_undo(x->g, &tester, tx, false, &x->arena, &r, &x->e), x->e);
    EXPECT_STR(arena_printf(&x->arena, "life_event/%s", id_text(x, c)), field(x, t, a, "about"));
    EXPECT_OK(call_as(x, &tester, "restriction.lift", w.anna, "settled", NULL), x->e);
    EXPECT_OK(engine_undo(x->g, &tester, tx, false, &x->arena, &r, &x->e), x->e);
    restrict_(x, w.anna);
    EXPECT_INT(KITH_E_REFUSED, tried(x, ROW_UPDATE, t, c, PAIRS("body=of Anna's")));
    expect_sound(x);
    fixture_close(x);
}

static int64_t found_by(struct person *w, const char *text) {
    struct query *q;
    struct find_page page = {.limit = 1000};
    EXPECT_OK(query_parse_for(&q, engine_schema(w->x.g), &w->p, &w->x.arena, str_of(text), &w->x.e),
              w->x.e);
    EXPECT_OK(engine_find(w->x.g, &w->p, q, NULL, &page, &w->x.arena, no_row, NULL, &w->x.e),
              w->x.e);
    return page.count;
}

static kith_status read_by(struct person *w, const struct rtype *t, kith_id id) {
    kith_value *values;
    return engine_get(w->x.g, &w->p, t, id, &w->x.arena, &values, &w->x.e);
}

TEST("for whoever is no administrator restricted data are not there, nor what tells about them") {
    struct person w;
    kith_id point, note;
    person_open(&w, "{\"types\": {\"*\": {\"read\": \"all\", \"update\": \"all\"}},"
                    " \"actions\": [\"restriction.*\"]}");
    const struct rtype *notes = type_named(&w.x, "note");
    kith_id anna = create(&w.x, w.x.contact, PAIRS("name=Anna", "email=a@x.org"));
    count(&w.x, "contact_point", &point);
    note = create(&w.x, notes,
                  PAIRS(arena_printf(&w.x.arena, "about=contact/%s", id_text(&w.x, anna)),
                        "body=she disputes it"));
    kith_id lead = create(&w.x, w.x.lead, PAIRS("name=lead", eq(&w.x, "contact", anna)));
    const struct rtype *members = type_named(&w.x, "list_member");
    kith_id list = create(&w.x, type_named(&w.x, "segment"),
                          PAIRS("name=guests", "query=contact", "kind=list"));
    kith_id guest =
        create(&w.x, members,
               PAIRS(eq(&w.x, "segment", list),
                     arena_printf(&w.x.arena, "record=contact/%s", id_text(&w.x, anna))));
    EXPECT_INT(1, found_by(&w, "note"));
    EXPECT_INT(1, found_by(&w, "list_member"));
    EXPECT_OK(call_as(&w.x, &w.p, "restriction.set", anna, "disputed", NULL), w.x.e);
    EXPECT_INT(0, found_by(&w, "list_member"));
    EXPECT_INT(KITH_E_NOTFOUND, read_by(&w, members, guest));
    EXPECT_INT(KITH_E_NOTFOUND, read_by(&w, w.x.contact, anna));
    EXPECT_INT(KITH_E_NOTFOUND, read_by(&w, w.x.point, point));
    EXPECT_INT(KITH_E_NOTFOUND, read_by(&w, notes, note));
    EXPECT_OK(read_by(&w, w.x.lead, lead), w.x.e); /* it does not say that it is hers */
    EXPECT_INT(0, found_by(&w, "contact where restricted is not null"));
    EXPECT_INT(0, found_by(&w, "contact_point"));
    EXPECT_INT(0, found_by(&w, "note"));
    EXPECT_INT(1, found_by(&w, "lead where contact.name is null"));
    EXPECT_INT(KITH_E_NOTFOUND, call_as(&w.x, &w.p, "restriction.lift", anna, "I want to", NULL));
    EXPECT_OK(call_as(&w.x, &tester, "restriction.lift", anna, "settled", NULL), w.x.e);
    EXPECT_INT(1, found_by(&w, "note"));
    EXPECT_OK(read_by(&w, w.x.contact, anna), w.x.e);
    person_close(&w);
}

/* -- the same person once more ----------------------------------------------------------------- */

TEST("no import makes a second contact of the address of one whose data are restricted") {
    struct world w;
    begin(&w);
    restrict_(&w.x, w.anna);
    struct load l = load_of(w.x.contact, NULL);
    EXPECT_OK(load_text(&w.x, &l, "name,email\nAnna,A@X.org\nCleo,c@x.org\n"), w.x.e);
    EXPECT_COUNTS(&l, 1, 0, 0, 0, 1);
    EXPECT(strstr(l.reasons, id_text(&w.x, w.anna)) != NULL);
    EXPECT(strstr(l.reasons, "its data are restricted; leave the row out") != NULL);
    EXPECT_INT(0, count(&w.x, "contact where email = 'a@x.org'", NULL));
    create(&w.x, w.x.contact, PAIRS("name=Another", "email=a@x.org")); /* who sees her decides */
    EXPECT_OK(call_as(&w.x, &tester, "restriction.lift", w.anna, "settled", NULL), w.x.e);
    EXPECT_OK(load_text(&w.x, &l, "name,email\nTwin,a@x.org\n"), w.x.e);
    EXPECT_COUNTS(&l, 1, 0, 0, 0, 0);
    buf_free(&l.rejects);
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("whoever may not see restricted data makes no second contact of the address, and learns of "
     "nobody") {
    struct person p;
    kith_id id = 0;
    person_open(&p, "{\"types\": {\"contact\": {\"create\": \"all\", \"read\":"
                    " \"all\", \"update\": \"all\"}}}");
    kith_id anna = create(&p.x, p.x.contact, PAIRS("name=Anna", "email=a@x.org", "phone=+43 1"));
    create(&p.x, p.x.point, PAIRS(eq(&p.x, "contact", anna), "kind=postal", "value=Main Street 1"));
    restrict_(&p.x, anna);
    struct load l = load_of(p.x.contact, "email");
    l.o.principal = &p.p;
    EXPECT_OK(load_text(&p.x, &l, "name,email\nAnna,A@x.org\nDora,d@x.org\n"), p.x.e);
    EXPECT_COUNTS(&l, 1, 0, 0, 0, 1);
    EXPECT(strstr(l.reasons, "this address may not be used at present; ask an administrator") !=
           NULL);
    EXPECT(strstr(l.reasons, id_text(&p.x, anna)) == NULL);
    EXPECT_INT(KITH_E_REFUSED,
               write_as(&p, ROW_CREATE, p.x.contact, &id, PAIRS("name=x", "phone=+43-1"), NULL));
    EXPECT_INT(1, count(&p.x, "contact where name = 'Dora'", &id));
    EXPECT_INT(KITH_E_REFUSED,
               write_as(&p, ROW_UPDATE, p.x.contact, &id, PAIRS("email=a@X.org"), NULL));
    kith_id house = 0;
    EXPECT_OK(write_as(&p, ROW_CREATE, p.x.point, &house,
                       PAIRS(eq(&p.x, "contact", id), "kind=postal", "value=Main Street 1"), NULL),
              p.x.e);
    buf_free(&l.rejects);
    expect_sound(&p.x);
    person_close(&p);
}
