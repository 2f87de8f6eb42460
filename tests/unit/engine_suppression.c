/* SPDX-License-Identifier: Apache-2.0 */
/* Suppressed addresses: what was said for an address holds for whoever has it, whenever they come.
 */
#include "engine_consent_fixture.h"
#include "engine_erase_fixture.h"
#include "engine_import_fixture.h"

static bool no_to(struct consents *w, kith_id contact) {
    return is_found(w, "contact", contact, "withdrawn('newsletter')") && !may(w, contact);
}

static kith_id person(struct consents *w, const char *address) {
    return create(&w->x, w->x.contact,
                  PAIRS("name=somebody", arena_printf(&w->x.arena, "email=%s", address)));
}

static int64_t holding(struct consents *w) {
    return count(&w->x, "suppression where lifted is null", NULL);
}

static kith_id tx_of(struct consents *w, const char *action, const char *const *pairs) {
    kith_id tx = 0;
    EXPECT_OK(call(w, action, pairs, NULL, &tx), w->x.e);
    return tx;
}

static kith_id remove_(struct consents *w, const struct rtype *type, kith_id id) {
    return delete_(&w->x, type, id);
}

static const char *register_text(struct consents *w) {
    kith_id id;
    EXPECT_INT(1, count(&w->x, "suppression", &id));
    return field(&w->x, type_named(&w->x, "suppression"), id, "address");
}

