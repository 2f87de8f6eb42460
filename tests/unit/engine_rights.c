/* SPDX-License-Identifier: Apache-2.0 */
/* Rights: their form, and what must not leak by an answer, an error, or what somebody writes. */
#include "engine_person_fixture.h"

/* -- the form of rights ------------------------------------------------------------------------ */

static const char *refused(struct fixture *x, const char *rights) {
    kith_id id = 0;
    const char *text = arena_printf(&x->arena, "rights=%s", rights);
    const struct rtype *role = schema_type(engine_schema(x->g), STR("role"));
    kith_status st = try_job(x, ROW_CREATE, role, &id,
                             PAIRS(arena_printf(&x->arena, "name=%s", rights), text), NULL);
    return st == KITH_OK ? "taken" : x->e.message;
}

TEST("a role names only what there is, and the refusal says where and what is meant") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    static const char *const cases[][2] = {
        {"{\"types\": {\"contct\": {\"read\": \"all\"}}}",
         "rights.types: there is no type 'contct'; did you mean 'contact'?"},
        {"{\"types\": {\"contact\": {\"raed\": \"all\"}}}",
         "rights.types.contact: there is no 'raed' here; did you mean 'read'?"},
        {"{\"types\": {\"contact\": {\"read\": \"teem\"}}}",
         "rights.types.contact.read: it is none, own, team, territory or all, not 'teem'; did you "
         "mean 'team'?"},
        {"{\"types\": {\"contact\": {\"read\": true}}}",
         "rights.types.contact.read: it is one of the texts none, own, team, territory or all"},
        {"{\"types\": {\"contact\": {\"fields\": {\"brithday\": \"none\"}}}}",
         "rights.types.contact.fields: no field 'brithday' in contact; did you mean 'birthday'?"},
        {"{\"types\": {\"contact\": {\"fields\": {\"birthday\": \"hide\"}}}}",
         "rights.types.contact.fields.birthday: it is none, read or write, not 'hide'"},
        {"{\"types\": {\"*\": {\"fields\": {\"owner\": \"none\"}}}}",
         "rights.types.*.fields: fields belong to one type: state them there"},
        {"{\"types\": {\"contact_point\": {\"read\": \"all\"}}}",
         "rights.types.contact_point.read: a contact_point follows the contact that it is part of "
         "(contact): state fields only"},
        {"{\"types\": {\"role\": {\"update\": \"all\"}}}",
         "rights.types.role.update: only administrators update records of type role; a role may "
         "state \"read\""},
        {"{\"actions\": [\"sales.rescore\"]}",
         "rights.actions: there is no action 'sales.rescore'; 'kith run' lists them"},
        {"{\"admin\": \"yes\"}", "rights.admin: it is true or false"},
        {"{\"tipes\": {}}", "rights: there is no 'tipes' here; did you mean 'types'?"},
        {"[]", "rights: they are an object: {\"types\": {...}}"},
        {"{\"types\": {\"*\": {\"read\": \"all\"}, \"contact_point\": {\"fields\": {\"value\": "
         "\"read\", \"*\": \"none\"}}}, \"actions\": [\"*\"], \"admin\": false}",
         "taken"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        EXPECT_STR(cases[i][1], refused(&x, cases[i][0]));
    fixture_close(&x);
}

TEST(
    "any text in the place of rights is taken or refused with a sentence, and gives nothing more") {
    static const char good[] =
        "{\"admin\": false, \"types\": {\"*\": {\"read\": \"team\"}, \"contact\": {\"read\": "
        "\"own\", \"fields\": {\"city\": \"none\", \"*\": \"read\"}}}, \"actions\": [\"a.*\"]}";
    static const char signs[] = "{}[]\":,*abn0 \\\x01\xff";
    struct fixture x;
    uint32_t seed = 1;
    fixture_open(&x);
    for (int round = 0; round < 20000; round++) {
        char text[sizeof good];
        struct rights r;
        struct arena a = {0};
        memcpy(text, good, sizeof good);
        for (int i = 0; i <= round % 4; i++) {
            seed = seed * 1664525u + 1013904223u;
            text[(seed >> 8) % (sizeof good - 1)] = signs[(seed >> 20) % (sizeof signs - 1)];
        }
        kith_str json = {text, sizeof good - 1 - (uint64_t)(round % 3) * ((seed >> 24) % 60)};
        x.e.message[0] = '\0';
        kith_status st = role_check(engine_schema(x.g), NULL, json, &x.e);
        EXPECT(st == KITH_OK || (x.e.message[0] && !strchr(x.e.message, '\n')));
        EXPECT_OK(rights_begin(&r, engine_schema(x.g), &a, &x.e), x.e);
        EXPECT_OK(rights_add(&r, json, &a, &x.e), x.e);
        rights_end(&r);
        EXPECT(!r.admin);
        EXPECT(r.types[x.contact->id].reach[RIGHT_UPDATE] == 0);
        arena_free(&a);
    }
    fixture_close(&x);
}

/* -- what must not leak ------------------------------------------------------------------------ */

#define OWN_LEADS                                                                                  \
    "{\"types\": {\"lead\": {\"create\": \"own\", \"read\": \"own\", \"update\": \"own\", "        \
    "\"delete\": \"own\"}}}"

TEST("what somebody creates is theirs") {
    struct person w;
    kith_id id = 0;
    person_open(&w, OWN_LEADS);
    EXPECT_OK(write_as(&w, ROW_CREATE, w.x.lead, &id, PAIRS("name=Mine"), NULL), w.x.e);
    EXPECT_STR(id_text(&w.x, w.anna), field(&w.x, w.x.lead, id, "owner"));
    id = 0;
    EXPECT_INT(
        KITH_E_NOTFOUND,
        write_as(&w, ROW_CREATE, w.x.lead, &id,
                 PAIRS("name=His", arena_printf(&w.x.arena, "owner=%s", id_text(&w.x, w.ben))),
                 NULL)); /* she may not read users, so she cannot name him */
    person_close(&w);
}

TEST("a value that is taken names its record only to whoever may read it") {
    struct person w;
    kith_id id = 0, own = 0, his;
    person_open(&w, OWN_LEADS);
    his = create(&w.x, w.x.lead, PAIRS("name=His", "code=A1"));
    EXPECT_INT(KITH_E_CONFLICT,
               write_as(&w, ROW_CREATE, w.x.lead, &id, PAIRS("name=X", "code=A1"), NULL));
    EXPECT_STR("code: this value is taken already", w.x.e.message);
    EXPECT_OK(write_as(&w, ROW_CREATE, w.x.lead, &own, PAIRS("name=X", "code=B2"), NULL), w.x.e);
    id = 0;
    EXPECT_INT(KITH_E_CONFLICT,
               write_as(&w, ROW_CREATE, w.x.lead, &id, PAIRS("name=Y", "code=B2"), NULL));
    EXPECT(strstr(w.x.e.message, id_text(&w.x, own)) != NULL);
    EXPECT_INT(KITH_E_NOTFOUND, write_as(&w, ROW_UPDATE, w.x.lead, &his, PAIRS("name=Z"), NULL));
    EXPECT_STR(arena_printf(&w.x.arena, "there is no lead %s", id_text(&w.x, his)), w.x.e.message);
    person_close(&w);
}

TEST("hooks and what follows from a write are not held to the caller's rights") {
    struct person w;
    kith_id id = 0;
    person_open(&w, "{\"types\": {\"contact\": {\"create\": \"own\", \"read\": \"own\", "
                    "\"update\": \"own\", \"delete\": \"own\", \"fields\": {\"first_name\": "
                    "\"read\", \"last_name\": \"none\"}}}}");
    EXPECT_OK(write_as(&w, ROW_CREATE, w.x.contact, &id,
                       PAIRS("name=Ada Lovelace", "email=ada@example.org"), NULL),
              w.x.e);
    EXPECT_STR("Lovelace", field(&w.x, w.x.contact, id, "last_name"));
    EXPECT_INT(1, count(&w.x, "contact_point where value = 'ada@example.org'", NULL));
    kith_id lead = create(
        &w.x, w.x.lead, PAIRS("name=L", arena_printf(&w.x.arena, "contact=%s", id_text(&w.x, id))));
    EXPECT_OK(write_as(&w, ROW_DELETE, w.x.contact, &id, NULL, NULL), w.x.e);
    EXPECT_STR("", field(&w.x, w.x.lead, lead, "contact"));
    EXPECT_INT(0, count(&w.x, "contact_point", NULL));
    expect_sound(&w.x);
    person_close(&w);
}

static kith_status put_elsewhere(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct rfield *whole = type_whole(c->type);
    return change_set(t, c, whole, value_link(*(const kith_id *)self, whole->target->id), e);
}

TEST("a part that a hook puts elsewhere is judged by where it is in the end") {
    struct person w;
    kith_id at = 0, own = 0, id = 0;
    person_begin(&w);
    struct hook h = {.type = w.x.point,
                     .on = ON_CREATE | ON_UPDATE,
                     .fn = put_elsewhere,
                     .self = &at,
                     .source = {SOURCE_MODULE, "test", "", 0}};
    EXPECT_OK(engine_add_hook(w.x.g, &h, &w.x.e), w.x.e);
    person_start(&w, "{\"types\": {\"contact\": {\"create\": \"own\", \"read\": \"all\", "
                     "\"update\": \"own\"}}}");
    kith_id his = at = create(&w.x, w.x.contact, PAIRS("name=Ben"));
    EXPECT_OK(write_as(&w, ROW_CREATE, w.x.contact, &own, PAIRS("name=Ada"), NULL), w.x.e);
    const char *const *pairs = PAIRS(arena_printf(&w.x.arena, "contact=%s", id_text(&w.x, own)),
                                     "kind=email", "value=a@b.org");
    EXPECT_INT(KITH_E_DENIED, write_as(&w, ROW_CREATE, w.x.point, &id, pairs, NULL));
    EXPECT_STR("user:anna may not create this contact_point: that takes the right to update the "
               "contact that it is part of",
               w.x.e.message);
    EXPECT_INT(0, count(&w.x, "contact_point", NULL));
    at = own;
    EXPECT_OK(write_as(&w, ROW_CREATE, w.x.point, &id, pairs, NULL), w.x.e);
    at = his;
    EXPECT_INT(KITH_E_DENIED, write_as(&w, ROW_UPDATE, w.x.point, &id, PAIRS("label=home"), NULL));
    EXPECT_STR(id_text(&w.x, own), field(&w.x, w.x.point, id, "contact"));
    person_close(&w);
}

TEST("rights that were taken away hold for the next write at once") {
    struct person w;
    kith_id id = 0;
    person_open(&w, OWN_LEADS);
    update(&w.x, w.user, w.anna, PAIRS("roles="));
    EXPECT_INT(KITH_E_DENIED, write_as(&w, ROW_CREATE, w.x.lead, &id, PAIRS("name=Late"), NULL));
    EXPECT_STR("user:anna may not write lead.name", w.x.e.message);
    EXPECT_INT(0, count(&w.x, "lead", NULL));
    person_close(&w);
}

/* The answer is that of an id that nobody has: not even that it is there is told. */
static void expect_no_undo(struct person *w, kith_id target) {
    struct undo_report r;
    const char *wanted =
        arena_printf(&w->x.arena, "there is no transaction %s; `kith log` lists the newest",
                     id_text(&w->x, target));
    for (int rehearse = 0; rehearse < 2; rehearse++) {
        EXPECT_INT(KITH_E_NOTFOUND,
                   engine_undo(w->x.g, &w->p, target, rehearse, &w->x.arena, &r, &w->x.e));
        EXPECT_STR(wanted, w->x.e.message);
    }
}

TEST("everybody undoes what they wrote themselves, an administrator everything") {
    struct person w;
    kith_id id = 0, tx, other;
    struct undo_report r;
    person_open(&w, OWN_LEADS);
    EXPECT_OK(write_as(&w, ROW_CREATE, w.x.lead, &id, PAIRS("name=Mine"), &tx), w.x.e);
    other = update(&w.x, w.x.lead, id, PAIRS("score=5"));
    expect_no_undo(&w, other);
    expect_no_undo(&w, 77); /* which nobody has */
    EXPECT_OK(engine_undo(w.x.g, &w.p, tx, false, &w.x.arena, &r, &w.x.e), w.x.e);
    EXPECT_INT(1, r.kept); /* somebody edited it */
    EXPECT_OK(engine_undo(w.x.g, &tester, other, false, &w.x.arena, &r, &w.x.e), w.x.e);
    EXPECT_INT(1, r.reversed);
    EXPECT_OK(engine_undo(w.x.g, &w.p, tx, false, &w.x.arena, &r, &w.x.e), w.x.e);
    EXPECT_STR("(gone)", field(&w.x, w.x.lead, id, "name"));
    person_close(&w);
}

static void sign_in_as(struct person *w, kith_id user) {
    struct access_of of = {.user = user};
    engine_leave(&w->p);
    EXPECT_OK(engine_enter(w->x.g, &of, NULL, &w->p, &w->x.e), w->x.e);
}

TEST(
    "what somebody wrote stays theirs with another login, and is not of the next one with theirs") {
    struct person w;
    kith_id a = 0, b = 0, tx_a, tx_b;
    struct undo_report r;
    person_open(&w, OWN_LEADS);
    EXPECT_OK(write_as(&w, ROW_CREATE, w.x.lead, &a, PAIRS("name=A"), &tx_a), w.x.e);
    EXPECT_OK(write_as(&w, ROW_CREATE, w.x.lead, &b, PAIRS("name=B"), &tx_b), w.x.e);
    update(&w.x, w.user, w.anna, PAIRS("login=anne"));
    const char *roles = arena_printf(&w.x.arena, "roles=%s", id_text(&w.x, w.role_id));
    kith_id other = create(&w.x, w.user, PAIRS("login=anna", "name=Another", roles));
    sign_in_as(&w, other);
    EXPECT_STR("user:anna", w.p.name);
    expect_no_undo(&w, tx_a);
    sign_in_as(&w, w.anna);
    EXPECT_STR("user:anne", w.p.name);
    EXPECT_OK(engine_undo(w.x.g, &w.p, tx_a, false, &w.x.arena, &r, &w.x.e), w.x.e);
    EXPECT_INT(1, r.reversed);
    person_close(&w);
}

static kith_status score_it(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    struct assign set = {type_field(ev->type->schema, ev->type, STR("score")), value_int(9)};
    (void)self;
    return txn_update(t, ev->type, ev->id, &set, 1, e);
}

static kith_status keep_first(void *arg, const struct tx_head *tx, kith_error *e) {
    (void)e;
    *(kith_id *)arg = tx->id;
    return KITH_E_LIMIT; /* ends the walk */
}

static kith_id newest_tx(struct fixture *x) {
    struct conn *c;
    kith_id id = 0;
    EXPECT_OK(engine_reader(x->g, &c, &x->e), x->e);
    EXPECT_INT(KITH_E_LIMIT, journal_txs(c, keep_first, &id, &x->e));
    engine_reader_done(x->g, c);
    return id;
}

TEST("what followed from another's write is not undone by itself") {
    struct person w;
    struct undo_report r;
    struct reaction rule = {
        .name = "r", .topic = "lead.created", .fn = score_it, .source = {SOURCE_RULE, "r", "", 1}};
    kith_id id = 0, tx, reaction;
    person_begin(&w);
    EXPECT_OK(engine_add_reaction(w.x.g, &rule, &w.x.e), w.x.e);
    person_start(&w, "{\"types\": {\"lead\": {\"create\": \"own\", \"read\": \"all\"}}}");
    EXPECT_OK(try_job(&w.x, ROW_CREATE, w.x.lead, &id, PAIRS("name=His"), &tx), w.x.e);
    settle(&w.x);
    EXPECT_STR("9", field(&w.x, w.x.lead, id, "score"));
    reaction = newest_tx(&w.x);
    EXPECT(reaction != tx);
    expect_no_undo(&w, reaction);
    EXPECT_STR("9", field(&w.x, w.x.lead, id, "score"));
    EXPECT_OK(engine_undo(w.x.g, &tester, reaction, false, &w.x.arena, &r, &w.x.e), w.x.e);
    EXPECT_STR("0", field(&w.x, w.x.lead, id, "score"));
    person_close(&w);
}

#define OWN_CONTACTS                                                                               \
    "{\"types\": {\"contact\": {\"create\": \"own\", \"read\": \"own\", \"update\": \"own\", "     \
    "\"delete\": \"own\"}}}"

TEST("a deletion lets go of what its caller may not see, untold, and its undo links it again") {
    struct person w;
    struct undo_report r;
    struct rehearsal would;
    kith_id mine = 0, his, tx;
    person_open(&w, OWN_CONTACTS);
    EXPECT_OK(
        write_as(&w, ROW_CREATE, w.x.contact, &mine, PAIRS("name=Mine", "email=a@b.example"), NULL),
        w.x.e);
    const char *link = arena_printf(&w.x.arena, "contact=%s", id_text(&w.x, mine));
    his = create(&w.x, w.x.lead, PAIRS("name=His", link));
    struct write_opts o = {.principal = &w.p, .origin = ORIGIN_CLI};
    struct job j = {ROW_DELETE, w.x.contact, mine, NULL};
    EXPECT_OK(engine_rehearse(w.x.g, &o, do_job, &j, &w.x.arena, &would, &w.x.e), w.x.e);
    EXPECT_INT(2, would.count);
    EXPECT(would.others);
    for (size_t i = 0; i < would.count; i++)
        EXPECT(would.effects[i].type == w.x.contact || would.effects[i].type == w.x.point);
    EXPECT_OK(write_as(&w, ROW_DELETE, w.x.contact, &mine, NULL, &tx), w.x.e);
    EXPECT_STR("", field(&w.x, w.x.lead, his, "contact"));
    EXPECT_OK(engine_undo(w.x.g, &w.p, tx, false, &w.x.arena, &r, &w.x.e), w.x.e);
    EXPECT_INT(0, r.kept + r.refused);
    EXPECT_INT(r.item_count, r.reversed);
    EXPECT(r.others);
    for (size_t i = 0; i < r.item_count; i++)
        EXPECT(r.items[i].type == w.x.contact || r.items[i].type == w.x.point);
    EXPECT(r.item_count >= 2);
    EXPECT_STR(id_text(&w.x, mine), field(&w.x, w.x.lead, his, "contact"));
    expect_sound(&w.x);
    person_close(&w);
}

TEST("what keeps a record from going is named only to whoever may read it") {
    struct person w;
    kith_id mine = 0, note;
    person_open(&w, OWN_CONTACTS);
    const struct rtype *notes = schema_type(engine_schema(w.x.g), STR("note"));
    EXPECT_OK(write_as(&w, ROW_CREATE, w.x.contact, &mine, PAIRS("name=Mine"), NULL), w.x.e);
    const char *about = arena_printf(&w.x.arena, "about=contact/%s", id_text(&w.x, mine));
    note = create(&w.x, notes, PAIRS("body=His", about));
    EXPECT_INT(KITH_E_REFUSED, write_as(&w, ROW_DELETE, w.x.contact, &mine, NULL, NULL));
    EXPECT_STR("a record that you may not see links to it", w.x.e.message);
    EXPECT_INT(KITH_E_REFUSED, try_job(&w.x, ROW_DELETE, w.x.contact, &mine, NULL, NULL));
    EXPECT_HAS(id_text(&w.x, note), w.x.e.message);
    person_close(&w);
}

TEST("an undo tells nothing of what was done since to records that are out of sight") {
    struct person w;
    struct undo_report edited, gone;
    kith_id a = 0, b = 0, tx_a, tx_b;
    const char *his;
    person_open(&w, OWN_LEADS);
    his = arena_printf(&w.x.arena, "owner=%s", id_text(&w.x, w.ben));
    EXPECT_OK(write_as(&w, ROW_CREATE, w.x.lead, &a, PAIRS("name=A"), &tx_a), w.x.e);
    EXPECT_OK(write_as(&w, ROW_CREATE, w.x.lead, &b, PAIRS("name=B"), &tx_b), w.x.e);
    update(&w.x, w.x.lead, a, PAIRS(his));
    EXPECT_OK(try_job(&w.x, ROW_DELETE, w.x.lead, &b, NULL, NULL), w.x.e);
    EXPECT_OK(engine_undo(w.x.g, &w.p, tx_a, false, &w.x.arena, &edited, &w.x.e), w.x.e);
    EXPECT_OK(engine_undo(w.x.g, &w.p, tx_b, false, &w.x.arena, &gone, &w.x.e), w.x.e);
    EXPECT_INT(0, edited.item_count + gone.item_count);
    EXPECT_INT(0, edited.reversed + edited.kept + edited.refused); /* not even how many */
    EXPECT_INT(0, gone.reversed + gone.kept + gone.refused);
    EXPECT(edited.others && gone.others);
    person_close(&w);
}

TEST("an undo names no field that is closed") {
    struct person w;
    struct undo_report report;
    kith_id a = 0, tx;
    person_open(&w, "{\"types\": {\"lead\": {\"create\": \"own\", \"read\": \"own\", \"update\": "
                    "\"own\", \"fields\": {\"score\": \"none\"}}}}");
    EXPECT_OK(write_as(&w, ROW_CREATE, w.x.lead, &a, PAIRS("name=A"), &tx), w.x.e);
    update(&w.x, w.x.lead, a, PAIRS("score=7"));
    EXPECT_OK(engine_undo(w.x.g, &w.p, tx, true, &w.x.arena, &report, &w.x.e), w.x.e);
    EXPECT_INT(1, report.item_count);
    EXPECT_INT(UNDO_KEPT, report.items[0].outcome);
    EXPECT(report.items[0].field == NULL);
    update(&w.x, w.x.lead, a, PAIRS("name=B", "score=0"));
    EXPECT_OK(engine_undo(w.x.g, &w.p, tx, true, &w.x.arena, &report, &w.x.e), w.x.e);
    EXPECT_STR("name", report.items[0].field);
    person_close(&w);
}

TEST("a role cannot make its users administrators, nor give them other roles") {
    struct person w;
    person_open(&w, "{\"types\": {\"*\": {\"create\": \"all\", \"read\": \"all\", \"update\": "
                    "\"all\", \"delete\": \"all\"}, \"user\": {\"update\": \"own\"}}}");
    kith_id id = w.role_id;
    EXPECT_INT(KITH_E_DENIED,
               write_as(&w, ROW_UPDATE, w.role, &id, PAIRS("rights={\"admin\": true}"), NULL));
    id = 0;
    EXPECT_INT(KITH_E_DENIED, write_as(&w, ROW_CREATE, w.role, &id, PAIRS("name=r"), NULL));
    id = w.anna;
    EXPECT_INT(KITH_E_DENIED, write_as(&w, ROW_UPDATE, w.user, &id, PAIRS("login=root"), NULL));
    EXPECT_INT(KITH_E_DENIED, write_as(&w, ROW_UPDATE, w.user, &id, PAIRS("roles="), NULL));
    EXPECT_OK(write_as(&w, ROW_UPDATE, w.user, &id, PAIRS("language=de"), NULL), w.x.e);
    id = w.ben;
    EXPECT_INT(KITH_E_DENIED, write_as(&w, ROW_UPDATE, w.user, &id, PAIRS("language=de"), NULL));
    person_close(&w);
}

TEST("roles of the outer zones hold further in, and not the other way round") {
    struct person w;
    struct principal out;
    struct access_of of;
    struct query *q;
    struct find_page page = {.limit = 10};
    person_open(&w, "{\"types\": {\"lead\": {\"read\": \"all\"}}}");
    create(&w.x, w.x.lead, PAIRS("name=L"));
    EXPECT_OK(query_parse(&q, engine_schema(w.x.g), &w.x.arena, STR("lead : count()"), &w.x.e),
              w.x.e);
    static const char *const zones[] = {"intranet", "extranet", "internet"};
    for (int role = 0; role < 3; role++) {
        update(&w.x, w.role, w.role_id, PAIRS(arena_printf(&w.x.arena, "zone=%s", zones[role])));
        for (int zone = ZONE_INTRANET; zone <= ZONE_INTERNET; zone++) {
            of = (struct access_of){.user = w.anna, .zone = (enum access_zone)zone};
            EXPECT_OK(engine_enter(w.x.g, &of, "user:anna", &out, &w.x.e), w.x.e);
            EXPECT_OK(engine_find(w.x.g, &out, q, NULL, &page, &w.x.arena, no_row, NULL, &w.x.e),
                      w.x.e);
            EXPECT_INT(role >= zone, page.count);
            engine_leave(&out);
        }
    }
    person_close(&w);
}

TEST("a limit leaves less of an administrator, too, and never more of anybody") {
    struct person w;
    struct principal less;
    kith_id id = 0, lead;
    person_open(&w, "{\"admin\": true}");
    lead = create(&w.x, w.x.lead, PAIRS("name=L"));
    create(&w.x, w.x.task, PAIRS("title=T"));
    struct access_of of = {.user = w.anna, .limit = {.read_only = true, .types = "lead"}};
    EXPECT(w.p.all);
    EXPECT_OK(engine_enter(w.x.g, &of, "user:anna", &less, &w.x.e), w.x.e);
    EXPECT(!less.all);
    engine_leave(&w.p);
    w.p = less;
    kith_value *values;
    EXPECT_OK(engine_get(w.x.g, &w.p, w.x.lead, lead, &w.x.arena, &values, &w.x.e), w.x.e);
    count(&w.x, "task", &id);
    EXPECT_INT(KITH_E_NOTFOUND, engine_get(w.x.g, &w.p, w.x.task, id, &w.x.arena, &values, &w.x.e));
    EXPECT_INT(KITH_E_DENIED, write_as(&w, ROW_UPDATE, w.x.lead, &lead, PAIRS("name=M"), NULL));
    person_close(&w);
}

/* -- actions ----------------------------------------------------------------------------------- */

static kith_status rename_lead(void *self, struct call *call, kith_error *e) {
    const struct rtype *lead = self;
    struct assign set = {type_field(lead->schema, lead, STR("name")), call->args[1]};
    return txn_update(call->txn, lead, call->args[0].as.link.id, &set, 1, e);
}

static kith_status call_as(struct fixture *x, const struct principal *p, const char *lead,
                           const char *name) {
    struct write_opts o = {.principal = p, .origin = ORIGIN_ACTION};
    kith_value args[] = {value_str(str_of(lead)), value_str(str_of(name))}, result;
    return engine_call(x->g, NULL, &o, engine_action(x->g, STR("sales.rename")), args, &x->arena,
                       &result, NULL, &x->e);
}

TEST("an action is called by whose roles name it, with the caller's rights and what the caller "
     "sees") {
    static const kith_field params[] = {
        {.name = "lead", .kind = KITH_F_LINK, .options = "lead", .flags = KITH_FF_REQUIRED},
        {.name = "name", .kind = KITH_F_TEXT},
    };
    struct person w = {.anna = 0};
    struct access_of of = {0};
    struct principal less;
    fixture_open(&w.x);
    struct action a = {.name = "sales.rename",
                       .module = "sales",
                       .effect = EFFECT_WRITE,
                       .fn = rename_lead,
                       .self = (void *)(uintptr_t)w.x.lead,
                       .source = {SOURCE_MODULE, "sales", "1", 0}};
    EXPECT_OK(action_fields(w.x.g, "sales", (kith_array)KITH_ARRAY(params), &a.params,
                            &a.param_count, &w.x.e),
              w.x.e);
    EXPECT_OK(engine_add_action(w.x.g, &a, &w.x.e), w.x.e);
    fixture_start(&w.x);
    const struct schema *s = engine_schema(w.x.g);
    kith_id role = create(&w.x, schema_type(s, STR("role")),
                          PAIRS("name=r", "rights={\"types\": {\"lead\": {\"read\": \"all\", "
                                          "\"update\": \"own\"}}, \"actions\": [\"sales.*\"]}"));
    of.user = create(&w.x, schema_type(s, STR("user")),
                     PAIRS("login=anna", "name=Anna",
                           arena_printf(&w.x.arena, "roles=%s", id_text(&w.x, role))));
    const char *own = id_text(&w.x, create(&w.x, w.x.lead,
                                           PAIRS("name=L", arena_printf(&w.x.arena, "owner=%s",
                                                                        id_text(&w.x, of.user)))));
    const char *other = id_text(&w.x, create(&w.x, w.x.lead, PAIRS("name=O")));
    EXPECT_OK(engine_enter(w.x.g, &of, NULL, &w.p, &w.x.e), w.x.e);
    EXPECT_OK(call_as(&w.x, &w.p, own, "Hers"), w.x.e);
    EXPECT_INT(KITH_E_DENIED, call_as(&w.x, &w.p, other, "Hers"));
    EXPECT_INT(0, count(&w.x, "lead where name = 'O' and name = 'Hers'", NULL));
    of.limit.read_only = true;
    EXPECT_OK(engine_enter(w.x.g, &of, NULL, &less, &w.x.e), w.x.e);
    EXPECT_INT(KITH_E_DENIED, call_as(&w.x, &less, own, "Again"));
    EXPECT_STR("user:anna only reads here: by a read-only token, or by --as", w.x.e.message);
    engine_leave(&less);
    engine_leave(&w.p);
    update(&w.x, schema_type(s, STR("role")), role,
           PAIRS("rights={\"types\": {\"lead\": {\"read\": \"own\"}}, \"actions\": "
                 "[\"sales.rename\"]}"));
    of.limit.read_only = false;
    EXPECT_OK(engine_enter(w.x.g, &of, NULL, &w.p, &w.x.e), w.x.e);
    EXPECT_INT(KITH_E_NOTFOUND, call_as(&w.x, &w.p, other, "x"));
    EXPECT_STR(arena_printf(&w.x.arena, "lead: there is no lead %s", other), w.x.e.message);
    engine_close(w.x.g); /* whoever is still in keeps what they hold */
    EXPECT(!w.p.all && w.p.access->of.user == of.user);
    engine_leave(&w.p);
    fixture_reopen(&w.x);
    fixture_close(&w.x);
}

/* -- logins ------------------------------------------------------------------------------------ */

static const char *login_refusal(struct person *w, const char *login) {
    kith_id id = 0;
    const char *text = arena_printf(&w->x.arena, "login=%s", login);
    kith_status st = try_job(&w->x, ROW_CREATE, w->user, &id, PAIRS(text, "name=Somebody"), NULL);
    return st == KITH_OK ? "taken" : w->x.e.message;
}

TEST("a login is one word that is seen, and no other's in another case") {
    struct person w;
    struct conn *c;
    kith_id user;
    const char *unseen = "login: a login is one word of characters that are seen: no blanks, "
                         "controls or invisible characters";
    person_open(&w, OWN_LEADS);
    EXPECT_STR(unseen, login_refusal(&w, "  "));
    EXPECT_STR(unseen, login_refusal(&w, "an na"));
    EXPECT_STR(unseen, login_refusal(&w, "anna\u200b"));
    EXPECT_STR("login: 'ANNA' differs from the login 'anna' by case or accents only; choose "
               "another",
               login_refusal(&w, "ANNA"));
    EXPECT_HAS("by case or accents only", login_refusal(&w, "\uff41nna"));
    EXPECT_HAS("already", login_refusal(&w, "anna"));
    EXPECT_STR("taken", login_refusal(&w, "Ang\u00e9la"));
    EXPECT_INT(KITH_E_INVAL, try_job(&w.x, ROW_UPDATE, w.user, &w.ben, PAIRS("login=b n"), NULL));
    EXPECT_OK(try_job(&w.x, ROW_UPDATE, w.user, &w.ben, PAIRS("login=Ben"), NULL), w.x.e);
    EXPECT_OK(engine_reader(w.x.g, &c, &w.x.e), w.x.e);
    const struct schema *s = engine_schema(w.x.g);
    EXPECT_OK(access_user(c, s, STR("Ange\u0301la"), &w.x.arena, &user, &w.x.e), w.x.e);
    EXPECT(user != 0);
    EXPECT_OK(access_user(c, s, STR("bEN"), &w.x.arena, &user, &w.x.e), w.x.e);
    EXPECT(user == w.ben);
    EXPECT_OK(access_user(c, s, STR("benn"), &w.x.arena, &user, &w.x.e), w.x.e);
    EXPECT(user == 0);
    engine_reader_done(w.x.g, c);
    person_close(&w);
}

/* -- names that change ------------------------------------------------------------------------- */

static const struct schema_rename new_names[] = {
    {.type = "prospect", .was = "lead"},
    {.type = "prospect", .field = "worth", .was = "amount"},
};

/* The fixture's lead as prospect, its amount as worth. */
static struct schema_source renamed_source(kith_field *fields, kith_type *type) {
    memcpy(fields, lead_fields, sizeof lead_fields);
    for (size_t i = 0; i < sizeof lead_fields / sizeof *lead_fields; i++)
        if (strcmp(fields[i].name, "amount") == 0)
            fields[i].name = "worth";
    *type = lead_types[0];
    type->name = "prospect";
    type->fields.items = fields;
    struct schema_source s = lead_source;
    s.types.items = type;
    s.renames = new_names;
    s.rename_count = sizeof new_names / sizeof *new_names;
    return s;
}

static void reopen_with(struct person *w, const struct schema_source *source) {
    engine_leave(&w->p);
    engine_close(w->x.g);
    w->x.sources = source;
    fixture_reopen(&w->x);
    fixture_start(&w->x);
    const struct schema *s = engine_schema(w->x.g);
    w->role = schema_type(s, STR("role"));
    struct access_of of = {.user = w->anna};
    EXPECT_OK(engine_enter(w->x.g, &of, "user:anna", &w->p, &w->x.e), w->x.e);
}

#define CLOSED_AMOUNT                                                                              \
    "{\"types\": {\"*\": {\"read\": \"all\"}, \"lead\": {\"read\": \"all\", \"update\": \"all\", " \
    "\"fields\": {\"amount\": \"none\", \"score\": \"read\"}}}}"

TEST("rights follow a type and a field to their new names, in the journal, too") {
    kith_field fields[sizeof lead_fields / sizeof *lead_fields];
    kith_type type;
    struct schema_source source = renamed_source(fields, &type);
    struct person w;
    person_open(&w, CLOSED_AMOUNT);
    reopen_with(&w, &source);
    const struct rtype *t = schema_type(engine_schema(w.x.g), STR("prospect"));
    EXPECT_STR(
        "{\"types\": {\"*\": {\"read\": \"all\"}, \"prospect\": {\"read\": \"all\", \"update\": "
        "\"all\", \"fields\": {\"worth\": \"none\", \"score\": \"read\"}}}}",
        field(&w.x, w.role, w.role_id, "rights"));
    const struct schema *s = engine_schema(w.x.g);
    EXPECT(!access_reads(&w.p, type_field(s, t, STR("worth"))));
    EXPECT(!access_writes(&w.p, type_field(s, t, STR("score"))));
    EXPECT(access_reads(&w.p, type_field(s, t, STR("score"))));
    EXPECT(access_writes(&w.p, type_field(s, t, STR("source"))));
    expect_sound(&w.x); /* the journal knows of it */
    person_close(&w);
}

TEST("a module's migration that renames carries the rights along") {
    static const kith_migration moves[] = {
        {.version = 2, .kind = KITH_MIGRATE_RENAME_TYPE, .type = "lead", .to = "prospect"},
        {.version = 2,
         .kind = KITH_MIGRATE_RENAME_FIELD,
         .type = "prospect",
         .field = "amount",
         .to = "worth"},
    };
    kith_field fields[sizeof lead_fields / sizeof *lead_fields];
    kith_type type;
    struct schema_source source = renamed_source(fields, &type);
    struct person w;
    source.rename_count = 0;
    source.version = 2;
    source.migrations = (kith_array)KITH_ARRAY(moves);
    person_open(&w, CLOSED_AMOUNT);
    reopen_with(&w, &source);
    const struct rtype *t = schema_type(engine_schema(w.x.g), STR("prospect"));
    EXPECT(!access_reads(&w.p, type_field(engine_schema(w.x.g), t, STR("worth"))));
    person_close(&w);
}

static kith_status refuse_role(void *self, struct txn *t, struct change *c, kith_error *e) {
    (void)self;
    (void)t;
    (void)c;
    return err_set(e, KITH_E_REFUSED, NULL, "roles stay as they are");
}

TEST("a name that nothing has closes what its role does not name, until it is known again") {
    kith_field fields[sizeof lead_fields / sizeof *lead_fields];
    kith_type type;
    struct schema_source source = renamed_source(fields, &type);
    struct person w;
    person_open(&w, CLOSED_AMOUNT);
    engine_leave(&w.p);
    engine_close(w.x.g);
    w.x.sources = &source;
    fixture_reopen(&w.x);
    const struct rtype *t = schema_type(engine_schema(w.x.g), STR("prospect"));
    const struct rtype *role = schema_type(engine_schema(w.x.g), STR("role"));
    struct hook no = {
        .type = role, .on = ON_UPDATE, .fn = refuse_role, .source = {SOURCE_RULE, "no", "1", 1}};
    EXPECT_OK(engine_add_hook(w.x.g, &no, &w.x.e), w.x.e);
    fixture_start(&w.x); /* the rights cannot follow this time */
    struct access_of of = {.user = w.anna};
    EXPECT_OK(engine_enter(w.x.g, &of, "user:anna", &w.p, &w.x.e), w.x.e);
    EXPECT_STR(CLOSED_AMOUNT, field(&w.x, role, w.role_id, "rights"));
    EXPECT_INT(REACH_NONE, w.p.access->rights.types[t->id].reach[RIGHT_READ]);
    EXPECT_INT(REACH_NONE, w.p.access->rights.types[w.x.contact->id].reach[RIGHT_READ]);
    reopen_with(&w, &source); /* and the next time they can */
    EXPECT(access_reads(&w.p, type_field(engine_schema(w.x.g),
                                         t = schema_type(engine_schema(w.x.g), STR("prospect")),
                                         STR("source"))));
    EXPECT(!access_reads(&w.p, type_field(engine_schema(w.x.g), t, STR("worth"))));
    person_close(&w);
}

TEST("an undo that brings an old name back into a role opens nothing, and a retired one is passed "
     "over") {
    static const struct schema_rename only_field[] = {
        {.type = "lead", .field = "worth", .was = "amount"}};
    kith_field fields[sizeof lead_fields / sizeof *lead_fields];
    kith_type type;
    struct schema_source source = renamed_source(fields, &type), without = lead_source;
    struct undo_report r;
    struct person w;
    type.name = "lead";
    source.renames = only_field;
    source.rename_count = 1;
    person_open(&w, CLOSED_AMOUNT);
    kith_id tx = update(&w.x, w.role, w.role_id, PAIRS("name=vendor"));
    kith_id rights = update(&w.x, w.role, w.role_id,
                            PAIRS("rights={\"types\": {\"lead\": {\"read\": \"all\"}}}"));
    reopen_with(&w, &source);
    EXPECT_OK(engine_undo(w.x.g, &tester, rights, false, &w.x.arena, &r, &w.x.e), w.x.e);
    EXPECT_OK(engine_undo(w.x.g, &tester, tx, false, &w.x.arena, &r, &w.x.e), w.x.e);
    EXPECT_STR("seller", field(&w.x, w.role, w.role_id, "name"));
    reopen_with(&w, &source);
    const struct schema *s = engine_schema(w.x.g);
    EXPECT(!access_reads(&w.p, type_field(s, w.x.lead, STR("worth"))));
    EXPECT(!access_reads(&w.p, type_field(s, w.x.lead, STR("source")))); /* not named */
    EXPECT(access_reads(&w.p, type_field(s, w.x.lead, STR("score"))));   /* named */
    person_close(&w);

    person_open(&w, CLOSED_AMOUNT);
    without.types.items = &type;
    memcpy(fields, lead_fields, sizeof lead_fields);
    for (size_t i = 6; i + 1 < sizeof fields / sizeof *fields; i++)
        fields[i] = lead_fields[i + 1]; /* no amount any more */
    type.fields.count--;
    reopen_with(&w, &without);
    s = engine_schema(w.x.g);
    EXPECT(type_field(s, w.x.lead, STR("amount")) == NULL);
    EXPECT(access_reads(&w.p, type_field(s, w.x.lead, STR("source"))));
    EXPECT(access_reads(&w.p, type_field(s, w.x.contact, STR("name"))));
    person_close(&w);
}

static const kith_field hen_fields[] = {
    {.name = "egg", .kind = KITH_F_LINK, .options = "egg", .flags = KITH_FF_PARTOF}};
static const kith_field egg_fields[] = {
    {.name = "hen", .kind = KITH_F_LINK, .options = "hen", .flags = KITH_FF_PARTOF}};

TEST("types that are part of one another are read by administrators alone, and keep nobody "
     "waiting") {
    static const kith_type types[] = {{.name = "hen", .fields = KITH_ARRAY(hen_fields)},
                                      {.name = "egg", .fields = KITH_ARRAY(egg_fields)}};
    static const struct schema_source source = {
        .module = "farm", .version = 1, .types = KITH_ARRAY(types)};
    struct person w = {.anna = 0};
    fixture_open_with(&w.x, &source, 1);
    person_start(&w, "{\"types\": {\"*\": {\"read\": \"all\"}}}");
    const struct rtype *hen = type_named(&w.x, "hen");
    kith_id of = create(&w.x, hen, NULL);
    create(&w.x, type_named(&w.x, "egg"),
           PAIRS(arena_printf(&w.x.arena, "hen=%s", id_text(&w.x, of))));
    const char *const queries[] = {"hen", "egg", "life_event", "file"};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        struct query *q;
        struct find_page page = {.limit = 10};
        EXPECT_OK(query_parse(&q, engine_schema(w.x.g), &w.x.arena, str_of(queries[i]), &w.x.e),
                  w.x.e);
        EXPECT_OK(engine_find(w.x.g, &w.p, q, NULL, &page, &w.x.arena, no_row, NULL, &w.x.e),
                  w.x.e);
        EXPECT_INT(0, page.count);
    }
    person_close(&w);
}
