/* SPDX-License-Identifier: Apache-2.0 */
/* Consents: who may be addressed for what; what stands, what is kept, what no undo takes back. */
#include "engine_consent_fixture.h"

/* -- what stands ------------------------------------------------------------------------------- */

TEST("a yes of the person holds for each address, and a no at one for that one and the person") {
    struct consents w;
    begin(&w);
    EXPECT(!may(&w, w.anna) && !may_at(&w, w.mail));
    EXPECT_STR("nobody has consented", asked(&w, "newsletter", eq(&w, "contact", w.anna)));
    give(&w, "newsletter", eq(&w, "contact", w.anna));
    EXPECT(may(&w, w.anna) && may_at(&w, w.mail) && may_at(&w, w.phone));
    EXPECT(!is_found(&w, "contact", w.anna, "consent('survey')"));
    EXPECT_INT(1, withdraw(&w, "newsletter", eq(&w, "contact_point", w.mail)));
    EXPECT_INT(0, withdraw(&w, "newsletter", eq(&w, "contact_point", w.mail)));
    EXPECT(!may(&w, w.anna) && !may_at(&w, w.mail) && may_at(&w, w.phone));
    EXPECT(is_found(&w, "contact", w.anna, "withdrawn('newsletter')"));
    EXPECT(!is_found(&w, "contact_point", w.phone, "withdrawn('newsletter')"));
    EXPECT_STR("it was withdrawn", asked(&w, "newsletter", eq(&w, "contact_point", w.mail)));
    EXPECT_STR("yes", asked(&w, "newsletter", eq(&w, "contact_point", w.phone)));
    give(&w, "newsletter", eq(&w, "contact_point", w.mail));
    EXPECT(may(&w, w.anna) && may_at(&w, w.mail));
    EXPECT_INT(1, withdraw(&w, "newsletter", eq(&w, "contact", w.anna)));
    EXPECT(!may(&w, w.anna) && !may_at(&w, w.mail) && !may_at(&w, w.phone));
    EXPECT_INT(2, count(&w.x, "consent where state = 'withdrawn' and replaced_by is null", NULL));
    give(&w, "newsletter", eq(&w, "contact_point", w.phone));
    EXPECT(may_at(&w, w.phone) && !may_at(&w, w.mail));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("a segment that asks for consent follows in the transaction that withdraws it") {
    struct consents w;
    begin(&w);
    kith_id people = make_segment(&w.x, "readers", "contact where consent('newsletter')");
    kith_id points = make_segment(&w.x, "ways", "contact_point where consent('newsletter')");
    EXPECT_STR("linked", field(&w.x, type_named(&w.x, "segment"), people, "class"));
    EXPECT_STR("linked", field(&w.x, type_named(&w.x, "segment"), points, "class"));
    give(&w, "newsletter", eq(&w, "contact", w.anna));
    EXPECT_INT(1, members_of(&w.x, people));
    EXPECT_INT(2, members_of(&w.x, points));
    EXPECT_INT(1, count(&w.x, "contact where in_segment('readers')", NULL));
    uint64_t before = seq_now(&w.x);
    withdraw(&w, "newsletter", "address= A@X.org");
    EXPECT_INT(0, members_of(&w.x, people));
    EXPECT_INT(1, members_of(&w.x, points));
    EXPECT_INT(0, count(&w.x, "contact where in_segment('readers')", NULL));
    EXPECT_STR("-readers -ways", told_since(&w.x, before));
    give(&w, "newsletter", eq(&w, "contact_point", w.mail));
    EXPECT_INT(2, members_of(&w.x, points));
    update(&w.x, w.x.point, w.mail, PAIRS("value=new@x.org"));
    EXPECT_INT(2, members_of(&w.x, points)); /* by the yes of the person */
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("a consent for several contact points is for those of one address") {
    struct consents w;
    begin(&w);
    kith_id again =
        create(&w.x, w.x.point, PAIRS(eq(&w, "contact", w.anna), "kind=email", "value=A@x.org"));
    const char *both[] = {id_text(&w.x, w.phone), id_text(&w.x, again)};
    for (size_t i = 0; i < 2; i++) {
        const char *points =
            arena_printf(&w.x.arena, "contact_points=%s,%s", id_text(&w.x, w.mail), both[i]);
        kith_id id = 0;
        EXPECT_INT(i ? KITH_OK : KITH_E_INVAL,
                   try_job(&w.x, ROW_CREATE, w.consent, &id,
                           PAIRS(eq(&w, "purpose", w.newsletter), points), NULL));
        if (i == 0)
            EXPECT_HAS("they have different addresses", w.x.e.message);
    }
    EXPECT(may_at(&w, again));
    fixture_close(&w.x);
}

TEST("a word is for an address: not for another that the contact point gets, nor for more") {
    struct consents w;
    begin(&w);
    kith_id word = give(&w, "newsletter", eq(&w, "contact_point", w.mail));
    EXPECT_STR("a@x.org", field(&w.x, w.consent, word, "address"));
    update(&w.x, w.x.point, w.mail, PAIRS("value=b@x.org"));
    EXPECT(!may_at(&w, w.mail) && !may(&w, w.anna));
    EXPECT_STR("", field(&w.x, w.consent, word, "contact_points"));
    update(&w.x, w.x.point, w.mail, PAIRS("value=A@x.org"));
    EXPECT(may_at(&w, w.mail) && may(&w, w.anna));
    withdraw(&w, "newsletter", eq(&w, "contact_point", w.mail));
    give(&w, "newsletter", eq(&w, "contact", w.anna));
    delete_(&w.x, w.x.point, w.mail);
    EXPECT(may_at(&w, w.phone) && may(&w, w.anna));
    kith_id again =
        create(&w.x, w.x.point, PAIRS(eq(&w, "contact", w.anna), "kind=email", "value=a@X.org"));
    EXPECT(!may_at(&w, again) && !may(&w, w.anna) && may_at(&w, w.phone));
    delete_(&w.x, w.x.contact, w.anna);
    EXPECT_INT(0, count(&w.x, "consent", NULL));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST(
    "a consent that comes with an address holds for the contact points that have it, or for none") {
    struct consents w;
    begin(&w);
    const char *anna = eq(&w, "contact", w.anna), *purpose = eq(&w, "purpose", w.newsletter);
    create(&w.x, w.consent, PAIRS(anna, purpose, "address=A@X.org"));
    EXPECT(may_at(&w, w.mail) && !may_at(&w, w.phone));
    create(&w.x, w.consent, PAIRS(anna, purpose, "address=+43 (1)"));
    EXPECT(may_at(&w, w.phone));
    kith_id ben = create(&w.x, w.x.contact, PAIRS("name=Ben"));
    create(&w.x, w.consent, PAIRS(eq(&w, "contact", ben), purpose, "address=ben@x.org"));
    EXPECT(!may(&w, ben));
    update(&w.x, w.x.contact, ben, PAIRS("email=Ben@x.org"));
    EXPECT(may(&w, ben));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("an address alone withdraws for all that have it, and for all purposes that it would hurt") {
    struct consents w;
    kith_value out[8];
    begin(&w);
    create(&w.x, w.purpose, PAIRS("name=offers", "basis=legitimate_interest"));
    create(&w.x, w.purpose, PAIRS("name=invoices", "basis=contract"));
    kith_id ben = create(&w.x, w.x.contact, PAIRS("name=Ben", "email=A@X.ORG", "phone=+43-1"));
    give(&w, "newsletter", eq(&w, "contact", w.anna));
    give(&w, "newsletter", eq(&w, "contact", ben));
    EXPECT_STR("yes", asked(&w, "offers", eq(&w, "contact", ben)));
    EXPECT_OK(call(&w, "consent.withdraw", PAIRS("address= a@x.org ", "by=link"), out, NULL),
              w.x.e);
    EXPECT_INT(4, out[0].as.i);
    EXPECT_INT(2, out[1].as.i);
    EXPECT(!may(&w, w.anna) && !may(&w, ben) && may_at(&w, w.phone));
    EXPECT_STR("it was withdrawn", asked(&w, "offers", eq(&w, "contact", ben)));
    EXPECT_STR("yes", asked(&w, "offers", eq(&w, "contact_point", w.phone)));
    EXPECT_STR("yes", asked(&w, "invoices", eq(&w, "contact_point", w.mail)));
    EXPECT_INT(0, count(&w.x, "consent where purpose.name = 'survey'", NULL));
    EXPECT_INT(4, count(&w.x, "consent where withdrawn_by = 'link'", NULL));
    EXPECT_INT(2, withdraw(&w, "newsletter", "address=+ 43 1"));
    EXPECT(!may_at(&w, w.phone));
    EXPECT_INT(0, withdraw(&w, "newsletter", "address=nobody@x.org"));
    EXPECT_INT(KITH_E_INVAL, call(&w, "consent.withdraw", PAIRS("purpose=survey"), NULL, NULL));
    EXPECT_INT(KITH_E_NOTFOUND,
               call(&w, "consent.withdraw", PAIRS("purpose=survy", "address=a"), NULL, NULL));
    fixture_close(&w.x);
}

TEST("what is no address and nobody has is refused as one, to give and to withdraw by") {
    static const char *const junk[] = {"address=JUNK", "address=a@", "address=a@x.org, b@x.org",
                                       "address=12"};
    struct consents w;
    begin(&w);
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++) {
        EXPECT_INT(KITH_E_INVAL, call(&w, "consent.withdraw", PAIRS(junk[i]), NULL, NULL));
        EXPECT_HAS("is neither an e-mail address nor a telephone number", w.x.e.message);
        EXPECT_INT(KITH_E_INVAL,
                   call(&w, "consent.give", PAIRS("purpose=newsletter", junk[i]), NULL, NULL));
    }
    create(&w.x, w.x.point, PAIRS("kind=handle", "value=Junk", eq(&w, "contact", w.anna)));
    EXPECT_OK(call(&w, "consent.give", PAIRS("purpose=newsletter", junk[0]), NULL, NULL), w.x.e);
    EXPECT_INT(1, withdraw(&w, "newsletter", junk[0]));
    fixture_close(&w.x);
}

TEST("a no by an address holds for a yes that was said for it, though nobody has it at the time") {
    struct consents w;
    kith_value out[8];
    begin(&w);
    give(&w, "newsletter", eq(&w, "contact_point", w.mail));
    give(&w, "survey", eq(&w, "contact_point", w.mail));
    update(&w.x, w.x.point, w.mail, PAIRS("value=b@x.org"));
    EXPECT_INT(1, withdraw(&w, "newsletter", "address=A@x.org"));
    EXPECT_INT(1, count(&w.x, "consent where state = 'given'", NULL));
    EXPECT_OK(call(&w, "consent.withdraw", PAIRS("address=a@x.org"), out, NULL), w.x.e);
    EXPECT_INT(1, out[0].as.i);
    EXPECT_INT(0, withdraw(&w, "newsletter", "address=a@x.org"));
    update(&w.x, w.x.point, w.mail, PAIRS("value=a@x.org"));
    EXPECT(!may(&w, w.anna) && !may_at(&w, w.mail));
    EXPECT(!is_found(&w, "contact", w.anna, "consent('survey')"));
    give(&w, "newsletter", "address=a@x.org");
    EXPECT(may(&w, w.anna));
    fixture_close(&w.x);
}

TEST("a consent ends when its time has come, and the segment with it") {
    struct consents w;
    begin(&w);
    kith_id people = make_segment(&w.x, "readers", "contact where consent('newsletter')");
    const char *until = "expires=2023-11-15 12:00";
    EXPECT_OK(call(&w, "consent.give",
                   PAIRS("purpose=newsletter", eq(&w, "contact", w.anna), until), NULL, NULL),
              w.x.e);
    EXPECT_INT(1, members_of(&w.x, people));
    clock_set(&w.x.clock, START_MS + 24 * HOUR_MS);
    EXPECT_STR("the consent has expired", asked(&w, "newsletter", eq(&w, "contact", w.anna)));
    settle(&w.x);
    EXPECT_INT(0, members_of(&w.x, people));
    EXPECT_INT(1, count(&w.x, "consent where state = 'expired'", NULL));
    EXPECT(!may(&w, w.anna));
    EXPECT_INT(1, withdraw(&w, "newsletter", eq(&w, "contact", w.anna)));
    EXPECT_STR("it was withdrawn", asked(&w, "newsletter", eq(&w, "contact", w.anna)));
    fixture_close(&w.x);
}

TEST("a consent whose time came while it was deleted has ended when that is undone") {
    struct consents w;
    struct undo_report r;
    kith_value out[8];
    begin(&w);
    EXPECT_OK(
        call(&w, "consent.give",
             PAIRS("purpose=newsletter", eq(&w, "contact", w.anna), "expires=2023-11-15 12:00"),
             out, NULL),
        w.x.e);
    kith_id tx = delete_(&w.x, w.consent, out[0].as.link.id);
    clock_set(&w.x.clock, START_MS + 24 * HOUR_MS);
    settle(&w.x);
    undo(&w, tx, &r);
    settle(&w.x);
    EXPECT_STR("expired", field(&w.x, w.consent, out[0].as.link.id, "state"));
    EXPECT(!may(&w, w.anna));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

static const char *inexact(struct consents *w, const char *text) {
    const char *why;
    struct query *q;
    EXPECT_OK(query_parse(&q, engine_schema(w->x.g), &w->x.arena, str_of(text), &w->x.e), w->x.e);
    EXPECT_OK(engine_inexact(w->x.g, &tester, q, &w->x.arena, &why, &w->x.e), w->x.e);
    return why ? why : "";
}

/* Not started, so that no timer fires. */
static void wait_closed(struct consents *w, int64_t until) {
    engine_close(w->x.g);
    clock_set(&w->x.clock, until);
    fixture_reopen(&w->x);
    w->purpose = type_named(&w->x, "purpose");
    w->consent = type_named(&w->x, "consent");
}

TEST("a consent that ended while nothing ran has ended for the first who asks") {
    static const char within[] = "contact where in_segment('readers')";
    struct consents w;
    begin(&w);
    kith_id people = make_segment(&w.x, "readers", "contact where consent('newsletter')");
    kith_id young = make_segment(&w.x, "young", "contact where created > now() - 3d");
    EXPECT_OK(call(&w, "consent.give",
                   PAIRS("purpose=newsletter", eq(&w, "contact_point", w.mail),
                         "expires=2023-11-15 12:00"),
                   NULL, NULL),
              w.x.e);
    EXPECT(may(&w, w.anna) && may_at(&w, w.mail));
    EXPECT_STR("", inexact(&w, within));
    wait_closed(&w, START_MS + 240 * HOUR_MS);
    EXPECT(!may(&w, w.anna) && !may_at(&w, w.mail));
    EXPECT_HAS("segment 'readers' is being worked out", inexact(&w, within));
    EXPECT_HAS("segment 'young' is", inexact(&w, "contact where in_segment('young')"));
    fixture_start(&w.x);
    EXPECT_OK(engine_catch_up(w.x.g, 20000, &w.x.e), w.x.e);
    EXPECT_INT(0, members_of(&w.x, people));
    EXPECT_INT(0, members_of(&w.x, young));
    EXPECT_STR("", inexact(&w, within));
    EXPECT_INT(1, count(&w.x, "consent where state = 'expired'", NULL));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

/* -- what is kept ------------------------------------------------------------------------------ */

TEST("what was said stays as it was said, and so does the text that was agreed to") {
    struct consents w;
    begin(&w);
    kith_id text = create(&w.x, w.wording,
                          PAIRS(eq(&w, "purpose", w.newsletter), "version=1", "text=I agree"));
    update(&w.x, w.wording, text, PAIRS("text=I agree."));
    kith_id ben = create(&w.x, w.x.contact, PAIRS("name=Ben"));
    kith_value out[8];
    EXPECT_OK(
        call(&w, "consent.give",
             PAIRS("purpose=newsletter", eq(&w, "contact", w.anna), "wording=1", "source=web"), out,
             NULL),
        w.x.e);
    kith_id word = out[0].as.link.id;
    EXPECT_INT(KITH_E_REFUSED, refused(&w, w.wording, text, PAIRS("text=I agree to more")));
    EXPECT_INT(KITH_E_REFUSED, refused(&w, w.wording, text, NULL));
    EXPECT_INT(KITH_E_REFUSED, refused(&w, w.consent, word, PAIRS("source=call")));
    EXPECT_INT(KITH_E_REFUSED, refused(&w, w.consent, word, PAIRS("at=2020-01-01")));
    EXPECT_INT(KITH_E_REFUSED, refused(&w, w.consent, word, PAIRS(eq(&w, "contact", ben))));
    EXPECT_INT(KITH_E_REFUSED, refused(&w, w.consent, word, PAIRS(eq(&w, "purpose", w.survey))));
    EXPECT_INT(KITH_E_REFUSED,
               refused(&w, w.consent, word, PAIRS(eq(&w, "contact_points", w.mail))));
    EXPECT_INT(KITH_E_REFUSED, refused(&w, w.consent, word, PAIRS("address=b@x.org")));
    update(&w.x, w.consent, word, PAIRS("proof=recording 17")); /* found later */
    EXPECT_INT(KITH_E_REFUSED, refused(&w, w.consent, word, PAIRS("proof=another")));
    EXPECT_INT(KITH_E_INVAL, refused(&w, w.consent, word, PAIRS("withdrawn_at=2023-11-14")));
    update(&w.x, w.consent, word, PAIRS("state=withdrawn", "withdrawn_by=letter"));
    EXPECT(!may(&w, w.anna));
    EXPECT_INT(KITH_E_INVAL, refused(&w, w.consent, word, PAIRS("state=given")));
    EXPECT_INT(KITH_E_REFUSED, refused(&w, w.consent, word, NULL));
    fixture_close(&w.x);
}

TEST("how long a yes holds is said with it, and what goes with a no is said with the no") {
    struct consents w;
    begin(&w);
    const char *anna = eq(&w, "contact", w.anna);
    kith_value out[8];
    EXPECT_INT(KITH_E_INVAL,
               call(&w, "consent.give", PAIRS("purpose=newsletter", anna, "expires=2023-01-01"),
                    NULL, NULL));
    EXPECT_HAS("expires: it has passed already", w.x.e.message);
    EXPECT_INT(KITH_E_INVAL, call(&w, "consent.give",
                                  PAIRS("purpose=newsletter", anna, "ip=notanip"), NULL, NULL));
    EXPECT_HAS("ip: 'notanip' is no internet address", w.x.e.message);
    EXPECT_OK(call(&w, "consent.give",
                   PAIRS("purpose=newsletter", anna, "expires=2024-01-01", "ip=192.0.2.0/24"), out,
                   NULL),
              w.x.e);
    kith_id word = out[0].as.link.id;
    static const char *const changes[][2] = {
        {"expires=2050-01-01", "expires: what was said"},
        {"expires=", "expires: what was said"},
        {"withdrawn_by=call", "withdrawn_by: it is set"},
        {"state=expired", "expires by itself"},
        {"withdrawn_at=2023-11-14", "withdrawn_at: it is set"}};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        EXPECT(refused(&w, w.consent, word, PAIRS(changes[i][0])) != KITH_OK);
        EXPECT_HAS(changes[i][1], w.x.e.message);
    }
    update(&w.x, w.consent, word, PAIRS("form=7", "proof=mail of 14 November")); /* was missing */
    EXPECT_INT(KITH_E_REFUSED, refused(&w, w.consent, word, PAIRS("form=8")));
    word = give(&w, "survey", anna);
    update(&w.x, w.consent, word, PAIRS("state=expired"));
    EXPECT(field(&w.x, w.consent, word, "expires")[0] != 0);
    kith_id id = 0;
    EXPECT_INT(KITH_E_INVAL, try_job(&w.x, ROW_CREATE, w.consent, &id,
                                     PAIRS(anna, eq(&w, "purpose", w.survey), "at=2022-05-01",
                                           "expires=2022-04-01"),
                                     NULL));
    EXPECT_HAS("expires: it lies before the consent", w.x.e.message);
    fixture_close(&w.x);
}

TEST("a consent fits its contact, its purpose and the time, and a wording has no twin") {
    struct consents w;
    kith_id id = 0;
    begin(&w);
    kith_id ben = create(&w.x, w.x.contact, PAIRS("name=Ben"));
    kith_id text =
        create(&w.x, w.wording, PAIRS(eq(&w, "purpose", w.survey), "version=1", "text=Yes"));
    const char *purpose = eq(&w, "purpose", w.newsletter), *anna = eq(&w, "contact", w.anna);
    EXPECT_INT(KITH_E_INVAL,
               try_job(&w.x, ROW_CREATE, w.consent, &id,
                       PAIRS(purpose, eq(&w, "contact", ben), eq(&w, "contact_points", w.mail)),
                       NULL));
    EXPECT_INT(KITH_E_INVAL, try_job(&w.x, ROW_CREATE, w.consent, &id,
                                     PAIRS(purpose, anna, eq(&w, "wording", text)), NULL));
    EXPECT_INT(KITH_E_INVAL, try_job(&w.x, ROW_CREATE, w.consent, &id,
                                     PAIRS(purpose, anna, "at=2199-01-01"), NULL));
    EXPECT_INT(KITH_E_INVAL, try_job(&w.x, ROW_CREATE, w.consent, &id,
                                     PAIRS(purpose, anna, "state=withdrawn"), NULL));
    EXPECT_INT(KITH_E_CONFLICT,
               try_job(&w.x, ROW_CREATE, w.wording, &id,
                       PAIRS(eq(&w, "purpose", w.survey), "version=1", "text=Twin"), NULL));
    create(&w.x, w.wording,
           PAIRS(eq(&w, "purpose", w.survey), "version=1", "language=de", "text=Ja"));
    id = create(&w.x, w.consent, PAIRS(eq(&w, "contact_points", w.mail), eq(&w, "wording", text)));
    EXPECT_STR(id_text(&w.x, w.anna), field(&w.x, w.consent, id, "contact"));
    EXPECT_STR(id_text(&w.x, w.survey), field(&w.x, w.consent, id, "purpose"));
    EXPECT_INT(KITH_E_CONFLICT,
               call(&w, "consent.give", PAIRS("purpose=survey", anna, "wording=1"), NULL, NULL));
    EXPECT_OK(call(&w, "consent.give", PAIRS("purpose=survey", anna, "wording=1", "language=de"),
                   NULL, NULL),
              w.x.e);
    fixture_close(&w.x);
}

/* -- undo -------------------------------------------------------------------------------------- */

TEST("an undo takes consents away and gives none back") {
    struct consents w;
    struct undo_report r;
    kith_id given, taken, again;
    const char *anna;
    begin(&w);
    anna = eq(&w, "contact", w.anna);
    EXPECT_OK(call(&w, "consent.give", PAIRS("purpose=newsletter", anna), NULL, &given), w.x.e);
    EXPECT_OK(call(&w, "consent.withdraw", PAIRS("purpose=newsletter", anna), NULL, &taken), w.x.e);
    undo(&w, taken, &r);
    EXPECT_INT(1, r.refused);
    EXPECT(strstr(r.items[0].reason, "only the person can consent anew") != NULL);
    EXPECT(!may(&w, w.anna));
    EXPECT_OK(call(&w, "consent.give", PAIRS("purpose=newsletter", anna), NULL, &again), w.x.e);
    EXPECT(may(&w, w.anna));
    undo(&w, again, &r);
    EXPECT_INT(0, r.refused);
    EXPECT(!may(&w, w.anna) && is_found(&w, "contact", w.anna, "withdrawn('newsletter')"));
    EXPECT_OK(call(&w, "consent.withdraw", PAIRS("purpose=survey", anna), NULL, &taken), w.x.e);
    undo(&w, taken, &r); /* an objection */
    EXPECT_INT(1, r.refused);
    EXPECT(is_found(&w, "contact", w.anna, "withdrawn('survey')"));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("when the middle one of three words is undone, one still stands") {
    struct consents w;
    struct undo_report r;
    kith_id tx[3];
    const char *anna;
    begin(&w);
    anna = eq(&w, "contact", w.anna);
    for (int i = 0; i < 3; i++)
        EXPECT_OK(call(&w, "consent.give", PAIRS("purpose=newsletter", anna), NULL, &tx[i]), w.x.e);
    undo(&w, tx[1], &r);
    EXPECT_INT(1, count(&w.x, "consent where replaced_by is null", NULL));
    EXPECT(may(&w, w.anna));
    undo(&w, tx[2], &r);
    undo(&w, tx[0], &r);
    EXPECT_INT(count(&w.x, "consent", NULL) ? 1 : 0,
               count(&w.x, "consent where replaced_by is null", NULL));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("a no for the person holds again once the yes at an address that ended it is withdrawn") {
    struct consents w;
    begin(&w);
    const char *anna = eq(&w, "contact", w.anna), *mail = eq(&w, "contact_point", w.mail);
    kith_id word = give(&w, "newsletter", anna);
    withdraw(&w, "newsletter", anna);
    kith_id yes = give(&w, "newsletter", mail);
    EXPECT_STR(id_text(&w.x, yes), field(&w.x, w.consent, word, "replaced_by"));
    withdraw(&w, "newsletter", mail);
    EXPECT_STR("", field(&w.x, w.consent, word, "replaced_by"));
    EXPECT(!may(&w, w.anna));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("of several words the last can be deleted as well as the first, and one stands") {
    struct consents w;
    kith_id word[3];
    begin(&w);
    for (int i = 0; i < 3; i++)
        word[i] = give(&w, "newsletter", eq(&w, "contact", w.anna));
    delete_(&w.x, w.consent, word[2]);
    EXPECT_STR("", field(&w.x, w.consent, word[1], "replaced_by"));
    EXPECT(may(&w, w.anna));
    delete_(&w.x, w.consent, word[0]);
    delete_(&w.x, w.consent, word[1]);
    EXPECT(!may(&w, w.anna));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

/* -- rights ------------------------------------------------------------------------------------ */

TEST("whoever may only call the action withdraws by an address, and learns of nobody") {
    struct person p;
    person_open(&p, "{\"actions\": [\"consent.withdraw\"]}");
    kith_id purpose = create(&p.x, type_named(&p.x, "purpose"), PAIRS("name=newsletter"));
    kith_id anna = create(&p.x, p.x.contact, PAIRS("name=Anna", "email=a@x.org"));
    const struct rtype *consent = type_named(&p.x, "consent");
    create(&p.x, consent,
           PAIRS(arena_printf(&p.x.arena, "contact=%s", id_text(&p.x, anna)),
                 arena_printf(&p.x.arena, "purpose=%s", id_text(&p.x, purpose))));
    struct write_opts o = {.principal = &p.p, .origin = ORIGIN_CLI};
    const struct action *a = engine_action(p.x.g, STR("consent.withdraw"));
    kith_value args[5] = {{0}}, out[2];
    args[1] = value_link(anna, p.x.contact->id);
    EXPECT_INT(KITH_E_NOTFOUND,
               engine_call(p.x.g, NULL, &o, a, args, &p.x.arena, out, NULL, &p.x.e));
    args[1] = value_null();
    args[3] = value_str(STR("a@x.org"));
    EXPECT_OK(engine_call(p.x.g, NULL, &o, a, args, &p.x.arena, out, NULL, &p.x.e), p.x.e);
    EXPECT_INT(0, count(&p.x, "contact where consent('newsletter')", NULL));
    EXPECT_INT(1, count(&p.x, "consent where state = 'withdrawn'", NULL));
    kith_id id = 0;
    EXPECT_INT(KITH_E_DENIED,
               write_as(&p, ROW_CREATE, consent, &id,
                        PAIRS(arena_printf(&p.x.arena, "contact=%s", id_text(&p.x, anna)),
                              arena_printf(&p.x.arena, "purpose=%s", id_text(&p.x, purpose))),
                        NULL));
    person_close(&p);
}

TEST("a form that may only give and withdraw by an address works, and says of nobody that they are "
     "there") {
    static const char *const actions[] = {"consent.give", "consent.withdraw"};
    static const char *const addresses[] = {" A@x.org", "b@x.org"};
    struct person p;
    person_open(&p, "{\"actions\": [\"consent.give\", \"consent.withdraw\"]}");
    create(&p.x, type_named(&p.x, "purpose"), PAIRS("name=newsletter"));
    create(&p.x, p.x.contact, PAIRS("name=Anna", "email=a@x.org", "phone=+43 1"));
    create(&p.x, p.x.contact, PAIRS("name=Twin", "email=A@x.org"));
    struct write_opts o = {.principal = &p.p, .origin = ORIGIN_CLI};
    for (int i = 0; i < 4; i++) {
        const struct action *a = engine_action(p.x.g, str_of(actions[i / 2]));
        kith_value args[16] = {{0}}, out[2];
        kith_id tx;
        for (uint32_t k = 0; k < a->param_count; k++)
            if (strcmp(a->params[k]->name, "address") == 0)
                args[k] = value_str(str_of(addresses[i % 2]));
        args[0] = value_str(STR("newsletter"));
        EXPECT_OK(engine_call(p.x.g, NULL, &o, a, args, &p.x.arena, out, &tx, &p.x.e), p.x.e);
        EXPECT(tx == 0 && out[0].kind == KITH_NULL && out[1].kind == KITH_NULL);
        EXPECT_INT(i < 2 ? 2 : 0, count(&p.x, "contact where consent('newsletter')", NULL));
        EXPECT_INT(i < 2 ? 2 : 0, count(&p.x, "contact_point where consent('newsletter')", NULL));
        clock_set(&p.x.clock, clock_now(&p.x.clock) + 1000);
    }
    const struct action *give_ = engine_action(p.x.g, STR("consent.give"));
    kith_value args[16] = {{0}}, out[2];
    kith_id tx;
    args[0] = value_str(STR("newsletter"));
    args[give_->param_count - 1] = value_str(STR("a@x.org"));
    EXPECT_INT(KITH_E_REFUSED,
               engine_call(p.x.g, NULL, &by_tester, give_, args, &p.x.arena, out, &tx, NULL));
    args[6] = value_str(STR("a letter"));
    EXPECT_STR("proof", give_->params[6]->name);
    o.principal = &tester;
    EXPECT_OK(engine_call(p.x.g, NULL, &o, give_, args, &p.x.arena, out, &tx, &p.x.e), p.x.e);
    EXPECT(tx != 0 && out[0].kind == KITH_LINK);
    EXPECT_INT(2, out[1].as.i);
    person_close(&p);
}

/* -- random ------------------------------------------------------------------------------------ */

#define PEOPLE    3
#define ADDRESSES 4
#define POINTS    8

static uint32_t seed;
static uint32_t below(uint32_t n) {
    seed = seed * 1103515245u + 12345u;
    return (seed >> 8) % n;
}

/* What was said last, by address; [ADDRESSES]: for the person as a whole. */
static struct said {
    int yes; /* 1, -1; 0: nothing */
    int when;
} said[PEOPLE][ADDRESSES + 1];
static int suppressed[ADDRESSES]; /* since that step; 0: not */
static struct {
    kith_id id;
    int whose, address;
} points[POINTS];
static int step;

static bool has_address(int person, int address) {
    for (int i = 0; i < POINTS; i++)
        if (points[i].id && points[i].whose == person && points[i].address == address)
            return true;
    return false;
}

static bool expect_at(int point) {
    const struct said *own = &said[points[point].whose][points[point].address];
    return own->yes ? own->yes > 0 : said[points[point].whose][ADDRESSES].yes > 0;
}

static bool expect_person(int person) {
    const struct said *s = said[person], *whole = &s[ADDRESSES];
    bool yes = whole->yes > 0, no = false, since = false;
    for (int a = 0; a < ADDRESSES; a++) {
        if (!has_address(person, a))
            continue;
        yes |= s[a].yes > 0;
        no |= s[a].yes < 0;
        since |= s[a].yes > 0 && s[a].when > whole->when;
    }
    return yes && !no && (whole->yes >= 0 || since);
}

static void say(int person, int address, int yes) {
    if (yes > 0 || said[person][address].yes >= 0)
        said[person][address] = (struct said){yes, step};
    for (int a = 0; address == ADDRESSES && yes < 0 && a < ADDRESSES; a++)
        if (said[person][a].yes > 0)
            said[person][a] = (struct said){-1, step};
}

/* A person gets an address for which somebody said no. */
static void get_address(int person, int a) {
    if (suppressed[a] && said[person][a].yes >= 0)
        said[person][a] = (struct said){-1, suppressed[a]};
}

static const char *address_text(struct consents *w, int a) {
    return arena_printf(&w->x.arena, "value=%c@x.org", "abcd"[a]);
}

static void change_points(struct consents *w, const kith_id *people) {
    int i = (int)below(POINTS), a = (int)below(ADDRESSES), whose = (int)below(PEOPLE);
    if (!points[i].id) {
        points[i].id =
            create(&w->x, w->x.point,
                   PAIRS(eq(w, "contact", people[whose]), "kind=email", address_text(w, a)));
        points[i].whose = whose;
        points[i].address = a;
        get_address(whose, a);
    } else if (below(3)) {
        update(&w->x, w->x.point, points[i].id, PAIRS(address_text(w, a)));
        points[i].address = a;
        get_address(points[i].whose, a);
    } else {
        delete_(&w->x, w->x.point, points[i].id);
        points[i].id = 0;
    }
}

static void change_words(struct consents *w, const kith_id *people) {
    int i = (int)below(POINTS), whose = (int)below(PEOPLE), a = (int)below(ADDRESSES);
    bool yes = below(2);
    if (below(3) == 0) {
        (yes ? (void)give(w, "newsletter", eq(w, "contact", people[whose]))
             : (void)withdraw(w, "newsletter", eq(w, "contact", people[whose])));
        say(whose, ADDRESSES, yes ? 1 : -1);
    } else if (below(4) == 0) {
        withdraw(w, "newsletter", arena_printf(&w->x.arena, "address=%c@X.org ", "abcd"[a]));
        suppressed[a] = suppressed[a] ? suppressed[a] : step;
        for (int k = 0; k < PEOPLE; k++)
            if (has_address(k, a))
                say(k, a, -1);
    } else if (points[i].id) {
        (yes ? (void)give(w, "newsletter", eq(w, "contact_point", points[i].id))
             : (void)withdraw(w, "newsletter", eq(w, "contact_point", points[i].id)));
        say(points[i].whose, points[i].address, yes ? 1 : -1);
        if (yes)
            suppressed[points[i].address] = 0;
    }
}

static void expect_same(struct consents *w, const kith_id *people) {
    for (int i = 0; i < PEOPLE; i++) {
        const char *whose = eq(w, "contact", people[i]);
        EXPECT_INT(expect_person(i), may(w, people[i]));
        EXPECT_INT(expect_person(i), is_found(w, "contact", people[i], "in_segment('people')"));
        EXPECT_INT(expect_person(i), strcmp(asked(w, "newsletter", whose), "yes") == 0);
    }
    for (int i = 0; i < POINTS; i++) {
        if (!points[i].id)
            continue;
        const char *which = eq(w, "contact_point", points[i].id);
        EXPECT_INT(expect_at(i), may_at(w, points[i].id));
        EXPECT_INT(expect_at(i), is_found(w, "contact_point", points[i].id, "in_segment('ways')"));
        EXPECT_INT(expect_at(i), strcmp(asked(w, "newsletter", which), "yes") == 0);
    }
}

TEST("whatever is said and wherever addresses go, queries, segments and the action agree") {
    struct consents w;
    kith_id people[PEOPLE];
    const char *given = getenv("KITH_SEED"), *cases = getenv("KITH_CASES");
    seed = given ? (uint32_t)strtoul(given, NULL, 10) : 1;
    printf("seed %u\n", seed);
    begin(&w);
    memset(said, 0, sizeof said);
    memset(points, 0, sizeof points);
    memset(suppressed, 0, sizeof suppressed);
    make_segment(&w.x, "people", "contact where consent('newsletter')");
    make_segment(&w.x, "ways", "contact_point where consent('newsletter')");
    for (int i = 0; i < PEOPLE; i++)
        people[i] = create(&w.x, w.x.contact, PAIRS("name=somebody"));
    int steps = cases ? atoi(cases) : 250;
    for (step = 1; step <= steps; step++) {
        (below(3) ? change_words : change_points)(&w, people);
        expect_same(&w, people);
        arena_reset(&w.x.arena);
    }
    expect_sound(&w.x);
    fixture_close(&w.x);
}

/* -- merging ----------------------------------------------------------------------------------- */

TEST("of two records for one person the no stands after the merge, and apart again each has its "
     "own") {
    struct consents w;
    struct undo_report r;
    kith_id tx;
    begin(&w);
    kith_id twin = create(&w.x, w.x.contact, PAIRS("name=Anna", "email=a@x.org", "phone=+43 2"));
    kith_id other = point_of(&w, twin, "+43 2");
    give(&w, "newsletter", eq(&w, "contact", twin));
    withdraw(&w, "newsletter", eq(&w, "contact", twin));
    give(&w, "survey", eq(&w, "contact_point", other));
    withdraw(&w, "survey", eq(&w, "contact_point", point_of(&w, twin, "a@x.org")));
    give(&w, "newsletter", eq(&w, "contact", w.anna)); /* later than the no */
    give(&w, "survey", eq(&w, "contact_point", w.mail));
    kith_id people = make_segment(&w.x, "readers", "contact where consent('newsletter')");
    EXPECT_INT(1, members_of(&w.x, people));
    EXPECT_OK(call(&w, "record.merge",
                   PAIRS("record_type=contact",
                         arena_printf(&w.x.arena, "keep=%s", id_text(&w.x, w.anna)),
                         arena_printf(&w.x.arena, "others=%s", id_text(&w.x, twin))),
                   NULL, &tx),
              w.x.e);
    EXPECT_INT(
        6 - 1,
        count(&w.x, arena_printf(&w.x.arena, "consent where contact = '%s'", id_text(&w.x, w.anna)),
              NULL));
    EXPECT_INT(0, count(&w.x, "suppression", NULL)); /* nobody's word went */
    EXPECT(!may(&w, w.anna));
    EXPECT_INT(0, members_of(&w.x, people));
    EXPECT(is_found(&w, "contact_point", other, "consent('survey')"));
    EXPECT(is_found(&w, "contact_point", w.mail, "withdrawn('survey')"));
    EXPECT(!is_found(&w, "contact_point", w.mail, "consent('survey')"));
    expect_sound(&w.x);
    EXPECT_OK(engine_undo(w.x.g, &tester, tx, false, &w.x.arena, &r, &w.x.e), w.x.e);
    EXPECT_INT(0, r.refused);
    EXPECT(may(&w, w.anna) && !may(&w, twin));
    EXPECT(is_found(&w, "contact_point", w.mail, "consent('survey')"));
    EXPECT_INT(1, members_of(&w.x, people));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("a no to a record that was two holds for both when they are apart again") {
    enum { CONTACT, POINT, ADDRESS, WAYS };
    for (int i = 0; i < WAYS; i++) {
        struct consents w;
        struct undo_report r;
        kith_id tx;
        begin(&w);
        kith_id twin = create(&w.x, w.x.contact, PAIRS("name=Anna", "email=a@x.org"));
        give(&w, "newsletter", i == CONTACT ? eq(&w, "contact", twin) : "address=a@x.org");
        give(&w, "newsletter", i == CONTACT ? eq(&w, "contact", w.anna) : "address=a@x.org");
        EXPECT(may(&w, w.anna) && may(&w, twin));
        EXPECT_OK(call(&w, "record.merge",
                       PAIRS("record_type=contact", eq(&w, "keep", w.anna), eq(&w, "others", twin)),
                       NULL, &tx),
                  w.x.e);
        EXPECT(may(&w, w.anna));
        withdraw(&w, "newsletter",
                 i == CONTACT ? eq(&w, "contact", w.anna)
                 : i == POINT ? eq(&w, "contact_point", point_of(&w, w.anna, "a@x.org"))
                              : "address=a@x.org");
        EXPECT(!may(&w, w.anna));
        undo(&w, tx, &r);
        EXPECT_INT(0, r.refused);
        EXPECT(!may(&w, w.anna) && !may(&w, twin));
        expect_sound(&w.x);
        fixture_close(&w.x);
    }
}