TEST("a no for an address that nobody has holds for whoever has it later") {
    struct consents w;
    begin(&w);
    EXPECT_INT(0, withdraw(&w, "newsletter", "address= C@x.ORG "));
    EXPECT_INT(1, holding(&w));
    kith_id cleo = person(&w, "c@X.org"), dora = person(&w, "d@x.org");
    EXPECT(no_to(&w, cleo) && !no_to(&w, dora));
    EXPECT_STR("it was withdrawn", asked(&w, "newsletter", eq(&w, "contact", cleo)));
    EXPECT(!is_found(&w, "contact", cleo, "withdrawn('survey')"));
    give(&w, "newsletter", eq(&w, "contact", dora));
    EXPECT(may(&w, dora));
    update(&w.x, w.x.contact, dora, PAIRS("email=c@x.org"));
    EXPECT(no_to(&w, dora));
    EXPECT_INT(1, holding(&w));
    EXPECT(strlen(register_text(&w)) == 32);
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("an import brings the no with an address, and takes no later yes for it without what shows "
     "it") {
    struct consents w;
    begin(&w);
    withdraw(&w, "newsletter", "address=c@x.org");
    struct load l = load_of(w.x.contact, NULL);
    EXPECT_OK(load_text(&w.x, &l, "name,email\nCleo,C@x.org\n"), w.x.e);
    EXPECT_COUNTS(&l, 1, 0, 0, 0, 0);
    kith_id cleo;
    EXPECT_INT(1, count(&w.x, "contact where name = 'Cleo'", &cleo));
    EXPECT(no_to(&w, cleo));
    struct load words = load_of(w.consent, NULL);
    clock_set(&w.x.clock, START_MS + 1000000);
    const char *row = arena_printf(&w.x.arena,
                                   "contact,purpose,address,at,proof\n"
                                   "%s,%s,c@x.org,2023-11-14T22:20:00Z,%%s\n",
                                   id_text(&w.x, cleo), id_text(&w.x, w.newsletter));
    EXPECT_OK(load_text(&w.x, &words, arena_printf(&w.x.arena, row, "")), w.x.e);
    EXPECT_COUNTS(&words, 0, 0, 0, 0, 1);
    EXPECT(strstr(words.reasons, "a yes since then needs what shows it") != NULL);
    EXPECT(no_to(&w, cleo));
    EXPECT_OK(load_text(&w.x, &words, arena_printf(&w.x.arena, row, "card 7")), w.x.e);
    EXPECT_COUNTS(&words, 1, 0, 0, 0, 0);
    EXPECT(may(&w, cleo));
    EXPECT_INT(0, holding(&w));
    buf_free(&words.rejects);
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("a yes for the address with what shows it lifts the no for whoever comes later, and is told") {
    struct consents w;
    begin(&w);
    withdraw(&w, "newsletter", "address=a@x.org");
    EXPECT(no_to(&w, w.anna));
    EXPECT_INT(KITH_E_REFUSED, call(&w, "consent.give",
                                    PAIRS("purpose=newsletter", "address=A@x.org"), NULL, NULL));
    EXPECT_INT(KITH_E_REFUSED,
               call(&w, "consent.give",
                    PAIRS("purpose=newsletter", eq(&w, "contact_point", w.mail)), NULL, NULL));
    give(&w, "newsletter", eq(&w, "contact", w.anna)); /* of the person: the address said no */
    EXPECT(no_to(&w, w.anna));
    EXPECT_INT(1, holding(&w));
    kith_id word = give(&w, "newsletter", "address=A@x.org");
    EXPECT(may(&w, w.anna));
    EXPECT_INT(0, holding(&w));
    EXPECT_INT(1, count(&w.x,
                        arena_printf(&w.x.arena, "suppression where lifted_by = '%s'",
                                     id_text(&w.x, word)),
                        NULL));
    EXPECT(!no_to(&w, person(&w, "a@x.org")));
    withdraw(&w, "newsletter", "address=a@x.org"); /* again: another one */
    EXPECT_INT(2, count(&w.x, "suppression", NULL));
    EXPECT_INT(1, holding(&w));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("when the yes that lifted a no is undone or deleted, the address is suppressed again") {
    struct consents w;
    struct undo_report r;
    begin(&w);
    withdraw(&w, "newsletter", "address=a@x.org");
    kith_id tx =
        tx_of(&w, "consent.give", PAIRS("purpose=newsletter", "address=a@x.org", "proof=a letter"));
    EXPECT_INT(0, holding(&w));
    undo(&w, tx, &r);
    EXPECT_INT(0, r.refused + r.kept);
    EXPECT_INT(1, holding(&w));
    EXPECT(no_to(&w, w.anna) && no_to(&w, person(&w, "a@x.org")));
    kith_id word = give(&w, "newsletter", eq(&w, "contact_point", w.mail));
    EXPECT_INT(0, holding(&w));
    remove_(&w, w.consent, word);
    EXPECT_INT(1, holding(&w));
    EXPECT(no_to(&w, w.anna));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("what is in the register is not taken back, written or deleted by anybody") {
    struct consents w;
    struct undo_report r;
    kith_id id;
    begin(&w);
    const struct rtype *type = type_named(&w.x, "suppression");
    kith_id tx = tx_of(&w, "consent.withdraw", PAIRS("purpose=newsletter", "address=c@x.org"));
    undo(&w, tx, &r);
    EXPECT_INT(1, r.refused);
    EXPECT(strstr(r.items[0].reason, "only the person can consent anew") != NULL);
    EXPECT_INT(1, count(&w.x, "suppression where how is null", &id));
    EXPECT_INT(KITH_E_REFUSED, refused(&w, type, id, NULL));
    EXPECT_INT(KITH_E_DENIED, refused(&w, type, id, PAIRS("lifted=2026-01-01")));
    EXPECT_INT(KITH_E_REFUSED, refused(&w, w.purpose, w.newsletter, NULL));
    EXPECT(no_to(&w, person(&w, "c@x.org")));
    fixture_close(&w.x);
}

TEST("a no for an address holds for a contact that was deleted at the time and comes back") {
    struct consents w;
    struct undo_report r;
    begin(&w);
    give(&w, "newsletter", eq(&w, "contact", w.anna));
    give(&w, "newsletter", eq(&w, "contact_point", w.mail));
    kith_id people = make_segment(&w.x, "readers", "contact where consent('newsletter')");
    EXPECT_INT(1, members_of(&w.x, people));
    kith_id tx = remove_(&w, w.x.contact, w.anna);
    withdraw(&w, "newsletter", "address=a@x.org");
    undo(&w, tx, &r);
    EXPECT_INT(0, r.refused);
    EXPECT(no_to(&w, w.anna) && !may_at(&w, w.mail) && may_at(&w, w.phone));
    EXPECT_INT(0, members_of(&w.x, people));
    EXPECT_STR("it was withdrawn", asked(&w, "newsletter", eq(&w, "contact_point", w.mail)));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("of two contacts with a yes of the person the second has the no when they are apart again") {
    struct consents w;
    struct undo_report r;
    begin(&w);
    kith_id twin = create(&w.x, w.x.contact, PAIRS("name=Anna", "email=a@x.org"));
    give(&w, "newsletter", eq(&w, "contact", twin));
    give(&w, "newsletter", eq(&w, "contact", w.anna));
    kith_id tx =
        tx_of(&w, "record.merge",
              PAIRS("record_type=contact", eq(&w, "keep", w.anna), eq(&w, "others", twin)));
    withdraw(&w, "newsletter", "address=a@x.org");
    EXPECT(!may(&w, w.anna));
    undo(&w, tx, &r);
    EXPECT_INT(0, r.refused);
    EXPECT(no_to(&w, w.anna) && no_to(&w, twin));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("whoever said no and is deleted says no when their address comes again") {
    struct consents w;
    struct undo_report r;
    begin(&w);
    withdraw(&w, "newsletter", eq(&w, "contact", w.anna));
    withdraw(&w, "survey", eq(&w, "contact_point", w.mail));
    EXPECT_INT(0, holding(&w));
    kith_id tx = remove_(&w, w.x.contact, w.anna);
    EXPECT_INT(3, holding(&w)); /* to the newsletter at two addresses */
    EXPECT_INT(3, count(&w.x, "suppression where how = 'deletion'", NULL));
    kith_id again = person(&w, "a@x.org");
    EXPECT(no_to(&w, again) && is_found(&w, "contact", again, "withdrawn('survey')"));
    kith_id by_phone = create(&w.x, w.x.contact, PAIRS("name=x", "phone=+43 (1)"));
    EXPECT(no_to(&w, by_phone) && !is_found(&w, "contact", by_phone, "withdrawn('survey')"));
    withdraw(&w, "survey", "address=a@x.org");
    EXPECT_INT(4, holding(&w));
    undo(&w, tx, &r); /* the words are there again */
    EXPECT_INT(0, r.refused + r.kept);
    EXPECT_INT(1, holding(&w));
    EXPECT(no_to(&w, w.anna) && is_found(&w, "contact", w.anna, "withdrawn('survey')"));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("whoever was erased stays suppressed, though their address is nowhere any more") {
    struct consents w;
    begin(&w);
    kith_id zoe = create(&w.x, w.x.contact, PAIRS("name=Zqxzoe", "email=zqxzoe@x.org"));
    kith_id yves = person(&w, "zqxyves@x.org");
    create(&w.x, w.x.point, PAIRS(eq(&w, "contact", zoe), "kind=email", "value=zqxold@x.org"));
    EXPECT_OK(call(&w, "consent.withdraw",
                   PAIRS("purpose=newsletter", "address=zqxold@x.org",
                         "by=the link in the mail to ZQXold@x.org"),
                   NULL, NULL),
              w.x.e);
    remove_(&w, w.x.point, point_of(&w, zoe, "zqxold@x.org"));
    EXPECT_OK(call(&w, "consent.withdraw",
                   PAIRS("purpose=newsletter", "address=ZQXzoe@x.org", "by=a letter of Zqxzoe"),
                   NULL, NULL),
              w.x.e);
    withdraw(&w, "newsletter", eq(&w, "contact", yves));
    remove_(&w, w.x.point, point_of(&w, zoe, "zqxzoe@x.org"));
    erase(&w.x, w.x.contact, zoe);
    erase(&w.x, w.x.contact, yves);
    sweep(&w.x);
    expect_in_files(&w.x, (const char *const[]){"zqx", "Zqx", "ZQX", NULL}, false);
    EXPECT_INT(3, holding(&w));
    EXPECT_INT(2, count(&w.x, "suppression where how is null", NULL));
    EXPECT(no_to(&w, person(&w, "zqxold@x.org")));
    EXPECT(no_to(&w, person(&w, "zqxzoe@x.org")) && no_to(&w, person(&w, "zqxyves@x.org")));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("an import that brought a suppressed address is undone as a whole") {
    struct consents w;
    struct undo_report r;
    begin(&w);
    withdraw(&w, "newsletter", "address=c@x.org");
    clock_set(&w.x.clock, START_MS + 1000000);
    struct load l = load_of(w.x.contact, NULL);
    EXPECT_OK(load_text(&w.x, &l, "name,email\nCleo,c@x.org\n"), w.x.e);
    EXPECT_INT(1, count(&w.x, "consent", NULL));
    undo(&w, l.report.run, &r);
    EXPECT_INT(0, r.refused + r.kept);
    EXPECT_INT(0, count(&w.x, "contact where name = 'Cleo'", NULL));
    EXPECT_INT(0, count(&w.x, "consent", NULL));
    EXPECT_INT(1, holding(&w));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("all purposes that wait for a yes or end at a no are suppressed by a no without a purpose") {
    struct consents w;
    kith_value out[8];
    begin(&w);
    create(&w.x, w.purpose, PAIRS("name=offers", "basis=legitimate_interest"));
    create(&w.x, w.purpose, PAIRS("name=invoices", "basis=contract"));
    EXPECT_OK(call(&w, "consent.withdraw", PAIRS("address=c@x.org", "by=link"), out, NULL), w.x.e);
    EXPECT_INT(3, holding(&w));
    kith_id cleo = person(&w, "c@x.org");
    EXPECT(no_to(&w, cleo) && is_found(&w, "contact", cleo, "withdrawn('offers')"));
    EXPECT(!is_found(&w, "contact", cleo, "withdrawn('invoices')"));
    EXPECT_INT(3, count(&w.x, "consent where withdrawn_by = 'link'", NULL));
    fixture_close(&w.x);
}

TEST("the doctor finds a suppressed address without its no, and gives it") {
    struct consents w;
    struct findings f;
    begin(&w);
    withdraw(&w, "newsletter", "address=c@x.org");
    run_sql(&w.x, "UPDATE suppression SET lifted = 1");
    kith_id cleo = person(&w, "c@x.org");
    run_sql(&w.x, "UPDATE suppression SET lifted = NULL");
    EXPECT_INT(1, examine(&w.x, &f));
    EXPECT(strstr(f.text, "suppressions: contact_point") != NULL);
    EXPECT_OK(engine_repair(w.x.g, &tester, note_finding, &f, &w.x.e), w.x.e);
    EXPECT(no_to(&w, cleo));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

/* -- accents ----------------------------------------------------------------------------------- */

TEST("addresses that differ by an accent are those of two people") {
    struct consents w;
    begin(&w);
    kith_id with = person(&w, "MÜLLER@x.org"), without = person(&w, "muller@x.org");
    EXPECT_STR("müller@x.org",
               field(&w.x, w.x.point, point_of(&w, with, "MÜLLER@x.org"), "normal"));
    give(&w, "newsletter", "address=Mu\xcc\x88ller@x.org"); /* of two characters */
    EXPECT(may(&w, with) && !may(&w, without));
    give(&w, "newsletter", "address=muller@x.org");
    EXPECT_INT(1, withdraw(&w, "newsletter", "address=müller@x.org"));
    EXPECT(no_to(&w, with) && may(&w, without));
    EXPECT(no_to(&w, person(&w, "müller@X.org")) && !no_to(&w, person(&w, "Muller@x.org")));
    EXPECT(no_to(&w, person(&w, "müller@x.org")));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

/* As a Kith that passed over accents left it. */
static void make_old(struct consents *w) {
    static const char *const sql[] = {"UPDATE contact_point SET normal = replace(normal, 'ü', 'u')",
                                      "UPDATE consent SET address = replace(address, 'ü', 'u')",
                                      "UPDATE consent SET address = replace(address, 'é', 'e')",
                                      "DELETE FROM kith_meta WHERE key = 'addresses'"};
    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++)
        run_sql(&w->x, sql[i]);
}

static void open_again(struct consents *w) {
    engine_close(w->x.g);
    fixture_reopen(&w->x);
    fixture_start(&w->x);
    w->consent = type_named(&w->x, "consent");
    w->purpose = type_named(&w->x, "purpose");
}

TEST("what an older Kith stored of addresses with accents is compared by them from now on") {
    struct consents w;
    begin(&w);
    kith_id yes = person(&w, "Müller@x.org"), both = person(&w, "müller@y.org");
    kith_id second =
        create(&w.x, w.x.point, PAIRS(eq(&w, "contact", both), "kind=email", "value=muller@y.org"));
    kith_id first = point_of(&w, both, "müller@y.org");
    give(&w, "newsletter", eq(&w, "contact_point", point_of(&w, yes, "Müller@x.org")));
    give(&w, "survey", eq(&w, "contact_point", second));
    withdraw(&w, "newsletter", eq(&w, "contact_point", second));
    make_old(&w);
    run_sql(&w.x, arena_printf(&w.x.arena,
                               "INSERT INTO \"consent.contact_points\" SELECT id, %" PRIu64
                               " FROM consent WHERE contact = %" PRIu64,
                               first, both));
    EXPECT(is_found(&w, "contact_point", first, "consent('survey')"));
    open_again(&w);
    EXPECT_STR("müller@x.org", field(&w.x, w.x.point, point_of(&w, yes, "Müller@x.org"), "normal"));
    EXPECT(may(&w, yes) && may_at(&w, point_of(&w, yes, "Müller@x.org")));
    EXPECT(is_found(&w, "contact_point", first, "withdrawn('newsletter')"));
    EXPECT(is_found(&w, "contact_point", second, "withdrawn('newsletter')"));
    EXPECT(!is_found(&w, "contact_point", first, "consent('survey')"));
    EXPECT(is_found(&w, "contact_point", second, "consent('survey')"));
    uint64_t before = seq_now(&w.x);
    open_again(&w);
    EXPECT_INT(before, seq_now(&w.x));
    EXPECT_INT(1, withdraw(&w, "newsletter", "address=MÜLLER@X.org"));
    EXPECT(no_to(&w, yes));
    fixture_close(&w.x);
}

TEST(
    "an undo brings back a no of the time before accents counted for the address that it was for") {
    struct consents w;
    struct undo_report r;
    begin(&w);
    kith_id anna = person(&w, "müller@x.org");
    kith_id mail = point_of(&w, anna, "müller@x.org");
    give(&w, "newsletter", eq(&w, "contact", anna));
    withdraw(&w, "newsletter", eq(&w, "contact_point", mail));
    make_old(&w);
    kith_id tx = remove_(&w, w.x.contact, anna);
    open_again(&w);
    undo(&w, tx, &r);
    EXPECT_INT(0, r.refused);
    EXPECT(no_to(&w, anna) && !may_at(&w, mail));
    EXPECT_STR("müller@x.org", field(&w.x, w.x.point, mail, "normal"));
    fixture_close(&w.x);
}
